"""Delineation of the corridors of a sub-network, by the method it asks for.

Both methods give the same tables, so that what follows (obstacles, objectives, maps) does not
ask how a corridor was found; the method is a column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.corridors.cost_distance import cost_distance
from bocage.corridors.geometry import draw_axis, draw_ground, list_ground
from bocage.corridors.links import Links, Pairs, find_links, find_planar_pairs, largest_cost
from bocage.journal import Journal
from bocage.landcover.cover import LandCover
from bocage.landcover.ground import GROUND
from bocage.network import COLUMNS, empty_table
from bocage.reservoirs.delineate import Reservoirs
from bocage.resistance.surface import ResistanceSurface
from bocage.resistance.table import build_resistance
from bocage.subnetwork import Subnetwork
from bocage.units import hectares

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

HOSTILE_TIMES_REFERENCE = 10.0
"""Ground is hostile from this many times the reference resistance on."""

DETOUR_TIMES_DISPERSAL = 3.0
"""How far today's cost of a corridor that no longer works is looked for, in dispersal costs."""


@dataclass(frozen=True)
class Corridors:
    """The corridors of a sub-network.

    Attributes
    ----------
    surfaces, axes : GeoDataFrame
        Rows of one and the other describe the same corridors, in the same order, with the columns
        of ``COLUMNS["corridor_s"]``; identifiers, objectives and importance are still empty.
    count : (nrows, ncols) array of uint16
        Number of corridors that cover each cell.
    cost_distance : (nrows, ncols) array of float32
        Cost from the nearest reservoir with today's infrastructure [resistance x m]; ``inf`` beyond reach.
    """

    surfaces: GeoDataFrame
    axes: GeoDataFrame
    count: NDArray[np.uint16]
    cost_distance: NDArray[np.float32]


def delineate_corridors(
    cover: LandCover,
    subnetwork: Subnetwork,
    reservoirs: Reservoirs,
    *,
    journal: Journal,
    threads: int = 1,
) -> Corridors:
    """Delineate the corridors between the reservoirs of a sub-network.

    A link is sought between reservoirs whose zones touch, by cost, with today's infrastructure or
    were it transparent. It is a corridor when, transport infrastructure apart, it costs no more
    than the sub-network's dispersal cost: whether it also works today is for the objectives to say.
    A corridor that works today is drawn where it works, another where it would without infrastructure.

    Parameters
    ----------
    cover : LandCover
    subnetwork : Subnetwork
    reservoirs : Reservoirs
        Identifiers must be set; ``labels`` are the patches linked.
    journal : Journal
        Told of sub-networks that have nothing to link.
    threads : int

    Returns
    -------
    Corridors
    """
    if len(reservoirs.table) < 2:
        journal.add("corridors_need_two_reservoirs", subnetwork=subnetwork.name, count=len(reservoirs.table))
        return _no_corridors(cover, subnetwork, reservoirs)
    if subnetwork.method == "dilation_erosion":
        from bocage.corridors.dilation_erosion import close_gaps

        return close_gaps(cover, subnetwork, reservoirs, journal=journal)
    today = build_resistance(cover, subnetwork)
    free = build_resistance(cover, subnetwork, infrastructure=False)
    patches = reservoirs.labels
    most = subnetwork.dispersal_cost
    tolerance = subnetwork.tolerance * most
    distance_today = cost_distance(today, patches, threads=threads)
    distance_free = cost_distance(free, patches, threads=threads)
    wanted = merge_pairs(find_planar_pairs(distance_today), find_planar_pairs(distance_free))
    through = subnetwork.through_patches
    links_today = find_links(
        distance_today, patches, wanted[0], max_cost=most, through_patches=through, tolerance=tolerance
    )
    links_free = find_links(distance_free, patches, wanted[1], max_cost=most, through_patches=through)
    broken = _only(wanted[1], links_free, without=links_today)
    links_broken = find_links(
        distance_free, patches, broken, max_cost=most, through_patches=through, tolerance=tolerance
    )
    # What the broken ones cost today tells a long detour from no way at all.
    detours = find_links(
        distance_today, patches, _same(wanted[0], broken),
        max_cost=min(DETOUR_TIMES_DISPERSAL * most, largest_cost(distance_today)), through_patches=through,
    )  # fmt: skip
    rows, count = _describe(
        cover, subnetwork, reservoirs, free, links_today, links_free, links_broken, _costs(detours)
    )
    surfaces, axes = tabulate(rows, subnetwork, "least_cost", most, cover.grid.crs)
    return Corridors(surfaces, axes, count, distance_today.cost(np.float32))


def merge_pairs(one: Pairs, other: Pairs) -> tuple[Pairs, Pairs]:
    """Unite two sets of pairs; each keeps its own zone costs, ``inf`` where it had no such pair."""
    keys = [_keys(pairs.first, pairs.second) for pairs in (one, other)]
    union = np.union1d(*keys)
    first, second = union >> 32, union & 0xFFFFFFFF
    merged = []
    for key, pairs in zip(keys, (one, other), strict=True):
        cost = np.full(union.size, np.inf)
        cost[np.searchsorted(union, key)] = pairs.zone_cost
        merged.append(Pairs(first, second, cost))
    return merged[0], merged[1]


def _keys(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    return (first.astype(np.int64) << 32) | second.astype(np.int64)


def _costs(links: Links) -> dict[int, float]:
    """Give the cost of each pair, by key."""
    return dict(zip(_keys(links.first, links.second).tolist(), links.cost.tolist(), strict=True))


def _same(pairs: Pairs, wanted: Pairs) -> Pairs:
    """Keep the pairs that ``wanted`` has, with their own zone costs."""
    keep = np.isin(_keys(pairs.first, pairs.second), _keys(wanted.first, wanted.second))
    return Pairs(pairs.first[keep], pairs.second[keep], pairs.zone_cost[keep])


def _only(pairs: Pairs, linked: Links, *, without: Links) -> Pairs:
    """Keep the pairs that ``linked`` links and ``without`` does not."""
    key = _keys(pairs.first, pairs.second)
    keep = np.isin(key, _keys(linked.first, linked.second))
    keep &= ~np.isin(key, _keys(without.first, without.second))
    return Pairs(pairs.first[keep], pairs.second[keep], pairs.zone_cost[keep])


def _describe(
    cover: LandCover,
    subnetwork: Subnetwork,
    reservoirs: Reservoirs,
    free: ResistanceSurface,
    links_today: Links,
    links_free: Links,
    links_broken: Links,
    detours: dict[int, float],
) -> tuple[list[dict], NDArray[np.uint16]]:
    """Describe each corridor, ordered by the numbers of the reservoirs linked, and count them by cell."""
    grid = cover.grid
    count = np.zeros(grid.shape, np.uint16)
    free_cost = _costs(links_free)
    identifier = dict(zip(reservoirs.table["number"], reservoirs.table["id"], strict=True))
    hostile = hostile_codes(cover, subnetwork, free)
    edge = cover.find_edge()
    rows = []
    for links, works in ((links_today, True), (links_broken, False)):
        keys = _keys(links.first, links.second).tolist()
        for i in range(len(links)):
            cells = list_ground(links, i, reservoirs.labels)
            if not cells.size:  # two reservoirs side by side: nothing lies between them
                continue
            # Infrastructure is judged by its own rules: what it covers is not degraded for being crossed.
            covered = cover.under.ravel()[cells]
            count.ravel()[cells] += 1
            rows.append(
                {
                    "key": keys[i],
                    "from_id": identifier[int(links.first[i])],
                    "to_id": identifier[int(links.second[i])],
                    "cost": float(links.cost[i]) if works else detours.get(keys[i], np.nan),
                    # A crossing may be cheaper than the ground it replaces: then today's way is the best.
                    "cost_free": min(float(links.cost[i]), free_cost.get(keys[i], np.inf)),
                    "length_m": float(links.length_m[i]),
                    "area_ha": hectares(cells.size * grid.cell_area),
                    "degraded_share": float(hostile[covered].mean()),
                    "touches_edge": bool(edge.ravel()[cells].any()),
                    "surface": draw_ground(cells, grid),
                    "axis": draw_axis(links.path_of(i), grid),
                }
            )
    rows.sort(key=lambda row: row["key"])
    return rows, count


def tabulate(
    rows: list[dict], subnetwork: Subnetwork, method: str, dispersal_cost: float, crs: str
) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Make the tables of surfaces and axes from rows that hold what is particular to each.

    Parameters
    ----------
    rows : list of dict
        With ``from_id``, ``to_id``, ``cost``, ``cost_free``, ``length_m``, ``area_ha``,
        ``degraded_share``, ``touches_edge``, ``surface`` and ``axis``.
    """
    import geopandas
    import pandas

    if not rows:
        return empty_table("corridor_s", crs), empty_table("corridor_l", crs)
    frame = pandas.DataFrame(rows).assign(
        id="", name=None, subnetwork=subnetwork.key, medium=subnetwork.medium, objective="", rule=None,
        evidence=None, decided_by=None, number=np.arange(1, len(rows) + 1), method=method,
        dispersal_cost=float(dispersal_cost), dpc=np.nan, dpc_rank=np.nan, eca_gain=np.nan,
    )  # fmt: skip
    columns = list(COLUMNS["corridor_s"])
    return (
        geopandas.GeoDataFrame(frame[columns], geometry=list(frame["surface"]), crs=crs),
        geopandas.GeoDataFrame(frame[columns], geometry=list(frame["axis"]), crs=crs),
    )


def hostile_codes(cover: LandCover, subnetwork: Subnetwork, surface: ResistanceSurface) -> NDArray[np.bool_]:
    """Tell which codes are degraded ground: artificial, or at least ten times the reference resistance.

    Returns
    -------
    (n,) array of bool
        One per entry of the legend.
    """
    artificial = np.array([ground in GROUND and GROUND[ground].artificial for ground in cover.legend.ground])
    dear = surface.values >= HOSTILE_TIMES_REFERENCE * subnetwork.reference_resistance
    dear[0] = False
    return artificial | dear[: len(artificial)]


def measure_cost_distance(
    cover: LandCover, subnetwork: Subnetwork, reservoirs: Reservoirs, threads: int = 1
) -> NDArray[np.float32]:
    """Accumulate the cost from the nearest reservoir with today's infrastructure.

    Returns
    -------
    (nrows, ncols) array of float32
        ``inf`` beyond reach, and everywhere when there is no reservoir.
    """
    if not reservoirs.labels.any():
        return np.full(cover.grid.shape, np.inf, np.float32)
    surface = build_resistance(cover, subnetwork)
    return cost_distance(surface, reservoirs.labels, threads=threads).cost(np.float32)


def _no_corridors(cover: LandCover, subnetwork: Subnetwork, reservoirs: Reservoirs) -> Corridors:
    crs = cover.grid.crs
    return Corridors(
        empty_table("corridor_s", crs),
        empty_table("corridor_l", crs),
        np.zeros(cover.grid.shape, np.uint16),
        measure_cost_distance(cover, subnetwork, reservoirs),
    )
