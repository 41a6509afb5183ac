"""Roles of watercourses in the network: reservoir, corridor, and the objective the law gives them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.journal import Journal
from bocage.network import COLUMNS, empty_table
from bocage.rivers.merging import group_reaches, merge_lines
from bocage.units import M_PER_KM, format_number
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame, Series

SUBNETWORK_KEY = "cours_eau"
"""Key of the sub-network of watercourses, which no study needs to declare."""

MEDIUM = "cours d'eau"


def assign_watercourse_roles(
    watercourses: GeoDataFrame | None,
    reservoirs_s: GeoDataFrame | None,
    *,
    language: str = "fr",
    reservoir_share: float = 0.5,
    reservoir_media: Sequence[str] | None = ("humide", "cours d'eau"),
    canal_share: float = 0.5,
    journal: Journal | None = None,
) -> tuple[GeoDataFrame, GeoDataFrame]:
    """Give watercourses their roles and objectives, and merge reaches by name.

    A reach is a reservoir when the data say so, when it is on list 1 of article L.214-17, or
    when at least ``reservoir_share`` of its length lies in reservoirs of ``reservoir_media``;
    data that say it is none overrule the share, not the list. A corridor is any reach on list
    2, any permanent natural reach, any reservoir, and any canal of which at least
    ``canal_share`` lies in reservoirs of any medium. What holds no role is left out.

    Reaches of one name, kind, lists and roles that touch are one object.

    Parameters
    ----------
    watercourses : GeoDataFrame, optional
        Lines with ``ground`` (river, stream, canal), ``name``, ``list1``, ``list2``,
        ``is_reservoir`` (True, False or None) and ``intermittent``; ``lists`` names those that the data
        tell, both when left out. None is not provided.
    reservoirs_s : GeoDataFrame, optional
        Reservoirs of all sub-networks, with ``medium``.
    language : {"fr", "en"}
    reservoir_share, canal_share : float
        In (0, 1].
    reservoir_media : sequence of str, optional
        Media of the reservoirs that make a watercourse a reservoir; None is any of them. By
        default wet ones: a brook through a wood that is a reservoir is not thereby one.
    journal : Journal, optional
        Receives the length of what was left out.

    Returns
    -------
    cours_eau_l, reservoir_l : GeoDataFrame
        With the columns of ``bocage.network.COLUMNS``, identifiers empty, ``rule`` one of list1,
        list2, reservoir and watercourse; from north to south
        then west to east. The second holds those that are reservoirs, under the sub-network
        ``"cours_eau"``.

    Notes
    -----
    Code de l'environnement, article L.214-17: on list 1 no new obstacle to ecological
    continuity may be allowed (objective *preserve*); on list 2 existing works must let through
    sediment and migratory fish (objective *restore*, which prevails where a reach is on both).
    """
    if watercourses is None or len(watercourses) == 0:
        crs = _read_crs(watercourses, reservoirs_s)
        return empty_table("cours_eau_l", crs), empty_table("reservoir_l", crs)
    crs = _read_crs(watercourses, None)
    reaches = _assign_to_reaches(
        watercourses,
        reservoirs_s,
        reservoir_share=reservoir_share,
        reservoir_media=reservoir_media,
        canal_share=canal_share,
    )
    absent = ~(reaches["is_corridor"] | reaches["is_reservoir"])
    if absent.any() and journal is not None:
        length_km = float(reaches.loc[absent, "length_m"].sum()) / M_PER_KM
        journal.add("watercourses_without_role", count=int(absent.sum()), length_km=length_km)
    reaches = reaches[~absent].reset_index(drop=True)
    if reaches.empty:
        return empty_table("cours_eau_l", crs), empty_table("reservoir_l", crs)
    objects = _merge_reaches(reaches, crs)
    media = (
        say("rivers.any_medium", language)
        if reservoir_media is None
        else " / ".join(dict.fromkeys(reservoir_media))
    )
    lists = str(watercourses["lists"].iloc[0]) if "lists" in watercourses.columns else "list1 list2"
    words = objects.apply(
        lambda row: _explain_row(row, language, media, reservoir_share, canal_share, lists),
        axis=1,
        result_type="expand",
    )
    for column in words.columns:
        objects[column] = words[column]
    objects["id"] = objects["decided_by"] = ""
    # What only a network of the rivers tells.
    for column in set(COLUMNS["cours_eau_l"]) - set(objects.columns):
        objects[column] = None if COLUMNS["cours_eau_l"][column].dtype == "str" else np.nan
    columns = [*COLUMNS["cours_eau_l"], "geometry"]
    reservoir_l = objects[objects["is_reservoir"]].reset_index(drop=True)
    reservoir_l["subnetwork"] = SUBNETWORK_KEY
    reservoir_l["medium"] = MEDIUM
    return objects[columns], reservoir_l[[*COLUMNS["reservoir_l"], "geometry"]]


def measure_share_inside(lines: NDArray[np.object_], polygons: NDArray[np.object_]) -> NDArray[np.float64]:
    """Measure the share of the length of each line that lies in the union of polygons.

    >>> import shapely
    >>> line = np.array([shapely.LineString([(0, 0), (10, 0)])])
    >>> measure_share_inside(line, np.array([shapely.box(0, -1, 4, 1), shapely.box(2, -1, 6, 1)])).tolist()
    [0.6]
    """
    import shapely

    share = np.zeros(len(lines))
    if not len(lines) or not len(polygons):
        return share
    place, which = shapely.STRtree(polygons).query(lines, predicate="intersects")
    order = np.lexsort((which, place))
    place, which = place[order], which[order]
    pieces = shapely.intersection(lines[place], polygons[which])
    found, first = np.unique(place, return_index=True)
    # Reservoirs of several sub-networks overlap: ground counts once.
    inside = [shapely.length(shapely.union_all(group)) for group in np.split(pieces, first[1:])]
    length = shapely.length(lines[found])
    share[found] = np.divide(inside, length, out=np.zeros(len(found)), where=length > 0)
    return np.minimum(share, 1.0)


def _assign_to_reaches(
    watercourses: GeoDataFrame,
    reservoirs_s: GeoDataFrame | None,
    *,
    reservoir_share: float,
    reservoir_media: Sequence[str] | None,
    canal_share: float,
) -> DataFrame:
    """Give each reach its characters, shares and roles."""
    import pandas
    import shapely

    lines = shapely.force_2d(watercourses.geometry.to_numpy())
    usable = (shapely.length(lines) > 0) & ~shapely.is_missing(lines)
    source, lines = watercourses[usable], lines[usable]
    polygons = np.empty(0, object) if reservoirs_s is None else reservoirs_s.geometry.to_numpy()
    share_any = measure_share_inside(lines, polygons)
    if reservoirs_s is None or reservoir_media is None:
        share = share_any
    else:
        share = measure_share_inside(
            lines, polygons[reservoirs_s["medium"].isin(list(reservoir_media)).to_numpy()]
        )
    said = (
        source["is_reservoir"].map(lambda value: None if pandas.isna(value) else bool(value)).astype(object)
    )
    reaches = pandas.DataFrame(
        {
            "name": source["name"].map(lambda name: name.strip() if isinstance(name, str) else "").to_numpy(),
            "kind": np.where(source["ground"] == "canal", "canal", "natural"),
            "list1": source["list1"].astype(bool).to_numpy(),
            "list2": source["list2"].astype(bool).to_numpy(),
            "intermittent": source["intermittent"].astype(bool).to_numpy(),
            "said": np.where(said.isna(), "", said.astype(str)),
        }
    )
    natural = (reaches["kind"] == "natural").to_numpy()
    by_share = (share >= reservoir_share) & (reaches["said"] != "False").to_numpy()
    reaches["is_reservoir"] = (reaches["said"] == "True").to_numpy() | reaches["list1"].to_numpy() | by_share
    reaches["by_canal"] = ~natural & (share_any >= canal_share)
    reaches["is_corridor"] = (
        reaches["is_reservoir"]
        | reaches["list2"]
        | (natural & ~reaches["intermittent"].to_numpy())
        | reaches["by_canal"]
    )
    reaches["by_share"] = by_share
    reaches["length_m"] = shapely.length(lines)
    reaches["inside_m"] = share * reaches["length_m"]
    reaches["inside_any_m"] = share_any * reaches["length_m"]
    reaches["line"] = lines
    return reaches


def _merge_reaches(reaches: DataFrame, crs: str) -> GeoDataFrame:
    """Merge reaches into objects, from north to south then west to east."""
    import geopandas

    characters = [
        "name", "kind", "list1", "list2", "intermittent", "said", "is_reservoir", "is_corridor", "by_share",
        "by_canal",
    ]  # fmt: skip
    group = group_reaches(reaches["line"].to_numpy(), reaches[characters], "name")
    grouped = reaches.groupby(group, sort=True)
    objects = grouped[characters].first()
    sums = grouped[["length_m", "inside_m", "inside_any_m"]].sum()
    objects["share"] = sums["inside_m"] / sums["length_m"]
    objects["share_any"] = sums["inside_any_m"] / sums["length_m"]
    objects["length_m"] = sums["length_m"]
    geometry = grouped["line"].agg(lambda lines: merge_lines(lines.tolist()))
    table = geopandas.GeoDataFrame(objects, geometry=list(geometry), crs=crs)
    bounds = table.geometry.bounds
    order = np.lexsort((table["name"].to_numpy().astype(str), bounds["minx"], -bounds["maxy"]))
    return table.iloc[order].reset_index(drop=True)


def _explain_row(
    row: Series[Any], language: str, media: str, reservoir_share: float, canal_share: float, lists: str
) -> dict[str, str]:
    """Say why a watercourse holds its roles, and which rule gives its objective."""
    reasons: list[str] = []

    def add(key: str, **values: str) -> None:
        reasons.append(say(f"rivers.{key}", language, **values))

    def percent(share: float) -> str:
        return format_number(100 * share, 0, language)

    if row["said"] == "True":
        add("reservoir_said")
    if row["list1"]:
        add("reservoir_list1")
    if row["by_share"]:
        add("reservoir_share", share=percent(row["share"]), media=media, min_share=percent(reservoir_share))
    if row["list2"]:
        add("corridor_list2")
    if row["kind"] == "natural" and not row["intermittent"]:
        add("corridor_natural")
    elif row["by_canal"]:
        add("corridor_canal", share=percent(row["share_any"]), min_share=percent(canal_share))
    elif not row["list2"]:
        add("corridor_reservoir")

    if row["list2"]:
        objective, rule = "restore", "list2"
        evidence = say("rivers.evidence_list2", language)
        if row["list1"]:
            evidence = say("rivers.evidence_both", language, list2=evidence)
    elif row["list1"]:
        objective, rule = "preserve", "list1"
        evidence = say("rivers.evidence_list1", language)
    else:
        objective, rule = "preserve", "reservoir" if row["is_reservoir"] else "watercourse"
        # Nothing is said of a list that the data do not tell.
        key = {"list1 list2": "other", "list1": "not_list1", "list2": "not_list2"}.get(lists)
        evidence = say(f"rivers.evidence_{key}", language) if key else ""
    return {
        "reason": say("rivers.separator", language).join(reasons),
        "objective": objective,
        "rule": rule,
        "evidence": evidence,
    }


def _read_crs(*layers: GeoDataFrame | None) -> str:
    """Give the CRS of the first layer that has one, that of the French standard otherwise."""
    for layer in layers:
        if layer is not None and layer.crs is not None:
            return str(layer.crs.to_string())
    return "EPSG:2154"
