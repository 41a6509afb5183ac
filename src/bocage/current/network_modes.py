"""The modes of Circuitscape on networks: pairwise and advanced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.current.circuit import (
    Circuit,
    Factorise,
    Floats,
    Ints,
    build_circuit,
    measure_branches,
    measure_currents,
)
from bocage.current.grounds import Conflicts, GroundsAnswer, solve_grounds
from bocage.current.modes import choose_pairs
from bocage.current.pairs import PairFlow, PairTable, solve_pairs
from bocage.errors import DataError


@dataclass(frozen=True, slots=True)
class Network:
    """A network of resistors whose nodes have numbers of their own.

    Attributes
    ----------
    ids : (count,) array of int64
        Growing.
    circuit : Circuit
    """

    ids: Ints
    circuit: Circuit

    def find(self, ids: NDArray[Any]) -> Ints:
        """Find the node of each id; -1 for one that is not there."""
        asked = np.asarray(ids, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.ids, asked), max(self.ids.size - 1, 0))
        return np.where(self.ids[at] == asked, at, -1)


@dataclass(frozen=True, slots=True)
class NetworkFlow:
    """Current between two nodes of a network.

    Attributes
    ----------
    ids : (int, int)
        The second is the source; the first is at 0 V.
    resistance : float
    nodes : (n,) array of int64
        Ids of the nodes of their component.
    voltage, current : (n,) array of float64
        Of those nodes.
    link_start, link_end : (m,) array of int64
        Ids of the ends of the links of their component.
    branch : (m,) array of float64
        Current through those links [A].
    """

    ids: tuple[int, int]
    resistance: float
    nodes: Ints
    voltage: Floats
    current: Floats
    link_start: Ints
    link_end: Ints
    branch: Floats


def build_network(start: NDArray[Any], end: NDArray[Any], conductance: NDArray[Any]) -> Network:
    """Make a network of resistors from a list of links; parallel ones add up.

    Parameters
    ----------
    start, end : (nlinks,) array of int
        Numbers of nodes, whatever they begin with.
    conductance : (nlinks,) array of float
        In siemens.
    """
    one, other = np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64)
    ids, index = np.unique(np.concatenate([one, other]), return_inverse=True)
    return Network(ids, build_circuit(ids.size, index[: one.size], index[one.size :], conductance))


def pairwise_network(
    network: Network,
    points: NDArray[Any],
    *,
    pairs: NDArray[Any] | None = None,
    silence_places: bool = False,
    visit: Callable[[NetworkFlow], None] | None = None,
    factorise: Factorise | None = None,
) -> tuple[Ints, PairTable]:
    """Find the effective resistance of each pair of nodes.

    Parameters
    ----------
    network : Network
    points : (n,) array of int
        Ids of the focal nodes; one that no link touches is disconnected.
    pairs : (k, 2) array of int, optional
        Ids of the pairs asked for; all when left out.
    silence_places : bool
        Give no current on the two nodes of a pair.
    visit : callable, optional
        Called with the :class:`NetworkFlow` of each connected pair.

    Returns
    -------
    ids : (n,) array of int64
        Growing, each once.
    table : PairTable

    Examples
    --------
    Wheatstone's bridge, balanced: nothing goes through the middle.

    >>> bridge = build_network([1, 1, 2, 3, 2], [2, 3, 4, 4, 3], np.ones(5))
    >>> flows = []
    >>> ids, table = pairwise_network(bridge, [1, 4], visit=flows.append)
    >>> float(table.resistance[0, 1].round(9)), flows[0].branch.round(9).tolist()
    (1.0, [0.5, 0.5, 0.0, 0.5, 0.5])
    """
    ids = np.unique(np.asarray(points, dtype=np.int64))
    if ids.size < 2:
        raise DataError(f"{ids.size} focal node was found; give at least two, of different ids")
    nodes = network.find(ids)

    def show(flow: PairFlow) -> None:
        part = flow.part
        current = measure_currents(part.circuit, flow.voltage)
        if silence_places and current.size:
            current[np.searchsorted(part.nodes, nodes[[flow.first, flow.second]])] = 0.0
        assert visit is not None
        visit(
            NetworkFlow(
                (int(ids[flow.first]), int(ids[flow.second])),
                flow.resistance,
                network.ids[part.nodes],
                flow.voltage,
                current,
                network.ids[part.nodes[part.circuit.start]],
                network.ids[part.nodes[part.circuit.end]],
                measure_branches(part.circuit, flow.voltage),
            )
        )

    table = solve_pairs(
        network.circuit,
        nodes,
        choose_pairs(ids, pairs),
        visit=None if visit is None else show,
        factorise=factorise,
    )
    return ids, table


def advanced_network(
    network: Network,
    sources: Floats,
    grounds: Floats,
    *,
    conflicts: Conflicts = "keepall",
    factorise: Factorise | None = None,
) -> GroundsAnswer:
    """Find the potentials of given sources and grounds.

    Parameters
    ----------
    network : Network
    sources : (count,) array of float64
        In amperes, of each node in the order of ``network.ids``.
    grounds : (count,) array of float64
        Conductance to the ground [S]; infinite for a wire, 0 for none.
    conflicts : {"keepall", "rmvsrc", "rmvgnd", "rmvall"}

    Raises
    ------
    DataError
        When nothing can be solved.
    """
    answer = solve_grounds(network.circuit, sources, grounds, conflicts=conflicts, factorise=factorise)
    if not answer.components:
        raise DataError(
            "nothing can be solved: no part of the network holds both a ground and sources that do not "
            "sum to zero; check sources, grounds and what is removed where they meet"
        )
    return answer
