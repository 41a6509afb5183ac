"""The ground whose fragmentation is measured: from a study, a raster of land cover, or polygons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from bocage.errors import CRSError, InputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.progress import Progress, SilentProgress
from bocage.study.indices.model import GroundInput, IndicesOptions
from bocage.study.indices.notes import add_note

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.io.rasters import RasterValues
    from bocage.study.model import Study

_MOST_CELLS = 25_000_000
_SIDES = (10.0, 20.0, 25.0, 50.0, 100.0, 200.0, 250.0, 500.0, 1000.0)
"""Sides of cells that polygons are drawn on [m]: the first that needs no more than so many cells."""
_SHOWN = 5
_TELLING = ("area_uncovered",)
"""Notes of a run that matter to its fragmentation too."""

_WIDEST_M = 1000.0


def read_ground(
    options: IndicesOptions,
    study: Study | None,
    area: Any,
    crs: str | None,
    journal: Journal,
    *,
    cell_size: float | None = None,
    progress: Progress | None = None,
) -> GroundInput | None:
    """Read the ground whose fragmentation is measured.

    Parameters
    ----------
    options : IndicesOptions
        Its ``source``, ``layer``, ``natural``, ``class_column``, ``barriers`` and ``language``.
    study : Study or None
        The land cover is then the one its run fused, with its buffer, so that patches are whole across the
        border of the study area; natural is what is not artificial in ``landcover/ground.toml``, or
        ``options.natural``: ground classes (``broadleaf``), codes (``311``) or both (``clc:311``). Roads,
        railways and crossings are classes of it already.
    area : shapely polygon or None
        What figures are given for.
    crs : str or None
        Projected; that of the source by default.
    journal : Journal
    cell_size : float, optional
        Side of the cells that polygons are drawn on for metrics and pattern [m]. By default the first of 10,
        20, 25, 50, 100 ... m that needs no more than 25 million cells. Rasters keep their own.
    progress : Progress, optional

    Returns
    -------
    GroundInput or None
        None where the source holds no land cover: a study without any, a layer of patches.

    Raises
    ------
    InputError
        If a class that is said to be natural is not one of the study's, none of those said is in a raster or
        layer, or none is said and the raster is no mask of 0 and 1.
    CRSError
        If the coordinates are degrees and no ``crs`` is given.

    Notes
    -----
    Memory of a study: 5 bytes a cell while its land cover is at hand, then 3. Of a raster: its own type
    twice and 2 bytes a cell. Barriers need 2 more while they are burnt.
    """
    from bocage.study.inputs import RASTER_SUFFIXES

    crs = crs or None
    for path, half_width in options.barriers:
        if not (0 <= half_width <= _WIDEST_M):
            raise InputError(
                f"--barrier: '{path.name}' has a half-width of {half_width:g} m; give one from 0 to "
                f"{_WIDEST_M:g} m, as 10."
            )
    if study is not None:
        if not study.file.landcover:
            return None
        return _read_study(options, study, journal, progress or SilentProgress())
    if options.source.suffix.lower() in RASTER_SUFFIXES:
        return _read_raster(options, area, crs, journal)
    if options.natural:
        return _read_polygons(options, area, crs, journal, cell_size)
    return None


# --- a study -----------------------------------------------------------------------------------------


def _read_study(options: IndicesOptions, study: Study, journal: Journal, progress: Progress) -> GroundInput:
    from bocage.landcover.ground import GROUND

    inputs, cover = _take_cover(study, journal, progress)
    legend = cover.legend
    natural = options.natural or tuple(key for key, ground in GROUND.items() if not ground.artificial)
    if options.natural:
        known = {name for i in range(1, len(legend)) for name in legend.names(i)}
        _require_known(options.natural, known, "the land cover of the study", sorted(set(legend.ground[1:])))
    numbers = {key: number for number, key in enumerate(GROUND, start=1)}
    ground = np.array([numbers.get(key, 0) for key in legend.ground], np.uint8)
    language = options.language or study.language
    chosen = legend.select(natural)
    # A ground class is natural when all that the legend tells of it is.
    odd = {key for key, each in zip(legend.ground, chosen, strict=True) if not each}
    data = cover.codes != 0
    grid = cover.grid
    found = chosen[cover.codes]
    _burn_barriers(found, grid, options.barriers, journal)
    return GroundInput(
        natural=found,
        data=data,
        classes=ground[cover.codes],
        class_names={number: GROUND[key].label(language) for key, number in numbers.items()},
        grid=grid,
        no_class=0,
        natural_codes=tuple(numbers[key] for key in GROUND if key in set(legend.ground) and key not in odd),
        area=inputs.area,
    )


def _take_cover(study: Study, journal: Journal, progress: Progress) -> tuple[Any, Any]:
    """Give the inputs and the land cover of a study, as its run left them or made afresh."""
    from bocage.study.run import read_cover

    inputs, cover, told = read_cover(study, progress=progress)
    # The report of the run tells the others.
    for note in told.notes:
        if note.code in _TELLING:
            journal.add(note.code, **dict(note.values))
    return inputs, cover


# --- a raster ----------------------------------------------------------------------------------------


def _read_raster(options: IndicesOptions, area: Any, crs: str | None, journal: Journal) -> GroundInput:
    name = options.source.name
    grid = lay_grid(options.source, crs)
    raster = read_cells(options.source, grid, journal)
    values, data = raster.values, raster.valid
    if values.dtype.kind == "f":
        values = _make_whole(values, data, name)
    present = _list_codes(values, data)
    if not present:
        raise InputError(f"{name}: no cell of this raster has data; check its value for no data.")
    if options.natural:
        wanted = [_read_code(code, name) for code in options.natural]
        _require_some([str(code) for code in wanted], [str(code) for code in present], name, journal)
    elif set(present) <= {0, 1}:
        wanted = [1]
    else:
        raise InputError(
            f"{name}: nothing says which of the codes {', '.join(map(str, present[:12]))} are natural "
            "ground; name them with --natural, as --natural 311,312."
        )
    values, none = _mark_missing(values, data, present)
    natural = np.isin(values, wanted) & data
    _burn_barriers(natural, grid, options.barriers, journal)
    return GroundInput(
        natural=natural,
        data=data,
        classes=values,
        class_names={code: str(code) for code in present},
        grid=grid,
        no_class=none,
        natural_codes=tuple(code for code in present if code in wanted),
        area=area,
    )


def read_cells(path: Path, grid: Grid, journal: Journal) -> RasterValues:
    """Read a raster onto a grid; one that says no coordinate system is in that of the grid, as was said.

    Raises
    ------
    InputError
        It cannot be read, or does not meet the grid.
    """
    import tempfile

    import pyproj
    import rasterio.shutil

    from bocage.io.rasters import describe_raster, read_raster

    if describe_raster(path, name=path.name).crs is not None or path.suffix.lower() == ".asc":
        return read_raster(path, grid, name=path.name, journal=journal)
    with tempfile.TemporaryDirectory() as folder:
        # A virtual raster beside it that says the system.
        virtual = Path(folder) / f"{path.stem}.vrt"
        rasterio.shutil.copy(path.resolve().as_posix(), virtual.as_posix(), driver="VRT")
        text = virtual.read_text(encoding="utf-8")
        head, mark, rest = text.partition(">")
        system = escape(pyproj.CRS.from_user_input(grid.crs).to_wkt("WKT1_GDAL"))
        virtual.write_text(f"{head}{mark}<SRS>{system}</SRS>{rest}", encoding="utf-8")
        return read_raster(virtual, grid, name=path.name, journal=journal)


def lay_grid(path: Path, crs: str | None) -> Grid:
    """Give the grid of a raster: its own cells where they are square and in metres."""
    import pyproj

    from bocage.io.crs import is_same_place, name_crs, require_projected, transform_bounds
    from bocage.io.rasters import describe_raster

    info = describe_raster(path, name=path.name)
    own = None if info.crs is None else pyproj.CRS.from_user_input(info.crs)
    if crs is None:
        if own is None or own.is_geographic:
            what = "does not say its coordinates" if own is None else "is in degrees"
            raise CRSError(
                f"{path.name}: the raster {what}; "
                "give the projected system to measure in with --crs, as --crs EPSG:2154."
            )
        crs = name_crs(own)
    target = require_projected(crs)
    west, south, east, north = info.bounds
    width, height = info.cell
    if (own is None or is_same_place(own, target)) and math.isclose(width, height, rel_tol=1e-6):
        return Grid(west, north, width, info.nrows, info.ncols, crs)
    bounds = (west, south, east, north) if own is None else transform_bounds(info.bounds, own, target)
    side = math.sqrt((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) / (info.nrows * info.ncols))
    # Two digits: a cell of 25 m in degrees comes back as 25 m, not as 24.9713.
    return Grid.covering(bounds, float(f"{side:.2g}"), crs)


def _make_whole(values: NDArray[Any], data: NDArray[np.bool_], name: str) -> NDArray[np.int32]:
    known = np.where(data, values, 0)
    if not np.array_equal(known, np.rint(known)):
        odd = float(known[known != np.rint(known)].flat[0])
        raise InputError(
            f"{name}: the raster holds {odd:g}, which is no class code; give a raster of whole numbers."
        )
    return np.asarray(known, np.int32)


def _list_codes(values: NDArray[Any], data: NDArray[np.bool_]) -> list[int]:
    """List the codes of a raster by bands of rows."""
    found: set[int] = set()
    for row in range(0, values.shape[0], 512):
        found.update(np.unique(values[row : row + 512][data[row : row + 512]]).tolist())
    return sorted(int(code) for code in found)


def _mark_missing(
    values: NDArray[Any], data: NDArray[np.bool_], present: Sequence[int]
) -> tuple[NDArray[Any], int]:
    """Give cells without data a code that no class has."""
    if 0 not in present:
        none = 0
    else:
        none = next(code for code in range(255, -1, -1) if code not in present) if len(present) < 256 else -1
        if none < 0 or not np.iinfo(values.dtype).min <= none <= np.iinfo(values.dtype).max:
            values, none = values.astype(np.int32), min(present) - 1
    return np.where(data, values, values.dtype.type(none)), none


def _read_code(code: str, name: str) -> int:
    try:
        return int(code)
    except ValueError as error:
        raise InputError(
            f"{name}: natural class '{code}' is no code of a raster; "
            "give whole numbers, as --natural 311,312."
        ) from error


# --- polygons ----------------------------------------------------------------------------------------


def _read_polygons(
    options: IndicesOptions, area: Any, crs: str | None, journal: Journal, cell_size: float | None
) -> GroundInput:
    import shapely

    from bocage.fragmentation.mesh import find_patches, widen_lines
    from bocage.io.vectors import list_layers, read_vector

    name = options.source.name
    if crs is None:
        crs = next((each.crs for each in list_layers(options.source, name=name) if each.crs), None)
        if crs is None:
            raise CRSError(f"{name}: the layer does not say its coordinates; give --crs, as --crs EPSG:2154.")
    polygons = read_vector(options.source, name=name, crs=crs, journal=journal, layer=options.layer)
    column = options.class_column or _guess_column(polygons, options.natural, name)
    if column not in polygons.columns:
        raise InputError(
            f"{name}: there is no column '{column}' for the classes of land cover; the columns are "
            f"{', '.join(str(each) for each in polygons.columns if each != 'geometry')}."
        )
    values = [_spell(value) for value in polygons[column].to_list()]
    _require_some(options.natural, sorted(set(values)), name, journal)
    wanted = set(options.natural)
    chosen = np.array([value in wanted for value in values])
    barriers = None
    for path, half_width in options.barriers:
        lines = read_vector(path, name=path.name, crs=crs, journal=journal, kinds=("line",))
        wide = widen_lines(lines, half_width)
        barriers = wide if barriers is None else shapely.union(barriers, wide)
    # A layer of natural ground alone does not say where the land cover is known.
    whole = not chosen.all()
    extent = shapely.union_all(polygons.geometry.to_numpy()) if whole else None
    patches = find_patches(polygons[chosen], barriers, extent=extent)
    west, south, east, north = polygons.total_bounds.tolist()
    if area is not None:
        w, s, e, n = area.bounds
        west, south, east, north = min(west, w), min(south, s), max(east, e), max(north, n)
    side = cell_size or _choose_side((east - west) * (north - south))
    if not cell_size:
        add_note(journal, "note_cell_assumed", cell=side, layer=name)
    grid = Grid.covering((west, south, east, north), side, crs)
    names = sorted(set(values) - {""})
    numbers = {value: number for number, value in enumerate(names, start=1)}
    classes = _draw(polygons.geometry.to_numpy(), [numbers.get(value, 0) for value in values], grid)
    natural = np.isin(classes, [numbers[value] for value in names if value in wanted])
    _burn_barriers(natural, grid, options.barriers, journal)
    return GroundInput(
        natural=natural,
        data=(classes != 0) if whole else np.ones(grid.shape, bool),
        classes=classes,
        class_names={number: value for value, number in numbers.items()},
        grid=grid,
        no_class=0,
        natural_codes=tuple(numbers[value] for value in names if value in wanted),
        area=area if area is not None else extent,
        patches=patches,
    )


def _guess_column(polygons: GeoDataFrame, natural: Sequence[str], name: str) -> str:
    """Find the only column that holds the classes said to be natural: all of them, or some."""
    fields = [str(column) for column in polygons.columns if column != "geometry"]
    held = {field: {_spell(value) for value in polygons[field].to_list()} for field in fields}
    found = [field for field in fields if set(natural) <= held[field]]
    if not found:
        # A list of codes is usual; not all of them need be there.
        found = [field for field in fields if not held[field].isdisjoint(natural)]
    if len(found) == 1:
        return found[0]
    what = f"columns {', '.join(found[:_SHOWN])} hold" if found else "no column holds"
    raise InputError(
        f"{name}: {what} the natural classes {', '.join(natural[:_SHOWN])}; name the column of the classes "
        f"with --class-column, among {', '.join(fields[:12])}."
    )


def _choose_side(area_m2: float) -> float:
    return next((side for side in _SIDES if area_m2 / side**2 <= _MOST_CELLS), _SIDES[-1])


def _draw(shapes: NDArray[Any], numbers: Sequence[int], grid: Grid) -> NDArray[np.uint16]:
    """Give each cell the number of the polygon that holds its centre, the last one where several do."""
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    cells = np.zeros(grid.shape, np.uint16)
    pairs = [(shape, number) for shape, number in zip(shapes, numbers, strict=True) if number]
    if pairs:
        rasterize(pairs, out=cells, transform=Affine(*grid.affine))
    return cells


# --- common ------------------------------------------------------------------------------------------


def _burn_barriers(
    natural: NDArray[np.bool_], grid: Grid, barriers: Sequence[tuple[Path, float]], journal: Journal
) -> None:
    """Take from the natural ground the cells that barriers run through, at their width, in place."""
    if not barriers:
        return
    import shapely

    from bocage.io.vectors import read_vector
    from bocage.kernels.burning import burn_lines
    from bocage.landcover.fusion import to_cells

    codes = natural.astype(np.uint16)
    for path, half_width in barriers:
        if half_width <= 0:
            # A line without width cuts no area.
            continue
        lines = read_vector(path, name=path.name, crs=grid.crs, journal=journal, kinds=("line",))
        parts = shapely.get_parts(shapely.force_2d(lines.geometry.to_numpy()))
        vertices, line = shapely.get_coordinates(parts, return_index=True)
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum(np.bincount(line, minlength=len(parts)), out=offsets[1:])
        x, y = to_cells(vertices, grid)
        half = np.full(len(parts), half_width / grid.cell)
        burn_lines(codes, x, y, offsets, half, np.zeros(len(parts), np.uint16))
    natural[:] = codes != 0


def _require_known(
    wanted: Sequence[str], known: set[str] | Mapping[str, Any], where: str, listed: Sequence[str]
) -> None:
    if lacking := [name for name in wanted if name not in known]:
        shown = ", ".join(listed[:12]) + (f" and {len(listed) - 12} more" if len(listed) > 12 else "")
        raise InputError(
            f"{len(lacking)} natural class(es) are not in {where}: {', '.join(lacking[:_SHOWN])}; "
            f"it holds {shown}."
        )


def _require_some(wanted: Sequence[str], known: Sequence[str], where: str, journal: Journal) -> None:
    """Refuse classes of which none is there; note those that are not: a list of codes is a usual one."""
    lacking = [name for name in wanted if name not in set(known)]
    if len(lacking) == len(wanted):
        _require_known(wanted, set(known), where, known)
    if lacking:
        shown = ", ".join(lacking[:_SHOWN])
        add_note(journal, "note_natural_absent", count=len(lacking), codes=shown, where=where)


def _spell(value: Any) -> str:
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
