"""Works: weirs, mills and culverts on the waters; passages under and over the motorway and the railway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from bocage.demo.cover import Ground
from bocage.demo.forest import Forest
from bocage.demo.frame import CRS, Frame
from bocage.demo.names import NAMES
from bocage.demo.noise import hash_places
from bocage.demo.roads import Transport

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_SEED = 103
_FALLS = {"Seuil en rivière": (0.3, 2.2), "Barrage": (1.5, 3.5), "Buse": (0.1, 0.7), "Écluse": (1.2, 1.8)}
_PRICE = {"Seuil en rivière": 15_000, "Barrage": 60_000, "Buse": 8_000, "Écluse": 150_000}
WILDLIFE_KIND = "Passage à faune supérieur"


def place_river_works(waters: GeoDataFrame, ground: Ground, transport: Transport) -> GeoDataFrame:
    """Place weirs on the river, mills on the streams, dams of ponds, and culverts under the lanes.

    Returns
    -------
    GeoDataFrame of points on the watercourses
        ``code``, ``nom``, ``type``, ``etat``, ``passe`` (Oui, Non, or empty where nobody knows), ``chute_m``
        (empty too), ``cout_eur`` of removing it and ``cout_passe`` of a fish pass (empty where there is one,
        or no room), ``droit`` (Oui on a mill whose right is older than the law).
    """
    import geopandas

    found: list[tuple[str, str, str, str | None, shapely.Point]] = []
    river = waters[waters["nature"] == "Rivière canalisée"]
    bed = shapely.line_merge(shapely.union_all(river.geometry.to_numpy()))
    bed = max(shapely.get_parts(bed), key=lambda part: part.length)
    passes = ("Oui", "Non", None, "Oui", "Non", None, None)
    for number, (name, fish_pass) in enumerate(zip(NAMES.weirs, passes, strict=True)):
        share = (number + 0.6) / len(NAMES.weirs)
        state = "Détruit entièrement" if number == 5 else "Existant"
        found.append((name, "Seuil en rivière", state, fish_pass, bed.interpolate(share, normalized=True)))
    canal = waters[waters["nature"] == "Canal"].geometry.iloc[0]
    found.append(("Écluse de garde", "Écluse", "Existant", "Non", canal.interpolate(60.0)))

    streams = waters[(waters["nature"] == "Ruisseau") & (waters["nom"] != "")]
    long = streams[streams.length > 700.0].drop_duplicates("nom")
    for number, (name, line) in enumerate(zip(NAMES.mills, long.geometry, strict=False)):
        state = ("Existant", "Existant", "Détruit partiellement", "Existant", "")[number]
        fish_pass = (None, "Non", None, "Non", None)[number]
        found.append((name, "Seuil en rivière", state, fish_pass, line.interpolate(0.4, normalized=True)))
    brooks = shapely.union_all(streams.geometry.to_numpy())
    for pond in ground.ponds[ground.ponds["nom"] != ""].itertuples():
        ends = shapely.get_coordinates(shapely.intersection(pond.geometry.exterior, brooks))
        if len(ends):
            end = ends[np.lexsort((ends[:, 0], ends[:, 1]))[0]]
            found.append((f"Digue – {pond.nom}", "Barrage", "Existant", None, shapely.Point(end)))
    lanes = transport.roads[transport.roads["nature"].isin(["Route locale", "Route régionale"])]
    for point in _cross(lanes.geometry.to_numpy(), streams.geometry.to_numpy()):
        chance = float(hash_places(_SEED, point.x, point.y))
        if chance < 0.28:
            state = "Existant" if chance > 0.05 else ""
            found.append(("", "Buse", state, "Non" if chance > 0.2 else None, point))
    points = [shapely.Point(round(item[4].x, 1), round(item[4].y, 1)) for item in found]
    falls = [_find_fall(item[1], point) for item, point in zip(found, points, strict=True)]
    return geopandas.GeoDataFrame(
        {
            "code": [f"OUV{number:05d}" for number in range(1, len(found) + 1)],
            "nom": [item[0] for item in found],
            "type": [item[1] for item in found],
            "etat": [item[2] for item in found],
            "passe": [item[3] for item in found],
            # One fall in four was never measured.
            "chute_m": [
                fall if _draw(point, 1) < 0.75 else None for fall, point in zip(falls, points, strict=True)
            ],
            "cout_eur": [
                _PRICE[item[1]] + round(40 * fall) * 1000 for item, fall in zip(found, falls, strict=True)
            ],
            "cout_passe": [
                None if item[1] == "Buse" or item[3] == "Oui" else 30_000 + round(70 * fall) * 1000
                for item, fall in zip(found, falls, strict=True)
            ],
            "droit": ["Oui" if item[0] in NAMES.mills[:2] else "" for item in found],
        },
        geometry=points,
        crs=CRS,
    )


def _draw(point: shapely.Point, key: int) -> float:
    return float(hash_places(_SEED + 10 + key, point.x, point.y))


def _find_fall(kind: str, point: shapely.Point) -> float:
    """Invent the height of fall of a work [m]."""
    low, high = _FALLS[kind]
    return round(low + (high - low) * _draw(point, 0), 1)


def place_crossings(frame: Frame, waters: GeoDataFrame, transport: Transport, forest: Forest) -> GeoDataFrame:
    """Place what lets animals through: the wildlife overpass in the forest, viaducts, culverts, farm tracks.

    Returns
    -------
    GeoDataFrame of points
        ``nature``, ``nom``, ``largeur_m``.
    """
    import geopandas

    found: list[tuple[str, str, float, shapely.Point]] = []
    overpass = _find_overpass(frame, transport, forest)
    found.append((WILDLIFE_KIND, f"Passage à faune de la {NAMES.forest}", 50.0, overpass))
    streams = waters[waters["nature"] == "Ruisseau"].geometry.to_numpy()
    wide = waters[waters["nature"] != "Ruisseau"].geometry.to_numpy()
    axis = np.array([transport.motorway])
    found += [
        ("Viaduc", f"Viaduc de l’{NAMES.motorway} sur la vallée", 120.0, point)
        for point in _cross(axis, wide)
    ]
    for point in _cross(axis, streams):
        broad = float(hash_places(_SEED + 1, point.x, point.y)) < 0.3
        found.append(("Pont" if broad else "Ouvrage hydraulique", "", 15.0 if broad else 3.0, point))
    lanes = transport.roads[transport.roads["nature"] == "Route locale"].geometry.to_numpy()
    found += [
        ("Passage inférieur agricole", "", 6.0, point)
        for point in _cross(axis, lanes)
        if float(hash_places(_SEED + 2, point.x, point.y)) < 0.6 and point.distance(overpass) > 500.0
    ]
    rails = transport.railways.geometry.to_numpy()
    found += [("Pont", "Pont du chemin de fer", 40.0, point) for point in _cross(rails, wide)]
    found += [("Ouvrage hydraulique", "", 3.0, point) for point in _cross(rails, streams)]
    roads = transport.roads[transport.roads["nature"].str.startswith("Route")]
    found += [("Pont", "", 30.0, point) for point in _cross(roads.geometry.to_numpy(), wide)]
    points = [shapely.Point(round(item[3].x, 1), round(item[3].y, 1)) for item in found]
    inside = [shapely.box(*frame.box).covers(point) for point in points]
    return geopandas.GeoDataFrame(
        {
            "nature": [item[0] for item in found],
            "nom": [item[1] for item in found],
            "largeur_m": [item[2] for item in found],
        },
        geometry=points,
        crs=CRS,
    )[inside].reset_index(drop=True)


def _find_overpass(frame: Frame, transport: Transport, forest: Forest) -> shapely.Point:
    """Find where the motorway is deep in the forest, away from roads, towards the middle of the country."""
    axis = transport.motorway
    points = shapely.line_interpolate_point(axis, np.arange(0.0, axis.length, 25.0))
    shapely.prepare(forest.outline)
    depth = shapely.distance(points, shapely.boundary(forest.outline)) * shapely.contains(
        forest.outline, points
    )
    ways = transport.roads[
        transport.roads["nature"].isin(["Route locale", "Route régionale", "Route principale"])
    ]
    clear = np.minimum(shapely.distance(points, shapely.union_all(ways.geometry.to_numpy())), 300.0)
    away = shapely.distance(points, shapely.box(*frame.box).centroid)
    worth = np.minimum(depth, 350.0 * frame.scale) + 0.5 * clear - 0.08 * away
    return shapely.Point(points[int(np.argmax(np.where(depth > 0.0, worth, -np.inf)))])


def _cross(lines: np.ndarray, others: np.ndarray) -> list[shapely.Point]:
    """Give the points where lines of two sets cross, from north to south."""
    tree = shapely.STRtree(others)
    first, second = tree.query(lines, predicate="intersects")
    met = shapely.get_parts(shapely.intersection(lines[first], others[second]))
    points = [point for point in met if point.geom_type == "Point"]
    unique = {(round(p.x, 1), round(p.y, 1)): p for p in points}
    return [unique[key] for key in sorted(unique, key=lambda xy: (-xy[1], xy[0]))]
