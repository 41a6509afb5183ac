"""How the values of patches are spread over a class or a landscape, as FRAGSTATS sums them up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bocage.fragmentation.metrics import STATISTICS


def summarise(
    values: NDArray[np.float64], weights: NDArray[np.float64], group: NDArray[np.int64], count: int
) -> dict[str, NDArray[np.float64]]:
    """Give the mean, weighted mean, median, range, standard deviation and coefficient of variation by group.

    Parameters
    ----------
    values : (n,) array of float
        NaN is left out: a patch without a nearest neighbour has no say in the mean.
    weights : (n,) array of float
        Areas, > 0.
    group : (n,) array of int
        From 0.
    count : int
        Number of groups.

    Returns
    -------
    dict of str to (count,) array of float
        By name of ``STATISTICS``; NaN for groups without values, and ``cv`` [%] also where the mean is 0.
        The deviation is that of the whole population (over n).

    Examples
    --------
    >>> found = summarise(np.array([1.0, 3.0]), np.array([3.0, 1.0]), np.array([0, 0]), 1)
    >>> {name: value.tolist() for name, value in found.items()}
    {'mn': [2.0], 'am': [1.5], 'md': [2.0], 'ra': [2.0], 'sd': [1.0], 'cv': [50.0]}
    """
    kept = ~np.isnan(values)
    values, weights, group = values[kept], weights[kept], group[kept]
    order = np.lexsort((values, group))
    values, weights, group = values[order], weights[order], group[order]
    ends = np.searchsorted(group, np.arange(count + 1))
    found = {name: np.full(count, np.nan) for name in STATISTICS}
    for k in range(count):
        low, high = int(ends[k]), int(ends[k + 1])
        if low == high:
            continue
        some = values[low:high]
        weight = weights[low:high]
        # Within the values, whatever the rounding of the sum: equal values have no deviation.
        mean = float(np.clip(some.mean(), some[0], some[-1]))
        middle = (high - low - 1) // 2
        deviation = float(np.sqrt(np.mean((some - mean) ** 2)))
        found["mn"][k] = mean
        found["am"][k] = float(np.clip((some * weight).sum() / weight.sum(), some[0], some[-1]))
        found["md"][k] = (some[middle] + some[high - low - 1 - middle]) / 2
        found["ra"][k] = some[-1] - some[0]
        found["sd"][k] = deviation
        if mean != 0:
            found["cv"][k] = deviation / mean * 100
    return found
