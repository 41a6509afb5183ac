"""Lines laid on a grid: exact traversal of cells, and burning at a width without a break.

Coordinates are in cells: column ``(easting - west) / cell`` to the right and row
``(north - northing) / cell`` downwards, so that the cell (row, col) is the square
``[col, col + 1) x [row, row + 1)``. Points on an edge belong to the cell right of it or below it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_PIECE = 8.0
"""Long segments are widened piece by piece [cells]: the box around a piece stays small."""
_ROUNDING = 1e-9
"""Cells whose centre lies at half the width to within this are inside [cells]."""


@njit(cache=True, nogil=True)
def trace_segment(x0: float, y0: float, x1: float, y1: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the cells that a segment runs through, in order, each sharing a side with the next.

    Where the segment passes exactly through a corner, the cell beside the corner on the column
    side is added. The cells are the same in both directions.

    Parameters
    ----------
    x0, y0, x1, y1 : float
        Ends [cells].

    Returns
    -------
    rows, cols : (n,) arrays of int64
        ``n = 1 + |rows moved| + |columns moved|``; may lie outside any grid.

    Notes
    -----
    Traversal of Amanatides & Woo (1987, A fast voxel traversal algorithm for ray tracing,
    Eurographics), with crossings compared by products of distances from the start: no error adds
    up along the segment, and the last cell is always that of the end.

    Examples
    --------
    >>> rows, cols = trace_segment(0.5, 0.5, 2.5, 1.5)
    >>> list(zip(rows.tolist(), cols.tolist()))
    [(0, 0), (0, 1), (1, 1), (1, 2)]
    """
    backwards = x1 < x0 or (x1 == x0 and y1 < y0)
    if backwards:
        x0, y0, x1, y1 = x1, y1, x0, y0
    col, row = int(np.floor(x0)), int(np.floor(y0))
    last_col, last_row = int(np.floor(x1)), int(np.floor(y1))
    step = 1 if last_row >= row else -1
    right, down = last_col - col, abs(last_row - row)
    length = right + down + 1
    rows = np.empty(length, np.int64)
    cols = np.empty(length, np.int64)
    dx, dy = x1 - x0, abs(y1 - y0)
    for i in range(length):
        at = length - 1 - i if backwards else i
        rows[at], cols[at] = row, col
        if right > 0 and down > 0:
            to_edge_x = (col + 1) - x0
            to_edge_y = (row + 1) - y0 if step > 0 else y0 - row
            sideways = to_edge_x * dy <= to_edge_y * dx
        else:
            sideways = right > 0
        if sideways:
            col += 1
            right -= 1
        else:
            row += step
            down -= 1
    return rows, cols


@njit(cache=True, nogil=True)
def trace_polyline(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the cells that a polyline runs through, in order, each sharing a side with the next.

    Parameters
    ----------
    x, y : (n,) arrays of float
        Vertices [cells], n >= 1.

    Returns
    -------
    rows, cols : (m,) arrays of int64
        A cell comes again where the line comes back to it.
    """
    size = 1
    for i in range(x.size - 1):
        size += int(abs(np.floor(x[i + 1]) - np.floor(x[i])) + abs(np.floor(y[i + 1]) - np.floor(y[i])))
    rows = np.empty(size, np.int64)
    cols = np.empty(size, np.int64)
    rows[0], cols[0] = int(np.floor(y[0])), int(np.floor(x[0]))
    filled = 1
    for i in range(x.size - 1):
        part_rows, part_cols = trace_segment(x[i], y[i], x[i + 1], y[i + 1])
        for j in range(1, part_rows.size):
            rows[filled], cols[filled] = part_rows[j], part_cols[j]
            filled += 1
    return rows, cols


@njit(cache=True, nogil=True)
def _widen_piece(
    codes: NDArray[np.uint16],
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    reach: float,
    value: int,
) -> None:
    nrows, ncols = codes.shape
    row0 = max(int(np.floor(min(y0, y1) - reach)), 0)
    row1 = min(int(np.floor(max(y0, y1) + reach)), nrows - 1)
    col0 = max(int(np.floor(min(x0, x1) - reach)), 0)
    col1 = min(int(np.floor(max(x0, x1) + reach)), ncols - 1)
    dx, dy = x1 - x0, y1 - y0
    squared = dx * dx + dy * dy
    for row in range(row0, row1 + 1):
        for col in range(col0, col1 + 1):
            px, py = col + 0.5 - x0, row + 0.5 - y0
            along = 0.0
            if squared > 0.0:
                along = min(max((px * dx + py * dy) / squared, 0.0), 1.0)
            px -= along * dx
            py -= along * dy
            if px * px + py * py <= reach * reach:
                codes[row, col] = value


@njit(cache=True, nogil=True)
def burn_lines(
    codes: NDArray[np.uint16],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    offsets: NDArray[np.int64],
    half_width: NDArray[np.float64],
    value: NDArray[np.uint16],
) -> None:
    """Burn lines at their width, in place; later lines cover earlier ones.

    A line takes the cells whose centre is within half its width, and every cell that it runs
    through, made 4-connected: a burnt line, however thin, cannot be slipped through by
    8-neighbour movement, nor is it broken for its own.

    Parameters
    ----------
    codes : (nrows, ncols) array of uint16
        Changed in place.
    x, y : (m,) arrays of float
        Vertices of all lines, one line after the other [cells]; finite.
    offsets : (n + 1,) array of int64
        Line ``i`` has the vertices ``offsets[i]:offsets[i + 1]``.
    half_width : (n,) array of float
        Half the width of each line [cells], >= 0.
    value : (n,) array of uint16
        Code that each line writes.

    Notes
    -----
    That a 4-connected curve separates the plane for 8-neighbour movement is the digital Jordan
    theorem (Rosenfeld 1979, Picture languages).
    """
    nrows, ncols = codes.shape
    for line in range(offsets.size - 1):
        first, last = offsets[line], offsets[line + 1] - 1
        reach = half_width[line] + _ROUNDING
        for i in range(first, max(last, first + 1)):
            j = min(i + 1, last)
            x0, y0, x1, y1 = x[i], y[i], x[j], y[j]
            if (
                max(x0, x1) + reach < 0.0
                or max(y0, y1) + reach < 0.0
                or min(x0, x1) - reach > ncols
                or min(y0, y1) - reach > nrows
            ):
                continue
            rows, cols = trace_segment(x0, y0, x1, y1)
            for k in range(rows.size):
                if 0 <= rows[k] < nrows and 0 <= cols[k] < ncols:
                    codes[rows[k], cols[k]] = value[line]
            if half_width[line] <= 0.0:
                continue
            pieces = max(int(np.ceil(np.hypot(x1 - x0, y1 - y0) / max(_PIECE, 2.0 * reach))), 1)
            for k in range(pieces):
                t0, t1 = k / pieces, (k + 1) / pieces
                _widen_piece(
                    codes,
                    x0 + t0 * (x1 - x0),
                    y0 + t0 * (y1 - y0),
                    x0 + t1 * (x1 - x0),
                    y0 + t1 * (y1 - y0),
                    reach,
                    value[line],
                )
