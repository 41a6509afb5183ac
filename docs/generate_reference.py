"""Write the reference pages of the study file and of the commands, from the code itself.

Run ``python docs/generate_reference.py`` after changing a field or an option; a test fails until it is done.
"""

from __future__ import annotations

import datetime
import types
import typing
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bocage.cartography.symbols import Symbol, load_symbols
from bocage.cli import main
from bocage.landcover.ground import GROUND
from bocage.landcover.nomenclature import NOMENCLATURES, load_nomenclature
from bocage.study.file import Flag, Layers, StudyFile
from bocage.study.layers import DEFAULT_WIDTHS_M
from bocage.study.subnetworks import load_presets

REFERENCE = Path(__file__).resolve().parent / "reference"

_MADE = "<!-- Made by docs/generate_reference.py from the code: change it there. -->"


def write_study_page() -> str:
    """Write the reference of the study file."""
    lines = [
        _MADE,
        "",
        "# Study file reference",
        "",
        "A study is one text file in [TOML](https://toml.io), usually `study.toml`. Paths are relative to "
        "it. `bocage init` proposes one for a folder of layers; `bocage info study.toml` sums one up. "
        "A key that does not exist is refused, with its line and the nearest key that does.",
        "",
        "Distances and widths are in metres, areas in hectares, dates written 2026-05-04.",
    ]
    for name, field in StudyFile.model_fields.items():
        model = _find_model(field.annotation)
        if name == "layers":
            lines += ["", "## `[layers]`", "", _sentence(Layers)]
            for layer, layer_field in Layers.model_fields.items():
                lines += _write_table(
                    f"[layers.{layer}]", _require(_find_model(layer_field.annotation)), "###"
                )
        elif model is None:
            lines += ["", "## `[nomenclatures.<name>]`", "", f"{field.description}", "", "```toml"]
            lines += ["[nomenclatures.local]", '"11" = "urban_dense"', '"31" = "broadleaf"', "```"]
        else:
            lines += _write_table(_name_table(name, field), model, "##")
    lines += ["", "## Yes or no from a column", "", _sentence(Flag), ""]
    lines += ['`list1 = "CLASSE1"` reads a column of T and F, 1 and 0, oui and non ...;']
    lines += ['`canal = { field = "NATURE", values = ["Canal"] }` says which values mean yes.']
    lines += [
        "",
        "## Default widths",
        "",
        "Where neither the layer nor the study gives one; the report says so.",
        "",
    ]
    lines += ["| ground | width [m] |", "|---|---:|"]
    lines += [f"| `{ground}` | {width:g} |" for ground, width in DEFAULT_WIDTHS_M.items()]
    lines += [
        "",
        "## Presets of sub-networks",
        "",
        "| preset | name | habitat | dispersal [m] | reservoir from [ha] |",
    ]
    lines += ["|---|---|---|---|---:|"]
    for key, preset in load_presets().items():
        name = preset["name"]["fr"] if isinstance(preset["name"], dict) else preset["name"]
        habitat = ", ".join(f"`{ground}`" for ground in preset["habitat"])
        reach = ", ".join(f"{distance:g}" for distance in preset["dispersal_m"])
        lines.append(f"| `{key}` | {name} | {habitat} | {reach} | {preset['reservoir_min_ha']:g} |")
    lines += ["", "## Nomenclatures", "", "| key | title | classes |", "|---|---|---:|"]
    for key in NOMENCLATURES:
        nomenclature = load_nomenclature(key)
        lines.append(f"| `{key}` | {nomenclature.title} | {len(nomenclature.classes)} |")
    lines += _write_symbols()
    lines += ["", "## Ground classes", "", "The words that habitat and resistance use.", ""]
    lines += ["| key | français | English |", "|---|---|---|"]
    lines += [f"| `{key}` | {ground.fr} | {ground.en} |" for key, ground in GROUND.items()]
    return "\n".join(lines) + "\n"


def write_commands_page() -> str:
    """Write the reference of the commands."""
    lines = [_MADE, "", "# Command reference", "", _help(main)]
    lines += [
        "",
        "Options of every command, before or after its name:",
        "",
        *_write_options(main, every=True),
    ]
    for name, command in main.commands.items():
        arguments = [param for param in command.params if isinstance(param, click.Argument)]
        usage = " ".join(_show_argument(argument) for argument in arguments)
        lines += ["", f"## `bocage {name} {usage}`", "", _help(command)]
        options = _write_options(command, every=False)
        if options:
            lines += ["", *options]
    lines += [
        "",
        "## Exit codes",
        "",
        "| code | meaning |",
        "|---:|---|",
        "| 0 | done |",
        "| 1 | a fault of bocage itself |",
        "| 2 | something to mend, told in one sentence |",
        "| 130 | interrupted; the same command again continues |",
    ]
    return "\n".join(lines) + "\n"


PAGES = {"study.md": write_study_page, "commands.md": write_commands_page}


def _write_table(title: str, model: type[BaseModel], level: str) -> list[str]:
    lines = ["", f"{level} `{title}`", "", _sentence(model), ""]
    lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
    nested: list[str] = []
    for name, field in model.model_fields.items():
        inner = _find_model(field.annotation)
        if inner is not None and inner is not Flag:
            nested += _write_table(_name_table(f"{title.strip('[]')}.{name}", field), inner, level + "#")
        meaning = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{name}` | {_name_type(field)} | {_show_default(field)} | {meaning} |")
    return lines + nested


def _name_table(name: str, field: FieldInfo) -> str:
    """Write the head of a table as TOML does: doubled brackets for one that may be repeated."""
    return f"[[{name}]]" if typing.get_origin(field.annotation) is tuple else f"[{name}]"


def _write_symbols() -> list[str]:
    """List the symbols by what they draw: themes by their sheet, then the network and the base map."""
    symbols = load_symbols()
    lines = ["", "## Themes and symbols", ""]
    lines += [
        "`theme` of an official layer is a key of the first four lists; "
        "a [palette file](../how-to/atlas.md#colours) may draw any of these symbols anew."
    ]
    groups: list[tuple[str, tuple[Symbol, ...]]] = [
        ("Sheet of inventories", symbols.of_group("inventories")),
        ("Sheet of protections", symbols.of_group("protections")),
        ("Sheet of water", symbols.of_group("water")),
        ("Sheet of continuities", symbols.of_group("continuities")),
        ("The network", tuple(symbol for symbol in symbols if symbol.table is not None)),
        (
            "Base map and limits",
            tuple(symbol for symbol in symbols if symbol.table is None and symbol.group is None),
        ),
    ]
    for title, members in groups:
        lines += ["", f"### {title}", "", "| key | kind | français | English |", "|---|---|---|---|"]
        lines += [f"| `{one.key}` | {one.kind} | {one.label_fr} | {one.label_en} |" for one in members]
    return lines


def _name_type(field: FieldInfo) -> str:
    return _name_annotation(field.annotation).replace("|", "\\|")


def _name_annotation(annotation: Any) -> str:
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _name_annotation(inside[0])
    if origin in (typing.Union, types.UnionType):
        named = [_name_annotation(one) for one in inside if one is not type(None)]
        return " or ".join(dict.fromkeys(named))
    if origin is typing.Literal:
        return ", ".join(f"`{one}`" for one in inside)
    if origin is tuple:
        if inside[-1] is Ellipsis:
            return f"list of {_name_annotation(inside[0])}"
        # A pair of words only stands in a list of them.
        return "pairs of texts" if inside[0] is str else f"{len(inside)} numbers"
    if origin is dict:
        return f"table of {_name_annotation(inside[1])}"
    if annotation is Flag:
        return "column, or table"
    names = {str: "text", float: "number", int: "whole number", bool: "true or false", Path: "path"}
    if annotation in names:
        return names[annotation]
    return "date" if annotation is datetime.date else "table"


def _show_default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    default = field.default
    if default is PydanticUndefined or default is None or default in ("", ()):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return ", ".join(f"`{one}`" for one in default)
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _find_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in typing.get_args(annotation):
        found = _find_model(inner)
        if found is not None and typing.get_origin(annotation) is not dict:
            return found
    return None


def _require(model: type[BaseModel] | None) -> type[BaseModel]:
    assert model is not None
    return model


def _sentence(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())


def _help(command: click.Command) -> str:
    paragraphs = (command.help or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _show_argument(argument: click.Argument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    return name if argument.required else f"[{name}]"


def _write_options(command: click.Command, *, every: bool) -> list[str]:
    shared = ("quiet", "verbose", "debug", "version")
    options = [
        param
        for param in command.params
        if isinstance(param, click.Option) and every == (param.name in shared)
    ]
    if not options:
        return []
    lines = ["| option | meaning |", "|---|---|"]
    for option in options:
        name = option.opts[0]
        if not option.is_flag:
            kind = option.type
            integer = isinstance(kind, click.types.IntParamType)
            name += (
                f" {'|'.join(kind.choices)}"
                if isinstance(kind, click.Choice)
                else " N"
                if integer
                else f" {kind.name.upper()}"
            )
        needed = " Needed." if option.required else ""
        default = f" Default: `{option.default}`." if option.show_default else ""
        shown = name.replace("|", "\\|")
        lines.append(f"| `{shown}` | {option.help}{needed}{default} |")
    return lines


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for file_name, write in PAGES.items():
        (REFERENCE / file_name).write_text(write(), encoding="utf-8", newline="\n")
