"""What one more link or patch would join, for many of them, without solving the graph again.

The ground around each end of a candidate is grown once, as a tree in preorder (a *ball*). With ``x`` the cost
from a source to what lies just before the ball, a state of it is brought nearer where ``x`` plus its cost in
the ball is below its cost from the source; where it is not, nothing that hangs below it is either, so the
walk skips what it cannot help.

Memory of a call: 40 bytes a state, 12 bytes an arc, whatever the candidates; 17 bytes a state of each ball.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.graph_paths import find_chance, grow_from, grow_tree, push


@njit(cache=True, nogil=True)
def grow_balls(
    balls, root_ptr, root, offset, ptr, head, cost, owner, patches, limit,
    ball_ptr, keep, state_out, cost_out, size_out, home_out, count_out,
):  # fmt: skip
    """Grow balls from their roots, states that cost ``offset`` to be at.

    Their sizes are written in ``count_out``; with ``keep`` also, from ``ball_ptr[ball]`` on, the states in
    preorder, their costs, the number of states that hang below each (itself included), and whether it is
    the cheapest of its patch.
    """
    states = len(ptr) - 1
    dist = np.full(states, np.inf)
    parent = np.full(states, -1, np.int32)
    arc = np.empty(states, np.int64)
    order = np.empty(states, np.int32)
    size = np.empty(states, np.int32)
    free = np.empty(states, np.int32)
    seen = np.full(patches, -1, np.int64)
    keys = np.empty(len(head) + len(root) + 1)
    items = np.empty(len(head) + len(root) + 1, np.int32)
    for ball in balls:
        heap = 0
        for i in range(root_ptr[ball], root_ptr[ball + 1]):
            if offset[i] <= limit and offset[i] < dist[root[i]]:
                dist[root[i]] = offset[i]
                parent[root[i]] = -1
                heap = push(keys, items, heap, offset[i], root[i])
        count = grow_tree(ptr, head, cost, limit, heap, dist, parent, arc, order, keys, items)
        count_out[ball] = count
        if keep:
            for i in range(count):
                size[order[i]] = 1
            for i in range(count - 1, -1, -1):
                if parent[order[i]] >= 0:
                    size[parent[order[i]]] += size[order[i]]
            first = ball_ptr[ball]
            next_root = 0
            for i in range(count):
                state = order[i]
                if parent[state] < 0:
                    at = next_root
                    next_root += size[state]
                else:
                    at = free[parent[state]]
                    free[parent[state]] += size[state]
                free[state] = at + 1
                state_out[first + at] = state
                cost_out[first + at] = dist[state]
                size_out[first + at] = size[state]
                home_out[first + at] = seen[owner[state]] != ball
                seen[owner[state]] = ball
        for i in range(count):
            dist[order[i]] = np.inf


@njit(cache=True, nogil=True)
def measure_gains(
    sources, ptr, head, cost, owner, capacity, decay, limit, ball_ptr, ball_state, ball_cost, ball_size,
    ball_home, near_ptr, near_ball, near_cost, user_ptr, user, way, goal, gain,
):  # fmt: skip
    """Add to ``gain`` of each candidate what pairs from the sources win, in capacities times chance.

    ``near_*`` lists for each source the balls it lies in and at what cost; ``user`` the uses of each ball,
    two a candidate at most: use ``2 c + side`` leads at the cost ``way`` into ball ``goal``.
    """
    states = len(ptr) - 1
    patches = len(capacity)
    dist = np.full(states, np.inf)
    parent = np.empty(states, np.int32)
    arc = np.empty(states, np.int64)
    order = np.empty(states, np.int32)
    best = np.full(patches, np.inf)
    nearer = np.empty(patches)
    chance = np.zeros(patches)
    stamped = np.full(patches, -1, np.int64)
    keys = np.empty(len(head) + 1)
    items = np.empty(len(head) + 1, np.int32)
    lead = np.full(len(way), np.inf)
    touched = np.empty(len(gain), np.int64)
    known = np.full(len(gain), -1, np.int64)
    stamp = -1
    for source in sources:
        if capacity[source] <= 0.0 or near_ptr[source] == near_ptr[source + 1]:
            continue
        count = grow_from(source, ptr, head, cost, limit, dist, parent, arc, order, keys, items)
        for i in range(count):
            patch = owner[order[i]]
            if best[patch] == np.inf:
                best[patch] = dist[order[i]]
                chance[patch] = find_chance(best[patch], decay)
        number = 0
        for i in range(near_ptr[source], near_ptr[source + 1]):
            ball = near_ball[i]
            for j in range(user_ptr[ball], user_ptr[ball + 1]):
                use = user[j]
                lead[use] = near_cost[i] + way[use]
                if known[use >> 1] != source:
                    known[use >> 1] = source
                    touched[number] = use >> 1
                    number += 1
        for i in range(number):
            candidate = touched[i]
            stamp += 1
            won = 0.0
            for use in range(2 * candidate, 2 * candidate + 2):
                before = lead[use]
                lead[use] = np.inf
                if not before <= limit:
                    continue
                at = ball_ptr[goal[use]]
                end = ball_ptr[goal[use] + 1]
                while at < end:
                    state = ball_state[at]
                    found = before + ball_cost[at]
                    if found > limit or found >= dist[state]:
                        at += ball_size[at]
                        continue
                    patch = owner[state]
                    if ball_home[at] and found < best[patch]:
                        if stamped[patch] != stamp:
                            stamped[patch] = stamp
                            nearer[patch] = found
                            won += capacity[patch] * (find_chance(found, decay) - chance[patch])
                        elif found < nearer[patch]:
                            won += capacity[patch] * (
                                find_chance(found, decay) - find_chance(nearer[patch], decay)
                            )
                            nearer[patch] = found
                    at += 1
            gain[candidate] += capacity[source] * won
        for i in range(count):
            state = order[i]
            dist[state] = np.inf
            best[owner[state]] = np.inf
            chance[owner[state]] = 0.0
