"""Passes over a river network: where it drains, what loops, its orders, and the trees it reduces to.

A network is a multigraph: edge ``e`` goes from ``start[e]`` to ``end[e]``; ``first`` and ``around`` list the
edges at each node: ``around[first[n]:first[n + 1]]``, a loop on one node twice. All passes are linear, but
for the sorted queue of ``drain_nodes``.

Memory: under 100 bytes an edge.
"""

from __future__ import annotations

import heapq

import numpy as np
from numba import njit
from numpy.typing import NDArray

from bocage.kernels.union import find_root, unite

Ints = NDArray[np.int64]


def list_around(start: Ints, end: Ints, nodes: int) -> tuple[Ints, Ints]:
    """List the edges at each node.

    >>> first, around = list_around(np.array([0, 1]), np.array([1, 2]), 3)
    >>> first.tolist(), around.tolist()
    ([0, 1, 3, 4], [0, 0, 1, 1])
    """
    count = len(start)
    both = np.concatenate([start, end])
    edge = np.concatenate([np.arange(count), np.arange(count)])
    order = np.lexsort((edge, both))
    first = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(both, minlength=nodes), out=first[1:])
    return first, edge[order].astype(np.int64)


@njit(cache=True, nogil=True)
def walk_dead_ends(start, end, firm, length, first, around, tips):
    """Walk up from the tips where water would stop, to the first junction.

    Parameters
    ----------
    start, end : (m,) array of int64
        Edges as they would flow.
    firm : (m,) array of bool
        Edges whose direction was said, not only digitised.
    length : (m,) array of float64
    tips : (k,) array of int64
        Nodes of one edge that ends there.

    Returns
    -------
    junction : (k,) array of int64
        -1 where the walk meets no junction, a firm edge or one that flows the other way.
    walked : (k,) array of float64
        Length from tip to junction.
    """
    junction = np.full(tips.size, -1, dtype=np.int64)
    walked = np.zeros(tips.size)
    for place in range(tips.size):
        node = tips[place]
        edge = around[first[node]]
        while True:
            if end[edge] != node or start[edge] == node or firm[edge]:
                break
            walked[place] += length[edge]
            node = start[edge]
            degree = first[node + 1] - first[node]
            if degree != 2:
                if degree > 2:
                    junction[place] = node
                break
            other = around[first[node]]
            edge = around[first[node] + 1] if other == edge else other
            if end[edge] != node:
                break
    return junction, walked


@njit(cache=True, nogil=True)
def turn_dead_ends(start, end, first, around, tips, junction, outflows, turned):
    """Turn dead ends into sources, in the order given, while their junction keeps another way out.

    ``turned`` (m,) bool is written; ``outflows`` (nodes,) int64 counts the edges that leave each node, and
    is kept up to date.
    """
    for place in range(tips.size):
        if junction[place] < 0 or outflows[junction[place]] < 2:
            continue
        outflows[junction[place]] -= 1
        node = tips[place]
        edge = around[first[node]]
        while True:
            turned[edge] = True
            node = start[edge]
            if node == junction[place]:
                break
            other = around[first[node]]
            edge = around[first[node] + 1] if other == edge else other


@njit(cache=True, nogil=True)
def drain_nodes(start, end, along, against, first, around, outlets):
    """Find, for every node, the way to an outlet that costs least (Dijkstra 1959).

    Parameters
    ----------
    start, end : (m,) array of int64
    along, against : (m,) array of float64
        Cost of flowing each edge from start to end, and from end to start; > 0.
    outlets : (k,) array of int64

    Returns
    -------
    cost : (nodes,) array of float64
        Infinite where no outlet is reached.
    via : (nodes,) array of int64
        Edge by which each node drains; -1 at outlets.
    """
    nodes = first.size - 1
    cost = np.full(nodes, np.inf)
    via = np.full(nodes, -1, dtype=np.int64)
    queue = [(0.0, np.int64(0))]
    queue.clear()
    for outlet in outlets:
        cost[outlet] = 0.0
        heapq.heappush(queue, (0.0, outlet))
    while len(queue):
        reached, node = heapq.heappop(queue)
        if reached > cost[node]:
            continue
        for place in range(first[node], first[node + 1]):
            edge = around[place]
            if end[edge] == node:
                above = start[edge]
                total = reached + along[edge]
            else:
                above = end[edge]
                total = reached + against[edge]
            if total < cost[above]:
                cost[above] = total
                via[above] = edge
                heapq.heappush(queue, (total, above))
    return cost, via


@njit(cache=True, nogil=True)
def measure_fall(start, end, weight, first, around):
    """Measure how far down each node lies by what its edges say: the less, the more downstream.

    Between two nodes of a tree, the difference is what must be turned for all to flow to the one, less what
    must be for all to flow to the other: the node of least fall is the outlet that contradicts least. Loops
    are cut where a search from the first node of each component closes them.

    Parameters
    ----------
    start, end : (m,) array of int64
    weight : (m,) array of float64
        Cost of turning each edge.

    Returns
    -------
    (nodes,) array of float64
        0 at the first node of each component.
    """
    nodes = first.size - 1
    fall = np.zeros(nodes)
    seen = np.zeros(nodes, dtype=np.bool_)
    queue = np.empty(nodes, dtype=np.int64)
    for root in range(nodes):
        if seen[root]:
            continue
        seen[root] = True
        queue[0] = root
        size, done = 1, 0
        while done < size:
            node = queue[done]
            done += 1
            for place in range(first[node], first[node + 1]):
                edge = around[place]
                other = start[edge] + end[edge] - node
                if not seen[other]:
                    seen[other] = True
                    fall[other] = fall[node] + (weight[edge] if start[edge] == other else -weight[edge])
                    queue[size] = other
                    size += 1
    return fall


@njit(cache=True, nogil=True)
def find_bridges(start, end, first, around):
    """Find the edges whose removal would cut the network in two (Tarjan 1974), without recursion.

    Returns
    -------
    (m,) array of bool
        False for edges that lie on a loop.
    """
    nodes = first.size - 1
    bridge = np.zeros(start.size, dtype=np.bool_)
    seen = np.full(nodes, -1, dtype=np.int64)
    low = np.zeros(nodes, dtype=np.int64)
    came = np.full(nodes, -1, dtype=np.int64)
    place = first[:-1].copy()
    stack = np.empty(nodes, dtype=np.int64)
    clock = 0
    for root in range(nodes):
        if seen[root] >= 0:
            continue
        seen[root] = low[root] = clock
        clock += 1
        stack[0] = root
        depth = 1
        while depth:
            node = stack[depth - 1]
            if place[node] < first[node + 1]:
                edge = around[place[node]]
                place[node] += 1
                if edge == came[node]:
                    continue
                other = start[edge] + end[edge] - node
                if seen[other] < 0:
                    seen[other] = low[other] = clock
                    clock += 1
                    came[other] = edge
                    stack[depth] = other
                    depth += 1
                else:
                    low[node] = min(low[node], seen[other])
            else:
                depth -= 1
                if depth:
                    above = stack[depth - 1]
                    low[above] = min(low[above], low[node])
                    if low[node] > seen[above]:
                        bridge[came[node]] = True
    return bridge


@njit(cache=True, nogil=True)
def order_streams(start, end, main, first, around):
    """Give Strahler and Shreve orders, and say in which order reaches flow.

    Where water parts, the orders follow the main way out; the other arms show the order of what they leave
    and bring nothing when they join again, unless a source joined them.

    Parameters
    ----------
    start, end : (m,) array of int64
        As they flow, without circles but for loops on one node.
    main : (nodes,) array of int64
        The main edge out of each node; -1 at outlets.

    Returns
    -------
    strahler, shreve : (m,) array of int64
    done : int
        Nodes passed; fewer than all when water flows in a circle.
    """
    nodes = first.size - 1
    count = start.size
    strahler = np.zeros(count, dtype=np.int64)
    shreve = np.zeros(count, dtype=np.int64)
    brought = np.zeros(count, dtype=np.int64)
    ranked = np.zeros(count, dtype=np.int64)
    waiting = np.zeros(nodes, dtype=np.int64)
    for edge in range(count):
        if start[edge] != end[edge]:
            waiting[end[edge]] += 1
    queue = np.empty(nodes, dtype=np.int64)
    size = 0
    for node in range(nodes):
        if waiting[node] == 0:
            queue[size] = node
            size += 1
    done = 0
    while done < size:
        node = queue[done]
        done += 1
        inflows = total = best = ties = shown_strahler = shown_shreve = 0
        for place in range(first[node], first[node + 1]):
            edge = around[place]
            if end[edge] != node or start[edge] == node:
                continue
            inflows += 1
            shown_strahler = max(shown_strahler, strahler[edge])
            shown_shreve = max(shown_shreve, shreve[edge])
            if brought[edge]:
                total += brought[edge]
                if ranked[edge] > best:
                    best = ranked[edge]
                    ties = 1
                elif ranked[edge] == best:
                    ties += 1
        if inflows == 0:
            total = best = 1
        elif ties > 1:
            best += 1
        if total:
            # An arm that a brook joins keeps showing the water it came with.
            shown_strahler = max(best, shown_strahler)
            shown_shreve = max(total, shown_shreve)
        for place in range(first[node], first[node + 1]):
            edge = around[place]
            if start[edge] != node:
                continue
            strahler[edge] = shown_strahler
            shreve[edge] = shown_shreve
            if end[edge] == node:
                continue
            if edge == main[node]:
                brought[edge] = total
                ranked[edge] = best
            waiting[end[edge]] -= 1
            if waiting[end[edge]] == 0:
                queue[size] = end[edge]
                size += 1
    return strahler, shreve, done


@njit(cache=True, nogil=True)
def follow_down(downstream, label):
    """Give every reach the label of the last one below it.

    ``downstream`` (n,) int64, -1 at the last; ``label`` (n,) int64 holds those of the last ones and -1
    elsewhere, and is written.
    """
    for reach in range(downstream.size):
        below = reach
        while label[below] < 0:
            below = downstream[below]
        found = label[below]
        below = reach
        while label[below] < 0:
            label[below] = found
            below = downstream[below]


@njit(cache=True, nogil=True)
def span_forest(one, other, vertices):
    """Keep the links that close no circle, in the order given (Kruskal 1956).

    Returns
    -------
    (links,) array of bool
    """
    parent = np.arange(vertices)
    kept = np.zeros(one.size, dtype=np.bool_)
    for link in range(one.size):
        if find_root(parent, one[link]) != find_root(parent, other[link]):
            unite(parent, one[link], other[link])
            kept[link] = True
    return kept


@njit(cache=True, nogil=True)
def root_forest(one, other, first, around, roots):
    """Hang a forest on its roots.

    Returns
    -------
    (vertices,) array of int64
        Link by which each vertex hangs; -1 at roots and where no root is reached.
    """
    vertices = first.size - 1
    hangs = np.full(vertices, -1, dtype=np.int64)
    seen = np.zeros(vertices, dtype=np.bool_)
    queue = np.empty(vertices, dtype=np.int64)
    size = 0
    for root in roots:
        if not seen[root]:
            seen[root] = True
            queue[size] = root
            size += 1
    done = 0
    while done < size:
        vertex = queue[done]
        done += 1
        for place in range(first[vertex], first[vertex + 1]):
            link = around[place]
            below = one[link] + other[link] - vertex
            if not seen[below]:
                seen[below] = True
                hangs[below] = link
                queue[size] = below
                size += 1
    return hangs
