"""The files of `bocage indices`, each whole or absent, the same bytes for the same inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage import __version__
from bocage.io.files import hash_file, output_errors, replace_on_success
from bocage.io.geopackage import fix_date, write_layer
from bocage.io.tables import write_both, write_csv, write_json
from bocage.journal import Journal
from bocage.study.indices.model import GraphFigures, GroundFigures, Indices
from bocage.study.indices.tables import TABLES, join_tables
from bocage.study.indices.telling import tell_indices

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

LIBRARIES = (
    "numpy", "scipy", "numba", "shapely", "geopandas", "pyogrio", "rasterio", "pyproj", "pandas",
    "pyarrow",
)  # fmt: skip
CONVENTIONS = {
    "pairs": "sums over pairs are over ordered pairs, a patch with itself included: PC, IIC, ECA, IF, S#F, F "
    "and AWF (as Conefor and Graphab); H and BC over unordered pairs",
    "chance": "exp(-k cost) along the cheapest chain of links, patches crossed at no cost (as Conefor; "
    "Graphab adds the cost inside patches)",
    "links": "NC, NL, SLC, MSC, ECS, CCP, LCP, H, IIC, Dg, CC, CCor, BC_hops, varNC and dLCP count links of "
    "at most the threshold, each as one; the others all links, by their cost",
    "landscape": "A_L is the area of the study, or what --landscape says; Graphab takes the rectangle of the "
    "raster",
    "dX": "100 (X - X without the element) / X; of a patch it is intra + flux + connector (Saura and "
    "Rubio 2010)",
    "BC": "of equally cheap paths the first carries all; of paths of fewest links (BC_IIC) all share",
    "gain": "100 times what PC would gain over PC today, the link alone at cost_improved",
    "protconn": "measured with --protected alone: patches are then single protected areas, united where "
    "they touch or a link of no cost joins them",
}
"""What the figures mean, recorded in ``indices.json``."""

_DATE = "1970-01-01T00:00:00.000Z"
_WRITTEN = (
    "overall.csv", "components.csv", "nodes.csv", "nodes.parquet", "links.csv", "links.parquet", "units.csv",
    "units.parquet", "added.csv", "added_patches.csv", "removed.csv", "by_distance.csv", "mesh.csv",
    "mesh.parquet", "metrics_classes.csv", "metrics_landscape.csv", "pattern.tif", "pattern.csv",
    "graph.gpkg", "indices.html", "indices.json",
)  # fmt: skip


def write_indices(indices: Indices, journal: Journal) -> list[Path]:
    """Write tables, layers, page and record of what was found.

    Files of an earlier run that this one has not are removed.

    Returns
    -------
    list of Path
        The files, in the order to read them. Without ``indices.json`` they are not all of one run.

    Raises
    ------
    OutputError
        A file cannot be written; it stays as an earlier run left it.
    """
    output = indices.inputs.output
    with output_errors(output):
        output.mkdir(parents=True, exist_ok=True)
        # The record of an earlier run does not hold for the files that follow.
        (output / "indices.json").unlink(missing_ok=True)
    written = _write_page(output, indices, journal)
    if indices.graphs:
        written += _write_graphs(output, indices)
    if indices.ground is not None:
        written += _write_ground(output, indices.ground, indices.inputs.language)
    with output_errors(output):
        kept = {path.name for path in written}
        for stale in [*(output / name for name in _WRITTEN), *_find_stale(output)]:
            if stale.name not in kept:
                stale.unlink(missing_ok=True)
    record = record_indices(indices, journal)
    written.append(output / "indices.json")
    # Last: its presence says that the others are whole and belong together.
    write_json(written[-1], record)
    return written


def _find_stale(output: Path) -> list[Path]:
    return [*sorted(output.glob("graph*.graphml")), *sorted(output.glob("spread*-*.tif"))]


def _write_graphs(output: Path, indices: Indices) -> list[Path]:
    from bocage.io.graphml import write_graphml
    from bocage.io.rasters import write_raster

    written = []
    for name in ("overall", *TABLES):
        table = join_tables(indices.graphs, name)
        if table is None:
            continue
        path = output / f"{name}.csv"
        if name in ("nodes", "links", "units"):
            written += write_both(path, table)
        else:
            written.append(path)
            write_csv(path, table)
    layers = _make_layers(indices)
    if layers:
        written.append(output / "graph.gpkg")
        with replace_on_success(written[-1]) as draft, fix_date(_DATE):
            for name, layer in layers.items():
                write_layer(draft, name, layer)
    for one in indices.graphs:
        suffix = f"-{one.source.key}" if len(indices.graphs) > 1 else ""
        written.append(output / f"graph{suffix}.graphml")
        write_graphml(one.source.graph, written[-1])
        for name, spread in one.spread.items():
            written.append(output / f"spread{suffix}-{name}.tif")
            write_raster(
                written[-1], spread.values, spread.grid, nodata=float("nan"),
                description=f"{name} {one.source.name}".strip(), date=indices.inputs.date or _DATE[:10],
            )  # fmt: skip
    return written


def _make_layers(indices: Indices) -> dict[str, GeoDataFrame]:
    """Make the layers of patches, links and territories, with all their columns."""
    import geopandas
    import pandas

    layers: dict[str, GeoDataFrame] = {}
    for name, shapes in (("nodes", "patches"), ("links", "links")):
        drawn = [one for one in indices.graphs if getattr(one.source, shapes) is not None]
        table = join_tables(tuple(drawn), name)
        if table is None:
            continue
        geometry = pandas.concat([getattr(one.source, shapes).geometry for one in drawn], ignore_index=True)
        layers[name] = geopandas.GeoDataFrame(table, geometry=geometry, crs=indices.inputs.crs or None)
    added = [one for one in indices.graphs if one.added is not None and one.source.patches is not None]
    table = join_tables(tuple(added), "added")
    if table is not None and len(table):
        lines = [line for one in added for line in _draw_added(one)]
        layers["added"] = geopandas.GeoDataFrame(table, geometry=lines, crs=indices.inputs.crs or None)
    table = join_tables(indices.graphs, "added_patches")
    if table is not None and len(table):
        points = geopandas.points_from_xy(table["x"], table["y"])
        layers["added_patches"] = geopandas.GeoDataFrame(
            table, geometry=points, crs=indices.inputs.crs or None
        )
    table, units = join_tables(indices.graphs, "units"), indices.inputs.units
    if table is not None and units is not None:
        ground = units.rename(columns={"id": "unit id"})[["unit id", "geometry"]]
        joined = table.merge(ground, left_on="id", right_on="unit id", how="inner").drop(columns="unit id")
        layers["units"] = geopandas.GeoDataFrame(joined, geometry="geometry", crs=indices.inputs.crs or None)
    return layers


def _draw_added(figures: GraphFigures) -> list[Any]:
    """Draw the links to add: the axis of corridors to open, a straight line for new links."""
    import shapely

    source, table = figures.source, figures.added
    assert source.patches is not None and table is not None
    points = dict(zip(source.patches["id"], source.patches.geometry.representative_point(), strict=True))
    known: dict[str, Any] = {}
    if source.closed_lines is not None:
        known = dict(zip(source.closed_lines["id"], source.closed_lines.geometry, strict=True))
    return [
        known.get(id) or shapely.LineString([points[start], points[end]])
        for id, start, end in zip(table["id"], table["from"], table["to"], strict=True)
    ]


def _write_ground(output: Path, ground: GroundFigures, language: str) -> list[Path]:
    from bocage.study.indices.pattern_files import write_pattern

    written = [*write_both(output / "mesh.csv", ground.mesh), output / "metrics_landscape.csv"]
    write_csv(written[-1], ground.landscape)
    if ground.classes is not None:
        written.append(output / "metrics_classes.csv")
        write_csv(written[-1], ground.classes)
    written += [output / "pattern.tif", output / "pattern.csv"]
    write_pattern(written[-2], ground.pattern, ground.source.grid, language=language)
    write_csv(written[-1], ground.pattern_classes)
    return written


def _write_page(output: Path, indices: Indices, journal: Journal) -> list[Path]:
    """Write the page for people."""
    from bocage.study.indices.page import write_page

    path = output / "indices.html"
    write_page(path, indices, journal)
    return [path]


def record_indices(indices: Indices, journal: Journal) -> dict[str, Any]:
    """Record what the figures were made from and what they mean, ready for JSON.

    No path of the machine and no duration is part of it, so that the same inputs give the same bytes.
    """
    from importlib.metadata import version

    options, inputs = indices.options, indices.inputs
    return {
        "bocage": __version__,
        "libraries": {name: version(name) for name in LIBRARIES},
        "title": inputs.title,
        "date": inputs.date,
        "language": inputs.language,
        "inputs": {
            key: {"file": path.name, "sha256": hash_file(path)} for key, path in sorted(inputs.files.items())
        },
        "parameters": {
            "layer": options.layer,
            "links_layer": options.links_layer,
            "columns": dict(options.columns),
            "links_are": options.links_are,
            "units_layer": options.units_layer,
            "cutoff": options.cutoff,
            "complete": options.complete,
            "protected": options.protected,
            "beyond": options.beyond,
            "power": options.power,
            "weights": {str(code): worth for code, worth in sorted(options.weights.items())},
            "around": options.around,
            "add": options.add,
            "sites_every": options.sites_every,
            "remove": options.remove,
            "interpolate": list(options.interpolate),
            "natural": list(options.natural),
            "class_column": options.class_column,
            "barriers": [[path.name, half] for path, half in options.barriers],
            "edge_width": options.edge_width,
            "neighbours": options.neighbours,
            "transition": options.transition,
            "intext": options.intext,
            "crs": inputs.crs,
        },
        "conventions": CONVENTIONS,
        "graphs": [_record_graph(one) for one in indices.graphs],
        "tables": {
            name: {column: {"unit": unit, "meaning": meaning} for column, (unit, meaning) in columns.items()}
            for name, columns in TABLES.items()
        },
        "report": tell_indices(indices),
        "notes": [
            {"code": note.code, "level": note.level, "text": note.text(inputs.language)}
            for note in journal.notes
        ],
    }


def _record_graph(figures: GraphFigures) -> dict[str, Any]:
    source = figures.source
    return {
        "key": source.key,
        "name": source.name,
        "dispersal": source.dispersal.distance,
        "probability": source.dispersal.probability,
        "landscape": source.landscape,
        "threshold": source.threshold,
        "area_unit": source.area_unit,
        "left_out": _round(figures.left_out),
        "cutoff": figures.cutoff,
        "cost_unit": source.cost_unit,
        "overall": {
            str(key): _round(value)
            for key, value in zip(figures.overall["index"], figures.overall["value"], strict=True)
        },
    }


def _round(value: float) -> float | None:
    """Keep twelve digits, which no order of summing changes."""
    return float(f"{value:.12g}") if np.isfinite(value) else None
