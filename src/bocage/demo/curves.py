"""Curves: splines through given points, and paths over a grid turned into smooth lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

Floats = NDArray[np.float64]


def draw_spline(points: Floats, step: float) -> Floats:
    """Draw a smooth curve through points.

    Parameters
    ----------
    points : (n, 2) array
        In order.
    step : float
        Distance between the vertices of the curve [m], about.

    Returns
    -------
    (m, 2) array
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    spline = CubicSpline(along, points, bc_type="natural")
    return np.asarray(spline(np.linspace(0.0, along[-1], max(int(along[-1] / step), 2) + 1)))


def offset_curve(curve: Floats, offset: Floats | float) -> Floats:
    """Move each vertex to the left of the direction of travel by a distance [m]."""
    tangent = np.gradient(curve, axis=0)
    tangent /= np.hypot(*tangent.T)[:, None]
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return np.asarray(curve + normal * np.broadcast_to(offset, len(curve))[:, None])


def soften(points: Floats, rounds: int, corners: int = 2) -> Floats:
    """Smooth an open line; its two ends stay.

    Parameters
    ----------
    points : (n, 2) array
    rounds : int
        Times each inner vertex is moved to the weighted mean of itself and its neighbours.
    corners : int
        Times each corner is cut (Chaikin 1974), which doubles the vertices.
    """
    line = points.astype(float)
    if len(line) < 3:
        return line
    for _ in range(rounds):
        line[1:-1] = 0.25 * line[:-2] + 0.5 * line[1:-1] + 0.25 * line[2:]
    for _ in range(corners):
        before, after = line[:-1], line[1:]
        cut = np.empty((2 * len(before), 2))
        cut[0::2] = 0.75 * before + 0.25 * after
        cut[1::2] = 0.25 * before + 0.75 * after
        line = np.vstack([line[:1], cut[1:-1], line[-1:]])
    return line


def trace_chains(
    ranks: Mapping[tuple[int, int], int], stops: Iterable[int] = ()
) -> list[tuple[int, list[int]]]:
    """Cut a web of grid steps into chains that meet only at their ends.

    Parameters
    ----------
    ranks : mapping of (cell, cell) to int
        Rank of each step between neighbouring cells; the smaller cell first.
    stops : iterable of int
        Cells where chains must end besides junctions, dead ends and changes of rank.

    Returns
    -------
    list of (rank, cells)
        By the first cell of each chain.

    Examples
    --------
    >>> trace_chains({(0, 1): 1, (1, 2): 1, (2, 3): 2})
    [(1, [0, 1, 2]), (2, [2, 3])]
    """
    neighbours: defaultdict[int, list[int]] = defaultdict(list)
    for a, b in sorted(ranks):
        neighbours[a].append(b)
        neighbours[b].append(a)
    ends = set(stops) & set(neighbours)
    for cell, around in neighbours.items():
        if len(around) != 2 or len({ranks[_step(cell, other)] for other in around}) > 1:
            ends.add(cell)
    used: set[tuple[int, int]] = set()
    chains: list[tuple[int, list[int]]] = []
    # Rings without any end start anywhere: their cells come after the true ends.
    for start in [*sorted(ends), *sorted(set(neighbours) - ends)]:
        for first in neighbours[start]:
            if _step(start, first) in used:
                continue
            chain = [start, first]
            used.add(_step(start, first))
            while chain[-1] not in ends and chain[-1] != start:
                onward = [c for c in neighbours[chain[-1]] if _step(chain[-1], c) not in used]
                if not onward:
                    break
                used.add(_step(chain[-1], onward[0]))
                chain.append(onward[0])
            chains.append((ranks[_step(start, first)], chain))
    return chains


def clip_lines(
    lines: NDArray[np.object_], box: tuple[float, float, float, float]
) -> list[list[shapely.LineString]]:
    """Cut each line to a rectangle; each gives zero, one or more parts."""
    clipped = shapely.clip_by_rect(lines, *box)
    return [
        [part for part in shapely.get_parts(shape) if part.geom_type == "LineString" and part.length > 1.0]
        for shape in np.atleast_1d(clipped)
    ]


def round_coordinates(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Round coordinates to the decimetre, as a survey would, so that shared nodes stay shared."""
    return np.asarray(shapely.transform(shapes, lambda xy: np.round(xy, 1)), dtype=object)


def _step(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)
