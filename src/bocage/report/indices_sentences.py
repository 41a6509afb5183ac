"""What the page of indices says first: its summary in sentences and its key figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage.report.figures import Figure
from bocage.report.indices_content import GraphPage, GroundPage
from bocage.report.indices_figures import describe_parts, write_number, write_percent
from bocage.units import NBSP, format_number
from bocage.wording import say

if TYPE_CHECKING:
    from pandas import DataFrame

_ECA = ("ECA", "EC(PC)", "EC", "ECA(PC)", "EC_PC")
_GOOD, _FAIR = 0.6, 0.2
"""Share of the way from no link to all connected."""
_TELLING = 0.05
"""Losses and gains below it are not worth a sentence [%]."""


def read_overall(graph: GraphPage, *names: str) -> float:
    """Give an index of the whole by any of its names; NaN where it was not measured."""
    found = dict(zip(graph.overall["index"].astype(str), graph.overall["value"].astype(float), strict=True))
    return next((found[name] for name in names if name in found), math.nan)


def read_eca(graph: GraphPage) -> float:
    """Give the equivalent connected area, from the table or from the curve."""
    value = read_overall(graph, *_ECA)
    if math.isnan(value) and len(graph.by_distance):
        away = np.abs(graph.by_distance["distance"].to_numpy(float) - graph.dispersal)
        value = float(graph.by_distance["eca"].iloc[int(away.argmin())])
    return value


def write_capacity(value: float, graph: GraphPage, language: str) -> str:
    """Write a capacity with its unit."""
    text = write_number(value, language)
    return f"{text}{NBSP}{graph.area_unit}" if graph.area_unit else text


def write_distance(value: float, graph: GraphPage, language: str) -> str:
    """Write a distance in metres, or a cost."""
    key = "distance_m" if graph.cost_unit else "distance_cost"
    return say(f"indices_page.{key}", language, value=write_number(value, language))


def name_ends(row: Mapping[Any, Any], names: Mapping[str, str]) -> tuple[str, str]:
    """Name the two ends of a link."""
    start, end = str(row["from"]), str(row["to"])
    return names.get(start, start), names.get(end, end)


def sort_best(table: DataFrame, column: str) -> DataFrame:
    """Sort by a column, best first; the order of the table breaks ties, missing values go last."""
    if column not in table.columns:
        return table
    return table.sort_values(column, ascending=False, kind="stable", na_position="last")


def unit_ids(table: DataFrame) -> list[str]:
    """Give the ids of a table of territories, whatever the column is called."""
    return [str(value) for value in table["id" if "id" in table.columns else "unit"]]


def unit_names(table: DataFrame) -> list[str]:
    """Give the names of a table of territories; ids where it has none."""
    if "name" not in table.columns:
        return unit_ids(table)
    return [str(name) or key for name, key in zip(table["name"], unit_ids(table), strict=True)]


def summarise_graph(graph: GraphPage, names: Mapping[str, str], language: str) -> list[str]:
    """Say how connected a graph is, which patch and link matter most, and which territory depends most.

    Returns
    -------
    list of str
        Paragraphs: the whole, its parts, its territories.
    """
    whole = [_tell_connected(graph, language), _tell_groups(graph, language)]
    parts = [
        _tell_reservoir(graph, names, language),
        _tell_link(graph.links_table, "dPC", "brief_link", "loss", names, language),
        _tell_link(graph.added, "gain", "brief_added", "gain", names, language),
    ]
    units = [_tell_dependence(graph.units, language)]
    joined = (" ".join(sentence for sentence in said if sentence) for said in (whole, parts, units))
    return [paragraph for paragraph in joined if paragraph]


def _tell_connected(graph: GraphPage, language: str) -> str:
    capacity = graph.nodes["capacity"].to_numpy(float)
    total, floor, eca = float(capacity.sum()), float(np.sqrt((capacity**2).sum())), read_eca(graph)
    if not (total > floor and math.isfinite(eca)):
        return ""
    # A network with one large patch is near its ceiling without any link: what links add is what counts.
    added = (eca - floor) / (total - floor)
    verdict = "verdict_good" if added >= _GOOD else "verdict_fair" if added >= _FAIR else "verdict_poor"
    return say(
        "indices_page.brief_connected",
        language,
        distance=write_distance(graph.dispersal, graph, language),
        count=format_number(len(graph.nodes), 0, language),
        eca=write_capacity(eca, graph, language),
        floor=write_capacity(floor, graph, language),
        total=write_capacity(total, graph, language),
        verdict=say(f"indices_page.{verdict}", language),
    )


def _tell_groups(graph: GraphPage, language: str) -> str:
    groups, total = len(graph.components), float(graph.nodes["capacity"].sum())
    if groups == 1:
        return say("indices_page.brief_groups_one", language) if len(graph.nodes) > 1 else ""
    if not groups or not total > 0:
        return ""
    return say(
        "indices_page.brief_groups",
        language,
        count=groups,
        share=write_percent(100 * float(graph.components["capacity"].max()) / total, language),
        what=say(f"indices_page.what_{'area' if graph.area_unit else 'capacity'}", language),
    )


def _tell_reservoir(graph: GraphPage, names: Mapping[str, str], language: str) -> str:
    parts = ["dPC_intra", "dPC_flux", "dPC_connector"]
    if not {"dPC", *parts} <= set(graph.nodes.columns) or not len(graph.nodes):
        return ""
    first = sort_best(graph.nodes, "dPC").iloc[0]
    if not math.isfinite(first["dPC"]):
        return ""
    intra, flux, connector = (float(first[part]) for part in parts)
    return say(
        "indices_page.brief_reservoir",
        language,
        name=names.get(str(first["id"]), str(first["id"])),
        loss=write_percent(float(first["dPC"]), language),
        why=describe_parts(intra, flux, connector, language),
    )


def _tell_link(
    table: DataFrame | None, column: str, key: str, amount: str, names: Mapping[str, str], language: str
) -> str:
    """Say of the first link what it is worth; nothing where that is next to nothing."""
    if table is None or column not in table.columns or not len(table):
        return ""
    # Links to add come in the order of their choice.
    row = (table if amount == "gain" else sort_best(table, column)).iloc[0].to_dict()
    if not float(row[column]) >= _TELLING:
        return ""
    start, end = name_ends(row, names)
    worth = write_percent(float(row[column]), language)
    return say(f"indices_page.{key}", language, start=start, end=end, **{amount: worth})


def _tell_dependence(units: DataFrame | None, language: str) -> str:
    if units is None:
        return ""
    found = rank_dependence(units)
    if not found:
        return ""
    place = found[0]
    neighbour = units["neighbour"].iloc[place] if "neighbour" in units.columns else ""
    shown = dict(zip(unit_ids(units), unit_names(units), strict=True))
    neighbour = shown.get(neighbour, neighbour) if isinstance(neighbour, str) else ""
    return say(
        "indices_page.brief_units",
        language,
        name=unit_names(units)[place],
        share=write_percent(100 * float(units["dependence"].iloc[place]), language),
        neighbour=say("indices_page.brief_neighbour", language, name=neighbour) if neighbour else "",
    )


def rank_dependence(units: DataFrame) -> list[int]:
    """Rank territories by dependence, those that bring next to nothing left out: they depend wholly."""
    if "dependence" not in units.columns:
        return []
    held = units["dependence"].to_numpy(float)
    contribution = units["contribution"].to_numpy(float) if "contribution" in units.columns else held * 0 + 1
    brought = contribution[contribution > 0]
    least = 0.5 * float(np.median(brought)) if len(brought) else 0.0
    named = np.array([key not in ("", "nan", "None") for key in unit_ids(units)], dtype=bool)
    kept = named & (contribution >= least) & (contribution > 0) & (held > 0)
    order = np.argsort(-np.nan_to_num(held), kind="stable")
    return [int(place) for place in order if kept[place]]


def split_mesh(mesh: DataFrame) -> tuple[DataFrame, Mapping[Any, Any] | None]:
    """Part the rows of territories from that of the whole, whose id is empty."""
    blank = [key in ("", "nan", "None", "overall") for key in unit_ids(mesh)]
    whole = mesh[blank]
    return mesh[[not flag for flag in blank]], whole.iloc[0].to_dict() if len(whole) else None


def summarise_ground(ground: GroundPage, language: str) -> list[str]:
    """Say how cut up the ground is, where most, and what shape it has."""

    def area(value: float) -> str:
        return f"{write_number(value, language)}{NBSP}ha"

    rows, whole = split_mesh(ground.mesh)
    said = []
    if whole is not None and math.isfinite(whole["mesh_cut_ha"]):
        said.append(say("indices_page.brief_mesh", language, mesh=area(whole["mesh_cut_ha"])))
        beyond = whole.get("mesh_cbc_ha", math.nan)
        if math.isfinite(beyond) and write_number(beyond, language) != write_number(
            whole["mesh_cut_ha"], language
        ):
            said.append(say("indices_page.brief_mesh_beyond", language, mesh=area(beyond)))
    if len(rows) > 1:
        place = int(rows["mesh_cut_ha"].to_numpy(float).argmin())
        name = unit_names(rows)[place]
        least = area(float(rows["mesh_cut_ha"].iloc[place]))
        said.append(say("indices_page.brief_mesh_least", language, name=name, mesh=least))
    shares = read_pattern_shares(ground)
    if shares:
        links = sum(shares.get(name, 0.0) for name in ("bridge", "loop", "branch"))
        said.append(
            say(
                "indices_page.brief_pattern",
                language,
                core=write_percent(100 * shares.get("core", 0.0), language),
                links=write_percent(100 * links, language),
            )
        )
    return [" ".join(said)] if said else []


def read_pattern_shares(ground: GroundPage) -> dict[str, float]:
    """Give the share of each class of the spatial pattern, in [0, 1]."""
    table = ground.pattern_classes
    if table is None or not len(table):
        return {}
    return dict(zip(table["class"].astype(str), table["share"].astype(float), strict=True))


def list_graph_figures(graph: GraphPage, names: Mapping[str, str], language: str) -> list[Figure]:
    """Give the figures of a graph that a reader remembers."""

    def tell(key: str, **values: Any) -> str:
        return say(f"indices_page.{key}", language, **values)

    total, eca = float(graph.nodes["capacity"].sum()), read_eca(graph)
    figures = []
    if math.isfinite(eca):
        text = tell("figure_eca_text") if graph.area_unit else ""
        label = tell("figure_eca" if graph.area_unit else "figure_ec")
        figures.append(Figure(write_capacity(eca, graph, language), label, text, "reservoir"))
    if total > 0 and math.isfinite(eca):
        figures.append(Figure(
            write_percent(100 * eca / total, language), tell("figure_share"),
            tell("figure_share_text", total=write_capacity(total, graph, language)), "corridor"))  # fmt: skip
    count = len(graph.components)
    figures.append(Figure(
        format_number(count, 0, language), tell("figure_groups_one" if count == 1 else "figure_groups"),
        tell("figure_groups_text", nodes=len(graph.nodes), links=len(graph.links_table)),
        "water"))  # fmt: skip
    if "dPC" in graph.nodes.columns and len(graph.nodes):
        first = sort_best(graph.nodes, "dPC").iloc[0]
        key = str(first["id"])
        loss = write_percent(float(first["dPC"]), language)
        text = tell("figure_first_text", name=names.get(key, key))
        figures.append(Figure(loss, tell("figure_first"), text, "restore"))
    return figures


def list_ground_figures(ground: GroundPage, language: str) -> list[Figure]:
    """Give the figures of the ground that a reader remembers."""

    def tell(key: str, **values: Any) -> str:
        return say(f"indices_page.{key}", language, **values)

    figures = []
    _, whole = split_mesh(ground.mesh)
    if whole is not None:
        mesh = f"{write_number(whole['mesh_cut_ha'], language)}{NBSP}ha"
        figures.append(Figure(mesh, tell("figure_mesh"), tell("figure_mesh_text"), "obstacle"))
        area, natural = whole.get("unit_area_ha", 0.0), whole.get("natural_area_ha", math.nan)
        if area and math.isfinite(natural):
            held = f"{write_number(natural, language)}{NBSP}ha"
            pieces = format_number(float(whole.get("pieces", 0)), 0, language)
            figures.append(Figure(
                write_percent(100 * natural / area, language), tell("figure_natural"),
                tell("figure_natural_text", area=held, pieces=pieces), "reservoir"))  # fmt: skip
        if "division" in whole:
            figures.append(Figure(
                write_percent(100 * float(whole["division"]), language), tell("figure_division"),
                tell("figure_division_text"), "restore"))  # fmt: skip
    shares = read_pattern_shares(ground)
    if shares:
        figures.append(Figure(
            write_percent(100 * shares.get("core", 0.0), language), tell("figure_core"),
            tell("figure_core_text", edge=write_edge(ground, language)), "corridor"))  # fmt: skip
    return figures


def write_edge(ground: GroundPage, language: str) -> str:
    """Write the width of the edge in metres, or in cells where their side is not known."""
    if ground.cell_m is not None:
        width = ground.edge_width * ground.cell_m
        return f"{format_number(width, 0 if width == int(width) else 1, language)}{NBSP}m"
    if ground.edge_width == 1:
        return say("indices_page.edge_cell", language)
    return say("indices_page.edge_cells", language, count=ground.edge_width)
