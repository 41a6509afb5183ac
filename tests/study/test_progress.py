"""What the user sees while a run works."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from rich.console import Console

from bocage.progress import Pace, PlainProgress, Progress, RichProgress, SilentProgress, choose_progress


class Clock:
    """A clock that tests wind by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Give the time [s]."""
        return self.now


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


def draw(progress: Progress, clock: Clock, *, total: int, seconds: float, skipped: int = 0) -> None:
    """Run a stage whose every step takes ``seconds`` by the clock."""
    with progress.stage("Drawing sheets", total=total) as stage:
        if skipped:
            clock.now += 7.0
            stage.skip(skipped)
        for _ in range(total - skipped):
            clock.now += seconds
            stage.advance()


def test_log_tells_time_left() -> None:
    """100 steps of 1 s: a line after 10 s, then at each quarter and half minute, exact at a steady pace."""
    clock, stream = Clock(), io.StringIO()

    draw(PlainProgress(stream, clock=clock), clock, total=100, seconds=1.0)

    assert stream.getvalue().splitlines() == [
        "Drawing sheets: 10 of 100, about 2 min left",
        "Drawing sheets: 25 of 100, about 1 min left",
        "Drawing sheets: 50 of 100, about 50 s left",
        "Drawing sheets: 75 of 100, about 20 s left",
        "Drawing sheets: 1 min 40 s",
    ]


def test_log_of_a_long_stage_stays_short() -> None:
    """25 minutes of sheets make some fifty lines, none within 10 s of the one before."""
    clock, stream = Clock(), io.StringIO()

    draw(PlainProgress(stream, clock=clock), clock, total=1500, seconds=1.0)

    lines = stream.getvalue().splitlines()
    assert 45 <= len(lines) <= 60
    assert "Drawing sheets: 380 of 1500, about 19 min left" in lines
    done = [int(line.split()[2]) for line in lines[:-1]]
    assert min(after - before for before, after in pairwise(done)) >= 10


def test_log_of_a_short_stage_is_one_line() -> None:
    """A stage of less than 10 s says only that it is done, and so does one that ends with a long step."""
    clock, stream = Clock(), io.StringIO()
    progress = PlainProgress(stream, clock=clock)

    draw(progress, clock, total=9, seconds=1.0)
    draw(progress, clock, total=1, seconds=50.0)

    assert stream.getvalue() == "Drawing sheets: 9.0 s\nDrawing sheets: 50.0 s\n"


def test_steps_of_an_earlier_run_do_not_hasten() -> None:
    """600 of 679 sheets were there: the time left is that of the 79 at their own pace, 2 s each."""
    clock, stream = Clock(), io.StringIO()

    draw(PlainProgress(stream, clock=clock), clock, total=679, seconds=2.0, skipped=600)

    # 10 s after the stage began, two steps are done, 77 sheets of 2 s are left.
    assert stream.getvalue().splitlines()[0] == "Drawing sheets: 602 of 679, about 3 min left"


def test_pace_follows_the_last_minute() -> None:
    """After steps of 1 s come steps of 10 s: a minute later only these count."""
    clock = Clock()
    pace = Pace(200, clock)
    assert pace.estimate_left() is None
    for _ in range(100):
        clock.now += 1.0
        pace.advance()
    assert pace.estimate_left() == pytest.approx(100.0)

    for _ in range(7):
        clock.now += 10.0
        pace.advance()

    assert pace.estimate_left() == pytest.approx(93 * 10.0)


def test_pace_of_steps_longer_than_its_window() -> None:
    """Steps of 3 minutes still give a time: the last one is always counted."""
    clock = Clock()
    pace = Pace(10, clock)
    for _ in range(4):
        clock.now += 180.0
        pace.advance()

    assert pace.estimate_left() == pytest.approx(6 * 180.0)


def test_terminal_tells_time_left_of_a_known_total() -> None:
    """A bar with a number of steps says the time left; one without says none."""
    clock, stream = Clock(), io.StringIO()
    progress = RichProgress(Console(file=stream, force_terminal=True, width=100), clock=clock)
    with progress.stage("Drawing sheets", total=100) as stage:
        stage.skip(40)
        for _ in range(10):
            clock.now += 4.0
            stage.advance()
        assert progress._bars is not None
        progress._bars.refresh()
    assert "50%" in stream.getvalue()
    assert "about 3 min left" in stream.getvalue()

    stream.truncate(0)
    with progress.stage("Fusing") as stage:
        for _ in range(10):
            clock.now += 4.0
            stage.advance()
        progress._bars.refresh()
    assert "left" not in stream.getvalue()


def test_silence_stays_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is shown when quiet, however long the stage."""
    draw(SilentProgress(), Clock(), total=100, seconds=10.0, skipped=5)

    assert capsys.readouterr() == ("", "")
