"""Use of the land: what each parcel bears, from the wet low ground up to the dry slopes, as OSO codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from bocage.demo.frame import Frame
from bocage.demo.noise import hash_places, smooth_noise
from bocage.demo.parcels import Parcels
from bocage.demo.relief import Relief
from bocage.demo.settlements import Settlements, measure_woodiness

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_SEED = 61


class Oso(IntEnum):
    """Codes of the OSO land cover (CESBIO, 23 classes, since 2018) that the territory uses."""

    DENSE_BUILT = 1
    SPARSE_BUILT = 2
    INDUSTRIAL = 3
    ROAD = 4
    RAPE = 5
    STRAW_CEREALS = 6
    PROTEIN_CROPS = 7
    MAIZE = 10
    ROOTS = 12
    GRASSLAND = 13
    ORCHARD = 14
    BROADLEAF = 16
    CONIFER = 17
    LAWN = 18
    HEATH = 19
    MINERAL = 20
    WATER = 23


CROPS = (Oso.STRAW_CEREALS, Oso.RAPE, Oso.ROOTS, Oso.MAIZE, Oso.PROTEIN_CROPS)
_PLATEAU_SHARES = (0.46, 0.16, 0.18, 0.12, 0.08)
_BOCAGE_SHARES = (0.42, 0.04, 0.02, 0.52, 0.00)


@dataclass(frozen=True)
class Uses:
    """Use of each parcel.

    Attributes
    ----------
    code : (n,) array of uint8
        OSO code.
    marsh, peat, pasture, quarry : (n,) arrays of bool
        What OSO cannot tell: marsh, peat bog, wet meadow, working quarry.
    """

    code: NDArray[np.uint8]
    marsh: Bools
    peat: Bools
    pasture: Bools
    quarry: Bools


def use_parcels(frame: Frame, relief: Relief, parcels: Parcels, homes: Settlements) -> Uses:
    """Give each parcel its use, from the wet low ground up to the dry slopes."""
    x, y = parcels.easting, parcels.northing
    chance, second = hash_places(_SEED, x, y), hash_places(_SEED + 1, x, y)
    plain = relief.sample(relief.plain, x, y)
    slope = relief.sample(relief.slope, x, y)
    drained = relief.sample(relief.drained, x, y)
    to_village, nearest = cKDTree(homes.villages).query(np.column_stack([x, y]))
    outskirts = to_village / homes.radius[nearest]
    bocage = parcels.bocage

    code = np.where(
        chance < 0.16 + 0.62 * bocage,
        np.uint8(Oso.GRASSLAND),
        _draw_crop(second, bocage),
    ).astype(np.uint8)
    code[(outskirts < 2.6) & (outskirts > 0.7) & (second < 0.03 + 0.09 * bocage)] = Oso.ORCHARD

    # Woods cling to slopes and to poor ground far from villages.
    wooded = measure_woodiness(relief, x, y)
    wooded += 0.10 * bocage - np.where(outskirts < 1.6, 0.5, 0.0) + 0.14 * (chance - 0.5)
    woods = (wooded > 0.56) & (plain > 1.0)
    code[woods] = np.where(second[woods] < 0.14, Oso.CONIFER, Oso.BROADLEAF)
    # Dry grassland on the steep southern side, heath on sand above the forest.
    north_facing_valley = (plain > 1.0) & (plain < 5.5) & (slope > 0.030) & (bocage < 0.6)
    code[north_facing_valley & ~woods & (smooth_noise(x, y, 1300.0, _SEED + 3) > 0.05)] = Oso.LAWN
    east, north = frame.shares(x, y)
    sand = smooth_noise(x, y, 1500.0, _SEED + 4) - 1.6 * np.hypot(east - 0.36, north - 0.79)
    sandy = (sand > 0.30) & ~parcels.in_forest & (outskirts > 1.5)
    code[sandy] = np.where(
        chance[sandy] < 0.72, Oso.HEATH, np.where(second[sandy] < 0.5, Oso.BROADLEAF, Oso.GRASSLAND)
    )

    code[parcels.in_forest] = np.where(
        smooth_noise(x, y, 1500.0, _SEED + 5)[parcels.in_forest] > 0.42, Oso.CONIFER, Oso.BROADLEAF
    )
    code[parcels.in_forest & (second < 0.035)] = Oso.HEATH

    wet = plain < 1.0
    soaked = smooth_noise(x, y, 1500.0, _SEED + 6) + 0.35 * (0.6 - plain)
    marsh = wet & (soaked > 0.42) & (outskirts > 0.8)
    code[wet & (code != Oso.ORCHARD)] = Oso.GRASSLAND
    code[wet & ~marsh & (second > 0.86)] = Oso.MAIZE
    code[wet & (chance < 0.15)] = Oso.BROADLEAF  # poplars, alders
    valley = (drained > 2.0) & (plain > 1.0) & ~parcels.in_forest
    code[valley & (chance < 0.7)] = Oso.GRASSLAND
    marsh |= valley & (parcels.area < 40_000.0) & (soaked > 0.42) & (outskirts > 2.0)
    peat = parcels.in_forest & (drained > 1.0) & (smooth_noise(x, y, 1200.0, _SEED + 7) > 0.25)
    peat &= parcels.area < 120_000.0
    code[peat] = Oso.HEATH
    marsh &= ~peat & (code != Oso.MAIZE)
    code[marsh & (code != Oso.BROADLEAF)] = Oso.GRASSLAND

    quarry = _site_quarries(frame, parcels, outskirts, plain)
    code[quarry] = Oso.MINERAL
    pasture = (wet | valley) & (code == Oso.GRASSLAND) & ~marsh
    return Uses(code, marsh & ~quarry, peat & ~quarry, pasture, quarry)


def _draw_crop(chance: Floats, bocage: Floats) -> NDArray[np.uint8]:
    """Draw the crop of each parcel: cereals and roots on the plateau, maize in the bocage."""
    shares = np.where(bocage[:, None] > 0.4, _BOCAGE_SHARES, _PLATEAU_SHARES)
    drawn = (chance[:, None] >= np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    return np.asarray(np.array(CROPS, dtype=np.uint8)[drawn])


def _site_quarries(frame: Frame, parcels: Parcels, outskirts: Floats, plain: Floats) -> Bools:
    """Open a quarry on the southern slope, and a smaller one in the north."""
    chosen = np.zeros(len(outskirts), dtype=bool)
    for share_east, share_north, radius in ((0.28, 0.325, 300.0), (0.80, 0.70, 180.0)):
        x, y = frame.place([(share_east, share_north)])[0]
        away = np.hypot(parcels.easting - x, parcels.northing - y)
        free = (outskirts > 2.0) & (plain > 1.0) & ~parcels.in_forest & (parcels.area > 4000.0)
        seat = int(np.argmin(np.where(free, away, np.inf)))
        away = np.hypot(parcels.easting - parcels.easting[seat], parcels.northing - parcels.northing[seat])
        chosen |= free & (away <= radius * max(frame.scale, 0.7))
    return chosen
