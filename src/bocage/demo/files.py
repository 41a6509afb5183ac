"""The demo territory as the files a user would have: rasters, a GeoPackage and a study file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from bocage.demo.territory import Territory, make_territory
from bocage.grid import Grid
from bocage.io.files import replace_on_success
from bocage.io.geopackage import fix_date
from bocage.io.rasters import write_raster
from bocage.journal import Journal

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

LAND_COVER, RELIEF, VECTORS, STUDY = "landcover.tif", "relief.tif", "territoire.gpkg", "study.toml"

_RELIEF_M = 25.0
_DATE = "2026-05-04T00:00:00.000Z"
# As the maps of OSO are commonly coloured.
_COLOURS = {
    1: (192, 57, 43),
    2: (240, 160, 160),
    3: (160, 96, 192),
    4: (85, 85, 85),
    5: (245, 239, 122),
    6: (243, 227, 162),
    7: (224, 210, 138),
    10: (232, 201, 122),
    12: (217, 185, 138),
    13: (207, 232, 160),
    14: (230, 168, 215),
    16: (63, 143, 63),
    17: (29, 95, 58),
    18: (224, 224, 144),
    19: (181, 143, 176),
    20: (204, 204, 204),
    23: (74, 144, 226),
}


def write_territory(folder: Path | str, *, journal: Journal | None = None, scale: float = 1.0) -> Path:
    """Write the demo territory: land cover, relief, layers and a study file ready to run.

    Parameters
    ----------
    folder : Path
        Made if absent; files of the same names in it are replaced.
    journal : Journal, optional
        Told that the data are fictional.
    scale : float
        1 for the whole territory of 24 x 22 km, less for a smaller one (0.4 at least).

    Returns
    -------
    Path
        The study file.

    Raises
    ------
    OutputError
        If a file cannot be written.

    Notes
    -----
    The same files each time, byte for byte with the same versions of GDAL and GEOS.
    """
    folder = Path(folder)
    territory = make_territory(scale)
    with replace_on_success(folder / LAND_COVER) as part:
        _write_land_cover(part, territory)
    _write_relief(folder / RELIEF, territory)
    with replace_on_success(folder / VECTORS) as part:
        _write_layers(part, list_layers(territory))
    with replace_on_success(folder / STUDY) as part:
        text = files("bocage.demo").joinpath("study.toml").read_text(encoding="utf-8")
        part.write_text(text, encoding="utf-8", newline="\n")
    if journal is not None:
        journal.add("demo_fictional")
    return folder / STUDY


def list_layers(territory: Territory) -> dict[str, GeoDataFrame]:
    """Give the layers of the GeoPackage by name, in the order in which they are written."""
    zonings = territory.zonings
    return {
        "communes": territory.communes,
        "routes": territory.transport.roads,
        "voies_ferrees": territory.transport.railways,
        "cours_eau": territory.watercourses,
        "haies": territory.hedges,
        "ouvrages": territory.river_works,
        "passages": territory.crossings,
        "milieux": territory.ground.milieux,
        "znieff1": zonings.znieff1,
        "znieff2": zonings.znieff2,
        "natura2000": zonings.natura2000,
        "reserves_biologiques": zonings.reserve,
        "forets_publiques": zonings.state_forest,
        "zones_humides": zonings.wetlands,
    }


def _write_land_cover(path: Path, territory: Territory) -> None:
    """Write the OSO codes as a compressed GeoTIFF with its colours."""
    import rasterio
    from rasterio.transform import Affine

    grid = territory.ground.grid
    profile = {
        "driver": "GTiff",
        "width": grid.ncols,
        "height": grid.nrows,
        "count": 1,
        "dtype": "uint8",
        "nodata": 0,
        "crs": grid.crs,
        "transform": Affine(*grid.affine),
        "compress": "deflate",
        "predictor": 1,
        "zlevel": 9,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(territory.ground.codes, 1)
        target.write_colormap(1, _COLOURS)
        target.set_band_description(1, "OSO")


def _write_relief(path: Path, territory: Territory) -> None:
    """Write the elevation as public models are: cells of 25 m, decimetres."""
    frame, relief = territory.frame, territory.relief
    fine = frame.fine
    step = round(_RELIEF_M / fine.cell, 6)
    grid = Grid(
        fine.west, fine.north, _RELIEF_M, round(fine.nrows / step), round(fine.ncols / step), fine.crs
    )
    easting, northing = grid.centre(*np.indices(grid.shape))
    # Water wore the ground cell by cell: rounded, its steps do not show as facets in the shade.
    rounded = ndimage.gaussian_filter(relief.elevation, 1.0, mode="nearest")
    elevation = relief.sample(rounded, easting, northing, smooth=True)
    # Adding zero turns -0.0 into 0.0.
    written = (np.round(elevation, 1) + 0.0).astype(np.float32)
    write_raster(path, written, grid, nodata=None, description="Altitude (m)", date=_DATE[:10])


def _write_layers(path: Path, layers: dict[str, GeoDataFrame]) -> None:
    """Write the layers into one GeoPackage that carries a fixed date."""
    import pyogrio

    with fix_date(_DATE):
        for number, (name, table) in enumerate(layers.items()):
            lines = table.geom_type.isin(["LineString", "Point"]).all()
            pyogrio.write_dataframe(
                table, path, layer=name, driver="GPKG", append=number > 0, promote_to_multi=not lines
            )
