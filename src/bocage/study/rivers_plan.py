"""What a budget can do on a river: the options of each work, the curve of best gains, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError, ResourceError
from bocage.study.rivers_inputs import RiverInputs, RiverOptions, read_numbers

if TYPE_CHECKING:
    from pandas import DataFrame

    from bocage.rivers.budget import BudgetCurve
    from bocage.rivers.sequence import WorksOrder
    from bocage.rivers.tree import RiverTree
    from bocage.rivers.treeing import NetworkTree
    from bocage.rivers.uncertainty import UncertainPlan
    from bocage.rivers.works_problem import WorkOptions

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

EXACT_UNITS, EXACT_WORKS = 10_000, 500
"""The curve is exact up to so many works, for a budget of so many units of cost."""
ALIKE_WORKS, FEW_WORKS = 1500, 30
"""And up to so many works of one cost, or so few of any costs."""
STEPS = ((250, 8000), (500, 2000), (1500, 1000), (4000, 500))
STEPS_UNLIKE = ((120, 8000), (250, 2000), (700, 1000), (3000, 250))
"""Beyond, costs are counted by steps: up to so many options, at least so many steps make a budget; the second
where works are not climbed and descended alike, which leaves more states worth keeping."""
QUICKLY = 0.3
"""Steps four times finer are tried first, with this share of the effort."""
FEWEST_STEPS = 60
"""Where states are too many steps are made coarser, down to so few; beyond, the best of three greedy ways."""
TENTH = 0.1
"""Share of all costs for which the gain is told where no budget is given: choosing well matters there."""

_STEPS = 60
_DRAWS, _MOST_DRAWN, _MOST_DRAWN_ALIKE, _DRAWN_STEPS = 24, 250, 600, 400


@dataclass(frozen=True)
class WorkChoices:
    """What can be done at the works of a river.

    Attributes
    ----------
    options : WorkOptions
        Removals first, then fish passes, on the reaches of the tree.
    rows : (k,) array of int64
        Work of each option.
    passes : (k,) array of bool
        Which options are fish passes.
    must, never : (k,) array of bool
        Options of works that have to be opened, and removals that may not be imposed.
    assumed : int
        Works without a cost, taken as the median of the others.
    """

    options: WorkOptions
    rows: NDArray[np.int64]
    passes: Mask
    must: Mask
    never: Mask
    assumed: int


@dataclass(frozen=True)
class RiverBudget:
    """What a budget can do.

    Attributes
    ----------
    options : WorkOptions
        One row an option: removals, then fish passes.
    rows : (k,) array of int64
        Work of each option.
    passes : (k,) array of bool
        Which options are fish passes.
    alone : (k,) array of float64
        Rise of the index by each option alone.
    cost_assumed : int
        Works without a cost, taken as the median of the others.
    curve : BudgetCurve
    ranking : BudgetCurve
        What the same money reaches down the list of gains alone.
    order : WorksOrder or None
        Of the works of the budget asked for.
    must, never : int
        Works that have to be opened, and whose removal may not be imposed.
    told : float
        The budget for which gain and gap are told: the one planned, or a tenth of what all would cost.
    asked : float or None
        Budget that was planned: the one given, or the share of all costs that was asked for.
    draws : UncertainPlan or None
        The budget planned, with unknown passabilities drawn from their interval; None where there is no
        budget, nothing unknown or too much to draw.
    """

    options: WorkOptions
    rows: NDArray[np.int64]
    passes: Mask
    alone: Floats
    cost_assumed: int
    curve: BudgetCurve
    ranking: BudgetCurve
    order: WorksOrder | None
    must: int
    never: int
    draws: UncertainPlan | None
    told: float
    asked: float | None = None

    @property
    def works(self) -> int:
        """Number of works at which something can be done."""
        return len(np.unique(self.rows))


def read_mask(inputs: RiverInputs, key: str) -> Mask:
    """Read a column of yes and no; empty is no."""
    from bocage.wording import fold_name

    assert inputs.works is not None
    column = inputs.work_columns.get(key)
    if column is None:
        return np.zeros(len(inputs.works), dtype=bool)
    no = ("", "0", "0.0", "f", "false", "faux", "n", "no", "non", "nan", "none")
    said = [
        "" if value is None or value != value else fold_name(str(value)) for value in inputs.works[column]
    ]
    return np.array([word not in no for word in said], dtype=bool)


def shape_river(tree: RiverTree, options: WorkOptions, asked: RiverOptions) -> tuple[RiverTree, WorkOptions]:
    """Give a river whose passabilities hold what a convention and a fading with distance make of them.

    The index of that river, without convention nor distance, is the one asked for. A threshold of distance
    cannot be held that way, and is left out.
    """
    from bocage.rivers.distances import Fading, cross_barriers, lay_ways
    from bocage.rivers.tree import RiverTree
    from bocage.rivers.works_problem import WorkOptions

    decay = asked.read_decay()
    decay = decay if isinstance(decay, Fading) else None
    if decay is None and asked.convention == "per_crossing":
        return tree, options
    ways = lay_ways(tree, convention=asked.convention, decay=decay)
    up, down = cross_barriers(options.up, options.down, asked.convention)
    shaped = RiverTree(ways.downstream, ways.weight, ways.step, ways.up, ways.down)
    return shaped, WorkOptions(
        options.reach, options.cost, up * ways.fade_up[options.reach], down * ways.fade_down[options.reach]
    )


def list_choices(
    tree: NetworkTree, rated: DataFrame, inputs: RiverInputs, costs: dict[str, Floats]
) -> WorkChoices | None:
    """List what can be done at the works that hinder; None where there is nothing.

    Parameters
    ----------
    tree : NetworkTree
    rated : DataFrame
        A row a work, with ``up_used`` and ``down_used`` today, ``pass_up`` and ``pass_down`` with a pass.
    inputs : RiverInputs
    costs : dict of str to (k,) array of float64
        By ``cost`` and ``pass_cost``, those given; NaN where empty.

    Raises
    ------
    DataError
        No work has a cost; a work both has to be opened and may not be, or has to be and has no cost.
    """
    from bocage.rivers.works_problem import WorkOptions

    up, down = rated["up_used"].to_numpy(), rated["down_used"].to_numpy()
    works = np.flatnonzero((tree.reach >= 0) & (np.minimum(up, down) < 1))
    if not len(works):
        return None
    removal = costs["cost"][works] if "cost" in costs else np.full(len(works), np.nan)
    by_pass = costs["pass_cost"][works] if "pass_cost" in costs else np.full(len(works), np.nan)
    assumed = 0
    if not costs:
        removal = np.ones(len(works))
    elif "cost" in costs:
        lacking = np.isnan(removal) & np.isnan(by_pass)
        assumed = int(lacking.sum())
        if np.isnan(removal).all() and np.isnan(by_pass).all():
            raise DataError("No work that could be opened has a cost; fill the column, or leave out --cost.")
        if not np.isnan(removal).all():
            removal = np.where(lacking, np.median(removal[~np.isnan(removal)]), removal)
    elif np.isnan(by_pass).all():
        raise DataError("No work that could have a pass has a cost of one; fill the column of --pass-cost.")
    # A pass that lets no more through than what stands there today is no option.
    pass_up, pass_down = (rated[f"pass_{side}"].to_numpy()[works] for side in ("up", "down"))
    better = (pass_up > up[works]) | (pass_down > down[works])
    removed, passed = np.flatnonzero(~np.isnan(removal)), np.flatnonzero(~np.isnan(by_pass) & better)
    chosen = np.concatenate([removed, passed])
    passes = np.arange(len(chosen)) >= len(removed)
    must, never = read_mask(inputs, "must")[works], read_mask(inputs, "never")[works]
    free = np.zeros(len(works), dtype=bool)
    free[passed] = True
    free[removed] |= ~never[removed]
    both = np.flatnonzero(must & ~free)
    if both.size:
        work = inputs.work_columns.get("code")
        assert inputs.works is not None
        name = works[both[0]] if work is None else inputs.works[work].iloc[works[both[0]]]
        if never[both[0]]:
            raise DataError(
                f"Work {name} both has to be opened and may not be; empty one of its two columns."
            )
        raise DataError(f"Work {name} has to be opened and has no cost; give it one.")
    reach = tree.reach[works[chosen]]
    option_up = np.where(passes, pass_up[chosen], 1.0)
    option_down = np.where(passes, pass_down[chosen], 1.0)
    # Who climbs the tree over a work on a reach that hangs by its upper end descends the river.
    turned = tree.upstream_in_tree[reach]
    options = WorkOptions.of(
        reach,
        np.concatenate([removal[removed], by_pass[passed]]),
        np.where(turned, option_down, option_up),
        np.where(turned, option_up, option_down),
    )
    return WorkChoices(options, works[chosen], passes, must[chosen], never[chosen] & ~passes, assumed)


def read_costs(inputs: RiverInputs) -> dict[str, Floats]:
    """Read the costs of removing works and of fish passes, those whose column is named."""
    if inputs.works is None:
        return {}
    named = {"cost": "cost", "pass_cost": "cost of a pass"}
    return {
        key: read_numbers(inputs.works, inputs.work_columns[key], what)
        for key, what in named.items()
        if key in inputs.work_columns
    }


def plan_river(
    tree: NetworkTree,
    rated: DataFrame,
    inputs: RiverInputs,
    costs: dict[str, Floats],
    options: RiverOptions,
) -> RiverBudget | None:
    """Find the best works for every budget, exactly where that can be; None where nothing can be done."""
    from bocage.rivers.budget import read_budgets
    from bocage.rivers.gains import rank_barriers
    from bocage.rivers.greedy import plan_greedy
    from bocage.rivers.sequence import order_works
    from bocage.rivers.works_problem import pose_problem

    found = list_choices(tree, rated, inputs, costs)
    if found is None or not found.options.count:
        return None
    river, choices = shape_river(tree.tree, found.options, options)
    budgets = None if options.budget is None else [options.budget]
    forced: dict[str, Any] = {
        "index": options.index, "forced_in": found.must, "forced_out": found.never,
    }  # fmt: skip
    share = TENTH if options.budget_share is None else options.budget_share
    told = options.budget
    if told is None:
        problem = pose_problem(river, choices, **forced)
        least = float(problem.cost[problem.first[:-1]].sum()) * problem.unit
        told = max(float(np.ceil(share * read_budgets(problem, None)[1] * problem.unit)), least)
    asked = told if options.budget_share is not None else options.budget
    curve = draw_curve(river, choices, budgets, forced, told=told)
    ranking = plan_greedy(river, choices, budgets, adaptive=False, **forced)
    order = draws = None
    if asked is not None:
        order = order_works(river, choices, curve.choose(asked).rows, index=options.index)
        draws = _draw_plans(tree, rated, found, asked, forced, options)
    return RiverBudget(
        options=choices,
        rows=found.rows,
        passes=found.passes,
        alone=rank_barriers(river, choices, index=options.index),
        cost_assumed=found.assumed,
        curve=curve,
        ranking=ranking,
        order=order,
        must=len(np.unique(found.rows[found.must])),
        never=len(np.unique(found.rows[found.never])),
        draws=draws,
        told=told,
        asked=asked,
    )


def draw_curve(
    tree: RiverTree,
    choices: WorkOptions,
    budgets: list[float] | None,
    forced: dict[str, Any],
    told: float,
) -> BudgetCurve:
    """Draw the curve by the best method that its size allows: exact, then by steps, then greedy.

    Parameters
    ----------
    tree, choices, forced
        As ``bocage.rivers.budget.plan_budget`` takes them.
    budgets : list of float or None
        The one to be spent; None for the whole curve.
    told : float
        Budget for which the gap matters, in a whole curve.
    """
    from bocage.rivers.budget import plan_budget, read_budgets
    from bocage.rivers.greedy import plan_greedy, plan_reverse_greedy
    from bocage.rivers.stepped import plan_by_steps
    from bocage.rivers.works_problem import pose_problem

    count = len(np.unique(choices.reach))
    # Few sums of costs, few states worth keeping.
    problem = pose_problem(tree, choices, **forced)
    _, units = read_budgets(problem, budgets)
    alike = bool((choices.cost == choices.cost[0]).all())
    if count <= (ALIKE_WORKS if alike else EXACT_WORKS if units <= EXACT_UNITS else FEW_WORKS):
        try:
            return plan_budget(tree, choices, budgets, **forced)
        except ResourceError:
            pass
    asked = [told, units * problem.unit] if budgets is None else [budgets[0]]
    flat = bool(np.array_equal(problem.up, problem.down))
    steps = next((steps for most, steps in (STEPS if flat else STEPS_UNLIKE) if choices.count <= most), 0)
    # Steps four times finer first: on most rivers few states are worth keeping.
    tries = [(4 * steps, QUICKLY)] if 0 < steps < STEPS[0][1] else []
    while steps >= FEWEST_STEPS:
        tries.append((steps, 1.0))
        steps //= 4
    for fine, effort in tries if min(asked) > 0 else ():
        try:
            return plan_by_steps(tree, choices, asked, steps=fine, effort=effort, **forced)
        except ResourceError:
            continue
    # What is left at each of these is spent too, which giving up one work after the other does not.
    spent: list[float] = np.linspace(0, asked[-1], _STEPS + 1)[1:].tolist()
    ways = [
        plan_reverse_greedy(tree, choices, spent, **forced),
        plan_greedy(tree, choices, spent, **forced),
        plan_greedy(tree, choices, spent, adaptive=False, **forced),
    ]
    # The first of the best: at the budget asked for, or over all of them.
    return max(ways, key=lambda way: float(np.nansum(way.find_gains(budgets or spent))))


def _draw_plans(
    tree: NetworkTree,
    rated: DataFrame,
    found: WorkChoices,
    budget: float,
    forced: dict[str, Any],
    options: RiverOptions,
) -> UncertainPlan | None:
    """Plan the budget for many values of what is unknown, each as likely; what is known stays."""
    from bocage.rivers.stepped import choose_step
    from bocage.rivers.uncertainty import draw_passabilities, gather_draws, plan_under_uncertainty

    unknown = ~rated["known"].to_numpy(bool)
    choices = found.options
    alike = bool((choices.cost == choices.cost[0]).all())
    count = len(np.unique(choices.reach))
    if not unknown[tree.work[tree.work >= 0]].any() or count > (_MOST_DRAWN_ALIKE if alike else _MOST_DRAWN):
        return None
    barred = np.flatnonzero(tree.work >= 0)
    work = tree.work[barred]
    bounds = {}
    for side, values in (("up", tree.tree.up), ("down", tree.tree.down)):
        low, high = values.copy(), values.copy()
        # Who climbs the tree over a work on a reach that hangs by its upper end descends the river.
        other = "down" if side == "up" else "up"
        for bound, ends in ((low, "low"), (high, "high")):
            straight, turned = (rated[f"{one}_{ends}"].to_numpy()[work] for one in (side, other))
            drawn = np.where(tree.upstream_in_tree[barred], turned, straight)
            bound[barred] = np.where(unknown[work], drawn, bound[barred])
        bounds[side] = (low, high)
    if not alike and budget > 0 and float(choices.cost.sum()) > 0:
        # Finer steps would tell nothing of what is drawn.
        step = choose_step(min(budget, float(choices.cost.sum())), _DRAWN_STEPS)
        least = found.must.any()
        choices = choices if least else choices.round_costs(step)
    draws = draw_passabilities(tree.tree, choices, bounds["up"], bounds["down"], draws=_DRAWS)
    shaped = [
        shape_river(river, drawn, options)
        for river, drawn in zip(draws.trees, draws.drawn_options, strict=True)
    ]
    if shaped[0][0] is not draws.trees[0]:
        gathered = gather_draws([river for river, _ in shaped], [drawn for _, drawn in shaped])
        draws = replace(gathered, sampling=draws.sampling)
    try:
        return plan_under_uncertainty(draws, budget, gap=0.0, **forced)
    except ResourceError:
        return None
