"""The page of indices: how connected a network is, what matters in it, and how cut up the ground is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

import bocage
from bocage.io.files import replace_on_success
from bocage.journal import Journal
from bocage.report.indices_content import PATTERN_CLASSES, GraphPage, GroundPage, PatternPicture
from bocage.report.indices_figures import (
    PARTS,
    PATTERN_COLOURS,
    Bar,
    Curve,
    draw_bars,
    draw_curve,
    draw_swatch_part,
    write_percent,
)
from bocage.report.indices_figures_maps import (
    LABELLED,
    Classes,
    Picture,
    divide_decades,
    divide_evenly,
    draw_network,
    draw_pattern,
    draw_units,
)
from bocage.report.indices_figures_spread import draw_spread
from bocage.report.indices_methods import GRAPH_REFERENCES, GROUND_REFERENCES, list_choices, list_methods
from bocage.report.indices_sentences import (
    list_graph_figures,
    list_ground_figures,
    rank_dependence,
    read_eca,
    read_pattern_shares,
    sort_best,
    split_mesh,
    summarise_graph,
    summarise_ground,
    unit_ids,
    write_capacity,
    write_distance,
    write_edge,
)
from bocage.report.indices_tables import (
    MOST_PATCHES,
    tabulate_added,
    tabulate_added_patches,
    tabulate_classes,
    tabulate_components,
    tabulate_landscape,
    tabulate_links,
    tabulate_mesh,
    tabulate_overall,
    tabulate_patches,
    tabulate_pattern,
    tabulate_removed,
    tabulate_units,
)
from bocage.report.pages import list_notes, load_template, write_date
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

__all__ = ["PATTERN_CLASSES", "GraphPage", "GroundPage", "PatternPicture", "write_indices_page"]

DEPENDENCE = Classes((20.0, 40.0, 60.0, 80.0))
"""Classes of dependence, the same for all so that maps compare [%]."""


def write_indices_page(
    path: str | Path,
    *,
    title: str,
    graphs: Sequence[GraphPage],
    ground: GroundPage | None = None,
    journal: Journal,
    date: str = "",
    units: GeoDataFrame | None = None,
    area: object | None = None,
    language: str = "fr",
) -> None:
    """Write the page of indices as one HTML file without any outside file, font, script or picture.

    Parameters
    ----------
    path : path
        File to write; replaced only when the new one is complete.
    title : str
        Of the study, or the name of the source.
    graphs : sequence of GraphPage
        In the order of their sections; may be empty.
    ground : GroundPage, optional
    journal : Journal
        Every note is told, by level.
    date : str
        ISO date; empty where there is none.
    units : GeoDataFrame, optional
        ``id``, ``name`` and polygons of the territories that tables give figures for, in the CRS of patches.
    area : shapely polygon, optional
        Study area.
    language : {"fr", "en"}

    Raises
    ------
    OutputError
        The file cannot be written.

    Notes
    -----
    The same arguments give the same bytes.
    """
    told = partial(say, language=language)
    labels = [_name_patches(graph) for graph in graphs]
    sections = [
        _describe_graph(graph, names, units, area, language, number)
        for number, (graph, names) in enumerate(zip(graphs, labels, strict=True))
    ]
    html = load_template("indices.html.j2").render(
        language=language,
        t=lambda key, **values: told(f"indices_page.{key}", **values),
        r=lambda key, **values: told(f"report.{key}", **values),
        title=title,
        date=write_date(date, language),
        brief=_summarise(graphs, labels, ground, language),
        graphs=sections,
        ground=None if ground is None else _describe_ground(ground, units, area, language),
        methods=list_methods(graphs, ground, language),
        choices=list_choices(graphs, ground, language),
        references=[
            *(GRAPH_REFERENCES if graphs else ()),
            *(GROUND_REFERENCES if ground is not None else ()),
        ],
        notes=list_notes(journal, language),
        version=bocage.__version__,
    )
    with replace_on_success(path) as part:
        part.write_text(html, encoding="utf-8", newline="\n")


def _name_patches(graph: GraphPage) -> dict[str, str]:
    """Give the words for each patch: its name, or its id; of two that share a name, both with their ids."""
    ids = [str(key) for key in graph.nodes["id"]]
    if "name" not in graph.nodes.columns:
        return dict(zip(ids, ids, strict=True))
    names = [name.strip() if isinstance(name, str) else "" for name in graph.nodes["name"]]
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    return {
        key: key if not name else name if seen[name] == 1 else f"{name} ({key})"
        for key, name in zip(ids, names, strict=True)
    }


def _summarise(
    graphs: Sequence[GraphPage], labels: Sequence[Mapping[str, str]], ground: GroundPage | None, language: str
) -> list[tuple[str, list[str]]]:
    """Give the summary: what each part is about, and its sentences."""
    said = [
        (graph.name, summarise_graph(graph, names, language))
        for graph, names in zip(graphs, labels, strict=True)
    ]
    if ground is not None:
        heading = say("indices_page.section_ground", language) if any(name for name, _ in said) else ""
        said.append((heading, summarise_ground(ground, language)))
    return [(name, sentences) for name, sentences in said if sentences]


# --- one graph ---------------------------------------------------------------------------------------


def _describe_graph(
    graph: GraphPage, names: Mapping[str, str], units: GeoDataFrame | None, area: object | None,
    language: str, number: int,
) -> dict[str, Any]:  # fmt: skip
    key = f"g{number}"
    ranked = [str(name) for name in sort_best(graph.nodes, "dPC")["id"].head(LABELLED)]
    first = {name: names[name] for name in ranked} if "dPC" in graph.nodes.columns else {}
    return {
        "key": key,
        "name": graph.name,
        "figures": list_graph_figures(graph, names, language),
        "map": _wrap(draw_network(graph, first, units, area, language, f"{key}-map")),
        "straight": graph.links is None or not len(graph.links),
        "bars": _draw_importance(graph, names, language, f"{key}-bars"),
        "parts": [
            (Markup(draw_swatch_part(colour, f"{key}-part-{part}", hatched=part == "connector")),
             say(f"indices_page.part_{part}_text", language))
            for part, colour in PARTS.items()
        ],
        "patches": tabulate_patches(graph, names, language),
        "curve": _draw_distances(graph, language, f"{key}-curve"),
        "components": tabulate_components(graph, names, language),
        "links": tabulate_links(graph, names, language) if len(graph.links_table) else None,
        "freed": "gain" in graph.links_table.columns,
        "added": tabulate_added(graph, names, language),
        "added_patches": tabulate_added_patches(graph, language),
        "removed": tabulate_removed(graph, names, language),
        "spreads": [
            (say("indices_page.spread_title", language, index=one.name), drawn)
            for place, one in enumerate(graph.spreads)
            if (drawn := _wrap(draw_spread(one, graph.patches, area, language, f"{key}-spread-{place}")))
        ],
        "units": tabulate_units(graph, language),
        "unit_maps": _draw_unit_maps(graph, units, area, language, key),
        "overall": tabulate_overall(graph, language),
    }  # fmt: skip


def _wrap(picture: Picture | None) -> dict[str, Any] | None:
    if picture is None:
        return None
    return {
        "svg": Markup(picture.svg),
        "legend": [[(Markup(swatch), label) for swatch, label in group] for group in picture.legend if group],
    }


def _draw_importance(graph: GraphPage, names: Mapping[str, str], language: str, key: str) -> Markup | None:
    columns = [f"dPC_{part}" for part in PARTS]
    if not set(columns) <= set(graph.nodes.columns) or not len(graph.nodes):
        return None
    best = sort_best(graph.nodes, "dPC").head(MOST_PATCHES)
    bars = []
    for rank, row in enumerate(best.to_dict("records"), start=1):
        parts = tuple((float(row[column]), PARTS[column.removeprefix("dPC_")]) for column in columns)
        total = sum(part for part, _ in parts)
        label = f"{rank}. {names[str(row['id'])]}"
        bars.append(Bar(label, parts, write_percent(total, language)))
    told = "; ".join(f"{bar.label} {bar.value}" for bar in bars)
    return Markup(
        draw_bars(
            bars,
            title=say("indices_page.patches_title", language, count=len(bars)),
            description=say("indices_page.patches_description", language, rows=told),
            key=key,
            unit=say("indices_page.unit_pc", language),
            language=language,
        )
    )


def _draw_distances(graph: GraphPage, language: str, key: str) -> Markup | None:
    table = graph.by_distance
    table = table[(table["distance"] > 0) & table["eca"].notna()].sort_values("distance")
    if len(table) < 2:
        return None
    capacity = graph.nodes["capacity"].astype(float)
    curve = Curve(
        table["distance"].astype(float).tolist(),
        table["eca"].astype(float).tolist(),
        graph.dispersal,
        float(capacity.sum()),
        math.sqrt(float((capacity**2).sum())),
    )
    write = partial(write_capacity, graph=graph, language=language)
    value = read_eca(graph)
    here = curve.read(graph.dispersal) if math.isnan(value) else value
    kind = "m" if graph.cost_unit else "cost"
    eca = bool(graph.area_unit)
    words = {
        "low": write_distance(curve.distance[0], graph, language),
        "high": write_distance(curve.distance[-1], graph, language),
        "first": write(curve.value[0]),
        "last": write(curve.value[-1]),
        "here": write(here),
    }
    return Markup(
        draw_curve(
            curve,
            title=say(f"indices_page.distance_title{'' if eca else '_ec'}", language),
            description=say("indices_page.distance_description", language, **words),
            key=key,
            x_title=say(f"indices_page.axis_distance_{kind}", language),
            y_title=say(f"indices_page.axis_{'eca' if eca else 'ec'}", language),
            here=say("indices_page.here", language, value=write(here)),
            ceiling=say("indices_page.ceiling", language, value=write(curve.ceiling)),
            floor=say("indices_page.floor", language, value=write(curve.floor)),
            language=language,
        )
    )


def _draw_unit_maps(
    graph: GraphPage, units: GeoDataFrame | None, area: object | None, language: str, key: str
) -> list[tuple[str, dict[str, Any]]]:
    """Draw contribution and dependence, each with its own classes."""
    if units is None or graph.units is None:
        return []
    table = graph.units
    keys, drawn, found = unit_ids(table), set(units["id"].astype(str)), []
    held = [True] * len(table)
    if "contribution" in table.columns:
        held = [float(value) > 0 for value in table["contribution"]]
    for column, ramp in (("contribution", "green"), ("dependence", "purple")):
        if column not in table.columns:
            continue
        values = {
            unit: 100 * float(value)
            for unit, value, some in zip(keys, table[column], held, strict=True)
            if some and math.isfinite(float(value))
        }
        here = [value for unit, value in values.items() if unit in drawn]
        title = say(f"indices_page.units_{column}", language)
        dependent = [keys[place] for place in rank_dependence(table)[:3]]
        picture = draw_units(
            units, values, ramp=ramp, title=title, percent=True, unit="", area=area, language=language,
            classes=divide_decades(here) if column == "contribution" else DEPENDENCE,
            key=f"{key}-{column}", named=None if column == "contribution" else dependent,
            blank="no_reservoir",
        )  # fmt: skip
        wrapped = _wrap(picture)
        if wrapped is not None:
            found.append((title, wrapped))
    return found


# --- the ground --------------------------------------------------------------------------------------


def _describe_ground(
    ground: GroundPage, units: GeoDataFrame | None, area: object | None, language: str
) -> dict[str, Any]:
    return {
        "figures": list_ground_figures(ground, language),
        "mesh": tabulate_mesh(ground, language),
        "mesh_maps": _draw_mesh_maps(ground, units, area, language),
        "pattern": None
        if ground.pattern is None
        else _wrap(draw_pattern(ground.pattern, area, language, "pattern")),
        "edge": write_edge(ground, language),
        "pattern_bars": _draw_pattern_bars(ground, language),
        "pattern_table": tabulate_pattern(ground, language),
        "landscape": tabulate_landscape(ground, language) if len(ground.landscape) else None,
        "classes": tabulate_classes(ground, language),
    }


def _draw_mesh_maps(
    ground: GroundPage, units: GeoDataFrame | None, area: object | None, language: str
) -> list[tuple[str, dict[str, Any]]]:
    """Draw CUT and CBC in the same classes, so that the two maps compare."""
    rows, _ = split_mesh(ground.mesh)
    columns = [column for column in ("mesh_cut_ha", "mesh_cbc_ha") if column in rows.columns]
    if units is None or len(rows) < 2:
        return []
    classes: Classes = divide_evenly([float(x) for column in columns for x in rows[column]])
    found = []
    for column in columns:
        values = dict(zip(unit_ids(rows), rows[column].astype(float), strict=True))
        name = "cut" if column == "mesh_cut_ha" else "cbc"
        title = say(f"indices_page.mesh_{name}_title", language)
        wrapped = _wrap(
            draw_units(
                units, values, ramp="blue", title=title, percent=False, unit="ha", classes=classes, area=area,
                language=language, key=f"mesh-{name}",
            )
        )  # fmt: skip
        if wrapped is not None:
            found.append((title, wrapped))
    return found


def _draw_pattern_bars(ground: GroundPage, language: str) -> Markup | None:
    shares = read_pattern_shares(ground)
    bars = [
        Bar(
            say(f"indices_page.pattern_{name}", language),
            ((100 * shares[name], PATTERN_COLOURS[name]),),
            write_percent(100 * shares[name], language),
        )
        for name in PATTERN_CLASSES
        if name in shares
    ]
    if not bars:
        return None
    told = "; ".join(f"{bar.label} {bar.value}" for bar in bars)
    return Markup(
        draw_bars(
            bars,
            title=say("indices_page.pattern_bars_title", language),
            description=say("indices_page.pattern_bars_description", language, rows=told),
            key="pattern-bars",
            unit=say("indices_page.unit_natural", language),
            language=language,
        )
    )
