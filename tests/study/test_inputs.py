"""Reading what a study names: the area, the grid, the prepared layers, and their mistakes."""

from __future__ import annotations

import math
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
import shapely

from bocage.errors import CodeError, InputError, ResourceError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.landcover.fusion import CoverPolygons, CoverRaster
from bocage.study.estimate import BASE_BYTES, BYTES_PER_CELL, check_resources, estimate_run, fit_cell_size
from bocage.study.file import Flag
from bocage.study.inputs import list_input_files, list_provided, read_inputs, resolve_area
from bocage.study.layers import DEFAULT_WIDTHS_M, read_flag, texts_of, translate
from bocage.study.reading import read_study
from tests.study.territory import CRS, SOUTH, WEST, square, write_layer


def change(territory: Path, *pairs: tuple[str, str]) -> Path:
    """Change pieces of the study file, each of which must be there once."""
    path = territory / "study.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def codes_of(journal: Journal) -> list[str]:
    """List the codes of the notes."""
    return [note.code for note in journal.notes]


class TestReadInputs:
    """Tests for read_inputs on layers without mistakes."""

    def test_area_and_grid(self, territory: Path) -> None:
        """The area is the union of the communes; the grid covers it with 300 m around."""
        inputs = read_inputs(read_study(territory / "study.toml"), Journal())

        assert inputs.area.area == 2_000_000
        assert inputs.bounds == (WEST - 300, SOUTH - 300, WEST + 2300, SOUTH + 1300)
        assert inputs.grid == Grid(WEST - 300, SOUTH + 1300, 20, 80, 130, CRS)
        assert list(inputs.communes["insee"]) == ["01004", "01005"]
        assert inputs.neighbours.empty

    def test_roads(self, territory: Path) -> None:
        """Roads take the class of their value, and its width where they have none above 0."""
        roads = read_inputs(read_study(territory / "study.toml"), Journal()).roads

        assert list(roads["ground"]) == ["motorway", "local_road", "local_road"]
        assert list(roads["width_m"]) == [DEFAULT_WIDTHS_M["motorway"], 5.5, DEFAULT_WIDTHS_M["local_road"]]
        assert list(roads["name"]) == ["", "", ""]

    def test_watercourses(self, territory: Path) -> None:
        """A canal is told by its column; an empty reservoir is not said, an empty list is no."""
        rivers = read_inputs(read_study(territory / "study.toml"), Journal()).watercourses

        assert list(rivers["ground"]) == ["stream", "canal", "stream"]
        assert list(rivers["list1"]) == [True, False, False]
        assert list(rivers["list2"]) == [False, False, False]
        assert list(rivers["is_reservoir"]) == [True, False, None]
        assert list(rivers["intermittent"]) == [False, False, False]
        assert rivers["list1"].dtype == bool

    def test_river_works(self, territory: Path) -> None:
        """Works are recognised by their words; a fish pass that is not said is unknown, not absent."""
        works = read_inputs(read_study(territory / "study.toml"), Journal()).river_works

        assert list(works["kind"]) == ["weir", "dam", "culvert"]
        assert list(works["state"]) == ["existing", "destroyed", "existing"]
        assert list(works["fish_pass"]) == ["no", "yes", "unknown"]
        assert list(works["name"]) == ["Moulin", "", "Pont"]

    def test_land_cover_and_zonings(self, territory: Path) -> None:
        """The raster is laid on the grid; zonings have a key made of their label, and names."""
        inputs = read_inputs(read_study(territory / "study.toml"), Journal())

        [cover] = inputs.landcover
        assert isinstance(cover, CoverRaster)
        assert cover.values.shape == inputs.grid.shape
        # 40 by 20 cells of forest of 20 m in the source, on the same lines.
        assert int((cover.values[cover.valid] == 311).sum()) == 800
        [zoning] = inputs.zonings
        assert (zoning.key, zoning.rule, zoning.subnetworks) == ("znieff_de_type_1", "mandatory", ())
        assert list(zoning.polygons["name"]) == ["Le Grand Bois"]

    def test_absent_layers(self, territory: Path) -> None:
        """A layer that is not named is None; the themes that need it are not provided."""
        inputs = read_inputs(read_study(territory / "study.toml"), Journal())

        assert inputs.railways is None
        assert inputs.hedges is None
        assert inputs.crossings is None
        assert inputs.decisions is None
        assert all(inputs.provided.values())

    def test_river_works_need_no_land_cover(self, territory: Path) -> None:
        """Works on watercourses are obstacles to draw, with or without land cover; alone they are not."""
        path = territory / "study.toml"
        text = path.read_text(encoding="utf-8")
        cover, rest = text.index("[[landcover]]"), text.index("[layers.communes]")
        rivers, works = text.index("[layers.watercourses]"), text.index("[layers.river_works]")
        zonings = text.index("[[zonings]]")

        path.write_text(text[:cover] + text[rest:zonings], encoding="utf-8")
        with_rivers = list_provided(read_study(path))
        path.write_text(text[:cover] + text[rest:rivers] + text[works:zonings], encoding="utf-8")
        alone = list_provided(read_study(path))

        assert with_rivers["obstacle_points"] and with_rivers["watercourses"]
        assert not with_rivers["obstacle_lines"] and not with_rivers["reservoirs"]
        assert not any(alone.values())

    def test_outline_off_the_earth(self, territory: Path) -> None:
        """A commune at a billion kilometres is named, before a grid is laid over what it spans."""
        far = shapely.box(1e15, 1e15, 1e15 + 1e6, 1e15 + 1e6)
        write_layer(
            territory, "communes", insee=["01004", "01005"], nom=["Aubois", "Ailleurs"],
            geometry=[square(0, 0), far],
        )  # fmt: skip

        with pytest.raises(InputError, match=r"01005 \(Ailleurs\) lies farther than any place on earth"):
            resolve_area(read_study(territory / "study.toml"), Journal())

    def test_land_cover_without_ground(self, territory: Path) -> None:
        """A land cover that holds nothing is told as such, not as a lack of habitat."""
        write_layer(territory, "clc", CODE_18=["311"], geometry=[square(0, 0)])
        path = change(
            territory,
            (
                'path = "clc.tif"',
                'path = "layers.gpkg"\nlayer = "clc"\nfield = "CODE_18"\nwhere = "CODE_18 = \'211\'"',
            ),
        )

        with pytest.raises(InputError, match="'clc': no ground in the study area"):
            read_inputs(read_study(path), Journal())

    def test_notes(self, territory: Path) -> None:
        """What was assumed and left out is noted, in both languages."""
        journal = Journal()
        read_inputs(read_study(territory / "study.toml"), journal)

        assert {"widths_assumed", "objects_ignored", "buffer_assumed"} <= set(codes_of(journal))
        texts = [note.text("fr") for note in journal.notes] + [note.text("en") for note in journal.notes]
        words = "autoroute ou voie express 30\u00a0m, route locale 7\u00a0m"
        assert any(text.startswith("Couche «\u00a0routes\u00a0»") and words in text for text in texts)

    def test_layer_that_stops_short(self, territory: Path) -> None:
        """A layer that leaves a part of the territory out is told: no object there proves nothing."""
        journal, whole = Journal(), Journal()
        study = read_study(territory / "study.toml")
        west, south, east, north = resolve_area(study, Journal()).area.bounds
        ends = np.linspace(south, north, 30)

        def lay_roads(reach: float) -> None:
            far = west + reach * (east - west)
            lines = [shapely.LineString([(west, y), (far, y)]) for y in ends]
            write_layer(territory, "routes", nature=["Route"] * 30, largeur=[5.0] * 30, geometry=lines)

        lay_roads(0.5)
        read_inputs(study, journal)
        lay_roads(1.0)
        read_inputs(study, whole)

        [note] = [note for note in journal.notes if note.code == "layer_partial"]
        assert dict(note.values)["layer"] == "roads"
        assert dict(note.values)["share"] == pytest.approx(50)
        assert "layer_partial" not in codes_of(whole)

    def test_polygons(self, territory: Path) -> None:
        """Land cover in polygons keeps its column, named as in the study file."""
        write_layer(territory, "clc", CODE_18=["311"], geometry=[square(0, 0)])
        path = change(
            territory, ('path = "clc.tif"', 'path = "layers.gpkg"\nlayer = "clc"\nfield = "code_18"')
        )

        [cover] = read_inputs(read_study(path), Journal()).landcover

        assert isinstance(cover, CoverPolygons)
        assert list(cover.polygons[cover.field]) == ["311"]

    def test_decisions(self, territory: Path) -> None:
        """Human decisions are read from a table as spreadsheets write it."""
        (territory / "decisions.csv").write_bytes(
            "object;objective;author;date;reason\nFR00CS1;à préserver;M. Petit;04/05/2026;vu\n".encode(
                "cp1252"
            )
        )
        path = change(territory, ("[[zonings]]", '[decisions]\npath = "decisions.csv"\n\n[[zonings]]'))

        decisions = read_inputs(read_study(path), Journal()).decisions

        assert decisions is not None
        assert decisions.entries[0].objective == "preserve"

    def test_files(self, territory: Path) -> None:
        """Every file that is read is listed once; the study file is not one of them."""
        files = list_input_files(read_study(territory / "study.toml"))

        assert files == [territory / "clc.tif", territory / "layers.gpkg"]

    def test_sheet_only(self, territory: Path) -> None:
        """A study of communes alone is read: every theme is then not provided."""
        path = territory / "study.toml"
        text = path.read_text(encoding="utf-8")
        bare = (
            text[: text.index("[[landcover]]")]
            + text[text.index("[layers.communes]") : text.index("[layers.roads]")]
        )
        path.write_text(bare, encoding="utf-8")

        inputs = read_inputs(read_study(path), Journal())

        assert inputs.landcover == ()
        assert not any(inputs.provided.values())


class TestArea:
    """Tests for resolve_area."""

    def test_insee(self, territory: Path) -> None:
        """Communes that are not chosen are neighbours where they meet the bounds."""
        path = change(territory, ('{ layer = "communes" }', '{ insee = ["01005"] }'))
        place = resolve_area(read_study(path), Journal())

        assert place.area.equals(square(1, 0))
        assert list(place.communes["name"]) == ["Val-d'Été"]
        assert list(place.neighbours["insee"]) == ["01004"]

    def test_bbox(self, territory: Path) -> None:
        """A commune that a box only grazes is a neighbour, one it enters is in the area."""
        box = f"{{ bbox = [{WEST + 500}, {SOUTH}, {WEST + 1005}, {SOUTH + 1000}] }}"
        place = resolve_area(read_study(change(territory, ('{ layer = "communes" }', box))), Journal())

        assert list(place.communes["insee"]) == ["01004"]
        assert list(place.neighbours["insee"]) == ["01005"]

    def test_path(self, territory: Path) -> None:
        """The union of another file's polygons may be the area."""
        area = '{ path = "layers.gpkg", layer = "znieff1" }'
        place = resolve_area(read_study(change(territory, ('{ layer = "communes" }', area))), Journal())

        assert place.area.area == 160_000

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            (
                "01006",
                "the nearest codes there are 01005 Val-d'Été, 01004 Aubois (a postcode is not an INSEE code)",
            ),
            ("Aubois", "the code of Aubois is '01004'"),
            ("Aubbois", "give codes, not names (did you mean 'Aubois'?)"),
        ],
    )
    def test_unknown_code(self, territory: Path, code: str, expected: str) -> None:
        """A code that is not in the layer is told with the nearest, a name with its code."""
        path = change(territory, ('{ layer = "communes" }', f'{{ insee = ["{code}"] }}'))

        with pytest.raises(InputError) as caught:
            resolve_area(read_study(path), Journal())

        assert str(caught.value) == (
            f"area: INSEE code '{code}' is not in the communes layer (study.toml, line 8); {expected}."
        )

    def test_numbers(self, territory: Path) -> None:
        """Codes stored as numbers get their leading zero back."""
        write_layer(
            territory, "communes", insee=[1004, 1005], nom=["A", "B"], geometry=[square(0, 0), square(1, 0)]
        )

        place = resolve_area(read_study(territory / "study.toml"), Journal())

        assert list(place.communes["insee"]) == [
            "01004",
            "01005",
        ]

    def test_parts_are_joined(self, territory: Path) -> None:
        """Two objects of one code and name are one commune, which is noted."""
        write_layer(
            territory,
            "communes",
            insee=["01004", "01004"],
            nom=["A", "A"],
            geometry=[square(0, 0), square(3, 0)],
        )
        journal = Journal()

        place = resolve_area(read_study(territory / "study.toml"), journal)

        assert len(place.communes) == 1
        assert place.communes.geometry.area.iloc[0] == 2_000_000
        assert codes_of(journal) == ["communes_joined"]

    def test_one_code_two_names(self, territory: Path) -> None:
        """One code for two communes is refused, both named."""
        write_layer(
            territory,
            "communes",
            insee=["01004", "01004"],
            nom=["A", "B"],
            geometry=[square(0, 0), square(1, 0)],
        )

        with pytest.raises(InputError, match=r"one INSEE code to several communes: 01004 \(A / B\); correct"):
            resolve_area(read_study(territory / "study.toml"), Journal())


class TestMistakes:
    """Tests for the sentences of read_inputs."""

    def test_unknown_class(self, territory: Path) -> None:
        """Values without a class are listed with their counts, the line and the mend."""
        path = change(territory, ('"Route" = "local_road"', ""))

        with pytest.raises(CodeError) as caught:
            read_inputs(read_study(path), Journal())

        message = str(caught.value)
        assert message.startswith(
            "study.toml, line 27, [layers.roads]: column 'nature' holds values without a class"
        )
        assert '"Route" (2); give each a class, as "Route" = "..."' in message

    def test_missing_files(self, territory: Path) -> None:
        """All missing files are told at once, each where it is first named, with what is there."""
        path = change(territory, ('path = "clc.tif"', 'path = "clcc.tif"'))
        (territory / "layers.gpkg").rename(territory / "layer.gpkg")

        with pytest.raises(InputError) as caught:
            read_inputs(read_study(path), Journal())

        first, *rest = str(caught.value).split("\n")
        assert first == "2 files are missing:"
        assert rest[0].startswith("  study.toml, line 11: there is no file")
        assert "did you mean 'clc.tif'" in rest[0]
        assert rest[1].startswith("  study.toml, line 17: there is no file")
        assert "did you mean 'layer.gpkg'" in rest[1]

    def test_cover_elsewhere(self, territory: Path) -> None:
        """Land cover that does not meet the area is told with both extents."""
        write_layer(territory, "communes", insee=["01004"], nom=["A"], geometry=[square(50, 50)])

        with pytest.raises(
            InputError, match=r"'clc.tif' does not meet the study area: it covers 699800-702200 east"
        ):
            read_inputs(read_study(territory / "study.toml"), Journal())

    def test_flag_neither_yes_nor_no(self) -> None:
        """A column of words needs the values that mean yes."""
        table = geopandas.GeoDataFrame({"type": ["Canal", None]}, geometry=[None, None])

        with pytest.raises(CodeError, match=r'say which values mean yes, as \{ field = "type", values'):
            read_flag(table, Flag(field="type"), place="here")
        assert read_flag(table, Flag(field="type", values=("canal",)), place="here") == [True, None]

    def test_width_in_words(self, territory: Path) -> None:
        """A column of widths that holds words is told, not taken as missing."""
        path = change(territory, ('width_field = "largeur"', 'width_field = "nature"'))

        with pytest.raises(InputError, match=r"line 26, \[layers.roads\]: column 'nature' holds 'Autoroute'"):
            read_inputs(read_study(path), Journal())


class TestValues:
    """Tests for the reading of columns."""

    def test_translate_prefers_exact_case(self) -> None:
        """Two keys that differ by case keep their own class; other cases fall on either."""
        values = pandas.Series(["A", "a"])

        assert list(translate(values, {"A": "x", "a": "y"}, column="c", place="p")) == ["x", "y"]

    def test_empty_values_have_a_class_too(self) -> None:
        """The key of empty values is the empty text; without it they are told as (empty)."""
        values = pandas.Series(["a", None])

        assert list(translate(values, {"a": "x", "": "y"}, column="c", place="p")) == ["x", "y"]
        with pytest.raises(CodeError, match=r'"\(empty\)" \(1\)'):
            translate(values, {"a": "x"}, column="c", place="p")

    def test_texts(self) -> None:
        """Whole numbers have no decimals, dates and words are as written, nothing is empty."""
        values = pandas.Series([3.0, 3.5, float("nan"), " mot ", None, pandas.NA], dtype=object)

        assert list(texts_of(values)) == ["3", "3.5", "", "mot", "", ""]


class TestEstimate:
    """Tests for what a run needs."""

    def test_memory(self, territory: Path) -> None:
        """A grid too large is refused with a cell size that does fit."""
        study = read_study(territory / "study.toml")
        estimate = estimate_run(study, Grid(0, 0, 20, 10_000, 10_000, CRS))
        available = BASE_BYTES + BYTES_PER_CELL * 30_000_000

        with pytest.raises(ResourceError) as caught:
            check_resources(study, estimate, available_memory=available, available_disk=10**15)

        # 100 M cells of 20 m have room for 30 M: 20 × √(100/30) = 36.5 m, and 50 is the next round size.
        assert "set cell_size = 50 or larger" in str(caught.value)
        assert "(study.toml, line 7)" in str(caught.value)

    @pytest.mark.parametrize("available", [10**9, 4 * 10**9, 16 * 10**9])
    def test_what_is_advised_fits(self, available: int) -> None:
        """The advised cell size fits by the same estimate."""
        advised = fit_cell_size(5.0, 10**9, available)

        assert advised is not None
        assert BASE_BYTES + BYTES_PER_CELL * math.ceil(10**9 * (5 / advised) ** 2) <= available

    def test_disk(self, territory: Path) -> None:
        """A disk too full is told with the folder."""
        study = read_study(territory / "study.toml")
        estimate = estimate_run(study, Grid(0, 0, 20, 100, 100, CRS))

        with pytest.raises(ResourceError, match=r"need about 50 MB in '.*out' and 1 MB are free"):
            check_resources(study, estimate, available_memory=10**12, available_disk=10**6)


@pytest.mark.realdata
def test_herault(shared: Path, tmp_path: Path) -> None:
    """CORINE polygons, ROUTE 500 and BD Carthage are read whole from the classes their publishers use."""
    data = (shared / "data" / "herault" / "herault.gpkg").as_posix()
    path = tmp_path / "study.toml"
    path.write_text(
        f"""
[study]
name = "Hérault"
date = 2026-05-04
cell_size = 50
buffer = 1000
area = {{ insee = ["34079"] }}
[[landcover]]
path = "{data}"
layer = "clc12"
field = "CODE_12"
nomenclature = "clc"
[layers.communes]
path = "{data}"
layer = "communes"
code = "code"
[layers.roads]
path = "{data}"
layer = "route500"
field = "VOCATION"
[layers.roads.classes]
"Type autoroutier" = "motorway"
"Liaison principale" = "main_road"
"Liaison régionale" = "regional_road"
"Liaison locale" = "local_road"
""",
        encoding="utf-8",
    )

    inputs = read_inputs(read_study(path), Journal())

    assert list(inputs.communes["insee"]) == ["34079"]
    assert shapely.contains(shapely.box(*inputs.bounds), inputs.area)
    assert set(inputs.roads["ground"]) == {"motorway", "main_road", "regional_road", "local_road"}
    assert np.all(inputs.roads["width_m"] > 0)
    assert list_provided(read_study(path))["obstacle_lines"] is False
