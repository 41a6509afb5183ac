"""Pieces of natural ground by reporting unit, labelled row by row: no label raster is kept.

A piece is what is connected inside one unit. Each row is read as runs of one unit; a run takes the
label of a run of the row above that it touches in the same unit, and labels that meet are joined
(union-find, the smaller label stays; Rosenfeld & Pfaltz 1966, in the runs of He, Chao & Suzuki
2008). Two more union-finds over the same labels join pieces that touch whatever their units (the
patches) and pieces that touch inside any unit (the territory as one).

Memory: 4 bytes for each cell of one row, and 33 bytes for each label; a label is begun where a
piece begins on the row, at most one for each two cells of one unit and in real land cover one for
some hundreds of cells. Rows are given in stripes of any height and the result is the same.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.union import find_root, unite


@njit(cache=True, nogil=True, error_model="numpy")
def _longer(array, size):
    new = np.empty(size, array.dtype)
    new[: array.size] = array
    return new


@njit(cache=True, nogil=True, error_model="numpy")
def absorb_rows(
    natural, units, eight, above, count, first_row, parents, unit, cells, first, edge, unit_cells
):
    """Read a stripe of rows, below those read before.

    Parameters
    ----------
    natural : (rows, ncols) array of uint8
        1 where the ground is natural, 2 where it is not known, 0 elsewhere.
    units : (rows, ncols) array of int32
        Reporting unit of each cell, below ``unit_cells.size``; 0 outside every unit.
    eight : bool
        Whether cells that share a corner alone are connected.
    above : (ncols,) array of int32
        Label of each cell of the last row read, -1 without one and -2 where the ground is not known;
        changed in place.
    count : int
        Labels in use.
    first_row : int
        Number of rows read before.
    parents : (3, capacity) array of int32
        Union-finds: the piece, the patch, the territory.
    unit : (capacity,) array of int32
    cells, first : (capacity,) array of int64
        Number of cells, and index of the first one in row-major order, of each label.
    edge : (capacity,) array of bool
        Whether the label touches the first row, a side or a cell not known.
    unit_cells : (nunits + 1,) array of int64
        Cells of each unit, natural or not; added to in place.

    Returns
    -------
    count, parents, unit, cells, first, edge
        The same, or longer copies.
    """
    nrows, ncols = natural.shape
    here = np.full(ncols, -1, np.int32)
    reach = 1 if eight else 0
    for i in range(nrows):
        if count + ncols > unit.size:
            size = max(2 * unit.size, count + ncols)
            longer = np.empty((3, size), np.int32)
            longer[:, :count] = parents[:, :count]
            parents = longer
            unit, cells = _longer(unit, size), _longer(cells, size)
            first, edge = _longer(first, size), _longer(edge, size)
        piece, patch, whole = parents[0], parents[1], parents[2]
        at_top = first_row + i == 0
        j = 0
        left = -1  # label of the run that ends just before j
        while j < ncols:
            u = units[i, j]
            if natural[i, j] != 1:
                here[j] = -1
                if natural[i, j] == 2:
                    here[j] = -2
                    for k in range(max(j - reach, 0), min(j + 1 + reach, ncols)):
                        if above[k] >= 0:
                            edge[above[k]] = True
                unit_cells[u] += 1
                left = -1
                j += 1
                continue
            start = j
            while j < ncols and natural[i, j] == 1 and units[i, j] == u:
                j += 1
            unit_cells[u] += j - start
            label = -1
            last = -1
            unknown = (start > 0 and natural[i, start - 1] == 2) or (j < ncols and natural[i, j] == 2)
            for k in range(max(start - reach, 0), min(j + reach, ncols)):
                near = above[k]
                unknown |= near == -2
                if near == last or near < 0:
                    last = near
                    continue
                last = near
                if unit[near] == u:
                    if label < 0:
                        label = find_root(piece, near)
                    else:
                        label = unite(piece, label, near)
            if label < 0:
                label = count
                count += 1
                piece[label], patch[label], whole[label] = label, label, label
                unit[label] = u
                cells[label] = 0
                first[label] = (first_row + i) * ncols + start
                edge[label] = False
            cells[label] += j - start
            edge[label] |= at_top or start == 0 or j == ncols or unknown
            # Neighbours of other units: the same patch, and the same territory where both are in a unit.
            if left >= 0:
                unite(patch, left, label)
                if u != 0 and unit[left] != 0:
                    unite(whole, left, label)
            last = -1
            for k in range(max(start - reach, 0), min(j + reach, ncols)):
                near = above[k]
                if near == last or near < 0:
                    last = near
                    continue
                last = near
                if unit[near] != u:
                    unite(patch, near, label)
                    if u != 0 and unit[near] != 0:
                        unite(whole, near, label)
            for k in range(start, j):
                here[k] = label
            left = label
        above[:] = here
    return count, parents, unit, cells, first, edge


@njit(cache=True, nogil=True, error_model="numpy")
def _number(parent, number):
    """Give the roots numbers in order, and count them; a root comes before the labels it stands for."""
    total = 0
    for i in range(number.size):
        if parent[i] == i:
            number[i] = total
            total += 1
    for i in range(number.size):
        if parent[i] != i:
            number[i] = number[find_root(parent, i)]
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def gather_pieces(count, above, parents, unit, cells, first, edge):
    """Sum the labels into pieces, once every row is read.

    Parameters
    ----------
    count, above, parents, unit, cells, first, edge
        As :func:`absorb_rows` left them.

    Returns
    -------
    piece_unit, piece_patch, piece_whole : (n,) array of int32
        Unit (0 outside), patch and piece of territory (-1 outside) of each piece.
    piece_cells : (n,) array of int64
    patch_cells, patch_first : (p,) array of int64
        Cells of each complete patch, and index of its first cell.
    patch_edge : (p,) array of bool
        Whether it touches the edge of the raster or a cell not known.
    nwhole : int
        Pieces of territory.

    Notes
    -----
    Everything is numbered in the order of first cells, row by row.
    """
    for j in range(above.size):
        if above[j] >= 0:
            edge[above[j]] = True
    for i in range(count):
        root = find_root(parents[0], i)
        if root != i:
            unite(parents[1], i, root)
            unite(parents[2], i, root)
    number = np.empty(count, np.int32)
    patch_number = np.empty(count, np.int32)
    npieces = _number(parents[0], number)
    npatches = _number(parents[1], patch_number)
    piece_unit = np.empty(npieces, np.int32)
    piece_patch = np.empty(npieces, np.int32)
    piece_whole = np.full(npieces, -1, np.int32)
    piece_cells = np.zeros(npieces, np.int64)
    patch_cells = np.zeros(npatches, np.int64)
    patch_first = np.full(npatches, -1, np.int64)
    patch_edge = np.zeros(npatches, np.bool_)
    for i in range(count):
        at, patch = number[i], patch_number[i]
        piece_unit[at] = unit[i]
        piece_patch[at] = patch
        piece_cells[at] += cells[i]
        patch_cells[patch] += cells[i]
        patch_edge[patch] |= edge[i]
        if patch_first[patch] < 0:
            patch_first[patch] = first[i]
    # Labels outside every unit were joined to nothing in the territory but their own piece.
    nwhole = 0
    for i in range(count):
        if unit[i] != 0:
            root = find_root(parents[2], i)
            if root == i:
                patch_number[i] = nwhole
                nwhole += 1
            piece_whole[number[i]] = patch_number[root]
    return piece_unit, piece_patch, piece_whole, piece_cells, patch_cells, patch_first, patch_edge, nwhole
