"""Tests of the indices of components against Graphab's and Conefor's values and their definition."""

from __future__ import annotations

from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.component_indices import (
    INDICES,
    ComponentIndices,
    list_components,
    list_neighbours,
    measure_components,
    measure_link_removals,
    measure_patch_removals,
)
from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import DataError
from tests.connectivity import conefor_case, graphab_case


@st.composite
def landscape_graphs(draw: st.DrawFn, *, least_cost: int = 0) -> LandscapeGraph:
    """Draw a small graph: several components, patches alone, patches of no capacity, parallel links."""
    count = draw(st.integers(1, 9))
    place = st.integers(0, count - 1)
    links = draw(st.lists(st.tuples(place, place, st.integers(least_cost, 6)), max_size=14))
    capacity = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    table = np.array(links, dtype=float).reshape(-1, 3)
    return LandscapeGraph.of(capacity, table[:, 0], table[:, 1], table[:, 2] * 100)


def measure_by_definition(capacity: list[float], pairs: list[tuple[int, int]]) -> dict[str, float]:
    """Measure the indices of patches and links as they are written, by networkx; patches are named."""
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(capacity)))
    graph.add_edges_from(pairs)
    sums = [sum(capacity[v] for v in part) for part in networkx.connected_components(graph)]
    total, squares = sum(sums), sum(c * c for c in sums)
    return {
        "capacity": total,
        "NL": graph.number_of_edges(),
        "NC": len(sums),
        "SLC": max(sums, default=0),
        "MSC": total / len(sums) if sums else 0,
        "ECS": squares / total if total else 0,
        "CCP": squares / total**2 if total else 0,
        "LCPnum": squares,
    }


def list_pairs(graph: LandscapeGraph) -> list[tuple[int, int]]:
    """List the two patches of each link."""
    return list(zip(graph.start.tolist(), graph.end.tolist(), strict=True))


def drop_patch(graph: LandscapeGraph, gone: int) -> tuple[list[float], list[tuple[int, int]]]:
    """Give capacities and pairs without a patch."""
    kept = [v for v in range(graph.count) if v != gone]
    place = {v: i for i, v in enumerate(kept)}
    pairs = [(place[a], place[b]) for a, b in list_pairs(graph) if gone not in (a, b)]
    return graph.capacity[kept].tolist(), pairs


def collect(indices: ComponentIndices) -> dict[str, float]:
    """Give the indices by name."""
    return {name: getattr(indices, name) for name in INDICES}


class TestByDefinition:
    """Random small graphs against networkx and one removal after the other."""

    @settings(max_examples=200, deadline=None)
    @given(landscape_graphs())
    def test_indices(self, graph: LandscapeGraph) -> None:
        """All indices of a graph are their written definition."""
        expected = measure_by_definition(graph.capacity.tolist(), list_pairs(graph))
        assert collect(measure_components(graph)) == pytest.approx(expected, rel=1e-12)

    @settings(max_examples=200, deadline=None)
    @given(landscape_graphs())
    def test_patch_removals(self, graph: LandscapeGraph) -> None:
        """One walk gives what a new graph without each patch gives."""
        found = measure_patch_removals(graph)
        for gone in range(graph.count):
            expected = measure_by_definition(*drop_patch(graph, gone))
            values = {name: found.without[name][gone] for name in INDICES}
            assert values == pytest.approx(expected, rel=1e-12, abs=1e-12)

    @settings(max_examples=200, deadline=None)
    @given(landscape_graphs())
    def test_link_removals(self, graph: LandscapeGraph) -> None:
        """One walk gives what a new graph without each link gives, parallel links being different ways."""
        found = measure_link_removals(graph)
        pairs = list_pairs(graph)
        for gone in range(graph.link_count):
            rest = pairs[:gone] + pairs[gone + 1 :]
            expected = measure_by_definition(graph.capacity.tolist(), rest)
            values = {name: found.without[name][gone] for name in INDICES}
            assert values == pytest.approx(expected, rel=1e-12, abs=1e-12)

    @settings(max_examples=50, deadline=None)
    @given(landscape_graphs())
    def test_components_add_up(self, graph: LandscapeGraph) -> None:
        """Patches, links, capacities and shares of components sum to those of the graph."""
        parts, whole = list_components(graph), measure_components(graph)
        assert parts.patches.sum() == graph.count
        assert parts.links.sum() == whole.NL
        assert parts.share.sum() == pytest.approx(whole.CCP, rel=1e-12)
        # Numbered by first patch: each new number is one above all before it.
        assert all(label <= max(parts.of_patch[:i], default=-1) + 1 for i, label in enumerate(parts.of_patch))


class TestByHand:
    """Cases worked by hand."""

    def test_no_patches(self) -> None:
        """An empty graph has indices 0 and nothing to remove."""
        empty = LandscapeGraph.of([], [], [], [])
        assert set(collect(measure_components(empty)).values()) == {0}
        assert measure_patch_removals(empty).find_percent("CCP").tolist() == []
        assert list_components(empty).share.tolist() == []

    def test_two_rings_that_touch(self) -> None:
        """The patch that two rings share holds them together; no link does alone (hand-worked)."""
        rings = LandscapeGraph.of([1, 1, 1, 2, 2], [0, 1, 2, 2, 3, 4], [1, 2, 0, 3, 4, 2], [1, 1, 1, 1, 1, 1])
        removals = measure_patch_removals(rings)
        assert removals.find_change("NC").tolist() == [0, 0, -1, 0, 0]
        # Without it 2 + 4 are left apart: (4 + 16) / 36 for 1.
        assert removals.without["CCP"][2] == pytest.approx(20 / 36)
        assert measure_link_removals(rings).find_change("NC").tolist() == [0] * 6

    def test_long_chain(self) -> None:
        """A chain of 100 000 patches is walked without recursion; its middle parts it into halves."""
        count = 100_001
        chain = LandscapeGraph.of(
            np.ones(count), np.arange(count - 1), np.arange(1, count), np.ones(count - 1)
        )
        removals = measure_patch_removals(chain)
        assert removals.without["SLC"][50_000] == 50_000
        assert removals.without["SLC"][10] == count - 11
        assert removals.without["NC"].tolist()[:3] == [1, 2, 2]

    def test_tabulate(self) -> None:
        """The table bears Conefor's names, and percents are of the index with all."""
        table = measure_patch_removals(LandscapeGraph.of([3, 1], [0], [1], [10], ids=["a", "b"])).tabulate()
        assert table["id"].tolist() == ["a", "b"]
        assert table["dcapacity"].tolist() == [75, 25]
        assert table["varLCPnum"].tolist() == [15, 7]

    def test_neighbours_by_the_cheapest(self) -> None:
        """Of parallel links the cheapest stands for the neighbour, the first of equal ones."""
        graph = LandscapeGraph.of([1, 1], [0, 1, 0], [1, 0, 1], [5, 2, 2])
        offset, neighbour, link = list_neighbours(graph)
        assert (offset.tolist(), neighbour.tolist(), link.tolist()) == ([0, 1, 2], [1, 0], [1, 1])
        assert list_neighbours(graph, parallel=True)[2].tolist() == [1, 2, 0, 1, 2, 0]

    def test_landscape_without_area(self) -> None:
        """LCP of a landscape of no area is refused."""
        with pytest.raises(DataError, match="above 0"):
            measure_components(LandscapeGraph.of([1], [], [], [])).measure_lcp(0)


@pytest.mark.realdata
class TestGraphab:
    """Graphab 2.6's test project."""

    @pytest.mark.parametrize("index", ["NC", "CCP", "ECS", "MSC", "SLC"])
    def test_values(self, shared: Path, index: str) -> None:
        """NC, CCP, ECS, MSC and SLC are Graphab's to 1e-12."""
        for name, expected in graphab_case.EXPECTED[index].items():
            # Components and capacities need no costs across patches.
            plain = {"comp_cout10": "comp_cout10_500_nopath"}.get(name, name)
            whole = measure_components(graphab_case.load_graph(shared, plain))
            assert getattr(whole, index) == pytest.approx(expected, rel=1e-12)


@pytest.mark.realdata
class TestConefor:
    """Conefor 2.7.3 on 40 nodes, links up to 1500."""

    def test_overall(self, shared: Path) -> None:
        """NL, NC, CCP, LCPnum and LCP are Conefor's to its six digits."""
        whole = measure_components(conefor_case.load_graph(shared, conefor_case.BINARY_DISTANCE))
        printed = conefor_case.read_overall(shared)
        for index in ("NL", "NC", "CCP", "LCPnum"):
            assert getattr(whole, index) == pytest.approx(printed[index], rel=5e-6)
        assert whole.measure_lcp(conefor_case.LANDSCAPE_AREA) == pytest.approx(printed["LCP"], rel=5e-6)

    def test_components(self, shared: Path) -> None:
        """Components bear Conefor's numbers, from 1."""
        parts = list_components(conefor_case.load_graph(shared, conefor_case.BINARY_DISTANCE))
        printed = conefor_case.read_table(shared, "r_components")
        assert (parts.of_patch + 1).tolist() == printed["Component"].tolist()

    @pytest.mark.parametrize(
        ("column", "index"),
        [("A", "capacity"), ("NL", "NL"), ("NC", "NC"), ("CCP", "CCP"), ("LCP", "LCPnum")],
    )
    def test_node_importances(self, shared: Path, column: str, index: str) -> None:
        """Both columns of each index are Conefor's, to six digits of it or of the whole.

        Conefor takes the difference of two sums in single precision: small ones hold fewer digits than they
        print, and are right to 1e-6 of the index.
        """
        removals = measure_patch_removals(conefor_case.load_graph(shared, conefor_case.BINARY_DISTANCE))
        printed = conefor_case.read_table(shared, "r_node_importances")
        whole = float(getattr(removals.whole, index))
        scale = conefor_case.LANDSCAPE_AREA**2 if column == "LCP" else 1.0
        np.testing.assert_allclose(removals.find_percent(index), printed[f"d{column}"], rtol=5e-6, atol=1e-4)
        np.testing.assert_allclose(
            removals.find_change(index) / scale,
            printed[f"var{column}"],
            rtol=5e-6,
            atol=1e-6 * whole / scale,
        )
