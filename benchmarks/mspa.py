"""Spatial pattern (MSPA): bocage against pyguidos, on one landscape, in one run, one thread.

    python benchmarks/mspa.py [side ...] [--edge 1] [--peer python]     (default 1000 5000)

``--peer`` is a Python that has pyguidos. Both classify the same raster in a process of their own; CPU is
user and system time, memory what the call adds at its peak (on Linux); pyguidos reads and writes files.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from clock import Clock, run_peer

# The peer's own Python imports the clock alone.
PEER = """
import json, sys
sys.path.insert(0, sys.argv[3])
import pyguidos
from clock import Clock
folder, edge = sys.argv[1], int(sys.argv[2])
clock = Clock()
pyguidos.mspa(folder + "/image.tif", edge_width=edge, outdir=folder, statists=False, stat_files=False)
print(json.dumps(clock.stop()))
"""


def make_image(side: int, path: Path) -> None:
    """Write a fragmented habitat: smooth noise of two grains, its upper half."""
    import rasterio
    from scipy import ndimage

    random = np.random.default_rng(59450)
    field = ndimage.gaussian_filter(random.standard_normal((side, side), np.float32), 12)
    fine = ndimage.gaussian_filter(random.standard_normal((side, side), np.float32), 1)
    field = field / field.std() + 0.8 * fine / fine.std()
    image = np.where(field > np.median(field[::3, ::3]), 2, 1).astype(np.uint8)
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, crs="EPSG:2154", transform=(10, 0, 0, 0, -10, 0)) as target:
        target.write(image, 1)


def run_ours(folder: Path, edge: int) -> None:
    import rasterio

    from bocage.reservoirs.pattern import classify_pattern

    with rasterio.open(folder / "image.tif") as source:
        image = source.read(1) == 2
    # Compile outside the clock.
    classify_pattern(np.pad(np.ones((9, 9), dtype=bool), 4), edge_width=edge)
    clock = Clock()
    codes = classify_pattern(image, edge_width=edge).codes
    print(json.dumps(clock.stop()), flush=True)
    np.save(folder / "ours.npy", codes)


def main() -> None:
    import rasterio

    parser = argparse.ArgumentParser()
    parser.add_argument("sides", nargs="*", type=int)
    parser.add_argument("--edge", type=int, default=1)
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--work", type=Path)
    given = parser.parse_args()
    if given.work:
        run_ours(given.work, given.edge)
        return
    for side in given.sides or [1000, 5000]:
        with tempfile.TemporaryDirectory(prefix="bocage-bench-") as name:
            folder = Path(name)
            make_image(side, folder / "image.tif")
            lines = {
                "bocage": [sys.executable, __file__, "--work", name, "--edge", str(given.edge)],
                "pyguidos": [given.peer, "-c", PEER, name, str(given.edge), str(Path(__file__).parent)],
            }
            for tool, line in lines.items():
                figures, why = run_peer(line)
                if figures is None:
                    print(f"{tool}: not run: {why}")
                    continue
                cpu, wall, added = (figures[key] for key in ("cpu", "wall", "added"))
                print(
                    f"{side * side:12,} {tool:10} CPU {cpu:8.2f} s  wall {wall:8.2f} s  "
                    f"{added / side**2:6.1f} bytes a cell",
                    flush=True,
                )
            output = folder / f"image_8_{given.edge}_1_1.tif"
            if output.exists():
                with rasterio.open(output) as source:
                    apart = int((source.read(1) != np.load(folder / "ours.npy")).sum())
                print(f"{side * side:12,} cells that differ: {apart}", flush=True)


if __name__ == "__main__":
    main()
