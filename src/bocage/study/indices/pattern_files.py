"""The raster of a spatial pattern: its codes, names and colours in one file, and its classes read back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.grid import Grid
from bocage.io.files import replace_on_success, say_cause
from bocage.reservoirs.pattern import BACKGROUND, BORDER_OPENING, CLASSES, CORE_OPENING, MISSING
from bocage.wording import say

if TYPE_CHECKING:
    from bocage.reservoirs.pattern import Pattern

__all__ = ["BASIC_CLASSES", "COLOURS", "MISSING", "fold_codes", "name_codes", "write_pattern"]

BASIC_CLASSES = ("background", *CLASSES)
"""Classes whatever the holes and the transitions; ``fold_codes`` numbers them from 0."""

COLOURS = {
    "background": (220, 220, 220),
    "border_opening": (194, 194, 194),
    "core_opening": (136, 136, 136),
    "core": (0, 200, 0),
    "islet": (160, 60, 0),
    "perforation": (0, 0, 255),
    "edge": (0, 0, 0),
    "loop": (255, 255, 0),
    "bridge": (255, 0, 0),
    "branch": (255, 140, 0),
    "missing": (255, 255, 255),
}
"""Those of GuidosToolbox, by which people know the classes."""

_SUFFIXES = {35: "edge", 37: "perforation", 67: "edge", 69: "perforation"}
_CROSSING = {35: "bridge", 37: "bridge", 67: "loop", 69: "loop"}


def fold_codes(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the basic class of each cell, by its place in ``BASIC_CLASSES``; no data stays ``MISSING``.

    Examples
    --------
    Core, core in a hole, a bridge across an edge, the opening of a core, no data:

    >>> fold_codes(np.array([[17, 117, 35, 100, 129]], np.uint8)).tolist()
    [[1, 1, 4, 0, 129]]
    """
    table = np.zeros(256, np.uint8)
    for number, name in enumerate(BASIC_CLASSES):
        for code in CLASSES.get(name, ()):
            table[[code, code + 100]] = number
    table[MISSING] = MISSING
    return np.asarray(table[codes], np.uint8)


def name_codes(language: str = "fr") -> dict[int, str]:
    """Name every code that a pattern can hold.

    Examples
    --------
    >>> names = name_codes("en")
    >>> names[17], names[117], names[35]
    ('Core', 'Core, in a hole', 'Bridge across an edge')
    """
    names = {
        BACKGROUND: say("indices_ground.pattern_background", language),
        CORE_OPENING: say("indices_ground.pattern_core_opening", language),
        BORDER_OPENING: say("indices_ground.pattern_border_opening", language),
        MISSING: say("indices_ground.pattern_missing", language),
    }
    for name, codes in CLASSES.items():
        for code in codes:
            if code in _CROSSING:
                link = say(f"indices_ground.pattern_{_CROSSING[code]}", language)
                text = say(f"indices_ground.pattern_across_{_SUFFIXES[code]}", language, link=link)
            else:
                text = say(f"indices_ground.pattern_{name}", language)
            names[code] = text
            names[code + 100] = say("indices_ground.pattern_in_hole", language, name=text)
    return dict(sorted(names.items()))


def write_pattern(path: str | Path, pattern: Pattern, grid: Grid, *, language: str = "fr") -> None:
    """Write a pattern as a cloud-optimised GeoTIFF of byte codes, with their colours and names.

    A desktop GIS shows the colours; the names are in the metadata of the band, ``CLASS_17 = Core``. The same
    pattern gives the same bytes.

    Raises
    ------
    OutputError
        If the file cannot be written; an earlier one stays.
    ValueError
        If the pattern does not have the grid's shape: a mistake of the caller.
    """
    import rasterio
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError
    from rasterio.transform import Affine

    if pattern.codes.shape != grid.shape:
        raise ValueError(f"pattern is {pattern.codes.shape}, its grid {grid.shape}")
    profile: dict[str, Any] = {
        "driver": "COG", "width": grid.ncols, "height": grid.nrows, "count": 1, "dtype": "uint8",
        "crs": grid.crs, "transform": Affine(*grid.affine), "nodata": MISSING, "COMPRESS": "DEFLATE",
        "LEVEL": 6, "BLOCKSIZE": 512, "OVERVIEW_RESAMPLING": "MODE", "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    names = name_codes(language)
    with replace_on_success(path) as part:
        try:
            # No sidecar file and one thread: nothing that depends on the machine.
            with (
                rasterio.Env(GDAL_PAM_ENABLED="NO", GDAL_NUM_THREADS="1"),
                rasterio.open(part, "w", **profile) as file,
            ):
                file.write(pattern.codes, 1)
                file.write_colormap(1, {code: (*_find_colour(code), 255) for code in names})
                file.set_band_description(1, say("indices_ground.pattern_title", language))
                file.update_tags(1, **{f"CLASS_{code}": name for code, name in names.items()})
        except (CPLE_BaseError, RasterioError) as error:
            # GDAL's words, not a number of the system: told apart by explain_failure.
            raise OSError(say_cause(error)) from error


def _find_colour(code: int) -> tuple[int, int, int]:
    special = {
        BACKGROUND: "background", CORE_OPENING: "core_opening", BORDER_OPENING: "border_opening",
        MISSING: "missing",
    }  # fmt: skip
    if code in special:
        return COLOURS[special[code]]
    outside = code - 100 if code > CORE_OPENING else code
    if outside in _CROSSING:
        return COLOURS[_CROSSING[outside]]
    return COLOURS[next(name for name, codes in CLASSES.items() if outside in codes)]
