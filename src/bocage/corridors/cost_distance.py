"""Cost distance: the least accumulated cost from the nearest source, and which source it is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bocage.corridors.metric import Metric
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.kernels import sweep
from bocage.resistance.surface import ResistanceSurface

Real = TypeVar("Real", np.float64, np.float32)


@dataclass(frozen=True)
class CostDistance:
    """Accumulated cost and allocation of a whole grid, and the ground they lie on: 10 bytes a cell.

    Attributes
    ----------
    grid : Grid
    field : (nrows + 2, ncols + 2) array of int64
        Packed labels, ``cost << shift | source``, with a ring of unreached cells around.
    shift : int
        Bits of the source number.
    metric : Metric
    codes : (nrows + 2, ncols + 2) array of uint16
        Resistance codes of the surface, with a ring of no data around.
    """

    grid: Grid
    field: NDArray[np.int64]
    shift: int
    metric: Metric
    codes: NDArray[np.uint16]

    def cost(self, dtype: type[Real] = np.float64) -> NDArray[Real]:  # type: ignore[assignment]
        """Give the least cost to each cell [resistance x m]; ``inf`` where no source reaches.

        Parameters
        ----------
        dtype : type
            ``numpy.float64``, or ``numpy.float32`` for half the memory.

        Returns
        -------
        (nrows, ncols) array of ``dtype``
        """
        inner = self.field[1:-1, 1:-1]
        cost = np.empty(inner.shape, dtype)
        for row, labels in enumerate(inner):  # row by row: nothing else as large as the grid is made
            cost[row] = np.where(
                labels >= sweep.UNREACHED, np.inf, (labels >> self.shift) * np.float64(self.metric.unit)
            )
        return cost

    def allocation(self) -> NDArray[np.int32]:
        """Give the number of the nearest source by cost, the smaller on ties; 0 where none reaches.

        Returns
        -------
        (nrows, ncols) array of int32
        """
        inner = self.field[1:-1, 1:-1]
        nearest = (inner & ((1 << self.shift) - 1)).astype(np.int32)
        nearest[inner >= sweep.UNREACHED] = 0
        return nearest


def pad_codes(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Put a ring of no data, code 0, around the codes of a surface."""
    padded = np.zeros((codes.shape[0] + 2, codes.shape[1] + 2), np.uint16)
    padded[1:-1, 1:-1] = codes
    return padded


def cost_distance(
    surface: ResistanceSurface,
    sources: NDArray[np.int32],
    *,
    threads: int = 1,
    tile: int = sweep.TILE,
) -> CostDistance:
    """Accumulate the cost of reaching every cell from its nearest source.

    Moving between the centres of two of 8 neighbours costs ``length * (r1 + r2) / 2``; barriers
    are impassable, and equal costs go to the source of smaller number. The result is exact in the
    integer metric (√2 is taken as 1393/985, an error of 2.6e-7) and does not depend on ``threads``
    or ``tile``.

    Parameters
    ----------
    surface : ResistanceSurface
    sources : (nrows, ncols) array of int32
        Source numbers, 1 and above; 0 elsewhere. Sources on barriers or no data are left out.
    threads : int
        Threads to use.
    tile : int
        Cells along the side of a tile of work.

    Returns
    -------
    CostDistance

    Raises
    ------
    DataError
        If a resistance is not positive or too small or large to be counted, no source lies on passable
        ground, or costs overflow.

    Notes
    -----
    Memory: 8 bytes a cell for the labels, 2 for a padded copy of the codes. The same cost and
    neighbourhood as GRASS r.cost without ``-k`` or Graphab (Foltête et al. 2012).

    Examples
    --------
    A source at the left end of a row of ground of resistance 1, 1, 5; the last cell is a barrier.

    >>> from bocage.resistance import ResistanceSurface
    >>> surface = ResistanceSurface(
    ...     Grid(0, 10, 10, 1, 4), np.array([[1, 1, 2, 3]], np.uint16), np.array([np.inf, 1, 5, np.inf])
    ... )
    >>> cost_distance(surface, np.array([[1, 0, 0, 0]], np.int32)).cost()
    array([[ 0., 10., 40., inf]])
    """
    sources = np.ascontiguousarray(sources, dtype=np.int32)
    if sources.shape != surface.grid.shape:
        raise ValueError(f"sources have shape {sources.shape}, the surface {surface.grid.shape}")
    metric = Metric.of(surface.values, surface.grid.cell)
    shift = max(int(sources.max(initial=0)).bit_length(), 1)
    straight, diagonal = metric.shifted(shift)
    codes = pad_codes(surface.codes)
    field = np.empty(codes.shape, np.int64)
    rows, cols = surface.grid.shape
    wake = np.zeros(-(-rows // tile) * -(-cols // tile), np.uint8)
    seen = np.zeros_like(wake)
    sweep.plant_sources(field, codes, straight, sources, wake, tile)
    if not wake.any():
        raise DataError(
            "no source lies on passable ground; check the habitat classes and the barriers of the sub-network"
        )
    with ThreadPoolExecutor(threads) as pool:
        while wake.any():
            tiles = np.flatnonzero(wake)
            wake = np.zeros_like(wake)
            jobs = [
                pool.submit(sweep.visit_tiles, field, codes, straight, diagonal, part, seen, wake, tile)
                for part in np.array_split(tiles, min(threads, tiles.size))
            ]
            for job in jobs:
                job.result()
    if sweep.is_saturated(field, codes, straight):
        finite = surface.values[np.isfinite(surface.values)]
        raise DataError(
            f"accumulated cost exceeds {(int(sweep.UNREACHED) >> shift) * metric.unit:g} resistance x m, the "
            f"most that can be counted with {sources.max()} sources; divide the resistances "
            f"({finite.min():g} to {finite.max():g}) by a power of ten"
        )
    return CostDistance(surface.grid, field, shift, metric, codes)
