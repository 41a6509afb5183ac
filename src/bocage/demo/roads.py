"""Roads and the railway: a motorway given by design, and roads that link the settlements at least cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csgraph
from scipy.spatial import Delaunay

from bocage.demo.curves import clip_lines, draw_spline, offset_curve, round_coordinates, soften, trace_chains
from bocage.demo.forest import Forest
from bocage.demo.frame import CRS, Frame, burn
from bocage.demo.names import NAMES
from bocage.demo.noise import hash_unit, smooth_noise
from bocage.demo.relief import Relief, grid_graph
from bocage.demo.settlements import Settlements
from bocage.demo.waters import River

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]

CARRIAGEWAY_M = 11.0
"""Width of one carriageway of the motorway [m]."""
_HALF_GAP_M = 9.0
_MOTORWAY = ((0.555, 1.15), (0.545, 0.92), (0.550, 0.78), (0.580, 0.62), (0.615, 0.47), (0.640, 0.30),
             (0.700, 0.12), (0.790, -0.15))  # fmt: skip
_GATES = ((0.0, 0.475), (1.0, 0.545), (0.30, 1.0), (0.44, 0.0))
"""Where the main roads leave the frame: west, east, north, south."""
_NATURES = {1: "Route principale", 2: "Route régionale", 3: "Route locale"}
_WIDTHS = {1: 9.0, 2: 7.0, 3: 5.0}
_DETOUR = 1.35
_SEED = 43


@dataclass(frozen=True)
class Transport:
    """Ways across the territory.

    Attributes
    ----------
    motorway : LineString
        Axis between the two carriageways, from north to south.
    interchange : Point
    roads : GeoDataFrame
        ``nature``, ``numero``, ``nom``, ``largeur_m``.
    railways : GeoDataFrame
        ``nature``, ``nom``, ``largeur_m``.
    """

    motorway: shapely.LineString
    interchange: shapely.Point
    roads: GeoDataFrame
    railways: GeoDataFrame


def draw_motorway(frame: Frame) -> shapely.LineString:
    """Draw the axis of the motorway, gently curved, from north to south."""
    return shapely.LineString(draw_spline(frame.place(_MOTORWAY), 60.0))


def link_settlements(
    frame: Frame,
    relief: Relief,
    river: River,
    forest: Forest,
    motorway: shapely.LineString,
    homes: Settlements,
) -> Transport:
    """Draw all roads and the railway.

    Main roads go from the town to four gates; then regional roads follow the minimum spanning tree of
    the villages where it is busiest; then local roads take the rest of the tree, the shortcuts without which
    a detour would be long, and one lane to each hamlet. A way already built costs less than new ground, so
    that roads join.
    """
    import geopandas

    web = _RoadWeb(frame, _measure_cost(frame, relief, river, forest, motorway, homes))
    town = homes.villages[0]
    for gate in frame.place(_GATES):
        web.build(town, gate, rank=1)
    for a, b, rank in _choose_links(homes.villages):
        web.build(homes.villages[a], homes.villages[b], rank=rank)
    web.join(homes.hamlets, rank=3)
    rows, shapes = web.draw(homes.villages)

    carriageways, slips, interchange = _draw_interchange(frame, motorway, [
        shape for row, shape in zip(rows, shapes, strict=True) if row["nature"] == _NATURES[1]
    ])  # fmt: skip
    for line in carriageways:
        rows.append(_road("Type autoroutier", NAMES.motorway, f"Autoroute {NAMES.motorway}", CARRIAGEWAY_M))
        shapes.append(line)
    for line in slips:
        rows.append(_road("Bretelle", NAMES.motorway, "", 6.0))
        shapes.append(line)
    for ride in forest.rides:
        rows.append(_road("Chemin", "", "", 4.0))
        shapes.append(ride)
    roads = geopandas.GeoDataFrame(rows, geometry=list(round_coordinates(np.array(shapes))), crs=CRS)
    return Transport(motorway, interchange, roads, _draw_railway(frame, river))


class _RoadWeb:
    """Steps of the coarse grid on which roads are built, with the best rank of each."""

    def __init__(self, frame: Frame, cost: Floats) -> None:
        self.frame = frame
        self.grid = frame.coarse
        self.cost = cost
        self.steps: dict[tuple[int, int], int] = {}
        self.graph = grid_graph(cost)
        self.stale = False

    def cell(self, place: Floats) -> int:
        """Give the cell of a place, moved into the frame."""
        row, col = self.grid.row_col(place[0], place[1])
        row = min(max(row, 0), self.grid.nrows - 1)
        col = min(max(col, 0), self.grid.ncols - 1)
        return int(row * self.grid.ncols + col)

    def build(self, start: Floats, end: Floats, rank: int) -> None:
        """Build the cheapest way between two places."""
        self._refresh()
        source, target = self.cell(start), self.cell(end)
        limit = 6.0 * float(np.hypot(*(np.asarray(start) - end))) / self.grid.cell + 40.0
        _, before = csgraph.dijkstra(
            self.graph, directed=False, indices=source, return_predecessors=True, limit=limit
        )
        self._take(before, target, rank)

    def join(self, places: Floats, rank: int) -> None:
        """Build the cheapest lane from each place to the ways already built."""
        self._refresh()
        built = sorted({cell for step in self.steps for cell in step})
        _, before, _ = csgraph.dijkstra(
            self.graph, directed=False, indices=built, return_predecessors=True, min_only=True
        )
        for place in places:
            self._take(before, self.cell(place), rank)

    def draw(self, villages: Floats) -> tuple[list[dict[str, object]], list[shapely.LineString]]:
        """Draw the ways as smooth lines that meet node to node."""
        stops = [self.cell(village) for village in villages]
        rows: list[dict[str, object]] = []
        shapes: list[shapely.LineString] = []
        for number, (rank, cells) in enumerate(trace_chains(self.steps, stops)):
            row, col = np.divmod(np.array(cells), self.grid.ncols)
            points = np.column_stack(self.grid.centre(row, col))
            for end in (0, -1):
                points[end] = self._pull_to_edge(points[end])
            label = f"D {100 * rank + number % 97}" if rank < 3 else ""
            rows.append(_road(_NATURES[rank], label, "", _WIDTHS[rank]))
            shapes.append(shapely.LineString(np.round(soften(points, rounds=3), 1)))
        return rows, shapes

    def _pull_to_edge(self, point: Floats) -> Floats:
        """Bring to the edge of the frame a road that ends in one of its outer cells."""
        west, south, east, north = self.frame.box
        half = 0.6 * self.grid.cell
        x = west if point[0] - west < half else east if east - point[0] < half else point[0]
        y = south if point[1] - south < half else north if north - point[1] < half else point[1]
        return np.array([x, y])

    def _refresh(self) -> None:
        if self.stale:
            eased = self.cost.copy().ravel()
            for step in self.steps:
                for cell in step:
                    eased[cell] = min(eased[cell], 0.8)
            self.graph = grid_graph(eased.reshape(self.cost.shape))
            self.stale = False

    def _take(self, before: NDArray[np.int32], cell: int, rank: int) -> None:
        while before[cell] >= 0:
            step = (min(cell, int(before[cell])), max(cell, int(before[cell])))
            self.steps[step] = min(self.steps.get(step, rank), rank)
            cell = int(before[cell])
        self.stale = True


def _measure_cost(
    frame: Frame,
    relief: Relief,
    river: River,
    forest: Forest,
    motorway: shapely.LineString,
    homes: Settlements,
) -> Floats:
    """Measure what a road costs in each cell: slopes, wet ground, forest and bridges are dear."""
    grid = frame.coarse
    easting, northing = grid.centre(*np.indices(grid.shape))
    bed, axis = (
        burn(grid, [(shape, 1)], np.uint8, all_touched=True) == 1
        for shape in (shapely.LineString(river.course), motorway)
    )
    cost = 1.0 + 14.0 * relief.inside(relief.slope)
    cost += np.where(relief.inside(relief.plain) < 1.0, 1.6, 0.0)
    cost += np.where(relief.inside(relief.drained) > 1.2, 1.2, 0.0)
    cost += np.where(burn(grid, [(forest.outline, 1)], np.uint8) == 1, 1.1, 0.0)
    cost += np.where(bed, 14.0, 0.0)
    cost += np.where(axis, 7.0, 0.0)
    # Chance bends the roads, as old property did.
    cost *= np.exp(0.7 * smooth_noise(easting, northing, 900.0, _SEED, octaves=2))
    cost *= np.exp(1.1 * (hash_unit(_SEED + 1, np.arange(grid.size)).reshape(grid.shape) - 0.5))
    # Edge cells would draw roads along the frame.
    cost[[0, -1], :] += 3.0
    cost[:, [0, -1]] += 3.0
    return np.asarray(cost)


def _choose_links(villages: Floats) -> list[tuple[int, int, int]]:
    """Choose which villages are linked, and the rank of each link, 2 or 3.

    The minimum spanning tree of the Delaunay triangulation, whose branches that serve most villages are
    regional; then every other side of a triangle that saves a detour.
    """
    pairs = {
        (min(int(a), int(b)), max(int(a), int(b)))
        for triangle in Delaunay(villages).simplices
        for a, b in ((triangle[0], triangle[1]), (triangle[1], triangle[2]), (triangle[2], triangle[0]))
    }
    a, b = np.array(sorted(pairs)).T
    length = np.hypot(*(villages[a] - villages[b]).T)
    count = len(villages)
    tree = csgraph.minimum_spanning_tree(coo_matrix((length, (a, b)), shape=(count, count)))
    order, before = csgraph.breadth_first_order(tree, 0, directed=False)
    served = np.ones(count, dtype=int)
    for village in order[:0:-1]:
        served[before[village]] += served[village]
    links = [(int(before[v]), int(v), 2 if served[v] >= 5 else 3) for v in order[1:]]
    links.sort(key=lambda link: (link[2], link))
    built = np.full((count, count), np.inf)
    for i, j, _ in links:
        built[i, j] = built[j, i] = np.hypot(*(villages[i] - villages[j]))
    for k in np.argsort(length, kind="stable"):
        i, j = int(a[k]), int(b[k])
        today = csgraph.shortest_path(np.where(np.isinf(built), 0.0, built), indices=i)[j]
        if today > _DETOUR * length[k] and np.isinf(built[i, j]) and length[k] < 2.2 * np.median(length):
            built[i, j] = built[j, i] = length[k]
            links.append((i, j, 3))
    return links


def _draw_interchange(
    frame: Frame, motorway: shapely.LineString, main_roads: list[shapely.LineString]
) -> tuple[list[shapely.LineString], list[shapely.LineString], shapely.Point]:
    """Draw the two carriageways, and four slip roads where the first main road meets them."""
    axis = np.array(motorway.coords)
    sides = [offset_curve(axis, offset) for offset in (_HALF_GAP_M, -_HALF_GAP_M)]
    lines = clip_lines(np.array([shapely.LineString(side) for side in sides]), frame.box)
    carriageways = [part for parts in lines for part in parts]
    met = [(shapely.intersection(motorway, road), road) for road in main_roads]
    points = [(p, road) for shape, road in met for p in shapely.get_parts(shape) if p.geom_type == "Point"]
    junction, road = max(points, key=lambda found: (found[0].y, found[0].x))
    slips = []
    for carriageway in carriageways:
        for way in (-1.0, 1.0):
            at = carriageway.project(junction)
            start = carriageway.interpolate(at + way * 420.0)
            side = 1.0 if carriageway is carriageways[0] else -1.0
            here = road.project(junction)
            ends = [road.interpolate(np.clip(here + d, 0.0, road.length)) for d in (-130.0, 130.0)]
            # The slip ends on the road on its own side of the motorway.
            end = max(ends, key=lambda p: side * _side_of(axis, motorway, p))
            elbow = carriageway.interpolate(at + way * 120.0)
            points_xy = np.array([(start.x, start.y), (elbow.x, elbow.y), (end.x, end.y)])
            slips.append(shapely.LineString(soften(points_xy, rounds=0, corners=4)))
    return carriageways, slips, junction


def _side_of(axis: Floats, line: shapely.LineString, point: shapely.Point) -> float:
    """Tell how far a point lies to the left of a line [m]; negative to the right."""
    along = line.project(point)
    a, b = line.interpolate(along - 20.0), line.interpolate(along + 20.0)
    run = np.array([b.x - a.x, b.y - a.y])
    off = np.array([point.x - a.x, point.y - a.y])
    return float((run[0] * off[1] - run[1] * off[0]) / np.hypot(*run))


def _draw_railway(frame: Frame, river: River) -> GeoDataFrame:
    """Draw the railway along the northern edge of the plain."""
    import geopandas

    side = offset_curve(river.axis[::70], -430.0)
    smooth = soften(side, rounds=6, corners=2)
    parts = clip_lines(np.array([shapely.LineString(smooth)]), frame.box)[0]
    row = {"nature": "Voie ferrée principale", "nom": NAMES.railway, "largeur_m": 10.0}
    return geopandas.GeoDataFrame(
        [row] * len(parts), geometry=list(round_coordinates(np.array(parts))), crs=CRS
    )


def _road(nature: str, number: str, name: str, width: float) -> dict[str, object]:
    return {"nature": nature, "numero": number, "nom": name, "largeur_m": width}
