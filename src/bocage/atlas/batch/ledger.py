"""The ledger of a batch: what was done, for the next run to go on from."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from bocage.atlas.batch.jobs import Job
from bocage.io.files import explain_failure, output_errors, replace_on_success

_SYNC_S = 5.0
"""How long the ledger may stay in the memory of the system [s]: a power cut costs no more."""


class Ledger:
    """The file of the jobs done: a line of JSON for each."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.fingerprint = fingerprint
        self.lines: dict[str, str] = {}
        self._file: TextIO | None = None
        self._synced = 0.0

    def __enter__(self) -> Ledger:
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
