"""Names of the places of a volume, to which its pages lead, and the folios they bear."""

from __future__ import annotations

from collections.abc import Mapping

from bocage.atlas.joining import LINK

Folios = Mapping[str, int]
"""Page of the volume, from 1, at which each named place begins. A place that is not there gets no link."""

CONTENTS = "contents"
KEY_MAP = "key-map"
COMMUNE_INDEX = "index-communes"
PLACE_INDEX = "index-places"


def name_commune_place(insee: str) -> str:
    """Name the first page of a commune.

    >>> name_commune_place("60057")
    'commune-60057'
    """
    return f"commune-{insee}"


def name_cell_place(cell: str) -> str:
    """Name the page of a sheet of the grid.

    >>> name_cell_place("B2")
    'cell-B2'
    """
    return f"cell-{cell}"


def write_link(place: str) -> str:
    """Write the address that ``join_documents`` turns into a link to the page of a place.

    >>> write_link("cell-B2")
    'https://bocage.invalid/cell-B2'
    """
    return LINK + place
