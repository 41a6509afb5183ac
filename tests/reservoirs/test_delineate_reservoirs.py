"""Reservoirs: which zonings and patches qualify, what is united, what each says of itself."""

from __future__ import annotations

import dataclasses

import geopandas
import numpy as np
import pytest
import rasterio
import shapely

from bocage.errors import DataError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.landcover import LandCover, Legend
from bocage.network import COLUMNS
from bocage.reservoirs import Zoning, delineate_reservoirs
from bocage.subnetwork import Subnetwork

GRID = Grid(0, 1000, 10, 100, 100)
LEGEND = Legend(
    ("", "clc", "clc", "clc"),
    ("", "311", "211", "231"),
    ("", "Forêts de feuillus", "Terres arables", "Prairies"),
    ("", "broadleaf", "arable", "grassland"),
)
WOOD, FIELD, MEADOW = 1, 2, 3
NBSP = "\u00a0"


def make_cover(
    *woods: tuple[int, int, int, int], grid: Grid = GRID, unknown: tuple[slice, slice] | None = None
):
    """Make fields with rectangular woods (row0, row1, col0, col1)."""
    codes = np.full(grid.shape, FIELD, dtype=np.uint16)
    for row0, row1, col0, col1 in woods:
        codes[row0:row1, col0:col1] = WOOD
    if unknown is not None:
        codes[unknown] = 0
    return LandCover(grid, codes, codes, LEGEND)


def make_subnetwork(**changes) -> Subnetwork:
    """Make a wooded sub-network: patches from 0.1 ha, reservoirs from 4 ha."""
    base = Subnetwork("boise", "Boisé", "boisé", ("broadleaf",), 0.1, 4.0, (1000.0,), {})
    return dataclasses.replace(base, **changes)


def make_zoning(*boxes, rule="mandatory", label="ZNIEFF de type 1", names=None, subnetworks=()) -> Zoning:
    """Make a zoning whose sites are boxes (west, south, east, north) or geometries."""
    shapes = [box if hasattr(box, "geom_type") else shapely.box(*box) for box in boxes]
    polygons = geopandas.GeoDataFrame(
        {"name": names or [f"Site {i + 1}" for i in range(len(shapes))]}, geometry=shapes, crs=GRID.crs
    )
    return Zoning("z", label, rule, tuple(subnetworks), polygons)


def delineate(cover, subnetwork=None, *zonings, **options):
    """Delineate with a journal of its own; give the result and the journal."""
    journal = Journal()
    result = delineate_reservoirs(cover, subnetwork or make_subnetwork(), zonings, journal=journal, **options)
    return result, journal


class TestPatches:
    """Patches that qualify by area, core and compactness."""

    def test_a_patch_qualifies_by_its_area(self):
        """A square of 20 by 20 cells has exactly the 4 ha asked; one of 19 by 20 has not."""
        cover = make_cover((10, 30, 10, 30), (50, 69, 50, 70))

        result, _ = delineate(cover)

        table = result.table
        assert list(table.columns) == [*COLUMNS["reservoir_s"], "geometry"]
        assert table["area_ha"].tolist() == [4.0]
        assert table["habitat_ha"].tolist() == [4.0]
        assert table["compactness"].tolist() == pytest.approx([np.pi / 4])
        assert table["origin"].tolist() == ["patch"]
        assert table.geometry[0].equals(shapely.box(100, 700, 300, 900))
        assert np.argwhere(result.labels).min(axis=0).tolist() == [10, 10]
        assert int((result.labels == 1).sum()) == 400

    def test_the_reason_tells_area_core_compactness_and_threshold(self):
        """4 ha, of which 14 x 14 cells lie deeper than 25 m; a square has a compactness of 0.79."""
        cover = make_cover((10, 30, 10, 30))
        subnetwork = make_subnetwork(edge_depth_m=25.0)

        french = delineate(cover, subnetwork)[0].table
        english = delineate(cover, subnetwork, language="en")[0].table

        # Centres 5, 15 and 25 m deep are not deeper than 25 m: 20 - 6 = 14 cells a side, 1.96 ha.
        assert french["core_ha"].tolist() == pytest.approx([1.96])
        assert (
            french["reason"][0] == f"tache de 4,0{NBSP}ha (cœur 2,0{NBSP}ha, compacité 0,79) ≥{NBSP}4{NBSP}ha"
        )
        assert english["reason"][0] == "patch of 4.0 ha (core 2.0 ha, compactness 0.79) ≥ 4 ha"

    @pytest.mark.parametrize(
        ("change", "kept"),
        [
            ({"reservoir_min_core_ha": 1.96, "edge_depth_m": 25.0}, 1),
            ({"reservoir_min_core_ha": 1.97, "edge_depth_m": 25.0}, 0),
            ({"reservoir_min_compactness": 0.78}, 1),
            ({"reservoir_min_compactness": 0.79}, 0),
        ],
    )
    def test_core_and_compactness_have_their_thresholds(self, change, kept):
        """A square of 4 ha has 1.96 ha of core at 25 m and a compactness of 0.785."""
        result, _ = delineate(make_cover((10, 30, 10, 30)), make_subnetwork(**change))

        assert len(result.table) == kept

    def test_numbers_follow_the_reading_order(self):
        """The wood whose first cell comes first, row by row, is number 1."""
        result, _ = delineate(make_cover((20, 45, 5, 30), (10, 35, 60, 85)))

        assert result.table["number"].tolist() == [1, 2]
        assert result.labels[12, 70] == 1
        assert result.labels[22, 10] == 2


class TestZonings:
    """Mandatory and case-by-case zonings."""

    def test_a_mandatory_site_is_a_reservoir_with_its_true_polygon(self):
        """Its polygon is kept to the metre, whatever the cells, and gives the name."""
        cover = make_cover((80, 82, 80, 90))
        zoning = make_zoning((203, 303, 517, 611), names=["Bois de X"])

        result, journal = delineate(cover, None, zoning)

        assert result.table["name"].tolist() == ["Bois de X"]
        assert result.table["origin"].tolist() == ["zoning"]
        assert result.table["reason"].tolist() == [f"ZNIEFF de type 1 «{NBSP}Bois de X{NBSP}»"]
        assert result.table.geometry[0].equals(shapely.box(203, 303, 517, 611))
        assert result.table["habitat_ha"].tolist() == [0.0]
        assert [note.code for note in journal.notes] == ["mandatory_without_habitat"]

    def test_a_zoning_of_another_subnetwork_has_no_say(self):
        """A wetland zoning makes no wooded reservoir."""
        zoning = make_zoning((200, 300, 500, 600), subnetworks=["humide"])

        result, _ = delineate(make_cover((10, 30, 10, 30)), None, zoning)

        assert result.table["origin"].tolist() == ["patch"]

    def test_case_by_case_sites_are_kept_by_the_share_of_habitat_alone(self):
        """Four sites: a quarter of habitat; less, were it 4 ha; a fifteenth; none at all."""
        cover = make_cover((0, 5, 0, 10), (40, 50, 0, 40), (90, 92, 0, 10))
        zoning = make_zoning(
            (0, 800, 100, 1000),  # 50 of 200 cells: exactly a quarter
            (0, 200, 400, 800),  # 400 of 2400 cells, a sixth, as large as a patch must be
            (0, 0, 300, 100),  # 20 of 300 cells
            (600, 600, 700, 700),  # none
            rule="case_by_case",
        )
        subnetwork = make_subnetwork(reservoir_min_core_ha=50.0)  # no patch qualifies

        result, journal = delineate(cover, subnetwork, zoning)

        assert result.table["reason"].tolist() == [
            "ZNIEFF de type 1 «_Site 1_» (habitat sur 25_% ≥_25_%, soit 0,5_ha)".replace("_", NBSP)
        ]
        assert result.table.geometry[0].equals(shapely.box(0, 800, 100, 1000))
        assert [note.text("en") for note in journal.notes] == [
            "Boisé: 1 'ZNIEFF de type 1' zonings left out, they hold none of its habitat.",
            "Boisé: 2 'ZNIEFF de type 1' zonings left out, habitat over less than 25%.",
        ]

    def test_the_patches_of_a_site_left_out_are_reservoirs_by_themselves(self):
        """A sixth of the site is a wood of 4 ha: the wood is a reservoir, the site is not."""
        cover = make_cover((40, 50, 0, 40))
        zoning = make_zoning((0, 200, 400, 800), rule="case_by_case")

        result, _ = delineate(cover, None, zoning)

        assert result.table["origin"].tolist() == ["patch"]
        assert result.table["area_ha"].tolist() == [4.0]

    def test_the_share_asked_can_be_set(self):
        """With a half asked, a site with a quarter of habitat is left out."""
        cover = make_cover((0, 5, 0, 10))
        zoning = make_zoning((0, 800, 100, 1000), rule="case_by_case")

        assert len(delineate(cover, None, zoning)[0].table) == 1
        assert len(delineate(cover, None, zoning, zoning_min_habitat_share=0.5)[0].table) == 0

    def test_a_zoning_and_the_patch_it_touches_are_one_object(self):
        """The wood reaches the corner of the zoning: one object, whose geometry is the union of both."""
        cover = make_cover((10, 30, 10, 30))
        zoning = make_zoning((300, 600, 400, 700))  # touches the wood's lower right corner

        result, _ = delineate(cover, None, zoning)

        assert len(result.table) == 1
        assert result.table["origin"].tolist() == ["zoning+patch"]
        assert result.table["area_ha"].tolist() == pytest.approx([5.0])
        assert result.table["habitat_ha"].tolist() == pytest.approx([4.0])

    def test_sites_are_clipped_to_the_grid_and_those_outside_are_noted(self):
        """Half of a site lies west of the grid: only the inner half is drawn."""
        cover = make_cover((0, 30, 0, 30))
        zoning = make_zoning((-100, 100, 100, 300), (-500, 0, -400, 100))

        result, journal = delineate(cover, make_subnetwork(reservoir_min_ha=50), zoning)

        assert result.table.geometry[0].equals(shapely.box(0, 100, 100, 300))
        assert result.table["touches_edge"].tolist() == [True]
        assert "zoning_outside" in [note.code for note in journal.notes]

    def test_a_ribbon_narrower_than_a_cell_is_one_object(self):
        """A slanting ribbon 2 m wide misses most cell centres; its polygon holds it together."""
        ribbon = shapely.LineString([(102, 103), (871, 388)]).buffer(1.0)

        result, _ = delineate(make_cover((0, 10, 90, 100)), make_subnetwork(), make_zoning(ribbon))

        assert len(result.table) == 1
        assert result.table["area_ha"][0] == pytest.approx(ribbon.area / 1e4)
        assert (result.labels == 1).any()

    def test_parts_of_a_site_far_apart_are_separate_objects(self):
        """A site in two pieces is two reservoirs of one name."""
        site = shapely.union(shapely.box(0, 0, 100, 100), shapely.box(500, 500, 600, 600))

        result, _ = delineate(make_cover((0, 10, 90, 100)), None, make_zoning(site, names=["Marais"]))

        assert result.table["name"].tolist() == ["Marais", "Marais"]
        assert result.table["area_ha"].tolist() == [1.0, 1.0]

    def test_long_lists_of_sites_are_shortened_with_a_count(self):
        """Six sites side by side: three are named, largest first, three are counted."""
        boxes = [(i * 50, 0, i * 50 + 50, 100 + 10 * i) for i in range(6)]

        result, _ = delineate(make_cover((0, 10, 90, 100)), None, make_zoning(*boxes), language="en")

        assert result.table["reason"].tolist() == [
            "ZNIEFF de type 1 “Site 6”; ZNIEFF de type 1 “Site 5”; ZNIEFF de type 1 “Site 4”; "
            "ZNIEFF de type 1: 3 more"
        ]

    def test_an_unknown_rule_is_refused(self):
        """A zoning is mandatory or judged case by case."""
        with pytest.raises(ValueError, match="mandatory or case_by_case, got 'always'"):
            make_zoning((0, 0, 1, 1), rule="always")


class TestEdge:
    """Objects that reach the edge of the data say so."""

    @pytest.mark.parametrize(
        ("wood", "touches"),
        [
            ((0, 20, 40, 60), True),
            ((1, 21, 40, 60), False),
            ((40, 60, 80, 100), True),
            ((40, 60, 28, 50), True),
            ((40, 60, 27, 49), False),
        ],
    )
    def test_the_outermost_cells_that_have_data_are_the_edge(self, wood, touches):
        """The border of the grid, and the cells next to those without data, here columns 50 to 59."""
        cover = make_cover(wood, unknown=(slice(30, 70), slice(50, 60)))

        result, _ = delineate(cover)

        assert result.table["touches_edge"].tolist() == [touches]


class TestErrors:
    """What cannot give a result says why and how to mend it."""

    def test_no_habitat_tells_what_is_sought_and_what_is_there(self):
        """The message names the sub-network, its habitat, and the ground that covers most."""
        subnetwork = make_subnetwork(habitat=("marsh", "512"))

        with pytest.raises(DataError) as error:
            delineate(make_cover((0, 10, 0, 10)), subnetwork)

        assert str(error.value) == (
            "Sub-network 'boise' has no habitat in the whole study: it looks for marsh, 512, the land cover "
            "holds mostly arable (clc:211, 99 %), broadleaf (clc:311, 1 %); name some of these in its "
            "'habitat' or correct the nomenclature of the land cover."
        )

    def test_an_empty_land_cover_is_told_as_such(self):
        """Without any data it is the extent or the CRS that is wrong, not the habitat."""
        with pytest.raises(DataError, match="land cover has no data in the study area"):
            delineate(make_cover(unknown=(slice(None), slice(None))))

    def test_a_minimum_area_that_leaves_nothing_tells_one_that_works(self):
        """The largest wood has 4 ha: the value advised is 4, and it does work."""
        cover = make_cover((10, 30, 10, 30))

        with pytest.raises(
            DataError, match="largest of the 1 pieces of habitat has 4 ha; set min_patch_ha to 4 or"
        ):
            delineate(cover, make_subnetwork(min_patch_ha=5.0))
        assert len(delineate(cover, make_subnetwork(min_patch_ha=4.0))[0].table) == 1

    def test_patches_without_any_reservoir_are_a_note_and_an_empty_table(self):
        """The largest patch misses the threshold: the note says by how much."""
        result, journal = delineate(make_cover((10, 30, 10, 30)), make_subnetwork(reservoir_min_ha=10.0))

        assert len(result.table) == 0
        assert list(result.table.columns) == [*COLUMNS["reservoir_s"], "geometry"]
        assert not result.labels.any()
        (note,) = journal.notes
        assert note.text("en") == (
            "Boisé: no reservoir; of 1 habitat patches the largest has 4.0 ha (core 4.0 ha, "
            "compactness 0.79) against a minimum of 10.0 ha (core 0.0 ha, compactness 0.00)."
        )

    @pytest.mark.parametrize(("min_ha", "french", "english"), [(1.0, "1", "1"), (0.1, "0,1", "0.1")])
    def test_small_pieces_of_habitat_are_counted_in_the_journal(self, min_ha, french, english):
        """Pieces below the minimum area are not patches; the journal counts them."""
        cover = make_cover((10, 30, 10, 30), (50, 53, 50, 53))

        _, journal = delineate(cover, make_subnetwork(min_patch_ha=min_ha))

        (note,) = journal.notes
        assert note.text("en") == f"Boisé: 1 pieces of habitat below {english} ha are not patches."
        assert f"de moins de {french}{NBSP}ha" in note.text("fr")


@pytest.mark.realdata
def test_wooded_zonings_of_herault_are_kept_whole(shared):
    """Mandatory zonings of a real region: all their area inside the grid is in the reservoirs."""
    with rasterio.open(shared / "data/herault/herault_clc12_25m.tif") as source:
        values, transform, crs = source.read(1), source.transform, "EPSG:2154"
    present = [int(code) for code in np.unique(values) if code]
    size = len(present)
    grounds = tuple("broadleaf" if 311 <= code <= 313 else f"other{code}" for code in present)
    legend = Legend(
        ("", *("clc",) * size), ("", *map(str, present)), ("", *map(str, present)), ("", *grounds)
    )
    codes = np.searchsorted(present, values).astype(np.uint16) + 1
    codes[values == 0] = 0
    grid = Grid(transform.c, transform.f, transform.a, *values.shape, crs)
    sites = geopandas.read_file(shared / "data/herault/herault.gpkg", layer="reservoirs_boises").to_crs(crs)
    zoning = Zoning("rb", "Réservoir boisé", "mandatory", (), sites.assign(name=sites["CODE_EN"].astype(str)))
    subnetwork = make_subnetwork(min_patch_ha=1.0, reservoir_min_ha=50.0, edge_depth_m=50.0)

    result, _ = delineate(LandCover(grid, codes, codes, legend), subnetwork, zoning)

    table = result.table
    clipped = shapely.intersection(shapely.make_valid(sites.geometry.to_numpy()), shapely.box(*grid.bounds))
    lost = shapely.difference(shapely.union_all(clipped), shapely.union_all(table.geometry.to_numpy()))
    assert lost.area < 1e-4 * shapely.union_all(clipped).area
    assert table.geometry.is_valid.all()
    assert table["number"].tolist() == list(range(1, len(table) + 1))
    assert set(np.unique(result.labels)) == {0, *table["number"]}
    assert (table["core_ha"] <= table["habitat_ha"]).all()
    first = [int(np.argmax(result.labels.ravel() == number)) for number in table["number"][:5]]
    assert first == sorted(first)
