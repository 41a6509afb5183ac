"""The ground that a volume covers: a département, an intercommunalité, all the communes of a layer."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from bocage.atlas.content import Content
from bocage.errors import InputError
from bocage.wording import fold_name


@dataclass(frozen=True)
class Territory:
    """The ground of a volume and its communes.

    Attributes
    ----------
    name : str
        As printed; may be empty.
    communes : tuple of (code, name)
        In alphabetical order.
    outlines : tuple of shapely geometry
        Of the communes, in the same order.
    outline : shapely geometry
        Of them all.
    """

    name: str
    communes: tuple[tuple[str, str], ...]
    outlines: tuple[Any, ...]
    outline: Any


def find_territory(content: Content, name: str = "", *, insee: Collection[str] | None = None) -> Territory:
    """Unite the communes of a volume.

    Parameters
    ----------
    content : Content
    name : str
        Of the territory.
    insee : collection of str, optional
        Codes of its communes; all of the layer by default.

    Returns
    -------
    Territory
        Parts of one commune given as several objects are joined.

    Raises
    ------
    InputError
        If none of the communes has an outline.
    """
    table = content.communes
    codes = table["insee"].astype(str).to_numpy()
    geometries = np.asarray(table.geometry, dtype=object)
    kept = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    if insee is not None:
        kept &= np.isin(codes, sorted(str(code) for code in insee))
    geometries = shapely.make_valid(geometries[kept])
    named: dict[str, str] = {}
    parts: dict[str, list[Any]] = {}
    for code, label, geometry in zip(codes[kept], table["name"].astype(str)[kept], geometries, strict=True):
        named.setdefault(str(code), label)
        parts.setdefault(str(code), []).append(geometry)
    if not named:
        raise InputError("No commune of the atlas has an outline; check the layer of communes.")
    order = sorted(named, key=lambda code: (*alphabetize(named[code]), code))
    outlines = tuple(
        parts[code][0] if len(parts[code]) == 1 else shapely.union_all(parts[code]) for code in order
    )
    return Territory(
        name, tuple((code, named[code]) for code in order), outlines, shapely.union_all(np.array(outlines))
    )


def alphabetize(name: str) -> tuple[str, str]:
    """Give what a name is sorted by: its letters without accents or case, then as it is written.

    Numbers are sorted as numbers.

    >>> sorted(["Èze", "L’Isle-Adam", "eu", "Labruyère", "Étréchy"], key=alphabetize)
    ['Étréchy', 'eu', 'Èze', 'L’Isle-Adam', 'Labruyère']
    >>> sorted(["n° 10", "n° 9"], key=alphabetize)
    ['n° 9', 'n° 10']
    """
    return re.sub(r"\d+", lambda found: found.group().zfill(9), fold_name(name)), name


def drop_gaps(ground: Any, width_m: float = 100.0) -> Any:
    """Fill the gaps that outlines drawn one by one leave between communes, which are no limit of anything.

    Parameters
    ----------
    ground : Polygon or MultiPolygon
    width_m : float
        Holes whose mean width is below this are filled [m].

    Returns
    -------
    MultiPolygon

    Examples
    --------
    >>> gap = shapely.box(0, 0, 1000, 1000).difference(shapely.box(400, 100, 401, 900))
    >>> drop_gaps(gap).area
    1000000.0
    """
    parts = shapely.get_parts(ground)
    parts = parts[shapely.get_type_id(parts) == 3]
    whole = []
    for part in parts:
        holes = [
            ring
            for ring in part.interiors
            if 2 * shapely.area(shapely.polygons(ring)) >= width_m * ring.length
        ]
        whole.append(shapely.polygons(part.exterior, holes or None))
    return shapely.multipolygons(whole)
