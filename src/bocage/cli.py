"""The command line: thin, and quick to start, since every command imports what it needs when called.

Exit codes: 0 done; 1 a fault of bocage; 2 something the user can mend, told in one sentence;
130 interrupted.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from bocage import __version__
from bocage.errors import BocageError, OutputError

if TYPE_CHECKING:
    from bocage.journal import Journal
    from bocage.progress import Progress
    from bocage.study.model import Study

Command = TypeVar("Command", bound=Callable[..., Any])

_MENDABLE, _FAULT, _INTERRUPTED = 2, 1, 130


class _Commands(click.Group):
    """Commands in the order they are written, whose errors are one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            _tell("interrupted; run the same command again to continue")
            ctx.exit(_INTERRUPTED)
        except Exception as error:
            if _was_interrupted(error):
                _tell("interrupted; run the same command again to continue")
                ctx.exit(_INTERRUPTED)
            # EPIPE: the reader of our output left, as « | head » does; click knows what to do.
            if _settings(ctx)["debug"] or getattr(error, "errno", None) == errno.EPIPE:
                raise
            _tell(f"error: {_explain(error)}")
            ctx.exit(_MENDABLE if _is_mendable(error) else _FAULT)


def _was_interrupted(error: BaseException) -> bool:
    """Tell whether Ctrl-C is behind an error: compiled code gives it back as a fault of its own."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _is_mendable(error: Exception) -> bool:
    return isinstance(error, (BocageError, MemoryError)) or (
        isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)
    )


def _explain(error: Exception) -> str:
    if isinstance(error, BocageError):
        return str(error)
    if isinstance(error, MemoryError):
        return (
            "the memory is full; set a larger cell_size in the study file, or close other programs, "
            "and run the same command again"
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" where '{error.filename}' is written" if error.filename else ""
        return f"the disk is full{where}; free some space and run the same command again to continue"
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS):
        return (
            f"'{error.filename}' cannot be read or written; close the programs that hold it open, "
            "or choose another folder with --output"
        )
    said = " ".join(str(error).split())
    return (
        f"bocage met a fault of its own ({type(error).__name__}{': ' + said if said else ''}); "
        "run the command again with --debug to see where, and report it"
    )


def _tell(message: str) -> None:
    click.echo(f"bocage: {message}", err=True)


def _settings(ctx: click.Context) -> dict[str, Any]:
    settings = ctx.find_root().ensure_object(dict)
    for name in ("quiet", "verbose", "debug"):
        settings.setdefault(name, False)
    return cast("dict[str, Any]", settings)


def _remember(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    if value and option.name is not None:
        _settings(ctx)[option.name] = True


def _speaking(command: Command) -> Command:
    """Add the options that every command has, before or after its name."""
    for name, meaning in (
        ("debug", "Show where an error comes from."),
        ("verbose", "Say more."),
        ("quiet", "Say nothing but errors."),
    ):
        command = click.option(
            f"--{name}", is_flag=True, expose_value=False, is_eager=True, callback=_remember, help=meaning
        )(command)
    return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="bocage %(version)s")
@_speaking
def main() -> None:
    """Make ecological networks from open geodata (continuités écologiques).

    Begin with « bocage demo », or with « bocage init FOLDER » on a folder of your own layers.
    """


_PAPERS = click.Choice(["a4", "a3"], case_sensitive=False)
_ORIENTATIONS = click.Choice(["auto", "portrait", "landscape"])


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("bocage-demo"))
@click.option("--no-sheet", is_flag=True, help="Do not draw the sheet.")
@_speaking
@click.pass_context
def demo(ctx: click.Context, folder: Path, no_sheet: bool) -> None:
    """Make an invented territory, its network and a map sheet (démonstration).

    FOLDER is made if need be; "bocage-demo" when left out. A study that is there already is kept.
    """
    from bocage.study.reading import STUDY_FILE, read_study

    progress = _progress(ctx)
    path = folder / STUDY_FILE
    if not path.is_file():
        _require_free(folder)
        from bocage.demo import write_territory

        with progress.stage("Inventing the territory"):
            path = Path(write_territory(folder))
    from bocage.study.run import run_study

    study = read_study(path)
    result = run_study(study, progress=progress, fresh=False, threads=None)
    commune = _largest_commune(study)
    _say(ctx, f"study:   {path}")
    _say(ctx, f"network: {result.output / 'network.gpkg'}")
    _say(ctx, f"report:  {result.output / 'report.html'}")
    if commune is not None and not no_sheet:
        from bocage.atlas.options import choose_options
        from bocage.atlas.printing import print_commune_sheet

        with progress.stage("Drawing the sheets"):
            sheet_path = print_commune_sheet(study, commune, choose_options(study))
        _say(ctx, f"sheet:   {sheet_path}")
    _say(ctx, "\nNext:")
    _say(ctx, f"  bocage info {_quote(path)}")
    if commune is not None:
        _say(ctx, f"  bocage sheet {_quote(path)} --commune {commune} --format a3")
        _say(ctx, f"  bocage atlas {_quote(path)}")
    _say(ctx, f"  edit {_quote(path)}, then: bocage run {_quote(path)}")
    _say(ctx, "  bocage init FOLDER, for a folder of your own layers")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", help="Language of the study.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option("--atlas", "as_atlas", is_flag=True, help="Propose an atlas.toml of official layers to print.")
@_speaking
@click.pass_context
def init(
    ctx: click.Context, folder: Path, language: Literal["fr", "en"], force: bool, as_atlas: bool
) -> None:
    """Propose a study.toml for the layers of a FOLDER (initialiser)."""
    if as_atlas:
        from bocage.study.initialise_atlas import write_atlas_file

        path = write_atlas_file(folder, language=language, force=force)
    else:
        from bocage.study.initialise import write_study_file

        path = write_study_file(folder, language=language, force=force)
    _say(ctx, f"{path} is written; read it, it says what was guessed.")
    _say(ctx, f"Next: bocage info {_quote(path)}")


@main.command()
@click.argument("path", metavar="STUDY", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the outputs.")
@click.option("--fresh", is_flag=True, help="Compute everything again, ignoring earlier stages.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads to use; results do not depend on it.")
@_speaking
@click.pass_context
def run(ctx: click.Context, path: Path, output: Path | None, fresh: bool, threads: int | None) -> None:
    """Compute the network of a study file (calculer).

    Run again after an interruption, it continues at the first stage that lacks.
    """
    study = _read(path, output)
    from bocage.study.run import run_study

    progress = _progress(ctx)
    result = run_study(study, progress=progress, fresh=fresh, threads=threads)
    # On standard error: what must not be missed, though the report says it too.
    for note in result.journal.notes:
        if note.level == "warning":
            progress.say(f"! {note.text(study.language)}")
    _say(ctx, f"{result.output}")


@main.command()
@click.argument("path", metavar="STUDY", type=click.Path(path_type=Path))
@click.option("--commune", required=True, help="INSEE code, or name.")
@click.option("--format", "sheet_format", type=_PAPERS, help="Paper; the study's when left out, else A4.")
@click.option(
    "--orientation", type=_ORIENTATIONS,
    help="Of the paper; the study's when left out, else auto, which follows the commune.",
)  # fmt: skip
@click.option("--language", type=click.Choice(["fr", "en"]), help="The study's when left out.")
@click.option("--only", metavar="KEY", help="One sheet of the series, as « continuites »; all when left out.")
@click.option("--output", type=click.Path(path_type=Path), help="File to write.")
@click.option("--png", is_flag=True, help="Draw an image of each page beside the PDF.")
@_speaking
@click.pass_context
def sheet(
    ctx: click.Context,
    path: Path,
    commune: str,
    sheet_format: str | None,
    orientation: str | None,
    language: str | None,
    only: str | None,
    output: Path | None,
    png: bool,
) -> None:
    """Draw the map sheets of one commune, and its figures on the back (imprimer).

    STUDY is a study already run, or an atlas file that names official layers.
    """
    study = _read(path, None)
    from bocage.atlas.options import choose_options
    from bocage.atlas.printing import print_commune_sheet

    options = choose_options(
        study, sheet_format=sheet_format, orientation=orientation, language=language, png=png
    )
    with _progress(ctx).stage("Drawing the sheets"):
        written = print_commune_sheet(study, commune, options, only=only, output=output)
    _say(ctx, f"{written}")


@main.command()
@click.argument("path", metavar="STUDY", type=click.Path(path_type=Path))
@click.option(
    "--commune", "communes", multiple=True, help="INSEE code, or name; repeat it. All when left out."
)
@click.option("--format", "sheet_format", type=_PAPERS, help="Paper; the study's when left out.")
@click.option("--orientation", type=_ORIENTATIONS, help="Of the paper; the study's when left out.")
@click.option(
    "--volumes", type=click.Choice(["departement", "epci", "all", "none"]),
    help="What is bound together; the study's when left out, nothing with --commune.",
)  # fmt: skip
@click.option("--language", type=click.Choice(["fr", "en"]), help="The study's when left out.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the atlas.")
@click.option("--png", is_flag=True, help="Draw an image of each page too.")
@click.option("--dpi", type=click.IntRange(20, 600), default=110, show_default=True, help="Of the images.")
@click.option(
    "--workers", type=click.IntRange(min=1),
    help="Processes; one a core when left out, where memory allows. The files do not depend on it.",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Draw everything again, ignoring an earlier run.")
@_speaking
@click.pass_context
def atlas(
    ctx: click.Context,
    path: Path,
    communes: tuple[str, ...],
    sheet_format: str | None,
    orientation: str | None,
    volumes: str | None,
    language: str | None,
    output: Path | None,
    png: bool,
    dpi: int,
    workers: int | None,
    fresh: bool,
) -> None:
    """Draw the sheets of all communes, and bind them in volumes (atlas).

    STUDY is a study already run, or an atlas file that names official layers. Run again after an
    interruption or a change, it draws only what lacks. Exit code 2 when something could not be drawn.
    """
    study = _read(path, None)
    from bocage.atlas.making import make_atlas
    from bocage.atlas.options import choose_options

    options = choose_options(
        study,
        sheet_format=sheet_format,
        orientation=orientation,
        # A volume of a few communes would take the place of the whole one.
        volumes=volumes or ("none" if communes else None),
        language=language,
        png=png or None,
        dpi=float(dpi),
    )
    progress = _progress(ctx)
    result = make_atlas(
        study,
        options,
        communes=communes,
        output=output,
        workers=workers,
        fresh=fresh,
        progress=progress,
    )
    settings = _settings(ctx)
    _warn(ctx, progress, result.journal, options.language, ("warning", "repair"))
    _say(ctx, f"communes: {result.booklets} ({result.pages} pages) in {result.folder / 'communes'}")
    for volume in result.volumes:
        _say(ctx, f"volume:   {volume}")
    _say(ctx, f"figures:  {result.folder / 'communes.csv'}")
    if result.failed:
        for one in result.failed:
            _tell(f"{one.title}: {one.reason}")
            if one.trace and settings["debug"]:
                click.echo(one.trace, err=True)
        _tell(f"{len(result.failed)} could not be drawn, for the reasons above; everything else is there")
        ctx.exit(_MENDABLE)


def _show_rules(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Print the rules of passability and leave."""
    from importlib.resources import files

    if value:
        click.echo(files("bocage.rivers").joinpath("passability.toml").read_text(encoding="utf-8"), nl=False)
        ctx.exit()


@main.command()
@click.argument("lines", metavar="LINES", type=click.Path(path_type=Path))
@click.option("--works", type=click.Path(path_type=Path), help="Layer of works: weirs, dams … as points.")
@click.option("--layer", metavar="NAME", help="Layer of the lines, where their file has several.")
@click.option(
    "--works-layer", metavar="NAME", help="Layer of the works; in the file of the lines, or --works."
)
@click.option("--crs", help="Projected system, as EPSG:2154; that of the lines when left out.")
@click.option(
    "--snap", type=click.FloatRange(min=0), default=5.0, show_default=True,
    help="Ends of lines this near are one place [m].",
)  # fmt: skip
@click.option(
    "--works-snap", type=click.FloatRange(min=0, min_open=True), default=100.0, show_default=True,
    help="Farthest river from a work [m].",
)  # fmt: skip
@click.option("--name", metavar="COLUMN", help="Name of the watercourse. Usual columns are recognised.")
@click.option("--works-code", metavar="COLUMN", help="Code of the work.")
@click.option("--works-name", metavar="COLUMN", help="Name of the work.")
@click.option("--kind", metavar="COLUMN", help="Type of work.")
@click.option("--state", metavar="COLUMN", help="State of the work; destroyed ones are passable.")
@click.option("--height", metavar="COLUMN", help="Height of fall [m].")
@click.option("--fish-pass", metavar="COLUMN", help="Fish pass; an empty value is unknown, not none.")
@click.option("--up", metavar="COLUMN", help="Passability upwards, 0 to 1 or class of ICE; before the rules.")
@click.option("--down", metavar="COLUMN", help="The same downwards.")
@click.option("--cost", metavar="COLUMN", help="Cost of removing the work; 1 each when left out.")
@click.option("--pass-cost", metavar="COLUMN", help="Cost of a fish pass; empty where there can be none.")
@click.option("--pass-up", metavar="COLUMN", help="Passability upwards with a pass; by the rules otherwise.")
@click.option("--pass-down", metavar="COLUMN", help="The same downwards.")
@click.option("--must", metavar="COLUMN", help="Works that have to be opened: yes, oui, 1 …")
@click.option("--never", metavar="COLUMN", help="Works whose removal may not be imposed.")
@click.option(
    "--rules",
    type=click.Path(path_type=Path),
    help="Rules of passability (TOML) in place of ours.",
)
@click.option(
    "--show-rules", is_flag=True, is_eager=True, expose_value=False, callback=_show_rules,
    help="Print the rules of bocage, a model for --rules.",
)  # fmt: skip
@click.option(
    "--group", metavar="KEY", default="trout", show_default=True,
    help="Species: salmon, trout, cyprinid, small or eel.",
)  # fmt: skip
@click.option(
    "--weight", metavar="COLUMN", default="length", show_default=True,
    help="What is connected: length, or a column of the lines.",
)  # fmt: skip
@click.option(
    "--works-weight", metavar="COLUMN", help="The same as works say it, each of the river above to the next."
)
@click.option("--inhabited", metavar="COLUMN", help="Share of each line that is inhabited (0 to 1): the PCI.")
@click.option("--catchment", metavar="COLUMN", help="Area of the own catchment of each line: the CAFI.")
@click.option(
    "--convention", type=click.Choice(["per_crossing", "both_ways"]), default="per_crossing",
    show_default=True, help="What a work costs: its passability that way, or both ways multiplied.",
)  # fmt: skip
@click.option(
    "--decay", metavar="LAW", help="Movement fades: exponential:METRES@SHARE, the share that goes that far."
)
@click.option(
    "--within", type=click.FloatRange(min=0), metavar="METRES", help="Movement goes so far along the river."
)
@click.option(
    "--dem", type=click.Path(path_type=Path), help="Elevation model: orients lines, gives the fall of rivers."
)
@click.option(
    "--index", type=click.Choice(["potamodromous", "diadromous"]), default="potamodromous", show_default=True,
    help="What the budget raises: passage within the river, or from the sea.",
)  # fmt: skip
@click.option("--budget", type=float, help="What can be spent: the works to open, in order, are marked.")
@click.option("--language", type=click.Choice(["fr", "en"]), help="French, or the study's, when left out.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the outputs.")
@_speaking
@click.pass_context
def rivers(ctx: click.Context, /, lines: Path, **given: Any) -> None:
    """Measure how connected rivers are, and which works to open first (cours d'eau).

    LINES is a layer of watercourses, or a study file that names watercourses and river works.
    """
    from bocage.journal import Journal
    from bocage.study.rivers_inputs import RiverOptions
    from bocage.study.rivers_outputs import tell_rivers, write_rivers
    from bocage.study.rivers_run import study_rivers

    asked = {key: given.pop(key) for key in ("kind", "state", "height", "fish_pass", "up", "down", "cost")}
    asked |= {key: given.pop(key) for key in ("must", "never", "pass_cost", "pass_up", "pass_down")}
    asked |= {"code": given.pop("works_code"), "name": given.pop("works_name")}
    asked |= {"weight": given.pop("works_weight")}
    of_lines = {key: given.pop(key) for key in ("name", "inhabited", "catchment")}
    # What is typed goes before the study, even when it is the default.
    fields = {"snap": "snap_m", "works_snap": "works_snap_m", "within": "within_m"}
    typed = {
        fields.get(key, key)
        for key in ctx.params
        if ctx.get_parameter_source(key) is click.core.ParameterSource.COMMANDLINE
    }
    options = RiverOptions(
        lines,
        typed=frozenset(typed),
        within_m=given.pop("within"),
        line_columns={key: column for key, column in of_lines.items() if column is not None},
        work_columns={key: column for key, column in asked.items() if column is not None},
        snap_m=given.pop("snap"),
        works_snap_m=given.pop("works_snap"),
        **given,
    )
    progress, journal = _progress(ctx), Journal()
    found = study_rivers(options, journal=journal, progress=progress)
    written = write_rivers(found, journal)
    _warn(ctx, progress, journal, found.inputs.language)
    _say_all(ctx, tell_rivers(found), written)


@main.command()
@click.argument("source", metavar="SOURCE", type=click.Path(path_type=Path))
@click.option("--links", type=click.Path(path_type=Path), help="Links: layer, table, or file of Conefor.")
@click.option("--layer", metavar="NAME", help="Layer of SOURCE, where its file has several.")
@click.option("--links-layer", metavar="NAME", help="Layer of the links; in the file of SOURCE, or --links.")
@click.option("--id", "id_", metavar="COLUMN", help="Id of patches. Usual columns are recognised.")
@click.option("--capacity", metavar="COLUMN", help="What patches hold; the area of polygons when left out.")
@click.option("--from", "from_", metavar="COLUMN", help="Patch at one end of a link.")
@click.option("--to", metavar="COLUMN", help="Patch at the other end.")
@click.option("--cost", metavar="COLUMN", help="Cost of links, or distance.")
@click.option("--length", metavar="COLUMN", help="Length of links on the ground [m].")
@click.option("--probabilities", is_flag=True, help="Links are given as chances, not costs.")
@click.option("--dispersal", type=float, metavar="COST", help="Cost reached with --probability; the study's.")
@click.option(
    "--probability", type=float, default=0.05, show_default=True, help="Chance of reaching that far."
)
@click.option(
    "--threshold", type=float, metavar="COST",
    help="Dearest link of NC, IIC, Dg …; the dispersal cost of a network, any link elsewhere.",
)  # fmt: skip
@click.option(
    "--landscape", type=float, metavar="AREA",
    help="Area of the landscape [ha, or the unit of capacities]; that of the study.",
)  # fmt: skip
@click.option("--subnetwork", "subnetworks", multiple=True, metavar="KEY", help="Of a network; repeat it.")
@click.option(
    "--cutoff", type=float, default=0.0, metavar="CHANCE",
    help="Leave out smaller chances, with the bound; none up to 2000 patches, 0.0001 beyond.",
)  # fmt: skip
@click.option("--complete", is_flag=True, help="All indices, all exact, however long.")
@click.option("--protected", is_flag=True, help="Patches are protected areas: ProtConn too.")
@click.option("--beyond", metavar="COLUMN", help="With --protected: patches beyond the border.")
@click.option("--inner", type=click.Path(path_type=Path), help="Costs across patches: table, or Graphab's.")
@click.option("--capacities", type=click.Path(path_type=Path), help="Table of capacities by id of patch.")
@click.option("--power", type=float, default=1.0, metavar="P", help="Raise capacities to that power.")
@click.option("--landcover", type=click.Path(path_type=Path), help="Raster of classes for --weight.")
@click.option(
    "--weight", "weights", multiple=True, metavar="CLASS=W",
    help="What a hectare of a class holds, in patches; repeat it.",
)  # fmt: skip
@click.option("--around", type=float, metavar="M", help="And around patches up to that distance or cost.")
@click.option("--add", type=click.IntRange(min=0), default=0, metavar="N", help="Look for N links to add …")
@click.option("--sites", type=click.Path(path_type=Path), help="… or N patches, at these points or polygons,")
@click.option("--sites-every", type=float, metavar="M", help="… or on a grid of that step [m].")
@click.option(
    "--remove", type=click.IntRange(min=0), default=0, metavar="N",
    help="Follow the loss of N patches, and links, one after the other.",
)  # fmt: skip
@click.option(
    "--interpolate", multiple=True, metavar="INDEX",
    help="Spread an index of patches over the ground: dPC, or IF:sum; repeat it.",
)  # fmt: skip
@click.option(
    "--resistance", type=click.Path(path_type=Path), help="Raster of the cost of a metre, for that."
)
@click.option("--units", type=click.Path(path_type=Path), help="Territories; the communes of a study.")
@click.option(
    "--units-layer", metavar="NAME", help="Layer of the territories; in the file of SOURCE, or --units."
)
@click.option("--unit-id", metavar="COLUMN", help="Id of territories.")
@click.option("--unit-name", metavar="COLUMN", help="Name of territories.")
@click.option("--natural", multiple=True, metavar="CLASS", help="Natural classes of land cover: 311,312.")
@click.option("--class-column", metavar="COLUMN", help="Land cover as polygons: column of classes.")
@click.option(
    "--barrier", "barriers", multiple=True, type=(click.Path(path_type=Path), float),
    metavar="FILE HALF_WIDTH",
    help="Lines that cut the ground, and half their width [m]; repeat it.",
)  # fmt: skip
@click.option(
    "--edge-width", type=click.IntRange(min=1), default=1, show_default=True, help="Of the pattern [cells]."
)
@click.option(
    "--neighbours", type=click.Choice(["4", "8"]), default="8", show_default=True, help="Cells that touch."
)
@click.option("--no-transition", is_flag=True, help="Pattern: bridges and loops do not show in edges.")
@click.option("--no-intext", is_flag=True, help="Pattern: what lies in holes is not told apart.")
@click.option("--crs", help="Projected system, as EPSG:2154; that of the layers when left out.")
@click.option("--language", type=click.Choice(["fr", "en"]), help="French, or the study's, when left out.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the outputs.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads to use; results do not depend on it.")
@_speaking
@click.pass_context
def indices(ctx: click.Context, /, source: Path, **given: Any) -> None:
    """Measure connectivity and fragmentation, and what each patch and link is worth (mesurer).

    SOURCE is a study already run, a network.gpkg, a layer or table of patches with --links, the node file of
    Conefor with --links, a graph in GraphML, or land cover: a raster, or polygons with --natural.
    """
    from bocage.journal import Journal
    from bocage.study.indices.model import IndicesOptions
    from bocage.study.indices.outputs import write_indices
    from bocage.study.indices.run import study_indices
    from bocage.study.indices.telling import tell_indices

    columns = {"id": given.pop("id_"), "from": given.pop("from_")}
    columns |= {key: given.pop(key) for key in ("capacity", "to", "cost", "length")}
    options = IndicesOptions(
        source,
        columns={key: column for key, column in columns.items() if column is not None},
        links_are="probabilities" if given.pop("probabilities") else "costs",
        landscape_ha=given.pop("landscape"),
        neighbours=4 if given.pop("neighbours") == "4" else 8,
        transition=not given.pop("no_transition"),
        intext=not given.pop("no_intext"),
        weights=dict(_read_weight(one) for text in given.pop("weights") for one in text.split(",")),
        natural=tuple(
            code.strip() for one in given.pop("natural") for code in one.split(",") if code.strip()
        ),
        **given,
    )
    progress, journal = _progress(ctx), Journal()
    found = study_indices(options, journal=journal, progress=progress)
    written = write_indices(found, journal)
    _warn(ctx, progress, journal, found.inputs.language)
    _say_all(ctx, tell_indices(found), written)


@main.command()
@click.argument("before", metavar="BEFORE", type=click.Path(path_type=Path))
@click.argument("after", metavar="AFTER", type=click.Path(path_type=Path))
@click.option("--language", type=click.Choice(["fr", "en"]), help="That of AFTER when left out.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the outputs.")
@_speaking
@click.pass_context
def compare(
    ctx: click.Context, before: Path, after: Path, language: Literal["fr", "en"] | None, output: Path | None
) -> None:
    """Say what changed between two dates: connectivity, patches, mesh and pattern (comparer).

    BEFORE and AFTER are folders that « bocage indices » wrote, or studies that it measured.
    """
    from bocage.study.indices.compare import compare_indices
    from bocage.study.indices.compare_outputs import tell_comparison, write_comparison

    with _progress(ctx).stage("Comparing the two dates"):
        found = compare_indices(before, after, language=language)
        written = write_comparison(found, output)
    _say_all(ctx, tell_comparison(found), written)


@main.command()
@click.argument("job", metavar="JOB.INI", type=click.Path(path_type=Path))
@click.option("--language", type=click.Choice(["fr", "en"]), default="fr", help="Of what is told.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder of the outputs; else the job's.")
@_speaking
@click.pass_context
def circuitscape(ctx: click.Context, job: Path, language: str, output: Path | None) -> None:
    """Run a job of Circuitscape, and write its outputs under its names (courant).

    JOB.INI is read as Circuitscape reads it: raster or network; pairwise, advanced, one-to-all, all-to-one.
    """
    from bocage.journal import Journal
    from bocage.study.circuitscape.run import run_circuitscape, tell_run

    progress, journal = _progress(ctx), Journal()
    found = run_circuitscape(job, journal=journal, progress=progress, output=output)
    _warn(ctx, progress, journal, language)
    # A map for each pair would bury the rest.
    shown = found.written if _settings(ctx)["verbose"] else found.written[-2:]
    _say_all(ctx, tell_run(found, language), shown)


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--language", type=click.Choice(["fr", "en"]), help="The study's when left out.")
@_speaking
def info(path: Path, language: Literal["fr", "en"] | None) -> None:
    """Sum up a study file, before or after a run, or any layer or raster (décrire)."""
    from bocage.study.describe import describe_path

    click.echo(describe_path(path, language=language))


def _read_weight(text: str) -> tuple[int, float]:
    """Read ``311=0.5``."""
    code, _, worth = text.partition("=")
    try:
        return int(code), float(worth)
    except ValueError as error:
        raise click.BadParameter(
            f"'{text}' is no class and weight, as 311=0.5.", param_hint="--weight"
        ) from error


def _require_free(folder: Path) -> None:
    """Refuse a folder that holds something else than what an interrupted demo left."""
    if not folder.is_dir():
        return
    left = ("landcover.tif", "territoire.gpkg")
    others = sorted(path.name for path in folder.iterdir() if path.name not in left and path.name[0] != ".")
    if others:
        raise OutputError(
            f"'{folder}' holds other files ({others[0]}{', ...' if len(others) > 1 else ''}); "
            "give the demo a folder of its own, or use bocage init on this one"
        )


def _read(path: Path, output: Path | None) -> Study:
    from bocage.study.reading import read_study

    study = read_study(path)
    return study if output is None else study.with_output(output)


def _progress(ctx: click.Context) -> Progress:
    from bocage.progress import choose_progress

    settings = _settings(ctx)
    return choose_progress("quiet" if settings["quiet"] else "verbose" if settings["verbose"] else "auto")


def _warn(
    ctx: click.Context,
    progress: Progress,
    journal: Journal,
    language: str,
    levels: tuple[str, ...] = ("warning",),
) -> None:
    """Tell the notes that must not be missed, on standard error; all of them when verbose."""
    for note in journal.notes:
        if note.level in levels or _settings(ctx)["verbose"]:
            progress.say(f"! {note.text(language)}")


def _say_all(ctx: click.Context, sentences: Iterable[str], written: Iterable[Path]) -> None:
    """Say what was found, then which files hold it."""
    for line in (*sentences, *written):
        _say(ctx, f"{line}")


def _say(ctx: click.Context, message: str) -> None:
    if not _settings(ctx)["quiet"]:
        click.echo(message)


def _quote(path: Path) -> str:
    text = str(path)
    return f'"{text}"' if " " in text or "'" in text else text


def _largest_commune(study: Study) -> str | None:
    from bocage.journal import Journal
    from bocage.study.inputs import resolve_area

    communes = resolve_area(study, Journal()).communes
    if communes is None or communes.empty:
        return None
    return str(communes["insee"].iloc[int(communes.geometry.area.to_numpy().argmax())])


if __name__ == "__main__":
    sys.exit(main())
