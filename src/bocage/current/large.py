"""Pairs of points and regions on a raster too large to be written as a list of links.

:class:`~bocage.current.solver.CurrentSolver` needs no list; this finds the same as the pairwise mode with it.
Points take a solve each but one; a pair of which one is a region is a Dirichlet problem: 1 V on one, 0 V on
the other, and the resistance is the inverse of the current.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.current.circuit import Floats, Ints
from bocage.current.regions import Average, Places, keep_places
from bocage.current.results import PairwiseResult
from bocage.current.systems import TOLERANCE

if TYPE_CHECKING:
    from bocage.current.solver import CurrentSolver


def find_large_pairs(
    conductance: NDArray[Any],
    places: Places,
    wanted: NDArray[np.bool_],
    *,
    neighbours: Literal[4, 8],
    average: Average,
    maps: bool,
) -> PairwiseResult:
    """Find resistances between places, and the sum and maximum of their currents.

    Parameters
    ----------
    conductance : (rows, cols) array of float
        0 or NaN is a barrier.
    places : Places
    wanted : (n, n) array of bool
        Pairs asked for.
    neighbours, average, maps
        As in :func:`bocage.current.modes.pairwise`.
    """
    from bocage.current.conductance import Conductances
    from bocage.current.solver import CurrentSolver

    solver = CurrentSolver(Conductances.from_conductance(conductance, neighbours=neighbours, average=average))
    shape = solver.conductances.shape
    count = places.ids.size
    wide = np.bincount(places.owner, minlength=count) > 1
    single = keep_places(places, ~wide)
    table = np.full((count, count), -1.0)
    np.fill_diagonal(table, 0.0)
    summed = np.zeros(shape) if maps else None
    most = np.zeros(shape) if maps else None
    residual = balance = 0.0
    solves = 0
    alone = np.flatnonzero(~wide)
    if alone.size > 1:
        found = _find_point_pairs(solver, single, wanted[np.ix_(alone, alone)], maps)
        table[np.ix_(alone, alone)] = found.resistance
        summed, most = found.cumulative, found.maximum
        residual, balance, solves = found.residual, found.balance, found.solves
    for one, other in np.argwhere(np.triu(wanted, 1) & (wide[:, None] | wide[None, :])):
        pair = _solve_regions(solver, places.cells_of(int(one)), places.cells_of(int(other)), maps)
        if pair is None:
            continue
        table[one, other] = table[other, one] = pair.resistance
        residual, balance = max(residual, pair.residual), max(balance, pair.balance)
        solves += pair.solves
        if summed is not None and most is not None and pair.current is not None:
            summed += pair.current
            np.maximum(most, pair.current, out=most)
    return PairwiseResult(places.ids, table, summed, most, residual, balance, solves)


@dataclass(frozen=True, slots=True)
class _RegionPair:
    """Two regions: their resistance, and the current through each cell."""

    resistance: float
    current: Floats | None
    residual: float
    balance: float
    solves: int


def _solve_regions(solver: CurrentSolver, one: Ints, other: Ints, maps: bool) -> _RegionPair | None:
    """Put one region at 1 V and the other at 0 V; None when no path joins them."""
    shape = solver.conductances.shape
    mask = solver.conductances.mask.ravel()
    label = solver.components.ravel()
    if np.intersect1d(one, other).size:
        return _RegionPair(0.0, None, 0.0, 0.0, 0) if mask[one].any() and mask[other].any() else None
    inner, outer = one[mask[one]], other[mask[other]]
    if not np.intersect1d(label[inner], label[outer]).size:
        return None
    fixed = np.full(shape, np.nan)
    fixed.ravel()[inner], fixed.ravel()[outer] = 1.0, 0.0
    answer = solver.solve(fixed=fixed, tol=TOLERANCE)
    values = answer.values[0]
    leaving, arriving = _sum_leaving(solver, values, inner), -_sum_leaving(solver, values, outer)
    current = None
    if maps:
        current = solver.measure_node_current(values) / leaving
        current.ravel()[one] = current.ravel()[other] = 1.0
    missing = abs(leaving - arriving) / leaving
    return _RegionPair(1 / leaving, current, float(answer.residual.max()), missing, 1)


def _sum_leaving(solver: CurrentSolver, values: Floats, cells: Ints) -> float:
    """Sum the current that leaves a region for the cells around it."""
    rows, cols = values.shape
    links = solver.conductances.links
    row, col = cells // cols, cells % cols
    total = 0.0
    for k, (down, right) in enumerate(((0, 1), (1, 0), (1, 1), (1, -1))):
        for sign in (1, -1):
            to_row, to_col = row + sign * down, col + sign * right
            inside = (to_row >= 0) & (to_row < rows) & (to_col >= 0) & (to_col < cols)
            from_row, from_col = row[inside], col[inside]
            to_row, to_col = to_row[inside], to_col[inside]
            # A link is held by its northern, else western cell; planes have a margin of one.
            held_row, held_col = (from_row, from_col) if sign > 0 else (to_row, to_col)
            link = links[k, held_row + 1, held_col + 1].astype(np.float64)
            tied = link > 0
            total += float((link * (values[from_row, from_col] - values[to_row, to_col]))[tied].sum())
    return total


def _find_point_pairs(
    solver: CurrentSolver, places: Places, wanted: NDArray[np.bool_], maps: bool
) -> PairwiseResult:
    """Find resistances between single cells, and the sum and maximum of their currents."""
    tied = solver.conductances
    cols = tied.shape[1]
    count = places.ids.size
    cells = np.zeros(count, dtype=np.int64)
    cells[places.owner] = places.cells
    on = tied.mask[cells // cols, cells % cols]
    unique, index = np.unique(cells[on], return_inverse=True)
    asked = wanted[np.ix_(on, on)]
    # Several places of one cell: each of their pairs counts.
    weight = np.zeros((unique.size, unique.size))
    one, other = np.nonzero(np.triu(asked, 1))
    low, high = np.minimum(index[one], index[other]), np.maximum(index[one], index[other])
    np.add.at(weight, (low, high), 1.0)
    weight += weight.T
    np.fill_diagonal(weight, 0.0)
    used = weight.any(axis=0)
    resistance = np.full((count, count), -1.0)
    summed: Floats | None = None
    most: Floats | None = None
    residual = balance = 0.0
    solves = 0
    table = np.full((unique.size, unique.size), -1.0)
    np.fill_diagonal(table, 0.0)
    if used.any():
        points = np.stack([unique[used] // cols, unique[used] % cols], axis=1)
        found = solver.find_pairs(points, maps=maps, weights=weight[np.ix_(used, used)], tol=TOLERANCE)
        table[np.ix_(used, used)] = found.resistance
        summed, most = found.total, found.largest
        residual, balance = found.residual, found.balance
        component = solver.components[points[:, 0], points[:, 1]]
        solves = points.shape[0] - np.unique(component).size
    elif maps:
        summed, most = np.zeros(tied.shape), np.zeros(tied.shape)
    inside = np.ix_(np.flatnonzero(on), np.flatnonzero(on))
    resistance[inside] = np.where(asked, table[np.ix_(index, index)], -1.0)
    np.fill_diagonal(resistance, 0.0)
    return PairwiseResult(places.ids, resistance, summed, most, residual, balance, solves)
