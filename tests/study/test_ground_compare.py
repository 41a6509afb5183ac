"""Two dates compared, worked by hand on folders as `bocage indices` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pytest
import rasterio
from click.testing import CliRunner
from shapely import Polygon, box

from bocage.cli import main
from bocage.errors import DataError, InputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.progress import SilentProgress
from bocage.study.indices.compare import compare_indices
from bocage.study.indices.compare_outputs import tell_comparison, write_comparison
from bocage.study.indices.ground_part import measure_ground
from bocage.study.indices.model import GroundInput
from bocage.study.indices.pattern_files import write_pattern

from .territory import write_territory

CRS = "EPSG:2154"
GRID = Grid(0, 1000, 100, 10, 10, CRS)
UNITS = geopandas.GeoDataFrame(
    {"id": ["01", "02"], "name": ["Aubois", "Val"]},
    geometry=[box(0, 0, 500, 1000), box(500, 0, 1000, 1000)],
    crs=CRS,
)

Patch = tuple[str, Polygon, float]


def write_folder(
    folder: Path,
    patches: Sequence[Patch] = (),
    overall: Mapping[str, float] | None = None,
    natural: np.ndarray | None = None,
    *,
    key: str = "bois",
    shapes: bool = True,
    grid: Grid = GRID,
    **record: Any,
) -> Path:
    """Write a date: patches with their importance, indices of the whole, natural ground."""
    folder.mkdir(parents=True)
    if patches:
        ids, geometry, importance = zip(*patches, strict=True)
        capacity = [shape.area / 1e4 for shape in geometry]
        nodes = pandas.DataFrame({"subnetwork": key, "id": ids, "capacity": capacity, "dPC": importance})
        nodes.to_csv(folder / "nodes.csv", index=False, encoding="utf-8-sig")
        rows = {"capacity": sum(capacity), **(overall or {})}
        pandas.DataFrame(
            {"subnetwork": key, "index": list(rows), "value": list(rows.values()), "unit": "ha"}
        ).to_csv(folder / "overall.csv", index=False, encoding="utf-8-sig")
        if shapes:
            geopandas.GeoDataFrame(nodes, geometry=list(geometry), crs=CRS).to_file(
                folder / "graph.gpkg", layer="nodes"
            )
    if natural is not None:
        ground = GroundInput(
            natural, np.ones(grid.shape, bool), natural + np.uint8(1), {1: "a", 2: "b"}, grid
        )
        figures = measure_ground(ground, UNITS, journal=Journal(), progress=SilentProgress())
        figures.mesh.to_csv(folder / "mesh.csv", index=False, encoding="utf-8-sig", float_format="%.9g")
        write_pattern(folder / "pattern.tif", figures.pattern, grid)
    about = {"title": "Essai", "date": "", "graphs": [{"key": key, "name": "Bois", "dispersal": 500.0}]}
    (folder / "indices.json").write_text(json.dumps({**about, **record}), encoding="utf-8")
    return folder


@pytest.fixture
def dates(tmp_path: Path) -> tuple[Path, Path]:
    """Write two dates: A is split, B goes, C stays and matters more, D appears; a column of wood goes."""
    before = [
        ("A", box(0, 0, 400, 100), 40.0), ("B", box(0, 300, 100, 400), 10.0),
        ("C", box(0, 600, 100, 700), 5.0),
    ]  # fmt: skip
    after = [
        ("A1", box(0, 0, 190, 100), 20.0), ("A2", box(210, 0, 400, 100), 20.0),
        ("C", box(0, 600, 100, 700), 9.0), ("D", box(500, 500, 540, 600), 1.0),
    ]  # fmt: skip
    old, new = np.zeros((10, 10), bool), np.zeros((10, 10), bool)
    old[:, :6] = True
    new[:, :5] = True
    return (
        write_folder(tmp_path / "2020", before, {"ECA": 4.0, "NC": 1.0}, old, date="2020-01-01"),
        write_folder(tmp_path / "2025", after, {"ECA": 2.0, "NC": 2.0}, new, date="2025-06-30"),
    )


def test_connectivity_is_set_against_area(dates: tuple[Path, Path]) -> None:
    """6 ha become 5.2: dA -13.3 %; ECA 4 becomes 2: dECA -50 %, more connectivity lost than habitat."""
    graph = compare_indices(*dates).graphs[0]
    assert graph.name == "Bois"
    assert graph.change is not None
    assert graph.change.area_percent == pytest.approx(-100 * 0.8 / 6)
    assert graph.change.eca_percent == pytest.approx(-50.0)
    assert graph.change.reading == "connectivity_lost_more"
    figures = graph.figures.set_index("index")
    assert figures.loc["NC", ["before", "after", "change", "percent"]].to_list() == [1, 2, 1, 100]


def test_patches_split_vanish_stay_and_appear(dates: tuple[Path, Path]) -> None:
    """Each patch has one event; importance is compared for the one that stayed one: 5 to 9 %."""
    patches = compare_indices(*dates).graphs[0].patches
    assert patches is not None
    assert patches[["event", "before", "after"]].to_numpy().tolist() == [
        ["division", "A", "A1 A2"], ["disappearance", "B", ""], ["stable", "C", "C"], ["generation", "", "D"],
    ]  # fmt: skip
    assert patches["area_kept_ha"].to_list() == pytest.approx([3.8, 0.0, 1.0, 0.0])
    assert patches["importance_change"].to_list() == pytest.approx([np.nan, np.nan, 4.0, np.nan], nan_ok=True)


def test_patches_without_outline_go_by_their_ids(tmp_path: Path) -> None:
    """Of tables alone, a patch is the same where its id is: A lost half, B is stable, C is gone."""
    old = [("A", box(0, 0, 200, 100), 1.0), ("B", box(0, 0, 100, 100), 1.0), ("C", box(0, 0, 100, 100), 1.0)]
    new = [("B", box(0, 0, 100, 100), 1.0), ("A", box(0, 0, 100, 100), 1.0)]
    folders = [
        write_folder(tmp_path / name, patches, {"ECA": 1.0}, shapes=False)
        for name, patches in (("a", old), ("b", new))
    ]
    graph = compare_indices(*folders).graphs[0]
    assert graph.before is None
    assert graph.patches is not None
    assert graph.patches["event"].to_list() == ["shrinkage", "stable", "disappearance"]


def test_mesh_changes_by_territory(dates: tuple[Path, Path]) -> None:
    """60 ha of wood in one piece become 50: CUT of the east goes from 10² / 50 = 2 ha to 0, of all 36, 25."""
    mesh = compare_indices(*dates).mesh
    assert mesh is not None
    assert mesh["name"].fillna("").to_list() == ["Aubois", "Val", ""]
    assert mesh["mesh_cut_ha_before"].to_list() == pytest.approx([50.0, 2.0, 36.0])
    assert mesh["mesh_cut_ha_after"].to_list() == pytest.approx([50.0, 0.0, 25.0])
    assert mesh["mesh_cbc_ha_percent"].to_list() == pytest.approx([-100 / 6, -100.0, 100 * (25 - 36) / 36])


def test_pattern_goes_from_class_to_class(dates: tuple[Path, Path]) -> None:
    """The border moves by a column: 10 ha of edge are cleared, 10 ha of core become edge."""
    pattern = compare_indices(*dates).pattern
    assert pattern is not None
    found = {(a, b): pattern.loc[a, b] for a in pattern.index for b in pattern.columns if pattern.loc[a, b]}
    assert found == {
        ("background", "background"): 40.0, ("edge", "background"): 10.0, ("core", "edge"): 10.0,
        ("core", "core"): 40.0,
    }  # fmt: skip


def test_files_are_the_same_bytes_and_need_nothing_else(dates: tuple[Path, Path], tmp_path: Path) -> None:
    """Twice the same files; the page is French by default, names no other file and tells every section."""
    comparison = compare_indices(*dates)
    first, second = (write_comparison(comparison, tmp_path / name) for name in ("x", "y"))
    assert [path.name for path in first] == [
        "change.html", "change.csv", "patches_change.csv", "mesh_change.csv", "pattern_change.csv",
        "change.json",
    ]  # fmt: skip
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    page = first[0].read_text(encoding="utf-8")
    assert 'lang="fr"' in page
    assert "Du 1er janvier 2020 au 30 juin 2025" in page
    assert page.count("<svg") == 3
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "src=" not in page
    record = json.loads(first[-1].read_text(encoding="utf-8"))
    assert record["graphs"]["bois"]["change"]["reading"] == "connectivity_lost_more"
    assert record["graphs"]["bois"]["events"]["division"] == 1
    assert str(tmp_path) not in first[-1].read_text(encoding="utf-8")


def test_files_of_an_earlier_comparison_do_not_stay(dates: tuple[Path, Path], tmp_path: Path) -> None:
    """A comparison without ground removes the tables of one that had some."""
    write_comparison(compare_indices(*dates), tmp_path / "x")
    for folder in dates:
        (folder / "mesh.csv").unlink()
        (folder / "pattern.tif").unlink()
    written = write_comparison(compare_indices(*dates), tmp_path / "x")
    assert sorted(path.name for path in written) == sorted(path.name for path in (tmp_path / "x").iterdir())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_sentences_tell_each_part(dates: tuple[Path, Path], language: Any) -> None:
    """Network, patches, importance, mesh, pattern: a sentence each, in both languages."""
    told = tell_comparison(compare_indices(*dates, language=language))
    assert len(told) == 5
    assert "50" in told[0]
    assert "C" in told[2]
    assert not any("{" in sentence for sentence in told)
    if language == "en":
        assert told[0].endswith("Connectivity falls more than habitat: what was lost was where it connected.")
        assert told[1] == "Bois, what became of reservoirs: appeared: 1; vanished: 1; stable: 1; split: 1."
        assert "10.0 ha of core lost, 0.0 ha gained; 10.0 ha of natural ground gone" in told[4]


def test_a_network_of_one_date_is_told(tmp_path: Path) -> None:
    """Sub-networks known at one date only are named, not compared in silence."""
    patch = [("A", box(0, 0, 200, 100), 1.0)]
    folders = [write_folder(tmp_path / name, patch, {"ECA": 1.0}) for name in ("a", "b")]
    for name in ("overall", "nodes"):
        table = pandas.read_csv(folders[1] / f"{name}.csv", encoding="utf-8-sig")
        more = pandas.concat([table, table.assign(subnetwork="eau")])
        more.to_csv(folders[1] / f"{name}.csv", index=False, encoding="utf-8-sig")
    comparison = compare_indices(*folders, language="en")
    assert comparison.only_after == ("eau",)
    assert tell_comparison(comparison)[-1] == "At one date only, hence not compared: eau."


def test_what_does_not_compare_is_refused(dates: tuple[Path, Path], tmp_path: Path) -> None:
    """One folder twice, no indices, another dispersal, another edge, another grid, nothing in common."""
    patch = [("A", box(0, 0, 200, 100), 1.0)]
    with pytest.raises(InputError, match=r"both dates are the folder .*2020"):
        compare_indices(dates[0], dates[0])
    with pytest.raises(InputError, match=r"nowhere' holds no indices .* bocage indices first"):
        compare_indices(dates[0], tmp_path / "nowhere")
    far = write_folder(tmp_path / "far", patch, {"ECA": 1.0}, graphs=[{"key": "bois", "dispersal": 900.0}])
    with pytest.raises(DataError, match=r"the dispersal of 'bois' is 500 before and 900 after"):
        compare_indices(dates[0], far)
    wide = write_folder(tmp_path / "wide", patch, {"ECA": 1.0}, parameters={"edge_width": 3})
    thin = write_folder(tmp_path / "thin", patch, {"ECA": 1.0}, parameters={"edge_width": 1})
    with pytest.raises(DataError, match=r"--edge-width is 3 before and 1 after"):
        compare_indices(wide, thin)
    finer = Grid(0, 1000, 50, 20, 20, CRS)
    fine = write_folder(tmp_path / "fine", natural=np.eye(20, dtype=bool), grid=finer)
    with pytest.raises(DataError, match=r"not on one grid \(10 x 10 cells of 100 m .* 20 x 20 cells of 50 m"):
        compare_indices(dates[0], fine)
    with pytest.raises(InputError, match="have no table in common"):
        compare_indices(write_folder(tmp_path / "p", patch, {"ECA": 1.0}), write_folder(tmp_path / "q"))
    (dates[1] / "indices.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"indices.json' cannot be read"):
        compare_indices(*dates)


def test_two_studies_compare_once_measured(tmp_path: Path) -> None:
    """From the layers on: a field ploughed into the wood between two dates is told by network and pattern."""
    folders = []
    for name, ploughed in (("avant", False), ("après", True)):
        folder = tmp_path / name
        folder.mkdir()
        write_territory(folder)
        with (folder / "study.toml").open("a", encoding="utf-8") as study:
            # The last table of the study is that of resistances.
            study.write("canal = 5\nstream = 5\nlocal_road = 20\n")
        if ploughed:
            with rasterio.open(folder / "clc.tif", "r+") as file:
                codes = file.read(1)
                codes[20:50, 45:60] = 211
                file.write(codes, 1)
        for command in ("run", "indices"):
            found = CliRunner().invoke(main, [command, str(folder / "study.toml"), "--quiet"])
            assert found.exit_code == 0, found.output
        folders.append(folder / "study.toml")
    comparison = compare_indices(*folders)
    assert comparison.language == "fr"
    assert comparison.graphs[0].change is not None
    assert comparison.graphs[0].change.area_percent < -20.0
    assert comparison.mesh is not None
    assert comparison.mesh["name"].to_list() == ["Aubois", "Val-d'Été", ""]
    # Fields are no artificial ground: ploughing fragments the network, not the ground.
    assert comparison.mesh["mesh_cbc_ha_change"].to_list() == [0.0, 0.0, 0.0]
    assert write_comparison(comparison)[0] == comparison.after / "change" / "change.html"
