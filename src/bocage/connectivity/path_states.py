"""A landscape graph made ready for its kernels: patches numbered along the ground, arcs both ways.

Where crossing a patch costs something, each link that comes into it has a state of its own, and from there
each other link is left by at the inner cost; the patch itself is then only a place to start from. A source
or a target so pays nothing inside itself, and patches crossed freely need no more states than one. Inner
ways are taken as the cheapest: going round by a third link of the same patch is never cheaper.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Sources summed apart and then together, always in the same order: sums do not depend on the threads.
_BLOCKS = 256
_LEAST_BLOCK = 16


@dataclass(frozen=True, slots=True, eq=False)
class PathStates:
    """States and arcs, as the kernels want them; patches bear new numbers, links their own.

    Attributes
    ----------
    number : (n,) array of int64
        New number of each patch.
    patch : (n,) array of int64
        Patch of each new number.
    ptr : (s + 1,) array of int64
    head : (a,) array of int32
    cost : (a,) array of float64
    link : (a,) array of int64
        Arcs out of each state.
    owner : (s,) array of int64
        New number of the patch of each state; the first n states are the patches.
    ends : (m, 2) array of int64
        State by which each link comes into its start, and into its end.
    """

    number: Ints
    patch: Ints
    ptr: Ints
    head: NDArray[np.int32]
    cost: Floats
    link: Ints
    owner: Ints
    ends: Ints

    @property
    def plain(self) -> bool:
        """Whether every patch is crossed freely."""
        return len(self.owner) == len(self.number)

    def turn(self) -> tuple[Ints, NDArray[np.int32], Floats, Ints]:
        """Give the arcs into each state: ``ptr``, tail, cost, link."""
        tail = np.repeat(np.arange(len(self.owner), dtype=np.int32), np.diff(self.ptr))
        order = np.argsort(self.head, kind="stable")
        return _count_up(self.head, len(self.owner)), tail[order], self.cost[order], self.link[order]

    def drop_parallel(self) -> PathStates:
        """Keep the cheapest of parallel arcs, the first link of equal ones: paths that share count once."""
        tail = np.repeat(np.arange(len(self.owner)), np.diff(self.ptr))
        order = np.lexsort((self.link, self.cost, self.head, tail))
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(tail[order]) != 0) | (np.diff(self.head[order]) != 0)
        kept = order[first]
        return replace(
            self,
            ptr=_count_up(tail[kept], len(self.owner)),
            head=self.head[kept],
            cost=self.cost[kept],
            link=self.link[kept],
        )

    def list_states(self) -> tuple[Ints, Ints]:
        """Give the states of each patch: ``ptr`` and states."""
        order = np.argsort(self.owner, kind="stable")
        return _count_up(self.owner, len(self.number)), order


def make_states(graph: LandscapeGraph, *, hops: bool = False) -> PathStates:
    """Make a graph ready for shortest paths.

    Parameters
    ----------
    graph : LandscapeGraph
    hops : bool
        Count links instead of costs; inner ways then cost nothing.

    Raises
    ------
    DataError
        An inner way has a negative cost, or is not between two links of its patch.
    """
    number = _number_patches(graph)
    start, end = number[graph.start], number[graph.end]
    cost = np.ones(graph.link_count) if hops else graph.cost
    links = np.arange(graph.link_count)
    inner = None if hops else graph.inner
    if inner is None or not len(inner.cost):
        ends = np.column_stack([start, end])
        tail, head = np.concatenate([start, end]), np.concatenate([end, start])
        return _sort_arcs(
            number, tail, head, np.tile(cost, 2), np.tile(links, 2), np.arange(graph.count), ends
        )
    _check_inner(graph)
    dear = np.zeros(graph.count, dtype=bool)
    dear[number[inner.patch]] = True
    ends = np.column_stack([start, end])
    apart = dear[ends]
    ends = ends.copy()
    ends[apart] = graph.count + np.arange(int(apart.sum()))
    owner = np.concatenate([np.arange(graph.count), np.column_stack([start, end])[apart]])
    # From a patch itself: to every neighbour.
    tails, heads = [np.concatenate([start, end])], [np.concatenate([ends[:, 1], ends[:, 0]])]
    costs, arcs = [np.tile(cost, 2)], [np.tile(links, 2)]
    # From where a link comes in: by every other link of the patch.
    came, left, inside = _pair_links(graph, number, dear)
    ways = _find_inner(graph, came, left, inside, number)
    here = np.where(number[graph.start[came]] == inside, 0, 1)
    there = np.where(number[graph.start[left]] == inside, 1, 0)
    tails.append(ends[came, here])
    heads.append(ends[left, there])
    costs.append(ways + cost[left])
    arcs.append(left)
    tail, head, way, link = (np.concatenate(part) for part in (tails, heads, costs, arcs))
    return _sort_arcs(number, tail, head, way, link, owner, ends)


def _check_inner(graph: LandscapeGraph) -> None:
    inner = graph.inner
    assert inner is not None
    meets = np.ones(len(inner.cost), dtype=bool)
    for link in (inner.first, inner.second):
        known = (link >= 0) & (link < graph.link_count)
        place = np.where(known, link, 0)
        meets &= known & ((graph.start[place] == inner.patch) | (graph.end[place] == inner.patch))
    odd = ~meets | ~(inner.cost >= 0) | ~np.isfinite(inner.cost)
    if odd.any():
        patches = inner.patch[odd]
        shown = ", ".join(
            graph.ids[place] if 0 <= place < graph.count else str(place) for place in patches[:5]
        )
        raise DataError(
            f"{int(odd.sum())} inner way(s) have no finite cost from 0 up or do not join two links of their "
            f"patch ({shown}); give links that meet there, and costs from 0 up."
        )


def _pair_links(graph: LandscapeGraph, number: Ints, dear: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Give the ordered pairs of different links of each dear patch: came by, left by, patch."""
    patch = np.concatenate([number[graph.start], number[graph.end]])
    link = np.tile(np.arange(graph.link_count), 2)
    keep = dear[patch]
    patch, link = patch[keep], link[keep]
    order = np.lexsort((link, patch))
    patch, link = patch[order], link[order]
    first = np.searchsorted(patch, patch, side="left")
    degree = np.searchsorted(patch, patch, side="right") - first
    row = np.repeat(np.arange(len(patch)), degree)
    column = np.arange(len(row)) - np.repeat(np.cumsum(degree) - degree, degree) + first[row]
    other = row != column
    return link[row[other]], link[column[other]], patch[row[other]]


def _find_inner(graph: LandscapeGraph, came: Ints, left: Ints, inside: Ints, number: Ints) -> Floats:
    """Give the inner cost of each pair of links, 0 where the graph lists none; the least if listed twice."""
    inner = graph.inner
    assert inner is not None

    def sign(first: Ints, second: Ints, patch: Ints) -> Ints:
        low, high = np.minimum(first, second), np.maximum(first, second)
        # Two links may meet in both their patches, where they are parallel.
        side = (patch == np.maximum(number[graph.start[low]], number[graph.end[low]])).astype(np.int64)
        return np.asarray((low * graph.link_count + high) * 2 + side, dtype=np.int64)

    known = sign(inner.first, inner.second, number[inner.patch])
    order = np.lexsort((inner.cost, known))
    known, costs = known[order], inner.cost[order]
    wanted = sign(came, left, inside)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, costs[place], 0.0)


def _number_patches(graph: LandscapeGraph) -> Ints:
    """Give new numbers, by which neighbours lie near each other in memory (reverse Cuthill-McKee)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    count = graph.count
    rows = np.concatenate([graph.start, graph.end]).astype(np.int32)
    columns = np.concatenate([graph.end, graph.start]).astype(np.int32)
    around = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(count, count)).tocsr()
    number = np.empty(count, dtype=np.int64)
    if count:
        number[reverse_cuthill_mckee(around, symmetric_mode=True)] = np.arange(count)
    return number


def _sort_arcs(
    number: Ints, tail: Ints, head: Ints, cost: Floats, link: Ints, owner: Ints, ends: Ints
) -> PathStates:
    order = np.lexsort((link, head, tail))
    patch = np.empty_like(number)
    patch[number] = np.arange(len(number))
    return PathStates(
        number,
        patch,
        _count_up(tail, len(owner)),
        head[order].astype(np.int32),
        np.ascontiguousarray(cost[order]),
        link[order].astype(np.int64),
        owner.astype(np.int64),
        np.ascontiguousarray(ends, dtype=np.int64).reshape(-1, 2),
    )


def _count_up(places: NDArray[Any], count: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(places, minlength=count))]).astype(np.int64)


def run_blocks(
    work: Callable[[Ints], Any], sources: Ints, threads: int | None, *, blocks: int = _BLOCKS
) -> Iterator[Any]:
    """Work on blocks of sources in threads, and give their results in order.

    Blocks depend on the number of sources alone, and no more results wait than there are threads.

    Parameters
    ----------
    work : callable
        Of a block of sources; lets go of the GIL.
    sources : (k,) array of int64
    threads : int or None
        All cores by default.

    Raises
    ------
    DataError
        Fewer threads than one.
    """
    if threads is not None and threads < 1:
        raise DataError(f"{threads} threads were asked for; give 1 or more.")
    each = max(_LEAST_BLOCK, -(-len(sources) // blocks))
    parts = [sources[at : at + each] for at in range(0, len(sources), each)]
    workers = min(threads or os.cpu_count() or 1, len(parts))
    if workers <= 1:
        for part in parts:
            yield work(part)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Any] = deque()
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def find_limit(decay: float, epsilon: float) -> float:
    """Give the cost beyond which the chance is below ``epsilon``; infinite for 0.

    Raises
    ------
    DataError
        ``epsilon`` is not in [0, 1).
    """
    if not 0 <= epsilon < 1:
        raise DataError(f"The cut-off of probabilities is {epsilon:g}; give one from 0 (none) to below 1.")
    return float(-np.log(epsilon) / decay) if epsilon > 0 else np.inf


def read_pairs(graph: LandscapeGraph, pairs: ArrayLike) -> Ints:
    """Read pairs of patches, (k, 2) array of places.

    Raises
    ------
    DataError
        A place is none.
    """
    places = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    odd = (places < 0) | (places >= graph.count)
    if odd.any():
        shown = ", ".join(str(place) for place in places[odd][:5])
        raise DataError(
            f"{int(odd.any(axis=1).sum())} pair(s) name patches that are not there ({shown}); "
            f"places go from 0 to {graph.count - 1}."
        )
    return places
