"""The crew, seen from the process that called: hired, given jobs, replaced, and let go."""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_context, resource_tracker
from typing import TYPE_CHECKING, Any

from bocage.atlas.batch.jobs import Answers, Job, Lost, Stop, give_up
from bocage.atlas.batch.worker import Ready, serve
from bocage.errors import ResourceError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

_ONE_THREAD = dict.fromkeys(
    (
        "GDAL_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
_MOST_ON_WINDOWS = 30
"""Windows waits for 63 things at once, and each process is two."""
_DEATHS_IN_A_ROW = 8
"""So many jobs killed with none drawn between them: the machine fails, not the jobs."""
_FAILED_STARTS = 2
_LAST_WORDS_S = 5.0
"""What a process has to end by itself [s] before it is made to."""


@dataclass(eq=False)
class _Worker:
    """A process, and what it is at."""

    process: SpawnProcess
    pipe: Connection
    job: Job | None = None
    ready: bool = False
    leaving: bool = False
    drawn: int = 0

    @property
    def idle(self) -> bool:
        return self.ready and self.job is None and not self.leaving

    def give(self, job: Job) -> None:
        self.job = job
        # A process that is gone is met when its pipe is read.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send(job)

    def dismiss(self) -> None:
        self.leaving = True
        with suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send(None)

    def hear(self) -> Any:
        """Give what the process said, or None when it is gone."""
        try:
            return self.pipe.recv() if self.pipe.poll() else None
        except (EOFError, OSError):
            return None

    def end(self) -> int:
        """Wait until the process is gone, make it go if need be, and give its exit code."""
        self.process.join(_LAST_WORDS_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        code = self.process.exitcode or 0
        self.pipe.close()
        self.process.close()
        return code


@dataclass
class Crew:
    """The processes that draw."""

    prepare: Callable[[Any], Any]
    context: Any
    draw: Callable[[Any, Job], Mapping[str, Any]]
    recycle: int
    workers: list[_Worker] = field(default_factory=list)
    failed_starts: int = 0

    def draw_all(self, todo: Sequence[Job], size: int) -> Answers:
        """Draw with ``size`` processes; then, one at a time, the jobs whose process was lost."""
        if sys.platform == "win32":
            size = min(size, _MOST_ON_WINDOWS)
        try:
            lost = []
            for job, answer in self._draw(todo, size, patience=_DEATHS_IN_A_ROW):
                if isinstance(answer, Lost):
                    lost.append(job)
                else:
                    yield job, answer
            places = {job.key: place for place, job in enumerate(todo)}
            lost.sort(key=lambda job: places[job.key])
            for job, answer in self._draw(lost, 1, patience=len(lost)):
                yield job, give_up(job, answer)
        finally:
            self._stop()

    def _draw(self, todo: Sequence[Job], size: int, *, patience: int) -> Answers:
        queue = deque(todo)
        deaths = 0
        while queue or any(worker.job for worker in self.workers):
            busy = sum(worker.job is not None for worker in self.workers)
            # Those who leave still count: their memory is not free yet.
            while len(self.workers) < min(size, busy + len(queue)):
                self.workers.append(self._hire())
            for worker in self.workers:
                if worker.idle and queue:
                    worker.give(queue.popleft())
            for worker in self._wait():
                said, job = worker.hear() or self._bury(worker), worker.job
                if isinstance(said, Stop):
                    raise said.error
                if isinstance(said, Ready):
                    worker.ready, self.failed_starts = True, 0
                if job is None or said is None:
                    continue
                worker.job = None
                worker.drawn += 1
                deaths = deaths + 1 if isinstance(said, Lost) else 0
                if deaths > patience:
                    raise _explain_deaths(deaths, said)
                if not worker.leaving and (worker.drawn >= self.recycle or isinstance(said, Lost)):
                    worker.dismiss()
                yield job, said
        for worker in self.workers:
            # One that is still loading is not waited for.
            worker.dismiss() if worker.ready else worker.process.terminate()
        while self.workers:
            self.workers.pop().end()

    def _bury(self, worker: _Worker) -> Lost | None:
        """Let go of a process that is gone; say how it went, if it took a job with it."""
        self.workers.remove(worker)
        worker.leaving = True
        code = worker.end()
        if not worker.ready:
            self.failed_starts += 1
            if self.failed_starts >= _FAILED_STARTS:
                raise _explain_start(code)
        return _explain_death(code) if worker.job else None

    def _wait(self) -> list[_Worker]:
        """Wait until a process says something or is gone, and give those."""
        signs = [sign for worker in self.workers for sign in (worker.pipe, worker.process.sentinel)]
        seen = set(connection.wait(signs))
        return [worker for worker in self.workers if seen & {worker.pipe, worker.process.sentinel}]

    def _hire(self) -> _Worker:
        ours, theirs = get_context("spawn").Pipe()
        process = get_context("spawn").Process(
            target=serve, args=(theirs, self.prepare, self.context, self.draw), daemon=True
        )
        with _one_thread(), _without_interrupts():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _stop(self) -> None:
        """Stop at once all who are left."""
        for worker in self.workers:
            worker.process.terminate()
        while self.workers:
            self.workers.pop().end()


def _explain_death(code: int) -> Lost:
    if code == -getattr(signal, "SIGKILL", 9):
        cause = "by the system, as it does when the memory is full; close other programs or use fewer workers"
    elif code < 0:
        with suppress(ValueError):
            return Lost(f"the drawing process was killed by {signal.Signals(-code).name}, twice; report it")
        cause = f"by signal {-code}, twice; report it"
    else:
        cause = f"with exit code {code}, twice; report it"
    return Lost(f"the drawing process was killed {cause}")


def _explain_deaths(count: int, last: Any) -> ResourceError:
    return ResourceError(
        f"{count} jobs were lost one after the other and none was drawn between them ({last.reason}); "
        "run the same command again to continue, with fewer workers"
    )


def _explain_start(code: int) -> ResourceError:
    return ResourceError(
        f"the drawing processes end before they have drawn anything (exit code {code}); the memory may be "
        "full: close other programs, and run the same command again with one worker to see why"
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep the numeric libraries of a process to one thread: there is a process for each core."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep Ctrl-C waiting while a process starts, which inherits this until it can ignore it itself."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Started with the first process otherwise, and that lets interrupts in again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
