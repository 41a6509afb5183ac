"""The sheet as a file: what it says, its tags, where it lies on earth, the same bytes each time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pikepdf
import pytest
import rasterio
import shapely
from pyproj import CRS, Transformer

from bocage.atlas import Sheet, compose_sheet, write_sheet
from bocage.atlas.backdrop import HeldBackdrop
from bocage.cartography.background import shade_land_cover
from bocage.errors import InputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.landcover import LandCover, Legend
from tests.atlas.networks import (
    ABOUT_OISE,
    ABOUT_ORS,
    ABOUT_VALLEY,
    make_content,
    make_table,
    make_valley,
    read_oise,
    read_ors,
)
from tests.atlas.networks import (
    CRS as LAMBERT_93,
)
from tests.atlas.reading import normalise, read_corners, read_structure, read_text

LONGEST_NAME = "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson"


CONTENT = {"network", "communes", "about", "backdrop", "backdrop_kind", "context", "area", "themes"}


def compose_valley(**settings: Any) -> Sheet:
    """Compose the sheet of the made-up valley."""
    network, communes = make_valley(name=settings.pop("name", "Val-d’Essai"))
    given = {"network": network, "communes": communes, "about": ABOUT_VALLEY}
    given |= {key: settings.pop(key) for key in CONTENT & settings.keys()}
    return compose_sheet(make_content(**given), "99005", **settings)


def page_size(pdf: bytes) -> tuple[int, int]:
    """Give the size of the first page, in millimetres."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        box = document.pages[0].mediabox
        return round(float(box[2]) / 72 * 25.4), round(float(box[3]) / 72 * 25.4)


class TestPdf:
    """Tests of the file."""

    def test_says_what_it_must(self) -> None:
        """Title block, legend, definitions, sources, status, scale and validity are there as text."""
        sheet = compose_valley()
        text = read_text(sheet.to_pdf())

        assert f"Échelle 1:{sheet.frame.scale // 1000} 000 au format A4" in text
        for said in (
            "Carte Environnementale",
            "Carte S.R.C.E",
            "Schéma Régional de Cohérence Écologique – trame verte et bleue",
            "Pour information",
            "Commune de VAL-D’ESSAI 99005",
            "CARTE : 1/1",
            "Mise à jour : Mai 2026",
            "Statut : Étude — le 4 mai 2026, Étude d’essai — sans valeur réglementaire",
            "Contour de commune",
            "Corridors écologiques",
            "Obstacles à la fonctionnalité des continuités écologiques",
            "Corridors à restaurer",
            "Réservoir de biodiversité",
            "à préserver",
            "NOTA",
            "se déplacer, se nourrir, se reproduire et se reposer",
            "Relevés d’essai (domaine public)",
            "Contact : val@essai.example",
            "Réalisation : bocage",
            "corridors fonctionnels, non localisés",
            "703 000",
        ):
            assert normalise(said) in text, said

    def test_names_on_the_map_are_text(self) -> None:
        """Names of communes, reservoirs and rivers can be searched in the file."""
        letters = read_text(compose_valley().to_pdf()).replace(" ", "")

        for name in ("VAL-D’ESSAI", "Bourg-8", "BoisduVal", "l’Essai"):
            assert name in letters

    def test_in_english(self) -> None:
        """The English sheet speaks English, and says so to screen readers."""
        pdf = compose_valley(language="en").to_pdf()
        text = read_text(pdf)

        assert "Status: Study" in text and "Scale 1:" in text and "Ecological corridors" in text
        assert "écologique" not in text
        with pikepdf.open(io.BytesIO(pdf)) as document:
            assert str(document.Root.Lang) == "en"

    def test_commune_partly_outside_the_study_area(self) -> None:
        """The legend says how much of the commune was not studied; the text for the blind too."""
        half = shapely.box(699_000, 6_599_000, 703_000, 6_607_000)

        sheet = compose_valley(area=half)

        text = read_text(sheet.to_pdf())
        assert normalise("Hors de la zone d’étude") in text and normalise("50 %") in text
        assert normalise("Hors de la zone d’étude, rien n’a été cherché.") in text
        assert "50\u00a0% de la commune" in sheet.description
        assert "donnée non fournie" not in text

    def test_commune_wholly_outside_the_study_area(self) -> None:
        """Nothing is said to be absent from it: no theme was studied there."""
        sheet = compose_valley(area=shapely.box(699_000, 6_599_000, 701_000, 6_607_000))

        states = {row.state for row in sheet.legend if row.absent}
        assert states == {"non étudié"}
        assert not any(row.state == "néant" for row in sheet.legend)

    def test_edge_of_the_study_area_in_sight(self) -> None:
        """Where only neighbours are outside, the hatch is explained and no share is told."""
        around = shapely.box(702_000, 6_602_000, 704_000, 6_604_000)

        [row] = [row for row in compose_valley(area=around).legend if row.symbols == ("outside_area",)]

        assert row.state == "hors commune"
        whole = shapely.box(690_000, 6_590_000, 720_000, 6_620_000)
        assert not any(row.symbols == ("outside_area",) for row in compose_valley(area=whole).legend)

    @pytest.mark.parametrize("name", ["logo.png", "logo.jpg", "logo.svg"])
    def test_logo_that_is_no_picture(self, tmp_path: Path, name: str) -> None:
        """A file of another kind under a picture's name is refused in one sentence."""
        (tmp_path / name).write_text("<not a picture", encoding="utf-8")
        about = {**ABOUT_VALLEY, "issuer": {**ABOUT_VALLEY["issuer"], "logo": str(tmp_path / name)}}

        with pytest.raises(InputError, match=f"{name}' is not a picture that can be read"):
            compose_valley(about=about)

    def test_accessible(self) -> None:
        """The file is tagged PDF/UA-1 with language, title, headings and alternative texts."""
        sheet = compose_valley()
        pdf = sheet.to_pdf()

        with pikepdf.open(io.BytesIO(pdf)) as document:
            assert str(document.Root.Lang) == "fr"
            assert document.Root.MarkInfo.Marked
            assert document.Root.ViewerPreferences.DisplayDocTitle
            with document.open_metadata() as metadata:
                assert metadata["pdfuaid:part"] == "1"
                assert metadata["dc:title"] == "Carte S.R.C.E – Val-d’Essai (99005)"
            fonts = [font for page in document.pages for font in page.Resources.Font.values()]
            assert all("/FontFile2" in font.DescendantFonts[0].FontDescriptor for font in fonts)
        structure = read_structure(pdf)
        # Kind of map; its title, the commune, then legend, explanation, definitions, locator and sources.
        assert [tag for tag, _ in structure if tag in ("H1", "H2")] == ["H1", *["H2"] * 7]
        # Each row of the legend but those of the base map and the notes is an item of a list.
        rows = [row for row in sheet.legend if row.level not in ("base", "note")]
        assert [tag for tag, _ in structure].count("LI") == len(rows)
        figures = [alt for tag, alt in structure if tag == "Figure"]
        assert figures[0] == sheet.description
        assert len(figures) == 2 and all(figures)

    def test_same_bytes(self) -> None:
        """The same input gives the same bytes, dated by the study."""
        one, other = compose_valley().to_pdf(), compose_valley().to_pdf()

        assert one == other
        with pikepdf.open(io.BytesIO(one)) as document:
            assert str(document.docinfo.CreationDate).startswith("D:20260504")

    @pytest.mark.parametrize("orientation", ["portrait", "landscape"])
    @pytest.mark.parametrize(("sheet_format", "short", "long"), [("a4", 210, 297), ("a3", 297, 420)])
    def test_lies_on_earth(self, sheet_format: str, short: int, long: int, orientation: str) -> None:
        """Read back, the corners of the map are those of the frame to a millimetre of paper and a metre."""
        sheet = compose_valley(sheet_format=sheet_format, orientation=orientation)
        pdf = sheet.to_pdf()

        assert page_size(pdf) == ((short, long) if orientation == "portrait" else (long, short))
        page, earth, code, wkt = read_corners(pdf)
        assert code == 2154 and CRS.from_wkt(wkt).is_projected
        to_ground = Transformer.from_crs("EPSG:4171", "EPSG:2154", always_xy=True)
        ground = np.column_stack(to_ground.transform(earth[:, 0], earth[:, 1]))
        west, south, east, north = sheet.frame.bounds
        expected = [(west, south), (west, north), (east, north), (east, south)]
        assert np.abs(ground - expected).max() < 0.01
        box = sheet.layout.map
        top = sheet.layout.height - box.y
        corners = np.array(
            [(box.x, top - box.h), (box.x, top), (box.x + box.w, top), (box.x + box.w, top - box.h)]
        )
        assert np.abs(page / 72 * 25.4 - corners).max() < 0.01
        # The scale on paper is the scale written.
        assert (east - west) / (box.w / 1000) == pytest.approx(sheet.frame.scale)


class TestComposition:
    """Tests of what a sheet is made from."""

    @pytest.mark.parametrize("sheet_format", ["a4", "a3"])
    def test_long_names_fit(self, sheet_format: str) -> None:
        """The longest name of a commune is printed whole, in the title and on the map."""
        sheet = compose_valley(name=LONGEST_NAME, sheet_format=sheet_format)
        letters = read_text(sheet.to_pdf()).replace(" ", "")

        assert letters.count(LONGEST_NAME.upper()) == 2

    def test_parts_and_duplicates(self) -> None:
        """A commune of two parts given as two objects is one on the sheet, both parts in the frame."""
        network, communes = make_valley()
        part = communes.iloc[[4]].set_geometry([shapely.box(707_000, 6_600_500, 707_900, 6_601_200)])
        doubled = pandas.concat([communes, part], ignore_index=True)
        journal = Journal()

        sheet = compose_valley(network=network, communes=doubled, journal=journal)

        assert shapely.box(*sheet.frame.bounds).contains(shapely.box(702_000, 6_600_500, 707_900, 6_604_000))
        assert [note.code for note in journal.notes] == ["communes_joined"]
        assert "parmi les 9 communes" in read_structure(sheet.to_pdf())[-1][1] or any(
            "parmi les 9 communes" in alt for _, alt in read_structure(sheet.to_pdf())
        )

    def test_background_and_base_map(self) -> None:
        """Land cover and roads are drawn and named in the legend."""
        grid = Grid(699_000, 6_607_000, 25, 320, 320)
        codes = (np.add.outer(np.arange(320), np.arange(320)) // 40 % 2 + 1).astype(np.uint16)
        legend = Legend(("", "clc", "clc"), ("", "311", "211"), ("", "", ""), ("", "broadleaf", "arable"))
        road = shapely.LineString([(700_500, 6_603_500), (705_500, 6_603_600)])
        roads = make_table("obstacle_l", [{"name": "D 932"}], [road]).assign(ground="main_road")

        backdrop = HeldBackdrop(shade_land_cover(LandCover(grid, codes, codes, legend)))
        sheet = compose_valley(backdrop=backdrop, backdrop_kind="landcover", context={"roads": roads})

        labels = [row.label for row in sheet.legend]
        assert "Route principale" in labels
        assert "Fond en teintes pâles\u00a0: occupation du sol" in labels
        assert b"data:image/png;base64," in sheet.page.files["map.svg"]
        assert len(sheet.to_pdf()) < 400_000

    def test_logo(self, tmp_path: Path) -> None:
        """The issuer's logo is embedded with an alternative text."""
        logo = tmp_path / "logo d’été.svg"
        logo.write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>',
            encoding="utf-8",
        )
        about = {**ABOUT_VALLEY, "issuer": {"directorate": "Syndicat du val", "logo": str(logo)}}

        structure = read_structure(compose_valley(about=about).to_pdf())

        assert ("Figure", "Logo\u00a0: Syndicat du val") in structure

    @pytest.mark.parametrize("suffix", ["png", "jpg"])
    def test_logo_of_pixels(self, tmp_path: Path, suffix: str) -> None:
        """A logo in PNG or JPEG, as most are, is embedded too."""
        logo = tmp_path / f"logo.{suffix}"
        with rasterio.open(
            logo,
            "w",
            driver="PNG" if suffix == "png" else "JPEG",
            width=30,
            height=16,
            count=3,
            dtype="uint8",
        ) as picture:
            picture.write(np.full((3, 16, 30), 90, dtype=np.uint8))
        about = {**ABOUT_VALLEY, "issuer": {"directorate": "Syndicat du val", "logo": str(logo)}}

        sheet = compose_valley(about=about)

        assert ("Figure", "Logo\u00a0: Syndicat du val") in read_structure(sheet.to_pdf())

    @pytest.mark.parametrize(
        ("logo", "told"), [("logo.bmp", "not a PNG, JPEG or SVG"), ("none.png", "cannot be read")]
    )
    def test_bad_logo(self, tmp_path: Path, logo: str, told: str) -> None:
        """A logo that is absent or of another kind is named."""
        about = {**ABOUT_VALLEY, "issuer": {"logo": str(tmp_path / logo)}}

        with pytest.raises(InputError, match=told):
            compose_valley(about=about)

    def test_unknown_language(self) -> None:
        """Only French and English sheets exist."""
        with pytest.raises(InputError, match="'de'; give 'fr' or 'en'"):
            compose_valley(language="de")


def test_writes_files(tmp_path: Path) -> None:
    """The PDF and the picture are written in a new folder whose path has spaces and accents."""
    network, communes = make_valley()

    sheet = compose_sheet(make_content(network, communes, ABOUT_VALLEY), "99005")
    path = write_sheet(tmp_path / "feuilles éditées" / "99005.pdf", sheet, png=True, dpi=50)

    assert path.read_bytes().startswith(b"%PDF-1.7")
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert sorted(file.name for file in path.parent.iterdir()) == ["99005.pdf", "99005.png"]


@pytest.mark.realdata
def test_sheet_of_ors(shared: Path) -> None:
    """Ors has no ecological data here: each theme is « donnée non fournie », the annulment is printed."""
    network, communes = read_ors(shared / "data")
    sheet = compose_sheet(make_content(network, communes, ABOUT_ORS), "59450")
    text = read_text(sheet.to_pdf())

    assert text.count("donnée non fournie") == 8  # seven themes' rows, watercourses having two
    for said in (
        "Commune de ORS 59450",
        "CARTE : 1/4",
        "Mise à jour : Mai 2019",
        "NORD-PAS-DE-CALAIS",
        "D.D.T.M 59",
        "Direction Départementale des Territoires et de la Mer du Nord",
        "Service Études, Planification et Analyses Territoriales",
        "Pôle Gestion et Valorisation des Données",
        "Statut : Annulé — le 26 janvier 2017, tribunal administratif de Lille, nos 1409305 et 1500282",
        "Gestionnaires Servitudes © Cadastre / Pci – Dgfip",
        "Arrêté par le préfet de région le 16 juillet 2014",
    ):
        assert said in text, said
    assert "Landrecies" in sheet.description


@pytest.mark.realdata
def test_sheet_of_compiegne(shared: Path) -> None:
    """The official continuities of Oise make a full sheet; its figures are those of the layers."""
    network, communes, context = read_oise(shared / "data")
    sheet = compose_sheet(make_content(network, communes, ABOUT_OISE, context=context), "60159")
    states = {row.label: row.state for row in sheet.legend}

    outline = communes.loc[communes["insee"] == "60159"].geometry.iloc[0]
    points = network.tables["obstacle_p"]
    assert states["ponctuels"] == str(int(points.intersects(outline).sum()))
    reservoirs = shapely.union_all(network.tables["reservoir_s"].geometry.to_numpy())
    hectares = shapely.intersection(reservoirs, outline).area / 10_000
    assert states["à préserver"] == f"{hectares:,.0f}".replace(",", "\u202f") + "\u00a0ha"
    assert states["Corridors écologiques"] == "néant"
    assert read_corners(sheet.to_pdf())[2] == 2154
    assert network.crs == LAMBERT_93
