"""Components, clusters, meta-patches and joined graphs."""

from __future__ import annotations

import itertools
from pathlib import Path

import geopandas
import networkx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.clusters import find_clusters, keep_links_inside, measure_modularity, weigh_links
from bocage.connectivity.components import describe_components, label_components
from bocage.connectivity.landscape import Dispersal, InnerWays, LandscapeGraph
from bocage.connectivity.meta_patches import find_transfers, join_graphs, merge_patches
from bocage.errors import DataError
from tests.connectivity import graphab_case
from tests.connectivity.conefor_case import CROSS_EXPECTED, load_cross
from tests.connectivity.test_thinning import graphs


def as_networkx(graph: LandscapeGraph, weight: np.ndarray) -> networkx.MultiGraph:
    """Give the same graph to networkx."""
    other = networkx.MultiGraph()
    other.add_nodes_from(range(graph.count))
    other.add_weighted_edges_from(zip(graph.start, graph.end, weight, strict=True))
    return other


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_components_are_those_of_networkx(graph: LandscapeGraph) -> None:
    """Another implementation gives the same groups, and ours are numbered by their first patches."""
    labels = label_components(graph)
    groups = networkx.connected_components(as_networkx(graph, graph.cost))
    expected = sorted((sorted(group) for group in groups), key=lambda group: group[0])
    assert [np.flatnonzero(labels == k).tolist() for k in range(labels.max() + 1)] == expected


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_figures_of_components_sum_to_those_of_the_graph(graph: LandscapeGraph) -> None:
    """Identity: patches, links, capacities, costs and lengths are shared out whole."""
    table = describe_components(graph)
    assert table["patches"].sum() == graph.count
    assert table["links"].sum() == graph.link_count
    assert table["links_out"].sum() == 0
    assert table["capacity"].sum() == graph.capacity.sum()
    assert table["cost"].sum() == graph.cost.sum() == table["length_m"].sum()


def test_figures_of_groups_count_the_links_that_leave_them() -> None:
    """Hand-worked: a chain of four patches cut in the middle."""
    graph = LandscapeGraph.of([1, 2, 3, 3], [0, 1, 2], [1, 2, 3], [10, 20, 30], ids="abcd")
    table = describe_components(graph, np.array([0, 0, 1, 1]))
    assert table["links"].tolist() == [1, 1]
    assert table["links_out"].tolist() == [1, 1]
    assert table["largest"].tolist() == ["b", "c"]
    assert table["cost"].tolist() == [10, 30]
    with pytest.raises(DataError, match="give one from 0 each"):
        describe_components(graph, np.array([0, 1]))


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["plan_cout10_300", "comp_euclid_1000", "comp_cout10_500_nopath"])
def test_graphab_graphs_have_the_published_components(shared: Path, name: str) -> None:
    """Graphab's own test: 9 for links of at most 300, 19 for 1000 m, else one."""
    table = describe_components(graphab_case.load_graph(shared, name))
    assert len(table) == graphab_case.COMPONENTS[name][2]
    if name in graphab_case.EXPECTED["SLC"]:
        assert table["capacity"].max() == pytest.approx(graphab_case.EXPECTED["SLC"][name], rel=1e-12)


@given(graphs(least=2), st.data())
@settings(max_examples=60, deadline=None)
def test_modularity_is_that_of_networkx(graph: LandscapeGraph, data: st.DataObject) -> None:
    """Another implementation gives the same value for any partition and weights."""
    labels = data.draw(st.lists(st.integers(0, 3), min_size=graph.count, max_size=graph.count))
    weight = 1.0 + graph.cost
    parts = [{i for i in range(graph.count) if labels[i] == k} for k in set(labels)]
    if graph.link_count:
        expected = networkx.community.modularity(as_networkx(graph, weight), parts, weight="weight")
        assert measure_modularity(graph, labels, weight) == pytest.approx(expected, abs=1e-12)


@given(graphs(least=2, most=6))
@settings(max_examples=40, deadline=None)
def test_clusters_are_near_the_best_of_all_partitions(graph: LandscapeGraph) -> None:
    """Against all partitions of up to six patches: never above the best, and no patch moved betters it."""
    weight = weigh_links(graph, Dispersal(3, 0.5))
    labels = find_clusters(graph, weight)
    found = measure_modularity(graph, labels, weight)
    best = max(
        measure_modularity(graph, partition, weight)
        for partition in itertools.product(range(3), repeat=graph.count)
    )
    assert found >= -1e-12
    if labels.max() < 3:
        assert found <= best + 1e-12
    for patch, group in itertools.product(range(graph.count), range(int(labels.max()) + 1)):
        moved = labels.copy()
        moved[patch] = group
        if (np.bincount(moved, minlength=labels.max() + 1) > 0).all():
            assert measure_modularity(graph, moved, weight) <= found + 1e-9


def test_two_cliques_joined_by_a_link_are_two_clusters() -> None:
    """Hand-worked, the textbook case: the link between them is the one that is lost."""
    pairs = [*itertools.combinations(range(4), 2), *itertools.combinations(range(4, 8), 2), (3, 4)]
    starts, ends = zip(*pairs, strict=True)
    graph = LandscapeGraph.of([1] * 8, starts, ends, [1] * len(pairs))
    labels = find_clusters(graph)
    assert labels.tolist() == [0] * 4 + [1] * 4
    assert measure_modularity(graph, labels) == pytest.approx(12 / 13 - 2 * (13 / 26) ** 2)
    assert find_clusters(graph, count=8).tolist() == list(range(8))
    assert set(find_clusters(graph, count=1)) == {0}


def test_clusters_that_cannot_be_are_refused() -> None:
    """More clusters than patches, fewer than parts that nothing links, a negative weight."""
    graph = LandscapeGraph.of([1, 1, 1], [0], [1], [1])
    for arguments, words in (
        ({"count": 4}, "of 3 patches"),
        ({"count": 1}, "2 parts that no link joins"),
        ({"weight": [-1.0]}, "negative or missing"),
    ):
        with pytest.raises(DataError, match=words):
            find_clusters(graph, **arguments)  # type: ignore[arg-type]


def test_patches_without_links_stay_alone() -> None:
    """Nothing joins them; a graph without links has as many clusters as patches."""
    assert find_clusters(LandscapeGraph.of([1, 1, 1], [2], [0], [1])).tolist() == [0, 1, 0]
    assert find_clusters(LandscapeGraph.of([1, 1], [], [], [])).tolist() == [0, 1]


@pytest.mark.realdata
def test_two_clusters_of_the_crosses_keep_four_links(shared: Path) -> None:
    """Graphab's own test: modularity in two parts of graph ``all`` keeps 4 of its 8 links."""
    graph = load_cross(shared, "all")
    labels = find_clusters(graph, count=2)
    assert keep_links_inside(graph, labels).link_count == CROSS_EXPECTED["modularity_2_links"]


@pytest.mark.realdata
def test_clusters_of_a_real_graph_are_as_good_as_those_of_networkx(shared: Path) -> None:
    """Greedy merging of networkx on Graphab's planar graph is no better than ours with moves."""
    graph = graphab_case.load_graph(shared, "plan_cout10")
    weight = weigh_links(graph, Dispersal(300, 0.05), beta=1)
    labels = find_clusters(graph, weight)
    theirs = networkx.community.greedy_modularity_communities(
        networkx.Graph(as_networkx(graph, weight)), weight="weight"
    )
    of_theirs = np.zeros(graph.count, int)
    for number, group in enumerate(theirs):
        of_theirs[list(group)] = number
    found = measure_modularity(graph, labels, weight)
    assert found >= measure_modularity(graph, of_theirs, weight) - 1e-9


@pytest.mark.realdata
def test_graphab_meta_patches_are_nineteen(shared: Path) -> None:
    """Graphab's own test on ``comp_euclid_1000``: 19 meta-patches, the whole area kept."""
    graph = graphab_case.load_graph(shared, "comp_euclid")
    merged, member = merge_patches(graph, 1000)
    assert merged.count == 19
    assert merged.capacity.sum() == pytest.approx(graphab_case.TOTAL_AREA, rel=1e-12)
    assert merged.link_count == int((member[graph.start] != member[graph.end]).sum())
    np.testing.assert_array_equal(merged.cost.min() > 1000, True)
    assert label_components(merged).max() == 0


def test_meta_patches_weigh_their_position_and_keep_their_habitat() -> None:
    """Hand-worked: patches of 1 and 3 meet at three quarters of the way; another habitat stays apart."""
    first = LandscapeGraph.of(
        [1, 3, 5], [0, 1, 0], [1, 2, 2], [1, 50, 60], ids="abc", position=[(0, 0), (4, 0), (9, 9)]
    )
    merged, member = merge_patches(first, 10)
    assert member.tolist() == [0, 0, 1]
    assert merged.position.tolist() == [[3, 0], [9, 9]]
    assert merged.cost.tolist() == [50, 60]
    alone = LandscapeGraph.of([2], [], [], [], ids=["z"], position=[(0, 1)])
    joined = join_graphs({"forest": first, "meadow": alone}, [(("meadow", "z"), ("forest", "a"), 1)])
    merged, member = merge_patches(joined, 10)
    assert member.tolist() == [0, 0, 1, 2]
    assert merged.habitat.tolist() == [0, 0, 1]
    assert merged.link_ids[-1] == "meadow:z>forest:a"


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 4), st.sampled_from("fpm")),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 4),
)
@settings(max_examples=40, deadline=None)
def test_transfers_are_the_pairs_of_two_habitats_within_the_distance(
    squares: list[tuple[int, int, int, str]], distance: int
) -> None:
    """By the definition, pair by pair; and they lead where joined graphs have patches."""
    shapes = [shapely.box(x, y, x + side, y + side) for x, y, side, _ in squares]
    keys = [key for *_, key in squares]
    names = [f"{key}{place}" for place, key in enumerate(keys)]
    table = geopandas.GeoDataFrame({"id": names, "subnetwork": keys}, geometry=shapes)
    expected = [
        ((keys[a], names[a]), (keys[b], names[b]), 2 * shapes[a].distance(shapes[b]))
        for a, b in itertools.combinations(range(len(shapes)), 2)
        if keys[a] != keys[b] and shapes[a].distance(shapes[b]) <= distance
    ]
    found = find_transfers(table, distance, resistance=2)
    assert found == expected
    graphs_of = {
        key: LandscapeGraph.of(
            [1] * keys.count(key), [], [], [], ids=[name for name in names if name[0] == key]
        )
        for key in dict.fromkeys(keys)
    }
    assert join_graphs(graphs_of, found).link_count == len(expected)


def test_transfers_below_zero_are_refused() -> None:
    """One sentence."""
    table = geopandas.GeoDataFrame({"id": ["a"], "subnetwork": ["f"]}, geometry=[shapely.Point(0, 0)])
    with pytest.raises(DataError, match="numbers from 0 up"):
        find_transfers(table, -1)


def test_joined_graphs_keep_each_part_and_its_ways_across_patches() -> None:
    """Identity: taken alone, each habitat is the graph it was."""
    one = LandscapeGraph.of([1, 2], [0], [1], [5], ids="ab", length=[50])
    inner = InnerWays(np.array([0]), np.array([1]), np.array([1]), np.array([2.0]))
    other = LandscapeGraph.of([3, 4, 5], [0, 1], [1, 2], [6, 7], ids="abc", length=[60, 70])
    other = LandscapeGraph(
        *(getattr(other, name) for name in other.__slots__ if name != "inner"), inner=inner
    )
    with pytest.raises(DataError, match=r"name 2 patch\(es\) alike \(a, b\)"):
        join_graphs({"x": one, "y": other})
    graph = join_graphs({"x": one, "y": other}, [(("x", "b"), ("y", "c"), 9)], prefix=True)
    assert graph.ids == ("x:a", "x:b", "y:a", "y:b", "y:c")
    assert graph.start.tolist() == [0, 2, 3, 1]
    assert graph.end.tolist() == [1, 3, 4, 4]
    assert graph.inner.first.tolist() == [1]
    assert graph.inner.second.tolist() == [2]
    assert graph.inner.patch.tolist() == [3]
    assert np.isnan(graph.length[-1])
    with pytest.raises(DataError, match=r"unknown patch\(es\) \(y:q\)"):
        join_graphs({"x": one, "y": other}, [(("x", "b"), ("y", "q"), 9)], prefix=True)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_groups_of_graphs_without_links_are_their_patches(count: int) -> None:
    """No patch, one, or two that nothing joins: figures, clusters, meta-patches and joined graphs of them."""
    graph = LandscapeGraph.of([0] * count, [], [], [], position=np.zeros((count, 2)))
    assert describe_components(graph)["share"].tolist() == [0] * count
    assert find_clusters(graph).tolist() == list(range(count))
    assert measure_modularity(graph, range(count)) == 0
    assert merge_patches(graph)[0].count == count
    assert join_graphs({"x": graph}).position.tolist() == [[0, 0]] * count
    assert join_graphs({}).count == 0
