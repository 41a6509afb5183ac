"""The page: blocks inside the paper, none over another, and the orientation that serves the commune."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations

import pytest

from bocage.atlas.layout import Box, choose_layout, lay_out
from bocage.errors import InputError


@pytest.mark.parametrize("sheet_format", ["a4", "a3"])
@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
def test_blocks_do_not_overlap(sheet_format: str, orientation: str) -> None:
    """Blocks lie inside the paper, at least 8 mm from its edge, and apart from each other."""
    layout = lay_out(sheet_format, orientation)  # type: ignore[arg-type]
    boxes = {f.name: getattr(layout, f.name) for f in fields(layout)}
    boxes = {name: box for name, box in boxes.items() if isinstance(box, Box)}

    for box in boxes.values():
        assert box.w > 20 and box.h > 5
        assert box.x >= 8 and box.y >= 8
        assert box.x + box.w <= layout.width - 8 + 1e-9 and box.y + box.h <= layout.height - 8 + 1e-9
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        apart = a.x + a.w <= b.x or b.x + b.w <= a.x or a.y + a.h <= b.y or b.y + b.h <= a.y
        assert apart, (one, other)


def test_paper_sizes() -> None:
    """A4 and A3 have the sizes of ISO 216."""
    assert (lay_out("a4", "portrait").width, lay_out("a4", "portrait").height) == (210, 297)
    assert (lay_out("a3", "landscape").width, lay_out("a3", "landscape").height) == (420, 297)


def test_orientation_follows_the_commune() -> None:
    """A commune long from west to east lies on a landscape sheet, one long from south to north stands."""
    assert choose_layout((0, 0, 12_000, 7_000), "a4")[1] == "landscape"
    assert choose_layout((0, 0, 7_000, 9_000), "a4")[1] == "portrait"
    assert choose_layout((0, 0, 12_000, 7_000), "A3", "portrait")[1] == "portrait"


def test_unknown_formats() -> None:
    """Formats and orientations that do not exist are named with those that do."""
    with pytest.raises(InputError, match="'a5'; give 'a4' or 'a3'"):
        choose_layout((0, 0, 1, 1), "a5")
    with pytest.raises(InputError, match="'upright'; give 'auto', 'portrait' or 'landscape'"):
        choose_layout((0, 0, 1, 1), "a4", "upright")
