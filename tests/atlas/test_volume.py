"""Binding volumes: the pages they name are there, and those of the sheets lose nothing."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas
import pikepdf
import pypdf
import pytest

from bocage.atlas.batch import Job
from bocage.atlas.volume import Group, _check_folios, group_communes, list_volume_jobs
from tests.atlas.reading import read_corners
from tests.atlas.squares import COMMUNES, STEMS, make, read_record, write_squares

ALPHABETICAL = ("99006", "99005", "99001", "99002", "99003", "99004")


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of an atlas of six communes in one volume."""
    folder = tmp_path_factory.mktemp("volume") / "val"
    write_squares(folder)
    make(folder)
    return folder / "out" / "atlas"


@pytest.fixture(scope="module")
def volume(atlas: Path) -> bytes:
    """Give the volume."""
    return (atlas / "volumes" / "atlas.pdf").read_bytes()


def read_pages(pdf: bytes) -> list[str]:
    """Read the text of each page, blanks made one."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def list_links(pdf: bytes, page: int) -> Iterator[tuple[int, str]]:
    """List the pages, from 1, that the links of a page lead to, and what they say."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        places = {one.obj.objgen: number for number, one in enumerate(document.pages, start=1)}
        for note in document.pages[page].obj.get("/Annots", []):
            yield places[note.A.D[0].objgen], str(note.Contents)


def list_bookmarks(pdf: bytes) -> list[tuple[int, str, int]]:
    """List depth, title and page, from 1, of the bookmarks."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    found: list[tuple[int, str, int]] = []

    def walk(items: list[Any], depth: int) -> None:
        for item in items:
            if isinstance(item, list):
                walk(item, depth + 1)
            else:
                page = reader.get_destination_page_number(item)
                assert page is not None
                found.append((depth, str(item.title), page + 1))

    walk(reader.outline, 0)
    return found


def find_codes(words: str) -> list[str]:
    """Find the INSEE codes in a text."""
    return re.findall(r"\b99\d{3}\b", words)


def print_name(code: str) -> str:
    """Give the name of a commune as pages print it."""
    return COMMUNES[code].replace("'", "’")


class TestPages:
    """What the volume says of its pages is so."""

    def test_contents(self, volume: bytes) -> None:
        """All communes are in the contents, each with the page that begins its sheets, linked to it."""
        pages = read_pages(volume)
        firsts = {code: page for page, words in list_links(volume, 1) for code in find_codes(words)}
        assert list(firsts) == list(ALPHABETICAL)
        assert list(firsts.values()) == [5, 8, 11, 14, 17, 20]
        for code, page in firsts.items():
            assert re.search(rf"{re.escape(print_name(code))}[ .]+{code} {page}\b", pages[1]), code
            assert f"{code} CARTE : 1/2" in pages[page - 1]

    def test_folios(self, volume: bytes) -> None:
        """Each page but the cover bears its number; the record counts them."""
        for number, page in enumerate(read_pages(volume), start=1):
            assert (f"Atlas d’essai · {number}" in page) == (number > 1)

    def test_indexes(self, volume: bytes) -> None:
        """The index of communes names all with their pages, that of places the reservoir and the zone."""
        pages = read_pages(volume)
        communes, places = pages[-2], pages[-1]
        for number, code in enumerate(ALPHABETICAL):
            assert re.search(rf"{re.escape(print_name(code))}[ .]+{code} A1 {5 + 3 * number}\b", communes)
        assert "Grand Bois" in places
        assert "Marais de la Bée" in places

    def test_bookmarks(self, volume: bytes) -> None:
        """Parts at the top, the sheets of a commune under its name, the communes under their chapter."""
        marks = list_bookmarks(volume)
        pages = len(read_pages(volume))

        assert [title for depth, title, _ in marks if depth == 0] == [
            "Atlas d’essai", "Sommaire", "Carte d’assemblage", "Feuilles au 1:100 000", "Communes",
            "Index des communes", "Index des réservoirs et des zonages",
        ]  # fmt: skip
        communes = [(title, page) for depth, title, page in marks if depth == 1]
        assert communes[0] == ("A1", 4)
        assert [title for title, _ in communes[1:]] == [f"{COMMUNES[code]} ({code})" for code in ALPHABETICAL]
        sheets = [(title, page) for depth, title, page in marks if depth == 2]
        assert sheets[:3] == [
            ("1. Carte S.R.C.E", 5), ("2. Carte des inventaires", 6), ("La commune en chiffres", 7),
        ]  # fmt: skip
        assert marks[-1][2] == pages

    def test_sheets_keep_their_place_on_earth(self, atlas: Path, volume: bytes) -> None:
        """A map page of the volume has the very registration of the sheet alone, and its words aloud."""
        alone = (atlas / "communes" / f"{STEMS['99002']}.pdf").read_bytes()
        page = next(page for _, title, page in list_bookmarks(volume) if title == "Saint-Bé (99002)")
        with pikepdf.open(io.BytesIO(volume)) as document:
            single = pikepdf.new()
            single.pages.append(document.pages[page - 1])
            assert "/StructTreeRoot" in document.Root
            assert "/StructParents" in document.pages[page - 1].obj
            held = io.BytesIO()
            single.save(held)
        one, other = read_corners(alone), read_corners(held.getvalue())
        np.testing.assert_allclose(one[0], other[0], atol=1e-6)
        np.testing.assert_allclose(one[1], other[1], atol=1e-9)
        assert one[2:] == other[2:]

    def test_wrong_folios_are_caught(self) -> None:
        """A part that is not where the contents say is a fault, not a volume with wrong pages."""
        from bocage.atlas.joining import Part

        blank = pikepdf.new()
        blank.add_blank_page()
        blank.Root.StructTreeRoot = pikepdf.Dictionary()
        data = io.BytesIO()
        blank.save(data)
        parts = [Part(data=data.getvalue()), Part(data=data.getvalue(), names={"commune-1": 0})]
        _check_folios(parts, {"commune-1": 2})
        with pytest.raises(AssertionError, match="'commune-1' is not on page 3"):
            _check_folios(parts, {"commune-1": 3})


class TestGroups:
    """How communes are shared out to volumes."""

    def share(self, names: dict[str, Any], by: str = "epci") -> list[Group]:
        """Share out communes whose groups are given."""
        table = pandas.DataFrame({"insee": list(names)})
        table["epci"] = pandas.Series(list(names.values()), dtype=object)
        content: Any = SimpleNamespace(communes=table)
        return group_communes(content, list(names), by)

    def test_each_has_its_file(self) -> None:
        """Names that differ by accents or signs alone, or have no letter, keep files of their own."""
        groups = self.share(
            {"1": "CC d’Été", "2": "CC D'ete", "3": "« — »", "4": "CC d’Été", "5": "CC-d-ete"}
        )
        assert {group.name: group.insee for group in groups} == {
            "CC d’Été": ("1", "4"), "CC D'ete": ("2",), "« — »": ("3",), "CC-d-ete": ("5",),
        }  # fmt: skip
        keys = [group.key for group in groups]
        assert len(set(keys)) == 4
        assert set(keys) == {"groupe", "cc-d-ete", "cc-d-ete-2", "cc-d-ete-3"}

    def test_without_a_group(self) -> None:
        """Communes whose group is not known, however that is told, share a volume without name."""
        groups = self.share({"1": None, "2": float("nan"), "3": "", "4": "Sans groupe"})
        assert [(group.key, group.name, group.insee) for group in groups] == [
            ("sans-groupe", "", ("1", "2", "3")),
            ("sans-groupe-2", "Sans groupe", ("4",)),
        ]

    def test_all_and_none(self) -> None:
        """All in one; none; a grouping that nothing tells is one of all; nothing of nothing."""
        names = {"1": "A", "2": "B"}
        assert [group.insee for group in self.share(names, "all")] == [("1", "2")]
        assert [group.key for group in self.share(names, "departement")] == ["atlas"]
        assert self.share(names, "none") == []
        assert self.share({}, "all") == []

    def test_jobs(self) -> None:
        """A volume is bound again when a sheet, its title or its communes change, not otherwise."""
        done = {f"commune-{code}": {"sha256": code, "file": f"{code}.pdf"} for code in "123"}
        groups = [Group("a", "A", ("1", "2")), Group("b", "B", ("3",)), Group("c", "C", ("4",))]

        def depend(**changes: Any) -> list[str]:
            return [
                job.depends
                for job in list_volume_jobs(**{"groups": groups, "done": done, "title": "T"} | changes)
            ]

        jobs: list[Job] = list_volume_jobs(groups, done, "T")
        assert [job.key for job in jobs] == ["volume-a", "volume-b"], "none for sheets that all failed"
        first = depend()
        assert depend() == first
        changed = depend(done={**done, "commune-2": {"sha256": "other", "file": "2.pdf"}})
        assert (changed[0] != first[0], changed[1]) == (True, first[1])
        lacking = depend(done={key: done[key] for key in ("commune-1", "commune-3")})
        assert (lacking[0] != first[0], lacking[1]) == (True, first[1])
        assert all(new != old for new, old in zip(depend(title="U"), first, strict=True))
        cells = depend(done={**done, "cell-A1": {"sha256": "x", "file": "A1.pdf"}})
        assert all(new != old for new, old in zip(cells, first, strict=True))


def test_record_counts_pages(atlas: Path, volume: bytes) -> None:
    """Cover, contents, key map, a sheet of the grid, three pages a commune, two indexes: 24."""
    pages = sum(one["pages"] for one in read_record(atlas.parent.parent)["communes"].values())
    assert pages == 18
    assert len(read_pages(volume)) == 4 + pages + 2
