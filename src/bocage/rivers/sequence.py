"""In what order to do the works of a plan, and what each waits for downstream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError
from bocage.rivers.gains import find_idle_levels
from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import Floats, Index, WorkOptions, WorksProblem, pose_problem


@dataclass(frozen=True)
class WorksOrder:
    """The works of a plan, first to do first.

    Attributes
    ----------
    rows : (p,) array of int64
        Of the options. Those done after any number of works are a plan of their own.
    cost : (p,) array of float64
        Spent once each is done.
    gain : (p,) array of float64
        Rise of the index, in [0, 1], since the beginning, once each is done.
    added : (p,) array of float64
        What each adds to those before it.
    waits_for : (p,) array of int64
        Row of the nearest work downstream without which most of the gain of this one is lost; -1 for none.
    lost : (p,) array of float64
        The share of its gain, in the whole plan, that a work loses while the one it waits for is not done (1:
        it opens only once that is open); 0 when it waits for none.
    """

    rows: NDArray[np.int64]
    cost: Floats
    gain: Floats
    added: Floats
    waits_for: NDArray[np.int64]
    lost: Floats


def order_works(
    tree: RiverTree,
    options: WorkOptions,
    rows: ArrayLike,
    *,
    index: Index = "potamodromous",
    share: float = 0.5,
) -> WorksOrder:
    """Order the works of a plan so that what is done at any time is worth most.

    The last is the one that the whole plan would miss least for its cost, and so on back to the first; a work
    comes after the one it waits for.

    Parameters
    ----------
    tree : RiverTree
        As it is today.
    options : WorkOptions
        What can be done.
    rows : (p,) array of int
        The plan: options to be done, one a barrier at most.
    index : {"potamodromous", "diadromous"}
        See `bocage.rivers.works_problem.pose_problem`.
    share : float
        A work waits for the nearest downstream whose absence loses at least this share of its gain, in (0,
        1].

    Returns
    -------
    WorksOrder

    Raises
    ------
    DataError
        A share outside (0, 1], a row that is none of the options, two at one barrier.

    Examples
    --------
    A river shut twice, seen from the sea: the higher weir opens nothing before the lower one.

    >>> tree = RiverTree(np.array([-1, 0, 1], dtype=np.int32), np.ones(3), np.ones(3), np.array([1., 0., 0.]),
    ...                  np.array([1., 0., 0.]))
    >>> options = WorkOptions.of([2, 1], cost=[1, 1], up=[1, 1], down=[1, 1])
    >>> order = order_works(tree, options, [0, 1], index="diadromous")
    >>> order.rows.tolist(), order.waits_for.tolist(), order.lost.tolist()
    ([1, 0], [-1, 1], [0.0, 1.0])
    """
    if not 0 < share <= 1:
        raise DataError(f"share is {share}; give a share above 0 and up to 1.")
    chosen = np.sort(np.asarray(rows, dtype=np.int64))
    if chosen.size and not (chosen[0] >= 0 and chosen[-1] < options.count):
        raise DataError(f"The plan names row {chosen[0] if chosen[0] < 0 else chosen[-1]}; "
                        f"there are {options.count} options.")  # fmt: skip
    values, counts = np.unique(options.reach[chosen], return_counts=True)
    if (counts > 1).any():
        raise DataError(f"Two options are chosen at reach {values[counts > 1][0]}; choose one a barrier.")
    unwanted = np.ones(options.count, dtype=bool)
    unwanted[chosen] = False
    problem = pose_problem(tree, options, index, forced_out=unwanted)

    place = np.flatnonzero(problem.row >= 0)
    place = place[np.argsort(problem.row[place])]  # of each chosen row, among the options of the problem
    node = np.searchsorted(problem.first, place, side="right") - 1
    done = place - problem.first[node]
    idle = find_idle_levels(problem)
    waits_for, lost = _find_waits(problem, node, done, idle, share)
    sequence = _order(problem, options.cost[chosen], node, done, idle, waits_for)

    level = idle.copy()
    before = problem.now
    gain = np.empty(chosen.size)
    for k, work in enumerate(sequence):
        level[node[work]] = done[work]
        gain[k] = problem.measure(level) - before
    waited = waits_for[sequence]
    return WorksOrder(
        rows=chosen[sequence],
        cost=np.cumsum(options.cost[chosen[sequence]]),
        gain=gain,
        added=np.diff(gain, prepend=0.0),
        waits_for=np.where(waited < 0, -1, chosen[np.maximum(waited, 0)]) if chosen.size else waited,
        lost=lost[sequence],
    )


def _measure_losses(
    problem: WorksProblem,
    level: NDArray[np.int64],
    node: NDArray[np.int64],
    done: NDArray[np.int64],
    idle: NDArray[np.int64],
) -> Floats:
    """Measure what each work (p,) adds to all that `level` does elsewhere."""
    _, upper_in, upper_out, rest_in, rest_out = problem.spread(level)
    on, off = problem.first[node] + done, problem.first[node] + idle[node]
    by_down = (problem.down[on] - problem.down[off]) * upper_in[node] * rest_out[node]
    by_up = (problem.up[on] - problem.up[off]) * rest_in[node] * upper_out[node]
    return np.asarray(by_down + by_up, dtype=np.float64)


def _find_waits(
    problem: WorksProblem,
    node: NDArray[np.int64],
    done: NDArray[np.int64],
    idle: NDArray[np.int64],
    share: float,
) -> tuple[NDArray[np.int64], Floats]:
    """Which work each one waits for, -1 for none, and the share of its gain lost without it."""
    count = node.size
    level = idle.copy()
    level[node] = done
    whole = _measure_losses(problem, level, node, done, idle)
    work_at = np.full(problem.count, -1)
    work_at[node] = np.arange(count)
    nearest = np.full(problem.count, -1)  # work met first on the way down from a node, its own barrier aside
    for v in range(1, problem.count):
        p = problem.parent[v]
        nearest[v] = work_at[p] if work_at[p] >= 0 else nearest[p]
    waits_for = np.full(count, -1)
    lost = np.zeros(count)
    without = np.zeros((count, count)) if count else np.zeros((0, 0))
    for work in range(count):
        level[node[work]] = idle[node[work]]
        without[work] = _measure_losses(problem, level, node, done, idle)
        level[node[work]] = done[work]
    for work in range(count):
        below = nearest[node[work]]
        while below >= 0 and whole[work] > 0:
            missing = 1.0 - without[below, work] / whole[work]
            if missing >= share:
                waits_for[work], lost[work] = below, missing
                break
            below = nearest[node[below]]
    return waits_for, lost


def _order(
    problem: WorksProblem,
    cost: Floats,
    node: NDArray[np.int64],
    done: NDArray[np.int64],
    idle: NDArray[np.int64],
    waits_for: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Works, first to do first: from the whole plan, the one least missed for its cost goes last."""
    count = node.size
    level = idle.copy()
    level[node] = done
    left = np.ones(count, dtype=bool)
    waiting = np.bincount(waits_for[waits_for >= 0], minlength=count)
    backwards = []
    for _ in range(count):
        loss = _measure_losses(problem, level, node, done, idle)
        missed = np.divide(loss, cost, out=np.full(count, np.inf), where=cost > 0)
        free = np.flatnonzero(left & (waiting == 0))
        last = int(free[np.argmin(missed[free])])
        backwards.append(last)
        left[last] = False
        level[node[last]] = idle[node[last]]
        if waits_for[last] >= 0:
            waiting[waits_for[last]] -= 1
    return np.array(backwards[::-1], dtype=np.int64)
