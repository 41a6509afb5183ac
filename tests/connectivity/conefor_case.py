"""Inputs and published tables of Conefor 2.7.3, and the crosses, a toy landscape of Graphab."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pandas

from bocage.connectivity.landscape import Dispersal, LandscapeGraph

BINARY_DISTANCE = 1500.0
"""Patches are linked, for the indices that ask only this, where their distance is at most this."""
DISPERSAL = Dispersal(1000, 0.5)
LANDSCAPE_AREA = 64e6

CROSS_EXPECTED: dict[str, object] = {
    "H_all": 9.0,
    "EC_p1": 5.0,
    "Dg_all": (3, 3, 4, 3, 3),
    "F_p1": 4.0,
    "IF_cross_d3_p05": {3: 3.0},
    "IF_cross_d6_p05": {
        1: 0.7071067811865475 + 0.5 * 3 + 1,
        2: 0.7071067811865475 + 0.5 * 3 + 1,
        3: 0.7071067811865475 * 4 + 1,
        4: 0.7071067811865475 + 0.5 * 3 + 1,
        5: 0.7071067811865475 + 0.5 * 3 + 1,
    },
    "modularity_2_links": 4,
}
"""Values of the crosses, by index and graph; IF by patch."""


def conefor_folder(shared: Path) -> Path:
    """Give the folder of the case."""
    return shared / "cases" / "connectivity" / "conefor"


@functools.cache
def load_graph(shared: Path, greatest: float = np.inf) -> LandscapeGraph:
    """Load the network with the links of at most some distance; ``BINARY_DISTANCE`` for the binary indices.

    Conefor reads the listed distances as links of the probabilistic indices, whatever their length.
    """
    folder = conefor_folder(shared)
    nodes = pandas.read_csv(folder / "nodes.txt", sep=r"\s+", names=["id", "capacity"])
    links = pandas.read_csv(folder / "dist.txt", sep=r"\s+", names=["from", "to", "distance"])
    place = pandas.Series(np.arange(len(nodes)), nodes["id"])
    coordinates = pandas.read_csv(folder / "coords.csv", index_col="id").loc[nodes["id"]]
    graph = LandscapeGraph.of(
        nodes["capacity"],
        place[links["from"]],
        place[links["to"]],
        links["distance"],
        ids=nodes["id"].tolist(),
        link_ids=[f"{one}-{other}" for one, other in zip(links["from"], links["to"], strict=True)],
        length=links["distance"],
        position=coordinates.to_numpy(dtype=np.float64),
    )
    return graph.keep_links(graph.cost <= greatest)


@functools.cache
def read_overall(shared: Path, run: str = "base") -> dict[str, float]:
    """Read the overall indices by name, as printed: some six digits."""
    table = pandas.read_csv(
        conefor_folder(shared) / run / "overall_indices.txt",
        sep="\t",
        names=["index", "value"],
        usecols=[0, 1],
    )
    return dict(zip(table["index"].str.strip(), table["value"].astype(float), strict=True))


@functools.cache
def read_table(shared: Path, name: str, run: str = "base") -> pandas.DataFrame:
    """Read a table that has a header, for example ``r_node_importances``; d-values are per cent."""
    table = pandas.read_csv(conefor_folder(shared) / run / f"{name}.txt", sep="\t")
    return table.loc[:, [column for column in table.columns if not column.startswith("Unnamed")]]


@functools.cache
def read_pairs(shared: Path, name: str, run: str = "base") -> pandas.DataFrame:
    """Read a table of pairs without header, for example ``r_direct_probabilities``: two ids and a value."""
    return pandas.read_csv(
        conefor_folder(shared) / run / f"{name}.txt",
        sep="\t",
        names=["one", "other", "value"],
        usecols=[0, 1, 2],
    )


CROSS_GRAPHS: dict[str, tuple[str, float]] = {
    "all": ("Jeulien1", np.inf),
    "cross": ("Jeulien1", 3.0),
    "comp": ("comp", np.inf),
    "comp_cross": ("comp", 3.0),
    "comp_empty": ("comp", 2.0),
    "comp_euclid": ("comp_euclid", np.inf),
}
"""Links file and dearest link of each graph of the crosses; patches are one cell, crossed at no cost."""


@functools.cache
def load_cross(shared: Path, name: str = "all") -> LandscapeGraph:
    """Load one of ``CROSS_GRAPHS``: five patches of one cell, capacity 1, placed at their centres.

    To add patches, Graphab gives each patch its number as capacity, ``.weigh([1, 2, 3, 4, 5])``,
    and a dispersal of 2 with probability 0.5.
    """
    folder = shared / "cases" / "connectivity" / "graphab_cross"
    source, dearest = CROSS_GRAPHS[name]
    links = pandas.read_csv(folder / f"{source}-links.csv")
    patches = pandas.read_csv(folder / "patches.csv").sort_values("Id")
    graph = LandscapeGraph.of(
        patches["Capacity"],
        links["ID1"] - 1,
        links["ID2"] - 1,
        links["Dist"],
        ids=patches["Id"].tolist(),
        link_ids=[f"{one}-{other}" for one, other in zip(links["ID1"], links["ID2"], strict=True)],
        length=links["DistM"],
        position=[(4, -2), (1, -5), (4, -5), (7, -5), (4, -8)],
    )
    return graph.keep_links(graph.cost <= dearest)
