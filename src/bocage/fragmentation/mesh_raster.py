"""Patches of natural ground on a raster and their pieces by unit, read in stripes of rows.

No label raster is kept: the rows in flight, and what :mod:`bocage.kernels.mesh` holds for each
label begun. Roads are barriers as burnt by the land cover, 4-connected: neither rule of
neighbours slips through them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.errors import CRSError, DataError
from bocage.fragmentation.mesh_figures import Cut, Pieces
from bocage.fragmentation.units import Units
from bocage.grid import Grid
from bocage.kernels.mesh import absorb_rows, gather_pieces
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    import pandas as pd

_STRIPE_CELLS = 1 << 20
"""Cells read at a time."""
_BAND_ROWS = 128
"""Polygons are burnt in bands of this many rows, whatever the stripes: their rounding is then the same."""
_LARGEST_NUMBER = 1 << 24
"""Units are counted by their number: larger ones are codes, not numbers."""

ReadRows = Callable[[int, int], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class RasterCut(Cut):
    """Natural ground of a raster, cut.

    Attributes
    ----------
    patch_first : (p,) array of int64
        Index of the first cell of each patch in row-major order, increasing.
    unit_raster_ids : (u,) tuple of int
        Value of each unit in the raster of units.
    labels : int
        Labels that were begun on the way: each took 33 bytes.
    """

    patch_first: NDArray[np.int64]
    unit_raster_ids: tuple[int, ...]
    labels: int


def cut_raster(
    natural: NDArray[Any],
    units: NDArray[Any] | Units,
    grid: Grid,
    *,
    classes: ArrayLike | None = None,
    known: NDArray[np.bool_] | None = None,
    unit_ids: Sequence[str] | None = None,
    neighbours: Literal[4, 8] = 4,
    stripe_rows: int | None = None,
) -> RasterCut:
    """Cut the natural ground of a raster at the borders of reporting units.

    Parameters
    ----------
    natural : (nrows, ncols) array of bool or int
        Mask, or land cover codes with ``classes``. Anything sliced by rows will do, such as a
        memory map.
    units : (nrows, ncols) array of int, or Units
        Number of the unit of each cell, 0 outside; or polygons, given to the cells whose centre
        they hold, stripe by stripe.
    grid : Grid
    classes : sequence of int, optional
        Codes that are natural; without it, ``natural`` is a mask.
    known : (nrows, ncols) array of bool, optional
        Where the ground is known, as beyond it patches may go on: those that touch a cell not known
        are at the edge, as are those that touch the border. Everywhere when left out.
    unit_ids : sequence of str, optional
        Name of the units 1, 2, …; without it, the numbers found are the names.
    neighbours : 4 or 8
        Cells that share a side are connected, and with 8 those that share a corner too. 4 by
        default, as polygons that touch at a point alone are two patches. FRAGSTATS and Guidos
        take 8 by default.
    stripe_rows : int, optional
        Rows read at a time; about a million cells by default. It changes no result.

    Returns
    -------
    RasterCut
        Patches and pieces in the order of their first cells, row by row.

    Raises
    ------
    DataError
        If shapes differ, if the mask holds other values than 0 and 1, if units are negative or
        beyond ``unit_ids``, or if a unit covers no cell.
    CRSError
        If polygons are not in the CRS of the grid.

    Examples
    --------
    >>> from bocage.fragmentation.mesh_figures import compute_mesh
    >>> natural = np.array([[1, 1, 0, 1], [0, 1, 0, 1]], bool)
    >>> units = np.array([[1, 2, 2, 2], [1, 2, 2, 2]])
    >>> cut = cut_raster(natural, units, Grid(0, 200, 100, 2, 4))
    >>> cut.by_unit.area_m2.tolist(), cut.by_unit.patch.tolist()
    ([10000.0, 20000.0, 20000.0], [0, 0, 1])
    >>> mesh = compute_mesh(cut.by_unit)
    >>> mesh.mesh_cut_ha.round(3).tolist(), mesh.mesh_cbc_ha.round(3).tolist()
    ([0.5, 1.333], [1.5, 1.667])
    """
    if natural.shape != grid.shape:
        raise DataError(
            f"the raster of natural ground has {natural.shape} cells and its grid {grid.shape}; "
            "give the grid of the raster."
        )
    if known is not None and known.shape != grid.shape:
        raise DataError(
            f"the mask of known ground has {known.shape} cells and its grid {grid.shape}; give them the same."
        )
    if isinstance(units, Units):
        unit_ids = units.ids
        read_units = _burn_units(units, grid)
    elif units.shape == grid.shape:
        read_units = _slice_rows(units)
    else:
        raise DataError(
            f"the raster of reporting units has {units.shape} cells and that of natural ground {grid.shape}; "
            "bring them to one grid."
        )
    rows = stripe_rows or max(_STRIPE_CELLS // grid.ncols, 1)
    wanted = None if classes is None else np.unique(np.asarray(classes))
    spans = ((row0, min(row0 + rows, grid.nrows)) for row0 in range(0, grid.nrows, rows))
    return cut_rows(
        (
            (_pick(np.asarray(natural[a:b]), wanted, None if known is None else known[a:b]), read_units(a, b))
            for a, b in spans
        ),
        grid.ncols,
        cell_area_m2=float(grid.cell_area),
        unit_ids=unit_ids,
        neighbours=neighbours,
    )


def cut_rows(
    stripes: Iterable[tuple[NDArray[Any], NDArray[Any]]],
    ncols: int,
    *,
    cell_area_m2: float,
    unit_ids: Sequence[str] | None = None,
    neighbours: Literal[4, 8] = 4,
) -> RasterCut:
    """Cut natural ground that comes in stripes of rows, from north to south.

    Parameters
    ----------
    stripes : iterable of (natural, units)
        Arrays of as many rows and ``ncols`` columns: a mask, in which 2 is ground not known, and the
        number of the unit of each cell, 0 outside. Only one stripe is held at a time.
    ncols : int
    cell_area_m2 : float
    unit_ids, neighbours
        As for :func:`cut_raster`.

    Returns
    -------
    RasterCut

    Raises
    ------
    DataError
        As for :func:`cut_raster`.
    """
    if neighbours not in (4, 8):
        raise DataError(f"a cell has 4 or 8 neighbours, got {neighbours!r}; choose one of these.")
    above = np.full(ncols, -1, np.int32)
    unit_cells = np.zeros(1 if unit_ids is None else len(unit_ids) + 1, np.int64)
    state = (
        0,
        np.empty((3, 1024), np.int32),
        np.empty(1024, np.int32),
        np.empty(1024, np.int64),
        np.empty(1024, np.int64),
        np.empty(1024, np.bool_),
    )
    read = 0
    for natural, units in stripes:
        if natural.shape != units.shape or natural.shape[1:] != (ncols,):
            raise DataError(
                f"a stripe of natural ground has {natural.shape} cells and its units {units.shape}; "
                f"give both with {ncols} columns and the same rows."
            )
        _check_mask(natural, 2)
        _check_numbers(units, unit_ids)
        high = int(units.max(initial=0))
        if high >= unit_cells.size:
            unit_cells = np.concatenate([unit_cells, np.zeros(high + 1 - unit_cells.size, np.int64)])
        state = absorb_rows(
            np.ascontiguousarray(natural, dtype=np.uint8),
            np.ascontiguousarray(units, dtype=np.int32),
            neighbours == 8,
            above,
            state[0],
            read,
            *state[1:],
            unit_cells,
        )
        read += natural.shape[0]
    return _build_cut(state, above, unit_cells, cell_area_m2, unit_ids)


def list_patches(cut: RasterCut, grid: Grid) -> pd.DataFrame:
    """List the patches of a raster by number, whether in a unit or not.

    Returns
    -------
    DataFrame
        ``patch`` (1, 2, …), ``area_ha``, ``at_edge`` and the centre of the first cell, ``easting``
        and ``northing`` [m]: a point that lies in the patch.
    """
    import pandas as pd

    row, col = np.divmod(cut.patch_first, grid.ncols)
    easting, northing = grid.centre(row, col)
    return pd.DataFrame(
        {
            "patch": np.arange(1, len(row) + 1),
            "area_ha": cut.by_unit.patch_area_m2 / M2_PER_HA,
            "at_edge": cut.by_unit.patch_at_edge,
            "easting": easting,
            "northing": northing,
        }
    )


def _check_mask(natural: NDArray[Any], last: int = 1) -> None:
    """Refuse codes and missing values, all of which would count as natural."""
    if natural.dtype == np.bool_:
        return
    if natural.dtype.kind not in "iu" or natural.min(initial=0) < 0 or natural.max(initial=0) > last:
        raise DataError(
            f"the mask of natural ground holds {natural.dtype} values from {natural.min()} "
            f"to {natural.max()}; give 0 and 1, or land cover codes with the classes that are natural."
        )


def _check_numbers(units: NDArray[Any], unit_ids: Sequence[str] | None) -> None:
    """Refuse numbers of units that name none."""
    if units.dtype.kind not in "iu":
        raise DataError(
            f"the raster of reporting units holds {units.dtype} values; "
            "give whole numbers, 0 outside every unit."
        )
    last = _LARGEST_NUMBER if unit_ids is None else len(unit_ids)
    if int(units.min(initial=0)) < 0 or int(units.max(initial=0)) > last:
        wrong = np.unique(units[(units < 0) | (units > last)]).tolist()
        raise DataError(
            f"the raster of reporting units holds {len(wrong)} value(s) that number no unit "
            f"({', '.join(str(value) for value in wrong[:5])}); "
            f"number the units from 1 to {last} at most, 0 outside."
        )


def _build_cut(
    state: tuple[Any, ...],
    above: NDArray[np.int32],
    unit_cells: NDArray[np.int64],
    cell_area_m2: float,
    unit_ids: Sequence[str] | None,
) -> RasterCut:
    unit, patch, whole, cells, patch_cells, patch_first, patch_edge, nwhole = gather_pieces(
        state[0], above, *state[1:]
    )
    if unit_ids is None:
        numbers = np.flatnonzero(unit_cells[1:]) + 1
        names = tuple(str(number) for number in numbers.tolist())
    else:
        numbers = np.arange(1, len(unit_ids) + 1)
        names = tuple(unit_ids)
        if bare := [name for name, size in zip(names, unit_cells[1:].tolist(), strict=True) if size == 0]:
            raise DataError(
                f"{len(bare)} reporting unit(s) cover no cell of the raster ({', '.join(bare[:5])}); "
                "leave them out, or give a raster that covers them with smaller cells."
            )
    if not names:
        raise DataError("no cell of the raster lies in a reporting unit; give units that cover it.")
    inside = unit > 0
    index = np.zeros(unit_cells.size, np.int32)
    index[numbers] = np.arange(len(numbers))
    patch_area = patch_cells * cell_area_m2
    by_unit = Pieces(
        unit_ids=names,
        unit_area_m2=(unit_cells[numbers] * cell_area_m2).astype(np.float64),
        unit=index[unit[inside]],
        patch=patch[inside],
        area_m2=cells[inside] * cell_area_m2,
        patch_area_m2=patch_area,
        patch_at_edge=patch_edge,
    )
    whole_cells = np.zeros(nwhole, np.int64)
    np.add.at(whole_cells, whole[inside], cells[inside])
    whole_patch = np.zeros(nwhole, np.int32)
    whole_patch[whole[inside]] = patch[inside]
    overall = Pieces(
        unit_ids=("overall",),
        unit_area_m2=np.array([unit_cells[1:].sum() * cell_area_m2]),
        unit=np.zeros(nwhole, np.int32),
        patch=whole_patch,
        area_m2=whole_cells * cell_area_m2,
        patch_area_m2=patch_area,
        patch_at_edge=patch_edge,
    )
    return RasterCut(by_unit, overall, patch_first, tuple(numbers.tolist()), int(state[0]))


def _pick(
    ground: NDArray[Any], wanted: NDArray[Any] | None, known: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    """Tell which cells are of the wanted classes, or not 0 where there are none to want; 2 is not known."""
    if wanted is None:
        _check_mask(ground)
        picked = ground.astype(np.uint8)
    elif ground.dtype.kind == "u" and ground.dtype.itemsize <= 2:
        table = np.zeros(np.iinfo(ground.dtype).max + 1, np.uint8)
        table[wanted[(wanted >= 0) & (wanted < table.size)].astype(np.int64)] = 1
        picked = table[ground]
    else:
        picked = np.isin(ground, wanted).astype(np.uint8)
    if known is not None:
        picked[~known] = 2
    return picked


def _burn_units(units: Units, grid: Grid) -> ReadRows:
    """Give a function that rasterises the units over some rows of the grid."""
    import pyproj
    import shapely
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    from bocage.grid import Window

    if units.crs is not None and units.crs != pyproj.CRS.from_user_input(grid.crs):
        raise CRSError(f"reporting units are in {units.crs} and the grid in {grid.crs}; bring them to one.")
    bounds = shapely.bounds(units.geometry)
    band = [-1, np.empty((0, grid.ncols), np.int32)]  # the last one burnt: stripes come in order

    def burn_band(number: int) -> NDArray[np.int32]:
        if band[0] != number:
            row0 = number * _BAND_ROWS
            part = grid.crop(Window(row0, min(row0 + _BAND_ROWS, grid.nrows), 0, grid.ncols))
            west, south, east, north = part.bounds
            near = (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
            near &= (bounds[:, 0] <= east) & (bounds[:, 2] >= west)
            cells = np.zeros(part.shape, np.int32)
            if near.any():
                shapes = [(units.geometry[i], int(i) + 1) for i in np.flatnonzero(near)]
                rasterize(shapes, out=cells, transform=Affine(*part.affine))
            band[:] = number, cells
        return band[1]  # type: ignore[return-value]

    def burn(row0: int, row1: int) -> NDArray[Any]:
        parts = []
        for number in range(row0 // _BAND_ROWS, (row1 - 1) // _BAND_ROWS + 1):
            top = number * _BAND_ROWS
            parts.append(burn_band(number)[max(row0 - top, 0) : row1 - top])
        return np.concatenate(parts)

    return burn


def _slice_rows(units: NDArray[Any]) -> ReadRows:
    return lambda row0, row1: np.asarray(units[row0:row1])
