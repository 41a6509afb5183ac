"""The mosaic of patches that a raster of classes makes, measured once for all landscape metrics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

Reading = Literal["program", "text"]
"""How to read FRAGSTATS where its program and its documentation part (``build_mosaic``)."""

_BAND_ROWS = 512
_MAX_CLASSES = 65_535


@dataclass(frozen=True, slots=True, eq=False)
class Mosaic:
    """Patches of a class raster and what every metric is made of. Patches are numbered by first cell.

    Attributes
    ----------
    classes : (k,) array of int64
        Values of the classes, increasing.
    cell : float
        Side of a cell [m].
    labels : (nrows, ncols) array of int32
        1 + index of the patch of each cell; 0 without data.
    of_class : (n,) array of int64
        Index into ``classes`` of the class of each patch.
    cells, sides, core_cells, cores : (n,) array of int64
        Cells, outer sides, core cells and disjunct cores of each patch.
    contiguity : (n,) array of int64
        Sum over the cells of the contiguity template: 1, and 2 for each neighbour of the patch by a side, 1
        by a corner.
    gyration : (n,) array of float
        Mean distance of the cells to the centre [cells].
    diameter : (n,) array of float
        Diameter of the circumscribing circle [cells].
    circle : (n,) array of float
        1 - area / area of the circumscribing circle.
    nearest : (n,) array of float
        Distance to the nearest patch of the class [cells]; NaN where there is none.
    core_patch, core_size : (m,) array of int64
        Index of the patch and number of cells of each disjunct core.
    joins : (k + 1, k + 1) array of int64
        Sides shared by cells of two classes, counted once, symmetric; the last row and column
        stand for no data and for what lies beyond the raster.
    boundary : float
        Share of the sides along no data or the end of the raster that counts as edge in TE and ED.
    neighbours : int
        4 or 8.
    edge_depth_m : float
        Width of the edge that is not core [m].
    reading : {"program", "text"}
    """

    classes: NDArray[np.int64]
    cell: float
    labels: NDArray[np.int32]
    of_class: NDArray[np.int64]
    cells: NDArray[np.int64]
    sides: NDArray[np.int64]
    core_cells: NDArray[np.int64]
    cores: NDArray[np.int64]
    contiguity: NDArray[np.int64]
    gyration: NDArray[np.float64]
    diameter: NDArray[np.float64]
    circle: NDArray[np.float64]
    nearest: NDArray[np.float64]
    core_patch: NDArray[np.int64]
    core_size: NDArray[np.int64]
    joins: NDArray[np.int64]
    boundary: float
    neighbours: int
    edge_depth_m: float
    reading: Reading

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def class_cells(self) -> NDArray[np.int64]:
        """Cells of each class, (k,)."""
        found = np.zeros(len(self.classes), np.int64)
        np.add.at(found, self.of_class, self.cells)
        return found

    @property
    def total_cells(self) -> int:
        """Cells with data."""
        return int(self.cells.sum())


def build_mosaic(
    raster: NDArray[Any],
    grid: Grid | float,
    *,
    nodata: float | Sequence[float] | None = None,
    neighbours: int = 8,
    edge_depth_m: float | None = None,
    boundary: float = 0.0,
    reading: Reading = "program",
) -> Mosaic:
    """Find the patches of a raster of classes and measure what landscape metrics need.

    The landscape is all the cells with data; no data lies outside of it, as what is beyond the raster.
    Sides along either count in perimeters and in shape, aggregation and adjacency indices always, in TE and
    ED by the share ``boundary``, in CONTAG and IJI never; cells along them are not core.

    Parameters
    ----------
    raster : (nrows, ncols) array
        Whole numbers or booleans; NaN has no data.
    grid : Grid or float
        The raster's grid, or the side of its cells [m].
    nodata : number or sequence of numbers, optional
        Values without data.
    neighbours : {8, 4}
        Whether cells of a class that touch by a corner only are of one patch (8) or not (4). Disjunct cores
        go by the same rule.
    edge_depth_m : float, optional
        A cell is core if all cells whose centres are within this distance of its own have its class [m].
        One cell if not given; 0 makes all core.
    boundary : float
        From 0 (no edge, as in FRAGSTATS without a border) to 1 (all edge).
    reading : {"program", "text"}
        Where the program FRAGSTATS 4 does not follow its documentation: ``"program"`` gives the digits that
        it prints, ``"text"`` what its documentation defines.

        ========  ==========================================  ======================================
        metric    ``"program"``                               ``"text"``
        ========  ==========================================  ======================================
        GYRATE    to the point whose row and column halve     to the mean of the cell centres;
                  the patch's area; half a cell for a patch   0 for a patch of one cell
                  of one cell
        CIRCLE    the diameter is the longest distance        smallest circle around all corners;
                  between corners of cells; π = 3.1415        π
        NLSI      max e = Z + 4 (A - a) for classes over      max e = 3 A - 2 a (+ 3 for odd A) as
                  half the landscape                          long as a <= (A + B) / 2
        LSI       edges (of the class) over their least       0.25 E / √A: E the boundary of the
                  number                                      landscape and all edges (of the class)
        ========  ==========================================  ======================================

        Both give CIRCLE = 0 to a patch of one cell, as the documentation asks.

    Returns
    -------
    Mosaic

    Raises
    ------
    DataError
        If no cell has data, a value is not whole, there are more than 65 535 classes, the shape differs
        from the grid's, or an option is out of its range.

    Notes
    -----
    Memory beyond the raster: 6 bytes a cell, 20 a run of cells of one patch in a row while nearest
    neighbours are sought, and about 250 a patch. One thread.

    FRAGSTATS misses some disjunct cores of patches with several (105 of 5 714, 177 of 113 025 core cells, on
    its published run over Augusta): those that begin, in reading order, before an earlier core of the patch
    ends. All are counted here, under both readings.

    References
    ----------
    McGarigal K., Cushman S.A., Ene E. (2012, 2023), FRAGSTATS v4: Spatial Pattern Analysis Program for
    Categorical Maps, University of Massachusetts, Amherst.

    Examples
    --------
    >>> mosaic = build_mosaic(np.array([[1, 1, 2], [1, 2, 2], [2, 2, 2]]), 10.0)
    >>> mosaic.cells.tolist(), mosaic.sides.tolist()
    ([3, 6], [8, 12])
    """
    from bocage.kernels import landscape_metrics as kernels
    from bocage.kernels.nearest_patches import FAR, measure_nearest

    cell = _check_cell(raster, grid)
    depth = cell if edge_depth_m is None else float(edge_depth_m)
    if neighbours not in (4, 8):
        raise DataError(
            f"neighbours is {neighbours!r} where 4 (by a side) or 8 (or by a corner) was expected"
        )
    if not (depth == 0 or cell <= depth < math.inf):
        raise DataError(
            f"the edge depth is {edge_depth_m!r} m, which cells of {cell:g} m cannot show: "
            f"give 0, or at least {cell:g}"
        )
    if not 0 <= boundary <= 1:
        raise DataError(f"boundary is {boundary!r} where a share from 0 to 1 was expected")
    if reading not in ("program", "text"):
        raise DataError(f"reading is {reading!r} where 'program' or 'text' was expected")

    codes, classes = _encode(raster, nodata)
    ncodes = len(classes) + 1
    labels, count = kernels.label_patches(codes, neighbours == 8)
    code, cells, sides, template, row, col, box, joins = kernels.sum_patches(codes, labels, count, ncodes)
    if reading == "program":
        row = kernels.find_halves(labels, cells, box[0], box[1], True)
        col = kernels.find_halves(labels, cells, box[2], box[3], False)
    gyration = kernels.sum_distances(labels, row, col)[1:] / cells[1:]
    smallest, farthest = kernels.enclose_patches(labels, box[0], box[1])
    squared = (farthest if reading == "program" else smallest)[1:]
    pi = 3.1415 if reading == "program" else math.pi
    circle = np.where(cells[1:] == 1, 0.0, 1 - cells[1:] / (0.25 * pi * squared))
    if reading == "program":
        gyration[cells[1:] == 1] = 0.5
    core_patch, core_size = kernels.label_cores(codes, labels, _draw_disc(depth / cell), neighbours == 8)
    core_patch = core_patch.astype(np.int64) - 1
    best = measure_nearest(codes, labels, code, ncodes)[1:]
    nearest = np.where(best == FAR, np.nan, np.sqrt(best.astype(np.float64)))
    core_cells = np.zeros(count, np.int64)
    np.add.at(core_cells, core_patch, core_size)
    order = np.r_[1:ncodes, 0]
    joins = (joins + joins.T - np.diag(np.diag(joins)))[np.ix_(order, order)]
    joins[-1, -1] = 0
    return Mosaic(
        classes=classes,
        cell=cell,
        labels=labels,
        of_class=code[1:].astype(np.int64) - 1,
        cells=cells[1:],
        sides=sides[1:],
        core_cells=core_cells,
        cores=np.bincount(core_patch, minlength=count).astype(np.int64),
        contiguity=template[1:],
        gyration=gyration,
        diameter=np.sqrt(squared),
        circle=circle,
        nearest=nearest,
        core_patch=core_patch,
        core_size=core_size,
        joins=joins,
        boundary=float(boundary),
        neighbours=neighbours,
        edge_depth_m=depth,
        reading=reading,
    )


def _check_cell(raster: NDArray[Any], grid: Grid | float) -> float:
    if raster.ndim != 2:
        raise DataError(
            f"the raster of classes has {raster.ndim} dimensions where rows and columns were expected"
        )
    if isinstance(grid, Grid):
        if raster.shape != grid.shape:
            raise DataError(
                f"the raster of classes has {raster.shape[0]} × {raster.shape[1]} cells where its grid has "
                f"{grid.nrows} × {grid.ncols}: give the grid of this raster"
            )
        return float(grid.cell)
    if not (grid > 0 and math.isfinite(grid)):
        raise DataError(f"the side of a cell is {grid!r} where a positive number of metres was expected")
    return float(grid)


def _draw_disc(radius: float) -> NDArray[np.int64]:
    """Give the half width of a disc on each of its rows from the middle one down [cells].

    >>> _draw_disc(2.0).tolist()
    [2, 1, 0]
    """
    # A billionth of slack: 0.3 m of cells of 0.1 m are three cells, whatever the rounding.
    rows = np.arange(math.floor(radius * (1 + 1e-9)) + 1, dtype=np.float64)
    inside = np.maximum(radius * radius * (1 + 2e-9) - rows * rows, 0.0)
    return np.asarray(np.floor(np.sqrt(inside)), dtype=np.int64)


def _encode(
    raster: NDArray[Any], nodata: float | Sequence[float] | None
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Give each cell the number of its class, from 1 by increasing value, or 0 without data.

    By bands of rows, to keep memory low.
    """
    without = np.atleast_1d(np.asarray([] if nodata is None else nodata, dtype=np.float64))
    seen: NDArray[np.float64] = np.zeros(0)
    for first in range(0, raster.shape[0], _BAND_ROWS):
        band = raster[first : first + _BAND_ROWS]
        values = _list_values(band)
        seen = np.union1d(seen, values)
        if len(seen) > _MAX_CLASSES + len(without):
            raise DataError(
                f"the raster has over {_MAX_CLASSES} different values where classes were expected: "
                "give a raster of classes, not of measures"
            )
    seen = seen[~np.isin(seen, without)]
    odd = seen[~np.isfinite(seen) | (seen != np.rint(seen)) | (np.abs(seen) > 2**53)]
    if len(odd):
        listed = ", ".join(f"{value:g}" for value in odd[:5])
        raise DataError(
            f"the raster has values that are not whole numbers ({listed}): give the code of each class"
        )
    if not len(seen):
        raise DataError("no cell of the raster has data: check its value for no data")
    codes = np.zeros(raster.shape, np.uint16)
    whole = raster.dtype.kind in "iub" and seen[-1] - seen[0] < 1 << 20
    table = np.zeros(int(seen[-1] - seen[0]) + 1 if whole else 0, np.uint16)
    if whole:
        table[(seen - seen[0]).astype(np.int64)] = np.arange(1, len(seen) + 1)
    for first in range(0, raster.shape[0], _BAND_ROWS):
        band = raster[first : first + _BAND_ROWS]
        if whole:
            low = int(seen[0])
            at = band.astype(np.int64) - low
            known = (at >= 0) & (at < len(table))
            codes[first : first + _BAND_ROWS] = np.where(known, table[np.where(known, at, 0)], 0)
        else:
            found = np.minimum(np.searchsorted(seen, band.astype(np.float64)), len(seen) - 1)
            codes[first : first + _BAND_ROWS] = np.where(seen[found] == band, found + 1, 0)
    return codes, seen.astype(np.int64)


def _list_values(band: NDArray[Any]) -> NDArray[np.float64]:
    """List the different values of some rows, NaN left out."""
    if not band.size:
        return np.zeros(0)
    if band.dtype.kind in "iub":
        low, high = int(band.min()), int(band.max())
        if high - low < 1 << 20:
            present = np.zeros(high - low + 1, bool)
            present[(band.astype(np.int64) - low).ravel()] = True
            return (np.flatnonzero(present) + low).astype(np.float64)
    elif band.dtype.kind != "f":
        raise DataError(f"the raster is of type {band.dtype} where whole numbers were expected")
    values = np.unique(band).astype(np.float64)
    return values[~np.isnan(values)]
