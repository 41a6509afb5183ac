"""Habitat patches: connectivity, order, minimum area, core."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bocage.grid import Grid
from bocage.landcover import LandCover, Legend
from bocage.reservoirs import core_area, find_core, find_habitat, label_patches
from bocage.subnetwork import Subnetwork

HABITAT = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def connect_by_brute_force(habitat: np.ndarray) -> list[list[tuple[int, int]]]:
    """Connect cells with their eight neighbours as a graph; components by first cell."""
    graph = nx.Graph()
    cells = list(zip(*np.nonzero(habitat), strict=True))
    graph.add_nodes_from(cells)
    graph.add_edges_from(
        ((row, col), (row + i, col + j))
        for row, col in cells
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
        if (row + i, col + j) in graph
    )
    return sorted(sorted(component) for component in nx.connected_components(graph))


@settings(max_examples=80, deadline=None)
@given(HABITAT)
def test_labels_are_a_partition_of_the_habitat(habitat):
    """Without minimum area every habitat cell has one label: that of its connected component."""
    grid = Grid(0, 1000, 10, *habitat.shape)

    patches = label_patches(habitat, grid, min_ha=0)

    np.testing.assert_array_equal(patches.labels > 0, habitat)
    expected = connect_by_brute_force(habitat)
    assert [
        sorted(zip(*np.nonzero(patches.labels == k + 1), strict=True)) for k in range(len(patches))
    ] == expected
    assert patches.area_m2.tolist() == [100.0 * len(cells) for cells in expected]
    assert patches.first_cell.tolist() == [
        int(cells[0][0]) * habitat.shape[1] + int(cells[0][1]) for cells in expected
    ]


@settings(max_examples=60, deadline=None)
@given(HABITAT, st.integers(1, 10))
def test_what_is_below_the_minimum_is_dropped_and_counted(habitat, cells):
    """A patch of exactly the minimum area is kept; smaller ones are counted as dropped."""
    grid = Grid(0, 1000, 10, *habitat.shape)

    patches = label_patches(habitat, grid, min_ha=cells / 100)

    sizes = [len(component) for component in connect_by_brute_force(habitat)]
    assert patches.area_m2.tolist() == [100.0 * size for size in sizes if size >= cells]
    assert patches.dropped == sum(size < cells for size in sizes)
    assert patches.largest_m2 == 100.0 * max(sizes, default=0)


def test_core_is_deeper_than_the_edge_and_the_grid_is_no_edge():
    """A band against the west border: 4 columns wide, its core lacks only the 2 columns inside."""
    habitat = np.zeros((5, 6), dtype=bool)
    habitat[:, :4] = True
    grid = Grid(0, 50, 10, 5, 6)

    core = find_core(habitat, grid, edge_depth_m=15)

    # Centres of columns 3, 2, 1, 0 are 5, 15, 25 and 35 m inside: deeper than 15 m are the last two.
    assert core.any(axis=0).tolist() == [True, True, False, False, False, False]
    assert core[:, :2].all()


@pytest.mark.parametrize("depth", [7.0, 10.0, 25.0])
def test_core_is_that_of_the_definition_across_bands_of_rows(depth, monkeypatch):
    """By the distance of every pair of centres; 60 rows are worked in bands of 4 times the reach."""
    monkeypatch.setattr("bocage.reservoirs.patches._BAND_ROWS", 1)
    rows, cols = np.mgrid[0:60, 0:9]
    habitat = (rows * 7 + cols * 3) % 61 > 1
    edge = np.argwhere(~habitat)

    core = find_core(habitat, Grid(0, 600, 10, 60, 9), edge_depth_m=depth)

    nearest = np.array([np.hypot(*(edge - cell).T).min() for cell in np.ndindex(habitat.shape)])
    assert np.array_equal(core, ((nearest - 0.5) * 10 > depth).reshape(habitat.shape) & habitat)
    assert 0 < core.sum() < habitat.sum()


def test_unknown_ground_is_no_edge_of_habitat():
    """Next to cells without data, habitat may go on: they make no edge."""
    habitat = np.zeros((3, 6), dtype=bool)
    habitat[:, :3] = True
    known = np.ones((3, 6), dtype=bool)
    known[:, 3:] = False

    core = find_core(habitat, Grid(0, 30, 10, 3, 6), edge_depth_m=10, known=known)

    assert core[:, :3].all()


def test_core_area_is_given_patch_by_patch():
    """Two squares of 5 and 3 cells a side: with an edge of 10 m, 9 cells and 1 cell of core."""
    labels = np.zeros((7, 11), dtype=np.int32)
    labels[1:6, 1:6] = 1
    labels[2:5, 7:10] = 2

    assert core_area(labels, Grid(0, 70, 10, 7, 11), edge_depth_m=10).tolist() == [900.0, 100.0]


def test_a_brook_does_not_cut_a_wood_but_a_motorway_does():
    """Narrow ground with habitat on both sides is bridged; other ground, however narrow, is not."""
    legend = Legend(
        ("", "clc", "bocage", "bocage"),
        ("", "311", "stream", "motorway"),
        ("", "Feuillus", "Ruisseau", "Autoroute"),
        ("", "broadleaf", "stream", "motorway"),
    )
    codes = np.ones((4, 9), dtype=np.uint16)
    codes[:, 3] = 2
    codes[:, 6] = 3
    cover = LandCover(Grid(0, 40, 10, 4, 9), codes, np.where(codes == 3, 1, codes).astype(np.uint16), legend)
    wood = Subnetwork("boise", "Boisé", "boisé", ("broadleaf",), 0.0, 0.0, (1000.0,), {})

    patches = label_patches(find_habitat(cover, wood), cover.grid, min_ha=0)

    assert patches.labels[0].tolist() == [1, 1, 1, 1, 1, 1, 0, 2, 2]


def test_a_brook_outside_the_wood_is_not_habitat():
    """Only what runs between two sides of habitat is bridged, not the brook that leaves it."""
    legend = Legend(
        ("", "c", "c", "c"), ("", "1", "2", "3"), ("", "", "", ""), ("", "broadleaf", "stream", "arable")
    )
    codes = np.full((5, 8), 3, dtype=np.uint16)
    codes[:, :3] = 1
    codes[2, :] = 2
    cover = LandCover(Grid(0, 50, 10, 5, 8), codes, codes, legend)
    wood = Subnetwork("boise", "Boisé", "boisé", ("broadleaf",), 0.0, 0.0, (1000.0,), {})

    assert find_habitat(cover, wood)[2].tolist() == [True] * 3 + [False] * 5
