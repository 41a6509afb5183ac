"""The cover of a volume: who issues it, what it is, of where, and what the territory looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely

from bocage.atlas.commune import Commune
from bocage.atlas.content import Content
from bocage.atlas.furniture import read_logo
from bocage.atlas.grid_layout import measure_paper
from bocage.atlas.layout import Box
from bocage.atlas.page import Page
from bocage.atlas.series import SheetSpec
from bocage.atlas.territory import Territory, drop_gaps
from bocage.atlas.words import write_sources, write_status, write_title_block
from bocage.cartography.frame import MapFrame
from bocage.cartography.svg import MapLayer, draw_map, select_objects
from bocage.cartography.symbols import Symbol
from bocage.units import format_number
from bocage.wording import say

_GROUND = Symbol("cover_ground", "polygon", -10, "", "", fill="#f3f5ea")
_LIMITS = Symbol("cover_communes", "polygon", 60, "", "", stroke="#7d8a78", width=0.07)
_MASK = Symbol("cover_mask", "polygon", 70, "", "", fill="#ffffff")
_OUTLINE = Symbol("cover_outline", "polygon", 80, "", "", stroke="#1d5c33", width=0.75)
_SHOWN = ("reservoirs", "corridors", "corridors_to_restore", "watercourses")
_THINNED = 0.55

_NAMED = 6
"""Communes without sheets that the cover names."""


def compose_cover(
    content: Content,
    territory: Territory,
    *,
    title: str,
    subtitle: str = "",
    sheets: int,
    spec: SheetSpec | None = None,
    language: str = "fr",
    sheet_format: str = "a4",
    missing: Sequence[str] = (),
) -> Page:
    """Compose the cover of a volume, one portrait page.

    Parameters
    ----------
    content : Content
    territory : Territory
        What the volume covers; its name is printed under the title.
    title : str
    subtitle : str
        Under the title; the name of the plan by default.
    sheets : int
        Maps in the volume.
    spec : SheetSpec, optional
        Sheet whose words and legal status the cover bears; the continuities by default.
    language : {"fr", "en"}
    sheet_format : {"a4", "a3"}
    missing : sequence of str
        Communes of the territory whose sheets could not be drawn.

    Returns
    -------
    Page

    Raises
    ------
    InputError
        If format, status, date or a logo is not usable.
    """
    spec = SheetSpec() if spec is None else spec
    about = content.about
    width, height, _ = measure_paper(sheet_format)
    unit = width / 210.0
    words = write_title_block(about, spec, Commune("", "", territory.outline), language)
    box = Box(12 * unit, 124 * unit, 186 * unit, 132 * unit)
    layers, uses = _draw_themes(content)
    files: dict[str, bytes] = {"map.svg": _draw(content, territory, layers, box).encode()}
    count = len(territory.communes)
    communes = _count(count, "commune", language)
    told = [
        say("atlas_volume.count", language, what=name, count=number)
        for name, number in _tell(content, layers, language)
    ]
    alt = (
        say(
            "atlas_volume.alt_cover",
            language,
            communes=communes,
            themes=("\u00a0; " if language == "fr" else "; ").join(told),
        )
        if told
        else say("atlas_volume.alt_cover_bare", language, communes=communes)
    )
    valid = format_number(float(about.get("scale") or 100_000), 0, language)
    facts = [communes, _count(sheets, "sheet", language)]
    if any(content.network.provided.values()):
        facts.append(say("atlas_volume.cover_validity", language, scale=valid))
    if missing:
        named = ", ".join(missing[:_NAMED]) + (" …" if len(missing) > _NAMED else "")
        facts.append(say("atlas_volume.cover_missing", language, count=len(missing), names=named))
    data = {
        "width": width,
        "height": height,
        "unit": unit,
        "logos": _read_logos(content, language, files),
        "issuer": words["issuer"],
        "updated": words["updated"],
        "title": title,
        "subtitle": subtitle or words["plan_title"],
        "territory": territory.name,
        "status": write_status(about, spec, language),
        "colon": say("atlas.colon", language),
        "map": {"box": {"x": box.x, "y": box.y, "w": box.w, "h": box.h}, "alt": alt},
        "facts": facts,
        "sources": write_sources(content, {*uses, "communes"}, language),
    }
    return Page("cover", data, files, title)


def _count(count: int, what: str, language: str) -> str:
    if count == 1:
        return say(f"atlas_volume.cover_one_{what}", language)
    return say(f"atlas_volume.cover_{what}s", language, count=count)


def _draw_themes(content: Content) -> tuple[list[MapLayer], set[str]]:
    """Choose what the cover shows: the network if there is one, else the other themes."""
    layers: list[MapLayer] = []
    for symbol in content.symbols:
        if symbol.theme in _SHOWN and symbol.table is not None and symbol.key != "watercourse_to_restore":
            objects = select_objects(content.network.tables[symbol.table], symbol)
            if len(objects):
                layers.append(MapLayer(objects, _lighten(symbol)))
    if not layers:
        layers = [
            MapLayer(content.themes[symbol.key], _lighten(symbol))
            for symbol in content.symbols
            if symbol.key in content.themes and len(content.themes[symbol.key])
        ]
    return layers, {layer.symbol.theme or layer.symbol.key for layer in layers}


def _lighten(symbol: Symbol) -> Symbol:
    """Thin a symbol to what a map of a whole territory bears."""
    hatch = symbol.hatch
    if hatch is not None:
        hatch = replace(hatch, spacing=_THINNED * hatch.spacing, width=_THINNED * hatch.width)
    marker = symbol.marker
    return replace(
        symbol,
        width=_THINNED * symbol.width,
        casing_width=_THINNED * symbol.casing_width,
        dash=tuple(_THINNED * length for length in symbol.dash),
        hatch=hatch,
        marker=None if marker is None else replace(marker, size=_THINNED * marker.size),
    )


def _draw(content: Content, territory: Territory, layers: Sequence[MapLayer], box: Box) -> str:
    frame = MapFrame.around(territory.outline.bounds, box.w, box.h, margin=0.01)
    ground = drop_gaps(territory.outline, 4 * frame.metres_per_mm)
    outside = shapely.difference(shapely.box(*frame.grown(5.0)), ground)
    # Cut within the mask: at the edge of the picture both would end, and a hair of colour show.
    held = frame.grown(-0.5)
    layers = [
        MapLayer(shapely.clip_by_rect(shapely.make_valid(layer.geometries), *held), layer.symbol)
        for layer in layers
    ]
    return draw_map(
        frame,
        [
            MapLayer([ground], _GROUND),
            *layers,
            MapLayer(list(territory.outlines), _LIMITS),
            MapLayer([outside], _MASK),
            MapLayer([ground], _OUTLINE),
        ],
        key="cover",
        paper=None,
    )


def _tell(content: Content, layers: Sequence[MapLayer], language: str) -> list[tuple[str, int]]:
    """Count the objects of each theme that the cover shows."""
    counts: dict[str, int] = {}
    for layer in layers:
        symbol = layer.symbol
        if "axis" in symbol.key:
            continue
        if symbol.theme is None:
            name = content.symbols[symbol.key].label(language)
        else:
            name = say(f"atlas.theme_{symbol.theme}", language)
        counts[name] = counts.get(name, 0) + len(layer.geometries)
    return list(counts.items())


def _read_logos(content: Content, language: str, files: dict[str, bytes]) -> list[dict[str, str]]:
    """Read the issuer's logo, then those of its partners."""
    issuer: dict[str, Any] = dict(content.about.get("issuer") or {})
    logos = []
    for number, path in enumerate([issuer.get("logo"), *(issuer.get("logos") or ())]):
        read: dict[str, bytes] = {}
        # Partners have no name but that of their file.
        who = {} if number else issuer
        logo = read_logo({"issuer": {**who, "logo": path}}, language, read)
        if logo is not None:
            name = f"logo-{number}{Path(logo['file']).suffix}"
            files[name] = read[logo["file"]]
            logos.append({**logo, "file": name})
    return logos
