"""Lists of article L.214-17 carried from their lines to watercourses."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiLineString

from bocage.rivers.law import LEAST_M, WITHIN_M, measure_listed, split_by_list

CRS = "EPSG:2154"


def make_lines(*lines: shapely.Geometry, **columns: list[object]) -> geopandas.GeoDataFrame:
    """Make a layer of lines."""
    return geopandas.GeoDataFrame(columns, geometry=list(lines), crs=CRS)


class TestMeasure:
    """The share of a line that follows a list."""

    def test_shares_by_hand(self) -> None:
        """A line beside the list, one that crosses it at a right angle, one far from it."""
        lines = np.array(
            [
                LineString([(0, 10), (1000, 10)]),
                LineString([(500, -500), (500, 500)]),
                LineString([(0, 90), (9, 90)]),
            ]
        )
        share = measure_listed(lines, np.array([LineString([(0, 0), (1000, 0)])]))
        # Of 1 km across, the 50 m within 25 m of the list: two samples of forty.
        assert share.tolist() == [1.0, 0.05, 0.0]

    def test_nothing_listed(self) -> None:
        """An empty list lists nothing."""
        line = np.array([LineString([(0, 0), (9, 0)])])
        assert measure_listed(line, np.array([], dtype=object)).tolist() == [0.0]


class TestSplit:
    """Lines cut where they leave a list."""

    def test_a_line_that_leaves_the_list(self) -> None:
        """Of 1 km, the first 400 m follow the list: two rows with the columns of the one."""
        lines = make_lines(LineString([(0, 0), (1000, 0)]), name=["Bée"])
        found = split_by_list(lines, make_lines(LineString([(0, 5), (400, 5)])), "list2")
        assert found["name"].tolist() == ["Bée", "Bée"]
        length = dict(zip(found["list2"], found.geometry.length, strict=True))
        assert length[True] == pytest.approx(400, abs=WITHIN_M)

    def test_a_tributary_is_not_listed_by_its_last_metres(self) -> None:
        """It joins the listed river at a right angle: 25 m of it are near, which is too short to count."""
        lines = make_lines(LineString([(0, 800), (0, 0)]), name=["affluent"])
        found = split_by_list(lines, make_lines(LineString([(-900, 0), (900, 0)])), "list1")
        assert found["list1"].tolist() == [False] and found.geometry.iloc[0].equals(lines.geometry.iloc[0])

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.integers(-2000, 2000), min_size=2, max_size=2, unique=True),
        st.integers(1, 2000),
        st.integers(-60, 60),
    )
    def test_no_metre_is_lost(self, ends: list[int], length: int, beside: int) -> None:
        """Whatever the list, lengths add up, and all stretches but the only one reach the least length."""
        lines = make_lines(MultiLineString([[(0, 0), (length, 0)], [(0, 3000), (0, 3500)]]), key=[1])
        listed = make_lines(LineString([(ends[0], beside), (ends[1], beside)]))
        found = split_by_list(lines, listed, "list1")
        assert found.geometry.length.sum() == pytest.approx(length + 500)
        assert set(found["key"]) == {1}
        parts = shapely.get_parts(found.geometry.to_numpy())
        cut = len(parts) > 2
        assert not cut or shapely.length(parts).min() >= min(LEAST_M - WITHIN_M, length)
