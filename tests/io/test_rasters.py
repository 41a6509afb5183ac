"""Reading rasters onto a grid, and writing them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.transform import Affine

import bocage.io.resampling as module
from bocage.errors import CRSError, InputError, OutputError
from bocage.grid import Grid, Window
from bocage.io.rasters import describe_raster, read_raster, write_raster
from bocage.journal import Journal

WEST, NORTH = 700_000.0, 6_600_000.0


def write(
    path: Path,
    values: NDArray[Any],
    *,
    cell: float = 10.0,
    west: float = WEST,
    north: float = NORTH,
    crs: str | None = "EPSG:2154",
    transform: Affine | None = None,
    **profile: Any,
) -> Path:
    """Write a plain raster, of one band or more."""
    bands = values if values.ndim == 3 else values[None]
    with rasterio.open(
        path,
        "w",
        driver=profile.pop("driver", "GTiff"),
        width=bands.shape[2],
        height=bands.shape[1],
        count=bands.shape[0],
        dtype=bands.dtype.name,
        crs=crs,
        transform=transform or Affine(cell, 0, west, 0, -cell, north),
        **profile,
    ) as file:
        file.write(bands)
    return path


def grid_of(nrows: int, ncols: int, cell: float = 10.0, row: int = 0, col: int = 0) -> Grid:
    """Make a grid whose first cell is ``row``, ``col`` cells from the origin of the rasters."""
    return Grid(WEST + col * cell, NORTH - row * cell, cell, nrows, ncols)


def codes(journal: Journal) -> dict[str, dict[str, Any]]:
    """Give the notes by code."""
    return {note.code: dict(note.values) for note in journal.notes}


def test_aligned_raster_is_copied(tmp_path: Path) -> None:
    """On the grid's own lines, cells are copied; where the file ends, they are not valid, and it is noted."""
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    path = write(tmp_path / "à copier.tif", values)
    journal = Journal()
    found = read_raster(path, grid_of(4, 4, row=1, col=-1), name="clc", journal=journal)
    assert found.values.dtype == np.uint8
    assert found.values[:2, 1:].tolist() == [[4, 5, 6], [8, 9, 10]]
    assert found.valid.tolist() == [[False, True, True, True]] * 2 + [[False] * 4] * 2
    assert codes(journal) == {"raster_partial": {"raster": "clc", "share": 62.5}}
    whole = read_raster(path, grid_of(3, 4), name="clc", journal=(quiet := Journal()))
    assert (whole.values == values).all()
    assert whole.valid.all()
    assert quiet.notes == []


def test_nodata_nan_and_none(tmp_path: Path) -> None:
    """No data is what the file says, NaN always, and nothing when the file says nothing."""
    grid = grid_of(1, 3)
    whole = np.array([[0, 1, 255]], dtype=np.uint8)
    said = read_raster(write(tmp_path / "a.tif", whole, nodata=255), grid, name="a", journal=Journal())
    assert said.valid.tolist() == [[True, True, False]]
    silent = read_raster(write(tmp_path / "b.tif", whole), grid, name="b", journal=Journal())
    assert silent.valid.all()
    floats = np.array([[np.nan, 1, -9999]], dtype=np.float32)
    for nodata, expected in ((-9999, [False, True, False]), (np.nan, [False, True, True])):
        path = write(tmp_path / "c.tif", floats, nodata=nodata)
        assert read_raster(path, grid, name="c", journal=Journal()).valid.tolist() == [expected]


def test_nearest_takes_the_cell_under_the_centre(tmp_path: Path) -> None:
    """Under centres at 5, 15, 25, 35 and 45 m lie the 25 m cells 0, 0, 1 (on the line), 1 and 1."""
    path = write(tmp_path / "a.tif", np.array([[1, 2], [3, 4]], dtype=np.int16), cell=25.0)
    journal = Journal()
    found = read_raster(path, grid_of(5, 5), name="clc", journal=journal)
    assert found.values.tolist() == [[1, 1, 2, 2, 2]] * 2 + [[3, 3, 4, 4, 4]] * 3
    assert found.valid.all()
    note = codes(journal)["raster_resampled"]
    assert (note["source"], note["target"]) == ("25\u00a0m", "10\u00a0m")


def test_average_and_mode(tmp_path: Path) -> None:
    """A 20 m cell has the mean, or the commonest class, of its four 10 m cells that hold data."""
    values = np.array([[1, 1, 9, 9], [1, 5, 9, 0]], dtype=np.uint8)
    path = write(tmp_path / "a.tif", values, nodata=0)
    grid = grid_of(1, 2, cell=20.0)
    mean = read_raster(path, grid, name="a", journal=Journal(), resampling="average")
    assert mean.values.tolist() == [[2.0, 9.0]]
    assert mean.values.dtype == np.float64
    mode = read_raster(path, grid, name="a", journal=Journal(), resampling="mode")
    assert mode.values.tolist() == [[1, 9]]
    assert mode.values.dtype == np.uint8


def test_raster_in_degrees_is_reprojected_and_noted(tmp_path: Path) -> None:
    """Each cell holds the class of the degree cell under its centre, computed with pyproj one by one."""
    rng = np.random.default_rng(1)
    values = rng.integers(1, 9, (50, 60)).astype(np.uint8)
    step = 0.001
    transform = Affine(step, 0, 2.98, 0, -step, 46.52)
    path = write(tmp_path / "a.tif", values, crs="EPSG:4326", transform=transform)
    grid = Grid(699_000, 6_600_800, 50, 20, 24)
    journal = Journal()
    found = read_raster(path, grid, name="clc", journal=journal)
    back = pyproj.Transformer.from_crs("EPSG:2154", "EPSG:4326", always_xy=True)
    for row in range(grid.nrows):
        for col in range(grid.ncols):
            longitude, latitude = back.transform(*grid.centre(row, col))
            expected = values[int((46.52 - latitude) / step), int((longitude - 2.98) / step)]
            assert found.values[row, col] == expected
    notes = codes(journal)
    assert notes["layer_reprojected"]["source"] == "EPSG:4326"
    assert notes["raster_resampled"]["source"] == "0.001°"


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=st.integers(0, 30),
    col=st.integers(0, 30),
    nrows=st.integers(1, 30),
    ncols=st.integers(1, 30),
    source=st.sampled_from(
        [(10.0, "EPSG:2154"), (25.0, "EPSG:2154"), (4.0, "EPSG:2154"), (20.0, "EPSG:32631")]
    ),
    method=st.sampled_from(["nearest", "average", "bilinear", "mode"]),
)
def test_reading_a_window_is_the_window_of_reading(
    tmp_path: Path,
    row: int,
    col: int,
    nrows: int,
    ncols: int,
    source: tuple[float, str],
    method: Any,
) -> None:
    """Cells do not depend on the grid they are read within, whatever the method, cell and CRS of the file.

    Classes are the same; averages are up to rounding.
    """
    cell, crs = source
    path = tmp_path / f"{cell:g}.tif"
    if not path.exists():
        size = int(700 / cell)
        values = np.random.default_rng(2).integers(0, 6, (size, size)).astype(np.uint8)
        forth = pyproj.Transformer.from_crs("EPSG:2154", crs, always_xy=True)
        west, north = forth.transform(WEST - 20, NORTH + 20)
        write(path, values, cell=cell, crs=crs, west=round(west), north=round(north), nodata=0)
    whole = grid_of(60, 60)
    window = Window(row, row + nrows, col, col + ncols)
    every = read_raster(path, whole, name="a", journal=Journal(), resampling=method)
    part = read_raster(path, whole.crop(window), name="a", journal=Journal(), resampling=method)
    assert (part.valid == every.valid[window.slices]).all()
    np.testing.assert_allclose(part.values[part.valid], every.values[window.slices][part.valid], rtol=1e-9)


@pytest.mark.parametrize("method", ["nearest", "average", "bilinear", "mode"])
def test_blocks_do_not_show(tmp_path: Path, method: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read by blocks of 17 cells with 2000 source cells at most, or at once, the result is the same."""
    values = np.random.default_rng(2).integers(0, 6, (200, 200)).astype(np.uint8)
    path = write(tmp_path / "a.tif", values, cell=4.0, nodata=0)
    grid = grid_of(50, 60)
    once = read_raster(path, grid, name="a", journal=Journal(), resampling=method)
    monkeypatch.setattr(module, "_BLOCK", 17)
    monkeypatch.setattr(module, "_SOURCE_CELLS", 2000)
    blocks = read_raster(path, grid, name="a", journal=Journal(), resampling=method)
    assert (once.valid == blocks.valid).all()
    np.testing.assert_allclose(once.values, blocks.values, rtol=1e-12)


def test_arc_ascii_takes_the_crs_of_the_grid(tmp_path: Path) -> None:
    """An .asc file names no CRS: the study's is assumed and noted; a .prj beside it is honoured."""
    path = tmp_path / "pente.asc"
    path.write_text(
        "ncols 2\nnrows 2\nxllcorner 700000\nyllcorner 6599980\ncellsize 10\nNODATA_value -9999\n"
        "1.5 2.5\n-9999 4\n"
    )
    journal = Journal()
    found = read_raster(path, grid_of(2, 2), name="pente", journal=journal)
    assert found.values[found.valid].tolist() == [1.5, 2.5, 4.0]
    assert found.valid.tolist() == [[True, True], [False, True]]
    assert codes(journal)["raster_crs_assumed"] == {"raster": "pente", "crs": "EPSG:2154"}
    path.with_suffix(".prj").write_text(pyproj.CRS("EPSG:2154").to_wkt("WKT1_ESRI"))
    journal = Journal()
    read_raster(path, grid_of(2, 2), name="pente", journal=journal)
    assert set(codes(journal)) == {"raster_partial"}


def test_vrt_mosaic(tmp_path: Path) -> None:
    """A VRT over two tiles is read as one raster."""
    write(tmp_path / "a.tif", np.full((2, 2), 1, np.uint8))
    write(tmp_path / "b.tif", np.full((2, 2), 2, np.uint8), west=WEST + 20)
    source = (
        "<SimpleSource><SourceFilename relativeToVRT='1'>{}</SourceFilename><SourceBand>1</SourceBand>"
        "<SrcRect xOff='0' yOff='0' xSize='2' ySize='2'/><DstRect xOff='{}' yOff='0' xSize='2' ySize='2'/>"
        "</SimpleSource>"
    )
    path = tmp_path / "m.vrt"
    path.write_text(
        "<VRTDataset rasterXSize='4' rasterYSize='2'><SRS>EPSG:2154</SRS>"
        f"<GeoTransform>{WEST}, 10, 0, {NORTH}, 0, -10</GeoTransform>"
        "<VRTRasterBand dataType='Byte' band='1'>"
        + source.format("a.tif", 0)
        + source.format("b.tif", 2)
        + "</VRTRasterBand></VRTDataset>"
    )
    found = read_raster(path, grid_of(2, 4), name="a", journal=Journal())
    assert found.values.tolist() == [[1, 1, 2, 2]] * 2
    (tmp_path / "b.tif").unlink()
    with pytest.raises(InputError, match="cannot be read whole"):
        read_raster(path, grid_of(2, 4), name="a", journal=Journal())


def test_turned_and_upside_down_rasters(tmp_path: Path) -> None:
    """A raster stored from south to north, or turned by a quarter, is read the right way round."""
    values = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    south_up = Affine(10, 0, WEST, 0, 10, NORTH - 20)
    path = write(tmp_path / "a.tif", values, transform=south_up)
    found = read_raster(path, grid_of(2, 2), name="a", journal=Journal())
    assert found.values.tolist() == [[3, 4], [1, 2]]
    # Columns run south, rows run west.
    turned = Affine(0, -10, WEST + 20, -10, 0, NORTH)
    path = write(tmp_path / "b.tif", values, transform=turned)
    found = read_raster(path, grid_of(2, 2), name="a", journal=Journal())
    assert found.values.tolist() == [[3, 1], [4, 2]]
    assert found.valid.all()


def test_rasters_that_cannot_serve(tmp_path: Path) -> None:
    """No CRS, no place, no band, no meeting, no raster, no file: one sentence each, with the mend."""
    values = np.ones((3, 3), np.uint8)
    grid = grid_of(3, 3)

    def reading(path: Path, band: int = 1) -> None:
        read_raster(path, grid, name="clc", journal=Journal(), band=band)

    with pytest.raises(CRSError, match=r"clc: raster .* does not say its coordinate .* Assign Projection"):
        reading(write(tmp_path / "a.tif", values, crs=None))
    with pytest.raises(CRSError, match="is not georeferenced"):
        reading(write(tmp_path / "b.tif", values, crs=None, transform=Affine.identity()))
    path = write(tmp_path / "c.tif", values)
    with pytest.raises(InputError, match=r"has no band 2; it has 1"):
        reading(path, band=2)
    far = write(tmp_path / "d.tif", values, west=WEST + 100_000)
    with pytest.raises(
        InputError,
        match=r"covers 800000 to 800030 east, 6599970 to 6600000 north, which does not meet the study's "
        r"grid at 700000 to 700030 east, 6599970 to 6600000 north, both in EPSG:2154",
    ):
        reading(far)
    degrees = write(tmp_path / "e.tif", values, crs="EPSG:4326", transform=Affine(1, 0, 100, 0, -1, 10))
    with pytest.raises(InputError, match=r"100\.000 to 103\.000 east.*EPSG:4326"):
        reading(degrees)
    rubbish = tmp_path / "f.tif"
    rubbish.write_text("not a raster")
    with pytest.raises(InputError, match="is no raster that can be opened"):
        reading(rubbish)
    with pytest.raises(InputError, match=r"did you mean"):
        reading(tmp_path / "cc.tif")
    with pytest.raises(CRSError, match="in degrees"):
        read_raster(path, Grid(3, 46, 1, 2, 2, "EPSG:4326"), name="clc", journal=Journal())


def test_describe_raster(tmp_path: Path) -> None:
    """The description says size, cell, CRS, extent and no data."""
    info = describe_raster(write(tmp_path / "a.tif", np.ones((3, 4), np.int16), cell=25.0, nodata=-1))
    assert (info.driver, info.dtype, info.bands) == ("GTiff", "int16", 1)
    assert (info.nrows, info.ncols, info.cell) == (3, 4, (25.0, 25.0))
    assert info.crs == "EPSG:2154"
    assert info.bounds == (WEST, NORTH - 75, WEST + 100, NORTH)
    assert info.nodata == -1


def test_written_raster_is_a_cog(tmp_path: Path) -> None:
    """It is tiled, with overviews by majority, its meaning and the study's date, and reads back."""
    rng = np.random.default_rng(4)
    values = rng.integers(0, 4, (700, 900)).astype(np.uint16)
    grid = grid_of(700, 900)
    path = tmp_path / "sous dossier" / "occupation.tif"
    write_raster(path, values, grid, nodata=0, description="Occupation du sol", date="2026-05-04")
    with rasterio.open(path) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.tags(ns="IMAGE_STRUCTURE")["COMPRESSION"] == "DEFLATE"
        assert file.overviews(1) == [2]
        assert file.descriptions == ("Occupation du sol",)
        assert file.tags()["TIFFTAG_DATETIME"] == "2026:05:04 00:00:00"
        assert file.nodata == 0
        with rasterio.open(path, overview_level=0) as overview:
            cells = overview.read(1)
    # Where three of four cells or more agree, the overview has their class.
    blocks = values.reshape(350, 2, 450, 2).swapaxes(1, 2).reshape(350, 450, 4)
    for value in (1, 2, 3):
        agreed = (blocks == value).sum(axis=2) >= 3
        assert (cells[agreed] == value).all()
    found = read_raster(path, grid, name="a", journal=Journal())
    assert (found.values == values).all()
    assert (found.valid == (values != 0)).all()
    assert [file.name for file in path.parent.iterdir()] == ["occupation.tif"]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float32", "float64"])
def test_written_twice_is_the_same_bytes(tmp_path: Path, dtype: str) -> None:
    """The time of writing and the name of the file leave no trace in it."""
    values = (np.random.default_rng(5).random((600, 600)) * 5).astype(dtype)
    nodata = np.nan if dtype.startswith("float") else 255
    for name in ("un.tif", "deux.tif"):
        write_raster(
            tmp_path / name, values, grid_of(600, 600), nodata=nodata, description="é", date="2026-05-04"
        )
        time.sleep(1.1 if dtype == "uint8" and name == "un.tif" else 0)
    assert (tmp_path / "un.tif").read_bytes() == (tmp_path / "deux.tif").read_bytes()
    found = read_raster(tmp_path / "un.tif", grid_of(600, 600), name="a", journal=Journal())
    assert (found.values == values).all()


def test_unwritable_raster(tmp_path: Path) -> None:
    """A folder under the raster's name is told and kept."""
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(OutputError, match="a folder has that name"):
        write_raster(
            tmp_path / "a.tif", np.ones((2, 2)), grid_of(2, 2), nodata=None, description="", date="2026-05-04"
        )
    assert (tmp_path / "a.tif").is_dir()


@pytest.mark.realdata
def test_official_land_cover_is_copied(shared: Path) -> None:
    """The land cover of Hérault, read on its own grid, is what rasterio reads."""
    path = shared / "data" / "herault" / "herault_clc12_25m.tif"
    info = describe_raster(path)
    grid = Grid.covering(info.bounds, 25.0)
    found = read_raster(path, grid, name="clc", journal=Journal())
    with rasterio.open(path) as file:
        assert (found.values == file.read(1)).all()
