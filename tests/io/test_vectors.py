"""Reading vector layers."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from bocage.errors import CRSError, InputError
from bocage.io.vectors import list_layers, read_vector
from bocage.journal import Journal

CRS = "EPSG:2154"
BOW_TIE = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])


def layer(geometries: list[Any], crs: str | None = CRS, **columns: list[Any]) -> geopandas.GeoDataFrame:
    """Make a layer."""
    columns = columns or {"nom": [f"n{i}" for i in range(len(geometries))]}
    return geopandas.GeoDataFrame(columns, geometry=geometries, crs=crs)


def read(path: Path, journal: Journal | None = None, **options: Any) -> geopandas.GeoDataFrame:
    """Read as layer « essai »."""
    return read_vector(path, name="essai", crs=CRS, journal=journal or Journal(), **options)


def codes(journal: Journal) -> dict[str, dict[str, Any]]:
    """Give the notes by code."""
    return {note.code: dict(note.values) for note in journal.notes}


def write(table: geopandas.GeoDataFrame, path: Path, **options: Any) -> Path:
    """Write in the format of the suffix."""
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_file(path, engine="pyogrio", **options)
    return path


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb", ".parquet"])
def test_every_format_reads_the_same(tmp_path: Path, suffix: str) -> None:
    """Names with accents, in a path with spaces and accents, come back from each format, unrepaired."""
    folder = tmp_path / "données d’été"
    folder.mkdir()
    table = layer([box(0, 0, 1, 1), box(5, 5, 6, 7)], nom=["Forêt d’Ors", "Œuf"], aire=[1.0, 2.0])
    path = write(table, folder / f"à lire{suffix}", **({"encoding": "UTF-8"} if suffix == ".shp" else {}))
    journal = Journal()
    found = read(path, journal)
    found = found.sort_values("aire", ignore_index=True)
    assert found.nom.tolist() == ["Forêt d’Ors", "Œuf"]
    assert found.area.tolist() == [1.0, 2.0]
    assert list(found.columns) == ["nom", "aire", "geometry"]
    assert found.crs == CRS
    assert journal.notes == []


def test_geojson_is_in_degrees_and_reprojected(tmp_path: Path) -> None:
    """GeoJSON has longitude and latitude; Lambert-93's origin 3°E 46.5°N is at (700 000, 6 600 000)."""
    path = write(layer([Point(3.0, 46.5)], "EPSG:4326"), tmp_path / "a.geojson")
    journal = Journal()
    found = read(path, journal, kinds=("point",))
    assert found.geometry[0].equals_exact(Point(700_000, 6_600_000), 1e-3)
    assert codes(journal)["layer_reprojected"] == {
        "layer": "essai",
        "source": "EPSG:4326",
        "target": CRS,
    }


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.floats(400_000, 1_000_000), st.floats(6_200_000, 7_000_000)), min_size=1, max_size=6
    ),
    st.sampled_from(["EPSG:4326", "EPSG:32631", "EPSG:27572", "EPSG:3035"]),
)
def test_reprojection_round_trip(tmp_path: Path, places: list[tuple[float, float]], crs: str) -> None:
    """Points sent to another CRS by the file and back by the reader are where they were, within 1 cm."""
    points = geopandas.GeoSeries([Point(place) for place in places], crs=CRS)
    table = geopandas.GeoDataFrame({"i": range(len(places))}, geometry=points.to_crs(crs))
    path = tmp_path / "a.parquet"
    table.to_parquet(path)
    found = read(path, kinds=("point",))
    assert found.geometry.distance(points).max() < 0.01


def test_same_crs_under_another_name_is_not_reprojected(tmp_path: Path) -> None:
    """The .prj that ArcGIS writes for Lambert-93 is Lambert-93."""
    path = write(layer([box(0, 0, 1, 1)]), tmp_path / "a.shp")
    path.with_suffix(".prj").write_text(
        'PROJCS["RGF_1993_Lambert_93",GEOGCS["GCS_RGF_1993",DATUM["D_RGF_1993",'
        'SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]],PROJECTION["Lambert_Conformal_Conic"],'
        'PARAMETER["False_Easting",700000.0],PARAMETER["False_Northing",6600000.0],'
        'PARAMETER["Central_Meridian",3.0],PARAMETER["Standard_Parallel_1",44.0],'
        'PARAMETER["Standard_Parallel_2",49.0],PARAMETER["Latitude_Of_Origin",46.5],UNIT["Meter",1.0]]'
    )
    journal = Journal()
    found = read(path, journal)
    assert found.geometry[0].equals(box(0, 0, 1, 1))
    assert journal.notes == []
    assert found.crs.to_epsg() == 2154


def test_crs_missing_or_in_degrees_is_an_error(tmp_path: Path) -> None:
    """A layer without CRS and a study in degrees are told, with the mend."""
    path = write(layer([box(0, 0, 1, 1)], None), tmp_path / "a.gpkg")
    with pytest.raises(CRSError, match=r"essai: .*does not say its coordinate .*Set CRS"):
        read(path)
    parquet = write(layer([box(0, 0, 1, 1)], None), tmp_path / "a.parquet")
    with pytest.raises(CRSError, match="does not say"):
        read(parquet)
    with pytest.raises(CRSError, match=r"EPSG:4326.*in degrees.*EPSG:2154"):
        read_vector(path, name="essai", crs="EPSG:4326", journal=Journal())
    with pytest.raises(CRSError, match="no coordinate reference system"):
        read_vector(path, name="essai", crs="Lambert", journal=Journal())


def test_vertical_part_of_a_crs_is_left_out(tmp_path: Path) -> None:
    """Heights are dropped and a CRS with heights is its flat part, not another one."""
    table = layer([Point(1, 2, 3)], "EPSG:2154+5720")
    journal = Journal()
    found = read(write(table, tmp_path / "a.gpkg"), journal, kinds=("point",))
    assert not found.has_z.any()
    assert journal.notes == []


def test_invalid_polygons_are_repaired_and_counted(tmp_path: Path) -> None:
    """A bow tie becomes its two triangles, of area 1 each; ground covered twice stays one piece of ground."""
    overlapping = MultiPolygon([box(10, 0, 12, 2), box(11, 0, 13, 2)])
    path = write(layer([BOW_TIE, box(5, 5, 6, 6), overlapping]), tmp_path / "a.gpkg")
    journal = Journal()
    found = read(path, journal)
    assert found.is_valid.all()
    assert found.area.tolist() == pytest.approx([2.0, 1.0, 6.0])
    assert codes(journal) == {"geometry_repaired": {"layer": "essai", "count": 2}}


def test_empty_null_and_collapsed_geometries_are_left_out(tmp_path: Path) -> None:
    """Objects without ground are counted and left out; the others are numbered from 0."""
    flat = Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])
    path = tmp_path / "a.gpkg"
    write(layer([None, Polygon(), flat, box(0, 0, 1, 1)]), path)
    journal = Journal()
    found = read(path, journal)
    assert found.nom.tolist() == ["n3"]
    assert found.index.tolist() == [0]
    assert codes(journal)["geometry_empty"]["count"] == 2
    assert codes(journal)["geometry_collapsed"]["count"] == 1


def test_mixed_kinds_are_split(tmp_path: Path) -> None:
    """Of collections the wanted parts are kept, other kinds are left out, and both are counted."""
    nested = GeometryCollection(
        [GeometryCollection([box(0, 0, 1, 1), Point(9, 9)]), LineString([(0, 0), (5, 5)]), box(3, 3, 4, 4)]
    )
    path = tmp_path / "a.geojson"
    write(layer([nested, LineString([(0, 0), (1, 1)]), box(7, 7, 8, 8)]), tmp_path / "b.gpkg")
    table = layer([nested, LineString([(0, 0), (1, 1)]), box(7, 7, 8, 8)])
    write(table, path)
    for file in (path, tmp_path / "b.gpkg"):
        journal = Journal()
        found = read(file, journal)
        assert found.area.tolist() == pytest.approx([2.0, 1.0])
        notes = codes(journal)
        assert notes["collection_split"]["count"] == 1
        assert notes["kind_left_out"]["count"] == 1
    lines = read(path, kinds=("line",))
    assert lines.length.tolist() == pytest.approx([50**0.5, 2**0.5])
    both = read(path, kinds=("line", "polygon"))
    assert both.geom_type.tolist() == ["MultiPolygon", "LineString", "Polygon"]


def test_layer_of_another_kind_is_an_error(tmp_path: Path) -> None:
    """Points given where polygons are expected are told."""
    path = write(layer([Point(0, 0)]), tmp_path / "a.gpkg")
    with pytest.raises(InputError, match=r"holds points, where polygons are expected"):
        read(path)


def test_curves_become_lines(tmp_path: Path) -> None:
    """A disc of radius 1 drawn with arcs is read as a polygon of area π, within 1 %."""
    path = write(layer([box(0, 0, 1, 1)]), tmp_path / "a.gpkg", layer="a")
    corners = [(0, 0), (1, 1), (2, 0), (1, -1), (0, 0)]
    arcs = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *corner) for corner in corners)
    disc = b"GP\x00\x01" + struct.pack("<i", 2154) + struct.pack("<BII", 1, 10, 1) + arcs
    with sqlite3.connect(path) as database:
        # The triggers call functions that only GDAL has.
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE a SET geom = ?", (disc,))
        database.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'CURVEPOLYGON'")
    database.close()
    journal = Journal()
    found = read(path, journal)
    assert found.geom_type.tolist() == ["Polygon"]
    assert found.area[0] == pytest.approx(np.pi, rel=0.01)
    assert journal.notes == []


@pytest.mark.parametrize(
    ("encoding", "keep_cpg", "assumed"),
    [
        ("UTF-8", True, None),
        ("UTF-8", False, None),
        ("ISO-8859-1", True, None),
        ("ISO-8859-1", False, "Windows-1252"),
        ("CP1252", False, "Windows-1252"),
    ],
)
def test_shapefile_encodings(tmp_path: Path, encoding: str, keep_cpg: bool, assumed: str | None) -> None:
    """Accents survive any encoding; the one that nothing states is noted as assumed."""
    path = write(
        layer([box(0, 0, 1, 1)], nom=["Hêtraie à myrtille"]), tmp_path / "forêts.shp", encoding=encoding
    )
    if not keep_cpg:
        path.with_suffix(".cpg").unlink()
    journal = Journal()
    assert read(path, journal).nom.tolist() == ["Hêtraie à myrtille"]
    assert codes(journal).get("encoding_assumed", {}).get("encoding") == assumed
    assert read(path, columns=["NOM"]).NOM.tolist() == ["Hêtraie à myrtille"]
    assert list_layers(path)[0].fields == ("nom",)


def test_shapefile_whose_cpg_is_wrong(tmp_path: Path) -> None:
    """A .cpg that claims UTF-8 over Latin-1 text is seen through, and noted."""
    path = write(layer([box(0, 0, 1, 1)], nom=["Forêt"]), tmp_path / "a.shp", encoding="ISO-8859-1")
    path.with_suffix(".cpg").write_text("UTF-8")
    journal = Journal()
    assert read(path, journal).nom.tolist() == ["Forêt"]
    assert "encoding_assumed" in codes(journal)


def test_shapefile_without_its_index_is_told(tmp_path: Path) -> None:
    """A lone .shp is answered with the parts to copy."""
    path = write(layer([box(0, 0, 1, 1)]), tmp_path / "a.shp")
    path.with_suffix(".shx").unlink()
    with pytest.raises(InputError, match=r"lacks its \.shx part; copy"):
        read(path)


def test_layers_are_found_and_listed(tmp_path: Path) -> None:
    """A wrong layer is answered with those there are; case does not matter; several need a choice."""
    path = tmp_path / "a.gpkg"
    write(layer([box(0, 0, 1, 1)]), path, layer="Communes")
    write(layer([Point(0, 0)]), path, layer="routes")
    assert len(read(path, layer="communes")) == 1
    with pytest.raises(InputError, match=r"has no layer 'comune'; did you mean 'Communes'\?"):
        read(path, layer="comune")
    with pytest.raises(InputError, match=r"no layer 'xyz'; its layers are 'Communes', 'routes'"):
        read(path, layer="xyz")
    with pytest.raises(InputError, match=r"holds 2 layers; say which .*'Communes', 'routes'"):
        read(path)
    found = list_layers(path)
    assert [(one.name, one.kind, one.count, one.crs) for one in found] == [
        ("Communes", "polygon", 1, CRS),
        ("routes", "point", 1, CRS),
    ]
    assert found[0].bounds == (0, 0, 1, 1)
    assert found[0].fields == ("nom",)


def test_columns_are_found_whatever_their_case(tmp_path: Path) -> None:
    """Columns are named in the result as asked; an unknown one is answered with those there are."""
    table = layer([box(0, 0, 1, 1)], INSEE=["59450"], nom=["Ors"], Nom=["ORS"])
    for suffix in (".parquet", ".fgb"):
        path = write(table, tmp_path / f"a{suffix}")
        found = read(path, columns=["insee", "Nom"])
        assert list(found.columns) == ["insee", "Nom", "geometry"]
        assert found.insee.tolist() == ["59450"]
        assert found.Nom.tolist() == ["ORS"]
        with pytest.raises(InputError, match=r"has no column 'inse'; did you mean 'INSEE'\? Its columns are"):
            read(path, columns=["inse"])
        # Two columns differ from it by case alone: neither is taken.
        with pytest.raises(InputError, match="no column 'NOM'"):
            read(path, columns=["NOM"])
        assert list(read(path, columns=[]).columns) == ["geometry"]


def test_conditions_choose_rows(tmp_path: Path) -> None:
    """A condition is applied in every format; one that is no SQL is told with the columns."""
    table = layer([box(0, 0, 1, 1), box(2, 2, 3, 3), box(4, 4, 5, 5)], classe=["a", "b", "b"], n=[1, 2, 3])
    for suffix in (".gpkg", ".parquet", ".shp"):
        path = write(table, tmp_path / f"a{suffix}")
        found = read(path, columns=["n"], where="classe = 'b' AND n > 2")
        assert found.n.tolist() == [3]
        assert list(found.columns) == ["n", "geometry"]
        with pytest.raises(InputError, match=r"where = \"clas = \" cannot be applied .*'classe', 'n'"):
            read(path, where="clas = ")


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    corner=st.tuples(st.integers(0, 90), st.integers(0, 90)),
    size=st.integers(1, 40),
    suffix=st.sampled_from([".gpkg", ".parquet"]),
    crs=st.sampled_from([CRS, "EPSG:4326"]),
)
def test_reading_a_window_is_the_window_of_reading(
    tmp_path: Path, corner: tuple[int, int], size: int, suffix: str, crs: str
) -> None:
    """Objects read within bounds are those of the whole layer that intersect them, in any format and CRS."""
    path = tmp_path / f"{crs[5:]}{suffix}"
    if not path.exists():
        rng = np.random.default_rng(3)
        centres = rng.uniform(0, 100_000, (300, 2))
        triangles = [
            Polygon([(700_000 + x, 6_600_000 + y) for x, y in centre + rng.uniform(-4e3, 4e3, (3, 2))])
            for centre in centres
        ]
        write(layer(triangles, i=list(range(300))).to_crs(crs), path)
    west, south = 700_000 + 1000 * corner[0], 6_600_000 + 1000 * corner[1]
    bounds = (west, south, west + 1000 * size, south + 1000 * size)
    whole = read(path)
    expected = whole[shapely.intersects(whole.geometry.array, box(*bounds))]
    assert read(path, bbox=bounds).i.tolist() == expected.i.tolist()


def test_nothing_in_the_area_is_noted(tmp_path: Path) -> None:
    """A layer that does not reach the area gives an empty table and a warning."""
    path = write(layer([box(0, 0, 1, 1)]), tmp_path / "a.gpkg")
    journal = Journal()
    found = read(path, journal, bbox=(100.0, 100.0, 200.0, 200.0))
    assert len(found) == 0
    assert list(found.columns) == ["nom", "geometry"]
    assert "layer_empty" in codes(journal)


def test_objects_outside_the_crs_are_left_out(tmp_path: Path) -> None:
    """A point at the pole's antipode has no place in Lambert-93."""
    path = write(layer([Point(3, 46.5), Point(3, -90)], "EPSG:4326"), tmp_path / "a.gpkg")
    journal = Journal()
    assert len(read(path, journal, kinds=("point",))) == 1
    assert codes(journal)["geometry_unplaced"]["count"] == 1


def test_files_that_are_no_layer(tmp_path: Path) -> None:
    """Rubbish, tables without geometry, and absent files are each one sentence."""
    rubbish = tmp_path / "a.gpkg"
    rubbish.write_text("this is not a GeoPackage")
    with pytest.raises(InputError, match=r"is no vector file that can be opened"):
        read(rubbish)
    with pytest.raises(InputError, match=r"is no vector file that can be opened"):
        list_layers(rubbish)
    parquet = tmp_path / "a.parquet"
    parquet.write_text("nor this a Parquet file")
    with pytest.raises(InputError, match="is not a Parquet file"):
        read(parquet)
    layer([box(0, 0, 1, 1)]).drop(columns="geometry").to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match="Parquet file without geometry"):
        read(tmp_path / "b.parquet")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="holds no geometry"):
        read(tmp_path / "t.csv")
    with pytest.raises(InputError, match=r"did you mean 'b\.parquet'|did you mean 'a\.parquet'"):
        read(tmp_path / "c.parquet")


def test_layer_listing_of_parquet(tmp_path: Path) -> None:
    """A GeoParquet file is one layer, named as the file."""
    path = write(layer([box(0, 0, 1, 2)]), tmp_path / "zones.parquet")
    (found,) = list_layers(path)
    assert (found.name, found.kind, found.count, found.crs) == ("zones", "polygon", 1, CRS)
    assert found.bounds == (0, 0, 1, 2)
    assert found.fields == ("nom",)


@pytest.mark.realdata
def test_invalid_and_mixed_official_layers(shared: Path) -> None:
    """Every layer of Val-d'Oise, some invalid or mixed, reads as valid geometries of its kinds."""
    path = shared / "data" / "valdoise" / "valdoise.gpkg"
    for one in list_layers(path):
        journal = Journal()
        found = read(path, journal, layer=one.name, kinds=("polygon", "line", "point"))
        assert len(found) == one.count - sum(
            int(values["count"])
            for code, values in codes(journal).items()
            if code in ("geometry_empty", "geometry_collapsed", "kind_left_out")
        )
        assert found.is_valid.all()
