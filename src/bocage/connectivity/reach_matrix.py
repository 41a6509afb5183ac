"""The reach between all patches of a landscape graph, kept up to date while links and patches join."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.errors import DataError, ResourceError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


_ROUNDING = 1e-15


class ReachMatrix:
    """The reach between all patches, that links and patches may join. It changes in place.

    Parameters
    ----------
    graph : LandscapeGraph
    dispersal : Dispersal
    room : int
        How many patches may join.
    memory_gb : float
        Memory that it may take.

    Raises
    ------
    ResourceError
        It would take more.
    DataError
        The graph has costs across patches, which it does not follow.

    Examples
    --------
    >>> reach = ReachMatrix(LandscapeGraph.of([3, 4], [], [], []), Dispersal(1000, 0.5))
    >>> reach.total, float(reach.gain_links([0], [1], [0.5])[0])
    (25.0, 12.0)
    """

    __slots__ = ("capacity", "count", "matrix")

    def __init__(
        self, graph: LandscapeGraph, dispersal: Dispersal, *, room: int = 0, memory_gb: float = 4
    ) -> None:
        from bocage.kernels import graph_search

        check_plain(graph)
        size = graph.count + room
        if size * size * 8 > memory_gb * 1e9:
            raise ResourceError(
                f"The reach between {size} patches takes {size * size * 8 / 1e9:.1f} GB where {memory_gb:g} "
                "may be used; keep fewer patches, as a part of the area or the larger ones, or allow more."
            )
        self.count = graph.count
        self.capacity: Floats = np.zeros(size)
        self.capacity[: self.count] = graph.capacity
        self.matrix: Floats = np.zeros((size, size))
        first, near, weight, _ = list_ways(graph, dispersal)
        graph_search.fill_reach(first, near, weight, self.matrix)

    @property
    def total(self) -> float:
        """Sum over ordered pairs of ``a_i a_j p_ij``: ECA squared."""
        from bocage.kernels import graph_search

        return float(graph_search.sum_pairs(self.matrix, self.capacity, self.count))

    def copy(self) -> ReachMatrix:
        """Give another one that changes apart."""
        other = object.__new__(ReachMatrix)
        other.count, other.capacity, other.matrix = self.count, self.capacity.copy(), self.matrix.copy()
        return other

    def gain_links(self, start: ArrayLike, end: ArrayLike, probability: ArrayLike) -> Floats:
        """Give what each link alone would add to the total, (k,) array of float64, to 1e-15 of the total."""
        from bocage.kernels import graph_search

        starts, ends = (np.ascontiguousarray(side, dtype=np.int64) for side in (start, end))
        chances = np.ascontiguousarray(probability, dtype=np.float64)
        gain = np.empty(len(chances))
        graph_search.gain_links(
            self.matrix, self.capacity, self.count, starts, ends, chances, self._slack, gain
        )
        return gain

    def cap_links(self, start: ArrayLike, end: ArrayLike, probability: ArrayLike) -> Floats:
        """Give a quick upper bound of the gain of each link, (k,) array of float64."""
        from bocage.kernels import graph_search

        starts, ends = (np.ascontiguousarray(side, dtype=np.int64) for side in (start, end))
        chances = np.ascontiguousarray(probability, dtype=np.float64)
        cap = np.empty(len(chances))
        graph_search.cap_links(
            self.matrix, self.matrix, self.capacity, self.count, starts, ends, chances, cap
        )
        return cap

    def cap_patches(
        self, capacity: Floats, first: Ints, near: Ints, probability: Floats, which: Ints
    ) -> Floats:
        """Give a quick upper bound of the gain of each patch; parameters are those of ``gain_patches``."""
        from bocage.kernels import graph_search

        cap = np.empty(len(which))
        graph_search.cap_patches(
            self.matrix, self.capacity, self.count, capacity, first, near, probability, which, cap
        )
        return cap

    def gain_patches(
        self, capacity: Floats, first: Ints, near: Ints, probability: Floats, which: Ints
    ) -> Floats:
        """Give what each patch alone would add to the total, its own capacity squared included.

        Parameters
        ----------
        capacity : (c,) array of float64
        first : (c + 1,) array of int64
        near : (m,) array of int64
            Patches that each is linked to, ragged; -1 for one that is not there.
        probability : (m,) array of float64
        which : (k,) array of int64
            Those to look at.
        """
        from bocage.kernels import graph_search

        gain = np.empty(len(which))
        graph_search.gain_patches(
            self.matrix,
            self.capacity,
            self.count,
            capacity,
            first,
            near,
            probability,
            which,
            self._slack,
            gain,
        )
        return gain

    @property
    def _slack(self) -> float:
        """What rounding hides anyway: the total is at least the square of each capacity."""
        return _ROUNDING * float(np.square(self.capacity[: self.count]).sum())

    def put_link(self, start: int, end: int, probability: float) -> None:
        """Put a link in."""
        from bocage.kernels import graph_search

        graph_search.put_link(self.matrix, self.count, start, end, probability)

    def put_patch(self, capacity: float, near: Ints, probability: Floats) -> int:
        """Put a patch in, with its links, and give its place."""
        from bocage.kernels import graph_search

        there = near >= 0
        graph_search.put_patch(self.matrix, self.count, near[there], probability[there])
        self.capacity[self.count] = capacity
        self.count += 1
        return self.count - 1


def check_plain(graph: LandscapeGraph) -> None:
    """Refuse a graph with costs across patches.

    Raises
    ------
    DataError
    """
    if graph.inner is not None and len(graph.inner.cost):
        raise DataError(
            f"The graph has {len(graph.inner.cost)} ways across patches, which this search does not follow; "
            "give it without them (dataclasses.replace(graph, inner=None))."
        )


def list_ways(graph: LandscapeGraph, dispersal: Dispersal) -> tuple[Ints, Ints, Floats, Ints]:
    """List the neighbours of each patch for the kernels.

    Returns
    -------
    first : (n + 1,) array of int64
    near : (2m,) array of int64
        Neighbours, ragged.
    weight : (2m,) array of float64
        Decay times cost.
    link : (2m,) array of int64
    """
    owner = np.concatenate([graph.start, graph.end])
    order = np.argsort(owner, kind="stable")
    link = np.concatenate([np.arange(graph.link_count)] * 2)[order].astype(np.int64)
    near = np.ascontiguousarray(np.concatenate([graph.end, graph.start])[order])
    first = np.searchsorted(owner[order], np.arange(graph.count + 1)).astype(np.int64)
    return first, near, np.ascontiguousarray(graph.cost[link] * dispersal.decay), link
