"""What patches and links are worth: dPC, dIIC, dECA with their fractions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity.importance import Importance, measure_importance
from bocage.connectivity.landscape import Dispersal, InnerWays, LandscapeGraph
from bocage.errors import DataError
from tests.connectivity import conefor_case, graphab_case
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


def check_against_definition(graph: LandscapeGraph, found: Importance) -> None:
    """Compare with each patch and each link removed in turn."""
    total = define_sum(graph)
    chance = DISPERSAL.reach(find_all_costs(graph))
    scale = 1 / total if total else 0
    for patch in range(graph.count):
        gone = (total - define_sum(drop_patch(graph, patch))) * scale
        assert found.total[patch] == pytest.approx(gone, abs=1e-12)
        flux = 2 * graph.capacity[patch] * (chance[patch] @ graph.capacity - graph.capacity[patch])
        assert found.flux[patch] == pytest.approx(flux * scale, abs=1e-12)
        assert found.intra[patch] == pytest.approx(graph.capacity[patch] ** 2 * scale, abs=1e-12)
    for link in range(graph.link_count):
        gone = (total - define_sum(drop_link(graph, link))) * scale
        assert found.link[link] == pytest.approx(gone, abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(graphs(inner=False))
def test_patches_and_links_are_worth_what_goes_with_them(graph: LandscapeGraph) -> None:
    """dPC, fractions and links equal removing each in turn: ties, free and parallel links, components."""
    check_against_definition(graph, measure_importance(graph, DISPERSAL, threads=1))


@settings(max_examples=80, deadline=None)
@given(graphs(inner=True))
def test_inner_ways_count_when_something_goes(graph: LandscapeGraph) -> None:
    """dPC, fractions and links equal removing each in turn where crossing patches costs something."""
    check_against_definition(graph, measure_importance(graph, DISPERSAL, threads=1))


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_dearer_links_lose_what_they_lose(graph: LandscapeGraph) -> None:
    """A link brought to another cost loses what the definition says, and to its own nothing."""
    total = define_sum(graph)
    costs = graph.cost + np.arange(graph.link_count) % 3 * 0.7
    found = measure_importance(graph, DISPERSAL, link_cost=costs, patches=False, threads=1)
    for link, cost in enumerate(costs):
        gone = total - define_sum(set_cost(graph, link, cost))
        assert found.link[link] == pytest.approx(gone / total if total else 0, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_importance_by_hops_is_that_of_the_definition(graph: LandscapeGraph) -> None:
    """DIIC of patches and links equals removing each in turn."""

    def define(one: LandscapeGraph) -> float:
        return sum_pairs(one.capacity, 1 / (1 + find_all_hops(one)))

    found = measure_importance(graph, index="IIC", threads=1)
    total = define(graph)
    scale = 1 / total if total else 0
    for patch in range(graph.count):
        assert found.total[patch] == pytest.approx(
            (total - define(drop_patch(graph, patch))) * scale, abs=1e-12
        )
    for link in range(graph.link_count):
        assert found.link[link] == pytest.approx((total - define(drop_link(graph, link))) * scale, abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(graphs(), st.sampled_from([0.5, 0.2, 0.03]))
def test_values_with_a_cut_off_lie_within_their_bounds(graph: LandscapeGraph, epsilon: float) -> None:
    """No value of a patch or link is farther from the exact one than its bound says."""
    exact = measure_importance(graph, DISPERSAL, threads=1)
    cut = measure_importance(graph, DISPERSAL, epsilon=epsilon, threads=1)
    assert (np.abs(cut.total - exact.total) <= cut.patch_bound + 1e-12).all()
    assert (np.abs(cut.link - exact.link) <= cut.link_bound + 1e-12).all()
    assert exact.bound == 0


def test_both_ways_of_finding_detours_agree() -> None:
    """On 150 patches, the sweeps and (with inner ways that cost nothing) the heap give the same."""
    graph = make_planar(150)
    links = np.flatnonzero((graph.start == 3) | (graph.end == 3))[:2]
    ways = []
    for patch in range(graph.count):
        links = np.flatnonzero((graph.start == patch) | (graph.end == patch))[:2]
        ways.append((*links, patch, 0.0))
    first, second, patches = (np.array([way[k] for way in ways], dtype=np.int64) for k in range(3))
    inner = InnerWays(first, second, patches, np.zeros(len(ways)))
    same = LandscapeGraph(
        graph.capacity, graph.start, graph.end, graph.cost, graph.ids, graph.link_ids, inner=inner
    )
    for epsilon in (0.0, 1e-2):
        one, other = (measure_importance(g, DISPERSAL, epsilon=epsilon) for g in (graph, same))
        np.testing.assert_allclose(one.connector, other.connector, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(one.link, other.link, rtol=1e-9, atol=1e-15)


def test_threads_change_no_importance() -> None:
    """One, two and five threads give the same bits."""
    graph = make_planar(300)
    one, two, five = (
        measure_importance(graph, DISPERSAL, threads=count, epsilon=1e-4) for count in (1, 2, 5)
    )
    for other in (two, five):
        np.testing.assert_array_equal(one.total, other.total)
        np.testing.assert_array_equal(one.link, other.link)
        np.testing.assert_array_equal(one.patch_bound, other.patch_bound)


def test_shares_of_eca_follow_from_those_of_pc() -> None:
    """DECA = 1 - sqrt(1 - dPC): taking one of two equal patches at no cost halves ECA."""
    worth = measure_importance(LandscapeGraph.of([2, 2], [0], [1], [0]), DISPERSAL)
    assert worth.total.tolist() == [0.75, 0.75]
    assert worth.equivalent_total.tolist() == [0.5, 0.5]
    assert worth.equivalent_link[0] == pytest.approx(1 - np.sqrt(0.5))


def test_what_cannot_be_measured_is_refused() -> None:
    """PC without dispersal, IIC with a cut-off, a link made cheaper: each is one sentence."""
    graph = LandscapeGraph.of([1, 1], [0], [1], [1])
    with pytest.raises(DataError, match="PC needs a dispersal"):
        measure_importance(graph)
    with pytest.raises(DataError, match="IIC knows"):
        measure_importance(graph, index="IIC", epsilon=0.1)
    with pytest.raises(DataError, match="would not become dearer"):
        measure_importance(graph, DISPERSAL, link_cost=0.5)


@pytest.mark.realdata
def test_importance_of_300_patches_is_that_of_the_naive_definition(shared: Path) -> None:
    """All dPC with fractions, links and BC of `dpc_exact_300`, removed one by one there, to 1e-10."""
    folder = shared / "cases" / "connectivity" / "dpc_exact_300"
    patches, links = (pandas.read_csv(folder / f"{name}.csv") for name in ("patches", "links"))
    expected = json.loads((folder / "expected.json").read_text())
    graph = LandscapeGraph.of(
        patches["area"], links["from"], links["to"], links["cost"], ids=list(patches["id"])
    )
    found = measure_importance(graph, Dispersal(expected["dmax_cost"], expected["p_at_dmax"]))
    assert found.indices.numerator == pytest.approx(expected["PCnum"], rel=1e-13)
    assert found.indices.equivalent_capacity == pytest.approx(expected["ECA"], rel=1e-13)
    for column, values in {
        "dPC_pct": found.total,
        "intra_pct": found.intra,
        "flux_pct": found.flux,
        "connector_pct": found.connector,
    }.items():
        np.testing.assert_allclose(100 * values, patches[column], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found.indices.through, patches["BC_aap"], rtol=1e-10)
    np.testing.assert_allclose(100 * found.link, links["dPC_link_pct"], rtol=1e-10, atol=1e-10)
    for name, values in (("sum_dPC_pct", found.total), ("sum_connector", found.connector)):
        assert 100 * values.sum() == pytest.approx(expected[name], rel=1e-10)


@pytest.mark.realdata
@pytest.mark.parametrize("name", graphab_case.EXPECTED["PC"])
def test_fractions_are_those_of_graphab(shared: Path, name: str) -> None:
    """Fractions of dPC of every patch are Graphab 2.6's to 1e-13."""
    graph = graphab_case.load_graph(shared, name)
    expected = graphab_case.read_expected(shared)
    found = measure_importance(graph, graphab_case.DISPERSAL, links=False)
    for column, values in (("Intra", found.intra), ("Flux", found.flux), ("Con", found.connector)):
        published = expected[f"d_dPC_d1000_p0.05|PC{column}_graph_{name}"].to_numpy()
        np.testing.assert_allclose(values, published, rtol=0, atol=1e-13)


@pytest.mark.realdata
def test_importance_is_that_of_conefor(shared: Path) -> None:
    """DPC and dIIC of patches with fractions, and of links removed, are Conefor's six digits.

    It prints a connector of 1e-7 or so, the noise of its sums, where there is none.
    """
    graph = conefor_case.load_graph(shared)
    binary = conefor_case.load_graph(shared, conefor_case.BINARY_DISTANCE)
    paths = measure_importance(graph, conefor_case.DISPERSAL)
    hops = measure_importance(binary, index="IIC")
    patches = conefor_case.read_table(shared, "r_node_importances")
    links = conefor_case.read_table(shared, "r_link_importances_removal", "links")
    for name, one, worth in (("PC", graph, paths), ("IIC", binary, hops)):
        for column, values in {
            "": worth.total,
            "intra": worth.intra,
            "flux": worth.flux,
            "connector": worth.connector,
        }.items():
            np.testing.assert_allclose(
                100 * values, patches[f"d{name}{column}"], rtol=1e-5, atol=3e-7, err_msg=name + column
            )
        place = {frozenset(link.split("-")): number for number, link in enumerate(one.link_ids)}
        pairs = [frozenset((str(a), str(b))) for a, b in zip(links["Node1"], links["Node2"], strict=True)]
        found = [100 * worth.link[place[pair]] if pair in place else 0.0 for pair in pairs]
        np.testing.assert_allclose(found, links[f"d{name}"], rtol=1e-5, atol=3e-7)
