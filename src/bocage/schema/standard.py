"""Turn the network's tables into the national standard's and back, and check tables against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage.errors import CodeError, DataError
from bocage.network import COLUMNS, Table
from bocage.schema.profile import Field, Profile, TableProfile, load_profile
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame, Series

_EMPTY: dict[str, Any] = {"str": "", "float": float("nan"), "int": 0, "bool": False}
_DTYPES = {"str": "object", "float": "float64", "int": "int64", "bool": "bool"}


def to_standard(
    table: str,
    objects: GeoDataFrame,
    *,
    about: Mapping[str, Any],
    profile: Profile | None = None,
) -> GeoDataFrame:
    """Write a table of the network in the standard's fields.

    Parameters
    ----------
    table : str
        Name of the network's table.
    objects : GeoDataFrame
        With the columns of ``COLUMNS[table]``.
    about : mapping
        ``Network.about``: the prefix of identifiers, the date, the names of sub-networks.
    profile : Profile, optional
        The national standard by default.

    Returns
    -------
    GeoDataFrame
        The standard's fields first, in its order, then the companion columns; geometries are all
        multiple, save points. Rows keep their order.

    Raises
    ------
    DataError
        A column is missing, or a geometry is not of the table's kind.
    """
    import geopandas
    import pandas

    profile = profile or load_profile()
    one = profile.tables[table]
    missing = [column for column in COLUMNS.get(table, {}) if column not in objects]  # type: ignore[call-overload]
    if missing:
        raise DataError(f"Table '{table}' lacks the column '{missing[0]}'; give all of COLUMNS[\"{table}\"].")
    data: dict[str, Any] = {}
    for field in one.fields:
        data[field.name] = _fill_field(field, one, objects, about, profile)
    for column in one.companions:
        data[column] = _clean(objects[column], COLUMNS[one.key][column].dtype)  # type: ignore[index]
    return geopandas.GeoDataFrame(
        pandas.DataFrame(data, index=objects.index),
        geometry=geopandas.GeoSeries(_promote(objects, one), index=objects.index, crs=objects.crs),
        crs=objects.crs,
    )


def _fill_field(
    field: Field,
    table: TableProfile,
    objects: GeoDataFrame,
    about: Mapping[str, Any],
    profile: Profile,
) -> Series:
    import pandas

    if field.source == "@scheme":
        values: list[Any] = [profile.scheme_id(about)] * len(objects)
    elif field.source == "@subnetwork_name":
        names = {one["key"]: one["name"] for one in about.get("subnetworks", ())}
        keys = objects["subnetwork"] if "subnetwork" in objects else [None] * len(objects)
        values = [names.get(key) for key in keys]
    elif field.source:
        values = [
            None if pandas.isna(value) else _encode(field, value)
            for value in objects.get(field.source, pandas.Series(dtype=object))
        ]
    else:
        values = [table.constants.get(field.name)] * len(objects)
    return pandas.Series(values, index=objects.index, dtype=object)


def _encode(field: Field, value: Any) -> str | None:
    if isinstance(value, np.bool_):
        value = bool(value)
    return str(value) if field.domain is None else field.domain.encode(value)


def _clean(column: Series, dtype: str) -> Series:
    """Give a column the type of its contract, with None for text that is not there."""
    import pandas

    if dtype == "str":
        return pandas.Series(
            [None if pandas.isna(value) else str(value) for value in column], column.index, dtype=object
        )
    typed: Series = pandas.Series(np.asarray(column).astype(_DTYPES[dtype]), column.index)
    return typed


def _promote(objects: GeoDataFrame, table: TableProfile) -> Any:
    """Make geometries of the one type of the table."""
    import shapely

    geometry = np.array(objects.geometry.array, dtype=object)
    gather: Any = {"S": shapely.multipolygons, "L": shapely.multilinestrings}.get(table.geometry)
    simple = table.geometry_type.removeprefix("Multi")
    for index, one in enumerate(geometry):
        kind = "nothing" if one is None else one.geom_type
        if kind == table.geometry_type:
            continue
        if kind != simple or gather is None:
            raise DataError(
                f"Table '{table.key}' has a {kind} in row {index}, where {table.geometry_type} is expected; "
                "split or leave out that geometry."
            )
        geometry[index] = gather([one])
    return geometry


def from_standard(table: Table, objects: GeoDataFrame, *, profile: Profile | None = None) -> GeoDataFrame:
    """Read a table of the network back from the standard's fields.

    Parameters
    ----------
    table : str
    objects : GeoDataFrame
        As ``to_standard`` gives it; the case of field names does not matter.
    profile : Profile, optional

    Returns
    -------
    GeoDataFrame
        The columns of ``COLUMNS[table]`` in their order and types, missing ones empty; geometries of
        one part are simple again.

    Raises
    ------
    CodeError
        A field of a closed domain holds a code the standard does not have.
    """
    import geopandas
    import pandas

    one = (profile or load_profile()).tables[table]
    fields = one.field_of
    names = {str(name).casefold(): name for name in objects.columns}
    data: dict[str, Any] = {}
    for column, contract in COLUMNS[table].items():
        field = fields.get(column)
        name = names.get((field.name if field else column).casefold())
        if name is None:
            values = pandas.Series([None] * len(objects), objects.index, dtype=object)
        else:
            values = pandas.Series(list(objects[name]), objects.index, dtype=object)
        if field is not None:
            values = values.map(lambda code, field=field: _decode(field, code, table))
        if contract.dtype == "str" and contract.nullable:
            data[column] = _clean(values, "str")
        else:
            blank = values.isna()
            values = values.where(~blank, _EMPTY[contract.dtype])
            data[column] = _clean(values, contract.dtype)
    return geopandas.GeoDataFrame(
        pandas.DataFrame(data, index=objects.index),
        geometry=geopandas.GeoSeries(_demote(objects), index=objects.index, crs=objects.crs),
        crs=objects.crs,
    )


def _decode(field: Field, code: Any, table: str) -> Any:
    import pandas

    if pandas.isna(code):
        # The standard leaves a flag that is not set empty.
        return False if field.domain_key == "flag" else None
    if field.domain is None:
        return code
    value = field.domain.decode(str(code))
    if field.domain.closed and not any(one.code == str(code) for one in field.domain.values):
        known = ", ".join(f"'{one.code}'" for one in field.domain.values)
        raise CodeError(
            f"Field {field.name} of table '{table}' holds '{code}', where the standard has {known}; "
            "correct the value."
        )
    return value


def _demote(objects: GeoDataFrame) -> Any:
    import shapely

    geometry = np.array(objects.geometry.array, dtype=object)
    if not len(geometry):
        return geometry
    single = (shapely.get_num_geometries(geometry) == 1) & (shapely.get_type_id(geometry) > 3)
    geometry[single] = shapely.get_geometry(geometry[single], 0)
    return geometry


def express_condition(profile: Profile, table: str, column: str, value: str | bool) -> tuple[str, str | None]:
    """Say a condition on a column of the network in the standard's field.

    Returns
    -------
    field : str
    code : str or None
        None when the field must be empty.

    Examples
    --------
    >>> express_condition(load_profile(), "corridor_s", "objective", "restore")
    ('OBJ_ASSI', '02')
    >>> express_condition(load_profile(), "cours_eau_l", "is_corridor", False)
    ('EST_CORRID', None)
    """
    field = profile.tables[table].field_of.get(column)
    if field is None:
        return column, str(int(value)) if isinstance(value, bool) else value
    return field.name, _encode(field, value)


def validate_table(
    table: str, objects: DataFrame, *, profile: Profile | None = None, language: str = "fr"
) -> list[str]:
    """Check a table, ours or another's, against the standard.

    Parameters
    ----------
    table : str
        Which table of the standard it claims to be.
    objects : DataFrame
        With the standard's fields; the case of names does not matter, further columns are allowed.
    profile : Profile, optional
    language : {"fr", "en"}

    Returns
    -------
    list of str
        One sentence for each departure, in the order of the fields; empty when there is none.
    """
    one = (profile or load_profile()).tables[table]
    names = {str(name).casefold(): name for name in objects.columns}
    found: list[str] = []

    def tell(sentence: str, **values: str | int) -> None:
        found.append(say(f"schema.{sentence}", language, table=table, **values))

    present = [field for field in one.fields if field.name.casefold() in names]
    for field in one.fields:
        if field not in present:
            tell("field_missing", field=field.name)
    order = [str(name).casefold() for name in objects.columns]
    places = [order.index(field.name.casefold()) for field in present]
    if places != sorted(places):
        tell("field_order", fields=", ".join(field.name for field in one.fields))
    for field in present:
        _check_values(field, objects[names[field.name.casefold()]], tell)
    geometry = getattr(objects, "geometry", None)
    if geometry is not None and hasattr(geometry, "geom_type"):
        simple = one.geometry_type.removeprefix("Multi")
        # Official tables hold simple and multiple geometries alike.
        wrong = ~geometry.geom_type.isin((simple, one.geometry_type))
        if wrong.any():
            kinds = ", ".join(sorted({str(kind) for kind in geometry.geom_type[wrong]}))
            tell("geometry_kind", count=int(wrong.sum()), found=kinds, expected=one.geometry_type)
    return found


def _check_values(field: Field, values: Series, tell: Any) -> None:
    blank = values.isna() | (values.astype(str) == "")
    if field.required and blank.any():
        tell("field_empty", field=field.name, count=int(blank.sum()))
    given = values[~blank].astype(str)
    long = given[given.str.len() > field.length]
    if len(long):
        tell("value_long", field=field.name, value=long.iloc[0][:60], length=field.length, count=len(long))
    if field.source == "id" and given.duplicated().any():
        twice = given[given.duplicated()]
        tell("identifier_repeated", field=field.name, value=twice.iloc[0], count=len(twice))
    if field.domain is not None and field.domain.closed:
        codes = [one.code for one in field.domain.values]
        unknown = given[~given.isin(codes)]
        if len(unknown):
            tell(
                "value_unknown",
                field=field.name,
                value=unknown.iloc[0],
                count=len(unknown),
                codes=", ".join(codes),
            )
