"""A river network from any lines: noded, flowing to outlets, with basins, orders, braids and works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.journal import Journal
from bocage.kernels.river_network import list_around, order_streams
from bocage.rivers.basins import list_basins, measure_gaps
from bocage.rivers.braids import choose_main_ways, list_braids
from bocage.rivers.columns import (
    LineColumns,
    WorkColumns,
    check_tables,
    orient_by_nodes,
    read_said,
    read_texts,
)
from bocage.rivers.orienting import EVIDENCE, Evidence, Sampler, orient_edges
from bocage.rivers.snapping import Edges, clean_lines, node_lines, snap_ends, split_lines
from bocage.rivers.works import place_works, space_works
from bocage.units import M_PER_KM

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# More ends than this share of snap tolerances apart under one node identifier is a mistake of the data.
_TOLD_SNAPS = 100.0
_MOST_ENDS = 5


@dataclass(frozen=True)
class RiverNetwork:
    """Reaches that flow to outlets, and the works between them.

    Attributes
    ----------
    reaches : GeoDataFrame
        A row a reach, ``id`` its row: ``id``, ``name``, ``downstream`` (id of the next reach along the main
        way; -1 where water leaves the network), ``length_m``, ``basin``, ``component``, ``strahler``,
        ``shreve``, ``in_braid``, ``braid`` (-1 on none), ``is_canal``, ``reversed`` (flows against what was
        said of it), ``evidence`` (nodes, direction, dem, digitised), ``source`` (identifier of the line),
        ``start_node``, ``end_node``, the columns kept, and LineStrings that flow from start to end.
    works : GeoDataFrame
        A row a work given, in the order given: ``id``, ``name``, ``river``, ``kind``, ``state``,
        ``height_m``, ``fish_pass``, ``reach_above``, ``reach_below`` (ids; -1 for those on no river),
        ``distance_m``, ``doubtful``, ``doubt``, ``braid``, the columns kept, and points as given.
    basins : DataFrame
        From the longest: ``basin``, ``component``, ``is_main`` (the longest of its component), ``isolated``
        (its component comes from one line that touches no other), ``reaches``, ``length_m``, ``works``,
        ``outlet_node``, ``x``, ``y``, ``gap_m`` (from the outlet to the nearest reach of another basin, if
        within 100 m: the tolerance that would join them).
    braids : DataFrame
        See ``bocage.rivers.braids.list_braids``.
    repairs : DataFrame
        All that was mended or found: ``code``, ``source`` (identifier of the line), ``length_m``.
    """

    reaches: GeoDataFrame
    works: GeoDataFrame
    basins: DataFrame
    braids: DataFrame
    repairs: DataFrame

    def list_sources(self, code: str) -> list[Any]:
        """List the lines that a repair concerns, each once, in the order found."""
        return list(dict.fromkeys(self.repairs.loc[self.repairs["code"] == code, "source"]))


@dataclass
class _Log:
    """Repairs as they are made."""

    ids: NDArray[np.object_]
    codes: list[str] = field(default_factory=list)
    rows: list[Ints] = field(default_factory=list)
    lengths: list[Floats] = field(default_factory=list)

    def __call__(self, code: str, rows: Ints, lengths: Floats) -> None:
        if len(rows):
            self.codes.append(code)
            self.rows.append(np.asarray(rows, dtype=np.int64))
            self.lengths.append(np.asarray(lengths, dtype=np.float64))

    def table(self) -> DataFrame:
        import pandas

        empty = np.zeros(0, dtype=np.int64)
        rows = np.concatenate([empty, *self.rows])
        return pandas.DataFrame(
            {
                "code": np.repeat(np.array(self.codes, dtype=object), [len(found) for found in self.rows]),
                "source": self.ids[rows],
                "length_m": np.concatenate([np.zeros(0), *self.lengths]),
            }
        )


def build_river_network(
    lines: GeoDataFrame,
    works: GeoDataFrame | None = None,
    *,
    snap_m: float = 1.0,
    works_snap_m: float = 100.0,
    columns: LineColumns | None = None,
    work_columns: WorkColumns | None = None,
    orientation: Sequence[Evidence] = EVIDENCE,
    crossings: bool = True,
    dem: Sampler | None = None,
    outlets: NDArray[np.object_] | None = None,
    journal: Journal | None = None,
) -> RiverNetwork:
    """Build a river network from lines and works.

    Multi-part lines are split, heights dropped, lines without length and doubles (the same, reversed, or
    within ``snap_m`` between the same ends) removed; ends within ``snap_m`` are one node, lines are cut where
    an end lies on them and, unless told not to, where they cross; all flow to outlets (see
    ``bocage.rivers.orienting.orient_edges``). Works cut the reach they stand on. Nothing is dropped in
    silence: see ``repairs``, ``basins``, ``braids`` and the journal.

    Parameters
    ----------
    lines : GeoDataFrame
        LineStrings or MultiLineStrings in a projected CRS [m].
    works : GeoDataFrame, optional
        Points in the same CRS.
    snap_m : float
        Ends this near are one place [m], >= 0.
    works_snap_m : float
        Farthest river from a work [m], > 0; beyond half of it the place is doubtful.
    columns, work_columns : LineColumns, WorkColumns, optional
        Which columns say what; by default none does.
    orientation : sequence of {"nodes", "direction", "dem", "digitised"}
        What is believed of the direction of flow, first first.
    crossings : bool
        Whether lines of one level that cross meet there.
    dem : callable, optional
        Elevation of (n, 2) coordinates [m], NaN unknown; see ``bocage.rivers.orienting.sample_elevation``.
    outlets : array of Point, optional
        Where components are said to leave; found from the directions otherwise.
    journal : Journal, optional

    Raises
    ------
    CRSError
        The lines or works have no CRS, one in degrees, or not the same.
    InputError
        A column is missing, a tolerance is negative, or a geometry is of another kind.
    """
    import pandas
    import shapely

    columns, work_columns = columns or LineColumns(), work_columns or WorkColumns()
    check_tables(lines, works, columns, work_columns, snap_m, works_snap_m, orientation)
    ids = (np.arange(len(lines)) if columns.id is None else lines[columns.id].to_numpy()).astype(object)
    log = _Log(ids)
    edges = _make_edges(lines, columns, snap_m, crossings, log)
    line, source, start, end = edges.line, edges.source, edges.start, edges.end
    node_xy = edges.node_xy
    length = shapely.length(line)

    said = read_said(lines, columns, source)
    at = None
    if outlets is not None and len(node_xy):
        nodes_tree = shapely.STRtree(np.asarray(shapely.points(node_xy), dtype=object))
        at = nodes_tree.query_nearest(np.asarray(outlets, dtype=object), all_matches=False)[1]
    flow = orient_edges(start, end, length, node_xy, said=said, orientation=orientation, dem=dem, outlets=at)
    line = line.copy()
    line[flow.turned] = shapely.reverse(line[flow.turned])
    start, end = np.where(flow.turned, end, start), np.where(flow.turned, start, end)
    log("reversed", source[flow.against], length[flow.against])

    name = read_texts(lines, columns.name)[source]
    placed = _place(works, work_columns, line, source, start, end, name, works_snap_m, snap_m)
    on = np.flatnonzero(placed["edge"].to_numpy() >= 0)
    cut_edge = placed["edge"].to_numpy()[on]
    cut_at = space_works(cut_edge, placed["measure_m"].to_numpy()[on], length, on)
    pieces, came = split_lines(line, cut_edge, cut_at)
    start, end, node_of = _split_nodes(start, end, came, cut_edge, cut_at, len(node_xy))
    via_edge = _carry_ways(flow.via, came, start, end, cut_edge, len(on))

    length = shapely.length(pieces)
    source, name = source[came], name[came]
    nodes = len(node_xy) + len(on)
    xy = np.concatenate([node_xy, np.empty((len(on), 2))])
    canal = (
        np.zeros(len(lines), dtype=bool)
        if columns.canal is None
        else lines[columns.canal].map(lambda value: value is not None and value == True).to_numpy(bool)  # noqa: E712
    )[source]
    river_code = pandas.factorize(name)[0].astype(np.int64)
    river_code[name == ""] = -1
    main = choose_main_ways(start, end, via_edge, river_code, canal)
    first, around = list_around(start, end, nodes)
    strahler, shreve, done = order_streams(start, end, main, first, around)
    if done < nodes:
        raise DataError(f"Water flows in a circle at {nodes - done} places; please report these lines.")
    downstream = main[end]
    is_work = np.arange(nodes) >= len(node_xy)
    braid, braids = list_braids(start, end, length, is_work)
    reach_basin, component, basins = list_basins(downstream, start, end, source, length, xy)

    reaches: dict[str, Any] = {
        "id": np.arange(len(pieces)),
        "name": name,
        "downstream": downstream,
        "length_m": length,
        "basin": reach_basin,
        "component": component,
        "strahler": strahler,
        "shreve": shreve,
        "in_braid": braid >= 0,
        "braid": braid,
        "is_canal": canal,
        "reversed": flow.against[came],
        "evidence": flow.evidence[came],
        "source": ids[source],
        "start_node": start,
        "end_node": end,
    }
    for column in columns.keep:
        reaches[column] = lines[column].to_numpy()[source]
    table = _frame(reaches, pieces, lines.crs)
    work_table = _tell_works(works, work_columns, placed, on, node_of, start, end, braid, lines.crs)
    basins["gap_m"] = measure_gaps(basins, pieces, reach_basin)
    above = work_table["reach_above"].to_numpy()
    basins["works"] = np.bincount(reach_basin[above[above >= 0]], minlength=len(basins))
    alone = basins["isolated"].to_numpy()
    log("isolated", source[np.flatnonzero(alone[reach_basin])], length[alone[reach_basin]])
    second = ~basins["is_main"].to_numpy()
    ways_out = np.flatnonzero((downstream < 0) & second[reach_basin])
    log("second_outlet", source[ways_out], length[ways_out])
    network = RiverNetwork(table, work_table, basins, braids, log.table())
    if journal is not None:
        if not flow.trusted:
            journal.add("river_untrusted", count=flow.contradictions, total=flow.meetings)
        if len(flow.backwards):
            ends = node_xy[flow.backwards[:_MOST_ENDS]]
            places = " ; ".join(f"{x:.0f} {y:.0f}" for x, y in ends.tolist())
            more = "…" if len(flow.backwards) > len(ends) else ""
            journal.add("river_backwards", count=len(flow.backwards), places=places + more)
        _tell_journal(network, journal, works_snap_m)
    return network


def _make_edges(
    lines: GeoDataFrame, columns: LineColumns, snap_m: float, crossings: bool, log: _Log
) -> Edges:
    """Clean, node and snap the lines."""
    import pandas
    import shapely

    cleaned, source = clean_lines(lines.geometry.to_numpy(), log)
    level = np.zeros(len(cleaned), dtype=np.int64)
    if columns.level is not None:
        level = pandas.factorize(lines[columns.level], use_na_sentinel=False)[0][source]
    # Node identifiers speak of the ends of lines of one part, before they are cut.
    alone = np.bincount(source, minlength=len(lines))[source] == 1
    told = columns.start_node is not None and columns.end_node is not None
    pieces, origin = node_lines(
        cleaned, np.arange(len(cleaned)), snap_m=snap_m, crossings=crossings,
        level=level.astype(object), record=lambda code, rows, lengths: log(code, source[rows], lengths),
    )  # fmt: skip
    links = None
    if told:
        assert columns.start_node is not None and columns.end_node is not None
        count = len(pieces)
        head = np.flatnonzero(np.diff(origin, prepend=-1))
        tail = np.flatnonzero(np.diff(origin, append=-1))
        usable = alone[origin[head]]
        row = source[origin[head]][usable]
        nodes = pandas.concat([lines[columns.start_node], lines[columns.end_node]], ignore_index=True)
        code = pandas.factorize(nodes)[0]
        forth = orient_by_nodes(lines, columns.start_node, columns.end_node)[row] >= 0
        begins, ends_at = code[row], code[len(lines) + row]
        codes = np.concatenate([np.where(forth, begins, ends_at), np.where(forth, ends_at, begins)])
        ends = np.concatenate([head[usable], count + tail[usable]])
        xy = shapely.get_coordinates(
            np.concatenate([shapely.get_point(pieces, 0), shapely.get_point(pieces, -1)])[ends]
        )
        links = _link_nodes(codes, ends, xy, _TOLD_SNAPS * max(snap_m, 0.01))
    return snap_ends(pieces, source[origin], snap_m=snap_m, links=links, record=log)


def _link_nodes(codes: Ints, ends: Ints, xy: Floats, farthest_m: float) -> tuple[Ints, Ints]:
    """Link ends of one node identifier, each with the first, unless they are too far to be one place."""
    known = codes >= 0
    codes, ends, xy = codes[known], ends[known], xy[known]
    order = np.lexsort((ends, codes))
    codes, ends, xy = codes[order], ends[order], xy[order]
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    lead = np.repeat(first, np.diff(np.append(first, len(codes))))
    near = np.hypot(*(xy - xy[lead]).T) <= farthest_m
    return ends[lead][near], ends[near]


def _place(
    works: GeoDataFrame | None,
    columns: WorkColumns,
    line: NDArray[np.object_],
    source: Ints,
    start: Ints,
    end: Ints,
    name: NDArray[np.object_],
    works_snap_m: float,
    snap_m: float,
) -> DataFrame:
    """Place the works on the edges."""
    import shapely
    from scipy.sparse import coo_array, csgraph

    count = len(line)
    if works is None:
        points, said = np.zeros(0, dtype=object), []
    else:
        points = shapely.force_2d(works.geometry.to_numpy())
        said = read_texts(works, columns.river).tolist()
    # Lines that follow each other without a junction, or were cut from one, are one river.
    nodes = int(max(start.max(initial=-1), end.max(initial=-1))) + 1
    degree = np.bincount(np.concatenate([start, end]), minlength=nodes)
    plain = np.concatenate([np.where(degree[start] == 2, start, -1), np.where(degree[end] == 2, end, -1)])
    edge = np.concatenate([np.arange(count), np.arange(count)])
    own = source + count + nodes
    one = np.concatenate([edge[plain >= 0], np.arange(count)])
    other = np.concatenate([plain[plain >= 0] + count, own])
    size = int(max(count + nodes, own.max(initial=-1) + 1))
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(size, size))
    river = csgraph.connected_components(graph, directed=False)[1][:count].astype(np.int64)
    return place_works(
        points, said, line, start, end, name.tolist(), river, works_snap_m=works_snap_m, snap_m=snap_m
    )


def _split_nodes(
    start: Ints, end: Ints, came: Ints, cut_edge: Ints, cut_at: Floats, nodes: int
) -> tuple[Ints, Ints, Ints]:
    """Give numbers to the nodes where works cut edges, and give the ends of the pieces.

    Returns
    -------
    start, end, node_of
        ``node_of`` is the node of each cut.
    """
    order = np.lexsort((cut_at, cut_edge))
    node_of = np.empty(len(cut_edge), dtype=np.int64)
    node_of[order] = nodes + np.arange(len(cut_edge))
    head = np.diff(came, prepend=-1) != 0
    tail = np.diff(came, append=-1) != 0
    new_start, new_end = start[came], end[came]
    # Cuts and inner ends of pieces come in the same order.
    new_start[~head] = node_of[order]
    new_end[~tail] = node_of[order]
    return new_start, new_end, node_of


def _carry_ways(via: Ints, came: Ints, start: Ints, end: Ints, cut_edge: Ints, works: int) -> Ints:
    """Give the cheapest way out of each node among the pieces."""
    head = np.flatnonzero(np.diff(came, prepend=-1) != 0)
    carried = np.where(via >= 0, head[via] if len(head) else -1, -1)
    below = np.full(works, -1, dtype=np.int64)
    inner = np.flatnonzero(np.diff(came, prepend=-1) == 0)
    if works:
        below[start[inner] - len(via)] = inner
    return np.concatenate([carried, below])


def _tell_works(
    works: GeoDataFrame | None,
    columns: WorkColumns,
    placed: DataFrame,
    on: Ints,
    node_of: Ints,
    start: Ints,
    end: Ints,
    braid: Ints,
    crs: Any,
) -> GeoDataFrame:
    """Make the table of works."""
    import pandas

    count = len(placed)
    above, below = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    if len(on):
        nodes = int(node_of.max()) + 1
        ends_at, starts_at = np.full(nodes, -1, dtype=np.int64), np.full(nodes, -1, dtype=np.int64)
        inner = end < nodes
        ends_at[end[inner]] = np.flatnonzero(inner)
        inner = start < nodes
        starts_at[start[inner]] = np.flatnonzero(inner)
        above[on], below[on] = ends_at[node_of], starts_at[node_of]
    row: dict[str, Any] = {"id": np.arange(count)}
    for key in ("name", "river", "kind", "state", "fish_pass"):
        row[key] = np.full(count, "", dtype=object)
    row["height_m"] = np.full(count, np.nan)
    if works is not None:
        if columns.id is not None:
            row["id"] = works[columns.id].to_numpy()
        for key in ("name", "river", "kind", "state", "fish_pass"):
            row[key] = read_texts(works, getattr(columns, key))
        if columns.height_m is not None:
            row["height_m"] = pandas.to_numeric(works[columns.height_m], errors="coerce").to_numpy(np.float64)
    row["reach_above"], row["reach_below"] = above, below
    for key in ("distance_m", "doubtful", "doubt"):
        row[key] = placed[key].to_numpy()
    on_braid = np.full(count, -1, dtype=np.int64)
    inside = (above >= 0) & (below >= 0)
    on_braid[inside] = np.where(braid[above[inside]] == braid[below[inside]], braid[above[inside]], -1)
    row["braid"] = on_braid
    if works is not None:
        for column in columns.keep:
            row[column] = works[column].to_numpy()
    return _frame(row, [] if works is None else works.geometry.to_numpy(), crs)


def _frame(row: dict[str, Any], geometry: Any, crs: Any) -> GeoDataFrame:
    """Make a GeoDataFrame."""
    import geopandas

    return geopandas.GeoDataFrame(row, geometry=np.asarray(geometry, dtype=object), crs=crs)


def _tell_journal(network: RiverNetwork, journal: Journal, works_snap_m: float) -> None:
    """Tell what was repaired, decided and found."""
    repairs, works, braids = network.repairs, network.works, network.braids
    codes, lengths = repairs["code"].to_numpy(), repairs["length_m"].to_numpy(np.float64)
    for code in (
        "multi_part", "three_d", "empty", "zero_length", "not_simple", "duplicate", "end_on_line", "crossing",
        "snapped_end", "collapsed", "reversed", "isolated", "second_outlet",
    ):  # fmt: skip
        found = lengths[codes == code]
        if len(found):
            values: dict[str, int | float] = {"count": len(found)}
            length_m = float(found.sum())
            if code in ("duplicate", "reversed", "isolated"):
                values["length_km"] = length_m / M_PER_KM
            elif code == "collapsed":
                values["length_m"] = length_m
            elif code == "snapped_end":
                values["farthest_m"] = float(found.max())
            journal.add(f"river_{code}", **values)
    gap = network.basins["gap_m"].to_numpy()
    if np.isfinite(gap).any():
        journal.add("river_gaps", count=int(np.isfinite(gap).sum()), median_m=float(np.nanmedian(gap)))
    for handling in ("contracted", "best_arm"):
        loops = braids[braids["handling"] == handling]
        if len(loops):
            length_km = float(loops["length_m"].sum()) / M_PER_KM
            journal.add(f"river_braids_{handling}", count=len(loops), length_km=length_km)
    if len(works):
        off = int((works["reach_above"] < 0).sum())
        doubtful = int((works["doubtful"] & (works["reach_above"] >= 0)).sum())
        if off:
            journal.add("river_works_off", count=off, snap_m=float(works_snap_m))
        if doubtful:
            journal.add("river_works_doubtful", count=doubtful, total=len(works) - off)
