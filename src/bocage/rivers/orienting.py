"""Which way each reach flows: what the data say, then what lets every place drain to an outlet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.kernels.river_network import (
    drain_nodes,
    list_around,
    measure_fall,
    turn_dead_ends,
    walk_dead_ends,
)
from bocage.wording import fold_name

if TYPE_CHECKING:
    from pandas import Series

    from bocage.grid import Grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Evidence = Literal["nodes", "direction", "dem", "digitised"]
Sampler = Callable[[Floats], Floats]
"""Elevation [m] of (n, 2) coordinates; NaN where it is not known."""

EVIDENCE: tuple[Evidence, ...] = ("nodes", "direction", "dem", "digitised")
"""What may say which way a line flows, the most believed first."""

_ALONG = frozenset({"sens du troncon", "sens direct", "direct", "1", "+1", "downstream", "with", "aval"})
_AGAINST = frozenset({"sens inverse", "inverse", "-1", "upstream", "against", "amont"})
# Turning a line against what was said costs this many times its length; flowing along costs next to nothing,
# enough that of two ways that are both said the shorter is taken.
_COST = {"nodes": 10.0, "direction": 10.0, "dem": 3.0, "digitised": 1.0}
_ALONG_COST = 1e-6
# A fall smaller than this is noise of the elevation model [m].
_FALL_M = 0.5
# Places where digitised lines all arrive or all leave, of all places where lines meet: 0 to 1.6 % in layers
# digitised downstream, 8 and 18 % in layers digitised anyhow.
_CONTRADICTIONS = 0.05


@dataclass(frozen=True)
class Flow:
    """Which way the edges of a network flow.

    Attributes
    ----------
    turned : (m,) array of bool
        Edges that flow from their end to their start.
    against : (m,) array of bool
        Edges that flow against what was said of them, so that all drain.
    evidence : (m,) array of str
        What was said came from nodes, direction, dem or digitised.
    via : (n,) array of int64
        Edge of the cheapest way from each node to an outlet; -1 at outlets.
    cost : (n,) array of float64
        Grows upstream along ``via``.
    contradictions, meetings : int
        Places where digitised lines all arrive or all leave, of the places where digitised lines meet.
    trusted : bool
        Whether those are few enough for digitised directions to tell several outlets of one component.
    backwards : (k,) array of int64
        Tips that digitised lines flow to, taken as sources digitised backwards, the longest first: one may be
        a second mouth. None where digitised directions are not trusted.
    """

    turned: NDArray[np.bool_]
    against: NDArray[np.bool_]
    evidence: NDArray[np.object_]
    via: Ints
    cost: Floats
    contradictions: int
    meetings: int
    trusted: bool
    backwards: Ints


def sample_elevation(values: NDArray[Any], grid: Grid) -> Sampler:
    """Make a sampler of an elevation raster, by the cell that holds each point.

    Parameters
    ----------
    values : (rows, cols) array of float
        [m]; NaN where unknown.
    grid : Grid

    Examples
    --------
    >>> from bocage.grid import Grid
    >>> sample = sample_elevation(np.array([[5.0, 3.0]]), Grid(0, 10, 10, 1, 2))
    >>> sample(np.array([[1.0, 1.0], [12.0, 1.0], [99.0, 1.0]])).tolist()
    [5.0, 3.0, nan]
    """

    def sample(xy: Floats) -> Floats:
        cols = np.floor((xy[:, 0] - grid.west) / grid.cell).astype(np.int64)
        rows = np.floor((grid.north - xy[:, 1]) / grid.cell).astype(np.int64)
        inside = (rows >= 0) & (rows < grid.nrows) & (cols >= 0) & (cols < grid.ncols)
        found = np.full(len(xy), np.nan)
        found[inside] = values[rows[inside], cols[inside]]
        return found

    return sample


def read_directions(values: Series[Any]) -> Ints:
    """Read a column that says which way lines flow: 1 as digitised, -1 the other way, 0 not said.

    Positive and negative numbers, and the words of BD TOPO and BD Carthage, are known.

    >>> import pandas
    >>> read_directions(pandas.Series(["Sens du tronçon", "Inverse", "Inconnu", None, 1, -1.0])).tolist()
    [1, -1, 0, 0, 1, -1]
    """

    def read(value: Any) -> int:
        if value is None or value != value:
            return 0
        if isinstance(value, bool | np.bool_):
            return 1 if value else 0
        if isinstance(value, int | float | np.number):
            return int(np.sign(value))
        word = fold_name(str(value))
        return 1 if word in _ALONG else -1 if word in _AGAINST else 0

    codes, known = values.factorize(use_na_sentinel=False)
    signs: Ints = np.array([read(value) for value in known], dtype=np.int64)[codes]
    return signs


def orient_edges(
    start: Ints,
    end: Ints,
    length: Floats,
    node_xy: Floats,
    *,
    said: dict[Evidence, Ints],
    orientation: Sequence[Evidence] = EVIDENCE,
    dem: Sampler | None = None,
    outlets: Ints | None = None,
) -> Flow:
    """Orient a network so that every place drains to an outlet.

    Each edge is first given the direction of the most believed evidence that says one. Outlets are the
    tips where water then arrives. A tip reached only by a digitised direction, whose junction has another
    way out, is a source digitised backwards rather than a second mouth, and is turned. Where digitised
    directions contradict each other at more than 5 % of the places where lines meet, they do not tell second
    outlets: a component then has the one outlet that needs least turning. Then the edges
    that must flow against what was said are those of least length, weighted by what said it, that let
    all drain (Dijkstra 1959 from the outlets); last, what would flow in a circle is turned towards the
    outlet.

    Parameters
    ----------
    start, end : (m,) array of int64
    length : (m,) array of float64
        [m], > 0.
    node_xy : (n, 2) array of float64
    said : dict of evidence to (m,) array of {-1, 0, 1}
        For ``nodes`` and ``direction``: 1 from start to end, 0 not said.
    orientation : sequence of {"nodes", "direction", "dem", "digitised"}
        What is believed, first first.
    dem : callable, optional
        Elevation of (n, 2) coordinates [m]; also chooses the outlet where nothing else does.
    outlets : (k,) array of int64, optional
        Nodes that are the outlets of the components that hold them.
    """
    from scipy.sparse import coo_array, csgraph

    count, nodes = len(start), len(node_xy)
    height = np.full(nodes, np.nan) if dem is None else np.asarray(dem(node_xy), dtype=np.float64)
    sign, evidence = _believe(start, end, height, said, orientation)
    low, high = np.where(sign > 0, start, end), np.where(sign > 0, end, start)
    first, around = list_around(low, high, nodes)
    graph = coo_array((np.ones(count), (low, high)), shape=(nodes, nodes))
    component = csgraph.connected_components(graph, directed=False)[1].astype(np.int64)

    proper = low != high
    outflows = np.bincount(low[proper], minlength=nodes)
    degree = np.diff(first)
    given = np.zeros(nodes, dtype=bool) if outlets is None else np.isin(np.arange(nodes), outlets)
    told = np.isin(component, component[given])
    tips = np.flatnonzero((degree == 1) & (outflows == 0) & ~told)
    turned = np.zeros(count, dtype=bool)
    junction, walked = walk_dead_ends(low, high, evidence != "digitised", length, first, around, tips)
    order = np.lexsort((tips, walked))
    turn_dead_ends(low, high, first, around, tips[order], junction[order], outflows.copy(), turned)
    wanted_low, wanted_high = np.where(turned, high, low), np.where(turned, low, high)

    rank = np.zeros(count, dtype=np.int64)
    for place, key in enumerate(EVIDENCE):
        rank[evidence == key] = place
    weight = np.array([_COST[key] for key in EVIDENCE])[rank] * length
    contradictions, meetings = _count_contradictions(low, high, evidence == "digitised", degree)
    trusted = contradictions <= _CONTRADICTIONS * meetings

    outflows = np.bincount(wanted_low[proper], minlength=nodes)
    is_outlet = given | ((degree == 1) & (outflows == 0) & ~told)
    fall = measure_fall(low, high, weight, first, around)
    if not trusted:
        by_digitised = np.zeros(nodes, dtype=bool)
        by_digitised[high[evidence == "digitised"]] = True
        is_outlet &= ~by_digitised | given
    is_outlet |= _choose_outlets(component, component[is_outlet], degree, outflows, height, fall)
    cost, via = drain_nodes(
        wanted_low, wanted_high, _ALONG_COST * length, weight, first, around,
        np.flatnonzero(is_outlet).astype(np.int64),
    )  # fmt: skip
    used = via >= 0
    flows_low, flows_high = wanted_low.copy(), wanted_high.copy()
    way = via[used]
    flows_high[way] = (wanted_low + wanted_high)[way] - np.flatnonzero(used)
    flows_low[way] = np.flatnonzero(used)
    graph = coo_array((np.ones(count), (flows_low, flows_high)), shape=(nodes, nodes))
    ring = csgraph.connected_components(graph, directed=True, connection="strong")[1]
    rise = np.lexsort((np.arange(nodes), cost))
    above = np.empty(nodes, dtype=np.int64)
    above[rise] = np.arange(nodes)
    wrong = (ring[flows_low] == ring[flows_high]) & (above[flows_low] < above[flows_high])
    flows_low[wrong], flows_high[wrong] = flows_high[wrong], flows_low[wrong]
    backwards = tips[np.lexsort((tips, -walked))] if trusted else tips[:0]
    backwards = backwards[np.isin(backwards, flows_low[turned & (flows_low != low)])]
    # Nothing leaves an outlet; what was said to does arrive there.
    leaves = is_outlet[flows_low] & ~is_outlet[flows_high]
    flows_low[leaves], flows_high[leaves] = flows_high[leaves], flows_low[leaves]
    return Flow(
        turned=(flows_low != start) & proper,
        against=(flows_low != low) & proper,
        evidence=evidence,
        via=via,
        cost=cost,
        contradictions=contradictions,
        meetings=meetings,
        trusted=trusted,
        backwards=backwards,
    )


def _believe(
    start: Ints,
    end: Ints,
    height: Floats,
    said: dict[Evidence, Ints],
    orientation: Sequence[Evidence],
) -> tuple[Ints, NDArray[np.object_]]:
    """Give each edge the direction of the first evidence that says one, and its name."""
    sign = np.zeros(len(start), dtype=np.int64)
    evidence = np.full(len(start), "digitised", dtype=object)
    for key in orientation:
        if key == "digitised":
            found = np.ones(len(start), dtype=np.int64)
        elif key == "dem":
            fall = height[start] - height[end]
            found = np.where(np.abs(fall) >= _FALL_M, np.sign(fall), 0)
            found = np.nan_to_num(found).astype(np.int64)
        else:
            found = said.get(key, np.zeros(len(start), dtype=np.int64))
        fresh = (sign == 0) & (found != 0)
        sign[fresh] = found[fresh]
        evidence[fresh] = key
    sign[sign == 0] = 1
    return sign, evidence


def _count_contradictions(
    low: Ints, high: Ints, digitised: NDArray[np.bool_], degree: Ints
) -> tuple[int, int]:
    """Count the places where digitised lines all arrive or all leave, and those where they meet."""
    nodes = len(degree)
    use = digitised & (low != high)
    arrive = np.bincount(high[use], minlength=nodes)
    leave = np.bincount(low[use], minlength=nodes)
    meets = (degree >= 2) & (arrive + leave == degree)
    return int(np.sum(meets & ((arrive == 0) | (leave == 0)))), int(meets.sum())


def _choose_outlets(
    component: Ints, served: Ints, degree: Ints, outflows: Ints, height: Floats, fall: Floats
) -> NDArray[np.bool_]:
    """Choose an outlet for components without one.

    Of tips where water arrives, else of other places where it arrives and does not leave, else of all: the
    lowest where elevations are known, then the one that needs least turning.
    """
    chosen = np.zeros(len(component), dtype=bool)
    left = np.flatnonzero(~np.isin(component, served))
    if len(left):
        kind = np.where(outflows[left] > 0, 2, np.where(degree[left] == 1, 0, 1))
        low = np.nan_to_num(height[left], nan=np.inf)
        order = np.lexsort((left, np.round(fall[left], 6), low, kind, component[left]))
        ordered = left[order]
        chosen[ordered[np.unique(component[ordered], return_index=True)[1]]] = True
    return chosen
