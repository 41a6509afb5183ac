"""Corridors as shapes: the outline of a link's ground and the line of its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.corridors.links import Links
from bocage.grid import Grid, Window
from bocage.reservoirs.polygonise import polygonise

if TYPE_CHECKING:
    from shapely import LineString, MultiPolygon

_SMOOTHING_CELLS = 5


def draw_axis(cells: NDArray[np.int64], grid: Grid) -> LineString:
    """Draw a path as a line through its cell centres, its eight-direction kinks smoothed.

    Parameters
    ----------
    cells : (n,) array of int64
        Flat cell indices along the path; n >= 1.
    grid : Grid

    Returns
    -------
    LineString
        From the first cell's centre to the last's; a path of one cell is drawn one cell long.

    Examples
    --------
    >>> draw_axis(np.array([0, 1, 2]), Grid(0, 10, 10, 1, 3)).wkt
    'LINESTRING (5 5, 25 5)'
    """
    import shapely

    row, col = np.divmod(cells, grid.ncols)
    easting, northing = grid.centre(row, col)
    points = np.column_stack([easting, northing])
    if len(points) == 1:
        half = np.array([[grid.cell / 2, 0.0]])
        return shapely.LineString(np.vstack([points - half, points + half]))
    reach = _SMOOTHING_CELLS // 2
    padded = np.vstack([np.repeat(points[:1], reach, 0), points, np.repeat(points[-1:], reach, 0)])
    totals = np.vstack([np.zeros((1, 2)), np.cumsum(padded - points[0], axis=0)])
    smooth = points[0] + (totals[_SMOOTHING_CELLS:] - totals[:-_SMOOTHING_CELLS]) / _SMOOTHING_CELLS
    smooth[0], smooth[-1] = points[0], points[-1]
    axis: LineString = shapely.LineString(smooth).simplify(grid.cell * 0.2)  # type: ignore[assignment]
    return axis


def list_ground(links: Links, i: int, patches: NDArray[np.int32]) -> NDArray[np.int64]:
    """List the cells of a corridor: the ground of its link, and its path one cell wider.

    Without the margin, a path that runs diagonally would be drawn as squares that touch at corners.
    Cells of patches are left out.
    """
    grid = links.grid
    row, col = np.divmod(links.path_of(i), grid.ncols)
    rows = np.concatenate([row, row - 1, row + 1, row, row])
    cols = np.concatenate([col, col, col, col - 1, col + 1])
    inside = grid.contains(rows, cols)
    cells = np.union1d(links.ground_of(i), rows[inside] * grid.ncols + cols[inside])
    outside: NDArray[np.int64] = cells[patches.ravel()[cells] == 0]
    return outside


def draw_ground(cells: NDArray[np.int64], grid: Grid) -> MultiPolygon:
    """Draw the outline of some cells, smoothed at about one cell.

    Parameters
    ----------
    cells : (n,) array of int64
        Flat cell indices; n >= 1.
    grid : Grid
    """
    row, col = np.divmod(cells, grid.ncols)
    window = Window(int(row.min()), int(row.max()) + 1, int(col.min()), int(col.max()) + 1)
    mask = np.zeros(window.shape, np.uint8)
    mask[row - window.row0, col - window.col0] = 1
    outline: MultiPolygon = polygonise(mask, grid.crop(window)).iloc[0]
    return outline
