"""Notes of `bocage indices` in the journal; their sentences are in ``wording/indices.toml``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

from bocage import wording
from bocage.journal import Journal, Level, Note
from bocage.units import format_number


@dataclass(frozen=True, slots=True)
class IndicesNote(Note):
    """A note whose sentence is with those of the command."""

    @property
    def level(self) -> Level:
        """How serious it is."""
        return cast(Level, wording.entry(f"indices.{self.code}")["level"])

    def text(self, language: str = "fr") -> str:
        """Write the note as a sentence."""
        values: dict[str, wording.Value] = {
            name: write_number(value, language) if isinstance(value, float) else value
            for name, value in self.values
        }
        if values.get("graph"):
            values["graph"] = f" {values['graph']}"
        return wording.say(f"indices.{self.code}", language, **values)


def add_note(journal: Journal, code: str, **values: wording.Value) -> None:
    """Add a note once.

    Examples
    --------
    >>> journal = Journal()
    >>> add_note(journal, "note_no_landscape", graph="")
    >>> journal.notes[0].level
    'info'
    """
    note = IndicesNote(code, tuple(values.items()))
    note.text("en")
    if note not in journal.notes:
        journal.notes.append(note)


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
