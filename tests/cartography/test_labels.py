"""Names: never over one another, never outside, the important ones first, the same each time."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import Label, LabelStyle, break_text, measure_text, place_labels

FRAME = MapFrame(0, 8_000, 100_000, 100, 80)
STYLE = LabelStyle(2.5)
NAMES = st.sampled_from(
    [
        "Ors",
        "Le Cateau-Cambrésis",
        "Forêt de Mormal",
        "l’Œuf",
        "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson",
    ]
)
EASTING, NORTHING = st.floats(-2_000, 12_000), st.floats(-2_000, 10_000)


@st.composite
def labels(draw: st.DrawFn) -> Label:
    """Give a name of a point, a line or a polygon, perhaps outside the frame."""
    x, y = draw(EASTING), draw(NORTHING)
    geometry = draw(
        st.sampled_from(
            [
                shapely.Point(x, y),
                shapely.box(x, y, x + 2_500, y + 1_500),
                shapely.LineString([(x, y), (x + 3_000, y + 600), (x + 6_000, y + 500)]),
                shapely.Point(x, y).buffer(900),
                shapely.Point(x, y).buffer(3_000).exterior,
            ]
        )
    )
    repeat = draw(st.sampled_from([0.0, 30.0]))
    return Label(draw(NAMES), geometry, STYLE, draw(st.integers(0, 3)), draw(st.booleans()), repeat)


@settings(max_examples=60, deadline=None)
@given(st.lists(labels(), max_size=25))
def test_never_over_one_another(wanted: list[Label]) -> None:
    """Placed names do not overlap and lie inside the frame, and the same names give the same places."""
    placed = place_labels(wanted, FRAME)

    boxes = [label.box for label in placed]
    for i, box in enumerate(boxes):
        assert not any(box.intersects(other) for other in boxes[:i])
        assert shapely.box(0, 0, 100, 80).contains(box)
    assert place_labels(list(reversed(wanted)), FRAME) == place_labels(list(reversed(wanted)), FRAME)


def test_first_things_first() -> None:
    """Of two names with room for one, that of the lower priority number stands."""
    here = shapely.Point(5_000, 4_000).buffer(620)
    wanted = [Label("Le second", here, STYLE, 2), Label("Le premier", here, STYLE, 1)]

    assert place_labels(wanted, FRAME)[0].lines == ("Le premier",)


def test_points_are_avoided() -> None:
    """A name takes the place without a marker, though it would rather stand on the right."""
    point = shapely.Point(5_000, 4_000)
    (free,) = place_labels([Label("Ors", point, STYLE)], FRAME)
    (moved,) = place_labels([Label("Ors", point, STYLE)], FRAME, avoid=[shapely.Point(5_300, 4_000)])

    assert free.x > 50 > moved.x


def test_along_a_line() -> None:
    """The name of a slanting river runs along it, above it, and reads from left to right."""
    river = shapely.LineString([(9_000, 1_000), (1_000, 5_000)])

    (label,) = place_labels([Label("la Sambre", river, STYLE)], FRAME)

    assert round(label.angle, 1) == 26.6
    assert label.y < 80 - (9_000 - label.x * 100) / 8_000 * 40 - 10


def test_crooked_line_has_no_name() -> None:
    """A line too crooked for its name goes without."""
    zigzag = shapely.LineString([(1_000 + 300 * i, 4_000 + 900 * (i % 2)) for i in range(25)])

    assert place_labels([Label("Ruisseau", zigzag, STYLE)], FRAME) == []


def test_words_follow_a_bend() -> None:
    """Along a bent river each word takes its own turn, in reading order, outside the bend of the line."""
    turns = np.radians(np.linspace(180, 0, 60))
    river = shapely.LineString(
        np.column_stack([5_000 + 1_700 * np.cos(turns), 3_500 + 1_700 * np.sin(turns)])
    )

    for course in (river, river.reverse()):
        placed = place_labels([Label("Ruisseau du Gué aux Bœufs", course, STYLE)], FRAME)

        assert [label.lines for label in placed] == [("Ruisseau",), ("du",), ("Gué",), ("aux",), ("Bœufs",)]
        assert {label.name for label in placed} == {"Ruisseau du Gué aux Bœufs"}
        assert [label.x for label in placed] == sorted(label.x for label in placed)
        # Rising on the left of the arch, falling on its right: clockwise turns grow.
        angles = [label.angle for label in placed]
        assert angles == sorted(angles) and angles[0] < -20 and angles[-1] > 20
        paper = shapely.transform(course, FRAME.to_paper)
        for label in placed:
            assert 0.3 < label.box.distance(paper) < 2.0


def test_wiggles_do_not_hinder() -> None:
    """A stream that wavers within half a millimetre is named as a straight one."""
    x = np.linspace(1_000, 9_000, 400)
    stream = shapely.LineString(np.column_stack([x, 4_000 + 45 * np.sin(x / 40)]))

    (label,) = place_labels([Label("la Brèche", stream, STYLE)], FRAME)

    assert abs(label.angle) < 6
    assert not label.box.intersects(shapely.transform(stream, FRAME.to_paper))


def test_second_stretch_is_tried() -> None:
    """Where the longest stretch of a river is too crooked, its name stands on another."""
    crooked = [(1_000 + 300 * i, 6_000 + 900 * (i % 2)) for i in range(25)]
    river = shapely.MultiLineString([crooked, [(2_000, 1_000), (5_000, 1_000)]])

    (label,) = place_labels([Label("la Brèche", river, STYLE)], FRAME)

    assert label.y > 60


def test_repeated_along_a_road() -> None:
    """A long road is named again, its names at least as far from each other as asked; others once."""
    road = shapely.LineString([(100, 4_000), (9_900, 4_100)])

    (once,) = place_labels([Label("D 934", road, STYLE)], FRAME)
    placed = place_labels([Label("D 934", road, STYLE, repeat_mm=30.0)], FRAME)

    assert len(placed) == 3
    assert once in placed
    x = sorted(label.x for label in placed)
    assert min(np.diff(x)) >= 29.5


def test_long_name_in_two_lines() -> None:
    """A name wider than its polygon is broken in two lines."""
    polygon = shapely.box(3_500, 3_000, 6_800, 5_000)
    name = "Saint-Remy-en-Bouzemont-Saint-Genest"

    (label,) = place_labels([Label(name, polygon, STYLE)], FRAME)

    assert label.lines == ("Saint-Remy-en-", "Bouzemont-Saint-Genest")
    assert len(label.baselines) == 2


def test_sliver_has_no_name() -> None:
    """A polygon of which only a sliver is in the frame is not named, unless that is required."""
    sliver = shapely.box(-3_000, 1_000, 150, 7_000)

    assert place_labels([Label("Landrecies", sliver, STYLE)], FRAME) == []


def test_measure_grows_with_spacing() -> None:
    """Spacing adds its share of the size between letters, not after the last."""
    wide = LabelStyle(2.0, spacing=0.1)

    assert round(measure_text("Ors", wide) - measure_text("Ors", LabelStyle(2.0)), 9) == 0.4


def test_unbreakable_name() -> None:
    """A name of one word stays whole."""
    assert break_text("Compiègne", STYLE) == ("Compiègne",)
