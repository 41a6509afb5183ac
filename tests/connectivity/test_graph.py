"""Tests of the landscape graph against hand-worked cases, brute force and a published-style case."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import networkx
import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity import (
    equivalent_connected_area,
    rank_restorations,
    summarise_graph,
    summarise_graphs,
    value_network,
)
from tests.connectivity.tables import make_graph_tables, make_tables

NAN = float("nan")


def eca_by_definition(
    areas: list[float], links: list[tuple[int, int, float]], *, limit: float, probability: float = 0.05
) -> float:
    """Sum a_i a_j p*_ij over all pairs, each p* by networkx."""
    graph = networkx.Graph()
    graph.add_nodes_from(range(len(areas)))
    for start, end, cost in links:
        if start != end and math.isfinite(cost):
            known = graph.get_edge_data(start, end, {"weight": math.inf})["weight"]
            graph.add_edge(start, end, weight=min(cost, known))
    decay = -math.log(probability) / limit
    total = 0.0
    for i, j in itertools.product(range(len(areas)), repeat=2):
        if networkx.has_path(graph, i, j):
            total += areas[i] * areas[j] * math.exp(-decay * networkx.dijkstra_path_length(graph, i, j))
    return math.sqrt(total)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[float], list[tuple[int, int, float, float]]]:
    """Draw up to eight patches and any links between them, parallel and impassable ones too."""
    count = draw(st.integers(1, 8))
    areas = draw(st.lists(st.floats(0.1, 100), min_size=count, max_size=count))
    node = st.integers(0, count - 1)
    free = st.floats(0, 3000)
    links = draw(st.lists(st.tuples(node, node, free, st.floats(0, 3000) | st.just(NAN)), max_size=14))
    return areas, [(i, j, free + more, free) for i, j, free, more in links]


class TestEquivalentConnectedArea:
    """ECA against its definition."""

    def test_two_patches(self) -> None:
        """Linked at the dispersal cost: sqrt(3² + 4² + 2 x 12 x 0.05)."""
        found = equivalent_connected_area([3, 4], [0], [1], [1000.0], dispersal_cost=1000)

        assert found == pytest.approx(math.sqrt(25 + 24 * 0.05), rel=1e-14)

    def test_three_patches_in_a_row(self) -> None:
        """The ends meet through the middle: 0.5 and 0.5 make 0.25."""
        found = equivalent_connected_area(
            [1, 2, 3], [0, 1], [1, 2], [100.0, 100.0], dispersal_cost=100, probability=0.5
        )

        assert found**2 == pytest.approx(1 + 4 + 9 + 2 * (1 * 2 * 0.5 + 2 * 3 * 0.5 + 1 * 3 * 0.25))

    def test_link_at_no_cost(self) -> None:
        """Patches linked at no cost count as one."""
        assert equivalent_connected_area([3, 4], [0], [1], [0.0], dispersal_cost=10) == pytest.approx(7)

    def test_no_patch(self) -> None:
        """Nothing is linked to nothing."""
        assert equivalent_connected_area([], [], [], [], dispersal_cost=10) == 0

    @settings(max_examples=60, deadline=None)
    @given(graphs())
    def test_definition(self, graph: tuple[list[float], list[tuple[int, int, float, float]]]) -> None:
        """Any graph gives what the definition gives, path by path."""
        areas, links = graph
        start, end, cost = ([link[k] for link in links] for k in range(3))

        found = equivalent_connected_area(areas, start, end, cost, dispersal_cost=1000)

        expected = eca_by_definition(areas, [link[:3] for link in links], limit=1000)
        assert found == pytest.approx(expected, rel=1e-10)

    @pytest.mark.realdata
    def test_exact_case_of_300_patches(self, shared: Path) -> None:
        """The case's ECA, computed naively by another program."""
        folder = shared / "cases" / "connectivity" / "dpc_exact_300"
        if not folder.is_dir():
            pytest.skip(f"no case {folder}")
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        patches, links = (pandas.read_csv(folder / name) for name in ("patches.csv", "links.csv"))
        first = patches.columns[0]
        number = {identifier: i for i, identifier in enumerate(patches[first])}

        found = equivalent_connected_area(
            patches["area"],
            links.iloc[:, 0].map(number),
            links.iloc[:, 1].map(number),
            links["cost"],
            dispersal_cost=expected["dmax_cost"],
            probability=expected["p_at_dmax"],
        )

        assert found == pytest.approx(expected["ECA"], rel=1e-12)


class TestSummary:
    """The summary of a sub-network."""

    def test_three_patches_one_cut(self) -> None:
        """A motorway cuts one of two links: groups, links and what it costs."""
        tables = make_graph_tables([10, 20, 30], [(0, 1, 500.0, 500.0), (1, 2, NAN, 800.0)])

        found = summarise_graph(tables, "boise")

        assert (found.reservoirs, found.links, found.links_open, found.links_open_free) == (3, 2, 1, 2)
        assert (found.components, found.components_free, found.area_ha) == (2, 1, 60)
        near, far = math.exp(math.log(0.05) * 0.5), math.exp(math.log(0.05) * 0.8)
        today = 100 + 400 + 900 + 2 * 200 * near
        free = today + 2 * (600 * far + 300 * near * far)
        assert found.eca_ha == pytest.approx(math.sqrt(today))
        assert found.eca_free_ha == pytest.approx(math.sqrt(free))
        assert found.loss_share == pytest.approx(1 - math.sqrt(today / free))
        assert found.probability_of_connectivity(1000) == pytest.approx(today / 1e6)

    def test_area_where_habitat_is_unknown(self) -> None:
        """Without habitat, the whole area of reservoirs counts, and the summary says so."""
        tables = make_graph_tables([3, 4], [])
        assert summarise_graph(tables, "boise").weight == "habitat_ha"
        tables["reservoir_s"]["habitat_ha"] = NAN

        found = summarise_graph(tables, "boise")

        assert (found.weight, found.eca_ha, found.loss_share) == ("area_ha", 5, 0)

    def test_parallel_corridors_are_one_link(self) -> None:
        """Two corridors between the same reservoirs count once, and the cheaper one counts."""
        tables = make_graph_tables([1, 1], [(0, 1, 900.0, 900.0), (1, 0, 300.0, 300.0)])

        found = summarise_graph(tables, "boise")

        assert (found.links, found.links_open) == (1, 1)
        assert found.eca_ha == pytest.approx(math.sqrt(2 + 2 * 0.05**0.3))

    def test_corridor_to_a_reservoir_cut_away(self) -> None:
        """A corridor whose end is not in the table links nothing."""
        tables = make_graph_tables([1, 1], [(0, 1, 1.0, 1.0)])
        tables["corridor_s"]["to_id"] = "elsewhere"

        assert summarise_graph(tables, "boise").links == 0

    def test_empty_network(self) -> None:
        """Without reservoirs there is nothing to summarise."""
        assert summarise_graphs(make_tables()) == ()


class TestRanking:
    """Gains of opening one corridor at a time."""

    def test_three_patches(self) -> None:
        """Of two cut links, the one between the large patches gives most back."""
        tables = make_graph_tables([1, 10, 10], [(0, 1, NAN, 500.0), (1, 2, NAN, 500.0)])

        found = rank_restorations(tables, "boise")

        assert found["id"].tolist() == ["CS1", "CS0"]
        before = math.sqrt(201)
        assert found["gain_share"][0] == pytest.approx(math.sqrt(201 + 200 * 0.05**0.5) / before - 1)

    def test_a_corridor_not_to_restore_is_left_out(self) -> None:
        """Only corridors whose objective is to restore are ranked."""
        tables = make_graph_tables([1, 1], [(0, 1, NAN, 500.0)])
        tables["corridor_s"]["objective"] = "preserve"

        assert len(rank_restorations(tables, "boise")) == 0

    @settings(max_examples=40, deadline=None)
    @given(graphs())
    def test_definition(self, graph: tuple[list[float], list[tuple[int, int, float, float]]]) -> None:
        """Each gain is what computing the whole graph again with that one corridor opened gives."""
        areas, links = graph
        found = rank_restorations(make_graph_tables(areas, links), "boise")

        before = eca_by_definition(areas, [link[:3] for link in links], limit=1000)
        for row in found.itertuples():
            k = int(str(row.id).removeprefix("CS"))
            opened = [(i, j, free if n == k else cost) for n, (i, j, cost, free) in enumerate(links)]
            expected = eca_by_definition(areas, opened, limit=1000) / before - 1
            assert row.gain_share == pytest.approx(expected, rel=1e-7, abs=1e-10)
        assert np.all(np.diff(found["gain_share"]) <= 0)


class TestValues:
    """What reservoirs and corridors are worth, in the tables."""

    def test_three_reservoirs_in_a_row(self) -> None:
        """Areas 3, 4 and 5, links at the dispersal cost; hand-worked with q = 0.05.

        PC numerator: 9 + 16 + 25 + 2 (12 q + 20 q + 15 q²); the middle one takes 16 + 64 q of it and, between
        its neighbours, 30 q².
        """
        tables = make_graph_tables([3, 4, 5], [(0, 1, 1000, 1000), (1, 2, 1000, 0)], limit=1000)
        tables["corridor_s"]["number"] = [1, 2]
        tables["corridor_l"] = tables["corridor_s"].copy()
        whole = 50 + 64 * 0.05 + 30 * 0.0025

        valued = value_network(tables)

        reservoirs, corridors = valued["reservoir_s"], valued["corridor_s"]
        middle = reservoirs.iloc[1]
        assert middle["dpc_intra"] == pytest.approx(1600 / whole)
        assert middle["dpc_flux"] == pytest.approx(100 * 64 * 0.05 / whole)
        assert middle["dpc_connector"] == pytest.approx(100 * 30 * 0.0025 / whole)
        assert reservoirs["dpc_rank"].tolist() == [3, 2, 1]
        lost = [24 * 0.05 + 30 * 0.0025, 40 * 0.05 + 30 * 0.0025]
        assert corridors["dpc"].tolist() == pytest.approx([100 * each / whole for each in lost])
        better = 50 + 24 * 0.05 + 40 + 30 * 0.05
        assert corridors["eca_gain"].tolist() == pytest.approx(
            [0, 100 * (math.sqrt(better / whole) - 1)], abs=1e-12
        )
        assert valued["corridor_l"]["dpc"].tolist() == corridors["dpc"].tolist()
