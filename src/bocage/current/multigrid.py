"""Black-box multigrid on the conductances of a raster, and conjugate gradients that it preconditions.

The hierarchy is built once for a landscape and serves every solve on it, from several threads at once if need
be: what a solve writes is its own `Workspace`. Formulas: Dendy (1982) for interpolation, Galerkin for coarse
conductances, Notay (2000) for the direction of conjugate gradients, which stays good when the preconditioner
is rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.current.conductance import make_padded, pad_shape

Doubles = NDArray[np.float64]
Singles = NDArray[np.float32]

COARSEST = 256
"""Cells of a level small enough to be inverted."""
PATIENCE = 100
"""Iterations after which the energy of the error must have fallen to a tenth, or the solve is given up.

On two grounds a million apart the energy stands still for forty iterations, then converges.
"""
NO_EARTH = np.zeros((0, 0), np.float32)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the hierarchy; arrays as in `bocage.kernels.multigrid`."""

    links: Singles
    earth: Singles
    diagonal: Singles
    weights: Singles


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The levels, finest first, and the inverse of the last one on its cells."""

    levels: tuple[Level, ...]
    cells: NDArray[np.intp]
    inverse: Doubles

    @property
    def nbytes(self) -> int:
        """Bytes held, the conductances of the finest level included."""
        arrays = [a for x in self.levels for a in (x.links, x.earth, x.diagonal, x.weights)]
        return sum(a.nbytes for a in arrays) + self.inverse.nbytes


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a cycle on k right-hand sides writes: values of each level, right-hand sides but the first."""

    values: tuple[Singles, ...]
    sides: tuple[Singles, ...]


@dataclass(frozen=True, slots=True)
class Iterations:
    """How conjugate gradients went, for each right-hand side.

    Attributes
    ----------
    count : int
    converged : (k,) array of bool
    residual : (k,) array of float64
        Norm of the residual over that of the right-hand side, as the recurrence has it.
    energy : (k,) array of float64
        Norm of the error in energy over the first one, as the preconditioner sees it.
    """

    count: int
    converged: NDArray[np.bool_]
    residual: Doubles
    energy: Doubles


def build_hierarchy(links: Singles, shape: tuple[int, int], earth: Singles = NO_EARTH) -> Hierarchy:
    """Build the levels.

    Parameters
    ----------
    links : (4, padded rows, padded columns) array of float32
        Kept, not copied.
    shape : (rows, columns)
    earth : (padded rows, padded columns) array of float32, optional
        Conductance of each cell to the earth.

    Returns
    -------
    Hierarchy
        15 bytes a cell besides the links (27 with earth).
    """
    from bocage.kernels.multigrid import coarsen, sum_links

    levels = []
    while True:
        diagonal = np.empty(links.shape[1:], np.float32)
        sum_links(links, earth, diagonal)
        if shape[0] * shape[1] <= COARSEST:
            levels.append(Level(links, earth, diagonal, np.zeros((4, 0, 0), np.float32)))
            break
        shape = (shape[0] + 1) // 2, (shape[1] + 1) // 2
        weights, coarse = make_padded(shape, 4), make_padded(shape, 4)
        coarse_earth = np.zeros(pad_shape(shape), np.float32) if earth.size else NO_EARTH
        coarsen(links, earth, shape[0], shape[1], weights, coarse, coarse_earth)
        levels.append(Level(links, earth, diagonal, weights))
        links, earth = coarse, coarse_earth
    cells, inverse = _invert(levels[-1])
    return Hierarchy(tuple(levels), cells, inverse)


def _invert(level: Level) -> tuple[NDArray[np.intp], Doubles]:
    """Invert a small level; a part without earth is solved up to a constant."""
    from scipy.linalg import pinvh
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, cols = level.diagonal.shape
    number = np.arange(rows * cols).reshape(rows, cols)
    start, end, g = [], [], []
    for links, down, aside in zip(level.links, (0, 1, 1, 1), (1, 0, 1, -1), strict=True):
        i, j = np.nonzero(links)
        start.append(number[i, j])
        end.append(number[i + down, j + aside])
        g.append(links[i, j].astype(np.float64))
    one, two, tie = np.concatenate(start), np.concatenate(end), np.concatenate(g)
    earth = level.earth.astype(np.float64).ravel() if level.earth.size else np.zeros(rows * cols)
    cells = np.unique(np.concatenate([one, two, np.flatnonzero(earth)]))
    if cells.size == 0:
        return cells, np.zeros((0, 0))
    one, two = np.searchsorted(cells, one), np.searchsorted(cells, two)
    matrix = np.diag(earth[cells])
    np.add.at(matrix, (one, one), tie)
    np.add.at(matrix, (two, two), tie)
    np.add.at(matrix, (one, two), -tie)
    np.add.at(matrix, (two, one), -tie)
    graph = coo_array((np.ones(one.size), (one, two)), shape=matrix.shape)
    count, part = connected_components(graph, directed=False)
    scale = matrix.diagonal()
    for k in range(count):
        inside = np.flatnonzero(part == k)
        if not earth[cells[inside]].any():
            # The constant is given the weight of the others, so that nothing of rank is left to guess.
            matrix[np.ix_(inside, inside)] += scale[inside].mean() / inside.size
    try:
        inverse = np.linalg.inv(matrix)
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        inverse = pinvh(matrix)
    return cells, (inverse + inverse.T) / 2


def make_workspace(hierarchy: Hierarchy, count: int) -> Workspace:
    """Make what ``count`` right-hand sides need: 7 bytes a cell each."""
    shapes = [(count, *level.diagonal.shape) for level in hierarchy.levels]
    values = tuple(np.zeros(shape, np.float32) for shape in shapes)
    return Workspace(values, tuple(np.zeros(shape, np.float32) for shape in shapes[1:]))


def cycle(hierarchy: Hierarchy, residual: Doubles, scale: Doubles, work: Workspace) -> Singles:
    """Apply one V-cycle to residuals times their scales; the result is overwritten by the next."""
    from bocage.kernels.multigrid import prolong_and_smooth, smooth_and_restrict

    levels = hierarchy.levels
    one = np.ones(len(scale), np.float32)
    sides: list[Any] = [residual, *work.sides]
    scales: list[Any] = [scale.astype(np.float64), *([one] * len(work.sides))]
    for k, level in enumerate(levels[:-1]):
        smooth_and_restrict(
            sides[k], scales[k], work.values[k], level.links, level.diagonal, level.weights, sides[k + 1]
        )
    last = sides[-1].reshape(len(scale), -1)[:, hierarchy.cells] * scales[-1][:, None]
    work.values[-1].reshape(len(scale), -1)[:, hierarchy.cells] = last @ hierarchy.inverse
    for k in range(len(levels) - 2, -1, -1):
        level = levels[k]
        prolong_and_smooth(
            sides[k],
            scales[k],
            work.values[k],
            level.links,
            level.diagonal,
            level.weights,
            work.values[k + 1],
        )
    return work.values[0]


def iterate(
    hierarchy: Hierarchy,
    x: Doubles,
    residual: Doubles,
    *,
    tol: float,
    most: int,
    norm: Doubles | None = None,
    power: Doubles | None = None,
) -> Iterations:
    """Solve by conjugate gradients, in place.

    Parameters
    ----------
    hierarchy : Hierarchy
    x : (k, rows, cols) array of float64
        Where to begin; changed into the potentials.
    residual : (k, rows, cols) array of float64
        What ``x`` leaves of the right-hand sides; changed in place. Nil on padding, and of nil sum on each
        component without earth.
    tol : float
        Wanted of the residual's norm and of the energy of the error, relative.
    most : int
        Iterations at most.
    norm : (k,) array of float64, optional
        Norm that the residual is compared with; by default its first one.
    power : (k,) array of float64, optional
        Power that the energy of the error is compared with; by default its first one.

    Returns
    -------
    Iterations
        Stopped early when `PATIENCE` iterations bring too little.
    """
    from bocage.kernels.multigrid_flow import project, step, turn_and_apply

    count = len(x)
    links, earth = hierarchy.levels[0].links, hierarchy.levels[0].earth
    work = make_workspace(hierarchy, count)
    direction, image = np.zeros_like(x), np.zeros_like(x)
    size = np.sqrt(np.einsum("kij,kij->k", residual, residual))
    norm = size.copy() if norm is None else norm
    safe_norm = np.where(norm > 0, norm, 1.0)
    done = size <= 0
    curvature = np.ones(count)
    first = np.zeros(count)
    relative, energy = size / safe_norm, np.where(done, 0.0, 1.0)
    history: list[Doubles] = []
    turns = 0
    for turns in range(most + 1):
        if done.all():
            break
        scale = np.where(size > 0, 1 / np.where(size > 0, size, 1.0), 0.0)
        z = cycle(hierarchy, residual, scale, work)
        on_image, on_residual = project(z, image, residual)
        now = on_residual * size  # what z . r would be at scale 1
        if turns == 0:
            first = np.where(now > 0, now, 1.0) if power is None else power
        energy = np.where(done, energy, np.sqrt(np.maximum(now, 0.0) / first))
        relative = np.where(done, relative, size / safe_norm)
        done |= (relative <= tol) & (energy <= tol)
        history.append(np.where(done, 0.0, energy))
        stuck = turns >= PATIENCE and bool((history[-1] > 0.1 * history[-1 - PATIENCE]).any())
        broken = bool((~done & ~(on_residual > 0)).any())
        if done.all() or stuck or broken or turns == most:
            break
        beta = np.where(done, 0.0, -on_image / curvature)
        curvature = turn_and_apply(z, direction, image, beta, links, earth)
        good = (curvature > 0) & ~done
        alpha = np.where(good, on_residual / np.where(good, curvature, 1.0), 0.0)
        curvature = np.where(good, curvature, 1.0)
        size = np.sqrt(step(x, direction, residual, image, alpha))
    return Iterations(turns, done, relative, energy)
