"""Transitions of a categorical raster between two dates, as a matrix of areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    import pandas as pd

_STRIPE_CELLS = 1 << 20


@dataclass(frozen=True, slots=True)
class Transitions:
    """Area that went from each class to each class.

    Attributes
    ----------
    codes : (k,) array of int64
        Classes found at either date, sorted.
    area_ha : (k, k) array of float
        From the class of the row to that of the column [ha]; the diagonal did not change.
    """

    codes: NDArray[np.int64]
    area_ha: NDArray[np.float64]

    def to_table(self, names: dict[int, str] | None = None) -> pd.DataFrame:
        """Write the matrix as a table: rows are classes before, columns classes after."""
        import pandas as pd

        labels = [(names or {}).get(code, str(code)) for code in self.codes.tolist()]
        return pd.DataFrame(self.area_ha, index=pd.Index(labels, name="before"), columns=labels)


def tabulate_transitions(
    before: NDArray[Any], after: NDArray[Any], *, cell_area_m2: float, nodata: int | None = None
) -> Transitions:
    """Tabulate how much ground went from each class to each class between two dates.

    Parameters
    ----------
    before, after : (nrows, ncols) arrays of int
        Codes from 0 to 2³¹ - 1, such as those of MSPA or of a land cover.
    cell_area_m2 : float
    nodata : int, optional
        Cells of this code at either date are left out.

    Returns
    -------
    Transitions

    Raises
    ------
    DataError
        If the two rasters differ in shape, or hold other values than whole numbers of 0 or more.

    Examples
    --------
    >>> table = tabulate_transitions(np.array([[17, 17, 3]]), np.array([[17, 3, 3]]), cell_area_m2=1e4)
    >>> table.codes.tolist(), table.area_ha.tolist()
    ([3, 17], [[1.0, 0.0], [1.0, 1.0]])
    """
    keys, cells = count_pairs(before, after)
    old, new = keys >> 32, keys & 0xFFFFFFFF
    if nodata is not None:
        known = (old != nodata) & (new != nodata)
        old, new, cells = old[known], new[known], cells[known]
    codes = np.unique(np.concatenate([old, new]))
    area = np.zeros((codes.size, codes.size))
    area[np.searchsorted(codes, old), np.searchsorted(codes, new)] = cells * (cell_area_m2 / M2_PER_HA)
    return Transitions(codes, area)


def count_pairs(before: NDArray[Any], after: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the cells of each pair of values that two rasters hold, in stripes of rows.

    Returns
    -------
    keys : (n,) array of int64
        ``before << 32 | after``, sorted.
    cells : (n,) array of int64

    Raises
    ------
    DataError
        If the rasters differ in shape, or hold other values than whole numbers from 0 to 2³¹ - 1.
    """
    if before.shape != after.shape or before.ndim != 2:
        raise DataError(
            f"the rasters of the two dates have {before.shape} and {after.shape} cells; "
            "bring them to one grid."
        )
    keys, cells = np.empty(0, np.int64), np.empty(0, np.int64)
    rows = max(_STRIPE_CELLS // max(before.shape[1], 1), 1)
    for row in range(0, before.shape[0], rows):
        old, new = np.asarray(before[row : row + rows]), np.asarray(after[row : row + rows])
        for part in (old, new):
            if part.dtype.kind not in "iub" or part.min(initial=0) < 0 or part.max(initial=0) > 0x7FFFFFFF:
                raise DataError(
                    f"a raster of classes or labels holds {part.dtype} values from {part.min()} to "
                    f"{part.max()}; "
                    "give whole numbers from 0 to 2147483647."
                )
        found, number = np.unique((old.astype(np.int64) << 32) | new, return_counts=True)
        keys, place = np.unique(np.concatenate([keys, found]), return_inverse=True)
        total = np.zeros(keys.size, np.int64)
        np.add.at(total, place, np.concatenate([cells, number]))
        cells = total
    return keys, cells
