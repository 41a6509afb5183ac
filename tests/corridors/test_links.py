"""Links against the definition by exhaustive search, by hand, and against published counts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bocage.corridors.cost_distance import cost_distance
from bocage.corridors.links import Pairs, find_links, find_planar_pairs, largest_cost, link_patches
from bocage.corridors.metric import Metric
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.kernels import search
from bocage.resistance import ResistanceSurface
from tests.oracles import STEPS, dijkstra
from tests.strategies import landscapes


def cells_of(patches: np.ndarray, number: int) -> dict[tuple[int, int], int]:
    """Give the cells of a patch as seeds."""
    return {(int(i), int(j)): number for i, j in np.argwhere(patches == number)}


def _tie_beside_a_third_patch() -> tuple[ResistanceSurface, np.ndarray]:
    """From 2 to 3, the way by patch 1 costs as much as the way around it."""
    patches = np.array([[3, 1, 0, 0], [0, 0, 2, 0]], np.int32)
    codes = np.ones((2, 4), np.uint16)
    return ResistanceSurface(Grid(0, 0, 10, 2, 4), codes, np.array([np.inf, 1.0])), patches


@settings(max_examples=300, deadline=None)
@given(landscapes(), st.booleans(), st.sampled_from([0.0, 35.0, 400.0]))
@example(_tie_beside_a_third_patch(), False, 0.0)
def test_least_cost_path_and_ground_equal_their_definition(landscape, through, tolerance) -> None:
    """For all pairs at once: cost by Dijkstra, a path of that cost, ground by the sum of two distances."""
    surface, patches = landscape
    numbers = np.unique(patches[patches > 0])
    if numbers.size < 2:
        return
    first, second = (
        x.astype(np.int64) for x in np.array([(a, b) for a in numbers for b in numbers if a < b]).T
    )
    every = Pairs(first, second, np.full(first.size, np.inf))
    most = 2500.0

    links = find_links(
        cost_distance(surface, patches), patches, every,
        max_cost=most, through_patches=through, tolerance=tolerance,
    )  # fmt: skip

    metric = Metric.of(surface.values, surface.grid.cell)
    linked = {(int(a), int(b)): i for i, (a, b) in enumerate(zip(links.first, links.second, strict=True))}
    for a, b in zip(first.tolist(), second.tolist(), strict=True):
        third = (patches > 0) & (patches != a) & (patches != b)
        # From a, another patch is entered but not left; and the same from b.
        stop_a = None if through else (patches > 0) & (patches != a)
        stop_b = None if through else (patches > 0) & (patches != b)
        from_a = dijkstra(surface, cells_of(patches, a), no_exit=stop_a)
        from_b = dijkstra(surface, cells_of(patches, b), no_exit=stop_b)
        costs = [from_a[cell][0] for cell in cells_of(patches, b) if cell in from_a]
        if not costs or min(costs) * metric.unit > most * (1 + 1e-12):
            assert (a, b) not in linked
            continue
        i = linked[(a, b)]
        least = min(costs)
        assert round(links.cost[i] / metric.unit) == least
        check_path(surface, patches, links, i, a, b, least, third, through)
        reach = least + metric.units(tolerance)
        ground = {
            cell
            for cell in np.ndindex(patches.shape)
            if patches[cell] == 0
            and from_a.get(cell, (np.inf, 0))[0] + from_b.get(cell, (np.inf, 0))[0] <= reach
        }
        found = [(int(c) // surface.grid.ncols, int(c) % surface.grid.ncols) for c in links.ground_of(i)]
        assert found == sorted(ground)


def check_path(surface, patches, links, i, a, b, least, third, through) -> None:
    """Check that a path joins its patches step by step, at the link's cost and length."""
    metric = Metric.of(surface.values, surface.grid.cell)
    cells = [(int(c) // surface.grid.ncols, int(c) % surface.grid.ncols) for c in links.path_of(i)]
    assert patches[cells[0]] == a
    assert patches[cells[-1]] == b
    assert through or not any(third[cell] for cell in cells)
    units, length = 0, 0.0
    for (y, x), (v, u) in itertools.pairwise(cells):
        assert (v - y, u - x) in STEPS
        half = metric.diagonal if v != y and u != x else metric.straight
        units += int(half[surface.codes[y, x]] + half[surface.codes[v, u]])
        length += surface.grid.cell * (np.sqrt(2) if v != y and u != x else 1.0)
    assert units == least
    assert links.length_m[i] == pytest.approx(length)


@settings(max_examples=80, deadline=None)
@given(landscapes())
def test_zone_cost_bounds_the_least_cost_and_pairs_touch(landscape) -> None:
    """Planar pairs are those with adjacent cells of two zones; their zone cost is the best sum over them."""
    surface, patches = landscape
    if not patches.any():
        return
    distance = cost_distance(surface, patches)
    pairs = find_planar_pairs(distance)
    expected: dict[tuple[int, int], int] = {}
    seeds = {(int(i), int(j)): int(patches[i, j]) for i, j in np.argwhere(patches)}
    reached = dijkstra(surface, seeds)
    metric = distance.metric
    for (i, j), (cost, source) in reached.items():
        for di, dj in STEPS:
            near = (i + di, j + dj)
            if near in reached and reached[near][1] > source:
                half = metric.diagonal if di and dj else metric.straight
                total = cost + reached[near][0] + int(half[surface.codes[i, j]] + half[surface.codes[near]])
                key = (source, reached[near][1])
                expected[key] = min(expected.get(key, total), total)

    got = dict(
        zip(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True), pairs.zone_cost, strict=True)
    )

    assert got == {key: units * metric.unit for key, units in expected.items()}
    links = find_links(distance, patches, pairs, max_cost=1e6)
    assert len(links) == len(pairs)
    assert all(links.cost <= pairs.zone_cost + 1e-9)


def test_a_link_kept_out_of_a_third_patch_goes_around_it() -> None:
    """Hand-worked: 1 and 3 at the ends of the middle row, 2 between; the detour has two diagonals more."""
    patches = np.zeros((3, 5), np.int32)
    patches[1, 0], patches[1, 2], patches[1, 4] = 1, 2, 3
    surface = ResistanceSurface(Grid(0, 0, 10, 3, 5), np.ones((3, 5), np.uint16), np.array([np.inf, 1.0]))
    every = Pairs(np.array([1, 1, 2]), np.array([2, 3, 3]), np.full(3, np.inf))
    distance = cost_distance(surface, patches)

    around = find_links(distance, patches, every, max_cost=1e3)
    through = find_links(distance, patches, every, max_cost=1e3, through_patches=True)

    assert around.cost == pytest.approx([20.0, 20.0 * np.sqrt(2) + 20.0, 20.0], rel=1e-6)
    assert through.cost == pytest.approx([20.0, 40.0, 20.0])


def test_links_dearer_than_the_maximum_are_dropped() -> None:
    """A gap of 3 cells of resistance 10 costs 10*(1+10)/2*2 + 2*100 = 310, not a metre less."""
    resistance = np.array([[1, 2, 2, 2, 1]], np.uint16)
    surface = ResistanceSurface(Grid(0, 0, 10, 1, 5), resistance, np.array([np.inf, 1.0, 10.0]))
    patches = np.array([[1, 0, 0, 0, 2]], np.int32)

    assert len(link_patches(surface, patches, max_cost=310.0)) == 1
    assert len(link_patches(surface, patches, max_cost=309.9)) == 0


def test_ground_behind_a_thick_end_counts_where_links_cross_patches() -> None:
    """Hand-worked, resistance 1, cells of 10 m: one free, four of patch 1, one free, one of patch 2.

    From 1 the free cell at the left costs 10; from 2, through 1, 60: 70 in all, 50 more than the link's 20.
    A patch of one or two cells, all border, must not be crossed more easily than a thick one.
    """
    patches = np.array([[0, 1, 1, 1, 1, 0, 2]] * 3, np.int32)
    surface = ResistanceSurface(Grid(0, 0, 10, 3, 7), np.ones((3, 7), np.uint16), np.array([np.inf, 1.0]))

    within = link_patches(surface, patches, max_cost=1e3, through_patches=True, tolerance=50.0)
    short = link_patches(surface, patches, max_cost=1e3, through_patches=True, tolerance=49.0)
    around = link_patches(surface, patches, max_cost=1e3, tolerance=50.0)

    assert within.cost.tolist() == [20.0]
    assert within.ground_of(0).tolist() == [0, 5, 7, 12, 14, 19]
    assert short.ground_of(0).tolist() == around.ground_of(0).tolist() == [5, 12, 19]


def test_borders_are_the_passable_cells_beside_another_number() -> None:
    """By the definition, cell by cell, on patches that touch each other and the border, one part barrier."""
    patches = np.zeros((8, 9), np.int32)
    patches[1:5, 1:5], patches[1:5, 5:8], patches[6, 1] = 2, 5, 3
    codes = np.ones((8, 9), np.uint16)
    codes[0], codes[-1], codes[:, 0], codes[:, -1] = 0, 0, 0, 0
    codes[1, 1:3] = 0
    straight = np.array([1 << 40, 985])

    cells, start = search.list_borders(codes, patches, straight, 6)

    for number in range(1, 6):
        expected = [
            i * 9 + j
            for i, j in np.argwhere(patches == number).tolist()
            if codes[i, j] and (patches[i - 1 : i + 2, j - 1 : j + 2] != number).any()
        ]
        assert cells[start[number] : start[number + 1]].tolist() == expected
    assert cells.size == start[-1]


@pytest.mark.parametrize("cost", [np.inf, 1e12])
def test_a_dispersal_cost_that_cannot_be_counted_is_refused(cost) -> None:
    """2**40 units of 10 / 1970 resistance × m are 5.58128e9; the message says what to lower."""
    surface = ResistanceSurface(Grid(0, 0, 10, 1, 3), np.ones((1, 3), np.uint16), np.array([np.inf, 1.0]))

    with pytest.raises(DataError, match=r"more than can be counted exactly \(5\.58128e\+09\)"):
        link_patches(surface, np.array([[1, 0, 2]], np.int32), max_cost=cost)


def test_the_largest_cost_is_one_that_a_search_accepts() -> None:
    """Whatever the cell and the fineness of the metric."""
    for cell in (0.7, 10.0, 25.0, 1e3):
        for value in (1.0, 2.5):
            surface = ResistanceSurface(
                Grid(0, 0, cell, 1, 3), np.ones((1, 3), np.uint16), np.array([np.inf, value])
            )
            patches = np.array([[1, 0, 2]], np.int32)
            distance = cost_distance(surface, patches)
            pairs = find_planar_pairs(distance)

            links = find_links(distance, patches, pairs, max_cost=largest_cost(distance))

            assert links.cost == pytest.approx([2 * cell * value], rel=1e-6)


def test_a_dispersal_cost_of_zero_links_nothing() -> None:
    """A step costs more than nothing, even between patches that touch."""
    surface = ResistanceSurface(Grid(0, 0, 10, 1, 3), np.ones((1, 3), np.uint16), np.array([np.inf, 1.0]))

    assert len(link_patches(surface, np.array([[1, 2, 2]], np.int32), max_cost=0.0)) == 0
    assert len(link_patches(surface, np.array([[1, 2, 2]], np.int32), max_cost=10.0)) == 1


@pytest.mark.realdata
@pytest.mark.parametrize(("size", "links", "cost", "length"), [(1000, 1149, 267991.388228, 634512.375)])
def test_counts_near_those_of_graphab_on_the_synthetic_landscape(shared, size, links, cost, length) -> None:
    """Graphab's path finder on planar pairs by Euclidean zones; ours are by cost, so pairs differ a little.

    Expected: cases/corridors/synthetic/README.md. On the pairs that both have, costs are equal; the
    sums differ by the few pairs that only one has, under 1 %.
    """
    import rasterio

    folder = shared / "cases" / "corridors" / "synthetic"
    with rasterio.open(folder / f"cost_{size}.tif") as source:
        values, codes = np.unique(source.read(1), return_inverse=True)
    with rasterio.open(folder / f"patches_{size}.tif") as source:
        patches = source.read(1).astype(np.int32)
    grid = Grid(0, 0, 10, *patches.shape)
    surface = ResistanceSurface(
        grid, (codes.reshape(patches.shape) + 1).astype(np.uint16), np.r_[np.inf, values.astype(float)]
    )

    found = link_patches(surface, patches, max_cost=1e7, through_patches=True)

    assert len(found) == pytest.approx(links, rel=0.01)
    assert found.cost.sum() / grid.cell == pytest.approx(cost, rel=0.01)
    assert found.length_m.sum() == pytest.approx(length, rel=0.01)
