"""Read vector layers of any common format into the study's CRS, repaired, of the kinds asked for.

Formats: GeoPackage, Shapefile, GeoJSON, FlatGeobuf and whatever else GDAL reads, and GeoParquet.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas
import numpy as np
import pandas
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray

from bocage.errors import BocageError, CRSError, InputError
from bocage.grid import Bounds
from bocage.io.crs import (
    name_crs,
    require_projected,
    transform_bounds,
)
from bocage.io.encoding import find_encoding, find_part
from bocage.io.files import require_file, say_cause, shorten_list, suggest
from bocage.io.mending import Kind, drop_empty, keep_kinds, repair_geometries, reproject_layer
from bocage.journal import Journal

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

__all__ = ["Kind", "LayerInfo", "LayerKind", "list_layers", "read_vector"]

LayerKind = Literal["polygon", "line", "point", "mixed", "table"]

_PARQUET = (".parquet", ".geoparquet")


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """What a layer of a file holds.

    Attributes
    ----------
    name : str
    kind : {"polygon", "line", "point", "mixed", "table"}
        A table has no geometry.
    count : int
        Number of objects.
    crs : str, optional
        As ``"EPSG:2154"``; none when the file does not say.
    bounds : (west, south, east, north), optional
        In that CRS; none when the layer is empty or a table.
    fields : tuple of str
    """

    name: str
    kind: LayerKind
    count: int
    crs: str | None
    bounds: Bounds | None
    fields: tuple[str, ...]


def list_layers(path: str | Path, *, name: str = "file") -> list[LayerInfo]:
    """Describe the layers of a vector file, in the file's order.

    Raises
    ------
    InputError
        If the file is missing or no known vector format.
    """
    path = require_file(path, name)
    if path.suffix.lower() in _PARQUET:
        return [_describe_parquet(path, name)]
    return [_describe_layer(path, layer, kind, name) for layer, kind in _name_layers(path, name)]


def read_vector(
    path: str | Path,
    *,
    name: str,
    crs: str,
    journal: Journal,
    layer: str | None = None,
    kinds: Sequence[Kind] = ("polygon",),
    bbox: Bounds | None = None,
    columns: Sequence[str] | None = None,
    where: str | None = None,
) -> GeoDataFrame:
    """Read a vector layer: reprojected, repaired, of the geometry kinds asked for.

    Parameters
    ----------
    path : path
    name : str
        What the layer is to the study, for errors and notes: ``"communes"``.
    crs : str
        Projected CRS of the study, in metres.
    journal : Journal
        Told of every repair, omission and assumption.
    layer : str, optional
        Needed when the file holds several spatial layers; case does not matter when it leaves no doubt.
    kinds : sequence of {"polygon", "line", "point"}
        Geometries of other kinds are left out, and of a collection the parts of the highest wanted
        dimension are kept; both are noted.
    bbox : (west, south, east, north), optional
        In ``crs``; only objects that intersect it are read, whole.
    columns : sequence of str, optional
        Columns to keep, named in the result as asked here; case does not matter when it leaves no
        doubt. All of them by default.
    where : str, optional
        SQL condition on the file's own fields, as ``"nature = 'Haie'"``.

    Returns
    -------
    GeoDataFrame
        Valid 2D geometries, none empty, in column ``geometry``; rows in the file's order, numbered from 0.

    Raises
    ------
    InputError
        File, layer or column missing, or no geometry of the kinds asked for; names what exists.
    CRSError
        The layer has no CRS, or ``crs`` is in degrees.

    Notes
    -----
    Shapefiles are read in the encoding that their ``.cpg`` or table header gives. Without either they
    are UTF-8 when all their text is, and otherwise Windows-1252, which is noted: GDAL would call
    anything Latin-1 and turn accents of UTF-8 files to rubbish. Curves become lines, Z and M are dropped.
    """
    path = require_file(path, name)
    target = require_projected(crs)
    try:
        if path.suffix.lower() in _PARQUET:
            table = _read_parquet(path, target, name, bbox, columns, where)
        else:
            table = _read_layer(path, target, name, journal, layer, bbox, columns, where)
    except BocageError:
        raise
    except OSError as error:
        raise InputError(
            f"{name}: '{path.as_posix()}' cannot be read: {say_cause(error)}; "
            "check the disk and who may read it."
        ) from error
    if table.crs is None:
        raise CRSError(
            f"{name}: layer '{path.as_posix()}' does not say its coordinate reference system; "
            "assign it in QGIS (Layer > Set CRS, then export) or put its .prj file beside it."
        )
    table, lost = drop_empty(table)
    if lost:
        journal.add("geometry_empty", layer=name, count=lost)
    table = reproject_layer(table, target, name, journal)
    table = repair_geometries(table, name, journal)
    table = keep_kinds(table, kinds, path, name, journal)
    if bbox is not None:
        # Formats filter by envelope or by shape, some in another CRS: the result must not depend on it.
        table = table[shapely.intersects(table.geometry.array, shapely.box(*bbox))]
    if table.empty:
        journal.add("layer_empty", layer=name)
    return table.reset_index(drop=True)


# --- finding the layer and its columns ---------------------------------------------------------------


def _name_layers(path: Path, name: str) -> list[tuple[str, str | None]]:
    """List the names and geometry types that GDAL gives, with the sentence for what it cannot open."""
    if path.suffix.lower() == ".shp" and not find_part(path, ".shx"):
        raise InputError(
            f"{name}: shapefile '{path.as_posix()}' lacks its .shx part; "
            "copy the .shx, .dbf and .prj files beside it."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return [(str(layer), kind) for layer, kind in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError as error:
        raise InputError(
            f"{name}: '{path.as_posix()}' is no vector file that can be opened "
            f"({say_cause(error)}); export it again as GeoPackage."
        ) from error


def _find_layer(path: Path, layer: str | None, name: str) -> str:
    found = _name_layers(path, name)
    names = [one for one, _ in found]
    if layer is not None:
        match = _match(layer, names)
        if match is None:
            close = suggest(layer, names)
            mend = f"did you mean {close}?" if close else f"its layers are {shorten_list(names)}."
            raise InputError(f"{name}: '{path.as_posix()}' has no layer '{layer}'; {mend}")
        return match
    spatial = [one for one, kind in found if kind is not None]
    if not spatial:
        raise InputError(f"{name}: '{path.as_posix()}' holds no geometry; give a file with a spatial layer.")
    if len(spatial) > 1:
        raise InputError(
            f"{name}: '{path.as_posix()}' holds {len(spatial)} layers; say which with layer = \"...\": "
            f"{shorten_list(spatial, 40)}."
        )
    return spatial[0]


def _find_columns(
    columns: Sequence[str] | None, fields: Sequence[str], path: Path, name: str
) -> dict[str, str] | None:
    """Map the columns asked for to the file's fields; none means all."""
    if columns is None:
        return None
    found = {}
    for column in dict.fromkeys(columns):
        match = _match(column, fields)
        if match is None:
            close = suggest(column, fields)
            mend = f"did you mean {close}? " if close else ""
            listed = f"its columns are {shorten_list(fields, 40)}" if fields else "it has no column"
            raise InputError(
                f"{name}: layer '{path.as_posix()}' has no column '{column}'; {mend}"
                f"{listed[0].upper() + listed[1:] if mend else listed}."
            )
        found[column] = match
    return found


def _match(word: str, known: Sequence[str]) -> str | None:
    """Find a name as it is written, or whatever its case when that leaves one."""
    if word in known:
        return word
    alike = [one for one in known if one.casefold() == word.casefold()]
    return alike[0] if len(alike) == 1 else None


# --- reading -----------------------------------------------------------------------------------------


def _read_layer(
    path: Path,
    target: pyproj.CRS,
    name: str,
    journal: Journal,
    layer: str | None,
    bbox: Bounds | None,
    columns: Sequence[str] | None,
    where: str | None,
) -> GeoDataFrame:
    layer = _find_layer(path, layer, name)
    encoding = None
    if path.suffix.lower() == ".shp":
        encoding, assumed = find_encoding(path)
        if assumed:
            journal.add("encoding_assumed", layer=name, encoding=assumed)
    info = _read_info(path, layer, encoding)
    names = _find_columns(columns, list(info["fields"]), path, name)
    source = None if info["crs"] is None else pyproj.CRS.from_user_input(info["crs"])
    # Some drivers take a field that is not asked for as empty in the condition too.
    wanted = None if names is None or where is not None else list(dict.fromkeys(names.values()))
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            # Not through Arrow: that path neither linearises curves nor forgives text in a wrong encoding.
            table = pyogrio.read_dataframe(
                path,
                layer=layer,
                encoding=encoding,
                columns=wanted,
                force_2d=True,
                where=where,
                bbox=None if bbox is None or source is None else transform_bounds(bbox, target, source),
                use_arrow=False,
                on_invalid="fix",
                fid_as_index=True,
            )
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: the text of '{path.as_posix()}' is not in the encoding it claims ({error.encoding}); "
            "correct its .cpg file or export it again as GeoPackage."
        ) from error
    except (
        ValueError,
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        shapely.GEOSException,
    ) as error:
        if where is not None:
            raise InputError(
                f"{name}: the condition where = \"{where}\" cannot be applied to '{path.as_posix()}' "
                f"({say_cause(error).rpartition(': ')[2]}); "
                f"its columns are {shorten_list(list(info['fields']), 40)}."
            ) from error
        raise InputError(
            f"{name}: layer '{layer}' of '{path.as_posix()}' cannot be read ({say_cause(error)}); "
            "export it again as GeoPackage."
        ) from error
    for warning in caught:
        text = say_cause(warning.message)
        # Heights and measures are dropped on purpose, and the declared type is checked here anyway.
        if not any(known in text for known in ("Measured", "not consistent with type", "3D")):
            journal.add("reader_warning", layer=name, text=text)
    if not isinstance(table, geopandas.GeoDataFrame):
        raise InputError(
            f"{name}: layer '{layer}' of '{path.as_posix()}' is a table without geometry; "
            "give a spatial layer."
        )
    # A spatial index gives objects in its own order: the file's is the one that does not depend on bounds.
    return _name_columns(table.sort_index(), names)


def _name_columns(table: GeoDataFrame, names: dict[str, str] | None) -> GeoDataFrame:
    """Keep the columns asked for, under the names asked for; the geometry last, named ``geometry``."""
    geometry = table.geometry.rename("geometry")
    attributes = pandas.DataFrame(table.drop(columns=table.geometry.name))
    if names is not None:
        attributes = pandas.DataFrame(
            {asked: attributes[field] for asked, field in names.items()}, table.index
        )
    return geopandas.GeoDataFrame(attributes, geometry=geometry, crs=table.crs)


def _read_parquet(
    path: Path,
    target: pyproj.CRS,
    name: str,
    bbox: Bounds | None,
    columns: Sequence[str] | None,
    where: str | None,
) -> GeoDataFrame:
    _, schema = _open_parquet(path, name)
    geo = json.loads((schema.metadata or {})[b"geo"])
    spatial = list(geo["columns"])
    fields = [field for field in schema.names if field not in spatial]
    names = _find_columns(columns, fields, path, name)
    wanted = None
    if names is not None and where is None:
        wanted = [*dict.fromkeys(names.values()), geo["primary_column"]]
    table = geopandas.read_parquet(path, columns=wanted)
    if where is not None:
        table = table[_select_rows(table[fields], where, path, name)]
    table = table.drop(columns=[one for one in spatial if one in table and one != table.geometry.name])
    table = table.set_geometry(shapely.force_2d(table.geometry.array))
    if bbox is not None and table.crs is not None:
        table = table.cx[_slices(transform_bounds(bbox, target, table.crs))]
    return _name_columns(table, names)


def _slices(bounds: Bounds) -> tuple[slice, slice]:
    west, south, east, north = bounds
    return slice(west, east), slice(south, north)


def _select_rows(attributes: pandas.DataFrame, where: str, path: Path, name: str) -> NDArray[np.bool_]:
    """Apply a condition in SQLite's SQL, as GDAL does for a GeoPackage."""
    import sqlite3

    plain = attributes.copy()
    for field in plain.columns:
        if plain[field].dtype.kind in "Mm" or plain[field].map(type).isin((list, dict)).any():
            plain[field] = plain[field].astype(str)
    with sqlite3.connect(":memory:") as database:
        plain.reset_index(drop=True).to_sql("layer", database, index_label="bocage_row")
        try:
            rows = [row for (row,) in database.execute(f"SELECT bocage_row FROM layer WHERE {where}")]
        except sqlite3.Error as error:
            raise InputError(
                f"{name}: the condition where = \"{where}\" cannot be applied to '{path.as_posix()}' "
                f"({error}); its columns are {shorten_list(list(attributes.columns), 40)}."
            ) from error
    chosen = np.zeros(len(attributes), dtype=bool)
    chosen[rows] = True
    return chosen


def _open_parquet(path: Path, name: str) -> tuple[int, Any]:
    """Give the number of rows and the Arrow schema of a GeoParquet file."""
    import pyarrow
    from pyarrow import parquet

    try:
        metadata = parquet.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
    except pyarrow.ArrowException as error:
        raise InputError(
            f"{name}: '{path.as_posix()}' is not a Parquet file ({say_cause(error)}); export it again."
        ) from error
    if b"geo" not in (schema.metadata or {}):
        raise InputError(
            f"{name}: '{path.as_posix()}' is a Parquet file without geometry; export it as GeoParquet."
        )
    return int(metadata.num_rows), schema


# --- describing --------------------------------------------------------------------------------------


def _read_info(path: Path, layer: str, encoding: str | None = None, **wanted: bool) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        info: dict[str, Any] = pyogrio.read_info(path, layer=layer, encoding=encoding, **wanted)
    return info


def _describe_layer(path: Path, layer: str, kind: str | None, name: str) -> LayerInfo:
    encoding = find_encoding(path)[0] if path.suffix.lower() == ".shp" else None
    try:
        info = _read_info(path, layer, encoding, force_feature_count=True, force_total_bounds=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InputError(
            f"{name}: layer '{layer}' of '{path.as_posix()}' cannot be read ({say_cause(error)}); "
            "export it again as GeoPackage."
        ) from error
    return LayerInfo(
        name=layer,
        kind=_name_kind([] if kind is None else [kind]),
        count=int(info["features"]),
        crs=None if info["crs"] is None else name_crs(info["crs"]),
        bounds=_clean_bounds(info["total_bounds"]),
        fields=tuple(str(field) for field in info["fields"]),
    )


def _describe_parquet(path: Path, name: str) -> LayerInfo:
    rows, schema = _open_parquet(path, name)
    geo = json.loads(schema.metadata[b"geo"])
    main = geo["columns"][geo["primary_column"]]
    # No "crs" key means longitude and latitude, null means not known (GeoParquet 1.1).
    crs = main.get("crs", "OGC:CRS84")
    return LayerInfo(
        name=path.stem,
        kind=_name_kind(main.get("geometry_types") or ["Unknown"]),
        count=rows,
        crs=None if crs is None else name_crs(crs),
        bounds=_clean_bounds(main.get("bbox")),
        fields=tuple(field for field in schema.names if field not in geo["columns"]),
    )


def _name_kind(types: Sequence[str]) -> LayerKind:
    """Sum up geometry types in one kind.

    >>> _name_kind(["Polygon", "MultiPolygon Z"])
    'polygon'
    """
    kinds: set[LayerKind] = set()
    for one in types:
        lower = one.lower()
        if "polygon" in lower or "surface" in lower:
            kinds.add("polygon")
        elif "line" in lower or "curve" in lower:
            kinds.add("line")
        elif "point" in lower:
            kinds.add("point")
        else:
            kinds.add("mixed")
    if not kinds:
        return "table"
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _clean_bounds(bounds: Any) -> Bounds | None:
    if bounds is None or not len(bounds):
        return None
    numbers = [float(bound) for bound in bounds]
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if not np.isfinite(numbers).all():
        return None
    return (numbers[0], numbers[1], numbers[2], numbers[3])
