"""Distance from each patch of a class raster to the nearest other patch of its class, exactly.

Memory goes by run, the cells of one patch that follow one another in a row: 20 bytes each, and 8 bytes for
each class in each row.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FAR = np.int64(1) << 62
"""Squared distance to a neighbour that does not exist."""


@njit(cache=True, nogil=True)
def _list_runs(codes, labels, ncodes):
    """List the runs of cells of one patch in a row, by code, row and column.

    Returns
    -------
    start : (ncodes * nrows + 1,) array of int64
        First run of each code in each row.
    west, east, patch : (n,) array of int32
        First and last column, and patch.
    other_west, other_east : (n,) array of int32
        Nearest run of another patch in the same row and code, before and after;
        one before the first, one after the last, where there is none.
    """
    nrows, ncols = codes.shape
    start = np.zeros(ncodes * nrows + 1, np.int64)
    for i in range(nrows):
        for j in range(ncols):
            if labels[i, j] != 0 and (j == 0 or labels[i, j] != labels[i, j - 1]):
                start[np.int64(codes[i, j]) * nrows + i + 1] += 1
    for k in range(start.size - 1):
        start[k + 1] += start[k]
    count = start[start.size - 1]
    west = np.zeros(count, np.int32)
    east = np.zeros(count, np.int32)
    patch = np.zeros(count, np.int32)
    cursor = start.copy()
    for i in range(nrows):
        at = np.int64(-1)
        for j in range(ncols):
            p = labels[i, j]
            if p == 0:
                continue
            if j == 0 or p != labels[i, j - 1]:
                slot = np.int64(codes[i, j]) * nrows + i
                at = cursor[slot]
                cursor[slot] += 1
                west[at] = j
                patch[at] = p
            east[at] = j
    other_west = np.zeros(count, np.int32)
    other_east = np.zeros(count, np.int32)
    for k in range(start.size - 1):
        low, high = start[k], start[k + 1]
        for at in range(low, high):
            if at == low:
                other_west[at] = low - 1
            else:
                other_west[at] = other_west[at - 1] if patch[at] == patch[at - 1] else at - 1
        for at in range(high - 1, low - 1, -1):
            if at == high - 1:
                other_east[at] = high
            else:
                other_east[at] = other_east[at + 1] if patch[at] == patch[at + 1] else at + 1
    return start, west, east, patch, other_west, other_east


@njit(cache=True, nogil=True)
def measure_nearest(codes, labels, code, ncodes):
    """Give the squared distance from each patch to the nearest other patch of its code, between cell centres.

    Every run of cells looks up and down row by row, no farther than the best yet found for its patch; in a
    row, the nearest run of another patch on either side is found by bisection. What is found counts for
    both patches. A first round over the nearest rows gives most patches their bound at once.

    Parameters
    ----------
    codes : (nrows, ncols) array of uint16
    labels : (nrows, ncols) array of int32
    code : (count + 1,) array of uint16
        Code of each patch.
    ncodes : int

    Returns
    -------
    (count + 1,) array of int64
        In cells²; ``FAR`` where the code has no other patch. 20 bytes a run of working memory.
    """
    nrows = codes.shape[0]
    best = np.full(code.size, FAR, np.int64)
    patches = np.zeros(ncodes, np.int64)
    for p in range(1, code.size):
        patches[code[p]] += 1
    start, west, east, patch, other_west, other_east = _list_runs(codes, labels, ncodes)
    for nearest, farthest in ((0, 2), (3, nrows - 1)):
        for k in range(1, ncodes):
            if patches[k] < 2:
                continue
            for i in range(nrows):
                for at in range(start[k * nrows + i], start[k * nrows + i + 1]):
                    p = patch[at]
                    dy = np.int64(nearest)
                    while dy <= farthest and dy * dy < best[p]:
                        for side in range(2):
                            r = i - dy if side == 0 else i + dy
                            if r < 0 or r >= nrows or (dy == 0 and side == 1):
                                continue
                            low, high = start[k * nrows + r], start[k * nrows + r + 1]
                            if low == high or (patch[low] == p and other_east[low] == high):
                                continue
                            a, b = low, high
                            while a < b:
                                middle = (a + b) >> 1
                                if west[middle] > east[at]:
                                    b = middle
                                else:
                                    a = middle + 1
                            if a < high:
                                q = a if patch[a] != p else np.int64(other_east[a])
                                if q < high:
                                    gap = np.int64(west[q] - east[at])
                                    squared = dy * dy + gap * gap
                                    best[p] = min(best[p], squared)
                                    best[patch[q]] = min(best[patch[q]], squared)
                            a -= 1
                            if a >= low:
                                q = a if patch[a] != p else np.int64(other_west[a])
                                if q >= low:
                                    gap = np.int64(max(west[at] - east[q], 0))
                                    squared = dy * dy + gap * gap
                                    best[p] = min(best[p], squared)
                                    best[patch[q]] = min(best[patch[q]], squared)
                        dy += 1
    return best
