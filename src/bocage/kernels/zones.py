"""Where the zones of two patches touch: the cheapest crossing of every touching pair.

The zone of a patch is the ground nearer to it, by cost, than to any other. The cheapest path
between two patches that stays inside their two zones costs ``min(d(u) + w(u, v) + d(v))`` over
the steps u to v that cross from one zone to the other.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.sweep import UNREACHED


@njit(cache=True, nogil=True, error_model="numpy")
def _slot(keys, key, mask):
    """Find the place of a key in an open-addressing table whose size is a power of two."""
    mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
    i = np.int64((mixed >> np.uint64(32)) & np.uint64(mask))
    while keys[i] != key and keys[i] != 0:
        i = (i + 1) & mask
    return i


@njit(cache=True, nogil=True, error_model="numpy")
def _grow(keys, costs):
    mask = keys.size * 2 - 1
    new_keys = np.zeros(mask + 1, np.int64)
    new_costs = np.zeros(mask + 1, np.int64)
    for i in range(keys.size):
        if keys[i] != 0:
            q = _slot(new_keys, keys[i], mask)
            new_keys[q] = keys[i]
            new_costs[q] = costs[i]
    return new_keys, new_costs


@njit(cache=True, nogil=True, error_model="numpy")
def find_crossings(field, codes, straight, diagonal, shift):
    """List the pairs of touching zones and the cost of their cheapest crossing.

    Parameters
    ----------
    field : (nrows + 2, ncols + 2) array of int64
        Labels of a finished sweep.
    codes : (nrows + 2, ncols + 2) array of uint16
    straight, diagonal : (ncodes,) array of int64
        Half weights, not shifted; ``UNREACHED`` for a barrier.
    shift : int
        Bits of the source number in a label.

    Returns
    -------
    first, second : (n,) array of int64
        Sources of each pair, ``first < second``, sorted.
    cost : (n,) array of int64
        Cost of the cheapest crossing, in the sweep's units.
    """
    low = (np.int64(1) << shift) - 1
    keys = np.zeros(1 << 12, np.int64)
    costs = np.zeros(1 << 12, np.int64)
    count = 0
    for i in range(1, field.shape[0] - 1):
        for j in range(1, field.shape[1] - 1):
            here = field[i, j]
            if here >= UNREACHED:
                continue
            a = here & low
            for k in range(4):  # each step once: east, south, south-east, south-west
                y = i if k == 0 else i + 1
                x = j + 1 if k == 0 or k == 2 else j if k == 1 else j - 1
                there = field[y, x]
                if there >= UNREACHED:
                    continue
                b = there & low
                if a == b:
                    continue
                if k < 2:
                    step = straight[codes[i, j]] + straight[codes[y, x]]
                else:
                    step = diagonal[codes[i, j]] + diagonal[codes[y, x]]
                total = (here >> shift) + (there >> shift) + step
                key = (min(a, b) << np.int64(31)) | max(a, b)
                q = _slot(keys, key, keys.size - 1)
                if keys[q] == 0:
                    keys[q] = key
                    costs[q] = total
                    count += 1
                    if count * 2 > keys.size:
                        keys, costs = _grow(keys, costs)
                elif total < costs[q]:
                    costs[q] = total
    used = np.flatnonzero(keys)
    order = used[np.argsort(keys[used])]
    key = keys[order]
    return key >> np.int64(31), key & ((np.int64(1) << 31) - 1), costs[order]
