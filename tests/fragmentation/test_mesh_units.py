"""Reporting units: what is wrong with them is said in one sentence."""

from __future__ import annotations

import geopandas as gpd
import pytest
from shapely import LineString, Polygon, box

from bocage.errors import CRSError, DataError, InputError
from bocage.fragmentation.mesh import cut_patches, find_patches
from bocage.fragmentation.units import read_units, review_units


def table(ids, shapes, crs="EPSG:2154"):
    """Give a layer of units."""
    return gpd.GeoDataFrame({"code": ids}, geometry=shapes, crs=crs)


@pytest.mark.parametrize(
    ("units", "error", "sentence"),
    [
        (table([], []), InputError, "layer of reporting units is empty"),
        (
            table(["A"], [box(0, 0, 1, 1)]).rename(columns={"code": "insee"}),
            InputError,
            "no column 'code'.*insee",
        ),
        (table(["A"], [box(0, 0, 1, 1)], "EPSG:4326"), CRSError, "EPSG:4326.*degrees"),
        (table(["A", None], [box(0, 0, 1, 1), box(1, 0, 2, 1)]), InputError, r"1 row\(s\).*rows 1"),
        (table(["A", "B", "A"], [box(i, 0, i + 1, 1) for i in range(3)]), InputError, r"given twice.*\(A\)"),
        (table(["A", "B"], [box(0, 0, 1, 1), LineString([(0, 0), (1, 1)])]), InputError, r"no polygon \(B\)"),
        (table(["A", "B"], [box(0, 0, 1, 1), None]), InputError, r"no polygon \(B\)"),
        (
            table(["A", "B"], [box(0, 0, 100, 100), box(50, 0, 150, 100)]),
            DataError,
            r"1 pair\(s\).*A and B: 0.50 ha",
        ),
        (
            table(["A", "B"], [box(0, 0, 100, 100), box(0, 0, 100, 100)]),
            DataError,
            r"A and B: 1.00 ha",
        ),
    ],
)
def test_bad_units_are_refused_with_their_ids(units, error, sentence):
    """Each fault of the layer ends in one sentence with the offending ids (hand-made layers)."""
    with pytest.raises(error, match=sentence):
        read_units(units, "code")


def test_small_overlaps_pass_and_are_noted():
    """Hand-worked: 1 000 × 1 000 m units that overlap by 0.5 m share 500 m², half a thousandth of a unit."""
    units = read_units(table(["A", "B"], [box(0, 0, 1000, 1000), box(999.5, 0, 1999.5, 1000)]), "code")
    ((a, b, area),) = units.overlaps
    assert (a, b) == ("A", "B")
    assert area == pytest.approx(500.0)
    with pytest.raises(DataError, match="overlap"):
        read_units(
            table(["A", "B"], [box(0, 0, 1000, 1000), box(999.5, 0, 1999.5, 1000)]), "code", overlap_share=0
        )


def test_units_are_repaired_and_their_codes_spelt():
    """A bow tie is mended, a code read as a float is written without decimals, neighbours do not overlap."""
    bow_tie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    units = read_units(table([34001.0, 34002.0], [bow_tie, box(10, 0, 20, 10)]), "code")
    assert units.ids == ("34001", "34002")
    assert units.geometry[0].is_valid
    assert units.overlaps == ()


def test_review_tells_what_lies_outside_and_what_is_empty():
    """Hand-made: of three patches one is outside both units and one leaves the data; unit B is bare."""
    units = read_units(table(["A", "B"], [box(0, 0, 100, 100), box(100, 0, 200, 100)]), "code")
    woods = gpd.GeoDataFrame(
        geometry=[box(0, 0, 10, 10), box(20, 20, 30, 30), box(500, 500, 600, 600)], crs="EPSG:2154"
    )
    patches = find_patches(woods, extent=box(0, 0, 1000, 1000))
    notes = {
        note.code: dict(note.values) for note in review_units(units, cut_patches(patches, units).by_unit)
    }
    assert notes == {
        "patches_outside_units": {"count": 1, "patches": "1", "area_ha": 1.0},
        "units_without_patches": {"count": 1, "units": "B"},
        "patches_at_data_edge": {"count": 1, "patches": "3"},
    }
