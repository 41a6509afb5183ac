"""Joined volumes: structure, links, folios and georeference of the parts, in one file."""

from __future__ import annotations

import datetime
import io
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bocage.atlas.joining import join_documents
from bocage.atlas.joining.bookmarks import Bookmark, set_outline
from bocage.atlas.joining.objects import ObjectWriter, write_tree
from bocage.atlas.joining.parts import Part, measure_part
from bocage.errors import InputError
from tests.atlas.reading import read_structure, read_text

DATE = datetime.date(2026, 5, 4)

HEAD = """
#set document(title: "Pièce", date: datetime(year: 2026, month: 5, day: 4))
#set text(font: "Bocage Sans", lang: "fr", size: 9pt)
#set heading(numbering: "1")
#set page(width: {width}mm, height: {height}mm, margin: 15mm)
"""
FRONT = """
= Sommaire
#link("https://bocage.invalid/60057")[Beauvais] puis
#link("https://bocage.invalid/bois de l’Isle")[le bois de l’Isle (nommé « d’été »)],
et #link("https://example.org/")[ailleurs] ; voir @fin.
#table(columns: 2, table.header[Commune][Page], [Beauvais], [2])
#pagebreak()
= Fin <fin>
Une note#footnote[En bas de page (l’une).].
"""
TOWN = """
= {name}
#figure(rect(width: 40mm, height: 30mm, fill: olive), alt: "Carte de {name} : deux bois (l’un petit).")
#table(columns: 2, table.header[Thème][Surface], [Bois], [12 ha])
#link("https://bocage.invalid/index")[Index]
#pagebreak()
== Milieux de {name}
Texte de {name}.
"""
INDEX = """
= Index
#link("https://bocage.invalid/60057")[Beauvais]
- Agnetz
- Beauvais
"""


@cache
def set_pdf(body: str, width: int = 210, height: int = 297, standard: str | None = "ua-1") -> bytes:
    """Set a small document; tagged unless there is no standard."""
    source = HEAD.format(width=width, height=height) + body
    with as_file(files("bocage.atlas").joinpath("fonts")) as folder:
        fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])
    settings: dict[str, Any] = {"pdf_standards": standard} if standard else {"pdf_tags": False}
    pdf = typst.compile(source.encode(), format="pdf", font_paths=fonts, **settings)
    assert isinstance(pdf, bytes)
    return pdf


def make_parts() -> list[Part]:
    """Make the parts of a volume: contents, two communes of which one is A3, index."""
    agnetz, beauvais = (TOWN.format(name=name) for name in ("Agnetz", "Beauvais"))
    return [
        Part(data=set_pdf(FRONT), bookmarks=(Bookmark("Sommaire", 0),)),
        Part(
            data=set_pdf(agnetz),
            bookmarks=(Bookmark("Agnetz", 0, (Bookmark("Milieux", 1),)),),
            names={"60007": 0, "bois de l’Isle": 1},
            chapter=("Communes", "A"),
        ),
        Part(
            data=set_pdf(beauvais, 420, 297),
            bookmarks=(Bookmark("Beauvais", 0, (Bookmark("Milieux", 1),)),),
            names={"60057": 0},
            chapter=("Communes", "B"),
        ),
        Part(data=set_pdf(INDEX), bookmarks=(Bookmark("Index", 0),), names={"index": 0}),
    ]


def make_folios(pages: int, standard: str | None = None) -> Part:
    """Make folios that say « Atlas d’essai · n », at the foot of an A4."""
    body = "#pagebreak()".join(
        f"#place(bottom + left)[Atlas d’essai · {number + 1}]" for number in range(pages)
    )
    return Part(data=set_pdf(body, standard=standard))


def join(target: Path, parts: Sequence[Part], **given_settings: Any) -> bytes:
    """Join parts and give the bytes of the volume."""
    said: dict[str, Any] = {
        "title": "Atlas d’essai <1 & 2>",
        "language": "fr",
        "date": DATE,
        "author": ["Syndicat du val", "D.D.T."],
        "description": "Feuilles d’essai",
        "keywords": ["trame verte", "val"],
    }
    volume = join_documents(target, parts, **{**said, **given_settings})
    data = target.read_bytes()
    assert volume.bytes == len(data)
    with pikepdf.open(target, attempt_recovery=False) as pdf:
        assert volume.pages == len(pdf.pages)
        assert pdf.check_pdf_syntax() == []
    return data


def walk_elements(pdf: pikepdf.Pdf) -> Iterator[tuple[int, Any]]:
    """Give the elements of a document in reading order, with their depth; parents are checked."""
    root = pdf.Root.StructTreeRoot

    def walk(element: Any, parent: Any, depth: int) -> Iterator[tuple[int, Any]]:
        assert element.P.objgen == parent.objgen
        yield depth, element
        for kid in listed(element.get("/K", [])):
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                yield from walk(kid, element, depth + 1)

    for kid in listed(root.K):
        yield from walk(kid, root, 0)


def listed(kids: Any) -> list[Any]:
    """Give the kids of an element, one or many."""
    return list(kids) if isinstance(kids, (pikepdf.Array, list)) else [kids]


def read_elements(data: bytes, first_page: int = 0) -> list[tuple[Any, ...]]:
    """List what each element under the document says: depth, role, texts, and its content by page."""
    found = []
    with pikepdf.open(io.BytesIO(data)) as pdf:
        numbers = {page.obj.objgen: place for place, page in enumerate(pdf.pages, first_page)}
        for depth, element in walk_elements(pdf):
            if depth == 0:
                assert element.S == "/Document"
                continue
            content: list[Any] = []
            for kid in listed(element.get("/K", [])):
                if isinstance(kid, int):
                    content.append((numbers[element.Pg.objgen], kid))
                elif "/MCID" in kid:
                    content.append((numbers[kid.get("/Pg", element.get("/Pg")).objgen], int(kid.MCID)))
                elif "/Obj" in kid:
                    content.append((numbers[kid.Pg.objgen], tuple(float(x) for x in kid.Obj.Rect)))
            said = tuple(str(element.get(key, "")) for key in ("/S", "/Alt", "/ActualText", "/T", "/Lang"))
            found.append((depth, *said, content))
    return found


def read_parents(pdf: pikepdf.Pdf) -> dict[int, Any]:
    """Read the parent tree."""
    return dict(pikepdf.NumberTree(pdf.Root.StructTreeRoot.ParentTree).items())


def check_parents(data: bytes) -> int:
    """Walk from content to elements and back; give how many pieces of content were found."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        parents = read_parents(pdf)
        assert max(parents) < int(pdf.Root.StructTreeRoot.ParentTreeNextKey)
        down: dict[tuple[int, int], Any] = {}
        objects: dict[int, Any] = {}
        for _, element in walk_elements(pdf):
            for kid in listed(element.get("/K", [])):
                if isinstance(kid, int):
                    down[int(element.Pg.StructParents), kid] = element.objgen
                elif "/MCID" in kid:
                    down[int(kid.get("/Pg", element.get("/Pg")).StructParents), int(kid.MCID)] = (
                        element.objgen
                    )
                elif "/Obj" in kid:
                    objects[int(kid.Obj.StructParent)] = element.objgen
                    assert kid.Obj.objgen in [link.objgen for link in kid.Pg.Annots]
        keys = []
        up: dict[tuple[int, int], Any] = {}
        for page in pdf.pages:
            key = int(page.obj.StructParents)
            keys.append(key)
            marked = set()
            for step in pikepdf.parse_content_stream(page):
                if str(step.operator) == "BDC" and "/MCID" in step.operands[1]:
                    marked.add(int(step.operands[1].MCID))
            for place in marked:
                up[key, place] = parents[key][place].objgen
            for link in page.obj.get("/Annots", []):
                keys.append(int(link.StructParent))
                assert parents[keys[-1]].objgen == objects[keys[-1]]
        assert up == down
        assert sorted(keys) == sorted(parents) == sorted(set(keys))
        return len(up) + len(objects)


def read_links(data: bytes) -> list[tuple[int, int, str]]:
    """List links within a document: page, page they lead to, what is said of them."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        numbers = {page.obj.objgen: place for place, page in enumerate(pdf.pages)}
        found = []
        for place, page in enumerate(pdf.pages):
            for link in page.obj.get("/Annots", []):
                target = link.get("/Dest")
                if target is None and link.A.S == "/GoTo":
                    target = link.A.D
                if target is not None:
                    found.append((place, numbers[target[0].objgen], str(link.Contents)))
        return found


def read_outline(data: bytes) -> list[tuple[int, str, int]]:
    """List bookmarks: depth, title, page."""
    reader = pypdf.PdfReader(io.BytesIO(data))

    def walk(items: Any, depth: int) -> Iterator[tuple[int, str, int]]:
        for item in items:
            if isinstance(item, list):
                yield from walk(item, depth + 1)
            else:
                page = reader.get_destination_page_number(item)
                assert page is not None
                yield depth, str(item.title), page

    return list(walk(reader.outline, 0))


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Join the four parts, with folios from its second page on."""
    target = tmp_path_factory.mktemp("volume") / "atlas d’été.pdf"
    return join(target, make_parts(), folios=make_folios(6), first_folio=1)


class TestStructure:
    """Tests of the joined structure."""

    def test_is_that_of_the_parts(self, volume: bytes) -> None:
        """Elements are those of the parts one after the other, each with its content on its page."""
        expected, page = [], 0
        for part in make_parts():
            expected += read_elements(part.data or b"", page)
            page += len(measure_part(part))

        assert read_elements(volume) == expected
        assert len(expected) == 64

    @pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="poppler is not installed")
    def test_another_reader_agrees(self, volume: bytes, tmp_path: Path) -> None:
        """Poppler reads the same elements and the same text under them, part after part."""

        def tell(data: bytes) -> list[str]:
            path = tmp_path / "told.pdf"
            with pikepdf.open(io.BytesIO(data)) as pdf:
                # Written by the same hand: poppler tells attributes in the order of the file.
                pdf.save(path)
            told = subprocess.run(
                ["pdfinfo", "-struct-text", str(path)], capture_output=True, check=True, encoding="utf-8"
            ).stdout
            # Numbers of objects and identifiers are the file's own.
            told = re.sub(r"Object \d+ \d+|<[^>]*>|/Headers .*", "", told)
            lines = [line for line in told.splitlines() if line.strip()]
            assert lines[0].strip() == "Document"
            return lines[1:]

        assert tell(volume) == [line for part in make_parts() for line in tell(part.data or b"")]

    def test_content_and_elements_name_each_other(self, volume: bytes) -> None:
        """Each marked piece of each page leads to its element by the parent tree, and back."""
        assert check_parents(volume) == sum(check_parents(part.data or b"") for part in make_parts())

    def test_figures_keep_their_words(self, volume: bytes) -> None:
        """Alternative texts are there, accents and brackets whole."""
        alts = [alt for role, alt in read_structure(volume) if role == "Figure"]

        assert alts == [f"Carte de {name} : deux bois (l’un petit)." for name in ("Agnetz", "Beauvais")]

    def test_identifiers_are_unique(self, volume: bytes) -> None:
        """Each table cell names the header of its own table, though all parts used the same names."""
        with pikepdf.open(io.BytesIO(volume)) as pdf:
            listed_names = dict(pikepdf.NameTree(pdf.Root.StructTreeRoot.IDTree).items())
            tables: dict[str, Any] = {}
            for _, element in walk_elements(pdf):
                if "/ID" in element:
                    assert listed_names[str(element.ID)].objgen == element.objgen
                    tables[str(element.ID)] = element
                for attributes in listed(element.get("/A", [])):
                    for header in attributes.get("/Headers", []):
                        row = tables[str(header)]
                        assert row.P.P.P.objgen == element.P.P.P.objgen
            # Three tables of two headers, one note.
            assert len(tables) == len(listed_names) == 7

    def test_language_of_a_foreign_part(self, tmp_path: Path) -> None:
        """Elements of a part in another language say so; the volume's own language is the catalogue's."""
        english = set_pdf('#set text(lang: "en")\n= Contents\nText.')

        data = join(tmp_path / "v.pdf", [Part(data=set_pdf("= Index")), Part(data=english)])

        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert str(pdf.Root.Lang) == "fr"
        languages = [(role, language) for depth, role, *_, language, _ in read_elements(data) if depth == 1]
        assert [language for role, language in languages if role == "/H1"] == ["", "en"]

    def test_roles_that_differ(self, tmp_path: Path) -> None:
        """A role that two parts map to different standard types keeps both meanings."""
        parts = []
        for meaning in ("/Span", "/P"):
            with pikepdf.open(io.BytesIO(set_pdf(INDEX))) as pdf:
                pdf.Root.StructTreeRoot.RoleMap = pikepdf.Dictionary({"/Word": pikepdf.Name(meaning)})
                next(e for _, e in walk_elements(pdf) if e.S == "/H1").S = pikepdf.Name("/Word")
                changed = io.BytesIO()
                pdf.save(changed)
            parts.append(Part(data=changed.getvalue(), names={"60057": 0} if meaning == "/P" else {}))

        data = join(tmp_path / "v.pdf", parts)

        with pikepdf.open(io.BytesIO(data)) as pdf:
            roles = pdf.Root.StructTreeRoot.RoleMap
            words = [str(roles[e.S]) for _, e in walk_elements(pdf) if str(e.S).startswith("/Word")]
        assert words == ["/Span", "/P"]

    def test_classes_and_namespaces(self, tmp_path: Path) -> None:
        """Equal classes of attributes and equal namespaces of two parts are one in the volume."""
        parts = []
        for number in range(2):
            with pikepdf.open(io.BytesIO(set_pdf(f"= Pièce {number}"))) as pdf:
                tree = pdf.Root.StructTreeRoot
                layout = pikepdf.Dictionary(O=pikepdf.Name.Layout, SpaceAfter=3)
                tree.ClassMap = pikepdf.Dictionary({"/Wide": pdf.make_indirect(layout)})
                namespace = pdf.make_indirect(
                    pikepdf.Dictionary(NS=pikepdf.String("http://iso.org/pdf2/ssn"))
                )
                tree.Namespaces = pikepdf.Array([namespace])
                heading = next(element for _, element in walk_elements(pdf) if element.S == "/H1")
                heading.NS, heading.C = namespace, pikepdf.Name("/Wide")
                changed = io.BytesIO()
                pdf.save(changed)
            parts.append(Part(data=changed.getvalue()))

        data = join(tmp_path / "v.pdf", parts)

        with pikepdf.open(io.BytesIO(data)) as pdf:
            tree = pdf.Root.StructTreeRoot
            assert len(tree.Namespaces) == 1 and tree.ClassMap["/Wide"].SpaceAfter == 3
            headings = [element for _, element in walk_elements(pdf) if element.S == "/H1"]
            assert [heading.NS.objgen for heading in headings] == [tree.Namespaces[0].objgen] * 2
            assert [heading.C for heading in headings] == ["/Wide"] * 2

    def test_content_of_the_document_itself(self, tmp_path: Path) -> None:
        """Content that hangs on a part's document element, without page of its own, keeps its page."""
        with pikepdf.open(io.BytesIO(set_pdf("= Une\nUn mot."))) as pdf:
            document = pdf.Root.StructTreeRoot.K[0]
            heading = document.K[0]
            places = [int(place) for place in listed(heading.K)]
            document.K = pikepdf.Array([*places, *list(document.K)[1:]])
            document.Pg = pdf.pages[0].obj
            parents = read_parents(pdf)[int(pdf.pages[0].obj.StructParents)]
            for place in places:
                parents[place] = document
            changed = io.BytesIO()
            pdf.save(changed)

        data = join(tmp_path / "v.pdf", [Part(data=set_pdf("= Zéro")), Part(data=changed.getvalue())])

        assert check_parents(data) == check_parents(set_pdf("= Zéro")) + check_parents(changed.getvalue())


class TestLinks:
    """Tests of links, bookmarks and page labels."""

    def test_land_on_their_page(self, volume: bytes) -> None:
        """Named places of other parts are pages of the volume; links within a part still hold."""
        told = read_links(volume)
        named = [link for link in told if ", page " in link[2] or link[2].startswith("page ")]

        assert named == [
            (0, 4, "Beauvais, page 5"),
            (0, 3, "Milieux, page 4"),
            (2, 6, "Index, page 7"),
            (4, 6, "Index, page 7"),
            (6, 4, "Beauvais, page 5"),
        ]
        # The heading, the note and its call.
        assert [link[:2] for link in told if link not in named] == [(0, 1), (1, 1), (1, 1)]

    def test_no_private_address_is_left(self, volume: bytes) -> None:
        """Nothing in the file bears the addresses that stood for places; true ones stay."""
        with pikepdf.open(io.BytesIO(volume)) as pdf:
            said = b""
            for thing in pdf.objects:
                # Streams that pack the other objects say everything again.
                if not isinstance(thing, pikepdf.Stream):
                    said += thing.unparse(resolved=True)
                elif thing.get("/Type") != "/ObjStm":
                    said += thing.read_bytes()
        assert b"bocage.invalid" not in said and "bocage.invalid".encode("utf-16-be") not in said
        assert said.count(b"(https://example.org/)") == 2  # address and what is said of it

    def test_unknown_name(self, tmp_path: Path) -> None:
        """A link to a name that nobody bears is a fault of the caller, and nothing is written."""
        with pytest.raises(AssertionError, match="leads to '60057', which no part"):
            join(tmp_path / "v.pdf", [Part(data=set_pdf(INDEX))])
        assert list(tmp_path.iterdir()) == []

    def test_name_borne_twice(self, tmp_path: Path) -> None:
        """So is a name that two places bear."""
        part = Part(data=set_pdf("= Une"), names={"60057": 0})
        with pytest.raises(AssertionError, match="two places of the volume are named '60057'"):
            join(tmp_path / "v.pdf", [part, part])

    def test_named_destinations_of_a_part(self, tmp_path: Path) -> None:
        """A link by name within a part leads where its own list of names said."""
        with pikepdf.open(io.BytesIO(set_pdf("= Une\n#link(<b>)[b]\n#pagebreak()\n= Deux <b>"))) as pdf:
            pdf.pages[0].obj.Annots[0].Dest = pikepdf.String("là")
            tree = pikepdf.NameTree.new(pdf)
            tree["là"] = pikepdf.Array([pdf.pages[1].obj, pikepdf.Name.Fit])
            pdf.Root.Names = pikepdf.Dictionary(Dests=tree.obj)
            changed = io.BytesIO()
            pdf.save(changed)

        data = join(tmp_path / "v.pdf", [Part(data=set_pdf("= Zéro")), Part(data=changed.getvalue())])

        assert [link[:2] for link in read_links(data)] == [(1, 2)]

    def test_bookmarks(self, volume: bytes) -> None:
        """Parts stand under their chapters, chapters under the volume."""
        assert read_outline(volume) == [
            (0, "Sommaire", 0),
            (0, "Communes", 2),
            (1, "A", 2),
            (2, "Agnetz", 2),
            (3, "Milieux", 3),
            (1, "B", 4),
            (2, "Beauvais", 4),
            (3, "Milieux", 5),
            (0, "Index", 6),
        ]
        with pikepdf.open(io.BytesIO(volume)) as pdf:
            assert pdf.Root.Outlines.Count == 3
            assert pdf.Root.Outlines.First.Next.Count == -2  # closed
            # To the top of a page 297 mm high.
            assert float(pdf.Root.Outlines.First.Dest[3]) == pytest.approx(297 / 25.4 * 72, abs=0.01)

    def test_page_labels_are_folios(self, volume: bytes) -> None:
        """Pages are labelled by their numbers from 1, as the folios say them."""
        assert pypdf.PdfReader(io.BytesIO(volume)).page_labels == list("1234567")

    def test_outline_of_one_document(self) -> None:
        """Bookmarks of a finished PDF are replaced, its tags stay, the same bytes each time."""
        pdf, marks = set_pdf(FRONT), [Bookmark("Première", 0, (Bookmark("Seconde", 1),))]
        assert read_outline(pdf)[0][1] == "1 Sommaire"

        changed = set_outline(pdf, marks)

        assert read_outline(changed) == [(0, "Première", 0), (1, "Seconde", 1)]
        assert changed == set_outline(pdf, marks)
        assert read_elements(changed) == read_elements(pdf)
        assert read_outline(set_outline(pdf, [])) == []


class TestPages:
    """Tests of what the pages show."""

    def test_text_and_folios(self, volume: bytes) -> None:
        """Each page says what its part's page said, then its folio; the first has none."""
        parts = [pypdf.PdfReader(io.BytesIO(part.data or b"")) for part in make_parts()]
        before = [page.extract_text() for part in parts for page in part.pages]

        after = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(volume)).pages]

        assert after[0] == before[0]
        for number in range(1, 7):
            assert after[number].startswith(before[number].strip())
            added = after[number].removeprefix(before[number].strip()).strip()
            assert added == f"Atlas d’essai · {number}"

    @pytest.mark.parametrize("standard", [None, "ua-1"])
    def test_folio_is_an_artifact(self, tmp_path: Path, standard: str | None) -> None:
        """The folio's form is called within an artifact and holds no tag, even if its document did."""
        parts = make_parts()

        data = join(tmp_path / "v.pdf", parts, folios=make_folios(7, standard))

        with pikepdf.open(io.BytesIO(data)) as pdf:
            for page in pdf.pages:
                told = [(str(step.operator), step.operands) for step in pikepdf.parse_content_stream(page)]
                assert [op for op, _ in told[-5:]] == ["BDC", "q", "Do", "Q", "EMC"]
                assert told[-5][1][0] == "/Artifact"
                form = page.obj.Resources.XObject[str(told[-3][1][0])]
                operators = {str(step.operator) for step in pikepdf.parse_content_stream(form)}
                assert operators & {"TJ", "Tj"} and not operators & {"BDC", "BMC", "EMC"}
        assert len(check_texts(data)) == 7
        assert check_parents(data) == sum(check_parents(part.data or b"") for part in parts)

    def test_folio_keeps_its_size(self, tmp_path: Path) -> None:
        """Lower left corners together at natural size, even if a page's corner is not the origin."""
        with pikepdf.open(io.BytesIO(set_pdf("= Une"))) as pdf:
            pdf.pages[0].obj.MediaBox = pikepdf.Array([-10, 20, 585, 861])
            moved = io.BytesIO()
            pdf.save(moved)

        data = join(tmp_path / "v.pdf", [Part(data=moved.getvalue())], folios=make_folios(1))

        with pikepdf.open(io.BytesIO(data)) as pdf:
            form = pdf.pages[0].obj.Resources.XObject["/BocageFolio"]
            assert [float(value) for value in form.Matrix] == [1, 0, 0, 1, -10, 20]

    def test_too_many_folios(self, tmp_path: Path) -> None:
        """More folios than pages are a fault of the caller."""
        with pytest.raises(AssertionError, match="2 folios from page 0 on, for 1 pages"):
            join(tmp_path / "v.pdf", [Part(data=set_pdf("= Une"))], folios=make_folios(2))

    def test_inherited_entries(self, tmp_path: Path) -> None:
        """What a page has from the node above it, it has in the volume."""
        with pikepdf.open(io.BytesIO(set_pdf("= Une"))) as pdf:
            page, node = pdf.pages[0].obj, pdf.Root.Pages
            for key in ("/MediaBox", "/Resources"):
                node[key] = page[key]
                del page[key]
            changed = io.BytesIO()
            pdf.save(changed)

        data = join(tmp_path / "v.pdf", [Part(data=changed.getvalue())])

        assert read_text(data) == "1 Une"
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert [round(float(x)) for x in pdf.pages[0].mediabox] == [0, 0, 595, 842]

    def test_fonts(self, volume: bytes) -> None:
        """Fonts are embedded, those of folios too."""
        with pikepdf.open(io.BytesIO(volume)) as pdf:
            forms = [form for page in pdf.pages for form in page.obj.Resources.get("/XObject", {}).values()]
            for holder in [*(page.obj for page in pdf.pages), *forms]:
                for font in holder.Resources.Font.values():
                    assert "/FontFile2" in font.DescendantFonts[0].FontDescriptor

    def test_lies_on_earth(self, tmp_path: Path) -> None:
        """A sheet keeps its georeference and its size within the volume."""
        measure = pikepdf.Dictionary(
            Type=pikepdf.Name.Measure,
            Subtype=pikepdf.Name.GEO,
            GPTS=pikepdf.Array(
                [Decimal(f"{value:.9f}") for value in (49.3, 2.7, 49.5, 2.7, 49.5, 2.9, 49.3, 2.9)]
            ),
            LPTS=pikepdf.Array([0, 0, 0, 1, 1, 1, 1, 0]),
            GCS=pikepdf.Dictionary(
                Type=pikepdf.Name.PROJCS, EPSG=2154, WKT=pikepdf.String('PROJCS["a (b)"]')
            ),
        )
        expected = measure.unparse()
        with pikepdf.open(io.BytesIO(set_pdf(TOWN.format(name="Ors"), 420, 297))) as pdf:
            shared: Any = pdf.make_indirect(measure)
            for page, left in zip(pdf.pages, (40, 60), strict=True):
                viewport = pikepdf.Dictionary(
                    Type=pikepdf.Name.Viewport,
                    BBox=pikepdf.Array([left, 50, 800, 600]),
                    Measure=shared,
                )
                page.obj.VP = pikepdf.Array([viewport])
            changed = io.BytesIO()
            pdf.save(changed)
        cover = Part(data=set_pdf("= Couverture"), names={"index": 0})

        data = join(tmp_path / "v.pdf", [cover, Part(data=changed.getvalue())], folios=make_folios(3))

        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert "/VP" not in pdf.pages[0].obj
            for page, left in zip(list(pdf.pages)[1:], (40, 60), strict=True):
                (kept,) = page.obj.VP
                assert [float(value) for value in kept.BBox] == [left, 50, 800, 600]
                assert kept.Measure.unparse(resolved=True) == expected
                assert [round(float(value)) for value in page.mediabox] == [0, 0, 1191, 842]


def check_texts(data: bytes) -> list[str]:
    """Give the text of each page, which must end in its folio."""
    texts = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    assert all(text.endswith(f"· {number}") for number, text in enumerate(texts, 1))
    return texts


class TestFile:
    """Tests of the file."""

    def test_says_what_it_is(self, volume: bytes) -> None:
        """Catalogue, dictionary and XMP agree: PDF/UA-1, title, language, authors, dates of the study."""
        with pikepdf.open(io.BytesIO(volume)) as pdf:
            assert pdf.Root.MarkInfo.Marked and pdf.Root.ViewerPreferences.DisplayDocTitle
            assert str(pdf.Root.Lang) == "fr" and pdf.Root.PageMode == "/UseOutlines"
            assert str(pdf.docinfo.CreationDate) == str(pdf.docinfo.ModDate) == "D:20260504000000Z"
            assert str(pdf.docinfo.Title) == "Atlas d’essai <1 & 2>"
            with pdf.open_metadata() as metadata:
                assert metadata["pdfuaid:part"] == "1"
                assert metadata["dc:title"] == "Atlas d’essai <1 & 2>"
                assert metadata["dc:creator"] == ["Syndicat du val", "D.D.T."]
                assert metadata["dc:description"] == "Feuilles d’essai"
                assert set(metadata["dc:language"]) == {"fr"}
                assert metadata["pdf:Keywords"] == "trame verte, val"
                assert metadata["pdf:Producer"].startswith("bocage ")
                assert metadata["xmp:CreateDate"] == "2026-05-04T00:00:00Z"

    def test_same_bytes(self, volume: bytes, tmp_path: Path) -> None:
        """The same parts give the same bytes, from memory or from files, in the place of an old volume."""
        parts = []
        for number, part in enumerate(make_parts()):
            path = tmp_path / f"pièce {number}.pdf"
            path.write_bytes(part.data or b"")
            parts.append(Part(path=path, bookmarks=part.bookmarks, names=part.names, chapter=part.chapter))
        target = tmp_path / "atlas.pdf"
        target.write_bytes(b"old")

        assert join(target, parts, folios=make_folios(6), first_folio=1) == volume
        assert len(list(tmp_path.iterdir())) == 5

    def test_equal_resources_are_shared(self, tmp_path: Path) -> None:
        """The same fonts and colours, brought by many parts, are in the file once."""
        part = Part(data=set_pdf("= Une"))
        one = len(join(tmp_path / "one.pdf", [part]))

        data = join(tmp_path / "many.pdf", [part] * 130)

        with pikepdf.open(io.BytesIO(data)) as pdf:
            fonts = [thing for thing in pdf.objects if isinstance(thing, pikepdf.Stream)]
            assert sum("/Length1" in font or len(font.read_bytes()) > 4_000 for font in fonts) < 4
            # Trees of more than 64 leaves have a level of nodes.
            assert len(pdf.Root.Pages.Kids) == 3 and len(pdf.Root.StructTreeRoot.ParentTree.Kids) == 3
            assert len({page.obj.objgen for page in pdf.pages}) == 130
        assert len(data) < one + 130 * 700
        assert check_parents(data) == 130 * check_parents(part.data or b"")

    def test_few_files_are_open(self, tmp_path: Path) -> None:
        """Hundreds of parts are read one at a time: a system that allows few open files is enough."""
        resource = pytest.importorskip("resource")
        path = tmp_path / "une.pdf"
        path.write_bytes(set_pdf("= Une"))
        allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, allowed[1]))
        try:
            volume = join_documents(
                tmp_path / "v.pdf", [Part(path=path)] * 90, title="Une", language="fr", date=DATE
            )
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, allowed)
        assert volume.starts == tuple(range(90))

    def test_part_without_structure(self, tmp_path: Path) -> None:
        """A part that a screen reader could not read is refused by name, and the old volume stays."""
        bare = tmp_path / "sans balises.pdf"
        bare.write_bytes(set_pdf("Une", standard=None))
        target = tmp_path / "v.pdf"
        target.write_bytes(b"old")

        with pytest.raises(InputError, match=r"sans balises.pdf' has no structure tree.*print it again"):
            join_documents(
                target, [Part(data=set_pdf("= A")), Part(path=bare)], title="", language="fr", date=DATE
            )
        assert target.read_bytes() == b"old"

    @pytest.mark.parametrize("kept", [0, 500, 3_000, -20])
    def test_part_cut_short(self, tmp_path: Path, kept: int) -> None:
        """Half a file is refused, not mended into half a sheet."""
        short = tmp_path / "60057.pdf"
        short.write_bytes(set_pdf("= Une")[:kept])

        with pytest.raises(InputError, match=r"60057.pdf' cannot be read as a whole PDF.*print it again"):
            measure_part(Part(path=short))
        with pytest.raises(InputError, match="'Creil' cannot be read as a whole PDF"):
            measure_part(Part(data=short.read_bytes(), bookmarks=(Bookmark("Creil", 0),)))

    def test_part_with_a_hole(self, tmp_path: Path) -> None:
        """A file of the right length, of which a block was never written to the disk, is refused too."""
        whole = set_pdf(TOWN.format(name="Ors"))
        names = {"index": 0}
        # What a part says of itself is not carried, so not read.
        for start in range(100, whole.index(b"<?xpacket") - 400, 550):
            holed = whole[:start] + bytes(400) + whole[start + 400 :]
            with pytest.raises(
                InputError, match=r"^A part of the volume cannot be read as a whole PDF \(.+\)"
            ):
                join(tmp_path / "v.pdf", [Part(data=holed, names=names)])
        assert list(tmp_path.iterdir()) == []

    def test_part_that_is_absent(self, tmp_path: Path) -> None:
        """So is a file that is not there."""
        with pytest.raises(InputError, match=r"60057.pdf' cannot be read"):
            measure_part(Part(path=tmp_path / "60057.pdf"))

    def test_writer_holds_its_word(self) -> None:
        """An object that was named and never written, or written twice, is a fault."""
        writer = ObjectWriter(io.BytesIO())
        number = writer.reserve()
        with pytest.raises(AssertionError, match="not written"):
            writer.finish(number, number)
        writer.write(number, b"null")
        with pytest.raises(AssertionError, match="written twice"):
            writer.write(number, b"null")

    @pytest.mark.parametrize("count", [0, 1, 64, 65, 5_000])
    def test_trees(self, count: int) -> None:
        """A number tree of any size is read back whole by qpdf."""
        file = io.BytesIO()
        writer = ObjectWriter(file)
        root, pages, tree = writer.reserve(), writer.reserve(), writer.reserve()
        write_tree(writer, tree, b"Nums", [(b"%d" % (2 * n), b"%d" % n) for n in range(count)])
        writer.write(root, b"<< /Type /Catalog /Pages %d 0 R /Tree %d 0 R >>" % (pages, tree))
        writer.write(pages, b"<< /Type /Pages /Kids [ ] /Count 0 >>")
        writer.finish(root, root)

        with pikepdf.open(file, attempt_recovery=False) as pdf:
            read = pikepdf.NumberTree(pdf.Root.Tree)
            assert {key: int(value) for key, value in read.items()} == {2 * n: n for n in range(count)}


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cuts=st.lists(st.integers(1, 3), max_size=3, unique=True).map(sorted))
def test_joined_in_levels(tmp_path: Path, volume: bytes, cuts: list[int]) -> None:
    """Volumes joined again make the volume of all their parts: structure, links, text and sharing."""
    parts = make_parts()
    # Within the lower volumes, links to parts of others are still names.
    bounds = [0, *cuts, len(parts)]
    whole = []
    for low, high in pairwise(bounds):
        group = parts[low:high]
        names = {
            name: start + page
            for part, start in zip(group, starts_of(group), strict=True)
            for name, page in part.names.items()
        }
        missing = {name for part in parts for name in part.names} - set(names)
        data = join(
            tmp_path / "lower.pdf",
            [
                Part(data=keep_links(part.data or b"", missing), bookmarks=part.bookmarks, names=part.names)
                for part in group
            ],
        )
        whole.append(Part(data=restore_links(data), names=names))

    joined = join(tmp_path / "upper.pdf", whole)

    flat = join(tmp_path / "flat.pdf", [Part(data=part.data, names=part.names) for part in parts])
    assert read_elements(joined) == read_elements(flat)
    assert [link[:2] for link in read_links(joined)] == [link[:2] for link in read_links(flat)]
    assert read_text(joined) == read_text(flat)
    assert check_parents(joined) == check_parents(flat)


def starts_of(parts: Sequence[Part]) -> list[int]:
    """Give the first page of each part."""
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(measure_part(part)))
    return starts[:-1]


def keep_links(data: bytes, names: set[str]) -> bytes:
    """Hide links to names of other volumes from the joining."""
    return change_links(data, {f"https://bocage.invalid/{name}": f"later:{name}" for name in names})


def restore_links(data: bytes) -> bytes:
    """Show them again."""
    names = [name for part in make_parts() for name in part.names]
    return change_links(data, {f"later:{name}": f"https://bocage.invalid/{name}" for name in names})


def change_links(data: bytes, addresses: dict[str, str]) -> bytes:
    """Change addresses of links."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            for link in page.obj.get("/Annots", []):
                if "/A" in link and "/URI" in link.A:
                    address = bytes(link.A.URI).decode()
                    link.A.URI = pikepdf.String(addresses.get(address, address).encode())
        changed = io.BytesIO()
        pdf.save(changed)
    return changed.getvalue()
