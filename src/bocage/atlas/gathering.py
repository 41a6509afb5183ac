"""Gather what the sheets of a study may draw: its network, communes, base map and background."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from bocage.atlas.backdrop import RasterBackdrop
from bocage.atlas.content import Content
from bocage.errors import StudyError
from bocage.journal import Journal
from bocage.network import COLUMNS, Network, Theme, empty_table
from bocage.study.model import Study, about

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# These are only printed: they may change without computing the network again.
_ONLY_WORDS = ("issuer", "sheet")
_WORDS_OF_STUDY = ("name", "date", "language", "status")
_WORDS_OF_LAYERS = ("source", "licence")

_AROUND_M = 12_000.0
"""How far around the communes the base map is read [m]: the widest A3 frame at 1:100 000 and more."""


def gather_content(study: Study, journal: Journal) -> Content:
    """Read all that the sheets of a study may draw.

    Parameters
    ----------
    study : Study
        With ``[layers.communes]``.
    journal : Journal

    Returns
    -------
    Content

    Raises
    ------
    StudyError
        The study has no communes, or was not run, or has changed since.
    """
    from bocage.study.inputs import resolve_area
    from bocage.study.layers import prepare_communes

    if study.layers.communes is None:
        raise StudyError(
            f"{study.path.name}: a sheet needs the outline of its commune; add a [layers.communes] table"
        )
    network = find_network(study)
    communes = prepare_communes(study, study.layers.communes, journal=journal)
    west, south, east, north = communes.total_bounds
    around = (west - _AROUND_M, south - _AROUND_M, east + _AROUND_M, north + _AROUND_M)
    landcover = study.output / "rasters" / "landcover.tif"
    backdrop = RasterBackdrop(study.crs, landcover=landcover if landcover.exists() else None)
    return Content(
        network=network,
        communes=communes,
        context=read_context(study, around, journal),
        backdrop=backdrop if backdrop.kind else None,
        backdrop_kind=backdrop.kind,
        # Where nothing was looked for, no ground is outside.
        area=resolve_area(study, journal, communes=communes).area if any(network.provided.values()) else None,
    )


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


def read_context(
    study: Study, bounds: tuple[float, float, float, float], journal: Journal
) -> Mapping[str, GeoDataFrame]:
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
