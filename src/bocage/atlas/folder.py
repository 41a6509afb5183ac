"""The folder of an atlas: one run at a time, and nothing in it that is no longer part of the atlas."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import IO

from bocage.errors import OutputError
from bocage.io.files import output_errors, replace_on_success

WORK = ".bocage"
"""Folder, in that of the atlas, of what lets a run go on."""


@contextmanager
def hold_folder(folder: Path) -> Iterator[Path]:
    """Keep other runs out of the folder of an atlas while this one works; give the folder of its work.

    The system lets go when the run ends, however it ends.

    Raises
    ------
    OutputError
        Another run is at work there, or nothing can be written.
    """
    work = folder / WORK
    path = work / "lock"
    with output_errors(path):
        work.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    with file:
        if not _lock(file):
            raise OutputError(
                f"'{folder.as_posix()}' is being written by another bocage atlas; wait until it ends, or "
                "choose another folder with --output."
            )
        yield work


def _lock(file: IO[bytes]) -> bool:
    """Lock a file until it is closed; a disk that knows no locks lets everyone in."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


class Inventory:
    """The files that runs of the atlas have written in its folder.

    What is in it and no longer part of the atlas is removed; files of others are never touched.

    Parameters
    ----------
    folder : Path
        Of the atlas.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / WORK / "files.json"
        self.known: set[str] = set()

    def open(self, ledgers: Iterable[Path]) -> None:
        """Recall what was written before, also by runs that were killed.

        Parameters
        ----------
        ledgers : iterable of Path
            Of the batches; they know what a killed run wrote, and forget it when the content changes.
        """
        with suppress(OSError, ValueError, TypeError):
            self.known |= {str(name) for name in json.loads(self.path.read_text(encoding="utf-8"))}
        for ledger in ledgers:
            self.known |= set(_list_ledger(ledger))
        self._save()

    def close(self, present: Iterable[str], *, whole: bool) -> None:
        """Remember the files of this run; when it made the whole atlas, remove those it did not make."""
        made = set(present)
        stale = self.known - made if whole else set[str]()
        gone = {name for name in stale if self._remove(name)}
        self.known = (self.known | made) - gone
        self._save()

    def _remove(self, name: str) -> bool:
        """Remove a file, and its folder when that is left empty; False when it cannot be for now."""
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            return True
        path = self.folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError:
            # Open in another program, perhaps: the next run tries again.
            return False
        with suppress(OSError):
            path.parent.rmdir()
        return True

    def _save(self) -> None:
        with replace_on_success(self.path) as part:
            part.write_text(
                json.dumps(sorted(self.known), ensure_ascii=False, indent=0) + "\n", "utf-8", newline="\n"
            )


def _list_ledger(path: Path) -> Iterator[str]:
    """List the files that a ledger knows, whatever they were made of."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return
    for line in lines:
        try:
            result = json.loads(line)["result"]
            yield from list_files(result)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def list_files(result: dict[str, object]) -> list[str]:
    """List the files of a finished job.

    >>> list_files({"file": "communes/60057.pdf", "others": {"png/60057_eau.png": "5f1c"}})
    ['communes/60057.pdf', 'png/60057_eau.png']
    """
    others = result.get("others") or {}
    assert isinstance(others, dict)
    return [str(result["file"]), *map(str, others)]
