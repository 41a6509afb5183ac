"""Turn the columns of an official layer into those of the network's tables, inventing nothing.

Layers in the national standard (SRCE or its successor) are known by their fields; the columns of any
other layer are named in its ``[[atlas.layer]]`` table. What neither tells stays empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage.errors import CodeError, InputError
from bocage.io.files import shorten_list, suggest
from bocage.network import COLUMNS, Objective, Table, Theme
from bocage.schema import load_profile
from bocage.study.atlas_tables import AtlasLayer, ObjectiveColumn
from bocage.study.layers import read_flag, texts_of
from bocage.study.sections import Flag
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    import pandas
    from geopandas import GeoDataFrame

TABLES: dict[Theme, dict[int, Table]] = {
    "reservoirs": {2: "reservoir_s", 1: "reservoir_l"},
    "corridors": {2: "corridor_s", 1: "corridor_l"},
    "corridors_to_restore": {2: "corridor_s", 1: "corridor_l"},
    "watercourses": {1: "cours_eau_l"},
    "obstacle_points": {0: "obstacle_p"},
    "obstacle_lines": {1: "obstacle_l"},
    "obstacle_surfaces": {2: "obstacle_s"},
}
"""The table of the network that each theme fills, by the dimension of the geometry."""

_FLAGS = {"list1": "list1", "list2": "list2", "is_reservoir": "reservoir", "is_corridor": "corridor"}
_KEYS = {"id": "id", "name": "name", "medium": "medium", "type": "type", "type_label": "type_label"}
_EMPTY: dict[str, Any] = {"str": "", "float": float("nan"), "int": 0, "bool": False}


@dataclass(frozen=True)
class Objects:
    """Objects of an official layer, in the columns of the network.

    Attributes
    ----------
    table : GeoDataFrame
        With the columns of ``COLUMNS``.
    unsaid : tuple of str
        Identifiers of those without an objective in the source, which were given one.
    tells_objective : bool
        Whether the source says of any of them what its objective is.
    numbered : int
        How many have no identifier in the source, and were numbered.
    """

    table: GeoDataFrame
    unsaid: tuple[str, ...]
    tells_objective: bool
    numbered: int


def read_objects(
    name: Table, objects: GeoDataFrame, layer: AtlasLayer, theme: Theme, *, place: str
) -> Objects:
    """Turn the objects of an official layer into rows of a table of the network.

    Parameters
    ----------
    name : str
        The table.
    objects : GeoDataFrame
        With all the columns of the layer, and geometries of the table's dimension.
    layer : AtlasLayer
        Its keys name columns, before those that the standard would be read from.
    theme : str
        ``corridors_to_restore`` makes every corridor one to restore.
    place : str
        Where the layer stands in the study file, for messages.

    Raises
    ------
    InputError
        A column that the study names is missing.
    CodeError
        A column holds an objective or a flag that is not known.
    """
    import geopandas
    import pandas

    columns = _find_columns(name, objects, layer)
    ids = _texts(objects, columns.get("id"))
    unnamed = ids == ""
    # A number after the layer's name shows that it is not the publisher's.
    own_ids = [f"{layer.label}.{row + 1}" for row in objects.index]
    ids = ids.where(~unnamed, pandas.Series(own_ids, objects.index, dtype=object))
    data: dict[str, Any] = {}
    unsaid, tells = _series(objects, False), False
    for column, contract in COLUMNS[name].items():
        if column == "id":
            data[column] = ids
        elif column == "objective":
            data[column], unsaid, tells = _read_objective(objects, layer, theme, columns.get(column), place)
        elif column in _FLAGS:
            own = getattr(layer, _FLAGS[column])
            flag = own or (Flag(field=columns[column]) if column in columns else None)
            if own is not None:
                flag = Flag(field=require_column(objects, own.field, layer), values=own.values)
            data[column] = [value is True for value in read_flag(objects, flag, place=place)]
        elif column == "area_ha":
            data[column] = objects.geometry.area.to_numpy() / M2_PER_HA
        elif column == "length_m":
            data[column] = objects.geometry.length.to_numpy()
        elif column in columns:
            texts = _decode(column, _texts(objects, columns[column]))
            data[column] = texts.where(texts != "", None) if contract.nullable else texts
        else:
            empty = None if contract.dtype == "str" and contract.nullable else _EMPTY[contract.dtype]
            data[column] = _series(objects, empty)
    if "type" in data:
        data["type"], data["type_label"] = _complete_types(data["type"], data["type_label"])
    table = geopandas.GeoDataFrame(data, geometry=objects.geometry, index=objects.index, crs=objects.crs)
    return Objects(table.reset_index(drop=True), tuple(ids[unsaid]), tells, int(unnamed.sum()))


def _find_columns(name: Table, objects: GeoDataFrame, layer: AtlasLayer) -> dict[str, str]:
    """Find what fills each column of the network: the column the study names, else the standard's."""
    fields = {str(field).casefold(): str(field) for field in reversed(objects.columns)}
    found: dict[str, str] = {}
    for column in COLUMNS[name]:
        own = getattr(layer, _KEYS[column], None) if column in _KEYS else None
        if own is not None:
            found[column] = require_column(objects, own, layer)
            continue
        for field in _standard_fields(name).get(column, ()):
            if field.casefold() in fields:
                found[column] = fields[field.casefold()]
                break
    return found


@cache
def _standard_fields(name: Table) -> dict[str, tuple[str, ...]]:
    """List the standard's fields for each column: those of the table first, then those of its kin.

    A reservoir that is a river bears the fields of a watercourse in the official layers.
    """
    tables = load_profile().tables
    found: dict[str, list[str]] = {}
    for one in (tables[name], *tables.values()):
        for column, field in one.field_of.items():
            names = found.setdefault(column, [])
            if field.name not in names:
                names.append(field.name)
    return {column: tuple(names) for column, names in found.items()}


def require_column(objects: GeoDataFrame, column: str, layer: AtlasLayer) -> str:
    """Give the column of a layer as its file writes it; letter case does not matter.

    Raises
    ------
    InputError
        There is none; the nearest ones are given.
    """
    fields = [str(field) for field in objects.columns if field != objects.geometry.name]
    if column in fields:
        return column
    alike = [field for field in fields if field.casefold() == column.casefold()]
    if len(alike) == 1:
        return alike[0]
    close = suggest(column, fields)
    mend = f"did you mean {close}?" if close else f"its columns are {shorten_list(fields, 40) or 'none'}."
    raise InputError(f"{layer.label}: the layer has no column '{column}'; {mend}")


def _texts(objects: GeoDataFrame, column: str | None) -> pandas.Series:
    return _series(objects, "") if column is None else texts_of(objects[column])


def _series(objects: GeoDataFrame, value: Any) -> pandas.Series:
    """Repeat a value for each object."""
    import pandas

    dtype = object if value is None or isinstance(value, str) else type(value)
    return pandas.Series([value] * len(objects), objects.index, dtype=dtype)


def _decode(column: str, texts: pandas.Series) -> pandas.Series:
    """Turn the standard's codes of a column into the network's own values."""
    domain = next(
        (
            field.domain
            for table in load_profile().tables.values()
            for source, field in table.field_of.items()
            if source == column and field.domain is not None
        ),
        None,
    )
    return texts if domain is None else texts.map(lambda text: domain.decode(text) if text else "")


def _complete_types(types: pandas.Series, labels: pandas.Series) -> tuple[pandas.Series, pandas.Series]:
    """Give an obstacle the words of its code, and the code of its words, where one of the two is empty."""
    fields = {field.name: field for field in load_profile().tables["obstacle_p"].fields}
    domain = fields["TYPE_OBST"].domain
    values = domain.values if domain else ()
    words = {value.code: value.label_fr for value in values}
    codes = {value.label_fr.casefold(): value.code for value in values}
    labels = labels.where(labels != "", types.map(lambda code: words.get(code, code)))
    types = types.where(types != "", labels.map(lambda text: codes.get(text.casefold(), text)))
    return types, labels


def _read_objective(
    objects: GeoDataFrame, layer: AtlasLayer, theme: Theme, column: str | None, place: str
) -> tuple[Any, pandas.Series, bool]:
    """Read the objective of each object, which have none, and whether the source tells any."""
    nothing, everything = _series(objects, False), _series(objects, True)
    if theme == "corridors_to_restore":
        return _series(objects, "restore"), nothing, True
    if layer.objective is not None and layer.objective.always is not None:
        return _series(objects, layer.objective.always), nothing, False
    if layer.objective is None:
        if column is None:
            return _series(objects, "preserve"), everything, False
        given = ObjectiveColumn(field=column, **_standard_codes())
    else:
        given = layer.objective
        column = require_column(objects, str(given.field), layer)
    texts = _texts(objects, column)
    meaning: dict[str, Objective] = {value.casefold(): "preserve" for value in given.preserve}
    meaning |= {value.casefold(): "restore" for value in given.restore}
    unknown = sorted({text for text in texts if text and text.casefold() not in meaning})
    if unknown and given.preserve:
        raise CodeError(
            f"{layer.label}: column '{column}' holds {shorten_list(unknown)}, where objectives are expected; "
            f'say what they mean, as objective = {{ field = "{column}", restore = ["{unknown[0]}"] }}.'
        )
    read = [meaning.get(text.casefold(), "preserve") if text else given.empty for text in texts]
    unsaid = texts == ""
    tells = len(objects) == 0 or not bool(unsaid.all())
    # Said once for all in the study file, an empty value has a meaning.
    said = layer.objective is not None and "empty" in given.model_fields_set
    return read, nothing if said else unsaid, tells


@cache
def _standard_codes() -> dict[str, tuple[str, ...]]:
    """List the codes and words by which the standard says an objective."""
    fields = {field.name: field for field in load_profile().tables["reservoir_s"].fields}
    domain = fields["OBJ_ASSI"].domain
    assert domain is not None
    return {
        str(value.value): (value.code, value.label_fr, value.label_en, str(value.value))
        for value in domain.values
    }


def split_by_dimension(objects: GeoDataFrame) -> dict[int, GeoDataFrame]:
    """Share objects out by the dimension of their geometry: 0 points, 1 lines, 2 polygons."""
    import shapely

    dimensions = shapely.get_dimensions(np.asarray(objects.geometry, dtype=object))
    return {int(one): objects[dimensions == one] for one in np.unique(dimensions)}
