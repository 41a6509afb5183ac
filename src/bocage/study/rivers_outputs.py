"""The files of `bocage rivers`, each whole or absent, the same bytes for the same inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage import __version__
from bocage.io.files import hash_file, output_errors, replace_on_success
from bocage.io.geopackage import fix_date, write_layer
from bocage.io.tables import write_csv, write_json
from bocage.journal import Journal
from bocage.study.rivers_figure import describe_method, draw_budget
from bocage.study.rivers_tables import POINTS, table_basins, table_budget, table_reaches, table_works
from bocage.units import M_PER_KM
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from bocage.study.rivers_plan import RiverBudget
    from bocage.study.rivers_run import RiverStudy

LIBRARIES = ("numpy", "scipy", "numba", "shapely", "geopandas", "pyogrio", "pyproj", "pandas")
CONVENTIONS = {
    "dci_potamodromous": "sum over i, j of w_i w_j c_ij / W^2, in points; c_ij is the product of the "
    "passabilities of the way each barrier is crossed (per_crossing), or of both ways (both_ways), times "
    "what is left over the distance; pairs of two basins are not connected",
    "dci_diadromous": "sum over i of w_i c_i / W, in points; c_i is the product of upward passabilities "
    "from the outlet, or of both ways",
    "pci": "the potamodromous index over the inhabited share of each line",
    "cafi": "sum over barriers of what each stops of the catchment above it, over the whole, in points; it "
    "may pass 100",
    "unknown": "the middle of the interval from the lowest to the highest passability; low and high are the "
    "indices with all at their lowest, and all at their highest",
    "gain": "exact rise of the index, in points, if the work alone became wholly passable both ways",
    "loops": "cut at the worst work of the loop; works past which another arm is as good gain nothing",
}
"""What the figures mean, recorded in ``rivers.json``."""

_SURE, _FIRST = 0.8, 5

_DATE = "1970-01-01T00:00:00.000Z"


def write_rivers(study: RiverStudy, journal: Journal) -> list[Path]:
    """Write tables, figure and record of a river.

    Returns
    -------
    list of Path
        The files, in the order to read them. Without ``rivers.json`` they are not all of one run.

    Raises
    ------
    OutputError
        A file cannot be written; it stays as an earlier run left it.
    """
    output = study.inputs.output
    record = record_rivers(study, journal)
    reaches, works, basins = table_reaches(study), table_works(study), table_basins(study)
    with output_errors(output):
        output.mkdir(parents=True, exist_ok=True)
        # The record of an earlier run does not hold for the files that follow.
        (output / "rivers.json").unlink(missing_ok=True)
    with replace_on_success(output / "rivers.gpkg") as draft, fix_date(_DATE):
        for name, table in (("reaches", reaches), ("works", works), ("basins", basins)):
            write_layer(draft, name, table, geometry_type="LineString" if name == "reaches" else "Point")
    written = [output / "rivers.gpkg", output / "works.csv", output / "basins.csv", output / "budget.csv"]
    _write_csv(written[1], works.drop(columns="geometry"))
    _write_csv(written[2], basins.drop(columns="geometry"))
    _write_csv(written[3], table_budget(study))
    figure = output / "budget.svg"
    if study.budget is None:
        with output_errors(figure):
            figure.unlink(missing_ok=True)
    else:
        with replace_on_success(figure) as draft:
            draft.write_text(draw_budget(study, study.budget), encoding="utf-8", newline="\n")
        written.append(figure)
    written.append(output / "rivers.json")
    # Last: its presence says that the others are whole and belong together.
    write_json(written[-1], record)
    return written


def tell_rivers(study: RiverStudy) -> list[str]:
    """Say what is known, what is not and what a budget can do: the completeness first, a sentence a line."""
    language, network = study.inputs.language, study.network
    works, tree = network.works, study.used.tree
    on = works["reach_above"].to_numpy() >= 0
    told = [
        say(
            "rivers.said_network",
            language,
            reaches=len(network.reaches),
            length=float(network.reaches["length_m"].sum() / M_PER_KM),
            basins=len(tree.tree.outlets),
            repairs=len(network.repairs),
        )
    ]
    if study.weights_lacking:
        told.append(say("rivers.said_weights", language, count=study.weights_lacking))
    if study.parts_lacking:
        told.append(say("rivers.said_parts", language, count=study.parts_lacking))
    if not len(works):
        told.append(say("rivers.said_no_works", language))
    else:
        told.append(
            say(
                "rivers.said_works",
                language,
                total=len(works),
                off=int((~on).sum()),
                doubtful=int(works["doubtful"].to_numpy(bool)[on].sum()),
                bypassed=len(tree.left_out),
            )
        )
        if stacked := count_at_one_place(works):
            told.append(say("rivers.said_stacked", language, count=stacked))
        told += _tell_unknown(study, on)
    values = {
        "value": study.used.potamodromous.index,
        "low": study.low.potamodromous.index,
        "high": study.high.potamodromous.index,
        "sea": study.used.diadromous.climbing,
        "sea_low": study.low.diadromous.climbing,
        "sea_high": study.high.diadromous.climbing,
    }
    told.append(say("rivers.said_dci", language, **{key: float(one * POINTS) for key, one in values.items()}))
    return told + _tell_budget(study)


def count_at_one_place(works: GeoDataFrame) -> int:
    """Count the works on a river at the place of another one given before: they are crossed one by one."""
    points = works.geometry[works["reach_above"].to_numpy() >= 0]
    places = np.round(np.column_stack([points.x, points.y]), 1)
    return len(places) - len(np.unique(places, axis=0))


def _tell_unknown(study: RiverStudy, on: NDArray[np.bool_]) -> list[str]:
    """Say how many passabilities are unknown, and which weigh most on the index."""
    language, tree = study.inputs.language, study.used.tree
    if not on.any():
        return []
    unknown = np.flatnonzero(on & ~study.rated["known"].to_numpy(bool))
    told = [
        say(
            "rivers.said_unknown",
            language,
            group=_name_group(study, language),
            unknown=len(unknown),
            on=int(on.sum()),
            share=float(100 * len(unknown) / int(on.sum())),
        )
    ]
    inside = unknown[tree.reach[unknown] >= 0]
    changes = study.changes
    gains = changes.potamodromous if study.options.index == "potamodromous" else changes.climbing
    gain = gains[tree.reach[inside]]
    first = inside[np.argsort(-gain, kind="stable")][:_FIRST]
    if len(first):
        codes = [str(study.network.works["id"].iloc[work]) for work in first]
        told.append(say("rivers.said_diagnose", language, works=", ".join(codes)))
    return told


def _name_group(study: RiverStudy, language: str) -> str:
    """Name the species; rules of one's own may name them in one language, or in none."""
    names = study.rules.groups[study.options.group]
    return str(names.get(language) or next(iter(names.values()), study.options.group))


def _tell_budget(study: RiverStudy) -> list[str]:
    language, budget = study.inputs.language, study.budget
    if budget is None:
        return [say("rivers.said_nothing_to_open", language)] if len(study.network.works) else []
    told = []
    if not study.costed:
        told.append(say("rivers.said_no_costs", language))
    elif budget.cost_assumed:
        told.append(say("rivers.said_costs", language, count=budget.cost_assumed))
    asked = budget.told
    gain, ranking = (float(curve.find_gains(asked)[0]) for curve in (budget.curve, budget.ranking))
    told.append(
        say(
            "rivers.said_curve",
            language,
            cost=int(asked) if asked == int(asked) else asked,
            gain=gain * POINTS,
            ranking=ranking * POINTS,
            method=describe_method(budget, language),
        )
    )
    if budget.passes.any() and budget.order is not None:
        passes = int(budget.passes[budget.order.rows].sum())
        removed = len(budget.order.rows) - passes
        told.append(say("rivers.said_options", language, removed=removed, passes=passes))
    if study.options.within_m is not None:
        told.append(say("rivers.said_within", language))
    if budget.order is not None and budget.draws is not None:
        opened = budget.draws.opened[budget.order.rows]
        told.append(
            say(
                "rivers.said_draws",
                language,
                works=len(opened),
                sure=int((opened >= _SURE).sum()),
                draws=len(budget.draws.gains),
                regret=budget.draws.regret * POINTS,
            )
        )
    return told


def record_rivers(study: RiverStudy, journal: Journal) -> dict[str, Any]:
    """Record what the figures were made from, what they mean and what is unknown, ready for JSON.

    No path of the machine and no duration is part of it, so that the same inputs give the same bytes.
    """
    from importlib.metadata import version

    options, inputs, network = study.options, study.inputs, study.network
    works, rated = network.works, study.rated
    on = works["reach_above"].to_numpy() >= 0
    codes, counts = np.unique(network.repairs["code"].to_numpy(dtype=str), return_counts=True)
    doubts = [word for text in works["doubt"] for word in str(text or "").replace(",", " ").split()]
    budget = study.budget
    return {
        "bocage": __version__,
        "libraries": {name: version(name) for name in LIBRARIES},
        "inputs": {
            key: {"file": path.name, "sha256": hash_file(path)}
            for key, path in sorted(_list_files(study).items())
        },
        "parameters": {
            "layer": options.layer,
            "works_layer": options.works_layer,
            "crs": inputs.crs,
            "snap_m": options.snap_m,
            "works_snap_m": options.works_snap_m,
            "columns": inputs.columns,
            "work_columns": inputs.work_columns,
            "group": options.group,
            "weight": options.weight,
            "index": options.index,
            "budget": options.budget,
            "convention": options.convention,
            "decay": options.decay,
            "within_m": options.within_m,
        },
        "conventions": CONVENTIONS,
        "completeness": {
            "report": tell_rivers(study),
            "works": len(works),
            "on_network": int(on.sum()),
            "off_network": int((~on).sum()),
            "doubtful": int(works["doubtful"].to_numpy(bool)[on].sum()),
            "doubts": {word: doubts.count(word) for word in sorted(set(doubts))},
            "bypassed": len(study.used.tree.left_out),
            "unknown_passability": int((~rated["known"].to_numpy(bool)[on]).sum()),
            "rules": {key: int(found) for key, found in sorted(rated["rule"][on].value_counts().items())},
            "weights_lacking": study.weights_lacking,
            "parts_lacking": study.parts_lacking,
            "at_one_place": count_at_one_place(works),
            "costs_assumed": 0 if budget is None else budget.cost_assumed,
        },
        "indices": {
            "dci_potamodromous": {key: _round(state.potamodromous.index) for key, state in _states(study)},
            "dci_diadromous": {key: _round(state.diadromous.climbing) for key, state in _states(study)},
            **_record_others(study),
            "longest_fragment_km": round(float(study.fragments.length.max()) / M_PER_KM, 6),
            "longest_stretch_km": round(float(study.fragments.stretch.max()) / M_PER_KM, 6),
        },
        "budget": None
        if budget is None
        else {
            "works": budget.works,
            "passes": int(budget.passes.sum()),
            "method": budget.curve.method,
            "told": budget.told,
            "gap": _round_gap(budget),
            "step": budget.curve.step or None,
            "must": budget.must,
            "never": budget.never,
            "steps": len(budget.curve.cost),
            "draws": None
            if budget.draws is None
            else {
                "sampling": budget.draws.sampling,
                "expected_gain": _round(float(budget.draws.gains.mean())),
                "regret": _round(budget.draws.regret),
            },
        },
        "repairs": {str(code): int(count) for code, count in zip(codes, counts, strict=True)},
        "notes": [
            {"code": note.code, "level": note.level, "text": note.text(inputs.language)}
            for note in journal.notes
        ],
    }


def _list_files(study: RiverStudy) -> dict[str, Path]:
    """List the files that were read."""
    asked = {"dem": study.options.dem, "rules": study.options.rules}
    return study.inputs.files | {key: path for key, path in asked.items() if path is not None}


def _record_others(study: RiverStudy) -> dict[str, Any]:
    """Record the indices that columns of the lines ask for."""
    found = {}
    if study.used.population is not None:
        found["pci"] = {key: _round(state.population.index) for key, state in _states(study)}
    if study.used.obstruction is not None:
        found["cafi"] = {key: _round(state.obstruction.climbing) for key, state in _states(study)}
    return found


def _round_gap(budget: RiverBudget) -> float | None:
    """Gap to the best at the budget told; None where it is not known."""
    gap = budget.curve.find_gap(budget.told)
    return None if np.isnan(gap) else round(gap, 9)


def _states(study: RiverStudy) -> list[tuple[str, Any]]:
    return [("value", study.used), ("low", study.low), ("high", study.high)]


def _round(share: float) -> float:
    return round(float(share) * POINTS, 9)


def _write_csv(path: Path, table: DataFrame) -> None:
    """Write a table as CSV, yes and no as 1 and 0."""
    flags = [column for column in table.columns if table[column].dtype == bool]
    write_csv(path, table.astype(dict.fromkeys(flags, int)))
