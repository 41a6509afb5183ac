"""Notes of `bocage indices` in the journal; their sentences are in ``wording/indices.toml``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from bocage import wording
from bocage.journal import Journal, Note
from bocage.units import format_number


@dataclass(frozen=True, slots=True)
class IndicesNote(Note):
    """A note whose sentence is with those of the command."""

    CATALOGUE: ClassVar[str] = "indices"

    def text(self, language: str = "fr") -> str:
        """Write the note as a sentence."""
        values: dict[str, wording.Value] = {
            name: write_number(value, language) if isinstance(value, float) else value
            for name, value in self.values
        }
        if values.get("graph"):
            values["graph"] = f" {values['graph']}"
        return wording.agree(wording.say(f"indices.{self.code}", language, **values), language)


def add_note(journal: Journal, code: str, **values: wording.Value) -> None:
    """Add a note once.

    Examples
    --------
    >>> journal = Journal()
    >>> add_note(journal, "note_no_landscape", graph="")
    >>> journal.notes[0].level
    'info'
    """
    journal.put(IndicesNote(code, tuple(values.items())))


def has_sentence(code: str) -> bool:
    """Tell whether the command has a sentence of its own for a note.

    >>> has_sentence("note_graph_alone"), has_sentence("note_geometry_repaired")
    (True, False)
    """
    try:
        wording.entry(f"indices.{code}")
    except KeyError:
        return False
    return True


def add_graph_notes(journal: Journal, told: Journal, graph: str, *, but: tuple[str, ...] = ()) -> None:
    """Add what was told of building a graph under the name of its sub-network; others as they are."""
    for note in told.notes:
        if note.code in but:
            continue
        if has_sentence(f"note_{note.code}"):
            add_note(journal, f"note_{note.code}", graph=graph, **dict(note.values))
        else:
            journal.put(note)


def write_number(value: float, language: str) -> str:
    """Write a number with three digits that say something.

    >>> write_number(12345.6, "en"), write_number(0.01234, "en"), write_number(20.0, "en")
    ('12,346', '0.0123', '20')
    """
    if not math.isfinite(value) or value == 0:
        return format_number(0.0 if value == 0 else value, 0, language)
    places = max(2 - math.floor(math.log10(abs(value))), 0)
    mark = "," if language == "fr" else "."
    if places > 7:
        return f"{value:.0e}".replace(".", mark)
    text = format_number(value, places, language)
    return text.rstrip("0").rstrip(mark) if places else text
