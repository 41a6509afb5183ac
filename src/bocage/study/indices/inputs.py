"""What `bocage indices` reads, from whichever source it was given."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from bocage.connectivity.building import build_from_network
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.errors import DataError, InputError, StudyError
from bocage.io.files import require_file
from bocage.journal import Journal
from bocage.study.indices.model import GraphInput, GroundInput, IndicesInputs, IndicesOptions
from bocage.study.indices.notes import add_graph_notes, add_note
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.network import Network
    from bocage.study.model import Study

Kind = Literal["study", "network", "graph", "ground"]

RASTERS = (".tif", ".tiff", ".asc", ".vrt", ".img")
CONEFOR = (".txt", ".dat", "")


def read_indices(options: IndicesOptions, journal: Journal) -> IndicesInputs:
    """Read what the command was given: graphs, ground and territories.

    Parameters
    ----------
    options : IndicesOptions
    journal : Journal
        Told what was left out, assumed or lacks.

    Raises
    ------
    StudyError
        The study was not run.
    InputError
        A file, layer or column is missing, or the source is nothing that can be measured.
    CRSError
        Coordinates are in degrees.
    DataError
        The values cannot be a graph, or territories overlap.
    """
    kind = name_kind(options)
    if kind == "study":
        return _complete(_read_study(options, journal), options, journal)
    if kind == "network":
        return _complete(_read_network(options, journal), options, journal)
    output = options.output or options.source.with_name(f"indices-{options.source.stem}")
    language = options.language or "fr"
    if kind == "ground":
        crs = options.crs or ""
        ground = _read_ground(options, None, None, crs, journal)
        if ground is None:
            raise InputError(
                f"'{options.source.name}' could not be read as land cover; give a raster, or polygons with "
                "--natural CLASS and --class-column COLUMN."
            )
        crs = ground.grid.crs
        units = _read_units(options, crs, journal)
        files = _list_files(options)
        return IndicesInputs(options.source.stem, "", (), ground, units, None, files, crs, language, output)
    from bocage.study.indices.graph_inputs import read_graph

    graph, crs = read_graph(options, journal)
    units = _read_units(options, crs, journal)
    found = IndicesInputs(
        options.source.stem, "", (graph,), None, units, None, _list_files(options), crs, language, output
    )
    return _complete(found, options, journal)


def _complete(found: IndicesInputs, options: IndicesOptions, journal: Journal) -> IndicesInputs:
    """Give graphs the capacities and the costs across patches that the command names."""
    from bocage.study.indices.capacity_part import choose_capacity

    if options.inner is not None and len(found.graphs) != 1:
        raise InputError(
            "Costs across patches are those of one graph; say of which sub-network with --subnetwork."
        )
    graphs = []
    for source in found.graphs:
        one = choose_capacity(source, options, found.crs, journal)
        if options.inner is not None:
            from bocage.study.indices.inner_inputs import read_inner

            one = read_inner(one, options, journal)
        graphs.append(one)
    return replace(found, graphs=tuple(graphs))


def name_kind(options: IndicesOptions) -> Kind:
    """Tell what the source is, by its name, its tables and the options given.

    Raises
    ------
    InputError
        It is absent, or patches come without links.
    """
    source = options.source
    if source.suffix.lower() == ".toml":
        return "study"
    require_file(source, "source")
    if options.links is not None or source.suffix.lower() == ".graphml":
        return "graph"
    if source.suffix.lower() in RASTERS or options.natural or options.class_column is not None:
        return "ground"
    if source.suffix.lower() == ".gpkg" and _is_network(source):
        return "network"
    raise InputError(
        f"'{source.name}' is no study, no network.gpkg of bocage and no raster; give the links of these "
        "patches with --links FILE, or the natural classes of this land cover with --natural CLASS."
    )


def choose_dispersal(options: IndicesOptions, said: float | None) -> Dispersal:
    """Give the dispersal asked for, else that of the source.

    Raises
    ------
    DataError
        There is neither, or it is no dispersal.
    """
    distance = options.dispersal if options.dispersal is not None else said
    if distance is None:
        raise DataError(
            "The dispersal is not known; give with --dispersal the cost of links at which another patch is "
            "reached with the chance of --probability (5% when left out)."
        )
    return Dispersal(distance, options.probability)


def _is_network(path: Path) -> bool:
    import sqlite3

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
            found = base.execute("SELECT 1 FROM sqlite_master WHERE name = 'bocage_about'").fetchone()
    except sqlite3.DatabaseError:
        return False
    return found is not None


def _read_study(options: IndicesOptions, journal: Journal) -> IndicesInputs:
    from bocage.study.inputs import resolve_area
    from bocage.study.reading import read_study

    study = read_study(options.source)
    for key in ("links", "layer", "crs"):
        if getattr(options, key) is not None:
            raise StudyError(
                f"--{key} does not go with a study file, which names its layers; leave it out, or give the "
                "layers in place of the study."
            )
    path = study.output / "network.gpkg"
    if not path.is_file():
        raise StudyError(
            f"'{options.source.name}' has not been run: there is no '{path.name}' in '{study.output.name}'; "
            f"run « bocage run {options.source.name} » first."
        )
    from bocage.io.geopackage import read_network

    network = read_network(path)
    place = resolve_area(study, Journal())
    said = {one.key: one.dispersal_cost for one in study.subnetworks}
    area_ha = place.area.area / M2_PER_HA
    graphs = _make_graphs(options, network, said, area_ha, journal)
    units = _read_units(options, network.crs, journal)
    if units is None and place.communes is not None:
        units = place.communes.rename(columns={"insee": "id"})[["id", "name", "geometry"]]
        units = units.reset_index(drop=True)
    ground = _read_ground(options, study, place.area, network.crs, journal)
    if not graphs and ground is None:
        raise DataError(
            f"The network of '{options.source.name}' holds no reservoirs to measure; add sub-networks and "
            "land cover to the study, and run it."
        )
    files = _list_files(options) | {"network": path}
    output = options.output or study.output / "indices"
    return IndicesInputs(
        study.name, study.date.isoformat(), graphs, ground, units, place.area, files, network.crs,
        options.language or study.language, output,
    )  # fmt: skip


def _read_network(options: IndicesOptions, journal: Journal) -> IndicesInputs:
    from bocage.io.geopackage import read_network

    network = read_network(options.source)
    graphs = _make_graphs(options, network, {}, None, journal)
    if not graphs:
        raise DataError(
            f"'{options.source.name}' holds no reservoirs; give the network of a study that has some."
        )
    units = _read_units(options, network.crs, journal)
    output = options.output or options.source.with_name(f"indices-{options.source.stem}")
    said = network.about.get("language")
    language: Literal["fr", "en"] = options.language or ("en" if said == "en" else "fr")
    return IndicesInputs(
        str(network.about.get("title") or options.source.stem), str(network.about.get("date") or "")[:10],
        graphs, None, units, None, _list_files(options), network.crs, language, output,
    )  # fmt: skip


def _read_ground(
    options: IndicesOptions, study: Study | None, area: object | None, crs: str, journal: Journal
) -> GroundInput | None:
    """Read the land cover whose fragmentation is measured, where there is some."""
    from bocage.study.indices.ground_inputs import read_ground

    return read_ground(options, study, area, crs, journal)


def _read_units(options: IndicesOptions, crs: str, journal: Journal) -> GeoDataFrame | None:
    if options.units is None:
        return None
    from bocage.study.indices.unit_inputs import read_units

    return read_units(options, crs, journal)


def _list_files(options: IndicesOptions) -> dict[str, Path]:
    names = ("source", "links", "units", "capacities", "landcover", "inner", "sites", "resistance")
    named = {name: getattr(options, name) for name in names}
    return {key: path for key, path in named.items() if path is not None}


def _make_graphs(
    options: IndicesOptions,
    network: Network,
    said: dict[str, float],
    area_ha: float | None,
    journal: Journal,
) -> tuple[GraphInput, ...]:
    """Make a graph of each sub-network, of reservoirs and corridors."""
    keys = tuple(dict.fromkeys(network.tables["reservoir_s"]["subnetwork"]))
    unknown = [key for key in options.subnetworks if key not in keys]
    if unknown:
        raise InputError(
            f"There are no reservoirs of sub-network {', '.join(unknown)}; the network has {', '.join(keys)}."
        )
    names = {one["key"]: one["name"] for one in network.about.get("subnetworks", ())}
    return tuple(
        _make_graph(options, network, key, str(names.get(key, key)), said.get(key), area_ha, journal)
        for key in keys
        if not options.subnetworks or key in options.subnetworks
    )


def _make_graph(
    options: IndicesOptions,
    network: Network,
    key: str,
    name: str,
    said: float | None,
    area_ha: float | None,
    journal: Journal,
) -> GraphInput:
    reservoirs, corridors, axes = (
        network.tables[table][network.tables[table]["subnetwork"] == key].reset_index(drop=True)
        for table in ("reservoir_s", "corridor_s", "corridor_l")
    )
    notes = Journal()
    graph = build_from_network(network.tables, key, journal=notes)
    # Corridors impassable today are told apart, with what opening them would give.
    add_graph_notes(journal, notes, name, but=("graph_links_impassable",))
    cost = float(corridors["dispersal_cost"].max()) if len(corridors) else said
    dispersal = choose_dispersal(options, cost if cost is not None else said or 1.0)
    axes["id"] = [re.sub(r"CL(\d+)$", r"CS\1", one) for one in axes["id"]]
    patches, links = _order(reservoirs, graph.ids), _order(axes, graph.link_ids)
    free = dict(zip(corridors["id"], corridors["cost_free"].to_numpy(np.float64), strict=True))
    improved = np.array([free[one] for one in graph.link_ids], dtype=np.float64)
    improved = np.where(np.isfinite(improved), np.minimum(improved, graph.cost), graph.cost)
    shut = ~np.isfinite(corridors["cost"].to_numpy(np.float64)) & np.isfinite(
        corridors["cost_free"].to_numpy(np.float64)
    )
    closed = None
    if shut.any():
        place = {one: number for number, one in enumerate(graph.ids)}
        rows = corridors[shut & corridors["from_id"].isin(place) & corridors["to_id"].isin(place)]
        closed = LandscapeGraph.of(
            graph.capacity,
            [place[one] for one in rows["from_id"]],
            [place[one] for one in rows["to_id"]],
            rows["cost_free"].to_numpy(np.float64),
            ids=graph.ids,
            link_ids=list(rows["id"]),
        )
    landscape = options.landscape_ha if options.landscape_ha is not None else area_ha
    if landscape is not None and landscape < float(graph.capacity.sum()):
        add_note(
            journal, "note_landscape_small", graph=name, landscape=landscape, held=float(graph.capacity.sum())
        )
        landscape = None
    called = [str(one) if one is not None and one == one else "" for one in reservoirs["name"]]
    return GraphInput(
        key, name, graph, dispersal, landscape, patches, links, "ha",
        threshold=options.threshold if options.threshold is not None else dispersal.distance,
        improved=improved,
        closed=closed,
        closed_lines=None if closed is None else _order(axes, closed.link_ids),
        corridors=corridors[["id", "geometry"]],
        names=tuple(called) if any(called) else (),
    )  # fmt: skip


def _order(table: GeoDataFrame, ids: tuple[str, ...]) -> GeoDataFrame | None:
    """Give ``id`` and geometry in the order of some ids; None where one lacks."""
    known = table.drop_duplicates("id").set_index("id")
    if not set(ids) <= set(known.index):
        return None
    return known.loc[list(ids), ["geometry"]].reset_index()[["id", "geometry"]]
