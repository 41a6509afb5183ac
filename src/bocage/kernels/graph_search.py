"""What one more link or patch adds to connectivity, exactly and without a new search.

It works on the matrix of reach ``P[i, j]``, the probability of the best chain of links between two
patches: with a link of probability ``p`` between ``u`` and ``v`` it becomes
``max(P[i, j], P[i, u] p P[v, j], P[i, v] p P[u, j])``, so neither the gain of a link nor putting it in needs
a new search. Memory: 8 bytes a pair of patches.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Two products of the same probabilities, taken in another order, differ by less than this share.
_ROUNDING = 1e-13


@njit(cache=True, nogil=True, error_model="numpy")
def push_node(key, node, place, size, new_key, new_node):
    """Put a node in a heap, or lift it; ``place`` holds one more than where each node is, 0 if nowhere.

    Keys lie beside the nodes: a quarter less time on graphs than a heap that lists a node again when it comes
    nearer (``graph_paths.push``), or that looks its key up (``reaching``, which spares 8 bytes a cell).
    """
    i = place[new_node] - 1
    if i < 0:
        i = size
        size += 1
    while i > 0:
        above = (i - 1) >> 1
        if key[above] <= new_key:
            break
        key[i] = key[above]
        node[i] = node[above]
        place[node[i]] = i + 1
        i = above
    key[i] = new_key
    node[i] = new_node
    place[new_node] = i + 1
    return size


@njit(cache=True, nogil=True, error_model="numpy")
def pop_node(key, node, place, size):
    """Take the first node away; the heap then holds ``size - 1``."""
    place[node[0]] = 0
    size -= 1
    if size > 0:
        last_key = key[size]
        last = node[size]
        i = 0
        while True:
            below = 2 * i + 1
            if below >= size:
                break
            if below + 1 < size and key[below + 1] < key[below]:
                below += 1
            if key[below] >= last_key:
                break
            key[i] = key[below]
            node[i] = node[below]
            place[node[i]] = i + 1
            i = below
        key[i] = last_key
        node[i] = last
        place[last] = i + 1
    return size


@njit(cache=True, nogil=True, error_model="numpy")
def reach_from(first, near, weight, begin, reach):
    """Fill the reach from some patches to all.

    Parameters
    ----------
    first : (n + 1,) array of int64
        Patch ``i`` has the neighbours ``near[first[i]:first[i + 1]]``.
    near : (2m,) array of int64
    weight : (2m,) array of float64
        Decay times cost, >= 0.
    begin : int
        The first of the patches that the rows are for.
    reach : (k, >= n) array of float64
        Filled in its first n columns.
    """
    count = first.size - 1
    key = np.empty(count)
    node = np.empty(count, np.int64)
    place = np.zeros(count, np.int64)
    best = np.empty(count)
    for row in range(reach.shape[0]):
        best[:] = np.inf
        best[begin + row] = 0.0
        reach[row, :count] = 0.0
        size = push_node(key, node, place, 0, 0.0, begin + row)
        while size > 0:
            here = key[0]
            i = node[0]
            size = pop_node(key, node, place, size)
            reach[row, i] = np.exp(-here)
            for e in range(first[i], first[i + 1]):
                j = near[e]
                found = here + weight[e]
                if found < best[j]:
                    best[j] = found
                    size = push_node(key, node, place, size, found, j)


@njit(cache=True, nogil=True, error_model="numpy")
def fill_reach(first, near, weight, reach):
    """Fill the matrix of reach of a graph: as ``reach_from`` all patches, the same both ways.

    Parameters
    ----------
    first, near, weight
        As for ``reach_from``.
    reach : (>= n, >= n) array of float64
        Filled in its first n rows and columns.
    """
    count = first.size - 1
    reach_from(first, near, weight, 0, reach[:count])
    # The two directions of a chain add the same numbers in another order.
    for i in range(count):
        for j in range(i):
            reach[i, j] = reach[j, i]


@njit(cache=True, nogil=True, error_model="numpy")
def sum_pairs(reach, capacity, count):
    """Sum capacity times capacity times reach over all ordered pairs, each patch with itself too."""
    total = 0.0
    for i in range(count):
        row = 0.0
        for j in range(count):
            row += reach[i, j] * capacity[j]
        total += capacity[i] * row
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _split_sides(reach, count, u, v, p, side_u, side_v):
    """List the patches whose way to the other end gets better through the link, at each end."""
    us = 0
    vs = 0
    if p > reach[u, v] * (1.0 + _ROUNDING):
        for i in range(count):
            to_u = reach[u, i]
            to_v = reach[v, i]
            if to_u * p > to_v:
                side_u[us] = i
                us += 1
            elif to_v * p > to_u:
                side_v[vs] = i
                vs += 1
    return us, vs


@njit(cache=True, nogil=True, error_model="numpy")
def gain_links(reach, capacity, count, start, end, probability, slack, gain):
    """Compute what each link alone adds to the sum over ordered pairs.

    Parameters
    ----------
    reach : (>= n, >= n) array of float64
    capacity : (>= n,) array of float64
    count : int
    start, end : (k,) array of int64
    probability : (k,) array of float64
    slack : float
        A gain may be too small by as much, >= 0: patches that can add less are passed over.
    gain : (k,) array of float64
        Written.
    """
    side_u = np.empty(count, np.int64)
    side_v = np.empty(count, np.int64)
    chance = np.empty(count)
    weight = np.empty(count)
    least = 0.5 * slack / max(count, 1)
    for c in range(start.size):
        u = start[c]
        v = end[c]
        p = probability[c]
        total = 0.0
        us, vs = _split_sides(reach, count, u, v, p, side_u, side_v)
        flux = 0.0
        for b in range(vs):
            j = side_v[b]
            chance[b] = reach[v, j]
            weight[b] = capacity[j]
            flux += chance[b] * weight[b]
        for a in range(us):
            i = side_u[a]
            by = reach[u, i] * p
            if capacity[i] * by * flux <= least:
                continue
            row = 0.0
            for b in range(vs):
                row += max(by * chance[b] - reach[i, side_v[b]], 0.0) * weight[b]
            total += capacity[i] * row
        gain[c] = 2.0 * total


@njit(cache=True, nogil=True, error_model="numpy")
def cap_links(reach, later, capacity, count, start, end, probability, cap):
    """Compute a quick upper bound of what each link adds, in time linear in the patches.

    A pair gains at most ``P[i, u] (p - P[u, v]) P[v, j]``, since it could already go by ``u`` and ``v``.

    Parameters
    ----------
    reach : (>= n, >= n) array of float64
    later : (>= n, >= n) array of float64
        ``reach`` itself; or the reach once other candidates are there, to bound the gain in any company.
    capacity, count, start, end, probability
        As for ``gain_links``.
    cap : (k,) array of float64
        Written.
    """
    for c in range(start.size):
        u = start[c]
        v = end[c]
        p = probability[c]
        more = p - reach[u, v]
        if more <= 0:
            cap[c] = 0.0
            continue
        flux_u = 0.0
        flux_v = 0.0
        for i in range(count):
            # Whose way to the other end gets better, as far as is known.
            if later[u, i] * p > reach[v, i]:
                flux_u += later[u, i] * capacity[i]
            if later[v, i] * p > reach[u, i]:
                flux_v += later[v, i] * capacity[i]
        cap[c] = 2.0 * more * flux_u * flux_v


@njit(cache=True, nogil=True, error_model="numpy")
def bound_links(reach, today, capacity, count, start, end, probability, slack, bound):
    """Compute the most that each link can add, whatever other candidates are there already.

    With ``reach`` once all candidates are there and ``today`` before any, a link ``u, v`` never adds more
    than the sum over pairs of ``max(0, max(reach_iu p reach_vj, reach_iv p reach_uj) - today_ij)``.

    Parameters
    ----------
    reach, today : (>= n, >= n) array of float64
    capacity : (>= n,) array of float64
    count : int
    start, end : (k,) array of int64
    probability : (k,) array of float64
    slack : float
        A bound may be too large by as much, >= 0.
    bound : (k,) array of float64
        Written.
    """
    least = slack / max(count, 1)
    for c in range(start.size):
        u = start[c]
        v = end[c]
        p = probability[c]
        total = 0.0
        if p > today[u, v]:
            flux_u = 0.0
            flux_v = 0.0
            for j in range(count):
                flux_u += reach[u, j] * capacity[j]
                flux_v += reach[v, j] * capacity[j]
            for i in range(count):
                by_u = reach[u, i] * p
                by_v = reach[v, i] * p
                most = capacity[i] * (by_u * flux_v + by_v * flux_u)
                if most <= least:
                    total += most
                    continue
                row = 0.0
                for j in range(count):
                    # It passes by the link only if no candidate or link of today does better.
                    more = min(max(by_u * reach[v, j], by_v * reach[u, j]), reach[i, j]) - today[i, j]
                    if more > 0:
                        row += more * capacity[j]
                total += capacity[i] * row
        bound[c] = total


@njit(cache=True, nogil=True, error_model="numpy")
def put_link(reach, count, u, v, p):
    """Put a link of probability ``p`` between two patches in the matrix of reach."""
    side_u = np.empty(count, np.int64)
    side_v = np.empty(count, np.int64)
    us, vs = _split_sides(reach, count, u, v, p, side_u, side_v)
    from_u = reach[u, :count].copy()
    from_v = reach[v, :count].copy()
    for a in range(us):
        i = side_u[a]
        by = from_u[i] * p
        for b in range(vs):
            j = side_v[b]
            through = by * from_v[j]
            if through > reach[i, j]:
                reach[i, j] = through
                reach[j, i] = through


@njit(cache=True, nogil=True, error_model="numpy")
def _enter_patch(reach, count, near, probability, best, entry):
    """Give the reach of a new patch to all others, and the link by which each is reached."""
    best[:count] = 0.0
    entry[:count] = -1
    for e in range(near.size):
        u = near[e]
        p = probability[e]
        for i in range(count):
            through = reach[u, i] * p
            if through > best[i]:
                best[i] = through
                entry[i] = e


@njit(cache=True, nogil=True, error_model="numpy")
def _gain_patch(
    reach, capacity, count, near, probability, own, least, best, entry, group, begin, inside, chance, weight
):  # fmt: skip
    """Compute what a new patch with its links adds to the sum over ordered pairs."""
    _enter_patch(reach, count, near, probability, best, entry)
    flux = 0.0
    for i in range(count):
        flux += best[i] * capacity[i]
    total = own * own + 2.0 * own * flux
    # As a stepping stone: patches entered by two links gain only if the way between those two links does.
    links = near.size
    begin[: links + 1] = 0
    for i in range(count):
        if entry[i] >= 0:
            begin[entry[i] + 1] += 1
    for e in range(links):
        begin[e + 1] += begin[e]
    for i in range(count):
        e = entry[i]
        if e >= 0:
            group[begin[e]] = i
            begin[e] += 1
    for e in range(links, 0, -1):
        begin[e] = begin[e - 1]
    begin[0] = 0
    step = 0.0
    for e in range(links):
        if begin[e] == begin[e + 1]:
            continue
        for f in range(e + 1, links):
            if begin[f] == begin[f + 1]:
                continue
            if not probability[e] * probability[f] > reach[near[e], near[f]] * (1.0 + _ROUNDING):
                continue
            size = 0
            flux = 0.0
            for b in range(begin[f], begin[f + 1]):
                j = group[b]
                if best[j] * probability[e] > reach[near[e], j]:
                    inside[size] = j
                    chance[size] = best[j]
                    weight[size] = capacity[j]
                    flux += best[j] * capacity[j]
                    size += 1
            for a in range(begin[e], begin[e + 1]):
                i = group[a]
                by = best[i]
                if capacity[i] * by * flux <= least or by * probability[f] <= reach[near[f], i]:
                    continue
                row = 0.0
                for b in range(size):
                    row += max(by * chance[b] - reach[i, inside[b]], 0.0) * weight[b]
                step += row * capacity[i]
    return total + 2.0 * step


@njit(cache=True, nogil=True, error_model="numpy")
def gain_patches(reach, capacity, count, own, first, near, probability, which, slack, gain):
    """Compute what each new patch alone, with its links, adds to the sum over pairs.

    Parameters
    ----------
    reach : (>= n, >= n) array of float64
    capacity : (>= n,) array of float64
    count : int
    own : (c,) array of float64
        Capacity of each candidate.
    first : (c + 1,) array of int64
        Candidate ``k`` has the links ``near[first[k]:first[k + 1]]``.
    near : (m,) array of int64
        Rows of the matrix; -1 for a patch that is not there.
    probability : (m,) array of float64
    which : (k,) array of int64
        Candidates to look at.
    slack : float
        A gain may be too small by as much, >= 0.
    gain : (k,) array of float64
        Written.
    """
    best = np.empty(count)
    entry = np.empty(count, np.int64)
    group = np.empty(count, np.int64)
    most = 0
    for k in which:
        most = max(most, first[k + 1] - first[k])
    begin = np.empty(most + 1, np.int64)
    inside = np.empty(count, np.int64)
    chance = np.empty(count)
    weight = np.empty(count)
    ends = np.empty(most, np.int64)
    chances = np.empty(most)
    for c in range(which.size):
        k = which[c]
        links = 0
        for e in range(first[k], first[k + 1]):
            if near[e] >= 0:
                ends[links] = near[e]
                chances[links] = probability[e]
                links += 1
        # Each patch is left out at most once for each link by which others are entered.
        least = 0.5 * slack / max(count * links, 1)
        gain[c] = _gain_patch(
            reach, capacity, count, ends[:links], chances[:links], own[k], least,
            best, entry, group, begin, inside, chance, weight,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def cap_patches(reach, capacity, count, own, first, near, probability, which, cap):
    """Compute a quick upper bound of what each new patch adds.

    Pairs entered by the links ``e`` and ``f`` gain at most ``b_i b_j (1 - P_ef / (p_e p_f))``, ``b`` being
    the reach of the new patch, since they could already go by the ends of the two links.

    Parameters
    ----------
    reach, capacity, count, own, first, near, probability, which
        As for ``gain_patches``.
    cap : (k,) array of float64
        Written.
    """
    best = np.empty(count)
    entry = np.empty(count, np.int64)
    most = 0
    for k in which:
        most = max(most, first[k + 1] - first[k])
    ends = np.empty(most, np.int64)
    chances = np.empty(most)
    flux = np.empty(most)
    for c in range(which.size):
        k = which[c]
        links = 0
        for e in range(first[k], first[k + 1]):
            if near[e] >= 0:
                ends[links] = near[e]
                chances[links] = probability[e]
                flux[links] = 0.0
                links += 1
        _enter_patch(reach, count, ends[:links], chances[:links], best, entry)
        every = 0.0
        for i in range(count):
            if entry[i] >= 0:
                flux[entry[i]] += best[i] * capacity[i]
                every += best[i] * capacity[i]
        total = own[k] * own[k] + 2.0 * own[k] * every
        for e in range(links):
            for f in range(e + 1, links):
                share = 1.0 - reach[ends[e], ends[f]] / (chances[e] * chances[f])
                if share > 0:
                    total += 2.0 * share * flux[e] * flux[f]
        cap[c] = total


@njit(cache=True, nogil=True, error_model="numpy")
def put_patch(reach, count, near, probability):
    """Put a new patch in row and column ``count`` of the matrix of reach, with its links.

    Parameters
    ----------
    reach : (> n, > n) array of float64
    count : int
    near : (m,) array of int64
    probability : (m,) array of float64
    """
    best = np.empty(count)
    entry = np.empty(count, np.int64)
    _enter_patch(reach, count, near, probability, best, entry)
    for i in range(count):
        if best[i] > 0:
            for j in range(i):
                through = best[i] * best[j]
                if entry[i] != entry[j] and through > reach[i, j] * (1.0 + _ROUNDING):
                    reach[i, j] = through
                    reach[j, i] = through
    for i in range(count):
        reach[i, count] = best[i]
        reach[count, i] = best[i]
    reach[count, count] = 1.0
