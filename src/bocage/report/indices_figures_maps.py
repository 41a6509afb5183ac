"""Maps of the page of indices: patches and links by importance, territories by value, spatial pattern."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from bocage.cartography.background import Background, render_background
from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import Label, LabelStyle, PlacedLabel, measure_text, place_labels
from bocage.cartography.scale import choose_scale_bar
from bocage.cartography.svg import MapLayer, draw_map, draw_swatch
from bocage.cartography.symbols import Hatch, Marker, Symbol
from bocage.grid import Bounds
from bocage.report.indices_content import PATTERN_CLASSES, GraphPage, PatternPicture
from bocage.report.indices_figures import (
    INK,
    PATTERN_COLOURS,
    PATTERN_GROUND,
    write_number,
    write_percent,
)
from bocage.units import format_number
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

WIDE_MM, SMALL_MM = 250.0, 150.0
LABELLED = 5
"""Patches whose names the map bears."""

RAMPS = {
    "green": ("#edf3de", "#a2cb85", "#4b9d52", "#23693a", "#06321c"),
    "purple": ("#f6eef8", "#d3b5de", "#a77bbc", "#78449e", "#3d185e"),
    "ochre": ("#f9f0d6", "#e7b858", "#bf7e28", "#8a4b18", "#48210a"),
    "blue": ("#e9f1f8", "#9ec3df", "#5390c3", "#255d96", "#0c2b55"),
}
"""Five steps of even lightness, from the least to the most."""

_SIZES = (1.5, 2.5, 3.9, 5.8, 8.2)
_WIDTHS = (0.45, 0.8, 1.4, 2.2)
_LINK = "#12427c"
_LIMIT = "#bdbbb0"
_SPARE = 1.32
"""Fonts differ: a reader's may be wider than the one that is measured."""
_NAME = LabelStyle(size=3.6, colour=INK, weight=600, halo="#ffffff", halo_width=1.1)
_PLACE = LabelStyle(size=4.6, colour=INK, halo="#ffffff", halo_width=1.9)


@dataclass(frozen=True, slots=True)
class Picture:
    """A map and its legend, in groups: each line a drawing and its words."""

    svg: str
    legend: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes of values: what divides them, in increasing order."""

    breaks: tuple[float, ...]

    def number(self, values: ArrayLike) -> NDArray[np.int64]:
        """Give the class of each value, from 0.

        >>> Classes((1.0, 5.0)).number([0.5, 1.0, 7.0]).tolist()
        [0, 1, 2]
        """
        return np.searchsorted(np.asarray(self.breaks), np.asarray(values, float), side="right").astype(
            np.int64
        )

    def label(self, number: int, write: Any, language: str) -> str:
        """Say between which values a class lies."""
        if not self.breaks:
            return say("indices_page.class_all", language)
        if number == 0:
            return say("indices_page.class_below", language, high=write(self.breaks[0]))
        if number == len(self.breaks):
            return say("indices_page.class_above", language, low=write(self.breaks[-1]))
        low, high = self.breaks[number - 1], self.breaks[number]
        return say("indices_page.class_between", language, low=write(low), high=write(high))


def divide_decades(values: ArrayLike, most: int = 5) -> Classes:
    """Divide values of which few are large at 1, 3, 10, 30 ... times a power of ten, up to the largest.

    Classes below the least value are left out, and the highest holds the largest.

    >>> divide_decades([0.02, 0.4, 1.5, 92.9]).breaks
    (1.0, 3.0, 10.0, 30.0)
    >>> divide_decades([4, 5, 12]).breaks
    (10.0,)
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not len(known) or known.max() <= 0:
        return Classes(())
    low, high = float(known.min()), float(known.max())
    power = math.floor(math.log10(high))
    steps = sorted(factor * 10.0**p for p in range(power - most, power + 1) for factor in (1, 3))
    # Powers of ten are not exact in binary: what is written is what divides.
    rounded = [float(f"{step:.1g}") for step in steps]
    return Classes(tuple(step for step in rounded if low < step <= high)[-(most - 1) :])


def divide_evenly(values: ArrayLike, most: int = 5) -> Classes:
    """Divide values in classes of about as many, at numbers of two digits.

    >>> divide_evenly(range(100)).breaks
    (20.0, 40.0, 59.0, 79.0)
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        return Classes(())
    found = (round_digits(float(x)) for x in np.quantile(known, np.arange(1, most) / most))
    low, high = float(known.min()), float(known.max())
    return Classes(tuple(sorted({x for x in found if low < x <= high})))


def round_digits(value: float, digits: int = 2) -> float:
    """Round a number to its first digits.

    >>> round_digits(1234.0), round_digits(0.0267)
    (1200.0, 0.027)
    """
    if value == 0 or not math.isfinite(value):
        return value
    return float(f"{value:.{digits}g}")


def draw_network(
    graph: GraphPage, names: Mapping[str, str], units: GeoDataFrame | None, area: object | None,
    language: str, key: str,
) -> Picture | None:  # fmt: skip
    """Draw patches by the share of PC lost without each, and links by what their cutting costs.

    Parameters
    ----------
    graph : GraphPage
        Its patches may be polygons, or points where no more is known.
    names : mapping of id to words
        Names of the first patches, to be written beside them.
    units, area
        What lies under, where it is known.
    key : str
        Prefix of the identifiers inside.

    Returns
    -------
    Picture or None
        None where no patch has a place.
    """
    patches = graph.patches
    if patches is None or not len(patches):
        return None
    shapes = np.asarray(patches.geometry, dtype=object)
    shown = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if not shown.any():
        return None
    frame = frame_shapes([area, units, patches], WIDE_MM)
    ids = patches["id"].astype(str).to_numpy()
    value = _look_up(graph.nodes, "dPC", ids)
    classes = divide_decades(value[shown])
    number = classes.number(np.nan_to_num(value))
    points = _choose_points(shapes)
    layers = _draw_ground(units, area)
    layers.append(MapLayer(shapes[shown], Symbol(
        "patch", "polygon", 5, "", "", fill="#cfe0be", stroke="#8fb07c", width=0.12)))  # fmt: skip
    circles: list[tuple[str, str]] = []
    strokes: list[tuple[str, str]] = []
    lines, loss = _find_lines(graph, dict(zip(ids.tolist(), points.tolist(), strict=True)))
    cuts = divide_decades(loss, len(_WIDTHS)) if np.isfinite(loss).any() else Classes(())
    line_class = cuts.number(np.nan_to_num(loss))
    fine = _choose_fineness(max(len(shapes), len(lines)))
    marks = []
    for place in range(len(classes.breaks) + 1):
        # With fewer classes the strongest looks are kept: there is always a most important patch.
        rank = place + (len(_SIZES) - 1 - len(classes.breaks))
        size = _SIZES[rank] * fine
        marks.append(Symbol(
            f"rank-{rank}", "point", 30 + rank, "", "", fill=RAMPS["green"][rank], fill_opacity=0.95,
            stroke="#ffffff" if rank >= 3 else INK, width=0.25 if rank >= 3 else 0.15,
            marker=Marker("circle", size)))  # fmt: skip
        layers.append(MapLayer(points[shown & (number == place)], marks[-1]))
        words = classes.label(place, lambda x: write_break(x, "%", language), language)
        circles.append((draw_swatch([marks[-1]], 9.0, 9.0, key=f"{key}-p{rank}"), words))
    for place in range(len(cuts.breaks) + 1) if len(lines) else ():
        rank = place + (len(_WIDTHS) - 1 - len(cuts.breaks))
        rank = rank if np.isfinite(loss).any() else 1
        drawn = Symbol(
            f"link-{rank}", "line", 10 + rank, "", "", stroke=_LINK if rank else "#4f6d97",
            width=max(_WIDTHS[rank] * fine ** (3 - rank), 0.14), casing="#ffffff" if rank else None,
            casing_width=(_WIDTHS[rank] + 0.5) * fine)  # fmt: skip
        layers.append(MapLayer(lines[line_class == place], drawn))
        words = cuts.label(place, lambda x: write_break(x, "%", language), language)
        strokes.append((
            draw_swatch([drawn], 9.0, 5.0, key=f"{key}-l{rank}"),
            say("indices_page.legend_link", language, what=words)))  # fmt: skip
    radius = np.array([mark.marker.size / 2 for mark in marks if mark.marker])[number]
    labels = place_names(frame, ids, points, radius, shown, names)
    title = say("indices_page.map_title", language)
    told = say("indices_page.map_description", language, patches=int(shown.sum()), links=len(lines),
               names=", ".join(names.values()) or "–")  # fmt: skip
    svg = draw_map(frame, layers, labels=labels, title=title, description=told, key=key)
    return Picture(finish_map(svg, frame, language), (tuple(circles), tuple(strokes)))


def draw_units(
    units: GeoDataFrame, values: Mapping[str, float], *, ramp: str, title: str, percent: bool, unit: str,
    classes: Classes, area: object | None, language: str, key: str, named: Sequence[str] | None = None,
    blank: str = "no_value",
) -> Picture | None:  # fmt: skip
    """Draw territories by a value, those without one hatched, with the names of the highest.

    Parameters
    ----------
    units : GeoDataFrame
        ``id``, ``name`` and polygons.
    values : mapping of id to value
    ramp : {"green", "purple", "ochre", "blue"}
    title : str
    percent : bool
        Whether values are in percent; else in ``unit``.
    classes : Classes
    key : str
        Prefix of the identifiers inside.
    named : sequence of id, optional
        Those that bear their names; the three highest by default.
    blank : str
        Sentence of the legend for territories without a value.
    """
    if not len(units):
        return None
    ids = units["id"].astype(str).tolist()
    found = np.array([values.get(name, math.nan) for name in ids])
    shapes = np.asarray(units.geometry, dtype=object)
    frame = frame_shapes([units], SMALL_MM)
    number = classes.number(np.nan_to_num(found))
    layers, legend = [], []
    colours = pick_colours(RAMPS[ramp], len(classes.breaks) + 1)

    def write(value: float) -> str:
        text = write_percent(value, language) if percent else write_number(value, language)
        return f"{text}\u00a0{unit}" if unit and not percent else text

    for place, colour in enumerate(colours):
        drawn = Symbol(f"class-{place}", "polygon", 10, "", "", fill=colour, stroke="#ffffff", width=0.3)
        layers.append(MapLayer(shapes[np.isfinite(found) & (number == place)], drawn))
        boxed = Symbol(f"class-{place}", "polygon", 10, "", "", fill=colour, stroke=INK, width=0.2)
        words = classes.label(place, lambda x: write_break(x, "%" if percent else unit, language), language)
        legend.append((draw_swatch([boxed], 9.0, 5.0, key=f"{key}-{place}"), words))
    if not np.isfinite(found).all():
        empty = Symbol("none", "polygon", 10, "", "", fill="#ffffff", stroke=_LIMIT, width=0.2,
                       hatch=Hatch(45.0, 2.0, 0.25, "#8b8d84"))  # fmt: skip
        layers.append(MapLayer(shapes[~np.isfinite(found)], empty))
        legend.append(
            (draw_swatch([empty], 9.0, 5.0, key=f"{key}-none"), say(f"indices_page.{blank}", language))
        )
    whole = shapely.union_all(shapely.make_valid(shapes)) if area is None else area
    layers.append(MapLayer([whole], Symbol("outline", "polygon", 90, "", "", stroke="#4a4c44", width=0.4)))
    order = np.argsort(-np.nan_to_num(found, nan=-math.inf), kind="stable")[:3]
    if named is not None:
        order = np.array([ids.index(name) for name in named if name in ids], dtype=np.int64)
    labels = place_labels(
        [
            Label(str(units["name"].iloc[i]), shapes[i], _PLACE, priority=rank, required=True)
            for rank, i in enumerate(order.tolist())
            if math.isfinite(found[i])
        ],
        frame,
        gap_mm=3.0,
    )
    told = ", ".join(
        f"{units['name'].iloc[i]} {write(float(found[i]))}" for i in order.tolist() if math.isfinite(found[i])
    )
    svg = draw_map(
        frame, layers, labels=labels, title=title,
        description=say("indices_page.units_description", language, names=told or "–"), key=key)  # fmt: skip
    return Picture(finish_map(svg, frame, language), (tuple(legend),))


def draw_pattern(pattern: PatternPicture, area: object | None, language: str, key: str) -> Picture | None:
    """Draw the spatial pattern of natural ground by class."""
    codes = np.asarray(pattern.codes)
    if not codes.size:
        return None
    table = np.full((256, 3), 255, dtype=np.uint8)
    for place, colour in enumerate((PATTERN_GROUND, *(PATTERN_COLOURS[name] for name in PATTERN_CLASSES))):
        table[place] = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    frame = frame_shapes([pattern.grid.bounds], WIDE_MM, margin=0.01)
    image = render_background(
        Background(pattern.grid, codes.astype(np.uint8), table), frame, largest_bytes=700_000
    )
    layers = []
    if area is not None:
        outline = Symbol("outline", "polygon", 90, "", "", stroke=INK, width=0.35)
        layers.append(MapLayer([area], outline))
    present = [name for place, name in enumerate(PATTERN_CLASSES) if bool((codes == place + 1).any())]
    svg = draw_map(
        frame, layers, background=image, title=say("indices_page.pattern_title", language), key=key,
        description=say("indices_page.pattern_description", language, classes=", ".join(
            say(f"indices_page.pattern_{name}", language).lower() for name in present) or "–"))  # fmt: skip
    legend = []
    for name in (*PATTERN_CLASSES, "ground"):
        colour = PATTERN_COLOURS.get(name, PATTERN_GROUND)
        boxed = Symbol(name, "polygon", 10, "", "", fill=colour, stroke=INK, width=0.2)
        legend.append((
            draw_swatch([boxed], 9.0, 5.0, key=f"{key}-{name}"),
            say(f"indices_page.pattern_{name}", language)))  # fmt: skip
    return Picture(finish_map(svg, frame, language), (tuple(legend),))


def write_break(value: float, unit: str, language: str) -> str:
    r"""Write a break of classes with the digits it has.

    >>> write_break(0.3, "%", "fr"), write_break(1200.0, "ha", "en")
    ('0,3\xa0%', '1,200\xa0ha')
    """
    decimals = len(f"{value:.8f}".rstrip("0").split(".")[1])
    text = format_number(value, decimals, language)
    return f"{text}%" if unit == "%" and language == "en" else f"{text}\u00a0{unit}" if unit else text


def _choose_points(shapes: NDArray[Any]) -> NDArray[Any]:
    """Give the middle of each shape, or a point of it where its middle lies outside."""
    middle = shapely.centroid(shapes)
    return np.where(shapely.intersects(shapes, middle), middle, shapely.point_on_surface(shapes))


def _choose_fineness(count: int) -> float:
    """Draw finer where a map shows more objects.

    >>> _choose_fineness(50), round(_choose_fineness(10_000), 2)
    (1.0, 0.53)
    """
    return 1.0 if count <= 400 else max((400 / count) ** 0.2, 0.45)


def pick_colours(ramp: Sequence[str], count: int) -> list[str]:
    """Take colours spread over a ramp, the strongest always."""
    if count == 1:
        return [ramp[len(ramp) // 2]]
    return [ramp[round(i * (len(ramp) - 1) / (count - 1))] for i in range(count)]


def _look_up(table: Any, column: str, ids: NDArray[Any]) -> NDArray[np.float64]:
    if column not in table.columns:
        return np.full(len(ids), math.nan)
    found = dict(zip(table["id"].astype(str), table[column].astype(float), strict=True))
    return np.array([found.get(name, math.nan) for name in ids.tolist()])


def _find_lines(graph: GraphPage, places: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Give the line of each link and what its cutting costs; straight from patch to patch if not drawn."""
    table = graph.links_table
    loss = table["dPC"].to_numpy(float) if "dPC" in table.columns else np.full(len(table), math.nan)
    if graph.links is not None and len(graph.links):
        lines = np.asarray(graph.links.geometry, dtype=object)
        if "id" in graph.links.columns and "id" in table.columns:
            loss = _look_up(table, "dPC", graph.links["id"].astype(str).to_numpy())
        elif len(lines) != len(loss):
            loss = np.full(len(lines), math.nan)
    else:
        ends = zip(table["from"].astype(str), table["to"].astype(str), strict=True)
        lines = np.array(
            [
                shapely.LineString([places[a], places[b]]) if a in places and b in places else None
                for a, b in ends
            ],
            dtype=object,
        ).reshape(-1)
    kept = ~(shapely.is_missing(lines) | shapely.is_empty(lines)) if len(lines) else np.zeros(0, bool)
    return lines[kept], loss[kept]


def _draw_ground(units: GeoDataFrame | None, area: object | None) -> list[MapLayer]:
    layers = []
    if area is not None:
        layers.append(MapLayer([area], Symbol(
            "area", "polygon", 0, "", "", fill="#faf9f4", stroke="#6f7167", width=0.35)))  # fmt: skip
    if units is not None and len(units):
        limit = Symbol("limit", "polygon", 1, "", "", stroke=_LIMIT, width=0.15)
        layers.append(MapLayer(units, limit))
    return layers


def place_names(
    frame: MapFrame, ids: NDArray[Any], points: NDArray[Any], radius: NDArray[np.float64],
    shown: NDArray[np.bool_], names: Mapping[str, str],
) -> list[PlacedLabel]:  # fmt: skip
    """Write names beside their circles: never over one another, over as few other circles as can be.

    Parameters
    ----------
    frame : MapFrame
    ids : (n,) array of str
    points : (n,) array of shapely points
        Middles of the circles, in the CRS of the frame.
    radius : (n,) array of float
        Of the circles [mm].
    shown : (n,) array of bool
        Circles that are drawn.
    names : mapping of id to words
        In order of importance; one without room is left out.
    """
    paper = frame.to_paper(np.column_stack([shapely.get_x(points), shapely.get_y(points)]))
    drawn = shown & np.isfinite(paper).all(axis=1)
    circles = shapely.buffer(shapely.points(paper[drawn]), radius[drawn], quad_segs=4)
    tree = shapely.STRtree(circles)
    room = shapely.box(1.0, 1.0, frame.width_mm - 1.0, frame.height_mm - 1.0)
    # The corners of the scale bar and of the north arrow.
    taken: list[Any] = [
        shapely.box(0, frame.height_mm - 14, frame.width_mm * 0.25 + 22, frame.height_mm),
        shapely.box(frame.width_mm - 14, 0, frame.width_mm, 18),
    ]
    placed: list[PlacedLabel] = []
    for name in names:
        found = np.flatnonzero((ids == name) & drawn)
        if not len(found):
            continue
        i = int(found[0])
        x, y = paper[i].tolist()
        text = names[name]
        width, height = _SPARE * measure_text(text, _NAME), 1.15 * _NAME.size
        best: tuple[float, float, float, Any] | None = None
        for ring, gap in enumerate((1.2, 3.5, 6.5, 10.0)):
            for turn, (right, down) in enumerate(_AROUND):
                cx = x + right * (radius[i] + gap + width / 2 if abs(right) == 1 else width / 2)
                cy = y + down * (radius[i] + gap + height / 2)
                box = shapely.box(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
                if not room.contains(box) or any(box.distance(other) < 0.6 for other in taken):
                    continue
                hits = tree.query(box, predicate="intersects")
                cost = 0.6 * ring + 0.02 * turn + float(np.sum(radius[drawn][hits]))
                if best is None or cost < best[0]:
                    best = (cost, cx, cy, box)
        if best is None:
            continue
        taken.append(best[3])
        placed.append(PlacedLabel((text,), best[1], best[2], 0.0, width, height, _NAME, text))
    return placed


_AROUND = ((1, 0), (-1, 0), (0, -1), (0, 1), (0.6, -1), (0.6, 1), (-0.6, -1), (-0.6, 1))


def frame_shapes(things: Sequence[Any], width_mm: float, margin: float = 0.03) -> MapFrame:
    """Make the frame around the first of some things that is known."""
    bounds = next(box for box in (_bound(thing) for thing in things) if box is not None)
    west, south, east, north = bounds
    # A single point still needs ground around it.
    more = (
        max(0.0, 500.0 - max(east - west, north - south) / 2) if max(east - west, north - south) == 0 else 0.0
    )
    west, south, east, north = west - more, south - more, east + more, north + more
    height_mm = width_mm * min(max((north - south) / max(east - west, 1e-6), 0.45), 1.15)
    frame = MapFrame.around((west, south, east, north), width_mm, height_mm, margin=margin)
    # Room below for the scale bar, which must not lie on the map.
    return replace(frame, height_mm=round(height_mm + 0.03 * width_mm, 2))


def _bound(thing: Any) -> Bounds | None:
    if thing is None:
        return None
    if isinstance(thing, tuple):
        return thing
    box = getattr(thing, "total_bounds", None)
    if box is None:
        box = shapely.bounds(thing)
    if not np.isfinite(box).all():
        return None
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


def finish_map(svg: str, frame: MapFrame, language: str) -> str:
    """Let the page choose the size, and add scale bar and north."""
    opening, rest = svg.split(">", 1)
    kept = [part for part in opening.split(" ") if not part.startswith(("width=", "height="))]
    bar = choose_scale_bar(frame.scale, frame.width_mm * 0.22)
    size = 3.4 if frame.width_mm > 200 else 4.2
    x, y, wide = 5.0, frame.height_mm - 4.0, bar.length_mm + 6 + 3.2 * size
    right = frame.width_mm - 8.0
    extra = (
        f'<g fill="none" stroke="{INK}" stroke-width="0.35" font-family="system-ui, sans-serif">'
        f'<path d="M{x - 2:g} {y - 3.6:.2f}h{wide:.2f}v5.4h-{wide:.2f}z" fill="#ffffff" fill-opacity="0.85" '
        f'stroke="none"/><path d="M{x:g} {y - 1.6:.2f}v1.6h{bar.length_mm:.2f}v-1.6"/>'
        f'<text x="{x + bar.length_mm + 1.4:.2f}" y="{y + 0.3:.2f}" font-size="{size:g}" fill="{INK}" '
        f'stroke="none">{escape(bar.labels(language)[-1])}</text>'
        f'<path d="M{right:.2f} 4l2.2 7-2.2-1.6-2.2 1.6z" fill="{INK}" stroke="#ffffff" stroke-width="0.3"/>'
        f'<text x="{right:.2f}" y="15.2" font-size="{size:g}" font-weight="600" text-anchor="middle" '
        f'fill="{INK}" stroke="none">{escape(say("cartography.north", language))}</text></g>'
    )
    return " ".join(kept) + ">" + rest.removesuffix("</svg>\n") + extra + "</svg>"
