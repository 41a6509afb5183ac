"""Reporting units (communes, EPCI, watersheds): what is wrong with them is said before measuring."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import CRSError, DataError, InputError
from bocage.fragmentation.mesh_figures import Pieces
from bocage.journal import Note
from bocage.units import hectares

if TYPE_CHECKING:
    import geopandas as gpd

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Units:
    """Reporting units that passed the checks.

    Attributes
    ----------
    ids : (u,) tuple of str
        Unique.
    geometry : (u,) array of polygons or multipolygons
        Valid, not empty.
    crs : pyproj.CRS or None
    overlaps : tuple of (str, str, float)
        Pairs that overlap by no more than was allowed, and by how much [m²].
    """

    ids: tuple[str, ...]
    geometry: NDArray[Any]
    crs: Any
    overlaps: tuple[tuple[str, str, float], ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


def read_units(units: gpd.GeoDataFrame, column: str, *, overlap_share: float = 0.001) -> Units:
    """Check the polygons of reporting units.

    Parameters
    ----------
    units : GeoDataFrame
        Polygons in a metric CRS; invalid ones are repaired.
    column : str
        Column of the identifiers.
    overlap_share : float
        Two units may overlap by this share of the smaller one: borders drawn apart never meet
        exactly. 0 allows none.

    Returns
    -------
    Units

    Raises
    ------
    InputError
        If there is no unit, no such column, an identifier missing or given twice, or a unit
        without a polygon.
    CRSError
        If the coordinates are degrees.
    DataError
        If two units overlap by more than ``overlap_share``: their ground would count twice.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> twins = gpd.GeoDataFrame({"code": ["A", "A"]}, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)])
    >>> read_units(twins, "code")
    Traceback (most recent call last):
    ...
    bocage.errors.InputError: Reporting units: 1 identifier(s) of column 'code' are given twice ...
    """
    import shapely

    if len(units) == 0:
        raise InputError("The layer of reporting units is empty; give at least one polygon.")
    if column not in units.columns:
        raise InputError(
            f"Reporting units have no column '{column}'; the columns are {_first(units.columns, 20)}."
        )
    if units.crs is not None and units.crs.is_geographic:
        raise CRSError(
            f"Reporting units are in {units.crs.to_string()}, whose coordinates are degrees; "
            "areas need a metric system, such as EPSG:2154."
        )
    missing = np.flatnonzero(units[column].isna().to_numpy())
    if missing.size:
        raise InputError(
            f"Reporting units: {missing.size} row(s) have no value in column '{column}' "
            f"(rows {_first(missing)}); give each unit an identifier."
        )
    ids = tuple(_spell(value) for value in units[column].to_list())
    if twice := [name for name, count in Counter(ids).items() if count > 1]:
        raise InputError(
            f"Reporting units: {len(twice)} identifier(s) of column '{column}' are given twice or more "
            f"({_first(twice)}); dissolve the units by this column or choose another."
        )
    geometry = np.array([_keep_polygons(shape) for shape in units.geometry.to_numpy()], dtype=object)
    if bare := [name for name, shape in zip(ids, geometry, strict=True) if not shapely.area(shape) > 0.0]:
        raise InputError(
            f"{len(bare)} reporting unit(s) have no polygon ({_first(bare)}); draw them or leave them out."
        )
    overlaps = find_overlaps(ids, geometry)
    size = dict(zip(ids, shapely.area(geometry).tolist(), strict=True))
    if large := [pair for pair in overlaps if pair[2] > overlap_share * min(size[pair[0]], size[pair[1]])]:
        shown = ", ".join(f"{a} and {b}: {hectares(area):.2f} ha" for a, b, area in large[:_SHOWN])
        raise DataError(
            f"{len(large)} pair(s) of reporting units overlap by more than {100 * overlap_share:g} % "
            f"({shown}); their ground would count twice: correct the borders, "
            "or give layers of units one at a time."
        )
    return Units(ids, geometry, units.crs, overlaps)


def find_overlaps(ids: tuple[str, ...], geometry: NDArray[Any]) -> tuple[tuple[str, str, float], ...]:
    """List the pairs of units that share ground and how much [m²], largest first.

    Shared ground below 1 m² is rounding and is not listed.
    """
    import shapely

    one, other = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    apart = shapely.touches(geometry[one], geometry[other])
    one, other = one[~apart], other[~apart]
    area = shapely.area(shapely.intersection(geometry[one], geometry[other]))
    order = np.lexsort((other, one, -area))
    return tuple((ids[one[i]], ids[other[i]], float(area[i])) for i in order if area[i] >= 1.0)


def review_units(units: Units, pieces: Pieces, patch_ids: NDArray[Any] | None = None) -> tuple[Note, ...]:
    """Tell what the reader of the figures must know of the units.

    Parameters
    ----------
    units : Units
    pieces : Pieces
        By unit.
    patch_ids : (p,) array, optional
        Names of the patches; 1, 2, … by default.

    Returns
    -------
    tuple of Note
        ``units_overlap`` where borders overlap a little, ``patches_outside_units`` where patches
        count in no unit, ``units_without_patches`` where a unit holds no natural ground, and
        ``patches_at_data_edge`` where patches of the units go on beyond the data.
    """
    notes = []
    if units.overlaps:
        pairs = ", ".join(f"{a}/{b}" for a, b, _ in units.overlaps[:_SHOWN])
        total = hectares(sum(area for _, _, area in units.overlaps))
        notes.append(_note("units_overlap", count=len(units.overlaps), units=pairs, area_ha=total))
    names = np.arange(1, len(pieces.patch_area_m2) + 1) if patch_ids is None else np.asarray(patch_ids)
    outside = pieces.find_outside_patches()
    if outside.size:
        total = hectares(float(pieces.patch_area_m2[outside].sum()))
        shown = _first(names[outside])
        notes.append(_note("patches_outside_units", count=int(outside.size), patches=shown, area_ha=total))
    if empty := pieces.find_empty_units():
        notes.append(_note("units_without_patches", count=len(empty), units=_first(empty)))
    edge = np.unique(pieces.patch[pieces.patch_at_edge[pieces.patch]])
    if edge.size:
        notes.append(_note("patches_at_data_edge", count=int(edge.size), patches=_first(names[edge])))
    return tuple(notes)


def _note(code: str, **values: str | int | float) -> Note:
    return Note(code, tuple(values.items()))


def _keep_polygons(shape: Any) -> Any:
    import shapely

    if shape is None:
        return shapely.Polygon()
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape)
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = shapely.get_parts(shapely.get_parts(np.array([shape], object)))
    return shapely.union_all(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON])


def _spell(value: Any) -> str:
    # A code read as a float, 34001.0, is the code 34001.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _first(values: Any, shown: int = _SHOWN) -> str:
    return ", ".join(str(value) for value in list(values)[:shown])
