"""The files of a raster job: habitat, mask, regions, focal points, sources and grounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bocage.current.regions import Places, gather_places
from bocage.errors import DataError, InputError
from bocage.io.ascii_grid import AsciiGrid, GridPlace, read_ascii_grid, read_text
from bocage.io.files import require_file
from bocage.journal import Journal
from bocage.study.circuitscape.notes import add_note, list_ids, write_number
from bocage.study.circuitscape.options import Options

Floats = NDArray[np.float64]
_TIFF = (".tif", ".tiff", ".tif.gz", ".tiff.gz")
_NODATA = -9999.0
_SHIFT_TOLD, _SHIFT_MOST = 0.01, 0.5
"""Shares of a cell by which grids may differ before it is told, and before it is refused."""


@dataclass(frozen=True, slots=True)
class RasterJob:
    """What the files of a raster job hold.

    Attributes
    ----------
    conductance : (rows, cols) array of float64
        0 for barriers, the mask included.
    place : GridPlace
        Of the habitat map, and so of the outputs.
    regions : (rows, cols) array of int64, optional
        Short circuits; 0 for none.
    places : Places, optional
        Focal points and regions.
    sources, grounds : (rows, cols) array of float64, optional
        Amperes, and conductances to the ground.
    """

    conductance: Floats
    place: GridPlace
    regions: NDArray[np.int64] | None
    places: Places | None
    sources: Floats | None
    grounds: Floats | None


def read_raster_job(options: Options, journal: Journal) -> RasterJob:
    """Read the files of a raster job.

    Raises
    ------
    InputError
        When a file is missing, cannot be read, or is not of the cells of the habitat map.
    DataError
        When values cannot be: resistances of zero or less, focal points outside, one alone.
    """
    habitat = read_grid(options.habitat_file, "habitat map", journal)
    place = habitat.place
    values = habitat.values
    if options.reclass_file is not None:
        values = _reclassify(values, options.reclass_file)
    if options.habitat_map_is_resistances:
        conductance = _invert_resistance(values, options.habitat_file, journal)
    else:
        conductance = _check_conductance(values, options.habitat_file, journal)
    if options.mask_file is not None:
        mask = _read_beside(options.mask_file, "mask", place, journal)
        conductance = np.where(np.nan_to_num(mask, nan=0.0) > 0, conductance, 0.0)
        if not conductance.any():
            raise DataError(
                f"mask '{options.mask_file}' leaves no cell that conducts; its cells to keep hold 1"
            )
    regions = None
    if options.polygon_file is not None:
        regions = _read_regions(options.polygon_file, place, conductance, journal)
    places = sources = grounds = None
    if options.point_file is not None:
        places = _read_places(options.point_file, place, journal)
        _check_places(places, conductance, regions, options.point_file, journal)
    if options.source_file is not None and options.ground_file is not None:
        sources = _read_sources(options, place, journal)
        grounds = _read_grounds(options, place, journal)
    return RasterJob(conductance, place, regions, places, sources, grounds)


def read_grid(path: Path, name: str, journal: Journal) -> AsciiGrid:
    """Read an Arc ASCII grid or a GeoTIFF, gzipped or not; NaN where there is no data.

    A raster that does not say its no-data value has that of Circuitscape, -9999, which is told.
    """
    if str(path).lower().endswith(_TIFF):
        grid = _read_geotiff(path, name)
    else:
        grid = read_ascii_grid(path, name=name)
    values, where = grid.values, grid.place
    if where.nodata is None:
        add_note(journal, "no_nodata", name=name, path=path.name)
    values[values == _NODATA] = np.nan
    return AsciiGrid(values, where)


def read_table(path: Path, name: str, columns: int) -> Floats:
    """Read a text list of numbers: (rows, columns) array.

    Raises
    ------
    InputError
        When it holds something else than rows of that many numbers.
    """
    rows = []
    for number, line in enumerate(read_text(require_file(path, name), name).splitlines(), start=1):
        words = line.replace(",", " ").replace(";", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            found = [float(word) for word in words]
        except ValueError:
            found = []
        if len(found) != columns:
            raise InputError(
                f"{name} '{path}', line {number}: '{line.strip()}' is not {columns} number"
                f"{'s' if columns > 1 else ''}; write {columns} a line, with points for decimals"
            )
        rows.append(found)
    if not rows:
        raise InputError(
            f"{name} '{path}' is empty; write {columns} number{'s' if columns > 1 else ''} a line"
        )
    return np.array(rows, dtype=np.float64)


def check_ids(ids: Floats, path: Path, name: str) -> NDArray[np.int64]:
    """Check that ids are whole numbers."""
    wrong = ids[ids != np.round(ids)]
    if wrong.size:
        raise InputError(
            f"{name} '{path}' holds {wrong.size} ids that are not whole numbers ({list_ids(wrong)}); "
            "ids are 1, 2, 3 …"
        )
    return ids.astype(np.int64)


def tell_range(low: float, high: float, resistances: bool, journal: Journal) -> None:
    """Tell when the range of the habitat looks like the other of resistance and conductance."""
    if low == high:
        return
    code = None
    if resistances and high <= 1:
        code = "assumed_conductance"
    elif not resistances and low >= 1 and high > 10:
        code = "assumed_resistance"
    if code is not None:
        add_note(journal, code, low=write_number(low), high=write_number(high))


def _read_geotiff(path: Path, name: str) -> AsciiGrid:
    import warnings

    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    found = require_file(path, name)
    where = f"/vsigzip/{found.resolve()}" if found.suffix.lower() == ".gz" else str(found)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(where) as source:
                values = source.read(1).astype(np.float64)
                nodata, transform = source.nodata, source.transform
                crs = None if source.crs is None else source.crs.to_wkt()
    except RasterioError as error:
        raise InputError(f"{name} '{path}' cannot be read as a GeoTIFF ({error}); export it again") from None
    cell, height = transform.a, -transform.e
    # Without a place of its own, a picture has rows downwards.
    height = abs(height)
    if abs(cell - height) > 1e-6 * cell or transform.b or transform.d:
        raise InputError(
            f"{name} '{path}' has cells of {cell:g} by {height:g}, or is turned; give square cells, north up"
        )
    if nodata is not None and not math.isnan(nodata):
        values[values == nodata] = np.nan
    rows, cols = values.shape
    south = transform.f + rows * transform.e if transform.e < 0 else transform.f
    return AsciiGrid(values, GridPlace(rows, cols, transform.c, south, cell, nodata, crs))


def _read_beside(path: Path, name: str, place: GridPlace, journal: Journal) -> Floats:
    grid = read_grid(path, name, journal)
    other = grid.place
    if (other.nrows, other.ncols) != (place.nrows, place.ncols):
        raise InputError(
            f"{name} '{path}' has {other.nrows} rows of {other.ncols} cells where the habitat map has "
            f"{place.nrows} of {place.ncols}; give rasters of the same extent and cells"
        )
    if abs(other.cell - place.cell) * max(place.nrows, place.ncols) > _SHIFT_MOST * place.cell:
        raise InputError(
            f"{name} '{path}' has cells of {other.cell:g} where the habitat map has cells of {place.cell:g}; "
            "give rasters of the same extent and cells"
        )
    share = max(abs(other.west - place.west), abs(other.south - place.south)) / place.cell
    if share > _SHIFT_MOST:
        raise InputError(
            f"{name} '{path}' begins at {other.west:g}, {other.south:g} where the habitat map begins at "
            f"{place.west:g}, {place.south:g}; give rasters of the same extent and cells"
        )
    if share > _SHIFT_TOLD:
        add_note(journal, "shifted", name=name, path=path.name, share=round(100 * share))
    return grid.values


def _invert_resistance(values: Floats, path: Path, journal: Journal) -> Floats:
    held = ~np.isnan(values)
    wrong = held & ~(values > 0)
    if wrong.any():
        row, col = np.argwhere(wrong)[0]
        zero = values[row, col] == 0
        raise DataError(
            f"habitat map '{path}' holds {int(wrong.sum())} resistances of zero or less, the first "
            f"({values[row, col]:g}) at row {row + 1}, column {col + 1}; give resistances above 0, "
            + ("free ground being a short-circuit region" if zero else "barriers being no data")
        )
    if not held.any():
        raise DataError(
            f"habitat map '{path}' holds no data but barriers; give at least one cell a resistance"
        )
    tell_range(float(values[held].min()), float(values[held].max()), True, journal)
    conductance = np.zeros(values.shape)
    np.divide(1.0, values, out=conductance, where=held)
    return conductance


def _check_conductance(values: Floats, path: Path, journal: Journal) -> Floats:
    conductance = np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf)
    wrong = ~((conductance >= 0) & np.isfinite(conductance))
    if wrong.any():
        row, col = np.argwhere(wrong)[0]
        raise DataError(
            f"habitat map '{path}' holds {int(wrong.sum())} conductances that are negative or infinite, the "
            f"first ({conductance[row, col]:g}) at row {row + 1}, column {col + 1}; "
            "give 0 or no data for barriers"
        )
    held = conductance > 0
    if not held.any():
        raise DataError(
            f"habitat map '{path}' holds nothing but barriers; give at least one cell a conductance"
        )
    tell_range(float(conductance[held].min()), float(conductance[held].max()), False, journal)
    return conductance


def _reclassify(values: Floats, path: Path) -> Floats:
    table = read_table(path, "reclassification table", 2)
    changed = values.copy()
    for old, new in table:
        changed[values == old] = np.nan if new == _NODATA else new
    return changed


def _read_regions(path: Path, place: GridPlace, conductance: Floats, journal: Journal) -> NDArray[np.int64]:
    values = np.nan_to_num(_read_beside(path, "short-circuit regions", place, journal), nan=0.0)
    ids = np.unique(check_ids(values, path, "short-circuit regions"))
    if ids.size and ids[0] < 0:
        raise InputError(
            f"short-circuit regions '{path}' hold negative ids ({list_ids(ids[ids < 0])}); ids are "
            "1, 2, 3 …, and cells of no region hold the no-data value of the file"
        )
    regions = values.astype(np.int64)
    lost = np.setdiff1d(ids[ids > 0], regions[conductance > 0])
    if lost.size:
        add_note(journal, "region_nowhere", count=int(lost.size), ids=list_ids(lost))
    return regions


def _is_list(path: Path) -> bool:
    """Whether a file is a text list rather than a grid."""
    if str(path).lower().endswith(_TIFF):
        return False
    first = read_text(require_file(path, "input"), "input").lstrip()[:5].lower()
    return not first.startswith(("ncols", "nrows"))


def _locate_list(path: Path, name: str, place: GridPlace) -> tuple[Floats, NDArray[np.int64]]:
    """Values of a text list of value, x and y, and the cells they are in."""
    table = read_table(path, name, 3)
    col = np.ceil((table[:, 1] - place.west) / place.cell).astype(np.int64) - 1
    row = np.ceil(place.nrows - (table[:, 2] - place.south) / place.cell).astype(np.int64) - 1
    # On the outer border itself.
    col[table[:, 1] == place.west] = 0
    row[table[:, 2] == place.south + place.nrows * place.cell] = 0
    outside = (row < 0) | (col < 0) | (row >= place.nrows) | (col >= place.ncols)
    if outside.any():
        raise DataError(
            f"{name} '{path}': {int(outside.sum())} are outside the habitat map "
            f"({list_ids(f'{one:g}' for one in table[outside, 0])}), which goes from {place.west:g}, "
            f"{place.south:g} to {place.west + place.ncols * place.cell:g}, "
            f"{place.south + place.nrows * place.cell:g}; give value, x, y in its coordinates"
        )
    return table[:, 0], row * place.ncols + col


def _read_places(path: Path, place: GridPlace, journal: Journal) -> Places:
    name = "focal points"
    if _is_list(path):
        values, cells = _locate_list(path, name, place)
    else:
        grid = np.nan_to_num(_read_beside(path, name, place, journal), nan=0.0)
        # Column after column, as Circuitscape lists them.
        flat = grid.T.ravel()
        at = np.flatnonzero(flat != 0)
        values, cells = flat[at], (at % place.nrows) * place.ncols + at // place.nrows
    ids = check_ids(values, path, name)
    if (ids < 0).any():
        add_note(journal, "negative_ids", count=int((ids < 0).sum()))
    return gather_places(ids[ids > 0], cells[ids > 0])


def _check_places(
    places: Places, conductance: Floats, regions: NDArray[np.int64] | None, path: Path, journal: Journal
) -> None:
    if places.ids.size < 2:
        raise DataError(
            f"focal points '{path}' hold {places.ids.size} id; give at least two points of different ids"
        )
    conducts = (conductance > 0).ravel()
    if regions is not None:
        # A region one cell of which conducts is a node wherever it is.
        live = np.unique(regions[conductance > 0])
        conducts = conducts | (np.isin(regions, live[live > 0]).ravel())
    on = np.zeros(places.ids.size, dtype=bool)
    np.logical_or.at(on, places.owner, conducts[places.cells])
    if on.sum() < 2:
        raise DataError(
            f"focal points '{path}': {int(on.sum())} of {places.ids.size} are on cells that conduct, the "
            f"others ({list_ids(places.ids[~on])}) being on barriers or no data; move them onto the habitat"
        )
    if not on.all():
        add_note(journal, "on_nodata", count=int((~on).sum()), ids=list_ids(places.ids[~on]))


def _read_sources(options: Options, place: GridPlace, journal: Journal) -> Floats:
    assert options.source_file is not None
    values = _read_values(options.source_file, "current sources", place, journal)
    if options.use_unit_currents:
        values = np.where(np.isnan(values) | (values == 0), np.nan, 1.0)
    return np.nan_to_num(values, nan=0.0)


def _read_grounds(options: Options, place: GridPlace, journal: Journal) -> Floats:
    assert options.ground_file is not None
    values = _read_values(options.ground_file, "grounds", place, journal)
    return turn_grounds(values, options)


def turn_grounds(values: Floats, options: Options) -> Floats:
    """Turn what the grounds file says, NaN for no ground, into conductances to the ground.

    Raises
    ------
    DataError
        When one is negative.
    """
    held = ~np.isnan(values)
    if (values[held] < 0).any():
        raise DataError(
            f"grounds '{options.ground_file}' hold {int((values[held] < 0).sum())} negative values "
            f"({list_ids(f'{one:g}' for one in values[held][values[held] < 0])}); "
            "give resistances or conductances of 0 or more"
        )
    if options.use_direct_grounds:
        direct = held if options.ground_file_is_resistances else held & (values > 0)
        return np.where(direct, np.inf, 0.0)
    if not options.ground_file_is_resistances:
        return np.where(held, values, 0.0)
    with np.errstate(divide="ignore"):
        return np.where(held, 1.0 / np.where(held, values, 1.0), 0.0)


def _read_values(path: Path, name: str, place: GridPlace, journal: Journal) -> Floats:
    """Values of a grid, or of a list put in its cells; values of one cell add up."""
    if not _is_list(path):
        return _read_beside(path, name, place, journal)
    values, cells = _locate_list(path, name, place)
    flat = np.full(place.nrows * place.ncols, np.nan)
    flat[cells] = 0.0
    np.add.at(flat, cells, values)
    return flat.reshape(place.nrows, place.ncols)
