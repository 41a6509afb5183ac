"""Connectivity indices: all dPC with fractions and BC, and gains of links, against the definition.

    python benchmarks/indices.py [patches ...]             (default 2000 10000 50000)

Graphs are planar (Delaunay of random points, costs with noise), dispersal 5 link-units at p = 0.05. Times are
CPU seconds of all threads, kernels compiled; "PC %" is the share of PC that the cut-off left out at most,
"dPC ±" the farthest any dPC may be from exact, in points of per cent, and bytes the memory a patch at the
peak, beyond what was held before. Conefor and Makurhini do not run from Python: Conefor needs 55 s for PC
alone of 2 000 patches and 29 s for all dPC of 250, growing as n⁴; Makurhini 53 s for all dPC of 359. The
comparison here is what they do, each patch removed and all pairs solved again, by scipy's compiled Dijkstra,
on the first removals of the same graph; values are compared in the same run.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Self

import numpy as np
import psutil
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay

from bocage.connectivity.gains import gain_of_links
from bocage.connectivity.importance import Importance, measure_importance
from bocage.connectivity.landscape import Dispersal, LandscapeGraph

DISPERSAL = Dispersal(5, 0.05)
CUT_OFF = 1e-4


def make_graph(count: int, seed: int = 0) -> LandscapeGraph:
    """Make a planar graph of patches thrown at random, one to the square unit."""
    random = np.random.default_rng(seed)
    position = random.random((count, 2)) * np.sqrt(count)
    sides = Delaunay(position).simplices[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2)
    links = np.unique(np.sort(sides, axis=1), axis=0)
    length = np.hypot(*(position[links[:, 0]] - position[links[:, 1]]).T)
    links, length = links[length < 6], length[length < 6]
    cost = length * random.lognormal(0, 0.6, len(links))
    return LandscapeGraph.of(random.lognormal(1, 1.2, count), links[:, 0], links[:, 1], cost)


def sum_by_definition(graph: LandscapeGraph) -> float:
    """Sum over all pairs by scipy."""
    links = coo_array((graph.cost, (graph.start, graph.end)), shape=(graph.count, graph.count)).tocsr()
    return float(graph.capacity @ DISPERSAL.reach(dijkstra(links, directed=False)) @ graph.capacity)


def drop_patch(graph: LandscapeGraph, patch: int) -> LandscapeGraph:
    """Take a patch's links and capacity."""
    capacity = graph.capacity.copy()
    capacity[patch] = 0.0
    return graph.keep_links((graph.start != patch) & (graph.end != patch)).weigh(capacity)


def spend(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Do something and give its CPU and wall seconds."""
    began, at = time.process_time(), time.perf_counter()
    done = work()
    return done, time.process_time() - began, time.perf_counter() - at


class Peak:
    """The most memory held while something is done, beyond what was held before."""

    def __enter__(self) -> Self:
        """Begin to look, every hundredth of a second."""
        self._process = psutil.Process()
        self.before = self.most = self._process.memory_info().rss
        self._done = threading.Event()
        self._looking = threading.Thread(target=self._look)
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._done.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._done.wait(0.01):
            self.most = max(self.most, self._process.memory_info().rss)


def report(graph: LandscapeGraph, epsilon: float, threads: int, *, links: bool) -> Importance:
    """Measure a graph and print its line."""
    work = partial(measure_importance, graph, DISPERSAL, links=links, epsilon=epsilon, threads=threads)
    with Peak() as peak:
        done, cpu, wall = spend(work)
    found: Importance = done
    print(
        f"| {graph.count} | {graph.link_count} | {epsilon:g} | {threads} | "
        f"{'patches, links' if links else 'patches'} | {found.indices.reached.mean():.0f} | {cpu:.1f} | "
        f"{wall:.1f} | {100 * found.indices.bound:.2g} | {100 * found.bound:.2g} | "
        f"{(peak.most - peak.before) / graph.count:.0f} |",
        flush=True,
    )
    return found


def main() -> None:
    """Print the tables."""
    sizes = [int(size) for size in sys.argv[1:]] or [2_000, 10_000, 50_000]
    small = make_graph(100)
    measure_importance(small, DISPERSAL)
    gain_of_links(small, DISPERSAL, [0], [1], 0.0)
    print(
        "| patches | links | cut-off | threads | dPC of | reached | CPU s | wall s | PC % | dPC ± | bytes |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for size in sizes:
        graph = make_graph(size)
        for epsilon in (0.0, CUT_OFF) if size <= 2_000 else (CUT_OFF,):
            report(graph, epsilon, 1, links=False)
            found = [report(graph, epsilon, threads, links=True) for threads in (1, 2)]
            assert (found[0].total == found[1].total).all()
            if epsilon == 0:
                compare(graph, found[0])
        gain(graph)


def compare(graph: LandscapeGraph, found: Importance, removals: int = 2) -> None:
    """Remove some patches by the definition, and time what all would take."""
    total, _, _ = spend(lambda: sum_by_definition(graph))
    worst, spent = 0.0, 0.0
    for patch in range(removals):
        left, cpu, _ = spend(partial(sum_by_definition, drop_patch(graph, patch)))
        spent += cpu
        worst = max(worst, abs((total - left) / total - float(found.total[patch])))
    each = spent / removals
    print(
        f"definition by scipy: {each:.2f} s a removal, {each * graph.count:.0f} s for all; "
        f"differs by {worst:.1e}"
    )


def gain(graph: LandscapeGraph, count: int = 200) -> None:
    """Measure the gain of new links across two links, alone."""
    random = np.random.default_rng(7)
    chosen = random.integers(0, graph.link_count, count)
    start, via = graph.start[chosen], graph.end[chosen]
    end = np.array([graph.end[graph.start == patch].max(initial=-1) for patch in via])
    good = (end >= 0) & (end != start)
    given = (graph, DISPERSAL, start[good], end[good], 0.5)
    gains, cpu, _ = spend(lambda: gain_of_links(*given, epsilon=CUT_OFF, threads=1))
    one, cpu_one, _ = spend(
        lambda: gain_of_links(
            graph, DISPERSAL, start[good][:1], end[good][:1], 0.5, epsilon=CUT_OFF, threads=1
        )
    )
    assert abs(one[0] - gains[0]) <= 1e-9 * gains[0]
    print(
        f"gain of one more link: {cpu_one:.2f} s for one alone, {1e3 * cpu / good.sum():.1f} ms each of "
        f"{good.sum()} at once"
    )


if __name__ == "__main__":
    main()
