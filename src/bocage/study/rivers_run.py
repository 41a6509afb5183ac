"""A river from end to end: network, passability, indices, gains of works and what a budget can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.journal import Journal
from bocage.study.rivers_inputs import (
    RiverInputs,
    RiverOptions,
    complete_options,
    names_study,
    read_numbers,
    read_rivers,
    read_shares,
    sample_raster,
)
from bocage.study.rivers_plan import RiverBudget, plan_river, read_costs

if TYPE_CHECKING:
    from pandas import DataFrame

    from bocage.progress import Progress
    from bocage.rivers.dendritic import Changes, Diadromous, Obstruction, Potamodromous
    from bocage.rivers.fragments import Fragments, FreeLengths
    from bocage.rivers.network import RiverNetwork
    from bocage.rivers.passability import PassabilityRules
    from bocage.rivers.treeing import NetworkTree

Floats = NDArray[np.float64]

_ON_LIST = 0.5
_MOST_CODES = 5


@dataclass(frozen=True)
class State:
    """The river with one reading of the passabilities.

    Attributes
    ----------
    tree : NetworkTree
    potamodromous : Potamodromous
    diadromous : Diadromous
    population : Potamodromous or None
        Over the inhabited part of each line (PCI), where a column says it.
    obstruction : Obstruction or None
        By the catchment of each line (CAFI), where a column says it.
    """

    tree: NetworkTree
    potamodromous: Potamodromous
    diadromous: Diadromous
    population: Potamodromous | None = None
    obstruction: Obstruction | None = None


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
    costs : dict of str to (k,) array of float64
        By ``cost`` and ``pass_cost``, of each work of the network; those whose column is named.
    weights_lacking, parts_lacking : int
        Lines whose weight is empty, and parts of river whose weight no work says, taken as 0.
    rules : PassabilityRules
    elevation : (m, 2) array of float64 or None
        Of both ends of each reach [m], upper and lower; None without an elevation model.
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
    costs: dict[str, Floats]
    weights_lacking: int
    parts_lacking: int
    rules: PassabilityRules
    elevation: Floats | None = None

    @property
    def costed(self) -> bool:
        """Whether budgets are money; they count works otherwise."""
        return bool(self.costs)


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
        No group of species is called so, the budget is no number from 0 up, or movement is said twice.
    """
    groups = load_rules(options).groups
    if options.group not in groups:
        raise DataError(f"No group of species is called '{options.group}'; choose among {', '.join(groups)}.")
    if options.budget is not None and not (options.budget >= 0 and np.isfinite(options.budget)):
        raise DataError(f"The budget is {options.budget:g}; give a number from 0 up.")
    options.read_decay()


def load_rules(options: RiverOptions) -> PassabilityRules:
    """Read the rules of passability asked for, those of bocage by default.

    Raises
    ------
    InputError, DataError
        The file is missing, or is no table of rules.
    """
    import tomllib

    from bocage.io.files import require_file
    from bocage.rivers.passability import default_rules, read_rules

    if options.rules is None:
        return default_rules()
    path = require_file(options.rules, "rules")
    try:
        return read_rules(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"'{path.name}' is no TOML table of rules ({error}); take what --show-rules prints as a model."
        ) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"'{path.name}' is no table of rules, near {error}; take what --show-rules prints as a model."
        ) from None


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

    rules = load_rules(options)
    dem = None if options.dem is None else sample_raster(options.dem, inputs.crs)
    with progress.stage("Making the network"):
        network = build_river_network(
            inputs.lines,
            inputs.works,
            snap_m=options.snap_m,
            works_snap_m=options.works_snap_m,
            columns=inputs.name_line_columns(),
            work_columns=inputs.name_work_columns(),
            dem=dem,
            journal=journal,
        )
        if not len(network.reaches):
            raise DataError("The watercourses hold no line that has a length; choose another layer.")
        network, lacking, parts = _weigh_reaches(network, inputs, options)
        network = _apply_law(network, inputs)
    with progress.stage("Measuring connectivity"):
        rated = _rate(network, inputs, options, rules)
        measured = _Measured.of(network, inputs, options)
        used = measured.by(rated["up_used"], rated["down_used"], journal)
        low = measured.by(rated["up_low"], rated["down_low"], None)
        high = measured.by(rated["up_high"], rated["down_high"], None)
        _note_works(inputs, rated, used.tree, network, journal)
        changes = measure_changes(used.tree.tree, convention=options.convention, decay=options.read_decay())
        fragments, free = find_fragments(used.tree.tree), measure_to_works(used.tree.tree)
    costs = read_costs(inputs)
    with progress.stage("Choosing the works"):
        budget = plan_river(used.tree, rated, inputs, costs, options)
    elevation = None if dem is None else _measure_ends(network, dem)
    return RiverStudy(
        options, inputs, network, rated, used, low, high, changes, fragments, free, budget, costs, lacking,
        parts, rules, elevation,
    )  # fmt: skip


def _note_works(
    inputs: RiverInputs, rated: DataFrame, tree: NetworkTree, network: RiverNetwork, journal: Journal
) -> None:
    """Note the works of one code, and those that have to be opened and are in no plan."""
    from bocage.study.rivers_plan import read_mask

    if inputs.works is None:
        return
    ids = network.works["id"].astype(str)
    if "code" in inputs.work_columns:
        given = ids[~inputs.works[inputs.work_columns["code"]].isna().to_numpy() & (ids.str.strip() != "")]
        repeated = sorted(set(given[given.duplicated()]))
        if repeated:
            journal.add("river_works_same_code", count=len(repeated), codes=_list_codes(repeated))
    hinders = (rated["up_used"].to_numpy() < 1) | (rated["down_used"].to_numpy() < 1)
    lost = read_mask(inputs, "must") & hinders & (tree.reach < 0)
    on = network.works["reach_above"].to_numpy() >= 0
    for code, rows in (("river_priority_bypassed", lost & on), ("river_priority_off", lost & ~on)):
        if rows.any():
            journal.add(code, count=int(rows.sum()), codes=_list_codes(ids[rows].tolist()))


def _list_codes(codes: list[str]) -> str:
    return ", ".join(codes[:_MOST_CODES]) + ("…" if len(codes) > _MOST_CODES else "")


def _measure_ends(network: RiverNetwork, dem: Callable[[Floats], Floats]) -> Floats:
    """Give the elevation of both ends of each reach, upper and lower."""
    import shapely

    lines = network.reaches.geometry.to_numpy()
    ends = [shapely.get_coordinates(shapely.get_point(lines, place)) for place in (0, -1)]
    return np.stack([dem(end) for end in ends], axis=1)


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
) -> tuple[RiverNetwork, int, int]:
    """Share the weight of each line among its reaches, by their length; then that of works above them."""
    by_works = inputs.work_columns.get("weight")
    if options.weight == "length" and by_works is None:
        return network, 0, 0
    reaches = network.reaches.copy()
    lacking = parts = 0
    weight = np.zeros(len(reaches))
    if options.weight != "length":
        values = read_numbers(inputs.lines, options.weight, "weight")
        weight, lacking = _share_values(network, np.nan_to_num(values)), int(np.isnan(values).sum())
    if by_works is not None and inputs.works is not None:
        given = read_numbers(inputs.works, by_works, "weight")
        above, values, empty = _spread_upstream(network, given)
        weight = np.where(above, values, weight)
        # What lies below all works has the weight of its lines, or none.
        parts = empty if options.weight == "length" else 0
    if not weight.sum() > 0:
        raise DataError("What is weighed adds up to 0; give another column, or leave out the weight.")
    reaches["weight"] = weight
    return replace(network, reaches=reaches), lacking, parts


def _share_values(network: RiverNetwork, values: Floats) -> Floats:
    """Share a value of each line among its reaches, by their length."""
    source = network.reaches["source"].to_numpy(np.int64)
    length = network.reaches["length_m"].to_numpy(np.float64)
    whole = np.bincount(source, weights=length, minlength=len(values))
    return np.asarray(values[source] * length / whole[source], dtype=np.float64)


def _spread_upstream(network: RiverNetwork, given: Floats) -> tuple[NDArray[np.bool_], Floats, int]:
    """Spread what works say of the river above them, up to the next works, by length.

    Returns
    -------
    weighed : (m,) array of bool
        Reaches above a work that says it.
    weight : (m,) array of float64
    lacking : int
        Parts of the river, up to the next works, that no work says.
    """
    from bocage.kernels.rivers import label_fragments
    from bocage.rivers.tree import RiverTree

    length = network.reaches["length_m"].to_numpy(np.float64)
    ones = np.ones(len(length))
    tree = RiverTree(network.reaches["downstream"].to_numpy(), length, length, ones, ones)
    above = network.works["reach_above"].to_numpy(np.int64)
    on = np.flatnonzero(above >= 0)
    stands = np.zeros(len(length), dtype=bool)
    stands[above[on]] = True
    label = label_fragments(tree.order, tree.downstream, stands)
    value = np.full(len(length), np.nan)
    said = on[~np.isnan(given[on])]
    value[above[said]] = given[said]
    whole = np.bincount(label, weights=length, minlength=len(length))
    weighed: NDArray[np.bool_] = ~np.isnan(value[label])
    weight = np.where(weighed, value[label] * length / whole[label], 0.0)
    return weighed, weight, int(np.isnan(value[np.unique(label)]).sum())


def _rate(
    network: RiverNetwork, inputs: RiverInputs, options: RiverOptions, rules: PassabilityRules
) -> DataFrame:
    """Rate the works, today and with a fish pass; by nothing else than the network and the columns named."""
    import pandas

    from bocage.rivers.passability import rate_works, read_classes

    table = pandas.DataFrame(network.works[["kind", "state", "fish_pass", "height_m"]])
    named = {key: inputs.work_columns.get(key) for key in ("up", "down", "height_class")}
    for column in named.values():
        if column is not None and inputs.works is not None:
            table[column] = inputs.works[column].to_numpy()
    rated = rate_works(table, rules, group=options.group, **named)  # type: ignore[arg-type]
    passed = rate_works(
        table.assign(fish_pass="yes"), rules, group=options.group, height_class=named["height_class"]
    )
    for side in ("up", "down"):
        middle = (rated[f"{side}_low"] + rated[f"{side}_high"]) / 2
        rated[f"{side}_used"] = rated[side].fillna(middle)
        with_pass = passed[side].fillna((passed[f"{side}_low"] + passed[f"{side}_high"]) / 2)
        column = inputs.work_columns.get(f"pass_{side}")
        if column is not None and inputs.works is not None:
            given = read_classes(inputs.works[column])
            with_pass = with_pass.where(np.isnan(given), given)
        # A pass takes nothing away from what gets past without it.
        rated[f"pass_{side}"] = np.maximum(with_pass, rated[f"{side}_used"])
    return rated


@dataclass(frozen=True)
class _Measured:
    """What is measured of a river whatever its passabilities are."""

    network: RiverNetwork
    options: RiverOptions
    weight: str
    inhabited: Floats | None
    catchment: Floats | None

    @classmethod
    def of(cls, network: RiverNetwork, inputs: RiverInputs, options: RiverOptions) -> _Measured:
        """Read what the lines say of it."""
        source = network.reaches["source"].to_numpy(np.int64)
        inhabited = catchment = None
        if "inhabited" in inputs.columns:
            inhabited = read_shares(inputs.lines, inputs.columns["inhabited"], "inhabited share")[source]
            _require_some(inhabited, inputs.columns["inhabited"])
        if "catchment" in inputs.columns:
            area = read_numbers(inputs.lines, inputs.columns["catchment"], "catchment area")
            catchment = _share_values(network, np.nan_to_num(area))
            _require_some(catchment, inputs.columns["catchment"])
        weight = "weight" if "weight" in network.reaches.columns else "length"
        return cls(network, options, weight, inhabited, catchment)

    def by(self, up: Any, down: Any, journal: Journal | None) -> State:
        """Reduce the network to a tree for these passabilities and measure it."""
        import pandas

        from bocage.rivers.dendritic import (
            measure_diadromous,
            measure_obstruction,
            measure_population,
            measure_potamodromous,
        )
        from bocage.rivers.treeing import to_tree

        passability = pandas.DataFrame({"up": up.to_numpy(), "down": down.to_numpy()})
        tree = to_tree(self.network, passability, self.weight, journal=journal)
        convention, decay = self.options.convention, self.options.read_decay()
        population = obstruction = None
        if self.inhabited is not None:
            population = measure_population(tree.tree, self.inhabited, convention=convention, decay=decay)
        if self.catchment is not None:
            drained = replace(tree.tree, weight=self.catchment)
            obstruction = measure_obstruction(drained, convention=convention)
        return State(
            tree,
            measure_potamodromous(tree.tree, convention=convention, decay=decay),
            measure_diadromous(tree.tree, convention=convention, decay=decay),
            population,
            obstruction,
        )


def _require_some(values: Floats, column: str) -> None:
    """Refuse a column that says nothing.

    Raises
    ------
    DataError
        All is 0 or empty.
    """
    if not values.sum() > 0:
        raise DataError(f"Column '{column}' is 0 or empty on every line; name another, or leave it out.")
