"""Pages that make a volume of sheets: cover, contents, key map, sheets of the grid, indexes."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pikepdf
import pytest
import shapely

from bocage.atlas import Content
from bocage.atlas.contents import Entry, compose_contents, count_pages, list_communes
from bocage.atlas.cover import compose_cover
from bocage.atlas.document import DocumentInfo, set_document
from bocage.atlas.grid_plan import find_cells, plan_grid
from bocage.atlas.grid_sheet import compose_grid_sheet
from bocage.atlas.index import RESERVOIR, compose_commune_index, compose_place_index, find_places
from bocage.atlas.joining import LINK, Bookmark, Part, join_documents
from bocage.atlas.keymap import compose_keymap
from bocage.atlas.page import Page
from bocage.atlas.places import COMMUNE_INDEX, CONTENTS, KEY_MAP, name_cell_place, name_commune_place
from bocage.atlas.territory import Territory, find_territory
from bocage.errors import InputError
from tests.atlas.networks import (
    ABOUT_OISE,
    ABOUT_VALLEY,
    CRS,
    make_content,
    make_table,
    make_valley,
    read_oise,
)
from tests.atlas.reading import normalise, read_corners, read_structure, read_text

INFO = DocumentInfo("Volume d’essai", datetime.date(2026, 5, 4))


def make_valley_content(**given: Any) -> Content:
    """Give the made-up valley."""
    network, communes = make_valley()
    return make_content(network, communes, ABOUT_VALLEY, **given)


def make_plain(side: int = 24) -> Content:
    """Give a plain of square communes of 3 km, wider than a sheet at 1:100 000, with odd names."""
    network, _ = make_valley()
    names = [
        f"{['Étang', 'Saint-Œuf', 'L’Isle', 'aulnoy', 'Bois'][i % 5]}-{i:03}" for i in range(side * side)
    ]
    squares = [
        shapely.box(700_000 + 3_000 * x, 6_600_000 + 3_000 * y, 703_000 + 3_000 * x, 6_603_000 + 3_000 * y)
        for y in range(side)
        for x in range(side)
    ]
    codes = [f"{99_000 + i}" for i in range(side * side)]
    communes = geopandas.GeoDataFrame({"insee": codes, "name": names}, geometry=squares, crs=CRS)
    return make_content(network, communes, ABOUT_VALLEY)


def number_places(content: Content, territory: Territory) -> dict[str, int]:
    """Give a page to every place."""
    places = [KEY_MAP, *(name_cell_place(cell.name) for cell in plan_grid(content).cells)]
    places += [*(name_commune_place(code) for code, _ in territory.communes), COMMUNE_INDEX]
    return {place: number for number, place in enumerate(places, 3)}


def read_links(pdf: bytes) -> list[str]:
    """List the places that the links of a document lead to."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        addresses = [
            bytes(note.A.URI).decode() for page in document.pages for note in page.obj.get("/Annots", [])
        ]
    return [address.removeprefix(LINK) for address in addresses]


def list_headings(pdf: bytes) -> list[int]:
    """List the levels of the headings in reading order."""
    return [int(kind[1:]) for kind, _ in read_structure(pdf) if kind in ("H1", "H2", "H3")]


def list_cells_of_tables(pdf: bytes) -> Iterator[str]:
    """List the parts of the tables."""
    return (kind for kind, _ in read_structure(pdf) if kind in ("Table", "TH", "TD"))


class TestCover:
    """Tests of the cover."""

    def test_says_what_it_must(self) -> None:
        """Issuer, title, territory, status, date, counts, validity and sources are there as text."""
        content = make_valley_content()
        page = compose_cover(content, find_territory(content, "Val d’Essai"), title="Atlas du val", sheets=12)
        pdf = set_document([page], INFO)
        text = read_text(pdf)

        for said in (
            "VAL D’ESSAI", "Syndicat du val", "Atlas du val", "Val d’Essai", "Statut : Étude",
            "Mise à jour : Mai 2026", "9 communes", "12 feuilles", "Données valables au 1:100 000",
            "Relevés d’essai (domaine public)", "val@essai.example",
        ):  # fmt: skip
            assert said in text
        assert list_headings(pdf) == [1, 2]
        assert count_pages(page, INFO) == 1

    def test_tells_its_map_in_words(self) -> None:
        """The alternative text counts what is drawn, without telling axes twice, nor data that lack."""
        content = make_valley_content()
        territory = find_territory(content)
        alt = compose_cover(content, territory, title="Atlas", sheets=1, language="en").data["map"]["alt"]

        assert "9 communes" in alt
        assert "biodiversity reservoirs: 2" in alt
        assert "corridors: 1" in alt
        assert "obstacle" not in alt

        network, communes = make_valley()
        bare = Content(
            replace(
                network,
                tables={key: table.iloc[:0] for key, table in network.tables.items()},
                about=ABOUT_VALLEY,
            ),
            communes,
        )
        page = compose_cover(bare, find_territory(bare), title="Atlas", sheets=1)
        assert normalise(page.data["map"]["alt"]).startswith("Carte du territoire et des limites")

    @pytest.mark.parametrize(("sheet_format", "size"), [("a4", (210, 297)), ("a3", (297, 420))])
    def test_is_portrait(self, sheet_format: str, size: tuple[int, int]) -> None:
        """The cover stands upright, in the format of the atlas."""
        content = make_valley_content()
        page = compose_cover(
            content, find_territory(content), title="Atlas", sheets=1, sheet_format=sheet_format
        )
        with pikepdf.open(io.BytesIO(set_document([page], INFO))) as document:
            box = [float(value) / 72 * 25.4 for value in document.pages[0].mediabox]
        assert tuple(round(value) for value in box[2:]) == size

    def test_bears_all_logos(self, tmp_path: Path) -> None:
        """The issuer's logo and those of partners each have their picture and their words."""
        for name in ("own", "one", "other"):
            (tmp_path / f"{name}.svg").write_text(
                '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
            )
        paths = [str(tmp_path / f"{name}.svg") for name in ("one", "other")]
        about = {
            **ABOUT_VALLEY,
            "issuer": {**ABOUT_VALLEY["issuer"], "logo": str(tmp_path / "own.svg"), "logos": paths},
        }
        network, communes = make_valley()
        content = make_content(network, communes, about)
        page = compose_cover(content, find_territory(content), title="Atlas", sheets=1)

        alts = [alt for kind, alt in read_structure(set_document([page], INFO)) if kind == "Figure"]
        assert len(alts) == 4
        assert "Syndicat du val" in alts[0] and "one" in alts[1] and "other" in alts[2]


class TestContents:
    """Tests of the contents."""

    def test_lists_communes_in_alphabetical_order(self) -> None:
        """Accents and case do not count; « Saint- » and articles stay as written."""
        named = [
            "Étréchy",
            "Saint-Just",
            "L’Isle-Adam",
            "Ève",
            "Labruyère",
            "eu",
            "Saintes",
            "Œuilly",
            "Orry",
        ]
        listed = list_communes([(f"{i:05}", name) for i, name in enumerate(named)], {})
        assert [entry.text for entry in listed] == [
            "Étréchy", "eu", "Ève", "L’Isle-Adam", "Labruyère", "Œuilly", "Orry", "Saint-Just", "Saintes",
        ]  # fmt: skip

    def test_loses_no_entry_and_links_each(self) -> None:
        """All of 576 communes, all sheets and all parts are written, each with a link and its page."""
        content = make_plain()
        territory = find_territory(content)
        folios = number_places(content, territory)
        cells = [cell.name for cell in plan_grid(content).cells]
        parts = [Entry("Carte d’assemblage", KEY_MAP), Entry("Index des communes", COMMUNE_INDEX)]
        page = compose_contents(parts, cells, territory.communes, folios)
        pdf = set_document([page], INFO)
        text = read_text(pdf)

        assert len(cells) > 15
        for code, name in territory.communes:
            assert name in text and code in text and str(folios[name_commune_place(code)]) in text
        links = read_links(pdf)
        # The name and the page.
        assert sorted(links) == sorted([*folios, *folios])
        assert list_headings(pdf) == [1, 2, 2]

    def test_is_made_of_tables(self) -> None:
        """Lists are tables with header cells."""
        content = make_valley_content()
        territory = find_territory(content)
        page = compose_contents([Entry("Carte", KEY_MAP)], ["A1"], territory.communes, {KEY_MAP: 3})
        cells = list(list_cells_of_tables(set_document([page], INFO)))

        assert cells.count("Table") == 3
        # Part, page; sheet, page; commune, code, page; the letters B and V.
        assert cells.count("TH") == 2 + 2 + 3 + 2
        assert cells.count("TD") == 2 + 2 + 3 * 9

    @pytest.mark.parametrize("sheet_format", ["a4", "a3"])
    def test_keeps_its_length_when_folios_come(self, sheet_format: str) -> None:
        """The contents are as long without pages as with them, so that two passes are enough."""
        content = make_plain(20)
        territory = find_territory(content)
        folios = {place: 1_000 + folio for place, folio in number_places(content, territory).items()}
        without, with_folios = (
            compose_contents(
                [Entry("Carte", KEY_MAP)], ["A1"], territory.communes, known, sheet_format=sheet_format
            )
            for known in ({}, folios)
        )
        assert count_pages(without, INFO) == count_pages(with_folios, INFO) > 1


class TestKeyMap:
    """Tests of the key map."""

    def test_links_each_sheet_of_the_territory(self) -> None:
        """Every sheet with ground of the territory is named with its page, and linked as a whole cell."""
        content = make_plain()
        whole = find_territory(content)
        folios = number_places(content, whole)
        grid = plan_grid(content)
        part = find_territory(content, insee=[code for code, _ in whole.communes[:1]])
        for territory in (whole, part):
            names = find_cells(grid, territory.outline)
            page = compose_keymap(content, grid, territory, folios)
            pdf = set_document([page], INFO)

            assert sorted(read_links(pdf)) == sorted(name_cell_place(name) for name in names)
            assert all(f"p. {folios[name_cell_place(name)]}" in read_text(pdf) for name in names)
            assert list_headings(pdf) == [1, 2]

    def test_links_only_what_the_volume_has(self) -> None:
        """Sheets that are not in the volume are named without link."""
        content = make_plain(8)
        grid = plan_grid(content)
        assert len(grid.cells) > 1
        page = compose_keymap(content, grid, find_territory(content), {name_cell_place("A1"): 7})
        assert read_links(set_document([page], INFO)) == ["cell-A1"]

    def test_lies_where_it_says(self) -> None:
        """The map is georeferenced: the corners of its first cell fall where the grid has them."""
        content = make_plain(8)
        grid = plan_grid(content)
        page = compose_keymap(content, grid, find_territory(content), {})
        assert page.georeference is not None
        frame, cell = page.georeference.frame, page.data["cells"][0]
        corner = frame.to_ground(np.array([(cell["x"], cell["y"])]))[0]
        assert corner == pytest.approx(
            (grid.cells[0].core[0], grid.cells[0].core[3]), abs=frame.metres_per_mm
        )
        assert read_corners(set_document([page], INFO))[2] == 2154

    def test_names_intercommunalites(self) -> None:
        """Names of intercommunalités are on the map as text."""
        content = make_plain(8)
        west = shapely.union_all(content.communes.geometry[:32].to_numpy())
        groups = geopandas.GeoDataFrame({"name": ["CC du Couchant"]}, geometry=[west], crs=CRS)
        content = replace(content, groupings={"epci": groups})
        page = compose_keymap(content, plan_grid(content), find_territory(content), {})
        # Letters may be set one by one.
        assert "CCduCouchant" in read_text(set_document([page], INFO)).replace(" ", "")


class TestGridSheet:
    """Tests of a sheet of the grid."""

    @pytest.mark.parametrize("orientation", ["portrait", "landscape"])
    @pytest.mark.parametrize("sheet_format", ["a4", "a3"])
    def test_is_at_its_scale(self, sheet_format: str, orientation: str) -> None:
        """A kilometre of ground takes ten millimetres of paper, and the file says where the map lies."""
        content = make_plain()
        grid = plan_grid(content, sheet_format, orientation=orientation)
        page, info = compose_grid_sheet(content, grid, "B2")
        pdf = set_document([page], info)
        corners, _, code, _ = read_corners(pdf)
        west, south, east, north = grid.find("B2").frame.bounds

        size = np.ptp(corners, axis=0) / 72 * 25.4
        assert size == pytest.approx(((east - west) / 100, (north - south) / 100), abs=0.01)
        assert code == 2154
        assert "Échelle 1:100 000" in read_text(pdf)
        assert list_headings(pdf) == [1, 2, 2, 2]

    def test_leads_to_the_sheets_beside_it(self) -> None:
        """Its edges name and link the eight sheets around it, or those that the volume has."""
        content = make_plain()
        grid = plan_grid(content)
        around = {"A1", "A2", "A3", "B1", "B3", "C1", "C2", "C3"}
        page, info = compose_grid_sheet(content, grid, "B2")
        assert set(read_links(set_document([page], info))) == {name_cell_place(name) for name in around}

        page, info = compose_grid_sheet(content, grid, "B2", places={"A2"})
        assert read_links(set_document([page], info)) == ["cell-A2"]

    def test_says_what_it_must(self) -> None:
        """Name, title, status, legend, sources are there; no commune is favoured."""
        content = make_valley_content()
        page, info = compose_grid_sheet(content, plan_grid(content), "A1")
        pdf = set_document([page], info)
        text = read_text(pdf)

        for said in (
            "Feuille A1", "Carte S.R.C.E", "Atlas au 1:100 000", "Statut : Étude", "Corridors écologiques",
            "Limite de commune", "Limite du territoire", "Relevés d’essai", "Bourg-1", "Bourg-9",
        ):  # fmt: skip
            # Letters on maps may be set one by one.
            assert said.replace(" ", "") in text.replace(" ", "")
        assert "Contour de commune" not in text and "dans la commune" not in text
        alt = page.data["map"]["alt"]
        assert "réservoirs de biodiversité\u00a0: 2" in alt and "Bourg-1, Bourg-2" in alt
        assert alt in [found for kind, found in read_structure(pdf) if kind == "Figure"]
        assert read_links(pdf) == []

    def test_is_the_same_each_time(self) -> None:
        """The same content gives the same bytes."""
        content = make_valley_content()
        grid = plan_grid(content)
        first, second = (
            set_document([page], info)
            for page, info in (compose_grid_sheet(content, grid, "A1") for _ in range(2))
        )
        assert first == second

    def test_refuses_an_unknown_cell(self) -> None:
        """A sheet that the grid does not have is named, with those it has."""
        content = make_valley_content()
        with pytest.raises(InputError, match="no sheet 'B2'; give one of A1"):
            compose_grid_sheet(content, plan_grid(content), "B2")


def find_by_hand(shape: Any, outlines: list[Any]) -> set[int]:
    """Find the communes where an object has ground, the slow way."""
    return {
        index for index, outline in enumerate(outlines) if shapely.intersection(shape, outline).area > 1e-6
    }


class TestIndexes:
    """Tests of the indexes."""

    def test_names_the_sheets_of_its_volume(self) -> None:
        """A wood that reaches beyond a volume's communes is given the sheets that the volume holds."""
        content = make_plain(12)
        wood = make_table(
            "reservoir_s", [{"name": "Bois"}], [shapely.box(700_000, 6_600_000, 736_000, 6_636_000)]
        )
        tables = {**content.network.tables, "reservoir_s": wood}
        content = replace(content, network=replace(content.network, tables=tables))
        grid = plan_grid(content)
        first = str(content.communes["insee"].iloc[0])
        territory = find_territory(content, insee=[first])

        ((place,), _) = find_places(content, territory, grid)

        (outline,) = territory.outlines
        held = {cell.name for cell in grid.cells if shapely.box(*cell.core).intersection(outline).area > 0}
        assert set(place.cells) == held
        assert len(held) < len(grid.cells)

    def test_finds_where_each_place_lies(self) -> None:
        """Communes and sheets of each named object are those found by intersection of each pair."""
        content = make_plain(12)
        rng = np.random.default_rng(11)
        middles = rng.uniform((700_000, 6_600_000), (736_000, 6_636_000), (40, 2))
        shapes = [
            shapely.Point(x, y).buffer(r)
            for (x, y), r in zip(middles, rng.uniform(300, 6_000, 40), strict=True)
        ]
        # One that only touches a commune along its limit, and one outside of all.
        shapes += [shapely.box(697_000, 6_600_000, 700_000, 6_603_000), shapely.box(0, 0, 1, 1)]
        names = [f"Bois {i % 35}" for i in range(42)]
        tables = {
            **content.network.tables,
            "reservoir_s": make_table("reservoir_s", [{"name": name} for name in names], shapes),
        }
        content = replace(content, network=replace(content.network, tables=tables))
        territory, grid = find_territory(content), plan_grid(content)
        assert len(grid.cells) > 3
        places, unnamed = find_places(content, territory, grid)

        expected: dict[str, set[int]] = {}
        cells: dict[str, set[str]] = {}
        for name, shape in zip(names, shapes, strict=True):
            found = find_by_hand(shape, list(territory.outlines))
            if found:
                expected.setdefault(name, set()).update(found)
                cells.setdefault(name, set()).update(
                    cell.name
                    for cell in grid.cells
                    if shapely.box(*cell.core).intersection(shape).area > 1e-6
                )
        assert unnamed == {}
        assert {place.name: {code for code, _ in place.communes} for place in places} == {
            name: {territory.communes[index][0] for index in found} for name, found in expected.items()
        }
        assert {place.name: set(place.cells) for place in places} == cells
        # « bois 2 » before « bois 10 »: the names are those of a family and a number.
        assert [place.name for place in places] == sorted(expected, key=lambda name: int(name.split()[-1]))

    def test_counts_what_has_no_name(self) -> None:
        """Objects without a name are left out, and the page says how many of each family."""
        shapes = [shapely.Point(702_500, 6_603_400 + 100 * i).buffer(400) for i in range(3)]
        zones = geopandas.GeoDataFrame({"name": ["Marais", None, " "]}, geometry=shapes, crs=CRS)
        content = make_valley_content(themes={"znieff1": zones})
        territory, grid = find_territory(content), plan_grid(content)
        places, unnamed = find_places(content, territory, grid)
        page = compose_place_index(content, places, unnamed, grid, {})
        text = read_text(set_document([page], INFO))

        assert [(place.name, place.family) for place in places] == [
            ("Bois du Val", RESERVOIR), ("Lande", RESERVOIR), ("Marais", "znieff1"),
        ]  # fmt: skip
        assert unnamed == {"znieff1": 2}
        family = content.symbols["znieff1"].label("fr")
        assert f"absents de cet index : {family} (2)." in text
        assert f"Marais {family}" in text

    def test_links_communes_and_sheets(self) -> None:
        """Each commune of an object leads to its page, each sheet to its own."""
        content = make_valley_content()
        territory, grid = find_territory(content), plan_grid(content)
        folios = number_places(content, territory)
        places, unnamed = find_places(content, territory, grid)
        pdf = set_document([compose_place_index(content, places, unnamed, grid, folios)], INFO)

        expected = [name_commune_place(code) for place in places for code, _ in place.communes]
        expected += [name_cell_place(name) for place in places for name in place.cells]
        assert sorted(read_links(pdf)) == sorted(expected)
        assert "Val-d’Essai " + str(folios["commune-99005"]) in read_text(pdf)

    @pytest.mark.parametrize("sheet_format", ["a4", "a3"])
    def test_loses_no_commune(self, sheet_format: str) -> None:
        """All of 576 communes are in their index with code, page and sheets, whatever their number."""
        content = make_plain()
        territory, grid = find_territory(content), plan_grid(content)
        folios = number_places(content, territory)
        page = compose_commune_index(territory, grid, folios, sheet_format=sheet_format)
        pdf = set_document([page], INFO)
        plain = re.sub(r"[ .]", "", read_text(pdf))
        for (code, name), outline in zip(territory.communes, territory.outlines, strict=True):
            cells = "".join(f"{cell}," for cell in find_cells(grid, outline)).removesuffix(",")
            assert f"{name}{code}{cells}{folios[name_commune_place(code)]}" in plain
        links = read_links(pdf)
        assert links.count("commune-99000") == 2
        assert {link for link in links if link.startswith("commune")} == {
            name_commune_place(code) for code, _ in territory.communes
        }
        assert count_pages(page, INFO) == count_pages(
            compose_commune_index(territory, grid, {}, sheet_format=sheet_format), INFO
        )

    def test_does_without_a_grid(self) -> None:
        """Without a grid there is no column of sheets."""
        content = make_valley_content()
        territory = find_territory(content)
        places, unnamed = find_places(content, territory)
        pages: list[Page] = [
            compose_commune_index(territory, None, {}),
            compose_place_index(content, places, unnamed, None, {}),
        ]
        text = read_text(set_document(pages, INFO))
        assert "Feuilles" not in text and "Bois du Val" in text
        assert [place.cells for place in places] == [(), ()]

    def test_keeps_a_place_of_very_many_communes(self) -> None:
        """A zone over hundreds of communes runs over several columns, and none of them is lost."""
        content = make_plain()
        zones = geopandas.GeoDataFrame({"name": ["Plaine"]}, geometry=[shapely.box(0, 0, 9e6, 9e6)], crs=CRS)
        content = replace(content, themes={"znieff2": zones})
        territory = find_territory(content)
        places, unnamed = find_places(content, territory)
        text = read_text(set_document([compose_place_index(content, places, unnamed, None, {})], INFO))
        plain = text.replace("- ", "-")
        assert all(name in plain for _, name in territory.communes)


class TestVolume:
    """Tests of the pages bound together."""

    def test_leads_from_page_to_page(self, tmp_path: Path) -> None:
        """Contents counted once, then set with their folios: every link of the volume finds its page."""
        content = make_plain(8)
        territory, grid = find_territory(content, "Plaine"), plan_grid(content)
        listed = [Entry("Carte d’assemblage", KEY_MAP), Entry("Index des communes", COMMUNE_INDEX)]
        cells = [cell.name for cell in grid.cells]
        length = count_pages(compose_contents(listed, cells, territory.communes, {}), INFO)
        folios = {CONTENTS: 2, KEY_MAP: 2 + length, COMMUNE_INDEX: 3 + length + len(cells)}
        folios |= {name_cell_place(name): 3 + length + number for number, name in enumerate(cells)}
        sheets = [compose_grid_sheet(content, grid, name)[0] for name in cells]
        pages = [
            compose_contents(listed, cells, territory.communes, folios),
            compose_keymap(content, grid, territory, folios),
            *sheets,
            compose_commune_index(territory, grid, folios),
        ]
        names = [CONTENTS, KEY_MAP, *(name_cell_place(name) for name in cells), COMMUNE_INDEX]
        cover = compose_cover(content, territory, title="Atlas", sheets=len(cells))
        parts = [
            Part(
                data=set_document([page], INFO),
                names={name: 0} if name else {},
                bookmarks=(Bookmark(page.title, 0),),
            )
            for name, page in zip(["", *names], [cover, *pages], strict=True)
        ]
        target = tmp_path / "volume.pdf"
        volume = join_documents(target, parts, title="Atlas", language="fr", date=INFO.date)

        assert [start + 1 for start in volume.starts[1:]] == [folios[name] for name in names]
        with pikepdf.open(target) as document:
            notes = [note for page in document.pages for note in page.obj.get("/Annots", [])]
            assert len(notes) > 2 * len(cells)
            assert all("/D" in note.A and "page" in str(note.Contents) for note in notes)


@pytest.mark.realdata
class TestOise:
    """Tests on the 679 communes of Oise."""

    def test_names_every_commune(self, shared: Path) -> None:
        """Contents and index hold all names; the grid covers the département in less than 30 sheets."""
        network, communes, context = read_oise(shared / "data")
        content = make_content(network, communes, ABOUT_OISE, context=context)
        territory, grid = find_territory(content, "Oise"), plan_grid(content)
        folios = number_places(content, territory)
        cells = [cell.name for cell in grid.cells]
        for page in (
            compose_contents([], cells, territory.communes, folios),
            compose_commune_index(territory, grid, folios),
        ):
            # Tables are typed with the straight apostrophe, pages set with the curved one.
            plain = read_text(set_document([page], INFO)).replace("- ", "-").replace("’", "'")
            assert len(territory.communes) == 679
            assert all(
                normalise(name).replace("- ", "-").replace("’", "'") in plain
                for _, name in territory.communes
            )
        assert len(cells) < 30
        frames = shapely.union_all([shapely.box(*cell.frame.bounds) for cell in grid.cells])
        assert shapely.difference(territory.outline, frames).area == pytest.approx(0, abs=1e-3)
