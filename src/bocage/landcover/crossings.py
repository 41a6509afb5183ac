"""Crossings: structures that let animals through transport infrastructure, opened on the land cover."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from bocage.errors import InputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.kernels.burning import trace_polyline
from bocage.landcover.cover import Legend
from bocage.landcover.fusion import Lines, to_cells
from bocage.landcover.ground import GROUND, INFRASTRUCTURE_ORDER

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

CROSSING_KINDS = ("wildlife", "underpass", "bridge", "culvert")
"""Kinds of crossing: the first two open ground, the last two the watercourse beneath."""

_WATER_KINDS = ("bridge", "culvert")
_TOLERANCE_M = 50.0
_TOLERANCE_CELLS = 3
_MEDIAN_M = 20.0
_MEDIAN_CELLS = 2
_LISTED = 10


@dataclass(frozen=True)
class _Ground:
    """What the opening of one crossing needs to know of the ground."""

    codes: NDArray[np.uint16]
    grid: Grid
    openable: NDArray[np.bool_]
    """Whether each legend entry is opened by a crossing."""
    burnt: dict[str, int]
    """Code of each ground burnt."""
    reach: float
    """How far from infrastructure a crossing may be drawn, and how far beyond its width it is opened [m]."""

    def open(self, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> None:
        """Turn infrastructure into crossing at these cells; leave other ground as it is."""
        inside = self.grid.contains(rows, cols)
        rows, cols = rows[inside], cols[inside]
        hit = self.openable[self.codes[rows, cols]]
        self.codes[rows[hit], cols[hit]] = self.burnt["crossing"]


def open_crossings(
    codes: NDArray[np.uint16],
    legend: Legend,
    crossings: GeoDataFrame,
    *,
    grid: Grid,
    infrastructure: Lines,
    watercourses: Lines,
    journal: Journal,
) -> None:
    """Open crossings through the infrastructure burnt on a land cover, in place.

    Parameters
    ----------
    codes : (nrows, ncols) array of uint16
        Land cover with transport lines burnt; opened cells become ``crossing``.
    legend : Legend
    crossings : GeoDataFrame
        Points, lines or polygons with ``kind`` (``wildlife``, ``underpass``, ``bridge``, ``culvert``;
        ``wildlife`` without that column), ``width_m`` (may be blank) and ``name``.
    grid : Grid
    infrastructure, watercourses : Lines
        What was burnt.
    journal : Journal
        Told of crossings farther than 50 m and 3 cells from any infrastructure, which are ignored.

    Raises
    ------
    InputError
        If a kind is unknown.

    Notes
    -----
    A point opens a strip across the infrastructure nearest to it (the most hindering of those it
    touches), perpendicular to it, from one side to the other: every cell that the middle line of
    the strip runs through, hence 4-connected, and those whose centre is within half the width.
    Carriageways of the same class less than 20 m or 2 cells apart are opened together, and so is
    transport ground of the land cover against the line. A line opens the infrastructure it crosses
    and is lengthened until it is through. A polygon opens the infrastructure within it, and the
    strip of its middle point.

    A bridge or culvert restores the watercourse that passes under the infrastructure: it opens the
    bed, as wide as said, else as wide as the watercourse, as far as it runs under infrastructure
    without a break. Where no watercourse passes within the tolerance, it opens as another crossing does.
    """
    kinds = _read_kinds(crossings)
    widths = (
        crossings["width_m"].to_numpy(dtype=np.float64, na_value=np.nan)
        if "width_m" in crossings.columns
        else np.full(len(crossings), np.nan)
    )
    geometries = shapely.force_2d(np.asarray(crossings.geometry.array, dtype=object))
    names = crossings["name"].tolist() if "name" in crossings.columns else [None] * len(crossings)

    reach = max(_TOLERANCE_M, _TOLERANCE_CELLS * grid.cell)
    openable = np.array(
        [name == "transport" or (name in GROUND and GROUND[name].infrastructure) for name in legend.ground]
    )
    burnt = {
        ground: code
        for code, (nomenclature, ground) in enumerate(zip(legend.nomenclature, legend.ground, strict=True))
        if nomenclature == "bocage"
    }
    ground = _Ground(codes, grid, openable, burnt, reach)
    lines_tree = shapely.STRtree(infrastructure.geometry)
    water_tree = shapely.STRtree(watercourses.geometry)
    extent = shapely.box(*grid.bounds)
    ignored: list[str] = []
    for i, geometry in enumerate(geometries):
        if geometry is None or geometry.is_empty or not extent.intersects(geometry):
            continue
        near = _find_nearest(geometry, infrastructure, lines_tree, grid, reach)
        if near is None:
            ignored.append(_name(names[i], i))
            continue
        width = float(widths[i]) if np.isfinite(widths[i]) and widths[i] > 0 else math.nan
        if kinds[i] in _WATER_KINDS and _open_watercourse(
            ground, geometry, infrastructure, lines_tree, watercourses, water_tree, width
        ):
            continue
        width = 0.0 if math.isnan(width) else width
        if geometry.geom_type in ("LineString", "MultiLineString"):
            for part in shapely.get_parts(geometry):
                _open_line(ground, part, infrastructure, near, width)
        else:
            _open_across(ground, geometry, infrastructure, near, width)
    if ignored:
        listed = ", ".join(ignored[:_LISTED]) + (" …" if len(ignored) > _LISTED else "")
        journal.add("crossings_ignored", count=len(ignored), tolerance=round(reach), names=listed)


def _read_kinds(crossings: GeoDataFrame) -> list[str]:
    if "kind" not in crossings.columns:
        return ["wildlife"] * len(crossings)
    kinds = ["wildlife" if kind is None or kind != kind else str(kind) for kind in crossings["kind"].tolist()]
    odd = sorted(set(kinds) - set(CROSSING_KINDS))
    if odd:
        raise InputError(
            f"Layer 'crossings' holds kinds that do not exist: {', '.join(odd)}; "
            f"use {', '.join(CROSSING_KINDS)}."
        )
    return kinds


def _name(name: Any, i: int) -> str:
    return f"n° {i + 1}" if name is None or name != name or not str(name).strip() else str(name)


def _find_nearest(geometry: Any, infrastructure: Lines, tree: Any, grid: Grid, reach: float) -> int | None:
    """Find the infrastructure nearest to a crossing; of those it touches, the most hindering."""
    found = tree.query(geometry, predicate="dwithin", distance=reach)
    if not len(found):
        return None
    gap = shapely.distance(infrastructure.geometry[found], geometry) - infrastructure.width[found] / 2.0
    # A line counts as touched where its burnt cells may hold the crossing.
    gap = np.where(gap <= grid.cell, 0.0, gap)
    rank = np.array([INFRASTRUCTURE_ORDER.index(name) for name in infrastructure.ground[found]])
    return int(found[np.lexsort((found, -rank, gap))[0]])


def _open_across(ground: _Ground, geometry: Any, infrastructure: Lines, near: int, width: float) -> None:
    """Open a strip perpendicular to the infrastructure, and all infrastructure inside a polygon."""
    line = infrastructure.geometry[near]
    middle = geometry if geometry.geom_type == "Point" else _centre(geometry, line)
    at = line.project(middle)
    foot = line.interpolate(at)
    # The tangent over a few cells, since that over one segment of a digitised curve is erratic.
    half = max(2.0 * ground.grid.cell, infrastructure.width[near] / 2.0)
    before, after = line.interpolate(max(at - half, 0.0)), line.interpolate(min(at + half, line.length))
    dx, dy = after.x - before.x, after.y - before.y
    length = math.hypot(dx, dy)
    if length == 0.0:
        first, last = line.coords[0], line.coords[-1]
        dx, dy = last[0] - first[0], last[1] - first[1]
        length = math.hypot(dx, dy) or 1.0
    far = infrastructure.width[near] / 2.0 + ground.reach
    across_x, across_y = -dy / length * far, dx / length * far
    for sign in (1.0, -1.0):
        half_strip = shapely.LineString(
            [(foot.x, foot.y), (foot.x + sign * across_x, foot.y + sign * across_y)]
        )
        _open_outwards(ground, half_strip, infrastructure.ground[near], width)
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        ground.open(*_cells_within(geometry, ground.grid))


def _centre(geometry: Any, line: Any) -> Any:
    """Give the middle of what an area or set of points has in common with a line, else of itself."""
    common = shapely.intersection(geometry, line)
    return (geometry if common.is_empty else common).centroid


def _open_line(ground: _Ground, line: Any, infrastructure: Lines, near: int, width: float) -> None:
    """Open the infrastructure under a line, and on from its ends until through."""
    if line.length == 0.0:
        _open_across(ground, shapely.Point(line.coords[0]), infrastructure, near, width)
        return
    grid = ground.grid
    rows, cols = trace_polyline(*to_cells(shapely.get_coordinates(line), grid))
    inside = grid.contains(rows, cols)
    hit = ground.openable[ground.codes[rows[inside], cols[inside]]]
    if not hit.any():
        _open_across(ground, line.interpolate(0.5, normalized=True), infrastructure, near, width)
        return
    ground.open(rows, cols)
    if width > 0.0:
        ground.open(*_cells_within(line.buffer(width / 2.0, cap_style="flat"), grid))
    coords = shapely.get_coordinates(line)
    far = infrastructure.width[near] + ground.reach
    for end, inner in ((coords[0], coords[1]), (coords[-1], coords[-2])):
        dx, dy = end - inner
        length = math.hypot(dx, dy)
        if length > 0.0:
            beyond = shapely.LineString([end, (end[0] + dx / length * far, end[1] + dy / length * far)])
            _open_outwards(ground, beyond, "", width)


def _open_watercourse(
    ground: _Ground,
    geometry: Any,
    infrastructure: Lines,
    lines_tree: Any,
    watercourses: Lines,
    water_tree: Any,
    width: float,
) -> bool:
    """Open the watercourse that passes under the infrastructure, nearest to a bridge or culvert."""
    meetings: list[tuple[float, int, int, Any]] = []
    waters = np.sort(water_tree.query(geometry, predicate="dwithin", distance=ground.reach))
    for water in waters.tolist():
        course = watercourses.geometry[water]
        for line in np.sort(lines_tree.query(course, predicate="intersects")).tolist():
            for point in _points_of(shapely.intersection(course, infrastructure.geometry[line])):
                gap = geometry.distance(point)
                if gap <= ground.reach:
                    # Lines are ranked by what they hinder: where several meet, start under the worst.
                    meetings.append((round(gap, 6), -line, water, point))
    if not meetings:
        return False
    _, rank, water, start = min(meetings, key=lambda meeting: meeting[:3])
    kind, breadth = infrastructure.ground[-rank], infrastructure.width[-rank]
    if math.isnan(width):
        width = float(watercourses.width[water])
    # A watercourse is drawn in pieces, which may meet under the road: open them together.
    around = start.buffer(breadth / 2.0 + ground.reach)
    found = np.sort(water_tree.query(around, predicate="intersects"))
    courses = shapely.intersection(watercourses.geometry[found], around)
    apart = breadth + max(_MEDIAN_M, _MEDIAN_CELLS * ground.grid.cell)
    starts = [
        point
        for _, rank, _, point in meetings
        if infrastructure.ground[-rank] == kind and point.distance(start) <= apart
    ]
    _open_along(ground, courses, starts, width)
    return True


def _open_along(ground: _Ground, courses: NDArray[np.object_], starts: list[Any], width: float) -> None:
    """Open the infrastructure along watercourses, as far as it goes on from any of the starts."""
    from scipy import ndimage

    grid = ground.grid
    window = grid.window(shapely.MultiPoint(starts).union(shapely.union_all(courses)).buffer(width).bounds)
    local = grid.crop(window) if 0 not in window.shape else None
    if local is None:
        return
    bed = np.zeros(local.shape, dtype=bool)
    for part in shapely.get_parts(courses):
        rows, cols = trace_polyline(*to_cells(shapely.get_coordinates(part), local))
        inside = local.contains(rows, cols)
        bed[rows[inside], cols[inside]] = True
        if width > 0.0:
            bed[_cells_within(part.buffer(width / 2.0, cap_style="flat"), local)] = True
    bed &= ground.openable[ground.codes[window.slices]]
    pieces, _ = ndimage.label(bed, structure=np.ones((3, 3), dtype=int))
    rows, cols = local.row_col(
        np.array([point.x for point in starts]), np.array([point.y for point in starts])
    )
    inside = local.contains(rows, cols)
    wanted = np.unique(pieces[rows[inside], cols[inside]])
    opened = np.isin(pieces, wanted[wanted > 0])
    ground.codes[window.slices][opened] = ground.burnt["crossing"]


def _points_of(met: Any) -> Iterator[Any]:
    for part in shapely.get_parts(met):
        yield part if part.geom_type == "Point" else part.interpolate(0.5, normalized=True)


def _open_outwards(ground: _Ground, path: Any, carriageway: str, width: float) -> None:
    """Open infrastructure along a path from its start until through, over a median at most.

    Parameters
    ----------
    path : LineString
        Starts on the infrastructure and leads away from it.
    carriageway : str
        Ground whose parallel carriageways are opened together; ``""`` for none.
    width : float
        Width of the strip [m].
    """
    grid = ground.grid
    rows, cols = trace_polyline(*to_cells(shapely.get_coordinates(path), grid))
    # What lies beyond the grid is not known, and not opened.
    inside = grid.contains(rows, cols)
    outside = np.flatnonzero(~inside)
    count = int(outside[0]) if len(outside) else len(rows)
    median = max(_MEDIAN_CELLS, math.ceil(_MEDIAN_M / grid.cell))
    twins = {ground.burnt["crossing"], ground.burnt.get(carriageway, -1)} if carriageway else set()
    last = -1
    for i in range(count):
        code = int(ground.codes[rows[i], cols[i]])
        # The start itself may lie on a cell that another line took.
        adjacent = i - last <= 1 or last == -1
        if ground.openable[code] and (adjacent or (code in twins and i - last - 1 <= median)):
            last = i
        elif i - max(last, 0) > median:
            break
    if last < 0:
        return
    ground.open(rows[: last + 1], cols[: last + 1])
    if width > grid.cell / 2.0 and path.length > 0.0:
        easting, northing = grid.centre(rows[last], cols[last])
        through = path.project(shapely.Point(float(easting), float(northing))) + grid.cell
        strip = substring(path, 0.0, min(through, path.length))
        ground.open(*_cells_within(strip.buffer(width / 2.0, cap_style="flat", join_style="round"), grid))


def _cells_within(area: Any, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the cells whose centre lies in an area."""
    window = grid.window(area.bounds)
    rows, cols = np.mgrid[window.slices]
    rows, cols = rows.ravel().astype(np.int64), cols.ravel().astype(np.int64)
    if not len(rows):
        return rows, cols
    easting, northing = grid.centre(rows, cols)
    within = shapely.intersects_xy(area, easting, northing)
    return rows[within], cols[within]
