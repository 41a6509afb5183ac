"""Sentences for people, in French and English, kept as data so that no room writes prose in its code.

One TOML file per room: a table per sentence, with ``fr`` and ``en`` texts whose ``{name}``
places are filled with named values. Numbers are written as each language writes them.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

from bocage.units import NBSP, THIN_NBSP, format_number

Value = str | int | float


def entry(key: str) -> dict[str, Any]:
    """Give the whole entry of ``"file.sentence"``, as the catalogue holds it.

    Raises
    ------
    KeyError
        If no such sentence exists: a mistake of the programmer, not of the user.
    """
    room, _, name = key.partition(".")
    found: dict[str, Any] = _catalogue(room)[name]
    return found


def say(key: str, language: str = "fr", **values: Value) -> str:
    """Write a sentence of the catalogue.

    Whole numbers are written without decimals, others with one; give text for anything else.

    >>> say("journal.geometry_repaired", "en", layer="roads", count=3)
    "Layer 'roads': 3 invalid geometries were repaired."
    """
    shown = {
        name: value
        if isinstance(value, str)
        else format_number(value, 0 if isinstance(value, int) else 1, language)
        for name, value in values.items()
    }
    text = str(entry(key)[language]).format(**shown)
    return bind_spaces(text) if language == "fr" else text


def bind_spaces(text: str) -> str:
    r"""Keep the high punctuation of French with its word, whatever spaces it was written with.

    >>> bind_spaces("coût : 30 % « admis »")
    'coût\xa0: 30\xa0% «\xa0admis\xa0»'
    """
    return re.sub(r" (?=[;:!?%»])|(?<=«) ", NBSP, text)


def agree(text: str, language: str) -> str:
    """Make words that end in ``(s)`` or ``(es)`` agree with the number before them.

    >>> agree("1 tache(s) isolée(s), 1,5 point(s), 2 lien(s)", "fr")
    '1 tache isolée, 1,5 point, 2 liens'
    >>> agree("0 patch(es), 1 group(s)", "en")
    '0 patches, 1 group'
    """

    def write(found: re.Match[str]) -> str:
        digits = re.sub(r"[^0-9,.]", "", found[1])
        if language == "fr":
            several = float(digits.replace(",", ".")) >= 2
        else:
            several = float(digits.replace(",", "")) != 1
        return found[1] + re.sub(r"\((e?s)\)", r"\1" if several else "", found[2])

    number = rf"(?<![\w,.])(\d[\d,.{THIN_NBSP}]*)"
    return re.sub(rf"{number}((?: [^\W\d]+\(e?s\))+)", write, text)


def fold_name(name: str) -> str:
    """Write a name without accents, ligatures, case or kinds of apostrophe, to sort or compare it.

    >>> fold_name("L’Œuvre-Été")
    "l'oeuvre-ete"
    """
    letters = name.replace("’", "'").casefold().replace("œ", "oe").replace("æ", "ae")
    return "".join(x for x in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(x)).strip()


@cache
def _catalogue(room: str) -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("bocage.wording").joinpath(f"{room}.toml").read_text(encoding="utf-8"))
