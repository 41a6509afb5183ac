"""An atlas of a study that bocage computed, from a shell's point of view."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pypdf

from tests.journeys.conftest import Territory

ROOT = Path(__file__).resolve().parents[2]


def test_atlas_of_a_study_without_an_atlas_table(territory: Territory) -> None:
    """Refused before the run; after it, sheets, figures and one volume, in a folder with an accent."""
    refused = territory.run("atlas", "STUDY")
    assert refused.exit_code == 2
    assert "its network is not there yet" in refused.stderr
    assert "bocage run" in refused.stderr
    assert not territory.output.exists(), "nothing is written before that is known"
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0

    done = territory.run("atlas", "STUDY", "--workers", "1")

    assert done.exit_code == 0, done.output
    atlas = territory.output / "atlas"
    assert done.stdout.splitlines() == [
        f"communes: 2 (4 pages) in {atlas / 'communes'}",
        f"volume:   {atlas / 'volumes' / 'atlas.pdf'}",
        f"figures:  {atlas / 'communes.csv'}",
    ]
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "Reading the layers", "Measuring the communes", "Drawing the sheets", "Binding the volumes",
        # What a published sheet would lack.
        "! Couches sans source\u00a0", "! L’organisme n’est pas nommé\u00a0",
    ]  # fmt: skip
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(atlas / "volumes" / "atlas.pdf").pages)
    assert "Étude d’essai" in text
    assert "Œuvy-l’Étang" in text

    # The sheets are of the run: another one draws them again, the same one does not.
    before = {path: path.stat().st_mtime_ns for path in atlas.rglob("*.pdf")}
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0
    again = territory.run("atlas", "STUDY", "--quiet", "--workers", "1")
    assert (again.exit_code, again.output) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in atlas.rglob("*.pdf")} == before
    territory.replace("reservoir_min_ha = 10.0", "reservoir_min_ha = 11.0")
    changed = territory.run("atlas", "STUDY")
    assert changed.exit_code == 2
    assert "[subnetworks] changed since the network was computed" in changed.stderr
    assert {path: path.stat().st_mtime_ns for path in atlas.rglob("*.pdf")} == before


def test_atlas_needs_communes(territory: Territory) -> None:
    """A study without the layer of communes is told what to add."""
    territory.replace('[layers.communes]\npath = "données d\'été.gpkg"\nlayer = "communes"\n', "")
    territory.replace('area = { layer = "communes" }', "area = { bbox = [700000, 6600000, 704000, 6603000] }")

    told = territory.run("atlas", "STUDY")

    assert told.exit_code == 2
    assert told.stderr.startswith("bocage: error: ")
    assert "add a [layers.communes] table" in told.stderr


def test_two_processes_from_the_shell(territory: Territory) -> None:
    """Typed in a shell, two processes: sheets in English and their pictures, no word but errors."""
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0
    typed = [sys.executable, "-m", "bocage.cli", "atlas", str(territory.path), "--quiet", "--workers", "2"]
    typed += ["--language", "en", "--png", "--dpi", "30", "--format", "A3", "--volumes", "none"]

    done = subprocess.run(typed, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    atlas = territory.output / "atlas"
    assert len(list((atlas / "png").glob("00001_*.png"))) == 2
    assert not (atlas / "volumes").exists()
    record = json.loads((atlas / "atlas.json").read_text(encoding="utf-8"))
    assert record["options"]["sheet_format"] == "a3"
    assert record["communes"]["00001"]["titles"][-1] == "The commune in figures"
