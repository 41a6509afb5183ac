"""Patches of a class raster, and what landscape metrics sum over cells, patches and pairs of neighbours.

Codes are ``(nrows, ncols)`` arrays of uint16, 0 where there is no data; what lies beyond the raster
counts as no data. Lengths are in cells. Codes are 2 bytes a cell and patch numbers 4; all else is by patch,
and by row and column of each patch.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from bocage.kernels.union import find_root, unite


@njit(cache=True, nogil=True)
def label_patches(codes, eight):
    """Label the connected cells of one code, from 1, by their first cell in row-major order.

    Parameters
    ----------
    codes : (nrows, ncols) array of uint16
        0 belongs to no patch.
    eight : bool
        Whether cells that touch by a corner are connected.

    Returns
    -------
    labels : (nrows, ncols) array of int32
        4 bytes a cell; 0 without data.
    count : int
    """
    nrows, ncols = codes.shape
    labels = np.zeros((nrows, ncols), np.int32)
    parent = np.zeros(1 << 12, np.int32)
    used = 0
    for i in range(nrows):
        for j in range(ncols):
            code = codes[i, j]
            if code == 0:
                continue
            root = np.int32(0)
            if j > 0 and codes[i, j - 1] == code:
                root = labels[i, j - 1]
            if i > 0:
                if codes[i - 1, j] == code:
                    # The cell above already joins what lies to the left and right of it.
                    root = labels[i - 1, j] if root == 0 else unite(parent, root, labels[i - 1, j])
                elif eight:
                    if j > 0 and codes[i - 1, j - 1] == code and root == 0:
                        root = labels[i - 1, j - 1]
                    if j + 1 < ncols and codes[i - 1, j + 1] == code:
                        right = labels[i - 1, j + 1]
                        root = right if root == 0 else unite(parent, root, right)
            if root == 0:
                used += 1
                if used == parent.size:
                    grown = np.zeros(parent.size * 2, np.int32)
                    grown[: parent.size] = parent
                    parent = grown
                parent[used] = used
                root = np.int32(used)
            labels[i, j] = root
    number = np.zeros(used + 1, np.int32)
    count = 0
    for label in range(1, used + 1):
        # Roots are smaller than what hangs on them, and in order of their first cell.
        if parent[label] == label:
            count += 1
            number[label] = count
        else:
            number[label] = number[find_root(parent, label)]
    for i in range(nrows):
        for j in range(ncols):
            labels[i, j] = number[labels[i, j]]
    return labels, count


@njit(cache=True, nogil=True)
def sum_patches(codes, labels, count, ncodes):
    """Sum what a pass over the cells can tell of every patch, and count neighbouring sides of codes.

    Parameters
    ----------
    codes : (nrows, ncols) array of uint16
        Below ``ncodes``.
    labels : (nrows, ncols) array of int32
        From 1 to ``count``; 0 without data.
    count, ncodes : int

    Returns
    -------
    code : (count + 1,) array of uint16
        Code of each patch.
    cells, sides, template : (count + 1,) array of int64
        Cells; outer sides; and the sum over cells of the contiguity template (1 for the cell itself,
        2 for each neighbour of the patch by a side, 1 by a corner).
    row, col : (count + 1,) array of float64
        Mean row and column of the cells.
    box : (4, count + 1) array of int32
        First and last row, first and last column.
    joins : (ncodes, ncodes) array of int64
        Sides shared by two cells, each once, left or upper code first; code 0 also stands for what lies
        beyond the raster.
    """
    nrows, ncols = labels.shape
    code = np.zeros(count + 1, np.uint16)
    cells = np.zeros(count + 1, np.int64)
    sides = np.zeros(count + 1, np.int64)
    template = np.zeros(count + 1, np.int64)
    row = np.zeros(count + 1)
    col = np.zeros(count + 1)
    box = np.zeros((4, count + 1), np.int32)
    joins = np.zeros((ncodes, ncodes), np.int64)
    for i in range(nrows):
        for j in range(ncols):
            here = codes[i, j]
            east = codes[i, j + 1] if j + 1 < ncols else np.uint16(0)
            south = codes[i + 1, j] if i + 1 < nrows else np.uint16(0)
            joins[here, east] += 1
            joins[here, south] += 1
            if i == 0:
                joins[0, here] += 1
            if j == 0:
                joins[0, here] += 1
            p = labels[i, j]
            if p == 0:
                continue
            if cells[p] == 0:
                code[p] = here
                box[0, p] = i
                box[2, p] = j
            box[1, p] = i
            box[2, p] = min(box[2, p], j)
            box[3, p] = max(box[3, p], j)
            cells[p] += 1
            row[p] += i
            col[p] += j
            beside = 0
            if j > 0 and labels[i, j - 1] == p:
                beside += 1
            if j + 1 < ncols and labels[i, j + 1] == p:
                beside += 1
            corner = 0
            for r in (i - 1, i + 1):
                if r < 0 or r == nrows:
                    continue
                if labels[r, j] == p:
                    beside += 1
                if j > 0 and labels[r, j - 1] == p:
                    corner += 1
                if j + 1 < ncols and labels[r, j + 1] == p:
                    corner += 1
            sides[p] += 4 - beside
            template[p] += 1 + 2 * beside + corner
    for p in range(1, count + 1):
        row[p] /= cells[p]
        col[p] /= cells[p]
    return code, cells, sides, template, row, col, box, joins


@njit(cache=True, nogil=True)
def find_halves(labels, cells, first, last, down):
    """Find the row, or column, that parts each patch into two equal areas.

    Parameters
    ----------
    labels : (nrows, ncols) array of int32
    cells : (count + 1,) array of int64
    first, last : (count + 1,) array of int32
        First and last row, or column, of each patch.
    down : bool
        Whether to count by row rather than by column.

    Returns
    -------
    (count + 1,) array of float64
        Where the parting line lies, in rows or columns; whole numbers are centres of cells.
        4 bytes for each row, or column, of each patch of working memory.
    """
    count = first.size - 1
    start = np.zeros(count + 2, np.int64)
    for p in range(1, count + 1):
        start[p + 1] = start[p] + last[p] - first[p] + 1
    tally = np.zeros(start[count + 1], np.int32)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            p = labels[i, j]
            if p != 0:
                tally[start[p] + (i if down else j) - first[p]] += 1
    half = np.zeros(count + 1)
    for p in range(1, count + 1):
        before = 0
        at = start[p]
        while 2 * (before + tally[at]) < cells[p]:
            before += tally[at]
            at += 1
        half[p] = first[p] + (at - start[p]) - 0.5 + (0.5 * cells[p] - before) / tally[at]
    return half


@njit(cache=True, nogil=True)
def sum_distances(labels, row, col):
    """Sum the distances of the cells of each patch to its centre, given by row and column.

    Returns
    -------
    (count + 1,) array of float64
        In cells.
    """
    total = np.zeros(row.size)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            p = labels[i, j]
            if p != 0:
                total[p] += np.sqrt((i - row[p]) ** 2 + (j - col[p]) ** 2)
    return total


@njit(cache=True, nogil=True)
def _turn(ay, ax, by, bx, cy, cx):
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@njit(cache=True, nogil=True)
def _enclose(ys, xs, count):
    """Give the squared diameter of the smallest circle around a convex polygon (Chrystal 1885).

    From a side, take the corner that sees it under the smallest angle; a right or obtuse angle leaves the
    side's own circle, an acute triangle its circumcircle, an obtuse one its longest side to go on with.
    """
    a, b = 0, 1
    while True:
        least = -1
        sharpest = -np.inf
        for v in range(count):
            if v in (a, b):
                continue
            dot = (ys[a] - ys[v]) * (ys[b] - ys[v]) + (xs[a] - xs[v]) * (xs[b] - xs[v])
            cross = abs(_turn(ys[v], xs[v], ys[a], xs[a], ys[b], xs[b]))
            if dot > 0 and dot / cross > sharpest:
                sharpest = dot / cross
                least = v
        side = (ys[a] - ys[b]) ** 2 + (xs[a] - xs[b]) ** 2
        if least < 0:
            return float(side)
        v = least
        to_a = (ys[a] - ys[v]) ** 2 + (xs[a] - xs[v]) ** 2
        to_b = (ys[b] - ys[v]) ** 2 + (xs[b] - xs[v]) ** 2
        if to_a > side + to_b:
            b = v
        elif to_b > side + to_a:
            a = v
        else:
            cross = _turn(ys[v], xs[v], ys[a], xs[a], ys[b], xs[b])
            # Diameter = product of the sides / twice the area of the triangle.
            return float(side) * float(to_a) * float(to_b) / (float(cross) * float(cross))


@njit(cache=True, nogil=True)
def enclose_patches(labels, first, last):
    """Measure the corners of all cells of each patch: their smallest circle, and their two farthest.

    Only the ends of a patch in each of its rows matter: 8 bytes for each row of each patch.

    Returns
    -------
    circle, farthest : (count + 1,) array of float64
        Squared diameter of the smallest circle around all, and squared distance of the two farthest
        from each other, in cells².
    """
    count = first.size - 1
    start = np.zeros(count + 2, np.int64)
    tallest = 0
    for p in range(1, count + 1):
        height = last[p] - first[p] + 1
        start[p + 1] = start[p] + height
        tallest = max(tallest, height)
    left = np.full(start[count + 1], np.int32(-1), np.int32)
    right = np.zeros(start[count + 1], np.int32)
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            p = labels[i, j]
            if p != 0:
                at = start[p] + i - first[p]
                if left[at] < 0:
                    left[at] = j
                right[at] = j + 1
    ys = np.zeros(4 * tallest + 4, np.int64)
    xs = np.zeros(4 * tallest + 4, np.int64)
    circle = np.zeros(count + 1)
    farthest = np.zeros(count + 1)
    for p in range(1, count + 1):
        height = start[p + 1] - start[p]
        size = 0
        # Down the left, then up the right, keeping strict turns: the convex hull, in order.
        for k in range(4 * height):
            h = k // 2 if k < 2 * height else (4 * height - 1 - k) // 2
            y = np.int64(h + (k % 2))
            x = np.int64(left[start[p] + h])
            if k >= 2 * height:
                y = np.int64(h + 1 - (k % 2))
                x = np.int64(right[start[p] + h])
            while size >= 2 and _turn(ys[size - 2], xs[size - 2], ys[size - 1], xs[size - 1], y, x) >= 0:
                size -= 1
            ys[size] = y
            xs[size] = x
            size += 1
        circle[p] = _enclose(ys, xs, size)
        longest = np.int64(0)
        for a in range(size):
            for b in range(a):
                longest = max(longest, (ys[a] - ys[b]) ** 2 + (xs[a] - xs[b]) ** 2)
        farthest[p] = longest
    return circle, farthest


@njit(cache=True, nogil=True)
def label_cores(codes, labels, widths, eight):
    """List the disjunct cores: cells whose whole surrounding disc has their code, connected to one another.

    What lies beyond the raster, or has no data, is another code. Beyond the input, memory is for
    ``widths.size * 2`` rows and by core.

    Parameters
    ----------
    codes : (nrows, ncols) array of uint16
    labels : (nrows, ncols) array of int32
        Patches.
    widths : (depth + 1,) array of int64
        Half width of the disc, 0, 1 ... rows away from its centre [cells].
    eight : bool

    Returns
    -------
    patch : (n,) array of int32
        Patch of each disjunct core, in order of their first cells.
    cells : (n,) array of int64
    """
    nrows, ncols = codes.shape
    depth = widths.size - 1
    ring = np.zeros((2 * depth + 1, ncols), np.int32)
    above = np.zeros(ncols, np.int32)
    line = np.zeros(ncols, np.int32)
    parent = np.zeros(1 << 12, np.int32)
    cells = np.zeros(1 << 12, np.int64)
    patch = np.zeros(1 << 12, np.int32)
    used = 0
    measured = 0
    for i in range(nrows):
        while measured < nrows and measured <= i + depth:
            # How far the run goes on both sides of each cell, at the least.
            reach = ring[measured % (2 * depth + 1)]
            run = 0
            for j in range(ncols):
                run = run + 1 if j > 0 and codes[measured, j] == codes[measured, j - 1] else 0
                reach[j] = run
            run = 0
            for j in range(ncols - 1, -1, -1):
                same = j + 1 < ncols and codes[measured, j] == codes[measured, j + 1]
                run = run + 1 if same else 0
                reach[j] = min(reach[j], run)
            measured += 1
        above, line = line, above
        for j in range(ncols):
            line[j] = 0
            code = codes[i, j]
            if code == 0 or i < depth or i + depth >= nrows:
                continue
            inside = ring[i % (2 * depth + 1), j] >= widths[0]
            dy = 1
            while inside and dy <= depth:
                up, down = i - dy, i + dy
                inside = (
                    codes[up, j] == code
                    and codes[down, j] == code
                    and ring[up % (2 * depth + 1), j] >= widths[dy]
                    and ring[down % (2 * depth + 1), j] >= widths[dy]
                )
                dy += 1
            if not inside:
                continue
            p = labels[i, j]
            root = np.int32(0)
            if j > 0 and line[j - 1] != 0 and labels[i, j - 1] == p:
                root = line[j - 1]
            if i > 0:
                low, high = (max(j - 1, 0), min(j + 1, ncols - 1)) if eight else (j, j)
                for c in range(low, high + 1):
                    if above[c] != 0 and labels[i - 1, c] == p:
                        root = above[c] if root == 0 else unite(parent, root, above[c])
            if root == 0:
                used += 1
                if used == parent.size:
                    parent = np.concatenate((parent, np.zeros(used, np.int32)))
                    cells = np.concatenate((cells, np.zeros(used, np.int64)))
                    patch = np.concatenate((patch, np.zeros(used, np.int32)))
                parent[used] = used
                patch[used] = p
                root = np.int32(used)
            line[j] = root
            cells[root] += 1
    count = 0
    for label in range(used, 0, -1):
        if parent[label] == label:
            count += 1
        else:
            cells[find_root(parent, label)] += cells[label]
    core_patch = np.zeros(count, np.int32)
    core_cells = np.zeros(count, np.int64)
    at = 0
    for label in range(1, used + 1):
        if parent[label] == label:
            core_patch[at] = patch[label]
            core_cells[at] = cells[label]
            at += 1
    return core_patch, core_cells
