"""What a sheet measures of each theme in its commune."""

from __future__ import annotations

import shapely

from bocage.atlas.series import SheetSpec
from bocage.atlas.summary import measure_all
from bocage.atlas.themes import select_drawn
from bocage.cartography.frame import MapFrame
from tests.atlas.networks import make_content, make_network, make_table, make_valley

COMMUNE = shapely.box(0, 0, 1_000, 1_000)
FRAME = MapFrame.around((-500.0, -500.0, 1_500.0, 1_500.0), 200, 200, margin=0.0)


def draw(**tables):
    """Select what is drawn of tables of geometries, all of it to preserve."""
    made = {
        name: make_table(name, [{"objective": "preserve"}] * len(shapes), shapes)
        for name, shapes in tables.items()
    }
    content = make_content(make_network(made), make_valley()[1], {})
    return select_drawn(content, SheetSpec(), FRAME, COMMUNE)


def test_corridors_are_measured_outside_reservoirs() -> None:
    """Half of the corridor lies in a reservoir: the sheet tells the other half, as the indicators do."""
    drawn = draw(
        corridor_s=[shapely.box(0, 0, 1_000, 100), shapely.box(0, 50, 1_000, 100)],
        reservoir_s=[shapely.box(0, 0, 500, 600)],
    )

    assert (drawn["corridor"].inside, drawn["corridor"].measure) == (2, 50_000)
    assert drawn["reservoir"].measure == 300_000


def test_touching_the_limit_is_not_being_inside() -> None:
    """Objects of the neighbour that share a piece of the limit are none of the commune's."""
    drawn = draw(
        reservoir_s=[shapely.box(1_000, 0, 1_200, 500)],
        corridor_l=[shapely.LineString([(1_000, 500), (1_400, 500)])],
    )

    assert (drawn["reservoir"].inside, drawn["reservoir"].measure) == (0, 0)
    assert (drawn["corridor_axis"].inside, drawn["corridor_axis"].measure) == (0, 0)
    assert len(drawn["reservoir"].objects) == 1


def test_points_on_the_limit_count() -> None:
    """A point has no size: on the limit, or anywhere inside, it is the commune's."""
    places = [shapely.Point(1_000, 500), shapely.Point(500, 500), shapely.Point(1_001, 500)]

    found = draw(obstacle_p=places)["obstacle_point"]

    assert (found.inside, found.measure) == (2, 2)


def test_surfaces_that_also_touch_the_limit() -> None:
    """What cutting leaves as lines and points, where a surface touches the limit, disturbs nothing."""
    # Half a ring: one arm lies inside, the other follows the limit from outside and touches a corner.
    hook = shapely.Polygon(
        [(500, 100), (900, 100), (900, -100), (0, -100), (0, 0), (400, 0), (400, -50), (500, -50)]
    )
    pieces = [hook, shapely.box(1_000, 0, 1_200, 500), shapely.box(200, 200, 400, 400)]

    drawn = draw(corridor_s=pieces, reservoir_s=[hook, shapely.box(300, 300, 1_000, 1_000)])

    # Of the square of 200 m, what the reservoir leaves.
    assert round(drawn["corridor"].measure) == 40_000 - 10_000


def test_symbols_the_figures_do_not_know() -> None:
    """With figures, only what they do not say is measured here: the axes of corridors."""
    content = make_content(make_network({}), make_valley()[1], {})
    figures = measure_all(content)["99005"]

    drawn = select_drawn(content, SheetSpec(), FRAME, COMMUNE, figures)

    assert drawn["corridor"].measure == 0 and drawn["corridor_axis"].measure == 0
