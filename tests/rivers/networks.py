"""Little river networks drawn by hand, and slow definitions to hold the fast ones to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas
import networkx
import numpy as np
import shapely

from bocage.rivers.columns import LineColumns, WorkColumns
from bocage.rivers.network import RiverNetwork, build_river_network

Point = tuple[float, float]


def draw(*lines: Any, **columns: Sequence[Any]) -> geopandas.GeoDataFrame:
    """Draw lines, given as coordinates or geometries, with columns."""
    geometry = [line if isinstance(line, shapely.Geometry) else shapely.LineString(line) for line in lines]
    return geopandas.GeoDataFrame(dict(columns), geometry=geometry, crs="EPSG:2154")


def stand(*points: Point, **columns: Sequence[Any]) -> geopandas.GeoDataFrame:
    """Place works."""
    return geopandas.GeoDataFrame(
        dict(columns), geometry=[shapely.Point(point) for point in points], crs="EPSG:2154"
    )


def build(
    lines: geopandas.GeoDataFrame, works: geopandas.GeoDataFrame | None = None, **options: Any
) -> RiverNetwork:
    """Build, with columns called as they are in the result."""
    names = {key: key for key in ("id", "name", "direction", "level", "canal") if key in lines.columns}
    named = {} if works is None else {key: key for key in ("id", "name", "river") if key in works.columns}
    return build_river_network(
        lines, works, columns=LineColumns(**names), work_columns=WorkColumns(**named), **options
    )


def count(network: RiverNetwork, code: str) -> int:
    """Count the repairs of a kind."""
    return int((network.repairs["code"] == code).sum())


def follow(network: RiverNetwork, reach: int) -> list[int]:
    """List the reaches from one to the outlet."""
    downstream = network.reaches["downstream"].to_numpy()
    path = [reach]
    while downstream[path[-1]] >= 0:
        path.append(int(downstream[path[-1]]))
        assert len(path) <= len(downstream), "water flows in a circle"
    return path


def best_ways(network: RiverNetwork, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Give the greatest product of passabilities from each reach to each other, by Dijkstra on all ways.

    Reaches are joined at nodes without a work freely, across a work at its passability in that direction.
    """
    graph = networkx.DiGraph()
    reaches, works = network.reaches, network.works
    graph.add_nodes_from(reaches["id"])
    at: dict[int, list[int]] = {}
    barred = {int(reaches["end_node"].iloc[above]) for above in works["reach_above"] if above >= 0}
    for reach, start, end in zip(reaches["id"], reaches["start_node"], reaches["end_node"], strict=True):
        for node in (start, end):
            if node not in barred:
                at.setdefault(int(node), []).append(reach)
    for meeting in at.values():
        for one in meeting:
            for other in meeting:
                if one != other:
                    graph.add_edge(one, other, cost=0.0)
    for work, (above, below) in enumerate(zip(works["reach_above"], works["reach_below"], strict=True)):
        if above >= 0:
            with np.errstate(divide="ignore"):
                graph.add_edge(below, above, cost=-np.log(up[work]))
                graph.add_edge(above, below, cost=-np.log(down[work]))
    best = np.zeros((len(reaches), len(reaches)))
    for reach, costs in networkx.all_pairs_dijkstra_path_length(graph, weight="cost"):
        for other, cost in costs.items():
            best[reach, other] = np.exp(-cost)
    return best


def tree_ways(downstream: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Give the product of passabilities along the tree from each reach to each other; 0 between trees."""
    count = len(downstream)
    ways = np.zeros((count, count))
    for reach in range(count):
        climb, here = {}, reach
        product = 1.0
        while here >= 0:
            climb[here] = product
            product *= down[here]
            here = downstream[here]
        for other in range(count):
            product, here = 1.0, other
            while here >= 0 and here not in climb:
                product *= up[here]
                here = downstream[here]
            if here >= 0:
                ways[reach, other] = product * climb[here]
    return ways
