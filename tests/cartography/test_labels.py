"""Names: never over one another, never outside, the important ones first, the same each time."""

from __future__ import annotations

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
            ]
        )
    )
    return Label(draw(NAMES), geometry, STYLE, draw(st.integers(0, 3)), draw(st.booleans()))


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
