"""Walks over river trees: order, basins, what reaches what through barriers, and along which distance.

A tree is an array ``downstream`` (the reach that each flows into, -1 for outlets; several basins allowed) and
factors of the step between a reach and the one below: ``up`` for who climbs it, ``down`` for who descends it.
A factor is a passability, times what is lost over the distance where movement fades with it. All walks but
those with a threshold are O(n): one from the sources to the sea, one back.

Memory: 8 bytes a reach for each array of results.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def order_reaches(downstream):
    """List reaches so that each comes after all that flow into it.

    Chains are followed down as far as they are complete, so that reaches numbered along rivers are read
    almost in memory order.

    Parameters
    ----------
    downstream : (n,) array of int32

    Returns
    -------
    order : (n,) array of int32
    done : int
        How many are listed; fewer than n where water flows in a circle.
    """
    count = downstream.size
    waiting = np.zeros(count, np.int32)
    for v in range(count):
        if downstream[v] >= 0:
            waiting[downstream[v]] += 1
    order = np.empty(count, np.int32)
    done = 0
    for source in range(count):
        v = source
        while v >= 0 and waiting[v] == 0:
            order[done] = v
            done += 1
            waiting[v] = -1
            v = downstream[v]
            if v >= 0:
                waiting[v] -= 1
    return order, done


@njit(cache=True, nogil=True)
def label_basins(order, downstream):
    """Label each reach by its basin, from 0 by rising index of outlets.

    Returns
    -------
    (n,) array of int32
        Basin of each reach.
    """
    basin = np.empty(order.size, np.int32)
    found = 0
    for v in range(order.size):
        if downstream[v] < 0:
            basin[v] = found
            found += 1
    for i in range(order.size - 1, -1, -1):
        v = order[i]
        if downstream[v] >= 0:
            basin[v] = basin[downstream[v]]
    return basin


@njit(cache=True, nogil=True)
def gather_upstream(order, downstream, weight, up, down):
    """Sum, at each reach, the weights above it that can come down to it, and that can be climbed to.

    Returns
    -------
    coming, reached : (n,) arrays of float64
        ``A`` and ``B`` of the dendritic index: own weight included.
    """
    coming, reached = weight.copy(), weight.copy()
    for i in range(order.size):
        v = order[i]
        below = downstream[v]
        if below >= 0:
            coming[below] += down[v] * coming[v]
            reached[below] += up[v] * reached[v]
    return coming, reached


@njit(cache=True, nogil=True)
def spread_downstream(order, downstream, up, down, coming, reached):
    """Complete the sums of ``gather_upstream`` with what lies below and beside.

    No difference is taken: ``In = (1 - up down) A + up In_below``, so small sums keep their digits.

    Returns
    -------
    inbound, outbound : (n,) arrays of float64
        Weight of the whole basin that can come to each reach, and that can be reached from it.
    """
    inbound, outbound = coming.copy(), reached.copy()
    for i in range(order.size - 1, -1, -1):
        v = order[i]
        below = downstream[v]
        if below >= 0:
            lost = 1.0 - up[v] * down[v]
            inbound[v] = lost * coming[v] + up[v] * inbound[below]
            outbound[v] = lost * reached[v] + down[v] * outbound[below]
    return inbound, outbound


@njit(cache=True, nogil=True)
def sum_pairs(downstream, basin, up, down, coming, reached, basins):
    """Sum over ordered pairs of reaches, of each basin, of weight times weight times factor.

    ``A_r B_r + sum over v of (1 - up down) A_v B_v``: every term is >= 0.

    Returns
    -------
    (basins,) array of float64
    """
    total = np.zeros(basins)
    for v in range(downstream.size):
        pairs = coming[v] * reached[v]
        if downstream[v] >= 0:
            pairs *= 1.0 - up[v] * down[v]
        total[basin[v]] += pairs
    return total


@njit(cache=True, nogil=True)
def change_each(downstream, up, down, new_up, new_down, coming, reached, inbound, outbound):
    """Tell by how much the sum over pairs changes when the step below one reach changes, each alone.

    Returns
    -------
    (n,) array of float64
        0 for outlets: no pair passes between them and the sea.
    """
    change = np.zeros(downstream.size)
    for v in range(downstream.size):
        below = downstream[v]
        if below >= 0:
            out_rest = max(outbound[below] - up[v] * reached[v], 0.0)
            in_rest = max(inbound[below] - down[v] * coming[v], 0.0)
            change[v] = (new_down[v] - down[v]) * coming[v] * out_rest
            change[v] += (new_up[v] - up[v]) * in_rest * reached[v]
    return change


@njit(cache=True, nogil=True)
def follow_from_sea(order, downstream, factor):
    """Multiply the factors of all steps between the sea and each reach.

    Returns
    -------
    (n,) array of float64
    """
    path = factor.copy()
    for i in range(order.size - 1, -1, -1):
        v = order[i]
        if downstream[v] >= 0:
            path[v] *= path[downstream[v]]
    return path


@njit(cache=True, nogil=True)
def measure_from_sea(order, downstream, step):
    """Add the lengths of all steps between the sea and each reach.

    Returns
    -------
    (n,) array of float64
    """
    distance = step.copy()
    for i in range(order.size - 1, -1, -1):
        v = order[i]
        if downstream[v] >= 0:
            distance[v] += distance[downstream[v]]
    return distance


@njit(cache=True, nogil=True)
def label_fragments(order, downstream, works):
    """Label each reach by the lowest reach of the fragment that it lies in, between works.

    Returns
    -------
    (n,) array of int32
    """
    lowest = np.empty(order.size, np.int32)
    for i in range(order.size - 1, -1, -1):
        v = order[i]
        below = downstream[v]
        lowest[v] = v if below < 0 or works[v] else lowest[below]
    return lowest


@njit(cache=True, nogil=True)
def measure_free_lengths(order, downstream, works, length):
    """Measure the river open above and below each reach, up to the next works.

    Returns
    -------
    above : (n,) array of float64
        All branches above, own length included.
    longest : (n,) array of float64
        The longest single way up, own length included.
    below : (n,) array of float64
        The way down from the upper end of the reach, own length included.
    """
    above, longest, below = length.copy(), length.copy(), length.copy()
    best = np.zeros(order.size)
    for i in range(order.size):
        v = order[i]
        longest[v] += best[v]
        next_reach = downstream[v]
        if next_reach >= 0 and not works[v]:
            above[next_reach] += above[v]
            best[next_reach] = max(best[next_reach], longest[v])
    for i in range(order.size - 1, -1, -1):
        v = order[i]
        if downstream[v] >= 0 and not works[v]:
            below[v] += below[downstream[v]]
    return above, longest, below
