"""The journal of a run: what was assumed, repaired, ignored or lacking, told in the report.

Domain functions and readers add notes; the study prints them once and the report lists them.
A note is a code with named values; its sentences are in ``wording/journal.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, cast

from bocage import wording

Level = Literal["info", "assumption", "repair", "warning"]

LAYERS = ("communes", "roads", "railways", "watercourses", "hedges", "river_works", "crossings")
"""Layers that have a name in each language; others go by the name of their file."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing the reader of the result must know.

    Attributes
    ----------
    code : str
        Key of the sentence in ``wording/journal.toml``.
    values : tuple of (name, value)
        What the sentence's ``{name}`` places are filled with.
    """

    CATALOGUE: ClassVar[str] = "journal"
    """Where its sentence is; a command whose notes are told nowhere else has its own."""

    code: str
    values: tuple[tuple[str, wording.Value], ...] = ()

    @property
    def level(self) -> Level:
        """How serious it is, as the catalogue says."""
        return cast(Level, wording.entry(f"{self.CATALOGUE}.{self.code}")["level"])

    def text(self, language: str = "fr") -> str:
        """Write the note as a sentence."""
        values = dict(self.values)
        layer = values.get("layer")
        if layer in LAYERS:
            # The report speaks of « routes » where the study file writes [layers.roads].
            values["layer"] = wording.say(f"study.layer_{layer}", language)
        return wording.say(f"{self.CATALOGUE}.{self.code}", language, **values)


@dataclass(slots=True)
class Journal:
    """Notes in the order they were made; a repeated note is kept once.

    Examples
    --------
    >>> journal = Journal()
    >>> journal.add("geometry_repaired", layer="roads", count=3)
    >>> [note.text("en") for note in journal.notes]
    ["Layer 'roads': 3 invalid geometries were repaired."]
    """

    notes: list[Note] = field(default_factory=list)

    def add(self, code: str, **values: wording.Value) -> None:
        """Add a note; its code must be in the catalogue and its values must fill the sentence."""
        self.put(Note(code, tuple(values.items())))

    def put(self, note: Note) -> None:
        """Put a note in, once, if its sentence can be written."""
        note.text("en")
        if note not in self.notes:
            self.notes.append(note)
