"""The command line: exit codes, one-sentence errors, and what each command calls."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

import bocage
from bocage.cli import main
from bocage.errors import InputError
from bocage.journal import Journal
from tests.study.territory import write_territory

STUDY = "study.toml"


def compiled_interrupt() -> SystemError:
    """Make what compiled code raises on Ctrl-C."""
    error = SystemError("returned a result with an exception set")
    error.__cause__ = KeyboardInterrupt()
    return error


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of a small study."""
    write_territory(tmp_path)
    return tmp_path


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the run and the sheet by what notes how they were called."""
    calls: list[dict[str, Any]] = []

    def run_study(study: Any, **options: Any) -> SimpleNamespace:
        calls.append({"study": study, **options})
        journal = Journal()
        journal.add("no_communes_no_indicators")
        return SimpleNamespace(output=study.output, journal=journal)

    def print_commune_sheet(study: Any, commune: str, options: Any, **others: Any) -> Path:
        calls.append({"study": study, "commune": commune, "options": options, **others})
        return Path("sheet.pdf")

    replace_module(monkeypatch, "bocage.study.run", run_study=run_study)
    replace_module(monkeypatch, "bocage.atlas.printing", print_commune_sheet=print_commune_sheet)
    return calls


def replace_module(monkeypatch: pytest.MonkeyPatch, name: str, **members: Any) -> None:
    """Put a made-up module in the place of another."""
    import sys

    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


def call(*arguments: str | Path) -> Result:
    """Call the command line as a shell would."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Callable[[], BaseException]) -> None:
    """Make every run raise an error."""

    def run_study(study: Any, **options: Any) -> None:
        raise error()

    replace_module(monkeypatch, "bocage.study.run", run_study=run_study)


def test_version() -> None:
    """The version is that of the package."""
    result = call("--version")

    assert result.output == f"bocage {bocage.__version__}\n"
    assert result.exit_code == 0


def test_help_lists_the_commands() -> None:
    """Help lists the commands in the order one meets them, each in a line."""
    output = call("--help").output

    places = [output.index(f"\n  {name} ") for name in ("demo", "init", "run", "sheet", "atlas", "info")]
    assert places == sorted(places)


@pytest.mark.parametrize("command", ["run", "info"])
def test_missing_study(command: str, tmp_path: Path) -> None:
    """A file that does not exist is one sentence on standard error, exit code 2."""
    result = call(command, tmp_path / "none.toml")

    assert result.exit_code == 2
    assert result.stderr.startswith("bocage: error: there is no file")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


class TestRun:
    """Tests for bocage run."""

    def test_options(self, folder: Path, ran: list[dict[str, Any]]) -> None:
        """Options reach the run; the output folder is printed."""
        out = folder / "autre sortie"
        result = call("run", folder / STUDY, "--output", out, "--fresh", "--threads", "2", "--quiet")

        assert result.exit_code == 0
        assert ran[0]["study"].output == out
        assert (ran[0]["fresh"], ran[0]["threads"]) == (True, 2)
        assert result.output == ""

    def test_output_is_printed(self, folder: Path, ran: list[dict[str, Any]]) -> None:
        """Standard output holds the folder of the outputs and nothing else; warnings go beside it."""
        result = call("run", folder / STUDY)

        assert result.stdout == f"{folder / 'out'}\n"
        assert result.stderr.startswith("! Couche des communes non fournie")

    @pytest.mark.parametrize(
        ("error", "code", "sentence"),
        [
            (lambda: InputError("roads: no such layer"), 2, "bocage: error: roads: no such layer\n"),
            (lambda: MemoryError(), 2, "bocage: error: the memory is full; set a larger cell_size"),
            (
                lambda: OSError(errno.ENOSPC, "No space left on device", "/out/a.tif"),
                2,
                "bocage: error: the disk is full where '/out/a.tif' is written; free some space",
            ),
            (
                lambda: PermissionError(errno.EACCES, "Permission denied", "/out/a.tif"),
                2,
                "bocage: error: '/out/a.tif' cannot be read or written; close the programs",
            ),
            (
                lambda: KeyError("grid"),
                1,
                "bocage: error: bocage met a fault of its own (KeyError: 'grid'); run the command again with",
            ),
            (
                lambda: KeyboardInterrupt(),
                130,
                "bocage: interrupted; run the same command again to continue\n",
            ),
            (
                lambda: compiled_interrupt(),
                130,
                "bocage: interrupted; run the same command again to continue\n",
            ),
        ],
    )
    def test_errors(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        error: Callable[[], BaseException],
        code: int,
        sentence: str,
    ) -> None:
        """Each kind of error is one sentence, without a traceback, with its exit code."""
        fail_with(monkeypatch, error)

        result = call("run", folder / STUDY)

        assert result.exit_code == code
        assert result.stderr.startswith(sentence)
        assert "Traceback" not in result.output

    @pytest.mark.parametrize("before", [True, False])
    def test_debug(self, folder: Path, monkeypatch: pytest.MonkeyPatch, before: bool) -> None:
        """With --debug, before or after the command, the error comes with its traceback."""
        fail_with(monkeypatch, lambda: InputError("roads"))
        arguments = ["--debug", "run"] if before else ["run", "--debug"]

        result = call(*arguments, folder / STUDY)

        assert isinstance(result.exception, InputError)

    def test_several_mistakes(self, folder: Path) -> None:
        """Several mistakes of the study file are listed with their lines."""
        path = folder / STUDY
        path.write_text(
            path.read_text(encoding="utf-8")
            .replace("cell_size", "cellsize")
            .replace("min_patch_ha", "min_patch"),
            encoding="utf-8",
        )

        result = call("run", path)

        assert result.exit_code == 2
        assert result.stderr.startswith("bocage: error: study.toml has 2 problems:\n  line 7: ")


class TestSheet:
    """Tests for bocage sheet."""

    def test_options(self, folder: Path, ran: list[dict[str, Any]]) -> None:
        """Options reach the sheet; its file is printed."""
        result = call(
            "sheet", folder / STUDY, "--commune", "01004", "--format", "A3", "--png", "--only", "eau"
        )

        assert result.stdout == "sheet.pdf\n"
        assert ran[0]["commune"] == "01004"
        assert ran[0]["only"] == "eau"
        options = ran[0]["options"]
        assert (options.sheet_format, options.png) == ("a3", True)
        # What is not said comes from the study.
        assert (options.orientation, options.language) == ("auto", "fr")

    def test_commune_is_needed(self, folder: Path) -> None:
        """Without a commune, click says what is missing, exit code 2."""
        result = call("sheet", folder / STUDY)

        assert result.exit_code == 2
        assert "--commune" in result.stderr


class TestAtlas:
    """Tests for bocage atlas."""

    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        """Replace the making by what notes how it was called, and fails for one commune."""
        calls: list[dict[str, Any]] = []

        def make_atlas(study: Any, options: Any, **others: Any) -> SimpleNamespace:
            calls.append({"study": study, "options": options, **others})
            journal = Journal()
            journal.add("no_communes_no_indicators")
            journal.add("geometry_repaired", layer="communes", count=1)
            journal.add("atlas_network_official")
            failed = [
                SimpleNamespace(title="01005 (Val-d'Été)", reason="no outline", trace="Traceback: here")
            ]
            return SimpleNamespace(
                folder=Path("atlas"),
                booklets=1,
                pages=3,
                reused=0,
                volumes=(Path("atlas/volumes/oise.pdf"),),
                failed=failed if "fail" in others["communes"] else [],
                journal=journal,
            )

        replace_module(monkeypatch, "bocage.atlas.making", make_atlas=make_atlas)
        return calls

    def test_options(self, folder: Path, made: list[dict[str, Any]]) -> None:
        """Options reach the making; what is not said comes from the study, and all communes are drawn."""
        out = folder / "autre sortie"
        words = ["--format", "A3", "--png", "--dpi", "50", "--workers", "3", "--fresh", "--output", out]
        result = call("atlas", folder / STUDY, *words)

        assert result.exit_code == 0
        told = made[0]
        assert (told["communes"], told["output"], told["workers"], told["fresh"]) == ((), out, 3, True)
        options = told["options"]
        assert (options.sheet_format, options.png, options.dpi) == ("a3", True, 50.0)
        assert (options.orientation, options.language, options.volumes) == ("auto", "fr", "departement")

    def test_some_communes(self, folder: Path, made: list[dict[str, Any]]) -> None:
        """A look at some communes binds no volume, unless one is asked for."""
        call("atlas", folder / STUDY, "--commune", "01004", "--commune", "Val-d'Été")
        call("atlas", folder / STUDY, "--commune", "01004", "--volumes", "all")

        assert made[0]["communes"] == ("01004", "Val-d'Été")
        assert [one["options"].volumes for one in made] == ["none", "all"]

    def test_words(self, folder: Path, made: list[dict[str, Any]]) -> None:
        """What was made goes to standard output, warnings and repairs beside it; all notes when asked."""
        result = call("atlas", folder / STUDY)

        assert result.exit_code == 0
        assert result.stdout.splitlines() == [
            f"communes: 1 (3 pages) in {Path('atlas/communes')}",
            f"volume:   {Path('atlas/volumes/oise.pdf')}",
            f"figures:  {Path('atlas/communes.csv')}",
        ]
        assert result.stderr.count("\n") == 2
        assert result.stderr.startswith("! Couche des communes non fournie")
        assert call("atlas", folder / STUDY, "--verbose").stderr.count("! ") == 3
        assert call("atlas", folder / STUDY, "--language", "en").stderr.startswith("! ")
        assert "fournie" not in call("atlas", folder / STUDY, "--language", "en").stderr

    def test_failures(self, folder: Path, made: list[dict[str, Any]]) -> None:
        """What could not be drawn is listed even when quiet, exit code 2; where, only for those who ask."""
        quiet = call("atlas", folder / STUDY, "--quiet", "--commune", "fail")

        assert (quiet.exit_code, quiet.stdout) == (2, "")
        assert "bocage: 01005 (Val-d'Été): no outline\n" in quiet.stderr
        assert quiet.stderr.endswith(
            "1 could not be drawn, for the reasons above; everything else is there\n"
        )
        assert "Traceback" not in quiet.stderr
        debug = call("atlas", folder / STUDY, "--commune", "fail", "--debug")
        assert debug.exit_code == 2
        assert "Traceback: here" in debug.stderr

    def test_help(self) -> None:
        """Help tells every option and what the exit code means."""
        output = call("atlas", "--help").output

        for option in ("commune", "format", "orientation", "volumes", "language", "output", "png", "dpi"):
            assert f"--{option}" in output
        assert "Exit code 2 when something could not be drawn" in " ".join(output.split())
        assert "--workers" in output
        assert "--fresh" in output

    @pytest.mark.parametrize("words", [["--volumes", "x"], ["--dpi", "5"], ["--workers", "0"]])
    def test_bad_options(self, folder: Path, made: list[dict[str, Any]], words: list[str]) -> None:
        """Options that cannot be are refused before anything is read."""
        assert call("atlas", folder / STUDY, *words).exit_code == 2
        assert made == []


class TestDemo:
    """Tests for bocage demo."""

    def test_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran: list[dict[str, Any]]) -> None:
        """The demo writes the territory, runs it, draws a sheet, and prints what to type next."""

        def write(folder: Path) -> Path:
            folder.mkdir()
            write_territory(folder)
            return folder / STUDY

        replace_module(monkeypatch, "bocage.demo", write_territory=write)

        result = call("demo", tmp_path / "essai")

        assert result.exit_code == 0
        assert [step.get("commune") for step in ran] == [None, "01004"]
        assert "sheet:   sheet.pdf" in result.stdout
        assert f"bocage info {tmp_path / 'essai' / STUDY}" in result.stdout

        ran.clear()
        result = call("demo", tmp_path / "autre", "--no-sheet")
        assert len(ran) == 1

    def test_keeps_a_study(self, folder: Path, ran: list[dict[str, Any]]) -> None:
        """A study that is there is run as it is, never replaced."""
        before = (folder / STUDY).read_bytes()

        assert call("demo", folder, "--no-sheet").exit_code == 0
        assert (folder / STUDY).read_bytes() == before
        assert ran[0]["study"].name == "Essai"

    def test_folder_of_others(self, folder: Path, ran: list[dict[str, Any]]) -> None:
        """A folder of other files is left alone."""
        (folder / STUDY).unlink()

        result = call("demo", folder)

        assert result.exit_code == 2
        assert "holds other files (clc.tif, ...); give the demo a folder of its own" in result.stderr
        assert ran == []


class TestInitAndInfo:
    """Tests for bocage init and bocage info."""

    def test_init(self, folder: Path) -> None:
        """Init never overwrites a study unless forced, and says the next command."""
        result = call("init", folder)
        assert result.exit_code == 2
        assert "exists and is left as it is" in result.stderr

        result = call("init", folder, "--force")
        assert result.exit_code == 0
        assert f"Next: bocage info {folder / STUDY}" in result.stdout
        assert call("info", folder / STUDY).exit_code == 0

    def test_info_of_a_layer(self, folder: Path) -> None:
        """Info sums up any layer."""
        result = call("info", folder / "layers.gpkg", "--language", "en")

        assert "2 object(s), polygons, EPSG:2154" in result.stdout
