"""What one more link, a cheaper link or one more patch would give, for many candidates at once.

Gains are in the unit of PC's numerator, ``sum_ij a_i a_j p_ij`` (ECA²), each candidate taken alone. No graph
is solved again: with a link of cost w between u and v, the cheapest way from i to j becomes the least of what
it was, ``d_iu + w + d_vj`` and ``d_iv + w + d_uj``; with a patch z, ``d_iz + d_zj``. A way goes along what is
new once or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.path_states import PathStates, find_limit, make_states, read_pairs, run_blocks
from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Index = Literal["PC", "IIC"]

# States of balls held at once: some 60 bytes each, with the lists of who lies in which.
_HELD = 4_000_000


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Balls, by their roots, and the two that each candidate joins (the same: a patch) at what cost."""

    root_ptr: Ints
    root: Ints
    offset: Floats
    first: Ints
    second: Ints
    way: Floats


def gain_of_links(
    graph: LandscapeGraph,
    dispersal: Dispersal | None,
    start: ArrayLike,
    end: ArrayLike,
    cost: ArrayLike = 1.0,
    *,
    index: Index = "PC",
    epsilon: float = 0.0,
    threads: int | None = None,
) -> Floats:
    """Measure what each of many new links would add to PC's numerator, alone.

    Parameters
    ----------
    graph : LandscapeGraph
        Between a new link and the others, patches are crossed at no cost; inner ways count elsewhere.
    dispersal : Dispersal
        None for IIC.
    start, end : (c,) array of int
        Places of patches; pairs already linked may be given (a cheaper way beside).
    cost : (c,) array of float
        >= 0; broadcast. IIC takes every link for one.
    index : {"PC", "IIC"}
    epsilon : float
        Pairs reached with less than this chance count as not reached, today and then; 0 is exact. A gain
        then differs by no more than ``epsilon`` times the capacities of the pairs so left out today.
    threads : int, optional
        All cores by default; the result is the same for any number.

    Returns
    -------
    (c,) array of float64
        >= 0, in squared unit of capacity.

    Raises
    ------
    DataError
        A patch is none, both ends are one, or a cost is negative or missing.

    Examples
    --------
    Two patches of 3 and 4 that nothing links, by a link passed with chance 0.5: ``2 * 12 * 0.5``.

    >>> graph = LandscapeGraph.of([3, 4], [], [], [])
    >>> gain_of_links(graph, Dispersal(100, 0.5), [0], [1], [100]).round(9).tolist()
    [12.0]
    """
    pairs = read_pairs(graph, np.column_stack([np.atleast_1d(start), np.atleast_1d(end)]))
    costs = _read_costs(cost, len(pairs), "new link(s)")
    same = pairs[:, 0] == pairs[:, 1]
    if same.any():
        shown = ", ".join(graph.ids[place] for place in pairs[same, 0][:5])
        raise DataError(
            f"{int(same.sum())} new link(s) join a patch with itself ({shown}); give two patches."
        )
    decay, limit = _read_index(dispersal, index, epsilon)
    if index == "IIC":
        costs = np.ones(len(pairs))
    states = make_states(graph, hops=index == "IIC")
    roots, place = np.unique(states.number[pairs], return_inverse=True)
    place = place.reshape(pairs.shape)
    candidates = _Candidates(
        np.arange(len(roots) + 1), roots, np.zeros(len(roots)), place[:, 0], place[:, 1], costs
    )
    return _gain(graph, states, candidates, decay, limit, threads)


def gain_of_improvements(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    cost: ArrayLike = 0.0,
    *,
    links: ArrayLike | None = None,
    epsilon: float = 0.0,
    threads: int | None = None,
) -> Floats:
    """Measure what bringing each link to a lower cost would add to PC's numerator, alone.

    Parameters
    ----------
    graph, dispersal, epsilon, threads
        As `gain_of_links`; inner ways from and to the link count as they do today.
    cost : (c,) array of float
        The new cost, broadcast; one above today's changes nothing. 0, the default, is Conefor's link
        improvement (chance 1), which prints it as a negative share of PC.
    links : (c,) array of int, optional
        Places of links; all by default.

    Returns
    -------
    (c,) array of float64

    Raises
    ------
    DataError
        A link is none, or a cost is negative or missing.

    Examples
    --------
    >>> graph = LandscapeGraph.of([3, 4], [0], [1], [100])
    >>> gain_of_improvements(graph, Dispersal(100, 0.5)).round(9).tolist()
    [12.0]
    """
    chosen = (
        np.arange(graph.link_count) if links is None else np.atleast_1d(np.asarray(links, dtype=np.int64))
    )
    odd = (chosen < 0) | (chosen >= graph.link_count)
    if odd.any():
        shown = ", ".join(str(place) for place in chosen[odd][:5])
        raise DataError(
            f"{int(odd.sum())} link(s) to improve are not there ({shown}); places go from 0 to "
            f"{graph.link_count - 1}."
        )
    costs = _read_costs(cost, len(chosen), "improved link(s)")
    states = make_states(graph)
    roots, place = np.unique(states.ends[chosen], return_inverse=True)
    place = place.reshape(len(chosen), 2)
    candidates = _Candidates(
        np.arange(len(roots) + 1), roots, np.zeros(len(roots)), place[:, 0], place[:, 1], costs
    )
    decay, limit = _read_index(dispersal, "PC", epsilon)
    gains = _gain(graph, states, candidates, decay, limit, threads)
    return np.where(costs < graph.cost[chosen], gains, 0.0)


def gain_of_patches(
    graph: LandscapeGraph,
    dispersal: Dispersal | None,
    capacity: ArrayLike,
    candidate: ArrayLike,
    patch: ArrayLike,
    cost: ArrayLike = 1.0,
    *,
    index: Index = "PC",
    epsilon: float = 0.0,
    threads: int | None = None,
) -> Floats:
    """Measure what each of many new patches, with its links, would add to PC's numerator, alone.

    Parameters
    ----------
    graph, dispersal, index, epsilon, threads
        As `gain_of_links`.
    capacity : (c,) array of float
        Of each new patch, >= 0.
    candidate : (k,) array of int
        For each new link, which new patch, from 0.
    patch : (k,) array of int
        And which patch of the graph it goes to.
    cost : (k,) array of float

    Returns
    -------
    (c,) array of float64
        What the patch holds, exchanges and carries.

    Raises
    ------
    DataError
        A patch is none, or a capacity or cost is negative or missing.

    Examples
    --------
    A patch of 2 halfway between patches of 3 and 4: ``4 + 2 * 2 * 7 * 0.5 + 2 * 12 * 0.25``.

    >>> graph = LandscapeGraph.of([3, 4], [], [], [])
    >>> gain_of_patches(graph, Dispersal(100, 0.5), [2], [0, 0], [0, 1], [100, 100]).round(9).tolist()
    [24.0]
    """
    held = _read_costs(capacity, np.size(capacity), "new patch(es)")
    which = np.atleast_1d(np.asarray(candidate, dtype=np.int64))
    places = read_pairs(graph, np.column_stack([np.atleast_1d(patch)] * 2))[:, 0]
    costs = _read_costs(cost, len(places), "link(s) of new patches")
    odd = (which < 0) | (which >= len(held))
    if odd.any() or len(which) != len(places):
        shown = ", ".join(str(place) for place in which[odd][:5])
        raise DataError(
            f"{len(places)} link(s) go to new patches that are not there ({shown}); name each by its place "
            f"among the {len(held)}."
        )
    decay, limit = _read_index(dispersal, index, epsilon)
    if index == "IIC":
        costs = np.ones(len(places))
    states = make_states(graph, hops=index == "IIC")
    order = np.argsort(which, kind="stable")
    count = len(held)
    root_ptr = np.concatenate([[0], np.cumsum(np.bincount(which, minlength=count))])
    own = np.arange(count)
    candidates = _Candidates(root_ptr, states.number[places[order]], costs[order], own, own, np.zeros(count))
    return held**2 + _gain(graph, states, candidates, decay, limit, threads, held)


def _read_index(dispersal: Dispersal | None, index: Index, epsilon: float) -> tuple[float, float]:
    """Give the decay and the dearest path of an index."""
    if index == "IIC":
        if epsilon > 0:
            raise DataError("IIC knows no cut-off of probabilities; leave it at 0, or use PC.")
        return -1.0, np.inf
    if dispersal is None:
        raise DataError("PC needs a dispersal; give the cost reached with a given probability.")
    return dispersal.decay, find_limit(dispersal.decay, epsilon)


def _read_costs(values: ArrayLike, count: int, what: str) -> Floats:
    costs = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if len(costs) not in (1, count):
        raise DataError(f"{count} {what} have {len(costs)} values; give one each.")
    costs = np.array(np.broadcast_to(costs, (count,)))
    odd = ~(costs >= 0) | ~np.isfinite(costs)
    if odd.any():
        raise DataError(
            f"{int(odd.sum())} {what} have a value that is negative or missing (number "
            f"{', '.join(str(at) for at in np.flatnonzero(odd)[:5])}); give finite numbers from 0 up."
        )
    return costs


def _gain(
    graph: LandscapeGraph,
    states: PathStates,
    candidates: _Candidates,
    decay: float,
    limit: float,
    threads: int | None,
    held: Floats | None = None,
) -> Floats:
    from bocage.kernels.graph_gains import grow_balls, measure_gains

    grow_into: Any = grow_balls
    measure: Any = measure_gains
    capacity = graph.capacity[states.patch]
    gains = np.zeros(len(candidates.first))
    arcs = (states.ptr, states.head, states.cost, states.owner)
    ball_count = len(candidates.root_ptr) - 1
    sizes = np.zeros(ball_count, dtype=np.int64)
    roots = (candidates.root_ptr.astype(np.int64), candidates.root.astype(np.int32), candidates.offset)
    none = (np.zeros(ball_count + 1, dtype=np.int64), False, *_make_balls(0))

    def size_up(balls: Ints) -> None:
        grow_into(balls, *roots, *arcs, graph.count, limit, *none, sizes)

    for _ in run_blocks(size_up, np.arange(ball_count), threads):
        pass
    for chosen in _part_candidates(candidates, sizes):
        first, second = candidates.first[chosen], candidates.second[chosen]
        balls = np.unique(np.concatenate([first, second]))
        # Balls of this part lie one after the other; the others take no room.
        room = np.zeros(ball_count, dtype=np.int64)
        room[balls] = sizes[balls]
        ball_ptr = np.concatenate([[0], np.cumsum(room)])
        kept = _make_balls(int(ball_ptr[-1]))

        def grow(some: Ints, into: tuple[Any, ...] = (ball_ptr, True, *kept)) -> None:
            grow_into(some, *roots, *arcs, graph.count, limit, *into, sizes)

        for _ in run_blocks(grow, balls, threads):
            pass
        state, cost, _size, home = kept
        at = np.flatnonzero(home)
        patch, ball = states.owner[state[at]], np.repeat(np.arange(ball_count), room)[at]
        if held is not None:
            chance = 1 / (1 + cost[at]) if decay < 0 else np.exp(-decay * cost[at])
            reach = capacity[patch] * chance
            gains += 2 * held * np.bincount(ball, reach, ball_count)
        order = np.lexsort((ball, patch))
        near_ptr = np.concatenate([[0], np.cumsum(np.bincount(patch, minlength=graph.count))])
        near = (near_ptr, ball[order], cost[at][order])
        # Use 2c leads from the first ball into the second, 2c + 1 back; a patch has one use.
        use = 2 * np.arange(len(chosen))
        back = first != second
        from_ball = np.concatenate([first, second[back]])
        uses = np.concatenate([use, use[back] + 1])
        by_ball = np.lexsort((uses, from_ball))
        user_ptr = np.concatenate([[0], np.cumsum(np.bincount(from_ball, minlength=ball_count))])
        goal = np.empty(2 * len(chosen), dtype=np.int64)
        goal[0::2], goal[1::2] = second, first
        way = np.repeat(candidates.way[chosen], 2)
        part = np.zeros(len(chosen))
        used = (user_ptr, uses[by_ball], way, goal)

        def work(
            sources: Ints,
            given: tuple[Any, ...] = (ball_ptr, *kept, *near, *used),
            size: int = len(chosen),
        ) -> Floats:
            found = np.zeros(size)
            measure(sources, *arcs, capacity, decay, limit, *given, found)
            return found

        for found in run_blocks(work, np.unique(patch), threads):
            part += found
        gains[chosen] += part
    return gains


def _make_balls(size: int) -> tuple[NDArray[np.int32], Floats, NDArray[np.int32], NDArray[np.bool_]]:
    return (
        np.empty(size, dtype=np.int32),
        np.empty(size),
        np.empty(size, dtype=np.int32),
        np.zeros(size, dtype=np.bool_),
    )


def _part_candidates(candidates: _Candidates, sizes: Ints) -> Iterator[Ints]:
    """Part candidates so that the balls of each part fit in memory; balls near each other go together."""
    order = np.lexsort((candidates.second, candidates.first))
    need = np.cumsum((sizes[candidates.first] + sizes[candidates.second])[order])
    begin = 0
    while begin < len(order):
        spent = need[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(need, spent + _HELD, side="right")))
        yield order[begin:end]
        begin = end
