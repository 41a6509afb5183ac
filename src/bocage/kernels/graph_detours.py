"""Links dearer than a chain of others between the same patches, found by a search around each patch.

A search goes no farther than the dearest link of its patch, and ends when all patches these links lead to are
reached. Memory: 28 bytes a patch and 12 bytes a link, each way.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.graph_paths import drop, push


@njit(cache=True, nogil=True)
def measure_chains(begin, near, cost, chain):
    """Write the least cost between the patches that each link joins.

    Links of patch ``i`` are ``begin[i]:begin[i + 1]`` of ``near`` (int32) and ``cost`` (float64), one a pair
    and each way; ``chain`` (float64) is written for links to a higher patch.
    """
    count = len(begin) - 1
    dist = np.full(count, np.inf)
    wanted = np.zeros(count, np.uint8)
    touched = np.empty(count, np.int32)
    keys = np.empty(len(near) + 1)
    items = np.empty(len(near) + 1, np.int32)
    for source in range(count):
        left = 0
        limit = 0.0
        for link in range(begin[source], begin[source + 1]):
            if near[link] > source:
                wanted[near[link]] = 1
                left += 1
                limit = max(limit, cost[link])
        if left == 0:
            continue
        dist[source] = 0.0
        touched[0] = source
        reached = 1
        size = push(keys, items, 0, 0.0, source)
        while size > 0 and left > 0:
            key = keys[0]
            patch = items[0]
            size = drop(keys, items, size)
            if key > dist[patch]:
                continue
            if wanted[patch]:
                wanted[patch] = 0
                left -= 1
            for link in range(begin[patch], begin[patch + 1]):
                found = key + cost[link]
                other = near[link]
                if found < dist[other] and found <= limit:
                    if dist[other] == np.inf:
                        touched[reached] = other
                        reached += 1
                    dist[other] = found
                    size = push(keys, items, size, found, other)
        for link in range(begin[source], begin[source + 1]):
            if near[link] > source:
                chain[link] = dist[near[link]]
        for place in range(reached):
            dist[touched[place]] = np.inf
