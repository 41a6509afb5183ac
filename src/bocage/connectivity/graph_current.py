"""Current flow on the landscape graph: links are resistors, so every way counts and not the cheapest alone.

The conductance of a link is one over its cost, in parallel links the sum, and ways across patches
(``inner``) have no part in it: Graphab's convention, found by reproducing its values, and that of
Circuitscape's networks of resistances. Resistances come in the unit of the costs. McRae, Dickson, Keitt and
Shah (2008), doi:10.1890/07-1861.1, for what they mean in a landscape.

The Laplacian of each component is grounded at its first patch and factored once; a solve for the two ends
of a link gives by reciprocity what that link carries for every source. Nothing is dropped and no iteration
stops early. Each result holds the largest residual of its solves, and is refused where that is not small.

Time: a factor; n solves for CF and ECCirc; m solves and O(n² m) for the sums over pairs (BCCirc, PCF,
betweenness). Memory: factors, some 2 kB a patch, and for pairs ``8 s²`` bytes of a component of s patches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.components import label_components
from bocage.connectivity.landscape import Dispersal, Floats, Ints, LandscapeGraph
from bocage.connectivity.topology import check_costs, iterate_costs
from bocage.current.factors import factorise_laplacian
from bocage.errors import DataError

_BLOCK = 64
_RESIDUAL = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Currents:
    """Currents through patches and links, summed over sources.

    Attributes
    ----------
    patch : (n,) array of float64
        What flows through each patch: the lesser of what enters and what leaves it by its links.
    link : (m,) array of float64
        What flows through each link, either way; parallel links share by conductance.
    residual : float
        Largest current that any solve left unbalanced at a patch, of one unit sent.
    """

    patch: Floats
    link: Floats
    residual: float


@dataclass(frozen=True, slots=True, eq=False)
class _Circuit:
    """A component with its factor; ``links`` are places in the graph, ends are places in ``patches``."""

    patches: Ints
    links: Ints
    start: Ints
    end: Ints
    conductance: Floats
    laplacian: Any
    factor: Any

    def solve(self, flow: Floats) -> tuple[Floats, float]:
        """Give potentials (n, k) for currents that enter (n, k), 0 at the first patch, and the residual."""
        potential = np.zeros_like(flow)
        potential[1:] = self.factor.solve(flow[1:])
        residual = float(np.abs(self.laplacian @ potential - flow).max())
        if not residual <= _RESIDUAL * max(1.0, float(np.abs(flow).max())):
            raise DataError(_explain_refusal(self.conductance))
        return potential, residual


def measure_resistances(graph: LandscapeGraph, first: ArrayLike, second: ArrayLike) -> Floats:
    """Measure the effective resistance between pairs of patches.

    Parameters
    ----------
    graph : LandscapeGraph
    first, second : (k,) array of int
        Places of the patches of each pair.

    Returns
    -------
    (k,) array of float64
        In the unit of the costs, at most the cost of the cheapest chain; infinite where there is no way, 0
        from a patch to itself.

    Raises
    ------
    DataError
        A link costs 0, a pair has no such patch, or costs differ too much for the digits of the machine.

    Examples
    --------
    Two ways of 2 and of 1 + 1 in parallel:

    >>> square = LandscapeGraph.of([1, 1, 1], [0, 0, 1], [2, 1, 2], [2, 1, 1])
    >>> measure_resistances(square, [0, 0], [2, 0]).tolist()
    [1.0, 0.0]
    """
    one, other = (np.asarray(side, dtype=np.int64).reshape(-1) for side in (first, second))
    _check_places(graph, (np.minimum(one, other) < 0) | (np.maximum(one, other) >= graph.count))
    found = np.where(one == other, 0.0, np.inf)
    place, label = np.zeros(graph.count, dtype=np.int64), np.full(graph.count, -1)
    for number, circuit in enumerate(_build_circuits(graph)):
        place[circuit.patches] = np.arange(len(circuit.patches))
        label[circuit.patches] = number
        inside = np.flatnonzero((label[one] == number) & (label[other] == number) & (one != other))
        pairs, back = np.unique(
            np.sort(np.column_stack([place[one[inside]], place[other[inside]]]), axis=1),
            axis=0,
            return_inverse=True,
        )
        values = np.empty(len(pairs))
        for begin in range(0, len(pairs), _BLOCK):
            some = pairs[begin : begin + _BLOCK]
            columns = np.arange(len(some))
            flow = np.zeros((len(circuit.patches), len(some)))
            flow[some[:, 0], columns] = 1.0
            flow[some[:, 1], columns] = -1.0
            potential, _ = circuit.solve(flow)
            values[begin : begin + len(some)] = (
                potential[some[:, 0], columns] - potential[some[:, 1], columns]
            )
        found[inside] = values[back.reshape(-1)]
    return found


def measure_circuit_connectivity(graph: LandscapeGraph, dispersal: Dispersal) -> float:
    """Measure the equivalent connectivity by resistances: Graphab's ECCirc.

    The probability between two patches falls with the resistance of all ways together, not with the cost of
    the cheapest.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal

    Returns
    -------
    float
        ``sqrt(sum_ij a_i a_j exp(-k R_ij))``, over ordered pairs and each patch with itself, in the unit of
        the capacities; never less than the equivalent connectivity by cheapest chains.

    Raises
    ------
    DataError
        As ``measure_resistances``.

    Examples
    --------
    >>> pair = LandscapeGraph.of([3, 4], [0], [1], [1000])
    >>> round(measure_circuit_connectivity(pair, Dispersal(1000, 0.5)) ** 2, 9)
    37.0
    """
    total = float((graph.capacity**2).sum())
    for circuit in _build_circuits(graph):
        capacity = graph.capacity[circuit.patches]
        for rows, resistance in _iterate_resistances(circuit):
            before = np.tril(dispersal.reach(resistance), rows.start - 1)
            total += 2 * float(capacity[rows] @ (before @ capacity[: rows.stop]))
    return math.sqrt(total)


def measure_current_flow(graph: LandscapeGraph, *, beta: float = 1.0) -> Currents:
    """Sum what flows through each patch when all others send to one, for each in turn: Graphab's CF.

    Parameters
    ----------
    graph : LandscapeGraph
    beta : float
        Each patch sends its capacity to this power; 0 for one unit each.

    Returns
    -------
    Currents

    Raises
    ------
    DataError
        As ``measure_resistances``.

    Notes
    -----
    What a patch sends itself has not passed through it. Source: Graphab 2 (Foltête, Vuidel, Savary, Clauzel,
    Sahraoui, Girardet and Bourgeois 2021, doi:10.1016/j.simpa.2021.100065).

    Examples
    --------
    The middle one of a chain passes on what one end sends to the other, 2 and 3:

    >>> chain = LandscapeGraph.of([2, 1, 3], [0, 1], [1, 2], [100, 100])
    >>> flow = measure_current_flow(chain)
    >>> flow.patch.round(9).tolist(), flow.link.round(9).tolist()
    ([0.0, 5.0, 0.0], [8.0, 9.0])
    """
    from bocage.kernels.graph_topology import sum_drops

    sent = _raise_capacity(graph, beta)
    patch, link, worst = np.zeros(graph.count), np.zeros(graph.link_count), 0.0
    for circuit in _build_circuits(graph):
        own = sent[circuit.patches]
        size, total = len(own), float(own.sum())
        if total == 0:
            continue
        flow = own[:, None] / total
        flow[0] -= 1.0
        together, worst_here = circuit.solve(flow)
        summed = np.zeros(len(circuit.links))
        for begin in range(0, size, _BLOCK):
            to, residual = circuit.solve(_send_from(circuit, slice(begin, min(begin + _BLOCK, size))))
            worst_here = max(worst_here, residual)
            summed += sum_drops(together - to, circuit.start, circuit.end)
        link[circuit.links] = total * circuit.conductance * summed
        # To each of the others it sends its own; as the one that receives, it passes nothing on.
        patch[circuit.patches] = _pass_on(circuit, link, (size - 1) * own + total - own)
        worst = max(worst, worst_here)
    return Currents(patch, link, worst)


def measure_circuit_betweenness(
    graph: LandscapeGraph, dispersal: Dispersal, *, beta: float = 1.0
) -> Currents:
    """Sum the currents of one unit between all pairs, weighted by probability: Graphab's BCCirc.

    Parameters
    ----------
    graph : LandscapeGraph
        Its ``inner`` costs count in the weights, as in Graphab, but not in the currents.
    dispersal : Dispersal
    beta : float

    Returns
    -------
    Currents
        Each unordered pair counts ``(a_i a_j)**beta * exp(-k d_ij)``, ``d`` the cost of the cheapest chain;
        the ends of a pair pass nothing on.

    Raises
    ------
    DataError
        As ``measure_resistances``.

    Notes
    -----
    Betweenness weighted by probability, in which the cheapest chain gives way to the current. No pair is
    left out, however unlikely.

    Examples
    --------
    >>> chain = LandscapeGraph.of([2, 1, 3], [0, 1], [1, 2], [100, 100])
    >>> measure_circuit_betweenness(chain, Dispersal(200, 0.5)).patch.round(9).tolist()
    [0.0, 3.0, 0.0]
    """
    label = label_components(graph)
    place = _find_places(label)
    sizes = np.bincount(label) if graph.count else np.zeros(0, dtype=np.int64)
    weights = {int(part): np.zeros((sizes[part], sizes[part])) for part in np.flatnonzero(sizes > 1)}
    members = {part: np.flatnonzero(label == part) for part in weights}
    held = _raise_capacity(graph, beta)
    for rows, costs in iterate_costs(graph):
        for row, patch in enumerate(range(rows.start, rows.stop)):
            part = int(label[patch])
            if part in weights:
                near = members[part]
                weights[part][place[patch]] = held[patch] * held[near] * dispersal.reach(costs[row, near])
    return _sum_pairs(graph, lambda circuit: weights.pop(int(label[circuit.patches[0]])))


def measure_potential_flow(graph: LandscapeGraph, *, beta: float = 1.0) -> Currents:
    """Sum the currents that a potential at each patch drives to each other: Graphab's PCF.

    Parameters
    ----------
    graph : LandscapeGraph
    beta : float
        The potential of a patch is its capacity to this power; the other of the pair is grounded.

    Returns
    -------
    Currents
        In units of capacity by unit of cost: pairs that are well linked count more.

    Raises
    ------
    DataError
        As ``measure_resistances``.

    Examples
    --------
    >>> chain = LandscapeGraph.of([2, 1, 3], [0, 1], [1, 2], [100, 100])
    >>> measure_potential_flow(chain).patch.round(9).tolist()
    [0.0, 0.025, 0.0]
    """
    held = _raise_capacity(graph, beta)

    def weigh(circuit: _Circuit) -> Floats:
        own = held[circuit.patches]
        weight = np.empty((len(own), len(own)))
        for rows, resistance in _iterate_resistances(circuit):
            resistance[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = np.inf
            some = (own[rows, None] + own[: rows.stop]) / resistance
            weight[rows, : rows.stop] = some
            weight[: rows.stop, rows] = some.T
        return weight

    return _sum_pairs(graph, weigh)


def measure_current_betweenness(
    graph: LandscapeGraph, *, among: ArrayLike | None = None, ends: bool = False
) -> Currents:
    """Sum the currents of one unit between all pairs of patches of a component.

    Parameters
    ----------
    graph : LandscapeGraph
        Capacities have no part in it.
    among : (k,) array of int, optional
        Places of the patches between which currents are sent, as Circuitscape's focal nodes; all by default.
    ends : bool
        Whether the unit that a patch sends or receives counts as flowing through it, as for Newman and in
        Circuitscape's cumulative currents; otherwise what passes through alone.

    Returns
    -------
    Currents
        Sums over unordered pairs. Newman's betweenness is ``patch / (n (n - 1) / 2)`` with ``ends``, that of
        networkx ``patch / ((n - 1)(n - 2) / 2)`` without.

    Raises
    ------
    DataError
        As ``measure_resistances``.

    Notes
    -----
    Source: Newman (2005), doi:10.1016/j.socnet.2004.11.009, eq. 5-7.

    Examples
    --------
    >>> chain = LandscapeGraph.of([1, 1, 1], [0, 1], [1, 2], [100, 50])
    >>> flow = measure_current_betweenness(chain)
    >>> flow.patch.round(9).tolist(), flow.link.round(9).tolist()
    ([0.0, 1.0, 0.0], [2.0, 2.0])
    >>> measure_current_betweenness(chain, ends=True).patch.round(9).tolist()
    [2.0, 3.0, 2.0]
    """
    focal = np.zeros(graph.count)
    if among is None:
        focal[:] = 1.0
    else:
        places = np.asarray(among, dtype=np.int64).reshape(-1)
        _check_places(graph, (places < 0) | (places >= graph.count))
        focal[places] = 1.0

    def weigh(circuit: _Circuit) -> Floats:
        own = focal[circuit.patches]
        return np.outer(own, own)

    found = _sum_pairs(graph, weigh)
    if not ends or not graph.count:
        return found
    label = label_components(graph)
    others = np.bincount(label, weights=focal)[label] - 1
    return Currents(found.patch + focal * others, found.link, found.residual)


def _raise_capacity(graph: LandscapeGraph, beta: float) -> Floats:
    if not (math.isfinite(beta) and beta >= 0):
        raise DataError(f"The power of the capacity is {beta:g}; give beta from 0 up, as 1.")
    return graph.capacity**beta


def _sum_pairs(graph: LandscapeGraph, weigh: Callable[[_Circuit], Floats]) -> Currents:
    """Sum the currents of one unit between pairs, for symmetric weights (n, n) of each circuit's pairs."""
    from bocage.kernels.graph_topology import sum_pair_currents

    patch, link, worst = np.zeros(graph.count), np.zeros(graph.link_count), 0.0
    for circuit in _build_circuits(graph):
        weight = weigh(circuit)
        np.fill_diagonal(weight, 0.0)
        for begin in range(0, len(circuit.links), _BLOCK):
            some = np.arange(begin, min(begin + _BLOCK, len(circuit.links)))
            flow = np.zeros((len(circuit.patches), len(some)))
            flow[circuit.start[some], some - begin] = 1.0
            flow[circuit.end[some], some - begin] = -1.0
            potential, residual = circuit.solve(flow)
            worst = max(worst, residual)
            link[circuit.links[some]] = sum_pair_currents(potential * circuit.conductance[some], weight)
        # The ends of a pair pass nothing on: of what their links carry, one unit is theirs.
        patch[circuit.patches] = _pass_on(circuit, link, weight.sum(axis=1))
    return Currents(patch, link, worst)


def _pass_on(circuit: _Circuit, link: Floats, own: Floats) -> Floats:
    """Find what flows through patches: half of what their links carry, less what is their own.

    What enters a patch by its links, less what leaves, is what it receives or sends itself; so the lesser of
    both is half of the sum over its links less that.
    """
    carried = np.zeros(len(circuit.patches))
    np.add.at(carried, circuit.start, link[circuit.links])
    np.add.at(carried, circuit.end, link[circuit.links])
    through = (carried - own) / 2
    # What is left of two equal sums is no current.
    return np.where(through > 1e-12 * carried, through, 0.0)


def _iterate_resistances(circuit: _Circuit) -> Iterator[tuple[slice, Floats]]:
    """Give the resistances from a block of patches to themselves and all before, block after block."""
    size = len(circuit.patches)
    own = np.empty(size)
    for begin in range(0, size, _BLOCK):
        rows = slice(begin, min(begin + _BLOCK, size))
        potential, _ = circuit.solve(_send_from(circuit, rows))
        own[rows] = np.diagonal(potential[rows])
        near = slice(0, rows.stop)
        yield rows, np.maximum(own[rows, None] + own[near] - 2 * potential[near].T, 0.0)


def _send_from(circuit: _Circuit, rows: slice) -> Floats:
    """Make one unit enter at each of some patches, and leave at the first patch: (n, k)."""
    flow = np.zeros((len(circuit.patches), rows.stop - rows.start))
    flow[rows] = np.eye(rows.stop - rows.start)
    flow[0] -= 1.0
    return flow


def _build_circuits(graph: LandscapeGraph) -> Iterator[_Circuit]:
    """Build and factor the circuit of each component of more than one patch, one after the other."""
    from scipy.sparse import coo_array

    check_costs(graph, "current through them has no bound")
    label = label_components(graph)
    place = _find_places(label)
    by_patch, by_link = np.argsort(label, kind="stable"), np.argsort(label[graph.start], kind="stable")
    counts = np.bincount(label) if graph.count else np.zeros(0, dtype=np.int64)
    link_label = label[graph.start][by_link]
    for part in np.flatnonzero(counts > 1):
        first, last = np.searchsorted(link_label, [part, part + 1])
        links = by_link[first:last]
        begin = int(counts[:part].sum())
        patches = by_patch[begin : begin + counts[part]]
        start, end = place[graph.start[links]], place[graph.end[links]]
        conductance = 1.0 / graph.cost[links]
        size = len(patches)
        laplacian = coo_array(
            (
                np.concatenate([conductance, conductance, -conductance, -conductance]),
                (np.concatenate([start, end, start, end]), np.concatenate([start, end, end, start])),
            ),
            shape=(size, size),
        ).tocsc()
        try:
            factor = factorise_laplacian(laplacian[1:, 1:])
        except RuntimeError:
            # Singular to the digits of the machine, as no grounded component is by itself.
            raise DataError(_explain_refusal(conductance)) from None
        yield _Circuit(patches, links, start, end, conductance, laplacian, factor)


def _check_places(graph: LandscapeGraph, outside: NDArray[np.bool_]) -> None:
    if outside.any():
        shown = ", ".join(map(str, np.flatnonzero(outside)[:5])) + (" …" if outside.sum() > 5 else "")
        raise DataError(
            f"{int(outside.sum())} place(s) or pair(s) are of no patch (at {shown}); give places from 0 up "
            f"to the last of {graph.count} patches."
        )


def _explain_refusal(conductance: Floats) -> str:
    return (
        f"The costs of linked patches go from {1 / conductance.max():g} to {1 / conductance.min():g} and "
        "differ too much for the current to be known; raise the least ones or lower the greatest."
    )


def _find_places(label: Ints) -> Ints:
    """Find the place of each patch among those of its component."""
    order = np.argsort(label, kind="stable")
    begins = np.searchsorted(label[order], np.arange(label.max(initial=-1) + 1))
    place = np.empty(len(label), dtype=np.int64)
    place[order] = np.arange(len(label)) - begins[label[order]]
    return place
