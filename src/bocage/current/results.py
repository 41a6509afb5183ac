"""What the modes on rasters give: flows of one solve, and tables and maps of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bocage.current.circuit import Floats, Ints
from bocage.current.maps import paint_nodes
from bocage.current.regions import RasterCircuit


@dataclass(frozen=True, slots=True)
class RasterFlow:
    """Current of one solve on a raster; maps are painted when asked for.

    Attributes
    ----------
    ids : tuple of int
        The two places of a pair (the second is the source, the first is at 0 V), or the one place.
    resistance : float
        Effective resistance [Ω]; -1 where the place has no other to exchange with.
    raster : RasterCircuit
        The circuit that was solved, regions merged.
    nodes : (n,) array of int64
        Nodes of the component where current flows.
    voltage, current : (n,) array of float64
        Of those nodes [V, A].
    """

    ids: tuple[int, ...]
    resistance: float
    raster: RasterCircuit
    nodes: Ints
    voltage: Floats
    current: Floats

    def map_current(self) -> Floats:
        """Paint the current through each cell [A]: (rows, cols) array."""
        return paint_nodes(self.raster, self.current, self.nodes)

    def map_voltage(self) -> Floats:
        """Paint the potential of each cell [V]: (rows, cols) array."""
        return paint_nodes(self.raster, self.voltage, self.nodes)


Visit = Callable[[RasterFlow], None]


@dataclass(frozen=True, slots=True)
class PairwiseResult:
    """Effective resistance between places, and where current flows.

    Attributes
    ----------
    ids : (n,) array of int64
    resistance : (n, n) array of float64
        In ohms; -1 where a pair is disconnected, excluded, or a place is on no conducting cell.
    cumulative, maximum : (rows, cols) array of float64, optional
        Sum and maximum over pairs of the current through each cell [A].
    residual, balance : float
        The worst relative residual, and share of the current that is unaccounted for.
    solves : int
    """

    ids: Ints
    resistance: Floats
    cumulative: Floats | None
    maximum: Floats | None
    residual: float
    balance: float
    solves: int


@dataclass(frozen=True, slots=True)
class FocalResult:
    """What one-to-all and all-to-one give for each place.

    Attributes
    ----------
    ids : (n,) array of int64
    resistance : (n,) array of float64
        One-to-all: from the place to all others, grounded together [Ω]. All-to-one: 0. In both, -1 for a
        place that has no other to exchange with.
    cumulative, maximum : (rows, cols) array of float64, optional
    residual, balance : float
    """

    ids: Ints
    resistance: Floats
    cumulative: Floats | None
    maximum: Floats | None
    residual: float
    balance: float


@dataclass(frozen=True, slots=True)
class AdvancedResult:
    """What given sources and grounds give.

    Attributes
    ----------
    voltage, current : (rows, cols) array of float64
        0 where nothing was solved.
    components, unbalanced : int
        Components solved, and left out since their sources, or their grounds, sum to zero.
    residual, balance : float
    """

    voltage: Floats
    current: Floats
    components: int
    unbalanced: int
    residual: float
    balance: float
