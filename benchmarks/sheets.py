"""Map sheets: bocage against matplotlib on the same objects, then a whole atlas, in one run.

    python benchmarks/sheets.py [sheets]                 (default 12 sheets of 5 000 polygons and 500 lines)
    python benchmarks/sheets.py --atlas atlas.toml       also every commune of an atlas file, on all cores

Each drawer runs in its own process and reports CPU seconds (user + system, all threads), bytes and peak
resident memory. Sheets are all different, so that nothing is drawn twice. Both draw the same objects with
the same fills, hatches and lines on an A4 page with a legend; bocage's is a tagged PDF/UA-1 that GIS open in
place, with labels, locator, scale bar, coordinates and sources; matplotlib's has none of these but a title.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

POLYGONS, LINES = 5_000, 500
WEST, SOUTH = 700_000.0, 6_600_000.0
MIDDLE = np.array([WEST + 6_000.0, SOUTH + 6_000.0])
HALF = np.array([2_600.0, 2_100.0])
"""Everything lies within this of the middle [m]: inside the map of the middle commune."""


def make_objects(number: int) -> dict[str, list[Any]]:
    """Make 5 000 star-shaped polygons of 42 corners and 500 lines of 50 points around a commune of 4 km."""
    import shapely

    random = np.random.default_rng(59450 + number)
    centres = MIDDLE + random.uniform(-1, 1, (POLYGONS, 2)) * HALF
    angles = np.linspace(0, 2 * np.pi, 42, endpoint=False)
    radii = random.uniform(20, 90, (POLYGONS, 1)) * random.uniform(0.8, 1.2, (POLYGONS, 42))
    rings = centres[:, None, :] + radii[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    polygons = shapely.polygons(rings)
    steps = random.normal(0, 15, (LINES, 50, 2)) + random.normal(0, 15, (LINES, 1, 2))
    starts = MIDDLE + random.uniform(-0.7, 0.7, (LINES, 1, 2)) * HALF
    lines = shapely.linestrings(starts + np.cumsum(steps, axis=1))
    return {
        "reservoir_s": list(polygons[:2_000]),
        "corridor_s": list(polygons[2_000:3_500]),
        "obstacle_s": list(polygons[3_500:]),
        "obstacle_l": list(lines[:100]),
        "cours_eau_l": list(lines[100:]),
    }


def make_communes() -> Any:
    import geopandas
    import shapely

    side = 4_000
    squares = [
        shapely.box(WEST + x, SOUTH + y, WEST + x + side, SOUTH + y + side)
        for x in range(0, 12_000, side)
        for y in range(0, 12_000, side)
    ]
    data = {"insee": [f"9900{i}" for i in range(9)], "name": [f"Essai-{i}" for i in range(9)]}
    return geopandas.GeoDataFrame(data, geometry=squares, crs="EPSG:2154")


def draw_with_bocage(count: int, folder: Path) -> int:
    import geopandas

    from bocage.atlas import Content, compose_sheet
    from bocage.atlas.series import NETWORK_THEMES
    from bocage.network import COLUMNS, Network, empty_table

    communes = make_communes()
    about = {
        "date": "2026-05-04",
        "title": "Essai",
        "sources": [{"label": "Objets tirés au sort", "licence": ""}],
    }
    size = 0
    for number in range(count):
        tables = {}
        for name, shapes in make_objects(number).items():
            plain: dict[str, Any] = {"str": "", "float": 0.0, "int": 0, "bool": False}
            row = {column: plain[contract.dtype] for column, contract in COLUMNS[name].items()}
            row |= {"objective": "preserve", "is_corridor": True} if name != "obstacle_s" else {}
            table = geopandas.GeoDataFrame([row] * len(shapes), geometry=shapes, crs="EPSG:2154")
            tables[name] = table
        whole = {name: tables.get(name, empty_table(name, "EPSG:2154")) for name in COLUMNS}
        network = Network(whole, dict.fromkeys(NETWORK_THEMES, True), "EPSG:2154", about)
        began = time.process_time()
        pdf = compose_sheet(Content(network, communes), "99004").to_pdf()
        SPENT.append(time.process_time() - began)
        (folder / f"{number}.pdf").write_bytes(pdf)
        size += len(pdf)
    return size


def draw_with_matplotlib(count: int, folder: Path) -> int:
    import matplotlib

    matplotlib.use("pdf")
    import geopandas
    import matplotlib.pyplot as plt

    matplotlib.rcParams["pdf.fonttype"] = 42
    styles: dict[str, dict[str, Any]] = {
        "corridor_s": {"facecolor": "#eef5d8", "edgecolor": "#5d8a1e", "linewidth": 0.6, "hatch": "////"},
        "reservoir_s": {"facecolor": "#6fb17a", "edgecolor": "#1d5c33", "linewidth": 0.7},
        "cours_eau_l": {"color": "#2f86cc", "linewidth": 1.5},
        "obstacle_s": {"facecolor": "#f3cfdc", "edgecolor": "#96124f", "linewidth": 0.4, "hatch": "---"},
        "obstacle_l": {"color": "#a80d55", "linewidth": 2.5, "linestyle": "--"},
    }
    outline = make_communes().iloc[[4]]
    west, south, east, north = outline.total_bounds
    size = 0
    for number in range(count):
        objects = make_objects(number)
        began = time.process_time()
        figure = plt.figure(figsize=(11.69, 8.27))
        axes = figure.add_axes((0.05, 0.1, 0.62, 0.75))
        for name, style in styles.items():
            geopandas.GeoSeries(objects[name], crs="EPSG:2154").plot(ax=axes, label=name, **style)
        outline.boundary.plot(ax=axes, color="#1a1a1a", linewidth=2.5)
        axes.set_xlim(west - 400, east + 400)
        axes.set_ylim(south - 400, north + 400)
        figure.text(0.05, 0.93, "Carte environnementale – Essai-4 (99004)", fontsize=16, weight="bold")
        figure.savefig(folder / f"{number}.pdf")
        plt.close(figure)
        SPENT.append(time.process_time() - began)
        size += (folder / f"{number}.pdf").stat().st_size
    return size


DRAWERS = {"bocage": draw_with_bocage, "matplotlib": draw_with_matplotlib}
SPENT: list[float] = []


def run_drawer(name: str, count: int) -> dict[str, float]:
    """Run one drawer in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--drawer", name, str(count), "--folder", folder]
        out = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(out.stdout.splitlines()[-1])


def run_atlas(path: Path) -> None:
    """Draw every commune of an atlas file with its volumes; print its times and its largest process."""
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        script = "import sys; from bocage.cli import main; main()"
        command = [sys.executable, "-c", script, "atlas", str(path), "--output", folder]
        subprocess.run(command, check=True)
        wall = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        files = sorted(Path(folder, "communes").glob("*.pdf"))
        record = json.loads(Path(folder, "atlas.json").read_text(encoding="utf-8"))
        sheets = sum(commune["pages"] for commune in record["communes"].values())
        spent = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        sizes = [file.stat().st_size for file in files]
    print(
        f"\n{path.name}: {len(files)} communes, {sheets} pages in {wall / 60:.1f} min "
        f"({spent:.0f} s of CPU, {spent / sheets:.2f} a page); "
        f"largest process {used.ru_maxrss / 1e6:.2f} GB; "
        f"a commune's PDF {np.mean(sizes) / 1e3:.0f} kB on average, {max(sizes) / 1e3:.0f} kB at most"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=12)
    parser.add_argument("--atlas", type=Path, action="append", default=[])
    parser.add_argument("--drawer", choices=sorted(DRAWERS))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.drawer:
        size = DRAWERS[given.drawer](given.count, given.folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # The first sheet pays for loading fonts and libraries; an atlas pays that once.
        later = SPENT[1:] or SPENT
        print(
            json.dumps(
                {"first": SPENT[0], "later": float(np.mean(later)), "bytes": size / given.count, "peak": peak}
            )
        )
        return
    print(f"one A4 sheet of {POLYGONS} polygons and {LINES} lines, mean of {given.count} different ones\n")
    print("| drawer | CPU s a sheet | first sheet | PDF | peak memory |\n|---|---|---|---|---|")
    for name in DRAWERS:
        found = run_drawer(name, given.count)
        print(
            f"| {name} | {found['later']:.2f} | {found['first']:.2f} | {found['bytes'] / 1e3:.0f} kB "
            f"| {found['peak'] / 1e6:.2f} GB |"
        )
    for path in given.atlas:
        run_atlas(path)


if __name__ == "__main__":
    main()
