"""Conductances of a raster from its cells, and the cutting of cells whose potential is given.

Written a row at a time into arrays that exist: no memory besides.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _mean(a, b, by_resistance, inverse):
    """Conductance of two cells that share a side."""
    if by_resistance == inverse:
        mean = (a + b) / 2
        return 1 / mean if inverse else mean
    mean = (1 / a + 1 / b) / 2
    return mean if inverse else 1 / mean


@njit(cache=True, nogil=True, error_model="numpy")
def tie_cells(values, mask, diagonal, by_resistance, inverse, links):
    """Write the conductances between neighbours.

    Parameters
    ----------
    values : (nrows, ncols) array of float32 or float64
        Resistance, or conductance, of the cells of the mask.
    mask : (nrows, ncols) array of bool
    diagonal : bool
        Whether cells that share a corner are tied.
    by_resistance : bool
        Whether resistances are averaged, or conductances.
    inverse : bool
        Whether values are resistances.
    links : (4, rows, cols) array of float32
        Zeros; written.
    """
    nrows, ncols = mask.shape
    root = np.sqrt(2.0)
    for i in range(nrows):
        for j in range(ncols):
            if not mask[i, j]:
                continue
            v = np.float64(values[i, j])
            if j + 1 < ncols and mask[i, j + 1]:
                links[0, i + 1, j + 1] = _mean(v, np.float64(values[i, j + 1]), by_resistance, inverse)
            if i + 1 == nrows:
                continue
            if mask[i + 1, j]:
                links[1, i + 1, j + 1] = _mean(v, np.float64(values[i + 1, j]), by_resistance, inverse)
            if not diagonal:
                continue
            if j + 1 < ncols and mask[i + 1, j + 1]:
                g = _mean(v, np.float64(values[i + 1, j + 1]), by_resistance, inverse)
                links[2, i + 1, j + 1] = g / root
            if j > 0 and mask[i + 1, j - 1]:
                g = _mean(v, np.float64(values[i + 1, j - 1]), by_resistance, inverse)
                links[3, i + 1, j + 1] = g / root


@njit(cache=True, nogil=True, error_model="numpy")
def cut_cells(row, col, values, given, links, earth, b):
    """Cut cells of given potential from the raster: their neighbours are tied to the earth instead.

    Parameters
    ----------
    row, col : (n,) array of int64
        The cells, in padded arrays.
    values : (k, n) array of float64
        Their potentials, for each right-hand side.
    given : (rows, cols) array of bool
        Where they are.
    links, earth : arrays of float32
        Changed in place.
    b : (k, rows, cols) array of float64
        Current brought from the cells to their neighbours; added to, and made nil on the cells.
    """
    for c in range(row.size):
        i, j = row[c], col[c]
        for k in range(values.shape[0]):
            b[k, i, j] = 0.0
        for n in range(8):
            if n == 0:
                d, y, x, p, q = 0, i, j, i, j + 1
            elif n == 1:
                d, y, x, p, q = 0, i, j - 1, i, j - 1
            elif n == 2:
                d, y, x, p, q = 1, i, j, i + 1, j
            elif n == 3:
                d, y, x, p, q = 1, i - 1, j, i - 1, j
            elif n == 4:
                d, y, x, p, q = 2, i, j, i + 1, j + 1
            elif n == 5:
                d, y, x, p, q = 2, i - 1, j - 1, i - 1, j - 1
            elif n == 6:
                d, y, x, p, q = 3, i, j, i + 1, j - 1
            else:
                d, y, x, p, q = 3, i - 1, j + 1, i - 1, j + 1
            g = links[d, y, x]
            if g != 0:
                links[d, y, x] = 0
                if not given[p, q]:
                    earth[p, q] += g
                    for k in range(values.shape[0]):
                        b[k, p, q] += g * values[k, c]
        earth[i, j] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def settle_potentials(values, label, held):
    """Lower each component that nothing holds so that its least potential is 0; NaN outside the mask.

    Parameters
    ----------
    values : (nrows, ncols) array of float64
        Changed in place.
    label : (nrows, ncols) array of int
        Component, 0 outside.
    held : (components + 1,) array of bool
    """
    low = np.full(held.size, np.inf)
    for i in range(label.shape[0]):
        for j in range(label.shape[1]):
            low[label[i, j]] = min(low[label[i, j]], values[i, j])
    for k in range(held.size):
        if held[k]:
            low[k] = 0.0
    for i in range(label.shape[0]):
        for j in range(label.shape[1]):
            if label[i, j] == 0:
                values[i, j] = np.nan
            else:
                values[i, j] -= low[label[i, j]]
