"""What a batch is made of: jobs, what comes of each, and how one is attempted."""

from __future__ import annotations

import errno
import json
import traceback
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bocage.errors import BocageError, OutputError
from bocage.io.files import explain_failure

_DISK_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


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
class Stop:
    """Says that every other job would fail like this one."""

    error: Exception


@dataclass(frozen=True)
class Lost:
    """Says that a job had its process killed or filled the memory: perhaps its neighbour's fault."""

    reason: str


Answer = Done | Failed | Lost
Answers = Generator[tuple[Job, Answer], None, None]


def attempt(draw: Callable[[Any, Job], Mapping[str, Any]], state: Any, job: Job) -> Answer | Stop:
    """Draw a job; what it raises becomes an answer."""
    try:
        # Through JSON, so that a result is the same whether just drawn or read back from the ledger.
        return Done(job.key, json.loads(json.dumps(draw(state, job))))
    except OutputError as error:
        if _concerns_one_file(error):
            return Failed(job.key, job.title, join_lines(error))
        return Stop(error)
    except BocageError as error:
        return Failed(job.key, job.title, join_lines(error))
    except MemoryError:
        return Lost(
            "the memory was full, even with this job alone; close other programs, or leave this one out"
        )
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DISK_ERRNOS:
            return Stop(explain_failure(Path(error.filename or job.title), error))
        said = join_lines(error)
        return Failed(
            job.key,
            job.title,
            f"bocage met a fault of its own ({type(error).__name__}{': ' + said if said else ''})",
            traceback.format_exc(),
        )


def _concerns_one_file(error: OutputError) -> bool:
    """Tell a file that is open in another program, or has a bad name, from a disk that takes no file."""
    cause = error.__cause__
    if not isinstance(cause, OSError) or cause.errno in _DISK_ERRNOS:
        return False
    # The new file is written beside the old one: only putting it in place failed.
    renamed = cause.filename2 is not None
    return renamed or cause.errno in (errno.EISDIR, errno.ENAMETOOLONG)


def join_lines(error: BaseException) -> str:
    """Give what an error says in one line."""
    return " ".join(str(error).split())


def give_up(job: Job, answer: Answer) -> Answer:
    """Turn a job lost a second time into one that failed."""
    return Failed(job.key, job.title, answer.reason) if isinstance(answer, Lost) else answer
