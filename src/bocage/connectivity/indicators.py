"""What each commune holds of the network: areas, lengths and counts, and the same for the whole territory.

Nothing is counted twice: surfaces of one kind are united before they are measured, a corridor is measured
outside reservoirs, a point on the limit of two communes belongs to the first by INSEE code, and a line that
follows their limit is shared between them. So where the communes cover the area without overlap, the
additive columns of the communes sum to those of the territory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from bocage.connectivity.communes_ground import (
    NEGLIGIBLE,
    Geometries,
    as_array,
    geometries,
    measure_areas,
    measure_lengths,
    pair_areas,
    place_points,
    subtract,
    sum_lengths,
    unite,
)
from bocage.errors import DataError
from bocage.network import Table, Theme
from bocage.units import M2_PER_HA
from bocage.wording import fold_name, say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

TERRITORY = ""
"""Value of ``insee`` on the last row, which is the whole territory."""

_MOST_FIRST = 5


@dataclass(frozen=True, slots=True)
class Indicator:
    """Contract of a column of the indicators.

    ``additive`` columns sum over the communes to the territory; the others do not, as one corridor
    counts in every commune it crosses.
    """

    dtype: Literal["str", "float", "int"]
    meaning: str
    unit: str = ""
    additive: bool = False


INDICATORS: dict[str, Indicator] = {
    "insee": Indicator("str", "INSEE code; empty on the last row, the whole territory"),
    "name": Indicator("str", "name of the commune"),
    "area_ha": Indicator("float", "area of the commune within the study area", "ha", additive=True),
    "reservoir_count": Indicator("int", "reservoirs that hold ground of the commune"),
    "reservoir_ha": Indicator(
        "float", "reservoirs of any medium, overlaps counted once", "ha", additive=True
    ),
    "reservoir_share": Indicator("float", "share of area_ha that is reservoir, in [0, 1]"),
    "reservoir_{medium}_ha": Indicator("float", "reservoirs of one main medium", "ha", additive=True),
    "reservoir_{medium}_share": Indicator(
        "float", "share of area_ha that is reservoir of the medium, in [0, 1]"
    ),
    "corridor_count": Indicator("int", "corridors that hold ground of the commune"),
    "corridor_ha": Indicator(
        "float", "corridors outside all reservoirs, overlaps counted once", "ha", additive=True
    ),
    "corridor_share": Indicator("float", "share of area_ha that is corridor outside reservoirs, in [0, 1]"),
    "corridor_restore_count": Indicator("int", "corridors to restore that hold ground of the commune"),
    "corridor_restore_km": Indicator(
        "float", "length of axis of the corridors to restore", "km", additive=True
    ),
    "corridor_neighbours": Indicator(
        "str", "communes that share a corridor with this one, by name, separated by ' ; '"
    ),
    "watercourse_km": Indicator(
        "float", "watercourses of the network, whatever their role", "km", additive=True
    ),
    "watercourse_reservoir_km": Indicator("float", "watercourses that are reservoirs", "km", additive=True),
    "watercourse_corridor_km": Indicator(
        "float", "watercourses that are corridors, some being reservoirs too", "km", additive=True
    ),
    "obstacle_point_count": Indicator("int", "obstacle points", additive=True),
    "obstacle_point_{type}_count": Indicator("int", "obstacle points of one type", additive=True),
    "obstacle_line_km": Indicator("float", "obstacle lines", "km", additive=True),
    "obstacle_line_{type}_km": Indicator("float", "obstacle lines of one type", "km", additive=True),
    "obstacle_surface_ha": Indicator(
        "float", "obstacle surfaces, overlaps counted once", "ha", additive=True
    ),
}
"""Columns in order; ``{medium}`` and ``{type}`` stand for each main medium and each type of obstacle."""

RIVER_INDICATORS: dict[str, Indicator] = {
    "river_km": Indicator("float", "watercourses of the layer, whatever they are", "km", additive=True),
    "river_free_km": Indicator(
        "float",
        "of these, those that no work known or likely to hinder parts from the outlet",
        "km",
        additive=True,
    ),
    "river_free_share": Indicator("float", "river_free_km over river_km, in [0, 1]"),
    "river_work_count": Indicator("int", "river works on watercourses, destroyed ones apart", additive=True),
    "river_work_unknown_count": Indicator("int", "of these, those of unknown passability", additive=True),
    "river_work_height_m": Indicator(
        "float", "sum of the heights of fall that are known", "m", additive=True
    ),
    "river_work_height_unknown_count": Indicator("int", "works whose height is not known", additive=True),
    "river_fractionnement": Indicator(
        "float",
        "taux de fractionnement: river_work_height_m over river_km, at least where heights are unknown",
        "m/km",
    ),
    "river_works_first": Indicator(
        "str", "works to open first, by the gain of each alone, up to five codes separated by ' ; '"
    ),
}
"""Columns that follow, in order, where the river network is given."""


def describe_indicators(columns: Iterable[str]) -> dict[str, Indicator]:
    """Give the contract of each column that ``measure_communes`` made.

    >>> describe_indicators(["reservoir_boise_ha"])["reservoir_boise_ha"].unit
    'ha'
    """
    patterns = [
        (re.compile(re.sub(r"\\{\w+\\}", r"(\\w+)", re.escape(name)) + r"\Z"), indicator)
        for name, indicator in sorted(
            (INDICATORS | RIVER_INDICATORS).items(), key=lambda item: "{" in item[0]
        )
    ]
    return {
        column: next(indicator for pattern, indicator in patterns if pattern.match(column))
        for column in columns
    }


_THEME_OF: dict[str, Theme] = {
    "reservoir_": "reservoirs",
    "corridor_": "corridors",
    "watercourse_": "watercourses",
    "obstacle_point_": "obstacle_points",
    "obstacle_line_": "obstacle_lines",
    "obstacle_surface_": "obstacle_surfaces",
}
"""Beginning of a column's name, and the theme whose data it needs."""


def blank_missing(indicators: DataFrame, provided: Mapping[Theme, bool]) -> DataFrame:
    """Empty the columns of themes whose data were not given: nothing known is not zero.

    Parameters
    ----------
    indicators : DataFrame
        As ``measure_communes`` gives it; not changed.
    provided : mapping of theme to bool
        As ``Network.provided``; a theme that is absent counts as given.

    Returns
    -------
    DataFrame
        The same columns and rows.
    """
    import pandas

    empty: dict[str, Any] = {"int": "Int64", "float": "float64", "str": "object"}
    blanked = indicators.copy()
    for column, indicator in describe_indicators(indicators.columns).items():
        theme = next((theme for start, theme in _THEME_OF.items() if column.startswith(start)), None)
        if theme is not None and not provided.get(theme, True):
            blanked[column] = pandas.Series(None, index=indicators.index, dtype=empty[indicator.dtype])
    return blanked


def slug(text: str) -> str:
    """Write a medium or a type as a part of a column's name.

    >>> slug("cours d’eau"), slug("01"), slug("")
    ('cours_d_eau', '01', 'unknown')
    """
    return re.sub(r"[^a-z0-9]+", "_", fold_name(text)).strip("_") or "unknown"


def measure_communes(
    tables: Mapping[Table, GeoDataFrame],
    communes: GeoDataFrame,
    *,
    area: Any,
    language: str = "fr",
    rivers: tuple[GeoDataFrame, GeoDataFrame | None] | None = None,
) -> DataFrame:
    """Measure what each commune, and the whole territory, holds of the network.

    Parameters
    ----------
    tables : mapping of table name to GeoDataFrame
        All tables of the network, in one projected CRS [m].
    communes : GeoDataFrame
        ``insee``, ``name`` and polygons, in the same CRS. Rows of one INSEE code are one commune.
    area : shapely (Multi)Polygon
        The study area; nothing outside it is measured.
    language : {"fr", "en"}
        Language of the name of the territory's row.
    rivers : tuple of GeoDataFrame, optional
        Reaches (``free``) and works (``id``, ``reach_above``, ``rule``, ``known``, ``height_m``, ``rank``) of
        the river network; None for works that were not given.

    Returns
    -------
    DataFrame
        Columns of ``INDICATORS``, then of ``RIVER_INDICATORS`` where rivers are given, one row a commune that
        has ground in the area, by INSEE code, then one for the whole area (``insee`` is empty).

    Raises
    ------
    DataError
        The study area is empty.
    """
    if shapely.is_empty(area) or not shapely.area(area) > 0:
        raise DataError("The study area has no ground; give polygons whose area is not zero")
    names, codes, zones = _clip_communes(communes, area)
    territory = np.array([area], dtype=object)
    grounds = _unite_grounds(tables)
    places = [_measure_zones(tables, grounds, found) for found in (zones, territory)]
    pairs = pair_areas(geometries(tables["corridor_s"]), zones)
    found = _arrange(
        [*codes, TERRITORY],
        [*names, say("connectivity.territory", language)],
        {name: np.concatenate([place[name] for place in places]) for name in places[0]},
        _name_neighbours(pairs, names),
    )
    if rivers is not None:
        _add_rivers(found, *rivers, zones, territory)
    return found


def _add_rivers(
    found: DataFrame,
    reaches: GeoDataFrame,
    works: GeoDataFrame | None,
    zones: Geometries,
    territory: Geometries,
) -> None:
    """Add the columns of rivers; those of works are empty where none were given."""
    import pandas

    free = reaches["free"].to_numpy(dtype=bool)
    length, open_km, counted = [], [], []
    for places in (zones, territory):
        held = measure_lengths(geometries(reaches), places)
        length.append(sum_lengths(held, None, len(places)))
        open_km.append(sum_lengths(held, free, len(places)))
        if works is not None:
            counted.append(_count_works(works, places))
    river_km = np.concatenate(length)
    found["river_km"] = river_km
    names = ("count", "unknown_count", "height_m", "height_unknown_count")
    if works is None:
        found["river_free_km"] = found["river_free_share"] = np.nan
        for name in names:
            dtype = "float64" if name == "height_m" else "Int64"
            found[f"river_work_{name}"] = pandas.Series(None, index=found.index, dtype=dtype)
        found["river_fractionnement"] = np.nan
        found["river_works_first"] = pandas.Series(None, index=found.index, dtype=object)
        return
    found["river_free_km"] = np.concatenate(open_km)
    found["river_free_share"] = _share(np.concatenate(open_km), river_km)
    for name in names:
        found[f"river_work_{name}"] = np.concatenate([one[name] for one in counted])
    found["river_fractionnement"] = _share(found["river_work_height_m"].to_numpy(), river_km)
    firsts = [first for one in counted for first in one["first"]]
    found["river_works_first"] = pandas.Series(firsts, index=found.index, dtype=object)


def _count_works(works: GeoDataFrame, places: Geometries) -> dict[str, Any]:
    """Count the works that stand in each zone, and list those that gain most."""
    count = len(places)
    standing = (works["reach_above"] >= 0).to_numpy() & (works["rule"] != "destroyed").to_numpy()
    own = works[standing]
    place = place_points(geometries(own), places)
    inside = place >= 0
    unknown = ~own["known"].to_numpy(dtype=bool)
    height = own["height_m"].to_numpy(dtype=np.float64)
    rank = own["rank"].astype("Float64").to_numpy(np.float64, na_value=np.inf)
    first = []
    ids = own["id"].astype(str).to_numpy()
    for zone in range(count):
        mine = np.flatnonzero((place == zone) & np.isfinite(rank))
        first.append(" ; ".join(ids[mine[np.argsort(rank[mine], kind="stable")]][:_MOST_FIRST].tolist()))
    return {
        "count": np.bincount(place[inside], minlength=count),
        "unknown_count": np.bincount(place[inside & unknown], minlength=count),
        "height_m": np.bincount(place[inside], weights=np.nan_to_num(height)[inside], minlength=count),
        "height_unknown_count": np.bincount(place[inside & np.isnan(height)], minlength=count),
        "first": first,
    }


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.divide(
        part, whole, out=np.full(len(whole), np.nan), where=np.asarray(whole) > 0
    )
    return shares


def _clip_communes(communes: GeoDataFrame, area: Any) -> tuple[list[str], list[str], Geometries]:
    parts: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    shapely.prepare(area)
    for code, name, polygon in zip(
        communes["insee"].astype(str), communes["name"].astype(str), communes.geometry, strict=True
    ):
        inside = polygon if shapely.covers(area, polygon) else shapely.intersection(area, polygon)
        if shapely.area(inside) > NEGLIGIBLE:
            parts.setdefault(code, []).append(inside)
            names.setdefault(code, name)
    codes = sorted(parts)
    zones = as_array(
        [shapely.union_all(parts[code]) if len(parts[code]) > 1 else parts[code][0] for code in codes]
    )
    return [names[code] for code in codes], codes, zones


def _unite_grounds(tables: Mapping[Table, GeoDataFrame]) -> dict[str, Geometries]:
    """Unite the surfaces that each column of area measures."""
    reservoirs = tables["reservoir_s"]
    shapes = geometries(reservoirs)
    media = reservoirs["medium"].astype(str).to_numpy()
    by_medium = {
        f"reservoir_{slug(medium)}_ha": unite(shapes[media == medium])
        for medium in sorted(set(media), key=slug)
    }
    # Media overlap each other, so all of them together are not their sum.
    together = [part for parts in by_medium.values() for part in parts]
    whole = unite(as_array(together)) if len(by_medium) > 1 else as_array(together)
    return {
        "reservoir_ha": whole,
        **by_medium,
        "corridor_ha": subtract(unite(geometries(tables["corridor_s"])), whole),
        "obstacle_surface_ha": unite(geometries(tables["obstacle_s"])),
    }


def _measure_zones(
    tables: Mapping[Table, GeoDataFrame], grounds: Mapping[str, Geometries], zones: Geometries
) -> dict[str, NDArray[Any]]:
    """Measure all numeric columns on each zone."""
    count = len(zones)
    areas = {name: measure_areas(parts, zones) / M2_PER_HA for name, parts in grounds.items()}
    found: dict[str, NDArray[Any]] = {"area_ha": shapely.area(zones) / M2_PER_HA}

    _, zone, _ = pair_areas(geometries(tables["reservoir_s"]), zones)
    found["reservoir_count"] = np.bincount(zone, minlength=count)
    found |= {name: values for name, values in areas.items() if name.startswith("reservoir_")}

    corridors = tables["corridor_s"]
    link, zone, _ = pair_areas(geometries(corridors), zones)
    restore = (corridors["objective"] == "restore").to_numpy(dtype=bool)
    found["corridor_count"] = np.bincount(zone, minlength=count)
    found["corridor_ha"] = areas["corridor_ha"]
    found["corridor_restore_count"] = np.bincount(zone[restore[link]], minlength=count)
    axes = tables["corridor_l"]
    axes = axes[axes["objective"] == "restore"]
    found["corridor_restore_km"] = sum_lengths(measure_lengths(geometries(axes), zones), None, count)

    rivers = tables["cours_eau_l"]
    lengths = measure_lengths(geometries(rivers), zones)
    found["watercourse_km"] = sum_lengths(lengths, None, count)
    for role in ("reservoir", "corridor"):
        holds = rivers[f"is_{role}"].to_numpy(dtype=bool)
        found[f"watercourse_{role}_km"] = sum_lengths(lengths, holds, count)

    points = tables["obstacle_p"]
    places = place_points(geometries(points), zones)
    found["obstacle_point_count"] = np.bincount(places[places >= 0], minlength=count)
    types = points["type"].astype(str).to_numpy()
    for kind in sorted(set(types), key=slug):
        chosen = places[(types == kind) & (places >= 0)]
        found[f"obstacle_point_{slug(kind)}_count"] = np.bincount(chosen, minlength=count)

    lines = tables["obstacle_l"]
    lengths = measure_lengths(geometries(lines), zones)
    found["obstacle_line_km"] = sum_lengths(lengths, None, count)
    types = lines["type"].astype(str).to_numpy()
    for kind in sorted(set(types), key=slug):
        found[f"obstacle_line_{slug(kind)}_km"] = sum_lengths(lengths, types == kind, count)

    found["obstacle_surface_ha"] = areas["obstacle_surface_ha"]
    return found


def _arrange(
    codes: list[str], names: list[str], values: Mapping[str, NDArray[Any]], neighbours: list[str]
) -> DataFrame:
    """Put the columns in the order of the contract, with the shares that follow from the areas."""
    import pandas

    columns: dict[str, Any] = {"insee": codes, "name": names}
    for name, found in values.items():
        columns[name] = found.astype(np.int64) if name.endswith("_count") else found
        if name.startswith(("reservoir_", "corridor_")) and name.endswith("_ha"):
            columns[f"{name.removesuffix('_ha')}_share"] = found / values["area_ha"]
        if name == "corridor_restore_km":
            columns["corridor_neighbours"] = neighbours
    frame = pandas.DataFrame(columns)
    return frame.astype({"insee": object, "name": object, "corridor_neighbours": object})


def _name_neighbours(pairs: tuple[NDArray[Any], ...], names: list[str]) -> list[str]:
    link, zone, _ = pairs
    sharing: list[set[int]] = [set() for _ in names]
    order = np.lexsort((zone, link))
    for crossed in np.split(zone[order], np.flatnonzero(np.diff(link[order])) + 1):
        together = set(crossed.tolist())
        for place in together:
            sharing[place] |= together
    return [
        " ; ".join(sorted(names[other] for other in found if other != place))
        for place, found in enumerate(sharing)
    ] + [""]
