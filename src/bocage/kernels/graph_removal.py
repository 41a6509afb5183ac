"""What one patch, link or group of patches less takes away from connectivity, exactly.

From each patch in turn, the tree of its cheapest chains: only what hangs below the link or patch taken away
must be searched again, from its surroundings. Memory: some 100 bytes a patch and 24 a link, whatever the
number of pairs.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.graph_search import pop_node, push_node


@njit(cache=True, nogil=True, error_model="numpy")
def _grow_tree(first, near, weight, link, source, alive, best, above, by, order, key, node, place):
    """Search from a patch; ``order`` is how nodes were settled, ``above`` and ``by`` the tree."""
    best[:] = np.inf
    best[source] = 0.0
    above[source] = -1
    by[source] = -1
    settled = 0
    size = push_node(key, node, place, 0, 0.0, source)
    while size > 0:
        here = key[0]
        i = node[0]
        size = pop_node(key, node, place, size)
        order[settled] = i
        settled += 1
        for e in range(first[i], first[i + 1]):
            j = near[e]
            if not alive[link[e]]:
                continue
            found = here + weight[e]
            if found < best[j]:
                best[j] = found
                above[j] = i
                by[j] = link[e]
                size = push_node(key, node, place, size, found, j)
    return settled


@njit(cache=True, nogil=True, error_model="numpy")
def _number_tree(order, settled, above, spread, number, listed):
    """Give each node a number, then those that hang below it: ``spread`` in all, itself included."""
    for s in range(settled):
        spread[order[s]] = 1
    for s in range(settled - 1, 0, -1):
        spread[above[order[s]]] += spread[order[s]]
    taken = listed  # reused: next free number below each node, then the list itself
    for s in range(settled):
        v = order[s]
        if s == 0:
            number[v] = 0
        else:
            number[v] = taken[above[v]]
            taken[above[v]] += spread[v]
        taken[v] = number[v] + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _search_again(
    first, near, weight, link, alive, best, number, listed, low, high, without, banned, capacity,
    again, key, node, place,
):  # fmt: skip
    """Compute how much reach is lost below the tree's numbers ``low`` to ``high``.

    ``without`` is the patch taken away, or -1; ``banned`` the link, or -1. Reach is weighed by capacity.
    """
    size = 0
    lost = 0.0
    for s in range(low, high):
        x = listed[s]
        start = np.inf
        for e in range(first[x], first[x + 1]):
            y = near[e]
            if y == without or link[e] == banned or not alive[link[e]] or best[y] == np.inf:
                continue
            if number[y] >= low and number[y] < high:
                continue
            start = min(start, best[y] + weight[e])
        again[x] = start
        if start < np.inf:
            size = push_node(key, node, place, size, start, x)
    while size > 0:
        here = key[0]
        x = node[0]
        size = pop_node(key, node, place, size)
        for e in range(first[x], first[x + 1]):
            y = near[e]
            if y == without or link[e] == banned or not alive[link[e]] or best[y] == np.inf:
                continue
            if number[y] < low or number[y] >= high:
                continue
            found = here + weight[e]
            if found < again[y]:
                again[y] = found
                size = push_node(key, node, place, size, found, y)
    for s in range(low, high):
        x = listed[s]
        if capacity[x] > 0 and again[x] > best[x]:
            lost += capacity[x] * (np.exp(-best[x]) - np.exp(-again[x]))
    return lost


@njit(cache=True, nogil=True, error_model="numpy")
def lose_each(
    first, near, weight, link, alive, capacity, of_patch, of_link, patches, links, patches_most, links_most
):  # fmt: skip
    """Compute what the sum over pairs loses without each patch, or without each link.

    Parameters
    ----------
    first, near, weight
        As for ``fill_reach``.
    link : (2m,) array of int64
        Link of each neighbour.
    alive : (m,) array of bool
        Links still there.
    capacity : (n,) array of float64
    of_patch, of_link : array of bool
        Patches and links to look at.
    patches : (n,) array of float64
        Written: the loss without each patch looked at, its own capacity included; of others that of their own
        pairs, the least that it can be.
    links : (m,) array of float64
        Written: the loss without each link looked at, 0 for others.
    patches_most, links_most : array of float64
        Written: the most that each loss can be, were there no other way round.

    Returns
    -------
    float
        The sum over all pairs today.
    """
    count = first.size - 1
    key = np.empty(count)
    node = np.empty(count, np.int64)
    place = np.zeros(count, np.int64)
    best = np.empty(count)
    again = np.empty(count)
    above = np.empty(count, np.int64)
    by = np.empty(count, np.int64)
    order = np.empty(count, np.int64)
    spread = np.empty(count, np.int64)
    number = np.empty(count, np.int64)
    listed = np.empty(count, np.int64)
    below = np.empty(count)
    patches[:] = 0.0
    links[:] = 0.0
    patches_most[:] = 0.0
    links_most[:] = 0.0
    total = 0.0
    for source in range(count):
        own = capacity[source]
        if own == 0:
            continue
        settled = _grow_tree(
            first, near, weight, link, source, alive, best, above, by, order, key, node, place
        )
        _number_tree(order, settled, above, spread, number, listed)
        flux = 0.0
        for s in range(settled):
            v = order[s]
            listed[number[v]] = v
            below[v] = capacity[v] * np.exp(-best[v])
            flux += below[v]
        total += own * flux
        # As an end of pairs: its own pairs twice, but for the pair with itself.
        patches[source] += 2.0 * own * flux - own * own
        patches_most[source] += 2.0 * own * flux - own * own
        for s in range(settled - 1, 0, -1):
            v = order[s]
            patches_most[v] += own * (below[v] - capacity[v] * np.exp(-best[v]))
            links_most[by[v]] += own * below[v]
            below[above[v]] += below[v]
        for s in range(1, settled):
            v = order[s]
            low = number[v]
            high = low + spread[v]
            if of_patch[v] and spread[v] > 1:
                patches[v] += own * _search_again(
                    first, near, weight, link, alive, best, number, listed, low + 1, high, v, -1,
                    capacity, again, key, node, place,
                )  # fmt: skip
            if of_link[by[v]]:
                links[by[v]] += own * _search_again(
                    first, near, weight, link, alive, best, number, listed, low, high, -1, by[v],
                    capacity, again, key, node, place,
                )  # fmt: skip
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def lose_groups(first, near, weight, capacity, group, gone_start, gone, part_start, part, rest, lost):
    """Compute what pairs of the other patches lose when each group of patches can no longer be crossed.

    Parameters
    ----------
    first, near, weight
        As for ``reach_from``.
    capacity : (n,) array of float64
        Changed and put back.
    group : (n,) array of int64
        Group that each patch goes with, -1 for none.
    gone_start, gone : arrays of int64
        Patches of each group, ragged.
    part_start, part : arrays of int64
        Patches that each group takes a part of, ragged: they can still be crossed.
    rest : array of float64
        What is left of the capacity of each of those.
    lost : (g,) array of float64
        Written: the sum over ordered pairs of patches left, of what is left of both times the reach lost.
    """
    count = first.size - 1
    key = np.empty(count)
    node = np.empty(count, np.int64)
    place = np.zeros(count, np.int64)
    best = np.empty(count)
    again = np.empty(count)
    above = np.empty(count, np.int64)
    by = np.empty(count, np.int64)
    order = np.empty(count, np.int64)
    spread = np.empty(count, np.int64)
    number = np.empty(count, np.int64)
    listed = np.empty(count, np.int64)
    inside = np.full(count, -1, np.int64)
    members = np.empty(count, np.int64)
    links = np.zeros(near.size, np.int64)
    alive = np.ones(1, np.bool_)
    lost[:] = 0.0
    stamp = np.int64(0)
    for source in range(count):
        settled = _grow_tree(
            first, near, weight, links, source, alive, best, above, by, order, key, node, place
        )
        _number_tree(order, settled, above, spread, number, listed)
        for s in range(settled):
            listed[number[order[s]]] = order[s]
        for g in range(gone_start.size - 1):
            if group[source] == g:
                continue
            size = 0
            stamp += 1
            for k in range(gone_start[g], gone_start[g + 1]):
                v = gone[k]
                if best[v] == np.inf or spread[v] == 1 or inside[v] == stamp:
                    continue
                for s in range(number[v], number[v] + spread[v]):
                    x = listed[s]
                    if inside[x] != stamp:
                        inside[x] = stamp
                        if group[x] != g:
                            members[size] = x
                            size += 1
            if size == 0:
                continue
            waiting = 0
            for m in range(size):
                x = members[m]
                start = np.inf
                for e in range(first[x], first[x + 1]):
                    y = near[e]
                    if inside[y] != stamp and group[y] != g:
                        start = min(start, best[y] + weight[e])
                again[x] = start
                if start < np.inf:
                    waiting = push_node(key, node, place, waiting, start, x)
            while waiting > 0:
                here = key[0]
                x = node[0]
                waiting = pop_node(key, node, place, waiting)
                for e in range(first[x], first[x + 1]):
                    y = near[e]
                    if inside[y] != stamp or group[y] == g:
                        continue
                    found = here + weight[e]
                    if found < again[y]:
                        again[y] = found
                        waiting = push_node(key, node, place, waiting, found, y)
            for k in range(part_start[g], part_start[g + 1]):
                rest[k], capacity[part[k]] = capacity[part[k]], rest[k]
            less = 0.0
            for m in range(size):
                x = members[m]
                if again[x] > best[x]:
                    less += capacity[x] * (np.exp(-best[x]) - np.exp(-again[x]))
            lost[g] += capacity[source] * less
            for k in range(part_start[g], part_start[g + 1]):
                rest[k], capacity[part[k]] = capacity[part[k]], rest[k]
