"""Corridors by dilation and erosion: what closes the gap between two reservoirs.

Each pair of reservoirs no farther apart than twice the dilation distance is dilated by that
distance and eroded by as much: the morphological closing of the pair. What the closing adds is
the corridor. The method asks nothing of resistance; it suits sub-networks of many small sites
(wetlands, meadows) and the guides that recommend it (CEMAGREF/Cerema 2010, volume 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bocage.corridors.delineate import Corridors, hostile_codes, measure_cost_distance, tabulate
from bocage.journal import Journal
from bocage.landcover.cover import LandCover
from bocage.reservoirs.delineate import Reservoirs
from bocage.reservoirs.zonings import find_cells
from bocage.resistance.table import build_resistance
from bocage.subnetwork import Subnetwork
from bocage.units import hectares

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry as Geometry


def close_gaps(
    cover: LandCover, subnetwork: Subnetwork, reservoirs: Reservoirs, *, journal: Journal
) -> Corridors:
    """Draw the corridors between reservoirs by dilation and erosion.

    Parameters
    ----------
    cover : LandCover
        For the share of degraded ground and the edge of the data.
    subnetwork : Subnetwork
        ``dilation_m`` is the distance; pairs at up to twice that distance are joined.
    reservoirs : Reservoirs
    journal : Journal

    Returns
    -------
    Corridors
        ``cost`` and ``cost_free`` are the distance between the two reservoirs [m] and
        ``dispersal_cost`` twice the dilation distance. The axis is the shortest line.

    Notes
    -----
    A pair whose shortest line crosses a third reservoir is left out: that reservoir is the way.
    """
    import shapely

    distance = subnetwork.dilation_m
    shapes = reservoirs.table.geometry.to_numpy()
    identifiers = reservoirs.table["id"].to_list()
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="dwithin", distance=2 * distance)
    once = one < other
    order = np.lexsort((other[once], one[once]))
    one, other = one[once][order], other[once][order]
    axes = shapely.shortest_line(shapes[one], shapes[other])
    surface = build_resistance(cover, subnetwork, infrastructure=False)
    hostile = hostile_codes(cover, subnetwork, surface)
    edge = cover.find_edge()
    wide = {int(a): shapely.buffer(shapes[a], distance) for a in np.unique(np.concatenate([one, other]))}
    count = np.zeros(cover.grid.shape, np.uint16)
    rows = []
    for a, b, axis in zip(one.tolist(), other.tolist(), axes, strict=True):
        if any(c not in (a, b) for c in tree.query(axis, predicate="intersects").tolist()):
            continue
        closed = shapely.union(wide[a], wide[b]).buffer(-distance)
        near = tree.query(closed, predicate="intersects")
        ground = _polygons(shapely.difference(closed, shapely.union_all(shapes[near])), axis, cover.grid.cell)
        if ground is None:
            continue
        window, inside = find_cells(ground, cover.grid)
        covered = cover.under[window.slices][inside]
        count[window.slices] += inside
        length = float(shapely.length(axis))
        rows.append(
            {
                "from_id": identifiers[a],
                "to_id": identifiers[b],
                "cost": length,
                "cost_free": length,
                "length_m": length,
                "area_ha": hectares(float(shapely.area(ground))),
                "degraded_share": float(hostile[covered].mean()) if covered.size else 0.0,
                "touches_edge": bool(edge[window.slices][inside].any()),
                "surface": ground,
                "axis": axis,
            }
        )
    journal.add("corridors_by_closing", subnetwork=subnetwork.name, distance=round(distance), count=len(rows))
    surfaces, axes = tabulate(rows, subnetwork, "dilation_erosion", 2 * distance, cover.grid.crs)
    return Corridors(surfaces, axes, count, measure_cost_distance(cover, subnetwork, reservoirs))


def _polygons(shape: Geometry, axis: Geometry, cell: float) -> Geometry | None:
    """Keep the parts of a closing that lie on the axis; None where nothing wider than a sliver does."""
    import shapely

    parts = [
        part
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon" and part.area >= cell * cell and part.dwithin(axis, cell)
    ]
    return shapely.MultiPolygon(parts) if parts else None
