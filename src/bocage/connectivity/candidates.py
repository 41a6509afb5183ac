"""Links and patches that could be added to a landscape graph, with what making them costs."""

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


@dataclass(frozen=True, slots=True, eq=False)
class LinkCandidates:
    """Links that could be added, or be made cheaper.

    Attributes
    ----------
    start, end : (k,) array of int64
        Patches of the graph.
    cost : (k,) array of float64
        Cost of the link once made, >= 0. Between patches already linked it is an improvement.
    price : (k,) array of float64
        What making it costs, > 0, in any unit.
    ids : tuple of str
    """

    start: Ints
    end: Ints
    cost: Floats
    price: Floats
    ids: tuple[str, ...]

    @classmethod
    def of(
        cls,
        graph: LandscapeGraph,
        start: ArrayLike,
        end: ArrayLike,
        cost: ArrayLike,
        *,
        price: ArrayLike | None = None,
        ids: Sequence[object] | None = None,
    ) -> Self:
        """Make candidates of arrays, checked as the links of a graph are; each has the price 1 by default.

        Raises
        ------
        DataError
            A cost is negative or missing, a price is not above 0, an end is no patch, an id is there twice.
        """
        costs = np.ascontiguousarray(cost, dtype=np.float64).reshape(-1)
        names = tuple(str(one) for one in (range(len(costs)) if ids is None else ids))
        checked = LandscapeGraph.of(graph.capacity, start, end, costs, ids=graph.ids, link_ids=names)
        if checked.link_count < len(costs):
            kept = frozenset(checked.link_ids)
            lost = [name for name in names if name not in kept]
            raise DataError(
                f"{len(lost)} candidate link(s) have no finite cost or join a patch with itself "
                f"({_list_first(lost)}); leave them out."
            )
        return cls(checked.start, checked.end, checked.cost, check_prices(price, names), _check_names(names))

    @classmethod
    def improving(
        cls,
        graph: LandscapeGraph,
        cost: ArrayLike,
        *,
        links: ArrayLike | None = None,
        price: ArrayLike | None = None,
    ) -> Self:
        """Make candidates of the graph's own links at another cost, as crossings or planting would give.

        Parameters
        ----------
        graph : LandscapeGraph
        cost : (k,) array of float
            Cost of each once improved; a dearer one gains nothing.
        links : (k,) array of int, optional
            Places of the links; all by default.
        price : (k,) array of float, optional
        """
        which = np.arange(graph.link_count) if links is None else np.asarray(links, dtype=np.int64)
        names = [graph.link_ids[i] for i in which]
        return cls.of(graph, graph.start[which], graph.end[which], cost, price=price, ids=names)

    @property
    def count(self) -> int:
        """Number of candidates."""
        return len(self.cost)


@dataclass(frozen=True, slots=True, eq=False)
class PatchCandidates:
    """Patches that could be added, with the links they would have.

    Attributes
    ----------
    capacity : (k,) array of float64
        > 0.
    price : (k,) array of float64
        > 0.
    ids : tuple of str
    first : (k + 1,) array of int64
        Candidate ``i`` has the links ``other[first[i]:first[i + 1]]``.
    other : (m,) array of int64
        A patch of the graph, or the graph's count plus the place of another candidate: that link is there
        once both are.
    cost : (m,) array of float64
    clash : (p, 2) array of int64
        Candidates that cannot both be added, as those that would touch.
    """

    capacity: Floats
    price: Floats
    ids: tuple[str, ...]
    first: Ints
    other: Ints
    cost: Floats
    clash: Ints

    @classmethod
    def of(
        cls,
        graph: LandscapeGraph,
        capacity: ArrayLike,
        candidate: ArrayLike,
        other: ArrayLike,
        cost: ArrayLike,
        *,
        price: ArrayLike | None = None,
        ids: Sequence[object] | None = None,
        clash: ArrayLike | None = None,
    ) -> Self:
        """Make candidates of arrays, checked.

        Parameters
        ----------
        graph : LandscapeGraph
        capacity : (k,) array of float
        candidate, other : (m,) array of int
            Each link goes from a candidate to a patch of the graph, or to ``graph.count`` plus the place of
            another candidate (given once).
        cost : (m,) array of float
            Links without a finite cost are left out.
        price : (k,) array of float, optional
            1 by default.
        ids : sequence, optional
        clash : (p, 2) array of int, optional

        Raises
        ------
        DataError
            A capacity or price is not above 0, a cost is negative or NaN, a link goes nowhere, an id is there
            twice.
        """
        own = np.ascontiguousarray(capacity, dtype=np.float64).reshape(-1)
        count = len(own)
        names = tuple(str(one) for one in (range(count) if ids is None else ids))
        poor = ~(np.isfinite(own) & (own > 0))
        if poor.any():
            raise DataError(
                f"{int(poor.sum())} candidate patch(es) have a capacity that is not above 0 "
                f"({_list_first([names[i] for i in np.flatnonzero(poor)])}); leave them out."
            )
        starts, others = (np.asarray(side, dtype=np.int64).reshape(-1) for side in (candidate, other))
        costs = np.asarray(cost, dtype=np.float64).reshape(-1)
        lost = (starts < 0) | (starts >= count) | (others < 0) | (others >= graph.count + count)
        if lost.any():
            raise DataError(
                f"{int(lost.sum())} link(s) of candidate patches go to no patch (the first from "
                f"{int(starts[lost][0])} to {int(others[lost][0])}); there are {graph.count} "
                f"patches and {count} candidates."
            )
        odd = np.isnan(costs) | (costs < 0)
        if odd.any():
            raise DataError(
                f"{int(odd.sum())} link(s) of candidate patches have a cost that is negative or missing "
                f"({_list_first([names[i] for i in starts[odd]])}); give numbers from 0 up."
            )
        keep = np.isfinite(costs) & (others != starts + graph.count)
        starts, others, costs = starts[keep], others[keep], costs[keep]
        back = others >= graph.count  # known at both ends
        starts, others, costs = (
            np.concatenate([starts, others[back] - graph.count]),
            np.concatenate([others, starts[back] + graph.count]),
            np.concatenate([costs, costs[back]]),
        )
        order = np.lexsort((costs, others, starts))
        starts, others, costs = starts[order], others[order], costs[order]
        cheapest = np.ones(len(starts), dtype=bool)
        cheapest[1:] = (starts[1:] != starts[:-1]) | (others[1:] != others[:-1])
        starts, others, costs = starts[cheapest], others[cheapest], costs[cheapest]
        pairs = np.empty((0, 2), np.int64) if clash is None else np.asarray(clash, np.int64).reshape(-1, 2)
        first = np.searchsorted(starts, np.arange(count + 1))
        return cls(
            own,
            check_prices(price, names),
            _check_names(names),
            first,
            others,
            np.ascontiguousarray(costs),
            pairs,
        )

    @property
    def count(self) -> int:
        """Number of candidates."""
        return len(self.capacity)


def check_prices(price: ArrayLike | None, names: tuple[str, ...]) -> Floats:
    """Give a price to each name: those given, or 1.

    Raises
    ------
    DataError
        There are more or fewer prices, or one is not above 0.
    """
    prices = np.ones(len(names)) if price is None else np.array(price, dtype=np.float64).reshape(-1)
    if len(prices) != len(names):
        raise DataError(f"{len(names)} candidates have {len(prices)} prices; give as many of each.")
    odd = ~(np.isfinite(prices) & (prices > 0))
    if odd.any():
        which = _list_first([names[i] for i in np.flatnonzero(odd)])
        raise DataError(
            f"{int(odd.sum())} candidate(s) have a price that is not above 0 ({which}); give one."
        )
    return prices


def _check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        twice = sorted(name for name, times in Counter(names).items() if times > 1)
        raise DataError(f"Some candidates share their id ({_list_first(twice)}); give each its own.")
    return names


def _list_first(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} …" if len(names) > 5 else shown
