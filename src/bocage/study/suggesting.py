"""Guess what was meant by a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

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
