"""Faint land cover under a map, as a small indexed PNG."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.cartography.frame import MapFrame
from bocage.grid import Bounds, Grid
from bocage.landcover import LandCover
from bocage.landcover.ground import GROUND

PIXELS_PER_MM = 5.0
"""Finest detail of a background: 5 pixels a millimetre, 127 an inch, is enough for faint colours."""


@dataclass(frozen=True)
class Background:
    """Codes on a grid and the colour of each, to be drawn under a map.

    Attributes
    ----------
    grid : Grid
    codes : (nrows, ncols) array of int
        Index into ``colours``.
    colours : (n, 3) array of uint8
        Red, green, blue of each code.
    """

    grid: Grid
    codes: NDArray[Any]
    colours: NDArray[np.uint8]


@dataclass(frozen=True)
class Image:
    """A picture and the ground it shows [m]."""

    data: bytes
    mime: str
    bounds: Bounds


def shade_land_cover(
    cover: LandCover, colours: Mapping[str, str] | None = None, *, strength: float = 0.35
) -> Background:
    """Colour a land cover faintly by ground class.

    Parameters
    ----------
    cover : LandCover
    colours : mapping of ground class to colour, optional
        As ``{"broadleaf": "#2d7f3e"}``; classes not named stay white. Those of the ground classes by default.
    strength : float
        Share of the colour against white, in [0, 1].
    """
    if colours is None:
        colours = {key: ground.colour for key, ground in GROUND.items()}
    table = np.full((len(cover.legend), 3), 255, dtype=np.uint8)
    for entry, ground in enumerate(cover.legend.ground):
        colour = colours.get(ground)
        if entry > 0 and colour is not None:
            rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)
            table[entry] = np.rint(255 - strength * (255 - rgb)).astype(np.uint8)
    return Background(cover.grid, cover.codes, table)


def render_background(
    background: Background, frame: MapFrame, *, largest_bytes: int = 300_000
) -> Image | None:
    """Cut a background to the frame and write it as an indexed PNG of bounded size.

    Cells are drawn as the nearest one; a picture too heavy is drawn coarser.

    Returns
    -------
    Image or None
        None where the background and the frame do not meet.
    """
    window = background.grid.window(frame.bounds)
    rows, cols = window.shape
    if rows == 0 or cols == 0:
        return None
    grid = background.grid.crop(window)
    codes = np.asarray(background.codes)[window.slices]
    step = max(frame.metres_per_mm / PIXELS_PER_MM, grid.cell)
    while True:
        height, width = max(math.ceil(rows * grid.cell / step), 1), max(math.ceil(cols * grid.cell / step), 1)
        row = np.minimum(((np.arange(height) + 0.5) * rows / height).astype(np.intp), rows - 1)
        col = np.minimum(((np.arange(width) + 0.5) * cols / width).astype(np.intp), cols - 1)
        data = _write_png(codes[np.ix_(row, col)], background.colours)
        if len(data) <= largest_bytes or max(width, height) < 64:
            return Image(data, "image/png", grid.bounds)
        step *= 1.3


def _write_png(codes: NDArray[Any], colours: NDArray[np.uint8]) -> bytes:
    import struct
    import zlib

    # Several codes may share a colour, and a legend may have more entries than a PNG palette.
    used, index = np.unique(codes, return_inverse=True)
    palette, merged = np.unique(colours[used], axis=0, return_inverse=True)
    pixels = merged.reshape(-1)[index.reshape(codes.shape)]
    height, width = pixels.shape
    if len(palette) <= 256:
        colour_type, values = 3, pixels.astype(np.uint8)
    else:
        colour_type, values = 2, palette[pixels].reshape(height, width * 3)
    lines = np.zeros((height, values.shape[1] + 1), dtype=np.uint8)
    lines[:, 1:] = values

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    chunks = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))]
    if colour_type == 3:
        chunks.append(chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
    chunks.append(chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)))
    chunks.append(chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
