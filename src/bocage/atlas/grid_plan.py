"""The grid of sheets at 1:100 000 that covers a territory: A1, A2, B1 ..."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.atlas.grid_layout import GridLayout, lay_out_cell
from bocage.atlas.layout import Orientation
from bocage.atlas.territory import find_territory
from bocage.cartography.frame import MapFrame
from bocage.errors import InputError
from bocage.grid import Bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from bocage.atlas.content import Content

SCALE = 100_000
"""Denominator of the scale of the grid's sheets."""

OVERLAP_M = 1_000.0
"""Ground that two sheets side by side both show [m]."""

_TRIALS = 9
_AROUND: Mapping[str, tuple[int, int]] = {
    "nw": (-1, -1), "n": (-1, 0), "ne": (-1, 1), "w": (0, -1), "e": (0, 1), "sw": (1, -1), "s": (1, 0),
    "se": (1, 1),
}  # fmt: skip


@dataclass(frozen=True)
class GridCell:
    """A sheet of the grid.

    Attributes
    ----------
    name : str
        Letter of its row, number of its column.
    row, column : int
        From 0, from the north-west.
    frame : MapFrame
        Ground its map shows, at 1:100 000.
    core : (west, south, east, north)
        Its share of the ground: what it shows, less half of what it shows with its neighbours [m].
    neighbours : mapping of direction to name
        The sheets around it: ``n``, ``ne``, ``e`` ...
    """

    name: str
    row: int
    column: int
    frame: MapFrame
    core: Bounds
    neighbours: Mapping[str, str]


@dataclass(frozen=True)
class GridPlan:
    """The sheets that cover a territory.

    Attributes
    ----------
    sheet_format : {"a4", "a3"}
    orientation : {"portrait", "landscape"}
    cells : tuple of GridCell
        In reading order; those without ground of the territory are not there.
    outline : shapely geometry
        Of the territory, as drawn very small.
    """

    sheet_format: str
    orientation: Orientation
    cells: tuple[GridCell, ...]
    outline: Any

    @property
    def layout(self) -> GridLayout:
        """Page of its sheets."""
        return lay_out_cell(self.sheet_format, self.orientation)

    @property
    def bounds(self) -> Bounds:
        """Ground that the sheets cover [m]."""
        cores = np.array([cell.core for cell in self.cells])
        west, south = cores[:, :2].min(axis=0).tolist()
        east, north = cores[:, 2:].max(axis=0).tolist()
        return (west, south, east, north)

    def find(self, name: str) -> GridCell:
        """Find a sheet by its name.

        Raises
        ------
        InputError
            If the grid has none of this name.
        """
        for cell in self.cells:
            if cell.name == name:
                return cell
        listed = ", ".join(cell.name for cell in self.cells)
        raise InputError(f"The grid has no sheet '{name}'; give one of {listed}.")

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree([shapely.box(*cell.core) for cell in self.cells])

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the index, which a worker makes again."""
        return {key: value for key, value in self.__dict__.items() if key != "_tree"}


def name_cell(row: int, column: int) -> str:
    """Name the sheet of a row and a column, both from 0.

    >>> name_cell(0, 0), name_cell(1, 11), name_cell(26, 0), name_cell(702, 2)
    ('A1', 'B12', 'AA1', 'AAA3')
    """
    letters = ""
    row += 1
    while row:
        row, rest = divmod(row - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{column + 1}"


def plan_grid(
    content: Content,
    sheet_format: str = "a4",
    *,
    orientation: str = "auto",
    territory: BaseGeometry | None = None,
) -> GridPlan:
    """Plan the sheets at 1:100 000 that cover a territory, as few as a regular grid can.

    Orientation and place of the grid are those that leave the fewest sheets; among equals, portrait, and
    the place where the territory lies nearest to the middle.

    Parameters
    ----------
    content : Content
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}
    territory : shapely geometry, optional
        Ground to cover; all the communes by default.

    Returns
    -------
    GridPlan

    Raises
    ------
    InputError
        If the format or the orientation is none of these, or nothing has an outline.
    """
    ground = find_territory(content).outline if territory is None else territory
    orientations: tuple[Orientation, ...] = ("portrait", "landscape")
    if orientation == "portrait":
        orientations = ("portrait",)
    elif orientation == "landscape":
        orientations = ("landscape",)
    elif orientation != "auto":
        raise InputError(f"The orientation is '{orientation}'; give 'auto', 'portrait' or 'landscape'.")
    shapely.prepare(ground)
    best: tuple[int, _Lattice, Orientation] | None = None
    for tried in orientations:
        box = lay_out_cell(sheet_format, tried).map
        for lattice in _slide(ground.bounds, box.w, box.h):
            count = int(lattice.hold(ground).sum())
            if best is None or count < best[0]:
                best = (count, lattice, tried)
    assert best is not None
    _, lattice, chosen = best
    small = shapely.simplify(ground, 0.004 * max(1.0, math.sqrt(shapely.box(*ground.bounds).area)))
    return GridPlan(sheet_format.lower(), chosen, lattice.name_cells(ground), small)


def find_cells(grid: GridPlan, geometry: BaseGeometry) -> tuple[str, ...]:
    """Name the sheets that hold something of an object, in reading order.

    Ground that two sheets show belongs to the nearer one; touching its limit is not enough.

    Parameters
    ----------
    grid : GridPlan
    geometry : shapely geometry

    Returns
    -------
    tuple of str
    """
    near = np.sort(grid._tree.query(geometry, predicate="intersects"))
    if len(near) == 0:
        return ()
    cores = grid._tree.geometries[near]
    held = near[~shapely.touches(geometry, cores)]
    # What lies along a limit touches both sides.
    return tuple(grid.cells[index].name for index in (held if len(held) else near))


@dataclass(frozen=True)
class _Lattice:
    """A regular grid of map frames, each over its neighbours by the overlap."""

    west: float
    north: float
    width_mm: float
    height_mm: float
    columns: int
    rows: int

    @property
    def _step(self) -> tuple[float, float]:
        metres = SCALE / 1000
        return self.width_mm * metres - OVERLAP_M, self.height_mm * metres - OVERLAP_M

    def _cores(self) -> NDArray[np.float64]:
        """Give west, south, east, north of each cell's share, row by row."""
        across, down = self._step
        x = self.west + OVERLAP_M / 2 + across * np.arange(self.columns + 1)
        y = self.north - OVERLAP_M / 2 - down * np.arange(self.rows + 1)
        # Shares tile the whole: on the rim they reach the edge of the paper.
        x[0], x[-1] = self.west, x[-1] + OVERLAP_M / 2
        y[0], y[-1] = self.north, y[-1] - OVERLAP_M / 2
        row, column = np.divmod(np.arange(self.rows * self.columns), self.columns)
        return np.column_stack([x[column], y[row + 1], x[column + 1], y[row]])

    def hold(self, ground: Any) -> NDArray[np.bool_]:
        """Tell which cells hold ground of the territory."""
        boxes = np.asarray(shapely.box(*self._cores().T), dtype=object)
        meets = np.asarray(shapely.intersects(ground, boxes))
        meets[meets] = ~shapely.touches(ground, boxes[meets])
        return meets

    def name_cells(self, ground: Any) -> tuple[GridCell, ...]:
        held = self.hold(ground)
        places = {
            divmod(int(index), self.columns): name_cell(*divmod(int(index), self.columns))
            for index in np.flatnonzero(held)
        }
        cores = self._cores()
        across, down = self._step
        return tuple(
            GridCell(
                name,
                row,
                column,
                MapFrame(
                    self.west + column * across, self.north - row * down, SCALE, self.width_mm, self.height_mm
                ),
                tuple(cores[row * self.columns + column].tolist()),
                {
                    way: places[row + south, column + east]
                    for way, (south, east) in _AROUND.items()
                    if (row + south, column + east) in places
                },
            )
            for (row, column), name in places.items()
        )


def _slide(bounds: Bounds, width_mm: float, height_mm: float) -> list[_Lattice]:
    """Lay the grid over a territory in several places, the middle one first."""
    west, south, east, north = bounds
    metres = SCALE / 1000
    spans = []
    for extent, paper in ((east - west, width_mm * metres), (north - south, height_mm * metres)):
        count = max(1, math.ceil((extent - OVERLAP_M) / (paper - OVERLAP_M)))
        spans.append((count, count * (paper - OVERLAP_M) + OVERLAP_M - extent))
    (columns, spare_x), (rows, spare_y) = spans
    shares = sorted(
        (index / (_TRIALS - 1) for index in range(_TRIALS)), key=lambda share: (abs(share - 0.5), share)
    )
    # Whole metres are easier to read from the coordinates.
    return [
        _Lattice(
            _round_within(west - spare_x * x, west - spare_x, west),
            _round_within(north + spare_y * y, north, north + spare_y),
            width_mm, height_mm, columns, rows,
        )
        for x in shares
        for y in shares
    ]  # fmt: skip


def _round_within(value: float, low: float, high: float) -> float:
    rounded = round(value / 100.0) * 100.0
    return rounded if low <= rounded <= high else value
