"""Reaches united into watercourses: same name, same characters, touching each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame

# Ends of reaches digitised apart by less than this are one place.
_SNAP_M = 1.0


def group_reaches(lines: NDArray[np.object_], characters: DataFrame, name: str) -> NDArray[np.int64]:
    """Group reaches of the same characters that touch.

    Parameters
    ----------
    lines : (n,) array of LineString or MultiLineString
        [m].
    characters : DataFrame
        One row a reach; only reaches equal in all columns are grouped.
    name : str
        Column whose empty value leaves a reach alone: two unnamed brooks that meet are two.

    Returns
    -------
    (n,) array of int
        Group of each reach; groups are numbered by their first reach. Two homonyms that do
        not touch are two groups.
    """
    import shapely
    from scipy.sparse import coo_array, csgraph

    count = len(lines)
    kinds = characters.groupby(list(characters.columns), sort=False, dropna=False).ngroup().to_numpy()
    named = (characters[name] != "").to_numpy()
    one, other = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=_SNAP_M)
    same = (kinds[one] == kinds[other]) & named[one]
    links = coo_array((np.ones(np.count_nonzero(same)), (one[same], other[same])), shape=(count, count))
    labels = csgraph.connected_components(links, directed=False)[1]
    _, first, group = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[group]


def merge_lines(lines: Sequence[Any]) -> Any:
    """Merge lines end to end into one MultiLineString of as few lines as possible.

    >>> import shapely
    >>> merge_lines([shapely.LineString([(0, 0), (1, 0)]), shapely.LineString([(1, 0), (2, 0)])]).wkt
    'MULTILINESTRING ((0 0, 1 0, 2 0))'
    """
    import shapely

    parts = shapely.get_parts(np.asarray(lines, dtype=object))
    merged = shapely.line_merge(shapely.multilinestrings(list(parts)))
    return shapely.multilinestrings(list(shapely.get_parts(merged)))
