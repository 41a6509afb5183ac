"""Which works first where costs are too many to tell apart: counted by steps, within a proved gap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError
from bocage.rivers.budget import BudgetCurve, plan_budget, read_budgets
from bocage.rivers.greedy import plan_greedy, plan_reverse_greedy
from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import Index, WorkOptions, pose_problem

# What rounding may add to a cost, in steps: ten thousand works make less than what a budget is allowed.
_ROUNDING = 1e-10
# Plans of costs rounded down are tried so far below the budget: one of them may be paid with the true costs.
_TRIED = 60


Rows = NDArray[np.int64]


@dataclass(frozen=True)
class _Found:
    """A set of works: what surely pays for it, what it gains, and how to list it."""

    cost: float
    gain: float
    recover: Callable[[], Rows]


@dataclass(frozen=True)
class _Scale:
    """Both curves with costs counted by one step, up to one budget."""

    limit: float
    step: float
    above: BudgetCurve | None
    below: BudgetCurve


def choose_step(budget: float, steps: int) -> float:
    """Choose a round step of costs (1, 2 or 5 times a power of ten), at least so many of which make a budget.

    >>> choose_step(800_000, 1000), choose_step(1_234.56, 100)
    (500.0, 10.0)
    """
    if not (budget > 0 and np.isfinite(budget) and steps > 0):
        raise DataError(f"A budget of {budget} cannot be cut in {steps} steps; give numbers above 0.")
    most = budget / steps
    power = 10.0 ** np.floor(np.log10(most))
    return float(
        max(round(power * factor, 12) for factor in (1, 2, 5) if power * factor <= most * (1 + 1e-12))
    )


def plan_by_steps(
    tree: RiverTree,
    options: WorkOptions,
    budgets: ArrayLike,
    *,
    steps: int,
    index: Index = "potamodromous",
    forced_in: ArrayLike | None = None,
    forced_out: ArrayLike | None = None,
    gap: float = 0.0,
    effort: float = 1.0,
) -> BudgetCurve:
    """Find good sets of works, and a bound that no set passes, whatever the costs are.

    With costs rounded up to whole steps, the best set can be paid with the true costs; with costs rounded
    down, the best set gains at least what the best one does with the true costs. Both are found exactly,
    for each budget with a step of its own, and the greedy choices are looked at besides.

    Parameters
    ----------
    tree, options, index, forced_in, forced_out
        As `bocage.rivers.budget.plan_budget`.
    budgets : (b,) array of float
        Those of interest, > 0: near below each of them the steps are fine. The curve ends at the largest.
    steps : int
        Each budget is cut in at least so many, at most 2.5 times as many: time and memory grow with them,
        the gap shrinks.
    gap : float
        Share of the best gain, in [0, 1), that may be missed besides, for speed.
    effort : float
        As `bocage.rivers.budget.plan_budget`.

    Returns
    -------
    BudgetCurve
        Its method is ``"stepped"`` and its ``step`` that of the smallest budget; each step of the curve
        begins at what pays for it for sure. `BudgetCurve.find_gap` tells what is proved at a budget.

    Raises
    ------
    DataError
        As `plan_budget`; a budget of 0.
    ResourceError
        Too many undominated states: take fewer steps.

    Examples
    --------
    >>> tree = RiverTree(np.array([-1, 0, 1], dtype=np.int32), np.array([1., 1., 1.]), np.ones(3),
    ...                  np.array([1., 0., 0.]), np.array([1., 0., 0.]))
    >>> options = WorkOptions.of([1, 2], cost=[10.01, 9.98], up=[1, 1], down=[1, 1])
    >>> curve = plan_by_steps(tree, options, [20], steps=10)
    >>> curve.step, curve.choose(20).rows.tolist(), round(curve.choose(20).cost, 2), curve.find_gap(20)
    (1.0, [0, 1], 19.99, 0.0)
    """
    asked = np.unique(np.atleast_1d(np.asarray(budgets, dtype=np.float64)))
    forced: dict[str, Any] = {"index": index, "forced_in": forced_in, "forced_out": forced_out}
    problem = pose_problem(tree, options, index, forced_in, forced_out)
    limit, most = read_budgets(problem, asked)
    whole = most * problem.unit
    scales = [
        _solve(tree, options, budget, choose_step(min(budget, whole) or budget, steps), forced, gap, effort)
        for budget in asked.tolist()
    ]
    curves = [scale.above for scale in scales if scale.above is not None]
    curves += [
        plan_reverse_greedy(tree, options, asked, **forced),
        plan_greedy(tree, options, asked, **forced),
    ]
    plans: list[_Found] = []
    for curve in curves:
        plans += [
            _Found(cost, gain, partial(_choose_rows, curve, cost))
            for cost, gain in zip(curve.cost.tolist(), curve.gain.tolist(), strict=True)
            if cost <= limit * (1 + 1e-12)
        ]
    for scale in scales:
        plans += _try_payable(scale, options)
    return _draw(plans, scales, options, limit, problem.now, index)


def _solve(
    tree: RiverTree,
    options: WorkOptions,
    budget: float,
    step: float,
    forced: dict[str, Any],
    gap: float,
    effort: float,
) -> _Scale:
    """Find both curves for one budget, in whole steps."""
    counted = options.cost / step
    units = [float(np.floor(budget / step + 1e-9))]
    down = replace(options, cost=np.maximum(np.floor(counted + _ROUNDING), 0.0))
    up = replace(options, cost=np.maximum(np.ceil(counted - _ROUNDING), 0.0))
    below = plan_budget(tree, down, units, gap=gap, effort=effort, **forced)
    try:
        above = plan_budget(tree, up, units, gap=gap, effort=effort, **forced)
    except DataError:
        # What must be done fits the budget with the true costs, if at all.
        above = None
    if above is not None:
        above = replace(above, cost=above.cost * step, limit=budget)
    return _Scale(budget, step, above, below)


def _choose_rows(curve: BudgetCurve, cost: float) -> Rows:
    return curve.choose(cost).rows


def _try_payable(scale: _Scale, options: WorkOptions) -> list[_Found]:
    """Find the first plan of costs rounded down, from the budget on, that the true costs can pay."""
    last = len(scale.below.cost) - 1
    for at in range(last, max(-1, last - _TRIED), -1):
        rows = scale.below.choose(float(scale.below.cost[at])).rows
        cost = float(options.cost[rows].sum())
        if cost <= scale.limit * (1 + 1e-12):
            return [_Found(cost, float(scale.below.gain[at]), partial(np.copy, rows))]
    return []


def _draw(
    plans: list[_Found],
    scales: list[_Scale],
    options: WorkOptions,
    limit: float,
    now: float,
    index: Index,
) -> BudgetCurve:
    """Make the staircase of the best plans, each with its bound up to the next."""
    cost = np.array([plan.cost for plan in plans])
    gain = np.array([plan.gain for plan in plans])
    order = np.lexsort((np.arange(len(plans)), -gain, cost))
    best = np.maximum.accumulate(gain[order])
    kept = order[np.append(True, best[1:] > best[:-1] + 1e-15)]
    cost, gain = cost[kept], gain[kept]
    ends = np.append(cost[1:], max(scale.limit for scale in scales))
    last = np.arange(len(kept)) == len(kept) - 1
    bound = np.full(len(kept), np.inf)
    for scale in scales:
        within = ends <= scale.limit * (1 + 1e-12)
        # Budgets below the next plan, and the whole of the largest.
        units = np.ceil(ends[within] / scale.step - 1e-6) - 1
        units = np.where(last[within], np.floor(ends[within] / scale.step + 1e-6), units)
        curve = scale.below
        at = np.clip(np.searchsorted(curve.cost, units + 1e-9, side="right") - 1, 0, None)
        bound[within] = np.minimum(bound[within], curve.bound[at])
    bound = np.maximum(bound, gain)
    proved = np.divide(bound - gain, bound, out=np.zeros_like(gain), where=bound > 0)
    return BudgetCurve(
        cost=cost,
        gain=gain,
        bound=bound,
        limit=limit,
        now=now,
        index=index,
        method="stepped",
        gap=float(proved.max()),
        _recover=lambda step: plans[int(kept[step])].recover(),
        step=min(scale.step for scale in scales),
        option_cost=options.cost,
        _prove=partial(_find_bound, scales),
    )


def _find_bound(scales: list[_Scale], budget: float) -> float:
    """No set of works gains more for a budget."""
    found = [np.inf]
    for scale in scales:
        if budget <= scale.limit * (1 + 1e-12):
            at = np.searchsorted(scale.below.cost, np.floor(budget / scale.step + 1e-6) + 1e-9, side="right")
            found.append(float(scale.below.bound[max(int(at) - 1, 0)]))
    return min(found)
