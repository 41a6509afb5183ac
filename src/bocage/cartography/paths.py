"""Geometries as SVG path data: hundredths of a millimetre, relative moves, nothing the eye cannot see."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from bocage.cartography.frame import MapFrame
from bocage.cartography.symbols import Hatch, Kind, Marker

UNITS_PER_MM = 100
"""Path coordinates are whole hundredths of a millimetre."""

_PARTS: dict[Kind, tuple[int, ...]] = {
    "polygon": (3,),  # shapely.GeometryType.POLYGON
    "line": (1, 2),  # LINESTRING, LINEARRING
    "point": (0,),  # POINT
}
_FEWEST = {"polygon": 3, "line": 2}


def take_parts(
    geometries: Any, kind: Kind, frame: MapFrame, *, margin_mm: float = 3.0, tolerance_mm: float = 0.1
) -> NDArray[Any]:
    """Cut geometries to the frame, thin them to what paper shows and take their simple parts.

    Parameters
    ----------
    geometries : array-like of shapely geometries
        In the CRS of the frame; None and empty ones are left out.
    kind : {"polygon", "line", "point"}
        Parts of other kinds are left out.
    frame : MapFrame
    margin_mm : float
        What lies this far outside the frame is kept, so that no outline is drawn along the cut [mm].
    tolerance_mm : float
        Largest shift of a line by thinning [mm].

    Returns
    -------
    (n,) array of Polygon, LineString or Point
    """
    found = np.asarray(geometries, dtype=object)
    found = found[~(shapely.is_missing(found) | shapely.is_empty(found))]
    west, south, east, north = frame.grown(margin_mm)
    boxes = shapely.bounds(found)
    inside = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    found, boxes = found[inside], boxes[inside]
    if kind != "point":
        # Cutting before thinning: a regional corridor may have a thousand times more vertices outside.
        whole = (
            (boxes[:, 0] >= west) & (boxes[:, 2] <= east) & (boxes[:, 1] >= south) & (boxes[:, 3] <= north)
        )
        found = found.copy()
        found[~whole] = shapely.clip_by_rect(found[~whole], west, south, east, north)
        found = shapely.simplify(found, tolerance_mm * frame.metres_per_mm, preserve_topology=False)
    parts = shapely.get_parts(found)
    # A cut may leave collections of collections.
    while np.any(shapely.get_type_id(parts) >= 4):
        parts = shapely.get_parts(parts)
    parts = parts[np.isin(shapely.get_type_id(parts), _PARTS[kind])]
    return np.asarray(parts[~shapely.is_empty(parts)], dtype=object)


def write_path(parts: NDArray[Any], kind: Kind, frame: MapFrame) -> str:
    """Write polygons or lines as the data of one SVG path.

    Parameters
    ----------
    parts : array of Polygon or LineString
        As ``take_parts`` gives them.

    Returns
    -------
    str
        In hundredths of a millimetre. Shells turn one way and holes the other, so that the
        non-zero rule fills overlapping polygons wholly. Empty when nothing is large enough to see.

    Examples
    --------
    >>> frame = MapFrame(0, 10, 1000, 10, 10)
    >>> write_path(np.array([shapely.box(1, 1, 3, 3)]), "polygon", frame)
    'M300 900l-200 0 0-200 200 0z'
    """
    if len(parts) == 0:
        return ""
    if kind == "polygon":
        parts = shapely.get_rings(shapely.orient_polygons(parts, exterior_cw=True))
    coordinates, index = shapely.get_coordinates(parts, return_index=True)
    units = np.rint(frame.to_paper(coordinates) * UNITS_PER_MM).astype(np.int64)
    first = np.empty(len(index), dtype=bool)
    first[0] = True
    first[1:] = index[1:] != index[:-1]
    steps = np.zeros_like(units)
    steps[1:] = units[1:] - units[:-1]
    keep = first | steps.any(axis=1)
    units, index, first = units[keep], index[keep], first[keep]
    if kind == "polygon":
        # `z` closes a ring: its last point, the same as its first, needs no writing.
        last = np.append(first[1:], True)
        keep = ~last | first
        units, index, first = units[keep], index[keep], first[keep]
    steps = np.zeros_like(units)
    steps[1:] = units[1:] - units[:-1]
    starts = np.flatnonzero(first)
    stops = np.append(starts[1:], len(units))
    numbers = list(map(str, steps.ravel().tolist()))
    close = "z" if kind == "polygon" else ""
    fewest = _FEWEST[kind]
    written = [
        f"M{x} {y}l{' '.join(numbers[2 * start + 2 : 2 * stop])}{close}"
        for start, stop, (x, y) in zip(starts.tolist(), stops.tolist(), units[starts].tolist(), strict=True)
        if stop - start >= fewest
    ]
    return "".join(written).replace(" -", "-")


def write_markers(points: NDArray[Any], marker: Marker, frame: MapFrame) -> str:
    """Write the markers of points as the data of one SVG path, northern ones first.

    Examples
    --------
    >>> frame = MapFrame(0, 10, 1000, 10, 10)
    >>> write_markers(np.array([shapely.Point(5, 5)]), Marker("square", 2.0), frame)
    'M400 400h200v200h-200z'
    """
    if len(points) == 0:
        return ""
    units = np.rint(frame.to_paper(shapely.get_coordinates(points)) * UNITS_PER_MM).astype(np.int64)
    units = np.unique(units[:, ::-1], axis=0)[:, ::-1]
    return "".join(draw_marker(x, y, marker) for x, y in units.tolist())


def draw_marker(x: int, y: int, marker: Marker) -> str:
    """Write the outline of one marker centred on a point, in hundredths of a millimetre."""
    size = round(marker.size * UNITS_PER_MM)
    half = size // 2
    if marker.shape == "circle":
        return f"M{x - half} {y}a{half} {half} 0 1 0 {size} 0a{half} {half} 0 1 0-{size} 0z"
    if marker.shape == "square":
        return f"M{x - half} {y - half}h{size}v{size}h-{size}z"
    if marker.shape == "triangle":
        side = round(half * 1.155)
        return f"M{x} {y - half}l{side} {size} {-2 * side} 0z"
    if marker.shape == "cross":
        arm = size // 3
        turns = f"h{arm}v{arm}h{arm}v{arm}h-{arm}v{arm}h-{arm}v-{arm}h-{arm}v-{arm}h{arm}z"
        return f"M{x - arm // 2} {y - half}{turns}"
    return f"M{x} {y - half}l{half} {half}-{half} {half}-{half}-{half}z"


def write_hatch(hatch: Hatch, box: tuple[float, float, float, float]) -> str:
    """Write the hatch lines over a box of the paper as SVG path data.

    True lines, not a pattern: they print crisply, and lie alike in neighbouring objects because
    they are counted from the corner of the map.

    Parameters
    ----------
    hatch : Hatch
    box : (left, top, right, bottom)
        What to cover [mm].

    Examples
    --------
    >>> write_hatch(Hatch(0.0, 2.0, 0.2, "#000000"), (0, 0, 10, 5))
    'M0 0L1000 0M0 200L1000 200M0 400L1000 400'
    """
    left, top, right, bottom = box
    # Paper has y downwards: an angle anticlockwise from east turns the other way.
    along = (math.cos(math.radians(hatch.angle)), -math.sin(math.radians(hatch.angle)))
    across = (-along[1], along[0])
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    offsets = [x * across[0] + y * across[1] for x, y in corners]
    first = math.ceil(round(min(offsets) / hatch.spacing, 6))
    last = math.floor(round(max(offsets) / hatch.spacing, 6))
    lines = []
    for number in range(first, last + 1):
        px, py = number * hatch.spacing * across[0], number * hatch.spacing * across[1]
        low, high = -math.inf, math.inf
        for start, step, nearest, farthest in ((px, along[0], left, right), (py, along[1], top, bottom)):
            if abs(step) > 1e-9:
                one, other = (nearest - start) / step, (farthest - start) / step
                low, high = max(low, min(one, other)), min(high, max(one, other))
        if high > low:
            ends = [(px + along[0] * t, py + along[1] * t) for t in (low, high)]
            (x0, y0), (x1, y1) = [(round(x * UNITS_PER_MM), round(y * UNITS_PER_MM)) for x, y in ends]
            lines.append(f"M{x0} {y0}L{x1} {y1}")
    return "".join(lines)
