"""Bad input: one clear sentence, exit code 2, nothing half-written, earlier results kept."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import stat

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from tests.journeys.conftest import SOUTH, WEST, Territory, box


def refuse(territory: Territory, *words: str, command: tuple[str, ...] = ("run", "STUDY")) -> str:
    """Type a command that must be refused; check how, and that the sentence holds some words."""
    before = territory.results() if territory.output.exists() else {}

    done = territory.run(*command, "--quiet")

    assert done.exit_code == 2, done.output
    message = done.output.strip()
    assert message.startswith("bocage: error: ")
    assert "Traceback" not in message
    for word in words:
        assert word in message, message
    assert (territory.results() if territory.output.exists() else {}) == before
    return message


def write_raster(territory: Territory, name: str, array: np.ndarray, *, crs: str | None, transform) -> None:
    """Write a land cover raster beside the study, and make it the study's land cover."""
    with rasterio.open(
        territory.folder / name, "w", driver="GTiff", height=array.shape[0], width=array.shape[1], count=1,
        dtype=array.dtype, crs=crs, transform=transform, nodata=0,
    ) as target:  # fmt: skip
        target.write(array, 1)
    territory.replace('path = "données d\'été.gpkg"\nlayer = "sol"\nfield = "code"', f'path = "{name}"')


def test_missing_file(territory: Territory) -> None:
    """The missing file, the line that names it, and the nearest file of the folder are told."""
    territory.replace(
        'path = "données d\'été.gpkg"\nlayer = "routes"', 'path = "donnees d\'ete.gpkg"\nlayer = "routes"'
    )

    message = refuse(territory, "donnees d'ete.gpkg", "line", "données d'été.gpkg")

    assert message.count("\n") == 0


def test_missing_study_file(territory: Territory) -> None:
    """A study file that does not exist is told by its name."""
    refuse(territory, "etude.toml", command=("run", str(territory.folder / "etude.toml")))


def test_missing_layer(territory: Territory) -> None:
    """The nearest layer of the file is suggested."""
    territory.replace('layer = "routes"', 'layer = "route"')

    refuse(territory, "has no layer 'route'", "did you mean 'routes'")


def test_missing_column(territory: Territory) -> None:
    """The columns that exist are listed."""
    territory.replace('field = "classe"', 'field = "VOCATION"')

    refuse(territory, "VOCATION", "classe")


def test_unknown_key_in_the_study_file(territory: Territory) -> None:
    """The line and the nearest key are told."""
    territory.replace("cell_size = 25.0", "cell_sise = 25.0")

    refuse(territory, "line 6", "cell_size")


def test_malformed_study_file(territory: Territory) -> None:
    """A TOML mistake is told with its line."""
    territory.replace("cell_size = 25.0", "cell_size = ")

    refuse(territory, "line 6")


def test_unknown_class_codes_are_listed_with_their_counts(territory: Territory) -> None:
    """Two polygons of a code that CORINE does not have."""
    territory.write(
        "sol",
        code=["211", "311", "999", "999"],
        geometry=[
            box(0, 0, 4000, 3000),
            box(200, 800, 1200, 2200),
            box(0, 0, 100, 100),
            box(200, 0, 300, 100),
        ],
    )

    refuse(territory, "999", "2", "nomenclature")


def test_unknown_road_class_is_listed_with_its_count(territory: Territory) -> None:
    """A class of road that the study does not translate."""
    territory.write(
        "routes",
        classe=["autoroute", "piste", "piste"],
        geometry=[shapely.LineString([(WEST, SOUTH + y), (WEST + 4000, SOUTH + y)]) for y in (100, 200, 300)],
    )

    refuse(territory, '"piste" (2)', "[layers.roads]", "ignore")


def test_land_cover_in_degrees_is_reprojected_and_reported(territory: Territory) -> None:
    """A raster in EPSG:4326 is usable: brought onto the grid, and the report says so."""
    west, south, east, north = (
        geopandas.GeoSeries([box(-500, -500, 4500, 3500)], crs=2154).to_crs(4326).total_bounds
    )
    side = 300
    cols = np.arange(side)[None, :].repeat(side, axis=0)
    wooded = (cols < 90) | (cols > 210)
    array = np.where(wooded, 311, 211).astype(np.uint16)
    write_raster(
        territory, "degrés.tif", array, crs="EPSG:4326",
        transform=from_origin(west, north, (east - west) / side, (north - south) / side),
    )  # fmt: skip

    done = territory.run("run", "STUDY", "--quiet")

    assert done.exit_code == 0, done.output
    assert "EPSG:4326" in (territory.output / "run.json").read_text(encoding="utf-8")


def test_study_crs_in_degrees(territory: Territory) -> None:
    """Distances need metres."""
    territory.replace("cell_size = 25.0", 'cell_size = 25.0\ncrs = "EPSG:4326"')

    refuse(territory, "EPSG:4326", "metres", "EPSG:2154")


def test_study_crs_that_stretches_distances(territory: Territory) -> None:
    """The web's Mercator has metres that are none."""
    territory.replace("cell_size = 25.0", 'cell_size = 25.0\ncrs = "EPSG:3857"')

    refuse(territory, "EPSG:3857", "stretches distances", "EPSG:2154")


def test_layer_without_crs(territory: Territory) -> None:
    """A Shapefile without .prj: which file, and what to do."""
    path = territory.folder / "routes.shp"
    geopandas.GeoDataFrame(
        {"classe": ["autoroute"]}, geometry=[shapely.LineString([(WEST, SOUTH), (WEST + 10, SOUTH)])]
    ).to_file(path)
    (territory.folder / "routes.prj").unlink(missing_ok=True)
    territory.replace('path = "données d\'été.gpkg"\nlayer = "routes"', 'path = "routes.shp"')

    refuse(territory, "routes.shp", "coordinate")


def test_raster_without_crs(territory: Territory) -> None:
    """The same for a GeoTIFF."""
    write_raster(
        territory,
        "sol.tif",
        np.full((30, 40), 211, np.uint16),
        crs=None,
        transform=from_origin(WEST, SOUTH + 3000, 100, 100),
    )

    refuse(territory, "sol.tif", "coordinate")


def test_raster_and_study_area_that_do_not_meet(territory: Territory) -> None:
    """Both extents are told."""
    write_raster(
        territory, "loin.tif", np.full((30, 40), 211, np.uint16), crs="EPSG:2154",
        transform=from_origin(100_000, 6_200_000, 100, 100),
    )  # fmt: skip

    refuse(territory, "loin.tif", "does not meet", "100000-104000 east", "700000-704000 east")


@pytest.mark.parametrize("bad", ["0", "-3", "nan"])
def test_resistance_that_is_not_positive(territory: Territory, bad: str) -> None:
    """Zero, negative, not a number: the ground and the line are told."""
    territory.replace("arable = 10", f"arable = {bad}")

    refuse(territory, "arable", "above 0", "line")


def test_resistance_table_with_zero(territory: Territory) -> None:
    """A published table that says 0 for habitat: the mend is zero_as."""
    (territory.folder / "rugosité.csv").write_text("sol;boisé\n311;0\n211;50\n", encoding="utf-8")
    text = territory.path.read_text(encoding="utf-8")
    territory.path.write_text(
        text + '[subnetworks.resistance_table]\npath = "rugosité.csv"\nkey = "sol"\nvalue = "boisé"\n',
        encoding="utf-8",
    )

    refuse(territory, "311", "zero_as")


def test_empty_habitat(territory: Territory) -> None:
    """No wood at all: the sub-network and what was expected are told."""
    territory.write("sol", code=["211"], geometry=[box(0, 0, 4000, 3000)])

    refuse(territory, "broadleaf", "211")


def test_minimum_area_that_leaves_nothing(territory: Territory) -> None:
    """Woods of 140 ha, a minimum of 500: the largest patch is told."""
    territory.replace("min_patch_ha = 1.0", "min_patch_ha = 500.0")

    refuse(territory, "500", "140")


def test_self_intersecting_polygons_are_repaired_and_reported(territory: Territory) -> None:
    """A bow tie in the land cover: the run goes on, the report says how many."""
    bow = shapely.Polygon([(0, 0), (300, 300), (300, 0), (0, 300)])
    bow = shapely.transform(bow, lambda xy: np.add(xy, (WEST + 1300, SOUTH + 2400)))
    territory.write(
        "sol",
        code=["211", "311", "311", "112"],
        geometry=[box(0, 0, 4000, 3000), box(200, 800, 1200, 2200), box(2800, 800, 3800, 2200), bow],
    )

    done = territory.run("run", "STUDY", "--quiet")

    assert done.exit_code == 0, done.output
    assert "geometry_repaired" in (territory.output / "run.json").read_text(encoding="utf-8")


def test_duplicate_insee_codes_of_two_names(territory: Territory) -> None:
    """Two communes under one code cannot be told apart."""
    territory.write(
        "communes",
        insee=["00001", "00001"],
        nom=["Œuvy", "Saint-Bé"],
        geometry=[box(0, 0, 2000, 3000), box(2000, 0, 4000, 3000)],
    )

    refuse(territory, "00001", "Œuvy", "Saint-Bé")


def test_a_commune_that_is_not_in_the_layer(territory: Territory) -> None:
    """The nearest names are suggested, after a run."""
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0

    refuse(territory, "Saint-Bé", "00002", command=("sheet", "STUDY", "--commune", "Saint-Be-le-Vieux"))


def test_a_sheet_before_the_run(territory: Territory) -> None:
    """What to type first is told."""
    refuse(territory, "bocage run", command=("sheet", "STUDY", "--commune", "00001"))


def test_a_sheet_of_a_study_changed_since_its_run(territory: Territory) -> None:
    """A network of other numbers is not printed under the new study; another title is."""
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0
    territory.replace('name = "Étude d’essai"', 'name = "Autre titre"')
    assert territory.run("sheet", "STUDY", "--commune", "00001", "--quiet").exit_code == 0

    territory.replace("min_patch_ha = 1.0", "min_patch_ha = 2.0")

    refuse(territory, "[subnetworks] changed", "bocage run", command=("sheet", "STUDY", "--commune", "00001"))


def test_an_area_code_that_is_not_in_the_layer(territory: Territory) -> None:
    """The nearest codes are suggested."""
    territory.replace('area = { layer = "communes" }', 'area = { insee = ["00003"] }')

    refuse(territory, "00003", "00001")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes where it wants")
def test_read_only_output(territory: Territory) -> None:
    """The folder that cannot be written is told before anything is computed."""
    territory.output.mkdir()
    territory.output.chmod(stat.S_IRUSR | stat.S_IXUSR)

    refuse(territory, "out")


def test_an_output_that_is_a_file(territory: Territory) -> None:
    """A file stands where the folder should be."""
    territory.output.write_text("here", encoding="utf-8")

    done = territory.run("run", "STUDY", "--quiet")

    assert done.exit_code == 2
    assert "out" in done.output
    assert "a file has that name where a folder is needed" in done.output
    assert territory.output.read_text(encoding="utf-8") == "here"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("at", ["run.json", "network.gpkg", "report.html", "inputs-"])
def test_full_disk_or_refused_writing_keeps_the_earlier_results(
    territory: Territory, monkeypatch: pytest.MonkeyPatch, code: int, at: str
) -> None:
    """The rename that makes a file fails: the sentence names the file, the earlier ones are whole."""
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0
    territory.replace("cell_size = 25.0", "cell_size = 50.0")
    replace = os.replace

    def failing(source, target, **options):
        if at in str(target):
            raise OSError(code, os.strerror(code), str(target))
        return replace(source, target, **options)

    monkeypatch.setattr(os, "replace", failing)
    done = territory.run("run", "STUDY", "--quiet")

    assert done.exit_code == 2, done.output
    assert at.rstrip("-") in done.output
    assert not [
        path for path in territory.output.rglob("*") if "part" in path.suffix or path.name.startswith("~")
    ]
    with sqlite3.connect(territory.output / "network.gpkg") as base:
        assert base.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_cell_size_that_needs_more_memory_than_the_machine_has(territory: Territory) -> None:
    """Said before starting, with the size that fits."""
    territory.replace("cell_size = 25.0", "cell_size = 0.01")

    refuse(territory, "0.01", "memory", "cell_size")
    assert not territory.output.exists() or not list(territory.output.rglob("*.stage"))


def test_a_type_of_obstacle_that_does_not_exist(territory: Territory) -> None:
    """The codes of the standard are listed."""
    text = territory.path.read_text(encoding="utf-8")
    territory.path.write_text(text + '\n[rules]\nrestore_types = ["99"]\n', encoding="utf-8")

    refuse(territory, '"99"', "01 (Réseau de type autoroutier)", "line")


def test_nothing_to_compute(territory: Territory) -> None:
    """A study of outlines alone prints sheets, it does not run."""
    text = territory.path.read_text(encoding="utf-8")
    start = text.index("[[landcover]]")
    territory.path.write_text(
        text[:start] + '[layers.communes]\npath = "données d\'été.gpkg"\nlayer = "communes"\n',
        encoding="utf-8",
    )

    refuse(territory, "bocage sheet")


@pytest.mark.parametrize(
    "change", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")]
)
def test_study_files_of_other_editors(territory: Territory, change) -> None:
    """A byte-order mark or the line ends of Windows are none of the user's mistakes."""
    territory.path.write_bytes(change(territory.path.read_bytes()))

    assert territory.run("run", "STUDY", "--quiet").exit_code == 0


def test_a_logo_that_is_no_picture(territory: Territory) -> None:
    """The run goes on, the sheet is refused in one sentence and nothing is written of it."""
    (territory.folder / "logo.png").write_text("not a picture", encoding="utf-8")
    text = territory.path.read_text(encoding="utf-8")
    territory.path.write_text(text + '\n[issuer]\nlogo = "logo.png"\n', encoding="utf-8")
    assert territory.run("run", "STUDY", "--quiet").exit_code == 0

    refuse(territory, "logo.png", "export it again", command=("sheet", "STUDY", "--commune", "00001"))
    assert not (territory.output / "sheets").exists()


def test_a_land_cover_that_stops_short_is_reported(territory: Territory) -> None:
    """A third of the territory without land cover: the report warns of it, in hectares and percents."""
    territory.write(
        "sol",
        code=["211", "311", "311"],
        geometry=[box(0, 0, 4000, 2000), box(200, 300, 1200, 1800), box(2800, 300, 3800, 1800)],
    )

    assert territory.run("run", "STUDY", "--quiet").exit_code == 0

    report = (territory.output / "report.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    # 400 ha, less what lies under the motorway.
    assert re.search(r"3\d\d,\d ha du territoire \(3\d,\d %\) n’ont pas d’occupation du sol", report)
