"""What a search chose, within a count and a budget, and what is proven of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Stop = Literal["count", "budget", "no_gain", "no_candidate"]

TIE = 1e-12
"""Scores nearer than this share are equal: the candidate that comes first is taken."""
_NO_GAIN = 1e-13
_SLACK = 1e-9
_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What was chosen, in order, and what is known of it.

    Attributes
    ----------
    places : (k,) array of int64
        Places among the candidates.
    ids : tuple of str
    step : (k,) array of int64
        Step at which each was chosen, from 1; two chosen together share it.
    value : (steps + 1,) array of float64
        What is sought, before and after each step: ECA in the unit of capacities, or what ``cover`` counts.
    price : (steps + 1,) array of float64
        Spent so far.
    bound : float
        No choice within the same count and budget has a greater value; ``inf`` where none is known.
    guarantee : float or None
        Share of the best value that the method is proven to reach: 1 where every choice was tried, ``None``
        where nothing is proven, as for greedy ECA.
    stop : {"count", "budget", "no_gain", "no_candidate"}
        Why no more were chosen: the count was reached, none is affordable, none gains alone, none is left.
    """

    places: Ints
    ids: tuple[str, ...]
    step: Ints
    value: Floats
    price: Floats
    bound: float
    guarantee: float | None
    stop: Stop

    @property
    def gap(self) -> float:
        """Share of the bound that is not reached: the best choice is at most this much better."""
        return 1 - float(self.value[-1]) / self.bound if self.bound > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """How many and how dear a choice may be."""

    count: int
    budget: float
    price: Floats
    by_count: bool

    @classmethod
    def of(cls, count: int | None, budget: float | None, price: Floats) -> Self:
        """Make a limit of a count, a budget or both."""
        if count is None and budget is None:
            raise DataError("Neither how many to choose nor a budget is given; give one or both.")
        return cls(
            len(price) if count is None else min(count, len(price)),
            math.inf if budget is None else budget,
            price,
            count is not None and count <= len(price),
        )

    def allows(self, trail: Trail) -> Bools:
        """Tell which candidates may still be chosen."""
        return self.allows_after(trail.size, trail.spent[-1])

    def allows_after(self, size: int, spent: float) -> Bools:
        """Tell which candidates may be chosen after so many, that cost so much."""
        if size >= self.count:
            return np.zeros(len(self.price), dtype=bool)
        return self.price <= self._left(spent)

    def allows_more(self, trail: Trail) -> bool:
        """Tell whether two more are within the count."""
        return trail.size + 2 <= self.count

    def allows_pair(self, trail: Trail, one: int, two: int) -> bool:
        """Tell whether two more are within the budget."""
        return bool(self.price[one] + self.price[two] <= self._left(trail.spent[-1]))

    def stop(self, trail: Trail) -> Stop:
        """Say why no more may be chosen."""
        return self.stop_after(trail.size)

    def stop_after(self, size: int) -> Stop:
        """Say why no more may be chosen after so many."""
        return "count" if size >= self.count and self.by_count else "budget"

    def share(self, most: Floats) -> float:
        """Sum the most that fits of gains, a share of the last one: an upper bound of any choice."""
        worth = most / self.price
        order = np.argsort(-worth, kind="stable")
        fits = np.clip((self.budget - np.cumsum(self.price[order])) / self.price[order] + 1, 0, 1)
        by_budget = float(np.sum(most[order] * fits)) if math.isfinite(self.budget) else math.inf
        return min(by_budget, float(np.sort(most)[::-1][: self.count].sum()))

    def _left(self, spent: float) -> float:
        # Prices that sum to the budget but for rounding are within it.
        return self.budget - spent + 1e-9 * abs(self.budget) if math.isfinite(self.budget) else math.inf


class Trail:
    """What greedy has chosen so far."""

    def __init__(self, total: float, root: bool = True) -> None:
        self.totals = [total]
        self.spent = [0.0]
        self.groups: list[tuple[int, ...]] = []
        self.root = root

    @property
    def size(self) -> int:
        """How many are chosen."""
        return sum(len(group) for group in self.groups)

    def score(self, gain: Floats, price: Floats) -> Floats:
        """Give the growth of the value per unit of price; 0 for gains that rounding may make."""
        now = self.totals[-1]
        if self.root:
            growth = (
                gain / (np.sqrt(now + np.maximum(gain, 0)) + math.sqrt(now)) if now > 0 else np.sqrt(gain)
            )
        else:
            growth = gain
        scores: Floats = np.where(gain > _NO_GAIN * now, growth, 0.0) / price
        return scores

    def pick(self, gain: Floats, price: Floats) -> int:
        """Give the first of the best scores, or -1 where nothing gains."""
        score = self.score(gain, price)
        best = float(score.max(initial=0.0))
        return int(np.flatnonzero(score >= best * (1 - TIE))[0]) if best > 0 else -1

    def measure(self, cap: Floats, price: Floats, gain: Callable[[Ints], Floats]) -> Floats:
        """Measure the gains of candidates, the most promising first, while one may still be the best.

        Parameters
        ----------
        cap : (k,) array of float64
            Upper bounds of the gains.
        price : (k,) array of float64
        gain : callable
            Gives the gains of some, by their places.

        Returns
        -------
        (k,) array of float64
            0 for those that cannot be the best, which are not measured.
        """
        most = self.score(cap * (1 + _SLACK), price)
        order = np.argsort(-most, kind="stable")
        found = np.zeros(len(cap))
        best, size = 0.0, _BATCH
        while order.size and most[order[0]] > 0 and most[order[0]] >= best * (1 - _SLACK):
            some = np.sort(order[:size])
            found[some] = gain(some)
            best = max(best, float(self.score(found[some], price[some]).max()))
            order, size = order[size:], size * 2
        return found

    def add(self, group: tuple[int, ...], gain: float, price: float) -> None:
        """Note what was chosen in one step, what it gained and cost."""
        self.groups.append(group)
        self.totals.append(self.totals[-1] + gain)
        self.spent.append(self.spent[-1] + price)

    def choice(self, ids: tuple[str, ...], bound: float, guarantee: float | None, stop: Stop) -> Choice:
        """Give the whole as a choice; the value is the root of the totals for ECA."""
        places = [one for group in self.groups for one in group]
        totals = np.array(self.totals)
        value = np.sqrt(np.maximum(totals, 0)) if self.root else totals
        return Choice(
            np.array(places, dtype=np.int64),
            tuple(ids[one] for one in places),
            np.array([k + 1 for k, group in enumerate(self.groups) for _ in group], dtype=np.int64),
            value,
            np.array(self.spent),
            max(bound, float(value.max())),
            guarantee,
            stop,
        )
