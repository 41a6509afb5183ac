"""Print the sheets of one commune of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bocage.atlas.booklet import compose_booklet
from bocage.atlas.commune import find_commune
from bocage.atlas.gathering import gather_content
from bocage.atlas.options import AtlasOptions
from bocage.atlas.series import plan_series
from bocage.atlas.unmapped import keep_unmapped
from bocage.errors import InputError
from bocage.io.files import replace_on_success
from bocage.journal import Journal
from bocage.study.model import Study
from bocage.wording import fold_name

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def print_commune_sheet(
    study: Study,
    commune: str,
    options: AtlasOptions,
    *,
    only: str | None = None,
    output: Path | None = None,
) -> Path:
    """Print the sheets of a commune and its figures, from the network the study's run has written.

    A study without land cover needs no run: its sheets say of each theme that the data were not given.

    Parameters
    ----------
    study : Study
    commune : str
        INSEE code, or the exact name, accents and case aside.
    options : AtlasOptions
        From ``choose_options``: paper, language, pictures beside the PDF ...
    only : str, optional
        Key of the one sheet of the series to print, without figures on the back.
    output : Path, optional
        The PDF; ``sheets/<INSEE code>.pdf`` in the study's output folder by default, with the key of the
        only sheet and the paper after the code.

    Returns
    -------
    Path
        Of the PDF; its pictures stand beside it, with the name of their page when there are several.

    Raises
    ------
    StudyError
        The study has no communes, or was not run, or has changed since.
    InputError
        The commune is not in the layer, or the sheet not in the series.
    OutputError
        If a file cannot be written.
    """
    from bocage.atlas.summary import measure_all
    from bocage.study.inputs import check_files

    if output is not None and (output.is_dir() or not output.name):
        raise InputError(f"The output '{output}' is a folder; give the name of the PDF to write.")
    check_files(study)
    journal = Journal()
    content = keep_unmapped(study, gather_content(study, journal), journal)
    code = find_code(content.communes, commune)
    find_commune(content.communes, code)
    specs = plan_series(content, list_sheets(study), options.language)
    if only is not None and only not in (spec.key for spec in specs):
        listed = ", ".join(spec.key for spec in specs)
        raise InputError(f"The series has no sheet '{only}'; give one of {listed}.")
    figures = measure_all(content, options.language)
    booklet = compose_booklet(
        content,
        code,
        specs,
        figures,
        sheet_format=options.sheet_format,
        orientation=options.orientation,
        language=options.language,
        summary=options.summary,
        only=only,
        journal=journal,
    )
    stem = "_".join([code, *([only] if only else []), *([] if options.sheet_format == "a4" else ["a3"])])
    target = output or study.output / "sheets" / f"{stem}.pdf"
    with replace_on_success(target) as part:
        part.write_bytes(booklet.to_pdf())
    if options.png:
        pictures = booklet.to_pngs(options.dpi)
        for name, picture in zip(booklet.names, pictures, strict=True):
            stem = target.stem if len(pictures) == 1 else f"{target.stem}_{name}"
            with replace_on_success(target.with_name(f"{stem}.png")) as part:
                part.write_bytes(picture)
    return target


def list_sheets(study: Study) -> list[dict[str, Any]]:
    """List the sheets of the series as the study describes them; none for the usual ones."""
    if study.file.atlas is None:
        return []
    return [sheet.model_dump(exclude_none=True) for sheet in study.file.atlas.sheet]


def find_code(communes: GeoDataFrame, wanted: str) -> str:
    """Give the INSEE code of a commune named by its code or its exact name.

    What matches nothing is given back, for the sheet to say which codes and names are near.

    Examples
    --------
    >>> import geopandas
    >>> towns = geopandas.GeoDataFrame({"insee": ["34079"], "name": ["Clermont-l'Hérault"]})
    >>> find_code(towns, "clermont-l’herault")
    '34079'
    """
    if (communes["insee"] == wanted).any():
        return wanted
    same = [fold_name(name) == fold_name(wanted) for name in communes["name"]]
    codes = communes["insee"][same].unique()
    return str(codes[0]) if len(codes) == 1 else wanted
