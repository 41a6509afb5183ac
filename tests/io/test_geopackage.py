"""A network as a GeoPackage, written and read back."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyogrio
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely import Point

from bocage.errors import DataError, InputError, OutputError
from bocage.io.geopackage import read_network, write_network
from bocage.network import COLUMNS, Network, empty_table
from bocage.schema import load_profile
from tests.io.networks import ABOUT, CRS, make_network, make_table

TABLES = [
    "N_SRCE_RESERVOIR_S_ARR",
    "N_SRCE_RESERVOIR_L_ARR",
    "N_SRCE_CORRIDOR_S_ARR",
    "N_SRCE_CORRIDOR_L_ARR",
    "N_SRCE_COURS_EAU_S_ARR",
    "N_SRCE_COURS_EAU_L_ARR",
    "N_SRCE_OBSTACLE_P_ARR",
    "N_SRCE_OBSTACLE_L_ARR",
    "N_SRCE_OBSTACLE_S_ARR",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the small network once, under a name with a space and an accent."""
    path = tmp_path_factory.mktemp("été") / "mon réseau.gpkg"
    write_network(path, make_network())
    return path


@pytest.fixture
def database(file: Path) -> Iterator[sqlite3.Connection]:
    """Open it as plain SQLite."""
    with closing(sqlite3.connect(file)) as connection:
        yield connection


def test_round_trip_is_exact(file: Path) -> None:
    """What is read is what was written: tables, rows, columns, types, geometries, and what is about them."""
    network, found = make_network(), read_network(file)
    assert list(found.tables) == list(COLUMNS)
    for table in COLUMNS:
        assert_geodataframe_equal(found.tables[table], network.tables[table], check_like=False)
    assert found.about == network.about
    assert found.provided == network.provided
    assert found.crs == network.crs


def test_twice_round_is_the_same_bytes(file: Path, tmp_path: Path) -> None:
    """Written again later, elsewhere, from what was read, the file is the same to the byte."""
    time.sleep(1.1)
    write_network(tmp_path / "autre.gpkg", read_network(file))
    assert (tmp_path / "autre.gpkg").read_bytes() == file.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["autre.gpkg"]


def test_tables_follow_the_standard(file: Path) -> None:
    """All nine tables are there, in order, of the right geometry, the standard's fields first."""
    layers = dict(pyogrio.list_layers(file))
    assert list(layers)[:9] == TABLES
    kinds = {"S": "MultiPolygon", "L": "MultiLineString", "P": "Point"}
    profile = load_profile()
    for table, name in zip(profile.tables, TABLES, strict=True):
        assert layers[name] == kinds[name.split("_")[-2]]
        info = pyogrio.read_info(file, layer=name)
        standard = [field.name for field in profile.tables[table].fields]
        assert list(info["fields"]) == [*standard, *profile.tables[table].companions]
        assert info["crs"] == CRS
    corridors = pyogrio.read_info(file, layer="N_SRCE_CORRIDOR_S_ARR")
    assert list(corridors["fields"])[:11] == [
        "ID_CORR",
        "ID_SRCE",
        "NOM_CORR",
        "OBJ_ASSI",
        "MILMAJ_NAT",
        "MILMAJ_REG",
        "MILASO_NAT",
        "MILASO_REG",
        "DELIMIT",
        "INTERREG",
        "subnetwork",
    ]


def test_values_are_the_standards(file: Path) -> None:
    """Objectives are 01 and 02, corridors are schematic, flags are T or empty, the scheme has one name."""
    corridors = pyogrio.read_dataframe(file, layer="N_SRCE_CORRIDOR_S_ARR")
    assert corridors.OBJ_ASSI.tolist() == ["01", "02"]
    assert corridors.DELIMIT.tolist() == ["DS", "DS"]
    assert corridors.ID_SRCE.tolist() == ["FR34SRCE2026"] * 2
    assert corridors.MILMAJ_NAT.tolist() == ["boisé", "boisé"]
    assert corridors.MILMAJ_REG.tolist() == ["Sous-trame boisée"] * 2
    rivers = pyogrio.read_dataframe(file, layer="N_SRCE_COURS_EAU_L_ARR")
    assert rivers.EST_CORRID.iloc[0] == "T"
    assert rivers.EST_CORRID.isna().tolist() == [False, True]
    assert rivers.EST_RESERV.isna().tolist() == [True, False]
    assert rivers.CLASSE1.isna().tolist() == [False, True]
    assert rivers.TYPE_CEAU.tolist() == ["naturel", "canal"]
    obstacles = pyogrio.read_dataframe(file, layer="N_SRCE_OBSTACLE_L_ARR")
    assert obstacles[["TYPE_OBST", "LIB_OBST"]].iloc[0].tolist() == ["canal", "canal"]


def test_file_is_a_sound_geopackage(database: sqlite3.Connection) -> None:
    """SQLite finds it whole, it says it is a GeoPackage 1.4, and lists its tables and extensions."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    assert application.to_bytes(4, "big") == b"GPKG"
    assert version == 10400
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    contents = database.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall()
    assert contents == [
        *((name, "features") for name in TABLES),
        ("layer_styles", "attributes"),
        ("bocage_about", "attributes"),
    ]
    extensions = set(database.execute("SELECT table_name, extension_name FROM gpkg_extensions"))
    assert {
        ("gpkg_metadata", "gpkg_metadata"),
        ("gpkg_metadata_reference", "gpkg_metadata"),
        ("gpkg_data_columns", "gpkg_schema"),
        ("N_SRCE_CORRIDOR_S_ARR", "gpkg_rtree_index"),
    } <= extensions


def test_every_date_is_the_studys(database: sqlite3.Connection) -> None:
    """No time of writing is in the file."""
    moment = "2026-05-04T00:00:00.000Z"
    for sql in (
        "SELECT DISTINCT last_change FROM gpkg_contents",
        "SELECT DISTINCT update_time FROM layer_styles",
        "SELECT DISTINCT timestamp FROM gpkg_metadata_reference",
    ):
        assert database.execute(sql).fetchall() == [(moment,)]


def test_fields_have_lengths_titles_and_allowed_values(database: sqlite3.Connection) -> None:
    """A field tells its length, what it means, and a closed list of values that GIS offer."""
    (sql,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'N_SRCE_CORRIDOR_S_ARR'").fetchone()
    assert '"ID_CORR" TEXT(20) NOT NULL' in sql
    assert '"OBJ_ASSI" TEXT(2)' in sql
    assert '"touches_edge" BOOLEAN' in sql
    title, constraint = database.execute(
        "SELECT title, constraint_name FROM gpkg_data_columns WHERE table_name = 'N_SRCE_CORRIDOR_S_ARR' "
        "AND column_name = 'OBJ_ASSI'"
    ).fetchone()
    assert title.startswith("Objectif assigné")
    values = database.execute(
        "SELECT value, description FROM gpkg_data_column_constraints WHERE constraint_name = ?",
        (constraint,),
    ).fetchall()
    assert values == [("01", "à préserver"), ("02", "à remettre en bon état")]
    (meaning,) = database.execute(
        "SELECT description FROM gpkg_data_columns WHERE table_name = 'N_SRCE_CORRIDOR_S_ARR' "
        "AND column_name = 'cost'"
    ).fetchone()
    assert meaning.endswith("[resistance x m]")


def test_styles_are_where_qgis_looks(database: sqlite3.Connection) -> None:
    """Each table with symbols has one default style, in QML and in SLD, for its geometry column."""
    rows = database.execute(
        "SELECT f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleQML, styleSLD, "
        "useAsDefault, length(styleName) FROM layer_styles"
    ).fetchall()
    assert [row[2] for row in rows] == [name for name in TABLES if name != "N_SRCE_COURS_EAU_S_ARR"]
    for catalog, schema, name, geometry, qml, sld, default, length in rows:
        assert (catalog, schema, geometry, default) == ("", "", "geom", 1)
        assert length <= 30
        assert ElementTree.fromstring(qml.partition("\n")[2]).tag == "qgis"
        assert name in sld
        assert ElementTree.fromstring(sld.encode()).tag.endswith("StyledLayerDescriptor")


def test_style_rules_draw_each_object_once(file: Path, database: sqlite3.Connection) -> None:
    """A table's rules, run as SQL over it, take each object once; restore is « Corridors à restaurer »."""
    (qml,) = database.execute(
        "SELECT styleQML FROM layer_styles WHERE f_table_name = 'N_SRCE_CORRIDOR_S_ARR'"
    ).fetchone()
    rules = ElementTree.fromstring(qml.partition("\n")[2]).findall("./renderer-v2/rules/rule")
    drawn = {}
    for rule in rules:
        found = database.execute(
            f"SELECT ID_CORR FROM N_SRCE_CORRIDOR_S_ARR WHERE {rule.get('filter')}"
        ).fetchall()
        drawn[rule.get("label")] = [one for (one,) in found]
    assert drawn == {"Corridors écologiques": ["FR34CS1"], "Corridors à restaurer": ["FR34CS2"]}


def test_metadata_say_what_it_is(database: sqlite3.Connection) -> None:
    """ISO 19139 metadata name the network, its date, CRS, scale, legal status, sources and extent."""
    scope, uri, kind, text = database.execute(
        "SELECT md_scope, md_standard_uri, mime_type, metadata FROM gpkg_metadata"
    ).fetchone()
    assert (scope, uri, kind) == ("dataset", "http://www.isotc211.org/2005/gmd", "text/xml")
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "{http://www.isotc211.org/2005/gmd}MD_Metadata"
    words = " | ".join(element.text.strip() for element in root.iter() if element.text)
    for expected in (
        "Continuités écologiques du Val d’Arre",
        "2026-05-04",
        "2154",
        "100000",
        "étude, sans valeur réglementaire",
        "CLC 2012\u00a0: Licence Ouverte",
        "DDTM 34",
        "a@b.fr",
    ):
        assert expected in words
    reference = database.execute(
        "SELECT reference_scope, table_name, md_file_id FROM gpkg_metadata_reference"
    )
    assert reference.fetchall() == [("geopackage", None, 1)]


def test_empty_network_without_words(tmp_path: Path) -> None:
    """A network of nothing, with nothing said about it, is written and read back."""
    tables = {table: empty_table(table, CRS) for table in COLUMNS}
    network = Network(tables=tables, provided={}, crs=CRS)
    path = tmp_path / "vide.gpkg"
    write_network(path, network)
    found = read_network(path)
    for table in COLUMNS:
        assert_geodataframe_equal(found.tables[table], tables[table])
    assert found.about == {}
    assert next(iter(dict(pyogrio.list_layers(path)))) == "N_SRCE_RESERVOIR_S_000"


def test_successor_of_2018(tmp_path: Path) -> None:
    """The variant « continuités écologiques régionales » names the scheme ID_CER and is read back."""
    path = tmp_path / "cer.gpkg"
    write_network(path, make_network(), profile=load_profile("cer"))
    table = pyogrio.read_dataframe(path, layer="N_CER_RESERVOIR_S_ARR")
    assert list(table.columns)[:2] == ["ID_RESV", "ID_CER"]
    assert table.ID_CER.tolist() == ["FR34CER2026"] * 2
    found = read_network(path)
    assert_geodataframe_equal(found.tables["reservoir_s"], make_network().tables["reservoir_s"])


def test_english(tmp_path: Path) -> None:
    """Legends, titles and metadata are in English when asked; fields and codes are the standard's."""
    path = tmp_path / "en.gpkg"
    write_network(path, make_network(), language="en")
    with closing(sqlite3.connect(path)) as database:
        (qml,) = database.execute("SELECT styleQML FROM layer_styles WHERE f_table_name LIKE '%CORRIDOR_S%'")
        assert "Corridors to restore" in qml[0]
    assert_geodataframe_equal(read_network(path).tables["corridor_s"], make_network().tables["corridor_s"])


@pytest.mark.parametrize("journal_mode", ["DELETE", "WAL"])
def test_file_open_elsewhere_is_not_replaced(tmp_path: Path, journal_mode: str) -> None:
    """While another program holds the file, writing fails in one sentence and leaves it alone."""
    path = tmp_path / "network.gpkg"
    write_network(path, make_network())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"PRAGMA journal_mode={journal_mode}")
        other.execute("BEGIN IMMEDIATE" if journal_mode == "WAL" else "BEGIN EXCLUSIVE")
        other.execute("INSERT INTO bocage_about (key, value) VALUES ('x', '1')")
        before = path.read_bytes()
        with pytest.raises(OutputError, match=r"network\.gpkg' cannot be written: it is open in another"):
            write_network(path, make_network())
        assert path.read_bytes() == before
        other.execute("ROLLBACK")
    write_network(path, make_network())
    assert read_network(path).about == ABOUT
    assert [one.name for one in tmp_path.iterdir()] == ["network.gpkg"]


def test_log_left_by_a_killed_program_is_no_lock(tmp_path: Path) -> None:
    """A -wal file that no one holds is closed and does not spoil the new file."""
    path = tmp_path / "network.gpkg"
    write_network(path, make_network())
    fresh = path.read_bytes()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("DELETE FROM bocage_about")
        other.commit()
        log = path.with_name("network.gpkg-wal").read_bytes()
        main = path.read_bytes()
    path.write_bytes(main)
    path.with_name("network.gpkg-wal").write_bytes(log)
    write_network(path, make_network())
    assert path.read_bytes() == fresh
    assert [one.name for one in tmp_path.iterdir()] == ["network.gpkg"]


def test_rubbish_under_the_name_is_replaced(tmp_path: Path) -> None:
    """What is no database has no lock: it is replaced."""
    path = tmp_path / "network.gpkg"
    path.write_text("not a GeoPackage")
    write_network(path, make_network())
    assert read_network(path).crs == CRS


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the super-user may write anywhere")
def test_read_only_folder(tmp_path: Path) -> None:
    """A folder that may not be written to is told."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="read-only"):
            write_network(tmp_path / "network.gpkg", make_network())
    finally:
        tmp_path.chmod(0o700)


def test_failure_half_way_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while the styles are written leaves the previous file, and nothing beside it."""
    import bocage.io.geopackage as module

    path = tmp_path / "network.gpkg"
    write_network(path, make_network())
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(module, "_add_styles", fail)
    with pytest.raises(OutputError, match="the disk is full; free some space"):
        write_network(path, make_network())
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["network.gpkg"]


def test_tables_that_break_the_contract(tmp_path: Path) -> None:
    """A missing column or a geometry of another kind is told before anything is written."""
    network = make_network()
    lacking = dict(network.tables) | {"obstacle_p": network.tables["obstacle_p"].drop(columns="cause")}
    with pytest.raises(DataError, match="Table 'obstacle_p' lacks the column 'cause'"):
        write_network(tmp_path / "a.gpkg", replace(network, tables=lacking))
    wrong = dict(network.tables) | {"reservoir_s": make_table("reservoir_s", [Point(0, 0)])}
    with pytest.raises(DataError, match="has a Point in row 0, where MultiPolygon is expected"):
        write_network(tmp_path / "a.gpkg", replace(network, tables=wrong))
    assert not list(tmp_path.iterdir())


def test_files_that_are_no_network(tmp_path: Path) -> None:
    """Rubbish and GeoPackages of others are told."""
    rubbish = tmp_path / "a.gpkg"
    rubbish.write_text("not a GeoPackage")
    make_network().tables["obstacle_p"].to_file(tmp_path / "b.gpkg")
    for path in (rubbish, tmp_path / "b.gpkg"):
        with pytest.raises(InputError, match=r"was not written by bocage"):
            read_network(path)
    with pytest.raises(InputError, match="there is no file"):
        read_network(tmp_path / "c.gpkg")


def test_territory_never_breaks_a_table_name(tmp_path: Path) -> None:
    """Spaces, quotes and dashes of a territory become underscores."""
    network = replace(make_network(), about=ABOUT | {"territory": "Val d'Arre-2"})
    write_network(tmp_path / "a.gpkg", network)
    names = [name for name, _ in pyogrio.list_layers(tmp_path / "a.gpkg")]
    assert names[0] == "N_SRCE_RESERVOIR_S_Val_d_Arre_2"
    assert all(re.fullmatch(r"\w+", name) for name in names)
