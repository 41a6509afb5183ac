"""What the page of indices is written from: tables and shapes, whichever room they were made in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray
    from pandas import DataFrame

    from bocage.grid import Grid

PATTERN_CLASSES = ("core", "islet", "perforation", "edge", "loop", "bridge", "branch")
"""Classes of the spatial pattern (MSPA), in the order in which the page tells them."""


@dataclass(frozen=True)
class SpreadPicture:
    """An index of patches spread over the ground.

    Attributes
    ----------
    name : str
        Of the index, with how it was spread where several patches count.
    values : (rows, columns) array of float32
        NaN where no patch reaches.
    grid : Grid
    """

    name: str
    values: NDArray
    grid: Grid


@dataclass(frozen=True)
class GraphPage:
    """One landscape graph and its indices.

    Shares of tables are in percent where the column is one of importance (``dPC``, ``dPC_intra``,
    ``dPC_flux``, ``dPC_connector``, ``dIIC``, ``gain``, ``dECA``), and in [0, 1] elsewhere. Columns that are
    not there are not shown; only ``id`` and ``capacity`` of nodes, ``from`` and ``to`` of links are needed.

    Attributes
    ----------
    key, name : str
        Of the sub-network; empty where there is none.
    area_unit : {"ha", ""}
        Unit of capacities; empty where they are no areas.
    nodes : DataFrame
        A row a patch: ``id``, ``capacity``, ``component``, ``dPC``, ``dPC_intra``, ``dPC_flux``,
        ``dPC_connector`` [%], and ``name`` where patches bear one.
    links_table : DataFrame
        A row a link: ``id``, ``from``, ``to``, ``cost``, ``dPC`` [%] lost if it is cut and, where measured,
        ``gain`` [%] of PC once freed of its obstacles, ``length`` [m].
    overall : DataFrame
        ``index``, ``value``, ``unit``: of ``ECA``, ``PC``, ``IIC``, ``NC``, ``NL``, ``GD``, ``H`` ... Those
        that the page knows are explained, others listed.
    components : DataFrame
        A row a component: ``component`` (from 0), ``patches``, ``links``, ``capacity``, ``share``,
        ``largest``, ``eca``.
    by_distance : DataFrame
        ``distance``, ``eca``.
    dispersal : float
        Cost at which a patch is reached with ``probability``.
    probability : float
    patches, links : GeoDataFrame or None
        ``id`` and geometry, those of the tables; without patches no map is drawn.
    units : DataFrame or None
        A row a territory: ``id`` (empty for what is in none), ``name``, ``capacity``, ``share`` (of its
        area that reservoirs cover), ``contribution``, ``inside``, ``by_neighbours``, ``with_others``,
        ``dependence``, ``neighbour`` (name), ``least_loss``.
    added : DataFrame or None
        Links worth adding, best first: ``from``, ``to``, ``cost``, ``gain`` [% of ECA], ``kind`` (``closed``
        or ``new``).
    landscape : float or None
        Area of the landscape A_L, in the unit of capacities.
    left_out : float
        Most that the cut-off can have taken from PC's numerator, as a share of it.
    cutoff : float
        Probabilities below it were left out; 0 is exact.
    cost_unit : {"m", ""}
        ``"m"`` where costs are distances over the ground.
    inner : bool
        Whether ways across patches cost something.
    threshold : float or None
        Cost above which links do not count for groups, IIC and Harary; none where all do.
    added_patches : DataFrame or None
        Patches worth adding, best first: ``id``, ``capacity``, ``gain`` [% of ECA].
    removed : DataFrame or None
        ``kind`` (patch or link), ``lost`` (most or least), ``order``, ``id``, ``loss`` [% of ECA].
    spreads : tuple of SpreadPicture
    """

    key: str
    name: str
    area_unit: Literal["ha", ""]
    nodes: DataFrame
    links_table: DataFrame
    overall: DataFrame
    components: DataFrame
    by_distance: DataFrame
    dispersal: float
    probability: float
    patches: GeoDataFrame | None = None
    links: GeoDataFrame | None = None
    units: DataFrame | None = None
    added: DataFrame | None = None
    landscape: float | None = None
    left_out: float = 0.0
    cutoff: float = 0.0
    cost_unit: Literal["m", ""] = ""
    inner: bool = False
    threshold: float | None = None
    added_patches: DataFrame | None = None
    removed: DataFrame | None = None
    spreads: tuple[SpreadPicture, ...] = ()


@dataclass(frozen=True)
class PatternPicture:
    """Spatial pattern on a grid.

    Attributes
    ----------
    codes : (rows, columns) array of uint8
        0 outside the natural ground, then the place in ``PATTERN_CLASSES`` plus 1; 255 unknown.
    grid : Grid
    """

    codes: NDArray
    grid: Grid


@dataclass(frozen=True)
class GroundPage:
    """Fragmentation of the ground.

    Attributes
    ----------
    mesh : DataFrame
        A row a territory and one for the whole (``id`` empty): ``id`` or ``unit``, ``name``,
        ``unit_area_ha``, ``natural_area_ha``, ``pieces``, ``mesh_cut_ha``, ``mesh_cbc_ha``, ``division``,
        ``splitting``, ``coherence``, ``edge_share``.
    landscape : DataFrame
        ``metric``, ``value``, ``unit``.
    classes : DataFrame or None
        ``class``, ``name`` where there is one, then a column a metric.
    pattern : PatternPicture or None
    pattern_classes : DataFrame or None
        ``class`` (of ``PATTERN_CLASSES``), ``area_ha``, ``share`` in [0, 1], ``objects``.
    edge_width : int
        Of the pattern [cells].
    cell_m : float or None
        Side of a cell [m].
    neighbours : {4, 8}
        Cells that touch.
    """

    mesh: DataFrame
    landscape: DataFrame
    classes: DataFrame | None = None
    pattern: PatternPicture | None = None
    pattern_classes: DataFrame | None = None
    edge_width: int = 1
    cell_m: float | None = None
    neighbours: Literal[4, 8] = 8
