"""Run a batch: recall what an earlier run did, draw the rest, remember it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from bocage.atlas.batch.crew import Crew
from bocage.atlas.batch.jobs import (
    Answers,
    BatchResult,
    Done,
    Failed,
    Job,
    Lost,
    Stop,
    attempt,
    give_up,
)
from bocage.atlas.batch.ledger import Ledger
from bocage.progress import Progress, SilentProgress

State = TypeVar("State")

_MEMORY_BYTES = 1_000_000_000
"""What a process may need [bytes]."""


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
        Processes; as many as ``count_workers`` gives by default. With 1, all is drawn in this process:
        fit for a debugger, but memory grows with the jobs and a crash ends it all.
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
    with Ledger(ledger, fingerprint) as memory:
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
                crew = Crew(prepare, context, draw, max(1, recycle))
                answers = crew.draw_all(todo, workers or count_workers())
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


def count_workers() -> int:
    """Count the processes that this machine has cores and free memory for; at least one.

    >>> 1 <= count_workers() <= count_cores()
    True
    """
    import psutil

    fitting = int(psutil.virtual_memory().available // _MEMORY_BYTES)
    return max(1, min(count_cores(), fitting))


def _draw_here(
    todo: Sequence[Job],
    prepare: Callable[[Any], Any],
    context: Any,
    draw: Callable[[Any, Job], Mapping[str, Any]],
) -> Answers:
    """Draw in this process; jobs that fill the memory come again at the end."""
    if not todo:
        return
    state = prepare(context)
    again: list[Job] = []
    for job in todo:
        answer = attempt(draw, state, job)
        if isinstance(answer, Stop):
            raise answer.error
        if isinstance(answer, Lost):
            again.append(job)
        else:
            yield job, answer
    for job in again:
        answer = attempt(draw, state, job)
        if isinstance(answer, Stop):
            raise answer.error
        yield job, give_up(job, answer)
