"""Which works first: the best set for every budget, by a Pareto programme on the tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError, ResourceError
from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import Floats, Index, WorkOptions, WorksProblem, pose_problem

# Values of the index closer than this are one value: several times the rounding of their sums.
_ROUNDING = 1e-15
# Fronts of parts of fewer works are small: what may be lost is kept for the others.
_SMALL_PART = 6
_MOST_STATES = 3_000_000
_MOST_STATES_ASYMMETRIC = 400_000  # each new state is compared with many
_MOST_PAIRS = 4_000_000_000
_TOO_MANY = (
    "{states} states of {works} works are all worth keeping, too many to combine; "
    "round the costs to a coarser unit, ask for a wider gap, or choose by reverse greedy."
)


@dataclass(frozen=True)
class Plan:
    """Works to do together.

    Attributes
    ----------
    rows : (p,) array of int64
        Chosen rows of the options, ascending.
    cost : float
        Of all of them.
    gain : float
        Rise of the index, which is in [0, 1].
    bound : float
        No set within the budget asked for gains more; NaN when that is not known.
    """

    rows: NDArray[np.int64]
    cost: float
    gain: float
    bound: float


@dataclass(frozen=True)
class BudgetCurve:
    """The best gain found for every budget: a staircase, one step a set of works.

    Attributes
    ----------
    cost : (s,) array of float64
        At which each step begins, ascending; the first is what must be spent.
    gain : (s,) array of float64
        Rise of the index, in [0, 1], from there on, ascending.
    bound : (s,) array of float64
        No set of works that costs less than the next step gains more; NaN when that is not known.
    limit : float
        Largest budget that the curve answers for.
    now : float
        The index before any work.
    index : {"potamodromous", "diadromous"}
        What was measured.
    method : str
        ``"exact"``, ``"pruned"``, ``"stepped"``, ``"greedy"``, ``"ranking"`` or ``"reverse greedy"``.
    gap : float
        Greatest share of the best possible gain that any step may be missing: 0 when exact, NaN when not
        known.
    step : float
        What costs were counted by, for the smallest budget asked for; 0 when they were not rounded.
    option_cost : (k,) array of float64, optional
        Of each option, where steps begin at more than their works cost.
    """

    cost: Floats
    gain: Floats
    bound: Floats
    limit: float
    now: float
    index: Index
    method: str
    gap: float
    _recover: Callable[[int], NDArray[np.int64]] = field(repr=False)
    step: float = 0.0
    option_cost: Floats | None = field(default=None, repr=False)
    _prove: Callable[[float], float] | None = field(default=None, repr=False)

    def find_step(self, budget: float) -> int:
        """Find the step that a budget reaches.

        Raises
        ------
        DataError
            The budget is below what must be spent, or beyond the curve.
        """
        if not budget <= self.limit * (1 + 1e-12):
            raise DataError(f"The curve ends at {self.limit:g} and says nothing of a budget of {budget:g}.")
        step = int(np.searchsorted(self.cost, budget + 1e-9 * max(1.0, abs(budget)), side="right")) - 1
        if step < 0:
            raise DataError(
                f"The works that must be done cost {self.cost[0]:g}, more than the budget of {budget:g}."
            )
        return step

    def find_gains(self, budgets: ArrayLike) -> Floats:
        """Best gain (b,) for each budget (b,); NaN below what must be spent."""
        asked = np.atleast_1d(np.asarray(budgets, dtype=np.float64))
        step = np.searchsorted(self.cost, asked + 1e-9 * np.maximum(1.0, abs(asked)), side="right") - 1
        return np.where(step < 0, np.nan, self.gain[np.maximum(step, 0)])

    def choose(self, budget: float) -> Plan:
        """Give the works of the best set found for a budget."""
        step = self.find_step(budget)
        rows = np.sort(self._recover(step))
        cost = self.cost[step] if self.option_cost is None else self.option_cost[rows].sum()
        return Plan(rows, float(cost), float(self.gain[step]), self._find_bound(budget, step))

    def _find_bound(self, budget: float, step: int) -> float:
        """No set of works gains more for a budget; that of the whole step where no more is known."""
        bound = float(self.bound[step])
        if self._prove is None:
            return bound
        return max(min(bound, self._prove(budget)), float(self.gain[step]))

    def find_gap(self, budget: float) -> float:
        """Share of the best possible gain that the set for a budget may be missing; NaN when not known."""
        step = self.find_step(budget)
        bound = self._find_bound(budget, step)
        return 0.0 if bound <= 0 else (bound - float(self.gain[step])) / bound


@dataclass(frozen=True)
class _Trace:
    """Where the states of a front come from: two fronts, or one through the options of a barrier."""

    one: _Trace | None
    two: _Trace | None
    from_one: NDArray[np.int32]
    from_two: NDArray[np.int32]
    row: NDArray[np.int32] | None


@dataclass(frozen=True)
class _Front:
    """States of a part of the tree, none dominated."""

    cost: NDArray[np.int64]
    state: Floats
    trace: _Trace | None


@dataclass(frozen=True)
class _Rooting:
    """The tree hung from a node of its middle: parts stay small, and the last meeting needs no front."""

    order: list[int]
    parent: NDArray[np.int64]
    edge: NDArray[np.int64]
    turned: NDArray[np.bool_]


def plan_budget(
    tree: RiverTree,
    options: WorkOptions,
    budgets: ArrayLike | None = None,
    *,
    index: Index = "potamodromous",
    forced_in: ArrayLike | None = None,
    forced_out: ArrayLike | None = None,
    gap: float = 0.0,
    effort: float = 1.0,
) -> BudgetCurve:
    """Find the best set of works for every budget.

    A part of the tree is summed up by what it costs, what arrives at its root, what is reached from it and
    what is connected inside it; the undominated states of two parts give those of their union. All basins
    share the budget.

    Parameters
    ----------
    tree : RiverTree
        As it is today.
    options : WorkOptions
        What can be done at each barrier.
    budgets : (b,) array of float, optional
        Those of interest: the curve ends at the largest. All when left out.
    index, forced_in, forced_out
        See `bocage.rivers.works_problem.pose_problem`.
    gap : float
        Share of the best gain, in [0, 1), that may be missed for speed. With 0, the curve is exact.
    effort : float
        Share, in ]0, 1], of the states that may be kept and combined before giving up: to try quickly.

    Returns
    -------
    BudgetCurve
        With `gap` and `bound` as proved, ``gain >= (1 - gap) * best gain``, usually far from reached.

    Raises
    ------
    DataError
        As `pose_problem`; a negative budget; one below what must be spent; a gap outside [0, 1).
    ResourceError
        Too many undominated states: take `WorkOptions.round_costs`, a wider gap or `plan_reverse_greedy`.

    Notes
    -----
    With a gap, a state is forgotten when a kept one, no dearer, is at most ``slack`` worse. A state of cost c
    has slack ``gap × G(c) / stages``, with G the gain that greedy choices reach for c, in terms of the whole:
    a weight missing at the root of a part loses it times all that can ever be connected there. The best set
    for b passes every stage once with ``c <= b``, hence loses at most ``gap × G(b)``. Gains compare equal
    within 1e-15 at each stage.

    Examples
    --------
    Three reaches in a row, two shut weirs of cost 1: alone each opens 4/9, or 2/9 higher up; both, 6/9.

    >>> tree = RiverTree(np.array([-1, 0, 1], dtype=np.int32), np.array([1., 1., 1.]), np.ones(3),
    ...                  np.array([1., 0., 0.]), np.array([1., 0., 0.]))
    >>> curve = plan_budget(tree, WorkOptions.of([1, 2], cost=[1, 1], up=[1, 1], down=[1, 1]))
    >>> (9 * curve.gain).round(9).tolist(), curve.choose(2).rows.tolist()
    ([0.0, 2.0, 6.0], [0, 1])
    """
    from bocage.rivers.greedy import find_known_gains

    if not 0 <= gap < 1:
        raise DataError(f"gap is {gap}; give a share from 0 to below 1.")
    problem = pose_problem(tree, options, index, forced_in, forced_out)
    limit, most = read_budgets(problem, budgets)
    if gap > 0:
        known_cost, known_gain = find_known_gains(problem, most)
    else:
        known_cost, known_gain = np.zeros(1, dtype=np.int64), np.zeros(1)
    front = _sweep(problem, most, gap, known_cost, known_gain, effort)
    if not front.cost.size:
        least = _find_least_cost(problem) * problem.unit
        raise DataError(f"The works that must be done cost {least:g}, more than the budget of {limit:g}.")
    gain = front.state[2] - problem.now
    gain[np.abs(gain) < 1e-14] = 0.0
    # A step answers for budgets up to the next one, hence for what greedy choices are known to gain there.
    ends = np.append(front.cost[1:] - 1, most)
    known = known_gain[np.searchsorted(known_cost, ends, side="right") - 1]
    bound = gain + gap * known
    proved = np.divide(bound - gain, bound, out=np.zeros_like(gain), where=bound > 0)
    return BudgetCurve(
        cost=np.asarray(front.cost * problem.unit, dtype=np.float64),
        gain=gain,
        bound=bound,
        limit=limit,
        now=problem.now,
        index=index,
        method="pruned" if gap > 0 else "exact",
        gap=float(proved.max()),
        _recover=lambda step: _recover_rows(front.trace, step),
    )


def read_budgets(problem: WorksProblem, budgets: ArrayLike | None) -> tuple[float, int]:
    """Largest budget asked for, as given and in whole units; what all works cost when none is given.

    Raises
    ------
    DataError
        A budget is negative or no number.
    """
    dearest = np.zeros(problem.count, dtype=np.int64)
    np.maximum.at(dearest, np.repeat(np.arange(problem.count), np.diff(problem.first)), problem.cost)
    everything = int(dearest.sum())
    if budgets is None:
        return np.inf, everything
    asked = np.atleast_1d(np.asarray(budgets, dtype=np.float64))
    if not asked.size:
        raise DataError("No budget is given; give one at least, or leave budgets out.")
    counted = max(problem.count_budget(float(budget)) for budget in asked)
    return float(asked.max()), min(counted, everything)


def _find_least_cost(problem: WorksProblem) -> int:
    return int(problem.cost[problem.first[:-1]].sum())


def _hang(problem: WorksProblem) -> _Rooting:
    """Hang the tree from its centroid; from the sea when what counts is reached from there."""
    count = problem.count
    parent = problem.parent.astype(np.int64)
    edge = np.arange(count)
    turned = np.zeros(count, dtype=bool)
    path = [0]
    if not problem.diadromous:
        size = np.ones(count, dtype=np.int64)
        heaviest = np.zeros(count, dtype=np.int64)
        for v in range(count - 1, 0, -1):
            p = parent[v]
            size[p] += size[v]
            if heaviest[p] == 0 or size[v] > size[heaviest[p]]:
                heaviest[p] = v
        while heaviest[path[-1]] and 2 * size[heaviest[path[-1]]] > count:
            path.append(int(heaviest[path[-1]]))
    for above, below in zip(path[1:], path, strict=False):
        parent[below], edge[below], turned[below] = above, above, True
    parent[path[-1]] = -1
    on_path = set(path)
    order = [v for v in range(count - 1, -1, -1) if v not in on_path] + path
    return _Rooting(order, parent, edge, turned)


@dataclass(frozen=True)
class _Outside:
    """What lies outside the parts of a rooted tree: least, with the worst options, and most, with the best.

    Attributes
    ----------
    arriving, reached : (2, m) array of float64
        What comes over the barrier of each node to its parent, and what is reached over it from there.
    from_above, to_above : (2, m) array of float64
        What arrives at each node over its own barrier from the rest of the tree, and what is reached there.
    beside_in, beside_out : (2, m) array of float64
        What arrives at the parent of each node from outside its subtree, and what is reached there.
    """

    arriving: Floats
    reached: Floats
    from_above: Floats
    to_above: Floats
    beside_in: Floats
    beside_out: Floats

    def find_box(self, node: int, waiting: list[int]) -> Floats:
        """Range (4,) of what is outside a node and its parts but for those that wait to join it."""
        out = self.to_above[:, node] + self.reached[:, waiting].sum(axis=1)
        come = self.from_above[:, node] + self.arriving[:, waiting].sum(axis=1)
        return _widen(out, come)

    def find_box_beside(self, node: int) -> Floats:
        """Range (4,) of what is outside a subtree, seen from the parent of its root."""
        return _widen(self.beside_out[:, node], self.beside_in[:, node])


def _widen(out: Floats, come: Floats) -> Floats:
    """Ranges that rounding does not leave."""
    low, high = 1 - 1e-9, 1 + 1e-9
    return np.array([out[0] * low, out[1] * high, come[0] * low, come[1] * high])


def _look_outside(problem: WorksProblem, rooting: _Rooting) -> _Outside:
    """Measure what lies outside each part, with the worst options everywhere, then with the best."""
    count = problem.count
    fields = [np.zeros((2, count)) for _ in range(6)]
    arriving, reached, from_above, to_above, beside_in, beside_out = fields
    for side, choose in enumerate((np.minimum, np.maximum)):
        up = choose.reduceat(problem.up, problem.first[:-1])[rooting.edge]
        down = choose.reduceat(problem.down, problem.first[:-1])[rooting.edge]
        leaving = np.where(rooting.turned, up, down)
        entering = np.where(rooting.turned, down, up)
        held_in, held_out = problem.arriving.copy(), problem.reached.copy()
        for v in rooting.order:
            p = rooting.parent[v]
            if p >= 0:
                arriving[side, v], reached[side, v] = leaving[v] * held_in[v], entering[v] * held_out[v]
                held_in[p] += arriving[side, v]
                held_out[p] += reached[side, v]
        for v in reversed(rooting.order):
            p = rooting.parent[v]
            if p < 0:
                # From the sea, what is reached counts once, with the passability of the way there.
                to_above[side, v] = 1.0 if problem.diadromous else 0.0
                continue
            if problem.diadromous:
                beside_out[side, v] = to_above[side, p]
            else:
                beside_in[side, v] = held_in[p] - arriving[side, v] + from_above[side, p]
                beside_out[side, v] = held_out[p] - reached[side, v] + to_above[side, p]
            from_above[side, v] = entering[v] * beside_in[side, v]
            to_above[side, v] = leaving[v] * beside_out[side, v]
    if problem.diadromous:
        reached[:], arriving[:] = 0.0, 0.0
    return _Outside(*fields)


def _sweep(
    problem: WorksProblem,
    most: int,
    gap: float,
    known_cost: NDArray[np.int64],
    known_gain: Floats,
    effort: float,
) -> _Front:
    """Front of the whole tree: only the cost and the index, in the last row of its states, matter."""
    from bocage.kernels.river_budget import ARRIVING, PAIRS, merge_fronts

    count = problem.count
    rooting = _hang(problem)
    options = np.diff(problem.first)
    fixed = problem.row[problem.first[:-1]] < 0
    worked = (options > 1) | ~fixed
    flat = bool(np.array_equal(problem.up, problem.down))
    most_states = int(effort * (_MOST_STATES if flat else _MOST_STATES_ASYMMETRIC))
    outside = _look_outside(problem, rooting)
    children: list[list[int]] = [[] for _ in range(count)]
    parts: dict[int, _Front] = {}
    # Stages at which something may be lost: every barrier crossed, every part that joins another.
    works = np.zeros(count, dtype=np.int64)
    joined = np.zeros(count, dtype=np.int64)
    stages = 0
    for v in rooting.order:
        p = rooting.parent[v]
        stages += int(max(joined[v] - (1 if p >= 0 else 2), 0)) if works[v] >= _SMALL_PART else 0
        if p >= 0:
            works[v] += worked[rooting.edge[v]]
            works[p] += works[v]
            joined[p] += 1
            stages += int(worked[rooting.edge[v]] and works[v] >= _SMALL_PART)
    goal = ARRIVING if problem.diadromous else PAIRS
    paired = 0.0 if problem.diadromous else 1.0
    neutral_cost, neutral = np.zeros(1, dtype=np.int64), np.zeros((3, 1))
    nothing = np.zeros(4)

    def meet(one: _Front, two: _Front, node: int, last: bool, slack: bool, box: Floats) -> _Front:
        if one.cost.size * two.cost.size > effort * _MOST_PAIRS:
            raise ResourceError(_TOO_MANY.format(states=one.cost.size + two.cost.size, works=works[node]))
        cost, state, from_one, from_two = merge_fronts(
            one.cost, one.state, two.cost, two.state, most, flat, paired, goal if last else -1,
            nothing if last else box, gap / stages if slack and not last else 0.0,
            known_cost, known_gain, _ROUNDING, most_states,
        )  # fmt: skip
        if not cost.size and one.cost[0] + two.cost[0] <= most:
            raise ResourceError(_TOO_MANY.format(states=most_states, works=works[node]))
        return _Front(cost, state, _Trace(one.trace, two.trace, from_one, from_two, None))

    front = _Front(neutral_cost, neutral, None)
    for v in rooting.order:
        own = np.array([[problem.arriving[v]], [problem.reached[v]], [problem.paired[v]]])
        front = _Front(neutral_cost, own, None)
        root = rooting.parent[v] < 0
        waiting = sorted(children[v], key=lambda child: (parts[child].cost.size, child))
        for k, child in enumerate(waiting):
            last = root and k == len(waiting) - 1
            box = outside.find_box(v, waiting[k + 1 :])
            slack = bool(works[v] >= _SMALL_PART and k > 0)
            front = meet(front, parts.pop(child), v, last, slack, box)
            if not front.cost.size:
                return front
        if root:
            if not waiting:
                front.state[2] = front.state[goal]
            break
        e = rooting.edge[v]
        span = slice(problem.first[e], problem.first[e + 1])
        climb, descent = problem.up[span], problem.down[span]
        leaving, entering = (climb, descent) if rooting.turned[v] else (descent, climb)
        extra, row = problem.cost[span], problem.row[span]
        cost = (front.cost + extra[:, None]).ravel()
        arriving = (front.state[0] * leaving[:, None]).ravel()
        reached = (front.state[1] * entering[:, None]).ravel()
        inside = np.tile(front.state[2], extra.size)
        state_of = np.tile(np.arange(front.cost.size, dtype=np.int32), extra.size)
        row_of = np.repeat(row, front.cost.size)
        order = np.lexsort((-reached, -arriving, -inside, cost))
        crossed = _Front(
            cost[order], np.ascontiguousarray(np.stack([arriving, reached, inside])[:, order]), None
        )
        if extra.size == 1:
            kept = _Front(crossed.cost, crossed.state, None)
            source = order
        else:
            slack = bool(works[v] >= _SMALL_PART)
            nobody = _Front(neutral_cost, neutral, None)
            box = outside.find_box_beside(v)
            kept = meet(nobody, crossed, int(rooting.parent[v]), False, slack, box)
            if not kept.cost.size:
                return kept
            assert kept.trace is not None
            source = order[kept.trace.from_two]
        trace = _Trace(front.trace, None, state_of[source], state_of[source], row_of[source])
        children[rooting.parent[v]].append(v)
        parts[v] = _Front(kept.cost, kept.state, trace)
    return front


def _recover_rows(trace: _Trace | None, state: int) -> NDArray[np.int64]:
    """Rows chosen on the way to a state."""
    rows = []
    waiting = [(trace, state)]
    while waiting:
        at, k = waiting.pop()
        if at is None:
            continue
        if at.row is not None:
            if at.row[k] >= 0:
                rows.append(int(at.row[k]))
            waiting.append((at.one, int(at.from_one[k])))
        else:
            waiting.append((at.one, int(at.from_one[k])))
            waiting.append((at.two, int(at.from_two[k])))
    return np.array(rows, dtype=np.int64)
