"""Tests of the report: what it says, that it stands alone, and that it is well made."""

from __future__ import annotations

import datetime
import html
import itertools
import re
from collections.abc import Mapping
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

from bocage.connectivity import measure_communes, value_network
from bocage.errors import OutputError
from bocage.journal import Journal
from bocage.landcover import LandCover
from bocage.network import Network
from bocage.report import write_report
from bocage.report.page import COMMUNE_COLUMNS, SECTIONS
from bocage.report.rivers import RiverSection
from bocage.restoration import assign_objectives
from bocage.wording import entry
from tests.connectivity.tables import CRS, make_communes, make_table, make_tables

NAN = float("nan")
COMMUNES = make_communes(
    [
        ("00001", "Écourt & Fils", box(0, 0, 2000, 2000)),
        ("00002", "Aubin", box(2000, 0, 4000, 2000)),
        ("99999", "Ailleurs", box(90_000, 0, 92_000, 2000)),
    ]
)
AREA = box(0, 0, 4000, 2000)
THEMES = (
    "reservoirs", "corridors", "corridors_to_restore", "watercourses", "obstacle_points", "obstacle_lines",
    "obstacle_surfaces",
)  # fmt: skip
SUBNETWORKS = [
    {
        "key": "boise", "name": "Sous-trame boisée", "medium": "boisé", "habitat": ["broadleaf"],
        "min_patch_ha": 0.5, "reservoir_min_ha": 20.0, "dispersal_m": [1000.0, 3000.0],
        "method": "least_cost",
        "max_dispersal_cost": None, "resistance": {"broadleaf": 1.0, "motorway": "barrier", "311": 2.5},
    }
]  # fmt: skip
ABOUT: dict[str, Any] = {
    "title": "Continuités <du> Val d’Arre",
    "date": "2026-05-01",
    "scale": 100_000,
    "status": {"kind": "annule", "date": "2017-01-26", "reference": "Tribunal administratif"},
    "issuer": {"region": "Région", "directorate": "Direction", "contact": "contact@exemple.fr", "logo": ""},
    "sources": [{"label": "Occupation du sol 2021", "licence": "Licence Ouverte 2.0"}],
    "subnetworks": [{key: SUBNETWORKS[0][key] for key in ("key", "name", "medium")}],
}
RUN = {"bocage": "9.8.7", "grid": {"cell_size": 10.0}, "study": {"subnetworks": SUBNETWORKS}}
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})


def make_network(provided: Mapping[str, bool] | None = None) -> Network:
    """Make a network with something of every kind: one corridor cut by a motorway, one that works."""
    links = {
        "id": ["FR00CS1", "FR00CS2"], "number": [1, 2], "subnetwork": "boise", "medium": "boisé",
        "from_id": ["FR00RS1", "FR00RS2"], "to_id": ["FR00RS2", "FR00RS3"], "cost": [NAN, 900.0],
        "cost_free": [1200.0, 900.0], "dispersal_cost": 3000.0, "length_m": [1000.0, 500.0],
        "area_ha": 10.0, "degraded_share": 0.1,
    }  # fmt: skip
    tables = make_tables(
        reservoir_s=make_table(
            "reservoir_s", [box(0, 0, 900, 900), box(1900, 0, 2500, 900), box(3000, 0, 3900, 900)],
            id=["FR00RS1", "FR00RS2", "FR00RS3"], name=["Bois du Roi", "", "Les Marais"], subnetwork="boise",
            medium="boisé", area_ha=[81.0, 54.0, 81.0], habitat_ha=[80.0, 50.0, 70.0],
        ),
        corridor_s=make_table("corridor_s", [box(900, 300, 1900, 500), box(2500, 300, 3000, 500)], **links),
        corridor_l=make_table(
            "corridor_l",
            [LineString([(900, 400), (1900, 400)]), LineString([(2500, 400), (3000, 400)])],
            **links,
        ),
        cours_eau_l=make_table(
            "cours_eau_l", [LineString([(0, 1500), (4000, 1500)])], id="FR00HL1", objective="restore",
            is_reservoir=True, is_corridor=True, length_m=4000.0,
        ),
        obstacle_p=make_table(
            "obstacle_p", [Point(1500, 400)], id="FR00OP1", type="01", type_label="autoroute", cuts="FR00CS1",
            subnetworks="boise",
        ),
        obstacle_l=make_table(
            "obstacle_l", [LineString([(1500, 300), (1500, 500)])], id="FR00OL1", type="01",
            type_label="autoroute", cuts="FR00CS1", subnetworks="boise", crossings=1,
        ),
    )  # fmt: skip
    found = value_network(assign_objectives(tables))
    return Network(found, dict.fromkeys(THEMES, True) | dict(provided or {}), CRS, ABOUT)


def make_journal() -> Journal:
    """Make a journal with notes of several levels."""
    journal = Journal()
    journal.add("geometry_repaired", layer="routes", count=3)
    journal.add("layer_reprojected", layer="communes", source="EPSG:4326", target="EPSG:2154")
    journal.add("objective_by_default", count=4)
    return journal


def render(folder: Path, **changes: Any) -> str:
    """Write the report and read it again."""
    network = changes.pop("network", None) or make_network()
    communes: geopandas.GeoDataFrame | None = changes.get("communes", COMMUNES)
    measured = COMMUNES if communes is None else communes
    given: dict[str, Any] = {
        "network": network,
        "indicators": measure_communes(network.tables, measured, area=AREA),
        "journal": make_journal(),
        "about": ABOUT,
        "run": RUN,
        "communes": communes,
    }
    path = folder / "rapport d’été.html"
    write_report(path, **(given | changes))
    return path.read_text(encoding="utf-8")


def make_rivers() -> RiverSection:
    """Make a basin of three works: B unknown, A shut and protected, and one on no river."""
    basins = geopandas.GeoDataFrame(
        {
            "basin": [1], "name": ["l'Arre"], "length_km": [12.5], "works": [2], "unknown": [1],
            "longest_stretch_km": [6.25], "dci_potamodromous": [50.0], "dci_potamodromous_low": [25.0],
            "dci_potamodromous_high": [75.0], "dci_diadromous": [60.0], "dci_diadromous_low": [60.0],
            "dci_diadromous_high": [60.0],
        },
        geometry=[Point(0, 0)], crs=CRS,
    )  # fmt: skip
    works = geopandas.GeoDataFrame(
        {
            "id": ["A", "B", "C"], "name": ["Moulin <neuf>", "", "Loin"], "river": ["", "l'Arre", ""],
            "reach_above": [1, 2, -1], "rule": ["given", "unknown", "unknown"], "known": [True, False, False],
            "doubtful": [False, True, False], "up_low": [0.0, 0.0, 0.0], "up": [0.0, NAN, NAN],
            "up_high": [0.0, 1.0, 1.0], "gain_potamodromous": [0.004, 12.0, NAN],
            "upstream_km": [2.0, 4.0, NAN],
            "rank": pandas.array([2, 1, None], dtype="Int64"), "protected": [True, False, False],
            "order": pandas.array([None, 1, None], dtype="Int64"), "waits_for": [None, "A", None],
        },
        geometry=[Point(100, 100), Point(2500, 100), Point(90_500, 100)], crs=CRS,
    )  # fmt: skip
    return RiverSection(
        basins, works, np.array([True, True, False]),
        indices={
            f"dci_{index}{end}": value
            for index in ("potamodromous", "diadromous")
            for end, value in (("", 50.0), ("_low", 25.0), ("_high", 75.0))
        },
        figure='<?xml version="1.0"?><svg role="img"><title>courbe</title></svg>',
        asked=1.0, gained=(12.0, 11.5), diagnose=("B",),
    )  # fmt: skip


class TestRivers:
    """The section on rivers and their works."""

    def test_what_is_unknown_comes_first(self, tmp_path: Path) -> None:
        """Counts of what lacks, what it leaves open and what to diagnose, before any table."""
        section = flatten(render(tmp_path, rivers=make_rivers()).partition('id="rivers"')[2])
        assert "Ouvrages fournis : 3. Sur aucun cours d’eau : 1. À une place douteuse : 1." in section
        assert "1 des 2 ouvrages placés sur un cours d’eau, soit 50 %" in section
        assert "50,0 sur 100, et peut valoir de 25,0" in section
        assert "car leur état change le plan (1) : B." in section
        assert section.index("D’abord, ce qu’on ignore") < section.index("Les bassins")

    def test_basins_and_works(self, tmp_path: Path) -> None:
        """Intervals, the commune of each work and what it waits for; markup of data is text."""
        section = flatten(render(tmp_path, rivers=make_rivers()).partition('id="rivers"')[2])
        section = section.partition("Commune par commune")[0]
        assert "l’Arre" in section and "50,0 [25,0 à 75,0]" in section and "60,0 [" not in section
        first, second = (
            section.index("Franchissabilité inconnue ; place douteuse"),
            section.index("Moulin <neuf>"),
        )
        assert first < second
        assert "ne vaut qu’après A, en aval" in section
        assert "Infranchissable à la montaison ; suppression non imposable" in section
        assert "+ 12,00" in section and "+ < 0,01" in section
        assert "Aubin" in section and "Loin" not in section
        assert "Ouvrir 1 ouvrages" not in section

    def test_what_the_plan_does_and_what_the_file_holds(self, tmp_path: Path) -> None:
        """A protected work that gets a pass says both; other works are those that the network holds."""
        rivers = make_rivers()
        assert rivers.works is not None
        works = rivers.works.assign(option=["pass", "removal", None])
        section = flatten(
            render(tmp_path, rivers=replace(rivers, works=works, written=("A", "B", "E", "F", "F")))
        )
        assert "suppression non imposable ; à équiper d’une passe, dans le plan" in section
        assert "à supprimer, dans le plan" in section
        assert "couche des obstacles ponctuels : 3." in section

    def test_without_works_or_rivers(self, tmp_path: Path) -> None:
        """Basins without works have no continuity; without rivers the section says so."""
        rivers = make_rivers()
        basins = rivers.basins.assign(
            **{
                name: NAN
                for name in rivers.basins.columns
                if name not in ("basin", "name", "length_km", "geometry")
            }
        )
        page = render(tmp_path, rivers=RiverSection(basins, None))
        section = flatten(page.partition('id="rivers"')[2].partition("</section>")[0])
        assert "Aucun ouvrage n’a été fourni" in section and "12,5" in section
        assert "Continuité" not in section
        assert "rien à mesurer" in render(tmp_path).partition('id="rivers"')[2].partition("</section>")[0]


def flatten(page: str) -> str:
    """Take the words of a page."""
    body = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"[ \n]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " "))


class Checker(HTMLParser):
    """Checks that tags are closed in order, and collects identifiers and what would be loaded."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.loads: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        found = dict(attrs)
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        for name in ("href", "aria-labelledby", "for"):
            value = found.get(name) or ""
            if name != "href" or value.startswith("#"):
                self.references += [part.lstrip("#") for part in value.split()]
            elif value and tag != "a" and not value.startswith("data:"):
                self.loads.append(f"{tag} {value}")
        for clip in re.findall(r"url\(#([^)]*)\)", " ".join(str(value) for value in found.values())):
            self.references.append(clip)
        if tag == "link" or found.get("srcset") or (found.get("src") or "data:").startswith("data:") is False:
            self.loads.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open and close a tag, as SVG writes its shapes."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close the last tag opened, and no other."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another tag"


def check(page: str) -> Checker:
    """Parse a page to its end."""
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    return checker


class TestContent:
    """What the report tells."""

    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_every_section(self, tmp_path: Path, language: str) -> None:
        """All sections are there in order, under their heading, and the contents lead to each."""
        page = render(tmp_path, language=language)

        places = [page.index(f'<h2 id="{section}">') for section in SECTIONS]
        assert places == sorted(places)
        words = flatten(page)
        for section in SECTIONS:
            assert f'href="#{section}"' in page
            assert entry(f"report.section_{section}")[language] in words
        assert f'<html lang="{language}">' in page

    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_every_note(self, tmp_path: Path, language: str) -> None:
        """Every note of the journal is told, warnings before repairs before information."""
        words = flatten(render(tmp_path, language=language))

        places = [
            words.index(note.text(language).replace("\u00a0", " "))
            for level in ("warning", "assumption", "repair", "info")
            for note in make_journal().notes
            if note.level == level
        ]
        assert len(places) == 3
        assert places == sorted(places)

    def test_key_figures(self, tmp_path: Path) -> None:
        """Numbers and sentences of the figures, as counted by hand."""
        words = flatten(render(tmp_path))

        assert "3 réservoirs de biodiversité Au total 216 ha, soit 27,0 % du territoire." in words
        assert "2 corridors écologiques Hors des réservoirs, 30,0 ha, soit 3,8 % du territoire." in words
        assert "1 corridor à remettre en bon état Soit 50,0 % des corridors, sur 1,0 km." in words
        assert "4,0 km cours d’eau Dont 4,0 km sont des réservoirs" in words
        assert "2 obstacles relevés Points : 1. Linéaires : 0,2 km." in words

    def test_what_obstacles_cost(self, tmp_path: Path) -> None:
        """The loss is that of the graph: patches of 80, 50 and 70 ha, the first link cut."""
        near, far = 0.05 ** (900 / 3000), 0.05 ** (1200 / 3000)
        today = 80**2 + 50**2 + 70**2 + 2 * 50 * 70 * near
        free = today + 2 * (80 * 50 * far + 80 * 70 * near * far)
        loss = f"{100 * (1 - (today / free) ** 0.5):.1f}".replace(".", ",")

        words = flatten(render(tmp_path))

        assert f"Les obstacles y coûtent {loss} % de la connectivité." in words
        assert f"Sous-trame boisée {today**0.5:.0f} {free**0.5:.0f} {loss} 1 sur 2 2 (1)" in words

    def test_corridors_to_restore(self, tmp_path: Path) -> None:
        """The corridor that the motorway cuts, by the names of its ends, with its communes and reasons."""
        words = flatten(render(tmp_path))

        assert "Bois du Roi – FR00RS2 FR00CS1 Sous-trame boisée Écourt & Fils 1,0 +" in words
        assert (
            "Coût 1\u202f200 sans les infrastructures, hors d’atteinte avec, pour 3\u202f000 admis ; "
            "coupé sans passage connu par autoroute (FR00OP1)" in words
        )
        assert "Les Marais –" not in words

    def test_what_matters_most(self, tmp_path: Path) -> None:
        """Reservoirs of 80, 50 and 70 ha, the last two linked at 0.3 of the dispersal cost, hand-worked.

        q = 0.05 ** 0.3; whole = 80² + 50² + 70² + 2 x 50 x 70 q; the first holds only itself.
        """
        flux = 2 * 50 * 70 * 0.05**0.3
        whole = 80**2 + 50**2 + 70**2 + flux

        words = flatten(render(tmp_path))

        first = f"{100 * 80**2 / whole:.1f}".replace(".", ",")
        second = f"{100 * (70**2 + flux) / whole:.1f}".replace(".", ",")
        share = f"{100 * 70**2 / (70**2 + flux):.0f}"
        assert f"1 Les Marais FR00RS3 Aubin {second} surtout par le milieu qu’il abrite ({share} %)" in words
        assert f"2 Bois du Roi FR00RS1 Écourt & Fils {first} surtout par le milieu" in words
        lost = f"{100 * flux / whole:.1f}".replace(".", ",")
        assert f"FR00RS2 – Les Marais (FR00CS2) : {lost} % de la connectivité" in words

    def test_communes(self, tmp_path: Path) -> None:
        """Rows by name whatever the accents, the territory last, only communes of the study."""
        page = render(tmp_path)

        table = page[page.index('<table class="communes"') :]
        assert (
            table.index(">Aubin<")
            < table.index(">Écourt &amp; Fils<")
            < table.index(">Ensemble du territoire<")
        )
        assert "Ailleurs" not in page
        assert table.count('scope="col"', 0, table.index("</thead>")) == len(COMMUNE_COLUMNS) + 2

    def test_data_not_provided(self, tmp_path: Path) -> None:
        """A theme without data is told as such in the legend, figures and data; one without object, néant."""
        network = make_network({"watercourses": False, "obstacle_points": False})

        words = flatten(render(tmp_path, network=network))

        assert "– cours d’eau donnée non fournie" in words
        assert "Obstacle ponctuel (donnée non fournie)" in words
        assert "Cours d’eau : donnée non fournie ; leur absence de la carte ne prouve rien." in words
        assert "Obstacle surfacique (néant)" in words

    @pytest.mark.parametrize("kind", ["en_vigueur", "annule", "porter_a_connaissance", "projet", "etude"])
    def test_legal_status(self, tmp_path: Path, kind: str) -> None:
        """Each status has its banner, its meaning, its act and its date."""
        status = {"kind": kind, "date": datetime.date(2017, 1, 26), "reference": "Décision no 5"}

        words = flatten(render(tmp_path, about=ABOUT | {"status": status}))

        assert entry(f"report.status_{kind}")["fr"] in words
        assert entry(f"report.status_{kind}_text")["fr"].replace("\u00a0", " ") in words
        assert "Décision no 5, 26 janvier 2017" in words

    def test_sources_and_parameters(self, tmp_path: Path) -> None:
        """Licences, habitat in words, resistances with their barriers, and the version."""
        words = flatten(render(tmp_path))

        assert "Occupation du sol 2021 Licence Ouverte 2.0" in words
        assert "Distances de dispersion (m) 1\u202f000, 3\u202f000" in words
        assert re.search(r"Tache d’habitat à partir de \(ha\) 0,5", words)
        assert re.search(r"utoroute[^.]* barrière", words)
        assert "311 2,5" in words
        assert "bocage 9.8.7" in words
        assert "Situation au 1er mai 2026 · Publié par Direction, Région" in words
        assert "dégradé sur 30 % ou plus" in words

    def test_nothing_given(self, tmp_path: Path) -> None:
        """An empty network without communes, title or parameters is still a page that says so."""
        network = Network(make_tables(), dict.fromkeys(THEMES, False), CRS)

        page = render(
            tmp_path, network=network, communes=None, about={}, run={}, journal=Journal(),
            indicators=measure_communes(network.tables, COMMUNES.iloc[:0], area=AREA),
        )  # fmt: skip

        check(page)
        words = flatten(page)
        for sentence in ("no_map", "not_modelled", "communes_none", "sources_none", "parameters_none"):
            assert entry(f"report.{sentence}")["fr"].replace("\u00a0", " ") in words
        assert entry("report.restore_none")["fr"] not in words

    def test_nothing_found(self, tmp_path: Path) -> None:
        """Where the data were given and hold nothing, that is what the page says."""
        network = Network(make_tables(), dict.fromkeys(THEMES, True), CRS)

        words = flatten(render(tmp_path, network=network, run={"study": {"subnetworks": []}}))

        for sentence in ("no_reservoirs", "restore_none", "parameters_empty"):
            assert entry(f"report.{sentence}")["fr"].replace("\u00a0", " ") in words

    def test_rivers_alone(self, tmp_path: Path) -> None:
        """Without land cover, reservoirs and corridors are dashes, never zeros nor « aucun »."""
        whole = make_network()
        kept = ("cours_eau_l", "obstacle_p")
        tables = {name: whole.tables[name] if name in kept else make_tables()[name] for name in whole.tables}
        tables["cours_eau_l"] = tables["cours_eau_l"].assign(is_reservoir=False, is_corridor=True)
        given = {theme: theme in ("watercourses", "obstacle_points") for theme in THEMES}

        page = render(tmp_path, network=Network(tables, given, CRS))

        check(page)
        words = flatten(page)
        assert "– réservoirs de biodiversité donnée non fournie" in words
        assert "certains étant les deux" not in words
        assert "Linéaires : donnée non fournie. Surfaces urbanisées : donnée non fournie." in words
        assert words.count(entry("report.not_modelled")["fr"].replace("\u00a0", " ")) == 3
        assert entry("report.restore_none")["fr"] not in words
        row = re.search(r"Aubin</th>(.*?)</tr>", page, re.DOTALL)
        assert row is not None
        cells = re.findall(r">([^<>]+)</td>", row.group(1))
        assert cells[1:7] == ["400", "–", "–", "–", "–", "–"]
        assert cells[-2:] == ["–", "–"]

    def test_without_roads_no_loss_is_claimed(self, tmp_path: Path) -> None:
        """With neither roads nor railways, the cost of obstacles is not measured rather than nil."""
        whole = make_network()
        links = whole.tables["corridor_s"]
        tables = {**whole.tables, "corridor_s": links.assign(cost=links["cost_free"])}
        network = Network(tables, dict.fromkeys(THEMES, True) | {"obstacle_lines": False}, CRS)

        page = render(tmp_path, network=network)

        check(page)
        words = flatten(page)
        assert entry("report.cost_not_measured")["fr"].replace("\u00a0", " ") in words
        assert "de connectivité perdue" not in words
        assert "Les obstacles y coûtent" not in words


class TestPage:
    """How the page is made."""

    @pytest.mark.parametrize("language", ["fr", "en"])
    def test_well_formed(self, tmp_path: Path, language: str) -> None:
        """Tags close in order, identifiers are unique, and every reference has its target."""
        checker = check(render(tmp_path, language=language))

        assert len(checker.ids) == len(set(checker.ids))
        assert set(checker.references) <= set(checker.ids)

    def test_nothing_is_loaded(self, tmp_path: Path) -> None:
        """No file, font, script or picture comes from elsewhere; links are only to be followed."""
        page = render(tmp_path)

        assert check(page).loads == []
        assert not re.search(r"@import|@font-face|url\((?!#)|fetch\(|XMLHttpRequest|import\(", page)
        addresses = set(re.findall(r"https?://[^\"'\s<]+", page))
        assert {address.split("/")[2] for address in addresses} == {"doi.org", "www.w3.org"}

    def test_accessible(self, tmp_path: Path) -> None:
        """Maps have a title and a description, table headers a scope, headings no gap."""
        page = render(tmp_path)

        tags = check(page).tags
        assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")
        headings = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]
        assert headings[0] == 1 and headings.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(headings))
        figures = re.findall(r"<figure>(<svg.*?</svg>)", page, flags=re.DOTALL)
        assert len(figures) == 3
        assert all("<title>" in svg and "<desc>" in svg for svg in figures)
        assert "réservoirs" in re.findall(r"<desc>(.*?)</desc>", page)[0]

    def test_what_people_wrote_is_escaped(self, tmp_path: Path) -> None:
        """A title or a name with signs of HTML stays text."""
        page = render(tmp_path)

        assert "<du>" not in page
        assert "Continuités &lt;du&gt; Val d’Arre" in page

    def test_same_arguments_same_bytes(self, tmp_path: Path) -> None:
        """The page depends on nothing but its arguments."""
        assert render(tmp_path) == render(tmp_path)

    def test_french_typography(self, tmp_path: Path) -> None:
        """High punctuation and quotes never part from their word at the end of a line."""
        body = re.sub(r"<(style|script)>.*?</\1>|<[^>]+>", "", render(tmp_path), flags=re.DOTALL)

        assert re.findall(r"\S+ [;:!?%»]|« ", body) == []
        assert "'" not in html.unescape(body)

    def test_background(self, tmp_path: Path) -> None:
        """A faint land cover lies under the maps, inside the page."""
        from bocage.cartography.background import shade_land_cover
        from bocage.grid import Grid
        from bocage.landcover.cover import Legend

        legend = Legend(("", "clc"), ("", "311"), ("", "Feuillus"), ("", "broadleaf"))
        codes = np.ones((20, 40), dtype=np.uint16)
        cover = LandCover(Grid(0, 2000, 100, 20, 40), codes, codes, legend)

        page = render(tmp_path, background=shade_land_cover(cover, {"broadleaf": "#2d7f3e"}))

        assert page.count('href="data:image/png;base64,') == 3
        assert check(page).loads == []

    def test_file_that_cannot_be_written(self, tmp_path: Path) -> None:
        """A folder in the way is told in one sentence, and nothing is left behind."""
        (tmp_path / "rapport d’été.html").mkdir()

        with pytest.raises(OutputError, match="cannot be written"):
            render(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["rapport d’été.html"]

    def test_large_territory_stays_light(self, tmp_path: Path) -> None:
        """Geometries finer than the drawing are thinned: 300 outlines of 3 000 vertices make a light page."""
        angles = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
        waves = 1 + 0.02 * np.sin(90 * angles)
        ring = np.column_stack([np.cos(angles) * waves, np.sin(angles) * waves])
        blobs = [shapely.Polygon(ring * 1200 + (3000 * (i % 20), 3000 * (i // 20))) for i in range(300)]
        reservoirs = make_table(
            "reservoir_s", blobs, id=[f"RS{i}" for i in range(300)], subnetwork="boise", medium="boisé",
            area_ha=400.0, habitat_ha=400.0,
        )  # fmt: skip
        tables = assign_objectives(make_tables(reservoir_s=reservoirs))
        network = Network(tables, dict.fromkeys(THEMES, True), CRS, ABOUT)
        empty = pandas.DataFrame(measure_communes(make_tables(), COMMUNES, area=AREA))

        page = render(tmp_path, network=network, indicators=empty, communes=None)

        assert len(page.encode()) < 600_000
