"""The page of figures: what it says, that it holds on one page whatever the commune, its tags."""

from __future__ import annotations

import datetime
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import pikepdf
import pytest
import shapely

from bocage.atlas import Content, plan_series
from bocage.atlas.commune import find_commune
from bocage.atlas.document import DocumentInfo, draw_pages, set_document
from bocage.atlas.page import Page
from bocage.atlas.summary import build_commune_table, compose_summary, measure_all, measure_territory
from bocage.atlas.summary_tables import enumerate_names, join_names, write_share, write_size
from tests.atlas.networks import (
    ABOUT_OISE,
    ABOUT_ORS,
    ABOUT_VALLEY,
    CRS,
    THEMES,
    make_content,
    make_network,
    make_table,
    make_valley,
    read_oise,
    read_ors,
)
from tests.atlas.reading import normalise, read_structure, read_text


def make_theme(geometries: list[Any], names: list[str | None] | None = None) -> geopandas.GeoDataFrame:
    """Make a theme beside the network."""
    held = {"name": names or [None] * len(geometries)}
    return geopandas.GeoDataFrame(held, geometry=geometries, crs=CRS)


def make_valley_content(missing: tuple[str, ...] = (), **given: Any) -> Content:
    """Make what the sheets of the made-up valley may draw."""
    network, communes = make_valley(missing)
    return make_content(network, communes, ABOUT_VALLEY, **given)


def compose(content: Content, insee: str = "99005", **settings: Any) -> Page:
    """Compose the page of a commune, with the standard series."""
    language = settings.setdefault("language", "fr")
    settings.setdefault("specs", plan_series(content, (), language))
    commune = find_commune(content.communes, insee)
    return compose_summary(content, commune, measure_all(content, language)[insee], **settings)


def print_page(page: Page, language: str = "fr") -> bytes:
    """Set a page alone."""
    return set_document([page], DocumentInfo("Essai", datetime.date(2026, 5, 4), language=language))


def make_crowd(themes: int = 3) -> Content:
    """Make a commune with 60 corridors, 40 reservoirs, 25 rivers, 14 types of obstacles, 40 zones a theme."""
    name = "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson"
    squares = [shapely.box(4000 * i, 0, 4000 * (i + 1), 4000) for i in range(3)]
    communes = geopandas.GeoDataFrame(
        {"insee": ["99000", "99001", "99002"], "name": ["Bourg-sous-la-Roche", name, "Val-sous-Bois"]},
        geometry=squares,
        crs=CRS,
    )
    tables = {
        "corridor_s": make_table(
            "corridor_s",
            [
                {
                    "id": f"FR32CS{i}",
                    "name": f"Corridor boisé de la vallée de la rivière {i}" if i % 3 else "",
                    "medium": "boisé" if i % 2 else "cours d’eau",
                    "objective": "restore" if i % 4 else "preserve",
                }
                for i in range(60)
            ],
            [shapely.box(3000, 60 * i, 9000, 60 * i + 10 + i / 4) for i in range(60)],
        ),
        "reservoir_s": make_table(
            "reservoir_s",
            [
                {"name": f"Marais et bois communaux numéro {i}", "medium": "humide", "objective": "preserve"}
                for i in range(40)
            ],
            [shapely.Point(4200 + 90 * i, 2000).buffer(20 + i) for i in range(40)],
        ),
        "cours_eau_l": make_table(
            "cours_eau_l",
            [{"name": f"ruisseau de la Fontaine-Saint-{i}", "objective": "restore"} for i in range(25)],
            [shapely.LineString([(4000, 9 + 100 * i), (8000, 9 + 100 * i)]) for i in range(25)],
        ),
        "obstacle_p": make_table(
            "obstacle_p",
            [{"type": f"t{i % 14}", "type_label": f"obstacle à la circulation {i % 14}"} for i in range(60)],
            [shapely.Point(4100 + 50 * i, 3000) for i in range(60)],
        ),
    }
    keys = ("znieff1", "natura2000_zsc", "wetland", "znieff2", "natura2000_zps", "flood_zone", "zico", "ens")
    zones = {
        key: make_theme(
            [shapely.box(4000 + 80 * i, 100, 4200 + 80 * i, 500 + 30 * i) for i in range(40)],
            [f"Zone remarquable du plateau calcaire et des coteaux {key} {i}" for i in range(40)],
        )
        for key in keys[:themes]
    }
    return make_content(make_network(tables), communes, ABOUT_ORS, themes=zones)


class TestMeasure:
    """Figures of a content."""

    def test_one_pass_gives_table_and_slices(self) -> None:
        """The row of each commune is what its slice holds; the table alone is the same."""
        quarter = shapely.box(702000, 6602000, 703000, 6603000)
        content = make_valley_content(themes={"znieff1": make_theme([quarter])})

        found = measure_territory(content)

        table = build_commune_table(content)
        assert table["insee"].tolist() == [*(f"9900{i}" for i in range(1, 10)), ""]
        assert set(measure_all(content)) == set(found.communes) == set(table["insee"]) - {""}
        row = table[table["insee"] == "99005"].iloc[0]
        values = found.communes["99005"].values
        assert values["znieff1_share"] == row["znieff1_share"] == pytest.approx(0.25)
        assert values["corridor_count"] == row["corridor_count"] == 2
        assert table["area_ha"].iloc[-1] == pytest.approx(3600)

    def test_study_area(self) -> None:
        """With a study area, the network is measured inside it."""
        content = replace(make_valley_content(), area=shapely.box(702000, 6602000, 703000, 6604000))

        values = measure_all(content)["99005"].values

        assert values["area_ha"] == pytest.approx(200)
        assert values["commune_ha"] == pytest.approx(400)


class TestPage:
    """Words of the page."""

    def test_says_the_figures_of_the_valley(self) -> None:
        """Sentences, key figures, tables and what all must know stand as text, with French typography."""
        text = read_text(print_page(compose(make_valley_content())))

        for said in (
            "La commune en chiffres",
            "VAL-D’ESSAI 99005",
            "Statut : Étude — le 4 mai 2026",
            "400 ha superficie de la commune",
            "10 % du territoire communal est réservoir de biodiversité.",
            "2 corridors écologiques traversent la commune, partagés avec Bourg-2 et Bourg-6 ; l’un d’eux "
            "est à restaurer.",
            "Des obstacles aux continuités y sont relevés : 1 ouvrage ou point de rupture, 2,1 km de "
            "linéaire et 4,5 ha d’emprise.",
            "2,4 km de cours d’eau relèvent de la trame bleue.",
            "Bois du Val à préserver 38,4 10 %",
            "partagé avec Bourg-6",
            "Type non précisé 1 2,1 4,5",
            "l’Essai à préserver 2,4",
            "Les surfaces sont calculées sur des données établies pour le 1:100 000",
            "Relevés d’essai (domaine public)",
            "Contact : val@essai.example",
        ):
            assert normalise(said) in text, said

    def test_speaks_english(self) -> None:
        """The same in English, with English numbers."""
        text = read_text(print_page(compose(make_valley_content(), language="en"), "en"))

        assert "The commune in figures" in text
        assert "10% of the commune is biodiversity reservoir." in text
        assert "2.4 km of watercourses belong to the blue network." in text
        assert "réservoir" not in text

    def test_names_zones_of_other_themes(self) -> None:
        """Each theme has its total, its zones by name, the largest first; a theme without a zone says so."""
        themes = {
            "znieff1": make_theme(
                [
                    shapely.box(702000, 6602000, 702400, 6603000),
                    shapely.box(703000, 6602000, 704000, 6603000),
                ],
                ["Petit bois", "Grand bois"],
            ),
            "wetland": make_theme([]),
            "flow_work": make_theme([shapely.Point(702100, 6602100)]),
        }

        text = read_text(print_page(compose(make_valley_content(themes=themes))))

        assert "– 2 zones 140 ha 35 % Grand bois 100 ha 25 % Petit bois 40,0 ha 10 %" in text
        assert "Zone humide néant" in text
        assert "Obstacle à l’écoulement 1" in text

    def test_nothing_given(self) -> None:
        """What was not given says so everywhere, and no figure is zero."""
        text = read_text(print_page(compose(make_valley_content(THEMES))))

        assert "Aucune donnée de continuité écologique n’a été fournie" in text
        # Four key figures, the bar, four tables and the note on how to read.
        assert text.count("donnée non fournie") == 10
        assert "néant" not in text
        assert "0 %" not in text

    def test_nothing_there(self) -> None:
        """A commune without any object: « néant » in each table, zero in the key figures."""
        text = read_text(print_page(compose(make_valley_content(), "99001")))

        assert "La commune n’a pas de réservoir de biodiversité." in text
        assert "Aucun corridor écologique ne traverse la commune." in text
        assert "Aucun obstacle aux continuités n’y est relevé." in text
        assert text.count("néant") == 4

    def test_one_theme_lacking_among_obstacles(self) -> None:
        """Lines not given: their column is empty, and a note says why."""
        page = compose(make_valley_content(("obstacle_lines",)))

        (section,) = [section for section in page.data["sections"] if section["key"] == "obstacles"]
        assert section["blocks"][0]["items"][0]["cells"] == ["Type non précisé", "1", "", "4,5"]
        assert section["note"].endswith("donnée non fournie")

    def test_broken_and_outside(self) -> None:
        """A commune whose outline crosses itself, one outside the study area: said in words, no figures."""
        content = make_valley_content()
        corners = [(702e3, 6602e3), (704e3, 6604e3), (704e3, 6602e3), (702e3, 6604e3)]
        bow_tie = shapely.Polygon(corners)
        communes = content.communes.copy()
        communes.loc[communes["insee"] == "99005", "geometry"] = bow_tie

        broken = read_text(print_page(compose(replace(content, communes=communes))))
        area = shapely.box(700000, 6600000, 702000, 6602000)
        outside = read_text(print_page(compose(replace(content, area=area))))

        assert "Le contour de la commune est absent ou se recoupe lui-même" in broken
        assert broken.count("non mesurable") >= 5
        assert "La commune est hors de la zone d’étude" in outside
        assert outside.count("non étudié") >= 4

    def test_partly_studied(self) -> None:
        """Half of the commune in the study area: the page says to what its shares refer."""
        content = replace(make_valley_content(), area=shapely.box(702000, 6602000, 703000, 6604000))

        text = read_text(print_page(compose(content)))

        assert "Les continuités ont été étudiées sur 50 % de la commune" in text
        assert "Part de la commune étudiée" in text

    def test_bar_adds_up(self) -> None:
        """The parts of the bar are exclusive and sum to the commune."""
        page = compose(make_crowd(), "99001")

        shares = [part["share"] for part in page.data["chart"]["parts"]]
        assert sum(shares) == pytest.approx(1)
        assert min(shares) > 0

    def test_corridor_within_reservoirs(self) -> None:
        """A corridor whose ground in the commune is all reservoir says so instead of a zero."""
        network, communes = make_valley()
        whole = shapely.box(700000, 6600000, 706000, 6606000)
        network.tables["reservoir_s"].geometry = [whole, whole]

        text = read_text(print_page(compose(make_content(network, communes, ABOUT_VALLEY))))

        assert "dans les réservoirs" in text
        assert "100 % du territoire communal est réservoir de biodiversité." in text


class TestOnePage:
    """Always one page, of the size asked for."""

    @pytest.mark.parametrize("sheet_format", ["a4", "a3"])
    @pytest.mark.parametrize("orientation", ["portrait", "landscape"])
    def test_crowded_commune(self, sheet_format: str, orientation: str) -> None:
        """60 corridors and 40 zones: one page, the largest named, the others counted."""
        page = compose(make_crowd(), "99001", sheet_format=sheet_format, orientation=orientation)
        pdf = print_page(page)

        with pikepdf.open(io.BytesIO(pdf)) as document:
            assert len(document.pages) == 1
            box = document.pages[0].mediabox
            size = [round(float(box[2]) / 72 * 25.4), round(float(box[3]) / 72 * 25.4)]
        paper = {"a4": [210, 297], "a3": [297, 420]}[sheet_format]
        assert size == (paper if orientation == "portrait" else paper[::-1])
        text = read_text(pdf)
        assert "Corridor boisé de la vallée de la rivière 59" in text
        assert "autres" in text
        assert "Comment lire ces chiffres" in text
        assert "SAINT-REMY-EN-BOUZEMONT" in text

    def test_objects_counted_are_those_not_named(self) -> None:
        """Named and counted corridors are together all of them, however many rows are shown."""
        (section,) = [s for s in compose(make_crowd(), "99001").data["sections"] if s["key"] == "corridors"]
        (block,) = section["blocks"]

        assert len(block["items"]) == 12
        for shown, rest in enumerate(block["rest"]):
            assert rest is None if shown == 0 else rest[0] == f"et {60 - shown} autres"

    def test_words_do_not_leave_their_column(self) -> None:
        """Nothing is drawn under the foot of the page nor beyond its sides: the margin stays white."""
        from PIL import Image

        for orientation in ("portrait", "landscape"):
            page = compose(make_crowd(8), "99001", orientation=orientation)
            info = DocumentInfo("Essai", datetime.date(2026, 5, 4))
            (picture,) = draw_pages([page], info, dpi=50)
            image = Image.open(io.BytesIO(picture)).convert("L")
            width, height = image.size
            edge = round(6 / 25.4 * 50)
            for strip in (
                (0, height - edge, width, height),
                (0, 0, edge, height),
                (width - edge, 0, width, height),
            ):
                assert image.crop(strip).getextrema() == (255, 255)

    def test_same_bytes(self) -> None:
        """The same content gives the same bytes."""
        first, second = (print_page(compose(make_crowd(), "99001")) for _ in range(2))

        assert first == second


class TestTags:
    """What a screen reader is told."""

    def test_structure(self) -> None:
        """Headings in order, tables with header cells of columns, an alternative text for the bar."""
        pdf = print_page(compose(make_crowd(), "99001"))
        structure = read_structure(pdf)
        kinds = [kind for kind, _ in structure]

        assert kinds.count("H1") == 1
        assert kinds.index("H1") < kinds.index("H2") < kinds.index("Table") < len(kinds)
        assert kinds.count("Table") == 7
        assert kinds.count("TH") >= 3 * 7
        (alt,) = [alt for kind, alt in structure if kind == "Figure"]
        assert alt.startswith("Barre des parts du territoire communal. Réservoirs à préserver")
        assert "Corridors à restaurer" in alt
        with pikepdf.open(io.BytesIO(pdf)) as document:
            scopes = {
                str(attributes.Scope)
                for attributes in _list_attributes(document.Root.StructTreeRoot.K)
                if "/Scope" in attributes
            }
            assert str(document.Root.Lang) == "fr"
        assert scopes == {"/Column"}

    def test_reading_order(self) -> None:
        """Title, words, tables in the order of the legend, then how to read and sources."""
        text = read_text(print_page(compose(make_crowd(), "99001")))

        order = [
            "La commune en chiffres",
            "En bref",
            "Part du territoire communal",
            "Réservoir Milieu",
            "Corridor Milieu",
            "Type Points",
            "Cours d’eau Objectif",
            "Inventaires",
            "Protections",
            "Comment lire",
            "Sources",
        ]
        places = [text.index(said) for said in order]
        assert places == sorted(places)


class TestWords:
    """Small words."""

    def test_sizes(self) -> None:
        """Three figures; what is not nothing is never written 0."""
        assert [write_size(value, "fr") for value in (0, 0.01, 0.3, 41.76, 99.97, 4068.9)] == [
            "0",
            "<\u00a00,1",
            "0,3",
            "41,8",
            "100",
            "4\u202f069",
        ]

    def test_shares(self) -> None:
        """Nothing and all are said only of nothing and all."""
        assert [write_share(value, "en", zero=True) for value in (0, 0.002, 0.5, 0.998, 1)] == [
            "0%",
            "<\u00a01%",
            "50%",
            ">\u00a099%",
            "100%",
        ]

    def test_lists(self) -> None:
        """Six names are said, more are counted."""
        names = [f"C{i}" for i in range(9)]

        assert enumerate_names(names[:1], "fr") == "C0"
        assert join_names(names[:6], 6, "fr") == "C0, C1, C2, C3, C4 et C5"
        assert join_names(names, 9, "fr") == "C0, C1, C2, C3, C4 et 4 autres communes"
        assert join_names(names[:1], 2, "en") == "C0 and 1 other commune"


@pytest.mark.realdata
class TestReal:
    """Official layers."""

    def test_compiegne(self, shared: Path) -> None:
        """Figures of Compiègne are those measured by shapely on its outline alone."""
        network, every, _ = read_oise(shared / "data")
        around = every[every.geometry.intersects(every[every["insee"] == "60159"].geometry.iloc[0])]
        communes = around.reset_index(drop=True)
        content = make_content(network, communes, ABOUT_OISE)
        outline = communes[communes["insee"] == "60159"].geometry.iloc[0]
        reservoirs = network.tables["reservoir_s"].geometry.union_all().intersection(outline)
        corridors = network.tables["corridor_s"].geometry.union_all().intersection(outline)
        corridors = corridors.difference(reservoirs)

        page = compose(content, "60159")

        values = measure_all(content)["60159"].values
        assert values["reservoir_ha"] == pytest.approx(reservoirs.area / 1e4)
        assert values["corridor_ha"] == pytest.approx(corridors.area / 1e4)
        assert "Choisy-au-Bac, Clairoix" in read_text(print_page(page))

    def test_ors(self, shared: Path) -> None:
        """Ors, of which nothing is known, has a page that says so."""
        network, communes = read_ors(shared / "data")

        text = read_text(print_page(compose(make_content(network, communes, ABOUT_ORS), "59450")))

        assert normalise("1 790 ha") in text
        assert "Statut : Annulé" in text
        assert "Aucune donnée de continuité écologique n’a été fournie" in text


def _list_attributes(element: Any) -> list[Any]:
    found: list[Any] = []
    if isinstance(element, pikepdf.Array):
        for child in element:
            found += _list_attributes(child)
    elif isinstance(element, pikepdf.Dictionary):
        if "/A" in element:
            found += list(element.A) if isinstance(element.A, pikepdf.Array) else [element.A]
        if "/K" in element:
            found += _list_attributes(element.K)
    return found
