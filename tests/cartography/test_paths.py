"""Geometries as path data: exact to a hundredth of a millimetre, overlaps filled, nothing superfluous."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from bocage.cartography.frame import MapFrame
from bocage.cartography.paths import draw_marker, take_parts, write_hatch, write_markers, write_path
from bocage.cartography.symbols import Hatch, Marker

FRAME = MapFrame(700_000, 6_600_000, 25_000, 100, 80)
NUMBER = re.compile(r"-?\d+")


def read_path(path: str) -> list[list[tuple[int, int]]]:
    """Read the subpaths of a path of absolute moves and relative lines back as points."""
    subpaths = []
    for part in path.split("M")[1:]:
        start, steps = part.split("l")
        x, y = map(int, NUMBER.findall(start))
        points = [(x, y)]
        values = list(map(int, NUMBER.findall(steps)))
        for dx, dy in zip(values[::2], values[1::2], strict=True):
            points.append((points[-1][0] + dx, points[-1][1] + dy))
        subpaths.append(points)
    return subpaths


def signed_area(points: list[tuple[int, int]]) -> float:
    """Area by the shoelace formula; its sign tells which way a ring turns."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*points, points[0]])) / 2


@given(st.lists(st.tuples(st.floats(0, 2500), st.floats(0, 2000)), min_size=2, max_size=30))
def test_lines_are_exact(points: list[tuple[float, float]]) -> None:
    """A line read back is its points rounded to a hundredth of a millimetre, repeats left out."""
    ground = np.array(points) + np.array([700_000, 6_598_000])
    path = write_path(np.array([shapely.LineString(ground)]), "line", FRAME)

    expected: list[tuple[int, int]] = []
    for x, y in np.rint(FRAME.to_paper(ground) * 100).astype(int).tolist():
        if not expected or expected[-1] != (x, y):
            expected.append((x, y))
    assert read_path(path) == ([expected] if len(expected) > 1 else [])


def test_holes_turn_the_other_way() -> None:
    """Shells turn one way and holes the other whatever the input, so that overlaps stay filled."""
    ring = shapely.box(700_100, 6_599_100, 700_900, 6_599_900)
    hole = shapely.box(700_300, 6_599_300, 700_600, 6_599_600)
    holed = shapely.Polygon(ring.exterior, [hole.exterior])
    reversed_ = shapely.Polygon(list(ring.exterior.coords)[::-1], [list(hole.exterior.coords)[::-1]])

    for polygon in (holed, reversed_):
        outer, inner = read_path(write_path(np.array([polygon]), "polygon", FRAME))
        assert signed_area(outer) * signed_area(inner) < 0


def test_specks_are_left_out() -> None:
    """A polygon that is a point or a stroke on paper is not written."""
    speck = shapely.box(700_000, 6_599_000, 700_000.05, 6_599_000.05)

    assert write_path(np.array([speck]), "polygon", FRAME) == ""


def test_cut_with_margin() -> None:
    """What lies far outside is cut away, outside the frame so that no outline shows along the cut."""
    vast = shapely.box(600_000, 6_500_000, 800_000, 6_700_000)

    (part,) = take_parts([vast, None, shapely.Polygon()], "polygon", FRAME, margin_mm=3)

    west, south, east, north = FRAME.bounds
    assert part.bounds == pytest.approx((west - 75, south - 75, east + 75, north + 75))


def test_other_kinds_are_left_out() -> None:
    """A collection gives only its parts of the kind asked for, however deep."""
    line = shapely.LineString([(700_100, 6_599_000), (700_500, 6_599_000)])
    deep = shapely.GeometryCollection([shapely.GeometryCollection([line]), shapely.Point(700_100, 6_599_000)])

    assert [part.geom_type for part in take_parts([deep], "line", FRAME)] == ["LineString"]


@given(st.floats(0, 179), st.floats(0.5, 3), st.floats(5, 60), st.floats(5, 60))
def test_hatch_is_even(angle: float, spacing: float, width: float, height: float) -> None:
    """Hatch lines lie within the box, in the direction asked for, a spacing apart."""
    path = write_hatch(Hatch(angle, spacing, 0.2, "#000000"), (10, 20, 10 + width, 20 + height))

    offsets = []
    for part in path.split("M")[1:]:
        x0, y0, x1, y1 = (int(value) / 100 for value in NUMBER.findall(part))
        assert all(10 - 0.01 <= x <= 10 + width + 0.01 for x in (x0, x1))
        assert all(20 - 0.01 <= y <= 20 + height + 0.01 for y in (y0, y1))
        turn = math.radians(angle)
        offsets.append((x0 + x1) / 2 * math.sin(turn) + (y0 + y1) / 2 * math.cos(turn))
    steps = np.abs(np.diff(offsets))
    assert np.allclose(steps, spacing, atol=0.03)


def test_markers_once_a_place() -> None:
    """Points of the same place on paper are marked once."""
    points = np.array([shapely.Point(700_100, 6_599_000), shapely.Point(700_100.01, 6_599_000)])

    assert write_markers(points, Marker("diamond", 2.0), FRAME).count("M") == 1


@pytest.mark.parametrize("shape", ["diamond", "circle", "square", "triangle", "cross"])
def test_markers_have_their_height(shape: str) -> None:
    """Every marker is as high as it says, and centred."""
    path = draw_marker(1000, 1000, Marker(shape, 3.0))  # type: ignore[arg-type]
    if shape == "circle":
        assert path == "M850 1000a150 150 0 1 0 300 0a150 150 0 1 0-300 0z"
        return
    y = 0
    heights = []
    for letter, values in re.findall(r"([Mlhv])([^Mlhvz]*)", path):
        numbers = list(map(int, NUMBER.findall(values)))
        if letter == "M":
            y = numbers[1]
        elif letter == "l":
            for dy in numbers[1::2]:
                y += dy
                heights.append(y)
        elif letter == "v":
            y += numbers[0]
        heights.append(y)

    assert (min(heights), max(heights)) == (850, 1150)
