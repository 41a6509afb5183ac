"""What changed between two dates."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from shapely import box

from bocage.errors import DataError
from bocage.fragmentation.change import compare_eca, compare_mesh, name_process
from bocage.fragmentation.mesh_figures import compute_mesh
from bocage.fragmentation.mesh_raster import cut_raster
from bocage.fragmentation.patch_events import overlay_labels, overlay_polygons, trace_patches
from bocage.fragmentation.transitions import tabulate_transitions
from bocage.grid import Grid

GRID = Grid(0, 200, 100, 2, 2)


def measure(natural, units=None):
    """Give the mesh of four cells of 1 ha."""
    units = np.array([[1, 1], [2, 2]]) if units is None else units
    return compute_mesh(cut_raster(np.array(natural, bool), units, GRID).by_unit)


def test_mesh_of_two_dates_by_hand():
    """Hand-worked: unit 1 of 2 ha loses half, CUT 2 → 0.5 ha; unit 2 gains its first cell."""
    table = compare_mesh(measure([[1, 1], [0, 0]]), measure([[1, 0], [0, 1]]))
    assert table["unit"].tolist() == ["1", "2"]
    assert table["mesh_cut_ha_change"].tolist() == [-1.5, 0.5]
    assert table["mesh_cut_ha_percent"].tolist()[0] == -75.0
    assert np.isnan(table["mesh_cut_ha_percent"].iloc[1])
    assert table["natural_area_ha_after"].tolist() == [1.0, 1.0]


def test_mesh_of_other_units_is_refused():
    """Units known at one date only, or that changed area, are named."""
    before = measure([[1, 1], [0, 0]])
    with pytest.raises(DataError, match=r"one date only \(2, 3\)"):
        compare_mesh(before, measure([[1, 1], [0, 0]], np.array([[1, 1], [3, 3]])))
    with pytest.raises(DataError, match=r"changed area between the dates \(1, 2\)"):
        compare_mesh(before, measure([[1, 1], [0, 0]], np.array([[1, 1], [1, 2]])))


def test_events_of_patches_by_hand():
    """Hand-worked on one row: every event of Sadahiro & Umemura, in the order of patches before."""
    before = np.array([[1, 1, 0, 2, 0, 3, 0, 4, 4, 4, 0, 5, 5, 0, 6, 0, 0, 7, 0]])
    after_ = np.array([[1, 0, 0, 2, 2, 2, 0, 3, 0, 4, 0, 5, 5, 0, 0, 6, 0, 7, 7]])
    events = trace_patches(overlay_labels(before, after_, cell_area_m2=1.0))
    assert list(zip(events.event, events.before, events.after, strict=True)) == [
        ("shrinkage", (0,), (0,)),
        ("union", (1, 2), (1,)),
        ("division", (3,), (2, 3)),
        ("stable", (4,), (4,)),
        ("disappearance", (5,), ()),
        ("expansion", (6,), (6,)),
        ("generation", (), (5,)),
    ]
    assert events.area_before_m2.tolist() == [2, 2, 3, 2, 1, 1, 0]
    assert events.area_after_m2.tolist() == [1, 3, 2, 2, 0, 2, 1]
    assert events.area_kept_m2.tolist() == [1, 2, 2, 2, 0, 1, 0]
    assert events.to_table()["after"].tolist()[2] == "3 4"


def test_several_to_several_and_slivers():
    """Hand-worked: a sliver of 1 cell of 10 ties two pairs; beyond 20 % it is forgotten."""
    before = np.repeat([[1, 2]], 10, 1)
    after_ = np.array([[1] * 11 + [2] * 9])
    after_[0, 10] = 1
    overlap = overlay_labels(before, after_, cell_area_m2=1.0)
    assert trace_patches(overlap).event == ("union_and_division",)
    assert trace_patches(overlap, min_share=0.2).event == ("expansion", "shrinkage")
    assert trace_patches(overlap, min_share=0.2, stable_share=0.1).event == ("stable", "stable")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_overlay_and_events_against_their_definition(data):
    """Slow definition: overlaps cell by cell, groups by spreading; areas of all events add up."""
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    old = ndimage.label(data.draw(hnp.arrays(bool, shape)))[0]
    new = ndimage.label(data.draw(hnp.arrays(bool, shape)))[0]
    overlap = overlay_labels(old, new, cell_area_m2=1.0)
    pairs: dict[tuple[int, int], int] = {}
    for a, b in zip(old.ravel().tolist(), new.ravel().tolist(), strict=True):
        if a and b:
            pairs[a - 1, b - 1] = pairs.get((a - 1, b - 1), 0) + 1
    found = zip(overlap.before.tolist(), overlap.after.tolist(), strict=True)
    assert dict(zip(found, overlap.area_m2.tolist(), strict=True)) == pairs
    events = trace_patches(overlap)
    assert sorted(i for group in events.before for i in group) == list(range(old.max()))
    assert sorted(i for group in events.after for i in group) == list(range(new.max()))
    for one, other in zip(events.before, events.after, strict=True):
        for a in one:
            assert {b for x, b in pairs if x == a} <= set(other)
        reached = {one[0]} if one else set()
        for _ in range(len(one) + len(other)):
            hit = {b for a, b in pairs if a in reached}
            reached |= {a for a, b in pairs if b in hit}
        assert reached == set(one)
    assert events.area_before_m2.sum() == (old > 0).sum()
    assert events.area_after_m2.sum() == (new > 0).sum()
    assert events.area_kept_m2.sum() == ((old > 0) & (new > 0)).sum()


def test_polygons_overlay_as_rasters_do():
    """Two ways on the same squares: a patch of 2 × 1 split in two, another enlarged."""
    before = gpd.GeoDataFrame(geometry=[box(0, 0, 3, 1), box(5, 0, 6, 1)], crs="EPSG:2154")
    after = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), box(2, 0, 3, 1), box(5, 0, 7, 1)], crs="EPSG:2154")
    vector = overlay_polygons(before, after)
    raster = overlay_labels(
        np.array([[1, 1, 1, 0, 0, 2, 0]]), np.array([[1, 0, 2, 0, 0, 3, 3]]), cell_area_m2=1.0
    )
    for name in ("area_before_m2", "area_after_m2", "before", "after", "area_m2"):
        assert getattr(vector, name).tolist() == getattr(raster, name).tolist()
    assert trace_patches(vector).event == ("division", "expansion")
    with pytest.raises(DataError, match="one system"):
        overlay_polygons(before, after.set_crs("EPSG:32631", allow_override=True))


@pytest.mark.parametrize(
    ("patches", "area", "perimeter", "process"),
    [
        ((3, 2), (10, 8), (20, 16), "attrition"),
        ((3, 2), (10, 12), (20, 16), "aggregation"),
        ((2, 3), (10, 12), (20, 30), "creation"),
        ((1, 2), (10, 9), (20, 30), "dissection"),
        ((1, 2), (10, 4), (20, 30), "fragmentation"),
        ((1, 1), (10, 12), (20, 22), "enlargement"),
        ((1, 1), (10, 9), (20, 24), "perforation"),
        ((1, 1), (10, 9), (20, 18), "shrinkage"),
        ((1, 1), (10, 10), (20, 24), "deformation"),
        ((1, 1), (10, 10), (20, 20), "none"),
    ],
)
def test_processes_of_a_class(patches, area, perimeter, process):
    """Each leaf of the decision tree of Bogaert et al. (2004), on numbers made for it."""
    assert name_process(patches, area, perimeter) == process


@pytest.mark.parametrize(
    ("area", "eca", "relation", "reading", "makurhini"),
    [
        (90, 80, "dECA < dA < 0", "connectivity_lost_more", "+ Connectivity loss"),
        (80, 90, "dA < dECA < 0", "habitat_lost_more", "+ Habitat loss"),
        (90, 90, "dECA = dA < 0", "equal_loss", "Equal loss"),
        (100, 100, "dECA = dA = 0", "unchanged", "Habitat or connectivity maintained"),
        (90, 110, "dA < 0 < dECA", "connectivity_gained_despite_loss", "Habitat or connectivity gain"),
        (100, 90, "dECA < dA = 0", "connectivity_lost_alone", "Habitat or connectivity gain"),
        (100, 110, "dA = 0 < dECA", "connectivity_gained_alone", "Habitat or connectivity gain"),
        (110, 90, "dECA < 0 < dA", "connectivity_lost_despite_gain", "Habitat or connectivity gain"),
        (110, 105, "0 < dECA < dA", "habitat_gained_more", "Habitat or connectivity gain"),
        (110, 110, "0 < dECA = dA", "equal_gain", "Habitat or connectivity gain"),
        (105, 110, "0 < dA < dECA", "connectivity_gained_more", "Habitat or connectivity gain"),
    ],
)
def test_classes_of_deca_against_da(area, eca, relation, reading, makurhini):
    """The classes that Makurhini's MK_dECA prints for losses, and the others in the same words."""
    change = compare_eca((100.0, float(area)), (100.0, float(eca)))
    assert (change.relation, change.reading, change.makurhini) == (relation, reading, makurhini)
    assert change.area_percent == pytest.approx(area - 100)
    assert change.eca_percent == pytest.approx(eca - 100)


def test_one_patch_changes_as_its_area():
    """Identity of Saura et al. 2011: for one patch ECA is the area, so dECA = dA though rounding differs."""
    change = compare_eca((3.0, 2.9), (0.3, 0.29))
    assert change.relation == "dECA = dA < 0"
    assert change.ratio == 1.0


def test_change_from_nothing_is_refused():
    """No percentage of 0; a missing value is named."""
    with pytest.raises(DataError, match="habitat area is 0"):
        compare_eca((0.0, 1.0), (1.0, 1.0))
    with pytest.raises(DataError, match="ECA is 1 at the first date and nan"):
        compare_eca((1.0, 1.0), (1.0, float("nan")))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_transitions_against_the_definition(data):
    """Slow definition: one mask for each pair of classes; rows and columns add up to each date's areas."""
    shape = data.draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    codes = st.sampled_from([0, 1, 17, 129])
    old, new = (data.draw(hnp.arrays(np.uint8, shape, elements=codes)) for _ in range(2))
    table = tabulate_transitions(old, new, cell_area_m2=2e4)
    assert table.codes.tolist() == sorted(set(old.ravel().tolist()) | set(new.ravel().tolist()))
    for i, a in enumerate(table.codes):
        for j, b in enumerate(table.codes):
            assert table.area_ha[i, j] == 2.0 * ((old == a) & (new == b)).sum()
    known = tabulate_transitions(old, new, cell_area_m2=1e4, nodata=129)
    assert 129 not in known.codes
    assert known.area_ha.sum() == ((old != 129) & (new != 129)).sum()


def test_transitions_are_read_in_stripes(monkeypatch):
    """Tiled equals untiled: stripes of one row give the same matrix."""
    rng = np.random.default_rng(5)
    old, new = rng.integers(0, 300, (2, 20, 30))
    whole = tabulate_transitions(old, new, cell_area_m2=1.0)
    monkeypatch.setattr("bocage.fragmentation.transitions._STRIPE_CELLS", 1)
    striped = tabulate_transitions(old, new, cell_area_m2=1.0)
    assert np.array_equal(whole.codes, striped.codes)
    assert np.array_equal(whole.area_ha, striped.area_ha)
    names = whole.to_table({0: "core"})
    assert names.columns[0] == names.index[0] == "core"


def test_bad_maps_are_refused():
    """Shapes that differ, and negative values."""
    with pytest.raises(DataError, match="bring them to one grid"):
        tabulate_transitions(np.zeros((2, 2), int), np.zeros((2, 3), int), cell_area_m2=1.0)
    with pytest.raises(DataError, match="-1 to 0"):
        tabulate_transitions(np.array([[-1, 0]]), np.zeros((1, 2), int), cell_area_m2=1.0)
