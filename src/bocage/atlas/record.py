"""What an atlas says of itself to other programs: ``atlas.json``, and the figures of the communes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bocage import __version__
from bocage.atlas.batch import Failed
from bocage.io.files import output_errors
from bocage.io.tables import write_both, write_json

if TYPE_CHECKING:
    from pandas import DataFrame

    from bocage.atlas.options import AtlasOptions
    from bocage.atlas.series import SheetSpec
    from bocage.journal import Journal
    from bocage.study.model import Study

RECORD = "atlas.json"


def write_table(folder: Path, table: DataFrame) -> None:
    """Write the figures of all communes as CSV (UTF-8, readable by spreadsheets) and Parquet."""
    write_both(folder / "communes.csv", table, digits="%.4f")


def open_record(folder: Path, fingerprint: str) -> dict[str, Any]:
    """Read what an earlier run recorded of the same content; a record of another one is removed.

    Then a record that is there is true, even while a run replaces the files one by one.

    Parameters
    ----------
    folder : Path
        Of the atlas.
    fingerprint : str

    Returns
    -------
    dict
        Empty when there is none.
    """
    path = folder / RECORD
    with suppress(OSError, ValueError):
        record = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(record, dict) and record.get("fingerprint") == fingerprint:
            return record
    with output_errors(path):
        path.unlink(missing_ok=True)
    return {}


def write_record(
    folder: Path,
    before: Mapping[str, Any],
    *,
    study: Study,
    options: AtlasOptions,
    series: Sequence[SheetSpec],
    fingerprint: str,
    communes: Mapping[str, Mapping[str, Any]],
    asked: Iterable[str],
    failed: Sequence[Failed],
    volumes: Sequence[str],
    journal: Journal,
    whole: bool,
) -> None:
    """Write what the atlas holds; last, when all of it is there.

    A run for some communes leaves in it what an earlier one recorded of the others, and of the volumes.

    Parameters
    ----------
    folder : Path
    before : mapping
        From ``open_record``.
    study : Study
    options : AtlasOptions
    series : sequence of SheetSpec
    fingerprint : str
    communes : mapping of INSEE code to result
        Booklets of this run.
    asked : iterable of str
        Codes of the communes of this run.
    failed : sequence of Failed
    volumes : sequence of str
        Files of this run, below the folder.
    journal : Journal
    whole : bool
        Whether all communes of the atlas were asked for.
    """
    failures = [{"key": one.key, "what": one.title, "why": one.reason} for one in failed]
    if not whole and before:
        redone = {f"commune-{code}" for code in asked}
        others = {
            code: result for code, result in before["communes"].items() if f"commune-{code}" not in redone
        }
        communes = {**others, **communes}
        failures = [one for one in before["failed"] if one["key"] not in redone] + failures
        volumes = list(dict.fromkeys([*before["volumes"], *volumes]))
    record = {
        "bocage": __version__,
        "study": study.name,
        "date": study.date.isoformat(),
        "fingerprint": fingerprint,
        "options": asdict(options),
        "series": [{"key": spec.key, "themes": list(spec.themes)} for spec in series],
        "communes": {code: dict(communes[code]) for code in sorted(communes)},
        "failed": failures,
        "volumes": list(volumes),
        "notes": [{"level": note.level, "text": note.text(options.language)} for note in journal.notes],
    }
    write_json(folder / RECORD, record)
