"""Reading a study file: what it gives, and how its mistakes are told."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import pytest

from bocage.errors import StudyError
from bocage.study.file import StudyFile, SubnetworkEntry
from bocage.study.model import about
from bocage.study.reading import build_study, read_study
from bocage.study.subnetworks import load_presets, resolve_subnetwork
from bocage.subnetwork import Subnetwork


def change(territory: Path, old: str, new: str) -> Path:
    """Change a piece of the study file, which must be there once."""
    path = territory / "study.toml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def find_line(path: Path, shown: str) -> int:
    """Count the lines down to the first that holds a text."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if shown in line)


def fail(path: Path) -> str:
    """Give the sentence of the error that reading the file raises."""
    with pytest.raises(StudyError) as caught:
        read_study(path)
    return str(caught.value)


class TestReadStudy:
    """Tests for read_study on a file without mistakes."""

    def test_values(self, territory: Path) -> None:
        """The study says what the file says, and its paths start from the file's folder."""
        study = read_study(territory / "study.toml")

        assert (study.name, study.territory, study.prefix) == ("Essai", "ESS", "FR00")
        assert study.date == datetime.date(2026, 5, 4)
        assert study.language == "fr"
        assert study.output == territory / "out"
        assert study.resolve(Path("clc.tif")) == territory / "clc.tif"
        assert study.cite("layers", "roads", "field") == "study.toml, line 25"

    def test_subnetwork(self, territory: Path) -> None:
        """Codes may be written as numbers, a single distance without brackets, a barrier as a word."""
        [subnetwork] = read_study(territory / "study.toml").subnetworks

        assert subnetwork == Subnetwork(
            "bois", "Bois", "boisé", ("broadleaf", "313"), 1.0, 2.0, (200.0,),
            {"broadleaf": 1.0, "313": 1.0, "arable": 10.0, "motorway": math.inf},
        )  # fmt: skip

    def test_default_buffer(self, territory: Path) -> None:
        """The buffer is 1.5 times the largest dispersal distance unless the file gives one."""
        assert read_study(territory / "study.toml").buffer_m == 300.0
        path = change(territory, "cell_size = 20.0", "cell_size = 20.0\nbuffer = 0")
        assert read_study(path).buffer_m == 0.0

    def test_mark_of_windows_editors(self, territory: Path) -> None:
        """A byte order mark and Windows line ends change nothing, lines of messages included."""
        path = territory / "study.toml"
        plain = read_study(path)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
        marked = read_study(path)

        assert marked == plain
        assert marked.lines == plain.lines

    def test_parameters_do_not_name_the_machine(self, territory: Path) -> None:
        """Parameters are plain and hold no absolute path, nor the output folder."""
        import json

        study = read_study(territory / "study.toml")
        text = json.dumps(study.parameters())

        assert str(territory) not in text
        assert study.with_output(Path("elsewhere")).parameters() == study.parameters()
        assert study.parameters()["subnetworks"][0]["resistance"]["motorway"] == "barrier"

    def test_about(self, territory: Path) -> None:
        """What outputs say of themselves: dates in ISO, each source once, the status of a mere study."""
        told = about(read_study(territory / "study.toml"))

        assert told["date"] == "2026-05-04"
        assert told["scale"] == 100_000
        assert told["status"] == {"kind": "etude", "date": "2026-05-04", "reference": ""}
        assert [source["label"] for source in told["sources"]] == ["CLC", "IGN", "INPN"]
        assert told["subnetworks"] == [{"key": "bois", "name": "Bois", "medium": "boisé"}]


class TestMistakes:
    """Tests for the sentences of read_study: file, line, what is wrong, how to mend."""

    @pytest.mark.parametrize(
        ("old", "new", "shown", "expected"),
        [
            (
                "cell_size = 20.0", "cell_sise = 20.0", "cell_sise",
                "unknown key \"cell_sise\" in [study] (did you mean 'cell_size'?)",
            ),
            (
                "cell_size = 20.0", "cell_size = -5", "cell_size",
                "cell_size of [study] must be above 0, got -5",
            ),
            (
                "cell_size = 20.0", "cell_size = inf", "cell_size",
                "cell_size of [study] must be a number, got inf",
            ),
            (
                "date = 2026-05-04\n", "", "[study]",
                '"date" is missing in [study]; it says: date of the study',
            ),
            (
                '"EPSG:2154"', '"EPSG:4326"', "crs",
                'crs of [study] "EPSG:4326" is in degrees, and distances need metres',
            ),
            (
                '"EPSG:2154"', '"EPSG:999999"', "crs",
                'crs of [study] "EPSG:999999" is not a known coordinate system',
            ),
            (
                'nomenclature = "clc"', 'nomenclature = "worldcovr"', "covr",
                "nomenclature of [[landcover]] no. 1 is \"worldcovr\" (did you mean 'worldcover'?)",
            ),
            (
                '"Route" = "local_road"', '"Route" = "localroad"', "localroad",
                "classes.Route of [layers.roads] must be one of motorway, main_road, regional_road, "
                "local_road, track, ignore, got \"localroad\" (did you mean 'local_road'?)",
            ),
            (
                "reservoir_min_ha = 2\n", "", "[[subnetworks]]",
                'sub-network "bois" lacks reservoir_min_ha; give it, or begin with a preset',
            ),
            (
                'motorway = "barrier"', 'motorway = "wall"', "wall",
                "resistance.motorway of [[subnetworks]] no. 1 must be a number above 0 or "
                '"barrier", got "wall"',
            ),
            (
                "arable = 10", "arable = 0", "arable",
                "resistance.arable of [[subnetworks]] no. 1 must be above 0, got 0",
            ),
            (
                "arable = 10", "arabel = 10", "arabel",
                "[[subnetworks]] no. 1 names the ground 'arabel', which is neither a ground class nor a code",
            ),
            (
                'key = "bois"', 'key = "bois"\npreset = "boisee"', "[[subnetworks]]",
                "there is no preset \"boisee\" (did you mean 'boise'?)",
            ),
            (
                'area = { layer = "communes" }', 'area = { layer = "communes", insee = ["01004"] }', "area",
                "area of [study] gives layer and insee; give only one of them",
            ),
            (
                'area = { layer = "communes" }', "area = { insee = [1004] }", "area",
                "area.insee no. 1 of [study] must be text between quotes, got 1004",
            ),
            (
                'area = { layer = "communes" }', "area = { bbox = [10, 0, 5, 8] }", "area",
                "area of [study] has a bbox that is not in the order west, south, east, north",
            ),
            (
                'label = "ZNIEFF de type 1"', 'label = "ZNIEFF"\nsubnetworks = ["boi"]', '["boi"]',
                "[[zonings]] no. 1 names the sub-network \"boi\", which is not in [[subnetworks]] "
                "(did you mean 'bois'?)",
            ),
        ],
    )  # fmt: skip
    def test_sentence(self, territory: Path, old: str, new: str, shown: str, expected: str) -> None:
        """Each mistake names the file, the line and what to write."""
        path = change(territory, old, new)

        message = fail(path)

        assert message.startswith(f"study.toml, line {find_line(path, shown)}: {expected}"), message
        assert "\n" not in message

    def test_several_at_once(self, territory: Path) -> None:
        """Several mistakes are told together, in the order of the file, after a line that counts them."""
        change(territory, "cell_size = 20.0", "cell_size = -5")
        path = change(territory, "min_patch_ha = 1", "min_patch = 1")

        message = fail(path).split("\n")

        assert message[0] == "study.toml has 2 problems:"
        assert message[1].startswith("  line 7: cell_size")
        assert message[2].startswith(
            f'  line {find_line(path, "min_patch")}: unknown key "min_patch" in [[subnetworks]] no. 1'
        )

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            (
                '[study]\nname = "C:\\data"\n',
                "line 2: unescaped '\\' in a string; write paths with / instead of \\",
            ),
            ("[study]\ncell_size = 10,5\n", "decimals with a point"),
            ("[study]\nname = Essai\n", 'put text between quotes, as name = "..."'),
            (
                "[study]\na = 1\na = 2\n",
                "line 3: cannot overwrite a value; this key or table was already given above",
            ),
            ("[study]\ncode = 01004\n", "put a code between quotes"),
        ],
    )
    def test_syntax(self, tmp_path: Path, written: str, expected: str) -> None:
        """Mistakes of writing come with their line and the likeliest cause."""
        path = tmp_path / "study.toml"
        path.write_text(written, encoding="utf-8")

        message = fail(path)

        assert message.startswith("study.toml, line ")
        assert expected in message

    def test_encoding(self, tmp_path: Path) -> None:
        """A file that is not in UTF-8 is told with its line."""
        path = tmp_path / "study.toml"
        path.write_bytes('[study]\nname = "Hérault"\n'.encode("latin-1"))

        assert fail(path) == (
            "study.toml, line 2: the file is not written in UTF-8; save it again with that encoding"
        )

    def test_missing_file(self, territory: Path) -> None:
        """A missing file is told with those there are, or with the command that makes one."""
        assert fail(territory / "studdy.toml").endswith("in that folder there is study.toml")
        empty = territory / "empty"
        empty.mkdir()
        assert f'bocage init "{empty}"' in fail(empty / "study.toml")
        assert f'give the study file in it: "{territory / "study.toml"}"' in fail(territory)
        assert "make one with: bocage init" in fail(empty)

    def test_communes_needed(self, tmp_path: Path) -> None:
        """An area made of communes needs their layer."""
        with pytest.raises(
            StudyError, match=r"study area is made of communes, but \[layers.communes\] is missing"
        ):
            build_study({"study": {"name": "x", "date": datetime.date(2026, 1, 1)}}, tmp_path / "study.toml")


class TestResolveSubnetwork:
    """Tests for the merging of presets, tables and values."""

    def test_order(self, tmp_path: Path) -> None:
        """A table comes over the preset and the user's values over the table, ground by ground."""
        preset = {
            "name": "P",
            "medium": "ouvert",
            "habitat": ["grassland"],
            "min_patch_ha": 1,
            "reservoir_min_ha": 5,
            "tolerance": 0.2,
            "dispersal_m": [100],
            "resistance": {"grassland": 1, "arable": 2, "heath": 3},
        }
        (tmp_path / "f.csv").write_text(
            "class;open\nlu_arable;20\nlu_heath;30\nw1;10000\n", encoding="cp1252"
        )
        entry = SubnetworkEntry.model_validate(
            {
                "preset": "p",
                "min_patch_ha": 9,
                "resistance": {"heath": 99},
                "resistance_table": {
                    "path": "f.csv",
                    "key": "class",
                    "value": "open",
                    "prefix": "lu_",
                    "aliases": {"w1": "stream"},
                    "barrier_from": 10000,
                },
            }
        )

        merged = resolve_subnetwork(entry, folder=tmp_path, presets={"p": preset})

        assert merged.key == "p"
        assert (merged.min_patch_ha, merged.reservoir_min_ha, merged.tolerance) == (9.0, 5.0, 0.2)
        assert merged.resistance == {"grassland": 1.0, "arable": 20.0, "heath": 99.0, "stream": math.inf}

    @pytest.mark.parametrize("name", list(load_presets()))
    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_shipped_presets(self, name: str, language: str, tmp_path: Path) -> None:
        """Every preset that is shipped makes a sub-network by itself, with a name in both languages."""
        made = resolve_subnetwork(SubnetworkEntry(preset=name), folder=tmp_path, language=language)

        assert made.key == name
        assert made.habitat
        assert made.name == load_presets()[name]["name"][language]

    def test_missing_table(self, territory: Path) -> None:
        """A resistance table that does not exist is told at the sub-network that names it."""
        path = territory / "study.toml"
        with path.open("a", encoding="utf-8") as file:
            file.write('[subnetworks.resistance_table]\npath = "frictoin.csv"\nkey = "a"\nvalue = "b"\n')
        (territory / "friction.csv").write_text("a,b\n")

        message = fail(path)

        line = find_line(path, "[[subnetworks]]")
        assert message.startswith(f"study.toml, line {line}: resistance_table: there is no file")
        assert "did you mean 'friction.csv'" in message

    def test_missing_column(self, territory: Path) -> None:
        """A column that does not exist is told with those there are."""
        path = territory / "study.toml"
        with path.open("a", encoding="utf-8") as file:
            file.write(
                '[subnetworks.resistance_table]\npath = "friction.csv"\nkey = "class"\nvalue = "wood"\n'
            )
        (territory / "friction.csv").write_text("class;woods\narable;1\n")

        assert "has no column 'wood' (did you mean 'woods'?); its columns are 'class', 'woods'" in fail(path)


def test_every_key_is_described() -> None:
    """Every table and key of the study file says what it is: the reference page is made of it."""

    def check(model: type) -> None:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"

    from bocage.study import file

    for value in vars(file).values():
        if isinstance(value, type) and issubclass(value, file.Section):
            assert value.__doc__
            check(value)
    check(StudyFile)
