"""Waters: the canalised river in its plain, the streams that the relief sends into it, a canal, ponds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from bocage.demo.curves import clip_lines, draw_spline, offset_curve, round_coordinates, soften
from bocage.demo.frame import CRS, Frame
from bocage.demo.names import NAMES
from bocage.demo.noise import hash_unit, smooth_noise
from bocage.demo.relief import Relief

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]

RIVER_WIDTH_M = 22.0
CANAL_WIDTH_M = 12.0

_SEED = 23
_AXIS = ((1.15, 0.66), (0.90, 0.595), (0.74, 0.58), (0.56, 0.50), (0.40, 0.425), (0.22, 0.44), (0.05, 0.39),
         (-0.15, 0.35))  # fmt: skip
_STREAM_KM2 = 2.4
_BROOK_KM2 = 1.2
_NAMED_FROM_M = 1400.0


@dataclass(frozen=True)
class River:
    """The canalised river, from upstream to downstream.

    Attributes
    ----------
    axis, course : (n, 2) arrays
        The middle of the valley, and the meandering bed.
    """

    axis: Floats
    course: Floats


@dataclass(frozen=True)
class Reach:
    """A stream between two confluences: its cells from upstream to downstream, and what it drains."""

    cells: tuple[int, ...]
    drained_km2: float
    trunk: int


def draw_river(frame: Frame) -> River:
    """Draw the river: a valley axis given by design, and meanders that grow and fade along it.

    Through the town the bed is straightened, as a navigable river's is.
    """
    axis = draw_spline(frame.place(_AXIS), 20.0)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(axis, axis=0).T))])
    zero = np.zeros_like(along)
    wavelength = 1250.0 + 420.0 * smooth_noise(along, zero, 3000.0, _SEED, octaves=2)
    phase = 2.0 * np.pi * np.concatenate([[0.0], np.cumsum(np.diff(along) / wavelength[1:])])
    swing = 150.0 + 120.0 * smooth_noise(along, zero, 2300.0, _SEED + 1, octaves=2)
    eastward, _ = frame.shares(axis[:, 0], axis[:, 1])
    straightened = np.clip(np.abs(eastward - 0.40) / 0.09, 0.12, 1.0)
    # The second term leans the bends downstream, as real ones do.
    bend = np.sin(phase + 0.45 * np.cos(phase))
    drift = 60.0 * smooth_noise(along, zero, 700.0, _SEED + 2, octaves=2)
    course = offset_curve(axis, straightened * (np.maximum(swing, 30.0) * bend + drift))
    return River(axis, course)


def trace_watercourses(frame: Frame, relief: Relief, river: River) -> GeoDataFrame:
    """Trace the streams down the relief and join them to the river, node to node.

    Returns
    -------
    GeoDataFrame
        ``nature`` (Rivière canalisée, Canal, Ruisseau), ``nom``, ``largeur_m``, ``liste_1``, ``liste_2``,
        ``reservoir`` (Oui, Non or empty), ``intermittent``; one line a reach, from upstream to downstream.
    """
    import geopandas

    box = shapely.box(*frame.box)
    bed = shapely.LineString(river.course)
    reaches = _find_reaches(relief)
    lines, joins = _draw_reaches(relief, reaches, bed)

    clipped = clip_lines(np.array(lines), frame.box)
    names = _name_trunks(reaches, clipped)
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    for reach, parts in zip(reaches, clipped, strict=True):
        brook = reach.drained_km2 < _STREAM_KM2
        name = names.get(reach.trunk, "")
        for part in parts:
            rows.append(
                {
                    "nature": "Ruisseau",
                    "nom": name,
                    "largeur_m": round(min(1.5 + 0.7 * float(np.sqrt(reach.drained_km2)), 7.0), 1),
                    "liste_1": name == NAMES.list1_stream,
                    "liste_2": name in NAMES.list2_streams,
                    "reservoir": "Oui" if name == NAMES.list1_stream else ("Non" if brook else None),
                    "intermittent": brook and not name,
                }
            )
            shapes.append(part)

    canal, canal_ends = _draw_canal(frame, river)
    for part in _cut_river(bed, box, [*joins, *canal_ends]):
        rows.append(_canalised(NAMES.river, "Rivière canalisée", RIVER_WIDTH_M))
        shapes.append(part)
    rows.append(_canalised(NAMES.canal, "Canal", CANAL_WIDTH_M) | {"liste_2": False})
    shapes.append(canal)
    return geopandas.GeoDataFrame(rows, geometry=list(round_coordinates(np.array(shapes))), crs=CRS)


def draw_pond(easting: float, northing: float, radius: float, seed: int) -> shapely.Polygon:
    """Draw a pond: a rounded shape that bulges here and there."""
    angle = np.linspace(0.0, 2.0 * np.pi, 28, endpoint=False)
    lobes = np.round(hash_unit(seed, np.arange(4)) * 2.0 * np.pi, 6)
    reach = radius * (1.0 + 0.28 * np.sin(angle + lobes[0]) + 0.16 * np.sin(2 * angle + lobes[1]))
    reach *= 1.0 + 0.07 * np.sin(3 * angle + lobes[2])
    lean = float(lobes[3])
    x, y = 1.25 * reach * np.cos(angle), 0.8 * reach * np.sin(angle)
    ring = np.column_stack(
        [easting + x * np.cos(lean) - y * np.sin(lean), northing + x * np.sin(lean) + y * np.cos(lean)]
    )
    return shapely.Polygon(np.round(ring, 1))


def _find_reaches(relief: Relief) -> list[Reach]:
    """Cut the drainage into reaches and tell which follow one another under one name.

    A trunk keeps its number upstream along the branch that drains most.
    """
    drained = relief.drained.ravel()
    into = relief.receiver
    wet = (drained >= _BROOK_KM2) & (into != np.arange(len(into)))
    above: dict[int, list[int]] = {}
    for cell in np.flatnonzero(wet).tolist():
        above.setdefault(int(into[cell]), []).append(cell)
    for branches in above.values():
        branches.sort(key=lambda cell: (-drained[cell], cell))
    mouths = [(cell, number) for number, cell in enumerate(
        sorted((c for mouth in above for c in above[mouth] if not wet[mouth]), key=lambda c: (-drained[c], c))
    )]  # fmt: skip
    next_trunk = len(mouths)
    reaches: list[Reach] = []
    waiting = mouths[::-1]
    while waiting:
        cell, trunk = waiting.pop()
        cells = [int(into[cell]), cell]
        while len(above.get(cells[-1], ())) == 1:
            cells.append(above[cells[-1]][0])
        reaches.append(Reach(tuple(cells[::-1]), float(drained[cell]), trunk))
        for rank, branch in enumerate(above.get(cells[-1], ())):
            waiting.append((branch, trunk if rank == 0 else next_trunk))
            next_trunk += rank > 0
    return reaches


def _draw_reaches(
    relief: Relief, reaches: list[Reach], bed: shapely.LineString
) -> tuple[list[shapely.LineString], list[shapely.Point]]:
    """Draw the reaches through displaced cell centres, the lowest ones down to the river's bed."""
    grid = relief.grid
    into = relief.receiver
    lines, joins = [], []
    for reach in reaches:
        cells = np.array(reach.cells)
        row, col = np.divmod(cells, grid.ncols)
        easting, northing = grid.centre(row, col)
        points = np.column_stack([easting, northing]) + 90.0 * (
            hash_unit(_SEED + 3, cells[:, None], [0, 1]) - 0.5
        )
        if into[cells[-1]] == cells[-1]:
            near = bed.project(shapely.Point(points[-2]))
            mouth = bed.interpolate(near)
            points[-1] = (mouth.x, mouth.y)
            joins.append(mouth)
        line = shapely.LineString(np.round(soften(points, rounds=2), 1))
        if into[cells[-1]] == cells[-1]:
            line = _stop_at(line, bed, mouth)
        lines.append(line)
    return lines, joins


def _stop_at(line: shapely.LineString, bed: shapely.LineString, mouth: shapely.Point) -> shapely.LineString:
    """Cut a stream where it first meets the bed, should it cross before its mouth."""
    met = shapely.intersection(line, bed)
    if met.is_empty or (met.geom_type == "Point" and met.distance(mouth) < 1.0):
        return line
    first = min(line.project(shapely.Point(p)) for p in shapely.get_coordinates(met))
    end = bed.interpolate(bed.project(line.interpolate(first)))
    kept = [p for p in line.coords if line.project(shapely.Point(p)) < first - 1.0]
    return shapely.LineString([*kept, (end.x, end.y)]) if kept else line


def _name_trunks(reaches: list[Reach], clipped: list[list[shapely.LineString]]) -> dict[int, str]:
    """Name the trunks that are long inside the frame, the one that drains most first."""
    length: dict[int, float] = {}
    drained: dict[int, float] = {}
    for reach, parts in zip(reaches, clipped, strict=True):
        length[reach.trunk] = length.get(reach.trunk, 0.0) + sum(part.length for part in parts)
        drained[reach.trunk] = max(drained.get(reach.trunk, 0.0), reach.drained_km2)
    long = [trunk for trunk in length if length[trunk] > _NAMED_FROM_M]
    long.sort(key=lambda trunk: (-drained[trunk], trunk))
    return dict(zip(long, NAMES.streams, strict=False))


def _draw_canal(frame: Frame, river: River) -> tuple[shapely.LineString, list[shapely.Point]]:
    """Draw the lateral canal, which leaves the river above the town and joins it again below."""
    eastward, _ = frame.shares(river.axis[:, 0], river.axis[:, 1])
    start, end = int(np.argmax(eastward < 0.72)), int(np.argmax(eastward < 0.52))
    # Straight, along the foot of the southern slope.
    ramp = np.sin(np.linspace(0.0, np.pi, end - start)) ** 0.5
    side = offset_curve(river.axis[start:end], 260.0 * ramp)
    points = np.vstack([river.course[start], side[8:-8:60], river.course[end]])
    line = shapely.LineString(soften(points, rounds=2, corners=2))
    # Should it touch the bed before its ends, only the part between counts.
    parts = shapely.get_parts(shapely.difference(line, shapely.LineString(river.course)))
    line = max(parts, key=lambda part: part.length)
    return line, [shapely.Point(line.coords[0]), shapely.Point(line.coords[-1])]


def _cut_river(
    bed: shapely.LineString, box: shapely.Polygon, nodes: list[shapely.Point]
) -> list[shapely.LineString]:
    """Cut the river at its confluences, so that every stream ends on a vertex of two reaches."""
    inner = shapely.intersection(bed, box)
    parts = [part for part in shapely.get_parts(inner) if part.geom_type == "LineString"]
    inner = max(parts, key=lambda part: part.length)
    cuts = sorted({round(inner.project(node), 1) for node in nodes if box.covers(node)})
    stops = [0.0, *[c for c in cuts if 30.0 < c < inner.length - 30.0], inner.length]
    reaches = []
    along = np.array([inner.project(shapely.Point(p)) for p in inner.coords])
    coordinates = np.array(inner.coords)
    ends = [
        coordinates[0],
        *[_nearest_node(inner.interpolate(s), nodes) for s in stops[1:-1]],
        coordinates[-1],
    ]
    for i, (start, stop) in enumerate(pairwise(stops)):
        between = coordinates[(along > start + 1.0) & (along < stop - 1.0)]
        reaches.append(shapely.LineString(np.vstack([ends[i], between, ends[i + 1]])))
    return reaches


def _nearest_node(point: shapely.Point, nodes: list[shapely.Point]) -> Floats:
    node = min(nodes, key=lambda candidate: candidate.distance(point))
    return np.array([node.x, node.y])


def _canalised(name: str, nature: str, width: float) -> dict[str, object]:
    return {
        "nature": nature,
        "nom": name,
        "largeur_m": width,
        "liste_1": False,
        "liste_2": True,
        "reservoir": None,
        "intermittent": False,
    }
