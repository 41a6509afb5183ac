"""All indices of one landscape graph, as exactly as its size allows.

Indices of costs (PC, ECA, F, BC ...) take all links. Those that count links (NC, CCP, IIC, H, Dg ...) take
links of at most a threshold, as Conefor's binary links.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.component_indices import measure_link_removals, measure_patch_removals
from bocage.connectivity.components import describe_components
from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import DataError, ResourceError
from bocage.journal import Journal
from bocage.study.indices.model import GraphFigures, GraphInput, IndicesOptions, Spread
from bocage.study.indices.notes import add_note
from bocage.study.indices.tables import OVERALL, name_unit

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from bocage.connectivity.graph_current import Currents
    from bocage.connectivity.importance import Importance
    from bocage.connectivity.path_indices import PathIndices
    from bocage.progress import Progress

Floats = NDArray[np.float64]

EXACT_PATCHES = 2_000
"""Up to so many patches every chance counts; beyond, those under ``CUTOFF`` are left out, with a bound."""
CUTOFF = 1e-4
HOP_PATCHES = CURRENT_PATCHES = 3_000
"""Beyond so many, what a patch is worth to IIC, and currents, are left out."""
PATH_PATCHES = UNIT_PATCHES = 10_000
"""Beyond so many, what needs the paths between all pairs is: Ec, CCe, GD, hops, territories."""
GAIN_LINKS = 1_000
"""Links whose improvement is measured where chances are cut off."""
FACTORS = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0, 10.0)
"""Dispersal distances that ECA is measured at, over the one asked for."""
NEAR_FACTORS = (0.1, 0.2, 0.5, 1.0, 1.5)


@dataclass(frozen=True)
class _Plan:
    """What the size of a graph allows."""

    epsilon: float
    hops: bool
    current: bool
    pairs: bool
    units: bool


@dataclass(frozen=True)
class _Measured:
    """What the tables are made of."""

    graph: LandscapeGraph
    linked: LandscapeGraph
    keep: NDArray[np.bool_]
    worth: Importance
    hops: Importance | None
    paths: PathIndices | None
    linked_paths: PathIndices
    clusters: NDArray[np.int64]
    modularity: float
    currents: Currents | None


def measure_graph(
    source: GraphInput,
    units: GeoDataFrame | None,
    options: IndicesOptions,
    progress: Progress,
    journal: Journal,
    *,
    crs: str = "",
) -> GraphFigures:
    """Measure all indices of a graph.

    Parameters
    ----------
    source : GraphInput
    units : GeoDataFrame, optional
        ``id``, ``name`` and polygons of territories.
    options : IndicesOptions
    progress : Progress
    journal : Journal
        Told what was left out for size, and how to ask for it.
    crs : str
        Of the patches; empty where it is not known.

    Raises
    ------
    DataError
        The graph has no patches, the landscape is smaller than they are, patches are in no territory, or
        links to add are asked of patches that are nowhere.
    """
    graph = source.graph
    if not graph.count or not graph.capacity.sum() > 0:
        raise DataError(f"The {graph.count} patches hold nothing; give some a capacity above 0.")
    _check_landscape(source)
    plan = _plan(source, options, journal)
    with progress.stage(f"Measuring the graph {source.name}".rstrip()):
        measured = _measure(source, options, plan)
        overall = _table_overall(source, measured, options, plan, journal)
        nodes = _table_nodes(source, measured, plan)
        links = _table_links(source, measured, options, plan, journal)
        components = _table_components(measured)
        by_distance = _table_distances(source, options, plan)
    table = None
    if units is not None and source.patches is not None and plan.units:
        from bocage.study.indices.units_part import table_units

        with progress.stage(f"Dividing it between territories {source.name}".rstrip()):
            table = table_units(source, units, journal)
    added = None
    shut = 0 if source.closed is None else source.closed.link_count
    sites = options.sites is not None or options.sites_every is not None
    if (options.add and not sites) or (shut and graph.count <= EXACT_PATCHES):
        from bocage.study.indices.added_part import table_added

        with progress.stage(f"Choosing links to add {source.name}".rstrip()):
            try:
                added = table_added(source, options, journal)
            except ResourceError as error:
                # The rest took long and stands without it.
                add_note(journal, "note_add_large", graph=source.name, patches=graph.count, why=str(error))
    new_patches = _search(source, options, crs, progress, journal) if sites else None
    removed = None
    if options.remove:
        from bocage.study.indices.patches_part import table_removed

        with progress.stage(f"Removing patches and links {source.name}".rstrip()):
            removed = table_removed(source, options)
    spread: dict[str, Spread] = {}
    if options.interpolate:
        from bocage.study.indices.spread_part import spread_indices

        with progress.stage(f"Spreading indices over the ground {source.name}".rstrip()):
            spread = spread_indices(source, nodes, options, crs, journal)
    indices = measured.worth.indices
    left_out = indices.left_out / indices.numerator if indices.numerator > 0 else 0.0
    figures = GraphFigures(
        source, overall, components, nodes, links, table, added, by_distance, left_out,
        cutoff=plan.epsilon, added_patches=new_patches, removed=removed, spread=spread,
    )  # fmt: skip
    overall["unit"] = [name_unit(OVERALL[key][0], figures) for key in overall["index"]]
    return figures


def _search(
    source: GraphInput, options: IndicesOptions, crs: str, progress: Progress, journal: Journal
) -> DataFrame | None:
    from bocage.study.indices.patches_part import table_patches

    with progress.stage(f"Choosing patches to add {source.name}".rstrip()):
        try:
            return table_patches(source, options, crs, journal)
        except ResourceError as error:
            add_note(journal, "note_add_large", graph=source.name, patches=source.graph.count, why=str(error))
            return None


def _check_landscape(source: GraphInput) -> None:
    held = float(source.graph.capacity.sum())
    if source.landscape is not None and not source.landscape >= held * (1 - 1e-9):
        raise DataError(
            f"The landscape is said to hold {source.landscape:g} and its patches hold {held:g}; give with "
            "--landscape the area of the whole, in the unit of the patches."
        )


def _plan(source: GraphInput, options: IndicesOptions, journal: Journal) -> _Plan:
    count = source.graph.count
    epsilon = options.cutoff
    if not options.complete and not epsilon and count > EXACT_PATCHES:
        epsilon = CUTOFF
        add_note(journal, "note_cutoff", graph=source.name, patches=count, most=EXACT_PATCHES, cutoff=CUTOFF)
    left = [
        what
        for what, most in (
            ("dIIC, BC_IIC", HOP_PATCHES),
            ("CF, ECCirc", CURRENT_PATCHES),
            ("Ec, CCe, GD, IIC, H, BC_hops", PATH_PATCHES),
        )
        if count > most and not options.complete
    ]
    if left:
        add_note(journal, "note_left_out", graph=source.name, patches=count, indices=", ".join(left))
    return _Plan(
        0.0 if options.complete else epsilon,
        options.complete or count <= HOP_PATCHES,
        options.complete or count <= CURRENT_PATCHES,
        options.complete or count <= PATH_PATCHES,
        options.complete or count <= UNIT_PATCHES,
    )


def _measure(source: GraphInput, options: IndicesOptions, plan: _Plan) -> _Measured:
    from bocage.connectivity.clusters import find_clusters, measure_modularity, weigh_links
    from bocage.connectivity.importance import measure_importance
    from bocage.connectivity.path_indices import measure_paths

    graph, dispersal, threads = source.graph, source.dispersal, options.threads
    keep = np.ones(graph.link_count, dtype=bool)
    if source.threshold is not None:
        keep = graph.cost <= source.threshold
    linked = graph if keep.all() else graph.keep_links(keep)
    worth = measure_importance(graph, dispersal, epsilon=plan.epsilon, threads=threads)
    hops = measure_importance(linked, index="IIC", threads=threads) if plan.hops else None
    paths: PathIndices | None = worth.indices
    if plan.epsilon:
        paths = measure_paths(graph, dispersal, betweenness=False, threads=threads) if plan.pairs else None
    linked_paths = worth.indices
    if linked is not graph:
        linked_paths = measure_paths(
            linked, dispersal, betweenness=False, epsilon=plan.epsilon, threads=threads
        )
    weight = weigh_links(graph, dispersal, beta=1)
    clusters = find_clusters(graph, weight)
    modularity = measure_modularity(graph, clusters, weight)
    currents = None
    if plan.current and (graph.cost > 0).all():
        from bocage.connectivity.graph_current import measure_current_flow

        currents = measure_current_flow(graph)
    return _Measured(graph, linked, keep, worth, hops, paths, linked_paths, clusters, modularity, currents)


def _table_overall(
    source: GraphInput, measured: _Measured, options: IndicesOptions, plan: _Plan, journal: Journal
) -> DataFrame:
    import pandas

    from bocage.connectivity.component_indices import measure_components
    from bocage.connectivity.evenness import measure_division, measure_evenness
    from bocage.connectivity.path_indices import measure_direct_flux, measure_hops, split_overall

    graph, landscape = measured.graph, source.landscape
    paths = measured.worth.indices
    hops = None if measured.hops is None else measured.hops.indices
    if hops is None and plan.pairs:
        hops = measure_hops(measured.linked, betweenness=False, threads=options.threads)
    joined = measure_components(measured.linked)
    values: dict[str, float] = {"patches": graph.count}
    for key in ("NL", "NC", "capacity", "SLC", "MSC", "ECS", "CCP"):
        values[key] = float(getattr(joined, key))
    if landscape is not None:
        values["LCP"] = joined.measure_lcp(landscape)
    else:
        add_note(journal, "note_no_landscape", graph=source.name)
    if hops is not None:
        values["H"] = hops.harary
        if landscape is not None:
            values["IIC"] = hops.divide(landscape)
        values["EC(IIC)"] = hops.equivalent_capacity
    if measured.paths is not None:
        values["GD"] = measured.paths.diameter
    if landscape is not None:
        values["PC"] = paths.divide(landscape)
    parts, direct = (
        split_overall(graph, paths, source.dispersal),
        measure_direct_flux(graph, source.dispersal),
    )
    values |= {
        "ECA": paths.equivalent_capacity,
        "ECA_share": paths.equivalent_capacity / float(graph.capacity.sum()),
        "PC_intra": parts.intra,
        "PC_direct": parts.direct,
        "PC_step": parts.step,
        "S#F": float(paths.flux.sum()),
        "S#IF": paths.numerator,
        "F": direct.total,
        "AWF": direct.weighted_total,
    }
    if (paths.through > 0).sum() > 1:
        values |= {"E#BC": measure_evenness(paths.through), "D#BC": measure_division(paths.through)}
    if plan.current:
        circuit = _measure_circuit(source, journal)
        if circuit is not None:
            values["ECCirc"] = circuit
    values |= {"clusters": int(measured.clusters.max()) + 1, "modularity": measured.modularity}
    if options.protected:
        values |= _measure_protconn(source)
    order = [key for key in OVERALL if key in values]
    return pandas.DataFrame({"index": order, "value": [float(values[key]) for key in order], "unit": ""})


def _measure_protconn(source: GraphInput) -> dict[str, float]:
    from bocage.connectivity.protconn import measure_protconn

    if source.landscape is None:
        raise DataError("ProtConn is a share of a region; give its area with --landscape.")
    whole, single = _unite_contiguous(source)
    found = measure_protconn(
        whole.graph, source.landscape, source.dispersal, transboundary=whole.beyond, single_areas=single
    )
    values = {
        "Prot": found.prot,
        "ProtConn": found.protconn,
        "ProtUnconn": found.protunconn,
        "RelConn": found.relconn,
        "ProtConn_Prot": found.protected,
        "ProtConn_Within": found.within,
        "ProtConn_Contig": found.contig,
        "ProtConn_Trans": None if whole.beyond is None else found.trans,
        "ProtConn_Unprot": found.unprot,
    }
    return {key: value for key, value in values.items() if value is not None}


def _unite_contiguous(source: GraphInput) -> tuple[GraphInput, Floats | None]:
    """Unite protected areas that touch or that a link of no cost joins; with the areas before it.

    Those beyond the border keep apart from the others. Without shapes nor a link of no cost, which areas are
    contiguous is not known.
    """
    from bocage.connectivity.meta_patches import merge_patches

    graph, beyond = replace(source.graph, inner=None), source.beyond
    outside = np.zeros(graph.count, dtype=bool) if beyond is None else beyond
    shapes = None if source.patches is None else source.patches.geometry.to_numpy()
    if shapes is None and not (graph.cost == 0).any():
        return source, None
    start, end, cost = graph.start, graph.end, graph.cost
    if shapes is not None:
        import shapely

        one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        apart = one < two
        start, end = np.concatenate([start, one[apart]]), np.concatenate([end, two[apart]])
        cost = np.concatenate([cost, np.zeros(int(apart.sum()))])
    joined = LandscapeGraph.of(graph.capacity, start, end, cost, ids=graph.ids)
    joined = replace(joined, habitat=outside.astype(np.int64), habitats=("inside", "beyond"))
    united, member = merge_patches(joined, 0.0)
    far = np.zeros(united.count, dtype=bool)
    far[member] = outside
    single = graph.capacity[~outside]
    return replace(source, graph=united, beyond=None if beyond is None else far), single


def _measure_circuit(source: GraphInput, journal: Journal) -> float | None:
    """Measure ECCirc; None where links that cost nothing let currents grow without bound."""
    from bocage.connectivity.graph_current import measure_circuit_connectivity

    if (source.graph.cost <= 0).any():
        add_note(journal, "note_free_links", graph=source.name, count=int((source.graph.cost <= 0).sum()))
        return None
    return measure_circuit_connectivity(source.graph, source.dispersal)


def _table_nodes(source: GraphInput, measured: _Measured, plan: _Plan) -> DataFrame:
    import pandas

    from bocage.connectivity.components import label_components
    from bocage.connectivity.topology import describe_topology, measure_hop_betweenness

    graph, worth = measured.graph, measured.worth
    table: dict[str, Any] = {"id": list(graph.ids)}
    if source.names:
        table["name"] = list(source.names)
    if graph.position is not None:
        table["x"], table["y"] = graph.position.T.round(2)
    table |= {
        "capacity": graph.capacity,
        "component": label_components(measured.linked),
        "cluster": measured.clusters,
        "dPC": 100 * worth.total,
        "dPC_intra": 100 * worth.intra,
        "dPC_flux": 100 * worth.flux,
        "dPC_connector": 100 * worth.connector,
    }
    if plan.epsilon:
        table["dPC_bound"] = 100 * worth.patch_bound
    table["dECA"] = 100 * worth.equivalent_total
    if measured.hops is not None:
        table |= {
            "dIIC": 100 * measured.hops.total,
            "dIIC_intra": 100 * measured.hops.intra,
            "dIIC_flux": 100 * measured.hops.flux,
            "dIIC_connector": 100 * measured.hops.connector,
        }
    table |= {"F": worth.indices.flux, "IF": worth.indices.interaction, "BC": worth.indices.through}
    if measured.hops is not None:
        table["BC_IIC"] = measured.hops.indices.through
    if plan.pairs:
        table["BC_hops"] = measure_hop_betweenness(measured.linked)
    if measured.currents is not None:
        table["CF"] = measured.currents.patch
    place = describe_topology(measured.linked)
    table |= {"Dg": place.degree, "CC": place.clustering, "CCor": place.correlation}
    if measured.paths is not None:
        table |= {"CCe": measured.paths.mean_cost, "Ec": measured.paths.cost_max}
    removals = measure_patch_removals(measured.linked)
    table |= {"varNC": removals.find_change("NC").astype(np.int64), "dLCP": removals.find_percent("LCPnum")}
    return pandas.DataFrame(table)


def _table_links(
    source: GraphInput, measured: _Measured, options: IndicesOptions, plan: _Plan, journal: Journal
) -> DataFrame:
    import pandas

    from bocage.connectivity.components import label_components
    from bocage.connectivity.gains import gain_of_improvements

    graph, worth, keep = measured.graph, measured.worth, measured.keep
    ids = np.array(graph.ids, dtype=object)

    def spread(values: Any) -> Any:
        """Give values of the links of at most the threshold to all links."""
        found = np.full(graph.link_count, np.nan)
        found[keep] = values
        return found

    table: dict[str, Any] = {
        "id": list(graph.link_ids),
        "from": ids[graph.start],
        "to": ids[graph.end],
        "cost": graph.cost,
    }
    if graph.length is not None:
        table["length"] = graph.length
    within = label_components(measured.linked)[graph.start]
    table["component"] = pandas.array(np.where(keep, within, -1), dtype="Int64")
    table["component"][~keep] = pandas.NA
    table["dPC"] = 100 * worth.link
    if plan.epsilon:
        table["dPC_bound"] = 100 * worth.link_bound
    table["dECA"] = 100 * worth.equivalent_link
    if measured.hops is not None:
        table["dIIC"] = spread(100 * measured.hops.link)
    table["BC"] = worth.indices.through_link
    if measured.currents is not None:
        table["current"] = measured.currents.link
    removals = measure_link_removals(measured.linked)
    table["varNC"] = spread(removals.find_change("NC"))
    table["dLCP"] = spread(removals.find_percent("LCPnum"))
    improved = np.zeros(graph.link_count) if source.improved is None else source.improved
    table["cost_improved"] = improved
    total = worth.indices.numerator
    gains = np.zeros(graph.link_count)
    better = np.flatnonzero(improved < graph.cost)
    if plan.epsilon and not options.complete and len(better) > GAIN_LINKS:
        # What passes by a link today would grow at least so much.
        passing = worth.indices.through_link[better]
        grown = passing * np.expm1(source.dispersal.decay * (graph.cost - improved)[better])
        first = np.sort(np.argsort(-grown, kind="stable")[:GAIN_LINKS])
        gains[np.delete(better, first)] = np.nan
        better = better[first]
        add_note(journal, "note_gains", graph=source.name, most=GAIN_LINKS, links=graph.link_count)
    if len(better):
        gains[better] = gain_of_improvements(
            graph,
            source.dispersal,
            improved[better],
            links=better,
            epsilon=plan.epsilon,
            threads=options.threads,
        )
    table["gain"] = 100 * gains / total
    return pandas.DataFrame(table)


def _table_components(measured: _Measured) -> DataFrame:
    table = describe_components(measured.linked)
    sums = measured.linked_paths.sum_by_component()
    table = table[["component", "patches", "links", "capacity", "share", "largest"]].copy()
    table["eca"], table["diameter"] = sums["equivalent_capacity"], sums["diameter"]
    return table


def _table_distances(source: GraphInput, options: IndicesOptions, plan: _Plan) -> DataFrame:
    """Measure ECA at several dispersal distances, the chance at each being the same."""
    import pandas

    from bocage.connectivity.landscape import Dispersal
    from bocage.connectivity.path_indices import measure_paths
    from bocage.connectivity.topology import iterate_costs

    graph, given = source.graph, source.dispersal
    if not plan.epsilon:
        scales = [Dispersal(given.distance * factor, given.probability) for factor in FACTORS]
        sums = np.zeros(len(scales))
        for rows, costs in iterate_costs(graph):
            for place, one in enumerate(scales):
                sums[place] += float(graph.capacity[rows] @ (one.reach(costs) @ graph.capacity))
        return pandas.DataFrame(
            {"distance": [one.distance for one in scales], "eca": np.sqrt(sums), "left_out": 0.0}
        )
    found = []
    for factor in NEAR_FACTORS:
        one = Dispersal(given.distance * factor, given.probability)
        paths = measure_paths(graph, one, betweenness=False, epsilon=plan.epsilon, threads=options.threads)
        found.append((one.distance, paths.equivalent_capacity, paths.left_out / paths.numerator))
    return pandas.DataFrame(found, columns=["distance", "eca", "left_out"])
