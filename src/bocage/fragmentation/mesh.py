"""Patches of natural ground cut by barriers, from polygons and lines, and their pieces by unit.

What FragScape does in QGIS (Chailloux et al., INRAE): natural polygons less buffered lines, made
single, then cut by reporting units. The formulas are in :mod:`bocage.fragmentation.mesh_figures`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import CRSError, DataError
from bocage.fragmentation.mesh_figures import Cut, Pieces

if TYPE_CHECKING:
    import geopandas as gpd

    from bocage.fragmentation.units import Units

_ROUNDING_M2 = 1e-6
"""Pieces below this are rounding of the overlay, not ground [m²]."""


def widen_lines(
    lines: gpd.GeoDataFrame, half_width_m: ArrayLike, *, quad_segments: int = 8, within: Any = None
) -> Any:
    """Unite barriers drawn as lines, each at its width.

    Parameters
    ----------
    lines : GeoDataFrame
        Roads, railways, watercourses; metric CRS.
    half_width_m : float or (n,) array of float
        Distance to each side [m]; 0 leaves the line out, as a line without width cuts no area.
    quad_segments : int
        Segments for a quarter of a circle: 8 here, 5 in QGIS. More segments, more area.
    within : shapely geometry, optional
        Clip the lines to this before widening, as FragScape does for CUT: the verge of a road that
        runs just outside is then not taken from the territory. Without it, it is.

    Returns
    -------
    shapely geometry
        Polygon or multipolygon; may be empty.

    Raises
    ------
    CRSError
        If the coordinates are degrees.
    DataError
        If a width is negative or missing, or the widths are not as many as the lines.
    """
    import shapely

    _refuse_degrees(lines, "barriers")
    width = np.asarray(half_width_m, np.float64)
    if width.ndim and width.shape != (len(lines),):
        raise DataError(
            f"{width.size} half-widths were given for {len(lines)} barriers; give one number, or one a line."
        )
    width = np.broadcast_to(width, len(lines))
    if not np.all(width >= 0.0):
        bad = lines.index[~(width >= 0.0)]
        raise DataError(
            f"{len(bad)} barrier(s) have a negative or missing half-width (rows {_first(bad)}); "
            "give metres, 0 or more."
        )
    shapes = lines.geometry.to_numpy()
    used = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes)) & (width > 0.0)
    shapes, width = shapes[used], width[used]
    if within is not None:
        shapes = shapely.intersection(shapes, within)
    return shapely.union_all(shapely.buffer(shapes, width, quad_segs=quad_segments))


def find_patches(
    natural: gpd.GeoDataFrame,
    barriers: Any = None,
    *,
    within: Any = None,
    min_area_m2: float = 0.0,
    extent: Any = None,
) -> gpd.GeoDataFrame:
    """Unite natural polygons, take the barriers out, and list the patches that are left.

    Parameters
    ----------
    natural : GeoDataFrame
        Polygons; overlaps and shared borders are dissolved, invalid polygons repaired.
    barriers : shapely geometry, optional
        As :func:`widen_lines` gives, or any polygons.
    within : shapely geometry, optional
        Keep only what lies inside: patches are then cut at its outline, and CBC equals CUT.
    min_area_m2 : float
        Smaller patches are left out [m²]; none by default.
    extent : shapely geometry, optional
        Where ``natural`` is known. Patches that touch its outline are flagged.

    Returns
    -------
    GeoDataFrame
        ``patch`` (int, 1 for the northernmost), ``area_m2``, ``at_edge`` (bool), polygons. Polygons
        that touch at a point alone are two patches.

    Raises
    ------
    CRSError
        If the coordinates are degrees.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import LineString, box
    >>> wood = gpd.GeoDataFrame(geometry=[box(0, 0, 100, 100)], crs="EPSG:2154")
    >>> road = gpd.GeoDataFrame(geometry=[LineString([(50, -50), (50, 150)])], crs="EPSG:2154")
    >>> find_patches(wood, widen_lines(road, 5.0))["area_m2"].tolist()
    [4500.0, 4500.0]
    """
    import geopandas as gpd
    import shapely

    _refuse_degrees(natural, "natural areas")
    ground = _unite(natural.geometry.to_numpy())
    if within is not None:
        ground = shapely.intersection(ground, within)
    if barriers is not None:
        ground = shapely.difference(ground, barriers)
    polygons = _split(np.atleast_1d(np.asarray(ground, dtype=object)))[0]
    area = shapely.area(polygons)
    kept = area >= max(min_area_m2, _ROUNDING_M2)
    polygons, area = polygons[kept], area[kept]
    bounds = shapely.bounds(polygons).reshape(-1, 4)
    order = np.lexsort((area, bounds[:, 1], bounds[:, 0], -bounds[:, 3]))
    polygons, area = polygons[order], area[order]
    at_edge = np.zeros(len(area), bool)
    if extent is not None:
        shapely.prepare(outline := shapely.boundary(extent))
        at_edge = shapely.intersects(outline, polygons)
    return gpd.GeoDataFrame(
        {"patch": np.arange(1, len(area) + 1), "area_m2": area, "at_edge": at_edge},
        geometry=polygons,
        crs=natural.crs,
    )


def cut_patches(patches: gpd.GeoDataFrame, units: Units) -> Cut:
    """Cut patches at the borders of reporting units.

    Parameters
    ----------
    patches : GeoDataFrame
        As :func:`find_patches` gives: polygons that do not overlap; the index in ``Pieces.patch``
        is their row.
    units : Units
        As :func:`bocage.fragmentation.units.read_units` checks them.

    Returns
    -------
    Cut
        By unit, and overall within the union of the units.

    Raises
    ------
    CRSError
        If patches and units have different coordinate systems.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> from bocage.fragmentation.mesh_figures import compute_mesh
    >>> from bocage.fragmentation.units import read_units
    >>> wood = gpd.GeoDataFrame(geometry=[box(0, 0, 200, 100)], crs="EPSG:2154")
    >>> halves = gpd.GeoDataFrame(
    ...     {"code": ["W", "E"]}, geometry=[box(0, 0, 100, 100), box(100, 0, 200, 100)], crs="EPSG:2154")
    >>> cut = cut_patches(find_patches(wood), read_units(halves, "code"))
    >>> mesh = compute_mesh(cut.by_unit)
    >>> mesh.mesh_cut_ha.tolist(), mesh.mesh_cbc_ha.tolist()
    ([1.0, 1.0], [2.0, 2.0])
    >>> compute_mesh(cut.overall).mesh_cut_ha.tolist()
    [2.0]
    """
    import shapely

    if patches.crs != units.crs:
        raise CRSError(
            f"patches are in {patches.crs} and reporting units in {units.crs}; "
            "bring them to one metric system."
        )
    polygons = patches.geometry.to_numpy()
    complete = shapely.area(polygons)
    at_edge = (
        patches["at_edge"].to_numpy(bool) if "at_edge" in patches.columns else np.zeros(len(patches), bool)
    )
    outline = shapely.union_all(units.geometry)
    cuts = []
    for names, shapes in ((units.ids, units.geometry), (("overall",), np.array([outline], object))):
        unit, patch, area = _overlay(polygons, complete, shapes)
        cuts.append(
            Pieces(
                unit_ids=names,
                unit_area_m2=shapely.area(shapes),
                unit=unit,
                patch=patch,
                area_m2=area,
                patch_area_m2=complete,
                patch_at_edge=at_edge,
            )
        )
    return Cut(*cuts)


def _overlay(
    polygons: NDArray[Any], complete: NDArray[np.float64], shapes: NDArray[Any]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Give the unit, patch and area of each piece, by unit then patch then from the west."""
    import shapely

    patch, unit = shapely.STRtree(shapes).query(polygons, predicate="intersects")
    order = np.lexsort((patch, unit))
    patch, unit = patch[order], unit[order]
    shapely.prepare(shapes)
    whole = shapely.contains_properly(shapes[unit], polygons[patch])
    cut = np.flatnonzero(~whole)
    parts, source = _split(shapely.intersection(polygons[patch[cut]], shapes[unit[cut]]))
    rows = np.concatenate([np.flatnonzero(whole), cut[source]])
    area = np.concatenate([complete[patch[whole]], shapely.area(parts)])
    west = np.concatenate([np.zeros(int(whole.sum())), shapely.bounds(parts).reshape(-1, 4)[:, 0]])
    order = np.lexsort((area, west, rows))
    order = order[area[order] > _ROUNDING_M2]
    rows = rows[order]
    return unit[rows].astype(np.int32), patch[rows].astype(np.int32), area[order]


def _unite(shapes: NDArray[Any]) -> Any:
    import shapely

    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    return shapely.union_all(_split(shapely.make_valid(shapes))[0])


def _split(shapes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Give the polygons of geometries of any kind, and the index of the geometry of each."""
    import shapely

    parts, source = shapely.get_parts(shapes, return_index=True)
    # A mended polygon may be a collection that holds a multipolygon.
    inner, again = shapely.get_parts(parts, return_index=True)
    keep = shapely.get_type_id(inner) == shapely.GeometryType.POLYGON
    return inner[keep], source[again[keep]]


def _refuse_degrees(layer: gpd.GeoDataFrame, name: str) -> None:
    if layer.crs is not None and layer.crs.is_geographic:
        raise CRSError(
            f"{name} are in {layer.crs.to_string()}, whose coordinates are degrees; "
            "areas need a metric system, such as EPSG:2154."
        )


def _first(values: Any) -> str:
    return ", ".join(str(value) for value in list(values)[:5])
