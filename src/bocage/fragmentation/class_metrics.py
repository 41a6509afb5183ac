"""Metrics of each class of a landscape: amount, edge, core, shape, isolation and aggregation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.fragmentation.distributions import summarise
from bocage.fragmentation.metrics import SUMMED
from bocage.fragmentation.mosaic import Mosaic
from bocage.fragmentation.patch_metrics import count_least_sides, measure_columns
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    import pandas as pd

_HUNDRED_HA = 100 * M2_PER_HA
_LEAST_PATCHES = 10
"""PAFRAC of fewer patches is not a regression worth the name: FRAGSTATS prints none either."""

Column = NDArray[np.floating] | NDArray[np.int64]


def measure_classes(mosaic: Mosaic) -> pd.DataFrame:
    """Measure each class.

    Parameters
    ----------
    mosaic : Mosaic
        Of ``build_mosaic``.

    Returns
    -------
    DataFrame
        A row a class, by increasing value: ``class``, and the metrics of level ``"class"`` in ``METRICS``,
        of the units given there. NaN where a metric does not exist: ``enn_*`` of a class of one patch,
        ``dcore_*`` of a class without core, ``iji`` with fewer than three classes, ``pafrac`` below ten
        patches, ``ai`` and ``nlsi`` of a class of one cell, ``clumpy`` of the only class, ``cohesion`` of a
        landscape of one cell, a ``*_cv`` whose mean is 0.

    Notes
    -----
    With g_ik the sides of cells of class i along class k (like sides counted twice), e_i those not along its
    own, a_i and A the cells of the class and of the landscape, P = a_i / A, and min e the least perimeter of
    a_i cells:

    - LSI = e / min e; NLSI = (e - min e) / (max e - min e); PLADJ = g_ii / Σ g_ik;
    - AI = g_ii / max g_ii; with G = g_ii / (Σ g_ik - min e), CLUMPY = (G - P) / P if G < P < 0.5,
      else (G - P) / (1 - P);
    - IJI = -Σ (e_ik / Σ e_ik) ln(e_ik / Σ e_ik) / ln(m - 1), over the m - 1 other classes;
    - COHESION = (1 - Σ p / Σ p √z) / (1 - 1 / √A), with p and z of each patch in sides and cells;
    - PAFRAC = 2 / slope of ln a on ln p; DIVISION = 1 - Σ (z / A)²; MESH = Σ z² / A; SPLIT = A² / Σ z²;
    - distributions: ``*_am`` is weighted by area of the patch, for ``dcore`` by that of the disjunct core.

    In a landscape only a few cells wide, CLUMPY may fall below -1.

    Examples
    --------
    >>> from bocage.fragmentation.mosaic import build_mosaic
    >>> mosaic = build_mosaic(np.array([[1, 1, 2], [1, 2, 2], [2, 2, 2]]), 10.0)
    >>> measure_classes(mosaic)[["class", "ca", "np", "te"]].values.tolist()
    [[1.0, 0.03, 1.0, 40.0], [2.0, 0.06, 1.0, 40.0]]
    """
    import pandas as pd

    count = len(mosaic.classes)
    own = np.diag(mosaic.joins)[:-1]
    between = mosaic.joins[:-1, :-1] - np.diag(own)
    outside = mosaic.joins[:-1, -1]
    cells = mosaic.class_cells
    area_m2 = cells * mosaic.cell**2
    total_m2 = mosaic.total_cells * mosaic.cell**2
    inner = between.sum(axis=1)
    common = measure_groups(
        mosaic, mosaic.of_class, count, edge=inner + mosaic.boundary * outside, total_m2=total_m2
    )
    sides = inner + outside
    least = count_least_sides(cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        lsi = sides / least
        if mosaic.reading == "text":
            lsi = 0.25 * (int(outside.sum()) + inner) / math.sqrt(mosaic.total_cells)
        most = count_most_sides(cells, mosaic)
        nlsi = np.where(most > least, (sides - least) / (most - least), np.nan)
        ai = np.where(cells > 1, own / count_most_joins(cells), np.nan) * 100
    columns: dict[str, Column] = {
        "ca": area_m2 / M2_PER_HA,
        "pland": cells / mosaic.total_cells * 100,
        **common,
        "cpland": common["tca"] * M2_PER_HA / total_m2 * 100,
        "lsi": lsi,
        "clumpy": _measure_clumping(own, cells, least, mosaic.total_cells),
        "pladj": 2 * own / (4 * cells) * 100,
        "iji": _measure_interspersion(between),
        "ai": ai,
        "nlsi": nlsi,
    }
    return pd.DataFrame({"class": mosaic.classes, **columns})


def measure_groups(
    mosaic: Mosaic, group: NDArray[np.int64], count: int, *, edge: NDArray[np.float64], total_m2: float
) -> dict[str, Column]:
    """Measure what classes and the landscape have alike, from their patches.

    Parameters
    ----------
    mosaic : Mosaic
    group : (n,) array of int
        Of each patch.
    count : int
        Number of groups.
    edge : (count,) array of float
        Sides that are edge.
    total_m2 : float
        Area of the landscape [m²].
    """
    cell = mosaic.cell
    patches = measure_columns(mosaic)
    number = np.bincount(group, minlength=count)
    cells = mosaic.cells.astype(np.float64)
    total = float(mosaic.total_cells)
    largest = np.zeros(count)
    np.maximum.at(largest, group, cells)
    # Cells are whole, and their squares stay exact far beyond any raster: sums do not depend on order.
    squares = np.bincount(group, cells * cells, minlength=count)
    core_m2 = np.bincount(group, mosaic.core_cells, minlength=count) * cell * cell
    core_group = group[mosaic.core_patch]
    disjunct = np.bincount(core_group, minlength=count)
    found: dict[str, Column] = {
        "np": number.astype(np.int64),
        "pd": number / total_m2 * _HUNDRED_HA,
        "lpi": largest / total * 100,
        "te": edge * cell,
        "ed": edge * cell / total_m2 * M2_PER_HA,
        "pafrac": _regress_perimeters(mosaic, group, count),
        "tca": core_m2 / M2_PER_HA,
        "ndca": disjunct.astype(np.int64),
        "dcad": disjunct / total_m2 * _HUNDRED_HA,
        "cohesion": _measure_cohesion(mosaic, group, count),
        "division": 1 - squares / (total * total),
        "mesh": squares / total * cell * cell / M2_PER_HA,
        "split": total * total / squares,
    }
    for name in SUMMED:
        if name == "dcore":
            size = np.asarray(mosaic.core_size * cell * cell / M2_PER_HA, dtype=np.float64)
            spread = summarise(size, size, core_group, count)
        else:
            spread = summarise(np.asarray(patches[name], dtype=np.float64), cells, group, count)
        found.update({f"{name}_{statistic}": value for statistic, value in spread.items()})
    return found


def count_most_sides(cells: NDArray[np.int64], mosaic: Mosaic) -> NDArray[np.int64]:
    """Give the greatest number of sides along other ground that a class can have (see ``build_mosaic``)."""
    total = mosaic.total_cells
    around = int(mosaic.joins[:-1, -1].sum())
    most = np.where(2 * cells <= total, 4 * cells, around + 4 * (total - cells))
    if mosaic.reading == "text":
        rim = _count_rim(mosaic)
        middle = (2 * cells > total) & (2 * cells <= total + rim)
        most = np.where(middle, 3 * total - 2 * cells + 3 * (total % 2), most)
    return np.asarray(most, dtype=np.int64)


def count_most_joins(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the greatest number of sides that so many cells can share (He et al. 2000).

    >>> count_most_joins(np.array([1, 2, 3, 4, 5, 6, 9])).tolist()
    [0, 1, 2, 4, 5, 7, 12]
    """
    return np.asarray((4 * cells - count_least_sides(cells)) // 2, dtype=np.int64)


def _count_rim(mosaic: Mosaic) -> int:
    """Count the cells with a side along no data or the end of the raster."""
    labels = mosaic.labels
    rim = 0
    for row in range(labels.shape[0]):
        inside = np.zeros(labels.shape[1], bool)
        if 0 < row < labels.shape[0] - 1:
            inside[1:-1] = (
                (labels[row - 1, 1:-1] > 0)
                & (labels[row + 1, 1:-1] > 0)
                & (labels[row, :-2] > 0)
                & (labels[row, 2:] > 0)
            )
        rim += int(((labels[row] > 0) & ~inside).sum())
    return rim


def _measure_clumping(
    own: NDArray[np.int64], cells: NDArray[np.int64], least: NDArray[np.int64], total: int
) -> NDArray[np.float64]:
    share = cells / total
    with np.errstate(divide="ignore", invalid="ignore"):
        # A class of one cell has no side to share: it is as scattered as can be.
        like = np.where(cells > 1, 2 * own / (4 * cells - least), 0.0)
        scattered = (like < share) & (share < 0.5)
        clumpy = np.where(scattered, (like - share) / share, (like - share) / (1 - share))
    return np.where(cells < total, clumpy, np.nan)


def _measure_interspersion(between: NDArray[np.int64]) -> NDArray[np.float64]:
    """Spread the edges of each class over the others, as a share of an even spread [%]."""
    others = len(between) - 1
    edge = between.sum(axis=1)
    if others < 2:
        return np.full(len(between), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = between / edge[:, None]
        entropy = -np.where(share > 0, share * np.log(share), 0.0).sum(axis=1)
    return np.where(edge > 0, entropy / math.log(others) * 100, np.nan)


def _measure_cohesion(mosaic: Mosaic, group: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    sides = mosaic.sides.astype(np.float64)
    plain = np.bincount(group, sides, minlength=count)
    grown = np.bincount(group, sides * np.sqrt(mosaic.cells), minlength=count)
    if mosaic.total_cells == 1:
        return np.full(count, np.nan)
    return np.asarray((1 - plain / grown) / (1 - 1 / math.sqrt(mosaic.total_cells)) * 100)


def _regress_perimeters(mosaic: Mosaic, group: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Give 2 / slope of ln area on ln perimeter, the patches of each group."""
    x = np.log(mosaic.sides * mosaic.cell)
    y = np.log(mosaic.cells * mosaic.cell**2)
    number = np.bincount(group, minlength=count)
    with np.errstate(divide="ignore", invalid="ignore"):
        # From the means: sums of raw products would cancel.
        dx = x - (np.bincount(group, x, minlength=count) / number)[group]
        dy = y - (np.bincount(group, y, minlength=count) / number)[group]
        xx = np.bincount(group, dx * dx, minlength=count)
        xy = np.bincount(group, dx * dy, minlength=count)
        flat = np.array([len(np.unique(mosaic.sides[group == k])) < 2 for k in range(count)])
        return np.where((number >= _LEAST_PATCHES) & ~flat, 2 * xx / xy, np.nan)
