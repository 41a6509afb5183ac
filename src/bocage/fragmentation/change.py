"""What changed between two dates: mesh of each unit, processes of a class, connectivity against area.

What became of each patch is in :mod:`bocage.fragmentation.patch_events`, and of each class of a map in
:mod:`bocage.fragmentation.transitions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bocage.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from bocage.fragmentation.mesh_figures import MeshFigures

Process = Literal[
    "aggregation", "attrition", "creation", "deformation", "dissection",
    "enlargement", "fragmentation", "perforation", "shrinkage", "none",
]  # fmt: skip
"""What happened to a class as a whole, in the words of Bogaert et al. (2004)."""

Reading = Literal[
    "connectivity_lost_more", "habitat_lost_more", "equal_loss", "connectivity_gained_despite_loss",
    "connectivity_lost_alone", "unchanged", "connectivity_gained_alone",
    "connectivity_lost_despite_gain", "habitat_gained_more", "equal_gain", "connectivity_gained_more",
]  # fmt: skip
"""How connectivity moved against area; see :func:`compare_eca`."""


def compare_mesh(before: MeshFigures, after: MeshFigures) -> pd.DataFrame:
    """Compare the mesh of each unit at two dates.

    Returns
    -------
    DataFrame
        A row for each unit in the order of ``before``: ``unit``, then for ``natural_area_ha``,
        ``mesh_cut_ha`` and ``mesh_cbc_ha`` the columns ``<name>_before``, ``<name>_after``,
        ``<name>_change`` and ``<name>_percent`` (of before; missing where that was 0).

    Raises
    ------
    DataError
        If the two dates do not have the same units, or the area of a unit moved by more than a
        thousandth: two meshes are compared on the same ground only.
    """
    import pandas as pd

    place = {name: row for row, name in enumerate(after.unit_ids)}
    if odd := sorted(set(before.unit_ids) ^ set(after.unit_ids)):
        raise DataError(
            f"{len(odd)} reporting unit(s) are known at one date only ({', '.join(odd[:5])}); "
            "measure both dates over the same units."
        )
    rows = np.array([place[name] for name in before.unit_ids], np.int64)
    moved = np.abs(after.unit_area_ha[rows] - before.unit_area_ha) > 1e-3 * before.unit_area_ha
    if moved.any():
        names = [before.unit_ids[i] for i in np.flatnonzero(moved)[:5]]
        raise DataError(
            f"{int(moved.sum())} reporting unit(s) changed area between the dates ({', '.join(names)}); "
            "measure both dates over the same outlines."
        )
    columns: dict[str, Any] = {"unit": before.unit_ids}
    for name in ("natural_area_ha", "mesh_cut_ha", "mesh_cbc_ha"):
        old, new = getattr(before, name), getattr(after, name)[rows]
        columns |= {f"{name}_before": old, f"{name}_after": new, f"{name}_change": new - old}
        columns[f"{name}_percent"] = np.where(old > 0, 100 * (new - old) / np.where(old > 0, old, 1), np.nan)
    return pd.DataFrame(columns)


def name_process(
    patches: tuple[int, int],
    area: tuple[float, float],
    perimeter: tuple[float, float],
    *,
    dissection_share: float = 0.5,
) -> Process:
    """Name what happened to a class as a whole from its number of patches, area and perimeter.

    Parameters
    ----------
    patches, area, perimeter : (before, after)
        Any one unit for both dates.
    dissection_share : float
        More patches on less ground are a dissection where more than this part of the area is
        left, a fragmentation otherwise: the analyst's choice, recorded with the result.

    Returns
    -------
    str
        ``"none"`` where all three are equal: nothing moved, or a shift, which they cannot tell apart.

    Notes
    -----
    Decision tree of Bogaert, Ceulemans & Salvador-Van Eysenrode (2004, Environmental Management
    33: 62-73), which names equal numbers a shift.

    Examples
    --------
    >>> name_process((1, 2), (100.0, 90.0), (40.0, 56.0))
    'dissection'
    """
    (n0, n1), (a0, a1), (p0, p1) = patches, area, perimeter
    if n1 < n0:
        return "attrition" if a1 < a0 else "aggregation"
    if n1 > n0:
        if a1 > a0:
            return "creation"
        return "dissection" if a1 > dissection_share * a0 else "fragmentation"
    if a1 > a0:
        return "enlargement"
    if a1 < a0:
        return "perforation" if p1 > p0 else "shrinkage"
    return "deformation" if p1 != p0 else "none"


@dataclass(frozen=True, slots=True)
class ConnectivityChange:
    """Change of the equivalent connected area against that of habitat.

    Attributes
    ----------
    area_percent, eca_percent : float
        dA and dECA: change as a part of the first date [%].
    ratio : float
        dECA / dA; NaN where the area did not change.
    relation : str
        dA, dECA and 0 in order, as ``"dECA < dA < 0"``.
    reading : str
        What it means; see :func:`compare_eca`.
    """

    area_percent: float
    eca_percent: float
    ratio: float
    relation: str
    reading: Reading

    @property
    def makurhini(self) -> str:
        """Class as Makurhini's MK_dECA (Godínez-Gómez & Correa Ayram 2020) writes it.

        It has classes of loss alone: all else, connectivity lost on the same area included, is
        "Habitat or connectivity gain".
        """
        known: dict[Reading, str] = {
            "connectivity_lost_more": "+ Connectivity loss",
            "habitat_lost_more": "+ Habitat loss",
            "equal_loss": "Equal loss",
            "unchanged": "Habitat or connectivity maintained",
        }
        return known.get(self.reading, "Habitat or connectivity gain")


def compare_eca(
    area: tuple[float, float], eca: tuple[float, float], *, tolerance_percent: float = 1e-9
) -> ConnectivityChange:
    """Set the change of connectivity against the change of habitat.

    Parameters
    ----------
    area : (before, after)
        Area of habitat, or any capacity.
    eca : (before, after)
        Equivalent connected area, in the same unit, with the same dispersal at both dates.
    tolerance_percent : float
        Changes that differ by no more are equal.

    Returns
    -------
    ConnectivityChange
        With less habitat, ``connectivity_lost_more`` (dECA < dA < 0: what was lost was where it
        connected), ``equal_loss``, ``habitat_lost_more`` (dA < dECA <= 0: what was lost was
        peripheral, or the rest was linked better) and ``connectivity_gained_despite_loss``; with
        more habitat the mirror image; on the same area ``connectivity_lost_alone``, ``unchanged``
        and ``connectivity_gained_alone``.

    Raises
    ------
    DataError
        If a value at the first date is not above 0, or one at the second is negative or missing.

    Notes
    -----
    dECA of Saura, Estreguil, Mouton & Rodríguez-Freire (2011, Ecological Indicators 11: 407-416):
    were all habitat one patch, dECA would equal dA.

    Examples
    --------
    >>> change = compare_eca((100.0, 90.0), (60.0, 45.0))
    >>> change.relation, change.reading, change.ratio
    ('dECA < dA < 0', 'connectivity_lost_more', 2.5)
    """
    for name, (first, second) in (("habitat area", area), ("ECA", eca)):
        if not (first > 0.0 and second >= 0.0 and np.isfinite(first) and np.isfinite(second)):
            raise DataError(
                f"the {name} is {first:g} at the first date and {second:g} at the second; "
                "a change needs a first value above 0 and a second of 0 or more."
            )
    d_area = 100.0 * (area[1] - area[0]) / area[0]
    d_eca = 100.0 * (eca[1] - eca[0]) / eca[0]
    if abs(d_area) <= tolerance_percent:
        d_area = 0.0
    if abs(d_eca) <= tolerance_percent:
        d_eca = 0.0
    if abs(d_area - d_eca) <= tolerance_percent:
        d_eca = d_area
    named = sorted((("dECA", d_eca), ("dA", d_area), ("0", 0.0)), key=lambda pair: pair[1])
    relation = named[0][0]
    for (_, low), (name, high) in pairwise(named):
        relation += f" {'=' if low == high else '<'} {name}"
    return ConnectivityChange(
        area_percent=d_area,
        eca_percent=d_eca,
        ratio=d_eca / d_area if d_area else float("nan"),
        relation=relation,
        reading=_read_change(d_area, d_eca),
    )


def _read_change(d_area: float, d_eca: float) -> Reading:
    if d_area == 0.0:
        if d_eca == 0.0:
            return "unchanged"
        return "connectivity_gained_alone" if d_eca > 0.0 else "connectivity_lost_alone"
    if d_area < 0.0:
        if d_eca == d_area:
            return "equal_loss"
        if d_eca < d_area:
            return "connectivity_lost_more"
        return "connectivity_gained_despite_loss" if d_eca > 0.0 else "habitat_lost_more"
    if d_eca == d_area:
        return "equal_gain"
    if d_eca > d_area:
        return "connectivity_gained_more"
    return "connectivity_lost_despite_gain" if d_eca < 0.0 else "habitat_gained_more"
