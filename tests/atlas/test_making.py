"""Making an atlas: every file is there, nothing is drawn twice, and one bad commune costs one sheet."""

from __future__ import annotations

import csv
import errno
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bocage.atlas import making, workshop
from bocage.errors import InputError, OutputError, StudyError
from bocage.io.files import replace_on_success
from tests.atlas.squares import (
    ATLAS,
    COMMUNES,
    STEMS,
    call,
    list_changed,
    make,
    read_atlas,
    read_record,
    stamp_files,
    write_reservoirs,
    write_squares,
)

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a territory whose atlas is drawn, in one process; only to be read."""
    folder = tmp_path_factory.mktemp("drawn") / "mon étude"
    write_squares(folder)
    result = make(folder)
    assert (result.booklets, result.reused, result.failed) == (6, 0, ())
    return folder


@pytest.fixture
def mine(drawn: Path, tmp_path: Path) -> Path:
    """Give a copy of the territory and of its atlas, to be changed."""
    return Path(shutil.copytree(drawn, tmp_path / "copie"))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a territory of two communes whose atlas is drawn, for tests that draw it all again."""
    folder = tmp_path_factory.mktemp("pair") / "deux"
    write_squares(folder, {"99001": "Œuvy-l’Étang", "99002": "Saint-Bé"})
    make(folder)
    return folder


@pytest.fixture
def small(pair: Path, tmp_path: Path) -> Path:
    """Give a copy of the territory of two communes, to be changed."""
    return Path(shutil.copytree(pair, tmp_path / "copie"))


def replace_in(folder: Path, old: str, new: str) -> None:
    """Change the atlas file."""
    path = folder / "atlas.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def start(folder: Path, *words: str, seed: str = "0") -> subprocess.Popen[str]:
    """Start ``bocage atlas`` in another process."""
    return subprocess.Popen(
        [sys.executable, "-m", "bocage.cli", "atlas", str(folder / "atlas.toml"), "--quiet", *words],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )


class TestFiles:
    """What is in the folder of an atlas."""

    def test_all_are_there(self, drawn: Path) -> None:
        """A PDF a commune, sheets of the grid, a volume, figures, a record; nothing else is left about."""
        expected = {f"communes/{stem}.pdf" for stem in STEMS.values()}
        expected |= {"grid/A1.pdf", "volumes/atlas.pdf", "atlas.json", "communes.csv", "communes.parquet"}
        work = {f".bocage/{name}" for name in ("grid/A1.pdf", "ledger.jsonl", "volumes.jsonl", "files.json")}

        files = read_atlas(drawn)
        assert set(files) == expected | work
        assert all(data.startswith(b"%PDF") for name, data in files.items() if name.endswith(".pdf"))

    def test_record(self, drawn: Path) -> None:
        """The record names each commune with the hash, pages and scales of its file, and the volumes."""
        record = read_record(drawn)
        files = read_atlas(drawn)

        assert {code: one["name"] for code, one in record["communes"].items()} == COMMUNES
        for code, one in record["communes"].items():
            assert one["file"] == f"communes/{STEMS[code]}.pdf"
            assert one["bytes"] == len(files[one["file"]])
            assert one["sha256"] == workshop.sha256(files[one["file"]]).hexdigest()
            assert one["titles"] == ["1. Carte S.R.C.E", "2. Carte des inventaires", "La commune en chiffres"]
            assert (one["pages"], len(one["scales"])) == (3, 2)
        assert record["volumes"] == ["volumes/atlas.pdf"]
        assert record["failed"] == []
        assert [one["key"] for one in record["series"]] == ["continuites", "inventaires"]
        assert (record["study"], record["date"]) == ("Essai", "2026-05-04")
        assert str(drawn) not in (drawn / "out" / "atlas" / "atlas.json").read_text(encoding="utf-8")

    def test_table(self, drawn: Path) -> None:
        """The figures open in a spreadsheet with their accents; a row a commune, then the territory."""
        data = read_atlas(drawn)["communes.csv"]
        assert data.startswith(b"\xef\xbb\xbfinsee,name,area_ha,")
        assert b"\r" not in data

        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
        assert [(row["insee"], row["name"]) for row in rows[:-1]] == list(COMMUNES.items())
        assert (rows[-1]["insee"], rows[-1]["name"]) == ("", "Ensemble du territoire")
        assert {row["area_ha"] for row in rows[:-1]} == {"100.0000"}
        # 400 m × 400 m in the first commune; 700 m × 700 m of which 200 m × 200 m in no commune.
        assert rows[0]["reservoir_ha"] == "16.0000"
        assert rows[-1]["reservoir_ha"] == "61.0000"

    def test_names_that_are_hard_on_files(self) -> None:
        """Whatever the letters, the name of a file is short, has no separator, and is of one commune."""
        names = ["", "« / »", "../../etc", "Ÿ" * 300, "CON", "a/b\\c:d*e?f"]
        stems = [workshop.name_file("60057", name) for name in names]
        assert stems[:3] == ["60057", "60057", "60057_etc"]
        assert max(map(len, stems)) <= 100
        assert all(stem.replace("_", "").replace("-", "").isalnum() for stem in stems)
        codes = ["A/1", "A-1", "A 1", "../1", "/"]
        assert len({workshop.name_file(code, "x") for code in codes}) == len(codes)


class TestSameBytes:
    """The files do not depend on how they were made."""

    def test_two_processes(self, drawn: Path, tmp_path: Path) -> None:
        """Two processes, in a folder elsewhere, write all files to the byte: the ledgers as well."""
        folder = tmp_path / "deux"
        write_squares(folder)
        assert make(folder, workers=2).booklets == 6
        assert read_atlas(folder) == read_atlas(drawn)

    def test_run_twice(self, mine: Path, drawn: Path) -> None:
        """Again, in processes that order sets otherwise: nothing is drawn or bound, no byte changes."""
        before = stamp_files(mine)
        for seed in ("1", "2"):
            run = start(mine, seed=seed)
            assert run.communicate(timeout=60)[1] == ""
            assert run.returncode == 0
        assert stamp_files(mine) == before
        assert read_atlas(mine) == read_atlas(drawn)

    @posix
    def test_killed_midway(self, drawn: Path, tmp_path: Path) -> None:
        """Killed when two booklets are there, run again: they are kept, and all bytes are the same."""
        folder = tmp_path / "tué"
        write_squares(folder)
        ledger = folder / "out" / "atlas" / ".bocage" / "ledger.jsonl"
        run = start(folder, "--workers", "2")
        end = time.monotonic() + 60
        while time.monotonic() < end and run.poll() is None:
            if ledger.exists() and ledger.read_bytes().count(b"\n") >= 2:
                break
            time.sleep(0.003)
        run.send_signal(signal.SIGKILL)
        assert run.wait(10) == -signal.SIGKILL, "it was quicker than this test"
        assert not (folder / "out" / "atlas" / "atlas.json").exists()

        result = make(folder)
        assert 2 <= result.reused <= 7
        assert read_atlas(folder) == read_atlas(drawn)

    def test_fresh(self, small: Path, pair: Path) -> None:
        """Asked for, everything is drawn and bound again, to the same bytes."""
        before = stamp_files(small)
        result = make(small, fresh=True)
        assert result.reused == 0
        assert list_changed(before, stamp_files(small)) == sorted(before)
        assert read_atlas(small) == read_atlas(pair)


class TestOnlyWhatLacks:
    """What is drawn again, and what is not."""

    def test_deleted_and_altered(self, mine: Path, drawn: Path) -> None:
        """A PDF that lacks or that someone changed is drawn again, of whatever kind; no other is."""
        atlas = mine / "out" / "atlas"
        before = stamp_files(mine)
        (atlas / "communes" / f"{STEMS['99001']}.pdf").unlink()
        with (atlas / "communes" / f"{STEMS['99005']}.pdf").open("ab") as file:
            file.write(b"%")
        (atlas / "grid" / "A1.pdf").unlink()
        (atlas / "volumes" / "atlas.pdf").write_bytes(b"")

        result = make(mine)

        assert result.reused == 4
        assert list_changed(before, stamp_files(mine)) == [
            ".bocage/grid/A1.pdf",
            f"communes/{STEMS['99001']}.pdf",
            f"communes/{STEMS['99005']}.pdf",
            "grid/A1.pdf",
            "volumes/atlas.pdf",
        ]
        assert read_atlas(mine) == read_atlas(drawn)

    def test_title_of_the_atlas(self, mine: Path) -> None:
        """It is printed in the volumes alone: they are bound again, and no sheet is drawn."""
        before = stamp_files(mine)
        replace_in(mine, "Atlas d’essai", "Un autre titre")
        assert make(mine).reused == 7
        assert list_changed(before, stamp_files(mine)) == ["volumes/atlas.pdf"]

    @pytest.mark.parametrize("change", ["layer", "words"])
    def test_content(self, small: Path, change: str) -> None:
        """A reservoir of another size, or another date: everything is drawn again."""
        before = stamp_files(small)
        if change == "layer":
            write_reservoirs(small, 410)
        else:
            replace_in(small, "date = 2026-05-04", "date = 2026-06-04")
        assert make(small).reused == 0
        assert list_changed(before, stamp_files(small)) == sorted(before)

    @pytest.mark.parametrize("wanted", ["99004", "val / d’été"])
    def test_look_at_one(self, mine: Path, drawn: Path, wanted: str) -> None:
        """A look at one commune, by code or name, binds nothing and forgets nothing of the rest."""
        before = stamp_files(mine)
        (mine / "out" / "atlas" / "communes" / f"{STEMS['99004']}.pdf").unlink()

        told = call("atlas", mine / "atlas.toml", "--commune", wanted)

        assert told.exit_code == 0, told.output
        assert "communes: 1 (3 pages)" in told.stdout
        assert "volume" not in told.stdout
        assert list_changed(before, stamp_files(mine)) == [f"communes/{STEMS['99004']}.pdf"]
        record = read_record(mine)
        assert list(record["communes"]) == list(COMMUNES)
        assert record["volumes"] == ["volumes/atlas.pdf"]
        assert make(mine).reused == 7
        assert read_atlas(mine) == read_atlas(drawn)

    def test_look_after_a_change(self, small: Path) -> None:
        """The record of what was drawn of other layers is gone; only the sheet of the look is in the new."""
        write_reservoirs(small, 410)
        make(small, "99001", volumes="none")
        record = read_record(small)
        assert list(record["communes"]) == ["99001"]
        assert record["volumes"] == []
        assert (small / "out" / "atlas" / "volumes" / "atlas.pdf").exists(), "a look removes nothing"
        assert make(small).reused == 1

    def test_pictures(self, small: Path) -> None:
        """A picture of each page is drawn when asked for, kept by later runs, drawn again at other sizes."""
        (small / "out" / "atlas" / ".bocage" / "ledger.jsonl").unlink()
        replace_in(small, "[atlas]", '[atlas]\ninsee = ["99001"]')
        make(small, png=True, dpi=40)
        names = [f"{STEMS['99001']}_{key}" for key in ("chiffres", "continuites", "inventaires")] + [
            "grid_A1"
        ]
        pictures = {f"png/{name}.png" for name in names}
        files = read_atlas(small)
        assert {name for name in files if name.startswith("png/")} == pictures
        assert all(files[name].startswith(b"\x89PNG") for name in pictures)

        before = stamp_files(small)
        assert make(small).reused == 2
        assert make(small, png=True, dpi=40).reused == 2
        assert stamp_files(small) == before
        assert make(small, png=True, dpi=50).reused == 0


class TestWhatIsRemoved:
    """Files that are no longer part of the atlas go; those of others stay."""

    def test_communes_that_left(self, mine: Path) -> None:
        """A run for fewer communes removes the sheets of the rest, their volume parts and pictures."""
        atlas = mine / "out" / "atlas"
        (atlas / "communes" / "notes.txt").write_text("à moi")
        (atlas / "communes" / "99009_autre.pdf").write_bytes(b"a moi")
        replace_in(mine, "[atlas]", '[atlas]\ninsee = ["99001", "99002"]')

        make(mine)

        assert sorted(path.name for path in (atlas / "communes").iterdir()) == [
            f"{STEMS['99001']}.pdf", f"{STEMS['99002']}.pdf", "99009_autre.pdf", "notes.txt",
        ]  # fmt: skip
        assert list(read_record(mine)["communes"]) == ["99001", "99002"]

    def test_after_a_kill(self, small: Path) -> None:
        """What was drawn before a change and a kill is known still, and goes with the next whole run."""
        write_reservoirs(small, 410)
        replace_in(small, "[atlas]", '[atlas]\ninsee = ["99001"]')
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(making, "draw_job", stop)
            with pytest.raises(KeyboardInterrupt):
                make(small)
        assert not (small / "out" / "atlas" / "atlas.json").exists(), "it told of other layers"
        assert not (small / "out" / "atlas" / ".bocage" / "content.pickle").exists()

        make(small)
        assert [name for name in stamp_files(small) if name.startswith("communes/")] == [
            f"communes/{STEMS['99001']}.pdf"
        ]

    def test_grouping(self, mine: Path, drawn: Path) -> None:
        """Volumes of another grouping take the place of those before; sheets are not drawn again."""
        for volumes, names in (
            ("epci", ["cc-du-pays-vert-2.pdf", "cc-du-pays-vert.pdf"]),
            ("none", []),
            ("departement", ["atlas.pdf"]),
        ):
            told = call("atlas", mine / "atlas.toml", "--volumes", volumes, "--workers", "1")
            assert told.exit_code == 0, told.output
            assert told.stdout.count("volume:") == len(names)
            folder = mine / "out" / "atlas" / "volumes"
            assert sorted(path.name for path in folder.glob("*")) == names
        files, expected = read_atlas(mine), read_atlas(drawn)
        # They tell the options, and remember volumes that may be asked for again.
        changed = {"atlas.json", ".bocage/volumes.jsonl"}
        assert {name for name in expected if files.get(name) != expected[name]} == changed
        assert files.keys() == expected.keys()

    def test_paths_out_of_the_folder(self, small: Path) -> None:
        """A spoilt list of files leads to nothing outside the folder of the atlas."""
        victim = small / "précieux.txt"
        victim.write_text("x")
        for spoilt in (f'["../../{victim.name}", "{victim.as_posix()}"]', "null", "{", "[1]"):
            (small / "out" / "atlas" / ".bocage" / "files.json").write_text(spoilt, encoding="utf-8")
            make(small)
        assert victim.exists()


def stop(*_: Any) -> dict[str, Any]:
    """Stand for a kill."""
    raise KeyboardInterrupt


class TestFailures:
    """One bad commune costs one sheet; what every sheet would meet stops the run in a sentence."""

    def test_commune_without_outline(self, tmp_path: Path) -> None:
        """It is listed with a sentence, has an empty row of figures, and no volume names it."""
        import pypdf

        path = write_squares(tmp_path, empty=("99005",))

        told = call("atlas", path, "--workers", "1", "--volumes", "epci")

        assert told.exit_code == 2
        assert "communes: 5 (15 pages)" in told.stdout
        assert (
            "bocage: 99005 (Èze): Commune 99005 has no outline in the layer of communes; mend" in told.stderr
        )
        assert told.stderr.splitlines()[-1] == (
            "bocage: 1 could not be drawn, for the reasons above; everything else is there"
        )
        assert "Traceback" not in told.stderr
        files = read_atlas(tmp_path)
        assert f"communes/{STEMS['99005']}.pdf" not in files
        volumes = [data for name, data in files.items() if name.startswith("volumes/")]
        assert len(volumes) == 2
        for data in volumes:
            text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
            assert "99001" in text or "99003" in text
            assert "99005" not in text
        rows = list(csv.DictReader(io.StringIO(files["communes.csv"].decode("utf-8-sig"))))
        row = next(row for row in rows if row["insee"] == "99005")
        assert {value for key, value in row.items() if key not in ("insee", "name")} == {""}
        record = read_record(tmp_path)
        assert [(one["key"], one["what"]) for one in record["failed"]] == [("commune-99005", "99005 (Èze)")]
        assert any("sans géométrie" in one["text"] for one in record["notes"])

    def test_cover_says_what_lacks(self, tmp_path: Path) -> None:
        """The cover of the whole names the communes whose sheets could not be drawn."""
        import pypdf

        call("atlas", write_squares(tmp_path, empty=("99005",)), "--workers", "1", "--volumes", "all")

        volume = read_atlas(tmp_path)["volumes/atlas.pdf"]
        cover = pypdf.PdfReader(io.BytesIO(volume)).pages[0].extract_text()
        assert "Communes non imprimées" in cover and "Èze" in cover

    def test_fault_of_bocage(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A commune that meets a fault is named; where it happened is told to those who ask."""
        path = write_squares(tmp_path, {"99001": "Aubois", "99002": "Bé"})
        draw = workshop.draw_job

        def fail(shop: Any, job: Any) -> Any:
            if job.key == "commune-99002":
                raise KeyError("insee")
            return draw(shop, job)

        monkeypatch.setattr(making, "draw_job", fail)
        plain = call("atlas", path, "--workers", "1")
        debug = call("atlas", path, "--workers", "1", "--debug")

        sentence = "bocage: 99002 (Bé): bocage met a fault of its own (KeyError: 'insee')\n"
        assert (plain.exit_code, debug.exit_code) == (2, 2)
        assert sentence in plain.stderr
        assert "Traceback" not in plain.stderr
        assert 'raise KeyError("insee")' in debug.stderr

    def test_file_that_is_open_elsewhere(self, mine: Path) -> None:
        """A sheet that cannot be replaced costs itself alone; the volume lacks it."""
        sheet = mine / "out" / "atlas" / "communes" / f"{STEMS['99006']}.pdf"
        sheet.unlink()
        # What another program holds open on Windows fails likewise, when it is to be replaced.
        sheet.mkdir()

        told = call("atlas", mine / "atlas.toml", "--workers", "1")

        assert told.exit_code == 2
        assert "99006 (EZE): " in told.stderr
        assert "a folder has that name" in told.stderr
        assert "communes: 5" in told.stdout

    def test_volume_that_fails(self, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One volume of two is lost, and named; the other is bound; the next run mends it."""
        from bocage.atlas import volume

        bind = volume._bind

        def fail(shop: Any, group: Any, done: Any) -> Any:
            if group.key.endswith("-2"):
                raise InputError("the sheet cannot be read")
            return bind(shop, group, done)

        monkeypatch.setattr(volume, "_bind", fail)
        told = call("atlas", mine / "atlas.toml", "--workers", "1", "--volumes", "epci")

        assert told.exit_code == 2
        assert "bocage: volumes/cc-du-pays-vert-2.pdf: the sheet cannot be read" in told.stderr
        assert told.stdout.count("volume:") == 1
        monkeypatch.undo()
        told = call("atlas", mine / "atlas.toml", "--workers", "1", "--volumes", "epci")
        assert (told.exit_code, told.stdout.count("volume:")) == (0, 2)

    def test_disk_full(self, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A disk that is full in the middle is told once, and what was drawn is kept."""
        write_reservoirs(small, 410)
        keep, written = workshop.keep_file, []

        def fill(folder: Path, name: str, data: bytes) -> dict[str, Any]:
            if len(written) == 1:
                with replace_on_success(folder / name):
                    raise OSError(errno.ENOSPC, "No space left on device", name)
            written.append(name)
            return keep(folder, name, data)

        monkeypatch.setattr(workshop, "keep_file", fill)
        told = call("atlas", small / "atlas.toml", "--workers", "1")

        assert told.exit_code == 2
        (said,) = [line for line in told.stderr.splitlines() if line.startswith("bocage:")]
        assert "the disk is full; free some space" in said
        monkeypatch.undo()
        assert make(small).reused == 1

    def test_folder_that_cannot_be_written(self, small: Path, tmp_path: Path) -> None:
        """A file in the place of the folder is told in a sentence, before anything is drawn."""
        taken = tmp_path / "pris"
        taken.write_text("")

        told = call("atlas", small / "atlas.toml", "--output", taken, "--workers", "1")

        assert told.exit_code == 2
        assert "Drawing" not in told.stderr
        assert "choose another output folder" in told.stderr
        assert told.stdout == ""

    def test_two_runs_at_once(self, small: Path) -> None:
        """A second run on the folder is refused, lest one draws what the other prepared."""
        from bocage.atlas.folder import hold_folder

        with (
            hold_folder(small / "out" / "atlas"),
            pytest.raises(OutputError, match="by another bocage atlas"),
        ):
            make(small)
        assert make(small).reused == 3


class TestHardTerritories:
    """Atlas files of unusual kinds."""

    def test_one_commune(self, tmp_path: Path) -> None:
        """A territory of one commune has its volume of one."""
        write_squares(tmp_path, {"99001": "Aubois"})
        result = make(tmp_path)
        assert (result.booklets, len(result.volumes), result.failed) == (1, 1, ())

    def test_no_commune(self, tmp_path: Path) -> None:
        """A condition that no commune meets is told in a sentence."""
        path = write_squares(tmp_path)
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace('layer = "communes"\n', 'layer = "communes"\nwhere = "insee = 0"\n'), "utf-8"
        )
        told = call("atlas", path)
        assert told.exit_code == 2
        assert "bocage: error: " in told.stderr
        assert "fault of its own" not in told.stderr
        assert not (tmp_path / "out").exists()

    def test_unknown_commune(self, mine: Path) -> None:
        """The nearest are named; a name of two communes asks for the code."""
        with pytest.raises(InputError, match=r"the nearest are 99\d{3} \("):
            make(mine, "99000")
        with pytest.raises(InputError, match=r"give 99002 \(Saint-Bé\), 99003 \(Saint-Bé\)"):
            make(mine, "Saint-Bé")
        assert make(mine).reused == 7

    def test_without_intercommunalites(self, tmp_path: Path) -> None:
        """Volumes of groups that nothing tells are an error, not one volume of all."""
        atlas = ATLAS.replace('[atlas.epci]\npath = "layers.gpkg"\nlayer = "epci"\nname = "nom"\n', "")
        write_squares(tmp_path, {"99001": "Aubois"}, atlas=atlas)
        with pytest.raises(StudyError, match=r"add an \[atlas.epci\] table"):
            make(tmp_path, volumes="epci")
        assert not (tmp_path / "out").exists()
