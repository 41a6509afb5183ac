"""Basins and connected components of a river network, and how far their outlets are from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.kernels.river_network import follow_down

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Farther than this from another basin, an outlet is not told as a gap [m].
_GAP_M = 100.0


def list_basins(
    downstream: Ints, start: Ints, end: Ints, source: Ints, length: Floats, xy: Floats
) -> tuple[Ints, Ints, DataFrame]:
    """Give numbers to basins and components, the longest first.

    Parameters
    ----------
    downstream : (m,) array of int64
        Next edge along the main way; -1 where water leaves.
    start, end : (m,) array of int64
        Nodes.
    source : (m,) array of int64
        Line that each edge was cut from.
    length : (m,) array of float64
        [m].
    xy : (n, 2) array of float64
        Of the nodes.

    Returns
    -------
    basin, component : (m,) array of int64
    basins : DataFrame
        See ``bocage.rivers.network.RiverNetwork``.
    """
    import pandas
    from scipy.sparse import coo_array, csgraph

    def rank_by_length(label: Ints) -> Ints:
        found, which = np.unique(label, return_inverse=True)
        total = np.round(np.bincount(which, weights=length, minlength=len(found)), 6)
        rank = np.empty(len(found), dtype=np.int64)
        rank[np.lexsort((found, -total))] = np.arange(len(found))
        return rank[which]

    label = np.where(downstream < 0, end, -1)
    follow_down(downstream, label)
    basin = rank_by_length(label) if len(label) else label
    graph = coo_array((np.ones(len(start)), (start, end)), shape=(len(xy), len(xy)))
    joined = csgraph.connected_components(graph, directed=False)[1] if len(xy) else np.zeros(0, np.int64)
    component = rank_by_length(joined[start].astype(np.int64)) if len(start) else start
    rows = pandas.DataFrame(
        {
            "basin": basin,
            "component": component,
            "source": source,
            "outlet_node": label,
            "length_m": length,
        }
    )
    grouped = rows.groupby("basin", sort=True)
    table = grouped.agg(
        component=("component", "first"),
        reaches=("length_m", "size"),
        length_m=("length_m", "sum"),
        outlet_node=("outlet_node", "first"),
    ).reset_index()
    lines_in = rows.groupby("component")["source"].nunique()
    several = len(lines_in) > 1
    table.insert(2, "is_main", ~table["component"].duplicated())
    table.insert(3, "isolated", several & (lines_in.reindex(table["component"]).to_numpy() == 1))
    table["x"], table["y"] = xy[table["outlet_node"], 0], xy[table["outlet_node"], 1]
    return basin, component, table


def measure_gaps(basins: DataFrame, line: NDArray[np.object_], basin: Ints) -> Floats:
    """Measure how far each outlet is from another basin [m]; NaN beyond 100 m.

    Parameters
    ----------
    basins : DataFrame
        ``x`` and ``y`` of the outlets.
    line : (m,) array of LineString
    basin : (m,) array of int64
        Row, in ``basins``, of each line.
    """
    import shapely

    gap = np.full(len(basins), np.nan)
    if len(basins) > 1:
        outlets = np.asarray(shapely.points(basins["x"].to_numpy(), basins["y"].to_numpy()), dtype=object)
        which, near = shapely.STRtree(line).query(outlets, predicate="dwithin", distance=_GAP_M)
        other = basin[near] != which
        which, near = which[other], near[other]
        found = np.full(len(basins), np.inf)
        np.minimum.at(found, which, shapely.distance(outlets[which], line[near]))
        gap[which] = found[which]
    return gap
