"""What each patch holds: its area, a power of it, its land cover by weights, or a table.

The indices sum products of capacities, so that of patches twice as large counts four times. A power below 1
says that home ranges grow with the patch; weights of classes say that a hectare of old wood holds more than a
hectare of plantation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import DataError

Floats = NDArray[np.float64]


def raise_area(area: ArrayLike, power: float = 1.0) -> Floats:
    """Raise areas to a power.

    Parameters
    ----------
    area : (n,) array of float
        >= 0, in any unit: the unit scales all capacities alike only at power 1, and an index that is divided
        by an area needs that power.
    power : float
        >= 0; 1 is the area, 0 counts patches.

    Raises
    ------
    DataError
        The power or an area is negative.

    Examples
    --------
    >>> raise_area([4, 9], 0.5)
    array([2., 3.])
    """
    areas = np.asarray(area, dtype=np.float64)
    if not power >= 0:
        raise DataError(f"The power of areas is {power:g}; give a number from 0 up.")
    if not (areas >= 0).all():
        raise DataError(
            f"{int((~(areas >= 0)).sum())} area(s) are negative or missing; give numbers from 0 up."
        )
    return areas**power


def sum_class_areas(
    patches: NDArray[np.int32], codes: NDArray[np.integer], classes: Sequence[int], *, count: int, cell: float
) -> Floats:
    """Sum the area of each land-cover class in each patch.

    Parameters
    ----------
    patches : (nrows, ncols) array of int32
        Patch numbers from 1; 0 elsewhere.
    codes : (nrows, ncols) array of int
        Class of each cell.
    classes : sequence of int
        Codes to sum, in the order of the columns; others count nowhere.
    count : int
        Number of patches.
    cell : float
        Side of a cell [m].

    Returns
    -------
    (count, len(classes)) array of float64
        Areas [ha].

    Raises
    ------
    DataError
        The rasters differ in shape, a class is there twice, or a patch number is above the count.

    Examples
    --------
    >>> patches = np.array([[1, 1, 0, 2]], np.int32)
    >>> sum_class_areas(patches, np.array([[31, 32, 31, 31]]), [31, 32], count=2, cell=100)
    array([[1., 1.],
           [1., 0.]])
    """
    if patches.shape != codes.shape:
        raise DataError(
            f"Patches have shape {patches.shape} and the land cover {codes.shape}; give one grid."
        )
    order = np.argsort(classes, kind="stable")
    known = np.asarray(classes, dtype=np.int64)[order]
    if (known[1:] == known[:-1]).any():
        raise DataError(f"Class {known[1:][known[1:] == known[:-1]][0]} is asked twice; name each once.")
    areas = np.zeros(count * len(known))
    for numbers, cells in zip(patches, codes, strict=True):  # row by row: no second raster is made
        held = numbers > 0
        number, code = numbers[held].astype(np.int64), cells[held].astype(np.int64)
        if number.size and number.max() > count:
            raise DataError(f"Patch number {number.max()} is above the {count} patches; number them from 1.")
        column = np.minimum(np.searchsorted(known, code), max(len(known) - 1, 0))
        listed = known[column] == code if len(known) else np.zeros(len(code), bool)
        np.add.at(areas, (number[listed] - 1) * len(known) + order[column[listed]], 1)
    return areas.reshape(count, len(known)) * (cell * cell / 10_000)


def weigh_classes(areas: ArrayLike, classes: Sequence[int], weights: Mapping[int, float]) -> Floats:
    """Weigh the areas of classes in each patch and sum them.

    Parameters
    ----------
    areas : (n, k) array of float
        Area of each class in each patch, as :func:`sum_class_areas` gives.
    classes : (k,) sequence of int
        Codes of the columns.
    weights : mapping of int to float
        What a unit of area of each class holds, >= 0.

    Returns
    -------
    (n,) array of float64
        Capacities, in the unit of the areas.

    Raises
    ------
    DataError
        A class has no weight, or one that is negative.

    Examples
    --------
    >>> weigh_classes([[1, 1], [1, 0]], [31, 32], {31: 1, 32: 0.25})
    array([1.25, 1.  ])
    """
    lacking = [code for code in classes if code not in weights]
    if lacking:
        raise DataError(
            f"{len(lacking)} class(es) of the patches have no weight ({_list(lacking)}); give each "
            "one, 0 if it holds nothing."
        )
    negative = [code for code in classes if not weights[code] >= 0]
    if negative:
        raise DataError(f"The weight of class(es) {_list(negative)} is negative; give numbers from 0 up.")
    held: Floats = np.asarray(areas, dtype=np.float64) @ np.array([float(weights[code]) for code in classes])
    return held


def look_up_capacity(
    ids: Sequence[str], table: Mapping[str, float], *, missing: float | None = None
) -> Floats:
    """Take capacities from a table by id, for instance of a count of animals or of a model of habitat.

    Parameters
    ----------
    ids : (n,) sequence of str
        Patches, as ``LandscapeGraph.ids``.
    table : mapping of str to float
        Ids that are no patches are passed over.
    missing : float, optional
        Capacity of patches that are not in the table; by default none may lack.

    Raises
    ------
    DataError
        A patch is not in the table, or its capacity is negative or no number.

    Examples
    --------
    >>> look_up_capacity(["a", "b"], {"a": 12}, missing=0)
    array([12.,  0.])
    """
    known = {str(name): value for name, value in table.items()}
    lacking = [name for name in ids if name not in known]
    if lacking and missing is None:
        raise DataError(
            f"{len(lacking)} patch(es) are not in the table of capacities ({_list(lacking)}); complete "
            "it, or say what patches that lack hold."
        )
    values = np.array([float(known.get(name, missing if missing is not None else np.nan)) for name in ids])
    odd = [name for name, value in zip(ids, values, strict=True) if not (np.isfinite(value) and value >= 0)]
    if odd:
        raise DataError(
            f"The capacity of {len(odd)} patch(es) is negative or no number ({_list(odd)}); give "
            "numbers from 0 up."
        )
    return values


def _list(names: Sequence[object]) -> str:
    return ", ".join(str(name) for name in names[:5]) + (" …" if len(names) > 5 else "")
