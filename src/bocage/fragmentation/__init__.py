"""Fragmentation of the ground: effective mesh size, landscape metrics, and change between two dates.

The names below are found when first asked for, so that what needs a few of them loads no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bocage.lazy import offer_names

if TYPE_CHECKING:
    from bocage.fragmentation.change import ConnectivityChange, compare_eca, compare_mesh, name_process
    from bocage.fragmentation.class_metrics import measure_classes, measure_groups
    from bocage.fragmentation.landscape_metrics import measure_landscape
    from bocage.fragmentation.mesh import cut_patches, find_patches, widen_lines
    from bocage.fragmentation.mesh_figures import MeshFigures, Pieces, compute_mesh
    from bocage.fragmentation.mesh_raster import RasterCut, cut_raster, cut_rows, list_patches
    from bocage.fragmentation.metrics import METRICS, Metric
    from bocage.fragmentation.mosaic import Mosaic, build_mosaic
    from bocage.fragmentation.patch_events import (
        Overlap,
        PatchEvents,
        overlay_labels,
        overlay_polygons,
        trace_patches,
    )
    from bocage.fragmentation.patch_metrics import measure_patches
    from bocage.fragmentation.transitions import Transitions, tabulate_transitions
    from bocage.fragmentation.units import Units, find_overlaps, read_units, review_units

_HOMES = {
    "change": (
        "ConnectivityChange",
        "compare_eca",
        "compare_mesh",
        "name_process",
    ),
    "class_metrics": (
        "measure_classes",
        "measure_groups",
    ),
    "landscape_metrics": ("measure_landscape",),
    "mesh": (
        "cut_patches",
        "find_patches",
        "widen_lines",
    ),
    "mesh_figures": (
        "MeshFigures",
        "Pieces",
        "compute_mesh",
    ),
    "mesh_raster": (
        "RasterCut",
        "cut_raster",
        "cut_rows",
        "list_patches",
    ),
    "metrics": (
        "METRICS",
        "Metric",
    ),
    "mosaic": (
        "Mosaic",
        "build_mosaic",
    ),
    "patch_events": (
        "Overlap",
        "PatchEvents",
        "overlay_labels",
        "overlay_polygons",
        "trace_patches",
    ),
    "patch_metrics": ("measure_patches",),
    "transitions": (
        "Transitions",
        "tabulate_transitions",
    ),
    "units": (
        "Units",
        "find_overlaps",
        "read_units",
        "review_units",
    ),
}
__all__ = [
    "METRICS",
    "ConnectivityChange",
    "MeshFigures",
    "Metric",
    "Mosaic",
    "Overlap",
    "PatchEvents",
    "Pieces",
    "RasterCut",
    "Transitions",
    "Units",
    "build_mosaic",
    "compare_eca",
    "compare_mesh",
    "compute_mesh",
    "cut_patches",
    "cut_raster",
    "cut_rows",
    "find_overlaps",
    "find_patches",
    "list_patches",
    "measure_classes",
    "measure_groups",
    "measure_landscape",
    "measure_patches",
    "name_process",
    "overlay_labels",
    "overlay_polygons",
    "read_units",
    "review_units",
    "tabulate_transitions",
    "trace_patches",
    "widen_lines",
]

__getattr__, __dir__ = offer_names(__name__, _HOMES)
