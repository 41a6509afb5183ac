"""What links cores: an order-independent thinning anchored on them, and its parts as bridges and loops.

The thinning (Ranwez and Soille 2002) goes by rounds. A cell is simple when the foreground and the ground
of its eight neighbours are each joined in one way round it. A round removes at once every simple cell that
stays simple when any one of its simple neighbours goes: the order of the cells cannot matter. By 4
neighbours, a corner does not count when the two sides between are simple too.

Memory: lists of the cells that changed in a round, 8 bytes each, and 16 bytes a cell of link.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.mspa import CORE, QUEUED, SIMPLE, SKELETON, _push

BRIDGE = np.uint8(32)
LOOP = np.uint8(64)
READING = ((-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
"""Sides, then corners, each in reading order."""
_SEEN = np.uint8(128)
_TOLD_LOOP = np.uint8(129)
_CLEAR_QUEUED = np.uint8(255 - 32)
_CLEAR_SIMPLE = np.uint8(255 - 16)
_CLEAR_SKELETON = np.uint8(255 - 8)


@njit(cache=True, nogil=True, error_model="numpy")
def _around(flags, y, x, bit):
    """Pack the eight neighbours from the east, counter-clockwise, into a byte."""
    return (
        np.int64((flags[y, x + 1] & bit) != 0)
        | np.int64((flags[y - 1, x + 1] & bit) != 0) << 1
        | np.int64((flags[y - 1, x] & bit) != 0) << 2
        | np.int64((flags[y - 1, x - 1] & bit) != 0) << 3
        | np.int64((flags[y, x - 1] & bit) != 0) << 4
        | np.int64((flags[y + 1, x - 1] & bit) != 0) << 5
        | np.int64((flags[y + 1, x] & bit) != 0) << 6
        | np.int64((flags[y + 1, x + 1] & bit) != 0) << 7
    )


@njit(cache=True, nogil=True, error_model="numpy")
def thin_to_links(flags, free):
    """Thin the cells with ``SKELETON`` (none in the outermost ring) as far as no order matters.

    Parameters
    ----------
    flags : (nrows, ncols) array of uint8
        Cells with ``CORE`` are never removed.
    free : (256, 256) array of bool
        Whether a cell can go, by the byte of its neighbours and that of its simple neighbours.
    """
    nrows, ncols = flags.shape
    queue = np.empty(1024, np.int64)
    count = 0
    for y in range(1, nrows - 1):
        for x in range(1, ncols - 1):
            if (flags[y, x] & (SKELETON | CORE)) == SKELETON and free[_around(flags, y, x, SKELETON), 0]:
                flags[y, x] |= SIMPLE | QUEUED
                queue = _push(queue, count, y * ncols + x)
                count += 1
    removed = np.empty(1024, np.int64)
    while count > 0:
        gone = 0
        for i in range(count):
            y = queue[i] // ncols
            x = queue[i] - y * ncols
            flags[y, x] &= _CLEAR_QUEUED
            if (flags[y, x] & SIMPLE) == 0:
                continue
            here = _around(flags, y, x, SKELETON)
            if free[here, _around(flags, y, x, SIMPLE)]:
                removed = _push(removed, gone, y * ncols + x)
                gone += 1
        count = 0
        for i in range(gone):
            y = removed[i] // ncols
            x = removed[i] - y * ncols
            flags[y, x] &= _CLEAR_SKELETON & _CLEAR_SIMPLE
        for i in range(gone):
            y = removed[i] // ncols
            x = removed[i] - y * ncols
            for v in range(y - 1, y + 2):
                for u in range(x - 1, x + 2):
                    if (flags[v, u] & (SKELETON | CORE)) == SKELETON:
                        if free[_around(flags, v, u, SKELETON), 0]:
                            flags[v, u] |= SIMPLE
                        else:
                            flags[v, u] &= _CLEAR_SIMPLE
        for i in range(gone):
            y = removed[i] // ncols
            x = removed[i] - y * ncols
            for v in range(max(y - 2, 1), min(y + 3, nrows - 1)):
                for u in range(max(x - 2, 1), min(x + 3, ncols - 1)):
                    if (flags[v, u] & (SIMPLE | QUEUED)) == SIMPLE:
                        flags[v, u] |= QUEUED
                        queue = _push(queue, count, v * ncols + u)
                        count += 1


@njit(cache=True, nogil=True, error_model="numpy")
def widen_links(flags, bits, result, steps):
    """Write ``LOOP`` on the skeleton and on what it reaches in ``steps`` steps; return these cells.

    Steps go by sides, inside the flags wanted (``bits[0]``) and not refused (``bits[1]``). Every other one,
    from the first, takes corners too: what it reached goes on to where its start is still a neighbour. A cell
    is that of the first to reach it: all downwards, then right, up and left. None goes further from its
    skeleton than ``steps`` and a half.
    """
    nrows, ncols = flags.shape
    wanted, refused = bits
    both = wanted | refused
    cells = np.empty(1024, np.int64)
    count = 0
    for y in range(nrows):
        for x in range(ncols):
            if (flags[y, x] & (SKELETON | CORE)) == SKELETON:
                result[y, x] = LOOP
                cells = _push(cells, count, y * ncols + x)
                count += 1
    if steps == 0:
        return cells[:count]
    roots = np.arange(cells.size).astype(np.int32)  # places in the list of cells
    starts = roots.copy()
    most = steps * (steps + 1)
    front = 0
    for step in range(steps):
        before = count
        for corner in range(2 - step % 2):
            low, high = (before, count) if corner else (front, before)
            for k in range(4):  # down, right, up, left
                for i in range(low, high):
                    y = cells[i] // ncols
                    x = cells[i] - y * ncols
                    v = y + (k == 0) - (k == 2)
                    u = x + (k == 1) - (k == 3)
                    if v < 0 or u < 0 or v >= nrows or u >= ncols:
                        continue
                    if result[v, u] != 0 or (flags[v, u] & both) != wanted:
                        continue
                    start = starts[i] if corner else i
                    b = cells[start] // ncols
                    a = cells[start] - b * ncols
                    if abs(v - b) > 1 or abs(u - a) > 1:
                        continue
                    b = cells[roots[i]] // ncols
                    a = cells[roots[i]] - b * ncols
                    if (v - b) * (v - b) + (u - a) * (u - a) > most:
                        continue
                    result[v, u] = LOOP
                    cells = _push(cells, count, v * ncols + u)
                    roots = _push(roots, count, roots[i])
                    starts = _push(starts, count, start)
                    count += 1
        front = before
    return cells[:count]


@njit(cache=True, nogil=True, error_model="numpy")
def tell_links(labels, result, cells, eight, single):
    """Turn the loops that touch several cores into ``BRIDGE``.

    ``cells`` are those with ``LOOP``, joined into parts by the connectivity. When ``single``, each holds to
    one core alone, the first it touches: sides in reading order, then corners. So the JRC's library has
    links one cell wide: one cell between two cores is a loop.
    """
    nrows, ncols = labels.shape
    part = np.empty(1024, np.int64)
    steps = 8 if eight else 4
    for seed in cells:
        if result[seed // ncols, seed % ncols] != LOOP:
            continue
        result[seed // ncols, seed % ncols] = _SEEN
        part[0] = seed
        count = 1
        done = 0
        first = 0
        several = False
        while done < count:
            y = part[done] // ncols
            x = part[done] - y * ncols
            done += 1
            held = 0
            for k in range(steps):
                v = y + READING[k][0]
                u = x + READING[k][1]
                if v < 0 or u < 0 or v >= nrows or u >= ncols:
                    continue
                if labels[v, u] != 0:
                    if held == 0 or not single:
                        held = labels[v, u]
                        several = several or (first != 0 and held != first)
                        first = held
                elif result[v, u] == LOOP:
                    result[v, u] = _SEEN
                    part = _push(part, count, v * ncols + u)
                    count += 1
        told = BRIDGE if several else _TOLD_LOOP
        for i in range(count):
            y = part[i] // ncols
            result[y, part[i] - y * ncols] = told
    for i in range(cells.size):
        y = cells[i] // ncols
        x = cells[i] - y * ncols
        if result[y, x] == _TOLD_LOOP:
            result[y, x] = LOOP
