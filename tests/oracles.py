"""Slow definitions that the fast code is held against."""

from __future__ import annotations

import heapq

import numpy as np

from bocage.corridors.metric import Metric
from bocage.resistance import ResistanceSurface

STEPS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]


def dijkstra(
    surface: ResistanceSurface,
    seeds: dict[tuple[int, int], int],
    *,
    walls: np.ndarray | None = None,
    no_exit: np.ndarray | None = None,
) -> dict[tuple[int, int], tuple[int, int]]:
    """Give (units, source) of every reachable cell by a plain heap, ties to the smaller source.

    ``walls`` cells are not entered; ``no_exit`` cells are entered, not left.
    """
    metric = Metric.of(surface.values, surface.grid.cell)
    codes = surface.codes
    passable = np.isfinite(surface.array())
    done: dict[tuple[int, int], tuple[int, int]] = {}
    heap = [(0, source, cell) for cell, source in seeds.items() if passable[cell]]
    heapq.heapify(heap)
    while heap:
        cost, source, (i, j) = heapq.heappop(heap)
        if (i, j) in done:
            continue
        done[(i, j)] = (cost, source)
        if no_exit is not None and no_exit[i, j]:
            continue
        for di, dj in STEPS:
            y, x = i + di, j + dj
            if not (0 <= y < codes.shape[0] and 0 <= x < codes.shape[1]) or not passable[y, x]:
                continue
            if (walls is not None and walls[y, x]) or (y, x) in done:
                continue
            half = metric.diagonal if di and dj else metric.straight
            heapq.heappush(heap, (cost + int(half[codes[i, j]] + half[codes[y, x]]), source, (y, x)))
    return done
