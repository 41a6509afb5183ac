"""What each commune, EPCI, watershed or region holds of the network, and how it depends on its neighbours.

``ECA² = sum_ij a_i a_j p_ij`` is a sum over pairs. Each patch being divided between units by area,
``a_i = sum_u a_iu``, it is also a sum over pairs of units: ``ECA² = sum_uv T_uv`` with
``T_uv = sum_ij a_iu a_jv p_ij``. Whatever lies outside every unit counts as one more. All figures come from
T, which takes one pass over the reach between patches, block after block:

- the *contribution* of a unit is ``sum_v T_uv / ECA²``; contributions sum to 1;
- it is *inside* for ``T_uu``, *with others* for the rest, of which the neighbour with most is named;
- of ``T_uu``, what only exists by ways through other units is told apart: the unit's own network is solved
  alone, with the patches it holds a part of and the links between them;
- *at least lost* is the fall of ECA if the unit's reservoirs lost their habitat: exact as long as they can
  still be crossed, ``1 - sqrt(1 - (2 sum_v T_uv - T_uu) / ECA²)``. If they could not, others would lose more:
  ``lost_without`` says how much, exactly.

Source for ECA: Saura et al. (2011), doi:10.1016/j.ecolind.2010.06.011. The division by unit is ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.division import Division, divide
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.reach_matrix import check_plain, list_ways

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class UnitFigures:
    """What each unit holds of the network, in columns; the last row may be what is outside every unit.

    Attributes
    ----------
    units : tuple of str
    eca : float
        ECA of the whole.
    capacity : (u,) array of float64
        Capacity of the parts of patches inside.
    contribution : (u,) array of float64
        Share of ECA² that pairs with an end in the unit make (each pair's half at each end); sums to 1.
    inside, by_neighbours, with_others : (u,) array of float64
        Of the contribution: pairs inside by ways inside, pairs inside by ways through other units, pairs with
        patches of others. They sum to it.
    neighbour : (u,) array of int64
        Unit with which it shares most, the first on ties; -1 where none.
    with_neighbour : (u,) array of float64
        That part of the contribution.
    eca_unit : (u,) array of float64
        ECA of the unit's patches, by all ways.
    eca_alone : (u,) array of float64
        ECA of the unit's patches if all ground outside vanished.
    least_loss : (u,) array of float64
        Share of ECA lost at least if the unit's reservoirs vanished.
    """

    units: tuple[str, ...]
    eca: float
    capacity: Floats
    contribution: Floats
    inside: Floats
    by_neighbours: Floats
    with_others: Floats
    neighbour: Ints
    with_neighbour: Floats
    eca_unit: Floats
    eca_alone: Floats
    least_loss: Floats

    @property
    def dependence(self) -> Floats:
        """Share of what the unit contributes that needs ground of others, in [0, 1]; 0 where it has none."""
        return divide(self.by_neighbours + self.with_others, self.contribution)

    @property
    def fall_alone(self) -> Floats:
        """Share of the unit's ECA that would go if all ground outside vanished, in [0, 1]."""
        return np.maximum(1 - divide(self.eca_alone, self.eca_unit, empty=1.0), 0.0)

    def as_frame(self) -> DataFrame:
        """Give the figures as a table, one row a unit, shares in [0, 1]."""
        import pandas

        return pandas.DataFrame(
            {
                "unit": list(self.units),
                "capacity": self.capacity,
                "contribution": self.contribution,
                "inside": self.inside,
                "by_neighbours": self.by_neighbours,
                "with_others": self.with_others,
                "dependence": self.dependence,
                "neighbour": [self.units[v] if v >= 0 else "" for v in self.neighbour],
                "with_neighbour": self.with_neighbour,
                "eca_unit": self.eca_unit,
                "eca_alone": self.eca_alone,
                "fall_alone": self.fall_alone,
                "least_loss": self.least_loss,
            }
        )


def measure_units(
    graph: LandscapeGraph, dispersal: Dispersal, division: Division, *, outside: str = ""
) -> UnitFigures:
    """Measure what each unit holds of the network and how it depends on its neighbours.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal
    division : Division
    outside : str
        Name of what is in no unit; it has a row, the last one, only where there is some.

    Returns
    -------
    UnitFigures

    Raises
    ------
    DataError
        The graph has costs across patches.

    Notes
    -----
    The reach is exact: nothing is cut off. Memory: 256 rows of reach and 8 bytes a pair of units.

    Examples
    --------
    Patches of 1, 1 and 2 in a row, each half reached from the next; the first two are in A, the third in B:

    >>> graph = LandscapeGraph.of([1, 1, 2], [0, 1], [1, 2], [1000, 1000])
    >>> division = Division.of(graph, ["A", "B"], [0, 1, 2], [0, 0, 1], [5, 5, 5], patch_area=[5, 5, 5])
    >>> found = measure_units(graph, Dispersal(1000, 0.5), division)
    >>> round(found.eca**2, 9), (found.contribution * 10).round(9).tolist()
    (10.0, [4.5, 5.5])
    >>> (found.with_others * 10).round(9).tolist(), found.neighbour.tolist()
    ([1.5, 1.5], [1, 0])
    """
    check_plain(graph)
    parts, names = _spread_capacity(graph, division, outside)
    count = len(names)
    table = np.zeros((count, count))
    for rows, reached in _list_reach(graph, dispersal):
        table += parts[rows].T @ (reached @ parts)
    table = (table + table.T) / 2
    total = float(table.sum())
    row = table.sum(axis=1)
    own = np.diag(table).copy()
    alone = np.minimum(_solve_alone(graph, dispersal, parts), own)
    scale = total if total > 0 else 1.0
    others = table.copy()
    np.fill_diagonal(others, 0.0)
    neighbour = others.argmax(axis=1) if count else np.empty(0, np.int64)
    most = others[np.arange(count), neighbour]
    left = np.clip(total - 2 * row + own, 0, None)
    return UnitFigures(
        names,
        math.sqrt(total),
        np.asarray(parts.sum(axis=0)).reshape(-1),
        row / scale,
        alone / scale,
        (own - alone) / scale,
        others.sum(axis=1) / scale,
        np.where(most > 0, neighbour, -1),
        most / scale,
        np.sqrt(own),
        np.sqrt(alone),
        1 - np.sqrt(left / scale) if total > 0 else np.zeros(count),
    )


def lost_without(
    graph: LandscapeGraph, dispersal: Dispersal, division: Division, units: ArrayLike | None = None
) -> Floats:
    """Measure the share of ECA lost if the reservoirs of a unit vanished, ways across them included.

    Patches wholly in the unit are no longer there to be crossed; of those that straddle, the other part is.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal
    division : Division
    units : (k,) array of int, optional
        Places of units; all by default.

    Returns
    -------
    (k,) array of float64
        In [0, 1], never less than ``least_loss``.

    Notes
    -----
    Exact: from each patch, only what is reached through the unit is searched again, for all units in one
    pass.
    """
    from bocage.kernels import graph_removal

    check_plain(graph)
    which = np.arange(len(division.units)) if units is None else np.asarray(units, dtype=np.int64)
    total, row, own = _sum_table(graph, dispersal, _spread_capacity(graph, division, "")[0])
    group = np.full(graph.count, -1, np.int64)
    rank = np.full(len(division.units), -1, np.int64)
    rank[which] = np.arange(len(which))
    asked = rank[division.unit]
    whole = (division.share >= 1 - 1e-9) & (asked >= 0)
    group[division.patch[whole]] = asked[whole]
    gone_start, gone = _list_by_group(asked[whole], division.patch[whole], len(which))
    straddles = ~whole & (asked >= 0)
    part_start, places = _list_by_group(asked[straddles], np.flatnonzero(straddles), len(which))
    part = np.ascontiguousarray(division.patch[places])
    rest = graph.capacity[part] * np.clip(1 - division.share[places], 0, 1)
    first, near, weight, _ = list_ways(graph, dispersal)
    ways = np.zeros(len(which))
    graph_removal.lose_groups(
        first, near, weight, graph.capacity.copy(), group, gone_start, gone, part_start, part, rest, ways
    )
    left = np.clip(total - 2 * row[which] + own[which] - ways, 0, None)
    return 1 - np.sqrt(left / total) if total > 0 else np.zeros(len(which))


def _list_by_group(group: Ints, thing: Ints, count: int) -> tuple[Ints, Ints]:
    """List things by group, ragged: where each group begins, and the things."""
    order = np.argsort(group, kind="stable")
    start = np.searchsorted(group[order], np.arange(count + 1)).astype(np.int64)
    return start, np.ascontiguousarray(thing[order], dtype=np.int64)


def _sum_table(graph: LandscapeGraph, dispersal: Dispersal, parts: Any) -> tuple[float, Floats, Floats]:
    """Give ECA squared, and of each unit the sum over pairs with one end in it and over pairs inside."""
    total, row, own = 0.0, np.zeros(parts.shape[1]), np.zeros(parts.shape[1])
    for rows, reached in _list_reach(graph, dispersal):
        here = parts[rows]
        row += here.T @ (reached @ graph.capacity)
        own += np.asarray(here.multiply(reached @ parts).sum(axis=0)).reshape(-1)
        total += float(graph.capacity[rows] @ (reached @ graph.capacity))
    return total, row, own


def _spread_capacity(graph: LandscapeGraph, division: Division, outside: str) -> tuple[Any, tuple[str, ...]]:
    """Give the capacity of each patch in each unit, as a sparse matrix, what is outside in a last column."""
    from scipy.sparse import coo_array

    names = division.units
    patch, unit, share = division.patch, division.unit, division.share
    if (division.outside > 0).any():
        beyond = np.flatnonzero(division.outside > 0)
        patch = np.concatenate([patch, beyond])
        unit = np.concatenate([unit, np.full(len(beyond), len(names))])
        share = np.concatenate([share, division.outside[beyond]])
        names = (*names, outside)
    shape = (graph.count, len(names))
    return coo_array((graph.capacity[patch] * share, (patch, unit)), shape=shape).tocsr(), names


def _solve_alone(graph: LandscapeGraph, dispersal: Dispersal, parts: Any) -> Floats:
    """Give, for each unit, the sum over its pairs by links between patches it holds a part of."""
    columns = parts.tocsc()
    links = _as_links(graph)
    found = np.zeros(parts.shape[1])
    from scipy.sparse.csgraph import dijkstra

    for unit in range(parts.shape[1]):
        where = slice(columns.indptr[unit], columns.indptr[unit + 1])
        patches, capacity = columns.indices[where], columns.data[where]
        if len(patches) == 0:
            continue
        inner = links[patches][:, patches]
        for first in range(0, len(patches), _BLOCK):
            rows = np.arange(first, min(first + _BLOCK, len(patches)))
            costs = dijkstra(inner, directed=True, indices=rows)
            found[unit] += float(capacity[rows] @ (dispersal.reach(costs) @ capacity))
    return found


def _list_reach(graph: LandscapeGraph, dispersal: Dispersal) -> Iterator[tuple[slice, Floats]]:
    """Give the reach from a block of patches to all, block after block."""
    from bocage.kernels import graph_search

    first, near, weight, _ = list_ways(graph, dispersal)
    for begin in range(0, graph.count, _BLOCK):
        rows = slice(begin, min(begin + _BLOCK, graph.count))
        reached = np.zeros((rows.stop - rows.start, graph.count))
        graph_search.reach_from(first, near, weight, rows.start, reached)
        yield rows, reached


def _as_links(graph: LandscapeGraph) -> Any:
    """Give the symmetric sparse matrix of costs, the cheapest of parallel links."""
    from scipy.sparse import coo_array

    start = np.concatenate([graph.start, graph.end])
    end = np.concatenate([graph.end, graph.start])
    # A stored zero would be no link to part of scipy: a free link costs next to nothing instead.
    cost = np.maximum(np.concatenate([graph.cost, graph.cost]), np.finfo(np.float64).tiny)
    order = np.lexsort((cost, end, start))
    start, end, cost = start[order], end[order], cost[order]
    first = np.ones(len(start), dtype=bool)
    first[1:] = (start[1:] != start[:-1]) | (end[1:] != end[:-1])
    shape = (graph.count, graph.count)
    return coo_array((cost[first], (start[first], end[first])), shape=shape).tocsr()
