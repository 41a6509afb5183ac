"""Accumulated cost over a raster by tiled row sweeps on packed labels.

A label is one 64-bit word, ``cost << shift | source``: a single ``min`` carries the cost and
the source, and equal costs go to the smaller source. The labels wanted are the unique fixed
point of ``label[v] = min over neighbours u (label[u] + weight(u, v))``, so the order of work,
the tiles and the threads cannot change a bit of the result: it equals Dijkstra's.

The cost between two cell centres is ``length * (r1 + r2) / 2``. It is counted in whole units:
half a straight step over resistance r weighs ``K_STRAIGHT * r``, half a diagonal one
``K_DIAGONAL * r``, where 1393 / 985 differs from the square root of 2 by 2.6e-7 of it.

Work on a tile: a row absorbs its neighbour row with a vectorised minimum of three labels, then
closes along itself by two prefix-minimum chains; only a row that changed wakes its neighbours.
A tile whose border can improve a neighbour tile wakes it for the next round.

Threads visit the tiles of a round at once, and read halos while other threads lower them. No wake-up
is lost, because at the start of every round each step from u to v satisfies
``label[v] <= label[u] + weight(u, v)`` or the tile of v is awake:

- Only the thread on its tile writes a cell, once a round, and labels only fall: a step that satisfies it
  goes on doing so until u falls.
- Steps inside a tile satisfy it when a visit ends, whatever halo the visit saw.
- When u falls in a visit, the visit compares the new label of u with v as it finds it, old or new. Either
  the step satisfies it, hence later too, or the tile of v is woken and sees the new u in the next round.
- When u does not fall in a round in which the tile of v was awake, the visit of that tile saw u as it is.

Rounds are parted by the end of their threads, so each sees all that the one before wrote; a label is one
aligned word, which no 64-bit processor tears. Every label is at all times the cost of a true path and
weights are positive, so the run ends; no tile is awake then, hence every step satisfies it: the fixed point.

Memory: 8 bytes a cell for labels and 2 for codes; a tile's scratch is about 0.9 MB a thread.
"""

from __future__ import annotations

import numpy as np
from numba import njit

K_STRAIGHT = 985
K_DIAGONAL = 1393
UNREACHED = np.int64(1 << 61)
"""Label of a cell that no source reaches; also the half weight of a barrier, so that a sum never wins."""
TILE = 192
"""Cells along a tile's side: labels and weights of a tile stay in the second-level cache."""


@njit(cache=True, nogil=True, error_model="numpy")
def _absorb_row(above, row, straight_above, diagonal_above, straight, diagonal, width):
    """Lower a row by moves from its neighbour row; tell whether anything changed."""
    changed = np.int64(0)
    for j in range(1, width - 1):
        from_left = above[j - 1] + diagonal_above[j - 1] + diagonal[j]
        from_right = above[j + 1] + diagonal_above[j + 1] + diagonal[j]
        from_straight = above[j] + straight_above[j] + straight[j]
        old = row[j]
        new = min(min(from_left, from_right), min(from_straight, old))
        changed |= new ^ old
        row[j] = new
    return changed != 0


@njit(cache=True, nogil=True, error_model="numpy")
def _close_row(row, straight, forward, backward, width):
    """Close a row under its own moves: a prefix minimum each way, then the lower of both."""
    rising = row[0]
    falling = row[width - 1]
    weight_rising = straight[0]
    weight_falling = straight[width - 1]
    for t in range(1, width - 1):
        here = straight[t]
        rising = min(row[t], rising + weight_rising + here)
        weight_rising = here
        forward[t] = rising
        q = width - 1 - t
        there = straight[q]
        falling = min(row[q], falling + weight_falling + there)
        weight_falling = there
        backward[q] = falling
    for t in range(1, width - 1):
        row[t] = min(forward[t], backward[t])


@njit(cache=True, nogil=True, error_model="numpy")
def _sweep_tile(labels, straight, diagonal, height, width, from_above, from_below, forward, backward):
    """Sweep down and up until no row is awake. ``from_above[i]``: row i must absorb row i - 1."""
    span = width + 2
    awake = True
    while awake:
        awake = False
        for i in range(1, height + 1):
            if from_above[i]:
                from_above[i] = 0
                awake = True
                if _absorb_row(
                    labels[i - 1], labels[i], straight[i - 1], diagonal[i - 1], straight[i], diagonal[i], span
                ):
                    _close_row(labels[i], straight[i], forward, backward, span)
                    if i < height:
                        from_above[i + 1] = 1
                    if i > 1:
                        from_below[i - 1] = 1
        for i in range(height, 0, -1):
            if from_below[i]:
                from_below[i] = 0
                awake = True
                if _absorb_row(
                    labels[i + 1], labels[i], straight[i + 1], diagonal[i + 1], straight[i], diagonal[i], span
                ):
                    _close_row(labels[i], straight[i], forward, backward, span)
                    if i < height:
                        from_above[i + 1] = 1
                    if i > 1:
                        from_below[i - 1] = 1


@njit(cache=True, nogil=True, error_model="numpy")
def _visit_tile(
    field, codes, half_straight, half_diagonal, first, row0, row1, col0, col1,
    labels, straight, diagonal, from_above, from_below, forward, backward,
):  # fmt: skip
    """Solve one tile against its present halo; give the 9-bit mask of neighbour tiles it can improve.

    ``row0:row1, col0:col1`` index the padded arrays; the halo is read, never written.
    """
    height = row1 - row0
    width = col1 - col0
    for i in range(height + 2):
        for j in range(width + 2):
            labels[i, j] = field[row0 - 1 + i, col0 - 1 + j]
            code = codes[row0 - 1 + i, col0 - 1 + j]
            straight[i, j] = half_straight[code]
            diagonal[i, j] = half_diagonal[code]
        from_above[i] = 0
        from_below[i] = 0
    awake = first
    if first:
        for i in range(1, height + 1):
            _close_row(labels[i], straight[i], forward, backward, width + 2)
            from_above[i] = 1
            from_below[i] = 1
    else:
        # Only the halo can have changed: absorb its rows, then its columns.
        top = _absorb_row(labels[0], labels[1], straight[0], diagonal[0], straight[1], diagonal[1], width + 2)
        bottom = _absorb_row(
            labels[height + 1], labels[height], straight[height + 1], diagonal[height + 1],
            straight[height], diagonal[height], width + 2,
        )  # fmt: skip
        for i in range(1, height + 1):
            moved = (i == 1 and top) or (i == height and bottom)
            for side in range(2):
                x = 0 if side == 0 else width + 1
                inner = 1 if side == 0 else width
                best = labels[i, inner]
                for k in range(-1, 2):
                    if k == 0:
                        step = straight[i, x] + straight[i, inner]
                    else:
                        step = diagonal[i + k, x] + diagonal[i, inner]
                    if labels[i + k, x] + step < best:
                        best = labels[i + k, x] + step
                        moved = True
                labels[i, inner] = best
            if moved:
                awake = True
                _close_row(labels[i], straight[i], forward, backward, width + 2)
                if i < height:
                    from_above[i + 1] = 1
                if i > 1:
                    from_below[i - 1] = 1
    if not awake:
        return 0
    _sweep_tile(labels, straight, diagonal, height, width, from_above, from_below, forward, backward)
    wake = 0
    for side in range(4):
        count = width if side < 2 else height
        for t in range(count):
            i = 1 if side == 0 else height if side == 1 else t + 1
            j = 1 if side == 2 else width if side == 3 else t + 1
            label = labels[i, j]
            if label >= UNREACHED or (not first and label == field[row0 - 1 + i, col0 - 1 + j]):
                continue
            for k in range(-1, 2):
                vi = 0 if side == 0 else height + 1 if side == 1 else i + k
                vj = 0 if side == 2 else width + 1 if side == 3 else j + k
                if k == 0:
                    step = straight[i, j] + straight[vi, vj]
                else:
                    step = diagonal[i, j] + diagonal[vi, vj]
                if label + step < field[row0 - 1 + vi, col0 - 1 + vj]:
                    down = 0 if vi < 1 else 2 if vi > height else 1
                    across = 0 if vj < 1 else 2 if vj > width else 1
                    wake |= 1 << (down * 3 + across)
    for i in range(1, height + 1):
        for j in range(1, width + 1):
            field[row0 - 1 + i, col0 - 1 + j] = labels[i, j]
    return wake


@njit(cache=True, nogil=True, error_model="numpy")
def visit_tiles(field, codes, half_straight, half_diagonal, tiles, seen, wake, tile):
    """Visit a list of tiles; mark in ``wake`` those whose halo can now improve.

    Parameters
    ----------
    field : (nrows + 2, ncols + 2) array of int64
        Labels, lowered in place. The outer ring stays ``UNREACHED``.
    codes : (nrows + 2, ncols + 2) array of uint16
        Resistance codes; the outer ring is 0, a barrier.
    half_straight, half_diagonal : (ncodes,) array of int64
        Half weights shifted to the cost bits; ``UNREACHED`` for a barrier.
    tiles : (n,) array of int64
        Tiles to visit, numbered row by row.
    seen, wake : (ntiles,) array of uint8
        Whether a tile was ever solved; whether it must be visited in the next round.
    tile : int
        Cells along a tile's side.
    """
    nrows = field.shape[0] - 2
    ncols = field.shape[1] - 2
    down = (nrows + tile - 1) // tile
    across = (ncols + tile - 1) // tile
    labels = np.empty((tile + 2, tile + 2), np.int64)
    straight = np.empty((tile + 2, tile + 2), np.int64)
    diagonal = np.empty((tile + 2, tile + 2), np.int64)
    from_above = np.zeros(tile + 2, np.uint8)
    from_below = np.zeros(tile + 2, np.uint8)
    forward = np.empty(tile + 2, np.int64)
    backward = np.empty(tile + 2, np.int64)
    for q in range(tiles.size):
        t = tiles[q]
        ty = t // across
        tx = t - ty * across
        row0 = 1 + ty * tile
        col0 = 1 + tx * tile
        first = seen[t] == 0
        seen[t] = 1
        mask = _visit_tile(
            field, codes, half_straight, half_diagonal, first,
            row0, min(row0 + tile, nrows + 1), col0, min(col0 + tile, ncols + 1),
            labels, straight, diagonal, from_above, from_below, forward, backward,
        )  # fmt: skip
        for k in range(9):
            if (mask >> k) & 1:
                y = ty + k // 3 - 1
                x = tx + k % 3 - 1
                if 0 <= y < down and 0 <= x < across:
                    wake[y * across + x] = 1


@njit(cache=True, nogil=True, error_model="numpy")
def plant_sources(field, codes, half_straight, sources, has_source, tile):
    """Set the labels of source cells to their number and all others to ``UNREACHED``.

    A source on a barrier is left out. ``has_source`` marks the tiles that hold one.
    """
    nrows = sources.shape[0]
    ncols = sources.shape[1]
    across = (ncols + tile - 1) // tile
    for i in range(nrows + 2):
        for j in range(ncols + 2):
            field[i, j] = UNREACHED
    for i in range(nrows):
        for j in range(ncols):
            if sources[i, j] > 0 and half_straight[codes[i + 1, j + 1]] < UNREACHED:
                field[i + 1, j + 1] = sources[i, j]
                has_source[(i // tile) * across + j // tile] = 1


@njit(cache=True, nogil=True, error_model="numpy")
def is_saturated(field, codes, half_straight):
    """Tell whether a passable cell stayed unreached beside a reached one: the cost bits ran out."""
    for i in range(1, field.shape[0] - 1):
        for j in range(1, field.shape[1] - 1):
            if field[i, j] >= UNREACHED and half_straight[codes[i, j]] < UNREACHED:
                for y in range(i - 1, i + 2):
                    for x in range(j - 1, j + 2):
                        if field[y, x] < UNREACHED:
                            return True
    return False
