"""What `bocage indices` is asked for, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray
    from pandas import DataFrame

    from bocage.connectivity.landscape import Dispersal, LandscapeGraph
    from bocage.grid import Grid
    from bocage.reservoirs.pattern import Pattern

Language = Literal["fr", "en"]


@dataclass(frozen=True)
class IndicesOptions:
    """What `bocage indices` was asked for.

    Attributes
    ----------
    source : Path
        Study file, network.gpkg, layer or table of patches, node file of Conefor, GraphML, or land cover
        (raster, or polygons with ``natural``).
    layer : str, optional
        Layer of the source, where its file has several.
    links : Path, optional
        Links between patches: layer, table, or connection file of Conefor.
    links_layer : str, optional
    columns : mapping
        Column by meaning: ``id``, ``capacity``, ``from``, ``to``, ``cost``, ``length``. Usual ones are
        recognised.
    links_are : {"costs", "probabilities"}
    dispersal : float, optional
        Cost at which a patch is reached with ``probability``; that of the study where there is one.
    probability : float
    landscape_ha : float, optional
        Area of the landscape A_L; the study area where there is one.
    cutoff : float
        Probabilities below it may be left out, with the bound of what that can miss; 0 is exact.
    subnetworks : tuple of str
        Keys; all of the study when empty.
    units : Path, optional
        Territories that figures are given for; the communes of the study where there are some.
    units_layer, unit_id, unit_name : str, optional
    natural : tuple of int or str
        Classes of the land cover that are natural; of a study, its own when empty.
    class_column : str, optional
        Class of polygons of land cover.
    barriers : tuple of (Path, float)
        Lines that cut the ground, and half their width [m].
    edge_width : int
        Of the spatial pattern [cells].
    neighbours : {4, 8}
        Cells that touch, for patches of a raster.
    transition, intext : bool
        Of the spatial pattern, as in ``classify_pattern``.
    add : int
        Links to add that are searched for.
    crs : str, optional
    language : {"fr", "en"}, optional
    output : Path, optional
    threads : int, optional
    threshold : float, optional
        Dearest link of the indices that count links and not costs: NC, NL, CCP, IIC, H, Dg ... By default
        the dispersal cost of a network of bocage, and any link elsewhere.
    protected : bool
        Whether patches are protected areas, and ProtConn is measured.
    beyond : str, optional
        Column of patches that says which lie beyond the border: ProtConn's steps of no area.
    complete : bool
        Whether all is measured exactly, however long that takes.
    power : float
        What areas, or the capacities read, are raised to.
    capacities : Path, optional
        Table of capacities by id of patch, in place of those of the source.
    landcover : Path, optional
        Raster of classes that ``weights`` are of.
    weights : mapping of code to float
        What a hectare of each class of ``landcover`` holds; others hold nothing.
    around : float, optional
        Distance [m] up to which ground around a patch counts with its own, less and less with the distance
        by the dispersal.
    inner : Path, optional
        Costs across patches between the ends of two links: links and cost, or Graphab's places and cost.
    sites : Path, optional
        Points or polygons where patches could be added: ``add`` then counts patches.
    sites_every : float, optional
        Or the step of a grid of such points [m].
    remove : int
        Patches, and links, whose loss one after the other is followed.
    interpolate : tuple of str
        Indices of patches to spread over the ground, columns of ``nodes``.
    resistance : Path, optional
        Raster of the cost of a metre: indices are spread, and patches to add linked, by least cost.
    """

    source: Path
    layer: str | None = None
    links: Path | None = None
    links_layer: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    links_are: Literal["costs", "probabilities"] = "costs"
    dispersal: float | None = None
    probability: float = 0.05
    landscape_ha: float | None = None
    cutoff: float = 0.0
    subnetworks: tuple[str, ...] = ()
    units: Path | None = None
    units_layer: str | None = None
    unit_id: str | None = None
    unit_name: str | None = None
    natural: tuple[str, ...] = ()
    class_column: str | None = None
    barriers: tuple[tuple[Path, float], ...] = ()
    edge_width: int = 1
    neighbours: Literal[4, 8] = 8
    transition: bool = True
    intext: bool = True
    add: int = 0
    crs: str | None = None
    language: Language | None = None
    output: Path | None = None
    threads: int | None = None
    threshold: float | None = None
    protected: bool = False
    beyond: str | None = None
    complete: bool = False
    power: float = 1.0
    capacities: Path | None = None
    landcover: Path | None = None
    weights: Mapping[int, float] = field(default_factory=dict)
    around: float | None = None
    inner: Path | None = None
    sites: Path | None = None
    sites_every: float | None = None
    remove: int = 0
    interpolate: tuple[str, ...] = ()
    resistance: Path | None = None


@dataclass(frozen=True)
class GraphInput:
    """One landscape graph to measure.

    Attributes
    ----------
    key, name : str
        Of the sub-network; empty where there is none.
    graph : LandscapeGraph
        Capacities in ha where they are areas.
    dispersal : Dispersal
    landscape : float or None
        Area of the landscape, in the unit of capacities.
    patches : GeoDataFrame or None
        ``id`` and geometry of each patch, in the order of the graph.
    links : GeoDataFrame or None
        ``id`` and geometry of each link, in the order of the graph.
    area_unit : {"ha", ""}
        Unit of capacities; empty where they are no areas or not known to be.
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
    cost_unit : {"m", ""}
        ``"m"`` where costs are known to be distances over the ground.
    beyond : (n,) array of bool or None
        Patches beyond the border of the region.
    """

    key: str
    name: str
    graph: LandscapeGraph
    dispersal: Dispersal
    landscape: float | None
    patches: GeoDataFrame | None
    links: GeoDataFrame | None
    area_unit: Literal["ha", ""]
    threshold: float | None = None
    improved: NDArray | None = None
    closed: LandscapeGraph | None = None
    closed_lines: GeoDataFrame | None = None
    corridors: GeoDataFrame | None = None
    names: tuple[str, ...] = ()
    cost_unit: Literal["m", ""] = ""
    beyond: NDArray | None = None


@dataclass(frozen=True)
class GroundInput:
    """Ground whose fragmentation is measured.

    Attributes
    ----------
    natural : (rows, columns) array of bool
        Natural ground that nothing cuts.
    data : (rows, columns) array of bool
        Where the land cover is known.
    classes : (rows, columns) array of int or None
        Codes of the land cover, for the landscape metrics.
    class_names : mapping of code to name
    grid : Grid
        May go beyond the area, so that patches are whole across its border.
    no_class : int
        Code of the cells of ``classes`` that have none.
    natural_codes : tuple of int
        Codes of ``class_names`` that are natural.
    area : shapely polygon or None
        What figures are given for; without it all that is known.
    patches : GeoDataFrame or None
        Natural ground less barriers, as polygons (``patch``, ``area_m2``, ``at_edge``), where the land cover
        came as polygons: mesh sizes are then exact, and the rasters stand for metrics and pattern alone.
    """

    natural: NDArray
    data: NDArray
    classes: NDArray | None
    class_names: Mapping[int, str]
    grid: Grid
    no_class: int = 0
    natural_codes: tuple[int, ...] = ()
    area: Any | None = None
    patches: GeoDataFrame | None = None


@dataclass(frozen=True)
class IndicesInputs:
    """All that was read.

    Attributes
    ----------
    title : str
        Of the study, or the name of the source.
    date : str
        ISO date of the study; empty where there is none.
    graphs : tuple of GraphInput
    ground : GroundInput or None
    units : GeoDataFrame or None
        ``id``, ``name`` and polygons of the territories.
    area : shapely polygon or None
        Study area.
    files : mapping of what to Path
    crs : str
    language : {"fr", "en"}
    output : Path
    """

    title: str
    date: str
    graphs: tuple[GraphInput, ...]
    ground: GroundInput | None
    units: GeoDataFrame | None
    area: object | None
    files: Mapping[str, Path]
    crs: str
    language: Language
    output: Path


@dataclass(frozen=True)
class Spread:
    """An index of patches over the ground.

    Attributes
    ----------
    values : (rows, columns) array of float32
        NaN where no patch reaches.
    grid : Grid
    """

    values: NDArray
    grid: Grid


@dataclass(frozen=True)
class GraphFigures:
    """Indices of one graph.

    Attributes
    ----------
    source : GraphInput
    overall : DataFrame
        ``index`` (key as ``PC``), ``value``, ``unit``.
    components : DataFrame
        A row a component.
    nodes : DataFrame
        A row a patch: ``id``, ``capacity``, ``component``, then a column an index (``dPC``, ``dPC_intra``,
        ``dPC_flux``, ``dPC_connector`` in percent ...).
    links : DataFrame
        A row a link: ``id``, ``from``, ``to``, ``cost``, then a column an index.
    units : DataFrame or None
        A row a territory: ``id``, ``name``, what it holds, gives to the whole and owes to its neighbours.
    added : DataFrame or None
        Links worth adding, best first: ``from``, ``to``, ``cost``, ``gain``.
    by_distance : DataFrame
        ``distance``, ``eca``: the equivalent connected area at several dispersal distances.
    left_out : float
        Most that the cut-off can have taken from PC's numerator, as a share of it.
    cutoff : float
        Chance below which pairs were left out; 0 where all counts.
    added_patches : DataFrame or None
        Patches worth adding, best first: ``id``, ``x``, ``y``, ``capacity``, ``gain``.
    removed : DataFrame or None
        What would be missed most, or least, one after the other.
    spread : mapping of str to Spread
        Indices of patches over the ground.
    """

    source: GraphInput
    overall: DataFrame
    components: DataFrame
    nodes: DataFrame
    links: DataFrame
    units: DataFrame | None
    added: DataFrame | None
    by_distance: DataFrame
    left_out: float
    cutoff: float = 0.0
    added_patches: DataFrame | None = None
    removed: DataFrame | None = None
    spread: Mapping[str, Spread] = field(default_factory=dict)


@dataclass(frozen=True)
class GroundFigures:
    """Fragmentation of the ground.

    Attributes
    ----------
    source : GroundInput
    mesh : DataFrame
        A row a territory, and one for all of them together (``id`` and ``name`` empty), the last: ``id``,
        ``name``, ``unit_area_ha``, ``natural_area_ha``, ``natural_share``, ``pieces``, ``mean_piece_ha``,
        ``pieces_per_1000_km2``, ``mesh_cut_ha``, ``mesh_cbc_ha``, ``meshes_per_1000_km2``,
        ``meshes_per_1000_km2_cbc``, ``coherence``, ``division``, ``splitting``, ``net_product_ha2``,
        ``net_product_cbc_ha2``, ``edge_share`` (as in ``fragmentation.mesh_figures.MeshFigures``; shares from
        0 to 1).
    classes : DataFrame or None
        Landscape metrics of each class: ``class``, ``name``, ``natural``, then a column a metric.
    landscape : DataFrame
        ``metric``, ``value``, ``unit`` of the whole.
    pattern : Pattern
        Spatial pattern (MSPA) of the natural ground; no data outside the area.
    pattern_classes : DataFrame
        ``class``, ``area_ha``, ``share`` (of the natural ground), ``objects``, in the area.
    """

    source: GroundInput
    mesh: DataFrame
    classes: DataFrame | None
    landscape: DataFrame
    pattern: Pattern
    pattern_classes: DataFrame


@dataclass(frozen=True)
class Indices:
    """All that `bocage indices` found.

    Attributes
    ----------
    options : IndicesOptions
    inputs : IndicesInputs
    graphs : tuple of GraphFigures
    ground : GroundFigures or None
    """

    options: IndicesOptions
    inputs: IndicesInputs
    graphs: tuple[GraphFigures, ...]
    ground: GroundFigures | None
