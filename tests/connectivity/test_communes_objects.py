"""Tests of the objects of communes: who shares a corridor, which outlines can be measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from bocage.connectivity.communes_ground import drop_followed, unite_lines
from bocage.connectivity.communes_objects import (
    clean_table,
    find_neighbours,
    find_zones,
    list_shared_corridors,
    pair_outside,
)
from tests.connectivity.tables import make_communes, make_table, make_tables

# Three communes of 1 km², side by side from west to east.
SQUARES = [box(1000 * i, 0, 1000 * (i + 1), 1000) for i in range(3)]
COMMUNES = make_communes([("3", "Coye", SQUARES[2]), ("1", "Étrun", SQUARES[0]), ("2", "Bray", SQUARES[1])])
BOW_TIE = shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])


class TestZones:
    """Outlines that can be measured, and those that cannot."""

    @pytest.mark.parametrize("outline", [None, shapely.Polygon(), BOW_TIE, LineString([(0, 0), (1, 1)])])
    def test_broken_outline_is_set_apart(self, outline: Any) -> None:
        """Missing, empty, crossing itself, without ground: named among the broken, never measured."""
        zones = find_zones(make_communes([("1", "Aubin", SQUARES[0]), ("2", "Bray", outline)]))

        assert zones.codes == ("1",)
        assert zones.broken == {"2": "Bray"}

    def test_parts_are_one_commune(self) -> None:
        """Rows of one code are united, and a row without geometry beside them is left out."""
        rows = [("1", "Aubin", SQUARES[0]), ("1", "Aubin", None), ("1", "Aubin", SQUARES[2])]

        zones = find_zones(make_communes(rows))

        assert zones.codes == ("1",)
        assert zones.broken == {}
        assert shapely.area(zones.outlines).tolist() == [2e6]

    def test_clean_table(self) -> None:
        """Void rows go; a surface that crosses itself is mended and keeps its columns."""
        table = make_table("reservoir_s", [None, BOW_TIE, SQUARES[0]], id=["a", "b", "c"])

        found = clean_table(table)

        assert found["id"].tolist() == ["b", "c"]
        assert found.geometry.is_valid.all()
        assert found.crs == table.crs

    def test_neighbours_may_stand_a_hair_apart(self) -> None:
        """Outlines simplified apart by 0.5 m are still beside each other."""
        shapes = np.array([box(0, 0, 10, 10), box(10.5, 0, 20, 10), box(50, 0, 60, 10)])

        assert find_neighbours(shapes) == [{1}, {0}, set()]


class TestSharedCorridors:
    """One row for each corridor and each commune it crosses."""

    def test_hand_worked(self) -> None:
        """Two corridors over two and three communes: areas outside reservoirs, names sorted."""
        found = list_shared_corridors(
            make_tables(
                reservoir_s=make_table("reservoir_s", [box(0, 0, 600, 1000)]),
                corridor_s=make_table(
                    "corridor_s",
                    [box(500, 0, 1500, 100), box(900, 500, 2100, 600)],
                    id=["A", "B"],
                    name=["", "du val"],
                    objective=["preserve", "restore"],
                    medium="boisé",
                ),
                corridor_l=make_table("corridor_l", [LineString([(500, 50), (1500, 50)])], id=["A"]),
            ),
            COMMUNES,
        )

        assert found[["insee", "id"]].to_numpy().tolist() == [
            ["1", "A"],
            ["1", "B"],
            ["2", "B"],
            ["2", "A"],
            ["3", "B"],
        ]
        assert found["area_ha"].tolist() == [4, 1, 10, 5, 1]
        assert found["length_km"].tolist() == pytest.approx([0.5, np.nan, np.nan, 0.5, np.nan], nan_ok=True)
        assert found["shared_with"].tolist() == [
            "Bray",
            "Bray ; Coye",
            "Coye ; Étrun",
            "Étrun",
            "Bray ; Étrun",
        ]
        assert found["shared_insee"].tolist() == ["2", "2 ; 3", "3 ; 1", "1", "2 ; 1"]
        assert found["objective"].tolist() == ["preserve", "restore", "restore", "preserve", "restore"]
        assert found["name"].tolist() == ["", "du val", "du val", "", "du val"]

    def test_axes_alone(self) -> None:
        """Without surfaces, axes tell the sharing and the lengths; areas are empty."""
        axis = make_table("corridor_l", [LineString([(500, 50), (1500, 50)])], id=["A"])

        found = list_shared_corridors(make_tables(corridor_l=axis), COMMUNES)

        assert found["length_km"].tolist() == [0.5, 0.5]
        assert found["area_ha"].isna().all()
        assert found["shared_with"].tolist() == ["Bray", "Étrun"]

    def test_no_corridor(self) -> None:
        """Without corridors there is no row, and all columns."""
        found = list_shared_corridors(make_tables(), COMMUNES)

        assert len(found) == 0
        assert "shared_with" in found.columns

    def test_touching_is_not_sharing(self) -> None:
        """A corridor that ends at the limit belongs to one commune alone."""
        table = make_table("corridor_s", [box(500, 0, 1000, 100)], id=["A"])

        found = list_shared_corridors(make_tables(corridor_s=table), COMMUNES)

        assert found["insee"].tolist() == ["1"]
        assert found["shared_with"].tolist() == [""]


coordinate = st.integers(0, 28).map(lambda value: value * 100.0)


@st.composite
def rectangles(draw: st.DrawFn) -> shapely.Polygon:
    """Draw a rectangle with corners on a mesh of 100 m."""
    west, south = draw(coordinate), draw(st.integers(0, 8)) * 100.0
    return box(west, south, west + draw(st.integers(1, 9)) * 100, south + draw(st.integers(1, 5)) * 100)


@settings(max_examples=50, deadline=None)
@given(shapes=st.lists(rectangles(), min_size=1, max_size=5), taken=st.lists(rectangles(), max_size=4))
def test_outside_against_brute_force(shapes: Any, taken: Any) -> None:
    """Area of each shape in each zone outside the ground taken, as shapely gives it pair by pair."""
    zones = np.array(SQUARES)
    ground = shapely.union_all(taken)

    found = {
        (shape, zone): area
        for shape, zone, area in zip(
            *pair_outside(np.array(shapes), np.array(taken, dtype=object), zones), strict=True
        )
    }

    for i, shape in enumerate(shapes):
        for j, zone in enumerate(SQUARES):
            inside = shape.intersection(zone)
            assert ((i, j) in found) == (inside.area > 0)
            if inside.area > 0:
                assert found[i, j] == pytest.approx(inside.difference(ground).area, abs=1e-3)


class TestLines:
    """One river drawn twice is one river."""

    def test_union_of_overlapping_lines(self) -> None:
        """Overlaps count once, crossings take nothing away."""
        lines = [LineString([(0, 0), (10, 0)]), LineString([(5, 0), (15, 0)]), LineString([(3, -5), (3, 5)])]

        assert shapely.length(unite_lines(np.array(lines))).sum() == pytest.approx(25)

    def test_followed_stretch_is_dropped_and_crossing_kept(self) -> None:
        """Half a metre aside over 100 m: dropped. A crossing at right angles: kept whole."""
        other = np.array([LineString([(0, 0), (100, 0)])])
        beside = LineString([(0, 0.5), (100, 0.5), (150, 0.5)])
        across = LineString([(50, -50), (50, 50)])

        left = shapely.length(drop_followed(np.array([beside, across]), other)).tolist()

        assert left == pytest.approx([49, 100], abs=0.3)

    def test_nothing_to_follow(self) -> None:
        """Without other lines, all stays."""
        lines = np.array([LineString([(0, 0), (10, 0)])])

        assert drop_followed(lines, np.empty(0, dtype=object)) is lines
        assert Point(0, 0).distance(lines[0]) == 0
