"""Which works first, quickly: one after the other, or all and then one less at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError
from bocage.rivers.budget import BudgetCurve, read_budgets
from bocage.rivers.gains import find_idle_levels
from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import Floats, Index, WorkOptions, WorksProblem, pose_problem

Levels = NDArray[np.int64]


@dataclass(frozen=True)
class _Walk:
    """Options changed one at a time: from `start`, node `node[i]` takes option `option[i]`.

    `cost` and `value` have one entry more than there are changes: the first are those of the start.
    """

    start: Levels
    node: NDArray[np.int32]
    option: NDArray[np.int32]
    cost: NDArray[np.int64]
    value: Floats

    def stop(self, steps: int) -> Levels:
        """Options after some changes."""
        level = self.start.copy()
        for node, option in zip(self.node[:steps], self.option[:steps], strict=True):
            level[node] = option
        return level


def plan_greedy(
    tree: RiverTree,
    options: WorkOptions,
    budgets: ArrayLike | None = None,
    *,
    index: Index = "potamodromous",
    forced_in: ArrayLike | None = None,
    forced_out: ArrayLike | None = None,
    adaptive: bool = True,
) -> BudgetCurve:
    """Choose works one after the other by gain for cost.

    For comparison: the index is supermodular, and what opens a river only together is never chosen first.

    Parameters
    ----------
    tree, options, index, forced_in, forced_out
        As `bocage.rivers.budget.plan_budget`.
    budgets : (b,) array of float, optional
        For each, works are chosen until no other can be paid. When left out, one sequence for all.
    adaptive : bool
        Measure the gains again after each choice. Otherwise rank once and go down the list.

    Raises
    ------
    DataError
        As `plan_budget`.
    """
    problem = pose_problem(tree, options, index, forced_in, forced_out)
    limit, most = read_budgets(problem, budgets)
    method = "greedy" if adaptive else "ranking"
    walk = _open if adaptive else _go_down_ranking
    asked = [most] if budgets is None else _count_all(problem, budgets)
    walks = [walk(problem, find_idle_levels(problem), budget) for budget in asked]
    return _draw_curve(problem, walks, limit, most, index, method)


def plan_reverse_greedy(
    tree: RiverTree,
    options: WorkOptions,
    budgets: ArrayLike | None = None,
    *,
    index: Index = "potamodromous",
    forced_in: ArrayLike | None = None,
    forced_out: ArrayLike | None = None,
) -> BudgetCurve:
    """Start from all works done and give up, one at a time, what loses least for its cost.

    Sees works that pay together, as `plan_greedy` does not; time grows as the square of the number of works,
    so it answers where the exact programme is too slow. At each budget of `budgets`, what is left is spent
    by gain for cost.

    Parameters
    ----------
    tree, options, budgets, index, forced_in, forced_out
        As `plan_greedy`.

    Raises
    ------
    DataError
        As `plan_budget`.
    """
    problem = pose_problem(tree, options, index, forced_in, forced_out)
    limit, most = read_budgets(problem, budgets)
    closing = _close(problem)
    walks = [closing]
    if budgets is not None:
        for budget in _count_all(problem, budgets):
            affordable = np.flatnonzero(closing.cost <= budget)
            if affordable.size:
                walks.append(_open(problem, closing.stop(int(affordable[0])), budget))
    return _draw_curve(problem, walks, limit, most, index, "reverse greedy")


def find_known_gains(problem: WorksProblem, most: int) -> tuple[NDArray[np.int64], Floats]:
    """Gains that greedy choices reach: a staircase (s,) of costs from 0 in whole units, and gains >= 0."""
    walks = [_close(problem), _open(problem, find_idle_levels(problem), most)]
    cost = np.concatenate([[0], *(walk.cost for walk in walks)]).astype(np.int64)
    gain = np.concatenate([[0.0], *(walk.value - problem.now for walk in walks)])
    order = np.lexsort((-gain, cost))
    cost, gain = cost[order], np.maximum.accumulate(gain[order])
    first = np.append(True, np.diff(cost) > 0)
    return cost[first], gain[first]


def _count_all(problem: WorksProblem, budgets: ArrayLike) -> list[int]:
    return [problem.count_budget(float(b)) for b in np.atleast_1d(np.asarray(budgets, dtype=np.float64))]


def _walk(problem: WorksProblem, level: Levels, budget: int, closing: bool) -> _Walk:
    from bocage.kernels.river_budget import walk_budget

    at = problem.first[:-1] + level
    spent = int(problem.cost[at].sum())
    start, value = level.copy(), problem.measure(level)
    node, option, cost, values = walk_budget(
        problem.parent, problem.arriving, problem.reached, problem.diadromous, problem.first, problem.cost,
        problem.up, problem.down, problem.up[at], problem.down[at], level.copy(), spent, budget, closing,
    )  # fmt: skip
    return _Walk(start, node, option, np.append([spent], cost), np.append([value], values + problem.constant))


def _open(problem: WorksProblem, level: Levels, budget: int) -> _Walk:
    return _walk(problem, level, budget, closing=False)


def _close(problem: WorksProblem) -> _Walk:
    """From the best of every barrier to the cheapest."""
    best = np.zeros(problem.count, dtype=np.int64)
    quality = problem.up + problem.down
    for node in np.flatnonzero(np.diff(problem.first) > 1):
        start, stop = problem.first[node], problem.first[node + 1]
        best[node] = np.argmax(quality[start:stop])  # the cheapest of equals comes first
    return _walk(problem, best, -1, closing=True)


def _go_down_ranking(problem: WorksProblem, level: Levels, budget: int) -> _Walk:
    """Take options in the order of their gain alone for their cost, one a barrier, while they can be paid."""
    whose = np.repeat(np.arange(problem.count), np.diff(problem.first))
    base = (problem.first[:-1] + level)[whose]
    _, upper_in, upper_out, rest_in, rest_out = problem.spread(level)
    gain = (problem.down - problem.down[base]) * (upper_in * rest_out)[whose]
    gain += (problem.up - problem.up[base]) * (rest_in * upper_out)[whose]
    extra = problem.cost - problem.cost[base]
    score = np.where(extra > 0, gain / np.maximum(extra, 1), np.inf)
    useful = np.flatnonzero(gain > 1e-15)
    start, now = level.copy(), level.copy()
    spent = int(problem.cost[problem.first[:-1] + level].sum())
    nodes: list[int] = []
    picked: list[int] = []
    costs, values = [spent], [problem.measure(now)]
    treated = np.zeros(problem.count, dtype=bool)
    for option in useful[np.argsort(-score[useful], kind="stable")]:
        node = whose[option]
        if treated[node] or spent + extra[option] > budget:
            continue
        treated[node] = True
        spent += int(extra[option])
        now[node] = option - problem.first[node]
        nodes.append(int(node))
        picked.append(int(now[node]))
        costs.append(spent)
        values.append(problem.measure(now))
    return _Walk(
        start, np.array(nodes, dtype=np.int32), np.array(picked, dtype=np.int32), np.array(costs),
        np.array(values),
    )  # fmt: skip


def _draw_curve(
    problem: WorksProblem, walks: list[_Walk], limit: float, most: int, index: Index, method: str
) -> BudgetCurve:
    """Staircase of the best stops of some walks."""
    cost = np.concatenate([walk.cost for walk in walks])
    value = np.concatenate([walk.value for walk in walks])
    whose = np.repeat(np.arange(len(walks)), [len(walk.cost) for walk in walks])
    stop = np.concatenate([np.arange(len(walk.cost)) for walk in walks])
    order = np.lexsort((stop, whose, -value, cost))
    order = order[cost[order] <= most]
    if not order.size:
        least = cost.min() * problem.unit
        raise DataError(f"The works that must be done cost {least:g}, more than the budget of {limit:g}.")
    best = np.maximum.accumulate(value[order])
    steps = order[np.append(True, best[1:] > best[:-1] + 1e-15)]
    unknown = np.full(steps.size, np.nan)

    def recover(step: int) -> NDArray[np.int64]:
        chosen = steps[step]
        level = walks[whose[chosen]].stop(int(stop[chosen]))
        rows = problem.row[problem.first[:-1] + level]
        return np.asarray(rows[rows >= 0], dtype=np.int64)

    gain = value[steps] - problem.now
    gain[np.abs(gain) < 1e-14] = 0.0
    return BudgetCurve(
        cost[steps] * problem.unit, gain, unknown, limit, problem.now, index, method, np.nan, recover
    )
