"""Graphs and published values of Graphab 2.6's own test project, 152 patches.

Graphab measures the cost of crossing a patch between the cells where two links end. Its files give these
costs by cell but not the cells of each link, which are found again here: the least-cost path of a link, on
the land cover, ends at a cell of each patch, and of equal paths the one that ends at cells of the file.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import rasterio
from numba import njit

from bocage.connectivity.landscape import Dispersal, InnerWays, LandscapeGraph
from bocage.kernels.graph_paths import drop, push

DISPERSAL = Dispersal(1000, 0.05)
RECTANGLE = 1000 * 1000 * 13.998903636200005 * 13.999781617000233
"""Area that Graphab divides by: the whole raster [m²]."""
TOTAL_AREA = 7931963.04522982

GRAPHS: dict[str, tuple[str, str, float, bool, bool]] = {
    # links file, column of the impedance, dearest link, minimum spanning tree, intra-patch costs
    "plan_euclid": ("plan_euclid", "Dist", np.inf, False, False),
    "plan_cout1": ("plan_cout1", "Dist", np.inf, False, True),
    "plan_cout1_len": ("plan_cout1_len", "DistM", np.inf, False, True),
    "plan_cout10": ("plan_cout10", "Dist", np.inf, False, True),
    "plan_cout10_300": ("plan_cout10", "Dist", 300.0, False, True),
    "plan_cout10_mst": ("plan_cout10", "Dist", np.inf, True, True),
    "plan_cout10_keep_links": ("plan_cout10_keep_links", "Dist", np.inf, False, True),
    "comp_euclid": ("comp_euclid", "Dist", np.inf, False, False),
    "comp_euclid_1000": ("comp_euclid", "Dist", 1000.0, False, False),
    "comp_euclid_1000_nointra": ("comp_euclid", "Dist", 1000.0, False, False),
    "comp_cout10": ("comp_cout10", "Dist", np.inf, False, True),
    "comp_cout10_nointra": ("comp_cout10", "Dist", np.inf, False, False),
    "comp_cout10_500": ("comp_cout10_500", "Dist", np.inf, False, True),
    # Made without its paths, hence without intra-patch costs.
    "comp_cout10_500_nopath": ("comp_cout10_500_nopath", "Dist", np.inf, False, False),
    "comp_cout10_all": ("comp_cout10_all", "Dist", np.inf, False, False),
}
"""Graphs of the project. Those of straight lines go without intra-patch costs: no published value of
``plan_euclid`` and ``comp_euclid_1000`` depends on them (components and counts of links alone)."""

LINKS: dict[str, tuple[int, float, float]] = {
    "plan_euclid": (399, 377561.1225223806, 377561.1225223806),
    "plan_cout1": (381, 27588.8605768, 386225.769698995),
    "plan_cout10": (304, 58782.0487, 329736.579306309),
    "plan_cout10_keep_links": (399, 78962.696132, 459194.940464),
    "comp_euclid": (11476, 8.27329868717217e7, 8.27329868717217e7),
    "comp_cout10": (605, 317252.9343452, 1858377.81871097),
    "comp_cout10_all": (11476, 14145418.8672805, 99158916.904384),
    "comp_cout10_500": (361, 73311.1909156, 432229.9450662),
    "comp_cout10_500_nopath": (1704, 493887.4475448, 3768785.74029268),
}
"""Number of links, sum of costs and sum of lengths of each set of links."""

COMPONENTS: dict[str, tuple[int, float, int]] = {
    "plan_euclid": (399, 377561.1225223807, 1),
    "plan_cout1_len": (381, 386225.7696989946, 1),
    "plan_cout10_mst": (151, 12503.94081, 1),
    "plan_cout10_300": (231, 24028.0754832, 9),
    "comp_euclid_1000": (378, 166109.80953905112, 19),
    "comp_euclid_1000_nointra": (378, 166109.80953905112, 19),
    "comp_cout10": (605, 317252.9343452, 1),
    "comp_cout10_500_nopath": (1704, 493887.4475448, 1),
}
"""Number of links, sum of impedances and number of components of each graph."""

EXPECTED: dict[str, dict[str, float]] = {
    "PC": {
        "comp_cout10": 2.597275864295179e-4,
        "comp_cout10_500_nopath": 3.2880609909219453e-4,
        "comp_euclid_1000_nointra": 9.581715576493942e-5,
        "plan_cout10_300": 2.3271157678692673e-4,
        "plan_cout10_mst": 1.9835638747391063e-4,
        "plan_cout1_len": 6.69054229355518e-5,
    },
    "S#F": {
        "comp_cout10": 1.452507396441085e8,
        "comp_cout10_500_nopath": 1.9303189629387736e8,
        "comp_euclid_1000_nointra": 3.831238163096813e7,
        "plan_cout10_300": 1.2430411376651993e8,
        "plan_cout10_mst": 1.0202141335734332e8,
        "plan_cout1_len": 1.815613336195109e7,
    },
    "E#BC": {
        "comp_cout10": 0.8198695594806273,
        "comp_cout10_500_nopath": 0.7872122952172801,
        "comp_euclid_1000_nointra": 0.7223037316571634,
        "plan_cout10_300": 0.8398772543774017,
        "plan_cout10_mst": 0.8204448608776209,
        "plan_cout1_len": 0.666567473284984,
    },
    "D#BC": {"comp_cout10": 0.9736784563148873},
    "E#eBC": {"comp_cout10": 0.7339459732275027},
    "D#eBC": {"comp_cout10": 0.9845967148211576},
    "ECCirc": {"comp_cout10": 7164952.08893959},
    "CCP": {"comp_cout10": 1.0, "comp_euclid_1000": 0.3245421246977966},
    "ECS": {"comp_cout10": 7931963.045229822, "comp_euclid_1000": 2574256.1397232935},
    "MSC": {"comp_cout10": 7931963.045229822, "comp_euclid_1000": 417471.73922262224},
    "SLC": {"comp_cout10": 7931963.045229822, "comp_euclid_1000": 3735409.177527936},
    "NC": {"comp_cout10": 1, "plan_cout10_300": 9, "comp_euclid_1000": 19},
    "IIC": {
        "comp_cout10": 4.2943441897345247e-4,
        "comp_cout10_500_nopath": 4.885949077592436e-4,
        "comp_euclid_1000": 1.6148035259804173e-4,
        "plan_cout10_mst": 1.687794720399462e-4,
        "plan_cout1_len": 3.5384810593771507e-4,
        "plan_euclid": 3.5701558731321767e-4,
    },
    "GD": {
        "comp_cout10": 3290.6959320000024,
        "comp_cout10_500_nopath": 4173.5731368000015,
        "comp_euclid_1000_nointra": 8817.915643013066,
        "plan_cout10_mst": 6845.8151244,
        "plan_cout1_len": 22123.96312195184,
    },
    "H": {
        "comp_cout10": 3652.640873015876,
        "comp_cout10_500_nopath": 4567.878860028861,
        "comp_euclid_1000_nointra": 993.4060078810077,
        "plan_cout10_mst": 1047.894318914176,
        "plan_cout1_len": 2766.785411810412,
        "plan_euclid": 2814.2792735042735,
    },
}
"""Values of the whole graph by index, then by graph; ``DISPERSAL``, ``RECTANGLE``, beta = 1."""

WILKS: dict[int, dict[str, float]] = {
    2: {"Area": 0.9002233972616329, "Perim": 0.9827320563424049, "components": 14},
    4: {"Area": 0.9677880588729856, "Perim": 0.9832386267370827, "components": 6},
}
"""Wilks' lambda on ``comp_euclid_1000`` by least number of patches of a component."""


@dataclass(frozen=True)
class _Ground:
    """Padded rasters, flat."""

    width: int
    patch: Any
    classes: Any
    cells: dict[int, Any]
    position: Any
    origin: tuple[float, float]
    cell: tuple[float, float]


def case_folder(shared: Path) -> Path:
    """Give the folder of the case."""
    return shared / "cases" / "connectivity" / "graphab"


@functools.cache
def read_expected(shared: Path) -> pandas.DataFrame:
    """Read the published values of every patch, indexed by number, in the order of the graphs' patches.

    Columns are named as Graphab names them, for example ``F_d1000_p0.05_beta1_graph_comp_cout10`` or
    ``d_dPC_d1000_p0.05|PCFlux_graph_comp_cout10``.
    """
    return pandas.read_csv(case_folder(shared) / "patches_metrics_expected.csv", index_col="Id").sort_index()


@functools.cache
def load_graph(shared: Path, name: str) -> LandscapeGraph:
    """Load one of ``GRAPHS``; capacities are areas [m²], costs the impedances, lengths in metres."""
    source, column, dearest, tree, inner = GRAPHS[name]
    links = pandas.read_csv(case_folder(shared) / f"{source}-links.csv")
    expected = read_expected(shared)
    start, end = links["ID1"].to_numpy() - 1, links["ID2"].to_numpy() - 1
    cost = links[column].to_numpy(dtype=np.float64)
    graph = LandscapeGraph.of(
        expected["Area"].to_numpy(),
        start,
        end,
        cost,
        ids=expected.index.tolist(),
        link_ids=[f"{one}-{other}" for one, other in zip(links["ID1"], links["ID2"], strict=True)],
        length=links["DistM"].to_numpy(dtype=np.float64),
        position=_read_ground(shared).position,
    )
    if inner:
        graph = replace(graph, inner=_read_inner(shared, source))
    keep = cost <= dearest
    if tree:
        keep &= _span(len(expected), start, end, cost)
    return graph.keep_links(keep)


@functools.cache
def find_link_ends(shared: Path, source: str) -> tuple[Any, Any]:
    """Find the cells where each link ends in its first and in its second patch.

    Returns
    -------
    two (m,) arrays of int64
        Flat places in the padded rasters; -1 in patches where the file needs no cell.
    """
    ground = _read_ground(shared)
    links = pandas.read_csv(case_folder(shared) / f"{source}-links.csv")
    used: dict[int, set[int]] = {}
    for cell in _read_ways(shared, source)[:2]:
        for place in cell:
            used.setdefault(int(ground.patch[place]), set()).add(int(place))
    resistance = np.where(ground.patch == -1, np.inf, ground.classes if "cout10" in source else 1.0)
    first, second, cost = (links[column].to_numpy() for column in ("ID1", "ID2", "Dist"))
    ends = np.full((2, len(links)), -1, np.int64)
    label, mark = np.full(len(resistance), np.inf), np.full(len(resistance), -1, np.int64)
    keys, cells = np.empty(4 * len(resistance)), np.empty(4 * len(resistance), np.int64)
    calls = 0
    options: dict[int, list[tuple[int, int]]] = {}
    waiting = {k for k in range(len(links)) if first[k] in used or second[k] in used}
    while waiting:
        # Searching from the patch that has the most links within the least reach saves most of the work.
        reach: dict[int, list[int]] = {}
        for k in sorted(waiting):
            reach.setdefault(int(first[k]), []).append(k)
            reach.setdefault(int(second[k]), []).append(k)
        patch = max(reach, key=lambda one: (len(reach[one]) / max(cost[reach[one]]) ** 2, -one))
        _spread(
            resistance, ground.cells[patch], cost[reach[patch]].max() + 1e-6, ground.width, label, keys, cells
        )
        for k in reach[patch]:
            side = 1 if first[k] == patch else 0
            far = int((first, second)[side][k])
            arrivals = ground.cells[far][np.abs(label[ground.cells[far]] - cost[k]) < 1e-6]
            for place in sorted(arrivals, key=lambda one: (one not in used.get(far, ()), one)):
                if options.get(k) and place not in used.get(far, ()):
                    break
                calls += 1
                departures = _trace_back(resistance, label, mark, calls, place, ground.width)
                known = sorted(set(departures.tolist()) & used.get(patch, set()))
                if known or patch not in used:
                    pair = {side: place if far in used else -1}
                    for cell in known or [-1]:
                        chosen = pair | {1 - side: cell}
                        options.setdefault(k, []).append((chosen[0], chosen[1]))
            if k not in options:
                raise AssertionError(f"no path of link {k} of {source} ends at cells of its file")
        waiting -= set(reach[patch])
    # Every cell of the file is the end of some link: of paths alike, those that end where no other does.
    taken: set[int] = set()
    for k in sorted(options, key=lambda one: (len(options[one]), one)):
        ends[:, k] = max(options[k], key=lambda pair: len(set(pair) - taken))
        taken.update(ends[:, k].tolist())
    return ends[0], ends[1]


@functools.cache
def _read_ground(shared: Path) -> _Ground:
    folder = case_folder(shared)
    with rasterio.open(folder / "patches.tif") as dataset:
        patch, place = dataset.read(1), dataset.transform
    classes = np.zeros(patch.shape, np.int64)
    with rasterio.open(folder / "source.tif") as dataset:
        classes[1:-1, 1:-1] = dataset.read(1)
    flat = patch.astype(np.int64).ravel()
    order = np.argsort(flat, kind="stable")
    bounds = np.searchsorted(flat[order], np.arange(1, flat.max() + 2))
    cells = {n: order[bounds[n - 1] : bounds[n]] for n in range(1, int(flat.max()) + 1)}
    width = patch.shape[1]
    position = np.array(
        [
            (place.c + place.a * (np.mean(c % width) + 0.5), place.f + place.e * (np.mean(c // width) + 0.5))
            for c in cells.values()
        ]
    )
    return _Ground(width, flat, classes.ravel(), cells, position, (place.c, place.f), (place.a, place.e))


@functools.cache
def _read_ways(shared: Path, source: str) -> tuple[Any, Any, Any]:
    """Read the cells of each intra-patch way and its cost, or its length where length is the impedance."""
    ground = _read_ground(shared)
    table = pandas.read_csv(case_folder(shared) / f"{source}-links-intra.csv", dtype=str)

    def locate(column: str) -> Any:
        x, y = table[column].str.split("-", expand=True).astype(float).to_numpy().T
        col = np.round((x - ground.origin[0]) / ground.cell[0] - 0.5).astype(np.int64)
        row = np.round((y - ground.origin[1]) / ground.cell[1] - 0.5).astype(np.int64)
        return row * ground.width + col

    cost = table["Length" if GRAPHS[source][1] == "DistM" else "Cost"].astype(float).to_numpy()
    return locate("Coord1"), locate("Coord2"), cost


@functools.cache
def _read_inner(shared: Path, source: str) -> InnerWays:
    links = pandas.read_csv(case_folder(shared) / f"{source}-links.csv")
    cells, far_cells, costs = _read_ways(shared, source)
    between = {
        (min(a, b), max(a, b)): c for a, b, c in zip(cells.tolist(), far_cells.tolist(), costs, strict=True)
    }
    meeting: dict[int, list[tuple[int, int]]] = {}
    for patches, ends in zip((links["ID1"], links["ID2"]), find_link_ends(shared, source), strict=True):
        for k, (patch, end) in enumerate(zip(patches, ends.tolist(), strict=True)):
            meeting.setdefault(int(patch) - 1, []).append((k, end))
    rows = [
        (k, other, patch, between[min(a, b), max(a, b)])
        for patch, ends in sorted(meeting.items())
        for place, (k, a) in enumerate(sorted(ends))
        for other, b in sorted(ends)[place + 1 :]
        if a != b
    ]
    first, second, patch = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    return InnerWays(first, second, patch, np.array([row[3] for row in rows]))


def _span(count: int, start: Any, end: Any, cost: Any) -> Any:
    """Give the links of the minimum spanning forest; of equal costs that of the lower numbers."""
    group = list(range(count))
    keep = np.zeros(len(cost), bool)
    for k in np.lexsort((np.maximum(start, end), np.minimum(start, end), cost)):
        one, other = group[start[k]], group[end[k]]
        if one != other:
            keep[k] = True
            group = [one if g == other else g for g in group]
    return keep


@njit(cache=True)
def _spread(
    resistance: Any, sources: Any, limit: float, width: int, label: Any, keys: Any, cells: Any
) -> None:
    """Accumulate cost around cells, 8 neighbours, in Graphab's rounding of the diagonal."""
    label[:] = np.inf
    size = 0
    for source in sources:
        label[source] = 0.0
        size = push(keys, cells, size, 0.0, source)
    steps = np.array([-width, width, -1, 1, -width - 1, -width + 1, width - 1, width + 1])
    while size > 0:
        cost = keys[0]
        cell = cells[0]
        size = drop(keys, cells, size)
        if cost > label[cell]:
            continue
        if cost > limit:
            break
        for k in range(8):
            near = cell + steps[k]
            if resistance[near] == np.inf:
                continue
            through = cost + (1.0 if k < 4 else 1.4142136) * (resistance[cell] + resistance[near]) / 2
            if through < label[near] - 1e-9 and through <= limit:
                label[near] = through
                size = push(keys, cells, size, through, near)


@njit(cache=True)
def _trace_back(resistance: Any, label: Any, mark: Any, token: int, end: int, width: int) -> Any:
    """Give the cells of no cost from which a path of least cost leads to ``end``."""
    steps = np.array([-width, width, -1, 1, -width - 1, -width + 1, width - 1, width + 1])
    stack = [np.int64(end)]
    mark[end] = token
    found = [np.int64(-1)]
    while len(stack) > 0:
        cell = stack.pop()
        if label[cell] == 0:
            found.append(cell)
            continue
        for k in range(8):
            near = cell + steps[k]
            if mark[near] == token or resistance[near] == np.inf:
                continue
            step = (1.0 if k < 4 else 1.4142136) * (resistance[cell] + resistance[near]) / 2
            if abs(label[near] + step - label[cell]) < 1e-7:
                mark[near] = token
                stack.append(near)
    return np.array(found[1:])
