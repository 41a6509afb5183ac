"""What more links, cheaper links and more patches give, and indices that follow one change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.following import measure_reach
from bocage.connectivity.gains import (
    gain_of_improvements,
    gain_of_links,
    gain_of_patches,
)
from bocage.connectivity.importance import measure_importance
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.path_indices import measure_hops, measure_paths
from bocage.errors import DataError
from tests.connectivity import conefor_case
from tests.connectivity.path_definition import (
    drop_link,
    drop_patch,
    find_all_costs,
    find_all_hops,
    graphs,
    make_planar,
    set_cost,
    sum_pairs,
)

DISPERSAL = Dispersal(3, 0.3)


def define_sum(graph: LandscapeGraph) -> float:
    """Sum over all pairs by scipy."""
    return sum_pairs(graph.capacity, DISPERSAL.reach(find_all_costs(graph)))


def add_links(
    graph: LandscapeGraph, links: list[tuple[int, int, float]], capacity: list[float]
) -> LandscapeGraph:
    """Add links and patches."""
    more = LandscapeGraph.of(
        [*graph.capacity, *capacity],
        [*graph.start, *(link[0] for link in links)],
        [*graph.end, *(link[1] for link in links)],
        [*graph.cost, *(link[2] for link in links)],
    )
    return replace(more, inner=graph.inner)


@settings(max_examples=80, deadline=None)
@given(graphs(), st.data())
def test_a_new_link_gains_what_solving_again_says(graph: LandscapeGraph, data: Any) -> None:
    """Gains of links between any two patches equal the definition's: ways go along the new link once or not.

    Without inner ways that is the graph made again with the link.
    """
    if graph.count < 2:
        return
    place = st.integers(0, graph.count - 1)
    pairs = data.draw(st.lists(st.tuples(place, place).filter(lambda pair: pair[0] != pair[1]), max_size=5))
    costs = [data.draw(st.sampled_from([0.0, 0.4, 1.0, 3.0])) for _ in pairs]
    start, end = ([pair[side] for pair in pairs] for side in (0, 1))
    found = gain_of_links(graph, DISPERSAL, start, end, costs, threads=1)
    total = define_sum(graph)
    today = find_all_costs(graph)
    for (one, other), cost, gain in zip(pairs, costs, found, strict=True):
        by = today[:, one, None] + cost + today[None, other, :]
        then = np.minimum(today, np.minimum(by, by.T))
        more = sum_pairs(graph.capacity, DISPERSAL.reach(then))
        assert gain == pytest.approx(more - total, rel=1e-10, abs=1e-10)
        if graph.inner is None:
            assert more == pytest.approx(define_sum(add_links(graph, [(one, other, cost)], [])))
    hops = gain_of_links(graph, None, start, end, index="IIC", threads=1)
    for pair, gain in zip(pairs, hops, strict=True):
        was, then = (
            sum_pairs(one.capacity, 1 / (1 + find_all_hops(one)))
            for one in (graph, add_links(graph, [(*pair, 1.0)], []))
        )
        assert gain == pytest.approx(then - was, rel=1e-10, abs=1e-10)


@settings(max_examples=80, deadline=None)
@given(graphs(), st.sampled_from([0.0, 0.5, 1.2]))
def test_a_cheaper_link_gains_what_solving_again_says(graph: LandscapeGraph, cost: float) -> None:
    """Gains of bringing each link to a cost equal the definition's; inner ways to it stay."""
    found = gain_of_improvements(graph, DISPERSAL, cost, threads=1)
    total = define_sum(graph)
    for link in range(graph.link_count):
        more = define_sum(set_cost(graph, link, min(cost, graph.cost[link])))
        assert found[link] == pytest.approx(more - total, rel=1e-10, abs=1e-10)


@settings(max_examples=80, deadline=None)
@given(graphs(), st.data())
def test_a_new_patch_gains_what_solving_again_says(graph: LandscapeGraph, data: Any) -> None:
    """Gains of patches with any links, or none, equal the definition's: ways go by the new patch once or not.

    Without inner ways that is the graph made again with the patch.
    """
    count = data.draw(st.integers(1, 3))
    place = st.integers(0, graph.count - 1)
    ties = st.tuples(st.integers(0, count - 1), place, st.sampled_from([0.0, 1.0, 1.5, 2.0]))
    links = data.draw(st.lists(ties, max_size=7))
    held = [data.draw(st.sampled_from([0.0, 1.0, 4.0])) for _ in range(count)]
    which, where, cost = ([link[k] for link in links] for k in range(3))
    found = gain_of_patches(graph, DISPERSAL, held, which, where, cost, threads=1)
    total = define_sum(graph)
    today = find_all_costs(graph)
    for candidate in range(count):
        new = [(graph.count, patch, way) for owner, patch, way in links if owner == candidate]
        near = np.min([way + today[patch] for _, patch, way in new] or [np.full(graph.count, np.inf)], axis=0)
        then = np.minimum(today, near[:, None] + near)
        more = sum_pairs(graph.capacity, DISPERSAL.reach(then)) + held[candidate] ** 2
        more += 2 * held[candidate] * float(DISPERSAL.reach(near) @ graph.capacity)
        assert found[candidate] == pytest.approx(more - total, rel=1e-10, abs=1e-10)
        if graph.inner is None:
            assert more == pytest.approx(define_sum(add_links(graph, new, [held[candidate]])))


@settings(max_examples=80, deadline=None)
@given(graphs(), st.data())
def test_what_follows_a_change_is_what_solving_again_says(graph: LandscapeGraph, data: Any) -> None:
    """After a link gone, dearer, cheaper or new, a patch gone or new: the same as from the beginning."""
    changes = [drop_patch(graph, data.draw(st.integers(0, graph.count - 1)))]
    if graph.link_count:
        link = data.draw(st.integers(0, graph.link_count - 1))
        changes += [drop_link(graph, link), set_cost(graph, link, 0.5), set_cost(graph, link, 4.0)]
    changes.append(add_links(graph, [(0, graph.count, 1.0)], [3.0]))
    for epsilon in (0.0, 0.1):
        reach = measure_reach(graph, DISPERSAL, epsilon=epsilon, threads=1)
        for after in changes:
            followed = reach.follow(after, threads=1)
            anew = measure_paths(after, DISPERSAL, epsilon=epsilon, threads=1)
            np.testing.assert_allclose(followed.interaction, anew.interaction, rtol=1e-12, atol=1e-14)


def test_only_what_feels_a_change_is_solved_again() -> None:
    """On 2 000 patches with a cut-off, a link made dearer asks for a small part of the sources."""
    graph = make_planar(2000)
    reach = measure_reach(graph, Dispersal(2, 0.05), epsilon=1e-3)
    after = set_cost(graph, 1000, graph.cost[1000] * 3)
    followed = reach.follow(after)
    assert followed.solved < 400
    anew = measure_reach(after, Dispersal(2, 0.05), epsilon=1e-3)
    np.testing.assert_array_equal(followed.interaction, anew.interaction)


def test_removing_and_adding_a_link_are_each_other_s_undoing() -> None:
    """What a link is worth in the whole graph is what it gains in the graph without it; and a patch too."""
    graph = make_planar(120)
    worth = measure_importance(graph, DISPERSAL)
    total = worth.indices.numerator
    for link in (0, 17, 100):
        gain = gain_of_links(
            drop_link(graph, link), DISPERSAL, graph.start[link], graph.end[link], graph.cost[link]
        )
        assert gain[0] == pytest.approx(worth.link[link] * total, rel=1e-9, abs=1e-9)
    for patch in (3, 50):
        mine = np.flatnonzero((graph.start == patch) | (graph.end == patch))
        others = np.where(graph.start[mine] == patch, graph.end[mine], graph.start[mine])
        without = drop_patch(graph, patch)
        gain = gain_of_patches(
            without, DISPERSAL, graph.capacity[patch], np.zeros(len(mine)), others, graph.cost[mine]
        )
        assert gain[0] == pytest.approx(worth.total[patch] * total, rel=1e-9)


def test_parts_of_candidates_and_threads_change_no_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gains are the same bits by one thread or five, and whether balls fit in memory at once or not."""
    graph = make_planar(400)
    random = np.random.default_rng(5)
    start, step = random.integers(0, 400, 60), random.integers(1, 400, 60)
    given_ = (graph, DISPERSAL, start, (start + step) % 400, 0.3)
    once = gain_of_links(*given_, threads=1, epsilon=1e-3)
    np.testing.assert_array_equal(once, gain_of_links(*given_, threads=5, epsilon=1e-3))
    monkeypatch.setattr("bocage.connectivity.gains._HELD", 2000)
    np.testing.assert_allclose(once, gain_of_links(*given_, threads=2, epsilon=1e-3), rtol=1e-12)


def test_odd_candidates_are_refused() -> None:
    """A link of a patch with itself or to none, a negative cost, a link of nothing, patches that went."""
    graph = LandscapeGraph.of([1, 1], [0], [1], [1])
    with pytest.raises(DataError, match="with itself"):
        gain_of_links(graph, DISPERSAL, [0], [0], [1])
    with pytest.raises(DataError, match="not there"):
        gain_of_links(graph, DISPERSAL, [0], [2], [1])
    with pytest.raises(DataError, match="negative or missing"):
        gain_of_links(graph, DISPERSAL, [0], [1], [-1])
    with pytest.raises(DataError, match="PC needs"):
        gain_of_links(graph, None, [0], [1], [1])
    with pytest.raises(DataError, match="new patches that are not there"):
        gain_of_patches(graph, DISPERSAL, [1], [1], [0], [1])
    with pytest.raises(DataError, match="improve"):
        gain_of_improvements(graph, DISPERSAL, links=[1])
    with pytest.raises(DataError, match="keep them all"):
        measure_reach(graph, DISPERSAL).follow(LandscapeGraph.of([1], [], [], []))


@pytest.mark.realdata
def test_improved_links_are_those_of_conefor(shared: Path) -> None:
    """The share gained by each pair of patches linked surely is Conefor's, which prints it negative.

    For IIC the pair is linked, if it was not.
    """
    graph = conefor_case.load_graph(shared)
    binary = conefor_case.load_graph(shared, conefor_case.BINARY_DISTANCE)
    table = conefor_case.read_table(shared, "r_link_importances_improvement", "links")
    place = {name: number for number, name in enumerate(graph.ids)}
    start, end = ([place[str(name)] for name in table[column]] for column in ("Node1", "Node2"))
    total = measure_paths(graph, conefor_case.DISPERSAL).numerator
    gains = gain_of_links(graph, conefor_case.DISPERSAL, start, end, 0.0)
    np.testing.assert_allclose(-100 * gains / total, table["dPC"], rtol=1e-5)
    hops = gain_of_links(binary, None, start, end, index="IIC")
    np.testing.assert_allclose(
        -100 * hops / measure_hops(binary).numerator, table["dIIC"], rtol=1e-5, atol=1e-6
    )
    # What improves an existing link is the same as a sure link beside it.
    improved = gain_of_improvements(graph, conefor_case.DISPERSAL)
    beside = gain_of_links(graph, conefor_case.DISPERSAL, graph.start, graph.end, 0.0)
    np.testing.assert_allclose(improved, beside, rtol=1e-12)
