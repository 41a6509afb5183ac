"""The commune in figures: the page on the back of its sheets, and the table of all communes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bocage.atlas.commune import Commune
from bocage.atlas.content import Content
from bocage.atlas.furniture import read_logo
from bocage.atlas.layout import choose_layout
from bocage.atlas.locator import name_surroundings
from bocage.atlas.page import Page
from bocage.atlas.series import NETWORK_THEMES, SheetSpec
from bocage.atlas.summary_tables import (
    GROUPS,
    enumerate_names,
    is_given,
    join_names,
    list_corridors,
    list_obstacles,
    list_reservoirs,
    list_watercourses,
    list_zones,
    tell_state,
    write_share,
    write_size,
)
from bocage.atlas.words import write_sources, write_status, write_title_block
from bocage.cartography.symbols import Symbol
from bocage.connectivity.communes_figures import CommuneFigures, Figures, measure_figures
from bocage.connectivity.communes_held import Layer
from bocage.network import Theme
from bocage.units import NBSP, format_number
from bocage.wording import fold_name, say

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = [
    "CommuneFigures",
    "Figures",
    "build_commune_table",
    "compose_summary",
    "measure_all",
    "measure_territory",
]

# Two outlines of one limit never quite agree.
_SLIVER = 0.005


def measure_territory(content: Content, language: str = "fr") -> Figures:
    """Measure every commune of a territory, in one pass: the table, and a slice for each commune.

    Parameters
    ----------
    content : Content
        A theme is measured as its symbol draws it: areas, lengths or numbers.
    language : {"fr", "en"}
        Of the name of the territory and of the types of obstacles.

    Returns
    -------
    Figures
    """
    layers = {key: Layer(table, content.symbols[key].kind) for key, table in content.themes.items()}
    return measure_figures(
        content.network, content.communes, layers=layers, area=content.area, language=language
    )


def measure_all(content: Content, language: str = "fr") -> Mapping[str, CommuneFigures]:
    """Measure what each commune holds, by INSEE code; plain values that a worker can be sent."""
    return measure_territory(content, language).communes


def build_commune_table(content: Content, language: str = "fr") -> DataFrame:
    """Build the table of all communes: one row each by INSEE code, then the territory.

    Columns are described by ``bocage.connectivity.communes_figures.describe_figures``. What was not given
    is empty, not zero; so are the figures of a commune whose outline is missing or crosses itself.
    """
    return measure_territory(content, language).table


def compose_summary(
    content: Content,
    commune: Commune,
    figures: CommuneFigures,
    *,
    specs: Sequence[SheetSpec] = (),
    sheet_format: str = "a4",
    orientation: str = "auto",
    language: str = "fr",
) -> Page:
    """Compose the page of figures of a commune, of the size of its sheets.

    Parameters
    ----------
    content : Content
    commune : Commune
    figures : CommuneFigures
        Of this commune, from ``measure_all``.
    specs : sequence of SheetSpec
        The sheets of the series: their themes are listed, also those without data. Legal status and issuer
        are those of the first.
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}
    language : {"fr", "en"}

    Returns
    -------
    Page
        Always a single page: the largest objects are named, the others counted.
    """
    layout, _ = choose_layout(commune.outline.bounds, sheet_format, orientation)
    spec = specs[0] if specs else SheetSpec()
    files: dict[str, bytes] = {}
    title = write_title_block(content.about, spec, commune, language)
    keys = _list_themes(content, specs)
    scale = format_number(float(content.about.get("scale") or 100_000), 0, language)
    unit = layout.unit
    margin = layout.header.x
    data = {
        "paper": {"width": layout.width, "height": layout.height, "unit": unit, "margin": margin},
        "header": {"x": margin, "y": layout.header.y, "w": layout.header.w, "h": layout.header.h},
        "banner": {
            "x": margin,
            "y": layout.banner.y,
            "w": layout.banner.w,
            "h": layout.banner.h,
        },
        "title": {
            **title,
            "page": say("atlas_summary.title", language),
            "subtitle": say("atlas_summary.subtitle", language),
            "around": " – ".join(name_surroundings(content, commune)),
        },
        "logo": read_logo(content.about, language, files),
        "colon": say("atlas.colon", language),
        "status": write_status(content.about, spec, language),
        "tiles": _write_tiles(content, figures, language),
        "words": {
            "title": say("atlas_summary.in_words", language),
            "lines": _write_sentences(content, figures, language),
        },
        "chart": _write_chart(content, figures, language),
        "sections": [
            list_reservoirs(content, figures, language),
            list_corridors(content, figures, language),
            list_obstacles(content, figures, language),
            list_watercourses(content, figures, language),
            *list_zones(content, figures, keys, language),
        ],
        "reading": {
            "title": say("atlas_summary.reading_title", language),
            "lines": [
                say("atlas_summary.precision", language, scale=scale),
                *(
                    say(f"atlas_summary.reading_{key}", language)
                    for key in ("once", "limits", "objective", "none")
                ),
                *(note.text for note in content.notes if figures.reservoirs or figures.corridors),
            ],
        },
        "sources": write_sources(content, _list_uses(content, keys), language),
    }
    return Page("summary", data, files, say("atlas_summary.bookmark", language))


# --- key figures, words, chart --------------------------------------------------------------------


def _write_tiles(content: Content, figures: CommuneFigures, language: str) -> list[dict[str, str]]:
    values = figures.values

    def tile(
        key: str, theme: Theme | None, value: Any, write: Callable[[Any], str], more: str = ""
    ) -> dict[str, str]:
        known = value is not None
        return {
            "value": write(value) if known else "—",
            "label": say(f"atlas_summary.tile_{key}", language),
            "state": "" if known else tell_state(content, figures, theme, language),
            "more": more,
        }

    by_axes = figures.corridor_unit == "km"
    points = values.get("obstacle_point_count")
    grounds = _tell_grounds(values, language)
    return [
        tile("area", None, values.get("commune_ha"), lambda x: write_size(x, language) + f"{NBSP}ha"),
        tile(
            "reservoirs",
            "reservoirs",
            values.get("reservoir_share"),
            lambda x: write_share(x, language, zero=True),
        ),
        tile(
            "corridor_axes",
            "corridors",
            values.get("corridor_km"),
            lambda x: write_size(x, language) + f"{NBSP}km",
        )
        if by_axes
        else tile(
            "corridors",
            "corridors",
            values.get("corridor_share"),
            lambda x: write_share(x, language, zero=True),
        ),
        tile(
            "obstacle" if points == 1 or (points == 0 and language == "fr") else "obstacles",
            "obstacle_points",
            points,
            lambda x: format_number(x, 0, language),
            say("atlas_summary.tile_more", language, what=enumerate_names(grounds, language))
            if grounds
            else "",
        ),
        tile(
            "water",
            "watercourses",
            values.get("watercourse_km"),
            lambda x: write_size(x, language) + f"{NBSP}km",
        ),
    ]


def _write_sentences(content: Content, figures: CommuneFigures, language: str) -> list[str]:
    """Say the figures in words."""
    if figures.state == "broken":
        return [say("atlas_summary.sentence_unmeasurable", language)]
    if figures.state == "outside":
        return [say("atlas_summary.sentence_outside", language)]
    if not any(content.network.provided.get(theme, False) for theme in NETWORK_THEMES):
        return [say("atlas_summary.sentence_nothing", language)]
    values = figures.values
    told = []
    studied = values["area_ha"] / values["commune_ha"]
    if studied < 1 - _SLIVER:
        share = write_share(studied, language)
        told.append(say("atlas_summary.sentence_partly", language, share=share))
    reservoirs = values.get("reservoir_share")
    if reservoirs is None:
        told.append(say("atlas_summary.sentence_reservoirs_unknown", language))
    elif not figures.reservoirs:
        lines = values.get("reservoir_line_km")
        key = "sentence_reservoirs_linear" if lines else "sentence_reservoirs_none"
        told.append(say(f"atlas_summary.{key}", language, km=write_size(lines or 0.0, language)))
    else:
        share = write_share(reservoirs, language)
        told.append(say("atlas_summary.sentence_reservoirs", language, share=share))
    told.append(_tell_corridors(content, figures, language))
    told.append(_tell_obstacles(values, language))
    if values.get("watercourse_km"):
        km = write_size(values["watercourse_km"], language)
        told.append(say("atlas_summary.sentence_water", language, km=km))
    return [" ".join(sentence for sentence in told if sentence)]


def _tell_corridors(content: Content, figures: CommuneFigures, language: str) -> str:
    if not is_given(content, "corridors"):
        return say("atlas_summary.sentence_corridors_unknown", language)
    corridors = figures.corridors
    if not corridors:
        return say("atlas_summary.sentence_corridors_none", language)
    beside = {name for one in corridors for name in one.shared_with[: one.beside_count]}
    names = sorted(beside or {name for one in corridors for name in one.shared_with}, key=fold_name)
    number = "one" if len(corridors) == 1 else "many"
    shared = (
        say(f"atlas_summary.shared_{number}", language, names=join_names(names, len(names), language))
        if names
        else ""
    )
    restored = sum(one.objective == "restore" for one in corridors)
    restore = ""
    if restored and is_given(content, "corridors_to_restore"):
        how = "several" if restored > 1 else "some"
        if restored == len(corridors):
            how = "one" if restored == 1 else "all"
        restore = say(f"atlas_summary.restore_{how}", language, restored=restored)
    return say(
        f"atlas_summary.sentence_corridors_{number}",
        language,
        count=len(corridors),
        shared=shared,
        restore=restore,
    )


def _tell_obstacles(values: Mapping[str, Any], language: str) -> str:
    points = values.get("obstacle_point_count")
    what = []
    if points:
        key = "obstacles_point" if points == 1 else "obstacles_points"
        what.append(say(f"atlas_summary.{key}", language, count=points))
    what += _tell_grounds(values, language)
    if what:
        return say("atlas_summary.sentence_obstacles", language, what=enumerate_names(what, language))
    known = all(values.get(name) is not None for name in ("obstacle_line_km", "obstacle_surface_ha"))
    if points is None or not known:
        return ""
    return say("atlas_summary.sentence_obstacles_none", language)


def _tell_grounds(values: Mapping[str, Any], language: str) -> list[str]:
    """Say what lines and surfaces are obstacles."""
    what = []
    if values.get("obstacle_line_km"):
        km = write_size(values["obstacle_line_km"], language)
        what.append(say("atlas_summary.obstacles_lines", language, km=km))
    if values.get("obstacle_surface_ha"):
        ha = write_size(values["obstacle_surface_ha"], language)
        what.append(say("atlas_summary.obstacles_surfaces", language, ha=ha))
    return what


def _write_chart(content: Content, figures: CommuneFigures, language: str) -> dict[str, Any]:
    """Write the parts of the bar; none where neither reservoirs nor corridors are known."""
    values, symbols = figures.values, content.symbols
    area = values.get("area_ha")
    parts: list[tuple[str, float, Symbol | None]] = []
    split = values.get("corridor_preserve_ha") is not None
    for key, column, symbol in (
        ("reservoir_preserve", "reservoir_preserve_ha", "reservoir"),
        ("reservoir_restore", "reservoir_restore_ha", "reservoir_to_restore"),
        ("corridor_preserve", "corridor_preserve_ha", "corridor"),
        ("corridor_restore", "corridor_restore_ha", "corridor_to_restore"),
        ("corridor", "corridor_ha", "corridor"),
    ):
        if key == "corridor" and split:
            continue
        size = values.get(column)
        # Nothing to restore among reservoirs is the rule, and not worth a line.
        if area and size is not None and (size > 0 or not key.endswith("_restore")):
            parts.append((key, size / area, symbols[symbol]))
    if not parts:
        state = tell_state(content, figures, "reservoirs", language)
        return {
            "title": say("atlas_summary.chart_title", language),
            "parts": [],
            "alt": "",
            "missing": say("atlas_summary.chart_missing", language, state=state),
        }
    rest = max(1 - sum(share for _, share, _ in parts), 0.0)
    parts.append(("elsewhere", rest, None))
    told = [
        {
            "label": say(f"atlas_summary.chart_{key}", language),
            "share": share,
            "value": say("atlas.percent", language, percent=format_number(100 * share, 1, language)),
            "fill": symbol.fill if symbol is not None else "#f4f4f0",
            "hatch": None
            if symbol is None or symbol.hatch is None
            else {"colour": symbol.hatch.colour, "down": symbol.hatch.angle > 90},
            "stroke": symbol.stroke if symbol is not None else "#8a8a85",
        }
        for key, share, symbol in parts
    ]
    studied = area / values["commune_ha"] < 1 - _SLIVER
    between = f"{NBSP}; " if language == "fr" else "; "
    listed = between.join(f"{part['label']}{say('atlas.colon', language)}{part['value']}" for part in told)
    return {
        "title": say("atlas_summary.chart_studied" if studied else "atlas_summary.chart_title", language),
        "parts": told,
        "alt": say("atlas_summary.chart_alt", language, parts=listed),
        "missing": "",
    }


def _list_themes(content: Content, specs: Sequence[SheetSpec]) -> list[str]:
    """List the other themes of the sheets and those that were given, family by family."""
    wanted = [key for spec in specs for key in spec.other_themes]
    wanted += [symbol.key for symbol in content.symbols.by_key.values() if symbol.key in content.themes]
    return sorted(
        dict.fromkeys(wanted), key=lambda key: GROUPS.index(content.symbols[key].group or GROUPS[-1])
    )


def _list_uses(content: Content, keys: Sequence[str]) -> list[str]:
    given = [theme for theme in NETWORK_THEMES if is_given(content, theme)]
    return [*given, *(key for key in keys if key in content.themes), "communes"]
