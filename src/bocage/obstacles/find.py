"""Obstacles of a network: points, lines and surfaces that cut its elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage.network import COLUMNS, Table, empty_table
from bocage.obstacles.causes import INFRASTRUCTURE, URBAN, gather_elements, gather_infrastructure
from bocage.obstacles.lines import find_cutting_lines
from bocage.obstacles.points import find_crossing_points
from bocage.obstacles.surfaces import find_urban_surfaces
from bocage.obstacles.works import find_river_works
from bocage.rivers import SUBNETWORK_KEY

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.landcover import LandCover


_BLANK: dict[str, Any] = {"str": None, "float": float("nan"), "bool": False}


@dataclass(frozen=True)
class Obstacles:
    """Obstacles as three tables, with the columns of ``obstacle_p``, ``_l`` and ``_s``.

    Identifiers are empty at this stage; rows are in reading order: from north to south, then
    west to east, by the upper left corner of their bounds.
    """

    points: GeoDataFrame
    lines: GeoDataFrame
    surfaces: GeoDataFrame


def find_obstacles(
    cover: LandCover | None,
    *,
    corridors_s: GeoDataFrame | None = None,
    corridors_l: GeoDataFrame | None = None,
    reservoirs_s: GeoDataFrame | None = None,
    watercourses_l: GeoDataFrame | None = None,
    roads: GeoDataFrame | None = None,
    railways: GeoDataFrame | None = None,
    watercourses: GeoDataFrame | None = None,
    river_works: GeoDataFrame | None = None,
    crossings: GeoDataFrame | None = None,
    cluster_m: float = 150.0,
    snap_m: float = 100.0,
    min_line_m: float = 25.0,
    min_surface_ha: float = 0.5,
    classes: Sequence[str] = INFRASTRUCTURE,
    urban: Sequence[str] = URBAN,
    language: str = "fr",
) -> Obstacles:
    """Find what cuts the elements of a network.

    Points are where the axis of a corridor crosses infrastructure, one per class and group of
    crossings, and river works on the watercourses of the network. Lines are the parts of
    infrastructure inside corridors and reservoirs. Surfaces are urbanised ground inside
    corridors. A layer that is None or empty gives none of what it would.

    Parameters
    ----------
    cover : LandCover, optional
        For urbanised ground.
    corridors_s, corridors_l, reservoirs_s, watercourses_l : GeoDataFrame, optional
        Tables of the network, with their identifiers. An axis is known by the identifier of
        its surface (same sub-network and number) where there is one.
    roads, railways, watercourses : GeoDataFrame, optional
        Lines with ``ground``, ``name`` and ``width_m``; of watercourses, canals only.
    river_works : GeoDataFrame, optional
        Points with ``code``, ``name``, ``kind``, ``state`` and ``fish_pass``, and any columns of the contract
        that only river works have, as ``gain_potamodromous``.
    crossings : GeoDataFrame, optional
        Known passages, with ``kind``.
    cluster_m : float
        Crossings of one class at most this far apart, step by step, are one point; a passage
        at most this far is counted with an obstacle [m].
    snap_m : float
        A river work at most this far from a watercourse stands on it, where ``river_works`` does not say
        where it ``stands`` [m].
    min_line_m : float
        Shorter parts of lines are left out [m].
    min_surface_ha : float
        Smaller pieces of urbanised ground are left out [ha].
    classes, urban : sequence of str
        Ground classes of lines and of surfaces that are obstacles.
    language : {"fr", "en"}
        Of the evidence and of the labels for which the standard has no word.

    Returns
    -------
    Obstacles
    """
    crs = _read_crs(cover, corridors_s, corridors_l, reservoirs_s, watercourses_l, river_works)
    infrastructure = gather_infrastructure((roads, railways, watercourses), classes)
    corridors = gather_elements(corridors_s)
    axes = gather_elements(_name_by_surface(corridors_l, corridors_s))
    courses = gather_elements(watercourses_l, subnetwork=SUBNETWORK_KEY)
    points = find_crossing_points(axes, infrastructure, crossings, cluster_m=cluster_m, language=language)
    points += find_river_works(river_works, courses, snap_m=snap_m, language=language)
    lines = find_cutting_lines(
        gather_elements(corridors_s, reservoirs_s),
        infrastructure,
        crossings,
        cluster_m=cluster_m,
        min_line_m=min_line_m,
        language=language,
    )
    surfaces = (
        []
        if cover is None
        else find_urban_surfaces(cover, corridors, classes=urban, min_ha=min_surface_ha, language=language)
    )
    return Obstacles(
        _make_table("obstacle_p", points, crs),
        _make_table("obstacle_l", lines, crs),
        _make_table("obstacle_s", surfaces, crs),
    )


def _name_by_surface(axes: GeoDataFrame | None, surfaces: GeoDataFrame | None) -> GeoDataFrame | None:
    """Give axes the identifiers of the surfaces of the same corridors."""
    if axes is None or surfaces is None or len(axes) == 0 or len(surfaces) == 0:
        return axes
    known = {
        (subnetwork, number): identifier
        for subnetwork, number, identifier in zip(
            surfaces["subnetwork"], surfaces["number"], surfaces["id"], strict=True
        )
    }
    keys = zip(axes["subnetwork"], axes["number"], axes["id"], strict=True)
    return axes.assign(id=[known.get((subnetwork, number), own) for subnetwork, number, own in keys])


def _make_table(table: Table, rows: list[dict[str, Any]], crs: str) -> GeoDataFrame:
    """Make a table of the contract from rows, in reading order."""
    import geopandas

    if not rows:
        return empty_table(table, crs)
    # What only river works have is empty on the others.
    blank = {name: _BLANK[column.dtype] for name, column in COLUMNS[table].items() if column.dtype in _BLANK}
    frame = geopandas.GeoDataFrame([{**blank, "id": "", **row} for row in rows], geometry="geometry", crs=crs)
    bounds = frame.geometry.bounds
    order = np.lexsort(
        (
            frame["cuts"].astype(str),
            frame["name"].astype(str),
            frame["cause"].astype(str),
            bounds["minx"],
            -bounds["maxy"],
        )
    )
    return frame.iloc[order].reset_index(drop=True)[[*COLUMNS[table], "geometry"]]


def _read_crs(cover: LandCover | None, *layers: GeoDataFrame | None) -> str:
    """Give the CRS of the study: that of the land cover, else of the first layer that has one."""
    if cover is not None:
        return cover.grid.crs
    for layer in layers:
        if layer is not None and layer.crs is not None:
            return str(layer.crs.to_string())
    return "EPSG:2154"
