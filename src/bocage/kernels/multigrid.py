"""One V-cycle of black-box multigrid on nine-point conductances of a raster, in float32.

A level is a grid of cells tied to their eight neighbours by conductances, and maybe to the earth. The coarse
grid keeps one cell in two each way; between them a value is interpolated by the conductances themselves
(Dendy 1982), and coarse conductances are those of Galerkin, assembled square by square as energies
``-g (Pa - Pb)p (Pa - Pb)q`` so that nothing large cancels and rows sum to their earth exactly.
The smoother is Gauss-Seidel by four colours, forward before and backward after, so that the cycle is
symmetric.

Because the last colour before and the first one after are the centres of the coarse squares, their residual
is nil when it is restricted and their interpolated value is overwritten: neither needs its weights. A sweep,
its residual and the restriction pass once over memory, row behind row; so do interpolation and the sweep
after it.

Arrays are padded: row and column 0 are outside, and a level of ``n`` rows has ``2 * ((n + 1) // 2) + 2`` of
them, so that no loop looks for a border. ``links`` are (4, rows, cols): east, south, south-east, south-west.
Values are (k, rows, cols): the sweeps read the conductances of a row once for k right-hand sides.

Memory, bytes a cell of the finest level: links 16 and diagonal 4 (earth 4 where there is any), interpolation
4, coarser levels a third of these and of two vectors: 11 in all. The cycle itself needs 4 bytes for each
right-hand side.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_FAST = {"nnan", "ninf", "nsz", "arcp", "contract", "reassoc"}


@njit(cache=True, nogil=True, error_model="numpy")
def sum_links(links, earth, diagonal):
    """Write what ties each cell to its neighbours and to the earth; 1 where nothing does.

    Parameters
    ----------
    links : (4, rows, cols) array of float32
    earth : (rows, cols) array of float32
        May be (0, 0): no earth.
    diagonal : (rows, cols) array of float32
        Written.
    """
    rows, cols = diagonal.shape
    east, south, down, back = links[0], links[1], links[2], links[3]
    diagonal[:] = 1
    for i in range(1, rows - 1):
        for j in range(1, cols - 1):
            total = np.float64(east[i, j]) + east[i, j - 1] + south[i, j] + south[i - 1, j]
            total += np.float64(down[i, j]) + down[i - 1, j - 1] + back[i, j] + back[i - 1, j + 1]
            if earth.size > 0:
                total += earth[i, j]
            if total > 0:
                diagonal[i, j] = total


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _line(first, second, across, earth, active_first, active_second, may_second):
    """Weights of two coarse cells, and of the earth, for the cell between them."""
    first, second = max(first, 0.0), max(second, 0.0)
    if first + second > 0:
        total = first + second + earth
        return first / total, second / total, earth / total
    if across > 0:
        # Tied to neither (a hedgerow between two coarse lines): it takes for its own the coarse cell that
        # stands for nothing, so that the hedgerow goes on on the coarse grid.
        kept = across / (across + earth)
        if active_first and not active_second and may_second:
            return 0.0, kept, 1 - kept
        return kept, 0.0, 1 - kept
    return 0.0, 0.0, 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def coarsen(links, earth, nrows, ncols, weights, coarse, coarse_earth):
    """Write the interpolation of a level and the conductances of the next one.

    Parameters
    ----------
    links : (4, rows, cols) array of float32
        Conductances of the level.
    earth : (rows, cols) array of float32
        Conductance of each cell to the earth; (0, 0) without.
    nrows, ncols : int
        Cells of the coarse level.
    weights : (4, coarse rows, coarse cols) array of float32
        Written. Cell east of a coarse one: weight of it, of the next; cell south of it: the same.
    coarse : (4, coarse rows, coarse cols) array of float32
        Zeros; written.
    coarse_earth : (coarse rows, coarse cols) array of float32
        Zeros; written, or (0, 0).
    """
    east, south, down, back = links[0], links[1], links[2], links[3]
    earthed = earth.size > 0
    point = np.zeros((9, 5))  # N, S, W, E, centre, then the four corners; the fifth column is the earth
    for k in range(4):
        point[5 + k, k] = 1.0
    frm = np.array([4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 1, 1])
    to = np.array([0, 1, 2, 3, 5, 6, 7, 8, 2, 3, 2, 3])
    g = np.zeros(12)
    gain = np.zeros((5, 5))
    for row in range(1, nrows + 1):
        a, b, c = 2 * row - 1, 2 * row, 2 * row + 1
        for col in range(1, ncols + 1):
            p, q, r = 2 * col - 1, 2 * col, 2 * col + 1
            earth_n = earth_s = earth_w = earth_e = earth_c = earth_0 = 0.0
            if earthed:
                earth_0, earth_n, earth_w, earth_c = earth[a, p], earth[a, q], earth[b, p], earth[b, q]
                earth_s = earth[c, q] if row < nrows else 0.0
                earth_e = earth[b, r] if col < ncols else 0.0
            live_0 = _is_active(links, a, p)
            live_1 = col < ncols and _is_active(links, a, r)
            live_2 = row < nrows and _is_active(links, c, p)
            live_3 = row < nrows and col < ncols and _is_active(links, c, r)
            n_0, n_1, n_z = _line(
                np.float64(east[a, p]) + down[a - 1, p] + back[a, q],
                np.float64(east[a, q]) + back[a - 1, r] + down[a, q],
                np.float64(south[a - 1, q]) + south[a, q],
                earth_n,
                live_0,
                live_1,
                col < ncols,
            )
            w_0, w_2, w_z = _line(
                np.float64(south[a, p]) + down[a, p - 1] + back[a, r - 1],
                np.float64(south[b, p]) + back[b, p] + down[b, p],
                np.float64(east[b, p - 1]) + east[b, p],
                earth_w,
                live_0,
                live_2,
                row < nrows,
            )
            weights[0, row, col], weights[1, row, col] = n_0, n_1
            weights[2, row, col], weights[3, row, col] = w_0, w_2
            # The top and the left sides belong to this square.
            e_top = east[a, p] * (n_1 + n_z) * n_1 + east[a, q] * n_0 * (n_0 + n_z)
            e_left = south[a, p] * (w_2 + w_z) * w_2 + south[b, p] * w_0 * (w_0 + w_z)
            coarse[0, row, col] += e_top - earth_n * n_0 * n_1
            coarse[1, row, col] += e_left - earth_w * w_0 * w_2
            if earthed:
                # Ends, then what the cells themselves give the earth; a nil weight makes every term nil.
                z_0 = east[a, p] * (n_1 + n_z) * n_z - east[a, q] * n_0 * n_z
                z_1 = east[a, q] * (n_0 + n_z) * n_z - east[a, p] * n_1 * n_z
                y_0 = south[a, p] * (w_2 + w_z) * w_z - south[b, p] * w_0 * w_z
                y_2 = south[b, p] * (w_0 + w_z) * w_z - south[a, p] * w_2 * w_z
                coarse_earth[row, col] += (
                    z_0 + y_0 + earth_0 + earth_n * n_0 * (1 - n_z) + earth_w * w_0 * (1 - w_z)
                )
                if col < ncols:
                    coarse_earth[row, col + 1] += z_1 + earth_n * n_1 * (1 - n_z)
                if row < nrows:
                    coarse_earth[row + 1, col] += y_2 + earth_w * w_2 * (1 - w_z)
            g[0], g[1], g[2], g[3] = south[a, q], south[b, q], east[b, p], east[b, q]
            g[4], g[5], g[6], g[7] = down[a, p], back[a, r], back[b, q], down[b, q]
            g[8], g[9], g[10], g[11] = back[a, q], down[a, q], down[b, p], back[b, r]
            total = 0.0
            any_link = False
            for k in range(12):
                any_link |= g[k] != 0
            for k in range(8):
                total += g[k]
            if not any_link and not earth_c > 0:
                continue
            s_2 = s_3 = s_z = e_1 = e_3 = e_z = 0.0
            if row < nrows:
                s_2, s_3, s_z = _line(
                    np.float64(east[c, p]) + down[b, p] + back[c, q],
                    np.float64(east[c, q]) + back[b, r] + down[c, q],
                    np.float64(south[b, q]) + south[c, q],
                    earth_s,
                    live_2,
                    live_3,
                    col < ncols,
                )
            if col < ncols:
                e_1, e_3, e_z = _line(
                    np.float64(south[a, r]) + down[a, q] + back[a, r + 1],
                    np.float64(south[b, r]) + back[b, r] + down[b, r],
                    np.float64(east[b, q]) + east[b, r],
                    earth_e,
                    live_1,
                    live_3,
                    row < nrows,
                )
            else:
                # No coarse column: the cells there do not exist, and their links are nil.
                e_1, e_3, e_z = 0.0, 0.0, 0.0
            point[0, 0], point[0, 1], point[0, 4] = n_0, n_1, n_z
            point[1, 2], point[1, 3], point[1, 4] = s_2, s_3, s_z
            point[2, 0], point[2, 2], point[2, 4] = w_0, w_2, w_z
            point[3, 1], point[3, 3], point[3, 4] = e_1, e_3, e_z
            total += earth_c
            if total > 0:
                d = 1 / total
                point[4, 0] = d * (g[4] + g[0] * n_0 + g[2] * w_0)
                point[4, 1] = d * (g[5] + g[0] * n_1 + g[3] * e_1)
                point[4, 2] = d * (g[6] + g[1] * s_2 + g[2] * w_2)
                point[4, 3] = d * (g[7] + g[1] * s_3 + g[3] * e_3)
                point[4, 4] = d * (earth_c + g[0] * n_z + g[1] * s_z + g[2] * w_z + g[3] * e_z)
            else:
                point[4, :4] = 0.0
                point[4, 4] = 1.0
            gain[:] = 0.0
            last = 5 if earthed else 4
            for k in range(12):
                if g[k] != 0:
                    u, v = point[frm[k]], point[to[k]]
                    for x in range(last):
                        for y in range(x + 1, last):
                            gain[x, y] -= g[k] * (u[x] - v[x]) * (u[y] - v[y])
            if earthed and earth_c > 0:
                for x in range(4):
                    for y in range(x + 1, 4):
                        gain[x, y] -= earth_c * point[4, x] * point[4, y]
            coarse[0, row, col] += gain[0, 1]
            coarse[1, row, col] += gain[0, 2]
            coarse[2, row, col] += gain[0, 3]
            if row < nrows:
                coarse[0, row + 1, col] += gain[2, 3]
            if col < ncols:
                coarse[1, row, col + 1] += gain[1, 3]
                coarse[3, row, col + 1] += gain[1, 2]
            if earthed:
                own = earth_c * (1 - point[4, 4])
                coarse_earth[row, col] += gain[0, 4] + own * point[4, 0]
                if col < ncols:
                    coarse_earth[row, col + 1] += gain[1, 4] + own * point[4, 1]
                if row < nrows:
                    coarse_earth[row + 1, col] += gain[2, 4] + own * point[4, 2]
                    if col < ncols:
                        coarse_earth[row + 1, col + 1] += gain[3, 4] + own * point[4, 3]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _is_active(links, i, j):
    east, south, down, back = links[0], links[1], links[2], links[3]
    return (
        east[i, j] > 0
        or east[i, j - 1] > 0
        or south[i, j] > 0
        or south[i - 1, j] > 0
        or down[i, j] > 0
        or down[i - 1, j - 1] > 0
        or back[i, j] > 0
        or back[i - 1, j + 1] > 0
    )


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _gather(out, x_up, x_down, s_up, se_up, sw_up, s, se, sw):
    """Add to a row what the rows above and below send it."""
    for j in range(1, out.size - 1):
        out[j] += (
            s_up[j] * x_up[j]
            + se_up[j - 1] * x_up[j - 1]
            + sw_up[j + 1] * x_up[j + 1]
            + s[j] * x_down[j]
            + se[j] * x_down[j + 1]
            + sw[j] * x_down[j - 1]
        )


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _relax_odd_first(x, t, east, diagonal, y):
    """Set the odd cells of a row, its even cells being nil, then the even ones."""
    size = x.size
    for j in range(size):
        y[j] = t[j] / diagonal[j]
    for j in range(1, size - 1):
        x[j] = (t[j] + east[j] * y[j + 1] + east[j - 1] * y[j - 1]) / diagonal[j]
    for j in range(1, size - 1, 2):
        x[j] = y[j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _relax_even_first(x, t, east, diagonal, y):
    """Set the even cells of a row from its odd ones, then the odd ones."""
    size = x.size
    for j in range(1, size - 1):
        y[j] = (t[j] + east[j] * x[j + 1] + east[j - 1] * x[j - 1]) / diagonal[j]
    y[0] = 0
    y[size - 1] = 0
    for j in range(1, size - 1):
        x[j] = (t[j] + east[j] * y[j + 1] + east[j - 1] * y[j - 1]) / diagonal[j]
    for j in range(2, size - 1, 2):
        x[j] = y[j]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _scale(out, b, scale):
    for j in range(out.size):
        out[j] = np.float32(b[j] * scale)


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _leave_in_row(r, x, east):
    """Add to the odd cells of a row what its even ones, set after them, send."""
    for j in range(1, r.size - 1, 2):
        r[j] += east[j] * x[j + 1] + east[j - 1] * x[j - 1]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _restrict_row(out, above, here, below, h_0, h_1, v_0, v_1, v_1_up):
    for col in range(1, here.size // 2):
        j = 2 * col - 1
        out[col] = (
            here[j]
            + h_0[col] * here[j + 1]
            + h_1[col - 1] * here[j - 1]
            + v_0[col] * below[j]
            + v_1_up[col] * above[j]
        )


@njit(cache=True, nogil=True, error_model="numpy")
def smooth_and_restrict(b, scale, x, links, diagonal, weights, coarse_b):
    """Relax from nil, forward, and restrict what is left.

    Parameters
    ----------
    b : (k, rows, cols) array of float32 or float64
        Right-hand sides; nil on the padding.
    scale : (k,) array of float32
        By what each is multiplied when read.
    x : (k, rows, cols) array of float32
        Written (all but the padding, which must be nil).
    links, diagonal, weights
        Of the level.
    coarse_b : (k, coarse rows, coarse cols) array of float32
        Written.
    """
    count, rows, cols = x.shape
    east, south, down, back = links[0], links[1], links[2], links[3]
    nrows = (rows - 2) // 2
    t = np.zeros(cols, np.float32)
    y = np.zeros(cols, np.float32)
    r_odd = np.zeros(cols, np.float32)
    r_even = np.zeros((count, 2, cols), np.float32)
    for k in range(count):
        x_k, b_k = x[k], b[k]
        _scale(t, b_k[1], scale[k])
        _relax_odd_first(x_k[1], t, east[1], diagonal[1], y)
    for row in range(1, nrows + 1):
        a, i, c = 2 * row - 1, 2 * row, 2 * row + 1
        for k in range(count):
            x_k, b_k = x[k], b[k]
            if c < rows - 1:
                _scale(t, b_k[c], scale[k])
                _relax_odd_first(x_k[c], t, east[c], diagonal[c], y)
            _scale(t, b_k[i], scale[k])
            _gather(
                t,
                x_k[a],
                x_k[c],
                south[a],
                down[a],
                back[a],
                south[i],
                down[i],
                back[i],
            )
            _relax_odd_first(x_k[i], t, east[i], diagonal[i], y)
            r_odd[:] = 0
            _gather(
                r_odd,
                x_k[a - 1],
                x_k[i],
                south[a - 1],
                down[a - 1],
                back[a - 1],
                south[a],
                down[a],
                back[a],
            )
            _leave_in_row(r_odd, x_k[a], east[a])
            above, below = r_even[k, (row + 1) % 2], r_even[k, row % 2]
            below[:] = 0
            _leave_in_row(below, x_k[i], east[i])
            _restrict_row(
                coarse_b[k, row],
                above,
                r_odd,
                below,
                weights[0, row],
                weights[1, row],
                weights[2, row],
                weights[3, row],
                weights[3, row - 1],
            )


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _add_coarse(x, value, h_0, h_1):
    for col in range(1, x.size // 2):
        j = 2 * col - 1
        x[j] += value[col]
        x[j + 1] += h_0[col] * value[col] + h_1[col] * value[col + 1]


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)
def _add_between(x, above, below, v_0, v_1):
    for col in range(1, x.size // 2):
        j = 2 * col - 1
        x[j] += v_0[col] * above[col] + v_1[col] * below[col]


@njit(cache=True, nogil=True, error_model="numpy")
def prolong_and_smooth(b, scale, x, links, diagonal, weights, coarse_x):
    """Add the interpolated correction and relax, backward.

    Parameters
    ----------
    b, scale, x, links, diagonal, weights
        As in `smooth_and_restrict`; ``x`` is changed in place.
    coarse_x : (k, coarse rows, coarse cols) array of float32
    """
    count, rows, cols = x.shape
    east, south, down, back = links[0], links[1], links[2], links[3]
    nrows = (rows - 2) // 2
    t = np.zeros(cols, np.float32)
    y = np.zeros(cols, np.float32)
    for k in range(count):
        _add_coarse(x[k, 1], coarse_x[k, 1], weights[0, 1], weights[1, 1])
    for row in range(1, nrows + 1):
        a, i, c = 2 * row - 1, 2 * row, 2 * row + 1
        for k in range(count):
            x_k, b_k = x[k], b[k]
            if c < rows - 1:
                _add_coarse(x_k[c], coarse_x[k, row + 1], weights[0, row + 1], weights[1, row + 1])
            _add_between(x_k[i], coarse_x[k, row], coarse_x[k, row + 1], weights[2, row], weights[3, row])
            _scale(t, b_k[i], scale[k])
            _gather(
                t,
                x_k[a],
                x_k[c],
                south[a],
                down[a],
                back[a],
                south[i],
                down[i],
                back[i],
            )
            _relax_even_first(x_k[i], t, east[i], diagonal[i], y)
            _scale(t, b_k[a], scale[k])
            _gather(
                t,
                x_k[a - 1],
                x_k[i],
                south[a - 1],
                down[a - 1],
                back[a - 1],
                south[a],
                down[a],
                back[a],
            )
            _relax_even_first(x_k[a], t, east[a], diagonal[a], y)
