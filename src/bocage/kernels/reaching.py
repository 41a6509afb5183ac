"""Bounded searches over the ground from each of many patches, and what they meet, sum or leave there.

Dijkstra with a heap of cells. The scratch arrays are made once and stamped from one search to the next, so
that nothing is reset between searches; made by ``numpy.zeros`` or ``numpy.empty``, they take memory only
where a search has been. Memory: 24 bytes a cell reached.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def _push(heap, place, cost, size, cell):
    """Put a cell in the heap, or lift it after its cost fell; ``place`` is one more than where it is."""
    i = np.int64(place[cell]) - 1
    if i < 0:
        i = size
        size += 1
    mine = cost[cell]
    while i > 0:
        above = (i - 1) >> 1
        if cost[heap[above]] <= mine:
            break
        heap[i] = heap[above]
        place[heap[i]] = i + 1
        i = above
    heap[i] = cell
    place[cell] = i + 1
    return size


@njit(cache=True, nogil=True, error_model="numpy")
def _pop(heap, place, cost, size):
    """Take the first cell away."""
    place[heap[0]] = 0
    size -= 1
    if size > 0:
        last = heap[size]
        mine = cost[last]
        i = np.int64(0)
        while True:
            below = 2 * i + 1
            if below >= size:
                break
            if below + 1 < size and cost[heap[below + 1]] < cost[heap[below]]:
                below += 1
            if cost[heap[below]] >= mine:
                break
            heap[i] = heap[below]
            place[heap[i]] = i + 1
            i = below
        heap[i] = last
        place[last] = i + 1
    return size


@njit(cache=True, nogil=True, error_model="numpy")
def _search(
    codes, width, straight, diagonal, walls, through, own, seeds, limit, stamp, cost, seen, place, heap,
    settled
):  # fmt: skip
    """Settle the cells within ``limit`` of the seeds, nearest first, and give how many they are.

    ``walls`` holds the number of the patch of each cell; those of others than ``own`` are met, and crossed
    only if ``through``.
    """
    stride = np.int64(width)
    offsets = (
        -stride, np.int64(-1), np.int64(1), stride,
        -stride - 1, -stride + 1, stride - 1, stride + 1,
    )  # fmt: skip
    size = np.int64(0)
    count = np.int64(0)
    for cell in seeds:
        if straight[codes[cell]] < np.inf and seen[cell] != stamp:
            seen[cell] = stamp
            cost[cell] = 0.0
            size = _push(heap, place, cost, size, cell)
    while size > 0:
        cell = np.int64(heap[0])
        size = _pop(heap, place, cost, size)
        settled[count] = cell
        count += 1
        if not through and walls[cell] != 0 and walls[cell] != own:
            continue
        here = cost[cell]
        code = codes[cell]
        for k in range(8):
            near = cell + offsets[k]
            if k < 4:
                found = here + (straight[code] + straight[codes[near]])
            else:
                found = here + (diagonal[code] + diagonal[codes[near]])
            if found > limit:
                continue
            if seen[near] != stamp:
                seen[near] = stamp
                cost[near] = found
                size = _push(heap, place, cost, size, near)
            elif found < cost[near]:
                cost[near] = found
                size = _push(heap, place, cost, size, near)
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def meet_patches(
    codes, width, straight, diagonal, walls, sites, through, cells, start, limit,
    cost, seen, place, heap, settled,
):  # fmt: skip
    """Find the least cost from each site to the patches and other sites within a limit.

    Parameters
    ----------
    codes : (cells,) array of uint16
        Flat, with a ring of barriers around the grid.
    width : int
        Columns of the padded grid.
    straight, diagonal : (ncodes,) array of float64
        Half the cost of a step; ``inf`` for a barrier.
    walls, sites : (cells,) array of int32
        Number of the patch and of the site of each cell, from 1; 0 for none.
    through : bool
        Whether paths may cross patches.
    cells, start : arrays of int64
        Cells of each site, ragged.
    limit : float
    cost, seen, place, heap, settled : (cells,) arrays of float64, int32, int32, int32, int32
        Scratch; ``seen`` and ``place`` are zeros.

    Returns
    -------
    site, other : (k,) array of int64
        Sites from 0; patches from 0 up, sites as ``-1 - site``.
    least : (k,) array of float64
    """
    capacity = np.int64(1024)
    found_site = np.empty(capacity, np.int64)
    found_other = np.empty(capacity, np.int64)
    found_cost = np.empty(capacity)
    size = np.int64(0)
    met_patch = np.zeros(walls.max() + 1, np.int64)
    met_site = np.zeros(start.size + 1, np.int64)
    for s in range(start.size - 1):
        stamp = np.int32(s + 1)
        count = _search(
            codes, width, straight, diagonal, walls, through, np.int32(0), cells[start[s] : start[s + 1]],
            limit, stamp, cost, seen, place, heap, settled,
        )  # fmt: skip
        for c in range(count):
            cell = settled[c]
            for kind in range(2):
                if kind == 0:
                    number = walls[cell]
                    new = number > 0 and met_patch[number] != s + 1
                else:
                    number = sites[cell]
                    # Both directions cost the same: each pair once, from the first.
                    new = number > s + 1 and met_site[number] != s + 1
                if not new:
                    continue
                if size == capacity:
                    capacity *= 2
                    found_site = np.concatenate((found_site, np.empty(size, np.int64)))
                    found_other = np.concatenate((found_other, np.empty(size, np.int64)))
                    found_cost = np.concatenate((found_cost, np.empty(size)))
                found_site[size] = s
                found_cost[size] = cost[cell]
                if kind == 0:
                    met_patch[number] = s + 1
                    found_other[size] = number - 1
                else:
                    met_site[number] = s + 1
                    found_other[size] = -number
                size += 1
    return found_site[:size], found_other[:size], found_cost[:size]


@njit(cache=True, nogil=True, error_model="numpy")
def sum_around(
    codes, width, straight, diagonal, walls, through, own, cells, start, limit, decay, worth, total,
    cost, seen, place, heap, settled,
):  # fmt: skip
    """Sum what the cells around each patch are worth, less and less with their cost.

    Parameters
    ----------
    own : bool
        Whether the patch's own cells count.
    decay : float
        Per unit of cost; 0 for none.
    worth : (cells,) array of float32
    total : (n,) array of float64
        Written.
    others
        As for ``meet_patches``, the patches being the sites.
    """
    for s in range(start.size - 1):
        count = _search(
            codes, width, straight, diagonal, walls, through, np.int32(s + 1), cells[start[s] : start[s + 1]],
            limit, np.int32(s + 1), cost, seen, place, heap, settled,
        )  # fmt: skip
        found = 0.0
        for c in range(count):
            cell = settled[c]
            if own or walls[cell] != s + 1:
                found += worth[cell] * np.exp(-decay * cost[cell])
        total[s] = found


@njit(cache=True, nogil=True, error_model="numpy")
def spread_values(
    codes, width, straight, diagonal, walls, through, cells, start, limit, decay, value, above, below,
    cost, seen, place, heap, settled,
):  # fmt: skip
    """Add the value of each patch, less and less with the cost from it, to the cells within a limit.

    Parameters
    ----------
    value : (n,) array of float64
    above, below : (cells,) array of float64
        Added to: value times weight, and weight.
    others
        As for ``sum_around``.
    """
    for s in range(start.size - 1):
        count = _search(
            codes, width, straight, diagonal, walls, through, np.int32(s + 1), cells[start[s] : start[s + 1]],
            limit, np.int32(s + 1), cost, seen, place, heap, settled,
        )  # fmt: skip
        for c in range(count):
            cell = settled[c]
            weight = np.exp(-decay * cost[cell])
            above[cell] += weight * value[s]
            below[cell] += weight
