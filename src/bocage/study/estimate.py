"""Tell before a run starts whether the machine has the memory and the disk for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from bocage.errors import ResourceError
from bocage.grid import Grid
from bocage.study.model import Study
from bocage.units import format_number

BYTES_PER_CELL = 80
"""Largest memory in use at once for each cell of the grid: land cover, resistance, two cost distances
and their allocations of one sub-network, and the working copies between them."""

BASE_BYTES = 600_000_000
"""Memory that the program takes whatever the grid: libraries, compiled kernels, layers."""

DISK_BYTES_PER_CELL = 12
"""Stored stages and compressed rasters of one sub-network, for each cell; land cover counts as one."""

BASE_DISK_BYTES = 50_000_000

# Round cell sizes that people choose among [m].
_CELL_SIZES = (1, 2, 2.5, 5, 10, 15, 20, 25, 30, 50, 75, 100, 150, 200, 250, 500, 1000)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run needs, roughly.

    Attributes
    ----------
    cells : int
        Cells of the grid.
    memory_bytes, disk_bytes : int
    """

    cells: int
    memory_bytes: int
    disk_bytes: int


def estimate_run(study: Study, grid: Grid) -> Estimate:
    """Estimate the memory and the disk that a run needs.

    A study without land cover or without sub-networks computes no raster, whatever its grid.
    """
    modelled = bool(study.file.landcover and study.subnetworks)
    cells = grid.size if modelled else 0
    return Estimate(
        cells=grid.size,
        memory_bytes=BASE_BYTES + BYTES_PER_CELL * cells,
        disk_bytes=BASE_DISK_BYTES + DISK_BYTES_PER_CELL * cells * (1 + len(study.subnetworks)),
    )


def check_resources(
    study: Study,
    estimate: Estimate,
    *,
    available_memory: int | None = None,
    available_disk: int | None = None,
) -> None:
    """Check that the run fits in the machine.

    Parameters
    ----------
    study : Study
    estimate : Estimate
    available_memory, available_disk : int, optional
        In bytes; what the machine has, when not given.

    Raises
    ------
    ResourceError
        If it does not; for memory, with the cell size that fits.
    """
    if available_memory is None:
        available_memory = measure_memory()
    if available_disk is None:
        available_disk = measure_disk(study.output)
    where = study.cite("study", "cell_size")
    if estimate.memory_bytes > available_memory:
        fitting = fit_cell_size(study.cell_size, estimate.cells, available_memory)
        mend = (
            "close other programs or use another machine"
            if fitting is None
            else f"set cell_size = {fitting:g} or larger, make the area smaller, or close other programs"
        )
        raise ResourceError(
            f"The grid of {format_number(estimate.cells, 0, 'en')} cells of {study.cell_size:g} m needs "
            f"about {gigabytes(estimate.memory_bytes)} of memory and {gigabytes(available_memory)} are free; "
            f"{mend} ({where})."
        )
    if estimate.disk_bytes > available_disk:
        raise ResourceError(
            f"The outputs need about {gigabytes(estimate.disk_bytes)} in '{study.output}' and "
            f"{gigabytes(available_disk)} are free there; free some space or choose another output folder."
        )


def fit_cell_size(cell_size: float, cells: int, available_memory: int) -> float | None:
    """Give the smallest round cell size that fits in memory, or None if none does [m].

    >>> fit_cell_size(5.0, 100_000_000, 4_600_000_000)
    10
    """
    room = (available_memory - BASE_BYTES) / BYTES_PER_CELL
    if room <= 0:
        return None
    needed = cell_size * math.sqrt(cells / room)
    return next((size for size in _CELL_SIZES if size >= needed and size > cell_size), None)


def measure_memory() -> int:
    """Measure the memory that can still be had [bytes]."""
    import psutil

    return int(psutil.virtual_memory().available)


def measure_disk(folder: Path) -> int:
    """Measure the free disk where a folder is, or would be made [bytes]."""
    import psutil

    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return int(psutil.disk_usage(str(folder)).free)


def gigabytes(size: int, language: str = "en") -> str:
    """Write a size for people.

    >>> gigabytes(3_210_000_000), gigabytes(80_000_000), gigabytes(3_210_000_000, "fr")
    ('3.2 GB', '80 MB', '3,2 Go')
    """
    byte = "o" if language == "fr" else "B"
    if size >= 1e9:
        return f"{format_number(size / 1e9, 1, language)} G{byte}"
    return f"{format_number(size / 1e6, 0, language)} M{byte}"
