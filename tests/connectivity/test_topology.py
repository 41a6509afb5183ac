"""Tests of degree, clustering, hops, costs and evenness against Graphab's, Conefor's and slow values."""

from __future__ import annotations

import math
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.evenness import measure_division, measure_evenness
from bocage.connectivity.landscape import InnerWays, LandscapeGraph
from bocage.connectivity.topology import (
    describe_topology,
    iterate_costs,
    measure_hop_betweenness,
    measure_nearness,
)
from bocage.errors import DataError
from tests.connectivity import conefor_case, graphab_case
from tests.connectivity.test_component_indices import landscape_graphs

GRAPHS = (
    "comp_euclid_1000_nointra",
    "comp_cout10_500_nopath",
    "comp_cout10",
    "plan_cout10_300",
    "plan_cout10_mst",
    "plan_cout1_len",
)


def make_networkx(graph: LandscapeGraph) -> networkx.Graph:
    """Make a graph of networkx, of parallel links the cheapest."""
    made = networkx.Graph()
    made.add_nodes_from(range(graph.count))
    for start, end, cost in zip(graph.start.tolist(), graph.end.tolist(), graph.cost.tolist(), strict=True):
        known = made.get_edge_data(start, end, {"weight": math.inf})["weight"]
        made.add_edge(start, end, weight=min(cost, known))
    return made


def gather_costs(graph: LandscapeGraph, block: int = 256) -> np.ndarray:
    """Gather all costs in one matrix."""
    costs = np.full((graph.count, graph.count), np.nan)
    for rows, some in iterate_costs(graph, block=block):
        costs[rows] = some
    return costs


def walk_all_chains(graph: LandscapeGraph) -> np.ndarray:
    """Find the least cost over all simple chains of links, crossing patches by their inner ways."""
    inner = graph.inner
    crossing = {}
    if inner is not None:
        for one, other, patch, cost in zip(inner.first, inner.second, inner.patch, inner.cost, strict=True):
            crossing[frozenset((int(one), int(other))), int(patch)] = float(cost)
    costs = np.full((graph.count, graph.count), np.inf)

    def go_on(source: int, at: int, by: int, cost: float, used: frozenset[int]) -> None:
        costs[source, at] = min(costs[source, at], cost)
        for link in range(graph.link_count):
            ends = (int(graph.start[link]), int(graph.end[link]))
            if link in used or at not in ends:
                continue
            across = crossing.get((frozenset((by, link)), at), 0.0) if by >= 0 else 0.0
            far = ends[1] if at == ends[0] else ends[0]
            go_on(source, far, link, cost + across + float(graph.cost[link]), used | {link})

    for source in range(graph.count):
        go_on(source, source, -1, 0.0, frozenset())
    return costs


@st.composite
def graphs_with_inner_ways(draw: st.DrawFn) -> LandscapeGraph:
    """Draw a small graph whose patches cost something to cross, some pairs of links being free."""
    count = draw(st.integers(2, 5))
    place = st.integers(0, count - 1)
    links = draw(st.lists(st.tuples(place, place, st.integers(0, 6)), min_size=1, max_size=7))
    table = np.array(links, dtype=float).reshape(-1, 3)
    graph = LandscapeGraph.of([1] * count, table[:, 0], table[:, 1], table[:, 2])
    ways = []
    for patch in range(count):
        meeting = np.flatnonzero((graph.start == patch) | (graph.end == patch)).tolist()
        for i, one in enumerate(meeting):
            ways += [
                (one, other, patch, draw(st.integers(0, 5)))
                for other in meeting[i + 1 :]
                if draw(st.booleans())
            ]
    columns = np.array(ways, dtype=np.int64).reshape(-1, 4).T
    inner = InnerWays(columns[0], columns[1], columns[2], columns[3].astype(np.float64))
    fields = {name: getattr(graph, name) for name in graph.__slots__ if name != "inner"}
    return LandscapeGraph(**fields, inner=inner)


class TestByDefinition:
    """Random small graphs against networkx."""

    @settings(max_examples=150, deadline=None)
    @given(landscape_graphs())
    def test_degree_and_clustering(self, graph: LandscapeGraph) -> None:
        """Degree and clustering are networkx's; the correlation is degree over mean degree around."""
        place, slow = describe_topology(graph), make_networkx(graph)
        assert place.degree.tolist() == [slow.degree(v) for v in range(graph.count)]
        np.testing.assert_allclose(
            place.clustering, [networkx.clustering(slow, v) for v in range(graph.count)], atol=1e-15
        )
        around = [[slow.degree(u) for u in slow[v]] for v in range(graph.count)]
        expected = [len(near) / np.mean(near) if near else 0.0 for near in around]
        np.testing.assert_allclose(place.correlation, expected, rtol=1e-14)

    @settings(max_examples=150, deadline=None)
    @given(landscape_graphs())
    def test_hop_betweenness(self, graph: LandscapeGraph) -> None:
        """Betweenness by hops is networkx's, summed or normalised."""
        slow = make_networkx(graph)
        for normalised in (False, True):
            expected = networkx.betweenness_centrality(slow, normalized=normalised)
            np.testing.assert_allclose(
                measure_hop_betweenness(graph, normalised=normalised),
                [expected[v] for v in range(graph.count)],
                atol=1e-13,
            )

    @settings(max_examples=150, deadline=None)
    @given(graphs_with_inner_ways(), st.integers(1, 5))
    def test_inner_ways(self, graph: LandscapeGraph, block: int) -> None:
        """With costs across patches, costs are the least over all chains of links, in blocks of any size."""
        np.testing.assert_allclose(gather_costs(graph, block), walk_all_chains(graph), atol=1e-12)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.floats(0, 1e6), max_size=8))
    def test_evenness(self, index: list[float]) -> None:
        """Evenness and division are their written sums."""
        total = math.fsum(index)
        if total == 0:
            assert math.isnan(measure_evenness(index)) and math.isnan(measure_division(index))
            return
        parts = [value / total for value in index]
        assert measure_division(index) == pytest.approx(1 - math.fsum(p * p for p in parts), abs=1e-12)
        some = [p for p in parts if p > 0]
        if len(some) > 1:
            expected = -math.fsum(p * math.log(p) for p in some) / math.log(len(some))
            assert measure_evenness(index) == pytest.approx(expected, abs=1e-9)


class TestByHand:
    """Cases worked by hand, and what is refused."""

    def test_inner_way_makes_the_detour_cheaper(self) -> None:
        """Crossing the middle of a chain costs 7 between its links, so the direct link of 8 wins."""
        graph = LandscapeGraph.of([1, 1, 1], [0, 1, 0], [1, 2, 2], [1, 1, 8])
        assert gather_costs(graph)[0, 2] == 2
        inner = InnerWays(*(np.array([value]) for value in (0, 1, 1)), np.array([7.0]))
        fields = {name: getattr(graph, name) for name in graph.__slots__ if name != "inner"}
        assert gather_costs(LandscapeGraph(**fields, inner=inner))[0, 2] == 8

    def test_no_patches_and_no_links(self) -> None:
        """Graphs without patches or without links have empty or zero columns."""
        empty, alone = LandscapeGraph.of([], [], [], []), LandscapeGraph.of([1, 2], [], [], [])
        for graph in (empty, alone):
            zero = [0.0] * graph.count
            assert describe_topology(graph).clustering.tolist() == zero
            assert measure_hop_betweenness(graph).tolist() == zero
            assert measure_nearness(graph).tolist() == zero

    def test_nearness_of_free_links(self) -> None:
        """A link at no cost, by which the nearness would be infinite, is named and refused."""
        graph = LandscapeGraph.of([1, 1], [0], [1], [0], link_ids=["L7"])
        with pytest.raises(DataError, match="L7"):
            measure_nearness(graph)

    def test_evenness_of_negative_values(self) -> None:
        """Negative and missing values have no evenness: their places are listed."""
        with pytest.raises(DataError, match=r"at 1, 2"):
            measure_evenness([1, -2, math.nan])
        with pytest.raises(DataError, match=r"at 0"):
            measure_division([-1])


@pytest.mark.realdata
class TestGraphab:
    """Graphab 2.6's test project, 152 patches."""

    @pytest.mark.parametrize("name", GRAPHS)
    def test_local_values(self, shared: Path, name: str) -> None:
        """Dg, CC and CCor of every patch are Graphab's to 1e-12."""
        graph, expected = graphab_case.load_graph(shared, name), graphab_case.read_expected(shared)
        place = describe_topology(graph)
        columns = {
            "Dg": place.degree,
            "CC": place.clustering,
            "CCor": place.correlation,
        }
        for index, values in columns.items():
            np.testing.assert_allclose(values, expected[f"{index}_graph_{name}"], rtol=1e-12, atol=1e-12)

    def test_nearness(self, shared: Path) -> None:
        """IFPC within 100 is Graphab's on links that hold all pairs within 100, whatever its graph."""
        graph, expected = (
            graphab_case.load_graph(shared, "comp_cout10_500_nopath"),
            graphab_case.read_expected(shared),
        )
        found = measure_nearness(graph, max_cost=100)
        for name in ("comp_cout10", "comp_cout10_500_nopath", "plan_cout10_mst", "plan_cout10_300"):
            np.testing.assert_allclose(found, expected[f"IFPC_Dmax100_graph_{name}"], rtol=1e-12)

    @pytest.mark.parametrize("name", list(graphab_case.EXPECTED["E#BC"]))
    def test_evenness(self, shared: Path, name: str) -> None:
        """E#BC and D#BC of Graphab's own BC of patches are Graphab's to 1e-12."""
        column = f"BC_{'d1000_p0.05'}_beta1_graph_{name}"
        index = graphab_case.read_expected(shared)[column]
        assert measure_evenness(index) == pytest.approx(graphab_case.EXPECTED["E#BC"][name], rel=1e-12)
        if name in graphab_case.EXPECTED["D#BC"]:
            assert measure_division(index) == pytest.approx(graphab_case.EXPECTED["D#BC"][name], rel=1e-12)


@pytest.mark.realdata
def test_conefor_betweenness(shared: Path) -> None:
    """BC of every node is Conefor's to its six digits."""
    found = measure_hop_betweenness(conefor_case.load_graph(shared, conefor_case.BINARY_DISTANCE))
    np.testing.assert_allclose(
        found, conefor_case.read_table(shared, "r_node_importances")["BC"], rtol=5e-6, atol=1e-12
    )
