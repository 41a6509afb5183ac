"""Cost distance with allocation: bocage against peers, on one landscape, in one run.

    python benchmarks/cost_distance.py [side ...]      (default 1000 4000: 1 and 16 million cells)

Each peer runs in its own process and reports its CPU seconds (user + system, all threads) and its
peak resident memory; what it took to read the input is in both. Values are compared on the spot.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from clock import Clock, run_peer

RESISTANCES = (1.0, 5.0, 20.0, 50.0, 100.0, 300.0, 1000.0)
CELL = 10.0


def make_landscape(side: int, folder: Path) -> None:
    """Write a fragmented landscape of ``side`` × ``side`` cells: smooth noise cut into classes.

    Habitat is the upper tenth of a smooth field; its clumps of at least 200 cells are the sources.
    """
    import rasterio
    from rasterio.transform import from_origin
    from scipy import ndimage

    random = np.random.default_rng(59450)
    coarse = ndimage.gaussian_filter(random.standard_normal((side, side), np.float32), 12)
    fine = ndimage.gaussian_filter(random.standard_normal((side, side), np.float32), 2)
    field = coarse / coarse.std() + 0.6 * fine / fine.std()
    limits = np.quantile(field[::3, ::3], [0.05, 0.15, 0.35, 0.6, 0.8, 0.9])
    resistance = np.array(RESISTANCES[::-1], np.float32)[np.digitize(field, limits)]
    labels, _ = ndimage.label(resistance == 1.0, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    keep = sizes >= 200
    keep[0] = False
    number = np.zeros(sizes.size, np.int32)
    number[keep] = np.arange(1, keep.sum() + 1)
    patches = number[labels]
    for name, array in (("resistance", resistance), ("patches", patches)):
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", width=side, height=side, count=1,
            dtype=array.dtype, crs="EPSG:2154", transform=from_origin(700000, 6600000, CELL, CELL),
        ) as target:  # fmt: skip
            target.write(array, 1)


def read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    import rasterio

    with rasterio.open(folder / "resistance.tif") as source:
        resistance = source.read(1)
    with rasterio.open(folder / "patches.tif") as source:
        return resistance, source.read(1)


def run_bocage(folder: Path, threads: int = 1) -> tuple[np.ndarray, dict[str, float]]:
    from bocage.corridors.cost_distance import cost_distance
    from bocage.grid import Grid
    from bocage.resistance import ResistanceSurface

    resistance, patches = read(folder)
    codes = (np.searchsorted(RESISTANCES, resistance) + 1).astype(np.uint16)
    surface = ResistanceSurface(
        Grid(700000, 6600000, CELL, *patches.shape), codes, np.r_[np.inf, RESISTANCES]
    )
    tiny = ResistanceSurface(Grid(0, 0, CELL, 4, 4), np.ones((4, 4), np.uint16), surface.values)
    cost_distance(tiny, np.eye(4, dtype=np.int32))  # compile or load the kernels outside the clock
    clock = Clock()
    distance = cost_distance(surface, patches, threads=threads)
    figures = clock.stop()
    return distance.cost(), figures


def run_scikit_image(folder: Path) -> tuple[np.ndarray, dict[str, float]]:
    """Run the same cost; no allocation, which would take a traceback from every cell."""
    from skimage.graph import MCP_Geometric

    resistance, patches = read(folder)
    # Only border cells are given as starts, so that starting from whole patches costs it nothing.
    from scipy import ndimage

    border = (patches > 0) & (ndimage.minimum_filter(patches, 3) != ndimage.maximum_filter(patches, 3))
    inner = (patches > 0) & ~border
    starts = list(map(tuple, np.argwhere(border)))
    costs = resistance.astype(np.float64)
    clock = Clock()
    cost, _ = MCP_Geometric(costs).find_costs(starts)
    figures = clock.stop()
    cost[inner] = 0
    return cost * CELL, figures


def run_whitebox(folder: Path) -> tuple[np.ndarray, dict[str, float]]:
    """Run its cost distance, then its allocation; it writes its results to files."""
    import rasterio
    import whitebox_workflows

    environment = whitebox_workflows.WbEnvironment()
    environment.verbose = False
    environment.working_directory = str(folder)
    tools = environment.raster
    source = environment.read_raster(str(folder / "patches.tif"))
    resistance = environment.read_raster(str(folder / "resistance.tif"))
    clock = Clock()
    back = str(folder / "whitebox_back.tif")
    tools.cost_distance(
        source=source, cost=resistance, output=str(folder / "whitebox_cost.tif"), backlink_output=back
    )
    tools.cost_allocation(
        source=source, backlink=environment.read_raster(back), output=str(folder / "whitebox_zones.tif")
    )
    figures = clock.stop()
    with rasterio.open(folder / "whitebox_cost.tif") as result:
        return result.read(1).astype(float), figures


PEERS = {"bocage": run_bocage, "scikit-image": run_scikit_image, "whitebox-workflows": run_whitebox}


def work(peer: str, folder: Path) -> None:
    cost, figures = PEERS[peer](folder)
    np.save(folder / f"{peer}.npy", cost)
    print(json.dumps(figures))


def main() -> None:
    sides = [int(side) for side in sys.argv[1:]] or [1000, 4000]
    heads = f"{'cells':>12} {'peer':20} {'CPU s':>8} {'ns/cell':>8} {'B/cell':>7} {'x ours':>7}"
    print(f"{heads}  largest relative difference")
    for side in sides:
        folder = Path(tempfile.mkdtemp(prefix="bocage-bench-"))
        try:
            make_landscape(side, folder)
            ours: dict[str, float] = {}
            expected = np.empty(0)
            for peer in PEERS:
                figures, why = run_peer([sys.executable, __file__, "--work", peer, str(folder)])
                if figures is None:
                    print(f"{side * side:12,} {peer:20} not run: {why}")
                    continue
                cost = np.load(folder / f"{peer}.npy")
                if peer == "bocage":
                    ours, expected = figures, cost
                    gap = 0.0
                else:
                    both = np.isfinite(expected) & np.isfinite(cost) & (expected > 0)
                    gap = float(np.max(np.abs(cost[both] - expected[both]) / expected[both]))
                cells, spent = side * side, figures["cpu"]
                print(
                    f"{cells:12,} {peer:20} {spent:8.2f} {spent / cells * 1e9:8.0f} "
                    f"{figures['added'] / cells:7.0f} {spent / ours['cpu']:7.1f}  {gap:.1e}",
                    flush=True,
                )
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
