"""A river network reduced to what its connectivity depends on: who flows into whom, through what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RiverTree:
    """Reaches of one or several basins, each flowing into one other or out of the network.

    The barrier of reach ``v``, if any, stands at its lower end: between it and the reach it flows into,
    or between it and the sea for an outlet.

    Attributes
    ----------
    downstream : (n,) array of int32
        Index of the reach that each flows into; -1 for outlets. Without cycles.
    weight : (n,) array of float64
        What is connected: length, area, habitat ... >= 0.
    length : (n,) array of float64
        Of the reaches [m], for distances along the river.
    up : (n,) array of float64
        Passability, in [0, 1], of what stands at the lower end of each reach, for who climbs into it; 1 when
        nothing does.
    down : (n,) array of float64
        The same for who descends from it.
    """

    downstream: NDArray[np.int32]
    weight: Floats
    length: Floats
    up: Floats
    down: Floats

    def __post_init__(self) -> None:
        """Check shapes, ranges and that water flows out.

        Raises
        ------
        DataError
            Says what was found and where.
        """
        downstream = np.asarray(self.downstream)
        if downstream.ndim != 1 or (downstream.size and not np.issubdtype(downstream.dtype, np.integer)):
            raise DataError(
                f"downstream has shape {downstream.shape} and type {downstream.dtype}; "
                "a list of whole numbers was expected."
            )
        count = len(downstream)
        if count and (downstream.min() < -1 or downstream.max() >= count):
            raise DataError(f"downstream names a reach that is none of the {count}; give an index, or -1.")
        # Kernels are compiled for these types: whole numbers would be summed as such, without a word.
        object.__setattr__(self, "downstream", np.ascontiguousarray(downstream, dtype=np.int32))
        for name in ("weight", "length", "up", "down"):
            values = np.ascontiguousarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, values)
            if values.shape != (count,):
                raise DataError(
                    f"{name} has shape {values.shape}; one value a reach was expected, ({count},)."
                )
            wrong = np.flatnonzero(~((values >= 0) & np.isfinite(values)))
            if wrong.size:
                raise DataError(f"{name} is {values[wrong[0]]} at reach {wrong[0]}; give numbers from 0 up.")
        for name in ("up", "down"):
            wrong = np.flatnonzero(getattr(self, name) > 1)
            if wrong.size:
                found = getattr(self, name)[wrong[0]]
                raise DataError(f"{name} is {found} at reach {wrong[0]}; a passability is in [0, 1].")
        self.order  # noqa: B018  (raises on a cycle)

    @cached_property
    def order(self) -> NDArray[np.int32]:
        """Every reach after those that flow into it: (n,) array of int32.

        Raises
        ------
        DataError
            Water flows in a circle.
        """
        from bocage.kernels.rivers import order_reaches

        order: NDArray[np.int32]
        order, done = order_reaches(self.downstream)
        if done < len(order):
            reach = _find_circle(self.downstream)
            raise DataError(f"Reach {reach} flows back into itself; mend downstream so that water flows out.")
        return order

    @cached_property
    def outlets(self) -> NDArray[np.int32]:
        """Reaches that flow out of the network, by rising index: (basins,) array of int32."""
        return np.flatnonzero(self.downstream < 0).astype(np.int32)

    @cached_property
    def basin(self) -> NDArray[np.int32]:
        """Basin of each reach, numbered as its outlet is in ``outlets``: (n,) array of int32."""
        from bocage.kernels.rivers import label_basins

        basin: NDArray[np.int32] = label_basins(self.order, self.downstream)
        return basin

    def sum_basins(self, values: Floats) -> Floats:
        """Sum a value of reaches over each basin.

        Parameters
        ----------
        values : (n,) array of float64

        Returns
        -------
        (basins,) array of float64
        """
        return np.bincount(self.basin, weights=values, minlength=len(self.outlets)).astype(np.float64)


def _find_circle(downstream: NDArray[np.int32]) -> int:
    """Find the lowest index in a circle of reaches; there is one."""
    below: list[int] = downstream.tolist()
    met = [-1] * len(below)
    for start in range(len(below)):
        reach = start
        while reach >= 0 and met[reach] < 0:
            met[reach] = start
            reach = below[reach]
        if reach >= 0 and met[reach] == start:
            circle = [reach]
            while below[circle[-1]] != reach:
                circle.append(below[circle[-1]])
            return min(circle)
    raise AssertionError
