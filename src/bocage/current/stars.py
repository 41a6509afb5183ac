"""One place against all others: current enters at one and the others are grounded, or the reverse.

With all places grounded, a single factor serves every source of one-to-all: its potential is set to 1 V, its
links become injections at its neighbours, and the answer is scaled by the current that leaves it. In
all-to-one, one place grounded serves every ground: potentials are only shifted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bocage.current.circuit import (
    Circuit,
    Factorise,
    Floats,
    Ints,
    Part,
    label_components,
    take_part,
)
from bocage.current.pairs import NOWHERE

_BATCH = 16


@dataclass(frozen=True, slots=True)
class StarFlow:
    """Current between one place and the others.

    Attributes
    ----------
    place : int
        Index of the place.
    resistance : float
        As :class:`bocage.current.modes.FocalResult` says it.
    part : Part
        Component of the place; of no node where nothing flows.
    voltage : (part.circuit.count,) array of float64
    active : (n,) array of int64
        Nodes of the whole circuit where current enters or leaves.
    residual, balance : float
    """

    place: int
    resistance: float
    part: Part
    voltage: Floats
    active: Ints
    residual: float = 0.0
    balance: float = 0.0


Show = Callable[[StarFlow], None]


def solve_one_to_all(
    circuit: Circuit, nodes: Ints, strengths: Floats, show: Show, factorise: Factorise
) -> None:
    """Inject the strength of each place in turn at its node, the other places' nodes being grounded.

    Parameters
    ----------
    circuit : Circuit
    nodes : (n,) array of int64
        Node of each place, -1 for none.
    strengths : (n,) array of float64
        In amperes.
    show : callable
        Called with the :class:`StarFlow` of each place, place after place within each component; first of all
        with those that have no other to exchange with.
    factorise : callable
    """
    active = np.unique(nodes[nodes >= 0])
    for part, places, local in _part_places(circuit, nodes, show):
        grounded = np.zeros(part.circuit.count, dtype=bool)
        grounded[local] = True
        system = factorise(part, grounded)
        for begin in range(0, places.size, _BATCH):
            batch = local[begin : begin + _BATCH]
            injected = np.zeros((part.circuit.count, batch.size), order="F")
            for column, node in enumerate(batch):
                for mine, theirs in (
                    (part.circuit.start, part.circuit.end),
                    (part.circuit.end, part.circuit.start),
                ):
                    links = mine == node
                    np.add.at(injected[:, column], theirs[links], part.circuit.conductance[links])
            injected[grounded] = 0.0
            answer = system.solve(injected)
            for column, node in enumerate(batch.tolist()):
                place = int(places[begin + column])
                voltage = answer.voltage[:, column]
                voltage[node] = 1.0
                leaving = _leave(part.circuit, voltage, node)
                resistance = 1 / leaving
                if strengths[place] == 0:
                    show(_nothing(place))
                    continue
                show(
                    StarFlow(
                        place,
                        resistance,
                        part,
                        voltage * (strengths[place] * resistance),
                        active,
                        answer.residual,
                        answer.balance,
                    )
                )


def solve_all_to_one(
    circuit: Circuit, nodes: Ints, strengths: Floats, show: Show, factorise: Factorise
) -> None:
    """Ground each place in turn, the others injecting their strengths; parameters as one-to-all's."""
    active = np.unique(nodes[nodes >= 0])
    for part, places, local in _part_places(circuit, nodes, show):
        total = np.bincount(local, strengths[places], part.circuit.count).astype(np.float64)
        grounded = np.zeros(part.circuit.count, dtype=bool)
        grounded[local[0]] = True
        system = factorise(part, grounded)
        for begin in range(0, places.size, _BATCH):
            batch = local[begin : begin + _BATCH]
            injected = np.repeat(total[:, None], batch.size, axis=1)
            injected[batch, np.arange(batch.size)] = 0.0
            amount = injected.sum(axis=0)
            injected[batch, np.arange(batch.size)] = -amount
            injected[grounded] = 0.0
            answer = system.solve(injected)
            for column, node in enumerate(batch.tolist()):
                place = int(places[begin + column])
                if amount[column] == 0:
                    show(_nothing(place))
                    continue
                voltage = answer.voltage[:, column] - answer.voltage[node, column]
                show(StarFlow(place, 0.0, part, voltage, active, answer.residual, answer.balance))


def solve_star(
    mode: Literal["one", "all"],
    circuit: Circuit,
    place: int,
    own: list[Ints],
    others: list[Ints],
    strengths: Floats,
    strength: float,
    factorise: Factorise,
) -> StarFlow:
    """Solve one place against others that are chosen for it.

    Parameters
    ----------
    mode : {"one", "all"}
    circuit : Circuit
    place : int
    own : list of one array
        Nodes of its cells.
    others : list of arrays
        Nodes of the cells of each other place.
    strengths : (len(others),) array of float64
        In amperes.
    strength : float
        Of the place itself.
    factorise : callable
    """
    mine = own[0]
    if not mine.size:
        return _nothing(place)
    labels = label_components(circuit)
    part = take_part(circuit, labels, int(labels[mine[0]]))
    inside = [nodes[labels[nodes] == labels[mine[0]]] for nodes in others]
    theirs = np.concatenate([*inside, np.zeros(0, dtype=np.int64)])
    injected = np.zeros(circuit.count)
    grounded = np.zeros(circuit.count, dtype=bool)
    if mode == "one":
        grounded[theirs] = True
        grounded[mine[0]] = False
        injected[mine[0]] = strength
    else:
        for nodes, amperes in zip(inside, strengths, strict=True):
            # One source a place, at its first cell where it is not merged.
            np.add.at(injected, nodes[:1], amperes)
        grounded[mine] = True
        injected[mine] = 0.0
    if not grounded[part.nodes].any() or injected.sum() == 0:
        return _nothing(place)
    answer = factorise(part, grounded[part.nodes]).solve(injected[part.nodes][:, None])
    voltage = answer.voltage[:, 0]
    resistance = float(voltage[np.searchsorted(part.nodes, mine[0])] / strength) if mode == "one" else 0.0
    active = np.union1d(theirs, mine)
    return StarFlow(place, resistance, part, voltage, active, answer.residual, answer.balance)


def _label(circuit: Circuit, nodes: Ints) -> tuple[Ints, Ints]:
    labels = label_components(circuit)
    return labels, np.where(nodes >= 0, labels[np.maximum(nodes, 0)], -1)


def _part_places(circuit: Circuit, nodes: Ints, show: Show) -> Iterator[tuple[Part, Ints, Ints]]:
    """Give each component with several nodes of places, with these places and their nodes in it.

    Places that have no other to exchange with are shown as such on the way.
    """
    labels, label = _label(circuit, nodes)
    for one in np.unique(label):
        places = np.flatnonzero(label == one)
        if one < 0 or np.unique(nodes[places]).size < 2:
            for alone in places.tolist():
                show(_nothing(alone))
            continue
        part = take_part(circuit, labels, int(one))
        yield part, places, np.searchsorted(part.nodes, nodes[places])


def _leave(circuit: Circuit, voltage: Floats, node: int) -> float:
    """Sum the current that leaves a node at 1 V."""
    links = (circuit.start == node) | (circuit.end == node)
    beyond = np.where(circuit.start[links] == node, circuit.end[links], circuit.start[links])
    return float((circuit.conductance[links] * (1.0 - voltage[beyond])).sum())


def _nothing(place: int) -> StarFlow:
    return StarFlow(place, -1.0, NOWHERE, np.zeros(0), np.zeros(0, dtype=np.int64))
