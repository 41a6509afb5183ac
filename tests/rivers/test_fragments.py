"""Tests of free-flowing fragments and of the steps that works cut rivers into."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from bocage.errors import DataError
from bocage.rivers.fragments import find_fragments, locate_works, measure_to_works
from bocage.rivers.staging import measure_staging
from bocage.rivers.tree import RiverTree
from tests.rivers.river_oracle import part_ways, trees, walk


class TestFragments:
    """Parts of a river between works."""

    @settings(max_examples=100, deadline=None)
    @given(trees(max_reaches=12))
    def test_definition(self, tree: RiverTree) -> None:
        """Two reaches are of one fragment when no works stand on the way between them."""
        works = locate_works(tree)
        found = find_fragments(tree)

        count = len(works)
        together = np.zeros((count, count), bool)
        for i in range(count):
            for j in range(count):
                ways = part_ways(tree, i, j)
                together[i, j] = ways is not None and not works[ways[0] + ways[1]].any()
        np.testing.assert_array_equal(found.label[:, None] == found.label[None, :], together)
        for part, low in enumerate(found.lowest):
            inside = found.label == part
            assert found.label[low] == part
            assert all(low in walk(tree, int(v)) for v in np.flatnonzero(inside))
            assert found.length[part] == pytest.approx(tree.length[inside].sum())
            assert found.weight[part] == pytest.approx(tree.weight[inside].sum())
            assert found.count[part] == inside.sum()
            ways_up = [
                sum(tree.length[v] for v in walk(tree, int(top)) if inside[v])
                for top in np.flatnonzero(inside)
            ]
            assert found.stretch[part] == pytest.approx(max(ways_up))
        assert found.length[found.longest] == found.length.max()
        assert found.stretch[found.longest_stretch] == found.stretch.max()

    @settings(max_examples=100, deadline=None)
    @given(trees(max_reaches=12))
    def test_lengths_to_works(self, tree: RiverTree) -> None:
        """Above: all that flows to the reach without works between; below: the way down to the next ones."""
        works = locate_works(tree)
        found = measure_to_works(tree)

        for v in range(len(works)):
            free = []
            for u in range(len(works)):
                way = walk(tree, u)
                if v in way and not works[way[: way.index(v)]].any():
                    free.append(way[: way.index(v) + 1])
            assert found.above[v] == pytest.approx(sum(tree.length[way[0]] for way in free))
            assert found.longest[v] == pytest.approx(max(tree.length[way].sum() for way in free))
            down = walk(tree, v)
            stop = next((k for k, u in enumerate(down) if works[u]), len(down) - 1)
            assert found.below[v] == pytest.approx(tree.length[down[: stop + 1]].sum())

    def test_by_hand(self) -> None:
        """1 km at the sea, 2 km and 4 km above it, works below the 2 km: 5 km and 2 km are free."""
        ones = np.ones(3)
        tree = RiverTree(
            np.array([-1, 0, 0], np.int32), ones, np.array([1e3, 2e3, 4e3]), np.array([1, 0.4, 1]), ones
        )

        found = find_fragments(tree)
        assert (found.length.tolist(), found.longest) == ([5000, 2000], 0)
        assert measure_to_works(tree).above.tolist() == [5000, 2000, 4000]
        assert measure_to_works(tree).below.tolist() == [1000, 2000, 5000]
        # Passable works are works where they are said to be, and none where 0.4 is free enough.
        assert find_fragments(tree, np.array([True, False, True])).length.tolist() == [3000, 4000]
        assert not locate_works(tree, free_from=0.4).any()

    def test_errors(self) -> None:
        """No reach, works that do not fit, a bound that frees nothing."""
        none = np.empty(0)
        empty = RiverTree(np.empty(0, np.int32), none, none, none, none)
        with pytest.raises(DataError, match="no reach"):
            find_fragments(empty)
        one = RiverTree(np.array([-1], np.int32), *(np.ones(1) for _ in range(4)))
        with pytest.raises(DataError, match="one bool a reach"):
            measure_to_works(one, np.array([1.0]))  # type: ignore[arg-type]
        with pytest.raises(DataError, match="free_from"):
            locate_works(one, free_from=0.0)


class TestStaging:
    """Taux d'étagement, taux de fractionnement, density."""

    GROUP = np.array([0, 0, 1, 1, -1], np.int32)
    LENGTH = np.array([6e3, 4e3, 1e3, 1e3, 9e3])
    WORKS = np.array([True, True, True, False, True])
    HEIGHT = np.array([1.5, 2.5, np.nan, 7.0, 3.0])

    def test_by_hand(self) -> None:
        """10 km that descend 16 m by works of 1.5 and 2.5 m; 2 km with works of unknown height."""
        found = measure_staging(self.GROUP, self.LENGTH, self.WORKS, self.HEIGHT, np.array([16.0, 8.0]))

        assert found.works.tolist() == [2, 1]
        assert found.unknown.tolist() == [0, 1]
        assert found.height_m.tolist() == [4, 0]
        assert found.length_m.tolist() == [10_000, 2_000]
        assert found.etagement.tolist() == [0.25, 0]
        assert found.fractionnement.tolist() == [0.4, 0]
        assert found.density.tolist() == [0.2, 0.5]

    def test_unknown_drops_and_empty_groups(self) -> None:
        """No rate is made of an unknown drop, no drop or no length."""
        found = measure_staging(self.GROUP, self.LENGTH, self.WORKS, self.HEIGHT, np.array([np.nan, 0, 5]))

        assert np.isnan(found.etagement).tolist() == [True, True, False]
        assert np.isnan(found.fractionnement).tolist() == [False, False, True]
        assert np.isnan(found.density).tolist() == [False, False, True]

    def test_errors(self) -> None:
        """Arrays that do not fit, a negative height or drop, a group without drop."""
        drop = np.array([16.0, 8.0])
        with pytest.raises(DataError, match="length has shape"):
            measure_staging(self.GROUP, self.LENGTH[:2], self.WORKS, self.HEIGHT, drop)
        with pytest.raises(DataError, match="reach 0 are -1"):
            measure_staging(self.GROUP, self.LENGTH, self.WORKS, np.full(5, -1.0), drop)
        with pytest.raises(DataError, match="group 1 is -8"):
            measure_staging(self.GROUP, self.LENGTH, self.WORKS, self.HEIGHT, np.array([16.0, -8.0]))
        with pytest.raises(DataError, match="1 groups only"):
            measure_staging(self.GROUP, self.LENGTH, self.WORKS, self.HEIGHT, drop[:1])
