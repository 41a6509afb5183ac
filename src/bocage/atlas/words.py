"""The words of the sheet: title block, status, legend, explanation, sources, and the map told in words."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bocage import __version__
from bocage.atlas.commune import Commune
from bocage.atlas.content import Content
from bocage.atlas.series import SheetSpec
from bocage.atlas.themes import Drawn, write_measure
from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import LabelStyle, break_text
from bocage.errors import InputError
from bocage.network import Theme
from bocage.units import NBSP, format_number
from bocage.wording import entry, say

STATUS_KINDS = (
    "en_vigueur", "annule", "porter_a_connaissance", "projet", "etude", "inventaires", "protections",
)  # fmt: skip
"""The last two are those of sheets of inventories and of protections."""

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
_BASE_MAP = ("neighbour", "river", "road_main", "road", "railway")
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


def write_title_block(
    about: Mapping[str, Any],
    spec: SheetSpec,
    commune: Commune,
    language: str,
    *,
    number: int = 1,
    total: int = 1,
) -> dict[str, Any]:
    """Write the title block and the issuer block; the sheet is the ``number``-th of ``total``."""
    own = _own_words(about, spec)
    month = _month(read_date(about), language)
    name = commune.name.upper()
    if total == 1:
        # A sheet of a series whose other sheets are made elsewhere.
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
        "bookmark": say("atlas.bookmark", language, number=str(number), title=words["map_title"]),
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


def write_status(about: Mapping[str, Any], spec: SheetSpec, language: str) -> dict[str, str]:
    """Write the banner of the legal status: the sheet's own, or the network's.

    Raises
    ------
    InputError
        If the kind is none of ``STATUS_KINDS`` or its date is not a date.
    """
    status = spec.status or about.get("status") or {}
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
    content: Content,
    spec: SheetSpec,
    drawn: Mapping[str, Drawn],
    base_map: Sequence[str],
    language: str,
    *,
    background: str = "",
    outside: float | None = None,
    in_commune: bool = True,
) -> list[LegendRow]:
    """Write the rows of the legend in the order of the printed sheet.

    Every symbol that the map draws has its row; a theme of which nothing is drawn has one without a
    symbol, which says whether there is nothing or nothing is known.

    Parameters
    ----------
    content : Content
    spec : SheetSpec
    drawn : mapping of symbol key to Drawn
    base_map : sequence of str
        Symbols of the base map that the sheet shows.
    language : {"fr", "en"}
    background : {"", "landcover", "relief", "landcover_relief"}
        What is drawn under the map.
    outside : float, optional
        Share of the commune outside the study area; none where the map shows nothing of the outside.
    in_commune : bool
        Whether the sheet is a commune's, and rows say what lies in it.
    """
    rows = [LegendRow(say("atlas.legend_commune", language), "top", ("commune",))] if in_commune else []

    def add(label: str, level: str, symbols: Sequence[str], provided: bool) -> None:
        shown = tuple(symbol for symbol in symbols if len(drawn[symbol].objects) > 0)
        state = (
            say("atlas.not_provided", language)
            if not provided
            else say("atlas.unstudied", language)
            if outside == 1
            else say("atlas.none", language)
            if not shown
            else None
        )
        if state is not None:
            rows.append(LegendRow(label, level, (), state, absent=True))
        else:
            told = _tell_share(drawn[shown[0]], language) if in_commune else ""
            rows.append(LegendRow(label, level, shown, told))

    groups: list[LegendRow] = []
    for key, symbols in _LEGEND if spec.network_themes else ():
        label = say(f"atlas.legend_{key}", language)
        if key in _GROUPS:
            groups = [LegendRow(label, "group")]
            continue
        symbols = tuple(symbol for symbol in symbols if symbol in drawn)
        if not symbols:
            continue
        shown = any(len(drawn[symbol].objects) for symbol in symbols)
        if key in _ONLY_IF_DRAWN and not shown:
            continue
        level = "top" if key in _TOP else "sub"
        if level == "sub":
            rows += groups
        groups = []
        theme = drawn[symbols[0]].symbol.theme
        add(label, level, symbols, theme is None or content.network.provided.get(theme, False))
    group: str | None = None
    for key in spec.other_themes:
        symbol = content.symbols[key]
        if symbol.group != group:
            group = symbol.group
            rows.append(LegendRow(say(f"atlas.legend_{group}", language), "group"))
        add(symbol.label(language), "sub", (key,), key in content.themes)
    if outside is not None:
        rows.append(
            LegendRow(
                say("atlas.legend_outside_area", language),
                "top",
                ("outside_area",),
                ""
                if not in_commune
                else write_share(outside, language)
                if outside > 0
                else say("atlas.elsewhere", language),
            )
        )
    for key in _BASE_MAP:
        if key in base_map:
            # Beside the network's watercourses, those of the base map are the others.
            other = "_other" if key == "river" and "watercourses" in spec.network_themes else ""
            rows.append(LegendRow(say(f"atlas.legend_{key}{other}", language), "base", (key,)))
    notes = [say(f"atlas.legend_background_{background}", language)] if background else []
    if outside:
        notes.append(say("atlas.legend_unstudied", language))
    if any(row.absent and row.state == say("atlas.not_provided", language) for row in rows):
        notes.append(say("atlas.legend_lacking", language))
    rows.extend(LegendRow(note, "note") for note in (*notes, *_list_notes(content, drawn)))
    return rows


def _list_notes(content: Content, drawn: Mapping[str, Drawn]) -> list[str]:
    shown = {found.symbol.theme or key for key, found in drawn.items() if len(found.objects)}
    return [note.text for note in content.notes if not note.uses or note.uses & shown]


def _tell_share(found: Drawn, language: str) -> str:
    """Say how much of what a symbol draws lies in the commune."""
    if not found.inside:
        return say("atlas.elsewhere", language)
    if found.measure > 0:
        return write_measure(found.measure, found.symbol.kind, language)
    # What lies on the limit is counted half, or in the other commune.
    where = "within_reservoirs" if found.symbol.table == "corridor_s" else "on_limit"
    return say(f"atlas.{where}", language)


def write_share(share: float, language: str) -> str:
    r"""Write a share as the legend does; all is said only of all.

    >>> write_share(0.123, "fr"), write_share(0.999, "en"), write_share(1.0, "en"), write_share(0.001, "en")
    ('12\xa0%', '99%', '100%', '1%')
    """
    percent = 100 if share >= 1 else min(max(round(100 * share), 1), 99)
    return say("atlas.percent", language, percent=percent)


def write_explanation(about: Mapping[str, Any], spec: SheetSpec, language: str) -> dict[str, Any]:
    """Write what the plan is, and the definitions of its elements."""
    own = _own_words(about, spec)
    paragraphs = _paragraphs(own.get("explanation", entry("atlas.explanation")[language]))
    closing = [str(own.get("lineage", entry("atlas.lineage")[language])), str(own.get("adoption", ""))]
    last = " ".join(text for text in closing if text)
    return {
        "title": _word(own, "explanation_title", language),
        "paragraphs": [*paragraphs, *([last] if last else [])],
        "nota_title": _word(own, "nota_title", language),
        "nota": [[str(term), str(text)] for term, text in own.get("nota", entry("atlas.nota")[language])],
    }


def write_sources(content: Content, uses: Iterable[str], language: str) -> dict[str, Any]:
    """Write the sources of what is drawn, the contact, the projection and who drew the sheet."""
    contact = (content.about.get("issuer") or {}).get("contact")
    return {
        "title": say("atlas.sources_title", language),
        "lines": _gather_licences(content.cite(uses), _list_licences(content), language),
        "contact": say("atlas.contact", language, contact=str(contact)) if contact else "",
        "crs": say("atlas.crs", language, name=_name_crs(content.crs), code=content.crs),
        "made_with": say("atlas.made_with", language, version=__version__),
    }


def _list_licences(content: Content) -> set[str]:
    named = {str(source.get("licence") or "") for source in content.about.get("sources") or ()}
    return {*named, *(source.licence for source in content.sources)} - {""}


def _gather_licences(lines: Sequence[str], licences: Collection[str], language: str) -> list[str]:
    r"""Say once the licence that several sources share, above them; sources of their own stand first.

    >>> cited = ["IGN (LO 2.0)", "Sandre (LO 2.0)", "OSM (ODbL)"]
    >>> _gather_licences(cited, {"LO 2.0", "ODbL"}, "en")
    ['OSM (ODbL)', 'LO\xa02.0:', 'IGN', 'Sandre']
    """
    alone: list[str] = []
    under: dict[str, list[str]] = {}
    for line in lines:
        licence = next((name for name in sorted(licences) if line.endswith(f" ({name})")), "")
        if licence:
            under.setdefault(licence, []).append(line.removesuffix(f" ({licence})"))
        else:
            alone.append(line)
    together: list[str] = []
    for licence, labels in under.items():
        name = licence.replace(" ", NBSP)
        if len(labels) == 1:
            alone.append(f"{labels[0]} ({name})")
        else:
            together += [f"{name}{say('atlas.colon', language).rstrip()}", *labels]
    return [*alone, *together]


def write_scale(
    about: Mapping[str, Any], spec: SheetSpec, frame: MapFrame, sheet_format: str, language: str
) -> dict[str, str]:
    """Write the scale, and what the scale of the data lets one read."""
    scale = format_number(frame.scale, 0, language)
    valid = float(about.get("scale") or 100_000)
    if not spec.network_themes:
        # The scale is that of the network; other themes have their own documents.
        key = "atlas.validity_other"
    elif frame.scale < valid and {"corridors", "corridors_to_restore"} & {*spec.network_themes}:
        key = "atlas.validity_enlarged"
    else:
        key = "atlas.validity"
    return {
        "scale": say("cartography.scale", language, scale=scale),
        "format": say("atlas.printed_at", language, format=sheet_format.upper()),
        "validity": say(key, language, scale=format_number(valid, 0, language)),
        "north": say("cartography.north", language),
    }


def describe_map(
    content: Content,
    spec: SheetSpec,
    commune: Commune,
    frame: MapFrame,
    drawn: Mapping[str, Drawn],
    neighbours: Sequence[str],
    language: str,
    *,
    outside: float | None = None,
) -> str:
    """Tell in words what the map shows, for those who do not see it."""
    told = [
        _tell_theme(say(f"atlas.theme_{theme}", language), found, language)
        for theme, found in _gather_themes(content, spec, drawn)
    ]
    told += [
        _tell_theme(
            content.symbols[key].label(language), [drawn[key]] if key in content.themes else None, language
        )
        for key in spec.other_themes
    ]
    text = say(
        "atlas.alt_map",
        language,
        title=_word(_own_words(content.about, spec), "map_title", language),
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


def _gather_themes(
    content: Content, spec: SheetSpec, drawn: Mapping[str, Drawn]
) -> Iterator[tuple[Theme, list[Drawn] | None]]:
    """Give the themes of the network and what is drawn of each; None for those without data."""
    for theme in _THEMES:
        if theme not in spec.network_themes:
            continue
        if not content.network.provided.get(theme, False):
            yield theme, None
            continue
        # The axis tells again the corridor whose surface is drawn; an overlay tells again its object.
        every = {key: found for key, found in drawn.items() if found.symbol.theme == theme}
        found = [one for key, one in every.items() if key != "watercourse_to_restore" and "axis" not in key]
        if not any(len(one.objects) for one in found):
            found = [one for key, one in every.items() if "axis" in key]
        yield theme, found


def _tell_theme(name: str, found: Sequence[Drawn] | None, language: str) -> str:
    if found is None:
        return say("atlas.alt_state", language, theme=name, state=say("atlas.not_provided", language))
    count, inside = sum(len(one.objects) for one in found), sum(one.inside for one in found)
    if count == 0:
        return say("atlas.alt_state", language, theme=name, state=say("atlas.none", language))
    return say("atlas.alt_count", language, theme=name, count=count, inside=inside)


def describe_locator(content: Content, commune: Commune, around: Sequence[str], language: str) -> str:
    """Tell in words where a commune lies."""
    if around:
        return say("atlas.alt_located", language, name=commune.name, around=", ".join(around))
    return say(
        "atlas.alt_locator", language, name=commune.name, count=int(content.communes["insee"].nunique())
    )


@lru_cache(maxsize=4)
def _name_crs(crs: str) -> str:
    from pyproj import CRS

    return str(CRS.from_user_input(crs).name)


def _own_words(about: Mapping[str, Any], spec: SheetSpec) -> Mapping[str, Any]:
    return {**(about.get("sheet") or {}), **spec.words}


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
