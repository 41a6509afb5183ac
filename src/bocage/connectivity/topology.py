"""How each patch sits in the graph: degree, clustering, hops, and costs to all that it reaches.

=====  ==========================================================================================
Dg     degree, the number of patches that a link joins to it
CC     clustering coefficient, the share of the pairs of its neighbours that are joined too
       (Watts and Strogatz 1998, doi:10.1038/30918)
CCor   connectivity correlation, its degree over the mean degree of its neighbours
       (Minor and Urban 2008, doi:10.1111/j.1523-1739.2007.00871.x)
Ec     eccentricity, cost to the farthest patch of its component (Urban and Keitt 2001)
CCe    closeness, mean cost to the other patches of its component (Freeman 1978)
IFPC   sum of capacity over cost, of patches within a cost (Graphab)
BC     share of the ways of fewest links that pass through it (Freeman 1977), as Conefor's BC
=====  ==========================================================================================

A patch without neighbours has 0 for each, as in Graphab. Parallel links count once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bocage.connectivity.component_indices import list_neighbours
from bocage.connectivity.landscape import Floats, Ints, LandscapeGraph
from bocage.errors import DataError

_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Topology:
    """What the links alone say of each patch.

    Attributes
    ----------
    degree : (n,) array of int64
        Dg.
    clustering : (n,) array of float64
        CC, in [0, 1]; 0 with fewer than two neighbours.
    correlation : (n,) array of float64
        CCor; 0 without neighbours.
    """

    degree: Ints
    clustering: Floats
    correlation: Floats


def describe_topology(graph: LandscapeGraph) -> Topology:
    """Describe the place of each patch by its links.

    Parameters
    ----------
    graph : LandscapeGraph

    Returns
    -------
    Topology

    Examples
    --------
    A triangle with a tail:

    >>> graph = LandscapeGraph.of([1] * 4, [0, 1, 2, 2], [1, 2, 0, 3], [1] * 4)
    >>> place = describe_topology(graph)
    >>> place.degree.tolist(), place.clustering.round(3).tolist(), place.correlation.round(3).tolist()
    ([2, 2, 3, 1], [1.0, 1.0, 0.333, 0.0], [0.8, 0.8, 1.8, 0.333])
    """
    from bocage.kernels.graph_topology import count_triangles

    offset, neighbour, _ = list_neighbours(graph)
    degree = np.diff(offset)
    own = np.repeat(np.arange(graph.count), degree)
    pairs = degree * (degree - 1) / 2
    around = np.bincount(own, weights=degree[neighbour], minlength=graph.count)
    zero = np.zeros(graph.count)
    return Topology(
        degree,
        np.divide(count_triangles(offset, neighbour), pairs, out=zero.copy(), where=pairs > 0),
        np.divide(degree.astype(np.float64) ** 2, around, out=zero.copy(), where=degree > 0),
    )


def measure_hop_betweenness(graph: LandscapeGraph, *, normalised: bool = True) -> Floats:
    """Measure how often each patch lies on the ways of fewest links between two others.

    Parameters
    ----------
    graph : LandscapeGraph
    normalised : bool
        Whether to divide by the ``(n - 1)(n - 2) / 2`` pairs of other patches, as Conefor prints its BC.
        Otherwise the sum over unordered pairs.

    Returns
    -------
    (n,) array of float64
        Where several ways have as few links, each counts for its share; 0 for all with fewer than 3 patches.

    Notes
    -----
    Costs and capacities have no part in it: for those see the betweenness weighted by probability. Source:
    Freeman (1977), doi:10.2307/3033543; algorithm of Brandes (2001), O(n m).

    Examples
    --------
    >>> chain = LandscapeGraph.of([1, 1, 1], [0, 1], [1, 2], [100, 100])
    >>> measure_hop_betweenness(chain).tolist()
    [0.0, 1.0, 0.0]
    """
    from bocage.kernels.graph_topology import sum_shortest_shares

    offset, neighbour, _ = list_neighbours(graph)
    shares: Floats = sum_shortest_shares(offset, neighbour)
    pairs = (graph.count - 1) * (graph.count - 2) / 2
    return shares / pairs if normalised and pairs > 0 else shares


def measure_nearness(graph: LandscapeGraph, *, max_cost: float = math.inf) -> Floats:
    """Sum the capacity over the cost of the patches linked to each patch: Graphab's IFPC.

    Parameters
    ----------
    graph : LandscapeGraph
        With a link for each pair within ``max_cost``: Graphab searches the ground for this index, through
        other patches too and whatever links its graph has.
    max_cost : float
        Dearest link that counts, included.

    Returns
    -------
    (n,) array of float64
        In units of capacity by unit of cost. Chains of links have no part in it.

    Raises
    ------
    DataError
        A link costs 0.

    Examples
    --------
    >>> chain = LandscapeGraph.of([3, 4, 5], [0, 1], [1, 2], [2, 10])
    >>> measure_nearness(chain, max_cost=10).tolist()
    [2.0, 2.0, 0.4]
    """
    check_costs(graph, "this index divides by the cost")
    offset, neighbour, link = list_neighbours(graph)
    own = np.repeat(np.arange(graph.count), np.diff(offset))
    cost = graph.cost[link]
    near = cost <= max_cost
    return np.bincount(
        own[near], weights=graph.capacity[neighbour[near]] / cost[near], minlength=graph.count
    ).astype(np.float64)


def check_costs(graph: LandscapeGraph, why: str) -> None:
    """Refuse links that cost 0, with the reason.

    Raises
    ------
    DataError
        There are some.
    """
    free = np.flatnonzero(graph.cost <= 0)
    if len(free):
        shown = ", ".join(graph.link_ids[place] for place in free[:5]) + (" …" if len(free) > 5 else "")
        raise DataError(
            f"{len(free)} link(s) cost 0 ({shown}), and {why}; unite the patches they join or give them a "
            "cost above 0."
        )


def iterate_costs(graph: LandscapeGraph, *, block: int = _BLOCK) -> Iterator[tuple[slice, Floats]]:
    """Give the costs of the cheapest chains from a block of patches to all, block after block.

    Parameters
    ----------
    graph : LandscapeGraph
    block : int
        How many patches at once; ``8 * block * n`` bytes.

    Yields
    ------
    rows : slice
        Of the patches.
    costs : (len(rows), n) array of float64
        Infinite where there is no way. Ways across patches count where the graph has them, but for the
        patches where a chain begins and ends.
    """
    from scipy.sparse.csgraph import dijkstra

    if graph.count == 0:
        return
    steps = _connect_patches(graph) if graph.inner is None else _connect_link_ends(graph)
    first_sink = steps.shape[0] - graph.count
    for first in range(0, graph.count, block):
        rows = slice(first, min(first + block, graph.count))
        own = np.arange(rows.start, rows.stop)
        costs = dijkstra(steps, directed=graph.inner is not None, indices=own)[:, first_sink:].copy()
        costs[np.arange(len(own)), own] = 0.0
        yield rows, costs


def _connect_patches(graph: LandscapeGraph) -> Any:
    """Build the sparse matrix of the cheapest of parallel links, upper half only."""
    from scipy.sparse import coo_array

    offset, neighbour, link = list_neighbours(graph)
    own = np.repeat(np.arange(graph.count), np.diff(offset))
    upper = own < neighbour
    return coo_array(
        (_make_positive(graph.cost[link[upper]]), (own[upper], neighbour[upper])),
        shape=(graph.count, graph.count),
    ).tocsr()


def _connect_link_ends(graph: LandscapeGraph) -> Any:
    """Build the sparse matrix of steps between patches left, arrivals by a link, and patches reached.

    Rows are the patches left (n), the arrivals at the end and at the start of each link (2 m), and the
    patches reached (n): who has arrived ends there, or crosses the patch to another link.
    """
    from scipy.sparse import coo_array

    assert graph.inner is not None
    n, m = graph.count, graph.link_count
    arrival = np.arange(2 * m)
    link, at = arrival % max(m, 1), np.concatenate([graph.end, graph.start])
    left = np.concatenate([graph.start, graph.end])
    # Every arrival goes on by every link of its patch, but back.
    order = np.argsort(left, kind="stable")
    offset = np.searchsorted(left[order], np.arange(n + 1))
    onward = np.diff(offset)[at]
    before = np.repeat(arrival, onward)
    skip = np.arange(len(before)) - np.repeat(np.cumsum(onward) - onward, onward)
    after = order[offset[at][before] + skip]
    ahead = link[before] != link[after]
    before, after = before[ahead], after[ahead]
    rows = np.concatenate([left, n + before, n + arrival])
    columns = np.concatenate([n + arrival, n + after, n + 2 * m + at])
    crossing = _find_crossings(graph, link[before], link[after], at[before])
    costs = np.concatenate([graph.cost[link], crossing + graph.cost[link[after]], np.zeros(2 * m)])
    size = 2 * n + 2 * m
    return coo_array((_make_positive(costs), (rows, columns)), shape=(size, size)).tocsr()


def _find_crossings(graph: LandscapeGraph, one: Ints, other: Ints, patch: Ints) -> Floats:
    """Find the cost of the way across a patch between the ends of two links, for many."""
    inner = graph.inner
    assert inner is not None
    if not len(inner.cost):
        return np.zeros(len(one))
    m = max(graph.link_count, 1)

    def name(first: Ints, second: Ints, place: Ints) -> Ints:
        return (place * m + np.minimum(first, second)) * m + np.maximum(first, second)

    known = name(inner.first, inner.second, inner.patch)
    order = np.argsort(known, kind="stable")
    asked = name(one, other, patch)
    place = np.minimum(np.searchsorted(known[order], asked), len(known) - 1)
    found = order[place]
    return np.where(known[found] == asked, inner.cost[found], 0.0)


def _make_positive(cost: Floats) -> Floats:
    """Give a free step next to no cost: a stored zero would mean no step to part of scipy."""
    return np.maximum(cost, np.finfo(np.float64).tiny)
