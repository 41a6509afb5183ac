"""The grid of sheets at 1:100 000: it covers the territory, and names its cells in reading order."""

from __future__ import annotations

import pickle

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from bocage.atlas.grid_plan import OVERLAP_M, SCALE, GridPlan, find_cells, name_cell, plan_grid
from bocage.errors import InputError
from tests.atlas.networks import ABOUT_VALLEY, make_content, make_valley

NETWORK, COMMUNES = make_valley()
CONTENT = make_content(NETWORK, COMMUNES, ABOUT_VALLEY)

places = st.tuples(st.integers(0, 90_000), st.integers(0, 90_000))
sizes = st.tuples(st.integers(10, 45_000), st.integers(10, 45_000))
islands = st.lists(st.tuples(places, sizes), min_size=1, max_size=4)


def plan(territory: BaseGeometry, sheet_format: str = "a4", orientation: str = "auto") -> GridPlan:
    """Plan a grid over any ground."""
    return plan_grid(CONTENT, sheet_format, orientation=orientation, territory=territory)


class TestPlanGrid:
    """Tests of the grid."""

    @given(islands, st.sampled_from(["a4", "a3"]))
    @settings(max_examples=60, deadline=None)
    def test_covers_the_territory(
        self, parts: list[tuple[tuple[int, int], tuple[int, int]]], sheet_format: str
    ) -> None:
        """Islands of any size are on the sheets, at the exact scale; no sheet is without ground."""
        ground = shapely.union_all(
            [shapely.box(x, 6_600_000 + y, x + w, 6_600_000 + y + h) for (x, y), (w, h) in parts]
        )
        grid = plan(ground, sheet_format)
        frames = shapely.union_all([shapely.box(*cell.frame.bounds) for cell in grid.cells])

        assert shapely.difference(ground, frames).area < 1e-3
        box = grid.layout.map
        for cell in grid.cells:
            assert cell.frame.scale == SCALE == 100_000
            assert (cell.frame.width_mm, cell.frame.height_mm) == (box.w, box.h)
            assert shapely.intersection(ground, shapely.box(*cell.core)).area > 0
            assert shapely.box(*cell.frame.bounds).buffer(1e-3).covers(shapely.box(*cell.core))
        names = [cell.name for cell in grid.cells]
        assert len(set(names)) == len(names)
        assert [(cell.row, cell.column) for cell in grid.cells] == sorted(
            (cell.row, cell.column) for cell in grid.cells
        )
        assert names == [name_cell(cell.row, cell.column) for cell in grid.cells]

    @given(islands)
    @settings(max_examples=30, deadline=None)
    def test_takes_the_orientation_of_fewest_sheets(
        self, parts: list[tuple[tuple[int, int], tuple[int, int]]]
    ) -> None:
        """No other orientation has fewer sheets."""
        ground = shapely.union_all([shapely.box(x, y, x + w, y + h) for (x, y), (w, h) in parts])
        counts = [len(plan(ground, "a4", way).cells) for way in ("portrait", "landscape")]
        assert len(plan(ground).cells) == min(counts)

    def test_makes_neighbours_overlap(self) -> None:
        """Two sheets side by side show one kilometre in common, and each names the other."""
        grid = plan(shapely.box(0, 0, 60_000, 60_000))
        first, right, below = grid.find("A1"), grid.find("A2"), grid.find("B1")
        assert first.frame.bounds[2] - right.frame.bounds[0] == pytest.approx(OVERLAP_M)
        assert below.frame.bounds[3] - first.frame.bounds[1] == pytest.approx(OVERLAP_M)
        assert dict(first.neighbours) == {"e": "A2", "s": "B1", "se": "B2"}
        assert right.neighbours["w"] == "A1" and below.neighbours["n"] == "A1"

    def test_takes_one_sheet_for_a_small_territory(self) -> None:
        """What fits on one sheet gets one, in its middle, without neighbours."""
        (cell,) = plan_grid(CONTENT).cells
        assert cell.name == "A1" and not cell.neighbours
        west, south, east, north = cell.frame.bounds
        assert ((west + east) / 2, (south + north) / 2) == pytest.approx((703_000, 6_603_000), abs=60)

    def test_leaves_out_the_sea(self) -> None:
        """Between two far islands there is no sheet, and names keep their place in the grid."""
        ground = shapely.union_all(
            [shapely.box(0, 99_000, 1_000, 100_000), shapely.box(99_000, 0, 100_000, 1_000)]
        )
        grid = plan(ground, "a4", "portrait")
        assert len(grid.cells) == 2
        assert grid.cells[0].name == "A1" and grid.cells[1].row > 3 and grid.cells[1].column > 3

    def test_travels_to_workers(self) -> None:
        """A plan that was already searched can be pickled."""
        grid = plan(shapely.box(0, 0, 60_000, 60_000))
        find_cells(grid, shapely.Point(1, 1))
        again = pickle.loads(pickle.dumps(grid))
        assert again == grid and find_cells(again, shapely.Point(1, 1)) == find_cells(
            grid, shapely.Point(1, 1)
        )

    def test_refuses_what_it_does_not_know(self) -> None:
        """An unknown format or orientation is refused."""
        with pytest.raises(InputError, match="sheet format is 'a5'"):
            plan_grid(CONTENT, "a5")
        with pytest.raises(InputError, match="orientation is 'askew'"):
            plan_grid(CONTENT, orientation="askew")


class TestFindCells:
    """Tests of what the indexes ask."""

    @given(st.tuples(st.integers(0, 59_000), st.integers(0, 59_000)), st.integers(1, 30_000))
    @settings(max_examples=60, deadline=None)
    def test_finds_the_sheets_of_an_object(self, place: tuple[int, int], size: int) -> None:
        """The sheets of an object are those whose share of the ground it has area in, in reading order."""
        grid = plan(shapely.box(0, 0, 60_000, 60_000))
        shape = shapely.box(*place, place[0] + size, place[1] + size)
        expected = [
            cell.name
            for cell in grid.cells
            if shapely.intersection(shape, shapely.box(*cell.core)).area > 1e-6
        ]
        assert list(find_cells(grid, shape)) == expected

    def test_gives_each_point_its_sheet(self) -> None:
        """A point inside has one sheet, one on the limit of two has both, one outside none."""
        grid = plan(shapely.box(0, 0, 60_000, 60_000))
        west, _, east, north = grid.find("A1").core
        assert find_cells(grid, shapely.Point(west + 1, north - 1)) == ("A1",)
        assert find_cells(grid, shapely.Point(east, north - 1)) == ("A1", "A2")
        assert find_cells(grid, shapely.Point(-1e6, 0)) == ()
