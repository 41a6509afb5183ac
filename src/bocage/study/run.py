"""One run: from a study to its ecological network. The steps, on one page.

Reading, land cover, zonings, then for each sub-network reservoirs and corridors; rivers beside, whole;
watercourses, obstacles, objectives, indicators; and the files. Each stage is stored when it ends: a run
that was stopped goes on from there, and a changed study computes again only what depends on the change.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bocage.errors import StudyError
from bocage.io.files import hash_file, output_errors
from bocage.journal import Journal
from bocage.network import Network, Table, empty_table
from bocage.progress import Progress, SilentProgress
from bocage.study.inputs import Inputs, list_input_files, read_inputs
from bocage.study.model import Study, about
from bocage.study.numbering import keep_inside, number_objects
from bocage.study.store import Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from bocage.corridors.delineate import Corridors
    from bocage.landcover.cover import LandCover
    from bocage.reservoirs.delineate import Reservoirs
    from bocage.reservoirs.zonings import Zoning
    from bocage.study.rivers_stage import RiverFindings
    from bocage.subnetwork import Subnetwork

T = TypeVar("T")


@dataclass(frozen=True)
class RunResult:
    """What a run gave.

    Attributes
    ----------
    output : Path
        Folder of the files written.
    network : Network
    indicators : DataFrame or None
        One row a commune and one for the whole; None without communes.
    journal : Journal
    reused : tuple of str
        Stages taken from an earlier run.
    seconds : mapping of stage to float
        Wall time of each stage.
    """

    output: Path
    network: Network
    indicators: DataFrame | None
    journal: Journal
    reused: tuple[str, ...]
    seconds: dict[str, float]


@dataclass
class _Run:
    """A run under way: where its stages are kept and who is told of them."""

    study: Study
    store: Store
    progress: Progress
    threads: int
    journal: Journal = field(default_factory=Journal)
    keys: dict[str, str] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def stage(
        self,
        name: str,
        title: str,
        compute: Callable[[Journal], T],
        *,
        after: tuple[str, ...] = (),
        **depends: Any,
    ) -> T:
        """Compute a stage, or take it from an earlier run when nothing it depends on has changed."""
        key = Store.key(name, {"after": [self.keys[earlier] for earlier in after], **depends})
        self.keys[name] = key
        began = time.perf_counter()
        with self.progress.stage(title):
            result, reused = self.store.keep(name, key, compute, self.journal)
        self.seconds[name] = time.perf_counter() - began
        if reused:
            self.reused.append(name)
        return result


def run_study(
    study: Study, *, progress: Progress | None = None, fresh: bool = False, threads: int | None = None
) -> RunResult:
    """Compute the ecological network of a study and write its files.

    Parameters
    ----------
    study : Study
    progress : Progress, optional
        Shows the stages; silent by default.
    fresh : bool
        Compute everything again, whatever an earlier run left.
    threads : int, optional
        Threads of the cost distance; as many as there are cores by default. Results do not
        depend on it.

    Returns
    -------
    RunResult

    Raises
    ------
    BocageError
        One sentence that says what to mend; files of an earlier run are left as they were.
    """
    if not study.has_network:
        raise StudyError(
            f"{study.path.name}: there is no [[landcover]] and no [layers.watercourses], so there is nothing "
            "to compute; add one, or print a sheet of the outline alone with bocage sheet"
        )
    with output_errors(study.output):
        study.output.mkdir(parents=True, exist_ok=True)
    run = _Run(
        study,
        Store(study.output / ".bocage", fresh=fresh),
        progress or SilentProgress(),
        threads or os.cpu_count() or 1,
    )
    inputs, hashes = _read(run)
    cover = _cover(run, inputs) if inputs.landcover else None
    zonings = _share_out(run, inputs, cover) if cover is not None else ()
    reservoirs = _find_reservoirs(run, inputs, cover, zonings) if cover is not None else {}
    corridors = _find_corridors(run, inputs, cover, reservoirs) if cover is not None else {}
    rivers = _find_rivers(run, inputs) if inputs.watercourses is not None else None
    tables = _value(run, _assemble(run, inputs, cover, reservoirs, corridors, rivers))
    network = Network(tables, dict(inputs.provided), study.crs, about(study))
    indicators = _measure(run, inputs, tables, rivers)

    from bocage.study.outputs import write_outputs

    began = time.perf_counter()
    with run.progress.stage("Writing the files"):
        write_outputs(
            study,
            inputs=inputs,
            hashes=hashes,
            cover=cover,
            corridors=corridors,
            network=network,
            indicators=indicators,
            journal=run.journal,
            rivers=rivers,
        )
    run.seconds["outputs"] = time.perf_counter() - began
    run.store.drop_unused()
    return RunResult(study.output, network, indicators, run.journal, tuple(run.reused), run.seconds)


def read_cover(study: Study, *, progress: Progress | None = None) -> tuple[Inputs, LandCover, Journal]:
    """Give the layers and the land cover of a study, as its run left them or made afresh.

    Returns
    -------
    inputs : Inputs
    cover : LandCover
    journal : Journal
        What was assumed, repaired or ignored on the way.
    """
    store = Store(study.output / ".bocage")
    run = _Run(study, store, progress or SilentProgress(), os.cpu_count() or 1)
    inputs, _ = _read(run)
    return inputs, _cover(run, inputs), run.journal


def _read(run: _Run) -> tuple[Inputs, dict[str, str]]:
    """Read the layers; a file's hash stands for its content in every stage that follows."""
    study = run.study
    from bocage.study.inputs import check_files

    check_files(study)
    hashes = {_show_path(path, study.folder): hash_file(path) for path in list_input_files(study)}
    parameters = study.parameters()
    layers = {name: parameters[name] for name in ("landcover", "nomenclatures", "layers", "zonings")}
    # A new title, date or status computes nothing again.
    layers["lists"] = [parameters["rivers"][name] for name in ("list1", "list2")]
    layers["place"] = [parameters["study"][name] for name in ("area", "crs", "cell_size", "language")]
    inputs = run.stage(
        "inputs",
        "Reading the layers",
        lambda journal: read_inputs(study, journal),
        files=hashes,
        layers=layers,
        buffer=study.buffer_m,
        decisions=parameters["decisions"],
        subnetworks=parameters["subnetworks"],
    )
    # What lies on the ground depends neither on decisions, nor on the sub-networks beyond their buffer.
    apart = {_show_path(path, study.folder) for path in _files_apart(study)}
    ground = {name: digest for name, digest in hashes.items() if name not in apart}
    run.keys["ground"] = Store.key("ground", {"files": ground, "layers": layers, "buffer": study.buffer_m})
    return inputs, hashes


def _files_apart(study: Study) -> list[Path]:
    """List the files that say nothing of the ground: decisions, published resistances, the logo."""
    named = [study.file.issuer.logo, study.decisions_path]
    named += [each.resistance_table.path for each in study.file.subnetworks if each.resistance_table]
    return [study.resolve(path) for path in named if path is not None]


def _cover(run: _Run, inputs: Inputs) -> LandCover:
    """Fuse the land cover layers and burn the linear features."""
    from bocage.landcover.fusion import fuse_land_cover, note_uncovered

    def fuse(journal: Journal) -> LandCover:
        cover = fuse_land_cover(
            inputs.grid,
            inputs.landcover,
            hedges=inputs.hedges,
            watercourses=inputs.watercourses,
            railways=inputs.railways,
            roads=inputs.roads,
            crossings=inputs.crossings,
            journal=journal,
            language=run.study.language,
        )
        note_uncovered(cover, inputs.area, journal)
        return cover

    return run.stage("landcover", "Fusing the land cover", fuse, after=("ground",))


def _share_out(run: _Run, inputs: Inputs, cover: LandCover) -> tuple[Zoning, ...]:
    """Tell which sub-networks the sites concern of the zonings that name none."""
    study = run.study
    if all(zoning.subnetworks for zoning in inputs.zonings):
        return inputs.zonings  # most often (): there is nothing to work out

    def share_out(journal: Journal) -> tuple[Zoning, ...]:
        from bocage.reservoirs.sharing import share_out_sites

        return share_out_sites(cover, study.subnetworks, inputs.zonings, journal=journal)

    return run.stage(
        "zonings",
        "Sharing out the zonings",
        share_out,
        after=("landcover",),
        habitats=[(each.key, each.name, each.habitat) for each in study.subnetworks],
    )


def _find_reservoirs(
    run: _Run, inputs: Inputs, cover: LandCover, zonings: tuple[Zoning, ...]
) -> dict[str, Reservoirs]:
    """Delineate the reservoirs of each sub-network, and number them all in one series."""
    from bocage.reservoirs.delineate import Reservoirs, delineate_reservoirs

    study = run.study
    found: dict[str, Reservoirs] = {}
    for subnetwork in study.subnetworks:

        def delineate(journal: Journal, subnetwork: Subnetwork = subnetwork) -> Reservoirs:
            return delineate_reservoirs(cover, subnetwork, zonings, journal=journal, language=study.language)

        found[subnetwork.key] = run.stage(
            f"reservoirs_{subnetwork.key}",
            f"Reservoirs: {subnetwork.name}",
            delineate,
            after=("landcover", "zonings") if "zonings" in run.keys else ("landcover",),
            subnetwork=_parameters(study, subnetwork),
            language=study.language,
        )
    numbered = number_objects([each.table for each in found.values()], study.prefix, "RS", inputs.area)
    return {
        key: Reservoirs(table, each.labels)
        for (key, each), table in zip(found.items(), numbered, strict=True)
    }


def _find_corridors(
    run: _Run, inputs: Inputs, cover: LandCover, reservoirs: dict[str, Reservoirs]
) -> dict[str, Corridors]:
    """Delineate the corridors of each sub-network, and number them all in one series."""
    from bocage.corridors.delineate import Corridors, delineate_corridors

    study = run.study
    found: dict[str, Corridors] = {}
    for subnetwork in study.subnetworks:

        def delineate(journal: Journal, subnetwork: Subnetwork = subnetwork) -> Corridors:
            return delineate_corridors(
                cover, subnetwork, reservoirs[subnetwork.key], journal=journal, threads=run.threads
            )

        found[subnetwork.key] = run.stage(
            f"corridors_{subnetwork.key}",
            f"Corridors: {subnetwork.name}",
            delineate,
            after=tuple(f"reservoirs_{key}" for key in reservoirs),
            subnetwork=_parameters(study, subnetwork),
            prefix=study.prefix,
        )
    surfaces = number_objects([each.surfaces for each in found.values()], study.prefix, "CS", inputs.area)
    # An axis is known by its surface's identifier until both have their objective.
    axes = [
        each.axes.assign(id=surface["id"].to_list())
        for surface, each in zip(surfaces, found.values(), strict=True)
    ]
    return {
        key: Corridors(surface, axis, each.count, each.cost_distance)
        for (key, each), surface, axis in zip(found.items(), surfaces, axes, strict=True)
    }


def _find_rivers(run: _Run, inputs: Inputs) -> RiverFindings | None:
    """Measure the rivers whole, with their works: what stands below the study area matters in it."""
    study = run.study

    def find(journal: Journal) -> RiverFindings | None:
        from bocage.study.rivers_stage import find_rivers

        return find_rivers(study, inputs.area, journal)

    return run.stage(
        "rivers",
        "Rivers and their works",
        find,
        after=("ground",),
        rivers=study.parameters()["rivers"],
        language=study.language,
    )


def _assemble(
    run: _Run,
    inputs: Inputs,
    cover: LandCover | None,
    reservoirs: dict[str, Reservoirs],
    corridors: dict[str, Corridors],
    rivers: RiverFindings | None,
) -> dict[Table, GeoDataFrame]:
    """Join the sub-networks, find watercourses and obstacles, give objectives, cut to the study area."""
    study = run.study

    def assemble(journal: Journal) -> dict[Table, GeoDataFrame]:
        from bocage.obstacles.find import find_obstacles
        from bocage.restoration.objectives import Rules, assign_objectives
        from bocage.rivers.roles import assign_watercourse_roles
        from bocage.study.rivers_stage import describe_courses, describe_works

        language, rules = study.language, study.rules
        tables: dict[Table, GeoDataFrame] = {
            "reservoir_s": _join("reservoir_s", [each.table for each in reservoirs.values()], study.crs),
            "corridor_s": _join("corridor_s", [each.surfaces for each in corridors.values()], study.crs),
            "corridor_l": _join("corridor_l", [each.axes for each in corridors.values()], study.crs),
        }
        courses, river_reservoirs = assign_watercourse_roles(
            inputs.watercourses, tables["reservoir_s"], language=language, journal=journal
        )
        courses = describe_courses(courses, rivers, snap_m=study.file.rivers.snap_m)
        tables["cours_eau_l"] = number_objects([courses], study.prefix, "HL", inputs.area)[0]
        tables["reservoir_l"] = number_objects([river_reservoirs], study.prefix, "RL", inputs.area)[0]
        obstacles = find_obstacles(
            cover,
            corridors_s=tables["corridor_s"],
            corridors_l=tables["corridor_l"],
            reservoirs_s=tables["reservoir_s"],
            watercourses_l=tables["cours_eau_l"],
            roads=inputs.roads,
            railways=inputs.railways,
            watercourses=inputs.watercourses,
            river_works=describe_works(inputs.river_works, rivers),
            crossings=inputs.crossings,
            cluster_m=rules.cluster_m,
            language=language,
        )
        tables["obstacle_p"] = number_objects([obstacles.points], study.prefix, "OP", inputs.area)[0]
        tables["obstacle_l"] = number_objects([obstacles.lines], study.prefix, "OL", inputs.area)[0]
        tables["obstacle_s"] = number_objects([obstacles.surfaces], study.prefix, "OS", inputs.area)[0]
        limits = Rules(**{name: getattr(rules, name) for name in Rules.__dataclass_fields__})
        # People may name a corridor by its axis, as they read it on the map.
        decisions = inputs.decisions and inputs.decisions.rename_objects(
            {_name_axis(surface, study.prefix): surface for surface in tables["corridor_s"]["id"]}
        )
        judged = assign_objectives(tables, limits, decisions, journal=journal, language=language)
        axes = judged["corridor_l"]
        judged["corridor_l"] = axes.assign(id=[_name_axis(each, study.prefix) for each in axes["id"]])
        return {name: keep_inside(table, inputs.area) for name, table in judged.items()}

    parameters = study.parameters()
    return run.stage(
        "network",
        "Watercourses, obstacles and objectives",
        assemble,
        after=(
            "inputs",
            *(("landcover",) if cover is not None else ()),
            *(("rivers",) if "rivers" in run.keys else ()),
            *(f"corridors_{key}" for key in corridors),
        ),
        rules=parameters["rules"],
        language=study.language,
        prefix=study.prefix,
    )


def _value(run: _Run, tables: dict[Table, GeoDataFrame]) -> dict[Table, GeoDataFrame]:
    """Say what each reservoir and corridor is worth to its sub-network."""

    def value(journal: Journal) -> dict[Table, GeoDataFrame]:
        from bocage.connectivity import value_network

        return value_network(tables, threads=run.threads)

    return run.stage("importance", "Importance of reservoirs and corridors", value, after=("network",))


def _name_axis(surface: str, prefix: str) -> str:
    """Give the identifier of a corridor's axis: that of its surface, as a line."""
    return f"{prefix}CL{surface.removeprefix(f'{prefix}CS')}"


def _measure(
    run: _Run, inputs: Inputs, tables: dict[Table, GeoDataFrame], rivers: RiverFindings | None
) -> DataFrame | None:
    """Measure what each commune and the whole territory hold."""
    communes = inputs.communes
    if communes is None:
        run.journal.add("no_communes_no_indicators")
        return None

    def measure(journal: Journal) -> DataFrame:
        from bocage.connectivity.indicators import measure_communes

        return measure_communes(
            tables,
            communes,
            area=inputs.area,
            language=run.study.language,
            rivers=None if rivers is None else (rivers.reaches, rivers.works),
        )

    return run.stage("indicators", "Indicators by commune", measure, after=("network",))


def _join(table: Table, parts: list[GeoDataFrame], crs: str) -> GeoDataFrame:
    import geopandas
    import pandas

    filled = [part for part in parts if len(part)]
    if not filled:
        return empty_table(table, crs)
    return geopandas.GeoDataFrame(pandas.concat(filled, ignore_index=True), crs=crs)


def _parameters(study: Study, subnetwork: Subnetwork) -> dict[str, Any]:
    """Give what a sub-network's results depend on, ready for a key."""
    found = next(each for each in study.parameters()["subnetworks"] if each["key"] == subnetwork.key)
    return dict(found)


def _show_path(path: Path, folder: Path) -> str:
    """Write a path as the study sees it, the same on every machine where the data lie beside the study."""
    return Path(os.path.relpath(path, folder)).as_posix() if path.drive == folder.drive else path.as_posix()
