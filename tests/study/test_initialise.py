"""Proposing a study file for a folder of layers."""

from __future__ import annotations

import datetime
import shutil
import tomllib
from pathlib import Path
from typing import Any

import geopandas
import pytest
from shapely import Point

from bocage.errors import InputError, OutputError
from bocage.journal import Journal
from bocage.study.initialise import propose_study, write_study_file
from bocage.study.inputs import read_inputs
from bocage.study.reading import build_study
from bocage.study.recognising import guess_classes, load_guesses
from tests.study.territory import CRS, SOUTH, WEST, line, square, write_layer

DATE = datetime.date(2026, 5, 4)


def propose(folder: Path) -> dict[str, Any]:
    """Give the values of the proposal."""
    return tomllib.loads(propose_study(folder, date=DATE))


class TestProposeStudy:
    """Tests for propose_study."""

    def test_territory(self, territory: Path) -> None:
        """Layers are known by name, classes by value, land cover by its codes; the text can be run."""
        proposal = propose(territory)

        assert proposal["study"]["date"] == DATE
        assert proposal["study"]["crs"] == CRS
        assert proposal["study"]["area"] == {"layer": "communes"}
        assert [cover["nomenclature"] for cover in proposal["landcover"]] == ["clc"]
        assert proposal["layers"]["communes"]["code"] == "insee"
        assert proposal["layers"]["roads"]["layer"] == "routes"
        assert proposal["layers"]["roads"]["classes"] == {
            "Autoroute": "motorway",
            "Chemin": "track",
            "Route": "local_road",
        }
        assert proposal["layers"]["watercourses"]["list1"] == "liste1"
        assert proposal["layers"]["watercourses"]["canal"] == {"field": "nature", "values": ["Canal"]}
        assert proposal["layers"]["river_works"]["code"] == "code"
        assert [zoning["label"] for zoning in proposal["zonings"]] == ["ZNIEFF de type 1"]
        assert [one["preset"] for one in proposal["subnetworks"]] == ["boise"]
        inputs = read_inputs(build_study(proposal, territory / "study.toml"), Journal())
        assert all(inputs.provided.values())

    def test_only_covered_communes(self, territory: Path) -> None:
        """Communes that the land cover does not hold whole are left out of the area."""
        write_layer(
            territory,
            "communes",
            insee=["01004", "01005", "01006"],
            nom=["A", "B", "C"],
            geometry=[square(0, 0), square(1, 0), square(2, 0)],
        )

        text = propose_study(territory, date=DATE)

        assert tomllib.loads(text)["study"]["area"] == {"insee": ["01004", "01005"]}
        assert "les 2 communes que l’occupation du sol couvre entièrement, sur 3" in text

    def test_unknown_value_is_marked(self, territory: Path) -> None:
        """A value that nothing is known of gets a class, since the file must run, and a question mark."""
        write_layer(
            territory,
            "routes",
            nature=["primary", "primary", "canopée"],
            geometry=[line((0, 500), (2000, 500))] * 3,
        )

        text = propose_study(territory, date=DATE)

        assert '"canopée" = "local_road"  # à vérifier\u00a0: valeur non reconnue\u00a0?' in text

    def test_what_is_not_used_is_listed(self, territory: Path) -> None:
        """A layer of no known role is listed at the end, with its columns."""
        write_layer(territory, "mystere", truc=[1], geometry=[Point(WEST, SOUTH)])

        assert "# - layers.gpkg, mystere: rôle non reconnu [truc]" in propose_study(territory, date=DATE)

    def test_degrees_only(self, tmp_path: Path) -> None:
        """Layers in degrees get a projected CRS, and the extent for want of communes."""
        points = geopandas.GeoDataFrame(
            {"name": ["a", "b"]}, geometry=[Point(9.5, 47.1), Point(9.6, 47.2)], crs="EPSG:4326"
        )
        points.buffer(0.01).to_file(tmp_path / "reserves_naturelles.geojson")
        points.set_geometry(points.translate(3)).to_file(tmp_path / "peaks.geojson")

        proposal = propose(tmp_path)

        assert proposal["study"]["crs"] in ("EPSG:2154", "EPSG:32632", "EPSG:32633")
        assert len(proposal["study"]["area"]["bbox"]) == 4
        assert "landcover" not in proposal

    def test_english(self, territory: Path) -> None:
        """The comments and the study are in the language asked for."""
        text = propose_study(territory, language="en", date=DATE)

        assert 'language = "en"' in text
        assert "Themes without a layer" in text

    def test_same_text_twice(self, territory: Path) -> None:
        """The proposal depends on the folder alone."""
        assert propose_study(territory, date=DATE) == propose_study(territory, date=DATE)

    def test_empty_folder(self, tmp_path: Path) -> None:
        """A folder without layers, or that does not exist, is told."""
        with pytest.raises(InputError, match="holds no layer that can be read"):
            propose_study(tmp_path)
        with pytest.raises(InputError, match="there is no folder"):
            propose_study(tmp_path / "nowhere")

    def test_broken_file_is_listed(self, territory: Path) -> None:
        """A file that cannot be read does not stop the proposal; it is listed with the reason."""
        (territory / "broken.gpkg").write_text("not a geopackage")

        assert "# - broken.gpkg: " in propose_study(territory, date=DATE)


class TestWriteStudyFile:
    """Tests for write_study_file."""

    def test_never_overwrites(self, territory: Path) -> None:
        """An existing study file is left as it is, unless forced."""
        before = (territory / "study.toml").read_bytes()

        with pytest.raises(OutputError, match=r"exists and is left as it is; .* bocage init --force"):
            write_study_file(territory)
        assert (territory / "study.toml").read_bytes() == before

        write_study_file(territory, force=True, date=DATE)
        assert (territory / "study.toml").read_bytes() != before


def test_guesses_are_classes() -> None:
    """Every class that init may guess is one that the study file accepts."""
    from typing import get_args

    from bocage.study import file

    for role, classes in (
        ("roads", file.RoadClass),
        ("railways", file.RailClass),
        ("watercourses", file.WaterClass),
    ):
        values = load_guesses()[role]["values"]
        assert set(values.values()) <= set(get_args(classes))
        assert guess_classes(values, values) == values


@pytest.mark.realdata
def test_herault(shared: Path, tmp_path: Path) -> None:
    """The Hérault folder gives a study of its 75 covered communes that reads as it is."""
    folder = tmp_path / "herault"
    folder.mkdir()
    for path in (shared / "data" / "herault").iterdir():
        shutil.copy(path, folder / path.name)

    proposal = propose(folder)

    assert len(proposal["study"]["area"]["insee"]) == 75
    assert proposal["landcover"] == [
        {"path": "herault.gpkg", "layer": "clc12", "nomenclature": "clc", "field": "CODE_12", "source": ""}
    ]
    layers = proposal["layers"]
    assert layers["communes"]["layer"] == "communes"
    assert layers["roads"]["classes"] == {
        "Liaison locale": "local_road",
        "Liaison régionale": "regional_road",
        "Liaison principale": "main_road",
        "Type autoroutier": "motorway",
    }
    assert layers["watercourses"]["where"] == "\"ETAT\" <> 'Fictif'"
    assert layers["railways"]["layer"] == "voies_ferrees"
    assert [zoning["subnetworks"] for zoning in proposal["zonings"]] == [["boise"], ["ouvert"], ["humide"]]
    inputs = read_inputs(build_study(proposal, folder / "study.toml"), Journal())
    assert len(inputs.communes) == 75
    assert all(inputs.provided.values())
