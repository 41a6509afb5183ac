"""The tree of a network connects reaches as the network does, and knows its works."""

from __future__ import annotations

import networkx
import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.errors import DataError, InputError
from bocage.rivers.network import build_river_network
from bocage.rivers.treeing import to_tree
from tests.rivers.networks import best_ways, build, count, draw, stand, tree_ways

BRAID = (
    [(-50, 0), (0, 0)],
    [(0, 0), (50, 20), (100, 0)],
    [(0, 0), (50, -20), (100, 0)],
    [(100, 0), (150, 0)],
)


def ways_of(network, up, down):
    """Give the ways of the tree and of the network."""
    hanging = to_tree(network, pandas.DataFrame({"up": up, "down": down}))
    tree = hanging.tree
    return tree_ways(tree.downstream, tree.up, tree.down), best_ways(network, up, down), hanging


def test_works_of_a_river_bar_the_reach_above_them():
    """Up and down of each work are at the lower end of its reach above; indices go both ways."""
    network = build(draw([(0, 0), (100, 0)]), stand((70, 0), (40, 0)))
    hanging = to_tree(network, pandas.DataFrame({"up": [0.2, 0.3], "down": [0.8, 0.9]}))
    assert hanging.tree.downstream.tolist() == [1, 2, -1]
    assert hanging.tree.up.tolist() == [0.3, 0.2, 1] and hanging.tree.down.tolist() == [0.9, 0.8, 1]
    assert hanging.work.tolist() == [1, 0, -1] and hanging.reach.tolist() == [1, 0]


def test_a_braid_without_works_changes_nothing():
    """Cut at the head of one arm, all reaches still reach each other freely; none is lost."""
    network = build(draw(*BRAID))
    hanging = to_tree(network)
    assert np.count_nonzero(hanging.tree.downstream < 0) == 1
    assert (tree_ways(hanging.tree.downstream, hanging.tree.up, hanging.tree.down) == 1).all()
    assert hanging.tree.weight.sum() == pytest.approx(network.reaches["length_m"].sum())


def test_a_work_on_one_arm_of_a_braid_is_passed_by_the_other():
    """The free arm is kept whole: all ways are 1, as in the network, and the work is said to be left out."""
    network = build(draw(*BRAID), stand((50, 20)))
    tree, true, hanging = ways_of(network, np.array([0.1]), np.array([0.4]))
    np.testing.assert_allclose(tree, true)
    assert (tree == 1).all()
    assert hanging.left_out.tolist() == [0] and hanging.reach.tolist() == [-1]
    # What lies above the work on its arm hangs on the head of the braid, and is told.
    assert hanging.upstream_in_tree.sum() == 1


def test_works_on_both_arms_keep_the_best():
    """0.1 on one arm, 0.5 on the other: from below to above at 0.5, exact for all pairs."""
    network = build(draw(*BRAID), stand((50, 20), (50, -20)))
    tree, true, hanging = ways_of(network, np.array([0.1, 0.5]), np.array([1.0, 1.0]))
    np.testing.assert_allclose(tree, true)
    assert tree[network.reaches.index[-1], 0] == 0.5
    assert hanging.left_out.tolist() == [0]


def test_two_outlets_joined_or_separate():
    """A delta: joined, all connect and the second mouth is a dead end; separate, each mouth is a tree."""
    lines = draw([(0, 0), (50, 0)], [(50, 0), (90, 30)], [(50, 0), (120, -30)], direction=[1, 1, 1])
    network = build(lines)
    assert len(network.basins) == 2
    joined, separate = to_tree(network), to_tree(network, outlets="separate")
    assert joined.tree.downstream.tolist() == [1, -1, 1]
    assert joined.upstream_in_tree.tolist() == [False, False, True]
    assert separate.tree.downstream.tolist() == [1, -1, -1]


def test_a_work_towards_a_second_outlet_turns_with_its_reach():
    """On the lesser mouth, below the work is climbed by descending the river: up and down change places."""
    lines = draw([(0, 0), (50, 0)], [(50, 0), (100, 30)], [(50, 0), (200, -30)], direction=[1, 1, 1])
    network = build(lines, stand((75, 15)))
    tree, true, hanging = ways_of(network, np.array([0.2]), np.array([0.7]))
    np.testing.assert_allclose(tree, true)
    assert hanging.reach[0] == network.works["reach_below"].iloc[0]


def test_a_weight_and_what_is_refused():
    """A kept column weighs the reaches; unknown passabilities and columns are one sentence."""
    from bocage.rivers.columns import LineColumns

    network = build_river_network(
        draw([(0, 0), (100, 0)], area=[7.0]), stand((50, 0)), columns=LineColumns(keep=["area"])
    )
    assert to_tree(network, weight="area").tree.weight.tolist() == [7, 7]
    with pytest.raises(InputError, match="no column 'width'"):
        to_tree(network, weight="width")
    with pytest.raises(DataError, match="Passability up of work 0 is unknown"):
        to_tree(network, pandas.DataFrame({"up": [np.nan], "down": [1.0]}))
    with pytest.raises(DataError, match=r"is 1\.2"):
        to_tree(network, pandas.DataFrame({"up": [1.0], "down": [1.2]}))


# --- random trees --------------------------------------------------------------------------------------


@st.composite
def rivers(draw_, most=12):
    """Draw a tree: the node that each node flows into, -1 for the mouth, and where nodes lie.

    Nodes are drawn by layers, so that no two edges cross; layers are 100 m apart and leaves 100 m.
    """
    size = draw_(st.integers(2, most))
    below = [-1] + [draw_(st.integers(0, node - 1)) for node in range(1, size)]
    children: dict[int, list[int]] = {}
    for node in range(1, size):
        children.setdefault(below[node], []).append(node)
    x, depth, leaves = [0.0] * size, [0] * size, 0

    def place(node):
        nonlocal leaves
        for child in children.get(node, []):
            depth[child] = depth[node] + 1
            place(child)
        above = children.get(node, [])
        if above:
            x[node] = sum(x[child] for child in above) / len(above)
        else:
            x[node] = 100.0 * leaves
            leaves += 1

    place(0)
    return below, np.column_stack([x, 100.0 * np.array(depth)])


@settings(max_examples=60, deadline=None)
@given(rivers(), st.randoms(use_true_random=False))
def test_a_tree_taken_apart_comes_back(river, random):
    """Lines in random order and directions, cut and moved by 0.3 m, elevation given: the same tree.

    Orders are those of their definitions on the networkx tree; all length is there; every reach drains.
    """
    below, xy = river
    pieces = []
    for node in range(1, len(below)):
        line = [tuple(xy[node]), tuple(xy[below[node]])]
        if random.random() < 0.5:
            part = random.uniform(0.3, 0.7)
            middle = tuple(xy[node] + part * (xy[below[node]] - xy[node]))
            cut = [[line[0], middle], [middle, line[1]]]
        else:
            cut = [line]
        for piece in cut:
            moved = [(a + random.uniform(-0.3, 0.3), b + random.uniform(-0.3, 0.3)) for a, b in piece]
            pieces.append((node, moved[::-1] if random.random() < 0.5 else moved))
    random.shuffle(pieces)
    lines = draw(*[line for _, line in pieces], id=[node for node, _ in pieces])
    # Long neighbours that arrive at a sharp angle may cross when moved: that would be another network.
    network = build(lines, dem=lambda at: at[:, 1], crossings=False)

    reaches = network.reaches
    found = {}
    for reach in reaches["id"]:
        here = reach
        while here >= 0 and reaches["source"][here] == reaches["source"][reach]:
            here = reaches["downstream"][here]
        found[reaches["source"][reach]] = 0 if here < 0 else reaches["source"][here]
    assert found == {node: below[node] for node in range(1, len(below))}
    assert len(network.basins) == 1
    true_m = sum(np.hypot(*(xy[node] - xy[below[node]])) for node in range(1, len(below)))
    assert reaches["length_m"].sum() == pytest.approx(true_m, abs=1.2 * len(pieces))

    graph = networkx.DiGraph([(node, below[node]) for node in range(1, len(below))])
    strahler, shreve = {}, {}
    for node in networkx.topological_sort(graph):
        above = list(graph.predecessors(node))
        ranks = sorted((strahler[other] for other in above), reverse=True)
        strahler[node] = 1 if not ranks else ranks[0] + (len(ranks) > 1 and ranks[0] == ranks[1])
        shreve[node] = sum(shreve[other] for other in above) or 1
    for source, one, two in zip(reaches["source"], reaches["strahler"], reaches["shreve"], strict=True):
        assert (one, two) == (strahler[source], shreve[source])


@settings(max_examples=40, deadline=None)
@given(rivers(8), st.data())
def test_a_network_with_works_connects_as_its_tree(river, data):
    """With a loop, the tree never connects more than the network; with one work on the loop it is exact."""
    below, xy = river
    lines = [[tuple(xy[node]), tuple(xy[below[node]])] for node in range(1, len(below))]
    # A second arm beside one of the lines makes a loop.
    beside = data.draw(st.integers(0, len(lines) - 1))
    one, two = np.array(lines[beside])
    lines.append([tuple(one), tuple((one + two) / 2 + [9, 0]), tuple(two)])
    sites = data.draw(st.lists(st.integers(0, len(lines) - 2), max_size=5))
    points, on_loop = [], 0
    for site in sites:
        a, b = np.array(lines[site])
        points.append(tuple(a + data.draw(st.floats(0.2, 0.8)) * (b - a)))
        on_loop += site == beside
    share = st.floats(0, 1)
    up = np.array([data.draw(share) for _ in points])
    down = np.array([data.draw(share) for _ in points])
    works = stand(*points) if points else None
    network = build(draw(*lines), works, snap_m=0.5)
    assert count(network, "crossing") == 0
    tree, true, _ = ways_of(network, up, down)
    if on_loop < 2:
        np.testing.assert_allclose(tree, true, atol=1e-12)
    assert (tree <= true + 1e-12).all()
