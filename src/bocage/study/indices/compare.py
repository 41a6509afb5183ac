"""What changed between two dates: two folders that `bocage indices` wrote, set side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bocage.errors import DataError, InputError
from bocage.fragmentation.change import ConnectivityChange, compare_eca, compare_mesh
from bocage.study.indices.compare_inputs import (
    GraphTables,
    find_folder,
    list_terms,
    read_codes,
    read_graphs,
    read_record,
    read_table,
    require_columns,
)
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from bocage.fragmentation.patch_events import Overlap, PatchEvents

Language = Literal["fr", "en"]

_AREA = "capacity"
_SHOWN = 5


@dataclass(frozen=True)
class GraphChange:
    """What changed in one landscape graph.

    Attributes
    ----------
    key, name : str
        Of the sub-network; empty where there is none.
    figures : DataFrame
        ``index`` (``capacity``, what all patches hold, then the others of overall.csv), ``unit``,
        ``before``, ``after``, ``change``, ``percent`` (of before; missing where that was 0).
    change : ConnectivityChange or None
        dA and dECA; None where a date has no habitat.
    events : PatchEvents or None
        Indices are rows of ``before`` and ``after``.
    patches : DataFrame or None
        A row an event: ``event``, ``before`` and ``after`` (ids), ``name`` (of the only patch after, where
        it bears one), ``area_before_ha``, ``area_after_ha``,
        ``area_kept_ha``, and for one patch that stayed one ``importance_before``, ``importance_after``,
        ``importance_change`` (dPC, in percent and points of percent).
    before, after : GeoDataFrame or None
        Patches of each date.
    """

    key: str
    name: str
    figures: DataFrame
    change: ConnectivityChange | None
    events: PatchEvents | None
    patches: DataFrame | None
    before: GeoDataFrame | None
    after: GeoDataFrame | None


@dataclass(frozen=True)
class Comparison:
    """What changed between two dates.

    Attributes
    ----------
    before, after : Path
        The two folders.
    titles, dates : (before, after) of str
        Dates are ISO, or empty.
    language : {"fr", "en"}
    graphs : tuple of GraphChange
        Those found at both dates.
    only_before, only_after : tuple of str
        Names of the graphs of one date alone.
    mesh : DataFrame or None
        ``id``, ``name``, then as :func:`bocage.fragmentation.change.compare_mesh`; the last row, with an
        empty ``id``, is the whole.
    pattern : DataFrame or None
        Area [ha] that went from the class of the row to that of the column.
    settings : mapping
        Thresholds of the comparison, for the record.
    """

    before: Path
    after: Path
    titles: tuple[str, str]
    dates: tuple[str, str]
    language: Language
    graphs: tuple[GraphChange, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    mesh: DataFrame | None
    pattern: DataFrame | None
    settings: Mapping[str, float] = field(default_factory=dict)


def compare_indices(
    before: Path,
    after: Path,
    *,
    language: Language | None = None,
    min_share: float = 0.01,
    stable_share: float = 0.01,
    tolerance_percent: float = 0.05,
) -> Comparison:
    """Compare the indices of two dates.

    Parameters
    ----------
    before, after : Path
        Folders that `bocage indices` wrote, output folders of studies that hold one, or study files.
    language : {"fr", "en"}, optional
        That of the second date by default.
    min_share : float
        Patches that share no more than this part of the smaller one are not the same: borders drawn twice
        never meet exactly.
    stable_share : float
        A patch whose area moved by no more than this part of it is stable.
    tolerance_percent : float
        Changes of habitat and connectivity that differ by no more are equal: less is not told either, and
        tables hold nine digits [points of percent].

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If a folder holds no indices, both are one folder, or they have nothing in common.
    DataError
        If the two dates were measured otherwise: another dispersal, other territories, another grid.

    See Also
    --------
    bocage.fragmentation.change.compare_eca : dA, dECA and their reading (Saura et al. 2011).
    bocage.fragmentation.patch_events.trace_patches : what became of each patch.
    """
    old, new = find_folder(before), find_folder(after)
    if old == new:
        raise InputError(
            f"both dates are the folder '{old.as_posix()}'; give the indices of two dates, "
            "written to two folders with bocage indices --output."
        )
    records = read_record(old), read_record(new)
    tables = read_graphs(old, records[0]), read_graphs(new, records[1])
    shared = [key for key in tables[0] if key in tables[1]]
    if len(tables[0]) == len(tables[1]) == 1 and not shared:
        # One network at each date: its name may have changed, not what it is.
        tables = {"": next(iter(tables[0].values()))}, {"": next(iter(tables[1].values()))}
        shared = [""]
    _require_same_terms(records, shared)
    settings = {
        "min_share": min_share, "stable_share": stable_share, "tolerance_percent": tolerance_percent
    }  # fmt: skip
    graphs = tuple(_compare_graph(key, tables[0][key], tables[1][key], settings) for key in shared)
    _require_same_cells(records)
    mesh = _compare_mesh(old, new)
    pattern = _compare_pattern(old, new)
    if not graphs and mesh is None and pattern is None:
        raise InputError(
            f"'{old.as_posix()}' and '{new.as_posix()}' have no table in common; "
            "measure the same sub-networks or the same land cover at both dates."
        )
    titles = tuple(str(record.get("title") or folder.parent.name) for record, folder in zip(
        records, (old, new), strict=True))  # fmt: skip
    return Comparison(
        before=old,
        after=new,
        titles=(titles[0], titles[1]),
        dates=(str(records[0].get("date") or ""), str(records[1].get("date") or "")),
        language=language or ("en" if records[1].get("language") == "en" else "fr"),
        graphs=graphs,
        only_before=tuple(tables[0][key].name or key for key in tables[0] if key not in shared),
        only_after=tuple(tables[1][key].name or key for key in tables[1] if key not in shared),
        mesh=mesh,
        pattern=pattern,
        settings=settings,
    )


def _require_same_terms(records: tuple[dict[str, Any], dict[str, Any]], shared: list[str]) -> None:
    """Refuse two dates that were measured with another dispersal: their ECA do not compare."""
    terms = [list_terms(record) for record in records]
    for key in shared:
        old, new = (each.get(key, {}) for each in terms)
        for what in ("dispersal", "probability"):
            a, b = old.get(what), new.get(what)
            if isinstance(a, int | float) and isinstance(b, int | float) and not np.isclose(a, b, rtol=1e-9):
                label = f"of '{key}' " if key else ""
                raise DataError(
                    f"the {what} {label}is {a:g} before and {b:g} after, so that their indices do not "
                    f"compare; measure both dates with the same --{what}."
                )


def _require_same_cells(records: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Refuse two dates whose ground was measured by other rules; barriers may change, as roads are built."""
    old, new = (record.get("parameters") or {} for record in records)
    for what in ("natural", "edge_width", "neighbours"):
        a, b = old.get(what), new.get(what)
        if a != b and a is not None and b is not None:
            option = what.replace("_", "-")
            raise DataError(
                f"--{option} is {_show(a)} before and {_show(b)} after, so that the dates do not compare; "
                f"measure both with the same --{option}."
            )


def _show(value: Any) -> str:
    return (", ".join(map(str, value)) or "not given") if isinstance(value, list) else str(value)


# --- the graph ---------------------------------------------------------------------------------------


def _compare_graph(
    key: str, old: GraphTables, new: GraphTables, settings: Mapping[str, float]
) -> GraphChange:
    figures = _compare_figures(old, new)
    pairs = zip(figures["before"].to_list(), figures["after"].to_list(), strict=True)
    values = dict(zip(figures["index"].to_list(), pairs, strict=True))
    change = None
    if "ECA" in values:
        area, eca = values[_AREA], values["ECA"]
        if area[0] > 0 and eca[0] > 0 and np.isfinite([*area, *eca]).all():
            change = compare_eca(area, eca, tolerance_percent=settings["tolerance_percent"])
    drawn = old.shapes is not None and new.shapes is not None
    overlap = _overlay(old, new)
    events = None if overlap is None else _trace(overlap, settings["min_share"], settings["stable_share"])
    return GraphChange(
        key=key,
        name=new.name or key,
        figures=figures,
        change=change,
        events=events,
        patches=None if events is None else _tabulate_events(events, old.nodes, new.nodes),
        before=old.shapes if drawn else None,
        after=new.shapes if drawn else None,
    )


def _compare_figures(old: GraphTables, new: GraphTables) -> DataFrame:
    import pandas as pd

    rows = [(_AREA, _find_unit(old), float(old.nodes["capacity"].sum()), float(new.nodes["capacity"].sum()))]
    later = dict(zip(new.overall["index"].to_list(), new.overall["value"].to_list(), strict=True))
    units = old.overall["unit"] if "unit" in old.overall.columns else [""] * len(old.overall)
    for index, unit, value in zip(old.overall["index"], units, old.overall["value"], strict=True):
        if index in later and index != _AREA:
            rows.append((str(index), str(unit), float(value), float(later[index])))
    table = pd.DataFrame(rows, columns=["index", "unit", "before", "after"])
    table["change"] = table["after"] - table["before"]
    first = table["before"].abs().to_numpy()
    table["percent"] = np.where(first > 0, 100 * table["change"] / np.where(first > 0, first, 1), np.nan)
    return table


def _find_unit(graph: GraphTables) -> str:
    """Give the unit of capacities: that of the ECA."""
    if "unit" not in graph.overall.columns:
        return ""
    found = graph.overall.loc[graph.overall["index"] == "ECA", "unit"]
    return str(found.iloc[0]) if len(found) else ""


def _overlay(old: GraphTables, new: GraphTables) -> Overlap | None:
    """Tell which patches share ground; by their ids where they have no outline."""
    from bocage.fragmentation.patch_events import Overlap, overlay_polygons

    if old.shapes is not None and new.shapes is not None:
        return overlay_polygons(old.shapes, new.shapes)
    later = {name: row for row, name in enumerate(new.nodes["id"].to_list())}
    pairs = [(row, later[name]) for row, name in enumerate(old.nodes["id"].to_list()) if name in later]
    if not pairs:
        return None
    one, other = np.array(pairs, np.int64).T
    area = old.nodes["capacity"].to_numpy(np.float64) * M2_PER_HA
    after = new.nodes["capacity"].to_numpy(np.float64) * M2_PER_HA
    return Overlap(area, after, one, other, np.minimum(area[one], after[other]))


def _trace(overlap: Overlap, min_share: float, stable_share: float) -> PatchEvents:
    from bocage.fragmentation.patch_events import trace_patches

    return trace_patches(overlap, min_share=min_share, stable_share=stable_share)


def _tabulate_events(events: PatchEvents, old: DataFrame, new: DataFrame) -> DataFrame:
    table = events.to_table()
    ids = old["id"].to_list(), new["id"].to_list()
    for column, names, groups in zip(("before", "after"), ids, (events.before, events.after), strict=True):
        table[column] = [" ".join(names[row] for row in group) for group in groups]
    named = new["name"].to_list() if "name" in new.columns else [""] * len(new)
    table.insert(3, "name", [named[group[0]] if len(group) == 1 else "" for group in events.after])
    values = [
        nodes["dPC"].to_numpy(np.float64) if "dPC" in nodes.columns else np.full(len(nodes), np.nan)
        for nodes in (old, new)
    ]
    # The importance of several patches is not the sum of theirs: told for one that stayed one.
    alone = [len(a) == len(b) == 1 for a, b in zip(events.before, events.after, strict=True)]
    for column, each, groups in zip(
        ("importance_before", "importance_after"), values, (events.before, events.after), strict=True
    ):
        table[column] = [each[group[0]] if one else np.nan for one, group in zip(alone, groups, strict=True)]
    table["importance_change"] = table["importance_after"] - table["importance_before"]
    return table


# --- the ground --------------------------------------------------------------------------------------


def _compare_mesh(old: Path, new: Path) -> DataFrame | None:
    from dataclasses import fields

    from bocage.fragmentation.mesh_figures import MeshFigures

    tables = [read_table(folder, "mesh.csv") for folder in (old, new)]
    if tables[0] is None or tables[1] is None:
        return None
    figures = []
    names = [each.name for each in fields(MeshFigures)][1:]
    for folder, table in zip((old, new), tables, strict=True):
        assert table is not None
        require_columns(table, ("id", *names), folder / "mesh.csv")
        arrays = {name: table[name].to_numpy(np.float64) for name in names}
        figures.append(MeshFigures(unit_ids=tuple(table["id"]), **arrays))  # type: ignore[arg-type]
    changed = compare_mesh(*figures).rename(columns={"unit": "id"})
    changed.insert(1, "name", tables[0]["name"].to_list() if "name" in tables[0].columns else "")
    return changed


def _compare_pattern(old: Path, new: Path) -> DataFrame | None:
    from bocage.fragmentation.transitions import tabulate_transitions
    from bocage.study.indices.pattern_files import BASIC_CLASSES, MISSING, fold_codes

    paths = old / "pattern.tif", new / "pattern.tif"
    if not all(path.is_file() for path in paths):
        return None
    (first, place, cell_m2), (second, other, _) = read_codes(paths[0]), read_codes(paths[1])
    if place != other:
        raise DataError(
            f"the spatial patterns of the two dates are not on one grid ({_say_place(place)} before, "
            f"{_say_place(other)} after); measure both on the same extent and cells."
        )
    found = tabulate_transitions(fold_codes(first), fold_codes(second), cell_area_m2=cell_m2, nodata=MISSING)
    return found.to_table(dict(enumerate(BASIC_CLASSES)))


def _say_place(place: tuple[Any, ...]) -> str:
    (rows, cols), transform, crs = place
    return (
        f"{rows} x {cols} cells of {transform[0]:g} m from {transform[2]:.0f} east {transform[5]:.0f} north, "
        f"{crs.to_string() if crs else 'no coordinate system'}"
    )
