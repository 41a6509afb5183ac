"""Clusters: groups of patches with strong links inside and weak ones between, by modularity.

Modularity compares the weight of links inside groups with what chance would put there:
``Q = sum_c (W_c / W - (S_c / 2W)²)``, W_c being the weight inside the group, S_c the sum of the strengths of
its patches, W the weight of all links. Source: Newman (2004), doi:10.1103/PhysRevE.70.056131, eq. 5.

The weight of a link is ``(a_i a_j)^beta exp(-k cost)``, as in Graphab's modules: Foltête, Clauzel and Vuidel
(2012), doi:10.1016/j.envsoft.2012.07.002.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.components import number_by_first
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A gain below this share of Q's range is rounding: a patch would else be moved to and fro.
_LEAST = 1e-12


def weigh_links(graph: LandscapeGraph, dispersal: Dispersal | None = None, *, beta: float = 0.0) -> Floats:
    """Weigh links by how easily they are crossed and what they join: ``(a_i a_j)^beta exp(-k cost)``.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal, optional
        None weighs all links alike.
    beta : float
        Exponent of the capacities; 0, the default, leaves them out, 1 is Graphab's usual choice.

    Returns
    -------
    (m,) array of float64

    Examples
    --------
    >>> graph = LandscapeGraph.of([2, 3], [0], [1], [1000])
    >>> weigh_links(graph, Dispersal(1000, 0.5), beta=1)
    array([3.])
    """
    weight = np.ones(graph.link_count) if dispersal is None else dispersal.reach(graph.cost)
    if beta:
        weight = weight * (graph.capacity[graph.start] * graph.capacity[graph.end]) ** beta
    return weight


def measure_modularity(graph: LandscapeGraph, labels: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Measure the modularity of a partition of patches.

    Parameters
    ----------
    graph : LandscapeGraph
    labels : (n,) array of int
        Group of each patch.
    weight : (m,) array of float, optional
        Weight of each link, >= 0; 1 by default.

    Returns
    -------
    float
        In [-1/2, 1); 0 for one group, or where no link weighs anything.

    Examples
    --------
    Two triangles joined by one of seven links: ``2 (3/7 - (7/14)²)``.

    >>> graph = LandscapeGraph.of([1] * 6, [0, 1, 2, 3, 4, 5, 0], [1, 2, 0, 4, 5, 3, 3], [1] * 7)
    >>> round(measure_modularity(graph, [0, 0, 0, 1, 1, 1]), 6)
    0.357143
    """
    group = np.asarray(labels, dtype=np.int64)
    weights = _check_weights(graph, weight)
    total = weights.sum()
    if total <= 0:
        return 0.0
    count = int(group.max(initial=-1)) + 1
    inside = group[graph.start] == group[graph.end]
    held = np.bincount(group[graph.start][inside], weights[inside], minlength=count)
    strength = sum(np.bincount(group[side], weights, minlength=count) for side in (graph.start, graph.end))
    return float((held / total - (strength / (2 * total)) ** 2).sum())


def find_clusters(
    graph: LandscapeGraph, weight: ArrayLike | None = None, *, count: int | None = None, refine: bool = True
) -> Ints:
    """Group patches so that modularity is as large as a greedy search finds.

    Groups are merged two by two, always those that lose least, from one patch each; then single patches are
    moved to the neighbour group that gains most until none gains.

    Parameters
    ----------
    graph : LandscapeGraph
    weight : (m,) array of float, optional
        Weight of each link, >= 0; 1 by default. See :func:`weigh_links`.
    count : int, optional
        Number of groups; by default that of the greatest modularity on the way.
    refine : bool
        Whether patches are moved after the merging.

    Returns
    -------
    (n,) array of int64
        Groups from 0, in the order of their first patches. Patches without links stay alone.

    Raises
    ------
    DataError
        The count is below 1, above the number of patches or below that of components; a weight is negative.

    Notes
    -----
    Merging: Clauset, Newman and Moore (2004), doi:10.1103/PhysRevE.70.066111; moves: Noack and Rotta (2009),
    doi:10.1007/978-3-642-02011-7_24. The greatest modularity of all partitions cannot be found in reasonable
    time, and nothing says how near this one is. Of equal merges and moves that of the lower numbers is done.
    """
    weights = _check_weights(graph, weight)
    if count is not None and not 1 <= count <= graph.count:
        raise DataError(f"{count} clusters are asked of {graph.count} patches; give a number between.")
    merges, best = _merge_all(graph, weights)
    steps = best if count is None else graph.count - count
    if steps > len(merges):
        raise DataError(
            f"{count} clusters are asked and the graph has {graph.count - len(merges)} parts that no link "
            "joins; ask for as many or more."
        )
    group = np.arange(graph.count)
    for into, gone in reversed(merges[:steps]):  # a group goes where its own was by then
        group[gone] = group[into]
    if refine and weights.sum() > 0:
        _move_patches(graph, weights, group)
    return number_by_first(group) if graph.count else group


def keep_links_inside(graph: LandscapeGraph, labels: ArrayLike) -> LandscapeGraph:
    """Keep the links inside groups: each group becomes a component, or several.

    Parameters
    ----------
    graph : LandscapeGraph
    labels : (n,) array of int
        Group of each patch.
    """
    group = np.asarray(labels, dtype=np.int64)
    return graph.keep_links(group[graph.start] == group[graph.end])


def _check_weights(graph: LandscapeGraph, weight: ArrayLike | None) -> Floats:
    weights = np.ones(graph.link_count) if weight is None else np.asarray(weight, dtype=np.float64)
    if weights.shape != (graph.link_count,):
        raise DataError(f"{weights.size} weights are given for {graph.link_count} links; give one each.")
    odd = ~(np.isfinite(weights) & (weights >= 0))
    if odd.any():
        shown = ", ".join(graph.link_ids[link] for link in np.flatnonzero(odd)[:5])
        raise DataError(f"The weight of some links is negative or missing ({shown}); give numbers from 0 up.")
    return weights


def _gather(graph: LandscapeGraph, weights: Floats) -> tuple[list[dict[int, float]], list[float]]:
    """Give the share of the weight that joins each patch to its neighbours, and its strength's share."""
    near: list[dict[int, float]] = [{} for _ in range(graph.count)]
    twice = 2 * weights.sum()
    for one, other, share in zip(
        graph.start.tolist(), graph.end.tolist(), (weights / twice).tolist(), strict=True
    ):
        near[one][other] = near[one].get(other, 0.0) + share
        near[other][one] = near[other].get(one, 0.0) + share
    return near, [sum(shares.values()) for shares in near]


def _merge_all(graph: LandscapeGraph, weights: Floats) -> tuple[list[tuple[int, int]], int]:
    """Merge groups until no link joins two; give the merges and how many of them are best."""
    if not weights.sum() > 0:
        return [], 0
    near, strength = _gather(graph, weights)
    heap = [
        (2 * (strength[one] * strength[other] - share), one, other)
        for one, shares in enumerate(near)
        for other, share in shares.items()
        if one < other
    ]
    heapq.heapify(heap)
    alive = [True] * graph.count
    merges: list[tuple[int, int]] = []
    gained, most, best = 0.0, 0.0, 0
    while heap:
        loss, one, other = heapq.heappop(heap)
        # A merge since has changed what this one would lose.
        if not (
            alive[one] and alive[other] and loss == 2 * (strength[one] * strength[other] - near[one][other])
        ):
            continue
        alive[other] = False
        strength[one] += strength[other]
        for third, share in near[other].items():
            if third != one:
                near[one][third] = near[one].get(third, 0.0) + share
                near[third][one] = near[one][third]
                del near[third][other]
        del near[one][other]
        for third, share in near[one].items():
            low, high = min(one, third), max(one, third)
            heapq.heappush(heap, (2 * (strength[one] * strength[third] - share), low, high))
        merges.append((one, other))
        gained -= loss
        if gained > most + _LEAST:
            most, best = gained, len(merges)
    return merges, best


def _move_patches(graph: LandscapeGraph, weights: Floats, group: Ints) -> None:
    """Move patches between groups, in place, while modularity grows; no group is emptied."""
    near, strength = _gather(graph, weights)
    held = np.bincount(group, strength, minlength=graph.count)
    size = np.bincount(group, minlength=graph.count)
    moved = True
    while moved:
        moved = False
        for patch, shares in enumerate(near):
            home = int(group[patch])
            if size[home] == 1:
                continue
            joined: dict[int, float] = {}
            for other, share in shares.items():
                joined[int(group[other])] = joined.get(int(group[other]), 0.0) + share
            own = strength[patch]
            stay = joined.get(home, 0.0) - own * (held[home] - own)
            choice, gain = home, _LEAST
            for place in sorted(joined):
                if place != home:
                    more = joined[place] - own * held[place] - stay
                    if more > gain:
                        choice, gain = place, more
            if choice != home:
                group[patch] = choice
                held[home] -= own
                held[choice] += own
                size[home] -= 1
                size[choice] += 1
                moved = True
