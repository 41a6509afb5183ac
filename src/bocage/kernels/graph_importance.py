"""What is lost when a patch goes, or a link goes or becomes dearer: each of them, in one pass over sources.

From each source the tree of cheapest paths is grown once. Numbered in preorder, what hangs below a state is
a range, and without that state only the range changes: the detour of each of its states is found in reduced
costs (``cost + dist[tail] - dist[head]``, zero down the tree) by sweeps down and up the range until nothing
moves, which is the exact fixed point. Where crossing patches costs something, the states of a patch hang in
several places of the tree, and the detours are found by a heap over what hangs below any of them.

Each pair is counted once, from the patch of smaller number, and the sums doubled by the caller.

Sources: Saura and Rubio (2010), doi:10.1111/j.1600-0587.2009.05760.x, for the fractions; Johnson (1977),
doi:10.1145/321992.321993, for reduced costs; Ramalingam and Reps (1996), doi:10.1006/jagm.1996.0046, for
repairing a tree where it hung below what is gone.

Memory of a call: 80 bytes a state and 28 bytes an arc, whatever the number of sources.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from bocage.kernels.graph_paths import drop, find_chance, grow_from, push


@njit(cache=True, nogil=True)
def _find_detours(low, high, begin, above, ptr, near, rise, climb, root, detour):
    """Find the detours of the states ``begin:high`` that hang below ``low`` in preorder.

    ``root`` is what the tree's own way into ``low`` then costs more (infinite: it is gone); it counts only
    where ``begin`` is ``low``.
    """
    for state in range(begin, high):
        up = above[state]
        best = detour[up] if up >= begin else (root if state == low else np.inf)
        for arc in range(ptr[state], ptr[state + 1]):
            other = near[arc]
            if other < low or other >= high:
                best = min(best, rise[arc])
            elif begin <= other < state:
                best = min(best, detour[other] + rise[arc])
        detour[state] = best
    if high - begin <= 1:
        return
    while True:
        moved = False
        for state in range(high - 1, begin - 1, -1):
            best = detour[state]
            for arc in range(ptr[state], ptr[state + 1]):
                other = near[arc]
                if begin <= other < high:
                    best = min(best, detour[other] + rise[arc])
            if best < detour[state]:
                detour[state] = best
                moved = True
            up = above[state]
            if up >= begin:
                found = best + 2.0 * climb[state]
                if found < detour[up]:
                    detour[up] = found
                    moved = True
        if not moved:
            return
        moved = False
        for state in range(begin, high):
            best = detour[state]
            up = above[state]
            if up >= begin:
                best = min(best, detour[up])
            for arc in range(ptr[state], ptr[state + 1]):
                other = near[arc]
                if begin <= other < high:
                    best = min(best, detour[other] + rise[arc])
            if best < detour[state]:
                detour[state] = best
                moved = True
        if not moved:
            return


@njit(cache=True, nogil=True)
def _sum_losses(begin, high, above, detour, far, held, mass, decay, limit, share):
    """Give the sum lost below, and the capacity that the detour takes beyond the limit."""
    lost = 0.0
    gone = 0.0
    for state in range(begin, high):
        more = detour[state]
        up = above[state]
        if more <= 0.0:
            share[state] = 0.0
            continue
        if more + far[state] > limit or more == np.inf:
            share[state] = 1.0
            gone += mass[state]
        elif decay < 0.0:
            share[state] = more / (1.0 + far[state] + more)
        elif up >= begin and detour[up] == more and share[up] < 1.0:
            share[state] = share[up]
        else:
            share[state] = -math.expm1(-decay * more)
        lost += held[state] * share[state]
    return lost, gone


@njit(cache=True, nogil=True)
def measure_losses(
    sources, ptr, head, cost, link, capacity, decay, limit, extra, patches_wanted, links_wanted,
    lost_patch, gone_patch, lost_link, gone_link,
):  # fmt: skip
    """Add up what each patch and link keeps joined, where patches are crossed at no cost.

    ``extra`` is what each link would cost more, infinite where it would be gone. Added to: the sum over
    pairs s < t of capacities times the chance lost, and (``gone``) times 1 where the detour is longer than
    ``limit``.
    """
    states = len(ptr) - 1
    arcs = len(head)
    dist = np.full(states, np.inf)
    parent = np.empty(states, np.int32)
    arc = np.empty(states, np.int64)
    order = np.empty(states, np.int32)
    size = np.empty(states, np.int32)
    pre = np.empty(states, np.int32)
    free = np.empty(states, np.int32)
    keys = np.empty(arcs + 1)
    items = np.empty(arcs + 1, np.int32)
    # In preorder of the tree of the present source:
    node = np.empty(states, np.int32)
    above = np.empty(states, np.int32)
    climb = np.empty(states)
    far = np.empty(states)
    held = np.empty(states)
    mass = np.empty(states)
    summed = np.empty(states + 1)
    detour = np.empty(states)
    share = np.empty(states)
    in_ptr = np.empty(states + 1, np.int64)
    near = np.empty(arcs, np.int32)
    rise = np.empty(arcs)
    for source in sources:
        if capacity[source] <= 0.0:
            continue
        count = grow_from(source, ptr, head, cost, limit, dist, parent, arc, order, keys, items)
        for i in range(count):
            size[order[i]] = 1
        for i in range(count - 1, 0, -1):
            size[parent[order[i]]] += size[order[i]]
        pre[source] = 0
        free[source] = 1
        node[0] = source
        above[0] = -1
        climb[0] = 0.0
        for i in range(1, count):
            state = order[i]
            up = parent[state]
            at = free[up]
            pre[state] = at
            free[up] = at + size[state]
            free[state] = at + 1
            node[at] = state
            above[at] = pre[up]
            climb[at] = cost[arc[state]]
        filled = 0
        summed[0] = 0.0
        for at in range(count):
            state = node[at]
            in_ptr[at] = filled
            far[at] = dist[state]
            for out in range(ptr[state], ptr[state + 1]):
                other = head[out]
                way = dist[other] + cost[out]
                if not way <= limit:
                    continue
                if parent[state] == other and link[arc[state]] == link[out]:
                    continue
                if parent[other] == state and link[arc[other]] == link[out]:
                    continue
                near[filled] = pre[other]
                rise[filled] = max(way - dist[state], 0.0)
                filled += 1
            held[at] = 0.0
            mass[at] = 0.0
            if state > source:
                mass[at] = capacity[state]
                held[at] = capacity[state] * find_chance(dist[state], decay)
            summed[at + 1] = summed[at] + held[at]
        in_ptr[count] = filled
        for low in range(1, count):
            state = node[low]
            high = low + size[state]
            if patches_wanted and high - low > 1 and summed[high] > summed[low + 1]:
                _find_detours(low, high, low + 1, above, in_ptr, near, rise, climb, np.inf, detour)
                lost, gone = _sum_losses(low + 1, high, above, detour, far, held, mass, decay, limit, share)
                lost_patch[state] += capacity[source] * lost
                gone_patch[state] += capacity[source] * gone
            edge = link[arc[state]]
            if links_wanted and extra[edge] > 0.0 and summed[high] > summed[low]:
                _find_detours(low, high, low, above, in_ptr, near, rise, climb, extra[edge], detour)
                lost, gone = _sum_losses(low, high, above, detour, far, held, mass, decay, limit, share)
                lost_link[edge] += capacity[source] * lost
                gone_link[edge] += capacity[source] * gone
        for i in range(count):
            dist[order[i]] = np.inf


@njit(cache=True, nogil=True)
def measure_losses_by_states(
    sources, ptr, head, cost, link, in_ptr, tail, in_cost, in_link, owner, state_ptr, state_of,
    ends, capacity, decay, limit, extra, patches_wanted, links_wanted,
    lost_patch, gone_patch, lost_link, gone_link,
):  # fmt: skip
    """Add up what each patch and link keeps joined, where crossing patches may cost something.

    As ``measure_losses``; besides the arcs out of each state, those into it (``in_ptr``, ``tail``,
    ``in_cost``, ``in_link``), the states of each patch (``state_ptr``, ``state_of``) and the two states
    that each link comes in by (``ends``, two columns).
    """
    states = len(ptr) - 1
    arcs = len(head)
    patches = len(capacity)
    links = len(extra)
    dist = np.full(states, np.inf)
    parent = np.empty(states, np.int32)
    arc = np.empty(states, np.int64)
    order = np.empty(states, np.int32)
    size = np.zeros(states, np.int32)
    pre = np.empty(states, np.int32)
    free = np.empty(states, np.int32)
    node = np.empty(states, np.int32)
    keys = np.empty(arcs + states + 1)
    items = np.empty(arcs + states + 1, np.int32)
    best = np.full(patches, np.inf)
    found = np.empty(states)
    hung = np.full(states, -1, np.int64)
    home = np.full(patches, -1, np.int32)
    summed = np.empty(states + 1, np.int64)
    below = np.empty(states, np.int32)
    roots = np.empty(states, np.int32)
    listed = np.full(patches + links, -1, np.int64)
    going = np.empty(patches + links, np.int64)
    stamp = -1
    for source in sources:
        if capacity[source] <= 0.0:
            continue
        count = grow_from(source, ptr, head, cost, limit, dist, parent, arc, order, keys, items)
        for i in range(count):
            state = order[i]
            size[state] = 1
            if best[owner[state]] == np.inf:
                best[owner[state]] = dist[state]
                home[owner[state]] = state
        for i in range(count - 1, 0, -1):
            size[parent[order[i]]] += size[order[i]]
        pre[source] = 0
        free[source] = 1
        node[0] = source
        for i in range(1, count):
            state = order[i]
            up = parent[state]
            pre[state] = free[up]
            free[up] += size[state]
            free[state] = pre[state] + 1
            node[pre[state]] = state
        # Only what holds up the cheapest way to a patch that counts can lose anything.
        summed[0] = 0
        for at in range(count):
            patch = owner[node[at]]
            counts = patch > source and home[patch] == node[at] and capacity[patch] > 0.0
            summed[at + 1] = summed[at] + (1 if counts else 0)
        wanted = 0
        for i in range(1, count):
            state = order[i]
            patch = owner[state]
            edge = link[arc[state]]
            if patches_wanted and listed[patch] != source and patch != source:
                listed[patch] = source
                going[wanted] = patch
                wanted += 1
            if links_wanted and listed[patches + edge] != source:
                listed[patches + edge] = source
                going[wanted] = patches + edge
                wanted += 1
        for j in range(wanted):
            what = going[j]
            # What goes: a patch with all its states, or a link with the states that it comes in by.
            number = 0
            held = 0
            gone_now = what if what < patches else -1
            edge = what - patches if what >= patches else -1
            more = np.inf
            if gone_now >= 0:
                for i in range(state_ptr[gone_now], state_ptr[gone_now + 1]):
                    state = state_of[i]
                    if dist[state] < np.inf and size[state] > 1:
                        roots[number] = state
                        number += 1
                        held += summed[pre[state] + size[state]] - summed[pre[state] + 1]
            else:
                more = extra[edge]
                if more <= 0.0:
                    continue
                for side in range(2):
                    state = ends[edge, side]
                    if dist[state] < np.inf and state != source and link[arc[state]] == edge:
                        roots[number] = state
                        number += 1
                        held += summed[pre[state] + size[state]] - summed[pre[state]]
            if held == 0:
                continue
            stamp += 1
            hanging = 0
            for i in range(number):
                for at in range(pre[roots[i]], pre[roots[i]] + size[roots[i]]):
                    state = node[at]
                    if hung[state] != stamp and owner[state] != gone_now:
                        hung[state] = stamp
                        below[hanging] = state
                        hanging += 1
            heap = 0
            for i in range(hanging):
                state = below[i]
                least = np.inf
                for back in range(in_ptr[state], in_ptr[state + 1]):
                    other = tail[back]
                    if hung[other] == stamp or owner[other] == gone_now or dist[other] == np.inf:
                        continue
                    way = dist[other] + in_cost[back]
                    if edge >= 0 and in_link[back] == edge:
                        way += more
                    least = min(least, way)
                if least <= limit:
                    found[state] = least
                    heap = push(keys, items, heap, least, state)
                else:
                    found[state] = np.inf
            while heap > 0:
                key = keys[0]
                state = items[0]
                heap = drop(keys, items, heap)
                if key > found[state]:
                    continue
                for out in range(ptr[state], ptr[state + 1]):
                    other = head[out]
                    if hung[other] != stamp:
                        continue
                    way = key + cost[out]
                    if edge >= 0 and link[out] == edge:
                        way += more
                    if way < found[other] and way <= limit:
                        found[other] = way
                        heap = push(keys, items, heap, way, other)
            lost = 0.0
            gone = 0.0
            for i in range(hanging):
                patch = owner[below[i]]
                if patch <= source or home[patch] != below[i] or capacity[patch] <= 0.0:
                    continue
                least = np.inf
                for j in range(state_ptr[patch], state_ptr[patch + 1]):
                    state = state_of[j]
                    least = min(least, found[state] if hung[state] == stamp else dist[state])
                was = best[patch]
                if least > was:
                    if least == np.inf:
                        # Out of reach, or beyond the limit: which, is not known here.
                        gone += capacity[patch]
                        lost += capacity[patch] * find_chance(was, decay)
                    elif decay < 0.0:
                        lost += capacity[patch] * (find_chance(was, decay) - find_chance(least, decay))
                    else:
                        lost -= capacity[patch] * math.exp(-decay * was) * math.expm1(-decay * (least - was))
            if gone_now >= 0:
                lost_patch[gone_now] += capacity[source] * lost
                gone_patch[gone_now] += capacity[source] * gone
            else:
                lost_link[edge] += capacity[source] * lost
                gone_link[edge] += capacity[source] * gone
        for i in range(count):
            state = order[i]
            dist[state] = np.inf
            size[state] = 0
            best[owner[state]] = np.inf
