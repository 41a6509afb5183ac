"""Figures of the network: what each commune holds, and how well the reservoirs are linked."""

from bocage.connectivity.graph import (
    GraphSummary,
    equivalent_connected_area,
    rank_restorations,
    summarise_graph,
    summarise_graphs,
    value_network,
)
from bocage.connectivity.indicators import INDICATORS, Indicator, describe_indicators, measure_communes

__all__ = [
    "INDICATORS",
    "GraphSummary",
    "Indicator",
    "describe_indicators",
    "equivalent_connected_area",
    "measure_communes",
    "rank_restorations",
    "summarise_graph",
    "summarise_graphs",
    "value_network",
]
