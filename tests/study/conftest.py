"""A small territory for the tests of the study and of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.territory import write_territory


@pytest.fixture
def territory(tmp_path: Path) -> Path:
    """Folder, with a space and an accent in its name, of a study and its layers."""
    folder = tmp_path / "dossier d'été"
    folder.mkdir()
    write_territory(folder)
    return folder
