"""The Python of the how-to runs, and what it prints is what it should be."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "indices-python.md"
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def told() -> str:
    """Run all blocks one after the other, and give what they print."""
    space: dict[str, object] = {}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for block in BLOCKS:
            exec(compile(block, PAGE.name, "exec"), space)
    return said.getvalue()


def test_blocks_are_short() -> None:
    """No block is longer than twelve lines."""
    assert BLOCKS
    assert max(len(block.splitlines()) for block in BLOCKS) <= 12


def test_blocks_run(told: str) -> None:
    """What they print is what the sums written here say.

    With ``p = 0.05 ** (cost / 1000)``, ECA² is ``434 + 2 (36 p(700) + 64 p(800) + 144 p(1500))``.
    Without c are left ``97 + 72 p(700)`` and 81.
    """
    chance = [0.05 ** (cost / 1000) for cost in (700, 800, 1500)]
    numerator = 81 + 16 + 256 + 81 + 2 * (36 * chance[0] + 64 * chance[1] + 144 * chance[2])
    assert f"ECA {numerator**0.5:.3f} ha" in told
    without = 81 + 16 + 81 + 72 * chance[0]
    assert f"c dPC {100 * (1 - without / numerator):.1f} %" in told
    assert "protected 9.5 %" in told
    assert "connectivity_lost_more" in told or "habitat_lost_more" in told
    assert "('wood', 'pond')" in told and "'m2': 'm1'" in told
