"""Write a network as one GeoPackage in the national standard, styles and metadata inside; read it back."""

from __future__ import annotations

import json
import re
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import geopandas
import numpy as np
import pandas
import pyarrow
import pyogrio
import pyproj
import shapely

from bocage.cartography.symbols import load_symbols
from bocage.errors import InputError
from bocage.grid import Bounds
from bocage.io.crs import require_projected
from bocage.io.files import explain_failure, replace_on_success, require_file, say_cause
from bocage.io.metadata import describe_network
from bocage.network import COLUMNS, Network, Table
from bocage.schema.profile import Profile, TableProfile, load_profile
from bocage.schema.qml import write_qml
from bocage.schema.sld import write_sld
from bocage.schema.standard import from_standard, to_standard
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_ABOUT = "bocage_about"
_ARROW_TYPES = {
    "str": pyarrow.string(),
    "float": pyarrow.float64(),
    "int": pyarrow.int64(),
    "bool": pyarrow.bool_(),
}
# As QGIS creates it when a user saves a style in the file.
_STYLES_SQL = """CREATE TABLE "layer_styles" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    "f_table_catalog" TEXT(256), "f_table_schema" TEXT(256), "f_table_name" TEXT(256),
    "f_geometry_column" TEXT(256), "styleName" TEXT(30), "styleQML" TEXT, "styleSLD" TEXT,
    "useAsDefault" BOOLEAN, "description" TEXT, "owner" TEXT(30), "ui" TEXT(30),
    "update_time" DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""
_ABOUT_SQL = f"""CREATE TABLE "{_ABOUT}" (
    "fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "key" TEXT NOT NULL UNIQUE, "value" TEXT NOT NULL)"""
# OGC 12-128r19, tables 14 and 15.
_METADATA_SQL = (
    """CREATE TABLE gpkg_metadata (
    id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL,
    md_scope TEXT NOT NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL,
    mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE gpkg_metadata_reference (
    reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
    timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
    CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
    CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id))""",
)


def write_network(
    path: str | Path, network: Network, *, language: str = "fr", profile: Profile | None = None
) -> None:
    """Write a network as a GeoPackage that QGIS opens looking like the sheet.

    It holds every table of the standard, those without objects too, with the standard's fields first and
    bocage's own as companions; their QGIS and OGC styles (``layer_styles``); what each field means
    (``gpkg_data_columns``); ISO 19139 metadata (``gpkg_metadata``); and ``bocage_about``, from which
    ``read_network`` gives back the same network. The same network gives the same bytes: every date in the
    file is the study's. The previous file stays whole until the new one is complete.

    Parameters
    ----------
    path : path
        Ends in ``.gpkg``.
    network : Network
    language : {"fr", "en"}
        Of legends, field titles and metadata.
    profile : Profile, optional
        The national standard by default; ``load_profile("cer")`` for its 2018 successor.

    Raises
    ------
    OutputError
        The disk is full, the folder read-only, or the previous file open in another program.
    DataError
        A table lacks a column of its contract or holds geometries of another kind.
    """
    path = Path(path)
    profile = profile or load_profile()
    require_projected(network.crs)
    names = _name_tables(network, profile)
    ready = {table: _prepare_table(table, network, profile) for table in names}
    with replace_on_success(path) as part:
        _require_unlocked(path)
        with fix_date(_date_time(network)):
            for table, name in names.items():
                _write_table(part, name, ready[table], profile.tables[table], network.crs, language)
        with closing(sqlite3.connect(part)) as database, database:
            _describe_fields(database, names, profile, language)
            _add_styles(database, network, names, profile, language)
            _add_metadata(database, network, ready, profile, language)
            _add_about(database, network, names, profile)


def read_network(path: str | Path) -> Network:
    """Read back a network that ``write_network`` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    Network
        Equal to the one written: tables, order of rows, columns and types, ``about`` and ``provided``.
        Geometries of one part are simple.

    Raises
    ------
    InputError
        The file is missing, is no GeoPackage, or was not written by bocage.
    """
    path = require_file(path, "network")
    about, tables = _read_about(path), {}
    profile = load_profile(about["profile"]["key"])
    for table in COLUMNS:
        name = about["tables"].get(table)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                objects = pyogrio.read_dataframe(path, layer=name, use_arrow=False)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
            raise InputError(
                f"network: '{path.as_posix()}' lacks the table '{name}' ({say_cause(error)}); "
                "run the study again."
            ) from error
        tables[table] = from_standard(
            table, objects.set_crs(about["crs"], allow_override=True), profile=profile
        )
    return Network(tables=tables, provided=about["provided"], crs=about["crs"], about=about["about"])


# --- tables ------------------------------------------------------------------------------------------


def _name_tables(network: Network, profile: Profile) -> dict[str, str]:
    territory = str(network.about.get("territory") or "000")
    return {table: profile.table_name(table, territory) for table in profile.tables}


def _prepare_table(table: str, network: Network, profile: Profile) -> GeoDataFrame:
    """Give a table in the standard's fields; empty for those the network does not have."""
    if table in COLUMNS:
        objects = network.tables[table]
        return to_standard(table, objects, about=network.about, profile=profile)
    fields = {field.name: pandas.Series(dtype=object) for field in profile.tables[table].fields}
    return geopandas.GeoDataFrame(fields, geometry=geopandas.GeoSeries([], crs=network.crs))


def _write_table(
    part: Path, name: str, objects: GeoDataFrame, table: TableProfile, crs: str, language: str
) -> None:
    """Write a table through Arrow: the one way in which GDAL is told lengths and meanings of fields."""
    arrays: list[Any] = []
    fields: list[Any] = []
    for field in table.fields:
        arrays.append(pyarrow.array(list(objects[field.name]), pyarrow.string(), from_pandas=True))
        about = {"GDAL:OGR:width": str(field.length), "GDAL:OGR:comment": field.title(language)}
        fields.append(pyarrow.field(field.name, pyarrow.string(), not field.required, about))
    for column in table.companions:
        contract = COLUMNS[cast(Table, table.key)][column]
        kind = _ARROW_TYPES[contract.dtype]
        arrays.append(pyarrow.array(objects[column].to_numpy(), kind, from_pandas=True))
        meaning = f"{contract.meaning} [{contract.unit}]" if contract.unit else contract.meaning
        fields.append(pyarrow.field(column, kind, True, {"GDAL:OGR:comment": meaning}))
    arrays.append(pyarrow.array(list(shapely.to_wkb(objects.geometry.array)), pyarrow.binary()))
    fields.append(pyarrow.field("geom", pyarrow.binary(), True, {"ARROW:extension:name": "geoarrow.wkb"}))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            pyogrio.write_arrow(
                pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields)),
                part,
                layer=name,
                driver="GPKG",
                geometry_name="geom",
                geometry_type=table.geometry_type,
                crs=crs,
                layer_options={
                    "FID": "fid",
                    "SPATIAL_INDEX": "YES",
                    "IDENTIFIER": name,
                    "DESCRIPTION": table.title(language),
                },
            )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError) as error:
        # GDAL's words, not a number of the system: told apart by explain_failure.
        raise OSError(say_cause(error)) from error


def write_layer(
    path: Path, name: str, table: geopandas.GeoDataFrame, *, geometry_type: str | None = None
) -> None:
    """Write a table of its own columns as a layer of a GeoPackage, new or beside the layers there.

    Parameters
    ----------
    path : Path
    name : str
    table : GeoDataFrame
    geometry_type : str, optional
        As ``Point``, which an empty table cannot tell; shapes are promoted to multiple ones when left out.

    Raises
    ------
    OSError
        In GDAL's words, not with a number of the system.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.simplefilter("ignore", UserWarning)
            pyogrio.write_dataframe(
                table, path, layer=name, driver="GPKG", use_arrow=False, geometry_type=geometry_type,
                promote_to_multi=geometry_type is None,
                layer_options={"FID": "fid", "GEOMETRY_NAME": "geom", "SPATIAL_INDEX": "YES"},
            )  # fmt: skip
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, RuntimeError) as error:
        raise OSError(say_cause(error)) from error


@contextmanager
def fix_date(moment: str) -> Iterator[None]:
    """Make GDAL write one date in place of the time of day, and work in one thread.

    Parameters
    ----------
    moment : str
        As ``"2026-05-04T00:00:00.000Z"``.
    """
    options = {"OGR_CURRENT_DATE": moment, "OGR_GPKG_ALLOW_THREADED_RTREE": "NO"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _date_time(network: Network) -> str:
    date = str(network.about.get("date") or "")[:10]
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
        date = "1970-01-01"
    return f"{date}T00:00:00.000Z"


# --- beside the tables -------------------------------------------------------------------------------


def _describe_fields(
    database: sqlite3.Connection, names: Mapping[str, str], profile: Profile, language: str
) -> None:
    """Give the standard's fields their titles, and closed domains their allowed values, which QGIS lists."""
    constraints: dict[str, None] = {}
    for table, name in names.items():
        for field in profile.tables[table].fields:
            closed = field.domain is not None and field.domain.closed
            key = f"bocage_{field.domain_key}" if closed else None
            database.execute(
                "UPDATE gpkg_data_columns SET title = ?, constraint_name = ? "
                "WHERE table_name = ? AND column_name = ?",
                (field.title(language), key, name, field.name),
            )
            if key is None or key in constraints or field.domain is None:
                continue
            constraints[key] = None
            database.executemany(
                "INSERT INTO gpkg_data_column_constraints "
                "(constraint_name, constraint_type, value, description) VALUES (?, 'enum', ?, ?)",
                [
                    (key, value.code, value.label_fr if language == "fr" else value.label_en)
                    for value in field.domain.values
                ],
            )


def _add_styles(
    database: sqlite3.Connection,
    network: Network,
    names: Mapping[str, str],
    profile: Profile,
    language: str,
) -> None:
    symbols = load_symbols()
    database.execute(_STYLES_SQL)
    for table, name in names.items():
        if table not in COLUMNS:
            continue
        qml = write_qml(symbols, table, profile, language=language)
        if not qml:
            continue
        title = profile.tables[table].title(language)
        database.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
            "styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
            "VALUES ('', '', ?, 'geom', ?, ?, ?, 1, ?, '', NULL, ?)",
            (
                name,
                f"bocage {table}",
                qml,
                write_sld(symbols, table, name, profile, language=language),
                say("schema.style_description", language, title=title),
                _date_time(network),
            ),
        )
    _register(database, "layer_styles", "", _date_time(network))


def _add_metadata(
    database: sqlite3.Connection,
    network: Network,
    tables: Mapping[str, GeoDataFrame],
    profile: Profile,
    language: str,
) -> None:
    text = describe_network(
        network.about,
        crs=network.crs,
        bounds=_geographic_bounds(tables, network.crs),
        profile=profile,
        language=language,
    )
    for sql in _METADATA_SQL:
        database.execute(sql)
    database.execute(
        "INSERT INTO gpkg_metadata VALUES (1, 'dataset', 'http://www.isotc211.org/2005/gmd', 'text/xml', ?)",
        (text,),
    )
    database.execute(
        "INSERT INTO gpkg_metadata_reference VALUES ('geopackage', NULL, NULL, NULL, ?, 1, NULL)",
        (_date_time(network),),
    )
    database.executemany(
        "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_metadata', "
        "'http://www.geopackage.org/spec121/#extension_metadata', 'read-write')",
        [("gpkg_metadata",), ("gpkg_metadata_reference",)],
    )


def _geographic_bounds(tables: Mapping[str, GeoDataFrame], crs: str) -> Bounds | None:
    bounds = np.array([table.total_bounds for table in tables.values() if len(table)])
    if not len(bounds):
        return None
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    found = transformer.transform_bounds(west, south, east, north)
    return (float(found[0]), float(found[1]), float(found[2]), float(found[3]))


def _add_about(
    database: sqlite3.Connection, network: Network, names: Mapping[str, str], profile: Profile
) -> None:
    """Store what the tables do not hold, as JSON."""
    known = {
        "about": dict(network.about),
        "crs": network.crs,
        "profile": {"key": profile.key},
        "provided": dict(network.provided),
        "tables": dict(names),
    }
    database.execute(_ABOUT_SQL)
    database.executemany(
        f'INSERT INTO "{_ABOUT}" ("key", "value") VALUES (?, ?)',
        [(key, json.dumps(value, ensure_ascii=False, default=_plain)) for key, value in known.items()],
    )
    _register(database, _ABOUT, "What read_network needs beside the tables", _date_time(network))


def _plain(value: Any) -> Any:
    """Write what JSON does not have: mappings, tuples, dates and paths."""
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _register(database: sqlite3.Connection, table: str, description: str, moment: str) -> None:
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
        "VALUES (?, 'attributes', ?, ?, ?, 0)",
        (table, table, description, moment),
    )


# --- the file ----------------------------------------------------------------------------------------


def _require_unlocked(path: Path) -> None:
    """Refuse to replace a file that another program writes to.

    On Linux the rename would succeed, and the other program's log (``-wal``) would then be applied to the
    new file and ruin it.
    """
    if not path.is_file():
        return
    logged = path.with_name(path.name + "-wal").is_file()
    try:
        with closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as database:
            if logged:
                # Succeeds, emptying and removing the log, only when no one else has the file open.
                mode = database.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
                if mode != "delete":
                    raise explain_failure(path, OSError("database is locked"))
            else:
                database.execute("BEGIN EXCLUSIVE")
                database.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise explain_failure(path, error) from error
        # Read-only: the rename decides.
    except sqlite3.DatabaseError:
        return  # What is no database has no one's lock.


def _read_about(path: Path) -> dict[str, Any]:
    try:
        # Read-only, so that a file on a read-only disk opens and nothing is created beside it.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute(f'SELECT "key", "value" FROM "{_ABOUT}"').fetchall()
    except sqlite3.Error as error:
        raise InputError(
            f"network: '{path.as_posix()}' was not written by bocage (it has no table '{_ABOUT}'); "
            "give a network.gpkg that `bocage run` wrote."
        ) from error
    return {key: json.loads(value) for key, value in rows}
