"""Rivers: connectivity indices of a million reaches, and the budget curve of hundreds of works.

    python benchmarks/rivers.py [reaches] [lines]          (default 1 000 000 and 100 000)

No peer runs from Python: riverconn (R) needs 41 s for one index on 8 000 reaches, and 668 s for the
leave-one-out of 272 works on 2 000, on a like machine. The comparison here is the definition, pair by pair,
on 2 000 of the reaches; both are timed and compared in the same run. Times are CPU seconds, kernels
compiled, on random rivers whose reaches flow into one of the thirty before them. The network is made of raw
lines drawn between the places of a shaken grid, with a work on one in a hundred.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil

from bocage.rivers.budget import plan_budget
from bocage.rivers.dendritic import measure_changes, measure_diadromous, measure_potamodromous
from bocage.rivers.distances import Threshold
from bocage.rivers.greedy import plan_greedy
from bocage.rivers.network import build_river_network
from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import WorkOptions


def make_river(count: int, share: float, seed: int = 59450) -> RiverTree:
    """Make a river of which a share of the reaches end at a work, passed alike both ways."""
    random = np.random.default_rng(seed)
    first = np.maximum(0, np.arange(1, count) - 30)
    chosen = first + random.random(count - 1) * (np.arange(1, count) - first)
    downstream = np.concatenate([[-1], chosen.astype(np.int64)]).astype(np.int32)
    length = random.exponential(size=count) * 1000
    passed = np.where(random.random(count) < share, random.random(count), 1.0)
    return RiverTree(downstream, length, length, passed, passed)


def make_lines(count: int, seed: int = 59450) -> tuple[Any, Any]:
    """Draw a river as lines that know nothing of each other, each from a place of a grid to one beside it."""
    import geopandas
    import shapely

    random = np.random.default_rng(seed)
    side = int(np.sqrt(count))
    place = np.arange(count)
    row, column = place // side, place % side
    turned = (random.random(count) < 0.5) & (row > 0) | (column == 0)
    below = np.where(turned, place - side, place - 1)
    x, y = (1000.0 * axis + random.random(count) * 200 for axis in (column, row))
    bends = np.empty((count, 3, 2))
    bends[:, 0] = np.column_stack([x, y])
    bends[:, 2] = np.where(below[:, None] < 0, -500.0, bends[np.maximum(below, 0), 0])
    bends[:, 1] = (bends[:, 0] + bends[:, 2]) / 2 + random.normal(0, 20, (count, 2))
    lines = geopandas.GeoDataFrame(geometry=shapely.linestrings(bends), crs="EPSG:2154")
    at = np.sort(random.choice(count, count // 100, replace=False))
    return lines, geopandas.GeoDataFrame(geometry=shapely.points(bends[at, 1]), crs="EPSG:2154")


def make_options(tree: RiverTree, works: int, alike: bool) -> tuple[RiverTree, WorkOptions]:
    """Put works on reaches at random, each with a pass and a removal, of costs from 2 to 10.

    They are climbed and descended alike, or are easier to descend.
    """
    random = np.random.default_rng(works)
    at = np.sort(random.choice(np.arange(1, len(tree.downstream)), works, replace=False))
    up, down = np.ones(len(tree.downstream)), np.ones(len(tree.downstream))
    up[at] = random.random(works) * 0.5
    down[at] = up[at] if alike else 0.3 + 0.7 * random.random(works)
    river = RiverTree(tree.downstream, tree.weight, tree.length, up, down)
    climb = np.concatenate([np.full(works, 0.8), np.ones(works)])
    descent = climb if alike else np.concatenate([np.maximum(down[at], 0.9), np.ones(works)])
    cost = np.concatenate([random.integers(2, 5, works), random.integers(5, 11, works)])
    return river, WorkOptions.of(np.concatenate([at, at]), cost=cost, up=climb, down=descent)


def measure_by_definition(tree: RiverTree) -> float:
    """Sum over all pairs of reaches the passabilities on the way, one pair after the other."""
    count = len(tree.downstream)
    ways = np.zeros((count, count))
    for reach in range(count):
        ways[reach, reach] = 1.0
        below = int(tree.downstream[reach])
        if below >= 0:
            # Reaches are numbered from the outlet: what lies below is known already.
            ways[reach, :reach] = ways[below, :reach] * tree.down[reach]
            ways[:reach, reach] = ways[:reach, below] * tree.up[reach]
    share = tree.weight / tree.weight.sum()
    return float(share @ ways @ share)


def spend(work: Callable[[], Any]) -> tuple[Any, float]:
    """Do something and give its CPU seconds."""
    began = time.process_time()
    done = work()
    return done, time.process_time() - began


def main() -> None:
    """Print the tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    small = make_river(2_000, 0.1)
    fading = Threshold(20_000.0)
    # Compile first.
    measure_potamodromous(small, decay=fading)
    measure_diadromous(small)
    measure_changes(small)
    for alike in (True, False):
        plan_budget(*make_options(small, 20, alike))
    build_river_network(*make_lines(2_000))

    defined, slow = spend(lambda: measure_by_definition(small))
    fast, quick = spend(lambda: measure_potamodromous(small))
    print(f"2 000 reaches: {quick * 1000:.2f} ms; by the definition {slow * 1000:.0f} ms; "
          f"difference {abs(fast.index - defined):.1e}\n")  # fmt: skip

    print("| reaches | what | CPU s |\n|---|---|---|")
    tree = make_river(count, 0.1)
    values = (tree.weight, tree.length, tree.up, tree.down)
    total = 0.0
    for name, work in (
        ("check and order of the reaches", lambda: RiverTree(tree.downstream, *values)),
        ("DCI potamodromous, inbound and outbound of each reach", lambda: measure_potamodromous(tree)),
        ("DCI diadromous", lambda: measure_diadromous(tree)),
        ("gain of each work alone", lambda: measure_changes(tree)),
    ):
        _, seconds = spend(work)
        total += seconds
        print(f"| {count:,} | {name} | {seconds:.2f} |")
    print(f"| {count:,} | all of these | {total:.2f} |")
    tenth = make_river(count // 10, 0.1)
    _, seconds = spend(lambda: measure_potamodromous(tenth, decay=fading))
    print(f"| {count // 10:,} | DCI within 20 km | {seconds:.2f} |")

    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    drawn = make_lines(lines)
    network, seconds = spend(lambda: build_river_network(*drawn))
    used = psutil.Process().memory_info().rss / 1e9
    print(f"| {len(network.reaches):,} | network from {lines:,} raw lines, {used:.1f} GB | {seconds:.1f} |")

    print(
        "\n| works | climb and descent | curve | CPU s "
        "| ranked once, and adaptively: share of the best gain at half the cost |"
    )
    print("|---|---|---|---|---|")
    for works, gap in ((100, 0.0), (400, 0.0), (400, 0.01)):
        for alike in (True, False):
            river, options = make_options(make_river(4 * works, 0.0), works, alike)
            curve, seconds = spend(lambda r=river, o=options, g=gap: plan_budget(r, o, gap=g))
            half = float(curve.cost.max()) / 2
            best = float(curve.find_gains([half])[0])
            shares = [
                float(plan_greedy(river, options, adaptive=adaptive).find_gains([half])[0]) / best
                for adaptive in (False, True)
            ]
            named = "exact" if gap == 0 else f"within {gap:.0%}"
            ways = "alike" if alike else "differ"
            print(f"| {works} | {ways} | {named} | {seconds:.2f} | {shares[0]:.0%} and {shares[1]:.0%} |")


if __name__ == "__main__":
    main()
