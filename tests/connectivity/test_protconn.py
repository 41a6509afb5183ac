"""Tests of ProtConn against hand-worked regions, its identities and Saura's published formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity import equivalent_connected_area
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.protconn import DISPERSAL, ProtConn, measure_protconn
from bocage.errors import DataError
from tests.connectivity.test_component_indices import landscape_graphs

MEDIAN = Dispersal(1000, 0.5)


def check_sums(found: ProtConn) -> None:
    """Check that all parts sum to their whole."""
    assert found.protconn + found.protunconn == pytest.approx(found.prot, abs=1e-9)
    assert found.prot + found.unprotected == pytest.approx(100, abs=1e-9)
    assert found.protected + found.trans + found.unprot == pytest.approx(found.protconn, abs=1e-9)
    shares = found.list_shares()
    if found.protconn > 0:
        parts = ("ProtConn_Prot", "ProtConn_Trans", "ProtConn_Unprot")
        assert sum(shares[name] for name in parts) == pytest.approx(100, abs=1e-9)
    if found.within is not None and found.contig is not None:
        assert found.within + found.contig == pytest.approx(found.protected, abs=1e-9)
        assert found.within >= 0 and found.contig >= 0
    if found.sea is not None and found.outland is not None:
        assert found.design is not None and found.bound is not None
        assert found.design + found.sea + found.outland == pytest.approx(found.protunconn, abs=1e-9)
        assert found.bound == pytest.approx(found.protconn + found.sea + found.outland, abs=1e-9)


class TestIdentities:
    """Random systems of protected areas."""

    @settings(max_examples=150, deadline=None)
    @given(
        landscape_graphs(),
        st.lists(st.booleans(), min_size=9, max_size=9),
        st.lists(st.integers(0, 6), max_size=6),
    )
    def test_parts_sum(self, graph: LandscapeGraph, beyond: list[bool], single: list[int]) -> None:
        """All parts sum to their whole, with areas beyond the border and any single areas."""
        found = measure_protconn(graph, 100, MEDIAN, transboundary=beyond[: graph.count], single_areas=single)
        check_sums(found)

    @settings(max_examples=80, deadline=None)
    @given(landscape_graphs())
    def test_by_definition(self, graph: LandscapeGraph) -> None:
        """ProtConn is 100 ECA over the region; alone, areas connect what they hold (Saura et al. 2017)."""
        found = measure_protconn(graph, 60, MEDIAN)
        eca = equivalent_connected_area(
            graph.capacity, graph.start, graph.end, graph.cost, dispersal_cost=1000, probability=0.5
        )
        assert found.protconn == pytest.approx(100 * eca / 60, rel=1e-9)
        apart = measure_protconn(graph.keep_links(np.zeros(graph.link_count, dtype=bool)), 60, MEDIAN)
        assert apart.protconn == pytest.approx(found.protected, rel=1e-12)
        assert apart.unprot == pytest.approx(0, abs=1e-9)

    @settings(max_examples=80, deadline=None)
    @given(landscape_graphs())
    def test_all_beyond(self, graph: LandscapeGraph) -> None:
        """A region that protects nothing has all parts 0 and no relative connectivity."""
        found = measure_protconn(graph, 10, MEDIAN, transboundary=np.ones(graph.count))
        assert (found.prot, found.protconn, found.trans, found.unprot) == (0, 0, 0, 0)
        assert math.isnan(found.relconn)
        assert all(math.isnan(share) for share in found.list_shares().values())


class TestByHand:
    """Regions worked by hand."""

    def test_median_by_default(self) -> None:
        """By default two areas are reached with probability 0.5 at 10 km, as the published values."""
        assert (DISPERSAL.distance, DISPERSAL.probability) == (10_000, 0.5)
        found = measure_protconn(LandscapeGraph.of([3, 4], [0], [1], [10_000]), 10)
        assert found.protconn == pytest.approx(10 * math.sqrt(37))
        assert found.relconn == pytest.approx(100 * math.sqrt(37) / 7)

    def test_step_beyond_the_border(self) -> None:
        """An area abroad halves the way from A to B: Trans is what ProtConn loses without it.

        p = 0.25 directly over 2000, 0.5 by the area abroad over 400 + 600; ECA² = 25 + 24 p.
        """
        graph = LandscapeGraph.of([3, 4, 50], [0, 0, 2], [1, 2, 1], [2000, 400, 600])
        found = measure_protconn(graph, 20, MEDIAN, transboundary=[False, False, True])
        assert found.prot == 35
        assert found.protconn == pytest.approx(5 * math.sqrt(37))
        assert found.protected == pytest.approx(25)
        assert found.trans == pytest.approx(5 * (math.sqrt(37) - math.sqrt(31)))
        assert found.unprot == pytest.approx(5 * (math.sqrt(31) - 5))

    def test_single_areas(self) -> None:
        """A park of 10 made of 6 and 4 that touch: 100 sqrt(52) / 100 inside them, the rest contiguous."""
        graph = LandscapeGraph.of([10], [], [], [])
        found = measure_protconn(graph, 100, MEDIAN, single_areas=[6, 4])
        assert (found.prot, found.protconn, found.protected) == (10, 10, 10)
        assert found.within == pytest.approx(math.sqrt(52))
        assert found.contig == pytest.approx(10 - math.sqrt(52))

    def test_overlaps(self) -> None:
        """The same park twice is one: the correction takes the overlap back, and nothing is contiguous."""
        found = measure_protconn(LandscapeGraph.of([10], [], [], []), 100, MEDIAN, single_areas=[10, 10])
        assert found.within == pytest.approx(10)
        assert found.contig == pytest.approx(0)
        # Where small parks overlap more than large ones the correction would give more than there is.
        three = measure_protconn(
            LandscapeGraph.of([10, 1], [], [], []), 100, MEDIAN, single_areas=[10, 10, 10, 1]
        )
        assert three.within == pytest.approx(math.sqrt(101))

    def test_what_a_region_cannot_help(self) -> None:
        """Two islands of a country and a strip of foreign land: what isolates each pair of parks.

        A (3) and B (4) are on one island, 1000 apart and joined by its land; C (5) is behind foreign land,
        D (2) behind the sea, out of reach. With the land of the country A and B are one, with foreign land
        C too: 100 (ECA' - ECA) / A_L is by design, then foreign, then the sea.
        """
        parks = LandscapeGraph.of([3, 4, 5, 2], [0], [1], [1000])
        land = LandscapeGraph.of([3, 4, 5, 2, 0], [0, 4], [4, 1], [0, 0])
        all_land = LandscapeGraph.of([3, 4, 5, 2, 0, 0], [0, 4, 1, 5], [4, 1, 5, 2], [0, 0, 0, 0])
        found = measure_protconn(parks, 100, MEDIAN, with_land=land, with_all_land=all_land)
        today, island, continent = math.sqrt(37 + 29), math.sqrt(49 + 29), math.sqrt(144 + 4)
        assert found.protconn == pytest.approx(today)
        assert found.design == pytest.approx(island - today)
        assert found.bound == pytest.approx(14 - (island - today))
        assert found.outland == pytest.approx(continent - island)
        assert found.sea == pytest.approx(14 - continent)
        check_sums(found)


class TestRefusals:
    """What cannot be."""

    GRAPH = LandscapeGraph.of([3, 4], [0], [1], [1000])

    def test_region_too_small(self) -> None:
        """A region smaller than what is protected in it is refused, with both areas."""
        with pytest.raises(DataError, match="area of 5 and 7 is protected"):
            measure_protconn(self.GRAPH, 5)
        with pytest.raises(DataError, match="one unit"):
            measure_protconn(self.GRAPH, math.nan)

    def test_mask_of_another_length(self) -> None:
        """One value for each protected area says whether it lies beyond the border."""
        with pytest.raises(DataError, match=r"1 value\(s\).*of 2"):
            measure_protconn(self.GRAPH, 10, transboundary=[True])

    def test_negative_single_areas(self) -> None:
        """Negative and missing single areas are listed by place."""
        with pytest.raises(DataError, match="at 1, 2"):
            measure_protconn(self.GRAPH, 10, single_areas=[3, -1, math.nan])

    def test_land_that_counts(self) -> None:
        """Land given an area of its own would count as protected, and is refused."""
        land = LandscapeGraph.of([3, 4, 9], [0, 2], [2, 1], [0, 0])
        with pytest.raises(DataError, match="with_land holds 16"):
            measure_protconn(self.GRAPH, 20, with_land=land)

    def test_foreign_land_alone(self) -> None:
        """What foreign lands cut off is known only beside what the own land leaves apart."""
        with pytest.raises(DataError, match="give with_land too"):
            measure_protconn(self.GRAPH, 20, with_all_land=self.GRAPH)
