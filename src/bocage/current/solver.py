"""Potentials and currents of a raster circuit: one hierarchy a landscape, every answer with its residual.

Potentials are found by conjugate gradients preconditioned by black-box multigrid
(`bocage.current.multigrid`); what does not converge is solved otherwise (`bocage.current.fallback`), and what
cannot be solved is an error, never a wrong map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.current.conductance import Conductances, Ints, pad_shape
from bocage.current.fallback import number_cells, solve_otherwise
from bocage.current.multigrid import NO_EARTH, Doubles, Hierarchy, Singles, build_hierarchy, iterate
from bocage.errors import DataError, ResourceError

Cell = tuple[int, int]
Amounts = ArrayLike | Mapping[Cell, float]
Method = Literal["multigrid", "factors", "aggregation"]

TOLERANCE = 1e-6
MOST_ITERATIONS = 400
BLOCK = 1
"""Right-hand sides solved together: each takes 36 bytes a cell more, and gained nothing at 1 M cells."""


@dataclass(frozen=True, slots=True)
class Potentials:
    """What a solve found, for k right-hand sides.

    Attributes
    ----------
    values : (k, rows, columns) array of float64
        Potential of each cell; NaN outside the mask. A component that nothing holds has its lowest potential
        at 0, and is at 0 where no current reaches it.
    residual : (k,) array of float64
        Norm of the current unaccounted for over that of the sources, from the potentials returned.
    balance : (k,) array of float64
        Most current that any cell gains or loses, over all the current injected.
    iterations : int
        Of conjugate gradients; 0 if only factors were used.
    method : 'multigrid', 'factors' or 'aggregation'
    """

    values: Doubles
    residual: Doubles
    balance: Doubles
    iterations: int
    method: Method


@dataclass(frozen=True, slots=True)
class PairMaps:
    """All pairs of points, from one solve a point but one.

    Attributes
    ----------
    resistance : (n, n) array of float64
        Effective resistance; -1 between components, as Circuitscape writes it.
    total, largest : (rows, columns) array of float64 or None
        Sum over pairs, and maximum, of the current through each cell for one ampere between the two points.
    residual, balance : float
        The worst of all solves.
    iterations : int
        The most of all solves.
    methods : tuple of str
    """

    resistance: Doubles
    total: Doubles | None
    largest: Doubles | None
    residual: float
    balance: float
    iterations: int
    methods: tuple[str, ...]


class CurrentSolver:
    """Solves on one landscape.

    The hierarchy is built at the first solve that needs it and kept. Memory at the peak of a solve of one
    right-hand side: 78 bytes a cell, conductances included; 36 more for each further one, 20 with earth or
    given potentials.

    Parameters
    ----------
    conductances : Conductances

    Examples
    --------
    Three cells of resistance 1 in a row: two ohms from end to end.

    >>> circuit = CurrentSolver(Conductances.from_resistance([[1, 1, 1]]))
    >>> answer = circuit.solve({(0, 0): 1.0, (0, 2): -1.0})
    >>> answer.values[0].round(6).tolist()
    [[2.0, 1.0, 0.0]]
    """

    def __init__(self, conductances: Conductances) -> None:
        self.conductances = conductances
        self._hierarchy: Hierarchy | None = None
        self._label: Ints | None = None

    @property
    def components(self) -> Ints:
        """Component of each cell, from 1; 0 outside the mask. Four bytes a cell, kept."""
        if self._label is None:
            self._label = self.conductances.label_components()
        return self._label

    @property
    def hierarchy(self) -> Hierarchy:
        """The hierarchy of the landscape without earth."""
        if self._hierarchy is None:
            self._hierarchy = build_hierarchy(self.conductances.links, self.conductances.shape)
        return self._hierarchy

    def solve(
        self,
        sources: Amounts | Sequence[Mapping[Cell, float]] | None = None,
        grounds: Amounts | None = None,
        fixed: Amounts | Sequence[Mapping[Cell, float]] | None = None,
        *,
        tol: float = TOLERANCE,
        method: Literal["auto", "multigrid", "factors", "aggregation"] = "auto",
    ) -> Potentials:
        """Find potentials.

        Parameters
        ----------
        sources : mapping, array or sequence of mappings
            Current injected [A]: by cell ``{(row, col): amount}``, one mapping a right-hand side, or an array
            (rows, columns) or (k, rows, columns). Negative where current is drawn. On a component that is
            tied to neither ground nor given potential its sum must be 0.
        grounds : mapping or array, optional
            Conductance to the earth [S]; infinite holds the cell at 0.
        fixed : mapping, array or sequence of mappings, optional
            Given potentials [V]; NaN in an array where free. A sequence, or (k, rows, columns), gives each
            right-hand side its own values on the same cells.
        tol : float
            Relative, of the residual and of the error in energy.
        method : str
            ``'auto'`` is multigrid, then what else serves; the others force one.

        Raises
        ------
        DataError
            Sources, grounds or potentials outside the mask, or sources that do not balance.
        ResourceError
            No method reaches the tolerance, or memory lacks.
        """
        problem = self._pose(sources, grounds, fixed)
        return self._run(problem, tol, method)

    def find_pairs(
        self,
        points: ArrayLike,
        *,
        maps: bool = False,
        weights: ArrayLike | None = None,
        tol: float = TOLERANCE,
        block: int = BLOCK,
    ) -> PairMaps:
        """Find effective resistances, and the maps, of all pairs of points by one solve a point but one.

        By linearity the potential of a pair is the difference of two potentials towards a common point of the
        component. Maps of all pairs are added strip by strip and never kept; the potentials are: 8 bytes a
        cell and point when maps are asked for, none otherwise.

        Parameters
        ----------
        points : (n, 2) array of int
            Row and column.
        maps : bool
        weights : (n, n) array, optional
            What each pair counts for in the cumulative map; 0 leaves the pair out of both maps.
        tol : float
        block : int
            Solves made together.
        """
        from bocage.kernels.multigrid_flow import add_pair_currents

        cells = np.asarray(points, dtype=np.int64).reshape(-1, 2)
        self._check_cells([(int(i), int(j)) for i, j in cells], "points")
        count = len(cells)
        label = self.components[cells[:, 0], cells[:, 1]]
        weight = np.ones((count, count)) if weights is None else np.asarray(weights, dtype=np.float64)
        shape = self.conductances.shape
        total, largest = (np.zeros(shape), np.zeros(shape)) if maps else (None, None)
        resistance = np.full((count, count), -1.0)
        np.fill_diagonal(resistance, 0.0)
        residual = balance = 0.0
        iterations, methods = 0, set()
        for component in np.unique(label):
            inside = np.flatnonzero(label == component)
            reference, others = inside[0], inside[1:]
            if others.size == 0:
                continue
            kept = np.zeros((others.size, *pad_shape(shape))) if maps else None
            seen = np.zeros((others.size, inside.size))
            for begin in range(0, others.size, block):
                some = others[begin : begin + block]
                sides = []
                for p in some:
                    one: dict[Cell, float] = {}
                    _add(one, cells[p], 1.0)
                    _add(one, cells[reference], -1.0)
                    sides.append(one)
                answer = self.solve(sides, tol=tol)
                at = answer.values[:, cells[inside, 0], cells[inside, 1]]
                seen[begin : begin + len(some)] = at - at[:, :1]
                if kept is not None:
                    kept[begin : begin + len(some), 1 : shape[0] + 1, 1 : shape[1] + 1] = answer.values
                    kept[begin : begin + len(some)][~np.isfinite(kept[begin : begin + len(some)])] = 0
                residual = max(residual, float(answer.residual.max()))
                balance = max(balance, float(answer.balance.max()))
                iterations = max(iterations, answer.iterations)
                methods.add(answer.method)
            # Reciprocity holds to the tolerance: the mean of both ways is nearer.
            green = np.zeros((inside.size, inside.size))
            green[1:] = seen
            green = (green + green.T) / 2
            own = green.diagonal()
            resistance[np.ix_(inside, inside)] = own[:, None] + own[None, :] - 2 * green
            if kept is not None and total is not None and largest is not None:
                one_of, two_of = np.triu_indices(inside.size, 1)
                worth = weight[inside[one_of], inside[two_of]]
                chosen = worth != 0
                add_pair_currents(
                    kept,
                    one_of[chosen] - 1,
                    two_of[chosen] - 1,
                    worth[chosen],
                    self.conductances.links,
                    total,
                    largest,
                )
        return PairMaps(resistance, total, largest, residual, balance, iterations, tuple(sorted(methods)))

    def measure_node_current(self, values: Doubles, grounds: Amounts | None = None) -> Doubles:
        """Measure the current through each cell: the larger of what enters and what leaves it.

        Circuitscape's definition: by links and by grounds; what a source injects is not counted, and shows in
        what leaves. At a cell held at a potential too.

        Parameters
        ----------
        values : (rows, columns) array
            Potentials; NaN counts as no current.
        grounds : as for `solve`
            Without those that are infinite.

        Returns
        -------
        (rows, columns) array of float64
        """
        from bocage.kernels.multigrid_flow import write_node_current

        shape = self.conductances.shape
        x = np.zeros(pad_shape(shape))
        x[1 : shape[0] + 1, 1 : shape[1] + 1] = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=0.0)
        earth = NO_EARTH
        if grounds is not None:
            plane = self._spread(grounds, "grounds", 0.0)[0]
            if plane.any():
                earth = np.zeros(pad_shape(shape), np.float32)
                earth[1 : shape[0] + 1, 1 : shape[1] + 1] = np.where(np.isfinite(plane), plane, 0.0)
        out = np.empty(shape)
        write_node_current(x, self.conductances.links, earth, out)
        return out

    def measure_branch_current(self, values: Doubles) -> Doubles:
        """Measure the current towards the east, south, south-east and south-west of each cell.

        Returns
        -------
        (4, rows, columns) array of float64
            Negative where it flows the other way.
        """
        rows, cols = self.conductances.shape
        x = np.zeros(pad_shape((rows, cols)))
        x[1 : rows + 1, 1 : cols + 1] = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=0.0)
        here = x[1 : rows + 1, 1 : cols + 1]
        out = np.empty((4, rows, cols))
        for k, (down, aside) in enumerate(((0, 1), (1, 0), (1, 1), (1, -1))):
            there = x[1 + down : rows + 1 + down, 1 + aside : cols + 1 + aside]
            out[k] = self.conductances.links[k, 1 : rows + 1, 1 : cols + 1] * (here - there)
        return out

    # Posing

    def _check_cells(self, cells: Sequence[Cell], what: str) -> None:
        rows, cols = self.conductances.shape
        outside = [c for c in cells if not (0 <= c[0] < rows and 0 <= c[1] < cols)]
        if outside:
            raise DataError(
                f"{what} lie outside the raster of {rows} rows and {cols} columns: {_tell(outside)}; "
                "rows and columns are counted from 0"
            )
        absent = [c for c in cells if not self.conductances.mask[c]]
        if absent:
            raise DataError(f"{what} lie on nodata: {_tell(absent)}; move them to cells that can be crossed")

    def _spread(self, amounts: Any, what: str, empty: float) -> Doubles:
        """Give (k, rows, columns) from what the caller gave, all of it on the mask."""
        shape = self.conductances.shape
        if isinstance(amounts, Mapping):
            amounts = [amounts]
        if isinstance(amounts, Sequence) and amounts and isinstance(amounts[0], Mapping):
            planes = np.full((len(amounts), *shape), empty)
            for k, one in enumerate(amounts):
                cells = list(one)
                self._check_cells(cells, what)
                for cell, amount in one.items():
                    planes[k][cell] = amount
        else:
            planes = np.array(amounts, dtype=np.float64)
            planes = planes[None] if planes.ndim == 2 else planes
            if planes.ndim != 3 or planes.shape[1:] != shape:
                raise DataError(f"{what} have shape {np.shape(amounts)}; the raster has {shape}")
            used = ~np.isnan(planes) if np.isnan(empty) else planes != 0
            absent = used & ~self.conductances.mask
            if absent.any():
                first = [(int(i), int(j)) for _, i, j in np.argwhere(absent)[:5]]
                raise DataError(
                    f"{what} lie on nodata: {_tell(first)}; move them to cells that can be crossed"
                )
        if np.isnan(planes).any() and not np.isnan(empty):
            raise DataError(f"{what} hold values that are not numbers; give 0 where there is nothing")
        return planes

    def _pose(self, sources: Any, grounds: Any, fixed: Any) -> _Problem:
        """Turn grounds and given potentials into conductances to the earth."""
        from bocage.kernels.multigrid_ties import cut_cells

        shape = self.conductances.shape
        padded = pad_shape(shape)
        inner = slice(1, shape[0] + 1), slice(1, shape[1] + 1)
        currents = None if sources is None else self._spread(sources, "sources", 0.0)
        held = None if fixed is None else self._spread(fixed, "given potentials", np.nan)
        ground = None if grounds is None else self._spread(grounds, "grounds", 0.0)[0]
        if ground is not None:
            if (ground < 0).any():
                raise DataError("a conductance to the earth is negative; give grounds of 0 or more")
            infinite = np.isinf(ground)
            if infinite.any():
                if held is None:
                    held = np.full((1, *shape), np.nan)
                held[:, infinite] = 0.0
                ground[infinite] = 0.0
            if not ground.any():
                ground = None
        if held is not None and np.isnan(held).all():
            held = None
        counts = {len(a) for a in (currents, held) if a is not None} - {1}
        if len(counts) > 1:
            raise DataError(
                f"sources and given potentials are {sorted(counts)} in number; give as many of each"
            )
        if currents is None and held is None:
            raise DataError("nothing drives a current: give sources or potentials")
        count = counts.pop() if counts else 1
        b = np.zeros((count, *padded))
        if currents is not None:
            b[:, *inner] = currents
        links, earth, given = self.conductances.links, NO_EARTH, None
        if ground is not None or held is not None:
            earth = np.zeros(padded, np.float32)
        if ground is not None:
            earth[inner] = ground
        row = col = np.zeros(0, np.int64)
        values = np.zeros((count, 0))
        if held is not None:
            where = ~np.isnan(held[0])
            if (np.isnan(held) == where).any():
                raise DataError("given potentials lie on different cells from one right-hand side to another")
            links = links.copy()
            given = np.zeros(padded, dtype=bool)
            given[inner] = where
            row, col = np.nonzero(given)
            values = np.ascontiguousarray(np.broadcast_to(held[:, where], (count, row.size)))
            cut_cells(row, col, values, given, links, earth, b)
        problem = _Problem(links, earth, b, (row, col), values)
        self._check_balance(problem)
        return problem

    def _check_balance(self, problem: _Problem) -> None:
        """Refuse sources that have nowhere to go."""
        label = self.components
        rows, cols = self.conductances.shape
        held = np.zeros(int(label.max()) + 1, dtype=bool)
        if problem.earth.size:
            held[label[problem.earth[1 : rows + 1, 1 : cols + 1] > 0]] = True
            held[label[problem.row_col[0] - 1, problem.row_col[1] - 1]] = True
        for one in problem.b[:, 1 : rows + 1, 1 : cols + 1]:
            i, j = np.nonzero(one)
            net = np.bincount(label[i, j], one[i, j], held.size)
            size = np.bincount(label[i, j], abs(one[i, j]), held.size)
            lost = np.flatnonzero(~held & (abs(net) > 1e-9 * size))
            if lost.size:
                k = np.flatnonzero(label[i, j] == lost[0])[0]
                raise DataError(
                    f"the sources of the component of cell ({i[k]}, {j[k]}) sum to {net[lost[0]]:g} A "
                    "and it has no ground; balance them, or give a ground or a potential there"
                )

    # Solving

    def _run(self, problem: _Problem, tol: float, method: str) -> Potentials:
        from bocage.kernels.multigrid_flow import leave_residual

        side = problem.b
        norm = np.sqrt(np.einsum("kij,kij->k", side, side))
        injected = np.maximum(np.abs(side).sum(axis=(1, 2)) / 2, np.finfo(float).tiny)
        keep = [np.flatnonzero(one) for one in side]
        amounts = [one.flat[at] for one, at in zip(side, keep, strict=True)]
        x = np.zeros_like(side)
        used: Method = "multigrid"
        iterations = 0
        if method in ("auto", "multigrid"):
            whole = problem.links is self.conductances.links and not problem.earth.size
            hierarchy = (
                self.hierarchy
                if whole
                else build_hierarchy(problem.links, self.conductances.shape, problem.earth)
            )
            went = iterate(hierarchy, x, side, tol=tol, most=MOST_ITERATIONS)
            del hierarchy
            iterations, failed = went.count, ~went.converged
        else:
            failed = norm > 0
        if failed.any() and method != "multigrid":
            for k in np.flatnonzero(failed):
                side[k] = 0
                side[k].flat[keep[k]] = amounts[k]
            used, turns = self._fall_back(problem, x, failed, tol, method)
            iterations += turns
        # The residual is measured anew from the potentials, whatever found them.
        side[:] = 0
        for one, at, amount in zip(side, keep, amounts, strict=True):
            one.flat[at] = amount
        largest, squares = leave_residual(side, x, problem.links, problem.earth)
        residual = np.sqrt(squares) / np.where(norm > 0, norm, 1.0)
        if (residual > max(10 * tol, 1e-9)).any() or (method == "multigrid" and failed.any()):
            raise ResourceError(
                f"the potentials did not converge: after {iterations} iterations the residual is "
                f"{residual.max():.1e} where {tol:.0e} is wanted; give a coarser raster or lower contrasts"
            )
        return Potentials(self._finish(problem, x), residual, largest / injected, iterations, used)

    def _fall_back(
        self, problem: _Problem, x: Doubles, failed: NDArray[np.bool_], tol: float, method: str
    ) -> tuple[Method, int]:
        """Solve right-hand sides that multigrid left, on the components that their current reaches."""
        label = self.components
        rows, cols = self.conductances.shape
        live = np.zeros(int(label.max()) + 1, dtype=bool)
        for one in problem.b[failed]:
            live[label[one[1 : rows + 1, 1 : cols + 1] != 0]] = True
        live[0] = False
        reached = np.zeros(problem.b.shape[1:], dtype=bool)
        reached[1 : rows + 1, 1 : cols + 1] = live[label]
        reached[problem.row_col] = False
        matrix, cells = number_cells(problem.links, problem.earth, reached)
        sides = np.ascontiguousarray(problem.b[failed].reshape(-1, reached.size)[:, cells].T)
        earthed = np.zeros(cells.size, dtype=bool)
        if problem.earth.size:
            earthed = problem.earth.reshape(-1)[cells] > 0
        values, turns, used = solve_otherwise(matrix, sides, earthed, tol, method)
        flat = x.reshape(len(x), -1)
        for n, k in enumerate(np.flatnonzero(failed)):
            flat[k] = 0
            flat[k, cells] = values[:, n]
        return used, turns

    def _finish(self, problem: _Problem, x: Doubles) -> Doubles:
        """Take the margins off, write given potentials, and set what floats from its lowest cell."""
        rows, cols = self.conductances.shape
        row, col = problem.row_col
        x[:, row, col] = problem.values
        values = x[:, 1 : rows + 1, 1 : cols + 1]
        label = self.components
        held = np.zeros(int(label.max()) + 1, dtype=bool)
        held[0] = True
        if problem.earth.size:
            held[label[problem.earth[1 : rows + 1, 1 : cols + 1] > 0]] = True
            held[label[row - 1, col - 1]] = True
        for k in range(len(values)):
            settle(values[k], label, held)
        return values


@dataclass(frozen=True, slots=True)
class _Problem:
    """Conductances, earth and currents once potentials given have been cut out; padded."""

    links: Singles
    earth: Singles
    b: Doubles
    row_col: tuple[Ints, Ints]
    values: Doubles


def settle(values: Doubles, label: Ints, held: NDArray[np.bool_]) -> None:
    """Lower each component that nothing holds to 0, in place, and write NaN outside the mask."""
    from bocage.kernels.multigrid_ties import settle_potentials

    settle_potentials(values, label, held)


def _add(side: dict[Cell, float], cell: Any, amount: float) -> None:
    key = int(cell[0]), int(cell[1])
    side[key] = side.get(key, 0.0) + amount


def _tell(cells: Sequence[Cell]) -> str:
    return ", ".join(f"({i}, {j})" for i, j in cells[:5])
