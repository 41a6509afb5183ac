"""Fewer links for the same patches: thresholds, minimum spanning forest, nearest links, links apart.

The links kept are in the order they had. Ties are settled by the places of the patches, the lower first, then
by the order of links, so that a graph read in another order keeps the same links.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import DataError

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


def keep_short_links(
    graph: LandscapeGraph, *, cost: float | None = None, length: float | None = None
) -> LandscapeGraph:
    """Keep the links of at most some cost, some length, or both.

    Parameters
    ----------
    graph : LandscapeGraph
    cost : float, optional
        In the unit of the links' costs.
    length : float, optional
        On the ground [m]. Links whose length is not known (NaN) are not kept.

    Returns
    -------
    LandscapeGraph

    Raises
    ------
    DataError
        A length is asked and links have none.

    Examples
    --------
    >>> graph = LandscapeGraph.of([1, 1, 1], [0, 1], [1, 2], [100, 50], length=[10, 20])
    >>> keep_short_links(graph, cost=50).link_ids, keep_short_links(graph, length=10).link_ids
    (('1',), ('0',))
    """
    keep = np.ones(graph.link_count, bool)
    if cost is not None:
        keep &= graph.cost <= cost
    if length is not None:
        if graph.length is None:
            raise DataError("Links have no lengths; give them, or choose links by their cost.")
        keep &= graph.length <= length
    return graph.keep_links(keep)


def keep_spanning_forest(graph: LandscapeGraph) -> LandscapeGraph:
    """Keep the fewest links of least total cost that join what the graph joins.

    Parameters
    ----------
    graph : LandscapeGraph

    Returns
    -------
    LandscapeGraph
        A tree for each component: patches less components links.

    Notes
    -----
    Kruskal (1956), with links in the order of cost, lower patch, higher patch, link: this order leaves one
    forest only.

    Examples
    --------
    Of three equal sides the one between the higher places goes:

    >>> graph = LandscapeGraph.of([1, 1, 1], [1, 0, 0], [2, 1, 2], [5, 5, 5])
    >>> keep_spanning_forest(graph).link_ids
    ('1', '2')
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    low, high = _order_ends(graph)
    single = _drop_parallel(graph, low, high)
    links = _sort_links(graph, low, high)
    links = links[single[links]]
    # Ranks stand for costs: none is zero, which scipy takes for no link, and none is equal to another.
    ranks = np.arange(1.0, len(links) + 1)
    shape = (graph.count, graph.count)
    tree = minimum_spanning_tree(coo_array((ranks, (low[links], high[links])), shape=shape).tocsr())
    keep = np.zeros(graph.link_count, bool)
    keep[links[np.sort(tree.data).astype(np.int64) - 1]] = True
    return graph.keep_links(keep)


def keep_nearest_links(graph: LandscapeGraph, count: int, *, mutual: bool = False) -> LandscapeGraph:
    """Keep the cheapest links of each patch.

    Parameters
    ----------
    graph : LandscapeGraph
    count : int
        Links to keep at each patch, >= 1.
    mutual : bool
        Whether a link must be among the cheapest of both its patches; by default of one is enough, so that
        no linked patch loses all its links.

    Returns
    -------
    LandscapeGraph

    Raises
    ------
    DataError
        The count is below 1.

    Examples
    --------
    >>> graph = LandscapeGraph.of([1, 1, 1], [0, 1, 0], [1, 2, 2], [1, 2, 3])
    >>> keep_nearest_links(graph, 1).link_ids, keep_nearest_links(graph, 1, mutual=True).link_ids
    (('0', '1'), ('0',))
    """
    if count < 1:
        raise DataError(f"The number of links to keep at each patch is {count}; give 1 or more.")
    low, high = _order_ends(graph)
    links = _sort_links(graph, low, high)
    rank = np.empty(graph.link_count, np.int64)
    rank[links] = np.arange(len(links))
    patch = np.concatenate([low, high])
    link = np.tile(np.arange(graph.link_count), 2)
    order = np.lexsort((rank[link], patch))
    first = np.searchsorted(patch[order], patch[order])
    near = link[order][np.arange(len(order)) - first < count]
    votes = np.bincount(near, minlength=graph.link_count)
    return graph.keep_links(votes == 2 if mutual else votes >= 1)


def drop_crossing_links(graph: LandscapeGraph) -> LandscapeGraph:
    """Keep links that do not cross a cheaper one, drawn straight between patches: a planar graph.

    Parameters
    ----------
    graph : LandscapeGraph
        With positions.

    Returns
    -------
    LandscapeGraph
        Links are taken from the cheapest on; one that crosses a link taken before is left out. Links that
        only meet at a patch do not cross.

    Raises
    ------
    DataError
        Patches have no positions.

    Notes
    -----
    Graphab's planar graph joins patches whose zones (Voronoi polygons, by cost) touch, which needs the
    raster: links made by bocage are of this kind already. This one is for links that come from elsewhere.
    """
    import shapely

    if graph.position is None:
        raise DataError("Patches have no positions; links can be drawn, and crossings found, only with them.")
    if graph.link_count < 2:
        return graph
    low, high = _order_ends(graph)
    order = _sort_links(graph, low, high)
    rank = np.empty(graph.link_count, np.int64)
    rank[order] = np.arange(graph.link_count)
    drawn: Any = shapely.linestrings(np.stack([graph.position[low], graph.position[high]], axis=1))
    one, other = shapely.STRtree(drawn).query(drawn, predicate="crosses")
    cheaper = rank[other] < rank[one]
    shared = (low[one] == low[other]) | (low[one] == high[other]) | (high[one] == low[other])
    shared |= high[one] == high[other]
    one, other = one[cheaper & ~shared], other[cheaper & ~shared]
    crossed: dict[int, list[int]] = {}
    for dear, cheap in zip(one.tolist(), other.tolist(), strict=True):
        crossed.setdefault(dear, []).append(cheap)
    keep = np.ones(graph.link_count, bool)
    for link in order.tolist():
        if link in crossed:
            keep[link] = not keep[crossed[link]].any()
    return graph.keep_links(keep)


def drop_detoured_links(graph: LandscapeGraph) -> LandscapeGraph:
    """Drop links dearer than a chain of others between the same patches.

    No least cost between patches changes, hence no index of paths, where patches are crossed at no cost.

    Parameters
    ----------
    graph : LandscapeGraph
        Ways across patches are not counted.

    Returns
    -------
    LandscapeGraph
        Of parallel links the cheapest stays; a link that only equals a chain of others stays too.
    """
    from bocage.kernels.graph_detours import measure_chains

    low, high = _order_ends(graph)
    keep = _drop_parallel(graph, low, high)
    links = np.flatnonzero(keep)
    patch = np.concatenate([low[links], high[links]])
    other = np.concatenate([high[links], low[links]]).astype(np.int32)
    link = np.tile(links, 2)
    order = np.lexsort((other, patch))
    begin = np.searchsorted(patch[order], np.arange(graph.count + 1))
    chain = np.full(len(order), np.inf)
    measure_chains(begin, other[order], graph.cost[link[order]], chain)
    upward = np.isfinite(chain)
    chosen = link[order][upward]
    # Sums of the same costs in another order differ by their rounding only.
    keep[chosen] = graph.cost[chosen] <= chain[upward] * (1 + 1e-12)
    return graph.keep_links(keep)


def _order_ends(graph: LandscapeGraph) -> tuple[Ints, Ints]:
    return np.minimum(graph.start, graph.end), np.maximum(graph.start, graph.end)


def _sort_links(graph: LandscapeGraph, low: Ints, high: Ints) -> Ints:
    """Give the links by cost, then by patches, then by their order."""
    return np.lexsort((high, low, graph.cost))


def _drop_parallel(graph: LandscapeGraph, low: Ints, high: Ints) -> Mask:
    """Mark the cheapest link of each pair of patches, the first of equal ones."""
    order = np.lexsort((graph.cost, high, low))
    first = np.ones(graph.link_count, bool)
    first[1:] = (low[order][1:] != low[order][:-1]) | (high[order][1:] != high[order][:-1])
    keep = np.zeros(graph.link_count, bool)
    keep[order[first]] = True
    return keep
