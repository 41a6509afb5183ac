"""Graphs of any patches and links: layers, tables, or files of Conefor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.building import build_from_frames, make_frames, name_id
from bocage.errors import CRSError, InputError
from bocage.io.files import require_file, suggest
from bocage.journal import Journal
from bocage.study.indices.inputs import CONEFOR, choose_dispersal
from bocage.study.indices.model import GraphInput, IndicesOptions
from bocage.study.indices.notes import add_graph_notes, add_note
from bocage.study.suggesting import recognise_names
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    from pandas import DataFrame

    from bocage.connectivity.landscape import LandscapeGraph

KNOWN: dict[str, tuple[str, ...]] = {
    "id": ("id", "patch", "patch_id", "idpatch", "node", "node_id", "gid", "code", "fid", "objectid"),
    "capacity": (
        "capacity", "capacite", "capacité", "habitat_ha", "area_ha", "surface_ha", "area", "surface",
        "attribute",
    ),
    "from": ("from_id", "from", "id1", "start", "source", "node1", "patch1", "de", "origine"),
    "to": ("to_id", "to", "id2", "end", "target", "node2", "patch2", "vers", "destination"),
    "cost": ("cost", "cout", "coût", "dist", "distance", "impedance", "weight", "probability", "proba"),
    "length": ("length_m", "distm", "length", "longueur", "longueur_m"),
    "link_id": ("id", "link_id", "link", "lien"),
    "name": ("name", "nom", "toponyme", "libelle"),
}  # fmt: skip
"""Columns recognised, whatever their case: those of bocage, Graphab and plain words."""

HECTARES = ("habitat_ha", "area_ha", "surface_ha")
_PARQUET = (".parquet", ".geoparquet")


def read_graph(options: IndicesOptions, journal: Journal) -> tuple[GraphInput, str]:
    """Read the graph of any patches and links, and its coordinate system; empty where it has none.

    Raises
    ------
    InputError, CRSError, DataError
        See ``bocage.connectivity.building.build_from_frames`` and ``bocage.io.graph_files.read_conefor``.
    """
    if options.source.suffix.lower() == ".graphml":
        return _read_graphml(options, journal)
    assert options.links is not None
    if options.source.suffix.lower() in CONEFOR:
        return _read_conefor(options, options.links, journal), ""
    source, crs = read_table(options.source, options.layer, "patches", options.crs, journal)
    links, _ = read_table(options.links, options.links_layer, "links", crs or options.crs, journal)
    if not crs and options.crs and "geometry" in source.columns:
        # A table of points does not say its system; the command does.
        import geopandas

        from bocage.io.crs import require_projected

        require_projected(options.crs)
        crs = options.crs
        source = geopandas.GeoDataFrame(source, geometry="geometry", crs=crs)
    return _build(options, source, links, crs, journal), crs


def _read_graphml(options: IndicesOptions, journal: Journal) -> tuple[GraphInput, str]:
    from bocage.io.graphml import read_graphml

    if options.links is not None:
        raise InputError(f"'{options.source.name}' holds links of its own; leave --links out.")
    told = Journal()
    named = options.columns
    graph = read_graphml(
        options.source, capacity=named.get("capacity", "capacity"), cost=named.get("cost", "cost"),
        length=named.get("length", "length_m"), probability=options.links_are == "probabilities",
        journal=told,
    )  # fmt: skip
    add_graph_notes(journal, told, "")
    crs = ""
    nodes, lines = None, None
    if options.crs and graph.position is not None:
        from bocage.io.crs import require_projected

        require_projected(options.crs)
        crs = options.crs
        nodes, lines = (one[["id", "geometry"]] for one in make_frames(graph, crs))
    return _make(options, graph, nodes, lines, "", None, ()), crs


def _read_conefor(options: IndicesOptions, links: Path, journal: Journal) -> GraphInput:
    from bocage.io.graph_files import read_conefor

    told = Journal()
    found = read_conefor(
        options.source, links, probability=options.links_are == "probabilities", journal=told
    )
    add_graph_notes(journal, told, "")
    improved = None
    if found.changed is not None:
        improved = np.where(np.isfinite(found.changed), found.changed, found.graph.cost)
    return _make(options, found.graph, None, None, "", improved, ())


def _build(
    options: IndicesOptions, patches: DataFrame, links: DataFrame, crs: str, journal: Journal
) -> GraphInput:
    id = _require(patches, options, "id", "patches", options.source)
    capacity = find_column(
        patches, options.columns.get("capacity"), KNOWN["capacity"], "patches", "--capacity"
    )
    beyond = _read_beyond(options, patches)
    _warn_degrees(patches, crs, options.source, journal)
    patches = patches.copy()
    named = {key: _require(links, options, key, "links", options.links) for key in ("from", "to", "cost")}
    others = {
        key: find_column(links, options.columns.get(key), KNOWN[key], "links", f"--{key.replace('_', '-')}")
        for key in ("length", "link_id")
    }
    if others["length"] == named["cost"]:
        others["length"] = None
    area_unit = ""
    if capacity is None and (options.capacities is not None or options.weights):
        capacity = "bocage capacity"
        patches[capacity] = 1.0
    elif capacity is None:
        shapes = patches.geometry if "geometry" in patches.columns and crs else None
        if shapes is None or not (shapes.area > 0).all():
            raise InputError(
                f"'{options.source.name}' has no column that is known to hold capacities and no polygons; "
                f"say which with --capacity, among {_list_columns(patches)}."
            )
        capacity, area_unit = "bocage capacity", "ha"
        patches[capacity] = shapes.area / M2_PER_HA
        add_note(journal, "note_capacity_area")
    else:
        patches[capacity] = read_column(patches, capacity)
        if capacity.casefold() in HECTARES:
            area_unit = "ha"
    patches["bocage id"] = list_ids(patches, id, "patches")
    links = links.copy()
    for key in ("from", "to"):
        links[f"bocage {key}"] = list_ids(links, named[key], "links")
    links["bocage cost"] = read_column(links, named["cost"])
    if others["length"] is not None:
        links["bocage length"] = read_column(links, others["length"])
    if others["link_id"] is not None:
        links["bocage id"] = list_ids(links, others["link_id"], "links")
        if links["bocage id"].duplicated().any() and "link_id" not in options.columns:
            links = links.drop(columns="bocage id")
    add_note(
        journal, "note_columns", id=id, capacity="geometry" if capacity == "bocage capacity" else capacity,
        ends=f"{named['from']}, {named['to']}", cost=named["cost"],
    )  # fmt: skip
    told = Journal()
    graph = build_from_frames(
        patches, links, id="bocage id", capacity=capacity, start="bocage from", end="bocage to",
        cost="bocage cost", link_id="bocage id", length="bocage length",
        probability=options.links_are == "probabilities", parallel="cheapest", journal=told,
    )  # fmt: skip
    add_graph_notes(journal, told, "")
    name = find_column(patches, None, KNOWN["name"], "patches", "")
    called: tuple[str, ...] = ()
    if name is not None and name != id:
        called = tuple("" if one is None or one != one else str(one) for one in patches[name])
    shaped = patches if "geometry" in patches.columns else None
    drawn = links if "geometry" in links.columns and "bocage id" in links.columns else None
    if drawn is not None and not drawn.geometry.geom_type.isin(("LineString", "MultiLineString")).all():
        drawn = None
    shapes_of = None
    if shaped is not None or graph.position is not None:
        shapes_of = make_frames(graph, crs or None, patches=shaped, links=drawn, id="bocage id")
    nodes, lines = (None, None) if shapes_of is None else (one[["id", "geometry"]] for one in shapes_of)
    found = _make(options, graph, nodes, lines, area_unit, None, called)
    return replace(
        found,
        cost_unit="m" if _is_distance(options, named["cost"]) else "",
        beyond=beyond,
    )


def _is_distance(options: IndicesOptions, column: str) -> bool:
    """Tell whether a column of costs is named as lengths on the ground are."""
    return options.links_are == "costs" and column.casefold() in (*KNOWN["length"], "distance_m", "dist_m")


def _warn_degrees(patches: DataFrame, crs: str, path: Path, journal: Journal) -> None:
    """Tell of points of a table that look like longitudes and latitudes."""
    if crs or not {"x", "y"} <= set(patches.columns):
        return
    x, y = read_column(patches, "x"), read_column(patches, "y")
    if (np.abs(x) <= 180).all() and (np.abs(y) <= 90).all() and ((x % 1 != 0) | (y % 1 != 0)).any():
        add_note(journal, "note_degrees", file=path.name)


def _read_beyond(options: IndicesOptions, patches: DataFrame) -> NDArray[np.bool_] | None:
    if options.beyond is None:
        return None
    column = find_column(patches, options.beyond, (), "patches", "--beyond")
    assert column is not None
    yes = ("1", "1.0", "true", "yes", "oui", "vrai", "t")
    return np.array([str(one).strip().casefold() in yes for one in patches[column]], dtype=bool)


def _make(
    options: IndicesOptions,
    graph: LandscapeGraph,
    patches: Any,
    links: Any,
    area_unit: str,
    improved: NDArray | None,
    names: tuple[str, ...],
) -> GraphInput:
    # Probabilities become costs of -ln p: a dispersal of 1 with chance 1/e gives them back.
    said = None
    if options.links_are == "probabilities" and options.dispersal is None:
        from bocage.connectivity.landscape import Dispersal

        dispersal = Dispersal(1.0, float(np.exp(-1)))
    else:
        dispersal = choose_dispersal(options, said)
    return GraphInput(
        "", "", graph, dispersal, options.landscape_ha, patches, links, "ha" if area_unit == "ha" else "",
        threshold=options.threshold,
        improved=improved,
        names=names,
    )  # fmt: skip


def read_table(
    path: Path, layer: str | None, what: str, crs: str | None, journal: Journal
) -> tuple[DataFrame, str]:
    """Read a layer or a table of any format, and its coordinate system; empty for a table.

    CSV may be parted by commas or semicolons, and have points ``x`` and ``y`` [m].

    Raises
    ------
    InputError
        The file or layer is missing or cannot be read.
    CRSError
        The layer is in degrees and no other system is given.
    """
    path = require_file(path, what)
    suffix = path.suffix.lower()
    if suffix in (".csv", ".txt", ".tsv"):
        from bocage.study.tables import read_table as read_text

        return _place(read_text(path, name=what)), ""
    if suffix in _PARQUET and not _has_shapes(path):
        import pandas

        found: DataFrame = pandas.read_parquet(path)
        return _place(found), ""
    from bocage.io.vectors import list_layers, read_vector

    layers = list_layers(path, name=what)
    chosen = [one for one in layers if layer is None or one.name.casefold() == layer.casefold()]
    if len(chosen) == 1 and chosen[0].kind == "table":
        import pyogrio

        found = pyogrio.read_dataframe(path, layer=chosen[0].name, read_geometry=False, use_arrow=False)
        return _place(found), ""
    system = find_crs(path, layer, what, crs)
    table = read_vector(
        path, name=what, crs=system, journal=journal, layer=layer, kinds=("polygon", "line", "point")
    )
    return table, system


def find_crs(path: Path, layer: str | None, what: str, asked: str | None) -> str:
    """Give the coordinate system asked for, else that of the layer, which must be in metres.

    Raises
    ------
    CRSError
        It is in degrees.
    """
    import pyogrio
    import pyproj

    from bocage.io.crs import flatten_crs
    from bocage.io.vectors import list_layers

    if asked:
        return asked
    spatial = [one for one in list_layers(path, name=what) if one.kind != "table"]
    chosen = [one for one in spatial if layer is None or one.name.casefold() == layer.casefold()]
    if len(chosen) != 1 or chosen[0].crs is None:
        return "EPSG:2154"  # the reader tells what is wrong, whatever this says
    said = (
        chosen[0].crs
        if path.suffix.lower() in _PARQUET
        else pyogrio.read_info(path, layer=chosen[0].name)["crs"]
    )
    system = flatten_crs(pyproj.CRS.from_user_input(said))
    if not system.is_projected:
        raise CRSError(
            f"'{path.name}' is in degrees ({system.name}), and distances need metres; add --crs with a "
            "projected system, as EPSG:2154 in metropolitan France."
        )
    authority = system.to_authority(min_confidence=70)
    return ":".join(authority) if authority else str(system.to_wkt())


def find_column(
    table: DataFrame, asked: str | None, known: Sequence[str], what: str, option: str
) -> str | None:
    """Find the column asked for, else one known by its name, whatever its case.

    Raises
    ------
    InputError
        There is no column of the name asked for.
    """
    columns = [str(column) for column in table.columns if column != "geometry"]
    if asked is not None:
        if asked in table.columns:
            return asked
        if found := recognise_names(columns, {"asked": (asked.casefold(),)}):
            return found["asked"]
        close = suggest(asked, columns)
        raise InputError(
            f"The {what} have no column '{asked}', named by {option}; give "
            + (f"{close}, if that is it." if close else f"one of {_list_columns(table)}.")
        )
    return recognise_names(columns, {"known": known}).get("known")


def list_ids(table: DataFrame, column: str, what: str) -> list[str]:
    """Write ids as text, as ``connectivity.building`` does: 1.0 is 1, and no space stands at an end.

    Raises
    ------
    InputError
        One is empty.
    """
    bare = np.flatnonzero(table[column].isna())
    if bare.size:
        shown = ", ".join(str(row + 1) for row in bare[:5]) + (" …" if bare.size > 5 else "")
        raise InputError(
            f"{bare.size} row(s) of the {what} have no {column} (row {shown}); complete or remove them."
        )
    return [name_id(one) for one in table[column]]


def read_column(table: DataFrame, column: str) -> NDArray[np.float64]:
    """Read a column of numbers, decimal commas too; NaN where empty.

    Raises
    ------
    InputError
        A value is no number: its rows are named.
    """
    numbers, odd = np.full(len(table), np.nan), []
    for row, value in enumerate(table[column]):
        if value is None or value != value or str(value).strip() in ("", "NA"):
            continue
        try:
            numbers[row] = float(str(value).strip().replace(",", "."))
        except ValueError:
            odd.append(f"{row + 1}: {value}")
    if odd:
        shown = ", ".join(odd[:5]) + (" …" if len(odd) > 5 else "")
        raise InputError(f'Column "{column}" holds what is no number (row {shown}); give numbers.')
    return numbers


def _require(table: DataFrame, options: IndicesOptions, key: str, what: str, path: Path | None) -> str:
    found = find_column(table, options.columns.get(key), KNOWN[key], what, f"--{key}")
    if found is None:
        name = "" if path is None else f"'{path.name}'"
        raise InputError(
            f"{name} has no column that is known to hold the {key} of {what}; say which with --{key}, among "
            f"{_list_columns(table)}."
        )
    return found


def _list_columns(table: DataFrame) -> str:
    return ", ".join(str(column) for column in table.columns if column != "geometry") or "none"


def _place(table: DataFrame) -> DataFrame:
    """Make points of columns ``x`` and ``y``, where a table has them."""
    if not {"x", "y"} <= set(table.columns):
        return table
    import geopandas

    points = geopandas.points_from_xy(read_column(table, "x"), read_column(table, "y"))
    placed: DataFrame = geopandas.GeoDataFrame(table, geometry=points)
    return placed


def _has_shapes(path: Path) -> bool:
    from pyarrow import parquet

    try:
        return b"geo" in (parquet.read_schema(path).metadata or {})
    except Exception:
        return True
