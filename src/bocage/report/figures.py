"""Figures of the report: key figures, sub-networks, what obstacles cost, and the corridors to restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.connectivity import GraphSummary
from bocage.network import Network, Theme
from bocage.units import M_PER_KM, NBSP, format_number
from bocage.wording import bind_spaces, say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

MOST_RESTORED = 20
"""Rows of the table of corridors to restore."""

_MOST_COMMUNES = 4
_MANY = 2
"""Stands for a number that is not known, which takes the plural."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: a number, what it counts, and a sentence."""

    number: str
    label: str
    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Restoration:
    """A corridor to restore, as the table tells it."""

    rank: int
    id: str
    start: str
    end: str
    subnetwork: str
    communes: str
    length: str
    gain: str
    why: str


def write_amount(value: float, language: str) -> str:
    r"""Write a quantity with the decimals that matter to a reader.

    >>> write_amount(0.04, "en"), write_amount(3.27, "en"), write_amount(12345.6, "fr")
    ('<\xa00.1', '3.3', '12\u202f346')
    """
    if 0 < value < 0.05:
        return f"<{NBSP}{format_number(0.1, 1, language)}"
    return format_number(value, 0 if value == 0 or abs(value) >= 99.95 else 1, language)


def list_key_figures(
    network: Network, indicators: DataFrame, summaries: Sequence[GraphSummary], names: Mapping[str, str],
    language: str,
) -> list[Figure]:  # fmt: skip
    """Give the figures a reader remembers; a theme without data says so in place of a zero."""
    tables, whole = network.tables, indicators.iloc[-1] if len(indicators) else None

    def count(key: str, number: int) -> str:
        single = number <= 1 if language == "fr" else number == 1
        return say(f"report.figure_{key}_one" if single else f"report.figure_{key}", language)

    def amount(column: str, factor: float = 1.0) -> str:
        return write_amount(factor * float(whole[column]), language) if whole is not None else "–"

    figures: list[Figure] = []

    def add(themes: tuple[Theme, ...], number: str, label: str, text: str, tone: str = "") -> None:
        if any(network.provided.get(theme, True) for theme in themes):
            figures.append(Figure(number, label, text, tone))
        else:
            figures.append(Figure("–", label, say("report.not_provided", language), "absent"))

    def has(theme: Theme) -> bool:
        return network.provided.get(theme, True)

    def given(theme: Theme, text: str) -> str:
        return text if has(theme) else say("report.not_provided", language)

    reservoirs = len(tables["reservoir_s"])
    text = say(
        "report.figure_reservoirs_text",
        language,
        area=amount("reservoir_ha"),
        share=amount("reservoir_share", 100),
    )
    add(
        ("reservoirs",),
        format_number(reservoirs, 0, language),
        count("reservoirs", reservoirs if has("reservoirs") else _MANY),
        text,
        "reservoir",
    )
    corridors = tables["corridor_s"]
    text = say(
        "report.figure_corridors_text",
        language,
        area=amount("corridor_ha"),
        share=amount("corridor_share", 100),
    )
    number = format_number(len(corridors), 0, language)
    label = count("corridors", len(corridors) if has("corridors") else _MANY)
    add(("corridors",), number, label, text, "corridor")
    restore = int((corridors["objective"] == "restore").sum())
    text = say(
        "report.figure_restore_text",
        language,
        share=write_amount(100 * restore / max(len(corridors), 1), language),
        length=amount("corridor_restore_km"),
    )
    number = format_number(restore, 0, language)
    label = count("restore", restore if has("corridors_to_restore") else _MANY)
    add(("corridors_to_restore",), number, label, text, "restore")
    twofold = (tables["cours_eau_l"]["is_reservoir"] & tables["cours_eau_l"]["is_corridor"]).any()
    text = say(
        "report.figure_watercourses_text" if twofold else "report.figure_watercourses_apart",
        language,
        reservoir=amount("watercourse_reservoir_km"),
        corridor=amount("watercourse_corridor_km"),
    )
    label = say("report.figure_watercourses", language)
    add(("watercourses",), f"{amount('watercourse_km')}{NBSP}km", label, text, "water")
    obstacles = sum(len(tables[table]) for table in ("obstacle_p", "obstacle_l", "obstacle_s"))
    text = say(
        "report.figure_obstacles_text",
        language,
        points=given("obstacle_points", format_number(len(tables["obstacle_p"]), 0, language)),
        lines=given("obstacle_lines", f"{amount('obstacle_line_km')}{NBSP}km"),
        surfaces=given("obstacle_surfaces", f"{amount('obstacle_surface_ha')}{NBSP}ha"),
    )
    themes: tuple[Theme, ...] = ("obstacle_points", "obstacle_lines", "obstacle_surfaces")
    number = format_number(obstacles, 0, language)
    label = count("obstacles", obstacles if any(has(theme) for theme in themes) else _MANY)
    add(themes, number, label, text, "obstacle")
    if any(summary.links for summary in summaries) and measures_loss(network, summaries):
        worst = max(summaries, key=lambda summary: summary.loss_share)
        text = say("report.figure_loss_text", language, name=names.get(worst.subnetwork, worst.subnetwork))
        percent = f"{NBSP}%" if language == "fr" else "%"
        number = write_amount(100 * worst.loss_share, language) + percent
        add(("corridors",), number, say("report.figure_loss", language), text, "obstacle")
    return figures


def measures_loss(network: Network, summaries: Sequence[GraphSummary]) -> bool:
    """Tell whether what the obstacles cost was measured: without roads nor railways, nothing is."""
    if network.provided.get("obstacle_lines", True):
        return True
    return any(summary.loss_share > 0 for summary in summaries)


def list_restorations(
    network: Network, names: Mapping[str, str], communes: GeoDataFrame | None, language: str
) -> tuple[list[Restoration], int]:
    """Give the corridors to restore, the most important first, and how many the table leaves out."""
    corridors = network.tables["corridor_s"]
    chosen = corridors[corridors["objective"] == "restore"]
    if not len(chosen):
        return [], 0
    ranked = chosen.assign(
        gain=chosen["eca_gain"].fillna(0.0).round(10), degraded=chosen["degraded_share"].fillna(0.0)
    ).sort_values(["gain", "degraded", "length_m", "id"], ascending=[False, False, False, True])
    called = name_reservoirs(network)
    return [
        Restoration(
            rank,
            row["id"],
            called.get(row["from_id"], row["from_id"]),
            called.get(row["to_id"], row["to_id"]),
            names.get(row["subnetwork"], row["subnetwork"]),
            place,
            write_amount(row["length_m"] / M_PER_KM, language),
            _write_gain(row["gain"], language),
            _capitalise(row["evidence"]),
        )
        for rank, row, place in list_rows(ranked.iloc[:MOST_RESTORED], communes, language)
    ], max(len(ranked) - MOST_RESTORED, 0)


def list_rows(
    table: GeoDataFrame, communes: GeoDataFrame | None, language: str
) -> list[tuple[int, dict[str, Any], str]]:
    """Give the rows of a table in its order: rank from 1, columns, and the communes it lies in."""
    rows: list[dict[str, Any]] = table.drop(columns="geometry").to_dict("records")
    places = _name_communes(table, communes, language)
    return [(rank, row, place) for rank, (row, place) in enumerate(zip(rows, places, strict=True), start=1)]


def name_reservoirs(network: Network) -> dict[str, str]:
    """Give what each reservoir is called, by its identifier: its name, or that."""
    reservoirs = network.tables["reservoir_s"]
    return {
        identifier: name if isinstance(name, str) and name else identifier
        for identifier, name in zip(reservoirs["id"], reservoirs["name"], strict=True)
    }


def name_ends(corridor: Mapping[str, Any], called: Mapping[str, str]) -> str:
    """Name a corridor by the reservoirs at its ends."""
    return " – ".join(called.get(corridor[end], corridor[end]) for end in ("from_id", "to_id"))


def _capitalise(text: object) -> str:
    return bind_spaces(text[:1].upper() + text[1:]) if isinstance(text, str) else ""


def _write_gain(percent: float, language: str) -> str:
    if percent <= 0:
        return "–"
    return (
        f"+{NBSP}{format_number(percent, 2, language)}"
        if percent >= 0.005
        else f"<{NBSP}{format_number(0.01, 2, language)}"
    )


def _name_communes(corridors: GeoDataFrame, communes: GeoDataFrame | None, language: str) -> list[str]:
    """Name the communes each corridor crosses, those that hold most of it first."""
    if communes is None or not len(communes):
        return [""] * len(corridors)
    shapes = np.asarray(corridors.geometry.array, dtype=object)
    zones = np.asarray(communes.geometry.array, dtype=object)
    corridor, zone = shapely.STRtree(zones).query(shapes, predicate="intersects")
    held = shapely.area(shapely.intersection(shapes[corridor], zones[zone]))
    names = communes["name"].astype(str).to_numpy()
    places = []
    for i in range(len(shapes)):
        mine = (corridor == i) & (held > 0)
        order = np.lexsort((names[zone[mine]], -held[mine].round(3)))
        found = list(dict.fromkeys(names[zone[mine]][order].tolist()))
        text = ", ".join(found[:_MOST_COMMUNES])
        if len(found) > _MOST_COMMUNES:
            text += " " + say("report.and_more", language, count=len(found) - _MOST_COMMUNES)
        places.append(text)
    return places


def describe_loss(summary: GraphSummary, language: str, *, measured: bool = True) -> dict[str, Any]:
    """Give the row of a sub-network in the table of what obstacles cost; dashes where it was not measured."""
    if not measured:
        return {
            "today": write_amount(summary.eca_ha, language),
            "free": "–",
            "loss": "–",
            "kept_percent": None,
            "links": say("report.of", language, part=summary.links_open, whole=summary.links),
            "groups": format_number(summary.components, 0, language),
        }
    return {
        "today": write_amount(summary.eca_ha, language),
        "free": write_amount(summary.eca_free_ha, language),
        "loss": write_amount(100 * summary.loss_share, language),
        # Width of the bar: whole percents keep the page free of digits that no eye sees.
        "kept_percent": round(100 * (1 - summary.loss_share)),
        "links": say("report.of", language, part=summary.links_open, whole=summary.links),
        "groups": say("report.now_then", language, now=summary.components, then=summary.components_free),
    }
