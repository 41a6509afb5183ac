"""The files of a run, each whole or absent, the same bytes for the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage import __version__
from bocage.grid import Grid, Window
from bocage.io.files import output_errors
from bocage.io.tables import write_both, write_json
from bocage.journal import Journal
from bocage.network import Network, Theme
from bocage.study.inputs import Inputs
from bocage.study.model import Study

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from bocage.corridors.delineate import Corridors
    from bocage.landcover.cover import LandCover
    from bocage.study.rivers_stage import RiverFindings

LIBRARIES = ("numpy", "scipy", "numba", "shapely", "geopandas", "pyogrio", "rasterio", "pyproj", "pandas")
"""Libraries whose version can change a result, recorded in ``run.json``."""


def write_outputs(
    study: Study,
    *,
    inputs: Inputs,
    hashes: Mapping[str, str],
    cover: LandCover | None,
    corridors: Mapping[str, Corridors],
    network: Network,
    indicators: DataFrame | None,
    journal: Journal,
    rivers: RiverFindings | None = None,
) -> None:
    """Write the network, rasters, indicators, basins, report and record of a run.

    Each file is written under a temporary name and renamed when whole. Rasters and indicators of an
    earlier run that this one has not are removed.

    Raises
    ------
    OutputError
        A file cannot be written; it stays as an earlier run left it. Without ``run.json``, the files
        are not all of one run.
    """
    from bocage.io.geopackage import write_network
    from bocage.report import write_report
    from bocage.study.rivers_stage import make_section

    output = study.output
    record = record_run(study, inputs, hashes, network, journal)
    if rivers is not None:
        record["rivers"] = record_rivers(rivers)
    write_network(output / "network.gpkg", network, language=study.language)
    with output_errors(output):
        # The record of an earlier run does not hold for the files that follow.
        (output / "run.json").unlink(missing_ok=True)
    kept: set[Path] = set()
    if cover is not None:
        kept |= write_rasters(study, cover, corridors, inputs)
    if indicators is not None:
        kept |= write_indicators(output, indicators, network.provided)
    if rivers is not None:
        kept |= write_basins(output, rivers.basins)
    with output_errors(output):
        stales = {*output.glob("rasters/*.tif"), *output.glob("indicators.*"), *output.glob("basins.*")}
        for stale in stales - kept:
            stale.unlink()
    background = None if cover is None else shade_cover(cover, inputs)
    write_report(
        output / "report.html",
        network=network,
        indicators=indicators,
        journal=journal,
        about=network.about,
        run=record,
        language=study.language,
        communes=inputs.communes,
        background=background,
        rivers=make_section(rivers, study.file.rivers.index, inputs.area, network.tables["obstacle_p"]),
    )
    # Last: its presence says that the others are whole and belong together.
    write_json(output / "run.json", record)


def record_run(
    study: Study, inputs: Inputs, hashes: Mapping[str, str], network: Network, journal: Journal
) -> dict[str, Any]:
    """Record what a run was made from and what it assumed, ready for JSON.

    Durations are not part of it, so that the same inputs give the same bytes.
    """
    from importlib.metadata import version

    grid = inputs.grid
    return {
        "bocage": __version__,
        "libraries": {name: version(name) for name in LIBRARIES},
        "study": study.parameters(),
        "inputs": dict(hashes),
        "grid": {
            "west": grid.west,
            "north": grid.north,
            "cell_size": grid.cell,
            "rows": grid.nrows,
            "columns": grid.ncols,
            "crs": grid.crs,
        },
        "buffer": study.buffer_m,
        "provided": dict(network.provided),
        "objects": {name: len(table) for name, table in network.tables.items()},
        "notes": [
            {"code": note.code, "level": note.level, "text": note.text(study.language)}
            for note in journal.notes
        ],
    }


def record_rivers(rivers: RiverFindings) -> dict[str, Any]:
    """Record what was measured of the rivers as a whole, ready for JSON."""
    return {
        "basins": len(rivers.basins),
        "works": None if rivers.works is None else len(rivers.works),
        "indices": {key: round(value, 9) for key, value in sorted(rivers.indices.items())},
        "budget": rivers.asked,
        "gain": round(rivers.gained[0], 9),
        "gain_ranking": round(rivers.gained[1], 9),
        "diagnose": list(rivers.diagnose),
    }


def write_rasters(
    study: Study, cover: LandCover, corridors: Mapping[str, Corridors], inputs: Inputs
) -> set[Path]:
    """Write the rasters of each sub-network, cut to the study area's bounds.

    They are the fused land cover, by the order of the ground classes from 1; then, for each
    sub-network, resistance, cost distance and number of corridors.

    Returns
    -------
    set of Path
        The files written.
    """
    from bocage.io.rasters import write_raster
    from bocage.landcover.ground import GROUND
    from bocage.resistance.table import build_resistance

    folder = study.output / "rasters"
    with output_errors(folder):
        folder.mkdir(exist_ok=True)
    window = cover.grid.window(inputs.area.bounds)
    grid = cover.grid.crop(window)
    date = study.date.isoformat()
    numbers = {key: number for number, key in enumerate(GROUND, start=1)}
    ground = np.array([numbers.get(key, 0) for key in cover.legend.ground], np.uint8)
    path = folder / "landcover.tif"
    write_raster(
        path, ground[cover.codes[window.slices]], grid, nodata=0, description="Ground class", date=date
    )
    written = {path}
    for subnetwork in study.subnetworks:
        found = corridors[subnetwork.key]
        surface = build_resistance(cover, subnetwork)
        resistance = surface.values.astype(np.float32)[surface.codes[window.slices]]
        layers = {
            "resistance": (_finite(resistance), f"Resistance, {subnetwork.name} (-1: impassable)", -1.0),
            "cost_distance": (
                _finite(found.cost_distance[window.slices]),
                f"Cost distance from reservoirs, {subnetwork.name} [resistance x m] (-1: beyond reach)",
                -1.0,
            ),
            "corridors": (found.count[window.slices], f"Number of corridors, {subnetwork.name}", None),
        }
        for kind, (array, description, nodata) in layers.items():
            path = folder / f"{kind}_{subnetwork.key}.tif"
            write_raster(path, array, grid, nodata=nodata, description=description, date=date)
            written.add(path)
    return written


def write_indicators(folder: Path, indicators: DataFrame, provided: Mapping[Theme, bool]) -> set[Path]:
    """Write the indicators as CSV (UTF-8, readable by spreadsheets) and Parquet; give the two files.

    What the study had no data for is empty, not zero.
    """
    from bocage.connectivity.indicators import blank_missing

    indicators = blank_missing(indicators, provided)
    return set(write_both(folder / "indicators.csv", indicators, digits="%.4f"))


def write_basins(folder: Path, basins: GeoDataFrame) -> set[Path]:
    """Write the basins as CSV and Parquet, with the place of their outlet; give the two files."""
    table = basins.drop(columns="geometry")
    table["outlet_x"], table["outlet_y"] = basins.geometry.x.round(2), basins.geometry.y.round(2)
    return set(write_both(folder / "basins.csv", table))


def shade_cover(cover: LandCover, inputs: Inputs) -> Any:
    """Make the faint land cover that maps are drawn over, cut to the study area's bounds."""
    from bocage.cartography.background import shade_land_cover
    from bocage.landcover.cover import LandCover as Cover

    window: Window = cover.grid.window(inputs.area.bounds)
    grid: Grid = cover.grid.crop(window)
    cut = Cover(grid, cover.codes[window.slices], cover.under[window.slices], cover.legend)
    return shade_land_cover(cut)


def _finite(array: np.ndarray) -> np.ndarray:
    """Write what is without end as -1, the no-data value."""
    return np.where(np.isfinite(array), array, np.float32(-1)).astype(np.float32)
