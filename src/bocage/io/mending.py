"""Mend the geometries of a layer that was read: placed in the study's CRS, valid, of the kinds asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas
import numpy as np
import pyproj
import shapely

from bocage.errors import InputError
from bocage.io.crs import flatten_crs, is_same_place, name_crs
from bocage.journal import Journal

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Kind = Literal["polygon", "line", "point"]

# Dimension of each shapely type id; -1 is a collection, which holds any.
_DIMENSION = np.array([0, 1, 1, 2, 0, 1, 2, -1])
_KIND_DIMENSION: dict[Kind, int] = {"point": 0, "line": 1, "polygon": 2}
_KIND_NAMES = {0: "points", 1: "lines", 2: "polygons", -1: "collections"}


def drop_empty(table: GeoDataFrame) -> tuple[GeoDataFrame, int]:
    """Leave out objects without geometry, and say how many there were."""
    geometry = table.geometry.array
    kept = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    return table[kept], int((~kept).sum())


def reproject_layer(table: GeoDataFrame, target: pyproj.CRS, name: str, journal: Journal) -> GeoDataFrame:
    """Place a layer in ``target``; what falls outside its domain is left out and noted."""
    source = flatten_crs(table.crs)
    if is_same_place(source, target):
        return table.set_crs(target, allow_override=True)
    said = name_crs(source)
    table = table.set_crs(source, allow_override=True).to_crs(target)
    placed = np.isfinite(shapely.bounds(table.geometry.array)).all(axis=1)
    if not placed.all():
        journal.add("geometry_unplaced", layer=name, count=int((~placed).sum()), crs=said)
        table = table[placed]
    journal.add("layer_reprojected", layer=name, source=said, target=name_crs(target))
    return table


def repair_geometries(table: GeoDataFrame, name: str, journal: Journal) -> GeoDataFrame:
    """Make geometries valid; how many were not is noted, and what has no extent once mended is left out."""
    geometry = np.array(table.geometry.array, dtype=object)
    invalid = ~shapely.is_valid(geometry)
    count = int(invalid.sum())
    if not count:
        return table
    # "structure": overlapping parts are ground once, not a hole as the even-odd "linework" would have it.
    geometry[invalid] = shapely.make_valid(geometry[invalid], method="structure", keep_collapsed=False)
    journal.add("geometry_repaired", layer=name, count=count)
    table, lost = drop_empty(table.set_geometry(geopandas.GeoSeries(geometry, table.index, crs=table.crs)))
    if lost:
        journal.add("geometry_collapsed", layer=name, count=lost)
    return table


def keep_kinds(
    table: GeoDataFrame, kinds: Sequence[Kind], path: Path, name: str, journal: Journal
) -> GeoDataFrame:
    """Keep geometries of the wanted kinds, and of collections the parts of the highest wanted dimension.

    Raises
    ------
    InputError
        If there are geometries and none is of the wanted kinds.
    """
    wanted = sorted({_KIND_DIMENSION[kind] for kind in kinds}, reverse=True)
    geometry = np.array(table.geometry.array, dtype=object)
    dimension = _DIMENSION[shapely.get_type_id(geometry)]
    split = 0
    for index in np.flatnonzero(dimension == -1):
        parts = _collect_parts(geometry[index], wanted)
        if parts is not None:
            geometry[index], dimension[index] = parts, _DIMENSION[shapely.get_type_id(parts)]
            split += 1
    kept = np.isin(dimension, wanted)
    left_out = int((~kept).sum())
    if left_out and not kept.any():
        found = sorted(_KIND_NAMES[int(one)] for one in np.unique(dimension))
        raise InputError(
            f"{name}: layer '{path.as_posix()}' holds {' and '.join(found)}, where "
            f"{' or '.join(_KIND_NAMES[one] for one in wanted)} are expected; give another layer."
        )
    if split:
        journal.add("collection_split", layer=name, count=split)
    if left_out:
        journal.add("kind_left_out", layer=name, count=left_out)
    table = table.set_geometry(geopandas.GeoSeries(geometry, table.index, crs=table.crs))
    return table[kept]


def _collect_parts(collection: Any, wanted: Sequence[int]) -> Any:
    """Give the parts of a collection of the highest wanted dimension as one geometry, or none."""
    parts = shapely.get_parts([collection])
    while (nested := _DIMENSION[shapely.get_type_id(parts)] == -1).any():
        parts = np.concatenate([parts[~nested], shapely.get_parts(parts[nested])])
    simple = shapely.get_parts(parts)
    simple = simple[~shapely.is_empty(simple)]
    for dimension in wanted:
        chosen = simple[shapely.get_dimensions(simple) == dimension]
        if len(chosen) == 1:
            return chosen[0]
        if len(chosen):
            if dimension == 2:
                return shapely.union_all(chosen)
            return shapely.multilinestrings(chosen) if dimension == 1 else shapely.multipoints(chosen)
    return None
