"""Random river trees, and the indices of rivers by their definition: every pair of reaches, step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bocage.rivers.distances import Fading, Leptokurtic, Threshold
from bocage.rivers.tree import RiverTree

DECAYS = [
    None,
    Fading(2.0, 0.5),
    Fading(3.0, 0.2, 0.9),
    Fading(3.0, 0.0, 1.0),
    Threshold(0.0),
    Threshold(3.0),
    Threshold(6.5),
    Threshold(up_m=2.0, down_m=4.0),
    Threshold(up_m=0.0, down_m=5.0),
    Threshold(up_m=3.5),
    Leptokurtic(1.0, 5.0, 0.7),
]
DISTANCES = ["along_river", "midpoints", "upstream_length"]


@st.composite
def trees(draw: st.DrawFn, max_reaches: int = 9) -> RiverTree:
    """Give a forest numbered in any order, with weights, lengths and passabilities of 0 too."""
    count = draw(st.integers(1, max_reaches))
    names = draw(st.permutations(range(count)))
    downstream = np.full(count, -1, np.int32)
    for i in range(1, count):
        below = draw(st.integers(-1, i - 1))
        downstream[names[i]] = -1 if below < 0 else names[below]

    def values(choices: list[float]) -> np.ndarray:
        return np.array(draw(st.lists(st.sampled_from(choices), min_size=count, max_size=count)))

    weight = values([0, 1, 2, 3.5])
    weight[names[0]] = 1.0
    passable = [0.0, 0.25, 0.6, 1.0, 1.0]
    return RiverTree(downstream, weight, values([0, 1, 2, 5]), values(passable), values(passable))


def walk(tree: RiverTree, start: int) -> list[int]:
    """List the reaches from one to its outlet, both included."""
    path = [start]
    while tree.downstream[path[-1]] >= 0:
        path.append(int(tree.downstream[path[-1]]))
    return path


def part_ways(tree: RiverTree, i: int, j: int) -> tuple[list[int], list[int], int] | None:
    """List the reaches whose lower end is descended and climbed from i to j, and where the way turns."""
    first, second = walk(tree, i), walk(tree, j)
    if first[-1] != second[-1]:
        return None
    turn = next(reach for reach in first if reach in second)
    return first[: first.index(turn)], second[: second.index(turn)], turn


def measure_way(tree: RiverTree, legs: list[int], other: list[int], turn: int, distance: str) -> float:
    """Measure one leg of a way: from the end of it down to where the way turns [m]."""
    if not legs:
        return 0.0
    length, below = tree.length, tree.downstream
    if distance == "upstream_length":
        return sum(length[v] for v in legs)
    if distance == "midpoints":
        return sum((length[v] + length[below[v]]) / 2 for v in legs)
    to_confluence = length[legs[0]] / 2 + sum(length[v] for v in legs[1:])
    return to_confluence if other else to_confluence + length[turn] / 2


@dataclass
class Pairs:
    """What the definition gives: matrices from row to column, and vectors from the sea and to it."""

    factor: np.ndarray
    climb: np.ndarray
    descent: np.ndarray


def define_pairs(tree: RiverTree, convention: str, decay: Any, distance: str) -> Pairs:
    """Give the factor of every pair."""
    up, down = tree.up, tree.down
    if convention == "both_ways":
        up = down = tree.up * tree.down
    count = len(up)

    def fade(climbed: float, descended: float) -> float:
        if decay is None:
            return 1.0
        if isinstance(decay, Threshold):
            room = 1e-6
            return float(
                climbed + descended <= decay.distance_m + room
                and climbed <= decay.up_m + room
                and descended <= decay.down_m + room
            )
        if isinstance(decay, Leptokurtic):
            far = climbed + descended
            near = decay.share * math.erfc(far / decay.stay_m / math.sqrt(2))
            return near + (1 - decay.share) * math.erfc(far / decay.go_m / math.sqrt(2))
        lower = decay.probability if decay.probability_down is None else decay.probability_down
        return decay.probability ** (climbed / decay.distance_m) * lower ** (descended / decay.distance_m)

    factor = np.zeros((count, count))
    climb, descent = np.zeros(count), np.zeros(count)
    for i in range(count):
        for j in range(count):
            ways = part_ways(tree, i, j)
            if ways is None:
                continue
            descended, climbed, turn = ways
            factor[i, j] = np.prod(down[descended]) * np.prod(up[climbed])
            factor[i, j] *= fade(
                measure_way(tree, climbed, descended, turn, distance),
                measure_way(tree, descended, climbed, turn, distance),
            )
        path = walk(tree, i)
        outlet = path[-1]
        last = tree.length[outlet] if distance == "upstream_length" else tree.length[outlet] / 2
        if distance == "along_river" and len(path) > 1:
            away = tree.length[path[0]] / 2 + sum(tree.length[v] for v in path[1:])
        else:
            away = measure_way(tree, path[:-1], [], outlet, distance) + last
        climb[i] = np.prod(up[path]) * fade(away, 0.0)
        descent[i] = np.prod(down[path]) * fade(0.0, away)
    return Pairs(factor, climb, descent)
