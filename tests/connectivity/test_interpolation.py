"""Tests of an index of patches spread over the ground, against brute force and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.interpolation import LEAST_WEIGHT, interpolate_index
from bocage.connectivity.landscape import Dispersal
from bocage.corridors.cost_distance import cost_distance
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.resistance import ResistanceSurface
from tests.strategies import landscapes

HALF = Dispersal(30, 0.5)


def weights_by_definition(
    surface: ResistanceSurface | None, grid: Grid, patches: np.ndarray, most: float
) -> np.ndarray:
    """Give the weight of each patch in each cell, (n, rows, cols): from each patch alone."""
    found = []
    for number in range(1, patches.max() + 1):
        mine = patches == number
        if surface is None:
            rows, cols = np.nonzero(mine)
            row, col = np.indices(grid.shape)
            cost = np.full(grid.shape, np.inf)
            for i, j in zip(rows, cols, strict=True):
                cost = np.minimum(cost, np.hypot(row - i, col - j) * grid.cell)
        else:
            try:
                cost = cost_distance(surface, mine.astype(np.int32)).cost()
            except DataError:  # all on barriers
                cost = np.full(grid.shape, np.inf)
        found.append(np.where(cost <= most, np.exp(-HALF.decay * cost), 0.0))
    return np.array(found).reshape(-1, *grid.shape)


class TestInterpolateIndex:
    """Nearest, sum and mean, by cost and by distance."""

    @settings(max_examples=60, deadline=None)
    @given(landscapes(max_side=8, max_patches=3), st.booleans(), st.data())
    def test_against_the_definition(
        self, landscape: tuple[ResistanceSurface, np.ndarray], by_cost: bool, data: st.DataObject
    ) -> None:
        """Each cell holds what searches from each patch alone give; none where no patch reaches."""
        surface, patches = landscape
        if by_cost and not ((patches > 0) & np.isfinite(surface.array())).any():
            return
        value = data.draw(st.lists(st.floats(-5, 5), min_size=3, max_size=4).map(lambda x: [*x, 1.0]))
        ground = surface if by_cost else surface.grid
        most = 1e5 + 0.123  # no cost is just that
        weight = weights_by_definition(surface if by_cost else None, surface.grid, patches, most)
        values = np.array(value[: len(weight)])[:, None, None]
        below, above = weight.sum(axis=0), (weight * values).sum(axis=0)
        reached = below > 0
        for spread, expected in (("sum", above), ("mean", above / np.where(reached, below, 1))):
            found = interpolate_index(
                ground, patches, value, HALF, spread=spread, most=most  # type: ignore[arg-type]
            )  # fmt: skip
            np.testing.assert_array_equal(np.isfinite(found), reached)
            np.testing.assert_allclose(found[reached], expected[reached], rtol=2e-4, atol=1e-5)
        nearest = interpolate_index(ground, patches, value, HALF, most=most)
        np.testing.assert_array_equal(np.isfinite(nearest), reached)
        best = weight.max(axis=0, initial=0)
        # On ties any of the nearest will do for the test; which one is settled by cost_distance.
        fits = (np.abs(weight * values - nearest) <= 1e-5 + 2e-4 * np.abs(nearest)) & (
            weight >= best * (1 - 1e-4)
        )
        assert fits.any(axis=0)[reached].all()

    def test_what_is_left_out_of_a_sum(self) -> None:
        """Without a maximum the search ends where the weight is 1e-4, as the docstring says."""
        grid = Grid(0, 10, 10, 1, 60)
        patches = np.zeros((1, 60), np.int32)
        patches[0, 0] = 1
        surface = ResistanceSurface(grid, np.ones((1, 60), np.uint16), np.array([np.inf, 1.0]))
        for ground in (grid, surface):
            found = interpolate_index(ground, patches, [1], HALF, spread="sum")
            last = int(np.flatnonzero(np.isfinite(found))[-1])
            assert last == math.floor(-math.log(LEAST_WEIGHT) / HALF.decay / 10)

    def test_saying_no(self) -> None:
        """Values that are too few or missing, an unknown way, another shape: one sentence each."""
        grid = Grid(0, 10, 10, 1, 2)
        patches = np.array([[1, 2]], np.int32)
        with pytest.raises(DataError, match="2 patches have 1 values"):
            interpolate_index(grid, patches, [1], HALF)
        with pytest.raises(DataError, match=r"1 missing \(2\)"):
            interpolate_index(grid, patches, [1, np.nan], HALF)
        with pytest.raises(DataError, match="choose nearest, sum or mean"):
            interpolate_index(grid, patches, [1, 2], HALF, spread="all")  # type: ignore[arg-type]
        with pytest.raises(DataError, match="give both on one grid"):
            interpolate_index(Grid(0, 10, 10, 2, 2), patches, [1, 2], HALF)
