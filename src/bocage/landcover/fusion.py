"""Fusion of land cover layers, linear features and crossings onto one grid."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage import wording
from bocage.errors import CRSError, InputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.landcover.cover import LandCover, Legend
from bocage.landcover.ground import (
    BURNT_GROUNDS,
    GROUND,
    HEDGE_GROUNDS,
    INFRASTRUCTURE_ORDER,
    RAILWAY_GROUNDS,
    ROAD_GROUNDS,
    WATERCOURSE_GROUNDS,
)
from bocage.landcover.nomenclature import JOINT, Nomenclature, complain_of_codes
from bocage.units import hectares

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

BURNT_NOMENCLATURE = "bocage"
"""Nomenclature of what is burnt over the land cover, in the legend."""

_BLOCK_ROWS = 512
_VERGE_M = 60.0
_NEGLIGIBLE_SHARE = 0.0005
_MAX_TABLE = 1 << 16
_MAX_CODE = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class CoverRaster:
    """A land cover raster, already on the grid.

    Attributes
    ----------
    name : str
        Name for messages: the file's.
    nomenclature : Nomenclature
    values : (nrows, ncols) array of a number type
        Codes; whole numbers.
    valid : (nrows, ncols) array of bool, optional
        False where the raster has no data; without it, all cells are valid.
    """

    name: str
    nomenclature: Nomenclature
    values: NDArray[Any]
    valid: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class CoverPolygons:
    """A land cover map in polygons, in the CRS of the grid.

    Attributes
    ----------
    name : str
        Name for messages: the layer's.
    nomenclature : Nomenclature
    polygons : GeoDataFrame
        Where they overlap, the last one wins.
    field : str
        Column of the codes; two columns joined by ``|`` for a cover and a use: ``"code_cs|code_us"``.
    """

    name: str
    nomenclature: Nomenclature
    polygons: GeoDataFrame
    field: str


@dataclass(frozen=True)
class Lines:
    """Lines to burn, one part a row, in the order of burning.

    Attributes
    ----------
    geometry : (n,) array of shapely LineString
    ground : (n,) array of str
    width : (n,) array of float
        Width [m], >= 0.
    """

    geometry: NDArray[np.object_]
    ground: NDArray[np.object_]
    width: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.geometry)


def fuse_land_cover(
    grid: Grid,
    layers: Sequence[CoverRaster | CoverPolygons],
    *,
    hedges: GeoDataFrame | None = None,
    watercourses: GeoDataFrame | None = None,
    railways: GeoDataFrame | None = None,
    roads: GeoDataFrame | None = None,
    crossings: GeoDataFrame | None = None,
    journal: Journal,
    language: str = "fr",
) -> LandCover:
    """Lay land cover layers one over the other, burn lines over them and open the crossings.

    Parameters
    ----------
    grid : Grid
    layers : sequence of CoverRaster or CoverPolygons
        Later ones cover earlier ones.
    hedges, watercourses, railways, roads : GeoDataFrame, optional
        Lines in the grid's CRS with ``ground`` and ``width_m``. Burnt in this order: hedges,
        watercourses (stream, canal, river), then transport lines from the least to the most
        hindering (``ground.INFRASTRUCTURE_ORDER``).
    crossings : GeoDataFrame, optional
        Points, lines or polygons with ``kind`` and ``width_m``; see ``crossings.open_crossings``.
    journal : Journal
        Told of cells without land cover, codes left blank and crossings that cross nothing.
    language : {"fr", "en"}
        Language of the legend's labels.

    Returns
    -------
    LandCover
        In ``under``, roads and railways that the land cover itself holds (OSO 4, carriageways of
        OCS GE) give way to the nearest other ground within 60 m. The legend holds every class of
        the nomenclatures used, present or not, and every ground that can be burnt, so that codes
        do not depend on the extent.

    Raises
    ------
    CodeError
        If codes are present that the nomenclature does not know.
    InputError
        If a raster is not on the grid, or a column is missing or holds what it should not.
    CRSError
        If a layer is not in the CRS of the grid.
    """
    legend, start = _compose_legend(layers, language)
    codes = np.zeros(grid.shape, dtype=np.uint16)
    for layer in layers:
        if isinstance(layer, CoverRaster):
            _lay_raster(codes, layer, start[layer.nomenclature.key], journal)
        else:
            _lay_polygons(codes, layer, start[layer.nomenclature.key], grid, journal)
    uncovered = codes.size - int(np.count_nonzero(codes))
    if uncovered:
        journal.add(
            "cover_missing",
            count=uncovered,
            area_ha=hectares(uncovered * grid.cell_area),
            share=100.0 * uncovered / codes.size,
        )

    burnt = {ground: start[BURNT_NOMENCLATURE] + i for i, ground in enumerate(BURNT_GROUNDS)}
    hedge_lines = _collect_lines([("hedges", hedges, HEDGE_GROUNDS)], HEDGE_GROUNDS, grid)
    water_lines = _collect_lines(
        [("watercourses", watercourses, WATERCOURSE_GROUNDS)], WATERCOURSE_GROUNDS, grid
    )
    transport_lines = _collect_lines(
        [("railways", railways, RAILWAY_GROUNDS), ("roads", roads, ROAD_GROUNDS)], INFRASTRUCTURE_ORDER, grid
    )
    under = _take_infrastructure_off(codes, legend, grid)
    for lines in (hedge_lines, water_lines):
        _burn(codes, lines, burnt, grid)
        _burn(under, lines, burnt, grid)
    _burn(codes, transport_lines, burnt, grid)
    if crossings is not None and len(crossings):
        from bocage.landcover.crossings import open_crossings

        _check_crs("crossings", crossings, grid)
        open_crossings(
            codes, legend, crossings, grid=grid, infrastructure=transport_lines, watercourses=water_lines,
            journal=journal,
        )  # fmt: skip
    return LandCover(grid, codes, under, legend)


def note_uncovered(cover: LandCover, area: BaseGeometry, journal: Journal) -> None:
    """Note the ground of the study area itself that has no land cover.

    Parameters
    ----------
    cover : LandCover
    area : shapely geometry
        The study area, in the CRS of the grid. A cell counts by its centre.
    journal : Journal
        Told of it from 0.05 % of the area on: cells on its limit are not worth a warning.
    """
    from rasterio.features import geometry_mask
    from rasterio.transform import Affine

    if np.all(cover.codes):
        return
    grid = cover.grid
    inside = geometry_mask([area], out_shape=grid.shape, transform=Affine(*grid.affine), invert=True)
    total = int(np.count_nonzero(inside))
    bare = int(np.count_nonzero(inside & (cover.codes == 0)))
    if total and bare / total >= _NEGLIGIBLE_SHARE:
        journal.add("area_uncovered", area_ha=hectares(bare * grid.cell_area), share=100.0 * bare / total)


def _compose_legend(
    layers: Sequence[CoverRaster | CoverPolygons], language: str
) -> tuple[Legend, dict[str, int]]:
    """Make the legend, and tell at which code each nomenclature starts."""
    rows = [("", "", wording.say("landcover.no_data", language), "")]
    start: dict[str, int] = {}
    known: dict[str, Nomenclature] = {}
    for layer in layers:
        nomenclature = layer.nomenclature
        key = nomenclature.key
        if key in known:
            if known[key].classes != nomenclature.classes:
                raise InputError(
                    f"Layer '{layer.name}' has another nomenclature named '{key}' than the layer before it; "
                    "give each [nomenclatures] table its own name."
                )
            continue
        known[key] = nomenclature
        start[key] = len(rows)
        rows.extend(
            (key, code, entry.label(language), entry.ground) for code, entry in nomenclature.classes.items()
        )
    start[BURNT_NOMENCLATURE] = len(rows)
    rows.extend((BURNT_NOMENCLATURE, key, GROUND[key].label(language), key) for key in BURNT_GROUNDS)
    if len(rows) > _MAX_CODE:
        raise InputError(f"The nomenclatures hold {len(rows)} classes together; at most {_MAX_CODE} fit.")
    nomenclatures, codes, labels, grounds = zip(*rows, strict=True)
    return Legend(nomenclatures, codes, labels, grounds), start


def _blocks(nrows: int) -> Iterator[slice]:
    for row in range(0, nrows, _BLOCK_ROWS):
        yield slice(row, min(row + _BLOCK_ROWS, nrows))


def _index_classes(nomenclature: Nomenclature, start: int) -> dict[str, int]:
    return {code: start + i for i, code in enumerate(nomenclature.classes)}


def _lay_raster(codes: NDArray[np.uint16], layer: CoverRaster, start: int, journal: Journal) -> None:
    if layer.values.shape != codes.shape:
        raise InputError(
            f"Raster '{layer.name}' has {layer.values.shape[0]} x {layer.values.shape[1]} cells "
            f"where the grid has {codes.shape[0]} x {codes.shape[1]}; resample it onto the grid first."
        )
    index = _index_classes(layer.nomenclature, start)
    table: dict[int, int] = {}
    unknown: Counter[str] = Counter()
    zeros = 0
    for block in _blocks(codes.shape[0]):
        values = layer.values[block]
        valid = np.ones(values.shape, dtype=bool) if layer.valid is None else layer.valid[block].copy()
        if values.dtype.kind == "f":
            valid &= np.isfinite(values)
            whole = np.where(valid, values, 0)
            if not np.array_equal(whole, np.rint(whole)):
                odd = float(whole[whole != np.rint(whole)].flat[0])
                raise InputError(
                    f"Raster '{layer.name}' holds {odd:g}, which is no class code; it should hold the whole "
                    f"numbers of nomenclature '{layer.nomenclature.key}', resampled to the nearest."
                )
            values = whole.astype(np.int64)
        present, position = _index_values(values)
        counts = np.bincount(position[valid], minlength=len(present))
        target = np.zeros(len(present), dtype=np.uint16)
        for i, value in enumerate(present.tolist()):
            if not counts[i]:
                continue
            if value not in table:
                found = layer.nomenclature.resolve(str(value))
                table[value] = index[found] if found else 0
            target[i] = table[value]
            if not table[value]:
                # An untagged 0 is what nearly every producer writes where there are no data.
                if value == 0:
                    zeros += int(counts[i])
                else:
                    unknown[str(value)] += int(counts[i])
        laid = target[position]
        laid[~valid] = 0
        np.copyto(codes[block], laid, where=laid > 0)
    if unknown:
        raise complain_of_codes(layer.name, layer.nomenclature, unknown, "cells")
    if zeros:
        journal.add("cover_zero_no_data", layer=layer.name, count=zeros, share=100.0 * zeros / codes.size)


def _index_values(values: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the values that may be present, and the place of each cell's value in the list."""
    low, high = int(values.min()), int(values.max())
    if high - low < _MAX_TABLE:
        return np.arange(low, high + 1), values.astype(np.int64) - low
    present, inverse = np.unique(values, return_inverse=True)
    return present.astype(np.int64), inverse.reshape(values.shape)


def _lay_polygons(
    codes: NDArray[np.uint16], layer: CoverPolygons, start: int, grid: Grid, journal: Journal
) -> None:
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    _check_crs(layer.name, layer.polygons, grid)
    names = _read_codes(layer)
    index = _index_classes(layer.nomenclature, start)
    table: dict[str, int] = {}
    unknown: Counter[str] = Counter()
    for name, count in Counter(names).items():
        found = layer.nomenclature.resolve(name) if name else None
        table[name] = index[found] if found else 0
        if name and not found:
            unknown[name] = count
    if unknown:
        raise complain_of_codes(layer.name, layer.nomenclature, unknown, "objects")
    blank = names.count("")
    if blank:
        journal.add("cover_code_blank", layer=layer.name, count=blank, field=layer.field)
    shapes = [
        (polygon, table[name])
        for polygon, name in zip(layer.polygons.geometry.array, names, strict=True)
        if name and polygon is not None and not polygon.is_empty
    ]
    if shapes:
        rasterize(shapes, out=codes, transform=Affine(*grid.affine))


def _read_codes(layer: CoverPolygons) -> list[str]:
    """Read the codes of polygons as text; '' where there is none."""
    fields = [part.strip() for part in layer.field.split(JOINT)]
    missing = [name for name in fields if name not in layer.polygons.columns]
    if missing:
        columns = [str(name) for name in layer.polygons.columns if name != layer.polygons.geometry.name]
        raise InputError(
            f"Layer '{layer.name}' has no field '{missing[0]}' for the codes of its land cover; "
            f"its fields are {', '.join(columns)}."
        )
    parts = [[_write_code(value) for value in layer.polygons[name].tolist()] for name in fields]
    # A use without a cover says nothing of the ground; a cover without a use stands alone.
    return [JOINT.join(part for part in row if part) if row[0] else "" for row in zip(*parts, strict=True)]


def _write_code(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _check_crs(name: str, layer: GeoDataFrame, grid: Grid) -> None:
    if layer.crs is not None and layer.crs != grid.crs:
        raise CRSError(
            f"Layer '{name}' is in {layer.crs.to_string()} where the grid is in {grid.crs}; "
            "reproject it first."
        )


def _take_infrastructure_off(codes: NDArray[np.uint16], legend: Legend, grid: Grid) -> NDArray[np.uint16]:
    """Copy a land cover, roads and railways that it holds itself giving way to the ground beside them."""
    under = codes.copy()
    infrastructure = np.array(
        [ground in GROUND and GROUND[ground].infrastructure for ground in legend.ground]
    )
    # Burnt features are in the legend but not yet in the codes; most land covers hold no road of their own.
    held = infrastructure & (np.array(legend.nomenclature) != BURNT_NOMENCLATURE)
    if held.any():
        from bocage.kernels.filling import fill_from_nearest, list_offsets

        fill_from_nearest(codes, under, held, list_offsets(math.ceil(_VERGE_M / grid.cell)))
    return under


def _collect_lines(
    sources: Iterable[tuple[str, GeoDataFrame | None, tuple[str, ...]]], order: tuple[str, ...], grid: Grid
) -> Lines:
    """Gather the lines that come near the grid, single parts, in the order of burning."""
    import shapely

    geometries: list[NDArray[np.object_]] = []
    grounds: list[NDArray[np.object_]] = []
    widths: list[NDArray[np.float64]] = []
    for name, layer, allowed in sources:
        if layer is None or not len(layer):
            continue
        _check_crs(name, layer, grid)
        ground = _read_grounds(name, layer, allowed)
        width = (
            layer["width_m"].to_numpy(dtype=np.float64, na_value=np.nan)
            if "width_m" in layer.columns
            else np.zeros(len(layer))
        )
        width = np.clip(np.nan_to_num(width, nan=0.0, posinf=0.0), 0.0, None)
        geometry = shapely.force_2d(np.asarray(layer.geometry.array, dtype=object))
        parts, origin = shapely.get_parts(geometry, return_index=True)
        reach = float(width.max()) / 2 + grid.cell
        west, south, east, north = grid.bounds
        box = shapely.box(west - reach, south - reach, east + reach, north + reach)
        near = shapely.intersects(box, parts) & (shapely.get_dimensions(parts) == 1)
        geometries.append(parts[near])
        grounds.append(ground[origin[near]])
        widths.append(width[origin[near]])
    if not geometries:
        return Lines(np.empty(0, object), np.empty(0, object), np.empty(0))
    ground = np.concatenate(grounds)
    rank = {name: i for i, name in enumerate(order)}
    turn = np.argsort(np.array([rank[name] for name in ground], dtype=np.int64), kind="stable")
    return Lines(np.concatenate(geometries)[turn], ground[turn], np.concatenate(widths)[turn])


def _read_grounds(name: str, layer: GeoDataFrame, allowed: tuple[str, ...]) -> NDArray[np.object_]:
    if "ground" not in layer.columns:
        if len(allowed) == 1:
            return np.full(len(layer), allowed[0], dtype=object)
        raise InputError(f"Layer '{name}' has no column 'ground'; it should hold {', '.join(allowed)}.")
    ground: NDArray[np.object_] = layer["ground"].to_numpy(dtype=object)
    odd = Counter(str(value) for value in ground if value not in allowed)
    if odd:
        listed = ", ".join(f"{value!r} ({count})" for value, count in sorted(odd.items()))
        raise InputError(
            f"Layer '{name}' holds ground classes that it cannot have: {listed}; "
            f"its classes must be among {', '.join(allowed)}."
        )
    return ground


def _burn(codes: NDArray[np.uint16], lines: Lines, burnt: dict[str, int], grid: Grid) -> None:
    if not len(lines):
        return
    import shapely

    from bocage.kernels.burning import burn_lines

    vertices, line = shapely.get_coordinates(lines.geometry, return_index=True)
    offsets = np.zeros(len(lines) + 1, dtype=np.int64)
    np.cumsum(np.bincount(line, minlength=len(lines)), out=offsets[1:])
    x, y = to_cells(vertices, grid)
    value = np.array([burnt[name] for name in lines.ground], dtype=np.uint16)
    burn_lines(codes, x, y, offsets, lines.width / (2.0 * grid.cell), value)


def to_cells(vertices: NDArray[np.float64], grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give points in cells, columns rightwards and rows downwards from the grid's corner.

    >>> to_cells(np.array([[15.0, 25.0]]), Grid(0, 30, 10, 3, 3))
    (array([1.5]), array([0.5]))
    """
    x = np.ascontiguousarray((vertices[:, 0] - grid.west) / grid.cell)
    y = np.ascontiguousarray((grid.north - vertices[:, 1]) / grid.cell)
    return x, y
