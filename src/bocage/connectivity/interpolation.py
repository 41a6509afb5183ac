"""An index of patches spread over the ground: what a place would have, by how it reaches the patches around.

With the weight ``exp(-k cost)`` of each patch, the index of the *nearest* patch by cost counts alone, times
its weight; or several do, as their *sum* ``sum_i w_i v_i`` (what reaches the place) or their *mean*
``sum_i w_i v_i / sum_i w_i`` (what the patches around are like). Graphab interpolates so: from the nearest
patch, or from several up to a maximum distance (Foltête, Clauzel and Vuidel 2012,
doi:10.1016/j.envsoft.2012.07.002).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.around import Ground
from bocage.connectivity.landscape import Dispersal
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.resistance.surface import ResistanceSurface

Floats = NDArray[np.float64]
Spread = Literal["nearest", "sum", "mean"]

LEAST_WEIGHT = 1e-4
"""Weight under which a patch is left out when several count and no maximum is given."""


def interpolate_index(
    ground: ResistanceSurface | Grid,
    patches: NDArray[np.int32],
    value: ArrayLike,
    dispersal: Dispersal,
    *,
    spread: Spread = "nearest",
    most: float | None = None,
    through: bool = True,
    threads: int = 1,
) -> NDArray[np.float32]:
    """Spread an index of patches over a raster.

    Parameters
    ----------
    ground : ResistanceSurface or Grid
        By cost over a surface, or by the distance to the nearest cell of each patch over a plain grid.
    patches : (nrows, ncols) array of int32
        Numbers of patches from 1; 0 elsewhere.
    value : (n,) array of float
        Index of patches 1 to n.
    dispersal : Dispersal
        How the weight falls with cost [resistance x m] or distance [m].
    spread : {"nearest", "sum", "mean"}
    most : float, optional
        Cost from which a patch counts for nothing. By default none for the nearest; for several, that where
        the weight is 1e-4: a patch left out would have added less than 1e-4 of its value to a sum.
    through : bool
        For several by cost: whether ways may cross other patches.
    threads : int
        For the nearest by cost.

    Returns
    -------
    (nrows, ncols) array of float32
        NaN where no patch reaches.

    Raises
    ------
    DataError
        There is not one finite value for each patch, rasters differ in shape, or no patch lies on passable
        ground (for the nearest by cost).

    Notes
    -----
    Memory: of the nearest by cost, that of ``cost_distance``; of several, 16 bytes a cell and 30 where
    searched.

    Examples
    --------
    Two patches of index 8 and 2, three cells of 10 m apart, halved every 10 m:

    >>> grid, half = Grid(0, 10, 10, 1, 4), Dispersal(10, 0.5)
    >>> patches = np.array([[1, 0, 0, 2]], np.int32)
    >>> interpolate_index(grid, patches, [8, 2], half).tolist()
    [[8.0, 4.0, 1.0, 2.0]]
    >>> interpolate_index(grid, patches, [8, 2], half, spread="sum").tolist()
    [[8.25, 4.5, 3.0, 3.0]]
    """
    values = np.ascontiguousarray(value, dtype=np.float64).reshape(-1)
    grid = ground if isinstance(ground, Grid) else ground.grid
    _check(grid, patches, values, spread)
    if spread == "nearest":
        limit = math.inf if most is None else most
        if isinstance(ground, Grid):
            return _nearest_by_distance(grid, patches, values, dispersal, limit)
        return _nearest_by_cost(ground, patches, values, dispersal, limit, threads)
    limit = -math.log(LEAST_WEIGHT) / dispersal.decay if most is None else most
    if isinstance(ground, Grid):
        above, below = _several_by_distance(grid, patches, values, dispersal, limit)
    else:
        above, below = _several_by_cost(ground, patches, values, dispersal, limit, through)
    found = np.full(grid.shape, np.nan, np.float32)
    if spread == "mean":
        np.divide(above, below, out=above, where=below > 0)
    np.copyto(found, above, where=below > 0, casting="same_kind")
    return found


def _check(grid: Grid, patches: NDArray[np.int32], values: Floats, spread: Spread) -> None:
    if spread not in ("nearest", "sum", "mean"):
        raise DataError(f"An index cannot be spread by '{spread}'; choose nearest, sum or mean.")
    if patches.shape != grid.shape:
        raise DataError(
            f"Patches lie on {patches.shape[0]} x {patches.shape[1]} cells, the ground on {grid.nrows} x "
            f"{grid.ncols}; give both on one grid."
        )
    count = int(patches.max(initial=0))
    if len(values) < count or not np.isfinite(values).all():
        odd = [str(place + 1) for place in np.flatnonzero(~np.isfinite(values))[:5]]
        raise DataError(
            f"{count} patches have {len(values)} values, of which {int((~np.isfinite(values)).sum())} "
            f"missing ({', '.join(odd)}); give one to each."
        )


def _nearest_by_cost(
    surface: ResistanceSurface,
    patches: NDArray[np.int32],
    values: Floats,
    dispersal: Dispersal,
    limit: float,
    threads: int,
) -> NDArray[np.float32]:
    from bocage.corridors.cost_distance import cost_distance

    reached = cost_distance(surface, patches, threads=threads)
    cost, nearest = reached.cost(np.float64), reached.allocation()
    found = np.empty(surface.grid.shape, np.float32)
    for row in range(len(found)):  # row by row: nothing else as large as the grid is made
        there = (nearest[row] > 0) & (cost[row] <= limit)
        found[row] = np.where(
            there, values[np.maximum(nearest[row], 1) - 1] * dispersal.reach(cost[row]), np.nan
        )
    return found


def _nearest_by_distance(
    grid: Grid, patches: NDArray[np.int32], values: Floats, dispersal: Dispersal, limit: float
) -> NDArray[np.float32]:
    from scipy.ndimage import distance_transform_edt

    if not (patches > 0).any():
        return np.full(grid.shape, np.nan, np.float32)
    away, (rows, cols) = distance_transform_edt(patches == 0, sampling=grid.cell, return_indices=True)
    found = np.empty(grid.shape, np.float32)
    for row in range(len(found)):
        nearest = patches[rows[row], cols[row]]
        found[row] = np.where(away[row] <= limit, values[nearest - 1] * dispersal.reach(away[row]), np.nan)
    return found


def _several_by_cost(
    surface: ResistanceSurface,
    patches: NDArray[np.int32],
    values: Floats,
    dispersal: Dispersal,
    limit: float,
    through: bool,
) -> tuple[Floats, Floats]:
    from bocage.kernels import reaching

    ground = Ground.of(surface, patches)
    above, below = np.zeros(len(ground.codes)), np.zeros(len(ground.codes))
    reaching.spread_values(
        ground.codes, ground.width, ground.straight, ground.diagonal, ground.walls, through,
        *ground.list_cells(int(patches.max(initial=0))), float(limit), dispersal.decay, values, above, below,
        *ground.make_scratch(),
    )  # fmt: skip
    return ground.unpad(above), ground.unpad(below)


def _several_by_distance(
    grid: Grid, patches: NDArray[np.int32], values: Floats, dispersal: Dispersal, limit: float
) -> tuple[Floats, Floats]:
    from scipy.ndimage import distance_transform_edt, find_objects

    above, below = np.zeros(grid.shape), np.zeros(grid.shape)
    around = math.ceil(min(limit / grid.cell, max(grid.shape)))
    for place, box in enumerate(find_objects(patches)):
        if box is None:
            continue
        window = tuple(
            slice(max(side.start - around, 0), min(side.stop + around, size))
            for side, size in zip(box, grid.shape, strict=True)
        )
        away = distance_transform_edt(patches[window] != place + 1, sampling=grid.cell)
        weight = np.where(away <= limit, dispersal.reach(away), 0.0)
        above[window] += weight * values[place]
        below[window] += weight
    return above, below
