"""River works (ouvrages) on the watercourses of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.network import COLUMNS
from bocage.obstacles.causes import Elements, name_flow_type, read_texts
from bocage.obstacles.passages import name_kind
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


WORK_COLUMNS = tuple(name for name in COLUMNS["obstacle_p"] if name not in COLUMNS["obstacle_s"])
"""Columns of obstacle points that only river works have."""


def find_river_works(
    works: GeoDataFrame | None, watercourses: Elements, *, snap_m: float, language: str
) -> list[dict[str, Any]]:
    """Find the works that stand on watercourses of the network.

    Destroyed works are left out; those of unknown state are kept and said to be so. A work
    belongs to the nearest watercourse within ``snap_m``; of several as near, the first. Where
    ``works`` has ``stands`` (points, None for those on no river) and ``stands_within_m``, the
    network of the rivers placed them: it belongs to the watercourse that is there.

    Returns
    -------
    list of dict
        Rows of ``obstacle_p`` with their geometry, the point as given. ``crossings`` is 1
        where a fish pass is known; the columns ``WORK_COLUMNS`` are as given, where they are.
    """
    import shapely

    if works is None or len(works) == 0 or not len(watercourses):
        return []
    standing = works[
        (np.array(read_texts(works, "state", "unknown")) != "destroyed")
        & ~(works.geometry.is_empty | works.geometry.isna()).to_numpy()
    ]
    points = shapely.force_2d(standing.geometry.to_numpy())
    work, course = _find_courses(standing, points, watercourses, snap_m)
    distance = shapely.distance(points[work], watercourses.geometry[course])
    columns = {
        column: read_texts(standing, column, default)
        for column, default in (
            ("code", ""),
            ("name", ""),
            ("kind", "other"),
            ("state", "unknown"),
            ("fish_pass", "unknown"),
        )
    }
    known = {name: standing[name].to_numpy() for name in WORK_COLUMNS if name in standing and name != "code"}
    type_code, type_label = name_flow_type(language)
    rows: list[dict[str, Any]] = []
    for place in range(len(work)):
        code, name, kind, state, fish_pass = (values[work[place]] for values in columns.values())
        evidence = say(
            "obstacles.work_coded" if code else "obstacles.work",
            language,
            code=code,
            kind=name_kind(kind, language),
            distance_m=round(float(distance[place])),
            state=say(f"obstacles.state_{state if state == 'existing' else 'unknown'}", language),
            fish_pass=say(
                f"obstacles.fish_pass_{fish_pass if fish_pass in ('yes', 'no') else 'unknown'}", language
            ),
        )
        rows.append(
            {
                "name": name,
                "type": type_code,
                "type_label": type_label,
                "cause": kind,
                "cuts": str(watercourses.id[course[place]]),
                "subnetworks": str(watercourses.subnetwork[course[place]]),
                "crossings": int(fish_pass == "yes"),
                "evidence": evidence,
                "code": code or None,
                **{name: values[work[place]] for name, values in known.items()},
                "geometry": points[work[place]],
            }
        )
    return rows


def _find_courses(
    works: GeoDataFrame, points: NDArray[np.object_], watercourses: Elements, snap_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the works that stand on a watercourse, and the first of the nearest to each."""
    import shapely

    tree = shapely.STRtree(watercourses.geometry)
    if "stands" not in works:
        work, course = tree.query_nearest(points, max_distance=snap_m, all_matches=True)
    else:
        stands = works["stands"].to_numpy()
        on = np.flatnonzero([place is not None for place in stands])
        within = works["stands_within_m"].to_numpy(np.float64)[on]
        (row, course), distance = tree.query_nearest(stands[on], return_distance=True, all_matches=True)
        near = distance <= within[row]
        work, course = on[row[near]], course[near]
    order = np.lexsort((course, work))
    _, first = np.unique(work[order], return_index=True)
    return work[order[first]], course[order[first]]
