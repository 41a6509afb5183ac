"""The tables of the page of figures: rows of plain words, the largest objects first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bocage.atlas.content import Content
from bocage.connectivity.communes_figures import CommuneFigures
from bocage.connectivity.communes_held import Held, ObstaclesHeld
from bocage.network import Theme
from bocage.units import NBSP, format_number
from bocage.wording import say

GROUPS = ("inventories", "protections", "water", "continuities")
"""Families of other themes, in their order on the page."""

_LISTED = 12
_NAMED = 5


def list_reservoirs(content: Content, figures: CommuneFigures, language: str) -> dict[str, Any]:
    """List the reservoirs of a commune: all of them, then one by one."""
    values, held = figures.values, figures.reservoirs
    area = values.get("area_ha") or 1.0
    has_medium = any(one.medium for one in held)

    def row(label: str, medium: str, goal: str, ha: float) -> dict[str, Any]:
        cells = [
            label,
            *([medium] if has_medium else []),
            goal,
            write_size(ha, language),
            write_share(ha / area, language),
        ]
        return {"cells": cells}

    columns = ["reservoir", *(["medium"] if has_medium else []), "objective", "ha", "share"]
    section = _open_section("reservoirs", "reservoirs", content, figures, columns, language)
    heads: list[dict[str, Any]] = []
    if held and values.get("reservoir_ha") is not None:
        label = say("atlas_summary.all_counted", language, count=values["reservoir_count"])
        heads.append({**row(label, "", "", values["reservoir_ha"]), "strong": True})
        for goal in ("preserve", "restore"):
            size = values.get(f"reservoir_{goal}_ha")
            if values.get("reservoir_restore_ha") and size:
                heads.append(row(say(f"atlas_summary.{goal}", language).capitalize(), "", "", size))
    lines = values.get("reservoir_line_km")
    if lines:
        told = say("atlas_summary.linear_reservoirs", language, km=write_size(lines, language))
        section["note" if held else "state"] = told
    items = [
        row(_name(one, language), one.medium, _objective(one, language), one.measure)
        for one in held[:_LISTED]
    ]

    return _close_section(section, [(heads, items, held)], language)


def list_corridors(content: Content, figures: CommuneFigures, language: str) -> dict[str, Any]:
    """List the corridors of a commune, and with whom each is shared."""
    held = figures.corridors
    has_medium = any(one.medium for one in held)
    columns = ["corridor", *(["medium"] if has_medium else []), "objective", figures.corridor_unit]
    section = _open_section("corridors", "corridors", content, figures, columns, language)
    with_goal = is_given(content, "corridors_to_restore")
    values, blank = figures.values, [""] * (len(columns) - 2)
    heads: list[dict[str, Any]] = []
    total = values.get("corridor_km" if figures.corridor_unit == "km" else "corridor_ha")
    if len(held) > 1 and total is not None:
        label = say("atlas_summary.all_counted", language, count=len(held))
        heads = [{"cells": [label, *blank, write_size(total, language)], "strong": True}]
    items = []
    for one in held[:_LISTED]:
        shared = (
            say("atlas_summary.shared_with", language, names=_tell_shared(one, language))
            if one.shared_count
            else say("atlas_summary.shared_none", language)
        )
        size = write_size(one.measure, language)
        if one.measure == 0:
            size = say("atlas_summary.inside_reservoirs", language)
        goal = _objective(one, language) if with_goal else ""
        cells = [_name(one, language), *([one.medium] if has_medium else []), goal, size]
        items.append({"cells": cells, "under": shared})

    return _close_section(section, [(heads, items, held)], language)


def list_obstacles(content: Content, figures: CommuneFigures, language: str) -> dict[str, Any]:
    """List the obstacles of a commune by type."""
    columns = ["type", "points", "lines_km", "surfaces_ha"]
    themes: tuple[Theme, ...] = ("obstacle_points", "obstacle_lines", "obstacle_surfaces")
    given = next((theme for theme in themes if is_given(content, theme)), themes[0])
    section = _open_section("obstacles", given, content, figures, columns, language)
    values = figures.values

    def cells(label: str, count: int | None, km: float | None, ha: float | None) -> list[str]:
        told = [
            "?" if count is None else format_number(count, 0, language) if count else "–",
            "?" if km is None else write_size(km, language) if km else "–",
            "?" if ha is None else write_size(ha, language) if ha else "–",
        ]
        # Nothing known is not zero.
        lacking = [not is_given(content, theme) for theme in themes]
        return [label, *("" if lack else cell for lack, cell in zip(lacking, told, strict=True))]

    items = [
        {
            "cells": cells(
                _capital(one.label or say("atlas_summary.unnamed_type", language)), one.count, one.km, one.ha
            )
        }
        for one in figures.obstacles
    ]
    heads = []
    if len(items) > 1:
        whole = (
            values.get("obstacle_point_count"),
            values.get("obstacle_line_km"),
            values.get("obstacle_surface_ha"),
        )
        heads = [{"cells": cells(say("atlas_summary.all_types", language), *whole), "strong": True}]
    lacking = [
        say(f"atlas.theme_{theme}", language)
        for theme in themes
        if not is_given(content, theme) and section["state"] == "" and figures.state == "measured"
    ]
    section = _close_section(section, [(heads, items, figures.obstacles)], language)
    if lacking:
        state = say("atlas_summary.not_provided", language)
        section["note"] = _capital(", ".join(lacking)) + say("atlas.colon", language) + state
    return section


def list_watercourses(content: Content, figures: CommuneFigures, language: str) -> dict[str, Any]:
    """List the watercourses of a commune by role, then by name."""
    values = figures.values
    # Identifiers of stretches tell a reader nothing: only names are listed.
    held = [one for one in figures.watercourses if one.name]
    columns = ["watercourse", "objective", "km"] if held else ["watercourse", "km"]
    section = _open_section("watercourses", "watercourses", content, figures, columns, language)
    blank = [""] * (len(columns) - 2)
    heads: list[dict[str, Any]] = []
    if values.get("watercourse_km"):
        total = say("atlas_summary.all_water", language)
        heads = [{"cells": [total, *blank, write_size(values["watercourse_km"], language)], "strong": True}]
        for role, column in (
            ("reservoir", "watercourse_reservoir_km"),
            ("corridor", "watercourse_corridor_km"),
            ("restore", "watercourse_restore_km"),
        ):
            if values.get(column):
                label = say(f"atlas_summary.role_{role}", language)
                heads.append({"cells": [label, *blank, write_size(values[column], language)]})
    items = [
        {"cells": [one.name, _objective(one, language), write_size(one.measure, language)]}
        for one in held[:_LISTED]
    ]

    return _close_section(section, [(heads, items, held)], language)


def list_zones(
    content: Content, figures: CommuneFigures, keys: Sequence[str], language: str
) -> list[dict[str, Any]]:
    """List the other themes, a section for each family."""
    sections = []
    for group in GROUPS:
        chosen = [key for key in keys if content.symbols[key].group == group]
        if not chosen:
            continue
        blocks = [_list_theme(content, figures, key, language) for key in chosen]
        section = {
            "key": group,
            "title": say(f"atlas_summary.{group}", language),
            "state": "",
            "note": "",
            "listed": "zones",
            "definition": say(f"atlas_summary.define_{group}", language),
            "columns": _head(["zone", "measure", "share"], language),
        }
        sections.append(_close_section(section, blocks, language))
    return sections


def _list_theme(content: Content, figures: CommuneFigures, key: str, language: str) -> Block:
    symbol, values = content.symbols[key], figures.values
    label = symbol.label(language)
    none: tuple[list[dict[str, Any]], Sequence[Any]] = ([], ())
    if key not in content.themes or figures.state == "broken":
        state = say(f"atlas_summary.{'unmeasurable' if key in content.themes else 'not_provided'}", language)
        return ([{"cells": [label, state, ""], "strong": True, "absent": True}], *none)
    count = values.get(f"{key}_count") or 0
    if not count:
        state = say("atlas_summary.none", language)
        return ([{"cells": [label, state, ""], "strong": True, "absent": True}], *none)
    if symbol.kind == "point":
        head = {"cells": [label, format_number(count, 0, language), ""], "strong": True}
        return ([head], *none)
    unit = "ha" if symbol.kind == "polygon" else "km"
    area = values["commune_ha"]

    def cells(name: str, size: float) -> list[str]:
        share = write_share(size / area, language) if unit == "ha" else ""
        return [name, f"{write_size(size, language)}{NBSP}{unit}", share]

    held = figures.zones.get(key, ())
    named = any(one.name for one in held)
    if count > 1:
        key_many = "zones_many" if unit == "ha" else "lines_many"
        label = say(f"atlas_summary.{key_many}", language, label=label, count=count)
    head = {"cells": cells(label, values[f"{key}_{unit}"]), "strong": True}
    items = [{"cells": cells(_name(one, language), one.measure)} for one in held[:_LISTED]] if named else []

    return ([head], items, held if named else ())


Block = tuple[list[dict[str, Any]], list[dict[str, Any]], Sequence[Any]]
"""Rows that always stand, rows of objects, and the objects, of which the rows may be only the first."""


def _open_section(
    key: str, theme: Theme, content: Content, figures: CommuneFigures, columns: Sequence[str], language: str
) -> dict[str, Any]:
    state = ""
    if figures.state != "measured" or not is_given(content, theme):
        state = tell_state(content, figures, theme, language)
    return {
        "key": key,
        "title": say(f"atlas_summary.{key}", language),
        "state": state,
        "note": "",
        "listed": "objects",
        "definition": say(f"atlas_summary.define_{key}", language),
        "columns": _head(columns, language),
    }


def _close_section(section: dict[str, Any], blocks: Sequence[Block], language: str) -> dict[str, Any]:
    """Add the rows; for each number of objects shown, the row that tells how many others there are.

    What the others measure is not said: they overlap, and their sum would pass the total.
    """
    blank = [""] * (len(section["columns"]) - 1)
    made = []
    for heads, items, held in blocks:
        # With no object shown the first row tells all, where there is one.
        first = 1 if heads else 0
        tails = [
            [_count_others(held[shown:], language), *blank] if first <= shown < len(held) else None
            for shown in range(len(items) + 1)
        ]
        made.append({"heads": heads, "items": items, "rest": tails})
    empty = not any(block["heads"] or block["items"] for block in made)
    state = section["state"] or (say("atlas_summary.none", language) if empty else "")
    return {**section, "state": state, "blocks": [] if state else made}


def _head(columns: Iterable[str], language: str) -> list[dict[str, Any]]:
    number = {"ha", "km", "share", "points", "lines_km", "surfaces_ha", "measure"}
    return [
        {
            "label": say(f"atlas_summary.column_{name}", language),
            "number": name in number,
        }
        for name in columns
    ]


def is_given(content: Content, theme: Theme) -> bool:
    """Tell whether the data of a theme of the network were given."""
    return content.network.provided.get(theme, False)


def tell_state(content: Content, figures: CommuneFigures, theme: Theme | None, language: str) -> str:
    """Say why a figure lacks."""
    if figures.state == "broken":
        return say("atlas_summary.unmeasurable", language)
    if theme is not None and not is_given(content, theme):
        return say("atlas_summary.not_provided", language)
    return say(
        "atlas_summary.unstudied" if figures.state == "outside" else "atlas_summary.not_provided", language
    )


def write_size(value: float, language: str) -> str:
    """Write hectares or kilometres: three figures where there are so many."""
    if 0 < value < 0.05:
        return f"<{NBSP}{format_number(0.1, 1, language)}"
    return format_number(value, 0 if value >= 99.95 or value == 0 else 1, language)


def write_share(share: float, language: str, *, zero: bool = False) -> str:
    r"""Write a share; what is neither nothing nor all is never written as such.

    >>> write_share(0.001, "en"), write_share(0.234, "fr"), write_share(0.999, "en")
    ('<\xa01%', '23\xa0%', '>\xa099%')
    """
    percent = 100 * share
    if percent <= 0 and zero:
        told = "0"
    elif percent < 0.5:
        told = f"<{NBSP}1"
    elif 99.5 <= percent < 99.99:
        told = f">{NBSP}99"
    else:
        told = format_number(percent, 0, language)
    return say("atlas.percent", language, percent=told)


def _objective(one: Held, language: str) -> str:
    return say(f"atlas_summary.{one.objective}", language) if one.objective in ("preserve", "restore") else ""


def _name(one: Held, language: str) -> str:
    if one.name or one.id:
        return one.name or one.id
    key = "unnamed_one" if one.count == 1 else "unnamed_many"
    return say(f"atlas_summary.{key}", language, count=one.count)


def _count_others(left: Sequence[Held | ObstaclesHeld], language: str) -> str:
    count = sum(one.count if isinstance(one, Held) and not (one.name or one.id) else 1 for one in left)
    return say(f"atlas_summary.others_{'one' if count == 1 else 'many'}", language, count=count)


def _tell_shared(one: Held, language: str) -> str:
    """Name the communes beside that share a corridor, and count those farther away."""
    beside = list(one.shared_with[: one.beside_count])
    if not beside:
        return join_names(list(one.shared_with), one.shared_count, language)
    far = one.shared_count - one.beside_count
    hidden = one.beside_count - len(beside)
    names = beside[:_NAMED]
    hidden += len(beside) - len(names)
    told = list(names)
    if hidden:
        key = "other_commune" if hidden == 1 else "other_communes"
        told.append(say(f"atlas_summary.{key}", language, count=hidden + far))
    elif far:
        key = "commune" if far == 1 else "communes"
        told.append(say(f"atlas_summary.{key}", language, count=far))
    return enumerate_names(told, language)


def join_names(names: Sequence[str], count: int, language: str, most: int = _NAMED + 1) -> str:
    """Name some of many communes and count the others."""
    shown = list(names) if count <= most and len(names) == count else list(names[: most - 1])
    left = count - len(shown)
    if left:
        key = "other_commune" if left == 1 else "other_communes"
        shown.append(say(f"atlas_summary.{key}", language, count=left))
    return enumerate_names(shown, language)


def enumerate_names(parts: Sequence[str], language: str) -> str:
    """Write a list as people say it.

    >>> enumerate_names(["a", "b", "c"], "fr")
    'a, b et c'
    """
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + say("atlas_summary.list_and", language) + parts[-1]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
