"""Tables of the page of indices: what each says, in words and numbers a reader can sort."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bocage.fragmentation.metrics import METRICS
from bocage.report.indices_content import PATTERN_CLASSES, GraphPage, GroundPage
from bocage.report.indices_figures import write_index, write_number
from bocage.report.indices_sentences import name_ends, sort_best, split_mesh, unit_ids, unit_names
from bocage.units import M_PER_KM, NBSP, format_number
from bocage.wording import entry, fold_name, say

MOST_PATCHES = MOST_LINKS = 15
"""Rows of the tables of patches and links; the others are in the files beside the page."""
MOST_GROUPS = 10

METRICS_SHOWN = (
    "ta", "np", "pd", "lpi", "te", "ed", "lsi", "area_mn", "area_am", "gyrate_am", "shape_mn", "shape_am",
    "frac_am", "tca", "cai_am", "enn_mn", "pafrac", "contag", "pladj", "iji", "cohesion", "division", "mesh",
    "split", "ai", "pr", "shdi", "sidi", "shei",
)  # fmt: skip
"""Metrics of the landscape that the page tells; all of them are in metrics_landscape.csv."""
CLASS_METRICS = (
    "ca",
    "pland",
    "np",
    "pd",
    "lpi",
    "ed",
    "area_mn",
    "cpland",
    "enn_mn",
    "clumpy",
    "cohesion",
    "mesh",
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says, and the number it is sorted by where it holds one."""

    text: str
    key: float | None = None
    note: str = ""

    @property
    def order(self) -> str:
        """The key as written in the page; missing values come last."""
        return "" if self.key is None else "-1e99" if math.isnan(self.key) else f"{self.key:.6g}"


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and whether its cells are numbers."""

    label: str
    number: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    caption : str
    columns : tuple of Column
    rows : tuple of tuple of Cell
    head : int
        Column that names the row.
    foot : tuple of Cell
        The whole, or empty.
    more : str
        Where the rows are that are not shown; or empty.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    head: int = 0
    foot: tuple[Cell, ...] = ()
    more: str = ""


def tabulate_overall(graph: GraphPage, language: str) -> Table:
    """List all indices of the whole, with what each tells."""
    rows = []
    for row in graph.overall.to_dict("records"):
        index, unit = str(row["index"]), str(row.get("unit") or "")
        value = write_index(float(row["value"]), language)
        rows.append(
            (
                Cell(index),
                Cell(f"{value}{NBSP}{unit}" if unit else value),
                Cell(explain_index(index, language)),
            )
        )
    return Table(
        say("indices_page.h_overall", language),
        (
            _head("index", language, number=False),
            _head("value", language),
            _head("meaning", language, number=False),
        ),
        tuple(rows),
    )


def explain_index(index: str, language: str) -> str:
    """Say what an index tells; nothing of one that the page does not know.

    >>> explain_index("NC", "en"), explain_index("XYZ", "en")
    ('Number of groups of connected reservoirs.', '')
    """
    key = re.sub(r"[^a-z0-9]+", "_", index.lower()).strip("_")
    key = {"ec_pc": "eca", "ec": "eca", "eca_pc": "eca"}.get(key, key)
    try:
        entry(f"indices_page.index_{key}")
    except KeyError:
        return ""
    return say(f"indices_page.index_{key}", language)


def tabulate_patches(graph: GraphPage, names: Mapping[str, str], language: str) -> Table:
    """List the patches that matter most."""
    best = sort_best(graph.nodes, "dPC").head(MOST_PATCHES)
    shares = [c for c in ("dPC", "dPC_intra", "dPC_flux", "dPC_connector") if c in best.columns]
    labels = {
        "dPC": "dpc",
        "dPC_intra": "part_intra",
        "dPC_flux": "part_flux",
        "dPC_connector": "part_connector",
    }
    grouped = "component" in best.columns
    rows = []
    for rank, row in enumerate(best.to_dict("records"), start=1):
        cells = [_whole(rank, language), _name(str(row["id"]), names), _number(row["capacity"], language)]
        if grouped:
            cells.append(_whole(int(row["component"]), language))
        rows.append((*cells, *(_number(row[column], language) for column in shares)))
    held = "capacity_ha" if graph.area_unit else "capacity"
    columns = [_head("rank", language), _head("reservoir", language, number=False), _head(held, language)]
    if grouped:
        columns.append(_head("group", language))
    for column in shares:
        label = labels[column]
        key = f"indices_page.{label}" if label.startswith("part_") else f"indices_page.column_{label}"
        columns.append(Column(say(key, language)))
    more = _tell_more(len(graph.nodes) - len(rows), "nodes.csv", language)
    return Table(say("indices_page.h_patches", language), tuple(columns), tuple(rows), head=1, more=more)


def tabulate_links(graph: GraphPage, names: Mapping[str, str], language: str) -> Table:
    """List the links whose cutting costs most, with what freeing them gains."""
    best = sort_best(graph.links_table, "dPC").head(MOST_LINKS)
    has = [column for column in ("length", "cost", "dPC", "gain") if column in best.columns]
    if "gain" in has and not (best["gain"].astype(float) > 0).any():
        has.remove("gain")
    rows = []
    for rank, row in enumerate(best.to_dict("records"), start=1):
        cells = [_whole(rank, language), _ends(row, names)]
        for column in has:
            value = float(row[column]) / (M_PER_KM if column == "length" else 1.0)
            cells.append(_number(value, language))
        rows.append(tuple(cells))
    keys = {"length": "length", "cost": "cost", "dPC": "loss", "gain": "gain_pc"}
    columns = (
        _head("rank", language),
        _head("ends", language, number=False),
        *(_head(keys[column], language) for column in has),
    )
    more = _tell_more(len(graph.links_table) - len(rows), "links.csv", language)
    return Table(say("indices_page.h_links", language), columns, tuple(rows), head=1, more=more)


def tabulate_added(graph: GraphPage, names: Mapping[str, str], language: str) -> Table | None:
    """List the links worth adding; none where none was searched for."""
    if graph.added is None:
        return None
    kinds = "kind" in graph.added.columns
    rows = []
    for rank, row in enumerate(graph.added.head(MOST_LINKS).to_dict("records"), start=1):
        cells = [_whole(rank, language), _ends(row, names)]
        if kinds:
            cells.append(Cell(say(f"indices_page.kind_{row['kind']}", language)))
        rows.append((*cells, _number(row["cost"], language), _number(row["gain"], language)))
    columns = [_head("rank", language), _head("ends", language, number=False)]
    if kinds:
        columns.append(_head("kind", language, number=False))
    more = _tell_more(len(graph.added) - len(rows), "added.csv", language)
    return Table(
        say("indices_page.h_added", language),
        (*columns, _head("cost", language), _head("gain", language)),
        tuple(rows),
        head=1,
        more=more,
    )


def tabulate_added_patches(graph: GraphPage, language: str) -> Table | None:
    """List the patches worth making; none where none was searched for."""
    if graph.added_patches is None:
        return None
    rows = [
        (
            _whole(rank, language),
            Cell(str(row["id"])),
            _number(row["capacity"], language),
            _number(row["gain"], language),
        )
        for rank, row in enumerate(graph.added_patches.head(MOST_PATCHES).to_dict("records"), start=1)
    ]
    return Table(
        say("indices_page.h_added_patches", language),
        (
            _head("rank", language),
            _head("site", language, number=False),
            _head("capacity_ha" if graph.area_unit else "capacity", language),
            _head("gain", language),
        ),
        tuple(rows),
        head=1,
        more=_tell_more(len(graph.added_patches) - len(rows), "added_patches.csv", language),
    )


def tabulate_removed(graph: GraphPage, names: Mapping[str, str], language: str) -> Table | None:
    """List the patches lost one after the other, those that cost most; none where not followed."""
    if graph.removed is None:
        return None
    table = graph.removed[(graph.removed["kind"] == "patch") & (graph.removed["lost"] == "most")]
    shown = table.head(MOST_PATCHES)
    summed = 0.0
    rows = []
    for rank, row in enumerate(shown.to_dict("records"), start=1):
        summed += float(row["loss"])
        cells = (_whole(rank, language), _name(str(row["id"]), names), _number(row["loss"], language))
        rows.append((*cells, _number(summed, language)))
    return Table(
        say("indices_page.h_removed", language),
        (
            _head("rank", language),
            _head("reservoir", language, number=False),
            _head("loss_eca", language),
            _head("loss_so_far", language),
        ),
        tuple(rows),
        head=1,
        more=_tell_more(len(table) - len(rows), "removed.csv", language),
    )


def tabulate_components(graph: GraphPage, names: Mapping[str, str], language: str) -> Table:
    """List the groups of patches that links join, largest first."""
    table = sort_best(graph.components, "capacity").head(MOST_GROUPS)
    total = float(graph.nodes["capacity"].sum()) or 1.0
    has = [column for column in ("largest", "eca") if column in table.columns]
    rows = []
    for row in table.to_dict("records"):
        cells = [
            _whole(int(row["component"]), language),
            *(_whole(int(row[column]), language) for column in ("patches", "links") if column in row),
            _number(row["capacity"], language),
            _number(100 * float(row["capacity"]) / total, language),
        ]
        if "eca" in has:
            cells.append(_number(row["eca"], language))
        if "largest" in has:
            cells.append(_name(str(row["largest"]), names))
        rows.append(tuple(cells))
    held, eca = ("capacity_ha", "eca") if graph.area_unit else ("capacity", "ec")
    columns = [_head("group", language)]
    columns += [_head(column, language) for column in ("patches", "links") if column in table.columns]
    columns += [_head(held, language), _head("share", language)]
    if "eca" in has:
        columns.append(_head(eca, language))
    if "largest" in has:
        columns.append(_head("largest", language, number=False))
    more = _tell_more(len(graph.components) - len(rows), "components.csv", language)
    return Table(say("indices_page.h_components", language), tuple(columns), tuple(rows), more=more)


_UNIT_COLUMNS: tuple[tuple[str, str, float], ...] = (
    ("capacity", "held", 1.0),
    ("share", "held_share", 100.0),
    ("contribution", "contribution", 100.0),
    ("dependence", "dependence", 100.0),
    ("least_loss", "least_loss", 100.0),
)


def tabulate_units(graph: GraphPage, language: str) -> Table | None:
    """List the territories by name; what is in none comes last."""
    table = graph.units
    if table is None or not len(table):
        return None
    has = [column for column in _UNIT_COLUMNS if column[0] in table.columns]
    named = "neighbour" in table.columns
    shown = dict(zip(unit_ids(table), unit_names(table), strict=True))
    rows: list[tuple[bool, str, tuple[Cell, ...]]] = []
    for key, name, row in zip(unit_ids(table), unit_names(table), table.to_dict("records"), strict=True):
        outside = key in ("", "nan", "None")
        cells = [Cell(say("indices_page.outside_units", language) if outside else name)]
        blank = _blank_columns(row)
        cells += [
            _number(math.nan if column in blank else factor * float(row[column]), language)
            for column, _, factor in has
        ]
        if named:
            neighbour = row["neighbour"]
            text = neighbour if isinstance(neighbour, str) else ""
            cells.append(Cell(shown.get(text, text) or "–"))
        rows.append((outside, fold_name(cells[0].text), tuple(cells)))
    rows.sort(key=lambda row: row[:2])
    columns = [_head("unit", language, number=False)]
    for column, label, _ in has:
        ha = column == "capacity" and graph.area_unit
        columns.append(_head("held_ha" if ha else label, language))
    if named:
        columns.append(_head("neighbour", language, number=False))
    return Table(say("indices_page.h_units", language), tuple(columns), tuple(row[2] for row in rows))


def _blank_columns(row: Mapping[Any, Any]) -> tuple[str, ...]:
    """Tell what says nothing of a territory without reservoirs."""
    return () if float(row.get("contribution", 1.0)) > 0 else ("dependence", "least_loss")


def tabulate_mesh(ground: GroundPage, language: str) -> Table:
    """List effective mesh sizes by territory, CUT beside CBC, the whole last."""
    rows, whole = split_mesh(ground.mesh)
    columns = ["unit", "area", "natural", "pieces", "cut", "cbc", "owed", "division", "splitting"]
    listed = [
        (fold_name(name), _write_mesh(name, row, language))
        for name, row in zip(unit_names(rows), rows.to_dict("records"), strict=True)
    ]
    listed.sort(key=lambda pair: pair[0])
    foot = () if whole is None else _write_mesh(say("indices_page.whole", language), whole, language)
    return Table(
        say("indices_page.h_mesh", language),
        tuple(_head(column, language, number=column != "unit") for column in columns),
        tuple(cells for _, cells in listed) or ((foot,) if foot else ()),
        foot=foot if listed else (),
    )


def _write_mesh(name: str, row: Mapping[Any, Any], language: str) -> tuple[Cell, ...]:
    area = float(row.get("unit_area_ha", math.nan))
    natural = float(row.get("natural_area_ha", math.nan))
    cut, cbc = float(row["mesh_cut_ha"]), float(row.get("mesh_cbc_ha", math.nan))
    pieces = row.get("pieces")
    return (
        Cell(name),
        _number(area, language),
        _number(100 * natural / area if area else math.nan, language),
        Cell("–", math.nan) if pieces is None else _whole(int(pieces), language),
        _number(cut, language),
        _number(cbc, language),
        _number(cbc - cut, language),
        _number(100 * float(row.get("division", math.nan)), language),
        _number(float(row.get("splitting", math.nan)), language),
    )


def tabulate_pattern(ground: GroundPage, language: str) -> Table | None:
    """List the classes of the spatial pattern."""
    table = ground.pattern_classes
    if table is None or not len(table):
        return None
    order = {name: place for place, name in enumerate(PATTERN_CLASSES)}
    counted = "objects" in table.columns
    rows = []
    for row in sorted(table.to_dict("records"), key=lambda row: order.get(str(row["class"]), 99)):
        name = str(row["class"])
        if name not in order:
            continue
        cells = [
            Cell(
                say(f"indices_page.pattern_{name}", language),
                note=say(f"indices_page.pattern_{name}_text", language),
            ),
            _number(row["area_ha"], language),
            _number(100 * float(row["share"]), language),
        ]
        if counted:
            cells.append(_whole(int(row["objects"]), language))
        rows.append(tuple(cells))
    keys = ["class", "area_ha", "share_natural", *(["objects"] if counted else [])]
    return Table(
        say("indices_page.pattern_bars_title", language),
        tuple(_head(key, language, number=key != "class") for key in keys),
        tuple(rows),
    )


def tabulate_landscape(ground: GroundPage, language: str) -> Table:
    """List metrics of the landscape with their meaning, in a reader's order."""
    found = {str(row["metric"]): row for row in ground.landscape.to_dict("records")}
    rows = []
    for metric in METRICS_SHOWN:
        if metric not in found:
            continue
        row = found[metric]
        value, unit = write_index(float(row["value"]), language), str(row.get("unit") or METRICS[metric].unit)
        unit = say_unit(unit, language)
        rows.append((
            Cell(metric.upper()), Cell(f"{value}{NBSP}{unit}" if unit and value != "–" else value),
            Cell(METRICS[metric].meaning(language))))  # fmt: skip
    more = _tell_more(len(found) - len(rows), "metrics_landscape.csv", language)
    return Table(
        say("indices_page.h_metrics", language),
        (
            _head("index", language, number=False),
            _head("value", language),
            _head("meaning", language, number=False),
        ),
        tuple(rows),
        more=more,
    )


def tabulate_classes(ground: GroundPage, language: str) -> Table | None:
    """List metrics of the classes of land cover, the largest first."""
    table = ground.classes
    if table is None or not len(table):
        return None
    has = [metric for metric in CLASS_METRICS if metric in table.columns]
    table = sort_best(table, "ca")
    rows = []
    for row in table.to_dict("records"):
        name = str(row.get("name") or row["class"])
        rows.append((Cell(name), *(_write_metric(metric, row[metric], language) for metric in has)))
    columns = [_head("class", language, number=False)]
    for metric in has:
        unit = say_unit(METRICS[metric].unit, language)
        columns.append(Column(f"{metric.upper()} ({unit})" if unit else metric.upper()))
    others = sum(column in METRICS for column in table.columns) - len(has)
    file = "metrics_classes.csv"
    more = say("indices_page.more_metrics", language, count=others, file=file) if others > 0 else ""
    return Table(say("indices_page.h_metrics_classes", language), tuple(columns), tuple(rows), more=more)


def _write_metric(metric: str, value: Any, language: str) -> Cell:
    number = float(value)
    return (
        _whole(int(number), language)
        if metric == "np" and math.isfinite(number)
        else _number(number, language)
    )


def say_unit(unit: str, language: str) -> str:
    r"""Write the unit of a metric as people do.

    >>> say_unit("1/100 ha", "fr"), say_unit("ha", "fr")
    ('pour 100\xa0ha', 'ha')
    """
    if unit == "1/100 ha":
        return f"{'pour' if language == 'fr' else 'in'} 100{NBSP}ha"
    return unit


def _head(key: str, language: str, *, number: bool = True) -> Column:
    return Column(say(f"indices_page.column_{key}", language), number)


def _number(value: Any, language: str) -> Cell:
    number = float(value)
    return Cell(write_number(number, language), number)


def _whole(value: int, language: str) -> Cell:
    return Cell(format_number(value, 0, language), float(value))


def _name(key: str, names: Mapping[str, str]) -> Cell:
    name = names.get(key, key)
    return Cell(name, note=key if name != key else "")


def _ends(row: Mapping[Any, Any], names: Mapping[str, str]) -> Cell:
    start, end = name_ends(row, names)
    link = row.get("id")
    return Cell(f"{start} – {end}", note=link if isinstance(link, str) else "")


def _tell_more(count: int, file: str, language: str) -> str:
    return say("indices_page.more_rows", language, count=count, file=file) if count > 0 else ""
