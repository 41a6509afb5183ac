"""The indexes of a volume: where each commune, each named reservoir and each named zone is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.atlas.content import Content
from bocage.atlas.contents import Entry, group_letters, list_communes
from bocage.atlas.grid_layout import measure_paper
from bocage.atlas.grid_plan import GridPlan, find_cells
from bocage.atlas.page import Page
from bocage.atlas.places import Folios, name_cell_place, name_commune_place, write_link
from bocage.atlas.territory import Territory, alphabetize
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

RESERVOIR = "reservoir"
"""Family of the reservoirs of the network; the others are keys of themes."""

_COLUMNS = {"a4": 2, "a3": 3}


@dataclass(frozen=True)
class NamedPlace:
    """A named object of the index: all the objects of a family that bear one name.

    Attributes
    ----------
    name : str
    family : str
        ``reservoir``, or the key of a theme.
    communes : tuple of (code, name)
        Those it has ground in, in alphabetical order.
    cells : tuple of str
        Sheets of the grid that hold some of it and of the territory, in reading order.
    """

    name: str
    family: str
    communes: tuple[tuple[str, str], ...]
    cells: tuple[str, ...]


def find_places(
    content: Content, territory: Territory, grid: GridPlan | None = None
) -> tuple[tuple[NamedPlace, ...], dict[str, int]]:
    """Find the named reservoirs and zones that have ground in a territory.

    Touching the limit of a commune is not enough.

    Parameters
    ----------
    content : Content
    territory : Territory
    grid : GridPlan, optional
        Without one, no cells are named.

    Returns
    -------
    places : tuple of NamedPlace
        In alphabetical order.
    unnamed : dict of family to int
        Objects in the territory that bear no name.
    """
    outlines = np.asarray(territory.outlines, dtype=object)
    tree = shapely.STRtree(outlines)
    communes: dict[tuple[str, str], set[int]] = {}
    shapes: dict[tuple[str, str], list[Any]] = {}
    unnamed: dict[str, int] = {}
    for family, table in _list_families(content):
        geometries = np.asarray(table.geometry, dtype=object)
        kept = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
        names = np.asarray(table["name"], dtype=object)[kept]
        geometries = shapely.make_valid(geometries[kept])
        meeting, met = tree.query(geometries, predicate="intersects")
        shapely.prepare(geometries)
        real = ~shapely.touches(geometries[meeting], outlines[met])
        found: dict[int, set[int]] = {}
        for index, commune in zip(meeting[real].tolist(), met[real].tolist(), strict=True):
            found.setdefault(index, set()).add(commune)
        for index in sorted(found):
            name = " ".join(names[index].split()) if isinstance(names[index], str) else ""
            if not name:
                unnamed[family] = unnamed.get(family, 0) + 1
                continue
            communes.setdefault((name, family), set()).update(found[index])
            shapes.setdefault((name, family), []).append(geometries[index])
    # A volume holds the sheets of its territory, and no others.
    bound = set() if grid is None else set(find_cells(grid, territory.outline))
    places = []
    for name, family in sorted(communes, key=lambda key: (*alphabetize(key[0]), key[1])):
        held: set[str] = set()
        if grid is not None:
            held = {cell for shape in shapes[name, family] for cell in find_cells(grid, shape)}
        places.append(
            NamedPlace(
                name,
                family,
                # Those of a territory stand in alphabetical order.
                tuple(territory.communes[index] for index in sorted(communes[name, family])),
                tuple(cell.name for cell in grid.cells if cell.name in held & bound)
                if grid is not None
                else (),
            )
        )
    return tuple(places), unnamed


def _list_families(content: Content) -> Iterator[tuple[str, GeoDataFrame]]:
    for table in ("reservoir_s", "reservoir_l"):
        yield RESERVOIR, content.network.tables[table]
    for symbol in content.symbols:
        if symbol.key in content.themes and len(content.themes[symbol.key]):
            yield symbol.key, content.themes[symbol.key]


def compose_commune_index(
    territory: Territory,
    grid: GridPlan | None,
    folios: Folios,
    *,
    running: str = "",
    language: str = "fr",
    sheet_format: str = "a4",
) -> Page:
    """Compose the index of communes: code, sheets of the grid, page.

    Parameters
    ----------
    territory : Territory
    grid : GridPlan or None
        Without one, the index names no sheets of it.
    folios : mapping of place to page
        Places that are not there are named without link.
    running : str
        Title of the volume, printed small above.
    language : {"fr", "en"}
    sheet_format : {"a4", "a3"}

    Returns
    -------
    Page
        Runs over as many sheets of paper as it needs; as many whatever the folios.
    """
    shapes = dict(zip((code for code, _ in territory.communes), territory.outlines, strict=True))
    rows = [
        {
            **entry.as_data(),
            "cells": [] if grid is None else _link_cells(find_cells(grid, shapes[entry.detail]), folios),
        }
        for entry in list_communes(territory.communes, folios)
    ]
    heads = ["commune", "insee", *(["cells"] if grid is not None else []), "page"]
    title = say("atlas_volume.commune_index", language)
    return _compose("communes", title, heads, rows, "", running, language, sheet_format)


def compose_place_index(
    content: Content,
    places: Sequence[NamedPlace],
    unnamed: dict[str, int],
    grid: GridPlan | None,
    folios: Folios,
    *,
    running: str = "",
    language: str = "fr",
    sheet_format: str = "a4",
) -> Page:
    """Compose the index of named reservoirs and zones: family, communes and their pages, sheets of the grid.

    Parameters
    ----------
    content : Content
    places : sequence of NamedPlace
    unnamed : mapping of family to int
        What has no name, which the page says.
    grid : GridPlan or None
    folios : mapping of place to page
    running : str
        Title of the volume, printed small above.
    language : {"fr", "en"}
    sheet_format : {"a4", "a3"}

    Returns
    -------
    Page
        Runs over as many sheets of paper as it needs.
    """
    rows = [
        {
            "text": place.name,
            "family": _name_family(content, place.family, language),
            "communes": [
                Entry(name, name_commune_place(code), folios.get(name_commune_place(code), 0)).as_data()
                for code, name in place.communes
            ],
            "cells": _link_cells(place.cells, folios),
        }
        for place in places
    ]
    note = [] if places else [say("atlas_volume.no_place", language)]
    if unnamed:
        families = [
            say(
                "atlas_volume.unnamed_family",
                language,
                family=_name_family(content, family, language),
                count=count,
            )
            for family, count in unnamed.items()
        ]
        note.append(say("atlas_volume.unnamed", language, families=", ".join(families)))
    heads = ["place", "communes", *(["cells"] if grid is not None else [])]
    title = "place_index" if content.themes else "place_index_plain"
    return _compose(
        "places",
        say(f"atlas_volume.{title}", language),
        heads,
        rows,
        " ".join(note),
        running,
        language,
        sheet_format,
    )


def _compose(
    kind: str,
    title: str,
    heads: Sequence[str],
    rows: Sequence[dict[str, Any]],
    note: str,
    running: str,
    language: str,
    sheet_format: str,
) -> Page:
    width, height, unit = measure_paper(sheet_format)
    data = {
        "width": width,
        "height": height,
        "unit": unit,
        "running": running,
        "title": title,
        "continued": say("atlas_volume.continued", language, title=title),
        "kind": kind,
        "columns": _COLUMNS[sheet_format.lower()],
        "heads": [say(f"atlas_volume.column_{head}", language) for head in heads],
        "with_cells": "cells" in heads,
        "letters": group_letters(rows),
        "note": note,
    }
    return Page("index", data, {}, title)


def _link_cells(names: Sequence[str], folios: Folios) -> list[dict[str, Any]]:
    return [
        {"text": name, "link": write_link(name_cell_place(name)) if name_cell_place(name) in folios else None}
        for name in names
    ]


def _name_family(content: Content, family: str, language: str) -> str:
    if family == RESERVOIR:
        return say("atlas_volume.family_reservoir", language)
    return content.symbols[family].label(language)
