"""The result of one run: the tables of an ecological network, with the contract of their columns.

Tables are GeoDataFrames. The columns named here are bocage's own words; ``bocage.schema``
turns them into the national standard's fields when they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Table = Literal[
    "reservoir_s",
    "reservoir_l",
    "corridor_s",
    "corridor_l",
    "cours_eau_l",
    "obstacle_p",
    "obstacle_l",
    "obstacle_s",
]
Theme = Literal[
    "reservoirs", "corridors", "corridors_to_restore", "watercourses", "obstacle_points", "obstacle_lines",
    "obstacle_surfaces",
]  # fmt: skip
Objective = Literal["preserve", "restore"]


@dataclass(frozen=True, slots=True)
class Column:
    """Contract of a column: its type, unit, meaning, and whether it may be empty."""

    dtype: Literal["str", "float", "int", "bool"]
    meaning: str
    unit: str = ""
    nullable: bool = True


_IDENTITY = {
    "id": Column("str", "identifier in the standard, as FR34RS12", nullable=False),
    "name": Column("str", "name of the object, of the place or of the zoning"),
}
_OBJECTIVE = {
    "objective": Column("str", "preserve or restore", nullable=False),
    "rule": Column("str", "rule that gave the objective"),
    "evidence": Column("str", "numbers the rule was applied to, in words"),
    "decided_by": Column("str", "author of the human decision that overrides the rule"),
}
_NETWORK = {
    "subnetwork": Column("str", "key of the sub-network", nullable=False),
    "medium": Column("str", "main medium in the standard: boisé, ouvert, humide ...", nullable=False),
}

COLUMNS: dict[Table, dict[str, Column]] = {
    "reservoir_s": _IDENTITY
    | _NETWORK
    | _OBJECTIVE
    | {
        "number": Column("int", "number within the sub-network, in reading order", nullable=False),
        "origin": Column("str", "zoning, patch or zoning+patch", nullable=False),
        "reason": Column("str", "why it is a reservoir, in words", nullable=False),
        "area_ha": Column("float", "area", "ha", nullable=False),
        "habitat_ha": Column("float", "habitat of the sub-network inside", "ha", nullable=False),
        "core_ha": Column("float", "core habitat inside", "ha", nullable=False),
        "compactness": Column("float", "4πA/P² of the object", nullable=False),
        "touches_edge": Column(
            "bool", "reaches the edge of the data: its size is a lower bound", nullable=False
        ),
        "dpc": Column(
            "float", "importance: share of the sub-network's connectivity (PC) lost without it", "%"
        ),
        "dpc_intra": Column("float", "part of dpc that is its own habitat", "%"),
        "dpc_flux": Column("float", "part of dpc that is its exchanges with other reservoirs", "%"),
        "dpc_connector": Column("float", "part of dpc that is what passes through it between others", "%"),
        "dpc_rank": Column("float", "rank by dpc in its sub-network, from 1"),
    },
    "reservoir_l": _IDENTITY
    | _NETWORK
    | _OBJECTIVE
    | {
        "reason": Column("str", "why it is a reservoir, in words", nullable=False),
        "length_m": Column("float", "length", "m", nullable=False),
    },
    "corridor_s": _IDENTITY
    | _NETWORK
    | _OBJECTIVE
    | {
        "number": Column("int", "number of the link within the sub-network", nullable=False),
        "from_id": Column("str", "reservoir at one end", nullable=False),
        "to_id": Column("str", "reservoir at the other end", nullable=False),
        "method": Column("str", "least_cost or dilation_erosion", nullable=False),
        "cost": Column(
            "float",
            "least cost with today's obstacles; empty when impassable or beyond 3 dispersal costs",
            "resistance x m",
        ),
        "cost_free": Column(
            "float", "least cost were transport infrastructure transparent", "resistance x m"
        ),
        "dispersal_cost": Column(
            "float", "largest cost the sub-network crosses", "resistance x m", nullable=False
        ),
        "length_m": Column("float", "ground length of the axis", "m", nullable=False),
        "area_ha": Column("float", "area of the corridor outside reservoirs", "ha", nullable=False),
        "degraded_share": Column(
            "float", "share of its ground that is artificial or hostile, infrastructure apart, in [0, 1]"
        ),
        "touches_edge": Column("bool", "reaches the edge of the data", nullable=False),
        "dpc": Column(
            "float",
            "importance: share of the sub-network's connectivity (PC) lost without it; empty where it leads "
            "out of the area",
            "%",
        ),
        "dpc_rank": Column("float", "rank by dpc in its sub-network, from 1"),
        "eca_gain": Column(
            "float", "growth of the equivalent connected area were its infrastructure transparent", "%"
        ),
    },
    "cours_eau_l": _IDENTITY
    | _OBJECTIVE
    | {
        "kind": Column("str", "natural or canal", nullable=False),
        "list1": Column("bool", "on list 1 of article L.214-17", nullable=False),
        "list2": Column("bool", "on list 2 of article L.214-17", nullable=False),
        "is_corridor": Column("bool", "holds the role of a corridor", nullable=False),
        "is_reservoir": Column("bool", "holds the role of a reservoir", nullable=False),
        "reason": Column("str", "why, in words", nullable=False),
        "length_m": Column("float", "length", "m", nullable=False),
        "basin": Column(
            "str", "number of its basin in basins.csv; of most of its length where it has several"
        ),
        "strahler": Column("float", "highest Strahler order along it"),
        "upstream_km": Column(
            "float", "watercourses above its lower end, all branches, its own included", "km"
        ),
        "dci_potamodromous": Column("float", "connectivity (DCI) of its basin within the river", "points"),
        "dci_diadromous": Column("float", "connectivity (DCI) of its basin from the sea", "points"),
        "in_share": Column("float", "share of its basin that can come to it, mean along it, in [0, 1]"),
        "out_share": Column("float", "share of its basin that it can reach, mean along it, in [0, 1]"),
        "from_sea": Column("float", "chance of climbing to it from the outlet, mean along it, in [0, 1]"),
    },
}
# Same columns as the surface; the geometry is the axis.
COLUMNS["corridor_l"] = dict(COLUMNS["corridor_s"])
_OBSTACLE = _IDENTITY | {
    "type": Column("str", "type code in the standard, or a label where no code is known", nullable=False),
    "type_label": Column("str", "the standard's words for the type", nullable=False),
    "cause": Column("str", "ground class or work that hinders: motorway, railway, weir ...", nullable=False),
    "cuts": Column("str", "identifiers of the elements it cuts, separated by ';'", nullable=False),
    "subnetworks": Column("str", "keys of the sub-networks concerned, separated by ';'", nullable=False),
    "crossings": Column("int", "passages known within it", nullable=False),
    "evidence": Column("str", "what was measured, in words"),
}
COLUMNS["obstacle_p"] = _OBSTACLE | {
    "code": Column("str", "river works: code in their inventory, as ROE12345"),
    "basin": Column("str", "river works: number of the basin in basins.csv, of bocage rivers too"),
    "height_m": Column("float", "river works: height of fall", "m"),
    "passability_up": Column(
        "float", "river works: share that gets past upwards; empty is unknown, in [0, 1]"
    ),
    "passability_up_low": Column("float", "the same at its lowest"),
    "passability_up_high": Column("float", "the same at its highest"),
    "passability_down": Column(
        "float", "river works: share that gets past downwards; empty is unknown, in [0, 1]"
    ),
    "passability_down_low": Column("float", "the same at its lowest"),
    "passability_down_high": Column("float", "the same at its highest"),
    "passability_known": Column("bool", "river works: both passabilities are known", nullable=False),
    "gain_potamodromous": Column(
        "float",
        "river works: rise of the DCI within the river of the whole network, were it opened alone",
        "points",
    ),
    "gain_diadromous": Column(
        "float",
        "river works: rise of the DCI from the sea of the whole network, were it opened alone",
        "points",
    ),
    "upstream_km": Column(
        "float", "river works: watercourses above it up to the next works, all branches", "km"
    ),
    "rank": Column("float", "river works: rank by gain alone in the whole network, 1 first"),
    "plan_order": Column(
        "float", "river works: order of opening in the plan for the budget; empty out of it"
    ),
    "plan_option": Column(
        "str",
        "river works: what the plan does there, removal or pass; empty out of it or without cost of passes",
    ),
    "list1": Column("bool", "river works: on a reach of list 1 of article L.214-17", nullable=False),
    "list2": Column("bool", "river works: on a reach of list 2 of article L.214-17", nullable=False),
    "priority": Column(
        "bool", "river works: has to be opened; false too where the study does not tell", nullable=False
    ),
    "protected": Column(
        "bool",
        "river works: its removal may not be imposed; false too where the study does not tell",
        nullable=False,
    ),
}
COLUMNS["obstacle_l"] = _OBSTACLE | {"length_m": Column("float", "length", "m", nullable=False)}
COLUMNS["obstacle_s"] = _OBSTACLE | {"area_ha": Column("float", "area", "ha", nullable=False)}

_DTYPES = {"str": "object", "float": "float64", "int": "int64", "bool": "bool"}


def empty_table(table: Table, crs: str) -> GeoDataFrame:
    """Make a table of the network with its columns and no rows.

    >>> list(empty_table("obstacle_s", "EPSG:2154").columns)[:3]
    ['id', 'name', 'type']
    """
    import geopandas
    import pandas

    data = {name: pandas.Series(dtype=_DTYPES[column.dtype]) for name, column in COLUMNS[table].items()}
    return geopandas.GeoDataFrame(data, geometry=geopandas.GeoSeries([], crs=crs), crs=crs)


@dataclass(frozen=True)
class Network:
    """An ecological network: its tables and what data each theme had.

    Attributes
    ----------
    tables : mapping of table name to GeoDataFrame
        Every table of ``COLUMNS``; those without objects are empty, never absent.
    provided : mapping of theme to bool
        False where the data a theme needs were not given; such a theme is printed
        « donnée non fournie », one with data but no object « néant ».
    crs : str
        As ``"EPSG:2154"``.
    about : mapping
        Title, date, legal status, issuer and sources, as ``study.about()`` gives them.
    """

    tables: Mapping[Table, GeoDataFrame]
    provided: Mapping[Theme, bool]
    crs: str
    about: Mapping[str, Any] = field(default_factory=dict)
