"""A demo territory: an invented bocage country, as the files a user would have.

``write_territory`` makes it: a canalised river in its valley, a state forest cut by a motorway, a hilly
bocage, an open plateau, a town and its villages, with the zonings and the works a real territory has.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bocage.journal import Journal

__all__ = ["write_territory"]


def write_territory(folder: Path | str, *, journal: Journal | None = None, scale: float = 1.0) -> Path:
    """Write the demo territory and give the path of its study file; see ``bocage.demo.files``."""
    # Geography libraries are slow to import: only those who want the demo wait for them.
    from bocage.demo import files

    return files.write_territory(folder, journal=journal, scale=scale)
