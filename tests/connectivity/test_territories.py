"""Tests of what territorial units hold of a network, by identities, hand and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.division import Division, check_units, intersect_units, measure_ground
from bocage.connectivity.landscape import LandscapeGraph
from bocage.connectivity.territories import lost_without, measure_units
from bocage.errors import DataError
from tests.connectivity.test_search import HALF, make_graph, reach_by_definition, scenes


def split(count: int, units: int) -> st.SearchStrategy[np.ndarray]:
    """Draw the share of each patch in each unit, some of it in none."""
    row = st.lists(st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0]), min_size=units, max_size=units)
    return st.lists(row, min_size=count, max_size=count).map(
        lambda rows: np.array([np.array(row) / max(sum(row), 1) for row in rows]).reshape(count, units)
    )


def divide(graph: LandscapeGraph, shares: np.ndarray) -> Division:
    """Divide patches of area 10."""
    patch, unit = np.nonzero(shares)
    return Division.of(
        graph, [f"U{u}" for u in range(shares.shape[1])], patch, unit, shares[patch, unit] * 10,
        patch_area=np.full(graph.count, 10.0),
    )  # fmt: skip


class TestMeasuringUnits:
    """Contribution, dependence and what is left alone."""

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_against_the_definition(self, data: st.DataObject) -> None:
        """Each figure is its sum over pairs by definition, and parts sum to the whole."""
        capacity, links = data.draw(scenes(6, 9))
        graph = make_graph(capacity, links)
        shares = data.draw(split(graph.count, 3))
        division = divide(graph, shares)
        found = measure_units(graph, HALF, division, outside="elsewhere")
        beyond = 1 - shares.sum(axis=1)
        parts = np.array(capacity)[:, None] * np.column_stack([shares, beyond])
        if not (division.outside > 0).any():
            parts = parts[:, :3]
        reach = reach_by_definition(graph.count, links)
        table = parts.T @ reach @ parts
        total = float(np.array(capacity) @ reach @ np.array(capacity))
        assert found.eca**2 == pytest.approx(total, rel=1e-12)
        scale = total or 1.0
        close = {"rtol": 1e-9, "atol": 1e-12}
        np.testing.assert_allclose(found.contribution, table.sum(axis=1) / scale, **close)
        assert found.contribution.sum() == pytest.approx(1 if total else 0)
        np.testing.assert_allclose(
            found.inside + found.by_neighbours + found.with_others, found.contribution, **close
        )
        np.testing.assert_allclose(found.with_others, (table.sum(axis=1) - np.diag(table)) / scale, **close)
        assert found.capacity.sum() == pytest.approx(sum(capacity))
        for u in range(parts.shape[1]):
            mine = [i for i in range(graph.count) if ([*shares[i], beyond[i]][u]) > 1e-9]
            place = {i: k for k, i in enumerate(mine)}
            inner = [(place[i], place[j], c) for i, j, c in links if i in place and j in place]
            alone = parts[mine, u] @ reach_by_definition(len(mine), inner) @ parts[mine, u]
            assert found.eca_alone[u] ** 2 == pytest.approx(alone, rel=1e-9, abs=1e-12)
            assert found.inside[u] == pytest.approx(alone / scale, rel=1e-9, abs=1e-12)
            rest = np.array(capacity) - parts[:, u]
            least = 1 - math.sqrt(max(float(rest @ reach @ rest), 0) / total) if total else 0
            assert found.least_loss[u] == pytest.approx(least, rel=1e-6, abs=1e-7)
            if found.neighbour[u] >= 0:
                others = np.delete(table[u], u)
                assert found.with_neighbour[u] * scale == pytest.approx(others.max(), rel=1e-9)
        assert ((found.dependence >= -1e-12) & (found.dependence <= 1 + 1e-12)).all()
        assert ((found.fall_alone >= 0) & (found.fall_alone <= 1)).all()
        without = lost_without(graph, HALF, division)
        assert (without >= found.least_loss[:3] - 1e-7).all()
        for u in range(3):
            gone = [i for i in range(graph.count) if shares[i, u] > 1 - 1e-9]
            rest = [0.0 if i in gone else capacity[i] * (1 - shares[i, u]) for i in range(graph.count)]
            there = [link for link in links if link[0] not in gone and link[1] not in gone]
            left = float(np.array(rest) @ reach_by_definition(graph.count, there) @ np.array(rest))
            assert without[u] == pytest.approx(1 - math.sqrt(left / total) if total else 0, abs=2e-7)
        some = lost_without(graph, HALF, division, [2, 0])
        assert some.tolist() == pytest.approx([without[2], without[0]], abs=1e-12)

    def test_a_way_through_the_neighbour(self) -> None:
        """By hand: A holds both ends of a row and B its middle; A's ends are linked only through B.

        a = 1 each, p = 1/2 a step: T_AA = 2 + 2/4, T_BB = 1, T_AB = 1 each way. Alone A keeps 2; without B's
        patch the ends are no longer linked, which costs more than its capacity.
        """
        graph = LandscapeGraph.of([1, 1, 1], [0, 1], [1, 2], [100, 100])
        division = Division.of(graph, ["A", "B"], [0, 1, 2], [0, 1, 0], [7, 7, 7], patch_area=[7, 7, 7])
        found = measure_units(graph, HALF, division)
        assert found.eca**2 == pytest.approx(5.5)
        assert (found.inside * 5.5).tolist() == pytest.approx([2, 1])
        assert (found.by_neighbours * 5.5).tolist() == pytest.approx([0.5, 0])
        assert (found.with_others * 5.5).tolist() == pytest.approx([1, 1])
        assert found.dependence.tolist() == pytest.approx([1.5 / 3.5, 1 / 2])
        assert found.fall_alone.tolist() == pytest.approx([1 - math.sqrt(2 / 2.5), 0])
        assert found.least_loss.tolist() == pytest.approx([1 - math.sqrt(1 / 5.5), 1 - math.sqrt(2.5 / 5.5)])
        exact = lost_without(graph, HALF, division)
        assert exact.tolist() == pytest.approx([1 - math.sqrt(1 / 5.5), 1 - math.sqrt(2 / 5.5)])
        frame = found.as_frame()
        assert frame["neighbour"].tolist() == ["B", "A"]

    def test_a_patch_across_a_border_counts_by_its_area(self) -> None:
        """A patch of 8 of which 3/4 lie in A gives 6 to A and 2 to B, and its pair with itself to both."""
        graph = LandscapeGraph.of([8], [], [], [])
        division = Division.of(graph, ["A", "B"], [0, 0], [0, 1], [30, 10], patch_area=[40])
        found = measure_units(graph, HALF, division)
        assert found.capacity.tolist() == [6, 2]
        assert (found.contribution * 64).tolist() == pytest.approx([48, 16])
        assert (found.with_others * 64).tolist() == pytest.approx([12, 12])

    def test_what_is_in_no_unit(self) -> None:
        """It has a row of its own, and its patches are listed by id."""
        graph = LandscapeGraph.of([1, 1, 1], [], [], [], ids=["in", "half", "out"])
        division = Division.of(graph, ["A"], [0, 1], [0, 0], [4, 2], patch_area=[4, 4, 4])
        found = measure_units(graph, HALF, division, outside="ailleurs")
        assert found.units == ("A", "ailleurs")
        assert found.capacity.tolist() == [1.5, 1.5]
        assert division.list_outside(graph) == ("half", "out")
        assert division.list_outside(graph, least=1) == ("out",)


class TestDividingGround:
    """Polygons cut along units."""

    def test_areas_of_parts(self) -> None:
        """By hand: a square of 2 x 2 across the border of two units, another within one, another in none."""
        units = shapely.box([0, 10], [0, 0], [10, 20], [10, 10])
        shapes = shapely.box([9, 1, 30], [0, 1, 0], [11, 2, 31], [2, 2, 1])
        shape, unit, area = intersect_units(shapes, units)
        assert (shape.tolist(), unit.tolist(), area.tolist()) == ([0, 0, 1], [0, 1, 0], [2, 2, 1])

    def test_share_of_ground_counts_overlaps_once(self) -> None:
        """By hand: two corridors of 10 x 2 that share half cover 30 of 100."""
        units = shapely.box([0, 10], [0, 0], [10, 20], [10, 10])
        area, share = measure_ground(shapely.box([0, 0], [0, 1], [10, 10], [2, 3]), units)
        assert area.tolist() == pytest.approx([30, 0])
        assert share.tolist() == pytest.approx([0.3, 0])

    def test_bad_units_are_named(self) -> None:
        """Units that overlap, that are there twice, areas that cannot be: a sentence with the ids."""
        graph = LandscapeGraph.of([1, 1], [], [], [], ids=["p", "q"])
        with pytest.raises(DataError, match=r"overlap \(a and b\)"):
            check_units(shapely.box([0, 5], [0, 0], [10, 20], [10, 10]), ["a", "b"])
        check_units(shapely.box([0, 10], [0, 0], [10, 20], [10, 10]), ["a", "b"])
        with pytest.raises(DataError, match=r"overlap on 1 patch\(es\) \(q\): among units A, B"):
            Division.of(graph, ["A", "B", "C"], [0, 1, 1], [2, 0, 1], [1, 1, 1], patch_area=[1, 1])
        with pytest.raises(DataError, match=r"more than once \(A\)"):
            Division.of(graph, ["A", "A"], [], [], [], patch_area=[1, 1])
        with pytest.raises(DataError, match=r"negative or missing \(p\)"):
            Division.of(graph, ["A"], [0], [0], [-1], patch_area=[1, 1])
        with pytest.raises(DataError, match=r"not above 0 \(q\)"):
            Division.of(graph, ["A"], [0], [0], [1], patch_area=[1, 0])
