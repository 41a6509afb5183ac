"""What to do where geometric coarsening fails: mazes, percolating nodata, contrasts beyond a million.

Sparse factors for a hundred thousand cells or so; beyond, `bocage.current.aggregation`, multigrid by the
strength of ties, which knows no geometry; and factors again, should that fail, up to a million cells.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.current.factors import factorise_laplacian
from bocage.current.multigrid import Doubles, Singles
from bocage.errors import ResourceError

QUICKLY_FACTORED = 100_000
"""Cells up to which factors are tried first: seconds, and a kilobyte a cell."""
MOST_FACTORED = 1_000_000
"""Cells up to which factors are tried last: minutes, and up to four kilobytes a cell."""
REFINEMENTS = 2
"""Corrections by the residual: contrasts of a million cost factors six digits, and these give them back."""


def number_cells(links: Singles, earth: Singles, reached: NDArray[np.bool_]) -> tuple[Any, NDArray[np.intp]]:
    """Write the matrix of a part of the raster.

    Parameters
    ----------
    links, earth
        Padded.
    reached : (padded rows, padded columns) array of bool
        Cells of the part: whole components.

    Returns
    -------
    matrix : scipy.sparse.csr_array
        Its Laplacian, earth included.
    cells : (n,) array of int
        Cells of the padded raster, in reading order.
    """
    from scipy.sparse import coo_array

    cols = reached.shape[1]
    cells = np.flatnonzero(reached)
    number = np.full(reached.size, -1, np.int32)
    number[cells] = np.arange(cells.size, dtype=np.int32)
    one, two, tie = [], [], []
    for plane, shift in zip(links.reshape(4, -1), (1, cols, cols + 1, cols - 1), strict=True):
        g = plane[cells]
        live = np.flatnonzero(g)
        one.append(live.astype(np.int32))
        two.append(number[cells[live] + shift])
        tie.append(g[live].astype(np.float64))
    start, end, g = np.concatenate(one), np.concatenate(two), np.concatenate(tie)
    diagonal = np.bincount(start, g, cells.size).astype(np.float64)
    diagonal += np.bincount(end, g, cells.size)
    if earth.size:
        diagonal += earth.reshape(-1)[cells]
    own = np.arange(cells.size, dtype=np.int32)
    entries = (
        np.concatenate([diagonal, -g, -g]),
        (np.concatenate([own, start, end]), np.concatenate([own, end, start])),
    )
    return coo_array(entries, shape=(cells.size, cells.size)).tocsr(), cells


def factor_and_solve(
    matrix: Any, part: NDArray[np.integer[Any]], sides: Doubles, floating: NDArray[np.bool_]
) -> Doubles:
    """Solve by sparse factors.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array
        Laplacian with earth.
    part : (n,) array of int
        Component of each cell, from 0.
    sides : (n, k) array of float64
    floating : (components,) array of bool
        Components without earth; their first cell is put at 0.

    Returns
    -------
    (n, k) array of float64

    Raises
    ------
    ResourceError
        The factors do not fit in memory.
    """
    _, first = np.unique(part, return_index=True)
    kept = np.ones(part.size, dtype=bool)
    kept[first[floating]] = False
    inside = np.flatnonzero(kept)
    values = np.zeros_like(sides)
    if inside.size == 0:
        return values
    block = matrix[inside][:, inside].tocsc()
    try:
        factors = factorise_laplacian(block)
    except MemoryError as error:
        raise ResourceError(
            f"the factors of {inside.size} cells do not fit in memory; "
            "give a coarser raster or a larger machine"
        ) from error
    wanted = np.ascontiguousarray(sides[inside])
    found = factors.solve(wanted)
    for _ in range(REFINEMENTS):
        found += factors.solve(wanted - block @ found)
    values[inside] = found
    return values


def solve_otherwise(
    matrix: Any,
    sides: Doubles,
    earthed: NDArray[np.bool_],
    tol: float,
    method: str,
) -> tuple[Doubles, int, Literal["factors", "aggregation"]]:
    """Solve what multigrid left, by what fits.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array
        Laplacian of whole components, earth included.
    sides : (n, k) array of float64
    earthed : (n,) array of bool
        Cells tied to the earth.
    tol : float
    method : str
        ``'factors'`` or ``'aggregation'`` force one.

    Returns
    -------
    values : (n, k) array of float64
    iterations : int
    method : str

    Raises
    ------
    ResourceError
        Nothing reaches the tolerance.
    """
    from scipy.sparse.csgraph import connected_components

    from bocage.current.aggregation import solve_by_aggregation

    count, part = connected_components(matrix, directed=False)
    floating = np.ones(count, dtype=bool)
    floating[part[earthed]] = False
    cells = matrix.shape[0]
    if method != "aggregation" and (cells <= QUICKLY_FACTORED or method == "factors"):
        return factor_and_solve(matrix, part, sides, floating), 0, "factors"
    try:
        values, turns = solve_by_aggregation(matrix, sides, tol)
        return values, turns, "aggregation"
    except ResourceError:
        if method == "aggregation" or cells > MOST_FACTORED:
            raise
    return factor_and_solve(matrix, part, sides, floating), 0, "factors"
