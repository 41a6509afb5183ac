"""Read a study file; every mistake is told in one sentence with its line."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from bocage.errors import BocageError, StudyError
from bocage.study.file import StudyFile
from bocage.study.locating import KeyPath, locate_keys, nearest_line
from bocage.study.model import Study, make_key
from bocage.study.subnetworks import resolve_subnetwork
from bocage.study.suggesting import suggest
from bocage.subnetwork import Subnetwork

if TYPE_CHECKING:
    from bocage.landcover.nomenclature import Nomenclature

STUDY_FILE = "study.toml"

_Problem = tuple[int | None, str]
"""Line, and what is wrong there."""


def read_study(path: str | Path) -> Study:
    """Read and check a study file.

    The layers it names are not opened; only resistance tables are, because the
    sub-networks are made of them.

    Parameters
    ----------
    path : str or Path
        The study file.

    Raises
    ------
    StudyError
        If the file is missing, is not TOML, or says something that cannot be. The message names
        the file and the line; several mistakes are told at once, one a line.
    """
    path = Path(path).absolute()
    text = _read_text(path)
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path.name}, {_explain_syntax(error, text)}") from None
    return build_study(written, path, lines=locate_keys(text))


def build_study(
    written: Mapping[str, Any], path: str | Path, *, lines: Mapping[KeyPath, int] | None = None
) -> Study:
    """Check a study given as a mapping: from Python, or from a file already parsed.

    Parameters
    ----------
    written : mapping
        What the study file says.
    path : str or Path
        Where the study file stands, or would: its folder is where relative paths start.
    lines : mapping, optional
        Line of each key, for messages.

    Raises
    ------
    StudyError
        As ``read_study``.
    """
    path, lines = Path(path).absolute(), lines or {}
    try:
        file = StudyFile.model_validate(written)
    except ValidationError as error:
        items = error.errors(include_url=False)
        # A list with a wrong element is also told to be too short: the element says it all.
        places = [item["loc"] for item in items]
        problems = [
            _explain(item, lines)
            for item in items
            if not any(
                len(item["loc"]) < len(loc) and loc[: len(item["loc"])] == item["loc"] for loc in places
            )
        ]
        raise StudyError(_tell(path.name, problems)) from None

    problems = _check_names(file, lines)
    subnetworks: list[Subnetwork] = []
    for number, entry in enumerate(file.subnetworks):
        try:
            subnetworks.append(resolve_subnetwork(entry, folder=path.parent, language=file.study.language))
        except ValidationError as error:
            raise RuntimeError(f"a preset shipped with bocage is malformed: {error}") from error
        except BocageError as error:
            problems.append((nearest_line(lines, ("subnetworks", number)), str(error)))
    problems += _check_keys(file, subnetworks, lines)
    if not problems:
        problems = _check_ground(file, lines)
    if problems:
        raise StudyError(_tell(path.name, problems))
    return Study(path, file, tuple(subnetworks), path.parent / file.study.output, lines)


def _read_text(path: Path) -> str:
    if path.is_dir():
        inside = path / STUDY_FILE
        if inside.is_file():
            raise StudyError(f'"{path}" is a folder; give the study file in it: "{inside}"')
        raise StudyError(f'"{path}" is a folder without {STUDY_FILE}; make one with: bocage init "{path}"')
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise StudyError(f'there is no file "{path}"; {_suggest_file(path)}') from None
    except OSError as error:
        raise StudyError(f'"{path}" cannot be read: {error.strerror or error}') from None
    try:
        # Editors on Windows put a mark in front that TOML does not know.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise StudyError(
            f"{path.name}, line {line}: the file is not written in UTF-8; save it again with that encoding"
        ) from None


def _suggest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f'the folder "{path.parent}" does not exist'
    found = sorted(other.name for other in path.parent.glob("*.toml"))
    if found:
        return f"in that folder there is {', '.join(found)}"
    return f'make one with: bocage init "{path.parent}"'


def _explain_syntax(error: tomllib.TOMLDecodeError, text: str) -> str:
    """Write a syntax error with its line and the likeliest cause."""
    message = str(error)
    place = re.search(r"\s*\(at line (\d+), column (\d+)\)$", message)
    lines = text.split("\n")
    number = int(place[1]) if place else len(lines)
    said = message[: place.start()] if place else message.removesuffix(" (at end of document)")
    line = lines[number - 1] if number <= len(lines) else ""
    key = line.partition("=")[0].strip()
    value = line.partition("=")[2].strip()
    hint = ""
    if "overwrite" in said or "twice" in said or "declare" in said:
        hint = "; this key or table was already given above, keep only one of them"
    elif "\\" in line:
        hint = "; write paths with / instead of \\, or between single quotes"
    elif re.fullmatch(r"[+-]?\d+,\d+\s*(#.*)?", value):
        hint = "; write decimals with a point, as 2.5"
    elif re.match(r"[A-Za-zÀ-ÿ.]", value) and not re.match(r"(true|false|inf|nan)\b", value):
        hint = f'; put text between quotes, as {key} = "..."'
    elif re.match(r"0\d", value):
        hint = f'; a number cannot begin with 0: put a code between quotes, as {key} = "..."'
    elif value.count('"') % 2:
        hint = '; a quote " is missing'
    return f"line {number}: {said[:1].lower()}{said[1:]}{hint}"


def _tell(name: str, problems: Iterable[_Problem]) -> str:
    """Write one problem as one sentence, several as a list in the order of the file."""
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: problem[0] or 0)
    told = [text if line is None else f"line {line}: {text}" for line, text in ordered]
    if len(told) == 1:
        line, text = ordered[0]
        return f"{name}: {text}" if line is None else f"{name}, line {line}: {text}"
    return "\n".join([f"{name} has {len(told)} problems:", *(f"  {text}" for text in told)])


def _explain(item: Any, lines: Mapping[KeyPath, int]) -> _Problem:
    """Write one error of pydantic as a planner would say it."""
    path = tuple(part for part in item["loc"] if part != "[key]")
    kind, given, context = item["type"], item["input"], item.get("ctx", {})
    line = nearest_line(lines, path)
    where = name_key(path)
    if kind == "extra_forbidden":
        known = _known_keys(path[:-1])
        table = name_key(path[:-1])
        return line, (
            f'unknown key "{path[-1]}"{f" in {table}" if table else ""}'
            f"{suggest(str(path[-1]), known) or _list_known(known)}"
        )
    if kind == "missing":
        parent = name_key(path[:-1])
        return line, f'"{path[-1]}" is missing{f" in {parent}" if parent else ""}; {_describe(path)}'
    if kind == "value_error":
        return line, f"{where} {context['error']}"
    if kind == "literal_error":
        expected = [word.strip().strip("'") for word in re.split(r", | or ", context["expected"])]
        return line, (
            f"{where} must be one of {', '.join(expected)}, got {_show(given)}{suggest(str(given), expected)}"
        )
    return line, f"{where} {_explain_type(kind, context)}, got {_show(given)}"


def _explain_type(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "string_type":
        return "must be text between quotes"
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
        limit, value = next((words[name], value) for name, value in context.items() if name in words)
        return f"must be {limit} {value:g}"
    if kind == "string_pattern_mismatch":
        return f"must be written with the characters {context['pattern'].strip('^$')}"
    if kind in ("too_short", "string_too_short"):
        return "must not be empty"
    if kind.startswith("date"):
        return "must be a date written as 2026-05-04"
    if kind.startswith(("float", "int", "finite")):
        return "must be a whole number" if kind.startswith("int") else "must be a number"
    if kind.startswith("bool"):
        return "must be true or false"
    if kind.startswith(("tuple", "list")) or kind == "missing_positional_only_argument":
        return "must be a list between square brackets"
    if kind.startswith(("model", "dict")):
        return "must be a table of keys"
    if kind.startswith("path"):
        return "must be a path between quotes"
    return "has a value that cannot be"


def name_key(path: KeyPath) -> str:
    """Name a key as the file writes it, array elements counted from 1.

    >>> name_key(("landcover", 1, "path"))
    'path of [[landcover]] no. 2'
    >>> name_key(("study", "cell_size")), name_key(("layers", "roads"))
    ('cell_size of [study]', '[layers.roads]')
    """
    if not path:
        return ""
    if len(path) == 1:
        return f"[{path[0]}]"
    if isinstance(path[1], int) and len(path) == 2:
        return f"[[{path[0]}]] no. {path[1] + 1}"
    if path[0] in ("layers", "nomenclatures") and len(path) == 2:
        return f"[{path[0]}.{path[1]}]"
    tables = 2 if isinstance(path[1], int) or path[0] in ("layers", "nomenclatures") else 1
    inside = "".join(f" no. {part + 1}" if isinstance(part, int) else f".{part}" for part in path[tables:])
    return f"{inside.strip('.')} of {name_key(path[:tables])}"


def _show(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _models_at(path: KeyPath) -> type[BaseModel] | None:
    """Give the model of the table at a path."""
    model: type[BaseModel] = StudyFile
    for part in path:
        if isinstance(part, int):
            continue
        found = model.model_fields.get(part)
        inner = None if found is None else _inner_model(found.annotation)
        if inner is None:
            return None
        model = inner
    return model


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, tuple, typing.Annotated):
        for inner in typing.get_args(annotation):
            found = _inner_model(inner)
            if found is not None:
                return found
    return None


def _known_keys(path: KeyPath) -> list[str]:
    model = _models_at(path)
    return [] if model is None else list(model.model_fields)


def _list_known(known: list[str]) -> str:
    return f"; the keys here are {', '.join(known)}" if known else ""


def _describe(path: KeyPath) -> str:
    model = _models_at(path[:-1])
    field = None if model is None else model.model_fields.get(str(path[-1]))
    description = "" if field is None or field.description is None else field.description
    return f"it says: {description[:1].lower()}{description[1:]}".rstrip(".") if description else "add it"


def _check_rivers(file: StudyFile, lines: Mapping[KeyPath, int]) -> list[_Problem]:
    """Check what the table of rivers says of the layers."""
    line, layers = nearest_line(lines, ("rivers",)), file.layers
    if "rivers" in file.model_fields_set and layers.watercourses is None:
        return [(line, "[rivers] needs watercourses; add [layers.watercourses] with their path")]
    problems: list[_Problem] = []
    if file.rivers.cost is not None and layers.river_works is None:
        told = "cost of [rivers] names a column of works, and there are none; add [layers.river_works]"
        problems.append((nearest_line(lines, ("rivers", "cost")), told))
    for name in ("list1", "list2"):
        if getattr(file.rivers, name) is not None and getattr(layers.watercourses, name, None) is not None:
            told = (
                f"{name} is given twice, by a column of [layers.watercourses] and by a layer of [rivers]; "
                "keep one of them"
            )
            problems.append((nearest_line(lines, ("rivers", name)), told))
    return problems


def _check_names(file: StudyFile, lines: Mapping[KeyPath, int]) -> list[_Problem]:
    """Check what one part of the file says of another."""
    problems: list[_Problem] = []
    shipped = ("clc", "oso", "ocsge", "worldcover")
    for name in file.nomenclatures:
        if name in shipped:
            path: KeyPath = ("nomenclatures", name)
            problems.append(
                (nearest_line(lines, path), f'the nomenclature "{name}" is shipped; give yours another name')
            )
    for number, layer in enumerate(file.landcover):
        known = [*shipped, *file.nomenclatures]
        if layer.nomenclature not in known:
            path = ("landcover", number, "nomenclature")
            problems.append(
                (
                    nearest_line(lines, path),
                    f'{name_key(path)} is "{layer.nomenclature}"{suggest(layer.nomenclature, known)}; '
                    f"use one of {', '.join(known)}, or describe it in [nomenclatures.{layer.nomenclature}]",
                )
            )
    if file.layers.communes is None and file.study.area.path is None and file.study.area.bbox is None:
        problems.append(
            (
                nearest_line(lines, ("study", "area")) or nearest_line(lines, ("study",)),
                "the study area is made of communes, but [layers.communes] is missing; "
                "add it, or give the area as { bbox = [west, south, east, north] } or { path = ... }",
            )
        )
    problems += _check_rivers(file, lines)
    for name, needs in (("roads", "field or ground"),):
        layer_ = file.layers.roads
        if layer_ is not None and layer_.field is None and layer_.ground is None:
            path = ("layers", name)
            problems.append(
                (
                    nearest_line(lines, path),
                    f"[layers.{name}] lacks {needs}; name the column of the road class and translate its "
                    'values in [layers.roads.classes], or give one class to all, as ground = "local_road"',
                )
            )
    for name in ("roads", "railways", "watercourses"):
        lines_layer = getattr(file.layers, name)
        if lines_layer is not None and bool(lines_layer.field) != bool(lines_layer.classes):
            path = ("layers", name)
            has, lacks = ("field", "classes") if lines_layer.field else ("classes", "field")
            problems.append(
                (nearest_line(lines, path), f"[layers.{name}] has {has} but no {lacks}; the two go together")
            )
    return problems


def _check_keys(
    file: StudyFile, subnetworks: list[Subnetwork], lines: Mapping[KeyPath, int]
) -> list[_Problem]:
    """Check that keys are unique, and that zonings name sub-networks that exist."""
    problems: list[_Problem] = []
    keys = [subnetwork.key for subnetwork in subnetworks]
    for number, key in enumerate(keys):
        if key in keys[:number]:
            path: KeyPath = ("subnetworks", number)
            problems.append(
                (
                    nearest_line(lines, path),
                    f'{name_key(path)} has the key "{key}" of an earlier one; give it another key',
                )
            )
    labels = [zoning.key or make_key(zoning.label) for zoning in file.zonings]
    for number, zoning in enumerate(file.zonings):
        path = ("zonings", number)
        if labels[number] in labels[:number]:
            problems.append(
                (
                    nearest_line(lines, path),
                    f'{name_key(path)} has the label or key of an earlier one ("{labels[number]}"); '
                    "give it another",
                )
            )
        if len(keys) == len(file.subnetworks):
            problems += [
                (
                    nearest_line(lines, (*path, "subnetworks")),
                    f'{name_key(path)} names the sub-network "{key}", which is not in [[subnetworks]]'
                    f"{suggest(key, keys)}",
                )
                for key in zoning.subnetworks
                if key not in keys
            ]
    return problems


def _check_ground(file: StudyFile, lines: Mapping[KeyPath, int]) -> list[_Problem]:
    """Check that the user's grounds and codes exist: a name misspelt would silently do nothing."""
    from bocage.landcover.ground import GROUND
    from bocage.landcover.nomenclature import find_unknown_names

    problems: list[_Problem] = [
        (
            nearest_line(lines, ("nomenclatures", name, code)),
            f"code '{code}' of [nomenclatures.{name}] is '{ground}', which is no ground class"
            f"{suggest(ground, GROUND)}",
        )
        for name, classes in file.nomenclatures.items()
        for code, ground in classes.items()
        if ground not in GROUND
    ]
    if problems:
        return problems
    used = load_nomenclatures(file)
    for number, entry in enumerate(file.subnetworks):
        path: KeyPath = ("subnetworks", number)
        places: dict[str, KeyPath] = dict.fromkeys(entry.habitat or (), (*path, "habitat"))
        places |= {name: (*path, "resistance", name) for name in entry.resistance}
        table = entry.resistance_table
        places |= {
            name: (*path, "resistance_table", "aliases", alias)
            for alias, name in (table.aliases if table else {}).items()
        }
        codes = [code for nomenclature in used.values() for code in nomenclature.classes]
        problems += [
            (
                nearest_line(lines, places[name]),
                f"{name_key(path)} names the ground '{name}', which is neither a ground class nor a code "
                f"of the study's land cover{suggest(name, [*GROUND, *codes])}",
            )
            for name in find_unknown_names(places, used.values())
        ]
    return problems


def load_nomenclatures(file: StudyFile) -> dict[str, Nomenclature]:
    """Load the nomenclatures that the land cover layers name, in the order of the file."""
    from bocage.landcover.nomenclature import custom_nomenclature, load_nomenclature

    names = dict.fromkeys(layer.nomenclature for layer in file.landcover)
    return {
        name: custom_nomenclature(name, file.nomenclatures[name])
        if name in file.nomenclatures
        else load_nomenclature(name)
        for name in names
    }
