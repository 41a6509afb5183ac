"""How movement along a river fades with distance, and how that distance is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.rivers.tree import Floats, RiverTree

Convention = Literal["per_crossing", "both_ways"]
"""What crossing a barrier costs: the passability of the way it is crossed (``per_crossing``), or the product
of both ways whichever is taken (``both_ways``: there and back, as Cote et al. 2009)."""

Distance = Literal["along_river", "midpoints", "upstream_length"]
"""How far apart two reaches are.

``along_river``: along the water, from the middle of one to the middle of the other.
``midpoints``: the sum of ``(length + length below) / 2`` over the steps of the way, as riverconn documents.
Where the way turns at a confluence, it goes to the middle of the reach below and back.
``upstream_length``: the sum of the length of the upper reach of each step, as riverconn 0.3.19 to 0.3.33
does.
"""

_ROUNDING = 1e-9
"""Part of a threshold by which rounding may lengthen a path that just reaches it."""


@dataclass(frozen=True)
class Fading:
    """Movement over a distance d has the probability ``probability ** (d / distance_m)``.

    Attributes
    ----------
    distance_m : float
        Distance at which the probabilities are given [m], > 0.
    probability : float
        Probability, in [0, 1], of climbing that far; of descending too unless it is given.
    probability_down : float or None
        Probability of descending that far.

    Raises
    ------
    DataError
        A value is outside its range.
    """

    distance_m: float
    probability: float = 0.5
    probability_down: float | None = None

    def __post_init__(self) -> None:
        """Check ranges."""
        if not (np.isfinite(self.distance_m) and self.distance_m > 0):
            raise DataError(f"The distance of a fading is {self.distance_m} m; give a finite one, above 0.")
        for value in (self.probability, self.probability_down):
            if value is not None and not 0 <= value <= 1:
                raise DataError(f"The probability of a fading is {value}; it is in [0, 1].")

    def weaken(self, step: Floats) -> tuple[Floats, Floats]:
        """Give the probabilities of climbing and of descending over each step.

        Parameters
        ----------
        step : (n,) array of float64
            Lengths [m].

        Returns
        -------
        up, down : (n,) arrays of float64

        Examples
        --------
        >>> import numpy as np
        >>> Fading(1000.0, 0.5).weaken(np.array([0.0, 1000.0, 2000.0]))[0].tolist()
        [1.0, 0.5, 0.25]
        """
        relative = step / self.distance_m
        up = np.power(self.probability, relative)
        return up, up if self.probability_down is None else np.power(self.probability_down, relative)


@dataclass(frozen=True)
class Threshold:
    """Movement is as far as a threshold, and not farther; a path that just reaches it counts.

    Attributes
    ----------
    distance_m : float
        Longest path [m].
    up_m, down_m : float
        Most that a path may climb and descend [m], in place of ``distance_m``.

    Raises
    ------
    DataError
        A threshold is negative, or both kinds are given.
    """

    distance_m: float = np.inf
    up_m: float = np.inf
    down_m: float = np.inf

    def __post_init__(self) -> None:
        """Check ranges."""
        for value in (self.distance_m, self.up_m, self.down_m):
            if not value >= 0:
                raise DataError(f"A distance threshold is {value} m; give one from 0 up.")
        if np.isfinite(self.distance_m) and self.each_way:
            raise DataError(
                f"Thresholds are given for the whole path ({self.distance_m} m) and for each way "
                f"({self.up_m} m up, {self.down_m} m down); give either."
            )

    @property
    def each_way(self) -> bool:
        """Whether climbing and descending are limited apart."""
        return bool(np.isfinite(self.up_m) or np.isfinite(self.down_m))

    @staticmethod
    def allow(limit: float) -> float:
        """Give the limit that leaves room for rounding."""
        return limit * (1.0 + _ROUNDING)


@dataclass(frozen=True)
class Leptokurtic:
    """Movement of a population in which some stay near and some go far.

    A share of it moves by a normal law of small deviation, the others by one of large deviation: the
    probability of going at least as far as d is ``share erfc(d / (stay √2)) + (1 - share) erfc(d / (go √2))``
    (Radinger & Wolter 2014, Fish and Fisheries 15: 456-473). Indices by it take O(n²): 10 000 reaches are a
    matter of seconds.

    Attributes
    ----------
    stay_m, go_m : float
        Standard deviations [m], > 0.
    share : float
        Of those that stay near, in [0, 1].

    Raises
    ------
    DataError
        A value is outside its range.
    """

    stay_m: float
    go_m: float
    share: float

    def __post_init__(self) -> None:
        """Check ranges."""
        for value in (self.stay_m, self.go_m):
            if not (np.isfinite(value) and value > 0):
                raise DataError(f"A deviation of movement is {value} m; give a finite one, above 0.")
        if not 0 <= self.share <= 1:
            raise DataError(f"The share of those that stay near is {self.share}; it is in [0, 1].")


Decay = Fading | Threshold | Leptokurtic


@dataclass(frozen=True)
class Ways:
    """The places of a river and the steps between them, in the arrays that the walks take.

    The first n places are the reaches; with ``along_river`` distances the confluences follow, which weigh
    nothing.

    Attributes
    ----------
    reaches : int
        n.
    order, downstream : (places,) arrays of int32
        As in ``RiverTree``.
    weight : (places,) array of float64
    step : (places,) array of float64
        Length of the step to the place below, or to the sea [m].
    up, down : (places,) arrays of float64
        Factors of that step: passability times the probability of the distance where movement fades.
    fade_up, fade_down : (places,) arrays of float64
        What the factors would be without barriers.
    """

    reaches: int
    order: NDArray[np.int32]
    downstream: NDArray[np.int32]
    weight: Floats
    step: Floats
    up: Floats
    down: Floats
    fade_up: Floats
    fade_down: Floats


def cross_barriers(up: Floats, down: Floats, convention: Convention) -> tuple[Floats, Floats]:
    """Give what each crossing of barriers costs, climbing and descending, by a convention.

    Parameters
    ----------
    up, down : (n,) arrays of float64
        Passabilities.
    convention : Convention

    Returns
    -------
    up, down : (n,) arrays of float64

    Raises
    ------
    DataError
        The convention is unknown.
    """
    if convention == "per_crossing":
        return up, down
    if convention == "both_ways":
        return up * down, up * down
    raise DataError(f"Convention {convention!r} is unknown; give one of {', '.join(get_args(Convention))}.")


def lay_ways(
    tree: RiverTree,
    *,
    convention: Convention = "per_crossing",
    decay: Decay | None = None,
    distance: Distance = "along_river",
) -> Ways:
    """Turn a river tree into places and steps with their factors.

    Parameters
    ----------
    tree : RiverTree
    convention : Convention
    decay : Fading, Threshold, Leptokurtic or None
        How movement ends with distance; None where it does not.
    distance : Distance
        Not used without decay.

    Returns
    -------
    Ways

    Raises
    ------
    DataError
        The convention or the distance is unknown.
    """
    up, down = cross_barriers(tree.up, tree.down, convention)
    if distance not in get_args(Distance):
        raise DataError(f"Distance {distance!r} is unknown; give one of {', '.join(get_args(Distance))}.")
    count = len(tree.downstream)
    order, downstream, weight = tree.order, tree.downstream, tree.weight
    inner = downstream >= 0
    if decay is None:
        ones = np.ones(count)
        return Ways(count, order, downstream, weight, tree.length, up, down, ones, ones)
    step = tree.length
    if distance != "upstream_length":
        step = tree.length / 2
        step[inner] += tree.length[downstream[inner]] / 2
    if distance == "along_river":
        # Where reaches meet, ways turn: there and only there a place is needed between the middles.
        meeting = np.flatnonzero(np.bincount(downstream[inner], minlength=count) > 1).astype(np.int32)
        confluence = np.full(count, -1, dtype=np.int32)
        confluence[meeting] = count + np.arange(len(meeting), dtype=np.int32)
        into = np.where(inner, confluence[downstream], -1)
        step = np.where(into >= 0, tree.length / 2, step)
        downstream = np.concatenate((np.where(into >= 0, into, downstream), meeting)).astype(np.int32)
        step = np.concatenate((step, tree.length[meeting] / 2))
        # A confluence comes just before the reach at the top of which it lies.
        order = np.repeat(order, 1 + (confluence[order] >= 0))
        first = np.flatnonzero(order[1:] == order[:-1])
        order[first] = confluence[order[first]]
        weight = np.concatenate((weight, np.zeros(len(meeting))))
        up, down = (np.concatenate((factor, np.ones(len(meeting)))) for factor in (up, down))
    if isinstance(decay, Fading):
        fade_up, fade_down = decay.weaken(step)
    else:
        fade_up = fade_down = np.ones(len(step))
    return Ways(count, order, downstream, weight, step, up * fade_up, down * fade_down, fade_up, fade_down)
