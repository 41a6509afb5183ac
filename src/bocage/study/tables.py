"""Read the CSV tables of a study as spreadsheets write them: any usual delimiter, encoding and mark."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bocage.errors import InputError
from bocage.io.files import require_file, shorten_list
from bocage.study.suggesting import suggest

if TYPE_CHECKING:
    from pandas import DataFrame

_DELIMITERS = (";", ",", "\t", "|")


def read_table(
    path: Path, *, name: str, delimiter: str | None = None, texts: Sequence[str] | None = None
) -> DataFrame:
    """Read a CSV table.

    Parameters
    ----------
    path : Path
    name : str
        What the table is to the study, for messages.
    delimiter : str, optional
        Character between columns; when left out, the one that the first line has most of.
    texts : sequence of str, optional
        Columns to keep as text whatever they hold, as codes with a leading zero; all of them by default.

    Raises
    ------
    InputError
        If the file is missing, or is no table.
    """
    import pandas

    path = require_file(path, name)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets on Windows write unless told otherwise.
        text = data.decode("cp1252", errors="replace")
    header = text.partition("\n")[0]
    if delimiter is None:
        delimiter = max(_DELIMITERS, key=header.count)
    try:
        return pandas.read_csv(
            io.StringIO(text),
            sep=delimiter,
            dtype=str if texts is None else dict.fromkeys(texts, str),
            skipinitialspace=True,
        )
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise InputError(
            f"{name}: '{path.as_posix()}' is no CSV table ({said}); "
            f"check that its columns are apart by '{delimiter}', or give the delimiter."
        ) from None


def require_columns(table: DataFrame, columns: Sequence[str], *, name: str, path: Path) -> None:
    """Check that a table has these columns.

    Raises
    ------
    InputError
        If one is missing; the sentence names those there are.
    """
    found = [str(column) for column in table.columns]
    for column in columns:
        if column not in found:
            raise InputError(
                f"{name}: '{path.as_posix()}' has no column '{column}'{suggest(column, found)}; "
                f"its columns are {shorten_list(found)}; if they look run together, give the delimiter."
            )
