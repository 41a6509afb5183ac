"""What the sheets of a study may draw, gathered from a run or from official layers."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from bocage.atlas import compose_sheet
from bocage.atlas.gathering import choose_backdrop, gather_content, list_source_uses
from bocage.atlas.series import plan_series
from bocage.errors import InputError, StudyError
from bocage.journal import Journal
from bocage.study.reading import build_study, read_study
from tests.study.atlas_territory import HEAD, make_study, write_entry, write_official
from tests.study.territory import CRS, SOUTH, WEST, write_territory

OFFICIAL = (
    write_entry("cer_reservoir_s", "reservoirs", 'source = "Région"'),
    write_entry("cer_corridor_s", "corridors", 'source = "Région"'),
    write_entry("znieff1", "znieff1", 'name = "nom"', 'source = "INPN"'),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of official layers."""
    write_official(tmp_path)
    return tmp_path


class TestOfficial:
    """An atlas of official layers."""

    def test_content(self, folder: Path) -> None:
        """The network is read without a run, the others go by theme, groups fill the communes' columns."""
        journal = Journal()
        content = gather_content(make_study(folder, *OFFICIAL, head=HEAD + 'epci = "agglo"\n'), journal)

        assert list(content.network.tables["reservoir_s"]["objective"]) == ["preserve", "restore", "preserve"]
        assert content.network.provided["reservoirs"]
        assert not content.network.provided["watercourses"]
        assert list(content.themes) == ["znieff1"]
        assert list(content.themes["znieff1"]["name"]) == ["Marais"]
        assert content.area is None
        assert list(content.communes["epci"]) == [None, "CC Ouest", "CC Ouest", "CC Est"]
        assert list(content.communes["departement"])[1:] == [
            "Département 60",
            "Département 60",
            "Département 80",
        ]
        assert sorted(content.groupings) == ["departement", "epci"]
        assert [note.text for note in content.notes] == [
            "Objectif non renseigné dans la donnée source pour 2 réservoirs\u00a0: imprimés "
            "«\u00a0à préserver\u00a0».",
        ]
        assert content.notes[0].uses == {"reservoirs"}
        assert "atlas_network_official" in [note.code for note in journal.notes]

    def test_one_without_objective(self, folder: Path) -> None:
        """One reservoir is told in words for one, in the study's language."""
        head = HEAD.replace("[layers", 'language = "en"\n\n[layers', 1)
        entry = write_entry("cer_reservoir_s", "reservoirs", "where = \"OBJ_ASSI = ''\"")

        content = gather_content(make_study(folder, entry, head=head), Journal())

        [note] = content.notes
        assert note.text == "The source gives no objective for one reservoir: printed 'to preserve'."

    def test_base_map(self, folder: Path) -> None:
        """Watercourses beside official layers are drawn as base map, and ask for no run."""
        head = HEAD + '[layers.watercourses]\npath = "layers.gpkg"\nlayer = "cer_cours_eau"\nsource = "BD"\n'
        journal = Journal()

        content = gather_content(make_study(folder, *OFFICIAL, head=head), journal)

        assert len(content.context["watercourses"]) == 2
        assert content.cite({"watercourses_base"}) == ["BD"]
        assert content.cite({"watercourses"}) == []
        # Widths are for computing.
        assert "widths_assumed" not in [note.code for note in journal.notes]

    def test_sources_of_what_is_drawn(self, folder: Path) -> None:
        """A sheet cites the layers it draws, each source once."""
        content = gather_content(make_study(folder, *OFFICIAL), Journal())

        assert content.cite({"communes", "corridors_to_restore"}) == ["IGN (Licence Ouverte)", "Région"]
        assert content.cite({"communes", "znieff1"}) == ["IGN (Licence Ouverte)", "INPN"]

    def test_pickles(self, folder: Path) -> None:
        """Worker processes get the same content."""
        content = gather_content(make_study(folder, *OFFICIAL, EPCI), Journal())

        again = pickle.loads(pickle.dumps(content))

        assert again.notes == content.notes
        assert again.sources == content.sources
        assert again.symbols["znieff1"] == content.symbols["znieff1"]
        for table, objects in content.network.tables.items():
            assert objects.equals(again.network.tables[table])
        assert again.communes.equals(content.communes)
        first, second = (compose_sheet(one, "60001").to_pdf() for one in (content, again))
        assert first == second

    def test_sheets(self, folder: Path) -> None:
        """The series of sheets follows what was given."""
        content = gather_content(make_study(folder, *OFFICIAL), Journal())

        assert [spec.key for spec in plan_series(content)] == ["continuites", "inventaires"]

    def test_unknown_theme(self, folder: Path) -> None:
        """A theme that does not exist stops before anything is read."""
        with pytest.raises(StudyError, match="'znief1' is unknown"):
            gather_content(make_study(folder, write_entry("absent", "znief1")), Journal())


EPCI = '[atlas.epci]\npath = "layers.gpkg"\nlayer = "epci"\nmembers = "membres"'


class TestStudies:
    """A study that computes, or has nothing at all."""

    def test_run_is_asked_for(self, tmp_path: Path) -> None:
        """A study with land cover and no official layers needs its run."""
        write_territory(tmp_path)
        path = tmp_path / "study.toml"
        path.write_text(path.read_text(encoding="utf-8") + "\n[atlas]\n", encoding="utf-8")

        with pytest.raises(StudyError, match=r"first type: bocage run study\.toml"):
            gather_content(read_study(path), Journal())

    def test_official_layers_come_before_the_run(self, tmp_path: Path) -> None:
        """With official layers of the network, the sheets of such a study draw them, without a run."""
        write_territory(tmp_path)
        write_official(tmp_path)
        path = tmp_path / "study.toml"
        text = path.read_text(encoding="utf-8").replace(", 313", "").replace('"313" = 1\n', "")
        path.write_text(text + "\n[atlas]\n" + OFFICIAL[0], encoding="utf-8")

        study = read_study(path)
        content = gather_content(study, Journal())

        assert study.has_network
        assert len(content.network.tables["reservoir_s"]) == 3
        # Land cover and roads feed nothing that is drawn of the network.
        assert content.cite({"corridors"}) == []

    def test_outlines_alone(self, folder: Path) -> None:
        """Without layers, each theme is not given, and the journal says so."""
        journal = Journal()

        content = gather_content(make_study(folder), journal)

        assert not any(content.network.provided.values())
        assert content.area is None
        # Nobody is named as issuer: sheets would not say who publishes.
        assert {note.code for note in journal.notes} == {"atlas_network_none", "atlas_no_issuer"}

    def test_study_without_atlas(self, folder: Path) -> None:
        """Sheets of a study without an atlas keep their locator: its communes, no département."""
        study = make_study(folder)
        plain = build_study(
            {
                "study": {"name": "x", "date": "2026-05-04"},
                "layers": study.layers.model_dump(exclude_none=True),
            },
            folder / "study.toml",
        )

        content = gather_content(plain, Journal())

        assert content.groupings == {}
        assert list(content.communes.columns) == ["insee", "name", "geometry"]

    def test_own_zonings_and_works(self, folder: Path) -> None:
        """Zonings and works with a theme are drawn; works that were removed have their own symbol."""
        head = (
            HEAD
            + '[layers.river_works]\npath = "layers.gpkg"\nlayer = "roe"\ncode = "code"\nname = "nom"\n'
            + 'state = "etat"\ntheme = "flow_work"\n\n'
            + '[[zonings]]\nlabel = "ZNIEFF"\npath = "layers.gpkg"\nlayer = "znieff1"\nname_field = "nom"\n'
            + 'theme = "znieff1"\nsource = "INPN"\n'
        )
        more = write_entry("znieff1_bis", "znieff1", 'name = "nom"')

        content = gather_content(make_study(folder, more, head=head), Journal())

        assert list(content.themes["flow_work"]["id"]) == ["R1"]
        assert list(content.themes["flow_work_passable"]["name"]) == ["Pont"]
        assert list(content.themes["znieff1"]["name"]) == ["M", "N", "Marais"]
        assert content.cite({"znieff1"}) == ["INPN"]

    def test_sources_of_a_computed_network(self, tmp_path: Path) -> None:
        """What the computation reads is cited with what it draws."""
        write_territory(tmp_path)
        uses = {one.label: one.uses for one in list_source_uses(read_study(tmp_path / "study.toml"))}

        assert uses["IGN"] == {"communes"}
        assert {"landcover", "reservoirs", "corridors", "obstacle_lines"} <= uses["CLC"]
        assert "watercourses" not in uses["CLC"]
        assert "reservoirs" in uses["INPN"]


class TestBackdrop:
    """Tests for choose_backdrop."""

    def test_relief(self, folder: Path) -> None:
        """The relief of the atlas lies under the maps, unless the background leaves it out."""
        with rasterio.open(
            folder / "mnt.tif", "w", driver="GTiff", width=10, height=10, count=1, dtype="float32", crs=CRS,
            transform=from_origin(WEST, SOUTH + 1000, 100, 100),
        ) as raster:  # fmt: skip
            raster.write(np.arange(100, dtype=np.float32).reshape(10, 10), 1)

        study = make_study(folder, 'relief = { path = "mnt.tif", source = "RGE" }')
        without = make_study(folder, 'relief = "mnt.tif"', "background = []")
        missing = make_study(folder, 'relief = "none.tif"')

        assert choose_backdrop(study).kind == "relief"
        assert gather_content(study, Journal()).cite({"relief"}) == ["RGE"]
        assert choose_backdrop(without).kind == ""
        with pytest.raises(InputError, match=r"atlas.toml, line 13: there is no file"):
            choose_backdrop(missing)


@pytest.mark.realdata
class TestOise:
    """The official layers of Oise."""

    def test_content(self, shared: Path, tmp_path: Path) -> None:
        """679 communes, 276 reservoirs without objective, 7 corridors to restore, in under 10 s."""
        path = (shared / "data" / "oise" / "oise.gpkg").as_posix()
        head = f"""
[study]
name = "Oise"
date = 2026-05-04
[layers.communes]
path = "{path}"
layer = "communes"
code = "insee_com"
"""
        tables = {
            "cer_reservoir_s": "reservoirs",
            "cer_corridor_s": "corridors",
            "cer_cours_eau": "watercourses",
            "cer_reservoir_l": "watercourses",
            "cer_obstacle_p": "obstacle_points",
            "cer_obstacle_l": "obstacle_lines",
            "cer_obstacle_s": "obstacle_surfaces",
            "zones_humides": "wetland",
        }
        parts = [write_entry(layer, theme).replace("layers.gpkg", path) for layer, theme in tables.items()]
        parts.append(
            f'[atlas.epci]\npath = "{path}"\nlayer = "epci"\nname = "nom_officiel"\n'
            'members = "codes_insee_des_communes_membres"'
        )
        journal, start = Journal(), time.perf_counter()

        content = gather_content(make_study(tmp_path, *parts, head=head), journal)

        assert time.perf_counter() - start < 10
        counts = {name: len(table) for name, table in content.network.tables.items() if len(table)}
        assert counts == {
            "reservoir_s": 276,
            "corridor_s": 7,
            "cours_eau_l": 68,
            "obstacle_p": 367,
            "obstacle_l": 1448,
            "obstacle_s": 2214,
        }
        assert content.network.tables["cours_eau_l"]["is_reservoir"].sum() == 48
        assert set(content.network.tables["corridor_s"]["objective"]) == {"restore"}
        assert "276 réservoirs" in content.notes[0].text
        assert len(content.themes["wetland"]) == 1939
        assert content.communes["epci"].notna().all()
        assert content.groupings["epci"].name.nunique() == 21
        assert len(pickle.dumps(content)) < 10_000_000

    def test_nord_pas_de_calais(self, shared: Path, tmp_path: Path) -> None:
        """1 539 communes have two départements, made of them, without a hole between communes."""
        path = (shared / "data" / "nord" / "nord_pas_de_calais.gpkg").as_posix()
        head = HEAD.replace('"layers.gpkg"', f'"{path}"')

        content = gather_content(make_study(tmp_path, head=head), Journal())

        assert content.communes["departement"].value_counts().to_dict() == {
            "Département 62": 891,
            "Département 59": 648,
        }
        outlines = content.groupings["departement"]
        assert outlines.area.sum() == pytest.approx(content.communes.area.sum(), rel=1e-3)
