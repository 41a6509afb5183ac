"""A resistance surface: the cost of crossing each cell, held as class codes and one value a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.grid import Grid


@dataclass(frozen=True)
class ResistanceSurface:
    """Resistance of the ground, 2 bytes a cell.

    Attributes
    ----------
    grid : Grid
    codes : (nrows, ncols) array of uint16
        Index into ``values``; code 0 is no data, impassable.
    values : (n,) array of float
        Resistance of each code, > 0; ``inf`` is a barrier. ``values[0]`` is ``inf``.
    """

    grid: Grid
    codes: NDArray[np.uint16]
    values: NDArray[np.float64]

    def array(self) -> NDArray[np.float64]:
        """Give the resistance of every cell, 8 bytes a cell."""
        return self.values[self.codes]
