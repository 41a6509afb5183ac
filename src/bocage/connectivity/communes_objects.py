"""Which objects each commune holds, one by one: how much of each, and with whom it is shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from bocage.connectivity.communes_ground import (
    NEGLIGIBLE,
    Floats,
    Geometries,
    as_array,
    cut_large,
    geometries,
    measure_lengths,
    pair_areas,
    unite,
)
from bocage.network import Table
from bocage.units import M2_PER_HA, M_PER_KM
from bocage.wording import fold_name

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

Pairs = tuple[NDArray[Any], NDArray[Any], Floats]
"""Object, zone, and what the zone holds of the object."""

# Outlines of neighbours that were simplified apart leave gaps of this size [m].
_BESIDE = 1.0


@dataclass(frozen=True)
class Zones:
    """Communes that can be measured, by INSEE code, and those that cannot.

    Attributes
    ----------
    codes, names : tuple of str
    outlines : array of shapely (Multi)Polygon
    broken : mapping of INSEE code to name
        Communes whose outline is missing, empty, without ground or crosses itself.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    outlines: Geometries
    broken: Mapping[str, str]

    @property
    def ground(self) -> Any:
        """All communes as one geometry."""
        return shapely.union_all(self.outlines)


def find_zones(communes: GeoDataFrame) -> Zones:
    """Find the communes that can be measured.

    Parameters
    ----------
    communes : GeoDataFrame
        ``insee``, ``name`` and polygons. Rows of one INSEE code are one commune; those without a geometry
        are left out where it has others.

    Returns
    -------
    Zones
    """
    parts: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    given = geometries(communes)
    usable = shapely.is_valid(given)
    void = shapely.is_missing(given) | shapely.is_empty(given)
    wrong: set[str] = set()
    for place, (code, name) in enumerate(
        zip(communes["insee"].astype(str), communes["name"].astype(str), strict=True)
    ):
        names.setdefault(code, name)
        if void[place]:
            continue
        if not usable[place] or not shapely.area(given[place]) > NEGLIGIBLE:
            wrong.add(code)
        parts.setdefault(code, []).append(given[place])
    codes = [code for code in sorted(parts) if code not in wrong]
    outlines = [shapely.union_all(parts[code]) if len(parts[code]) > 1 else parts[code][0] for code in codes]
    broken = {code: names[code] for code in sorted(names) if code not in set(codes)}
    return Zones(tuple(codes), tuple(names[code] for code in codes), as_array(outlines), broken)


def clean_table(table: GeoDataFrame) -> GeoDataFrame:
    """Leave out the rows without a geometry and mend surfaces that cross themselves."""
    shapes = geometries(table)
    void = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    wrong = ~void & ~shapely.is_valid(shapes)
    if not (void | wrong).any():
        return table
    mended = shapes.copy()
    mended[wrong] = shapely.make_valid(shapes[wrong])
    return table.set_geometry(mended, crs=table.crs)[~void]


def find_neighbours(outlines: Geometries) -> list[set[int]]:
    """Give the zones beside each zone.

    >>> find_neighbours(np.array([shapely.box(i, 0, i + 1, 1) for i in (0, 1, 9)]))
    [{1}, {0}, set()]
    """
    beside: list[set[int]] = [set() for _ in outlines]
    if len(outlines):
        one, other = shapely.STRtree(outlines).query(outlines, predicate="dwithin", distance=_BESIDE)
        for first, second in zip(one.tolist(), other.tolist(), strict=True):
            if first != second:
                beside[first].add(second)
    return beside


def pair_lengths(lines: Geometries, zones: Geometries) -> Pairs:
    """Give line, zone and length [m] of the pairs; lines that only touch a zone are not in it."""
    line, zone, lengths = measure_lengths(lines, zones)
    kept = lengths > NEGLIGIBLE
    return line[kept], zone[kept], lengths[kept]


def pair_outside(shapes: Geometries, taken: Geometries, zones: Geometries) -> Pairs:
    """Give shape, zone and shared area [m²] outside the ground taken, zero where all of it is taken."""
    shape, zone, areas = pair_areas(shapes, zones)
    parts = unite(taken)
    if not len(shape) or not len(parts):
        return shape, zone, areas
    owner, pieces = cut_large(shapes)
    piece, part = shapely.STRtree(parts).query(pieces, predicate="intersects")
    common = shapely.intersection(pieces[piece], parts[part])
    inner, place, covered = pair_areas(common, zones)
    key = place * len(shapes) + owner[piece][inner]
    wanted = zone * len(shapes) + shape
    # Pairs come sorted by this key.
    at = np.searchsorted(wanted, key)
    found = (at < wanted.size) & (wanted[np.minimum(at, wanted.size - 1)] == key)
    lost = np.bincount(at[found], weights=covered[found], minlength=wanted.size)
    left = areas - lost
    return shape, zone, np.where(left > NEGLIGIBLE, left, 0.0)


@dataclass(frozen=True)
class SharedCorridors:
    """Corridors, and the zones that each crosses.

    Attributes
    ----------
    table : GeoDataFrame
        The corridors: surfaces, or axes where only these exist.
    surfaces : bool
    corridor, zone : arrays of int
        The pairs, by zone then corridor.
    sizes : array
        Area outside reservoirs [ha] of surfaces, length [km] of axes.
    """

    table: GeoDataFrame
    surfaces: bool
    corridor: NDArray[Any]
    zone: NDArray[Any]
    sizes: Floats

    def crossed(self) -> dict[int, list[int]]:
        """Give the zones that each corridor crosses."""
        found: dict[int, list[int]] = {}
        for corridor, zone in zip(self.corridor.tolist(), self.zone.tolist(), strict=True):
            found.setdefault(corridor, []).append(zone)
        return found


def pair_corridors(tables: Mapping[Table, GeoDataFrame], outlines: Geometries) -> SharedCorridors:
    """Find which corridors cross which zones, and for how much.

    Parameters
    ----------
    tables : mapping of table name to GeoDataFrame
        ``corridor_s``, ``corridor_l`` and ``reservoir_s``, of sound geometries.
    outlines : array of shapely (Multi)Polygon
    """
    surfaces = len(tables["corridor_s"]) > 0
    table = tables["corridor_s" if surfaces else "corridor_l"]
    if surfaces:
        found = pair_outside(geometries(table), geometries(tables["reservoir_s"]), outlines)
    else:
        found = pair_lengths(geometries(table), outlines)
    corridor, zone, sizes = found
    order = np.lexsort((corridor, zone))
    unit = M2_PER_HA if surfaces else M_PER_KM
    return SharedCorridors(table, surfaces, corridor[order], zone[order], sizes[order] / unit)


def list_shared_corridors(tables: Mapping[Table, GeoDataFrame], communes: GeoDataFrame) -> DataFrame:
    """List the corridors of each commune, and the communes that share each of them.

    Parameters
    ----------
    tables : mapping of table name to GeoDataFrame
        All tables of the network, in one projected CRS [m].
    communes : GeoDataFrame
        ``insee``, ``name`` and polygons, in the same CRS. Those without a sound outline are left out.

    Returns
    -------
    DataFrame
        One row for each corridor and each commune where it has ground: ``insee``, ``commune``, ``id``,
        ``name``, ``objective``, ``medium``, ``area_ha`` (in that commune, outside reservoirs),
        ``length_km`` (of the axis in that commune), ``shared_insee`` and ``shared_with`` (the other communes
        where it has ground, by name, separated by ' ; '). Corridors are surfaces, or axes where only these
        exist; what is not measured is empty. By INSEE code, the largest first.
    """
    import pandas

    zones = find_zones(communes)
    sound = {name: clean_table(table) for name, table in tables.items()}
    shared = pair_corridors(sound, zones.outlines)
    rank = _rank_names(zones.names)
    texts: dict[int, tuple[list[int], list[str], list[str]]] = {}
    for corridor, crossed in shared.crossed().items():
        order = sorted(crossed, key=rank.__getitem__)
        texts[corridor] = (
            order,
            [zones.codes[zone] for zone in order],
            [zones.names[zone] for zone in order],
        )
    lengths = _find_axis_lengths(sound, shared, zones.outlines)
    rows: list[dict[str, Any]] = []
    for corridor, zone, size, length in zip(
        shared.corridor.tolist(), shared.zone.tolist(), shared.sizes.tolist(), lengths.tolist(), strict=True
    ):
        order, codes, names = texts[corridor]
        own = order.index(zone)
        rows.append(
            {
                "insee": zones.codes[zone],
                "commune": zones.names[zone],
                **{name: shared.table[name].iloc[corridor] for name in ("id", "name", "objective", "medium")},
                "area_ha": size if shared.surfaces else np.nan,
                "length_km": length if shared.surfaces else size,
                "shared_insee": " ; ".join(codes[:own] + codes[own + 1 :]),
                "shared_with": " ; ".join(names[:own] + names[own + 1 :]),
            }
        )
    columns = [
        "insee", "commune", "id", "name", "objective", "medium", "area_ha", "length_km", "shared_insee",
        "shared_with",
    ]  # fmt: skip
    frame = pandas.DataFrame(rows, columns=columns)
    by = ["insee", "area_ha" if shared.surfaces else "length_km", "id"]
    return frame.sort_values(by, ascending=[True, False, True], kind="stable", ignore_index=True)


def _find_axis_lengths(
    tables: Mapping[Table, GeoDataFrame], shared: SharedCorridors, outlines: Geometries
) -> Floats:
    """Measure the axes [km] that bear the identifier of a corridor, where they are told apart."""
    lengths = np.full(shared.corridor.size, np.nan)
    axes = tables["corridor_l"]
    if not shared.surfaces or not len(axes):
        return lengths
    own = shared.table["id"].astype(str)
    if own.duplicated().any() or (own == "").any():
        return lengths
    place = {code: row for row, code in enumerate(own)}
    axis, zone, found = pair_lengths(geometries(axes), outlines)
    owners = np.array([place.get(code, -1) for code in axes["id"].astype(str)], dtype=np.int64)
    total: dict[tuple[int, int], float] = {}
    for one, where, length in zip(owners[axis].tolist(), zone.tolist(), found.tolist(), strict=True):
        total[one, where] = total.get((one, where), 0.0) + length
    known = set(owners.tolist())
    for row, pair in enumerate(zip(shared.corridor.tolist(), shared.zone.tolist(), strict=True)):
        if pair[0] in known:
            lengths[row] = total.get(pair, 0.0) / M_PER_KM
    return lengths


def _rank_names(names: tuple[str, ...]) -> dict[int, tuple[str, int]]:
    """Order zones by name, whatever their accents."""
    return {place: (fold_name(name), place) for place, name in enumerate(names)}
