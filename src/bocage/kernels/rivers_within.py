"""Sums over pairs of places of a river tree by their distance: within a threshold, or by a law of movement.

Thresholds go by centroid decomposition.
A place whose removal leaves parts of at most half the size is the centroid of a part. Every path runs through
the centroid of exactly one part of the decomposition: pairs are those of the part joined at its centroid,
less those that lie in the same branch. Sorted distances give the sums in O(n log² n) altogether.

Memory: about 150 bytes a place.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _list_neighbours(downstream):
    """List the neighbours of each place: ``beside[start[v]:start[v + 1]]``."""
    count = downstream.size
    start = np.zeros(count + 1, np.int64)
    for v in range(count):
        if downstream[v] >= 0:
            start[v + 1] += 1
            start[downstream[v] + 1] += 1
    for v in range(count):
        start[v + 1] += start[v]
    fill = start[:count].copy()
    beside = np.empty(start[count], np.int32)
    for v in range(count):
        u = downstream[v]
        if u >= 0:
            beside[fill[v]] = u
            fill[v] += 1
            beside[fill[u]] = v
            fill[u] += 1
    return start, beside


@njit(cache=True, nogil=True)
def _find_centroid(root, start, beside, removed, came, size, queue):
    """Find the centroid of the part that holds ``root``; return it and the part's size."""
    queue[0] = root
    came[root] = -1
    count, head = 1, 0
    while head < count:
        v = queue[head]
        head += 1
        size[v] = 1
        for e in range(start[v], start[v + 1]):
            u = beside[e]
            if u != came[v] and not removed[u]:
                came[u] = v
                queue[count] = u
                count += 1
    for i in range(count - 1, 0, -1):
        size[came[queue[i]]] += size[queue[i]]
    v = root
    while True:
        heavy = -1
        for e in range(start[v], start[v + 1]):
            u = beside[e]
            if u != came[v] and not removed[u] and 2 * size[u] > count:
                heavy = u
                break
        if heavy < 0:
            return v, count
        v = heavy


@njit(cache=True, nogil=True)
def _walk_part(
    centre, downstream, step, up, down, start, beside, removed,
    came, nodes, branch, climbed, descended, coming, going,
):  # fmt: skip
    """List the part around ``centre``, branch by branch, with the way of each place to it.

    ``climbed`` and ``descended`` [m] and ``coming`` (product of factors) are those of the way from the place
    to the centre, ``going`` the product of the way back. Returns the number of places and of branches;
    branch 0 is the centre, and branch ``b`` is ``nodes[first[b]:first[b + 1]]``.
    """
    degree = start[centre + 1] - start[centre]
    first = np.zeros(degree + 2, np.int64)
    nodes[0] = centre
    branch[0] = 0
    climbed[0] = descended[0] = 0.0
    coming[0] = going[0] = 1.0
    came[centre] = -1
    count, branches = 1, 1
    first[1] = 1
    for b in range(start[centre], start[centre + 1]):
        root = beside[b]
        if removed[root]:
            continue
        head = count
        nodes[count] = root
        came[root] = 0
        count += 1
        while head < count:
            v = nodes[head]
            i = came[v]
            w = nodes[i]
            if downstream[v] == w:
                climbed[head] = climbed[i]
                descended[head] = descended[i] + step[v]
                coming[head] = coming[i] * down[v]
                going[head] = going[i] * up[v]
            else:
                climbed[head] = climbed[i] + step[w]
                descended[head] = descended[i]
                coming[head] = coming[i] * up[w]
                going[head] = going[i] * down[w]
            branch[head] = branches
            for e in range(start[v], start[v + 1]):
                u = beside[e]
                if u != w and not removed[u]:
                    nodes[count] = u
                    came[u] = head
                    count += 1
            head += 1
        branches += 1
        first[branches] = count
    return count, branches, first


@njit(cache=True, nogil=True)
def _add_near(places, sign, limit, away, leaving, arriving, nodes, coming, going, inbound, outbound):
    """Add, for places sorted by distance to the centre, the sums of those within ``limit`` of each other.

    ``leaving`` and ``arriving`` are scratch for prefix sums.
    """
    count = places.size
    leaving[0] = arriving[0] = 0.0
    other = 0
    for k in range(count - 1, -1, -1):
        i = places[k]
        while other < count and away[i] + away[places[other]] <= limit:
            j = places[other]
            leaving[other + 1] = leaving[other] + coming[j, 1]
            arriving[other + 1] = arriving[other] + going[j, 1]
            other += 1
        outbound[nodes[i]] += sign * coming[i, 0] * arriving[other]
        inbound[nodes[i]] += sign * going[i, 0] * leaving[other]


@njit(cache=True, nogil=True)
def sum_within(downstream, weight, step, up, down, limit):
    """Sum what can be reached from each place, and can come to it, over paths no longer than ``limit``.

    Parameters
    ----------
    downstream : (n,) array of int32
    weight, step, up, down : (n,) arrays of float64
        Weight of each place; length [m] and factors of the step to the place below.
    limit : float
        Longest path [m].

    Returns
    -------
    inbound, outbound : (n,) arrays of float64
    """
    count = downstream.size
    start, beside = _list_neighbours(downstream)
    removed = np.zeros(count, np.bool_)
    came = np.empty(count, np.int32)
    nodes, branch, size = came.copy(), came.copy(), came.copy()
    climbed, descended, one, back = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    coming, going = np.empty((count, 2)), np.empty((count, 2))
    leaving, arriving = np.empty(count + 1), np.empty(count + 1)
    split, fill = np.empty(count, np.int64), np.empty(count + 2, np.int64)
    inbound, outbound = np.zeros(count), np.zeros(count)
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
            for i in range(part):
                climbed[i] += descended[i]
                coming[i, 0] = one[i]
                coming[i, 1] = one[i] * weight[nodes[i]]
                going[i, 0] = back[i]
                going[i, 1] = back[i] * weight[nodes[i]]
            places = np.argsort(climbed[:part])
            _add_near(places, 1.0, limit, climbed, leaving, arriving, nodes, coming, going, inbound, outbound)
            _split_sorted(places, branch, first[: branches + 1], fill, split)
            removed[centre] = True
            for b in range(1, branches):
                _add_near(
                    split[first[b] : first[b + 1]], -1.0, limit, climbed,
                    leaving, arriving, nodes, coming, going, inbound, outbound,
                )  # fmt: skip
                stack[waiting] = nodes[first[b]]
                waiting += 1
    return inbound, outbound


@njit(cache=True, nogil=True)
def _add_near_each(
    by_climb, by_descent, sign, up_limit, down_limit,
    climbed, descended, coming, mass, nodes, total, rank, sums,
):  # fmt: skip
    """Add, for each place, the mass of those to which the way climbs and descends within the limits.

    The way from i to j climbs ``climbed[i] + descended[j]`` and descends ``descended[i] + climbed[j]``.
    Others are taken by rising ``descended`` as the climb that is left grows, and counted by rank of
    ``climbed`` in a Fenwick tree. ``rank`` and ``sums`` are scratch.
    """
    count = by_climb.size
    for k in range(count):
        rank[by_climb[k]] = k + 1
    sums[: count + 1] = 0.0
    other = 0
    for k in range(count - 1, -1, -1):
        i = by_climb[k]
        while other < count and climbed[i] + descended[by_descent[other]] <= up_limit:
            j = by_descent[other]
            at = rank[j]
            while at <= count:
                sums[at] += mass[j]
                at += at & -at
            other += 1
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if descended[i] + climbed[by_climb[middle]] <= down_limit:
                low = middle + 1
            else:
                high = middle
        found = 0.0
        while low > 0:
            found += sums[low]
            low -= low & -low
        total[nodes[i]] += sign * coming[i] * found


@njit(cache=True, nogil=True)
def _split_sorted(places, branch, first, fill, split):
    """Part sorted places by branch, in ``split``, each branch sorted as they were."""
    fill[: first.size] = first
    for k in range(places.size):
        b = branch[places[k]]
        split[fill[b]] = places[k]
        fill[b] += 1


@njit(cache=True, nogil=True)
def sum_within_each(downstream, weight, step, up, down, up_limit, down_limit):
    """Do as ``sum_within``, over paths that climb and descend no more than a limit each [m].

    Returns
    -------
    inbound, outbound : (n,) arrays of float64
    """
    count = downstream.size
    start, beside = _list_neighbours(downstream)
    removed = np.zeros(count, np.bool_)
    came = np.empty(count, np.int32)
    nodes, branch, size, rank = came.copy(), came.copy(), came.copy(), came.copy()
    climbed, descended, coming, going = np.empty(count), np.empty(count), np.empty(count), np.empty(count)
    leaving, arriving, sums = np.empty(count), np.empty(count), np.empty(count + 1)
    fill = np.empty(count + 2, np.int64)
    climb_split, descent_split = np.empty(count, np.int64), np.empty(count, np.int64)
    inbound, outbound = np.zeros(count), np.zeros(count)
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
                came, nodes, branch, climbed, descended, coming, going,
            )  # fmt: skip
            for i in range(part):
                leaving[i] = coming[i] * weight[nodes[i]]
                arriving[i] = going[i] * weight[nodes[i]]
            removed[centre] = True
            by_climb, by_descent = np.argsort(climbed[:part]), np.argsort(descended[:part])
            _split_sorted(by_climb, branch, first[: branches + 1], fill, climb_split)
            _split_sorted(by_descent, branch, first[: branches + 1], fill, descent_split)
            for b in range(branches):
                sign = 1.0
                if b > 0:
                    sign = -1.0
                    by_climb = climb_split[first[b] : first[b + 1]]
                    by_descent = descent_split[first[b] : first[b + 1]]
                    stack[waiting] = nodes[first[b]]
                    waiting += 1
                _add_near_each(
                    by_climb, by_descent, sign, up_limit, down_limit,
                    climbed, descended, coming, arriving, nodes, outbound, rank, sums,
                )  # fmt: skip
                _add_near_each(
                    by_descent, by_climb, sign, up_limit, down_limit,
                    descended, climbed, going, leaving, nodes, inbound, rank, sums,
                )  # fmt: skip
    return inbound, outbound


@njit(cache=True, nogil=True)
def _survive(distance, stay, go, share):
    """Tell what part of a population goes at least so far."""
    near = math.erfc(distance / (stay * math.sqrt(2.0)))
    return share * near + (1.0 - share) * math.erfc(distance / (go * math.sqrt(2.0)))


@njit(cache=True, nogil=True)
def fade_leptokurtic(distance, stay, go, share):
    """Tell what part of a population goes at least as far as each distance.

    Returns
    -------
    (n,) array of float64
    """
    fading = np.empty(distance.size)
    for v in range(distance.size):
        fading[v] = _survive(distance[v], stay, go, share)
    return fading


@njit(cache=True, nogil=True)
def sum_leptokurtic(downstream, weight, step, up, down, stay, go, share):
    """Do as ``sum_within``, every path counting for the part of a population that goes as far.

    O(n²): one walk from each place that weighs something. Ways on which nothing is left are not followed.

    Returns
    -------
    inbound, outbound : (n,) arrays of float64
    """
    count = downstream.size
    start, beside = _list_neighbours(downstream)
    inbound, outbound = np.zeros(count), np.zeros(count)
    stack, came = np.empty(count, np.int32), np.empty(count, np.int32)
    away, coming, going = np.empty(count), np.empty(count), np.empty(count)
    for source in range(count):
        if weight[source] == 0.0:
            continue
        stack[0], came[source] = source, -1
        away[source], coming[source], going[source] = 0.0, 1.0, 1.0
        waiting = 1
        while waiting > 0:
            waiting -= 1
            v = stack[waiting]
            part = weight[source] * _survive(away[v], stay, go, share)
            if part == 0.0:
                continue
            inbound[v] += part * going[v]
            outbound[v] += part * coming[v]
            for e in range(start[v], start[v + 1]):
                u = beside[e]
                if u == came[v]:
                    continue
                if downstream[u] == v:
                    away[u] = away[v] + step[u]
                    going[u], coming[u] = going[v] * up[u], coming[v] * down[u]
                else:
                    away[u] = away[v] + step[v]
                    going[u], coming[u] = going[v] * down[v], coming[v] * up[v]
                if going[u] > 0.0 or coming[u] > 0.0:
                    came[u] = v
                    stack[waiting] = u
                    waiting += 1
    return inbound, outbound
