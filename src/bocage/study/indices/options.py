"""What `bocage indices` is asked for of a graph, and what a graph read says beside patches and links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bocage.study.indices.model import GraphInput, IndicesOptions

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from bocage.connectivity.landscape import LandscapeGraph


@dataclass(frozen=True)
class GraphOptions(IndicesOptions):
    """What the command was asked for, with what only graphs know.

    Attributes
    ----------
    threshold : float, optional
        Dearest link of the indices that count links and not costs: NC, NL, CCP, IIC, H, Dg ... By default
        the dispersal cost of a network of bocage, and any link elsewhere.
    protected : bool
        Whether patches are protected areas, and ProtConn is measured.
    complete : bool
        Whether all is measured exactly, however long that takes.
    """

    threshold: float | None = None
    protected: bool = False
    complete: bool = False


@dataclass(frozen=True)
class ReadGraph(GraphInput):
    """A graph read, with what its source says of it.

    Attributes
    ----------
    threshold : float or None
        Dearest link of the indices that count links.
    improved : (m,) array of float64 or None
        Cost of each link were it improved: without transport infrastructure in a network of bocage; 0 where
        not known.
    closed : LandscapeGraph or None
        Links impassable today, between the same patches, at the cost they would have once opened.
    closed_lines : GeoDataFrame or None
        ``id`` and geometry of these.
    corridors : GeoDataFrame or None
        Ground of the links, for the share of territories that they cover.
    names : tuple of str
        Of patches, where they bear any.
    """

    threshold: float | None = None
    improved: NDArray | None = None
    closed: LandscapeGraph | None = None
    closed_lines: GeoDataFrame | None = None
    corridors: GeoDataFrame | None = None
    names: tuple[str, ...] = ()
