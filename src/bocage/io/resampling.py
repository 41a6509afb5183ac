"""Bring the cells of an open raster onto a grid, block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio.enums import MaskFlags
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from rasterio.warp import Resampling
from rasterio.windows import Window as RasterWindow

from bocage.errors import InputError
from bocage.grid import Bounds, Grid, Window
from bocage.io.crs import name_crs, transform_bounds
from bocage.journal import Journal
from bocage.units import NBSP

Method = Literal["nearest", "bilinear", "cubic", "average", "mode", "min", "max", "med"]

# Cells of the grid resampled at once, and of the source read for them: 128 MB of doubles at most.
_BLOCK = 1024
_SOURCE_CELLS = 16_000_000
# A drift between two grids below this share of a cell is rounding, not a shift.
_ALIGNED = 1e-3


def read_onto(
    source: Any,
    band: int,
    crs: pyproj.CRS,
    grid: Grid,
    target: pyproj.CRS,
    resampling: Method,
    name: str,
    journal: Journal,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Read a band of an open raster onto a grid.

    Parameters
    ----------
    source : rasterio dataset
    band : int
        From 1.
    crs, target : pyproj.CRS
        Of the raster and of the grid; the same object, or equal, when nothing is to be reprojected.
    grid : Grid
    resampling : str
    name : str
        What the raster is to the study, for errors and notes.
    journal : Journal

    Returns
    -------
    values, valid : (nrows, ncols) arrays

    Raises
    ------
    InputError
        If the raster holds complex numbers.
    """
    kind = np.dtype(source.dtypes[band - 1])
    if kind.kind == "c":
        raise InputError(f"{name}: the raster holds complex numbers; give one of plain numbers.")
    offset = _find_offset(source.transform, grid) if crs == target else None
    if offset is not None:
        values, valid = np.zeros(grid.shape, kind), np.zeros(grid.shape, bool)
        _copy(source, band, offset, values, valid)
        return values, valid
    if crs != target:
        journal.add("layer_reprojected", layer=name, source=name_crs(crs), target=name_crs(target))
    journal.add(
        "raster_resampled",
        raster=name,
        source=_say_cell(cell_size(source.transform), crs),
        target=_say_cell((grid.cell, grid.cell), target),
        method=resampling,
    )
    result = kind
    if resampling not in ("nearest", "mode", "min", "max"):
        result = np.dtype(np.float32 if kind == np.float32 else np.float64)
    values, valid = np.zeros(grid.shape, result), np.zeros(grid.shape, bool)
    back = pyproj.Transformer.from_crs(target, crs, always_xy=True) if crs != target else None
    for window, part in _plan_blocks(source, crs, grid, target, resampling):
        if resampling == "nearest":
            _take_nearest(source, band, part, grid, window, back, values, valid)
        else:
            _resample(source, band, part, crs, grid, window, target, resampling, values, valid)
    return values, valid


def _find_offset(transform: Affine, grid: Grid) -> tuple[int, int] | None:
    """Give the source row and column of the grid's first cell, when both share their lines."""
    if transform.b or transform.d or transform.e >= 0:
        return None
    drift = _ALIGNED / max(grid.shape)
    if abs(transform.a / grid.cell - 1) > drift or abs(-transform.e / grid.cell - 1) > drift:
        return None
    row, col = (transform.f - grid.north) / grid.cell, (grid.west - transform.c) / grid.cell
    if abs(row - round(row)) > _ALIGNED or abs(col - round(col)) > _ALIGNED:
        return None
    return round(row), round(col)


def _copy(
    source: Any, band: int, offset: tuple[int, int], values: NDArray[Any], valid: NDArray[np.bool_]
) -> None:
    """Copy the cells that the source and the grid share."""
    row, col = offset
    nrows, ncols = values.shape
    row0, row1 = max(0, -row), min(nrows, source.height - row)
    col0, col1 = max(0, -col), min(ncols, source.width - col)
    if row0 >= row1 or col0 >= col1:
        return
    for start in range(row0, row1, _BLOCK):
        stop = min(start + _BLOCK, row1)
        part = Window(start + row, stop + row, col0 + col, col1 + col)
        values[start:stop, col0:col1], valid[start:stop, col0:col1] = _read_part(source, band, part)


def _read_part(source: Any, band: int, part: Window) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Read a window of the source and tell which of its cells hold data."""
    window = RasterWindow.from_slices(*part.slices)
    values = source.read(band, window=window)
    if MaskFlags.all_valid in source.mask_flag_enums[band - 1]:
        valid = np.ones(values.shape, bool)
    else:
        valid = source.read_masks(band, window=window) != 0
    if values.dtype.kind == "f":
        valid &= np.isfinite(values)
    return values, valid


def _plan_blocks(
    source: Any, crs: pyproj.CRS, grid: Grid, target: pyproj.CRS, resampling: Method
) -> Iterator[tuple[Window, Window]]:
    """Cut the grid into blocks, each with the window of the source that it needs."""
    for row in range(0, grid.nrows, _BLOCK):
        for col in range(0, grid.ncols, _BLOCK):
            block = Window(row, min(row + _BLOCK, grid.nrows), col, min(col + _BLOCK, grid.ncols))
            yield from _fit_block(source, crs, grid, target, block, resampling)


def _fit_block(
    source: Any, crs: pyproj.CRS, grid: Grid, target: pyproj.CRS, block: Window, resampling: Method
) -> Iterator[tuple[Window, Window]]:
    """Halve a block until the source cells under it fit in memory."""
    part = _source_window(source, crs, grid.crop(block), target, resampling)
    rows, cols = block.shape
    if part.shape[0] <= 0 or part.shape[1] <= 0:
        return
    if part.shape[0] * part.shape[1] <= _SOURCE_CELLS or max(rows, cols) == 1:
        yield block, part
    elif rows >= cols:
        middle = block.row0 + rows // 2
        yield from _fit_block(
            source, crs, grid, target, Window(block.row0, middle, block.col0, block.col1), resampling
        )
        yield from _fit_block(
            source, crs, grid, target, Window(middle, block.row1, block.col0, block.col1), resampling
        )
    else:
        middle = block.col0 + cols // 2
        yield from _fit_block(
            source, crs, grid, target, Window(block.row0, block.row1, block.col0, middle), resampling
        )
        yield from _fit_block(
            source, crs, grid, target, Window(block.row0, block.row1, middle, block.col1), resampling
        )


def _source_window(
    source: Any, crs: pyproj.CRS, block: Grid, target: pyproj.CRS, resampling: Method
) -> Window:
    """Give the source cells under a block, with those that its edge cells draw on."""
    bounds = transform_bounds(block.bounds, target, crs) if crs != target else block.bounds
    cols, rows = transform_corners(~source.transform, bounds)
    # Cubic draws on two cells each way, of the size of the larger of the two grids' cells.
    scale = max(1.0, (max(rows) - min(rows)) / block.nrows, (max(cols) - min(cols)) / block.ncols)
    margin = 2 if resampling == "nearest" else math.ceil(3 * scale) + 2
    row0 = min(max(math.floor(min(rows)) - margin, 0), source.height)
    col0 = min(max(math.floor(min(cols)) - margin, 0), source.width)
    row1 = max(min(math.ceil(max(rows)) + margin, source.height), row0)
    col1 = max(min(math.ceil(max(cols)) + margin, source.width), col0)
    return Window(row0, row1, col0, col1)


def _take_nearest(
    source: Any,
    band: int,
    part: Window,
    grid: Grid,
    window: Window,
    back: pyproj.Transformer | None,
    values: NDArray[Any],
    valid: NDArray[np.bool_],
) -> None:
    """Take for each cell the source cell under its centre."""
    found, data = _read_part(source, band, part)
    rows, cols = np.arange(window.row0, window.row1), np.arange(window.col0, window.col1)
    easting, northing = grid.centre(rows[:, None], cols[None, :])
    inverse = ~source.transform
    if back is not None:
        easting, northing = np.broadcast_arrays(easting, northing)
        easting, northing = back.transform(easting, northing)
        inside = np.isfinite(easting) & np.isfinite(northing)
        easting, northing = np.where(inside, easting, 0.0), np.where(inside, northing, 0.0)
    else:
        inside = np.ones(window.shape, bool)
    # Centres often fall on the line between two source cells (10 m under 25 m): the margin makes
    # rounding give the same side everywhere.
    col = np.floor(inverse.a * easting + inverse.b * northing + inverse.c + 1e-6).astype(np.int64)
    row = np.floor(inverse.d * easting + inverse.e * northing + inverse.f + 1e-6).astype(np.int64)
    inside = inside & (row >= part.row0) & (row < part.row1) & (col >= part.col0) & (col < part.col1)
    row, col = np.broadcast_arrays(row - part.row0, col - part.col0)
    row, col = np.where(inside, row, 0), np.where(inside, col, 0)
    values[window.slices] = found[row, col]
    valid[window.slices] = data[row, col] & inside


def _resample(
    source: Any,
    band: int,
    part: Window,
    crs: pyproj.CRS,
    grid: Grid,
    window: Window,
    target: pyproj.CRS,
    resampling: Method,
    values: NDArray[Any],
    valid: NDArray[np.bool_],
) -> None:
    """Resample a block with GDAL's warper, ignoring cells without data."""
    found, data = _read_part(source, band, part)
    work = np.where(data, found, np.nan).astype(np.float64)
    block = grid.crop(window)
    scale = _scale_of(source, crs, grid, target)
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=work.shape[1],
            height=work.shape[0],
            count=1,
            dtype="float64",
            crs=rasterio.crs.CRS.from_wkt(crs.to_wkt()),
            transform=_shift_origin(source.transform, part),
            nodata=math.nan,
        ) as held:
            held.write(work, 1)
        # GDAL approximates the transformation, and fits its kernels to each chunk, unless told not to:
        # results would then depend on how the grid is cut. (Not a tolerance of 0, which rasterio refuses,
        # nor its reproject, which ignores the tolerance.)
        with (
            memory.open() as held,
            WarpedVRT(
                held,
                crs=rasterio.crs.CRS.from_wkt(target.to_wkt()),
                transform=Affine(*block.affine),
                width=block.ncols,
                height=block.nrows,
                resampling=Resampling[resampling],
                src_nodata=math.nan,
                nodata=math.nan,
                tolerance=1e-12,
                XSCALE=str(scale[0]),
                YSCALE=str(scale[1]),
            ) as warped,
        ):
            result = warped.read(1)
    good = np.isfinite(result)
    values[window.slices] = np.where(good, result, 0).astype(values.dtype)
    valid[window.slices] = good


def _scale_of(source: Any, crs: pyproj.CRS, grid: Grid, target: pyproj.CRS) -> tuple[float, float]:
    """Give how many cells of the grid a source cell spans, at the middle of the source."""
    row, col = source.height // 2, source.width // 2
    eastings, northings = transform_corners(source.transform, (col, row, col + 1, row + 1))
    if crs != target:
        transformer = pyproj.Transformer.from_crs(crs, target, always_xy=True)
        eastings, northings = transformer.transform(eastings, northings)
    # Corners come as (0, 0), (0, 1), (1, 0), (1, 1) in columns and rows.
    width = math.hypot(eastings[2] - eastings[0], northings[2] - northings[0]) / grid.cell
    height = math.hypot(eastings[1] - eastings[0], northings[1] - northings[0]) / grid.cell
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        return 1.0, 1.0
    return width, height


def _shift_origin(transform: Affine, part: Window) -> Affine:
    """Give the transform of a window."""
    (easting, *_), (northing, *_) = transform_corners(transform, (part.col0, part.row0, 0, 0))
    return Affine(transform.a, transform.b, easting, transform.d, transform.e, northing)


def transform_corners(transform: Affine, bounds: Bounds) -> tuple[list[float], list[float]]:
    """Transform the corners of a rectangle, in the order (0, 0), (0, 1), (1, 0), (1, 1)."""
    # Written out: affine 2 multiplies with *, affine 3 with @.
    corners = [(first, second) for first in bounds[::2] for second in bounds[1::2]]
    return (
        [transform.a * first + transform.b * second + transform.c for first, second in corners],
        [transform.d * first + transform.e * second + transform.f for first, second in corners],
    )


def cell_size(transform: Affine) -> tuple[float, float]:
    """Give the width and height of a cell, turned or not."""
    return math.hypot(transform.a, transform.d), math.hypot(transform.b, transform.e)


def _say_cell(cell: tuple[float, float], crs: pyproj.CRS) -> str:
    """Write the size of a cell in its own unit, the same in both languages."""
    unit = "°" if crs.is_geographic else f"{NBSP}m"
    sizes = [f"{size:.6g}" for size in cell]
    return sizes[0] + unit if sizes[0] == sizes[1] else f"{sizes[0]} × {sizes[1]}{unit}"
