"""What the user sees while a run works: bars on a terminal, plain lines in a log, or nothing.

Stages only know the two protocols; the command line chooses who shows them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichBars
    from rich.progress import TaskID


class Stage(Protocol):
    """A stage under way."""

    def advance(self, steps: int = 1) -> None:
        """Tell that this many more steps are done."""


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


class PlainProgress:
    """Writes a line at the end of each stage: for logs and pipes.

    Parameters
    ----------
    stream : text stream, optional
        Standard error by default, so that results on standard output stay clean.
    verbose : bool
        Also write a line when a stage begins.
    """

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self.stream = stream
        self.verbose = verbose

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Run the stage, then write its name and duration."""
        if self.verbose:
            self.say(f"{name} ...")
        began = time.perf_counter()
        yield _SilentStage()
        self.say(f"{name}: {format_duration(time.perf_counter() - began)}")

    def say(self, message: str) -> None:
        """Write a line."""
        print(message, file=self.stream or sys.stderr, flush=True)


class RichProgress:
    """Draws bars on a terminal; finished stages stay as one line each."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console

        self.console = console or Console(stderr=True, highlight=False)
        self._bars: RichBars | None = None

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Stage]:
        """Draw a bar, or a moving one where the number of steps is unknown; stages may nest."""
        outermost = self._bars is None
        if self._bars is None:
            self._bars = self._new_bars()
            self._bars.start()
        bars = self._bars
        task = bars.add_task(name, total=total)
        began = time.perf_counter()
        finished = False
        try:
            yield _RichStage(bars, task)
            finished = True
        finally:
            bars.remove_task(task)
            if outermost:
                bars.stop()
                self._bars = None
        if finished:
            self.say(f"{name}: {format_duration(time.perf_counter() - began)}")

    def say(self, message: str) -> None:
        """Write a line above the bars."""
        self.console.print(message, markup=False, highlight=False)

    def _new_bars(self) -> RichBars:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )


class _RichStage:
    def __init__(self, bars: RichBars, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def advance(self, steps: int = 1) -> None:
        """Move the bar."""
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
