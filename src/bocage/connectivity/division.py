"""How patches and ground are divided between territorial units, by area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SHARE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """How patches are divided between units, by area.

    Attributes
    ----------
    units : tuple of str
        Names, all different.
    patch, unit : (k,) array of int64
        Parts: which patch, of which unit; a pair is there once.
    share : (k,) array of float64
        Share of the patch, in (0, 1].
    outside : (n,) array of float64
        Share of each patch that is in no unit, in [0, 1].
    """

    units: tuple[str, ...]
    patch: Ints
    unit: Ints
    share: Floats
    outside: Floats

    @classmethod
    def of(
        cls,
        graph: LandscapeGraph,
        units: Sequence[object],
        patch: ArrayLike,
        unit: ArrayLike,
        area: ArrayLike,
        *,
        patch_area: ArrayLike,
    ) -> Self:
        """Divide patches by the areas of their parts, checked.

        Parameters
        ----------
        graph : LandscapeGraph
        units : sequence
            Names.
        patch, unit : (k,) array of int
            Places of patches and units.
        area : (k,) array of float
            Area of each part, >= 0; parts of the same patch and unit are summed.
        patch_area : (n,) array of float
            Area of each patch, > 0, in the same unit: not its capacity.

        Raises
        ------
        DataError
            A unit is named twice, an area is negative or missing, or parts of a patch sum to more than it is,
            by a thousandth: units overlap there.
        """
        names = tuple(str(one) for one in units)
        if len(set(names)) < len(names):
            twice = sorted(name for name, times in Counter(names).items() if times > 1)
            raise DataError(
                f"{len(twice)} territorial unit(s) are there more than once ({_list_first(twice)}); give "
                "each its own id, or merge their parts."
            )
        patches, places = (np.asarray(side, dtype=np.int64).reshape(-1) for side in (patch, unit))
        areas = np.asarray(area, dtype=np.float64).reshape(-1)
        whole = np.asarray(patch_area, dtype=np.float64).reshape(-1)
        poor = ~(np.isfinite(whole) & (whole > 0))
        if len(whole) != graph.count or poor.any():
            shown = [graph.ids[i] for i in np.flatnonzero(poor)] if len(whole) == graph.count else []
            raise DataError(
                f"{int(poor.sum())} of {len(whole)} areas of {graph.count} patches are not above 0 "
                f"({_list_first(shown)}); give the area of each."
            )
        if not (np.isfinite(areas) & (areas >= 0)).all():
            odd = sorted({graph.ids[i] for i in patches[~(np.isfinite(areas) & (areas >= 0))]})
            raise DataError(
                f"Parts of {len(odd)} patch(es) have an area that is negative or missing "
                f"({_list_first(odd)}); give numbers from 0 up."
            )
        pair, inverse = np.unique(patches * len(names) + places, return_inverse=True)
        summed = np.bincount(inverse, weights=areas, minlength=len(pair))
        patches, places = pair // max(len(names), 1), pair % max(len(names), 1)
        share = summed / whole[patches]
        held = np.bincount(patches, weights=share, minlength=graph.count)
        double = held > 1 + _SHARE_TOLERANCE
        if double.any():
            here = sorted({names[u] for u in places[double[patches]]})
            raise DataError(
                f"Territorial units overlap on {int(double.sum())} patch(es) "
                f"({_list_first([graph.ids[i] for i in np.flatnonzero(double)])}): among units "
                f"{_list_first(here)}; give units that share no ground."
            )
        share = share / np.maximum(held, 1.0)[patches]  # slivers of overlap are drawing, not ground
        outside: Floats = np.clip(1.0 - held, 0.0, 1.0)
        outside[outside < 1e-9] = 0.0
        keep = share > 0
        return cls(names, patches[keep], places[keep], share[keep], outside)

    def list_outside(self, graph: LandscapeGraph, least: float = 0.5) -> tuple[str, ...]:
        """List the ids of patches of which at least such a share is in no unit."""
        return tuple(graph.ids[i] for i in np.flatnonzero(self.outside >= max(least, 1e-9)))


def intersect_units(shapes: ArrayLike, units: ArrayLike) -> tuple[Ints, Ints, Floats]:
    """Cut polygons along units.

    Parameters
    ----------
    shapes : (n,) array of shapely polygons
        Reservoirs or corridors.
    units : (u,) array of shapely polygons

    Returns
    -------
    shape, unit : (k,) array of int64
        Ordered by shape, then unit.
    area : (k,) array of float64
        Area of each part, > 0.
    """
    import shapely

    things, grounds = (np.asarray(side, dtype=object) for side in (shapes, units))
    shapely.prepare(grounds)
    one, two = shapely.STRtree(things).query(grounds, predicate="intersects")
    order = np.lexsort((one, two))
    unit, shape = one[order], two[order]
    # Most patches lie within one unit: only those that straddle are cut.
    area = np.asarray(shapely.area(things[shape]), dtype=np.float64)
    cut = ~shapely.covers(grounds[unit], things[shape])
    area[cut] = shapely.area(shapely.intersection(things[shape[cut]], grounds[unit[cut]]))
    keep = area > 0
    return shape[keep].astype(np.int64), unit[keep].astype(np.int64), area[keep]


def check_units(units: ArrayLike, names: Sequence[object], *, tolerance: float = 1e-3) -> None:
    """Refuse units that share ground.

    Parameters
    ----------
    units : (u,) array of shapely polygons
    names : sequence
    tolerance : float
        Share of the smaller unit that may be shared: borders drawn twice are not quite the same.

    Raises
    ------
    DataError
    """
    import shapely

    grounds = np.asarray(units, dtype=object)
    one, two = shapely.STRtree(grounds).query(grounds, predicate="intersects")
    one, two = one[one < two], two[one < two]
    area = shapely.area(grounds)
    shared = shapely.area(shapely.intersection(grounds[one], grounds[two]))
    odd = np.flatnonzero(shared > tolerance * np.minimum(area[one], area[two]))
    if odd.size:
        odd = odd[np.lexsort((two[odd], one[odd]))]
        shown = _list_first([f"{names[one[k]]} and {names[two[k]]}" for k in odd])
        raise DataError(
            f"{odd.size} pair(s) of territorial units overlap ({shown}); give units that share no ground, "
            "as those of one level."
        )


def measure_ground(
    shapes: ArrayLike, units: ArrayLike, *, unit_area: ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """Measure the area and share of each unit that reservoirs or corridors cover, overlaps counted once.

    Parameters
    ----------
    shapes : (n,) array of shapely polygons
    units : (u,) array of shapely polygons
    unit_area : (u,) array of float, optional
        Area of each unit; that of its polygon by default.

    Returns
    -------
    area : (u,) array of float64
    share : (u,) array of float64
        In [0, 1].
    """
    import shapely

    from bocage.connectivity.communes_ground import unite

    grounds = np.asarray(units, dtype=object)
    _, unit, area = intersect_units(unite(np.asarray(shapes, dtype=object)), grounds)
    found: Floats = np.bincount(unit, weights=area, minlength=len(grounds)).astype(np.float64)
    whole = shapely.area(grounds) if unit_area is None else np.asarray(unit_area, dtype=np.float64)
    return found, np.minimum(divide(found, whole), 1.0)


def divide(above: Floats, below: Floats, *, empty: float = 0.0) -> Floats:
    """Divide, giving ``empty`` where there is nothing to divide by."""
    shares = np.full(len(above), empty)
    np.divide(above, below, out=shares, where=below > 0)
    return shares


def _list_first(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} …" if len(names) > 5 else shown
