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
