"""The files and sentences of `bocage compare`, the same bytes for the same inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from bocage import __version__
from bocage.fragmentation.patch_events import Event
from bocage.io.files import hash_file, output_errors
from bocage.io.tables import write_csv, write_json
from bocage.report.change_page import ChangePage, GraphSection, write_change, write_change_page
from bocage.study.indices.compare import Comparison, GraphChange
from bocage.study.indices.compare_inputs import RECORD
from bocage.units import format_number
from bocage.wording import say

if TYPE_CHECKING:
    from pandas import DataFrame

_WRITTEN = (
    "change.csv", "mesh_change.csv", "patches_change.csv", "pattern_change.csv", "change.html", "change.json",
)  # fmt: skip
_FIRST = 3
_LEAST_POINTS = 0.005
"""Importance that moved by less is not told [points of percent]."""


def write_comparison(comparison: Comparison, output: Path | None = None) -> list[Path]:
    """Write tables, page and record of what changed.

    Parameters
    ----------
    comparison : Comparison
    output : Path, optional
        Folder; ``change`` in that of the second date by default.

    Returns
    -------
    list of Path
        The files, in the order to read them: ``change.html``, ``change.csv``, ``patches_change.csv``,
        ``mesh_change.csv``, ``pattern_change.csv``, ``change.json``. Without the last they are not all of one
        run. Those of an earlier run that this one has not are removed.

    Raises
    ------
    OutputError
        A file cannot be written; it stays as an earlier run left it.
    """
    output = Path(output) if output is not None else comparison.after / "change"
    with output_errors(output):
        output.mkdir(parents=True, exist_ok=True)
        # The record of an earlier run does not hold for the files that follow.
        (output / "change.json").unlink(missing_ok=True)
    written = [output / "change.html"]
    write_change_page(written[0], _compose_page(comparison), language=comparison.language)
    tables = {
        "change.csv": _tabulate_figures(comparison),
        "patches_change.csv": _tabulate_patches(comparison),
        "mesh_change.csv": comparison.mesh,
        "pattern_change.csv": None if comparison.pattern is None else comparison.pattern.reset_index(),
    }
    for name, table in tables.items():
        if table is None:
            continue
        written.append(output / name)
        write_csv(written[-1], table)
    with output_errors(output):
        for name in {*_WRITTEN} - {path.name for path in written}:
            (output / name).unlink(missing_ok=True)
    written.append(output / "change.json")
    # Last: its presence says that the others are whole and belong together.
    write_json(written[-1], record_comparison(comparison))
    return written


def tell_comparison(comparison: Comparison) -> list[str]:
    """Say what changed, a sentence a line: networks, their reservoirs, mesh, then pattern."""
    language = comparison.language
    told = []
    for graph in comparison.graphs:
        told += _tell_graph(graph, language)
    if comparison.mesh is not None:
        told.append(_tell_mesh(comparison.mesh, language))
    if comparison.pattern is not None:
        told.append(_tell_pattern(comparison.pattern, language))
    alone = [*comparison.only_before, *comparison.only_after]
    if alone:
        told.append(say("indices_ground.change_said_alone", language, names=", ".join(alone)))
    return told


def record_comparison(comparison: Comparison) -> dict[str, Any]:
    """Record what was compared and found, ready for JSON; no path of the machine is part of it."""
    return {
        "bocage": __version__,
        "before": _record_source(comparison.before, comparison.titles[0], comparison.dates[0]),
        "after": _record_source(comparison.after, comparison.titles[1], comparison.dates[1]),
        "settings": dict(comparison.settings),
        "graphs": {graph.key or "graph": _record_graph(graph) for graph in comparison.graphs},
        "only_before": list(comparison.only_before),
        "only_after": list(comparison.only_after),
        "report": tell_comparison(comparison),
    }


def _record_source(folder: Path, title: str, date: str) -> dict[str, str]:
    return {"folder": folder.name, "title": title, "date": date, "sha256": hash_file(folder / RECORD)}


def _record_graph(graph: GraphChange) -> dict[str, Any]:
    change = graph.change
    return {
        "name": graph.name,
        "change": None
        if change is None
        else {
            "dA_percent": _round(change.area_percent),
            "dECA_percent": _round(change.eca_percent),
            "ratio": _round(change.ratio),
            "relation": change.relation,
            "reading": change.reading,
            "makurhini": change.makurhini,
        },
        "events": None
        if graph.events is None
        else {event: graph.events.event.count(event) for event in get_args(Event)},
    }


def _round(value: float) -> float | None:
    return float(f"{value:.9g}") if np.isfinite(value) else None


# --- tables ------------------------------------------------------------------------------------------


def _tabulate_figures(comparison: Comparison) -> DataFrame | None:
    import pandas as pd

    parts = []
    for graph in comparison.graphs:
        table = graph.figures.copy()
        table.insert(0, "subnetwork", graph.key)
        known = (table["index"] == "ECA") & (graph.change is not None)
        relation, reading = (
            ("", "") if graph.change is None else (graph.change.relation, graph.change.reading)
        )
        table["relation"] = np.where(known, relation, "")
        table["reading"] = np.where(known, reading, "")
        parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else None


def _tabulate_patches(comparison: Comparison) -> DataFrame | None:
    import pandas as pd

    parts = []
    for graph in comparison.graphs:
        if graph.patches is not None:
            table = graph.patches.copy()
            table.insert(0, "subnetwork", graph.key)
            parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else None


# --- words -------------------------------------------------------------------------------------------


def _call(graph: GraphChange, language: str) -> str:
    return graph.name or say("indices_ground.change_network", language)


def _tell_graph(graph: GraphChange, language: str) -> list[str]:
    name = _call(graph, language)
    if graph.change is None:
        told = [say("indices_ground.change_said_empty", language, name=name)]
    else:
        told = [
            say(
                "indices_ground.change_said_graph",
                language,
                name=name,
                area=write_change(graph.change.area_percent, 1, language),
                eca=write_change(graph.change.eca_percent, 1, language),
                reading=say(f"indices_ground.reading_{graph.change.reading}", language),
            )
        ]
    separator = say("indices_ground.change_separator", language)
    if graph.events is not None and len(graph.events):
        counts = [(event, graph.events.event.count(event)) for event in get_args(Event)]
        events = separator.join(
            say(
                "indices_ground.change_said_event",
                language,
                count=count,
                event=say(f"indices_ground.event_{event}", language).lower(),
            )
            for event, count in counts
            if count
        )
        told.append(say("indices_ground.change_said_events", language, name=name, events=events))
    items = _list_importance(graph, language)
    if items:
        told.append(
            say("indices_ground.change_said_importance", language, name=name, items=separator.join(items))
        )
    return told


def _list_importance(graph: GraphChange, language: str) -> list[str]:
    """Say which patches gained or lost most importance."""
    if graph.patches is None:
        return []
    moved = graph.patches[graph.patches["importance_change"].abs() >= _LEAST_POINTS].copy()
    moved["size"] = moved["importance_change"].abs()
    moved = moved.sort_values(["size", "after"], ascending=[False, True], kind="stable").head(_FIRST)
    return [
        say(
            "indices_ground.change_said_importance_item",
            language,
            patch=row["name"] or row["after"],
            before=format_number(row["importance_before"], 1, language),
            after=format_number(row["importance_after"], 1, language),
        )
        for row in moved.to_dict("records")
    ]


def _tell_mesh(mesh: DataFrame, language: str) -> str:
    whole = mesh.iloc[-1]
    units = mesh.iloc[:-1]["mesh_cbc_ha_change"] if len(mesh) > 1 else mesh["mesh_cbc_ha_change"]
    # Tables hold nine digits: less than that is no change.
    least = 1e-7 * mesh["mesh_cbc_ha_before"].abs().max()
    return say(
        "indices_ground.change_said_mesh",
        language,
        before=float(whole["mesh_cbc_ha_before"]),
        after=float(whole["mesh_cbc_ha_after"]),
        percent=write_change(float(whole["mesh_cbc_ha_percent"]), 1, language),
        down=int((units < -least).sum()),
        up=int((units > least).sum()),
    )


def _tell_pattern(pattern: DataFrame, language: str) -> str:
    codes, area = list(pattern.columns), pattern.to_numpy(np.float64)

    def leave(name: str, axis: int) -> float:
        """Add what left a class (axis 0) or came to it (axis 1)."""
        if name not in codes:
            return 0.0
        at = codes.index(name)
        line = area[at] if axis == 0 else area[:, at]
        return float(line.sum() - line[at])

    return say(
        "indices_ground.change_said_pattern",
        language,
        lost=leave("core", 0),
        gained=leave("core", 1),
        cleared=leave("background", 1),
        new=leave("background", 0),
    )


def _compose_page(comparison: Comparison) -> ChangePage:
    language = comparison.language
    titles, dates = comparison.titles, comparison.dates
    between = [date or title for date, title in zip(dates, titles, strict=True)]
    if between[0] == between[1]:
        between = [folder.name for folder in (comparison.before, comparison.after)]
    return ChangePage(
        title=titles[1],
        between=(between[0], between[1]),
        sentences=tell_comparison(comparison),
        graphs=[
            GraphSection(
                _call(graph, language), graph.figures, graph.change, graph.patches, graph.before, graph.after
            )
            for graph in comparison.graphs
        ],
        mesh=comparison.mesh,
        pattern=comparison.pattern,
        settings=comparison.settings,
    )
