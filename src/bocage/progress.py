"""What the user sees while a run works: bars on a terminal, plain lines in a log, or nothing.

Stages only know the two protocols; the command line chooses who shows them.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichBars
    from rich.progress import TaskID

_WINDOW_S = 60.0
"""The rate of a stage is that of this last while [s]: long enough to smooth, short enough to follow."""
_SETTLING_S = 3.0
"""A rate is not told before [s]: processes start, caches fill."""
_QUIET_S = 10.0
"""A log gets no two lines of one stage within this time [s], and none from a shorter stage."""
_PATIENCE_S = 30.0
"""A log gets a line at least this often [s] while steps are done."""


class Stage(Protocol):
    """A stage under way."""

    def advance(self, steps: int = 1) -> None:
        """Tell that this many more steps are done."""

    def skip(self, steps: int) -> None:
        """Tell that this many steps were done by an earlier run: they say nothing of the pace."""


class Progress(Protocol):
    """Shows the stages of a run.

    >>> with SilentProgress().stage("corridors", total=2) as stage:
    ...     stage.advance()
    """

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Stage]:
        """Show a stage while its block runs; ``total`` is its number of steps, if known."""

    def say(self, message: str) -> None:
        """Show one line that stays."""


class SilentProgress:
    """Shows nothing: ``--quiet``, tests and use from Python."""

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Run the stage unseen."""
        yield _SilentStage()

    def say(self, message: str) -> None:
        """Say nothing."""


class _SilentStage:
    def advance(self, steps: int = 1) -> None:
        """Show nothing."""

    def skip(self, steps: int) -> None:
        """Show nothing."""


class Pace:
    """How fast a stage goes, and the time it has left.

    Parameters
    ----------
    total : int
        Number of steps of the stage.
    clock : callable
        Gives a time [s] that only grows.

    Examples
    --------
    Sixty steps were done by an earlier run; this one needs 2 s a step:

    >>> now = 0.0
    >>> pace = Pace(100, lambda: now)
    >>> pace.skip(60)
    >>> now = 20.0
    >>> pace.advance(10)
    >>> pace.done, pace.estimate_left()
    (70, 60.0)
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.total = total
        self.done = 0
        self._clock = clock
        self._worked = 0
        # Times and the steps worked until then, the oldest still counted first; never empty.
        self._marks = deque([(clock(), 0)])

    def advance(self, steps: int = 1) -> None:
        """Count steps done now."""
        now = self._clock()
        self.done += steps
        self._worked += steps
        while len(self._marks) > 1 and self._marks[1][0] <= now - _WINDOW_S:
            self._marks.popleft()
        if now - self._marks[-1][0] >= 1:
            self._marks.append((now, self._worked))

    def skip(self, steps: int) -> None:
        """Count steps done by an earlier run."""
        self.done += steps
        if not self._worked:
            # Finding out what was done took time that the steps to come will not take.
            self._marks[0] = (self._clock(), 0)

    def estimate_left(self) -> float | None:
        """Estimate the time left [s] from the steps of the last minute; None while it is too early."""
        began, before = self._marks[0]
        elapsed, steps = self._clock() - began, self._worked - before
        if steps <= 0 or elapsed < _SETTLING_S:
            return None
        return max(self.total - self.done, 0) * elapsed / steps


class PlainProgress:
    """Writes a line at the end of each stage, and a few on the way of a long one: for logs and pipes.

    Parameters
    ----------
    stream : text stream, optional
        Standard error by default, so that results on standard output stay clean.
    verbose : bool
        Also write a line when a stage begins.
    clock : callable
        Gives a time [s] that only grows.
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        verbose: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.stream = stream
        self.verbose = verbose
        self.clock = clock

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Run the stage, then write its name and duration.

        On the way of one whose number of steps is known, how many are done and the time left: after
        10 s, at every quarter and every half minute, never twice within 10 s.
        """
        if self.verbose:
            self.say(f"{name} ...")
        began = self.clock()
        yield _SilentStage() if total is None else _PlainStage(self, name, Pace(total, self.clock))
        self.say(f"{name}: {format_duration(self.clock() - began)}")

    def say(self, message: str) -> None:
        """Write a line."""
        print(message, file=self.stream or sys.stderr, flush=True)


class _PlainStage:
    def __init__(self, progress: PlainProgress, name: str, pace: Pace) -> None:
        self._progress = progress
        self._name = name
        self._pace = pace
        self._told_at = progress.clock()
        self._told_quarter: int | None = None

    def advance(self, steps: int = 1) -> None:
        """Write a line when it is time to."""
        self._pace.advance(steps)
        done, total = self._pace.done, self._pace.total
        waited = self._progress.clock() - self._told_at
        if waited < _QUIET_S or done >= total:
            return
        quarter = 4 * done // total
        if quarter == self._told_quarter and waited < _PATIENCE_S:
            return
        left = self._pace.estimate_left()
        told = "" if left is None else f", {format_time_left(left)}"
        self._progress.say(f"{self._name}: {done} of {total}{told}")
        self._told_at, self._told_quarter = self._progress.clock(), quarter

    def skip(self, steps: int) -> None:
        """Count, and write nothing."""
        self._pace.skip(steps)


class RichProgress:
    """Draws bars on a terminal, with the time left; finished stages stay as one line each.

    Parameters
    ----------
    console : rich Console, optional
        Standard error by default.
    clock : callable
        Gives a time [s] that only grows.
    """

    def __init__(
        self, console: Console | None = None, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        from rich.console import Console

        self.console = console or Console(stderr=True, highlight=False)
        self.clock = clock
        self._bars: RichBars | None = None

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Draw a bar, or a moving one where the number of steps is unknown; stages may nest."""
        outermost = self._bars is None
        if self._bars is None:
            self._bars = self._new_bars()
            self._bars.start()
        bars = self._bars
        pace = None if total is None else Pace(total, self.clock)
        task = bars.add_task(name, total=total, pace=pace)
        began = self.clock()
        finished = False
        try:
            yield _RichStage(bars, task, pace)
            finished = True
        finally:
            bars.remove_task(task)
            if outermost:
                bars.stop()
                self._bars = None
        if finished:
            self.say(f"{name}: {format_duration(self.clock() - began)}")

    def say(self, message: str) -> None:
        """Write a line above the bars."""
        self.console.print(message, markup=False, highlight=False)

    def _new_bars(self) -> RichBars:
        from rich.progress import (
            BarColumn,
            Progress,
            ProgressColumn,
            Task,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.text import Text

        class TimeLeftColumn(ProgressColumn):
            """Ours, since rich's own takes what an earlier run did for speed."""

            def render(self, task: Task) -> Text:
                pace: Pace | None = task.fields.get("pace")
                left = None if pace is None else pace.estimate_left()
                return Text("" if left is None else format_time_left(left), style="progress.remaining")

        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeLeftColumn(),
            console=self.console,
            transient=True,
            get_time=self.clock,
        )


class _RichStage:
    def __init__(self, bars: RichBars, task: TaskID, pace: Pace | None) -> None:
        self._bars = bars
        self._task = task
        self._pace = pace

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
        if self._pace is not None:
            self._pace.advance(steps)
        self._bars.advance(self._task, steps)

    def skip(self, steps: int) -> None:
        """Move the bar, whose pace stays as it was."""
        if self._pace is not None:
            self._pace.skip(steps)
        self._bars.advance(self._task, steps)


def choose_progress(mode: Literal["auto", "quiet", "verbose"] = "auto") -> Progress:
    """Choose bars on a terminal, plain lines elsewhere, nothing when quiet."""
    if mode == "quiet":
        return SilentProgress()
    if sys.stderr.isatty():
        return RichProgress()
    return PlainProgress(verbose=mode == "verbose")


def format_duration(seconds: float) -> str:
    """Write a duration as people say it.

    >>> format_duration(0.26), format_duration(75), format_duration(7325)
    ('0.3 s', '1 min 15 s', '2 h 02 min')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def format_time_left(seconds: float) -> str:
    """Write the time a stage has left, no more exactly than it is known.

    >>> [format_time_left(seconds) for seconds in (4, 42, 170, 7900)]
    ['a few seconds left', 'about 40 s left', 'about 3 min left', 'about 2 h 10 min left']
    """
    if seconds < 10:
        return "a few seconds left"
    if seconds < 55:
        return f"about {round(seconds, -1):.0f} s left"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min left"
    tens = round(seconds / 600)
    return f"about {tens // 6} h {tens % 6 * 10:02d} min left"
