"""Which works first when passabilities are known only within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError
from bocage.rivers.budget import Plan, plan_budget
from bocage.rivers.gains import apply_works
from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import Floats, Index, WorkOptions, pose_problem


@dataclass(frozen=True)
class Draws:
    """Rivers and options as they may be, all equally likely, and their mean.

    Attributes
    ----------
    tree : RiverTree
        With the mean passability of each barrier today.
    options : WorkOptions
        With their mean passability once done.
    trees, drawn_options : tuple
        One river and its options a draw.
    sampling : str
        How they were drawn, for the record.
    """

    tree: RiverTree
    options: WorkOptions
    trees: tuple[RiverTree, ...]
    drawn_options: tuple[WorkOptions, ...]
    sampling: str


@dataclass(frozen=True)
class UncertainPlan:
    """The plan best on average, and how sure each of its works is.

    Attributes
    ----------
    plan : Plan
        Best for the mean passabilities: its gain is what is expected of it (see `plan_under_uncertainty`).
    gains : (d,) array of float64
        What the plan gains in each draw.
    best_gains : (d,) array of float64
        What the best plan for each draw, had it been known, would gain.
    chosen : (k,) array of float64
        Share of the draws whose best plan holds each option.
    opened : (k,) array of float64
        Share of the draws whose best plan does anything at the barrier of each option.
    gap : float
        Greatest share of the best gain that any of the plans may be missing.
    sampling : str
        How the draws were made.
    """

    plan: Plan
    gains: Floats
    best_gains: Floats
    chosen: Floats
    opened: Floats
    gap: float
    sampling: str

    @property
    def regret(self) -> float:
        """Mean of what not knowing loses, in the unit of the gains."""
        return float(np.mean(self.best_gains - self.gains))


def draw_passabilities(
    tree: RiverTree,
    options: WorkOptions,
    up_range: tuple[ArrayLike, ArrayLike],
    down_range: tuple[ArrayLike, ArrayLike],
    *,
    option_up_range: tuple[ArrayLike, ArrayLike] | None = None,
    option_down_range: tuple[ArrayLike, ArrayLike] | None = None,
    draws: int = 64,
    seed: int = 0,
) -> Draws:
    """Draw passabilities from intervals, uniformly and one barrier apart from the others.

    A Latin hypercube: each interval is cut in as many equal parts as there are draws, the middle of each part
    is taken once, and a seeded generator (PCG64) shuffles them barrier by barrier. Climb and descent of a
    barrier rise together.

    Parameters
    ----------
    tree : RiverTree
        Its own passabilities are not used.
    options : WorkOptions
        Costs and, without ranges, passabilities.
    up_range, down_range : (low, high), each (n,) array of float
        Of each reach's barrier today, in [0, 1]; equal where it is known, 0 and 1 where it is unknown.
    option_up_range, option_down_range : (low, high), each (k,) array of float, optional
        Of each option once done.
    draws : int
        How many.
    seed : int
        Of the shuffling.

    Raises
    ------
    DataError
        A range is outside [0, 1] or upside down; no draw is asked for.
    """
    if draws < 1:
        raise DataError(f"{draws} draws are asked for; ask for one at least.")
    count = len(tree.downstream)
    up = _read_range(up_range, count, "up_range")
    down = _read_range(down_range, count, "down_range")
    option_up = _read_range(option_up_range or (options.up, options.up), options.count, "option_up_range")
    option_down = _read_range(
        option_down_range or (options.down, options.down), options.count, "option_down_range"
    )
    # Only what is uncertain is shuffled, so that a reach more does not change the draws of the others after
    # it.
    unsure = np.flatnonzero((up[0] < up[1]) | (down[0] < down[1]))
    unsure_options = np.flatnonzero((option_up[0] < option_up[1]) | (option_down[0] < option_down[1]))
    generator = np.random.Generator(np.random.PCG64(seed))
    middles = (np.arange(draws) + 0.5) / draws
    places = np.tile(middles, (unsure.size + unsure_options.size, 1))
    places = generator.permuted(places, axis=1)

    trees, drawn = [], []
    for d in range(draws):
        place = np.full(count, 0.5)
        place[unsure] = places[: unsure.size, d]
        trees.append(replace(tree, up=_place(up, place), down=_place(down, place)))
        place = np.full(options.count, 0.5)
        place[unsure_options] = places[unsure.size :, d]
        drawn.append(replace(options, up=_place(option_up, place), down=_place(option_down, place)))
    return Draws(
        tree=replace(tree, up=(up[0] + up[1]) / 2, down=(down[0] + down[1]) / 2),
        options=replace(
            options, up=(option_up[0] + option_up[1]) / 2, down=(option_down[0] + option_down[1]) / 2
        ),
        trees=tuple(trees),
        drawn_options=tuple(drawn),
        sampling=f"Latin hypercube, {draws} draws, uniform, independent barriers, PCG64 seed {seed}",
    )


def gather_draws(trees: Sequence[RiverTree], options: WorkOptions | Sequence[WorkOptions]) -> Draws:
    """Take rivers drawn elsewhere, all of the same shape and equally likely.

    Raises
    ------
    DataError
        There is none, or they differ by more than passabilities.
    """
    if not len(trees):
        raise DataError("No river is given; give one draw at least.")
    drawn = [options] * len(trees) if isinstance(options, WorkOptions) else list(options)
    if len(drawn) != len(trees):
        raise DataError(f"{len(trees)} rivers are given with {len(drawn)} lists of options; give as many.")
    for tree, works in zip(trees, drawn, strict=True):
        if not (
            np.array_equal(tree.downstream, trees[0].downstream)
            and np.array_equal(tree.weight, trees[0].weight)
            and np.array_equal(works.reach, drawn[0].reach)
            and np.array_equal(works.cost, drawn[0].cost)
        ):
            raise DataError("The rivers differ by more than passabilities; draw those only.")
    return Draws(
        tree=replace(
            trees[0],
            up=np.mean([tree.up for tree in trees], axis=0),
            down=np.mean([tree.down for tree in trees], axis=0),
        ),
        options=replace(
            drawn[0],
            up=np.mean([works.up for works in drawn], axis=0),
            down=np.mean([works.down for works in drawn], axis=0),
        ),
        trees=tuple(trees),
        drawn_options=tuple(drawn),
        sampling=f"{len(trees)} draws as given",
    )


def plan_under_uncertainty(
    draws: Draws,
    budget: float,
    *,
    index: Index = "potamodromous",
    forced_in: ArrayLike | None = None,
    forced_out: ArrayLike | None = None,
    gap: float = 0.01,
) -> UncertainPlan:
    """Choose the works that gain most on average, and see in how many draws each would be chosen.

    Parameters
    ----------
    draws : Draws
        By `draw_passabilities` or `gather_draws`.
    budget : float
        To spend.
    index, forced_in, forced_out, gap
        As `bocage.rivers.budget.plan_budget`.

    Returns
    -------
    UncertainPlan

    Raises
    ------
    DataError, ResourceError
        As `plan_budget`.

    Notes
    -----
    On a tree the way between two reaches passes every barrier once, in one direction, so the
    index is linear in the passability of each barrier. When barriers vary apart from each other, the mean of
    the index is therefore the index of the means, exactly and for every set of works: the plan for the means
    is the best on average, without sampling. With draws that vary together, it is an approximation;
    ``gains.mean()`` tells.
    """
    choice = {"index": index, "forced_in": forced_in, "forced_out": forced_out, "gap": gap}
    curve = plan_budget(draws.tree, draws.options, [budget], **choice)  # type: ignore[arg-type]
    plan = curve.choose(budget)
    count = draws.options.count
    nothing = WorkOptions.of([], [], [], [])
    gains, best_gains, gaps = [], [], [curve.gap]
    chosen, opened = np.zeros(count), np.zeros(count)
    for tree, options in zip(draws.trees, draws.drawn_options, strict=True):
        own = plan_budget(tree, options, [budget], **choice)  # type: ignore[arg-type]
        best = own.choose(budget)
        after = pose_problem(apply_works(tree, options, plan.rows), nothing, index)
        gains.append(after.now - own.now)
        best_gains.append(max(best.gain, gains[-1]))
        gaps.append(own.gap)
        chosen[best.rows] += 1
        opened[np.isin(options.reach, options.reach[best.rows])] += 1
    return UncertainPlan(
        plan=plan,
        gains=np.array(gains),
        best_gains=np.array(best_gains),
        chosen=chosen / len(draws.trees),
        opened=opened / len(draws.trees),
        gap=max(gaps),
        sampling=draws.sampling,
    )


def _read_range(bounds: tuple[ArrayLike, ArrayLike], count: int, name: str) -> tuple[Floats, Floats]:
    low, high = (np.broadcast_to(np.asarray(bound, dtype=np.float64), (count,)) for bound in bounds)
    wrong = np.flatnonzero(~((low >= 0) & (low <= high) & (high <= 1)))
    if wrong.size:
        raise DataError(
            f"{name} is {low[wrong[0]]} to {high[wrong[0]]} at {wrong[0]}; "
            "give the lower bound, then the higher, in [0, 1]."
        )
    return low, high


def _place(bounds: tuple[Floats, Floats], place: NDArray[np.float64]) -> Floats:
    return bounds[0] + place * (bounds[1] - bounds[0])
