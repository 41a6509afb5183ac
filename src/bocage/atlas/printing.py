"""Print the sheet of a commune of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bocage.atlas.gathering import gather_content
from bocage.atlas.sheet import compose_sheet, write_sheet
from bocage.journal import Journal
from bocage.study.model import Study
from bocage.wording import fold_name

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def print_commune_sheet(
    study: Study,
    commune: str,
    *,
    sheet_format: str = "a4",
    orientation: str = "auto",
    language: str | None = None,
    output: Path | None = None,
    png: bool = False,
) -> Path:
    """Print the sheet of a commune, from the network the study's run has written.

    A study without land cover needs no run: its sheets say of each theme that the data were not given.

    Parameters
    ----------
    study : Study
    commune : str
        INSEE code, or the exact name, accents and case aside.
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}
    language : {"fr", "en"}, optional
        The study's by default.
    output : Path, optional
        The PDF; ``sheets/<INSEE code>.pdf`` in the study's output folder by default.
    png : bool
        Write a picture beside it.

    Returns
    -------
    Path
        Of the PDF.

    Raises
    ------
    StudyError
        The study has no communes, or was not run, or has changed since.
    InputError
        The commune is not in the layer.
    """
    from bocage.study.inputs import check_files

    check_files(study)
    journal = Journal()
    content = gather_content(study, journal)
    code = find_code(content.communes, commune)
    suffix = "" if sheet_format == "a4" else f"_{sheet_format}"
    sheet = compose_sheet(
        content,
        code,
        sheet_format=sheet_format,
        orientation=orientation,
        language=language or study.language,
        journal=journal,
    )
    return write_sheet(output or study.output / "sheets" / f"{code}{suffix}.pdf", sheet, png=png)


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
