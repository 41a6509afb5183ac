"""Tests of the river indices against what peers publish: dci (R), FIPEX and riverconn.

Where a peer does something else than it says, or than its sources, both are here.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bocage.rivers.dendritic import (
    measure_changes,
    measure_diadromous,
    measure_obstruction,
    measure_potamodromous,
)
from bocage.rivers.distances import Fading, Leptokurtic, Threshold
from bocage.rivers.tree import RiverTree

pytestmark = pytest.mark.realdata


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@dataclass
class TestNet:
    """The network of the tests of the R package dci: 16 nodes, two of them barriers of 0.9."""

    __test__ = False

    nodes: list[dict[str, str]]
    upper: np.ndarray
    lower: np.ndarray
    length: np.ndarray
    weight: np.ndarray
    passability: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> TestNet:
        """Read it; weights are rescaled to [0, 1] as the package does, those left out being 0 first."""
        nodes, edges = read_rows(folder / "nodes.csv"), read_rows(folder / "edges.csv")
        weight = np.array([0.0 if e["riv_weight"] == "NA" else float(e["riv_weight"]) for e in edges])
        return cls(
            nodes,
            np.array([int(e["from"]) for e in edges]) - 1,
            np.array([int(e["to"]) for e in edges]) - 1,
            np.array([float(e["riv_length"]) for e in edges]),
            (weight - weight.min()) / (weight.max() - weight.min()),
            np.array([float(node["pass_1"]) if node["type"] == "barrier" else 1.0 for node in nodes]),
        )

    def grow(self, *, barrier_at: str, weighted: bool = False) -> RiverTree:
        """Make the tree with barriers at one end of reaches: ``upper``, as dci counts, or ``lower``."""
        place = {node: reach for reach, node in enumerate(self.upper)}
        below = np.array([place.get(node, -1) for node in self.lower], np.int32)
        passable = self.passability[self.upper if barrier_at == "upper" else self.lower]
        weight = self.length * self.weight if weighted else self.length
        return RiverTree(below, weight, self.length, passable, passable)

    def limit_as_dci(self, threshold: float, *, weighted: bool, diadromous: bool) -> float:
        """Do as ``calculate_dci(threshold = )`` of the package's tests, by its code.

        A pair of fragments counts when what lies between them is within the threshold; a fragment counts
        whole with itself, however long; of another, what is near its own barrier towards the other counts,
        by length even if weighted, and the other counts whole.
        """
        count = len(self.nodes)
        length, weight = np.zeros(count), np.zeros(count)
        length[self.upper], weight[self.upper] = self.length, self.weight
        label = [node["node_label"] for node in self.nodes]
        member = np.array([int(node["member_label"]) for node in self.nodes])
        kind = [node["type"] for node in self.nodes]
        sink = {member[i]: i for i in range(count) if kind[i] in ("outlet", "barrier")}
        counted = length * weight if weighted else length
        share = {m: counted[member == m].sum() / counted.sum() for m in sink}
        outlet = member[kind.index("outlet")]
        total = 0.0
        for a in [outlet] if diadromous else list(sink):
            for b in sink:
                if a == b:
                    total += share[a] if diadromous else share[a] ** 2
                    continue
                first, second = label[sink[a]], label[sink[b]]
                path = [i for i in range(count) if first.startswith(label[i]) != second.startswith(label[i])]
                among = {member[i] for i in path}
                apart = sum(length[i] for i in path if member[i] not in (a, b)) if len(among) > 2 else 0.0
                if apart > threshold:
                    continue
                if len(first) > len(second) and not diadromous:
                    exit_node = label.index(first + "0")
                else:
                    exit_node = min((i for i in path if kind[i] == "barrier"), key=lambda i: len(label[i]))
                part = b if diadromous else a
                near = (self.measure_from(exit_node) <= threshold - apart) & (member == part)
                found = length[near].sum() / counted.sum() * np.prod(self.passability[path])
                total += found if diadromous else found * share[b]
        return float(total)

    def measure_from(self, start: int) -> np.ndarray:
        """Measure how far every node is from one."""
        away = np.full(len(self.nodes), np.inf)
        away[start] = 0
        for _ in self.nodes:
            for i, j, length in zip(self.upper, self.lower, self.length, strict=True):
                away[i], away[j] = min(away[i], away[j] + length), min(away[j], away[i] + length)
        return away


@pytest.fixture(scope="module")
def net(shared: Path) -> TestNet:
    """Give the test network of dci."""
    return TestNet.read(shared / "cases" / "rivers" / "dci_r_testnet")


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    """Give where the input and output of riverconn are."""
    return shared / "cases" / "rivers" / "riverconn_vignette"


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, np.ndarray]:
    """Give the numbers of each case of riverconn, one for the whole or one a reach."""
    cases: dict[str, list[float]] = {}
    for row in read_rows(folder / "expected_index.csv"):
        cases.setdefault(row["case"], []).append(float(row["index"]))
    return {case: np.array(values) for case, values in cases.items()}


class TestDci:
    """The R package dci, commit 37ef8a9: percentages of its own tests, to the digits they round to."""

    @pytest.mark.parametrize(
        ("weighted", "pot", "dia"),
        [(False, 93.72207365647432, 90.62906001289845), (True, 95.59835065334232, 90.53960511529458)],
    )
    def test_published(self, net: TestNet, weighted: bool, pot: float, dia: float) -> None:
        """Barriers at the upper end of the reach below them: the package counts that reach above them."""
        tree = net.grow(barrier_at="upper", weighted=weighted)

        assert 100 * measure_potamodromous(tree).index == pytest.approx(pot, rel=1e-14)
        assert 100 * measure_diadromous(tree).climbing == pytest.approx(dia, rel=1e-14)
        assert round(pot, 2) in (93.72, 95.60)
        assert round(dia, 2) in (90.63, 90.54)

    def test_barriers_where_they_stand(self, net: TestNet) -> None:
        """With the barriers between the reaches they part, both indices differ from the package's."""
        tree = net.grow(barrier_at="lower")

        assert 100 * measure_potamodromous(tree).index == pytest.approx(94.24662669, abs=1e-8)
        assert 100 * measure_diadromous(tree).climbing == pytest.approx(92.08813921, abs=1e-8)

    @pytest.mark.parametrize(
        ("weighted", "pot", "dia"), [(False, 56.71, 32.69), (True, 87.87, 37.11)], ids=["length", "weight"]
    )
    def test_published_thresholds(self, net: TestNet, weighted: bool, pot: float, dia: float) -> None:
        """The package limits pairs of fragments; ours limits pairs of reaches, hence counts fewer."""
        assert round(100 * net.limit_as_dci(3.0, weighted=weighted, diadromous=False), 2) == pot
        assert round(100 * net.limit_as_dci(3.0, weighted=weighted, diadromous=True), 2) == dia

        tree = net.grow(barrier_at="upper", weighted=weighted)
        assert 100 * measure_potamodromous(tree, decay=Threshold(3.0)).index < pot
        assert 100 * measure_diadromous(tree, decay=Threshold(3.0)).climbing < dia

    def test_passability_between(self, net: TestNet) -> None:
        """gather_perm(0, 2) of the package's tests: two barriers of 0.9 between fragments 0 and 2."""
        tree = net.grow(barrier_at="upper")
        top = [int(net.nodes[node]["member_label"]) for node in net.upper].index(2)

        assert measure_diadromous(tree).climb[top] == pytest.approx(0.81)


class TestFipex:
    """FIPEX 10.4, river Mersey, example 2: 196 barriers."""

    def test_published(self, shared: Path) -> None:
        """DCIp and DCId to 13 digits, 197 sectional values to the two that FIPEX rounds its input to."""
        folder = shared / "cases" / "rivers" / "fipex_mersey"
        rows = read_rows(folder / "ex_2_DCI_input_nj2yu.csv")
        place = {row["BarrierID"]: i for i, row in enumerate(rows)}
        below = np.full(len(rows), -1, np.int32)
        for row in read_rows(folder / "ex_2_connectivity_nj2yu.csv"):
            below[place[row["BarrierOrFlagID"]]] = place[row["Downstream_Barrier"]]
        quantity = np.array([float(row["Quantity"]) for row in rows])
        # The passability listed for the sink, 0, is that of no barrier.
        passable = np.array(
            [1.0 if row["BarrierID"] == "Sink" else float(row["BarrierPerm"]) for row in rows]
        )
        tree = RiverTree(below, quantity, quantity, passable, passable)
        published: dict[str, Any] = {}
        sectional = np.full(len(rows), np.nan)
        for row in read_rows(folder / "ex_2_Metrics_nj2yu.csv"):
            if row["MetricName"] in ("DCIp", "DCId"):
                published[row["MetricName"]] = float(row["Metric"])
            elif row["MetricName"] == "DCI Sectional":
                name = row["ElementID"] if row["ElementID"] in place else "Sink"
                sectional[place[name]] = float(row["Metric"])

        found = measure_potamodromous(tree)

        assert 100 * found.index == pytest.approx(published["DCIp"], rel=1e-13)
        assert 100 * measure_diadromous(tree).climbing == pytest.approx(published["DCId"], rel=1e-13)
        assert np.nanmax(abs(100 * found.outbound - sectional)) < 0.07
        assert not np.isnan(sectional).any()


class TestRiverconn:
    """riverconn 0.3.33 on the 16 reaches of its vignette."""

    UPPER: Any = "upstream_length"

    def grow(
        self, folder: Path, *, dams: bool = True, confluences: float = 1.0, hsi: bool = False
    ) -> RiverTree:
        """Make the tree; without dams, or with a passability at confluences, or weighed by suitability."""
        vertices = read_rows(folder / "vertices.csv")
        place = {row["name"]: i for i, row in enumerate(vertices)}
        below = np.full(len(vertices), -1, np.int32)
        up, down = np.ones(len(vertices)), np.ones(len(vertices))
        for row in read_rows(folder / "edges.csv"):
            v = place[row["from"]]
            below[v] = place[row["to"]]
            if row["pass_u"] == "NA":
                up[v] = down[v] = confluences
            elif dams:
                up[v], down[v] = float(row["pass_u"]), float(row["pass_d"])
        length = np.array([float(row["length"]) for row in vertices])
        weight = np.array([float(row["HSI"]) for row in vertices]) if hsi else length
        return RiverTree(below, weight, length, up, down)

    @pytest.mark.parametrize(
        ("case", "river", "options"),
        [
            ("default_sym_sym_exp_p0.9", {}, {"convention": "both_ways", "decay": Fading(1.0, 0.9)}),
            ("c_only_symmetric", {}, {"convention": "both_ways"}),
            ("c_only_asymmetric", {}, {}),
            ("B_only_exp_p0.9", {"dams": False}, {"decay": Fading(1.0, 0.9)}),
            ("B_only_thresh_asym_u0_d5", {"dams": False}, {"decay": Threshold(up_m=0.0, down_m=5.0)}),
            ("B_only_thresh_asym_u5_d10", {"dams": False}, {"decay": Threshold(up_m=5.0, down_m=10.0)}),
            ("B_only_thresh_sym_10", {"dams": False}, {"decay": Threshold(10.0)}),
            ("both_asym_exp_u0.6_d0.9", {}, {"decay": Fading(1.0, 0.6, 0.9)}),
            ("leptokurtic_2_8_0.7", {}, {"convention": "both_ways", "decay": Leptokurtic(2.0, 8.0, 0.7)}),
            ("weight_HSI_exp_p0.9", {"hsi": True}, {"convention": "both_ways", "decay": Fading(1.0, 0.9)}),
            ("pass_confluence0.9_c_only_sym", {"confluences": 0.9}, {"convention": "both_ways"}),
        ],
    )
    def test_index(
        self, folder: Path, expected: dict[str, np.ndarray], case: str, river: Any, options: dict[str, Any]
    ) -> None:
        """The index of every case, by the distance that riverconn takes: the upper reach of a step."""
        found = measure_potamodromous(self.grow(folder, **river), distance=self.UPPER, **options)

        np.testing.assert_allclose(found.index, expected[case], rtol=1e-14)

    def test_documented_distance(self, folder: Path) -> None:
        """By the distance that riverconn documents, its default case gives another number."""
        found = measure_potamodromous(
            self.grow(folder), convention="both_ways", decay=Fading(1.0, 0.9), distance="midpoints"
        )

        assert found.index == pytest.approx(0.151198378985215, rel=1e-14)

    @pytest.mark.parametrize(
        ("case", "dams", "options"),
        [
            ("c_only_sym", True, {"convention": "both_ways"}),
            ("c_only_asym", True, {}),
            ("B_thresh_asym_u0_d5", False, {"decay": Threshold(up_m=0.0, down_m=5.0)}),
            ("both_asym_exp", True, {"decay": Fading(1.0, 0.6, 0.9)}),
        ],
    )
    def test_reaches(
        self, folder: Path, expected: dict[str, np.ndarray], case: str, dams: bool, options: dict[str, Any]
    ) -> None:
        """Reach by reach; what riverconn calls inbound ("to") is what each reaches, and "from" what comes."""
        found = measure_potamodromous(self.grow(folder, dams=dams), distance=self.UPPER, **options)

        np.testing.assert_allclose(found.outbound, expected[f"reach_to_{case}"], rtol=1e-13)
        np.testing.assert_allclose(found.inbound, expected[f"reach_from_{case}"], rtol=1e-13)

    @pytest.mark.parametrize(
        ("case", "options"),
        [
            ("c_only_symmetric", {"convention": "both_ways"}),
            ("c_only_asymmetric", {}),
            ("default_exp_p0.9", {"convention": "both_ways", "decay": Fading(1.0, 0.9)}),
            (
                "vignette_thresh_asym_u10_d10_sym_c",
                {"convention": "both_ways", "decay": Threshold(up_m=10.0, down_m=10.0)},
            ),
        ],
    )
    def test_each_dam_alone(self, folder: Path, case: str, options: dict[str, Any]) -> None:
        """The leave-one-out of dams, all at once."""
        rows = [row for row in read_rows(folder / "expected_dindex.csv") if row["case"] == case]
        edges = [row for row in read_rows(folder / "edges.csv") if row["id_dam"] != "NA"]
        names = [row["name"] for row in read_rows(folder / "vertices.csv")]
        tree = self.grow(folder)
        before = measure_potamodromous(tree, distance=self.UPPER, **options).index
        changes = measure_changes(tree, distance=self.UPPER, **options)

        for edge, row in zip(edges, rows, strict=True):
            gain = changes.potamodromous[names.index(edge["from"])]
            assert edge["id_dam"] == row["id_dam"]
            assert 100 * gain / before == pytest.approx(float(row["d_index"]), rel=1e-11)

    def test_sum(self, folder: Path) -> None:
        """CAFI as riverconn sums it, by weights taken as they are: 0.93 × 20 / 9."""
        found = measure_obstruction(self.grow(folder), accumulated=False)

        assert found.climbing == pytest.approx(2.06666666666667, rel=1e-14)
