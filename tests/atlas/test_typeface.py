"""The typeface: outlines for halos, and the widths that labels are measured with."""

from __future__ import annotations

import math
import unicodedata
from importlib.resources import files

import pytest

from bocage.atlas.typeface import draw_halo, read_typeface
from bocage.cartography.labels import LabelStyle, PlacedLabel, measure_text
from bocage.wording import entry

FACES = {"Regular": 400, "Semibold": 600, "Bold": 700}


@pytest.mark.parametrize("name", FACES)
def test_labels_are_measured_with_its_widths(name: str) -> None:
    """A text measured for placing is as long as the font sets it, kerning aside."""
    face = read_typeface(name)
    style = LabelStyle(1000 / face.units * 10, weight=FACES[name])  # type: ignore[arg-type]

    for text in ("Saint-Rémy-en-l’Œuf", "CŒUR D’ÎLE", "« 12\u202f345 »", "Pont-à-Mousson"):
        assert measure_text(text, style) == pytest.approx(sum(map(face.advance, text)) / 100, rel=0.01)


@pytest.mark.parametrize("name", ["Regular", "Italic", "Semibold", "Bold"])
def test_has_every_letter(name: str) -> None:
    """The font has every letter of French and of the neighbouring languages, and what the sheet writes."""
    face = read_typeface(name)
    needed = "àâäæçéèêëîïôöœùûüÿñßšžłőåø’«»–—…©²³°\u00a0\u202f/()[]:;!?%&+'\"·"
    missing = [c for c in (*needed, *needed.upper()) if all(ord(x) not in face.glyphs for x in c)]

    assert missing == []
    assert entry("atlas.map_kind")["fr"].isprintable()


def test_outline_of_a_bar() -> None:
    """The vertical bar is one contour of four points on the curve."""
    face = read_typeface("Regular")
    (contour,) = face.contours(face.glyphs[ord("|")])

    assert len(contour) == 4 and all(on for _, _, on in contour)


def test_accents_are_composed() -> None:
    """An accented letter has the contours of the letter and of its accent."""
    face = read_typeface("Bold")
    for letter in "éàüçÎ":
        base = unicodedata.normalize("NFD", letter)[0]
        assert len(face.contours(face.glyphs[ord(letter)])) > len(face.contours(face.glyphs[ord(base)])) - 1


def test_halo() -> None:
    """A halo has the contours of all letters, lies at the label's place, and is absent when not wanted."""
    label = PlacedLabel(("il",), 30, 20, 12.5, 5, 3, LabelStyle(2.0))
    face = read_typeface("Regular")

    halo = draw_halo(label)

    assert "translate(30.00 20.00) rotate(12.50)" in halo
    assert halo.count("M") == sum(len(face.contours(face.glyphs[ord(letter)])) for letter in "il")
    assert math.isclose(float(halo.split('stroke-width="')[1].split('"')[0]), 0.7 / 2 * face.units)
    assert draw_halo(PlacedLabel(("il",), 0, 0, 0, 5, 3, LabelStyle(2.0, halo=None))) == ""


def test_licence_is_beside_the_fonts() -> None:
    """The open font licence travels with the fonts, and the family does not bear the reserved name."""
    folder = files("bocage.atlas").joinpath("fonts")

    assert "SIL OPEN FONT LICENSE Version 1.1" in folder.joinpath("OFL.txt").read_text(encoding="utf-8")
    assert [f.name for f in folder.iterdir() if f.name.startswith("Source")] == []
