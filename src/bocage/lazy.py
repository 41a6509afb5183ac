"""Rooms that offer many names and load a module only when one of its names is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def offer_names(
    room: str, modules: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a room (PEP 562).

    Parameters
    ----------
    room : str
        Its ``__name__``.
    modules : mapping of module of the room to the names it offers

    Examples
    --------
    >>> find, list_all = offer_names("json", {"decoder": ("JSONDecoder",)})
    >>> find("JSONDecoder").__name__, "JSONDecoder" in list_all()
    ('JSONDecoder', True)
    """
    home = {name: module for module, names in modules.items() for name in names}

    def find(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module '{room}' has no attribute '{name}'")
        found = getattr(import_module(f"{room}.{home[name]}"), name)
        setattr(sys.modules[room], name, found)
        return found

    def list_all() -> list[str]:
        return sorted({*vars(sys.modules[room]), *home})

    return find, list_all
