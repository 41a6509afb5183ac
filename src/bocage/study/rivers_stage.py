"""Rivers inside a run: measured whole, then carried to the watercourses and works of the study area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.journal import Journal
from bocage.network import COLUMNS
from bocage.obstacles.works import WORK_COLUMNS
from bocage.progress import SilentProgress
from bocage.study.model import Study
from bocage.study.rivers_inputs import RiverOptions, complete_options, read_rivers
from bocage.study.rivers_run import RiverStudy, check_options, measure_rivers
from bocage.study.rivers_tables import (
    POINTS,
    number_basins,
    table_basins,
    table_budget,
    table_reaches,
    table_works,
)
from bocage.units import M_PER_KM

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame
    from shapely.geometry.base import BaseGeometry

    from bocage.report.rivers import RiverSection

PLANNED_SHARE = 0.1
"""Share of what opening all works costs that is planned for, where the study gives no budget."""
_DOUBTFUL = (0.2, 0.8)
"""A work that a share of the draws between these opens: knowing more would change the plan."""


@dataclass(frozen=True)
class RiverFindings:
    """What a run keeps of its rivers.

    Attributes
    ----------
    reaches : GeoDataFrame
        A row a reach of the whole layer: ``basin`` (number in ``basins``; empty for those outside the study
        area), ``strahler``, ``length_m``, ``upstream_km``, ``in_share``, ``out_share``, ``from_sea``,
        ``free`` (nothing that hinders stands between it and the outlet).
    works : GeoDataFrame or None
        A row a work of the layer, see ``table_works``, with ``basin`` numbered alike; None where the study
        has no works.
    basins : GeoDataFrame
        Those that have a reach in the study area, the longest first, numbered as in the whole network; see
        ``table_basins``.
    budget : DataFrame
        See ``table_budget``.
    figure : str
        The curve of budgets as SVG; empty where nothing can be opened.
    indices : dict of str to float
        ``dci_potamodromous`` and ``dci_diadromous`` with ``_low`` and ``_high`` [points]; empty without
        works.
    asked : float or None
        Budget of the plan.
    assumed : bool
        The study gave no budget.
    costed : bool
        The budget is in the unit of a column of costs; works are counted otherwise.
    gained : tuple of float
        What the plan gains, and what the same money gains down the ranking [points].
    diagnose : tuple of str
        Works of unknown passability that the plan holds in some draws only: knowing them would change it.
    snap_m : float
        How far a reach may have been moved from its line [m].
    """

    reaches: GeoDataFrame
    works: GeoDataFrame | None
    basins: GeoDataFrame
    budget: DataFrame
    figure: str
    indices: dict[str, float]
    asked: float | None
    assumed: bool
    costed: bool
    gained: tuple[float, float]
    diagnose: tuple[str, ...]
    snap_m: float = 5.0


def find_rivers(study: Study, area: BaseGeometry, journal: Journal) -> RiverFindings | None:
    """Measure the rivers of a study, whole: they do not end at the border of its area.

    Parameters
    ----------
    study : Study
        With watercourses.
    area : shapely (Multi)Polygon
        The study area: basins that have no reach in it are left out of the tables.
    journal : Journal

    Returns
    -------
    RiverFindings or None
        None where no line has a length, which is noted.

    Raises
    ------
    BocageError
        A column that the study names is missing, or holds what it cannot.
    """
    import shapely

    options = complete_options(RiverOptions(study.path, budget_share=PLANNED_SHARE), study)
    check_options(options)
    # The layers were read once for the study area: what was mended in them is told already.
    inputs = read_rivers(options, Journal(), study=study, area=area.bounds)
    if not len(inputs.lines) or not (shapely.length(inputs.lines.geometry.to_numpy()) > 0).any():
        journal.add("rivers_no_lines")
        return None
    found = measure_rivers(options, inputs, journal=journal, progress=SilentProgress())
    basins, kept = _keep_basins(table_basins(found), found, area)
    works = None
    if inputs.works is not None:
        works = table_works(found).drop(columns=["x", "y"])
        works = works.rename(columns={"must": "priority", "never": "protected"})
        works["basin"] = [number if number in kept else None for number in works["basin"].tolist()]
    else:
        journal.add("rivers_no_works")
        # Nothing is known of works: nothing is passable or not.
        index = [column for column in basins.columns if column.startswith(("dci_", "pci", "cafi"))]
        index += ["works", "unknown", "doubtful", "fragments", "longest_fragment_km", "longest_stretch_km"]
        index += ["height_m", "height_unknown", "fractionnement", "density"]
        basins[index] = np.nan
    budget = found.budget
    if budget is not None and options.budget is None:
        note = "rivers_budget_assumed" if found.costed else "rivers_count_assumed"
        journal.add(note, budget=f"{budget.asked:g}", share=round(100 * PLANNED_SHARE))
    return RiverFindings(
        reaches=_describe_reaches(found, kept, known=works is not None),
        works=works,
        basins=basins,
        budget=table_budget(found),
        figure=_draw(found),
        indices=_list_indices(found) if works is not None else {},
        asked=None if budget is None else budget.asked,
        assumed=options.budget is None,
        costed=found.costed,
        gained=_list_gains(found),
        diagnose=_list_undecided(found),
        snap_m=options.snap_m,
    )


def _keep_basins(
    basins: GeoDataFrame, found: RiverStudy, area: BaseGeometry
) -> tuple[GeoDataFrame, frozenset[int]]:
    """Keep the basins that have a reach in the area, and give their numbers."""
    import shapely

    shapely.prepare(area)
    inside = shapely.intersects(area, found.network.reaches.geometry.to_numpy())
    numbers = frozenset(number_basins(found)[found.used.tree.tree.basin[inside]].tolist())
    return basins[basins["basin"].isin(numbers)].reset_index(drop=True), numbers


def _describe_reaches(found: RiverStudy, kept: frozenset[int], *, known: bool) -> GeoDataFrame:
    """Give reaches what the watercourses take from them."""
    from bocage.kernels.rivers import gather_upstream

    tree = found.used.tree.tree
    table = table_reaches(found)[
        ["basin", "strahler", "length_m", "in_share", "out_share", "from_sea", "geometry"]
    ]
    label = tree.basin
    table = table.copy()
    table["basin"] = [number if number in kept else None for number in table["basin"].tolist()]
    open_all = np.ones(len(label))
    table["upstream_km"] = (
        gather_upstream(tree.order, tree.downstream, tree.length, open_all, open_all)[0] / M_PER_KM
    )
    outlet = tree.outlets[label]
    fragment = found.fragments.label
    barred = np.minimum(tree.up, tree.down)[outlet] < 1
    table["free"] = (fragment == fragment[outlet]) & ~barred
    if not known:
        table[["in_share", "out_share", "from_sea"]] = np.nan
    return table


def _draw(found: RiverStudy) -> str:
    from bocage.study.rivers_figure import draw_budget

    return "" if found.budget is None else draw_budget(found, found.budget)


def _list_indices(found: RiverStudy) -> dict[str, float]:
    states = (("", found.used), ("_low", found.low), ("_high", found.high))
    return {f"dci_potamodromous{key}": float(one.potamodromous.index * POINTS) for key, one in states} | {
        f"dci_diadromous{key}": float(one.diadromous.climbing * POINTS) for key, one in states
    }


def _list_gains(found: RiverStudy) -> tuple[float, float]:
    budget = found.budget
    if budget is None or budget.asked is None:
        return 0.0, 0.0
    return (
        float(budget.curve.choose(budget.asked).gain * POINTS),
        float(budget.ranking.find_gains(budget.asked)[0] * POINTS),
    )


def _list_undecided(found: RiverStudy) -> tuple[str, ...]:
    """List the works of unknown passability that only some draws open, the most undecided first."""
    budget = found.budget
    if budget is None or budget.draws is None:
        return ()
    opened = budget.draws.opened
    known = found.rated["known"].to_numpy(bool)[budget.rows]
    undecided = np.flatnonzero(~known & (opened >= _DOUBTFUL[0]) & (opened <= _DOUBTFUL[1]))
    order = undecided[np.argsort(np.abs(opened[undecided] - 0.5), kind="stable")]
    ids = found.network.works["id"].to_numpy()
    return tuple(str(ids[work]) for work in budget.rows[order])


def describe_courses(courses: GeoDataFrame, rivers: RiverFindings | None, *, snap_m: float) -> GeoDataFrame:
    """Give watercourses their basin, order and connectivity, means along them weighted by length.

    Parameters
    ----------
    courses : GeoDataFrame
        ``cours_eau_l``.
    rivers : RiverFindings or None
        None leaves the columns empty.
    snap_m : float
        How far a reach may have been moved from its line [m].
    """
    import pandas
    import shapely

    if rivers is None or not len(courses):
        return courses
    reaches = rivers.reaches[rivers.reaches["basin"].notna()]
    lines = reaches.geometry.to_numpy()
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    reach, course = shapely.STRtree(courses.geometry.to_numpy()).query_nearest(
        middle, max_distance=snap_m + 1.0, all_matches=True
    )
    held = pandas.DataFrame(reaches.drop(columns="geometry")).iloc[reach].reset_index(drop=True)
    held["course"] = course
    length = held["length_m"]
    grouped = held.groupby("course")
    found = grouped[["strahler", "upstream_km"]].max().astype(np.float64)
    for name in ("in_share", "out_share", "from_sea"):
        held[name] = held[name] * length
    sums = held.groupby("course")[["length_m", "in_share", "out_share", "from_sea"]].sum(min_count=1)
    for name in ("in_share", "out_share", "from_sea"):
        found[name] = sums[name] / sums["length_m"]
    most = held.groupby(["course", "basin"])["length_m"].sum().reset_index()
    most = most.sort_values(["course", "length_m", "basin"], ascending=[True, False, True])
    basin = most.drop_duplicates("course").set_index("course")["basin"].astype(int)
    by_number = rivers.basins.set_index("basin")
    for name in ("dci_potamodromous", "dci_diadromous"):
        found[name] = by_number[name].reindex(basin.reindex(found.index)).to_numpy(np.float64)
    found["basin"] = basin.astype(str)
    found = found.reindex(np.arange(len(courses)))
    described = courses.copy()
    for name in found.columns:
        values = found[name].to_numpy()
        if COLUMNS["cours_eau_l"][name].dtype == "str":
            values = np.array([None if one != one else one for one in values], dtype=object)
        described[name] = values
    return described


def describe_works(works: GeoDataFrame | None, rivers: RiverFindings | None) -> GeoDataFrame | None:
    """Give the works read for the study area what was found of them in the whole layer.

    A work is known by its place and its code; of several alike, by their order. ``stands`` and
    ``stands_within_m`` say where the network placed it, as ``find_river_works`` takes them.

    Parameters
    ----------
    works : GeoDataFrame or None
        As ``prepare_river_works`` reads them.
    rivers : RiverFindings or None
    """
    if works is None or rivers is None or rivers.works is None or not len(works):
        return works
    from bocage.obstacles.causes import read_texts
    from bocage.study.layers import texts_of

    ids = read_texts(works, "code", "")
    named = any(ids)
    row_of = {
        key: row
        for row, key in enumerate(_name_places(rivers.works, texts_of(rivers.works["id"]) if named else None))
    }
    rows = [row_of.get(key, -1) for key in _name_places(works, ids if named else None)]
    at = np.array(rows, dtype=np.int64)
    source = rivers.works
    taken: dict[str, Any] = {
        "basin": np.array(
            [None if one is None or one != one else str(int(one)) for one in source["basin"]], object
        ),
        "rank": source["rank"].astype("Float64").to_numpy(np.float64, na_value=np.nan),
        "passability_known": source["known"].to_numpy(bool),
    }
    if "order" in source:
        taken["plan_order"] = source["order"].astype("Float64").to_numpy(np.float64, na_value=np.nan)
    if "option" in source:
        taken["plan_option"] = source["option"].to_numpy(object)
    for side in ("up", "down"):
        for end in ("", "_low", "_high"):
            taken[f"passability_{side}{end}"] = source[f"{side}{end}"].to_numpy(np.float64)
    for name in ("height_m", "gain_potamodromous", "gain_diadromous", "upstream_km"):
        taken[name] = source[name].to_numpy(np.float64)
    for name in ("list1", "list2", "priority", "protected"):
        if name in source:
            taken[name] = source[name].to_numpy(bool)
    described = works.copy()
    lacking = at < 0
    for name, values in taken.items():
        assert name in WORK_COLUMNS, name
        blank: Any = {"str": None, "float": np.nan, "bool": False}[COLUMNS["obstacle_p"][name].dtype]
        chosen = values[np.maximum(at, 0)].copy()
        chosen[lacking] = blank
        described[name] = chosen
    stands = _find_places(rivers)[np.maximum(at, 0)]
    stands[lacking] = None
    described["stands"] = stands
    # A reach is not everywhere where its line was.
    described["stands_within_m"] = rivers.snap_m + 1.0
    return described


def _find_places(rivers: RiverFindings) -> NDArray[np.object_]:
    """Give the point of the network where each work stands, the lower end of the reach above it, or None."""
    import shapely

    assert rivers.works is not None
    above = rivers.works["reach_above"].to_numpy(np.int64)
    places = np.full(len(above), None, dtype=object)
    on = np.flatnonzero(above >= 0)
    places[on] = shapely.get_point(rivers.reaches.geometry.to_numpy()[above[on]], -1)
    return places


def _name_places(works: GeoDataFrame, codes: Any) -> list[tuple[float, float, str, int]]:
    """Name works by place to the millimetre, code, and number among those alike."""
    import shapely

    points = works.geometry.to_numpy()
    xy = np.round(np.stack([shapely.get_x(points), shapely.get_y(points)], axis=1), 3)
    texts = [""] * len(works) if codes is None else [str(code) for code in codes]
    met: dict[tuple[float, float, str], int] = {}
    names = []
    for (x, y), text in zip(xy.tolist(), texts, strict=True):
        key = (x, y, text)
        met[key] = met.get(key, 0) + 1
        names.append((x, y, text, met[key]))
    return names


def make_section(
    rivers: RiverFindings | None, index: str, area: BaseGeometry, points: GeoDataFrame | None = None
) -> RiverSection | None:
    """Give what the report says of rivers; ``points`` is the ``obstacle_p`` that is written beside it."""
    if rivers is None:
        return None
    from bocage.report.rivers import RiverSection

    return RiverSection(
        basins=rivers.basins,
        works=rivers.works,
        inside=np.zeros(0, dtype=bool) if rivers.works is None else find_inside(rivers.works, area),
        index=index,
        indices=rivers.indices,
        figure=rivers.figure,
        asked=rivers.asked,
        assumed=rivers.assumed,
        costed=rivers.costed,
        gained=rivers.gained,
        diagnose=rivers.diagnose,
        written=None if points is None else tuple(points["code"].dropna()[points["rank"].notna()]),
    )


def find_inside(works: GeoDataFrame, area: BaseGeometry) -> NDArray[np.bool_]:
    """Tell which works stand in the study area, on a river, and are not destroyed."""
    import shapely

    shapely.prepare(area)
    inside: NDArray[np.bool_] = shapely.intersects(area, works.geometry.to_numpy())
    on = works["reach_above"].to_numpy(np.int64) >= 0
    standing: NDArray[np.bool_] = inside & on & (works["rule"] != "destroyed").to_numpy(bool)
    return standing
