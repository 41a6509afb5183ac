"""Gaps in a land cover, filled from the nearest ground around them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


def list_offsets(radius: int) -> NDArray[np.int64]:
    """List the cells around a cell, nearest first; at equal distance, upper ones then left ones.

    Parameters
    ----------
    radius : int
        Farthest cell [cells], >= 1.

    Returns
    -------
    (n, 2) array of int64
        Row and column offsets.

    Examples
    --------
    >>> list_offsets(1).tolist()
    [[-1, 0], [0, -1], [0, 1], [1, 0]]
    """
    rows, cols = (axis.ravel() for axis in np.mgrid[-radius : radius + 1, -radius : radius + 1])
    squared = rows**2 + cols**2
    order = np.lexsort((cols, rows, squared))
    order = order[(squared[order] > 0) & (squared[order] <= radius * radius)]
    return np.stack((rows[order], cols[order]), axis=1).astype(np.int64)


@njit(cache=True, nogil=True)
def fill_from_nearest(
    source: NDArray[np.uint16],
    target: NDArray[np.uint16],
    gap: NDArray[np.bool_],
    offsets: NDArray[np.int64],
) -> None:
    """Give cells of some codes the code of the nearest cell around that has another, in ``target``.

    Parameters
    ----------
    source : (nrows, ncols) array of uint16
        Codes; 0 is no data, from which nothing is filled.
    target : (nrows, ncols) array of uint16
        Changed in place where ``source`` has a gap and other ground lies near enough.
    gap : (n,) array of bool
        Whether each code is to be filled.
    offsets : (m, 2) array of int64
        Cells to look at, in order (``list_offsets``).
    """
    nrows, ncols = source.shape
    for row in range(nrows):
        for col in range(ncols):
            if not gap[source[row, col]]:
                continue
            for k in range(offsets.shape[0]):
                r, c = row + offsets[k, 0], col + offsets[k, 1]
                if 0 <= r < nrows and 0 <= c < ncols:
                    code = source[r, c]
                    if code != 0 and not gap[code]:
                        target[row, col] = code
                        break
