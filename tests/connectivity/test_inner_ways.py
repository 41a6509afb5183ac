"""Ways across patches, from a table and from a raster."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from bocage.connectivity.inner_ways import (
    add_inner_ways,
    find_link_ends,
    measure_inner_ways,
    pair_meeting_links,
)
from bocage.connectivity.landscape import InnerWays, LandscapeGraph
from bocage.corridors.links import Links
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.resistance.surface import ResistanceSurface
from tests.connectivity import graphab_case

ROOT2 = np.sqrt(2)


def chain() -> LandscapeGraph:
    """Three links that meet in the patch in the middle."""
    return LandscapeGraph.of(
        [1] * 4, [0, 1, 3], [1, 2, 1], [10, 20, 30], ids="abcd", link_ids=["ab", "bc", "db"]
    )


def test_links_that_end_at_one_place_cross_at_no_cost() -> None:
    """Hand-worked: of three links two end at place 5, so two of the three pairs have a way."""
    ends = [(-1, 5), (6, -1), (-1, 5)]
    first, second, patch = pair_meeting_links(chain(), ends)
    assert list(zip(first, second, patch, strict=True)) == [(0, 1, 1), (1, 2, 1)]
    graph = add_inner_ways(chain(), ends, {(5, 6): 4.0})
    assert graph.inner.cost.tolist() == [4, 4]


def test_a_cost_that_lacks_names_its_links() -> None:
    """One sentence says which links and where."""
    with pytest.raises(DataError, match=r"lacking between the ends of 2 pair\(s\) of links \(ab and bc in b"):
        add_inner_ways(chain(), [(-1, 5), (6, -1), (-1, 5)], {})
    with pytest.raises(DataError, match="negative"):
        add_inner_ways(chain(), [(-1, 5), (6, -1), (-1, 5)], {(6, 5): -1})
    with pytest.raises(DataError, match="give 3 rows"):
        pair_meeting_links(chain(), [(1, 2)])


def surface(rows: list[list[float]], cell: float = 10) -> ResistanceSurface:
    """Make a surface of a small table."""
    table = np.array(rows, np.float64)
    values, codes = np.unique(table, return_inverse=True)
    return ResistanceSurface(
        Grid(0, 0, cell, *table.shape),
        (codes.reshape(table.shape) + 1).astype(np.uint16),
        np.concatenate([[np.inf], values]),
    )


PATCHES = np.array([[1, 2, 2, 2, 3], [0, 2, 0, 2, 0], [0, 2, 2, 2, 0]], np.int32)


def test_the_way_keeps_to_the_patch_or_takes_the_short_cut() -> None:
    """Hand-worked: a ring of a patch of resistance 10 around a cell of 1, cells of 10 m.

    From the middle of its left side to that of its right: round through four cells, two of the three or four
    steps being diagonal, at 10 each; straight through the hole at 5.5 a step.
    """
    ground = surface([[10] * 5, [10, 10, 1, 10, 10], [10] * 5])
    graph = LandscapeGraph.of([1, 3, 1], [0, 1], [1, 2], [10, 10])
    ends = [(0, 6), (8, 4)]
    inside = measure_inner_ways(graph, ends, PATCHES, ground).inner
    anywhere = measure_inner_ways(graph, ends, PATCHES, ground, through="anywhere").inner
    np.testing.assert_allclose(inside.cost, 100 * 2 * ROOT2, rtol=1e-6)
    np.testing.assert_allclose(anywhere.cost, 110)


def test_a_barrier_inside_a_patch_parts_the_ends_of_its_links() -> None:
    """Hand-worked: barriers above and below the middle leave no way inside, and the hole outside."""
    wall = np.inf
    ground = surface([[1, 1, wall, 1, 1], [1, 1, 1, 1, 1], [1, 1, wall, 1, 1]])
    graph = LandscapeGraph.of([1, 3, 1], [0, 1], [1, 2], [10, 10])
    ends = [(0, 6), (8, 4)]
    assert measure_inner_ways(graph, ends, PATCHES, ground).inner.cost.tolist() == [np.inf]
    assert measure_inner_ways(graph, ends, PATCHES, ground, through="anywhere").inner.cost.tolist() == [20]


def test_a_link_that_ends_out_of_its_patch_is_refused() -> None:
    """Cells of another grid are caught."""
    graph = LandscapeGraph.of([1, 3, 1], [0, 1], [1, 2], [10, 10], link_ids=["ab", "bc"])
    for stray in (7, 700):
        with pytest.raises(DataError, match=r"do not end in their patch \(ab\)"):
            measure_inner_ways(graph, [(0, stray), (8, 4)], PATCHES, surface([[1] * 5] * 3))
    with pytest.raises(DataError, match="have shape"):
        measure_inner_ways(graph, [(0, 6), (8, 4)], PATCHES, surface([[1] * 5] * 2))


def test_traced_links_end_at_the_ends_of_their_paths() -> None:
    """The first and last cell of each path; none for a link that was not traced."""
    none = np.empty(0, np.int64)
    links = Links(
        Grid(0, 0, 10, 3, 5),
        np.array([1, 1]),
        np.array([2, 3]),
        np.array([1.0, 2.0]),
        np.array([1.0, 2.0]),
        np.array([4, 5, 6]),
        np.array([0, 3, 3]),
        none,
        np.zeros(3, np.int64),
    )
    assert find_link_ends(links).tolist() == [[4, 6], [-1, -1]]


@pytest.mark.realdata
def test_graphab_costs_across_patches_are_measured_again(shared: Path) -> None:
    """The 762 costs that Graphab gives between cells where links of its planar graph end.

    Graphab lets the way leave the patch; cells are taken as square here, hence costs in cells.
    """
    graph = graphab_case.load_graph(shared, "plan_cout10")
    with rasterio.open(graphab_case.case_folder(shared) / "patches.tif") as dataset:
        patches = np.maximum(dataset.read(1), 0)
    with rasterio.open(graphab_case.case_folder(shared) / "source.tif") as dataset:
        codes = np.zeros(patches.shape, np.uint16)
        codes[1:-1, 1:-1] = dataset.read(1)
    ground = ResistanceSurface(
        Grid(0, 0, 1, *patches.shape), codes, np.array([np.inf, *range(1, 11)], np.float64)
    )
    ends = np.stack(graphab_case.find_link_ends(shared, "plan_cout10"), axis=1)
    inner = measure_inner_ways(graph, ends, patches, ground, through="anywhere").inner
    np.testing.assert_array_equal(inner.patch, graph.inner.patch)

    def sort_ways(ways: InnerWays) -> np.ndarray:
        first, second = np.minimum(ways.first, ways.second), np.maximum(ways.first, ways.second)
        return ways.cost[np.lexsort((second, first, ways.patch))]

    np.testing.assert_allclose(sort_ways(inner), sort_ways(graph.inner), rtol=1e-6)
