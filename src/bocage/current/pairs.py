"""All pairs of some nodes of a circuit from as few solves as possible.

Let the first of N nodes be grounded and one ampere enter at each of the others in turn: by linearity, the
potentials of the pair (i, j) are the difference of two of those N - 1 answers, and the effective resistance
is R_ij = z_ii + z_jj - 2 z_ij (Klein & Randić 1993). One factor serves a whole component.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.current.circuit import (
    Circuit,
    Factorise,
    Floats,
    GroundedSystem,
    Ints,
    Mask,
    Part,
    label_components,
    take_part,
)
from bocage.current.systems import choose_system

_BATCH = 16
"""Right-hand sides solved together."""
_COLUMNS_BYTES = 2_000_000_000
"""What the answers kept for the pairs may take; beyond, some are computed again."""


@dataclass(frozen=True, slots=True)
class PairFlow:
    """One ampere from the second place of a pair to the first, which is at 0 V.

    Attributes
    ----------
    first, second : int
        Places, by their index.
    resistance : float
        Effective resistance [Ω].
    part : Part
        The component they are in; of no node when both are the same node.
    voltage : (part.circuit.count,) array of float64
    """

    first: int
    second: int
    resistance: float
    part: Part
    voltage: Floats


@dataclass(frozen=True, slots=True)
class PairTable:
    """Effective resistances between places.

    Attributes
    ----------
    resistance : (n, n) array of float64
        In ohms; -1 where the pair is disconnected or was not asked for, 0 on the diagonal.
    residual, balance : float
        The worst of all solves.
    solves : int
    """

    resistance: Floats
    residual: float
    balance: float
    solves: int


Visit = Callable[[PairFlow], None]
NOWHERE = Part(
    Circuit(0, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)),
    np.zeros(0, dtype=np.int64),
)


def solve_pairs(
    circuit: Circuit,
    nodes: Ints,
    wanted: NDArray[np.bool_] | None = None,
    *,
    visit: Visit | None = None,
    factorise: Factorise | None = None,
    columns_bytes: int = _COLUMNS_BYTES,
    ground: int | None = None,
) -> PairTable:
    """Find the effective resistance of pairs of nodes, N - 1 solves serving all pairs of N.

    Parameters
    ----------
    circuit : Circuit
    nodes : (n,) array of int
        Node of each place, -1 for a place that is on none; several may share one.
    wanted : (n, n) array of bool, optional
        Pairs asked for, read above the diagonal; all when left out.
    visit : callable, optional
        Called with the :class:`PairFlow` of each connected pair; when left out, potentials are not kept.
    factorise : callable, optional
        Prepares grounded circuits; :func:`~bocage.current.systems.choose_system` when left out.
    ground : int, optional
        Node that is best grounded, if it is among those used: a region, on a large raster.
    columns_bytes : int
        What the potentials kept may take.

    Examples
    --------
    Three resistors of 1 Ω in a triangle: 2 Ω in parallel with 1 Ω.

    >>> from bocage.current.circuit import build_circuit
    >>> triangle = build_circuit(3, [0, 1, 2], [1, 2, 0], [1.0, 1.0, 1.0])
    >>> solve_pairs(triangle, np.array([0, 1, 2])).resistance.round(6).tolist()
    [[0.0, 0.666667, 0.666667], [0.666667, 0.0, 0.666667], [0.666667, 0.666667, 0.0]]
    """
    count = nodes.size
    asked = np.triu(np.ones((count, count), dtype=bool) if wanted is None else wanted, 1)
    resistance = np.full((count, count), -1.0)
    np.fill_diagonal(resistance, 0.0)
    labels = label_components(circuit)
    label = np.where(nodes >= 0, labels[np.maximum(nodes, 0)], -1) if circuit.count else np.full(count, -1)
    residual = balance = 0.0
    solves = 0
    for one in np.unique(label[label >= 0]):
        places = np.flatnonzero(label == one)
        pairs = np.argwhere(asked[np.ix_(places, places)])
        if not pairs.size:
            continue
        part = take_part(circuit, labels, int(one))
        local = np.searchsorted(part.nodes, nodes[places])
        # Only nodes that some pair asks for are solved.
        used = np.unique(local[np.unique(pairs)])
        basis = _Basis(part, used, factorise or choose_system, ground)
        for flow in basis.visit_pairs(
            places, local, pairs, keep=visit is not None, columns_bytes=columns_bytes
        ):
            resistance[flow.first, flow.second] = resistance[flow.second, flow.first] = flow.resistance
            if visit is not None:
                visit(flow)
        residual, balance = max(residual, basis.residual), max(balance, basis.balance)
        solves += basis.solves
    return PairTable(resistance, residual, balance, solves)


class _Basis:
    """Answers to one ampere from each used node to the first of them, kept or made again by blocks."""

    def __init__(self, part: Part, used: Ints, factorise: Factorise, ground: int | None) -> None:
        self.part, self.used = part, used
        self.residual = self.balance = 0.0
        self.solves = 0
        self._system: GroundedSystem | None = None
        at = np.searchsorted(used, np.searchsorted(part.nodes, -1 if ground is None else ground))
        known = ground is not None and at < used.size and part.nodes[used[at]] == ground
        self._ground = int(at) if known else 0
        if used.size > 1:
            grounded: Mask = np.zeros(part.circuit.count, dtype=bool)
            grounded[used[self._ground]] = True
            self._system = factorise(part, grounded)

    def visit_pairs(
        self, places: Ints, local: Ints, pairs: Ints, *, keep: bool, columns_bytes: int
    ) -> Iterator[PairFlow]:
        """Yield the flow of each pair, block by block of the nodes used."""
        position = np.searchsorted(self.used, local)
        if not keep:
            potential = self._solve(np.arange(self.used.size), self.used)
            for one, other in pairs:
                i, j = position[one], position[other]
                # Exact zero for the same node; otherwise z_ii + z_jj - z_ij - z_ji.
                value = potential[i, i] + potential[j, j] - potential[i, j] - potential[j, i]
                yield PairFlow(
                    int(places[one]),
                    int(places[other]),
                    0.0 if i == j else float(value),
                    NOWHERE,
                    np.zeros(0),
                )
            return
        per_column = 8 * self.part.circuit.count
        block = self.used.size
        if block * per_column > columns_bytes:
            block = max(1, columns_bytes // (2 * per_column))
        low, high = (
            np.minimum(position[pairs[:, 0]], position[pairs[:, 1]]),
            np.maximum(position[pairs[:, 0]], position[pairs[:, 1]]),
        )
        for a in range(0, self.used.size, block):
            in_a = (low >= a) & (low < a + block)
            if not in_a.any():
                continue
            mine = self._solve(np.arange(a, min(a + block, self.used.size)), None)
            for b in range(a, self.used.size, block):
                chosen = np.flatnonzero(in_a & (high >= b) & (high < b + block))
                if not chosen.size:
                    continue
                theirs = mine if a == b else self._solve(np.arange(b, min(b + block, self.used.size)), None)
                for row in chosen:
                    one, other = pairs[row]
                    yield self._combine(int(places[one]), int(places[other]), position[one], position[other],
                                        (a, mine), (b, theirs))  # fmt: skip

    def _combine(
        self, first: int, second: int, i: int, j: int, near: tuple[int, Floats], far: tuple[int, Floats]
    ) -> PairFlow:
        if i == j:
            return PairFlow(first, second, 0.0, NOWHERE, np.zeros(0))

        def column(k: int) -> Floats:
            begin, held = near if near[0] <= k < near[0] + near[1].shape[1] else far
            taken: Floats = held[:, k - begin]
            return taken

        voltage = column(j) - column(i)
        voltage -= voltage[self.used[i]]
        return PairFlow(first, second, float(voltage[self.used[j]]), self.part, voltage)

    def _solve(self, which: Ints, rows: Ints | None) -> Floats:
        """Potentials of the columns asked, on all nodes or on some rows."""
        count = self.part.circuit.count
        found = np.zeros((count if rows is None else rows.size, which.size), order="F")
        for begin in range(0, which.size, _BATCH):
            batch = which[begin : begin + _BATCH]
            if self._system is None:
                continue
            injected = np.zeros((count, batch.size), order="F")
            injected[self.used[batch], np.arange(batch.size)] = 1.0
            # The node that is the ground itself takes no current.
            injected[self.used[self._ground]] = 0.0
            answer = self._system.solve(injected)
            self.residual, self.balance = (
                max(self.residual, answer.residual),
                max(self.balance, answer.balance),
            )
            self.solves += int((batch != self._ground).sum())
            found[:, begin : begin + batch.size] = answer.voltage if rows is None else answer.voltage[rows]
        return found
