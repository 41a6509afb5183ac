"""The definitions of path indices, slowly: all pairs of states by scipy, one removal after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from bocage.connectivity.landscape import InnerWays, LandscapeGraph

Floats = NDArray[np.float64]

# scipy takes a stored zero for no link at all: a free step costs next to nothing instead.
_FREE = 1e-300


def find_all_costs(graph: LandscapeGraph) -> Floats:
    """Find the costs between all pairs of patches: a state for each link and way along it."""
    links, count = graph.link_count, graph.count
    inner: dict[tuple[int, int, int], float] = {}
    if graph.inner is not None:
        for first, second, patch, cost in zip(
            graph.inner.first, graph.inner.second, graph.inner.patch, graph.inner.cost, strict=True
        ):
            inner[int(first), int(second), int(patch)] = inner[int(second), int(first), int(patch)] = float(
                cost
            )
    # State 2 l: just come along link l to its end; 2 l + 1: to its start.
    tails = np.concatenate([graph.start, graph.end]) if links else np.zeros(0, np.int64)
    heads = np.concatenate([graph.end, graph.start]) if links else np.zeros(0, np.int64)
    state = np.concatenate([2 * np.arange(links), 2 * np.arange(links) + 1])
    rows: list[tuple[int, int, float]] = []
    for tail, out in zip(tails, state, strict=True):
        rows.append((2 * links + int(tail), int(out), float(graph.cost[out // 2])))
        for head, into in zip(heads, state, strict=True):
            if head == tail and into // 2 != out // 2:
                way = inner.get((int(into) // 2, int(out) // 2, int(tail)), 0.0)
                rows.append((int(into), int(out), way + float(graph.cost[out // 2])))
    size = 2 * links + count
    costs = np.full((count, count), np.inf)
    if rows:
        source, target, cost = (np.array(column) for column in zip(*rows, strict=True))
        steps = coo_array((np.maximum(cost, _FREE), (source, target)), shape=(size, size)).tocsr()
        reached = dijkstra(steps, indices=np.arange(2 * links, size))
        for head, into in zip(heads, state, strict=True):
            costs[:, head] = np.minimum(costs[:, head], reached[:, into])
    np.fill_diagonal(costs, 0.0)
    return costs


def find_all_hops(graph: LandscapeGraph) -> Floats:
    """Find the least number of links between all pairs of patches."""
    return find_all_costs(replace(graph, cost=np.ones(graph.link_count), inner=None))


def sum_pairs(capacity: Floats, chance: Floats) -> float:
    """Sum capacities times chance over all ordered pairs."""
    return float(capacity @ chance @ capacity)


def drop_patch(graph: LandscapeGraph, patch: int) -> LandscapeGraph:
    """Take a patch's links and capacity."""
    capacity = graph.capacity.copy()
    capacity[patch] = 0.0
    return graph.keep_links((graph.start != patch) & (graph.end != patch)).weigh(capacity)


def drop_link(graph: LandscapeGraph, link: int) -> LandscapeGraph:
    """Take a link."""
    return graph.keep_links(np.arange(graph.link_count) != link)


def set_cost(graph: LandscapeGraph, link: int, cost: float) -> LandscapeGraph:
    """Give a link another cost."""
    costs = graph.cost.copy()
    costs[link] = cost
    return replace(graph, cost=costs)


@st.composite
def graphs(draw: Any, *, inner: bool | None = None) -> LandscapeGraph:
    """Draw a small graph: ties, free links, parallel links, lonely patches, several components, inner ways.

    Costs are whole or whole and a little, so that ties are common but not always. Inner ways are distances
    between places in the patch: no detour inside it is shorter.
    """
    count = draw(st.integers(1, 9))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda pair: pair[0] != pair[1]
    )
    links = draw(st.lists(pairs, max_size=16)) if count > 1 else []
    costs = draw(
        st.lists(st.sampled_from([0, 1, 1, 2, 3, 5, 1.37, 2.61]), min_size=len(links), max_size=len(links))
    )
    capacity = draw(st.lists(st.sampled_from([0, 1, 2, 2.5, 7]), min_size=count, max_size=count))
    start, end = (np.array([pair[side] for pair in links], dtype=np.int64) for side in (0, 1))
    graph = LandscapeGraph.of(capacity, start, end, np.array(costs, dtype=np.float64))
    if inner is False or (inner is None and draw(st.booleans())):
        return graph
    rows = []
    for patch in range(count):
        meeting = np.flatnonzero((graph.start == patch) | (graph.end == patch))
        at = [draw(st.sampled_from([0, 1, 2.2])) for _ in meeting] if draw(st.booleans()) else []
        for i in range(len(at)):
            for j in range(i):
                cost = abs(at[i] - at[j])
                if cost > 0 or draw(st.booleans()):
                    rows.append((meeting[i], meeting[j], patch, cost))
    first, second, inside = (np.array([row[k] for row in rows], dtype=np.int64) for k in range(3))
    return replace(
        graph, inner=InnerWays(first, second, inside, np.array([row[3] for row in rows], dtype=np.float64))
    )


def make_planar(count: int, seed: int = 0) -> LandscapeGraph:
    """Make a planar graph (Delaunay) of patches thrown at random, one to the square unit."""
    from scipy.spatial import Delaunay

    random = np.random.default_rng(seed)
    position = random.random((count, 2)) * np.sqrt(count)
    sides = Delaunay(position).simplices[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2)
    links = np.unique(np.sort(sides, axis=1), axis=0)
    length = np.hypot(*(position[links[:, 0]] - position[links[:, 1]]).T)
    cost = length * random.lognormal(0, 0.6, len(links))
    return LandscapeGraph.of(
        random.lognormal(1, 1.2, count), links[:, 0], links[:, 1], cost, length=length, position=position
    )
