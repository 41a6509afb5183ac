"""Patches made one, and graphs made one.

A meta-patch stands for patches so close that an animal uses them as one: Zetterberg, Mörtberg and Balfors
(2010), doi:10.1016/j.landurbplan.2010.01.002. A joined graph holds several sub-networks and the links by
which species pass from one to another: the multi-habitat graphs of Graphab 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.components import label_components
from bocage.connectivity.landscape import InnerWays, LandscapeGraph
from bocage.connectivity.thinning import keep_short_links
from bocage.errors import DataError

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Ints = NDArray[np.int64]

Transfer = tuple[tuple[str, str], tuple[str, str], float]
"""A link between sub-networks: (sub-network, patch), (sub-network, patch), cost."""


def merge_patches(graph: LandscapeGraph, cost: float = np.inf) -> tuple[LandscapeGraph, Ints]:
    """Merge patches that links of at most some cost join, one by one, into meta-patches.

    Parameters
    ----------
    graph : LandscapeGraph
    cost : float
        Dearest link that makes two patches one; by default all links do, as in Graphab, whose meta-patches
        are the components of a graph.

    Returns
    -------
    graph : LandscapeGraph
        A patch for each group, in the order of their first patches, whose id it takes; capacities are summed,
        the position is that of the whole weighted by capacity. Links between groups stay, parallel ones too,
        and those inside go. Patches of different habitats are not merged.
    member : (n,) array of int64
        Meta-patch of each patch.

    Notes
    -----
    Ways across patches are left out: what crossing a meta-patch costs is not known from its parts.

    Examples
    --------
    >>> graph = LandscapeGraph.of([1, 2, 5], [0, 1], [1, 2], [10, 300], ids="abc")
    >>> merged, member = merge_patches(graph, 50)
    >>> merged.ids, merged.capacity, merged.start, merged.end, member
    (('a', 'c'), array([3., 5.]), array([0]), array([1]), array([0, 0, 1]))
    """
    close = keep_short_links(graph, cost=cost)
    if graph.habitat is not None:
        close = close.keep_links(graph.habitat[close.start] == graph.habitat[close.end])
    member = label_components(close)
    count = int(member.max(initial=-1)) + 1
    _, first = np.unique(member, return_index=True)
    position = None
    if graph.position is not None:
        weight = graph.capacity.copy()
        weight[np.bincount(member, weight, minlength=count)[member] == 0] = 1.0  # patches of no capacity
        whole = np.bincount(member, weight, minlength=count)
        position = np.column_stack(
            [np.bincount(member, weight * axis, minlength=count) / whole for axis in graph.position.T]
        )
    between = member[graph.start] != member[graph.end]
    kept = replace(graph, inner=None).keep_links(between)
    merged = replace(
        kept,
        capacity=np.bincount(member, graph.capacity, minlength=count).astype(np.float64),
        start=member[kept.start],
        end=member[kept.end],
        ids=tuple(graph.ids[patch] for patch in first),
        position=position,
        habitat=None if graph.habitat is None else graph.habitat[first],
    )
    return merged, member


def join_graphs(
    graphs: Mapping[str, LandscapeGraph], transfers: Sequence[Transfer] = (), *, prefix: bool = False
) -> LandscapeGraph:
    """Join the graphs of several sub-networks into one, with the links that lead from one to another.

    Parameters
    ----------
    graphs : mapping of str to LandscapeGraph
        By sub-network; their order is that of the patches.
    transfers : sequence of Transfer
        Links between patches of two sub-networks, or of one.
    prefix : bool
        Whether ids become ``sub-network:id``, for sub-networks that name patches alike.

    Returns
    -------
    LandscapeGraph
        With ``habitat`` and ``habitats``; transfers come last, named ``sub-network:id>sub-network:id``.
        Lengths are kept where every graph has them (a transfer's is NaN), positions likewise; ways across
        patches too.

    Raises
    ------
    DataError
        Two sub-networks name a patch or a link alike, or a transfer leads to an unknown patch.

    Examples
    --------
    >>> forest = LandscapeGraph.of([5, 5], [0], [1], [100], ids=["F1", "F2"])
    >>> pond = LandscapeGraph.of([1], [], [], [], ids=["P1"])
    >>> graph = join_graphs({"forest": forest, "pond": pond}, [(("forest", "F2"), ("pond", "P1"), 20)])
    >>> graph.ids, graph.end, graph.habitat, graph.habitats
    (('F1', 'F2', 'P1'), array([1, 2]), array([0, 0, 1]), ('forest', 'pond'))
    """
    ids = [
        (f"{key}:{name}" if prefix else name)
        for key, graph in graphs.items()
        for name in graph.ids
    ]  # fmt: skip
    _require_distinct(ids, graphs)
    sizes = [graph.count for graph in graphs.values()]
    firsts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    link_firsts = np.concatenate([[0], np.cumsum([graph.link_count for graph in graphs.values()])])
    starts, ends, costs, names = _place_transfers(graphs, transfers, firsts)
    parts = list(zip(graphs.items(), firsts[:-1], strict=True))
    every = list(graphs.values())
    graph = LandscapeGraph.of(
        np.concatenate([np.empty(0), *(one.capacity for one in every)]),
        np.concatenate([one.start + first for (_, one), first in parts] + [starts]),
        np.concatenate([one.end + first for (_, one), first in parts] + [ends]),
        np.concatenate([one.cost for one in every] + [costs]),
        ids=ids,
        link_ids=[
            (f"{key}:{name}" if prefix else name) for key, one in graphs.items() for name in one.link_ids
        ]
        + names,
        length=_join_columns([one.length for one in every], np.full(len(costs), np.nan)),
        position=_join_columns([one.position for one in every], np.empty((0, 2))),
    )
    inner = [
        InnerWays(
            one.inner.first + shift, one.inner.second + shift, one.inner.patch + first, one.inner.cost
        )
        for one, first, shift in zip(every, firsts[:-1], link_firsts[:-1], strict=True)
        if one.inner is not None
    ]  # fmt: skip
    return replace(
        graph,
        habitat=np.repeat(np.arange(len(sizes)), sizes),
        habitats=tuple(graphs),
        inner=InnerWays(
            *(
                np.concatenate([getattr(ways, column) for ways in inner])
                for column in ("first", "second", "patch", "cost")
            )
        )
        if inner
        else None,
    )


def find_transfers(
    patches: GeoDataFrame,
    distance_m: float,
    *,
    resistance: float = 1.0,
    id: str = "id",
    habitat: str = "subnetwork",
) -> list[Transfer]:
    """Find where a species can pass from one sub-network to another: patches that meet or nearly do.

    Parameters
    ----------
    patches : GeoDataFrame
        Patches of all sub-networks, in metres.
    distance_m : float
        Farthest apart that two patches pass one into the other, >= 0; 0 asks that they touch or overlap.
    resistance : float
        What a metre between the two costs, >= 0.
    id, habitat : str
        Columns of the patches' names and of their sub-networks.

    Returns
    -------
    list of Transfer
        In the order of the patches; the cost is the distance times the resistance, 0 where they touch.

    Raises
    ------
    DataError
        The distance or the resistance is negative.

    Examples
    --------
    >>> import geopandas, shapely
    >>> shapes = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(50, 0, 60, 10)]
    >>> names = {"id": ["F", "P", "Q"], "subnetwork": ["f", "p", "p"]}
    >>> table = geopandas.GeoDataFrame(names, geometry=shapes)
    >>> find_transfers(table, 40)
    [(('f', 'F'), ('p', 'P'), 0.0), (('f', 'F'), ('p', 'Q'), 40.0)]
    """
    import shapely

    if not (distance_m >= 0 and resistance >= 0):
        raise DataError(
            f"Transfers are asked at {distance_m:g} m with a resistance of {resistance:g}; give numbers "
            "from 0 up."
        )
    shapes = np.asarray(patches.geometry.array)
    keys, names = (list(map(str, patches[column])) for column in (habitat, id))
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=distance_m)
    pairs = sorted(
        (int(a), int(b)) for a, b in zip(one, other, strict=True) if a < b and keys[a] != keys[b]
    )  # fmt: skip
    return [
        ((keys[a], names[a]), (keys[b], names[b]), float(shapely.distance(shapes[a], shapes[b])) * resistance)
        for a, b in pairs
    ]


def _require_distinct(ids: list[str], graphs: Mapping[str, LandscapeGraph]) -> None:
    if len(set(ids)) == len(ids):
        return
    counts = Counter(ids)
    twice = [name for name, count in counts.items() if count > 1]
    raise DataError(
        f"The sub-networks {', '.join(graphs)} name {len(twice)} patch(es) alike ({', '.join(twice[:5])}); "
        "join them with prefix=True."
    )


def _place_transfers(
    graphs: Mapping[str, LandscapeGraph], transfers: Sequence[Transfer], firsts: Ints
) -> tuple[Ints, Ints, NDArray[np.float64], list[str]]:
    place = {
        (key, name): int(first) + number
        for (key, graph), first in zip(graphs.items(), firsts[:-1], strict=True)
        for number, name in enumerate(graph.ids)
    }
    unknown = list(dict.fromkeys(end for one in transfers for end in one[:2] if end not in place))
    if unknown:
        shown = ", ".join(":".join(end) for end in unknown[:5])
        raise DataError(
            f"Transfers lead to {len(unknown)} unknown patch(es) ({shown}); name the sub-network and a "
            "patch of it."
        )
    starts = np.array([place[one[0]] for one in transfers], np.int64)
    ends = np.array([place[one[1]] for one in transfers], np.int64)
    costs = np.array([one[2] for one in transfers], np.float64)
    return starts, ends, costs, [f"{':'.join(one[0])}>{':'.join(one[1])}" for one in transfers]


def _join_columns(columns: list[NDArray[np.float64] | None], more: NDArray[np.float64]) -> NDArray | None:
    """Join columns where every graph has one."""
    known = [column for column in columns if column is not None]
    return np.concatenate([*known, more]) if len(known) == len(columns) and known else None
