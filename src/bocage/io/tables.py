"""Tables and records as files: CSV for spreadsheets, Parquet, and JSON, each whole or absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bocage.io.files import replace_on_success

if TYPE_CHECKING:
    from pandas import DataFrame


def write_csv(path: Path, table: DataFrame, *, digits: str = "%.9g") -> None:
    """Write a table as CSV that spreadsheets read, accents and all; what is unknown is empty.

    Parameters
    ----------
    path : Path
    table : DataFrame
    digits : str
        Format of numbers that are not whole.

    Raises
    ------
    OutputError
        The file cannot be written; it stays as it was.
    """
    with replace_on_success(path) as draft:
        # The byte order mark makes spreadsheets read the accents.
        table.to_csv(draft, index=False, encoding="utf-8-sig", lineterminator="\n", float_format=digits)


def write_both(path: Path, table: DataFrame, *, digits: str = "%.9g") -> list[Path]:
    """Write a table as CSV at ``path`` and as Parquet beside it; give the two files."""
    write_csv(path, table, digits=digits)
    beside = path.with_suffix(".parquet")
    with replace_on_success(beside) as draft:
        table.to_parquet(draft, index=False)
    return [path, beside]


def write_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record as JSON, keys in order.

    Raises
    ------
    OutputError
        The file cannot be written; it stays as it was.
    """
    text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True)
    with replace_on_success(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8", newline="\n")
