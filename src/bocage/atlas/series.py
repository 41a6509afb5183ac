"""The series of sheets that each commune gets: which themes each sheet draws, and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from bocage.atlas.content import Content
from bocage.cartography.symbols import Symbol, Symbols
from bocage.errors import InputError
from bocage.network import Theme
from bocage.wording import entry

CONTINUITIES = "continuities"
"""Stands for every theme of the network, and for continuities of national importance where given."""

NETWORK_THEMES: tuple[Theme, ...] = get_args(Theme)
GROUPS = ("inventories", "protections", "water")
"""Families of other themes, each with a standard sheet."""

_STANDARD: Mapping[str, tuple[str, ...]] = {
    "continuites": (CONTINUITIES,),
    "inventaires": ("inventories",),
    "protections": ("protections",),
    "eau": ("watercourses", "water"),
}
_STANDARD_WORDS = (
    "map_title",
    "plan_title",
    "explanation_title",
    "explanation",
    "nota",
    "lineage",
    "adoption",
)


@dataclass(frozen=True)
class SheetSpec:
    """A sheet of the series.

    Attributes
    ----------
    key : str
        Short name, which ends the names of its pictures.
    themes : tuple of str
        What it draws, in the order of the legend: themes of the network, symbol keys of other themes.
    words : mapping
        Words that replace those of ``about["sheet"]``: ``map_title``, ``explanation`` ...
    status : mapping, optional
        Legal status printed in place of the network's: ``kind``, ``date``, ``reference``.
    """

    key: str = "continuites"
    themes: tuple[str, ...] = NETWORK_THEMES
    words: Mapping[str, Any] = field(default_factory=dict)
    status: Mapping[str, Any] | None = None

    @property
    def network_themes(self) -> tuple[Theme, ...]:
        """The themes of the network it draws, in their usual order."""
        return tuple(theme for theme in NETWORK_THEMES if theme in self.themes)

    @property
    def other_themes(self) -> tuple[str, ...]:
        """The other themes it draws, in the order of the legend."""
        return tuple(key for key in self.themes if key not in NETWORK_THEMES)

    def chooses(self, symbol: Symbol) -> bool:
        """Tell whether a symbol of the palette belongs to it."""
        if symbol.table is not None:
            return symbol.theme in self.themes
        return symbol.key in self.themes


def plan_series(
    content: Content, sheets: Sequence[Mapping[str, Any]] = (), language: str = "fr"
) -> tuple[SheetSpec, ...]:
    """Plan the series: the sheets asked for, or the standard ones that have data.

    Parameters
    ----------
    content : Content
    sheets : sequence of mappings, optional
        As the ``[[atlas.sheet]]`` tables: ``key``, ``themes`` (``continuities``, a theme of the network, a
        family of themes or the key of a theme), ``status`` and words. Without any: continuities, and
        inventories, protections, water where a layer of theirs was given.
    language : {"fr", "en"}
        Of the words.

    Returns
    -------
    tuple of SheetSpec
        At least one.

    Raises
    ------
    InputError
        A theme or the key of a sheet is unknown or given twice.
    """
    if not sheets:
        standard = [
            _make_spec({"key": key, "themes": themes}, content, language)
            for key, themes in _STANDARD.items()
            if key == "continuites" or _has_family(content, themes[-1])
        ]
        return tuple(standard)
    specs = [_make_spec(sheet, content, language) for sheet in sheets]
    keys = [spec.key for spec in specs]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"[[atlas.sheet]]: two sheets have the key '{key}'; give each its own.")
    return tuple(specs)


def _has_family(content: Content, group: str) -> bool:
    return any(content.symbols[key].group == group for key in content.themes)


def _make_spec(sheet: Mapping[str, Any], content: Content, language: str) -> SheetSpec:
    themes: list[str] = []
    for name in sheet["themes"]:
        themes += [key for key in _resolve(name, content, sheet["key"]) if key not in themes]
    standard = next((key for key, wanted in _STANDARD.items() if wanted == tuple(sheet["themes"])), None)
    words: dict[str, Any] = {}
    if standard not in (None, "continuites"):
        words = {key: entry(f"atlas.{standard}_{key}")[language] for key in _STANDARD_WORDS}
    given = {
        key: value
        for key, value in sheet.items()
        if key not in ("key", "themes", "status") and value is not None
    }
    status = sheet.get("status") or (
        {"kind": standard} if standard in ("inventaires", "protections") else None
    )
    return SheetSpec(str(sheet["key"]), tuple(themes), {**words, **given}, status)


def _resolve(name: str, content: Content, sheet: str) -> tuple[str, ...]:
    if name == CONTINUITIES:
        given = (symbol.key for symbol in _list_group(content.symbols, name))
        return (*NETWORK_THEMES, *(key for key in given if key in content.themes))
    if name in NETWORK_THEMES:
        return (name,)
    if name in GROUPS:
        return tuple(
            symbol.key for symbol in _list_group(content.symbols, name) if symbol.key in content.themes
        )
    known = {symbol.key for symbol in content.symbols if symbol.group is not None}
    if name in known:
        return (name,)
    listed = ", ".join((CONTINUITIES, *NETWORK_THEMES, *GROUPS, *sorted(known)))
    raise InputError(f"[[atlas.sheet]] '{sheet}': the theme '{name}' is unknown; give one of {listed}.")


def _list_group(symbols: Symbols, group: str) -> tuple[Symbol, ...]:
    return tuple(symbol for symbol in symbols.by_key.values() if symbol.group == group)
