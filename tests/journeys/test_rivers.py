"""`bocage rivers`, from a shell's point of view: a river worked by hand, real ones, and mistakes."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pytest
import shapely
from click.testing import CliRunner, Result

from bocage.cli import main
from bocage.io.geopackage import read_network
from bocage.network import Table

CRS = "EPSG:2154"
WEST, SOUTH = 700_000.0, 6_900_000.0


def run(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["rivers", *map(str, arguments)])


def read(path: Path) -> list[dict[str, str]]:
    """Read a CSV."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def at(x: float, y: float) -> tuple[float, float]:
    """Place a point in metres from the corner."""
    return WEST + x, SOUTH + y


@pytest.fixture
def river(tmp_path: Path) -> Path:
    """Write a trunk of 3 km, a tributary of 1 km at 2 km, and four works.

    A passes half of those that climb and all that descend, 1 km below the source; of B, in the middle of the
    tributary, nothing is known; C, on the last kilometre, is destroyed; D stands 5 km from any river.
    """
    path = tmp_path / "données d’été" / "rivière.gpkg"
    path.parent.mkdir()
    lines = geopandas.GeoDataFrame(
        {"TopoOH": ["la Grande", "la Petite", "la Grande"], "habitat": [4.0, 0.0, 0.0]},
        geometry=[
            shapely.LineString([at(0, 0), at(2000, 0)]),
            shapely.LineString([at(2000, 1000), at(2000, 0)]),
            shapely.LineString([at(2000, 0), at(3000, 0)]),
        ],
        crs=CRS,
    )
    works = geopandas.GeoDataFrame(
        {
            "code": ["A", "B", "C", "D"],
            "état": ["Existant", "", "Détruit entièrement", "Existant"],
            "montée": ["0,5", "", "", ""],
            "descente": ["1", "", "", ""],
            "coût": [2.0, 3.0, np.nan, 1.0],
            "nul": [0.0, 1.0, 0.0, 0.0],
            "faux": [1.0, -3.0, 1.0, 1.0],
        },
        geometry=[shapely.Point(at(*xy)) for xy in ((1000, 0), (2000, 500), (2500, 0), (0, 5000))],
        crs=CRS,
    )
    lines.to_file(path, layer="lignes")
    works.to_file(path, layer="ouvrages")
    return path


NAMED = ("--layer", "lignes", "--works-layer", "ouvrages", "--state", "état", "--up", "montée", "--down",
         "descente")  # fmt: skip


def test_a_river_worked_by_hand(river: Path) -> None:
    """Indices, gains, lengths and the budget are those of the sums written here.

    Between A and the mouth lie F = 2.5 km free, a = 1 km above A, c = 0.5 km above B; B passes q, unknown.
    Pairs: F² + a² + c² + Fa (1/2 + 1) + Fc 2q + ac (q + q/2) = 11.25 + 3.25 q, of 16.
    From the sea: F + a/2 + c q = 3 + q/2, of 4.
    """
    done = run(river, *NAMED)

    assert done.exit_code == 0, done.output
    folder = river.parent / "rivers-rivière"
    assert sorted(path.name for path in folder.iterdir()) == [
        "basins.csv", "budget.csv", "budget.svg", "rivers.gpkg", "rivers.json", "works.csv",
    ]  # fmt: skip
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    dci = record["indices"]["dci_potamodromous"]
    assert dci["value"] == pytest.approx(100 * (11.25 + 3.25 / 2) / 16)
    assert (dci["low"], dci["high"]) == pytest.approx((100 * 11.25 / 16, 100 * 14.5 / 16))
    sea = record["indices"]["dci_diadromous"]
    assert (sea["low"], sea["value"], sea["high"]) == pytest.approx((75, 81.25, 87.5))
    found = record["completeness"]
    assert (found["works"], found["off_network"], found["unknown_passability"]) == (4, 1, 1)

    works = {row["id"]: row for row in read(folder / "works.csv")}
    # A wholly open: F a / 2 + a c q / 2 more; B: 3.25 (1 - q).
    assert float(works["A"]["gain_potamodromous"]) == pytest.approx(100 * 1.375 / 16, rel=1e-6)
    assert float(works["B"]["gain_potamodromous"]) == pytest.approx(100 * 1.625 / 16, rel=1e-6)
    assert float(works["A"]["gain_diadromous"]) == pytest.approx(100 * 0.5 / 4, rel=1e-6)
    assert float(works["B"]["gain_diadromous"]) == pytest.approx(100 * 0.25 / 4, rel=1e-6)
    assert [float(works[key]["upstream_km"]) for key in "ABC"] == pytest.approx([1, 0.5, 2.0], rel=1e-5)
    assert [float(works[key]["downstream_km"]) for key in "AB"] == pytest.approx([2, 1.5], rel=1e-5)
    assert [works[key]["rank"] for key in "ABCD"] == ["2", "1", "", ""]
    assert works["B"]["known"] == "0" and works["B"]["up"] == ""
    assert (works["B"]["up_low"], works["B"]["up_high"]) == ("0", "1")
    assert works["C"]["rule"] == "destroyed"
    assert works["D"]["doubt"] == "no_river" and works["D"]["gain_potamodromous"] == ""

    budget = read(folder / "budget.csv")
    assert [row["chosen"] for row in budget] == ["", "B", "A B"]
    gains = [0, 100 * 1.625 / 16, 100 * 3.125 / 16]
    assert [float(row["gain"]) for row in budget] == pytest.approx(gains, rel=1e-6)
    (basin,) = read(folder / "basins.csv")
    assert (basin["name"], basin["works"], basin["unknown"]) == ("la Grande", "3", "1")
    assert float(basin["length_km"]) == pytest.approx(4)
    assert float(basin["longest_stretch_km"]) == pytest.approx(2)
    assert float(basin["dci_potamodromous"]) == pytest.approx(dci["value"])
    layers = geopandas.list_layers(folder / "rivers.gpkg")["name"].tolist()
    assert layers == ["reaches", "works", "basins"]
    reaches = geopandas.read_file(folder / "rivers.gpkg", layer="reaches")
    assert reaches["length_m"].sum() == pytest.approx(4000)
    assert reaches.crs.to_epsg() == 2154


def test_completeness_comes_first(river: Path) -> None:
    """The terminal says what is unknown and how it is taken before any gain, in French or English."""
    told = run(river, *NAMED).stdout.splitlines()
    assert told[1].startswith("Ouvrages\xa0: 4, dont 1 hors réseau")
    assert "1 inconnue(s) sur 3 ouvrages" in told[2]
    assert told[3] == "À diagnostiquer d’abord, parmi les inconnus\xa0: B."
    assert told[4].startswith("DCI potamodrome 80,5 (de 70,3, tout incertain au plus bas, à 90,6")
    told = run(river, *NAMED, "--language", "en").stdout.splitlines()
    assert told[4].startswith("Potamodromous DCI 80.5 (from 70.3")
    figure = (river.parent / "rivers-rivière" / "budget.svg").read_text(encoding="utf-8")
    assert "Which works to open first" in figure


def test_costs_and_a_budget(river: Path) -> None:
    """With A at 2 and B at 3, a budget of 4 opens B alone, and 5 both; the plan is marked in order."""
    for budget, chosen in ((4, ["B"]), (5, ["A", "B"])):
        assert run(river, *NAMED, "--cost", "coût", "--budget", budget).exit_code == 0
        rows = read(river.parent / "rivers-rivière" / "works.csv")
        assert [row["id"] for row in rows if row["in_plan"] == "1"] == chosen
        assert sorted(row["order"] for row in rows if row["order"]) == list("12"[: len(chosen)])


def test_stability_of_a_choice(river: Path) -> None:
    """With money for one work, B is best while 3.25 (1 - q) > 1.25 + q / 4, which is q < 4/7: 14 draws of 24.

    Opening A alone gains F a / 2 + a c q / 2 = 1.25 + q / 4; draws are at (k + 1/2) / 24.
    """
    done = run(river, *NAMED, "--budget", 1)
    assert done.exit_code == 0, done.output
    assert "Stabilité" in done.stdout
    works = {row["id"]: row for row in read(river.parent / "rivers-rivière" / "works.csv")}
    assert works["B"]["in_plan"] == "1"
    assert float(works["B"]["stability"]) == pytest.approx(14 / 24)
    assert float(works["A"]["stability"]) == pytest.approx(10 / 24)


def test_forced_works(river: Path) -> None:
    """A work that may not be opened is never chosen; one that must be is in every step."""
    assert run(river, *NAMED, "--never", "nul").exit_code == 0
    assert [row["chosen"] for row in read(river.parent / "rivers-rivière" / "budget.csv")] == ["", "A"]
    assert run(river, *NAMED, "--must", "nul").exit_code == 0
    assert [row["chosen"] for row in read(river.parent / "rivers-rivière" / "budget.csv")] == ["B", "A B"]


def test_weight_of_a_column(river: Path) -> None:
    """The weight of a line is shared along it: half of 4 above A, half below: (4 + 4 + 4 (1/2 + 1)) / 16."""
    assert run(river, *NAMED, "--weight", "habitat").exit_code == 0
    record = json.loads((river.parent / "rivers-rivière" / "rivers.json").read_text(encoding="utf-8"))
    assert record["indices"]["dci_potamodromous"]["value"] == pytest.approx(100 * 14 / 16)


def test_lines_alone(river: Path) -> None:
    """Without works all is connected, no figure is drawn, and one of an earlier run is taken away."""
    assert run(river, *NAMED).exit_code == 0
    done = run(river, "--layer", "lignes")
    assert done.exit_code == 0, done.output
    assert "aucun donné, tout est franchissable" in done.stdout
    folder = river.parent / "rivers-rivière"
    assert not (folder / "budget.svg").exists()
    assert read(folder / "works.csv") == []
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    assert record["indices"]["dci_potamodromous"]["value"] == pytest.approx(100)


def test_same_bytes(river: Path, tmp_path: Path) -> None:
    """Two runs in two folders give the same bytes."""
    for name in ("un", "deux"):
        assert run(river, *NAMED, "--output", tmp_path / name, "--budget", 1).exit_code == 0
    for path in sorted((tmp_path / "un").iterdir()):
        assert path.read_bytes() == (tmp_path / "deux" / path.name).read_bytes(), path.name


def test_inside_a_study(river: Path) -> None:
    """A study file names the layers and their columns, translates states, and gets its own folder."""
    study = river.parent / "study.toml"
    study.write_text(
        '[study]\nname = "Essai"\nterritory = "ESSAI"\ndate = 2026-05-04\ncrs = "EPSG:2154"\n'
        f'[layers.communes]\npath = "{river.name}"\nlayer = "lignes"\ncode = "TopoOH"\nname = "TopoOH"\n'
        f'[layers.watercourses]\npath = "{river.name}"\nlayer = "lignes"\nname = "TopoOH"\n'
        f'[layers.river_works]\npath = "{river.name}"\nlayer = "ouvrages"\ncode = "code"\nstate = "état"\n'
        '[layers.river_works.states]\n"Existant" = "destroyed"\n',
        encoding="utf-8",
    )
    done = run(study, "--up", "montée", "--down", "descente")
    assert done.exit_code == 0, done.output
    works = {row["id"]: row for row in read(Path(done.stdout.splitlines()[-1]).parent / "works.csv")}
    assert works["A"]["rule"] == "destroyed" and works["B"]["rule"] == "unknown"
    refused = run(study, "--works-layer", "ouvrages")
    assert refused.exit_code == 2
    assert "--works-layer does not go with a study file" in refused.stderr


STUDY = """\
[study]
name = "Essai"
territory = "ESSAI"
date = 2026-05-04
area = {{ layer = "communes" }}

[layers.communes]
path = "{file}"
layer = "communes"

[layers.watercourses]
path = "{file}"
layer = "lignes"
name = "TopoOH"
{lines}
[layers.river_works]
path = "{file}"
layer = "ouvrages"
code = "code"
state = "état"
up = "montée"
down = "descente"
{works}
{more}
"""


def write_study(river: Path, *, lines: str = "", works: str = "", more: str = "") -> Path:
    """Write a study of the river: its area holds the tributary and the lower half of the trunk, not A."""
    communes = geopandas.GeoDataFrame(
        {"insee": ["00001"], "nom": ["Aval"]},
        geometry=[shapely.box(*at(1500, -500), *at(3500, 1500))],
        crs=CRS,
    )
    communes.to_file(river, layer="communes")
    path = river.parent / "study.toml"
    path.write_text(STUDY.format(file=river.name, lines=lines, works=works, more=more), encoding="utf-8")
    return path


def run_study(study: Path) -> Result:
    """Run a study."""
    return CliRunner().invoke(main, ["run", str(study), "--quiet"])


def read_table(study: Path, table: Table) -> geopandas.GeoDataFrame:
    """Read a table of the network that a run wrote."""
    return read_network(study.parent / "out" / "network.gpkg").tables[table]


def test_a_run_measures_the_whole_river(river: Path) -> None:
    """Works of the study area bear the gains of the whole river, A above it included: sums as above."""
    study = write_study(river)
    done = run_study(study)
    assert done.exit_code == 0, done.output

    points = read_table(study, "obstacle_p")
    (work,) = points.drop(columns="geometry").to_dict("records")
    assert (work["code"], work["type"], work["basin"]) == ("B", "12", "1")
    assert work["gain_potamodromous"] == pytest.approx(100 * 1.625 / 16)
    assert work["gain_diadromous"] == pytest.approx(100 * 0.25 / 4)
    assert (work["upstream_km"], work["rank"], work["plan_order"]) == pytest.approx((0.5, 1, 1))
    assert np.isnan(work["passability_up"]) and not work["passability_known"]
    assert (work["passability_up_low"], work["passability_up_high"]) == (0, 1)
    assert not (work["list1"] or work["list2"] or work["priority"] or work["protected"])

    courses = read_table(study, "cours_eau_l").set_index("name")
    assert courses.loc["la Grande", "strahler"] == 2
    assert courses.loc["la Grande", "upstream_km"] == pytest.approx(4)
    assert set(courses["basin"]) == {"1"}
    # Climbing the tributary: free below B, q = 1/2 above; 1 along the trunk up to A, 1/2 above.
    assert courses.loc["la Petite", "from_sea"] == pytest.approx(0.75)
    assert courses.loc["la Grande", "from_sea"] == pytest.approx(2.5 / 3)
    (basin,) = read(study.parent / "out" / "basins.csv")
    assert (basin["name"], basin["works"], basin["unknown"]) == ("la Grande", "3", "1")
    assert float(basin["dci_potamodromous"]) == pytest.approx(100 * (11.25 + 3.25 / 2) / 16)
    assert courses.loc["la Grande", "dci_potamodromous"] == pytest.approx(float(basin["dci_potamodromous"]))
    commune = read(study.parent / "out" / "indicators.csv")[0]
    assert (commune["river_work_count"], commune["river_work_unknown_count"]) == ("1", "1")
    assert commune["river_works_first"] == "B"
    assert float(commune["river_km"]) == pytest.approx(2.5)
    assert float(commune["river_free_km"]) == pytest.approx(2.0)


def test_the_report_of_a_run_says_what_is_unknown_first(river: Path) -> None:
    """Completeness, then basins, works and the curve; the one work in doubt is named."""
    study = write_study(river, more="[rivers]\nbudget = 1\n")
    assert run_study(study).exit_code == 0
    page = (study.parent / "out" / "report.html").read_text(encoding="utf-8")
    section = page.partition('id="rivers"')[2].partition("</section>")[0]
    places = [
        section.index(words)
        for words in ("ce qu’on ignore", "Ouvrages fournis", "Les bassins", "Ouvrages à ouvrir", "<svg")
    ]
    assert places == sorted(places)
    assert "Franchissabilité inconnue\xa0: 1 des 3 ouvrages" in section
    assert "À diagnostiquer sur place" in section and "(1)\xa0: B." in section
    assert "place douteuse" not in section.partition("<table")[2]


def test_a_run_and_the_command_agree(river: Path) -> None:
    """Both read the table [rivers]: the same gains, the same plan; the command line goes before it."""
    study = write_study(river, more='[rivers]\nindex = "diadromous"\ncost = "coût"\nbudget = 4\n')
    assert run_study(study).exit_code == 0
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    done = run(study)
    assert done.exit_code == 0, done.output
    rows = {row["id"]: row for row in read(study.parent / "out" / "rivers" / "works.csv")}
    assert float(rows["B"]["gain_diadromous"]) == pytest.approx(work["gain_diadromous"], rel=1e-6)
    # From the sea A gains 12.5 points and B 6.25: of 4, A alone (2) leaves no money for B (3).
    assert [key for key, row in rows.items() if row["in_plan"] == "1"] == ["A"]
    assert (work["rank"], np.isnan(work["plan_order"])) == (2, True)
    assert run(study, "--budget", 5).exit_code == 0
    rows = {row["id"]: row for row in read(study.parent / "out" / "rivers" / "works.csv")}
    assert [key for key, row in rows.items() if row["in_plan"] == "1"] == ["A", "B"]


def test_duties_bind_the_plan(river: Path) -> None:
    """A priority work is in every plan, one whose removal may not be imposed in none; both are told."""
    study = write_study(river, works='priority = "nul"', more="[rivers]\nbudget = 1\n")
    assert run_study(study).exit_code == 0
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    assert work["priority"] and work["plan_order"] == 1
    study = write_study(river, works='protected = "nul"', more="[rivers]\nbudget = 1\n")
    assert run_study(study).exit_code == 0
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    assert work["protected"] and np.isnan(work["plan_order"]) and not work["priority"]


def test_lists_of_the_law_come_from_columns_or_lines(river: Path) -> None:
    """By a column the whole line is on the list; by lines, what follows them, and the course is cut there."""
    lines = geopandas.read_file(river, layer="lignes")
    lines["l2"] = ["non", "oui", "non"]
    lines.to_file(river, layer="lignes")
    study = write_study(river, lines='list2 = "l2"')
    assert run_study(study).exit_code == 0
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    assert work["list2"] and not work["list1"]
    courses = read_table(study, "cours_eau_l")
    assert courses.groupby("name")["list2"].all().to_dict() == {"la Grande": False, "la Petite": True}

    listed = geopandas.GeoDataFrame(
        geometry=[shapely.LineString([at(1000, 8), at(1000, 8), at(3000, 8)])], crs=CRS
    )
    listed.to_file(river, layer="liste 1")
    study = write_study(river, more=f'[rivers]\nlist1 = {{ path = "{river.name}", layer = "liste 1" }}\n')
    assert run_study(study).exit_code == 0
    courses = read_table(study, "cours_eau_l")
    trunk = courses[courses["name"] == "la Grande"].set_index("list1")
    assert trunk.loc[True, "length_m"] == pytest.approx(2000, abs=25)
    assert not courses.loc[courses["name"] == "la Petite", "list1"].any()
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    assert not work["list1"]


def test_a_run_without_works_or_with_useless_lines(river: Path) -> None:
    """It succeeds, notes it, and leaves what is not known empty."""
    study = write_study(river)
    text = study.read_text(encoding="utf-8")
    study.write_text(text.partition("[layers.river_works]")[0], encoding="utf-8")
    assert run_study(study).exit_code == 0
    record = json.loads((study.parent / "out" / "run.json").read_text(encoding="utf-8"))
    assert "rivers_no_works" in {note["code"] for note in record["notes"]}
    courses = read_table(study, "cours_eau_l")
    assert courses["dci_potamodromous"].isna().all() and courses["strahler"].max() == 2
    (basin,) = read(study.parent / "out" / "basins.csv")
    known = {"basin": "1", "name": "la Grande", "length_km": "4", "reaches": "3", "outlets": "1"}
    told = {key: value for key, value in basin.items() if value and not key.startswith("outlet_")}
    assert told == known

    dots = geopandas.GeoDataFrame(
        {"TopoOH": ["point"]}, geometry=[shapely.LineString([at(2000, 0), at(2000, 0)])], crs=CRS
    )
    dots.to_file(river, layer="lignes")
    study = write_study(river)
    done = run_study(study)
    assert done.exit_code == 0, done.output
    record = json.loads((study.parent / "out" / "run.json").read_text(encoding="utf-8"))
    assert "rivers_no_lines" in {note["code"] for note in record["notes"]}
    assert not (study.parent / "out" / "basins.csv").exists()


def test_the_river_is_computed_again_only_when_it_must(river: Path) -> None:
    """Another budget measures rivers again; another rule of objectives does not; bytes are the same twice."""
    from bocage.study.reading import read_study
    from bocage.study.run import run_study as compute

    study = write_study(river)
    compute(read_study(study))
    before = {path.name: path.read_bytes() for path in (study.parent / "out").glob("[!.]*.*")}
    text = study.read_text(encoding="utf-8")
    study.write_text(text + "[rules]\ndegraded_share = 0.1\n", encoding="utf-8")
    assert "rivers" in compute(read_study(study)).reused
    study.write_text(text + "[rivers]\nbudget = 1\n", encoding="utf-8")
    assert "rivers" not in compute(read_study(study)).reused
    study.write_text(text, encoding="utf-8")
    compute(read_study(study), fresh=True)
    assert {path.name: path.read_bytes() for path in (study.parent / "out").glob("[!.]*.*")} == before


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (
            '[rivers]\ngroup = "truite"\n',
            "group of [rivers] must be one of salmon, trout, cyprinid, small, eel",
        ),
        ("[rivers]\nbudget = -1\n", "budget of [rivers] must be at least 0"),
        ('[rivers]\ncost = "prix"\n', "river_works: the layer has no column 'prix'"),
        ('[rivers]\nlist1 = { path = "absent.gpkg" }\n', "absent.gpkg"),
        ('[rivers]\nespece = "eel"\n', 'unknown key "espece" in [rivers]'),
    ],
)
def test_mistakes_of_the_table_of_rivers(river: Path, more: str, sentence: str) -> None:
    """Each is one sentence, before anything is computed."""
    done = run_study(write_study(river, more=more))
    assert done.exit_code == 2, done.output
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_list_given_twice(river: Path) -> None:
    """A column and a layer for one list are refused; so is [rivers] without watercourses."""
    listed = f'[rivers]\nlist2 = {{ path = "{river.name}", layer = "lignes" }}\n'
    done = run_study(write_study(river, lines='list2 = "habitat"', more=listed))
    assert done.exit_code == 2 and "list2 is given twice" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--layer", "lignes", "--cost", "coût"), "no works are given; add --works FILE"),
        ((*NAMED, "--group", "truite"), "No group of species is called 'truite'; choose among salmon, trout"),
        ((*NAMED, "--cost", "faux"), "The cost in column 'faux' is -3.0 at row 1; give numbers from 0 up"),
        ((*NAMED, "--cost", "prix"), "river_works: the layer has no column 'prix'"),
        ((*NAMED, "--up", "coût"), "is not in [0, 1]"),
        ((*NAMED, "--weight", "truites"), "watercourses: the layer has no column 'truites'"),
        ((*NAMED, "--budget", "-1"), "The budget is -1; give a number from 0 up"),
        ((*NAMED, "--must", "nul", "--cost", "coût", "--budget", "1"), "must be done cost 3"),
        (("--layer", "ouvrages"), "watercourses"),
        ((), "holds 2 layers; say which"),
        ((*NAMED, "--crs", "EPSG:4326"), "is in degrees"),
    ],
)
def test_mistakes(river: Path, arguments: tuple[str, ...], sentence: str) -> None:
    """Each is one sentence, with exit code 2, and nothing is written."""
    refused = run(river, *arguments)
    assert refused.exit_code == 2, refused.output
    assert sentence in refused.stderr
    last = refused.stderr.strip().splitlines()[-1]
    assert last.startswith("bocage: error: ")
    assert not (river.parent / "rivers-rivière").exists()


def test_lines_in_degrees(river: Path) -> None:
    """Lines in degrees need --crs, and are reprojected with it."""
    path = river.parent / "degrés.geojson"
    geopandas.read_file(river, layer="lignes").to_crs(4326).to_file(path)
    refused = run(path)
    assert refused.exit_code == 2
    assert "add --crs with a projected system" in refused.stderr
    assert run(path, "--crs", CRS).exit_code == 0


def test_a_missing_file(tmp_path: Path) -> None:
    """A file that is not there is one sentence."""
    refused = run(tmp_path / "absent.gpkg")
    assert refused.exit_code == 2
    assert re.search(r"^bocage: error: .*absent\.gpkg", refused.stderr, re.MULTILINE)


def pairwise(folder: Path, up: dict[int, float]) -> float:
    """DCI by its definition, fragment by fragment: free flow through links, then a walk from each of them."""
    reaches = geopandas.read_file(folder / "rivers.gpkg", layer="reaches")
    below = reaches["downstream"].to_numpy()
    length = reaches["length_m"].to_numpy()
    neighbours: list[list[tuple[int, float]]] = [[] for _ in below]
    for reach, other in enumerate(below.tolist()):
        if other >= 0:
            share = up.get(reach, 1.0)
            neighbours[reach].append((other, share))
            neighbours[other].append((reach, share))
    total = 0.0
    for start in range(len(below)):
        waiting: list[tuple[int, int, float]] = [(start, -1, 1.0)]
        while waiting:
            here, came, share = waiting.pop()
            total += length[start] * length[here] * share
            waiting += [(to, here, share * p) for to, p in neighbours[here] if to != came and share * p > 0]
    return float(100 * total / length.sum() ** 2)


@pytest.mark.realdata
def test_mersey(shared: Path, tmp_path: Path) -> None:
    """164 culverts of the Mersey by length: the index is that of its definition, pair by pair.

    The 26.257 of FIPEX weighs by habitat of 196 barriers in a table that the lines do not hold.
    """
    source = shared / "cases" / "rivers" / "fipex_mersey" / "mersey.gpkg"
    done = run(
        source, "--layer", "Linear_Waterbodies", "--works-layer", "Culverts_OutsidePark",
        "--up", "permeability", "--down", "permeability", "--output", tmp_path / "mersey",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    rows = read(tmp_path / "mersey" / "works.csv")
    assert len(rows) == 164
    up = {int(row["reach_above"]): float(row["up"]) for row in rows}
    record: dict[str, Any] = json.loads((tmp_path / "mersey" / "rivers.json").read_text(encoding="utf-8"))
    assert record["completeness"]["bypassed"] == 0
    assert record["indices"]["dci_potamodromous"]["value"] == pytest.approx(
        pairwise(tmp_path / "mersey", up), rel=1e-9
    )
    assert record["budget"]["method"] == "exact"
    gains = [(float(row["gain"]), float(row["ranking"])) for row in read(tmp_path / "mersey" / "budget.csv")]
    assert all(best >= ranking - 1e-6 for best, ranking in gains)


@pytest.mark.realdata
def test_oise(shared: Path, tmp_path: Path) -> None:
    """The ROE of the Oise on BD TOPAGE: columns recognised, what is unknown told, the exact choice best."""
    source = tmp_path / "oise.gpkg"
    shutil.copy(shared / "data" / "oise" / "oise.gpkg", source)
    done = run(source, "--layer", "topage_cours_eau", "--works-layer", "roe_obstacles", "--snap", "5")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "rivers-oise"
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    assert record["parameters"]["work_columns"]["height"] == "HautChutEtObstEcoul"
    found = record["completeness"]
    assert found["works"] == found["on_network"] + found["off_network"] == 821
    assert sum(found["rules"].values()) == found["on_network"]
    dci = record["indices"]["dci_potamodromous"]
    assert dci["low"] < dci["value"] < dci["high"]
    gains = [(float(row["gain"]), float(row["ranking"])) for row in read(folder / "budget.csv")]
    assert all(best >= ranking - 1e-6 for best, ranking in gains)


@pytest.mark.realdata
def test_oise_beside_the_official_scheme(shared: Path, tmp_path: Path) -> None:
    """A study of rivers alone beside the official continuities of the Oise (SRADDET 2020).

    Measured figures are those of docs/how-to/rivers.md, within the last digit. Official obstacles to flow are
    works of the ROE, several of them more than once, on rivers of lists 1 and 2 and reservoirs of the SDAGE;
    ours are all standing works of permanent natural watercourses, so that most of theirs are ours unless
    destroyed since, and on listed reaches most of ours are theirs.
    """
    source = (shared / "data" / "oise" / "oise.gpkg").as_posix()
    study = tmp_path / "study.toml"
    study.write_text(OISE.format(source=source), encoding="utf-8")
    done = run_study(study)
    assert done.exit_code == 0, done.output

    ours = read_table(study, "obstacle_p")
    assert set(ours["type"]) == {"12"} and ours["code"].str.startswith("ROE").all()
    official = geopandas.read_file(source, layer="cer_obstacle_p")
    inventory = geopandas.read_file(source, layer="roe_obstacles")

    def near(one: geopandas.GeoDataFrame, other: geopandas.GeoDataFrame, reach_m: float) -> Any:
        tree = shapely.STRtree(other.geometry.to_numpy())
        found = np.zeros(len(one), dtype=bool)
        found[np.unique(tree.query(one.geometry.to_numpy(), "dwithin", reach_m)[0])] = True
        return found

    standing = inventory[inventory["LbEtOuvrage"] != "Détruit entièrement"]
    in_inventory, still = near(official, inventory, 20), near(official, standing, 20)
    assert (len(official), int(in_inventory.sum())) == (367, 352)
    # Of those still standing, nearly all are ours.
    assert near(official, ours, 20)[still].mean() > 0.97
    listed = (ours["list1"] | ours["list2"]).to_numpy(bool)
    both = near(ours, official, 20)
    assert both[listed].mean() > 0.9
    assert both[~listed].mean() < 0.05

    courses = read_table(study, "cours_eau_l")
    scheme = geopandas.read_file(source, layer="cer_cours_eau")
    county = geopandas.read_file(source, layer="departement").union_all()
    theirs = shapely.union_all(scheme.geometry.intersection(county).to_numpy())
    around = shapely.union_all(shapely.buffer(courses.geometry.to_numpy(), 50))
    assert shapely.length(shapely.intersection(theirs, around)) / shapely.length(theirs) > 0.96
    assert courses.geometry.length.sum() > 3 * shapely.length(theirs)
    assert (courses["objective"] == "restore").equals(courses["list2"].astype(bool))


OISE = """\
[study]
name = "Rivières de l’Oise"
territory = "OISE"
prefix = "FR32"
date = 2026-05-04

[layers.communes]
path = "{source}"
layer = "communes"
code = "insee_com"
name = "nom"

[layers.watercourses]
path = "{source}"
layer = "topage_cours_eau"
name = "TopoOH"

[layers.river_works]
path = "{source}"
layer = "roe_obstacles"
code = "CdObstEcoul"
name = "NomPrincipalObstEcoul"
kind = "LbTypeOuvrage"
state = "LbEtOuvrage"
fish_pass = "LbTypeDispFranchPiscicole1"

[rivers]
list1 = {{ path = "{source}", layer = "cer_cours_eau", where = "classe1 = 'T'" }}
list2 = {{ path = "{source}", layer = "cer_cours_eau", where = "classe2 = 'T'" }}
"""


def test_what_is_typed_goes_before_the_study(river: Path) -> None:
    """A study says eel; `--group trout`, typed though it is the default, goes before it."""
    study = write_study(
        river, more='[rivers]\ngroup = "eel"\nconvention = "both_ways"\ndecay = "exponential:9"\n'
    )
    for typed, expected in (((), "eel"), (("--group", "trout"), "trout")):
        done = run(study, *typed)
        assert done.exit_code == 0, done.output
        record = json.loads(Path(done.stdout.splitlines()[-1]).read_text(encoding="utf-8"))
        assert record["parameters"]["group"] == expected
    done = run(study, "--within", 1000, "--convention", "per_crossing")
    assert done.exit_code == 0, done.output
    found = json.loads(Path(done.stdout.splitlines()[-1]).read_text(encoding="utf-8"))["parameters"]
    assert (found["within_m"], found["decay"], found["convention"]) == (1000, None, "per_crossing")


def price(river: Path, **columns: list[object]) -> None:
    """Add columns to the works."""
    works = geopandas.read_file(river, layer="ouvrages")
    for name, values in columns.items():
        works[name] = values
    works.to_file(river, layer="ouvrages")


def test_a_pass_or_a_removal(river: Path) -> None:
    """For 1, a pass at B that lets 0.9 through is chosen; for 5, A and B are removed; both in the tables.

    Between the mouth and B, F = 2.5 km, a = 1, c = 0.5: B from q = 1/2 to 0.9 gains 3.25 (0.9 - 0.5) of 16.
    """
    price(river, passe=["1", "1", "", ""], haut=["0,75", "0.9", "", ""], bas=["", "0.9", "", ""])
    asked = (*NAMED, "--cost", "coût", "--pass-cost", "passe", "--pass-up", "haut", "--pass-down", "bas")
    done = run(river, *asked, "--budget", 1, "--language", "en")
    assert done.exit_code == 0, done.output
    assert "Choice: 0 works to be removed or opened, 1 fish passes." in done.stdout
    folder = river.parent / "rivers-rivière"
    works = {row["id"]: row for row in read(folder / "works.csv")}
    assert (works["B"]["option"], works["B"]["order"], works["A"]["option"]) == ("pass", "1", "")
    assert (works["B"]["pass_up"], works["A"]["pass_up"], works["A"]["pass_down"]) == ("0.9", "0.75", "1")
    assert float(works["B"]["gain_pass"]) == pytest.approx(100 * 3.25 * 0.4 / 16, rel=1e-6)
    # A from 1/2 to 0.75: F a / 4 + a c q / 4.
    assert float(works["A"]["gain_pass"]) == pytest.approx(100 * (2.5 / 4 + 0.5 * 0.5 / 4) / 16, rel=1e-6)
    assert [row["chosen"] for row in read(folder / "budget.csv")] == ["", "B:pass"]

    assert run(river, *asked, "--budget", 5).exit_code == 0
    chosen = {row["id"]: row["option"] for row in read(folder / "works.csv")}
    assert (chosen["A"], chosen["B"]) == ("removal", "removal")
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    assert (record["budget"]["works"], record["budget"]["passes"]) == (2, 2)


def test_a_protected_work_may_have_a_pass(river: Path) -> None:
    """B may not be removed: whatever is spent, it gets a pass, and must when it has to be opened."""
    price(river, passe=["", "1", "", ""], haut=["", "0.9", "", ""])
    asked = (*NAMED, "--cost", "coût", "--pass-cost", "passe", "--pass-up", "haut", "--never", "nul")
    assert run(river, *asked).exit_code == 0
    folder = river.parent / "rivers-rivière"
    assert [row["chosen"] for row in read(folder / "budget.csv")] == ["", "B:pass", "A", "A B:pass"]
    assert run(river, *asked, "--must", "nul").exit_code == 0
    assert [row["chosen"] for row in read(folder / "budget.csv")] == ["B:pass", "A B:pass"]


def test_passes_by_the_rules_of_the_species(river: Path) -> None:
    """Without a column, a pass is worth what the rules give to a work that has one: 0.66 upwards."""
    price(river, passe=[1.0, np.nan, np.nan, np.nan])
    assert run(river, *NAMED, "--pass-cost", "passe").exit_code == 0
    folder = river.parent / "rivers-rivière"
    works = {row["id"]: row for row in read(folder / "works.csv")}
    assert (works["A"]["pass_up"], works["B"]["pass_up"]) == ("0.66", "")
    assert [row["chosen"] for row in read(folder / "budget.csv")] == ["", "A:pass"]


def test_passes_and_convention_in_a_study(river: Path) -> None:
    """[rivers] says the same as the options, and the run draws the same curve as the command."""
    price(river, passe=["1", "1", "", ""], haut=["0.75", "0.9", "", ""])
    more = '[rivers]\ncost = "coût"\npass_cost = "passe"\npass_up = "haut"\nbudget = 1\n'
    more += 'convention = "both_ways"\n'
    study = write_study(river, more=more)
    done = run(study)
    assert done.exit_code == 0, done.output
    folder = Path(done.stdout.splitlines()[-1]).parent
    typed = run(
        river, *NAMED, "--cost", "coût", "--pass-cost", "passe", "--pass-up", "haut", "--convention",
        "both_ways", "--budget", 1, "--output", river.parent / "typed",
    )  # fmt: skip
    assert typed.exit_code == 0, typed.output
    assert (folder / "budget.csv").read_bytes() == (river.parent / "typed" / "budget.csv").read_bytes()
    assert run_study(study).exit_code == 0


def test_both_ways_and_distance(river: Path) -> None:
    """Both ways, A costs 1/2 either way, B q²; within 0 m nothing else is reached than the reach itself.

    F² + a² + c² + 2 (F a / 2 + F c q² + a c q² / 2) of 16, with q = 1/2.
    """
    assert run(river, *NAMED, "--convention", "both_ways").exit_code == 0
    folder = river.parent / "rivers-rivière"
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    expected = 7.5 + 2.5 + 2 * (2.5 * 0.5 / 4 + 0.5 / 8)
    assert record["indices"]["dci_potamodromous"]["value"] == pytest.approx(100 * expected / 16)
    budget = read(folder / "budget.csv")
    assert float(budget[0]["dci"]) == pytest.approx(100 * expected / 16)
    # All open, all is connected but for C, which is destroyed.
    assert float(budget[-1]["dci"]) == pytest.approx(100)

    assert run(river, *NAMED, "--within", 0).exit_code == 0
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    # Reaches are 1 above A, 1 below it, 0.5 twice on the tributary, 0.5 twice on the last kilometre.
    assert record["indices"]["dci_potamodromous"]["value"] == pytest.approx(100 * 3 / 16)


def test_fading_movement(river: Path) -> None:
    """The curve begins at the index with distance, and its last step is the index with all works open."""
    asked = (*NAMED, "--decay", "exponential:2000@0.1")
    assert run(river, *asked).exit_code == 0
    folder = river.parent / "rivers-rivière"
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    budget = read(folder / "budget.csv")
    value = record["indices"]["dci_potamodromous"]["value"]
    assert float(budget[0]["dci"]) == pytest.approx(value)
    works = {row["id"]: row for row in read(folder / "works.csv")}
    assert float(budget[1]["gain"]) == pytest.approx(
        max(float(works[key]["gain_potamodromous"]) for key in "AB"), rel=1e-6
    )
    opened = ("--layer", "lignes", "--decay", "exponential:2000@0.1")
    price(river, montée=["1"] * 4, descente=["1"] * 4)
    assert run(river, *NAMED, *opened[2:]).exit_code == 0
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    whole = record["indices"]["dci_potamodromous"]["value"]
    assert float(budget[-1]["dci"]) == pytest.approx(whole)
    assert value < whole < 100


def test_population_catchment_and_steps(river: Path) -> None:
    """PCI over the line that is inhabited, CAFI by catchment, density and fall a kilometre, by hand.

    Only the upper trunk lives: 1 km above A, 1 below: (1 + 1 + 1/2 + 1) / 4. A stops half of what lies above
    it, 2 of 8; B half of half of 2, climbing.
    """
    lines = geopandas.read_file(river, layer="lignes")
    lines["vit"], lines["bassin"] = ["1", "0", ""], [4.0, 2.0, 2.0]
    lines.to_file(river, layer="lignes")
    price(river, chute=[1.5, None, 3.0, 2.0])
    asked = ("--inhabited", "vit", "--catchment", "bassin", "--height", "chute")
    done = run(river, *NAMED, *asked)
    assert done.exit_code == 0, done.output
    folder = river.parent / "rivers-rivière"
    (basin,) = read(folder / "basins.csv")
    assert float(basin["pci"]) == pytest.approx(100 * 3.5 / 4)
    assert float(basin["cafi"]) == pytest.approx(100 * (0.5 * 2 + 0.5 * 1) / 8)
    record = json.loads((folder / "rivers.json").read_text(encoding="utf-8"))
    assert record["indices"]["pci"]["value"] == pytest.approx(100 * 3.5 / 4)
    # C is destroyed: two works stand on 4 km, one of known height.
    assert (float(basin["density"]), basin["height_m"], basin["height_unknown"]) == (0.5, "1.5", "1")
    assert float(basin["fractionnement"]) == pytest.approx(1.5 / 4)
    assert "etagement" not in basin


def test_an_elevation_model(river: Path) -> None:
    """Lines drawn upstream are turned by the model, and the main stem falls 30 m, 1.5 m of them at A."""
    import rasterio

    lines = geopandas.read_file(river, layer="lignes")
    lines.geometry = shapely.reverse(lines.geometry.to_numpy())
    lines.to_file(river, layer="lignes")
    price(river, chute=[1.5, None, 3.0, 2.0])
    # 10 m a kilometre towards the east, and to the south as well.
    west, north = at(-500, 1500)
    x, y = np.meshgrid(west + 50 + 100 * np.arange(45), north - 50 - 100 * np.arange(25))
    model = (40 - (x - WEST) / 100 + (y - SOUTH) / 100).astype(np.float32)
    path = river.parent / "mnt.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=45, height=25, count=1, dtype="float32", crs=CRS, nodata=-9999,
        transform=rasterio.transform.from_origin(west, north, 100, 100),
    ) as file:  # fmt: skip
        file.write(model, 1)
    done = run(river, *NAMED, "--dem", path, "--height", "chute")
    assert done.exit_code == 0, done.output
    (basin,) = read(river.parent / "rivers-rivière" / "basins.csv")
    reaches = geopandas.read_file(river.parent / "rivers-rivière" / "rivers.gpkg", layer="reaches")
    assert set(reaches["evidence"]) == {"dem", "digitised"} or set(reaches["evidence"]) == {"dem"}
    assert float(basin["outlet_x"] if "outlet_x" in basin else WEST + 3000) == pytest.approx(WEST + 3000)
    assert float(basin["drop_m"]) == pytest.approx(30, abs=1)
    assert float(basin["etagement"]) == pytest.approx(1.5 / float(basin["drop_m"]))


def test_own_rules(river: Path) -> None:
    """`--show-rules` prints a model; a group of one's own in it is used, and told by its key or name."""
    shown = CliRunner().invoke(main, ["rivers", "--show-rules"])
    assert shown.exit_code == 0 and "[groups.trout]" in shown.stdout
    text = shown.stdout.replace("[groups.trout]", "[groups.apron]").replace("[falls.trout]", "[falls.apron]")
    path = river.parent / "règles.toml"
    path.write_text(text, encoding="utf-8")
    done = run(river, *NAMED, "--rules", path, "--group", "apron")
    assert done.exit_code == 0, done.output
    record = json.loads((river.parent / "rivers-rivière" / "rivers.json").read_text(encoding="utf-8"))
    assert record["inputs"]["rules"]["file"] == "règles.toml"
    refused = run(river, *NAMED, "--rules", path)
    assert refused.exit_code == 2 and "choose among salmon, apron" in refused.stderr


def test_two_works_at_one_place(river: Path) -> None:
    """They are crossed one after the other, and that is told."""
    works = geopandas.read_file(river, layer="ouvrages")
    works.loc[3, "geometry"] = works.geometry[0]
    works.to_file(river, layer="ouvrages")
    done = run(river, *NAMED, "--language", "en")
    assert done.exit_code == 0, done.output
    assert "Works at the place of another: 1, crossed one after the other" in done.stdout


def test_costs_to_the_cent(river: Path) -> None:
    """Works of unlike costs, more than are told apart exactly: the gap and the step are told."""
    rng = np.random.default_rng(5)
    x = np.sort(rng.random(60)) * 2900 + 50
    works = geopandas.GeoDataFrame(
        {
            "code": [f"W{i}" for i in range(60)],
            "montée": rng.random(60).round(2),
            "descente": rng.random(60).round(2),
            "coût": (rng.random(60) * 90_000 + 1000).round(2),
        },
        geometry=[shapely.Point(at(one, 0)) for one in x],
        crs=CRS,
    )
    works.to_file(river, layer="ouvrages")
    asked = ("--layer", "lignes", "--works-layer", "ouvrages", "--up", "montée", "--down", "descente")
    done = run(river, *asked, "--cost", "coût", "--budget", "1000000.5", "--language", "en")
    assert done.exit_code == 0, done.output
    assert re.search(r"for 1,000,000\.5, within [\d.]+% of the best, costs counted by 100\)", done.stdout)
    record = json.loads((river.parent / "rivers-rivière" / "rivers.json").read_text(encoding="utf-8"))
    assert record["budget"]["method"] == "stepped"
    assert 0 <= record["budget"]["gap"] < 0.01
    rows = [row for row in read(river.parent / "rivers-rivière" / "works.csv") if row["in_plan"] == "1"]
    assert sum(float(row["cost"]) for row in rows) <= 1_000_000.5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--decay", "gauss:3"), "The decay is 'gauss:3'; write exponential:METRES"),
        (("--decay", "exponential:-3"), "The distance of a fading is -3.0 m"),
        (("--decay", "exponential:9", "--within", "9"), "give one of them"),
        (("--rules", "absent.toml"), "rules: there is no file"),
        (("--dem", "absent.tif"), "dem: there is no file"),
        (("--inhabited", "habitat"), "is 4 at row 0; give shares from 0 to 1"),
        (("--catchment", "TopoOH"), "is 'la Grande' at row 0; give numbers"),
        (("--works-weight", "faux"), "The weight in column 'faux' is -3.0 at row 1"),
        (("--pass-cost", "faux"), "The cost of a pass in column 'faux' is -3.0 at row 1"),
        (("--pass-cost", "coût", "--pass-up", "coût"), "is not in [0, 1]"),
        (("--must", "nul", "--never", "nul"), "Work B both has to be opened and may not be"),
    ],
)
def test_mistakes_of_the_newer_options(river: Path, arguments: tuple[str, ...], sentence: str) -> None:
    """Each is one sentence, with exit code 2, and nothing is written."""
    refused = run(river, *NAMED, *arguments)
    assert refused.exit_code == 2, refused.output
    assert sentence in refused.stderr
    assert refused.stderr.strip().splitlines()[-1].startswith("bocage: error: ")
    assert not (river.parent / "rivers-rivière").exists()


@pytest.mark.realdata
def test_mersey_of_fipex(shared: Path, tmp_path: Path) -> None:
    """FIPEX's 26.2570796703119 and 1.39261847356881, from the lines and the 196 works of its geodatabase.

    Its habitat is that of the river above each barrier, in a table by barrier; one more point, passable, at
    the mouth bears that of the river below them all. Four works have no name: they are told apart by the
    barrier below each, which the table of connectivity gives.
    """
    case = shared / "cases" / "rivers" / "fipex_mersey"
    with (case / "ex_2_connectivity_nj2yu.csv").open(encoding="utf-8") as file:
        codes = {row["BarrierOrFlagLabel"]: row["BarrierOrFlagID"] for row in csv.DictReader(file)}
    with (case / "ex_2_DCI_input_nj2yu.csv").open(encoding="utf-8") as file:
        given = {row["BarrierID"]: row for row in csv.DictReader(file)}
    unnamed = iter(("1371", "1428", "1414", "875"))
    rows: list[tuple[str, float, float, Any]] = []
    for layer, column in (
        ("Dams_KejiPark", "Barrier_Name"), ("Culverts_KejiPark", "Culvert_name"),
        ("Dams_OutsidePark", "name"), ("Culverts_OutsidePark", "Barrier_Name"),
    ):  # fmt: skip
        table = geopandas.read_file(case / "mersey.gpkg", layer=layer)
        for name, point in zip(table[column], table.geometry, strict=True):
            code = next(unnamed) if name == "NoName" else codes[name]
            rows.append((code, float(given[code]["Quantity"]), float(given[code]["BarrierPerm"]), point))
    mouth = geopandas.read_file(case / "mersey.gpkg", layer="Outlflow_Sink").geometry[0]
    rows.append(("Sink", float(given["Sink"]["Quantity"]), 1.0, mouth))
    assert len(rows) == 197
    source = tmp_path / "mersey.gpkg"
    lines = geopandas.read_file(case / "mersey.gpkg", layer="Linear_Waterbodies")
    lines.set_crs(26920, allow_override=True).to_file(source, layer="lines")
    works = geopandas.GeoDataFrame(
        {
            "code": [row[0] for row in rows],
            "habitat": [row[1] for row in rows],
            "share": [row[2] for row in rows],
        },
        geometry=shapely.force_2d([row[3] for row in rows]),
        crs=26920,
    )
    works.to_file(source, layer="works")
    done = run(
        source, "--layer", "lines", "--works-layer", "works", "--works-weight", "habitat",
        "--up", "share", "--down", "share", "--snap", 1,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "rivers-mersey" / "rivers.json").read_text(encoding="utf-8"))
    assert record["completeness"]["on_network"] == 197
    assert record["indices"]["dci_potamodromous"]["value"] == pytest.approx(26.2570796703119, abs=1e-9)
    assert record["indices"]["dci_diadromous"]["value"] == pytest.approx(1.39261847356881, abs=1e-9)


def test_a_run_recognises_the_columns_of_works(river: Path) -> None:
    """Without their names in the study, columns of the ROE mean in the run what they mean in the command."""
    works = geopandas.read_file(river, layer="ouvrages").rename(columns={"état": "LbEtOuvrage"})
    works["LbEtOuvrage"] = ["Existant", "Détruit entièrement", "Détruit partiellement", "Existant"]
    works["LbTypeOuvrage"] = ["Buse", "Seuil en rivière", "Barrage", ""]
    works["NomPrincipalObstEcoul"] = ["", "Moulin", "Grand barrage", ""]
    works["LbTypeDispFranchPiscicole1"] = ["", "", "Absence de passe", ""]
    works.to_file(river, layer="ouvrages")
    study = write_study(river)
    text = study.read_text(encoding="utf-8").replace('state = "état"\n', "")
    study.write_text(text, encoding="utf-8")
    assert run_study(study).exit_code == 0
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    assert (work["code"], work["name"], work["cause"]) == ("C", "Grand barrage", "dam")
    assert "existant, sans passe à poissons" in work["evidence"]
    assert run(study).exit_code == 0
    rows = {row["id"]: row for row in read(study.parent / "out" / "rivers" / "works.csv")}
    assert rows["B"]["rule"] == "destroyed" and rows["C"]["rule"] != "destroyed"


def test_a_work_of_the_plan_is_an_obstacle_however_far(river: Path) -> None:
    """At 80 m of its river, within the tolerance of rivers, it is in the table and bears its order."""
    works = geopandas.read_file(river, layer="ouvrages")
    works.loc[1, "geometry"] = shapely.Point(at(2080, 500))
    works.to_file(river, layer="ouvrages")
    study = write_study(river, more="[rivers]\nbudget = 2\n")
    assert run_study(study).exit_code == 0
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    assert (work["code"], work["plan_order"], work["plan_option"]) == ("B", 1, None)
    study = write_study(river, more="[rivers]\nbudget = 2\nworks_snap_m = 70\n")
    assert run_study(study).exit_code == 0
    assert not len(read_table(study, "obstacle_p"))


def test_the_plan_says_removal_or_pass(river: Path) -> None:
    """A protected work that gets a pass bears both; nothing is said of lists that no data tell."""
    works = geopandas.read_file(river, layer="ouvrages")
    works["passe"], works["haut"] = [9.0, 1.0, 9.0, 9.0], [np.nan, 0.9, np.nan, np.nan]
    works.to_file(river, layer="ouvrages")
    more = '[rivers]\ncost = "coût"\npass_cost = "passe"\npass_up = "haut"\nbudget = 1\n'
    study = write_study(river, works='protected = "nul"', more=more)
    assert run_study(study).exit_code == 0
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    assert (work["code"], work["protected"], work["plan_option"]) == ("B", True, "pass")
    page = (study.parent / "out" / "report.html").read_text(encoding="utf-8")
    assert "à équiper d’une passe" in page and "liste 1 de" not in work["evidence"]
    courses = read_table(study, "cours_eau_l")
    assert not courses["evidence"].fillna("").str.contains("liste").any()


def test_basins_bear_the_same_number_everywhere(river: Path) -> None:
    """Numbers are those of the whole network: a run that holds the second and third longest only says so."""
    lines = geopandas.read_file(river, layer="lignes")
    others = geopandas.GeoDataFrame(
        {"TopoOH": ["le Lac", "le Fleuve"]},
        geometry=[
            shapely.LineString([at(2000, -400), at(2600, -400)]),
            shapely.LineString([at(0, 9000), at(9000, 9000)]),
        ],
        crs=CRS,
    )
    pandas.concat([lines, others], ignore_index=True).to_file(river, layer="lignes")
    study = write_study(river)
    assert run_study(study).exit_code == 0
    assert run(study).exit_code == 0
    whole = {row["basin"]: row["name"] for row in read(study.parent / "out" / "rivers" / "basins.csv")}
    assert whole == {"1": "le Fleuve", "2": "la Grande", "3": "le Lac"}
    ours = {row["basin"]: row["name"] for row in read(study.parent / "out" / "basins.csv")}
    assert ours == {"2": "la Grande", "3": "le Lac"}
    rows = {row["id"]: row["basin"] for row in read(study.parent / "out" / "rivers" / "works.csv")}
    (work,) = read_table(study, "obstacle_p").to_dict("records")
    assert (work["basin"], rows["B"], rows["D"]) == ("2", "2", "-1")


def test_works_that_need_a_look_are_noted(river: Path) -> None:
    """Codes borne twice, and priority works that no plan opens: round which an arm leads, or on no river."""
    lines = geopandas.GeoDataFrame(
        {"TopoOH": ["R"] * 4},
        geometry=[
            shapely.LineString([at(0, 0), at(1000, 0)]),
            shapely.LineString([at(1000, 0), at(1500, 400), at(2000, 0)]),
            shapely.LineString([at(1000, 0), at(1500, -400), at(2000, 0)]),
            shapely.LineString([at(2000, 0), at(3000, 0)]),
        ],
        crs=CRS,
    )
    works = geopandas.GeoDataFrame(
        {"code": ["haut", "loin", "X", "X"], "must": [1, 1, 0, 0], "up": ["0.2", "0.2", "0.5", "0.5"],
         "down": ["0.2", "0.2", "0.5", "0.5"]},
        geometry=[shapely.Point(at(*xy)) for xy in ((1500, 400), (0, 5000), (2300, 0), (2600, 0))], crs=CRS,
    )  # fmt: skip
    lines.to_file(river, layer="lignes")
    works.to_file(river, layer="ouvrages")
    done = run(
        river, "--layer", "lignes", "--works-layer", "ouvrages", "--up", "up", "--down", "down", "--must",
        "must", "--budget", 1,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "plusieurs ouvrages" in done.stderr and ": X." in done.stderr.replace("\xa0", "")
    assert "les contourne" in done.stderr and ": haut." in done.stderr.replace("\xa0", "")
    assert ": loin." in done.stderr.replace("\xa0", "")


def test_an_end_taken_for_a_source_is_named(river: Path) -> None:
    """Of two mouths of a fork drawn downstream the longer is taken for a source, and its place is told."""
    lines = geopandas.GeoDataFrame(
        geometry=[
            shapely.LineString([at(0, 2000), at(0, 0)]),
            shapely.LineString([at(0, 0), at(-800, -2000)]),
            shapely.LineString([at(0, 0), at(900, -2000)]),
        ],
        crs=CRS,
    )
    lines.to_file(river, layer="delta")
    done = run(river, "--layer", "delta")
    assert done.exit_code == 0, done.output
    assert "1 bout(s)" in done.stderr
    ends = [f"{x:.0f} {y:.0f}" for x, y in (at(-800, -2000), at(900, -2000))]
    assert sum(end in done.stderr for end in ends) == 1
