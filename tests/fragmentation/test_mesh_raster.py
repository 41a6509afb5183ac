"""Effective mesh size from rasters: pieces without a label raster."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from shapely import box

from bocage.errors import CRSError, DataError
from bocage.fragmentation.mesh import cut_patches, find_patches
from bocage.fragmentation.mesh_figures import compute_mesh
from bocage.fragmentation.mesh_raster import cut_raster, cut_rows, list_patches
from bocage.fragmentation.units import read_units
from bocage.grid import Grid

STRUCTURE = {4: None, 8: np.ones((3, 3))}


@st.composite
def maps(draw, max_side=14):
    """Give a mask and units: random cells, or blocks, some outside every unit."""
    shape = draw(st.tuples(st.integers(1, max_side), st.integers(1, max_side)))
    natural = draw(hnp.arrays(bool, shape, elements=st.sampled_from([True, True, False])))
    block = draw(st.sampled_from([1, 3, 5]))
    coarse = draw(
        hnp.arrays(np.int32, (-(-shape[0] // block), -(-shape[1] // block)), elements=st.integers(0, 3))
    )
    units = np.repeat(np.repeat(coarse, block, 0), block, 1)[: shape[0], : shape[1]]
    units = np.ascontiguousarray(units)
    units.flat[draw(st.integers(0, units.size - 1))] = 2
    return natural, units


def grid_of(array, cell=100):
    """Give a grid of cells of 1 ha."""
    return Grid(0, cell * array.shape[0], cell, *array.shape)


def same_pieces(one, other):
    """Compare two cuts in every array."""
    for a, b in ((one.by_unit, other.by_unit), (one.overall, other.overall)):
        assert a.unit_ids == b.unit_ids
        for name in ("unit_area_m2", "unit", "patch", "area_m2", "patch_area_m2", "patch_at_edge"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert np.array_equal(one.patch_first, other.patch_first)


def test_four_cells_by_hand():
    """Hand-worked: natural NW, NE and SW cells of 1 ha; unit 1 is the west column, unit 2 the east.

    With 4 neighbours all three are one patch of 3 ha; unit 1 holds a piece of 2 ha, unit 2 one of
    1 ha. CUT: 2²/2 = 2 and 1²/2 = 0.5 ha; CBC: 2×3/2 = 3 and 1×3/2 = 1.5 ha; overall 3²/4 = 2.25 ha.
    """
    natural = np.array([[1, 1], [1, 0]], bool)
    cut = cut_raster(natural, np.array([[1, 2], [1, 2]]), grid_of(natural))
    mesh = compute_mesh(cut.by_unit)
    assert mesh.unit_ids == ("1", "2")
    assert mesh.mesh_cut_ha.tolist() == [2.0, 0.5]
    assert mesh.mesh_cbc_ha.tolist() == [3.0, 1.5]
    overall = compute_mesh(cut.overall)
    assert overall.mesh_cut_ha.tolist() == overall.mesh_cbc_ha.tolist() == [2.25]


def test_diagonal_cells_by_hand():
    """Hand-worked: two cells that share a corner are two patches with 4 neighbours and one with 8."""
    natural = np.eye(2, dtype=bool)
    units = np.ones((2, 2), np.int32)
    for neighbours, mesh_ha in ((4, 2 / 4), (8, 4 / 4)):
        cut = cut_raster(natural, units, grid_of(natural), neighbours=neighbours)
        assert compute_mesh(cut.by_unit).mesh_cut_ha.tolist() == [mesh_ha]


@settings(max_examples=150, deadline=None)
@given(maps(), st.sampled_from([4, 8]))
def test_cut_against_the_definition(drawn, neighbours):
    """Slow definition: scipy's labels of the mask, of the mask in any unit and of the mask in each unit."""
    natural, units = drawn
    cut = cut_raster(natural, units, grid_of(natural, 1), neighbours=neighbours)
    structure = STRUCTURE[neighbours]
    patches, count = ndimage.label(natural, structure)
    assert sorted(cut.by_unit.patch_area_m2.tolist()) == sorted(np.bincount(patches.ravel())[1:].tolist())
    assert len(cut.patch_first) == count
    numbers = [int(value) for value in np.unique(units) if value]
    assert cut.by_unit.unit_ids == tuple(str(number) for number in numbers)
    for i, number in enumerate(numbers):
        labels, total = ndimage.label(natural & (units == number), structure)
        expected = sorted(
            (int((labels == k).sum()), int((patches == patches[labels == k][0]).sum()))
            for k in range(1, total + 1)
        )
        of = cut.by_unit.unit == i
        found = zip(
            cut.by_unit.area_m2[of].tolist(),
            cut.by_unit.patch_area_m2[cut.by_unit.patch[of]].tolist(),
            strict=True,
        )
        assert sorted(found) == expected
        assert cut.by_unit.unit_area_m2[i] == (units == number).sum()
    labels, total = ndimage.label(natural & (units > 0), structure)
    assert sorted(cut.overall.area_m2.tolist()) == sorted(np.bincount(labels.ravel())[1:].tolist())
    assert cut.overall.unit_area_m2.tolist() == [(units > 0).sum()]
    firsts = [int(np.flatnonzero(patches.ravel() == k)[0]) for k in range(1, count + 1)]
    assert cut.patch_first.tolist() == sorted(firsts)
    edge = np.ones(natural.shape, bool)
    edge[1:-1, 1:-1] = False
    at_edge = [bool((edge.ravel() & (patches.ravel() == patches.flat[k])).any()) for k in cut.patch_first]
    assert cut.by_unit.patch_at_edge.tolist() == at_edge


@settings(max_examples=60, deadline=None)
@given(maps(), st.sampled_from([4, 8]), st.integers(1, 6))
def test_stripes_give_what_the_whole_gives(drawn, neighbours, rows):
    """Tiled equals untiled, to the order of pieces: stripes of any height."""
    natural, units = drawn
    whole = cut_raster(natural, units, grid_of(natural), neighbours=neighbours, stripe_rows=99)
    striped = cut_raster(natural, units, grid_of(natural), neighbours=neighbours, stripe_rows=rows)
    same_pieces(whole, striped)


@settings(max_examples=40, deadline=None)
@given(maps())
def test_identities(drawn):
    """Coherence + division = 1; splitting × mesh = area; CBC >= CUT; products of CBC add up."""
    natural, units = drawn
    cut = cut_raster(natural, units, grid_of(natural))
    mesh = compute_mesh(cut.by_unit)
    held = mesh.natural_area_ha > 0
    assert np.allclose(mesh.coherence + mesh.division, 1)
    assert np.allclose(mesh.splitting[held] * mesh.mesh_cut_ha[held], mesh.unit_area_ha[held])
    assert np.all(mesh.mesh_cbc_ha >= mesh.mesh_cut_ha - 1e-12)
    overall = compute_mesh(cut.overall)
    assert overall.net_product_ha2[0] == pytest.approx((cut.overall.area_m2**2).sum() / 1e8)
    assert overall.net_product_cbc_ha2[0] == pytest.approx(mesh.net_product_cbc_ha2.sum())
    if (units > 0).all():
        assert overall.net_product_ha2[0] == pytest.approx((cut.by_unit.patch_area_m2**2).sum() / 1e8)


@settings(max_examples=30, deadline=None)
@given(maps(max_side=9))
def test_raster_gives_what_polygons_give_on_the_same_squares(drawn):
    """Two independent ways: cells as squares united by GEOS and cut, against the raster with 4 neighbours."""
    natural, units = drawn
    rows = len(natural)
    side = 100.0

    def squares(mask):
        return [
            box(c * side, (rows - r - 1) * side, (c + 1) * side, (rows - r) * side)
            for r, c in np.argwhere(mask)
        ]

    numbers = [int(value) for value in np.unique(units) if value]
    polygons = gpd.GeoDataFrame(
        {"code": numbers},
        geometry=[gpd.GeoSeries(squares(units == number)).union_all() for number in numbers],
        crs="EPSG:2154",
    )
    woods = gpd.GeoDataFrame(geometry=squares(natural), crs="EPSG:2154")
    vector = cut_patches(find_patches(woods), read_units(polygons, "code"))
    raster = cut_raster(natural, units, grid_of(natural))
    for a, b in ((vector.by_unit, raster.by_unit), (vector.overall, raster.overall)):
        one, other = compute_mesh(a), compute_mesh(b)
        assert one.unit_ids == other.unit_ids
        for name in ("pieces", "natural_area_ha", "mesh_cut_ha", "mesh_cbc_ha", "division", "splitting"):
            assert getattr(one, name) == pytest.approx(getattr(other, name)), name


def test_many_labels_outgrow_the_first_arrays():
    """A chessboard of 300 × 300 begins 45 000 labels, all single cells, each in a unit of its row."""
    natural = np.indices((300, 300)).sum(0) % 2 == 0
    units = np.repeat(np.arange(1, 301)[:, None], 300, 1)
    cut = cut_raster(natural, units, grid_of(natural))
    assert cut.labels == len(cut.by_unit) == 45_000
    assert np.all(cut.by_unit.area_m2 == 10_000)
    eight = cut_raster(natural, units, grid_of(natural), neighbours=8)
    assert eight.by_unit.patch_area_m2.tolist() == [45_000 * 10_000.0]
    assert len(eight.by_unit) == 45_000


def test_spiral_joins_late():
    """A comb whose teeth meet on the last row is one patch of many labels."""
    natural = np.zeros((50, 101), bool)
    natural[:, ::2] = True
    natural[-1] = True
    cut = cut_raster(natural, np.ones(natural.shape, np.int32), grid_of(natural, 1))
    assert cut.by_unit.patch_area_m2.tolist() == [natural.sum()]
    assert cut.labels == 51


def test_codes_and_polygons_of_units():
    """Codes with their classes, polygons as units, stripes of any height: as a mask and a raster give."""
    rng = np.random.default_rng(3)
    codes = ndimage.zoom(rng.integers(1, 6, (60, 40)), 5, order=0).astype(np.uint16)
    grid = Grid(0, 3000, 10, *codes.shape)
    table = gpd.GeoDataFrame(
        {"code": ["n", "s", "e"]},
        geometry=[box(0, 1500, 1000, 3000), box(0, 0, 1000, 1500), box(1000, 0, 1900, 3000)],
        crs="EPSG:2154",
    )
    units = read_units(table, "code")
    raster = np.zeros(grid.shape, np.int32)
    raster[:150, :100], raster[150:, :100], raster[:, 100:190] = 1, 2, 3
    expected = cut_raster(np.isin(codes, (2, 3)), raster, grid, unit_ids=("n", "s", "e"))
    for rows in (None, 7, 131):
        same_pieces(cut_raster(codes, units, grid, classes=(2, 3), stripe_rows=rows), expected)
    same_pieces(cut_raster(codes.astype(np.int64), units, grid, classes=(2, 3)), expected)


def test_stripes_may_come_from_anywhere():
    """A generator of stripes, never the whole raster in memory."""
    natural = np.random.default_rng(1).random((40, 30)) < 0.6
    units = np.repeat(np.arange(40)[:, None] // 10 + 1, 30, 1)
    stripes = ((natural[i : i + 3], units[i : i + 3]) for i in range(0, 40, 3))
    same_pieces(cut_rows(stripes, 30, cell_area_m2=1.0), cut_raster(natural, units, grid_of(natural, 1)))


def test_patches_and_pieces_are_listed():
    """Hand-worked: an L of 3 cells in two units, and a single cell outside every unit."""
    natural = np.array([[0, 1, 0, 1], [1, 1, 0, 0]], bool)
    units = np.array([[1, 2, 2, 0], [1, 2, 2, 0]])
    grid = grid_of(natural)
    cut = cut_raster(natural, units, grid)
    patches = list_patches(cut, grid)
    assert patches.to_dict("list") == {
        "patch": [1, 2],
        "area_ha": [3.0, 1.0],
        "at_edge": [True, True],
        "easting": [150.0, 350.0],
        "northing": [150.0, 150.0],
    }
    assert cut.by_unit.to_table().to_numpy().tolist() == [["2", 1, 2.0, 3.0], ["1", 1, 1.0, 3.0]]
    assert cut.by_unit.find_outside_patches().tolist() == [1]


def test_bad_rasters_are_refused_in_one_sentence():
    """Shapes that differ, numbers that name no unit, units that cover nothing, wrong neighbours."""
    natural = np.ones((2, 2), bool)
    ones = np.ones((2, 2), np.int32)
    grid = grid_of(natural)
    with pytest.raises(DataError, match="give the grid of the raster"):
        cut_raster(natural[:1], ones, grid)
    with pytest.raises(DataError, match="bring them to one grid"):
        cut_raster(natural, ones[:1], grid)
    with pytest.raises(DataError, match=r"number no unit \(-9\)"):
        cut_raster(natural, np.array([[1, -9], [1, 1]]), grid)
    with pytest.raises(DataError, match=r"number no unit \(7\)"):
        cut_raster(natural, np.array([[1, 7], [1, 1]]), grid, unit_ids=["a"])
    with pytest.raises(DataError, match=r"cover no cell of the raster \(b\)"):
        cut_raster(natural, ones, grid, unit_ids=["a", "b"])
    with pytest.raises(DataError, match="no cell of the raster"):
        cut_raster(natural, ones * 0, grid)
    with pytest.raises(DataError, match="whole numbers"):
        cut_raster(natural, ones.astype(float), grid)
    with pytest.raises(DataError, match="from 1 to 255"):
        cut_raster(np.array([[1, 255], [1, 1]], np.uint8), ones, grid)
    with pytest.raises(DataError, match="from nan to nan"):
        cut_raster(np.full((2, 2), np.nan), ones, grid)
    with pytest.raises(DataError, match="4 or 8"):
        cut_raster(natural, ones, grid, neighbours=6)
    with pytest.raises(DataError, match="same rows"):
        cut_rows([(natural, ones[:1])], 2, cell_area_m2=1.0)
    table = gpd.GeoDataFrame({"code": ["a"]}, geometry=[box(0, 0, 200, 200)], crs="EPSG:32631")
    with pytest.raises(CRSError, match="bring them to one"):
        cut_raster(natural, read_units(table, "code"), grid)


def test_patches_beside_unknown_ground_are_at_the_edge() -> None:
    """Hand-worked: of three patches inside, those beside, above and at the corner of a cell not known.

    With 4 neighbours a corner is no contact, with 8 it is.
    """
    natural = np.zeros((7, 7), bool)
    natural[1, 1] = natural[3, 1:3] = natural[5, 5] = natural[1, 5] = True
    known = np.ones((7, 7), bool)
    known[3, 3] = known[4, 4] = known[2, 5] = False
    edges = {
        neighbours: cut_raster(
            natural, np.ones((7, 7), int), Grid(0, 700, 100, 7, 7), known=known, neighbours=neighbours,
            stripe_rows=stripe_rows,
        ).by_unit.patch_at_edge.tolist()
        for neighbours, stripe_rows in ((4, 1), (8, 3))
    }  # fmt: skip
    assert edges == {4: [False, True, True, False], 8: [False, True, True, True]}
