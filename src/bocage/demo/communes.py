"""Communes: the ground nearest to each village, as people walked before there were bridges.

Limits follow parcels, and often streams, because crossing water costs time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes as trace_shapes
from rasterio.transform import Affine
from scipy import ndimage
from scipy.sparse import csgraph

from bocage.demo.cover import Ground
from bocage.demo.frame import CRS, Frame
from bocage.demo.names import NAMES
from bocage.demo.noise import smooth_noise
from bocage.demo.parcels import Parcels
from bocage.demo.relief import Relief, grid_graph
from bocage.demo.settlements import Settlements, measure_bocage

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Labels = NDArray[np.int32]

COUNT = 14
"""Communes of the territory; the villages beyond belong to neighbours and are left out."""

_SEED = 97
_THINNING = 2
_TOLERANCE_M = 28.0
_ROOM_M = 2600.0
_EXCLAVE_M = 430.0
_EPCI_CENTRES = ((0.33, 0.72), (0.66, 0.58), (0.45, 0.28))


def draw_communes(
    frame: Frame,
    relief: Relief,
    forest: shapely.Geometry,
    parcels: Parcels,
    ground: Ground,
    homes: Settlements,
) -> GeoDataFrame:
    """Draw the communes around the middle of the frame.

    Returns
    -------
    GeoDataFrame
        ``insee`` (department 00, which does not exist), ``nom`` and ``epci``, the intercommunality; the
        polygons share their limits vertex for vertex, and one commune has a second part inside a neighbour.
    """
    import geopandas

    labels = _label_parcels(frame, relief, parcels, homes)
    chosen = _choose_villages(frame, parcels, labels, homes)
    rank = np.zeros(len(homes.villages) + 1, dtype=np.int32)
    rank[chosen + 1] = np.arange(1, len(chosen) + 1)
    of_parcel = rank[labels + 1].astype(np.int32)

    thin = ground.parcel[::_THINNING, ::_THINNING]
    raster = _keep_main_parts(of_parcel[thin])
    raster = _detach_part(raster, parcels, thin, frame)
    cell = ground.grid.cell * _THINNING
    transform = Affine(cell, 0.0, ground.grid.west, 0.0, -cell, ground.grid.north)
    parts: dict[int, list[shapely.Polygon]] = {}
    for shape, value in trace_shapes(raster, mask=raster > 0, transform=transform):
        polygon = shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:])
        parts.setdefault(int(value), []).append(polygon)
    shapes = [shapely.union_all(parts[number]) for number in sorted(parts)]
    # Neighbours need the same vertices where three communes meet.
    shapes = list(shapely.coverage_simplify(shapely.segmentize(np.array(shapes), cell), _TOLERANCE_M))
    names = _name_communes(frame, relief, forest, homes.villages[chosen])
    codes = {name: f"{number:05d}" for number, name in enumerate(sorted(names, key=_sort_key), start=1)}
    epcis = [NAMES.epcis[number] for number in _group_villages(frame, homes.villages[chosen])]
    table = geopandas.GeoDataFrame(
        {"insee": [codes[name] for name in names], "nom": names, "epci": epcis}, geometry=shapes, crs=CRS
    )
    return table.sort_values("insee", ignore_index=True)


def _label_parcels(frame: Frame, relief: Relief, parcels: Parcels, homes: Settlements) -> Labels:
    """Give each parcel the village from which it is reached soonest."""
    grid = frame.coarse
    easting, northing = grid.centre(*np.indices(grid.shape))
    cost = np.exp(0.75 * smooth_noise(easting, northing, 1700.0, _SEED))
    cost += 2.5 * (relief.inside(relief.drained) > 2.0) + 5.0 * (relief.inside(relief.drained) > 60.0)
    cost += 1.6 * (relief.inside(relief.plain) < 0.2)
    row, col = grid.row_col(homes.villages[:, 0], homes.villages[:, 1])
    seats = row * grid.ncols + col
    _, _, seat = csgraph.dijkstra(
        grid_graph(cost), directed=False, indices=seats, min_only=True, return_predecessors=True
    )
    village = np.full(grid.size, -1, dtype=np.int32)
    village[seats] = np.arange(len(seats))
    row, col = grid.row_col(parcels.easting, parcels.northing)
    return np.asarray(village[seat][row * grid.ncols + col])


def _choose_villages(frame: Frame, parcels: Parcels, labels: Labels, homes: Settlements) -> NDArray[np.int64]:
    """Choose the town, then the villages nearest to the middle whose ground stops short of the frame."""
    west, south, east, north = frame.box
    x, y = parcels.easting, parcels.northing
    edge = np.minimum(np.minimum(x - west, east - x), np.minimum(y - south, north - y))
    room = np.full(len(homes.villages), np.inf)
    np.minimum.at(room, labels, edge)
    share_east, share_north = frame.shares(homes.villages[:, 0], homes.villages[:, 1])
    away = np.hypot(share_east - 0.48, share_north - 0.52)
    away[room < _ROOM_M * frame.scale] += 10.0
    away[0] = 0.0
    order = np.argsort(away, kind="stable")
    return np.asarray(order[: min(COUNT, int((away < 10.0).sum()))])


def _name_communes(
    frame: Frame, relief: Relief, forest: shapely.Geometry, villages: NDArray[np.float64]
) -> list[str]:
    """Name each commune by where its village stands: river, forest edge, bocage or plateau."""
    x, y = villages[:, 0], villages[:, 1]
    on_river = relief.sample(relief.plain, x, y) < 3.2
    by_forest = np.asarray(shapely.distance(shapely.points(x, y), forest)) < 1700.0 * frame.scale
    in_bocage = measure_bocage(frame, x, y) > 0.4
    left = {site: list(names) for site, names in NAMES.villages.items()}
    names = [NAMES.town]
    for i in range(1, len(villages)):
        site = (
            "forest" if by_forest[i] else "river" if on_river[i] else "bocage" if in_bocage[i] else "plateau"
        )
        # Any name will do once those of the site are given.
        pool = left[site] or max(left.values(), key=len)
        names.append(pool.pop(0))
    return names


def _group_villages(frame: Frame, villages: NDArray[np.float64]) -> list[int]:
    """Group the communes by the nearest of three centres: forest, river and plateau."""
    east, north = frame.shares(villages[:, 0], villages[:, 1])
    centres = np.array(_EPCI_CENTRES)
    away = np.hypot(east[:, None] - centres[:, 0], north[:, None] - centres[:, 1])
    return [int(number) for number in np.argmin(away, axis=1)]


def _keep_main_parts(raster: Labels) -> Labels:
    """Give to a neighbour every piece cut off from the main part of its commune, and every hole."""
    clean = np.zeros_like(raster)
    settled = np.zeros(raster.shape, dtype=bool)
    for number in range(int(raster.max()) + 1):
        pieces, _ = ndimage.label(raster == number)
        main = np.argmax(np.bincount(pieces.ravel())[1:]) + 1
        settled |= pieces == main
        clean[pieces == main] = number
    nearest = ndimage.distance_transform_edt(~settled, return_distances=False, return_indices=True)
    return np.asarray(clean[tuple(nearest)])


def _detach_part(raster: Labels, parcels: Parcels, thin: NDArray[np.int32], frame: Frame) -> Labels:
    """Give some parcels in the middle of one commune to another, as history did."""
    cell = frame.fine.cell * _THINNING
    room = (_EXCLAVE_M + 330.0) * max(frame.scale, 0.55) ** 2
    for owner in range(2, int(raster.max()) + 1):
        away = ndimage.distance_transform_edt(raster != owner) * cell
        for host in range(2, int(raster.max()) + 1):
            if host == owner:
                continue
            deep = ndimage.distance_transform_edt(raster == host) * cell
            seats = (deep > room) & (away < 2.2 * room)
            if not seats.any():
                continue
            row, col = np.unravel_index(int(np.argmax(np.where(seats, deep, 0.0))), raster.shape)
            x, y = frame.fine.west + (col + 0.5) * cell, frame.fine.north - (row + 0.5) * cell
            near = np.hypot(parcels.easting - x, parcels.northing - y) < _EXCLAVE_M * max(frame.scale, 0.55)
            near &= parcels.area < 200_000.0
            part = near[thin] & (raster == host) & (deep > 0.25 * room)
            pieces, _ = ndimage.label(ndimage.binary_opening(part, iterations=2))
            if not pieces.any():
                continue
            main = np.argmax(np.bincount(pieces.ravel())[1:]) + 1
            detached = raster.copy()
            detached[ndimage.binary_fill_holes(pieces == main)] = owner
            return detached
    return raster


def _sort_key(name: str) -> str:
    """Sort as an index does: without accents, ligatures apart."""
    import unicodedata

    plain = name.replace("Œ", "Oe").replace("œ", "oe")
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
