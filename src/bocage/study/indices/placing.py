"""Patches of any graph laid on cells: where they are, how far apart, and what a metre costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.landscape import Dispersal
from bocage.errors import CRSError, DataError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.study.indices.model import GraphInput, IndicesOptions

if TYPE_CHECKING:
    from bocage.resistance.surface import ResistanceSurface

Shapes = NDArray[np.object_]

MOST_CELLS = 1_000_000
_SIDES = (1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0, 200.0, 250.0, 500.0, 1000.0, 2000.0, 5000.0)
_CODES = 65_000


@dataclass(frozen=True)
class Placed:
    """Patches on cells.

    Attributes
    ----------
    grid : Grid
    patches : (rows, columns) array of int32
        Place of each patch plus 1; 0 elsewhere.
    shapes : (n,) array of shapely geometries
    surface : ResistanceSurface or None
        Cost of the ground, where a raster of it was given.
    rate : float
        Cost of a metre: 1 over a surface, whose costs are those of links.
    """

    grid: Grid
    patches: NDArray[np.int32]
    shapes: Shapes
    surface: ResistanceSurface | None
    rate: float

    def scale(self, dispersal: Dispersal) -> Dispersal:
        """Give the dispersal by distance [m], or by cost over the surface."""
        return Dispersal(dispersal.distance / self.rate, dispersal.probability)


def list_shapes(source: GraphInput, why: str) -> Shapes:
    """Give the shape of each patch, or its point.

    Raises
    ------
    DataError
        Nothing says where patches are; ``why`` begins the sentence.
    """
    import shapely

    if source.patches is not None:
        return np.asarray(source.patches.geometry.to_numpy(), dtype=object)
    if source.graph.position is not None:
        return np.asarray(shapely.points(source.graph.position), dtype=object)
    raise DataError(
        f"{why}, and nothing says where these are; give patches with a geometry, or columns x and y."
    )


def find_rate(source: GraphInput) -> float:
    """Give the median cost of a metre of today's links, from edge to edge; 1 where there are none."""
    import shapely

    graph = source.graph
    if not graph.link_count:
        return 1.0
    shapes = list_shapes(source, "The cost of a metre is that of links between patches")
    straight = shapely.distance(shapes[graph.start], shapes[graph.end])
    far = (straight > 0) & (graph.cost > 0)
    return float(np.median(graph.cost[far] / straight[far])) if far.any() else 1.0


def place_patches(
    source: GraphInput, options: IndicesOptions, crs: str, why: str, journal: Journal
) -> Placed:
    """Lay patches on the cells of the resistance given, else on a grid around them.

    The grid reaches beyond patches as far as the dispersal, and has at most a million cells.

    Raises
    ------
    DataError
        Nothing says where patches are, or none is on the raster.
    CRSError
        The coordinate system is not known.
    InputError
        The raster cannot be read.
    """
    import shapely

    shapes = list_shapes(source, why)
    if not crs:
        raise CRSError(
            f"{why}, whose coordinate system is not known; give it with --crs, as EPSG:2154 in metropolitan "
            "France."
        )
    surface, rate = None, 1.0
    if options.resistance is not None:
        surface = read_resistance(options.resistance, crs, journal)
        grid = surface.grid
    else:
        rate = find_rate(source)
        grid = _lay_grid(shapely.total_bounds(shapes), source.dispersal.distance / rate, crs)
    patches = draw_numbers(shapes, grid)
    if not patches.any():
        raise DataError(
            f"None of the {len(shapes)} patches lies on the raster of the resistance; give both of one place."
        )
    return Placed(grid, patches, shapes, surface, rate)


def draw_numbers(shapes: Shapes, grid: Grid) -> NDArray[np.int32]:
    """Draw shapes on cells, numbered from 1: those whose centre it holds, or that it touches."""
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    found = np.zeros(grid.shape, np.int32)
    where = Affine(*grid.affine)
    pairs = [(shape, number) for number, shape in enumerate(shapes, start=1) if not shape.is_empty]
    if not pairs:
        return found
    # Small patches last and by all cells they touch, so that none is lost.
    rasterize(pairs, out=found, transform=where)
    held = np.bincount(found.ravel(), minlength=len(shapes) + 1)
    lost = [(shape, number) for shape, number in pairs if not held[number]]
    if lost:
        rasterize(lost, out=found, transform=where, all_touched=True)
    return found


def read_resistance(path: Path, crs: str, journal: Journal) -> ResistanceSurface:
    """Read a raster of the cost of a metre; no data, and what is not above 0, cannot be crossed.

    Raises
    ------
    InputError
        The raster cannot be read, nothing in it is above 0, or it has more than 65 000 values.
    """
    from bocage.errors import InputError
    from bocage.resistance.surface import ResistanceSurface
    from bocage.study.indices.ground_inputs import lay_grid, read_cells

    grid = lay_grid(path, crs)
    raster = read_cells(path, grid, journal)
    cost: NDArray[Any] = np.asarray(raster.values, np.float64)
    open_ground = raster.valid & np.isfinite(cost) & (cost > 0)
    values, codes = np.unique(cost[open_ground], return_inverse=True)
    if not 0 < len(values) <= _CODES:
        what = "no cell above 0" if not len(values) else f"{len(values)} different values"
        raise InputError(
            f"'{path.name}' holds {what}; give a raster of the cost of a metre, of 1 to {_CODES} values, "
            "rounded if need be."
        )
    numbers = np.zeros(grid.shape, np.uint16)
    numbers[open_ground] = codes + 1
    return ResistanceSurface(grid, numbers, np.concatenate([[np.inf], values]))


def _lay_grid(bounds: Any, reach: float, crs: str) -> Grid:
    west, south, east, north = (float(side) for side in bounds)
    margin = min(reach, 0.25 * max(east - west, north - south, 4 * _SIDES[0]))
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    area = (east - west) * (north - south)
    side = next((one for one in _SIDES if area / one**2 <= MOST_CELLS), math.sqrt(area / MOST_CELLS))
    return Grid.covering((west, south, east, north), side, crs)
