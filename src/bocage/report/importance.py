"""The report's section on what each reservoir and corridor is worth: the first of every sub-network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bocage.network import Network
from bocage.report.figures import list_rows, name_ends, name_reservoirs, write_amount
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

MOST_RESERVOIRS, MOST_CORRIDORS = 5, 3
"""Rows of each sub-network."""

_PARTS = ("intra", "flux", "connector")
_MAINLY = 0.5


@dataclass(frozen=True, slots=True)
class Worth:
    """A reservoir or corridor, as a row tells it.

    Attributes
    ----------
    rank : int
    name, id, communes : str
    percent : str
        Of the connectivity of the sub-network that goes with it.
    parts : tuple of (str, float)
        Key of each part and its width in the bar [%].
    why : str
    """

    rank: int
    name: str
    id: str
    communes: str
    percent: str
    parts: tuple[tuple[str, float], ...]
    why: str


@dataclass(frozen=True, slots=True)
class SubnetworkWorth:
    """The first reservoirs and corridors of a sub-network."""

    name: str
    reservoirs: tuple[Worth, ...]
    corridors: tuple[Worth, ...]


def list_worth(
    network: Network, names: Mapping[str, str], communes: GeoDataFrame | None, language: str
) -> list[SubnetworkWorth]:
    """Give the first reservoirs and corridors of each sub-network by what would be lost without them."""
    reservoirs, corridors = network.tables["reservoir_s"], network.tables["corridor_s"]
    called = name_reservoirs(network)
    found = []
    for key in dict.fromkeys(reservoirs["subnetwork"]):
        mine = _take_first(reservoirs, key, MOST_RESERVOIRS)
        if not len(mine):
            continue
        widest = float(mine["dpc"].max())
        patches = [
            Worth(
                rank, called[row["id"]], row["id"], place, write_amount(row["dpc"], language),
                tuple((part, round(100 * row[f"dpc_{part}"] / widest, 2)) for part in _PARTS),
                _say_why(row, language),
            )
            for rank, row, place in list_rows(mine, communes, language)
        ]  # fmt: skip
        ways = [
            Worth(rank, name_ends(row, called), row["id"], place, write_amount(row["dpc"], language), (), "")
            for rank, row, place in list_rows(_take_first(corridors, key, MOST_CORRIDORS), communes, language)
        ]
        found.append(SubnetworkWorth(names.get(key, key), tuple(patches), tuple(ways)))
    return found


def _take_first(table: GeoDataFrame, key: str, most: int) -> GeoDataFrame:
    mine = table[(table["subnetwork"] == key) & np.isfinite(table["dpc"].to_numpy(np.float64))]
    return mine[mine["dpc"] > 0].sort_values(["dpc", "id"], ascending=[False, True]).iloc[:most]


def _say_why(row: Mapping[str, float], language: str) -> str:
    """Say which part makes most of it, if one does."""
    shares = {part: row[f"dpc_{part}"] / row["dpc"] for part in _PARTS}
    most = max(_PARTS, key=lambda part: shares[part])
    key = most if shares[most] >= _MAINLY else "mixed"
    return say(f"report.worth_{key}", language, share=round(100 * shares[most]))
