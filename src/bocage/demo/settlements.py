"""Settlements: a town on the river, villages where people would have settled, hamlets between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from bocage.demo.frame import Frame, burn
from bocage.demo.noise import hash_places, hash_unit, smooth_noise
from bocage.demo.relief import Relief

Floats = NDArray[np.float64]

_SEED = 41
_TOWN = (0.400, 0.462)
_VILLAGE_SPACING_M = 3050.0
_HAMLET_SPACING_M = 950.0


@dataclass(frozen=True)
class Settlements:
    """Where people live.

    Attributes
    ----------
    villages : (n, 2) array
        Eastings and northings [m]; the town comes first.
    radius : (n,) array
        Of the built-up ground, about [m].
    hamlets : (m, 2) array
    """

    villages: Floats
    radius: Floats
    hamlets: Floats


def measure_bocage(frame: Frame, easting: Floats, northing: Floats) -> Floats:
    """Say how much a place belongs to the bocage, from 0 on the open plateau to 1.

    The bocage lies north of the river, thickest in the east; the southern plateau is open.
    """
    east, north = frame.shares(easting, northing)
    north_side = np.clip((north - 0.47 - 0.10 * (east - 0.5)) * 9.0 + 0.5, 0.0, 1.0)
    west_wanes = 1.0 - 0.55 * np.clip((0.34 - east) * 4.0, 0.0, 1.0)
    noise = 0.30 * smooth_noise(easting, northing, 3600.0, _SEED + 2)
    # The valley sides of the south keep some hedges.
    floor = 0.10
    return np.asarray(
        np.clip(floor + 0.9 * north_side * west_wanes + noise * (0.3 + 0.7 * north_side), 0.0, 1.0)
    )


def measure_woodiness(relief: Relief, easting: Floats, northing: Floats) -> Floats:
    """Say how much a place outside the state forest calls for wood: above 0.56 it is wooded."""
    slope = relief.sample(relief.slope, easting, northing)
    return smooth_noise(easting, northing, 1900.0, _SEED + 4, octaves=3) + 4.2 * np.minimum(slope, 0.11)


def settle(
    frame: Frame, relief: Relief, forest: shapely.Geometry, motorway: shapely.LineString
) -> Settlements:
    """Place the town, the villages and the hamlets.

    Each site has a worth: gentle ground near water but out of its reach, away from forest and motorway.
    Sites are taken from the best down, never nearer to one another than a spacing.
    """
    grid = frame.coarse
    easting, northing = (a.ravel() for a in grid.centre(*np.indices(grid.shape)))
    chance = hash_unit(_SEED, np.arange(grid.size))
    easting = easting + 80.0 * (chance - 0.5)
    height = relief.inside(relief.height).ravel()
    wet = relief.inside(relief.drained) > 2.0
    water = ndimage.distance_transform_edt(~wet).ravel() * grid.cell
    plain = relief.inside(relief.plain).ravel()
    near_edge = np.minimum(
        np.minimum(easting - frame.box[0], frame.box[2] - easting),
        np.minimum(northing - frame.box[1], frame.box[3] - northing),
    )
    to_forest, to_motorway = (
        (
            ndimage.distance_transform_edt(burn(grid, [(shape, 1)], np.uint8, all_touched=True) == 0)
            * grid.cell
        ).ravel()
        for shape in (forest, motorway)
    )
    allowed = (plain > 1.0) & (to_forest > 250.0) & (to_motorway > 550.0) & (near_edge > 350.0)
    worth = smooth_noise(easting, northing, 1500.0, _SEED + 1) - 9.0 * relief.inside(relief.slope).ravel()
    worth = worth - np.clip(water - 450.0, 0.0, 1500.0) / 1200.0 - np.where(water < 130.0, 0.5, 0.0)
    worth = worth + np.where(height > 4.0, 0.2, 0.0) + 0.05 * chance

    town = frame.place([_TOWN])
    spacing = _VILLAGE_SPACING_M * frame.scale
    villages = _take_best(
        town, easting, northing, np.where(allowed, worth, -np.inf), np.full(grid.size, spacing)
    )
    size = hash_places(_SEED + 3, villages[:, 0], villages[:, 1])
    radius = (190.0 + 240.0 * size**2) * max(frame.scale, 0.7)
    radius[0] = 1500.0 * frame.scale**0.5

    bocage = measure_bocage(frame, easting, northing)
    apart = _HAMLET_SPACING_M * (1.0 + 2.2 * np.clip(0.75 - bocage, 0.0, 1.0))
    to_village = cKDTree(villages).query(np.column_stack([easting, northing]))[0]
    to_town = np.hypot(easting - town[0, 0], northing - town[0, 1])
    free = allowed & (to_village > 750.0 * max(frame.scale, 0.6)) & (to_town > 1.25 * radius[0] + 350.0)
    hamlets = _take_best(np.empty((0, 2)), easting, northing, np.where(free, chance + worth, -np.inf), apart)
    return Settlements(villages, radius, hamlets)


def _take_best(first: Floats, easting: Floats, northing: Floats, worth: Floats, apart: Floats) -> Floats:
    """Take sites from the best down, each farther than its spacing from all taken before."""
    free = ~np.isneginf(worth)
    for x, y in first:
        free &= np.hypot(easting - x, northing - y) > apart
    taken = list(first)
    for i in np.argsort(-worth, kind="stable"):
        if free[i]:
            taken.append(np.array([easting[i], northing[i]]))
            free &= np.hypot(easting - easting[i], northing - northing[i]) > apart
    return np.round(np.array(taken).reshape(-1, 2), 1)
