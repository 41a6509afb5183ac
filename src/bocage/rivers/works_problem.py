"""What can be done at the works of a river, and the river reduced to what that decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError
from bocage.rivers.tree import RiverTree

Floats = NDArray[np.float64]
Index = Literal["potamodromous", "diadromous"]

# Costs are counted in whole units of this many decimals at most, so that sums that are equal compare equal.
_DECIMALS = 6
_LARGEST_COUNT = 2.0**52


@dataclass(frozen=True)
class WorkOptions:
    """What can be done at barriers: one row an option, any number a barrier; doing nothing costs nothing.

    Attributes
    ----------
    reach : (k,) array of int32
        Reach at whose lower end the barrier stands.
    cost : (k,) array of float64
        In any one unit, >= 0; counted to the sixth decimal.
    up, down : (k,) array of float64
        Passability once done, in [0, 1].

    Examples
    --------
    >>> WorkOptions.of([3, 3], cost=[40, 100], up=[0.66, 1], down=[1, 1]).count
    2
    """

    reach: NDArray[np.int32]
    cost: Floats
    up: Floats
    down: Floats

    def __post_init__(self) -> None:
        """Check shapes and ranges.

        Raises
        ------
        DataError
            Says what was found and where.
        """
        for name in ("cost", "up", "down"):
            values = getattr(self, name)
            if values.shape != self.reach.shape:
                raise DataError(
                    f"{name} has shape {values.shape}; one value an option was expected, {self.reach.shape}."
                )
            wrong = np.flatnonzero(~((values >= 0) & np.isfinite(values)))
            if wrong.size:
                raise DataError(f"{name} is {values[wrong[0]]} at option {wrong[0]}; give numbers from 0 up.")
        for name in ("up", "down"):
            wrong = np.flatnonzero(getattr(self, name) > 1)
            if wrong.size:
                found = getattr(self, name)[wrong[0]]
                raise DataError(f"{name} is {found} at option {wrong[0]}; a passability is in [0, 1].")

    @classmethod
    def of(cls, reach: ArrayLike, cost: ArrayLike, up: ArrayLike, down: ArrayLike) -> WorkOptions:
        """Make options from any sequences of numbers."""
        return cls(
            np.asarray(reach, dtype=np.int32),
            np.asarray(cost, dtype=np.float64),
            np.asarray(up, dtype=np.float64),
            np.asarray(down, dtype=np.float64),
        )

    def round_costs(self, step: float) -> WorkOptions:
        """Give the same options with costs rounded up to whole steps.

        What fits a budget then fits it with the true costs too, and budgets are fewer to tell apart, which is
        what makes an exact curve slow.

        Raises
        ------
        DataError
            The step is not above 0.

        Examples
        --------
        >>> options = WorkOptions.of([1, 2], cost=[37_250, 4_000], up=[1, 1], down=[1, 1])
        >>> options.round_costs(2_000).cost.tolist()
        [38000.0, 4000.0]
        """
        if not step > 0:
            raise DataError(f"The step of costs is {step}; give a number above 0.")
        return WorkOptions(self.reach, np.ceil(self.cost / step - 1e-9) * step, self.up, self.down)

    @property
    def count(self) -> int:
        """Number of options, all barriers together."""
        return len(self.reach)


@dataclass(frozen=True)
class WorksProblem:
    """A river in which only what options can change is left apart. Node 0 is the sea.

    Attributes
    ----------
    parent : (m,) array of int32
        Node that each flows into, always a lower number; -1 for the sea.
    arriving, reached, paired : (m,) array of float64
        State of each node alone, with what was folded into it: weight that arrives at its lower end, weight
        reached from there, sum over its own pairs; shares of the whole weight.
    first : (m + 1,) array of int64
        Where the options of the barrier below each node start, the cheapest first.
    cost : (o,) array of int64
        Of each option, in `unit`.
    up, down : (o,) array of float64
        Passability with each option. For the diadromous index both are the climb.
    row : (o,) array of int32
        Row of `WorkOptions`; -1 for nothing.
    unit : float
        What a cost of 1 stands for.
    now : float
        Value of the index, in [0, 1], with nothing done.
    diadromous : bool
        What is reached from the sea counts, not pairs of reaches.
    """

    parent: NDArray[np.int32]
    arriving: Floats
    reached: Floats
    paired: Floats
    first: NDArray[np.int64]
    cost: NDArray[np.int64]
    up: Floats
    down: Floats
    row: NDArray[np.int32]
    unit: float
    now: float
    diadromous: bool

    @property
    def count(self) -> int:
        """Number of nodes, the sea included."""
        return len(self.parent)

    @property
    def constant(self) -> float:
        """What the index holds that no barrier between nodes decides."""
        return 0.0 if self.diadromous else float(self.paired.sum())

    def count_budget(self, budget: float) -> int:
        """Whole units in a budget."""
        if np.isnan(budget) or budget < 0:
            raise DataError(f"A budget is {budget}; give a number from 0 up.")
        return int(min(np.floor(budget / self.unit + 1e-6), _LARGEST_COUNT))

    def measure(self, level: NDArray[np.int64]) -> float:
        """Value of the index with option ``level[v]`` (m,) of the barrier below each node."""
        return self.constant + self.spread(level)[0]

    def spread(self, level: NDArray[np.int64]) -> tuple[float, Floats, Floats, Floats, Floats]:
        """Value but for the constant, then the four (m,) arrays of `bocage.kernels.river_budget.spread`."""
        from bocage.kernels import river_budget

        at = self.first[:-1] + level
        fields = [np.empty(self.count) for _ in range(4)]
        value = river_budget.spread(
            self.parent, self.up[at], self.down[at], self.arriving, self.reached, self.diadromous, *fields
        )
        return value, fields[0], fields[1], fields[2], fields[3]


def pose_problem(
    tree: RiverTree,
    options: WorkOptions,
    index: Index = "potamodromous",
    forced_in: ArrayLike | None = None,
    forced_out: ArrayLike | None = None,
) -> WorksProblem:
    """Reduce a river to what its options decide.

    Reaches that nothing parts become one node; subtrees without options fold into their parent.

    Parameters
    ----------
    tree : RiverTree
        As it is today.
    options : WorkOptions
        What can be done.
    index : {"potamodromous", "diadromous"}
        Σᵢⱼ wᵢ cᵢⱼ wⱼ / W², or Σᵢ wᵢ cᵢ / W where cᵢ is the passability of the climb from the sea to reach i.
        The barrier of an outlet counts for the second only.
    forced_in : (k,) array of bool, optional
        Options of which one must be chosen at their barrier: mark all those of a barrier that must be opened.
    forced_out : (k,) array of bool, optional
        Options that may not be chosen: removals that may not be imposed.

    Raises
    ------
    DataError
        An option at a reach that is not; no weight; an unknown index; a barrier left without any option.
    """
    from bocage.kernels import river_budget

    if index not in ("potamodromous", "diadromous"):
        raise DataError(f"The index {index!r} is unknown; give 'potamodromous' or 'diadromous'.")
    diadromous = index == "diadromous"
    count = len(tree.downstream)
    wrong = np.flatnonzero((options.reach < 0) | (options.reach >= count))
    if wrong.size:
        raise DataError(
            f"Option {wrong[0]} is at reach {options.reach[wrong[0]]}; there are {count} reaches."
        )
    total = float(tree.weight.sum())
    if not total > 0:
        raise DataError("No reach has a weight above 0; give their length, area or habitat.")
    must = _read_mask(forced_in, options.count, "forced_in")
    allowed = ~_read_mask(forced_out, options.count, "forced_out")
    must_reaches = np.zeros(count, dtype=bool)
    must_reaches[options.reach[must]] = True
    allowed &= must | ~must_reaches[options.reach]
    stuck = np.setdiff1d(options.reach[must], options.reach[allowed])
    if stuck.size:
        raise DataError(f"The barrier of reach {stuck[0]} must be opened but all its options are forced out.")

    worked_reach = np.zeros(count, dtype=bool)
    worked_reach[options.reach[allowed]] = True
    climb = tree.up
    descent = tree.up if diadromous else tree.down
    kept = worked_reach | (climb < 1) | (descent < 1)
    node, lowest = river_budget.contract_reaches(tree.order, tree.downstream, kept)
    below = tree.downstream[lowest]
    parent = np.concatenate(([-1], np.where(below < 0, 0, node[np.maximum(below, 0)] + 1))).astype(np.int32)
    weight = np.concatenate(([0.0], np.bincount(node, tree.weight, len(lowest)) / total))
    worked = np.concatenate(([False], worked_reach[lowest]))
    up = np.concatenate(([1.0], climb[lowest]))
    down = np.concatenate(([1.0], descent[lowest]))
    outlets = (parent == 0) & (not diadromous)  # nothing passes from one basin to another by the sea
    up[outlets] = down[outlets] = 0.0

    arriving, reached, paired = weight.copy(), weight.copy(), weight**2
    left = river_budget.fold_fixed(parent, up, down, worked, arriving, reached, paired)
    number = np.cumsum(left) - 1
    node_of_row = number[node[options.reach] + 1]
    parent = np.where(parent[left] < 0, -1, number[np.maximum(parent[left], 0)]).astype(np.int32)
    up, down, outlets = up[left], down[left], outlets[left]

    free = np.ones(len(parent), dtype=bool)
    free[node_of_row[must]] = False
    idle = np.flatnonzero(free)
    rows = np.flatnonzero(allowed)
    whose = np.concatenate([idle, node_of_row[rows]])
    counted, unit = _count_costs(options.cost)
    cost = np.concatenate([np.zeros(idle.size, dtype=np.int64), counted[rows]])
    shut = outlets[node_of_row[rows]]
    option_up = np.concatenate([up[idle], np.where(shut, 0.0, options.up[rows])])
    option_down = np.concatenate(
        [down[idle], np.where(shut, 0.0, (options.up if diadromous else options.down)[rows])]
    )
    row = np.concatenate([np.full(idle.size, -1), rows]).astype(np.int32)
    # At one cost the status quo comes last but for what is worse: free openings are never left out.
    order = np.lexsort((row, -(option_up + option_down), cost, whose))
    first = np.concatenate(([0], np.cumsum(np.bincount(whose, minlength=len(parent))))).astype(np.int64)

    problem = WorksProblem(
        parent=parent,
        arriving=arriving[left],
        reached=reached[left],
        paired=paired[left],
        first=first,
        cost=cost[order],
        up=option_up[order],
        down=option_down[order],
        row=row[order],
        unit=unit,
        now=0.0,
        diadromous=diadromous,
    )
    fields = [np.empty(len(parent)) for _ in range(4)]
    value = river_budget.spread(parent, up, down, problem.arriving, problem.reached, diadromous, *fields)
    object.__setattr__(problem, "now", problem.constant + value)
    return problem


def _read_mask(mask: ArrayLike | None, count: int, name: str) -> NDArray[np.bool_]:
    if mask is None:
        return np.zeros(count, dtype=bool)
    read = np.asarray(mask, dtype=bool)
    if read.shape != (count,):
        raise DataError(f"{name} has shape {read.shape}; one value an option was expected, ({count},).")
    return read


def _count_costs(cost: Floats) -> tuple[NDArray[np.int64], float]:
    """Costs in whole units and what a unit is worth."""
    total = float(cost.sum())
    decimals = _DECIMALS
    while decimals > 0 and total * 10.0**decimals > _LARGEST_COUNT:
        decimals -= 1
    counted = np.rint(cost * 10.0**decimals).astype(np.int64)
    divisor = int(np.gcd.reduce(counted)) if counted.any() else 1
    return counted // divisor, divisor / 10.0**decimals
