"""Components: groups of patches that links join, and what each holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import DataError

if TYPE_CHECKING:
    from pandas import DataFrame

Ints = NDArray[np.int64]


def label_components(graph: LandscapeGraph) -> Ints:
    """Find the component of each patch, numbered in the order of their first patches.

    Parameters
    ----------
    graph : LandscapeGraph

    Returns
    -------
    (n,) array of int64
        From 0. A patch without links is a component of its own.

    Examples
    --------
    >>> label_components(LandscapeGraph.of([1, 1, 1, 1], [3], [1], [5]))
    array([0, 1, 2, 1])
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(graph.link_count, np.int8)
    matrix = coo_array((ones, (graph.start, graph.end)), shape=(graph.count, graph.count))
    if not graph.count:
        return np.empty(0, np.int64)
    return number_by_first(connected_components(matrix, directed=False)[1])


def number_by_first(labels: NDArray) -> Ints:
    """Give groups new numbers, from 0 in the order of their first members.

    >>> number_by_first(np.array([7, 7, 2, 7, 5]))
    array([0, 0, 1, 0, 2])
    """
    _, first, place = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[place]


def describe_components(graph: LandscapeGraph, labels: NDArray | None = None) -> DataFrame:
    """Tabulate what each component, or group of patches, holds.

    Parameters
    ----------
    graph : LandscapeGraph
    labels : (n,) array of int, optional
        Group of each patch, from 0, as clusters give; the components by default.

    Returns
    -------
    DataFrame
        One row a group, in order: ``component``, ``patches``, ``links`` inside it, ``links_out`` to others
        (0 for components), ``capacity`` and its ``share`` of the whole, ``largest`` (id of the patch of
        greatest capacity, the first of equal ones), ``cost`` the sum of its links and, where lengths are
        known, ``length_m``.

    Raises
    ------
    DataError
        Labels are not one a patch.

    Examples
    --------
    >>> graph = LandscapeGraph.of([1, 2, 5], [0], [1], [10], ids="abc")
    >>> describe_components(graph)[["patches", "links", "capacity", "share", "largest"]]
       patches  links  capacity  share largest
    0        2      1       3.0  0.375       b
    1        1      0       5.0  0.625       c
    """
    import pandas

    group = label_components(graph) if labels is None else np.asarray(labels, dtype=np.int64)
    if group.shape != (graph.count,) or (group.size and group.min() < 0):
        raise DataError(
            f"{group.size} group numbers are given for {graph.count} patches; give one from 0 each."
        )
    count = int(group.max(initial=-1)) + 1
    capacity = np.bincount(group, graph.capacity, minlength=count)
    total = capacity.sum()
    inside = group[graph.start] == group[graph.end]
    within = group[graph.start][inside]
    out = [np.bincount(group[side][~inside], minlength=count) for side in (graph.start, graph.end)]
    order = np.lexsort((np.arange(graph.count), -graph.capacity, group))
    held, first = np.unique(group[order], return_index=True)
    largest = np.full(count, "", dtype=object)
    largest[held] = [graph.ids[patch] for patch in order[first]]
    table = pandas.DataFrame(
        {
            "component": np.arange(count),
            "patches": np.bincount(group, minlength=count),
            "links": np.bincount(within, minlength=count),
            "links_out": out[0] + out[1],
            "capacity": capacity,
            "share": capacity / total if total > 0 else np.zeros(count),
            "largest": largest,
            "cost": np.bincount(within, graph.cost[inside], minlength=count),
        }
    )
    if graph.length is not None:
        table["length_m"] = np.bincount(within, graph.length[inside], minlength=count)
    return table
