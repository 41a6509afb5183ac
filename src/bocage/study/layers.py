"""Prepare the layers of a study: read, translated into ground classes, with widths in metres.

What comes out is what the domain rooms take: the same columns whatever the file called them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from bocage.errors import CodeError, InputError
from bocage.grid import Bounds
from bocage.io.files import shorten_list
from bocage.io.vectors import Kind, read_vector
from bocage.journal import Journal
from bocage.landcover.ground import GROUND
from bocage.study.file import (
    CommunesLayer,
    CrossingsLayer,
    Flag,
    HedgesLayer,
    LineLayer,
    RailwaysLayer,
    RiverWorksLayer,
    RoadsLayer,
    VectorLayer,
    WatercoursesLayer,
    ZoningLayer,
)
from bocage.study.model import Study
from bocage.units import NBSP

if TYPE_CHECKING:
    import pandas
    from geopandas import GeoDataFrame

DEFAULT_WIDTHS_M: Mapping[str, float] = {
    # Roads, from outer edge to outer edge, verges that animals do not use included: dual carriageway
    # with central reserve and hard shoulders; then common French road profiles.
    "motorway": 30.0,
    "main_road": 15.0,
    "regional_road": 10.0,
    "local_road": 7.0,
    "track": 4.0,
    # Railways: platform of two tracks.
    "railway_hs": 15.0,
    "railway": 10.0,
    # Watercourses: the middle of the classes under 15 m and from 15 to 50 m of BD Carthage; a canal of
    # small gauge.
    "stream": 5.0,
    "river": 30.0,
    "canal": 20.0,
    "hedge": 5.0,
    "crossing": 15.0,
}
"""Width taken where neither the file nor the study says one [m]."""

IGNORE = "ignore"
EMPTY = "(empty)"

YES = frozenset({"1", "t", "true", "y", "yes", "o", "oui", "v", "vrai", "x"})
NO = frozenset({"0", "f", "false", "n", "no", "non", "faux"})


def read_layer(
    study: Study,
    layer: VectorLayer,
    *,
    name: str,
    journal: Journal,
    kinds: Sequence[Kind],
    columns: Sequence[str | None] = (),
    bbox: Bounds | None = None,
) -> GeoDataFrame:
    """Read the features of a layer of the study, with these columns only."""
    return read_vector(
        study.resolve(layer.path),
        name=name,
        crs=study.crs,
        journal=journal,
        layer=layer.layer,
        kinds=kinds,
        bbox=bbox,
        columns=[column for column in dict.fromkeys(columns) if column],
        where=layer.where,
    )


def prepare_communes(study: Study, layer: CommunesLayer, *, journal: Journal) -> GeoDataFrame:
    """Read the communes, one row a code, in the order of their codes.

    Parts of one commune are joined and noted.

    Returns
    -------
    GeoDataFrame
        ``insee`` str, ``name`` str, polygons.

    Raises
    ------
    InputError
        If a commune has no code, or one code has several names.
    """
    table = read_layer(
        study, layer, name="communes", journal=journal, kinds=("polygon",), columns=(layer.code, layer.name)
    )
    codes = texts_of(table[layer.code])
    if _is_number(table[layer.code]):
        # A code read as a number has lost its leading zero (01004 Ambérieu-en-Bugey).
        codes = codes.where(codes == "", codes.str.zfill(5))
    table = _frame(table, insee=codes, name=texts_of(table[layer.name]))
    where = study.cite("layers", "communes")
    empty = int((table["insee"] == "").sum())
    if empty:
        raise InputError(
            f"communes: {empty} of {len(table)} objects have no code in column '{layer.code}'; "
            f'complete it, or leave them out with where = "{layer.code} IS NOT NULL" ({where}).'
        )
    repeated = table[table["insee"].duplicated(keep=False)]
    if not repeated.empty:
        names = repeated.groupby("insee")["name"].agg(lambda of_code: sorted(set(of_code)))
        clashes = {code: found for code, found in names.items() if len(found) > 1}
        if clashes:
            listed = ", ".join(f"{code} ({' / '.join(found)})" for code, found in list(clashes.items())[:10])
            raise InputError(
                f"communes: column '{layer.code}' gives one INSEE code to several communes: {listed}; "
                f'correct the codes, or name the right column with code = "..." ({where}).'
            )
        journal.add("communes_joined", count=len(names), codes=", ".join(list(names.index)[:10]))
        table = table.dissolve("insee", as_index=False)[["insee", "name", "geometry"]]
    return table.sort_values("insee", kind="stable").reset_index(drop=True)


def prepare_roads(study: Study, layer: RoadsLayer, *, bbox: Bounds, journal: Journal) -> GeoDataFrame:
    """Read the roads: ``ground``, ``width_m``, ``name``, lines."""
    return _prepare_lines(study, layer, "roads", layer.ground, layer.widths, bbox, journal)


def prepare_railways(study: Study, layer: RailwaysLayer, *, bbox: Bounds, journal: Journal) -> GeoDataFrame:
    """Read the railways: ``ground``, ``width_m``, ``name``, lines."""
    return _prepare_lines(study, layer, "railways", layer.ground, layer.widths, bbox, journal)


def prepare_watercourses(
    study: Study, layer: WatercoursesLayer, *, bbox: Bounds, journal: Journal
) -> GeoDataFrame:
    """Read the watercourses.

    Returns
    -------
    GeoDataFrame
        ``ground``, ``width_m``, ``name``, ``list1`` and ``list2`` and ``intermittent`` bool,
        ``is_reservoir`` True, False or None where it is not said; ``lists`` str, those that the study
        tells, as ``"list1 list2"``; lines.
    """
    flags = {name: getattr(layer, name) for name in ("canal", "list1", "list2", "reservoir", "intermittent")}
    columns = [flag.field for flag in flags.values() if flag is not None]

    def complete(table: GeoDataFrame) -> dict[str, Any]:
        read = {
            name: read_flag(table, flag, place=_place(study, "watercourses", name))
            for name, flag in flags.items()
        }
        said = {name: [value is True for value in values] for name, values in read.items()}
        return {
            "canal": said["canal"],
            "list1": said["list1"],
            "list2": said["list2"],
            "is_reservoir": read["reservoir"],
            "intermittent": said["intermittent"],
        }

    table = _prepare_lines(
        study, layer, "watercourses", layer.ground, layer.widths, bbox, journal, columns, complete
    )
    told = [name for name in ("list1", "list2") if flags[name] is not None]
    for name in ("list1", "list2"):
        listed = read_list(study, name, table, journal)
        if listed is not None:
            told.append(name)
        if listed is not None and len(table):
            from bocage.rivers.law import split_by_list

            table = split_by_list(table, listed, name)
    table["lists"] = " ".join(sorted(set(told)))
    return table


def read_list(study: Study, name: str, lines: GeoDataFrame, journal: Journal) -> GeoDataFrame | None:
    """Read the lines of list 1 or 2 that lie about some watercourses; None where the study names none."""
    layer: VectorLayer | None = getattr(study.file.rivers, name)
    if layer is None:
        return None
    bounds = lines.total_bounds.tolist() if len(lines) else None
    return read_layer(
        study, layer, name=name, journal=journal, kinds=("line",), bbox=bounds and tuple(bounds)
    )


def prepare_hedges(study: Study, layer: HedgesLayer, *, bbox: Bounds, journal: Journal) -> GeoDataFrame:
    """Read the hedges: ``ground`` "hedge", ``width_m``; lines or polygons."""
    table = read_layer(
        study, layer, name="hedges", journal=journal, kinds=("line", "polygon"),
        columns=(layer.width_field,), bbox=bbox,
    )  # fmt: skip
    ground = _constant(table, "hedge")
    widths = {} if layer.width is None else {"hedge": layer.width}
    width = _widths(study, table, ground, layer.width_field, widths, "hedges", journal)
    return _frame(table, ground=ground, width_m=width)


def prepare_river_works(
    study: Study, layer: RiverWorksLayer, *, bbox: Bounds, journal: Journal
) -> GeoDataFrame:
    """Read the works on rivers.

    Columns that the study does not name are recognised, and values that it does not translate, as
    ``bocage rivers`` does; a fish pass that is not said is unknown, never absent.

    Returns
    -------
    GeoDataFrame
        ``code``, ``name``, ``kind`` (weir, dam, culvert, sluice, other), ``state`` (existing, destroyed,
        unknown), ``fish_pass`` (yes, no, unknown); points.
    """
    from bocage.study.rivers_inputs import find_study_columns

    columns = find_study_columns(study, layer, _list_fields(study, layer, "river_works"))
    code, name, kind, state, fish_pass = (
        columns.get(key) for key in ("code", "name", "kind", "state", "fish_pass")
    )
    table = read_layer(
        study, layer, name="river_works", journal=journal, kinds=("point",), bbox=bbox,
        columns=(code, name, kind, state, fish_pass),
    )  # fmt: skip
    works = _frame(
        table,
        code=_column(table, code),
        name=_column(table, name),
        kind=_recognise(table, kind, "kind", layer.kinds).replace({"unknown": "other"}),
        state=_recognise(table, state, "state", layer.states),
        fish_pass=_recognise(table, fish_pass, "fish_pass", layer.fish_passes),
    )
    return _leave_out(works, works["kind"] == IGNORE, "river_works", journal)


def prepare_crossings(study: Study, layer: CrossingsLayer, *, bbox: Bounds, journal: Journal) -> GeoDataFrame:
    """Read the wildlife crossings: ``kind``, ``name``, ``width_m``; points, lines or polygons."""
    table = read_layer(
        study, layer, name="crossings", journal=journal, kinds=("point", "line", "polygon"), bbox=bbox,
        columns=(layer.name, layer.kind, layer.width_field),
    )  # fmt: skip
    if layer.kind is None:
        kind = _constant(table, layer.default_kind)
    else:
        own = {word: word for word in ("wildlife", "bridge", "culvert", "underpass")}
        place = _place(study, "crossings", "kinds")
        kind = translate(table[layer.kind], own | layer.kinds, column=layer.kind, place=place)
    widths = {} if layer.width is None else {"crossing": layer.width}
    ground = _constant(table, "crossing")
    width = _widths(study, table, ground, layer.width_field, widths, "crossings", journal)
    crossings = _frame(table, kind=kind, name=_column(table, layer.name), width_m=width)
    return _leave_out(crossings, crossings["kind"] == IGNORE, "crossings", journal)


def prepare_zoning(
    study: Study, layer: ZoningLayer, *, name: str, bbox: Bounds, journal: Journal
) -> GeoDataFrame:
    """Read the zones of a zoning: ``name``, polygons."""
    table = read_layer(
        study, layer, name=name, journal=journal, kinds=("polygon",), columns=(layer.name_field,), bbox=bbox
    )
    return _frame(table, name=_column(table, layer.name_field))


# --- values ------------------------------------------------------------------------------------------


def texts_of(values: pandas.Series) -> pandas.Series:
    """Write values as people see them in a table: no decimals on whole numbers, nothing for nothing.

    >>> import pandas
    >>> list(texts_of(pandas.Series([1.0, 2.5, None])))
    ['1', '2.5', '']
    """
    import pandas

    def write(value: Any) -> str:
        if value is None or value is pandas.NA or value != value:
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value).strip()

    return pandas.Series([write(value) for value in values], index=values.index, dtype=object)


def translate(values: pandas.Series, classes: Mapping[str, str], *, column: str, place: str) -> pandas.Series:
    """Translate the values of a column by a table of the study; letter case does not matter.

    Parameters
    ----------
    values : Series
    classes : mapping of str to str
        Translation of each value; the key ``""`` is for empty values.
    column, place : str
        Column of the file, and where the table stands in the study file, for messages.

    Raises
    ------
    CodeError
        If values have no translation: all are listed with their counts, the most frequent first.

    Examples
    --------
    >>> import pandas
    >>> values = pandas.Series(["Primary", "primary", "path"])
    >>> list(translate(values, {"primary": "main_road", "path": "ignore"}, column="type", place="roads"))
    ['main_road', 'main_road', 'ignore']
    """
    written = texts_of(values)
    folded = {key.strip().casefold(): value for key, value in classes.items()}
    exact = {key.strip(): value for key, value in classes.items()}
    translation = {text: exact.get(text, folded.get(text.casefold())) for text in written.unique()}
    unknown = [text for text, value in translation.items() if value is None]
    if unknown:
        counts = written.value_counts()
        ranked = sorted(unknown, key=lambda text: (-int(counts[text]), text))
        listed = ", ".join(f'"{text or EMPTY}" ({counts[text]})' for text in ranked[:12])
        more = f" and {len(ranked) - 12} more" if len(ranked) > 12 else ""
        mend = f'"{ranked[0]}" = "..."'
        raise CodeError(
            f"{place}: column '{column}' holds values without a class (with their number of objects): "
            f'{listed}{more}; give each a class, as {mend}, or "ignore" to leave them out.'
        )
    return written.map(translation)


def read_flag(table: GeoDataFrame, flag: Flag | None, *, place: str) -> list[bool | None]:
    """Read a yes or no of each object; None where the column is empty or none was named.

    Raises
    ------
    CodeError
        If a value is neither yes nor no and the study does not say which values mean yes.
    """
    if flag is None:
        return [None] * len(table)
    written = texts_of(table[flag.field])
    if flag.values is not None:
        yes = {value.casefold() for value in flag.values}
        return [text.casefold() in yes if text else None for text in written]
    unknown = sorted({text for text in written if text and text.casefold() not in YES | NO})
    if unknown:
        raise CodeError(
            f"{place}: column '{flag.field}' holds {shorten_list(unknown)}, which is neither yes nor no; say "
            f'which values mean yes, as {{ field = "{flag.field}", values = ["{unknown[0]}"] }}.'
        )
    return [text.casefold() in YES if text else None for text in written]


def _prepare_lines(
    study: Study,
    layer: LineLayer,
    name: str,
    default: str | None,
    widths: Mapping[Any, float],
    bbox: Bounds,
    journal: Journal,
    columns: Sequence[str] = (),
    complete: Callable[[GeoDataFrame], dict[str, Any]] | None = None,
) -> GeoDataFrame:
    """Read lines with a class and a width, and more columns if ``complete`` makes any."""
    table = read_layer(
        study, layer, name=name, journal=journal, kinds=("line",), bbox=bbox,
        columns=(layer.field, layer.name, layer.width_field, *columns),
    )  # fmt: skip
    if layer.field is None:
        ground = _constant(table, cast(str, default))
    else:
        classes: Mapping[str, str] = getattr(layer, "classes")  # noqa: B009
        ground = translate(
            table[layer.field], classes, column=layer.field, place=_place(study, name, "classes")
        )
    more = {} if complete is None else complete(table)
    if "canal" in more:
        ground = ground.where(~(_series(table, more.pop("canal")) & (ground != IGNORE)), "canal")
    width = _widths(study, table, ground, layer.width_field, widths, name, journal)
    lines = _frame(table, ground=ground, width_m=width, name=_column(table, layer.name), **more)
    return _leave_out(lines, lines["ground"] == IGNORE, name, journal)


def _widths(
    study: Study,
    table: GeoDataFrame,
    ground: pandas.Series,
    field: str | None,
    widths: Mapping[Any, float],
    name: str,
    journal: Journal,
) -> pandas.Series:
    """Give each object its width: its own, else the study's for its class, else the default, noted."""
    import pandas

    of_class = ground.map({**DEFAULT_WIDTHS_M, **widths, IGNORE: 0.0}).astype(float)
    assumed = ~ground.isin([*widths, IGNORE])
    width = of_class
    if field is not None:
        numbers = pandas.to_numeric(texts_of(table[field]).str.replace(",", "."), errors="coerce")
        unread = (texts_of(table[field]) != "") & numbers.isna()
        if unread.any():
            found = sorted(set(texts_of(table[field])[unread]))
            raise InputError(
                f"{_place(study, name, 'width_field')}: column '{field}' holds {shorten_list(found, 5)}, "
                "where widths in metres are expected; give another column, or leave width_field out."
            )
        own = numbers > 0
        width = numbers.where(own, of_class)
        assumed &= ~own
    classes = sorted(set(ground[assumed]), key=list(DEFAULT_WIDTHS_M).index)
    if classes:
        listed = ", ".join(
            f"{_lower_first(GROUND[one].label(study.language))} {DEFAULT_WIDTHS_M[one]:g}{NBSP}m"
            for one in classes
        )
        journal.add("widths_assumed", layer=name, widths=listed)
    return width.astype(float)


def _lower_first(label: str) -> str:
    return label[:1].lower() + label[1:]


def translate_known(values: pandas.Series, meanings: Mapping[str, str]) -> pandas.Series:
    """Translate the values that a study has a word for, whatever their letter case; the others stay.

    >>> import pandas
    >>> list(translate_known(pandas.Series(["Ruine", "Existant", ""]), {"ruine": "destroyed"}))
    ['destroyed', 'Existant', '']
    """
    import pandas

    folded = {value.strip().casefold(): meaning for value, meaning in meanings.items()}
    pairs = zip(values, texts_of(values), strict=True)
    return pandas.Series(
        [folded.get(text.casefold(), value) for value, text in pairs], index=values.index, dtype=object
    )


def _recognise(
    table: GeoDataFrame, column: str | None, key: str, meanings: Mapping[str, str]
) -> pandas.Series:
    """Translate a column of works as the study says, and recognise the rest by its words."""
    import pandas

    from bocage.rivers.passability import recognise_words

    if column is None:
        return _constant(table, "unknown")
    said = translate_known(texts_of(table[column]), meanings)
    found = pandas.Series(recognise_words(said, key), index=table.index, dtype=object)
    return found.where(said != IGNORE, IGNORE)


def _list_fields(study: Study, layer: VectorLayer, name: str) -> Sequence[str]:
    """List the columns of a layer; none where the reader has something to tell of it."""
    from bocage.io.vectors import list_layers

    found = list_layers(study.resolve(layer.path), name=name)
    if layer.layer is not None:
        found = [one for one in found if one.name == layer.layer]
    elif len(found) > 1:
        # A table beside the layer of objects holds none.
        found = [one for one in found if one.kind != "table"]
    return found[0].fields if len(found) == 1 else ()


def _frame(table: GeoDataFrame, **columns: Any) -> GeoDataFrame:
    """Make a table of these columns on the geometries of another."""
    import geopandas

    return geopandas.GeoDataFrame(columns, geometry=table.geometry, index=table.index, crs=table.crs)


def _leave_out(table: GeoDataFrame, ignored: pandas.Series, name: str, journal: Journal) -> GeoDataFrame:
    if ignored.any():
        journal.add("objects_ignored", layer=name, count=int(ignored.sum()))
    return table[~ignored].reset_index(drop=True)


def _column(table: GeoDataFrame, column: str | None) -> pandas.Series:
    return _constant(table, "") if column is None else texts_of(table[column])


def _constant(table: GeoDataFrame, value: str) -> pandas.Series:
    import pandas

    return pandas.Series([value] * len(table), index=table.index, dtype=object)


def _series(table: GeoDataFrame, values: Sequence[bool]) -> pandas.Series:
    import pandas

    return pandas.Series(values, index=table.index, dtype=bool)


def _is_number(values: pandas.Series) -> bool:
    from pandas.api.types import is_numeric_dtype

    return bool(is_numeric_dtype(values))


def _place(study: Study, layer: str, key: str) -> str:
    return f"{study.cite('layers', layer, key)}, [layers.{layer}]"
