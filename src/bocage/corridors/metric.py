"""The integer metric that cost distance is counted in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.kernels.sweep import K_DIAGONAL, K_STRAIGHT, UNREACHED

# A whole resistance is exact with one unit of 1/1970 of a cell; others are counted 1024 times finer,
# so that a resistance r is rounded by less than 5e-7 / r of itself.
_FINE = 1024
_SMALLEST = 0.001
"""Fractional resistances below this would be rounded by more than one in two thousand."""
_BARRIER_IN_SEARCH = np.int64(1 << 40)


@dataclass(frozen=True)
class Metric:
    """Half weights of each resistance code, as whole numbers.

    Attributes
    ----------
    straight, diagonal : (ncodes,) array of int64
        Units to cross half a cell, straight or diagonally; ``UNREACHED`` for a barrier.
    unit : float
        Cost of one unit [resistance x m].
    """

    straight: NDArray[np.int64]
    diagonal: NDArray[np.int64]
    unit: float

    @classmethod
    def of(cls, values: NDArray[np.float64], cell: float) -> Metric:
        """Build the metric of resistance ``values`` (``inf`` is a barrier) on cells of ``cell`` metres.

        Raises
        ------
        DataError
            If a resistance is not positive, or too small or too large to be counted in whole units.
        """
        open_ground = np.isfinite(values)
        passable = values[open_ground]
        if not np.all(passable > 0) or np.isnan(values).any():
            bad = values[~(values > 0)][0]
            raise DataError(f"a resistance must be greater than 0, found {bad}; mend the resistance table")
        whole = bool(np.all(passable == np.round(passable)))
        fine = 1 if whole else _FINE
        if passable.size and passable.min() < _SMALLEST:
            raise DataError(
                f"the smallest resistance, {passable.min():g}, cannot be counted exactly; multiply all "
                f"resistances, and the dispersal cost, so that none is below {_SMALLEST:g}"
            )
        if passable.size and passable.max() * K_DIAGONAL * fine * 2 >= float(1 << 39):
            raise DataError(
                f"the largest resistance, {passable.max():g}, cannot be counted exactly; "
                f"use whole resistances below {(1 << 38) // K_DIAGONAL:,} or mark the ground as a barrier"
            )
        straight = np.full(values.shape, UNREACHED, np.int64)
        diagonal = np.full(values.shape, UNREACHED, np.int64)
        straight[open_ground] = np.round(passable * (K_STRAIGHT * fine)).astype(np.int64)
        diagonal[open_ground] = np.round(passable * (K_DIAGONAL * fine)).astype(np.int64)
        return cls(straight, diagonal, cell / (2 * K_STRAIGHT * fine))

    def shifted(self, shift: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the half weights moved to the cost bits of a packed label.

        Raises
        ------
        DataError
            If the source numbers leave too few bits to count the dearest step.
        """
        barrier = self.straight >= UNREACHED
        dearest = int(self.diagonal[~barrier].max(initial=0))
        if dearest << (shift + 1) >= int(UNREACHED):
            raise DataError(
                f"source numbers up to {(1 << shift) - 1:,} leave no room to count one step over the dearest "
                "ground; number the sources from 1 on, or divide the resistances by a power of ten"
            )
        return (
            np.where(barrier, UNREACHED, self.straight << shift),
            np.where(barrier, UNREACHED, self.diagonal << shift),
        )

    def for_search(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the half weights with barriers as a bounded search wants them."""
        barrier = self.straight >= UNREACHED
        return (
            np.where(barrier, _BARRIER_IN_SEARCH, self.straight),
            np.where(barrier, _BARRIER_IN_SEARCH, self.diagonal),
        )

    def units(self, cost: float) -> int:
        """Convert a cost [resistance x m] to whole units, rounding down; at most 2**62, even for ``inf``."""
        return int(min(np.floor(cost / self.unit * (1 + 1e-12)), float(1 << 62)))
