"""Landscape metrics: all patch, class and landscape metrics of bocage against pylandstats, in one run.

    python benchmarks/metrics.py [side ...]            (default 500 2000 5000: up to 25 million cells)
    python benchmarks/metrics.py --raster classes.tif  on a raster of classes in metres

Each peer runs in its own process on one raster, a smooth noise cut into seven classes, and reports its CPU
seconds (user + system, all threads; kernels compiled, reading apart) and the memory that it adds at its peak.
pylandstats is run up to a million cells only. Its means of metrics that both define alike are compared.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from clock import Clock, run_peer

CELL = 10.0
MOST_OF_PEERS = 1_000_000
COMPARED = {
    "ta": "total_area",
    "np": "number_of_patches",
    "lpi": "largest_patch_index",
    "area_mn": "area_mn",
    "shape_mn": "shape_index_mn",
    "enn_mn": "euclidean_nearest_neighbor_mn",
    "mesh": "effective_mesh_size",
}


def make_landscape(side: int) -> np.ndarray:
    """Cut a smooth noise, coarse and fine, into classes."""
    from scipy import ndimage

    random = np.random.default_rng(59450)
    coarse = ndimage.gaussian_filter(random.standard_normal((side, side), np.float32), 12)
    fine = ndimage.gaussian_filter(random.standard_normal((side, side), np.float32), 1.5)
    field = coarse / coarse.std() + 0.6 * fine / fine.std()
    limits = np.quantile(field[::3, ::3], [0.05, 0.15, 0.35, 0.6, 0.8, 0.9])
    return (np.digitize(field, limits) + 1).astype(np.uint8)


def write(raster: np.ndarray, path: Path) -> None:
    """Write a raster of classes."""
    import rasterio
    from rasterio.transform import from_origin

    with rasterio.open(
        path, "w", driver="GTiff", width=raster.shape[1], height=raster.shape[0], count=1, nodata=0,
        dtype=raster.dtype, crs="EPSG:2154", transform=from_origin(700000, 6600000, CELL, CELL),
    ) as target:  # fmt: skip
        target.write(raster, 1)


def run_bocage(path: Path) -> dict[str, float]:
    """Measure all metrics at the three levels."""
    import rasterio

    from bocage.fragmentation.class_metrics import measure_classes
    from bocage.fragmentation.landscape_metrics import measure_landscape
    from bocage.fragmentation.mosaic import build_mosaic
    from bocage.fragmentation.patch_metrics import measure_patches

    with rasterio.open(path) as source:
        raster, cell, nodata = source.read(1), source.transform.a, source.nodata

    def measure(part: np.ndarray) -> Any:
        mosaic = build_mosaic(part, cell, nodata=nodata)
        measure_patches(mosaic)
        measure_classes(mosaic)
        return measure_landscape(mosaic)

    measure(raster[:64, :64])  # compile or load the kernels outside the clock
    clock = Clock()
    found = measure(raster)
    return {**clock.stop(), **{name: float(found[name][0]) for name in COMPARED}}


def run_pylandstats(path: Path) -> dict[str, float]:
    """Measure all metrics that it has at the three levels."""
    from pylandstats import Landscape

    def measure(landscape: Any) -> Any:
        landscape.compute_patch_metrics_df()
        landscape.compute_class_metrics_df()
        return landscape.compute_landscape_metrics_df()

    measure(Landscape(make_landscape(64), res=(CELL, CELL), nodata=0))
    landscape = Landscape(str(path))
    clock = Clock()
    found = measure(landscape)
    return {**clock.stop(), **{name: float(found[theirs].iloc[0]) for name, theirs in COMPARED.items()}}


PEERS = {"bocage": run_bocage, "pylandstats": run_pylandstats}


def compare_peers(path: Path, cells: int) -> None:
    """Run each peer on a raster and print a line of each."""
    ours: dict[str, float] = {}
    for peer in PEERS:
        if peer != "bocage" and (cells > MOST_OF_PEERS or importlib.util.find_spec(peer) is None):
            reason = "too slow at this size" if cells > MOST_OF_PEERS else "not installed"
            print(f"{cells:12,} {peer:12} not run: {reason}", flush=True)
            continue
        figures, why = run_peer([sys.executable, __file__, "--work", peer, str(path)])
        if figures is None:
            print(f"{cells:12,} {peer:12} not run: {why}", flush=True)
            continue
        ours = ours or figures
        gap = max(abs(figures[name] - ours[name]) / abs(ours[name]) for name in COMPARED)
        print(
            f"{cells:12,} {peer:12} {figures['np']:10,.0f} {figures['cpu']:9.2f} "
            f"{figures['cpu'] / cells * 1e9:9.0f} {figures['added'] / cells:7.0f} "
            f"{figures['cpu'] / ours['cpu']:8.1f}  {gap:.1e}",
            flush=True,
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sides", nargs="*", type=int)
    parser.add_argument("--raster", type=Path)
    parser.add_argument("--work", nargs=2)
    given = parser.parse_args()
    if given.work:
        print(json.dumps(PEERS[given.work[0]](Path(given.work[1]))))
        return
    heads = (
        f"{'cells':>12} {'peer':12} {'patches':>10} {'CPU s':>9} {'ns/cell':>9} {'B/cell':>7} {'x ours':>8}"
    )
    print(f"{heads}  largest relative difference")
    if given.raster:
        import rasterio

        with rasterio.open(given.raster) as source:
            compare_peers(given.raster, source.width * source.height)
    for side in given.sides or ([] if given.raster else [500, 2000, 5000]):
        with tempfile.TemporaryDirectory(prefix="bocage-bench-") as folder:
            path = Path(folder) / "classes.tif"
            write(make_landscape(side), path)
            compare_peers(path, side * side)


if __name__ == "__main__":
    main()
