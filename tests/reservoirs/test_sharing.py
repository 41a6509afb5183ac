"""Sharing out zonings: which sub-networks each site concerns, on hand-worked squares of 10 by 10 cells."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from bocage.grid import Grid
from bocage.journal import Journal
from bocage.landcover import LandCover, Legend
from bocage.reservoirs import Zoning, delineate_reservoirs, share_out_sites
from bocage.subnetwork import Subnetwork

GRID = Grid(0, 500, 10, 50, 50)
GROUNDS = ("", "broadleaf", "arable", "grassland", "marsh")
LEGEND = Legend(("", *("clc",) * 4), GROUNDS, GROUNDS, GROUNDS)
NO_DATA, WOOD, FIELD, MEADOW, MARSH = range(5)
NBSP = "\u00a0"


def make_subnetwork(key: str, *habitat: str) -> Subnetwork:
    """Make a sub-network that keeps patches from 1 ha and asks 50 ha of a reservoir."""
    return Subnetwork(key, key.capitalize(), key, habitat, 0.1, 50.0, (1000.0,), {})


WOODED = make_subnetwork("boise", "broadleaf")
OPEN = make_subnetwork("ouvert", "grassland")
WET = make_subnetwork("humide", "marsh")
ALL = (WOODED, OPEN, WET)


def make_case(*mixtures: dict[int, int]) -> tuple[LandCover, list[shapely.Polygon]]:
    """Make fields with a square of 100 cells for each mixture, filled row by row: cells of each ground."""
    codes = np.full(GRID.shape, FIELD, dtype=np.uint16)
    squares = []
    for i, mixture in enumerate(mixtures):
        cells = np.full(100, FIELD, dtype=np.uint16)
        filled = np.repeat(list(mixture), list(mixture.values()))
        cells[: len(filled)] = filled
        row, col = 10 * (i // 5), 10 * (i % 5)
        codes[row : row + 10, col : col + 10] = cells.reshape(10, 10)
        squares.append(shapely.box(10 * col, 500 - 10 * row - 100, 10 * col + 100, 500 - 10 * row))
    return LandCover(GRID, codes, codes, LEGEND), squares


def make_zoning(squares, rule="case_by_case", *, label="ZNIEFF", subnetworks=(), names=None) -> Zoning:
    """Make a zoning whose sites are named A, B, C and so on."""
    names = names or [chr(ord("A") + i) for i in range(len(squares))]
    polygons = geopandas.GeoDataFrame({"name": names}, geometry=list(squares), crs=GRID.crs)
    return Zoning("znieff", label, rule, tuple(subnetworks), polygons)


def share_out(cover, *zonings, subnetworks=ALL, **options):
    """Share out; give (rule, sub-networks, names of the sites) of each zoning, and the journal."""
    journal = Journal()
    shared = share_out_sites(cover, subnetworks, zonings, journal=journal, **options)
    return [(each.rule, each.subnetworks, each.polygons["name"].tolist()) for each in shared], journal


def test_a_site_concerns_the_subnetworks_that_reach_their_share() -> None:
    """A: wood; B: a quarter of wood, 74 of meadow; C: 24 of wood, marsh elsewhere; D: all three reach it."""
    cover, squares = make_case(
        {WOOD: 100}, {WOOD: 25, MEADOW: 74}, {WOOD: 24, MARSH: 76}, {WOOD: 30, MEADOW: 30, MARSH: 30}
    )

    shared, journal = share_out(cover, make_zoning(squares))

    assert shared == [
        ("case_by_case", ("boise",), ["A", "B", "D"]),
        ("case_by_case", ("ouvert",), ["B", "D"]),
        ("case_by_case", ("humide",), ["C", "D"]),
    ]
    assert not journal.notes


def test_a_case_by_case_site_that_none_reaches_is_left_out_and_noted() -> None:
    """24 cells of each of three habitats reach no share, alone or together."""
    cover, squares = make_case({WOOD: 24, MEADOW: 24, MARSH: 24}, {}, {MARSH: 50})

    shared, journal = share_out(cover, make_zoning(squares))

    assert shared == [("case_by_case", ("humide",), ["C"])]
    assert [note.text("en") for note in journal.notes] == [
        "Zoning 'ZNIEFF': 2 sites left out, no sub-network has habitat over 25% of their area or more."
    ]


def test_a_mandatory_site_that_none_reaches_goes_to_the_one_that_holds_most() -> None:
    """A: most of it marsh; B: as much meadow as marsh, the first wins; C: nothing, the first of all."""
    cover, squares = make_case({WOOD: 5, MARSH: 20}, {MEADOW: 10, MARSH: 10}, {}, {MEADOW: 40})

    shared, journal = share_out(cover, make_zoning(squares, "mandatory", names=["A", "B", "", "D"]))

    assert shared == [
        ("mandatory", ("boise",), [""]),
        ("mandatory", ("ouvert",), ["B", "D"]),
        ("mandatory", ("humide",), ["A"]),
    ]
    told = [dict(note.values) for note in journal.notes if note.code == "zoning_sites_given"]
    assert [(note["subnetwork"], note["count"], note["names"]) for note in told] == [
        ("Boise", 1, "#3"), ("Ouvert", 1, "B"), ("Humide", 1, "A"),
    ]  # fmt: skip
    assert journal.notes[0].text().startswith(f"Zonage «{NBSP}ZNIEFF{NBSP}»{NBSP}: 1 site(s) réservoirs")


def test_zonings_that_name_subnetworks_pass_untouched_and_order_is_kept() -> None:
    """The zoning in the middle is the same object; those around it are shared out where they stood."""
    cover, squares = make_case({WOOD: 100}, {MEADOW: 100})
    named = make_zoning(squares, "mandatory", label="Réserve", subnetworks=["humide"])
    first, last = make_zoning(squares, label="ZNIEFF"), make_zoning(squares[:1], label="Natura 2000")

    shared = share_out_sites(cover, ALL, [first, named, last], journal=Journal())

    assert [(each.label, each.subnetworks) for each in shared] == [
        ("ZNIEFF", ("boise",)), ("ZNIEFF", ("ouvert",)),
        ("Réserve", ("humide",)), ("Natura 2000", ("boise",)),
    ]  # fmt: skip
    assert shared[2] is named
    assert {(each.key, each.polygons.crs.to_epsg()) for each in shared} == {("znieff", 2154)}


def test_sites_outside_the_grid_are_noted_once() -> None:
    """A site beyond the grid concerns no sub-network, even when it is mandatory."""
    cover, squares = make_case({WOOD: 100})
    zoning = make_zoning([*squares, shapely.box(900, 900, 950, 950)], "mandatory")

    shared, journal = share_out(cover, zoning)

    assert shared == [("mandatory", ("boise",), ["A"])]
    assert [note.text("en") for note in journal.notes] == [
        "Zoning 'ZNIEFF': 1 sites lie outside the study extent."
    ]


def test_cells_without_data_are_left_out_of_the_share() -> None:
    """20 cells of wood are a fifth of the site, but two fifths of the half that has data."""
    cover, squares = make_case({WOOD: 20, NO_DATA: 50})

    shared, _ = share_out(cover, make_zoning(squares))

    assert shared == [("case_by_case", ("boise",), ["A"])]


def test_the_share_asked_can_be_set() -> None:
    """A site half meadow, half wood: both reach a half, none reaches more."""
    cover, squares = make_case({WOOD: 50, MEADOW: 50})

    assert len(share_out(cover, make_zoning(squares), min_habitat_share=0.5)[0]) == 2
    assert share_out(cover, make_zoning(squares), min_habitat_share=0.51)[0] == []


@pytest.mark.parametrize("subnetworks", [(), (WOODED,)])
def test_nothing_to_share_gives_what_was_given(subnetworks: tuple[Subnetwork, ...]) -> None:
    """Without zonings there is nothing; without sub-networks, or with named ones only, nothing changes."""
    cover, squares = make_case({WOOD: 100})
    named = make_zoning(squares, subnetworks=["boise"])

    assert share_out_sites(cover, subnetworks, [], journal=Journal()) == ()
    assert share_out_sites(cover, subnetworks, [named], journal=Journal()) == (named,)


def test_what_is_shared_out_is_retained_by_the_reservoirs_of_that_subnetwork_alone() -> None:
    """A wooded site of Natura 2000 is no reservoir of meadows, though it holds some meadow."""
    cover, squares = make_case({WOOD: 80, MEADOW: 15}, {MEADOW: 30})
    shared = share_out_sites(cover, ALL, [make_zoning(squares)], journal=Journal())

    found = {
        subnetwork.key: delineate_reservoirs(cover, subnetwork, shared, journal=Journal()).table
        for subnetwork in (WOODED, OPEN)
    }

    assert [table["name"].tolist() for table in found.values()] == [["A"], ["B"]]
    assert found["ouvert"].geometry[0].equals(squares[1])
