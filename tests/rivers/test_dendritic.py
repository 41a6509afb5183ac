"""Tests of the dendritic connectivity indices: definition over all pairs, hand-worked rivers, identities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.errors import DataError
from bocage.rivers.dendritic import (
    measure_changes,
    measure_diadromous,
    measure_obstruction,
    measure_population,
    measure_potamodromous,
)
from bocage.rivers.distances import Fading, Leptokurtic, Threshold
from bocage.rivers.tree import RiverTree
from tests.rivers.river_oracle import DECAYS, DISTANCES, define_pairs, trees, walk

OPTIONS = st.fixed_dictionaries(
    {
        "convention": st.sampled_from(["per_crossing", "both_ways"]),
        "decay": st.sampled_from(DECAYS),
        "distance": st.sampled_from(DISTANCES),
    }
)
CLOSE: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-12}


def make_tree(downstream: list[int], **given: Any) -> RiverTree:
    """Make a tree; weights, lengths and passabilities are 1 unless given."""
    count = len(downstream)
    values = {
        name: np.asarray(given.get(name, np.ones(count)), float)
        for name in ("weight", "length", "up", "down")
    }
    return RiverTree(np.array(downstream, np.int32), **values)


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide, NaN where the whole is 0."""
    with np.errstate(invalid="ignore"):
        return np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)


# A reach of 2 km (0) with a barrier to the sea, into which flow 1 km (1) and 3 km (2), each behind one.
Y = make_tree([-1, 0, 0], weight=[2, 1, 3], length=[2, 1, 3], up=[0.5, 0.5, 0.2], down=[0.8, 1, 0.4])


class TestDefinition:
    """Every index is what its definition over all pairs gives, on random forests."""

    @settings(max_examples=250, deadline=None)
    @given(trees(), OPTIONS)
    def test_potamodromous(self, tree: RiverTree, options: dict[str, Any]) -> None:
        """Whole, basins, reaches in and out: asymmetric, closed, weights and lengths of 0, any decay."""
        pairs = define_pairs(tree, **options)
        found = measure_potamodromous(tree, **options)

        coming, reached = pairs.factor.T @ tree.weight, pairs.factor @ tree.weight
        np.testing.assert_allclose(found.coming, coming, **CLOSE)
        np.testing.assert_allclose(found.reached, reached, **CLOSE)
        weight = np.bincount(tree.basin, weights=tree.weight)
        np.testing.assert_allclose(found.inbound, share(coming, weight[tree.basin]), **CLOSE)
        np.testing.assert_allclose(found.outbound, share(reached, weight[tree.basin]), **CLOSE)
        per_basin = np.bincount(tree.basin, weights=tree.weight * reached)
        np.testing.assert_allclose(found.basins, share(per_basin, weight**2), **CLOSE)
        whole = tree.weight @ pairs.factor @ tree.weight / tree.weight.sum() ** 2
        np.testing.assert_allclose(found.index, whole, **CLOSE)

    @settings(max_examples=200, deadline=None)
    @given(trees(), OPTIONS)
    def test_diadromous(self, tree: RiverTree, options: dict[str, Any]) -> None:
        """Whole, basins and reaches, both ways."""
        pairs = define_pairs(tree, **options)
        found = measure_diadromous(tree, **options)

        np.testing.assert_allclose(found.climb, pairs.climb, **CLOSE)
        np.testing.assert_allclose(found.descent, pairs.descent, **CLOSE)
        weight = np.bincount(tree.basin, weights=tree.weight)
        np.testing.assert_allclose(found.climbing, tree.weight @ pairs.climb / weight.sum(), **CLOSE)
        np.testing.assert_allclose(found.descending, tree.weight @ pairs.descent / weight.sum(), **CLOSE)
        climbing = np.bincount(tree.basin, weights=tree.weight * pairs.climb)
        np.testing.assert_allclose(found.climbing_basins, share(climbing, weight), **CLOSE)
        descending = np.bincount(tree.basin, weights=tree.weight * pairs.descent)
        np.testing.assert_allclose(found.descending_basins, share(descending, weight), **CLOSE)

    @settings(max_examples=200, deadline=None)
    @given(
        trees(max_reaches=6),
        st.sampled_from(["per_crossing", "both_ways"]),
        st.sampled_from(DECAYS[:-1]),
        st.sampled_from(DISTANCES),
        st.sampled_from([(1.0, 1.0), (0.3, 0.9), (0.0, 0.5)]),
    )
    def test_changes(
        self, tree: RiverTree, convention: Any, decay: Any, distance: Any, new: tuple[float, float]
    ) -> None:
        """The change of each barrier is the difference of two indices."""
        options: dict[str, Any] = {"convention": convention, "decay": decay, "distance": distance}
        found = measure_changes(tree, np.full(len(tree.up), new[0]), np.full(len(tree.up), new[1]), **options)
        before, before_sea = measure_potamodromous(tree, **options), measure_diadromous(tree, **options)

        for v in range(len(tree.up)):
            up, down = tree.up.copy(), tree.down.copy()
            up[v], down[v] = new
            changed = replace(tree, up=up, down=down)
            after = measure_diadromous(changed, **options)
            whole = measure_potamodromous(changed, **options)
            assert found.potamodromous[v] == pytest.approx(whole.index - before.index, abs=1e-12)
            assert found.climbing[v] == pytest.approx(after.climbing - before_sea.climbing, abs=1e-12)
            assert found.descending[v] == pytest.approx(after.descending - before_sea.descending, abs=1e-12)

    @settings(max_examples=100, deadline=None)
    @given(trees(), st.sampled_from(["per_crossing", "both_ways"]))
    def test_obstruction(self, tree: RiverTree, convention: Any) -> None:
        """Each barrier stops its part of all that flows through it."""
        found = measure_obstruction(tree, convention=convention)

        above = np.zeros(len(tree.up))
        for v in range(len(tree.up)):
            above[walk(tree, v)] += tree.weight[v]
        up, down = (tree.up * tree.down,) * 2 if convention == "both_ways" else (tree.up, tree.down)
        whole = tree.weight.sum()
        assert found.climbing == pytest.approx(((1 - up) * above).sum() / whole)
        assert found.descending == pytest.approx(((1 - down) * above).sum() / whole)
        size = np.bincount(tree.basin, weights=tree.weight)
        np.testing.assert_allclose(found.share, share(above, size[tree.basin]), **CLOSE)
        stopped = np.bincount(tree.basin, weights=(1 - up) * above)
        np.testing.assert_allclose(found.climbing_basins, share(stopped, size), **CLOSE)

    @pytest.mark.parametrize("kind", ["chain", "comb", "star", "random"])
    @pytest.mark.parametrize("decay", [Threshold(30.0), Threshold(up_m=12.0, down_m=25.0)])
    def test_large_thresholds(self, kind: str, decay: Threshold) -> None:
        """Deep, wide and branched trees of 90 reaches, numbered in disorder, agree with the definition."""
        rng = np.random.default_rng(7)
        count = 90
        below = {
            "chain": np.arange(-1, count - 1),
            "comb": np.where(np.arange(count) % 2, np.arange(count) - 1, np.arange(count) - 2),
            "star": np.where(np.arange(count) > 0, 0, -1),
            "random": np.array([-1, *(int(rng.integers(0, i)) for i in range(1, count))]),
        }[kind]
        below[0] = -1
        names = rng.permutation(count)
        downstream = np.empty(count, np.int32)
        downstream[names] = np.where(below >= 0, names[below], -1)
        tree = make_tree(
            downstream.tolist(),
            weight=rng.random(count),
            length=rng.integers(0, 9, count),
            up=np.where(rng.random(count) < 0.3, rng.random(count), 1),
            down=np.where(rng.random(count) < 0.3, rng.random(count), 1),
        )

        found = measure_potamodromous(tree, decay=decay)
        factor = define_pairs(tree, "per_crossing", decay, "along_river").factor

        np.testing.assert_allclose(found.reached, factor @ tree.weight, rtol=1e-9)
        np.testing.assert_allclose(found.coming, factor.T @ tree.weight, rtol=1e-9)
        changes = measure_changes(tree, decay=decay).potamodromous
        for v in np.flatnonzero(tree.up * tree.down < 1)[:8]:
            up, down = tree.up.copy(), tree.down.copy()
            up[v] = down[v] = 1
            after = measure_potamodromous(replace(tree, up=up, down=down), decay=decay)
            assert changes[v] == pytest.approx(after.index - found.index, rel=1e-9, abs=1e-13)


class TestHandWorked:
    """Three reaches worked by hand."""

    def test_potamodromous(self) -> None:
        """Out of 0: 2 + 1 × 0.5 + 3 × 0.2; of 1: 1 + 2 × 1 + 3 × 1 × 0.2; of 2: 3 + 2 × 0.4 + 0.4 × 0.5."""
        found = measure_potamodromous(Y)

        assert found.reached.tolist() == pytest.approx([3.1, 3.6, 4.0])
        assert found.coming.tolist() == pytest.approx([2 + 1 + 1.2, 1 + 1 + 0.6, 3 + 0.4 + 0.2])
        assert found.index == pytest.approx((2 * 3.1 + 3.6 + 3 * 4.0) / 36)
        assert found.outbound.tolist() == pytest.approx([3.1 / 6, 3.6 / 6, 4.0 / 6])

    def test_both_ways(self) -> None:
        """Barriers of 0.5 and 0.08 both ways: 4 + 1 + 9 + 2 (2 × 1 × 0.5 + 2 × 3 × 0.08 + 3 × 0.04)."""
        found = measure_potamodromous(Y, convention="both_ways")

        assert found.index == pytest.approx((14 + 2 * (1 + 0.48 + 0.12)) / 36)
        np.testing.assert_allclose(found.inbound, found.outbound)

    def test_diadromous(self) -> None:
        """From the sea 2 × 0.5 + 0.25 + 3 × 0.1; to it 2 × 0.8 + 0.8 + 3 × 0.32."""
        found = measure_diadromous(Y)

        assert found.climbing == pytest.approx(1.55 / 6)
        assert found.descending == pytest.approx(3.36 / 6)
        there_and_back = measure_diadromous(Y, convention="both_ways")
        assert there_and_back.climbing == pytest.approx((0.8 + 0.2 + 0.096) / 6)
        assert there_and_back.descending == there_and_back.climbing

    @pytest.mark.parametrize(
        ("distance", "apart"),
        [
            # 0-1 and 0-2 are the same but by upper reach; 1-2 is 2 m longer by the middle of 0 and back.
            ("along_river", (1.5, 2.5, 2.0)),
            ("midpoints", (1.5, 2.5, 4.0)),
            ("upstream_length", (1.0, 3.0, 4.0)),
        ],
    )
    def test_distances(self, distance: Any, apart: tuple[float, float, float]) -> None:
        """What fades over 1 m by half tells how far apart the three reaches are."""
        tree = replace(Y, up=np.ones(3), down=np.ones(3))
        found = measure_potamodromous(tree, decay=Fading(1.0, 0.5), distance=distance)

        near, far, across = (0.5**metres for metres in apart)
        assert found.reached.tolist() == pytest.approx(
            [2 + near + 3 * far, 1 + 2 * near + 3 * across, 3 + 2 * far + across]
        )

    def test_threshold_includes_its_end(self) -> None:
        """A path of exactly the threshold counts, even by lengths that binary numbers only approach."""
        tree = make_tree([-1, 0, 1], length=[0.1, 0.1, 0.1])

        found = measure_potamodromous(tree, decay=Threshold(0.1))
        assert found.reached.tolist() == [2, 3, 2]
        assert measure_potamodromous(tree, decay=Threshold(0.0999)).reached.tolist() == [1, 1, 1]

    def test_direction_of_a_threshold(self) -> None:
        """Who only descends reaches what is below; the sea is reached from 1.5 m above it at most."""
        tree = make_tree([-1, 0, 1])
        only_down = Threshold(up_m=0.0, down_m=1.5)

        found = measure_potamodromous(tree, decay=only_down)
        assert found.reached.tolist() == [1, 2, 2]
        assert found.coming.tolist() == [2, 2, 1]
        assert measure_diadromous(tree, decay=only_down).climb.tolist() == [0, 0, 0]
        assert measure_diadromous(tree, decay=only_down).descent.tolist() == [1, 1, 0]

    def test_population(self) -> None:
        """Half of 0 and all of 2 are inhabited: 1 and 3, 0.2 up and 0.4 down between them."""
        found = measure_population(Y, np.array([0.5, 0, 1]))

        assert found.index == pytest.approx((1 + 9 + 3 * 0.2 + 3 * 0.4) / 16)


class TestIdentities:
    """What must hold whatever the river."""

    @settings(max_examples=60, deadline=None)
    @given(trees())
    def test_all_passable(self, tree: RiverTree) -> None:
        """Without barriers every index of a basin that weighs something is 1, and nothing is obstructed."""
        ones = np.ones(len(tree.up))
        free = replace(tree, up=ones, down=ones)
        found = measure_potamodromous(free)

        weight = np.bincount(tree.basin, weights=tree.weight)
        np.testing.assert_allclose(found.basins[weight > 0], 1)
        assert found.index == pytest.approx((weight**2).sum() / weight.sum() ** 2)
        assert measure_diadromous(free).climbing == pytest.approx(1)
        assert measure_obstruction(free).climbing == 0
        assert not measure_changes(free).potamodromous.any()

    @settings(max_examples=60, deadline=None)
    @given(trees(), st.data())
    def test_a_closed_barrier_parts_basins(self, tree: RiverTree, data: st.DataObject) -> None:
        """One basin in two trees: what a wall parts is as connected as two rivers that never meet."""
        v = data.draw(st.integers(0, len(tree.up) - 1))
        up, down, downstream = tree.up.copy(), tree.down.copy(), tree.downstream.copy()
        up[v] = down[v] = 0
        downstream[v] = -1

        walled = measure_potamodromous(replace(tree, up=up, down=down))
        parted = measure_potamodromous(replace(tree, downstream=downstream))
        assert walled.index == pytest.approx(parted.index, rel=1e-12)
        np.testing.assert_allclose(walled.coming, parted.coming, **CLOSE)

    @settings(max_examples=100, deadline=None)
    @given(trees(), OPTIONS)
    def test_symmetric(self, tree: RiverTree, options: dict[str, Any]) -> None:
        """The same up and down: what comes to a reach is what it reaches."""
        decay = options["decay"]
        if isinstance(decay, Fading):
            decay = Fading(decay.distance_m, decay.probability)
        elif isinstance(decay, Threshold):
            decay = Threshold(3.0)
        found = measure_potamodromous(replace(tree, down=tree.up), **{**options, "decay": decay})
        np.testing.assert_allclose(found.coming, found.reached, **CLOSE)

    @settings(max_examples=60, deadline=None)
    @given(trees(), st.sampled_from(DISTANCES))
    def test_far_thresholds_change_nothing(self, tree: RiverTree, distance: Any) -> None:
        """A threshold beyond the river, of either kind, is none."""
        free = measure_potamodromous(tree)
        for decay in (Threshold(1e6), Threshold(up_m=1e6, down_m=1e6), Fading(1.0, 1.0)):
            found = measure_potamodromous(tree, decay=decay, distance=distance)
            np.testing.assert_allclose(found.reached, free.reached, **CLOSE)


class TestErrors:
    """One sentence says what is wrong."""

    def test_weightless(self) -> None:
        """Nothing to connect."""
        with pytest.raises(DataError, match="weigh nothing"):
            measure_potamodromous(make_tree([-1], weight=[0]))

    def test_unknown_words(self) -> None:
        """Conventions and distances are named."""
        with pytest.raises(DataError, match="both_ways"):
            measure_diadromous(Y, convention="squared")  # type: ignore[arg-type]
        with pytest.raises(DataError, match="midpoints"):
            measure_potamodromous(Y, decay=Fading(1.0), distance="crow")  # type: ignore[arg-type]

    def test_decays(self) -> None:
        """Values outside their range, and two kinds of threshold at once."""
        with pytest.raises(DataError, match="above 0"):
            Fading(0.0)
        with pytest.raises(DataError, match=r"\[0, 1\]"):
            Fading(10.0, 1.5)
        with pytest.raises(DataError, match="from 0 up"):
            Threshold(-1.0)
        with pytest.raises(DataError, match="give either"):
            Threshold(5.0, up_m=1.0)
        with pytest.raises(DataError, match="above 0"):
            Leptokurtic(0.0, 5.0, 0.5)
        with pytest.raises(DataError, match="stay near"):
            Leptokurtic(1.0, 5.0, 1.5)

    def test_shares(self) -> None:
        """What is inhabited is a share of each reach."""
        with pytest.raises(DataError, match="reach 1"):
            measure_population(Y, np.array([0.5, 1.5, 1]))
        with pytest.raises(DataError, match="leptokurtic"):
            measure_changes(Y, decay=Leptokurtic(1.0, 5.0, 0.5))
        with pytest.raises(DataError, match=r"new_up is .* at reach 1"):
            measure_changes(Y, np.array([1.0, 2.0, 1.0]))
