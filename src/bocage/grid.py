"""The one geometry that rasters share: origin, cell size, shape and CRS. No input or output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Bounds = tuple[float, float, float, float]
"""West, south, east, north, in the grid's CRS."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of cells: rows ``row0:row1``, columns ``col0:col1``."""

    row0: int
    row1: int
    col0: int
    col1: int

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return (self.row1 - self.row0, self.col1 - self.col0)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index an array of the parent grid with this."""
        return (slice(self.row0, self.row1), slice(self.col0, self.col1))


@dataclass(frozen=True, slots=True)
class Grid:
    """A north-up grid of square cells in a projected CRS.

    Attributes
    ----------
    west, north : float
        Coordinates of the upper left corner [m].
    cell : float
        Side of a cell [m], > 0.
    nrows, ncols : int
        Shape, >= 1.
    crs : str
        As ``"EPSG:2154"``.

    Examples
    --------
    >>> grid = Grid(700_000, 6_600_000, 10, nrows=2, ncols=3)
    >>> grid.bounds
    (700000, 6599980, 700030, 6600000)
    >>> grid.row_col(700_012.0, 6_599_999.0)
    (0, 1)
    """

    west: float
    north: float
    cell: float
    nrows: int
    ncols: int
    crs: str = "EPSG:2154"

    def __post_init__(self) -> None:
        if not (self.cell > 0 and math.isfinite(self.cell)):
            raise ValueError(f"cell size must be a positive number of metres, got {self.cell!r}")
        if self.nrows < 1 or self.ncols < 1:
            raise ValueError(f"a grid has at least one cell, got {self.nrows} rows and {self.ncols} columns")

    @classmethod
    def covering(cls, bounds: Bounds, cell: float, crs: str = "EPSG:2154") -> Grid:
        """Build the smallest grid over ``bounds`` whose lines are multiples of ``cell``.

        >>> Grid.covering((3, 4, 27, 26), 10).bounds
        (0, 0, 30, 30)
        """
        west, south, east, north = bounds
        col0, col1 = math.floor(west / cell), math.ceil(east / cell)
        row0, row1 = math.floor(south / cell), math.ceil(north / cell)
        return cls(col0 * cell, row1 * cell, cell, max(row1 - row0, 1), max(col1 - col0, 1), crs)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (self.nrows, self.ncols)

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.nrows * self.ncols

    @property
    def cell_area(self) -> float:
        """Area of a cell [m²]."""
        return self.cell * self.cell

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north [m]."""
        return (
            self.west,
            self.north - self.nrows * self.cell,
            self.west + self.ncols * self.cell,
            self.north,
        )

    @property
    def affine(self) -> tuple[float, float, float, float, float, float]:
        """Coefficients (a, b, c, d, e, f) of ``affine.Affine``, from (col, row) to (easting, northing)."""
        return (self.cell, 0.0, self.west, 0.0, -self.cell, self.north)

    def row_col(self, easting: Any, northing: Any) -> tuple[Any, Any]:
        """Give the row and column of the cell that holds each point; may lie outside the grid."""
        col = np.floor((np.asarray(easting) - self.west) / self.cell).astype(np.int64)
        row = np.floor((self.north - np.asarray(northing)) / self.cell).astype(np.int64)
        if row.ndim == 0:
            return int(row), int(col)
        return row, col

    def centre(self, row: Any, col: Any) -> tuple[Any, Any]:
        """Give the easting and northing of cell centres."""
        return (
            self.west + (np.asarray(col) + 0.5) * self.cell,
            self.north - (np.asarray(row) + 0.5) * self.cell,
        )

    def contains(self, row: Any, col: Any) -> Any:
        """Tell which rows and columns lie inside."""
        row, col = np.asarray(row), np.asarray(col)
        return (row >= 0) & (row < self.nrows) & (col >= 0) & (col < self.ncols)

    def window(self, bounds: Sequence[float]) -> Window:
        """Give the cells that ``bounds`` touch, clipped to the grid; may be empty (``row0 == row1``)."""
        west, south, east, north = bounds
        row0 = min(max(math.floor((self.north - north) / self.cell), 0), self.nrows)
        row1 = min(max(math.ceil((self.north - south) / self.cell), row0), self.nrows)
        col0 = min(max(math.floor((west - self.west) / self.cell), 0), self.ncols)
        col1 = min(max(math.ceil((east - self.west) / self.cell), col0), self.ncols)
        return Window(row0, row1, col0, col1)

    def crop(self, window: Window) -> Grid:
        """Give the grid of a window."""
        rows, cols = window.shape
        return Grid(
            self.west + window.col0 * self.cell,
            self.north - window.row0 * self.cell,
            self.cell,
            rows,
            cols,
            self.crs,
        )
