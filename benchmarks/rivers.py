"""Rivers: connectivity indices of a million reaches, and the budget curve of hundreds of works.

    python benchmarks/rivers.py [reaches]                  (default 1 000 000)

No peer runs from Python: riverconn (R) needs 41 s for one index on 8 000 reaches, and 668 s for the
leave-one-out of 272 works on 2 000, on a like machine. The comparison here is the definition, pair by pair,
on 2 000 of the reaches; both are timed and compared in the same run. Times are CPU seconds, kernels
compiled, on random rivers whose reaches flow into one of the thirty before them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from bocage.rivers.budget import plan_budget
from bocage.rivers.dendritic import measure_changes, measure_diadromous, measure_potamodromous
from bocage.rivers.distances import Threshold
from bocage.rivers.greedy import plan_greedy
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


def make_options(tree: RiverTree, works: int) -> tuple[RiverTree, WorkOptions]:
    """Put works on reaches at random, each with a pass and a removal, of costs from 2 to 10."""
    random = np.random.default_rng(works)
    at = np.sort(random.choice(np.arange(1, len(tree.downstream)), works, replace=False))
    passed = np.ones(len(tree.downstream))
    passed[at] = random.random(works) * 0.5
    river = RiverTree(tree.downstream, tree.weight, tree.length, passed, passed)
    made = np.concatenate([np.full(works, 0.8), np.ones(works)])
    cost = np.concatenate([random.integers(2, 5, works), random.integers(5, 11, works)])
    return river, WorkOptions.of(np.concatenate([at, at]), cost=cost, up=made, down=made)


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
    plan_budget(*make_options(small, 20))

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

    print(
        "\n| works | curve | CPU s | ranked once, and adaptively: share of the best gain at half the cost |"
    )
    print("|---|---|---|---|")
    for works, gap in ((100, 0.0), (400, 0.01)):
        river, options = make_options(make_river(4 * works, 0.0), works)
        curve, seconds = spend(lambda r=river, o=options, g=gap: plan_budget(r, o, gap=g))
        half = float(curve.cost.max()) / 2
        best = float(curve.find_gains([half])[0])
        shares = [
            float(plan_greedy(river, options, adaptive=adaptive).find_gains([half])[0]) / best
            for adaptive in (False, True)
        ]
        named = "exact" if gap == 0 else f"within {gap:.0%}"
        print(f"| {works} | {named} | {seconds:.2f} | {shares[0]:.0%} and {shares[1]:.0%} |")


if __name__ == "__main__":
    main()
