"""The demo territory is a coherent country, and the same one each time."""

from __future__ import annotations

import tomllib
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from geopandas import GeoDataFrame

from bocage.demo import write_territory
from bocage.demo.files import list_layers
from bocage.demo.frame import CRS
from bocage.demo.territory import Territory, make_territory
from bocage.demo.uses import Oso
from bocage.demo.works import WILDLIFE_KIND
from bocage.errors import OutputError
from bocage.journal import Journal

SCALE = 0.4
BUILT = (Oso.DENSE_BUILT, Oso.INDUSTRIAL)


@pytest.fixture(scope="module")
def territory() -> Territory:
    """Give a small version of the territory."""
    return make_territory(SCALE)


@pytest.fixture(scope="module")
def layers(territory: Territory) -> dict[str, GeoDataFrame]:
    """Give its layers."""
    return list_layers(territory)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder, with a space and an accent, in which the small territory is written."""
    place = tmp_path_factory.mktemp("démo a") / "new"
    write_territory(place, scale=SCALE)
    return place


def codes_at(territory: Territory, points: np.ndarray) -> np.ndarray:
    """Give the land cover under points, those outside left out."""
    row, col = territory.ground.grid.row_col(points[:, 0], points[:, 1])
    inside = territory.ground.grid.contains(row, col)
    return territory.ground.codes[row[inside], col[inside]]


class TestWriteTerritory:
    """Tests for write_territory."""

    def test_same_bytes(self, folder: Path, tmp_path: Path) -> None:
        """Writing twice gives the same files, byte for byte."""
        again = write_territory(tmp_path, scale=SCALE).parent

        names = sorted(path.name for path in folder.iterdir())
        assert names == ["landcover.tif", "relief.tif", "study.toml", "territoire.gpkg"]
        for name in names:
            assert (folder / name).read_bytes() == (again / name).read_bytes(), name

    def test_study_names_what_is_written(self, folder: Path) -> None:
        """Every file, layer and field that the study names exists; every value is translated."""
        study = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))

        for entry in [*study["landcover"], *study["layers"].values(), *study["zonings"]]:
            assert (folder / entry["path"]).is_file()
            assert entry["source"] and entry["licence"]
            if "layer" not in entry:
                continue
            table = geopandas.read_file(folder / entry["path"], layer=entry["layer"])
            keys = ("field", "name", "code", "kind", "state", "fish_pass", "width_field", "list1", "list2")
            fields = {entry[key] for key in keys if key in entry} | {entry.get("name_field", "geometry")}
            assert fields <= set(table.columns), entry["layer"]
            for key, mapping in (("field", "classes"), ("kind", "kinds")):
                if mapping in entry:
                    assert set(table[entry[key]]) <= set(entry[mapping]), entry["layer"]
        milieux = geopandas.read_file(folder / "territoire.gpkg", layer="milieux")
        assert set(milieux["nature"]) == set(study["nomenclatures"]["milieux"])

    def test_study_is_valid(self, folder: Path) -> None:
        """The study reader accepts the file, with its three sub-networks and one line of sources."""
        reading = pytest.importorskip("bocage.study.reading")

        study = reading.read_study(folder / "study.toml")

        assert [subnetwork.key for subnetwork in study.subnetworks] == ["boise", "ouvert", "humide"]
        assert [source["label"] for source in study.sources()] == ["Données fictives générées par bocage"]

    def test_journal_says_fictional(self, tmp_path: Path) -> None:
        """The journal is told that the data are invented."""
        journal = Journal()

        write_territory(tmp_path, journal=journal, scale=SCALE)

        assert [note.code for note in journal.notes] == ["demo_fictional"]

    def test_folder_is_a_file(self, tmp_path: Path) -> None:
        """A file where the folder should be gives one sentence, not a traceback."""
        (tmp_path / "taken").write_text("")

        with pytest.raises(OutputError, match="cannot be written"):
            write_territory(tmp_path / "taken", scale=SCALE)

    def test_scale_out_of_range(self, tmp_path: Path) -> None:
        """A scale that leaves no room for a country is refused."""
        with pytest.raises(ValueError, match=r"from 0\.4 to 1, got 3"):
            write_territory(tmp_path, scale=3)


class TestCommunes:
    """Tests for the communes."""

    def test_partition(self, layers: dict[str, GeoDataFrame]) -> None:
        """Communes share their limits exactly: no overlap, no gap, areas that add up."""
        shapes = layers["communes"].geometry.to_numpy()

        union = shapely.union_all(shapes)

        assert shapely.coverage_is_valid(shapes)
        assert union.area == pytest.approx(shapely.area(shapes).sum())
        assert union.geom_type == "Polygon" and not union.interiors

    def test_codes_and_names(self, layers: dict[str, GeoDataFrame]) -> None:
        """Codes are unique, five digits of department 00; names hold an accent, a ligature, an apostrophe."""
        communes = layers["communes"]

        assert 12 <= len(communes) <= 16
        assert communes["insee"].is_unique and communes["nom"].is_unique
        assert communes["insee"].str.fullmatch(r"00\d{3}").all()
        for sign in ("é", "Œ", "’"):
            assert communes["nom"].str.contains(sign).any()
        assert communes["nom"].str.count("-").max() >= 4

    def test_one_has_two_parts(self, layers: dict[str, GeoDataFrame]) -> None:
        """One commune has a part inside a neighbour; the others are whole."""
        parts = layers["communes"].geometry.count_geometries()

        assert [count for count in parts if count > 1] == [2]

    def test_no_slivers(self, layers: dict[str, GeoDataFrame]) -> None:
        """Every part is wide enough to walk in."""
        parts = shapely.get_parts(layers["communes"].geometry.to_numpy())

        assert not shapely.is_empty(shapely.buffer(parts, -40.0)).any()

    def test_three_groups(self, layers: dict[str, GeoDataFrame]) -> None:
        """The communes form three intercommunalities of two or more, each in one piece but an exclave."""
        communes = layers["communes"]

        groups = communes.dissolve("epci")

        assert len(groups) == 3 and communes["epci"].value_counts().min() >= 2
        for shape in groups.geometry:
            parts = sorted(shapely.area(shapely.get_parts(shape)))
            assert parts[-1] > 0.95 * sum(parts)


class TestZonings:
    """Tests for the zonings."""

    def test_type_2_around_type_1(self, layers: dict[str, GeoDataFrame]) -> None:
        """ZNIEFF of type 2 are wide, and hold the marshes and the heart of the forest."""
        first, second = layers["znieff1"], layers["znieff2"]

        assert len(second) == 2 and second.geom_type.isin(["Polygon", "MultiPolygon"]).all()
        assert second.area.min() > first.area.median()
        held = first[first["nom"].str.startswith(("Marais", "Vieilles"))]
        assert len(held) >= 2
        assert (held.intersection(second.union_all()).area / held.area).min() > 0.95

    def test_each_family_has_objects(self, layers: dict[str, GeoDataFrame]) -> None:
        """There are inventories, protections and wetlands, whatever the scale."""
        assert all(
            len(layers[name]) for name in ("znieff1", "znieff2", "reserves_biologiques", "zones_humides")
        )
        assert "ZSC" in set(layers["natura2000"]["type"])


class TestRelief:
    """Tests for the relief."""

    def test_reads_back(self, territory: Territory, folder: Path) -> None:
        """The relief lies under the land cover, rises from the river, and is that which the water wore."""
        import rasterio

        with rasterio.open(folder / "relief.tif") as file:
            elevation, transform, bounds = file.read(1), file.transform, tuple(file.bounds)
            assert file.crs.to_epsg() == 2154 and file.dtypes == ("float32",)
        with rasterio.open(folder / "landcover.tif") as file:
            assert tuple(file.bounds) == bounds
        rows, cols = np.indices(elevation.shape)
        easting, northing = transform.c + 25.0 * (cols + 0.5), transform.f - 25.0 * (rows + 0.5)
        worn = territory.relief.sample(territory.relief.elevation, easting, northing)

        assert transform.a == 25.0 and np.isfinite(elevation).all()
        assert 40.0 < elevation.min() < elevation.max() < 400.0
        assert np.abs(elevation - worn).mean() < 3.0


class TestWaters:
    """Tests for the watercourses and their works."""

    def test_streams_reach_the_river(self, territory: Territory) -> None:
        """Down each stream is another one, the river, or the edge; some reach the river."""
        waters = territory.watercourses
        streams = waters[waters["nature"] == "Ruisseau"].geometry.to_numpy()
        river = shapely.union_all(waters[waters["nature"] != "Ruisseau"].geometry.to_numpy())
        edge = shapely.box(*territory.frame.box).exterior
        ends = shapely.get_point(streams, -1)
        starts = shapely.union_all(shapely.get_point(streams, 0))

        to_river = shapely.distance(ends, river)
        onward = np.minimum(
            np.minimum(to_river, shapely.distance(ends, starts)), shapely.distance(ends, edge)
        )

        assert onward.max() < 1.0
        assert (to_river < 1.0).sum() >= 5

    def test_streams_stop_at_the_river(self, territory: Territory) -> None:
        """A stream meets the bed of the river at its end only."""
        waters = territory.watercourses
        streams = waters[waters["nature"] == "Ruisseau"].geometry.to_numpy()
        river = shapely.union_all(waters[waters["nature"] == "Rivière canalisée"].geometry.to_numpy())

        met = shapely.intersection(streams, river)
        away = shapely.hausdorff_distance(met, shapely.get_point(streams, -1))

        assert np.nanmax(np.where(shapely.is_empty(met), 0.0, away)) < 1.0

    def test_lists_and_unknowns(self, layers: dict[str, GeoDataFrame]) -> None:
        """One stream is on list 1, several watercourses on list 2; some roles and fish passes are unknown."""
        waters, works = layers["cours_eau"], layers["ouvrages"]

        assert waters.loc[waters["liste_1"], "nom"].nunique() == 1
        assert waters.loc[waters["liste_2"], "nom"].nunique() >= 3
        assert waters["reservoir"].isna().any()
        assert works["passe"].isna().any() and {"Oui", "Non"} <= set(works["passe"])
        assert (works["etat"] == "Détruit entièrement").sum() == 1

    def test_works_stand_on_water(self, layers: dict[str, GeoDataFrame]) -> None:
        """Every work is on a watercourse, to within the rounding of coordinates."""
        water = shapely.union_all(layers["cours_eau"].geometry.to_numpy())

        assert shapely.distance(layers["ouvrages"].geometry.to_numpy(), water).max() < 1.0
        assert layers["ouvrages"]["code"].is_unique

    def test_roads_avoid_ponds(self, layers: dict[str, GeoDataFrame]) -> None:
        """No road or railway runs through a pond."""
        ponds = layers["milieux"][layers["milieux"]["nature"] == "Étang"].geometry
        ways = [*layers["routes"].geometry, *layers["voies_ferrees"].geometry]

        assert len(ponds) and not ponds.intersects(shapely.union_all(ways)).any()


class TestTransport:
    """Tests for roads, passages and hedges."""

    def test_one_wildlife_passage(self, territory: Territory) -> None:
        """The only wildlife passage is on the motorway, with forest on both sides."""
        passages = territory.crossings[territory.crossings["nature"] == WILDLIFE_KIND]
        axis = territory.transport.motorway

        (passage,) = passages.geometry
        along = axis.project(passage)
        a, b = axis.interpolate(along - 5.0), axis.interpolate(along + 5.0)
        aside = np.array([a.y - b.y, b.x - a.x]) / 10.0
        sides = [shapely.Point(np.array([passage.x, passage.y]) + d * aside) for d in (-90.0, 90.0)]

        assert passage.distance(axis) < 1.0
        assert shapely.contains(territory.forest.outline, sides).all()

    def test_motorway_has_two_carriageways(self, layers: dict[str, GeoDataFrame]) -> None:
        """The two carriageways are distinct lines, some 18 m apart."""
        roads = layers["routes"]

        first, second = roads[roads["nature"] == "Type autoroutier"].geometry

        assert first.distance(second) == pytest.approx(18.0, abs=1.0)

    def test_bridges_over_the_river(self, layers: dict[str, GeoDataFrame]) -> None:
        """Where a road crosses the river there is a bridge."""
        roads, waters = layers["routes"], layers["cours_eau"]
        roads = roads[roads["nature"].str.startswith("Route")].geometry
        river = waters[waters["nature"] == "Rivière canalisée"].geometry

        crossed = shapely.intersection(roads.union_all(), river.union_all())
        bridges = shapely.union_all(layers["passages"].geometry.to_numpy())

        points = shapely.get_parts(crossed)
        assert len(points) and shapely.distance(points, bridges).max() < 1.0

    def test_hedges_keep_out_of_towns(self, territory: Territory) -> None:
        """No hedge has its middle in a town, a shed or the forest."""
        middle = shapely.line_interpolate_point(territory.hedges.geometry.to_numpy(), 0.5, normalized=True)

        codes = codes_at(territory, shapely.get_coordinates(middle))

        assert len(codes) > 500
        assert not np.isin(codes, [*BUILT, Oso.BROADLEAF]).any()

    def test_villages_are_linked(self, territory: Territory) -> None:
        """From the town one reaches every village by road."""
        roads = territory.transport.roads
        web = shapely.union_all(roads[roads["nature"].str.startswith("Route")].geometry.to_numpy())
        joined = max(
            shapely.get_parts(shapely.union_all(shapely.buffer(shapely.get_parts(web), 1.0))),
            key=lambda part: part.area,
        )

        away = shapely.distance(joined, shapely.points(territory.homes.villages))

        assert away.max() < 130.0


class TestGround:
    """Tests for the land cover and the layers as a whole."""

    def test_codes_are_known(self, territory: Territory) -> None:
        """Every cell has an OSO code, and every code in use is met somewhere."""
        assert {int(code) for code in Oso} == set(np.unique(territory.ground.codes).tolist())

    def test_nomenclature_knows_them(self) -> None:
        """The OSO nomenclature of the package holds every code used."""
        nomenclature = pytest.importorskip("bocage.landcover.nomenclature")

        assert {str(int(code)) for code in Oso} <= set(nomenclature.load_nomenclature("oso").classes)

    def test_layers_are_sound(self, territory: Territory, layers: dict[str, GeoDataFrame]) -> None:
        """Every layer is in Lambert-93, inside the frame, with valid geometries and some rows."""
        box = shapely.buffer(shapely.box(*territory.frame.box), 0.5)
        for name, table in layers.items():
            assert len(table), name
            assert table.crs == CRS, name
            assert table.is_valid.all(), name
            assert table.within(box).all(), name

    def test_countries_differ(self, territory: Territory) -> None:
        """The north has more grass than crops and the south the contrary; the north bears the hedges."""
        codes = territory.ground.codes
        third = codes.shape[0] // 3
        crops = (Oso.STRAW_CEREALS, Oso.RAPE, Oso.ROOTS, Oso.MAIZE, Oso.PROTEIN_CROPS)
        share = [
            np.isin(part, crops).mean() / (part == Oso.GRASSLAND).mean()
            for part in (codes[:third], codes[-third:])
        ]
        middle = territory.frame.box[1] + territory.frame.height / 2
        north = territory.hedges.geometry.centroid.y > middle

        assert share[0] < 0.7 < 1.4 < share[1]
        assert north.mean() > 0.7
