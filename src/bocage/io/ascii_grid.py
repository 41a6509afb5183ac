"""Arc ASCII grids: what GIS and Circuitscape exchange rasters with; read, and written, gzipped if need be."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import InputError
from bocage.io.files import output_errors, replace_on_success, require_file

_NEEDED = ("ncols", "nrows", "cellsize")
_CORNERS = ("xllcorner", "yllcorner")
_CENTRES = ("xllcenter", "yllcenter")


@dataclass(frozen=True, slots=True)
class GridPlace:
    """Where the cells of a grid are.

    Attributes
    ----------
    nrows, ncols : int
    west, south : float
        Of the outer corner, in units of the map.
    cell : float
        Side of a cell.
    nodata : float, optional
        None when the file does not say.
    crs : str, optional
        As WKT; Arc ASCII grids have none.
    """

    nrows: int
    ncols: int
    west: float
    south: float
    cell: float
    nodata: float | None
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class AsciiGrid:
    """Cells of a grid, NaN where there is no data, and where they are."""

    values: NDArray[np.float64]
    place: GridPlace


def read_ascii_grid(path: str | Path, *, name: str = "raster") -> AsciiGrid:
    """Read an Arc ASCII grid, plain or gzipped.

    Parameters
    ----------
    path : path
        Fields may be separated by any spaces or tabs, the header be in capitals, its no-data line lack.
    name : str
        What the raster is, for errors.

    Raises
    ------
    InputError
        When the file is missing, its header lacks a line, or it does not hold rows times columns numbers.
    """
    found = require_file(path, name)
    text = read_text(found, name)
    header: dict[str, float] = {}
    position = 0
    while position < len(text):
        stop = text.find("\n", position)
        stop = len(text) if stop < 0 else stop
        words = text[position:stop].split()
        if words and (not words[0][0].isalpha() or words[0].lower() in ("nan", "inf")):
            break
        if words:
            header[words[0].lower()] = _parse(words, found, name)
        position = stop + 1
    lacking = [key for key in _NEEDED if key not in header]
    if not any(all(key in header for key in keys) for keys in (_CORNERS, _CENTRES)):
        lacking += _CORNERS
    if lacking:
        raise InputError(
            f"{name} '{found}' is no Arc ASCII grid: its header lacks {', '.join(lacking)}; "
            "export it again as Arc ASCII or GeoTIFF"
        )
    nrows, ncols, cell = int(header["nrows"]), int(header["ncols"]), header["cellsize"]
    try:
        values = np.array(text[position:].split(), dtype=np.float64)
    except ValueError as error:
        raise InputError(
            f"{name} '{found}' holds something else than numbers ({error}); write decimals with a point"
        ) from None
    if values.size != nrows * ncols or nrows < 1 or ncols < 1 or not cell > 0:
        raise InputError(
            f"{name} '{found}' holds {values.size} numbers where its header says {nrows} rows of {ncols}; "
            "the file was cut short or its header is wrong, export it again"
        )
    nodata = header.get("nodata_value")
    values = values.reshape(nrows, ncols)
    if nodata is not None:
        values[values == nodata] = np.nan
    centred = all(key in header for key in _CENTRES)
    west, south = (header[key] for key in (_CENTRES if centred else _CORNERS))
    if centred:
        west, south = west - cell / 2, south - cell / 2
    return AsciiGrid(values, GridPlace(nrows, ncols, west, south, cell, nodata))


def write_ascii_grid(path: str | Path, values: NDArray[Any], place: GridPlace, *, digits: int = 12) -> Path:
    """Write an Arc ASCII grid.

    Parameters
    ----------
    path : path
    values : (nrows, ncols) array of float
        NaN where there is no data.
    place : GridPlace
        Its no-data value is used; -9999 when it has none.
    digits : int
        Significant digits.

    Returns
    -------
    Path
    """
    path = Path(path)
    nodata = -9999.0 if place.nodata is None or not np.isfinite(place.nodata) else place.nodata
    shown = np.where(np.isnan(values), nodata, values)
    # Minus zero would be written so.
    shown = shown + 0.0
    style = f"%.{digits}g"
    with output_errors(path), replace_on_success(path) as part, part.open("w", encoding="ascii") as file:
        file.write(
            f"ncols         {place.ncols}\nnrows         {place.nrows}\n"
            f"xllcorner     {place.west!r}\nyllcorner     {place.south!r}\n"
            f"cellsize      {place.cell!r}\nNODATA_value  {nodata:.17g}\n"
        )
        for row in shown.tolist():
            file.write(" ".join([style % value for value in row]))
            file.write("\n")
    return path


def read_text(path: Path, name: str) -> str:
    """Read a text file, gzipped or not.

    Raises
    ------
    InputError
        When it cannot be read as text.
    """
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            # Paths with accents, as old Windows programs write them.
            return raw.decode("cp1252")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InputError(f"{name} '{path}' cannot be read as text ({error}); check the file") from None


def _parse(words: list[str], path: Path, name: str) -> float:
    try:
        return float(words[1])
    except (IndexError, ValueError):
        raise InputError(
            f"{name} '{path}' has a header line that says no number ({' '.join(words)}); "
            "an Arc ASCII grid begins with ncols, nrows, xllcorner, yllcorner, cellsize and NODATA_value"
        ) from None
