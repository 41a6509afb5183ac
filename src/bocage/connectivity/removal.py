"""Which patches or links a network can best spare, or would miss most: greedy removal with exact losses.

Each step computes what the equivalent connected area loses without each candidate, all in one pass over the
trees of cheapest chains (``bocage.kernels.graph_removal.lose_each``), then takes one away. Nothing is
proven of a greedy order, and losses do not add up: two ways round the same obstacle cost little each and much
together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.choice import TIE, Choice, Limit, Stop
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.reach_matrix import check_plain, list_ways

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Order = Literal["least", "most"]

_BATCH = 32
_NOWHERE = 2**62


def measure_losses(graph: LandscapeGraph, dispersal: Dispersal) -> tuple[float, Floats, Floats]:
    """Measure what the network loses without each patch and without each link.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal

    Returns
    -------
    total : float
        ``sum_ij a_i a_j p_ij`` over ordered pairs: ECA squared.
    patches : (n,) array of float64
        How much of it goes with each patch, its own capacity included; dPC is 100 times its share of the
        total.
    links : (m,) array of float64
        How much of it goes with each link.

    Examples
    --------
    >>> graph = LandscapeGraph.of([1, 2, 3], [0, 1], [1, 2], [1000, 1000])
    >>> total, patches, links = measure_losses(graph, Dispersal(1000, 0.5))
    >>> round(total, 9), patches.round(9).tolist(), links.round(9).tolist()
    (23.5, [4.5, 13.5, 16.5], [3.5, 7.5])
    """
    from bocage.connectivity.importance import measure_importance

    check_plain(graph)
    worth = measure_importance(graph, dispersal)
    total = worth.indices.numerator
    return total, total * worth.total, total * worth.link


def remove_patches(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    *,
    count: int | None = None,
    budget: float | None = None,
    order: Order = "least",
    candidates: ArrayLike | None = None,
    price: ArrayLike | None = None,
) -> Choice:
    """Take patches away one by one, each time the one whose loss is least, or most.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal
    count : int, optional
        How many at most.
    budget : float, optional
        How much their prices may sum to. One of the two is needed.
    order : {"least", "most"}
        ``least`` looks for what can be spared, ``most`` for what the network cannot do without. Ties go to
        the first.
    candidates : (k,) array of int, optional
        Patches that may go; all by default.
    price : (n,) array of float, optional
        What taking each patch away brings or costs, > 0; losses are compared per unit. 1 by default.

    Returns
    -------
    Choice
        Places are those of patches. ``value`` falls; ``bound`` is ``inf`` and ``guarantee`` ``None``.

    Raises
    ------
    DataError
        Neither a count nor a budget is given, a price is not above 0, the graph has costs across patches.

    Examples
    --------
    >>> graph = LandscapeGraph.of([1, 2, 3], [0, 1], [1, 2], [1000, 1000])
    >>> choice = remove_patches(graph, Dispersal(1000, 0.5), count=2)
    >>> choice.ids, (choice.value**2).round(6).tolist()
    (('0', '1'), [23.5, 19.0, 9.0])
    """
    return _remove(graph, dispersal, graph.ids, count, budget, order, candidates, price, of_links=False)


def remove_links(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    *,
    count: int | None = None,
    budget: float | None = None,
    order: Order = "least",
    candidates: ArrayLike | None = None,
    price: ArrayLike | None = None,
) -> Choice:
    """Take links away one by one, each time the one whose loss is least, or most.

    Parameters are those of ``remove_patches``, with links for patches.

    Examples
    --------
    >>> graph = LandscapeGraph.of([1, 2, 3], [0, 1], [1, 2], [1000, 1000])
    >>> remove_links(graph, Dispersal(1000, 0.5), count=1, order="most").ids
    ('1',)
    """
    return _remove(graph, dispersal, graph.link_ids, count, budget, order, candidates, price, of_links=True)


def _remove(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    ids: tuple[str, ...],
    count: int | None,
    budget: float | None,
    order: Order,
    candidates: ArrayLike | None,
    price: ArrayLike | None,
    *,
    of_links: bool,
) -> Choice:
    from bocage.connectivity.candidates import check_prices

    check_plain(graph)
    prices = check_prices(price, ids)
    limit = Limit.of(count, budget, prices)
    may_go = np.zeros(len(ids), dtype=bool)
    may_go[slice(None) if candidates is None else np.asarray(candidates, dtype=np.int64)] = True
    alive = np.ones(graph.link_count, dtype=bool)
    capacity = graph.capacity.copy()
    none_of_patches, none_of_links = np.zeros(graph.count, dtype=bool), np.zeros(graph.link_count, dtype=bool)
    gone: list[int] = []
    totals: list[float] = []
    spent = [0.0]
    stop: Stop = "no_candidate"

    def measure(some: Ints) -> Floats:
        """Give the loss per unit of price of some of the candidates."""
        flags = np.zeros(len(ids), dtype=bool)
        flags[some] = True
        of_patch, of_link = (none_of_patches, flags) if of_links else (flags, none_of_links)
        measured = _lose(graph, dispersal, capacity, alive, of_patch, of_link)
        found: Floats = (measured.links if of_links else measured.patches)[some] / prices[some]
        return found

    while True:
        losses = _lose(graph, dispersal, capacity, alive, none_of_patches, none_of_links)
        totals.append(losses.total)
        which = np.flatnonzero(may_go & limit.allows_after(len(gone), spent[-1]))
        if not which.size:
            stop = limit.stop_after(len(gone)) if may_go.any() else "no_candidate"
            break

        if order == "least":
            floor = losses.links if of_links else losses.patches
            one = _pick(which, floor[which] / prices[which], measure)
        else:
            roof = losses.links_most if of_links else losses.patches_most
            one = _pick(which, -roof[which] / prices[which], lambda some: -measure(some))
        gone.append(one)
        spent.append(spent[-1] + float(prices[one]))
        may_go[one] = False
        if of_links:
            alive[one] = False
        else:
            alive[(graph.start == one) | (graph.end == one)] = False
            capacity[one] = 0.0
    return Choice(
        np.array(gone, dtype=np.int64),
        tuple(ids[one] for one in gone),
        np.arange(1, len(gone) + 1),
        np.sqrt(np.maximum(totals, 0)),
        np.array(spent),
        math.inf,
        None,
        stop,
    )


def _pick(which: Ints, low: Floats, measure: Callable[[Ints], Floats]) -> int:
    """Pick the first of least score, having measured only those that may be it by their lower bound."""
    rank = np.argsort(low, kind="stable")
    best, size, found = math.inf, _BATCH, -1
    while rank.size:
        some = np.sort(rank[:size])
        scores = measure(which[some])
        lowest = float(scores.min())
        edge = min(best, lowest)
        first = int(which[some[np.flatnonzero(scores <= edge + TIE * abs(edge))]].min(initial=_NOWHERE))
        kept = found if best <= edge + TIE * abs(edge) else _NOWHERE
        found, best = min(first, kept), edge
        rank = rank[size:]
        rank = rank[low[rank] <= best + 10 * TIE * abs(best)]
        size *= 8
    return found


@dataclass(frozen=True, slots=True)
class _Losses:
    total: float
    patches: Floats
    links: Floats
    patches_most: Floats
    links_most: Floats


def _lose(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    capacity: Floats,
    alive: NDArray[np.bool_],
    of_patch: NDArray[np.bool_],
    of_link: NDArray[np.bool_],
) -> _Losses:
    from bocage.kernels import graph_removal

    first, near, weight, link = list_ways(graph, dispersal)
    patches, patches_most = np.zeros(graph.count), np.zeros(graph.count)
    links, links_most = np.zeros(graph.link_count), np.zeros(graph.link_count)
    total = graph_removal.lose_each(
        first,
        near,
        weight,
        link,
        alive,
        capacity,
        of_patch,
        of_link,
        patches,
        links,
        patches_most,
        links_most,
    )
    return _Losses(float(total), patches, links, patches_most, links_most)
