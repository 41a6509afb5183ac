"""Metrics of a whole landscape: those of its patches together, contagion and diversity of its classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.fragmentation.class_metrics import Column, count_most_joins, measure_groups
from bocage.fragmentation.mosaic import Mosaic
from bocage.fragmentation.patch_metrics import count_least_sides
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    import pandas as pd


def measure_landscape(mosaic: Mosaic, *, max_classes: int | None = None) -> pd.DataFrame:
    """Measure the landscape.

    Parameters
    ----------
    mosaic : Mosaic
        Of ``build_mosaic``.
    max_classes : int, optional
        How many classes there could be; without it ``rpr`` is NaN.

    Returns
    -------
    DataFrame
        One row of the metrics of level ``"landscape"`` in ``METRICS``, of the units given there. NaN where a
        metric does not exist: ``contag`` of one class, ``iji`` below three, and as in ``measure_classes``.

    Raises
    ------
    DataError
        If there are more classes than ``max_classes``.

    Notes
    -----
    With P_i the share of each of m classes, e_ik the sides between two of them, E their sum, and g_ik as in
    ``measure_classes``, without those along no data or the end of the raster:

    - CONTAG = 1 + Σ q_ik ln q_ik / (2 ln m), with q_ik = P_i g_ik / Σ_k g_ik;
    - IJI = -Σ_i<k (e_ik / E) ln(e_ik / E) / ln(m (m - 1) / 2);
    - AI = Σ P_i AI_i, where a class of one cell, which has none, weighs for nothing;
    - SHDI = -Σ P ln P; SIDI = 1 - Σ P²; MSIDI = -ln Σ P²; evenness is diversity over that of m equal classes,
      and 0 for a single class.

    Examples
    --------
    >>> from bocage.fragmentation.mosaic import build_mosaic
    >>> mosaic = build_mosaic(np.array([[1, 1, 2], [1, 2, 2], [2, 2, 2]]), 10.0)
    >>> measure_landscape(mosaic)[["ta", "np", "lpi"]].round(3).values.tolist()
    [[0.09, 2.0, 66.667]]
    """
    import pandas as pd

    found = len(mosaic.classes)
    if max_classes is not None and max_classes < found:
        raise DataError(f"the landscape has {found} classes where max_classes allows {max_classes}: raise it")
    own = np.diag(mosaic.joins)[:-1]
    between = np.triu(mosaic.joins[:-1, :-1], 1)
    outside = int(mosaic.joins[:-1, -1].sum())
    cells = mosaic.class_cells
    total = mosaic.total_cells
    total_m2 = total * mosaic.cell**2
    inner = int(between.sum())
    edge = np.array([inner + mosaic.boundary * outside])
    common = measure_groups(mosaic, np.zeros(len(mosaic), np.int64), 1, edge=edge, total_m2=total_m2)
    least = int(count_least_sides(np.array([total]))[0])
    if mosaic.reading == "text":
        lsi = 0.25 * (inner + outside) / math.sqrt(total)
    else:
        lsi = (inner + outside) / least
    share = cells / total
    ai = float((own[cells > 1] / count_most_joins(cells[cells > 1]) * share[cells > 1]).sum() * 100)
    single: dict[str, float | int] = {
        "ta": total_m2 / M2_PER_HA,
        "lsi": lsi,
        "contag": _measure_contagion(mosaic.joins[:-1, :-1], share),
        "pladj": float(2 * own.sum() / (4 * total) * 100),
        "iji": _measure_interspersion(between),
        "ai": ai,
        "pr": found,
        "prd": found / total_m2 * 100 * M2_PER_HA,
        "rpr": math.nan if max_classes is None else found / max_classes * 100,
        **_measure_diversity(share),
    }
    columns: dict[str, Column] = {name: np.array([value]) for name, value in single.items()}
    return pd.DataFrame({"ta": columns.pop("ta"), **common, **columns})


def _measure_contagion(joins: NDArray[np.int64], share: NDArray[np.float64]) -> float:
    if len(share) < 2:
        return math.nan
    sides = joins + np.diag(np.diag(joins))
    around = sides.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        pair = np.where(sides > 0, share[:, None] * sides / around[:, None], 0.0)
        entropy = float(np.where(pair > 0, pair * np.log(pair), 0.0).sum())
    return (1 + entropy / (2 * math.log(len(share)))) * 100


def _measure_interspersion(between: NDArray[np.int64]) -> float:
    """Spread the edges over the pairs of classes, as a share of an even spread [%]."""
    count = len(between)
    edge = between[between > 0].astype(np.float64)
    if count < 3 or not len(edge):
        return math.nan
    part = edge / edge.sum()
    return float(-(part * np.log(part)).sum() / math.log(count * (count - 1) / 2) * 100)


def _measure_diversity(share: NDArray[np.float64]) -> dict[str, float]:
    count = len(share)
    if count == 1:
        return dict.fromkeys(("shdi", "sidi", "msidi", "shei", "siei", "msiei"), 0.0)
    shannon = float(-(share * np.log(share)).sum())
    together = float((share * share).sum())
    return {
        "shdi": shannon,
        "sidi": 1 - together,
        "msidi": -math.log(together),
        "shei": shannon / math.log(count),
        "siei": (1 - together) / (1 - 1 / count),
        "msiei": -math.log(together) / math.log(count),
    }
