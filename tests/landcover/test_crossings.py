"""Crossings opened through infrastructure."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from shapely import LineString, Point, box

from bocage.errors import InputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.landcover import CoverRaster, fuse_land_cover, load_nomenclature

GRID = Grid(0, 300, 10, 30, 30)
EIGHT = np.ones((3, 3), dtype=int)


def frame(geometry, **columns):
    """Make a layer in Lambert-93."""
    return geopandas.GeoDataFrame(columns, geometry=geometry, crs="EPSG:2154")


def fuse(lines, crossings, *, grounds=None, width=30.0, grid=GRID, journal=None, **layers):
    """Burn motorways on farmland and open crossings."""
    clc = CoverRaster("clc", load_nomenclature("clc"), np.full(grid.shape, 211))
    roads = frame(lines, ground=grounds or ["motorway"] * len(lines), width_m=[width] * len(lines))
    return fuse_land_cover(
        grid, [clc], roads=roads, crossings=crossings, journal=journal or Journal(), **layers
    )


def is_open(cover, a=(0, 0), b=(-1, -1)):
    """Tell whether 8-neighbour movement leads from one cell to another without crossing a motorway."""
    regions, _ = ndimage.label(~cover.where(("motorway",)), structure=EIGHT)
    return bool(regions[a] == regions[b])


ACROSS = LineString([(-20, 155), (320, 155)])


class TestPoints:
    """Tests for crossings given as points."""

    def test_opens_a_strip_of_one_cell(self):
        """On a level motorway three cells wide, a crossing of unknown width opens one column of three."""
        cover = fuse([ACROSS], frame([Point(105, 157)], kind=["wildlife"]))

        assert np.argwhere(cover.where(("crossing",))).tolist() == [[13, 10], [14, 10], [15, 10]]
        assert is_open(cover)
        assert not cover.where(("crossing", "motorway"), under=True).any()

    def test_respects_the_width(self):
        """An overpass 50 m wide opens five columns."""
        cover = fuse([ACROSS], frame([Point(105, 157)], kind=["wildlife"], width_m=[50.0]))

        assert cover.where(("crossing",)).sum(axis=1).tolist() == [0] * 13 + [5] * 3 + [0] * 14

    def test_closed_but_for_the_crossing(self):
        """Without the crossing there is no way; with it, there is, and only through it."""
        closed = fuse([ACROSS], None)
        opened = fuse([ACROSS], frame([Point(105, 157)], kind=["underpass"]))
        refilled = ~opened.where(("motorway", "crossing"))
        regions, _ = ndimage.label(refilled, structure=EIGHT)

        assert not is_open(closed)
        assert is_open(opened)
        assert regions[0, 0] != regions[-1, -1]

    def test_both_carriageways(self):
        """Two carriageways 20 m apart are opened together."""
        lines = [LineString([(-20, y), (320, y)]) for y in (165, 135)]
        cover = fuse(lines, frame([Point(105, 160)], kind=["wildlife"]), width=10.0)

        assert is_open(cover)

    def test_the_most_hindering_of_those_it_touches(self):
        """Drawn on the road that passes under a motorway, an underpass opens the motorway."""
        lines = [ACROSS, LineString([(105, -20), (105, 320)])]
        cover = fuse(lines, frame([Point(105, 152)], kind=["underpass"]), grounds=["motorway", "local_road"])

        assert is_open(cover)

    def test_too_far_is_ignored_and_told(self):
        """A crossing 60 m off is left out and listed in the journal; one 45 m off is taken."""
        journal = Journal()
        points = frame([Point(55, 215), Point(205, 200)], kind=["wildlife"] * 2, name=["Le Bois", None])
        cover = fuse([ACROSS], points, width=10.0, journal=journal)

        assert np.unique(np.argwhere(cover.where(("crossing",)))[:, 1]).tolist() == [20]
        assert journal.notes[-1].text("en") == (
            "1 crossings farther than 50 m from any infrastructure were ignored: Le Bois."
        )

    def test_unknown_kind(self):
        """A kind that does not exist is named."""
        with pytest.raises(InputError, match=r"kinds that do not exist: ecoduct; use wildlife"):
            fuse([ACROSS], frame([Point(105, 157)], kind=["ecoduct"]))

    @settings(deadline=None, max_examples=120)
    @given(
        st.lists(st.floats(60, 240), min_size=2, max_size=5),
        st.floats(0.15, 0.85),
        st.sampled_from([0.0, 10.0, 24.0, 35.0]),
        st.floats(-15, 15),
    )
    def test_opens_any_line(self, heights, share, width, aside):
        """Whatever the motorway's course, a crossing on it lets 8-neighbour movement through it only."""
        eastings = np.linspace(-60, 360, len(heights))
        road = LineString(list(zip(eastings, heights, strict=True)))
        spot = road.interpolate(share, normalized=True)
        crossing = frame([Point(spot.x, spot.y + aside)], kind=["wildlife"])
        closed, opened = fuse([road], None, width=width), fuse([road], crossing, width=width)

        assert not is_open(closed)
        if 10 < spot.x < 290:
            assert is_open(opened)
        assert np.array_equal(closed.under, opened.under)
        changed = closed.codes != opened.codes
        assert np.array_equal(changed, opened.where(("crossing",)))
        assert closed.where(("motorway",))[changed].all()


class TestLinesAndPolygons:
    """Tests for crossings given as lines and polygons."""

    def test_a_short_line_is_lengthened(self):
        """A line drawn 10 m long in the middle of a motorway 50 m wide opens all of it."""
        line = LineString([(105, 150), (105, 160)])
        cover = fuse([ACROSS], frame([line], kind=["underpass"], width_m=[4.0]), width=50.0)

        assert np.unique(np.argwhere(cover.where(("crossing",)))[:, 1]).tolist() == [10]
        assert is_open(cover)

    def test_a_line_keeps_its_course(self):
        """A slanting line opens along itself, 4-connected."""
        line = LineString([(80, 100), (140, 210)])
        cover = fuse([ACROSS], frame([line], kind=["wildlife"]), width=50.0)
        opened = cover.where(("crossing",))

        assert is_open(cover)
        assert ndimage.label(opened)[1] == 1
        assert len(np.unique(np.argwhere(opened)[:, 1])) > 1

    def test_polygon(self):
        """A polygon opens what lies within it, and through."""
        cover = fuse([ACROSS], frame([box(100, 150, 140, 160)], kind=["wildlife"]), width=50.0)
        opened = cover.where(("crossing",))

        assert opened[14, 10:14].all()
        assert opened.sum(axis=1).tolist() == [0] * 12 + [1, 1, 4, 1, 1] + [0] * 13
        assert is_open(cover)


class TestWater:
    """Tests for bridges and culverts."""

    stream = LineString([(105, 320), (105, 160), (145, 120), (145, -20)])

    def test_bridge_restores_the_watercourse(self):
        """Under a bridge the stream runs on; its cells under the road, and only those, are crossing."""
        water = frame([self.stream], ground=["stream"], width_m=[3.0])
        closed = fuse([ACROSS], None, watercourses=water)
        opened = fuse([ACROSS], frame([Point(110, 165)], kind=["bridge"]), watercourses=water)
        expected = closed.where(("stream",), under=True) & closed.where(("motorway",))

        assert np.array_equal(opened.where(("crossing",)), expected)
        assert ndimage.label(opened.where(("stream", "crossing")))[1] == 1

    def test_culvert_without_stream(self):
        """With no watercourse near, a culvert opens straight across."""
        cover = fuse([ACROSS], frame([Point(105, 157)], kind=["culvert"]))

        assert cover.where(("crossing",)).sum() == 3
        assert is_open(cover)

    def test_bridge_is_as_wide_as_the_river(self):
        """Without a width of its own, a bridge is as wide as the river: 30 m, three columns."""
        river = frame([LineString([(105, 320), (105, -20)])], ground=["river"], width_m=[30.0])
        cover = fuse([ACROSS], frame([Point(105, 155)], kind=["bridge"]), watercourses=river)

        assert cover.where(("crossing",)).sum(axis=1).tolist() == [0] * 13 + [3] * 3 + [0] * 14
