"""Effective mesh size, CUT and CBC: bocage against what one writes without it.

    python benchmarks/mesh.py [side ...]      (default 4000 10000: 16 and 100 million cells)

The raster peer is ``scipy.ndimage.label`` with numpy, the vector peer geopandas, both written with
care: labels once for the whole, once in the window of each unit; one overlay. Each peer runs in its
own process; CPU is user and system time of all threads, reading apart, memory what the call adds at
its peak. Every value is compared in the same run. Both vector peers spend their time in GEOS; ours
also checks the units and cuts at their common outline.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from clock import Clock, run_peer

ROWS, COLS = 27, 57
"""1 539 units, as many as Nord and Pas-de-Calais have communes."""
CELL = 10.0


def make_raster(side: int, folder: Path) -> None:
    """Write natural ground over 40 % of smooth noise, roads across it, and units with wavy borders."""
    from scipy import ndimage

    random = np.random.default_rng(59450)
    coarse = ndimage.gaussian_filter(random.standard_normal((side // 4, side // 4), np.float32), 5)
    coarse = np.repeat(np.repeat(coarse / coarse.std(), 4, 0), 4, 1)
    fine = ndimage.gaussian_filter(random.standard_normal((side, side), np.float32), 2)
    fine *= 0.6 / fine[::7, ::7].std()
    fine += coarse
    natural = fine > np.quantile(fine[::7, ::7], 0.6)
    across = np.arange(side)
    for road in range(side // 100):
        at = road * 100 + 30 * np.sin(across / (200 + road))
        cells = np.clip(at.astype(int), 0, side - 1)
        natural[cells, across] = natural[np.clip(cells + 1, 0, side - 1), across] = False
    np.save(folder / "natural.npy", natural)
    wave = (side / 400 * np.sin(across / side * 90)).astype(np.float32)
    row = np.clip((across[:, None] + wave) * ROWS // side, 0, ROWS - 1).astype(np.uint16)
    col = np.clip((across + wave[:, None]) * COLS // side, 0, COLS - 1).astype(np.uint16)
    np.save(folder / "units.npy", row * np.uint16(COLS) + col + np.uint16(1))


def run_raster_bocage(folder: Path) -> tuple[Any, dict[str, float]]:
    from bocage.fragmentation.mesh_figures import compute_mesh
    from bocage.fragmentation.mesh_raster import cut_raster
    from bocage.grid import Grid

    natural, units = np.load(folder / "natural.npy"), np.load(folder / "units.npy")
    cut_raster(
        natural[:2], units[:2], Grid(0, 0, CELL, 2, natural.shape[1])
    )  # load the kernels outside the clock
    clock = Clock()
    cut = cut_raster(natural, units, Grid(0, 0, CELL, *natural.shape))
    mesh = compute_mesh(cut.by_unit)
    figures = clock.stop()
    print(f"  ({cut.labels:,} labels, {len(cut.by_unit):,} pieces)", file=sys.stderr)
    return (mesh.mesh_cut_ha, mesh.mesh_cbc_ha), figures


def run_raster_scipy(folder: Path) -> tuple[Any, dict[str, float]]:
    from scipy import ndimage

    natural, units = np.load(folder / "natural.npy"), np.load(folder / "units.npy")
    clock = Clock()
    labels, _ = ndimage.label(natural)
    size = np.bincount(labels.ravel())
    size[0] = 0
    unit_cells = np.bincount(units.ravel())
    crossing = np.bincount(units.ravel(), weights=size[labels].ravel())
    cutting = np.zeros(unit_cells.size)
    for number, window in enumerate(ndimage.find_objects(units), 1):
        pieces, _ = ndimage.label(natural[window] & (units[window] == number))
        cutting[number] = (np.bincount(pieces.ravel())[1:].astype(float) ** 2).sum()
    per_ha = CELL * CELL / 1e4
    mesh = cutting[1:] / unit_cells[1:] * per_ha, crossing[1:] / unit_cells[1:] * per_ha
    return mesh, clock.stop()


def make_vector(folder: Path) -> None:
    """Write 5 000 wooded polygons, 300 roads and the units of a territory of 100 × 60 km."""
    import geopandas as gpd
    import shapely

    random = np.random.default_rng(59450)
    width, height = 100_000.0, 60_000.0
    centre = random.random((5_000, 2)) * (width, height)
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radius = random.lognormal(6.0, 0.5, (5_000, 1)) * (1 + 0.3 * random.random((5_000, 40)))
    rings = centre[:, None] + radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    start = random.random((300, 1, 2)) * (width, height)
    roads = start + np.cumsum(random.normal(0, 500, (300, 60, 2)) + random.normal(0, 150, (300, 1, 2)), 1)
    x, y = np.linspace(0, width, COLS + 1), np.linspace(0, height, ROWS + 1)
    units = [
        shapely.box(x[c], y[r], x[c + 1], y[r + 1]).segmentize(100.0)
        for r in range(ROWS)
        for c in range(COLS)
    ]
    for name, shapes in (
        ("natural", shapely.polygons(rings)),
        ("roads", shapely.linestrings(roads)),
        ("units", units),
    ):
        gpd.GeoDataFrame({"code": range(len(shapes))}, geometry=shapes, crs="EPSG:2154").to_parquet(
            folder / f"{name}.parquet"
        )


def read_vector(folder: Path) -> list[Any]:
    import geopandas as gpd

    return [gpd.read_parquet(folder / f"{name}.parquet") for name in ("natural", "roads", "units")]


def run_vector_bocage(folder: Path) -> tuple[Any, dict[str, float]]:
    from bocage.fragmentation.mesh import cut_patches, find_patches, widen_lines
    from bocage.fragmentation.mesh_figures import compute_mesh
    from bocage.fragmentation.units import read_units

    natural, roads, units = read_vector(folder)
    clock = Clock()
    patches = find_patches(natural, widen_lines(roads, 10.0))
    mesh = compute_mesh(cut_patches(patches, read_units(units, "code")).by_unit)
    return (mesh.mesh_cut_ha, mesh.mesh_cbc_ha), clock.stop()


def run_vector_geopandas(folder: Path) -> tuple[Any, dict[str, float]]:
    import geopandas as gpd

    natural, roads, units = read_vector(folder)
    clock = Clock()
    ground = natural.union_all().difference(roads.buffer(10.0, quad_segs=8).union_all())
    patches = gpd.GeoDataFrame(geometry=[ground], crs=natural.crs).explode(ignore_index=True)
    patches["complete"] = patches.area
    pieces = gpd.overlay(patches, units, keep_geom_type=True).explode(ignore_index=True)
    area = pieces.area
    sums = (
        gpd.pd.DataFrame({"cut": area**2, "cross": area * pieces["complete"]}).groupby(pieces["code"]).sum()
    )
    sums = sums.reindex(units["code"], fill_value=0.0)
    whole = units.area.to_numpy() * 1e4
    mesh = sums["cut"].to_numpy() / whole, sums["cross"].to_numpy() / whole
    return mesh, clock.stop()


PEERS: dict[str, Callable[[Path], tuple[Any, dict[str, float]]]] = {
    "raster bocage": run_raster_bocage,
    "raster scipy + numpy": run_raster_scipy,
    "vector bocage": run_vector_bocage,
    "vector geopandas": run_vector_geopandas,
}


def compare(kind: str, folder: Path, cells: int | None, title: str) -> None:
    """Run the peers of a kind on one input and print a line for each."""
    ours: dict[str, float] = {}
    expected = np.empty(0)
    for peer in (name for name in PEERS if name.startswith(kind)):
        figures, why = run_peer([sys.executable, __file__, "--work", peer, str(folder)])
        if figures is None:
            print(f"{title:31} {peer:22} not run: {why}")
            continue
        mesh = np.load(folder / f"{peer}.npy")
        if not ours:
            ours, expected = figures, mesh
        gap = float(np.max(np.abs(mesh - expected) / np.maximum(expected, 1e-9)))
        memory = (
            f"{figures['added'] / cells:8.2f} B/cell" if cells else f"{figures['added'] / 2**20:8.0f} MiB   "
        )
        print(
            f"{title:31} {peer:22} {figures['cpu']:8.2f} {figures['wall']:8.2f} {memory} "
            f"{figures['cpu'] / ours['cpu']:7.1f}  {gap:.1e}",
            flush=True,
        )


def work(peer: str, folder: Path) -> None:
    mesh, figures = PEERS[peer](folder)
    np.save(folder / f"{peer}.npy", np.array(mesh))
    print(json.dumps(figures))


def main() -> None:
    sides = [int(side) for side in sys.argv[1:]] or [4000, 10_000]
    print(
        f"{'input':31} {'peer':22} {'CPU s':>8} {'wall s':>8} {'added':>15} {'x ours':>7}  "
        "largest relative difference"
    )
    for side in sides:
        folder = Path(tempfile.mkdtemp(prefix="bocage-bench-"))
        try:
            make_raster(side, folder)
            compare("raster", folder, side * side, f"{side * side:,} cells, {ROWS * COLS} units")
        finally:
            shutil.rmtree(folder)
    folder = Path(tempfile.mkdtemp(prefix="bocage-bench-"))
    try:
        make_vector(folder)
        compare("vector", folder, None, f"5 000 woods, {ROWS * COLS} units")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
