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

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from bocage.network import Table

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PROBABILITY = 0.05
"""Probability of reaching a reservoir at the dispersal cost."""

# exp(-k d) is below 1e-15 from here: farther reservoirs change no digit of the sum.
_REACH = 11.6
_BLOCK = 256


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
    areas = np.asarray(area, dtype=np.float64)
    links = _as_links(areas.size, start, end, cost)
    decay = -math.log(probability) / dispersal_cost
    total = sum(
        float(areas[rows] @ (np.exp(-decay * costs) @ areas))
        for rows, costs in _cost_blocks(links, _reach(dispersal_cost, probability))
    )
    return math.sqrt(total)


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
    graph = _build_graph(tables, subnetwork)
    limit = graph.dispersal_cost
    ecas, opened, parts, pairs = [], [], [], 0
    for cost in (graph.cost, graph.free):
        links = _as_links(graph.area.size, graph.start, graph.end, cost)
        allowed = links.copy()
        allowed.data = np.where(links.data <= limit, 1.0, 0.0)
        allowed.eliminate_zeros()
        opened.append(int(allowed.nnz))
        parts.append(int(connected_components(allowed, directed=False)[0]) if graph.area.size else 0)
        ecas.append(equivalent_connected_area(graph.area, graph.start, graph.end, cost, dispersal_cost=limit))
    if graph.start.size:
        ends = np.sort(np.column_stack([graph.start, graph.end]), axis=1)
        pairs = len(np.unique(ends, axis=0))
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
    chosen = [i for i, name in enumerate(graph.corridors) if name in restore]
    gains = np.zeros(len(chosen))
    gainers = [
        j for j, i in enumerate(chosen) if math.isfinite(graph.free[i]) and not graph.free[i] >= graph.cost[i]
    ]
    if gainers:
        links = [chosen[j] for j in gainers]
        gains[gainers] = _measure_gains(graph, np.array(links))
    frame = pandas.DataFrame({"id": [graph.corridors[i] for i in chosen], "gain_share": gains})
    return frame.sort_values(["gain_share", "id"], ascending=[False, True], ignore_index=True)


def _measure_gains(graph: _Graph, chosen: Ints) -> Floats:
    """Measure the relative growth of ECA for each of the links chosen, cheapened alone."""
    links = _as_links(graph.area.size, graph.start, graph.end, graph.cost)
    reach = _reach(graph.dispersal_cost, PROBABILITY)
    decay = -math.log(PROBABILITY) / graph.dispersal_cost
    nodes, place = np.unique(np.concatenate([graph.start[chosen], graph.end[chosen]]), return_inverse=True)
    from_ends = dijkstra(links, directed=False, indices=nodes, limit=reach)
    starts, ends = from_ends[place[: chosen.size]], from_ends[place[chosen.size :]]
    before, more = 0.0, np.zeros(chosen.size)
    for rows, costs in _cost_blocks(links, reach):
        today = np.exp(-decay * costs)
        before += float(graph.area[rows] @ (today @ graph.area))
        for j, link in enumerate(chosen):
            # Only pairs near both ends of the link can gain: through it one way, and the other way.
            for near, far in ((starts[j], ends[j]), (ends[j], starts[j])):
                sources = np.flatnonzero(np.isfinite(near[rows]))
                targets = np.flatnonzero(np.isfinite(far))
                if not sources.size or not targets.size:
                    continue
                through = near[rows][sources, None] + graph.free[link] + far[None, targets]
                gained = np.exp(-decay * through) - today[np.ix_(sources, targets)]
                np.maximum(gained, 0, out=gained)
                more[j] += float(graph.area[rows][sources] @ (gained @ graph.area[targets]))
    return np.sqrt(1 + more / before) - 1


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


def _as_links(count: int, start: ArrayLike, end: ArrayLike, cost: ArrayLike) -> Any:
    """Build the symmetric sparse matrix of costs, upper half only, the cheapest of parallel links."""
    starts, ends = np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64)
    costs = np.asarray(cost, dtype=np.float64)
    keep = np.isfinite(costs) & (starts != ends)
    low, high = np.minimum(starts, ends)[keep], np.maximum(starts, ends)[keep]
    costs = costs[keep]
    order = np.lexsort((costs, high, low))
    low, high, costs = low[order], high[order], costs[order]
    first = np.ones(low.size, dtype=bool)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    # A stored zero would mean no link to part of scipy: a free link costs next to nothing instead.
    costs = np.maximum(costs[first], np.finfo(np.float64).tiny)
    return coo_array((costs, (low[first], high[first])), shape=(count, count)).tocsr()


def _cost_blocks(links: Any, reach: float) -> Iterator[tuple[slice, Floats]]:
    """Give the costs from a block of patches to all patches, block after block, to bound the memory."""
    count = links.shape[0]
    for first in range(0, count, _BLOCK):
        rows = slice(first, min(first + _BLOCK, count))
        yield rows, dijkstra(links, directed=False, indices=np.arange(rows.start, rows.stop), limit=reach)


def _reach(dispersal_cost: float, probability: float) -> float:
    return _REACH * dispersal_cost * math.log(PROBABILITY) / math.log(probability)
