"""What each work adds: alone, with others, in order, and when passabilities are uncertain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.errors import DataError
from bocage.rivers.budget import plan_budget
from bocage.rivers.gains import apply_works, measure_gain, rank_barriers
from bocage.rivers.sequence import order_works
from bocage.rivers.tree import RiverTree
from bocage.rivers.uncertainty import Draws, draw_passabilities, gather_draws, plan_under_uncertainty
from bocage.rivers.works_problem import Index, WorkOptions
from tests.rivers.works_oracle import draw_rivers, make_river, measure_by_definition

INDICES: tuple[Index, ...] = ("potamodromous", "diadromous")


@settings(max_examples=80, deadline=None)
@given(draw_rivers(), st.sampled_from(INDICES))
def test_gains_alone_are_those_of_the_definition(case: tuple[RiverTree, WorkOptions], index: Index) -> None:
    """Each option alone: the index measured again over all pairs, less what it was."""
    tree, options = case
    now = measure_by_definition(tree, index)
    gains = rank_barriers(tree, options, index=index)
    again = [
        measure_by_definition(apply_works(tree, options, [row]), index) - now for row in range(options.count)
    ]
    np.testing.assert_allclose(gains, again, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(draw_rivers(), st.sampled_from(INDICES), st.data())
def test_works_are_worth_more_together(
    case: tuple[RiverTree, WorkOptions], index: Index, data: st.DataObject
) -> None:
    """Supermodularity: for works that worsen nothing, f(S + T) + f(S & T) >= f(S) + f(T)."""
    tree, options = case
    better = WorkOptions.of(
        options.reach,
        options.cost,
        np.maximum(options.up, tree.up[options.reach]),
        np.maximum(options.down, tree.down[options.reach]),
    )
    _, one_each = np.unique(options.reach, return_index=True)
    marks = st.lists(st.booleans(), min_size=one_each.size, max_size=one_each.size)
    one = {int(row) for row, mark in zip(one_each, data.draw(marks), strict=True) if mark}
    two = {int(row) for row, mark in zip(one_each, data.draw(marks), strict=True) if mark}
    both, common, first, second = (
        measure_gain(tree, better, sorted(rows), index=index) for rows in (one | two, one & two, one, two)
    )
    assert both + common >= first + second - 1e-12


def test_gains_of_a_fork_worked_by_hand() -> None:
    """Outlet of weight 1, arms of 2 and 3 behind passabilities up 0.5, down 1: opening the climb to 1.

    Arm of 2: what arrives at the outlet from elsewhere is 1 + 3 = 4; (1 - 0.5)·4·2 = 4. Arm of 3: 0.5·(1 +
    2)·3.
    """
    tree = make_river([-1, 0, 0], [1, 2, 3], [1, 0.5, 0.5], [1, 1, 1])
    options = WorkOptions.of([1, 2], [1, 1], [1, 1], [1, 1])
    np.testing.assert_allclose(rank_barriers(tree, options) * 36, [4, 4.5])


def test_a_plan_holds_one_option_a_barrier() -> None:
    """Two options at one barrier cannot both be done."""
    tree = make_river([-1, 0], [1, 1], [1, 0], [1, 0])
    options = WorkOptions.of([1, 1], [1, 2], [0.5, 1], [1, 1])
    with pytest.raises(DataError, match="Two options are chosen at reach 1"):
        apply_works(tree, options, [0, 1])
    with pytest.raises(DataError, match="Two options are chosen at reach 1"):
        order_works(tree, options, [0, 1])
    with pytest.raises(DataError, match="names row 7"):
        order_works(tree, options, [7])
    with pytest.raises(DataError, match="share is 0"):
        order_works(tree, options, [0], share=0)


@settings(max_examples=50, deadline=None)
@given(draw_rivers(), st.sampled_from(INDICES))
def test_an_order_is_of_nested_plans(case: tuple[RiverTree, WorkOptions], index: Index) -> None:
    """Each start of the order costs and gains what it says; what a work waits for comes before it."""
    tree, options = case
    _, rows = np.unique(options.reach, return_index=True)
    order = order_works(tree, options, rows, index=index)
    assert sorted(order.rows.tolist()) == sorted(rows.tolist())
    for done in range(1, rows.size + 1):
        gain = measure_gain(tree, options, order.rows[:done], index=index)
        assert order.gain[done - 1] == pytest.approx(gain, abs=1e-12)
        assert order.cost[done - 1] == pytest.approx(options.cost[order.rows[:done]].sum())
    place = {int(row): k for k, row in enumerate(order.rows)}
    for k, waited in enumerate(order.waits_for):
        assert waited < 0 or place[int(waited)] < k
        assert (order.lost[k] == 0) == (waited < 0)
    assert order.added.sum() == pytest.approx(order.gain[-1] if rows.size else 0, abs=1e-12)


def test_a_weir_waits_for_the_one_below_it() -> None:
    """From the sea, a chain of passabilities 0, 0.25, 0.9, 0 waits where the gain would be lost.

    With all of them opened, the upper weir (on reach 3) loses all its gain behind a weir of 0, three quarters
    behind one of 0.25 and a tenth behind one of 0.9: it waits for the second, the nearest that matters.
    """
    tree = make_river([-1, 0, 1, 2], [1, 1, 1, 1], [0, 0.25, 0.9, 0], [1, 1, 1, 1])
    options = WorkOptions.of([0, 1, 2, 3], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1])
    order = order_works(tree, options, [0, 1, 2, 3], index="diadromous")
    waits = dict(zip(order.rows.tolist(), order.waits_for.tolist(), strict=True))
    lost = dict(zip(order.rows.tolist(), order.lost.tolist(), strict=True))
    assert waits == {0: -1, 1: 0, 2: 1, 3: 1}
    assert lost[3] == pytest.approx(0.75) and lost[1] == pytest.approx(1)
    assert order.rows[:2].tolist() == [0, 1]


def draw_uncertain(draws: int, seed: int = 0) -> Draws:
    """Draw a fork of two shut arms: one known, one whose climb is anywhere in [0, 1] today."""
    tree = make_river([-1, 0, 0], [4, 2, 3], [1, 0, 0], [1, 0, 0])
    options = WorkOptions.of([1, 2], [1, 1], [1, 1], [1, 1])
    low, high = np.array([1, 0, 0.0]), np.array([1, 0, 1.0])
    return draw_passabilities(tree, options, (low, high), (low, high), draws=draws, seed=seed)


def test_the_mean_plan_and_its_stability_worked_by_hand() -> None:
    """Budget for one arm of two; weights 4 at the outlet, 2 in the known arm, 3 in the other, p today.

    Known arm opened: 2·2·(4 + 3 p); uncertain arm opened: 2·3·4·(1 - p). The first is better for p above 2/9:
    in the mean (p = 1/2, 22 against 12) and in the share 7/9 of the draws; expected gain 22 / 81.
    """
    found = plan_under_uncertainty(draw_uncertain(900), 1, gap=0)
    assert found.plan.rows.tolist() == [0]
    assert found.plan.gain == pytest.approx(22 / 81)
    np.testing.assert_allclose(found.chosen, [7 / 9, 2 / 9], atol=1 / 900)
    assert found.gains.mean() == pytest.approx(found.plan.gain, abs=1e-12)
    # Lost by not knowing, for p below 2/9: the mean of (24 (1 - p) - 4 (4 + 3 p)) / 81 = (8 - 36 p) / 81.
    assert found.regret == pytest.approx((8 * 2 / 9 - 18 * (2 / 9) ** 2) / 81, abs=1e-5)
    assert "900 draws" in found.sampling and "seed 0" in found.sampling


def test_draws_are_the_same_each_time() -> None:
    """Same seed, same draws; each interval's parts are all visited once."""
    one, other = draw_uncertain(16), draw_uncertain(16)
    again = [tree.up[2] for tree in one.trees]
    assert again == [tree.up[2] for tree in other.trees]
    np.testing.assert_allclose(sorted(again), (np.arange(16) + 0.5) / 16)
    assert again != [tree.up[2] for tree in draw_uncertain(16, seed=1).trees]


def test_the_mean_of_the_index_is_the_index_of_the_means() -> None:
    """All 27 combinations of three values at three barriers of a chain: the mean gain of a plan is exact."""
    values = [0.0, 0.3, 0.9]
    trees = [
        make_river([-1, 0, 1, 2], [1, 2, 3, 4], [1, a, b, c], [1, a, b / 2, c])
        for a in values
        for b in values
        for c in values
    ]
    options = WorkOptions.of([1, 2, 3], [1, 1, 1], [1, 1, 1], [1, 1, 1])
    found = plan_under_uncertainty(gather_draws(trees, options), 2, gap=0)
    assert found.gains.mean() == pytest.approx(found.plan.gain, abs=1e-12)
    for rows in ([0, 1], [0, 2], [1, 2]):
        expected = np.mean([measure_gain(tree, options, rows) for tree in trees])
        assert found.plan.gain >= expected - 1e-12
    assert (found.best_gains >= found.gains - 1e-12).all()
    np.testing.assert_allclose(found.chosen.sum(), 2, atol=0.5)


def test_uncertain_options_count_too() -> None:
    """A pass that may or may not work is worth its mean; opened tells of barriers, chosen of options."""
    tree = make_river([-1, 0], [1, 1], [1, 0], [1, 0])
    options = WorkOptions.of([1, 1], [1, 1], [0.5, 0.4], [0.5, 0.4])
    known = (tree.up, tree.up)
    draws = draw_passabilities(
        tree, options, known, known, option_up_range=([0, 0.4], [1, 0.4]), option_down_range=([0, 0.4], [1,
        0.4]), draws=10,
    )  # fmt: skip
    found = plan_under_uncertainty(draws, 1, gap=0)
    assert found.plan.rows.tolist() == [0]
    assert found.plan.gain == pytest.approx(2 * 0.5 / 4)
    np.testing.assert_allclose(found.chosen, [0.6, 0.4])  # better when above 0.4: 6 of 10 middles
    np.testing.assert_allclose(found.opened, [1, 1])


def test_draws_that_cannot_be_are_said() -> None:
    """Ranges upside down or beyond 1, no draw, rivers of different shapes."""
    tree = make_river([-1, 0], [1, 1], [1, 0], [1, 0])
    other = make_river([-1, 0], [1, 2], [1, 0], [1, 0])
    options = WorkOptions.of([1], [1], [1], [1])
    known = (tree.up, tree.up)
    with pytest.raises(DataError, match=r"up_range is 0.9 to 0.1"):
        draw_passabilities(tree, options, ([1, 0.9], [1, 0.1]), known)
    with pytest.raises(DataError, match="down_range"):
        draw_passabilities(tree, options, known, ([0, 0], [1, 1.1]))
    with pytest.raises(DataError, match="one at least"):
        draw_passabilities(tree, options, known, known, draws=0)
    with pytest.raises(DataError, match="one draw at least"):
        gather_draws([], options)
    with pytest.raises(DataError, match="more than passabilities"):
        gather_draws([tree, other], options)
    with pytest.raises(DataError, match="give as many"):
        gather_draws([tree], [options, options])


def test_ranking_a_whole_network_agrees_with_the_curve_of_each_work() -> None:
    """Two thousand reaches: what a work adds alone is what its own budget curve says."""
    rng = np.random.default_rng(5)
    count = 2000
    downstream = [-1] + [int(rng.integers(max(0, v - 20), v)) for v in range(1, count)]
    up = np.where(rng.random(count) < 0.1, rng.random(count), 1.0)
    tree = make_river(downstream, rng.exponential(size=count), up, up)
    at = np.flatnonzero(up < 1)[:6]
    options = WorkOptions.of(at, np.ones(6), np.ones(6), np.ones(6))
    gains = rank_barriers(tree, options)
    for row in range(6):
        others = np.arange(6) != row
        alone = plan_budget(tree, options, forced_out=others).choose(1)
        assert alone.gain == pytest.approx(gains[row], abs=1e-12)
