"""A page ready to be set: which template draws it, what it says, and where on earth its map lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bocage.atlas.layout import Box
from bocage.cartography.frame import MapFrame


@dataclass(frozen=True)
class Georeference:
    """Where a map lies on its page and on earth.

    Attributes
    ----------
    frame : MapFrame
        Ground that the map shows.
    box : Box
        Where it stands on the page.
    page_height : float
        Of the paper [mm].
    crs : str
        Of the frame's coordinates.
    """

    frame: MapFrame
    box: Box
    page_height: float
    crs: str


@dataclass(frozen=True)
class Page:
    """A page of an atlas, or a run of pages that one template sets.

    Attributes
    ----------
    template : str
        File of ``atlas/templates``, without its suffix; it defines a function of the same name
        (underscores written as hyphens) that takes the folder of the page's files.
    data : mapping
        What the template reads as ``page.json``; plain values.
    files : mapping of file name to bytes
        Pictures beside it.
    title : str
        Words of its bookmark; empty for none.
    georeference : Georeference, optional
        Of its map. Only pages that fill exactly one sheet of paper may have one.
    """

    template: str
    data: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)
    title: str = ""
    georeference: Georeference | None = None
