"""Obstacle surfaces: urbanised ground inside corridors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.landcover import LandCover
from bocage.landcover.ground import GROUND
from bocage.obstacles.causes import Elements, name_urban_type
from bocage.obstacles.points import join_unique
from bocage.reservoirs.polygonise import polygonise
from bocage.units import M2_PER_HA, NBSP, format_number
from bocage.wording import say

_EIGHT = np.ones((3, 3), dtype=bool)


def find_urban_surfaces(
    cover: LandCover, corridors: Elements, *, classes: Sequence[str], min_ha: float, language: str
) -> list[dict[str, Any]]:
    """Find the urbanised ground inside corridors, one object per connected piece.

    The ground is that under transport lines, so that a street does not cut a town in two. Its
    smoothed outline is clipped to the corridors; pieces below ``min_ha`` are left out.

    Returns
    -------
    list of dict
        Rows of ``obstacle_s`` with their geometry; ``cause`` is the ground class that covers
        most of it.
    """
    import rasterio.features
    import shapely
    from rasterio.transform import Affine
    from scipy import ndimage

    if not len(corridors) or not classes:
        return []
    grid = cover.grid
    urban = cover.where(tuple(classes), under=True)
    if not urban.any():
        return []
    urban &= rasterio.features.rasterize(
        list(corridors.geometry),
        out_shape=grid.shape,
        transform=Affine(*grid.affine),
        all_touched=True,
        default_value=1,
        dtype=np.uint8,
    ).astype(bool)
    labels, count = ndimage.label(urban, _EIGHT, output=np.int32)
    # Cells taken by touch hold the ground clipped later whole: too few of them cannot reach the minimum.
    large = np.bincount(labels.ravel(), minlength=count + 1) * grid.cell_area >= min_ha * M2_PER_HA
    large[0] = False
    labels = np.where(large[labels], labels, 0).astype(np.int32)
    outlines = polygonise(labels, grid)
    ground_area = _measure_grounds(labels, cover, classes, count)

    shapes = outlines.to_numpy()
    shapely.prepare(corridors.geometry)
    corridor, piece = shapely.STRtree(shapes).query(corridors.geometry, predicate="intersects")
    clipped = shapes[piece]
    partial = np.flatnonzero(~shapely.covers(corridors.geometry[corridor], clipped))
    clipped[partial] = shapely.intersection(corridors.geometry[corridor[partial]], clipped[partial])
    type_code, type_label = name_urban_type(language)
    rows: list[dict[str, Any]] = []
    for place in np.unique(piece).tolist():
        members = np.flatnonzero(piece == place)
        # A corner that merely touches a corridor does not cut it.
        members = members[shapely.area(clipped[members]) >= grid.cell_area]
        geometry = _unite_polygons(clipped[members])
        if geometry.is_empty or geometry.area < min_ha * M2_PER_HA:
            continue
        cut = np.unique(corridor[members])
        areas = ground_area[outlines.index[place]]
        told = [
            f"{GROUND[classes[i]].label(language) if classes[i] in GROUND else classes[i]} "
            f"{format_number(100 * areas[i] / areas.sum(), 0, language)}{NBSP}%"
            for i in np.argsort(-areas, kind="stable")
            if areas[i] > 0
        ]
        rows.append(
            {
                "name": "",
                "type": type_code,
                "type_label": type_label,
                "cause": classes[int(np.argmax(areas))],
                "cuts": join_unique(corridors.id[cut]),
                "subnetworks": join_unique(corridors.subnetwork[cut]),
                "crossings": 0,
                "evidence": say(
                    "obstacles.surface_one" if len(cut) == 1 else "obstacles.surface_many",
                    language,
                    area_ha=geometry.area / M2_PER_HA,
                    count=len(cut),
                    list=say("obstacles.separator", language).join(told),
                ),
                "area_ha": geometry.area / M2_PER_HA,
                "geometry": geometry,
            }
        )
    return rows


def _measure_grounds(
    labels: NDArray[np.int32], cover: LandCover, classes: Sequence[str], count: int
) -> NDArray[np.int64]:
    """Count the cells of each label that each class covers: (count + 1, classes)."""
    named = np.array([cover.legend.select((one,)) for one in classes])
    of_entry = np.argmax(named, axis=0)
    cells = labels > 0
    ground = of_entry[cover.under[cells]]
    flat = labels[cells].astype(np.int64) * len(classes) + ground
    return np.bincount(flat, minlength=(count + 1) * len(classes)).reshape(count + 1, len(classes))


def _unite_polygons(pieces: NDArray[np.object_]) -> Any:
    """Unite polygons into one MultiPolygon, without the lines and points of a clip."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shapely.union_all(pieces)))
    return shapely.multipolygons([part for part in parts if part.geom_type == "Polygon" and part.area > 0])
