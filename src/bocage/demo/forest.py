"""The state forest: an organic outline on both sides of the motorway, clearings, and rides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes as trace_shapes
from rasterio.transform import Affine
from scipy import ndimage

from bocage.demo.curves import soften
from bocage.demo.frame import Frame
from bocage.demo.noise import smooth_noise
from bocage.grid import Grid

Floats = NDArray[np.float64]

_SEED = 37
_HEART = (0.405, 0.770)
_LOBE = (0.575, 0.800)
_CLEARINGS = ((0.355, 0.80, 330.0), (0.455, 0.735, 420.0), (0.425, 0.855, 260.0))


@dataclass(frozen=True)
class Forest:
    """The state forest.

    Attributes
    ----------
    outline : Polygon or MultiPolygon
        Clearings are holes in it.
    clearings : MultiPolygon
    rides : list of LineString
        Straight, from a star in the middle and across the compartments.
    """

    outline: shapely.Geometry
    clearings: shapely.Geometry
    rides: list[shapely.LineString]


def draw_forest(frame: Frame) -> Forest:
    """Draw the forest: two lobes blended and eroded by noise, holed by clearings, crossed by rides."""
    grid = frame.coarse
    easting, northing = grid.centre(*np.indices(grid.shape))
    east, north = frame.shares(easting, northing)
    heart = np.hypot((east - _HEART[0]) / 0.150, (north - _HEART[1]) / 0.122)
    lobe = np.hypot((east - _LOBE[0]) / 0.070, (north - _LOBE[1]) / 0.066)
    neck = np.hypot((east - 0.53) / 0.07, (north - 0.795) / 0.055)
    depth = 1.0 - np.minimum(np.minimum(heart, lobe), neck)
    depth += 0.42 * smooth_noise(easting, northing, 1500.0, _SEED, octaves=4)
    outline = outline_field(depth, grid)
    outline = max(shapely.get_parts(outline), key=lambda part: part.area)
    outline = shapely.Polygon(outline.exterior)

    clearings = []
    for number, (share_east, share_north, radius) in enumerate(_CLEARINGS):
        x, y = frame.place([(share_east, share_north)])[0]
        away = np.hypot(easting - x, northing - y) / (radius * max(frame.scale, 0.7))
        field = 1.0 - away + 0.35 * smooth_noise(easting, northing, 500.0, _SEED + 7 + number, octaves=2)
        clearings.append(outline_field(field, grid))
    holes = shapely.intersection(shapely.union_all(clearings), shapely.buffer(outline, -60.0))
    return Forest(shapely.difference(outline, holes), holes, _draw_rides(frame, outline))


def outline_field(
    field: Floats, grid: Grid, *, smallest: float = 20_000.0, finer: int = 3
) -> shapely.Geometry:
    """Outline where a field on a grid is positive, as smooth polygons.

    Parameters
    ----------
    field : (nrows, ncols) array
    smallest : float
        Smaller polygons are left out [m²].
    finer : int
        Cells into which each side of a cell is cut before outlining.

    Returns
    -------
    MultiPolygon
        Empty where nothing is positive.
    """
    zoomed = ndimage.zoom(field, finer, order=1, mode="nearest", grid_mode=True) if finer > 1 else field
    inside = zoomed > 0.0
    cell = grid.cell / finer
    transform = Affine(cell, 0.0, grid.west, 0.0, -cell, grid.north)
    polygons = []
    for shape, _ in trace_shapes(inside.astype(np.uint8), mask=inside, transform=transform):
        polygon = shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:])
        if polygon.area < smallest:
            continue
        coarse = shapely.simplify(polygon, 1.2 * cell)
        rings = [_round_ring(np.array(ring.coords)) for ring in (coarse.exterior, *coarse.interiors)]
        rounded = shapely.make_valid(shapely.Polygon(rings[0], rings[1:]))
        polygons += [p for p in shapely.get_parts(rounded) if p.geom_type == "Polygon" and p.area >= smallest]
    return shapely.multipolygons(polygons) if polygons else shapely.MultiPolygon()


def _round_ring(ring: Floats) -> Floats:
    """Cut the corners of a closed ring."""
    smooth = soften(np.vstack([ring[-2], ring, ring[1]]), rounds=0, corners=2)[4:-4]
    return np.asarray(np.round(np.vstack([smooth, smooth[:1]]), 1), dtype=float)


def _draw_rides(frame: Frame, outline: shapely.Polygon) -> list[shapely.LineString]:
    """Draw a star of eight rides and two families of parallel ones, inside the forest."""
    centre = frame.place([(_HEART[0], _HEART[1])])[0]
    length = 0.25 * frame.width
    rides = []
    for turn in np.arange(4) * np.pi / 4 + 0.22:
        arm = length * np.array([np.cos(turn), np.sin(turn)])
        rides.append(shapely.LineString([centre - arm, centre + arm]))
    along = np.array([np.cos(0.22), np.sin(0.22)])
    across = np.array([-along[1], along[0]])
    for step in (-2, -1, 1, 2):
        for run, side in ((along, across), (across, along)):
            middle = centre + side * step * 900.0 * max(frame.scale, 0.6)
            rides.append(shapely.LineString([middle - run * length, middle + run * length]))
    inside = shapely.intersection(np.array(rides), shapely.buffer(outline, -15.0))
    parts = [part for part in shapely.get_parts(inside) if part.geom_type == "LineString"]
    return [part for part in parts if part.length > 250.0]
