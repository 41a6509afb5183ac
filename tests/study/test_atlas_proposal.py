"""Proposing an atlas file for a folder of official layers."""

from __future__ import annotations

import datetime
import shutil
import tomllib
from pathlib import Path

import geopandas
import pytest
from shapely import Point

from bocage.atlas.gathering import gather_content
from bocage.atlas.series import plan_series
from bocage.errors import InputError, OutputError
from bocage.journal import Journal
from bocage.study.initialise_atlas import propose_atlas, write_atlas_file
from bocage.study.reading import read_study
from tests.study.atlas_territory import write_official

DATE = datetime.date(2026, 5, 4)


def test_territory(tmp_path: Path) -> None:
    """Tables of the standard are known by their fields, the others by their names; the rest is listed."""
    write_official(tmp_path)

    text = propose_atlas(tmp_path, date=DATE)
    proposal = tomllib.loads(text)

    assert proposal["layers"]["communes"]["code"] == "insee"
    assert {layer["layer"]: layer["theme"] for layer in proposal["atlas"]["layer"]} == {
        "cer_reservoir_s": "reservoirs",
        "cer_corridor_s": "corridors",
        "cer_cours_eau": "watercourses",
        "cer_reservoir_l": "watercourses",
        "cer_obstacle_p": "obstacle_points",
        "znieff1": "znieff1",
        "znieff1_bis": "znieff1",
        "roe": "flow_work",
    }
    assert proposal["atlas"]["epci"]["members"] == "membres"
    assert proposal["atlas"]["departement"]["code"] == "code"
    assert [sheet["key"] for sheet in proposal["atlas"]["sheet"]] == ["continuites", "inventaires", "eau"]
    roe = next(layer for layer in proposal["atlas"]["layer"] if layer["layer"] == "roe")
    assert roe["passable"] == {"field": "etat", "values": ["Détruit entièrement"]}
    assert 'theme = "znieff1"  # reconnu au nom de la couche\u00a0?' in text
    assert "# - layers.gpkg, trame: rôle non reconnu [num, etat, genre]" in text


def test_written_file_is_an_atlas(tmp_path: Path) -> None:
    """Sheets come from the file as it is written; an atlas file that is there is kept."""
    write_official(tmp_path)

    path = write_atlas_file(tmp_path, date=DATE)
    content = gather_content(read_study(path), Journal())

    assert path.name == "atlas.toml"
    assert content.network.provided["reservoirs"]
    assert len(content.themes["flow_work_passable"]) == 1
    assert [spec.key for spec in plan_series(content)] == ["continuites", "inventaires", "eau"]
    with pytest.raises(OutputError, match=r"bocage init --atlas --force"):
        write_atlas_file(tmp_path, date=DATE)
    assert write_atlas_file(tmp_path, force=True, date=DATE, language="en") == path


def test_no_communes(tmp_path: Path) -> None:
    """Without communes no sheet can be drawn."""
    geopandas.GeoDataFrame({"a": [1]}, geometry=[Point(0, 0)], crs="EPSG:2154").to_file(tmp_path / "x.gpkg")

    with pytest.raises(InputError, match="holds no layer of communes"):
        propose_atlas(tmp_path)
    with pytest.raises(InputError, match="there is no folder"):
        propose_atlas(tmp_path / "absent")


@pytest.mark.realdata
def test_oise(shared: Path, tmp_path: Path) -> None:
    """The official layers of Oise give an atlas of four sheets without an edit."""
    shutil.copyfile(shared / "data" / "oise" / "oise.gpkg", tmp_path / "oise.gpkg")

    study = read_study(write_atlas_file(tmp_path, date=DATE))
    content = gather_content(study, Journal())

    assert all(content.network.provided.values())
    assert sorted(content.themes) == [
        "flow_work",
        "flow_work_passable",
        "national_continuity",
        "natura2000_zps",
        "natura2000_zsc",
        "wetland",
        "znieff1",
        "znieff2",
    ]
    assert study.file.atlas is not None
    sheets = [sheet.model_dump(mode="json", exclude_none=True) for sheet in study.file.atlas.sheet]
    assert [spec.key for spec in plan_series(content, sheets)] == [
        "continuites",
        "inventaires",
        "protections",
        "eau",
    ]
