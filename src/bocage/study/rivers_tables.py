"""The tables of a river: its works, its basins and what each budget can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.units import M_PER_KM

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from bocage.study.rivers_run import RiverStudy

POINTS = 100.0
"""Indices are told in points, from 0 to 100."""

_MOST_STEPS = 2000


def table_works(study: RiverStudy) -> GeoDataFrame:
    """Make the table of works: one row a work given, in the order given, points.

    Returns
    -------
    GeoDataFrame
        Place, doubt, passability and its interval; ``gain_potamodromous`` and ``gain_diadromous`` [points] of
        opening it alone, 0 for those past which there is a way as good, empty on no river; ``upstream_km``
        (all branches to the next works), ``longest_km`` and ``downstream_km`` (the way down to the next
        works); ``rank`` by gain alone; ``order``, ``waits_for`` and ``in_plan`` of the budget asked for, with
        ``stability``, the share of draws of what is unknown whose best plan opens the work. Where passes have
        a cost, ``pass_cost``, ``pass_up``, ``pass_down``, ``gain_pass`` (of the index that the plan raises,
        by the pass alone) and the ``option`` of the plan. Where the law is told, ``list1`` and ``list2`` of
        the reach; where duties are, ``must`` and ``never``.
    """
    import geopandas
    import pandas

    from bocage.study.rivers_plan import read_mask

    network, tree = study.network, study.used.tree
    table = pandas.DataFrame(network.works)[
        ["id", "name", "river", "kind", "state", "height_m", "fish_pass", "reach_above", "reach_below",
         "distance_m", "doubtful", "doubt"]
    ].copy()  # fmt: skip
    points = network.works.geometry
    table["x"], table["y"] = points.x.round(2), points.y.round(2)
    on = table["reach_above"].to_numpy() >= 0
    reach = tree.reach
    inside = reach >= 0
    labels = number_basins(study)[tree.tree.basin]
    basin = np.full(len(table), -1, dtype=np.int64)
    basin[on] = labels[table["reach_above"].to_numpy()[on]]
    table["basin"] = basin
    table["bypassed"] = on & ~inside
    for key in ("up", "up_low", "up_high", "down", "down_low", "down_high", "known", "rule"):
        table[key] = study.rated[key].to_numpy()
    changes, free = study.changes, study.free

    def of_reach(values: Any, otherwise: float) -> Any:
        found = np.where(on, otherwise, np.nan)
        found[inside] = values[reach[inside]]
        return found

    table["gain_potamodromous"] = of_reach(changes.potamodromous * POINTS, 0.0)
    table["gain_diadromous"] = of_reach(changes.climbing * POINTS, 0.0)
    table["upstream_km"] = of_reach(free.above / M_PER_KM, np.nan)
    table["longest_km"] = of_reach(free.longest / M_PER_KM, np.nan)
    below = tree.tree.downstream
    table["downstream_km"] = of_reach(np.where(below >= 0, free.below[below], 0.0) / M_PER_KM, np.nan)
    table["rank"] = _rank(table["gain_" + study.options.index].to_numpy())
    for name, cost in study.costs.items():
        table[name] = cost
    budget = study.budget
    passes = budget is not None and bool(budget.passes.any())
    if budget is not None and passes:
        rows = budget.rows[budget.passes]
        for name in ("pass_up", "pass_down"):
            table[name] = np.nan
            table.loc[rows, name] = study.rated[name].to_numpy()[rows]
        table["gain_pass"] = np.nan
        table.loc[rows, "gain_pass"] = budget.alone[budget.passes] * POINTS
    for name in ("list1", "list2"):
        if name in network.works:
            table[name] = network.works[name].to_numpy(bool)
    for key, name in (("must", "must"), ("never", "never")):
        if key in study.inputs.work_columns:
            table[name] = read_mask(study.inputs, key)
    if budget is not None and budget.order is not None:
        table["in_plan"] = False
        table["order"], table["waits_for"] = np.nan, None
        works = budget.rows[budget.order.rows]
        table.loc[works, "in_plan"] = True
        table.loc[works, "order"] = np.arange(1, len(works) + 1)
        for work, waited in zip(works, budget.order.waits_for, strict=True):
            if waited >= 0:
                table.loc[work, "waits_for"] = str(table["id"].iloc[budget.rows[waited]])
        table["order"] = table["order"].astype("Int64")
        if passes:
            table["option"] = None
            chosen = np.where(budget.passes[budget.order.rows], "pass", "removal")
            table.loc[works, "option"] = chosen
        if budget.draws is not None:
            table["stability"] = np.nan
            table.loc[budget.rows, "stability"] = budget.draws.opened
    return geopandas.GeoDataFrame(table, geometry=points.array, crs=network.works.crs)


def _rank(gain: Any) -> Any:
    """Rank the works that gain something, the greatest gain first, then as given."""
    import pandas

    rank = pandas.array([pandas.NA] * len(gain), dtype="Int64")
    better = np.flatnonzero(np.nan_to_num(gain) > 0)
    order = better[np.argsort(-gain[better], kind="stable")]
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def number_basins(study: RiverStudy) -> NDArray[np.int64]:
    """Give each basin of the tree its number in the whole network: 1 is the longest."""
    tree, length = study.used.tree.tree, study.network.reaches["length_m"].to_numpy(np.float64)
    longest = np.bincount(tree.basin, weights=length, minlength=len(tree.outlets))
    number = np.empty(len(longest), dtype=np.int64)
    number[np.lexsort((np.arange(len(longest)), -longest))] = np.arange(1, len(longest) + 1)
    return number


def table_basins(study: RiverStudy) -> GeoDataFrame:
    """Make the table of basins, from the longest, with the point where each leaves the lines.

    Returns
    -------
    GeoDataFrame
        ``basin`` (see ``number_basins``), ``name`` (of most of its length), ``length_km``, ``reaches``,
        ``outlets``, ``works`` (destroyed ones too, which ``density`` leaves out), ``unknown`` (works whose
        passability is), ``doubtful``, ``fragments``, ``longest_fragment_km`` (all
        branches), ``longest_stretch_km`` (one way), ``dci_potamodromous`` and ``dci_diadromous`` with those
        of all passabilities lowest and highest [points], and ``pci`` and ``cafi`` where columns ask for them;
        ``density`` [works a km], ``height_m`` (sum of known falls of standing works), ``height_unknown``
        (works), ``fractionnement`` [m of fall a km]; with an elevation model, ``drop_m`` of the main stem,
        which is the longest way up from the outlet, and its ``etagement`` (falls of the works on it, over its
        drop).
    """
    import geopandas

    network, tree = study.network, study.used.tree.tree
    reaches, works = network.reaches, network.works
    label, count = tree.basin, len(tree.outlets)
    length = reaches["length_m"].to_numpy(np.float64)
    above = works["reach_above"].to_numpy()
    on = np.flatnonzero(above >= 0)
    of_work = label[above[on]]

    def tally(rows: Any) -> Any:
        return np.bincount(of_work[rows], minlength=count)

    known, doubtful = study.rated["known"].to_numpy(bool)[on], works["doubtful"].to_numpy(bool)[on]
    fragments = study.fragments
    of_fragment = label[fragments.lowest]
    longest, stretch = np.zeros(count), np.zeros(count)
    np.maximum.at(longest, of_fragment, fragments.length)
    np.maximum.at(stretch, of_fragment, fragments.stretch)
    exits = np.bincount(label[reaches["downstream"].to_numpy() < 0], minlength=count)
    table: dict[str, Any] = {
        "basin": number_basins(study),
        "name": _name_basins(study, label, length),
        "length_km": np.bincount(label, weights=length, minlength=count) / M_PER_KM,
        "reaches": np.bincount(label, minlength=count),
        "outlets": exits,
        "works": tally(slice(None)),
        "unknown": tally(~known),
        "doubtful": tally(doubtful),
        "fragments": np.bincount(of_fragment, minlength=count),
        "longest_fragment_km": longest / M_PER_KM,
        "longest_stretch_km": stretch / M_PER_KM,
    }
    # The three trees are cut apart at other arms of braids, but hold the same reaches from the same outlets.
    for key, state in (("", study.used), ("_low", study.low), ("_high", study.high)):
        other = state.tree.tree.basin[tree.outlets]
        table[f"dci_potamodromous{key}"] = state.potamodromous.basins[other] * POINTS
        table[f"dci_diadromous{key}"] = state.diadromous.climbing_basins[other] * POINTS
        if state.population is not None:
            table[f"pci{key}"] = state.population.basins[other] * POINTS
        if state.obstruction is not None:
            table[f"cafi{key}"] = state.obstruction.climbing_basins[other] * POINTS
    table |= _measure_steps(study)
    import shapely

    ends = shapely.get_point(reaches.geometry.to_numpy()[tree.outlets], -1)
    found = geopandas.GeoDataFrame(table, geometry=ends, crs=reaches.crs)
    return found.sort_values("basin").reset_index(drop=True)


def _measure_steps(study: RiverStudy) -> dict[str, Any]:
    """Measure how works cut each basin into steps, and its main stem where its drop is known."""
    from bocage.rivers.staging import measure_staging

    tree, works = study.used.tree.tree, study.network.works
    count, length = len(tree.outlets), tree.length
    above = works["reach_above"].to_numpy()
    standing = np.flatnonzero((above >= 0) & (study.rated["rule"] != "destroyed").to_numpy(bool))
    height = works["height_m"].to_numpy(np.float64)[standing]
    # A row a reach, then a row a work of no length: several works may stand at one place.
    stands = np.arange(len(length) + len(standing)) >= len(length)
    long = np.concatenate([length, np.zeros(len(standing))])
    falls = np.concatenate([np.full(len(length), np.nan), height])
    group = np.concatenate([tree.basin, tree.basin[above[standing]]]).astype(np.int32)
    found = measure_staging(group, long, stands, falls, drop=np.full(count, np.nan))
    table: dict[str, Any] = {
        "density": found.density,
        "height_m": found.height_m,
        "height_unknown": found.unknown,
        "fractionnement": found.fractionnement,
    }
    if study.elevation is not None:
        stem, top = _follow_main_stems(study)
        drop = study.elevation[top, 0] - study.elevation[tree.outlets, 1]
        on = np.concatenate([stem, stem[above[standing]]])
        group = np.where(on, group, -1).astype(np.int32)
        # A model that rises downstream says nothing of the drop.
        known = np.where(drop > 0, drop, np.nan)
        table["drop_m"] = known
        table["etagement"] = measure_staging(group, long, stands, falls, drop=known).etagement
    return table


def _follow_main_stems(study: RiverStudy) -> tuple[Any, Any]:
    """Find the longest way up from each outlet: which reaches are on it, and the upper one of each basin."""
    from bocage.kernels.rivers import measure_from_sea

    tree = study.used.tree.tree
    away = measure_from_sea(tree.order, tree.downstream, tree.length)
    order = np.lexsort((-np.arange(len(away)), away, tree.basin))
    last = np.append(np.flatnonzero(np.diff(tree.basin[order])), len(order) - 1)
    top = order[last]
    stem = np.zeros(len(away), dtype=bool)
    for reach in top.tolist():
        while reach >= 0 and not stem[reach]:
            stem[reach] = True
            reach = int(tree.downstream[reach])
    return stem, top


def _name_basins(study: RiverStudy, label: Any, length: Any) -> list[str]:
    import pandas

    named = pandas.DataFrame({"basin": label, "name": study.network.reaches["name"], "length": length})
    sums = named[named["name"] != ""].groupby(["basin", "name"])["length"].sum().reset_index()
    sums = sums.sort_values(["basin", "length", "name"], ascending=[True, False, True])
    first = sums.drop_duplicates("basin").set_index("basin")["name"]
    return [str(first.get(basin, "")) for basin in range(len(study.used.tree.tree.outlets))]


def table_reaches(study: RiverStudy) -> GeoDataFrame:
    """Make the table of reaches: those of the network, with what can be reached from each.

    Returns
    -------
    GeoDataFrame
        ``basin`` as in ``table_basins``; ``fragment``; ``in_share`` and ``out_share`` (of its basin that can
        come to it, and that it can reach), ``from_sea`` (probability of climbing there).
    """
    reaches = study.network.reaches.copy()
    reaches = reaches.drop(columns=["component"])
    reaches["basin"] = number_basins(study)[study.used.tree.tree.basin]
    reaches["fragment"] = study.fragments.label.astype(np.int64)
    reaches["in_share"] = study.used.potamodromous.inbound
    reaches["out_share"] = study.used.potamodromous.outbound
    reaches["from_sea"] = study.used.diadromous.climb
    return reaches[[column for column in reaches.columns if column != "geometry"] + ["geometry"]]


def table_budget(study: RiverStudy) -> DataFrame:
    """Make the table of budgets: one row a step of the curve.

    Returns
    -------
    DataFrame
        ``cost`` from which the step holds, ``gain`` and ``dci`` after it [points], ``bound`` (no set of works
        gains more; empty when not known), ``ranking`` (gain of the same money spent down the list),
        ``works``, ``chosen`` (their codes, followed by ``:pass`` where a fish pass is chosen).
    """
    import pandas

    columns = ("cost", "gain", "dci", "bound", "ranking", "works", "chosen")
    budget = study.budget
    if budget is None:
        return pandas.DataFrame({column: [] for column in columns})
    curve, ids = budget.curve, study.network.works["id"].to_numpy()
    steps = np.arange(len(curve.cost))
    if len(steps) > _MOST_STEPS:
        steps = np.unique(np.linspace(0, len(steps) - 1, _MOST_STEPS).round().astype(np.int64))
    rows = []
    for step in steps.tolist():
        plan = curve.choose(float(curve.cost[step]))
        chosen = [
            str(ids[work]) + (":pass" if passed else "")
            for work, passed in zip(budget.rows[plan.rows], budget.passes[plan.rows], strict=True)
        ]
        rows.append(
            (
                float(curve.cost[step]),
                plan.gain,
                curve.now + plan.gain,
                plan.bound,
                len(chosen),
                " ".join(chosen),
            )
        )
    table = pandas.DataFrame(rows, columns=["cost", "gain", "dci", "bound", "works", "chosen"])
    for key in ("gain", "dci", "bound"):
        table[key] *= POINTS
    table["ranking"] = budget.ranking.find_gains(table["cost"].to_numpy()) * POINTS
    return table[list(columns)]
