"""The parts of a volume: finished PDFs, what stands on their pages and how large these are."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bocage.atlas.joining.bookmarks import Bookmark
from bocage.errors import InputError
from bocage.io.files import say_cause

if TYPE_CHECKING:
    import pikepdf

_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")


@dataclass(frozen=True)
class Part:
    """One PDF of a volume.

    Attributes
    ----------
    path : Path, optional
    data : bytes, optional
        Its content; exactly one of the two is given.
    bookmarks : tuple of Bookmark
        Pages are those of the part.
    names : mapping of name to page
        Places that parts of the volume may link to, as ``https://bocage.invalid/<name>``.
    chapter : tuple of str
        Titles of the bookmarks under which those of the part stand, outermost first; one part after
        another with the same chapter stand under the same bookmark.
    """

    path: Path | None = None
    data: bytes | None = None
    bookmarks: tuple[Bookmark, ...] = ()
    names: Mapping[str, int] = field(default_factory=dict)
    chapter: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the part is given once."""
        assert (self.path is None) != (self.data is None), "a part is a path or its data"


@dataclass(frozen=True)
class PageSize:
    """A page's box [points of 1/72 inch].

    Attributes
    ----------
    left, bottom, right, top : float
    """

    left: float
    bottom: float
    right: float
    top: float


def measure_part(part: Part) -> tuple[PageSize, ...]:
    """Measure the pages of a part, to know their number and prepare their folios.

    Parameters
    ----------
    part : Part

    Returns
    -------
    tuple of PageSize
        In order.

    Raises
    ------
    InputError
        The part cannot be read, or has no structure tree.
    """
    with open_part(part) as pdf:
        if "/StructTreeRoot" not in pdf.Root:
            raise InputError(
                f"{name_part(part)} has no structure tree, so a volume with it could not be read aloud; "
                "print it again as PDF/UA."
            )
        return tuple(measure_page(page.obj) for page in pdf.pages)


def settle_destination(link: pikepdf.Object, pdf: pikepdf.Pdf) -> None:
    """Replace a named destination by the place it names: the part's list of names is not carried."""
    from pikepdf import Dictionary, Name, NameTree, String

    action = link.get("/A")
    holder, key = (link, "/Dest") if action is None else (action, "/D")
    destination = holder.get(key)
    if isinstance(destination, String):
        names = pdf.Root.get("/Names", Dictionary()).get("/Dests")
        found = None if names is None else NameTree(names).get(str(destination))
    elif isinstance(destination, Name):
        found = pdf.Root.get("/Dests", Dictionary()).get(destination)
    else:
        return
    assert found is not None, f"a link leads to '{destination}', which its document does not have"
    holder[key] = found.D if isinstance(found, Dictionary) else found


def settle_page(page: pikepdf.Object) -> None:
    """Write on a page what it has from the nodes above it, which are not carried."""
    from pikepdf import Dictionary

    for key in _INHERITED:
        node = page
        while key not in page and (above := node.get("/Parent")) is not None:
            if key in above:
                page[key] = above[key]
            node = above
    if "/Resources" not in page:
        page.Resources = Dictionary()


def measure_page(page: pikepdf.Object) -> PageSize:
    """Measure a page."""
    settle_page(page)
    x0, y0, x1, y1 = (float(value) for value in page.MediaBox)
    return PageSize(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


@contextmanager
def open_part(part: Part) -> Iterator[pikepdf.Pdf]:
    """Open a part for reading, and close it.

    Raises
    ------
    InputError
        It is missing, or was not written to its end.
    """
    import pikepdf

    source = part.path if part.path is not None else io.BytesIO(part.data or b"")
    try:
        # What can be recovered of half a file is half a sheet.
        pdf = pikepdf.open(source, attempt_recovery=False, suppress_warnings=True)
    except (pikepdf.PdfError, OSError) as error:
        raise _refuse(part, error) from error
    with pdf:
        try:
            yield pdf
        except Exception as error:
            damage = _find_damage(pdf, error)
            if damage is None:
                raise
            raise _refuse(part, damage) from error
        damage = _find_damage(pdf)
        if damage is not None:
            raise _refuse(part, damage)


def _find_damage(pdf: pikepdf.Pdf, error: Exception | None = None) -> object:
    """Tell what could not be read: such objects are taken for nothing, with a warning."""
    import pikepdf

    warnings = pdf.get_warnings()
    if warnings:
        return warnings[0]
    return error if isinstance(error, (pikepdf.PdfError, zlib.error)) else None


def _refuse(part: Part, error: object) -> InputError:
    # qpdf names the stream by its place in memory, then says what is wrong.
    cause = say_cause(error).rpartition(": ")[2]
    return InputError(
        f"{name_part(part)} cannot be read as a whole PDF ({cause}); remove it and print it again."
    )


def name_part(part: Part) -> str:
    """Name a part in a message."""
    if part.path is not None:
        return f"'{part.path.as_posix()}'"
    return f"The part '{part.bookmarks[0].title}'" if part.bookmarks else "A part of the volume"
