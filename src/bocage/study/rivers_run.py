"""A river from end to end: network, passability, indices, gains of works and what a budget can do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError, ResourceError
from bocage.journal import Journal
from bocage.study.rivers_inputs import (
    RiverInputs,
    RiverOptions,
    complete_options,
    names_study,
    read_numbers,
    read_rivers,
)

if TYPE_CHECKING:
    from pandas import DataFrame

    from bocage.progress import Progress
    from bocage.rivers.budget import BudgetCurve
    from bocage.rivers.dendritic import Changes, Diadromous, Potamodromous
    from bocage.rivers.fragments import Fragments, FreeLengths
    from bocage.rivers.network import RiverNetwork
    from bocage.rivers.sequence import WorksOrder
    from bocage.rivers.treeing import NetworkTree
    from bocage.rivers.uncertainty import UncertainPlan
    from bocage.rivers.works_problem import WorkOptions

Floats = NDArray[np.float64]

EXACT_UNITS, EXACT_WORKS = 10_000, 120
"""The curve is exact up to so many works whose costs add up to so many units."""
ALIKE_WORKS, FEW_WORKS = 1500, 40
"""And up to so many works of one cost, or so few of any costs."""
PRUNED_WORKS = 200
"""Up to this many it is proved within ``GAP``; beyond, chosen by the best of three greedy ways."""
SHORT_WORKS, SHORT_SHARE = 500, 0.1
"""The same up to so many works where the budget asked for is at most this share of what all cost."""
GAP = 0.01

_STEPS = 60
_ON_LIST = 0.5
_DRAWS, _MOST_DRAWN, _MOST_DRAWN_ALIKE = 24, 100, 600


@dataclass(frozen=True)
class State:
    """The river with one reading of the passabilities.

    Attributes
    ----------
    tree : NetworkTree
    potamodromous : Potamodromous
    diadromous : Diadromous
    """

    tree: NetworkTree
    potamodromous: Potamodromous
    diadromous: Diadromous


@dataclass(frozen=True)
class RiverBudget:
    """What a budget can do.

    Attributes
    ----------
    options : WorkOptions
        Opening each work wholly.
    rows : (k,) array of int64
        Work of each option.
    cost_assumed : int
        Works without a cost, taken as the median of the others.
    curve : BudgetCurve
    ranking : BudgetCurve
        What the same money reaches down the list of gains alone.
    order : WorksOrder or None
        Of the works of the budget asked for.
    must, never : int
        Works that have to be opened, and that may not.
    asked : float or None
        Budget that was planned: the one given, or the share of all costs that was asked for.
    draws : UncertainPlan or None
        The budget planned, with unknown passabilities drawn from their interval; None where there is no
        budget, nothing unknown or too much to draw.
    """

    options: WorkOptions
    rows: NDArray[np.int64]
    cost_assumed: int
    curve: BudgetCurve
    ranking: BudgetCurve
    order: WorksOrder | None
    must: int
    never: int
    draws: UncertainPlan | None
    asked: float | None = None


@dataclass(frozen=True)
class RiverStudy:
    """All that is known of a river once the command has run.

    Attributes
    ----------
    options : RiverOptions
    inputs : RiverInputs
    network : RiverNetwork
    rated : DataFrame
        See ``bocage.rivers.passability.rate_works``; ``up_used`` and ``down_used`` are the best value, or the
        middle of the interval.
    used, low, high : State
        With the passabilities used, all lowest and all highest.
    changes : Changes
        Of each work opened alone.
    fragments : Fragments
    free : FreeLengths
    budget : RiverBudget or None
        None where nothing can be opened.
    cost : (k,) array of float64 or None
        Of each work of the network; None where no column says.
    weights_lacking : int
        Lines whose weight is empty, taken as 0.
    """

    options: RiverOptions
    inputs: RiverInputs
    network: RiverNetwork
    rated: DataFrame
    used: State
    low: State
    high: State
    changes: Changes
    fragments: Fragments
    free: FreeLengths
    budget: RiverBudget | None
    cost: Floats | None
    weights_lacking: int


def study_rivers(options: RiverOptions, *, journal: Journal, progress: Progress) -> RiverStudy:
    """Read a river, measure it and find which works to open first.

    A study file says in ``[rivers]`` what the options leave at their default.

    Raises
    ------
    InputError, CRSError, StudyError, DataError
        See ``read_rivers`` and ``measure_rivers``.
    """
    study = None
    if names_study(options):
        from bocage.study.reading import read_study

        study = read_study(options.lines)
        options = complete_options(options, study)
    check_options(options)
    with progress.stage("Reading the layers"):
        inputs = read_rivers(options, journal, study=study)
    if not len(inputs.lines):
        raise DataError("The watercourses hold no line; choose another layer with --layer.")
    return measure_rivers(options, inputs, journal=journal, progress=progress)


def check_options(options: RiverOptions) -> None:
    """Check what no layer is needed for.

    Raises
    ------
    DataError
        No group of species is called so, or the budget is no number from 0 up.
    """
    from bocage.rivers.passability import default_rules

    groups = default_rules().groups
    if options.group not in groups:
        raise DataError(f"No group of species is called '{options.group}'; choose among {', '.join(groups)}.")
    if options.budget is not None and not (options.budget >= 0 and np.isfinite(options.budget)):
        raise DataError(f"The budget is {options.budget:g}; give a number from 0 up.")


def measure_rivers(
    options: RiverOptions, inputs: RiverInputs, *, journal: Journal, progress: Progress
) -> RiverStudy:
    """Measure a river that was read, and find which works to open first.

    Unknown passabilities are the middle of their interval. On a tree the indices are linear in each barrier,
    so that this is their mean when barriers vary apart from each other, any value as likely as another.

    Raises
    ------
    InputError, DataError
        See ``build_river_network``, ``rate_works`` and ``plan_budget``.
    """
    from bocage.rivers.dendritic import measure_changes
    from bocage.rivers.fragments import find_fragments, measure_to_works
    from bocage.rivers.network import build_river_network

    with progress.stage("Making the network"):
        network = build_river_network(
            inputs.lines,
            inputs.works,
            snap_m=options.snap_m,
            works_snap_m=options.works_snap_m,
            columns=inputs.name_line_columns(),
            work_columns=inputs.name_work_columns(),
            journal=journal,
        )
        if not len(network.reaches):
            raise DataError("The watercourses hold no line that has a length; choose another layer.")
        network, lacking = _weigh_reaches(network, inputs, options)
        network = _apply_law(network, inputs)
    with progress.stage("Measuring connectivity"):
        rated = _rate(network, inputs, options)
        weight = "length" if options.weight == "length" else "weight"
        used = _measure(network, rated["up_used"], rated["down_used"], weight, journal)
        low = _measure(network, rated["up_low"], rated["down_low"], weight, None)
        high = _measure(network, rated["up_high"], rated["down_high"], weight, None)
        changes = measure_changes(used.tree.tree)
        fragments, free = find_fragments(used.tree.tree), measure_to_works(used.tree.tree)
    cost = None
    if "cost" in inputs.work_columns and inputs.works is not None:
        cost = read_numbers(inputs.works, inputs.work_columns["cost"], "cost")
    with progress.stage("Choosing the works"):
        budget = _plan(used.tree, rated, inputs, cost, options)
    return RiverStudy(
        options, inputs, network, rated, used, low, high, changes, fragments, free, budget, cost, lacking
    )


def _apply_law(network: RiverNetwork, inputs: RiverInputs) -> RiverNetwork:
    """Say which reaches are on lists 1 and 2 of article L.214-17, and which works stand on them."""
    from bocage.rivers.law import measure_listed

    if not inputs.law:
        return network
    reaches, works = network.reaches.copy(), network.works.copy()
    above = works["reach_above"].to_numpy()
    for name, said in inputs.law.items():
        if isinstance(said, np.ndarray):
            on = said[reaches["source"].to_numpy(np.int64)]
        else:
            on = measure_listed(reaches.geometry.to_numpy(), said.geometry.to_numpy()) >= _ON_LIST
        reaches[name] = on
        works[name] = np.where(above >= 0, on[above] if len(on) else False, False)
    return replace(network, reaches=reaches, works=works)


def _weigh_reaches(
    network: RiverNetwork, inputs: RiverInputs, options: RiverOptions
) -> tuple[RiverNetwork, int]:
    """Share the weight of each line among its reaches, by their length."""
    if options.weight == "length":
        return network, 0
    values = read_numbers(inputs.lines, options.weight, "weight")
    reaches = network.reaches.copy()
    source = reaches["source"].to_numpy(np.int64)
    length = reaches["length_m"].to_numpy(np.float64)
    whole = np.bincount(source, weights=length, minlength=len(values))
    reaches["weight"] = np.nan_to_num(values)[source] * length / whole[source]
    return replace(network, reaches=reaches), int(np.isnan(values).sum())


def _rate(network: RiverNetwork, inputs: RiverInputs, options: RiverOptions) -> DataFrame:
    """Rate the works; nothing else than what is in the network and the columns named."""
    import pandas

    from bocage.rivers.passability import rate_works

    table = pandas.DataFrame(network.works[["kind", "state", "fish_pass", "height_m"]])
    named = {key: inputs.work_columns.get(key) for key in ("up", "down", "height_class")}
    for column in named.values():
        if column is not None and inputs.works is not None:
            table[column] = inputs.works[column].to_numpy()
    rated = rate_works(table, group=options.group, **named)  # type: ignore[arg-type]
    for side in ("up", "down"):
        middle = (rated[f"{side}_low"] + rated[f"{side}_high"]) / 2
        rated[f"{side}_used"] = rated[side].fillna(middle)
    return rated


def _measure(network: RiverNetwork, up: Any, down: Any, weight: str, journal: Journal | None) -> State:
    """Reduce the network to a tree for these passabilities and measure it."""
    import pandas

    from bocage.rivers.dendritic import measure_diadromous, measure_potamodromous
    from bocage.rivers.treeing import to_tree

    passability = pandas.DataFrame({"up": up.to_numpy(), "down": down.to_numpy()})
    tree = to_tree(network, passability, weight, journal=journal)
    return State(tree, measure_potamodromous(tree.tree), measure_diadromous(tree.tree))


def read_mask(inputs: RiverInputs, key: str) -> NDArray[np.bool_]:
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


def _plan(
    tree: NetworkTree, rated: DataFrame, inputs: RiverInputs, cost: Floats | None, options: RiverOptions
) -> RiverBudget | None:
    """Find the best works for every budget, exactly where that can be."""
    from bocage.rivers.greedy import plan_greedy
    from bocage.rivers.sequence import order_works
    from bocage.rivers.works_problem import WorkOptions

    up, down = rated["up_used"].to_numpy(), rated["down_used"].to_numpy()
    rows = np.flatnonzero((tree.reach >= 0) & (np.minimum(up, down) < 1))
    if not len(rows):
        return None
    must, never = read_mask(inputs, "must")[rows], read_mask(inputs, "never")[rows]
    both = np.flatnonzero(must & never)
    if both.size:
        raise DataError(
            f"Work {rows[both[0]]} both has to be opened and may not be; empty one of its two columns."
        )
    assumed = 0
    paid = np.ones(len(rows))
    if cost is not None:
        paid = cost[rows].copy()
        lacking = np.isnan(paid)
        assumed = int(lacking.sum())
        if assumed == len(paid):
            raise DataError("No work that could be opened has a cost; fill the column, or leave out --cost.")
        paid[lacking] = float(np.median(paid[~lacking]))
    opened = np.ones(len(rows))
    choices = WorkOptions.of(tree.reach[rows], paid, opened, opened)
    budgets = None if options.budget is None else [options.budget]
    forced: dict[str, Any] = {"index": options.index, "forced_in": must, "forced_out": never}
    curve = _draw_curve(tree, choices, budgets, forced)
    ranking = plan_greedy(tree.tree, choices, budgets, adaptive=False, **forced)
    order = draws = None
    asked = options.budget
    if asked is None and options.budget_share is not None:
        share = float(np.ceil(options.budget_share * float(choices.cost.sum())))
        asked = max(share, float(choices.cost[must].sum()))
    if asked is not None:
        plan = curve.choose(asked)
        order = order_works(tree.tree, choices, plan.rows, index=options.index)
        draws = _draw_plans(tree, rated, choices, asked, forced)
    return RiverBudget(
        choices, rows, assumed, curve, ranking, order, int(must.sum()), int(never.sum()), draws, asked
    )


def _draw_plans(
    tree: NetworkTree, rated: DataFrame, choices: WorkOptions, budget: float, forced: dict[str, Any]
) -> UncertainPlan | None:
    """Plan the budget for many values of what is unknown, each as likely; what is known stays."""
    from bocage.rivers.uncertainty import draw_passabilities, plan_under_uncertainty

    unknown = ~rated["known"].to_numpy(bool)
    alike = bool((choices.cost == choices.cost[0]).all())
    if not unknown[tree.work[tree.work >= 0]].any() or choices.count > (
        _MOST_DRAWN_ALIKE if alike else _MOST_DRAWN
    ):
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
    draws = draw_passabilities(tree.tree, choices, bounds["up"], bounds["down"], draws=_DRAWS)
    try:
        return plan_under_uncertainty(draws, budget, gap=0.0 if alike else GAP, **forced)
    except ResourceError:
        return None


def _draw_curve(
    tree: NetworkTree, choices: WorkOptions, budgets: list[float] | None, forced: dict[str, Any]
) -> BudgetCurve:
    """Draw the curve by the best method that its size allows."""
    from bocage.rivers.budget import plan_budget
    from bocage.rivers.greedy import plan_greedy, plan_reverse_greedy
    from bocage.rivers.works_problem import pose_problem

    # Few sums of costs, few states worth keeping.
    units = int(pose_problem(tree.tree, choices, forced["index"]).cost.sum())
    alike = bool((choices.cost == choices.cost[0]).all())
    exact = ALIKE_WORKS if alike else EXACT_WORKS if units <= EXACT_UNITS else FEW_WORKS
    short = budgets is not None and budgets[0] <= SHORT_SHARE * float(choices.cost.sum())
    for most, gap in ((exact, 0.0), (SHORT_WORKS if short else PRUNED_WORKS, GAP)):
        if choices.count <= most:
            try:
                return plan_budget(tree.tree, choices, budgets, gap=gap, **forced)
            except ResourceError:
                continue
    if budgets is None:
        # What is left at each of these is spent too, which giving up one work after the other does not.
        asked: list[float] = np.linspace(0, float(choices.cost.sum()), _STEPS + 1)[1:].tolist()
    else:
        asked = np.linspace(0, budgets[0], _STEPS + 1)[1:].tolist()
    ways = [
        plan_reverse_greedy(tree.tree, choices, asked, **forced),
        plan_greedy(tree.tree, choices, asked, **forced),
        plan_greedy(tree.tree, choices, asked, adaptive=False, **forced),
    ]
    # The first of the best: at the budget asked for, or over all of them.
    return max(ways, key=lambda way: float(np.nansum(way.find_gains(budgets or asked))))
