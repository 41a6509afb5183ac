"""The rectangle that holds the demo territory, and where things lie in it.

Places are designed as shares of the rectangle, so that the same country can be generated
small for a test and whole for a demonstration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine

from bocage.grid import Grid

Floats = NDArray[np.float64]

CRS = "EPSG:2154"
FINE_M = 10.0
"""Cell of the land cover [m]."""
COARSE_M = 125.0
"""Cell on which relief, roads and limits are reckoned [m]."""
WIDTH_KM, HEIGHT_KM = 24, 22
WEST, SOUTH = 724_000.0, 6_966_000.0
"""South-west corner in Lambert-93: it makes distances and projections true, the place does not exist."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle of the territory.

    Attributes
    ----------
    scale : float
        1 for the whole territory of 24 x 22 km; 0.5 gives 12 x 11 km, for tests.

    Examples
    --------
    >>> Frame(0.5).fine.shape
    (1100, 1200)
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        if not 0.4 <= self.scale <= 1.0:
            raise ValueError(f"the demo territory is generated at a scale from 0.4 to 1, got {self.scale!r}")

    @property
    def width(self) -> float:
        """From west to east [m], a multiple of 1 km."""
        return round(WIDTH_KM * self.scale) * 1000.0

    @property
    def height(self) -> float:
        """From south to north [m], a multiple of 1 km."""
        return round(HEIGHT_KM * self.scale) * 1000.0

    @property
    def fine(self) -> Grid:
        """The grid of the land cover."""
        return self._grid(FINE_M)

    @property
    def coarse(self) -> Grid:
        """The grid of relief and roads."""
        return self._grid(COARSE_M)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m]."""
        return (WEST, SOUTH, WEST + self.width, SOUTH + self.height)

    def place(self, shares: Any) -> Floats:
        """Give the coordinates of points given as shares of width and height from the south-west.

        Returns
        -------
        (n, 2) array
            Eastings and northings [m].
        """
        return np.asarray(shares, dtype=float) * [self.width, self.height] + [WEST, SOUTH]

    def shares(self, easting: Any, northing: Any) -> tuple[Any, Any]:
        """Give the shares of width and height at which points lie."""
        return (
            (np.asarray(easting) - WEST) / self.width,
            (np.asarray(northing) - SOUTH) / self.height,
        )

    def _grid(self, cell: float) -> Grid:
        return Grid(
            WEST,
            SOUTH + self.height,
            cell,
            round(self.height / cell),
            round(self.width / cell),
            CRS,
        )


def burn(grid: Grid, shapes: Any, dtype: type, *, all_touched: bool = False) -> NDArray:
    """Burn (shape, value) pairs onto a grid of zeros; the last one wins."""
    return np.asarray(
        rasterize(
            shapes, out_shape=grid.shape, transform=Affine(*grid.affine), dtype=dtype, all_touched=all_touched
        )
    )
