"""Tests of the river tree: its order, its basins, and what it refuses."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from bocage.errors import DataError
from bocage.rivers.tree import RiverTree
from tests.rivers.river_oracle import trees, walk


def make_tree(downstream: list[int]) -> RiverTree:
    """Make a tree of reaches of 1."""
    ones = np.ones(len(downstream))
    return RiverTree(np.array(downstream, np.int32), ones, ones, ones, ones)


@settings(max_examples=100, deadline=None)
@given(trees(max_reaches=15))
def test_order_and_basins(tree: RiverTree) -> None:
    """Each reach comes once, after all that flow into it, and has the number of its outlet."""
    place = np.empty(len(tree.order), int)
    place[tree.order] = np.arange(len(tree.order))

    assert sorted(tree.order.tolist()) == list(range(len(tree.order)))
    for v, below in enumerate(tree.downstream):
        assert below < 0 or place[v] < place[below]
        assert tree.outlets[tree.basin[v]] == walk(tree, v)[-1]
    np.testing.assert_allclose(
        tree.sum_basins(tree.weight),
        [tree.weight[tree.basin == b].sum() for b in range(len(tree.outlets))],
    )


def test_whole_numbers_are_taken_as_numbers() -> None:
    """Lengths given as whole numbers, or lists, are floats in the tree."""
    ones = np.ones(2, int)
    tree = RiverTree([-1, 0], ones, [1, 2], ones, ones)  # type: ignore[arg-type]

    assert tree.downstream.dtype == np.int32
    assert {tree.weight.dtype, tree.length.dtype, tree.up.dtype, tree.down.dtype} == {np.dtype(float)}


def test_no_reach_and_pickle() -> None:
    """An empty river is one; a tree travels to other processes."""
    assert len(make_tree([]).order) == 0
    tree = make_tree([1, -1, 1])
    assert pickle.loads(pickle.dumps(tree)).order.tolist() == tree.order.tolist()


@pytest.mark.parametrize(("downstream", "named"), [([0], 0), ([-1, 2, 3, 4, 2, 1], 2), ([1, 0, 0], 0)])
def test_circles_are_named(downstream: list[int], named: int) -> None:
    """The reach that is named lies in the circle, not merely above it."""
    with pytest.raises(DataError, match=f"Reach {named} flows back into itself"):
        make_tree(downstream)


def test_wrong_values() -> None:
    """Each wrong value is one sentence that says where it is."""
    tree = make_tree([-1, 0, 0])
    with pytest.raises(DataError, match="none of the 3"):
        make_tree([-1, 0, 3])
    with pytest.raises(DataError, match="whole numbers"):
        RiverTree(np.array([-1.0, 0.5]), np.ones(2), np.ones(2), np.ones(2), np.ones(2))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="weight has shape"):
        replace(tree, weight=np.ones(2))
    for value in (-1.0, np.nan, np.inf):
        with pytest.raises(DataError, match=r"length is .* at reach 1"):
            replace(tree, length=np.array([1, value, 1]))
    with pytest.raises(DataError, match=r"up is 1\.5 at reach 2"):
        replace(tree, up=np.array([1, 1, 1.5]))
