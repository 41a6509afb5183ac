"""Official layers, read into the tables of the network and the other themes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import geopandas
import pandas
import pytest

from bocage.errors import CodeError, CRSError, InputError
from bocage.journal import Journal
from bocage.network import COLUMNS
from bocage.study.atlas_layers import OfficialLayers, check_themes, load_study_symbols, read_atlas_layers
from tests.study.atlas_territory import make_study, patch, write_entry, write_official
from tests.study.territory import SOUTH, WEST

BOUNDS = (WEST - 1000.0, SOUTH - 1000.0, WEST + 5000.0, SOUTH + 2000.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of official layers, with a space and an accent in its name."""
    place = tmp_path_factory.mktemp("atlas d'été")
    write_official(place)
    return place


def read(folder: Path, *parts: str, journal: Journal | None = None) -> OfficialLayers:
    """Read the official layers of an atlas file."""
    study = make_study(folder, *parts)
    symbols = load_study_symbols(study)
    check_themes(study, symbols)
    return read_atlas_layers(study, symbols, BOUNDS, journal or Journal())


def row(table: Any, key: str) -> dict[str, Any]:
    """Give an object by its identifier."""
    return dict(table[table["id"] == key].iloc[0])


class TestStandard:
    """Layers in the national standard, known by their fields."""

    def test_reservoirs(self, folder: Path) -> None:
        """Fields fill columns whatever their case; an empty objective is to preserve, and counted."""
        journal = Journal()
        read_layers = read(folder, write_entry("cer_reservoir_s", "reservoirs"), journal=journal)

        table = read_layers.tables["reservoir_s"]
        assert list(table["id"]) == ["RS1", "RS2", "RS3"]
        assert list(table["name"]) == ["Grand Bois", None, None]
        assert list(table["objective"]) == ["preserve", "restore", "preserve"]
        assert list(table["medium"]) == ["boisé", "humide", ""]
        assert list(table["area_ha"]) == [1.0, 4.0, 1.0]
        assert read_layers.unsaid == {"reservoirs": 2}
        assert [note.code for note in journal.notes] == ["atlas_unsaid_reservoirs"]
        assert [theme for theme, given in read_layers.provided.items() if given] == ["reservoirs"]

    def test_columns_are_complete(self, folder: Path) -> None:
        """Every table has its columns, and what the source does not tell is empty, not made up."""
        tables = read(folder, write_entry("cer_corridor_s", "corridors")).tables

        for name, table in tables.items():
            assert [*COLUMNS[name], "geometry"] == list(table.columns)
        first = row(tables["corridor_s"], "CS1")
        assert (first["rule"], first["subnetwork"], first["from_id"], first["number"]) == (None, "", "", 0)
        assert math.isnan(first["dispersal_cost"])

    def test_corridors_by_objective(self, folder: Path) -> None:
        """A layer of corridors shows those to restore too, as it says which they are."""
        layers = read(folder, write_entry("cer_corridor_s", "corridors"))

        assert list(layers.tables["corridor_s"]["objective"]) == ["restore", "preserve"]
        assert layers.provided["corridors"]
        assert layers.provided["corridors_to_restore"]
        assert layers.uses == (frozenset({"corridors", "corridors_to_restore"}),)
        assert layers.unsaid == {"corridors": 0}

    def test_corridors_to_restore(self, folder: Path) -> None:
        """Of the theme to restore all are, whatever the column says, and no others are given."""
        layers = read(folder, write_entry("cer_corridor_s", "corridors_to_restore"))

        assert list(layers.tables["corridor_s"]["objective"]) == ["restore", "restore"]
        assert not layers.provided["corridors"]

    def test_two_layers_of_watercourses(self, folder: Path) -> None:
        """A river in two layers is kept once, with the roles of both; the second adds its own."""
        journal = Journal()
        layers = read(
            folder,
            write_entry("cer_cours_eau", "watercourses"),
            write_entry("cer_reservoir_l", "watercourses"),
            journal=journal,
        )

        table = layers.tables["cours_eau_l"]
        assert list(table["id"]) == ["HL1", "HL2", "HL3"]
        assert list(table["is_corridor"]) == [True, False, False]
        assert list(table["is_reservoir"]) == [False, True, True]
        assert list(table["list1"]) == [True, False, False]
        assert list(table["list2"]) == [False, True, False]
        assert list(table["objective"]) == ["preserve", "preserve", "restore"]
        assert list(table["length_m"]) == [300.0, 400.0, 50.0]
        assert table["is_reservoir"].dtype == bool
        # HL2 is in both layers, and counts once.
        assert layers.unsaid == {"watercourses": 2}
        twice = next(note for note in journal.notes if note.code == "atlas_twice")
        assert dict(twice.values)["ids"] == "HL2"

    def test_river_as_reservoir(self, folder: Path) -> None:
        """Lines of the theme of reservoirs are linear reservoirs, with the identifier of the river."""
        table = read(folder, write_entry("cer_reservoir_l", "reservoirs")).tables["reservoir_l"]

        assert list(table["id"]) == ["HL2", "HL3"]
        assert list(table["objective"]) == ["preserve", "restore"]

    def test_obstacles(self, folder: Path) -> None:
        """A code has its words and words their code; what the standard does not know stays as it is."""
        table = read(folder, write_entry("cer_obstacle_p", "obstacle_points")).tables["obstacle_p"]

        assert list(table["type"]) == ["12", "07", "silure"]
        assert list(table["type_label"]) == ["obstacle à l'écoulement", "Urbanisation", "silure"]


class TestOtherLayers:
    """Layers whose columns the study names."""

    def test_objective_of_a_column(self, folder: Path) -> None:
        """Values that mean to restore are named; every other one is to preserve."""
        entry = write_entry(
            "trame", "corridors", 'id = "NUM"', 'objective = { field = "etat", restore = ["Dégradé"] }'
        )
        layers = read(folder, entry)

        assert list(layers.tables["corridor_s"]["id"]) == ["a", "b", "c"]
        assert list(layers.tables["corridor_s"]["objective"]) == ["restore", "preserve", "preserve"]
        assert layers.unsaid == {"corridors": 1}

    def test_objective_said_by_the_study(self, folder: Path) -> None:
        """An objective for all, or for empty values, is the study's word: nothing is unsaid."""
        constant = read(folder, write_entry("trame", "reservoirs", 'id = "num"', 'objective = "restore"'))
        empty = read(
            folder,
            write_entry("trame", "reservoirs", 'objective = { field = "etat", empty = "restore" }'),
        )

        assert set(constant.tables["reservoir_s"]["objective"]) == {"restore"}
        assert list(empty.tables["reservoir_s"]["objective"]) == ["preserve", "preserve", "restore"]
        assert constant.unsaid == empty.unsaid == {"reservoirs": 0}

    def test_corridors_without_objective(self, folder: Path) -> None:
        """Where nothing tells objectives, corridors to restore are not known to be none."""
        layers = read(folder, write_entry("trame", "corridors", 'id = "num"'))

        assert layers.provided["corridors"]
        assert not layers.provided["corridors_to_restore"]
        assert layers.unsaid == {"corridors": 3}

    def test_numbered(self, folder: Path) -> None:
        """Objects without an identifier are numbered, and noted."""
        journal = Journal()
        table = read(folder, write_entry("trame", "reservoirs"), journal=journal).tables["reservoir_s"]

        assert list(table["id"]) == ["trame.1", "trame.2", "trame.3"]
        assert "atlas_numbered" in [note.code for note in journal.notes]

    def test_themes_of_a_column(self, folder: Path) -> None:
        """One layer feeds several themes, told by a column."""
        entry = write_entry(
            "trame",
            None,
            'id = "NUM"',
            'field = "Genre"',
            'themes = { "réservoir" = "reservoirs", "corridor" = "znieff2" }',
        )
        layers = read(folder, entry)

        assert list(layers.tables["reservoir_s"]["id"]) == ["a"]
        assert list(layers.themes["znieff2"]["id"]) == ["b", "c"]

    def test_passable(self, folder: Path) -> None:
        """Works that were removed have their own symbol."""
        entry = write_entry(
            "roe",
            "flow_work",
            'name = "nom"',
            'passable = { field = "etat", values = ["Détruit entièrement"] }',
        )
        themes = read(folder, entry).themes

        assert list(themes["flow_work"]["name"]) == ["Moulin"]
        assert list(themes["flow_work_passable"]["name"]) == ["Pont"]

    def test_theme_of_two_layers(self, folder: Path) -> None:
        """Two layers of one theme make one table; an object of both is kept once."""
        journal = Journal()
        parts = [write_entry(layer, "znieff1", 'id = "id_mnhn"') for layer in ("znieff1", "znieff1_bis")]
        table = read(folder, *parts, journal=journal).themes["znieff1"]

        assert list(table["id"]) == ["Z1", "Z2"]
        assert list(table.columns) == ["id", "name", "geometry"]
        assert list(table["name"]) == [None, None]
        assert [note.code for note in journal.notes] == ["atlas_twice"]

    def test_nothing_there(self, folder: Path) -> None:
        """A layer without an object here is given, empty, and noted."""
        journal = Journal()
        layers = read(
            folder, write_entry("loin", "znieff2"), write_entry("loin", "reservoirs"), journal=journal
        )

        assert len(layers.themes["znieff2"]) == 0
        assert len(layers.tables["reservoir_s"]) == 0
        assert layers.provided["reservoirs"]
        assert [note.code for note in journal.notes] == ["layer_empty"]


class TestMistakes:
    """Each is one sentence that says where."""

    @pytest.mark.parametrize(
        ("entry", "error", "message"),
        [
            (write_entry("znief1", "znieff1"), InputError, r"no layer 'znief1'; .*\(atlas.toml, line 14\)"),
            (
                write_entry("znieff1", "znieff1", 'name = "nome"'),
                InputError,
                r"no column 'nome'; did you mean 'nom'.*\(atlas.toml, line 14\)",
            ),
            (
                write_entry("cer_corridor_s", "corridors", 'name = "nome"'),
                InputError,
                r"cer_corridor_s: the layer has no column 'nome'; .*\(atlas.toml, line 14\)",
            ),
            (
                write_entry("lignes", "znieff1"),
                InputError,
                r"holds lines, where polygons are expected.*\(atlas.toml, line 14\)",
            ),
            (
                write_entry("roe", "reservoirs"),
                InputError,
                r"holds points, where polygons or lines are expected",
            ),
            (
                write_entry(
                    "trame",
                    "reservoirs",
                    'objective = { field = "etat", restore = ["x"], preserve = ["bon"] }',
                ),
                CodeError,
                r"trame: column 'etat' holds 'dégradé', where objectives are expected",
            ),
            (
                write_entry("trame", None, 'field = "genre"', 'themes = { "corridor" = "znieff1" }'),
                CodeError,
                r'column \'genre\' holds values without a class .*"réservoir" \(1\)',
            ),
            (
                write_entry("trame", "watercourses"),
                InputError,
                "holds polygons, where lines are expected",
            ),
            (
                write_entry("roe", "flow_work", 'passable = "etat"'),
                CodeError,
                "neither yes nor no",
            ),
            (
                write_entry("cer_reservoir_s", "reservoirs", 'objective = { field = "objet" }'),
                InputError,
                "no column 'objet'",
            ),
        ],
    )
    def test_told(self, folder: Path, entry: str, error: type[InputError], message: str) -> None:
        """What was found, where, and how to mend it."""
        with pytest.raises(error, match=message) as caught:
            read(folder, entry)

        assert "\n" not in str(caught.value)

    def test_mixed_kinds_of_themes(self, folder: Path) -> None:
        """A column that gives lines to a theme of polygons is told."""
        entry = write_entry(
            "trame",
            None,
            'field = "genre"',
            'themes = { "réservoir" = "reservoirs", "corridor" = "national_continuity" }',
        )

        with pytest.raises(InputError, match=r"'national_continuity' is drawn with lines, .*hold polygons"):
            read(folder, entry)

    def test_no_file_no_crs(self, folder: Path) -> None:
        """A file that lacks and a layer that does not say where on earth it lies are told."""
        geopandas.GeoDataFrame({"nom": ["a"]}, geometry=[patch(0, 0)]).to_file(folder / "nulle part.shp")

        with pytest.raises(InputError, match=r"there is no file.*\(atlas.toml, line 14\)"):
            read(folder, '\n[[atlas.layer]]\ntheme = "znieff1"\npath = "absent.gpkg"')
        with pytest.raises(CRSError, match=r"coordinate reference system.*\(atlas.toml, line 14\)"):
            read(folder, '\n[[atlas.layer]]\ntheme = "znieff1"\npath = "nulle part.shp"')

    def test_unknown_objective_of_the_standard(self, folder: Path) -> None:
        """A code that the standard does not have is told, with how to say what it means."""
        table = geopandas.GeoDataFrame(
            {"ID_RESV": ["a"], "OBJ_ASSI": ["09"]}, geometry=[patch(0, 0)], crs="EPSG:2154"
        )
        table.to_file(folder / "codes.gpkg")

        with pytest.raises(CodeError, match=r"'OBJ_ASSI' holds '09'.*restore = \[\"09\"\]"):
            read(folder, '\n[[atlas.layer]]\ntheme = "reservoirs"\npath = "codes.gpkg"')


def test_same_twice(folder: Path) -> None:
    """The same layers give the same tables."""
    parts = [write_entry("cer_cours_eau", "watercourses"), write_entry("cer_reservoir_l", "watercourses")]
    first, second = (read(folder, *parts).tables["cours_eau_l"] for _ in range(2))

    pandas.testing.assert_frame_equal(first, second)
