"""Joining: finished tagged PDFs become one volume, with one structure tree, links and bookmarks."""

from bocage.atlas.joining.binder import LINK, Volume, join_documents
from bocage.atlas.joining.bookmarks import Bookmark, set_outline, write_bookmarks
from bocage.atlas.joining.parts import PageSize, Part, measure_part

__all__ = [
    "LINK",
    "Bookmark",
    "PageSize",
    "Part",
    "Volume",
    "join_documents",
    "measure_part",
    "set_outline",
    "write_bookmarks",
]
