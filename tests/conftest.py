"""Fixtures shared by all rooms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of open geodata and published cases kept beside the project; skip where it is absent."""
    folder = Path(os.environ.get("BOCAGE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real data are absent: no folder {folder}")
    return folder
