"""Results of finished stages, kept on disk so that a run that was stopped goes on where it was.

A stage is known by its name and a key: the hash of everything its result depends on, among
them the keys of the stages before it and the source of bocage itself. A result is written under a
temporary name and renamed when whole, so that what is found under its own name is complete.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from bocage.io.files import output_errors, replace_on_success
from bocage.journal import Journal, Note

T = TypeVar("T")


class Store:
    """A folder of finished stages.

    Parameters
    ----------
    folder : Path
        Made when it does not exist.
    fresh : bool
        Forget what earlier runs left.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(Path(tempfile.mkdtemp()))
    >>> store.keep("sum", store.key("sum", {"a": 1}), lambda journal: 1 + 1, Journal())
    (2, False)
    >>> store.keep("sum", store.key("sum", {"a": 1}), lambda journal: 1 + 1, Journal())
    (2, True)
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self.folder = folder
        self.used: list[Path] = []
        with output_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if fresh:
                for old in folder.glob("*.stage"):
                    old.unlink()

    @staticmethod
    def key(name: str, depends: Mapping[str, Any]) -> str:
        """Hash what a stage depends on; values must be JSON, in any order of names."""
        text = json.dumps([name, _source_hash(), depends], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def keep(self, name: str, key: str, compute: Callable[[Journal], T], journal: Journal) -> tuple[T, bool]:
        """Give the stored result of a stage, or compute and store it.

        The notes that the stage made are stored with it and told again.

        Parameters
        ----------
        name : str
            Name of the stage, fit for a file name.
        key : str
            From ``key``.
        compute : callable
            Gets a journal for its notes.
        journal : Journal
            Receives the notes.

        Returns
        -------
        result, reused
        """
        path = self.folder / f"{name}-{key[:24]}.stage"
        self.used.append(path)
        found = _load(path)
        reused = found is not None
        if found is None:
            own = Journal()
            found = (compute(own), own.notes)
            with replace_on_success(path) as draft, draft.open("wb") as stream:
                _Pickler(stream, protocol=5).dump(found)
        result, notes = found
        for note in notes:
            journal.add(note.code, **dict(note.values))
        return result, reused

    def drop_unused(self) -> None:
        """Remove the results that this run neither wrote nor read."""
        with output_errors(self.folder):
            for path in set(self.folder.glob("*.stage")) - set(self.used):
                path.unlink()


def _freeze(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


class _Pickler(pickle.Pickler):
    """A pickler that knows read-only mappings, which frozen values hold."""

    def reducer_override(self, obj: Any) -> Any:
        """Give how to make a read-only mapping again; leave all else to pickle."""
        if isinstance(obj, MappingProxyType):
            return _freeze, (dict(obj),)
        return NotImplemented


def _load(path: Path) -> tuple[Any, list[Note]] | None:
    """Read a stored result; None when there is none, or it cannot be read with today's libraries."""
    if not path.exists():
        return None
    try:
        with path.open("rb") as stream:
            found: tuple[Any, list[Note]] = pickle.load(stream)
    except (
        OSError,
        pickle.UnpicklingError,
        EOFError,
        AttributeError,
        ImportError,
        IndexError,
        TypeError,
        ValueError,
    ):
        return None
    return found


@cache
def _source_hash() -> str:
    """Hash the package's own files and the versions under it: another bocage computes afresh."""
    import geopandas
    import numpy
    import shapely

    digest = hashlib.sha256(f"{numpy.__version__} {geopandas.__version__} {shapely.__version__}".encode())
    root = Path(str(files("bocage")))
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".toml"):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
