"""The page of `bocage indices`: what was found, given to the report in its own words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bocage.journal import Journal
from bocage.study.indices.model import GraphFigures, Indices

if TYPE_CHECKING:
    from bocage.report.indices_content import GraphPage, GroundPage

_UNKNOWN = 255


def write_page(path: Path, indices: Indices, journal: Journal) -> bool:
    """Write the page; tell whether there is one.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    from bocage.report.indices_page import write_indices_page

    inputs = indices.inputs
    try:
        write_indices_page(
            path,
            title=inputs.title,
            graphs=[_show_graph(one, indices) for one in indices.graphs],
            ground=_show_ground(indices),
            journal=journal,
            date=inputs.date,
            units=inputs.units,
            area=inputs.area,
            language=inputs.language,
        )
    except NotImplementedError:
        return False
    return True


def _find_cutoff(figures: GraphFigures, indices: Indices) -> float:
    """Give the chance below which pairs were left out of a graph; 0 where it is exact."""
    from bocage.study.indices.graph_part import CUTOFF

    return (indices.options.cutoff or CUTOFF) if "dPC_bound" in figures.nodes.columns else 0.0


def _show_graph(figures: GraphFigures, indices: Indices) -> GraphPage:
    from bocage.report.indices_content import GraphPage

    source = figures.source
    cutoff = _find_cutoff(figures, indices)
    return GraphPage(
        source.key, source.name, source.area_unit, figures.nodes, figures.links, figures.overall,
        figures.components, figures.by_distance, source.dispersal.distance, source.dispersal.probability,
        patches=source.patches,
        links=source.links,
        units=figures.units,
        added=figures.added,
        landscape=source.landscape,
        left_out=figures.left_out,
        cutoff=cutoff,
        inner=source.graph.inner is not None,
    )  # fmt: skip


def _show_ground(indices: Indices) -> GroundPage | None:
    from bocage.report.indices_content import GroundPage, PatternPicture
    from bocage.study.indices.pattern_files import MISSING, fold_codes

    found = indices.ground
    if found is None:
        return None
    codes = fold_codes(found.pattern.codes)
    codes[codes == MISSING] = _UNKNOWN
    return GroundPage(
        found.mesh,
        found.landscape,
        classes=found.classes,
        pattern=PatternPicture(codes, found.source.grid),
        pattern_classes=found.pattern_classes,
        edge_width=found.pattern.edge_width,
        cell_m=found.source.grid.cell,
        neighbours=indices.options.neighbours,
    )
