"""What each territory holds of a graph, gives to the whole and owes to its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bocage.connectivity.division import Division, intersect_units, measure_ground
from bocage.connectivity.territories import measure_units
from bocage.errors import DataError
from bocage.journal import Journal
from bocage.study.indices.model import GraphInput
from bocage.study.indices.notes import add_note
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame


def table_units(source: GraphInput, units: GeoDataFrame, journal: Journal) -> DataFrame:
    """Make the table of territories; a last row of empty id is what lies in none.

    Parameters
    ----------
    source : GraphInput
        With patches.
    units : GeoDataFrame
        ``id``, ``name`` and polygons.
    journal : Journal
        Told which patches lie in no territory.

    Raises
    ------
    DataError
        No patch is in a territory, or territories overlap.
    """
    import shapely

    assert source.patches is not None
    graph = source.graph
    shapes, grounds = source.patches.geometry.to_numpy(), units.geometry.to_numpy()
    flat = shapely.area(shapes) <= 0
    if flat.any():
        # A point or a line is where it is, whole.
        shapes = np.where(flat, shapely.buffer(shapely.point_on_surface(shapes), 0.01), shapes)
    patch, unit, area = intersect_units(shapes, grounds)
    if not len(patch):
        raise DataError(
            f"None of the {graph.count} patches lies in a territory; give territories of the same region, "
            "in a coordinate system that their file says."
        )
    ids = [str(one) for one in units["id"]]
    division = Division.of(graph, ids, patch, unit, area, patch_area=shapely.area(shapes))
    outside = division.list_outside(graph)
    if outside:
        shown = ", ".join(outside[:5]) + (" …" if len(outside) > 5 else "")
        add_note(journal, "note_outside_units", graph=source.name, count=len(outside), ids=shown)
    found = measure_units(graph, source.dispersal, division)
    table = found.as_frame().rename(columns={"unit": "id", "neighbour": "neighbour_id"})
    names = dict(zip(ids, (str(one) for one in units["name"]), strict=True))
    table["neighbour"] = [names.get(one, "") for one in table["neighbour_id"]]
    size = len(ids)
    held = np.bincount(unit, minlength=size).astype(float)
    whole = shapely.area(grounds)
    columns = {"area_ha": whole / M2_PER_HA, "patches": held}
    solid = shapes[~flat]
    if len(solid):
        covered, share = measure_ground(solid, grounds, unit_area=whole)
        columns |= {"patches_ha": covered / M2_PER_HA, "share": share}
    if source.corridors is not None and len(source.corridors):
        covered, share = measure_ground(source.corridors.geometry.to_numpy(), grounds, unit_area=whole)
        columns |= {"corridors_ha": covered / M2_PER_HA, "corridors_share": share}
    more = len(table) - size
    for place, (name, values) in enumerate(columns.items(), start=1):
        table.insert(place, name, np.concatenate([values, np.full(more, np.nan)]))
    table["patches"] = table["patches"].astype("Int64")
    table.insert(1, "name", [names.get(one, "") for one in table["id"]])
    from bocage.study.indices.tables import UNITS

    return table[[column for column in UNITS if column in table.columns]]
