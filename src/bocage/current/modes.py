"""The four modes of Circuitscape on rasters: pairwise, advanced, one-to-all and all-to-one.

The method is that of McRae et al. (2008, Ecology 89:2712) and of Circuitscape's documentation; where this
goes another way it is to solve less: N - 1 solves serve all pairs of N points, and one factor all sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.current.circuit import (
    Floats,
    Ints,
    measure_currents,
)
from bocage.current.grounds import Conflicts, solve_grounds
from bocage.current.large import find_large_pairs
from bocage.current.maps import CurrentSum, paint_nodes
from bocage.current.pairs import PairFlow, PairTable, solve_pairs
from bocage.current.regions import (
    Average,
    Places,
    RasterCircuit,
    build_raster_circuit,
    find_nodes,
    keep_places,
    list_places,
    merge_places,
    short_circuit,
)
from bocage.current.results import AdvancedResult, FocalResult, PairwiseResult, RasterFlow, Visit
from bocage.current.stars import StarFlow, solve_all_to_one, solve_one_to_all, solve_star
from bocage.current.systems import MOST_DIRECT, Landscape
from bocage.errors import DataError


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one-to-all and all-to-one are asked, as their parameters say it."""

    neighbours: Literal[4, 8]
    average: Average
    regions: NDArray[Any] | None
    pairs: NDArray[Any] | None
    strengths: dict[int, float] | None
    merge: bool
    maps: bool
    silence_places: bool
    visit: Visit | None


def pairwise(
    conductance: NDArray[Any],
    points: NDArray[Any] | Places,
    *,
    neighbours: Literal[4, 8] = 8,
    average: Average = "resistance",
    regions: NDArray[Any] | None = None,
    pairs: NDArray[Any] | None = None,
    maps: bool = True,
    silence_places: bool = False,
    visit: Visit | None = None,
) -> PairwiseResult:
    """Find the effective resistance of each pair of places, and the current that flows between them.

    Parameters
    ----------
    conductance : (rows, cols) array of float
        Of each cell; 0 or NaN is a barrier. For resistances, give their inverse.
    points : (rows, cols) array of int, or Places
        Id of the place that a cell is of, 0 for none. A place of several cells is a region: its cells are one
        node in the pairs it is in, and ordinary ground in the others.
    neighbours : {4, 8}
    average : {"resistance", "conductance"}
    regions : (rows, cols) array of int, optional
        Short circuits: the cells of each id are one node, always.
    pairs : (k, 2) array of int, optional
        Ids of the pairs asked for; all when left out.
    maps : bool
        Sum currents over pairs.
    silence_places : bool
        Count no current on the two places of a pair, only through others.
    visit : callable, optional
        Called with the :class:`RasterFlow` of each connected pair.

    Raises
    ------
    DataError
        When there are fewer than two places, or a pair names one that is not there.

    Examples
    --------
    Three cells of 1 Ω in a row: 2 Ω from end to end.

    >>> result = pairwise(np.ones((1, 3)), np.array([[1, 0, 2]]))
    >>> result.resistance.round(9).tolist(), result.cumulative.round(9).tolist()
    ([[0.0, 2.0], [2.0, 0.0]], [[1.0, 1.0, 1.0]])
    """
    if regions is None and visit is None and not silence_places and np.size(conductance) > MOST_DIRECT:
        places = points if isinstance(points, Places) else _list_points(points, np.shape(conductance))
        conducts = np.ravel(conductance)[places.cells] > 0
        # Barrier cells of a region link by the mean of conductances: not on the raster.
        plain = average == "resistance" or conducts.all() or places.cells.size == places.ids.size
        if places.ids.size > 1 and plain:
            return find_large_pairs(
                conductance, places, choose_pairs(places.ids, pairs), neighbours=neighbours, average=average,
                maps=maps,
            )  # fmt: skip
    raster, places, landscape = _prepare(conductance, points, neighbours, average, regions)
    if places.ids.size < 2:
        raise DataError(f"{_count(places.ids.size)} was found; give at least two, of different ids")
    wanted = choose_pairs(places.ids, pairs)
    counted = CurrentSum((raster.node.shape[0], raster.node.shape[1])) if maps else None
    resistance = np.full(wanted.shape, -1.0)
    np.fill_diagonal(resistance, 0.0)
    tables: list[PairTable] = []

    def solve(
        merged: RasterCircuit, which: Ints, asked: NDArray[np.bool_], region: int | None = None
    ) -> None:
        chosen = keep_places(places, np.isin(np.arange(places.ids.size), which))
        nodes = find_nodes(merged, chosen)
        ground = None if region is None else int(nodes[np.searchsorted(which, region)])

        def show(flow: PairFlow) -> None:
            current = measure_currents(flow.part.circuit, flow.voltage)
            if silence_places and current.size:
                ends = nodes[[flow.first, flow.second]]
                current[np.searchsorted(flow.part.nodes, ends)] = 0.0
            if counted is not None:
                counted.add(merged, current, flow.part.nodes)
            if visit is not None:
                ids = (int(chosen.ids[flow.first]), int(chosen.ids[flow.second]))
                visit(RasterFlow(ids, flow.resistance, merged, flow.part.nodes, flow.voltage, current))

        shown = show if counted is not None or visit is not None else None
        table = solve_pairs(
            merged.circuit, nodes, asked, visit=shown, factorise=landscape.choose(merged), ground=ground
        )
        tables.append(table)
        upper = np.argwhere(np.triu(asked, 1))
        for i, j in upper:
            resistance[which[i], which[j]] = resistance[which[j], which[i]] = table.resistance[i, j]

    sizes = np.bincount(places.owner, minlength=places.ids.size)
    alone, wide = np.flatnonzero(sizes == 1), np.flatnonzero(sizes > 1)
    if alone.size > 1:
        solve(raster, alone, wanted[np.ix_(alone, alone)])
    for index, region in enumerate(wide):
        row = np.sort(np.append(alone[wanted[region, alone]], region))
        if row.size > 1:
            at = int(np.searchsorted(row, region))
            asked = np.zeros((row.size, row.size), dtype=bool)
            asked[at] = asked[:, at] = True
            solve(merge_places(raster, places, np.array([region])), row, asked, int(region))
        for other in wide[index + 1 :]:
            if wanted[region, other]:
                both = np.array([region, other])
                solve(merge_places(raster, places, both), both, np.ones((2, 2), dtype=bool))
    summed, most = (None, None) if counted is None else counted.read()
    return PairwiseResult(
        places.ids,
        resistance,
        summed,
        most,
        max((table.residual for table in tables), default=0.0),
        max((table.balance for table in tables), default=0.0),
        sum(table.solves for table in tables),
    )


def advanced(
    conductance: NDArray[Any],
    sources: NDArray[Any],
    grounds: NDArray[Any],
    *,
    neighbours: Literal[4, 8] = 8,
    average: Average = "resistance",
    regions: NDArray[Any] | None = None,
    conflicts: Conflicts = "keepall",
) -> AdvancedResult:
    """Find where current flows between given sources and grounds.

    Parameters
    ----------
    conductance : (rows, cols) array of float
    sources : (rows, cols) array of float
        Current injected [A]; negative where it is pulled out, 0 or NaN for none.
    grounds : (rows, cols) array of float
        Conductance to the ground [S]; infinite for a wire, 0 or NaN for none.
    neighbours, average, regions
        As in :func:`pairwise`.
    conflicts : {"keepall", "rmvsrc", "rmvgnd", "rmvall"}
        What is removed where a cell is both; a ground by a wire never stays under a source.

    Raises
    ------
    DataError
        When nothing can be solved: no source shares a component with a ground, or sources sum to zero.

    Examples
    --------
    >>> result = advanced(np.ones((1, 3)), np.array([[1.0, 0, 0]]), np.array([[0, 0, np.inf]]))
    >>> result.voltage.round(9).tolist()
    [[2.0, 1.0, 0.0]]
    """
    raster = build_raster_circuit(conductance, neighbours=neighbours, average=average)
    landscape = Landscape(raster)
    if regions is not None:
        raster = short_circuit(raster, _check_regions(regions, raster))
    answer = solve_grounds(
        raster.circuit,
        gather_values(raster, sources),
        gather_values(raster, grounds),
        conflicts=conflicts,
        factorise=landscape.choose(raster),
    )
    if not answer.components:
        raise DataError(
            "nothing can be solved: no part of the landscape holds both a ground and sources that do not "
            "sum to zero; check sources, grounds and what is removed where they meet"
        )
    return AdvancedResult(
        paint_nodes(raster, answer.voltage),
        paint_nodes(raster, answer.current),
        answer.components,
        answer.unbalanced,
        answer.residual,
        answer.balance,
    )


def one_to_all(
    conductance: NDArray[Any],
    points: NDArray[Any] | Places,
    *,
    neighbours: Literal[4, 8] = 8,
    average: Average = "resistance",
    regions: NDArray[Any] | None = None,
    pairs: NDArray[Any] | None = None,
    strengths: dict[int, float] | None = None,
    merge: bool = True,
    maps: bool = True,
    silence_places: bool = False,
    visit: Visit | None = None,
) -> FocalResult:
    """Let current enter at each place in turn, all others being tied to the ground.

    Parameters
    ----------
    conductance, points, neighbours, average, regions
        As in :func:`pairwise`.
    pairs : (k, 2) array of int, optional
        A place is grounded only when its pair with the source is there.
    strengths : dict of int to float, optional
        Current of each source [A]; 1 for those not named. Resistances do not depend on it.
    merge : bool
        Each place is one node. Circuitscape does not merge them when pairs are given: current then enters at
        the first cell of a region.
    maps, silence_places, visit
        As in :func:`pairwise`.

    Examples
    --------
    Three cells in a row: from the middle, 1 Ω either way.

    >>> result = one_to_all(np.ones((1, 3)), np.array([[1, 2, 3]]))
    >>> result.resistance.round(9).tolist()
    [1.0, 0.5, 1.0]
    """
    asked = _Asked(neighbours, average, regions, pairs, strengths, merge, maps, silence_places, visit)
    return _run_focal("one", conductance, points, asked)


def all_to_one(
    conductance: NDArray[Any],
    points: NDArray[Any] | Places,
    *,
    neighbours: Literal[4, 8] = 8,
    average: Average = "resistance",
    regions: NDArray[Any] | None = None,
    pairs: NDArray[Any] | None = None,
    strengths: dict[int, float] | None = None,
    merge: bool = True,
    maps: bool = True,
    silence_places: bool = False,
    visit: Visit | None = None,
) -> FocalResult:
    """Tie each place in turn to the ground, current entering at all others.

    Parameters are those of :func:`one_to_all`; a region is one source, of one ampere or its strength.

    Examples
    --------
    >>> result = all_to_one(np.ones((1, 3)), np.array([[1, 2, 3]]))
    >>> result.resistance.tolist(), result.cumulative.round(9).tolist()
    ([0.0, 0.0, 0.0], [[4.0, 6.0, 4.0]])
    """
    asked = _Asked(neighbours, average, regions, pairs, strengths, merge, maps, silence_places, visit)
    return _run_focal("all", conductance, points, asked)


def choose_pairs(ids: Ints, pairs: NDArray[Any] | None) -> NDArray[np.bool_]:
    """Say which pairs of places are asked for: (n, n) array, symmetric, False on the diagonal.

    Raises
    ------
    DataError
        When a pair names an id that is not there.
    """
    count = ids.size
    wanted = np.zeros((count, count), dtype=bool)
    if pairs is None:
        wanted[:] = True
    else:
        listed = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        absent = np.setdiff1d(listed, ids)
        if absent.size:
            raise DataError(
                f"the pairs name {absent.size} ids that are not there ({', '.join(map(str, absent[:5]))}); "
                "give pairs of ids of the focal points"
            )
        at = np.searchsorted(ids, listed)
        wanted[at[:, 0], at[:, 1]] = wanted[at[:, 1], at[:, 0]] = True
    np.fill_diagonal(wanted, False)
    return wanted


def gather_values(raster: RasterCircuit, values: NDArray[Any]) -> Floats:
    """Sum what the cells of each node hold, NaN counting as nothing: (count,) array."""
    given = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=0.0, posinf=np.inf, neginf=-np.inf)
    if given.shape != raster.node.shape:
        raise DataError(
            f"sources or grounds are {_shape(given)} cells where the landscape is {_shape(raster.node)}; "
            "give rasters of the same cells"
        )
    inside = (raster.node >= 0) & (given != 0)
    total: Floats = np.bincount(raster.node[inside], given[inside], raster.circuit.count).astype(np.float64)
    return total


def _run_focal(
    mode: Literal["one", "all"], conductance: NDArray[Any], points: NDArray[Any] | Places, asked: _Asked
) -> FocalResult:
    raster, places, landscape = _prepare(conductance, points, asked.neighbours, asked.average, asked.regions)
    count = places.ids.size
    if count < 2:
        raise DataError(f"{_count(count)} was found; give at least two, of different ids")
    amperes = np.array([(asked.strengths or {}).get(int(one), 1.0) for one in places.ids])
    counted = CurrentSum((raster.node.shape[0], raster.node.shape[1])) if asked.maps else None
    resistance = np.full(count, -1.0)
    worst = [0.0, 0.0]

    def show(merged: RasterCircuit, flow: StarFlow) -> None:
        resistance[flow.place] = flow.resistance
        worst[0], worst[1] = max(worst[0], flow.residual), max(worst[1], flow.balance)
        if counted is None and asked.visit is None:
            return
        current = measure_currents(flow.part.circuit, flow.voltage)
        if asked.silence_places and current.size:
            active = np.intersect1d(flow.active, flow.part.nodes)
            current[np.searchsorted(flow.part.nodes, active)] = 0.0
        if counted is not None:
            counted.add(merged, current, flow.part.nodes)
        if asked.visit is not None:
            ids = (int(places.ids[flow.place]),)
            asked.visit(RasterFlow(ids, flow.resistance, merged, flow.part.nodes, flow.voltage, current))

    if asked.pairs is None and asked.merge:
        merged = merge_places(raster, places, np.arange(count))
        solve = solve_one_to_all if mode == "one" else solve_all_to_one
        nodes = find_nodes(merged, places)
        solve(merged.circuit, nodes, amperes, lambda flow: show(merged, flow), landscape.choose(merged))
    else:
        wanted = choose_pairs(places.ids, asked.pairs)
        for place in range(count):
            others = np.flatnonzero(wanted[place])
            merged = merge_places(raster, places, np.append(others, place)) if asked.merge else raster
            own, theirs = (_list_nodes(merged, places, chosen) for chosen in (np.array([place]), others))
            flow = solve_star(
                mode, merged.circuit, place, own, theirs, amperes[others], amperes[place],
                landscape.choose(merged),
            )  # fmt: skip
            show(merged, flow)
    summed, most = (None, None) if counted is None else counted.read()
    return FocalResult(places.ids, resistance, summed, most, worst[0], worst[1])


def _list_nodes(raster: RasterCircuit, places: Places, chosen: Ints) -> list[Ints]:
    """Nodes of the cells of each chosen place, in their order; cells on none are left out."""
    listed = []
    for place in chosen:
        nodes = raster.node.ravel()[places.cells_of(int(place))]
        listed.append(nodes[nodes >= 0])
    return listed


def _prepare(
    conductance: NDArray[Any],
    points: NDArray[Any] | Places,
    neighbours: Literal[4, 8],
    average: Average,
    regions: NDArray[Any] | None,
) -> tuple[RasterCircuit, Places, Landscape]:
    raster = build_raster_circuit(conductance, neighbours=neighbours, average=average)
    landscape = Landscape(raster)
    if isinstance(points, Places):
        places = points
    else:
        places = _list_points(points, raster.node.shape)
    if regions is not None:
        raster = short_circuit(raster, _check_regions(regions, raster))
    return raster, places, landscape


def _list_points(points: NDArray[Any], shape: tuple[int, ...]) -> Places:
    if np.shape(points) != shape:
        raise DataError(
            f"the focal points are {_shape(points)} cells where the landscape is "
            f"{' by '.join(map(str, shape))}; give rasters of the same cells"
        )
    return list_places(points)


def _check_regions(regions: NDArray[Any], raster: RasterCircuit) -> NDArray[Any]:
    if np.shape(regions) != raster.node.shape:
        raise DataError(
            f"the short-circuit regions are {_shape(regions)} cells where the landscape is "
            f"{_shape(raster.node)}; give rasters of the same cells"
        )
    return np.asarray(regions)


def _shape(values: NDArray[Any]) -> str:
    return " by ".join(map(str, np.shape(values)))


def _count(number: int) -> str:
    return "one focal point only" if number == 1 else "no focal point"
