"""The page of the report: its sections put together and written as one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import pandas
from markupsafe import Markup

import bocage
from bocage.cartography.background import Background
from bocage.connectivity import GraphSummary, describe_indicators, summarise_graphs
from bocage.connectivity.indicators import TERRITORY
from bocage.io.files import replace_on_success
from bocage.journal import Journal
from bocage.landcover.ground import GROUND
from bocage.network import Network, Theme
from bocage.report.figures import (
    describe_loss,
    list_key_figures,
    list_restorations,
    measures_loss,
    write_amount,
)
from bocage.report.importance import list_worth
from bocage.report.maps import MapMaker
from bocage.report.pages import list_notes, load_template, write_date
from bocage.report.rivers import RiverSection, describe_rivers
from bocage.units import M_PER_KM, format_number
from bocage.wording import entry, fold_name, say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

SECTIONS = (
    "figures", "map", "subnetworks", "importance", "cost", "restore", "rivers", "communes", "data", "sources",
    "methods", "definitions", "parameters",
)  # fmt: skip
"""Sections after the summary, in order, each an anchor of the page; no importance without reservoirs."""

COMMUNE_COLUMNS = (
    "area_ha", "reservoir_ha", "reservoir_share", "corridor_ha", "corridor_share", "corridor_restore_count",
    "corridor_restore_km", "watercourse_km", "obstacle_point_count", "obstacle_line_km",
    "obstacle_surface_ha",
)  # fmt: skip
"""Indicators that the table of communes shows; all of them are in indicators.csv."""

_THEMES: dict[str, Theme] = {
    "reservoir_ha": "reservoirs",
    "reservoir_share": "reservoirs",
    "corridor_ha": "corridors",
    "corridor_share": "corridors",
    "corridor_restore_count": "corridors_to_restore",
    "corridor_restore_km": "corridors_to_restore",
    "watercourse_km": "watercourses",
    "obstacle_point_count": "obstacle_points",
    "obstacle_line_km": "obstacle_lines",
    "obstacle_surface_ha": "obstacle_surfaces",
}

_PARAMETERS = (
    "habitat", "min_patch_ha", "reservoir_min_ha", "reservoir_min_core_ha", "reservoir_min_compactness",
    "edge_depth_m", "dispersal_m", "reference_resistance", "max_dispersal_cost", "method",
    "tolerance", "dilation_m",
)  # fmt: skip

# Titles are cited in the language they were published in.
_REFERENCES = (
    (
        "Adriaensen F., Chardon J. P., De Blust G., Swinnen E., Villalba S., Gulinck H., Matthysen E. "
        "(2003). The application of ‘least-cost’ modelling as a functional landscape model. "
        "Landscape and Urban Planning 64, 233–247.",
        "10.1016/S0169-2046(02)00242-6",
    ),
    (
        "Saura S., Pascual-Hortal L. (2007). A new habitat availability index to integrate connectivity in "
        "landscape conservation planning. Landscape and Urban Planning 83, 91–103.",
        "10.1016/j.landurbplan.2007.03.005",
    ),
    (
        "Saura S., Estreguil C., Mouton C., Rodríguez-Freire M. (2011). Network analysis to assess landscape "
        "connectivity trends: application to European forests (1990–2000). Ecological Indicators 11, "
        "407–416.",
        "10.1016/j.ecolind.2010.06.011",
    ),
    (
        "Cote D., Kehler D. G., Bourne C., Wiersma Y. F. (2009). A new measure of longitudinal connectivity "
        "for stream networks. Landscape Ecology 24, 101–113.",
        "10.1007/s10980-008-9283-y",
    ),
)


def write_report(
    path: str | Path,
    *,
    network: Network,
    indicators: DataFrame | None,
    journal: Journal,
    about: Mapping[str, Any],
    run: Mapping[str, Any],
    language: str = "fr",
    communes: GeoDataFrame | None = None,
    background: Background | None = None,
    rivers: RiverSection | None = None,
) -> None:
    """Write the report as one HTML file without any outside file, font, script or picture.

    Parameters
    ----------
    path : path
        File to write; replaced only when the new one is complete.
    network : Network
    indicators : DataFrame or None
        As ``connectivity.measure_communes`` gives it, the whole territory last; without it the page has
        no areas and no table of communes.
    journal : Journal
        Every note is told, by level.
    about : mapping
        Title, date, status, issuer, scale, sources and sub-networks, as ``Network.about`` holds them.
        Missing keys are left out of the page.
    run : mapping
        The record of the run: of it are read the version of ``bocage``, the ``grid`` (``cell_size``), and
        of the ``study`` file its ``rules`` and ``subnetworks``.
    language : {"fr", "en"}
    communes : GeoDataFrame, optional
        ``insee``, ``name`` and polygons; those without a row in the indicators are not drawn.
    background : Background, optional
        Faint land cover under the maps.
    rivers : RiverSection, optional
        What was measured of the rivers and their works.

    Raises
    ------
    OutputError
        The file cannot be written.

    Notes
    -----
    The same arguments give the same bytes: nothing depends on the clock, the machine or the threads.
    """
    indicators = pandas.DataFrame({"insee": []}) if indicators is None else indicators
    inside = _keep_inside(communes, indicators)
    maps = MapMaker(network, inside, background, language)
    summaries = summarise_graphs(network.tables)
    measured = measures_loss(network, summaries)
    names = {entry["key"]: entry["name"] for entry in about.get("subnetworks", ())}
    parameters: Mapping[str, Any] = run.get("study", {})
    worths = list_worth(network, names, inside, language)
    restorations, left_out = list_restorations(network, names, inside, language)
    say_here = partial(say, language=language)
    legend = maps.draw_legend()
    html = load_template("template.html.j2").render(
        language=language,
        t=lambda key, **values: say_here(f"report.{key}", **values),
        sections=[section for section in SECTIONS if worths or section != "importance"],
        about=about,
        title=about.get("title", ""),
        date=write_date(about.get("date"), language),
        status=_describe_status(about, language),
        issuer=_list_issuer(about),
        scale=format_number(about.get("scale", 100_000), 0, language),
        figures=list_key_figures(network, indicators, summaries, names, language),
        overview=Markup(maps.draw_overview()),
        legend=[(Markup(entry.swatch), entry.label, entry.remark) for entry in legend],
        provided={theme: network.provided.get(theme, True) for theme in get_args(Theme)},
        measured=measured,
        subnetworks=_describe_subnetworks(network, summaries, names, maps, language, measured=measured),
        watercourses=_describe_watercourses(network, maps, language),
        losses=[
            (
                names.get(summary.subnetwork, summary.subnetwork),
                describe_loss(summary, language, measured=measured),
            )
            for summary in summaries
        ],
        worths=worths,
        weights=sorted({summary.weight for summary in summaries}),
        restorations=restorations,
        rivers=describe_rivers(rivers, inside, language),
        left_out=left_out,
        columns=COMMUNE_COLUMNS,
        communes=_list_communes(indicators, network.provided, language),
        lacking=[theme for theme, given in network.provided.items() if not given],
        notes=list_notes(journal, language),
        sources=list(about.get("sources", ())),
        references=_REFERENCES,
        cell=_write_value("cell_size", run.get("grid", {}).get("cell_size"), language),
        rules=_describe_rules(parameters.get("rules", {}), language),
        parameters=_tabulate_parameters(parameters.get("subnetworks", ()), language),
        resistances=_tabulate_resistances(parameters.get("subnetworks", ()), language),
        told="study" in run,
        parameter_names=[str(entry["name"]) for entry in parameters.get("subnetworks", ())],
        version=run.get("bocage", bocage.__version__),
    )
    with replace_on_success(path) as part:
        part.write_text(html, encoding="utf-8", newline="\n")


def _keep_inside(communes: GeoDataFrame | None, indicators: DataFrame) -> GeoDataFrame | None:
    if communes is None:
        return None
    named = set(indicators["insee"]) - {TERRITORY}
    return communes[communes["insee"].astype(str).isin(named)] if named else communes


def _describe_status(about: Mapping[str, Any], language: str) -> dict[str, str]:
    status = about.get("status", {})
    kind = status.get("kind", "etude")
    parts = [status.get("reference", ""), write_date(status.get("date"), language)]
    return {
        "kind": kind,
        "name": say(f"report.status_{kind}", language),
        "text": say(f"report.status_{kind}_text", language),
        "act": ", ".join(part for part in parts if part),
    }


def _list_issuer(about: Mapping[str, Any]) -> dict[str, str]:
    issuer = about.get("issuer", {})
    named = ("directorate", "service", "unit", "department", "region")
    return {
        "name": ", ".join(str(issuer[key]) for key in named if issuer.get(key)),
        "contact": str(issuer.get("contact") or ""),
    }


def _describe_subnetworks(
    network: Network,
    summaries: Sequence[GraphSummary],
    names: Mapping[str, str],
    maps: MapMaker,
    language: str,
    *,
    measured: bool,
) -> list[dict[str, Any]]:
    corridors = network.tables["corridor_s"]
    found = []
    for summary in summaries:
        mine = corridors[corridors["subnetwork"] == summary.subnetwork]
        restore = int((mine["objective"] == "restore").sum())
        name = names.get(summary.subnetwork, summary.subnetwork)
        facts = (
            ("subnetwork_reservoirs", summary.reservoirs),
            ("subnetwork_corridors", len(mine)),
            ("subnetwork_restore", restore),
            ("subnetwork_groups", summary.components),
        )
        found.append(
            {
                "key": summary.subnetwork,
                "name": name,
                "map": Markup(maps.draw_subnetwork(summary.subnetwork, name)),
                "facts": [
                    (say(f"report.{key}", language), format_number(value, 0, language))
                    for key, value in facts
                ],
                "sentence": say(
                    "report.cost_sentence",
                    language,
                    name=name,
                    loss=write_amount(100 * summary.loss_share, language),
                )
                if summary.links and measured
                else "",
            }
        )
    return found


def _describe_watercourses(network: Network, maps: MapMaker, language: str) -> dict[str, Any] | None:
    rivers = network.tables["cours_eau_l"]
    if not len(rivers):
        return None
    facts = (
        ("watercourse_reservoirs", rivers["is_reservoir"].astype(bool)),
        ("watercourse_corridors", rivers["is_corridor"].astype(bool)),
        ("watercourse_restore", rivers["objective"] == "restore"),
    )
    return {
        "map": Markup(maps.draw_watercourses()),
        "facts": [
            (
                say(f"report.{key}", language),
                f"{write_amount(float(rivers.geometry.length[chosen].sum()) / M_PER_KM, language)}\u00a0km",
            )
            for key, chosen in facts
        ],
    }


def _list_communes(
    indicators: DataFrame, provided: Mapping[Theme, bool], language: str
) -> list[dict[str, Any]]:
    """Give the rows of the table of communes: by name, the whole last; dashes for what was not provided."""
    if not len(indicators) or list(indicators["insee"]) == [TERRITORY]:
        return []
    kinds = describe_indicators(COMMUNE_COLUMNS)
    rows = []
    for row in indicators.to_dict("records"):
        cells = []
        for column in COMMUNE_COLUMNS:
            theme = _THEMES.get(column)
            if theme is not None and not provided.get(theme, True):
                cells.append(("–", "-1"))
                continue
            value = float(row[column])
            shown = 100 * value if column.endswith("_share") else value
            whole = kinds[column].dtype == "int"
            text = format_number(shown, 0, language) if whole else write_amount(shown, language)
            # The sort key keeps the digits that the eye does not need.
            cells.append((text, f"{shown:.4g}"))
        rows.append({"insee": str(row["insee"]), "name": str(row["name"]), "cells": cells})
    *communes, territory = rows
    communes.sort(key=lambda row: (fold_name(str(row["name"])), str(row["insee"])))
    return [*communes, territory]


def _describe_rules(rules: Mapping[str, Any], language: str) -> dict[str, str]:
    from bocage.restoration import Rules

    default = Rules()
    share = float(rules.get("degraded_share", default.degraded_share))
    labels = _label_types(language)
    types = ", ".join(
        f"{code} ({labels[code]})" if code in labels else code
        for code in rules.get("restore_types", default.restore_types)
    )
    return {
        "share": _write_value("degraded_share", round(100 * share, 6), language),
        "types": types or say("report.method_no_types", language),
    }


def _label_types(language: str) -> dict[str, str]:
    """Give the words of the types of obstacle that have a code."""
    return {
        str(entry(f"obstacles.type_{key}")["code"]): say(f"obstacles.type_{key}", language)
        for key in ("motorway", "main_road", "railway_hs", "railway", "urban", "flow")
    }


def _tabulate_parameters(
    subnetworks: Sequence[Mapping[str, Any]], language: str
) -> list[tuple[str, list[str]]]:
    return [
        (
            say(f"report.parameter_{name}", language),
            [_write_value(name, entry.get(name), language) for entry in subnetworks],
        )
        for name in _PARAMETERS
        if any(entry.get(name) is not None for entry in subnetworks)
    ]


def _tabulate_resistances(
    subnetworks: Sequence[Mapping[str, Any]], language: str
) -> list[tuple[str, list[str]]]:
    """Give a row a ground, in the order of the ground classes, then the other codes by name."""
    used = {ground for entry in subnetworks for ground in entry.get("resistance", {})}
    order = {key: i for i, key in enumerate(GROUND)}
    grounds = sorted(used, key=lambda ground: (order.get(ground, len(order)), ground))
    return [
        (
            _label_ground(ground, language),
            [
                _write_value("resistance", entry.get("resistance", {}).get(ground), language)
                for entry in subnetworks
            ],
        )
        for ground in grounds
    ]


def _label_ground(ground: str, language: str) -> str:
    return GROUND[ground].label(language) if ground in GROUND else ground


def _write_value(name: str, value: object, language: str) -> str:
    if value is None:
        return "–"
    if name == "habitat":
        return ", ".join(_label_ground(str(ground), language) for ground in cast("Sequence[Any]", value))
    if isinstance(value, list | tuple):
        return ", ".join(_write_value(name, item, language) for item in value)
    if isinstance(value, str):
        return say(f"report.value_{value}", language) if value in _VALUES else value
    number = float(cast(float, value))
    if math.isinf(number):
        return say("report.value_barrier", language)
    decimals = 0 if number == int(number) else len(f"{number:.6f}".rstrip("0").split(".")[1])
    return format_number(number, decimals, language)


_VALUES = frozenset({"least_cost", "dilation_erosion", "zone", "barrier"})
