"""What the law asks of watercourses, carried from the lines of a list to others that follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

WITHIN_M = 25.0
"""A watercourse follows a line of a list that is this near [m]: surveys at different scales part so far."""
LEAST_M = 100.0
"""Shorter stretches are taken with what lies beside them [m], as the last metres of a tributary."""

_MOST_SAMPLES = 50

Bools = NDArray[np.bool_]


def measure_listed(
    lines: NDArray[np.object_], listed: NDArray[np.object_], *, within_m: float = WITHIN_M
) -> NDArray[np.float64]:
    """Measure the share of each line that follows lines of a list, to a fiftieth at best.

    Parameters
    ----------
    lines : (n,) array of LineString
    listed : (k,) array of LineString or MultiLineString
    within_m : float
        How far a line may be from the list [m].

    Returns
    -------
    (n,) array of float64 in [0, 1]

    Examples
    --------
    >>> import shapely
    >>> line = np.array([shapely.LineString([(0, 0), (1000, 0)])])
    >>> measure_listed(line, np.array([shapely.LineString([(0, 10), (500, 10)])])).tolist()
    [0.525]
    """
    import shapely

    length = shapely.length(lines)
    count = np.clip(np.ceil(length / within_m), 1, _MOST_SAMPLES).astype(np.int64)
    owner, near = _sample(lines, length, count, listed, within_m)
    share: NDArray[np.float64] = np.bincount(owner, weights=near, minlength=len(lines)) / np.maximum(count, 1)
    return share


def split_by_list(
    lines: GeoDataFrame, listed: GeoDataFrame, column: str, *, within_m: float = WITHIN_M
) -> GeoDataFrame:
    """Cut lines where they join or leave those of a list, and say which parts are on it.

    Cuts fall within ``within_m`` of the true place; a stretch shorter than ``LEAST_M`` is taken with what
    lies beside it.

    Parameters
    ----------
    lines, listed : GeoDataFrame
        LineStrings or MultiLineStrings in one projected CRS [m].
    column : str
        Column of yes and no that is written.

    Returns
    -------
    GeoDataFrame
        The rows of ``lines``, one more for each cut, in their order.
    """
    import geopandas
    import shapely

    parts, row = shapely.get_parts(shapely.force_2d(lines.geometry.to_numpy()), return_index=True)
    length = shapely.length(parts)
    count = np.maximum(np.ceil(length / within_m), 1).astype(np.int64)
    _, near = _sample(parts, length, count, listed.geometry.to_numpy(), within_m)
    pieces: list[Any] = []
    rows: list[int] = []
    flags: list[bool] = []
    first = np.concatenate([[0], np.cumsum(count)])
    for place, part in enumerate(parts.tolist()):
        along = _smooth(near[first[place] : first[place + 1]], length[place] / count[place])
        edges = np.flatnonzero(np.diff(along.astype(np.int8))) + 1
        cuts = [0.0, *(edges * (length[place] / count[place])).tolist(), float(length[place])]
        for start, end, on in zip(
            cuts[:-1], cuts[1:], along[np.concatenate([[0], edges]).astype(int)], strict=True
        ):
            pieces.append(part if len(cuts) == 2 else _cut(part, start, end))
            rows.append(int(row[place]))
            flags.append(bool(on))
    # Parts of one object that agree stay one object.
    keys = np.array(rows, dtype=np.int64) * 2 + np.array(flags, dtype=np.int64)
    order = np.unique(keys)
    gathered = [[pieces[k] for k in np.flatnonzero(keys == key)] for key in order]
    shapes = [group[0] if len(group) == 1 else shapely.MultiLineString(group) for group in gathered]
    table = lines.iloc[order // 2].reset_index(drop=True)
    table = geopandas.GeoDataFrame(table.drop(columns=table.geometry.name), geometry=shapes, crs=lines.crs)
    table[column] = (order % 2).astype(bool)
    return table


def _sample(
    lines: NDArray[np.object_],
    length: NDArray[np.float64],
    count: NDArray[np.int64],
    listed: NDArray[np.object_],
    within_m: float,
) -> tuple[NDArray[np.int64], Bools]:
    """Tell at places spread evenly along each line whether the list is near."""
    import shapely

    owner = np.repeat(np.arange(len(lines)), count)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    at = (rank + 0.5) * (length / np.maximum(count, 1))[owner]
    near = np.zeros(len(owner), dtype=bool)
    listed = listed[~(shapely.is_missing(listed) | shapely.is_empty(listed))]
    if len(owner) and len(listed):
        points = shapely.line_interpolate_point(lines[owner], at)
        # Lines of hundreds of kilometres are slow to measure to: their segments are not.
        tree = shapely.STRtree(_cut_short(listed))
        near[np.unique(tree.query(points, predicate="dwithin", distance=within_m)[0])] = True
    return owner, near


def _cut_short(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Give the segments of lines."""
    import shapely

    parts = shapely.get_parts(shapely.force_2d(lines))
    points, index = shapely.get_coordinates(parts, return_index=True)
    follow = index[1:] == index[:-1]
    ends = np.stack([points[:-1][follow], points[1:][follow]], axis=1)
    return np.asarray(shapely.linestrings(ends), dtype=object)


def _smooth(near: Bools, step: float) -> Bools:
    """Take short stretches with what lies beside them: gaps first, then islands."""
    if len(near) * step < 2 * LEAST_M:
        return np.full(len(near), near.mean() >= 0.5)
    smoothed = near.copy()
    for value in (False, True):
        edges = np.concatenate([[0], np.flatnonzero(np.diff(smoothed.astype(np.int8))) + 1, [len(smoothed)]])
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if smoothed[start] == value and (end - start) * step < LEAST_M and len(edges) > 2:
                smoothed[start:end] = not value
    return smoothed


def _cut(line: Any, start: float, end: float) -> Any:
    from shapely.ops import substring

    return substring(line, start, end)
