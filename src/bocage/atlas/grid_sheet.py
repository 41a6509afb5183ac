"""A sheet of the grid at 1:100 000: no commune is favoured, and its edges lead to the sheets beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from bocage.atlas.body import MapBody, draw_body
from bocage.atlas.commune import Commune
from bocage.atlas.content import Content
from bocage.atlas.document import DocumentInfo
from bocage.atlas.furniture import lay_legend, lay_scale_bar, place_coordinates, read_logo
from bocage.atlas.grid_layout import GridLayout
from bocage.atlas.grid_plan import SCALE, GridCell, GridPlan
from bocage.atlas.page import Georeference, Page
from bocage.atlas.places import name_cell_place, write_link
from bocage.atlas.series import SheetSpec
from bocage.atlas.sheet import list_uses
from bocage.atlas.territory import alphabetize, drop_gaps
from bocage.atlas.themes import Drawn, select_drawn
from bocage.atlas.words import (
    LegendRow,
    read_date,
    write_legend,
    write_scale,
    write_sources,
    write_status,
    write_title_block,
)
from bocage.cartography.frame import MapFrame
from bocage.cartography.svg import MapLayer, draw_map
from bocage.cartography.symbols import Symbol, Symbols
from bocage.units import format_number
from bocage.wording import say

_LIMIT = Symbol(
    "territory", "line", 82, "", "", stroke="#1a1a1a", width=0.6, dash=(3.0, 0.9, 0.6, 0.9), casing="#ffffff",
    casing_width=1.2,
)  # fmt: skip
_GROUND = Symbol("place_ground", "polygon", 0, "", "", fill="#dfe3d8")
_CELLS = Symbol("place_cells", "polygon", 1, "", "", stroke="#8a9180", width=0.12)
_OWN = Symbol("place_own", "polygon", 2, "", "", fill="#1d5c33", fill_opacity=0.6)
_LEAST_SHARE = 0.005


def compose_grid_sheet(
    content: Content,
    grid: GridPlan,
    cell: str,
    spec: SheetSpec | None = None,
    *,
    language: str = "fr",
    places: Collection[str] | None = None,
) -> tuple[Page, DocumentInfo]:
    """Compose a sheet of the grid.

    Parameters
    ----------
    content : Content
    grid : GridPlan
    cell : str
        Name of the sheet.
    spec : SheetSpec, optional
        What it draws; the continuities by default.
    language : {"fr", "en"}
    places : collection of str, optional
        Names of the sheets that its edges lead to; all those beside it by default.

    Returns
    -------
    page : Page
        Georeferenced; its links lead to the places ``cell-<name>``.
    info : DocumentInfo
        What a document of this sheet alone says of itself.

    Raises
    ------
    InputError
        If the grid has no such sheet, or date, status or logo is not usable.
    """
    spec = SheetSpec() if spec is None else spec
    about = content.about
    own, layout = grid.find(cell), grid.layout
    frame = own.frame
    drawn = select_drawn(content, spec, frame, None)
    coordinates = place_coordinates(frame, layout.unit, language)
    tabs = _place_tabs(own, layout, places)
    outside, share = _find_outside(content, spec, frame)
    body = draw_body(
        frame,
        content,
        drawn,
        None,
        crosses=[*coordinates["crosses"], *_cover(tabs, layout.unit)],
        unit=layout.unit**0.5,
        outside=outside,
        extra=_find_limit(content, frame),
    )
    background = content.backdrop_kind if body.has_background else ""
    rows = _write_rows(
        content, spec, drawn, body, background, share if outside is not None else None, language
    )
    symbols = Symbols({**content.symbols.by_key, "territory": _LIMIT})
    title = write_title_block(about, spec, Commune("", "", grid.outline), language)
    files = {"map.svg": body.svg.encode()}
    legend = lay_legend(rows, symbols, layout, language, files)
    west, south, east, north = grid.bounds
    locator_h = min(layout.locator.h - 7 * layout.unit, layout.locator.w * (north - south) / (east - west))
    files["locator.svg"] = _draw_place(grid, own, layout.locator.w, locator_h).encode()
    scale = format_number(SCALE, 0, language)
    written = say("atlas_volume.cell", language, name=cell)
    data: dict[str, Any] = {
        "layout": layout.as_data(),
        "title": {
            "map_title": title["map_title"],
            "plan_title": title["plan_title"],
            "series": say("atlas_volume.cell_series", language, scale=scale),
            "cell_word": say("atlas_volume.cell_word", language),
            "cell": cell,
            "issuer": [line["text"] for line in title["issuer"] if line["key"] in ("region", "directorate")],
            "updated": title["updated"],
        },
        "logo": read_logo(about, language, files),
        "colon": say("atlas.colon", language),
        "status": write_status(about, spec, language),
        "map": {
            **coordinates,
            "alt": _describe(title["map_title"], content, spec, own, drawn, body, language),
        },
        "tabs": tabs,
        "scale": {
            **write_scale(about, spec, frame, grid.sheet_format, language),
            "bar": lay_scale_bar(frame, layout, language),
        },
        "legend": {key: legend[key] for key in ("title", "swatch")},
        "legend_columns": _balance(legend["rows"], layout.legend_columns),
        "locator": {
            "title": say("atlas_volume.cell_place", language),
            "h": locator_h,
            "alt": say("atlas_volume.alt_cell_place", language, name=cell, count=len(grid.cells))
            if len(grid.cells) > 1
            else say("atlas_volume.alt_cell_only", language, name=cell),
        },
        "sources": write_sources(content, list_uses(drawn, body, background), language),
    }
    page = Page(
        "grid_sheet", data, files, written, Georeference(frame, layout.map, layout.height, content.crs)
    )
    info = DocumentInfo(
        say("atlas_volume.cell_title", language, name=cell, title=title["map_title"]),
        read_date(about),
        data["map"]["alt"],
        language,
        tuple(line["text"] for line in title["issuer"] if line["key"] == "directorate"),
        (written, title["map_title"]),
    )
    return page, info


def _place_tabs(cell: GridCell, layout: GridLayout, places: Collection[str] | None) -> list[dict[str, Any]]:
    """Place the names of the sheets beside this one upon the edges of its map [mm of the frame]."""
    tabs = []
    for way, name in cell.neighbours.items():
        if places is not None and name not in places:
            continue
        x = layout.map.w * (0.0 if "w" in way else 1.0 if "e" in way else 0.5)
        y = layout.map.h * (0.0 if "n" in way else 1.0 if "s" in way else 0.5)
        # Upon a side the name runs along it.
        turn = {"w": -90, "e": 90}.get(way, 0)
        long = (14.0 if len(way) == 1 else 4.4) + max(len(name) - 2, 0) * 1.3
        if len(way) == 2:
            # A corner's stays on the paper side of it.
            x += (long / 2 - 2.2) * layout.unit * (1 if "w" in way else -1)
        tabs.append(
            {
                "name": name,
                "x": x,
                "y": y,
                "turn": turn,
                "long": long,
                "link": write_link(name_cell_place(name)),
            }
        )
    return tabs


def _cover(tabs: Sequence[Mapping[str, Any]], unit: float) -> list[tuple[float, float]]:
    """Give points that keep names off the tabs."""
    points = []
    for tab in tabs:
        for share in (-0.4, 0.0, 0.4):
            along = share * tab["long"] * unit
            points.append(
                (tab["x"] + (0 if tab["turn"] else along), tab["y"] + (along if tab["turn"] else 0))
            )
    return points


def _find_limit(content: Content, frame: MapFrame) -> list[MapLayer]:
    """Give the limit of the territory within the map."""
    wider = shapely.box(*frame.grown(40.0))
    communes = content.communes
    near = np.asarray(communes.geometry, dtype=object)[communes.sindex.query(wider, predicate="intersects")]
    ground = shapely.union_all(shapely.clip_by_rect(shapely.make_valid(near), *wider.bounds))
    # What the cut itself made a limit lies outside the map.
    return [MapLayer([shapely.boundary(drop_gaps(ground))], _LIMIT)]


def _find_outside(content: Content, spec: SheetSpec, frame: MapFrame) -> tuple[Any | None, float]:
    if content.area is None or not spec.network_themes:
        return None, 0.0
    outside = shapely.difference(shapely.box(*frame.grown(5.0)), content.area)
    window = shapely.box(*frame.bounds)
    share = float(shapely.intersection(outside, window).area / window.area)
    return (outside, min(share, 0.99)) if share > _LEAST_SHARE else (None, 0.0)


def _write_rows(
    content: Content,
    spec: SheetSpec,
    drawn: Mapping[str, Drawn],
    body: MapBody,
    background: str,
    outside: float | None,
    language: str,
) -> list[LegendRow]:
    rows = write_legend(
        content, spec, drawn, body.base_map, language,
        background=background, outside=outside, in_commune=False,
    )  # fmt: skip
    limits = LegendRow(say("atlas_volume.territory_limit", language), "base", ("territory",))
    told: list[LegendRow] = []
    for row in rows:
        if row.symbols == ("neighbour",):
            told += [limits, replace(row, label=say("atlas_volume.commune_limits", language))]
        else:
            told.append(row)
    return told


def _balance(rows: Sequence[Mapping[str, Any]], columns: int) -> list[list[Mapping[str, Any]]]:
    """Share rows among columns of like height; what stands under a title stays with it, notes come last."""
    notes = [row for row in rows if row["level"] == "note"]
    blocks: list[list[Mapping[str, Any]]] = []
    for row in rows:
        if row["level"] == "note":
            continue
        if row["level"] == "sub" and blocks and blocks[-1][0]["level"] == "group":
            blocks[-1].append(row)
        else:
            blocks.append([row])
    blocks += [[note] for note in notes]
    letters = 30 if columns > 1 else 50

    def reach(row: Mapping[str, Any]) -> float:
        lines = max(1, -(-(len(row["label"]) + len(row["state"])) // letters))
        return max(float(row["h"]) if row["swatch"] else 0.0, 2.7 * lines) + 1.2

    heights_of = [sum(map(reach, block)) for block in blocks]
    best: tuple[float, list[int]] | None = None
    cuts = [[]] if columns == 1 else [[i] for i in range(1, len(blocks))]
    if columns == 3:
        cuts = [[i, j] for i in range(1, len(blocks)) for j in range(i + 1, len(blocks))]
    for cut in cuts:
        edges = [0, *cut, len(blocks)]
        heights = [sum(heights_of[low:high]) for low, high in pairwise(edges)]
        if best is None or max(heights) < best[0]:
            best = (max(heights), edges)
    edges = [0, len(blocks)] if best is None else best[1]
    return [[row for block in blocks[low:high] for row in block] for low, high in pairwise(edges)]


def _draw_place(grid: GridPlan, cell: GridCell, width_mm: float, height_mm: float) -> str:
    frame = MapFrame.around(grid.bounds, width_mm, height_mm, margin=0.01)
    layers = [
        MapLayer([grid.outline], _GROUND),
        MapLayer([shapely.box(*other.core) for other in grid.cells], _CELLS),
        MapLayer([shapely.box(*cell.core)], _OWN),
    ]
    return draw_map(frame, layers, key="locator", paper=None)


def _describe(
    title: str,
    content: Content,
    spec: SheetSpec,
    cell: GridCell,
    drawn: Mapping[str, Drawn],
    body: MapBody,
    language: str,
) -> str:
    """Tell in words what the map shows, for those who do not see it."""
    told = tell_themes(content, spec, drawn, language)
    text = say(
        "atlas_volume.alt_cell",
        language,
        title=title,
        name=cell.name,
        scale=format_number(SCALE, 0, language),
        themes=("\u00a0; " if language == "fr" else "; ").join(told),
    )
    if body.neighbours:
        text += " " + say(
            "atlas_volume.alt_cell_communes",
            language,
            names=", ".join(sorted(body.neighbours, key=alphabetize)),
        )
    around = [say(f"atlas_volume.way_{way}", language, name=name) for way, name in cell.neighbours.items()]
    if around:
        return text + " " + say("atlas_volume.alt_cell_around", language, names=", ".join(around))
    return text + " " + say("atlas_volume.alt_cell_alone", language)


def tell_themes(content: Content, spec: SheetSpec, drawn: Mapping[str, Drawn], language: str) -> list[str]:
    """Tell how many objects of each theme a map shows.

    Parameters
    ----------
    content : Content
    spec : SheetSpec
    drawn : mapping of symbol key to Drawn
    language : {"fr", "en"}

    Returns
    -------
    list of str
        One a theme; those without data say so.
    """
    told = []
    for theme in spec.network_themes:
        name = say(f"atlas.theme_{theme}", language)
        if not content.network.provided.get(theme, False):
            told.append(_tell(name, None, language))
            continue
        every = {key: found for key, found in drawn.items() if found.symbol.theme == theme}
        # The axis tells again the corridor whose surface is drawn; an overlay tells again its object.
        plain = [
            len(x.objects)
            for key, x in every.items()
            if key != "watercourse_to_restore" and "axis" not in key
        ]
        axes = [len(x.objects) for key, x in every.items() if "axis" in key]
        told.append(_tell(name, sum(plain) or sum(axes), language))
    for key in spec.other_themes:
        count = len(drawn[key].objects) if key in content.themes else None
        told.append(_tell(content.symbols[key].label(language), count, language))
    return told


def _tell(name: str, count: int | None, language: str) -> str:
    if count:
        return say("atlas_volume.count", language, what=name, count=count)
    state = "atlas.not_provided" if count is None else "atlas.none"
    return say("atlas.alt_state", language, theme=name, state=say(state, language))
