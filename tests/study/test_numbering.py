"""Identifiers in one series, and the cut at the study area's edge."""

from __future__ import annotations

import geopandas
import shapely

from bocage.study.numbering import keep_inside, number_objects

AREA = shapely.box(0, 0, 10, 10)


def table(*shapes: shapely.Geometry) -> geopandas.GeoDataFrame:
    """Make a table of shapes with empty identifiers and a measure."""
    return geopandas.GeoDataFrame(
        {"id": "", "area_ha": 7.0}, geometry=list(shapes), crs=2154, index=range(len(shapes))
    )


def test_objects_of_the_area_are_numbered_first_and_without_gaps() -> None:
    """Two tables; one object of the first lies outside and comes last."""
    first = table(shapely.box(20, 0, 21, 1), shapely.box(0, 0, 1, 1))
    second = table(shapely.box(2, 0, 3, 1))

    numbered = number_objects([first, second], "FR00", "RS", AREA)

    assert numbered[0]["id"].tolist() == ["FR00RS3", "FR00RS1"]
    assert numbered[1]["id"].tolist() == ["FR00RS2"]
    assert first["id"].tolist() == ["", ""]


def test_what_only_touches_the_area_takes_no_number_of_what_is_published() -> None:
    """A square beside the area and a line that ends on its edge are not published: they come last.

    A line along the edge and a point on it are, and keep their place.
    """
    surfaces = table(shapely.box(10, 0, 12, 1), shapely.box(0, 0, 1, 1))
    lines = table(
        shapely.LineString([(10, 5), (15, 5)]), shapely.LineString([(10, 2), (10, 4)]), shapely.Point(10, 5)
    )

    for one, expected in ((surfaces, ["FR00X2", "FR00X1"]), (lines, ["FR00X3", "FR00X1", "FR00X2"])):
        (numbered,) = number_objects([one], "FR00", "X", AREA)
        kept = keep_inside(numbered, AREA)

        assert numbered["id"].tolist() == expected
        assert kept["id"].tolist() == [f"FR00X{n}" for n in range(1, len(kept) + 1)]


def test_shapes_are_cut_and_measures_kept() -> None:
    """Half of a square across the edge is kept, with the area of the whole object."""
    kept = keep_inside(table(shapely.box(8, 0, 12, 1), shapely.box(20, 0, 21, 1)), AREA)

    assert kept.geometry.area.tolist() == [2.0]
    assert kept["area_ha"].tolist() == [7.0]


def test_a_surface_that_only_touches_the_edge_is_dropped() -> None:
    """Its cut is a line, which is no surface."""
    assert len(keep_inside(table(shapely.box(10, 0, 12, 1)), AREA)) == 0


def test_lines_and_points_keep_their_kind() -> None:
    """A line that leaves and comes back is in two parts; a point inside stays."""
    line = shapely.LineString([(1, 1), (12, 1), (12, 3), (1, 3)])

    kept = keep_inside(table(line, shapely.Point(5, 5)), AREA)

    assert kept.geometry.geom_type.tolist() == ["MultiLineString", "Point"]
    assert kept.geometry.length.tolist() == [18.0, 0.0]


def test_an_empty_table_stays_empty() -> None:
    """Nothing to number, nothing to cut."""
    empty = table()

    assert len(number_objects([empty], "FR00", "RS", AREA)[0]) == 0
    assert len(keep_inside(empty, AREA)) == 0
