"""A small territory, 4 × 3 km: two woods, a motorway, a river, two communes."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pytest
import shapely
from click.testing import CliRunner, Result

WEST, SOUTH = 700_000.0, 6_600_000.0
CRS = "EPSG:2154"


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Give a rectangle in metres from the territory's corner."""
    return shapely.box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def line(*points: tuple[float, float]) -> shapely.LineString:
    """Give a line in metres from the territory's corner."""
    return shapely.LineString([(WEST + x, SOUTH + y) for x, y in points])


STUDY = """\
[study]
name = "Étude d’essai"
territory = "ESSAI"
prefix = "FR00"
date = 2026-05-04
cell_size = 25.0
buffer = 0.0
area = { layer = "communes" }

[[landcover]]
path = "données d'été.gpkg"
layer = "sol"
field = "code"
nomenclature = "clc"
source = "Occupation du sol d’essai"

[layers.communes]
path = "données d'été.gpkg"
layer = "communes"

[layers.roads]
path = "données d'été.gpkg"
layer = "routes"
field = "classe"
[layers.roads.classes]
autoroute = "motorway"

[layers.watercourses]
path = "données d'été.gpkg"
layer = "rivières"
name = "nom"

[[subnetworks]]
preset = "boise"
min_patch_ha = 1.0
reservoir_min_ha = 10.0
reservoir_min_core_ha = 0.0
reservoir_min_compactness = 0.0
[subnetworks.resistance]
motorway = "barrier"
arable = 10
stream = 10
"""


class Territory:
    """A folder with layers and a study file, and a way to run commands in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "données d'été.gpkg"
        self.path = folder / "étude d'essai.toml"
        fields = [box(0, 0, 4000, 3000)]
        self.write(
            "sol",
            code=["211", "311", "311", "112"],
            geometry=[
                *fields,
                box(200, 800, 1200, 2200),
                box(2800, 800, 3800, 2200),
                box(1700, 0, 2300, 400),
            ],
        )
        self.write(
            "communes",
            insee=["00001", "00002"],
            nom=["Œuvy-l’Étang", "Saint-Bé"],
            geometry=[box(0, 0, 2000, 3000), box(2000, 0, 4000, 3000)],
        )
        self.write("routes", classe=["autoroute"], geometry=[line((2000, -100), (2050, 3100))])
        self.write("rivières", nom=["la Bée"], geometry=[line((0, 600), (4000, 700))])
        self.path.write_text(STUDY, encoding="utf-8")

    def write(
        self, layer: str, *, geometry: list, path: Path | None = None, crs: str | None = CRS, **columns
    ) -> None:
        """Write a layer, in the territory's GeoPackage by default."""
        table = geopandas.GeoDataFrame(columns, geometry=geometry, crs=crs)
        table.to_file(path or self.data, layer=layer)

    def replace(self, old: str, new: str) -> None:
        """Change the study file."""
        text = self.path.read_text(encoding="utf-8")
        assert old in text
        self.path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *arguments: str) -> Result:
        """Type a ``bocage`` command; the study file stands where ``STUDY`` is."""
        from bocage.cli import main

        words = [str(self.path) if word == "STUDY" else word for word in arguments]
        return CliRunner().invoke(main, words, catch_exceptions=False)

    @property
    def output(self) -> Path:
        """Folder of the outputs."""
        return self.folder / "out"

    def results(self) -> dict[str, bytes]:
        """Give the bytes of every output but the stages kept for resuming."""
        return {
            path.relative_to(self.output).as_posix(): path.read_bytes()
            for path in sorted(self.output.rglob("*"))
            if path.is_file() and ".bocage" not in path.parts
        }


@pytest.fixture
def territory(tmp_path: Path) -> Territory:
    """Give a fresh territory in a folder with a space and an accent."""
    folder = tmp_path / "mon étude"
    folder.mkdir()
    return Territory(folder)
