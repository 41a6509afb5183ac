"""Walks over undirected graphs that count links and pieces, and sums of currents over pairs.

A graph is a list of neighbours by rows: those of ``v`` are ``neighbour[offset[v]:offset[v + 1]]`` and
``link`` says by which link each is met. ``offset`` (n + 1,), ``neighbour`` (2 m,) and ``link`` (2 m,) are
int64.

Memory: 100 bytes a node for the pieces, 40 for the betweenness, 8 for the triangles; nothing but the result
for the currents.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def cut_nodes(offset, neighbour, link, capacity, link_count):
    """Find what each node and each link holds together, in one depth-first walk.

    A child of the walk hangs on its parent alone where nothing below it reaches above the parent (Hopcroft
    and Tarjan 1973, doi:10.1145/362248.362272). Parallel links are different ways.

    Parameters
    ----------
    offset, neighbour, link : arrays of int64
    capacity : (n,) array of float64
    link_count : int

    Returns
    -------
    component : (n,) array of int64
        Numbered from 0 by first node.
    pieces : (n,) array of int64
        Into how many pieces its component falls without the node; 0 if it was alone.
    squares, largest : (n,) arrays of float64
        Sum of squares, and maximum, of the capacities of these pieces.
    beyond : (m,) array of float64
        Capacity on one side of a link that is a bridge; -1 for other links.
    """
    count = capacity.size
    component = np.full(count, -1, np.int64)
    entered = np.empty(count, np.int64)
    low = np.empty(count, np.int64)
    parent = np.full(count, -1, np.int64)
    by = np.full(count, -1, np.int64)
    place = np.empty(count, np.int64)
    below = capacity.copy()
    hanging = np.zeros(count)
    pieces = np.zeros(count, np.int64)
    squares = np.zeros(count)
    largest = np.zeros(count)
    beyond = np.full(link_count, -1.0)
    total = np.zeros(count)
    components = 0
    clock = 0
    for root in range(count):
        if component[root] >= 0:
            continue
        component[root] = components
        entered[root] = clock
        low[root] = clock
        clock += 1
        place[root] = offset[root]
        v = root
        while v >= 0:
            if place[v] < offset[v + 1]:
                k = place[v]
                place[v] = k + 1
                if link[k] == by[v]:
                    continue
                w = neighbour[k]
                if component[w] < 0:
                    component[w] = components
                    entered[w] = clock
                    low[w] = clock
                    clock += 1
                    place[w] = offset[w]
                    parent[w] = v
                    by[w] = link[k]
                    v = w
                elif entered[w] < low[v]:
                    low[v] = entered[w]
            else:
                up = parent[v]
                if up >= 0:
                    below[up] += below[v]
                    low[up] = min(low[up], low[v])
                    if low[v] >= entered[up]:
                        pieces[up] += 1
                        squares[up] += below[v] * below[v]
                        largest[up] = max(largest[up], below[v])
                        hanging[up] += below[v]
                        if low[v] > entered[up]:
                            beyond[by[v]] = below[v]
                v = up
        total[components] = below[root]
        components += 1
    for v in range(count):
        if parent[v] >= 0:
            rest = max(total[component[v]] - capacity[v] - hanging[v], 0.0)
            pieces[v] += 1
            squares[v] += rest * rest
            largest[v] = max(largest[v], rest)
    return component, pieces, squares, largest, beyond


@njit(cache=True, nogil=True)
def count_triangles(offset, neighbour):
    """Count the links between the neighbours of each node; no neighbour may be listed twice.

    Returns
    -------
    (n,) array of int64
    """
    count = offset.size - 1
    mark = np.full(count, -1, np.int64)
    found = np.zeros(count, np.int64)
    for v in range(count):
        for k in range(offset[v], offset[v + 1]):
            mark[neighbour[k]] = v
        both = 0
        for k in range(offset[v], offset[v + 1]):
            u = neighbour[k]
            for i in range(offset[u], offset[u + 1]):
                if mark[neighbour[i]] == v:
                    both += 1
        found[v] = both // 2
    return found


@njit(cache=True, nogil=True)
def sum_shortest_shares(offset, neighbour):
    """Sum over pairs of nodes the share of their ways of fewest links that pass through each other node.

    By accumulation of dependencies from each source (Brandes 2001, doi:10.1080/0022250X.2001.9990249), in
    O(n m). No neighbour may be listed twice.

    Returns
    -------
    (n,) array of float64
        Each unordered pair counts once; the ends of a way are not on it.
    """
    count = offset.size - 1
    shares = np.zeros(count)
    steps = np.full(count, -1, np.int64)
    ways = np.zeros(count)
    due = np.zeros(count)
    order = np.empty(count, np.int64)
    for source in range(count):
        steps[source] = 0
        ways[source] = 1.0
        order[0] = source
        head, tail = 0, 1
        while head < tail:
            v = order[head]
            head += 1
            for k in range(offset[v], offset[v + 1]):
                w = neighbour[k]
                if steps[w] < 0:
                    steps[w] = steps[v] + 1
                    order[tail] = w
                    tail += 1
                if steps[w] == steps[v] + 1:
                    ways[w] += ways[v]
        for i in range(tail - 1, 0, -1):
            w = order[i]
            for k in range(offset[w], offset[w + 1]):
                v = neighbour[k]
                if steps[v] == steps[w] - 1:
                    due[v] += ways[v] / ways[w] * (1.0 + due[w])
            shares[w] += due[w]
        for i in range(tail):
            v = order[i]
            steps[v] = -1
            ways[v] = 0.0
            due[v] = 0.0
    return shares / 2


@njit(cache=True, nogil=True, error_model="numpy")
def sum_pair_currents(response, weight):
    """Sum over pairs of nodes the current that a unit from one to the other drives through some links.

    Parameters
    ----------
    response : (n, k) array of float64
        Current through each of ``k`` links for a unit that enters at each node and leaves at a common one.
    weight : (n, n) array of float64
        What the pair counts for; only entries below the diagonal are read.

    Returns
    -------
    (k,) array of float64
        ``sum over j < i of weight[i, j] * abs(response[i] - response[j])``.
    """
    count, links = response.shape
    summed = np.zeros(links)
    for i in range(count):
        for j in range(i):
            counts = weight[i, j]
            if counts != 0.0:
                for k in range(links):
                    summed[k] += counts * abs(response[i, k] - response[j, k])
    return summed


@njit(cache=True, nogil=True)
def sum_drops(potential, start, end):
    """Sum over columns the difference of potential between the ends of each link.

    Parameters
    ----------
    potential : (n, k) array of float64
    start, end : (m,) arrays of int64

    Returns
    -------
    (m,) array of float64
    """
    summed = np.zeros(start.size)
    for link in range(start.size):
        one, other = start[link], end[link]
        drop = 0.0
        for k in range(potential.shape[1]):
            drop += abs(potential[one, k] - potential[other, k])
        summed[link] = drop
    return summed
