"""The reference pages are those the code makes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def load_generator() -> ModuleType:
    """Load the script that writes the pages."""
    spec = importlib.util.spec_from_file_location("generate_reference", DOCS / "generate_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["study.md", "commands.md"])
def test_pages_are_up_to_date(page: str) -> None:
    """After changing a field or an option: python docs/generate_reference.py."""
    written = (DOCS / "reference" / page).read_text(encoding="utf-8")

    assert written == load_generator().PAGES[page]()
