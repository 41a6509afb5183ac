"""A circuit: nodes, the conductances that link them, and direct solves with some nodes grounded.

Kirchhoff's laws on a graph: L v = c, where L is the Laplacian of the conductances, c the current injected at
each node and v the potentials (Doyle & Snell 1984; McRae et al. 2008, Ecology 89:2712). Each answer comes
with its relative residual and its balance: what went in and did not come out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bocage.current.factors import factorise_laplacian
from bocage.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_REFINE_ABOVE = 1e-13
"""Relative residual above which one step of iterative refinement is worth its time."""
_TRUSTED = 1e-6
"""Relative residual above which an answer is refused."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """Nodes numbered from 0 and the links between them.

    Attributes
    ----------
    count : int
        Number of nodes.
    start, end : (nlinks,) array of int64
        Nodes that each link joins; never the same, and parallel links add up.
    conductance : (nlinks,) array of float64
        Positive, in siemens: the inverse of resistance.
    """

    count: int
    start: Ints
    end: Ints
    conductance: Floats


@dataclass(frozen=True, slots=True)
class Part:
    """One connected component of a circuit, as a circuit of its own.

    Attributes
    ----------
    circuit : Circuit
    nodes : (circuit.count,) array of int64
        The node of the whole that each of its nodes is, growing.
    """

    circuit: Circuit
    nodes: Ints


@dataclass(frozen=True, slots=True)
class Potentials:
    """The answer to one or several injections of current.

    Attributes
    ----------
    voltage : (count, k) array of float64
        Zero on nodes tied to the ground.
    residual : float
        The worst relative residual, ‖c - Lv‖ / ‖c‖.
    balance : float
        The worst share of the current injected that does not reach the ground.
    """

    voltage: Floats
    residual: float
    balance: float


class GroundedSystem(Protocol):
    """A circuit some nodes of which are tied to the ground, ready for any injection."""

    def solve(self, injected: Floats) -> Potentials:
        """Find the potentials for the currents of the columns of ``injected`` (count, k)."""


Factorise = Callable[..., GroundedSystem]
"""What prepares a system from a part, its grounded nodes and its leaks, as `systems.choose_system`."""


def build_circuit(count: int, start: Any, end: Any, conductance: Any, *, gather: bool = True) -> Circuit:
    """Make a circuit from links: those of no conductance or from a node to itself are dropped.

    Parameters
    ----------
    count : int
        Number of nodes.
    start, end : (nlinks,) array of int
    conductance : (nlinks,) array of float
        Parallel links are added up.
    gather : bool
        False leaves parallel links apart and all in the order given, which changes no potential and no
        current through a node, and spares a sort.

    Raises
    ------
    DataError
        When a conductance is negative or not finite, or a link names a node that is not there.

    Examples
    --------
    >>> circuit = build_circuit(3, [0, 1, 2], [1, 0, 1], [1.0, 2.0, 4.0])
    >>> circuit.start.tolist(), circuit.end.tolist(), circuit.conductance.tolist()
    ([0, 1], [1, 2], [3.0, 4.0])
    """
    one, other = np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64)
    value = np.asarray(conductance, dtype=np.float64)
    wrong = ~(np.isfinite(value) & (value >= 0))
    if wrong.any():
        raise DataError(
            f"{int(wrong.sum())} links have a conductance that is negative or not finite, the first being "
            f"{value[wrong][0]:g} between nodes {one[wrong][0]} and {other[wrong][0]}; give 0 or more"
        )
    if one.size and (min(one.min(), other.min()) < 0 or max(one.max(), other.max()) >= count):
        raise DataError(f"a link names a node outside 0 to {count - 1}; nodes are numbered from 0")
    kept = (value > 0) & (one != other)
    if not gather:
        if kept.all():
            return Circuit(count, one, other, value)
        return Circuit(count, one[kept], other[kept], value[kept])
    low, high = np.minimum(one, other)[kept], np.maximum(one, other)[kept]
    key = low * count + high
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if key.size else np.zeros(0, dtype=np.int64)
    total = np.add.reduceat(value[kept][order], first) if key.size else np.zeros(0)
    return Circuit(count, low[order][first], high[order][first], total)


def label_components(circuit: Circuit) -> Ints:
    """Give each node the number of its connected component: (count,) array.

    >>> label_components(build_circuit(4, [0, 2], [1, 3], [1.0, 1.0])).tolist()
    [0, 0, 1, 1]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(circuit.start.size, dtype=np.int8)
    graph = coo_matrix((ones, (circuit.start, circuit.end)), shape=(circuit.count, circuit.count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def take_part(circuit: Circuit, labels: Ints, label: int) -> Part:
    """Take one component out of a circuit."""
    inside = labels == label
    nodes = np.flatnonzero(inside)
    links = inside[circuit.start]
    if nodes.size == circuit.count:
        return Part(circuit, nodes)
    number = np.cumsum(inside) - 1
    return Part(
        Circuit(
            nodes.size, number[circuit.start[links]], number[circuit.end[links]], circuit.conductance[links]
        ),
        nodes,
    )


def measure_currents(circuit: Circuit, voltage: Floats, leak: Floats | None = None) -> Floats:
    """Measure the current through each node: the larger of what comes in and what goes out [A].

    Parameters
    ----------
    circuit : Circuit
    voltage : (count,) array of float64
    leak : (count,) array of float64, optional
        Finite conductance of each node to the ground.

    Returns
    -------
    (count,) array of float64

    Examples
    --------
    One ampere through two resistors of 1 Ω, one after the other:

    >>> line = build_circuit(3, [0, 1], [1, 2], [1.0, 1.0])
    >>> measure_currents(line, np.array([2.0, 1.0, 0.0])).tolist()
    [1.0, 1.0, 1.0]
    """
    from bocage.kernels.circuit import measure_flows

    current = np.empty(circuit.count)
    measure_flows(
        circuit.start,
        circuit.end,
        circuit.conductance,
        np.ascontiguousarray(voltage, dtype=np.float64),
        np.zeros(0) if leak is None else np.ascontiguousarray(leak, dtype=np.float64),
        current,
    )
    return current


def measure_branches(circuit: Circuit, voltage: Floats) -> Floats:
    """Measure the current through each link, without its direction [A]: (nlinks,) array."""
    flow: Floats = np.abs(circuit.conductance * (voltage[circuit.start] - voltage[circuit.end]))
    return flow


@dataclass(frozen=True, slots=True)
class DirectSystem:
    """The sparse factors of a grounded circuit."""

    free: Ints
    matrix: csc_matrix
    factor: Any
    to_ground: Floats
    count: int

    def solve(self, injected: Floats) -> Potentials:
        """Find the potentials for the currents of the columns of ``injected`` (count, k)."""
        right = np.asfortranarray(injected[self.free])
        found = self.factor.solve(right)
        lacking = right - self.matrix @ found
        size = np.linalg.norm(right, axis=0)
        size[size == 0] = 1.0
        residual = np.linalg.norm(lacking, axis=0) / size
        if residual.size and residual.max() > _REFINE_ABOVE:
            refined = found + self.factor.solve(lacking)
            lacking = right - self.matrix @ refined
            better = np.linalg.norm(lacking, axis=0) / size
            kept = better < residual
            found[:, kept], residual[kept] = refined[:, kept], better[kept]
        worst = float(residual.max(initial=0.0))
        if not worst <= _TRUSTED:
            raise DataError(
                f"the circuit could not be solved: {worst:.1e} of the current is unaccounted for; "
                "its resistances differ too much, bring the largest and the smallest closer"
            )
        into_ground = self.to_ground @ found
        given = np.abs(right).sum(axis=0)
        given[given == 0] = 1.0
        balance = float((np.abs(right.sum(axis=0) - into_ground) / given).max(initial=0.0))
        voltage = np.zeros((self.count, injected.shape[1]))
        voltage[self.free] = found
        return Potentials(voltage, worst, balance)


def build_reduced_matrix(
    circuit: Circuit, grounded: Mask, leak: Floats | None = None
) -> tuple[Ints, csc_matrix, Floats]:
    """Build the Laplacian of a circuit, the grounded nodes left out.

    Returns
    -------
    free : (m,) array of int64
        Nodes that are left.
    matrix : (m, m) csc_matrix
    to_ground : (m,) array of float64
        Conductance of each to the ground, by its links and its leak.
    """
    from scipy.sparse import coo_matrix

    free = np.flatnonzero(~grounded)
    number = np.cumsum(~grounded) - 1
    degree: Floats = np.bincount(circuit.start, circuit.conductance, circuit.count).astype(np.float64)
    degree = degree + np.bincount(circuit.end, circuit.conductance, circuit.count)
    to_ground = np.zeros(circuit.count)
    if leak is not None:
        to_ground += leak
        degree = degree + leak
    for one, other in ((circuit.start, circuit.end), (circuit.end, circuit.start)):
        wired = grounded[other] & ~grounded[one]
        to_ground += np.bincount(one[wired], circuit.conductance[wired], circuit.count)
    inner = ~(grounded[circuit.start] | grounded[circuit.end])
    one, other = number[circuit.start[inner]], number[circuit.end[inner]]
    value = -circuit.conductance[inner]
    diagonal = np.arange(free.size)
    matrix = coo_matrix(
        (
            np.concatenate([value, value, degree[free]]),
            (np.concatenate([one, other, diagonal]), np.concatenate([other, one, diagonal])),
        ),
        shape=(free.size, free.size),
    ).tocsc()
    return free, matrix, to_ground[free]


def factorise_directly(circuit: Circuit, grounded: Mask, leak: Floats | None = None) -> DirectSystem:
    """Factorise the Laplacian of a circuit, the grounded nodes left out; serves any injection.

    Parameters
    ----------
    circuit : Circuit
        Every component of it must hold a ground.
    grounded : (count,) array of bool
        Nodes tied to the ground by a wire.
    leak : (count,) array of float64, optional
        Finite conductance of each node to the ground.

    Notes
    -----
    See :func:`bocage.current.factors.factorise_laplacian`.

    Examples
    --------
    >>> line = build_circuit(3, [0, 1], [1, 2], [1.0, 0.5])
    >>> system = factorise_directly(line, np.array([False, False, True]))
    >>> system.solve(np.array([[1.0], [0.0], [0.0]])).voltage[:, 0].round(9).tolist()
    [3.0, 2.0, 0.0]
    """
    free, matrix, to_ground = build_reduced_matrix(circuit, grounded, leak)
    factor: Any
    if free.size == 0:
        factor = _Nothing()
    else:
        try:
            factor = factorise_laplacian(matrix)
        except RuntimeError as error:
            raise DataError(
                "the circuit is singular: a part of it has no ground; give one to each part that has a source"
            ) from error
    return DirectSystem(free, matrix, factor, to_ground, circuit.count)


class _Nothing:
    """The factors of an empty matrix."""

    def solve(self, right: Floats) -> Floats:
        """Give back the nothing asked."""
        return right.copy()
