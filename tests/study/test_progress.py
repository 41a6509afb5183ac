"""What the user sees while a run works."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bocage.progress import PlainProgress, Progress, RichProgress, SilentProgress, choose_progress


def work(progress: Progress) -> None:
    """Run two stages, one inside the other."""
    with progress.stage("corridors", total=2) as stage:
        stage.advance()
        with progress.stage("links [1]"):
            progress.say("one [bold] line")
        stage.advance()


def test_plain() -> None:
    """A log gets one line a stage when it ends, and a second one when verbose."""
    stream = io.StringIO()
    work(PlainProgress(stream))
    lines = stream.getvalue().split("\n")

    assert lines[0] == "one [bold] line"
    assert lines[1].startswith("links [1]: 0.")
    assert lines[2].startswith("corridors: 0.")

    verbose = io.StringIO()
    work(PlainProgress(verbose, verbose=True))
    assert verbose.getvalue().startswith("corridors ...\nlinks [1] ...\n")


def test_rich() -> None:
    """Bars leave one line a stage; square brackets in names are not markup."""
    stream = io.StringIO()
    work(RichProgress(Console(file=stream, force_terminal=True, width=100)))

    told = stream.getvalue()
    assert "one [bold] line" in told
    assert "links [1]: 0." in told
    assert "corridors: 0." in told


@pytest.mark.parametrize("make", [SilentProgress, lambda: PlainProgress(io.StringIO())])
def test_errors_pass(make: object) -> None:
    """An error inside a stage is not held back, and the stage is not said to be done."""
    progress = make()  # type: ignore[operator]

    with pytest.raises(KeyError), progress.stage("corridors"):
        raise KeyError

    assert not getattr(getattr(progress, "stream", None), "getvalue", str)()


def test_rich_stops_its_bars() -> None:
    """An error or an interruption gives the terminal back, and another stage may follow."""
    stream = io.StringIO()
    progress = RichProgress(Console(file=stream, force_terminal=True))

    with pytest.raises(KeyboardInterrupt), progress.stage("corridors"):
        raise KeyboardInterrupt
    with progress.stage("report"):
        pass

    assert "report: 0." in stream.getvalue()
    assert "corridors: " not in stream.getvalue()


def test_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars only on a terminal, nothing when quiet."""
    assert isinstance(choose_progress("quiet"), SilentProgress)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert isinstance(choose_progress(), PlainProgress)
