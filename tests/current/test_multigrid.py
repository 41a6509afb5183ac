"""Multigrid on the stencil and by the strength of ties, against dense algebra and on hard ground."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.current.aggregation import solve_by_aggregation
from bocage.current.conductance import Conductances, pad_shape
from bocage.current.fallback import number_cells
from bocage.current.multigrid import build_hierarchy, cycle, iterate, make_workspace


def make_dense(links, earth=None):
    """Laplacian of padded conductances by its definition, edge by edge."""
    rows, cols = links.shape[1:]
    matrix = np.zeros((rows * cols, rows * cols))
    for k, shift in enumerate((1, cols, cols + 1, cols - 1)):
        for n in np.flatnonzero(links[k]):
            g = float(links[k].flat[n])
            m = n + shift
            matrix[n, n] += g
            matrix[m, m] += g
            matrix[n, m] -= g
            matrix[m, n] -= g
    if earth is not None:
        matrix += np.diag(earth.ravel().astype(float))
    return matrix


def make_ground(seed, rows, cols, contrast=100.0, hole=0.2):
    """Random resistances with holes."""
    random = np.random.default_rng(seed)
    r = contrast ** random.random((rows, cols))
    r[random.random((rows, cols)) < hole] = np.nan
    r[0, 0] = 1
    return r


@pytest.mark.parametrize("earthed", [False, True])
@pytest.mark.parametrize(("rows", "cols"), [(30, 31), (33, 20), (1, 700), (2, 501), (40, 9)])
def test_the_cycle_is_symmetric_and_positive(rows, cols, earthed):
    """A cycle is a symmetric positive operator, whatever the shape (what conjugate gradients need)."""
    circuit = Conductances.from_resistance(make_ground(1, rows, cols))
    random = np.random.default_rng(2)
    earth = np.zeros((0, 0), np.float32)
    if earthed:
        earth = np.zeros(pad_shape((rows, cols)), np.float32)
        earth[1 : rows + 1, 1 : cols + 1] = circuit.mask * (random.random((rows, cols)) < 0.1)
    hierarchy = build_hierarchy(circuit.links, (rows, cols), earth)
    assert len(hierarchy.levels) > 1
    label = circuit.label_components()
    sides = np.zeros((6, *pad_shape((rows, cols))))
    for k in range(6):
        side = np.where(circuit.mask, random.standard_normal((rows, cols)), 0)
        if not earthed:
            mean = np.bincount(label.ravel(), side.ravel()) / np.maximum(np.bincount(label.ravel()), 1)
            side -= np.where(circuit.mask, mean[label], 0)
        sides[k, 1 : rows + 1, 1 : cols + 1] = side
    answer = cycle(hierarchy, sides, np.ones(6), make_workspace(hierarchy, 6)).astype(float)
    power = np.einsum("aij,bij->ab", sides, answer)
    np.testing.assert_allclose(power, power.T, atol=2e-4 * abs(power).max())
    assert np.linalg.eigvalsh((power + power.T) / 2).min() > 0


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(1, 24),
    st.integers(12, 24),
    st.sampled_from([4, 8]),
    st.booleans(),
    st.booleans(),
)
def test_potentials_are_those_of_dense_algebra(seed, rows, cols, neighbours, earthed, strong):
    """Potentials give the sources back by the dense Laplacian, with and without earth."""
    circuit = Conductances.from_resistance(
        make_ground(seed, rows, cols, 1000.0 if strong else 10.0, 0.3), neighbours=neighbours
    )
    random = np.random.default_rng(seed)
    padded = pad_shape((rows, cols))
    earth = np.zeros((0, 0), np.float32)
    if earthed:
        earth = np.zeros(padded, np.float32)
        earth[1 : rows + 1, 1 : cols + 1] = circuit.mask * random.random((rows, cols))
    matrix = make_dense(circuit.links, earth if earthed else None)
    wanted = np.zeros((2, *padded))
    wanted[:, 1 : rows + 1, 1 : cols + 1] = random.standard_normal((2, rows, cols)) * circuit.mask
    sides = (wanted.reshape(2, -1) @ matrix).reshape(wanted.shape)
    x, left = np.zeros_like(sides), sides.copy()
    went = iterate(build_hierarchy(circuit.links, (rows, cols), earth), x, left, tol=1e-10, most=300)
    assert went.converged.all()
    off = ((x - wanted).reshape(2, -1)) @ matrix
    assert np.linalg.norm(off) <= 1e-9 * max(np.linalg.norm(sides), 1e-300)


def test_coarse_conductances_are_galerkin():
    """On the first coarse level they are P' A P by dense algebra, P being what the cycle interpolates."""
    rows, cols = 21, 18
    circuit = Conductances.from_resistance(make_ground(3, rows, cols, hole=0.0))
    earth = np.zeros(pad_shape((rows, cols)), np.float32)
    earth[1 : rows + 1, 1 : cols + 1] = np.random.default_rng(3).random((rows, cols)) < 0.2
    hierarchy = build_hierarchy(circuit.links, (rows, cols), earth)
    fine, coarse = hierarchy.levels[:2]
    matrix = make_dense(fine.links, fine.earth)
    padded_cols = fine.diagonal.shape[1]
    nrows, ncols = (rows + 1) // 2, (cols + 1) // 2
    interpolation = np.zeros((matrix.shape[0], coarse.diagonal.size))
    wide = coarse.diagonal.shape[1]
    for row in range(1, nrows + 1):
        for col in range(1, ncols + 1):
            at, to = (2 * row - 1) * padded_cols + 2 * col - 1, row * wide + col
            interpolation[at, to] = 1
            interpolation[at + 1, to], interpolation[at + 1, to + 1] = fine.weights[:2, row, col]
            interpolation[at + padded_cols, to], interpolation[at + padded_cols, to + wide] = fine.weights[
                2:, row, col
            ]
    for row in range(1, nrows + 1):
        for col in range(1, ncols + 1):
            at = 2 * row * padded_cols + 2 * col
            if matrix[at, at] > 0:
                around = matrix[at].copy()
                around[at] = 0
                interpolation[at] = -around @ interpolation / matrix[at, at]
    expected = interpolation.T @ matrix @ interpolation
    found = make_dense(coarse.links, coarse.earth)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def make_maze(size, width):
    """One corridor that goes to and fro between walls one cell thick."""
    r = np.ones((size, size))
    for turn, row in enumerate(range(width, size, width + 1)):
        r[row] = np.nan
        r[row, -width:] = np.where(turn % 2 == 0, 1, np.nan)
        r[row, :width] = np.where(turn % 2 == 1, 1, r[row, :width])
    return r


def make_hard_ground(name):
    """Ground on which geometric coarsening is known to suffer."""
    random = np.random.default_rng(0)
    size = 90
    draw = random.random((size, size))
    hedges = np.full((size, size), 1e6)
    hedges[::8] = 1
    hedges[:, ::13] = 1
    slanted = np.full((size, size), 1e6)
    for k in range(-80, 90, 9):
        np.fill_diagonal(slanted[max(0, -k) :, max(0, k) :], 1)
    checks = np.indices((size, size)).sum(axis=0) % 2 == 0
    islands = np.where(np.add.outer(np.arange(size) % 6, np.arange(size) % 6 * 10) % 10 < 5, 1.0, np.nan)
    grounds = {
        "maze of one cell": make_maze(size, 1),
        "maze of two": make_maze(size, 2),
        "maze of three": make_maze(size, 3),
        "hedgerows one cell wide": hedges,
        "slanted hedgerows": slanted,
        "contrast of a million": 10 ** (6 * draw),
        "two grounds a million apart": np.where(draw < 0.5, 1, 1e6),
        "percolation, corners": np.where(draw < 0.42, 1.0, np.nan),
        "checkerboard of holes": np.where(checks, 1.0, np.nan),
        "checkerboard a million apart": np.where(checks, 1.0, 1e6),
        "strips": islands,
    }
    return grounds[name]


HARD = [
    "maze of one cell",
    "maze of two",
    "maze of three",
    "hedgerows one cell wide",
    "slanted hedgerows",
    "contrast of a million",
    "two grounds a million apart",
    "percolation, corners",
    "checkerboard of holes",
    "checkerboard a million apart",
    "strips",
]


def test_plain_and_hedgerows_take_few_iterations():
    """Even ground, and hedgerows a cell wide at contrast a million, take ten or so iterations (measured)."""
    for r, most in ((np.ones((300, 257)), 10), (make_hard_ground("hedgerows one cell wide"), 14)):
        circuit = Conductances.from_resistance(r)
        b = np.zeros((1, *pad_shape(r.shape)))
        b[0, 1, 1], b[0, r.shape[0], r.shape[1]] = 1, -1
        went = iterate(build_hierarchy(circuit.links, circuit.shape), np.zeros_like(b), b, tol=1e-6, most=50)
        assert went.converged.all()
        assert went.count <= most


@pytest.mark.parametrize("name", HARD)
def test_aggregation_on_hard_ground(name):
    """Multigrid by strength of ties finds the effective resistance that sparse factors find (scipy)."""
    from scipy.sparse.linalg import splu

    circuit = Conductances.from_resistance(make_hard_ground(name))
    label = circuit.label_components()
    largest = int(np.bincount(label[label > 0]).argmax())
    reached = np.zeros(pad_shape(circuit.shape), dtype=bool)
    reached[1 : circuit.shape[0] + 1, 1 : circuit.shape[1] + 1] = label == largest
    matrix, cells = number_cells(circuit.links, np.zeros((0, 0), np.float32), reached)
    side = np.zeros((cells.size, 1))
    side[0], side[-1] = 1, -1
    values, iterations = solve_by_aggregation(matrix, side, 1e-8)
    factors = splu(matrix[:-1][:, :-1].tocsc())
    expected = factors.solve(side[:-1, 0])
    expected += factors.solve(side[:-1, 0] - matrix[:-1][:, :-1] @ expected)
    assert values[0, 0] - values[-1, 0] == pytest.approx(expected[0], rel=1e-6)
    assert iterations <= 250
