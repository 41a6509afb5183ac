"""Conductances between the cells of a raster, from resistance or conductance.

Circuitscape's semantics (McRae & Shah 2009; Anantharaman et al. 2020): a cell is a node where ground is known
and can be crossed; two neighbours are tied by ``1 / (d (r1 + r2) / 2)`` (average resistance) or by ``(c1 +
c2) / 2 / d`` (average conductance), with ``d = 1``, or ``√2`` for cells that share a corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Conductances:
    """The circuit of a raster: what ties each cell to four of its neighbours, and so to eight.

    Kept in float32 with a margin, as the kernels read them: 16 bytes a cell, and one for the mask. A
    conductance is then known to 6e-8 of itself, and so is every effective resistance.

    Attributes
    ----------
    links : (4, padded rows, padded columns) array of float32
        East, south, south-east, south-west; see `bocage.kernels.multigrid`.
    mask : (rows, columns) array of bool
        Cells that are nodes.
    """

    links: NDArray[np.float32]
    mask: Bools

    @classmethod
    def of(
        cls,
        east: ArrayLike,
        south: ArrayLike,
        south_east: ArrayLike | None = None,
        south_west: ArrayLike | None = None,
        mask: ArrayLike | None = None,
    ) -> Conductances:
        """Take conductances already computed.

        Parameters
        ----------
        east, south, south_east, south_west : (rows, columns) array
            Conductance of each cell with that neighbour, 0 where there is none.
        mask : (rows, columns) array of bool, optional
            Cells that are nodes; without it, those tied to another.

        Raises
        ------
        DataError
            A conductance is negative, infinite or not a number, or leads outside the raster or the mask.

        Examples
        --------
        >>> three = Conductances.of([[1, 2, 0]], [[0, 0, 0]])
        >>> three.mask.tolist(), three.east.tolist()
        ([[True, True, True]], [[1.0, 2.0, 0.0]])
        """
        parts = [np.asarray(east), np.asarray(south)]
        parts += [np.zeros_like(parts[0]) if x is None else np.asarray(x) for x in (south_east, south_west)]
        shape = parts[0].shape
        links = make_padded(shape, 4)
        for direction, values in enumerate(parts):
            if values.shape != shape:
                raise DataError(
                    f"the conductances east and {_DIRECTIONS[direction]} have shapes {shape} and "
                    f"{values.shape}; give arrays of one shape"
                )
            bad = ~(values >= 0) | np.isinf(values)
            if bad.any():
                raise DataError(
                    f"conductances {_DIRECTIONS[direction]} are negative, infinite or not numbers at cells "
                    f"{_tell_cells(bad)}; give 0 where there is no link"
                )
            links[direction, 1 : shape[0] + 1, 1 : shape[1] + 1] = values
        touched = find_tied(links)
        if (
            touched[0].any()
            or touched[shape[0] + 1].any()
            or touched[:, 0].any()
            or touched[:, shape[1] + 1].any()
        ):
            raise DataError("conductances lead outside the raster; give 0 towards its sides")
        tied = touched[1 : shape[0] + 1, 1 : shape[1] + 1]
        if mask is None:
            return cls(links, tied.copy())
        nodes = np.array(mask, dtype=bool)
        if (tied & ~nodes).any():
            raise DataError(
                f"conductances lead to cells outside the mask: {_tell_cells(tied & ~nodes)}; give 0 there"
            )
        return cls(links, nodes)

    @classmethod
    def from_resistance(
        cls,
        resistance: ArrayLike,
        *,
        nodata: float | None = None,
        neighbours: Literal[4, 8] = 8,
        average: Literal["resistance", "conductance"] = "resistance",
    ) -> Conductances:
        """Tie cells by their resistances.

        Parameters
        ----------
        resistance : (rows, columns) array
            Above 0; infinite, NaN or ``nodata`` where nothing passes.
        nodata : float, optional
        neighbours : 4 or 8
        average : 'resistance' or 'conductance'
            What is averaged between two cells; Circuitscape's ``connect_using_avg_resistances`` is the first,
            its default the second.

        Raises
        ------
        DataError
            A resistance is zero or negative, or no cell can be crossed.

        Examples
        --------
        >>> Conductances.from_resistance([[1.0, 3.0]]).east.tolist()
        [[0.5, 0.0]]
        """
        values = np.asarray(resistance)
        _check_plane(values)
        mask = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, dtype=bool)
        if nodata is not None:
            mask &= values != nodata
        bad = mask & (values <= 0)
        if bad.any():
            raise DataError(
                f"the resistance is zero or negative at {int(bad.sum())} cells, the first at row and column "
                f"{_tell_cells(bad)}; give resistances above 0, or nodata where nothing passes"
            )
        return _tie(values, mask, neighbours, average == "resistance", inverse=True)

    @classmethod
    def from_conductance(
        cls,
        conductance: ArrayLike,
        *,
        nodata: float | None = None,
        neighbours: Literal[4, 8] = 8,
        average: Literal["resistance", "conductance"] = "resistance",
    ) -> Conductances:
        """Tie cells by their conductances; as `from_resistance`, and 0 means that nothing passes.

        Raises
        ------
        DataError
            A conductance is negative or infinite, or no cell can be crossed.

        Examples
        --------
        >>> Conductances.from_conductance([[1.0, 3.0]], average="conductance").east.tolist()
        [[2.0, 0.0]]
        """
        values = np.asarray(conductance)
        _check_plane(values)
        known = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(values.shape, dtype=bool)
        if nodata is not None:
            known &= values != nodata
        bad = known & ((values < 0) | ~np.isfinite(values))
        if bad.any():
            raise DataError(
                f"the conductance is negative or infinite at {int(bad.sum())} cells, the first at row and "
                f"column {_tell_cells(bad)}; give finite conductances, 0 where nothing passes"
            )
        return _tie(values, known & (values > 0), neighbours, average == "resistance", inverse=False)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.mask.shape[0], self.mask.shape[1]

    @property
    def east(self) -> NDArray[np.float32]:
        """Conductance with the cell at the right, 0 without."""
        return self._inside(0)

    @property
    def south(self) -> NDArray[np.float32]:
        """Conductance with the cell below."""
        return self._inside(1)

    @property
    def south_east(self) -> NDArray[np.float32]:
        """Conductance with the cell below at the right."""
        return self._inside(2)

    @property
    def south_west(self) -> NDArray[np.float32]:
        """Conductance with the cell below at the left."""
        return self._inside(3)

    def _inside(self, direction: int) -> NDArray[np.float32]:
        rows, cols = self.shape
        return self.links[direction, 1 : rows + 1, 1 : cols + 1]

    def label_components(self) -> Ints:
        """Label what current can join: 0 outside the mask, then 1, 2… by first cell in reading order.

        Four bytes a cell (eight beyond two milliards of cells), nothing besides.

        Examples
        --------
        >>> Conductances.from_resistance([[1, 1, -9999, 1]], nodata=-9999).label_components().tolist()
        [[1, 1, 0, 2]]
        """
        from bocage.kernels.multigrid_flow import label_components

        label = np.empty(self.shape, np.int32 if self.mask.size < 2**31 else np.int64)
        label_components(self.links, self.mask, label)
        return label


_DIRECTIONS = ("east", "south", "south-east", "south-west")


def pad_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Give the shape of a level's arrays: even, with a margin on every side.

    Examples
    --------
    >>> pad_shape((4, 5))
    (6, 8)
    """
    return 2 * ((shape[0] + 1) // 2) + 2, 2 * ((shape[1] + 1) // 2) + 2


def make_padded(shape: tuple[int, ...], count: int) -> NDArray[np.float32]:
    """Make ``count`` planes of zeros with margins."""
    return np.zeros((count, *pad_shape(shape)), np.float32)


def find_tied(links: NDArray[np.float32]) -> Bools:
    """Find the cells tied to any other, margins included."""
    tied = (links != 0).any(axis=0)
    tied[:, 1:] |= links[0, :, :-1] != 0
    tied[1:] |= links[1, :-1] != 0
    tied[1:, 1:] |= links[2, :-1, :-1] != 0
    tied[1:, :-1] |= links[3, :-1, 1:] != 0
    return np.asarray(tied)


def _check_plane(values: NDArray[Any]) -> None:
    if values.ndim != 2 or values.size == 0:
        raise DataError(f"the raster has shape {values.shape}; give rows and columns")
    if values.dtype.kind not in "fiu":
        raise DataError(f"the raster holds {values.dtype}; give numbers")


def _tell_cells(where: Bools) -> str:
    return ", ".join(f"({i}, {j})" for i, j in np.argwhere(where)[:5])


def _tie(
    values: NDArray[Any], mask: Bools, neighbours: int, by_resistance: bool, inverse: bool
) -> Conductances:
    from bocage.kernels.multigrid_ties import tie_cells

    if neighbours not in (4, 8):
        raise DataError(f"cells have {neighbours} neighbours; give 4 or 8")
    if not mask.any():
        raise DataError("no cell can be crossed: the raster is nodata everywhere; check its nodata value")
    links = make_padded(values.shape, 4)
    numbers = values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
    tie_cells(np.ascontiguousarray(numbers), mask, neighbours == 8, by_resistance, inverse, links)
    return Conductances(links, mask)
