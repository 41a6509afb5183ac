"""What the tables of a study file are made of: sections, files with their sources, yes or no, words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

StatusKind = Literal["en_vigueur", "annule", "porter_a_connaissance", "projet", "etude"]


class Section(BaseModel):
    """A table of the study file: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class SheetText(Section):
    """Words of a sheet, whatever its place in a series."""

    map_kind: str | None = Field(None, description="First title, « Carte Environnementale ».")
    map_title: str | None = Field(None, description="Second title, « Carte S.R.C.E ».")
    plan_title: str | None = Field(None, description="Name of the plan, in full.")
    purpose: str | None = Field(None, description="« Pour information ».")
    commune_of: str | None = Field(None, description="Words before the commune's name.")
    explanation_title: str | None = Field(None, description="Title of the explanation.")
    explanation: tuple[str, ...] | None = Field(None, description="Paragraphs that explain the plan.")
    lineage: str | None = Field(None, description="Sentence on the plan's name.")
    adoption: str | None = Field(
        None, description="When and by whom the plan was adopted, as « Arrêté par le préfet de région le … »."
    )
    nota_title: str | None = Field(None, description="Title of the definitions.")
    nota: tuple[tuple[str, str], ...] | None = Field(
        None, description='Definitions, as [["Réservoirs de biodiversité", "espaces où …"], …].'
    )


class Sourced(Section):
    """A file with the source that must be printed on what is drawn from it."""

    path: Path = Field(description="File, relative to the study file.")
    layer: str | None = Field(None, description="Layer to read where the file holds several.")
    source: str = Field("", description="Source to print, as « © IGN 2024 ».")
    licence: str = Field("", description="Licence to print, as « Licence Ouverte 2.0 ».")


class VectorLayer(Sourced):
    """A layer of features."""

    where: str | None = Field(
        None, description="Keep only the features that this SQL condition meets, as `\"ETAT\" <> 'Fictif'`."
    )


class Flag(Section):
    """A yes or no read from a column: its name alone, or the name and the values that mean yes."""

    field: str = Field(description="Column.")
    values: tuple[str, ...] | None = Field(
        None, min_length=1, description="Values that mean yes; every other value means no."
    )


def _read_flag(value: Any) -> Any:
    return {"field": value} if isinstance(value, str) else value


FlagField = Annotated[Flag, BeforeValidator(_read_flag)]
