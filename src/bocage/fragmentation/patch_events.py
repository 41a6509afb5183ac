"""What became of each patch between two dates, by the ground it shares with those of the other date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.fragmentation.transitions import count_pairs
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

Event = Literal[
    "generation",
    "disappearance",
    "stable",
    "expansion",
    "shrinkage",
    "union",
    "division",
    "union_and_division",
]
"""What happened to patches, in the words of Sadahiro & Umemura (2001); see :func:`trace_patches`."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Ground that patches of two dates share.

    Attributes
    ----------
    area_before_m2 : (p,) array of float
    area_after_m2 : (q,) array of float
        Area of the patches of each date [m²].
    before, after : (n,) arrays of int64
        Index of the two patches of each pair that shares ground, sorted.
    area_m2 : (n,) array of float
        Ground shared [m²].
    """

    area_before_m2: NDArray[np.float64]
    area_after_m2: NDArray[np.float64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    area_m2: NDArray[np.float64]


def overlay_polygons(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Overlap:
    """Overlay the patches of two dates, given as polygons; indices are rows.

    Raises
    ------
    DataError
        If the two layers have different coordinate systems.
    """
    import shapely

    if before.crs != after.crs:
        raise DataError(
            f"patches are in {before.crs} before and {after.crs} after; bring them to one system."
        )
    old, new = before.geometry.to_numpy(), after.geometry.to_numpy()
    one, other = shapely.STRtree(new).query(old, predicate="intersects")
    area = shapely.area(shapely.intersection(old[one], new[other]))
    order = np.lexsort((other, one))
    order = order[area[order] > 0.0]
    return Overlap(
        shapely.area(old),
        shapely.area(new),
        one[order].astype(np.int64),
        other[order].astype(np.int64),
        area[order],
    )


def overlay_labels(before: NDArray[Any], after: NDArray[Any], *, cell_area_m2: float) -> Overlap:
    """Overlay the patches of two dates, given as rasters of labels.

    Label 0 is outside and patch ``i`` has label ``i + 1``. Rows are read in
    stripes: no dense table of pairs is made.

    Raises
    ------
    DataError
        If the two rasters differ in shape.

    Examples
    --------
    >>> overlap = overlay_labels(np.array([[1, 1, 0]]), np.array([[1, 0, 2]]), cell_area_m2=100.0)
    >>> overlap.before.tolist(), overlap.after.tolist(), overlap.area_m2.tolist()
    ([0], [0], [100.0])
    """
    keys, cells = count_pairs(before, after)
    old, new = keys >> 32, keys & 0xFFFFFFFF
    size_old = _add_up(old, cells) * cell_area_m2
    size_new = _add_up(new, cells) * cell_area_m2
    both = (old > 0) & (new > 0)
    shared = (cells[both] * cell_area_m2).astype(np.float64)
    return Overlap(size_old, size_new, old[both] - 1, new[both] - 1, shared)


@dataclass(frozen=True, slots=True)
class PatchEvents:
    """What became of patches, event by event. A row is a group of patches tied by shared ground.

    Attributes
    ----------
    event : (g,) tuple of str
    before, after : (g,) tuples of tuples of int
        Patches of each date in the group, by index.
    area_before_m2, area_after_m2, area_kept_m2 : (g,) arrays of float
        Area of the group at each date, and of the ground that is patch at both [m²].
    """

    event: tuple[Event, ...]
    before: tuple[tuple[int, ...], ...]
    after: tuple[tuple[int, ...], ...]
    area_before_m2: NDArray[np.float64]
    area_after_m2: NDArray[np.float64]
    area_kept_m2: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.event)

    def to_table(self) -> pd.DataFrame:
        """Write the events as a table, areas in hectares and patches as lists of numbers from 1."""
        import pandas as pd

        return pd.DataFrame(
            {
                "event": self.event,
                "before": [" ".join(str(i + 1) for i in group) for group in self.before],
                "after": [" ".join(str(i + 1) for i in group) for group in self.after],
                "area_before_ha": self.area_before_m2 / M2_PER_HA,
                "area_after_ha": self.area_after_m2 / M2_PER_HA,
                "area_kept_ha": self.area_kept_m2 / M2_PER_HA,
            }
        )


def trace_patches(overlap: Overlap, *, min_share: float = 0.0, stable_share: float = 0.0) -> PatchEvents:
    """Tell what became of each patch by the ground it shares with those of the other date.

    Parameters
    ----------
    overlap : Overlap
    min_share : float
        Pairs that share no more than this part of the smaller patch are not tied: 0.01 forgets
        the slivers of borders drawn twice. None is forgotten by default.
    stable_share : float
        A patch whose area moved by no more than this part of it is stable. 0 by default.

    Returns
    -------
    PatchEvents
        By the first patch before; patches that appeared come last. A patch is in one event only.

    Notes
    -----
    Events are those of Sadahiro & Umemura (2001, Journal of Geographical Systems 3: 137-154),
    which STAMP also reports (Robertson et al. 2007, same journal 9: 207-227): generation (a patch
    appeared), disappearance (vanished), expansion and shrinkage (one patch became one), union
    (several merged into one), division (one was split into several). Patches tied several to
    several are named ``union_and_division``. A union that also loses ground is a union: the areas
    say how much.

    Examples
    --------
    >>> overlap = overlay_labels(
    ...     np.array([[1, 1, 1, 0, 2, 0]]), np.array([[1, 0, 2, 0, 0, 3]]), cell_area_m2=1.0)
    >>> trace_patches(overlap).event
    ('division', 'disappearance', 'generation')
    """
    smaller = np.minimum(overlap.area_before_m2[overlap.before], overlap.area_after_m2[overlap.after])
    tied = (overlap.area_m2 > min_share * smaller) & (overlap.area_m2 > 0)
    # A label without a cell is no patch.
    alive_before = np.flatnonzero(overlap.area_before_m2 > 0)
    alive_after = np.flatnonzero(overlap.area_after_m2 > 0)
    count = len(overlap.area_before_m2)
    group = _tie(overlap.before[tied], overlap.after[tied] + count, count + len(overlap.area_after_m2))
    members: dict[int, tuple[list[int], list[int]]] = {}
    for i in alive_before.tolist():
        members.setdefault(int(group[i]), ([], []))[0].append(i)
    for j in alive_after.tolist():
        members.setdefault(int(group[count + j]), ([], []))[1].append(j)
    kept = np.bincount(group[overlap.before[tied]], weights=overlap.area_m2[tied], minlength=len(group) + 1)
    rows = sorted(members.items())
    area_before = np.array([overlap.area_before_m2[old].sum() for _, (old, _) in rows], np.float64)
    area_after = np.array([overlap.area_after_m2[new].sum() for _, (_, new) in rows], np.float64)
    events = tuple(
        _name_event(len(old), len(new), a, b, stable_share)
        for (_, (old, new)), a, b in zip(rows, area_before.tolist(), area_after.tolist(), strict=True)
    )
    return PatchEvents(
        events,
        tuple(tuple(old) for _, (old, _) in rows),
        tuple(tuple(new) for _, (_, new) in rows),
        area_before,
        area_after,
        np.array([kept[number] for number, _ in rows], np.float64),
    )


def _add_up(labels: NDArray[np.int64], cells: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.bincount(labels, weights=cells, minlength=1)[1:].astype(np.float64)


def _tie(one: NDArray[np.int64], other: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Give the smallest node that each node is tied to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ties = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    _, label = connected_components(ties, directed=False)
    smallest = np.full(count, count, np.int64)
    np.minimum.at(smallest, label, np.arange(count))
    return np.asarray(smallest[label], np.int64)


def _name_event(old: int, new: int, before: float, after: float, stable_share: float) -> Event:
    if old == 0:
        return "generation"
    if new == 0:
        return "disappearance"
    if old > 1:
        return "union" if new == 1 else "union_and_division"
    if new > 1:
        return "division"
    if abs(after - before) <= stable_share * before:
        return "stable"
    return "expansion" if after > before else "shrinkage"
