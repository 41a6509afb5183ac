"""Landscape graphs made of tables: of a network, of any patches and links; and back to tables.

What cannot be used is refused in one sentence that lists its ids; what can be left out without changing what
the rest means is left out and told to the journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import CRSError, DataError, InputError
from bocage.journal import Journal

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from bocage.network import Table

Floats = NDArray[np.float64]

Unknown = Literal["refuse", "drop"]
Parallel = Literal["keep", "cheapest"]

_DEGREE_M = 50_000.0
"""Metres of a degree of latitude or longitude are more than this up to 63° north or south."""


def build_graph(
    ids: Sequence[object],
    capacity: ArrayLike,
    start: Sequence[object],
    end: Sequence[object],
    cost: ArrayLike,
    *,
    link_ids: Sequence[object] | None = None,
    length: ArrayLike | None = None,
    position: ArrayLike | None = None,
    probability: bool = False,
    unknown: Unknown = "refuse",
    parallel: Parallel = "keep",
    check_units: bool = True,
    journal: Journal | None = None,
) -> LandscapeGraph:
    """Build a graph of the names of its patches and links.

    Parameters
    ----------
    ids : (n,) sequence
        Names of patches.
    capacity : (n,) array of float
        >= 0. Patches of no capacity are noted: they only serve as stepping stones.
    start, end : (m,) sequence
        Names of the patches that each link joins.
    cost : (m,) array of float
        Costs, or probabilities with ``probability``. Links whose cost is infinite or empty are impassable:
        left out and noted, as are links of a patch with itself.
    link_ids : (m,) sequence, optional
        ``start-end`` by default.
    length : (m,) array of float, optional
        On the ground [m].
    position : (n, 2) array of float, optional
        [m].
    probability : bool
        Whether links are given as probabilities of being crossed, in [0, 1]: the cost is then ``-ln p``, so
        that costs of a chain add up as its probabilities multiply, and ``Dispersal(1, exp(-1))`` gives
        them back. A probability of 0 is no link.
    unknown : {"refuse", "drop"}
        What to do with links that lead to no patch: cut by the edge of a territory they may be dropped.
    parallel : {"keep", "cheapest"}
        What to do with several links of one pair, as in tables that hold every pair both ways: two corridors
        may be kept, each the other's relief; or the cheapest alone, the others being noted. Links without
        ``link_ids`` cannot be told apart: the cheapest is kept.
    check_units : bool
        Whether costs that look like degrees beside positions in metres are refused.
    journal : Journal, optional
        Told what was left out.

    Returns
    -------
    LandscapeGraph

    Raises
    ------
    DataError
        Ids are there twice, links lead to unknown patches, a capacity or cost is negative, a probability is
        outside [0, 1], or costs look like degrees.

    Examples
    --------
    >>> graph = build_graph(["a", "b"], [3, 4], ["a"], ["b"], [0.5], probability=True)
    >>> graph.link_ids, round(float(graph.cost[0]), 6)
    (('a-b',), 0.693147)
    """
    names = [name_id(one) for one in ids]
    starts, ends = [name_id(one) for one in start], [name_id(one) for one in end]
    links = (
        [f"{one}-{other}" for one, other in zip(starts, ends, strict=True)]
        if link_ids is None
        else [name_id(one) for one in link_ids]
    )
    _require_single(names, "patch")
    if link_ids is not None:
        _require_single(links, "link")
    capacities = np.asarray(capacity, dtype=np.float64)
    costs = np.asarray(cost, dtype=np.float64)
    if len(starts) != len(costs):
        raise DataError(f"{len(starts)} links have {len(costs)} costs; give one each.")
    if probability:
        costs = _take_logarithms(costs, links)
    notes = journal if journal is not None else Journal()
    place = {name: number for number, name in enumerate(names)}
    known = np.array(
        [one in place and other in place for one, other in zip(starts, ends, strict=True)], dtype=bool
    )
    if not known.all():
        lost = [name for pair in zip(starts, ends, strict=True) for name in pair if name not in place]
        if unknown == "refuse":
            raise DataError(
                f"{int((~known).sum())} link(s) ({_list(np.array(links)[~known])}) lead to patches that are "
                f"not in the table ({_list(lost)}); complete the patches, or leave these links out."
            )
        notes.add("graph_links_unknown", count=int((~known).sum()), ids=_list(np.array(links)[~known]))
    same = np.array([one == other for one, other in zip(starts, ends, strict=True)], dtype=bool)
    if (known & same).any():
        notes.add(
            "graph_links_loose", count=int((known & same).sum()), ids=_list(np.array(links)[known & same])
        )
    impassable = known & ~same & ~(np.isfinite(costs) | (costs < 0))
    if impassable.any():
        notes.add(
            "graph_links_impassable", count=int(impassable.sum()), ids=_list(np.array(links)[impassable])
        )
    keep = known & ~same & ~impassable
    if parallel == "cheapest" or link_ids is None:
        twice = _find_dearer(starts, ends, costs, keep)
        if twice.any():
            notes.add("graph_links_twice", count=int(twice.sum()), ids=_list(np.array(links)[twice]))
        keep &= ~twice
    graph = LandscapeGraph.of(
        capacities,
        [place[starts[link]] for link in np.flatnonzero(keep)],
        [place[ends[link]] for link in np.flatnonzero(keep)],
        costs[keep],
        ids=names,
        link_ids=[links[link] for link in np.flatnonzero(keep)],
        length=None if length is None else np.asarray(length, dtype=np.float64)[keep],
        position=position,
    )
    if check_units and not probability:
        _refuse_degrees(graph)
    _note_patches(graph, notes)
    return graph


def build_from_frames(
    patches: GeoDataFrame | DataFrame,
    links: GeoDataFrame | DataFrame,
    *,
    id: str = "id",
    capacity: str = "area_ha",
    start: str = "from_id",
    end: str = "to_id",
    cost: str = "cost",
    link_id: str | None = "id",
    length: str | None = "length_m",
    habitat: str | None = None,
    probability: bool = False,
    unknown: Unknown = "refuse",
    parallel: Parallel = "keep",
    check_units: bool = True,
    journal: Journal | None = None,
) -> LandscapeGraph:
    """Build a graph of any table of patches and any table of links.

    Parameters
    ----------
    patches, links : GeoDataFrame or DataFrame
        Where patches have shapes, their representative points are their positions.
    id, capacity : str
        Columns of the patches.
    start, end, cost : str
        Columns of the links.
    link_id, length : str, optional
        Columns of the links that may lack: ``start-end`` stands for the id, and no length is known.
    habitat : str, optional
        Column of the patches that names their sub-network.
    probability, unknown, parallel, check_units, journal
        As in :func:`build_graph`.

    Returns
    -------
    LandscapeGraph

    Raises
    ------
    InputError
        A column is not there.
    CRSError
        Coordinates are in degrees.
    DataError
        As in :func:`build_graph`.
    """
    _require_columns(patches, (id, capacity, *([habitat] if habitat else [])), "patches")
    _require_columns(links, (start, end, cost), "links")
    for table, what, columns in ((patches, "patches", (id,)), (links, "links", (start, end))):
        for column in columns:
            _require_names(table, column, what)
        crs = getattr(table, "crs", None) if "geometry" in table.columns else None
        if crs is not None and crs.is_geographic:
            raise CRSError(
                f"The {what} are in degrees ({crs.name}), and distances must be in metres; project them, as "
                "to EPSG:2154 in metropolitan France."
            )
    known = set(links.columns)
    graph = build_graph(
        list(patches[id]),
        _read_numbers(patches, capacity, id),
        list(links[start]),
        list(links[end]),
        _read_numbers(links, cost, link_id if link_id in known else start),
        link_ids=list(links[link_id]) if link_id in known else None,
        length=_read_numbers(links, length, start) if length in known else None,
        position=_locate(patches),
        probability=probability,
        unknown=unknown,
        parallel=parallel,
        check_units=check_units,
        journal=journal,
    )
    if habitat is None:
        return graph
    names = [str(one) for one in patches[habitat]]
    habitats = tuple(dict.fromkeys(names))
    places = np.array([habitats.index(name) for name in names], np.int64)
    return replace(graph, habitat=places, habitats=habitats)


def build_from_network(
    tables: Mapping[Table, GeoDataFrame],
    subnetwork: str | None = None,
    *,
    cost: Literal["cost", "cost_free"] = "cost",
    capacity: Literal["habitat_ha", "area_ha"] | None = None,
    journal: Journal | None = None,
) -> LandscapeGraph:
    """Build the graph of a network that bocage made: reservoirs and the corridors between them.

    Parameters
    ----------
    tables : mapping of table name to GeoDataFrame
        ``reservoir_s`` and ``corridor_s`` are read, as ``network.COLUMNS`` describes them.
    subnetwork : str, optional
        Its key; by default all, side by side in one graph with their keys as ``habitats``.
    cost : {"cost", "cost_free"}
        Cost of corridors with today's obstacles, or were infrastructure transparent [resistance x m].
    capacity : {"habitat_ha", "area_ha"}, optional
        Habitat inside reservoirs or their whole area [ha]; by default habitat where all of it is known.
    journal : Journal, optional

    Returns
    -------
    LandscapeGraph
        Corridors whose reservoir was cut away with the edge of the area are left out and noted.

    Raises
    ------
    InputError
        There is no such sub-network.
    """
    reservoirs, corridors = tables["reservoir_s"], tables["corridor_s"]
    keys = tuple(dict.fromkeys(reservoirs["subnetwork"]))
    if subnetwork is not None:
        if subnetwork not in keys:
            raise InputError(
                f'There are no reservoirs of sub-network "{subnetwork}"; the network has {", ".join(keys)}.'
            )
        reservoirs = reservoirs[reservoirs["subnetwork"] == subnetwork]
        corridors = corridors[corridors["subnetwork"] == subnetwork]
    habitat = reservoirs["habitat_ha"].to_numpy(dtype=np.float64)
    whole = habitat.size > 0 and bool(np.isfinite(habitat).all()) and habitat.sum() > 0
    return build_from_frames(
        reservoirs,
        corridors,
        capacity=capacity or ("habitat_ha" if whole else "area_ha"),
        cost=cost,
        habitat="subnetwork" if subnetwork is None else None,
        unknown="drop",
        check_units=False,
        journal=journal,
    )


def make_frames(
    graph: LandscapeGraph,
    crs: Any = None,
    *,
    patches: GeoDataFrame | None = None,
    links: GeoDataFrame | None = None,
    id: str = "id",
) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Make tables of a graph's patches and links, with shapes.

    Parameters
    ----------
    graph : LandscapeGraph
    crs : optional
        CRS of the positions; that of ``patches`` or ``links`` by default.
    patches, links : GeoDataFrame, optional
        Whose shapes to take by id. Patches that are not there are points, links straight lines.
    id : str
        Column of the ids in them.

    Returns
    -------
    patches : GeoDataFrame
        ``id``, ``capacity``, and ``habitat`` where the graph has several.
    links : GeoDataFrame
        ``id``, ``from_id``, ``to_id``, ``cost``, and ``length_m`` where known.

    Raises
    ------
    DataError
        Something has neither a shape nor a position.

    Examples
    --------
    >>> graph = LandscapeGraph.of([3, 4], [0], [1], [9], ids="ab", position=[(0, 0), (30, 40)])
    >>> nodes, lines = make_frames(graph, "EPSG:2154")
    >>> list(nodes.columns), float(lines.length[0])
    (['id', 'capacity', 'geometry'], 50.0)
    """
    import geopandas
    import shapely

    shapes: list[Any] = _take_shapes(patches, id, graph.ids)
    lines: list[Any] = _take_shapes(links, id, graph.link_ids)
    bare = [name for name, shape in zip(graph.ids, shapes, strict=True) if shape is None]
    straight = [name for name, shape in zip(graph.link_ids, lines, strict=True) if shape is None]
    if graph.position is None and (bare or straight):
        what = (
            f"{len(bare)} patch(es) ({_list(bare)})"
            if bare
            else f"{len(straight)} link(s) ({_list(straight)})"
        )
        raise DataError(f"{what} have neither a shape nor a position; give their shapes by id.")
    if graph.position is not None:
        points: Any = shapely.points(graph.position)
        ways: Any = shapely.linestrings(
            np.stack([graph.position[graph.start], graph.position[graph.end]], axis=1)
            if graph.link_count
            else np.empty((0, 2, 2))
        )
        shapes = [shape or point for shape, point in zip(shapes, points, strict=True)]
        lines = [line or way for line, way in zip(lines, ways, strict=True)]
    system = crs or next((one.crs for one in (patches, links) if one is not None), None)
    nodes: dict[str, Any] = {"id": list(graph.ids), "capacity": graph.capacity}
    if graph.habitat is not None:
        nodes["habitat"] = [graph.habitats[place] for place in graph.habitat]
    edges: dict[str, Any] = {
        "id": list(graph.link_ids),
        "from_id": [graph.ids[place] for place in graph.start],
        "to_id": [graph.ids[place] for place in graph.end],
        "cost": graph.cost,
    }
    if graph.length is not None:
        edges["length_m"] = graph.length
    return (
        geopandas.GeoDataFrame(nodes, geometry=shapes, crs=system),
        geopandas.GeoDataFrame(edges, geometry=lines, crs=system),
    )


def name_id(one: object) -> str:
    """Write an id as text; a whole number read as a float keeps no point, and no id a space at its ends."""
    if isinstance(one, float | np.floating) and float(one).is_integer():
        return str(int(one))
    text = str(one).strip()
    # A table that went through floats writes 1.0 for 1, and the other table may not have.
    whole = text.removesuffix(".0")
    return whole if whole.isdecimal() and whole != text else text


def _list(names: ArrayLike) -> str:
    distinct = list(dict.fromkeys(str(name) for name in np.asarray(names, dtype=object)))
    return ", ".join(distinct[:5]) + (" …" if len(distinct) > 5 else "")


def _require_single(names: list[str], what: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        plural = "patches" if what == "patch" else "links"
        raise DataError(
            f"{len(twice)} id(s) of {plural} are there twice ({_list(twice)}); give each its own."
        )


def _require_columns(table: DataFrame, wanted: Sequence[str], what: str) -> None:
    lacking = [name for name in wanted if name not in table.columns]
    if lacking:
        raise InputError(
            f"The {what} have no column {', '.join(lacking)}; they have {', '.join(map(str, table.columns))}."
        )


def _require_names(table: DataFrame, column: str, what: str) -> None:
    bare = np.flatnonzero(table[column].isna())
    if bare.size:
        raise InputError(
            f"{bare.size} row(s) of the {what} have no {column} (row {_list(bare + 1)}); complete or "
            "remove them."
        )


def _read_numbers(table: DataFrame, column: str | None, name: str | None) -> Floats:
    """Read a column as numbers; empty is NaN."""
    import pandas

    values = table[column]
    numbers = pandas.to_numeric(values, errors="coerce")
    odd = numbers.isna() & values.notna()
    if odd.any():
        raise InputError(
            f'Column "{column}" holds what is no number ({_list(values[odd])}), at '
            f"{_list(table[name][odd])}; give numbers."
        )
    return np.asarray(numbers, dtype=np.float64)


def _find_dearer(
    starts: list[str], ends: list[str], costs: Floats, among: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Find the links of a pair but for its cheapest, the first of equal ones."""
    dearer = np.zeros(len(costs), dtype=bool)
    best: dict[tuple[str, str], int] = {}
    for link in np.flatnonzero(among).tolist():
        one, other = starts[link], ends[link]
        pair = (one, other) if one < other else (other, one)
        known = best.get(pair)
        if known is None or costs[link] < costs[known]:
            best[pair] = link
        if known is not None:
            dearer[known if costs[link] < costs[known] else link] = True
    return dearer


def _take_logarithms(probability: Floats, links: list[str]) -> Floats:
    odd = ~((probability >= 0) & (probability <= 1))
    if odd.any():
        values = ", ".join(f"{one:g}" for one in probability[odd][:5])
        raise DataError(
            f"The probability of {int(odd.sum())} link(s) ({_list(np.array(links)[odd])}) is {values}; give "
            "numbers from 0 to 1, or say that links are given by their cost."
        )
    with np.errstate(divide="ignore"):
        return np.abs(-np.log(probability))  # the sign of zero goes


def _locate(patches: DataFrame) -> Floats | None:
    if "geometry" not in patches.columns or not hasattr(patches, "geometry"):
        return None
    points = patches.geometry.representative_point()
    if points.is_empty.any() or points.isna().any():
        return None
    return np.column_stack([points.x, points.y])


def _refuse_degrees(graph: LandscapeGraph) -> None:
    """Refuse costs that are all what a distance in degrees would be beside positions in metres."""
    if graph.position is None or graph.link_count < 3:
        return
    straight = np.hypot(*(graph.position[graph.start] - graph.position[graph.end]).T)
    if (graph.cost > 0).all() and (straight > _DEGREE_M * graph.cost).all():
        raise DataError(
            f"Costs of links go from {graph.cost.min():g} to {graph.cost.max():g} while their patches are "
            f"{straight.min():.0f} to {straight.max():.0f} m apart, as if in degrees; measure them in "
            "metres, or say that they are probabilities."
        )


def _note_patches(graph: LandscapeGraph, journal: Journal) -> None:
    names = np.array(graph.ids, dtype=object)
    empty = graph.capacity == 0
    if empty.any():
        journal.add("graph_no_capacity", count=int(empty.sum()), ids=_list(names[empty]))
    ends = np.concatenate([graph.start, graph.end])
    alone = np.bincount(ends, minlength=graph.count) == 0
    if alone.any():
        journal.add("graph_alone", count=int(alone.sum()), ids=_list(names[alone]))


def _take_shapes(table: GeoDataFrame | None, id: str, names: Sequence[str]) -> list[Any]:
    if table is None:
        return [None] * len(names)
    shapes = dict(zip((name_id(one) for one in table[id]), table.geometry, strict=True))
    return [shapes.get(name) for name in names]
