"""What links cores: an order-independent thinning anchored on them, and its parts as bridges and loops.

The thinning (Ranwez and Soille 2002) goes by rounds. A cell is simple when the foreground and the ground
of its eight neighbours are each joined in one way round it. A round removes at once every simple cell that
stays simple when any one of its simple neighbours goes: the order of the cells cannot matter.

Memory: lists of the cells that changed in a round, 8 bytes each.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.mspa import CORE, QUEUED, SIMPLE, SKELETON, _push

BRIDGE = np.uint8(32)
LOOP = np.uint8(64)
READING = (3, 2, 0, 1)
"""North, west, east, south: the sides in reading order (0 is east, 1 south, 2 west, 3 north)."""
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
def thin_to_links(flags, simple):
    """Thin the cells with ``SKELETON`` (none in the outermost ring) as far as no order matters.

    Parameters
    ----------
    flags : (nrows, ncols) array of uint8
        Cells with ``CORE`` are never removed.
    simple : (256,) array of bool
        Whether a cell is simple, by the byte of its neighbours.
    """
    nrows, ncols = flags.shape
    queue = np.empty(1024, np.int64)
    count = 0
    for y in range(1, nrows - 1):
        for x in range(1, ncols - 1):
            if (flags[y, x] & (SKELETON | CORE)) == SKELETON and simple[_around(flags, y, x, SKELETON)]:
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
            near = _around(flags, y, x, SIMPLE)
            free = True
            for k in range(8):
                if (near >> k) & 1 and not simple[here & ~(1 << k)]:
                    free = False
                    break
            if free:
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
                        if simple[_around(flags, v, u, SKELETON)]:
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
def tell_links(flags, labels, result, eight):
    """Write ``BRIDGE`` or ``LOOP`` on each part of the skeleton outside the cores.

    A part that touches one core is a loop, several a bridge. The JRC's library has two exceptions, kept
    here: by 8 neighbours, a part of one cell is a loop; by 4, each cell holds to the first core it touches
    in reading order alone. Returns the cells written.
    """
    nrows, ncols = flags.shape
    cells = np.empty(1024, np.int64)
    count = 0
    steps = 8 if eight else 4
    for y0 in range(nrows):
        for x0 in range(ncols):
            if (flags[y0, x0] & (SKELETON | CORE)) != SKELETON or result[y0, x0] != 0:
                continue
            start = count
            result[y0, x0] = LOOP
            cells = _push(cells, count, y0 * ncols + x0)
            count += 1
            first = 0
            several = False
            done = start
            while done < count:
                y = cells[done] // ncols
                x = cells[done] - y * ncols
                done += 1
                held = 0
                for j in range(steps):
                    k = READING[j] if not eight else j
                    v = y + (k == 1) - (k == 3) + (k == 4 or k == 5) - (k == 6 or k == 7)
                    u = x + (k == 0) - (k == 2) + (k == 4 or k == 6) - (k == 5 or k == 7)
                    if labels[v, u] != 0:
                        if eight or held == 0:
                            held = labels[v, u]
                            several = several or (first != 0 and held != first)
                            first = held
                    elif (flags[v, u] & (SKELETON | CORE)) == SKELETON and result[v, u] == 0:
                        result[v, u] = LOOP
                        cells = _push(cells, count, v * ncols + u)
                        count += 1
            if several and not (eight and count - start == 1):
                for i in range(start, count):
                    y = cells[i] // ncols
                    result[y, cells[i] - y * ncols] = BRIDGE
    return cells[:count]


@njit(cache=True, nogil=True, error_model="numpy")
def widen_links(flags, bits, result, links, steps):
    """Widen the links by ``steps`` cells inside the flags wanted (``bits[0]``) and not refused (``bits[1]``).

    The first step goes down, right, up, then left, each from what the ones before reached, so it covers
    corners; the next ones go to the four sides at once.
    """
    nrows, ncols = flags.shape
    wanted, refused = bits
    both = wanted | refused
    front = links.copy()
    count = links.size
    for step in range(steps):
        before = count
        for k in range(4):  # down, right, up, left
            reached = count if step == 0 else before
            for i in range(reached):
                y = front[i] // ncols
                x = front[i] - y * ncols
                v = y + (k == 0) - (k == 2)
                u = x + (k == 1) - (k == 3)
                if v < 0 or u < 0 or v >= nrows or u >= ncols:
                    continue
                if result[v, u] == 0 and (flags[v, u] & both) == wanted:
                    result[v, u] = result[y, x]
                    front = _push(front, count, v * ncols + u)
                    count += 1
