"""Current flow on a grid: multigrid on the stencil against smoothed aggregation and sparse factors.

    python benchmarks/current.py [million cells ...]             (default 0.25 1 4)
    python benchmarks/current.py --growth 1 4 16 64              (bocage alone: time and memory as cells grow)
    python benchmarks/current.py --sides 1                       (several right-hand sides together)
    python benchmarks/current.py --regions 50 1                  (all pairs of 50 regions, with maps)
    python benchmarks/current.py --hard                          (what geometric coarsening suffers from)

One pair of points at opposite corners, eight neighbours, nine classes of resistance from 1 to 1 000 in
patches of many sizes, 5 % nodata, relative residual 1e-6. The peer is pyamg's smoothed aggregation with
conjugate gradients, which is Circuitscape.jl's algorithm (group `bench`), then scipy's SuperLU where it fits
(0.25 M cells: at 1 M it took 217 CPU s and 4 kB a cell). Each runs in its own process, kernels compiled on a
small raster before; times are CPU seconds of all its threads, memory the peak beyond the raster itself. All
must give the same effective resistance.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from bocage.current.conductance import Conductances
from bocage.current.solver import CurrentSolver


def make_ground(size: int, seed: int = 0) -> np.ndarray:
    """Make a square of resistances: patches from 3 to 200 cells wide, nine classes from 1 to 1 000."""
    random = np.random.default_rng(seed)
    field = np.zeros((size, size), np.float32)
    for width in (3, 11, 47, 199):
        small = random.random((size // width + 2, size // width + 2), dtype=np.float32)
        rows, cols = (np.arange(size) + random.integers(width)) // width, (np.arange(size)) // width
        for begin in range(0, size, 512):
            field[begin : begin + 512] += small[rows[begin : begin + 512]][:, cols]
    field -= field.min()
    field /= field.max()
    np.multiply(field, 8.99, out=field)
    np.floor(field, out=field)
    ground = np.float32(1000) ** (field / 8)
    for begin in range(0, size, 512):
        rows_left = ground[begin : begin + 512]
        rows_left[random.random(rows_left.shape, dtype=np.float32) < 0.05] = np.nan
    for i, j in find_ends(size):
        ground[i, j] = 1
    return ground


def find_ends(size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Find the two points."""
    return (size // 10, size // 10), (size - 1 - size // 10, size - 1 - size // 10)


def solve_by_bocage(ground: np.ndarray) -> tuple[float, float, float, str]:
    """Give the resistance, CPU seconds before the first iteration and after, and the iterations."""
    a, b = find_ends(len(ground))
    began = time.process_time()
    solver = CurrentSolver(Conductances.from_resistance(ground))
    _ = solver.hierarchy
    ready = time.process_time()
    answer = solver.solve({a: 1.0, b: -1.0})
    done = time.process_time()
    told = f"{answer.iterations} iterations, residual {answer.residual[0]:.0e}, {answer.method}"
    return float(answer.values[0][a] - answer.values[0][b]), ready - began, done - ready, told


def make_matrix(ground: np.ndarray) -> tuple[Any, int, int]:
    """Make the Laplacian of the cells joined to the first end, and the numbers of the ends."""
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.csgraph import connected_components

    circuit = Conductances.from_resistance(ground)
    number = np.arange(ground.size).reshape(ground.shape)
    parts = (
        (circuit.east[:, :-1], number[:, :-1], number[:, 1:]),
        (circuit.south[:-1], number[:-1], number[1:]),
        (circuit.south_east[:-1, :-1], number[:-1, :-1], number[1:, 1:]),
        (circuit.south_west[:-1, 1:], number[:-1, 1:], number[1:, :-1]),
    )
    live = [g > 0 for g, _, _ in parts]
    g = np.concatenate([p[0][k].astype(float) for p, k in zip(parts, live, strict=True)])
    one = np.concatenate([p[1][k] for p, k in zip(parts, live, strict=True)]).astype(np.int32)
    two = np.concatenate([p[2][k] for p, k in zip(parts, live, strict=True)]).astype(np.int32)
    ties = coo_array((g, (one, two)), shape=(ground.size, ground.size)).tocsr()
    ties = ties + ties.T
    ends = [number[x] for x in find_ends(len(ground))]
    _, label = connected_components(ties, directed=False)
    inside = np.flatnonzero(label == label[ends[0]])
    ties = ties[inside][:, inside]
    start, end = np.searchsorted(inside, ends)
    matrix = (diags_array(np.asarray(ties.sum(axis=0)).ravel()) - ties).tocsr()
    kept = np.delete(np.arange(matrix.shape[0]), end)  # the second end is the ground
    return matrix[kept][:, kept], int(start - (start > end)), int(end)


def solve_by_aggregation(ground: np.ndarray) -> tuple[float, float, float, str]:
    """Solve by pyamg, as Circuitscape.jl does."""
    import pyamg  # type: ignore[import-not-found]

    began = time.process_time()
    matrix, start, _ = make_matrix(ground)
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    from scipy.sparse import csr_matrix

    levels = pyamg.smoothed_aggregation_solver(csr_matrix(matrix))
    ready = time.process_time()
    side = np.zeros(matrix.shape[0])
    side[start] = 1
    left: list[float] = []
    x = levels.solve(side, tol=1e-6, accel="cg", maxiter=500, residuals=left)
    done = time.process_time()
    return (
        float(x[start]),
        ready - began,
        done - ready,
        f"{len(left) - 1} iterations, residual {left[-1]:.0e}",
    )


def solve_by_factors(ground: np.ndarray) -> tuple[float, float, float, str]:
    """Solve by scipy's SuperLU."""
    from scipy.sparse.linalg import splu

    began = time.process_time()
    matrix, start, _ = make_matrix(ground)
    factors = splu(
        matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    ready = time.process_time()
    side = np.zeros(matrix.shape[0])
    side[start] = 1
    x = factors.solve(side)
    return float(x[start]), ready - began, time.process_time() - ready, f"{factors.nnz / 1e6:.0f} M non-zeros"


def solve_sides(ground: np.ndarray) -> list[tuple[int, float, float]]:
    """Solve 8 right-hand sides, some at a time."""
    solver = CurrentSolver(Conductances.from_resistance(ground))
    _ = solver.hierarchy, solver.components
    inside = np.argwhere(solver.components == solver.components[find_ends(len(ground))[0]])
    cells = [(int(inside[k][0]), int(inside[k][1])) for k in np.linspace(0, len(inside) - 1, 9).astype(int)]
    sides = [{cells[0]: 1.0, cell: -1.0} for cell in cells[1:]]
    rows = []
    for block in (1, 2, 4, 8):
        began = time.process_time()
        residual = 0.0
        for k in range(0, 8, block):
            residual = max(residual, float(solver.solve(sides[k : k + block]).residual.max()))
        rows.append((block, (time.process_time() - began) / 8, residual))
    return rows


def run(work: Callable[[np.ndarray], Any], path: str, pipe: Any) -> None:
    """Do a work in this process and send what it gave with its memory a cell."""
    work(make_ground(96))
    ground = np.load(path)
    before = psutil.Process().memory_info().rss
    began = time.perf_counter()
    try:
        answer = work(ground)
    except MemoryError as error:
        answer = error
    wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    pipe.send((answer, wall, (peak - before) / ground.size))


def run_apart(work: Callable[[np.ndarray], Any], ground: str) -> tuple[Any, float, float]:
    """Do a work in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=run, args=(work, ground, there))
    process.start()
    there.close()
    try:
        answer: tuple[Any, float, float] = here.recv()
    except EOFError:
        answer = (MemoryError("the process was stopped"), 0.0, 0.0)
    process.join()
    return answer


def compare(millions: list[float], alone: bool) -> None:
    """Print a line for each size and solver."""
    print("| M cells | solver | set up [CPU s] | solve [CPU s] | wall [s] | B a cell | resistance | |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for million in millions:
            size = round((million * 1e6) ** 0.5)
            path = str(Path(folder) / "ground.npy")
            np.save(path, make_ground(size))
            works = [("multigrid on the stencil", solve_by_bocage)]
            if not alone:
                works.append(("smoothed aggregation + CG", solve_by_aggregation))
                if million <= 0.3:
                    works.append(("SuperLU", solve_by_factors))
            base = None
            for name, work in works:
                answer, wall, memory = run_apart(work, path)
                if isinstance(answer, MemoryError):
                    print(f"| {million:g} | {name} | {answer} |", flush=True)
                    continue
                ohms, ready, done, told = answer
                base = base or (ready + done, memory)
                ratio = f"; {(ready + done) / base[0]:.1f} × CPU, {memory / base[1]:.1f} × memory"
                print(
                    f"| {million:g} | {name} | {ready:.2f} | {done:.2f} | {wall:.1f} | {memory:.0f} "
                    f"| {ohms:.6g} | {told}{ratio if work is not solve_by_bocage else ''} |",
                    flush=True,
                )


def compare_sides(millions: list[float]) -> None:
    """Print CPU seconds a right-hand side, by how many are solved together."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "ground.npy")
        for million in millions:
            np.save(path, make_ground(round((million * 1e6) ** 0.5)))
            rows, _, memory = run_apart(solve_sides, path)
            for block, spent, residual in rows:
                print(
                    f"{million:g} M cells, {block} together: {spent:.2f} CPU s each, residual {residual:.0e}"
                )
            print(f"peak {memory:.0f} B a cell with 8 together")


def make_regions(size: int, count: int) -> np.ndarray:
    """Throw discs of 0.8 to 2.5 % of the side, apart from one another."""
    random = np.random.default_rng(1)
    regions = np.zeros((size, size), np.int32)
    rows, cols = np.ogrid[:size, :size]
    number = 0
    while number < count:
        row, col = random.integers(size // 20, size - size // 20, 2)
        reach = size * random.uniform(0.008, 0.025)
        apart = (rows - row) ** 2 + (cols - col) ** 2
        if not regions[apart <= (1.4 * reach) ** 2].any():
            number += 1
            regions[apart <= reach**2] = number
    return regions


def solve_region_pair_by_aggregation(ground: np.ndarray, regions: np.ndarray, a: int, b: int) -> float:
    """Solve a pair as Circuitscape.jl does: join each region into one node, build everything, solve."""
    import pyamg
    from scipy.sparse import coo_array, csr_matrix, diags_array
    from scipy.sparse.csgraph import connected_components

    circuit = Conductances.from_resistance(ground)
    number = np.arange(ground.size).reshape(ground.shape)
    for region in (a, b):
        inside = (regions == region) & circuit.mask
        number[inside] = number[inside].min()
    start, end = number[(regions == a) & circuit.mask][0], number[(regions == b) & circuit.mask][0]
    one = [number[:, :-1], number[:-1], number[:-1, :-1], number[:-1, 1:]]
    two = [number[:, 1:], number[1:], number[1:, 1:], number[1:, :-1]]
    ties = [
        circuit.east[:, :-1],
        circuit.south[:-1],
        circuit.south_east[:-1, :-1],
        circuit.south_west[:-1, 1:],
    ]
    i, j = np.concatenate([x.ravel() for x in one]), np.concatenate([x.ravel() for x in two])
    g = np.concatenate([x.ravel() for x in ties]).astype(float)
    live = (g > 0) & (i != j)
    graph = coo_array((g[live], (i[live], j[live])), shape=(ground.size, ground.size)).tocsr()
    graph = graph + graph.T
    _, label = connected_components(graph, directed=False)
    cells = np.flatnonzero(label == label[start])
    graph = graph[cells][:, cells]
    matrix = (diags_array(np.asarray(graph.sum(axis=0)).ravel()) - graph).tocsr()
    first, last = np.searchsorted(cells, [start, end])
    kept = np.delete(np.arange(cells.size), last)
    reduced = csr_matrix(matrix[kept][:, kept])
    reduced.indices, reduced.indptr = reduced.indices.astype(np.int32), reduced.indptr.astype(np.int32)
    side = np.zeros(kept.size)
    side[first - (first > last)] = 1
    x = pyamg.smoothed_aggregation_solver(reduced).solve(side, tol=1e-6, accel="cg", maxiter=500)
    return float(x[first - (first > last)])


def compare_regions(count: int, million: float, sample: int = 3) -> None:
    """Print CPU seconds a pair of regions, with the peer's on the first pairs, and both resistances."""
    from bocage.current.region_solver import find_region_pairs

    for size in (150, round((million * 1e6) ** 0.5)):  # the small one compiles
        ground = make_ground(size)
        regions = make_regions(size, count if size > 150 else 4)
        began = time.process_time()
        _, found = find_region_pairs(CurrentSolver(Conductances.from_resistance(ground)), regions, maps=True)
        spent = time.process_time() - began
    pairs = count * (count - 1) // 2
    print(
        f"{million:g} M cells, {count} regions, {pairs} pairs with maps: {spent:.1f} CPU s, "
        f"{spent / pairs:.3f} a pair"
    )
    print(
        f"residual {found.residual:.0e}, balance {found.balance:.0e}, {found.iterations} iterations, "
        f"{found.methods}"
    )
    peers = []
    for b in range(2, 2 + sample):
        began = time.process_time()
        ohms = solve_region_pair_by_aggregation(ground, regions, 1, b)
        peers.append(time.process_time() - began)
        print(f"pair 1-{b}: {found.resistance[0, b - 1]:.6f} ohm, peer {ohms:.6f} in {peers[-1]:.1f} CPU s")
    print(f"rebuilding for each pair, without maps: {np.mean(peers) * pairs / spent:.0f} × the CPU")


def try_hard_ground() -> None:
    """Print how a quarter of a million cells of each hard ground are solved."""
    random = np.random.default_rng(0)
    size = 500
    draw = random.random((size, size))
    maze = np.ones((size, size))
    for turn, row in enumerate(range(2, size, 3)):
        maze[row] = np.nan
        maze[row, -2:] = 1 if turn % 2 == 0 else np.nan
        maze[row, :2] = 1 if turn % 2 == 1 else maze[row, :2]
    hedges = np.full((size, size), 1e6)
    hedges[::8] = 1
    hedges[:, ::13] = 1
    grounds = {
        "hedgerows one cell wide, contrast 10⁶": hedges,
        "every cell its own, contrast 10⁶": 10 ** (6 * draw),
        "two grounds, contrast 10⁶": np.where(draw < 0.5, 1, 1e6),
        "percolation near its threshold": np.where(draw < 0.42, 1.0, np.nan),
        "serpentine two cells wide": maze,
    }
    for name, ground in grounds.items():
        solver = CurrentSolver(Conductances.from_resistance(ground))
        label = solver.components
        cells = np.argwhere(label == np.bincount(label[label > 0]).argmax())
        began = time.process_time()
        (i, j), (p, q) = cells[0].tolist(), cells[-1].tolist()
        answer = solver.solve({(i, j): 1.0, (p, q): -1.0})
        spent = time.process_time() - began
        print(
            f"{name}: {answer.method}, {answer.iterations} iterations, {spent:.2f} CPU s, "
            f"residual {answer.residual[0]:.0e}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Current flow on a grid.")
    parser.add_argument("millions", nargs="*", type=float, default=[0.25, 1, 4])
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--sides", action="store_true")
    parser.add_argument("--regions", type=int, default=0)
    parser.add_argument("--hard", action="store_true")
    chosen = parser.parse_args()
    if chosen.regions:
        compare_regions(chosen.regions, chosen.millions[0])
    elif chosen.hard:
        try_hard_ground()
    elif chosen.sides:
        compare_sides(chosen.millions)
    else:
        compare(chosen.millions, chosen.growth)
