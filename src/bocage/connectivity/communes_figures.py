"""All the figures of each commune: those of the network, its objects one by one, and other themes.

Measured in one pass for all communes; what one commune needs is then a slice that travels to a worker.
The network is measured within the study area, other themes over whole communes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from bocage.connectivity.communes_ground import (
    NEGLIGIBLE,
    Geometries,
    as_array,
    drop_followed,
    geometries,
    measure_areas,
    measure_lengths,
    pair_areas,
    place_points,
    subtract,
    sum_lengths,
    unite,
    unite_lines,
)
from bocage.connectivity.communes_held import (
    Held,
    Layer,
    LayerKind,
    NetworkHeld,
    ObstaclesHeld,
    hold_obstacles,
    hold_zones,
    label_types,
)
from bocage.connectivity.communes_objects import (
    SharedCorridors,
    Zones,
    clean_table,
    find_zones,
    pair_corridors,
    pair_lengths,
)
from bocage.connectivity.indicators import (
    INDICATORS,
    TERRITORY,
    Indicator,
    blank_missing,
    describe_indicators,
    measure_communes,
    slug,
)
from bocage.network import Network, Table
from bocage.units import M2_PER_HA
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

MORE_INDICATORS: dict[str, Indicator] = {
    "commune_ha": Indicator("float", "area of the whole commune", "ha", additive=True),
    "reservoir_preserve_count": Indicator("int", "reservoirs to preserve that hold ground of the commune"),
    "reservoir_preserve_ha": Indicator("float", "reservoirs outside those to restore", "ha", additive=True),
    "reservoir_restore_count": Indicator("int", "reservoirs to restore that hold ground of the commune"),
    "reservoir_restore_ha": Indicator(
        "float", "reservoirs to restore, overlaps counted once", "ha", additive=True
    ),
    "reservoir_line_km": Indicator("float", "reservoirs that are lines", "km", additive=True),
    "corridor_preserve_count": Indicator("int", "corridors to preserve that hold ground of the commune"),
    "corridor_preserve_ha": Indicator(
        "float", "corridors outside reservoirs and outside those to restore", "ha", additive=True
    ),
    "corridor_restore_ha": Indicator(
        "float", "corridors to restore outside reservoirs, overlaps counted once", "ha", additive=True
    ),
    "corridor_km": Indicator("float", "length of axis of all corridors", "km", additive=True),
    "watercourse_preserve_km": Indicator("float", "watercourses to preserve", "km", additive=True),
    "watercourse_restore_km": Indicator("float", "watercourses to restore", "km", additive=True),
    "obstacle_surface_{type}_ha": Indicator(
        "float", "obstacle surfaces of one type, overlaps counted once", "ha", additive=True
    ),
}
"""Columns after those of ``INDICATORS``."""

LAYER_INDICATORS: dict[LayerKind, dict[str, Indicator]] = {
    "polygon": {
        "{theme}_ha": Indicator("float", "zones of the theme, overlaps counted once", "ha", additive=True),
        "{theme}_share": Indicator("float", "share of commune_ha that the theme covers, in [0, 1]"),
        "{theme}_count": Indicator("int", "zones of the theme that hold ground of the commune"),
    },
    "line": {
        "{theme}_km": Indicator("float", "lines of the theme", "km", additive=True),
        "{theme}_count": Indicator("int", "lines of the theme that run in the commune"),
    },
    "point": {"{theme}_count": Indicator("int", "points of the theme", additive=True)},
}
"""Columns of each other theme, the last of the table."""


@dataclass(frozen=True, slots=True)
class CommuneFigures:
    """What one commune holds; plain values, fit to be sent to a worker.

    Attributes
    ----------
    insee, name : str
    state : {"measured", "outside", "broken"}
        ``outside``: no ground in the study area, so the network is not measured; ``broken``: the outline
        cannot be measured.
    values : mapping of column to number or str
        Its row of the table; None where nothing is known.
    reservoirs, corridors, watercourses : tuple of Held
        The largest first.
    corridor_unit : {"ha", "km"}
        What the corridors are measured in.
    obstacles : tuple of ObstaclesHeld
        By type, those that the commune holds.
    zones : mapping of theme to tuple of Held
        Zones or lines of each other theme, the largest first; those without a name as one.
    """

    insee: str
    name: str
    state: Literal["measured", "outside", "broken"]
    values: Mapping[str, Any]
    reservoirs: tuple[Held, ...] = ()
    corridors: tuple[Held, ...] = ()
    watercourses: tuple[Held, ...] = ()
    corridor_unit: Literal["ha", "km"] = "ha"
    obstacles: tuple[ObstaclesHeld, ...] = ()
    zones: Mapping[str, tuple[Held, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """The figures of all communes.

    Attributes
    ----------
    table : DataFrame
        One row a commune by INSEE code, then the whole territory (``insee`` is empty).
    communes : mapping of INSEE code to CommuneFigures
    """

    table: DataFrame
    communes: Mapping[str, CommuneFigures]


def describe_figures(columns: Iterable[str], layers: Mapping[str, LayerKind]) -> dict[str, Indicator]:
    """Give the contract of each column of the table.

    Parameters
    ----------
    columns : iterable of str
    layers : mapping of theme to kind
        Themes beside the network.

    Examples
    --------
    >>> described = describe_figures(["reservoir_restore_ha", "znieff1_share"], {"znieff1": "polygon"})
    >>> [indicator.unit for indicator in described.values()]
    ['ha', '']
    """
    themed = {
        name.format(theme=theme): indicator
        for theme, kind in layers.items()
        for name, indicator in LAYER_INDICATORS[kind].items()
    }
    found: dict[str, Indicator] = {}
    for column in columns:
        if column in themed:
            found[column] = themed[column]
        elif column in MORE_INDICATORS:
            found[column] = MORE_INDICATORS[column]
        elif column not in INDICATORS and column.startswith("obstacle_surface_"):
            found[column] = MORE_INDICATORS["obstacle_surface_{type}_ha"]
        else:
            found |= describe_indicators([column])
    return found


def measure_figures(
    network: Network,
    communes: GeoDataFrame,
    *,
    layers: Mapping[str, Layer] | None = None,
    area: Any | None = None,
    language: str = "fr",
) -> Figures:
    """Measure what every commune holds.

    Parameters
    ----------
    network : Network
    communes : GeoDataFrame
        ``insee``, ``name`` and polygons, in the CRS of the network. A commune whose outline is missing or
        crosses itself has a row without figures.
    layers : mapping of theme to Layer, optional
        Themes beside the network, in the same CRS; a theme that is absent was not given.
    area : shapely (Multi)Polygon, optional
        The study area of the network; without it, the communes themselves.
    language : {"fr", "en"}
        Of the name of the territory and of the types of obstacles.

    Returns
    -------
    Figures
        Columns of ``INDICATORS``, ``MORE_INDICATORS``, then ``LAYER_INDICATORS`` of each theme. What was
        not given is empty.
    """
    layers = layers or {}
    zones = find_zones(communes)
    tables = {name: clean_table(table) for name, table in network.tables.items()}
    sound = {key: Layer(clean_table(layer.table), layer.kind) for key, layer in layers.items()}
    studied, outlines, ground = _clip_zones(zones, area)
    names = [zones.names[place] for place in studied]
    corridors = pair_corridors(tables, outlines)
    table = _build_table(network, tables, sound, zones, (studied, outlines, ground), corridors, language)

    objects = NetworkHeld(tables, corridors, outlines, names)
    labels = label_types(tables, language)
    held_zones = {
        key: hold_zones(layer, zones.outlines) for key, layer in sound.items() if layer.kind != "point"
    }
    place_of = {code: place for place, code in enumerate(zones.codes)}
    row_of = {zones.codes[place]: row for row, place in enumerate(studied)}
    found: dict[str, CommuneFigures] = {}
    columns = list(table.columns)
    for values in table.astype(object).where(table.notna(), None).itertuples(index=False, name=None):
        row = dict(zip(columns, (_plain(value) for value in values), strict=True))
        code = str(row["insee"])
        if code == TERRITORY:
            continue
        studied_row = row_of.get(code)
        own = place_of.get(code)
        found[code] = CommuneFigures(
            code,
            str(row["name"]),
            "broken" if own is None else "outside" if studied_row is None else "measured",
            row,
            *(objects.of(studied_row) if studied_row is not None else ((), (), ())),
            corridor_unit="ha" if corridors.surfaces or not len(corridors.table) else "km",
            obstacles=hold_obstacles(row, labels),
            zones={} if own is None else {key: held.get(own, ()) for key, held in held_zones.items()},
        )
    return Figures(table, found)


def _clip_zones(zones: Zones, area: Any | None) -> tuple[list[int], Geometries, Any]:
    """Give the zones with ground in the study area, that ground, and the area."""
    if area is None:
        return list(range(len(zones.codes))), zones.outlines, zones.ground
    shapely.prepare(area)
    inside = zones.outlines.copy()
    cut = ~shapely.covers(area, zones.outlines)
    inside[cut] = shapely.intersection(area, zones.outlines[cut])
    kept = np.flatnonzero(shapely.area(inside) > NEGLIGIBLE)
    return kept.tolist(), inside[kept], area


def _build_table(
    network: Network,
    tables: Mapping[Table, GeoDataFrame],
    layers: Mapping[str, Layer],
    zones: Zones,
    clipped: tuple[list[int], Geometries, Any],
    corridors: SharedCorridors,
    language: str,
) -> DataFrame:
    """Put all columns together, with rows for the communes that could not be measured."""
    import geopandas
    import pandas

    studied, outlines, ground = clipped
    codes = [zones.codes[place] for place in studied]
    area = ground if not shapely.is_empty(ground) else shapely.box(0, 0, 1, 1)
    held = geopandas.GeoDataFrame(
        {"insee": codes, "name": [zones.names[place] for place in studied]}, geometry=list(outlines)
    )
    base = measure_communes(tables, held, area=area, language=language).set_index("insee")
    more = _measure_more(tables, outlines, area)
    for name, values in more.items():
        base[name] = values
    for start, unit in (("reservoir", "ha"), ("corridor", "ha"), ("watercourse", "km")):
        rest = base[f"{start}_{unit}"] - base[f"{start}_restore_{unit}"]
        # Two unions of the same ground differ by a rounding.
        base[f"{start}_preserve_{unit}"] = rest.where(rest > 1e-9, 0.0)
    if not corridors.surfaces and len(corridors.table):
        _measure_by_axes(base, corridors, [zones.names[place] for place in studied])
    elif corridors.surfaces and not len(tables["corridor_l"]):
        base[["corridor_restore_km", "corridor_km"]] = np.nan

    whole = pandas.DataFrame(index=[*zones.codes, TERRITORY])
    territory = as_array([zones.ground])
    whole["commune_ha"] = np.append(shapely.area(zones.outlines), shapely.area(territory)) / M2_PER_HA
    for key, layer in layers.items():
        places = [_measure_layer(layer, found) for found in (zones.outlines, territory)]
        for name in places[0]:
            whole[f"{key}_{name}"] = np.concatenate([place[name] for place in places])
        if layer.kind == "polygon":
            whole[f"{key}_share"] = whole[f"{key}_ha"] / whole["commune_ha"]

    every = sorted({*zones.codes, *zones.broken})
    frame = base.drop(columns="name").reindex([*every, TERRITORY]).join(whole)
    said = {**dict(zip(zones.codes, zones.names, strict=True)), **zones.broken}
    frame.insert(0, "name", [*(said[code] for code in every), say("connectivity.territory", language)])
    frame = frame.rename_axis("insee").reset_index()
    return _finish(frame, network, {key: layer.kind for key, layer in layers.items()})


def _finish(frame: DataFrame, network: Network, layers: Mapping[str, LayerKind]) -> DataFrame:
    """Order the columns as the contract, give them their types and empty what was not given."""
    described = describe_figures(frame.columns, layers)
    more = list(MORE_INDICATORS.values())
    rank = {id(indicator): place for place, indicator in enumerate([*INDICATORS.values(), *more])}
    themed = [name.format(theme=theme) for theme, kind in layers.items() for name in LAYER_INDICATORS[kind]]
    first = [name for name in frame.columns if name not in themed]
    first.sort(key=lambda name: rank[id(described[name])])
    provided = {theme: network.provided.get(theme, False) for theme in network.provided}
    own = [name for name in first if described[name] not in more]
    frame = frame[[*first, *themed]].copy()
    for name, indicator in described.items():
        if indicator.dtype == "int":
            frame[name] = frame[name].astype("Float64").round().astype("Int64")
        elif indicator.dtype == "str":
            frame[name] = frame[name].astype(object)
    frame[own] = blank_missing(frame[own], provided)
    starts = {
        "reservoir_": "reservoirs",
        "corridor_": "corridors",
        "watercourse_": "watercourses",
        "obstacle_surface_": "obstacle_surfaces",
    }
    lacking = tuple(start for start, theme in starts.items() if not network.provided.get(theme, True))  # type: ignore[call-overload]
    if not network.provided.get("corridors_to_restore", True):
        lacking = (*lacking, "corridor_restore_", "corridor_preserve_")
    for name in first:
        if lacking and name.startswith(lacking):
            frame[name] = None if described[name].dtype == "str" else frame[name].mask(frame[name].notna())
    return frame


def _measure_more(
    tables: Mapping[Table, GeoDataFrame], outlines: Geometries, area: Any
) -> dict[str, NDArray[Any]]:
    """Measure by objective and by type of surface, on each zone and on the whole area."""
    reservoirs, corridors, obstacles = (tables[name] for name in ("reservoir_s", "corridor_s", "obstacle_s"))
    taken = unite(geometries(reservoirs))
    grounds = {
        "reservoir_restore_ha": unite(geometries(_choose(reservoirs, "restore"))),
        "corridor_restore_ha": subtract(unite(geometries(_choose(corridors, "restore"))), taken),
    }
    types = obstacles["type"].astype(str).to_numpy()
    for kind in sorted(set(types), key=slug):
        grounds[f"obstacle_surface_{slug(kind)}_ha"] = unite(geometries(obstacles)[types == kind])
    lines = _unite_tables(tables)
    found: list[dict[str, NDArray[Any]]] = []
    for places in (outlines, as_array([area])):
        count = len(places)
        one: dict[str, NDArray[Any]] = {
            name: measure_areas(parts, places) / M2_PER_HA for name, parts in grounds.items()
        }
        for start, table in (("reservoir", reservoirs), ("corridor", corridors)):
            for goal in ("preserve", "restore"):
                _, zone, _ = pair_areas(geometries(_choose(table, goal)), places)
                one[f"{start}_{goal}_count"] = np.bincount(zone, minlength=count)
        for name, parts in lines.items():
            one[name] = sum_lengths(measure_lengths(parts, places), None, count)
        found.append(one)
    return {name: np.concatenate([one[name] for one in found]) for name in found[0]}


def _unite_tables(tables: Mapping[Table, GeoDataFrame]) -> dict[str, Geometries]:
    """Unite the lines that each column of length measures.

    Official layers give a river once as a reservoir and once as a corridor: it is one river still.
    """
    rivers, obstacles = tables["cours_eau_l"], tables["obstacle_l"]
    is_reservoir = rivers["is_reservoir"].to_numpy(dtype=bool)
    lines = {
        "watercourse_reservoir_km": rivers[is_reservoir],
        "watercourse_corridor_km": rivers[rivers["is_corridor"].to_numpy(dtype=bool)],
        "watercourse_restore_km": _choose(rivers, "restore"),
        "reservoir_line_km": tables["reservoir_l"],
        "obstacle_line_km": obstacles,
    }
    types = obstacles["type"].astype(str).to_numpy()
    for kind in sorted(set(types), key=slug):
        lines[f"obstacle_line_{slug(kind)}_km"] = obstacles[types == kind]
    united = {name: unite_lines(geometries(table)) for name, table in lines.items()}
    reservoirs = united["watercourse_reservoir_km"]
    others = drop_followed(unite_lines(geometries(rivers[~is_reservoir])), reservoirs)
    united["watercourse_km"] = np.concatenate([reservoirs, others])
    # An axis is a corridor's own, even where two follow one road.
    return {**united, "corridor_km": geometries(tables["corridor_l"])}


def _measure_by_axes(base: DataFrame, corridors: SharedCorridors, names: Sequence[str]) -> None:
    """Count corridors by their axes where they have no surface."""
    count = len(names)
    restore = (corridors.table["objective"] == "restore").to_numpy(dtype=bool)[corridors.corridor]
    for name, chosen in (
        ("corridor_count", np.ones_like(restore)),
        ("corridor_restore_count", restore),
        ("corridor_preserve_count", ~restore),
    ):
        crossing = np.bincount(corridors.zone[chosen], minlength=count)
        base[name] = [*crossing, np.unique(corridors.corridor[chosen]).size]
    sharing: list[set[int]] = [set() for _ in names]
    for crossed in corridors.crossed().values():
        for zone in crossed:
            sharing[zone].update(crossed)
    told = [" ; ".join(sorted(names[k] for k in found - {i})) for i, found in enumerate(sharing)]
    base["corridor_neighbours"] = [*told, ""]
    base[["corridor_ha", "corridor_share", "corridor_restore_ha", "corridor_preserve_ha"]] = np.nan


def _measure_layer(layer: Layer, outlines: Geometries) -> dict[str, NDArray[Any]]:
    shapes, count = geometries(layer.table), len(outlines)
    if layer.kind == "polygon":
        _, zone, _ = pair_areas(shapes, outlines)
        return {
            "ha": measure_areas(unite(shapes), outlines) / M2_PER_HA,
            "count": np.bincount(zone, minlength=count),
        }
    if layer.kind == "line":
        _, zone, _ = pair_lengths(shapes, outlines)
        lengths = measure_lengths(unite_lines(shapes), outlines)
        return {"km": sum_lengths(lengths, None, count), "count": np.bincount(zone, minlength=count)}
    places = place_points(shapes, outlines)
    return {"count": np.bincount(places[places >= 0], minlength=count)}


def _choose(table: GeoDataFrame, objective: str) -> GeoDataFrame:
    return table[(table["objective"] == objective).to_numpy(dtype=bool)]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
