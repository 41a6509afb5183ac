"""Which links or patches to add first: greedy with exact gains, or every choice tried.

What is sought is the equivalent connected area, ``ECA = sqrt(sum_ij a_i a_j p_ij)``. It never falls when a
link or a patch is added, but it is not submodular: two links in a row may gain little alone and much
together. Greedy search therefore has no guarantee here and claims none; the result carries an upper bound
instead, so that how far the choice may be from the best one is known.

Gains are exact and need no new search (``bocage.kernels.graph_search``): memory is 8 bytes a pair of patches.

Sources: for ECA, Saura, Estreguil, Mouton and Rodriguez-Freire (2011), doi:10.1016/j.ecolind.2010.06.011; for
adding patches one by one where they raise an index most, Foltête, Girardet and Clauzel (2014), Landscape and
Urban Planning 124.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.candidates import LinkCandidates, PatchCandidates
from bocage.connectivity.choice import TIE, Choice, Limit, Stop, Trail
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.reach_matrix import ReachMatrix
from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Method = Literal["greedy", "exhaustive"]

_MOST_TRIED = 200_000
_BOUND_WORK = 1e9
_LOOSE = 1e-3


def choose_links(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    candidates: LinkCandidates,
    *,
    count: int | None = None,
    budget: float | None = None,
    method: Method = "greedy",
    memory_gb: float = 4,
) -> Choice:
    """Choose the links to add or improve so that the equivalent connected area grows most.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal
    candidates : LinkCandidates
    count : int, optional
        How many at most.
    budget : float, optional
        How much their prices may sum to. One of the two is needed.
    method : {"greedy", "exhaustive"}
        ``greedy`` takes the link of greatest growth of ECA per unit of price, again and again; ties go to the
        first. ``exhaustive`` tries every choice, at most 200 000.
    memory_gb : float
        Memory that the reach between patches may take (8 bytes a pair, twice for the bound).

    Returns
    -------
    Choice

    Raises
    ------
    DataError
        Neither a count nor a budget is given, or there are too many choices to try.
    ResourceError
        There are too many patches for the memory.

    Notes
    -----
    The bound: with the reach once all candidates are there and that of today, each link has a gain that it
    never exceeds (``bound_links``, or the looser ``cap_links`` of large graphs). The most of these gains that
    fits the count and the budget, a share of the last one, is a bound, and ECA with all candidates is
    another. The lesser stands.

    Examples
    --------
    Three patches in a row; the second link is worth more than the first.

    >>> graph = LandscapeGraph.of([1, 2, 3], [], [], [])
    >>> links = LinkCandidates.of(graph, [0, 1], [1, 2], [1000, 1000])
    >>> choice = choose_links(graph, Dispersal(1000, 0.5), links, count=1)
    >>> choice.ids, (choice.value**2).round(6).tolist(), choice.guarantee
    (('1',), [14.0, 20.0], None)
    """
    limit = Limit.of(count, budget, candidates.price)
    chances = np.ascontiguousarray(dispersal.reach(candidates.cost))
    reach = ReachMatrix(graph, dispersal, memory_gb=memory_gb / 2)
    bound = _bound_links(reach, candidates, chances, limit)
    if method == "exhaustive":
        best = _Best(reach.total)
        _try_links(reach, candidates, chances, _count_tries(limit, candidates.count), best)
        return best.choice(candidates.ids, candidates.price, min(bound, math.sqrt(best.total)), limit)
    trail = Trail(reach.total)
    left = np.ones(candidates.count, dtype=bool)
    stop: Stop = "no_candidate"
    while left.any():
        which = np.flatnonzero(left & limit.allows(trail))
        if not which.size:
            stop = limit.stop(trail)
            break
        cap = reach.cap_links(candidates.start[which], candidates.end[which], chances[which])
        gain = trail.measure(
            cap, candidates.price[which], partial(_gain_links, reach, candidates, chances, which)
        )
        k = trail.pick(gain, candidates.price[which])
        if k < 0:
            stop = "no_gain"
            break
        one = int(which[k])
        reach.put_link(int(candidates.start[one]), int(candidates.end[one]), float(chances[one]))
        trail.add((one,), float(gain[k]), float(candidates.price[one]))
        left[one] = False
    return trail.choice(candidates.ids, bound, None, stop)


def choose_patches(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    candidates: PatchCandidates,
    *,
    count: int | None = None,
    budget: float | None = None,
    together: ArrayLike | None = None,
    method: Method = "greedy",
    memory_gb: float = 4,
) -> Choice:
    """Choose the patches to add so that the equivalent connected area grows most.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal
    candidates : PatchCandidates
    count : int, optional
        How many at most.
    budget : float, optional
        How much their prices may sum to. One of the two is needed.
    together : (p, 2) array of int, optional
        Pairs of candidates that greedy also tries at once, for patches that link only through one another;
        the pair is taken if its growth per unit of price is the greatest.
    method : {"greedy", "exhaustive"}
        As for ``choose_links``.
    memory_gb : float

    Returns
    -------
    Choice
        The bound is ECA with all candidates, clashes forgotten; tighter ones are not known.

    Raises
    ------
    DataError, ResourceError
        As for ``choose_links``.

    Examples
    --------
    A patch between two others serves as a stepping stone:

    >>> graph = LandscapeGraph.of([3, 4], [], [], [])
    >>> more = PatchCandidates.of(graph, [1, 1], [0, 0, 1], [0, 1, 0], [1000, 1000, 500])
    >>> choice = choose_patches(graph, Dispersal(1000, 0.5), more, count=1)
    >>> choice.ids, (choice.value**2).round(6).tolist()
    (('0',), [25.0, 39.0])
    """
    limit = Limit.of(count, budget, candidates.price)
    chances = np.ascontiguousarray(dispersal.reach(candidates.cost))
    bound = _bound_patches(graph, dispersal, candidates)
    room = min(candidates.count, candidates.count if count is None else count)
    reach = ReachMatrix(graph, dispersal, room=room, memory_gb=memory_gb)
    state = _Growing(graph.count, candidates, chances)
    if method == "exhaustive":
        best = _Best(reach.total)
        _try_patches(reach, state, _count_tries(limit, candidates.count), best)
        return best.choice(candidates.ids, candidates.price, math.sqrt(best.total), limit)
    pairs = np.empty((0, 2), np.int64) if together is None else np.asarray(together, np.int64).reshape(-1, 2)
    trail = Trail(reach.total)
    stop: Stop = "no_candidate"
    while state.free.any():
        which = np.flatnonzero(state.free & limit.allows(trail))
        if not which.size:
            stop = limit.stop(trail)
            break
        near = state.near()
        links = (candidates.capacity, candidates.first, near, chances)
        cap = reach.cap_patches(*links, which)
        gain = trail.measure(cap, candidates.price[which], partial(_gain_patches, reach, links, which))
        groups: list[tuple[int, ...]] = [(int(one),) for one in which]
        if len(pairs) and limit.allows_more(trail):
            duos, both = _gain_pairs(reach, state, pairs, limit, trail)
            groups += duos
            gain = np.concatenate([gain, both])
        prices = np.array([candidates.price[list(group)].sum() for group in groups])
        k = trail.pick(gain, prices)
        if k < 0:
            stop = "no_gain"
            break
        for one in groups[k]:
            state.put(reach, one)
        trail.add(groups[k], float(gain[k]), float(prices[k]))
    return trail.choice(candidates.ids, bound, None, stop)


class _Best:
    """The best choice of those tried."""

    def __init__(self, total: float) -> None:
        self.start = self.total = total
        self.places: tuple[int, ...] = ()

    def offer(self, places: tuple[int, ...], total: float) -> None:
        if total > self.total * (1 + TIE):
            self.total, self.places = total, places

    def choice(self, ids: tuple[str, ...], price: Floats, bound: float, limit: Limit) -> Choice:
        places = np.array(self.places, dtype=np.int64)
        several = len(places) > 0
        return Choice(
            places,
            tuple(ids[one] for one in places),
            np.ones(len(places), dtype=np.int64),
            np.sqrt([self.start, self.total] if several else [self.start]),
            np.array([0.0, float(price[places].sum())] if several else [0.0]),
            max(bound, math.sqrt(self.total)),
            1.0,
            "count" if len(places) == limit.count and limit.by_count else "budget",
        )


class _Growing:
    """Candidate patches while some are put in."""

    def __init__(self, count: int, candidates: PatchCandidates, chances: Floats) -> None:
        self.count = count
        self.candidates = candidates
        self.chances = chances
        self.row = np.full(candidates.count, -1, np.int64)
        self.free = np.ones(candidates.count, dtype=bool)
        pairs = np.concatenate([candidates.clash, candidates.clash[:, ::-1]])
        self.clashes: dict[int, list[int]] = {}
        for one, two in pairs.tolist():
            self.clashes.setdefault(one, []).append(two)

    def near(self) -> Ints:
        """Give the rows of what candidates are linked to, -1 for candidates that are not in."""
        other = self.candidates.other
        found: Ints = np.where(
            other < self.count, other, self.row[np.maximum(other - self.count, 0)] if len(self.row) else -1
        )
        return found

    def put(self, reach: ReachMatrix, one: int) -> None:
        links = slice(int(self.candidates.first[one]), int(self.candidates.first[one + 1]))
        capacity = float(self.candidates.capacity[one])
        self.row[one] = reach.put_patch(capacity, self.near()[links], self.chances[links])
        self.free[one] = False
        self.free[self.clashes.get(one, [])] = False

    def fork(self) -> _Growing:
        other = object.__new__(_Growing)
        other.count, other.candidates, other.chances = self.count, self.candidates, self.chances
        other.row, other.free, other.clashes = self.row.copy(), self.free.copy(), self.clashes
        return other


def _gain_links(
    reach: ReachMatrix, candidates: LinkCandidates, chances: Floats, which: Ints, some: Ints
) -> Floats:
    one = which[some]
    return reach.gain_links(candidates.start[one], candidates.end[one], chances[one])


def _gain_patches(
    reach: ReachMatrix, links: tuple[Floats, Ints, Ints, Floats], which: Ints, some: Ints
) -> Floats:
    return reach.gain_patches(*links, which[some])


def _gain_pairs(
    reach: ReachMatrix, state: _Growing, pairs: Ints, limit: Limit, trail: Trail
) -> tuple[list[tuple[int, ...]], Floats]:
    """Give the gain of each pair that may be put in at once: one of them on a copy, then the other."""
    candidates = state.candidates
    partners: dict[int, list[int]] = {}
    for one, two in pairs.tolist():
        allowed = state.free[one] and state.free[two] and two not in state.clashes.get(one, [])
        if allowed and one != two and limit.allows_pair(trail, one, two):
            partners.setdefault(min(one, two), []).append(max(one, two))
    groups: list[tuple[int, ...]] = []
    gains: list[Floats] = []
    for one in sorted(partners):
        seconds = np.unique(np.array(partners[one], dtype=np.int64))
        branch, grown = state.fork(), reach.copy()
        near = branch.near()
        alone = grown.gain_patches(
            candidates.capacity, candidates.first, near, state.chances, np.array([one])
        )
        branch.put(grown, one)
        then = grown.gain_patches(
            candidates.capacity, candidates.first, branch.near(), state.chances, seconds
        )
        groups += [(one, int(two)) for two in seconds]
        gains.append(alone + then)
    return groups, np.concatenate(gains) if gains else np.empty(0)


def _try_links(
    reach: ReachMatrix,
    candidates: LinkCandidates,
    chances: Floats,
    sets: Sequence[tuple[int, ...]],
    best: _Best,
) -> None:
    for places in sets:
        tried = reach.copy()
        for one in places:
            tried.put_link(int(candidates.start[one]), int(candidates.end[one]), float(chances[one]))
        best.offer(places, tried.total)


def _try_patches(reach: ReachMatrix, state: _Growing, sets: Sequence[tuple[int, ...]], best: _Best) -> None:
    for places in sets:
        branch, tried = state.fork(), reach.copy()
        for one in places:
            if not branch.free[one]:
                break
            branch.put(tried, one)
        else:
            best.offer(places, tried.total)


def _count_tries(limit: Limit, count: int) -> list[tuple[int, ...]]:
    """List every choice within the limit, the fewer and the first ones before."""
    found: list[tuple[int, ...]] = []
    for places in _list_sets(limit, count):
        found.append(places)
        if len(found) > _MOST_TRIED:
            raise DataError(
                f"There are more than {_MOST_TRIED} choices among {count} candidates, too many to try each; "
                "ask for the greedy method, or give fewer candidates or a smaller count or budget."
            )
    return found


def _list_sets(limit: Limit, count: int) -> Iterator[tuple[int, ...]]:
    room = limit.budget + 1e-9 * abs(limit.budget) if math.isfinite(limit.budget) else math.inf
    layer: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    for _ in range(limit.count):
        grown: list[tuple[tuple[int, ...], float]] = []
        for places, spent in layer:
            for one in range(places[-1] + 1 if places else 0, count):
                price = spent + float(limit.price[one])
                if price <= room:
                    yield (*places, one)
                    grown.append(((*places, one), price))
        layer = grown


def _bound_links(reach: ReachMatrix, candidates: LinkCandidates, chances: Floats, limit: Limit) -> float:
    from bocage.kernels import graph_search

    every = reach.copy()
    for one in range(candidates.count):
        every.put_link(int(candidates.start[one]), int(candidates.end[one]), float(chances[one]))
    ends = (reach.capacity, reach.count, candidates.start, candidates.end, chances)
    most = np.empty(candidates.count)
    if candidates.count and float(reach.count) ** 2 * candidates.count <= _BOUND_WORK:
        loose = _LOOSE * reach.total / candidates.count
        graph_search.bound_links(every.matrix, reach.matrix, *ends, loose, most)
    else:
        graph_search.cap_links(reach.matrix, every.matrix, *ends, most)
    return math.sqrt(min(every.total, reach.total + limit.share(most))) * (1 + TIE)


def _bound_patches(graph: LandscapeGraph, dispersal: Dispersal, candidates: PatchCandidates) -> float:
    """Give ECA once every candidate is there."""
    from bocage.connectivity.graph import equivalent_connected_area

    owner = np.repeat(np.arange(candidates.count), np.diff(candidates.first)) + graph.count
    eca = equivalent_connected_area(
        np.concatenate([graph.capacity, candidates.capacity]),
        np.concatenate([graph.start, owner]),
        np.concatenate([graph.end, candidates.other]),
        np.concatenate([graph.cost, candidates.cost]),
        dispersal_cost=dispersal.distance,
        probability=dispersal.probability,
    )
    return eca * (1 + TIE)
