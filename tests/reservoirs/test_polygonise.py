"""Outlines of labels: exact without smoothing, valid and sharing borders with it."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio.features
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rasterio.transform import Affine

from bocage.grid import Grid
from bocage.reservoirs.polygonise import polygonise

LABELS = hnp.arrays(np.int32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 4))


def make_grid(labels: np.ndarray) -> Grid:
    """Place labels at a corner that is no multiple of the cell."""
    return Grid(700_003.0, 6_600_007.0, 10.0, *labels.shape)


@settings(max_examples=80, deadline=None)
@given(LABELS)
def test_rasterising_the_exact_outlines_gives_the_labels_back(labels):
    """Without smoothing nothing is lost: outline then rasterise is the identity."""
    grid = make_grid(labels)

    outlines = polygonise(labels, grid, simplify=False)
    shapes = [(geometry, int(label)) for label, geometry in outlines.items()]
    back = (
        rasterio.features.rasterize(
            shapes, out_shape=grid.shape, transform=Affine(*grid.affine), dtype="int32"
        )
        if shapes
        else np.zeros(grid.shape, np.int32)
    )

    np.testing.assert_array_equal(back, labels)
    assert outlines.index.tolist() == sorted(set(labels[labels > 0].tolist()))


@settings(max_examples=80, deadline=None)
@given(LABELS)
def test_smoothed_outlines_are_valid_multipolygons_within_the_grid(labels):
    """Whatever the labels, smoothing gives one valid MultiPolygon a label, none beyond the grid."""
    grid = make_grid(labels)

    outlines = polygonise(labels, grid)

    assert outlines.is_valid.all()
    assert set(outlines.geom_type) <= {"MultiPolygon"}
    assert (outlines.area > 0).all()
    assert shapely.covers(shapely.box(*grid.bounds).buffer(1e-6), outlines.to_numpy()).all()


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.int32, (10, 10), elements=st.integers(1, 3)))
def test_shared_borders_stay_shared(labels):
    """Labels that fill the grid leave no gap between them once smoothed, and do not overlap.

    Only the corners of the grid may be cut, where labels meet its sides within two cells: by the
    triangle of one cell by two at most, an area of one cell each.
    """
    outlines = polygonise(labels, make_grid(labels))

    union = shapely.union_all(outlines.to_numpy())
    assert outlines.area.sum() == pytest.approx(union.area)
    assert 10 * 10 * 100.0 - 4 * 100.0 - 1e-6 <= union.area <= 10 * 10 * 100.0 + 1e-6
    assert shapely.get_num_interior_rings(shapely.get_parts(union)).sum() == 0


def test_a_staircase_becomes_a_slope():
    """A right triangle of cells, ten steps high: the ten steps of the hypotenuse are one line."""
    labels = np.tril(np.ones((10, 10), dtype=np.int32))

    outline = polygonise(labels, Grid(0, 100, 10, 10, 10))[1]

    # Four or five corners are left of the 22 of the staircase; the longest side is the hypotenuse.
    assert shapely.get_num_coordinates(outline) <= 7
    steps = shapely.get_coordinates(outline)
    longest = np.hypot(*np.diff(steps, axis=0).T).max()
    assert longest > 9 * np.hypot(10, 10) - 1e-9


def test_a_rectangle_and_a_single_cell_keep_their_corners():
    """Smoothing takes steps away, not corners: areas are those of the cells."""
    labels = np.zeros((6, 8), dtype=np.int32)
    labels[1:4, 1:5] = 1
    labels[5, 7] = 2

    outlines = polygonise(labels, Grid(0, 60, 10, 6, 8))

    assert outlines.area.to_dict() == {1: 1200.0, 2: 100.0}
    assert outlines[2].bounds == (70.0, 0.0, 80.0, 10.0)


def test_no_label_gives_an_empty_series():
    """A grid without objects has no outline, in the CRS of the grid."""
    outlines = polygonise(np.zeros((3, 3), dtype=np.int32), Grid(0, 30, 10, 3, 3))

    assert len(outlines) == 0
    assert outlines.crs.to_epsg() == 2154


def test_labels_of_another_shape_are_refused():
    """Labels that are not on the grid are a mistake of the caller."""
    with pytest.raises(ValueError, match=r"labels have shape \(2, 2\), the grid \(3, 3\)"):
        polygonise(np.ones((2, 2), dtype=np.int32), Grid(0, 30, 10, 3, 3))
