"""Files of pairs to include or exclude: lists, or matrices with a range of values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bocage.errors import InputError
from bocage.io.ascii_grid import read_text
from bocage.io.files import require_file
from bocage.journal import Journal
from bocage.study.circuitscape.notes import add_note, list_ids

_NAME = "pairs file"


@dataclass(frozen=True, slots=True)
class ChosenPairs:
    """Points kept and pairs asked for.

    Attributes
    ----------
    ids : (n,) array of int64
        Points kept, growing.
    pairs : (k, 2) array of int64
    """

    ids: NDArray[np.int64]
    pairs: NDArray[np.int64]


def read_pairs(
    path: Path, ids: NDArray[np.int64], journal: Journal, *, zero_is_id: bool = False
) -> ChosenPairs:
    """Read the pairs to include or exclude.

    A list begins with « mode include » or « mode exclude »; a matrix with lines « min » and « max » and a row
    of ids after a zero, a pair being included when its value is in that range either way. Points that a list
    to include or a matrix does not name are left out.

    Parameters
    ----------
    path : path
    ids : (n,) array of int64
        The focal points, growing.
    journal : Journal
    zero_is_id : bool
        Whether 0 may be a point, as in networks.

    Raises
    ------
    InputError
        When the file cannot be read, or names points that are not there.
    """
    lines = [
        (number, line.replace(",", " ").split())
        for number, line in enumerate(read_text(require_file(path, _NAME), _NAME).splitlines(), start=1)
        if line.strip()
    ]
    head = [words[0].lower() for _, words in lines[:2]]
    if head[:1] == ["mode"]:
        return _read_list(path, lines, ids, journal, zero_is_id)
    if sorted(head) == ["max", "min"]:
        return _read_matrix(path, lines, ids, journal)
    raise InputError(
        f"{_NAME} '{path}' begins neither with « mode include » or « mode exclude » nor « min », « max »; "
        "begin it with one of them"
    )


def _read_list(
    path: Path, lines: list[tuple[int, list[str]]], ids: NDArray[np.int64], journal: Journal, zero_is_id: bool
) -> ChosenPairs:
    mode = lines[0][1][1].lower() if len(lines[0][1]) > 1 else ""
    if mode not in ("include", "exclude"):
        raise InputError(f"{_NAME} '{path}': its mode is '{mode}'; write mode include or mode exclude")
    listed = np.array([_read_numbers(path, number, words, 2) for number, words in lines[1:]]).reshape(-1, 2)
    pairs = _whole(path, listed)
    named = np.unique(pairs)
    if not zero_is_id and (named == 0).any():
        add_note(journal, "zero_id")
        pairs = pairs[(pairs != 0).all(axis=1)]
        named = named[named != 0]
    _require_known(path, named, ids)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if mode == "include":
        return ChosenPairs(_prune(ids, named, journal), pairs)
    excluded = {(min(one, other), max(one, other)) for one, other in pairs.tolist()}
    kept = [
        (int(one), int(other))
        for index, one in enumerate(ids)
        for other in ids[index + 1 :]
        if (int(one), int(other)) not in excluded
    ]
    return ChosenPairs(ids, np.array(kept, dtype=np.int64).reshape(-1, 2))


def _read_matrix(
    path: Path, lines: list[tuple[int, list[str]]], ids: NDArray[np.int64], journal: Journal
) -> ChosenPairs:
    limits = {words[0].lower(): _read_numbers(path, number, words[1:], 1)[0] for number, words in lines[:2]}
    size = len(lines[2][1]) if len(lines) > 2 else 0
    rows = np.array([_read_numbers(path, number, words, size) for number, words in lines[2:]])
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or (rows[0, 1:] != rows[1:, 0]).any():
        raise InputError(
            f"{_NAME} '{path}' is no matrix of as many rows as columns with the same ids on both; "
            "begin its first row with 0, then the ids, and each other row with its id"
        )
    named = _whole(path, rows[0, 1:])
    _require_known(path, np.unique(named), ids)
    inside = (rows[1:, 1:] >= limits["min"]) & (rows[1:, 1:] <= limits["max"])
    at = np.argwhere(np.triu(inside | inside.T, 1))
    return ChosenPairs(_prune(ids, named, journal), named[at].reshape(-1, 2))


def _prune(ids: NDArray[np.int64], named: NDArray[np.int64], journal: Journal) -> NDArray[np.int64]:
    lost = np.setdiff1d(ids, named)
    if lost.size:
        add_note(journal, "pruned", count=int(lost.size), ids=list_ids(lost))
    return np.intersect1d(ids, named)


def _require_known(path: Path, named: NDArray[np.int64], ids: NDArray[np.int64]) -> None:
    absent = np.setdiff1d(named, ids)
    if absent.size:
        raise InputError(
            f"{_NAME} '{path}' names {absent.size} points that are not among the focal points "
            f"({list_ids(absent)}); name those of the focal points file"
        )


def _read_numbers(path: Path, line: int, words: list[str], count: int) -> list[float]:
    try:
        found = [float(word) for word in words]
    except ValueError:
        found = []
    if len(found) != count:
        raise InputError(
            f"{_NAME} '{path}', line {line}: '{' '.join(words)}' is not {count} numbers; correct it"
        )
    return found


def _whole(path: Path, values: NDArray[np.float64]) -> NDArray[np.int64]:
    if (values != np.round(values)).any():
        raise InputError(f"{_NAME} '{path}' holds ids that are not whole numbers; ids are 1, 2, 3 …")
    return values.astype(np.int64)
