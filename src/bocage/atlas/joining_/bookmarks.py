"""Bookmarks: the tree of titles that a PDF reader shows beside the pages."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pikepdf


@dataclass(frozen=True)
class Bookmark:
    """A title that leads to the top of a page.

    Attributes
    ----------
    title : str
    page : int
        From 0, within the document that the bookmark belongs to.
    children : tuple of Bookmark
        Shown when the reader opens this one.
    """

    title: str
    page: int
    children: tuple[Bookmark, ...] = ()

    def shifted(self, pages: int) -> Bookmark:
        """Give the bookmark of the same page in a document where so many pages stand before.

        Examples
        --------
        >>> Bookmark("Ors", 0, (Bookmark("Milieux", 1),)).shifted(10).children[0].page
        11
        """
        children = tuple(child.shifted(pages) for child in self.children)
        return Bookmark(self.title, self.page + pages, children)


@dataclass(frozen=True)
class OutlineItem:
    """A bookmark among its kin, each named by its place in the list; ``-1`` for none.

    Attributes
    ----------
    title : str
    page : int
    parent, previous, next, first, last : int
        A parent of ``-1`` is the root.
    count : int
        Children of its own.
    """

    title: str
    page: int
    parent: int
    previous: int
    next: int
    first: int
    last: int
    count: int


def list_outline(bookmarks: Sequence[Bookmark]) -> list[OutlineItem]:
    """List the bookmarks of a tree in reading order, each with its kin.

    Parameters
    ----------
    bookmarks : sequence of Bookmark

    Returns
    -------
    list of OutlineItem

    Examples
    --------
    >>> tree = [Bookmark("Clé", 0), Bookmark("A", 1, (Bookmark("Agnetz", 1), Bookmark("Angy", 3)))]
    >>> [(item.title, item.parent, item.previous, item.next) for item in list_outline(tree)]
    [('Clé', -1, -1, 1), ('A', -1, 0, -1), ('Agnetz', 1, -1, 3), ('Angy', 1, 2, -1)]
    """
    return list(_list_siblings(bookmarks, -1, 0))


def _list_siblings(siblings: Sequence[Bookmark], parent: int, start: int) -> Iterator[OutlineItem]:
    places, place = [], start
    for bookmark in siblings:
        places.append(place)
        place += _size(bookmark)
    for order, (bookmark, place) in enumerate(zip(siblings, places, strict=True)):
        children = bookmark.children
        yield OutlineItem(
            bookmark.title,
            bookmark.page,
            parent,
            places[order - 1] if order else -1,
            places[order + 1] if order + 1 < len(places) else -1,
            place + 1 if children else -1,
            place + _size(bookmark) - _size(children[-1]) if children else -1,
            len(children),
        )
        yield from _list_siblings(children, place, place + 1)


def _size(bookmark: Bookmark) -> int:
    return 1 + sum(_size(child) for child in bookmark.children)


def write_bookmarks(pdf: pikepdf.Pdf, bookmarks: Sequence[Bookmark]) -> None:
    """Give an open document these bookmarks in place of those it had, and let them show when it opens.

    Those that have children are closed, so that hundreds of communes do not hide the rest.

    Parameters
    ----------
    pdf : pikepdf.Pdf
        Changed in place, not saved.
    bookmarks : sequence of Bookmark
        None to remove all.
    """
    from pikepdf import Array, Dictionary, Name, String

    if "/Outlines" in pdf.Root:
        del pdf.Root["/Outlines"]
    if not bookmarks:
        if pdf.Root.get("/PageMode") == Name.UseOutlines:
            del pdf.Root["/PageMode"]
        return
    items = list_outline(bookmarks)
    root = pdf.make_indirect(Dictionary(Type=Name.Outlines, Count=len(bookmarks)))
    nodes = [pdf.make_indirect(Dictionary(Title=String(item.title))) for item in items]
    tops = [place for place, item in enumerate(items) if item.parent == -1]
    root.First, root.Last = nodes[tops[0]], nodes[tops[-1]]
    for item, node in zip(items, nodes, strict=True):
        assert 0 <= item.page < len(pdf.pages), (
            f"bookmark '{item.title}' leads to page {item.page} of {len(pdf.pages)}"
        )
        page = pdf.pages[item.page]
        node.Dest = Array([page.obj, Name.XYZ, None, page.mediabox[3], None])
        node.Parent = root if item.parent == -1 else nodes[item.parent]
        for key, place in (
            ("/Prev", item.previous),
            ("/Next", item.next),
            ("/First", item.first),
            ("/Last", item.last),
        ):
            if place != -1:
                node[key] = nodes[place]
        if item.count:
            node.Count = -item.count
    pdf.Root.Outlines = root
    pdf.Root.PageMode = Name.UseOutlines


def set_outline(pdf: bytes, bookmarks: Sequence[Bookmark]) -> bytes:
    """Give a PDF these bookmarks in place of those that typst made of its headings.

    Parameters
    ----------
    pdf : bytes
    bookmarks : sequence of Bookmark

    Returns
    -------
    bytes
        The same for the same input; tags and georeference stay.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        write_bookmarks(document, bookmarks)
        changed = io.BytesIO()
        document.save(changed, deterministic_id=True)
    return changed.getvalue()
