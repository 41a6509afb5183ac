"""What covers the ground: the use of each parcel, then what lies over the parcels, as OSO codes at 10 m."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from bocage.demo.frame import CRS, Frame, burn
from bocage.demo.names import NAMES
from bocage.demo.noise import hash_places, hash_unit, smooth_noise
from bocage.demo.parcels import Parcels
from bocage.demo.relief import Relief
from bocage.demo.roads import Transport
from bocage.demo.settlements import Settlements
from bocage.demo.uses import Oso, Uses, use_parcels
from bocage.demo.waters import RIVER_WIDTH_M, draw_pond
from bocage.grid import Grid

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_SEED = 61


@dataclass(frozen=True)
class Ground:
    """What covers the territory.

    Attributes
    ----------
    grid : Grid
    codes : (nrows, ncols) array of uint8
        OSO codes.
    parcel : (nrows, ncols) array of int32
        Row of ``Parcels`` of each cell.
    use : (n,) array of uint8
        OSO code given to each parcel.
    marsh, peat, pasture : (n,) arrays of bool
        Parcels that are marsh, peat bog, wet meadow.
    milieux : GeoDataFrame
        What the national land cover cannot tell: ``nature`` (Marais, Tourbière, Étang, Carrière, Espace vert)
        and ``nom``.
    ponds : GeoDataFrame
        Subset of ``milieux``: stretches of water with the stream that feeds them.
    """

    grid: Grid
    codes: NDArray[np.uint8]
    parcel: NDArray[np.int32]
    use: NDArray[np.uint8]
    marsh: Bools
    peat: Bools
    pasture: Bools
    milieux: GeoDataFrame
    ponds: GeoDataFrame


def cover_ground(
    frame: Frame,
    relief: Relief,
    parcels: Parcels,
    homes: Settlements,
    transport: Transport,
    waters: GeoDataFrame,
) -> Ground:
    """Cover the territory: parcels, then riverside trees, waters, built-up ground and wide roads."""
    grid = frame.fine
    uses = use_parcels(frame, relief, parcels, homes)
    ponds = _dig_ponds(frame, relief, parcels, uses, homes, transport, waters)
    numbers = burn(grid, _number_polygons(parcels.polygons), np.int32)
    if not numbers.all():
        nearest = ndimage.distance_transform_edt(numbers == 0, return_distances=False, return_indices=True)
        numbers = numbers[tuple(nearest)]
    numbers -= 1
    codes = uses.code[numbers]

    _plant_riverside(codes, grid, waters)
    _build(codes, frame, homes, transport)
    _burn_waters_and_roads(codes, grid, waters, ponds, transport)
    return Ground(
        grid=grid,
        codes=codes,
        parcel=numbers,
        use=uses.code,
        marsh=uses.marsh,
        peat=uses.peat,
        pasture=uses.pasture,
        milieux=_collect_milieux(parcels, uses, ponds, homes),
        ponds=ponds,
    )


def _number_polygons(polygons: NDArray[np.object_]) -> list[tuple[dict[str, object], int]]:
    """Pair each polygon with its rank from 1, in the plain form that burns fastest."""
    _, coordinates, (ring_starts, polygon_starts) = shapely.to_ragged_array(polygons)
    points = coordinates.tolist()
    pairs: list[tuple[dict[str, object], int]] = []
    for i in range(len(polygons)):
        rings = [
            points[ring_starts[r] : ring_starts[r + 1]]
            for r in range(polygon_starts[i], polygon_starts[i + 1])
        ]
        pairs.append(({"type": "Polygon", "coordinates": rings}, i + 1))
    return pairs


def _dig_ponds(
    frame: Frame,
    relief: Relief,
    parcels: Parcels,
    uses: Uses,
    homes: Settlements,
    transport: Transport,
    waters: GeoDataFrame,
) -> GeoDataFrame:
    """Dig ponds on streams away from roads, gravel lakes in the plain, and cattle ponds in the bocage."""
    import geopandas

    ways = shapely.union_all(
        np.concatenate([transport.roads.geometry.to_numpy(), transport.railways.geometry.to_numpy()])
    )
    shapely.prepare(ways)
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    taken: list[tuple[float, float]] = []

    streams = waters[(waters["nature"] == "Ruisseau") & (waters["largeur_m"] >= 3.0)].geometry.to_numpy()
    middle = shapely.line_interpolate_point(streams, 0.55, normalized=True)
    chance = hash_places(_SEED + 8, shapely.get_x(middle), shapely.get_y(middle))
    for i in np.argsort(chance, kind="stable"):
        x, y = float(middle[i].x), float(middle[i].y)
        if relief.sample(relief.plain, np.array([x]), np.array([y]))[0] < 1.2 or len(taken) == len(
            NAMES.ponds
        ):
            continue
        pond = draw_pond(x, y, 55.0 + 75.0 * float(hash_unit(_SEED + 9, int(i))), int(i))
        near = any(np.hypot(x - a, y - b) < 1500.0 * frame.scale for a, b in taken)
        if near or shapely.distance(pond, ways) < 25.0 or not shapely.box(*frame.box).contains(pond):
            continue
        rows.append({"nature": "Étang", "nom": NAMES.ponds[len(taken)]})
        taken.append((x, y))
        shapes.append(pond)

    to_village, nearest = cKDTree(homes.villages).query(np.column_stack([parcels.easting, parcels.northing]))
    outskirts = to_village / homes.radius[nearest]
    lakes = list(shapes)
    gravel = np.flatnonzero(
        (relief.sample(relief.plain, parcels.easting, parcels.northing) < 0.75) & ~uses.marsh
    )
    meadow = np.flatnonzero((uses.code == Oso.GRASSLAND) & (parcels.bocage > 0.5))
    river = shapely.union_all(waters[waters["nature"] != "Ruisseau"].geometry.to_numpy())
    for candidates, share, smallest, largest, seed in (
        (gravel, 0.045, 70.0, 150.0, 71), (meadow, 0.02, 12.0, 24.0, 72)
    ):  # fmt: skip
        chance = hash_places(seed, parcels.easting[candidates], parcels.northing[candidates])
        for i in candidates[chance < share].tolist():
            size = smallest + (largest - smallest) * float(hash_unit(seed + 1, i))
            pond = draw_pond(float(parcels.easting[i]), float(parcels.northing[i]), size, i)
            if outskirts[i] < 1.5 or any(pond.intersects(other) for other in lakes):
                continue
            if shapely.distance(pond, ways) > 20.0 and shapely.distance(pond, river) > 25.0:
                if smallest > 50.0:
                    lakes.append(pond)
                rows.append({"nature": "Étang", "nom": ""})
                shapes.append(pond)
    return geopandas.GeoDataFrame(rows, geometry=shapes, crs=CRS)


def _plant_riverside(codes: NDArray[np.uint8], grid: Grid, waters: GeoDataFrame) -> None:
    """Plant trees along the streams, here and there interrupted."""
    lines = waters[waters["nature"] != "Canal"].geometry.to_numpy()
    beside = burn(grid, [(shape, 1) for shape in shapely.buffer(lines, 11.0)], np.uint8) == 1
    row, col = np.nonzero(beside)
    easting, northing = grid.centre(row, col)
    kept = smooth_noise(easting, northing, 420.0, _SEED + 10, octaves=2) > -0.28
    kept &= codes[row, col] != Oso.HEATH
    codes[row[kept], col[kept]] = Oso.BROADLEAF


def _build(codes: NDArray[np.uint8], frame: Frame, homes: Settlements, transport: Transport) -> None:
    """Build the town, the villages along their roads, the hamlets, and the industrial zone."""
    grid = frame.fine
    ways = transport.roads[
        transport.roads["nature"].isin(["Route principale", "Route régionale", "Route locale"])
    ]
    # Twice coarser is fine enough for the distance to a street.
    half = Grid(grid.west, grid.north, 2 * grid.cell, grid.nrows // 2, grid.ncols // 2, grid.crs)
    road = burn(half, [(shape, 1) for shape in ways.geometry], np.uint8) == 1
    from_road = np.minimum(ndimage.distance_transform_edt(~road) * half.cell, 2000.0)
    from_road = from_road.repeat(2, axis=0).repeat(2, axis=1)
    places = [(*place, radius, 1.0) for place, radius in zip(homes.villages, homes.radius, strict=True)]
    places += [(*place, 70.0 + 60.0 * hash_places(_SEED + 11, *place), 0.0) for place in homes.hamlets]
    dry = ~np.isin(codes, [Oso.WATER])
    for x, y, radius, village in places:
        reach = 1.7 * radius + 60.0
        window = grid.window((x - reach, y - reach, x + reach, y + reach))
        if 0 in window.shape:
            continue
        here = window.slices
        row, col = np.indices(window.shape)
        easting, northing = grid.crop(window).centre(row, col)
        away = np.hypot(easting - x, northing - y) / radius
        # Streets stretch the village along its roads.
        away = away + 0.35 * np.clip(from_road[here] / (0.55 * radius) - 0.25, 0.0, 2.0)
        away = away + 0.30 * smooth_noise(easting, northing, min(max(radius, 120.0), 600.0), _SEED + 12)
        plot = hash_unit(_SEED + 13, np.floor(easting / 30.0), np.floor(northing / 30.0)).reshape(away.shape)
        built = (away < 1.0) & (plot > 0.06 + 0.5 * np.clip(away, 0.0, 1.0) ** 2) & dry[here]
        core = (away < (0.42 if radius > 600.0 else 0.30)) & (village > 0) & dry[here]
        codes[here][(away < 1.0) & dry[here] & ~built] = Oso.GRASSLAND
        codes[here][built] = Oso.SPARSE_BUILT
        codes[here][core & (plot > 0.08)] = Oso.DENSE_BUILT
    _build_industry(codes, frame, homes, transport)


def _build_industry(codes: NDArray[np.uint8], frame: Frame, homes: Settlements, transport: Transport) -> None:
    """Build large sheds by the interchange and along the railway east of the town."""
    grid = frame.fine
    town = homes.villages[0]
    rail = transport.railways.geometry.iloc[0]
    yard = rail.interpolate(rail.project(shapely.Point(town[0] + 1150.0 * frame.scale, town[1])))
    junction = transport.interchange
    sites = ((junction.x - 560.0, junction.y + 260.0, 520.0), (yard.x, yard.y + 210.0, 420.0))
    for x, y, radius in sites:
        radius *= max(frame.scale, 0.6)
        window = grid.window((x - radius, y - radius, x + radius, y + radius))
        easting, northing = grid.crop(window).centre(*np.indices(window.shape))
        away = np.maximum(np.abs(easting - x), 1.5 * np.abs(northing - y)) / radius
        plot = hash_unit(_SEED + 14, np.floor(easting / 90.0), np.floor(northing / 70.0)).reshape(away.shape)
        sheds = (away < 1.05 - 0.5 * plot) & (plot > 0.10) & (codes[window.slices] != Oso.WATER)
        codes[window.slices][sheds] = Oso.INDUSTRIAL


def _burn_waters_and_roads(
    codes: NDArray[np.uint8], grid: Grid, waters: GeoDataFrame, ponds: GeoDataFrame, transport: Transport
) -> None:
    """Burn what is wide enough to be seen from space: roads, then waters, which viaducts span."""
    roads = transport.roads
    motorway = roads[roads["nature"] == "Type autoroutier"].geometry.to_numpy()
    main = roads[roads["nature"] == "Route principale"].geometry.to_numpy()
    wide = [(shape, 1) for shape in (*shapely.buffer(motorway, 11.0), *shapely.buffer(main, 5.0))]
    codes[burn(grid, wide, np.uint8) == 1] = Oso.ROAD
    river = waters[waters["nature"] != "Ruisseau"]
    wet = [(shape, 1) for shape in shapely.buffer(river.geometry.to_numpy(), 0.5 * RIVER_WIDTH_M)]
    wet += [(shape, 1) for shape in ponds.geometry]
    codes[burn(grid, wet, np.uint8) == 1] = Oso.WATER


def _collect_milieux(parcels: Parcels, uses: Uses, ponds: GeoDataFrame, homes: Settlements) -> GeoDataFrame:
    """Collect the local survey of what OSO cannot tell: marsh, bog, pond, quarry, park."""
    import geopandas
    import pandas

    parts = []
    # Poplars in the marsh are woods to a botanist too: only the open ground is marsh.
    surveyed = {
        "Marais": uses.marsh & (uses.code == Oso.GRASSLAND),
        "Tourbière": uses.peat,
        "Carrière": uses.quarry,
    }
    for nature, chosen in surveyed.items():
        shapes = shapely.get_parts(shapely.union_all(parcels.polygons[chosen]))
        parts.append(
            geopandas.GeoDataFrame({"nature": nature, "nom": ""}, geometry=shapes, index=range(len(shapes)))
        )
    (x, y), radius = homes.villages[0], homes.radius[0]
    parks = [
        draw_pond(x + 0.34 * radius, y + 0.42 * radius, 0.11 * radius, 5),
        draw_pond(x - 0.50 * radius, y + 0.18 * radius, 0.13 * radius, 6),
    ]
    names = ["Jardin public", "Parc du Château"]
    parts.append(geopandas.GeoDataFrame({"nature": "Espace vert", "nom": names}, geometry=parks))
    parts = [part.set_crs(CRS) for part in parts]
    return geopandas.GeoDataFrame(pandas.concat([*parts, ponds], ignore_index=True), crs=CRS)
