"""Cost distance against its definition, by hand, and against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.corridors.cost_distance import cost_distance
from bocage.corridors.metric import Metric
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.resistance import ResistanceSurface
from tests.oracles import dijkstra
from tests.strategies import landscapes


def surface_of(resistance: np.ndarray, cell: float = 10.0) -> ResistanceSurface:
    """Make a surface from an array of resistances; inf is a barrier."""
    values, codes = np.unique(resistance, return_inverse=True)
    grid = Grid(0, 0, cell, *resistance.shape)
    return ResistanceSurface(
        grid, (codes.reshape(resistance.shape) + 1).astype(np.uint16), np.r_[np.inf, values]
    )


def test_straight_and_diagonal_steps_cost_length_times_mean_resistance() -> None:
    """Hand-worked: straight (1+3)/2*10 = 20; diagonal √2*10*(1+5)/2 = 42.43."""
    surface = surface_of(np.array([[1.0, 3.0], [np.inf, 5.0]]))

    cost = cost_distance(surface, np.array([[1, 0], [0, 0]], np.int32)).cost()

    assert cost[0, 1] == pytest.approx(20.0)
    assert cost[1, 1] == pytest.approx(10 * np.sqrt(2) * 3, rel=3e-7)
    assert np.isinf(cost[1, 0])


def test_a_tie_goes_to_the_smaller_source() -> None:
    """Hand-worked: the middle cell of a symmetric row is as near to source 7 as to source 2."""
    surface = surface_of(np.ones((1, 5)))

    allocation = cost_distance(surface, np.array([[7, 0, 0, 0, 2]], np.int32)).allocation()

    assert allocation.tolist() == [[7, 7, 2, 2, 2]]


@settings(max_examples=150, deadline=None)
@given(landscapes(), st.integers(1, 9), st.integers(1, 3))
def test_equals_dijkstra_label_for_label(landscape, tile, threads) -> None:
    """Whatever the tiles and threads: same cost and same source as a heap, for every cell."""
    surface, patches = landscape
    seeds = {(int(i), int(j)): int(patches[i, j]) for i, j in np.argwhere(patches)}
    if not seeds:
        return
    expected = dijkstra(surface, seeds)

    distance = cost_distance(surface, patches, tile=tile, threads=threads)

    cost, allocation = distance.cost(), distance.allocation()
    unit = distance.metric.unit
    for cell in np.ndindex(surface.grid.shape):
        units, source = expected.get(cell, (np.inf, 0))
        assert cost[cell] == (units * unit if units < np.inf else np.inf)
        assert allocation[cell] == source


@settings(max_examples=40, deadline=None)
@given(landscapes(max_side=40), st.integers(2, 50), st.integers(1, 4))
def test_tiles_and_threads_do_not_change_a_bit(landscape, tile, threads) -> None:
    """One tile in one thread and many in several give the same labels."""
    surface, patches = landscape
    if not patches.any():
        return

    whole = cost_distance(surface, patches, tile=64).field

    assert np.array_equal(whole, cost_distance(surface, patches, tile=tile, threads=threads).field)


def test_equals_scikit_image_on_a_fragmented_landscape() -> None:
    """MCP_Geometric computes the same accumulated cost, with the true square root of two."""
    from skimage.graph import MCP_Geometric

    rows, cols = np.mgrid[0:150, 0:170]
    resistance = 1.0 + 50 * (np.sin(rows / 7) * np.cos(cols / 5) > 0.2) + (rows * cols % 7)
    resistance[40:45, 20:160] = np.inf
    sources = np.zeros(resistance.shape, np.int32)
    sources[5, 5], sources[100, 120] = 1, 2

    ours = cost_distance(surface_of(resistance), sources).cost()

    peer = MCP_Geometric(np.where(np.isinf(resistance), -1, resistance)).find_costs([(5, 5), (100, 120)])[0]
    open_ground = np.isfinite(resistance)
    assert np.allclose(ours[open_ground], 10 * peer[open_ground], rtol=1e-6)


def test_a_serpentine_maze_is_solved_across_tiles() -> None:
    """Corridors two cells wide that wind through every tile: worst case of row sweeps, still exact."""
    resistance = np.ones((60, 60))
    for k, row in enumerate(range(2, 60, 3)):
        resistance[row] = np.inf
        resistance[row, slice(-2, None) if k % 2 == 0 else slice(0, 2)] = 1.0
    surface = surface_of(resistance)
    sources = np.zeros((60, 60), np.int32)
    sources[0, 0] = 1

    field = cost_distance(surface, sources, tile=16).field

    expected = dijkstra(surface, {(0, 0): 1})
    assert (field[1:-1, 1:-1][np.isfinite(resistance)] >> 1).max() == max(
        units for units, _ in expected.values()
    )


def test_no_source_on_passable_ground_is_an_error() -> None:
    """The message says what to check."""
    with pytest.raises(DataError, match="no source lies on passable ground"):
        cost_distance(surface_of(np.ones((2, 2))), np.zeros((2, 2), np.int32))


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_resistance_must_be_positive(bad) -> None:
    """Zero, negative and NaN are refused by name."""
    with pytest.raises(DataError, match=f"greater than 0, found {bad}"):
        Metric.of(np.array([np.inf, 1.0, bad]), 10.0)


def test_costs_that_cannot_be_counted_are_refused() -> None:
    """Two million sources leave 40 bits; a long way over dear ground overflows them and is told."""
    resistance = np.full((1, 300), 1e6)
    sources = np.zeros((1, 300), np.int32)
    sources[0, 0] = (1 << 21) + 1

    with pytest.raises(DataError, match="divide the resistances"):
        cost_distance(surface_of(resistance), sources)


def test_source_numbers_that_leave_no_room_for_a_step_are_refused() -> None:
    """A number of 31 bits moves half a step, 1 393 × 1 024 × 190 000 units, past 63 bits: no cost < 0."""
    sources = np.array([[1 << 30, 0, 0]], np.int32)

    with pytest.raises(DataError, match="number the sources from 1 on"):
        cost_distance(surface_of(np.array([[1.5, 190_000.0, 1.5]])), sources)


def test_resistances_too_small_to_be_counted_are_refused() -> None:
    """1e-7 would be counted as a whole unit, ten times itself; 0.001 is rounded by 4e-4 of itself."""
    with pytest.raises(DataError, match="multiply all resistances, and the dispersal cost"):
        Metric.of(np.array([np.inf, 1.0, 1e-7]), 10.0)

    metric = Metric.of(np.array([np.inf, 0.001]), 10.0)
    assert 2 * metric.straight[1] * metric.unit == pytest.approx(0.01, rel=5e-4)
    assert 2 * metric.diagonal[1] * metric.unit == pytest.approx(0.01 * np.sqrt(2), rel=5e-4)


def test_costs_in_single_precision_are_those_in_double_rounded() -> None:
    """The same numbers, at half the memory; ``inf`` stays."""
    distance = cost_distance(
        surface_of(np.array([[1.0, 3.0, np.inf, 1.0]])), np.array([[1, 0, 0, 0]], np.int32)
    )

    assert distance.cost(np.float32).dtype == np.float32
    assert np.array_equal(distance.cost(np.float32), distance.cost().astype(np.float32))
    assert np.isinf(distance.cost(np.float32)[0, 2:]).all()


def test_fractional_resistances_are_rounded_by_less_than_a_millionth() -> None:
    """The metric counts them 1024 times finer; compare with the exact product."""
    values = np.array([np.inf, 0.37, 1.5, 123.456])

    metric = Metric.of(values, 10.0)

    assert np.allclose(2 * metric.straight[1:] * metric.unit, 10 * values[1:], rtol=2e-6)
    assert np.allclose(2 * metric.diagonal[1:] * metric.unit, 10 * np.sqrt(2) * values[1:], rtol=2e-6)
