"""Habitat patches (taches d'habitat): connected habitat, its area, and the core deep inside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from bocage.grid import Grid
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    from bocage.landcover import LandCover
    from bocage.subnetwork import Subnetwork

_EIGHT = np.ones((3, 3), dtype=bool)
_BAND_ROWS = 512

NARROW_FEATURES = ("stream", "hedge", "track", "local_road")
"""Ground too narrow to part a habitat in two when it runs through it, as burnt on the grid."""


@dataclass(frozen=True)
class Patches:
    """Connected habitat above a minimum area, in reading order.

    Attributes
    ----------
    labels : (nrows, ncols) array of int32
        1 + index of the patch of each cell; 0 elsewhere.
    area_m2 : (n,) array of float
        Area [m²].
    first_cell : (n,) array of int
        Flat index of the first cell in row-major order, increasing.
    dropped : int
        Number of pieces of habitat below the minimum area.
    largest_m2 : float
        Area of the largest piece of habitat, kept or not; 0 without habitat [m²].
    """

    labels: NDArray[np.int32]
    area_m2: NDArray[np.float64]
    first_cell: NDArray[np.int64]
    dropped: int
    largest_m2: float

    def __len__(self) -> int:
        return len(self.area_m2)


def find_habitat(
    cover: LandCover, subnetwork: Subnetwork, *, bridged: tuple[str, ...] = NARROW_FEATURES
) -> NDArray[np.bool_]:
    """Tell which cells are habitat of a sub-network, narrow features that cross it included.

    A brook or a forest road is burnt on the grid one cell wide at least and would cut every
    wood it runs through. Cells of the ``bridged`` ground that are at most two cells wide with
    habitat on both sides (a morphological closing by one cell) therefore count as habitat.

    Returns
    -------
    (nrows, ncols) array of bool
    """
    from scipy import ndimage

    habitat = cover.where(subnetwork.habitat)
    narrow = cover.where(bridged) & ~habitat
    if not narrow.any():
        return habitat
    # The frame of one cell lets the dilation leave the grid: closing would eat its border otherwise.
    closed = ndimage.binary_closing(np.pad(habitat, 1), _EIGHT)[1:-1, 1:-1]
    return habitat | (cast("NDArray[np.bool_]", closed) & narrow)


def label_patches(habitat: NDArray[np.bool_], grid: Grid, *, min_ha: float) -> Patches:
    """Label the 8-connected pieces of habitat that reach a minimum area.

    Parameters
    ----------
    habitat : (nrows, ncols) array of bool
    grid : Grid
    min_ha : float
        Smaller pieces are dropped [ha].

    Returns
    -------
    Patches
        Numbered by their first cell in row-major order, whatever the labelling library does.

    Examples
    --------
    >>> grid = Grid(0, 200, 100, nrows=2, ncols=4)
    >>> habitat = np.array([[0, 1, 0, 1], [1, 0, 0, 0]], dtype=bool)
    >>> patches = label_patches(habitat, grid, min_ha=2)
    >>> patches.labels.tolist(), patches.area_m2.tolist(), patches.dropped
    ([[0, 1, 0, 0], [1, 0, 0, 0]], [20000.0], 1)
    """
    from scipy import ndimage

    pieces, count = ndimage.label(habitat, _EIGHT, output=np.int32)
    cells = np.bincount(pieces.ravel(), minlength=count + 1)
    area = cells * float(grid.cell_area)
    # A millionth of a cell of slack: 0.5 ha of cells of 10 m is 50 cells, whatever the rounding.
    kept = area >= min_ha * M2_PER_HA - 1e-6 * grid.cell_area
    kept[0] = False
    order, first = sort_by_first_cell(pieces, kept)
    number = np.zeros(count + 1, dtype=np.int32)
    number[order] = np.arange(1, len(order) + 1)
    return Patches(
        labels=number[pieces],
        area_m2=np.asarray(area[order], dtype=np.float64),
        first_cell=first,
        dropped=count - len(order),
        largest_m2=float(area[1:].max(initial=0.0)),
    )


def sort_by_first_cell(
    labels: NDArray[np.int32], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the kept labels by their first cell in row-major order, and those cells."""
    flat = labels.ravel()
    cells = np.flatnonzero(flat)[::-1]
    first = np.full(len(kept), -1, dtype=np.int64)
    first[flat[cells]] = cells  # written from the last cell to the first: the first one stays
    order = np.flatnonzero(kept & (first >= 0))
    order = order[np.argsort(first[order], kind="stable")]
    return order, first[order]


def find_core(
    habitat: NDArray[np.bool_],
    grid: Grid,
    *,
    edge_depth_m: float,
    known: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Tell which cells lie deeper inside the habitat than an edge depth.

    Parameters
    ----------
    habitat : (nrows, ncols) array of bool
    grid : Grid
    edge_depth_m : float
        A cell is core when its centre is farther than this from the border of the nearest
        cell that is not habitat, measured as the distance of the centres less half a cell [m].
    known : (nrows, ncols) array of bool, optional
        Cells that have data. What lies outside the grid or is not known is no edge.

    Returns
    -------
    (nrows, ncols) array of bool
    """
    from scipy import ndimage

    if edge_depth_m <= 0:
        return habitat.copy()
    inside = habitat if known is None else habitat | ~known
    core = habitat.copy()
    # In bands of rows, each with what lies within the depth around it: a transform takes some 50
    # bytes a cell, and an edge farther than the depth need not be seen.
    reach = math.ceil(edge_depth_m / grid.cell + 0.5) + 1
    band = max(_BAND_ROWS, 4 * reach)
    for row in range(0, grid.nrows, band):
        top = max(row - reach, 0)
        around = inside[top : row + band + reach]
        if not around.all():
            distance = ndimage.distance_transform_edt(around)[row - top : row - top + band]
            core[row : row + band] &= (distance - 0.5) * grid.cell > edge_depth_m
    return core


def core_area(
    labels: NDArray[Any],
    grid: Grid,
    *,
    edge_depth_m: float,
    known: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Measure the core of each patch.

    Parameters
    ----------
    labels : (nrows, ncols) array of int
        As ``Patches.labels``: 1 to n, 0 elsewhere.
    grid, edge_depth_m, known
        As for `find_core`.

    Returns
    -------
    (n,) array of float
        Core area of labels 1 to n [m²].

    Examples
    --------
    A square of 5 by 5 cells of 10 m: only 3 by 3 centres lie more than 10 m from its border.

    >>> labels = np.pad(np.ones((5, 5), dtype=int), 1)
    >>> core_area(labels, Grid(0, 70, 10, 7, 7), edge_depth_m=10).tolist()
    [900.0]
    """
    core = find_core(labels > 0, grid, edge_depth_m=edge_depth_m, known=known)
    count = int(labels.max(initial=0))
    cells = np.bincount(labels[core].ravel(), minlength=count + 1)[1 : count + 1]
    return np.asarray(cells * float(grid.cell_area), dtype=np.float64)
