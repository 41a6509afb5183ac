"""The landscape graph of a sub-network: reservoirs are nodes, corridors are links with a cost.

Two reservoirs are reached from each other with probability ``p* = exp(-k d)``, ``d`` being the cost of the
cheapest chain of corridors and ``k`` such that ``p* = 0.05`` at the dispersal cost. The equivalent connected
area ``ECA = sqrt(sum_ij a_i a_j p*_ij)`` is the area of the one patch that would be as easy to reach.
It is measured with the costs of today and with those were infrastructure transparent; what is lost between
the two is what the obstacles cost.

Sources: Saura and Pascual-Hortal (2007), doi:10.1016/j.landurbplan.2007.03.005, for the probability of
connectivity; Saura, Estreguil, Mouton and Rodriguez-Freire (2011),
doi:10.1016/j.ecolind.2010.06.011, for ECA.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.network import Table

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PROBABILITY = 0.05
"""Probability of reaching a reservoir at the dispersal cost."""

EXACT_PATCHES = 5_000
CUTOFF = 1e-4

_PATCH_VALUES = ("dpc", "dpc_intra", "dpc_flux", "dpc_connector", "dpc_rank")
_LINK_VALUES = ("dpc", "dpc_rank", "eca_gain")


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """How well the reservoirs of a sub-network are linked.

    Attributes
    ----------
    subnetwork : str
    reservoirs, links : int
        Links are distinct pairs of reservoirs joined by a corridor.
    links_open, links_open_free : int
        Links whose cost is allowed (at most the dispersal cost): today, and without infrastructure.
    components, components_free : int
        Groups of reservoirs joined by links whose cost is allowed: today, and without infrastructure.
    area_ha : float
        Area that counts as nodes [ha].
    weight : {"habitat_ha", "area_ha"}
        What that area is: the habitat inside reservoirs, or their whole area where habitat is not known.
    eca_ha, eca_free_ha : float
        Equivalent connected area today, and without infrastructure [ha].
    """

    subnetwork: str
    reservoirs: int
    links: int
    links_open: int
    links_open_free: int
    components: int
    components_free: int
    area_ha: float
    weight: str
    eca_ha: float
    eca_free_ha: float

    @property
    def loss_share(self) -> float:
        """Share of the connected area that the obstacles take away, in [0, 1]."""
        return 1 - self.eca_ha / self.eca_free_ha if self.eca_free_ha > 0 else 0.0

    def probability_of_connectivity(self, landscape_ha: float) -> float:
        """Give PC, the chance that two points of the landscape fall in linked habitat: (ECA / A_L)².

        Parameters
        ----------
        landscape_ha : float
            Area of the landscape A_L [ha], > 0.
        """
        return (self.eca_ha / landscape_ha) ** 2


@dataclass(frozen=True, slots=True)
class _Graph:
    """Nodes and links of a sub-network; link ``i`` joins ``start[i]`` and ``end[i]``."""

    ids: tuple[str, ...]
    area: Floats
    weight: str
    corridors: tuple[str, ...]
    start: Ints
    end: Ints
    cost: Floats
    free: Floats
    dispersal_cost: float

    def link_up(self, cost: Floats) -> LandscapeGraph:
        """Make the landscape graph with these costs, (m,) [resistance x m]; NaN and inf are no link."""
        return LandscapeGraph.of(
            self.area, self.start, self.end, np.where(np.isnan(cost), np.inf, cost), ids=self.ids,
            link_ids=self.corridors,
        )  # fmt: skip


def equivalent_connected_area(
    area: ArrayLike,
    start: ArrayLike,
    end: ArrayLike,
    cost: ArrayLike,
    *,
    dispersal_cost: float,
    probability: float = PROBABILITY,
) -> float:
    """Compute the equivalent connected area (ECA) of patches and their links.

    Parameters
    ----------
    area : (n,) array of float
        Patch areas, in any unit; the result is in the same.
    start, end : (m,) array of int
        Patches that each link joins.
    cost : (m,) array of float
        Cost of each link, >= 0; one that is not finite is no link. Of parallel links the cheapest counts.
    dispersal_cost : float
        Cost at which another patch is reached with the given probability, > 0.
    probability : float
        In (0, 1).

    Returns
    -------
    float
        Between ``sqrt(sum(area**2))`` (nothing linked) and ``sum(area)`` (all linked at no cost).

    Notes
    -----
    All chains of links count, whatever their length, and a chain may pass through other patches.
    Source: Saura et al. (2011), eq. 2.

    Examples
    --------
    Two patches of 3 and 4 ha that cannot reach each other count as one of 5 ha, and linked at the dispersal
    cost with probability 0.5 as ``sqrt(9 + 16 + 2 * 12 * 0.5)``:

    >>> equivalent_connected_area([3, 4], [], [], [], dispersal_cost=1000)
    5.0
    >>> eca = equivalent_connected_area([3, 4], [0], [1], [1000], dispersal_cost=1000, probability=0.5)
    >>> round(eca**2, 9)
    37.0
    """
    costs = np.asarray(cost, dtype=np.float64)
    passable = np.where(np.isnan(costs), np.inf, costs)
    graph = LandscapeGraph.of(area, start, end, passable)
    return _measure_eca(graph, Dispersal(dispersal_cost, probability))


def summarise_graph(tables: Mapping[Table, GeoDataFrame], subnetwork: str) -> GraphSummary:
    """Summarise how well the reservoirs of a sub-network are linked, with and without their obstacles.

    Parameters
    ----------
    tables : mapping of table name to GeoDataFrame
        ``reservoir_s`` and ``corridor_s`` are read, as ``network.COLUMNS`` describes them.
    subnetwork : str
        Its key.

    Returns
    -------
    GraphSummary
    """
    from bocage.connectivity.components import label_components

    graph = _build_graph(tables, subnetwork)
    limit = graph.dispersal_cost
    ecas, opened, parts = [], [], []
    for cost in (graph.cost, graph.free):
        landscape = graph.link_up(cost)
        allowed = landscape.keep_links(landscape.cost <= limit)
        opened.append(_count_pairs(allowed.start, allowed.end))
        parts.append(int(label_components(allowed).max(initial=-1)) + 1)
        ecas.append(_measure_eca(landscape, Dispersal(limit, PROBABILITY)))
    pairs = _count_pairs(graph.start, graph.end)
    return GraphSummary(
        subnetwork,
        reservoirs=graph.area.size,
        links=pairs,
        links_open=opened[0],
        links_open_free=opened[1],
        components=parts[0],
        components_free=parts[1],
        area_ha=float(graph.area.sum()),
        weight=graph.weight,
        eca_ha=ecas[0],
        eca_free_ha=ecas[1],
    )


def summarise_graphs(tables: Mapping[Table, GeoDataFrame]) -> tuple[GraphSummary, ...]:
    """Summarise every sub-network that has reservoirs, in the order in which the table holds them."""
    return tuple(summarise_graph(tables, key) for key in dict.fromkeys(tables["reservoir_s"]["subnetwork"]))


def rank_restorations(tables: Mapping[Table, GeoDataFrame], subnetwork: str) -> DataFrame:
    """Rank the corridors to restore by what opening each one alone would give back.

    Opening a corridor brings its cost from ``cost`` to ``cost_free``, all others staying as today.

    Parameters
    ----------
    tables : mapping of table name to GeoDataFrame
        ``reservoir_s`` and ``corridor_s`` with their objectives.
    subnetwork : str
        Its key.

    Returns
    -------
    DataFrame
        ``id`` of each corridor to restore and ``gain_share``, growth of the equivalent connected area as a
        share of today's; best first, ties by id.

    Notes
    -----
    A corridor whose ground is degraded without infrastructure on it gains nothing by this measure. The gain
    is exact: with one link of cost ``w`` between ``u`` and ``v`` cheapened, the cheapest chain becomes
    ``min(d_ij, d_iu + w + d_vj, d_iv + w + d_uj)``.
    """
    import pandas

    graph = _build_graph(tables, subnetwork)
    corridors = tables["corridor_s"]
    restore = frozenset(corridors["id"][corridors["objective"] == "restore"])
    chosen = np.array([i for i, name in enumerate(graph.corridors) if name in restore], dtype=np.int64)
    whole = _measure_eca(graph.link_up(graph.cost), Dispersal(graph.dispersal_cost, PROBABILITY)) ** 2
    frame = pandas.DataFrame(
        {"id": [graph.corridors[i] for i in chosen], "gain_share": _measure_gains(graph, chosen, whole)}
    )
    return frame.sort_values(["gain_share", "id"], ascending=[False, True], ignore_index=True)


def value_network(
    tables: Mapping[Table, GeoDataFrame], *, threads: int | None = None
) -> dict[Table, GeoDataFrame]:
    """Give each reservoir and corridor what it is worth to the connectivity of its sub-network.

    Parameters
    ----------
    tables : mapping of table name to GeoDataFrame
        All tables of the network; those of reservoirs and corridors are copied, the others given as they are.
    threads : int, optional
        Results do not depend on it.

    Returns
    -------
    dict of table name to GeoDataFrame
        ``reservoir_s`` with ``dpc`` and its parts, ``corridor_s`` and ``corridor_l`` with ``dpc`` and
        ``eca_gain``, both with ``dpc_rank``, as ``network.COLUMNS`` describes them; empty where a corridor
        leads out of the area.

    Notes
    -----
    Of a graph of more than ``EXACT_PATCHES`` reservoirs, pairs reached with a probability below ``CUTOFF``
    are left out.
    """
    reservoirs, corridors = tables["reservoir_s"].copy(), tables["corridor_s"].copy()
    patch = {name: np.full(len(reservoirs), np.nan) for name in _PATCH_VALUES}
    link = {name: np.full(len(corridors), np.nan) for name in _LINK_VALUES}
    for key in dict.fromkeys(reservoirs["subnetwork"]):
        graph = _build_graph(tables, key)
        rows = np.flatnonzero((reservoirs["subnetwork"] == key).to_numpy())
        of_corridor = {name: row for row, name in enumerate(corridors["id"])}
        ways = np.array([of_corridor[name] for name in graph.corridors], dtype=np.int64)
        worth = _value_graph(graph, threads)
        for name in _PATCH_VALUES:
            patch[name][rows] = worth[name]
        for name in _LINK_VALUES:
            link[name][ways] = worth[f"link_{name}"]
    for name, values in patch.items():
        reservoirs[name] = values
    for name, values in link.items():
        corridors[name] = values
    # The axis has the worth of its surface: rows of both tables go in pairs, by the ends and the number.
    axes = tables["corridor_l"].copy()
    keys = ["subnetwork", "number"]
    found = axes[keys].merge(corridors[[*keys, *link]], on=keys, how="left", validate="many_to_one")
    for name in link:
        axes[name] = found[name].to_numpy(dtype=np.float64)
    return {**tables, "reservoir_s": reservoirs, "corridor_s": corridors, "corridor_l": axes}


def _value_graph(graph: _Graph, threads: int | None) -> dict[str, Floats]:
    from bocage.connectivity.importance import measure_importance

    landscape = graph.link_up(graph.cost)
    dispersal = Dispersal(graph.dispersal_cost, PROBABILITY)
    epsilon = 0.0 if landscape.count <= EXACT_PATCHES else CUTOFF
    worth = measure_importance(landscape, dispersal, epsilon=epsilon, threads=threads)
    percent = {
        "dpc": 100 * worth.total,
        "dpc_intra": 100 * worth.intra,
        "dpc_flux": 100 * worth.flux,
        "dpc_connector": 100 * worth.connector,
    }
    # Corridors that nothing crosses today are no link, and worth nothing until they are opened.
    of_link = np.zeros(len(graph.corridors))
    of_link[np.flatnonzero(np.isfinite(graph.cost))] = 100 * worth.link
    gains = 100 * _measure_gains(graph, np.arange(len(graph.corridors)), worth.indices.numerator)
    return {
        **percent,
        "dpc_rank": _rank(percent["dpc"]),
        "link_dpc": of_link,
        "link_dpc_rank": _rank(of_link),
        "link_eca_gain": gains,
    }


def _rank(values: Floats) -> Floats:
    """Rank from 1, the greatest first; equal ones in the order of the table."""
    ranks = np.empty(len(values))
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return ranks


def _measure_gains(graph: _Graph, chosen: Ints, whole: float) -> Floats:
    """Measure the relative growth of ECA, whose square is ``whole``, for each corridor opened alone."""
    from bocage.connectivity.gains import gain_of_links

    gains = np.zeros(len(chosen))
    better = np.flatnonzero(
        np.isfinite(graph.free[chosen]) & ~(graph.free[chosen] >= graph.cost[chosen])
        & (graph.start[chosen] != graph.end[chosen])
    )  # fmt: skip
    if better.size:
        landscape, opened = graph.link_up(graph.cost), chosen[better]
        dispersal = Dispersal(graph.dispersal_cost, PROBABILITY)
        more = gain_of_links(landscape, dispersal, graph.start[opened], graph.end[opened], graph.free[opened])
        gains[better] = np.sqrt(1 + more / whole) - 1
    return gains


def _measure_eca(graph: LandscapeGraph, dispersal: Dispersal) -> float:
    from bocage.connectivity.path_indices import measure_paths

    return measure_paths(graph, dispersal, betweenness=False).equivalent_capacity if graph.count else 0.0


def _count_pairs(start: Ints, end: Ints) -> int:
    ends = np.sort(np.column_stack([start, end]), axis=1)
    return len(np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0))


def _build_graph(tables: Mapping[Table, GeoDataFrame], subnetwork: str) -> _Graph:
    reservoirs, corridors = (
        tables[table][tables[table]["subnetwork"] == subnetwork] for table in ("reservoir_s", "corridor_s")
    )
    number = {name: i for i, name in enumerate(reservoirs["id"])}
    # A corridor whose reservoir was cut away with the edge of the area links nothing.
    linked = corridors[corridors["from_id"].isin(number) & corridors["to_id"].isin(number)]
    habitat = reservoirs["habitat_ha"].to_numpy(dtype=np.float64)
    known = habitat.size > 0 and bool(np.isfinite(habitat).all()) and habitat.sum() > 0
    weight = "habitat_ha" if known else "area_ha"
    return _Graph(
        tuple(reservoirs["id"]),
        reservoirs[weight].to_numpy(dtype=np.float64),
        weight,
        tuple(linked["id"]),
        np.array([number[name] for name in linked["from_id"]], dtype=np.int64),
        np.array([number[name] for name in linked["to_id"]], dtype=np.int64),
        linked["cost"].to_numpy(dtype=np.float64),
        linked["cost_free"].to_numpy(dtype=np.float64),
        float(linked["dispersal_cost"].max()) if len(linked) else 1.0,
    )
