"""Where water parts: the main way out of each place, and the loops that braids and canals make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.kernels.river_network import find_bridges, list_around

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def choose_main_ways(
    start: Ints,
    end: Ints,
    via: Ints,
    river: Ints,
    canal: NDArray[np.bool_],
) -> Ints:
    """Choose the main way out of each node where water parts.

    A river before a canal, then the river that arrives before others, then the way that drains at least
    cost, then the first line.

    Parameters
    ----------
    start, end : (m,) array of int64
        As they flow.
    via : (n,) array of int64
        Edge of the cheapest way to an outlet; -1 at outlets.
    river : (m,) array of int64
        Number of the name of each edge; -1 without one.
    canal : (m,) array of bool

    Returns
    -------
    (n,) array of int64
        Edge; -1 at outlets.
    """
    nodes = len(via)
    leaving = np.flatnonzero((start != end) & (via[start] >= 0))
    names = int(river.max(initial=0)) + 2
    arriving = np.unique(end[(river >= 0) & (start != end)] * names + river[(river >= 0) & (start != end)])
    same = np.isin(start[leaving] * names + river[leaving], arriving) & (river[leaving] >= 0)
    node = start[leaving]
    order = np.lexsort((leaving, via[node] != leaving, ~same, canal[leaving], node))
    found, first = np.unique(node[order], return_index=True)
    main = np.full(nodes, -1, dtype=np.int64)
    main[found] = leaving[order[first]]
    return main


def list_braids(start: Ints, end: Ints, length: Floats, is_work: NDArray[np.bool_]) -> tuple[Ints, DataFrame]:
    """List the loops of a network: edges that can be left out without cutting it.

    Parameters
    ----------
    start, end : (m,) array of int64
    length : (m,) array of float64
        [m].
    is_work : (n,) array of bool
        Nodes where a work stands.

    Returns
    -------
    braid : (m,) array of int64
        Number of the braid that holds each edge; -1 on none. Loops that share a place are one braid.
    braids : DataFrame
        ``braid``, ``reaches``, ``loops`` (how many links too many), ``length_m``, ``works`` and
        ``handling``: *contracted* where no work stands, so that the loop is one for who moves; *best_arm*
        where works stand: of the ways past them, a tree keeps the best.
    """
    import pandas
    from scipy.sparse import coo_array, csgraph

    count, nodes = len(start), len(is_work)
    first, around = list_around(start, end, nodes)
    on_loop = ~find_bridges(start, end, first, around)
    braid = np.full(count, -1, dtype=np.int64)
    looped = np.flatnonzero(on_loop)
    graph = coo_array((np.ones(len(looped)), (start[looped], end[looped])), shape=(nodes, nodes))
    label = csgraph.connected_components(graph, directed=False)[1]
    block, earliest, braid_of = np.unique(label[start[looped]], return_index=True, return_inverse=True)
    rank = np.empty(len(block), dtype=np.int64)
    rank[np.argsort(earliest)] = np.arange(len(block))
    braid[looped] = rank[braid_of]

    touched = np.unique(
        np.concatenate([start[looped], end[looped]]) + nodes * np.concatenate([braid[looped], braid[looped]])
    )
    places = np.bincount(touched // nodes, minlength=len(block)) if nodes else np.zeros(0, np.int64)
    standing = is_work[touched % nodes] if nodes else np.zeros(0, dtype=bool)
    works = np.bincount(touched[standing] // nodes, minlength=len(block)) if nodes else places
    reaches = np.bincount(braid[looped], minlength=len(block))
    table = pandas.DataFrame(
        {
            "braid": np.arange(len(block)),
            "reaches": reaches,
            "loops": reaches - places + 1,
            "length_m": np.bincount(braid[looped], weights=length[looped], minlength=len(block)),
            "works": works,
            "handling": np.where(works > 0, "best_arm", "contracted").astype(object),
        }
    )
    return braid, table
