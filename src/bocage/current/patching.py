"""A hierarchy whose cells can be held at a potential and let go, at a cost that grows with them.

Holding a region cuts it from the raster and ties its neighbours to the earth. On each level only the coarse
squares near it change: they are assembled again, and what they replace is kept to be put back. So all pairs
of regions are solved on one hierarchy, with no rebuilding.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.current.conductance import Conductances, make_padded, pad_shape
from bocage.current.multigrid import Doubles, Hierarchy, Singles, _invert, build_hierarchy
from bocage.kernels.multigrid import coarsen, sum_links
from bocage.kernels.multigrid_ties import cut_cells

Box = tuple[int, int, int, int]
"""First and last row, first and last column, of a padded level."""


@dataclass(frozen=True, slots=True)
class _Saved:
    """What a window of an array held."""

    array: Singles
    window: tuple[slice, ...]
    values: Singles


class HeldHierarchy:
    """A hierarchy of a landscape, copied so that regions can be held: 36 bytes a cell.

    Regions are let go in the order opposite to that in which they were held. One thread only.
    """

    def __init__(self, conductances: Conductances) -> None:
        shape = conductances.shape
        self._shape = shape
        self._given = np.zeros(pad_shape(shape), dtype=bool)
        self._saved: list[list[_Saved]] = []
        self._cells: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        earth = np.zeros(pad_shape(shape), np.float32)
        self.hierarchy: Hierarchy = build_hierarchy(conductances.links.copy(), shape, earth)

    def hold(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> None:
        """Hold cells, given by padded row and column."""
        saved: list[_Saved] = []
        fine = self.hierarchy.levels[0]
        box = (int(row.min()) - 1, int(row.max()) + 1, int(col.min()) - 1, int(col.max()) + 1)
        window = slice(max(box[0] - 1, 0), box[1] + 2), slice(max(box[2] - 1, 0), box[3] + 2)
        for array in (fine.links, fine.earth, fine.diagonal):
            _save(saved, array, window)
        self._given[row, col] = True
        nothing = np.zeros((0, row.size))
        cut_cells(row, col, nothing, self._given, fine.links, fine.earth, np.zeros((0, 1, 1)))
        shape = self._shape
        for level, coarse in zip(self.hierarchy.levels[:-1], self.hierarchy.levels[1:], strict=True):
            _sum_again(level.links, level.earth, level.diagonal, box)
            shape = (shape[0] + 1) // 2, (shape[1] + 1) // 2
            box = _assemble_again(saved, level.links, level.earth, level.weights, coarse, shape, box)
        last = self.hierarchy.levels[-1]
        _sum_again(last.links, last.earth, last.diagonal, box)
        self._cells.append((row, col))
        self._saved.append(saved)

    def let_go(self) -> None:
        """Let the last cells held go."""
        self._given[self._cells.pop()] = False
        for one in reversed(self._saved.pop()):
            one.array[one.window] = one.values

    def ready(self) -> Hierarchy:
        """Give the hierarchy for the cells now held; its arrays change with them."""
        cells, inverse = _invert(self.hierarchy.levels[-1])
        return replace(self.hierarchy, cells=cells, inverse=inverse)

    def bring(self, links: Singles, values: Doubles, b: Doubles) -> None:
        """Write the current that held cells bring to their neighbours.

        Parameters
        ----------
        links : (4, padded rows, padded columns) array of float32
            Of the landscape, uncut.
        values : (padded rows, padded columns) array of float64
            Potentials of the cells held.
        b : (padded rows, padded columns) array of float64
            Written: nil but beside the cells held.
        """
        b[:] = 0
        for row, col in self._cells:
            v = values[row, col]
            for plane, down, aside in zip(links, (0, 1, 1, 1), (1, 0, 1, -1), strict=True):
                np.add.at(b, (row + down, col + aside), plane[row, col] * v)
                before = row - down, col - aside
                np.add.at(b, before, plane[before] * v)
        b[self._given] = 0


def _save(saved: list[_Saved], array: Singles, window: tuple[slice, slice]) -> None:
    whole = (slice(None),) * (array.ndim - 2) + window
    saved.append(_Saved(array, whole, array[whole].copy()))


def _sum_again(links: Singles, earth: Singles, diagonal: Singles, box: Box) -> None:
    """Sum the links of the cells of a box."""
    rows, cols = diagonal.shape
    r0, r1, c0, c1 = max(box[0], 1), min(box[1], rows - 2), max(box[2], 1), min(box[3], cols - 2)
    near = slice(r0 - 1, r1 + 2), slice(c0 - 1, c1 + 2)
    out = np.empty((r1 - r0 + 3, c1 - c0 + 3), np.float32)
    sum_links(np.ascontiguousarray(links[:, *near]), np.ascontiguousarray(earth[near]), out)
    diagonal[r0 : r1 + 1, c0 : c1 + 1] = out[1:-1, 1:-1]


def _assemble_again(
    saved: list[_Saved],
    links: Singles,
    earth: Singles,
    weights: Singles,
    coarse: Any,
    shape: tuple[int, int],
    box: Box,
) -> Box:
    """Assemble the coarse squares that changed cells touch; give the box of coarse cells they change.

    The squares next to those touched are assembled too, for they share their conductances, and one more each
    way gives them a far side; what these last two write is not kept.
    """
    # A square of coarse row I reads the links of cells of rows 2I - 2 to 2I + 2.
    first = max((box[0] - 2) // 2, 1), max((box[2] - 2) // 2, 1)
    last = min((box[1] + 2) // 2 + 1, shape[0]), min((box[3] + 2) // 2 + 1, shape[1])
    start = max(first[0] - 2, 0), max(first[1] - 2, 0)
    end = min(last[0] + 2, shape[0]), min(last[1] + 2, shape[1])
    size = end[0] - start[0], end[1] - start[1]
    near = slice(2 * start[0], 2 * end[0] + 2), slice(2 * start[1], 2 * end[1] + 2)
    new_weights, new_links = make_padded(size, 4), make_padded(size, 4)
    new_earth = np.zeros(pad_shape(size), np.float32)
    coarsen(
        np.ascontiguousarray(links[:, *near]),
        np.ascontiguousarray(earth[near]),
        size[0],
        size[1],
        new_weights,
        new_links,
        new_earth,
    )
    there = slice(first[0], last[0] + 1), slice(first[1], last[1] + 1)
    here = (
        slice(first[0] - start[0], last[0] + 1 - start[0]),
        slice(first[1] - start[1], last[1] + 1 - start[1]),
    )
    _save(saved, weights, there)
    weights[:, *there] = new_weights[:, *here]
    around = slice(first[0] - 1, last[0] + 2), slice(first[1] - 1, last[1] + 2)
    _save(saved, coarse.diagonal, around)
    for array, new in ((coarse.links, new_links), (coarse.earth, new_earth)):
        _save(saved, array, there)
        array[(slice(None),) * (array.ndim - 2) + there] = new[(slice(None),) * (array.ndim - 2) + here]
    return first[0] - 1, last[0] + 1, first[1] - 1, last[1] + 1
