"""What the columns of lines and works mean, checked and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.errors import CRSError, InputError
from bocage.rivers.orienting import EVIDENCE, Evidence, read_directions

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LineColumns:
    """Columns of the lines; None where there is none.

    Attributes
    ----------
    id, name : str, optional
    start_node, end_node : str, optional
        Identifiers of the nodes that water leaves and reaches, as ``ID_ND_INI`` and ``ID_ND_FIN`` of BD
        Carthage. Ends with one identifier are one place.
    direction : str, optional
        Whether lines flow as digitised, as ``SENS``; see ``bocage.rivers.orienting.read_directions``.
    level : str, optional
        Lines of different levels cross without meeting, as ``POS_SOL`` or ``NUM_SUPERP``.
    canal : str, optional
        True for canals: where water parts, the river is the main way.
    keep : sequence of str
        Others to carry to the reaches, as the lists of article L.214-17.
    """

    id: str | None = None
    name: str | None = None
    start_node: str | None = None
    end_node: str | None = None
    direction: str | None = None
    level: str | None = None
    canal: str | None = None
    keep: Sequence[str] = ()


@dataclass(frozen=True)
class WorkColumns:
    """Columns of the works; None where there is none.

    Attributes
    ----------
    id, name, river : str, optional
        ``river`` is the name of the river that the work is said to stand on.
    kind, state, height_m, fish_pass : str, optional
        As ``bocage.rivers.passability.rate_works`` reads them.
    keep : sequence of str
        Others to carry: ICE classes, duties (list 1 and 2, priority, removal that may not be imposed), costs.
    """

    id: str | None = None
    name: str | None = None
    river: str | None = None
    kind: str | None = None
    state: str | None = None
    height_m: str | None = None
    fish_pass: str | None = None
    keep: Sequence[str] = ()


def check_tables(
    lines: GeoDataFrame,
    works: GeoDataFrame | None,
    columns: LineColumns,
    work_columns: WorkColumns,
    snap_m: float,
    works_snap_m: float,
    orientation: Sequence[Evidence],
) -> None:
    """Refuse what cannot be read as a network."""
    import shapely

    for table, what in ((lines, "lines"), (works, "works")):
        if table is None:
            continue
        if table.crs is None:
            raise CRSError(f"The river {what} have no coordinate system; give them the one they are in.")
        if table.crs.is_geographic:
            raise CRSError(f"The river {what} are in degrees ({table.crs.name}); reproject them to metres.")
    if works is not None and works.crs != lines.crs:
        raise CRSError(f"The works are in {works.crs.name}, the river lines in {lines.crs.name}; use one.")
    if not (snap_m >= 0 and np.isfinite(snap_m)):
        raise InputError(f"snap_m is {snap_m}; give a number of metres from 0 up.")
    if not (works_snap_m > 0 and np.isfinite(works_snap_m)):
        raise InputError(f"works_snap_m is {works_snap_m}; give a number of metres above 0.")
    unknown = [key for key in orientation if key not in EVIDENCE]
    if unknown:
        raise InputError(f"orientation names {unknown[0]!r}; choose among {', '.join(EVIDENCE)}.")
    named = [columns.id, columns.name, columns.start_node, columns.end_node, columns.direction]
    named += [columns.level, columns.canal, *columns.keep]
    _check_columns(lines, named, "river lines")
    if (columns.start_node is None) != (columns.end_node is None):
        raise InputError("Only one of start_node and end_node is named; name both columns or neither.")
    kinds = shapely.get_type_id(lines.geometry.to_numpy())
    wrong = np.flatnonzero(~np.isin(kinds, [-1, 1, 2, 5]))
    if wrong.size:
        found = lines.geometry.iloc[wrong[0]].geom_type
        raise InputError(f"Row {wrong[0]} of the river lines is a {found}; give lines only.")
    if works is not None:
        named = [work_columns.id, work_columns.name, work_columns.river, work_columns.kind]
        named += [work_columns.state, work_columns.height_m, work_columns.fish_pass, *work_columns.keep]
        _check_columns(works, named, "works")
        wrong = np.flatnonzero(~np.isin(shapely.get_type_id(works.geometry.to_numpy()), [-1, 0]))
        if wrong.size:
            found = works.geometry.iloc[wrong[0]].geom_type
            raise InputError(f"Row {wrong[0]} of the works is a {found}; give points only.")


def _check_columns(table: GeoDataFrame, named: Sequence[str | None], what: str) -> None:
    """Refuse a column that is not there."""
    for column in named:
        if column is not None and column not in table.columns:
            there = ", ".join(str(name) for name in table.columns if name != table.geometry.name)
            raise InputError(f"The {what} have no column {column!r}; they have {there}.")


def read_said(lines: GeoDataFrame, columns: LineColumns, source: Ints) -> dict[Evidence, Ints]:
    """Read what the columns say of the direction of flow: 1 as digitised."""
    said: dict[Evidence, Ints] = {}
    if columns.start_node is not None and columns.end_node is not None:
        said["nodes"] = orient_by_nodes(lines, columns.start_node, columns.end_node)[source]
    if columns.direction is not None:
        said["direction"] = read_directions(lines[columns.direction])[source]
        if "nodes" in said:
            # Nodes only say between what a line runs where its direction is said to be unknown.
            said["nodes"] = np.where(said["direction"] == 0, 0, said["nodes"])
    return said


def orient_by_nodes(lines: GeoDataFrame, start_node: str, end_node: str) -> Ints:
    """Say whether each line is digitised from its start node to its end node: 1, -1, or 0 unsure.

    A node lies where the ends of its lines are in the median; a line whose ends fit its nodes better the
    other way round is digitised backwards.
    """
    import pandas
    import shapely

    geometry = lines.geometry.to_numpy()
    single = shapely.get_num_geometries(geometry) == 1
    part = shapely.force_2d(shapely.get_geometry(geometry, 0))
    head = shapely.get_coordinates(shapely.get_point(part[single], 0)).reshape(-1, 2)
    tail = shapely.get_coordinates(shapely.get_point(part[single], -1)).reshape(-1, 2)
    code = pandas.factorize(pandas.concat([lines[start_node], lines[end_node]], ignore_index=True))[0]
    begins, ends = code[: len(lines)][single], code[len(lines) :][single]
    known = (begins >= 0) & (ends >= 0)
    both = pandas.DataFrame(
        {
            "node": np.concatenate([begins, ends, begins, ends]),
            "x": np.concatenate([head[:, 0], tail[:, 0], tail[:, 0], head[:, 0]]),
            "y": np.concatenate([head[:, 1], tail[:, 1], tail[:, 1], head[:, 1]]),
        }
    )
    # The place that most lines of a node share is one of their two ends, whichever way they are digitised.
    both["x"], both["y"] = both["x"].round(1), both["y"].round(1)
    votes = both.groupby(["node", "x", "y"], sort=True).size().reset_index(name="votes")
    place = votes.sort_values(["node", "votes", "x", "y"], ascending=[True, False, True, True])
    place = place.drop_duplicates("node").set_index("node")
    clear = votes.groupby("node")["votes"].agg(lambda found: (found == found.max()).sum() == 1)
    xy = place[["x", "y"]].reindex(range(int(code.max(initial=-1)) + 1)).to_numpy()
    sure = clear.reindex(range(len(xy)), fill_value=False).to_numpy(bool)

    def gap(points: Floats, node: Ints) -> Floats:
        away = np.hypot(*(points - xy[node]).T)
        return np.where(sure[node] & (node >= 0), away, 0.0)

    straight = gap(head, begins) + gap(tail, ends)
    crossed = gap(tail, begins) + gap(head, ends)
    said = np.zeros(len(lines), dtype=np.int64)
    said[single] = np.where(known, np.where(straight <= crossed, 1, -1), 0)
    return said


def read_texts(table: GeoDataFrame, column: str | None) -> NDArray[np.object_]:
    """Read a column of words; nothing for nothing."""
    if column is None:
        return np.full(len(table), "", dtype=object)
    words = ["" if value is None or value != value else str(value).strip() for value in table[column]]
    return np.array(words, dtype=object)
