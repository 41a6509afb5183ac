"""Maps as SVG: standalone, ordered, told in words."""

from __future__ import annotations

from xml.etree import ElementTree

import geopandas
import numpy as np
import pytest
import rasterio.io
import shapely

from bocage.cartography import load_symbols
from bocage.cartography.background import PIXELS_PER_MM, Background, render_background, shade_land_cover
from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import Label, LabelStyle, place_labels
from bocage.cartography.svg import MapLayer, draw_map, draw_swatch, select_objects
from bocage.grid import Grid
from bocage.landcover import LandCover, Legend

SVG = "{http://www.w3.org/2000/svg}"
FRAME = MapFrame(700_000, 6_600_000, 25_000, 100, 80)
SQUARE = shapely.box(700_500, 6_598_500, 701_000, 6_599_000)


def test_standalone_in_millimetres() -> None:
    """The map is one well-formed SVG with a viewBox in millimetres, a title and a description."""
    symbols = load_symbols()
    layers = [MapLayer([SQUARE], symbol) for symbol in symbols if symbol.kind == "polygon"]
    drawn = draw_map(FRAME, layers, title="Forêts & « landes »", description="Un carré < un rond.")

    root = ElementTree.fromstring(drawn)

    assert root.get("viewBox") == "0 0 100 80"
    assert root.findtext(f"{SVG}title") == "Forêts & « landes »"
    assert root.findtext(f"{SVG}desc") == "Un carré < un rond."
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_drawn_in_the_order_of_symbols() -> None:
    """Layers are drawn by the order of their symbols, not by that of the list."""
    symbols = load_symbols()
    keys = ["obstacle_point", "watercourse_corridor", "reservoir"]
    point = shapely.Point(700_700, 6_598_700)
    line = shapely.LineString([(700_000, 6_598_000), (701_000, 6_599_000)])
    layers = [MapLayer([g], symbols[k]) for k, g in zip(keys, (point, line, SQUARE), strict=True)]

    drawn = draw_map(FRAME, layers)

    colours = [
        symbols["reservoir"].fill,
        symbols["watercourse_corridor"].stroke,
        symbols["obstacle_point"].fill,
    ]
    places = [drawn.index(str(colour)) for colour in colours]
    assert places == sorted(places)


def test_geometry_written_once() -> None:
    """A hatched, cased and stroked polygon is written once and used for each pass."""
    drawn = draw_map(FRAME, [MapLayer([SQUARE], load_symbols()["corridor"])])

    assert drawn.count("M4000 6000l") == 1
    assert drawn.count('href="#map-0"') == 3


def test_selects_objects() -> None:
    """A symbol draws the objects that hold all its values; empty values and missing columns do not."""
    table = geopandas.GeoDataFrame(
        {"objective": ["preserve", "restore", None]}, geometry=[SQUARE] * 3, crs="EPSG:2154"
    )
    symbols = load_symbols()

    assert select_objects(table, symbols["reservoir"]).index.tolist() == [0]
    assert select_objects(table, symbols["reservoir_to_restore"]).index.tolist() == [1]
    assert len(select_objects(table, symbols["watercourse_both"])) == 0
    assert len(select_objects(table, symbols["obstacle_line"])) == 3


def test_empty_layers_draw_nothing() -> None:
    """Layers without objects in the frame leave a bare map."""
    far = shapely.box(0, 0, 10, 10)
    drawn = draw_map(FRAME, [MapLayer([far, None], load_symbols()["reservoir"])], paper=None)

    assert drawn.count("<path") == 1  # the clip of the frame


def test_labels_are_text() -> None:
    """Names are real text, escaped, with a halo; or without it where a caller draws halos."""
    labels = place_labels([Label("Bois & prés", SQUARE, LabelStyle(2.0), required=True)], FRAME)

    plain = draw_map(FRAME, [], labels=labels)
    other = draw_map(FRAME, [], labels=labels, draw_halo=lambda label: f"<g>{len(label.lines)}</g>")

    assert "Bois &amp; prés</tspan>" in plain and 'paint-order="stroke"' in plain
    assert "paint-order" not in other and other.index("<g>1</g>") < other.index("<text")


def test_swatches() -> None:
    """Every symbol has a swatch that is well-formed and not empty."""
    for symbol in load_symbols():
        root = ElementTree.fromstring(draw_swatch([symbol], 8, 3, key=symbol.key))

        assert len(list(root.iter(f"{SVG}path"))) >= 2, symbol.key


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
class TestBackground:
    """Tests of the land cover under a map."""

    def test_cells_keep_their_colour(self) -> None:
        """Each pixel has the colour of the cell under it: here 4 by 4 cells, 12.5 mm each."""
        codes = np.arange(16, dtype=np.uint16).reshape(4, 4)
        colours = np.stack([np.arange(16) * 10, np.arange(16), 255 - np.arange(16)], axis=1).astype(np.uint8)
        background = Background(Grid(0, 400, 100, 4, 4), codes, colours)

        image = render_background(background, MapFrame(0, 400, 8_000, 50, 50))

        assert image is not None and image.bounds == (0, 0, 400, 400)
        with rasterio.io.MemoryFile(image.data) as file, file.open() as opened:
            index = opened.read(1)
            palette = opened.colormap(1)
        assert index.shape == (4, 4)
        assert [palette[value][:3] for value in index.ravel().tolist()] == [
            tuple(c) for c in colours.tolist()
        ]

    def test_size_is_bounded(self) -> None:
        """Noise that would weigh megabytes is drawn coarser until it weighs what is allowed."""
        codes = np.random.default_rng(7).integers(0, 40, (600, 600))
        colours = np.random.default_rng(8).integers(0, 256, (40, 3)).astype(np.uint8)
        background = Background(Grid(0, 15_000, 25, 600, 600), codes, colours)

        image = render_background(background, MapFrame(0, 15_000, 50_000, 300, 300), largest_bytes=60_000)

        assert image is not None and len(image.data) <= 60_000
        assert (
            image.data
            == render_background(  # type: ignore[union-attr]
                background, MapFrame(0, 15_000, 50_000, 300, 300), largest_bytes=60_000
            ).data
        )

    def test_no_finer_than_paper_shows(self) -> None:
        """Cells finer than the paper shows are thinned to five pixels a millimetre."""
        background = Background(
            Grid(0, 1000, 1, 1000, 1000), np.zeros((1000, 1000), int), np.zeros((1, 3), np.uint8)
        )
        image = render_background(background, MapFrame(0, 1000, 50_000, 20, 20))

        assert image is not None
        with rasterio.io.MemoryFile(image.data) as file, file.open() as opened:
            assert opened.shape == (20 * PIXELS_PER_MM, 20 * PIXELS_PER_MM)

    def test_apart_from_the_frame(self) -> None:
        """A background elsewhere is no background."""
        background = Background(Grid(0, 100, 10, 10, 10), np.zeros((10, 10), int), np.zeros((1, 3), np.uint8))

        assert render_background(background, FRAME) is None

    def test_shades(self) -> None:
        """Colours are mixed with white; no data and classes without colour stay white."""
        legend = Legend(
            ("", "clc", "clc"), ("", "311", "112"), ("", "", ""), ("", "broadleaf", "urban_sparse")
        )
        codes = np.array([[0, 1, 2]], dtype=np.uint16)
        cover = LandCover(Grid(0, 10, 10, 1, 3), codes, codes, legend)

        shaded = shade_land_cover(cover, {"broadleaf": "#006400"}, strength=0.5)

        assert shaded.colours.tolist() == [[255, 255, 255], [128, 178, 128], [255, 255, 255]]
