"""Lines made into a network: cleaned, noded where they meet, their ends brought together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Geometries = NDArray[np.object_]
Record = Callable[[str, Ints, Floats], None]
"""Takes a code, the source lines concerned and a length for each [m]."""

# Ends this near a line lie on it, whatever the tolerance.
_TOUCH_M = 1e-3


@dataclass(frozen=True)
class Edges:
    """Lines that meet at nodes only.

    Attributes
    ----------
    line : (m,) array of LineString
        2D, longer than 0 m.
    source : (m,) array of int64
        Row of the line that each was cut from.
    start, end : (m,) array of int64
        Nodes.
    node_xy : (n, 2) array of float64
    """

    line: Geometries
    source: Ints
    start: Ints
    end: Ints
    node_xy: Floats


def clean_lines(geometry: Geometries, record: Record) -> tuple[Geometries, Ints]:
    """Split multi-part lines, drop heights, and remove what is empty, without length or twice there.

    Parameters
    ----------
    geometry : (n,) array of LineString or MultiLineString
    record : callable
        Told of ``multi_part``, ``three_d``, ``empty``, ``zero_length``, ``not_simple`` and ``duplicate``.

    Returns
    -------
    lines, source
        2D lines and the row each comes from, in the order given.
    """
    import pandas
    import shapely

    rows = np.arange(len(geometry))
    missing = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    record("empty", rows[missing], np.zeros(int(missing.sum())))
    with_z = rows[shapely.has_z(geometry)]
    record("three_d", with_z, shapely.length(geometry[with_z]))
    lines, source = shapely.get_parts(shapely.force_2d(geometry), return_index=True)
    several = np.flatnonzero(np.bincount(source, minlength=len(geometry)) > 1)
    record("multi_part", several, shapely.length(geometry[several]))

    finite = np.isfinite(shapely.bounds(lines)).all(axis=1) & (shapely.get_type_id(lines) == 1)
    usable = finite & (shapely.length(lines) > 0)
    flat = ~usable & ~missing[source]
    record("zero_length", source[flat], np.zeros(int(flat.sum())))
    lines, source = shapely.remove_repeated_points(lines[usable]), source[usable]

    tangled = ~shapely.is_simple(lines)
    if tangled.any():
        record("not_simple", source[tangled], shapely.length(lines[tangled]))
        pieces, which = shapely.get_parts(shapely.node(lines[tangled]), return_index=True)
        came = np.concatenate([np.flatnonzero(~tangled), np.flatnonzero(tangled)[which]])
        lines = np.concatenate([lines[~tangled], pieces])
        order = np.argsort(came, kind="stable")
        lines, source = lines[order], source[came[order]]

    twice = pandas.Series(shapely.to_wkb(shapely.normalize(lines))).duplicated().to_numpy()
    record("duplicate", source[twice], shapely.length(lines[twice]))
    return lines[~twice], source[~twice]


def node_lines(
    lines: Geometries,
    source: Ints,
    *,
    snap_m: float,
    crossings: bool,
    level: NDArray[np.object_],
    record: Record,
) -> tuple[Geometries, Ints]:
    """Cut lines where the end of another lies on them, and where they cross.

    An end that meets no other end is brought to the nearest line within ``snap_m``; one that meets others
    cuts only the lines it lies on.

    Parameters
    ----------
    lines : (n,) array of LineString
    source : (n,) array of int64
    snap_m : float
        [m], >= 0.
    crossings : bool
        Whether lines that cross are cut there.
    level : (n,) array
        Lines of different levels cross over and under each other.
    record : callable
        Told of ``end_on_line`` and ``crossing``.
    """
    import shapely
    from scipy.spatial import cKDTree

    count = len(lines)
    if count == 0:
        return lines, source
    tree = shapely.STRtree(lines)
    length = shapely.length(lines)
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    owner = np.concatenate([np.arange(count), np.arange(count)])
    xy = shapely.get_coordinates(ends)
    # The nearest other end is the second nearest point: the first is the end itself.
    apart = cKDTree(xy).query(xy, k=2)[0][:, 1] if len(xy) > 1 else np.array([np.inf])
    loose = apart > snap_m

    def meet(which: Ints, distance_m: float) -> tuple[Ints, Ints, Floats]:
        """Give ends, lines they lie on away from the line's own ends, and measures there."""
        place, line = tree.query(ends[which], predicate="dwithin", distance=distance_m)
        place = which[place]
        other = owner[place] != line
        place, line = place[other], line[other]
        measure = shapely.line_locate_point(lines[line], ends[place])
        inside = (measure > max(snap_m, _TOUCH_M)) & (measure < length[line] - max(snap_m, _TOUCH_M))
        return place[inside], line[inside], measure[inside]

    place, line, measure = meet(np.flatnonzero(loose), max(snap_m, _TOUCH_M))
    gap = shapely.distance(ends[place], lines[line])
    order = np.lexsort((line, gap, place))
    nearest = order[np.unique(place[order], return_index=True)[1]]
    cut_line, cut_at = [line[nearest]], [measure[nearest]]
    place, line, measure = meet(np.flatnonzero(~loose), _TOUCH_M)
    cut_line.append(line)
    cut_at.append(measure)
    joined = np.concatenate(cut_line)
    record("end_on_line", source[joined], np.zeros(len(joined)))

    if crossings:
        one, other = tree.query(lines, predicate="intersects")
        pair = (one < other) & (level[one] == level[other])
        one, other = one[pair], other[pair]
        found, which = _list_points(shapely.intersection(lines[one], lines[other]))
        crossed = []
        for side in (one[which], other[which]):
            measure = shapely.line_locate_point(lines[side], found)
            inside = (measure > max(snap_m, _TOUCH_M)) & (measure < length[side] - max(snap_m, _TOUCH_M))
            cut_line.append(side[inside])
            cut_at.append(measure[inside])
            crossed.append(inside)
        both = crossed[0] & crossed[1]
        record("crossing", source[one[which[both]]], np.zeros(int(both.sum())))

    which, at = _thin_cuts(np.concatenate(cut_line), np.concatenate(cut_at), snap_m)
    pieces, came = split_lines(lines, which, at)
    return pieces, source[came]


def snap_ends(
    lines: Geometries,
    source: Ints,
    *,
    snap_m: float,
    links: tuple[Ints, Ints] | None = None,
    record: Record,
) -> Edges:
    """Bring ends within ``snap_m`` of each other to one node, and remove lines that are then twice there.

    The two ends of one line are never brought together for being near: a chain of short lines stays one.
    A node lies where most ends are, of as many at the lowest coordinates.

    Parameters
    ----------
    lines : (n,) array of LineString
    source : (n,) array of int64
    snap_m : float
        [m], >= 0.
    links : (one, other), optional
        Ends said to be at one node, whatever their distance: ``i`` the start of line ``i``, ``n + i``
        its end.
    record : callable
        Told of ``snapped_end``, ``collapsed`` and ``duplicate``.
    """
    import shapely
    from scipy.sparse import coo_array, csgraph
    from scipy.spatial import cKDTree

    count = len(lines)
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    xy = shapely.get_coordinates(ends).reshape(-1, 2)
    place, spot, crowd = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    spot = spot.reshape(-1)
    pairs = (
        cKDTree(place).query_pairs(snap_m, output_type="ndarray")
        if len(place)
        else np.empty((0, 2), np.int64)
    )
    own = np.sort(np.column_stack([spot[:count], spot[count:]]), axis=1)
    keys = pairs.min(axis=1, initial=len(place)) * np.int64(len(place) + 1) + pairs.max(axis=1, initial=-1)
    pairs = pairs[~np.isin(keys, own[:, 0] * np.int64(len(place) + 1) + own[:, 1])]
    one, other = pairs[:, 0], pairs[:, 1]
    if links is not None:
        one = np.concatenate([one, spot[links[0]]])
        other = np.concatenate([other, spot[links[1]]])
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(len(place), len(place)))
    label = csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
    order = np.lexsort((place[:, 1], place[:, 0], -crowd, label))
    node_xy = place[order[np.unique(label[order], return_index=True)[1]]]

    node = label[spot]
    moved = np.hypot(*(node_xy[node] - xy).T)
    hit = np.flatnonzero(moved > 0)
    record("snapped_end", source[hit % max(count, 1)], moved[hit])
    start, end = node[:count], node[count:]
    changed = np.unique(hit % max(count, 1))
    if len(changed):
        lines = lines.copy()
        lines[changed] = _move_ends(lines[changed], node_xy[start[changed]], node_xy[end[changed]])
    length = shapely.length(lines)
    gone = (length == 0) | ((start == end) & (length <= 2 * snap_m))
    record("collapsed", source[gone], length[gone])
    twin = _find_twins(lines, start, end, gone, snap_m)
    record("duplicate", source[twin], length[twin])
    keep = ~(gone | twin)
    used, fresh = np.unique(np.concatenate([start[keep], end[keep]]), return_inverse=True)
    kept = int(keep.sum())
    return Edges(
        line=lines[keep],
        source=source[keep],
        start=fresh[:kept].astype(np.int64),
        end=fresh[kept:].astype(np.int64),
        node_xy=node_xy[used],
    )


def split_lines(lines: Geometries, which: Ints, measure: Floats) -> tuple[Geometries, Ints]:
    """Cut lines at distances along them.

    Parameters
    ----------
    lines : (n,) array of LineString
        2D.
    which : (k,) array of int64
        Line of each cut.
    measure : (k,) array of float64
        Distance from the start of the line [m]; cuts at one place count once.

    Returns
    -------
    pieces, came
        Pieces longer than 0 m and the line that each comes from; in the order of the lines and along them.

    Examples
    --------
    >>> import shapely
    >>> line = np.array([shapely.LineString([(0, 0), (4, 0), (4, 4)])])
    >>> [piece.wkt for piece in split_lines(line, np.array([0]), np.array([6.0]))[0]]
    ['LINESTRING (0 0, 4 0, 4 2)', 'LINESTRING (4 2, 4 4)']
    """
    import shapely

    if len(which) == 0:
        return lines, np.arange(len(lines))
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.zeros(len(xy))
    step[1:] = np.hypot(*(xy[1:] - xy[:-1]).T)
    first = np.flatnonzero(np.diff(line, prepend=-1))
    step[first] = 0.0
    along = np.cumsum(step)
    along -= along[first][np.searchsorted(line[first], line)]
    cut = shapely.get_coordinates(shapely.line_interpolate_point(lines[which], measure))

    # A cut is twice a vertex: the last of one piece (kind 1) and the first of the next (kind 2).
    every_line = np.concatenate([line, which, which])
    every_along = np.concatenate([along, measure, measure])
    kind = np.concatenate([np.zeros(len(line)), np.ones(len(which)), np.full(len(which), 2)])
    every_xy = np.concatenate([xy, cut, cut])
    # Of cuts at one place, one stays.
    order = np.lexsort((measure, which))
    again = np.zeros(len(which), dtype=bool)
    again[order[1:]] = (np.diff(which[order]) == 0) & (np.diff(measure[order]) == 0)
    keep = np.concatenate([np.ones(len(line), dtype=bool), ~again, ~again])
    every_line, every_along, kind, every_xy = every_line[keep], every_along[keep], kind[keep], every_xy[keep]
    order = np.lexsort((kind, every_along, every_line))
    every_line, kind, every_xy = every_line[order], kind[order], every_xy[order]
    piece = np.cumsum((np.diff(every_line, prepend=-1) != 0) | (kind == 2)) - 1
    # Vertices that repeat the last one say nothing, and a piece of one place is none.
    repeats = np.zeros(len(piece), dtype=bool)
    repeats[1:] = (piece[1:] == piece[:-1]) & (every_xy[1:] == every_xy[:-1]).all(axis=1)
    size = np.bincount(piece[~repeats], minlength=piece[-1] + 1)
    keep = ~repeats & (size[piece] > 1)
    piece, every_xy, every_line = piece[keep], every_xy[keep], every_line[keep]
    first = np.flatnonzero(np.diff(piece, prepend=-1))
    number = np.zeros(len(piece), dtype=np.int64)
    number[first] = 1
    pieces = np.asarray(shapely.linestrings(every_xy, indices=np.cumsum(number) - 1), dtype=object)
    return pieces, every_line[first]


def _thin_cuts(which: Ints, measure: Floats, apart_m: float) -> tuple[Ints, Floats]:
    """Keep, along each line, cuts farther than ``apart_m`` from the last kept; the others are its node."""
    order = np.lexsort((measure, which))
    which, measure = which[order], measure[order]
    if not len(which):
        return which, measure
    keep = np.ones(len(which), dtype=bool)
    line, last = -1, -np.inf
    for place, (here, at) in enumerate(zip(which.tolist(), measure.tolist(), strict=True)):
        if here == line and at - last <= apart_m:
            keep[place] = False
        else:
            line, last = here, at
    return which[keep], measure[keep]


def _list_points(found: Geometries) -> tuple[Geometries, Ints]:
    """List the points of intersections: points themselves, and ends of shared lines."""
    import shapely

    parts, which = shapely.get_parts(found, return_index=True)
    inner, again = shapely.get_parts(parts, return_index=True)
    which = which[again]
    kind = shapely.get_type_id(inner)
    points, lines = kind == 0, kind == 1
    shared = inner[lines]
    return (
        np.concatenate([inner[points], shapely.get_point(shared, 0), shapely.get_point(shared, -1)]),
        np.concatenate([which[points], which[lines], which[lines]]),
    )


def _move_ends(lines: Geometries, start_xy: Floats, end_xy: Floats) -> Geometries:
    """Put the first and last vertex of each line elsewhere."""
    import shapely

    xy, line = shapely.get_coordinates(lines, return_index=True)
    xy[np.flatnonzero(np.diff(line, prepend=-1))] = start_xy
    xy[np.flatnonzero(np.diff(line, append=len(lines)))] = end_xy
    return np.asarray(shapely.linestrings(xy, indices=line), dtype=object)


def _find_twins(
    lines: Geometries, start: Ints, end: Ints, gone: NDArray[np.bool_], snap_m: float
) -> NDArray[np.bool_]:
    """Find lines between the same two nodes that stay within ``snap_m`` of an earlier one."""
    import pandas
    import shapely

    twin = np.zeros(len(lines), dtype=bool)
    table = pandas.DataFrame(
        {"low": np.minimum(start, end), "high": np.maximum(start, end), "edge": np.arange(len(lines))}
    )[~gone]
    table = table[table.duplicated(["low", "high"], keep=False)]
    pairs = table.merge(table, on=["low", "high"], suffixes=("", "_other"))
    pairs = pairs[pairs["edge"] < pairs["edge_other"]]
    one, other = pairs["edge"].to_numpy(), pairs["edge_other"].to_numpy()
    if len(one):
        near = shapely.hausdorff_distance(lines[one], lines[other]) <= max(snap_m, _TOUCH_M)
        twin[other[near]] = True
    return twin
