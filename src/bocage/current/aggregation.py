"""Multigrid by the strength of ties, for graphs of any shape: pairs of pairs and a Krylov cycle.

After Notay (2010), "An aggregation-based algebraic multigrid method": nodes are paired twice by their
strongest tie, coarse ties are sums, and each coarse level is solved by at most two steps of conjugate
gradients, which makes up for what constant interpolation lacks. It does not know geometry, so a maze costs it
what a plain costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.current.multigrid import Doubles
from bocage.errors import ResourceError

COARSEST = 1000
STRONG = 0.25
ENOUGH = 0.25
"""A coarse residual that one step brings below this share needs no second one."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One level: its matrix, its diagonal and the aggregate of each node."""

    matrix: Any
    diagonal: Doubles
    aggregate: NDArray[np.int32]
    count: int


@dataclass(frozen=True, slots=True)
class Aggregation:
    """The levels, and the inverse of the last matrix."""

    stages: tuple[Stage, ...]
    inverse: Doubles


def _gather_ties(matrix: Any, aggregate: NDArray[np.int32], count: int) -> Any:
    """Sum the ties of aggregates."""
    from scipy.sparse import csr_array

    n = matrix.shape[0]
    to = csr_array((np.ones(n), aggregate, np.arange(n + 1, dtype=np.int32)), shape=(n, count))
    coarse = (to.T.tocsr() @ matrix @ to).tocsr()
    coarse.sort_indices()
    return coarse


def build_aggregation(matrix: Any) -> Aggregation:
    """Build the levels of a Laplacian, with or without earth.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array
        About 250 bytes a node of a raster of eight neighbours are needed besides.
    """
    from scipy.sparse.csgraph import connected_components

    from bocage.kernels.multigrid_aggregation import pair_nodes

    stages = []
    while matrix.shape[0] > COARSEST:
        n = matrix.shape[0]
        first = np.empty(n, np.int32)
        count = pair_nodes(matrix.indptr, matrix.indices, matrix.data, STRONG, first)
        middle = _gather_ties(matrix, first, count)
        second = np.empty(count, np.int32)
        count = pair_nodes(middle.indptr, middle.indices, middle.data, STRONG, second)
        coarse = _gather_ties(middle, second, count)
        stages.append(Stage(matrix, matrix.diagonal(), second[first], count))
        matrix = coarse
        if count > 0.9 * n:
            break
    if matrix.shape[0] > 20 * COARSEST:
        raise ResourceError(
            f"the raster falls into {matrix.shape[0]} pieces that current cannot join; "
            "give fewer sources at a time"
        )
    dense = matrix.toarray()
    pieces, part = connected_components(matrix, directed=False)
    for k in range(pieces):
        inside = np.flatnonzero(part == k)
        block = dense[np.ix_(inside, inside)]
        if abs(block.sum()) <= 1e-10 * max(block.diagonal().sum(), 1e-300):
            dense[np.ix_(inside, inside)] += max(block.diagonal().mean(), 1e-300) / inside.size
    return Aggregation(tuple(stages), np.linalg.inv(dense))


def _cycle(levels: Aggregation, k: int, b: Doubles) -> Doubles:
    from bocage.kernels.multigrid_aggregation import relax

    if k == len(levels.stages):
        return np.asarray(levels.inverse @ b)
    stage = levels.stages[k]
    matrix = stage.matrix
    x = np.zeros_like(b)
    relax(matrix.indptr, matrix.indices, matrix.data, stage.diagonal, b, x, False)
    side: Doubles = np.bincount(stage.aggregate, b - matrix @ x, stage.count).astype(np.float64, copy=False)
    x += _krylov(levels, k + 1, side)[stage.aggregate]
    relax(matrix.indptr, matrix.indices, matrix.data, stage.diagonal, b, x, True)
    return x


def _krylov(levels: Aggregation, k: int, b: Doubles) -> Doubles:
    """Solve a coarse level by one or two flexible steps, each with a cycle."""
    if k == len(levels.stages):
        return _cycle(levels, k, b)
    matrix = levels.stages[k].matrix
    one = _cycle(levels, k, b)
    image = matrix @ one
    power = one @ image
    if not power > 0:
        return one
    alpha = (one @ b) / power
    left = b - alpha * image
    if np.linalg.norm(left) <= ENOUGH * np.linalg.norm(b):
        return np.asarray(alpha * one)
    two = _cycle(levels, k, left)
    image_two = matrix @ two
    across = two @ image
    rest = two @ image_two - across**2 / power
    if not rest > 0:
        return np.asarray(alpha * one)
    beta = (two @ left) / rest
    return np.asarray((alpha - beta * across / power) * one + beta * two)


def solve_by_aggregation(matrix: Any, sides: Doubles, tol: float, most: int = 500) -> tuple[Doubles, int]:
    """Solve by flexible conjugate gradients.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array
    sides : (n, k) array of float64
        Of nil sum on each component without earth.
    tol : float
        Of the residual and of the energy of the error, relative.
    most : int

    Returns
    -------
    values : (n, k) array of float64
    iterations : int
        The most of all right-hand sides.

    Raises
    ------
    ResourceError
        The tolerance is not reached.
    """
    levels = build_aggregation(matrix)
    out = np.zeros_like(sides)
    longest = 0
    for k in range(sides.shape[1]):
        left = sides[:, k].copy()
        size = float(np.linalg.norm(left))
        if size == 0:
            continue
        x = np.zeros_like(left)
        direction = np.zeros_like(left)
        image, curvature, first, turns = np.zeros_like(left), 1.0, 0.0, 0
        for turns in range(most + 1):
            z = _cycle(levels, 0, left)
            power = float(z @ left)
            first = first or power
            if np.linalg.norm(left) <= tol * size and power <= tol**2 * first:
                break
            if turns == most:
                raise ResourceError(
                    f"the potentials did not converge: after {most} iterations the residual is "
                    f"{np.linalg.norm(left) / size:.1e} where {tol:.0e} is wanted; give a coarser raster or "
                    "lower contrasts"
                )
            direction = z - (z @ image) / curvature * direction
            image = matrix @ direction
            curvature = float(direction @ image)
            alpha = power / curvature
            x += alpha * direction
            left -= alpha * image
        out[:, k] = x
        longest = max(longest, turns)
    return out, longest
