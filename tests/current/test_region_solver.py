"""Pairs of regions, and a hierarchy whose cells are held and let go."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.current.conductance import Conductances
from bocage.current.multigrid import build_hierarchy
from bocage.current.patching import HeldHierarchy
from bocage.current.region_solver import find_region_pairs
from bocage.current.solver import CurrentSolver
from bocage.errors import DataError
from tests.current.test_multigrid import make_dense, make_ground

ARRAYS = ("links", "earth", "diagonal", "weights")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(20, 90), st.integers(20, 90), st.integers(1, 4))
def test_holding_is_building_again(seed, rows, cols, count):
    """Each level is what building anew on the cut raster gives; let go, it is what it was, to the byte."""
    random = np.random.default_rng(seed)
    circuit = Conductances.from_resistance(make_ground(seed, rows, cols, 1000.0, 0.1))
    held = HeldHierarchy(circuit)
    before = [getattr(level, name).copy() for level in held.hierarchy.levels for name in ARRAYS]
    done = 0
    for _ in range(count):
        top, left = random.integers(rows), random.integers(cols)
        tall, wide = random.integers(1, 15, 2)
        inside = np.zeros((rows, cols), dtype=bool)
        inside[top : top + tall, left : left + wide] = True
        row, col = np.nonzero(inside & circuit.mask)
        if row.size:
            held.hold(row + 1, col + 1)
            done += 1
    fine = held.hierarchy.levels[0]
    again = build_hierarchy(fine.links, (rows, cols), fine.earth)
    for one, two in zip(held.hierarchy.levels, again.levels, strict=True):
        for name in ARRAYS:
            np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=1e-5, atol=1e-7)
    for _ in range(done):
        held.let_go()
    after = [getattr(level, name) for level in held.hierarchy.levels for name in ARRAYS]
    assert all((one == two).all() for one, two in zip(before, after, strict=True))


def make_regions(seed, mask, count):
    """Rectangles, maybe against one another, on a raster."""
    random = np.random.default_rng(seed)
    regions = np.zeros(mask.shape, int)
    for number in range(1, count + 1):
        top, left = random.integers(mask.shape[0] - 3), random.integers(mask.shape[1] - 3)
        regions[top : top + random.integers(1, 4), left : left + random.integers(1, 4)] = number
    return np.where(mask, regions, 0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(8, 22), st.integers(18, 26), st.integers(2, 5))
def test_resistances_are_those_of_joined_nodes(seed, rows, cols, count):
    """Each region of the pair joined into one node of the dense Laplacian, the others left as ground."""
    circuit = Conductances.from_resistance(make_ground(seed, rows, cols, 100.0, 0.15))
    regions = make_regions(seed, circuit.mask, count)
    if not regions.any():
        return
    ids, found = find_region_pairs(CurrentSolver(circuit), regions, tol=1e-8)
    inner = np.zeros(circuit.links.shape[1:], dtype=bool)
    inner[1 : rows + 1, 1 : cols + 1] = True
    matrix = make_dense(circuit.links)[np.ix_(inner.ravel(), inner.ravel())]
    label = circuit.label_components()
    for a in range(ids.size):
        for b in range(a + 1, ids.size):
            one, two = regions.ravel() == ids[a], regions.ravel() == ids[b]
            if not set(label.ravel()[one]) & set(label.ravel()[two]):
                assert found.resistance[a, b] == -1
                continue
            free = circuit.mask.ravel() & ~one & ~two
            inverse = np.linalg.pinv(matrix[np.ix_(free, free)], rcond=1e-12, hermitian=True)
            v = np.where(one, 1.0, 0.0)
            v[free] = -inverse @ matrix[np.ix_(free, one)].sum(axis=1)
            assert found.resistance[a, b] == pytest.approx(1 / (matrix[one] @ v).sum(), rel=1e-6)
    np.testing.assert_array_equal(found.resistance, found.resistance.T)


@pytest.mark.parametrize("weighted", [False, True])
def test_maps_are_sums_of_pairs_solved_alone(weighted):
    """Maps are those of given potentials at one ampere; a pair's own cells count 1; weights weigh the sum."""
    circuit = Conductances.from_resistance(make_ground(4, 60, 70, 100.0, 0.05))
    solver = CurrentSolver(circuit)
    label = solver.components
    regions = np.zeros((60, 70), int)
    regions[5:9, 5:12], regions[40:50, 50:60], regions[20:23, 60:63], regions[50:54, 4:8] = 3, 5, 8, 9
    regions[label != np.bincount(label[label > 0]).argmax()] = 0
    weights = np.ones((4, 4))
    if weighted:
        weights[0, 1] = weights[1, 0] = 2
        weights[2, 3] = weights[3, 2] = 0
    ids, found = find_region_pairs(solver, regions, maps=True, weights=weights, tol=1e-8)
    assert ids.tolist() == [3, 5, 8, 9]
    total, largest = np.zeros((60, 70)), np.zeros((60, 70))
    for a in range(4):
        for b in range(a + 1, 4):
            if weights[a, b] == 0:
                assert np.isnan(found.resistance[a, b])
                continue
            ends = (regions == ids[a]) | (regions == ids[b])
            fixed = np.where(ends, np.where(regions == ids[a], 1.0, 0.0), np.nan)
            v = solver.solve(fixed=fixed, tol=1e-10).values[0]
            current = solver.measure_node_current(v) * found.resistance[a, b]
            current[ends] = 1
            total += weights[a, b] * current
            largest = np.maximum(largest, current)
    np.testing.assert_allclose(found.total, total, atol=1e-5)
    np.testing.assert_allclose(found.largest, largest, atol=1e-5)
    assert found.residual <= 1e-8
    assert found.balance <= 1e-6


def test_when_multigrid_is_given_up(monkeypatch):
    """Pairs that do not converge are solved otherwise, give the same resistances and say how."""
    solver = CurrentSolver(Conductances.from_resistance(make_ground(4, 40, 50, 100.0, 0.05)))
    regions = np.zeros((40, 50), int)
    regions[3:6, 3:9], regions[30:35, 40:46], regions[30:33, 5:8] = 1, 2, 3
    regions[solver.components == 0] = 0
    expected = find_region_pairs(solver, regions, tol=1e-9)[1]
    monkeypatch.setattr("bocage.current.region_solver.MOST_ITERATIONS", 0)
    monkeypatch.setattr("bocage.current.solver.MOST_ITERATIONS", 0)
    found = find_region_pairs(solver, regions)[1]
    assert found.methods == ("factors",)
    np.testing.assert_allclose(found.resistance, expected.resistance, rtol=1e-6)


def test_refusals():
    """Regions of another shape, or that no current can reach, are refused by name."""
    solver = CurrentSolver(Conductances.from_resistance([[1, 1, np.nan]]))
    with pytest.raises(DataError, match="shape"):
        find_region_pairs(solver, [[1, 2]])
    with pytest.raises(DataError, match="wholly on nodata: 4"):
        find_region_pairs(solver, [[1, 2, 4]])
