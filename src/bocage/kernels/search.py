"""Bounded searches from one patch: least costs to other patches, paths, and corridor ground.

A search is Dijkstra with buckets no wider than the cheapest step, so that cells inside a bucket
may be taken in any order (Dial 1969; Denardo & Fox 1979). Labels are ``stamp << 40 | cost`` with
negative stamps that decrease from one search to the next: every label of an earlier search, and the
zero of a cell never reached, is larger than any of the present one, so nothing is reset between
searches and nothing is filled before the first.

Memory: one label array of 8 bytes a cell, two where ground is collected, whatever the number of
patches. Made by ``numpy.zeros``, they take memory only where a search has been.
"""

from __future__ import annotations

import numpy as np
from numba import njit

COST_BITS = 40
MAX_COST = (1 << COST_BITS) - 1
STAMPS = 1 << 22
"""Stamps of one run, one a patch and one a pair with ground; labels could hold twice as many."""
_NOT_REACHED = np.int64(0)
_QUEUE_FULL = np.int64(-1)
_GROUND_FULL = np.int64(-2)


@njit(cache=True, nogil=True, error_model="numpy")
def _push(queue_cell, queue_next, head, state, bucket, cell):
    """Put a cell in a bucket; ``state[0]`` is the free list, ``state[1]`` the number of entries."""
    entry = state[0]
    state[0] = queue_next[entry]
    queue_cell[entry] = cell
    queue_next[entry] = head[bucket]
    head[bucket] = entry
    state[1] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _search(
    label, stamp, other, other_stamp, use_other, floor, floor_shift,
    codes, patches, straight, diagonal, width, bucket_shift, seeds, source, target, limit, through,
    queue_cell, queue_next, head, state, best, best_cell, settled, count,
):  # fmt: skip
    """Search from ``seeds`` up to ``limit``.

    ``floor >> floor_shift`` is a lower bound of the cost to any patch (the sweep's field): a cell
    whose label plus floor exceeds the limit lies on no path worth finding. With ``use_other`` only
    cells whose label plus that of the opposite search stay within the limit are kept, and each is
    appended to ``settled``. Patches other than ``source`` and ``target`` are walls unless ``through``.

    Returns the new size of ``settled``, or what is full: ``_QUEUE_FULL`` or ``_GROUND_FULL``. The caller
    then enlarges it and searches again with a fresh stamp (an array re-assigned in here would cost 8
    times more).
    """
    stride = np.int64(width)
    offsets = (
        np.int64(1), stride, np.int64(-1), -stride,
        stride + 1, stride - 1, -stride - 1, -stride + 1,
    )  # fmt: skip
    low = np.int64(MAX_COST)
    base = np.int64(stamp) << COST_BITS
    top = base | np.int64(limit)
    other_base = np.int64(other_stamp) << COST_BITS
    mask = np.int64(head.size - 1)
    for i in range(seeds.size):
        if state[0] < 0:
            return _QUEUE_FULL
        label[seeds[i]] = base
        _push(queue_cell, queue_next, head, state, np.int64(0), seeds[i])
    bucket = np.int64(0)
    last = np.int64(limit) >> bucket_shift
    while state[1] > 0:
        slot = bucket & mask
        entry = head[slot]
        while entry >= 0:
            cell = queue_cell[entry]
            head[slot] = queue_next[entry]
            queue_next[entry] = state[0]
            state[0] = entry
            state[1] -= 1
            mine = label[cell]
            if ((mine & low) >> bucket_shift) == bucket and bucket <= last:
                patch = patches[cell]
                expand = True
                if patch > 0 and patch != source:
                    # A best of an earlier search carries a larger stamp, hence is larger.
                    nearer = mine < best[patch] or (mine == best[patch] and cell < best_cell[patch])
                    if nearer and not use_other:
                        best[patch] = mine
                        best_cell[patch] = cell
                    expand = through
                elif use_other and patch == 0:
                    if count == settled.size:
                        return _GROUND_FULL
                    settled[count] = cell
                    count += 1
                if expand:
                    code = codes[cell]
                    for k in range(8):
                        near = cell + offsets[k]
                        if k < 4:
                            found = mine + straight[code] + straight[codes[near]]
                        else:
                            found = mine + diagonal[code] + diagonal[codes[near]]
                        there = label[near]
                        if found >= there or found > top:
                            continue
                        patch = patches[near]
                        if patch == source:
                            continue
                        if use_other:
                            if patch != 0 and patch != target and not through:
                                continue
                            # Inside the other end, which costs nothing there, only borders are labelled.
                            if patch != target:
                                opposite = other[near]
                                if (opposite >> COST_BITS) != other_stamp:
                                    continue
                                if found + (opposite - other_base) > top:
                                    continue
                        elif found + (floor[near] >> floor_shift) > top:
                            continue
                        label[near] = found
                        goal = (found & low) >> bucket_shift
                        if (there >> COST_BITS) != stamp or ((there & low) >> bucket_shift) != goal:
                            if state[0] < 0:
                                return _QUEUE_FULL
                            _push(queue_cell, queue_next, head, state, goal & mask, near)
            entry = head[slot]
        bucket += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def _empty_queue(queue_next, head, state):
    """Put every entry on the free list, with -1 as its end."""
    for i in range(queue_next.size):
        queue_next[i] = i + 1
    queue_next[queue_next.size - 1] = -1
    state[0] = 0
    state[1] = 0
    head[:] = -1


@njit(cache=True, nogil=True, error_model="numpy")
def _backtrack(
    label, stamp, codes, patches, straight, diagonal, width, source, through, cell, path, length
):  # fmt: skip
    """Append to ``path`` the cells from ``cell`` back to the seed, cell included.

    Cells of other patches carry labels too, as places reached: a path does not pass by them unless
    ``through``. The predecessor is the first neighbour, straight ones first, whose label plus step equals the
    cell's label: no back-link raster is kept, and the path does not depend on the search's order.
    """
    stride = np.int64(width)
    offsets = (
        -stride, np.int64(-1), np.int64(1), stride,
        -stride - 1, -stride + 1, stride - 1, stride + 1,
    )  # fmt: skip
    low = np.int64(MAX_COST)
    diagonals = 0
    while True:
        if length == path.size:
            larger = np.empty(path.size * 2, np.int64)
            larger[:length] = path
            path = larger
        path[length] = cell
        length += 1
        mine = label[cell]
        if mine & low == 0:
            return path, length, diagonals
        moved = False
        for k in range(8):
            near = cell + offsets[k]
            there = label[near]
            if (there >> COST_BITS) != stamp:
                continue
            if not through and patches[near] != 0 and patches[near] != source:
                continue
            if k < 4:
                step = straight[codes[cell]] + straight[codes[near]]
            else:
                step = diagonal[codes[cell]] + diagonal[codes[near]]
            if there + step == mine:
                cell = near
                moved = True
                diagonals += 1 if k >= 4 else 0
                break
        if not moved:  # cannot happen: every label but a seed's came from a neighbour
            return path, length, -1


@njit(cache=True, nogil=True, error_model="numpy")
def search_pairs(
    field, shift, codes, patches, straight, diagonal, bucket_shift, buckets,
    seeds, seed_start, pair_start, pair_other, bound, slack, through, with_ground,
    first_label, second_label,
):  # fmt: skip
    """Find the least cost, the path and, on demand, the corridor ground of pairs of patches.

    Parameters
    ----------
    field : (nrows + 2, ncols + 2) array of int64
        Labels of a sweep from all patches on the same resistance; its cost is the lower bound.
    shift : int
        Bits of the source number in ``field``.
    codes, patches : (nrows + 2, ncols + 2) arrays of uint16, int32
    straight, diagonal : (ncodes,) array of int64
        Half weights; more than ``MAX_COST`` for a barrier.
    bucket_shift, buckets : int
        Buckets are ``2**bucket_shift`` units wide, at most the cheapest step; ``buckets`` is a power of
        two that spans the dearest step.
    seeds, seed_start : arrays of int64
        Border cells of each patch (flat index), ragged: patch ``a`` owns
        ``seeds[seed_start[a]:seed_start[a + 1]]``.
    pair_start, pair_other, bound : arrays of int64
        Pairs ragged by their first patch, with the largest cost worth finding; -1 skips the pair.
    slack : int
        Cost above the least cost that a corridor's ground may have.
    through : bool
        Whether paths may cross a third patch.
    with_ground : bool
        Whether to collect corridor ground.
    first_label, second_label : (n,) array of int64
        Scratch of one label a cell, zeros; the second may be empty when no ground is collected.

    Returns
    -------
    cost : (npairs,) array of int64
        Least cost, -1 where none is within ``bound``.
    diagonals : (npairs,) array of int64
        Number of diagonal steps of the path.
    path, path_start : arrays of int64
        Flat cells of each path, from the first patch's border to the second's, ragged.
    ground, ground_start : arrays of int64
        Flat cells outside patches whose two costs sum to at most least cost + slack, ragged, unsorted.
    """
    width = codes.shape[1]
    flat_codes = codes.ravel()
    flat_patches = patches.ravel()
    flat_field = field.ravel()
    count = pair_other.size
    patch_count = pair_start.size - 1
    cost = np.full(count, -1, np.int64)
    diagonals = np.zeros(count, np.int64)
    path_start = np.zeros(count + 1, np.int64)
    ground_start = np.zeros(count + 1, np.int64)
    path = np.empty(1 << 14, np.int64)
    ground = np.empty(1 << 14, np.int64)
    path_size = 0
    ground_size = 0
    queue_cell = np.empty(1 << 14, np.int64)
    queue_next = np.empty(1 << 14, np.int64)
    state = np.zeros(2, np.int64)
    head = np.empty(buckets, np.int64)
    _empty_queue(queue_next, head, state)
    best = np.full(patch_count, _NOT_REACHED)
    best_cell = np.zeros(patch_count, np.int64)
    stamp = np.int64(0)
    low = np.int64(MAX_COST)
    for a in range(patch_count):
        limit = np.int64(-1)
        for p in range(pair_start[a], pair_start[a + 1]):
            limit = max(limit, bound[p])
        if limit < 0:
            for p in range(pair_start[a], pair_start[a + 1]):
                path_start[p + 1] = path_size
                ground_start[p + 1] = ground_size
            continue
        if with_ground:
            limit += slack
        done = np.int64(-1)
        while done < 0:
            stamp -= 1
            first_stamp = stamp
            done = _search(
                first_label, first_stamp, second_label, 0, False, flat_field, shift,
                flat_codes, flat_patches, straight, diagonal, width, bucket_shift,
                seeds[seed_start[a]:seed_start[a + 1]], a, a, limit, through,
                queue_cell, queue_next, head, state, best, best_cell, ground, ground_size,
            )  # fmt: skip
            if done < 0:
                queue_cell = np.empty(queue_cell.size * 2, np.int64)
                queue_next = np.empty(queue_next.size * 2, np.int64)
                _empty_queue(queue_next, head, state)
        for p in range(pair_start[a], pair_start[a + 1]):
            b = pair_other[p]
            if bound[p] >= 0 and (best[b] >> COST_BITS) == first_stamp and (best[b] & low) <= bound[p]:
                cost[p] = best[b] & low
                begin = path_size
                path, path_size, diagonals[p] = _backtrack(
                    first_label, first_stamp, flat_codes, flat_patches, straight, diagonal, width,
                    a, through, best_cell[b], path, path_size,
                )  # fmt: skip
                path[begin:path_size] = path[begin:path_size][::-1].copy()
                if with_ground:
                    done = np.int64(-1)
                    while done < 0:
                        stamp -= 1
                        done = _search(
                            second_label, stamp, first_label, first_stamp, True, flat_field, shift,
                            flat_codes, flat_patches, straight, diagonal, width, bucket_shift,
                            seeds[seed_start[b]:seed_start[b + 1]], b, a, cost[p] + slack, through,
                            queue_cell, queue_next, head, state, best, best_cell, ground, ground_size,
                        )  # fmt: skip
                        if done == _GROUND_FULL:
                            larger = np.empty(ground.size * 2, np.int64)
                            larger[:ground_size] = ground[:ground_size]
                            ground = larger
                        elif done == _QUEUE_FULL:
                            queue_cell = np.empty(queue_cell.size * 2, np.int64)
                            queue_next = np.empty(queue_next.size * 2, np.int64)
                        if done < 0:
                            _empty_queue(queue_next, head, state)
                    ground_size = done
            path_start[p + 1] = path_size
            ground_start[p + 1] = ground_size
    return cost, diagonals, path[:path_size], path_start, ground[:ground_size], ground_start


@njit(cache=True, nogil=True, error_model="numpy")
def list_borders(codes, patches, straight, patch_count):
    """List the passable border cells of each patch: those with a neighbour outside it.

    Parameters
    ----------
    codes, patches : (nrows + 2, ncols + 2) arrays of uint16, int32
        The outer ring is 0 in both.
    straight : (ncodes,) array of int64
        Half weights; more than ``MAX_COST`` for a barrier.
    patch_count : int
        One more than the largest patch number.

    Returns
    -------
    cells : (n,) array of int64
        Flat indices, ragged by patch, in row-major order within a patch.
    start : (patch_count + 1,) array of int64
        Patch ``a`` (0 is none) owns ``cells[start[a]:start[a + 1]]``.
    """
    width = patches.shape[1]
    start = np.zeros(patch_count + 1, np.int64)
    found = np.empty(1 << 12, np.int64)
    size = 0
    for i in range(1, patches.shape[0] - 1):
        above, row, below = patches[i - 1], patches[i], patches[i + 1]
        for j in range(1, width - 1):
            a = row[j]
            if a == 0:
                continue
            # Written out: a loop over the neighbours takes far longer.
            if (
                above[j - 1] == a and above[j] == a and above[j + 1] == a and row[j - 1] == a
                and row[j + 1] == a and below[j - 1] == a and below[j] == a and below[j + 1] == a
            ) or straight[codes[i, j]] > MAX_COST:  # fmt: skip
                continue
            if size == found.size:
                larger = np.empty(size * 2, np.int64)
                larger[:size] = found
                found = larger
            found[size] = i * width + j
            start[a + 1] += 1
            size += 1
    for a in range(patch_count):
        start[a + 1] += start[a]
    flat_patches = patches.ravel()
    cells = np.empty(size, np.int64)
    place = start.copy()
    for k in range(size):
        a = flat_patches[found[k]]
        cells[place[a]] = found[k]
        place[a] += 1
    return cells, start


@njit(cache=True, nogil=True, error_model="numpy")
def unpad_runs(cells, start, width, sort):
    """Turn flat indices of the padded grid into those of the grid, in place; sort each run on demand.

    Parameters
    ----------
    cells : (n,) array of int64
        Ragged, changed in place.
    start : (m + 1,) array of int64
        Run ``i`` is ``cells[start[i]:start[i + 1]]``.
    width : int
        Columns of the padded grid.
    sort : bool
    """
    for i in range(start.size - 1):
        run = cells[start[i] : start[i + 1]]
        if sort:
            run.sort()
        for k in range(run.size):
            row = run[k] // width
            run[k] = (row - 1) * (width - 2) + (run[k] - row * width - 1)
