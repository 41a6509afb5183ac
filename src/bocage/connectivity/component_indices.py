"""Indices of the components of a landscape graph, and what each patch and each link holds together.

A component is a set of patches that links join, directly or through others. With ``c`` the capacity of a
component, ``C`` the sum over all and ``A_L`` the area of the landscape:

========  =====================================  ==========================================================
NC        number of components                   Urban and Keitt (2001), doi:10.2307/2679983
NL        number of links                        Pascual-Hortal and Saura (2006)
SLC       ``max c``                              Graphab: size of the largest component
MSC       ``C / NC``                             Graphab: mean size of the components
ECS       ``sum c² / C``                         Graphab: expected cluster size, O'Brien et al. (2006),
                                                 doi:10.1016/j.biocon.2005.12.014
CCP       ``sum (c / C)²``                       class coincidence probability, Pascual-Hortal and Saura
                                                 (2006), doi:10.1007/s10980-006-0013-z
LCP       ``sum (c / A_L)²``                     landscape coincidence probability, ibid.
========  =====================================  ==========================================================

Conefor prints ``sum c²`` as LCPnum. What a patch or a link is worth is the index with it less the index
without it: as Conefor, in the unit of the index (``var``) and in percent of the index with it (``d``). After
a patch is removed its capacity is no longer part of ``C``: CCP, MSC and ECS can rise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.landscape import Floats, Ints, LandscapeGraph
from bocage.errors import DataError

if TYPE_CHECKING:
    from pandas import DataFrame

INDICES = ("capacity", "NL", "NC", "SLC", "MSC", "ECS", "CCP", "LCPnum")
"""Indices that ``ComponentIndices`` and ``ComponentRemovals`` hold, by the names that their tools print."""


@dataclass(frozen=True, slots=True)
class ComponentIndices:
    """Indices of the components of a whole graph.

    Attributes
    ----------
    capacity : float
        Of all patches.
    NL : int
        Pairs of patches that a link joins: parallel links count once, as in Conefor.
    NC : int
    SLC, MSC, ECS : float
        In the unit of the capacities; 0 without patches.
    CCP : float
        In [0, 1]: the chance that two points of habitat lie in the same component; 0 without capacity.
    LCPnum : float
        In the square of the unit of the capacities.
    """

    capacity: float
    NL: int
    NC: int
    SLC: float
    MSC: float
    ECS: float
    CCP: float
    LCPnum: float

    def measure_lcp(self, landscape_area: float) -> float:
        """Give LCP, the chance that two points of the landscape lie in habitat of one component.

        Parameters
        ----------
        landscape_area : float
            Of the landscape A_L, > 0, in the unit of the capacities. Graphab takes the rectangle of the
            raster for it, Conefor what the user gives.
        """
        if not landscape_area > 0:
            raise DataError(
                f"The area of the landscape is {landscape_area:g}; give one above 0 in the unit of the "
                "capacities of patches."
            )
        return self.LCPnum / landscape_area**2


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The components of a graph, in columns, by their first patch.

    Attributes
    ----------
    of_patch : (n,) array of int64
        Component of each patch.
    patches, links : (c,) array of int64
        Numbers of patches, and of pairs of patches that a link joins.
    capacity : (c,) array of float64
    """

    of_patch: Ints
    patches: Ints
    links: Ints
    capacity: Floats

    @property
    def share(self) -> Floats:
        """Part of each component in CCP, (c,) array of float64."""
        total = self.capacity.sum()
        return (self.capacity / total) ** 2 if total > 0 else np.zeros(len(self.capacity))


@dataclass(frozen=True, slots=True, eq=False)
class ComponentRemovals:
    """The indices without each patch in turn, or without each link.

    Attributes
    ----------
    ids : tuple of str
        Of patches or links.
    whole : ComponentIndices
        With all.
    without : mapping of str to (k,) array of float64
        Values without each, for every name of ``INDICES``.
    """

    ids: tuple[str, ...]
    whole: ComponentIndices
    without: Mapping[str, Floats]

    def find_change(self, index: str) -> Floats:
        """Give the index with all less the index without each, Conefor's ``var`` (for LCP: of LCPnum)."""
        return float(getattr(self.whole, index)) - self.without[index]

    def find_percent(self, index: str) -> Floats:
        """Give the change in percent of the index with all, Conefor's ``d``; 0 where the index is 0."""
        whole = float(getattr(self.whole, index))
        return 100 * self.find_change(index) / whole if whole != 0 else np.zeros(len(self.ids))

    def tabulate(self) -> DataFrame:
        """Give a table: ``id``, then ``d<index>`` [%] and ``var<index>`` of each index."""
        import pandas

        columns = {"id": list(self.ids)}
        for index in INDICES:
            columns[f"d{index}"] = list(self.find_percent(index))
            columns[f"var{index}"] = list(self.find_change(index))
        return pandas.DataFrame(columns)


def measure_components(graph: LandscapeGraph) -> ComponentIndices:
    """Measure the indices of the components of a graph.

    Parameters
    ----------
    graph : LandscapeGraph

    Returns
    -------
    ComponentIndices

    Examples
    --------
    Of three patches of 3, 1 and 4, the first two are linked: components of 4 and 4.

    >>> graph = LandscapeGraph.of([3, 1, 4], [0], [1], [100])
    >>> whole = measure_components(graph)
    >>> whole.NC, whole.NL, whole.SLC, whole.MSC, whole.ECS, whole.CCP, whole.LCPnum
    (2, 1, 4.0, 4.0, 4.0, 0.5, 32.0)
    >>> whole.measure_lcp(16)
    0.125
    """
    parts = list_components(graph)
    return _summarise(parts.capacity, int(parts.links.sum()))


def list_components(graph: LandscapeGraph) -> Components:
    """List the components of a graph, in the order of their first patch, as Conefor numbers them.

    Parameters
    ----------
    graph : LandscapeGraph

    Returns
    -------
    Components

    Examples
    --------
    >>> parts = list_components(LandscapeGraph.of([3, 4, 1], [0], [2], [100]))
    >>> parts.of_patch.tolist(), parts.capacity.tolist()
    ([0, 1, 0], [4.0, 4.0])
    """
    label, capacity = _label(graph)
    pairs = _pair_patches(graph)
    return Components(
        label,
        np.bincount(label, minlength=len(capacity)),
        np.bincount(label[pairs[0]], minlength=len(capacity)),
        capacity,
    )


def measure_patch_removals(graph: LandscapeGraph) -> ComponentRemovals:
    """Measure the indices of the components without each patch in turn.

    One walk finds into which pieces every component falls without every patch: O(n + m) for all patches.

    Parameters
    ----------
    graph : LandscapeGraph

    Returns
    -------
    ComponentRemovals

    Notes
    -----
    A patch holds a component together if it is an articulation point: dNC < 0 there, and dNC > 0 only for
    patches that are a component by themselves. Without its last patch a graph has all indices 0.

    Examples
    --------
    In a chain the patch in the middle holds the others together:

    >>> chain = LandscapeGraph.of([2, 1, 2], [0, 1], [1, 2], [100, 100])
    >>> removals = measure_patch_removals(chain)
    >>> removals.find_change("NC").tolist(), removals.find_percent("LCPnum").tolist()
    ([0.0, -1.0, 0.0], [64.0, 68.0, 64.0])
    """
    label, capacity = _label(graph)
    pairs = _pair_patches(graph)
    whole = _summarise(capacity, len(pairs[0]))
    _, pieces, squares, largest, _ = _cut(graph)
    others = _find_other_largest(capacity)[label]
    degree = np.bincount(np.concatenate(pairs), minlength=graph.count)
    return ComponentRemovals(
        graph.ids,
        whole,
        _compose(
            np.maximum(whole.capacity - graph.capacity, 0.0),
            whole.NL - degree,
            whole.NC - 1 + pieces,
            np.maximum(others, largest),
            _sum_other_squares(capacity)[label] + squares,
        ),
    )


def measure_link_removals(graph: LandscapeGraph) -> ComponentRemovals:
    """Measure the indices of the components without each link in turn.

    One walk finds all bridges, the links without which their component falls in two: O(n + m) for all links.

    Parameters
    ----------
    graph : LandscapeGraph

    Returns
    -------
    ComponentRemovals
        One of two parallel links is worth nothing.

    Examples
    --------
    >>> graph = LandscapeGraph.of([2, 1, 2], [0, 1, 1], [1, 2, 2], [100, 100, 150])
    >>> measure_link_removals(graph).find_change("NC").tolist()
    [-1.0, 0.0, 0.0]
    """
    label, capacity = _label(graph)
    low, high = np.minimum(graph.start, graph.end), np.maximum(graph.start, graph.end)
    _, pair, times = np.unique(low * max(graph.count, 1) + high, return_inverse=True, return_counts=True)
    whole = _summarise(capacity, len(times))
    beyond = _cut(graph)[4]
    bridge = beyond >= 0
    part = label[graph.start]
    one = np.where(bridge, beyond, capacity[part])
    other = np.where(bridge, np.maximum(capacity[part] - beyond, 0.0), 0.0)
    return ComponentRemovals(
        graph.link_ids,
        whole,
        _compose(
            np.full(graph.link_count, whole.capacity),
            whole.NL - (times[pair] == 1),
            whole.NC + bridge,
            np.maximum(_find_other_largest(capacity)[part], np.maximum(one, other)),
            _sum_other_squares(capacity)[part] + one**2 + other**2,
        ),
    )


def list_neighbours(graph: LandscapeGraph, *, parallel: bool = False) -> tuple[Ints, Ints, Ints]:
    """List the neighbours of every patch by rows.

    Parameters
    ----------
    graph : LandscapeGraph
    parallel : bool
        Whether a neighbour comes once for each link to it; otherwise once, by the cheapest.

    Returns
    -------
    offset : (n + 1,) array of int64
    neighbour, link : arrays of int64
        Those of patch ``v`` are ``neighbour[offset[v]:offset[v + 1]]``, in rising order.
    """
    every = np.arange(graph.link_count)
    own = np.concatenate([graph.start, graph.end])
    near = np.concatenate([graph.end, graph.start])
    link = np.concatenate([every, every])
    order = np.lexsort((link, graph.cost[link], near, own))
    own, near, link = own[order], near[order], link[order]
    if not parallel:
        first = np.ones(len(own), dtype=bool)
        first[1:] = (own[1:] != own[:-1]) | (near[1:] != near[:-1])
        own, near, link = own[first], near[first], link[first]
    offset = np.zeros(graph.count + 1, dtype=np.int64)
    np.cumsum(np.bincount(own, minlength=graph.count), out=offset[1:])
    return offset, near, link


def _cut(graph: LandscapeGraph) -> tuple[Ints, Ints, Floats, Floats, Floats]:
    from bocage.kernels.graph_topology import cut_nodes

    offset, neighbour, link = list_neighbours(graph, parallel=True)
    found: tuple[Ints, Ints, Floats, Floats, Floats] = cut_nodes(
        offset, neighbour, link, graph.capacity, graph.link_count
    )
    return found


def _label(graph: LandscapeGraph) -> tuple[Ints, Floats]:
    """Label patches by component, and sum the capacity of each component."""
    label = _cut(graph)[0]
    return label, np.bincount(label, weights=graph.capacity).astype(np.float64)


def _pair_patches(graph: LandscapeGraph) -> tuple[Ints, Ints]:
    """Give the pairs of patches that links join, each once."""
    count = max(graph.count, 1)
    low, high = np.minimum(graph.start, graph.end), np.maximum(graph.start, graph.end)
    pairs = np.unique(low * count + high)
    return pairs // count, pairs % count


def _find_other_largest(capacity: Floats) -> Floats:
    """Find for each component the largest of the others; 0 if there is none."""
    others = np.zeros(len(capacity))
    if len(capacity) > 1:
        order = np.argsort(capacity, kind="stable")
        others[:] = capacity[order[-1]]
        others[order[-1]] = capacity[order[-2]]
    return others


def _sum_other_squares(capacity: Floats) -> Floats:
    """Sum for each component the squares of the others, without taking one number from another like it."""
    squares = capacity**2
    before = np.concatenate([[0.0], np.cumsum(squares)[:-1]]) if len(squares) else squares
    after = np.concatenate([np.cumsum(squares[::-1])[::-1][1:], [0.0]]) if len(squares) else squares
    return before + after


def _summarise(capacity: Floats, links: int) -> ComponentIndices:
    found = _compose(
        np.array([capacity.sum()]),
        np.array([links]),
        np.array([len(capacity)]),
        np.array([capacity.max(initial=0.0)]),
        np.array([(capacity**2).sum()]),
    )
    values = {name: float(found[name][0]) for name in INDICES}
    return ComponentIndices(
        values["capacity"],
        int(values["NL"]),
        int(values["NC"]),
        values["SLC"],
        values["MSC"],
        values["ECS"],
        values["CCP"],
        values["LCPnum"],
    )


def _compose(
    capacity: Floats, links: NDArray, components: NDArray, largest: Floats, squares: Floats
) -> dict[str, Floats]:
    """Compose all indices from what they are made of."""
    zero = np.zeros(len(capacity))
    return {
        "capacity": capacity,
        "NL": links.astype(np.float64),
        "NC": components.astype(np.float64),
        "SLC": largest,
        "MSC": np.divide(capacity, components, out=zero.copy(), where=components > 0),
        "ECS": np.divide(squares, capacity, out=zero.copy(), where=capacity > 0),
        "CCP": np.divide(squares, capacity**2, out=zero.copy(), where=capacity > 0),
        "LCPnum": squares,
    }
