"""Obstacle points where the axis of a corridor crosses a transport line or a canal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.obstacles.causes import Elements, Infrastructure, name_type
from bocage.obstacles.passages import count_passages
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_NAMES_SHOWN = 3


def find_crossing_points(
    axes: Elements,
    infrastructure: Infrastructure,
    crossings: GeoDataFrame | None,
    *,
    cluster_m: float,
    language: str,
) -> list[dict[str, Any]]:
    """Find where axes cross infrastructure, crossings of one class close together as one object.

    Returns
    -------
    list of dict
        Rows of ``obstacle_p`` with their geometry.
    """
    import shapely

    points, axis, line = cross_lines(axes.geometry, infrastructure.line)
    rows: list[dict[str, Any]] = []
    for cause in sorted(set(infrastructure.cause[line].tolist())):
        own = np.flatnonzero(infrastructure.cause[line] == cause)
        groups = cluster_points(points[own], cluster_m)
        members_of = [own[groups == group] for group in range(groups.max() + 1)]
        clouds = np.array([shapely.multipoints(points[members]) for members in members_of], dtype=object)
        counts, passages = count_passages(clouds, crossings, cluster_m, language)
        type_code, type_label = name_type(cause, language)
        for members, count, words in zip(members_of, counts.tolist(), passages, strict=True):
            cut = np.unique(axis[members])
            places = np.unique(points[members], axis=0)
            evidence = [
                say(
                    "obstacles.point_one" if len(places) == 1 else "obstacles.point_many",
                    language,
                    count=len(places),
                    cluster_m=f"{cluster_m:g}",
                    extent_m=round(float(np.hypot(*np.ptp(places, axis=0)))),
                ),
                say(
                    "obstacles.corridors_one" if len(cut) == 1 else "obstacles.corridors_many",
                    language,
                    count=len(cut),
                ),
            ]
            width = float(infrastructure.width_m[line[members]].max())
            if width > 0:
                evidence.append(say("obstacles.width", language, width_m=f"{width:g}"))
            names = sorted({name for name in infrastructure.name[line[members]].tolist() if name})
            rows.append(
                {
                    "name": ", ".join(names[:_NAMES_SHOWN]) + ("…" if len(names) > _NAMES_SHOWN else ""),
                    "type": type_code,
                    "type_label": type_label,
                    "cause": cause,
                    "cuts": join_unique(axes.id[cut]),
                    "subnetworks": join_unique(axes.subnetwork[cut]),
                    "crossings": count,
                    "evidence": say("obstacles.separator", language).join([*evidence, words]),
                    "geometry": shapely.Point(choose_symbol_place(points[members])),
                }
            )
    return rows


def cross_lines(
    axes: NDArray[np.object_], lines: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Find the points where axes cross lines; the middle, where they run together.

    Returns
    -------
    points : (n, 2) array of float
        Easting, northing [m].
    axis, line : (n,) array of int
        Which axis and which line cross there; sorted by axis, line, easting, northing.

    Examples
    --------
    >>> import shapely
    >>> axis = np.array([shapely.LineString([(0, 0), (10, 0)])])
    >>> road = np.array([shapely.LineString([(4, -5), (4, 5)])])
    >>> cross_lines(axis, road)[0].tolist()
    [[4.0, 0.0]]
    """
    import shapely

    none = np.empty(0, np.int64)
    if not len(axes) or not len(lines):
        return np.empty((0, 2)), none, none
    axis, line = shapely.STRtree(lines).query(axes, predicate="intersects")
    pieces, pair = shapely.get_parts(shapely.intersection(axes[axis], lines[line]), return_index=True)
    # Where both run together the result is cut at every vertex: joined, it is one crossing.
    along = shapely.get_type_id(pieces) == shapely.GeometryType.LINESTRING
    if along.any():
        pairs = np.unique(pair[along])
        joined = [
            shapely.line_merge(shapely.multilinestrings(list(pieces[along & (pair == one)]))) for one in pairs
        ]
        parts, owner = shapely.get_parts(np.array(joined, dtype=object), return_index=True)
        middle = shapely.line_interpolate_point(parts, 0.5, normalized=True)
        pieces = np.concatenate((pieces[~along], middle))
        pair = np.concatenate((pair[~along], pairs[owner]))
    points = shapely.get_coordinates(pieces)
    order = np.lexsort((points[:, 1], points[:, 0], line[pair], axis[pair]))
    return points[order], axis[pair][order], line[pair][order]


def cluster_points(points: NDArray[np.float64], cluster_m: float) -> NDArray[np.int64]:
    """Group points that are within a distance of one another, step by step.

    Groups are the connected components of « at most ``cluster_m`` apart », so they do not
    depend on the order of the points; they are numbered by easting then northing of their
    westernmost point.

    Parameters
    ----------
    points : (n, 2) array of float
        [m].
    cluster_m : float
        [m].

    Returns
    -------
    (n,) array of int

    Examples
    --------
    >>> cluster_points(np.array([[500.0, 0], [0, 0], [90, 0], [180, 0]]), 100).tolist()
    [1, 0, 0, 0]
    """
    from scipy.sparse import coo_array, csgraph
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(cluster_m, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    count, labels = csgraph.connected_components(links, directed=False)
    order = np.lexsort((points[:, 1], points[:, 0]))
    first = np.full(count, len(points), dtype=np.int64)
    np.minimum.at(first, labels[order], np.arange(len(points)))
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(count)
    group: NDArray[np.int64] = rank[labels]
    return group


def choose_symbol_place(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Choose the member nearest the centroid, so that the symbol stands on the infrastructure.

    Of several, the northernmost, then the westernmost.

    >>> choose_symbol_place(np.array([[0.0, 0], [40, 0], [100, 0]])).tolist()
    [40.0, 0.0]
    """
    # Sorted and without repeats first: neither the order of rows nor a road drawn twice matters.
    places = np.unique(points, axis=0)
    distance = np.hypot(*(places - places.mean(axis=0)).T)
    place: NDArray[np.float64] = places[np.lexsort((places[:, 0], -places[:, 1], np.round(distance, 6)))[0]]
    return place


def join_unique(values: Any) -> str:
    """Join values with « ; », each once, in the order they come."""
    return ";".join(dict.fromkeys(str(value) for value in values))
