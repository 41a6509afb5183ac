"""A small network with an object of every table, written by hand."""

from __future__ import annotations

from typing import Any

import geopandas
import pandas
from shapely import LineString, MultiPolygon, Point, box

from bocage.network import COLUMNS, Network, Table, empty_table

CRS = "EPSG:2154"

ABOUT: dict[str, Any] = {
    "title": "Continuités écologiques du Val d’Arre",
    "territory": "ARR",
    "prefix": "FR34",
    "date": "2026-05-04",
    "language": "fr",
    "scale": 100000,
    "status": {"kind": "etude", "date": "2026-05-04", "reference": "Étude d’essai"},
    "issuer": {"region": "Occitanie", "directorate": "DDTM 34", "service": "SET", "contact": "a@b.fr"},
    "sources": [{"label": "CLC 2012", "licence": "Licence Ouverte"}],
    "subnetworks": [{"key": "boise", "name": "Sous-trame boisée", "medium": "boisé"}],
}
PROVIDED = {
    "reservoirs": True,
    "corridors": True,
    "corridors_to_restore": True,
    "watercourses": True,
    "obstacle_points": False,
    "obstacle_lines": True,
    "obstacle_surfaces": True,
}

_FILLERS = {"str": "texte « accentué » œ", "float": 1.25, "int": 3, "bool": True}
_WORDS: dict[str, Any] = {
    "subnetwork": "boise",
    "medium": "boisé",
    "kind": "natural",
    "type": "01",
    "type_label": "Réseau de type autoroutier",
    "name": "Forêt d’Ors",
}


def make_table(table: Table, geometries: list[Any], **values: list[Any]) -> geopandas.GeoDataFrame:
    """Make a table of the contract's columns; those not given get the same filler in each row."""
    data: dict[str, Any] = {}
    for column, contract in COLUMNS[table].items():
        filler = _WORDS.get(column, _FILLERS[contract.dtype])
        found = values.get(column, [filler] * len(geometries))
        dtype = {"str": "object", "float": "float64", "int": "int64", "bool": "bool"}[contract.dtype]
        data[column] = pandas.Series(found, dtype=dtype)
    return geopandas.GeoDataFrame(data, geometry=geopandas.GeoSeries(geometries, crs=CRS), crs=CRS)


def make_network() -> Network:
    """Make a network; ``obstacle_s`` has no object, and its first reservoir has two parts."""
    two_parts = MultiPolygon([box(0, 0, 100, 100), box(200, 0, 300, 100)])
    tables: dict[Table, geopandas.GeoDataFrame] = {
        "reservoir_s": make_table(
            "reservoir_s",
            [two_parts, box(1000, 0, 1300, 200)],
            id=["FR34RS1", "FR34RS2"],
            name=["Forêt d’Ors", None],
            objective=["preserve", "restore"],
            decided_by=[None, "C. Dupré"],
            touches_edge=[False, True],
        ),
        "reservoir_l": make_table(
            "reservoir_l", [LineString([(0, 0), (10, 10)])], id=["FR34RL1"], objective=["preserve"]
        ),
        "corridor_s": make_table(
            "corridor_s",
            [box(100, 0, 200, 50), box(300, 0, 1000, 50)],
            id=["FR34CS1", "FR34CS2"],
            objective=["preserve", "restore"],
            cost=[123.5, float("nan")],
        ),
        "corridor_l": make_table(
            "corridor_l",
            [LineString([(100, 25), (200, 25)]), LineString([(300, 25), (1000, 25)])],
            id=["FR34CL1", "FR34CL2"],
            objective=["preserve", "restore"],
        ),
        "cours_eau_l": make_table(
            "cours_eau_l",
            [LineString([(0, 0), (10, 10)]), LineString([(10, 10), (20, 10)])],
            id=["FR34HL1", "FR34HL2"],
            objective=["preserve", "restore"],
            kind=["natural", "canal"],
            list1=[True, False],
            list2=[False, False],
            is_corridor=[True, False],
            is_reservoir=[False, True],
        ),
        "obstacle_p": make_table("obstacle_p", [Point(150, 25)], id=["FR34OP1"]),
        "obstacle_l": make_table(
            "obstacle_l",
            [LineString([(150, 0), (150, 50)])],
            id=["FR34OL1"],
            type=["canal"],
            type_label=["canal"],
        ),
        "obstacle_s": empty_table("obstacle_s", CRS),
    }
    return Network(tables=tables, provided=PROVIDED, crs=CRS, about=ABOUT)  # type: ignore[arg-type]
