"""The key map of a volume: the territory cut into the sheets at 1:100 000, each leading to its page."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from bocage.atlas.content import Content
from bocage.atlas.furniture import lay_scale_bar
from bocage.atlas.grid_layout import measure_paper
from bocage.atlas.grid_plan import OVERLAP_M, SCALE, GridCell, GridPlan, find_cells
from bocage.atlas.layout import Box
from bocage.atlas.page import Georeference, Page
from bocage.atlas.places import Folios, name_cell_place, write_link
from bocage.atlas.series import SheetSpec
from bocage.atlas.territory import Territory, drop_gaps
from bocage.atlas.typeface import draw_halo
from bocage.atlas.words import write_scale, write_sources, write_status
from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import Label, LabelStyle, PlacedLabel, place_labels
from bocage.cartography.svg import MapLayer, draw_map, draw_swatch
from bocage.cartography.symbols import Symbol
from bocage.units import M_PER_KM, format_number
from bocage.wording import say

_GROUND = Symbol("key_ground", "polygon", 0, "", "", fill="#eef2e3")
_COMMUNES = Symbol("key_communes", "polygon", 1, "", "", stroke="#8f9a88", width=0.11)
_EPCI = Symbol(
    "key_epci", "line", 2, "", "", stroke="#7a4a12", width=0.42, dash=(1.5, 0.6), casing="#f3e6d2",
    casing_width=0.9,
)  # fmt: skip
_TERRITORY = Symbol("key_territory", "polygon", 3, "", "", stroke="#1a1a1a", width=0.75)
_CELL = Symbol("key_cell", "polygon", 4, "", "", stroke="#1d5c33", width=0.45)
_ROUNDED_TO = 10_000
_LARGEST_PT = 13.0
# Room that the name of a sheet and its page take in the corner of its cell [type sizes].
_NAME_W, _NAME_H = 2.1, 2.0
_MM_PER_PT = 25.4 / 72


def compose_keymap(
    content: Content,
    grid: GridPlan,
    territory: Territory,
    folios: Folios,
    *,
    running: str = "",
    spec: SheetSpec | None = None,
    language: str = "fr",
) -> Page:
    """Compose the key map, one page of the format of the grid's sheets.

    Parameters
    ----------
    content : Content
        Outlines of its groupings are drawn, and intercommunalités named.
    grid : GridPlan
    territory : Territory
        Of the volume; sheets of the grid without ground of it are left out.
    folios : mapping of place to page
        Sheets whose place ``cell-<name>`` is there are linked and bear their page.
    running : str
        Title of the volume, printed small above.
    spec : SheetSpec, optional
        Sheet whose legal status it bears.
    language : {"fr", "en"}

    Returns
    -------
    Page
        Georeferenced.
    """
    spec = SheetSpec() if spec is None else spec
    held = set(find_cells(grid, territory.outline))
    cells = [cell for cell in grid.cells if cell.name in held]
    cores = np.array([cell.core for cell in cells])
    bounds = (*cores[:, :2].min(axis=0).tolist(), *cores[:, 2:].max(axis=0).tolist())
    short, long, unit = measure_paper(grid.sheet_format)
    pages = [
        (width, height, _lay_map(width, height, unit)) for width, height in ((short, long), (long, short))
    ]
    width, height, box = min(pages, key=lambda page: _frame(bounds, page[2]).scale)
    frame = _frame(bounds, box)
    scale = format_number(SCALE, 0, language)
    names = ", ".join(cell.name for cell in cells)
    epci = content.groupings.get("epci")
    files = {"map.svg": _draw(content, territory, cells, frame, unit).encode()}
    legend = [("cell", _CELL), ("territory", _TERRITORY), *([("epci", _EPCI)] if epci is not None else [])]
    rows = []
    for key, symbol in [*legend, ("commune", _COMMUNES)]:
        name = f"swatch-{key}.svg"
        files[name] = draw_swatch([symbol], 8.0 * unit, 3.6 * unit, key=key).encode()
        rows.append({"swatch": name, "label": say(f"atlas_volume.legend_{key}", language, scale=scale)})
    explained = "key_map_explained" if len(cells) > 1 else "key_map_single"
    data = {
        "width": width,
        "height": height,
        "unit": unit,
        "running": running,
        "title": say("atlas_volume.key_map", language),
        "explained": say(
            f"atlas_volume.{explained}",
            language,
            count=len(cells),
            scale=scale,
            overlap=format_number(OVERLAP_M / M_PER_KM, 0, language),
        ),
        "status": write_status(content.about, spec, language),
        "colon": say("atlas.colon", language),
        "map": {
            "box": {"x": box.x, "y": box.y, "w": box.w, "h": box.h},
            "alt": say("atlas_volume.alt_key_map", language, scale=scale, names=names),
        },
        "cells": [_place_cell(cell, frame, unit, folios, language) for cell in cells],
        "legend": rows,
        "swatch": {"w": 8.0 * unit, "h": 3.6 * unit},
        "scale": {
            **write_scale(content.about, spec, frame, grid.sheet_format, language),
            "bar": lay_scale_bar(frame, grid.layout, language),
        },
        "sources": write_sources(content, {"communes"}, language),
    }
    return Page("keymap", data, files, str(data["title"]), Georeference(frame, box, height, content.crs))


def _lay_map(width: float, height: float, unit: float) -> Box:
    return Box(10 * unit, 40.5 * unit, width - 20 * unit, height - 73 * unit)


def _frame(bounds: tuple[float, ...], box: Box) -> MapFrame:
    """Frame the sheets at a scale that can be said."""
    west, south, east, north = bounds
    tight = MapFrame.around((west, south, east, north), box.w, box.h, margin=0.015)
    scale = math.ceil(tight.scale / _ROUNDED_TO) * _ROUNDED_TO
    return MapFrame.centred((west + east) / 2, (south + north) / 2, scale, box.w, box.h)


def _size_name(cell: GridCell, frame: MapFrame, unit: float) -> float:
    """Size the name of a sheet to its cell [pt]."""
    width = (cell.core[2] - cell.core[0]) / frame.metres_per_mm
    return round(min(_LARGEST_PT * unit, 0.42 * width), 2)


def _place_cell(
    cell: GridCell, frame: MapFrame, unit: float, folios: Folios, language: str
) -> dict[str, Any]:
    west, south, east, north = cell.core
    (left, top), (right, bottom) = frame.to_paper(np.array([(west, north), (east, south)])).tolist()
    place = name_cell_place(cell.name)
    folio = folios.get(place)
    return {
        "name": cell.name,
        "x": round(left, 3),
        "y": round(top, 3),
        "w": round(right - left, 3),
        "h": round(bottom - top, 3),
        "size": _size_name(cell, frame, unit),
        "page": "" if folio is None else say("atlas_volume.page", language, folio=str(folio)),
        "link": None if folio is None else write_link(place),
    }


def _draw(content: Content, territory: Territory, cells: list[GridCell], frame: MapFrame, unit: float) -> str:
    ground = drop_gaps(territory.outline, frame.metres_per_mm)
    layers = [
        MapLayer([ground], _GROUND),
        MapLayer(list(territory.outlines), _COMMUNES),
        MapLayer([ground], _TERRITORY),
        MapLayer([shapely.box(*cell.core) for cell in cells], _CELL),
    ]
    labels: list[PlacedLabel] = []
    epci = content.groupings.get("epci")
    if epci is not None:
        within = epci[epci.geometry.intersects(ground)]
        # A limit that two share is drawn once, or the dashes of one fill the gaps of the other.
        # Outlines thinned one by one do not quite agree: they meet on a grid finer than the eye.
        limits = shapely.simplify(
            shapely.boundary(np.asarray(within.geometry, dtype=object)), 0.05 * frame.metres_per_mm
        )
        shared = shapely.union_all(limits, grid_size=0.25 * frame.metres_per_mm)
        layers.append(MapLayer(shapely.get_parts(shapely.line_merge(shared)), _EPCI))
        style = LabelStyle(2.4 * unit, "#7a4a12", 600, halo_width=0.9 * unit)
        wanted = _hold_corners(cells, frame, unit)
        wanted += [
            Label(str(name), shapely.intersection(shapely.make_valid(outline), ground), style, 1)
            for name, outline in zip(within["name"], within.geometry, strict=True)
        ]
        avoid = [shapely.box(*cell.core).exterior for cell in cells]
        labels = [label for label in place_labels(wanted, frame, avoid=avoid) if label.style == style]
    return draw_map(frame, layers, labels=labels, key="keymap", paper=None, draw_halo=draw_halo)


def _hold_corners(cells: list[GridCell], frame: MapFrame, unit: float) -> list[Label]:
    """Hold the corners of cells, where the page writes the names of sheets, against other names."""
    labels = []
    for cell in cells:
        size = _size_name(cell, frame, unit) * _MM_PER_PT
        west, north = cell.core[0], cell.core[3]
        metres = size * frame.metres_per_mm
        corner = shapely.box(west, north - _NAME_H * metres, west + _NAME_W * metres, north)
        labels.append(Label("B2", corner, LabelStyle(_NAME_H * size), 0, required=True))
    return labels
