"""Territories that figures are given for: communes, EPCI, watersheds, regions, of any layer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bocage.errors import DataError, InputError
from bocage.journal import Journal
from bocage.study.indices.graph_inputs import find_column, find_crs, list_ids
from bocage.study.indices.model import IndicesOptions

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

ID_COLUMNS = (
    "id", "insee", "code_insee", "insee_com", "code", "siren_epci", "code_epci", "cdbh", "cdmassedea",
    "nuts_id", "gid",
)  # fmt: skip
NAME_COLUMNS = ("name", "nom", "nom_com", "nom_epci", "libelle", "libgeo", "label", "nom_officiel")


def read_units(options: IndicesOptions, crs: str, journal: Journal) -> GeoDataFrame:
    """Read the territories that the command names.

    Returns
    -------
    GeoDataFrame
        ``id``, ``name`` and polygons, in the order of the file.

    Raises
    ------
    InputError
        The file, layer or a column is missing, or an id is empty.
    CRSError
        The graph says no coordinate system to lay them over.
    DataError
        Ids are there twice, or polygons overlap.
    """
    from bocage.connectivity.division import check_units
    from bocage.io.vectors import read_vector

    assert options.units is not None
    system = crs or find_crs(options.units, options.units_layer, "units", options.crs)
    table = read_vector(options.units, name="units", crs=system, journal=journal, layer=options.units_layer)
    id = find_column(table, options.unit_id, ID_COLUMNS, "units", "--unit-id")
    if id is None:
        raise InputError(
            f"'{options.units.name}' has no column that is known to name territories; say which with "
            f"--unit-id, among {', '.join(str(one) for one in table.columns if one != 'geometry')}."
        )
    name = find_column(table, options.unit_name, NAME_COLUMNS, "units", "--unit-name")
    ids = list_ids(table, id, "units")
    twice = [one for one, times in Counter(ids).items() if times > 1]
    if twice:
        shown = ", ".join(twice[:5]) + (" …" if len(twice) > 5 else "")
        raise DataError(
            f"{len(twice)} territorial unit(s) of '{options.units.name}' are there more than once ({shown}); "
            "merge their parts, or give each its own id."
        )
    found = table[["geometry"]].copy()
    found.insert(0, "id", ids)
    found.insert(1, "name", ids if name is None else table[name].astype(str))
    check_units(found.geometry.to_numpy(), ids)
    return found
