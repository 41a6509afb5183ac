"""All pairs of regions on one landscape, on a hierarchy that is never rebuilt.

Each pair is a problem of given potentials. The two regions of a pair are each one conductor; the others are
plain ground (Circuitscape's pairwise mode on a focal-region grid). One solve a region, towards a far cell,
gives a first guess of every pair by superposition; only what regions do to one another is left to iterate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.current.conductance import Ints, pad_shape
from bocage.current.multigrid import Doubles, Hierarchy, Singles, iterate
from bocage.current.patching import HeldHierarchy
from bocage.current.solver import MOST_ITERATIONS, TOLERANCE, CurrentSolver, PairMaps
from bocage.errors import DataError

GUESS = 1e-4
"""Tolerance of the potentials of single regions: shapes of first guesses, never of answers."""


@dataclass(frozen=True, slots=True)
class _Region:
    """Cells of a region by padded row and column, and the components it touches."""

    row: NDArray[np.int64]
    col: NDArray[np.int64]
    components: frozenset[int]


def find_region_pairs(
    solver: CurrentSolver,
    regions: ArrayLike,
    *,
    maps: bool = False,
    weights: ArrayLike | None = None,
    tol: float = TOLERANCE,
) -> tuple[Ints, PairMaps]:
    """Find effective resistances, and the maps, of all pairs of regions.

    Memory: 125 bytes a cell, and 4 for each region.

    Parameters
    ----------
    solver : CurrentSolver
    regions : (rows, columns) array of int
        Number of the region of each cell, 0 or less outside. Cells on nodata are left out.
    maps : bool
        Whether currents are mapped, for one ampere a pair. The cells of its two regions count 1, as in
        Circuitscape, where a region is one node.
    weights : (n, n) array, optional
        What each pair counts for in the cumulative map; 0 leaves the pair unsolved, with resistance NaN.
    tol : float
        Relative to one ampere.

    Returns
    -------
    ids : (n,) array of int
        Numbers of the regions, sorted.
    pairs : PairMaps
        In that order.

    Raises
    ------
    DataError
        A region lies wholly on nodata.

    Examples
    --------
    >>> from bocage.current.conductance import Conductances
    >>> solver = CurrentSolver(Conductances.from_resistance([[1, 1, 1, 1]]))
    >>> ids, pairs = find_region_pairs(solver, [[7, 7, 0, 9]])
    >>> ids.tolist(), pairs.resistance.round(6).tolist()
    ([7, 9], [[0.0, 2.0], [2.0, 0.0]])
    """
    circuit = solver.conductances
    number = np.asarray(regions)
    if number.shape != circuit.shape:
        raise DataError(f"the regions have shape {number.shape}; the raster has {circuit.shape}")
    ids = np.unique(number[number > 0])
    lost = np.setdiff1d(ids, number[(number > 0) & circuit.mask])
    if lost.size:
        raise DataError(
            f"regions lie wholly on nodata: {', '.join(map(str, lost[:5]))}; "
            "move them to cells that can be crossed"
        )
    count = ids.size
    weight = np.ones((count, count)) if weights is None else np.asarray(weights, dtype=np.float64)
    places = _list_regions(number, ids, circuit.mask, solver.components)
    work = _PairWork(solver, places, number, tol, maps)
    resistance = np.full((count, count), -1.0)
    np.fill_diagonal(resistance, 0.0)
    for a in range(count):
        partners = [b for b in range(a + 1, count) if places[a].components & places[b].components]
        for b in partners:
            if weight[a, b] == 0:
                resistance[a, b] = resistance[b, a] = np.nan
        partners = [b for b in partners if weight[a, b] != 0]
        if not partners:
            continue
        work.held.hold(places[a].row, places[a].col)
        for b in partners:
            work.held.hold(places[b].row, places[b].col)
            resistance[a, b] = resistance[b, a] = work.solve(a, b, float(weight[a, b]))
            work.held.let_go()
        work.held.let_go()
    return ids, PairMaps(
        resistance,
        work.total,
        work.largest,
        work.residual,
        work.balance,
        work.iterations,
        tuple(sorted(work.methods)),
    )


def _list_regions(number: NDArray[Any], ids: Ints, mask: NDArray[np.bool_], label: Ints) -> list[_Region]:
    row, col = np.nonzero((number > 0) & mask)
    order = np.argsort(number[row, col], kind="stable")
    row, col = row[order].astype(np.int64), col[order].astype(np.int64)
    ends = np.searchsorted(number[row, col], ids, side="right")
    parts = zip(np.split(row, ends[:-1]), np.split(col, ends[:-1]), strict=True)
    return [_Region(i + 1, j + 1, frozenset(np.unique(label[i, j]).tolist())) for i, j in parts]


class _PairWork:
    """What the pairs of a landscape share, and what they add up to."""

    def __init__(
        self, solver: CurrentSolver, places: list[_Region], number: NDArray[Any], tol: float, maps: bool
    ) -> None:
        shape = solver.conductances.shape
        self.solver, self.places, self.tol = solver, places, tol
        self.links: Singles = solver.conductances.links
        self.held = HeldHierarchy(solver.conductances)
        self.total = np.zeros(shape) if maps else None
        self.largest = np.zeros(shape) if maps else None
        self.residual = self.balance = 0.0
        self.iterations = 0
        self.methods: set[str] = set()
        self._x = np.zeros((1, *pad_shape(shape)))
        self._b = np.zeros((1, *pad_shape(shape)))
        self._guess_from_far(number)

    def _guess_from_far(self, number: NDArray[Any]) -> None:
        """Solve each region alone towards the cell farthest from all, on the component that most share."""
        from scipy.ndimage import distance_transform_edt

        label = self.solver.components
        rows, cols = label.shape
        touched = np.concatenate([sorted(p.components) for p in self.places]).astype(np.int64)
        main = int(np.bincount(touched).argmax()) if touched.size else 0
        self._main = np.zeros(self._x.shape[1:], dtype=bool)
        self._main[1 : rows + 1, 1 : cols + 1] = label == main
        self._guess = np.zeros((len(self.places), *self._x.shape[1:]), np.float32)
        if len(self.places) < 3:
            return  # as many solves as pairs
        far = distance_transform_edt(number <= 0)
        far[label != main] = -1
        at = np.unravel_index(int(far.argmax()), far.shape)
        if far[at] <= 0:
            return
        for k, place in enumerate(self.places):
            if main not in place.components:
                continue
            self.held.hold(place.row, place.col)
            self._x[:] = 0
            self._b[:] = 0
            self._b[0, at[0] + 1, at[1] + 1] = -1
            iterate(self.held.ready(), self._x, self._b, tol=GUESS, most=60)
            self.held.let_go()
            self._x[0][place.row, place.col] = 0
            self._guess[k] = self._x[0]

    def solve(self, a: int, b: int, weight: float) -> float:
        """Solve the pair whose regions are held, add its currents to the maps and give its resistance."""
        from bocage.kernels.multigrid_flow import leave_residual

        one, two = self.places[a], self.places[b]
        x, side = self._x[0], self._b[0]
        np.subtract(self._guess[a], self._guess[b], out=x)
        high, low = x[one.row, one.col].mean(), x[two.row, two.col].mean()
        guessed = high > low
        if guessed:
            x -= low
            x /= high - low
            x *= self._main
        else:
            x[:] = 0
        x[one.row, one.col] = 1
        x[two.row, two.col] = 0
        self.held.bring(self.links, x, side)
        hierarchy = self.held.ready()
        fine = hierarchy.levels[0]
        scale = np.linalg.norm(side)
        # What one ampere would leave: the guess knows the current to a few per cent.
        flow = 1 / (high - low) if guessed else min(self._sum_flow(one), float(side.sum()))
        norm = min(float(scale), np.sqrt(2) * flow) if guessed else float(scale)
        leave_residual(self._b, self._x, fine.links, fine.earth)
        went = iterate(
            hierarchy,
            self._x,
            self._b,
            tol=self.tol,
            most=MOST_ITERATIONS,
            norm=np.array([norm]),
            power=np.array([flow]) if guessed else None,
        )
        x[one.row, one.col] = 1
        x[two.row, two.col] = 0
        self.iterations = max(self.iterations, went.count)
        if went.converged.all():
            self.methods.add("multigrid")
            residual = self._measure(hierarchy, x) / norm
        else:
            residual = self._solve_otherwise(one, two)
        leaves, enters = self._sum_flow(one), -self._sum_flow(two)
        flow = (leaves + enters) / 2
        self.residual = max(self.residual, residual)
        self.balance = max(self.balance, abs(leaves - enters) / flow)
        if self.total is not None and self.largest is not None:
            self._add_map(one, two, flow, weight)
        return 1 / flow

    def _measure(self, hierarchy: Hierarchy, x: Doubles) -> float:
        """Measure anew the norm of what the potentials leave."""
        from bocage.kernels.multigrid_flow import leave_residual

        self.held.bring(self.links, x, self._b[0])
        fine = hierarchy.levels[0]
        _, squares = leave_residual(self._b, self._x, fine.links, fine.earth)
        return float(np.sqrt(squares[0]))

    def _solve_otherwise(self, one: _Region, two: _Region) -> float:
        """Solve the pair by the solver's own means, fallbacks included."""
        rows, cols = self.solver.conductances.shape
        fixed = np.full((rows, cols), np.nan)
        fixed[one.row - 1, one.col - 1] = 1
        fixed[two.row - 1, two.col - 1] = 0
        answer = self.solver.solve(fixed=fixed, tol=self.tol)
        self._x[0, 1 : rows + 1, 1 : cols + 1] = np.nan_to_num(answer.values[0])
        self.methods.add(answer.method)
        return float(answer.residual[0])

    def _sum_flow(self, place: _Region) -> float:
        """Sum the current that leaves a region, by the landscape's own links."""
        x, row, col = self._x[0], place.row, place.col
        v = x[row, col]
        flow = 0.0
        for plane, down, aside in zip(self.links, (0, 1, 1, 1), (1, 0, 1, -1), strict=True):
            flow += float((plane[row, col] * (v - x[row + down, col + aside])).sum())
            before = row - down, col - aside
            flow += float((plane[before] * (v - x[before])).sum())
        return flow

    def _add_map(self, one: _Region, two: _Region, flow: float, weight: float) -> None:
        from bocage.kernels.multigrid_flow import add_pair_currents

        assert self.total is not None
        assert self.largest is not None
        row = np.concatenate([one.row, two.row]) - 1
        col = np.concatenate([one.col, two.col]) - 1
        total, largest = self.total[row, col] + weight, np.maximum(self.largest[row, col], 1.0)
        self._x /= flow
        first, second = np.zeros(1, np.int64), np.full(1, -1, np.int64)
        add_pair_currents(self._x, first, second, np.array([weight]), self.links, self.total, self.largest)
        self.total[row, col] = total
        self.largest[row, col] = largest
