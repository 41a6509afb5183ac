"""Print the sheet of a commune of a study: find the network, the outline and what lies under it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from bocage.atlas.sheet import compose_sheet, write_sheet
from bocage.errors import StudyError
from bocage.journal import Journal
from bocage.network import COLUMNS, Network, Theme, empty_table
from bocage.study.model import Study, about
from bocage.wording import fold_name

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.cartography.background import Background
    from bocage.grid import Bounds

_ONLY_WORDS = ("issuer", "sheet")
_WORDS_OF_STUDY = ("name", "date", "language", "status")
_WORDS_OF_LAYERS = ("source", "licence")
# These are only printed: they may change without computing the network again.

_AROUND_M = 12_000.0
"""How far around the commune the base map is read [m]: the widest A3 frame at 1:100 000 and more."""


def print_commune_sheet(
    study: Study,
    commune: str,
    *,
    sheet_format: str = "a4",
    orientation: str = "auto",
    language: str | None = None,
    output: Path | None = None,
    png: bool = False,
) -> Path:
    """Print the sheet of a commune, from the network the study's run has written.

    A study without land cover needs no run: its sheets say of each theme that the data were not given.

    Parameters
    ----------
    study : Study
    commune : str
        INSEE code, or the exact name, accents and case aside.
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}
    language : {"fr", "en"}, optional
        The study's by default.
    output : Path, optional
        The PDF; ``sheets/<INSEE code>.pdf`` in the study's output folder by default.
    png : bool
        Write a picture beside it.

    Returns
    -------
    Path
        Of the PDF.

    Raises
    ------
    StudyError
        The study has no communes, or was not run, or has changed since.
    InputError
        The commune is not in the layer.
    """
    from bocage.study.inputs import check_files, resolve_area
    from bocage.study.layers import prepare_communes

    if study.layers.communes is None:
        raise StudyError(
            f"{study.path.name}: a sheet needs the outline of its commune; add a [layers.communes] table"
        )
    check_files(study)
    journal = Journal()
    network = find_network(study)
    communes = prepare_communes(study, study.layers.communes, journal=journal)
    code = find_code(communes, commune)
    outline = communes[communes["insee"] == code]
    around = None
    if len(outline):
        west, south, east, north = outline.total_bounds
        around = (west - _AROUND_M, south - _AROUND_M, east + _AROUND_M, north + _AROUND_M)
    chosen = language or study.language
    suffix = "" if sheet_format == "a4" else f"_{sheet_format}"
    sheet = compose_sheet(
        network=network,
        communes=communes,
        insee=code,
        about=network.about,
        sheet_format=sheet_format,
        orientation=orientation,
        language=chosen,
        background=None if around is None else read_background(study, around),
        context=None if around is None else read_context(study, around, journal),
        journal=journal,
        # Where nothing was looked for, no ground is outside.
        area=resolve_area(study, journal, communes=communes).area if any(network.provided.values()) else None,
    )
    return write_sheet(output or study.output / "sheets" / f"{code}{suffix}.pdf", sheet, png=png)


def find_network(study: Study) -> Network:
    """Give the network that the study's run wrote; an empty one for a study that has nothing to run.

    Raises
    ------
    StudyError
        The run is still to do, or to do again.
    """
    from bocage.io.geopackage import read_network

    if not study.has_network:
        tables = {table: empty_table(table, study.crs) for table in COLUMNS}
        return Network(tables, dict.fromkeys(get_args(Theme), False), study.crs, about(study))
    path = study.output / "network.gpkg"
    if not path.exists():
        raise StudyError(
            f"{study.path.name}: its network is not there yet ({path.as_posix()}); "
            f"first type: bocage run {study.path.name}"
        )
    check_unchanged(study)
    network = read_network(path)
    # Names, issuer and status may be corrected without a new run.
    return Network(network.tables, network.provided, network.crs, about(study))


def check_unchanged(study: Study) -> None:
    """Check that what the network was computed from is still what the study says.

    Raises
    ------
    StudyError
        The run did not end, or a table that enters the computation has changed since.
    """
    try:
        computed = json.loads((study.output / "run.json").read_text(encoding="utf-8"))["study"]
    except (OSError, ValueError, KeyError):
        raise StudyError(
            f"{study.path.name}: its last run did not end; type: bocage run {study.path.name}"
        ) from None
    wanted = study.parameters()
    changed = [
        name
        for name in wanted
        if name not in _ONLY_WORDS and _computing(name, wanted[name]) != _computing(name, computed.get(name))
    ]
    if changed:
        raise StudyError(
            f"{study.path.name}: {', '.join(f'[{name}]' for name in changed)} changed since the network was "
            f"computed; type: bocage run {study.path.name}"
        )


def _computing(name: str, table: Any) -> Any:
    """Leave out of a table of the study what is only printed."""
    words = _WORDS_OF_STUDY if name == "study" else _WORDS_OF_LAYERS
    if isinstance(table, Mapping):
        return {key: _computing("", value) for key, value in table.items() if key not in words}
    return [_computing("", value) for value in table] if isinstance(table, list) else table


def find_code(communes: GeoDataFrame, wanted: str) -> str:
    """Give the INSEE code of a commune named by its code or its exact name.

    What matches nothing is given back, for the sheet to say which codes and names are near.

    Examples
    --------
    >>> import geopandas
    >>> towns = geopandas.GeoDataFrame({"insee": ["34079"], "name": ["Clermont-l'Hérault"]})
    >>> find_code(towns, "clermont-l’herault")
    '34079'
    """
    if (communes["insee"] == wanted).any():
        return wanted
    same = [fold_name(name) == fold_name(wanted) for name in communes["name"]]
    codes = communes["insee"][same].unique()
    return str(codes[0]) if len(codes) == 1 else wanted


def read_background(study: Study, bounds: Bounds) -> Background | None:
    """Read the land cover that the run wrote, coloured faintly; None when there is none."""
    from bocage.cartography.background import shade_land_cover
    from bocage.grid import Grid
    from bocage.io.rasters import describe_raster, read_raster
    from bocage.landcover.cover import LandCover, Legend
    from bocage.landcover.ground import GROUND

    path = study.output / "rasters" / "landcover.tif"
    if not path.exists():
        return None
    info = describe_raster(path)
    west, south, east, north = info.bounds
    window = (max(west, bounds[0]), max(south, bounds[1]), min(east, bounds[2]), min(north, bounds[3]))
    if window[0] >= window[2] or window[1] >= window[3]:
        return None
    grid = Grid.covering(window, study.cell_size, study.crs)
    values = read_raster(path, grid, name="landcover", journal=Journal())
    codes = np.where(values.valid, values.values, 0).astype(np.uint16)
    keys = ("", *GROUND)
    return shade_land_cover(LandCover(grid, codes, codes, Legend(keys, keys, keys, keys)))


def read_context(study: Study, bounds: Bounds, journal: Journal) -> Mapping[str, GeoDataFrame]:
    """Read the roads, railways and watercourses of the study for the base map."""
    from bocage.study.layers import prepare_railways, prepare_roads, prepare_watercourses

    layers, context = study.layers, {}
    if layers.roads:
        context["roads"] = prepare_roads(study, layers.roads, bbox=bounds, journal=journal)
    if layers.railways:
        context["railways"] = prepare_railways(study, layers.railways, bbox=bounds, journal=journal)
    if layers.watercourses:
        context["watercourses"] = prepare_watercourses(
            study, layers.watercourses, bbox=bounds, journal=journal
        )
    return context
