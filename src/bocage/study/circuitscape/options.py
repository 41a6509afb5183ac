"""The .ini file of Circuitscape: all its options, what they mean here, and what contradicts itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast

from bocage.current.grounds import Conflicts
from bocage.errors import InputError, StudyError
from bocage.io.ascii_grid import read_text
from bocage.io.files import suggest
from bocage.journal import Journal
from bocage.study.circuitscape.notes import add_note

Scenario = Literal["pairwise", "advanced", "one-to-all", "all-to-one"]
_SCENARIOS = ("pairwise", "advanced", "one-to-all", "all-to-one")
_CONFLICTS = ("keepall", "rmvsrc", "rmvgnd", "rmvall")
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_IGNORED = {
    "version": None, "solver": None, "precision": None, "use_64bit_indexing": None, "log_level": None,
    "cholmod_batch_size": None, "parallelize": "false", "max_parallel": "0", "low_memory_mode": "false",
    "preemptive_memory_release": "false", "print_timings": "false", "print_rusages": "false",
    "log_file": "none", "suppress_messages": "false", "profiler_log_file": "none", "screenprint_log": "false",
}  # fmt: skip
"""Options of its machinery and the value that asks for nothing; None where any value asks for nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a job asks for; the names and defaults are those of Circuitscape's documentation.

    Files are None where the job names none.
    """

    data_type: Literal["raster", "network"]
    scenario: Scenario
    habitat_file: Path
    habitat_map_is_resistances: bool
    output_file: Path
    point_file: Path | None
    source_file: Path | None
    ground_file: Path | None
    polygon_file: Path | None
    mask_file: Path | None
    included_pairs_file: Path | None
    variable_source_file: Path | None
    reclass_file: Path | None
    connect_four_neighbors_only: bool
    connect_using_avg_resistances: bool
    ground_file_is_resistances: bool
    use_unit_currents: bool
    use_direct_grounds: bool
    remove_src_or_gnd: Conflicts
    write_cur_maps: bool
    write_volt_maps: bool
    write_cum_cur_map_only: bool
    write_max_cur_maps: bool
    set_null_currents_to_nodata: bool
    set_null_voltages_to_nodata: bool
    set_focal_node_currents_to_zero: bool
    log_transform_maps: bool
    write_as_tif: bool
    compress_grids: bool

    @property
    def writes_currents(self) -> bool:
        """Whether any current is asked for."""
        return self.write_cur_maps or self.write_cum_cur_map_only or self.write_max_cur_maps


_FLAGS = {
    "habitat_map_is_resistances": True, "connect_four_neighbors_only": False,
    "connect_using_avg_resistances": False, "ground_file_is_resistances": True, "use_unit_currents": False,
    "use_direct_grounds": False, "write_cur_maps": False, "write_volt_maps": False,
    "write_cum_cur_map_only": False, "write_max_cur_maps": False, "set_null_currents_to_nodata": False,
    "set_null_voltages_to_nodata": False, "set_focal_node_currents_to_zero": False,
    "log_transform_maps": False, "write_as_tif": False, "compress_grids": False,
}  # fmt: skip
_SWITCHED = {
    "polygon_file": "use_polygons", "mask_file": "use_mask", "included_pairs_file": "use_included_pairs",
    "variable_source_file": "use_variable_source_strengths", "reclass_file": "use_reclass_table",
}  # fmt: skip
_PLAIN_FILES = ("habitat_file", "point_file", "source_file", "ground_file", "output_file")
_KNOWN = (
    "data_type",
    "scenario",
    "remove_src_or_gnd",
    *_FLAGS,
    *_SWITCHED,
    *_SWITCHED.values(),
    *_PLAIN_FILES,
)
_RASTER_ONLY = ("polygon_file", "mask_file", "reclass_file")


def read_options(path: str | Path, journal: Journal, *, output: Path | None = None) -> Options:
    """Read the .ini file of a job.

    Paths in it are looked for from the current folder, as Circuitscape does, then from the file's own folder
    and those above it; the first from which the habitat file is found holds for all.

    Parameters
    ----------
    path : path
    journal : Journal
        Told of what is ignored.
    output : path, optional
        Folder for the outputs, in place of the job's.

    Raises
    ------
    InputError
        When the file is missing or cannot be read.
    StudyError
        When an option has no meaning, lacks, or contradicts another.
    """
    ini = Path(path)
    if not ini.is_file():
        raise InputError(f"no job file '{ini}'; give the .ini file of a Circuitscape job")
    said = _read_pairs(ini)
    flags = {name: _read_flag(ini, said, name, default) for name, default in _FLAGS.items()}
    switches = {name: _read_flag(ini, said, name, False) for name in _SWITCHED.values()}
    data_type = said.get("data_type", "raster").lower()
    if data_type not in ("raster", "network"):
        raise StudyError(f"'{ini}': data_type is '{data_type}'; write raster or network")
    scenario = said.get("scenario", "").lower().replace("_", "-")
    if scenario not in _SCENARIOS:
        raise StudyError(f"'{ini}': scenario is '{scenario or 'missing'}'; write {', '.join(_SCENARIOS)}")
    if data_type == "network" and scenario in ("one-to-all", "all-to-one"):
        raise StudyError(f"'{ini}': {scenario} is for rasters only; a network has pairwise and advanced")
    # The graphical program leaves « not entered » where it was never asked.
    conflicts = said.get("remove_src_or_gnd", "keepall").lower()
    conflicts = "keepall" if conflicts in ("not entered", "") else conflicts
    if conflicts not in _CONFLICTS:
        raise StudyError(f"'{ini}': remove_src_or_gnd is '{conflicts}'; write {', '.join(_CONFLICTS)}")
    base = _find_base(ini, said)
    files: dict[str, Path | None] = {}
    for name in (*_PLAIN_FILES, *_SWITCHED):
        switch = _SWITCHED.get(name)
        used = switch is None or switches[switch]
        value = _read_name(said, name)
        if switch is not None and used and value is None:
            raise StudyError(f"'{ini}': {switch} is True but no {name} is named; name it, or write False")
        files[name] = None if value is None or not used else _resolve(base, value)
    wasted = []
    needed = ["habitat_file", "output_file"]
    if scenario == "advanced":
        needed += ["source_file", "ground_file"]
        wasted += [name for name in ("included_pairs_file", "point_file") if files[name] is not None]
        files["included_pairs_file"] = files["point_file"] = None
    else:
        needed.append("point_file")
        # Jobs saved by the graphical program name these whatever the mode.
        files["source_file"] = files["ground_file"] = None
    if scenario in ("pairwise", "advanced") and files["variable_source_file"] is not None:
        wasted.append("use_variable_source_strengths")
        files["variable_source_file"] = None
    if data_type == "network":
        wasted += [_SWITCHED[name] for name in _RASTER_ONLY if files[name] is not None]
        files.update(dict.fromkeys(_RASTER_ONLY))
    for name in needed:
        if files[name] is None:
            raise StudyError(f"'{ini}': no {name} is named, and {scenario} mode needs it")
    _tell_ignored(said, wasted, journal)
    if flags["compress_grids"]:
        add_note(journal, "compress")
    output_file = cast(Path, files["output_file"])
    if output is not None:
        files["output_file"] = output / output_file.name
    given: dict[str, Any] = {**flags, **files}
    given |= {"data_type": data_type, "scenario": scenario, "remove_src_or_gnd": conflicts}
    return Options(**{field.name: given[field.name] for field in fields(Options)})


def _read_pairs(ini: Path) -> dict[str, str]:
    said: dict[str, str] = {}
    for number, line in enumerate(read_text(ini, "job file").splitlines(), start=1):
        text = line.strip()
        if not text or text[0] in "#;[":
            continue
        name, sign, value = text.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if not sign:
            raise StudyError(f"'{ini}', line {number}: '{text}' is no option; write name = value")
        if name in said and said[name] != value:
            raise StudyError(f"'{ini}' says {name} twice: '{said[name]}' and '{value}'; keep one")
        said[name] = value
    if not said:
        raise StudyError(f"'{ini}' holds no option; give the .ini file of a Circuitscape job")
    return said


def _read_flag(ini: Path, said: dict[str, str], name: str, default: bool) -> bool:
    value = said.get(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise StudyError(f"'{ini}': {name} is '{value}'; write True or False")


def _read_name(said: dict[str, str], name: str) -> str | None:
    value = said.get(name, "")
    return None if not value or value.lower() == "none" or value.startswith("(") else value


def _resolve(base: Path, value: str) -> Path:
    path = Path(value)
    if not (base / path).exists() and "\\" in value:
        path = Path(value.replace("\\", "/"))
    return base / path


def _find_base(ini: Path, said: dict[str, str]) -> Path:
    habitat = _read_name(said, "habitat_file")
    if habitat is not None:
        for base in (Path(), *ini.resolve().parents):
            if _resolve(base, habitat).is_file():
                return base
        # None is right: the error is about the folder that the path fits best.
        if not _resolve(Path(), habitat).parent.is_dir() or Path(habitat).parent == Path():
            return ini.resolve().parent
    return Path()


def _tell_ignored(said: dict[str, str], wasted: list[str], journal: Journal) -> None:
    asked = [
        name
        for name, idle in _IGNORED.items()
        if idle is not None and said.get(name, idle).lower() not in (idle, "")
    ]
    if asked or wasted:
        add_note(journal, "ignored", options=", ".join([*asked, *wasted]))
    unknown = [name for name in said if name not in _KNOWN and name not in _IGNORED]
    if unknown:
        known = [*_KNOWN, *_IGNORED]
        near = [(name, suggest(name, known)) for name in unknown]
        add_note(
            journal,
            "unknown",
            options=", ".join(f"{name} ({like}?)" if like else name for name, like in near),
        )
