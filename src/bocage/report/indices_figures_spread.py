"""Map of an index spread over the ground, in five steps of one colour."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from bocage.cartography.background import Background, render_background
from bocage.cartography.svg import MapLayer, draw_map, draw_swatch
from bocage.cartography.symbols import Symbol
from bocage.report.indices_content import SpreadPicture
from bocage.report.indices_figures import INK
from bocage.report.indices_figures_maps import (
    RAMPS,
    SMALL_MM,
    Classes,
    Picture,
    divide_evenly,
    finish_map,
    frame_shapes,
    pick_colours,
    write_break,
)
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_SAMPLE = 200_000
"""Cells that say where classes are divided."""
_GROUND = 255


def draw_spread(
    spread: SpreadPicture, patches: GeoDataFrame | None, area: object | None, language: str, key: str
) -> Picture | None:
    """Draw an index over the ground, with the outlines of patches; None where no patch reaches any of it.

    Parameters
    ----------
    spread : SpreadPicture
    patches : GeoDataFrame, optional
    area : shapely polygon, optional
    language : {"fr", "en"}
    key : str
        Prefix of the identifiers inside.
    """
    values = spread.values
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    classes: Classes = divide_evenly(known[:: max(known.size // _SAMPLE, 1)])
    colours = pick_colours(RAMPS["green"], len(classes.breaks) + 1)
    codes = np.full(values.shape, _GROUND, np.uint8)
    for row in range(len(values)):
        there = np.isfinite(values[row])
        codes[row, there] = classes.number(values[row, there])
    table = np.full((256, 3), 255, np.uint8)
    for place, colour in enumerate(colours):
        table[place] = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    frame = frame_shapes([spread.grid.bounds], SMALL_MM, margin=0.01)
    image = render_background(Background(spread.grid, codes, table), frame, largest_bytes=400_000)
    layers = []
    if patches is not None and patches.geometry.geom_type.isin(("Polygon", "MultiPolygon")).all():
        rim = Symbol("patches", "polygon", 50, "", "", stroke="#ffffff", width=0.25)
        layers.append(MapLayer(patches.geometry.to_numpy(), rim))
    if area is not None:
        layers.append(MapLayer([area], Symbol("outline", "polygon", 90, "", "", stroke=INK, width=0.35)))
    title = say("indices_page.spread_title", language, index=spread.name)
    svg = draw_map(
        frame, layers, background=image, title=title, key=key,
        description=escape(say(
            "indices_page.spread_description", language, index=spread.name,
            low=write_break(float(f"{known.min():.2g}"), "", language),
            high=write_break(float(f"{known.max():.2g}"), "", language),
        )),
    )  # fmt: skip
    legend = []
    for place, colour in enumerate(colours):
        boxed = Symbol(f"class-{place}", "polygon", 10, "", "", fill=colour, stroke=INK, width=0.2)
        words = classes.label(place, lambda x: write_break(x, "", language), language)
        legend.append((draw_swatch([boxed], 9.0, 5.0, key=f"{key}-{place}"), words))
    return Picture(finish_map(svg, frame, language), (tuple(legend),))
