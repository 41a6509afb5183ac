"""The [atlas] table of a study file: what it may say, and what enters the computation."""

from __future__ import annotations

from pathlib import Path

import pytest

from bocage.errors import InputError, StudyError
from bocage.study.atlas_layers import check_themes, load_study_symbols
from bocage.study.describe import describe_study
from bocage.study.model import about
from tests.study.atlas_territory import HEAD, make_study, write_entry, write_official

RIVERS = """
[layers.watercourses]
path = "layers.gpkg"
layer = "cer_cours_eau"
"""


class TestGrammar:
    """What the table takes and refuses."""

    def test_defaults(self, tmp_path: Path) -> None:
        """An empty table is an atlas on A4, bound by département, of all communes and standard sheets."""
        atlas = make_study(tmp_path).file.atlas

        assert atlas is not None
        assert (atlas.format, atlas.orientation, atlas.volumes) == ("a4", "auto", "departement")
        assert (atlas.insee, atlas.layer, atlas.sheet) == ((), (), ())
        assert atlas.background == ("landcover", "relief")

    def test_sheet(self, tmp_path: Path) -> None:
        """A sheet has a key, themes, words and a status of its own, and gives only what was written."""
        study = make_study(
            tmp_path,
            '[[atlas.sheet]]\nkey = "eau"\nthemes = ["watercourses", "water"]\nmap_title = "Carte de l’eau"',
            'status = { kind = "inventaires", date = 2020-01-02 }',
        )

        assert study.file.atlas is not None
        assert study.file.atlas.sheet[0].model_dump(mode="json", exclude_none=True) == {
            "key": "eau",
            "themes": ["watercourses", "water"],
            "map_title": "Carte de l’eau",
            "status": {"kind": "inventaires", "date": "2020-01-02", "reference": ""},
        }

    @pytest.mark.parametrize(
        ("part", "message"),
        [
            ('format = "a5"', "line 13: format of .* must be one of a4, a3"),
            (write_entry("x"), "line 14: .*lacks theme; say what it shows"),
            (write_entry("x", None, 'field = "k"'), "has field without themes"),
            (write_entry("x", "znieff1", 'passable = "k"'), "only goes with theme"),
            (write_entry("x", "corridors", 'objective = "mend"'), 'must be "preserve", "restore" or a table'),
            (
                write_entry("x", "corridors", 'objective = { fields = "OBJ" }'),
                r"unknown key \"fields\" in layer no. 1.objective of \[atlas\] \(did you mean 'field'",
            ),
            (
                write_entry("x", "corridors", 'objective = { restore = ["02"] }'),
                r"objective of \[atlas\] must be \"preserve\", \"restore\" or a table with a column",
            ),
            ('[[atlas.sheet]]\nkey = "É"\nthemes = ["water"]', "must be written with the characters"),
            ('[[atlas.sheet]]\nkey = "e"\nthemes = []', "themes .* must not be empty"),
            ('[[atlas.sheet]]\nkey = "e"\nthemes = ["water"]\nstatus = { kind = "law" }', "must be one of"),
        ],
    )
    def test_mistakes(self, tmp_path: Path, part: str, message: str) -> None:
        """Each mistake is one sentence with its line."""
        with pytest.raises(StudyError, match=message) as caught:
            make_study(tmp_path, part)

        assert "\n" not in str(caught.value)

    def test_relief_alone_or_with_its_source(self, tmp_path: Path) -> None:
        """The relief is a path, or a table with the source to print."""
        alone = make_study(tmp_path, 'relief = "mnt.tif"').file.atlas
        sourced = make_study(tmp_path, 'relief = { path = "mnt.tif", source = "IGN" }').file.atlas

        assert alone is not None
        assert sourced is not None
        assert alone.relief is not None
        assert sourced.relief is not None
        assert alone.relief.path == sourced.relief.path == Path("mnt.tif")
        assert sourced.relief.source == "IGN"

    def test_logos(self, tmp_path: Path) -> None:
        """Further logos are told as absolute paths, three at most."""
        head = HEAD + '[issuer]\nlogos = ["a.png", "b.svg"]\n'

        issuer = about(make_study(tmp_path, head=head))["issuer"]

        assert issuer["logos"] == [str(tmp_path / "a.png"), str(tmp_path / "b.svg")]
        with pytest.raises(StudyError, match="logos"):
            make_study(tmp_path, head=HEAD + '[issuer]\nlogos = ["a", "b", "c", "d"]\n')


class TestStudy:
    """What an atlas changes in a study."""

    def test_layers_are_nothing_to_compute(self, tmp_path: Path) -> None:
        """Watercourses beside official layers are a base map; alone they are a network to compute."""
        entry = write_entry("cer_corridor_s", "corridors")
        official = make_study(tmp_path, entry, head=HEAD + RIVERS)
        inventory = make_study(tmp_path, write_entry("znieff1", "znieff1"), head=HEAD + RIVERS)
        alone = make_study(tmp_path, head=HEAD + RIVERS)

        assert (official.has_network, official.reads_network) == (False, True)
        assert (inventory.has_network, inventory.reads_network) == (False, False)
        assert (alone.has_network, alone.reads_network) == (True, False)

    def test_themes_told_by_a_column_count(self, tmp_path: Path) -> None:
        """A layer whose column tells a theme of the network gives the network."""
        entry = write_entry("trame", None, 'field = "genre"', 'themes = { "corridor" = "corridors" }')

        assert make_study(tmp_path, entry).reads_network

    def test_computation_does_not_depend_on_the_atlas(self, tmp_path: Path) -> None:
        """What only the atlas reads asks for no new run."""
        zoning = '[[zonings]]\nlabel = "Z"\npath = "layers.gpkg"\n'
        plain = make_study(tmp_path, head=HEAD + zoning).parameters()
        drawn = make_study(
            tmp_path,
            'format = "a3"',
            head=HEAD + 'epci = "agglo"\n' + zoning + 'theme = "znieff1"\n',
        ).parameters()

        assert plain == drawn
        assert "atlas" not in plain

    def test_sources(self, tmp_path: Path) -> None:
        """A network that is read has the sources of its layers."""
        entry = write_entry("cer_corridor_s", "corridors", 'source = "Région"')

        assert make_study(tmp_path, entry).sources() == (
            {"label": "IGN", "licence": "Licence Ouverte"},
            {"label": "Région", "licence": ""},
        )


class TestThemes:
    """Tests for load_study_symbols and check_themes."""

    def test_own_theme(self, tmp_path: Path) -> None:
        """A theme of one's own has a symbol, drawn among those of its kind unless it says where."""
        study = make_study(
            tmp_path,
            '[atlas.themes.my_zone]\nkind = "polygon"\ngroup = "inventories"\nfr = "Zone"\nen = "Zone"\n'
            'fill = "#d9c56b"',
            write_entry("znieff1", "my_zone"),
        )

        symbols = load_study_symbols(study)
        check_themes(study, symbols)

        assert symbols["my_zone"].label("fr") == "Zone"
        assert symbols["my_zone"].group == "inventories"

    @pytest.mark.parametrize(
        ("part", "message"),
        [
            (
                write_entry("znieff1", "znief1"),
                r"atlas.toml, line 17: the theme 'znief1' is unknown .*'znieff1'",
            ),
            (
                write_entry("trame", None, 'field = "genre"', 'themes = { "x" = "corridor" }'),
                "the theme 'corridor' is unknown .*'corridors'",
            ),
            ('[atlas.themes.z]\nkind = "polygon"\nfr = "z"\nen = "z"', "line 13: the theme 'z' lacks group"),
            ('[atlas.themes.corridors]\ngroup = "water"', "'corridors' is a theme of the network"),
        ],
    )
    def test_mistakes(self, tmp_path: Path, part: str, message: str) -> None:
        """An unknown theme is told with its line and the nearest ones."""
        with pytest.raises(StudyError, match=message):
            study = make_study(tmp_path, part)
            check_themes(study, load_study_symbols(study))

    @pytest.mark.parametrize(
        ("part", "message"),
        [
            (
                '[atlas.themes.z]\nkind = "blob"\ngroup = "water"\nfr = "z"\nen = "z"',
                "'z' of atlas.toml .*blob",
            ),
            ('palette = "none.toml"', "none.toml"),
        ],
    )
    def test_symbols_that_cannot_be_drawn(self, tmp_path: Path, part: str, message: str) -> None:
        """A palette that lacks and a symbol that cannot be drawn are told."""
        with pytest.raises(InputError, match=message):
            load_study_symbols(make_study(tmp_path, part))

    def test_zoning_theme(self, tmp_path: Path) -> None:
        """A zoning is drawn with the symbol of a polygon theme, no other."""
        zoning = '[[zonings]]\nlabel = "Z"\npath = "layers.gpkg"\ntheme = "flow_work"\n'
        study = make_study(tmp_path, head=HEAD + zoning)

        with pytest.raises(
            StudyError, match=r"line 14: the theme 'flow_work' is unknown; give one of .*znieff1"
        ):
            check_themes(study, load_study_symbols(study))


def test_info_tells_the_atlas(tmp_path: Path) -> None:
    """The page tells each layer with its themes, the sheets, and that nothing is to compute."""
    write_official(tmp_path)
    study = make_study(
        tmp_path,
        write_entry("cer_reservoir_s", "reservoirs"),
        write_entry("znieff1", "znieff1"),
        '[atlas.epci]\npath = "layers.gpkg"\nlayer = "epci"',
        '[[atlas.sheet]]\nkey = "continuites"\nthemes = ["continuities"]',
    )

    told = " ".join(describe_study(study, language="en").split())

    assert "3 object(s), polygons, EPSG:2154 (layers.gpkg, cer_reservoir_s) → reservoirs" in told
    assert "(layers.gpkg, znieff1) → ZNIEFF" in told
    assert "sheet 'continuites' continuities" in told
    assert "network read from official layers: there is nothing to compute" in told
    assert "cells of" not in told
    assert "reservoirs yes, read from an official layer" in told
    assert "watercourses data not given (no [[atlas.layer]] for this theme)" in told
