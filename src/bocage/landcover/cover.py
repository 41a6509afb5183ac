"""What covers the ground, on one grid, as codes into one legend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.grid import Grid


@dataclass(frozen=True)
class Legend:
    """Meaning of the codes of a land cover raster; entry 0 is « no data ».

    Attributes
    ----------
    nomenclature, code, label, ground : tuple of str, all of one length
        Nomenclature key (``"clc"``; ``"bocage"`` for burnt features), native code (``"311"``),
        its label for people, and the ground class it belongs to (``"broadleaf"``).
    """

    nomenclature: tuple[str, ...]
    code: tuple[str, ...]
    label: tuple[str, ...]
    ground: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ground)

    def names(self, index: int) -> tuple[str, str, str]:
        """Give the names of an entry, most precise first: ``("clc:311", "311", "broadleaf")``."""
        return (f"{self.nomenclature[index]}:{self.code[index]}", self.code[index], self.ground[index])

    def select(self, names: tuple[str, ...] | frozenset[str]) -> NDArray[np.bool_]:
        """Tell which entries are named, by any of their names.

        Returns
        -------
        (n,) array of bool
        """
        wanted = frozenset(names)
        return np.array(
            [i > 0 and not wanted.isdisjoint(self.names(i)) for i in range(len(self))], dtype=bool
        )


@dataclass(frozen=True)
class LandCover:
    """Land cover of a study area.

    Attributes
    ----------
    grid : Grid
    codes : (nrows, ncols) array of uint16
        Legend entry of each cell, with roads, railways, watercourses and crossings burnt in.
    under : (nrows, ncols) array of uint16
        The same were transport infrastructure absent: what a corridor would cross were it
        made transparent. Watercourses and hedges stay, and so does ground of class
        ``transport``, an area and not a line.
    legend : Legend
    """

    grid: Grid
    codes: NDArray[np.uint16]
    under: NDArray[np.uint16]
    legend: Legend

    def where(self, names: tuple[str, ...] | frozenset[str], *, under: bool = False) -> NDArray[np.bool_]:
        """Tell which cells are covered by the named ground classes or codes."""
        table = self.legend.select(names)
        return table[self.under if under else self.codes]

    def count_cells(self, *, under: bool = False) -> NDArray[np.int64]:
        """Count the cells of each legend entry; entry 0 counts those without data.

        Returns
        -------
        (n,) array of int64
            As long as the legend.
        """
        codes = self.under if under else self.codes
        counts = np.zeros(len(self.legend), dtype=np.int64)
        # Row blocks: counting turns codes into 8-byte integers.
        for row in range(0, codes.shape[0], 512):
            counts += np.bincount(codes[row : row + 512].ravel(), minlength=len(self.legend))
        return counts

    def find_edge(self) -> NDArray[np.bool_]:
        """Tell which cells lie on the outer edge of the data, or beyond it.

        They have no data, or a neighbour without, or lie at the border of the grid.

        Returns
        -------
        (nrows, ncols) array of bool
        """
        from scipy import ndimage

        known = self.codes != 0
        inner: NDArray[np.bool_] = ndimage.binary_erosion(known, np.ones((3, 3), bool), border_value=0)
        return ~inner
