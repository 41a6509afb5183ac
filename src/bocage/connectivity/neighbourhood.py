"""Capacity of a patch by the land around it: what classes are worth, less and less with the cost.

``capacity_i = cell area x sum over cells c of worth(class of c) exp(-k cost(i, c))``, the sum going over the
cells within a maximum cost. Without dispersal each counts whole: the area of good land within reach. Graphab
offers the like as a capacity (Foltête, Clauzel and Vuidel 2012, doi:10.1016/j.envsoft.2012.07.002).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bocage.connectivity.around import Ground, pad
from bocage.connectivity.landscape import Dispersal
from bocage.errors import DataError
from bocage.resistance.surface import ResistanceSurface

Floats = NDArray[np.float64]


def weigh_neighbourhood(
    surface: ResistanceSurface,
    patches: NDArray[np.int32],
    classes: NDArray[np.integer],
    worth: Mapping[int, float],
    *,
    most: float,
    dispersal: Dispersal | None = None,
    own: bool = False,
    through: bool = True,
) -> Floats:
    """Sum the land around each patch by what its class is worth and what going there costs.

    Parameters
    ----------
    surface : ResistanceSurface
    patches : (nrows, ncols) array of int32
        Numbers of patches from 1, without gaps; 0 elsewhere.
    classes : (nrows, ncols) array of int
        Land-cover codes.
    worth : mapping of code to float
        What a cell of each class counts for, >= 0; classes not named count for nothing.
    most : float
        Cost up to which ground counts [resistance x m], finite: it bounds the search.
    dispersal : Dispersal, optional
        How ground counts less with its cost; not at all by default.
    own : bool
        Whether the patch's own cells count too, at cost 0. Not by default: its own area is another capacity.
    through : bool
        Whether ways may cross other patches; their cells count either way, once met.

    Returns
    -------
    (n,) array of float64
        For patches 1 to n [m² times worth].

    Raises
    ------
    DataError
        Rasters differ in shape, a worth is negative, or ``most`` is not finite.

    Examples
    --------
    A patch at the left of a row of cells of 10 m; of the three beside it the first and third are meadow:

    >>> from bocage.grid import Grid
    >>> grid = Grid(0, 10, 10, 1, 4)
    >>> surface = ResistanceSurface(grid, np.ones((1, 4), np.uint16), np.array([np.inf, 1.0]))
    >>> classes = np.array([[9, 7, 8, 7]])
    >>> patches = np.array([[1, 0, 0, 0]], np.int32)
    >>> weigh_neighbourhood(surface, patches, classes, {7: 1.0}, most=25).tolist()
    [100.0]
    >>> half = Dispersal(10, 0.5)
    >>> found = weigh_neighbourhood(surface, patches, classes, {7: 1.0}, most=30, dispersal=half)
    >>> found.round(6).tolist()
    [62.5]
    """
    from bocage.kernels import reaching

    if not (math.isfinite(most) and most >= 0):
        raise DataError(
            f"The greatest cost of the neighbourhood is {most:g}; give a finite number from 0 up."
        )
    odd = sorted(code for code, value in worth.items() if not (math.isfinite(value) and value >= 0))
    if odd:
        raise DataError(f"What classes {odd[:5]} count for is negative or missing; give numbers from 0 up.")
    ground = Ground.of(surface, patches)
    if classes.shape != surface.grid.shape:
        raise DataError(
            f"Classes lie on {classes.shape[0]} x {classes.shape[1]} cells, the resistance on "
            f"{surface.grid.nrows} x {surface.grid.ncols}; give both on one grid."
        )
    value = np.zeros(classes.shape, np.float32)
    for code in sorted(worth):
        value[classes == code] = worth[code]
    count = int(patches.max(initial=0))
    total = np.zeros(count)
    reaching.sum_around(
        ground.codes, ground.width, ground.straight, ground.diagonal, ground.walls, through, own,
        *ground.list_cells(count), float(most), 0.0 if dispersal is None else dispersal.decay, pad(value),
        total, *ground.make_scratch(),
    )  # fmt: skip
    return total * surface.grid.cell_area
