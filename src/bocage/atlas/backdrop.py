"""What lies faintly under the maps: held in memory, or read from rasters where a map asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bocage.cartography.background import (
    PIXELS_PER_MM,
    Background,
    Image,
    render_background,
    shade_land_cover,
)
from bocage.cartography.frame import MapFrame
from bocage.grid import Grid
from bocage.io.resampling import Method


@dataclass(frozen=True)
class HeldBackdrop:
    """A background of the whole territory, held in memory."""

    background: Background

    def draw(self, frame: MapFrame) -> Image | None:
        """Draw the part of it that a map shows."""
        return render_background(self.background, frame)


@dataclass(frozen=True)
class RasterBackdrop:
    """Land cover as a run wrote it, relief, or both, read a window at a time.

    Attributes
    ----------
    crs : str
        Of the maps.
    landcover : Path, optional
        ``rasters/landcover.tif`` of a run: codes of the ground classes, 0 where nothing is known.
    relief : Path, optional
        Elevation [m].
    """

    crs: str
    landcover: Path | None = None
    relief: Path | None = None

    @property
    def kind(self) -> str:
        """What the legend says of it: ``landcover``, ``relief``, ``landcover_relief`` or nothing."""
        return "_".join(name for name in ("landcover", "relief") if getattr(self, name) is not None)

    def draw(self, frame: MapFrame) -> Image | None:
        """Draw the background of a map; None where the rasters and the map do not meet."""
        return _draw(self, frame)

    def read(self, frame: MapFrame) -> Background | None:
        """Read the background of a map; None where the rasters and the map do not meet."""
        from bocage.cartography.relief import combine_backgrounds, shade_relief

        cover = relief = None
        if self.landcover is not None:
            found = self._read(self.landcover, frame, "nearest", halo=0)
            if found is not None:
                grid, values, valid = found
                cover = _colour_cover(grid, np.where(valid, values, 0).astype(np.uint16))
        if self.relief is not None:
            # Slopes at the edge of the map need the ground beyond it.
            found = self._read(self.relief, frame, "average", halo=2)
            if found is not None:
                grid, values, valid = found
                relief = shade_relief(np.where(valid, values, np.nan).astype(np.float64), grid)
        if cover is not None and relief is not None:
            return combine_backgrounds(cover, relief)
        return relief if cover is None else cover

    def _read(
        self, path: Path, frame: MapFrame, resampling: Method, *, halo: int
    ) -> tuple[Grid, NDArray[Any], NDArray[np.bool_]] | None:
        from bocage.io.rasters import describe_raster, read_raster
        from bocage.journal import Journal

        info = describe_raster(path)
        west, south, east, north = info.bounds if info.crs == self.crs else frame.bounds
        # No finer than the paper shows, no finer than the data are.
        cell = max(frame.metres_per_mm / PIXELS_PER_MM, max(info.cell) if info.crs == self.crs else 0.0)
        around = frame.grown(halo * cell / frame.metres_per_mm)
        window = (max(west, around[0]), max(south, around[1]), min(east, around[2]), min(north, around[3]))
        if window[0] >= window[2] or window[1] >= window[3]:
            return None
        grid = Grid.covering(window, cell, self.crs)
        found = read_raster(path, grid, name=path.stem, journal=Journal(), resampling=resampling)
        return grid, found.values, found.valid


@lru_cache(maxsize=2)
def _draw(backdrop: RasterBackdrop, frame: MapFrame) -> Image | None:
    # The sheets of a series show the same ground: it is drawn once.
    background = backdrop.read(frame)
    return None if background is None else render_background(background, frame)


def _colour_cover(grid: Grid, codes: NDArray[np.uint16]) -> Background:
    from bocage.landcover.cover import LandCover, Legend
    from bocage.landcover.ground import GROUND

    keys = ("", *GROUND)
    return shade_land_cover(LandCover(grid, codes, codes, Legend(keys, keys, keys, keys)))
