"""The contents of a volume: its parts, the sheets of the grid, the communes in alphabetical order.

The contents stand before what they list, so that their own length moves every page they name. Compose them
once with the folios known so far (none will do), count their pages, then compose them again with the true
folios: the column of pages has a width of its own, so the second has as many pages as the first.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bocage.atlas.document import DocumentInfo, set_document
from bocage.atlas.grid_layout import measure_paper
from bocage.atlas.grid_plan import SCALE
from bocage.atlas.page import Page
from bocage.atlas.places import Folios, name_cell_place, name_commune_place, write_link
from bocage.atlas.territory import alphabetize
from bocage.units import format_number
from bocage.wording import fold_name, say

COLUMNS = {"a4": 3, "a3": 4}
"""Columns of communes on a page."""

_CELL_COLUMNS = {"a4": 7, "a3": 9}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list of places.

    Attributes
    ----------
    text : str
    place : str
        Name of the place it leads to; empty for none.
    folio : int
        Page of the volume, from 1; 0 while it is not known.
    detail : str
        Code printed beside it.
    """

    text: str
    place: str = ""
    folio: int = 0
    detail: str = ""

    def as_data(self) -> dict[str, Any]:
        """Give the entry as plain values, for the page template."""
        return {
            "text": self.text,
            "detail": self.detail,
            "folio": str(self.folio) if self.folio else "",
            "link": write_link(self.place) if self.place and self.folio else None,
        }


def list_communes(communes: Iterable[tuple[str, str]], folios: Folios) -> list[Entry]:
    """List communes in alphabetical order, without regard to accents or case.

    Parameters
    ----------
    communes : iterable of (code, name)
    folios : mapping of place to page

    Examples
    --------
    >>> listed = list_communes([("95313", "L’Isle-Adam"), ("60001", "Èze"), ("60002", "eu")], {})
    >>> [entry.text for entry in listed]
    ['eu', 'Èze', 'L’Isle-Adam']
    """
    return [
        Entry(name, name_commune_place(code), folios.get(name_commune_place(code), 0), code)
        for code, name in sorted(communes, key=lambda pair: (*alphabetize(pair[1]), pair[0]))
    ]


def compose_contents(
    parts: Sequence[Entry],
    cells: Sequence[str],
    communes: Iterable[tuple[str, str]],
    folios: Folios,
    *,
    running: str = "",
    language: str = "fr",
    sheet_format: str = "a4",
) -> Page:
    """Compose the contents; it runs over as many pages as it needs.

    Parameters
    ----------
    parts : sequence of Entry
        Parts of the volume in their order, with their places; a folio of 0 is looked up.
    cells : sequence of str
        Names of the sheets of the grid; none when the volume has no such sheets.
    communes : iterable of (code, name)
    folios : mapping of place to page
        Places that are not there yet are neither linked nor given a page.
    running : str
        Title of the volume, printed small above.
    language : {"fr", "en"}
    sheet_format : {"a4", "a3"}

    Returns
    -------
    Page
    """
    width, height, unit = measure_paper(sheet_format)
    title = say("atlas_volume.contents", language)
    sheets = [
        Entry(name, name_cell_place(name), folios.get(name_cell_place(name), 0)).as_data() for name in cells
    ]
    data = {
        "width": width,
        "height": height,
        "unit": unit,
        "running": running,
        "title": title,
        "continued": say("atlas_volume.continued", language, title=title),
        "parts": [
            Entry(part.text, part.place, part.folio or folios.get(part.place, 0), part.detail).as_data()
            for part in parts
        ],
        "cells": {
            "title": say("atlas_volume.cells", language, scale=format_number(SCALE, 0, language)),
            "columns": _CELL_COLUMNS[sheet_format.lower()],
            "rows": sheets,
        },
        "communes": {
            "title": say("atlas_volume.communes", language),
            "columns": COLUMNS[sheet_format.lower()],
            "letters": group_letters([entry.as_data() for entry in list_communes(communes, folios)]),
        },
        "words": {
            key: say(f"atlas_volume.column_{key}", language) for key in ("commune", "insee", "page", "cell")
        }
        | {"part": say("atlas_volume.part", language)},
    }
    return Page("contents", data, {}, title)


def group_letters(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Group sorted rows by the first letter of their text.

    >>> [group["letter"] for group in group_letters([{"text": "Èze"}, {"text": "eu"}, {"text": "L’Isle"}])]
    ['E', 'L']
    """
    groups: list[dict[str, Any]] = []
    for row in rows:
        first = fold_name(row["text"])[:1].upper()
        letter = first if first.isalpha() else "#"
        if not groups or groups[-1]["letter"] != letter:
            groups.append({"letter": letter, "rows": []})
        groups[-1]["rows"].append(row)
    return groups


def count_pages(page: Page, info: DocumentInfo) -> int:
    """Count the sheets of paper that a page fills once set.

    Parameters
    ----------
    page : Page
    info : DocumentInfo

    Returns
    -------
    int
    """
    from pikepdf import Pdf

    with Pdf.open(io.BytesIO(set_document([page], info))) as document:
        return len(document.pages)
