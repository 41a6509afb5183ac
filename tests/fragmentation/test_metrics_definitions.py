"""Tests of landscape metrics against their definitions, worked out slowly, cell by cell and pair by pair."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bocage.fragmentation.class_metrics import measure_classes
from bocage.fragmentation.landscape_metrics import measure_landscape
from bocage.fragmentation.mosaic import build_mosaic
from bocage.fragmentation.patch_metrics import measure_patches

Cell = tuple[int, int]
SIDES = [(0, 1), (1, 0), (0, -1), (-1, 0)]
CORNERS = [(1, 1), (1, -1), (-1, 1), (-1, -1)]

RASTERS = arrays(
    np.int64, st.tuples(st.integers(1, 8), st.integers(1, 8)), elements=st.integers(0, 3)
).filter(lambda raster: bool(raster.any()))
CLUMPED = RASTERS.map(lambda raster: np.kron(raster, np.ones((2, 2), np.int64)))
"""The same of cells four times larger: patches with a core."""


def walk(cells: set[Cell], steps: list[Cell]) -> list[set[Cell]]:
    """Part cells into connected sets, in reading order."""
    left = set(cells)
    found = []
    for seed in sorted(cells):
        if seed not in left:
            continue
        left.discard(seed)
        piece, todo = {seed}, [seed]
        while todo:
            i, j = todo.pop()
            for near in {(i + dy, j + dx) for dy, dx in steps} & left:
                left.discard(near)
                piece.add(near)
                todo.append(near)
        found.append(piece)
    return found


def list_patches(raster: np.ndarray, steps: list[Cell]) -> list[tuple[int, set[Cell]]]:
    """List class and cells of every patch, in reading order; 0 is no data."""
    patches = [
        (int(value), piece)
        for value in np.unique(raster[raster > 0])
        for piece in walk({(int(i), int(j)) for i, j in np.argwhere(raster == value)}, steps)
    ]
    return sorted(patches, key=lambda patch: min(patch[1]))


def define_gyration(cells: set[Cell], reading: str) -> float:
    """Average the distances to the centre."""
    if len(cells) == 1:
        return 0.5 if reading == "program" else 0.0
    points = np.array(sorted(cells), float)
    centre = points.mean(axis=0)
    if reading == "program":
        for axis in (0, 1):
            # Area up to each line of the grid, a straight line between them: where it reaches a half.
            lines = np.arange(points[:, axis].min(), points[:, axis].max() + 2)
            area = [(points[:, axis] < line).sum() for line in lines]
            centre[axis] = np.interp(len(points) / 2, area, lines) - 0.5
    return float(np.hypot(*(points - centre).T).mean())


def define_circle(cells: set[Cell], reading: str) -> float:
    """Try every pair and triple of corners: the smallest circle around all of them."""
    if len(cells) == 1:
        return 0.0
    corners = np.array(sorted({(i + a, j + b) for i, j in cells for a in (0, 1) for b in (0, 1)}), float)
    pairs = [(float(((a - b) ** 2).sum()), (a + b) / 2) for a, b in itertools.combinations(corners, 2)]
    if reading == "program":
        return 1 - len(cells) / (3.1415 / 4 * max(pairs, key=lambda pair: pair[0])[0])
    from scipy.spatial import ConvexHull

    hull = corners[ConvexHull(corners).vertices]
    circles = [((squared / 4), middle) for squared, middle in pairs]
    for a, b, c in itertools.combinations(hull, 3):
        matrix = 2 * np.array([b - a, c - a])
        centre = np.linalg.solve(matrix, [b @ b - a @ a, c @ c - a @ a])
        circles.append((float(((a - centre) ** 2).sum()), centre))
    around = [
        squared for squared, centre in circles if (((hull - centre) ** 2).sum(axis=1) <= squared + 1e-9).all()
    ]
    return 1 - len(cells) / (math.pi * min(around))


def define_patches(
    raster: np.ndarray, cell: float, neighbours: int, depth: float, reading: str
) -> list[dict]:
    """Work out the metrics of each patch."""
    steps = SIDES + (CORNERS if neighbours == 8 else [])
    patches = list_patches(raster, steps)
    k = math.floor(depth) + 1
    padded = np.pad(raster, k)
    disc = [(y, x) for y in range(-k, k + 1) for x in range(-k, k + 1) if y * y + x * x <= depth * depth]
    found = []
    for value, cells in patches:
        sides = sum((i + y, j + x) not in cells for i, j in cells for y, x in SIDES)
        template = sum(
            1
            + 2 * sum((i + y, j + x) in cells for y, x in SIDES)
            + sum((i + y, j + x) in cells for y, x in CORNERS)
            for i, j in cells
        )
        core = {(i, j) for i, j in cells if all(padded[i + k + y, j + k + x] == value for y, x in disc)}
        others = [c for v, other in patches if v == value and other is not cells for c in other]
        z = len(cells)
        area, perimeter = z * cell * cell, sides * cell
        least = min(2 * (h + math.ceil(z / h)) for h in range(1, z + 1))
        found.append(
            {
                "class": value,
                "area": area / 1e4,
                "perim": perimeter,
                "gyrate": define_gyration(cells, reading) * cell,
                "para": perimeter / area * 1e4,
                "shape": sides / least,
                "frac": 2 * math.log(perimeter / 4) / math.log(area),
                "circle": define_circle(cells, reading),
                "contig": (template / z - 1) / 12,
                "core": len(core) * cell * cell / 1e4,
                "ncore": len(walk(core, steps)),
                "cai": len(core) / z * 100,
                "enn": min((math.dist(a, b) for a in cells for b in others), default=math.nan) * cell,
                "cores": [len(piece) * cell * cell / 1e4 for piece in walk(core, steps)],
            }
        )
    return found


OPTIONS = {
    "neighbours": st.sampled_from([4, 8]),
    "depth": st.sampled_from([0.0, 1.0, 1.5, 2.0, 2.9, 3.0]),
    "reading": st.sampled_from(["program", "text"]),
}


@given(raster=RASTERS | CLUMPED, **OPTIONS)
@settings(max_examples=120, deadline=None)
def test_patches_follow_their_definitions(
    raster: np.ndarray, neighbours: int, depth: float, reading: Any
) -> None:
    """Every metric of every patch is what its definition gives, cell by cell."""
    mosaic = build_mosaic(
        raster, 20.0, nodata=0, neighbours=neighbours, edge_depth_m=depth * 20, reading=reading
    )
    expected = define_patches(raster, 20.0, neighbours, depth, reading)
    found = measure_patches(mosaic)
    assert len(found) == len(expected)
    for name in found.columns[1:]:
        assert found[name].tolist() == pytest.approx(
            [patch[name] for patch in expected], nan_ok=True, abs=1e-9, rel=1e-9
        ), name
    assert sorted(mosaic.core_size.tolist()) == pytest.approx(
        sorted(round(size * 1e4 / 400) for patch in expected for size in patch["cores"])
    )


def spread(values: list[float], weights: list[float]) -> dict[str, float]:
    """Sum a list up, NaN left out."""
    pairs = [(v, w) for v, w in zip(values, weights, strict=True) if not math.isnan(v)]
    if not pairs:
        return dict.fromkeys(("mn", "am", "md", "ra", "sd", "cv"), math.nan)
    v, w = np.array(pairs).T
    mean, deviation = float(v.mean()), float(v.std())
    return {
        "mn": mean,
        "am": float(np.average(v, weights=w)),
        "md": float(np.median(v)),
        "ra": float(np.ptp(v)),
        "sd": deviation,
        "cv": deviation / mean * 100 if mean else math.nan,
    }


def define_group(patches: list[dict], total: float, cells: int, cell: float) -> dict[str, float]:
    """Work out what classes and the landscape have alike."""
    area = [patch["area"] for patch in patches]
    sides = [patch["perim"] / cell for patch in patches]
    cores = [size for patch in patches for size in patch["cores"]]
    found: dict[str, float] = {
        "np": len(patches),
        "pd": len(patches) / total * 100,
        "lpi": max(area) / total * 100,
        "tca": sum(patch["core"] for patch in patches),
        "ndca": len(cores),
        "dcad": len(cores) / total * 100,
        "division": 1 - sum((a / total) ** 2 for a in area),
        "mesh": sum(a * a for a in area) / total,
        "split": total**2 / sum(a * a for a in area),
        "pafrac": math.nan,
        "cohesion": math.nan,
    }
    if cells > 1:
        roots = [math.sqrt(a * 1e4) / cell for a in area]
        grown = sum(p * z for p, z in zip(sides, roots, strict=True))
        found["cohesion"] = (1 - sum(sides) / grown) / (1 - 1 / math.sqrt(cells)) * 100
    if len(patches) >= 10 and len(set(sides)) > 1:
        x = np.log([patch["perim"] for patch in patches])
        y = np.log([a * 1e4 for a in area])
        found["pafrac"] = 2 / float(np.polyfit(x, y, 1)[0])
    for name in ("area", "gyrate", "shape", "frac", "para", "circle", "contig", "core", "cai", "enn"):
        for statistic, value in spread([float(patch[name]) for patch in patches], area).items():
            found[f"{name}_{statistic}"] = value
    for statistic, value in spread(cores, cores).items():
        found[f"dcore_{statistic}"] = value
    return found


def pair_sides(raster: np.ndarray) -> dict[tuple[int, int], int]:
    """Count, for every cell with data and each of its sides, what lies beyond it (the double count)."""
    padded = np.pad(raster, 1)
    found: dict[tuple[int, int], int] = {}
    for i, j in np.argwhere(padded > 0):
        for y, x in SIDES:
            pair = (int(padded[i, j]), int(padded[i + y, j + x]))
            found[pair] = found.get(pair, 0) + 1
    return found


def entropy(parts: list[float]) -> float:
    """Sum -p ln p over the shares of some parts."""
    whole = sum(parts)
    return -sum(part / whole * math.log(part / whole) for part in parts if part)


@given(raster=RASTERS | CLUMPED, neighbours=OPTIONS["neighbours"], depth=OPTIONS["depth"])
@settings(max_examples=80, deadline=None)
def test_classes_and_landscape_follow_their_definitions(
    raster: np.ndarray, neighbours: int, depth: float
) -> None:
    """Every metric of classes and landscape is what its definition gives, from patches and pairs of cells."""
    cell = 20.0
    mosaic = build_mosaic(
        raster, cell, nodata=0, neighbours=neighbours, edge_depth_m=depth * cell, boundary=0.5
    )
    patches = define_patches(raster, cell, neighbours, depth, "program")
    values = [int(value) for value in np.unique(raster[raster > 0])]
    cells = int((raster > 0).sum())
    total = cells * cell * cell / 1e4
    pairs = pair_sides(raster)
    g = {(i, k): pairs.get((i, k), 0) for i in values for k in [*values, 0]}
    classes = measure_classes(mosaic).set_index("class")
    shares, index = [], []
    outline = sum(g[i, 0] for i in values)
    for i in values:
        a = int((raster == i).sum())
        share = a / cells
        others = [g[i, k] for k in values if k != i]
        e = sum(others) + g[i, 0]
        least = min(2 * (h + math.ceil(a / h)) for h in range(1, a + 1))
        most = 4 * a if 2 * a <= cells else outline + 4 * (cells - a)
        edge = (sum(others) + 0.5 * g[i, 0]) * cell
        expected = {
            **define_group([patch for patch in patches if patch["class"] == i], total, cells, cell),
            "ca": a * cell * cell / 1e4,
            "pland": share * 100,
            "te": edge,
            "ed": edge / total,
            "lsi": e / least,
            "pladj": g[i, i] / (4 * a) * 100,
            "ai": g[i, i] / 2 / ((4 * a - least) / 2) * 100 if a > 1 else math.nan,
            "nlsi": (e - least) / (most - least) if most > least else math.nan,
            "iji": entropy(others) / math.log(len(others)) * 100
            if len(others) > 1 and sum(others)
            else math.nan,
        }
        expected["cpland"] = expected["tca"] / total * 100
        like = g[i, i] / (4 * a - least) if a > 1 else 0.0
        expected["clumpy"] = math.nan
        if a < cells:
            expected["clumpy"] = (like - share) / (share if like < share and share < 0.5 else 1 - share)
        assert set(expected) == set(classes.columns)
        for name, value in expected.items():
            assert classes[name][i] == pytest.approx(value, nan_ok=True, rel=1e-8, abs=1e-8), name
        shares.append(share)
        index.append(share * expected["ai"] if a > 1 else 0.0)
    m = len(values)
    between = [g[i, k] for i, k in itertools.combinations(values, 2)]
    edge = (sum(between) + 0.5 * outline) * cell
    least = min(2 * (h + math.ceil(cells / h)) for h in range(1, cells + 1))
    even = sum(share**2 for share in shares)
    expected = {
        **define_group(patches, total, cells, cell),
        "ta": total,
        "te": edge,
        "ed": edge / total,
        "lsi": (sum(between) + outline) / least,
        "pladj": sum(g[i, i] for i in values) / (4 * cells) * 100,
        "ai": sum(index),
        "iji": math.nan,
        "contag": math.nan,
        "pr": m,
        "prd": m / total * 100,
        "rpr": m / 5 * 100,
        "shdi": entropy(shares),
        "sidi": 1 - even,
        "msidi": -math.log(even),
        "shei": entropy(shares) / math.log(m) if m > 1 else 0.0,
        "siei": (1 - even) / (1 - 1 / m) if m > 1 else 0.0,
        "msiei": -math.log(even) / math.log(m) if m > 1 else 0.0,
    }
    if m > 2 and sum(between):
        expected["iji"] = entropy(between) / math.log(m * (m - 1) / 2) * 100
    if m > 1:
        q = []
        for i, share in zip(values, shares, strict=True):
            around = sum(g[i, k] for k in values)
            q += [share * g[i, k] / around for k in values if around and g[i, k]]
        expected["contag"] = (1 + sum(x * math.log(x) for x in q) / (2 * math.log(m))) * 100
    whole = measure_landscape(mosaic, max_classes=5)
    assert set(expected) == set(whole.columns)
    for name, value in expected.items():
        assert whole[name][0] == pytest.approx(value, nan_ok=True, rel=1e-8, abs=1e-8), name


@given(
    raster=arrays(
        np.int64,
        st.tuples(st.integers(1, 40), st.integers(1, 40)),
        elements=st.sampled_from([0] * 12 + [1, 2]),
    ),
    neighbours=OPTIONS["neighbours"],
)
@settings(max_examples=40, deadline=None)
def test_sparse_neighbours_follow_their_definition(raster: np.ndarray, neighbours: int) -> None:
    """Nearest neighbours far apart are those of all pairs of cells."""
    if not raster.any():
        return
    from scipy.spatial import cKDTree

    mosaic = build_mosaic(raster, 1.0, nodata=0, neighbours=neighbours)
    patches = list_patches(raster, SIDES + (CORNERS if neighbours == 8 else []))
    expected = []
    for value, cells in patches:
        others = [c for v, other in patches if v == value and other is not cells for c in other]
        nearest = cKDTree(others).query(sorted(cells))[0].min() if others else math.nan
        expected.append(float(nearest))
    assert mosaic.nearest.tolist() == pytest.approx(expected, nan_ok=True)
