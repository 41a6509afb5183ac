"""Maps of what happens at the nodes of a raster's circuit: one, their sum and their maximum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.current.circuit import Floats, Ints
from bocage.current.regions import RasterCircuit


def paint_nodes(raster: RasterCircuit, values: Floats, nodes: Ints | None = None) -> Floats:
    """Give each cell the value of its node, 0 where it has none.

    Parameters
    ----------
    raster : RasterCircuit
    values : (n,) array of float64
        Of all nodes, or of some.
    nodes : (n,) array of int64, optional
        Nodes that the values are of; the others have 0.

    Returns
    -------
    (rows, cols) array of float64
    """
    # One more, always zero, is where -1 leads.
    table = np.zeros(raster.circuit.count + 1)
    if nodes is None:
        table[:-1] = values
    else:
        table[nodes] = values
    return table[raster.node]


def transform_current(current: Floats) -> Floats:
    """Take the decimal logarithm of currents; NaN where there is none.

    >>> transform_current(np.array([[0.0, 0.01, 10.0]])).tolist()
    [[nan, -2.0, 1.0]]
    """
    found = np.full(current.shape, np.nan)
    np.log10(current, out=found, where=current > 0)
    return found


def blank_barriers(values: Floats, conductance: NDArray[Any]) -> Floats:
    """Put no value (NaN) on cells that do not conduct."""
    return np.where(conductance > 0, values, np.nan)


class CurrentSum:
    """Sum and maximum of current maps, gathered on nodes as long as the circuit is the same one."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._sum = np.zeros(shape)
        self._most = np.zeros(shape)
        self._raster: RasterCircuit | None = None
        self._node_sum = self._node_most = np.zeros(0)

    def add(self, raster: RasterCircuit, current: Floats, nodes: Ints) -> None:
        """Add the currents of some nodes, the others having none."""
        if raster is not self._raster:
            self._flush()
            self._raster = raster
            self._node_sum = np.zeros(raster.circuit.count)
            self._node_most = np.zeros(raster.circuit.count)
        self._node_sum[nodes] += current
        self._node_most[nodes] = np.maximum(self._node_most[nodes], current)

    def read(self) -> tuple[Floats, Floats]:
        """Give the sum and the maximum: two (rows, cols) arrays."""
        self._flush()
        return self._sum, self._most

    def _flush(self) -> None:
        if self._raster is not None:
            self._sum += paint_nodes(self._raster, self._node_sum)
            np.maximum(self._most, paint_nodes(self._raster, self._node_most), out=self._most)
            self._raster = None
