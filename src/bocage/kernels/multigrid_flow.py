"""Passes of conjugate gradients over a raster of conductances, and the currents of its potentials.

Arrays are padded as in `bocage.kernels.multigrid`; vectors are float64 of shape (k, rows, cols), the links
float32. Differences of potential are taken before they are multiplied, so that a plateau gives exactly no
current.

Memory: conjugate gradients hold the potential, the residual, the direction and its image, 32 bytes a cell and
right-hand side, and the preconditioned residual, 4 bytes. Currents are written a row at a time.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.union import unite

_FAST = {"nnan", "ninf", "nsz", "contract", "reassoc"}


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _net(out, up, here, down, s_up, se_up, sw_up, e, s, se, sw):
    """Write the current that leaves each cell of a row."""
    for j in range(1, out.size - 1):
        v = here[j]
        out[j] = (
            e[j] * (v - here[j + 1])
            + e[j - 1] * (v - here[j - 1])
            + s[j] * (v - down[j])
            + s_up[j] * (v - up[j])
            + se[j] * (v - down[j + 1])
            + se_up[j - 1] * (v - up[j - 1])
            + sw[j] * (v - down[j - 1])
            + sw_up[j + 1] * (v - up[j + 1])
        )


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _turn(p, z, beta):
    for j in range(p.size):
        p[j] = z[j] + beta * p[j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _dot(a, b):
    total = 0.0
    for j in range(a.size):
        total += np.float64(a[j]) * b[j]
    return total


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _add_earth(out, earth, p):
    for j in range(p.size):
        out[j] += earth[j] * p[j]


@njit(cache=True, nogil=True, error_model="numpy")
def turn_and_apply(z, p, image, beta, links, earth):
    """Turn the directions, ``p = z + beta p``, and write their images; return ``p . image``.

    Parameters
    ----------
    z : (k, rows, cols) array of float32
    p, image : (k, rows, cols) array of float64
        Changed in place.
    beta : (k,) array of float64
    links : (4, rows, cols) array of float32
    earth : (rows, cols) array of float32
        Or (0, 0).

    Returns
    -------
    (k,) array of float64
    """
    count, rows, _ = p.shape
    east, south, down, back = links[0], links[1], links[2], links[3]
    total = np.zeros(count)
    for k in range(count):
        _turn(p[k, 0], z[k, 0], beta[k])
        _turn(p[k, 1], z[k, 1], beta[k])
    for i in range(1, rows - 1):
        for k in range(count):
            p_k = p[k]
            _turn(p_k[i + 1], z[k, i + 1], beta[k])
            out = image[k, i]
            _net(
                out,
                p_k[i - 1],
                p_k[i],
                p_k[i + 1],
                south[i - 1],
                down[i - 1],
                back[i - 1],
                east[i],
                south[i],
                down[i],
                back[i],
            )
            if earth.size > 0:
                _add_earth(out, earth[i], p_k[i])
            total[k] += _dot(out, p_k[i])
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def leave_residual(b, x, links, earth):
    """Change right-hand sides in place into what is left of them; return the largest and the sum of squares.

    Parameters
    ----------
    b, x : (k, rows, cols) array of float64
    links, earth
        As in `turn_and_apply`.

    Returns
    -------
    largest, squares : (k,) array of float64
    """
    count, rows, cols = x.shape
    east, south, down, back = links[0], links[1], links[2], links[3]
    out = np.zeros(cols)
    largest, squares = np.zeros(count), np.zeros(count)
    for i in range(1, rows - 1):
        for k in range(count):
            _net(
                out,
                x[k, i - 1],
                x[k, i],
                x[k, i + 1],
                south[i - 1],
                down[i - 1],
                back[i - 1],
                east[i],
                south[i],
                down[i],
                back[i],
            )
            if earth.size > 0:
                _add_earth(out, earth[i], x[k, i])
            for j in range(1, cols - 1):
                b[k, i, j] -= out[j]
                largest[k] = max(largest[k], abs(b[k, i, j]))
            squares[k] += _dot(b[k, i], b[k, i])
    return largest, squares


@njit(cache=True, nogil=True, error_model="numpy")
def project(z, image, residual):
    """Return ``z . image`` and ``z . residual`` of each right-hand side."""
    count, rows, _ = image.shape
    on_image, on_residual = np.zeros(count), np.zeros(count)
    for k in range(count):
        for i in range(rows):
            on_image[k] += _dot(z[k, i], image[k, i])
            on_residual[k] += _dot(z[k, i], residual[k, i])
    return on_image, on_residual


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _step_row(x, p, residual, image, alpha):
    total = 0.0
    for j in range(x.size):
        x[j] += alpha * p[j]
        left = residual[j] - alpha * image[j]
        residual[j] = left
        total += left * left
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def step(x, p, residual, image, alpha):
    """Advance ``x += alpha p``, ``residual -= alpha image``; return the sum of squares of the residuals."""
    count, rows, _ = x.shape
    total = np.zeros(count)
    for k in range(count):
        for i in range(rows):
            total[k] += _step_row(x[k, i], p[k, i], residual[k, i], image[k, i], alpha[k])
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def label_components(links, mask, label):
    """Write the component of each cell: 0 outside the mask, then from 1 by the first cell in reading order.

    Parameters
    ----------
    links : (4, rows, cols) array of float32
    mask : (nrows, ncols) array of bool
    label : (nrows, ncols) array of int32 or int64
        Written; its bytes are the only memory used.

    Returns
    -------
    int
        Number of components.
    """
    nrows, ncols = mask.shape
    parent = label.reshape(nrows * ncols)
    for k in range(parent.size):
        parent[k] = k
    for i in range(nrows):
        for j in range(ncols):
            k = i * ncols + j
            if links[0, i + 1, j + 1] > 0:
                unite(parent, k, k + 1)
            if links[1, i + 1, j + 1] > 0:
                unite(parent, k, k + ncols)
            if links[2, i + 1, j + 1] > 0:
                unite(parent, k, k + ncols + 1)
            if links[3, i + 1, j + 1] > 0:
                unite(parent, k, k + ncols - 1)
    # A root is the first cell of its component: read in order, parents have been turned into labels before.
    count = 0
    for k in range(parent.size):
        if not mask[k // ncols, k % ncols]:
            parent[k] = 0
        elif parent[k] == k:
            count += 1
            parent[k] = -count
        else:
            up = parent[k]
            parent[k] = parent[up]
    for k in range(parent.size):
        parent[k] = -parent[k]
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def write_node_current(x, links, earth, out):
    """Write the current through each cell: the larger of what enters and what leaves it.

    By its links and by the earth.

    Parameters
    ----------
    x : (rows, cols) array of float64 or float32
        Potentials, padded.
    links, earth
        As in `turn_and_apply`.
    out : (nrows, ncols) array of float64 or float32
        Written, not padded.
    """
    nrows, ncols = out.shape
    flow = np.zeros(ncols)
    largest = np.zeros(ncols)
    no_earth = np.zeros(x.shape[1], np.float32)
    for i in range(1, nrows + 1):
        flow[:] = 0
        _add_row(
            flow,
            largest,
            1.0,
            x[i - 1],
            x[i],
            x[i + 1],
            links[1, i - 1],
            links[2, i - 1],
            links[3, i - 1],
            links[0, i],
            links[1, i],
            links[2, i],
            links[3, i],
            earth[i] if earth.size > 0 else no_earth,
        )
        out[i - 1] = flow


@njit(cache=True, nogil=True, error_model="numpy")
def add_pair_currents(basis, first, second, weight, links, total, largest):
    """Add the node currents of many pairs of points to cumulative and maximum maps.

    Strip by strip, so that the potentials of three rows are read once for all pairs.

    Parameters
    ----------
    basis : (n, rows, cols) array of float32 or float64
        Potentials of one ampere from each point to a common one, padded.
    first, second : (pairs,) array of int64
        The current of a pair is that of ``basis[first] - basis[second]``; -1 stands for no potential.
    weight : (pairs,) array of float64
    links : (4, rows, cols) array of float32
    total, largest : (nrows, ncols) array of float64
        Changed in place.
    """
    cols = basis.shape[2]
    nrows = total.shape[0]
    before, here, after = np.zeros(cols), np.zeros(cols), np.zeros(cols)
    no_earth = np.zeros(cols, np.float32)
    for i in range(1, nrows + 1):
        for pair in range(first.size):
            p, q = first[pair], second[pair]
            for j in range(cols):
                before[j] = here[j] = after[j] = 0.0
            if p >= 0:
                for j in range(cols):
                    before[j] += basis[p, i - 1, j]
                    here[j] += basis[p, i, j]
                    after[j] += basis[p, i + 1, j]
            if q >= 0:
                for j in range(cols):
                    before[j] -= basis[q, i - 1, j]
                    here[j] -= basis[q, i, j]
                    after[j] -= basis[q, i + 1, j]
            _add_row(
                total[i - 1],
                largest[i - 1],
                weight[pair],
                before,
                here,
                after,
                links[1, i - 1],
                links[2, i - 1],
                links[3, i - 1],
                links[0, i],
                links[1, i],
                links[2, i],
                links[3, i],
                no_earth,
            )


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _add_row(total, largest, weight, up, here, down, s_up, se_up, sw_up, e, s, se, sw, earth):
    """Half the sum of the currents' sizes and half the size of their sum make the larger of in and out."""
    for j in range(1, total.size + 1):
        v = here[j]
        a = e[j] * (v - here[j + 1])
        b = e[j - 1] * (v - here[j - 1])
        c = s[j] * (v - down[j])
        d = s_up[j] * (v - up[j])
        f = se[j] * (v - down[j + 1])
        g = se_up[j - 1] * (v - up[j - 1])
        h = sw[j] * (v - down[j - 1])
        k = sw_up[j + 1] * (v - up[j + 1])
        z = earth[j] * v
        sizes = abs(a) + abs(b) + abs(c) + abs(d) + abs(f) + abs(g) + abs(h) + abs(k)
        flow = 0.5 * (sizes + abs(z) + abs(a + b + c + d + f + g + h + k + z))
        total[j - 1] += weight * flow
        largest[j - 1] = max(largest[j - 1], flow)
