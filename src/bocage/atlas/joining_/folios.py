"""Folios: pages of one PDF laid over the pages of another, as artifacts that screen readers pass over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bocage.atlas.objects import ObjectWriter, write_number
from bocage.atlas.parts import PageSize, measure_page, settle_page
from bocage.atlas.transfer import Transfer

if TYPE_CHECKING:
    import pikepdf

_FOLIO = "/BocageFolio"
_BEFORE = b"q\n"
_AFTER = b"\nQ\n/Artifact << /Type /Pagination >> BDC\nq %s Do Q\nEMC\n" % _FOLIO.encode()


class Folios:
    """Pages laid over those of the volume, each as a form that its page calls.

    Parameters
    ----------
    pdf : pikepdf.Pdf
        Open as long as folios are carried.
    writer : ObjectWriter
    shared : dict
        As for ``Transfer``.
    first_folio : int
        Page of the volume that receives the first.
    """

    def __init__(
        self, pdf: pikepdf.Pdf, writer: ObjectWriter, shared: dict[bytes, int], first_folio: int
    ) -> None:
        self._pages = [page.obj for page in pdf.pages]
        self._writer = writer
        self._first = first_folio
        self._transfer = Transfer(pdf, writer, shared)
        self.before, self.after = writer.reserve(), writer.reserve()
        writer.write_compressed(self.before, _BEFORE)
        writer.write_compressed(self.after, _AFTER)

    def carry(self, place: int, size: PageSize) -> int | None:
        """Write the folio of a page, its corner at the page's.

        Parameters
        ----------
        place : int
            Page of the volume, from 0.
        size : PageSize
            Of that page.

        Returns
        -------
        int or None
            Number of the form; None for a page without folio.
        """
        from pikepdf import parse_content_stream, unparse_content_stream

        if not self._first <= place < self._first + len(self._pages):
            return None
        page = self._pages[place - self._first]
        settle_page(page)
        # Tags of its own would be tags within an artifact.
        kept = [
            instruction
            for instruction in parse_content_stream(page)
            if str(instruction.operator) not in ("BMC", "BDC", "EMC", "MP", "DP")
        ]
        self._transfer.share(page.Resources)
        box = measure_page(page)
        corners = b" ".join(write_number(value) for value in (box.left, box.bottom, box.right, box.top))
        shift = write_number(size.left - box.left) + b" " + write_number(size.bottom - box.bottom)
        form = self._writer.reserve()
        entries = b"/Type /XObject /Subtype /Form /BBox [ %s ] /Matrix [ 1 0 0 1 %s ] /Resources %s" % (
            corners,
            shift,
            self._transfer.express(page.Resources),
        )
        self._writer.write_compressed(form, unparse_content_stream(kept), entries)
        return form


def lay_folio(page: pikepdf.Object, transfer: Transfer, folios: Folios, form: int) -> None:
    """Make a page call its folio after its own content, whatever state this leaves."""
    from pikepdf import Array, Dictionary

    resources = Dictionary({key: value for key, value in page.Resources.items() if key != "/XObject"})
    resources["/XObject"] = Dictionary(
        {**dict(page.Resources.get("/XObject", {}).items()), _FOLIO: transfer.stand_for(form)}
    )
    page.Resources = resources
    content = page.get("/Contents", Array())
    streams = list(content) if isinstance(content, Array) else [content]
    page.Contents = Array([transfer.stand_for(folios.before), *streams, transfer.stand_for(folios.after)])
