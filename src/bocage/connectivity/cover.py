"""Which patches to keep so that most of the others stay within reach of one: greedy with a proven guarantee.

The value of a set is what its patches reach, each capacity counted by the nearest of them only:
``f(S) = sum_j a_j max over s in S of p_sj``. It never falls as the set grows and a patch adds less to a
larger set (it is submodular), so greedy choice reaches at least 1 - 1/e of the best value for a count
(Nemhauser, Wolsey and Fisher 1978, Mathematical Programming 14) and, with prices and the better of two greedy
rules, half of that within a budget (Leskovec et al. 2007, KDD). A gain of an earlier step bounds the present
one, so that few are computed again (Minoux 1978).
"""

from __future__ import annotations

import heapq
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.choice import TIE, Choice, Limit, Stop, Trail
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.reach_matrix import ReachMatrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def choose_cover(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    *,
    count: int | None = None,
    budget: float | None = None,
    candidates: ArrayLike | None = None,
    price: ArrayLike | None = None,
    memory_gb: float = 4,
) -> Choice:
    """Choose patches from which the most capacity is reached, each patch counted from the nearest one.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal
    count : int, optional
        How many at most.
    budget : float, optional
        How much their prices may sum to. One of the two is needed.
    candidates : (k,) array of int, optional
        Patches that may be chosen; all by default.
    price : (n,) array of float, optional
        > 0; 1 by default.
    memory_gb : float
        Memory that the reach between patches may take.

    Returns
    -------
    Choice
        ``value`` is capacity within reach. ``guarantee`` is 1 - 1/e for a count, half of it for a budget;
        ``bound`` comes from what is left to gain, and is often far tighter.

    Raises
    ------
    DataError, ResourceError
        As for ``choose_links``.

    Examples
    --------
    The middle of a row reaches most, then an end:

    >>> graph = LandscapeGraph.of([2, 2, 2], [0, 1], [1, 2], [1000, 1000])
    >>> choice = choose_cover(graph, Dispersal(1000, 0.5), count=2)
    >>> choice.ids, choice.value.tolist(), round(choice.guarantee, 3)
    (('1', '0'), [0.0, 4.0, 5.0], 0.632)
    """
    from bocage.connectivity.candidates import check_prices

    prices = check_prices(price, graph.ids)
    limit = Limit.of(count, budget, prices)
    which = (
        np.arange(graph.count) if candidates is None else np.unique(np.asarray(candidates, dtype=np.int64))
    )
    reach = ReachMatrix(graph, dispersal, memory_gb=memory_gb).matrix
    trail, bound, stop = _cover(reach, graph.capacity, which, limit, by_price=True)
    guarantee = 1 - 1 / math.e
    if budget is not None:
        other, other_bound, other_stop = _cover(reach, graph.capacity, which, limit, by_price=False)
        bound = min(bound, other_bound)
        if other.totals[-1] > trail.totals[-1] * (1 + TIE):
            trail, stop = other, other_stop
        guarantee /= 2
    # A count and a budget together are two constraints, of which nothing is proven here.
    proven = None if count is not None and budget is not None and count < len(which) else guarantee
    return trail.choice(graph.ids, bound, proven, stop)


def _cover(
    reach: Floats, capacity: Floats, which: Ints, limit: Limit, *, by_price: bool
) -> tuple[Trail, float, Stop]:
    """Choose by gain per price, or by gain alone; give the bound of any choice as well."""
    trail = Trail(0.0, root=False)
    covered = np.zeros(len(capacity))
    weight = limit.price if by_price else np.ones(len(limit.price))

    def gain(one: int) -> float:
        return float(np.maximum(reach[one] - covered, 0) @ capacity)

    known = {int(one): gain(int(one)) for one in which}
    queue = [(-known[one] / weight[one], one) for one in known]
    heapq.heapify(queue)
    bound = math.inf
    stop: Stop = "no_candidate"
    while queue:
        affordable = limit.allows_after(trail.size, trail.spent[-1])
        if not affordable.any() or trail.size >= limit.count:
            stop = limit.stop_after(trail.size)
            break
        fresh: list[tuple[float, int]] = []
        while queue and (not fresh or queue[0][0] <= fresh[0][0] * (1 - TIE)):
            _, one = heapq.heappop(queue)
            if not affordable[one]:
                continue
            known[one] = gain(one)
            heapq.heappush(fresh, (-known[one] / weight[one], one))
        if not fresh:
            stop = "budget"
            break
        best = fresh[0][0]
        tied = [one for score, one in fresh if score <= best * (1 - TIE)]
        chosen = min(tied)
        if known[chosen] <= 0:
            stop = "no_gain"
            break
        for score, one in fresh:
            if one != chosen:
                heapq.heappush(queue, (score, one))
        trail.add((chosen,), known[chosen], float(limit.price[chosen]))
        covered = np.maximum(covered, reach[chosen])
        bound = min(bound, _bound(trail, known, limit, which))
    bound = min(bound, _bound(trail, known, limit, which))
    return trail, bound, stop


def _bound(trail: Trail, known: dict[int, float], limit: Limit, which: Ints) -> float:
    """Bound any choice: what is covered, and the most that gains known (they only fall) may add."""
    most = np.zeros(len(limit.price))
    most[which] = [known[int(one)] for one in which]
    most[[one for group in trail.groups for one in group]] = 0.0
    return trail.totals[-1] + limit.share(most)
