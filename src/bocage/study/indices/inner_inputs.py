"""Costs across patches, from the end of one link to the end of another: a table, or Graphab's own file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.inner_ways import add_inner_ways
from bocage.connectivity.landscape import InnerWays
from bocage.errors import DataError, InputError
from bocage.journal import Journal
from bocage.study.indices.model import GraphInput, IndicesOptions

if TYPE_CHECKING:
    from pandas import DataFrame

FIRST = ("link1", "first", "id1", "link_1", "lien1")
SECOND = ("link2", "second", "id2", "link_2", "lien2")
PLACES = ("coord1", "coord2")
_NEAR = 1.0
"""Farthest that the end of a link may be from the place that stands for it [m]."""


def read_inner(source: GraphInput, options: IndicesOptions, journal: Journal) -> GraphInput:
    """Give a graph the costs across its patches.

    The file has columns ``link1``, ``link2`` and ``cost``, of two links that share a patch (``patch`` says
    which where they share both); or is Graphab's ``-links-intra.csv``, of places ``Coord1`` and ``Coord2``,
    where links have lines that end there.

    Raises
    ------
    InputError
        Columns lack, or links have no lines.
    DataError
        A link is not known, two links share no patch, a cost is lacking or negative.
    """
    from bocage.study.indices.graph_inputs import KNOWN, find_column, list_ids, read_column, read_table

    assert options.inner is not None
    path = options.inner
    table, _ = read_table(path, None, "costs across patches", options.crs, journal)
    cost = find_column(table, None, KNOWN["cost"], "costs across patches", "")
    places = [find_column(table, None, (one,), "costs across patches", "") for one in PLACES]
    ends = [find_column(table, None, known, "costs across patches", "") for known in (FIRST, SECOND)]
    if cost is None or (None in places and None in ends):
        raise InputError(
            f"'{path.name}' needs columns link1, link2 and cost, or Coord1, Coord2 and Cost of Graphab; it "
            f"has {', '.join(str(one) for one in table.columns)}."
        )
    values = read_column(table, cost)
    odd = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(odd):
        shown = ", ".join(str(row + 1) for row in odd[:5]) + (" …" if len(odd) > 5 else "")
        raise DataError(
            f"{len(odd)} cost(s) across patches of '{path.name}' are negative or missing (row {shown}); give "
            "numbers from 0 up."
        )
    if None not in ends:
        names = [list_ids(table, str(one), "costs across patches") for one in ends]
        said = find_column(table, None, ("patch", "tache"), "costs across patches", "")
        patch = None if said is None else list_ids(table, said, "costs across patches")
        inner = _match_links(source, names, patch, values, path.name)
        return replace(source, graph=replace(source.graph, inner=inner))
    return _match_places(source, table, [str(one) for one in places], values, path.name)


def _match_links(
    source: GraphInput,
    names: list[list[str]],
    patch: list[str] | None,
    values: NDArray[np.float64],
    file: str,
) -> InnerWays:
    graph = source.graph
    place = {name: number for number, name in enumerate(graph.link_ids)}
    unknown = [one for pair in zip(*names, strict=True) for one in pair if one not in place]
    if unknown:
        _refuse(f"{len(unknown)} link(s) of '{file}' are not in the graph", unknown, "give the ids of links")
    first, second = (np.array([place[one] for one in side], dtype=np.int64) for side in names)
    known = {name: number for number, name in enumerate(graph.ids)}
    shared: list[int] = []
    lost: list[str] = []
    for row, (one, two) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        both = {int(graph.start[one]), int(graph.end[one])} & {int(graph.start[two]), int(graph.end[two])}
        if patch is not None:
            both &= {known.get(patch[row], -1)}
        if len(both) != 1 or one == two:
            lost.append(f"{names[0][row]} and {names[1][row]}")
            shared.append(-1)
        else:
            shared.append(both.pop())
    if lost:
        _refuse(
            f"{len(lost)} pair(s) of links of '{file}' do not meet in one patch", lost,
            "give pairs that do, with the column patch where they share both",
        )  # fmt: skip
    costly = values > 0
    return InnerWays(first[costly], second[costly], np.array(shared, np.int64)[costly], values[costly])


def _match_places(
    source: GraphInput, table: DataFrame, columns: list[str], values: NDArray[np.float64], file: str
) -> GraphInput:
    import shapely
    from scipy.spatial import cKDTree

    graph = source.graph
    if source.links is None:
        raise InputError(
            f"'{file}' gives places and not links; give links as lines, whose ends are these places, or a "
            "table of link1, link2 and cost."
        )
    told = [_read_places(table[one], file) for one in columns]
    points, number = np.unique(np.concatenate(told), axis=0, return_inverse=True)
    one, two = np.split(number.ravel(), 2)
    costs = {(int(a), int(b)): float(value) for a, b, value in zip(one, two, values, strict=True)}
    lines = source.links.geometry.to_numpy()
    tips = np.stack([_find_tips(line) for line in lines]) if len(lines) else np.zeros((0, 2, 2))
    if source.patches is not None and len(lines):
        # A line may run either way.
        shapes = source.patches.geometry.to_numpy()
        there = shapely.distance(shapely.points(tips[:, 0]), shapes[graph.start])
        back = shapely.distance(shapely.points(tips[:, 0]), shapes[graph.end])
        tips = np.where((back < there)[:, None, None], tips[:, ::-1], tips)
    away, nearest = cKDTree(points).query(tips.reshape(-1, 2))
    ends = np.where(away <= _NEAR, nearest, -1).reshape(-1, 2)
    if len(lines) and (ends < 0).all():
        raise DataError(
            f"No link ends at a place of '{file}' (within {_NEAR:g} m); give the lines of the same set of "
            "links, in the same coordinate system."
        )
    return replace(
        source, graph=add_inner_ways(graph, ends, costs | {(a, a): 0.0 for a in range(len(points))})
    )


def _find_tips(line: Any) -> NDArray[np.float64]:
    import shapely

    points = shapely.get_coordinates(line)
    return np.stack([points[0], points[-1]])


def _read_places(texts: Any, file: str) -> NDArray[np.float64]:
    """Read ``x-y``; a minus sign before a number is its own."""
    import re

    found = [
        re.fullmatch(r"(-?[\d.]+(?:[eE]-?\d+)?)-(-?[\d.]+(?:[eE]-?\d+)?)", str(one).strip()) for one in texts
    ]
    odd = [str(row + 1) for row, one in enumerate(found) if one is None]
    if odd:
        raise InputError(
            f"{len(odd)} place(s) of '{file}' are not written x-y (row {', '.join(odd[:5])}); give the file "
            "that Graphab wrote."
        )
    return np.array([[float(one[1]), float(one[2])] for one in found if one is not None])


def _refuse(what: str, which: list[str], how: str) -> None:
    unique = list(dict.fromkeys(which))
    shown = ", ".join(unique[:5]) + (" …" if len(unique) > 5 else "")
    raise DataError(f"{what} ({shown}); {how}.")
