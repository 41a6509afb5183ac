"""Rasters as circuits: cells are nodes, and regions (short circuits, patches) are merged into one.

Cells of positive conductance are nodes, linked to their 4 or 8 neighbours by the mean of their resistances,
1 / (d (r1 + r2) / 2), or of their conductances, (g1 + g2) / 2 / d, with d = 1 or √2 (McRae et al. 2008).
The cells of a region, contiguous or not, are one node, those without conductance included: current crosses
them freely. A region none of whose cells conducts is no node. Regions that overlap are one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.current.circuit import Circuit, Floats, Ints, build_circuit
from bocage.errors import DataError

Average = Literal["resistance", "conductance"]
_STEPS = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, math.sqrt(2)), (1, -1, math.sqrt(2)))
"""Rows, columns and length of the links of a cell to half of its neighbours."""


@dataclass(frozen=True, slots=True)
class RasterCircuit:
    """A circuit and the cells that its nodes are.

    Attributes
    ----------
    circuit : Circuit
    node : (rows, cols) array of int64
        Node of each cell; -1 where there is none.
    conductance : (rows, cols) array of float64
        Of the cells, 0 where current cannot go.
    neighbours : {4, 8}
    average : {"resistance", "conductance"}
    """

    circuit: Circuit
    node: Ints
    conductance: Floats
    neighbours: Literal[4, 8]
    average: Average


@dataclass(frozen=True, slots=True)
class Places:
    """Focal points and regions of a raster.

    Attributes
    ----------
    ids : (n,) array of int64
        Growing.
    owner : (k,) array of int64
        Index in ``ids`` of the place that each cell is of.
    cells : (k,) array of int64
        Cells, row after row.
    """

    ids: Ints
    owner: Ints
    cells: Ints

    def cells_of(self, place: int) -> Ints:
        """Cells of one place, in the order they were given."""
        found: Ints = self.cells[self.owner == place]
        return found


def build_raster_circuit(
    conductance: NDArray[Any], *, neighbours: Literal[4, 8] = 8, average: Average = "resistance"
) -> RasterCircuit:
    """Make the circuit of a raster.

    Parameters
    ----------
    conductance : (rows, cols) array of float
        Of each cell; 0 or NaN is a barrier.
    neighbours : {4, 8}
        Circuitscape's default is 8.
    average : {"resistance", "conductance"}
        What neighbours are linked by the mean of. Omniscape averages conductances.

    Raises
    ------
    DataError
        When a conductance is negative or infinite, or there is none.

    Examples
    --------
    >>> raster = build_raster_circuit(np.array([[1.0, 0.5], [0.0, 1.0]]), neighbours=4)
    >>> raster.node.tolist()
    [[0, 1], [-1, 2]]
    >>> raster.circuit.conductance.round(3).tolist()
    [0.667, 0.667]
    """
    given = np.asarray(conductance, dtype=np.float64)
    value = np.where(np.isnan(given), 0.0, given)
    wrong = ~np.isfinite(value) | (value < 0)
    if wrong.any():
        row, col = np.argwhere(wrong)[0]
        raise DataError(
            f"{int(wrong.sum())} cells have a conductance that is negative or infinite, the first "
            f"({value[row, col]:g}) at row {row + 1}, column {col + 1}; give 0 or no data for a barrier"
        )
    valid = value > 0
    if not valid.any():
        raise DataError("no cell of the raster conducts; give at least one a finite resistance")
    node = np.where(valid, np.cumsum(valid).reshape(valid.shape) - 1, -1).astype(np.int64)
    starts, ends, links = [], [], []
    for down, right, length in _STEPS if neighbours == 8 else _STEPS[:2]:
        one, other = _shift(valid.shape, down, right)
        linked = valid[one] & valid[other]
        starts.append(node[one][linked])
        ends.append(node[other][linked])
        links.append(_average(value[one][linked], value[other][linked], average) / length)
    circuit = build_circuit(
        int(valid.sum()), np.concatenate(starts), np.concatenate(ends), np.concatenate(links), gather=False
    )
    return RasterCircuit(circuit, node, value, neighbours, average)


def list_places(points: NDArray[Any]) -> Places:
    """List the focal points and regions of a raster of ids: what is 0 or less is none.

    >>> places = list_places(np.array([[2, 0], [1, 2]]))
    >>> places.ids.tolist(), places.owner.tolist(), places.cells.tolist()
    ([1, 2], [1, 0, 1], [0, 2, 3])
    """
    given = np.asarray(points)
    # Column after column, as Circuitscape lists them: an unmerged region has its source at the first.
    flat = given.T.ravel()
    at = np.flatnonzero(flat > 0)
    row, col = at % given.shape[0], at // given.shape[0]
    return gather_places(flat[at].astype(np.int64), row * given.shape[1] + col)


def gather_places(ids: NDArray[Any], cells: NDArray[Any]) -> Places:
    """Gather cells by the id of the place they are of; a cell named twice by a place counts once."""
    ids, cells = np.asarray(ids, dtype=np.int64), np.asarray(cells, dtype=np.int64)
    unique, owner = np.unique(ids, return_inverse=True)
    _, first = np.unique(np.stack([owner, cells]), axis=1, return_index=True)
    kept = np.sort(first)
    return Places(unique, owner[kept].astype(np.int64), cells[kept])


def keep_places(places: Places, kept: NDArray[np.bool_]) -> Places:
    """Keep some places and leave out the others."""
    number = np.cumsum(kept) - 1
    inside = kept[places.owner]
    return Places(places.ids[kept], number[places.owner[inside]], places.cells[inside])


def merge_regions(raster: RasterCircuit, group: NDArray[Any], cells: NDArray[Any]) -> RasterCircuit:
    """Merge the cells of each group into one node.

    Parameters
    ----------
    raster : RasterCircuit
    group : (k,) array of int
        Group that each cell is of.
    cells : (k,) array of int
        Cells, row after row.

    Examples
    --------
    Two ends of a row of three cells short-circuited: the middle one is linked to them twice.

    >>> raster = build_raster_circuit(np.ones((1, 3)), neighbours=4)
    >>> merged = merge_regions(raster, [1, 1], [0, 2])
    >>> merged.node.tolist(), merged.circuit.conductance.tolist()
    ([[0, 1, 0]], [1.0, 1.0])
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    groups, flat = np.asarray(group, dtype=np.int64), np.asarray(cells, dtype=np.int64)
    if not flat.size:
        return raster
    count = raster.circuit.count
    held = raster.node.ravel()[flat]
    # Cells without a node stand for themselves, after the nodes.
    items, item = np.unique(np.where(held >= 0, held, count + flat), return_inverse=True)
    _, column = np.unique(groups, return_inverse=True)
    size = items.size + int(column.max()) + 1
    joined = coo_matrix((np.ones(flat.size, dtype=np.int8), (item, items.size + column)), shape=(size, size))
    label = connected_components(joined, directed=False)[1][: items.size]
    least = np.full(label.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, label, items)
    target = least[label]
    real = items < count
    onto = np.arange(count)
    onto[items[real]] = target[real]
    stays = onto == np.arange(count)
    number = np.cumsum(stays) - 1
    renumbered = number[onto]
    node = np.where(raster.node >= 0, renumbered[np.maximum(raster.node, 0)], -1)
    gained = ~real & (target < count)
    new_cells = items[gained] - count
    node.ravel()[new_cells] = number[target[gained]]
    start = renumbered[raster.circuit.start]
    end = renumbered[raster.circuit.end]
    extra = _link_gained(raster, node, new_cells)
    circuit = build_circuit(
        int(stays.sum()),
        np.concatenate([start, extra[0]]),
        np.concatenate([end, extra[1]]),
        np.concatenate([raster.circuit.conductance, extra[2]]),
        gather=False,
    )
    return RasterCircuit(circuit, node, raster.conductance, raster.neighbours, raster.average)


def short_circuit(raster: RasterCircuit, regions: NDArray[Any]) -> RasterCircuit:
    """Merge the regions of a raster of ids; 0 is no region."""
    flat = np.asarray(regions).ravel()
    cells = np.flatnonzero(flat != 0)
    return merge_regions(raster, np.unique(flat[cells], return_inverse=True)[1], cells)


def merge_places(raster: RasterCircuit, places: Places, chosen: NDArray[Any]) -> RasterCircuit:
    """Merge the cells of each chosen place into one node."""
    inside = np.isin(places.owner, chosen)
    return merge_regions(raster, places.owner[inside], places.cells[inside])


def find_nodes(raster: RasterCircuit, places: Places) -> Ints:
    """Find the node of each place once its region is merged; -1 where nothing conducts: (n,) array."""
    nodes = np.full(places.ids.size, -1, dtype=np.int64)
    held = raster.node.ravel()[places.cells]
    np.maximum.at(nodes, places.owner, held)
    return nodes


def _link_gained(raster: RasterCircuit, node: Ints, gained: Ints) -> tuple[Ints, Ints, Floats]:
    """Links of cells that do not conduct but are of a region: the mean of conductances is not zero there."""
    starts: list[Ints] = [np.zeros(0, dtype=np.int64)]
    ends: list[Ints] = [np.zeros(0, dtype=np.int64)]
    links: list[Floats] = [np.zeros(0)]
    rows, cols = node.shape
    for down, right, length in () if raster.average == "resistance" else _STEPS[: raster.neighbours // 2]:
        for sign in (1, -1):
            row, col = gained // cols + sign * down, gained % cols + sign * right
            inside = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
            row, col, mine = row[inside], col[inside], node.ravel()[gained[inside]]
            other = node[row, col]
            linked = other >= 0
            starts.append(mine[linked])
            ends.append(other[linked])
            links.append(raster.conductance[row, col][linked] / 2 / length)
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(links)


def _average(one: Floats, other: Floats, average: Average) -> Floats:
    if average == "conductance":
        return (one + other) / 2
    mean: Floats = 2 / (1 / one + 1 / other)
    return mean


def _shift(shape: tuple[int, ...], down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    rows, cols = shape
    if right >= 0:
        return (slice(0, rows - down), slice(0, cols - right)), (slice(down, rows), slice(right, cols))
    return (slice(0, rows - down), slice(-right, cols)), (slice(down, rows), slice(0, cols + right))
