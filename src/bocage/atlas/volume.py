"""Bind the sheets of communes into volumes: cover, contents, key map and its sheets, communes, indexes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bocage.atlas.batch import Job
from bocage.atlas.contents import Entry, compose_contents, count_pages
from bocage.atlas.cover import compose_cover
from bocage.atlas.document import DocumentInfo, set_document
from bocage.atlas.grid_plan import find_cells
from bocage.atlas.index import NamedPlace, compose_commune_index, compose_place_index, find_places
from bocage.atlas.joining import Bookmark, Part, join_documents, measure_part
from bocage.atlas.keymap import compose_keymap
from bocage.atlas.page import Page
from bocage.atlas.places import (
    COMMUNE_INDEX,
    CONTENTS,
    KEY_MAP,
    PLACE_INDEX,
    name_cell_place,
    name_commune_place,
)
from bocage.atlas.territory import Territory, alphabetize, find_territory
from bocage.atlas.words import read_date
from bocage.atlas.workshop import Workshop, fold_file_name
from bocage.io.files import hash_file
from bocage.wording import say

if TYPE_CHECKING:
    from bocage.atlas.content import Content

_NO_GROUP = "sans-groupe"


@dataclass(frozen=True)
class Group:
    """The communes of a volume.

    Attributes
    ----------
    key : str
        Name of its file.
    name : str
        Of the territory.
    insee : tuple of str
        Communes whose sheets are there.
    missing : tuple of str
        Communes that should be there, and could not be drawn.
    """

    key: str
    name: str
    insee: tuple[str, ...]
    missing: tuple[str, ...] = ()


def group_communes(content: Content, insee: Sequence[str], by: str) -> list[Group]:
    """Share communes out to volumes; those in no group make one of their own.

    Parameters
    ----------
    content : Content
    insee : sequence of str
    by : {"departement", "epci", "all", "none"}
        Without the column that says it, all are in one volume.

    Returns
    -------
    list of Group
        In alphabetical order of their names; no two have the same file.
    """
    if by == "none" or not insee:
        return []
    if by == "all" or by not in content.communes.columns:
        return [Group("atlas", "", tuple(insee))]
    wanted = set(insee)
    members: dict[str, list[str]] = {}
    for code, given in zip(content.communes["insee"].astype(str), content.communes[by], strict=True):
        if code in wanted:
            members.setdefault(given if isinstance(given, str) else "", []).append(code)
    groups: list[Group] = []
    taken: set[str] = set()
    for name, codes in sorted(members.items(), key=lambda pair: alphabetize(pair[0])):
        stem = (fold_file_name(name) or "groupe") if name else _NO_GROUP
        key, number = stem, 2
        while key in taken:
            key, number = f"{stem}-{number}", number + 1
        taken.add(key)
        groups.append(Group(key, name, tuple(dict.fromkeys(codes))))
    return groups


def list_volume_jobs(groups: Sequence[Group], done: Mapping[str, Mapping[str, Any]], title: str) -> list[Job]:
    """List the volumes to bind, of the sheets that were drawn.

    Parameters
    ----------
    groups : sequence of Group
    done : mapping of job to result
        Booklets (``commune-<code>``) and sheets of the grid (``cell-<name>``).
    title : str

    Returns
    -------
    list of Job
        None for a group whose sheets all failed.
    """
    cells = {key: result for key, result in done.items() if key.startswith("cell-")}
    jobs = []
    for group in groups:
        codes = tuple(code for code in group.insee if f"commune-{code}" in done)
        missing = tuple(code for code in group.insee if code not in codes)
        parts = {**cells, **{f"commune-{code}": done[f"commune-{code}"] for code in codes}}
        if codes:
            depends = json.dumps(
                [title, group.name, missing, {key: result["sha256"] for key, result in parts.items()}],
                sort_keys=True,
            )
            jobs.append(
                Job(
                    f"volume-{group.key}",
                    f"volumes/{group.key}.pdf",
                    {"group": Group(group.key, group.name, codes, missing), "parts": parts},
                    sha256(depends.encode()).hexdigest(),
                )
            )
    return jobs


def draw_volume(workshop: Workshop, job: Job) -> dict[str, Any]:
    """Bind a volume, and give its file, pages, size and hash."""
    group: Group = job.payload["group"]
    path, pages = _bind(workshop, group, job.payload["parts"])
    return {
        "file": path.relative_to(workshop.folder).as_posix(),
        "bytes": path.stat().st_size,
        "sha256": hash_file(path),
        "pages": pages,
    }


@dataclass
class _Composer:
    """Composes the pages that only a volume has, once its folios are known."""

    workshop: Workshop
    territory: Territory
    cells: tuple[str, ...]
    booklets: Mapping[str, Mapping[str, Any]]
    places: Sequence[NamedPlace]
    unnamed: dict[str, int]
    missing: Sequence[str] = ()

    @property
    def language(self) -> str:
        return self.workshop.options.language

    def info(self) -> DocumentInfo:
        name = self.territory.name
        title = self.workshop.title if not name else f"{self.workshop.title} – {name}"
        about = self.workshop.content.about
        directorate = (about.get("issuer") or {}).get("directorate")
        return DocumentInfo(
            title,
            read_date(about),
            say("atlas.volume_description", self.language, title=title, count=len(self.booklets)),
            self.language,
            (str(directorate),) if directorate else (),
            tuple(word for word in (name, "trame verte et bleue") if word),
        )

    def front(self, folios: Mapping[str, int]) -> Iterator[tuple[str, Page]]:
        """Give the pages before the sheets, with their places."""
        workshop, language = self.workshop, self.language
        sheet_format = workshop.options.sheet_format
        maps = sum(len(booklet["scales"]) for booklet in self.booklets.values()) + len(self.cells)
        cover = compose_cover(
            workshop.content,
            self.territory,
            title=workshop.title,
            sheets=maps,
            spec=workshop.specs[0],
            language=language,
            sheet_format=sheet_format,
            missing=self.missing,
        )
        yield "", cover
        parts = [Entry(say("atlas_volume.key_map", language), KEY_MAP)] if self.cells else []
        parts.append(Entry(say("atlas_volume.commune_index", language), COMMUNE_INDEX))
        if self.places:
            parts.append(Entry(say("atlas_volume.place_index", language), PLACE_INDEX))
        contents = compose_contents(
            parts,
            self.cells,
            self.territory.communes,
            folios,
            running=self.info().title,
            language=language,
            sheet_format=sheet_format,
        )
        yield CONTENTS, contents
        if self.cells:
            assert workshop.grid is not None
            keymap = compose_keymap(
                workshop.content,
                workshop.grid,
                self.territory,
                folios,
                running=self.info().title,
                spec=workshop.specs[0],
                language=language,
            )
            yield KEY_MAP, keymap

    def list_absent(self, place: str) -> list[str]:
        """List the sheets of the grid that the volume lacks: links to them lead to the key map."""
        if place != KEY_MAP or self.workshop.grid is None:
            return []
        return [
            name_cell_place(cell.name) for cell in self.workshop.grid.cells if cell.name not in self.cells
        ]

    def back(self, folios: Mapping[str, int]) -> Iterator[tuple[str, Page]]:
        """Give the pages after the sheets, with their places."""
        workshop = self.workshop
        settings: dict[str, Any] = {
            "running": self.info().title,
            "language": self.language,
            "sheet_format": workshop.options.sheet_format,
        }
        grid = workshop.grid if self.cells else None
        yield COMMUNE_INDEX, compose_commune_index(self.territory, grid, folios, **settings)
        if self.places:
            index = compose_place_index(workshop.content, self.places, self.unnamed, grid, folios, **settings)
            yield PLACE_INDEX, index


def _bind(workshop: Workshop, group: Group, done: Mapping[str, Mapping[str, Any]]) -> tuple[Path, int]:
    folder = workshop.folder
    outside = say("atlas.outside_groups", workshop.options.language) if group.key == _NO_GROUP else ""
    territory = find_territory(workshop.content, group.name or outside, insee=group.insee)
    cells: tuple[str, ...] = ()
    if workshop.grid is not None:
        held = find_cells(workshop.grid, territory.outline)
        cells = tuple(name for name in held if f"cell-{name}" in done)
    booklets = {code: done[f"commune-{code}"] for code, _ in territory.communes}
    places, unnamed = find_places(workshop.content, territory, workshop.grid if cells else None)
    table = workshop.content.communes
    lacking = table["name"][table["insee"].astype(str).isin(group.missing)].astype(str)
    composer = _Composer(
        workshop, territory, cells, booklets, places, unnamed, sorted(set(lacking), key=alphabetize)
    )
    info = composer.info()

    # Folios follow from the lengths of what stands before; those of the lists do not depend on folios.
    front = [(place, count_pages(page, info)) for place, page in composer.front({})]
    folios: dict[str, int] = {}
    page = 1
    for place, count in front:
        folios[place] = page
        page += count
    for name in cells:
        folios[name_cell_place(name)] = page
        page += 1
    for code, booklet in booklets.items():
        folios[name_commune_place(code)] = page
        page += int(booklet["pages"])
    for place, one in list(composer.back(folios)):
        folios[place] = page
        page += count_pages(one, info)
    folios.pop("", None)

    parts = [_set(place, one, info, composer.list_absent(place)) for place, one in composer.front(folios)]
    parts += [_take_cell(workshop, name, done) for name in cells]
    parts += [_take_booklet(workshop, code, name, booklets[code]) for code, name in territory.communes]
    parts += [_set(place, one, info) for place, one in composer.back(folios)]
    _check_folios(parts, folios)
    target = folder / "volumes" / f"{group.key}.pdf"
    volume = join_documents(
        target,
        parts,
        title=info.title,
        language=info.language,
        date=info.date,
        author=info.author,
        description=info.description,
        keywords=info.keywords,
        folios=_make_folios(parts, info),
        first_folio=1,
    )
    return target, volume.pages


def _set(place: str, page: Page, info: DocumentInfo, others: Iterable[str] = ()) -> Part:
    """Set pages of the volume, which bear the name of their place, and maybe those of others."""
    data = set_document([page], info)
    return Part(
        data=data,
        bookmarks=(Bookmark(page.title, 0),) if page.title else (),
        names={name: 0 for name in (place, *others) if name},
    )


def _take_cell(workshop: Workshop, name: str, done: Mapping[str, Mapping[str, Any]]) -> Part:
    return Part(
        path=workshop.folder / str(done[f"cell-{name}"]["file"]),
        bookmarks=(Bookmark(name, 0),),
        names={name_cell_place(name): 0},
        chapter=(say("atlas.chapter_cells", workshop.options.language),),
    )


def _take_booklet(workshop: Workshop, code: str, name: str, result: Mapping[str, Any]) -> Part:
    titles = [str(title) for title in result["titles"]]
    children = tuple(Bookmark(title, number) for number, title in enumerate(titles))
    return Part(
        path=workshop.folder / str(result["file"]),
        bookmarks=(Bookmark(f"{name} ({code})", 0, children if len(children) > 1 else ()),),
        names={name_commune_place(code): 0},
        chapter=(say("atlas.chapter_communes", workshop.options.language),),
    )


def _check_folios(parts: Sequence[Part], folios: Mapping[str, int]) -> None:
    """Check that what the contents and the indexes say of pages is so."""
    page = 1
    for part in parts:
        for name, place in part.names.items():
            # Sheets that the volume lacks stand for the key map, and have no page of their own.
            assert folios.get(name, page + place) == page + place, f"'{name}' is not on page {folios[name]}"
        page += len(measure_part(part))


def _make_folios(parts: Sequence[Part], info: DocumentInfo) -> Part | None:
    """Set a foot for every page but the cover."""
    sizes = [size for part in parts for size in measure_part(part)]
    pages = [
        {"width": size.right - size.left, "height": size.top - size.bottom, "folio": str(number)}
        for number, size in enumerate(sizes, start=1)
    ]
    if len(pages) < 2:
        return None
    feet = Page("folios", {"running": info.title, "pages": pages[1:]})
    return Part(data=set_document([feet], info))
