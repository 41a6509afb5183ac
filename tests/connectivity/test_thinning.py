"""Fewer links for the same patches."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from bocage.connectivity.components import label_components
from bocage.connectivity.landscape import LandscapeGraph
from bocage.connectivity.thinning import (
    drop_crossing_links,
    drop_detoured_links,
    keep_nearest_links,
    keep_short_links,
    keep_spanning_forest,
)
from bocage.errors import DataError
from tests.connectivity import graphab_case


@st.composite
def graphs(draw: st.DrawFn, least: int = 1, most: int = 9) -> LandscapeGraph:
    """Draw a small graph with ties, parallel links, free links and patches without links."""
    count = draw(st.integers(least, most))
    pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
    links = draw(st.lists(st.sampled_from(pairs), max_size=16)) if pairs else []
    costs = draw(st.lists(st.integers(0, 5), min_size=len(links), max_size=len(links)))
    capacity = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    place = draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=count, max_size=count))
    starts, ends = [one for one, _ in links], [other for _, other in links]
    return LandscapeGraph.of(capacity, starts, ends, costs, length=costs, position=place)


def least_costs(graph: LandscapeGraph) -> np.ndarray:
    """Give the least cost between all patches, by Floyd and Warshall."""
    cost = np.full((graph.count, graph.count), np.inf)
    np.fill_diagonal(cost, 0)
    for one, other, value in zip(graph.start, graph.end, graph.cost, strict=True):
        cost[one, other] = cost[other, one] = min(cost[one, other], value)
    for through in range(graph.count):
        cost = np.minimum(cost, cost[:, through, None] + cost[None, through])
    return cost


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_spanning_forest_joins_the_same_patches_at_least_cost(graph: LandscapeGraph) -> None:
    """Against all sets of links of the right number, the definition: same components, least sum."""
    forest = keep_spanning_forest(graph)
    labels = label_components(graph)
    np.testing.assert_array_equal(label_components(forest), labels)
    size = graph.count - (labels.max() + 1)
    assert forest.link_count == size
    if graph.link_count <= 10:
        least = min(
            graph.cost[list(chosen)].sum()
            for chosen in itertools.combinations(range(graph.link_count), int(size))
            if label_components(graph.keep_links(np.isin(np.arange(graph.link_count), chosen))).max()
            == labels.max()
        )
        assert forest.cost.sum() == least


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_spanning_forest_does_not_depend_on_the_order_of_links(graph: LandscapeGraph, random) -> None:  # type: ignore[no-untyped-def]
    """Identity: links shuffled and turned round leave the same pairs of patches."""
    order = list(range(graph.link_count))
    random.shuffle(order)
    other = LandscapeGraph.of(graph.capacity, graph.end[order], graph.start[order], graph.cost[order])

    def pairs(one: LandscapeGraph) -> set[tuple[int, int]]:
        forest = keep_spanning_forest(one)
        return {tuple(sorted(pair)) for pair in zip(forest.start, forest.end, strict=True)}

    assert pairs(graph) == pairs(other)


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_dropping_detoured_links_changes_no_least_cost(graph: LandscapeGraph) -> None:
    """Identity by Floyd and Warshall; every link left is a cheapest way, alone of its pair."""
    thin = drop_detoured_links(graph)
    between = least_costs(graph)
    np.testing.assert_array_equal(least_costs(thin), between)
    np.testing.assert_array_equal(thin.cost, between[thin.start, thin.end])
    pairs = [tuple(sorted(pair)) for pair in zip(thin.start, thin.end, strict=True)]
    assert len(set(pairs)) == len(pairs)


@given(graphs(), st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_nearest_links_are_those_of_the_definition(graph: LandscapeGraph, count: int) -> None:
    """Each patch lists its links by cost, lower patch, higher patch, order; one vote keeps, or two."""
    votes = np.zeros(graph.link_count, int)
    key = [
        (graph.cost[k], min(graph.start[k], graph.end[k]), max(graph.start[k], graph.end[k]), k)
        for k in range(graph.link_count)
    ]
    for patch in range(graph.count):
        mine = [k for k in range(graph.link_count) if patch in (graph.start[k], graph.end[k])]
        for k in sorted(mine, key=lambda link: key[link])[:count]:
            votes[k] += 1
    assert keep_nearest_links(graph, count).link_ids == graph.keep_links(votes >= 1).link_ids
    assert keep_nearest_links(graph, count, mutual=True).link_ids == graph.keep_links(votes == 2).link_ids


def test_of_two_links_that_cross_the_cheaper_stays() -> None:
    """Hand-worked: the diagonals of a square cross, its sides meet at corners only."""
    graph = LandscapeGraph.of(
        [1] * 4,
        [0, 1, 0, 1, 2, 3],
        [2, 3, 1, 2, 3, 0],
        [7, 6, 5, 5, 5, 5],
        ids="abcd",
        link_ids=["ac", "bd", "ab", "bc", "cd", "da"],
        position=[(0, 0), (1, 0), (1, 1), (0, 1)],
    )
    assert drop_crossing_links(graph).link_ids == ("bd", "ab", "bc", "cd", "da")


def test_a_link_crossed_only_by_links_left_out_stays() -> None:
    """Hand-worked: the middle one of three falls to the cheapest, so it takes no third one with it."""
    graph = LandscapeGraph.of(
        [1] * 6,
        [0, 2, 4],
        [1, 3, 5],
        [1, 2, 3],
        position=[(1, -1), (1, 1), (0, 0), (4, 0), (3, -1), (3, 1)],
    )
    assert drop_crossing_links(graph).link_ids == ("0", "2")


@given(graphs())
@settings(max_examples=50, deadline=None)
def test_no_two_links_left_cross(graph: LandscapeGraph) -> None:
    """By the definition, pair by pair; what is left out crosses a cheaper link that stays."""
    import shapely

    planar = drop_crossing_links(graph)
    place = graph.position

    def cross(one: tuple[int, int], other: tuple[int, int]) -> bool:
        apart = not set(one) & set(other)
        lines = [shapely.LineString([place[end] for end in sorted(pair)]) for pair in (one, other)]
        return apart and bool(lines[0].crosses(lines[1]))

    kept = list(zip(planar.start.tolist(), planar.end.tolist(), strict=True))
    assert not any(cross(one, other) for one, other in itertools.combinations(kept, 2))
    for k in range(graph.link_count):
        if graph.link_ids[k] not in planar.link_ids:
            one = (int(graph.start[k]), int(graph.end[k]))
            assert any(
                cross(one, other) and cost <= graph.cost[k]
                for other, cost in zip(kept, planar.cost, strict=True)
            )


def test_what_cannot_be_asked_is_said_in_one_sentence() -> None:
    """Lengths and positions that are not there, and no link to keep."""
    graph = LandscapeGraph.of([1, 1], [0], [1], [1])
    for call, words in (
        (lambda: keep_short_links(graph, length=3), "no lengths"),
        (lambda: drop_crossing_links(graph), "no positions"),
        (lambda: keep_nearest_links(graph, 0), "1 or more"),
    ):
        with pytest.raises(DataError, match=words):
            call()


@pytest.mark.realdata
def test_graphab_thresholds_and_tree_have_the_published_links_and_sums(shared: Path) -> None:
    """Graphab's own test: 231 links of at most 300, 378 of at most 1000 m, a tree of 151 links."""
    planar = graphab_case.load_graph(shared, "plan_cout10")
    euclid = graphab_case.load_graph(shared, "comp_euclid")
    tree = keep_spanning_forest(planar)
    for graph, name in (
        (keep_short_links(planar, cost=300), "plan_cout10_300"),
        (keep_short_links(euclid, length=1000), "comp_euclid_1000"),
        (tree, "plan_cout10_mst"),
    ):
        links, impedance, components = graphab_case.COMPONENTS[name]
        assert graph.link_count == links
        assert graph.cost.sum() == pytest.approx(impedance, rel=1e-12)
        assert label_components(graph).max() + 1 == components
    # Every published value of the tree's patches holds for this choice among equal links (test_cases).
    assert tree.link_ids == graphab_case.load_graph(shared, "plan_cout10_mst").link_ids


@pytest.mark.realdata
def test_graphab_complete_graph_keeps_its_costs_without_detoured_links(shared: Path) -> None:
    """Identity on 1 704 links, by Dijkstra."""
    graph = graphab_case.load_graph(shared, "comp_cout10_500_nopath")
    thin = drop_detoured_links(graph)
    assert thin.link_count < graph.link_count
    shape = (graph.count, graph.count)
    full, less = (
        dijkstra(coo_array((one.cost, (one.start, one.end)), shape=shape).tocsr(), directed=False)
        for one in (graph, thin)
    )
    np.testing.assert_allclose(full, less, rtol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_graphs_without_links_are_no_trouble(count: int) -> None:
    """No patch, one, or two that nothing joins: every way of thinning gives them back."""
    graph = LandscapeGraph.of([1] * count, [], [], [], position=np.zeros((count, 2)), length=[])
    for thin in (
        keep_short_links(graph, cost=1, length=1),
        keep_spanning_forest(graph),
        keep_nearest_links(graph, 1),
        drop_crossing_links(graph),
        drop_detoured_links(graph),
    ):
        assert (thin.count, thin.link_count) == (count, 0)
    assert label_components(graph).tolist() == list(range(count))
