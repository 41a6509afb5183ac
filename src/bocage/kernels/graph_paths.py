"""Shortest paths of a graph from one patch after the other, and what is summed over them.

A graph is given as states and arcs: arcs of state ``i`` are ``ptr[i]:ptr[i + 1]`` of ``head`` (state),
``cost`` and ``link``. States below ``n`` are the patches themselves; where
crossing a patch costs something, each link that comes in has a state of its own, owned by the patch
(``owner``), and state ``i`` of that patch is only left. Labels are costs in float64, no path is longer
than ``limit``, and equal labels keep the first path found: everything depends on the graph alone.

The chance at a cost is ``exp(-decay cost)``, or ``1 / (1 + cost)`` where ``decay`` is ``HOPS``.

Memory of a call: 40 bytes a state and 16 bytes an arc, whatever the number of sources; 24 bytes a patch.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

HOPS = -1.0
"""The decay that stands for ``1 / (1 + cost)``."""

# Paths whose costs differ by no more than this share of them are equally short where ties are shared.
_TIE = 1e-12


@njit(cache=True, nogil=True, inline="always")
def find_chance(cost, decay):
    """Give the chance of reaching what lies at a cost."""
    if decay < 0.0:
        return 1.0 / (1.0 + cost)
    return math.exp(-decay * cost)


@njit(cache=True, nogil=True)
def push(keys, items, size, key, item):
    """Put an item in a heap of four children a node; give the new size."""
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if keys[above] <= key:
            break
        keys[at] = keys[above]
        items[at] = items[above]
        at = above
    keys[at] = key
    items[at] = item
    return size + 1


@njit(cache=True, nogil=True)
def drop(keys, items, size):
    """Take the first item, already read, out of the heap; give the new size."""
    size -= 1
    if size == 0:
        return 0
    key = keys[size]
    item = items[size]
    at = 0
    while True:
        child = 4 * at + 1
        if child >= size:
            break
        least = child
        for other in range(child + 1, min(child + 4, size)):
            if keys[other] < keys[least]:
                least = other
        if keys[least] >= key:
            break
        keys[at] = keys[least]
        items[at] = items[least]
        at = least
    keys[at] = key
    items[at] = item
    return size


@njit(cache=True, nogil=True)
def grow_tree(ptr, head, cost, limit, size, dist, parent, arc, order, keys, items):
    """Grow the tree of cheapest paths from the ``size`` states already in the heap.

    Their ``dist`` and ``parent`` are set by the caller, all other ``dist`` are infinite. Gives the number of
    states reached, in ``order`` of their cost; the caller sets their ``dist`` back.
    """
    count = 0
    while size > 0:
        key = keys[0]
        state = items[0]
        size = drop(keys, items, size)
        if key > dist[state]:
            continue
        order[count] = state
        count += 1
        for out in range(ptr[state], ptr[state + 1]):
            near = head[out]
            found = key + cost[out]
            if found < dist[near] and found <= limit:
                dist[near] = found
                parent[near] = state
                arc[near] = out
                size = push(keys, items, size, found, near)
    return count


@njit(cache=True, nogil=True)
def grow_from(source, ptr, head, cost, limit, dist, parent, arc, order, keys, items):
    """Grow the tree of cheapest paths from one state."""
    dist[source] = 0.0
    parent[source] = -1
    arc[source] = -1
    size = push(keys, items, 0, 0.0, source)
    return grow_tree(ptr, head, cost, limit, size, dist, parent, arc, order, keys, items)


@njit(cache=True, nogil=True)
def measure_sources(
    sources, ptr, head, cost, link, owner, capacity, powered, decay, limit, share, through_wanted,
    chance_sum, flux, reached, reached_capacity, cost_sum, cost_max, inverse_sum, through, through_link, edge,
):  # fmt: skip
    """Sum over the paths from each of some sources.

    Written at the place of the source: ``chance_sum`` (capacity times chance, itself included), ``flux``
    (``powered`` times chance, itself left out), ``reached`` (number of others), ``reached_capacity`` (itself
    included), ``cost_sum``, ``cost_max``, ``inverse_sum`` (sum of 1 / cost > 0). Added to, for patches and
    links, if ``through_wanted``: ``powered[s] powered[t] chance / 2`` of each path from s to t that passes.
    With ``share`` paths equally short share it; no patch then has states of its own. Where there is a limit,
    ``edge`` is added, for patches, ``capacity[s]`` times the chance of coming to them first of all that is
    farther: whatever is left out is reached by way of them.
    """
    states = len(ptr) - 1
    dist = np.full(states, np.inf)
    parent = np.empty(states, np.int32)
    arc = np.empty(states, np.int64)
    order = np.empty(states, np.int32)
    carried = np.empty(states)
    own = np.empty(states)
    ways = np.empty(states if share else 1)
    place = np.empty(states if share else 1, np.int32)
    beyond = np.full(states, np.inf)
    seen = np.full(len(capacity), -1, np.int64)
    keys = np.empty(len(head) + 1)
    items = np.empty(len(head) + 1, np.int32)
    for source in sources:
        count = grow_from(source, ptr, head, cost, limit, dist, parent, arc, order, keys, items)
        total = 0.0
        flow = 0.0
        others = 0
        within = 0.0
        costs = 0.0
        farthest = 0.0
        inverse = 0.0
        for i in range(count):
            state = order[i]
            patch = owner[state]
            own[state] = 0.0
            if seen[patch] != source:
                seen[patch] = source
                far = dist[state]
                chance = find_chance(far, decay)
                total += capacity[patch] * chance
                within += capacity[patch]
                if patch != source:
                    own[state] = powered[patch] * chance
                    flow += own[state]
                    others += 1
                    costs += far
                    farthest = far
                    if far > 0.0:
                        inverse += 1.0 / far
            carried[state] = own[state]
        chance_sum[source] = total
        flux[source] = flow
        reached[source] = others
        reached_capacity[source] = within
        cost_sum[source] = costs
        cost_max[source] = farthest
        inverse_sum[source] = inverse
        if limit < np.inf and capacity[source] > 0.0:
            for i in range(count):
                state = order[i]
                for out in range(ptr[state], ptr[state + 1]):
                    if dist[head[out]] == np.inf:
                        beyond[head[out]] = min(beyond[head[out]], dist[state] + cost[out])
            for i in range(count):
                state = order[i]
                for out in range(ptr[state], ptr[state + 1]):
                    near = head[out]
                    if beyond[near] < np.inf:
                        edge[owner[near]] += capacity[source] * find_chance(beyond[near], decay)
                        beyond[near] = np.inf
        weight = 0.5 * powered[source]
        if through_wanted and weight > 0.0 and share:
            for i in range(count):
                place[order[i]] = i
            ways[source] = 1.0
            for i in range(1, count):
                state = order[i]
                number = 0.0
                for out in range(ptr[state], ptr[state + 1]):
                    near = head[out]
                    tied = dist[near] + cost[out] <= dist[state] * (1.0 + _TIE)
                    if tied and place[near] < i:
                        number += ways[near]
                ways[state] = number
            for i in range(count - 1, 0, -1):
                state = order[i]
                through[owner[state]] += weight * (carried[state] - own[state])
                for out in range(ptr[state], ptr[state + 1]):
                    near = head[out]
                    tied = dist[near] + cost[out] <= dist[state] * (1.0 + _TIE)
                    if tied and place[near] < i:
                        part = carried[state] * ways[near] / ways[state]
                        carried[near] += part
                        through_link[link[out]] += weight * part
        elif through_wanted and weight > 0.0:
            for i in range(count - 1, 0, -1):
                state = order[i]
                carried[parent[state]] += carried[state]
                through[owner[state]] += weight * (carried[state] - own[state])
                through_link[link[arc[state]]] += weight * carried[state]
        for i in range(count):
            dist[order[i]] = np.inf


@njit(cache=True, nogil=True)
def find_costs(sources, ptr, head, cost, owner, limit, first, target, found):
    """Write in ``found`` the cost from ``sources[i]`` to each of its targets, ``first[i]:first[i + 1]``.

    Targets are patches; what is not reached keeps what it holds.
    """
    states = len(ptr) - 1
    dist = np.full(states, np.inf)
    parent = np.empty(states, np.int32)
    arc = np.empty(states, np.int64)
    order = np.empty(states, np.int32)
    best = np.full(states, np.inf)
    keys = np.empty(len(head) + 1)
    items = np.empty(len(head) + 1, np.int32)
    for i in range(len(sources)):
        count = grow_from(sources[i], ptr, head, cost, limit, dist, parent, arc, order, keys, items)
        for j in range(count):
            state = order[j]
            best[owner[state]] = min(best[owner[state]], dist[state])
        for j in range(first[i], first[i + 1]):
            if best[target[j]] < np.inf:
                found[j] = best[target[j]]
        for j in range(count):
            state = order[j]
            best[owner[state]] = np.inf
            dist[state] = np.inf
