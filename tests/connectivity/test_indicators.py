"""Tests of the indicators of communes: hand-worked squares, and the identity of a partition."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import geopandas
import numpy as np
import pandas
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from bocage.connectivity import INDICATORS, describe_indicators, measure_communes
from bocage.connectivity.indicators import RIVER_INDICATORS, blank_missing
from bocage.errors import DataError
from bocage.network import Theme
from tests.connectivity.tables import CRS, make_communes, make_table, make_tables

# Two communes of 1 km², side by side.
WEST, EAST = box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)
COMMUNES = make_communes([("00001", "Aubin", WEST), ("00002", "Bray", EAST)])
AREA = box(0, 0, 2000, 1000)


def measure(**tables: Any) -> Any:
    """Measure the two communes."""
    return measure_communes(make_tables(**tables), COMMUNES, area=AREA, language="en")


class TestBlankMissing:
    """A theme without data is empty in the tables, never zero."""

    def test_only_themes_not_given_are_emptied(self) -> None:
        """Corridors not given: their columns are empty, whatever their type; reservoirs stay 0."""
        blanked = blank_missing(measure(), {"corridors": False, "reservoirs": True})

        corridors = [column for column in blanked.columns if column.startswith("corridor_")]
        assert len(corridors) == 6
        assert blanked[corridors].isna().all(axis=None)
        assert blanked["reservoir_count"].tolist() == [0, 0, 0]
        assert blanked["area_ha"].tolist() == [100, 100, 200]

    def test_every_measure_belongs_to_a_theme(self) -> None:
        """With nothing given, all but the name, code and area is empty."""
        none = dict.fromkeys(get_args(Theme), False)

        blanked = blank_missing(measure(), none)

        left = [column for column in blanked.columns if not blanked[column].isna().all()]
        assert left == ["insee", "name", "area_ha"]


class TestHandWorked:
    """Squares and lines whose measures are plain."""

    def test_empty_network(self) -> None:
        """All is zero but the areas; the last row is the territory."""
        found = measure()

        assert found["insee"].tolist() == ["00001", "00002", ""]
        assert found["name"].tolist() == ["Aubin", "Bray", "Whole territory"]
        assert found["area_ha"].tolist() == [100, 100, 200]
        numbers = found.drop(columns=["insee", "name", "area_ha", "corridor_neighbours"])
        assert (numbers == 0).all(axis=None)

    def test_reservoirs_are_counted_once(self) -> None:
        """Two overlapping reservoirs of two media: each medium whole, together the union."""
        table = make_table(
            "reservoir_s", [box(800, 0, 1200, 500), box(800, 0, 1000, 500)], medium=["boisé", "cours d’eau"]
        )

        found = measure(reservoir_s=table)

        assert found["reservoir_boise_ha"].tolist() == [10, 10, 20]
        assert found["reservoir_cours_d_eau_ha"].tolist() == [10, 0, 10]
        assert found["reservoir_ha"].tolist() == [10, 10, 20]
        assert found["reservoir_share"].tolist() == [0.1, 0.1, 0.1]
        assert found["reservoir_count"].tolist() == [2, 1, 2]

    def test_corridors_outside_reservoirs(self) -> None:
        """The corridor's ground inside a reservoir is the reservoir's; overlapping corridors count once."""
        corridors = [box(500, 0, 1500, 100), box(900, 0, 1500, 100)]
        found = measure(
            reservoir_s=make_table("reservoir_s", [box(0, 0, 600, 1000)], medium="boisé"),
            corridor_s=make_table("corridor_s", corridors, id=["A", "B"], objective=["preserve", "restore"]),
            corridor_l=make_table(
                "corridor_l",
                [LineString([(500, 50), (1500, 50)]), LineString([(900, 50), (1500, 50)])],
                objective=["preserve", "restore"],
            ),
        )

        assert found["corridor_ha"].tolist() == [4, 5, 9]
        assert found["corridor_share"].tolist() == [0.04, 0.05, 0.045]
        assert found["corridor_count"].tolist() == [2, 2, 2]
        assert found["corridor_restore_count"].tolist() == [1, 1, 1]
        assert found["corridor_restore_km"].tolist() == [0.1, 0.5, 0.6]
        assert found["corridor_neighbours"].tolist() == ["Bray", "Aubin", ""]

    def test_touching_is_not_sharing(self) -> None:
        """A corridor that stops at the limit is not shared with the commune beyond."""
        corridor = make_table("corridor_s", [box(500, 0, 1000, 100)], id="A", objective="preserve")

        found = measure(corridor_s=corridor)

        assert found["corridor_neighbours"].tolist() == ["", "", ""]
        assert found["corridor_count"].tolist() == [1, 0, 1]

    def test_watercourses_by_role(self) -> None:
        """A watercourse that is both counts in both roles, and once in the total."""
        lines = [LineString([(0, 10), (2000, 10)]), LineString([(0, 20), (500, 20)])]
        table = make_table("cours_eau_l", lines, is_reservoir=[True, False], is_corridor=[True, True])

        found = measure(cours_eau_l=table)

        assert found["watercourse_km"].tolist() == [1.5, 1, 2.5]
        assert found["watercourse_reservoir_km"].tolist() == [1, 1, 2]
        assert found["watercourse_corridor_km"].tolist() == [1.5, 1, 2.5]

    def test_line_along_a_limit_is_shared(self) -> None:
        """A river on the limit of two communes counts half in each."""
        table = make_table("cours_eau_l", [LineString([(500, 0), (1000, 0), (1000, 600)])])

        assert measure(cours_eau_l=table)["watercourse_km"].tolist() == pytest.approx([0.8, 0.3, 1.1])

    def test_obstacles_by_type(self) -> None:
        """Points, lines and surfaces; a point on the limit belongs to the first commune."""
        found = measure(
            obstacle_p=make_table(
                "obstacle_p", [Point(1000, 5), Point(1500, 5), Point(5000, 5)], type=["12", "01", "01"]
            ),
            obstacle_l=make_table("obstacle_l", [LineString([(900, 5), (1200, 5)])], type="01"),
            obstacle_s=make_table("obstacle_s", [box(0, 0, 100, 100), box(50, 0, 150, 100)], type="07"),
        )

        assert found["obstacle_point_count"].tolist() == [1, 1, 2]
        assert found["obstacle_point_01_count"].tolist() == [0, 1, 1]
        assert found["obstacle_point_12_count"].tolist() == [1, 0, 1]
        assert found["obstacle_line_01_km"].tolist() == pytest.approx([0.1, 0.2, 0.3])
        assert found["obstacle_surface_ha"].tolist() == [1.5, 0, 1.5]

    def test_only_the_study_area_is_measured(self) -> None:
        """A commune half outside is measured inside; one wholly outside has no row."""
        communes = make_communes(
            [("2", "Bray", EAST), ("1", "Aubin", WEST), ("3", "Coye", box(9e3, 0, 9.1e3, 9))]
        )
        reservoir = make_table("reservoir_s", [AREA], medium="boisé")

        found = measure_communes(make_tables(reservoir_s=reservoir), communes, area=box(0, 0, 1500, 1000))

        assert found["insee"].tolist() == ["1", "2", ""]
        assert found["area_ha"].tolist() == [100, 50, 150]
        assert found["reservoir_share"].tolist() == [1, 1, 1]
        assert found["name"].iloc[-1] == "Ensemble du territoire"

    def test_commune_in_two_rows(self) -> None:
        """Rows of one INSEE code are one commune."""
        communes = make_communes([("1", "Aubin", WEST), ("1", "Aubin", EAST)])

        found = measure_communes(make_tables(), communes, area=AREA)

        assert found["area_ha"].tolist() == [200, 200]

    def test_empty_area(self) -> None:
        """An area without ground is refused."""
        with pytest.raises(DataError, match="The study area has no ground"):
            measure_communes(make_tables(), COMMUNES, area=shapely.Polygon())

    def test_large_polygons_are_measured_whole(self) -> None:
        """A polygon of many vertices is cut to be measured; its area stays exact."""
        angles = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
        disc = shapely.Polygon(np.column_stack([1000 + 400 * np.cos(angles), 500 + 400 * np.sin(angles)]))

        found = measure(reservoir_s=make_table("reservoir_s", [disc], medium="boisé"))

        assert found["reservoir_ha"].tolist() == pytest.approx([disc.area / 2e4] * 2 + [disc.area / 1e4])


def make_rivers() -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    """Make 100 m of river in the first commune, 60 of them free, with three works; a fourth was destroyed."""
    reaches = geopandas.GeoDataFrame(
        {"free": [True, False]},
        geometry=[LineString([(10, 10), (70, 10)]), LineString([(70, 10), (110, 10)])],
        crs=CRS,
    )
    works = geopandas.GeoDataFrame(
        {
            "id": ["A", "B", "C", "D"],
            "reach_above": [1, 1, -1, 1],
            "rule": ["unknown", "falls", "unknown", "destroyed"],
            "known": [False, True, False, True],
            "height_m": [np.nan, 1.5, 9.0, 9.0],
            "rank": pandas.array([2, 1, None, None], dtype="Int64"),
        },
        geometry=[Point(70, 10), Point(90, 10), Point(50, 50), Point(20, 10)],
        crs=CRS,
    )
    return reaches, works


class TestRivers:
    """River works and free lengths of a commune."""

    def test_works_of_a_commune(self) -> None:
        """Two works stand on the river, one of unknown passability and height; B gains most."""
        found = measure_communes(make_tables(), COMMUNES, area=AREA, rivers=make_rivers())
        for row in (found.iloc[0], found.iloc[-1]):
            assert (row["river_work_count"], row["river_work_unknown_count"]) == (2, 1)
            assert (row["river_work_height_m"], row["river_work_height_unknown_count"]) == (1.5, 1)
            assert row["river_km"] == pytest.approx(0.1)
            assert (row["river_free_km"], row["river_free_share"]) == pytest.approx((0.06, 0.6))
            assert row["river_fractionnement"] == pytest.approx(15)
            assert row["river_works_first"] == "B ; A"
        assert np.isnan(found.iloc[1]["river_free_share"])

    def test_without_works_nothing_is_said_of_them(self) -> None:
        """Not given is empty, not 0; the length of rivers is known."""
        found = measure_communes(make_tables(), COMMUNES, area=AREA, rivers=(make_rivers()[0], None))
        blank = [column for column in found if column.startswith("river_") and column != "river_km"]
        assert found[blank].isna().all(axis=None)
        assert found["river_km"].iloc[-1] == pytest.approx(0.1)


class TestContract:
    """Columns beside their contract."""

    def test_every_column_is_described(self) -> None:
        """Order, type and meaning of the columns are those of the contract."""
        tables = make_tables(
            reservoir_s=make_table("reservoir_s", [box(0, 0, 9, 9)], medium="boisé"),
            obstacle_p=make_table("obstacle_p", [Point(1, 1)], type="urbanisation"),
            obstacle_l=make_table("obstacle_l", [LineString([(0, 0), (1, 1)])], type="01"),
        )
        found = measure_communes(tables, COMMUNES, area=AREA, rivers=make_rivers())

        described = describe_indicators(found.columns)

        assert list(described) == list(found.columns)
        order = [*INDICATORS.values(), *RIVER_INDICATORS.values()]
        places = [order.index(indicator) for indicator in described.values()]
        assert places == sorted(places)
        assert set(places) == set(range(len(order)))
        dtypes = {"str": "object", "float": "float64", "int": "int64"}
        assert {name: str(found[name].dtype) for name in found} == {
            name: dtypes[indicator.dtype] for name, indicator in described.items()
        }


coordinate = st.integers(0, 24).map(lambda value: value * 100.0)


@st.composite
def rectangles(draw: st.DrawFn) -> shapely.Polygon:
    """Draw a rectangle with corners on a mesh of 100 m, some of it beyond the area."""
    west, south = draw(coordinate), draw(coordinate)
    return box(west, south, west + draw(st.integers(1, 9)) * 100, south + draw(st.integers(1, 9)) * 100)


@st.composite
def broken_lines(draw: st.DrawFn) -> LineString:
    """Draw a line between points of the mesh: it often follows limits of communes."""
    points = draw(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=4, unique=True))
    return LineString(points)


class TestPartition:
    """Where communes partition the area, they sum to it."""

    @settings(max_examples=40, deadline=None)
    @given(
        cuts=st.tuples(*[st.lists(st.integers(1, 19), max_size=3, unique=True)] * 2),
        reservoirs=st.lists(st.tuples(rectangles(), st.sampled_from(["boisé", "humide"])), max_size=5),
        corridors=st.lists(st.tuples(rectangles(), st.sampled_from(["preserve", "restore"])), max_size=5),
        lines=st.lists(broken_lines(), max_size=4),
        points=st.lists(st.tuples(coordinate, coordinate), max_size=5),
    )
    def test_communes_sum_to_the_territory(
        self, cuts: Any, reservoirs: Any, corridors: Any, lines: Any, points: Any
    ) -> None:
        """Every additive column: the sum over communes is the territory, whatever lies on the limits."""
        eastings, northings = ([0, *sorted(cut), 20] for cut in cuts)
        zones = [
            box(100 * west, 100 * south, 100 * east, 100 * north)
            for west, east in itertools.pairwise(eastings)
            for south, north in itertools.pairwise(northings)
        ]
        communes = make_communes([(f"{i:05d}", f"C{i}", zone) for i, zone in enumerate(zones)])
        shapes, media = [r for r, _ in reservoirs], [m for _, m in reservoirs]
        links, objectives = [c for c, _ in corridors], [o for _, o in corridors]
        tables = make_tables(
            reservoir_s=make_table("reservoir_s", shapes, medium=media),
            corridor_s=make_table("corridor_s", links, objective=objectives),
            corridor_l=make_table("corridor_l", lines, objective="restore"),
            cours_eau_l=make_table("cours_eau_l", lines, is_corridor=True),
            obstacle_p=make_table("obstacle_p", [Point(*point) for point in points], type="12"),
            obstacle_l=make_table("obstacle_l", lines, type="01"),
            obstacle_s=make_table("obstacle_s", links, type="07"),
        )

        area = box(0, 0, 2000, 2000)
        found = measure_communes(tables, communes, area=area)

        for name, indicator in describe_indicators(found.columns).items():
            if indicator.additive:
                assert found[name][:-1].sum() == pytest.approx(found[name].iloc[-1], abs=1e-6), name
        covered = shapely.area(shapely.intersection(shapely.union_all(shapes), area)) if shapes else 0
        assert found["reservoir_ha"].iloc[-1] == pytest.approx(covered / 1e4)
        assert found["watercourse_km"].iloc[-1] == pytest.approx(
            sum(line.intersection(area).length for line in lines) / 1e3
        )
