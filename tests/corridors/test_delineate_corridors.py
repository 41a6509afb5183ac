"""Corridors of a sub-network, least cost and dilation-erosion, on a hand-worked landscape."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from bocage.corridors.delineate import Corridors, delineate_corridors, merge_pairs
from bocage.corridors.links import Pairs
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.landcover import LandCover, Legend
from bocage.network import COLUMNS
from bocage.reservoirs.delineate import Reservoirs, delineate_reservoirs
from bocage.subnetwork import Subnetwork

LEGEND = Legend(
    ("", "t", "t", "t", "t", "t"),
    ("", "1", "2", "3", "4", "5"),
    ("", "wood", "field", "motorway", "town", "passage"),
    ("", "broadleaf", "arable", "motorway", "urban_dense", "crossing"),
)
WOOD, FIELD, MOTORWAY, TOWN, PASSAGE = 1, 2, 3, 4, 5


def subnetwork(**changes) -> Subnetwork:
    """Give woods that cross fields at 10 a metre, 20 000 in all, and no motorway."""
    values = {
        "key": "boise", "name": "Boisé", "medium": "boisé", "habitat": ("broadleaf",), "min_patch_ha": 0.5,
        "reservoir_min_ha": 0.5, "dispersal_m": (2000.0,), "reference_resistance": 10.0,
        "resistance": {
            "broadleaf": 1.0, "arable": 10.0, "motorway": np.inf, "urban_dense": 500.0, "crossing": 10.0,
        },
    }  # fmt: skip
    return Subnetwork(**(values | changes))


def two_woods(*, cut: bool, passage: int | None = None, town: slice | None = None) -> LandCover:
    """Two woods of 10 × 10 cells of 20 m, 20 cells of field apart; perhaps a motorway between."""
    under = np.full((14, 44), FIELD, np.uint16)
    under[2:12, 2:12] = WOOD
    under[2:12, 32:42] = WOOD
    if town is not None:
        under[:, town] = TOWN
    codes = under.copy()
    if cut:
        codes[:, 20] = MOTORWAY
    if passage is not None:
        codes[passage, 20] = PASSAGE
    return LandCover(Grid(700_000, 6_600_280, 20, 14, 44), codes, under, LEGEND)


def corridors_of(cover: LandCover, **changes) -> tuple[Corridors, Reservoirs, Journal]:
    """Delineate reservoirs, name them, delineate corridors."""
    journal, wanted = Journal(), subnetwork(**changes)
    found = delineate_reservoirs(cover, wanted, [], journal=journal)
    table = found.table.assign(id=[f"R{n}" for n in found.table["number"]])
    named = Reservoirs(table, found.labels)
    return delineate_corridors(cover, wanted, named, journal=journal), named, journal


def test_open_ground_gives_one_corridor_with_its_cost() -> None:
    """21 steps of 20 m from border to border: half a step of wood at each end, 20 of field at 10."""
    corridors, _, _ = corridors_of(two_woods(cut=False))

    row = corridors.surfaces.iloc[0]
    assert len(corridors.surfaces) == len(corridors.axes) == 1
    assert (row["from_id"], row["to_id"], row["method"]) == ("R1", "R2", "least_cost")
    assert row["cost"] == pytest.approx(20 * 10 * 20 + 10 * 1 + 10 * 1)
    assert row["cost_free"] == row["cost"]
    assert row["length_m"] == pytest.approx(21 * 20)
    assert row["dispersal_cost"] == 20_000
    assert set(COLUMNS["corridor_s"]) <= set(corridors.surfaces.columns)


def test_a_motorway_breaks_it_and_leaves_the_cost_without_it() -> None:
    """A barrier across the whole grid: impassable today, the same cost as before without it."""
    corridors, _, _ = corridors_of(two_woods(cut=True))

    row = corridors.surfaces.iloc[0]
    assert np.isnan(row["cost"])
    assert row["cost_free"] == pytest.approx(4020.0)


def test_a_long_detour_is_measured_beyond_the_dispersal_cost() -> None:
    """The passage lies in the corner: today's way is longer than the 4 100 allowed, and its cost is told."""
    cover = two_woods(cut=True, passage=0)

    corridors, _, _ = corridors_of(cover, max_dispersal_cost=4100.0)

    row = corridors.surfaces.iloc[0]
    assert row["cost_free"] == pytest.approx(4020.0)
    # Two diagonals up from row 2 to row 0 and two down in place of straight steps: at each end one
    # leaves the wood, at (1 + 10) / 2 a metre, where a diagonal is cheapest, and one crosses field.
    more = 20 * (np.sqrt(2) - 1)
    assert row["cost"] == pytest.approx(4020.0 + 2 * more * 5.5 + 2 * more * 10, rel=1e-5)


def test_a_detour_is_looked_for_only_as_far_as_costs_can_be_counted() -> None:
    """40 bits hold the dispersal cost and not three times as much: no error, the same corridor."""
    cover = two_woods(cut=True)
    resistance = dict(subnetwork().resistance) | {"arable": 10.5}  # counted 1024 times finer
    countable = 2**40 * 20 / (2 * 985 * 1024)

    corridors, _, _ = corridors_of(
        cover, max_dispersal_cost=0.5 * countable, tolerance=0.0, resistance=resistance
    )

    row = corridors.surfaces.iloc[0]
    assert np.isnan(row["cost"])
    assert row["cost_free"] == pytest.approx(20 * 20 * 10.5 + 20, rel=1e-6)


def test_a_corridor_keeps_to_its_tolerance_and_off_the_reservoirs() -> None:
    """Nothing of it lies on a reservoir; with no tolerance it is its path, one cell wider."""
    wide, reservoirs, _ = corridors_of(two_woods(cut=False), tolerance=0.2)
    narrow, _, _ = corridors_of(two_woods(cut=False), tolerance=0.0)

    assert (wide.count[reservoirs.labels > 0] == 0).all()
    assert wide.surfaces["area_ha"][0] > narrow.surfaces["area_ha"][0]
    # Ten straight paths tie, so the ground of least cost is the whole strip between the two woods.
    assert narrow.surfaces["area_ha"][0] == pytest.approx(20 * 10 * 0.04, abs=2 * 20 * 0.04)


def test_degraded_share_counts_artificial_ground() -> None:
    """Five of the twenty columns between are town."""
    corridors, _, _ = corridors_of(
        two_woods(cut=False, town=slice(14, 19)), max_dispersal_cost=1e6, tolerance=0.0
    )

    assert corridors.surfaces["degraded_share"][0] == pytest.approx(0.25, abs=0.01)


def test_a_road_is_not_degraded_ground() -> None:
    """The motorway on the strip is an obstacle; what it covers is field."""
    corridors, _, _ = corridors_of(two_woods(cut=True))

    assert corridors.surfaces["degraded_share"][0] == 0.0


def test_beyond_the_dispersal_cost_there_is_no_corridor() -> None:
    """4 020 is one more than 4 019."""
    corridors, _, _ = corridors_of(two_woods(cut=False), max_dispersal_cost=4019.0)

    assert len(corridors.surfaces) == 0
    assert list(corridors.surfaces.columns) == [*COLUMNS["corridor_s"], "geometry"]


def test_one_reservoir_has_nothing_to_link_and_the_journal_says_so() -> None:
    """A single wood: no corridor, a note, and still a cost distance."""
    cover = two_woods(cut=False)
    cover.codes[:, 30:] = cover.under[:, 30:] = FIELD

    corridors, _, journal = corridors_of(cover)

    assert len(corridors.surfaces) == 0
    assert "corridors_need_two_reservoirs" in [note.code for note in journal.notes]
    assert np.isfinite(corridors.cost_distance).all()


@pytest.mark.parametrize(("dilation", "expected"), [(190.0, 0), (210.0, 1)])
def test_dilation_erosion_joins_reservoirs_at_up_to_twice_its_distance(
    dilation: float, expected: int
) -> None:
    """The woods are 400 m apart: joined from a dilation of 200 m on, on the strip between them."""
    corridors, reservoirs, _ = corridors_of(
        two_woods(cut=False), method="dilation_erosion", dilation_m=dilation
    )

    assert len(corridors.surfaces) == expected
    if expected:
        row = corridors.surfaces.iloc[0]
        assert row["method"] == "dilation_erosion"
        assert row["cost"] == row["length_m"] == pytest.approx(400.0)
        assert row["dispersal_cost"] == 2 * dilation
        overlap = shapely.area(shapely.intersection(row.geometry, reservoirs.table.geometry.union_all()))
        assert overlap == pytest.approx(0.0, abs=1e-6)
        assert row.geometry.within(shapely.box(*reservoirs.table.total_bounds).buffer(1.0))


def test_dilation_erosion_leaves_out_a_pair_that_a_third_reservoir_links() -> None:
    """Three squares in a row: 1-2 and 2-3, not 1-3."""
    under = np.full((14, 44), FIELD, np.uint16)
    for start in (2, 17, 32):
        under[2:12, start : start + 10] = WOOD
    cover = LandCover(Grid(700_000, 6_600_280, 20, 14, 44), under, under.copy(), LEGEND)

    corridors, _, _ = corridors_of(cover, method="dilation_erosion", dilation_m=500.0)

    pairs = list(zip(corridors.surfaces["from_id"], corridors.surfaces["to_id"], strict=True))
    assert pairs == [("R1", "R2"), ("R2", "R3")]


def test_merged_pairs_keep_their_own_zone_costs() -> None:
    """Hand-worked union of two sets."""
    one = Pairs(np.array([1, 1]), np.array([2, 3]), np.array([10.0, 20.0]))
    other = Pairs(np.array([1, 2]), np.array([3, 3]), np.array([15.0, 5.0]))

    first, second = merge_pairs(one, other)

    assert first.first.tolist() == [1, 1, 2]
    assert first.second.tolist() == [2, 3, 3]
    assert first.zone_cost.tolist() == [10.0, 20.0, np.inf]
    assert second.zone_cost.tolist() == [np.inf, 15.0, 5.0]


def test_the_edge_is_the_border_and_what_is_beside_no_data() -> None:
    """A hole in the data makes its eight neighbours edge too."""
    codes = np.ones((7, 7), np.uint16)
    codes[3, 3] = 0
    cover = LandCover(Grid(0, 0, 10, 7, 7), codes, codes, LEGEND)

    edge = cover.find_edge()

    assert edge[0].all()
    assert edge[2:5, 2:5].all()
    assert not edge[1, 1:6].any()


def test_surfaces_and_axes_are_valid_and_in_one_order() -> None:
    """Each axis runs through its own surface."""
    corridors, _, _ = corridors_of(two_woods(cut=False))

    assert isinstance(corridors.surfaces, geopandas.GeoDataFrame)
    assert corridors.surfaces.geometry.is_valid.all()
    assert corridors.axes.geometry.intersects(corridors.surfaces.geometry).all()
