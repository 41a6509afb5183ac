"""What all pages share: their templates, and dates and notes in words."""

from __future__ import annotations

import datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from bocage.journal import Journal, Level
from bocage.wording import say

_LEVELS: tuple[Level, ...] = ("warning", "assumption", "repair", "info")


@cache
def load_template(name: str) -> Template:
    """Load a template of this room by its file name; it may include ``style.css.j2``."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        loader=FunctionLoader(lambda file: files("bocage.report").joinpath(file).read_text(encoding="utf-8")),
    )
    return environment.get_template(name)


def write_date(date: object, language: str) -> str:
    r"""Write an ISO date as people say it; nothing where there is none.

    >>> write_date("2026-05-04", "en"), write_date("2026-05-01", "fr"), write_date("", "en")
    ('4 May 2026', '1er mai 2026', '')
    """
    if not date:
        return ""
    day = date if isinstance(date, datetime.date) else datetime.date.fromisoformat(str(date))
    first = say("report.first_of_month", language) if day.day == 1 else str(day.day)
    month = say("report.months", language).split()[day.month - 1]
    return say("report.date", language, day=first, month=month, year=str(day.year))


def list_notes(journal: Journal, language: str) -> list[tuple[Level, list[str]]]:
    """List the notes of a journal by level, the gravest first."""
    found = [
        (level, [note.text(language) for note in journal.notes if note.level == level]) for level in _LEVELS
    ]
    return [(level, texts) for level, texts in found if texts]
