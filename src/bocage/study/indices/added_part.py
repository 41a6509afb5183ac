"""Links worth adding: corridors closed today, and new ones between patches near each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.candidates import LinkCandidates
from bocage.connectivity.search import choose_links
from bocage.journal import Journal
from bocage.study.indices.model import GraphInput, IndicesOptions
from bocage.study.indices.notes import add_note
from bocage.study.indices.placing import find_rate, list_shapes

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAR = 8
"""Nearest unlinked patches that each patch may be linked to."""
FIRST_CLOSED = 5
"""Corridors closed today that are chosen where no number is asked for."""


def table_added(source: GraphInput, options: IndicesOptions, journal: Journal) -> DataFrame:
    """Choose the links to add one after the other, each the one that raises ECA most.

    Unless a number is asked for, only corridors closed today are looked at. New links cost their distance
    times the median cost of a metre of today's links; that is told.

    Raises
    ------
    DataError
        Nothing says where patches are.
    """
    import pandas

    graph, rate = source.graph, 0.0
    start, end = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    cost, distance = np.zeros(0), np.zeros(0)
    if options.add:
        start, end, distance = _pair_near(source)
        rate = find_rate(source)
        cost = distance * rate
        keep = cost <= source.dispersal.distance
        start, end, cost, distance = start[keep], end[keep], cost[keep], distance[keep]
    names, kinds = [""] * len(start), ["new"] * len(start)
    closed = source.closed
    if closed is not None:
        start, end = np.concatenate([closed.start, start]), np.concatenate([closed.end, end])
        cost = np.concatenate([closed.cost, cost])
        distance = np.concatenate([np.full(closed.link_count, np.nan), distance])
        names, kinds = [*closed.link_ids, *names], ["closed"] * closed.link_count + kinds
    if options.add:
        add_note(journal, "note_added", graph=source.name, count=len(start), rate=rate)
    columns = ["order", "id", "kind", "from", "to", "cost", "distance_m", "gain", "eca"]
    if not len(start):
        return pandas.DataFrame({column: [] for column in columns})
    candidates = LinkCandidates.of(graph, start, end, cost, ids=range(len(start)))
    choice = choose_links(graph, source.dispersal, candidates, count=options.add or FIRST_CLOSED)
    at, before, after = choice.places, choice.value[:-1], choice.value[1:]
    table = pandas.DataFrame(
        {
            "order": np.arange(1, len(at) + 1),
            "id": [names[place] for place in at],
            "kind": [kinds[place] for place in at],
            "from": [graph.ids[place] for place in start[at]],
            "to": [graph.ids[place] for place in end[at]],
            "cost": cost[at],
            "distance_m": distance[at],
            "gain": 100 * (after - before) / choice.value[0],
            "eca": after,
        }
    )
    if len(at):
        add_note(journal, "note_bound", graph=source.name, value=float(after[-1]), bound=choice.bound)
    return table[columns]


def _pair_near(source: GraphInput) -> tuple[Ints, Ints, Floats]:
    """Pair each patch with the nearest ones that no link joins to it."""
    import shapely
    from scipy.spatial import cKDTree

    graph = source.graph
    shapes = list_shapes(source, "Links to add are looked for between patches near each other")
    centre = shapely.centroid(shapes)
    places = np.column_stack([shapely.get_x(centre), shapely.get_y(centre)])
    # Those nearest by their middles, then by their edges: a large patch is near many.
    most = min(graph.count, 4 * NEAR + 1)
    near = cKDTree(places).query(places, k=most)[1].reshape(graph.count, -1)
    one = np.repeat(np.arange(graph.count), near.shape[1])
    two = near.ravel().astype(np.int64)
    count = graph.count
    pairs = np.unique((np.minimum(one, two) * count + np.maximum(one, two))[one != two])
    there = [(np.minimum(graph.start, graph.end) * count + np.maximum(graph.start, graph.end))]
    if source.closed is not None:
        shut = source.closed
        there.append(np.minimum(shut.start, shut.end) * count + np.maximum(shut.start, shut.end))
    pairs = np.setdiff1d(pairs, np.concatenate(there))
    start, end = pairs // count, pairs % count
    distance = np.asarray(shapely.distance(shapes[start], shapes[end]), dtype=np.float64)
    order = np.lexsort((end, start, distance))
    taken = np.zeros(count, dtype=np.int64)
    keep = np.zeros(len(order), dtype=bool)
    for k in order:
        if taken[start[k]] < NEAR or taken[end[k]] < NEAR:
            keep[k] = True
            taken[start[k]] += 1
            taken[end[k]] += 1
    return start[keep], end[keep], distance[keep]
