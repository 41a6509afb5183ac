"""Reading back what a PDF says, with pikepdf alone."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pikepdf

_HEX = re.compile(r"<([0-9a-fA-F]+)>")


def read_text(pdf: bytes) -> str:
    """Read the text of all pages in drawing order; soft hyphens out, spaces made one."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        text = "\n".join(_read_content(page.obj, page.obj.get("/Resources"), {}) for page in document.pages)
    return normalise(text)


def normalise(text: str) -> str:
    """Make every run of blanks one space, and drop soft hyphens with the break they made."""
    return re.sub(r"\s+", " ", re.sub("\u00ad\\s*", "", text)).strip()


def read_corners(pdf: bytes) -> tuple[np.ndarray, np.ndarray, int, str]:
    """Read the viewport: page coordinates of its corners [pt], their longitude and latitude, EPSG, WKT."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        (viewport,) = document.pages[0].obj.VP
        measure = viewport.Measure
        assert viewport.Type == "/Viewport" and measure.Type == "/Measure" and measure.Subtype == "/GEO"
        left, bottom, right, top = (float(value) for value in viewport.BBox)
        unit = np.array([float(value) for value in measure.LPTS]).reshape(-1, 2)
        earth = np.array([float(value) for value in measure.GPTS]).reshape(-1, 2)
        page = np.column_stack([left + unit[:, 0] * (right - left), bottom + unit[:, 1] * (top - bottom)])
        return page, earth[:, ::-1], int(measure.GCS.EPSG), str(measure.GCS.WKT)


def read_structure(pdf: bytes) -> list[tuple[str, str]]:
    """List the elements of the structure tree in reading order: type, and alternative text if any."""
    found: list[tuple[str, str]] = []

    def walk(element: Any) -> None:
        if isinstance(element, pikepdf.Array):
            for child in element:
                walk(child)
        elif isinstance(element, pikepdf.Dictionary):
            if "/S" in element:
                found.append((str(element.S)[1:], str(element.get("/Alt", ""))))
            if "/K" in element:
                walk(element.K)

    with pikepdf.open(io.BytesIO(pdf)) as document:
        walk(document.Root.StructTreeRoot.K)
    return found


def _read_content(stream: Any, resources: Any, maps: dict[Any, dict[int, str]]) -> str:
    written: list[str] = []
    font: dict[int, str] = {}
    for operands, operator in pikepdf.parse_content_stream(stream):
        name = str(operator)
        if name == "Tf":
            font = _read_font(resources.Font[operands[0]], maps)
        elif name in ("Tj", "TJ", "'"):
            parts = operands[-1] if name == "TJ" else [operands[-1]]
            for part in parts:
                if isinstance(part, pikepdf.String):
                    codes = bytes(part)
                    pairs = zip(codes[::2], codes[1::2], strict=True)
                    written += [font.get(high * 256 + low, "\ufffd") for high, low in pairs]
        elif name == "ET":
            written.append("\n")
        elif name == "Do":
            form = resources.XObject[operands[0]]
            if form.get("/Subtype") == "/Form":
                written.append(_read_content(form, form.get("/Resources", resources), maps))
    return "".join(written)


def _read_font(font: Any, maps: dict[Any, dict[int, str]]) -> dict[int, str]:
    key = font.objgen
    if key not in maps:
        cmap = font.ToUnicode.read_bytes().decode("latin-1")
        found: dict[int, str] = {}
        for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
            values = _HEX.findall(block)
            for code, text in zip(values[::2], values[1::2], strict=True):
                found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
        for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
            values = _HEX.findall(block)
            for low, high, text in zip(values[::3], values[1::3], values[2::3], strict=True):
                first = bytes.fromhex(text).decode("utf-16-be")
                for code in range(int(low, 16), int(high, 16) + 1):
                    found[code] = first[:-1] + chr(ord(first[-1]) + code - int(low, 16))
        maps[key] = found
    return maps[key]
