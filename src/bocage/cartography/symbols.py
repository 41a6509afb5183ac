"""Symbology of the network and of the other themes: one palette for sheet, report and QGIS styles."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast, get_args

from bocage.errors import InputError
from bocage.network import COLUMNS, Table, Theme

Kind = Literal["polygon", "line", "point"]
Shape = Literal["diamond", "circle", "square", "triangle", "cross"]
Group = Literal["inventories", "protections", "water", "continuities"]

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_REQUIRED = ("kind", "order", "fr", "en")
_DRAWS = ("theme", "table", "where", "group")
_LOOKS = ("fill", "fill_opacity", "stroke", "width", "dash", "casing", "casing_width", "hatch", "marker")
_KEYS = frozenset((*_REQUIRED, *_DRAWS, *_LOOKS))


@dataclass(frozen=True, slots=True)
class Hatch:
    """Parallel lines that fill a polygon.

    Attributes
    ----------
    angle : float
        Direction of the lines, anticlockwise from east [degrees].
    spacing, width : float
        Distance between the lines' axes, and their width [mm on paper].
    colour : str
        As ``"#6f9c2b"``.
    """

    angle: float
    spacing: float
    width: float
    colour: str


@dataclass(frozen=True, slots=True)
class Marker:
    """Shape of a point symbol, and its height [mm on paper]."""

    shape: Shape
    size: float


@dataclass(frozen=True, slots=True)
class Symbol:
    """How one class of objects is drawn. Lengths in millimetres on paper.

    Attributes
    ----------
    key : str
        Name within the palette, as ``"corridor_to_restore"``.
    kind : {"polygon", "line", "point"}
    order : int
        Drawing order, the lowest first.
    label_fr, label_en : str
        Words of the legend.
    theme, table : str, optional
        Theme and table of the network it draws; none for the base map.
    where : mapping of column to value
        The objects of the table it draws: all the columns must hold the values.
    group : str, optional
        Sheet on which it belongs, when it draws a layer that is no part of the network.
    fill, stroke, casing : str, optional
        Colours as ``"#6fb17a"``; the casing is a wider line under the stroke.
    fill_opacity : float
        In [0, 1].
    width, casing_width : float
        Widths of the stroke and of the casing.
    dash : tuple of float
        Lengths of strokes and gaps in turn; empty when unbroken.
    hatch : Hatch, optional
    marker : Marker, optional
    """

    key: str
    kind: Kind
    order: int
    label_fr: str
    label_en: str
    theme: Theme | None = None
    table: Table | None = None
    where: Mapping[str, str | bool] | None = None
    fill: str | None = None
    fill_opacity: float = 1.0
    stroke: str | None = None
    width: float = 0.0
    dash: tuple[float, ...] = ()
    casing: str | None = None
    casing_width: float = 0.0
    hatch: Hatch | None = None
    marker: Marker | None = None
    group: Group | None = None

    def label(self, language: str = "fr") -> str:
        """Give the words of the legend."""
        return self.label_fr if language == "fr" else self.label_en

    @property
    def conditions(self) -> dict[str, str | bool]:
        """The columns and values that choose its objects; empty when it draws the whole table."""
        return dict(self.where or {})


@dataclass(frozen=True, slots=True)
class Symbols:
    """A palette: symbols by key, in drawing order.

    Examples
    --------
    >>> symbols = load_symbols()
    >>> symbols["corridor"].hatch.angle
    45.0
    >>> [symbol.key for symbol in symbols.of_table("obstacle_p")]
    ['obstacle_point']
    """

    by_key: Mapping[str, Symbol]

    def __getitem__(self, key: str) -> Symbol:
        return self.by_key[key]

    def __iter__(self) -> Iterator[Symbol]:
        return iter(sorted(self.by_key.values(), key=lambda symbol: (symbol.order, symbol.key)))

    def __len__(self) -> int:
        return len(self.by_key)

    def of_theme(self, theme: Theme) -> tuple[Symbol, ...]:
        """Give the symbols of a theme in drawing order."""
        return tuple(symbol for symbol in self if symbol.theme == theme)

    def of_table(self, table: Table) -> tuple[Symbol, ...]:
        """Give the symbols of a table of the network in drawing order."""
        return tuple(symbol for symbol in self if symbol.table == table)

    def of_group(self, group: Group) -> tuple[Symbol, ...]:
        """Give the symbols of the themes of a sheet in drawing order.

        >>> [symbol.key for symbol in load_symbols().of_group("continuities")]
        ['national_continuity']
        """
        return tuple(symbol for symbol in self if symbol.group == group)


def load_symbols(path: Path | str | None = None, extra: Mapping[str, Symbol] | None = None) -> Symbols:
    """Read a palette.

    Parameters
    ----------
    path : path, optional
        A palette file; its symbols replace those of the same name in bocage's own palette, and draw the
        same objects. An entry that gives ``kind`` replaces the whole symbol; one that does not changes
        only the properties it names. Without it, bocage's own.
    extra : mapping of key to Symbol, optional
        Symbols of the user's own themes, from ``parse_symbols``. One named as a theme of bocage's
        replaces it; the palette file may replace any of them.

    Returns
    -------
    Symbols

    Raises
    ------
    InputError
        If the file is missing, is not TOML, or describes a symbol that cannot be drawn; if an extra
        symbol takes the name of one of the network or of the base map.
    """
    text = files("bocage.cartography").joinpath("symbols.toml").read_text(encoding="utf-8")
    own = tomllib.loads(text)
    found = parse_symbols(own, "symbols.toml")
    for key in sorted(extra or {}):
        if key in found and found[key].group is None:
            raise InputError(
                f"The theme '{key}' has the name of a symbol of the network or of the base map; "
                "give it another name."
            )
    for key, symbol in (extra or {}).items():
        own_group = found[key].group if key in found else None
        found[key] = replace(symbol, group=symbol.group or own_group)
    if path is None:
        return Symbols(found)
    try:
        entries = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The palette {path} cannot be read ({error.strerror}); check its path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"The palette {path} is not a TOML file in UTF-8 ({error}); mend it there."
        ) from error
    whole = {
        key: {**own[key], **entry}
        if isinstance(entry, dict) and key in own and "kind" not in entry
        else entry
        for key, entry in entries.items()
    }
    replaced = parse_symbols(whole, str(path))
    unknown = sorted(replaced.keys() - found.keys())
    if unknown:
        raise InputError(
            f"The palette {path} describes the symbol '{unknown[0]}', which nothing draws; "
            f"the symbols are {', '.join(sorted(found))}."
        )
    return Symbols(found | {key: _take_over(found[key], new, path) for key, new in replaced.items()})


def parse_symbols(entries: Mapping[str, Any], source: str) -> dict[str, Symbol]:
    """Read symbols from tables of the palette's grammar.

    Parameters
    ----------
    entries : mapping of key to table
        As TOML gives them.
    source : str
        Where they were found, for errors.

    Returns
    -------
    dict of key to Symbol

    Raises
    ------
    InputError
        If one of them cannot be drawn.

    Examples
    --------
    >>> orchard = {"kind": "polygon", "order": 25, "fill": "#d9c56b", "fr": "verger", "en": "orchard"}
    >>> parse_symbols({"orchard": orchard}, "atlas.toml")["orchard"].label("en")
    'orchard'
    """
    symbols = {}
    for key, entry in entries.items():
        try:
            symbols[key] = _parse_symbol(key, entry)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
            raise InputError(f"The symbol '{key}' of {source} cannot be drawn: {reason}.") from error
    return symbols


def _take_over(old: Symbol, new: Symbol, path: Path | str) -> Symbol:
    """Have a symbol draw what the one it replaces draws: a palette changes looks, not objects."""
    if new.kind != old.kind:
        raise InputError(
            f"The symbol '{new.key}' of {path} is of kind '{new.kind}', but draws objects of kind "
            f"'{old.kind}'; write kind = \"{old.kind}\"."
        )
    return replace(new, theme=old.theme, table=old.table, where=old.where, group=old.group)


def _parse_symbol(key: str, entry: Mapping[str, Any]) -> Symbol:
    if not isinstance(entry, Mapping):
        raise TypeError(f"a table [{key}] was expected, found {entry!r}")
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise ValueError(f"property '{unknown[0]}' is none of {', '.join(sorted(_KEYS))}")
    kind = _one_of(entry["kind"], get_args(Kind), "kind")
    theme = entry.get("theme")
    table = entry.get("table")
    if theme is not None:
        _one_of(theme, get_args(Theme), "theme")
    if table is not None:
        _one_of(table, get_args(Table), "table")
        for column in entry.get("where", {}):
            _one_of(column, tuple(COLUMNS[cast(Table, table)]), f"a column of {table}")
    group = entry.get("group")
    if group is not None:
        _one_of(group, get_args(Group), "group")
        if table is not None:
            raise ValueError("it has both a table of the network and a group; keep one of them")
    hatch = entry.get("hatch")
    marker = entry.get("marker")
    return Symbol(
        key=key,
        kind=cast(Kind, kind),
        order=int(entry["order"]),
        label_fr=str(entry["fr"]),
        label_en=str(entry["en"]),
        theme=cast("Theme | None", theme),
        table=cast("Table | None", table),
        where=dict(entry.get("where", {})),
        fill=_colour(entry.get("fill")),
        fill_opacity=_share(entry.get("fill_opacity", 1.0)),
        stroke=_colour(entry.get("stroke")),
        width=_length(entry.get("width", 0.0), "width"),
        dash=tuple(_length(length, "dash") for length in entry.get("dash", ())),
        casing=_colour(entry.get("casing")),
        casing_width=_length(entry.get("casing_width", 0.0), "casing_width"),
        hatch=None if hatch is None else _hatch(hatch),
        marker=None
        if marker is None
        else Marker(
            cast(Shape, _one_of(marker["shape"], get_args(Shape), "marker shape")),
            _positive(marker["size"], "marker size"),
        ),
        group=cast("Group | None", group),
    )


def _hatch(entry: Mapping[str, Any]) -> Hatch:
    colour = _colour(entry["colour"])
    assert colour is not None
    return Hatch(
        float(entry["angle"]),
        _positive(entry["spacing"], "hatch spacing"),
        _positive(entry["width"], "hatch width"),
        colour,
    )


def _one_of(value: Any, allowed: tuple[str, ...], what: str) -> str:
    if value not in allowed:
        raise ValueError(f"{what} {value!r} was found, one of {', '.join(allowed)} was expected")
    return str(value)


def _colour(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _COLOUR.fullmatch(value.lower()):
        raise ValueError(f"colour {value!r} was found, '#rrggbb' was expected")
    return value.lower()


def _length(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1000:
        raise ValueError(f"{what} {value!r} was found, a length in millimetres was expected")
    return float(value)


def _positive(value: Any, what: str) -> float:
    length = _length(value, what)
    if length == 0:
        raise ValueError(f"{what} is 0, a positive length in millimetres was expected")
    return length


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"fill_opacity {value!r} was found, a number in [0, 1] was expected")
    return float(value)
