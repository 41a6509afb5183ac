"""Read the official layers of an atlas: those of the network into its tables, the others by theme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from bocage.cartography.symbols import Kind, Symbols, load_symbols, parse_symbols
from bocage.errors import InputError, StudyError
from bocage.grid import Bounds
from bocage.io.files import require_file
from bocage.io.vectors import read_vector
from bocage.journal import Journal
from bocage.network import COLUMNS, Table, Theme, empty_table
from bocage.study.atlas_tables import AtlasLayer
from bocage.study.layers import IGNORE, read_flag, texts_of, translate
from bocage.study.model import Study
from bocage.study.official import TABLES, read_objects, require_column, split_by_dimension
from bocage.study.suggesting import suggest

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

NETWORK_THEMES: tuple[Theme, ...] = get_args(Theme)

_PASSABLE = "flow_work_passable"
_KIND_OF: dict[int, Kind] = {0: "point", 1: "line", 2: "polygon"}
_KIND_WORDS: dict[Kind, str] = {"point": "points", "line": "lines", "polygon": "polygons"}
# Where a symbol of one's own says nothing, it is drawn among those of its kind.
_ORDERS: dict[str, int] = {"polygon": 17, "line": 35, "point": 47}


@dataclass(frozen=True)
class OfficialLayers:
    """What the ``[[atlas.layer]]`` tables of a study hold.

    Attributes
    ----------
    tables : mapping of table name to GeoDataFrame
        Every table of the network; those that no layer fills are empty.
    provided : mapping of theme to bool
        Which themes of the network a layer was given for.
    themes : mapping of symbol key to GeoDataFrame
        The other themes: ``id``, ``name`` (either may be None), geometries of the symbol's kind.
    uses : tuple of frozenset of str
        For each layer, the themes drawn from it.
    unsaid : mapping of theme to int
        How many reservoirs, corridors and watercourses have no objective in the source.
    """

    tables: Mapping[Table, GeoDataFrame]
    provided: Mapping[Theme, bool]
    themes: Mapping[str, GeoDataFrame]
    uses: tuple[frozenset[str], ...]
    unsaid: Mapping[Theme, int]


def load_study_symbols(study: Study) -> Symbols:
    """Load the palette of an atlas with the study's own themes.

    Raises
    ------
    InputError
        The palette file is missing, or a symbol cannot be drawn.
    StudyError
        A theme of one's own does not say on which sheet it belongs.
    """
    atlas = study.file.atlas
    if atlas is None:
        return load_symbols()
    entries: dict[str, Any] = {}
    for key, entry in atlas.themes.items():
        place = study.cite("atlas", "themes", key)
        if key in NETWORK_THEMES:
            raise StudyError(f"{place}: '{key}' is a theme of the network; give your theme another name")
        if isinstance(entry, Mapping) and "group" not in entry:
            raise StudyError(
                f"{place}: the theme '{key}' lacks group, the sheet it belongs to; "
                'add group = "inventories", "protections", "water" or "continuities"'
            )
        entries[key] = (
            {"order": _ORDERS.get(str(entry.get("kind")), 17), **entry}
            if isinstance(entry, Mapping)
            else entry
        )
    palette = None
    if atlas.palette is not None:
        palette = require_file(study.resolve(atlas.palette), study.cite("atlas", "palette"))
    with citing(study.cite("atlas", "themes")):
        extra = parse_symbols(entries, study.path.name)
        return load_symbols(palette, extra)


def check_themes(study: Study, symbols: Symbols) -> None:
    """Check that every theme that the study names exists.

    Raises
    ------
    StudyError
        One does not; the nearest names are given.
    """
    others = [symbol.key for symbol in symbols if symbol.group is not None]
    atlas = study.file.atlas
    named: list[tuple[str, tuple[str | int, ...], tuple[str, ...]]] = []
    for number, layer in enumerate(() if atlas is None else atlas.layer):
        known = (*NETWORK_THEMES, *others)
        if layer.theme is not None:
            named.append((layer.theme, ("atlas", "layer", number, "theme"), known))
        for value, theme in layer.themes.items():
            named.append((theme, ("atlas", "layer", number, "themes", value), (*known, IGNORE)))
    for number, zoning in enumerate(study.file.zonings):
        if zoning.theme is not None:
            known = tuple(key for key in others if symbols[key].kind == "polygon")
            named.append((zoning.theme, ("zonings", number, "theme"), known))
    works = study.layers.river_works
    if works is not None and works.theme is not None:
        known = tuple(key for key in others if symbols[key].kind == "point")
        named.append((works.theme, ("layers", "river_works", "theme"), known))
    for theme, key, known in named:
        if theme not in known:
            close = suggest(theme, known)
            mend = "correct it" if close else f"give one of {', '.join(known)}"
            raise StudyError(
                f"{study.cite(*key)}: the theme '{theme}' is unknown{close}; {mend}, "
                f"or describe your own in [atlas.themes.{theme}]"
            )


def list_themes(layer: AtlasLayer) -> tuple[str, ...]:
    """List the themes that a layer may feed, each once."""
    themes = (*((layer.theme,) if layer.theme else ()), *layer.themes.values())
    found = [theme for theme in themes if theme != IGNORE]
    return tuple(dict.fromkeys([*found, *([_PASSABLE] if layer.passable is not None else [])]))


def read_atlas_layers(study: Study, symbols: Symbols, bounds: Bounds, journal: Journal) -> OfficialLayers:
    """Read the official layers of a study.

    Parameters
    ----------
    study : Study
        Its themes were checked.
    symbols : Symbols
        With the study's own themes.
    bounds : (west, south, east, north)
        Objects that do not meet it are left out [m].
    journal : Journal
        Told what was assumed, numbered or given twice.

    Raises
    ------
    InputError
        A file, layer or column is missing, or geometries are not of the kind of the theme.
    CodeError
        A column holds values that have no meaning.
    """
    parts: dict[Table, list[GeoDataFrame]] = {table: [] for table in COLUMNS}
    others: dict[str, list[GeoDataFrame]] = {}
    provided = dict.fromkeys(NETWORK_THEMES, False)
    unsaid: dict[Theme, set[str]] = {}
    uses: list[frozenset[str]] = []
    for number, layer in enumerate(() if study.file.atlas is None else study.file.atlas.layer):
        name = layer.label
        themes = list_themes(layer)
        place = study.cite("atlas", "layer", number)
        with citing(place):
            objects = _read_layer(study, layer, symbols, bounds, journal)
            for theme, chosen in _share_out(objects, layer, themes, place).items():
                if theme not in NETWORK_THEMES:
                    _check_kind(chosen, symbols[theme].kind, theme, name)
                    others.setdefault(theme, []).append(_keep_names(chosen, layer))
                    continue
                provided[theme] = True
                numbered = 0
                found_by_dimension = split_by_dimension(chosen) if len(chosen) else {}
                # Without objects the columns still say whether objectives would have been told.
                for dimension in found_by_dimension or dict.fromkeys(TABLES[theme]):
                    table = TABLES[theme].get(dimension)
                    if table is None:
                        _check_kind(chosen, _KIND_OF[max(TABLES[theme])], theme, name)
                        continue
                    rows = found_by_dimension.get(dimension, chosen)
                    found = read_objects(table, rows, layer, theme, place=place)
                    parts[table].append(found.table)
                    numbered += found.numbered
                    if "objective" in COLUMNS[table]:
                        unsaid.setdefault(theme, set()).update(found.unsaid)
                    if theme == "corridors" and found.tells_objective:
                        provided["corridors_to_restore"] = True
                if numbered:
                    journal.add("atlas_numbered", layer=name, count=numbered)
        # Corridors of one layer are drawn by two themes, after their objectives.
        more = ("corridors_to_restore",) if "corridors" in themes else ()
        uses.append(frozenset((*themes, *more)))
    tables = {table: _join_rows(table, rows, study.crs, journal) for table, rows in parts.items()}
    counts = {theme: len(ids) for theme, ids in unsaid.items()}
    for theme, count in counts.items():
        if count:
            journal.add(f"atlas_unsaid_{theme}", count=count)
    joined = {theme: _join_theme(theme, rows, study.crs, journal) for theme, rows in others.items()}
    return OfficialLayers(tables, provided, joined, tuple(uses), counts)


@contextmanager
def citing(place: str) -> Iterator[None]:
    """Say where in the study file a layer is named, when it cannot be read."""
    try:
        yield
    except InputError as error:
        said = str(error)
        if place in said:
            raise
        mark = said[-1:] if said[-1:] in ".?" else ""
        raise type(error)(f"{said.removesuffix(mark)}{mark if mark == '?' else ''} ({place}).") from error


def _read_layer(
    study: Study, layer: AtlasLayer, symbols: Symbols, bounds: Bounds, journal: Journal
) -> GeoDataFrame:
    themes = list_themes(layer)
    kinds: set[Kind] = set()
    for theme in themes:
        kinds |= (
            {_KIND_OF[dimension] for dimension in TABLES[theme]}
            if theme in NETWORK_THEMES
            else {symbols[theme].kind}
        )
    columns: list[str] | None = None
    if not any(theme in NETWORK_THEMES for theme in themes):
        passable = None if layer.passable is None else layer.passable.field
        columns = list(filter(None, dict.fromkeys((layer.id, layer.name, layer.field, passable))))
    return read_vector(
        study.resolve(layer.path), name=layer.label, crs=study.crs, journal=journal, layer=layer.layer,
        kinds=[kind for kind in ("point", "line", "polygon") if kind in kinds], bbox=bounds, columns=columns,
        where=layer.where,
    )  # fmt: skip


def _share_out(
    objects: GeoDataFrame, layer: AtlasLayer, themes: tuple[str, ...], place: str
) -> dict[str, GeoDataFrame]:
    """Give each theme of a layer its objects; a theme without any has an empty table."""
    import pandas

    if layer.field is not None:
        column = require_column(objects, layer.field, layer)
        theme = translate(objects[column], layer.themes, column=column, place=layer.label)
    else:
        theme = pandas.Series([layer.theme] * len(objects), objects.index, dtype=object)
    if layer.passable is not None:
        passable = read_flag(objects, layer.passable, place=place)
        passes = pandas.Series([value is True for value in passable], objects.index, dtype=bool)
        theme = theme.mask(passes & (theme == layer.theme), _PASSABLE)
    return {key: objects[theme == key] for key in themes}


def _check_kind(objects: GeoDataFrame, kind: Kind, theme: str, name: str) -> None:
    wrong = [_KIND_OF[one] for one in split_by_dimension(objects) if _KIND_OF[one] != kind]
    if wrong:
        raise InputError(
            f"{name}: the theme '{theme}' is drawn with {_KIND_WORDS[kind]}, but its objects hold "
            f"{' and '.join(_KIND_WORDS[one] for one in wrong)}; give another theme or another layer."
        )


def _keep_names(objects: GeoDataFrame, layer: AtlasLayer) -> GeoDataFrame:
    import geopandas
    import pandas

    data = {}
    for key, column in (("id", layer.id), ("name", layer.name)):
        texts = (
            pandas.Series([""] * len(objects), objects.index, dtype=object)
            if column is None
            else texts_of(objects[require_column(objects, column, layer)])
        )
        data[key] = texts.where(texts != "", None)
    return geopandas.GeoDataFrame(data, geometry=objects.geometry, index=objects.index, crs=objects.crs)


def _join_rows(table: Table, rows: list[GeoDataFrame], crs: str, journal: Journal) -> GeoDataFrame:
    """Put the rows of several layers in one table; an object that two layers hold is kept once.

    What either says of it holds: a river that a second layer calls a reservoir is one, a corridor
    that a second layer restores is to restore.
    """
    import geopandas
    import pandas

    given = [one for one in rows if len(one)]
    if not given:
        return empty_table(table, crs)
    joined = given[0]
    for more in given[1:]:
        twice = more["id"].isin(set(joined["id"]))
        if twice.any():
            again = more[twice].drop_duplicates("id").set_index("id")
            here = joined["id"].map(lambda key, again=again: key in again.index)
            for column in ("is_reservoir", "is_corridor", "list1", "list2"):
                if column in joined:
                    said = joined["id"][here].map(again[column]).astype(bool)
                    joined.loc[here, column] = joined.loc[here, column] | said
            if "objective" in joined:
                restored = joined["id"].isin(again.index[again["objective"] == "restore"])
                joined.loc[restored, "objective"] = "restore"
            ids = list(again.index)
            journal.add("atlas_twice", table=table, count=len(ids), ids=list_some(ids))
        joined = geopandas.GeoDataFrame(
            pandas.concat([joined, more[~twice]], ignore_index=True), geometry="geometry", crs=joined.crs
        )
    return joined


def list_some(ids: Sequence[str], limit: int = 5) -> str:
    """List the first of many for a note of the journal.

    >>> list_some(["a", "b", "c"], 2)
    'a, b …'
    """
    return ", ".join(ids[:limit]) + (" …" if len(ids) > limit else "")


def _join_theme(theme: str, rows: list[GeoDataFrame], crs: str, journal: Journal) -> GeoDataFrame:
    import geopandas
    import pandas

    given = [one for one in rows if len(one)]
    if not given:
        return geopandas.GeoDataFrame({"id": [], "name": []}, geometry=[], crs=crs)
    joined = given[0]
    for more in given[1:]:
        twice = more["id"].notna() & more["id"].isin(set(joined["id"].dropna()))
        if twice.any():
            ids = sorted(set(more["id"][twice]))
            journal.add("atlas_twice", table=theme, count=len(ids), ids=list_some(ids))
        joined = pandas.concat([joined, more[~twice]], ignore_index=True)
    return geopandas.GeoDataFrame(joined.reset_index(drop=True), geometry="geometry", crs=given[0].crs)
