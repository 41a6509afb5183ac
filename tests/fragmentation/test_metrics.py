"""Tests of landscape metrics: hand-worked rasters, identities, symmetries, options and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bocage.errors import DataError
from bocage.fragmentation.class_metrics import measure_classes
from bocage.fragmentation.landscape_metrics import measure_landscape
from bocage.fragmentation.metrics import LEVELS, METRICS, STATISTICS, SUMMED
from bocage.fragmentation.mosaic import build_mosaic
from bocage.fragmentation.patch_metrics import measure_patches
from bocage.grid import Grid

STAIR = np.array([[1, 1, 2], [1, 2, 2], [2, 2, 2]])
"""Three cells of class 1 in a corner, six of class 2."""

ISLES = np.array([[1, 2, 2, 1], [2, 2, 2, 2], [2, 2, 2, 2], [2, 2, 2, 2]])
"""Two cells of class 1 in two corners of a square of class 2."""

RASTERS = arrays(
    np.int64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 3)
).filter(lambda raster: bool(raster.any()))


def measure_class(raster: np.ndarray, value: int, cell: float = 10.0, **options: Any) -> dict[str, float]:
    """Measure one class."""
    found = measure_classes(build_mosaic(raster, cell, **options)).set_index("class")
    return {str(name): float(number) for name, number in found.loc[value].items()}


def measure_all(raster: np.ndarray, max_classes: int | None = None, **options: Any) -> dict[str, float]:
    """Measure the landscape, of cells of 10 m."""
    found = measure_landscape(build_mosaic(raster, 10.0, **options), max_classes=max_classes).iloc[0]
    return {str(name): float(number) for name, number in found.items()}


def test_a_stair_of_three_cells_by_hand() -> None:
    """Patch metrics of an L of three cells of 10 m are those worked out with pencil and paper."""
    first = measure_patches(build_mosaic(STAIR, 10.0)).iloc[0]
    assert first["area"] == pytest.approx(0.03)
    assert first["perim"] == 80
    assert first["para"] == pytest.approx(80 / 0.03)
    assert first["shape"] == 1.0  # three cells have eight sides at the least
    assert first["frac"] == pytest.approx(2 * math.log(20) / math.log(300))
    # Template: the corner cell 1 + 2 + 2, each arm 1 + 2 + 1.
    assert first["contig"] == pytest.approx((13 / 3 - 1) / 12)
    # Halves of area: 1.5 cells lie left of column 0.25, and as many above row 0.25.
    arm = math.hypot(0.25, 0.75)
    assert first["gyrate"] == pytest.approx(10 * (math.hypot(0.25, 0.25) + 2 * arm) / 3)
    # Farthest corners: (0, 2) and (2, 0), √8 cells apart.
    assert first["circle"] == pytest.approx(1 - 3 / (3.1415 / 4 * 8))
    assert math.isnan(first["enn"])
    assert first["core"] == first["ncore"] == first["cai"] == 0


def test_a_stair_of_three_cells_by_the_text() -> None:
    """Read by its documentation, gyration is to the mean of the centres and the circle is the smallest."""
    first = measure_patches(build_mosaic(STAIR, 10.0, reading="text")).iloc[0]
    third = 1 / 3
    arm = math.hypot(third, 2 * third)
    assert first["gyrate"] == pytest.approx(10 * (math.hypot(third, third) + 2 * arm) / 3)
    # Around the corners (0, 2), (2, 0) and (0, 0): centre (1, 1), radius √2.
    assert first["circle"] == pytest.approx(1 - 3 / (math.pi * 2))
    # LSI: twelve sides around the landscape and four inside, over √9 cells.
    assert measure_class(STAIR, 1, reading="text")["lsi"] == pytest.approx(0.25 * 16 / 3)
    assert measure_all(STAIR, reading="text")["lsi"] == pytest.approx(0.25 * 16 / 3)


def test_classes_of_the_stair_by_hand() -> None:
    """Class metrics of two patches that share four sides are those worked out by hand."""
    one, two = measure_class(STAIR, 1), measure_class(STAIR, 2)
    assert (one["ca"], two["ca"]) == pytest.approx((0.03, 0.06))
    assert (one["pland"], two["pland"]) == pytest.approx((100 / 3, 200 / 3))
    assert one["te"] == two["te"] == 40
    assert one["ed"] == pytest.approx(40 / 0.09)
    assert one["lsi"] == 8 / 8
    assert two["lsi"] == 12 / 10
    assert one["ai"] == two["ai"] * 7 / 6 == 100  # 2 of 2 sides shared; 6 of 7
    assert one["pladj"] == pytest.approx(100 * 4 / 12)
    # G = 4 / (12 - 8) = 1; two: G = 12 / (24 - 10).
    assert one["clumpy"] == pytest.approx(1.0)
    assert two["clumpy"] == pytest.approx((12 / 14 - 2 / 3) / (1 / 3))
    # One: at most 12 sides. Two, over half: 12 around the square and 4 for each cell of one.
    assert one["nlsi"] == 0
    assert two["nlsi"] == pytest.approx((12 - 10) / (12 + 4 * 3 - 10))
    assert one["cohesion"] == pytest.approx((1 - 1 / math.sqrt(3)) / (1 - 1 / 3) * 100)
    assert one["division"] == pytest.approx(1 - 1 / 9)
    assert one["mesh"] == pytest.approx(0.01)
    assert one["split"] == pytest.approx(9)
    assert math.isnan(one["iji"])
    assert math.isnan(one["pafrac"])


def test_the_stair_as_a_landscape_by_hand() -> None:
    """Diversity and contagion of shares 1/3 and 2/3, and of four, two and six shared sides."""
    found = measure_all(STAIR, max_classes=4)
    assert found["ta"] == pytest.approx(0.09)
    assert found["shdi"] == pytest.approx(math.log(3) - 2 / 3 * math.log(2))
    assert found["sidi"] == pytest.approx(4 / 9)
    assert found["msidi"] == pytest.approx(math.log(9 / 5))
    assert found["siei"] == pytest.approx(8 / 9)
    assert found["shei"] == pytest.approx(found["shdi"] / math.log(2))
    assert (found["pr"], found["rpr"]) == (2, 50)
    assert found["prd"] == pytest.approx(2 / 0.09 * 100)
    # q: one-one 1/3 × 4/8, one-two 1/3 × 4/8, two-one 2/3 × 4/16, two-two 2/3 × 12/16.
    q = np.array([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    assert found["contag"] == pytest.approx((1 + (q * np.log(q)).sum() / (2 * math.log(2))) * 100)
    assert found["te"] == 40
    assert found["lsi"] == (4 + 12) / 12
    assert found["ai"] == pytest.approx((1 / 3 + 6 / 7 * 2 / 3) * 100)
    assert found["pladj"] == pytest.approx(100 * 16 / 36)
    assert found["mesh"] == pytest.approx((9 + 36) / 9 * 0.01)


def test_isles_by_hand() -> None:
    """Two cells at the ends of a row of four are three cells apart; the square keeps its three core cells."""
    patches = measure_patches(build_mosaic(ISLES, 10.0))
    assert patches["enn"].tolist()[::2] == [30, 30]
    # Core of two: the cells of the inner square, whose four neighbours are all of class 2.
    sea = patches[patches["class"] == 2].iloc[0]
    assert (sea["core"], sea["ncore"]) == (pytest.approx(0.04), 1)
    assert sea["cai"] == pytest.approx(100 * 4 / 14)
    one = measure_class(ISLES, 1)
    assert (one["enn_mn"], one["enn_sd"], one["enn_cv"]) == (30, 0, 0)
    assert math.isnan(measure_class(ISLES, 2)["enn_mn"])
    # Of one cell each: half a cell of gyration, as the program prints, and no circle.
    assert one["gyrate_mn"] == 5
    assert one["circle_mn"] == 0
    assert measure_class(ISLES, 1, reading="text")["gyrate_mn"] == 0


def test_corners_join_by_choice() -> None:
    """Cells that touch by a corner are one patch of 8 neighbours, and two of 4, √2 cells apart."""
    cross = np.array([[1, 2], [2, 1]])
    assert len(build_mosaic(cross, 10.0)) == 2
    four = measure_patches(build_mosaic(cross, 10.0, neighbours=4))
    assert len(four) == 4
    assert four["enn"].tolist() == pytest.approx([10 * math.sqrt(2)] * 4)


@pytest.mark.parametrize(
    ("depth", "expected"), [(0, 49), (10, 25), (14, 25), (14.2, 25), (20, 9), (30, 1), (40, 0)]
)
def test_edge_depth_eats_a_square(depth: float, expected: int) -> None:
    """A square of seven cells keeps a square core, a ring of cells less for each cell of depth."""
    raster = np.zeros((9, 9), int)
    raster[1:-1, 1:-1] = 1
    mosaic = build_mosaic(raster, 10.0, nodata=0, edge_depth_m=depth)
    assert mosaic.core_cells.tolist() == [expected]


def test_edge_depth_is_a_disc() -> None:
    """One cell of other ground in the middle takes out the cells whose centres are within the depth."""
    raster = np.ones((11, 11), int)
    raster[5, 5] = 2
    rows, cols = np.mgrid[-5:6, -5:6]
    for depth in (1.0, 1.5, 2.0, 2.5, 3.0):
        rim = math.floor(depth)
        inside = np.zeros_like(raster, bool)
        inside[rim:-rim, rim:-rim] = True
        mosaic = build_mosaic(raster, 1.0, edge_depth_m=depth)
        assert mosaic.core_cells[0] == (inside & (rows**2 + cols**2 > depth**2)).sum()


def test_the_boundary_counts_as_told() -> None:
    """The outline of the landscape is edge by the share asked for, in TE and ED only."""
    without, half, whole = (measure_all(STAIR, boundary=share) for share in (0.0, 0.5, 1.0))
    assert (without["te"], half["te"], whole["te"]) == (40, 100, 160)
    assert without["lsi"] == whole["lsi"]
    assert without["contag"] == whole["contag"]
    assert measure_class(STAIR, 1, boundary=1.0)["te"] == 80


def test_no_data_is_outside() -> None:
    """A frame without data changes nothing, whatever says so: a value, several, or NaN."""
    plain = measure_classes(build_mosaic(STAIR, 10.0))
    framed = np.pad(STAIR, 2, constant_values=9)
    framed[0] = 8
    missing = np.pad(STAIR.astype(float), 1, constant_values=np.nan)
    for mosaic in (build_mosaic(framed, 10.0, nodata=(8, 9)), build_mosaic(missing, 10.0)):
        pd.testing.assert_frame_equal(measure_classes(mosaic), plain)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.int64, np.float32, np.float64])
def test_types_do_not_matter(kind: type) -> None:
    """The same classes give the same tables, whatever the type of the raster, even values far apart."""
    expected = measure_classes(build_mosaic(STAIR, 10.0))
    pd.testing.assert_frame_equal(measure_classes(build_mosaic(STAIR.astype(kind), 10.0)), expected)
    isle = measure_classes(build_mosaic(STAIR == 1, 10.0))
    assert isle["ca"].tolist() == expected["ca"].tolist()[::-1]
    far = measure_classes(build_mosaic(STAIR.astype(np.int64) * 1_000_000_007, 10.0))
    pd.testing.assert_frame_equal(far.drop(columns="class"), expected.drop(columns="class"))


def test_one_cell_is_a_landscape() -> None:
    """A raster of one cell has what exists, and NaN for the rest."""
    found = measure_all(np.array([[7]]))
    assert found["ta"] == pytest.approx(0.01)
    assert (found["shdi"], found["shei"], found["division"], found["split"]) == (0, 0, 0, 1)
    assert all(math.isnan(found[name]) for name in ("contag", "iji", "cohesion", "enn_mn", "rpr"))
    assert math.isnan(measure_class(np.array([[7]]), 7)["ai"])


def test_a_square_of_a_metre_has_dimension_one() -> None:
    """Where FRAC is 0 / 0, a cell of 1 m, it is 1 as for any square."""
    assert measure_patches(build_mosaic(np.array([[1, 2]]), 1.0))["frac"].tolist() == [1, 1]


@given(raster=RASTERS, neighbours=st.sampled_from([4, 8]))
@settings(max_examples=60, deadline=None)
def test_parts_make_the_whole(raster: np.ndarray, neighbours: int) -> None:
    """Shares sum to 100, areas to the total, twice the edges of the landscape to those of its classes."""
    mosaic = build_mosaic(raster, 10.0, nodata=0, neighbours=neighbours)
    patches, classes = measure_patches(mosaic), measure_classes(mosaic)
    whole = measure_landscape(mosaic).iloc[0]
    assert classes["pland"].sum() == pytest.approx(100)
    for table in (patches["area"], classes["ca"]):
        assert table.sum() == pytest.approx(whole["ta"])
    assert classes["te"].sum() == 2 * whole["te"]
    assert patches["perim"].sum() == whole["te"] * 2 + mosaic.joins[:-1, -1].sum() * 10
    for name in ("np", "ndca"):
        assert classes[name].sum() == whole[name]
    assert classes["tca"].sum() == pytest.approx(patches["core"].sum())
    assert classes["mesh"].sum() == pytest.approx(whole["mesh"])
    assert whole["mesh"] == pytest.approx(whole["area_am"])
    assert whole["mesh"] * whole["split"] == pytest.approx(whole["ta"])
    assert patches["circle"].between(0, 1).all()
    assert patches["contig"].between(0, 1).all()
    assert (patches["shape"] >= 1).all()
    assert classes["nlsi"].dropna().between(0, 1).all()
    assert (classes["clumpy"].dropna() <= 1 + 1e-12).all()


@given(raster=RASTERS, neighbours=st.sampled_from([4, 8]), reading=st.sampled_from(["program", "text"]))
@settings(max_examples=60, deadline=None)
def test_turning_changes_nothing(raster: np.ndarray, neighbours: int, reading: Any) -> None:
    """Classes and landscape measure the same turned a quarter, mirrored and transposed."""
    options: dict[str, Any] = {
        "nodata": 0,
        "neighbours": neighbours,
        "reading": reading,
        "edge_depth_m": 15.0,
    }
    mosaic = build_mosaic(raster, 10.0, **options)
    classes, whole = measure_classes(mosaic), measure_landscape(mosaic)
    for turned in (np.rot90(raster), raster[:, ::-1], raster[::-1], raster.T):
        other = build_mosaic(turned, 10.0, **options)
        pd.testing.assert_frame_equal(measure_classes(other), classes, rtol=1e-9, atol=1e-9)
        pd.testing.assert_frame_equal(measure_landscape(other), whole, rtol=1e-9, atol=1e-9)


def test_far_neighbours_are_found() -> None:
    """Nearest neighbours across a large empty raster are exact, as are those of a patch round another."""
    raster = np.zeros((400, 500), int)
    raster[0, 0] = raster[390, 430] = 1
    raster[200, 200:300] = 2
    raster[100:301, 150] = raster[100:301, 350] = 2
    raster[100, 150:351] = 2
    mosaic = build_mosaic(raster, 1.0)
    found = measure_patches(mosaic).query("`class` > 0").groupby("class")["enn"].apply(list).to_dict()
    assert found[1] == [math.hypot(390, 430)] * 2
    assert found[2] == [50, 50]


@pytest.mark.parametrize(
    ("raster", "grid", "options", "message"),
    [
        (STAIR, Grid(0, 0, 10, nrows=2, ncols=3), {}, r"3 × 3 cells where its grid has 2 × 3"),
        (STAIR, 0.0, {}, "positive number of metres"),
        (STAIR, 10.0, {"neighbours": 6}, "neighbours is 6"),
        (STAIR, 10.0, {"edge_depth_m": 5.0}, "cells of 10 m cannot show"),
        (STAIR, 10.0, {"edge_depth_m": math.inf}, "edge depth"),
        (STAIR, 10.0, {"boundary": 2.0}, "boundary is 2.0"),
        (STAIR, 10.0, {"reading": "other"}, "reading is 'other'"),
        (STAIR, 10.0, {"nodata": (1, 2)}, "no cell of the raster has data"),
        (STAIR + 0.25, 10.0, {}, r"not whole numbers \(1.25, 2.25\)"),
        (STAIR[:, :0], 10.0, {}, "no cell of the raster has data"),
        (STAIR.ravel(), 10.0, {}, "1 dimensions"),
        (STAIR.astype(str), 10.0, {}, "whole numbers were expected"),
        (np.arange(70_000).reshape(700, 100), 10.0, {}, "classes, not of measures"),
    ],
)
def test_bad_input_is_refused(raster: np.ndarray, grid: Any, options: dict[str, Any], message: str) -> None:
    """Each fault is said in a sentence that tells what was found and expected."""
    with pytest.raises(DataError, match=message):
        build_mosaic(raster, grid, **options)


def test_too_few_possible_classes_are_refused() -> None:
    """A landscape cannot have more classes than it could have."""
    with pytest.raises(DataError, match="has 2 classes where max_classes allows 1"):
        measure_landscape(build_mosaic(STAIR, 10.0), max_classes=1)


def test_the_registry_names_every_column() -> None:
    """Tables hold the metrics of their level and no other, each with its meaning in two languages."""
    mosaic = build_mosaic(STAIR, 10.0)
    tables = (measure_patches(mosaic), measure_classes(mosaic), measure_landscape(mosaic))
    for level, table in zip(LEVELS, tables, strict=True):
        expected = {name for name, metric in METRICS.items() if level in metric.levels}
        assert set(table.columns) - {"patch", "class"} == expected
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.source.endswith("FRAGSTATS v4")
        for language in ("fr", "en"):
            assert metric.meaning(language).endswith(".")
    assert len(SUMMED) * len(STATISTICS) == sum(bool(metric.statistic) for metric in METRICS.values())
