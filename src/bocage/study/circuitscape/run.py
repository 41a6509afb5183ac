"""Run a job of Circuitscape: read it, solve, write each map as soon as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bocage.current.circuit import measure_branches
from bocage.current.modes import advanced, all_to_one, one_to_all, pairwise
from bocage.current.network_modes import (
    Network,
    NetworkFlow,
    advanced_network,
    build_network,
    pairwise_network,
)
from bocage.current.regions import Average, Places, keep_places
from bocage.current.results import RasterFlow
from bocage.errors import DataError, InputError
from bocage.journal import Journal
from bocage.progress import Progress, SilentProgress, Stage
from bocage.study.circuitscape.inputs import (
    RasterJob,
    check_ids,
    read_raster_job,
    read_table,
    tell_range,
    turn_grounds,
)
from bocage.study.circuitscape.notes import add_note, list_ids, write_number
from bocage.study.circuitscape.options import Options, read_options
from bocage.study.circuitscape.outputs import Outputs
from bocage.study.circuitscape.pair_files import read_pairs
from bocage.wording import agree, say

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CircuitRun:
    """What a job gave.

    Attributes
    ----------
    options : Options
    written : list of Path
        In the order they were written.
    sentences : list of (code, values)
        What to tell of it; see :func:`tell_run`.
    residual, balance : float
        The worst relative residual, and share of current missing.
    """

    options: Options
    written: list[Path]
    sentences: list[tuple[str, dict[str, str | int]]]
    residual: float
    balance: float


def run_circuitscape(
    ini: str | Path,
    *,
    journal: Journal | None = None,
    progress: Progress | None = None,
    output: Path | None = None,
) -> CircuitRun:
    """Run the job of a Circuitscape .ini file and write its outputs.

    Parameters
    ----------
    ini : path
    journal : Journal, optional
        Told of what is ignored, assumed or left unsolved.
    progress : Progress, optional
    output : path, optional
        Folder for the outputs, in place of the job's; their names stay.

    Raises
    ------
    BocageError
        What :func:`~bocage.study.circuitscape.options.read_options` and the readers of inputs refuse, and
        circuits that cannot be solved.
    """
    journal = Journal() if journal is None else journal
    progress = SilentProgress() if progress is None else progress
    options = read_options(ini, journal, output=output)
    if options.data_type == "network":
        return _run_network(options, journal, progress)
    with progress.stage("Reading the rasters"):
        job = read_raster_job(options, journal)
    if options.scenario == "advanced":
        return _run_advanced(options, job, journal, progress)
    if options.scenario == "pairwise":
        return _run_pairwise(options, job, journal, progress)
    return _run_focal(options, job, journal, progress)


def tell_run(found: CircuitRun, language: str = "fr") -> list[str]:
    """Say what was solved and how exact it is."""
    told = [
        agree(say(f"circuitscape.{code}", language, **values), language) for code, values in found.sentences
    ]
    exact = {"residual": write_number(found.residual), "balance": write_number(found.balance)}
    return [*told, say("circuitscape.said_exact", language, **exact)]


def _run_pairwise(options: Options, job: RasterJob, journal: Journal, progress: Progress) -> CircuitRun:
    assert job.places is not None
    places, pairs = _choose(options, job.places, journal)
    outputs = Outputs(options, job.place, job.conductance)
    each = options.write_volt_maps or (options.write_cur_maps and not options.write_cum_cur_map_only)

    def write(flow: RasterFlow, stage: Stage) -> None:
        name = f"_{flow.ids[0]}_{flow.ids[1]}"
        if options.write_cur_maps and not options.write_cum_cur_map_only:
            outputs.write_current(flow.map_current(), name)
        if options.write_volt_maps:
            outputs.write_voltage(flow.map_voltage(), name)
        stage.advance()

    count = places.ids.size
    total = count * (count - 1) // 2 if pairs is None else len(np.unique(np.sort(pairs, axis=1), axis=0))
    with progress.stage("Solving the pairs", total=total) as stage:
        found = pairwise(
            job.conductance,
            places,
            neighbours=4 if options.connect_four_neighbors_only else 8,
            average=_average(options),
            regions=job.regions,
            pairs=pairs,
            maps=options.writes_currents,
            silence_places=options.set_focal_node_currents_to_zero,
            visit=(lambda flow: write(flow, stage)) if each else None,
        )
    _write_sums(options, outputs, found.cumulative, found.maximum)
    outputs.write_resistances(found.ids, found.resistance)
    joined = int((found.resistance[np.triu_indices(count, 1)] >= 0).sum())
    if joined < total:
        add_note(journal, "disconnected", count=total - joined)
    told: dict[str, str | int] = {"points": count, "pairs": joined, "solves": found.solves}
    return CircuitRun(options, outputs.written, [("said_pairwise", told)], found.residual, found.balance)


def _run_focal(options: Options, job: RasterJob, journal: Journal, progress: Progress) -> CircuitRun:
    assert job.places is not None
    places, pairs = _choose(options, job.places, journal)
    strengths = None
    if options.variable_source_file is not None:
        table = read_table(options.variable_source_file, "source strengths", 2)
        ids = check_ids(table[:, 0], options.variable_source_file, "source strengths")
        strengths = dict(zip(ids.tolist(), table[:, 1].tolist(), strict=True))
    outputs = Outputs(options, job.place, job.conductance)

    def write(flow: RasterFlow, stage: Stage) -> None:
        name = f"_{flow.ids[0]}"
        if options.write_cur_maps and not options.write_cum_cur_map_only:
            outputs.write_current(flow.map_current(), name)
        if options.write_volt_maps:
            outputs.write_voltage(flow.map_voltage(), name)
        stage.advance()

    solve = one_to_all if options.scenario == "one-to-all" else all_to_one
    with progress.stage("Solving the focal points", total=places.ids.size) as stage:
        found = solve(
            job.conductance,
            places,
            neighbours=4 if options.connect_four_neighbors_only else 8,
            average=_average(options),
            regions=job.regions,
            pairs=pairs,
            strengths=strengths,
            merge=pairs is None,
            maps=options.writes_currents,
            silence_places=options.set_focal_node_currents_to_zero,
            visit=lambda flow: write(flow, stage),
        )
    _write_sums(options, outputs, found.cumulative, found.maximum)
    outputs.write_focal(found.ids, found.resistance)
    alone = found.ids[found.resistance < 0]
    if alone.size:
        add_note(journal, "alone", count=int(alone.size), ids=list_ids(alone))
    told: dict[str, str | int] = {"points": found.ids.size, "solved": found.ids.size - alone.size}
    return CircuitRun(options, outputs.written, [("said_focal", told)], found.residual, found.balance)


def _run_advanced(options: Options, job: RasterJob, journal: Journal, progress: Progress) -> CircuitRun:
    assert job.sources is not None and job.grounds is not None
    outputs = Outputs(options, job.place, job.conductance)
    with progress.stage("Solving the circuit"):
        found = advanced(
            job.conductance,
            job.sources,
            job.grounds,
            neighbours=4 if options.connect_four_neighbors_only else 8,
            average=_average(options),
            regions=job.regions,
            conflicts=options.remove_src_or_gnd,
        )
    if found.unbalanced:
        add_note(journal, "unbalanced", count=found.unbalanced)
    if options.write_volt_maps:
        outputs.write_voltage(found.voltage)
    if options.writes_currents:
        outputs.write_current(found.current)
    told: dict[str, str | int] = {"components": found.components}
    return CircuitRun(options, outputs.written, [("said_advanced", told)], found.residual, found.balance)


def _run_network(options: Options, journal: Journal, progress: Progress) -> CircuitRun:
    with progress.stage("Reading the network"):
        network = _read_network(options, journal)
    if options.scenario == "advanced":
        return _run_network_advanced(options, network, journal, progress)
    assert options.point_file is not None
    table = read_table(options.point_file, "focal nodes", 1)
    ids = np.unique(check_ids(table[:, 0], options.point_file, "focal nodes"))
    _require_nodes(network, ids, options.point_file, "focal nodes")
    if ids.size < 2:
        raise DataError(f"focal nodes '{options.point_file}' hold {ids.size} node; give at least two")
    pairs = None
    if options.included_pairs_file is not None:
        chosen = read_pairs(options.included_pairs_file, ids, journal, zero_is_id=True)
        ids, pairs = chosen.ids, chosen.pairs
    outputs = Outputs(options)
    circuit = network.circuit
    node_sum, branch_sum = np.zeros(circuit.count), np.zeros(circuit.start.size)
    key = circuit.start * circuit.count + circuit.end

    def write(flow: NetworkFlow, stage: Stage) -> None:
        name = f"_{flow.ids[0]}_{flow.ids[1]}"
        if options.writes_currents:
            node_sum[network.find(flow.nodes)] += flow.current
            at = network.find(flow.link_start) * circuit.count + network.find(flow.link_end)
            branch_sum[np.searchsorted(key, at)] += flow.branch
        if options.write_cur_maps and not options.write_cum_cur_map_only:
            outputs.write_nodes("node_currents", flow.nodes, flow.current, name)
            outputs.write_branches(flow.link_start, flow.link_end, flow.branch, name)
        if options.write_volt_maps:
            outputs.write_nodes("voltages", flow.nodes, flow.voltage, name)
        stage.advance()

    count = ids.size
    total = count * (count - 1) // 2 if pairs is None else len(np.unique(np.sort(pairs, axis=1), axis=0))
    with progress.stage("Solving the pairs", total=total) as stage:
        _, found = pairwise_network(
            network,
            ids,
            pairs=pairs,
            silence_places=options.set_focal_node_currents_to_zero,
            visit=(lambda flow: write(flow, stage))
            if options.writes_currents or options.write_volt_maps
            else None,
        )
    if options.writes_currents:
        outputs.write_nodes("node_currents", network.ids, node_sum, "_cum")
        outputs.write_branches(network.ids[circuit.start], network.ids[circuit.end], branch_sum, "_cum")
    outputs.write_resistances(ids, found.resistance)
    joined = int((found.resistance[np.triu_indices(count, 1)] >= 0).sum())
    if joined < total:
        add_note(journal, "disconnected", count=total - joined)
    told: dict[str, str | int] = {"points": count, "pairs": joined, "solves": found.solves}
    return CircuitRun(options, outputs.written, [("said_pairwise", told)], found.residual, found.balance)


def _run_network_advanced(
    options: Options, network: Network, journal: Journal, progress: Progress
) -> CircuitRun:
    assert options.source_file is not None and options.ground_file is not None
    sources = _read_node_values(options.source_file, "current sources", network)
    if options.use_unit_currents:
        sources = np.where(np.isnan(sources) | (sources == 0), np.nan, 1.0)
    grounds = turn_grounds(_read_node_values(options.ground_file, "grounds", network), options)
    outputs = Outputs(options)
    with progress.stage("Solving the circuit"):
        found = advanced_network(
            network, np.nan_to_num(sources, nan=0.0), grounds, conflicts=options.remove_src_or_gnd
        )
    if found.unbalanced:
        add_note(journal, "unbalanced", count=found.unbalanced)
    circuit = network.circuit
    if options.write_volt_maps:
        outputs.write_nodes("voltages", network.ids, found.voltage)
    if options.writes_currents:
        branch = measure_branches(circuit, found.voltage)
        outputs.write_nodes("node_currents", network.ids, found.current)
        outputs.write_branches(network.ids[circuit.start], network.ids[circuit.end], branch)
    told: dict[str, str | int] = {"components": found.components}
    return CircuitRun(options, outputs.written, [("said_advanced", told)], found.residual, found.balance)


def _read_network(options: Options, journal: Journal) -> Network:
    path = options.habitat_file
    table = read_table(path, "network", 3)
    ends = check_ids(table[:, :2], path, "network")
    if (ends < 0).any():
        raise InputError(
            f"network '{path}' has negative node numbers ({list_ids(ends[ends < 0])}); number from 0"
        )
    value = table[:, 2]
    resistances = options.habitat_map_is_resistances
    wrong = ~(value > 0) if resistances else ~(value >= 0)
    wrong |= ~np.isfinite(value)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"network '{path}' holds {int(wrong.sum())} {'resistances' if resistances else 'conductances'} "
            f"that are negative{', zero' if resistances else ''} or not finite, the first ({value[first]:g}) "
            f"between nodes {ends[first, 0]} and {ends[first, 1]}; leave out links that do not conduct"
        )
    tell_range(float(value.min()), float(value.max()), resistances, journal)
    return build_network(ends[:, 0], ends[:, 1], 1 / value if resistances else value)


def _read_node_values(path: Path, name: str, network: Network) -> Floats:
    table = read_table(path, name, 2)
    ids = check_ids(table[:, 0], path, name)
    _require_nodes(network, ids, path, name)
    values = np.full(network.ids.size, np.nan)
    at = network.find(ids)
    inside = at >= 0
    values[at[inside]] = table[inside, 1]
    return values


def _require_nodes(network: Network, ids: Ints, path: Path, name: str) -> None:
    """Refuse nodes beyond those of the network, and say so when its numbers seem to begin elsewhere."""
    low, high = int(network.ids[0]), int(network.ids[-1])
    absent = ids[(ids < low) | (ids > high)]
    if absent.size:
        shifted = (low == 0 and int(ids.max()) == high + 1) or (low == 1 and int(ids.min()) == 0)
        mend = "name nodes of the network"
        if shifted:
            mend = f"one numbers from {low} and the other from {1 - low}, number both alike"
        raise InputError(
            f"{name} '{path}' name {absent.size} nodes ({list_ids(absent)}) that are not in the network, "
            f"whose nodes are {low} to {high}; {mend}"
        )


def _choose(options: Options, places: Places, journal: Journal) -> tuple[Places, Ints | None]:
    if options.included_pairs_file is None:
        return places, None
    chosen = read_pairs(options.included_pairs_file, places.ids, journal)
    if chosen.ids.size < 2:
        raise DataError(
            f"pairs file '{options.included_pairs_file}' leaves {chosen.ids.size} focal point; "
            "name two or more"
        )
    return keep_places(places, np.isin(places.ids, chosen.ids)), chosen.pairs


def _write_sums(
    options: Options, outputs: Outputs, cumulative: Floats | None, maximum: Floats | None
) -> None:
    if cumulative is not None and (options.write_cur_maps or options.write_cum_cur_map_only):
        outputs.write_current(cumulative, kind="cum_curmap")
    if maximum is not None and options.write_max_cur_maps:
        outputs.write_current(maximum, kind="max_curmap")


def _average(options: Options) -> Average:
    return "resistance" if options.connect_using_avg_resistances else "conductance"
