"""The page of `bocage indices`: what was found, given to the report in its own words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bocage.journal import Journal
from bocage.study.indices.model import GraphFigures, Indices

if TYPE_CHECKING:
    from bocage.report.indices_content import GraphPage, GroundPage

_UNKNOWN = 255


def write_page(path: Path, indices: Indices, journal: Journal) -> None:
    """Write the page.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    from bocage.report.indices_page import write_indices_page

    inputs = indices.inputs
    write_indices_page(
        path,
        title=inputs.title,
        graphs=[_show_graph(one) for one in indices.graphs],
        ground=_show_ground(indices),
        journal=journal,
        date=inputs.date,
        units=inputs.units,
        area=inputs.area,
        language=inputs.language,
    )


def _show_graph(figures: GraphFigures) -> GraphPage:
    from bocage.report.indices_content import GraphPage, SpreadPicture

    source = figures.source
    return GraphPage(
        source.key, source.name, source.area_unit, figures.nodes, figures.links, figures.overall,
        figures.components, figures.by_distance, source.dispersal.distance, source.dispersal.probability,
        patches=source.patches,
        links=source.links,
        units=figures.units,
        added=figures.added,
        landscape=source.landscape,
        left_out=figures.left_out,
        cutoff=figures.cutoff,
        cost_unit=source.cost_unit,
        inner=source.graph.inner is not None,
        threshold=source.threshold,
        added_patches=figures.added_patches,
        removed=figures.removed,
        spreads=tuple(SpreadPicture(name, one.values, one.grid) for name, one in figures.spread.items()),
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
