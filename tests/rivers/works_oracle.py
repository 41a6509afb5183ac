"""Small rivers with works, and the indices by their definitions."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import Index, WorkOptions


def make_river(downstream: ArrayLike, weight: ArrayLike, up: ArrayLike, down: ArrayLike) -> RiverTree:
    """Make a river whose lengths are its weights."""
    of = np.asarray(weight, dtype=np.float64)
    return RiverTree(
        np.asarray(downstream, dtype=np.int32),
        of,
        of.copy(),
        np.array(up, dtype=np.float64),
        np.array(down, dtype=np.float64),
    )


def measure_by_definition(tree: RiverTree, index: Index) -> float:
    """Sum over pairs of reaches, or over reaches and the sea, of the products of passabilities on the way."""
    paths = []
    for reach in range(len(tree.downstream)):
        path = []
        while reach >= 0:
            path.append(reach)
            reach = int(tree.downstream[reach])
        paths.append(path)
    share = tree.weight / tree.weight.sum()
    if index == "diadromous":
        return float(sum(part * np.prod(tree.up[path]) for part, path in zip(share, paths, strict=True)))
    total = 0.0
    for source, path in zip(share, paths, strict=True):
        for target, other in zip(share, paths, strict=True):
            if path[-1] == other[-1]:
                descent = [reach for reach in path if reach not in other]
                climb = [reach for reach in other if reach not in path]
                total += source * target * np.prod(tree.down[descent]) * np.prod(tree.up[climb])
    return float(total)


@st.composite
def draw_rivers(draw: st.DrawFn, barriers: int = 5) -> tuple[RiverTree, WorkOptions]:
    """Draw forests of up to 8 reaches, 0 to 2 options at some barriers, costs with ties and zeros."""
    count = draw(st.integers(1, 8))
    downstream = [-1] + [draw(st.integers(-1, v - 1)) for v in range(1, count)]
    passing = st.sampled_from([0.0, 0.3, 0.66, 1.0])
    symmetric = draw(st.booleans())
    up = [draw(passing) for _ in range(count)]
    down = up if symmetric else [draw(passing) for _ in range(count)]
    weight = [draw(st.sampled_from([0.5, 1.0, 2.0, 3.7])) for _ in range(count)]
    at = draw(st.lists(st.integers(0, count - 1), unique=True, max_size=barriers))
    reach, cost, made_up, made_down = [], [], [], []
    for barrier in at:
        for _ in range(draw(st.integers(1, 2))):
            reach.append(barrier)
            cost.append(draw(st.sampled_from([0.0, 1.0, 1.0, 1.5, 2.0, 3.0])))
            made_up.append(draw(passing))
            made_down.append(made_up[-1] if symmetric else draw(passing))
    place = draw(st.permutations(range(count)))
    old = np.argsort(place)
    moved = np.array([-1 if below < 0 else place[below] for below in downstream])[old]
    tree = make_river(moved, np.array(weight)[old], np.array(up)[old], np.array(down)[old])
    return tree, WorkOptions.of([place[v] for v in reach], cost, made_up, made_down)
