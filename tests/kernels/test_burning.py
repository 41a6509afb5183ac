"""Lines laid on a grid."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from bocage.kernels.burning import burn_lines, trace_polyline, trace_segment

EIGHT = np.ones((3, 3), dtype=int)
FOUR = ndimage.generate_binary_structure(2, 1)

# Multiples of 1/8 fall on edges and corners often, and are exact in binary.
coordinate = st.integers(-40, 200).map(lambda eighths: eighths / 8)
point = st.tuples(coordinate, coordinate)


def burn(shape, lines, half_width=0.0, value=1):
    """Burn lines given as lists of (x, y) in cells on zeros."""
    codes = np.zeros(shape, dtype=np.uint16)
    vertices = np.array([vertex for line in lines for vertex in line], dtype=float)
    offsets = np.cumsum([0] + [len(line) for line in lines]).astype(np.int64)
    halves = np.full(len(lines), float(half_width))
    values = np.full(len(lines), value, dtype=np.uint16)
    burn_lines(codes, vertices[:, 0].copy(), vertices[:, 1].copy(), offsets, halves, values)
    return codes


def cells(x0, y0, x1, y1):
    """Trace a segment as a list of (row, col)."""
    rows, cols = trace_segment(x0, y0, x1, y1)
    return list(zip(rows.tolist(), cols.tolist(), strict=True))


class TestTraceSegment:
    """Tests for trace_segment."""

    def test_hand_worked_slope(self):
        """From (0.5, 0.5) to (2.5, 1.5) the line meets column 1 at row 0.75 and row 1 at column 1.5."""
        assert cells(0.5, 0.5, 2.5, 1.5) == [(0, 0), (0, 1), (1, 1), (1, 2)]

    def test_corner_is_passed_by_the_side(self):
        """A diagonal through corners steps along the columns first, never diagonally."""
        assert cells(0.5, 0.5, 2.5, 2.5) == [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]

    def test_point(self):
        """A segment of no length is its own cell, also on a corner."""
        assert cells(2.0, 3.0, 2.0, 3.0) == [(3, 2)]

    def test_along_an_edge(self):
        """A line on the edge between two rows takes the row below it only."""
        assert cells(0.0, 1.0, 3.0, 1.0) == [(1, 0), (1, 1), (1, 2), (1, 3)]

    @given(point, point)
    def test_same_cells_backwards(self, a, b):
        """The cells of a segment do not depend on its direction; their order does."""
        forwards = cells(*a, *b)

        assert cells(*b, *a) == forwards[::-1]

    @given(point, point)
    def test_each_step_shares_a_side(self, a, b):
        """Cells follow each other by a side, from the first end's cell to the last end's."""
        path = cells(*a, *b)

        assert path[0] == (math.floor(a[1]), math.floor(a[0]))
        assert path[-1] == (math.floor(b[1]), math.floor(b[0]))
        steps = [abs(r1 - r0) + abs(c1 - c0) for (r0, c0), (r1, c1) in pairwise(path)]
        assert set(steps) <= {1}

    @settings(deadline=None)
    @given(point, point)
    def test_no_cell_run_through_is_left_out(self, a, b):
        """Cut at every grid line, in exact fractions, the middle of each piece lies in a traced cell."""
        path = set(cells(*a, *b))
        x0, y0, x1, y1 = (Fraction(value) for value in (*a, *b))
        cuts = {Fraction(0), Fraction(1)}
        for start, end in ((x0, x1), (y0, y1)):
            if start != end:
                lines = range(math.ceil(min(start, end)), math.floor(max(start, end)) + 1)
                cuts |= {(line - start) / (end - start) for line in lines}
        ordered = sorted(cuts)
        for t0, t1 in pairwise(ordered):
            middle = (t0 + t1) / 2
            x, y = x0 + middle * (x1 - x0), y0 + middle * (y1 - y0)
            if x.denominator > 1 and y.denominator > 1:
                assert (math.floor(y), math.floor(x)) in path


class TestBurnLines:
    """Tests for burn_lines."""

    def test_width_takes_cells_by_their_centre(self):
        """A line along row centres, 3 cells wide, takes its row and one row on each side, not two."""
        codes = burn((7, 9), [[(0.0, 3.5), (9.0, 3.5)]], half_width=1.5)

        assert codes.any(axis=1).tolist() == [False, False, True, True, True, False, False]

    def test_centre_at_exactly_half_the_width(self):
        """A centre at half the width is inside, on both sides."""
        codes = burn((5, 5), [[(0.0, 2.5), (5.0, 2.5)]], half_width=1.0)

        assert codes.any(axis=1).tolist() == [False, True, True, True, False]

    def test_later_lines_cover_earlier_ones(self):
        """Where two lines cross, the one burnt last stays."""
        codes = np.zeros((3, 3), dtype=np.uint16)
        x, y = np.array([0.0, 3.0, 1.5, 1.5]), np.array([1.5, 1.5, 0.0, 3.0])
        burn_lines(codes, x, y, np.array([0, 2, 4]), np.zeros(2), np.array([5, 7], dtype=np.uint16))

        assert codes.tolist() == [[0, 7, 0], [5, 7, 5], [0, 7, 0]]

    @settings(deadline=None, max_examples=60)
    @given(st.lists(point, min_size=2, max_size=5), st.floats(0, 4))
    def test_width_is_the_distance_of_centres(self, line, half_width):
        """Brute force: a cell is burnt if its centre is near enough, or if the line runs through it."""
        burnt = burn((20, 20), [line], half_width) > 0
        rows, cols = trace_polyline(np.array([x for x, _ in line]), np.array([y for _, y in line]))
        expected = np.zeros((20, 20), dtype=bool)
        inside = (rows >= 0) & (rows < 20) & (cols >= 0) & (cols < 20)
        expected[rows[inside], cols[inside]] = True
        near = np.full((20, 20), np.inf)
        px, py = np.meshgrid(np.arange(20) + 0.5, np.arange(20) + 0.5)
        for (x0, y0), (x1, y1) in pairwise(line):
            squared = (x1 - x0) ** 2 + (y1 - y0) ** 2
            t = 0.0 if squared == 0 else ((px - x0) * (x1 - x0) + (py - y0) * (y1 - y0)) / squared
            t = np.clip(t, 0, 1)
            near = np.minimum(near, np.hypot(px - x0 - t * (x1 - x0), py - y0 - t * (y1 - y0)))
        sure_in, sure_out = near <= half_width, near > half_width + 1e-6

        assert np.all(burnt[expected])
        assert not burnt[~expected & sure_out].any()
        if half_width > 0:
            assert burnt[sure_in].all()

    @settings(deadline=None, max_examples=300)
    @given(st.lists(point, max_size=6), coordinate, coordinate, st.sampled_from([0.0, 0.2, 0.5, 1.3]))
    def test_a_spanning_line_cannot_be_slipped_through(self, between, left, right, half_width):
        """A barrier from the left edge to the right edge parts top from bottom for 8-neighbour movement.

        The line may wander, also outside the grid on the left and right; it is kept off the top and
        bottom rows so that there are two sides.
        """
        kept = [(x, min(max(y, 1.0), 17.9)) for x, y in between]
        line = [(-1.0, min(max(left, 1.0), 17.9)), *kept, (21.0, min(max(right, 1.0), 17.9))]
        barrier = np.zeros((19, 20), dtype=bool)
        barrier |= burn((19, 20), [line], half_width) > 0
        free = ~barrier
        if half_width > 0:
            # The width may reach the borders; add a free row at the top and bottom, then.
            free = np.vstack([np.ones(20, bool), free, np.ones(20, bool)])
        regions, _ = ndimage.label(free, structure=EIGHT)

        assert not set(regions[0][free[0]]) & set(regions[-1][free[-1]])

    @settings(deadline=None, max_examples=200)
    @given(st.lists(st.tuples(st.integers(0, 159), st.integers(0, 159)), min_size=1, max_size=7))
    def test_a_thin_line_is_one_piece(self, eighths):
        """A hedge one cell wide is a single 4-connected piece."""
        codes = burn((20, 20), [[(x / 8, y / 8) for x, y in eighths]])
        _, pieces = ndimage.label(codes, structure=FOUR)

        assert pieces == 1

    def test_lines_outside_leave_the_grid_alone(self):
        """A line wholly outside burns nothing; one partly outside burns what is inside."""
        assert not burn((4, 4), [[(-5.0, -5.0), (-1.0, -9.0)]], half_width=0.5).any()
        assert burn((4, 4), [[(-50.0, 1.5), (1.5, 1.5)]]).nonzero()[1].tolist() == [0, 1]
