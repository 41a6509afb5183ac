"""Outlines of labelled cells, with the stair steps of the raster smoothed away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.grid import Grid

if TYPE_CHECKING:
    from geopandas import GeoSeries

# Area of the corner that is cut, in cells: coverage_simplify drops a vertex when the triangle it
# makes with its neighbours is smaller than tolerance². The corner of a stair step of one cell
# makes half a cell², two cells along one down make one cell²: both go, real corners stay.
_TOLERANCE_CELLS = 1.05
# Smaller objects would lose their shape: their outline is kept as the cells draw it, unless they
# share a border, which the neighbour must keep too.
_SMOOTHED_FROM_CELLS = 4


def polygonise(labels: NDArray[Any], grid: Grid, *, simplify: bool = True) -> GeoSeries:
    """Draw the outline of the cells of each label.

    Parameters
    ----------
    labels : (nrows, ncols) array of int or bool
        Label of each cell; 0 is no object. A label need not be in one piece.
    grid : Grid
    simplify : bool
        Smooth stair steps at about one cell. Borders shared by two labels stay shared.

    Returns
    -------
    GeoSeries of MultiPolygon
        One valid geometry per label present, indexed by label (name ``"label"``), in
        increasing order. Areas of smoothed outlines differ a little from that of the cells.

    Notes
    -----
    Smoothing is the coverage simplification of GEOS (Visvalingam & Whyatt 1993 on a shared
    topology). Without it, rasterising the result gives the labels back.

    Examples
    --------
    >>> grid = Grid(0, 20, 10, nrows=2, ncols=3)
    >>> outline = polygonise(np.array([[0, 2, 2], [1, 0, 0]]), grid)
    >>> outline.area.to_dict()
    {1: 100.0, 2: 200.0}
    >>> outline[1].bounds
    (0.0, 0.0, 10.0, 10.0)
    """
    import geopandas
    import pandas
    import shapely

    if labels.shape != grid.shape:
        raise ValueError(f"labels have shape {labels.shape}, the grid {grid.shape}")
    cells = np.ascontiguousarray(labels, dtype=np.int32)
    present, outlines = _trace_cells(cells)
    if simplify and len(outlines):
        outlines = _smooth(outlines, _find_bordering(cells, present))
    west, north, cell = grid.west, grid.north, grid.cell
    outlines = shapely.transform(
        outlines, lambda xy: np.column_stack((west + xy[:, 0] * cell, north - xy[:, 1] * cell))
    )
    index = pandas.Index(present, name="label")
    return geopandas.GeoSeries(list(outlines), index=index, crs=grid.crs)


def _trace_cells(labels: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Trace labels as MultiPolygons in (column, row) coordinates, by increasing label."""
    import rasterio.features
    import shapely

    # 4-connected pieces: 8-connected ones would touch themselves at corners and be invalid.
    pieces = [
        (int(value), piece["coordinates"])
        for piece, value in rasterio.features.shapes(labels, mask=labels != 0, connectivity=4)
    ]
    if not pieces:
        return np.empty(0, np.int64), np.empty(0, object)
    pieces.sort(key=lambda piece: piece[0])  # stable: pieces of a label stay in raster order
    label = np.array([value for value, _ in pieces], dtype=np.int64)
    rings = [ring for _, piece in pieces for ring in piece]
    coordinates = np.array([vertex for ring in rings for vertex in ring], dtype=np.float64)
    ring_offsets = np.concatenate(([0], np.cumsum([len(ring) for ring in rings])))
    piece_offsets = np.concatenate(([0], np.cumsum([len(piece) for _, piece in pieces])))
    present, first = np.unique(label, return_index=True)
    label_offsets = np.append(first, len(label))
    outlines = shapely.from_ragged_array(
        shapely.GeometryType.MULTIPOLYGON, coordinates, (ring_offsets, piece_offsets, label_offsets)
    )
    return present, _as_multipolygons(outlines)


def _smooth(outlines: NDArray[np.object_], bordering: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Simplify outlines in cell coordinates as one coverage.

    ``bordering`` tells which labels share a side with another one.
    """
    import shapely

    kept = (shapely.area(outlines) < _SMOOTHED_FROM_CELLS) & ~bordering
    coverage = outlines
    if bordering.any():
        # A border shared by three labels has a vertex on one side only where the third begins:
        # a vertex at every cell corner makes a clean coverage. Whole numbers, so rounding is exact.
        coverage = shapely.transform(shapely.segmentize(outlines, 1.0), np.rint)
    smoothed = shapely.coverage_simplify(coverage, _TOLERANCE_CELLS)
    smoothed[kept] = outlines[kept]
    return _as_multipolygons(smoothed)


def _as_multipolygons(outlines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Repair what is invalid and make every geometry a MultiPolygon."""
    import shapely

    invalid = ~shapely.is_valid(outlines)
    if invalid.any():  # a ring that touches itself at a corner
        outlines[invalid] = shapely.make_valid(outlines[invalid], method="structure", keep_collapsed=False)
    for place in np.flatnonzero(shapely.get_type_id(outlines) == shapely.GeometryType.POLYGON):
        outlines[place] = shapely.multipolygons([outlines[place]])
    return outlines


def _find_bordering(labels: NDArray[np.int32], present: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which of the labels present share a side with another label."""
    touching = np.zeros(int(present[-1]) + 1 if len(present) else 1, dtype=bool)
    for one, other in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        border = (one != other) & (one != 0) & (other != 0)
        touching[one[border]] = True
        touching[other[border]] = True
    return touching[present]
