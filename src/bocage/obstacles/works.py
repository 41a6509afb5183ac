"""River works (ouvrages) on the watercourses of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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
    belongs to the nearest watercourse within ``snap_m``; of several as near, the first.

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
    (work, course), distance = shapely.STRtree(watercourses.geometry).query_nearest(
        points, max_distance=snap_m, return_distance=True, all_matches=True
    )
    order = np.lexsort((course, work))
    _, first = np.unique(work[order], return_index=True)
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
    for place in order[first]:
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
