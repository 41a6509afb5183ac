"""Planes of the morphological spatial pattern analysis (Soille and Vogt 2009), by bits of one byte a cell.

The planes have a frame: ``edge_width + 1`` rows and columns that repeat the border of the image. Distances
are exact Euclidean ones between cell centres, compared as squares of whole numbers. Floods go by fronts:
two lists of the cells reached last, so their memory is that of a front, not of a region.

Memory: the caller's planes, 1 byte a cell each (flags, scratch, result) and 4 for the labels of cores.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.union import find_root, unite

FOREGROUND = np.uint8(1)
CORE = np.uint8(2)
CONNECTED = np.uint8(4)
"""Foreground whose component holds a core: not an islet."""
SKELETON = np.uint8(8)
SIMPLE = np.uint8(16)
QUEUED = np.uint8(32)
EXTERNAL = np.uint8(64)
ODD = np.uint8(128)
"""Cores at an odd depth of nesting, and the holes whose surrounding core is odd."""


@njit(cache=True, nogil=True, error_model="numpy")
def mark_far(flags, source, inverse, wanted, bit, reach, scratch):
    """Set ``bit`` where ``wanted`` is set and every cell of a set is at ``reach`` cells or more.

    The set is the cells with a bit of ``source``, or without any when ``inverse``. ``scratch`` gets the
    distance along the column to the set, cut at ``reach``; then a row needs ``2 * reach - 1`` looks a cell.
    """
    nrows, ncols = flags.shape
    for x in range(ncols):
        scratch[0, x] = 0 if ((flags[0, x] & source) != 0) != inverse else reach
    for y in range(1, nrows):
        for x in range(ncols):
            if ((flags[y, x] & source) != 0) != inverse:
                scratch[y, x] = 0
            else:
                scratch[y, x] = min(scratch[y - 1, x] + 1, reach)
    for y in range(nrows - 2, -1, -1):
        for x in range(ncols):
            scratch[y, x] = min(np.int64(scratch[y, x]), scratch[y + 1, x] + 1)
    least = reach * reach
    for y in range(nrows):
        for x in range(ncols):
            if wanted != 0 and (flags[y, x] & wanted) == 0:
                continue
            far = True
            for k in range(reach):
                left = np.int64(scratch[y, x - k]) if x >= k else reach
                right = np.int64(scratch[y, x + k]) if x + k < ncols else reach
                low = min(left, right)
                if low * low + k * k < least:
                    far = False
                    break
            if far:
                flags[y, x] |= bit


@njit(cache=True, nogil=True, error_model="numpy")
def _push(front, count, value):
    if count == front.size:
        larger = np.empty(front.size * 2, front.dtype)
        larger[:count] = front
        front = larger
    front[count] = value
    return front


@njit(cache=True, nogil=True, error_model="numpy")
def flood(plane, keep, value, mark, paint, front, count, eight, beyond, beyond_paint):
    """Paint the cells joined to the front through cells where ``plane & keep == value``.

    A cell with ``mark`` is never visited. The cells of the front are painted already. Returns the unmarked
    cells beside the flood (by a side) with ``plane & keep == beyond``, painted with ``beyond_paint``.
    """
    nrows, ncols = plane.shape
    after = np.empty(1024, np.int64)
    outside = np.empty(1024, np.int64)
    met = 0
    steps = 8 if eight else 4
    while count > 0:
        found = 0
        for i in range(count):
            y = front[i] // ncols
            x = front[i] - y * ncols
            for k in range(steps):
                v = y + (k == 1) - (k == 3) + (k == 4 or k == 5) - (k == 6 or k == 7)
                u = x + (k == 0) - (k == 2) + (k == 4 or k == 6) - (k == 5 or k == 7)
                if v < 0 or u < 0 or v >= nrows or u >= ncols:
                    continue
                cell = plane[v, u]
                if (cell & mark) != 0:
                    continue
                if (cell & keep) == value:
                    plane[v, u] = cell | paint
                    after = _push(after, found, v * ncols + u)
                    found += 1
                elif k < 4 and beyond_paint != 0 and (cell & keep) == beyond:
                    plane[v, u] = cell | beyond_paint
                    outside = _push(outside, met, v * ncols + u)
                    met += 1
        front, after = after, front
        count = found
    return outside, met


@njit(cache=True, nogil=True, error_model="numpy")
def list_frame(plane, keep, value, mark, paint):
    """Paint and list the cells of the frame with ``plane & keep == value`` that lack ``mark``."""
    nrows, ncols = plane.shape
    cells = np.empty(1024, np.int64)
    count = 0
    for y in range(nrows):
        step = 1 if y == 0 or y == nrows - 1 else ncols - 1
        for x in range(0, ncols, step):
            if (plane[y, x] & keep) == value and (plane[y, x] & mark) == 0:
                plane[y, x] |= paint
                cells = _push(cells, count, y * ncols + x)
                count += 1
    return cells, count


@njit(cache=True, nogil=True, error_model="numpy")
def connect_to_cores(flags, eight):
    """Set ``CONNECTED`` on the foreground joined to a core."""
    nrows, ncols = flags.shape
    front = np.empty(1024, np.int64)
    count = 0
    for y in range(nrows):
        for x in range(ncols):
            if (flags[y, x] & CORE) != 0:
                flags[y, x] |= CONNECTED
                if 0 < y < nrows - 1 and 0 < x < ncols - 1:
                    around = flags[y - 1, x - 1] & flags[y - 1, x] & flags[y - 1, x + 1] & flags[y, x - 1]
                    around &= flags[y, x + 1] & flags[y + 1, x - 1] & flags[y + 1, x] & flags[y + 1, x + 1]
                    rim = (around & CORE) == 0
                else:
                    rim = True
                if rim:
                    front = _push(front, count, y * ncols + x)
                    count += 1
    zero = np.uint8(0)
    flood(flags, FOREGROUND, FOREGROUND, CONNECTED, CONNECTED, front, count, eight, zero, zero)


@njit(cache=True, nogil=True, error_model="numpy")
def nest(flags, eight):
    """Flood from the frame inwards: set ``EXTERNAL`` and ``ODD``; uses ``QUEUED``, left clear.

    Ground that is not core joins by the other connectivity than the foreground's. A core is external when
    ground outside every hole reaches it through cores joined by that other connectivity too: so the JRC's
    library has it. Tells whether any core is odd.
    """
    zero = np.uint8(0)
    visited = QUEUED
    cores, ncores = list_frame(flags, CORE, CORE, visited, visited)
    ground, nground = list_frame(flags, CORE, zero, visited, visited | EXTERNAL)
    front, count = flood(
        flags, CORE, zero, visited, visited | EXTERNAL, ground, nground, not eight, CORE, visited | EXTERNAL
    )
    for i in range(ncores):
        y = cores[i] // flags.shape[1]
        flags[y, cores[i] - y * flags.shape[1]] |= EXTERNAL
        front = _push(front, count, cores[i])
        count += 1
    seeds = front[:count].copy()
    any_odd = False
    odd = zero
    while count > 0:
        other = odd ^ ODD
        holes, nholes = flood(
            flags, CORE, CORE, visited, visited | odd, front, count, eight, zero, visited | odd
        )
        front, count = flood(
            flags, CORE, zero, visited, visited | odd, holes, nholes, not eight, CORE, visited | other
        )
        any_odd = any_odd or (count > 0 and other != 0)
        odd = other
    flood(flags, CORE, CORE, EXTERNAL, EXTERNAL, seeds, seeds.size, not eight, zero, zero)
    for y in range(flags.shape[0]):
        for x in range(flags.shape[1]):
            flags[y, x] &= ~visited
    return any_odd


@njit(cache=True, nogil=True, error_model="numpy")
def label_cores(flags, labels, eight):
    """Give each core the number of its component, in reading order of first cells; 0 elsewhere."""
    nrows, ncols = flags.shape
    parent = np.zeros(1024, np.int32)
    count = 0
    for y in range(nrows):
        for x in range(ncols):
            if (flags[y, x] & CORE) == 0:
                labels[y, x] = 0
                continue
            best = 0
            if x > 0 and labels[y, x - 1] > 0:
                best = find_root(parent, labels[y, x - 1])
            if y > 0:
                for u in range(max(x - 1, 0) if eight else x, min(x + 2, ncols) if eight else x + 1):
                    if labels[y - 1, u] > 0:
                        other = labels[y - 1, u]
                        best = find_root(parent, other) if best == 0 else unite(parent, best, other)
            if best == 0:
                count += 1
                if count == parent.size:
                    larger = np.zeros(parent.size * 2, np.int32)
                    larger[: parent.size] = parent
                    parent = larger
                parent[count] = count
                best = count
            labels[y, x] = best
    for y in range(nrows):
        for x in range(ncols):
            if labels[y, x] > 0:
                labels[y, x] = find_root(parent, labels[y, x])
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def move_bit(flags, keep, value, bit, others):
    """Set ``bit`` on the cells with ``flags & keep == value`` and clear it, and ``others``, elsewhere."""
    nrows, ncols = flags.shape
    clear = ~(bit | others)
    for y in range(nrows):
        for x in range(ncols):
            cell = flags[y, x]
            flags[y, x] = (cell & clear) | (bit if (cell & keep) == value else 0)


@njit(cache=True, nogil=True, error_model="numpy")
def mark_edges(flags, result, odd):
    """Mark as edge (2) the rims of cores inside the holes of cores of the other parity.

    ``SIMPLE`` says far from the cores of parity ``odd``.
    """
    nrows, ncols = flags.shape
    surrounding = ODD ^ odd
    for y in range(nrows):
        for x in range(ncols):
            cell = flags[y, x]
            if (cell & (CORE | EXTERNAL | SIMPLE | CONNECTED)) == CONNECTED and (cell & ODD) == surrounding:
                result[y, x] |= 2


@njit(cache=True, nogil=True, error_model="numpy")
def compose(flags, result, pad, transition, intext):
    """Turn ``result`` (links and inner edges) into the byte codes, in place, inside the frame.

    ``SIMPLE`` says far from every core, ``QUEUED`` ground outside every hole of the foreground.
    """
    nrows, ncols = flags.shape
    for y in range(pad, nrows - pad):
        for x in range(pad, ncols - pad):
            cell = flags[y, x]
            external = (cell & EXTERNAL) != 0
            if (cell & FOREGROUND) == 0:
                code = 0
                if intext and not external:
                    code = 100
                elif intext and (cell & QUEUED) == 0:
                    code = 220
                result[y, x] = code
                continue
            link = result[y, x] & np.uint8(96)
            if (cell & CORE) != 0:
                code = 17
            elif (cell & CONNECTED) == 0:
                code = 9
            elif (cell & SIMPLE) == 0:
                code = 3 if external or (result[y, x] & 2) != 0 else 5
                if transition:
                    code |= link
            else:
                code = 1 | link
            result[y, x] = code + (100 if intext and not external else 0)


@njit(cache=True, nogil=True, error_model="numpy")
def list_openings_out(flags, pad, eight):
    """List the ground on the image's border whose two neighbours along the border are ground; ``QUEUED``.

    The border goes on beyond a corner, which is a way out by itself where foreground joins by 4 neighbours.
    Narrower ways out do not make ground external: so the JRC's library has it.
    """
    nrows, ncols = flags.shape
    cells = np.empty(1024, np.int64)
    count = 0
    for y in range(pad, nrows - pad):
        for x in range(pad, ncols - pad):
            row_end = y == pad or y == nrows - pad - 1
            column_end = x == pad or x == ncols - pad - 1
            if not (row_end or column_end) or (flags[y, x] & FOREGROUND) != 0:
                continue
            out = row_end and ((flags[y, x - 1] | flags[y, x + 1]) & FOREGROUND) == 0
            out = out or (column_end and ((flags[y - 1, x] | flags[y + 1, x]) & FOREGROUND) == 0)
            out = out or (row_end and column_end and not eight)
            if out:
                flags[y, x] |= QUEUED
                cells = _push(cells, count, y * ncols + x)
                count += 1
    return cells, count
