"""Identifiers of the network's objects, and the cut at the study area's edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

_LINES = ("LineString", "MultiLineString")
_SURFACES = ("Polygon", "MultiPolygon")


def number_objects(
    tables: Sequence[GeoDataFrame], prefix: str, letters: str, area: BaseGeometry
) -> list[GeoDataFrame]:
    """Give identifiers such as ``FR32RS12``, in one series over several tables.

    Objects that keep something inside the study area come first, table after table in the order of
    their rows, so that what is published is numbered without gaps; those of the buffer come after.

    Parameters
    ----------
    tables : sequence of GeoDataFrame
        With a column ``id``, overwritten in copies.
    prefix : str
        Country and region, as ``"FR32"``.
    letters : str
        Class and geometry in the standard, as ``"RS"``.
    area : Polygon or MultiPolygon

    Returns
    -------
    list of GeoDataFrame
        Same order, same rows.
    """
    inside = [_meets(area, table.geometry.to_numpy()) for table in tables]
    within = np.concatenate([np.empty(0, bool), *inside]).astype(bool)
    numbers = np.empty(within.size, np.int64)
    numbers[within] = np.arange(1, within.sum() + 1)
    numbers[~within] = np.arange(within.sum() + 1, within.size + 1)
    named, start = [], 0
    for table in tables:
        copy = table.copy()
        copy["id"] = [f"{prefix}{letters}{n}" for n in numbers[start : start + len(table)].tolist()]
        start += len(table)
        named.append(copy)
    return named


def keep_inside(table: GeoDataFrame, area: BaseGeometry) -> GeoDataFrame:
    """Keep the objects of the study area, their shapes cut at its edge.

    Measures (area, cost, length) stay those of the whole object: a reservoir across the border is no
    smaller for it. ``touches_edge`` stays about the edge of the data, a buffer farther out; and the
    reservoirs at the ends of a corridor keep their identifiers there, published or not.
    """
    import shapely

    if not len(table):
        return table
    shapes = table.geometry.to_numpy()
    meets = _meets(area, shapes)
    kept = table[meets].copy()
    shapes = shapes[meets]
    across = ~shapely.covers(area, shapes)
    cut = shapes.copy()
    cut[across] = [_keep_kind(shapely.intersection(area, shape), shape.geom_type) for shape in shapes[across]]
    kept = kept.set_geometry(list(cut), crs=table.crs)
    return kept[~shapely.is_empty(kept.geometry.to_numpy())].reset_index(drop=True)


def _meets(area: BaseGeometry, shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which shapes keep something of their own dimension when they are cut at the area's edge."""
    import shapely

    shapely.prepare(area)
    meets: NDArray[np.bool_] = shapely.intersects(area, shapes)
    beside = np.flatnonzero(meets)
    beside = beside[shapely.touches(area, shapes[beside])]
    common = shapely.intersection(area, shapes[beside])
    meets[beside] = shapely.get_dimensions(common) == shapely.get_dimensions(shapes[beside])
    return meets


def _keep_kind(shape: BaseGeometry, kind: str) -> BaseGeometry:
    """Drop from a cut what is of a lower dimension: a polygon that only touches leaves a line."""
    import shapely

    wanted = _SURFACES if kind in _SURFACES else _LINES if kind in _LINES else ("Point", "MultiPoint")
    parts = [part for part in shapely.get_parts(shape).tolist() if part.geom_type in wanted]
    if len(parts) == 1:
        only: BaseGeometry = parts[0]
        return only
    if kind in _SURFACES:
        return shapely.MultiPolygon(parts)
    return shapely.MultiLineString(parts) if kind in _LINES else shapely.MultiPoint(parts)
