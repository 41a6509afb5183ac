"""`bocage indices` from end to end: read, measure the graphs, measure the ground."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bocage.errors import DataError
from bocage.journal import Journal
from bocage.study.indices.graph_part import measure_graph
from bocage.study.indices.inputs import read_indices
from bocage.study.indices.model import GroundFigures, Indices, IndicesInputs, IndicesOptions
from bocage.study.indices.notes import add_note

if TYPE_CHECKING:
    from bocage.progress import Progress


def study_indices(options: IndicesOptions, *, journal: Journal, progress: Progress) -> Indices:
    """Read what the command was given and measure all that it allows.

    Raises
    ------
    StudyError, InputError, CRSError, DataError
        See ``read_indices`` and ``measure_graph``.
    """
    options = complete_options(options)
    check_options(options)
    with progress.stage("Reading the layers"):
        inputs = read_indices(options, journal)
    graphs = []
    for source in inputs.graphs:
        if len(inputs.graphs) > 1 and not source.graph.capacity.sum() > 0:
            # One empty sub-network must not keep the others from being measured.
            add_note(journal, "note_empty_graph", graph=source.name, patches=source.graph.count)
            continue
        graphs.append(measure_graph(source, inputs.units, options, progress, journal, crs=inputs.crs))
    return Indices(options, inputs, tuple(graphs), _measure_ground(options, inputs, journal, progress))


def complete_options(options: IndicesOptions) -> IndicesOptions:
    """Take links and territories from the file of the source, where only their layer is named.

    Examples
    --------
    >>> from pathlib import Path
    >>> complete_options(IndicesOptions(Path("a.gpkg"), links_layer="links")).links.name
    'a.gpkg'
    """
    links, units = options.links, options.units
    if links is None and options.links_layer is not None:
        links = options.source
    if units is None and options.units_layer is not None:
        units = options.source
    return replace(options, links=links, units=units)


def check_options(options: IndicesOptions) -> None:
    """Check what no layer is needed for.

    Raises
    ------
    DataError
        A number is out of its range.
    """
    if not 0 < options.probability < 1:
        raise DataError(
            f"The probability at the dispersal distance is {options.probability:g}; give one between "
            "0 and 1, as 0.05."
        )
    for name, value in (
        ("--dispersal", options.dispersal),
        ("--landscape", options.landscape_ha),
        ("--threshold", options.threshold),
    ):
        if value is not None and not 0 < value < float("inf"):
            raise DataError(f"{name} is {value:g}; give a number above 0.")
    if not 0 <= options.cutoff < 1:
        raise DataError(f"--cutoff is {options.cutoff:g}; give a chance from 0 up to 1, as 0.0001.")
    if not 0 <= options.power < float("inf"):
        raise DataError(f"--power is {options.power:g}; give a number from 0 up, as 0.5.")
    for name, value in (("--around", options.around), ("--sites-every", options.sites_every)):
        if value is not None and not 0 < value < float("inf"):
            raise DataError(f"{name} is {value:g}; give a number of metres above 0.")
    if bad := [str(code) for code, worth in options.weights.items() if not 0 <= worth < float("inf")]:
        raise DataError(f"The weight of class {', '.join(bad[:5])} is negative or no number; give 0 or more.")
    if options.weights and options.capacities is not None:
        raise DataError("Capacities come from --capacities or from --weight, not both; leave one out.")
    if options.weights and options.landcover is None:
        raise DataError("--weight needs the raster of the classes it weighs; give it with --landcover.")
    if options.sites is not None and options.sites_every is not None:
        raise DataError("Patches to add are at --sites or every so many metres, not both; leave one out.")
    if options.links_are == "probabilities" and options.dispersal is not None:
        raise DataError(
            "--dispersal does not go with --probabilities, which say the chance of each link; leave one out."
        )


def _measure_ground(
    options: IndicesOptions, inputs: IndicesInputs, journal: Journal, progress: Progress
) -> GroundFigures | None:
    """Measure the fragmentation of the ground, where there is some."""
    if inputs.ground is None:
        return None
    from bocage.study.indices.ground_part import measure_ground

    return measure_ground(
        inputs.ground,
        inputs.units,
        edge_width=options.edge_width,
        neighbours=options.neighbours,
        transition=options.transition,
        intext=options.intext,
        journal=journal,
        progress=progress,
    )
