"""How much of surfaces, lines and points lies in each of many zones, all zones in one pass.

Surfaces are cut and united along meshes, since a regional forest clipped whole for each commune is slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from bocage.units import M_PER_KM

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]

NEGLIGIBLE = 1e-3
"""What lies under this is an artefact of clipping, not ground or a line that a commune holds [m², m]."""


def geometries(frame: GeoDataFrame) -> Geometries:
    """Give the geometries of a table."""
    return np.asarray(frame.geometry.array, dtype=object)


def as_array(geometries: list[Any]) -> Geometries:
    """Put geometries in an array, whatever their kinds."""
    found = np.empty(len(geometries), dtype=object)
    found[:] = geometries
    return found


def unite(polygons: Geometries) -> Geometries:
    """Unite polygons into parts that do not overlap, cut along a mesh: uniting tile by tile is faster."""
    if not len(polygons):
        return np.empty(0, dtype=object)
    tiles = _lay_tiles(polygons)
    tile, polygon = shapely.STRtree(polygons).query(tiles, predicate="intersects")
    pieces = shapely.intersection(polygons[polygon], tiles[tile])
    united = [
        shapely.union_all(pieces[group])
        for group in np.split(np.arange(tile.size), np.flatnonzero(np.diff(tile)) + 1)
    ]
    parts = shapely.get_parts(shapely.get_parts(np.array([*united, None], dtype=object)[:-1]))
    return np.asarray(parts[shapely.area(parts) > 0], dtype=object)


def unite_lines(lines: Geometries) -> Geometries:
    """Unite lines into stretches that do not overlap.

    >>> lines = [shapely.LineString([(0, 0), (4, 0)]), shapely.LineString([(2, 0), (5, 0)])]
    >>> once = unite_lines(np.array(lines))
    >>> float(shapely.length(once).sum())
    5.0
    """
    if not len(lines):
        return np.empty(0, dtype=object)
    parts = shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))
    return np.asarray(parts[shapely.length(parts) > 0], dtype=object)


def drop_followed(
    lines: Geometries, others: Geometries, *, within: float = 1.0, least: float = 20.0
) -> Geometries:
    """Remove from lines the stretches that follow others, as two drawings of one river do.

    Parameters
    ----------
    lines, others : array of shapely lines
    within : float
        How far apart the two drawings may be [m].
    least : float
        Length from which a stretch is the same line and no crossing [m].

    Examples
    --------
    >>> twice = np.array([shapely.LineString([(0, 0.5), (100, 0.5), (100, 50)])])
    >>> left = drop_followed(twice, np.array([shapely.LineString([(0, 0), (100, 0)])]))
    >>> bool(abs(shapely.length(left).sum() - 49.5) < 1)
    True
    """
    if not len(lines) or not len(others):
        return lines
    around = shapely.buffer(others, within, quad_segs=2)
    line, other = shapely.STRtree(around).query(lines, predicate="intersects")
    kept = lines.copy()
    for group in np.split(np.arange(line.size), np.flatnonzero(np.diff(line)) + 1):
        if not group.size:
            continue
        own = lines[line[group[0]]]
        near = shapely.line_merge(shapely.intersection(own, shapely.union_all(around[other[group]])))
        parts = shapely.get_parts(near)
        parts = parts[shapely.length(parts) >= least]
        if len(parts):
            # A line less a part of itself is not safe in floating point: the part is given a hair's breadth.
            kept[line[group[0]]] = shapely.difference(
                own, shapely.union_all(shapely.buffer(parts, NEGLIGIBLE, cap_style="flat"))
            )
    rest = shapely.get_parts(kept)
    return np.asarray(rest[shapely.length(rest) > NEGLIGIBLE], dtype=object)


def _lay_tiles(polygons: Geometries, vertices: int = 2000) -> Geometries:
    """Lay square tiles over polygons, so that each holds some thousands of their vertices."""
    west, south, east, north = shapely.total_bounds(polygons)
    # Whole metres: polygons drawn from cells are then cut without rounding.
    west, south = np.floor(west), np.floor(south)
    wanted = max(int(shapely.get_num_coordinates(polygons).sum()) // vertices, 1)
    width, height = east - west, north - south
    side = np.ceil(max((width * height / wanted) ** 0.5, width / 200, height / 200, 1.0))
    columns, rows = (max(int(np.ceil(extent / side)), 1) for extent in (width, height))
    row, column = np.divmod(np.arange(rows * columns), columns)
    left, bottom = west + column * side, south + row * side
    return np.asarray(shapely.box(left, bottom, left + side, bottom + side), dtype=object)


def subtract(parts: Geometries, others: Geometries) -> Geometries:
    """Remove from parts the ground of others."""
    if not len(parts) or not len(others):
        return parts
    rest = parts.copy()
    part, other = shapely.STRtree(others).query(parts, predicate="intersects")
    order = np.lexsort((other, part))
    for group in np.split(order, np.flatnonzero(np.diff(part[order])) + 1):
        if group.size:
            rest[part[group[0]]] = shapely.difference(
                rest[part[group[0]]], shapely.union_all(others[other[group]])
            )
    split = shapely.get_parts(shapely.get_parts(rest))
    return np.asarray(split[shapely.area(split) > 0], dtype=object)


def pair_areas(shapes: Geometries, zones: Geometries) -> tuple[NDArray[Any], NDArray[Any], Floats]:
    """Give shape, zone and shared area [m²] of the pairs that share ground, by zone then shape."""
    if not len(shapes) or not len(zones):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    # Large polygons are cut along a coarse mesh, so that a forest is not clipped whole for each commune.
    owner, pieces = cut_large(shapes)
    tree = shapely.STRtree(pieces)
    zone, piece = tree.query(zones, predicate="intersects")
    whole = set(zip(*tree.query(zones, predicate="covers").tolist(), strict=True))
    inside = np.fromiter(
        (pair in whole for pair in zip(zone.tolist(), piece.tolist(), strict=True)), bool, zone.size
    )
    areas = np.asarray(shapely.area(pieces), dtype=np.float64)[piece]
    clipped = shapely.intersection(zones[zone[~inside]], pieces[piece[~inside]])
    areas[~inside] = shapely.area(clipped)
    key = zone * len(shapes) + owner[piece]
    pairs, place = np.unique(key, return_inverse=True)
    sums = np.bincount(place, weights=areas, minlength=pairs.size).astype(np.float64)
    kept = sums > NEGLIGIBLE
    return pairs[kept] % len(shapes), pairs[kept] // len(shapes), sums[kept]


def cut_large(shapes: Geometries, limit: int = 1500) -> tuple[NDArray[Any], Geometries]:
    """Halve polygons of many vertices until each piece has few; give the owner of each piece."""
    owners: list[int] = []
    pieces: list[Any] = []
    waiting = [(i, shape, 0) for i, shape in reversed(list(enumerate(shapes)))]
    while waiting:
        owner, shape, depth = waiting.pop()
        if shapely.get_num_coordinates(shape) <= limit or depth > 12:
            owners.append(owner)
            pieces.append(shape)
            continue
        west, south, east, north = shapely.bounds(shape)
        if east - west > north - south:
            halves = [(west, south, (west + east) / 2, north), ((west + east) / 2, south, east, north)]
        else:
            halves = [(west, south, east, (south + north) / 2), (west, (south + north) / 2, east, north)]
        for half in reversed(halves):
            clipped = shapely.clip_by_rect(shape, *half)
            if not shapely.is_empty(clipped):
                waiting.append((owner, clipped, depth + 1))
    return np.array(owners, dtype=np.int64), as_array(pieces)


def measure_areas(parts: Geometries, zones: Geometries) -> Floats:
    """Measure on each zone the area [m²] of parts that do not overlap."""
    _, zone, areas = pair_areas(parts, zones)
    return np.bincount(zone, weights=areas, minlength=len(zones)).astype(np.float64)


def measure_lengths(lines: Geometries, zones: Geometries) -> tuple[NDArray[Any], NDArray[Any], Floats]:
    """Give line, zone and length [m] of the pairs; what follows the limit of k zones counts 1/k in each."""
    if not len(lines) or not len(zones):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    zone, line = shapely.STRtree(lines).query(zones, predicate="intersects")
    order = np.lexsort((zone, line))
    zone, line = zone[order], line[order]
    inside = shapely.intersection(lines[line], zones[zone])
    lengths = shapely.length(inside)
    for group in np.split(np.arange(line.size), np.flatnonzero(np.diff(line)) + 1):
        if group.size > 1 and _overlap(inside[group]):
            lengths[group] = _share_lengths(inside[group])
    return line, zone, lengths


def _overlap(pieces: Geometries) -> bool:
    """Tell whether pieces of one line, each in its zone, lie on each other."""
    first, second = shapely.STRtree(pieces).query(pieces, predicate="intersects")
    pair = first < second
    shared = shapely.length(shapely.intersection(pieces[first[pair]], pieces[second[pair]]))
    return bool((shared > NEGLIGIBLE).any())


def _share_lengths(pieces: Geometries) -> Floats:
    """Share each stretch equally between the pieces that hold it."""
    stretches = shapely.get_parts(shapely.union_all(pieces))
    middles = shapely.line_interpolate_point(stretches, 0.5, normalized=True)
    held = shapely.distance(pieces[:, None], middles[None, :]) <= NEGLIGIBLE
    return np.asarray(held @ (shapely.length(stretches) / held.sum(axis=0)), dtype=np.float64)


def sum_lengths(
    lengths: tuple[NDArray[Any], NDArray[Any], Floats], chosen: NDArray[np.bool_] | None, count: int
) -> Floats:
    """Sum on each zone the lengths [km] of the pairs whose line is chosen."""
    line, zone, length = lengths
    if chosen is not None:
        kept = chosen[line]
        zone, length = zone[kept], length[kept]
    return np.bincount(zone, weights=length, minlength=count) / M_PER_KM


def place_points(points: Geometries, zones: Geometries) -> NDArray[np.int64]:
    """Give the first zone that holds each point, -1 where none does."""
    places = np.full(len(points), len(zones), dtype=np.int64)
    if len(points) and len(zones):
        point, zone = shapely.STRtree(zones).query(points, predicate="intersects")
        np.minimum.at(places, point, zone)
    places[places == len(zones)] = -1
    return places
