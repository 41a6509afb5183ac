"""What `bocage indices` reads: columns recognised, sources told apart, what cannot be read."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
import shapely

from bocage.errors import BocageError, CRSError, DataError, InputError, StudyError
from bocage.journal import Journal
from bocage.study.indices.inputs import name_kind, read_indices
from bocage.study.indices.model import GraphInput, IndicesOptions
from bocage.study.indices.run import check_options

CRS = "EPSG:2154"
X, Y = 700_000.0, 6_600_000.0


def square(x: float, y: float, side: float = 100.0) -> shapely.Polygon:
    """Give a square in metres from a corner of the country."""
    return shapely.box(X + x, Y + y, X + x + side, Y + y + side)


def write_patches(folder: Path, crs: str = CRS, **columns: object) -> Path:
    """Write three squares of 1 ha in a row, 1 km apart."""
    path = folder / "taches.gpkg"
    table = {"Id": ["a", "b", "c"]} | columns
    layer = geopandas.GeoDataFrame(table, geometry=[square(1000 * k, 0) for k in range(3)], crs=CRS)
    layer.to_crs(crs).to_file(path, layer="taches")
    return path


def write_links(folder: Path, name: str = "liens.csv", **columns: object) -> Path:
    """Write two links in a row."""
    path = folder / name
    table = {"ID1": ["a", "b"], "ID2": ["b", "c"], "Dist": [900.0, 900.0]} | columns
    pandas.DataFrame(table).to_csv(path, index=False)
    return path


def read(source: Path, links: Path | None, journal: Journal | None = None, **more: object) -> GraphInput:
    """Read one graph."""
    options = IndicesOptions(source, links=links, dispersal=1000.0, **more)  # type: ignore[arg-type]
    (found,) = read_indices(options, journal or Journal()).graphs
    assert isinstance(found, GraphInput)
    return found


def refuse(error: type[BocageError], source: Path, links: Path | None, **more: object) -> str:
    """Give the sentence of a refusal."""
    with pytest.raises(error) as caught:
        read(source, links, **more)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


class TestTables:
    """Patches and links of any layer or table."""

    def test_usual_columns_and_the_area_of_polygons(self, tmp_path: Path) -> None:
        """Columns of Graphab are recognised whatever their case; without a capacity it is the area, in ha."""
        journal = Journal()
        found = read(write_patches(tmp_path), write_links(tmp_path), journal)

        assert found.graph.ids == ("a", "b", "c") and found.graph.link_ids == ("a-b", "b-c")
        assert found.graph.capacity.tolist() == pytest.approx([1, 1, 1])
        assert found.graph.cost.tolist() == [900, 900] and found.area_unit == "ha"
        assert found.patches is not None and found.patches["id"].tolist() == ["a", "b", "c"]
        assert found.links is not None and found.links.length.to_numpy() == pytest.approx([1000, 1000])
        assert {"note_columns", "note_capacity_area"} <= {note.code for note in journal.notes}

    def test_columns_named_by_the_user(self, tmp_path: Path) -> None:
        """A column named goes before one recognised, decimal commas and semicolons are read, ids are text."""
        patches, links = tmp_path / "p.csv", tmp_path / "l.csv"
        patches.write_text("Nº;surf;id\n01;1,5;x\n02;2;y\n", encoding="utf-8")
        links.write_text("a;b;coût\n01;02;12,5\n", encoding="utf-8")
        found = read(
            patches, links, columns={"id": "nº", "capacity": "surf", "from": "a", "to": "b", "cost": "coût"}
        )

        assert found.graph.ids == ("01", "02") and found.graph.capacity.tolist() == [1.5, 2.0]
        assert found.graph.cost.tolist() == [12.5] and found.area_unit == "" and found.patches is None

    def test_parquet_and_lines(self, tmp_path: Path) -> None:
        """Parquet tables without shapes are read, as are lines drawn between patches."""
        patches, links = tmp_path / "p.parquet", tmp_path / "l.gpkg"
        pandas.DataFrame({"id": [1, 2], "area_ha": [3.0, 4.0]}).to_parquet(patches)
        line = shapely.LineString([(X, Y), (X + 500, Y), (X + 1000, Y)])
        geopandas.GeoDataFrame(
            {"id": ["k"], "from": [1.0], "to": [2.0], "cost": [7.0]}, geometry=[line], crs=CRS
        ).to_file(links)
        found = read(patches, links)

        assert found.graph.ids == ("1", "2") and found.graph.link_ids == ("k",)
        assert found.area_unit == "ha"

    def test_probabilities(self, tmp_path: Path) -> None:
        """Links given as chances are reached with those chances."""
        links = write_links(tmp_path, Dist=[0.5, 1.0])
        options = IndicesOptions(write_patches(tmp_path), links=links, links_are="probabilities")
        (found,) = read_indices(options, Journal()).graphs

        assert found.dispersal.reach(found.graph.cost).tolist() == pytest.approx([0.5, 1.0])

    def test_chances_out_of_range(self, tmp_path: Path) -> None:
        """A chance above 1 is refused with its link, and a dispersal beside chances."""
        options = IndicesOptions(
            write_patches(tmp_path), links=write_links(tmp_path, Dist=[0.5, 1.5]), links_are="probabilities"
        )
        with pytest.raises(DataError, match=r"b-c.*1\.5"):
            read_indices(options, Journal())
        with pytest.raises(DataError, match="--dispersal"):
            check_options(IndicesOptions(tmp_path, links_are="probabilities", dispersal=5.0))

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"ID2": ["z", "c"]}, ("1 link(s)", "not in the table (z)")),
            ({"Dist": [-1, 5]}, ("negative", "a-b")),
            ({"ID1": [None, "b"]}, ("no ID1", "row 1")),
            ({"Dist": ["loin", "5"]}, ("no number", "loin")),
        ],
    )
    def test_bad_links(self, tmp_path: Path, columns: dict[str, object], words: tuple[str, ...]) -> None:
        """Each fault of links is one sentence that names them."""
        text = refuse(BocageError, write_patches(tmp_path), write_links(tmp_path, **columns))  # type: ignore[arg-type]
        assert all(word in text for word in words), text

    @pytest.mark.parametrize(
        ("columns", "words"),
        [
            ({"Id": ["a", "b", "b"]}, ("twice", "b")),
            ({"capacity": [1.0, -2.0, 3.0]}, ("negative", "b")),
            ({"capacity": [1.0, np.nan, 3.0]}, ("missing", "b")),
        ],
    )
    def test_bad_patches(self, tmp_path: Path, columns: dict[str, object], words: tuple[str, ...]) -> None:
        """Each fault of patches is one sentence that names them."""
        text = refuse(BocageError, write_patches(tmp_path, **columns), write_links(tmp_path))  # type: ignore[arg-type]
        assert all(word in text for word in words), text

    def test_degrees(self, tmp_path: Path) -> None:
        """Layers in degrees are refused; so are costs that look like degrees; --crs projects."""
        patches = write_patches(tmp_path, "EPSG:4326")
        assert "--crs" in refuse(CRSError, patches, write_links(tmp_path))
        found = read(patches, write_links(tmp_path), crs=CRS)
        assert found.graph.capacity.tolist() == pytest.approx([1, 1, 1], rel=1e-6)

        metres = write_patches(tmp_path)
        links = write_links(tmp_path, ID1=["a", "b", "a"], ID2=["b", "c", "c"], Dist=[0.009, 0.009, 0.018])
        assert "as if in degrees" in refuse(DataError, metres, links)

    def test_columns_that_lack(self, tmp_path: Path) -> None:
        """A column that is not there, or that nothing recognises, is told with those that are."""
        patches, links = write_patches(tmp_path), write_links(tmp_path)
        assert "'Dist', if that is it" in refuse(InputError, patches, links, columns={"cost": "Dits"})
        pandas.DataFrame({"ID1": ["a"], "ID2": ["b"], "quoi": [1]}).to_csv(links, index=False)
        text = refuse(InputError, patches, links)
        assert "--cost" in text and "quoi" in text


class TestSources:
    """What a source is."""

    def test_a_layer_alone(self, tmp_path: Path) -> None:
        """Patches without links are refused with what to add."""
        with pytest.raises(InputError, match="--links"):
            name_kind(IndicesOptions(write_patches(tmp_path)))

    def test_kinds(self, tmp_path: Path) -> None:
        """Links make a graph, natural classes land cover, and a study is a study."""
        patches = write_patches(tmp_path)
        assert name_kind(IndicesOptions(patches, links=patches)) == "graph"
        assert name_kind(IndicesOptions(patches, natural=("31",))) == "ground"
        assert name_kind(IndicesOptions(tmp_path / "study.toml")) == "study"

    def test_no_dispersal(self, tmp_path: Path) -> None:
        """Without a dispersal nothing can be measured, and the sentence says which option gives it."""
        options = IndicesOptions(write_patches(tmp_path), links=write_links(tmp_path))
        with pytest.raises(DataError, match="--dispersal"):
            read_indices(options, Journal())

    def test_a_study_not_run(self, tmp_path: Path) -> None:
        """A study whose network is not there asks to be run."""
        path = tmp_path / "study.toml"
        geopandas.GeoDataFrame({"insee": ["1"], "nom": ["A"]}, geometry=[square(0, 0)], crs=CRS).to_file(
            tmp_path / "c.gpkg"
        )
        path.write_text(
            '[study]\nname = "E"\nterritory = "E"\nprefix = "FR00"\ndate = 2026-05-04\n'
            'area = { layer = "communes" }\n'
            '[layers.communes]\npath = "c.gpkg"\ncode = "insee"\nname = "nom"\n',
            encoding="utf-8",
        )
        with pytest.raises(StudyError, match="has not been run"):
            read_indices(IndicesOptions(path), Journal())


class TestUnits:
    """Territories of any layer."""

    def write(self, folder: Path, shapes: list[shapely.Polygon], ids: list[str]) -> Path:
        """Write territories."""
        path = folder / "units.gpkg"
        layer = geopandas.GeoDataFrame({"code": ids, "nom": ids}, geometry=shapes, crs=CRS)
        layer.to_crs("EPSG:4326").to_file(path)
        return path

    def read(self, folder: Path, path: Path) -> geopandas.GeoDataFrame:
        """Read them with a graph."""
        options = IndicesOptions(
            write_patches(folder), links=write_links(folder), dispersal=1000.0, units=path
        )
        units = read_indices(options, Journal()).units
        assert units is not None
        return units

    def test_read(self, tmp_path: Path) -> None:
        """Ids and names are recognised, shapes are in the system of the patches."""
        shapes = [square(-500, -500, 1000), square(500, -500, 1000)]
        units = self.read(tmp_path, self.write(tmp_path, shapes, ["1", "2"]))
        assert units.columns.tolist() == ["id", "name", "geometry"] and units["id"].tolist() == ["1", "2"]
        assert units.area.to_numpy() == pytest.approx([1e6, 1e6], rel=1e-6)

    def test_faults(self, tmp_path: Path) -> None:
        """Territories that overlap or share an id are refused with their ids."""
        shapes = [square(-500, -500, 1000), square(0, -500, 1000)]
        with pytest.raises(DataError, match="1 and 2"):
            self.read(tmp_path, self.write(tmp_path, shapes, ["1", "2"]))
        with pytest.raises(DataError, match=r"more than once \(1\)"):
            self.read(tmp_path, self.write(tmp_path, shapes, ["1", "1"]))
