"""Sums, for every step of a river tree, over the pairs of places within a threshold whose way takes it.

They tell what each barrier alone changes: its own factor is left out of the sums, so that it may be 0. Ways
are parted at centroids as in ``rivers_within``; those of one part add to its steps, from its ends to its
centre. O(n log² n). Memory: about 300 bytes a place.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.rivers_within import (
    _add_near,
    _add_near_each,
    _find_centroid,
    _list_neighbours,
    _split_sorted,
    _walk_part,
)


@njit(cache=True, nogil=True)
def _multiply_open(part, nodes, came, downstream, descends, climbs, product, zeros, closed):
    """Multiply the factors above 0 on the way of each place to the centre, and count those that are 0.

    The way takes ``descends[v]`` where it goes down step v and ``climbs[v]`` where it goes up; ``closed`` is
    the place at the far end of the last step of factor 0.
    """
    product[0], zeros[0], closed[0] = 1.0, 0, -1
    for h in range(1, part):
        v = nodes[h]
        i = came[v]
        w = nodes[i]
        factor = descends[v] if downstream[v] == w else climbs[w]
        if factor > 0.0:
            product[h], zeros[h], closed[h] = product[i] * factor, zeros[i], closed[i]
        else:
            product[h], zeros[h], closed[h] = product[i], zeros[i] + 1, h


@njit(cache=True, nogil=True)
def _load_steps(
    part, nodes, came, downstream, descends, climbs, zeros, closed, flow, load, down_total, up_total
):
    """Add what flows between each place and the centre to every step on its way, its own factor left out.

    A way with one closed step counts for that step alone; ``load`` is scratch.
    """
    load[:part] = 0.0
    for h in range(part - 1, 0, -1):
        v = nodes[h]
        i = came[v]
        w = nodes[i]
        if zeros[h] == 0:
            load[h] += flow[h]
            if downstream[v] == w:
                down_total[v] += load[h] / descends[v]
            else:
                up_total[w] += load[h] / climbs[w]
            load[i] += load[h]
        elif zeros[h] == 1:
            far = nodes[closed[h]]
            near = nodes[came[far]]
            if downstream[far] == near:
                down_total[far] += flow[h]
            else:
                up_total[near] += flow[h]


@njit(cache=True, nogil=True)
def sum_crossings(downstream, weight, step, up, down, each_way, up_limit, down_limit):
    """Sum weight times weight times the other factors over the pairs whose way takes each step.

    Parameters
    ----------
    downstream : (n,) array of int32
    weight, step, up, down : (n,) arrays of float64
        As in ``sum_within``.
    each_way : bool
        Whether the limits are those of climbing and of descending; else ``up_limit`` is that of the way.
    up_limit, down_limit : float
        [m].

    Returns
    -------
    climbing, descending : (n,) arrays of float64
        Over ways that climb the step, and that descend it.
    """
    count = downstream.size
    start, beside = _list_neighbours(downstream)
    removed = np.zeros(count, np.bool_)
    came = np.empty(count, np.int32)
    nodes, branch, size, rank = came.copy(), came.copy(), came.copy(), came.copy()
    zeros_in, zeros_out, closed_in, closed_out = came.copy(), came.copy(), came.copy(), came.copy()
    climbed, descended, one, back = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    open_in, open_out, load, away = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    leaving, arriving = np.empty(count + 1), np.empty(count + 1)
    coming, going = np.empty((count, 2)), np.empty((count, 2))
    flow_in, flow_out, sums = np.empty(count), np.empty(count), np.empty(count + 1)
    fill = np.empty(count + 2, np.int64)
    split, descent_split = np.empty(count, np.int64), np.empty(count, np.int64)
    places_themselves = np.arange(count).astype(np.int32)
    climbing, descending = np.zeros(count), np.zeros(count)
    stack = np.empty(count, np.int32)
    for outlet in range(count):
        if downstream[outlet] >= 0:
            continue
        stack[0] = outlet
        waiting = 1
        while waiting > 0:
            waiting -= 1
            centre, _ = _find_centroid(stack[waiting], start, beside, removed, came, size, nodes)
            part, branches, first = _walk_part(
                centre, downstream, step, up, down, start, beside, removed,
                came, nodes, branch, climbed, descended, one, back,
            )  # fmt: skip
            _multiply_open(part, nodes, came, downstream, down, up, open_out, zeros_out, closed_out)
            _multiply_open(part, nodes, came, downstream, up, down, open_in, zeros_in, closed_in)
            for i in range(part):
                own = weight[nodes[i]]
                coming[i, 0] = open_out[i] * own if zeros_out[i] < 2 else 0.0
                coming[i, 1] = one[i] * own
                going[i, 0] = open_in[i] * own if zeros_in[i] < 2 else 0.0
                going[i, 1] = back[i] * own
                away[i] = climbed[i] + descended[i]
            flow_in[:part] = 0.0
            flow_out[:part] = 0.0
            removed[centre] = True
            by_climb = np.argsort(climbed[:part] if each_way else away[:part])
            by_descent = np.argsort(descended[:part]) if each_way else by_climb
            _split_sorted(by_climb, branch, first[: branches + 1], fill, split)
            if each_way:
                _split_sorted(by_descent, branch, first[: branches + 1], fill, descent_split)
            for b in range(branches):
                sign = 1.0
                if b > 0:
                    sign = -1.0
                    by_climb = split[first[b] : first[b + 1]]
                    by_descent = descent_split[first[b] : first[b + 1]]
                    stack[waiting] = nodes[first[b]]
                    waiting += 1
                if each_way:
                    _add_near_each(
                        by_climb, by_descent, sign, up_limit, down_limit, climbed, descended,
                        coming[:, 0], going[:, 1], places_themselves, flow_out, rank, sums,
                    )  # fmt: skip
                    _add_near_each(
                        by_descent, by_climb, sign, up_limit, down_limit, descended, climbed,
                        going[:, 0], coming[:, 1], places_themselves, flow_in, rank, sums,
                    )  # fmt: skip
                else:
                    _add_near(
                        by_climb, sign, up_limit, away, leaving, arriving,
                        places_themselves, coming, going, flow_in, flow_out,
                    )  # fmt: skip
            _load_steps(
                part, nodes, came, downstream, down, up, zeros_out, closed_out,
                flow_out, load, descending, climbing,
            )  # fmt: skip
            _load_steps(
                part, nodes, came, downstream, up, down, zeros_in, closed_in,
                flow_in, load, climbing, descending,
            )  # fmt: skip
    return climbing, descending
