"""The page of what changed between two dates, as one HTML file that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from markupsafe import Markup

import bocage
from bocage.fragmentation.change import ConnectivityChange
from bocage.io.files import replace_on_success
from bocage.report.change_figures import draw_change, draw_mesh, draw_patches
from bocage.report.pages import load_template, write_date
from bocage.units import NBSP, format_number
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

MOST_UNITS, MOST_PATCHES, MOST_IDS = 20, 6, 60
MAIN = ("capacity", "patches", "ECA", "PC", "IIC", "NC", "NL", "SLC")
"""Indices that have a name; the others are told by their key, below them."""
_SHADES = 55
"""Darkest shade of a transition [%]: the ink stays readable on it."""


@dataclass(frozen=True)
class GraphSection:
    """What changed in one landscape graph.

    Attributes
    ----------
    name : str
    figures : DataFrame
        ``index``, ``unit``, ``before``, ``after``, ``change``, ``percent``.
    change : ConnectivityChange or None
    patches : DataFrame or None
        A row an event: ``event``, ``before`` and ``after`` (ids), ``name``, ``area_before_ha``,
        ``area_after_ha``, ``importance_before``, ``importance_after``, ``importance_change``.
    before, after : GeoDataFrame or None
        Patches of each date.
    """

    name: str
    figures: DataFrame
    change: ConnectivityChange | None
    patches: DataFrame | None
    before: GeoDataFrame | None
    after: GeoDataFrame | None


@dataclass(frozen=True)
class ChangePage:
    """What the page is made from.

    Attributes
    ----------
    title : str
    between : (before, after) of str
        How each date is called; ISO dates are written out.
    sentences : sequence of str
        What there is to say, most important first.
    graphs : sequence of GraphSection
    mesh : DataFrame or None
        ``id``, ``name``, ``natural_area_ha_before`` ...; the last row is the whole.
    pattern : DataFrame or None
        Area [ha] from the class of the row to that of the column, keys of classes.
    settings : mapping
        ``min_share``, ``stable_share`` and ``tolerance_percent``.
    """

    title: str
    between: tuple[str, str]
    sentences: Sequence[str]
    graphs: Sequence[GraphSection] = ()
    mesh: DataFrame | None = None
    pattern: DataFrame | None = None
    settings: Mapping[str, float] = field(default_factory=dict)


def write_change_page(path: str | Path, page: ChangePage, *, language: str = "fr") -> None:
    """Write the page as one HTML file without any outside file, font, script or picture.

    The same arguments give the same bytes.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    say_here = partial(say, language=language)
    html = load_template("change.html.j2").render(
        language=language,
        t=lambda key, **values: say_here(f"indices_ground.change_{key}", **values),
        page=page,
        between=_write_between(page.between, language),
        figure=Markup(draw_change(_list_changes(page), language)),
        graphs=[_describe_graph(section, number, language) for number, section in enumerate(page.graphs)],
        mesh=None if page.mesh is None else _describe_mesh(page.mesh, language),
        pattern=None if page.pattern is None else _shade_pattern(page.pattern, language),
        share=format_number(100 * page.settings.get("min_share", 0.0), 0, language),
        stable=format_number(100 * page.settings.get("stable_share", 0.0), 0, language),
        equal=format_number(page.settings.get("tolerance_percent", 0.0), 2, language),
        version=bocage.__version__,
    )
    with replace_on_success(path) as part:
        part.write_text(html, encoding="utf-8", newline="\n")


def write_change(value: float, decimals: int, language: str) -> str:
    """Write a change with its sign; a dash where there is none to tell.

    >>> write_change(2.5, 1, "en"), write_change(-2.5, 1, "fr"), write_change(float("nan"), 1, "en")
    ('+2.5', '−2,5', '–')
    """
    if math.isnan(value):
        return "–"
    text = format_number(abs(value), decimals, language)
    if float(f"{abs(value):.{decimals}f}") == 0:
        return text
    return f"{'+' if value > 0 else '−'}{text}"


def write_figure(value: float, language: str) -> str:
    """Write a figure with the digits that the eye needs.

    >>> write_figure(1234.5, "en"), write_figure(12.34, "en"), write_figure(0.001234, "en")
    ('1,234', '12.3', '0.00123')
    """
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size == 0 or value == int(value):
        return format_number(value, 0, language)
    return format_number(value, 0 if size >= 100 else max(0, 2 - math.floor(math.log10(size))), language)


def _write_between(between: tuple[str, str], language: str) -> str:
    """Say from when to when, or from which name to which."""
    before, after = (write_day(date, language) for date in between)
    dated = (before, after) != between
    key = "indices_ground.change_between_dates" if dated else "indices_ground.change_between"
    return say(key, language, before=before, after=after)


def write_day(date: str, language: str) -> str:
    r"""Write an ISO date as people say it; what is no date stays.

    >>> write_day("2026-05-04", "en"), write_day("indices", "en")
    ('4 May 2026', 'indices')
    """
    try:
        return write_date(date, language)
    except ValueError:
        return date


def name_index(key: str, language: str) -> str:
    """Name an index for people, its key after; those without a name go by their key.

    >>> name_index("ECA", "en"), name_index("GD", "en"), name_index("patches", "en")
    ('Equivalent connected area (ECA)', 'GD', 'Reservoirs')
    """
    if key not in MAIN:
        return key
    name = say(f"indices_ground.index_{key}", language)
    return f"{name} ({key})" if key.isupper() else name


def _list_changes(page: ChangePage) -> list[tuple[str, float, float]]:
    return [
        (section.name, section.change.area_percent, section.change.eca_percent)
        for section in page.graphs
        if section.change is not None
    ]


def _describe_graph(section: GraphSection, number: int, language: str) -> dict[str, Any]:
    patches = section.patches
    rows = [
        {
            "name": name_index(str(row["index"]), language),
            "unit": str(row["unit"]),
            "main": row["index"] in MAIN,
            "before": write_figure(row["before"], language),
            "after": write_figure(row["after"], language),
            "percent": write_change(row["percent"], 1, language),
        }
        for row in section.figures.to_dict("records")
    ]
    return {
        "name": section.name,
        "reading": ""
        if section.change is None
        else say(f"indices_ground.reading_{section.change.reading}", language),
        "figures": [row for row in rows if row["main"]],
        "others": [row for row in rows if not row["main"]],
        "map": ""
        if section.before is None or section.after is None or _is_still(patches)
        else Markup(draw_patches(section.before, section.after, f"m{number}", language)),
        "events": [] if patches is None else _count_events(patches, language),
        "importance": [] if patches is None else _list_importance(patches, language),
    }


def _is_still(patches: DataFrame | None) -> bool:
    """Tell whether every patch stayed as it was: a map of it would show nothing."""
    return patches is None or bool((patches["event"] == "stable").all())


def _count_events(patches: DataFrame, language: str) -> list[dict[str, Any]]:
    from bocage.fragmentation.patch_events import Event

    rows, separator = [], say("indices_ground.change_separator", language)
    top = max(float(patches["area_before_ha"].sum()), float(patches["area_after_ha"].sum()), 1e-9)
    for event in get_args(Event):
        mine = patches[patches["event"] == event]
        if not len(mine):
            continue
        old, new = float(mine["area_before_ha"].sum()), float(mine["area_after_ha"].sum())
        ids = [
            text for pair in zip(mine["before"], mine["after"], strict=True) for text in [_write_pair(*pair)]
        ]
        rows.append(
            {
                "key": event,
                "name": say(f"indices_ground.event_{event}", language),
                "count": format_number(len(mine), 0, language),
                "before": write_figure(old, language),
                "after": write_figure(new, language),
                # Widths of the bars: whole percents, no digit that no eye sees.
                "bars": (round(100 * old / top), round(100 * new / top)),
                "ids": "" if event == "stable" else _shorten(separator.join(ids[:MOST_PATCHES]), len(ids)),
            }
        )
    return rows


def _write_pair(before: str, after: str) -> str:
    if before == after or not after:
        return before
    return f"{before} → {after}" if before else after


def _shorten(text: str, count: int) -> str:
    more = count > MOST_PATCHES
    if len(text) > 3 * MOST_IDS:
        text, more = text[: 3 * MOST_IDS].rpartition(" ")[0], True
    return f"{text} …" if more else text


def _list_importance(patches: DataFrame, language: str) -> list[dict[str, Any]]:
    """Give the patches whose importance moved most, gains first."""
    moved = patches[patches["importance_change"].abs() >= 0.005].copy()
    moved["size"] = moved["importance_change"].abs()
    moved = moved.sort_values(["size", "after"], ascending=[False, True], kind="stable").head(
        2 * MOST_PATCHES
    )
    moved = moved.sort_values(["importance_change", "after"], ascending=[False, True], kind="stable")
    top = float(moved["size"].max()) if len(moved) else 1.0
    return [
        {
            "patch": row["name"] or _write_pair(row["before"], row["after"]),
            "before": format_number(row["importance_before"], 2, language),
            "after": format_number(row["importance_after"], 2, language),
            "change": write_change(row["importance_change"], 2, language),
            "bar": round(100 * row["size"] / top),
            "up": row["importance_change"] > 0,
        }
        for row in moved.to_dict("records")
    ]


def _describe_mesh(mesh: DataFrame, language: str) -> dict[str, Any]:
    """Give the figure of the territories that changed most, and the rows of all."""
    units = mesh.iloc[:-1] if len(mesh) > 1 else mesh
    order = units["mesh_cbc_ha_change"].abs().sort_values(ascending=False, kind="stable").index
    shown = units.loc[order[:MOST_UNITS]].sort_values("mesh_cbc_ha_change", kind="stable")
    whole = say("indices_ground.change_whole", language)

    def call(row: Mapping[Any, Any]) -> str:
        return str(row["name"] or row["id"] or whole)

    points = [
        (call(row), float(row["mesh_cbc_ha_before"]), float(row["mesh_cbc_ha_after"]))
        for row in shown.to_dict("records")
    ]
    rows = [
        {
            "name": call(row),
            "cells": [
                text
                for key in ("natural_area_ha", "mesh_cut_ha", "mesh_cbc_ha")
                for text in (
                    write_figure(row[f"{key}_before"], language),
                    write_figure(row[f"{key}_after"], language),
                    write_change(row[f"{key}_percent"], 1, language),
                )
            ],
            "whole": not row["id"],
        }
        for row in mesh.to_dict("records")
    ]
    return {
        "figure": Markup(draw_mesh(points, language)),
        "rows": rows,
        "count": len(points) if len(points) < len(units) else 0,
    }


def _write_area(hectares: float, language: str) -> str:
    """Write an area to 1 % or 100 m²."""
    return format_number(hectares, 0 if hectares >= 100 else 1 if hectares >= 10 else 2, language)


def _shade_pattern(pattern: DataFrame, language: str) -> dict[str, Any]:
    """Give the names and cells of the matrix: text, shade [%] and whether on the diagonal."""
    names = [say(f"indices_ground.pattern_{key}", language) for key in pattern.columns]
    rows = []
    for key, name in zip(pattern.index, names, strict=True):
        line = pattern.loc[key]
        total = float(line.sum())
        rows.append(
            {
                "name": name,
                "cells": [
                    {
                        "text": NBSP if value == 0 else _write_area(value, language),
                        "shade": round(_SHADES * math.sqrt(value / total)) if total else 0,
                        "own": other == key,
                    }
                    for other, value in line.items()
                ],
                "total": _write_area(total, language),
            }
        )
    return {"names": names, "rows": rows}
