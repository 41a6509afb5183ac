"""The command line answers at once: nothing heavy is imported before it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

HEAVY = (
    "numpy",
    "pandas",
    "geopandas",
    "numba",
    "scipy",
    "rasterio",
    "shapely",
    "pyogrio",
    "pydantic",
    "typst",
    "rich",
)

PROBE = """
import json, sys
try:
    {statement}
except SystemExit:
    pass
print(json.dumps(sorted(name for name in {heavy} if name in sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "statement",
    [
        "import bocage",
        "from bocage.cli import main; main(['--help'])",
        "from bocage.cli import main; main(['--version'])",
        "from bocage.cli import main; main(['run', '--help'])",
        "from bocage.cli import main; main(['sheet'])",
    ],
)
def test_nothing_heavy(statement: str) -> None:
    """Help, version and mistakes of typing import none of the scientific libraries."""
    code = PROBE.format(statement=statement, heavy=HEAVY)

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert json.loads(done.stderr.strip().split("\n")[-1]) == []


def test_missing_study_is_told_without_the_science() -> None:
    """A study that does not exist is told before the libraries of computing are loaded."""
    code = PROBE.format(
        statement="from bocage.cli import main; main(['run', 'no such study.toml'])",
        heavy=("numba", "rasterio", "scipy"),
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert json.loads(done.stderr.strip().split("\n")[-1]) == []


def test_help_is_quick() -> None:
    """Help comes within a second and a half even on a busy machine: 0.1 s on a quiet one."""
    fastest = 99.0
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "bocage.cli", "--help"], capture_output=True, check=True)
        fastest = min(fastest, time.perf_counter() - began)

    assert fastest < 1.5
