"""ProtConn: how much of a region is protected and connected, and by what.

Protected areas are patches, contiguous and overlapping ones united, and their capacity the area that lies in
the region. ``ECA = sqrt(sum_ij a_i a_j p*_ij)`` is their equivalent connected area; in percent of the region:

===================  =====================================================================================
Prot                 protected, ``100 sum a / A_L``
ProtConn             protected and connected, ``100 ECA / A_L``, at most Prot
ProtUnconn           ``Prot - ProtConn``
RelConn              ``100 ProtConn / Prot`` (in percent of Prot)
ProtConn_Prot        connected by moving through protected land alone, ``100 sqrt(sum a²) / A_L``
ProtConn_Within      of which inside single protected areas, ``100 sqrt(sum s²) / A_L * sqrt(sum a / sum s)``
                     with ``s`` the areas before they were united; the root takes overlaps back
ProtConn_Contig      of which from one to a contiguous one, ``ProtConn_Prot - ProtConn_Within``
ProtConn_Trans       connected by protected areas beyond the border alone: ProtConn less what it is without
ProtConn_Unprot      connected through unprotected land: the rest
===================  =====================================================================================

``ProtConn = Within + Contig + Trans + Unprot``. Sources: Saura, Bastin, Battistella, Mandrici and Dubois
(2017), doi:10.1016/j.ecolind.2016.12.047; for what a region cannot help (``ProtConn_Bound``, ``Design``,
``Sea``, ``Outland``) Saura, Bertzky, Bastin, Battistella, Mandrici and Dubois (2018),
doi:10.1016/j.biocon.2017.12.020.

Areas beyond the border have no area of their own here, as in the papers; Makurhini counts one unit for
each pair that they are in. Its later versions print as Contig what Within leaves of 100 %, where the papers
take it from ProtConn_Prot, as is done here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import Dispersal, Floats, LandscapeGraph
from bocage.connectivity.topology import iterate_costs
from bocage.errors import DataError

DISPERSAL = Dispersal(10_000, 0.5)
"""Median dispersal distance of 10 km, that of the published values of ecoregions and countries [m]."""


@dataclass(frozen=True, slots=True)
class ProtConn:
    """ProtConn and its parts, all in percent of the region but ``relconn``.

    Attributes
    ----------
    region_area, protected_area, eca : float
        In the unit of the capacities.
    prot, unprotected, protconn, protunconn : float
    relconn : float
        In percent of ``prot``; NaN where nothing is protected.
    protected, trans, unprot : float
        ProtConn_Prot, _Trans and _Unprot: they sum to ``protconn``.
    within, contig : float or None
        ProtConn_Within and _Contig: they sum to ``protected``. None where single areas are not known.
    design, bound : float or None
        ProtUnconn_Design, what the protected areas of the region could still connect, and ProtConn_Bound,
        which is ``prot - design``. None without the land of the region.
    sea, outland : float or None
        ProtUnconn_Sea and _Outland, what the sea and foreign lands cut off; together ``bound - protconn``.
        None without the land beyond.
    """

    region_area: float
    protected_area: float
    eca: float
    prot: float
    unprotected: float
    protconn: float
    protunconn: float
    relconn: float
    protected: float
    trans: float
    unprot: float
    within: float | None = None
    contig: float | None = None
    design: float | None = None
    bound: float | None = None
    sea: float | None = None
    outland: float | None = None

    def list_shares(self) -> dict[str, float]:
        """Give the parts in percent of ProtConn, under the names of the papers; NaN where it is 0."""
        parts = {
            "ProtConn_Prot": self.protected,
            "ProtConn_Within": self.within,
            "ProtConn_Contig": self.contig,
            "ProtConn_Trans": self.trans,
            "ProtConn_Unprot": self.unprot,
        }
        whole = self.protconn
        return {
            name: 100 * part / whole if whole > 0 else math.nan
            for name, part in parts.items()
            if part is not None
        }


def measure_protconn(
    graph: LandscapeGraph,
    region_area: float,
    dispersal: Dispersal = DISPERSAL,
    *,
    transboundary: ArrayLike | None = None,
    single_areas: ArrayLike | None = None,
    with_land: LandscapeGraph | None = None,
    with_all_land: LandscapeGraph | None = None,
) -> ProtConn:
    """Measure ProtConn and its parts.

    Parameters
    ----------
    graph : LandscapeGraph
        Protected areas and the ways between them, a link for each pair that can be reached directly.
        Capacities are areas inside the region.
    region_area : float
        Of the region, > 0, in the unit of the capacities.
    dispersal : Dispersal
        By default the median of 10 km; pass ``Dispersal(d, 0.5)`` for another median ``d``.
    transboundary : (n,) array of bool, optional
        Protected areas beyond the border: steps on the way, of no area whatever their capacity.
    single_areas : (s,) array of float, optional
        Areas of the protected areas before contiguous and overlapping ones were united, >= 0.
    with_land : LandscapeGraph, optional
        The same with the unprotected land of the region as patches of capacity 0: what stays apart then is
        cut off by sea or by foreign lands. In the unit of the capacities of ``graph``, its areas sum to the
        same.
    with_all_land : LandscapeGraph, optional
        The same with foreign lands as well: what stays apart then is cut off by the sea.

    Returns
    -------
    ProtConn

    Raises
    ------
    DataError
        The region is smaller than what is protected in it, masks are of another length, areas are negative,
        or a graph with land does not hold the same protected areas.

    Examples
    --------
    Areas of 3 and 4 in a region of 10, at their median distance: ``ECA² = 9 + 16 + 2 * 12 * 0.5``.

    >>> pair = LandscapeGraph.of([3, 4], [0], [1], [10_000])
    >>> found = measure_protconn(pair, 10, single_areas=[3, 4])
    >>> found.prot, round(found.protconn, 4), round(found.relconn, 4)
    (70.0, 60.8276, 86.8966)
    >>> {name: round(share, 2) for name, share in found.list_shares().items()}
    {'ProtConn_Prot': 82.2, 'ProtConn_Within': 82.2, 'ProtConn_Contig': 0.0,
     'ProtConn_Trans': 0.0, 'ProtConn_Unprot': 17.8}
    """
    beyond = _read_mask(graph, transboundary)
    inside = graph.weigh(np.where(beyond, 0.0, graph.capacity))
    total = float(inside.capacity.sum())
    if not (math.isfinite(region_area) and region_area > 0 and total <= region_area * (1 + 1e-9)):
        raise DataError(
            f"The region has an area of {region_area:g} and {total:g} is protected in it; give both in one "
            "unit, and capacities cut at the border of the region."
        )
    percent = 100 / region_area
    eca = _measure_eca(inside, dispersal)
    alone = eca
    if beyond.any():
        alone = _measure_eca(_leave_out(inside, beyond), dispersal)
    own = math.sqrt(float((inside.capacity**2).sum()))
    found = ProtConn(
        region_area=float(region_area),
        protected_area=total,
        eca=eca,
        prot=percent * total,
        unprotected=max(100 - percent * total, 0.0),
        protconn=percent * eca,
        protunconn=percent * max(total - eca, 0.0),
        relconn=100 * eca / total if total > 0 else math.nan,
        protected=percent * own,
        trans=percent * max(eca - alone, 0.0),
        unprot=percent * max(alone - own, 0.0),
    )
    if single_areas is not None:
        within = percent * _measure_within(single_areas, total, own)
        found = replace(found, within=within, contig=found.protected - within)
    if with_land is not None:
        reachable = percent * _measure_bound(with_land, total, dispersal, "with_land")
        design = max(reachable - found.protconn, 0.0)
        found = replace(found, design=design, bound=found.prot - design)
        if with_all_land is not None:
            sea = found.prot - percent * _measure_bound(with_all_land, total, dispersal, "with_all_land")
            found = replace(found, sea=sea, outland=found.prot - design - found.protconn - sea)
    elif with_all_land is not None:
        raise DataError("The land beyond the region is given without that of the region; give with_land too.")
    return found


def _measure_eca(graph: LandscapeGraph, dispersal: Dispersal) -> float:
    """Sum over all pairs, none of which is left out."""
    total = sum(
        float(graph.capacity[rows] @ (dispersal.reach(costs) @ graph.capacity))
        for rows, costs in iterate_costs(graph)
    )
    return math.sqrt(total)


def _measure_bound(graph: LandscapeGraph, protected: float, dispersal: Dispersal, name: str) -> float:
    total = float(graph.capacity.sum())
    if abs(total - protected) > 1e-6 * max(protected, 1e-300):
        raise DataError(
            f"The graph {name} holds {total:g} of protected area and not the {protected:g} of the region; "
            "give the same protected areas, and all land a capacity of 0."
        )
    return _measure_eca(graph, dispersal)


def _measure_within(single_areas: ArrayLike, total: float, own: float) -> float:
    """Measure what is connected inside single areas; never more than inside united ones."""
    single: Floats = np.asarray(single_areas, dtype=np.float64).reshape(-1)
    odd = ~(np.isfinite(single) & (single >= 0))
    if odd.any():
        shown = ", ".join(map(str, np.flatnonzero(odd)[:5])) + (" …" if odd.sum() > 5 else "")
        raise DataError(
            f"{int(odd.sum())} single protected area(s) are negative or missing (at {shown}); give areas "
            "from 0 up."
        )
    summed = float(single.sum())
    if not summed > 0:
        return 0.0
    return min(math.sqrt(float((single**2).sum()) * total / summed), own)


def _read_mask(graph: LandscapeGraph, transboundary: ArrayLike | None) -> NDArray[np.bool_]:
    if transboundary is None:
        return np.zeros(graph.count, dtype=bool)
    mask = np.asarray(transboundary, dtype=bool).reshape(-1)
    if len(mask) != graph.count:
        raise DataError(
            f"{len(mask)} value(s) say which protected areas lie beyond the border, of {graph.count}; give "
            "one for each."
        )
    return mask


def _leave_out(graph: LandscapeGraph, gone: NDArray[np.bool_]) -> LandscapeGraph:
    """Give the graph without the links of some patches, which then reach nothing."""
    return graph.keep_links(~(gone[graph.start] | gone[graph.end]))
