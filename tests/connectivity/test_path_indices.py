"""Indices of shortest paths."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.landscape import Dispersal, InnerWays, LandscapeGraph
from bocage.connectivity.path_indices import (
    find_costs_between,
    measure_direct_flux,
    measure_hops,
    measure_paths,
    split_overall,
)
from bocage.errors import DataError
from tests.connectivity import conefor_case, graphab_case
from tests.connectivity.path_definition import find_all_costs, find_all_hops, graphs, make_planar, sum_pairs

DISPERSAL = Dispersal(3, 0.3)

# Patches whose BC turns on which of several paths of equal cost is followed, which Graphab does not publish.
TIED = {
    "comp_cout10": (111,),
    "plan_cout10_300": (111,),
    "comp_cout10_500_nopath": (108, 111, 112),
    "comp_euclid_1000_nointra": (108, 111),
    "plan_cout1_len": (42, 43, 104, 105, 106, 107, 108, 109, 111),
}


@settings(max_examples=80, deadline=None)
@given(graphs(), st.sampled_from([0.0, 1.0, 0.5]))
def test_sums_over_paths_are_those_of_the_definition(graph: LandscapeGraph, beta: float) -> None:
    """PC, F, IF, CCe, Ec and GD equal sums over scipy's costs between all pairs, inner ways and all."""
    costs = find_all_costs(graph)
    chance = DISPERSAL.reach(costs)
    found = measure_paths(graph, DISPERSAL, beta=beta, threads=1)
    assert found.numerator == pytest.approx(sum_pairs(graph.capacity, chance), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(found.interaction, graph.capacity * (chance @ graph.capacity), rtol=1e-12)
    others = chance * (1 - np.eye(graph.count))
    np.testing.assert_allclose(found.flux, others @ graph.capacity**beta, rtol=1e-12, atol=1e-300)
    finite = np.where(np.isfinite(costs), costs, 0)
    np.testing.assert_allclose(found.cost_sum, finite.sum(axis=1), rtol=1e-12, atol=1e-200)
    np.testing.assert_allclose(found.cost_max, finite.max(axis=1), rtol=1e-12, atol=1e-200)
    np.testing.assert_array_equal(found.reached, np.isfinite(costs).sum(axis=1) - 1)
    together = found.sum_by_component()
    assert together["numerator"].sum() == pytest.approx(found.numerator)
    np.testing.assert_array_equal(found.component[:, None] == found.component[None, :], np.isfinite(costs))


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_paths_of_fewest_links_are_those_of_the_definition(graph: LandscapeGraph) -> None:
    """IIC and H equal sums over the least numbers of links, and inner ways do not count."""
    hops = find_all_hops(graph)
    found = measure_hops(graph)
    assert found.numerator == pytest.approx(sum_pairs(graph.capacity, 1 / (1 + hops)), rel=1e-12, abs=1e-12)
    apart = ~np.eye(graph.count, dtype=bool) & np.isfinite(hops)
    assert found.harary == pytest.approx((1 / hops[apart]).sum() / 2)


def count_paths(graph: LandscapeGraph, costs: np.ndarray, source: int, target: int) -> list[list[int]]:
    """List the cheapest simple paths between two patches, as lists of links; of parallel ones one counts."""
    paths = []
    pairs: dict[frozenset[int], int] = {}
    for link in sorted(range(graph.link_count), key=lambda one: (graph.cost[one], one)):
        pairs.setdefault(frozenset((int(graph.start[link]), int(graph.end[link]))), link)

    def extend(at: int, seen: set[int], links: list[int], spent: float) -> None:
        if spent > costs[source, target] + 1e-9:
            return
        if at == target:
            paths.append(list(links))
            return
        for link in pairs.values():
            for one, other in ((graph.start[link], graph.end[link]), (graph.end[link], graph.start[link])):
                if one == at and int(other) not in seen:
                    extend(int(other), seen | {int(other)}, [*links, link], spent + graph.cost[link])

    extend(source, {source}, [], 0.0)
    return paths


@settings(max_examples=60, deadline=None)
@given(graphs(inner=False))
def test_shared_ties_give_each_path_its_part(graph: LandscapeGraph) -> None:
    """BC with shared ties is the definition over all cheapest paths, listed one by one; no free links."""
    graph = graph.keep_links(graph.cost > 0)
    costs = find_all_costs(graph)
    through, along = np.zeros(graph.count), np.zeros(graph.link_count)
    for source, target in itertools.combinations(range(graph.count), 2):
        if not np.isfinite(costs[source, target]):
            continue
        paths = count_paths(graph, costs, source, target)
        both = graph.capacity[source] * graph.capacity[target] * DISPERSAL.reach(costs[source, target])
        for path in paths:
            ends = np.concatenate([graph.start[path], graph.end[path]])
            for patch in set(ends.tolist()) - {source, target}:
                through[patch] += both / len(paths)
            along[path] += both / len(paths)
    found = measure_paths(graph, DISPERSAL, ties="share", threads=1)
    np.testing.assert_allclose(found.through, through, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.through_link, along, rtol=1e-9, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_one_path_of_each_pair_carries_it(graph: LandscapeGraph) -> None:
    """BC of links sums to each pair's flux times its path's links, and lies where cheapest paths may pass."""
    costs = find_all_costs(graph)
    found = measure_paths(graph, DISPERSAL)
    possible = np.zeros(graph.count)
    for patch in range(graph.count):
        by = costs[:, patch, None] + costs[None, patch, :] <= costs + 1e-9
        by[patch] = by[:, patch] = False
        np.fill_diagonal(by, val=False)
        worth = np.outer(graph.capacity, graph.capacity) * DISPERSAL.reach(costs)
        possible[patch] = worth[by].sum() / 2
    assert (found.through <= possible * (1 + 1e-9) + 1e-12).all()
    # What passes a patch comes by one of its links and leaves by another; what ends there uses one.
    ends = np.bincount(graph.start, found.through_link, graph.count)
    ends += np.bincount(graph.end, found.through_link, graph.count)
    np.testing.assert_allclose(ends, 2 * found.through + graph.capacity * found.flux, rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sampled_from([0.5, 0.2, 0.03]))
def test_what_a_cut_off_leaves_out_is_bounded(graph: LandscapeGraph, epsilon: float) -> None:
    """PC with a cut-off is below the exact one, by no more than ``left_out``."""
    exact = measure_paths(graph, DISPERSAL, threads=1).numerator
    cut = measure_paths(graph, DISPERSAL, epsilon=epsilon, threads=1)
    assert cut.numerator <= exact * (1 + 1e-12)
    assert exact - cut.numerator <= cut.left_out * (1 + 1e-9) + 1e-9


def test_the_bound_of_a_cut_off_does_not_grow_with_the_landscape() -> None:
    """Four times more patches at the same dispersal: the same share may be left out, not four times more."""
    small, large = (measure_paths(make_planar(n), Dispersal(2, 0.05), epsilon=1e-3) for n in (500, 2000))
    assert small.bound < 0.02
    assert large.bound < 1.3 * small.bound


def test_threads_change_nothing() -> None:
    """One, two and five threads give the same bits."""
    graph = make_planar(300)
    one, two, five = (measure_paths(graph, DISPERSAL, threads=count, epsilon=1e-3) for count in (1, 2, 5))
    for other in (two, five):
        for name in ("interaction", "flux", "through", "through_link", "cost_sum"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_crossing_a_patch_costs_and_ending_there_does_not() -> None:
    """Worked by hand: a - b - c with links of 1 and a way of 3 across b; a to b 1, a to c 5."""
    graph = LandscapeGraph.of([1, 1, 1], [0, 1], [1, 2], [1, 1])
    way = InnerWays(np.array([0]), np.array([1]), np.array([1]), np.array([3.0]))
    inner = LandscapeGraph(
        graph.capacity, graph.start, graph.end, graph.cost, graph.ids, graph.link_ids, inner=way
    )
    assert find_costs_between(inner, [(0, 1), (0, 2), (2, 0), (1, 2)]).tolist() == [1, 5, 5, 1]


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_costs_between_given_pairs_are_those_of_all_pairs(graph: LandscapeGraph) -> None:
    """Costs between pairs, in any order and repeated, are scipy's."""
    costs = find_all_costs(graph)
    pairs = [(i, j) for i in range(graph.count) for j in (0, graph.count - 1)] * 2
    found = find_costs_between(graph, pairs)
    np.testing.assert_allclose(found, [costs[pair] for pair in pairs], rtol=1e-12, atol=1e-200)


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({"beta": -1}, "beta"),
        ({"epsilon": 1.0}, "cut-off"),
        ({"epsilon": -0.1}, "cut-off"),
        ({"threads": 0}, "threads"),
    ],
)
def test_settings_out_of_their_range_are_refused(settings_: dict[str, float], says: str) -> None:
    """Each says in a sentence what is wrong and what to give."""
    graph = LandscapeGraph.of([1, 1], [0], [1], [1])
    with pytest.raises(DataError, match=says):
        measure_paths(graph, DISPERSAL, **settings_)  # type: ignore[arg-type]


def test_odd_inner_ways_pairs_and_landscapes_are_refused() -> None:
    """An inner way between links that do not meet, an unknown patch, a landscape smaller than its patches."""
    graph = LandscapeGraph.of([1, 1, 1, 1], [0, 2], [1, 3], [1, 1])
    way = InnerWays(np.array([0]), np.array([1]), np.array([1]), np.array([3.0]))
    inner = LandscapeGraph(
        graph.capacity, graph.start, graph.end, graph.cost, graph.ids, graph.link_ids, inner=way
    )
    with pytest.raises(DataError, match="inner way"):
        measure_paths(inner, DISPERSAL)
    with pytest.raises(DataError, match="not there"):
        find_costs_between(graph, [(0, 9)])
    with pytest.raises(DataError, match="landscape"):
        measure_paths(graph, DISPERSAL).divide(3)


def test_a_graph_without_links_or_patches_has_indices() -> None:
    """Alone, patches count their squares; no patch counts nothing."""
    assert measure_paths(LandscapeGraph.of([3, 4], [], [], []), DISPERSAL).equivalent_capacity == 5
    empty = measure_paths(LandscapeGraph.of([], [], [], []), DISPERSAL, epsilon=0.1)
    assert (empty.numerator, empty.diameter, empty.bound) == (0, 0, 0)


@pytest.mark.realdata
@pytest.mark.parametrize("name", graphab_case.EXPECTED["PC"])
def test_indices_are_those_of_graphab(shared: Path, name: str) -> None:
    """PC, S#F, F, BC, GD, H, IIC, CCe and Ec are Graphab 2.6's, with and without intra-patch costs.

    BC of the patches in ``TIED`` apart.
    """
    graph = graphab_case.load_graph(shared, name)
    expected = graphab_case.read_expected(shared)
    found = measure_paths(graph, graphab_case.DISPERSAL)
    assert found.divide(graphab_case.RECTANGLE) == pytest.approx(graphab_case.EXPECTED["PC"][name], rel=1e-12)
    assert found.flux.sum() == pytest.approx(graphab_case.EXPECTED["S#F"][name], rel=1e-12)
    named = f"_d1000_p0.05_beta1_graph_{name}"
    np.testing.assert_allclose(found.flux, expected[f"F{named}"], rtol=1e-12)
    untied = ~expected.index.isin(TIED.get(name, ()))
    np.testing.assert_allclose(found.through[untied], expected[f"BC{named}"][untied], rtol=1e-9, atol=1)
    for column, values in (("CCe", found.mean_cost), ("Ec", found.cost_max)):
        np.testing.assert_allclose(values, expected[f"{column}_graph_{name}"], rtol=1e-12)
    if name in graphab_case.EXPECTED["GD"]:
        assert found.diameter == pytest.approx(graphab_case.EXPECTED["GD"][name], rel=1e-13)


@pytest.mark.realdata
@pytest.mark.parametrize("name", sorted({*graphab_case.EXPECTED["IIC"], *graphab_case.EXPECTED["H"]}))
def test_indices_of_hops_are_those_of_graphab(shared: Path, name: str) -> None:
    """IIC and H are Graphab 2.6's to 1e-12."""
    found = measure_hops(graphab_case.load_graph(shared, name))
    if name in graphab_case.EXPECTED["IIC"]:
        value = graphab_case.EXPECTED["IIC"][name]
        assert found.divide(graphab_case.RECTANGLE) == pytest.approx(value, rel=1e-12)
    if name in graphab_case.EXPECTED["H"]:
        assert found.harary == pytest.approx(graphab_case.EXPECTED["H"][name], rel=1e-12)


@pytest.mark.realdata
def test_indices_are_those_of_conefor(shared: Path) -> None:
    """PC, EC, IIC, EC(IIC), H, F, AWF, intra, direct, step, BC(PC) and BC(IIC) are Conefor's six digits."""
    graph = conefor_case.load_graph(shared)
    binary = conefor_case.load_graph(shared, conefor_case.BINARY_DISTANCE)
    expected = conefor_case.read_overall(shared)
    paths = measure_paths(graph, conefor_case.DISPERSAL)
    hops = measure_hops(binary)
    direct = measure_direct_flux(graph, conefor_case.DISPERSAL)
    parts, hop_parts = split_overall(graph, paths, conefor_case.DISPERSAL), split_overall(binary, hops)
    for name, value in {
        "PCnum": paths.numerator,
        "EC(PC)": paths.equivalent_capacity,
        "PC": paths.divide(conefor_case.LANDSCAPE_AREA),
        "PCintra(%)": 100 * parts.intra,
        "PCdirect(%)": 100 * parts.direct,
        "PCstep(%)": 100 * parts.step,
        "IICnum": hops.numerator,
        "EC(IIC)": hops.equivalent_capacity,
        "IIC": hops.divide(conefor_case.LANDSCAPE_AREA),
        "IICintra(%)": 100 * hop_parts.intra,
        "IICdirect(%)": 100 * hop_parts.direct,
        "IICstep(%)": 100 * hop_parts.step,
        "H": hops.harary,
        "F": direct.total,
        "AWF": direct.weighted_total,
    }.items():
        assert value == pytest.approx(expected[name], rel=1e-5), name
    table = conefor_case.read_table(shared, "r_node_importances")
    # Conefor counts ordered pairs, twice ours; of a patch removed, both directions of its links go.
    for column, values in {
        "varBC_PC": 2 * paths.through,
        "varBC_IIC": 2 * hops.through,
        "varF": 2 * direct.flux,
        "varAWF": 2 * direct.weighted,
    }.items():
        # Differences of sums printed to six digits.
        slack = 3e-5 if column == "varAWF" else 1e-5
        np.testing.assert_allclose(values, table[column], rtol=slack, atol=1e-6, err_msg=column)


@pytest.mark.realdata
def test_indices_of_the_crosses_are_those_of_graphab(shared: Path) -> None:
    """IF of both dispersals, H, EC and F where nothing fades are those of Graphab's toy landscape."""
    expected = conefor_case.CROSS_EXPECTED
    cross, everything = conefor_case.load_cross(shared, "cross"), conefor_case.load_cross(shared, "all")
    for distance, name in ((3, "IF_cross_d3_p05"), (6, "IF_cross_d6_p05")):
        values = expected[name]
        assert isinstance(values, dict)
        found = measure_paths(cross, Dispersal(distance, 0.5)).interaction
        for patch, value in values.items():
            assert found[cross.ids.index(str(patch))] == pytest.approx(value, rel=1e-12)
    assert measure_hops(everything).harary == expected["H_all"]
    sure = measure_paths(everything, Dispersal(1, 1 - 1e-16))
    assert sure.equivalent_capacity == pytest.approx(expected["EC_p1"])
    assert sure.flux.tolist() == pytest.approx([expected["F_p1"]] * 5)


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_parallel_links_share_no_betweenness(graph: LandscapeGraph, data: st.DataObject) -> None:
    """A second link beside another, as dear or dearer, changes no shared betweenness of a patch."""
    if not graph.link_count or graph.inner is not None:
        return
    link = data.draw(st.integers(0, graph.link_count - 1))
    more = data.draw(st.sampled_from([0.0, 1.0]))
    start, end = graph.start.tolist(), graph.end.tolist()
    wider = LandscapeGraph.of(
        graph.capacity,
        [*start, end[link]],
        [*end, start[link]],
        [*graph.cost.tolist(), float(graph.cost[link]) + more],
    )
    for measure in (lambda one: measure_hops(one), lambda one: measure_paths(one, DISPERSAL, ties="share")):
        np.testing.assert_allclose(measure(wider).through, measure(graph).through, rtol=1e-12, atol=1e-12)
