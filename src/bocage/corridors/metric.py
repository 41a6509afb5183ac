"""The integer metric that cost distance is counted in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.kernels.sweep import K_DIAGONAL, K_STRAIGHT, UNREACHED

# A whole resistance is exact with one unit of 1/1970 of a cell; others are counted 1024 times finer,
# so that their rounding stays below 5e-7 of the smallest resistance.
_FINE = 1024
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
            If a resistance is not positive, or the range is too wide to count exactly.
        """
        open_ground = np.isfinite(values)
        passable = values[open_ground]
        if not np.all(passable > 0) or np.isnan(values).any():
            bad = values[~(values > 0)][0]
            raise DataError(f"a resistance must be greater than 0, found {bad}; mend the resistance table")
        whole = bool(np.all(passable == np.round(passable)))
        fine = 1 if whole else _FINE
        if passable.size and passable.max() * K_DIAGONAL * fine * 2 >= float(1 << 39):
            raise DataError(
                f"the largest resistance, {passable.max():g}, cannot be counted exactly; "
                f"use whole resistances below {(1 << 38) // K_DIAGONAL:,} or mark the ground as a barrier"
            )
        straight = np.full(values.shape, UNREACHED, np.int64)
        diagonal = np.full(values.shape, UNREACHED, np.int64)
        straight[open_ground] = np.maximum(np.round(passable * (K_STRAIGHT * fine)), 1).astype(np.int64)
        diagonal[open_ground] = np.maximum(np.round(passable * (K_DIAGONAL * fine)), 1).astype(np.int64)
        return cls(straight, diagonal, cell / (2 * K_STRAIGHT * fine))

    def shifted(self, shift: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the half weights moved to the cost bits of a packed label."""
        barrier = self.straight >= UNREACHED
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
        """Convert a cost [resistance x m] to whole units, rounding down."""
        return int(np.floor(cost / self.unit * (1 + 1e-12)))
