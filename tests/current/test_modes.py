"""Modes of current flow on rasters and networks."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bocage.current.circuit import build_circuit, factorise_directly, measure_currents
from bocage.current.grounds import solve_grounds
from bocage.current.maps import transform_current
from bocage.current.modes import (
    advanced,
    all_to_one,
    gather_values,
    one_to_all,
    pairwise,
)
from bocage.current.network_modes import NetworkFlow, advanced_network, build_network, pairwise_network
from bocage.current.pairs import solve_pairs
from bocage.current.regions import (
    build_raster_circuit,
    find_nodes,
    gather_places,
    list_places,
    merge_places,
    short_circuit,
)
from bocage.current.results import RasterFlow
from bocage.current.systems import AggregatedSystem, Landscape
from bocage.errors import DataError


def make_laplacian(conductance: NDArray[np.float64], neighbours: int, average: str) -> NDArray[np.float64]:
    """Dense Laplacian of a raster, cell by cell, as the definition says it; barriers have no link."""
    rows, cols = conductance.shape
    matrix = np.zeros((rows * cols, rows * cols))
    for row in range(rows):
        for col in range(cols):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                to_row, to_col = row + down, col + right
                if not (to_row < rows and 0 <= to_col < cols) or (neighbours == 4 and down and right):
                    continue
                one, other = conductance[row, col], conductance[to_row, to_col]
                if one <= 0 or other <= 0:
                    continue
                length = math.hypot(down, right)
                link = (
                    (one + other) / 2 / length
                    if average == "conductance"
                    else 2 / (1 / one + 1 / other) / length
                )
                i, j = row * cols + col, to_row * cols + to_col
                matrix[i, i] += link
                matrix[j, j] += link
                matrix[i, j] -= link
                matrix[j, i] -= link
    return matrix


def measure_dense(matrix: NDArray[np.float64], one: int, other: int) -> float:
    """Effective resistance by the pseudo-inverse, -1 between components."""
    inverse = np.linalg.pinv(matrix)
    rank = np.zeros(len(matrix))
    rank[one], rank[other] = 1, -1
    if np.abs(matrix @ inverse @ rank - rank).max() > 1e-6:
        return -1.0
    return float(rank @ inverse @ rank)


@st.composite
def landscapes(draw: st.DrawFn) -> NDArray[np.float64]:
    """Draw a small landscape of conductances with barriers, of contrast up to 1000."""
    rows, cols = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    values = draw(
        st.lists(
            st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0, 3.0, 10.0]), min_size=rows * cols, max_size=rows * cols
        )
    )
    return np.array(values).reshape(rows, cols)


class TestHandWorked:
    """Circuits whose answers are in any textbook."""

    def test_series_and_parallel(self) -> None:
        """Resistances add up one after the other, conductances side by side."""
        line = build_network([0, 1], [1, 2], [1 / 3, 1 / 4])
        side = build_network([0, 0, 1], [1, 1, 0], [0.5, 0.25, 0.25])

        assert pairwise_network(line, [0, 2])[1].resistance[0, 1] == pytest.approx(7)
        assert pairwise_network(side, [0, 1])[1].resistance[0, 1] == pytest.approx(1)

    def test_wheatstone(self) -> None:
        """An unbalanced bridge of 1, 2, 3, 4 and 5 Ω, reduced by hand from triangle to star."""
        # Arms a-b 1, a-c 2, b-d 3, c-d 4, bridge b-c 5: triangle a-b-c is a star of 2/8, 5/8 and 10/8 Ω.
        bridge = build_network([0, 0, 1, 2, 1], [1, 2, 3, 3, 2], 1 / np.array([1.0, 2, 3, 4, 5]))
        by_b, by_c = 5 / 8 + 3, 10 / 8 + 4

        _, table = pairwise_network(bridge, [0, 3])

        assert table.resistance[0, 1] == pytest.approx(2 / 8 + by_b * by_c / (by_b + by_c))

    def test_infinite_lattice(self) -> None:
        """In a large square lattice of 1 Ω neighbours are 1/2 Ω apart and diagonal ones 2/π (Cserti 2000)."""
        size = 81
        points = np.zeros((size, size), dtype=int)
        middle = size // 2
        points[middle, middle], points[middle, middle + 1], points[middle + 1, middle + 1] = 1, 2, 3

        found = pairwise(np.ones((size, size)), points, neighbours=4, maps=False)

        assert found.resistance[0, 1] == pytest.approx(0.5, abs=1e-3)
        assert found.resistance[0, 2] == pytest.approx(2 / math.pi, abs=1e-3)

    def test_averages_and_diagonals(self) -> None:
        """Neighbours of 1 and 1/3 S: 2 Ω by resistance, 3/2 Ω by conductance, √2 times that diagonally."""
        cells = np.array([[1.0, 1 / 3]])
        corner = np.array([[1.0, 0], [0, 1 / 3]])
        ends, corners = np.array([[1, 2]]), np.array([[1, 0], [0, 2]])

        assert pairwise(cells, ends).resistance[0, 1] == pytest.approx(2)
        assert pairwise(cells, ends, average="conductance").resistance[0, 1] == pytest.approx(1.5)
        assert pairwise(corner, corners).resistance[0, 1] == pytest.approx(2 * math.sqrt(2))
        assert pairwise(corner, corners, average="conductance").resistance[0, 1] == pytest.approx(
            1.5 * math.sqrt(2)
        )
        assert pairwise(corner, corners, neighbours=4).resistance[0, 1] == -1

    def test_foster(self) -> None:
        """Conductance times effective resistance, over all links, sums to nodes less one (Foster 1949)."""
        raster = build_raster_circuit(np.random.default_rng(4).uniform(0.1, 9, (6, 7)))
        circuit = raster.circuit

        table = solve_pairs(circuit, np.arange(circuit.count))
        total = (circuit.conductance * table.resistance[circuit.start, circuit.end]).sum()

        assert total == pytest.approx(circuit.count - 1, rel=1e-9)


class TestRegions:
    """Short circuits and focal regions."""

    def test_region_through_a_barrier(self) -> None:
        """A short circuit joins what its cells touch, its cells without conductance included."""
        cells = np.array([[1.0, 0, 1]])
        found: list[RasterFlow] = []

        result = pairwise(
            cells, np.array([[1, 0, 2]]), regions=np.array([[0, 5, 5]]), neighbours=4, visit=found.append
        )
        apart = pairwise(cells, np.array([[1, 0, 2]]), regions=np.array([[5, 5, 5]]), visit=found.append)

        assert result.resistance[0, 1] == -1
        assert apart.resistance[0, 1] == 0
        assert found[-1].map_current().tolist() == [[0, 0, 0]]

    def test_region_of_a_mean_of_conductances(self) -> None:
        """A barrier cell of a region conducts half of its neighbour when conductances are averaged."""
        found = pairwise(
            np.array([[1.0, 0, 4]]), np.array([[1, 0, 2]]), regions=np.array([[0, 5, 5]]), neighbours=4,
            average="conductance",
        )  # fmt: skip

        assert found.resistance[0, 1] == pytest.approx(2)

    def test_focal_region_is_ground_to_others(self) -> None:
        """A patch is one node only in its own pairs: between others, its cells are ordinary ground."""
        cells = np.ones((1, 5))
        points = np.array([[1, 3, 3, 3, 2]])

        found = pairwise(cells, points)

        assert found.ids.tolist() == [1, 2, 3]
        assert found.resistance[0, 1] == pytest.approx(4)
        assert found.resistance[0, 2] == pytest.approx(1)

    def test_regions_that_overlap_are_one(self) -> None:
        """A patch that touches a short circuit takes all of it, and another patch in it is at 0 Ω."""
        cells = np.ones((1, 6))

        found = pairwise(cells, np.array([[1, 1, 0, 0, 2, 0]]), regions=np.array([[0, 7, 0, 7, 7, 0]]))

        assert found.resistance[0, 1] == 0

    @settings(max_examples=30, deadline=None)
    @given(landscapes(), st.data())
    def test_dense_regions(self, cells: NDArray[np.float64], data: st.DataObject) -> None:
        """Patches of two cells: the resistance of the dense Laplacian whose rows and columns are merged."""
        flat = np.flatnonzero(cells > 0)
        if flat.size < 4:
            return
        chosen = data.draw(st.permutations(flat.tolist()))[:4]
        points = np.zeros(cells.shape, dtype=int)
        points.ravel()[chosen] = [1, 1, 2, 2]
        spread = np.eye(cells.size)
        for one, other in (chosen[:2], chosen[2:]):
            spread[:, one] += spread[:, other]
            spread[:, other] = 0
        merged = spread.T @ make_laplacian(cells, 8, "resistance") @ spread

        found = pairwise(cells, points, maps=False)

        assert found.resistance[0, 1] == pytest.approx(measure_dense(merged, chosen[0], chosen[2]), rel=1e-7)


class TestPairwise:
    """All pairs from few solves."""

    @settings(max_examples=60, deadline=None)
    @given(landscapes(), st.sampled_from([4, 8]), st.sampled_from(["resistance", "conductance"]))
    def test_dense(self, cells: NDArray[np.float64], neighbours: int, average: str) -> None:
        """Every pair of cells of a small landscape has the resistance that the pseudo-inverse gives."""
        if (cells > 0).sum() < 2:
            return
        points = np.arange(1, cells.size + 1).reshape(cells.shape)
        matrix = make_laplacian(cells, neighbours, average)

        found = pairwise(cells, points, neighbours=neighbours, average=average, maps=False)

        for i in range(0, cells.size, 3):
            for j in range(i + 1, cells.size):
                alive = cells.ravel()[i] > 0 and cells.ravel()[j] > 0
                wanted = measure_dense(matrix, i, j) if alive else -1
                assert found.resistance[i, j] == pytest.approx(wanted, rel=1e-6)

    @settings(max_examples=40, deadline=None)
    @given(landscapes(), st.integers(0, 10**6))
    def test_conservation(self, cells: NDArray[np.float64], seed: int) -> None:
        """One ampere leaves its source, crosses no cell by more than itself, and balances at each node."""
        flat = np.flatnonzero(cells > 0)
        if flat.size < 2:
            return
        ends = np.random.default_rng(seed).choice(flat, 2, replace=False)
        points = np.zeros(cells.shape, dtype=int)
        points.ravel()[ends] = [1, 2]
        seen: list[RasterFlow] = []

        found = pairwise(cells, points, visit=seen.append)

        assert found.residual < 1e-9 and found.balance < 1e-9
        for flow in seen:
            current = flow.map_current()
            assert current.ravel()[ends] == pytest.approx([1, 1], abs=1e-9)
            assert current.max() <= 1 + 1e-9
            assert flow.map_voltage().ravel()[ends] == pytest.approx([0, found.resistance[0, 1]], abs=1e-9)

    @settings(max_examples=30, deadline=None)
    @given(landscapes())
    def test_reciprocity(self, cells: NDArray[np.float64]) -> None:
        """The potential at j of an ampere at i is that at i of an ampere at j."""
        raster = build_raster_circuit(np.where(cells > 0, cells, 0.5))
        grounded = np.zeros(raster.circuit.count, dtype=bool)
        grounded[0] = True

        answer = factorise_directly(raster.circuit, grounded).solve(np.eye(raster.circuit.count)).voltage

        assert answer == pytest.approx(answer.T, rel=1e-8, abs=1e-10)

    def test_one_solve_less_than_points(self) -> None:
        """Six points in one component take five solves, whatever the fifteen pairs."""
        points = np.zeros((8, 8), dtype=int)
        points.ravel()[[0, 9, 20, 33, 47, 60]] = range(1, 7)
        seen: list[RasterFlow] = []

        found = pairwise(np.ones((8, 8)), points, visit=seen.append)

        assert found.solves == 5
        assert len(seen) == 15
        assert found.cumulative == pytest.approx(sum(flow.map_current() for flow in seen))
        assert found.maximum == pytest.approx(np.max([flow.map_current() for flow in seen], axis=0))

    def test_blocks_of_columns(self) -> None:
        """With little memory for the potentials, pairs are done block by block, with the same result."""
        raster = build_raster_circuit(np.random.default_rng(1).uniform(0.1, 5, (9, 9)))
        nodes = np.array([3, 70, 12, 44, 12, 8])
        seen: dict[int, list[tuple[int, int, float, float]]] = {}
        for size in (10**9, 3 * 8 * 81):
            listed = seen[size] = []
            solve_pairs(
                raster.circuit, nodes, columns_bytes=size,
                visit=lambda flow, listed=listed: listed.append(
                    (flow.first, flow.second, flow.resistance, float(flow.voltage.sum()))
                ),
            )  # fmt: skip

        whole, parts = (np.array(sorted(rows)) for rows in seen.values())
        assert len(whole) == 15
        assert parts == pytest.approx(whole, rel=1e-9)

    def test_chosen_pairs(self) -> None:
        """Pairs that are not asked for are -1 and put nothing on the maps; unknown ids are refused."""
        points = np.array([[1, 2, 3]])

        found = pairwise(np.ones((1, 3)), points, pairs=[[1, 2]])

        assert found.resistance.tolist() == [[0, 1, -1], [1, 0, -1], [-1, -1, 0]]
        assert found.cumulative is not None
        assert found.cumulative.round(9).tolist() == [[1, 1, 0]]
        with pytest.raises(DataError, match=r"not there \(9\)"):
            pairwise(np.ones((1, 3)), points, pairs=[[1, 9]])

    def test_silent_places(self) -> None:
        """The two places of a pair count for nothing in its map, but count in those of others."""
        found = pairwise(np.ones((1, 3)), np.array([[1, 2, 3]]), silence_places=True)

        assert found.cumulative is not None
        assert found.cumulative.round(9).tolist() == [[0, 1, 0]]


class TestFocalModes:
    """One-to-all and all-to-one."""

    @settings(max_examples=30, deadline=None)
    @given(landscapes(), st.integers(0, 10**6))
    def test_as_advanced(self, cells: NDArray[np.float64], seed: int) -> None:
        """Each solve of one-to-all is advanced mode with one source and the others wired to the ground."""
        flat = np.flatnonzero(cells > 0)
        if flat.size < 3:
            return
        chosen = np.random.default_rng(seed).choice(flat, 3, replace=False)
        points = np.zeros(cells.shape, dtype=int)
        points.ravel()[chosen] = [1, 2, 3]
        raster = build_raster_circuit(cells)
        seen: list[RasterFlow] = []

        found = one_to_all(cells, points, strengths={2: 2.5}, visit=seen.append)

        for flow in seen:
            place = flow.ids[0] - 1
            sources = np.where(points == flow.ids[0], 2.5 if place == 1 else 1.0, 0.0)
            grounds = np.where((points > 0) & (points != flow.ids[0]), np.inf, 0.0)
            answer = solve_grounds(
                raster.circuit, gather_values(raster, sources), gather_values(raster, grounds)
            )
            assert flow.nodes.size == 0 or flow.current == pytest.approx(answer.current[flow.nodes], abs=1e-8)
            if answer.components:
                at = answer.voltage[raster.node.ravel()[chosen[place]]] / sources.sum()
                assert found.resistance[place] == pytest.approx(at, rel=1e-8)
            else:
                assert found.resistance[place] == -1

    @settings(max_examples=30, deadline=None)
    @given(landscapes(), st.integers(0, 10**6), st.sampled_from(["one", "all"]))
    def test_all_pairs_asked(self, cells: NDArray[np.float64], seed: int, mode: str) -> None:
        """Naming all pairs takes another way and gives the same maps."""
        flat = np.flatnonzero(cells > 0)
        if flat.size < 4:
            return
        chosen = np.random.default_rng(seed).choice(flat, 4, replace=False)
        points = np.zeros(cells.shape, dtype=int)
        points.ravel()[chosen] = [1, 2, 3, 3]
        solve = one_to_all if mode == "one" else all_to_one

        short, long = (solve(cells, points, pairs=pairs) for pairs in (None, [[1, 2], [1, 3], [2, 3]]))

        assert long.resistance == pytest.approx(short.resistance, rel=1e-8)
        assert long.cumulative == pytest.approx(short.cumulative, rel=1e-7, abs=1e-9)

    def test_excluded_pair_floats(self) -> None:
        """A place whose pair with the source is left out is not grounded."""
        found = one_to_all(np.ones((1, 3)), np.array([[1, 2, 3]]), pairs=[[1, 3]])

        assert found.resistance.round(9).tolist() == [2, -1, 2]

    def test_reversal(self) -> None:
        """All-to-one with one other place is one-to-all the other way: the same current map."""
        cells = np.random.default_rng(2).uniform(0.1, 4, (5, 6))
        points = np.zeros((5, 6), dtype=int)
        points[0, 0], points[4, 5] = 1, 2

        there, back = one_to_all(cells, points), all_to_one(cells, points)

        assert there.cumulative == pytest.approx(back.cumulative)


class TestAdvanced:
    """Sources and grounds."""

    def test_finite_ground(self) -> None:
        """A resistor to the ground adds to the way there."""
        found = advanced(np.ones((1, 2)), np.array([[3.0, 0]]), np.array([[0, 0.5]]))

        assert found.voltage.round(9).tolist() == [[9, 6]]
        assert found.current.round(9).tolist() == [[3, 3]]

    @pytest.mark.parametrize(
        ("conflicts", "voltage"),
        [("keepall", [1.5, 1.0]), ("rmvgnd", [2.0, 1.0]), ("rmvsrc", None), ("rmvall", None)],
    )
    def test_conflicts(self, conflicts: str, voltage: list[float] | None) -> None:
        """A cell that is source and ground keeps both, one or none, as asked."""
        network = build_network([0], [1], [1.0])
        sources, grounds = np.array([1.0, 0]), np.array([1 / 3, 1.0])
        if voltage is None:
            with pytest.raises(DataError, match="nothing can be solved"):
                advanced_network(network, sources, grounds, conflicts=conflicts)
            return

        answer = advanced_network(network, sources, grounds, conflicts=conflicts)

        # keepall: 1/3 S beside 1 Ω then 1 Ω, hence 1 / (1/3 + 1/2) V.
        assert answer.voltage[0] == pytest.approx(
            1 / (1 / 3 + 1 / 2) if conflicts == "keepall" else voltage[0]
        )

    def test_sources_that_cancel(self) -> None:
        """A component whose sources sum to zero is not solved; alone, it is refused."""
        cells = np.array([[1.0, 1, 0, 1, 1]])
        sources = np.array([[1.0, -1, 0, 1, 0]])
        grounds = np.array([[0, 0.5, 0, 0, np.inf]])

        found = advanced(cells, sources, grounds)

        assert (found.components, found.unbalanced) == (1, 1)
        assert found.voltage.round(9).tolist() == [[0, 0, 0, 1, 0]]
        with pytest.raises(DataError, match="sum to zero"):
            advanced(cells[:, :2], sources[:, :2], grounds[:, :2])

    @settings(max_examples=40, deadline=None)
    @given(landscapes(), st.integers(0, 10**6))
    def test_dense(self, cells: NDArray[np.float64], seed: int) -> None:
        """Any sources with a finite ground everywhere: the answer of the dense system."""
        if not (cells > 0).any():
            return
        random = np.random.default_rng(seed)
        sources = np.where(cells > 0, random.uniform(0.1, 1, cells.shape), 0)
        grounds = np.where(cells > 0, random.uniform(0.01, 1, cells.shape), 0)
        alive = np.flatnonzero(cells > 0)
        matrix = (make_laplacian(cells, 8, "resistance") + np.diag(grounds.ravel()))[np.ix_(alive, alive)]

        found = advanced(cells, sources, grounds)

        assert found.voltage.ravel()[alive] == pytest.approx(
            np.linalg.solve(matrix, sources.ravel()[alive]), rel=1e-8
        )
        assert found.balance < 1e-9


class TestLargeRasters:
    """Beyond a size, multigrid on the raster; here it is asked for on small ones."""

    @pytest.fixture
    def both(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], tuple[Any, Any]]:
        """Run something by sparse factors, then by multigrid."""

        def run(work: Callable[[], Any]) -> tuple[Any, Any]:
            direct = work()
            with monkeypatch.context() as patch:
                patch.setattr("bocage.current.modes.Landscape", partial(Landscape, most_direct=0))
                return direct, work()

        return run

    cells = np.exp(np.random.default_rng(5).normal(size=(24, 31)))
    cells[4:20, 15] = 0
    points = np.zeros((24, 31), dtype=int)
    points[2, 3], points[20, 28], points[10, 5:9], points[12:15, 20:23] = 1, 2, 3, 4

    @pytest.mark.parametrize("neighbours", [4, 8])
    def test_points_and_regions(self, both: Any, neighbours: Literal[4, 8]) -> None:
        """Points, and regions as Dirichlet problems, give what sparse factors give."""
        direct, multigrid = both(lambda: pairwise(self.cells, self.points, neighbours=neighbours))

        assert multigrid.resistance == pytest.approx(direct.resistance, rel=1e-5)
        assert multigrid.cumulative == pytest.approx(direct.cumulative, abs=1e-4)
        assert direct.balance < multigrid.balance < 1e-5

    @pytest.mark.parametrize("with_regions", [False, True])
    def test_without_links(self, monkeypatch: pytest.MonkeyPatch, with_regions: bool) -> None:
        """Pairs without a map each need no list of links: barriers, shared cells, chosen pairs included."""
        cells = self.cells.copy()
        cells[:, 8] = 0
        owner, at = [1, 2, 3, 4, 5, 6], [3, 65, 65, 31 * 20 + 28, 31 * 9 + 30, 8]
        if with_regions:
            # A region in two parts, one with a barrier cell, another that shares a cell with a point.
            owner, at = [*owner, 7, 7, 7, 8, 8], [*at, 31 * 12 + 18, 31 * 12 + 8, 31 * 3 + 20, 3, 4]
        places = gather_places(np.array(owner), np.array(at))
        listed = np.array([[1, 2], [2, 3], [4, 5], [1, 4], [1, 3], [5, 6]])
        for pairs in (None, listed):
            direct = pairwise(cells, places, pairs=pairs)
            with monkeypatch.context() as patch:
                patch.setattr("bocage.current.modes.MOST_DIRECT", 0)
                multigrid = pairwise(cells, places, pairs=pairs)

            assert multigrid.resistance == pytest.approx(direct.resistance, rel=1e-5, abs=1e-9)
            assert multigrid.cumulative == pytest.approx(direct.cumulative, abs=1e-4)
            assert multigrid.maximum == pytest.approx(direct.maximum, abs=1e-4)
            assert with_regions or multigrid.solves == direct.solves

    def test_conductances_and_short_circuits(self, both: Any) -> None:
        """Averaged conductances, and short circuits that float, go another way when they must."""
        regions = np.zeros((24, 31), dtype=int)
        regions[16:19, 10:20] = 7

        for options in ({"average": "conductance"}, {"regions": regions}):
            direct, multigrid = both(lambda options=options: pairwise(self.cells, self.points, **options))

            assert multigrid.resistance == pytest.approx(direct.resistance, rel=1e-5)

    @pytest.mark.parametrize("solve", [one_to_all, all_to_one])
    def test_focal(self, both: Any, solve: Any) -> None:
        """One-to-all and all-to-one."""
        direct, multigrid = both(lambda: solve(self.cells, self.points))

        assert multigrid.resistance == pytest.approx(direct.resistance, rel=1e-5)
        assert multigrid.cumulative == pytest.approx(direct.cumulative, abs=1e-4)

    def test_advanced(self, both: Any) -> None:
        """Sources and wires to the ground, and resistors to the ground."""
        alone = self.points == 1
        for ground in (np.inf, 0.3):
            direct, multigrid = both(
                lambda ground=ground: advanced(
                    self.cells, np.where(alone, 1.0, 0), np.where(self.points == 4, ground, 0.01)
                )
            )
            assert multigrid.voltage == pytest.approx(direct.voltage, rel=1e-5, abs=1e-6)
            direct, multigrid = both(
                lambda ground=ground: advanced(
                    self.cells, np.where(self.points == 3, 1.0, 0), np.where(self.points == 4, ground, 0)
                )
            )

            assert multigrid.voltage == pytest.approx(direct.voltage, rel=1e-5, abs=1e-6)

    def test_aggregation(self) -> None:
        """A large circuit that is no raster: the same potentials, with their residual."""
        raster = build_raster_circuit(self.cells)
        grounded = np.zeros(raster.circuit.count, dtype=bool)
        grounded[7] = True
        injected = np.zeros((raster.circuit.count, 2))
        injected[[30, 90], [0, 1]] = 1.0

        direct = factorise_directly(raster.circuit, grounded).solve(injected)
        other = AggregatedSystem(raster.circuit, grounded, None).solve(injected)

        assert other.voltage == pytest.approx(direct.voltage, rel=1e-6)
        assert other.residual < 1e-6


class TestNetworks:
    """Networks of resistors."""

    def test_flows(self) -> None:
        """Nodes keep their numbers, whatever they begin with, and parallel links are one branch."""
        network = build_network([10, 10, 40], [20, 20, 50], [1.0, 1.0, 1.0])
        seen: list[NetworkFlow] = []

        ids, table = pairwise_network(network, [20, 10, 40], visit=seen.append)

        assert ids.tolist() == [10, 20, 40]
        assert table.resistance.tolist() == [[0, 0.5, -1], [0.5, 0, -1], [-1, -1, 0]]
        (flow,) = seen
        assert (flow.ids, flow.nodes.tolist(), flow.branch.tolist()) == ((10, 20), [10, 20], [1])

    def test_current_counts_the_larger_way(self) -> None:
        """At a source the current is what leaves, at a ground what comes, in between both."""
        circuit = build_circuit(3, [0, 1], [1, 2], [1.0, 1.0])

        assert measure_currents(circuit, np.array([2.0, 1, 0])).tolist() == [1, 1, 1]
        assert measure_currents(circuit, np.array([2.0, 1, 1]), np.array([0, 1.0, 0])).tolist() == [1, 1, 0]


class TestRefused:
    """What cannot be solved says why."""

    @pytest.mark.parametrize(
        ("cells", "points", "why"),
        [
            ([[1.0, -1]], [[1, 2]], "negative or infinite"),
            ([[0.0, np.nan]], [[1, 2]], "no cell of the raster conducts"),
            ([[1.0, 1]], [[1, 1]], "one focal point only"),
            ([[1.0, 1]], [[0, 0]], "no focal point"),
            ([[1.0, 1]], [[1, 2, 3]], "same cells"),
        ],
    )
    def test_pairwise(self, cells: list[list[float]], points: list[list[int]], why: str) -> None:
        """Conductances that cannot be, no ground, fewer than two places, other extents."""
        with pytest.raises(DataError, match=why):
            pairwise(np.array(cells), np.array(points))

    def test_other(self) -> None:
        """Negative grounds and links to nodes that are not there."""
        with pytest.raises(DataError, match="negative conductance"):
            solve_grounds(build_circuit(2, [0], [1], [1.0]), np.array([1.0, 0]), np.array([0, -1.0]))
        with pytest.raises(DataError, match="outside 0 to 1"):
            build_circuit(2, [0], [2], [1.0])


def test_logarithm_and_regions() -> None:
    """No current has no logarithm; a region of one cell changes nothing; places on barriers have no node."""
    raster = build_raster_circuit(np.array([[1.0, 0, 2]]))
    places = list_places(np.array([[1, 2, 3]]))

    assert np.isnan(transform_current(np.zeros((1, 1)))).all()
    assert short_circuit(raster, np.array([[4, 0, 0]])).node.tolist() == raster.node.tolist()
    assert find_nodes(raster, places).tolist() == [0, -1, 1]
    assert merge_places(raster, places, np.array([1])).node.tolist() == raster.node.tolist()
