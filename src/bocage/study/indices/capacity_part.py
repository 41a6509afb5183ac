"""What patches hold, where it is not what their source says: a table, land cover by weights, a power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.capacity import look_up_capacity, raise_area, sum_class_areas, weigh_classes
from bocage.connectivity.landscape import Dispersal
from bocage.errors import CRSError, DataError, InputError
from bocage.journal import Journal
from bocage.study.indices.model import GraphInput, IndicesOptions
from bocage.study.indices.notes import add_note
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    from bocage.grid import Grid

Floats = NDArray[np.float64]


def choose_capacity(source: GraphInput, options: IndicesOptions, crs: str, journal: Journal) -> GraphInput:
    """Give patches the capacities asked for; theirs where none is.

    Capacities that are no areas have no landscape to be a share of but the one of ``--landscape``.

    Raises
    ------
    InputError
        A table or raster cannot be read, or holds none of the classes.
    DataError
        A patch is not in the table, or a capacity, weight or power is negative.
    """
    changed = options.capacities is not None or bool(options.weights) or options.power != 1
    if not changed:
        return source
    held: Floats = source.graph.capacity
    if options.capacities is not None:
        held = _read_capacities(source, options, journal)
    elif options.weights:
        held = _weigh_land(source, options, crs, journal)
    if options.power != 1:
        held = raise_area(held, options.power)
        add_note(journal, "note_power", graph=source.name, power=options.power)
    return replace(
        source,
        graph=source.graph.weigh(held),
        area_unit="",
        landscape=options.landscape_ha,
        closed=None if source.closed is None else source.closed.weigh(held),
    )


def _read_capacities(source: GraphInput, options: IndicesOptions, journal: Journal) -> Floats:
    from bocage.study.indices.graph_inputs import KNOWN, find_column, list_ids, read_column, read_table

    assert options.capacities is not None
    path = options.capacities
    table, _ = read_table(path, None, "capacities", options.crs, journal)
    id = find_column(table, None, KNOWN["id"], "capacities", "")
    known = (options.columns.get("capacity") or "", *KNOWN["capacity"])
    column = find_column(table, None, [one.casefold() for one in known], "capacities", "")
    if id is None or column is None:
        raise InputError(
            f"'{path.name}' needs a column of ids and one of capacities, as id and capacity; it has "
            f"{', '.join(str(one) for one in table.columns)}."
        )
    ids = list_ids(table, id, "capacities")
    twice = sorted({one for one in ids if ids.count(one) > 1}) if len(ids) < 10_000 else []
    if twice:
        raise DataError(
            f"{len(twice)} patch(es) are in '{path.name}' more than once ({', '.join(twice[:5])}); keep one "
            "row of each."
        )
    return look_up_capacity(source.graph.ids, dict(zip(ids, read_column(table, column), strict=True)))


def _weigh_land(source: GraphInput, options: IndicesOptions, crs: str, journal: Journal) -> Floats:
    from bocage.connectivity.neighbourhood import weigh_neighbourhood
    from bocage.resistance.surface import ResistanceSurface
    from bocage.study.indices.ground_inputs import lay_grid, read_cells
    from bocage.study.indices.placing import draw_numbers, find_rate, list_shapes, read_resistance

    shapes = list_shapes(source, "Land cover is weighed in patches")
    if options.landcover is None:
        raise InputError("--weight needs the raster of classes that it weighs; give it with --landcover.")
    if not crs:
        raise CRSError("Land cover is laid over patches, whose coordinate system is not known; give --crs.")
    surface, rate = None, 1.0
    if options.resistance is not None and options.around is not None:
        surface = read_resistance(options.resistance, crs, journal)
    elif options.around is not None:
        rate = find_rate(source)
    grid: Grid = surface.grid if surface is not None else lay_grid(options.landcover, crs)
    raster = read_cells(options.landcover, grid, journal)
    classes: NDArray[Any] = np.where(raster.valid, raster.values, 0).astype(np.int64)
    weights = dict(options.weights)
    present = set(np.unique(classes[raster.valid]).tolist())
    if not set(weights) & present:
        raise InputError(
            f"'{options.landcover.name}' holds none of the classes weighed "
            f"({', '.join(map(str, sorted(weights)[:5]))}); it holds "
            f"{', '.join(map(str, sorted(present)[:12]))}."
        )
    patches = draw_numbers(shapes, grid)
    codes = sorted(weights)
    areas = sum_class_areas(patches, classes, codes, count=len(shapes), cell=grid.cell)
    held = weigh_classes(areas, codes, weights)
    if options.around is None:
        add_note(journal, "note_weights", graph=source.name, layer=options.landcover.name)
        return held
    if surface is None:
        # Ground without resistance: a metre costs a metre.
        surface = ResistanceSurface(grid, np.ones(grid.shape, np.uint16), np.array([np.inf, 1.0]))
    scaled = Dispersal(source.dispersal.distance / rate, source.dispersal.probability)
    # Only patches that have cells are numbered without gaps.
    there = np.flatnonzero(np.bincount(patches.ravel(), minlength=len(shapes) + 1)[1:])
    number = np.zeros(len(shapes) + 1, np.int32)
    number[there + 1] = np.arange(1, len(there) + 1)
    near = weigh_neighbourhood(
        surface, number[patches], classes, weights, most=options.around, dispersal=scaled
    )
    held[there] += near / M2_PER_HA
    add_note(
        journal, "note_weights_around", graph=source.name, layer=options.landcover.name, most=options.around
    )
    return held
