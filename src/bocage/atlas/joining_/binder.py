"""Join finished sheets into one volume that a screen reader reads to its end.

Each part is a tagged PDF. Pages are carried as they are; structure trees become one, links from part to
part find their page, and each page may receive its folio. Parts are read one after the other and written
as they are read: memory holds one part, whatever the volume.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from bocage.atlas.bookmarks import Bookmark, list_outline
from bocage.atlas.folios import Folios, lay_folio
from bocage.atlas.objects import ObjectWriter, write_number
from bocage.atlas.parts import (
    PageSize,
    Part,
    measure_part,
    name_part,
    open_part,
    settle_destination,
    settle_page,
)
from bocage.atlas.statement import describe_document, describe_in_xmp
from bocage.atlas.structure import Structure
from bocage.atlas.transfer import Transfer
from bocage.io.files import replace_on_success

if TYPE_CHECKING:
    import pikepdf

LINK = "https://bocage.invalid/"
"""Before the name of a place of the volume, in the links of parts; ``.invalid`` belongs to nobody."""

_PAGES_PER_NODE = 64


@dataclass(frozen=True)
class Volume:
    """What was written.

    Attributes
    ----------
    pages : int
    starts : tuple of int
        First page of each part, from 0.
    bytes : int
        Size of the file.
    """

    pages: int
    starts: tuple[int, ...]
    bytes: int


def join_documents(
    target: Path,
    parts: Sequence[Part],
    *,
    title: str,
    language: str,
    date: datetime.date,
    author: Sequence[str] = (),
    description: str = "",
    keywords: Sequence[str] = (),
    folios: Part | None = None,
    first_folio: int = 0,
) -> Volume:
    """Join tagged PDFs into one PDF/UA-1, with one structure tree, links and bookmarks.

    The structure is that of the parts, one after the other, under one ``Document``. Page labels are the
    numbers of the pages from 1. The same parts give the same bytes.

    Parameters
    ----------
    target : Path
        The volume; replaced only when the new one is complete.
    parts : sequence of Part
        In order. Pages are upright (no ``/Rotate``); forms, layers and attachments are not carried.
    title : str
    language : str
        Of the volume; the elements of a part in another language keep theirs.
    date : datetime.date
    author : sequence of str
    description : str
    keywords : sequence of str
    folios : Part, optional
        Its page ``k`` is laid over page ``first_folio + k`` of the volume at its own size, lower left
        corners together: give it the size of its page (``measure_part``) and it stands where it was set.
        It may have fewer pages than the volume, and needs no tags: all of it becomes an artifact, which
        screen readers pass over.
    first_folio : int
        Page of the volume, from 0, that receives the first folio: 1 leaves the cover bare.

    Returns
    -------
    Volume

    Raises
    ------
    InputError
        A part cannot be read or has no structure tree.
    OutputError
        The volume cannot be written.
    AssertionError
        A link leads to a name that no part bears, two parts bear one name, or there are more folios than
        pages: a fault of the caller.
    """
    assert parts, "a volume has at least one part"
    plan = _Plan.make(parts)
    with replace_on_success(target) as temporary, temporary.open("wb") as file:
        binder = _Binder(ObjectWriter(file), plan, language)
        if folios is None:
            binder.bind(parts, None, 0)
        else:
            with open_part(folios) as pdf:
                assert first_folio + len(pdf.pages) <= len(plan.sizes), (
                    f"{len(pdf.pages)} folios from page {first_folio} on, for {len(plan.sizes)} pages"
                )
                binder.bind(parts, pdf, first_folio)
        size = binder.finish(title, date, author, description, keywords)
    return Volume(len(plan.sizes), plan.starts, size)


@dataclass(frozen=True)
class _Plan:
    """What is known of the volume before a page is written: where all places are."""

    starts: tuple[int, ...]
    sizes: tuple[PageSize, ...]
    places: Mapping[str, int]
    bookmarks: tuple[Bookmark, ...]
    titles: Mapping[int, str]

    @classmethod
    def make(cls, parts: Sequence[Part]) -> _Plan:
        starts: list[int] = []
        sizes: list[PageSize] = []
        places: dict[str, int] = {}
        shifted: list[tuple[tuple[str, ...], Bookmark]] = []
        for part in parts:
            start = len(sizes)
            starts.append(start)
            sizes += measure_part(part)
            for name, page in part.names.items():
                assert name not in places, f"two places of the volume are named '{name}'"
                assert 0 <= page < len(sizes) - start, f"'{name}' is on page {page} of {name_part(part)}"
                places[name] = start + page
            shifted += [(part.chapter, bookmark.shifted(start)) for bookmark in part.bookmarks]
        titles: dict[int, str] = {}
        for item in list_outline([bookmark for _, bookmark in shifted]):
            assert 0 <= item.page < len(sizes), f"bookmark '{item.title}' leads to page {item.page}"
            titles.setdefault(item.page, item.title)
        return cls(tuple(starts), tuple(sizes), places, _nest(shifted), titles)

    def name_page(self, page: int) -> str:
        """Say in words where a link leads."""
        label = f"page {page + 1}"
        return f"{self.titles[page]}, {label}" if page in self.titles else label


def _nest(shifted: Sequence[tuple[tuple[str, ...], Bookmark]]) -> tuple[Bookmark, ...]:
    """Stand bookmarks under those of their chapters."""
    nested: list[Bookmark] = []
    place = 0
    while place < len(shifted):
        chapter, bookmark = shifted[place]
        end = place + 1
        if chapter:
            while end < len(shifted) and shifted[end][0][:1] == chapter[:1]:
                end += 1
            inside = _nest([(under[1:], kept) for under, kept in shifted[place:end]])
            bookmark = Bookmark(chapter[0], bookmark.page, inside)
        nested.append(bookmark)
        place = end
    return tuple(nested)


class _Binder:
    """Writes a volume: pages and structure of each part, then what joins them."""

    def __init__(self, writer: ObjectWriter, plan: _Plan, language: str) -> None:
        self._writer = writer
        self._plan = plan
        self._language = language
        count = len(plan.sizes)
        self._catalogue = writer.reserve()
        self._pages_root = writer.reserve()
        self._nodes = writer.reserve(-(-count // _PAGES_PER_NODE))
        self._first_page = writer.reserve(count)
        self._structure = Structure(writer, len(plan.starts), language)
        self._shared: dict[bytes, int] = {}

    def bind(self, parts: Sequence[Part], folios: pikepdf.Pdf | None, first_folio: int) -> None:
        """Write all parts."""
        stamps = None if folios is None else Folios(folios, self._writer, self._shared, first_folio)
        for part, start in zip(parts, self._plan.starts, strict=True):
            with open_part(part) as pdf:
                self._bind_part(pdf, start, stamps)

    def _bind_part(self, pdf: pikepdf.Pdf, start: int, folios: Folios | None) -> None:
        transfer = self._structure.open_part(pdf, self._shared)
        pages = [page.obj for page in pdf.pages]
        for place, page in enumerate(pages, start):
            transfer.settle(page, self._first_page + place)
        targets: dict[int, pikepdf.Object] = {}
        for place, page in enumerate(pages, start):
            settle_page(page)
            for link in page.get("/Annots", []):
                self._lead(link, transfer, targets, pdf)
            form = None if folios is None else folios.carry(place, self._plan.sizes[place])
            if folios is not None and form is not None:
                lay_folio(page, transfer, folios, form)
            transfer.share(page.Resources)
        for place, page in enumerate(pages, start):
            del page["/Parent"]
            node = self._nodes + place // _PAGES_PER_NODE
            transfer.write(self._first_page + place, page, b"/Parent %d 0 R " % node)
        self._structure.add_part(pdf, transfer)
        transfer.finish()

    def _lead(
        self,
        link: pikepdf.Object,
        transfer: Transfer,
        targets: dict[int, pikepdf.Object],
        pdf: pikepdf.Pdf,
    ) -> None:
        """Make a link to a named place of the volume a link to its page."""
        from pikepdf import Array, Dictionary, Name, String

        action = link.get("/A")
        # typst writes addresses in UTF-8, which is not how PDF would read them.
        address = (
            bytes(action.URI).decode(errors="replace") if action is not None and "/URI" in action else ""
        )
        if not address.startswith(LINK):
            settle_destination(link, pdf)
            return
        name = unquote(address.removeprefix(LINK))
        assert name in self._plan.places, f"a link leads to '{name}', which no part of the volume bears"
        page = self._plan.places[name]
        if page not in targets:
            targets[page] = transfer.stand_for(self._first_page + page)
        top = self._plan.sizes[page].top
        link.A = Dictionary(
            Type=Name.Action, S=Name.GoTo, D=Array([targets[page], Name.XYZ, None, top, None])
        )
        link.Contents = String(self._plan.name_page(page))

    def finish(
        self,
        title: str,
        date: datetime.date,
        author: Sequence[str],
        description: str,
        keywords: Sequence[str],
    ) -> int:
        """Write the page tree, bookmarks, structure root and what the file says of itself."""
        from pikepdf import String

        writer, count = self._writer, len(self._plan.sizes)
        self._write_pages()
        structure = self._structure.finish()
        outline = self._write_outline()
        metadata, info = writer.reserve(), writer.reserve()
        said: dict[str, Any] = {
            "title": title,
            "date": date,
            "author": author,
            "description": description,
            "keywords": keywords,
        }
        packet = describe_in_xmp(language=self._language, pages=count, **said)
        # Not compressed, so that archives find it without reading PDF.
        writer.write_stream(metadata, b"/Type /Metadata /Subtype /XML", packet)
        writer.write(info, describe_document(**said))
        entries = [
            b"/Type /Catalog",
            b"/Pages %d 0 R" % self._pages_root,
            b"/Lang " + String(self._language).unparse(),
            b"/MarkInfo << /Marked true >>",
            b"/ViewerPreferences << /DisplayDocTitle true /Direction /L2R >>",
            b"/PageLabels << /Nums [ 0 << /S /D >> ] >>",
            b"/StructTreeRoot %d 0 R" % structure,
            b"/Metadata %d 0 R" % metadata,
        ]
        if outline is not None:
            entries += [b"/PageMode /UseOutlines", b"/Outlines %d 0 R" % outline]
        writer.write(self._catalogue, b"<< %s >>" % b" ".join(entries))
        return writer.finish(self._catalogue, info)

    def _write_pages(self) -> None:
        count = len(self._plan.sizes)
        firsts = range(0, count, _PAGES_PER_NODE)
        for node, first in enumerate(firsts):
            leaves = range(first, min(first + _PAGES_PER_NODE, count))
            self._writer.write(
                self._nodes + node,
                b"<< /Type /Pages /Parent %d 0 R /Count %d /Kids [ %s ] >>"
                % (self._pages_root, len(leaves), _refer(self._first_page + leaf for leaf in leaves)),
            )
        kids = _refer(self._nodes + node for node in range(len(firsts)))
        self._writer.write(self._pages_root, b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (count, kids))

    def _write_outline(self) -> int | None:
        from pikepdf import String

        items = list_outline(self._plan.bookmarks)
        if not items:
            return None
        root = self._writer.reserve()
        first = self._writer.reserve(len(items))
        for place, item in enumerate(items):
            content = [
                b"/Title %s /Parent %d 0 R"
                % (String(item.title).unparse(), root if item.parent == -1 else first + item.parent),
                b"/Dest [ %d 0 R /XYZ null %s null ]"
                % (self._first_page + item.page, write_number(self._plan.sizes[item.page].top)),
            ]
            content += [
                b"/%s %d 0 R" % (key, first + other)
                for key, other in (
                    (b"Prev", item.previous),
                    (b"Next", item.next),
                    (b"First", item.first),
                    (b"Last", item.last),
                )
                if other != -1
            ]
            if item.count:
                content.append(b"/Count %d" % -item.count)
            self._writer.write(first + place, b"<< %s >>" % b" ".join(content))
        last = max(place for place, item in enumerate(items) if item.parent == -1)
        self._writer.write(
            root,
            b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>"
            % (first, first + last, len(self._plan.bookmarks)),
        )
        return root


def _refer(numbers: Iterator[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)
