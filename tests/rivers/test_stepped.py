"""Costs counted by steps: what is found fits, what is proved holds, whatever the costs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.errors import DataError
from bocage.rivers.budget import plan_budget
from bocage.rivers.gains import apply_works
from bocage.rivers.stepped import choose_step, plan_by_steps
from bocage.rivers.tree import RiverTree
from bocage.rivers.works_problem import WorkOptions, pose_problem

NOTHING = WorkOptions.of([], [], [], [])


def measure(tree: RiverTree, options: WorkOptions, rows: object, index: str) -> float:
    """Index once some works are done."""
    done = apply_works(tree, options, np.asarray(rows, dtype=np.int64))
    return pose_problem(done, NOTHING, index).now  # type: ignore[arg-type]


@st.composite
def draw_rivers(draw: st.DrawFn) -> tuple[RiverTree, WorkOptions]:
    """Draw up to seven reaches, with a pass and a removal at some of the barriers, costs to the cent."""
    count = draw(st.integers(2, 7))
    downstream = [-1, *(draw(st.integers(0, reach - 1)) for reach in range(1, count))]
    share = st.floats(0, 1).map(lambda value: round(value, 2))
    up, down = ([draw(share) for _ in range(count)] for _ in range(2))
    weight = [draw(st.integers(1, 9)) for _ in range(count)]
    cent = st.integers(1, 99_999).map(lambda value: value / 100)
    rows = [(reach, draw(cent), 1.0, 1.0) for reach in range(1, count)]
    rows += [(reach, draw(cent), max(up[reach], 0.66), max(down[reach], 0.9))
             for reach in range(1, count) if draw(st.booleans())]  # fmt: skip
    tree = RiverTree(
        np.array(downstream, np.int32), np.array(weight, float), np.ones(count), np.array(up), np.array(down)
    )
    return tree, WorkOptions.of(*(list(column) for column in zip(*rows, strict=True)))


def find_best(tree: RiverTree, options: WorkOptions, budget: float, index: str) -> float:
    """Best gain of all sets within a budget, by enumeration."""
    choices = [[-1, *np.flatnonzero(options.reach == reach).tolist()] for reach in np.unique(options.reach)]
    best = 0.0
    before = measure(tree, options, [], index)
    for chosen in itertools.product(*choices):
        rows = [row for row in chosen if row >= 0]
        if options.cost[rows].sum() <= budget:
            best = max(best, measure(tree, options, rows, index) - before)
    return best


@settings(max_examples=25, deadline=None)
@given(
    draw_rivers(), st.floats(0.1, 1.0), st.integers(3, 40), st.sampled_from(["potamodromous", "diadromous"])
)
def test_the_best_lies_between_gain_and_bound(
    drawn: tuple[RiverTree, WorkOptions], share: float, steps: int, index: str
) -> None:
    """Enumeration of all sets: bound ≥ best ≥ gain, and the plan costs no more than the budget."""
    tree, options = drawn
    budget = share * float(options.cost.sum())
    curve = plan_by_steps(tree, options, [budget / 3, budget], steps=steps, index=index)  # type: ignore[arg-type]
    for asked in (budget / 3, budget / 2, budget):
        plan = curve.choose(asked)
        best = find_best(tree, options, asked, index)
        assert plan.bound >= best - 1e-12
        assert best >= plan.gain - 1e-12
        assert plan.cost <= asked * (1 + 1e-9)
        assert plan.cost == pytest.approx(float(options.cost[plan.rows].sum()))
        gained = measure(tree, options, plan.rows, index) - measure(tree, options, [], index)
        assert gained == pytest.approx(plan.gain, abs=1e-12)
        assert plan.gain >= (1 - curve.find_gap(asked)) * best - 1e-12


def test_whole_costs_are_exact() -> None:
    """Costs that are whole steps leave no gap: the curve is that of the exact programme."""
    rng = np.random.default_rng(3)
    tree = RiverTree(
        np.concatenate([[-1], (np.arange(1, 30) * rng.random(29)).astype(np.int64)]).astype(np.int32),
        rng.random(30) + 0.1, np.ones(30), rng.random(30), rng.random(30),
    )  # fmt: skip
    reach = np.arange(1, 21)
    options = WorkOptions.of(reach, rng.integers(1, 9, 20) * 500.0, np.ones(20), np.ones(20))
    curve = plan_by_steps(tree, options, [20_000], steps=20)
    exact = plan_budget(tree, options, [20_000])
    assert 20_000 / 500 >= 20_000 / curve.step >= 20
    asked = np.arange(0, 20_001, 1000.0)
    if curve.step == 500.0:
        assert curve.find_gains(asked) == pytest.approx(exact.find_gains(asked), abs=1e-12)
    fine = plan_by_steps(tree, options, [20_000], steps=40)
    assert fine.step == 500.0
    assert fine.find_gains(asked) == pytest.approx(exact.find_gains(asked), abs=1e-12)
    assert fine.gap == pytest.approx(0, abs=1e-12)


def test_what_must_be_done_fits_though_its_rounded_costs_do_not() -> None:
    """Two works of 1.01 that must be done fit 2.02, though each rounds up to 1.2 by steps of 0.2."""
    tree = RiverTree(
        np.array([-1, 0, 1], np.int32), np.ones(3), np.ones(3), np.array([1, 0, 0.0]), np.array([1, 0, 0.0])
    )
    options = WorkOptions.of([1, 2], [1.01, 1.01], [1, 1], [1, 1])
    must = [True, True]
    curve = plan_by_steps(tree, options, [2.02], steps=10, forced_in=must)
    assert curve.choose(2.02).rows.tolist() == [0, 1]
    with pytest.raises(DataError, match=r"must be done cost 2\.02"):
        plan_by_steps(tree, options, [2.0], steps=10, forced_in=must)


@pytest.mark.parametrize(("budget", "steps"), [(0.0, 10), (np.inf, 10), (5.0, 0)])
def test_budgets_that_cannot_be_cut(budget: float, steps: int) -> None:
    """Nothing, no end and no step are one sentence."""
    with pytest.raises(DataError, match="cannot be cut"):
        choose_step(budget, steps)
