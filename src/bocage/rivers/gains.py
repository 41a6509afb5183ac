"""What each work would add to the connectivity of a river, alone or with others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError
from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import Floats, Index, WorkOptions, WorksProblem, pose_problem


def rank_barriers(tree: RiverTree, options: WorkOptions, *, index: Index = "potamodromous") -> Floats:
    """Measure what each option would add if it were the only one done.

    Exact, in one pass up and one down the tree: with A what arrives at the barrier's reach from upstream and
    B what is reached from it there, In and Out the same at the reach below without that side, ``Δ = (d' - d)
    A Out + (u' - u) B In``.

    Parameters
    ----------
    tree : RiverTree
        As it is today.
    options : WorkOptions
        What can be done.
    index : {"potamodromous", "diadromous"}
        See `bocage.rivers.works_problem.pose_problem`.

    Returns
    -------
    (k,) array of float64
        Rise of the index, which is in [0, 1].

    Raises
    ------
    DataError
        As `pose_problem`.

    Notes
    -----
    These are not to be added: the index is supermodular, two works on one river are worth more
    together, and a budget spent down this ranking reaches far less than it could (see
    `bocage.rivers.budget.plan_budget`).

    Examples
    --------
    Two reaches of the same length and one shut barrier: half of the pairs would open.

    >>> tree = RiverTree(np.array([-1, 0], dtype=np.int32), np.ones(2), np.ones(2), np.array([1., 0.]),
    ...                  np.array([1., 0.]))
    >>> rank_barriers(tree, WorkOptions.of([1], cost=[10], up=[1], down=[1])).tolist()
    [0.5]
    """
    return rank_rows(pose_problem(tree, options, index), options.count)


def rank_rows(problem: WorksProblem, count: int) -> Floats:
    """Measure what each of ``count`` rows would add alone to what is there today; 0 for those left out."""
    gains = np.zeros(count)
    at = np.flatnonzero(problem.row >= 0)
    whose = np.repeat(np.arange(problem.count), np.diff(problem.first))
    level = find_idle_levels(problem)
    _, upper_in, upper_out, rest_in, rest_out = problem.spread(level)
    base = (problem.first[:-1] + level)[whose[at]]
    by_down = (upper_in * rest_out)[whose[at]]
    by_up = (rest_in * upper_out)[whose[at]]
    gains[problem.row[at]] = (problem.down[at] - problem.down[base]) * by_down + (
        problem.up[at] - problem.up[base]
    ) * by_up
    return gains


def find_idle_levels(problem: WorksProblem) -> NDArray[np.int64]:
    """Level (m,) of doing nothing at each node, or of the cheapest option where something must be done."""
    level = np.zeros(problem.count, dtype=np.int64)
    idle = np.flatnonzero(problem.row < 0)
    whose = np.searchsorted(problem.first, idle, side="right") - 1
    level[whose] = idle - problem.first[whose]
    return level


def apply_works(tree: RiverTree, options: WorkOptions, rows: ArrayLike) -> RiverTree:
    """Give the river as it would be with the options of these rows done.

    Raises
    ------
    DataError
        Two rows at one barrier.
    """
    chosen = np.asarray(rows, dtype=np.int64)
    reaches = options.reach[chosen]
    if np.unique(reaches).size < reaches.size:
        values, counts = np.unique(reaches, return_counts=True)
        raise DataError(f"Two options are chosen at reach {values[counts > 1][0]}; choose one a barrier.")
    up, down = tree.up.copy(), tree.down.copy()
    up[reaches], down[reaches] = options.up[chosen], options.down[chosen]
    return RiverTree(tree.downstream, tree.weight, tree.length, up, down)


def measure_gain(
    tree: RiverTree, options: WorkOptions, rows: ArrayLike, *, index: Index = "potamodromous"
) -> float:
    """Measure the rise of the index, in [0, 1], when the options of these rows are done together."""
    nothing = WorkOptions.of([], [], [], [])
    after = pose_problem(apply_works(tree, options, rows), nothing, index)
    return after.now - pose_problem(tree, nothing, index).now
