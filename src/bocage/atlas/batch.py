"""Draw many sheets on all cores: a job that fails costs only itself, and a killed batch goes on.

The processes are our own, over ``multiprocessing`` and a pipe each, since what the standard pools do when
a process dies is what an atlas cannot have: ``ProcessPoolExecutor`` breaks as a whole and forgets all that
waits, ``multiprocessing.Pool`` waits for ever. Here a process has one job at a time, so the job that
killed it is known, is tried once more with no other beside it, and the others go on. A trivial job
costs a fraction of a millisecond this way, nothing beside a sheet.

They are started afresh (``spawn``), which is safe with the threads of typst and GDAL and the same on all
systems, and replaced after some jobs, since what typst keeps of each page is never given back.

Only the process that called writes the ledger of what is done; nothing depends on who ends first.
"""

from __future__ import annotations

import errno
import json
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_context, parent_process, resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from bocage.errors import BocageError, OutputError, ResourceError
from bocage.io.files import explain_failure, output_errors, replace_on_success
from bocage.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

State = TypeVar("State")

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
_DISK_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_DEATHS_IN_A_ROW = 8
"""So many jobs killed with none drawn between them: the machine fails, not the jobs."""
_FAILED_STARTS = 2
_LAST_WORDS_S = 5.0
"""What a process has to end by itself [s] before it is made to."""
_SYNC_S = 5.0
"""How long the ledger may stay in the memory of the system [s]: a power cut costs no more."""


@dataclass(frozen=True)
class Job:
    """One thing to draw.

    Attributes
    ----------
    key : str
        Unique in the batch, and fit for a file name: an INSEE code.
    title : str
        What messages call it.
    payload : object
        What ``draw`` needs besides the state; sent to another process, so small and fit for pickle.
    depends : str
        What this job alone depends on, as a hash; when it changes only this job is drawn again.
    """

    key: str
    title: str
    payload: Any = None
    depends: str = ""


@dataclass(frozen=True)
class Done:
    """A job that was drawn; the result is as JSON gives it back."""

    key: str
    result: Any


@dataclass(frozen=True)
class Failed:
    """A job that could not be drawn.

    Attributes
    ----------
    key, title : str
        Of the job.
    reason : str
        One sentence.
    trace : str
        Where it failed in the code, when the fault is bocage's own; for ``--debug``.
    """

    key: str
    title: str
    reason: str
    trace: str = ""


@dataclass(frozen=True)
class BatchResult:
    """What came of a batch: results by key and failures, both in the order of the jobs.

    ``reused`` counts the results that an earlier run left.
    """

    done: Mapping[str, Any]
    failed: tuple[Failed, ...]
    reused: int


@dataclass(frozen=True)
class _Stop:
    """Says that every other job would fail like this one."""

    error: Exception


@dataclass(frozen=True)
class _Lost:
    """Says that a job had its process killed or filled the memory: perhaps its neighbour's fault."""

    reason: str


_Answer = Done | Failed | _Lost
_Answers = Generator[tuple[Job, _Answer], None, None]


def run_batch(
    jobs: Sequence[Job],
    *,
    prepare: Callable[[Any], State],
    context: Any,
    draw: Callable[[State, Job], Mapping[str, Any]],
    ledger: Path,
    fingerprint: str,
    verify: Callable[[Mapping[str, Any]], bool],
    workers: int | None = None,
    progress: Progress | None = None,
    stage_name: str = "Drawing sheets",
    recycle: int = 48,
) -> BatchResult:
    """Draw all jobs, those that an earlier run of the same batch drew excepted.

    Parameters
    ----------
    jobs : sequence of Job
        Handed out in this order.
    prepare : callable
        Makes of ``context``, once a process, the state that all jobs share; a function of a module.
    context : object
        Sent to every process, so small: the path of a file that ``prepare`` reads.
    draw : callable
        Draws one job and gives what to remember of it, as JSON can hold it; a function of a module.
        It must leave no half of a file when it is stopped.
    ledger : Path
        File of the jobs done, a line of JSON each. It remembers also jobs of the same fingerprint that
        are not asked for now.
    fingerprint : str
        Hash of all that every job depends on; what was drawn under another is drawn again.
    verify : callable
        Says whether a remembered result still holds: its files are there, as they were written.
    workers : int, optional
        Processes; as many as there are cores for this program by default. With 1, all is drawn in
        this process: fit for a debugger, but memory grows with the jobs and a crash ends it all.
    progress : Progress, optional
    stage_name : str
        What the progress calls the batch.
    recycle : int
        A process is replaced after this many jobs.

    Returns
    -------
    BatchResult
        The same whatever the number of processes and the order in which they end.

    Raises
    ------
    OutputError
        The disk is full or read-only, which every job would meet.
    ResourceError
        The processes cannot start, or are killed one after the other.
    KeyboardInterrupt
        After the processes are stopped. Whatever is raised, the ledger keeps what was done.
    """
    order = {job.key: place for place, job in enumerate(jobs)}
    if len(order) < len(jobs):
        raise ValueError("two jobs have the same key")
    with _Ledger(ledger, fingerprint) as memory:
        done = memory.recall(jobs, verify)
        memory.open()
        todo = [job for job in jobs if job.key not in done]
        reused = len(done)
        failed: list[Failed] = []
        with (progress or SilentProgress()).stage(stage_name, total=len(jobs)) as stage:
            if reused:
                stage.skip(reused)
            if workers == 1:
                answers = _draw_here(todo, prepare, context, draw)
            else:
                crew = _Crew(prepare, context, draw, max(1, recycle))
                answers = crew.draw_all(todo, workers or count_cores())
            try:
                for job, answer in answers:
                    if isinstance(answer, Done):
                        memory.remember(job, answer.result)
                        done[job.key] = answer.result
                    elif isinstance(answer, Failed):
                        failed.append(answer)
                    stage.advance()
            finally:
                # Not left to the garbage collector: the processes must be gone when this returns.
                answers.close()
        memory.settle(jobs)
    return BatchResult(
        done={job.key: done[job.key] for job in jobs if job.key in done},
        failed=tuple(sorted(failed, key=lambda failure: order[failure.key])),
        reused=reused,
    )


def count_cores() -> int:
    """Count the cores that this program may use.

    >>> count_cores() >= 1
    True
    """
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


# The ledger


class _Ledger:
    """The file of the jobs done: a line of JSON for each."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.fingerprint = fingerprint
        self.lines: dict[str, str] = {}
        self._file: TextIO | None = None
        self._synced = 0.0

    def __enter__(self) -> _Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            # A disk that is full already raised where it was written to.
            with suppress(OSError):
                self._file.close()

    def recall(self, jobs: Sequence[Job], verify: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
        """Give the results of an earlier run that still hold, by key."""
        depends = {job.key: job.depends for job in jobs}
        found: dict[str, Any] = {}
        for entry in self._read():
            key = entry["key"]
            if key in depends:
                if entry["depends"] != depends[key] or not _holds(entry["result"], verify):
                    continue
                found[key] = entry["result"]
            self.lines[key] = _write_line(entry)
        return found

    def _read(self) -> list[dict[str, Any]]:
        """Read the entries of the fingerprint, the last of each key; what a kill cut short is left out."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explain_failure(self.path, error) from error
        entries: dict[str, dict[str, Any]] = {}
        for line in text.split("\n"):
            try:
                entry = json.loads(line)
                if entry["fingerprint"] == self.fingerprint:
                    entries[str(entry["key"])] = {
                        name: entry[name] for name in ("key", "fingerprint", "depends", "result")
                    }
            except (ValueError, KeyError, TypeError):
                continue
        return list(entries.values())

    def open(self) -> None:
        """Write again what holds, and nothing else, then stay open for more."""
        self._write(list(self.lines))
        with output_errors(self.path):
            self._file = self.path.open("a", encoding="utf-8", newline="\n")
        self._synced = time.monotonic()

    def remember(self, job: Job, result: Any) -> None:
        """Add a job that was just done: handed to the system at once, to the disk every few seconds."""
        assert self._file is not None
        line = _write_line(
            {"key": job.key, "fingerprint": self.fingerprint, "depends": job.depends, "result": result}
        )
        self.lines[job.key] = line
        with output_errors(self.path):
            self._file.write(line)
            self._file.flush()
            if time.monotonic() - self._synced > _SYNC_S:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()

    def settle(self, jobs: Sequence[Job]) -> None:
        """Write the file in the order of the jobs, then by key those that were not asked for."""
        assert self._file is not None
        with output_errors(self.path):
            self._file.close()
        keys = [job.key for job in jobs if job.key in self.lines]
        self._write(keys + sorted(self.lines.keys() - set(keys)))

    def _write(self, keys: Sequence[str]) -> None:
        with replace_on_success(self.path) as part:
            part.write_text("".join(self.lines[key] for key in keys), encoding="utf-8", newline="\n")


def _write_line(entry: Mapping[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _holds(result: Any, verify: Callable[[Mapping[str, Any]], bool]) -> bool:
    try:
        return bool(verify(result))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


# Drawing a job, in whatever process


def _attempt(draw: Callable[[Any, Job], Mapping[str, Any]], state: Any, job: Job) -> _Answer | _Stop:
    """Draw a job; what it raises becomes an answer."""
    try:
        # Through JSON, so that a result is the same whether just drawn or read back from the ledger.
        return Done(job.key, json.loads(json.dumps(draw(state, job))))
    except OutputError as error:
        return _Stop(error)
    except BocageError as error:
        return Failed(job.key, job.title, _one_line(error))
    except MemoryError:
        return _Lost(
            "the memory was full, even with this job alone; close other programs, or leave this one out"
        )
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK_ERRNOS:
            return _Stop(explain_failure(Path(error.filename or job.title), error))
        said = _one_line(error)
        return Failed(
            job.key,
            job.title,
            f"bocage met a fault of its own ({type(error).__name__}{': ' + said if said else ''})",
            traceback.format_exc(),
        )


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _draw_here(
    todo: Sequence[Job],
    prepare: Callable[[Any], Any],
    context: Any,
    draw: Callable[[Any, Job], Mapping[str, Any]],
) -> _Answers:
    """Draw in this process; jobs that fill the memory come again at the end."""
    if not todo:
        return
    state = prepare(context)
    again: list[Job] = []
    for job in todo:
        answer = _attempt(draw, state, job)
        if isinstance(answer, _Stop):
            raise answer.error
        if isinstance(answer, _Lost):
            again.append(job)
        else:
            yield job, answer
    for job in again:
        answer = _attempt(draw, state, job)
        if isinstance(answer, _Stop):
            raise answer.error
        yield job, _give_up(job, answer)


def _give_up(job: Job, answer: _Answer) -> _Answer:
    return Failed(job.key, job.title, answer.reason) if isinstance(answer, _Lost) else answer


# In a process of the crew


class _Ready:
    """Says that a process has its state and waits for a job."""


def _serve(
    pipe: Connection,
    prepare: Callable[[Any], Any],
    context: Any,
    draw: Callable[[Any, Job], Mapping[str, Any]],
) -> None:
    """Draw the jobs that come through the pipe, until None comes or the other end is gone."""
    # Ctrl-C reaches the whole group; the process that called decides, and says it by SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # An exception, so that files half written are removed on the way out.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        try:
            state = prepare(context)
        except Exception as error:
            pipe.send(_Stop(_make_portable(error)))
            return
        pipe.send(_Ready())
        while (job := pipe.recv()) is not None:
            answer = _attempt(draw, state, job)
            if isinstance(answer, _Stop):
                answer = _Stop(_make_portable(answer.error))
            pipe.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, even in the middle of a job."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _make_portable(error: Exception) -> Exception:
    """Give an error that another process can raise, with a note of where it came from."""
    trace = "".join(traceback.format_exception(error))
    try:
        copy: Exception = pickle.loads(pickle.dumps(error))
    except Exception:
        copy = RuntimeError(f"{type(error).__name__}: {_one_line(error)}")
    copy.add_note(f"In the drawing process:\n{trace}")
    return copy


# The crew, seen from the process that called


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
class _Crew:
    """The processes that draw."""

    prepare: Callable[[Any], Any]
    context: Any
    draw: Callable[[Any, Job], Mapping[str, Any]]
    recycle: int
    workers: list[_Worker] = field(default_factory=list)
    failed_starts: int = 0

    def draw_all(self, todo: Sequence[Job], size: int) -> _Answers:
        """Draw with ``size`` processes; then, one at a time, the jobs whose process was lost."""
        try:
            lost = []
            for job, answer in self._draw(todo, size, patience=_DEATHS_IN_A_ROW):
                if isinstance(answer, _Lost):
                    lost.append(job)
                else:
                    yield job, answer
            places = {job.key: place for place, job in enumerate(todo)}
            lost.sort(key=lambda job: places[job.key])
            for job, answer in self._draw(lost, 1, patience=len(lost)):
                yield job, _give_up(job, answer)
        finally:
            self._stop()

    def _draw(self, todo: Sequence[Job], size: int, *, patience: int) -> _Answers:
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
                if isinstance(said, _Stop):
                    raise said.error
                if isinstance(said, _Ready):
                    worker.ready, self.failed_starts = True, 0
                if job is None or said is None:
                    continue
                worker.job = None
                worker.drawn += 1
                deaths = deaths + 1 if isinstance(said, _Lost) else 0
                if deaths > patience:
                    raise _explain_deaths(deaths, said)
                if not worker.leaving and (worker.drawn >= self.recycle or isinstance(said, _Lost)):
                    worker.dismiss()
                yield job, said
        for worker in self.workers:
            # One that is still loading is not waited for.
            worker.dismiss() if worker.ready else worker.process.terminate()
        while self.workers:
            self.workers.pop().end()

    def _bury(self, worker: _Worker) -> _Lost | None:
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
            target=_serve, args=(theirs, self.prepare, self.context, self.draw), daemon=True
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


def _explain_death(code: int) -> _Lost:
    if code == -getattr(signal, "SIGKILL", 9):
        cause = "by the system, as it does when the memory is full; close other programs or use fewer workers"
    elif code < 0:
        with suppress(ValueError):
            return _Lost(f"the drawing process was killed by {signal.Signals(-code).name}, twice; report it")
        cause = f"by signal {-code}, twice; report it"
    else:
        cause = f"with exit code {code}, twice; report it"
    return _Lost(f"the drawing process was killed {cause}")


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
