"""Tests of the page of indices: what it says, that it stands alone, and that its figures can be read."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pytest
import shapely
from shapely import LineString, Point, box

from bocage.cartography.frame import MapFrame
from bocage.cartography.vision import VIEWS, measure_difference, simulate_view, to_lab
from bocage.connectivity.components import describe_components
from bocage.connectivity.importance import measure_importance
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.path_indices import measure_paths
from bocage.errors import OutputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.report.indices_content import PATTERN_CLASSES, GraphPage, GroundPage, PatternPicture
from bocage.report.indices_figures import (
    PARTS,
    PATTERN_COLOURS,
    PATTERN_GROUND,
    Curve,
    choose_ticks,
    draw_curve,
)
from bocage.report.indices_figures_maps import RAMPS, Classes, divide_decades, place_names
from bocage.report.indices_page import write_indices_page
from bocage.wording import _catalogue

CRS = "EPSG:2154"
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
TITLE = "Val d’Arre <et> bocage"
CORNERS = [(0, 0), (3000, 200), (6000, 0), (200, 3000), (3200, 3200), (6200, 6200)]
NAMES = ["Bois <du> Roi", "Les Marais", "", "", "Étang & Lande", "Loin"]


def make_units() -> geopandas.GeoDataFrame:
    """Make two communes side by side."""
    return geopandas.GeoDataFrame(
        {"id": ["1", "2"], "name": ["Aubin <A>", "Écourt"]},
        geometry=[box(-500, -500, 3500, 8000), box(3500, -500, 8000, 8000)],
        crs=CRS,
    )


def make_graph(key: str = "boise", name: str = "Sous-trame boisée") -> GraphPage:
    """Make a graph of six patches, five in a row of links and one alone, measured as the command does."""
    shapes = [box(x, y, x + 900 - 90 * i, y + 900) for i, (x, y) in enumerate(CORNERS)]
    capacity = [shape.area / 1e4 for shape in shapes]
    start, end, cost = [0, 1, 0, 3], [1, 2, 3, 4], [900.0, 1200.0, 2500.0, 700.0]
    ids = [f"FR00RS{i}" for i in range(6)]
    graph = LandscapeGraph.of(capacity, start, end, cost, ids=ids, link_ids=[f"FR00CS{i}" for i in range(4)])
    dispersal = Dispersal(2000.0, 0.05)
    worth = measure_importance(graph, dispersal)
    found = worth.indices
    patches = geopandas.GeoDataFrame({"id": ids}, geometry=shapes, crs=CRS)
    links = geopandas.GeoDataFrame(
        {"id": list(graph.link_ids)},
        geometry=[
            LineString([shapes[a].centroid, shapes[b].centroid]) for a, b in zip(start, end, strict=True)
        ],
        crs=CRS,
    )
    steps = [200.0, 1000.0, 2000.0, 10_000.0]
    eca = [
        measure_paths(graph, Dispersal(step, 0.05), betweenness=False).equivalent_capacity for step in steps
    ]
    return GraphPage(
        key, name, "ha",
        nodes=pandas.DataFrame({
            "id": ids, "name": NAMES, "capacity": graph.capacity, "component": found.component,
            "dPC": 100 * worth.total, "dPC_intra": 100 * worth.intra, "dPC_flux": 100 * worth.flux,
            "dPC_connector": 100 * worth.connector}),
        links_table=pandas.DataFrame({
            "id": list(graph.link_ids), "from": [ids[i] for i in start], "to": [ids[i] for i in end],
            "cost": cost, "length": cost, "dPC": 100 * worth.link, "gain": [1.0, 2.0, 0.5, 0.0]}),
        overall=pandas.DataFrame({
            "index": ["PC", "ECA", "NC", "E#BC", "unheard of"],
            "value": [found.numerator / 1e6, found.equivalent_capacity, 2, 0.8, 1.5],
            "unit": ["", "ha", "", "", ""]}),
        components=describe_components(graph),
        by_distance=pandas.DataFrame({"distance": steps, "eca": eca}),
        dispersal=2000.0, probability=0.05, patches=patches, links=links,
        units=pandas.DataFrame({
            "id": ["1", "2", ""], "name": ["Aubin <A>", "Écourt", ""], "capacity": [200.0, 150.0, 20.0],
            "share": [0.1, 0.05, np.nan], "contribution": [0.6, 0.35, 0.05], "dependence": [0.1, 0.42, 0.9],
            "neighbour": ["Écourt", "Aubin <A>", "Aubin <A>"], "least_loss": [0.4, 0.2, 0.02]}),
        added=pandas.DataFrame({
            "from": [ids[4]], "to": [ids[5]], "cost": [800.0], "gain": [3.21], "kind": ["new"], "id": [""]}),
        landscape=1000.0,
    )  # fmt: skip


def make_ground() -> GroundPage:
    """Make the fragmentation of a small ground with a cell of each class of pattern."""
    codes = np.zeros((20, 30), np.uint8)
    codes[2:12, 2:20] = 4
    codes[3:11, 3:19] = 1
    for place in range(2, 8):
        codes[15, 3 * place] = place
    shares = np.array([0.6, 0.02, 0.03, 0.25, 0.02, 0.03, 0.05])
    return GroundPage(
        mesh=pandas.DataFrame({
            "id": ["1", "2", ""], "name": ["Aubin <A>", "Écourt", ""],
            "unit_area_ha": [3000.0, 4000.0, 7000.0], "natural_area_ha": [1500.0, 1000.0, 2500.0],
            "pieces": [3, 5, 8], "mesh_cut_ha": [500.0, 100.0, 350.0],
            "mesh_cbc_ha": [700.0, 300.0, 400.0], "division": [0.8, 0.97, 0.95],
            "splitting": [6.0, 40.0, np.inf]}),
        landscape=pandas.DataFrame({
            "metric": ["ta", "np", "shdi", "enn_mn"], "value": [7000.0, 12.0, 1.2345, np.nan],
            "unit": ["ha", "", "", "m"]}),
        classes=pandas.DataFrame({
            "class": [1, 2], "name": ["Forêt", "Prairie"], "ca": [10.0, 20.0], "pland": [30.0, 60.0],
            "np": [3.0, 61.0], "te": [1.0, 2.0], "lsi": [1.0, 2.0]}),
        pattern=PatternPicture(codes, Grid(0.0, 6000.0, 300.0, 20, 30)),
        pattern_classes=pandas.DataFrame({
            "class": PATTERN_CLASSES, "area_ha": 100 * shares, "share": shares, "objects": range(1, 8)}),
        edge_width=1, cell_m=25.0,
    )  # fmt: skip


def write(path: Path, **changed: Any) -> str:
    """Write a page of everything, or of what is changed, and read it."""
    journal = Journal()
    journal.add("geometry_repaired", layer="roads", count=3)
    given: dict[str, Any] = {
        "title": TITLE, "graphs": [make_graph()], "ground": make_ground(), "journal": journal,
        "date": "2026-05-01", "units": make_units(), "area": box(-500, -500, 8000, 8000),
    }  # fmt: skip
    write_indices_page(path, **(given | changed))
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the whole page in French."""
    return write(tmp_path_factory.mktemp("page") / "indices.html")


class Outline(HTMLParser):
    """Elements that were opened and never closed, ids, and pictures without words."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that holds nothing."""
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        if not self.open or self.open.pop() != tag:
            self.bad.append(tag)


def read_words(text: str) -> str:
    """Read what a person reads: without tags, styles and scripts, spaces as one."""
    text = re.sub(r"<(style|script)>.*?</\1>", " ", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def test_page_has_every_section(page: str) -> None:
    """All that was asked of the page has its heading, in the order of reading."""
    wanted = [
        "Sous-trame boisée", "Où sont les réservoirs", "Les réservoirs qui comptent le plus",
        "Ce que change la distance", "Les liaisons à garder", "Les liaisons à créer",
        "Les ensembles de réservoirs", "Chaque territoire", "Tous les indices", "Fragmentation du sol",
        "La taille effective de maille",
        "La forme des espaces naturels", "Métriques du paysage", "Par classe", "Méthodes et conventions",
        "Ce que les logiciels comptent autrement", "Références", "Ce qu’il faut savoir des données",
    ]  # fmt: skip
    headings = [html.unescape(text) for text in re.findall(r"<h[23][^>]*>([^<]*)", page)]
    places = [max(i for i, text in enumerate(headings) if text.startswith(start)) for start in wanted]
    assert places == sorted(places)


def test_page_needs_nothing_else(page: str) -> None:
    """No file, font, script or picture is asked of anywhere; links to publications alone lead out."""
    outside = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\')\s>]+)', page)
    kinds = {
        "#" if link.startswith("#") else link.split("/")[2] if "://" in link else link[:15]
        for link in outside
    }
    assert kinds == {"#", "doi.org", "data:image/png;"}
    assert "default-src 'none'" in page
    assert "@import" not in page and "@font-face" not in page


def test_page_is_well_made(page: str) -> None:
    """Every element is closed in its turn, and no two bear the same id."""
    outline = Outline()
    outline.feed(page)
    assert outline.bad == [] and outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    for link in re.findall(r'href="#([^"]+)"', page):
        assert link in outline.ids
    for clip in re.findall(r"url\(#([^)]+)\)", page):
        assert clip in outline.ids


def test_every_figure_has_words(page: str) -> None:
    """Each picture that is not a swatch of a legend is named and described, for those who hear it."""
    pictures = re.findall(r"<svg[^>]*>(?:<title[^>]*>([^<]+)</title><desc[^>]*>([^<]+)</desc>)?", page)
    told = [pair for pair in pictures if pair[0]]
    # Map, bars, curve, two maps of units, two of mesh, pattern and its bars.
    assert len(told) == 9
    assert all(len(title) > 10 and len(description) > 10 for title, description in told)
    swatches = re.sub(r'<span aria-hidden="true">.*?</span>', "", page, flags=re.DOTALL)
    assert len(re.findall("<svg", swatches)) == 9


def test_summary_says_what_matters(page: str) -> None:
    """The summary names the first patch and link, the unit that depends most and the most cut up."""
    said = read_words(page[page.index('id="summary"') : page.index("<nav")])
    graph = make_graph()
    first = graph.nodes.sort_values("dPC").iloc[-1]
    assert f"Le réservoir {first['name']} compte le plus" in said
    assert "Écourt dépend le plus de ses voisins : 42,0 %" in said
    assert "d’abord ceux de Aubin <A>" in said
    assert "on atteint en moyenne 350 ha" in said
    assert "Le territoire le plus morcelé est Écourt, avec 100 ha" in said
    assert "Ils forment 2 ensembles" in said
    assert "À créer d’abord : une liaison entre Étang & Lande et Loin, pour 3,21 %" in said


@pytest.mark.parametrize(
    ("eca", "said"), [(150.0, "presque tout"), (120.0, "une bonne part"), (101.0, "que peu")]
)
def test_verdict_is_on_what_links_add(eca: float, said: str, tmp_path: Path) -> None:
    """By hand: patches of 60, 80 and 20 ha hold 160 and are worth 102 without a link.

    (150 - 102) / 58 is 0.83, (120 - 102) / 58 is 0.31, and 101 is below the floor, though it is 63 % of all.
    """
    graph = make_graph()
    nodes = graph.nodes.head(3).assign(capacity=[60.0, 80.0, 20.0])
    overall = pandas.DataFrame({"index": ["ECA"], "value": [eca], "unit": ["ha"]})
    changed = replace(graph, nodes=nodes, overall=overall, links_table=graph.links_table.head(1))
    text = read_words(write(tmp_path / "page.html", graphs=[changed]))
    assert re.search(rf"valent ensemble {eca:.0f} ha.*?102 ha, tous reliés 160 ha : [^.]*{said}", text)


def test_shares_of_the_first_patch_are_those_of_the_table(page: str) -> None:
    """The bar of the first patch says the dPC of the table, three digits of it, in French."""
    graph = make_graph()
    share = float(graph.nodes["dPC"].max())
    assert f"{share:.1f}".replace(".", ",") + "\u00a0%" in page


def test_text_is_escaped(page: str) -> None:
    """Names with signs of HTML are written as they are, nowhere as tags."""
    assert "<du>" not in page and "<A>" not in page and "<et>" not in page
    assert "Bois &lt;du&gt; Roi" in page and "Val d’Arre &lt;et&gt; bocage" in page
    assert "Étang &amp; Lande" in page


def test_page_has_the_same_bytes_twice(page: str, tmp_path: Path) -> None:
    """The same values give the same bytes."""
    assert write(tmp_path / "again.html") == page


def test_page_in_english_has_no_french(tmp_path: Path) -> None:
    """In English no sentence of the French catalogue is left, and numbers are written as there."""
    text = write(tmp_path / "page.html", language="en")
    assert '<html lang="en">' in text
    said = read_words(text)
    for entry in _catalogue("indices_page").values():
        sentence = entry["fr"]
        if len(sentence) > 25 and "{" not in sentence:
            assert sentence not in said
    graph = make_graph()
    first = graph.nodes.sort_values("dPC").iloc[-1]
    assert f"Reservoir {first['name']} matters most" in said
    assert "Écourt depends most on its neighbours: 42.0%" in said


@pytest.mark.parametrize("language", ["fr", "en"])
def test_french_typography(language: str, tmp_path: Path) -> None:
    """In French no high punctuation follows a plain space and no apostrophe is straight."""
    text = write(tmp_path / "page.html", language=language)
    said = html.unescape(
        re.sub(r"<[^>]+>", "", re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL))
    )
    assert "{" not in said and "}" not in said
    if language == "fr":
        assert re.findall(r".{9} [;:!?%»]", said) == []
        assert "'" not in said.replace("Val d'", "")


def test_names_on_the_map_never_overlap() -> None:
    """Names beside crowded circles lie apart, inside the frame, and off the scale bar and the north arrow."""
    frame = MapFrame.around((0, 0, 10_000, 7000), 250.0, 180.0)
    rng = np.random.default_rng(5)
    at = np.vstack([rng.uniform(4500, 5500, (40, 2)), [[60.0, 60.0], [9950.0, 6950.0]]])
    ids = np.array([str(i) for i in range(len(at))])
    names = {str(i): f"Réservoir numéro {i}" for i in (0, 1, 2, 3, 40, 41)}
    placed = place_names(
        frame, ids, np.asarray(shapely.points(at)), np.full(len(at), 2.0), np.ones(len(at), bool), names
    )
    assert len(placed) >= 5
    room = box(0, 0, frame.width_mm, frame.height_mm)
    assert all(room.contains(label.box) for label in placed)
    assert not any(one.box.intersects(other.box) for one, other in itertools.combinations(placed, 2))


@pytest.mark.parametrize(
    "colours",
    [*RAMPS.values(), tuple(PARTS.values()), (PATTERN_GROUND, *PATTERN_COLOURS.values())],
    ids=[*RAMPS, "parts", "pattern"],
)
def test_colours_are_told_apart_by_all(colours: tuple[str, ...]) -> None:
    """Colours of a figure differ by 9 (CIEDE2000), the least of maps, in grey and to the colour-blind."""
    for one, other in itertools.combinations(colours, 2):
        for view in VIEWS:
            seen = [to_lab(simulate_view(colour, view)) for colour in (one, other)]
            assert measure_difference(seen[0], seen[1]) >= 9.0, (one, other, view)


def test_without_geometry_there_is_no_map(tmp_path: Path) -> None:
    """A graph of tables alone has its figures and tables, and says why there is no map."""
    bare = replace(
        make_graph(key="", name=""), patches=None, links=None, units=None, added=None, area_unit=""
    )
    text = write(tmp_path / "page.html", graphs=[bare], ground=None, units=None, area=None, date="")
    said = read_words(text)
    assert "n’ont pas de géométrie" in said
    assert "bocage indices --add 10" in said
    assert "Connectivité équivalente selon la distance" in said
    assert "Fragmentation du sol" not in said


def test_points_and_straight_links_make_a_map(tmp_path: Path) -> None:
    """Patches known by a point and links without a line are drawn, and the page says so."""
    graph = make_graph()
    assert graph.patches is not None
    points = graph.patches.set_geometry(shapely.centroid(np.asarray(graph.patches.geometry.array)))
    text = write(
        tmp_path / "page.html", graphs=[replace(graph, patches=points, links=None)], units=None, area=None
    )
    assert "tracées droit" in read_words(text)
    assert "Carte des réservoirs et des liaisons" in text


def test_a_single_patch_makes_a_page(tmp_path: Path) -> None:
    """One patch without links has a page that says so, and nothing fails for want of a range."""
    lone = GraphPage(
        "", "", "ha",
        nodes=pandas.DataFrame({"id": ["A"], "capacity": [5.0], "dPC": [100.0], "dPC_intra": [100.0],
                                "dPC_flux": [0.0], "dPC_connector": [0.0]}),
        links_table=pandas.DataFrame({"id": [], "from": [], "to": [], "cost": [], "dPC": []}),
        overall=pandas.DataFrame({"index": ["ECA"], "value": [5.0], "unit": ["ha"]}),
        components=pandas.DataFrame({"component": [0], "patches": [1], "links": [0], "capacity": [5.0]}),
        by_distance=pandas.DataFrame({"distance": [1000.0], "eca": [5.0]}), dispersal=1000.0, probability=0.5,
        patches=geopandas.GeoDataFrame({"id": ["A"]}, geometry=[Point(0, 0)], crs=CRS),
    )  # fmt: skip
    said = read_words(write(tmp_path / "page.html", graphs=[lone], ground=None, units=None, area=None))
    assert "Aucune liaison ne joint les réservoirs" in said


def test_nothing_measured_makes_a_page(tmp_path: Path) -> None:
    """Without graph or ground the page says so."""
    text = write(tmp_path / "page.html", graphs=[], ground=None, units=None, area=None)
    assert "Aucun graphe ni aucune occupation du sol" in read_words(text)


def test_two_graphs_do_not_share_ids(tmp_path: Path) -> None:
    """Two sub-networks in one page have their own identifiers, and each says its own dispersal."""
    other = replace(make_graph("ouvert", "Landes"), dispersal=5000.0, cost_unit="m")
    text = write(tmp_path / "page.html", graphs=[make_graph(), other])
    outline = Outline()
    outline.feed(text)
    assert len(outline.ids) == len(set(outline.ids))
    said = read_words(text)
    assert "Landes : p*ᵢⱼ = exp(−k · dᵢⱼ), avec k = −ln(0,05) / 5 000 m" in said


def test_metrics_of_classes(page: str) -> None:
    """Numbers of patches are whole; metrics that the table leaves out are counted, and their file named."""
    said = read_words(page)
    assert "Prairie 20,0 60,0 61 " in said
    assert "Autres métriques : 2, dans metrics_classes.csv" in said


def test_cut_off_says_its_bound(tmp_path: Path) -> None:
    """What was left out is said with its bound; where nothing was, that is said."""
    assert "les valeurs sont exactes" in read_words(write(tmp_path / "exact.html"))
    some = replace(make_graph(), cutoff=0.0001, left_out=0.0123)
    said = read_words(write(tmp_path / "some.html", graphs=[some]))
    assert "Celles de moins de 0,0001 sont laissées de côté" in said
    assert "plus de 1,23 % du numérateur" in said


def test_pieces_of_a_unit_without_reservoirs_depend_on_nobody(tmp_path: Path) -> None:
    """A territory that contributes nothing has no dependence: it is hatched and its cell is a dash."""
    graph = make_graph()
    assert graph.units is not None
    units = graph.units.assign(contribution=[1.0, 0.0, 0.0], dependence=[0.0, 0.0, 0.0])
    text = write(tmp_path / "page.html", graphs=[replace(graph, units=units)])
    assert "sans réservoir" in read_words(text)


def test_decades_divide_the_many_from_the_few() -> None:
    """By hand: breaks at 1 and 3 times powers of ten, between the least and the greatest value."""
    assert divide_decades([0.5, 0.5, 7.0]).breaks == (1.0, 3.0)
    assert divide_decades([2.0, 2.0]).breaks == ()
    assert divide_decades([]).breaks == ()
    assert divide_decades([float("nan"), 0.0]).breaks == ()
    assert divide_decades([0.0, 30.0]).breaks == (1.0, 3.0, 10.0, 30.0)
    assert Classes((1.0, 3.0)).label(1, str, "fr") == "1.0 à 3.0"


def test_curve_lies_between_floor_and_ceiling() -> None:
    """The marked point stands at the study's distance, half-way from 100 to 10 000 on a log axis."""
    curve = Curve([100.0, 10_000.0], [20.0, 60.0], 1000.0, 80.0, 10.0)
    assert curve.read(1000.0) == pytest.approx(40.0)
    words = dict.fromkeys(("title", "description", "x_title", "y_title", "here", "ceiling", "floor"), "mots")
    drawn = draw_curve(curve, key="k", language="fr", **words)
    x = [float(value) for value in re.findall(r'<circle cx="([\d.]+)"', drawn)]
    assert x[2] == pytest.approx((x[0] + x[1]) / 2, abs=0.1)


def test_ticks_of_an_empty_range() -> None:
    """An axis that goes nowhere has one tick."""
    assert choose_ticks(0.0, 0.0) == [0.0]


def test_folder_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    """A page that cannot be written is told as an error of output."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write(tmp_path / "file" / "page.html")


def test_words_are_in_both_languages() -> None:
    """Every sentence has both languages with the same places to fill."""
    for name, entry in _catalogue("indices_page").items():
        assert set(entry) == {"fr", "en"}, name
        places = [set(re.findall(r"{(\w+)}", entry[language])) for language in ("fr", "en")]
        assert places[0] == places[1], name
