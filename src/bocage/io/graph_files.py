"""Landscape graphs as files: those of Conefor, and tables of nodes and links as CSV or Parquet.

Conefor reads a node file, ``id attribute`` a line, and a connection file, ``id id value`` a line, where the
value is a distance or a probability; columns are parted by tabs or spaces, and nothing heads them.
Source: Saura and Torné (2009), doi:10.1016/j.envsoft.2008.05.005, and the manual of Conefor 2.6.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.building import Unknown, build_from_frames, build_graph
from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.errors import DataError, InputError
from bocage.io.files import replace_on_success, require_file, say_cause
from bocage.journal import Journal

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Floats = NDArray[np.float64]

_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class ConeforNetwork:
    """What the files of Conefor say.

    Attributes
    ----------
    graph : LandscapeGraph
    to_add : (n,) array of bool
        Nodes that are not there yet: 0 in the third column of the node file (Conefor's ``-nodetypes``).
    changed : (m,) array of float64 or None
        Cost of each link after the change to judge: the fourth column of the connection file; NaN where the
        line has three.
    """

    graph: LandscapeGraph
    to_add: NDArray[np.bool_]
    changed: Floats | None


def read_conefor(
    nodes: str | Path,
    links: str | Path,
    *,
    probability: bool = False,
    unknown: Unknown = "refuse",
    journal: Journal | None = None,
) -> ConeforNetwork:
    """Read a node file and a connection file of Conefor.

    Parameters
    ----------
    nodes : path
        ``id attribute`` a line, and a third column of 0 (to add) and 1 (there) with ``-nodetypes``. Ids may
        be any words.
    links : path
        ``id id value`` a line; with two columns only, links cost 1. A fourth column gives the value after a
        change. Each pair may be listed once or both ways.
    probability : bool
        Whether values are probabilities: the cost is ``-ln p`` (see ``build_graph``).
    unknown : {"refuse", "drop"}
    journal : Journal, optional
        Told what was left out.

    Returns
    -------
    ConeforNetwork

    Raises
    ------
    InputError
        A file is absent, or lines are not what they must be: the sentence names the lines.
    DataError
        The values cannot be a graph.
    """
    nodes, links = require_file(nodes, "nodes"), require_file(links, "links")
    rows = list(_read_lines(nodes, 2, 3, 1))
    ids = [row.words[0] for row in rows]
    _refuse_lines(nodes, "a node that is there twice", rows, _mark_repeats(ids))
    capacity = np.array([row.numbers[0] for row in rows], np.float64)
    _refuse_lines(nodes, "an attribute below 0", rows, ~(capacity >= 0))
    kinds = np.array([row.numbers[1] if len(row.numbers) > 1 else 1.0 for row in rows], np.float64)
    _refuse_lines(nodes, "a node type other than 0 (to add) and 1", rows, ~np.isin(kinds, (0.0, 1.0)))

    lines = list(_read_lines(links, 2, 4, 2))
    _refuse_lines(links, "as many columns as no other line before", lines, _mark_uneven(lines))
    value = np.array([row.numbers[0] if row.numbers else 1.0 for row in lines], np.float64)
    after = np.array([row.numbers[1] if len(row.numbers) > 1 else np.nan for row in lines], np.float64)
    for values in (value, after):
        _refuse_lines(links, "a value below 0", lines, values < 0)
        if probability:
            _refuse_lines(links, "a probability above 1", lines, values > 1)
    known = set(ids)
    lost = np.array([not known.issuperset(row.words) for row in lines], bool)
    if unknown == "refuse":
        _refuse_lines(links, f"a node that '{nodes.name}' has not", lines, lost)
    first = _find_first(lines)
    repeated = first != np.arange(len(lines))
    _refuse_lines(links, "another value for a pair listed before", lines, repeated & (value != value[first]))
    keep = np.flatnonzero(~repeated)
    graph = build_graph(
        ids,
        capacity,
        [lines[k].words[0] for k in keep],
        [lines[k].words[1] for k in keep],
        value[keep],
        probability=probability,
        unknown=unknown,
        journal=journal,
    )
    changed = None
    if np.isfinite(after).any():
        with np.errstate(divide="ignore"):
            costs = np.abs(-np.log(after)) if probability else after
        place = {lines[k].words: costs[k] for k in keep}
        ends = zip(graph.start.tolist(), graph.end.tolist(), strict=True)
        changed = np.array([place[ids[one], ids[other]] for one, other in ends], np.float64)
    return ConeforNetwork(graph, kinds == 0, changed)


def write_conefor(
    graph: LandscapeGraph,
    nodes: str | Path,
    links: str | Path,
    *,
    dispersal: Dispersal | None = None,
    to_add: NDArray[np.bool_] | None = None,
) -> None:
    """Write the node file and the connection file that Conefor reads.

    Parameters
    ----------
    graph : LandscapeGraph
        Of parallel links the cheapest is written; lengths, positions and ways across patches are not.
    nodes, links : path
    dispersal : Dispersal, optional
        To write probabilities instead of costs.
    to_add : (n,) array of bool, optional
        Nodes to judge as additions, for Conefor's ``-nodetypes``.

    Raises
    ------
    DataError
        An id holds a space, which parts columns there.
    OutputError
        A file cannot be written.
    """
    spaced = [name for name in graph.ids if len(name.split()) != 1]
    if spaced:
        raise DataError(
            f"{len(spaced)} id(s) hold a space or nothing ({_list(spaced)}), which Conefor cannot read; give "
            "them other names."
        )
    kinds = [""] * graph.count if to_add is None else [f"\t{int(not one)}" for one in to_add]
    with replace_on_success(nodes) as part:
        part.write_text(
            "".join(
                f"{name}\t{_write_number(value)}{kind}\n"
                for name, value, kind in zip(graph.ids, graph.capacity.tolist(), kinds, strict=True)
            ),
            encoding="utf-8",
            newline="\n",
        )
    low, high = np.minimum(graph.start, graph.end), np.maximum(graph.start, graph.end)
    order = np.lexsort((graph.cost, high, low))
    single = np.ones(len(order), bool)
    single[1:] = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    values = (graph.cost if dispersal is None else dispersal.reach(graph.cost)).tolist()
    with replace_on_success(links) as part:
        part.write_text(
            "".join(
                f"{graph.ids[graph.start[k]]}\t{graph.ids[graph.end[k]]}\t{_write_number(values[k])}\n"
                for k in np.sort(order[single])
            ),
            encoding="utf-8",
            newline="\n",
        )


def read_graph_tables(
    nodes: str | Path,
    links: str | Path,
    *,
    id: str = "id",
    capacity: str = "capacity",
    start: str = "from_id",
    end: str = "to_id",
    cost: str = "cost",
    link_id: str | None = "id",
    length: str | None = "length_m",
    habitat: str | None = None,
    probability: bool = False,
    unknown: Unknown = "refuse",
    journal: Journal | None = None,
) -> LandscapeGraph:
    """Read tables of nodes and links, CSV or Parquet.

    CSV is parted by commas, or by semicolons with decimal commas as French spreadsheets write it. Columns
    ``x`` and ``y`` of the nodes, where they are there, are positions [m].

    Parameters
    ----------
    nodes, links : path
        ``.csv`` or ``.parquet``.
    id, capacity, start, end, cost, link_id, length, habitat
        Columns, as in ``build_from_frames``; ``habitat`` is read where it is there.
    probability, unknown, journal
        As in ``build_graph``.

    Returns
    -------
    LandscapeGraph

    Raises
    ------
    InputError
        A file is absent or of another kind, a column lacks, or lines hold no number where one must be.
    DataError
        The values cannot be a graph.
    """
    import geopandas

    node_table = _read_table(nodes, "nodes", (capacity, "x", "y"))
    link_table = _read_table(links, "links", (cost, *([length] if length else [])))
    if {"x", "y"} <= set(node_table.columns):
        points = geopandas.points_from_xy(node_table["x"], node_table["y"])
        node_table = geopandas.GeoDataFrame(node_table, geometry=points)
    return build_from_frames(
        node_table,
        link_table,
        id=id,
        capacity=capacity,
        start=start,
        end=end,
        cost=cost,
        link_id=link_id,
        length=length,
        habitat=habitat or ("habitat" if "habitat" in node_table.columns else None),
        probability=probability,
        unknown=unknown,
        journal=journal,
    )


def write_graph_tables(graph: LandscapeGraph, nodes: str | Path, links: str | Path) -> None:
    """Write tables of nodes and links, CSV or Parquet by the name of each file.

    Parameters
    ----------
    graph : LandscapeGraph
        Ways across patches are not written.
    nodes : path
        ``id``, ``capacity``, then ``x`` and ``y`` [m] and ``habitat`` where known.
    links : path
        ``id``, ``from_id``, ``to_id``, ``cost``, then ``length_m`` where known. Numbers in CSV have all their
        digits.

    Raises
    ------
    InputError
        A file is neither .csv nor .parquet.
    OutputError
        A file cannot be written.
    """
    import pandas

    rows: dict[str, Any] = {"id": list(graph.ids), "capacity": graph.capacity}
    if graph.position is not None:
        rows["x"], rows["y"] = graph.position.T
    if graph.habitat is not None:
        rows["habitat"] = [graph.habitats[place] for place in graph.habitat]
    edges: dict[str, Any] = {
        "id": list(graph.link_ids),
        "from_id": [graph.ids[place] for place in graph.start],
        "to_id": [graph.ids[place] for place in graph.end],
        "cost": graph.cost,
    }
    if graph.length is not None:
        edges["length_m"] = graph.length
    for path, columns in ((Path(nodes), rows), (Path(links), edges)):
        kind = _name_kind(path)
        table = pandas.DataFrame(columns)
        with replace_on_success(path) as part:
            if kind == ".parquet":
                table.to_parquet(part, index=False)
            else:
                table.to_csv(part, index=False, encoding="utf-8-sig", lineterminator="\n")


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    words: tuple[str, ...]
    numbers: tuple[float, ...]


def _read_lines(path: Path, least: int, most: int, words: int) -> Iterator[_Row]:
    """Read lines of ``words`` names then numbers; empty lines are passed over."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="cp1252", errors="replace")
    except OSError as error:
        raise InputError(f"'{path.as_posix()}' cannot be read: {say_cause(error)}.") from error
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if not parts:
            continue
        if not least <= len(parts) <= most:
            raise InputError(
                f"'{path.name}', line {number}: {len(parts)} column(s) parted by tabs or spaces, and {least} "
                f"to {most} were expected; correct the line."
            )
        values = []
        for part in parts[words:]:
            try:
                values.append(float(part))
            except ValueError:
                mend = (
                    "write decimals with a point"
                    if part.replace(",", "", 1).lstrip("+-").isdigit()
                    else "remove the line of headings"
                    if number == 1
                    else "give a number"
                )
                raise InputError(f"'{path.name}', line {number}: '{part}' is no number; {mend}.") from None
            if not math.isfinite(values[-1]):
                raise InputError(
                    f"'{path.name}', line {number}: '{part}' is no finite number; remove the line."
                )
        yield _Row(number, tuple(parts[:words]), tuple(values))


def _refuse_lines(path: Path, what: str, rows: Sequence[_Row], odd: NDArray[np.bool_]) -> None:
    if odd.any():
        places = np.flatnonzero(odd)
        shown = ", ".join(f"{rows[k].line} ({' '.join(rows[k].words)})" for k in places[:_SHOWN])
        more = " …" if len(places) > _SHOWN else ""
        raise InputError(f"'{path.name}' has {what} at line(s) {shown}{more}; correct {len(places)} line(s).")


def _mark_repeats(names: Sequence[str]) -> NDArray[np.bool_]:
    seen: set[str] = set()
    marks = []
    for name in names:
        marks.append(name in seen)
        seen.add(name)
    return np.array(marks, bool)


def _mark_uneven(rows: Sequence[_Row]) -> NDArray[np.bool_]:
    """Mark lines of two columns among lines of more, and the reverse."""
    bare = np.array([not row.numbers for row in rows], bool)
    return bare != bare[0] if len(bare) else bare


def _find_first(rows: Sequence[_Row]) -> NDArray[np.int64]:
    """Give the first line of each pair, whichever way it is listed."""
    first: dict[frozenset[str], int] = {}
    return np.array([first.setdefault(frozenset(row.words), k) for k, row in enumerate(rows)], np.int64)


def _name_kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in (".csv", ".parquet"):
        raise InputError(f"'{path.name}' is neither .csv nor .parquet; give a file of one of these kinds.")
    return kind


def _read_table(path: str | Path, name: str, numbers: Sequence[str]) -> DataFrame:
    """Read a table; columns ``numbers``, where they are there, as numbers, others of a CSV as text."""
    import pandas

    path = require_file(path, name)
    if _name_kind(path) == ".parquet":
        try:
            table = pandas.read_parquet(path)
        except Exception as error:
            raise InputError(f"'{path.name}' is no Parquet file: {say_cause(error)}.") from error
        return table
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline()
        french = head.count(";") > head.count(",")
        # All as text: a patch may be called 01 or NA, and numbers must keep their last digit.
        table = pandas.read_csv(
            path,
            sep=";" if french else ",",
            encoding="utf-8-sig",
            dtype=str,
            keep_default_na=False,
            na_values=[""],
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise InputError(f"'{path.name}' cannot be read as CSV in UTF-8: {say_cause(error)}.") from error
    for column in numbers:
        if column in table.columns:
            table[column] = _convert(path, column, table[column], french)
    return table


def _convert(path: Path, column: str, values: Series, french: bool) -> Floats:
    """Convert texts to numbers, NaN where empty; the header is line 1."""
    numbers, odd = np.full(len(values), np.nan), []
    for place, (text, lacks) in enumerate(zip(values, values.isna() | (values == "NA"), strict=True)):
        if not lacks:
            try:
                numbers[place] = float(text.replace(",", ".") if french else text)
            except ValueError:
                odd.append(place)
    if odd:
        shown = ", ".join(f"{place + 2} ({values.iloc[place]})" for place in odd[:_SHOWN])
        raise InputError(
            f"'{path.name}' has no number in column {column} at line(s) {shown}; correct {len(odd)} line(s)."
        )
    return numbers


def _write_number(value: float) -> str:
    """Write a number with all its digits, whole ones without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
