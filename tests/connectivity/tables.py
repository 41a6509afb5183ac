"""Small tables of a network, for tests: given columns, and harmless values in the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas
import numpy as np
import shapely

from bocage.network import COLUMNS, Table, empty_table

CRS = "EPSG:2154"
_HARMLESS: dict[str, Any] = {"str": "", "float": np.nan, "int": 0, "bool": False}


def make_table(table: Table, geometries: Sequence[Any], **columns: Any) -> geopandas.GeoDataFrame:
    """Make a table whose columns not given are empty; a scalar stands for all rows."""
    count = len(geometries)
    data = {}
    for name, column in COLUMNS[table].items():
        value = columns.pop(name, _HARMLESS[column.dtype])
        data[name] = list(value) if isinstance(value, list | tuple | np.ndarray) else [value] * count
    assert not columns, f"no column {sorted(columns)} in {table}"
    return geopandas.GeoDataFrame(data, geometry=list(geometries), crs=CRS)


def make_tables(**given: geopandas.GeoDataFrame) -> dict[Table, geopandas.GeoDataFrame]:
    """Make all tables of a network, empty but for those given."""
    return {table: given.get(table, empty_table(table, CRS)) for table in COLUMNS}


def make_communes(rows: Sequence[tuple[str, str, Any]]) -> geopandas.GeoDataFrame:
    """Make communes of (INSEE code, name, polygon)."""
    codes, names, polygons = zip(*rows, strict=True)
    return geopandas.GeoDataFrame(
        {"insee": list(codes), "name": list(names)}, geometry=list(polygons), crs=CRS
    )


def make_graph_tables(
    areas: Sequence[float], links: Sequence[tuple[int, int, float, float]], *, limit: float = 1000.0
) -> dict[Table, geopandas.GeoDataFrame]:
    """Make the tables of a graph: patches of areas [ha], links of (start, end, cost, cost_free)."""
    return make_tables(
        reservoir_s=make_table(
            "reservoir_s",
            [shapely.box(10 * i, 0, 10 * i + 5, 5) for i in range(len(areas))],
            id=[f"RS{i}" for i in range(len(areas))],
            subnetwork="boise",
            area_ha=list(areas),
            habitat_ha=list(areas),
            objective="preserve",
        ),
        corridor_s=make_table(
            "corridor_s",
            [shapely.box(0, 10 * i, 5, 10 * i + 5) for i in range(len(links))],
            id=[f"CS{i}" for i in range(len(links))],
            subnetwork="boise",
            from_id=[f"RS{start}" for start, *_ in links],
            to_id=[f"RS{end}" for _, end, *_ in links],
            cost=[cost for *_, cost, _ in links],
            cost_free=[free for *_, free in links],
            dispersal_cost=limit,
            objective="restore",
        ),
    )
