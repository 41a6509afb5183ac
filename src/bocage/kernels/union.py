"""Union-find: sets known by their smallest member, with paths halved as they are followed.

``parent`` is one array of integers in which each member points to another of its set, and the smallest to
itself, so that sets do not depend on the order of unions. Source: Tarjan and van Leeuwen (1984),
doi:10.1145/62.2160, for path halving.
"""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def find_root(parent, member):
    """Find the smallest member of a set."""
    while parent[member] != member:
        parent[member] = parent[parent[member]]
        member = parent[member]
    return member


@njit(cache=True, nogil=True, error_model="numpy")
def unite(parent, one, other):
    """Unite two sets and give the smallest member of both."""
    one, other = find_root(parent, one), find_root(parent, other)
    if one < other:
        parent[other] = one
        return one
    parent[one] = other
    return other
