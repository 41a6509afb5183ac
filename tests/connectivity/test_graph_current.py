"""Tests of current flow on graphs against Graphab's values, networkx and dense algebra."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given, settings

from bocage.connectivity.graph_current import (
    Currents,
    measure_circuit_betweenness,
    measure_circuit_connectivity,
    measure_current_betweenness,
    measure_current_flow,
    measure_potential_flow,
    measure_resistances,
)
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.errors import DataError
from tests.connectivity import graphab_case
from tests.connectivity.test_component_indices import landscape_graphs
from tests.connectivity.test_topology import gather_costs

DISPERSAL = Dispersal(300, 0.2)


class Dense:
    """The circuit of a whole graph by the pseudo-inverse of its Laplacian."""

    def __init__(self, graph: LandscapeGraph) -> None:
        self.graph = graph
        laplacian = np.zeros((graph.count, graph.count))
        for start, end, cost in zip(graph.start, graph.end, graph.cost, strict=True):
            laplacian[[start, end], [start, end]] += 1 / cost
            laplacian[[start, end], [end, start]] -= 1 / cost
        self.inverse = np.linalg.pinv(laplacian)
        self.linked = np.isfinite(gather_costs(graph))

    def send(self, flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give what passes each patch, the lesser of in and out, and each link."""
        graph, potential = self.graph, self.inverse @ flow
        current = (potential[graph.start] - potential[graph.end]) / graph.cost
        enters, leaves = np.zeros(graph.count), np.zeros(graph.count)
        for start, end, amount in zip(graph.start, graph.end, current, strict=True):
            from_, to = (start, end) if amount > 0 else (end, start)
            leaves[from_] += abs(amount)
            enters[to] += abs(amount)
        return np.minimum(enters, leaves), np.abs(current)

    def resist(self, one: int, other: int) -> float:
        """Give the effective resistance of two patches."""
        if not self.linked[one, other]:
            return math.inf
        flow = np.zeros(self.graph.count)
        flow[one], flow[other] = 1.0, -1.0
        return float(flow @ self.inverse @ flow) if one != other else 0.0

    def sum_pairs(self, weigh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sum the currents of one unit between pairs, weighted."""
        patch, link = np.zeros(self.graph.count), np.zeros(self.graph.link_count)
        for one, other in itertools.combinations(range(self.graph.count), 2):
            if self.linked[one, other]:
                flow = np.zeros(self.graph.count)
                flow[one], flow[other] = 1.0, -1.0
                passed, carried = self.send(flow)
                patch += weigh[one, other] * passed
                link += weigh[one, other] * carried
        return patch, link


def check(found: Currents, expected: tuple[np.ndarray, np.ndarray]) -> None:
    """Compare currents."""
    np.testing.assert_allclose(found.patch, expected[0], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.link, expected[1], rtol=1e-8, atol=1e-8)
    assert found.residual < 1e-9


class TestByDefinition:
    """Random small graphs against dense algebra: components, patches alone, parallel links."""

    @settings(max_examples=60, deadline=None)
    @given(landscape_graphs(least_cost=1))
    def test_resistances(self, graph: LandscapeGraph) -> None:
        """Effective resistances are those of the pseudo-inverse, infinite between components."""
        one, other = (side.ravel() for side in np.indices((graph.count, graph.count)))
        dense = Dense(graph)
        expected = [dense.resist(i, j) for i, j in zip(one, other, strict=True)]
        found = measure_resistances(graph, one, other)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        # Rayleigh: more ways never resist more than the cheapest chain alone.
        assert (found <= gather_costs(graph).ravel() * (1 + 1e-9)).all()

    @settings(max_examples=60, deadline=None)
    @given(landscape_graphs(least_cost=1))
    def test_currents(self, graph: LandscapeGraph) -> None:
        """CF, PCF, BCCirc and betweenness are one dense solve for each source and each pair."""
        dense, capacity = Dense(graph), graph.capacity
        patch, link = np.zeros(graph.count), np.zeros(graph.link_count)
        for sink in range(graph.count):
            flow = np.where(dense.linked[sink], capacity, 0.0)
            flow[sink] -= flow.sum()
            passed, carried = dense.send(flow)
            patch, link = patch + passed, link + carried
        check(measure_current_flow(graph), (patch, link))
        resistance = np.array(
            [[dense.resist(i, j) or math.inf for j in range(graph.count)] for i in range(graph.count)]
        )
        check(measure_potential_flow(graph), dense.sum_pairs((capacity[:, None] + capacity) / resistance))
        weight = np.outer(capacity, capacity) * DISPERSAL.reach(gather_costs(graph))
        check(measure_circuit_betweenness(graph, DISPERSAL), dense.sum_pairs(weight))
        check(measure_current_betweenness(graph), dense.sum_pairs(np.ones((graph.count, graph.count))))

    @settings(max_examples=60, deadline=None)
    @given(landscape_graphs(least_cost=1))
    def test_circuit_connectivity(self, graph: LandscapeGraph) -> None:
        """ECCirc is the sum over ordered pairs, and never below EC by cheapest chains."""
        dense, count = Dense(graph), graph.count
        resistance = np.array([[dense.resist(i, j) for j in range(count)] for i in range(count)])
        found = measure_circuit_connectivity(graph, DISPERSAL)
        expected = math.sqrt(graph.capacity @ DISPERSAL.reach(resistance) @ graph.capacity)
        assert found == pytest.approx(expected, rel=1e-9)
        cheapest = graph.capacity @ DISPERSAL.reach(gather_costs(graph)) @ graph.capacity
        assert found >= math.sqrt(cheapest) * (1 - 1e-9)

    @settings(max_examples=40, deadline=None)
    @given(landscape_graphs(least_cost=1))
    def test_foster(self, graph: LandscapeGraph) -> None:
        """Resistance over cost sums over the links to patches less components (Foster's theorem, 1949)."""
        share = measure_resistances(graph, graph.start, graph.end) / graph.cost
        components = np.unique(np.isfinite(gather_costs(graph)), axis=0).shape[0]
        assert share.sum() == pytest.approx(graph.count - components, abs=1e-9)


class TestPeers:
    """networkx, and what theory says."""

    def test_networkx(self) -> None:
        """Betweenness without ends is networkx's on a grid of 7 x 9, in blocks of links."""
        grid = networkx.convert_node_labels_to_integers(networkx.grid_2d_graph(7, 9), ordering="sorted")
        start, end = np.array(grid.edges).T
        cost = 1 + np.arange(len(start)) % 5
        for (one, other), value in zip(grid.edges, cost, strict=True):
            grid.edges[one, other]["weight"] = 1 / value
        graph = LandscapeGraph.of(np.ones(63), start, end, cost)
        expected = networkx.current_flow_betweenness_centrality(grid, weight="weight")
        found = measure_current_betweenness(graph).patch / (62 * 61 / 2)
        np.testing.assert_allclose(found, [expected[v] for v in range(63)], rtol=1e-9)
        # Newman counts the ends: each patch is one of 62 of the pairs.
        newman = measure_current_betweenness(graph, ends=True).patch
        np.testing.assert_allclose(newman - found * (62 * 61 / 2), 62, rtol=1e-9)

    def test_tree_is_shortest_path(self) -> None:
        """On a tree current has one way: betweenness is that of paths, ECCirc is EC, leaves pass nothing."""
        tree = networkx.convert_node_labels_to_integers(networkx.balanced_tree(3, 3))
        start, end = np.array(tree.edges).T
        graph = LandscapeGraph.of(np.arange(40) % 4, start, end, 10 + np.arange(39))
        expected = networkx.betweenness_centrality(tree, normalized=False)
        flow = measure_current_betweenness(graph)
        np.testing.assert_allclose(flow.patch, [expected[v] for v in range(40)], rtol=1e-9)
        assert (flow.patch[[v for v in tree if tree.degree(v) == 1]] == 0).all()
        chains = graph.capacity @ DISPERSAL.reach(gather_costs(graph)) @ graph.capacity
        assert measure_circuit_connectivity(graph, DISPERSAL) ** 2 == pytest.approx(chains, rel=1e-9)

    def test_ring_by_hand(self) -> None:
        """A ring of four unit links: 3/4 between neighbours, 1 across (series and parallel)."""
        ring = LandscapeGraph.of([1] * 4, [0, 1, 2, 3], [1, 2, 3, 0], [1] * 4)
        np.testing.assert_allclose(measure_resistances(ring, [0, 0, 0], [1, 2, 3]), [0.75, 1, 0.75])

    def test_same_bytes_twice(self) -> None:
        """Two runs give the same bytes."""
        grid = networkx.convert_node_labels_to_integers(networkx.grid_2d_graph(6, 6), ordering="sorted")
        start, end = np.array(grid.edges).T
        graph = LandscapeGraph.of(1 + np.arange(36) % 3, start, end, 1 + np.arange(len(start)) % 4)
        one, other = (measure_circuit_betweenness(graph, DISPERSAL) for _ in range(2))
        assert one.patch.tobytes() == other.patch.tobytes()
        assert one.link.tobytes() == other.link.tobytes()


class TestRefusals:
    """What has no answer."""

    def test_free_link(self) -> None:
        """A link at no cost would carry current without bound: it is named."""
        graph = LandscapeGraph.of([1, 1, 1], [0, 1], [1, 2], [0, 3], link_ids=["A-B", "B-C"])
        with pytest.raises(DataError, match=r"1 link\(s\) cost 0 \(A-B\)"):
            measure_current_flow(graph)

    def test_unknown_patch(self) -> None:
        """A pair with no such patch is refused."""
        pair = LandscapeGraph.of([1, 1], [0], [1], [3])
        with pytest.raises(DataError, match="of no patch"):
            measure_resistances(pair, [0], [2])
        with pytest.raises(DataError, match=r"of no patch \(at 1\)"):
            measure_current_betweenness(pair, among=[0, -1])

    def test_costs_too_far_apart(self) -> None:
        """Costs of 1e-12 beside 1e12 leave no digits of the current, and are refused rather than answered."""
        graph = LandscapeGraph.of([1] * 4, [0, 1, 2], [1, 2, 3], [1e12, 1e-12, 1e12])
        with pytest.raises(DataError, match="differ too much"):
            measure_current_flow(graph)

    @pytest.mark.parametrize("beta", [-1, math.nan])
    def test_power(self, beta: float) -> None:
        """A negative power would make patches of no capacity send without bound."""
        with pytest.raises(DataError, match="from 0 up"):
            measure_current_flow(LandscapeGraph.of([1, 0], [0], [1], [3]), beta=beta)

    def test_nothing_to_flow(self) -> None:
        """Graphs without patches or links have empty or zero currents."""
        for count in (0, 2):
            graph = LandscapeGraph.of(np.ones(count), [], [], [])
            assert measure_current_flow(graph).patch.tolist() == [0.0] * count
            assert measure_circuit_betweenness(graph, DISPERSAL).patch.tolist() == [0.0] * count
            assert measure_circuit_connectivity(graph, DISPERSAL) == pytest.approx(math.sqrt(count))
        bare = LandscapeGraph.of([0, 0], [0], [1], [3])
        assert measure_current_flow(bare).link.tolist() == [0]
        assert measure_current_flow(bare, beta=0).link.tolist() == [2]


@pytest.mark.realdata
class TestGraphab:
    """Graphab 2.6's test project; it stops its iterations at about five digits."""

    @pytest.mark.parametrize(
        "name", ["comp_cout10", "comp_cout10_500_nopath", "plan_cout1_len", "plan_cout10_300"]
    )
    def test_local_values(self, shared: Path, name: str) -> None:
        """CF of every patch is Graphab's to 1e-5 of the greatest, PCF and BCCirc to 2e-5."""
        graph, expected = graphab_case.load_graph(shared, name), graphab_case.read_expected(shared)
        columns = {
            "CF_beta1": (measure_current_flow(graph), 1e-5),
            "PCF_beta1": (measure_potential_flow(graph), 2e-5),
            "BCCirc_d1000_p0.05_beta1": (
                measure_circuit_betweenness(graph, graphab_case.DISPERSAL),
                2e-5,
            ),
        }
        for index, (found, tolerance) in columns.items():
            column = expected[f"{index}_graph_{name}"]
            np.testing.assert_allclose(found.patch, column, rtol=0, atol=tolerance * column.max())
            assert np.median(np.abs(found.patch - column)[column > 0] / column[column > 0]) < 1e-4

    def test_circuit_connectivity(self, shared: Path) -> None:
        """ECCirc is Graphab's to 1e-9."""
        graph = graphab_case.load_graph(shared, "comp_cout10")
        assert measure_circuit_connectivity(graph, graphab_case.DISPERSAL) == pytest.approx(
            graphab_case.EXPECTED["ECCirc"]["comp_cout10"], rel=1e-9
        )

    def test_circuit_links_of_the_crosses(self) -> None:
        """Resistances between the five cells of the crosses are Graphab's circuit links to 1e-6.

        Its circuit links are resistances over the ground: a grid of 10 x 10 cells of cost 1, 8 neighbours,
        diagonals of cost sqrt(2); published sums 5.094316110093207 of all ten pairs and 3.8846987460794975
        of the eight planar ones, by iterations that stop at 1e-6.
        """
        cells = list(itertools.product(range(10), range(10)))
        steps = [
            (10 * r + c, 10 * (r + dr) + c + dc, math.hypot(dr, dc))
            for r, c in cells
            for dr, dc in ((0, 1), (1, 0), (1, 1), (1, -1))
            if r + dr < 10 and 0 <= c + dc < 10
        ]
        grid = LandscapeGraph.of(np.ones(100), *np.array(steps).T)
        pairs = np.array(list(itertools.combinations([24, 51, 54, 57, 84], 2)))
        found = measure_resistances(grid, *pairs.T)
        assert found.sum() == pytest.approx(5.094316110093207, rel=1e-6)
        opposite = [(24, 84), (51, 57)]
        planar = [r for r, pair in zip(found, pairs.tolist(), strict=True) if tuple(pair) not in opposite]
        assert sum(planar) == pytest.approx(3.8846987460794975, rel=1e-6)


@pytest.mark.realdata
class TestCircuitscape:
    """The two pairwise networks of Circuitscape's verification suite."""

    @pytest.mark.parametrize("case", ["sgNetworkVerify1", "sgNetworkVerify2"])
    def test_network(self, shared: Path, case: str) -> None:
        """Resistances between focal nodes, and cumulative currents of nodes and branches, to 1e-6."""
        folder = shared / "cases" / "circuit" / "circuitscape"
        start, end, conductance = np.loadtxt(folder / "input/network" / f"{case}_graph_conductances.txt").T
        focal = np.loadtxt(folder / "input/network" / f"{case}_focal_nodes.txt").astype(int)
        nodes = np.unique(np.concatenate([start, end, focal])).astype(int)
        place = {int(node): i for i, node in enumerate(nodes)}
        graph = LandscapeGraph.of(
            np.ones(len(nodes)), [place[v] for v in start], [place[v] for v in end], 1 / conductance
        )
        among = [place[int(v)] for v in focal]
        table = np.loadtxt(folder / "output_verify" / f"{case}_resistances.out")
        assert table[0, 1:].tolist() == focal.tolist()
        one, other = (side.ravel() for side in np.meshgrid(among, among, indexing="ij"))
        found = measure_resistances(graph, one, other)
        found[np.isinf(found)] = -1
        np.testing.assert_allclose(found, table[1:, 1:].ravel(), rtol=1e-6, atol=1e-6)
        flow = measure_current_betweenness(graph, among=among, ends=True)
        passed = np.zeros(len(nodes))
        for node, current in np.loadtxt(folder / "output_verify" / f"{case}_node_currents_cum.txt"):
            passed[place[int(node)]] = current
        np.testing.assert_allclose(flow.patch, passed, atol=1e-5)
        carried: dict[tuple[int, int], float] = {}
        for one_end, other_end, current in zip(graph.start, graph.end, flow.link, strict=True):
            key = (min(one_end, other_end), max(one_end, other_end))
            carried[key] = carried.get(key, 0.0) + current
        for row in np.loadtxt(folder / "output_verify" / f"{case}_branch_currents_cum.txt"):
            low, high = sorted((place[int(row[0])], place[int(row[1])]))
            assert carried[low, high] == pytest.approx(row[2], abs=1e-5)
