"""Zonings of biodiversity: what naturalists and the State would have drawn around the best ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from bocage.demo.cover import Ground
from bocage.demo.forest import Forest, outline_field
from bocage.demo.frame import CRS, Frame
from bocage.demo.names import NAMES
from bocage.demo.noise import smooth_noise
from bocage.demo.parcels import Parcels
from bocage.demo.uses import Oso
from bocage.grid import Grid

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Bools = NDArray[np.bool_]

_THINNING = 4
_BLUR = 1.6
_SEED = 109


@dataclass(frozen=True)
class Zonings:
    """Zonings, each a table of polygons with ``nom`` and more."""

    znieff1: GeoDataFrame
    znieff2: GeoDataFrame
    natura2000: GeoDataFrame
    reserve: GeoDataFrame
    state_forest: GeoDataFrame
    wetlands: GeoDataFrame


def draw_zonings(frame: Frame, parcels: Parcels, ground: Ground, forest: Forest) -> Zonings:
    """Draw the zonings around marshes, heaths, dry slopes, old woods and dense bocage."""
    x, y = parcels.easting, parcels.northing
    east, north = frame.shares(x, y)
    heart = parcels.in_forest & (np.hypot((east - 0.39) / 0.075, (north - 0.77) / 0.065) < 1.0)
    wet = ground.marsh | (ground.pasture & _touches(frame, ground, parcels, ground.marsh))
    woods = ~parcels.in_forest & np.isin(ground.use, (Oso.BROADLEAF, Oso.CONIFER)) & ~wet
    crooked = 1.0 + 0.5 * smooth_noise(x, y, 1400.0, _SEED)
    hedged = (np.hypot((east - 0.80) / 0.085, (north - 0.80) / 0.075) < crooked) & (parcels.bocage > 0.6)
    hectares = 10_000.0

    def outline(chosen: Bools, smallest_ha: float) -> list[shapely.Polygon]:
        return _outline(frame, ground, chosen, smallest_ha * hectares)

    drawn: list[tuple[str, str, shapely.Polygon]] = []
    for kind, chosen, smallest, most in (
        ("forest_heart", heart, 30.0, 1), ("marsh", wet, 12.0, 5), ("heath", ground.use == Oso.HEATH, 9.0, 3),
        ("slopes", ground.use == Oso.LAWN, 5.0, 4), ("woods", woods, 30.0, 5), ("bocage", hedged, 60.0, 1),
    ):  # fmt: skip
        polygons = outline(chosen & ~heart if kind != "forest_heart" else chosen, smallest)
        drawn += [(NAMES.pick(kind, i), kind, polygon) for i, polygon in enumerate(polygons[:most])]
    natura = [
        (NAMES.pick("forest", 0), "ZSC", p)
        for p in outline(_around_heart(parcels, ground, east, north), 80.0)[:1]
    ]
    natura += [
        (NAMES.pick("marsh", i), "ZPS", p) for i, p in enumerate(outline(wet & (east > 0.42), 20.0)[:2])
    ]
    reserve = parcels.in_forest & (np.hypot((east - 0.37) / 0.035, (north - 0.765) / 0.035) < 1.0)
    reserves = [
        ("Réserve biologique dirigée des Vieilles-Futaies", "RBD", p) for p in outline(reserve, 5.0)[:1]
    ]
    humid = wet | ground.peat | (ground.pasture & (parcels.area < 15_000.0) & (parcels.bocage > 0.2))
    wetlands = [(NAMES.pick("wetland", i), "Inventaire", p) for i, p in enumerate(outline(humid, 3.0))]
    return Zonings(
        znieff1=_table(
            [(name, f"00{i:07d}", p) for i, (name, _, p) in enumerate(drawn, start=1)], "id_znieff"
        ),
        znieff2=_table(_draw_wide(frame, forest, drawn), "id_znieff"),
        natura2000=_table(natura, "type"),
        reserve=_table(reserves, "type"),
        state_forest=_table([(NAMES.forest, "Domaniale", forest.outline)], "statut"),
        wetlands=_table(wetlands, "source"),
    )


def _draw_wide(
    frame: Frame, forest: Forest, drawn: Sequence[tuple[str, str, shapely.Polygon]]
) -> list[tuple[str, str, shapely.Geometry]]:
    """Draw the ZNIEFF of type 2: the forest and the valley, each around zones of type 1."""
    whole = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(forest.outline)))
    massif = shapely.union_all(whole)
    box = shapely.box(*frame.box)
    wide: list[tuple[str, str, shapely.Geometry]] = []
    for i, (name, kinds, reach) in enumerate(
        (("massif", ("forest_heart", "heath"), 350.0), ("valley", ("marsh",), 600.0))
    ):
        parts: list[shapely.Geometry] = [polygon for _, kind, polygon in drawn if kind in kinds]
        if name == "massif":
            parts = [massif, *(part for part in parts if shapely.distance(part, massif) < 3.0 * reach)]
        # Widened, then drawn in: zones near one another become one.
        joined = shapely.union_all(shapely.buffer(np.array(parts), reach)).buffer(-0.8 * reach)
        outline = shapely.set_precision(shapely.simplify(joined, 15.0), 0.1)
        wide.append((NAMES.pick(name, 0), f"00{i + 500:07d}", shapely.intersection(outline, box)))
    return wide


def _touches(frame: Frame, ground: Ground, parcels: Parcels, core: Bools) -> Bools:
    """Tell which parcels lie within 60 m of chosen ones."""
    thin = ground.parcel[::_THINNING, ::_THINNING]
    cell = frame.fine.cell * _THINNING
    near = ndimage.distance_transform_edt(~core[thin]) * cell < 60.0
    touched = np.zeros(len(parcels.polygons), dtype=bool)
    touched[np.unique(thin[near])] = True
    return touched


def _around_heart(
    parcels: Parcels, ground: Ground, east: NDArray[np.float64], north: NDArray[np.float64]
) -> Bools:
    """Choose the western half of the forest with the heaths that touch it."""
    forest = parcels.in_forest & (east < 0.47)
    heath = (ground.use == Oso.HEATH) & (np.hypot(east - 0.37, north - 0.78) < 0.19)
    return np.asarray(forest | heath)


def _outline(frame: Frame, ground: Ground, chosen: Bools, smallest: float) -> list[shapely.Polygon]:
    """Outline chosen parcels as a surveyor would, rounding corners; the largest polygon comes first."""
    fine = frame.fine
    thin = ground.parcel[::_THINNING, ::_THINNING]
    field = ndimage.gaussian_filter(chosen[thin].astype(np.float32), _BLUR) - 0.45
    # The frame's own edge is no outline: fields stop one cell before it.
    field[[0, -1], :] = -1.0
    field[:, [0, -1]] = -1.0
    grid = Grid(fine.west, fine.north, fine.cell * _THINNING, field.shape[0], field.shape[1], fine.crs)
    polygons = shapely.get_parts(outline_field(field, grid, smallest=smallest, finer=1))
    return sorted(polygons, key=lambda p: (-round(p.area), p.bounds))


def _table(rows: Sequence[tuple[str, str, shapely.Geometry]], column: str) -> GeoDataFrame:
    import geopandas

    return geopandas.GeoDataFrame(
        {"nom": [row[0] for row in rows], column: [row[1] for row in rows]},
        geometry=[row[2] for row in rows],
        crs=CRS,
    )
