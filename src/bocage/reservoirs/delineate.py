"""Reservoirs of a sub-network: zonings and habitat patches that qualify, contiguous ones united."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.network import empty_table
from bocage.reservoirs.patches import (
    NARROW_FEATURES,
    Patches,
    find_core,
    find_habitat,
    label_patches,
    sort_by_first_cell,
)
from bocage.reservoirs.polygonise import polygonise
from bocage.reservoirs.reasons import PatchReason, SiteReason, Thresholds, explain_reservoir
from bocage.reservoirs.zonings import MIN_HABITAT_SHARE, Sites, Zoning, rasterise_polygon, select_sites
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.landcover import LandCover
    from bocage.subnetwork import Subnetwork

_EIGHT = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class Reservoirs:
    """Reservoirs of one sub-network.

    Attributes
    ----------
    table : GeoDataFrame
        Columns of ``COLUMNS["reservoir_s"]``; ``id``, objective, rule, evidence,
        ``decided_by`` and importance are empty at this stage.
    labels : (nrows, ncols) array of int32
        ``table.number`` of the reservoir of each cell, 0 elsewhere.
    """

    table: GeoDataFrame
    labels: NDArray[np.int32]


@dataclass(frozen=True)
class _Qualified:
    """Patches that are reservoirs: label among the patches, measures and outline, columnar."""

    label: NDArray[np.int64]
    area_m2: NDArray[np.float64]
    core_m2: NDArray[np.float64]
    compactness: NDArray[np.float64]
    outline: NDArray[np.object_]


def delineate_reservoirs(
    cover: LandCover,
    subnetwork: Subnetwork,
    zonings: Sequence[Zoning],
    *,
    journal: Journal,
    language: str = "fr",
    zoning_min_habitat_share: float = MIN_HABITAT_SHARE,
    bridged: tuple[str, ...] = NARROW_FEATURES,
) -> Reservoirs:
    """Delineate the reservoirs of a sub-network.

    Reservoirs are the sites of the zonings that concern the sub-network (`select_sites`) and
    the habitat patches that reach its minimum area, core area and compactness. Those that
    share or touch cells, by a side or a corner, are one object; its geometry is the union of
    the true polygons of the zonings and of the smoothed outlines of the patches, clipped to
    the grid. Each says in words why it is there.

    Parameters
    ----------
    cover : LandCover
    subnetwork : Subnetwork
    zonings : sequence of Zoning
    journal : Journal
        Receives what was left out or assumed.
    language : {"fr", "en"}
        Of the reasons.
    zoning_min_habitat_share : float
        A case-by-case site is kept when habitat covers this share of it, in [0, 1].
    bridged : tuple of str
        Ground that does not part a habitat where it is at most two cells wide, see
        `find_habitat`.

    Returns
    -------
    Reservoirs
        Numbered from 1 in reading order: by first cell, row by row.

    Raises
    ------
    DataError
        If no cell is habitat, or no piece of habitat reaches ``min_patch_ha``.

    Notes
    -----
    Compactness is 4πA/P² with the area and perimeter of the smoothed outline: 1 for a disc,
    0.79 for a square. Core is habitat deeper than ``edge_depth_m``; the edge of the data is no
    edge of habitat.
    """
    grid = cover.grid
    strict = cover.where(subnetwork.habitat)
    if not strict.any():
        raise _report_no_habitat(cover, subnetwork)
    habitat = find_habitat(cover, subnetwork, bridged=bridged)
    patches = label_patches(habitat, grid, min_ha=subnetwork.min_patch_ha)
    if len(patches) == 0:
        raise _report_no_patch(patches, subnetwork)
    if patches.dropped:
        journal.add(
            "patches_below_minimum",
            subnetwork=subnetwork.name,
            count=patches.dropped,
            min_ha=_write_area(subnetwork.min_patch_ha),
        )
    known = cover.codes != 0
    core = find_core(habitat, grid, edge_depth_m=subnetwork.edge_depth_m, known=known)
    qualified = _qualify_patches(patches, core, subnetwork, grid)
    sites = select_sites(
        zonings,
        subnetwork,
        strict,
        known,
        grid,
        min_habitat_share=zoning_min_habitat_share,
        journal=journal,
    )
    if not len(sites) and not len(qualified.label):
        # Not an error: a territory may truly hold no reservoir of a sub-network, the other
        # sub-networks must still be drawn, and the note says which threshold was missed by how much.
        _note_no_reservoir(patches, core, subnetwork, grid, journal)
        return Reservoirs(empty_table("reservoir_s", grid.crs), np.zeros(grid.shape, np.int32))

    labels, part_object, patch_object = _unite_contiguous(patches, qualified, sites, grid)
    thresholds = Thresholds(
        min_ha=subnetwork.reservoir_min_ha,
        min_core_ha=subnetwork.reservoir_min_core_ha,
        min_compactness=subnetwork.reservoir_min_compactness,
        zoning_min_share=zoning_min_habitat_share,
    )
    table = _describe_objects(
        part_object, patch_object, qualified, sites, zonings, subnetwork, thresholds, grid, language
    )
    count = len(table)
    table["habitat_ha"] = _sum_cells(labels, strict, count) * grid.cell_area / M2_PER_HA
    table["core_ha"] = _sum_cells(labels, core & strict, count) * grid.cell_area / M2_PER_HA
    table["touches_edge"] = _sum_cells(labels, cover.find_edge(), count) > 0
    for column in ("dpc", "dpc_intra", "dpc_flux", "dpc_connector", "dpc_rank"):
        table[column] = np.nan  # known once all are linked
    return Reservoirs(table[list(empty_table("reservoir_s", grid.crs).columns)], labels)


def measure_compactness(outlines: Any) -> NDArray[np.float64]:
    """Measure 4πA/P² of polygons: 1 for a disc, 0.785 for a square, near 0 for a ribbon.

    >>> import shapely
    >>> float(measure_compactness(shapely.box(0, 0, 1, 1)).round(3))
    0.785
    """
    import shapely

    perimeter = shapely.length(outlines)
    return cast("NDArray[np.float64]", 4 * np.pi * shapely.area(outlines) / perimeter**2)


def _qualify_patches(
    patches: Patches, core: NDArray[np.bool_], subnetwork: Subnetwork, grid: Grid
) -> _Qualified:
    """Keep the patches large, deep and compact enough to be reservoirs."""
    core_m2 = _sum_cells(patches.labels, core, len(patches)) * grid.cell_area
    slack = 1e-6 * grid.cell_area  # thresholds in hectares are not exact numbers of cells
    large = (patches.area_m2 >= subnetwork.reservoir_min_ha * M2_PER_HA - slack) & (
        core_m2 >= subnetwork.reservoir_min_core_ha * M2_PER_HA - slack
    )
    # Only candidates are outlined: the many small patches would cost the most.
    candidate = np.append(False, large)[patches.labels]
    outline = polygonise(np.where(candidate, patches.labels, 0), grid)
    compactness = measure_compactness(outline.to_numpy())
    compact = compactness >= subnetwork.reservoir_min_compactness
    label = outline.index.to_numpy(dtype=np.int64)[compact]
    return _Qualified(
        label=label,
        area_m2=patches.area_m2[label - 1],
        core_m2=core_m2[label - 1],
        compactness=compactness[compact],
        outline=outline.to_numpy()[compact],
    )


def _unite_contiguous(
    patches: Patches, qualified: _Qualified, sites: Sites, grid: Grid
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Unite what touches: object of each cell, of each part of a site, of each qualified patch."""
    from scipy import ndimage
    from scipy.sparse import coo_array, csgraph

    is_reservoir = np.zeros(len(patches) + 1, dtype=bool)
    is_reservoir[qualified.label] = True
    mask = is_reservoir[patches.labels]
    for part in sites.parts:
        window, cells = rasterise_polygon(part, grid)
        mask[window.slices] |= cells
    components, count = ndimage.label(mask, _EIGHT, output=np.int32)

    # A ribbon narrower than a cell breaks into several components on the grid: its polygon,
    # which is in one piece, holds them together.
    part_component = np.empty(len(sites.parts), dtype=np.int64)
    held: list[tuple[int, int]] = []
    for index, part in enumerate(sites.parts):
        window, cells = rasterise_polygon(part, grid)
        found = components[window.slices][cells]
        part_component[index] = found[0]
        if found.min() != found.max():
            held.extend((int(found[0]), int(other)) for other in np.unique(found))
    one, other = np.array(held, dtype=np.int64).reshape(-1, 2).T
    links = coo_array((np.ones(len(one)), (one, other)), shape=(count + 1, count + 1))
    groups = csgraph.connected_components(links, directed=False)[1]

    order, _ = sort_by_first_cell(components, np.append(False, np.ones(count, dtype=bool)))
    number = np.zeros(groups.max() + 1, dtype=np.int32)
    found_groups, first = np.unique(groups[order], return_index=True)
    number[found_groups[np.argsort(first)]] = np.arange(1, len(found_groups) + 1)
    object_of = number[groups]
    object_of[0] = 0
    patch_component = components.ravel()[patches.first_cell[qualified.label - 1]]
    return (
        object_of[components],
        object_of[part_component].astype(np.int64),
        object_of[patch_component].astype(np.int64),
    )


def _describe_objects(
    part_object: NDArray[np.int64],
    patch_object: NDArray[np.int64],
    qualified: _Qualified,
    sites: Sites,
    zonings: Sequence[Zoning],
    subnetwork: Subnetwork,
    thresholds: Thresholds,
    grid: Grid,
    language: str,
) -> GeoDataFrame:
    """Make the rows: geometry, name, origin and reason of each object, in order of number."""
    import geopandas
    import shapely

    parts_of = _group_by_object(part_object)
    patches_of = _group_by_object(patch_object)
    part_area = shapely.area(sites.parts)
    rows: list[dict[str, Any]] = []
    geometries: list[Any] = []
    for number in sorted(parts_of.keys() | patches_of.keys()):
        own_parts = parts_of.get(number, np.empty(0, np.int64))
        own_patches = patches_of.get(number, np.empty(0, np.int64))
        geometry = shapely.union_all(np.append(sites.parts[own_parts], qualified.outline[own_patches]))
        geometries.append(_as_multipolygon(geometry))
        site_reasons = _list_site_reasons(own_parts, part_area, sites, zonings)
        patch_reasons = [
            PatchReason(
                qualified.area_m2[i] / M2_PER_HA, qualified.core_m2[i] / M2_PER_HA, qualified.compactness[i]
            )
            for i in own_patches[np.argsort(-qualified.area_m2[own_patches], kind="stable")]
        ]
        named = [reason for reason in site_reasons if reason.name]
        rows.append(
            {
                "id": "",
                "name": max(named, key=lambda reason: reason.area_m2).name if named else "",
                "subnetwork": subnetwork.key,
                "medium": subnetwork.medium,
                "objective": "",
                "rule": "",
                "evidence": "",
                "decided_by": "",
                "number": number,
                "origin": "+".join(
                    word for word, has in (("zoning", site_reasons), ("patch", patch_reasons)) if has
                ),
                "reason": explain_reservoir(site_reasons, patch_reasons, thresholds, language),
            }
        )
    table = geopandas.GeoDataFrame(rows, geometry=geometries, crs=grid.crs)
    table["area_ha"] = table.geometry.area / M2_PER_HA
    table["compactness"] = measure_compactness(table.geometry.to_numpy())
    return table


def _list_site_reasons(
    own_parts: NDArray[np.int64], part_area: NDArray[np.float64], sites: Sites, zonings: Sequence[Zoning]
) -> list[SiteReason]:
    """List the sites of an object in the order of the zonings, the largest first."""
    own_sites, place = np.unique(sites.part_site[own_parts], return_inverse=True)
    area = np.bincount(place, weights=part_area[own_parts], minlength=len(own_sites))
    order = np.lexsort((own_sites, -area, sites.zoning[own_sites]))
    return [
        SiteReason(
            label=zonings[sites.zoning[site]].label,
            rule=zonings[sites.zoning[site]].rule,
            name=sites.name[site],
            area_m2=float(area[i]),
            habitat_share=float(sites.habitat_share[site]),
            habitat_ha=float(sites.habitat_m2[site]) / M2_PER_HA,
        )
        for i, site in ((i, own_sites[i]) for i in order)
    ]


def _group_by_object(objects: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """Give the places of each object number."""
    order = np.argsort(objects, kind="stable")
    numbers, first = np.unique(objects[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(order, first[1:]), strict=True)) if len(order) else {}


def _as_multipolygon(geometry: Any) -> Any:
    """Keep the polygons of a union, as one MultiPolygon."""
    import shapely

    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > 0]
    return shapely.multipolygons(parts)


def _sum_cells(labels: NDArray[Any], cells: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Count, for labels 1 to ``count``, the cells that are true."""
    return np.bincount(labels[cells], minlength=count + 1)[1 : count + 1].astype(np.int64)


def _report_no_habitat(cover: LandCover, subnetwork: Subnetwork) -> DataError:
    """Say that no cell is habitat, what was looked for and what there is most of."""
    cells = cover.count_cells()
    cells[0] = 0
    if not cells.any():
        return DataError(
            f"Sub-network '{subnetwork.key}' has no habitat because the land cover has no data in the study "
            "area: check that its extent and CRS are those of the study."
        )
    order = [i for i in np.argsort(-cells, kind="stable")[:5] if cells[i]]
    most = ", ".join(
        f"{cover.legend.ground[i]} ({cover.legend.nomenclature[i]}:{cover.legend.code[i]}, "
        f"{100 * cells[i] / cells.sum():.0f} %)"
        for i in order
    )
    return DataError(
        f"Sub-network '{subnetwork.key}' has no habitat in the whole study: it looks for "
        f"{', '.join(subnetwork.habitat) or 'nothing'}, the land cover holds mostly {most}; "
        "name some of these in its 'habitat' or correct the nomenclature of the land cover."
    )


def _report_no_patch(patches: Patches, subnetwork: Subnetwork) -> DataError:
    """Say that the minimum area leaves no patch, and which one would."""
    largest = patches.largest_m2 / M2_PER_HA
    # Two significant digits, rounded down, so that the value advised does work.
    step = 10.0 ** (math.floor(math.log10(largest)) - 1)
    return DataError(
        f"Sub-network '{subnetwork.key}': min_patch_ha = {subnetwork.min_patch_ha:g} leaves no habitat "
        f"patch, the largest of the {patches.dropped} pieces of habitat has {largest:.4g} ha; "
        f"set min_patch_ha to {math.floor(largest / step + 1e-9) * step:.2g} or less."
    )


def _write_area(area_ha: float) -> int | float | str:
    """Give a threshold as a note can hold it: a number its language writes, where one decimal is enough."""
    if area_ha == round(area_ha):
        return int(area_ha)
    return float(area_ha) if area_ha == round(area_ha, 1) else f"{area_ha:g}"


def _note_no_reservoir(
    patches: Patches, core: NDArray[np.bool_], subnetwork: Subnetwork, grid: Grid, journal: Journal
) -> None:
    """Note by how much the largest patch misses the thresholds."""
    largest = int(np.argmax(patches.area_m2))
    cells = patches.labels == largest + 1
    journal.add(
        "no_reservoir",
        subnetwork=subnetwork.name,
        patches=len(patches),
        largest_ha=float(patches.area_m2[largest]) / M2_PER_HA,
        core_ha=float(np.count_nonzero(core & cells)) * grid.cell_area / M2_PER_HA,
        compactness=f"{float(measure_compactness(polygonise(cells, grid).to_numpy())[0]):.2f}",
        min_ha=float(subnetwork.reservoir_min_ha),
        min_core_ha=float(subnetwork.reservoir_min_core_ha),
        min_compactness=f"{subnetwork.reservoir_min_compactness:.2f}",
    )
