"""Random landscapes for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bocage.grid import Grid
from bocage.resistance import ResistanceSurface

VALUES = np.array([np.inf, 1.0, 3.0, 10.0, 100.0, np.inf])


@st.composite
def surfaces(draw: st.DrawFn, max_side: int = 14) -> ResistanceSurface:
    """Give a surface of up to ``max_side`` cells a side, with barriers and no data."""
    shape = draw(st.tuples(st.integers(1, max_side), st.integers(1, max_side)))
    codes = draw(hnp.arrays(np.uint16, shape, elements=st.sampled_from([0, 1, 1, 2, 2, 3, 4, 5])))
    return ResistanceSurface(Grid(0, 0, 10, *shape), codes, VALUES)


@st.composite
def landscapes(
    draw: st.DrawFn, max_side: int = 14, max_patches: int = 4
) -> tuple[ResistanceSurface, np.ndarray]:
    """Give a surface and patches (perhaps none): rectangles of up to 4 × 4 cells, or what others leave.

    Their first cell is passable, the others may be barriers; they may touch each other and the border.
    """
    surface = draw(surfaces(max_side))
    patches = np.zeros(surface.grid.shape, np.int32)
    passable = np.argwhere(np.isfinite(surface.array()))
    if len(passable):
        for number in range(1, draw(st.integers(1, max_patches)) + 1):
            row, col = passable[draw(st.integers(0, len(passable) - 1))]
            height, width = draw(st.sampled_from([(1, 1), (1, 1), (2, 3), (3, 1), (4, 4)]))
            patches[row : row + height, col : col + width] = number
    return surface, patches
