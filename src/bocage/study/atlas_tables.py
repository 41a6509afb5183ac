"""What the ``[atlas]`` table of a study file may say: official layers, sheets, outlines, volumes."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from bocage.network import Objective
from bocage.study.sections import FlagField, Section, SheetText, Sourced, StatusKind, VectorLayer


def _read_objective(value: Any) -> Any:
    """Take an objective for all where a table may be written."""
    if isinstance(value, str) and value not in get_args(Objective):
        raise ValueError(
            f'must be "preserve", "restore" or a table such as {{ field = "OBJ", restore = ["02"] }}, '
            f'got "{value}"'
        )
    return {"always": value} if isinstance(value, str) else value


def _read_path(value: Any) -> Any:
    """Take a path alone where a table with its source may be written."""
    return {"path": value} if isinstance(value, str) else value


class EpciLayer(Sourced):
    """Intercommunalités, which the locator shows and volumes may follow."""

    where: str | None = Field(None, description="Keep only the features that this SQL condition meets.")
    name: str = Field("nom", description="Column of the name.")
    members: str | None = Field(
        None,
        description="Column that lists the INSEE codes of the member communes, whatever separates them; "
        "when left out, a commune belongs where it lies.",
    )


class DepartementLayer(Sourced):
    """Départements, which the locator shows and volumes may follow."""

    where: str | None = Field(None, description="Keep only the features that this SQL condition meets.")
    name: str = Field("nom", description="Column of the name.")
    code: str | None = Field(
        None, description="Column of the code, as 60 or 2A; when left out, a commune belongs where it lies."
    )


class Relief(Section):
    """Relief under the maps."""

    path: Path = Field(description="Raster of elevations [m], relative to the study file.")
    source: str = Field("", description="Source to print.")
    licence: str = Field("", description="Licence to print.")


class ObjectiveColumn(Section):
    """What is to preserve and what is to restore: the same for all, or told by a column."""

    always: Objective | None = Field(
        None, description='The objective of every object; `objective = "restore"` for short.'
    )
    field: str | None = Field(None, description="Column that tells.")
    restore: tuple[str, ...] = Field((), description="Values that mean to restore.")
    preserve: tuple[str, ...] = Field(
        (), description="Values that mean to preserve; when left out, every other value does."
    )
    empty: Objective = Field("preserve", description="What an empty value means: `preserve` or `restore`.")

    @model_validator(mode="after")
    def _check_one(self) -> ObjectiveColumn:
        if (self.always is None) == (self.field is None):
            raise ValueError(
                'must be "preserve", "restore" or a table with a column, '
                'as { field = "OBJ", restore = ["02"] }'
            )
        return self


class AtlasLayer(VectorLayer):
    """An official layer that the sheets draw. Repeat the table; several layers may feed one theme.

    Layers of the network in the national standard (SRCE or its successor) need no column named: fields
    such as `ID_RESV` or `OBJ_ASSI` are recognised.
    """

    theme: str | None = Field(
        None,
        description="Theme of the network (`reservoirs`, `corridors`, `corridors_to_restore`, "
        "`watercourses`, `obstacle_points`, `obstacle_lines`, `obstacle_surfaces`) or key of another theme "
        "(`znieff1`, `natura2000_zsc`, `wetland` … or one of `[atlas.themes]`).",
    )
    field: str | None = Field(
        None, description="Column whose values `themes` translates, for a layer of several themes."
    )
    themes: dict[str, str] = Field(
        default_factory=dict,
        description='Value of `field` = theme; `ignore` leaves those objects out, the value `""` stands '
        "for an empty column.",
    )
    id: str | None = Field(None, description="Column of the identifier.")
    name: str | None = Field(None, description="Column of the name.")
    objective: Annotated[ObjectiveColumn, BeforeValidator(_read_objective)] | None = Field(
        None,
        description="For reservoirs, corridors and watercourses: `preserve`, `restore`, or the column that "
        'tells, as { field = "OBJ", restore = ["02"] }.',
    )
    medium: str | None = Field(None, description="Column of the main medium, of reservoirs and corridors.")
    type: str | None = Field(None, description="Column of the type of obstacle: code or words.")
    type_label: str | None = Field(None, description="Column of the words for the type of obstacle.")
    reservoir: FlagField | None = Field(None, description="Column that tells the watercourses reservoirs.")
    corridor: FlagField | None = Field(None, description="Column that tells the watercourses corridors.")
    list1: FlagField | None = Field(None, description="Column of list 1 of article L.214-17.")
    list2: FlagField | None = Field(None, description="Column of list 2 of article L.214-17.")
    passable: FlagField | None = Field(
        None,
        description="With the theme `flow_work`: column that tells works that can be passed or were removed, "
        "drawn as `flow_work_passable`.",
    )

    @property
    def label(self) -> str:
        """Name for messages."""
        return self.layer or self.path.stem

    @model_validator(mode="after")
    def _check_theme(self) -> AtlasLayer:
        if bool(self.field) != bool(self.themes):
            raise ValueError("has field without themes, or themes without field; the two go together")
        if self.theme is None and not self.themes:
            raise ValueError('lacks theme; say what it shows, as theme = "reservoirs" or theme = "znieff1"')
        if self.passable is not None and self.theme != "flow_work":
            raise ValueError('has passable, which only goes with theme = "flow_work"')
        return self


class SheetStatus(Section):
    """Legal status printed on one sheet in place of the study's."""

    kind: Literal[StatusKind, "inventaires", "protections"] = Field(
        description="As the study's, or `inventaires` (inventories, no legal force of their own) or "
        "`protections` (each zone has its own legal act)."
    )
    date: datetime.date | None = Field(None, description="Date of the act.")
    reference: str = Field("", description="The act, decision or study that gives the status.")


class AtlasSheet(SheetText):
    """A sheet of the series that each commune gets; without any, the standard ones that have data."""

    key: str = Field(
        pattern=r"^[a-z0-9_]+$",
        description="Short name, in small letters, which ends the names of its files.",
    )
    themes: tuple[str, ...] = Field(
        min_length=1,
        description="What it draws, in the order of the legend: `continuities` (the whole network), "
        "`inventories`, `protections`, `water` (every theme of the family that has a layer), a theme of the "
        "network or the key of another theme.",
    )
    status: SheetStatus | None = Field(None, description="Legal status of this sheet.")


class Atlas(Section):
    """The atlas: what its sheets draw besides the study's own network, and how they are bound."""

    title: str | None = Field(None, description="Title of the atlas; the study's name when left out.")
    format: Literal["a4", "a3"] = Field("a4", description="Paper.")
    orientation: Literal["auto", "portrait", "landscape"] = Field(
        "auto", description="Of the paper; `auto` follows the commune."
    )
    insee: tuple[str, ...] = Field((), description="INSEE codes of the communes to print; all when left out.")
    summary: bool = Field(True, description="Print the commune's figures on the back of its sheets.")
    volumes: Literal["departement", "epci", "all", "none"] = Field(
        "departement",
        description="Bind the sheets by département, by intercommunalité, all in one volume, or not at all.",
    )
    grid: bool = Field(True, description="Draw the key map and its sheets at 1:100 000.")
    palette: Path | None = Field(None, description="Palette file that changes symbols.")
    background: tuple[Literal["landcover", "relief"], ...] = Field(
        ("landcover", "relief"), description="What lies faintly under the maps, of what is there."
    )
    relief: Annotated[Relief, BeforeValidator(_read_path)] | None = Field(
        None, description='Raster of elevations [m], as "relief.tif" or { path = ..., source = ... }.'
    )
    epci: EpciLayer | None = Field(None, description="Intercommunalités.")
    departement: DepartementLayer | None = Field(None, description="Départements.")
    layer: tuple[AtlasLayer, ...] = Field((), description="Official layers.")
    themes: dict[str, Any] = Field(
        default_factory=dict,
        description="Themes of your own, as `[atlas.themes.my_zone]`: `kind` (polygon, line or point), "
        "`group` (the sheet: inventories, protections, water or continuities), `fr` and `en` (words of the "
        "legend), and how it looks (`fill`, `stroke`, `width`, `dash`, `hatch` …).",
    )
    sheet: tuple[AtlasSheet, ...] = Field((), description="Sheets of the series.")
