"""A run from the study file to its outputs: what it finds, that it repeats itself, that it resumes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pyogrio
import pytest

from tests.journeys.conftest import Territory, box

FIELDS = box(1250, 2300, 2750, 2900)


@pytest.fixture
def reused(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Tell of each stage that runs from now on, in order, whether it was taken from an earlier run."""
    from bocage.study.store import Store

    seen: dict[str, bool] = {}
    keep = Store.keep

    def watching(self, name, key, compute, journal):
        result = keep(self, name, key, compute, journal)
        seen[name] = result[1]
        return result

    monkeypatch.setattr(Store, "keep", watching)
    return seen


def test_a_motorway_between_two_woods_gives_a_corridor_to_restore(territory: Territory) -> None:
    """Hand-worked: two woods 1.6 km apart, a barrier between: one corridor, and it no longer works."""
    done = territory.run("run", "STUDY", "--quiet")

    assert done.exit_code == 0, done.output
    network = territory.output / "network.gpkg"
    reservoirs = pyogrio.read_dataframe(network, layer="N_SRCE_RESERVOIR_S_ESSAI")
    corridors = pyogrio.read_dataframe(network, layer="N_SRCE_CORRIDOR_S_ESSAI")
    points = pyogrio.read_dataframe(network, layer="N_SRCE_OBSTACLE_P_ESSAI")
    assert list(reservoirs["ID_RESV"]) == ["FR00RS1", "FR00RS2"]
    # Cells of 25 m draw the rectangles of 140 ha exactly, but for the corners that smoothing cuts.
    assert list(reservoirs["area_ha"]) == pytest.approx([140.0, 140.0], rel=0.01)
    assert list(corridors["OBJ_ASSI"]) == ["02"]
    assert (corridors["from_id"][0], corridors["to_id"][0]) == ("FR00RS1", "FR00RS2")
    assert corridors["length_m"][0] == pytest.approx(1600, abs=60)
    assert "01" in list(points["TYPE_OBST"])
    assert {"indicators.csv", "indicators.parquet", "report.html", "run.json"} <= set(territory.results())


def test_the_same_corridor_is_preserved_once_a_passage_opens_the_motorway(territory: Territory) -> None:
    """A wildlife passage on the way re-opens what the barrier closed."""
    import shapely

    from tests.journeys.conftest import SOUTH, WEST

    territory.write(
        "passages", nom=["Passage"], largeur=[60.0], geometry=[shapely.Point(WEST + 2025, SOUTH + 1500)]
    )
    text = territory.path.read_text(encoding="utf-8")
    crossings = (
        '[layers.crossings]\npath = "données d\'été.gpkg"\nlayer = "passages"\nwidth_field = "largeur"\n\n'
    )
    territory.path.write_text(
        text.replace("[[subnetworks]]", crossings + "[[subnetworks]]"), encoding="utf-8"
    )

    done = territory.run("run", "STUDY", "--quiet")

    assert done.exit_code == 0, done.output
    corridors = pyogrio.read_dataframe(territory.output / "network.gpkg", layer="N_SRCE_CORRIDOR_S_ESSAI")
    assert list(corridors["OBJ_ASSI"]) == ["01"]
    assert corridors["cost"].notna().all()


def test_a_run_removes_what_it_no_longer_gives(territory: Territory) -> None:
    """Without communes there are no indicators: those of the run before would be taken for its own."""
    territory.run("run", "STUDY", "--quiet")
    assert "indicators.csv" in territory.results()
    text = territory.path.read_text(encoding="utf-8")
    without = text.replace(
        '[layers.communes]\npath = "données d\'été.gpkg"\nlayer = "communes"\n', ""
    ).replace('area = { layer = "communes" }', "area = { bbox = [700000, 6600000, 704000, 6603000] }")
    territory.path.write_text(without, encoding="utf-8")

    done = territory.run("run", "STUDY", "--quiet")

    assert done.exit_code == 0, done.output
    assert [name for name in territory.results() if name.startswith("indicators")] == []
    assert {"network.gpkg", "report.html", "run.json"} <= set(territory.results())


def test_a_run_that_fails_halfway_through_its_files_leaves_no_record(
    territory: Territory, monkeypatch
) -> None:
    """The network is new and the report old: run.json, which says that they belong together, is gone."""
    from bocage.errors import OutputError
    from bocage.study import outputs

    territory.run("run", "STUDY", "--quiet")

    def fail(*_args, **_kwargs):
        raise OutputError("the disk is full")

    monkeypatch.setattr(outputs, "write_rasters", fail)
    done = territory.run("run", "STUDY", "--quiet")

    assert done.exit_code == 2, done.output
    assert "run.json" not in territory.results()
    assert "network.gpkg" in territory.results()


def test_the_same_inputs_give_the_same_bytes_whatever_the_threads(territory: Territory) -> None:
    """Two fresh runs, one and three threads, another second on the clock: not a byte differs."""
    territory.run("run", "STUDY", "--quiet", "--threads", "1")
    first = territory.results()
    time.sleep(1.1)

    territory.run("run", "STUDY", "--quiet", "--threads", "3", "--fresh")

    second = territory.results()
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_run_that_was_stopped_goes_on_where_it_was(
    territory: Territory, monkeypatch: pytest.MonkeyPatch, reused: dict[str, bool]
) -> None:
    """Ctrl-C at each stage in turn: exit 130, nothing half-written, and the next run reuses what was done."""
    from bocage.study import run as module

    expected_run = territory.run("run", "STUDY", "--quiet")
    assert expected_run.exit_code == 0
    expected = territory.results()
    stages = [
        "inputs", "landcover", "reservoirs_boise", "corridors_boise", "rivers", "network", "importance",
        "indicators",
    ]  # fmt: skip
    keep = module.Store.keep
    for stop_at in stages:

        def stopping(self, name, key, compute, journal, stop_at=stop_at):
            if name == stop_at:
                raise KeyboardInterrupt
            return keep(self, name, key, compute, journal)

        territory.run("run", "STUDY", "--quiet", "--fresh")
        for path in (territory.output / ".bocage").glob("*.stage"):
            if path.name.split("-")[0] in stages[stages.index(stop_at) :]:
                path.unlink()
        (territory.output / "run.json").unlink()
        monkeypatch.setattr(module.Store, "keep", stopping)
        stopped = territory.run("run", "STUDY", "--quiet")
        monkeypatch.setattr(module.Store, "keep", keep)

        assert stopped.exit_code == 130
        assert "continue" in stopped.output
        assert not (territory.output / "run.json").exists()

        reused.clear()
        resumed = territory.run("run", "STUDY", "--quiet")

        assert resumed.exit_code == 0
        assert [name for name, again in reused.items() if again] == stages[: stages.index(stop_at)]
        assert territory.results() == expected


def test_a_killed_run_leaves_nothing_half_written_and_the_next_one_completes(territory: Territory) -> None:
    """SIGKILL as soon as the first stage is stored: no output under its own name, then a whole run."""
    if os.name == "nt":
        pytest.skip("SIGKILL does not exist on Windows")
    command = [sys.executable, "-m", "bocage.cli", "run", str(territory.path), "--quiet"]
    process = subprocess.Popen(command)
    store = territory.output / ".bocage"
    until = time.monotonic() + 120
    while time.monotonic() < until and not list(store.glob("inputs-*.stage")) and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert list(store.glob("inputs-*.stage"))
    if process.returncode == -signal.SIGKILL:
        assert not (territory.output / "run.json").exists()
    again = territory.run("run", "STUDY", "--quiet")
    assert again.exit_code == 0, again.output
    assert (
        json.loads((territory.output / "run.json").read_text(encoding="utf-8"))["objects"]["reservoir_s"] == 2
    )


def test_a_changed_rule_computes_only_what_depends_on_it(
    territory: Territory, reused: dict[str, bool]
) -> None:
    """Another share of degraded ground: reservoirs and corridors are those of the first run."""
    territory.run("run", "STUDY", "--quiet")
    territory.path.write_text(
        territory.path.read_text(encoding="utf-8") + "\n[rules]\ndegraded_share = 0.01\n", encoding="utf-8"
    )
    reused.clear()
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0

    assert reused == {
        "inputs": True, "landcover": True, "reservoirs_boise": True, "corridors_boise": True,
        "rivers": True, "network": False, "importance": False, "indicators": False,
    }  # fmt: skip


def test_a_decision_computes_no_corridor_again(territory: Territory, reused: dict[str, bool]) -> None:
    """The most frequent change: only what the decision touches is worked out anew, and it is applied."""
    territory.run("run", "STUDY", "--quiet")
    table = territory.folder / "décisions.csv"
    text = territory.path.read_text(encoding="utf-8")
    territory.path.write_text(text + '\n[decisions]\npath = "décisions.csv"\n', encoding="utf-8")
    for objective, code in (("à préserver", "01"), ("à remettre en bon état", "02")):
        table.write_text(
            f"object,objective,author,date,reason\nFR00CL1,{objective},Comité,2026-05-01,essai\n",
            encoding="utf-8",
        )
        reused.clear()
        assert territory.run("run", "STUDY", "--quiet").exit_code == 0
        anew = ["inputs", "network", "importance", "indicators"]
        assert [name for name, again in reused.items() if not again] == anew
        corridors = pyogrio.read_dataframe(territory.output / "network.gpkg", layer="N_SRCE_CORRIDOR_S_ESSAI")
        assert list(corridors["OBJ_ASSI"]) == [code]
        assert list(corridors["decided_by"]) == ["Comité"]


def test_a_new_title_computes_nothing_again(territory: Territory, reused: dict[str, bool]) -> None:
    """All stages are those of the first run; the report bears the new title."""
    territory.run("run", "STUDY", "--quiet")
    territory.replace('name = "Étude d’essai"', 'name = "Nouveau titre"')
    reused.clear()
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0

    assert reused
    assert all(reused.values())
    assert "Nouveau titre" in (territory.output / "report.html").read_text(encoding="utf-8")


def test_english_is_an_option(territory: Territory) -> None:
    """The report and reasons follow the study's language."""
    territory.replace('prefix = "FR00"', 'prefix = "FR00"\nlanguage = "en"')

    assert territory.run("run", "STUDY", "--quiet").exit_code == 0

    report = (territory.output / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en"' in report
    assert "Corridors" in report


def test_zonings_are_shared_out_by_what_they_hold(territory: Territory, reused: dict[str, bool]) -> None:
    """Two sites, one wooded, one of fields: only the first is a reservoir; habitat shares again."""
    territory.write("sites", nom=["Grand bois", "Plaine"], geometry=[box(200, 800, 1300, 2200), FIELDS])
    zoning = (
        '[[zonings]]\nlabel = "ZNIEFF"\npath = "données d\'été.gpkg"\nlayer = "sites"\nname_field = "nom"\n'
        'rule = "case_by_case"\n\n'
    )
    territory.replace("[[subnetworks]]", zoning + "[[subnetworks]]")
    reused.clear()
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0

    reservoirs = pyogrio.read_dataframe(
        territory.output / "network.gpkg", layer="N_SRCE_RESERVOIR_S_ESSAI", columns=["NOM_RESV", "origin"]
    )
    assert list(reservoirs["NOM_RESV"].fillna("")) == ["Grand bois", ""]
    assert list(reservoirs["origin"]) == ["zoning+patch", "patch"]
    report = (territory.output / "report.html").read_text(encoding="utf-8")
    assert "1 site(s) écarté(s), aucune sous-trame n’a d’habitat" in report
    assert list(reused)[:4] == ["inputs", "landcover", "zonings", "reservoirs_boise"]

    # Another threshold leaves the sharing as it was, another habitat does not.
    territory.replace("reservoir_min_ha = 10.0", "reservoir_min_ha = 11.0")
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0
    assert (reused["zonings"], reused["reservoirs_boise"]) == (True, False)
    territory.replace("reservoir_min_ha = 11.0", 'reservoir_min_ha = 11.0\nhabitat = ["broadleaf"]')
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0
    assert (reused["zonings"], reused["reservoirs_boise"]) == (False, False)


def test_what_a_run_wrote_can_be_summed_up(territory: Territory) -> None:
    """``info`` on the network lists the tables of the standard, not those kept for programs."""
    territory.run("run", "STUDY", "--quiet")

    told = territory.run("info", str(territory.output / "network.gpkg")).output

    assert "N_SRCE_CORRIDOR_S_ESSAI" in told
    assert "layer_styles" not in told
    assert "bocage_about" not in told
