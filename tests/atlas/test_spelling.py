"""Names in any letters: a sheet is drawn, whatever the typeface lacks."""

from __future__ import annotations

import pytest

from bocage.atlas import compose_sheet
from bocage.atlas.spelling import spell, spell_content
from bocage.journal import Journal
from tests.atlas.networks import ABOUT_VALLEY, make_content, make_valley
from tests.atlas.reading import read_text

ODD = ["Αθήνα", "东京", "مدينة", "Bois\u2011Noir", "E\u0301tang", "\ufb01let", "a\u0007b", "🦊", "µ", "10 ‰"]


@pytest.mark.parametrize("name", ODD)
def test_every_name_is_printed(name: str) -> None:
    """A commune of any name has its sheet, with the letters that can be printed."""
    network, communes = make_valley(name=name)

    text = read_text(compose_sheet(make_content(network, communes, ABOUT_VALLEY), "99005").to_pdf())

    assert "99005" in text


def test_equivalents() -> None:
    """Accents are composed, look-alikes replaced, what cannot be printed is a question mark."""
    assert spell("Œuf – l’Haÿ « été » 5 m²") == "Œuf – l’Haÿ « été » 5 m²"
    assert spell("E\u0301tang") == "Étang"
    assert spell("Bois\u2011Noir") == "Bois-Noir"
    assert spell("Ωmega") == "?mega"


def test_content_is_spelled_once_and_told() -> None:
    """Names are spelled in every table, losses are noted, and a commune without a name bears its code."""
    network, communes = make_valley(name="Αθήνα")
    communes.loc[0, "name"] = ""
    journal = Journal()

    spelled = spell_content(make_content(network, communes, ABOUT_VALLEY), journal)

    assert spelled.communes["name"].iloc[4] == "?????"
    assert spelled.communes["name"].iloc[0] == "99001"
    assert [note.code for note in journal.notes] == ["names_respelled"]
