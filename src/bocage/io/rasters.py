"""Read rasters of any CRS and cell onto the study's grid; write cloud-optimised GeoTIFFs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyproj
import rasterio
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.transform import Affine

from bocage.errors import CRSError, InputError
from bocage.grid import Bounds, Grid
from bocage.io.crs import flatten_crs, is_same_place, name_crs, require_projected, transform_bounds
from bocage.io.files import replace_on_success, require_file, say_cause
from bocage.io.resampling import Method, cell_size, read_onto, transform_corners
from bocage.journal import Journal

__all__ = ["Method", "RasterInfo", "RasterValues", "describe_raster", "read_raster", "write_raster"]


@dataclass(frozen=True)
class RasterValues:
    """A raster on the study's grid.

    Attributes
    ----------
    values : (nrows, ncols) array
        In the file's own type, or float when resampling makes new values; meaningless where not valid.
    valid : (nrows, ncols) array of bool
        False outside the file, on its no-data cells and on NaN.
    """

    values: NDArray[Any]
    valid: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RasterInfo:
    """What a raster file holds.

    Attributes
    ----------
    driver, dtype : str
    bands, nrows, ncols : int
    cell : (float, float)
        Width and height of a cell, in units of the CRS.
    crs : str, optional
        As ``"EPSG:2154"``; none when the file does not say.
    bounds : (west, south, east, north)
        In that CRS.
    nodata : float, optional
    description : str
        Of the first band.
    """

    driver: str
    dtype: str
    bands: int
    nrows: int
    ncols: int
    cell: tuple[float, float]
    crs: str | None
    bounds: Bounds
    nodata: float | None
    description: str


def describe_raster(path: str | Path, *, name: str = "raster") -> RasterInfo:
    """Describe a raster file without reading its cells.

    Raises
    ------
    InputError
        If the file is missing or no raster.
    """
    with _open(require_file(path, name), name) as source:
        return RasterInfo(
            driver=source.driver,
            dtype=source.dtypes[0],
            bands=source.count,
            nrows=source.height,
            ncols=source.width,
            cell=cell_size(source.transform),
            crs=None if source.crs is None else name_crs(source.crs.to_wkt()),
            bounds=_bounds(source),
            nodata=source.nodata,
            description=source.descriptions[0] or "",
        )


def read_raster(
    path: str | Path,
    grid: Grid,
    *,
    name: str,
    journal: Journal,
    resampling: Method = "nearest",
    band: int = 1,
) -> RasterValues:
    """Read a band onto a grid, block by block, so that memory holds little more than the result.

    Parameters
    ----------
    path : path
        GeoTIFF, VRT, Arc ASCII or any raster GDAL reads, in any CRS, degrees included.
    grid : Grid
        In a projected CRS.
    name : str
        What the raster is to the study, for errors and notes.
    journal : Journal
        Told of reprojection, resampling, an assumed CRS, and the share of the grid left without data.
    resampling : str
        ``"nearest"`` or ``"mode"`` for classes; ``"average"``, ``"bilinear"``, ``"cubic"`` ... for measures.
    band : int
        From 1.

    Returns
    -------
    RasterValues

    Raises
    ------
    InputError
        File or band missing, or the raster does not meet the grid.
    CRSError
        The raster has no CRS. Arc ASCII files have none by nature: the grid's is assumed and noted.

    Notes
    -----
    A raster already on the grid's lines is copied. Nearest takes the source cell that holds the centre of
    each cell, the one to the south-east on a tie; every centre is transformed exactly, so that reading a
    part of a grid gives the same cells as reading the whole.
    """
    path = require_file(path, name)
    if resampling not in get_args(Method):
        raise ValueError(f"resampling {resampling!r} is none of {', '.join(get_args(Method))}")
    target = require_projected(grid.crs)
    with _open(path, name) as source:
        if not 1 <= band <= source.count:
            raise InputError(
                f"{name}: '{path.as_posix()}' has no band {band}; it has {source.count}, numbered from 1."
            )
        crs = _find_crs(source, target, path, name, journal)
        here = crs if not is_same_place(crs, target) else target
        _require_meeting(source, here, grid, target, path, name)
        try:
            values, valid = read_onto(source, band, here, grid, target, resampling, name, journal)
        except RasterioError as error:
            raise InputError(
                f"{name}: '{path.as_posix()}' cannot be read whole ({say_cause(error)}); "
                "the file is damaged or a part of it is missing: copy or export it again."
            ) from error
    lacking = 1.0 - float(np.count_nonzero(valid)) / grid.size
    if lacking > 0:
        journal.add("raster_partial", raster=name, share=max(100.0 * lacking, 0.1))
    return RasterValues(values, valid)


def write_raster(
    path: str | Path,
    array: NDArray[Any],
    grid: Grid,
    *,
    nodata: float | None,
    description: str,
    date: str,
) -> None:
    """Write an array as a cloud-optimised GeoTIFF; the same inputs give the same bytes.

    Parameters
    ----------
    path : path
    array : (nrows, ncols) array
        Classes (bool, whole numbers) get overviews by majority, floats by average.
    grid : Grid
    nodata : float or None
        Value that means no data.
    description : str
        What the band is, shown by GIS as its name.
    date : str
        Date of the study, ``"2026-05-04"``, stored in place of the time of writing.

    Raises
    ------
    OutputError
        The disk is full, the folder read-only, or the file open in another program.
    ValueError
        The array does not have the grid's shape: a mistake of the caller.
    """
    if array.shape != grid.shape:
        raise ValueError(f"array is {array.shape}, its grid {grid.shape}")
    if array.dtype == bool:
        array = array.astype(np.uint8)
    elif array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        # 64-bit whole numbers need GDAL 3.5, which many desktops lack.
        if array.size and (array.min() < -(2**31) or array.max() >= 2**31):
            raise ValueError(f"whole numbers of {description!r} do not fit 32 bits")
        array = array.astype(np.int32)
    whole = array.dtype.kind in "iu"
    profile = {
        "driver": "COG",
        "width": grid.ncols,
        "height": grid.nrows,
        "count": 1,
        "dtype": array.dtype.name,
        "crs": grid.crs,
        "transform": Affine(*grid.affine),
        "nodata": nodata,
        # Zstandard is a little smaller and faster, but ArcGIS before 3.0, older QGIS builds and most
        # other readers of GeoTIFF lack it; deflate opens everywhere.
        "COMPRESS": "DEFLATE",
        "LEVEL": 6,
        "PREDICTOR": "YES",
        "BLOCKSIZE": 512,
        "OVERVIEW_RESAMPLING": "MODE" if whole else "AVERAGE",
        "BIGTIFF": "IF_SAFER",
    }
    with replace_on_success(path) as part:
        try:
            _write_cog(part, array, profile, description, date)
        except (CPLE_BaseError, RasterioError) as error:
            # GDAL's words, not a number of the system: told apart by explain_failure.
            raise OSError(say_cause(error)) from error


def _write_cog(part: Path, array: NDArray[Any], profile: dict[str, Any], description: str, date: str) -> None:
    # No sidecar file and one thread: nothing that depends on the machine.
    with (
        rasterio.Env(GDAL_PAM_ENABLED="NO", GDAL_NUM_THREADS="1"),
        rasterio.open(part, "w", **profile) as file,
    ):
        file.write(array, 1)
        file.set_band_description(1, description)
        file.update_tags(TIFFTAG_DATETIME=f"{date[:10].replace('-', ':')} 00:00:00")


# --- opening -----------------------------------------------------------------------------------------


@contextmanager
def _open(path: Path, name: str) -> Iterator[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(path)
    except RasterioError as error:
        raise InputError(
            f"{name}: '{path.as_posix()}' is no raster that can be opened ({say_cause(error)}); "
            "export it again as GeoTIFF."
        ) from error
    with source:
        if source.count == 0:
            raise InputError(f"{name}: '{path.as_posix()}' holds no band; export it again as GeoTIFF.")
        yield source


def _find_crs(source: Any, target: pyproj.CRS, path: Path, name: str, journal: Journal) -> pyproj.CRS:
    if source.transform.is_identity and source.crs is None:
        raise CRSError(
            f"{name}: raster '{path.as_posix()}' is not georeferenced; georeference it in QGIS "
            "(Layer > Georeferencer) or copy its world file beside it."
        )
    if source.crs is not None:
        crs = pyproj.CRS.from_wkt(source.crs.to_wkt())
        return flatten_crs(crs)
    if source.driver != "AAIGrid":
        raise CRSError(
            f"{name}: raster '{path.as_posix()}' does not say its coordinate reference system; "
            "assign it in QGIS (Raster > Projections > Assign Projection)."
        )
    journal.add("raster_crs_assumed", raster=name, crs=name_crs(target))
    return target


def _bounds(source: Any) -> Bounds:
    """Give the bounds of a raster, turned or upside down ones included."""
    eastings, northings = transform_corners(source.transform, (0, 0, source.width, source.height))
    return min(eastings), min(northings), max(eastings), max(northings)


def _require_meeting(
    source: Any, crs: pyproj.CRS, grid: Grid, target: pyproj.CRS, path: Path, name: str
) -> None:
    """Compare extents in the raster's own CRS: a raster of the whole world has none in a local one."""
    west, south, east, north = bounds = _bounds(source)
    needed = transform_bounds(grid.bounds, target, crs) if crs != target else grid.bounds
    if west < needed[2] and east > needed[0] and south < needed[3] and north > needed[1]:
        return
    raise InputError(
        f"{name}: raster '{path.as_posix()}' covers {_say_bounds(bounds, crs)}, which does not meet the "
        f"study's grid at {_say_bounds(needed, crs)}, both in {name_crs(crs)}; "
        "check the file, its coordinate system and the study area."
    )


def _say_bounds(bounds: Bounds, crs: pyproj.CRS) -> str:
    decimals = 3 if crs.is_geographic else 0
    west, south, east, north = (f"{bound:.{decimals}f}" for bound in bounds)
    return f"{west} to {east} east, {south} to {north} north"
