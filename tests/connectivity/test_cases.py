"""The loaders of published cases give the graphs that were published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from bocage.connectivity.landscape import LandscapeGraph
from tests.connectivity import conefor_case, graphab_case
from tests.connectivity.conefor_case import load_cross

pytestmark = pytest.mark.realdata


def cost_between(graph: LandscapeGraph) -> np.ndarray:
    """Give the least cost between all patches by Dijkstra over links taken each way, crossings included."""
    links, count = graph.link_count, graph.count
    crossing = {}
    if graph.inner is not None:
        inner = graph.inner
        for one, other, patch, cost in zip(inner.first, inner.second, inner.patch, inner.cost, strict=True):
            crossing[one, other, patch] = crossing[other, one, patch] = cost
    leaving: dict[int, list[tuple[int, int, int]]] = {}
    for link in range(links):
        leaving.setdefault(int(graph.start[link]), []).append((2 * link, 2 * link + 1, link))
        leaving.setdefault(int(graph.end[link]), []).append((2 * link + 1, 2 * link, link))
    rows = []
    for patch, ways in leaving.items():
        for out, _, link in ways:
            rows.append((2 * links + patch, out, graph.cost[link]))
            for _, into, other in ways:
                if other != link:
                    rows.append((into, out, graph.cost[link] + crossing.get((other, link, patch), 0.0)))
    size = 2 * links + count
    source, target, cost = (np.array(column) for column in zip(*rows, strict=True))
    steps = coo_array((cost, (source, target)), shape=(size, size)).tocsr()
    reached = dijkstra(steps, indices=np.arange(2 * links, size))[:, : 2 * links]
    arrival = np.empty(2 * links, np.int64)
    arrival[::2], arrival[1::2] = graph.end, graph.start
    between = np.full((count, count), np.inf)
    np.minimum.at(between.T, arrival, reached.T)
    np.fill_diagonal(between, 0.0)
    return between


@pytest.mark.parametrize("name", graphab_case.EXPECTED["PC"])
def test_graphab_graphs_give_the_published_probability_of_connectivity(shared: Path, name: str) -> None:
    """PC, the sum of F and F of every patch of each graph are Graphab's, by a plain Dijkstra."""
    graph = graphab_case.load_graph(shared, name)
    reach = graphab_case.DISPERSAL.reach(cost_between(graph))
    flux = reach @ graph.capacity - graph.capacity
    pc = graph.capacity @ reach @ graph.capacity / graphab_case.RECTANGLE**2
    assert pc == pytest.approx(graphab_case.EXPECTED["PC"][name], rel=1e-12)
    assert flux.sum() == pytest.approx(graphab_case.EXPECTED["S#F"][name], rel=1e-12)
    expected = graphab_case.read_expected(shared)[f"F_d1000_p0.05_beta1_graph_{name}"]
    np.testing.assert_allclose(flux, expected, rtol=1e-9)


@pytest.mark.parametrize("name", ["comp_cout10", "plan_cout1_len"])
def test_graphab_graphs_give_the_published_diameter(shared: Path, name: str) -> None:
    """The dearest of the least costs is Graphab's GD."""
    between = cost_between(graphab_case.load_graph(shared, name))
    assert between.max() == pytest.approx(graphab_case.EXPECTED["GD"][name], rel=1e-12)


def test_graphab_topological_indices_are_the_published_ones(shared: Path) -> None:
    """H and IIC count links between patches: on ``comp_cout10`` they are Graphab's."""
    graph = graphab_case.load_graph(shared, "comp_cout10_nointra")
    ones = np.ones(graph.link_count)
    steps = coo_array((ones, (graph.start, graph.end)), shape=(graph.count, graph.count)).tocsr()
    hops = dijkstra(steps, directed=False, unweighted=True)
    iic = graph.capacity @ (1 / (1 + hops)) @ graph.capacity / graphab_case.RECTANGLE**2
    assert iic == pytest.approx(graphab_case.EXPECTED["IIC"]["comp_cout10"], rel=1e-12)
    upper = hops[np.triu_indices(graph.count, 1)]
    assert (1 / upper).sum() == pytest.approx(graphab_case.EXPECTED["H"]["comp_cout10"], rel=1e-12)


@pytest.mark.parametrize("name", graphab_case.COMPONENTS)
def test_graphab_graphs_have_the_published_links_and_components(shared: Path, name: str) -> None:
    """Links, the sum of their impedances and components are those of Graphab's own test."""
    graph = graphab_case.load_graph(shared, name)
    links, impedance, components = graphab_case.COMPONENTS[name]
    steps = coo_array((np.ones(links), (graph.start, graph.end)), shape=(graph.count, graph.count))
    assert graph.link_count == links
    assert graph.cost.sum() == pytest.approx(impedance, rel=1e-12)
    assert connected_components(steps, directed=False)[0] == components


@pytest.mark.parametrize("name", graphab_case.LINKS)
def test_graphab_sets_of_links_have_the_published_sums(shared: Path, name: str) -> None:
    """Number, costs and lengths of each set of links are those of Graphab's own test."""
    graph = graphab_case.load_graph(shared, name)
    links, cost, length = graphab_case.LINKS[name]
    assert graph.link_count == links
    assert (graph.cost.sum(), graph.length.sum()) == pytest.approx((cost, length), rel=1e-12)


def test_conefor_network_gives_its_printed_overall_indices(shared: Path) -> None:
    """PCnum and EC of all links, NL and NC of those within the binary distance, at six digits."""
    graph, printed = conefor_case.load_graph(shared), conefor_case.read_overall(shared)
    reach = conefor_case.DISPERSAL.reach(cost_between(graph))
    assert graph.capacity @ reach @ graph.capacity == pytest.approx(printed["PCnum"], rel=1e-5)
    binary = conefor_case.load_graph(shared, conefor_case.BINARY_DISTANCE)
    steps = coo_array((binary.cost, (binary.start, binary.end)), shape=(graph.count, graph.count))
    assert binary.link_count == printed["NL"]
    assert connected_components(steps, directed=False)[0] == printed["NC"]
    assert len(conefor_case.read_table(shared, "r_node_importances")) == graph.count
    assert len(conefor_case.read_pairs(shared, "r_maximum_product_probabilities")) == 40 * 39 / 2


def test_crosses_have_the_published_numbers_of_links(shared: Path) -> None:
    """Eight planar links, ten complete ones, four of at most three cells and none of two; Dg as published."""
    counts = {name: load_cross(shared, name).link_count for name in conefor_case.CROSS_GRAPHS}
    assert counts == {
        "all": 8, "cross": 4, "comp": 10, "comp_cross": 4, "comp_empty": 0, "comp_euclid": 10
    }  # fmt: skip
    graph = load_cross(shared, "all")
    degree = np.bincount(np.concatenate([graph.start, graph.end]))
    assert tuple(degree) == conefor_case.CROSS_EXPECTED["Dg_all"]
