"""Land parcels: the ground between roads, waters and forest edges, divided again and again across its length.

Old property was divided so: each heir took a piece across the length of the field. The pieces are small in
the bocage and near the villages, large on the plateau, and their limits are where hedges stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from bocage.demo.forest import Forest
from bocage.demo.frame import Frame
from bocage.demo.noise import hash_places
from bocage.demo.relief import Relief
from bocage.demo.settlements import Settlements, measure_bocage, measure_woodiness

Floats = NDArray[np.float64]

_SEED = 53
_NARROWEST_M = 45.0
_MAX_ROUNDS = 16


@dataclass(frozen=True)
class Parcels:
    """Parcels, which fill the frame without overlap.

    Attributes
    ----------
    polygons : (n,) array of Polygon
    cuts : (m,) array of LineString
        Limits drawn by division; the other limits are roads, waters and forest edges.
    easting, northing : (n,) arrays
        A point inside each parcel.
    area : (n,) array
        [m²].
    in_forest : (n,) array of bool
        Inside the state forest.
    bocage : (n,) array
        How much each belongs to the bocage, 0 to 1.
    """

    polygons: NDArray[np.object_]
    cuts: NDArray[np.object_]
    easting: Floats
    northing: Floats
    area: Floats
    in_forest: NDArray[np.bool_]
    bocage: Floats


def divide_ground(
    frame: Frame, lines: list[shapely.Geometry], relief: Relief, forest: Forest, homes: Settlements
) -> Parcels:
    """Divide the frame into parcels.

    Parameters
    ----------
    lines : list of LineString
        Roads, railways and waters.
    """
    limits = [*lines, shapely.boundary(forest.outline), shapely.box(*frame.box).exterior]
    web = shapely.union_all(np.array(limits, dtype=object))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(web)))
    faces = faces[shapely.area(faces) > 100.0]
    polygons, cuts = _divide(frame, faces, relief, forest, homes)

    inside = shapely.point_on_surface(polygons)
    easting, northing = shapely.get_x(inside), shapely.get_y(inside)
    # Reading order, whatever order the polygons came in.
    order = np.lexsort((easting, -np.round(northing)))
    shapely.prepare(forest.outline)
    return Parcels(
        polygons=polygons[order],
        cuts=cuts,
        easting=easting[order],
        northing=northing[order],
        area=shapely.area(polygons)[order],
        in_forest=shapely.contains(forest.outline, inside[order]),
        bocage=measure_bocage(frame, easting[order], northing[order]),
    )


def _divide(
    frame: Frame, faces: NDArray[np.object_], relief: Relief, forest: Forest, homes: Settlements
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Halve every piece larger than what its country wants, round after round."""
    done: list[NDArray[np.object_]] = []
    cuts: list[NDArray[np.object_]] = []
    shapely.prepare(forest.outline)
    pieces = faces
    for _ in range(_MAX_ROUNDS):
        centre = shapely.point_on_surface(pieces)
        easting, northing = shapely.get_x(centre), shapely.get_y(centre)
        wanted = _wanted_area(frame, easting, northing, relief, forest, homes)
        chance = hash_places(_SEED, easting, northing)
        boxes = shapely.get_coordinates(shapely.minimum_rotated_rectangle(pieces)).reshape(-1, 5, 2)
        first, second = boxes[:, 1] - boxes[:, 0], boxes[:, 2] - boxes[:, 1]
        long_side = np.maximum(np.hypot(*first.T), np.hypot(*second.T))
        large = (shapely.area(pieces) > wanted * (0.65 + 0.9 * chance)) & (long_side > 2.2 * _NARROWEST_M)
        done.append(pieces[~large])
        if not large.any():
            break
        halves, drawn = _halve(pieces[large], boxes[large], 0.38 + 0.24 * chance[large])
        cuts.append(drawn)
        pieces = halves
    else:
        done.append(pieces)
    return np.concatenate(done), np.concatenate(cuts)


def _halve(
    pieces: NDArray[np.object_], boxes: Floats, share: Floats
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Cut each piece across its length, at a share of it."""
    first, second = boxes[:, 1] - boxes[:, 0], boxes[:, 2] - boxes[:, 1]
    along_first = (np.hypot(*first.T) >= np.hypot(*second.T))[:, None]
    along, across = np.where(along_first, first, second), np.where(along_first, second, first)
    origin = np.where(along_first, boxes[:, 0], boxes[:, 1])
    across = np.where(along_first, across, -across)
    at = origin + along * share[:, None]
    # Beyond the box on all sides, so that rounding leaves nothing out.
    ends = np.stack([at - 0.1 * across, at + 1.1 * across], axis=1)
    back, forth = -0.1 * along, along * (1.1 - share)[:, None]
    near = np.stack([ends[:, 0], ends[:, 1], ends[:, 1] + back - along * share[:, None],
                     ends[:, 0] + back - along * share[:, None]], axis=1)  # fmt: skip
    far = np.stack([ends[:, 0], ends[:, 1], ends[:, 1] + forth, ends[:, 0] + forth], axis=1)
    both = np.concatenate([
        shapely.intersection(pieces, shapely.polygons(near)),
        shapely.intersection(pieces, shapely.polygons(far)),
    ])  # fmt: skip
    parts = shapely.get_parts(both)
    parts = parts[(shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > 1.0)]
    lines = shapely.get_parts(shapely.intersection(shapely.linestrings(ends), pieces))
    return parts, lines[shapely.length(lines) > 15.0]


def _wanted_area(
    frame: Frame, easting: Floats, northing: Floats, relief: Relief, forest: Forest, homes: Settlements
) -> Floats:
    """Give the area of a parcel that each place's country wants [m²]."""
    bocage = measure_bocage(frame, easting, northing)
    wanted = 17_000.0 + 115_000.0 * np.clip(1.0 - 1.35 * bocage, 0.0, 1.0)
    plain = relief.sample(relief.plain, easting, northing) < 1.0
    wanted = np.where(plain, 26_000.0, wanted)
    away, nearest = cKDTree(homes.villages).query(np.column_stack([easting, northing]))
    close = away < 1.6 * homes.radius[nearest] + 150.0
    wanted = np.where(close, np.minimum(wanted, 9_000.0), wanted)
    # Woods have crooked edges: their ground is divided as finely as their neighbours allow.
    wanted = np.where(
        measure_woodiness(relief, easting, northing) > 0.36, np.minimum(wanted, 24_000.0), wanted
    )
    in_forest = shapely.contains(forest.outline, shapely.points(easting, northing))
    return np.where(in_forest, 100_000.0, wanted)
