"""Fusion of land cover layers and lines."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely
from scipy import ndimage
from shapely import LineString, MultiLineString, box

from bocage.errors import CodeError, CRSError, InputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.landcover import (
    CoverPolygons,
    CoverRaster,
    custom_nomenclature,
    fuse_land_cover,
    load_nomenclature,
)
from bocage.landcover.fusion import note_uncovered

GRID = Grid(0, 50, 10, 5, 5)
CLC = load_nomenclature("clc")


def frame(geometry, **columns):
    """Make a layer in Lambert-93."""
    return geopandas.GeoDataFrame(columns, geometry=geometry, crs="EPSG:2154")


def farmland(grid=GRID, code=211):
    """Cover a grid with one CORINE class."""
    return CoverRaster("clc.tif", CLC, np.full(grid.shape, code, dtype=np.uint16))


def grounds(cover, *, under=False):
    """Tell the ground of every cell."""
    names = np.array(cover.legend.ground, dtype=object)
    return names[cover.under if under else cover.codes]


class TestLayers:
    """Tests for the layers of land cover."""

    def test_later_layers_cover_earlier_ones(self):
        """Polygons over a raster, the last polygon on top; a cell belongs to what holds its centre."""
        polygons = frame([box(0, 20, 30, 50), box(20, 0, 50, 34)], code=["311", "312"])
        cover = fuse_land_cover(
            GRID, [farmland(), CoverPolygons("woods", CLC, polygons, "code")], journal=Journal()
        )
        a, b, c = "arable", "broadleaf", "conifer"

        assert grounds(cover).tolist() == [
            [b, b, b, a, a],
            [b, b, b, a, a],
            [b, b, c, c, c],
            [a, a, c, c, c],
            [a, a, c, c, c],
        ]  # fmt: skip
        assert np.array_equal(cover.codes, cover.under)

    def test_cells_outside_any_cover(self):
        """They stay code 0, and the journal tells their share."""
        journal = Journal()
        polygons = frame([box(0, 0, 50, 40)], code=[311])
        cover = fuse_land_cover(GRID, [CoverPolygons("woods", CLC, polygons, "code")], journal=journal)

        assert (cover.codes == 0).sum() == 5
        assert journal.notes[0].text("en") == (
            "5 cells of the rectangle computed, margin included, 0.1 ha (20.0%), have no land cover: "
            "without data, they are impassable."
        )

    def test_study_area_without_cover(self):
        """What lacks inside the study area is a warning of its own; what lacks around it is not."""
        polygons = frame([box(0, 0, 50, 40)], code=[311])
        cover = fuse_land_cover(GRID, [CoverPolygons("woods", CLC, polygons, "code")], journal=Journal())
        around, astride = Journal(), Journal()

        note_uncovered(cover, box(0, 0, 50, 40), around)
        note_uncovered(cover, box(0, 20, 50, 50), astride)

        assert around.notes == []
        [note] = astride.notes
        # 5 of the 15 cells of the area.
        assert (note.code, note.level) == ("area_uncovered", "warning")
        assert "33,3\u00a0%" in note.text("fr")

    def test_invalid_cells_let_the_layer_below_show(self):
        """Where the upper raster has no data, tagged or written 0, the lower one stays."""
        values = np.full(GRID.shape, 16, dtype=np.uint8)
        values[0] = 0
        valid = np.ones(GRID.shape, dtype=bool)
        valid[1] = False
        journal = Journal()
        upper = CoverRaster("oso.tif", load_nomenclature("oso"), values, valid)
        cover = fuse_land_cover(GRID, [farmland(), upper], journal=journal)

        assert grounds(cover)[:, 0].tolist() == ["arable", "arable", "broadleaf", "broadleaf", "broadleaf"]
        assert [note.code for note in journal.notes] == ["cover_zero_no_data"]

    def test_codes_in_decimals(self):
        """Codes stored as decimals are read as whole numbers; true decimals are refused."""
        values = np.full(GRID.shape, 311.0, dtype=np.float32)
        values[0, 0] = np.nan
        cover = fuse_land_cover(GRID, [CoverRaster("f.tif", CLC, values)], journal=Journal())
        assert grounds(cover)[1, 1] == "broadleaf" and cover.codes[0, 0] == 0

        values[2, 2] = 311.5
        with pytest.raises(InputError, match=r"'f.tif' holds 311.5, which is no class code"):
            fuse_land_cover(GRID, [CoverRaster("f.tif", CLC, values)], journal=Journal())

    def test_unknown_raster_codes_are_counted(self):
        """The error counts the cells of each unknown code."""
        values = np.full(GRID.shape, 211, dtype=np.int32)
        values[0, :3], values[1, 0] = 999, 128
        with pytest.raises(CodeError, match=r"'x.tif'.*'clc'.*'999' \(3 cells\), '128' \(1 cells\)"):
            fuse_land_cover(GRID, [CoverRaster("x.tif", CLC, values)], journal=Journal())

    def test_codes_far_apart(self):
        """Codes need not be small numbers."""
        local = custom_nomenclature("local", {"1000000007": "heath", "5": "marsh"})
        values = np.full(GRID.shape, 5, dtype=np.int64)
        values[0] = 1_000_000_007
        cover = fuse_land_cover(GRID, [CoverRaster("x.tif", local, values)], journal=Journal())

        assert grounds(cover)[:2, 0].tolist() == ["heath", "marsh"]

    def test_unknown_polygon_codes_are_counted(self):
        """The error counts objects, and blank codes are noted, not refused."""
        polygons = frame([box(0, 0, 9, 9)] * 3, code=["311", "3.1.1", "3.1.1"])
        with pytest.raises(CodeError, match=r"'3.1.1' \(2 objects\)"):
            fuse_land_cover(GRID, [CoverPolygons("p", CLC, polygons, "code")], journal=Journal())

        journal = Journal()
        polygons = frame([box(0, 0, 50, 50), box(0, 0, 9, 9)], code=["311", None])
        fuse_land_cover(GRID, [CoverPolygons("p", CLC, polygons, "code")], journal=journal)
        assert "1 polygons without a code in 'code'" in journal.notes[0].text("en")

    def test_missing_field_names_those_there(self):
        """The error lists the fields of the layer."""
        polygons = frame([box(0, 0, 9, 9)], CODE_12=["311"])
        with pytest.raises(InputError, match=r"no field 'code'.*its fields are CODE_12\."):
            fuse_land_cover(GRID, [CoverPolygons("p", CLC, polygons, "code")], journal=Journal())

    def test_cover_and_use_in_two_fields(self):
        """OCS GE: two fields joined; a blank use leaves the cover alone."""
        polygons = frame(
            [box(0, 0, 50, 50), box(0, 0, 10, 50), box(10, 0, 20, 50)],
            code_cs=["CS2.1.1.1"] * 3, code_us=["US1.2", "US1.1", None],
        )  # fmt: skip
        layer = CoverPolygons("ocsge", load_nomenclature("ocsge"), polygons, "code_cs|code_us")
        cover = fuse_land_cover(GRID, [layer], journal=Journal())

        assert grounds(cover)[0].tolist() == ["orchard"] + ["broadleaf"] * 4
        assert cover.legend.names(int(cover.codes[0, 0]))[0] == "ocsge:CS2.1.1.1|US1.1"
        assert cover.legend.names(int(cover.codes[0, 4]))[0] == "ocsge:CS2.1.1.1"

    def test_one_name_for_two_nomenclatures(self):
        """Two layers share a nomenclature; two nomenclatures do not share a name."""
        local = custom_nomenclature("local", {"1": "heath"})
        twin = custom_nomenclature("local", {"1": "heath"})
        other = custom_nomenclature("local", {"1": "marsh"})
        below, same, odd = (CoverRaster("x", entry, np.ones(GRID.shape)) for entry in (local, twin, other))

        assert len(fuse_land_cover(GRID, [below, same], journal=Journal()).legend) == 1 + 1 + 12
        with pytest.raises(InputError, match="another nomenclature named 'local'"):
            fuse_land_cover(GRID, [below, odd], journal=Journal())

    def test_raster_off_the_grid(self):
        """A raster of another shape is refused."""
        layer = CoverRaster("x.tif", CLC, np.full((3, 3), 311))
        with pytest.raises(InputError, match=r"'x.tif' has 3 x 3 cells where the grid has 5 x 5"):
            fuse_land_cover(GRID, [layer], journal=Journal())

    def test_other_crs(self):
        """A layer in another CRS is refused, not guessed."""
        polygons = frame([box(0, 0, 9, 9)], code=["311"]).to_crs("EPSG:3857")
        with pytest.raises(CRSError, match="'p' is in EPSG:3857 where the grid is in EPSG:2154"):
            fuse_land_cover(GRID, [CoverPolygons("p", CLC, polygons, "code")], journal=Journal())

    def test_legend_does_not_depend_on_what_is_present(self):
        """Codes are the same whatever the extent: all classes, then all that can be burnt."""
        legend = fuse_land_cover(GRID, [farmland()], journal=Journal(), language="en").legend

        assert len(legend) == 1 + 44 + 12
        assert legend.names(23)[0] == "clc:311"
        assert (legend.label[0], legend.label[23]) == ("No data", "Broad-leaved forest")


class TestLines:
    """Tests for what is burnt."""

    def test_order_of_burning(self):
        """Hedge, stream, road and motorway meet in one cell: the motorway has it, under it the stream."""
        down = LineString([(25, 50), (25, 0)])
        across = LineString([(0, 25), (50, 25)])
        cover = fuse_land_cover(
            GRID, [farmland()],
            hedges=frame([across], ground=["hedge"], width_m=[0.0]),
            watercourses=frame([down], ground=["stream"], width_m=[2.0]),
            railways=frame([across], ground=["railway_hs"], width_m=[np.nan]),
            roads=frame([down, across, down], ground=["motorway", "track", "local_road"], width_m=[1.0] * 3),
            journal=Journal(),
        )  # fmt: skip
        names, under = grounds(cover), grounds(cover, under=True)

        assert names[2].tolist() == ["railway_hs", "railway_hs", "motorway", "railway_hs", "railway_hs"]
        assert names[:, 2].tolist() == ["motorway"] * 5
        assert under[2].tolist() == ["hedge", "hedge", "stream", "hedge", "hedge"]
        assert under[:, 2].tolist() == ["stream"] * 5

    def test_under_keeps_transport_ground_of_the_cover(self):
        """A road area of the land cover is not a burnt line: it stays in `under`."""
        cover = fuse_land_cover(
            GRID, [farmland(code=122)],
            roads=frame([LineString([(0, 25), (50, 25)])], ground=["motorway"], width_m=[30.0]),
            journal=Journal(),
        )  # fmt: skip

        assert set(grounds(cover, under=True).ravel()) == {"transport"}
        assert (grounds(cover) == "motorway").sum(axis=1).tolist() == [0, 5, 5, 5, 0]

    def test_under_takes_off_roads_of_the_cover(self):
        """A road that the land cover itself holds gives way, in `under`, to the nearest ground."""
        values = np.full(GRID.shape, 13, dtype=np.uint8)
        values[3:], values[2], values[1, 0] = 16, 4, 4
        cover = fuse_land_cover(
            GRID, [CoverRaster("oso.tif", load_nomenclature("oso"), values)], journal=Journal()
        )

        assert (grounds(cover) == "local_road").sum() == 6
        assert grounds(cover, under=True)[:, 0].tolist() == ["grassland"] * 2 + ["broadleaf"] * 3
        assert grounds(cover, under=True)[:, 1].tolist() == ["grassland"] * 3 + ["broadleaf"] * 2

    def test_hedge_does_not_break(self):
        """A diagonal hedge one cell wide is a single 4-connected piece."""
        hedges = frame([LineString([(5, 5), (45, 45)])], width_m=[2.0])
        cover = fuse_land_cover(GRID, [farmland()], hedges=hedges, journal=Journal())
        burnt = cover.where(("hedge",))

        assert ndimage.label(burnt)[1] == 1
        assert burnt.sum() == 9

    def test_many_parts_and_empty_geometries(self):
        """Parts of a multi-line share its width; empty and missing geometries are passed over."""
        lines = [MultiLineString([[(0, 45), (50, 45)], [(0, 5), (50, 5)]]), None, LineString()]
        cover = fuse_land_cover(
            GRID, [farmland()], roads=frame(lines, ground=["track"] * 3, width_m=[1.0] * 3), journal=Journal()
        )

        assert cover.where(("track",)).any(axis=1).tolist() == [True, False, False, False, True]

    def test_heights_are_ignored(self):
        """Lines with heights are burnt as flat ones."""
        road = shapely.from_wkt("LINESTRING Z (0 25 100, 50 25 120)")
        cover = fuse_land_cover(
            GRID, [farmland()], roads=frame([road], ground=["track"], width_m=[1.0]), journal=Journal()
        )

        assert cover.where(("track",)).sum() == 5

    def test_wrong_ground_is_named(self):
        """A road class that does not exist is listed with the count of its lines."""
        roads = frame([LineString([(0, 0), (9, 9)])] * 2, ground=["road", "track"], width_m=[1.0, 1.0])
        with pytest.raises(InputError, match=r"'roads'.*'road' \(1\).*among track, local_road"):
            fuse_land_cover(GRID, [farmland()], roads=roads, journal=Journal())

    def test_a_window_gives_the_same_cells(self):
        """Fused on a window, the land cover is that of the whole there."""
        grid = Grid(0, 400, 10, 40, 40)
        lines = [LineString([(3, 11), (390, 371), (200, 55)]), LineString([(-50, 200), (450, 251)])]
        roads = frame(lines, ground=["main_road", "track"], width_m=[25.0, 4.0])
        whole = fuse_land_cover(grid, [farmland(grid)], roads=roads, journal=Journal())
        window = grid.window((120, 80, 290, 310))
        part = grid.crop(window)
        cropped = fuse_land_cover(part, [farmland(part)], roads=roads, journal=Journal())

        assert np.array_equal(cropped.codes, whole.codes[window.slices])


@pytest.mark.realdata
class TestHerault:
    """Tests on CORINE Land Cover of the Hérault."""

    def test_polygons_agree_with_the_published_raster(self, shared):
        """Rasterised at 25 m, the 733 polygons give the published raster on more than 98 % of its cells.

        Measured: 1.000000, not one of its 2 232 066 cells differs.
        """
        import rasterio

        folder = shared / "data" / "herault"
        with rasterio.open(folder / "herault_clc12_25m.tif") as source:
            published = source.read(1)
            west, north, cell = source.transform.c, source.transform.f, source.transform.a
        grid = Grid(west, north, cell, *published.shape)
        polygons = geopandas.read_file(folder / "herault.gpkg", layer="clc12")
        layer = CoverPolygons("clc12", CLC, polygons, "CODE_12")
        cover = fuse_land_cover(grid, [layer], journal=Journal())
        codes = np.array([int(code or 0) if code.isdigit() else 0 for code in cover.legend.code])
        share = (codes[cover.codes] == published)[published > 0].mean()

        assert share > 0.98
