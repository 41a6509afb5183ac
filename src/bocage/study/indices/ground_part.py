"""Fragmentation of the ground: mesh by territory, landscape metrics and spatial pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.errors import InputError
from bocage.grid import Window
from bocage.journal import Journal
from bocage.progress import Progress
from bocage.study.indices.model import GroundFigures, GroundInput
from bocage.units import M2_PER_HA
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from bocage.fragmentation.mesh_figures import Cut
    from bocage.fragmentation.units import Units
    from bocage.reservoirs.pattern import Pattern

_QUIET = ("patches_outside_units",)
_BEYOND = 0.01
"""Share of a territory beyond the land cover that is told."""
"""Notes that tell nothing where the ground goes on beyond the area by design."""


def measure_ground(
    ground: GroundInput,
    units: GeoDataFrame | None,
    *,
    edge_width: int = 1,
    neighbours: Literal[4, 8] = 8,
    transition: bool = True,
    intext: bool = True,
    journal: Journal,
    progress: Progress,
) -> GroundFigures:
    """Measure the fragmentation of the ground.

    Parameters
    ----------
    ground : GroundInput
    units : GeoDataFrame or None
        ``id``, ``name`` and polygons of the territories, in the CRS of the ground. Those beyond it are left
        out. Without any, there is one row of mesh, for the area.
    edge_width : int
        Of the spatial pattern [cells].
    neighbours : {4, 8}
        Whether cells that touch by a corner alone are connected (8) or not (4), in mesh of rasters, metrics
        and pattern.
    journal : Journal
        Told of units that overlap, hold nothing, or whose patches go on beyond the data.
    progress : Progress
        Shows three stages.

    Returns
    -------
    GroundFigures

    Raises
    ------
    InputError
        If no unit meets the ground, or units are faulty (``fragmentation.units.read_units``).
    DataError
        If units overlap, or one covers no cell.

    Notes
    -----
    Mesh sizes are cut from the polygons where the ground has some, else from its cells. The mesh takes all
    of the ground, so that a patch is whole across a border (CBC); metrics take the area alone; the pattern
    is found on all of the ground, then kept in the area.

    Memory beyond the ground, at most: 7 bytes a cell of the area for the metrics, and what
    ``classify_pattern`` needs for the pattern; they do not add up.
    """
    with progress.stage("Effective mesh size"):
        mesh = _measure_mesh(ground, units, neighbours, journal)
    inside = _find_inside(ground)
    with progress.stage("Landscape metrics"):
        classes, landscape = _measure_metrics(ground, inside, neighbours)
    with progress.stage("Spatial pattern"):
        pattern, pattern_classes = _find_pattern(
            ground, inside, edge_width, neighbours, transition=transition, intext=intext
        )
    return GroundFigures(ground, mesh, classes, landscape, pattern, pattern_classes)


# --- mesh --------------------------------------------------------------------------------------------


def _measure_mesh(
    ground: GroundInput, units: GeoDataFrame | None, neighbours: Literal[4, 8], journal: Journal
) -> DataFrame:
    import pandas as pd

    from bocage.fragmentation.mesh_figures import compute_mesh
    from bocage.fragmentation.units import read_units, review_units

    near = None if units is None else _keep_near(units, ground, journal)
    checked = read_units(_frame_area(ground) if near is None else near, "id")
    cut = _cut(ground, checked, neighbours, near is None)
    if near is not None and ground.patches is None:
        _note_beyond(near, ground, journal)
    for note in review_units(checked, cut.by_unit):
        if note.code in _QUIET and (near is None or ground.area is not None):
            continue
        if near is None and note.code == "units_without_patches":
            continue
        journal.add(note.code, **dict(note.values))
    whole = compute_mesh(cut.overall).to_table().assign(unit="")
    if near is None:
        table = whole
    else:
        table = pd.concat([compute_mesh(cut.by_unit).to_table(), whole], ignore_index=True)
    names = {} if near is None else dict(zip(checked.ids, near["name"].astype(str), strict=True))
    table.insert(1, "name", [names.get(unit, "") for unit in table["unit"]])
    share = table["natural_area_ha"] / table["unit_area_ha"]
    table.insert(list(table.columns).index("natural_area_ha") + 1, "natural_share", share)
    return table.rename(columns={"unit": "id"})


def _keep_near(units: GeoDataFrame, ground: GroundInput, journal: Journal) -> GeoDataFrame:
    """Keep the territories that hold ground: a layer of a whole département is a usual one."""
    import shapely

    box = shapely.box(*ground.grid.bounds)
    shapes = units.geometry.to_numpy()
    held = shapely.area(shapely.intersection(shapely.make_valid(shapes), box)) >= ground.grid.cell_area
    # What is empty or no polygon is for read_units to tell.
    held |= ~(shapely.area(shapes) > 0)
    if not held.any():
        raise InputError(
            f"none of the {len(units)} territories meets the land cover; "
            "check the two layers and their coordinate systems."
        )
    if not held.all() and ground.area is None:
        ids = units["id"].astype(str).to_numpy()[~held]
        shown = ", ".join(ids[:5]) + (" …" if len(ids) > 5 else "")
        journal.add("units_off_data", count=len(ids), units=shown)
    return units[held].reset_index(drop=True)


def _note_beyond(units: GeoDataFrame, ground: GroundInput, journal: Journal) -> None:
    """Tell of territories that the land cover does not hold whole: they are measured where it does."""
    import shapely

    box = shapely.box(*ground.grid.bounds)
    shapes = shapely.make_valid(units.geometry.to_numpy())
    beyond = shapely.area(shapely.difference(shapes, box)) > _BEYOND * shapely.area(shapes)
    if beyond.any():
        ids = units["id"].astype(str).to_numpy()[beyond]
        shown = ", ".join(ids[:5]) + (" …" if len(ids) > 5 else "")
        journal.add("units_beyond_data", count=int(beyond.sum()), units=shown)


def _frame_area(ground: GroundInput) -> GeoDataFrame:
    import geopandas as gpd
    import shapely

    area = shapely.box(*ground.grid.bounds) if ground.area is None else ground.area
    return gpd.GeoDataFrame({"id": ["area"], "name": [""]}, geometry=[area], crs=ground.grid.crs)


def _cut(ground: GroundInput, units: Units, neighbours: Literal[4, 8], whole: bool) -> Cut:
    if ground.patches is not None:
        from bocage.fragmentation.mesh import cut_patches

        return cut_patches(ground.patches, units)
    from bocage.fragmentation.mesh_raster import cut_raster

    # Without territories nor area, the territory is what is known, not the rectangle around it.
    known = ground.data.view(np.uint8) if whole and ground.area is None else None
    return cut_raster(
        ground.natural, units if known is None else known, ground.grid, known=ground.data,
        unit_ids=None if known is None else ("area",), neighbours=neighbours,
    )  # fmt: skip


# --- metrics -----------------------------------------------------------------------------------------


def _find_inside(ground: GroundInput) -> NDArray[np.bool_]:
    """Tell which cells are in the area and known."""
    if ground.area is None:
        return ground.data
    from rasterio.features import geometry_mask
    from rasterio.transform import Affine

    affine = Affine(*ground.grid.affine)
    inside = geometry_mask([ground.area], out_shape=ground.grid.shape, transform=affine, invert=True)
    inside &= ground.data
    if not inside.any():
        raise InputError(
            "the land cover has no data in the study area; check the two and their coordinate systems."
        )
    return np.asarray(inside, np.bool_)


def _measure_metrics(
    ground: GroundInput, inside: NDArray[np.bool_], neighbours: Literal[4, 8]
) -> tuple[DataFrame | None, DataFrame]:
    import pandas as pd

    from bocage.fragmentation.class_metrics import measure_classes
    from bocage.fragmentation.landscape_metrics import measure_landscape
    from bocage.fragmentation.metrics import METRICS
    from bocage.fragmentation.mosaic import build_mosaic

    window = _bound(inside)
    part = inside[window.slices]
    if ground.classes is None:
        # Natural or not is a landscape of two classes.
        raster, none = ground.natural[window.slices].view(np.uint8) + np.uint8(1), 0
    else:
        raster, none = ground.classes[window.slices], ground.no_class
    raster = np.where(part, raster, raster.dtype.type(none))
    mosaic = build_mosaic(raster, ground.grid.crop(window), nodata=none, neighbours=neighbours)
    row = measure_landscape(mosaic).iloc[0]
    landscape = pd.DataFrame(
        {
            "metric": list(row.index),
            "value": row.to_numpy(np.float64),
            "unit": [METRICS[metric].unit for metric in row.index],
        }
    )
    if ground.classes is None:
        return None, landscape
    classes = measure_classes(mosaic)
    codes = classes["class"].astype(int).to_list()
    classes.insert(1, "name", [ground.class_names.get(code, str(code)) for code in codes])
    classes.insert(2, "natural", [code in ground.natural_codes for code in codes])
    return classes, landscape


def _bound(inside: NDArray[np.bool_]) -> Window:
    rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return Window(int(rows[0]), int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1)


# --- pattern -----------------------------------------------------------------------------------------


def _find_pattern(
    ground: GroundInput,
    inside: NDArray[np.bool_],
    edge_width: int,
    neighbours: Literal[4, 8],
    *,
    transition: bool,
    intext: bool,
) -> tuple[Pattern, DataFrame]:
    import pandas as pd

    from bocage.reservoirs.pattern import MISSING, classify_pattern, summarise_pattern

    missing = None if ground.data.all() else ~ground.data
    pattern = classify_pattern(
        ground.natural, connectivity=neighbours, edge_width=edge_width, transition=transition,
        intext=intext, nodata=missing,
    )  # fmt: skip
    pattern.codes[~inside] = MISSING
    found = summarise_pattern(pattern)
    area = np.array(list(found.cells.values())) * (ground.grid.cell_area / M2_PER_HA)
    table = pd.DataFrame(
        {
            "class": list(found.cells),
            "area_ha": area,
            "share": area / area.sum() if area.sum() > 0 else np.zeros(len(area)),
            "objects": [found.objects[name] for name in found.cells],
        }
    )
    return pattern, table


# --- words -------------------------------------------------------------------------------------------


def tell_ground(figures: GroundFigures, language: str = "fr") -> list[str]:
    """Say what the fragmentation of the ground is, a sentence a line."""
    whole = figures.mesh.iloc[-1]
    table = figures.pattern_classes
    share, objects = (dict(zip(table["class"], table[key], strict=True)) for key in ("share", "objects"))
    told = [
        say(
            "indices_ground.said_mesh",
            language,
            natural=float(whole["natural_area_ha"]),
            share=float(100 * whole["natural_share"]),
            cut=float(whole["mesh_cut_ha"]),
            cbc=float(whole["mesh_cbc_ha"]),
        )
    ]
    if whole["edge_share"] > 0:
        told.append(say("indices_ground.said_edge", language, share=float(100 * whole["edge_share"])))
    if float(table["area_ha"].sum()) > 0:
        told.append(
            say(
                "indices_ground.said_pattern",
                language,
                core=float(100 * share["core"]),
                links=float(100 * (share["bridge"] + share["loop"])),
                bridges=int(objects["bridge"]),
                islets=int(objects["islet"]),
                depth=f"{figures.pattern.edge_width * figures.source.grid.cell:g}",
            )
        )
    return told
