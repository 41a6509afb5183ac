"""Make an atlas: the booklets of all communes, drawn side by side, then the volumes that bind them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bocage.atlas.batch import BatchResult, Failed, Job, run_batch
from bocage.atlas.folder import Inventory, hold_folder, list_files
from bocage.atlas.options import AtlasOptions
from bocage.atlas.printing import find_code, list_sheets
from bocage.atlas.record import open_record, write_record, write_table
from bocage.atlas.workshop import Verifier, Workshop, draw_job, open_workshop, save_workshop, take_fingerprint
from bocage.errors import InputError, StudyError
from bocage.io.files import output_errors
from bocage.journal import Journal
from bocage.progress import Progress, SilentProgress
from bocage.study.model import Study

if TYPE_CHECKING:
    from pandas import DataFrame

    from bocage.atlas.content import Content
    from bocage.atlas.series import SheetSpec
    from bocage.atlas.volume import Group


@dataclass(frozen=True)
class AtlasResult:
    """What was made.

    Attributes
    ----------
    folder : Path
    booklets : int
        Communes whose sheets are there.
    pages : int
        Of those booklets.
    reused : int
        Booklets and sheets of the grid that an earlier run had left and that still hold.
    volumes : tuple of Path
    failed : tuple of Failed
        What could not be drawn, and why.
    journal : Journal
    """

    folder: Path
    booklets: int
    pages: int
    reused: int
    volumes: tuple[Path, ...]
    failed: tuple[Failed, ...]
    journal: Journal


@dataclass(frozen=True)
class _Plan:
    """What the parent keeps while the processes draw: not the content, which may be large."""

    fingerprint: str
    communes: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    cells: tuple[str, ...]
    series: tuple[SheetSpec, ...]
    title: str


def make_atlas(
    study: Study,
    options: AtlasOptions,
    *,
    communes: Sequence[str] = (),
    output: Path | None = None,
    workers: int | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> AtlasResult:
    """Make the atlas of a study: a PDF a commune, volumes, a table of figures.

    Run again after an interruption, it draws only what lacks; the files do not depend on the number of
    workers nor on interruptions. Files that earlier runs wrote and that are no longer part of the atlas
    (a commune that left the layer, volumes of another grouping) are removed at the end of a run for all
    communes; other files of the folder are never touched.

    Called from a script, the script must protect its entry (``if __name__ == "__main__":``), as any that
    starts processes.

    Parameters
    ----------
    study : Study
        Run already, or with official layers that need no run.
    options : AtlasOptions
    communes : sequence of str, optional
        INSEE codes or names: a look at these, which leaves the files of the others as they are. Those of
        ``[atlas] insee``, or all, when empty.
    output : Path, optional
        Folder; ``atlas`` in the study's output folder by default.
    workers : int, optional
        Processes; one a core by default, fewer where memory is short.
    fresh : bool
        Draw everything again.
    progress : Progress, optional

    Returns
    -------
    AtlasResult

    Raises
    ------
    BocageError
        Nothing can be drawn, or nothing can be written. What concerns one commune or one volume alone is
        in ``failed`` of the result.
    """
    from bocage.atlas.volume import draw_volume, list_volume_jobs
    from bocage.study.inputs import check_files

    progress = progress or SilentProgress()
    journal = Journal()
    check_files(study)
    folder = output or study.output / "atlas"
    # Nothing is written before all that is wrong with the study is known.
    workshop, chosen, table = _gather(study, options, communes, folder, journal, progress)
    with hold_folder(folder) as work:
        prepared = work / "content.pickle"
        sheets, bound = work / "ledger.jsonl", work / "volumes.jsonl"
        try:
            write_table(folder, table)
            plan = _plan(workshop, chosen)
            save_workshop(workshop, prepared)
            # Each process holds the content: this one needs it no more.
            del workshop, table
            inventory = Inventory(folder)
            inventory.open([sheets, bound])
            record = open_record(folder, plan.fingerprint)
            if fresh:
                for ledger in (sheets, bound):
                    with output_errors(ledger):
                        ledger.unlink(missing_ok=True)

            def run(jobs: list[Job], draw: Any, ledger: Path, stage: str, dpi: float | None) -> BatchResult:
                return run_batch(
                    jobs,
                    prepare=open_workshop,
                    context=str(prepared),
                    draw=draw,
                    ledger=ledger,
                    fingerprint=plan.fingerprint,
                    verify=Verifier(folder, dpi),
                    workers=workers,
                    progress=progress,
                    stage_name=stage,
                )

            jobs = [
                Job(f"commune-{code}", f"{code} ({name})", {"insee": code}) for code, name in plan.communes
            ]
            jobs += [Job(f"cell-{name}", name, {"cell": name}) for name in plan.cells]
            dpi = options.dpi if options.png else None
            drawn = run(jobs, draw_job, sheets, "Drawing the sheets", dpi)
            binding = list_volume_jobs(plan.groups, drawn.done, plan.title)
            volumes = BatchResult({}, (), 0)
            if binding:
                volumes = run(binding, draw_volume, bound, "Binding the volumes", None)
        finally:
            # Large, and of no use to anyone else.
            with suppress(OSError):
                prepared.unlink(missing_ok=True)
        booklets = {
            key.removeprefix("commune-"): result
            for key, result in drawn.done.items()
            if key.startswith("commune-")
        }
        failed = (*drawn.failed, *volumes.failed)
        results = [*drawn.done.values(), *volumes.done.values()]
        made = [name for result in results for name in list_files(result)]
        inventory.close(made, whole=not communes)
        write_record(
            folder,
            record,
            study=study,
            options=options,
            series=plan.series,
            fingerprint=plan.fingerprint,
            communes=booklets,
            asked=[code for code, _ in plan.communes],
            failed=failed,
            volumes=[str(result["file"]) for result in volumes.done.values()],
            journal=journal,
            whole=not communes,
        )
    return AtlasResult(
        folder,
        len(booklets),
        sum(result["pages"] for result in booklets.values()),
        drawn.reused,
        tuple(folder / str(result["file"]) for result in volumes.done.values()),
        failed,
        journal,
    )


def _gather(
    study: Study,
    options: AtlasOptions,
    communes: Sequence[str],
    folder: Path,
    journal: Journal,
    progress: Progress,
) -> tuple[Workshop, list[tuple[str, str]], DataFrame]:
    """Read and measure: what the processes need, the communes to draw, the table of figures."""
    from bocage.atlas.gathering import check_pictures, gather_content
    from bocage.atlas.grid_plan import plan_grid
    from bocage.atlas.series import plan_series
    from bocage.atlas.summary import measure_territory
    from bocage.atlas.unmapped import keep_unmapped

    atlas = study.file.atlas
    with progress.stage("Reading the layers"):
        content = keep_unmapped(study, gather_content(study, journal), journal)
        check_pictures(content, options.language)
    series = plan_series(content, list_sheets(study), options.language)
    chosen = choose_communes(content, communes or (atlas and atlas.insee) or ())
    if options.volumes == "epci" and "epci" not in content.communes.columns:
        raise StudyError(
            f"{study.path.name}: volumes by intercommunalité need to know them; add an [atlas.epci] table, "
            "or name the column of the communes with epci in [layers.communes], or choose other volumes"
        )
    with progress.stage("Measuring the communes"):
        figures = measure_territory(content, options.language)
    workshop = Workshop(
        content=content,
        specs=series,
        figures=figures.communes,
        grid=plan_grid(content, options.sheet_format) if options.grid and options.volumes != "none" else None,
        options=options,
        folder=folder,
        title=(atlas and atlas.title) or study.name,
    )
    return workshop, chosen, figures.table


def _plan(workshop: Workshop, chosen: Sequence[tuple[str, str]]) -> _Plan:
    from bocage.atlas.volume import group_communes

    codes = [code for code, _ in chosen]
    return _Plan(
        fingerprint=take_fingerprint(workshop),
        communes=tuple(chosen),
        groups=tuple(group_communes(workshop.content, codes, workshop.options.volumes)),
        cells=() if workshop.grid is None else _find_held(workshop, codes),
        series=workshop.specs,
        title=workshop.title,
    )


def choose_communes(content: Content, wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Give code and name of the communes asked for, in alphabetical order; of all when none is.

    Raises
    ------
    InputError
        If one is neither a code nor a name of the layer: names the nearest.
    """
    from bocage.atlas.commune import find_commune
    from bocage.atlas.territory import alphabetize

    table = content.communes
    names = dict(zip(table["insee"].astype(str), table["name"].astype(str), strict=True))
    codes = set(names)
    if wanted:
        codes = {find_code(table, one) for one in wanted}
        for code in sorted(codes - names.keys()):
            find_commune(table, code)
    if not codes:
        raise InputError("The layer of communes is empty; check its path, its layer and its condition.")
    return sorted(((code, names[code]) for code in codes), key=lambda pair: (alphabetize(pair[1]), pair[0]))


def _find_held(workshop: Workshop, insee: Sequence[str]) -> tuple[str, ...]:
    """Name the sheets of the grid that hold ground of these communes."""
    from bocage.atlas.grid_plan import find_cells
    from bocage.atlas.territory import find_territory

    assert workshop.grid is not None
    return find_cells(workshop.grid, find_territory(workshop.content, insee=insee).outline)
