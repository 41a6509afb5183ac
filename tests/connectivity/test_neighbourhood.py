"""Tests of capacity by the land around patches, against one search a patch by the sweep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.landscape import Dispersal
from bocage.connectivity.neighbourhood import weigh_neighbourhood
from bocage.corridors.cost_distance import cost_distance
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.resistance import ResistanceSurface
from tests.strategies import landscapes

HALF = Dispersal(40, 0.5)


class TestWeighNeighbourhood:
    """Land around patches."""

    @settings(max_examples=60, deadline=None)
    @given(landscapes(max_side=9), st.booleans(), st.booleans(), st.sampled_from([0.0, 33.3, 271.8, 5000.1]))
    def test_against_the_definition(
        self, landscape: tuple[ResistanceSurface, np.ndarray], own: bool, fades: bool, most: float
    ) -> None:
        """Brute force: the cost from each patch alone, then the sum of worth over cells within reach."""
        surface, patches = landscape
        classes = surface.codes.astype(np.int64) + 10
        worth = {11: 1.0, 12: 0.5, 13: 4.0}
        found = weigh_neighbourhood(
            surface, patches, classes, worth, most=most, dispersal=HALF if fades else None, own=own
        )
        values = np.zeros(classes.shape)
        for code, value in worth.items():
            values[classes == code] = value
        assert len(found) == patches.max()
        for number in range(1, patches.max() + 1):
            mine = patches == number
            if not (mine & np.isfinite(surface.array())).any():
                assert found[number - 1] == 0
                continue
            cost = cost_distance(surface, mine.astype(np.int32)).cost()
            counts = (cost <= most) & (own | ~mine)
            weight = HALF.reach(cost) if fades else 1.0
            expected = float((values * weight)[counts].sum()) * 100
            assert found[number - 1] == pytest.approx(expected, rel=1e-5, abs=1e-9)

    def test_other_patches_as_walls(self) -> None:
        """By hand: a patch in between stops the search, its own cell being met all the same."""
        grid = Grid(0, 10, 10, 1, 4)
        surface = ResistanceSurface(grid, np.ones((1, 4), np.uint16), np.array([np.inf, 1.0]))
        patches = np.array([[1, 2, 0, 0]], np.int32)
        classes = np.ones((1, 4), np.int64)
        assert weigh_neighbourhood(surface, patches, classes, {1: 1}, most=100).tolist() == [300, 300]
        walls = weigh_neighbourhood(surface, patches, classes, {1: 1}, most=100, through=False)
        assert walls.tolist() == [100, 300]

    def test_saying_no(self) -> None:
        """An endless neighbourhood, a negative worth, rasters that differ: one sentence each."""
        grid = Grid(0, 10, 10, 1, 2)
        surface = ResistanceSurface(grid, np.ones((1, 2), np.uint16), np.array([np.inf, 1.0]))
        patches, classes = np.array([[1, 0]], np.int32), np.array([[1, 2]])
        with pytest.raises(DataError, match="give a finite number"):
            weigh_neighbourhood(surface, patches, classes, {1: 1}, most=np.inf)
        with pytest.raises(DataError, match=r"classes \[2\]"):
            weigh_neighbourhood(surface, patches, classes, {1: 1, 2: -1}, most=1)
        with pytest.raises(DataError, match="give both on one grid"):
            weigh_neighbourhood(surface, patches, classes[:, :1], {1: 1}, most=1)
