"""How works cut a river into steps: taux d’étagement, taux de fractionnement, density.

The taux d’étagement is the share of a river's natural drop that falls at works, the taux de fractionnement
the height of falls for each kilometre: indicators of the French SDAGE, first used by P. Steinbach (Onema) for
the basin of the Loire.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.rivers.tree import Floats


@dataclass(frozen=True)
class Staging:
    """How works cut each of several rivers, or parts of rivers, into steps.

    Where heights are unknown, both rates say *at least*: ``unknown`` tells how many.

    Attributes
    ----------
    works : (groups,) array of int64
    unknown : (groups,) array of int64
        Works of unknown height.
    height_m : (groups,) array of float64
        Sum of the known heights [m].
    length_m : (groups,) array of float64
    etagement : (groups,) array of float64
        Height over drop, in [0, 1] where the data agree; NaN where the drop is 0 or unknown.
    fractionnement : (groups,) array of float64
        Height over length [m of fall a km]; NaN where there is no length.
    density : (groups,) array of float64
        Works over length [works a km]; NaN where there is no length.
    """

    works: NDArray[np.int64]
    unknown: NDArray[np.int64]
    height_m: Floats
    length_m: Floats
    etagement: Floats
    fractionnement: Floats
    density: Floats


def measure_staging(
    group: NDArray[np.int32],
    length: Floats,
    works: NDArray[np.bool_],
    height: Floats,
    drop: Floats,
) -> Staging:
    """Measure how works cut rivers into steps.

    Parameters
    ----------
    group : (n,) array of int32
        River, basin or part of one to which each reach belongs, from 0; -1 for none. ``RiverTree.basin`` for
        basins.
    length : (n,) array of float64
        Of reaches [m].
    works : (n,) array of bool
        Whether works stand at the lower end of each reach.
    height : (n,) array of float64
        Fall of the water at them [m], >= 0; NaN where unknown. Not read where there are none.
    drop : (groups,) array of float64
        Height that each group descends from its upper to its lower end, works or none [m]; NaN where unknown.

    Returns
    -------
    Staging

    Raises
    ------
    DataError
        Arrays do not fit, or a height or a drop is negative.

    Examples
    --------
    A river of 10 km that descends 20 m, 5 m of them at two weirs:

    >>> import numpy as np
    >>> works, height = np.array([True, True, False]), np.array([2.0, 3.0, np.nan])
    >>> found = measure_staging(
    ...     np.zeros(3, np.int32), np.array([4e3, 4e3, 2e3]), works, height, drop=np.array([20.0])
    ... )
    >>> found.etagement.tolist(), found.fractionnement.tolist(), found.density.tolist()
    ([0.25], [0.5], [0.2])
    """
    for name, values in (("length", length), ("works", works), ("height", height)):
        if values.shape != group.shape:
            raise DataError(
                f"{name} has shape {values.shape}; one value a reach was expected, {group.shape}."
            )
    groups = len(drop)
    if len(group) and (group.min() < -1 or group.max() >= groups):
        raise DataError(f"A reach is of group {group.max()}; a drop is given for {groups} groups only.")
    wrong = np.flatnonzero(works & (height < 0))
    if wrong.size:
        raise DataError(f"The works of reach {wrong[0]} are {height[wrong[0]]} m high; give 0 or more.")
    wrong = np.flatnonzero(drop < 0)
    if wrong.size:
        raise DataError(
            f"The drop of group {wrong[0]} is {drop[wrong[0]]} m; its upper end is the higher one."
        )

    inside = group >= 0
    standing = inside & works
    known = standing & ~np.isnan(height)
    count = np.bincount(group[standing], minlength=groups).astype(np.int64)
    total: Floats = np.bincount(group[known], weights=height[known], minlength=groups).astype(np.float64)
    long: Floats = np.bincount(group[inside], weights=length[inside], minlength=groups).astype(np.float64)
    kilometres = long / 1000
    return Staging(
        count,
        count - np.bincount(group[known], minlength=groups).astype(np.int64),
        total,
        long,
        _divide(total, drop),
        _divide(total, kilometres),
        _divide(count.astype(np.float64), kilometres),
    )


def _divide(part: Floats, whole: Floats) -> Floats:
    """Divide, with NaN where the whole is 0 or unknown."""
    rate: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return rate
