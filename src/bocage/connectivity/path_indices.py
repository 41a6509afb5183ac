"""Indices of shortest paths: overall, of each component, of each patch and of each link.

With ``p_ij`` the chance of reaching patch j from patch i by the cheapest chain of links:

=====================  ==============================================================================
PC                     ``sum_ij a_i a_j p_ij / A²``, i = j included
ECA, EC                ``sqrt(sum_ij a_i a_j p_ij)``
IIC, EC(IIC)           the same with ``1 / (1 + number of links)`` for the chance
F                      ``sum_j a_j^beta p_ij``, j other than i, of Graphab; Conefor: by links alone
IF                     ``a_i sum_j a_j p_ij``, i included: the patch's part of PC
BC                     ``sum_ij a_i^beta a_j^beta p_ij`` over pairs whose path passes, ends left out
H                      ``sum_ij 1 / number of links``, over unordered pairs
GD                     the longest of the cheapest paths, in cost
CCe, Ec                mean and largest cost from a patch to those it reaches (Graphab's names)
=====================  ==============================================================================

Sources: Saura and Pascual-Hortal (2007), doi:10.1016/j.landurbplan.2007.03.005 (PC); Pascual-Hortal and Saura
(2006), doi:10.1007/s10980-006-0013-z (IIC); Saura et al. (2011), doi:10.1016/j.ecolind.2010.06.011 (ECA);
Bodin and Saura (2010), doi:10.1016/j.ecolmodel.2010.06.004, and Foltête, Clauzel and Vuidel (2012),
doi:10.1016/j.envsoft.2012.07.002 (BC, F, IF); Ricotta, Stanisci, Avena and Blasi (2000) (H); Urban and
Keitt (2001), doi:10.1890/0012-9658(2001)082[1205:LCAGTP]2.0.CO;2 (GD).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.components import label_components
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.path_states import PathStates, find_limit, make_states, read_pairs, run_blocks
from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ties = Literal["first", "share"]


@dataclass(frozen=True, slots=True, eq=False)
class PathIndices:
    """What is summed over the shortest paths of a graph, patch by patch, and what follows from it.

    Attributes
    ----------
    index : {"PC", "IIC"}
        Which chance: ``exp(-k cost)``, or ``1 / (1 + links)``.
    capacity : (n,) array of float64
    component : (n,) array of int64
        Component of each patch, from 0 in the order of their first patch.
    interaction : (n,) array of float64
        IF, ``a_i sum_j a_j p_ij``, the patch itself included; their sum is the numerator.
    flux : (n,) array of float64
        F of Graphab, ``sum_j a_j^beta p_ij``, the patch itself left out.
    through, through_link : (n,) and (m,) array of float64
        BC of patches and links.
    reached : (n,) array of int64
        Other patches reached.
    cost_sum, cost_max : (n,) array of float64
        Of the paths to them, in the unit of the links' costs (links, for IIC).
    inverse_sum : (n,) array of float64
        Sum of ``1 / cost`` of those that cost something.
    left_out : float
        No more than this lies beyond the cut-off, in the unit of the numerator; 0 where there is none.
    """

    index: Literal["PC", "IIC"]
    capacity: Floats
    component: Ints
    interaction: Floats
    flux: Floats
    through: Floats
    through_link: Floats
    reached: Ints
    cost_sum: Floats
    cost_max: Floats
    inverse_sum: Floats
    left_out: float = 0.0

    @property
    def numerator(self) -> float:
        """Sum over all ordered pairs of capacities times chance, a patch with itself included (S#IF)."""
        return float(self.interaction.sum())

    @property
    def bound(self) -> float:
        """How much the cut-off may have left out, as a share of the numerator."""
        return self.left_out / self.numerator if self.numerator > 0 else 0.0

    @property
    def equivalent_capacity(self) -> float:
        """ECA or EC: capacity of the one patch that would be as well connected."""
        return math.sqrt(self.numerator)

    @property
    def intra_share(self) -> float:
        """Share of the numerator that lies inside patches."""
        return float((self.capacity**2).sum()) / self.numerator if self.numerator > 0 else 0.0

    @property
    def mean_cost(self) -> Floats:
        """CCe of Graphab: mean cost from each patch to those it reaches, (n,) array; 0 without any."""
        return np.divide(self.cost_sum, self.reached, out=np.zeros(len(self.reached)), where=self.reached > 0)

    @property
    def diameter(self) -> float:
        """GD of Graphab: cost of the longest of the cheapest paths."""
        return float(self.cost_max.max(initial=0.0))

    @property
    def harary(self) -> float:
        """H: sum over unordered pairs of ``1 / cost``; with IIC of links, as Conefor and Graphab."""
        return float(self.inverse_sum.sum()) / 2

    def divide(self, landscape: float) -> float:
        """Give PC or IIC: the chance that two points of the landscape fall in habitat linked together.

        Parameters
        ----------
        landscape : float
            Capacity of the whole landscape, in the unit of the patches'. Graphab takes the area of the
            raster's rectangle, Conefor what it is told; the area of the study says more.

        Raises
        ------
        DataError
            It is smaller than what the patches hold.
        """
        held = float(self.capacity.sum())
        if not landscape >= held * (1 - 1e-9) or landscape <= 0:
            raise DataError(
                f"The landscape holds {landscape:g} and its patches {held:g}; give the whole landscape, in "
                "the unit of the patches."
            )
        return self.numerator / landscape**2

    def sum_by_component(self) -> dict[str, NDArray[np.float64]]:
        """Give the indices of each component, (c,) arrays in the order of their numbers.

        They are ``patches``, ``capacity``, ``numerator``, ``equivalent_capacity``, ``harary``, ``diameter``.
        """
        count = int(self.component.max(initial=-1)) + 1
        numerator = np.bincount(self.component, self.interaction, count)
        diameter = np.zeros(count)
        np.maximum.at(diameter, self.component, self.cost_max)
        return {
            "patches": np.bincount(self.component, minlength=count).astype(np.float64),
            "capacity": np.bincount(self.component, self.capacity, count),
            "numerator": numerator,
            "equivalent_capacity": np.sqrt(numerator),
            "harary": np.bincount(self.component, self.inverse_sum, count) / 2,
            "diameter": diameter,
        }


def measure_paths(
    graph: LandscapeGraph,
    dispersal: Dispersal,
    *,
    beta: float = 1.0,
    ties: Ties = "first",
    betweenness: bool = True,
    epsilon: float = 0.0,
    threads: int | None = None,
) -> PathIndices:
    """Measure the indices of the cheapest paths: PC, ECA, F, IF, BC, GD, CCe, Ec.

    Parameters
    ----------
    graph : LandscapeGraph
        Inner ways count wherever a path crosses a patch; its first and last patch cost nothing.
    dispersal : Dispersal
    beta : float
        Power of capacities in F and BC, >= 0: 1 as Graphab by default, 0 counts patches alike.
    ties : {"first", "share"}
        Of equally cheap paths, one carries all the betweenness (``first``: Graphab; the mean of that found
        from either end), or all share it (``share``: Conefor; without inner ways only). PC knows no ties.
    betweenness : bool
        Measure BC too.
    epsilon : float
        Pairs reached with less than this chance are left out, in [0, 1), and ``left_out`` says how much that
        may be. 0 leaves none out, as Graphab and Conefor do; 1e-4 is much faster on large graphs.
        CCe, Ec and GD are then of what is reached.
    threads : int, optional
        All cores by default; the result is the same for any number.

    Raises
    ------
    DataError
        ``beta``, ``epsilon`` or ``threads`` is out of its range; ties are to be shared over inner ways.

    Examples
    --------
    Three patches of 3, 4 and 5, each link passed with chance 0.5:

    >>> graph = LandscapeGraph.of([3, 4, 5], [0, 1], [1, 2], [100, 100])
    >>> found = measure_paths(graph, Dispersal(100, 0.5))
    >>> round(found.numerator, 9), found.through.round(9).tolist()
    (89.5, [0.0, 3.75, 0.0])
    >>> found.interaction.round(9).tolist()
    [18.75, 32.0, 38.75]
    """
    limit = find_limit(dispersal.decay, epsilon)
    states = make_states(graph)
    return sum_over_paths(graph, states, "PC", dispersal.decay, limit, beta, ties, betweenness, threads)


def measure_hops(
    graph: LandscapeGraph,
    *,
    beta: float = 1.0,
    ties: Ties = "share",
    betweenness: bool = True,
    threads: int | None = None,
) -> PathIndices:
    """Measure the indices of the paths of fewest links: IIC, EC(IIC), H, and BC(IIC) of Conefor.

    Parameters
    ----------
    graph : LandscapeGraph
        Every link counts as one, whatever its cost: leave out first those too dear
        (`LandscapeGraph.keep_links`). Inner ways do not count, as in Graphab.
    beta, ties, betweenness, threads
        As `measure_paths`; ties are common here, and shared by default.

    Examples
    --------
    >>> graph = LandscapeGraph.of([3, 4, 5], [0, 1], [1, 2], [100, 100])
    >>> found = measure_hops(graph)
    >>> round(found.numerator, 9), found.harary
    (92.0, 2.5)
    """
    states = make_states(graph, hops=True)
    return sum_over_paths(graph, states, "IIC", -1.0, np.inf, beta, ties, betweenness, threads)


def sum_over_paths(
    graph: LandscapeGraph,
    states: PathStates,
    index: Literal["PC", "IIC"],
    decay: float,
    limit: float,
    beta: float,
    ties: Ties,
    betweenness: bool,
    threads: int | None,
) -> PathIndices:
    """Sum over the paths of a graph made ready; `measure_paths` and `measure_hops` say what each value is."""
    from bocage.kernels.graph_paths import measure_sources

    if not (beta >= 0 and math.isfinite(beta)):
        raise DataError(f"The power of capacities, beta, is {beta:g}; give a number from 0 up.")
    share = ties == "share" and betweenness
    if share and not states.plain:
        raise DataError(
            'Paths equally short cannot share their betweenness over inner ways; ask for ties="first".'
        )
    if share:
        states = states.drop_parallel()
    count = graph.count
    capacity = graph.capacity[states.patch]
    # 0 ** 0 is 1: a patch that holds nothing counts like the others where all count alike.
    powered = capacity**beta
    chance_sum, flux, reached_capacity, cost_sum, cost_max, inverse_sum = (np.zeros(count) for _ in range(6))
    reached = np.zeros(count, dtype=np.int64)
    through, through_link = np.zeros(count), np.zeros(graph.link_count)

    def work(sources: Ints) -> tuple[Floats, Floats, Floats]:
        # Sources write to their own places; what they share is summed apart.
        passing, passing_link, beyond = np.zeros(count), np.zeros(graph.link_count), np.zeros(count)
        measure_sources(
            sources, states.ptr, states.head, states.cost, states.link, states.owner, capacity, powered,
            decay, limit, share, betweenness, chance_sum, flux, reached, reached_capacity, cost_sum, cost_max,
            inverse_sum, passing, passing_link, beyond,
        )  # fmt: skip
        return passing, passing_link, beyond

    edge = np.zeros(count)
    for passing, passing_link, beyond in run_blocks(work, np.arange(count), threads):
        through += passing
        through_link += passing_link
        edge += beyond
    component = label_components(graph)
    left = 0.0
    if np.isfinite(limit):
        held = np.bincount(component, graph.capacity)[component][states.patch]
        left = _bound_left(capacity, chance_sum, np.maximum(held - reached_capacity, 0), edge, decay * limit)
    number = states.number
    return PathIndices(
        index,
        graph.capacity,
        component,
        (capacity * chance_sum)[number],
        flux[number],
        through[number],
        through_link,
        reached[number],
        cost_sum[number],
        cost_max[number],
        inverse_sum[number],
        left,
    )


def _bound_left(capacity: Floats, chance_sum: Floats, missed: Floats, edge: Floats, depth: float) -> float:
    """Bound the sum over pairs beyond the cut-off: the lesser of two bounds.

    Each such pair has less than the cut-off. And each is joined by way of a patch just beyond, from where no
    more can be reached than what that patch reaches, its own missing part bounded in the first way.
    """
    cut = math.exp(-depth)
    return min(cut * float(capacity @ missed), float(edge @ (chance_sum + cut * missed)))


@dataclass(frozen=True, slots=True)
class OverallParts:
    """Parts of PC (or IIC), as shares of it; they sum to 1.

    Attributes
    ----------
    intra : float
        Inside patches.
    direct : float
        Between linked patches, by their own link.
    step : float
        The rest: by way of other patches.
    """

    intra: float
    direct: float
    step: float


def split_overall(
    graph: LandscapeGraph, indices: PathIndices, dispersal: Dispersal | None = None
) -> OverallParts:
    """Split PC or IIC into what patches hold, what links give at once, and what stepping stones add.

    Parameters
    ----------
    graph : LandscapeGraph
    indices : PathIndices
        Of this graph.
    dispersal : Dispersal, optional
        That of ``indices``; none for IIC.

    Notes
    -----
    As Conefor: a pair of linked patches gives its link's own chance to ``direct`` even where another way is
    shorter, and only what that way gives more is ``step``.

    Raises
    ------
    DataError
        A dispersal is wanting for PC.
    """
    chance = _chance_of_links(graph, indices.index, dispersal)
    start, end, best = _keep_best(graph, chance)
    total = indices.numerator
    if total <= 0:
        return OverallParts(0.0, 0.0, 0.0)
    direct = 2 * float((graph.capacity[start] * graph.capacity[end] * best).sum()) / total
    intra = indices.intra_share
    return OverallParts(intra, direct, max(1 - intra - direct, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class DirectFlux:
    """Flux of links alone, as Conefor's F and AWF.

    Attributes
    ----------
    flux : (n,) array of float64
        F: sum of the chances of a patch's links.
    weighted : (n,) array of float64
        AWF: sum of ``a_i a_j p_ij`` over its links.
    """

    flux: Floats
    weighted: Floats

    @property
    def total(self) -> float:
        """F of the graph, over ordered pairs: each link counts twice, as in Conefor."""
        return float(self.flux.sum())

    @property
    def weighted_total(self) -> float:
        """AWF of the graph, over ordered pairs."""
        return float(self.weighted.sum())


def measure_direct_flux(graph: LandscapeGraph, dispersal: Dispersal) -> DirectFlux:
    """Measure F and AWF of Conefor: by links alone, without chains; of parallel links the best counts.

    Examples
    --------
    >>> graph = LandscapeGraph.of([3, 4, 5], [0, 1], [1, 2], [100, 100])
    >>> found = measure_direct_flux(graph, Dispersal(100, 0.5))
    >>> round(found.total, 9), round(found.weighted_total, 9)
    (2.0, 32.0)

    Source: Saura and Pascual-Hortal (2007), table 1.
    """
    start, end, best = _keep_best(graph, dispersal.reach(graph.cost))
    both = graph.capacity[start] * graph.capacity[end] * best
    flux, weighted = np.zeros(graph.count), np.zeros(graph.count)
    for side in (start, end):
        np.add.at(flux, side, best)
        np.add.at(weighted, side, both)
    return DirectFlux(flux, weighted)


def _chance_of_links(graph: LandscapeGraph, index: str, dispersal: Dispersal | None) -> Floats:
    if index == "IIC":
        return np.full(graph.link_count, 0.5)
    if dispersal is None:
        raise DataError("PC is split with the dispersal it was measured with; give it.")
    return dispersal.reach(graph.cost)


def _keep_best(graph: LandscapeGraph, chance: Floats) -> tuple[Ints, Ints, Floats]:
    """Give the pairs of linked patches, each once, and the best chance of their links."""
    low, high = np.minimum(graph.start, graph.end), np.maximum(graph.start, graph.end)
    order = np.lexsort((-chance, high, low))
    low, high, chance = low[order], high[order], chance[order]
    first = np.ones(len(low), dtype=bool)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return low[first], high[first], chance[first]


def find_costs_between(graph: LandscapeGraph, pairs: ArrayLike, *, threads: int | None = None) -> Floats:
    """Find the cost of the cheapest path between given pairs of patches, inner ways counted.

    Parameters
    ----------
    graph : LandscapeGraph
    pairs : (k, 2) array of int
        Places of patches.
    threads : int, optional
        All cores by default.

    Returns
    -------
    (k,) array of float64
        Infinite where there is no path. ``dispersal.reach`` of it is the chance.

    Raises
    ------
    DataError
        A place is none.

    Examples
    --------
    >>> graph = LandscapeGraph.of([3, 4, 5, 6], [0, 1], [1, 2], [100, 50])
    >>> find_costs_between(graph, [[0, 2], [1, 1], [0, 3]]).tolist()
    [150.0, 0.0, inf]
    """
    from bocage.kernels.graph_paths import find_costs

    states = make_states(graph)
    places = states.number[read_pairs(graph, pairs)]
    # From the end that most pairs share: the fewer trees.
    swap = len(np.unique(places[:, 1])) < len(np.unique(places[:, 0]))
    source, target = (places[:, 1], places[:, 0]) if swap else (places[:, 0], places[:, 1])
    order = np.argsort(source, kind="stable")
    sources, first = np.unique(source[order], return_index=True)
    firsts = np.append(first, len(order)).astype(np.int64)
    targets = np.ascontiguousarray(target[order])
    found = np.full(len(order), np.inf)

    def work(block: Ints) -> None:
        bounds = firsts[block[0] : block[-1] + 2]
        find_costs(
            sources[block], states.ptr, states.head, states.cost, states.owner, np.inf, bounds, targets, found
        )

    for _ in run_blocks(work, np.arange(len(sources)), threads):
        pass
    costs = np.empty(len(order))
    costs[order] = found
    return costs
