"""Tests of what to add or take away first, against the definition of ECA and every choice tried."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.connectivity import search
from bocage.connectivity.candidates import LinkCandidates, PatchCandidates
from bocage.connectivity.cover import choose_cover
from bocage.connectivity.landscape import Dispersal, InnerWays, LandscapeGraph
from bocage.connectivity.reach_matrix import ReachMatrix
from bocage.connectivity.removal import measure_losses, remove_links, remove_patches
from bocage.connectivity.search import choose_links, choose_patches
from bocage.errors import DataError, ResourceError

Link = tuple[int, int, float]
HALF = Dispersal(100, 0.5)


def reach_by_definition(count: int, links: list[Link]) -> np.ndarray:
    """Give the probability of the best chain between all pairs, each by networkx."""
    graph = networkx.Graph()
    graph.add_nodes_from(range(count))
    for start, end, cost in links:
        known = graph.get_edge_data(start, end, {"weight": math.inf})["weight"]
        graph.add_edge(start, end, weight=min(cost, known))
    reach = np.zeros((count, count))
    for i, costs in networkx.all_pairs_dijkstra_path_length(graph):
        for j, cost in costs.items():
            reach[i, j] = math.exp(-HALF.decay * cost)
    return reach


def pairs_by_definition(capacity: list[float], links: list[Link]) -> float:
    """Sum a_i a_j p_ij over ordered pairs."""
    return float(np.array(capacity) @ reach_by_definition(len(capacity), links) @ np.array(capacity))


def make_graph(capacity: list[float], links: list[Link]) -> LandscapeGraph:
    """Make the graph of a list of links."""
    start, end, cost = zip(*links, strict=True) if links else ((), (), ())
    return LandscapeGraph.of(capacity, start, end, cost)


@st.composite
def scenes(draw: st.DrawFn, patches: int = 6, links: int = 8) -> tuple[list[float], list[Link]]:
    """Draw patches, some empty, and links, parallel and free ones too; few costs, so that ties occur."""
    count = draw(st.integers(2, patches))
    capacity = draw(st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.5]), min_size=count, max_size=count))
    return capacity, draw(drawn_links(count, links))


def drawn_links(count: int, most: int) -> st.SearchStrategy[list[Link]]:
    """Draw links between patches."""
    node = st.integers(0, count - 1)
    cost = st.sampled_from([0.0, 50.0, 100.0, 130.0]) | st.floats(0, 400)
    return st.lists(st.tuples(node, node, cost).filter(lambda link: link[0] != link[1]), max_size=most)


class TestAddingLinks:
    """Links to add or improve."""

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_gain_is_that_of_the_definition(self, data: st.DataObject) -> None:
        """The gain of a link, and the matrix once it is in, are those of the graph solved again."""
        capacity, links = data.draw(scenes())
        more = data.draw(drawn_links(len(capacity), 4))
        reach = ReachMatrix(make_graph(capacity, links), HALF)
        assert reach.total == pytest.approx(pairs_by_definition(capacity, links), rel=1e-12)
        for start, end, cost in more:
            gain = float(reach.gain_links([start], [end], [float(HALF.reach(cost))])[0])
            before = pairs_by_definition(capacity, links)
            links = [*links, (start, end, cost)]
            after = pairs_by_definition(capacity, links)
            assert gain == pytest.approx(after - before, abs=1e-11 * (1 + after))
            reach.put_link(start, end, float(HALF.reach(cost)))
            np.testing.assert_allclose(
                reach.matrix, reach_by_definition(len(capacity), links), rtol=1e-12, atol=1e-300
            )

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_exhaustive_is_the_best_and_nothing_passes_the_bound(self, data: st.DataObject) -> None:
        """Every choice within count and budget by definition: exhaustive finds the best, greedy none better.

        The bound is above the best; greedy says at each step what its links are truly worth.
        """
        capacity, links = data.draw(scenes(5, 5))
        more = data.draw(drawn_links(len(capacity), 4).filter(len))
        price = data.draw(st.lists(st.sampled_from([1.0, 2.0, 3.5]), min_size=len(more), max_size=len(more)))
        count, budget = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([2.0, 4.5, 20.0]))
        graph = make_graph(capacity, links)
        start, end, cost = zip(*more, strict=True)
        candidates = LinkCandidates.of(graph, start, end, cost, price=price)
        best = max(
            pairs_by_definition(capacity, [*links, *(more[i] for i in places)])
            for size in range(count + 1)
            for places in itertools.combinations(range(len(more)), size)
            if sum(price[i] for i in places) <= budget
        )
        tried = choose_links(graph, HALF, candidates, count=count, budget=budget, method="exhaustive")
        greedy = choose_links(graph, HALF, candidates, count=count, budget=budget)
        assert tried.value[-1] == pytest.approx(math.sqrt(best), rel=1e-9)
        assert tried.guarantee == 1
        assert greedy.guarantee is None
        assert greedy.value[-1] <= math.sqrt(best) * (1 + 1e-9)
        for choice in (tried, greedy):
            assert choice.bound >= math.sqrt(best) * (1 - 1e-12)
            assert choice.price[-1] <= budget
            assert len(choice.places) <= count
        for k in range(len(greedy.places) + 1):
            worth = pairs_by_definition(capacity, [*links, *(more[i] for i in greedy.places[:k])])
            assert greedy.value[k] == pytest.approx(math.sqrt(worth), rel=1e-9, abs=1e-9)

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_greedy_takes_the_best_of_each_step(self, data: st.DataObject) -> None:
        """By definition, no other candidate raises ECA more per unit of price than the one taken.

        The looser bound of large graphs is above every choice too.
        """
        capacity, links = data.draw(scenes(6, 6))
        more = data.draw(drawn_links(len(capacity), 6).filter(len))
        price = data.draw(st.lists(st.sampled_from([1.0, 2.0]), min_size=len(more), max_size=len(more)))
        graph = make_graph(capacity, links)
        start, end, cost = zip(*more, strict=True)
        candidates = LinkCandidates.of(graph, start, end, cost, price=price)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(search, "_BOUND_WORK", 0)
            choice = choose_links(graph, HALF, candidates, count=2)
        taken: list[Link] = []
        for step, one in enumerate(choice.places):
            growth = [
                (math.sqrt(pairs_by_definition(capacity, [*links, *taken, link])) - choice.value[step])
                / price[i]
                for i, link in enumerate(more)
                if i not in choice.places[:step]
            ]
            mine = (choice.value[step + 1] - choice.value[step]) / price[int(one)]
            assert mine >= max(growth) - 1e-9
            taken.append(more[int(one)])
        for two in itertools.combinations(more, min(2, len(more))):
            assert choice.bound >= math.sqrt(pairs_by_definition(capacity, [*links, *two])) * (1 - 1e-12)

    def test_two_links_in_a_row_gain_more_than_each(self) -> None:
        """ECA is not submodular: of patches 10, 0, 10 in a row each link gains nothing alone, both 200 p².

        By hand: greedy stops at once and says so, without a guarantee; the bound and exhaustive know better.
        """
        graph = LandscapeGraph.of([10, 0, 10], [], [], [])
        candidates = LinkCandidates.of(graph, [0, 1], [1, 2], [100, 100], ids=["west", "east"])
        greedy = choose_links(graph, HALF, candidates, count=2)
        assert (greedy.ids, greedy.stop, greedy.guarantee) == ((), "no_gain", None)
        tried = choose_links(graph, HALF, candidates, count=2, method="exhaustive")
        assert tried.ids == ("west", "east")
        assert tried.value[-1] ** 2 == pytest.approx(200 + 200 * 0.25)
        assert greedy.bound >= tried.value[-1]
        assert greedy.gap > 0

    def test_improving_a_link(self) -> None:
        """Making a link cheaper gains as a new one beside it; equal gains go to the first."""
        graph = LandscapeGraph.of([1, 1, 1, 1], [0, 2], [1, 3], [200, 200], link_ids=["a", "b"])
        choice = choose_links(graph, HALF, LinkCandidates.improving(graph, [100, 100]), count=1)
        assert choice.ids == ("a",)
        assert (choice.value**2).tolist() == pytest.approx([5, 5.5])

    def test_the_price_counts(self) -> None:
        """A link that gains more but costs ten times as much comes after, and the budget stops it."""
        graph = LandscapeGraph.of([5, 5, 4, 4], [], [], [])
        candidates = LinkCandidates.of(graph, [0, 2], [1, 3], [0, 0], price=[10, 1])
        choice = choose_links(graph, HALF, candidates, budget=10.5)
        assert (choice.ids, choice.stop) == (("1",), "budget")
        assert choice.price.tolist() == [0, 1]


class TestAddingPatches:
    """Patches to add with their links."""

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_gain_and_matrix_are_those_of_the_definition(self, data: st.DataObject) -> None:
        """Each step is worth what the graph solved again says, links between candidates included."""
        capacity, links = data.draw(scenes(5, 6))
        n = len(capacity)
        k = data.draw(st.integers(1, 4))
        own = data.draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=k, max_size=k))
        more = [
            (i, j, cost)
            for i, j, cost in data.draw(
                st.lists(
                    st.tuples(
                        st.integers(0, k - 1),
                        st.integers(0, n + k - 1),
                        st.sampled_from([0.0, 50.0]) | st.floats(0, 300),
                    ),
                    max_size=9,
                )
            )
            if j != n + i
        ]
        i, j, cost = zip(*more, strict=True) if more else ((), (), ())
        graph = make_graph(capacity, links)
        candidates = PatchCandidates.of(graph, own, i, j, cost)

        def worth(places: tuple[int, ...]) -> float:
            place = {n + one: n + rank for rank, one in enumerate(places)} | {x: x for x in range(n)}
            there = [(place[n + a], place[b], c) for a, b, c in more if n + a in place and b in place]
            return pairs_by_definition([*capacity, *(own[one] for one in places)], links + there)

        greedy = choose_patches(graph, HALF, candidates, count=k)
        base = pairs_by_definition(capacity, links)
        first = max(worth((one,)) for one in range(k))
        assert greedy.value[1] ** 2 == pytest.approx(first, rel=1e-9)
        assert greedy.value[0] ** 2 == pytest.approx(base, rel=1e-9, abs=1e-12)
        assert len(greedy.places) == k
        for step in range(k + 1):
            assert greedy.value[step] ** 2 == pytest.approx(
                worth(tuple(greedy.places[:step])), rel=1e-9, abs=1e-9
            )
        tried = choose_patches(graph, HALF, candidates, count=2, method="exhaustive")
        best = max(worth(places) for size in range(3) for places in itertools.combinations(range(k), size))
        assert tried.value[-1] ** 2 == pytest.approx(best, rel=1e-9)
        assert greedy.bound >= greedy.value[-1]
        pairs = choose_patches(
            graph, HALF, candidates, count=2, together=list(itertools.combinations(range(k), 2))
        )
        assert pairs.value[-1] ** 2 == pytest.approx(worth(tuple(pairs.places)), rel=1e-9)

    def test_clashing_patches_are_not_both_added(self) -> None:
        """Of two patches that would touch, only the better one is added, by greedy and when all is tried."""
        graph = LandscapeGraph.of([1], [], [], [])
        candidates = PatchCandidates.of(graph, [2, 3, 1], [], [], [], clash=[[0, 1]])
        for method in ("greedy", "exhaustive"):
            choice = choose_patches(graph, HALF, candidates, count=3, method=method)  # type: ignore[arg-type]
            assert sorted(choice.ids) == ["1", "2"]

    def test_two_patches_that_link_through_one_another(self) -> None:
        """Worked by hand: between patches of 10, two small ones are worth it together only.

        Alone each gains 0.01 + 2 * 0.1 * 10 * p, the third 2² + 0; both gain the pair of 10 through them too.
        """
        graph = LandscapeGraph.of([10, 10], [], [], [])
        candidates = PatchCandidates.of(
            graph, [0.1, 0.1, 2], [0, 0, 1], [0, 3, 1], [50, 50, 50], ids=["left", "right", "apart"]
        )
        assert choose_patches(graph, HALF, candidates, count=2).ids[0] == "apart"
        both = choose_patches(graph, HALF, candidates, count=2, together=[[0, 1]])
        assert both.ids == ("left", "right")
        assert both.step.tolist() == [1, 1]


class TestRemoving:
    """Patches and links that can be spared."""

    @settings(max_examples=60, deadline=None)
    @given(scenes(7, 12))
    def test_losses_are_those_of_the_definition(self, scene: tuple[list[float], list[Link]]) -> None:
        """The loss of each patch and link is that of the graph solved again without it."""
        capacity, links = scene
        total, patches, ways = measure_losses(make_graph(capacity, links), HALF)
        assert total == pytest.approx(pairs_by_definition(capacity, links), rel=1e-12)
        for i in range(len(capacity)):
            left = [0.0 if j == i else capacity[j] for j in range(len(capacity))]
            without = pairs_by_definition(left, [link for link in links if i not in link[:2]])
            assert patches[i] == pytest.approx(total - without, abs=1e-11 * (1 + total))
        for k in range(len(links)):
            without = pairs_by_definition(capacity, links[:k] + links[k + 1 :])
            assert ways[k] == pytest.approx(total - without, abs=1e-11 * (1 + total))

    @settings(max_examples=25, deadline=None)
    @given(scenes(6, 9), st.sampled_from(["least", "most"]))
    def test_each_step_takes_the_least_or_the_most(
        self, scene: tuple[list[float], list[Link]], order: str
    ) -> None:
        """At each step no other candidate costs less (or more), by definition; the values are true."""
        capacity, links = scene
        choice = remove_links(make_graph(capacity, links), HALF, count=3, order=order)  # type: ignore[arg-type]
        gone: list[int] = []
        for step, one in enumerate(choice.places):
            worth = {
                k: pairs_by_definition(
                    capacity, [link for i, link in enumerate(links) if i != k and i not in gone]
                )
                for k in range(len(links))
                if k not in gone
            }
            best = max(worth.values()) if order == "least" else min(worth.values())
            assert worth[int(one)] == pytest.approx(best, rel=1e-9, abs=1e-12)
            gone.append(int(one))
            assert choice.value[step + 1] ** 2 == pytest.approx(best, rel=1e-9, abs=1e-12)

    def test_a_budget_and_candidates(self) -> None:
        """Only candidates go, as long as their prices fit; what is spared per unit of price comes first."""
        graph = LandscapeGraph.of([1, 2, 3], [], [], [])
        choice = remove_patches(graph, HALF, budget=5, candidates=[1, 2], price=[1, 1, 5])
        assert (choice.ids, choice.stop, choice.guarantee) == (("2",), "budget", None)


class TestCovering:
    """Patches to keep so that the others stay within reach."""

    @settings(max_examples=40, deadline=None)
    @given(scenes(6, 8), st.integers(1, 3))
    def test_the_guarantee_and_the_bound_hold(
        self, scene: tuple[list[float], list[Link]], count: int
    ) -> None:
        """Against every choice by definition: at least 1 - 1/e of the best, which is within the bound."""
        capacity, links = scene
        reach = reach_by_definition(len(capacity), links)
        best = max(
            float(reach[list(places)].max(axis=0) @ np.array(capacity))
            for places in itertools.combinations(range(len(capacity)), min(count, len(capacity)))
        )
        choice = choose_cover(make_graph(capacity, links), HALF, count=count)
        assert choice.guarantee == pytest.approx(1 - 1 / math.e)
        assert choice.value[-1] >= (1 - 1 / math.e) * best - 1e-9
        assert choice.bound >= best * (1 - 1e-12)
        if len(choice.places):
            truly = float(reach[choice.places].max(axis=0) @ np.array(capacity))
            assert choice.value[-1] == pytest.approx(truly)

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_half_of_it_holds_within_a_budget(self, data: st.DataObject) -> None:
        """Against every affordable choice by definition."""
        capacity, links = data.draw(scenes(6, 8))
        price = data.draw(
            st.lists(st.sampled_from([1.0, 2.0, 7.0]), min_size=len(capacity), max_size=len(capacity))
        )
        reach = reach_by_definition(len(capacity), links)
        best = max(
            float(reach[list(places)].max(axis=0, initial=0) @ np.array(capacity))
            for size in range(len(capacity) + 1)
            for places in itertools.combinations(range(len(capacity)), size)
            if sum(price[i] for i in places) <= 8
        )
        choice = choose_cover(make_graph(capacity, links), HALF, budget=8, price=price)
        assert choice.guarantee is not None
        assert choice.value[-1] >= choice.guarantee * best - 1e-9
        assert choice.bound >= best * (1 - 1e-12)
        assert choice.price[-1] <= 8


class TestSayingNo:
    """Bad input is told in a sentence with the ids."""

    def test_of_candidates(self) -> None:
        """Costs, prices, capacities, ids and limits that cannot be."""
        graph = LandscapeGraph.of([1, 2], [0], [1], [10])
        with pytest.raises(DataError, match=r"negative or missing \(b: -1\)"):
            LinkCandidates.of(graph, [0, 0], [1, 1], [1, -1], ids=["a", "b"])
        with pytest.raises(DataError, match=r"price that is not above 0 \(a\)"):
            LinkCandidates.of(graph, [0], [1], [1], ids=["a"], price=[0])
        with pytest.raises(DataError, match=r"share their id \(a\)"):
            LinkCandidates.of(graph, [0, 0], [1, 1], [1, 2], ids=["a", "a"])
        with pytest.raises(DataError, match=r"no finite cost or join a patch with itself \(0\)"):
            LinkCandidates.of(graph, [1], [1], [1])
        with pytest.raises(DataError, match=r"capacity that is not above 0 \(1\)"):
            PatchCandidates.of(graph, [1, 0], [], [], [])
        with pytest.raises(DataError, match="go to no patch"):
            PatchCandidates.of(graph, [1], [0], [9], [1])
        with pytest.raises(DataError, match="Neither how many"):
            choose_links(graph, HALF, LinkCandidates.of(graph, [0], [1], [1]))

    def test_of_graphs(self) -> None:
        """Costs across patches are not followed, and too many patches do not fit."""
        graph = LandscapeGraph.of([1, 2, 3], [0, 1], [1, 2], [10, 10])
        one = np.array([0]), np.array([1]), np.array([1]), np.array([5.0])
        with pytest.raises(DataError, match="ways across patches"):
            remove_links(replace(graph, inner=InnerWays(*one)), HALF, count=1)
        with pytest.raises(ResourceError, match="allow more"):
            ReachMatrix(graph, HALF, memory_gb=1e-9)
