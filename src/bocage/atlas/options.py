"""How sheets and atlases are made: what the command line says, else the study, else the usual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bocage.study.model import Study


@dataclass(frozen=True)
class AtlasOptions:
    """How an atlas is made; what is not given here comes from the study's ``[atlas]`` table.

    Attributes
    ----------
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}
    language : {"fr", "en"}
    summary : bool
        Print the figures of each commune on the back.
    grid : bool
        Draw the sheets at 1:100 000, and the key map in the volumes.
    volumes : {"departement", "epci", "all", "none"}
        What is bound together.
    png : bool
        Draw a picture of each page too.
    dpi : float
        Of the pictures.
    """

    sheet_format: str = "a4"
    orientation: str = "auto"
    language: str = "fr"
    summary: bool = True
    grid: bool = True
    volumes: str = "departement"
    png: bool = False
    dpi: float = 110.0


def choose_options(study: Study, **given: Any) -> AtlasOptions:
    """Choose the options: those given, else the study's ``[atlas]`` table, else the usual ones.

    Parameters
    ----------
    study : Study
    **given
        Fields of AtlasOptions; None stands for not given.
    """
    chosen: dict[str, Any] = {"language": study.language}
    if study.file.atlas is not None:
        atlas = study.file.atlas
        chosen |= {"sheet_format": atlas.format, "orientation": atlas.orientation, "summary": atlas.summary}
        chosen |= {"grid": atlas.grid, "volumes": atlas.volumes}
    return AtlasOptions(**{**chosen, **{key: value for key, value in given.items() if value is not None}})
