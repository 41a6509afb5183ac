"""Potentials, resistances and currents of raster circuits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.current import multigrid
from bocage.current.conductance import Conductances
from bocage.current.solver import CurrentSolver
from bocage.errors import DataError, ResourceError
from tests.current.test_multigrid import HARD, make_dense, make_ground, make_hard_ground


def find_pseudo_inverse(circuit):
    """Dense pseudo-inverse on cells, by row and column."""
    rows, cols = circuit.shape
    inner = np.zeros(circuit.links.shape[1:], dtype=bool)
    inner[1 : rows + 1, 1 : cols + 1] = True
    return np.linalg.pinv(
        make_dense(circuit.links)[np.ix_(inner.ravel(), inner.ravel())], rcond=1e-12, hermitian=True
    )


def test_series_parallel_and_wheatstone():
    """Two ohms in a row; a ring of four: 3/4 beside, 1 across; a balanced bridge is idle (by hand)."""
    row = CurrentSolver(Conductances.of([[1, 1, 0]], [[0, 0, 0]]))
    assert row.find_pairs([(0, 0), (0, 2)]).resistance[0, 1] == pytest.approx(2)
    ring = CurrentSolver(Conductances.of([[1, 0], [1, 0]], [[1, 1], [0, 0]]))
    found = ring.find_pairs([(0, 0), (0, 1), (1, 1)]).resistance
    assert found[0, 1] == pytest.approx(0.75)
    assert found[0, 2] == pytest.approx(1)
    # 1 and 2 ohms on one side, 2 and 4 on the other, any bridge between.
    bridge = CurrentSolver(
        Conductances.of([[1, 0], [0.25, 0]], [[0.5, 0.5], [0, 0]], [[0, 0], [0, 0]], [[0, 3], [0, 0]])
    )
    answer = bridge.solve({(0, 0): 1, (1, 1): -1})
    assert answer.values[0, 0, 1] == pytest.approx(answer.values[0, 1, 0])
    assert bridge.measure_branch_current(answer.values[0])[3, 0, 1] == pytest.approx(0, abs=1e-9)
    assert answer.values[0, 0, 0] == pytest.approx(3 * 6 / 9)


def test_infinite_lattice():
    """Far from the sides of a one-ohm lattice: 1/2 ohm beside, 2/π by a corner (van der Pol 1959)."""
    size = 401
    middle = size // 2
    circuit = CurrentSolver(Conductances.from_resistance(np.ones((size, size)), neighbours=4))
    found = circuit.find_pairs([(middle, middle), (middle, middle + 1), (middle + 1, middle + 1)])
    assert found.resistance[0, 1] == pytest.approx(0.5, rel=1e-4)
    assert found.resistance[0, 2] == pytest.approx(2 / np.pi, rel=1e-4)
    assert found.methods == ("multigrid",)
    assert found.iterations <= 12


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 14), st.integers(20, 26), st.sampled_from([4, 8]))
def test_pairs_are_those_of_dense_algebra(seed, rows, cols, neighbours):
    """Resistances are (ei - ej)' L+ (ei - ej), and -1 between components (dense algebra)."""
    circuit = Conductances.from_resistance(make_ground(seed, rows, cols), neighbours=neighbours)
    cells = np.argwhere(circuit.mask)
    points = cells[np.random.default_rng(seed).choice(len(cells), min(5, len(cells)), replace=False)]
    found = CurrentSolver(circuit).find_pairs(points, tol=1e-9)
    inverse = find_pseudo_inverse(circuit)
    label = circuit.label_components()
    at = points[:, 0] * cols + points[:, 1]
    for a, i in enumerate(at):
        for b, j in enumerate(at):
            expected = inverse[i, i] + inverse[j, j] - 2 * inverse[i, j]
            if label.flat[i] != label.flat[j]:
                expected = -1
            assert found.resistance[a, b] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_maps_of_pairs_are_sums_of_single_maps():
    """Cumulative and maximum maps are those of pairs solved alone; a weight of 0 leaves a pair out."""
    circuit = CurrentSolver(Conductances.from_resistance(make_ground(5, 23, 31, hole=0.05)))
    label = circuit.components
    points = np.argwhere(label == np.bincount(label[label > 0]).argmax())[[0, 100, 250, 400]]
    weights = np.ones((4, 4))
    weights[1, 3] = weights[3, 1] = 0
    found = circuit.find_pairs(points, maps=True, weights=weights, tol=1e-10)
    singles = []
    for a in range(4):
        for b in range(a + 1, 4):
            if weights[a, b]:
                answer = circuit.solve({tuple(points[a]): 1.0, tuple(points[b]): -1.0}, tol=1e-10)
                singles.append(circuit.measure_node_current(answer.values[0]))
    np.testing.assert_allclose(found.total, np.sum(singles, axis=0), atol=1e-7)
    np.testing.assert_allclose(found.largest, np.max(singles, axis=0), atol=1e-7)


def test_what_passes_through_a_cell():
    """Along a row all passes, at the ends what is injected, and two ways share it (by hand)."""
    row = CurrentSolver(Conductances.from_resistance([[1, 2, 5, 1]]))
    answer = row.solve({(0, 0): 1, (0, 3): -1})
    np.testing.assert_allclose(row.measure_node_current(answer.values[0]), 1, rtol=1e-6)
    ring = CurrentSolver(Conductances.from_resistance(np.ones((2, 2)), neighbours=4))
    answer = ring.solve({(0, 0): 1, (1, 1): -1})
    np.testing.assert_allclose(ring.measure_node_current(answer.values[0]), [[1, 0.5], [0.5, 1]], rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 20), st.integers(14, 30))
def test_grounds_and_given_potentials(seed, rows, cols):
    """With sources, grounds and given potentials together, potentials are those of dense algebra."""
    random = np.random.default_rng(seed)
    circuit = Conductances.from_resistance(make_ground(seed, rows, cols))
    sources = np.where(circuit.mask, random.random((rows, cols)) * (random.random((rows, cols)) < 0.2), 0)
    grounds = np.where(circuit.mask, random.random((rows, cols)) * (random.random((rows, cols)) < 0.3), 0)
    grounds[0, 0] = np.inf
    fixed = np.where(circuit.mask & (random.random((rows, cols)) < 0.1), random.random((rows, cols)), np.nan)
    fixed[0, 0] = np.nan
    label = circuit.label_components()
    # Each component is tied to the earth somewhere.
    first = np.unique(label.ravel(), return_index=True)[1]
    grounds.flat[first[label.flat[first] > 0]] += 0.5
    grounds[~circuit.mask] = 0
    answer = CurrentSolver(circuit).solve(sources, grounds, fixed, tol=1e-10)
    inner = np.zeros(circuit.links.shape[1:], dtype=bool)
    inner[1 : rows + 1, 1 : cols + 1] = True
    matrix = make_dense(circuit.links)[np.ix_(inner.ravel(), inner.ravel())]
    held = np.where(np.isinf(grounds), 0, fixed).ravel()
    finite = np.where(np.isinf(grounds), 0, grounds).ravel()
    matrix += np.diag(finite)
    free = np.isnan(held) & circuit.mask.ravel()
    expected = held.copy()
    known = ~np.isnan(held)
    expected[free] = np.linalg.solve(
        matrix[np.ix_(free, free)], sources.ravel()[free] - matrix[np.ix_(free, known)] @ held[known]
    )
    np.testing.assert_allclose(
        answer.values[0].ravel()[circuit.mask.ravel()], expected[circuit.mask.ravel()], atol=2e-6
    )
    assert np.isnan(answer.values[0][~circuit.mask]).all()
    assert answer.residual[0] <= 1e-8


def test_two_regions_are_a_problem_of_given_potentials():
    """Between two sides of a sheet 40 long and 20 wide of one ohm a square there are 39/20 ohms (by hand)."""
    circuit = CurrentSolver(Conductances.from_resistance(np.ones((20, 40)), neighbours=4))
    fixed = np.full((20, 40), np.nan)
    fixed[:, 0], fixed[:, -1] = 1, 0
    answer = circuit.solve(fixed=fixed)
    flow = circuit.measure_branch_current(answer.values[0])[0, :, 0].sum()
    assert 1 / flow == pytest.approx(39 / 20, rel=1e-6)
    np.testing.assert_allclose(answer.values[0][7], np.linspace(1, 0, 40), atol=1e-6)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.integers(18, 30), st.integers(18, 30))
def test_conservation_reciprocity_superposition(seed, rows, cols):
    """No cell keeps current; i from j is j from i; answers to a sum are sums of answers (identities)."""
    circuit = CurrentSolver(Conductances.from_resistance(make_ground(seed, rows, cols, 1000, 0.1)))
    label = circuit.components
    cells = np.argwhere(label == np.bincount(label[label > 0]).argmax() + 0)
    random = np.random.default_rng(seed)
    a, b, c, d = (tuple(map(int, cells[k])) for k in random.choice(len(cells), 4, replace=False))
    answer = circuit.solve([{a: 1, b: -1}, {c: 2, d: -2}, {a: 1, b: -1, c: 2, d: -2}], tol=1e-10)
    v = answer.values
    assert (answer.balance <= 1e-8).all()
    branch = circuit.measure_branch_current(v[0])
    net = branch.sum(axis=0)
    net[:, 1:] -= branch[0, :, :-1]
    net[1:] -= branch[1, :-1]
    net[1:, 1:] -= branch[2, :-1, :-1]
    net[1:, :-1] -= branch[3, :-1, 1:]
    net[a] -= 1
    net[b] += 1
    assert abs(net).max() <= 1e-8
    scale = np.nanmax(abs(v))
    assert (v[0][c] - v[0][d]) * 2 == pytest.approx(v[1][a] - v[1][b], abs=1e-6 * scale)
    together = v[0] + v[1]
    here = label == label[a]  # the others float apart
    np.testing.assert_allclose((v[2] - v[2][a])[here], (together - together[a])[here], atol=1e-6 * scale)


@pytest.mark.parametrize("name", HARD)
def test_hard_ground(name):
    """Whatever the ground, the answer is that of sparse factors and carries a small residual (scipy)."""
    circuit = CurrentSolver(Conductances.from_resistance(make_hard_ground(name)))
    label = circuit.components
    cells = np.argwhere(label == np.bincount(label[label > 0]).argmax())
    a, b = tuple(map(int, cells[0])), tuple(map(int, cells[-1]))
    answer = circuit.solve({a: 1, b: -1})
    exact = circuit.solve({a: 1, b: -1}, method="factors")
    assert exact.method == "factors"
    assert answer.values[0][a] == pytest.approx(exact.values[0][a], rel=1e-6)
    assert answer.residual[0] <= 2e-6
    assert answer.balance[0] <= 2e-6


def test_what_does_not_converge_is_solved_otherwise(monkeypatch):
    """When multigrid is given up, factors or, beyond their reach, aggregation answer, and it is said."""
    circuit = CurrentSolver(Conductances.from_resistance(make_hard_ground("maze of one cell")))
    exact = circuit.solve({(0, 0): 1, (50, 0): -1}, method="factors").values[0]
    monkeypatch.setattr("bocage.current.solver.MOST_ITERATIONS", 3)
    with pytest.raises(ResourceError, match="did not converge"):
        circuit.solve({(0, 0): 1, (50, 0): -1}, method="multigrid")
    for most, method in ((10**6, "factors"), (10, "aggregation")):
        monkeypatch.setattr("bocage.current.fallback.QUICKLY_FACTORED", most)
        answer = circuit.solve([{(0, 0): 1, (50, 0): -1}, {(0, 0): 2, (50, 0): -2}])
        assert answer.method == method
        np.testing.assert_allclose(answer.values[0], exact, rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(answer.values[1], 2 * exact, rtol=1e-4, atol=2e-3)


def test_patience(monkeypatch):
    """A solve that brings too little is given up before its last iteration."""
    monkeypatch.setattr(multigrid, "PATIENCE", 2)
    circuit = CurrentSolver(Conductances.from_resistance(make_hard_ground("maze of one cell")))
    answer = circuit.solve({(0, 0): 1, (50, 0): -1})
    assert answer.method == "factors"
    assert answer.iterations < 50


def test_components_apart():
    """Two islands each with their pair are solved together; the third stays at 0, and nothing joins them."""
    r = np.ones((20, 30))
    r[:, [9, 19]] = np.nan
    circuit = CurrentSolver(Conductances.from_resistance(r))
    answer = circuit.solve({(0, 0): 1, (19, 8): -1, (0, 10): 3, (19, 18): -3})
    assert answer.values[0, 0, 10] == pytest.approx(3 * answer.values[0, 0, 0], rel=1e-5)
    assert (answer.values[0, :, 20:] == 0).all()
    assert np.isnan(answer.values[0, :, 9]).all()
    assert circuit.find_pairs([(0, 0), (0, 10)]).resistance.tolist() == [[0, -1], [-1, 0]]


def test_same_bytes_twice_and_in_threads():
    """Solves made at once by two threads on one hierarchy give the bytes of solves made alone."""
    from concurrent.futures import ThreadPoolExecutor

    circuit = CurrentSolver(Conductances.from_resistance(make_ground(8, 120, 90, hole=0)))
    sides = [{(0, 0): 1.0, (119, k): -1.0} for k in range(4)]
    alone = [circuit.solve(side).values.tobytes() for side in sides]
    with ThreadPoolExecutor(2) as pool:
        together = [x.values.tobytes() for x in pool.map(circuit.solve, sides)]
    assert alone == together


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({(0, 0): 1.0},), r"component of cell \(0, 0\) sum to 1 A"),
        (({(0, 0): 1.0, (0, 3): -1.0},), "sum to"),
        (({(0, 2): 1.0},), r"sources lie on nodata: \(0, 2\)"),
        (({(9, 2): 1.0},), r"outside the raster of 1 rows and 4 columns: \(9, 2\)"),
        (([[1, 0, 0]],), "have shape"),
        (([[np.nan, 0, 0, 0]],), "not numbers"),
        ((None,), "nothing drives"),
        (({(0, 0): 1.0}, {(0, 0): -1.0}), "negative"),
        ((None, None, [{(0, 0): 1.0}, {(0, 1): 1.0}]), "different cells"),
        (([{(0, 0): 1.0}] * 2, None, [{(0, 0): 1.0}] * 3), "in number"),
    ],
)
def test_refusals(arguments, message):
    """What cannot be answered is refused in one sentence."""
    circuit = CurrentSolver(Conductances.from_resistance([[1, 1, np.nan, 1]]))
    with pytest.raises(DataError, match=message):
        circuit.solve(*arguments)
