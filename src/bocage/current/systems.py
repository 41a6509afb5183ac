"""The solver that a grounded circuit is given: sparse factors, multigrid on its raster, or aggregation.

Factors serve any circuit and any number of right-hand sides, at two kilobytes a node. Beyond a size, a raster
is given to :class:`~bocage.current.solver.CurrentSolver`, whose hierarchy is kept from one to the next,
as long as what is merged is grounded or is the one place where current enters: a pair of regions is a
Dirichlet problem on the same landscape. Any other large circuit goes to aggregation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage.current.circuit import (
    Circuit,
    Factorise,
    Floats,
    GroundedSystem,
    Ints,
    Mask,
    Part,
    Potentials,
    build_reduced_matrix,
    factorise_directly,
)
from bocage.current.regions import RasterCircuit

if TYPE_CHECKING:
    from bocage.current.solver import CurrentSolver

MOST_DIRECT = 300_000
"""Nodes up to which circuits are factorised."""
TOLERANCE = 1e-8


def choose_system(part: Part, grounded: Mask, leak: Floats | None = None) -> GroundedSystem:
    """Factorise a circuit, or prepare aggregation for a large one.

    Parameters
    ----------
    part : Part
        Every component of it must hold a ground.
    grounded : (count,) array of bool
    leak : (count,) array of float64, optional
        Finite conductance of each node to the ground.
    """
    if part.circuit.count - int(grounded.sum()) <= MOST_DIRECT:
        return factorise_directly(part.circuit, grounded, leak)
    return AggregatedSystem(part.circuit, grounded, leak)


class AggregatedSystem:
    """A large grounded circuit of any shape, solved by conjugate gradients and aggregation."""

    def __init__(self, circuit: Circuit, grounded: Mask, leak: Floats | None) -> None:
        self._free, self._matrix, self._to_ground = build_reduced_matrix(circuit, grounded, leak)
        self._count = circuit.count

    def solve(self, injected: Floats) -> Potentials:
        """Find the potentials for the currents of the columns of ``injected`` (count, k)."""
        from bocage.current.fallback import solve_otherwise

        right = np.ascontiguousarray(injected[self._free])
        found, _, _ = solve_otherwise(self._matrix.tocsr(), right, self._to_ground > 0, TOLERANCE, "auto")
        lacking = right - self._matrix @ found
        size = np.linalg.norm(right, axis=0)
        given = np.abs(right).sum(axis=0)
        size[size == 0] = given[given == 0] = 1.0
        residual = float((np.linalg.norm(lacking, axis=0) / size).max(initial=0.0))
        missing = np.abs(right.sum(axis=0) - self._to_ground @ found)
        voltage = np.zeros((self._count, injected.shape[1]))
        voltage[self._free] = found
        return Potentials(voltage, residual, float((missing / given).max(initial=0.0)))


class Landscape:
    """Prepares systems for the circuits of one raster: its own and those with cells merged.

    Parameters
    ----------
    raster : RasterCircuit
        With nothing merged.
    most_direct : int
        Nodes up to which circuits are factorised.
    """

    def __init__(self, raster: RasterCircuit, most_direct: int = MOST_DIRECT) -> None:
        self._raster = raster
        self._most_direct = most_direct
        self._solver: CurrentSolver | None = None

    def choose(self, merged: RasterCircuit) -> Factorise:
        """Choose how the circuits of a raster, merged or not, are solved."""

        def factorise(part: Part, grounded: Mask, leak: Floats | None = None) -> GroundedSystem:
            if part.circuit.count <= self._most_direct:
                return factorise_directly(part.circuit, grounded, leak)
            return _RasterSystem(self._give_solver(), merged, part, grounded, leak)

        return factorise

    def _give_solver(self) -> CurrentSolver:
        if self._solver is None:
            from bocage.current.conductance import Conductances
            from bocage.current.solver import CurrentSolver

            self._solver = CurrentSolver(
                Conductances.from_conductance(
                    self._raster.conductance,
                    neighbours=self._raster.neighbours,
                    average=self._raster.average,
                )
            )
        return self._solver


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells of the nodes of a part, node after node."""

    node: Ints
    row: Ints
    col: Ints
    size: Ints


class _RasterSystem:
    """A grounded part of a raster's circuit, solved on the raster where it can be."""

    def __init__(
        self, solver: CurrentSolver, merged: RasterCircuit, part: Part, grounded: Mask, leak: Floats | None
    ) -> None:
        self._solver, self._part, self._grounded, self._leak = solver, part, grounded, leak
        self._cells = _list_cells(merged, part)
        self._other: GroundedSystem | None = None
        # Cells of a region that do not conduct may link by the mean of conductances: not on the raster.
        plain = merged.average == "resistance" or self._cells.size.max(initial=0) <= 1
        self._able = plain
        self._leaks = leak is not None and bool(leak.any())

    def solve(self, injected: Floats) -> Potentials:
        """Find the potentials for the currents of the columns of ``injected`` (count, k)."""
        wide = (self._cells.size > 1) & ~self._grounded
        if not self._able or (wide.any() and (self._leaks or not _enters_there(injected, wide))):
            return self._give_other().solve(injected)
        if wide.any():
            return self._solve_between(injected, int(np.flatnonzero(wide)[0]))
        answers = [self._solve_column(injected[:, column]) for column in range(injected.shape[1])]
        return Potentials(
            np.stack([answer.voltage[:, 0] for answer in answers], axis=1),
            max(answer.residual for answer in answers),
            max(answer.balance for answer in answers),
        )

    def _solve_column(self, injected: Floats) -> Potentials:
        """One column of currents that enter at single cells."""
        cells, ground = self._cells, self._grounded[self._cells.node]
        entering = self._list_entering(injected)
        if not entering:
            return Potentials(np.zeros((injected.size, 1)), 0.0, 0.0)
        if int(ground.sum()) == 1 and not self._leaks:
            # A single cell at 0 V: what enters leaves there, and the hierarchy of the landscape serves.
            at = int(np.flatnonzero(ground)[0])
            entering[int(cells.row[at]), int(cells.col[at])] = -sum(entering.values())
            answer = self._solver.solve(entering, tol=TOLERANCE)
        else:
            answer = self._solver.solve(entering, grounds=self._draw_grounds(), tol=TOLERANCE)
        voltage = self._read(answer.values[0])
        if self._grounded.any():
            voltage -= voltage[int(np.flatnonzero(self._grounded)[0])]
            voltage[self._grounded] = 0.0
        return Potentials(voltage[:, None], float(answer.residual.max()), float(answer.balance.max()))

    def _solve_between(self, injected: Floats, node: int) -> Potentials:
        """Solve current that enters at one region: put it at 1 V, and scale the answer to the current."""
        shape = self._solver.conductances.shape
        fixed = np.full(shape, np.nan)
        held = self._grounded[self._cells.node]
        fixed[self._cells.row[held], self._cells.col[held]] = 0.0
        own = self._cells.node == node
        fixed[self._cells.row[own], self._cells.col[own]] = 1.0
        answer = self._solver.solve(
            fixed=np.where(self._solver.conductances.mask, fixed, np.nan), tol=TOLERANCE
        )
        voltage = self._read(answer.values[0])
        voltage[self._grounded], voltage[node] = 0.0, 1.0
        circuit = self._part.circuit
        flow = circuit.conductance * (voltage[circuit.start] - voltage[circuit.end])
        leaving = float(flow[circuit.start == node].sum() - flow[circuit.end == node].sum())
        arriving = flow[self._grounded[circuit.end]].sum() - flow[self._grounded[circuit.start]].sum()
        scaled = voltage[:, None] * (injected[node][None, :] / leaving)
        balance = abs(leaving - float(arriving)) / leaving
        return Potentials(scaled, float(answer.residual.max()), balance)

    def _list_entering(self, injected: Floats) -> dict[tuple[int, int], float]:
        chosen = np.flatnonzero((injected != 0)[self._cells.node] & ~self._grounded[self._cells.node])
        rows, cols = self._cells.row[chosen].tolist(), self._cells.col[chosen].tolist()
        amounts = injected[self._cells.node[chosen]].tolist()
        return dict(zip(zip(rows, cols, strict=True), amounts, strict=True))

    def _draw_grounds(self) -> Floats:
        grounds = np.zeros(self._solver.conductances.shape)
        held = self._grounded[self._cells.node]
        if self._leak is not None:
            grounds[self._cells.row, self._cells.col] = self._leak[self._cells.node]
        grounds[self._cells.row[held], self._cells.col[held]] = np.inf
        return np.where(self._solver.conductances.mask, grounds, 0.0)

    def _read(self, values: Floats) -> Floats:
        """Potentials of the nodes of the part; cells of a node that do not conduct say nothing."""
        found = np.nan_to_num(values[self._cells.row, self._cells.col], nan=0.0)
        voltage = np.zeros(self._part.circuit.count)
        voltage[self._cells.node] = found
        return voltage

    def _give_other(self) -> GroundedSystem:
        if self._other is None:
            self._other = choose_system(self._part, self._grounded, self._leak)
        return self._other


def _list_cells(merged: RasterCircuit, part: Part) -> _Cells:
    number = np.full(merged.circuit.count + 1, -1, dtype=np.int64)
    number[part.nodes] = np.arange(part.nodes.size)
    local = number[merged.node]
    row, col = np.nonzero((local >= 0) & (merged.conductance > 0))
    node = local[row, col]
    return _Cells(node, row, col, np.bincount(node, minlength=part.circuit.count))


def _enters_there(injected: Floats, wide: Any) -> bool:
    """Whether current enters at one region only, and nowhere else."""
    return int(wide.sum()) == 1 and not injected[~wide].any()
