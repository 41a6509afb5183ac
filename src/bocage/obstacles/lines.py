"""Obstacle lines: the parts of transport lines and canals inside corridors and reservoirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.obstacles.causes import Elements, Infrastructure, name_type
from bocage.obstacles.passages import count_passages
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def find_cutting_lines(
    elements: Elements,
    infrastructure: Infrastructure,
    crossings: GeoDataFrame | None,
    *,
    cluster_m: float,
    min_line_m: float,
    language: str,
) -> list[dict[str, Any]]:
    """Find the parts of infrastructure inside elements, one object per element, class and name.

    Parts shorter in all than ``min_line_m`` are left out: a road along the edge of an element
    grazes it without cutting it.

    Returns
    -------
    list of dict
        Rows of ``obstacle_l`` with their geometry.
    """
    import shapely

    pieces, line, element = clip_lines(infrastructure.line, elements.geometry)
    groups: dict[tuple[int, str, str], list[int]] = {}
    for place in np.lexsort((line, element)):
        key = (
            int(element[place]),
            str(infrastructure.cause[line[place]]),
            str(infrastructure.name[line[place]]),
        )
        groups.setdefault(key, []).append(int(place))
    merged = np.array([_merge_lines(pieces[members]) for members in groups.values()], dtype=object)
    lengths = shapely.length(merged) if len(merged) else np.empty(0)
    kept = np.flatnonzero(lengths >= min_line_m)
    counts, passages = count_passages(merged[kept], crossings, cluster_m, language)
    keys = list(groups)
    rows: list[dict[str, Any]] = []
    for place, count, words in zip(kept.tolist(), counts.tolist(), passages, strict=True):
        cut, cause, name = keys[place]
        type_code, type_label = name_type(cause, language)
        length_m = float(lengths[place])
        evidence = [
            say("obstacles.line", language, length_m=round(length_m), element=str(elements.id[cut])),
            words,
        ]
        width = float(infrastructure.width_m[line[groups[keys[place]]]].max())
        if width > 0:
            evidence.insert(1, say("obstacles.width", language, width_m=f"{width:g}"))
        rows.append(
            {
                "name": name,
                "type": type_code,
                "type_label": type_label,
                "cause": cause,
                "cuts": str(elements.id[cut]),
                "subnetworks": str(elements.subnetwork[cut]),
                "crossings": count,
                "evidence": say("obstacles.separator", language).join(evidence),
                "length_m": length_m,
                "geometry": merged[place],
            }
        )
    return rows


def clip_lines(
    lines: NDArray[np.object_], polygons: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.int64]]:
    """Cut lines by polygons.

    Returns
    -------
    pieces : (n,) array of LineString or MultiLineString
        Parts of lines inside polygons; where a line touches without entering there is none.
    line, polygon : (n,) array of int
    """
    import shapely

    none = np.empty(0, np.int64)
    if not len(lines) or not len(polygons):
        return np.empty(0, object), none, none
    shapely.prepare(polygons)
    line, polygon = shapely.STRtree(lines).query(polygons, predicate="intersects")[::-1]
    pieces = lines[line]
    # Lines wholly inside need no overlay, which costs far more than the test.
    partial = np.flatnonzero(~shapely.covers(polygons[polygon], pieces))
    pieces[partial] = shapely.intersection(polygons[polygon[partial]], pieces[partial])
    inside = shapely.length(pieces) > 0
    return pieces[inside], line[inside], polygon[inside]


def _merge_lines(pieces: NDArray[np.object_]) -> Any:
    """Unite pieces, each stretch once, into a MultiLineString."""
    import shapely

    union = shapely.line_merge(shapely.union_all(pieces))
    parts = shapely.get_parts(union)
    return shapely.multilinestrings([part for part in parts if part.geom_type == "LineString"])
