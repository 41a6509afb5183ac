"""The ground whose fragmentation is measured: read from a raster, from polygons and from a study."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely import LineString, box

from bocage.errors import CRSError, InputError
from bocage.grid import Grid
from bocage.journal import Journal
from bocage.progress import SilentProgress
from bocage.reservoirs.pattern import CLASSES, Pattern
from bocage.study.indices.ground_inputs import read_ground
from bocage.study.indices.ground_part import measure_ground, tell_ground
from bocage.study.indices.model import GroundFigures, GroundInput, IndicesOptions
from bocage.study.indices.pattern_files import BASIC_CLASSES, MISSING, fold_codes, name_codes, write_pattern
from bocage.study.reading import read_study

from .territory import SOUTH, WEST, write_territory

CRS = "EPSG:2154"
HALVES = geopandas.GeoDataFrame(
    {"id": ["W", "E"], "name": ["Ouest", "Est"]},
    geometry=[box(0, 0, 500, 1000), box(500, 0, 1000, 1000)],
    crs=CRS,
)


def write_raster(
    path: Path, codes: np.ndarray, *, crs: str | None = CRS, nodata: float | None = None
) -> Path:
    """Write codes on cells of 100 m whose lower left corner is the origin."""
    place = from_origin(0, 100 * codes.shape[0], 100, 100)
    with rasterio.open(
        path, "w", driver="GTiff", width=codes.shape[1], height=codes.shape[0], count=1,
        dtype=codes.dtype.name, crs=crs, transform=place, nodata=nodata,
    ) as file:  # fmt: skip
        file.write(codes, 1)
    return path


@pytest.fixture
def wood(tmp_path: Path) -> Path:
    """Write a square of 1 km² whose eight western columns of ten are wood (311), the others fields (211)."""
    codes = np.full((10, 10), 211, np.uint16)
    codes[:, :8] = 311
    return write_raster(tmp_path / "sol.tif", codes)


@pytest.fixture
def road(tmp_path: Path) -> Path:
    """Write a road from north to south, 350 m from the western border."""
    path = tmp_path / "route.gpkg"
    geopandas.GeoDataFrame(geometry=[LineString([(350, -10), (350, 1010)])], crs=CRS).to_file(path)
    return path


def read(source: Path, **options: object) -> tuple[GroundInput, Journal]:
    """Read a ground without a study."""
    journal = Journal()
    ground = read_ground(IndicesOptions(source, **options), None, None, None, journal)  # type: ignore[arg-type]
    assert ground is not None
    return ground, journal


def measure(
    ground: GroundInput, units: geopandas.GeoDataFrame | None = None, **options: object
) -> GroundFigures:
    """Measure a ground in silence."""
    return measure_ground(ground, units, journal=Journal(), progress=SilentProgress(), **options)  # type: ignore[arg-type]


def test_raster_and_barrier_give_the_mesh_worked_by_hand(wood: Path, road: Path) -> None:
    """A road takes one column of 8 of wood: pieces of 30 and 40 ha of 100, mesh (900 + 1600) / 100 = 25."""
    ground, _ = read(wood, natural=("311",), barriers=((road, 10.0),))
    assert ground.natural.sum() == 70
    mesh = measure(ground).mesh
    assert mesh["id"].to_list() == [""]
    assert mesh["mesh_cut_ha"].to_list() == pytest.approx([25.0])
    assert mesh["natural_share"].to_list() == pytest.approx([0.7])


def test_each_half_has_its_own_mesh_and_that_across_its_border(wood: Path, road: Path) -> None:
    """W: 30 and 10 ha of 50: 20 by cutting, (900 + 400) / 50 = 26 across; E: 30 of a patch of 40: 18, 24."""
    ground, _ = read(wood, natural=("311",), barriers=((road, 10.0),))
    mesh = measure(ground, HALVES).mesh
    assert mesh["id"].to_list() == ["W", "E", ""]
    assert mesh["name"].to_list() == ["Ouest", "Est", ""]
    assert mesh["mesh_cut_ha"].to_list() == pytest.approx([20.0, 18.0, 25.0])
    assert mesh["mesh_cbc_ha"].to_list() == pytest.approx([26.0, 24.0, 25.0])


def test_polygons_are_cut_exactly(tmp_path: Path, road: Path) -> None:
    """A road of 20 m leaves 34 and 44 ha of 100: (34² + 44²) / 100 = 30.92, which no cells of 10 m round."""
    path = tmp_path / "sol.gpkg"
    geopandas.GeoDataFrame(
        {"code": ["311", "211"], "n": [1, 2]},
        geometry=[box(0, 0, 800, 1000), box(800, 0, 1000, 1000)],
        crs=CRS,
    ).to_file(path)
    ground, journal = read(path, natural=("311",), barriers=((road, 10.0),))
    figures = measure(ground)
    assert figures.mesh["mesh_cut_ha"].to_list() == pytest.approx([30.92], abs=1e-9)
    assert figures.mesh["unit_area_ha"].to_list() == pytest.approx([100.0])
    assert ground.grid == Grid(0, 1000, 10, 100, 100, CRS)
    assert [note.code for note in journal.notes] == ["note_cell_assumed"]
    assert "10 m" in journal.notes[0].text("en")
    assert {ground.class_names[code] for code in ground.natural_codes} == {"311"}


def test_a_column_of_classes_that_leaves_doubt_is_asked_for(tmp_path: Path) -> None:
    """Two columns hold the class that is natural: the sentence names them."""
    path = tmp_path / "sol.gpkg"
    geopandas.GeoDataFrame({"a": ["1", "2"], "b": ["2", "1"]}, geometry=[box(0, 0, 9, 9), box(9, 0, 18, 9)],
                           crs=CRS).to_file(path)  # fmt: skip
    with pytest.raises(InputError, match=r"columns a, b hold the natural classes 1; name .*--class-column"):
        read(path, natural=("1",))


def test_some_natural_codes_must_be_there(wood: Path) -> None:
    """A list of codes may go beyond a raster: what it lacks is noted; to lack all of it is a slip."""
    ground, journal = read(wood, natural=("311", "312"))
    assert ground.natural.sum() == 80
    assert [note.text("en") for note in journal.notes] == [
        "1 class said to be natural, absent from sol.tif: 312."
    ]
    with pytest.raises(InputError, match=r"2 natural class.*: 312, 313; it holds 211, 311\."):
        read(wood, natural=("312", "313"))


def test_a_raster_must_say_what_is_natural(wood: Path) -> None:
    """Codes without --natural say nothing of what is natural."""
    with pytest.raises(InputError, match=r"codes 211, 311 are natural ground; name them with --natural"):
        read(wood)


def test_a_mask_needs_no_codes(tmp_path: Path) -> None:
    """Where there are but 0 and 1, 1 is natural; 0 is a class, and no data is neither."""
    mask = np.array([[0, 1, 255], [1, 1, 0]], np.uint8)
    ground, _ = read(write_raster(tmp_path / "m.tif", mask, nodata=255))
    assert ground.natural.tolist() == [[False, True, False], [True, True, False]]
    assert ground.data.tolist() == [[True, True, False], [True, True, True]]
    assert ground.no_class not in (0, 1)
    assert measure(ground).landscape.set_index("metric").loc["ta", "value"] == pytest.approx(5.0)


def test_degrees_are_refused_without_a_system(tmp_path: Path) -> None:
    """Areas need metres: the sentence says which option gives them."""
    path = write_raster(tmp_path / "d.tif", np.ones((4, 4), np.uint8), crs="EPSG:4326")
    with pytest.raises(CRSError, match=r"in degrees; .*--crs"):
        read(path)


def test_study_takes_the_land_cover_of_its_run(tmp_path: Path) -> None:
    """A motorway two cells wide takes 8 of 200 ha: two pieces of 96 ha, mesh 2 × 96² / 200 = 92.16 ha."""
    write_territory(tmp_path)
    study, journal = read_study(tmp_path / "study.toml"), Journal()
    ground = read_ground(IndicesOptions(study.path), study, None, study.crs, journal)
    assert ground is not None
    figures = measure(ground)
    assert figures.mesh["natural_area_ha"].to_list() == pytest.approx([192.0])
    assert figures.mesh["mesh_cut_ha"].to_list() == pytest.approx([92.16])
    assert ground.area.area == pytest.approx(2e6)
    # Metrics and pattern are of the area, not of the ground computed around it.
    assert figures.landscape.set_index("metric").loc["ta", "value"] == pytest.approx(200.0)
    assert figures.pattern_classes["area_ha"].sum() == pytest.approx(192.0)
    # Codes of the study choose too; the wood that the area holds is 640 × 800 m less what crosses it.
    woods = read_ground(IndicesOptions(study.path, natural=("311",)), study, None, study.crs, journal)
    assert woods is not None
    assert woods.natural[woods.grid.row_col(WEST + 500, SOUTH + 400)]
    assert not woods.natural[woods.grid.row_col(WEST + 1900, SOUTH + 400)]
    with pytest.raises(InputError, match=r"1 natural class.* not in the land cover of the study: forest"):
        read_ground(IndicesOptions(study.path, natural=("forest",)), study, None, study.crs, journal)


def test_territories_elsewhere_are_told(wood: Path) -> None:
    """None of the territories meets the ground: a slip of coordinates, said in one sentence."""
    ground, _ = read(wood, natural=("311",))
    with pytest.raises(InputError, match="none of the 2 territories meets the land cover"):
        measure(ground, HALVES.set_geometry(HALVES.translate(9e5)))


def test_classes_are_named_and_told_natural(wood: Path) -> None:
    """Metrics of classes bear the code, the name and whether it is natural: 80 and 20 % of the land."""
    ground, _ = read(wood, natural=("311",))
    classes = measure(ground).classes
    assert classes is not None
    assert classes[["class", "name", "natural"]].to_numpy().tolist() == [
        [211, "211", False],
        [311, "311", True],
    ]
    assert classes["pland"].to_list() == pytest.approx([20.0, 80.0])


def test_pattern_is_the_same_bytes_with_names_and_colours(wood: Path, tmp_path: Path) -> None:
    """Twice the same file; the raster names and colours its codes.

    What lies beyond an image repeats its border: of 8 columns of wood the last one alone is edge.
    """
    ground, _ = read(wood, natural=("311",))
    figures = measure(ground)
    for name in ("a.tif", "b.tif"):
        write_pattern(tmp_path / name, figures.pattern, ground.grid, language="en")
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    with rasterio.open(tmp_path / "a.tif") as file:
        assert file.tags(1)["CLASS_17"] == "Core"
        assert file.colormap(1)[17] == (0, 200, 0, 255)
        assert file.nodata == MISSING
        assert file.read(1)[0].tolist() == [17] * 7 + [3, 0, 0]
    core = figures.pattern_classes.set_index("class").loc["core"]
    assert core[["area_ha", "share", "objects"]].to_list() == [70.0, 0.875, 1]


def test_sentences_say_mesh_and_pattern(wood: Path) -> None:
    """80 ha of one piece in 100: mesh 64 ha; the patch goes on to the edge of the data; 87.5 % is core."""
    ground, _ = read(wood, natural=("311",))
    told = tell_ground(measure(ground), "en")
    assert "80.0 ha" in told[0]
    assert "64.0 ha" in told[0]
    assert "100.0%" in told[1]
    assert "edge of 100 m" in told[2]
    assert "87.5% core" in told[2]


def test_folded_codes_are_the_classes_of_the_pattern() -> None:
    """Identity: the place of a class in ``BASIC_CLASSES`` is where ``Pattern.where`` says."""
    codes = np.array([sorted(name_codes("en"))], np.uint8)
    folded, pattern = fold_codes(codes), Pattern(codes, 8, 1)
    for name in CLASSES:
        assert ((folded == BASIC_CLASSES.index(name)) == pattern.where(name)).all()
    assert folded[codes == MISSING].tolist() == [MISSING]


def test_the_mesh_of_a_masked_raster_counts_what_is_known(tmp_path: Path) -> None:
    """Half of a raster is known and natural throughout: one patch of all the known ground, hand-worked."""
    natural = np.zeros((4, 4), bool)
    natural[:, :2] = True
    grid = Grid(0, 400, 100, 4, 4, "EPSG:2154")
    ground = GroundInput(
        natural=natural, data=natural.copy(), classes=None, class_names={}, grid=grid,
    )  # fmt: skip
    found = measure_ground(ground, None, journal=Journal(), progress=SilentProgress())
    whole = found.mesh.iloc[-1]
    assert whole["unit_area_ha"] == pytest.approx(8.0)
    assert whole["mesh_cut_ha"] == pytest.approx(8.0)
    assert whole["natural_share"] == pytest.approx(1.0)
