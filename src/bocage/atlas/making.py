"""Make an atlas: the booklets of all communes, drawn side by side, then the volumes that bind them."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bocage import __version__
from bocage.atlas.batch import Failed, Job, run_batch
from bocage.atlas.options import AtlasOptions
from bocage.atlas.printing import find_code, list_sheets
from bocage.atlas.series import SheetSpec, plan_series
from bocage.errors import InputError
from bocage.io.files import hash_file, output_errors, replace_on_success
from bocage.journal import Journal
from bocage.progress import Progress, SilentProgress
from bocage.study.model import Study
from bocage.wording import fold_name

if TYPE_CHECKING:
    from pandas import DataFrame

    from bocage.atlas.content import Content
    from bocage.atlas.grid_plan import GridPlan
    from bocage.atlas.summary import CommuneFigures


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
class Workshop:
    """What a worker holds to draw any job: pickled once by the parent, read once a worker."""

    content: Content
    specs: tuple[SheetSpec, ...]
    figures: Mapping[str, CommuneFigures] | None
    grid: GridPlan | None
    options: AtlasOptions
    folder: Path
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
    workers nor on interruptions.

    Parameters
    ----------
    study : Study
        Run already, or with official layers that need no run.
    options : AtlasOptions
    communes : sequence of str, optional
        INSEE codes or names; those of ``[atlas] insee``, or all, when empty.
    output : Path, optional
        Folder; ``atlas`` in the study's output folder by default.
    workers : int, optional
        Processes; one a core by default.
    fresh : bool
        Draw everything again.
    progress : Progress, optional

    Returns
    -------
    AtlasResult

    Raises
    ------
    BocageError
        Nothing can be drawn, or nothing can be written. What concerns one commune alone is in
        ``failed`` of the result.
    """
    from bocage.atlas.gathering import gather_content
    from bocage.atlas.grid_plan import plan_grid
    from bocage.atlas.summary import measure_territory
    from bocage.study.inputs import check_files

    progress = progress or SilentProgress()
    journal = Journal()
    check_files(study)
    folder = output or study.output / "atlas"
    with progress.stage("Reading the layers"):
        content = gather_content(study, journal)
    specs = plan_series(content, list_sheets(study), options.language)
    asked = communes or (study.file.atlas and study.file.atlas.insee) or ()
    chosen = choose_communes(content, asked)
    with progress.stage("Measuring the communes"):
        figures = measure_territory(content, options.language)
        _write_table(folder, figures.table)
    grid = plan_grid(content, options.sheet_format) if options.grid and options.volumes != "none" else None
    title = (study.file.atlas and study.file.atlas.title) or study.name
    workshop = Workshop(
        content, specs, figures.communes if options.summary else None, grid, options, folder, title
    )
    fingerprint = take_fingerprint(workshop)
    work = folder / ".bocage"
    with replace_on_success(work / "content.pickle") as part:
        part.write_bytes(pickle.dumps(workshop, protocol=pickle.HIGHEST_PROTOCOL))
    jobs = [Job(f"commune-{insee}", f"{insee} ({name})", {"insee": insee}) for insee, name in chosen]
    if grid is not None:
        held = _find_held(workshop, [insee for insee, _ in chosen])
        jobs += [Job(f"cell-{name}", name, {"cell": name}) for name in held]
    if fresh:
        (work / "ledger.jsonl").unlink(missing_ok=True)
    batch = run_batch(
        jobs,
        prepare=open_workshop,
        context=str(work / "content.pickle"),
        draw=draw_job,
        ledger=work / "ledger.jsonl",
        fingerprint=fingerprint,
        verify=Verifier(folder),
        workers=workers,
        progress=progress,
        stage_name="Drawing the sheets",
    )
    from bocage.atlas.volume import bind_volumes

    volumes: tuple[Path, ...] = ()
    if options.volumes != "none":
        volumes = bind_volumes(workshop, batch.done, progress=progress)
    booklets = {key: result for key, result in batch.done.items() if key.startswith("commune-")}
    _write_record(folder, study, workshop, booklets, batch.failed, volumes)
    with output_errors(work):
        (work / "content.pickle").unlink(missing_ok=True)
    return AtlasResult(
        folder,
        len(booklets),
        sum(result["pages"] for result in booklets.values()),
        batch.reused,
        volumes,
        batch.failed,
        journal,
    )


def choose_communes(content: Content, wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Give code and name of the communes asked for, in alphabetical order; of all when none is.

    Raises
    ------
    InputError
        If one is neither a code nor a name of the layer: names the nearest.
    """
    from bocage.atlas.commune import find_commune

    table = content.communes
    names = dict(zip(table["insee"].astype(str), table["name"].astype(str), strict=True))
    codes = set(names)
    if wanted:
        codes = {find_code(table, one) for one in wanted}
        for code in codes - names.keys():
            find_commune(table, code)
    if not codes:
        raise InputError("The layer of communes is empty; check its path, its layer and its condition.")
    return sorted(((code, names[code]) for code in codes), key=lambda pair: (fold_name(pair[1]), pair[0]))


def _find_held(workshop: Workshop, insee: Sequence[str]) -> tuple[str, ...]:
    """Name the sheets of the grid that hold ground of these communes."""
    from bocage.atlas.grid_plan import find_cells
    from bocage.atlas.territory import find_territory

    assert workshop.grid is not None
    return find_cells(workshop.grid, find_territory(workshop.content, insee=insee).outline)


def open_workshop(path: str) -> Workshop:
    """Read what the parent prepared: once a worker."""
    workshop: Workshop = pickle.loads(Path(path).read_bytes())
    return workshop


def draw_job(workshop: Workshop, job: Job) -> dict[str, Any]:
    """Draw the booklet of a commune or a sheet of the grid; give what the volumes need to know of it."""
    if "insee" in job.payload:
        return _draw_booklet(workshop, job.payload["insee"])
    return _draw_cell(workshop, job.payload["cell"])


def _draw_booklet(workshop: Workshop, insee: str) -> dict[str, Any]:
    from bocage.atlas.booklet import compose_booklet

    options = workshop.options
    booklet = compose_booklet(
        workshop.content,
        insee,
        workshop.specs,
        workshop.figures,
        sheet_format=options.sheet_format,
        orientation=options.orientation,
        language=options.language,
    )
    stem = name_file(insee, booklet.commune.name)
    result = _keep(workshop.folder, f"communes/{stem}.pdf", booklet.to_pdf())
    if options.png:
        for name, picture in zip(booklet.names, booklet.to_pngs(options.dpi), strict=True):
            with replace_on_success(workshop.folder / "png" / f"{stem}_{name}.png") as part:
                part.write_bytes(picture)
    return {
        **result,
        "pages": len(booklet.pages),
        "titles": [page.title for page in booklet.pages],
        "scales": [round(sheet.frame.scale) for sheet in booklet.sheets],
    }


def _draw_cell(workshop: Workshop, name: str) -> dict[str, Any]:
    from bocage.atlas.document import set_document
    from bocage.atlas.grid_sheet import compose_grid_sheet

    assert workshop.grid is not None
    pages = {
        # The copy that volumes bind leads to the sheets beside it; alone it would lead nowhere.
        places: compose_grid_sheet(
            workshop.content,
            workshop.grid,
            name,
            workshop.specs[0],
            language=workshop.options.language,
            places=places,
        )
        for places in (None, ())
    }
    (linked, info), (alone, _) = pages[None], pages[()]
    _keep(workshop.folder, f"grid/{name}.pdf", set_document([alone], info))
    result = _keep(workshop.folder, f".bocage/grid/{name}.pdf", set_document([linked], info))
    return {**result, "pages": 1, "titles": [linked.title]}


def _keep(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    with replace_on_success(folder / name) as part:
        part.write_bytes(data)
    return {"file": name, "bytes": len(data), "sha256": sha256(data).hexdigest()}


def name_file(insee: str, name: str) -> str:
    """Name the file of a commune.

    >>> name_file("34079", "Clermont-l’Hérault")
    '34079_clermont-l-herault'
    """
    letters = re.sub(r"[^a-z0-9]+", "-", fold_name(name)).strip("-")
    return f"{insee}_{letters}" if letters else insee


@dataclass(frozen=True)
class Verifier:
    """Tells whether the file of a finished job is still there, whole."""

    folder: Path

    def __call__(self, result: Mapping[str, Any]) -> bool:
        """Compare the file with what was recorded of it."""
        path = self.folder / str(result.get("file", ""))
        return path.is_file() and hash_file(path) == result.get("sha256")


def take_fingerprint(workshop: Workshop) -> str:
    """Sum up all that the sheets depend on: content, series, figures, options, version."""
    import shapely

    content = workshop.content
    digest = sha256()

    def add(*values: Any) -> None:
        digest.update(json.dumps(values, default=str, sort_keys=True, ensure_ascii=False).encode())

    add(__version__, asdict(workshop.options), [asdict(spec) for spec in workshop.specs], content.about)
    # Sets have no order of their own.
    sourced = [[one.label, one.licence, sorted(one.uses)] for one in content.sources]
    add(content.backdrop_kind, [[one.text, sorted(one.uses)] for one in content.notes], sourced)
    add([repr(symbol) for symbol in content.symbols], dict(content.network.provided), content.crs)
    tables = {
        "communes": content.communes,
        **{f"network {name}": table for name, table in content.network.tables.items()},
        **{f"theme {name}": table for name, table in content.themes.items()},
        **{f"context {name}": table for name, table in content.context.items()},
        **{f"grouping {name}": table for name, table in content.groupings.items()},
    }
    for name in sorted(tables):
        table = tables[name]
        attributes = table.drop(columns=table.geometry.name)
        add(name, list(attributes.columns), attributes.to_csv(index=False))
        for geometry in shapely.to_wkb(table.geometry.to_numpy()):
            digest.update(geometry or b"-")
    if content.area is not None:
        digest.update(shapely.to_wkb(content.area))
    for raster in ("landcover", "relief"):
        path = getattr(content.backdrop, raster, None)
        add(raster, None if path is None else hash_file(path))
    issuer = content.about.get("issuer") or {}
    for logo in [issuer.get("logo"), *(issuer.get("logos") or ())]:
        if logo and Path(logo).is_file():
            add(hash_file(logo))
    return digest.hexdigest()


def _write_table(folder: Path, table: DataFrame) -> None:
    """Write the figures of all communes as CSV (UTF-8, readable by spreadsheets) and Parquet."""
    with replace_on_success(folder / "communes.csv") as part:
        # The byte order mark makes spreadsheets read the accents.
        table.to_csv(part, index=False, encoding="utf-8-sig", lineterminator="\n", float_format="%.4f")
    with replace_on_success(folder / "communes.parquet") as part:
        table.to_parquet(part, index=False)


def _write_json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _write_record(
    folder: Path,
    study: Study,
    workshop: Workshop,
    booklets: Mapping[str, Mapping[str, Any]],
    failed: Sequence[Failed],
    volumes: Sequence[Path],
) -> None:
    """Write what the atlas holds, for other programs; last, so that its presence says it is whole."""
    record = {
        "bocage": __version__,
        "study": study.name,
        "date": study.date.isoformat(),
        "options": asdict(workshop.options),
        "series": [{"key": spec.key, "themes": list(spec.themes)} for spec in workshop.specs],
        "communes": {key.removeprefix("commune-"): dict(result) for key, result in booklets.items()},
        "failed": [{"what": one.title, "why": one.reason} for one in failed],
        "volumes": [path.relative_to(folder).as_posix() for path in volumes],
    }
    with replace_on_success(folder / "atlas.json") as part:
        part.write_text(_write_json(record), encoding="utf-8")
