"""The booklet of a commune: the sheets of the series, then its figures on the back, as one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bocage.atlas.commune import Commune
from bocage.atlas.content import Content
from bocage.atlas.document import DocumentInfo, draw_pages, set_document
from bocage.atlas.page import Page
from bocage.atlas.series import SheetSpec
from bocage.atlas.sheet import Sheet, compose_sheet
from bocage.atlas.summary import compose_summary
from bocage.atlas.words import read_date
from bocage.errors import InputError
from bocage.wording import say

if TYPE_CHECKING:
    from bocage.atlas.summary import CommuneFigures
    from bocage.journal import Journal


@dataclass(frozen=True)
class Booklet:
    """All the pages of a commune, composed.

    Attributes
    ----------
    commune : Commune
    sheets : tuple of Sheet
        In the order of the series.
    summary : Page or None
        The commune's figures.
    info : DocumentInfo
    """

    commune: Commune
    sheets: tuple[Sheet, ...]
    summary: Page | None
    info: DocumentInfo

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages in order."""
        pages = tuple(sheet.page for sheet in self.sheets)
        return pages if self.summary is None else (*pages, self.summary)

    @property
    def names(self) -> tuple[str, ...]:
        """Short names of the pages, for the files of their pictures."""
        names = tuple(sheet.spec.key for sheet in self.sheets)
        return names if self.summary is None else (*names, "chiffres")

    def to_pdf(self) -> bytes:
        """Set the booklet as a PDF/UA-1 whose maps a GIS opens in place; the same bytes each time."""
        return set_document(self.pages, self.info)

    def to_pngs(self, dpi: float = 110.0) -> list[bytes]:
        """Set its pages as pictures."""
        return draw_pages(self.pages, self.info, dpi=dpi)


def compose_booklet(
    content: Content,
    insee: str,
    specs: Sequence[SheetSpec],
    figures: Mapping[str, CommuneFigures] | None,
    *,
    sheet_format: str = "a4",
    orientation: str = "auto",
    language: str = "fr",
    summary: bool = True,
    only: str | None = None,
    journal: Journal | None = None,
) -> Booklet:
    """Compose the sheets of a commune and its figures.

    Parameters
    ----------
    content : Content
    insee : str
    specs : sequence of SheetSpec
        The series, at least one.
    figures : mapping of INSEE code to CommuneFigures, or None
        The legends say what they say, and so does the back. None for sheets without it, whose legends
        measure by themselves.
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}
    language : {"fr", "en"}
    summary : bool
        Print the figures on the back.
    only : str, optional
        Key of the one sheet wanted, without figures on the back; it keeps its number in the series.
    journal : Journal, optional

    Returns
    -------
    Booklet

    Raises
    ------
    InputError
        If the code, the date, the status, the format, the logo or the commune's outline is not usable.
    """
    sheets = tuple(
        compose_sheet(
            content,
            insee,
            spec,
            number=number,
            total=len(specs),
            sheet_format=sheet_format,
            orientation=orientation,
            language=language,
            figures=None if figures is None else figures.get(insee),
            journal=journal if number == 1 else None,
        )
        for number, spec in enumerate(specs, start=1)
        if only in (None, spec.key)
    )
    if not sheets:
        raise InputError(
            "The series has no sheet; give at least one [[atlas.sheet]], or none for the usual ones."
        )
    commune = sheets[0].commune
    back = None
    if summary and only is None and figures is not None and insee in figures:
        layout = sheets[0].layout
        back = compose_summary(
            content,
            commune,
            figures[insee],
            specs=specs,
            sheet_format=sheet_format,
            orientation="portrait" if layout.height > layout.width else "landscape",
            language=language,
        )
    if len(sheets) == 1:
        info = sheets[0].info
    else:
        title = str(content.about.get("title") or say("atlas.map_kind", language))
        info = DocumentInfo(
            say("atlas.booklet_title", language, title=title, name=commune.name, insee=commune.insee),
            read_date(content.about),
            "\n".join(sheet.info.description for sheet in sheets),
            language,
            sheets[0].info.author,
            (commune.name, commune.insee, *(sheet.page.title.split(". ", 1)[-1] for sheet in sheets)),
        )
    return Booklet(commune, sheets, back, info)
