"""The landscape graph: patches with a capacity, and the links between them with a cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dispersal:
    """How the chance of reaching a patch falls with the cost of the way: ``p = exp(-decay cost)``.

    Attributes
    ----------
    distance : float
        Cost at which another patch is reached with ``probability``, > 0, in the unit of the links' costs.
    probability : float
        In (0, 1).

    Examples
    --------
    >>> round(Dispersal(1000, 0.05).decay * 1000, 6)
    2.995732
    >>> float(Dispersal(1000, 0.5).reach(2000))
    0.25
    """

    distance: float
    probability: float = 0.05

    def __post_init__(self) -> None:
        if not (self.distance > 0 and math.isfinite(self.distance)):
            raise DataError(f"The dispersal distance is {self.distance:g}; give a number above 0.")
        if not 0 < self.probability < 1:
            raise DataError(
                f"The probability at the dispersal distance is {self.probability:g}; give one between 0 and "
                "1, as 0.05."
            )

    @property
    def decay(self) -> float:
        """Give k of ``exp(-k cost)`` [per unit of cost]."""
        return -math.log(self.probability) / self.distance

    def reach(self, cost: ArrayLike) -> Floats:
        """Give the probability of reaching what lies at each cost; 0 where it is infinite."""
        return np.exp(-self.decay * np.asarray(cost, dtype=np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class InnerWays:
    """Ways across patches, from the end of one link to the end of another.

    Attributes
    ----------
    first, second : (k,) array of int64
        Links that meet in the patch.
    patch : (k,) array of int64
    cost : (k,) array of float64
        >= 0. Pairs of links that are not here cross their patch at no cost.
    """

    first: Ints
    second: Ints
    patch: Ints
    cost: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LandscapeGraph:
    """Patches and links, in columns. Links go both ways.

    Attributes
    ----------
    capacity : (n,) array of float64
        What each patch holds: area, or any other measure, >= 0.
    start, end : (m,) array of int64
        Patches that each link joins, never the same.
    cost : (m,) array of float64
        >= 0, finite. Of parallel links the cheapest counts wherever paths do.
    ids, link_ids : tuple of str
        Names of patches, all different, and of links.
    length : (m,) array of float64 or None
        Length of each link on the ground [m].
    position : (n, 2) array of float64 or None
        Where each patch is [m].
    habitat : (n,) array of int64 or None
        Sub-network of each patch in a graph of several, as a place in ``habitats``.
    habitats : tuple of str
    inner : InnerWays or None
        Costs across patches between links, as Graphab's intra-patch distances.
    """

    capacity: Floats
    start: Ints
    end: Ints
    cost: Floats
    ids: tuple[str, ...]
    link_ids: tuple[str, ...]
    length: Floats | None = None
    position: Floats | None = None
    habitat: Ints | None = None
    habitats: tuple[str, ...] = ()
    inner: InnerWays | None = None

    @classmethod
    def of(
        cls,
        capacity: ArrayLike,
        start: ArrayLike,
        end: ArrayLike,
        cost: ArrayLike,
        *,
        ids: Sequence[object] | None = None,
        link_ids: Sequence[object] | None = None,
        length: ArrayLike | None = None,
        position: ArrayLike | None = None,
    ) -> Self:
        """Make a graph of arrays, checked.

        Links whose cost is not finite are no links and are left out; so is a link of a patch with itself.

        Parameters
        ----------
        capacity : (n,) array of float
        start, end : (m,) array of int
            Places of patches, from 0.
        cost : (m,) array of float
        ids, link_ids : sequence, optional
            Written as text; the places by default.
        length : (m,) array of float, optional
        position : (n, 2) array of float, optional

        Raises
        ------
        DataError
            Capacities or costs are negative or NaN, a link goes to no patch, an id is there twice.

        Examples
        --------
        >>> graph = LandscapeGraph.of([3, 4, 5], [0, 1], [1, 2], [100, 50])
        >>> graph.count, graph.link_count, graph.ids
        (3, 2, ('0', '1', '2'))
        """
        capacities = np.ascontiguousarray(capacity, dtype=np.float64)
        starts, ends = (np.ascontiguousarray(side, dtype=np.int64).reshape(-1) for side in (start, end))
        costs = np.ascontiguousarray(cost, dtype=np.float64).reshape(-1)
        count = len(capacities)
        names = tuple(str(one) for one in (range(count) if ids is None else ids))
        links = tuple(str(one) for one in (range(len(costs)) if link_ids is None else link_ids))
        _check_lengths(count, len(costs), starts, ends, names, links)
        _check_values(names, links, capacities, costs)
        outside = (np.minimum(starts, ends) < 0) | (np.maximum(starts, ends) >= count)
        if outside.any():
            which = _list_names(links, outside)
            raise DataError(f"{_count(outside)} link(s) go to no patch ({which}); there are {count} patches.")
        keep = np.isfinite(costs) & (starts != ends)
        return cls(
            capacities,
            starts[keep],
            ends[keep],
            costs[keep],
            names,
            tuple(name for name, kept in zip(links, keep, strict=True) if kept),
            None if length is None else np.asarray(length, dtype=np.float64)[keep],
            None if position is None else np.asarray(position, dtype=np.float64).reshape(count, 2),
        )

    @property
    def count(self) -> int:
        """Number of patches."""
        return len(self.capacity)

    @property
    def link_count(self) -> int:
        """Number of links."""
        return len(self.cost)

    def keep_links(self, keep: NDArray[np.bool_]) -> Self:
        """Give the same patches with some of the links.

        Parameters
        ----------
        keep : (m,) array of bool
        """
        inner = self.inner
        if inner is not None:
            place = np.cumsum(keep) - 1
            both = keep[inner.first] & keep[inner.second]
            inner = InnerWays(
                place[inner.first[both]], place[inner.second[both]], inner.patch[both], inner.cost[both]
            )
        return replace(
            self,
            start=self.start[keep],
            end=self.end[keep],
            cost=self.cost[keep],
            link_ids=tuple(name for name, kept in zip(self.link_ids, keep, strict=True) if kept),
            length=None if self.length is None else self.length[keep],
            inner=inner,
        )

    def weigh(self, capacity: ArrayLike) -> Self:
        """Give the same graph with other capacities, (n,) array of float >= 0."""
        capacities = np.ascontiguousarray(capacity, dtype=np.float64)
        _check_values(self.ids, self.link_ids, capacities, self.cost)
        return replace(self, capacity=capacities)


def _check_lengths(
    count: int, links: int, starts: Ints, ends: Ints, names: tuple[str, ...], link_names: tuple[str, ...]
) -> None:
    if not len(starts) == len(ends) == len(link_names) == links:
        raise DataError(
            f"Links have {len(starts)} starts, {len(ends)} ends, {links} costs and {len(link_names)} ids; "
            "give as many of each."
        )
    if len(names) != count:
        raise DataError(f"{count} patches have {len(names)} ids; give as many of each.")
    if len(set(names)) < count:
        twice = sorted({name for name in names if names.count(name) > 1}) if count < 10_000 else []
        shown = f" ({', '.join(twice[:5])})" if twice else ""
        raise DataError(f"Some patches share their id{shown}; give each its own.")


def _check_values(names: tuple[str, ...], links: tuple[str, ...], capacities: Floats, costs: Floats) -> None:
    for what, owners, values, odd in (
        ("patch(es) have a capacity", names, capacities, ~(np.isfinite(capacities) & (capacities >= 0))),
        ("link(s) have a cost", links, costs, np.isnan(costs) | (costs < 0)),
    ):
        if odd.any():
            raise DataError(
                f"{_count(odd)} {what} that is negative or missing ({_list_names(owners, odd)}: "
                f"{values[odd][0]:g}); give numbers from 0 up."
            )


def _count(mask: NDArray[np.bool_]) -> int:
    return int(mask.sum())


def _list_names(names: tuple[str, ...], mask: NDArray[np.bool_]) -> str:
    places = np.flatnonzero(mask)
    shown = ", ".join(names[place] for place in places[:5])
    return f"{shown} …" if len(places) > 5 else shown
