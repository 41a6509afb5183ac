"""The map body of a sheet, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.atlas.commune import Commune
from bocage.atlas.content import Content
from bocage.atlas.themes import Drawn
from bocage.atlas.typeface import draw_halo
from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import Label, LabelStyle, PlacedLabel, break_text, measure_text, place_labels
from bocage.cartography.svg import MapLayer, draw_map
from bocage.cartography.symbols import Symbols

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_INK = "#1a1a1a"
_MOST_NAMES = 14
_REPEAT_MM = 120.0
_RESERVOIRS = ("reservoir", "reservoir_to_restore")
_WATERCOURSES = ("watercourse_both", "watercourse_reservoir", "watercourse_corridor", "watercourse")
_MAIN_ROADS = ("motorway", "main_road")


@dataclass(frozen=True)
class MapBody:
    """A drawn map.

    Attributes
    ----------
    svg : str
    base_map : tuple of str
        Symbols of the base map it shows.
    neighbours : tuple of str
        Neighbouring communes named on it.
    has_background : bool
    labels : tuple of PlacedLabel
        The names written on it, in the order they were placed.
    """

    svg: str
    base_map: tuple[str, ...]
    neighbours: tuple[str, ...]
    has_background: bool
    labels: tuple[PlacedLabel, ...]


def draw_body(
    frame: MapFrame,
    content: Content,
    drawn: Mapping[str, Drawn],
    commune: Commune | None,
    *,
    crosses: Sequence[tuple[float, float]] = (),
    unit: float = 1.0,
    outside: Any | None = None,
    extra: Sequence[MapLayer] = (),
) -> MapBody:
    """Draw a map: base map, themes, veil over the outside of the commune, outlines, names.

    Parameters
    ----------
    frame : MapFrame
    content : Content
    drawn : mapping of symbol key to Drawn
    commune : Commune or None
        Whose sheet it is; a map without one shows all communes alike.
    crosses : sequence of (x, y)
        Where the page will draw crosses of the coordinate grid, which names avoid [mm of the frame].
    unit : float
        Enlargement of the names.
    outside : shapely geometry, optional
        Ground outside the study area.
    extra : sequence of MapLayer, optional
        Other limits to draw.

    Returns
    -------
    MapBody
    """
    symbols = content.symbols
    window = shapely.box(*frame.bounds)
    wider = shapely.box(*frame.grown(5.0))
    neighbours = _find_neighbours(content.communes, commune, window)
    layers = [found.layer for found in drawn.values()]
    base = _base_layers(content.context, symbols, window)
    layers += [*base, *extra]
    if commune is not None:
        layers.append(MapLayer([shapely.difference(wider, commune.outline)], symbols["veil"]))
    if outside is not None:
        layers.append(MapLayer([outside], symbols["outside_area"]))
    if len(neighbours):
        layers.append(MapLayer(_shared_limits(neighbours, wider), symbols["neighbour"]))
    if commune is not None:
        layers.append(MapLayer([commune.outline], symbols["commune"]))

    wanted = _name_communes(commune, neighbours, frame, unit)
    wanted += _name_network(drawn, window if commune is None else commune.outline, unit)
    wanted += _name_zones(drawn, window if commune is None else commune.outline, unit)
    wanted += _name_context(content.context, drawn, window, unit)
    # Names keep off the outline and off what is narrow; they may lie on surfaces.
    avoid = [] if commune is None else [shapely.boundary(commune.outline)]
    for found in drawn.values():
        if found.symbol.kind != "polygon":
            avoid += list(found.objects.geometry)
    if crosses:
        ground = frame.to_ground(np.array(crosses, dtype=np.float64))
        avoid += [shapely.Point(easting, northing) for easting, northing in ground.tolist()]
    labels = place_labels(wanted, frame, avoid=avoid)
    image = None if content.backdrop is None else content.backdrop.draw(frame)
    svg = draw_map(frame, layers, labels=labels, background=image, draw_halo=draw_halo)
    written = {label.name for label in labels}
    named = tuple(
        sorted(name for name in set(neighbours["name"].astype(str)) if _write_name(name) in written)
    )
    shown = [layer.symbol.key for layer in base] + (["neighbour"] if len(neighbours) else [])
    return MapBody(svg, tuple(dict.fromkeys(shown)), named, image is not None, tuple(labels))


def _find_neighbours(communes: GeoDataFrame, commune: Commune | None, window: Any) -> GeoDataFrame:
    near = communes.iloc[np.sort(communes.sindex.query(window, predicate="intersects"))]
    return near if commune is None else near[(near["insee"].astype(str) != commune.insee).to_numpy()]


def _shared_limits(neighbours: GeoDataFrame, around: Any) -> Any:
    # A limit that two communes share is drawn once, or the dashes of one fill the gaps of the other.
    cut = shapely.clip_by_rect(
        shapely.boundary(np.asarray(neighbours.geometry, dtype=object)), *around.bounds
    )
    return shapely.get_parts(shapely.line_merge(shapely.union_all(cut)))


def _name_communes(
    commune: Commune | None, neighbours: GeoDataFrame, frame: MapFrame, unit: float
) -> list[Label]:
    other = LabelStyle(2.35 * unit, "#4a4a4a", 400, spacing=0.02, halo_width=0.7 * unit)
    rows = zip(neighbours["name"].astype(str).map(_write_name), neighbours.geometry, strict=True)
    if commune is None:
        return [Label(name, outline, replace(other, weight=600), 2) for name, outline in rows]
    own = LabelStyle(3.7 * unit, _INK, 700, spacing=0.06, halo_width=1.1 * unit)
    # A long name is written smaller so that it stays within a small commune.
    largest = max(shapely.get_parts(commune.outline), key=lambda part: (part.area, part.bounds))
    room = 0.85 * (largest.bounds[2] - largest.bounds[0]) / frame.metres_per_mm
    name = _write_name(commune.name.upper())
    longest = max(measure_text(line, own) for line in break_text(name, own))
    own = replace(own, size=own.size * min(1.0, max(room / longest, 0.6)))
    labels = [Label(name, commune.outline, own, 0, required=True)]
    labels += [Label(other_name, outline, other, 2) for other_name, outline in rows]
    return labels


def _name_network(drawn: Mapping[str, Drawn], outline: Any, unit: float) -> list[Label]:
    style = LabelStyle(2.2 * unit, "#123d22", 600, italic=False, halo_width=0.8 * unit)
    water = LabelStyle(2.2 * unit, "#0f3a6e", 400, italic=True, halo_width=0.9 * unit)
    labels = _name_surfaces([drawn[key] for key in _RESERVOIRS if key in drawn], outline, style)
    rivers: dict[str, list[Any]] = {}
    for key in _WATERCOURSES:
        if key not in drawn:
            continue
        objects = drawn[key].objects
        for name, geometry in zip(objects["name"], objects.geometry, strict=True):
            if _is_name(name):
                rivers.setdefault(_write_name(name), []).append(geometry)
    labels += [Label(name, _join(found), water, 3) for name, found in sorted(rivers.items())]
    return labels


def _name_zones(drawn: Mapping[str, Drawn], outline: Any, unit: float) -> list[Label]:
    """Name the zones of inventories, protections ... in the colour of their outline."""
    labels: list[Label] = []
    for found in drawn.values():
        if found.symbol.table is None and found.symbol.kind == "polygon":
            colour = found.symbol.stroke or _INK
            style = LabelStyle(2.2 * unit, colour, 600, halo_width=0.8 * unit)
            labels += _name_surfaces([found], outline, style)
    return labels


def _name_surfaces(drawn: Sequence[Drawn], outline: Any, style: LabelStyle) -> list[Label]:
    """Name the largest surfaces, those that meet the commune first; each name once."""
    parts: dict[str, list[Any]] = {}
    for found in drawn:
        for name, geometry in zip(found.objects["name"], found.objects.geometry, strict=True):
            if _is_name(name):
                parts.setdefault(_write_name(name), []).append(geometry)
    named = [(name, max(shapes, key=lambda shape: shape.area)) for name, shapes in parts.items()]
    named.sort(key=lambda pair: (not pair[1].intersects(outline), -pair[1].area, pair[0]))
    return [Label(name, geometry, style, 1) for name, geometry in named[:_MOST_NAMES]]


def _name_context(
    context: Mapping[str, GeoDataFrame], drawn: Mapping[str, Drawn], window: Any, unit: float
) -> list[Label]:
    water = LabelStyle(2.0 * unit, "#1f5d92", 400, italic=True, halo_width=0.85 * unit)
    road = LabelStyle(1.9 * unit, "#5a5a5a", 600, halo_width=0.6 * unit)
    written = {
        _write_name(str(name))
        for key, found in drawn.items()
        if key.startswith("watercourse")
        for name in found.objects["name"]
        if _is_name(name)
    }
    labels = []
    for theme, style, priority in (("watercourses", water, 4), ("roads", road, 5)):
        table = context.get(theme)
        if table is None or "name" not in table.columns:
            continue
        seen = table.iloc[np.sort(table.sindex.query(window, predicate="intersects"))]
        if theme == "roads" and "ground" in seen.columns:
            seen = seen[seen["ground"].isin(_MAIN_ROADS)]
        parts: dict[str, list[Any]] = {}
        for name, geometry in zip(seen["name"], seen.geometry, strict=True):
            if _is_name(name) and _write_name(name) not in written:
                parts.setdefault(_write_name(name), []).append(geometry)
        repeat = _REPEAT_MM if theme == "roads" else 0.0
        labels += [
            Label(name, _join(found), style, priority, repeat_mm=repeat)
            for name, found in sorted(parts.items())
        ]
    return labels


def _base_layers(context: Mapping[str, GeoDataFrame], symbols: Symbols, window: Any) -> list[MapLayer]:
    layers = []
    for theme, key in (("watercourses", "river"), ("railways", "railway"), ("roads", "road")):
        table = context.get(theme)
        if table is None or len(table) == 0:
            continue
        seen = table.iloc[np.sort(table.sindex.query(window, predicate="intersects"))]
        if len(seen) == 0:
            continue
        if theme == "roads" and "ground" in seen.columns:
            main = seen["ground"].isin(_MAIN_ROADS)
            if main.any():
                layers.append(MapLayer(seen[main], symbols["road_main"]))
            seen = seen[~main & (seen["ground"] != "track")]
        if len(seen):
            layers.append(MapLayer(seen, symbols[key]))
    return layers


def _join(geometries: list[Any]) -> Any:
    if len(geometries) == 1:
        return geometries[0]
    parts = shapely.get_parts(np.asarray(geometries, dtype=object))
    return shapely.multilinestrings(parts[shapely.get_type_id(parts) == 1])


def _write_name(name: str) -> str:
    """Write a name as print does: typewriters and tables have but one apostrophe.

    >>> _write_name(" rue de  l'Abbé ")
    'rue de l’Abbé'
    """
    return " ".join(name.split()).replace("'", "’")


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and bool(name.strip())
