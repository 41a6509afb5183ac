"""What `bocage circuitscape` tells beside its result; the sentences are in ``wording/circuitscape.toml``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from bocage import wording
from bocage.journal import Journal, Note

_FIRST = 5


@dataclass(frozen=True, slots=True)
class CircuitNote(Note):
    """A note whose sentence is with those of the command."""

    CATALOGUE: ClassVar[str] = "circuitscape"


def add_note(journal: Journal, code: str, **values: wording.Value) -> None:
    """Add a note once.

    >>> journal = Journal()
    >>> add_note(journal, "disconnected", count=3)
    >>> journal.notes[0].text("en")
    'Pairs joined by no path: 3; their resistance is -1.'
    """
    journal.put(CircuitNote(code, tuple(values.items())))


def list_ids(ids: Iterable[Any]) -> str:
    """Write the first five ids.

    >>> list_ids(range(7))
    '0, 1, 2, 3, 4, …'
    """
    listed = [str(one) for one in ids]
    return ", ".join(listed[:_FIRST]) + (", …" if len(listed) > _FIRST else "")


def write_number(value: float) -> str:
    """Write a number in few digits, the same in both languages."""
    return f"{value:.4g}"
