"""The words of the sheet: title block, status, legend, explanation, sources, and the map told in words."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bocage import __version__
from bocage.atlas.commune import Commune
from bocage.atlas.themes import Drawn, write_measure
from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import LabelStyle, break_text
from bocage.errors import InputError
from bocage.network import Theme
from bocage.units import format_number
from bocage.wording import entry, say

STATUS_KINDS = ("en_vigueur", "annule", "porter_a_connaissance", "projet", "etude")

# Legend in the order of the printed sheet: (row, symbols of its swatch, indented). A row whose first symbol
# is in _ONLY_IF_DRAWN stands there only when the map has such objects.
_LEGEND: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("corridors", ("corridor", "corridor_axis")),
    ("obstacles", ()),
    ("obstacle_points", ("obstacle_point",)),
    ("obstacle_lines", ("obstacle_line",)),
    ("obstacle_surfaces", ("obstacle_surface",)),
    ("restore", ("corridor_to_restore", "corridor_axis_to_restore")),
    ("reservoirs", ()),
    ("preserve", ("reservoir",)),
    ("reservoir_restore", ("reservoir_to_restore",)),
    ("reservoir_line", ("reservoir_line",)),
    ("watercourses", ()),
    ("watercourse_reservoir", ("watercourse_reservoir",)),
    ("watercourse_corridor", ("watercourse_corridor",)),
    ("watercourse_both", ("watercourse_both",)),
    ("watercourse_other", ("watercourse",)),
    ("watercourse_restore", ("watercourse_to_restore",)),
)
_GROUPS = frozenset({"obstacles", "reservoirs", "watercourses"})
_TOP = frozenset({"corridors", "restore"})
_ONLY_IF_DRAWN = frozenset(
    {"reservoir_restore", "reservoir_line", "watercourse_both", "watercourse_other", "watercourse_restore"}
)
_BASE_MAP = ("neighbour", "road_main", "road", "railway")
# Themes in the order of the legend, for the map told in words.
_THEMES: tuple[Theme, ...] = (
    "corridors", "obstacle_points", "obstacle_lines", "obstacle_surfaces", "corridors_to_restore",
    "reservoirs", "watercourses",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LegendRow:
    """A row of the legend.

    Attributes
    ----------
    label : str
    level : {"top", "group", "sub", "base", "note"}
    symbols : tuple of str
        What its swatch shows; none for the title of a group.
    state : str
        Measure in the commune, « néant » or « donnée non fournie ».
    absent : bool
        Whether the map shows nothing of it.
    """

    label: str
    level: str
    symbols: tuple[str, ...] = ()
    state: str = ""
    absent: bool = False


def read_date(about: Mapping[str, Any]) -> datetime.date:
    """Read the study date.

    Raises
    ------
    InputError
        If it is missing or not a date.
    """
    value = about.get("date")
    if isinstance(value, datetime.date):
        return datetime.date(value.year, value.month, value.day)
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError:
        raise InputError(
            f"The study's date is {value!r}; give the date of the data as year-month-day, as 2019-05-01."
        ) from None


def write_title_block(about: Mapping[str, Any], commune: Commune, language: str) -> dict[str, Any]:
    """Write the title block and the issuer block."""
    own = _own_words(about)
    month = _month(read_date(about), language)
    name = commune.name.upper()
    number, total = own.get("number", 1), own.get("total", own.get("number", 1))
    issuer = about.get("issuer") or {}
    words = {key: _word(own, key, language) for key in ("map_kind", "map_title", "plan_title", "purpose")}
    return {
        **words,
        "commune_of": _word(own, "commune_of", language),
        "name": name,
        "name_lines": list(break_text(name, LabelStyle(4.0, weight=700))),
        "insee": commune.insee,
        "number": say("atlas.number", language, number=str(number), total=str(total)),
        "updated": say("atlas.updated", language, month=month),
        "issuer": [
            {"key": key, "text": str(issuer[key])}
            for key in ("region", "department", "directorate", "service", "unit")
            if issuer.get(key)
        ],
        "document_title": say(
            "atlas.document_title",
            language,
            map_title=words["map_title"],
            name=commune.name,
            insee=commune.insee,
        ),
        "document_description": say(
            "atlas.document_description",
            language,
            map_kind=words["map_kind"],
            plan_title=words["plan_title"],
            name=commune.name,
            insee=commune.insee,
            month=month,
        ),
    }


def write_status(about: Mapping[str, Any], language: str) -> dict[str, str]:
    """Write the banner of the legal status.

    Raises
    ------
    InputError
        If the kind is none of ``STATUS_KINDS`` or its date is not a date.
    """
    status = about.get("status") or {}
    kind = str(status.get("kind", "etude"))
    if kind not in STATUS_KINDS:
        raise InputError(f"The legal status is '{kind}'; give one of {', '.join(STATUS_KINDS)}.")
    reference = str(status.get("reference") or "").strip()
    when = ""
    if status.get("date"):
        date = _full_date(read_date({"date": status["date"]}), language)
        when = say("atlas.on_date", language, date=date)
        when += ", " if reference else ""
    text = say(f"atlas.status_{kind}_text", language, when=when, reference=reference).strip()
    return {
        "kind": kind,
        "label": say("atlas.status", language),
        "title": say(f"atlas.status_{kind}", language),
        "text": text.removeprefix("— "),
    }


def write_legend(
    drawn: Mapping[str, Drawn],
    provided: Mapping[Theme, bool],
    base_map: Sequence[str],
    language: str,
    *,
    background: bool = False,
    outside: float | None = None,
) -> list[LegendRow]:
    """Write the rows of the legend in the order of the printed sheet.

    Parameters
    ----------
    drawn : mapping of symbol key to Drawn
    provided : mapping of theme to bool
    base_map : sequence of str
        Symbols of the base map that the sheet shows.
    language : {"fr", "en"}
    background : bool
        Whether land cover is drawn under the map.
    outside : float, optional
        Share of the commune outside the study area; none where the map shows nothing of the outside.
    """
    rows = [LegendRow(say("atlas.legend_commune", language), "top", ("commune",))]
    for key, symbols in _LEGEND:
        label = say(f"atlas.legend_{key}", language)
        if key in _GROUPS:
            rows.append(LegendRow(label, "group"))
            continue
        shown = tuple(symbol for symbol in symbols if len(drawn[symbol].objects) > 0)
        if key in _ONLY_IF_DRAWN and not shown:
            continue
        main = drawn[shown[0]] if shown else drawn[symbols[0]]
        theme = main.symbol.theme
        level = "top" if key in _TOP else "sub"
        if theme is not None and not provided.get(theme, False):
            rows.append(
                LegendRow(label, level, symbols[:1], say("atlas.not_provided", language), absent=True)
            )
        elif outside == 1:
            rows.append(LegendRow(label, level, symbols[:1], say("atlas.unstudied", language), absent=True))
        elif not shown:
            rows.append(LegendRow(label, level, symbols[:1], say("atlas.none", language), absent=True))
        else:
            state = (
                say("atlas.elsewhere", language)
                if not main.inside
                else write_measure(main.measure, main.symbol.kind, language)
                if main.measure > 0
                else say("atlas.within_reservoirs", language)
            )
            rows.append(LegendRow(label, level, shown, state))
    if outside is not None:
        rows.append(
            LegendRow(
                say("atlas.legend_outside_area", language),
                "top",
                ("outside_area",),
                write_share(outside, language) if outside > 0 else say("atlas.elsewhere", language),
            )
        )
    rows.extend(
        LegendRow(say(f"atlas.legend_{key}", language), "base", (key,))
        for key in _BASE_MAP
        if key in base_map
    )
    if background:
        rows.append(LegendRow(say("atlas.legend_background", language), "note"))
    if outside:
        rows.append(LegendRow(say("atlas.legend_unstudied", language), "note"))
    if not all(provided.get(theme, False) for theme in _THEMES):
        rows.append(LegendRow(say("atlas.legend_lacking", language), "note"))
    return rows


def write_share(share: float, language: str) -> str:
    r"""Write a share as the legend does; all is said only of all.

    >>> write_share(0.123, "fr"), write_share(0.999, "en"), write_share(1.0, "en"), write_share(0.001, "en")
    ('12\xa0%', '99%', '100%', '1%')
    """
    percent = 100 if share >= 1 else min(max(round(100 * share), 1), 99)
    return say("atlas.percent", language, percent=percent)


def write_explanation(about: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Write what the plan is, and the definitions of its elements."""
    own = _own_words(about)
    paragraphs = _paragraphs(own.get("explanation", entry("atlas.explanation")[language]))
    closing = [str(own.get("lineage", entry("atlas.lineage")[language])), str(own.get("adoption", ""))]
    last = " ".join(text for text in closing if text)
    return {
        "title": _word(own, "explanation_title", language),
        "paragraphs": [*paragraphs, *([last] if last else [])],
        "nota_title": _word(own, "nota_title", language),
        "nota": [[str(term), str(text)] for term, text in own.get("nota", entry("atlas.nota")[language])],
    }


def write_sources(about: Mapping[str, Any], crs: str, language: str) -> dict[str, Any]:
    """Write the sources with their licences, the contact, the projection and who drew the sheet."""
    from pyproj import CRS

    listed = []
    for source in about.get("sources") or ():
        licence = str(source.get("licence") or "")
        line = str(source["label"]) + (f" ({licence})" if licence else "")
        if line not in listed:
            listed.append(line)
    contact = (about.get("issuer") or {}).get("contact")
    return {
        "title": say("atlas.sources_title", language),
        "lines": listed,
        "contact": say("atlas.contact", language, contact=str(contact)) if contact else "",
        "crs": say("atlas.crs", language, name=CRS.from_user_input(crs).name, code=crs),
        "made_with": say("atlas.made_with", language, version=__version__),
    }


def write_scale(
    about: Mapping[str, Any], frame: MapFrame, sheet_format: str, language: str
) -> dict[str, str]:
    """Write the scale, and what the scale of the data lets one read."""
    scale = format_number(frame.scale, 0, language)
    valid = float(about.get("scale") or 100_000)
    key = "atlas.validity_enlarged" if frame.scale < valid else "atlas.validity"
    return {
        "scale": say("cartography.scale", language, scale=scale),
        "format": say("atlas.printed_at", language, format=sheet_format.upper()),
        "validity": say(key, language, scale=format_number(valid, 0, language)),
        "north": say("cartography.north", language),
    }


def describe_map(
    commune: Commune,
    frame: MapFrame,
    drawn: Mapping[str, Drawn],
    provided: Mapping[Theme, bool],
    neighbours: Sequence[str],
    language: str,
    *,
    outside: float | None = None,
) -> str:
    """Tell in words what the map shows, for those who do not see it."""
    told = []
    for theme in _THEMES:
        name = say(f"atlas.theme_{theme}", language)
        if not provided.get(theme, False):
            told.append(
                say("atlas.alt_state", language, theme=name, state=say("atlas.not_provided", language))
            )
            continue
        # The axis tells again the corridor whose surface is drawn; an overlay tells again its object.
        of_theme = [
            found
            for key, found in drawn.items()
            if found.symbol.theme == theme and key != "watercourse_to_restore" and "axis" not in key
        ]
        if not any(len(found.objects) for found in of_theme):
            of_theme = [
                found for key, found in drawn.items() if found.symbol.theme == theme and "axis" in key
            ]
        count = sum(len(found.objects) for found in of_theme)
        inside = sum(found.inside for found in of_theme)
        if count == 0:
            told.append(say("atlas.alt_state", language, theme=name, state=say("atlas.none", language)))
        else:
            told.append(say("atlas.alt_count", language, theme=name, count=count, inside=inside))
    text = say(
        "atlas.alt_map",
        language,
        name=commune.name,
        insee=commune.insee,
        scale=format_number(frame.scale, 0, language),
        themes="\u00a0; ".join(told) if language == "fr" else "; ".join(told),
    )
    if outside:
        text += " " + say("atlas.alt_outside", language, share=write_share(outside, language))
    if neighbours:
        text += " " + say("atlas.alt_neighbours", language, names=", ".join(neighbours))
    return text


def _own_words(about: Mapping[str, Any]) -> Mapping[str, Any]:
    return about.get("sheet") or {}


def _word(own: Mapping[str, Any], key: str, language: str) -> str:
    return str(own.get(key, entry(f"atlas.{key}")[language]))


def _paragraphs(value: Any) -> list[str]:
    if isinstance(value, str):
        return [line.strip() for line in value.split("\n\n") if line.strip()]
    return [str(line) for line in value]


def _month(date: datetime.date, language: str) -> str:
    name = entry("atlas.months")[language][date.month - 1]
    return f"{name[0].upper()}{name[1:]} {date.year}"


def _full_date(date: datetime.date, language: str) -> str:
    key = "atlas.first_day" if date.day == 1 else "atlas.day"
    month = entry("atlas.months")[language][date.month - 1]
    return say(key, language, day=str(date.day), month=month, year=str(date.year))
