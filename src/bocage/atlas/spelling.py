"""Letters that the sheet's typeface has: one name in another script must not cost a commune its sheet."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from bocage.atlas.typeface import read_typeface

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.atlas.content import Content
    from bocage.journal import Journal

UNKNOWN = "?"
"""What stands for a letter that the typeface lacks and that no other can stand for."""

# Where compatibility (NFKD) gives nothing that the typeface has.
_STAND_INS = {
    "\u2010": "-", "\u2011": "-", "\u2012": "–", "\u2212": "–", "\u02bc": "’", "\u02b9": "’", "\u2032": "’",
    "\u2033": "”", "\u2265": ">=", "\u2264": "<=", "\u2192": "->", "\u2190": "<-", "\u2030": " pour mille",
    "\u039c": "M", "\u03bc": "µ",
}  # fmt: skip


def spell(text: str) -> str:
    r"""Write a text with the letters of the typeface.

    Accents are composed, letters that it lacks take their nearest equivalent, control characters go.

    >>> spell("Saint\u2011Remy"), spell("E\u0301cluse"), spell("\ufb01let"), spell("Δelta \x07")
    ('Saint-Remy', 'Écluse', 'filet', '?elta ')
    """
    composed = unicodedata.normalize("NFC", text)
    known = _letters()
    if known.issuperset(composed):
        return composed
    return "".join(letter if letter in known else _stand_in(letter) for letter in composed)


def spell_data(value: Any) -> Any:
    """Spell every text of plain nested values."""
    if isinstance(value, str):
        return spell(value)
    if isinstance(value, Mapping):
        return {key: spell_data(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [spell_data(one) for one in value]
    return value


def spell_content(content: Content, journal: Journal) -> Content:
    """Spell the names of all that the sheets may draw, and note those that lost letters.

    A commune without a name is called by its code.

    Parameters
    ----------
    content : Content
    journal : Journal

    Returns
    -------
    Content
    """
    lost: dict[str, None] = {}
    communes = content.communes.copy()
    for column in ("name", "epci", "departement"):
        if column in communes.columns:
            communes[column] = _spell_column(communes[column], lost)
    blank = communes["name"].fillna("").astype(str).str.strip() == ""
    communes.loc[blank, "name"] = communes.loc[blank, "insee"].astype(str)
    spelled = replace(
        content,
        communes=communes,
        network=replace(
            content.network,
            tables={key: _spell_table(table, lost) for key, table in content.network.tables.items()},
        ),
        themes={key: _spell_table(table, lost) for key, table in content.themes.items()},
        context={key: _spell_table(table, lost) for key, table in content.context.items()},
        groupings={key: _spell_table(table, lost) for key, table in content.groupings.items()},
    )
    if lost:
        journal.add("names_respelled", count=len(lost), names=", ".join(list(lost)[:5]))
    return spelled


def _spell_table(table: GeoDataFrame, lost: dict[str, None]) -> GeoDataFrame:
    columns = [name for name in ("name", "type_label", "subnetwork", "medium") if name in table.columns]
    changed = {name: _spell_column(table[name], lost) for name in columns}
    return table.assign(**changed) if changed else table


def _spell_column(values: Any, lost: dict[str, None]) -> Any:
    def write(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        written = spell(value)
        if written.count(UNKNOWN) > value.count(UNKNOWN):
            lost[value] = None
        return written

    import pandas

    distinct = {value: write(value) for value in values.unique() if isinstance(value, str)}
    # Not by map, which would turn None into NaN.
    spelled = [distinct.get(value, value) if isinstance(value, str) else value for value in values]
    return pandas.Series(spelled, index=values.index, dtype=object)


def _stand_in(letter: str) -> str:
    if letter in "\n\t":
        return letter
    if letter in _STAND_INS:
        return _STAND_INS[letter]
    if unicodedata.category(letter) in ("Cc", "Cf", "Mn", "Me"):
        return ""
    known = _letters()
    plain = "".join(_base_letters(letter))
    return plain if plain and known.issuperset(plain) else UNKNOWN


def _base_letters(letter: str) -> Iterator[str]:
    for part in unicodedata.normalize("NFKD", letter):
        if not unicodedata.combining(part):
            yield _STAND_INS.get(part, part)


@cache
def _letters() -> frozenset[str]:
    """Give the letters that all styles of the typeface have, with the soft hyphen and the ends of lines."""
    faces = [set(read_typeface(name).glyphs) for name in ("Regular", "Italic", "Semibold", "Bold")]
    return frozenset({chr(code) for code in set.intersection(*faces) if code >= 32} | {"\u00ad", "\n", "\t"})
