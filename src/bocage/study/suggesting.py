"""Guess what names mean: one that does not exist, and those of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bocage.io import files


def suggest(name: str, known: Iterable[str]) -> str:
    """Write the likeliest meant as the end of a sentence, or nothing.

    >>> suggest("cell_sise", ["area", "cell_size"])
    " (did you mean 'cell_size'?)"
    >>> suggest("colour", ["area", "cell_size"])
    ''
    """
    close = files.suggest(name, list(known))
    return f" (did you mean {close}?)" if close else ""


def recognise_names(columns: Sequence[str], known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Find which columns mean what, by names known beforehand in small letters, whatever their case.

    >>> recognise_names(["TopoOH", "x", "NOM"], {"name": ("topooh", "nom"), "direction": ("sens",)})
    {'name': 'TopoOH'}
    """
    there: dict[str, str] = {}
    for column in columns:
        there.setdefault(column.casefold(), column)
    found = {}
    for key, names in known.items():
        match = next((there[name] for name in names if name in there), None)
        if match is not None:
            found[key] = match
    return found
