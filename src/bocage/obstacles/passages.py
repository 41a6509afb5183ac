"""Known passages (passages à faune, ponts, buses) near obstacles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.obstacles.causes import read_texts
from bocage.wording import entry, say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def count_passages(
    geometries: NDArray[np.object_],
    crossings: GeoDataFrame | None,
    within_m: float,
    language: str = "fr",
) -> tuple[NDArray[np.int64], list[str]]:
    """Count the known crossings near each geometry, and tell them.

    Parameters
    ----------
    geometries : (n,) array of geometry
    crossings : GeoDataFrame, optional
        Points, lines or polygons with ``kind``. None is no knowledge.
    within_m : float
        Largest distance from the geometry [m].

    Returns
    -------
    (n,) array of int, list of str
        How many, and the words for the evidence: which kinds, or that none is known.
    """
    import shapely

    counts = np.zeros(len(geometries), dtype=np.int64)
    kinds: list[Counter[str]] = [Counter() for _ in range(len(geometries))]
    if crossings is not None and len(crossings) and len(geometries):
        usable = crossings[~(crossings.geometry.is_empty | crossings.geometry.isna())]
        kind = read_texts(usable, "kind", "other")
        tree = shapely.STRtree(usable.geometry.to_numpy())
        for place, which in tree.query(geometries, predicate="dwithin", distance=within_m).T:
            counts[place] += 1
            kinds[place][kind[which]] += 1
    words = []
    for found in kinds:
        if not found:
            words.append(say("obstacles.crossings_none", language, cluster_m=_metres(within_m)))
            continue
        told = [f"{number} {name_kind(key, language)}" for key, number in sorted(found.items())]
        words.append(
            say(
                "obstacles.crossings_known",
                language,
                cluster_m=_metres(within_m),
                list=say("obstacles.separator", language).join(told),
            )
        )
    return counts, words


def name_kind(kind: str, language: str) -> str:
    """Give the words for a kind of crossing or river work; a kind without words is told as it is.

    >>> name_kind("weir", "fr")
    'seuil'
    """
    try:
        entry(f"obstacles.kind_{kind}")
    except KeyError:
        return kind
    return say(f"obstacles.kind_{kind}", language)


def _metres(value: float) -> int | float:
    return int(value) if float(value).is_integer() else float(value)
