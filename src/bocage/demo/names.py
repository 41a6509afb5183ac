"""Names of the places of the territory, kept as data in ``names.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Names:
    """Names given to what is generated, in order of importance."""

    river: str
    canal: str
    motorway: str
    railway: str
    forest: str
    list1_stream: str
    list2_streams: tuple[str, ...]
    streams: tuple[str, ...]
    town: str
    epcis: tuple[str, ...]
    weirs: tuple[str, ...]
    mills: tuple[str, ...]
    ponds: tuple[str, ...]
    areas: Mapping[str, list[str] | str]
    villages: Mapping[str, list[str]]

    def pick(self, kind: str, number: int) -> str:
        """Name the ``number``-th area of a kind; beyond the list, names are numbered.

        >>> NAMES.pick("heath", 0), NAMES.pick("bocage", 2)
        ('Landes de la Croix-Rousse', 'Bocage des Hautes-Haies (2)')
        """
        known = self.areas[kind]
        if isinstance(known, str):
            return f"{known} n°\u00a0{number + 1}"
        turn, place = divmod(number, len(known))
        return known[place] if turn == 0 else f"{known[place]} ({turn + 1})"


def _read_names() -> Names:
    table = tomllib.loads(files("bocage.demo").joinpath("names.toml").read_text(encoding="utf-8"))
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    return Names(**values)


NAMES = _read_names()
