"""The words of the sheet: status, dates, legend, and what may replace them."""

from __future__ import annotations

import pytest

from bocage.atlas.commune import Commune
from bocage.atlas.series import SheetSpec
from bocage.atlas.sheet import compose_sheet
from bocage.atlas.words import (
    STATUS_KINDS,
    LegendRow,
    read_date,
    write_explanation,
    write_scale,
    write_sources,
    write_status,
    write_title_block,
)
from bocage.cartography.frame import MapFrame
from bocage.errors import InputError
from tests.atlas.networks import ABOUT_ORS, ABOUT_VALLEY, THEMES, make_content, make_network, make_valley

ORS = Commune("59450", "Ors", None)


def legend_of(missing: tuple[str, ...] = (), *, empty: bool = False) -> dict[str, LegendRow]:
    """Give the rows of the legend of the made-up valley by their labels."""
    network, communes = make_valley(missing)
    if empty:
        network = make_network({}, missing)
    sheet = compose_sheet(make_content(network, communes, ABOUT_VALLEY), "99005")
    return {row.label: row for row in sheet.legend}


class TestLegend:
    """Tests of the legend's order and states."""

    def test_printed_order(self) -> None:
        """Rows stand in the order of the official sheet, then watercourses and the base map."""
        labels = list(legend_of())

        assert labels == [
            "Contour de commune",
            "Corridors écologiques",
            "Obstacles à la fonctionnalité des continuités écologiques",
            "ponctuels",
            "linéaires",
            "surfaciques",
            "Corridors à restaurer",
            "Réservoir de biodiversité",
            "à préserver",
            "Cours d’eau de la trame bleue",
            "réservoirs de biodiversité",
            "corridors",
            "réservoirs et corridors",
            "Communes voisines",
        ]

    def test_measures_in_the_commune(self) -> None:
        """Areas, lengths and numbers are those inside the commune, by hand where they can be."""
        rows = legend_of()

        assert rows["ponctuels"].state == "1"
        assert rows["surfaciques"].state == "4,5\u00a0ha"  # 300 m by 150 m
        # A circle of 350 m drawn with 64 sides: 64/2 r² sin(2π/64) = 38.4 ha.
        assert rows["à préserver"].state == "38,4\u00a0ha"

    def test_not_provided(self) -> None:
        """A theme without data is printed as such even when its neighbours have data."""
        rows = legend_of(missing=("corridors", "obstacle_points"))

        assert rows["Corridors écologiques"].state == "donnée non fournie"
        assert rows["ponctuels"].state == "donnée non fournie"
        assert rows["linéaires"].state == "2,1\u00a0km"
        assert "Donnée non fournie\u00a0: l’absence de signe ne vaut pas absence d’enjeu." in rows

    def test_none(self) -> None:
        """A theme with data but nothing in the frame is « néant »."""
        rows = legend_of(empty=True)

        assert {rows[label].state for label in ("Corridors écologiques", "ponctuels", "à préserver")} == {
            "néant"
        }
        assert all(rows[label].absent for label in ("Corridors écologiques", "ponctuels", "à préserver"))

    def test_elsewhere(self) -> None:
        """Objects on the map but not in the commune are said to be outside it."""
        network, communes = make_valley()
        sheet = compose_sheet(make_content(network, communes, ABOUT_VALLEY), "99008", orientation="landscape")
        states = {row.label: row.state for row in sheet.legend}

        assert states["à préserver"] == "hors commune"


class TestStatus:
    """Tests of the banner of the legal status."""

    def test_annulled(self) -> None:
        """An annulled scheme says by whom, when, and that the data are kept as knowledge."""
        status = write_status(ABOUT_ORS, SheetSpec(), "fr")

        assert status["title"] == "Annulé"
        assert status["text"] == (
            "le 26 janvier 2017, tribunal administratif de Lille, nos 1409305 et 1500282 "
            "— données conservées à titre de connaissance"
        )

    def test_every_kind_has_words(self) -> None:
        """Every kind has its own title and sentence in both languages, with date and reference."""
        for language, when in (("fr", "le 1er mars 2026"), ("en", "on 1 March 2026")):
            about = {"status": {"date": "2026-03-01", "reference": "Acte A"}}
            texts = set()
            for kind in STATUS_KINDS:
                status = write_status({"status": {**about["status"], "kind": kind}}, SheetSpec(), language)
                assert when in status["text"] and "Acte A" in status["text"]
                texts.add(status["title"])
            assert len(texts) == len(STATUS_KINDS)

    def test_bare_status(self) -> None:
        """Without a status the sheet says it is a study, without date or stray signs."""
        assert write_status({}, SheetSpec(), "fr")["text"] == "sans valeur réglementaire"

    def test_unknown_kind(self) -> None:
        """An unknown kind is answered with those there are."""
        with pytest.raises(InputError, match="'abrogé'; give one of en_vigueur, annule"):
            write_status({"status": {"kind": "abrogé"}}, SheetSpec(), "fr")


def test_title_block() -> None:
    """The title block says commune, code, number in the series and month of the data."""
    title = write_title_block(ABOUT_ORS, SheetSpec(), ORS, "fr")

    assert title["name"] == "ORS" and title["insee"] == "59450"
    assert title["number"] == "CARTE\u00a0: 1/4"
    assert title["updated"] == "Mise à jour\u00a0: Mai 2019"
    assert title["document_title"] == "Carte S.R.C.E – Ors (59450)"


def test_own_words() -> None:
    """Words given in ``about`` replace those of the catalogue."""
    about = {
        "date": "2026-05-04",
        "sheet": {"map_title": "Carte T.V.B", "lineage": "", "explanation": "Un.\n\nDeux."},
    }

    assert write_title_block(about, SheetSpec(), ORS, "fr")["map_title"] == "Carte T.V.B"
    assert write_explanation(about, SheetSpec(), "fr")["paragraphs"] == ["Un.", "Deux."]


def test_missing_date() -> None:
    """A study without a date is refused: the sheet must say of when its data are."""
    with pytest.raises(InputError, match="date is None; give the date"):
        read_date({})


@pytest.mark.parametrize(("scale", "located"), [(50_000, False), (100_000, True)])
def test_validity(scale: float, located: bool) -> None:
    """A map larger than 1:100 000 says that corridors are functional, not located."""
    words = write_scale({}, SheetSpec(), MapFrame(0, 0, scale, 100, 100), "a4", "fr")

    assert ("corridors fonctionnels, non localisés" in words["validity"]) != located
    assert "1:100\u202f000" in words["validity"]


def test_validity_of_other_sheets() -> None:
    """A sheet without corridors does not speak of them, and one without network not of its scale."""
    frame = MapFrame(0, 0, 25_000, 100, 100)

    water = write_scale({}, SheetSpec("eau", ("watercourses",)), frame, "a4", "fr")["validity"]
    zones = write_scale({}, SheetSpec("inventaires", ("znieff1",)), frame, "a4", "fr")["validity"]

    assert water == "Données établies pour une lecture au 1:100\u202f000."
    assert "1:100" not in zones and "documents de référence" in zones


def test_sources_once() -> None:
    """A source used twice is named once, with its licence; the projection is named."""
    source = {"label": "BD TOPO © IGN", "licence": "Licence Ouverte"}
    network, communes = make_valley()
    content = make_content(network, communes, {"sources": [source, source]})
    words = write_sources(content, (), "fr")

    assert words["lines"] == ["BD TOPO © IGN (Licence\N{NO-BREAK SPACE}Ouverte)"]
    assert "Lambert-93 (EPSG:2154)" in words["crs"]


def test_shared_licence_said_once() -> None:
    """Sources under one licence stand under its name; a source alone with its own keeps it beside it."""
    sources = [
        {"label": "Communes © IGN", "licence": "Licence Ouverte 2.0"},
        {"label": "Roads © OpenStreetMap", "licence": "ODbL 1.0"},
        {"label": "ZNIEFF © INPN (2024)", "licence": "Licence Ouverte 2.0"},
        {"label": "Survey of the town (2023)"},
        {"label": "Survey of the port (2023)"},
    ]
    network, communes = make_valley()
    content = make_content(network, communes, {"sources": sources})

    assert [
        line.replace("\N{NO-BREAK SPACE}", " ") for line in write_sources(content, (), "en")["lines"]
    ] == [
        "Survey of the town (2023)",
        "Survey of the port (2023)",
        "Roads © OpenStreetMap (ODbL 1.0)",
        "Licence Ouverte 2.0:",
        "Communes © IGN",
        "ZNIEFF © INPN (2024)",
    ]


def test_every_theme_told() -> None:
    """The map told in words has every theme, with its number of objects, « néant » or the lack of data."""
    network, communes = make_valley(missing=("watercourses",))
    told = compose_sheet(make_content(network, communes, ABOUT_VALLEY), "99005").description

    assert "réservoirs de biodiversité\u00a0: 2, dont 1 dans la commune" in told
    assert "cours d’eau\u00a0: donnée non fournie" in told
    assert "Bourg-8" in told
    assert told.count("\u00a0; ") == len(THEMES) - 1
