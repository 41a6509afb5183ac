"""A small territory of official layers, and atlas files that read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shapely import Point, box

from bocage.study.model import Study
from bocage.study.reading import read_study
from tests.study.territory import SOUTH, WEST, line, square, write_layer

HEAD = """\
[study]
name = "Essai"
territory = "ESS"
date = 2026-05-04

[layers.communes]
path = "layers.gpkg"
layer = "communes"
source = "IGN"
licence = "Licence Ouverte"
"""


def patch(x: float, y: float, side: float = 100.0) -> Any:
    """Give a square by metres from the territory's corner."""
    return box(WEST + x, SOUTH + y, WEST + x + side, SOUTH + y + side)


def write_official(folder: Path) -> None:
    """Write four communes of 1 km² in a row, and official layers in the national standard or not."""
    write_layer(
        folder,
        "communes",
        insee=["60001", "60002", "80003", "2A004"],
        nom=["Aubois", "Val-d'Été", "Œuilly", "Zonza"],
        agglo=["CC Ouest", "CC Ouest", "CC Est", None],
        geometry=[square(col, 0) for col in range(4)],
    )
    write_layer(
        folder,
        "cer_reservoir_s",
        Id_Resv=["RS1", "RS2", "RS3"],
        NOM_RESV=["Grand Bois", None, ""],
        OBJ_ASSI=[None, "02", ""],
        milmaj_nat=["boisé", "humide", None],
        geometry=[patch(100, 100), patch(500, 500, 200), patch(1500, 100)],
    )
    write_layer(
        folder,
        "cer_corridor_s",
        id_corr=["CS1", "CS2"],
        nom_corr=[None, None],
        obj_assi=["02", "01"],
        geometry=[patch(200, 400), patch(800, 400)],
    )
    write_layer(
        folder,
        "cer_cours_eau",
        id_ceau=["HL1", "HL2"],
        obj_assi=[None, None],
        classe1=["T", None],
        classe2=[None, "T"],
        est_corrid=["T", None],
        est_reserv=[None, None],
        geometry=[line((0, 200), (300, 200)), line((0, 250), (400, 250))],
    )
    write_layer(
        folder,
        "cer_reservoir_l",
        id_ceau=["HL2", "HL3"],
        obj_assi=[None, "02"],
        est_reserv=["T", "T"],
        geometry=[line((0, 250), (400, 250)), line((0, 300), (50, 300))],
    )
    write_layer(
        folder,
        "cer_obstacle_p",
        id_obst=["OP1", "OP2", "OP3"],
        type_obst=["12", None, "silure"],
        lib_obst=[None, "Urbanisation", None],
        geometry=[Point(WEST + x, SOUTH + 300) for x in (10, 20, 30)],
    )
    write_layer(
        folder,
        "trame",
        num=["a", "b", "c"],
        etat=["dégradé", "bon", None],
        genre=["réservoir", "corridor", "corridor"],
        geometry=[patch(0, 700), patch(300, 700), patch(600, 700)],
    )
    write_layer(folder, "znieff1", id_mnhn=["Z1"], nom=["Marais"], geometry=[patch(50, 50)])
    write_layer(folder, "znieff1_bis", id_mnhn=["Z1", "Z2"], nom=["M", "N"], geometry=[patch(50, 50)] * 2)
    write_layer(folder, "lignes", code=["L1"], geometry=[line((0, 0), (100, 100))])
    write_layer(folder, "loin", nom=["Ailleurs"], geometry=[patch(90_000, 90_000)])
    write_layer(
        folder,
        "roe",
        code=["R1", "R2"],
        nom=["Moulin", "Pont"],
        etat=["Existant", "Détruit entièrement"],
        geometry=[Point(WEST + x, SOUTH + 200) for x in (100, 200)],
    )
    write_layer(
        folder,
        "epci",
        nom=["CC Est", "CC Ouest", "CC Loin"],
        membres=["80003", "60001/60002 ; 60999", "13001"],
        geometry=[square(2, 0), box(WEST, SOUTH, WEST + 2000, SOUTH + 1000), patch(50_000, 0)],
    )
    write_layer(
        folder,
        "departements",
        nom=["Oise", "Bouches-du-Rhône"],
        code=["60", "13"],
        geometry=[box(WEST - 500, SOUTH, WEST + 2000, SOUTH + 1000), patch(50_000, 0)],
    )


def write_entry(layer: str, theme: str | None = None, *more: str) -> str:
    """Write an ``[[atlas.layer]]`` table of a layer of the territory."""
    lines = ["", "[[atlas.layer]]", 'path = "layers.gpkg"', f'layer = "{layer}"']
    return "\n".join([*lines, *([f'theme = "{theme}"'] if theme else []), *more, ""])


def make_study(folder: Path, *parts: str, head: str = HEAD) -> Study:
    """Write an atlas file of these parts, and read it."""
    path = folder / "atlas.toml"
    path.write_text("\n".join([head, "[atlas]", *parts]), encoding="utf-8")
    return read_study(path)
