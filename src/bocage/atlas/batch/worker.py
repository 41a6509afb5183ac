"""A process of the crew, seen from inside: it prepares once, then draws the jobs it is given."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING, Any

from bocage.atlas.batch.jobs import Job, Stop, attempt, join_lines

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


class Ready:
    """Says that a process has its state and waits for a job."""


def serve(
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
            pipe.send(Stop(_make_portable(error)))
            return
        pipe.send(Ready())
        while (job := pipe.recv()) is not None:
            answer = attempt(draw, state, job)
            if isinstance(answer, Stop):
                answer = Stop(_make_portable(answer.error))
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
        copy = RuntimeError(f"{type(error).__name__}: {join_lines(error)}")
    copy.add_note(f"In the drawing process:\n{trace}")
    return copy
