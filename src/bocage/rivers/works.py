"""Works (ouvrages) placed on the reaches of a network, with what makes a place doubtful."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.wording import fold_name

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DOUBTS = ("far", "two_rivers", "other_name", "confluence", "no_river")
"""What makes the place of a work doubtful: farther than half the tolerance, another river nearly as near, a
reach named otherwise than the work says, a junction where nothing tells the arm, no river within the
tolerance."""

# Words that say what a watercourse is, not which.
_COMMON = frozenset(
    (
        "le", "la", "les", "l", "du", "de", "des", "d", "au", "aux", "un", "une", "et", "en", "sur", "the",
        "of", "river", "brook", "stream", "creek", "canal", "fleuve", "riviere", "ruisseau", "ru", "rui",
        "torrent", "ravin", "rau", "rec", "bras", "cours", "eau", "fosse", "ravine", "sans", "nom", "unnamed",
    )
)  # fmt: skip
# Works are kept this far apart, and from the ends of their reach, or less on a short one [m].
_APART_M = 0.1


@dataclass(frozen=True)
class _Rivers:
    """What the placing of works needs to know of the reaches."""

    line: NDArray[np.object_]
    start: Ints
    end: Ints
    name: Sequence[str]
    river: Ints
    degree: Ints


def name_words(name: str) -> frozenset[str]:
    """Give the words that tell a river from another.

    >>> sorted(name_words("rivière l’Automne")), sorted(name_words("Bras du Grand Ru"))
    (['automne'], ['grand'])
    """
    return frozenset(re.findall(r"[^\W_]+", fold_name(name))) - _COMMON


def place_works(
    points: NDArray[np.object_],
    said: Sequence[str],
    line: NDArray[np.object_],
    start: Ints,
    end: Ints,
    name: Sequence[str],
    river: Ints,
    *,
    works_snap_m: float,
    snap_m: float,
) -> DataFrame:
    """Place works on the nearest reach.

    Of reaches as near, within ``snap_m``: the one that bears the name the work says, then the one that
    leaves the junction, then the first.

    Parameters
    ----------
    points : (k,) array of Point
    said : sequence of str
        Name of the river each work is said to stand on; empty where none is.
    line : (m,) array of LineString
        As they flow.
    start, end : (m,) array of int64
        Nodes.
    name : sequence of str
        Of each line.
    river : (m,) array of int64
        Lines of one number are one river.
    works_snap_m, snap_m : float
        Tolerances [m].

    Returns
    -------
    DataFrame
        ``edge`` (-1 where none is within ``works_snap_m``), ``measure_m`` along it, ``distance_m`` (infinite
        without any line), ``doubtful`` and ``doubt`` (of ``DOUBTS``, joined by commas).
    """
    import pandas
    import shapely

    count = len(points)
    names = list(name)
    degree = np.bincount(np.concatenate([start, end])) if len(start) else np.zeros(0, np.int64)
    rivers = _Rivers(line, start, end, names, river, degree)
    edge = np.full(count, -1, dtype=np.int64)
    measure = np.full(count, np.nan)
    distance = np.full(count, np.inf)
    doubts: dict[str, NDArray[np.bool_]] = {key: np.zeros(count, dtype=bool) for key in DOUBTS}
    doubts["no_river"][:] = True
    if count and len(line):
        tree = shapely.STRtree(line)
        (which, _), nearest = tree.query_nearest(points, return_distance=True, all_matches=False)
        distance[which] = nearest
        work, near = tree.query(points, predicate="dwithin", distance=works_snap_m)
        if len(work):
            _choose_reaches(
                points, list(said), rivers, work, near, works_snap_m, snap_m, edge, measure, distance, doubts
            )
    words = np.full(count, "", dtype=object)
    for key in DOUBTS:
        words[doubts[key]] = [f"{text},{key}" if text else key for text in words[doubts[key]]]
    return pandas.DataFrame(
        {
            "edge": edge,
            "measure_m": measure,
            "distance_m": distance,
            "doubtful": words != "",
            "doubt": words,
        }
    )


def space_works(edge: Ints, measure: Floats, length: Floats, order: Ints) -> Floats:
    """Keep works of one reach apart from each other and from its ends, in their order along it.

    Two works at one place then stand in series, in the order given.

    Parameters
    ----------
    edge : (k,) array of int64
    measure : (k,) array of float64
        Along the reach [m].
    length : (m,) array of float64
        Of the reaches [m].
    order : (k,) array of int64
        Rank of works at one place.

    Returns
    -------
    (k,) array of float64
        Measures moved by 0.1 m at most a work, less on short reaches.

    Examples
    --------
    >>> at = space_works(np.array([0, 0]), np.array([5.0, 5.0]), np.array([10.0]), np.array([0, 1]))
    >>> at.round(6).tolist()
    [5.0, 5.1]
    """
    sequence = np.lexsort((order, measure, edge))
    edge_s, measure_s = edge[sequence], measure[sequence]
    if not len(edge_s):
        return measure
    first = np.flatnonzero(np.diff(edge_s, prepend=-1))
    size = np.diff(np.append(first, len(edge_s)))
    place = np.arange(len(edge_s)) - np.repeat(first, size)
    total = np.repeat(size, size)
    apart = np.minimum(_APART_M, length[edge_s] / (total + 1) / 2)
    lowest = measure_s - place * apart
    for begin, many in zip(first[size > 1].tolist(), size[size > 1].tolist(), strict=True):
        lowest[begin : begin + many] = np.maximum.accumulate(lowest[begin : begin + many])
    lowest = np.maximum(lowest, apart)
    spaced = np.minimum(lowest + place * apart, length[edge_s] - (total - place) * apart)
    result = np.empty(len(edge))
    result[sequence] = spaced
    return result


def _choose_reaches(
    points: NDArray[np.object_],
    said: list[str],
    rivers: _Rivers,
    work: Ints,
    near: Ints,
    works_snap_m: float,
    snap_m: float,
    edge: Ints,
    measure: Floats,
    distance: Floats,
    doubts: dict[str, NDArray[np.bool_]],
) -> None:
    """Choose among candidate (work, reach) pairs; write the choice and what is doubtful of it."""
    import shapely

    gap = shapely.distance(points[work], rivers.line[near])
    along = shapely.line_locate_point(rivers.line[near], points[work])
    length = shapely.length(rivers.line[near])
    mismatch = _compare_names(said, rivers.name, work, near)
    order = np.lexsort((near, gap, work))
    first = np.unique(work[order], return_index=True)[1]
    least = np.full(len(points), np.inf)
    least[work[order[first]]] = gap[order[first]]
    tied = gap <= least[work] + snap_m
    at_head = along <= snap_m
    order = np.lexsort((near, gap, ~at_head, np.where(tied, mismatch != -1, True), ~tied, work))
    placed, first = np.unique(work[order], return_index=True)
    chosen = order[first]
    edge[placed], measure[placed], distance[placed] = near[chosen], along[chosen], gap[chosen]
    doubts["no_river"][placed] = False
    doubts["far"][placed] = gap[chosen] > works_snap_m / 2
    doubts["other_name"][placed] = mismatch[chosen] == 1

    node = np.where(along[chosen] <= snap_m, rivers.start[near[chosen]], rivers.end[near[chosen]])
    at_end = (along[chosen] <= snap_m) | (along[chosen] >= length[chosen] - snap_m)
    doubts["confluence"][placed] = at_end & (rivers.degree[node] > 2) & (mismatch[chosen] != -1)

    mine = edge[work]
    texts = np.array([fold_name(text) for text in rivers.name], dtype=object)
    same_name = (texts[near] == texts[mine]) & (texts[mine] != "")
    other = (rivers.river[near] != rivers.river[mine]) & ~same_name
    close = gap - distance[work] < works_snap_m / 4
    rival = np.unique(work[other & close & (mismatch != 1)])
    # A name that agrees settles it.
    agreed = placed[mismatch[chosen] == -1]
    doubts["two_rivers"][np.setdiff1d(rival, agreed)] = True


def _compare_names(said: list[str], name: Sequence[str], work: Ints, near: Ints) -> Ints:
    """Compare what works say of their river with the names of reaches: -1 same, 1 another, 0 not known."""
    import pandas

    said_code, said_names = pandas.factorize(np.array(said, dtype=object))
    name_code, reach_names = pandas.factorize(np.array(list(name), dtype=object))
    said_words = [name_words(text) for text in said_names]
    reach_words = [name_words(text) for text in reach_names]
    pair = said_code[work] * np.int64(len(reach_names)) + name_code[near]
    known, which = np.unique(pair, return_inverse=True)
    verdict = np.zeros(len(known), dtype=np.int64)
    for place, code in enumerate(known.tolist()):
        one, other = said_words[code // len(reach_names)], reach_words[code % len(reach_names)]
        if one and other:
            verdict[place] = -1 if one & other else 1
    return verdict[which]
