"""Pairing of the nodes of a graph by their strongest ties, and Gauss-Seidel over its rows.

Sparse rows (CSR), float64; nothing besides the arrays given.
"""

from __future__ import annotations

from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def pair_nodes(indptr, indices, data, strong, pair):
    """Pair each node with the one it is tied to most among those left; return the number of pairs.

    A node whose strong neighbours are all taken joins the pair of the strongest.

    Parameters
    ----------
    indptr, indices, data : arrays
        A Laplacian with earth, rows in CSR.
    strong : float
        Least tie that pairs two nodes, over the strongest tie of the first.
    pair : (n,) array of int32
        Written: the pair of each node, from 0 by first node.
    """
    pair[:] = -1
    count = 0
    for i in range(pair.size):
        if pair[i] >= 0:
            continue
        best, most, friend, any_most = -1, 0.0, -1, 0.0
        for k in range(indptr[i], indptr[i + 1]):
            j, tie = indices[k], -data[k]
            if j == i:
                continue
            if tie > any_most:
                friend, any_most = j, tie
            if pair[j] < 0 and tie > most:
                best, most = j, tie
        if best >= 0 and most >= strong * any_most:
            pair[i] = count
            pair[best] = count
            count += 1
        elif friend >= 0 and pair[friend] >= 0:
            # Its strong neighbours are taken: alone it would coarsen nothing, so it follows the strongest.
            pair[i] = pair[friend]
        else:
            pair[i] = count
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def relax(indptr, indices, data, diagonal, b, x, backward):
    """One sweep of Gauss-Seidel, in place."""
    n = x.size
    for s in range(n):
        i = n - 1 - s if backward else s
        if diagonal[i] <= 0:
            continue
        total = b[i]
        for k in range(indptr[i], indptr[i + 1]):
            total -= data[k] * x[indices[k]]
        x[i] += total / diagonal[i]
