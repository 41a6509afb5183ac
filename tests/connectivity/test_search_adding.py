"""Tests of new patches on the ground against Graphab's published sequences and brute force."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.adding import lay_sites, pair_near, place_sites
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.search import choose_patches
from bocage.corridors.cost_distance import cost_distance
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.resistance import ResistanceSurface
from tests.strategies import landscapes

CROSS = Grid(-0.5, 0.5, 1, 10, 10)
ZONE = (-0.5, -9.5, 9.5, 0.5)
HALF = Dispersal(2, 0.5)
EUCLID_GRID = (
    11.158647962981298, 11.956813801796578, 12.723730091550099, 13.464737569559226, 14.183897469111928,
    14.845205515662313,
)  # fmt: skip
EUCLID_SHAPES = (
    11.158647962981298, 12.626436017620287, 13.761826977071465, 14.705946868581096, 15.611205952825062,
    16.466635730325656,
)  # fmt: skip
COST_GRID = (
    9.628387410294401, 10.513996800152892, 11.261039820843715, 11.908770703961983, 12.511244211799747,
    13.066076777904314,
)  # fmt: skip
BY_TWO = {
    0: 7.416198487095663, 2: 9.230290396120584, 4: 10.686704113129593, 6: 11.813787681427662,
    7: 12.369738136292174, 8: 12.915998570291446, 9: 13.44709006975252, 11: 14.414881471586924,
}  # fmt: skip


@pytest.fixture(scope="module")
def cross(shared: Path) -> Path:
    """Give the folder of Graphab's toy project 'cross': five patches of one cell, capacities 1 to 5."""
    return shared / "cases" / "connectivity" / "graphab_cross"


def read_graph(folder: Path, name: str, most: float) -> tuple[LandscapeGraph, np.ndarray, np.ndarray]:
    """Read the graph of a linkset up to a threshold, with the raster and shapes of patches."""
    frame = geopandas.read_file(folder / "patches.shp").sort_values("Id")
    with (folder / f"{name}-links.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if float(row["Dist"]) <= most]
    shapes = np.array(frame.geometry)
    patches = np.zeros(CROSS.shape, np.int32)
    for number, shape in enumerate(shapes, 1):
        patches[CROSS.row_col(shape.centroid.x, shape.centroid.y)] = number
    graph = LandscapeGraph.of(
        frame["Id"].astype(float),
        [int(row["ID1"]) - 1 for row in rows],
        [int(row["ID2"]) - 1 for row in rows],
        [float(row["Dist"]) for row in rows],
    )
    return graph, patches, shapes


def make_plain() -> ResistanceSurface:
    """Make ground of resistance 1 everywhere."""
    return ResistanceSurface(CROSS, np.ones(CROSS.shape, np.uint16), np.array([np.inf, 1.0]))


@pytest.mark.realdata
class TestAgainstGraphab:
    """The four sequences that Graphab 2.6's own tests hold (README of the case): EC, d = 2 and p = 0.5."""

    def test_points_of_a_grid_by_distance(self, cross: Path) -> None:
        """Complete Euclidean links, points every metre: EC after each of five patches, to 1e-9."""
        graph, patches, shapes = read_graph(cross, "comp_euclid", np.inf)
        sites = place_sites(graph, CROSS, patches, lay_sites(ZONE, 1), shapes=shapes)
        assert sites.candidates.count == 75
        choice = choose_patches(graph, HALF, sites.candidates, count=5)
        assert choice.value.tolist() == pytest.approx(EUCLID_GRID, rel=1e-9)

    def test_polygons_by_distance(self, cross: Path) -> None:
        """The same with discs of half a metre, whose edges count: to 1e-9."""
        graph, patches, shapes = read_graph(cross, "comp_euclid", np.inf)
        discs = np.array(geopandas.read_file(cross / "grid_patch.shp").geometry)
        sites = place_sites(graph, CROSS, patches, discs, shapes=shapes)
        choice = choose_patches(graph, HALF, sites.candidates, count=5)
        assert choice.value.tolist() == pytest.approx(EUCLID_SHAPES, rel=1e-9)

    def test_points_of_a_grid_by_cost(self, cross: Path) -> None:
        """Links by cost up to 3 over ground of resistance 1: to 1e-7, its diagonals being 1.4142136."""
        graph, patches, _ = read_graph(cross, "comp", 3)
        sites = place_sites(graph, CROSS, patches, lay_sites(ZONE, 1), surface=make_plain(), most=3)
        choice = choose_patches(graph, HALF, sites.candidates, count=5)
        assert choice.value.tolist() == pytest.approx(COST_GRID, rel=1e-7)

    def test_two_at_once(self, cross: Path) -> None:
        """No links at first (threshold 2), pairs tried too: EC after each step that Graphab names, to 1e-7.

        It was asked for 10 patches and added 11, a pair being the best at the end.
        """
        graph, patches, _ = read_graph(cross, "comp", 2)
        assert graph.link_count == 0
        sites = place_sites(graph, CROSS, patches, lay_sites(ZONE, 1), surface=make_plain(), most=2)
        choice = choose_patches(graph, HALF, sites.candidates, count=11, together=pair_near(sites, 1))
        size = np.concatenate([[0], np.cumsum(np.bincount(choice.step)[1:])])
        found = dict(zip(size.tolist(), choice.value.tolist(), strict=True))
        assert found == pytest.approx(BY_TWO, rel=1e-7)


class TestPlacingSites:
    """Links, clashes and sites left out."""

    @settings(max_examples=40, deadline=None)
    @given(landscapes(max_side=7, max_patches=3), st.data())
    def test_costs_are_those_of_the_sweep(
        self, landscape: tuple[ResistanceSurface, np.ndarray], data: st.DataObject
    ) -> None:
        """The cost from a site to each patch and site is that of ``cost_distance`` from it alone."""
        surface, patches = landscape
        grid = surface.grid
        rows, cols = np.nonzero((patches == 0) & np.isfinite(surface.array()))
        if not len(rows) or not patches.any():
            return
        picks = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=3, unique=True))
        x, y = grid.centre(rows[picks], cols[picks])
        graph = LandscapeGraph.of(np.ones(patches.max()), [], [], [])
        try:
            sites = place_sites(graph, grid, patches, np.column_stack([x, y]), surface=surface, most=200)
        except DataError:
            return
        found = sites.candidates
        for one in range(found.count):
            source = np.zeros(grid.shape, np.int32)
            at = [(rows[picks[p]], cols[picks[p]]) for p in sites.place]
            source[at[one]] = 1
            cost = cost_distance(surface, source).cost()
            expected = {}
            for number in range(1, patches.max() + 1):
                least = cost[patches == number].min(initial=np.inf)
                if least <= 199.99:
                    expected[number - 1] = least
            for other in range(found.count):
                if other != one and cost[at[other]] <= 199.99:
                    expected[graph.count + other] = cost[at[other]]
            links = slice(found.first[one], found.first[one + 1])
            got = dict(zip(found.other[links].tolist(), found.cost[links].tolist(), strict=True))
            got = {key: value for key, value in got.items() if value <= 199.99}
            assert got == pytest.approx(expected, rel=1e-6)

    def test_what_touches_is_left_out_or_clashes(self) -> None:
        """By hand: of five points in a row beside a patch the first touches it, and neighbours clash."""
        grid = Grid(0, 1, 1, 1, 6)
        patches = np.array([[1, 0, 0, 0, 0, 0]], np.int32)
        graph = LandscapeGraph.of([1], [], [], [])
        points = [[1.5, 0.5], [2.5, 0.5], [3.5, 0.5], [5.5, 0.5], [9, 0.5]]
        sites = place_sites(
            graph, grid, patches, points, shapes=[shapely.box(0, 0, 1, 1)], ids=list("abcde"), most=3
        )
        assert sites.left_out == ("a", "e")
        assert sites.candidates.ids == ("b", "c", "d")
        assert sites.candidates.clash.tolist() == [[0, 1]]
        assert sites.candidates.cost.tolist() == [1.5, 1, 3, 2.5, 1, 2, 3, 2]

    def test_saying_no(self) -> None:
        """No way to measure links, a step too long, no site left: one sentence each."""
        graph = LandscapeGraph.of([1], [], [], [])
        patches = np.array([[1, 0]], np.int32)
        with pytest.raises(DataError, match="give one of them"):
            place_sites(graph, Grid(0, 1, 1, 1, 2), patches, [[1.5, 0.5]])
        with pytest.raises(DataError, match="None of the 1 sites"):
            place_sites(graph, Grid(0, 1, 1, 1, 2), patches, [[1.5, 0.5]], shapes=[shapely.box(0, 0, 1, 1)])
        with pytest.raises(DataError, match="smaller than the step"):
            lay_sites((0, 0, 5, 5), 10)
