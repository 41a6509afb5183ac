"""`bocage indices`, from a shell's point of view: a graph worked by hand, published ones, and mistakes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import geopandas
import pandas
import pytest
import shapely
from click.testing import CliRunner, Result

from bocage.cli import main
from bocage.errors import DataError
from tests.journeys.conftest import Territory

CRS = "EPSG:2154"
WEST, SOUTH = 700_000.0, 6_600_000.0
TIED = [108, 111, 112]
"""Patches whose betweenness turns on which of several paths of equal cost Graphab follows."""


def run(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["indices", *map(str, arguments)])


def read(path: Path) -> list[dict[str, str]]:
    """Read a CSV."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_overall(folder: Path) -> dict[str, float]:
    """Read the overall indices by name."""
    return {row["index"]: float(row["value"]) for row in read(folder / "overall.csv")}


def square(x: float, side: float) -> shapely.Polygon:
    """Give a square from a place of the row."""
    return shapely.box(WEST + x, SOUTH, WEST + x + side, SOUTH + side)


@pytest.fixture
def row(tmp_path: Path) -> Path:
    """Write patches that hold 3, 4 and 5 in a row, 900 m apart, and two links of cost 100."""
    folder = tmp_path / "données d’été"
    folder.mkdir()
    path = folder / "bois.gpkg"
    patches = geopandas.GeoDataFrame(
        {"id": ["a", "b", "c"], "nom": ["Bé", "", "Œuvy"], "capacity": [3.0, 4.0, 5.0]},
        geometry=[square(1000 * k, 100) for k in range(3)],
        crs=CRS,
    )
    patches.to_file(path, layer="taches")
    units = geopandas.GeoDataFrame(
        {"code": ["01", "02"], "nom": ["Gauche", "Droite"]},
        geometry=[square(-500, 2000), square(1500, 2000)], crs=CRS,
    )  # fmt: skip
    units.to_file(path, layer="communes")
    pandas.DataFrame({"from": ["a", "b"], "to": ["b", "c"], "cost": [100, 100]}).to_csv(
        folder / "liens.csv", index=False
    )
    return path


def measure(row: Path, *more: object) -> Result:
    """Measure the row with a chance of one half of crossing each link."""
    return run(
        row, "--layer", "taches", "--links", row.with_name("liens.csv"), "--dispersal", 100,
        "--probability", 0.5, *more,
    )  # fmt: skip


def test_a_row_worked_by_hand(row: Path) -> None:
    """Indices are those of the sums written here.

    PC: ``9 + 16 + 25 + 2 (12 / 2 + 20 / 2 + 15 / 4) = 89.5``.
    IIC: ``50 + 2 (12 / 2 + 20 / 2 + 15 / 3) = 92``.
    Without b are left 9 + 25; without the first link ``50 + 20``, and 19.5 goes. Were that link free, a and b
    would gain 12, a and c ``30 / 4``: 19.5 again.
    """
    done = measure(row, "--landscape", 20, "--units", row, "--units-layer", "communes")

    assert done.exit_code == 0, done.output
    folder = row.parent / "indices-bois"
    assert sorted(path.name for path in folder.iterdir()) == [
        "by_distance.csv", "components.csv", "graph.gpkg", "graph.graphml", "indices.html", "indices.json",
        "links.csv", "links.parquet", "nodes.csv", "nodes.parquet", "overall.csv", "units.csv",
        "units.parquet",
    ]  # fmt: skip
    overall = read_overall(folder)
    expected = {
        "patches": 3, "NL": 2, "NC": 1, "capacity": 12, "SLC": 12, "MSC": 12, "ECS": 12, "CCP": 1,
        "LCP": 144 / 400, "H": 2.5, "IIC": 92 / 400, "EC(IIC)": 92**0.5, "GD": 200, "PC": 89.5 / 400,
        "ECA": 89.5**0.5, "ECA_share": 89.5**0.5 / 12, "PC_intra": 50 / 89.5, "PC_direct": 32 / 89.5,
        "PC_step": 7.5 / 89.5, "S#F": (2 + 1.25) + (1.5 + 2.5) + (0.75 + 2), "S#IF": 89.5,
        "F": 2, "AWF": 32,
    }  # fmt: skip
    assert {key: overall[key] for key in expected} == pytest.approx(expected, rel=1e-8)

    nodes = {row["id"]: row for row in read(folder / "nodes.csv")}
    parts = [float(nodes["b"][f"dPC_{part}"]) for part in ("intra", "flux", "connector")]
    assert parts == pytest.approx([100 * part / 89.5 for part in (16, 32, 7.5)], rel=1e-8)
    assert float(nodes["b"]["dPC"]) == pytest.approx(100 * 55.5 / 89.5, rel=1e-8)
    assert float(nodes["b"]["dECA"]) == pytest.approx(100 * (1 - (34 / 89.5) ** 0.5), rel=1e-8)
    assert [nodes[key]["BC"] for key in "abc"] == ["0", "3.75", "0"]
    assert [nodes[key]["varNC"] for key in "abc"] == ["0", "-1", "0"]
    assert [nodes[key]["name"] for key in "abc"] == ["Bé", "", "Œuvy"]
    assert (nodes["b"]["Dg"], nodes["b"]["Ec"], nodes["a"]["CCe"]) == ("2", "100", "150")
    links = {row["id"]: row for row in read(folder / "links.csv")}
    assert float(links["a-b"]["dPC"]) == pytest.approx(100 * 19.5 / 89.5, rel=1e-8)
    assert float(links["a-b"]["gain"]) == pytest.approx(100 * 19.5 / 89.5, rel=1e-8)
    assert float(links["b-c"]["dPC"]) == pytest.approx(100 * 27.5 / 89.5, rel=1e-8)
    assert links["a-b"]["varNC"] == "-1"

    # Between a, b and c: 2 (15 / 4 + 20 / 2) = 27.5, half of it at each end.
    left, right = read(folder / "units.csv")
    assert (left["id"], left["name"], left["neighbour"]) == ("01", "Gauche", "Droite")
    assert float(left["contribution"]) == pytest.approx((37 + 13.75) / 89.5, rel=1e-8)
    assert float(right["inside"]) == pytest.approx(25 / 89.5, rel=1e-8)
    assert float(right["dependence"]) == pytest.approx(13.75 / 38.75, rel=1e-8)
    assert (left["patches"], float(left["patches_ha"]), float(left["area_ha"])) == ("2", 2, 400)
    distances = {float(row["distance"]): float(row["eca"]) for row in read(folder / "by_distance.csv")}
    assert distances[100] == pytest.approx(89.5**0.5, rel=1e-8)
    assert distances[50] == pytest.approx((50 + 2 * (12 / 4 + 20 / 4 + 15 / 16)) ** 0.5, rel=1e-8)

    layers = geopandas.list_layers(folder / "graph.gpkg")["name"].tolist()
    assert layers == ["nodes", "links", "units"]
    drawn = geopandas.read_file(folder / "graph.gpkg", layer="links")
    assert drawn["dPC"].tolist() == pytest.approx([float(row["dPC"]) for row in links.values()])
    record = json.loads((folder / "indices.json").read_text(encoding="utf-8"))
    assert record["graphs"][0]["overall"]["PC"] == pytest.approx(89.5 / 400, rel=1e-11)
    assert str(row.parent) not in (folder / "indices.json").read_text(encoding="utf-8")


def test_what_the_terminal_says(row: Path) -> None:
    """What ECA means comes before what matters most, in French or English, and why it does."""
    told = measure(row).stdout.splitlines()
    assert told[0] == "Graphe\xa0: 3 taches (12), 2 liens, 1 composante."
    assert told[1].startswith(
        "ECA = 9,46\xa0: le réseau vaut une seule tache de cette taille, soit 78,8\xa0%"
    )
    assert told[2].startswith(
        "Taches dont la perte coûterait le plus (dPC)\xa0: b 62\xa0% (par ses échanges), c Œuvy"
    )
    assert told[3] == "Liens dont la coupure coûterait le plus (dPC)\xa0: b–c 30,7\xa0%, a–b 21,8\xa0%."
    assert told[5] == "Calcul exact\xa0: aucune chance n’est laissée de côté."
    told = measure(row, "--language", "en", "--cutoff", 0.3).stdout.splitlines()
    assert told[1].startswith("ECA = 9.06: the network is worth one patch of that size")
    # Left out is the pair at 1/4: at most 15 each way at under 0.3, of 82.
    assert told[5].startswith("Cut-off: the chances left out take at most")


def test_the_same_bytes_whatever_the_threads(row: Path) -> None:
    """Two runs, on one thread and on two, write the same files; a file of an earlier run does not stay."""
    folders = [row.parent / name for name in ("un", "deux")]
    for folder, threads in zip(folders, (1, 2), strict=True):
        folder.mkdir()
        (folder / "added.csv").write_text("old", encoding="utf-8")
        done = measure(
            row, "--units", row, "--units-layer", "communes", "--threads", threads, "--output", folder
        )
        assert done.exit_code == 0, done.output
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == second and "added.csv" not in first


def test_a_link_to_add(row: Path) -> None:
    """The link that lacks is found, at the cost of a metre of the others: ECA goes from √62 to √89.5."""
    row.with_name("liens.csv").write_text("from,to,cost\na,b,100\n", encoding="utf-8")
    done = measure(row, "--add", 2)

    assert done.exit_code == 0, done.output
    (added,) = read(row.parent / "indices-bois" / "added.csv")
    assert (added["kind"], added["from"], added["to"]) == ("new", "b", "c")
    assert (float(added["cost"]), float(added["distance_m"])) == pytest.approx((100, 900))
    assert float(added["eca"]) == pytest.approx(89.5**0.5, rel=1e-8)
    assert float(added["gain"]) == pytest.approx(100 * ((89.5 / 62) ** 0.5 - 1), rel=1e-7)
    drawn = geopandas.read_file(row.parent / "indices-bois" / "graph.gpkg", layer="added")
    assert drawn.length.tolist() == pytest.approx([1000])
    assert "b–c (+20,1\xa0%)" in done.stdout


def test_patches_that_nothing_links(row: Path) -> None:
    """Without any link the network is worth its patches one by one, and that is said."""
    row.with_name("liens.csv").write_text("from,to,cost\n", encoding="utf-8")
    done = measure(row, "--verbose")
    assert done.exit_code == 0, done.output
    assert read_overall(row.parent / "indices-bois")["ECA"] == pytest.approx(50**0.5)
    assert "Aucun lien" in done.stdout and "sans aucun lien\xa0: 3 (a, b, c)" in done.stderr


def test_a_subnetwork_that_holds_nothing(row: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several graphs one that holds nothing is told and left out; alone, it is refused."""
    from dataclasses import replace

    from bocage.journal import Journal
    from bocage.progress import SilentProgress
    from bocage.study.indices import run as command
    from bocage.study.indices.model import IndicesOptions

    options = IndicesOptions(row, layer="taches", links=row.with_name("liens.csv"), dispersal=100.0)
    inputs = command.read_indices(options, Journal())
    full = replace(inputs.graphs[0], key="pleine", name="Pleine")
    bare = replace(full, key="vide", name="Vide", graph=full.graph.weigh([0, 0, 0]))
    monkeypatch.setattr(command, "read_indices", lambda *_: replace(inputs, graphs=(bare, full)))
    journal = Journal()
    found = command.study_indices(options, journal=journal, progress=SilentProgress())
    assert [one.source.key for one in found.graphs] == ["pleine"]
    assert any("Vide" in note.text("fr") for note in journal.notes)
    monkeypatch.setattr(command, "read_indices", lambda *_: replace(inputs, graphs=(bare,)))
    with pytest.raises(DataError, match="3 patches hold nothing"):
        command.study_indices(options, journal=journal, progress=SilentProgress())


def test_two_dates(row: Path) -> None:
    """`bocage compare` says what a lost link costs: ECA goes from √89.5 to √62, habitat stays."""
    folders = [row.with_name(name) for name in ("avant", "après")]
    for folder, links in zip(folders, ("a,b,100\nb,c,100\n", "a,b,100\n"), strict=True):
        row.with_name("liens.csv").write_text("from,to,cost\n" + links, encoding="utf-8")
        assert measure(row, "--output", folder).exit_code == 0
    done = CliRunner().invoke(main, ["compare", *map(str, folders)])
    assert done.exit_code == 0, done.output
    rows = {row["index"]: row for row in read(folders[1] / "change" / "change.csv")}
    assert float(rows["ECA"]["before"]) == pytest.approx(89.5**0.5, rel=1e-8)
    assert float(rows["ECA"]["after"]) == pytest.approx(62**0.5, rel=1e-8)
    refused = CliRunner().invoke(main, ["compare", str(folders[0]), str(row.with_name("rien"))])
    assert refused.exit_code == 2 and "bocage indices" in refused.stderr


def test_protected_areas(row: Path) -> None:
    """ProtConn is measured when patches are said to be protected areas, of a landscape that must be known."""
    done = measure(row, "--protected", "--landscape", 20)
    assert done.exit_code == 0, done.output
    overall = read_overall(row.parent / "indices-bois")
    assert (overall["Prot"], overall["ProtConn"]) == pytest.approx((60, 100 * 89.5**0.5 / 20), rel=1e-8)
    assert overall["ProtConn_Prot"] + overall["ProtConn_Unprot"] == pytest.approx(overall["ProtConn"])
    assert "--landscape" in measure(row, "--protected").stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--probability", "1.5"), "between 0 and 1"),
        (("--dispersal", "-3"), "above 0"),
        (("--landscape", "5"), "--landscape"),
        (("--cutoff", "1"), "--cutoff"),
        (("--units", "no.gpkg"), "no.gpkg"),
        (("--capacity", "nom"), "no number"),
    ],
)
def test_mistakes(row: Path, more: tuple[str, ...], words: str) -> None:
    """A mistake is one sentence on standard error, and exit code 2; nothing is written."""
    done = measure(row, *more)
    assert done.exit_code == 2, done.output
    errors = [line for line in done.stderr.splitlines() if line.startswith("bocage: error")]
    assert len(errors) == 1 and words in errors[0]
    assert not (row.parent / "indices-bois" / "indices.json").exists()


def test_land_cover_alone(territory: Territory) -> None:
    """Polygons of land cover with their natural classes are measured without any graph, for the communes."""
    done = territory.run(
        "indices", str(territory.data), "--layer", "sol", "--class-column", "code", "--natural", "311, 112",
        "--units-layer", "communes",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    folder = territory.data.with_name(f"indices-{territory.data.stem}")
    assert not (folder / "overall.csv").exists()
    mesh = read(folder / "mesh.csv")
    # In each commune of 600 ha a wood of 140 ha, and half of a village of 24 ha: named to have two classes.
    cut = [float(row["mesh_cut_ha"]) for row in mesh[:2]]
    assert cut == pytest.approx([(140**2 + 12**2) / 600] * 2, rel=1e-6)


def test_units_elsewhere(row: Path) -> None:
    """Territories that hold no patch are refused; patches beyond them are told and counted apart."""
    far = geopandas.GeoDataFrame({"id": ["x"]}, geometry=[square(90_000, 10)], crs=CRS)
    far.to_file(row, layer="loin")
    assert "None of the 3 patches" in measure(row, "--units", row, "--units-layer", "loin").stderr
    near = geopandas.GeoDataFrame({"id": ["x"]}, geometry=[square(-500, 1000)], crs=CRS)
    near.to_file(row, layer="gauche")
    done = measure(row, "--units", row, "--units-layer", "gauche")
    assert "2 taches" in done.stderr and "b, c" in done.stderr
    units = read(row.parent / "indices-bois" / "units.csv")
    assert [unit["id"] for unit in units] == ["x", ""]
    assert sum(float(unit["contribution"]) for unit in units) == pytest.approx(1)


def test_conefor_and_its_published_values(shared: Path, tmp_path: Path) -> None:
    """Files of Conefor give the overall indices and importances that Conefor 2.7.3 prints, to its digits."""
    from tests.connectivity.conefor_case import conefor_folder, read_table
    from tests.connectivity.conefor_case import read_overall as read_printed

    folder = conefor_folder(shared)
    done = run(
        folder / "nodes.txt", "--links", folder / "dist.txt", "--dispersal", 1000, "--probability", 0.5,
        "--threshold", 1500, "--landscape", 64e6, "--output", tmp_path / "out",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found, printed = read_overall(tmp_path / "out"), read_printed(shared)
    names = {"NL": "NL", "NC": "NC", "H": "H", "CCP": "CCP", "LCP": "LCP", "IIC": "IIC", "EC(IIC)": "EC(IIC)",
             "F": "F", "AWF": "AWF", "PC": "PC", "ECA": "EC(PC)", "S#IF": "PCnum"}  # fmt: skip
    assert {key: found[key] for key in names} == pytest.approx(
        {key: printed[name] for key, name in names.items()}, rel=1e-5
    )
    nodes = pandas.read_csv(tmp_path / "out" / "nodes.csv", encoding="utf-8-sig")
    table = read_table(shared, "r_node_importances")
    columns = {"dPC": "dPC", "dPC_intra": "dPCintra", "dPC_flux": "dPCflux", "dPC_connector": "dPCconnector",
               "dIIC": "dIIC", "BC_hops": "BC", "dLCP": "dLCP", "varNC": "varNC"}  # fmt: skip
    for ours, theirs in columns.items():
        expected = table[theirs].to_numpy()
        assert nodes[ours].to_numpy() == pytest.approx(expected, rel=1e-5, abs=1e-5), ours


def test_graphab_and_its_published_values(shared: Path, tmp_path: Path) -> None:
    """Tables of Graphab give the values of its own test project, for a graph without costs inside patches.

    BC of the three patches where two paths are equally cheap is left out: Graphab follows one of them.
    """
    from tests.connectivity.graphab_case import EXPECTED, RECTANGLE, case_folder, read_expected

    folder, graph = case_folder(shared), "comp_cout10_500_nopath"
    patches, links = folder / "patches_metrics_expected.csv", folder / f"{graph}-links.csv"
    done = run(
        patches, "--capacity", "Area", "--links", links, "--dispersal", 1000, "--landscape", RECTANGLE,
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = read_overall(tmp_path / "out")
    names = ("PC", "S#F", "IIC", "GD", "H")
    expected = {key: EXPECTED[key][graph] for key in names}
    assert {key: found[key] for key in names} == pytest.approx(expected, rel=1e-8)
    nodes = pandas.read_csv(tmp_path / "out" / "nodes.csv", encoding="utf-8-sig").set_index("id")
    local = read_expected(shared)
    for name, tied in (("F", []), ("BC", TIED)):
        column = local[f"{name}_d1000_p0.05_beta1_graph_{graph}"].drop(tied)
        assert nodes.loc[column.index, name].to_numpy() == pytest.approx(
            column.to_numpy(), rel=1e-8, abs=1e-3
        )


def test_a_study_and_its_network(territory: Territory) -> None:
    """A study is measured once run, each sub-network apart, with its communes; its network alone is too.

    The two woods of 140 ha are parted by a motorway that nothing crosses: the corridor is closed, ECA is that
    of two patches that do not reach each other, and opening the corridor is the link to add.
    """
    refused = territory.run("indices", "STUDY")
    assert refused.exit_code == 2 and "bocage run" in refused.stderr
    assert territory.run("run", "STUDY").exit_code == 0
    done = territory.run("indices", "STUDY")

    assert done.exit_code == 0, done.output
    folder = territory.output / "indices"
    overall = read_overall(folder)
    assert (overall["patches"], overall["NL"], overall["NC"]) == (2, 0, 2)
    assert overall["ECA"] == pytest.approx(140 * 2**0.5, rel=1e-6)
    assert overall["PC"] == pytest.approx(2 * 140**2 / 1200**2, rel=1e-6)
    (added,) = read(folder / "added.csv")
    assert added["kind"] == "closed" and added["id"].startswith("FR00CS")
    (line,) = geopandas.read_file(folder / "graph.gpkg", layer="added").geometry
    # From wood to wood, over the motorway.
    assert line.length >= 1600 - 25
    assert 0 < float(added["gain"]) < 100 * (2**0.5 - 1)
    units = read(folder / "units.csv")
    assert [unit["name"] for unit in units] == ["Œuvy-l’Étang", "Saint-Bé"]
    assert [float(unit["contribution"]) for unit in units] == pytest.approx([0.5, 0.5])
    assert {row["subnetwork"] for row in read(folder / "nodes.csv")} == {"boise"}
    # The land cover is measured too.
    assert (folder / "mesh.csv").is_file() and (folder / "pattern.tif").is_file()

    alone = territory.run("indices", str(territory.output / "network.gpkg"))
    assert alone.exit_code == 0, alone.output
    other = read_overall(territory.output / "indices-network")
    assert other["ECA"] == overall["ECA"] and "PC" not in other
    assert territory.run("indices", "STUDY", "--subnetwork", "nul").stderr.count("boise") == 1
