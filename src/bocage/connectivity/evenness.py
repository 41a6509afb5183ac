"""How evenly an index is shared among patches or links, from a graph-wide point of view.

Graphab makes two global indices of any local one: E#, its entropy, and D#, its division. With ``p`` the part
of each patch in the sum of the index:

- E# ``= -sum p ln p / ln k``, Pielou's evenness (1966, doi:10.1016/0022-5193(66)90013-0), with ``k`` the
  number of patches where the index is above 0: 1 when all have the same;
- D# ``= 1 - sum p²``, Simpson's diversity (1949, doi:10.1038/163688a0): the chance that two draws by the
  index fall on different patches.

Written e (E#eBC, D#eBC) for the index of links.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bocage.connectivity.landscape import Floats
from bocage.errors import DataError


def measure_evenness(index: ArrayLike) -> float:
    """Measure the evenness E# of a local index.

    Parameters
    ----------
    index : (n,) array of float
        Of each patch or of each link, >= 0, finite.

    Returns
    -------
    float
        In [0, 1]; NaN where the index is above 0 on fewer than two.

    Raises
    ------
    DataError
        A value is negative or not finite.

    Examples
    --------
    >>> round(measure_evenness([5, 5, 0, 5]), 12)
    1.0
    >>> round(measure_evenness([1, 3]), 6)
    0.811278
    """
    part = _find_parts(index)
    part = part[part > 0]
    if len(part) < 2:
        return float("nan")
    return float(-(part * np.log(part)).sum() / np.log(len(part)))


def measure_division(index: ArrayLike) -> float:
    """Measure the division D# of a local index.

    Parameters
    ----------
    index : (n,) array of float
        Of each patch or of each link, >= 0, finite.

    Returns
    -------
    float
        In [0, 1 - 1/n]; NaN where the index is 0 everywhere.

    Raises
    ------
    DataError
        A value is negative or not finite.

    Examples
    --------
    >>> measure_division([5, 5, 0]), measure_division([1, 0])
    (0.5, 0.0)
    """
    part = _find_parts(index)
    return float(1 - (part**2).sum()) if part.any() else float("nan")


def _find_parts(index: ArrayLike) -> Floats:
    values = np.asarray(index, dtype=np.float64).reshape(-1)
    odd = ~(np.isfinite(values) & (values >= 0))
    if odd.any():
        places = np.flatnonzero(odd)
        shown = ", ".join(map(str, places[:5])) + (" …" if len(places) > 5 else "")
        raise DataError(
            f"{len(places)} value(s) of the index are negative or missing (at {shown}: "
            f"{values[places[0]]:g}); evenness needs numbers from 0 up."
        )
    total = values.sum()
    return values / total if total > 0 else np.zeros(len(values))
