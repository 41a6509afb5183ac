"""Indices that follow a graph as it changes a little: only what feels the change is solved again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.path_states import find_limit, make_states, run_blocks
from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """What each patch reaches, kept so that one change asks for no new solve.

    Attributes
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal
    interaction : (n,) array of float64
        IF of each patch, ``a_i sum_j a_j p_ij``.
    epsilon : float
        Pairs reached with less than this chance are left out.
    solved : int
        Patches from where paths were found anew for this value.
    """

    graph: LandscapeGraph
    dispersal: Dispersal
    interaction: Floats
    epsilon: float = 0.0
    solved: int = 0

    @property
    def numerator(self) -> float:
        """Sum over all ordered pairs of capacities times chance (ECA²)."""
        return float(self.interaction.sum())

    @property
    def equivalent_capacity(self) -> float:
        """ECA."""
        return math.sqrt(self.numerator)

    def follow(self, after: LandscapeGraph, *, threads: int | None = None) -> Reach:
        """Give the value of a graph changed a little, finding paths anew only where the change is felt.

        Parameters
        ----------
        after : LandscapeGraph
            The same patches in the same order, or more after them; any links and capacities. Inner ways
            between links that stay must stay.
        threads : int, optional
            All cores by default; the result is the same for any number.

        Raises
        ------
        DataError
            Patches went: give those no link and no capacity instead.

        Examples
        --------
        >>> graph = LandscapeGraph.of([3, 4, 5], [0], [1], [100])
        >>> today = measure_reach(graph, Dispersal(100, 0.5))
        >>> linked = LandscapeGraph.of([3, 4, 5], [0, 1], [1, 2], [100, 100])
        >>> round(today.follow(linked).numerator, 9)
        89.5
        """
        if after.count < self.graph.count or after.ids[: self.graph.count] != self.graph.ids:
            raise DataError(
                f"The changed graph has {after.count} patches for {self.graph.count}, or others; "
                "keep them all, in their order, and take the links and capacity of those that go."
            )
        felt = _find_felt(self.graph, after, self.dispersal, self.epsilon)
        interaction = np.zeros(after.count)
        interaction[: self.graph.count] = self.interaction
        return _solve(after, self.dispersal, self.epsilon, interaction, felt, threads)


def measure_reach(
    graph: LandscapeGraph, dispersal: Dispersal, *, epsilon: float = 0.0, threads: int | None = None
) -> Reach:
    """Measure what each patch reaches, ready to follow changes.

    Parameters
    ----------
    graph, dispersal, epsilon, threads
        As `bocage.connectivity.path_indices.measure_paths`.

    Examples
    --------
    >>> graph = LandscapeGraph.of([3, 4], [0], [1], [100])
    >>> round(measure_reach(graph, Dispersal(100, 0.5)).numerator, 9)
    37.0
    """
    return _solve(graph, dispersal, epsilon, np.zeros(graph.count), np.arange(graph.count), threads)


def _solve(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    epsilon: float,
    interaction: Floats,
    patches: Ints,
    threads: int | None,
) -> Reach:
    """Find again what some patches reach."""
    from bocage.kernels.graph_paths import measure_sources

    states = make_states(graph)
    limit = find_limit(dispersal.decay, epsilon)
    capacity = graph.capacity[states.patch]
    chance_sum, *others = (np.zeros(graph.count) for _ in range(6))
    reached = np.zeros(graph.count, dtype=np.int64)
    spare = np.zeros(graph.count)

    def work(sources: Ints) -> None:
        flux, within, cost_sum, cost_max, inverse = others
        measure_sources(
            sources, states.ptr, states.head, states.cost, states.link, states.owner, capacity, capacity,
            dispersal.decay, limit, False, False, chance_sum, flux, reached, within, cost_sum, cost_max,
            inverse, spare, np.zeros(0), np.zeros(graph.count),
        )  # fmt: skip

    for _ in run_blocks(work, np.sort(states.number[patches]), threads):
        pass
    found = interaction.copy()
    found[patches] = graph.capacity[patches] * chance_sum[states.number[patches]]
    return Reach(graph, dispersal, found, epsilon, len(patches))


def _find_felt(before: LandscapeGraph, after: LandscapeGraph, dispersal: Dispersal, epsilon: float) -> Ints:
    """Find the patches that reach otherwise: a changed link on a cheapest path, or a changed capacity."""
    if any(graph.inner is not None and len(graph.inner.cost) for graph in (before, after)):
        # Of links alike in pair and cost, each may cost otherwise to go on from: all may feel the change.
        return np.arange(after.count)
    felt = np.zeros(after.count, dtype=bool)
    heavier = np.flatnonzero(after.capacity[: before.count] != before.capacity)
    more = np.arange(before.count, after.count)
    felt[more] = True
    for graph, changed in ((before, _miss(before, after)), (after, _miss(after, before))):
        ends = np.unique(np.concatenate([graph.start[changed], graph.end[changed], heavier]))
        if graph is after:
            ends = np.union1d(ends, more)
        if not len(ends):
            continue
        costs = dict(zip(ends.tolist(), _find_rows(graph, ends, dispersal, epsilon), strict=True))
        for link in changed:
            near, far = costs[int(graph.start[link])], costs[int(graph.end[link])]
            # Rounding must not hide a path that is as cheap as another.
            way = graph.cost[link] * (1 - 1e-9)
            with np.errstate(invalid="ignore"):
                on = (near + way <= far * (1 + 1e-9)) | (far + way <= near * (1 + 1e-9))
            on &= np.isfinite(near) | np.isfinite(far)
            felt[: graph.count] |= on
        for patch in (*heavier, *(more if graph is after else ())):
            felt[: graph.count] |= np.isfinite(costs[int(patch)])
    return np.flatnonzero(felt)


def _miss(graph: LandscapeGraph, other: LandscapeGraph) -> Ints:
    """Give the links of a graph that another does not have, at the same cost."""

    def sign(one: LandscapeGraph) -> list[tuple[int, int, float]]:
        low, high = np.minimum(one.start, one.end), np.maximum(one.start, one.end)
        return list(zip(low.tolist(), high.tolist(), one.cost.tolist(), strict=True))

    known = set(sign(other))
    return np.array([place for place, link in enumerate(sign(graph)) if link not in known], dtype=np.int64)


def _find_rows(
    graph: LandscapeGraph, patches: Ints, dispersal: Dispersal, epsilon: float
) -> Iterator[Floats]:
    """Give the costs from each of some patches to all."""
    from bocage.kernels.graph_paths import find_costs

    states = make_states(graph)
    limit = find_limit(dispersal.decay, epsilon)
    for patch in patches:
        found = np.full(graph.count, np.inf)
        find_costs(
            states.number[patch : patch + 1], states.ptr, states.head, states.cost, states.owner, limit,
            np.array([0, graph.count]), states.number, found,
        )  # fmt: skip
        yield found
