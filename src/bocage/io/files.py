"""Files as a whole: found or missing, hashed, and replaced only when the new one is complete."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from xml.etree import ElementTree

from bocage.errors import BocageError, InputError, OutputError

_CHUNK = 1 << 20
# A shapefile is these files; those a desktop GIS adds and rewrites at will (.qix, .sbn, .qmd) are not data.
_SHAPEFILE_PARTS = (".cpg", ".dbf", ".prj", ".shp", ".shx")

_CAUSES = {
    errno.ENOSPC: "the disk is full; free some space or choose another output folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another output folder",
    errno.EFBIG: "the file system does not hold a file that large; choose another output folder",
    errno.EROFS: "the disk is read-only; choose another output folder",
    errno.EACCES: "the file or its folder is read-only, or open in another program; close it there, "
    "or choose another output folder",
    errno.EPERM: "the system does not allow it; choose another output folder",
    errno.EBUSY: "it is open in another program; close it there and run again",
    errno.ETXTBSY: "it is open in another program; close it there and run again",
    errno.EEXIST: "a file has that name where a folder is needed; remove it or choose another output folder",
    errno.EISDIR: "a folder has that name; remove it or choose another name",
    errno.ENOTDIR: "what should be its folder is a file; choose another output folder",
    errno.ENAMETOOLONG: "the name is too long for this disk; choose a shorter one",
}


def explain_failure(path: Path, error: BaseException) -> OutputError:
    """Say in one sentence why a file could not be written.

    >>> print(explain_failure(Path("out/network.gpkg"), OSError(errno.ENOSPC, "No space left on device")))
    'out/network.gpkg' cannot be written: the disk is full; free some space or choose another output folder.
    """
    cause = _CAUSES.get(getattr(error, "errno", None) or 0)
    if cause is None:
        # SQLite and GDAL give words, not numbers; and on a full disk GDAL's words are of many kinds.
        words = say_cause(error)
        lower = words.lower()
        folder = path.parent
        if "locked" in lower or "busy" in lower:
            cause = _CAUSES[errno.EBUSY]
        elif any(word in lower for word in ("readonly", "read-only", "permission")) or (
            folder.is_dir() and not os.access(folder, os.W_OK)
        ):
            cause = _CAUSES[errno.EACCES]
        elif "is full" in lower or "no space" in lower or _is_full(folder):
            cause = _CAUSES[errno.ENOSPC]
        else:
            cause = f"the disk or its driver failed ({words}); check it or choose another output folder"
    return OutputError(f"'{path.as_posix()}' cannot be written: {cause}.")


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _CHUNK
    except OSError:
        return False


@contextmanager
def output_errors(path: str | Path) -> Iterator[None]:
    """Turn failures of the disk or of SQLite, while writing ``path``, into one sentence.

    Raises
    ------
    OutputError
        Disk full, read-only folder, locked file.
    """
    try:
        yield
    except BocageError:
        raise
    except (OSError, sqlite3.Error) as error:
        raise explain_failure(Path(path), error) from error


@contextmanager
def replace_on_success(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; put it in place on success, remove it on failure.

    The previous file stays whole until the new one is complete and on the disk, so a killed run or a
    full disk never leaves half a file under the name that people open. The folder is made if absent.

    Parameters
    ----------
    path : path
        Where the finished file goes.

    Yields
    ------
    Path
        A name with the same suffix in the same folder, where nothing exists yet.

    Raises
    ------
    OutputError
        The disk is full, the folder read-only, or the previous file is locked.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with replace_on_success(Path(folder, "indicators.csv")) as part:
    ...         _ = part.write_text("insee,eca_ha")
    ...     [file.name for file in Path(folder).iterdir()]
    ['indicators.csv']
    """
    path = Path(path)
    # A fixed name, so that what a killed run left is overwritten by the next one and never piles up.
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    with output_errors(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_parts(part)
        try:
            yield part
            _flush(part)
            os.replace(part, path)
        finally:
            _remove_parts(part)


def _flush(path: Path) -> None:
    """Push a file to the disk, so that a full disk or a power cut is met before the rename, not after."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _remove_parts(part: Path) -> None:
    """Remove a temporary file with what its driver put beside it (-journal, -wal, .aux.xml)."""
    if not part.parent.is_dir():
        return
    for file in sorted(part.parent.iterdir()):
        if file.name.startswith(part.name):
            with suppress(OSError):
                file.unlink()


def require_file(path: str | Path, name: str) -> Path:
    """Give the path of an input file that exists.

    Parameters
    ----------
    path : path
    name : str
        What the file is to the study, for the error's sentence: ``"communes"``.

    Raises
    ------
    InputError
        If there is no such file; the sentence names the files of its folder that look alike.
    """
    path = Path(path)
    if path.is_file():
        return path
    if path.is_dir():
        raise InputError(
            f"{name}: '{path.as_posix()}' is a folder; give the path of a file in it, as "
            f"'{(path / 'layer.gpkg').as_posix()}'."
        )
    folder = path.parent
    if not folder.is_dir():
        raise InputError(
            f"{name}: there is no file '{path.as_posix()}', nor a folder '{folder.as_posix()}'; "
            "correct the path (paths are relative to the study file)."
        )
    names = sorted(file.name for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    close = suggest(path.name, names)
    if close:
        mend = f"did you mean {close}?"
    elif names:
        mend = f"the folder holds {shorten_list(names)}."
    else:
        mend = "the folder is empty."
    raise InputError(f"{name}: there is no file '{path.as_posix()}'; {mend}")


def suggest(word: str, known: Sequence[str]) -> str:
    """Quote the known words that look like ``word``, or give an empty text.

    >>> suggest("comunes.gpkg", ["roads.gpkg", "communes.gpkg"])
    "'communes.gpkg'"
    """
    lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(lower), n=3, cutoff=0.7)
    return " or ".join(f"'{lower[match]}'" for match in close)


def shorten_list(names: Sequence[str], most: int = 12) -> str:
    """Quote names, no more than ``most`` of them.

    >>> shorten_list(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def say_cause(error: object) -> str:
    """Give the first line of what the system or a driver said, to be put inside a sentence.

    >>> say_cause(OSError(2, "No such file or directory"))
    'No such file or directory'
    """
    text = str(getattr(error, "strerror", None) or error)
    if "sqlite3_exec(" in text:
        # GDAL quotes the whole of the SQL before it says what was wrong.
        text = text.rpartition("failed: ")[2]
    lines = text.strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__


def hash_file(path: str | Path) -> str:
    """Hash the content of an input, reading it by pieces.

    What a file needs to be read is hashed with it: the parts of a shapefile, the write-ahead log of a
    GeoPackage open in another program, the rasters that a VRT mosaic names.

    Returns
    -------
    str
        SHA-256, in hexadecimal.

    Raises
    ------
    InputError
        If the file is missing or unreadable.
    """
    path = require_file(path, "hash")
    files = _files_of(path, [])
    digest = hashlib.sha256()
    try:
        for file in files:
            if len(files) > 1:
                # Parts are told apart, so that bytes moved from one to the next change the hash.
                digest.update(f"{file.name}:{file.stat().st_size}\n".encode())
            with file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
    except OSError as error:
        raise InputError(
            f"'{path.as_posix()}' cannot be read: {say_cause(error)}; check the disk and who may read it."
        ) from error
    return digest.hexdigest()


def _files_of(path: Path, seen: list[Path]) -> list[Path]:
    """List the files that make one input, ``path`` first."""
    suffix = path.suffix.lower()
    found = [path]
    if suffix == ".shp":
        parts = {
            file.suffix.lower(): file
            for file in sorted(path.parent.iterdir())
            if file.stem == path.stem and file != path
        }
        found += [parts[part] for part in _SHAPEFILE_PARTS if part in parts]
    elif suffix == ".gpkg":
        log = path.with_name(path.name + "-wal")
        if log.is_file() and log.stat().st_size:
            found.append(log)
    elif suffix == ".asc" and path.with_suffix(".prj").is_file():
        found.append(path.with_suffix(".prj"))
    elif suffix == ".vrt":
        found += _files_of_mosaic(path, [*seen, path])
    return found


def _files_of_mosaic(path: Path, seen: list[Path]) -> list[Path]:
    """List the files that a VRT names; those it names but lacks are the reader's to report."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError):
        return []
    found: list[Path] = []
    for element in root.iter("SourceFilename"):
        source = Path(element.text or "")
        if element.get("relativeToVRT") == "1":
            source = path.parent / source
        if source.is_file() and source not in seen and source not in found:
            found += _files_of(source, [*seen, *found])
    return found
