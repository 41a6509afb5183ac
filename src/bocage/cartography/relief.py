"""Relief as shade under a map, alone or laid over the colours of a land cover."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bocage.cartography.background import Background
from bocage.errors import CRSError
from bocage.grid import Grid

Floats = NDArray[np.floating]

TONES = 24
"""Shades of a relief: enough that steps do not show, few enough that a picture stays small."""
FLAT_DARKNESS = 0.08
"""Of level ground, as a share of the strength: slopes to the light can then be lighter still."""

_PALETTE = 256
_BLOCK_ROWS = 256
# A tenth of the ground is steeper than this on a relief whose exaggeration is chosen.
_STEEP = math.tan(math.radians(15.0))
_LEAST_EXAGGERATION, _MOST_EXAGGERATION = 1.0, 8.0


def measure_gradient(elevation: Floats, cell: float) -> tuple[Floats, Floats]:
    """Measure how the ground rises eastward and northward.

    Parameters
    ----------
    elevation : (nrows, ncols) array
        North up, NaN where unknown [m].
    cell : float
        [m].

    Returns
    -------
    east, north : (nrows, ncols) arrays
        Rise over run; NaN where the elevation is.

    Notes
    -----
    Weighted differences over the 3 x 3 neighbours (Horn 1981, doi:10.1109/PROC.1981.11918). A neighbour
    unknown or beyond the edge is continued from the one opposite, so that a plane keeps its slope.

    Examples
    --------
    >>> east, north = measure_gradient(np.array([[0.0, 5.0], [0.0, 5.0]]), 10.0)
    >>> float(east[0, 0]), float(north[0, 0])
    (0.5, 0.0)
    """
    rows, cols = elevation.shape
    # The edge is a border of unknown cells, so that each neighbour is a shifted view.
    padded = np.full((rows + 2, cols + 2), np.nan)
    padded[1:-1, 1:-1] = elevation
    centre = padded[1:-1, 1:-1]

    def look(down: int, right: int) -> Floats:
        return padded[1 + down : 1 + down + rows, 1 + right : 1 + right + cols]

    def rise(down: int, right: int) -> Floats:
        """Give the rise from the neighbour opposite to this one, over two steps."""
        ahead, behind = look(down, right) - centre, centre - look(-down, -right)
        ahead, behind = np.where(np.isnan(ahead), behind, ahead), np.where(np.isnan(behind), ahead, behind)
        return ahead + behind

    to_east, to_north = np.nan_to_num(rise(0, 1)), np.nan_to_num(rise(-1, 0))
    ascending, descending = rise(-1, 1), rise(1, 1)  # towards the north-east and the south-east
    # In a corner one diagonal has no cell at all: it is that of the plane.
    ascending = np.where(np.isnan(ascending), to_east + to_north, ascending)
    descending = np.where(np.isnan(descending), to_east - to_north, descending)
    east = (ascending + 2.0 * to_east + descending) / (8.0 * cell)
    north = (ascending + 2.0 * to_north - descending) / (8.0 * cell)
    unknown = np.isnan(centre)
    east[unknown] = north[unknown] = np.nan
    return east, north


def choose_exaggeration(elevation: Floats, cell: float) -> float:
    """Choose how many times steeper to draw a relief, so that plains show theirs and mountains stay true.

    One tenth of the ground is then drawn steeper than 15 degrees, unless that asks for more than eight times.

    >>> slope = np.arange(9.0).reshape(1, 9).repeat(9, axis=0)
    >>> choose_exaggeration(slope, 1.0), choose_exaggeration(slope / 1000, 1.0)
    (1.0, 8.0)
    """
    found = [np.hypot(east, north)[~np.isnan(east)] for _, east, north in _take_gradient(elevation, cell)]
    steepness = np.concatenate(found) if found else np.empty(0)
    if len(steepness) == 0:
        return _LEAST_EXAGGERATION
    steep = float(np.quantile(steepness, 0.9))
    if steep * _MOST_EXAGGERATION <= _STEEP:
        return _MOST_EXAGGERATION
    return round(min(max(_STEEP / steep, _LEAST_EXAGGERATION), _MOST_EXAGGERATION), 2)


def shade_relief(
    elevation: Floats,
    grid: Grid,
    *,
    azimuth: float = 315.0,
    altitude: float = 45.0,
    exaggeration: float | None = None,
    strength: float = 0.25,
) -> Background:
    """Shade a relief under a light from the north-west.

    Parameters
    ----------
    elevation : (nrows, ncols) array
        NaN where unknown, which stays white [m].
    grid : Grid
    azimuth, altitude : float
        Direction of the light, clockwise from north, and its height [degrees].
    exaggeration : float, optional
        Times that heights are drawn higher; chosen by ``choose_exaggeration`` when not given.
    strength : float
        Darkness of ground in full shade, in [0, 1]. Level ground is nearly white:
        ``FLAT_DARKNESS`` times as dark.

    Returns
    -------
    Background
        Code 0 is white; the others are ``TONES`` shades.
    """
    times = choose_exaggeration(elevation, grid.cell) if exaggeration is None else exaggeration
    turn, height = math.radians(azimuth), math.radians(altitude)
    codes = np.zeros(grid.shape, dtype=np.uint8)
    for rows, east, north in _take_gradient(elevation, grid.cell):
        # The light on a slope is the cosine between its normal and the light; against that of level ground.
        toward = times * (east * math.sin(turn) + north * math.cos(turn))
        light = (math.sin(height) - toward * math.cos(height)) / np.sqrt(
            1.0 + times**2 * (east**2 + north**2)
        )
        lit = np.clip(light / math.sin(height), 0.0, None)
        # Level ground has lit = 1; what faces the light, from 1 / (1 - FLAT_DARKNESS) on, is white.
        darkness = np.clip(1.0 - (1.0 - FLAT_DARKNESS) * lit, 0.0, 1.0)
        known = ~np.isnan(darkness)
        codes[rows][known] = 1 + np.rint(darkness[known] * (TONES - 1)).astype(np.uint8)
    shades = 255.0 * (1.0 - strength * np.arange(TONES) / (TONES - 1))
    colours = np.full((TONES + 1, 3), 255, dtype=np.uint8)
    colours[1:] = np.rint(shades).astype(np.uint8)[:, None]
    return Background(grid, codes, colours)


def combine_backgrounds(land_cover: Background, relief: Background) -> Background:
    """Lay the shade of a relief over the colours of a land cover.

    Parameters
    ----------
    land_cover : Background
    relief : Background
        In the same CRS, from ``shade_relief``; it may have another cell and another extent.

    Returns
    -------
    Background
        Over the land cover, on the finer of the two cells. Colours are multiplied; the shades are as many
        as let all colours fit the palette of a picture, 256.

    Raises
    ------
    CRSError
        If the two are not in the same CRS.

    Notes
    -----
    Land cover is taken at the nearest cell, shades are interpolated between the centres of theirs, lest a
    coarse relief draw squares. Beyond the relief there is no shade.
    """
    if land_cover.grid.crs != relief.grid.crs:
        raise CRSError(
            f"The relief is in {relief.grid.crs} and the land cover in {land_cover.grid.crs}; "
            "bring the relief to the CRS of the study."
        )
    grid = _finer_grid(land_cover.grid, relief.grid)
    used, index = np.unique(np.asarray(land_cover.codes), return_inverse=True)
    palette, merged = np.unique(land_cover.colours[used], axis=0, return_inverse=True)
    cover = merged.reshape(-1)[index].reshape(land_cover.codes.shape)
    count = max(min(TONES, _PALETTE // len(palette)), 1)
    darkest = int(relief.colours.min())
    tones = np.linspace(255.0, float(darkest), count) / 255.0
    step = (255.0 - darkest) / max(count - 1, 1)
    shade = relief.colours[:, 0].astype(np.float32)[np.asarray(relief.codes)]
    codes = np.empty(grid.shape, dtype=np.uint16)
    cols = np.arange(grid.ncols)
    easting = grid.west + (cols + 0.5) * grid.cell
    cover_cols = np.minimum(
        ((easting - land_cover.grid.west) / land_cover.grid.cell).astype(np.intp), land_cover.grid.ncols - 1
    )
    for start in range(0, grid.nrows, _BLOCK_ROWS):
        rows = np.arange(start, min(start + _BLOCK_ROWS, grid.nrows))
        northing = grid.north - (rows + 0.5) * grid.cell
        cover_rows = np.minimum(
            ((land_cover.grid.north - northing) / land_cover.grid.cell).astype(np.intp),
            land_cover.grid.nrows - 1,
        )
        seen = _interpolate(shade, relief.grid, easting, northing)
        level = (
            np.rint((255.0 - seen) / step).astype(np.uint16) if step > 0 else np.zeros_like(seen, np.uint16)
        )
        codes[rows[0] : rows[-1] + 1] = cover[np.ix_(cover_rows, cover_cols)] * count + np.minimum(
            level, count - 1
        )
    colours = np.rint(palette[:, None, :] * tones[None, :, None]).astype(np.uint8).reshape(-1, 3)
    return Background(grid, codes, colours)


def _take_gradient(elevation: Floats, cell: float) -> Iterator[tuple[slice, Floats, Floats]]:
    """Give the gradient some rows at a time: a whole département does not fit in memory ten times over."""
    count = len(elevation)
    for start in range(0, count, _BLOCK_ROWS):
        stop = min(start + _BLOCK_ROWS, count)
        above, below = min(start, 1), min(count - stop, 1)
        east, north = measure_gradient(elevation[start - above : stop + below], cell)
        inner = slice(above, above + stop - start)
        yield slice(start, stop), east[inner], north[inner]


def _finer_grid(cover: Grid, relief: Grid) -> Grid:
    """Give the cover's grid, divided in the relief's cells when these are smaller."""
    if relief.cell >= cover.cell:
        return cover
    rows, cols = (math.ceil(round(n * cover.cell / relief.cell, 6)) for n in cover.shape)
    return Grid(cover.west, cover.north, relief.cell, rows, cols, cover.crs)


def _interpolate(
    shade: NDArray[np.float32], grid: Grid, easting: Floats, northing: Floats
) -> NDArray[np.float32]:
    """Interpolate shades at the crossings of columns and rows; white beyond the grid."""
    row, down, over = _between((grid.north - northing) / grid.cell, grid.nrows)
    col, right, beside = _between((easting - grid.west) / grid.cell, grid.ncols)
    next_row, next_col = np.minimum(row + 1, grid.nrows - 1), np.minimum(col + 1, grid.ncols - 1)
    upper = shade[row] * (1 - down)[:, None] + shade[next_row] * down[:, None]
    seen = upper[:, col] * (1 - right) + upper[:, next_col] * right
    seen[over] = 255.0
    seen[:, beside] = 255.0
    return np.asarray(seen, dtype=np.float32)


def _between(place: Floats, count: int) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.bool_]]:
    """Give the cell before each place, its share of the way to the next, and whether it is off the grid."""
    outside = (place < 0) | (place > count)
    at = np.clip(place - 0.5, 0.0, count - 1)
    before = np.floor(at).astype(np.intp)
    return before, (at - before).astype(np.float32), outside
