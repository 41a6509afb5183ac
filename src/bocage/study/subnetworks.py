"""Work out the sub-networks of a study: presets, published tables and the user's own values."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bocage.errors import BocageError, StudyError
from bocage.study.file import ResistanceTable, SubnetworkEntry
from bocage.study.suggesting import suggest
from bocage.study.tables import read_table, require_columns
from bocage.subnetwork import Subnetwork

_REQUIRED = tuple(
    item.name
    for item in dataclasses.fields(Subnetwork)
    if item.default is dataclasses.MISSING and item.name not in ("key", "name", "medium")
)


@cache
def load_presets() -> dict[str, dict[str, Any]]:
    """Read the presets shipped with bocage: a table per key with the fields of ``Subnetwork``."""
    shipped = files("bocage.study").joinpath("presets.toml")
    if not shipped.is_file():
        return {}
    tables = tomllib.loads(shipped.read_text(encoding="utf-8"))
    return {key: table for key, table in tables.items() if isinstance(table, dict)}


def resolve_subnetwork(
    entry: SubnetworkEntry,
    *,
    folder: Path,
    language: str = "fr",
    presets: Mapping[str, Mapping[str, Any]] | None = None,
) -> Subnetwork:
    """Merge a preset, a resistance table and the user's values, the later over the earlier.

    Fields are replaced one by one; resistances are merged ground by ground.

    Parameters
    ----------
    entry : SubnetworkEntry
        As written in the study file.
    folder : Path
        Folder of the study file.
    language : str
        Language of the preset's name.
    presets : mapping, optional
        Presets in place of those shipped.

    Raises
    ------
    StudyError
        If the preset does not exist, or a value needed is given by neither.
    InputError
        If the resistance table cannot be read.

    Examples
    --------
    >>> presets = {"boise": {"name": {"fr": "Boisé", "en": "Woodland"}, "medium": "boisé",
    ...     "habitat": ["broadleaf"], "min_patch_ha": 1, "reservoir_min_ha": 5, "dispersal_m": [1000],
    ...     "resistance": {"broadleaf": 1, "arable": 10, "motorway": "barrier"}}}
    >>> entry = SubnetworkEntry(preset="boise", min_patch_ha=0.5, resistance={"arable": 30})
    >>> merged = resolve_subnetwork(entry, folder=Path(), presets=presets)
    >>> merged.name, merged.min_patch_ha, merged.resistance
    ('Boisé', 0.5, {'broadleaf': 1.0, 'arable': 30.0, 'motorway': inf})
    """
    shipped = load_presets() if presets is None else presets
    base = SubnetworkEntry() if entry.preset is None else _read_preset(entry.preset, shipped, language)
    values = _given(base) | _given(entry)
    key = values.pop("key", None) or entry.preset
    if key is None:
        raise StudyError('a sub-network has neither key nor preset; give it a key, as key = "boise"')

    resistance = dict(base.resistance)
    if entry.resistance_table is not None:
        resistance |= read_resistance_table(entry.resistance_table, folder)
    resistance |= entry.resistance

    lacking = [name for name in _REQUIRED if name != "resistance" and name not in values]
    if not resistance:
        lacking.append("resistance")
    if lacking:
        raise StudyError(
            f'sub-network "{key}" lacks {", ".join(lacking)}; '
            f"give {'it' if len(lacking) == 1 else 'them'}, or begin with a preset ({_names(shipped)})"
        )
    values.setdefault("name", key)
    values.setdefault("medium", "multitrame")
    return Subnetwork(key=key, resistance=resistance, **values)


def read_resistance_table(table: ResistanceTable, folder: Path) -> dict[str, float]:
    """Read the CSV of a ``resistance_table``.

    Raises
    ------
    InputError
        If the file or one of its columns is missing.
    StudyError
        If a value is no resistance.
    """
    from bocage.resistance.table import read_friction_table

    rows = read_table(folder / table.path, name="resistance_table", delimiter=table.delimiter)
    require_columns(rows, [table.key, table.value], name="resistance_table", path=folder / table.path)
    try:
        return read_friction_table(
            rows,
            table.key,
            table.value,
            prefix=table.prefix,
            aliases=table.aliases,
            barrier_from=table.barrier_from,
            zero_as=table.zero_as,
        )
    except BocageError as error:
        told = str(error)
        raise StudyError(f'in the resistance table "{table.path}", {told[:1].lower()}{told[1:]}') from error


def _read_preset(name: str, presets: Mapping[str, Mapping[str, Any]], language: str) -> SubnetworkEntry:
    if name not in presets:
        raise StudyError(
            f'there is no preset "{name}"{suggest(name, presets)}; the presets are {_names(presets)}'
        )
    fields = {key: value for key, value in presets[name].items() if key in SubnetworkEntry.model_fields}
    if isinstance(fields.get("name"), Mapping):
        fields["name"] = fields["name"][language]
    return SubnetworkEntry.model_validate(fields)


def _given(entry: SubnetworkEntry) -> dict[str, Any]:
    """Give what was written, without what is merged otherwise."""
    apart = ("preset", "resistance", "resistance_table")
    return {
        name: getattr(entry, name)
        for name in SubnetworkEntry.model_fields
        if name not in apart and getattr(entry, name) is not None
    }


def _names(presets: Mapping[str, Any]) -> str:
    return ", ".join(presets) or "none is installed"
