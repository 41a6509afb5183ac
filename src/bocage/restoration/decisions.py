"""Human decisions: the table in which people overrule the rules, one line an object."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from bocage.errors import InputError
from bocage.network import Objective
from bocage.wording import fold_name

if TYPE_CHECKING:
    from pandas import DataFrame

DECISION_COLUMNS = ("object", "objective", "author", "date", "reason")

# Spreadsheets drop the leading zero of 01 and 02.
_OBJECTIVES: dict[str, Objective] = {
    "preserve": "preserve",
    "a preserver": "preserve",
    "01": "preserve",
    "1": "preserve",
    "restore": "restore",
    "a remettre en bon etat": "restore",
    "a restaurer": "restore",
    "02": "restore",
    "2": "restore",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """An objective that someone gave to an object, whatever the rules say.

    Attributes
    ----------
    object : str
        Identifier of a reservoir, a corridor or a watercourse.
    objective : {"preserve", "restore"}
    author : str
    date : datetime.date
    reason : str
        May be empty.
    line : int
        Line of the file, the header being line 1.
    """

    object: str
    objective: Objective
    author: str
    date: date
    reason: str
    line: int


@dataclass(frozen=True)
class Decisions:
    """Decisions in the order of their file, one an object.

    Examples
    --------
    >>> import pandas
    >>> frame = pandas.DataFrame(
    ...     {"object": ["FR00CS1"], "objective": ["à préserver"], "author": ["M. Petit"],
    ...      "date": ["2026-05-04"], "reason": ["Passage à faune financé"]})
    >>> decisions = Decisions.from_table(frame)
    >>> decisions.entries[0].objective, decisions.entries[0].line
    ('preserve', 2)
    """

    entries: tuple[Decision, ...] = ()
    source: str = field(default="decisions")

    @classmethod
    def from_table(cls, frame: DataFrame, *, source: str = "decisions") -> Decisions:
        """Read decisions from a table, and check each line.

        Parameters
        ----------
        frame : DataFrame
            Columns ``object``, ``objective`` (preserve, restore, à préserver, à remettre en bon état,
            01 or 02), ``author``, ``date`` (2026-05-04 or 04/05/2026) and ``reason``, as any dtype.
            Lines without any value are skipped.
        source : str
            Name of the file, for the messages.

        Raises
        ------
        InputError
            A column is missing; an object, author or date is empty; an objective or a date cannot be
            read; an object has two decisions. The message names the line.
        """
        missing = [name for name in DECISION_COLUMNS if name not in frame.columns]
        if missing:
            raise InputError(
                f"{source}: column{'s' if len(missing) > 1 else ''} {', '.join(missing)} not found among "
                f"{', '.join(map(str, frame.columns))}; a table of decisions has the columns "
                f"{', '.join(DECISION_COLUMNS)}"
            )
        entries: list[Decision] = []
        lines: dict[str, int] = {}
        for line, row in enumerate(frame[list(DECISION_COLUMNS)].to_dict("records"), start=2):
            values = {str(name): _as_text(value) for name, value in row.items()}
            if not any(values.values()):
                continue
            decision = _read_line(values, line, source)
            if decision.object in lines:
                raise InputError(
                    f"{source}, line {line}: {decision.object} already has a decision on line "
                    f"{lines[decision.object]}; keep one of the two"
                )
            lines[decision.object] = line
            entries.append(decision)
        return cls(tuple(entries), source)

    def rename_objects(self, names: Mapping[str, str]) -> Decisions:
        """Give the same decisions with some objects called by another of their names.

        Parameters
        ----------
        names : mapping of identifier to identifier
            As from a corridor's axis to its surface.

        Raises
        ------
        InputError
            Two decisions are then about one object.
        """
        lines: dict[str, int] = {}
        entries = []
        for decision in self.entries:
            known_as = names.get(decision.object, decision.object)
            if known_as in lines:
                raise InputError(
                    f"{self.source}, line {decision.line}: {decision.object} is the object of line "
                    f"{lines[known_as]} by another name; keep one of the two"
                )
            lines[known_as] = decision.line
            entries.append(replace(decision, object=known_as))
        return Decisions(tuple(entries), self.source)

    def check_objects(self, known: Iterable[str]) -> None:
        """Check that every decision is about an object that exists.

        Raises
        ------
        InputError
            Naming the line, and the nearest identifiers.
        """
        identifiers = sorted(set(known))
        existing = frozenset(identifiers)
        for decision in self.entries:
            if decision.object in existing:
                continue
            nearest = difflib.get_close_matches(decision.object, identifiers, n=3, cutoff=0.5)
            hint = f"the nearest are {', '.join(nearest)}" if nearest else "no identifier is near it"
            raise InputError(
                f"{self.source}, line {decision.line}: no reservoir, corridor or watercourse is called "
                f"'{decision.object}'; {hint}"
            )


def _read_line(values: dict[str, str], line: int, source: str) -> Decision:
    for name in ("object", "author"):
        if not values[name]:
            raise InputError(f"{source}, line {line}: '{name}' is empty; fill it or remove the line")
    objective = _OBJECTIVES.get(fold_name(values["objective"]))
    if objective is None:
        raise InputError(
            f"{source}, line {line}: objective '{values['objective']}' of {values['object']} is not one of "
            "preserve, restore, à préserver, à remettre en bon état, 01, 02"
        )
    return Decision(
        values["object"],
        objective,
        values["author"],
        _read_date(values["date"], line, source),
        values["reason"],
        line,
    )


def _read_date(text: str, line: int, source: str) -> date:
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            # A spreadsheet or pandas may have added an hour.
            return datetime.strptime(re.split(r"[ T]", text)[0], pattern).date()
        except ValueError:
            continue
    raise InputError(f"{source}, line {line}: date '{text}' is not written as 2026-05-04 or 04/05/2026")


def _as_text(value: Any) -> str:
    if value is None or value != value:  # NaN and NaT differ from themselves
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())
