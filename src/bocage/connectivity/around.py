"""The ground as searches around patches read it: padded, flat, with the scratch that they share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.resistance.surface import ResistanceSurface

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """A resistance surface and patches as ``bocage.kernels.reaching`` reads them.

    Memory: 6 bytes a cell, 24 more where searched.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the grid.
    codes : (cells,) array of uint16
        Flat, with a ring of barriers.
    walls : (cells,) array of int32
        Number of the patch of each cell, 0 for none.
    straight, diagonal : (ncodes,) array of float64
        Half the cost of a step [resistance x m].
    """

    shape: tuple[int, int]
    codes: NDArray[np.uint16]
    walls: NDArray[np.int32]
    straight: NDArray[np.float64]
    diagonal: NDArray[np.float64]

    @classmethod
    def of(cls, surface: ResistanceSurface, patches: NDArray[np.int32]) -> Self:
        """Read a surface and a raster of patch numbers, from 1.

        Raises
        ------
        DataError
            The rasters differ in shape, or a resistance is not above 0.
        """
        if patches.shape != surface.grid.shape:
            raise DataError(
                f"Patches lie on {patches.shape[0]} x {patches.shape[1]} cells, the resistance on "
                f"{surface.grid.nrows} x {surface.grid.ncols}; give both on one grid."
            )
        values = np.asarray(surface.values, dtype=np.float64).copy()
        values[0] = np.inf
        if not (values > 0).all():
            raise DataError(f"A resistance is {values[~(values > 0)][0]:g}; give numbers above 0.")
        half = values * surface.grid.cell / 2
        return cls(
            surface.grid.shape,
            pad(surface.codes.astype(np.uint16, copy=False)),
            pad(patches.astype(np.int32, copy=False)),
            half,
            half * math.sqrt(2),
        )

    @property
    def width(self) -> int:
        """Columns of the padded grid."""
        return self.shape[1] + 2

    def flatten(self, rows: Ints, cols: Ints) -> Ints:
        """Give the places of cells in the flat arrays."""
        return np.ascontiguousarray((rows + 1) * self.width + cols + 1, dtype=np.int64)

    def unpad(self, values: NDArray[Any]) -> NDArray[Any]:
        """Give a flat array as a raster."""
        inner: NDArray[Any] = values.reshape(self.shape[0] + 2, self.width)[1:-1, 1:-1]
        return inner

    def make_scratch(self) -> tuple[NDArray[Any], ...]:
        """Make what a kernel writes in."""
        size = len(self.codes)
        return (
            np.empty(size, np.float64),
            np.zeros(size, np.int32),
            np.zeros(size, np.int32),
            np.empty(size, np.int32),
            np.empty(size, np.int32),
        )

    def list_cells(self, count: int) -> tuple[Ints, Ints]:
        """List the cells of patches 1 to ``count``, ragged: cells, and where each patch begins."""
        where = np.flatnonzero(self.walls)
        order = np.argsort(self.walls[where], kind="stable")
        cells = where[order].astype(np.int64)
        return cells, np.searchsorted(self.walls[cells], np.arange(1, count + 2)).astype(np.int64)


def pad(values: NDArray[Any]) -> NDArray[Any]:
    """Put a ring of zeros around a raster and make it flat."""
    padded = np.zeros((values.shape[0] + 2, values.shape[1] + 2), values.dtype)
    padded[1:-1, 1:-1] = values
    return padded.ravel()
