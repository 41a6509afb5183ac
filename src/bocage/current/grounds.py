"""Any sources and grounds on a circuit: Circuitscape's advanced mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bocage.current.circuit import (
    Circuit,
    Factorise,
    Floats,
    label_components,
    measure_currents,
    take_part,
)
from bocage.current.systems import choose_system
from bocage.errors import DataError

Conflicts = Literal["keepall", "rmvsrc", "rmvgnd", "rmvall"]


@dataclass(frozen=True, slots=True)
class GroundsAnswer:
    """Potentials and currents of given sources and grounds.

    Attributes
    ----------
    voltage : (count,) array of float64
        In volts; 0 in components that were not solved.
    current : (count,) array of float64
        Through each node, in amperes.
    leak : (count,) array of float64
        Finite conductances to the ground that were used.
    grounded : (count,) array of bool
        Nodes tied to the ground by a wire.
    components : int
        Components solved.
    unbalanced : int
        Components left out because their sources, or their grounds, sum to zero though there are some.
    residual, balance : float
        The worst of the components.
    """

    voltage: Floats
    current: Floats
    leak: Floats
    grounded: np.ndarray
    components: int
    unbalanced: int
    residual: float
    balance: float


def settle_conflicts(sources: Floats, grounds: Floats, conflicts: Conflicts) -> tuple[Floats, Floats]:
    """Settle nodes that are both sources and grounds.

    Parameters
    ----------
    sources : (count,) array of float64
        In amperes; negative ones pull current out.
    grounds : (count,) array of float64
        Conductance to the ground, infinite for a wire.
    conflicts : {"keepall", "rmvsrc", "rmvgnd", "rmvall"}
        Keep both, remove the source, the ground, or both. Whatever is chosen, a ground by a wire under a
        source that stays is removed: no current would leave it.

    Examples
    --------
    >>> kept = settle_conflicts(np.array([1.0, 1.0]), np.array([np.inf, 2.0]), "keepall")
    >>> [values.tolist() for values in kept]
    [[1.0, 1.0], [0.0, 2.0]]
    """
    sources, grounds = sources.copy(), grounds.copy()
    both = (sources != 0) & (grounds != 0)
    if conflicts in ("rmvsrc", "rmvall"):
        sources[both] = 0
    if conflicts in ("rmvgnd", "rmvall"):
        grounds[both] = 0
    grounds[np.isinf(grounds) & (sources != 0)] = 0
    return sources, grounds


def solve_grounds(
    circuit: Circuit,
    sources: Floats,
    grounds: Floats,
    *,
    conflicts: Conflicts = "keepall",
    factorise: Factorise | None = None,
) -> GroundsAnswer:
    """Find the potentials of sources and grounds, component by component.

    A component whose sources or grounds sum to zero is left at 0 V, as Circuitscape does.

    Parameters
    ----------
    circuit : Circuit
    sources : (count,) array of float64
        Current injected at each node [A].
    grounds : (count,) array of float64
        Conductance of each node to the ground [S]; infinite for a wire, 0 for none.
    conflicts : {"keepall", "rmvsrc", "rmvgnd", "rmvall"}
    factorise : callable, optional
        Prepares grounded circuits; :func:`~bocage.current.systems.choose_system` when left out.

    Raises
    ------
    DataError
        When a ground is negative.

    Examples
    --------
    One ampere through 1 Ω, then 1 Ω to the ground:

    >>> from bocage.current.circuit import build_circuit
    >>> answer = solve_grounds(build_circuit(2, [0], [1], [1.0]), np.array([1.0, 0]), np.array([0, 1.0]))
    >>> answer.voltage.round(9).tolist(), answer.current.round(9).tolist()
    ([2.0, 1.0], [1.0, 1.0])
    """
    if (grounds < 0).any() or np.isnan(grounds).any():
        raise DataError(
            f"{int((~(grounds >= 0)).sum())} grounds have a negative conductance or none at all; "
            "give each a resistance of 0 or more"
        )
    sources, grounds = settle_conflicts(sources, grounds, conflicts)
    wires = np.isinf(grounds)
    finite = np.where(wires, 0.0, grounds)
    labels = label_components(circuit)
    total = int(labels.max(initial=-1)) + 1
    injected = np.bincount(labels, sources, total)
    strength = np.bincount(labels, np.abs(sources), total)
    drained = np.bincount(labels, np.where(wires, 1.0, grounds), total) > 0
    # Sources that sum to zero but for rounding are such that cancel.
    balanced = (strength > 0) & (np.abs(injected) <= 1e-12 * strength)
    solved = np.flatnonzero((strength > 0) & ~balanced & drained)
    voltage, current = np.zeros(circuit.count), np.zeros(circuit.count)
    residual = balance = 0.0
    for label in solved:
        part = take_part(circuit, labels, int(label))
        leak = finite[part.nodes]
        answer = (factorise or choose_system)(part, wires[part.nodes], leak).solve(
            sources[part.nodes][:, None]
        )
        voltage[part.nodes] = answer.voltage[:, 0]
        current[part.nodes] = measure_currents(part.circuit, answer.voltage[:, 0], leak)
        residual, balance = max(residual, answer.residual), max(balance, answer.balance)
    unbalanced = int((strength > 0).sum()) - solved.size
    return GroundsAnswer(voltage, current, finite, wires, solved.size, unbalanced, residual, balance)
