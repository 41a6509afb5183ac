"""A document of several pages: set by typst as PDF/UA-1, then told where its maps lie on earth."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bocage.atlas.page import Page
from bocage.atlas.pdf import stamp_pages
from bocage.atlas.spelling import spell, spell_data


@dataclass(frozen=True)
class DocumentInfo:
    """What a document says of itself.

    Attributes
    ----------
    title, description : str
    date : datetime.date
        Of the study: nothing is dated by the clock.
    language : {"fr", "en"}
    author, keywords : tuple of str
    """

    title: str
    date: datetime.date
    description: str = ""
    language: str = "fr"
    author: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


def set_document(pages: Sequence[Page], info: DocumentInfo) -> bytes:
    """Set pages as one PDF/UA-1 that a GIS opens in place; the same bytes for the same input.

    Parameters
    ----------
    pages : sequence of Page
        Those with a georeference come before any that may run over several sheets of paper.
    info : DocumentInfo

    Returns
    -------
    bytes
    """
    pdf = _compile(pages, info, format="pdf", pdf_standards="ua-1")
    return stamp_pages(pdf, pages)


def draw_pages(pages: Sequence[Page], info: DocumentInfo, *, dpi: float = 110.0) -> list[bytes]:
    """Set pages as pictures (PNG), one for each sheet of paper."""
    pictures = _compile(pages, info, format="png", ppi=dpi)
    return pictures if isinstance(pictures, list) else [pictures]


def find_picture_fault(name: str, data: bytes) -> str:
    """Tell why a picture cannot be set on a page; nothing when it can.

    Parameters
    ----------
    name : str
        Ends in the suffix of its format.
    data : bytes

    Returns
    -------
    str
        The setter's words; empty when the picture is sound.
    """
    import typst

    try:
        _set({"main.typ": f'#image("{name}")'.encode(), name: data}, format="svg", font_paths=_fonts())
    except typst.TypstError as error:
        return str(error).removesuffix(".")
    return ""


def _compile(pages: Sequence[Page], info: DocumentInfo, **settings: Any) -> Any:
    moment = datetime.datetime(info.date.year, info.date.month, info.date.day, tzinfo=datetime.UTC)
    sources: dict[str, bytes] = {}
    body = []
    for number, page in enumerate(pages):
        folder = f"page{number}"
        sources[f"{folder}/page.json"] = _write_json(spell_data(page.data))
        sources |= {f"{folder}/{name}": _spell_file(name, content) for name, content in page.files.items()}
        body.append(f'#{page.template.replace("_", "-")}("{folder}")')
    templates = sorted({page.template for page in pages})
    sources |= _templates()
    head = [f'#import "{name}.typ": {name.replace("_", "-")}' for name in templates]
    said = {
        "title": info.title,
        "description": info.description,
        "author": list(info.author),
        "keywords": list(info.keywords),
        "date": [info.date.year, info.date.month, info.date.day],
        "language": info.language,
    }
    sources["document.json"] = _write_json(spell_data(said))
    sources["main.typ"] = "\n".join(['#import "style.typ": document-style', *head, _OPENING, *body]).encode()
    return _set(
        sources, font_paths=_fonts(), ignore_system_fonts=True, timestamp=int(moment.timestamp()), **settings
    )


def _write_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()


def _spell_file(name: str, content: bytes) -> bytes:
    # A letter that the typeface lacks stops typst: names of the content are spelled already, others here.
    if not name.endswith(".svg") or name.startswith("logo"):
        return content
    text = content.decode()
    return content if text.isascii() else spell(text).encode()


_MEMORY_OF_TYPST = 11
_OPENING = '#show: document-style.with(json("document.json"))'


def _set(sources: Mapping[str, bytes], **settings: Any) -> Any:
    """Set ``main.typ``, from files: sources given in memory can only be text, and a logo is not."""
    import typst

    with TemporaryDirectory(prefix="bocage-") as folder:
        for name, content in sources.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        compiled = typst.compile(str(Path(folder, "main.typ")), root=folder, **settings)
    # Typst keeps what it set until it has set so many other documents: some 15 MB a page with pictures.
    for _ in range(_MEMORY_OF_TYPST):
        typst.compile(b"", format="svg", font_paths=_fonts(), ignore_system_fonts=True)
    return compiled


@cache
def _templates() -> dict[str, bytes]:
    folder = files("bocage.atlas").joinpath("templates")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".typ")}


@cache
def _fonts() -> Any:
    import typst

    with as_file(files("bocage.atlas").joinpath("fonts")) as folder:
        # Read once and kept: the folder may be a temporary one.
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
