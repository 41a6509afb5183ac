"""Relief: a country worn by running water, so that every stream has a valley and flows down it.

The ground rises everywhere while water wears it away in proportion to the drained area and the slope
(the stream power law), until ridges, valleys and the plain agree. All water ends in the river,
whose course is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from bocage.demo.frame import COARSE_M, Frame
from bocage.demo.noise import hash_unit, smooth_noise
from bocage.grid import Grid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MARGIN_CELLS = 24
"""Country reckoned beyond the frame, so that streams enter it from outside."""
STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""The eight neighbours of a cell: row and column."""

_SEED = 11
_EPOCHS = 16
_UPLIFT_M = 7.0
_CONCAVITY = 0.45


@dataclass(frozen=True)
class Relief:
    """Relief and drainage on the coarse grid, with a margin around the frame.

    Attributes
    ----------
    grid : Grid
        The frame and its margin.
    elevation, height : (nrows, ncols) arrays
        Above the sea, and above the river where the water of the cell reaches it [m].
    slope : (nrows, ncols) array
        Tangent of the slope.
    drained : (nrows, ncols) array
        Area drained through each cell [km²].
    receiver : (nrows * ncols,) array of int
        Cell into which each one drains; itself on the river.
    plain : (nrows, ncols) array
        Distance to the river over the half-width of the plain: below 1 in the plain.
    """

    grid: Grid
    elevation: Floats
    height: Floats
    slope: Floats
    drained: Floats
    receiver: Ints
    plain: Floats

    def sample(self, values: Floats, easting: Floats, northing: Floats, *, smooth: bool = False) -> Floats:
        """Interpolate one of the arrays at places; ``smooth``: by cubic splines, without creases."""
        row = (self.grid.north - northing) / self.grid.cell - 0.5
        col = (easting - self.grid.west) / self.grid.cell - 0.5
        return np.asarray(
            ndimage.map_coordinates(values, [row, col], order=3 if smooth else 1, mode="nearest")
        )

    def inside(self, values: Floats) -> Floats:
        """Cut one of the arrays to the frame's coarse grid."""
        margin = MARGIN_CELLS
        return np.asarray(values[margin:-margin, margin:-margin])


def wear_relief(frame: Frame, river: Floats) -> Relief:
    """Make the relief around a river.

    Parameters
    ----------
    frame : Frame
    river : (n, 2) array
        The river from its upstream end, through the frame and its margin.

    Notes
    -----
    Stream power law solved implicitly from the river up (Braun & Willett 2013,
    doi:10.1016/j.geomorph.2012.10.008).
    The first surface is the cost distance to the river over uneven ground: it has no pits, and uniform
    uplift makes none.
    """
    grid = _grid_with_margin(frame)
    rows, cols = np.indices(grid.shape)
    easting, northing = grid.centre(rows, cols)
    is_river, base = _burn_river(grid, river)
    fixed = is_river.ravel()
    plain = _measure_plain(grid, river, easting, northing)

    # The hilly north resists, the plain does not.
    _, northward = frame.shares(easting, northing)
    hard = 1.0 + 0.9 * np.clip((northward - 0.45) * 3.0, 0.0, 1.0)
    # Chance in each cell keeps streams from running along the eight directions of the grid.
    uneven = np.exp(1.9 * smooth_noise(easting, northing, 3400.0, _SEED, octaves=4))
    uneven *= np.exp(2.2 * (hash_unit(_SEED + 1, np.arange(grid.size)).reshape(grid.shape) - 0.5))
    erodibility = np.where(plain < 1.0, 3.0, 0.30 / hard).ravel()
    # Heights are reckoned above the river, so that its own slope cannot dam the ground beside it.
    surface = 0.010 * _cost_distance(uneven, is_river).ravel()
    for _ in range(_EPOCHS):
        receiver, span = _find_receivers(surface.reshape(grid.shape), fixed)
        order = np.argsort(surface, kind="stable")
        drained = _accumulate(receiver, order)
        wear = erodibility * drained**_CONCAVITY / (span / COARSE_M)
        surface = _wear(surface, receiver, order, wear, fixed)
    receiver, _ = _find_receivers(surface.reshape(grid.shape), fixed)
    order = np.argsort(surface, kind="stable")
    drained = _accumulate(receiver, order)
    elevation = base + surface.reshape(grid.shape)
    smooth = ndimage.gaussian_filter(elevation, 1.0)
    return Relief(
        grid=grid,
        elevation=elevation,
        height=surface.reshape(grid.shape),
        slope=np.hypot(*np.gradient(smooth, COARSE_M)),
        drained=drained.reshape(grid.shape),
        receiver=receiver,
        plain=plain,
    )


def _grid_with_margin(frame: Frame) -> Grid:
    inner = frame.coarse
    pad = MARGIN_CELLS
    return Grid(
        inner.west - pad * inner.cell,
        inner.north + pad * inner.cell,
        inner.cell,
        inner.nrows + 2 * pad,
        inner.ncols + 2 * pad,
        inner.crs,
    )


def _burn_river(grid: Grid, river: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Mark the river's cells and give each cell the level of the nearest river cell [m]."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(river, axis=0).T))])
    level = 58.0 + 0.0007 * (along[-1] - along)
    row, col = grid.row_col(river[:, 0], river[:, 1])
    keep = grid.contains(row, col)
    is_river = np.zeros(grid.shape, dtype=bool)
    is_river[row[keep], col[keep]] = True
    levels = np.zeros(grid.shape)
    levels[row[keep], col[keep]] = level[keep]
    nearest = ndimage.distance_transform_edt(~is_river, return_distances=False, return_indices=True)
    return is_river, np.asarray(levels[tuple(nearest)])


def _measure_plain(grid: Grid, river: Floats, easting: Floats, northing: Floats) -> Floats:
    """Measure the distance to the smoothed river in half-widths of the plain, wide here and narrow there."""
    axis = shapely.LineString(river[::40])
    away = shapely.distance(axis, shapely.points(easting.ravel(), northing.ravel())).reshape(grid.shape)
    half_width = 470.0 + 260.0 * smooth_noise(easting, northing, 4200.0, _SEED + 5, octaves=2)
    return np.asarray(away / np.maximum(half_width, 230.0))


def grid_graph(cost: Floats) -> sparse.csr_matrix:
    """Link each cell to its eight neighbours at the mean cost of the two times their distance.

    Parameters
    ----------
    cost : (nrows, ncols) array
        Cost of crossing a cell, > 0.

    Returns
    -------
    (n, n) sparse matrix, n = nrows * ncols
    """
    nrows, ncols = cost.shape
    index = np.arange(nrows * ncols).reshape(nrows, ncols)
    heads, tails, weights = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = (slice(0, nrows - down), slice(max(-right, 0), ncols - max(right, 0)))
        b = (slice(down, nrows), slice(max(right, 0), ncols + min(right, 0)))
        heads.append(index[a].ravel())
        tails.append(index[b].ravel())
        weights.append((0.5 * np.hypot(down, right) * (cost[a] + cost[b])).ravel())
    head, tail, weight = np.concatenate(heads), np.concatenate(tails), np.concatenate(weights)
    return sparse.csr_matrix((weight, (head, tail)), shape=(index.size, index.size))


def _cost_distance(cost: Floats, sources: NDArray[np.bool_]) -> Floats:
    """Give the cost distance of each cell to the nearest source [m]."""
    distance = csgraph.dijkstra(
        grid_graph(cost), directed=False, indices=np.flatnonzero(sources), min_only=True
    )
    return np.asarray(distance.reshape(cost.shape) * COARSE_M)


def _find_receivers(surface: Floats, fixed: NDArray[np.bool_]) -> tuple[Ints, Floats]:
    """Find the steepest lower neighbour of each cell, and its distance [m]."""
    nrows, ncols = surface.shape
    index = np.arange(surface.size).reshape(surface.shape)
    padded = np.pad(surface, 1, constant_values=np.inf)
    best = np.zeros(surface.shape)
    receiver = index.copy()
    span = np.full(surface.shape, COARSE_M)
    for down, right in STEPS:
        distance = COARSE_M * float(np.hypot(down, right))
        fall = (surface - padded[1 + down : 1 + down + nrows, 1 + right : 1 + right + ncols]) / distance
        steeper = fall > best
        best[steeper] = fall[steeper]
        receiver[steeper] = index[steeper] + down * ncols + right
        span[steeper] = distance
    flat = receiver.ravel()
    flat[fixed] = index.ravel()[fixed]
    return flat, span.ravel()


def _accumulate(receiver: Ints, order: Ints) -> Floats:
    """Add up the area drained through each cell, from the highest down [km²]."""
    drained = [COARSE_M * COARSE_M / 1e6] * len(receiver)
    into = receiver.tolist()
    for cell in order[::-1].tolist():
        if into[cell] != cell:
            drained[into[cell]] += drained[cell]
    return np.array(drained)


def _wear(surface: Floats, receiver: Ints, order: Ints, wear: Floats, fixed: NDArray[np.bool_]) -> Floats:
    """Lift the ground and wear it for one epoch, from the river up."""
    level = np.where(fixed, surface, surface + _UPLIFT_M).tolist()
    into, factor = receiver.tolist(), wear.tolist()
    for cell in order.tolist():
        below = into[cell]
        if below != cell:
            level[cell] = (level[cell] + factor[cell] * level[below]) / (1.0 + factor[cell])
    return np.array(level)
