"""A small territory of layers and the study file that reads it."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely import LineString, Point, box

CRS = "EPSG:2154"
WEST, SOUTH = 700_000, 6_600_000

STUDY = """\
[study]
name = "Essai"
territory = "ESS"
prefix = "FR00"
date = 2026-05-04
crs = "EPSG:2154"
cell_size = 20.0
area = { layer = "communes" }

[[landcover]]
path = "clc.tif"
nomenclature = "clc"
source = "CLC"
licence = "Licence Ouverte"

[layers.communes]
path = "layers.gpkg"
layer = "communes"
source = "IGN"
licence = "Licence Ouverte"

[layers.roads]
path = "layers.gpkg"
layer = "routes"
field = "nature"
width_field = "largeur"
[layers.roads.classes]
"Autoroute" = "motorway"
"Chemin" = "ignore"
"Route" = "local_road"

[layers.watercourses]
path = "layers.gpkg"
layer = "rivieres"
ground = "stream"
list1 = "liste1"
reservoir = "resbio"
canal = { field = "nature", values = ["Canal"] }

[layers.river_works]
path = "layers.gpkg"
layer = "ouvrages"
code = "code"
name = "nom"
kind = "type"
state = "etat"
fish_pass = "passe"

[[zonings]]
label = "ZNIEFF de type 1"
path = "layers.gpkg"
layer = "znieff1"
name_field = "nom"
source = "INPN"
licence = "Licence Ouverte"

[[subnetworks]]
key = "bois"
name = "Bois"
medium = "boisé"
habitat = ["broadleaf", 313]
min_patch_ha = 1
reservoir_min_ha = 2
dispersal_m = 200
[subnetworks.resistance]
broadleaf = 1
"313" = 1
arable = 10
motorway = "barrier"
"""


def square(col: int, row: int, side: float = 1000.0) -> object:
    """Give the square km at a column and row of the territory."""
    return box(WEST + col * 1000, SOUTH + row * 1000, WEST + col * 1000 + side, SOUTH + row * 1000 + side)


def line(*points: tuple[float, float]) -> LineString:
    """Give a line by metres from the territory's corner."""
    return LineString([(WEST + x, SOUTH + y) for x, y in points])


def write_layer(folder: Path, name: str, **columns: object) -> None:
    """Write a layer of ``layers.gpkg``."""
    table = geopandas.GeoDataFrame(columns, crs=CRS)
    table.to_file(folder / "layers.gpkg", layer=name, driver="GPKG")


def write_territory(folder: Path) -> None:
    """Write two communes of 1 km², their layers and their study file."""
    write_layer(
        folder,
        "communes",
        insee=["01004", "01005"],
        nom=["Aubois", "Val-d'Été"],
        geometry=[square(0, 0), square(1, 0)],
    )
    write_layer(
        folder,
        "routes",
        nature=["Autoroute", "Route", "Chemin", "Route"],
        largeur=[None, 5.5, 3.0, 0.0],
        geometry=[line((0, 500), (2000, 500))] * 4,
    )
    write_layer(
        folder,
        "rivieres",
        nom=["Aube", "Bief", "Creuse"],
        nature=["Rivière", "Canal", "Rivière"],
        liste1=["T", None, "F"],
        resbio=["oui", "non", None],
        geometry=[line((0, 200), (2000, 200))] * 3,
    )
    write_layer(
        folder,
        "ouvrages",
        code=["R1", "R2", "R3"],
        nom=["Moulin", None, "Pont"],
        type=["Seuil en rivière", "Barrage", "Buse"],
        etat=["Existant", "Détruit entièrement", "Détruit partiellement"],
        passe=["Absence de passe", "Passe à bassins successifs", None],
        geometry=[Point(WEST + x, SOUTH + 200) for x in (100, 200, 300)],
    )
    write_layer(folder, "znieff1", nom=["Le Grand Bois"], geometry=[square(0, 0, 400)])
    codes = np.full((60, 120), 211, dtype=np.uint16)
    codes[20:40, 20:60] = 311
    codes[40:50, 20:60] = 313
    with rasterio.open(
        folder / "clc.tif", "w", driver="GTiff", width=120, height=60, count=1, dtype="uint16", crs=CRS,
        transform=from_origin(WEST - 200, SOUTH + 1100, 20, 20), nodata=0,
    ) as raster:  # fmt: skip
        raster.write(codes, 1)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
