"""The profile of a data standard: tables, fields, domains of values, read from a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from bocage.errors import InputError
from bocage.network import COLUMNS

ProfileKey = Literal["srce", "cer"]
GeometryKind = Literal["S", "L", "P"]

_GEOMETRY_TYPES: dict[GeometryKind, str] = {"S": "MultiPolygon", "L": "MultiLineString", "P": "Point"}
# What a field may be filled with that is no column of the network.
_ELSEWHERE = frozenset({"@scheme", "@subnetwork_name"})


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a domain.

    Attributes
    ----------
    value : str or bool
        bocage's own value.
    code : str
        What the standard's field holds.
    label_fr, label_en : str
    seen : bool
        Whether official data hold it.
    """

    value: str | bool
    code: str
    label_fr: str
    label_en: str
    seen: bool


@dataclass(frozen=True, slots=True)
class Domain:
    """Values a field may take.

    Attributes
    ----------
    values : tuple of Value
    closed : bool
        Whether others are mistakes; else they are labels of one's own.
    """

    values: tuple[Value, ...]
    closed: bool

    def encode(self, value: Any) -> str | None:
        """Give the code of a value; none for false, as the standard leaves it empty."""
        for one in self.values:
            if one.value == value:
                return one.code
        return None if isinstance(value, bool) else str(value)

    def decode(self, code: str) -> Any:
        """Give the value of a code."""
        for one in self.values:
            if one.code == code:
                return one.value
        return code


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the standard; all are text.

    Attributes
    ----------
    name : str
    length : int
        Characters, at most.
    title_fr, title_en : str
    source : str
        Column of the network that fills it, ``"@scheme"`` or ``"@subnetwork_name"``; empty when none.
    domain : Domain, optional
    domain_key : str
    required : bool
        Whether it may not be empty.
    """

    name: str
    length: int
    title_fr: str
    title_en: str
    source: str = ""
    domain: Domain | None = None
    domain_key: str = ""
    required: bool = False

    def title(self, language: str = "fr") -> str:
        """Give its meaning in words."""
        return self.title_fr if language == "fr" else self.title_en


@dataclass(frozen=True)
class TableProfile:
    """A table of the standard.

    Attributes
    ----------
    key : str
        Name of the network's table, or one that the network lacks (``"cours_eau_s"``).
    name_class : str
        As ``"RESERVOIR"``.
    geometry : {"S", "L", "P"}
    title_fr, title_en : str
    fields : tuple of Field
        In the standard's order.
    constants : mapping of field name to code
    """

    key: str
    name_class: str
    geometry: GeometryKind
    title_fr: str
    title_en: str
    fields: tuple[Field, ...]
    constants: Mapping[str, str]

    @property
    def geometry_type(self) -> str:
        """Geometry type of the table, as OGC names it."""
        return _GEOMETRY_TYPES[self.geometry]

    @property
    def field_of(self) -> dict[str, Field]:
        """The field that carries each column of the network, losing nothing."""
        return {field.source: field for field in self.fields if field.source and field.source[0] != "@"}

    @property
    def companions(self) -> tuple[str, ...]:
        """Columns of the network that no field carries, in their order."""
        carried = self.field_of
        return tuple(column for column in COLUMNS.get(self.key, {}) if column not in carried)  # type: ignore[call-overload]

    def title(self, language: str = "fr") -> str:
        """Give what the table holds in words."""
        return self.title_fr if language == "fr" else self.title_en


@dataclass(frozen=True)
class Profile:
    """A standard, or a region's variant of it.

    Examples
    --------
    >>> profile = load_profile()
    >>> profile.table_name("corridor_s", "R32")
    'N_SRCE_CORRIDOR_S_R32'
    >>> profile.scheme_id({"prefix": "FR32", "date": "2014-07-16"})
    'FR32SRCE2014'
    >>> [field.name for field in load_profile("cer").tables["obstacle_p"].fields]
    ['ID_OBST', 'ID_CER', 'NOM_OBST', 'TYPE_OBST', 'LIB_OBST']
    """

    key: str
    title_fr: str
    title_en: str
    table_pattern: str
    scheme_pattern: str
    scheme_field: str
    tables: Mapping[str, TableProfile]

    def title(self, language: str = "fr") -> str:
        """Give the name of the standard."""
        return self.title_fr if language == "fr" else self.title_en

    def table_name(self, table: str, territory: str) -> str:
        """Name a table of a territory; what is no letter, digit nor ``_`` becomes ``_``."""
        one = self.tables[table]
        place = re.sub(r"\W+", "_", territory) or "000"
        return self.table_pattern.format(**{"class": one.name_class}, geometry=one.geometry, territory=place)

    def scheme_id(self, about: Mapping[str, Any]) -> str:
        """Give the identifier of the scheme, from the prefix of identifiers and the year."""
        return self.scheme_pattern.format(
            prefix=str(about.get("prefix") or "FR00"), year=str(about.get("date") or "0000")[:4]
        )


@cache
def load_profile(key: str = "srce", path: Path | None = None) -> Profile:
    """Read a profile.

    Parameters
    ----------
    key : str
        The standard itself, ``"srce"``, or a variant it names: ``"cer"``, the 2018 successor.
    path : Path, optional
        A region's own profile file, of the same form as ``schema/srce.toml``.

    Raises
    ------
    InputError
        If the file is missing, is not TOML, or lacks something.
    """
    source = files("bocage.schema").joinpath("srce.toml") if path is None else path
    name = "srce.toml" if path is None else path.as_posix()
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"The profile '{name}' cannot be read ({error.strerror}); check its path."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The profile '{name}' is not TOML in UTF-8 ({error}); mend it there.") from error
    try:
        return _parse(data, key, name)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"The profile '{name}' lacks {error}; write it as in bocage's own schema/srce.toml."
        ) from error


def _parse(data: Mapping[str, Any], key: str, name: str) -> Profile:
    head = dict(data["profile"])
    variants = data.get("variants", {})
    renamed = {}
    if key != head["key"]:
        if key not in variants:
            raise InputError(
                f"The profile '{name}' has no variant '{key}'; it has "
                f"{', '.join(repr(one) for one in (head['key'], *variants))}."
            )
        renamed = {head["scheme_field"]: variants[key]["scheme_field"]}
        head |= variants[key]
    domains = {
        domain: Domain(
            tuple(
                Value(value["value"], value["code"], value["fr"], value["en"], value["seen"])
                for value in entry["values"]
            ),
            closed=entry.get("closed", False),
        )
        for domain, entry in data["domains"].items()
    }
    fields = {
        field: Field(
            name=renamed.get(field, field),
            length=entry["length"],
            title_fr=entry["fr"],
            title_en=entry["en"],
            source=entry.get("from", ""),
            domain=domains[entry["domain"]] if "domain" in entry else None,
            domain_key=entry.get("domain", ""),
            required=entry.get("required", False),
        )
        for field, entry in data["fields"].items()
    }
    tables = {table: _parse_table(table, entry, fields, name) for table, entry in data["tables"].items()}
    missing = [table for table in COLUMNS if table not in tables]
    if missing:
        raise InputError(f"The profile '{name}' lacks the table '{missing[0]}'; add [tables.{missing[0]}].")
    return Profile(
        key=key,
        title_fr=head["fr"],
        title_en=head["en"],
        table_pattern=head["table"],
        scheme_pattern=head["scheme"],
        scheme_field=head["scheme_field"],
        tables=tables,
    )


def _parse_table(
    table: str, entry: Mapping[str, Any], fields: Mapping[str, Field], name: str
) -> TableProfile:
    columns = COLUMNS.get(table)  # type: ignore[call-overload]
    for field in entry["fields"]:
        source = fields[field].source
        if columns is not None and source and source not in _ELSEWHERE and source not in columns:
            raise InputError(
                f"The profile '{name}' fills {table}.{field} from '{source}', which the network does not "
                f"have; its columns are {', '.join(columns)}."
            )
    return TableProfile(
        key=table,
        name_class=entry["class"],
        geometry=entry["geometry"],
        title_fr=entry["fr"],
        title_en=entry["en"],
        fields=tuple(fields[field] for field in entry["fields"]),
        constants=dict(entry.get("constants", {})),
    )
