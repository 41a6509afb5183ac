"""Networks that the tests of the atlas print: a small made-up one, and those of official layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely

from bocage.atlas import Content
from bocage.network import COLUMNS, Network, empty_table

CRS = "EPSG:2154"
THEMES = (
    "reservoirs",
    "corridors",
    "corridors_to_restore",
    "watercourses",
    "obstacle_points",
    "obstacle_lines",
    "obstacle_surfaces",
)

ABOUT_ORS: dict[str, Any] = {
    "title": "SRCE-TVB du Nord-Pas-de-Calais",
    "date": "2019-05-01",
    "language": "fr",
    "scale": 100_000,
    "status": {
        "kind": "annule",
        "date": "2017-01-26",
        "reference": "tribunal administratif de Lille, nos 1409305 et 1500282",
    },
    "issuer": {
        "region": "NORD-PAS-DE-CALAIS",
        "department": "D.D.T.M 59",
        "directorate": "Direction Départementale des Territoires et de la Mer du Nord",
        "service": "Service Études, Planification et Analyses Territoriales",
        "unit": "Pôle Gestion et Valorisation des Données",
        "contact": "donnees@territoire.example",
    },
    "sources": [
        {"label": "Gestionnaires Servitudes © Cadastre / Pci – Dgfip", "licence": ""},
        {"label": "Communes : IGN / INSEE", "licence": "Licence Ouverte"},
    ],
    "sheet": {
        "number": 1,
        "total": 4,
        "adoption": (
            "Arrêté par le préfet de région le 16 juillet 2014, après approbation par le Conseil régional "
            "le 4 juillet 2014."
        ),
    },
}

ABOUT_OISE: dict[str, Any] = {
    "title": "Continuités écologiques régionales",
    "date": "2020-08-04",
    "language": "fr",
    "scale": 100_000,
    "status": {
        "kind": "en_vigueur",
        "date": "2020-08-04",
        "reference": "SRADDET des Hauts-de-France, arrêté préfectoral",
    },
    "issuer": {
        "region": "HAUTS-DE-FRANCE",
        "directorate": "Direction de l’aménagement du territoire",
        "service": "Service de l’information géographique",
        "contact": "cartes@region.example",
    },
    "sources": [
        {"label": "Continuités écologiques : Région Hauts-de-France", "licence": "Licence Ouverte 2.0"},
        {"label": "Communes, cours d’eau : IGN, OFB – Sandre", "licence": "Licence Ouverte 2.0"},
    ],
}

ABOUT_VALLEY: dict[str, Any] = {
    "title": "Continuités du val d’essai",
    "date": "2026-05-04",
    "scale": 100_000,
    "status": {"kind": "etude", "date": "2026-05-04", "reference": "Étude d’essai"},
    "issuer": {"region": "VAL D’ESSAI", "directorate": "Syndicat du val", "contact": "val@essai.example"},
    "sources": [{"label": "Relevés d’essai", "licence": "domaine public"}],
}


def make_table(table: str, rows: list[dict[str, Any]], geometries: list[Any]) -> geopandas.GeoDataFrame:
    """Make a table of the network; columns not given hold a plain value of their type."""
    plain = {"str": "", "float": 0.0, "int": 0, "bool": False}
    data = {
        name: [row.get(name, plain[column.dtype]) for row in rows] for name, column in COLUMNS[table].items()
    }
    return geopandas.GeoDataFrame(data, geometry=geometries, crs=CRS)


def make_content(
    network: Network, communes: geopandas.GeoDataFrame, about: dict[str, Any], **given: Any
) -> Content:
    """Make what the sheets of a network may draw."""
    return Content(replace(network, about=about), communes, **given)


def make_network(tables: dict[str, geopandas.GeoDataFrame], missing: tuple[str, ...] = ()) -> Network:
    """Make a network of the tables given; the others are empty, the themes in ``missing`` not provided."""
    whole = {name: tables.get(name, empty_table(name, CRS)) for name in COLUMNS}
    return Network(whole, {theme: theme not in missing for theme in THEMES}, CRS)


def make_valley(
    missing: tuple[str, ...] = (), name: str = "Val-d’Essai"
) -> tuple[Network, geopandas.GeoDataFrame]:
    """Make nine square communes of 2 km and a small network around the middle one, 99005."""
    names = [f"Bourg-{i}" for i in range(1, 10)]
    names[4] = name  # in the middle
    squares = [
        shapely.box(west, south, west + 2_000, south + 2_000)
        for south in (6_600_000, 6_602_000, 6_604_000)
        for west in (700_000, 702_000, 704_000)
    ]
    codes = [f"9900{i}" for i in range(1, 10)]
    communes = geopandas.GeoDataFrame({"insee": codes, "name": names}, geometry=squares, crs=CRS)
    wood = shapely.Point(702_500, 6_603_400).buffer(350)
    far = shapely.Point(704_600, 6_602_600).buffer(300)
    axis = shapely.LineString([(702_800, 6_603_200), (703_600, 6_603_000), (704_350, 6_602_700)])
    broken = shapely.LineString([(702_500, 6_603_050), (702_700, 6_602_300), (703_300, 6_601_500)])
    road = shapely.LineString([(701_500, 6_602_600), (703_000, 6_602_700), (704_500, 6_602_200)])
    river = shapely.LineString([(701_800, 6_603_900), (703_200, 6_602_900), (703_500, 6_601_800)])
    tables = {
        "reservoir_s": make_table(
            "reservoir_s",
            [{"name": "Bois du Val", "objective": "preserve"}, {"name": "Lande", "objective": "preserve"}],
            [wood, far],
        ),
        "corridor_s": make_table(
            "corridor_s",
            [{"objective": "preserve"}, {"objective": "restore"}],
            [axis.buffer(120), broken.buffer(120)],
        ),
        "corridor_l": make_table(
            "corridor_l", [{"objective": "preserve"}, {"objective": "restore"}], [axis, broken]
        ),
        "cours_eau_l": make_table(
            "cours_eau_l",
            [{"name": "l’Essai", "objective": "preserve", "is_reservoir": True, "is_corridor": True}],
            [river],
        ),
        "obstacle_p": make_table("obstacle_p", [{}], [shapely.Point(703_150, 6_602_690)]),
        "obstacle_l": make_table("obstacle_l", [{}], [road]),
        "obstacle_s": make_table("obstacle_s", [{}], [shapely.box(702_650, 6_602_350, 702_950, 6_602_500)]),
    }
    return make_network(tables, missing), communes


def read_ors(data: Path) -> tuple[Network, geopandas.GeoDataFrame]:
    """Read the communes of Nord and Pas-de-Calais; nothing ecological exists for them."""
    communes = geopandas.read_file(data / "nord" / "nord_pas_de_calais.gpkg", layer="communes")
    communes = communes.rename(columns={"nom": "name"})[["insee", "name", "geometry"]]
    return make_network({}, missing=THEMES), communes


def read_oise(
    data: Path,
) -> tuple[Network, geopandas.GeoDataFrame, dict[str, geopandas.GeoDataFrame]]:
    """Read the official continuities of Oise as a network, its communes, and named watercourses."""
    path = data / "oise" / "oise.gpkg"

    def read(layer: str) -> geopandas.GeoDataFrame:
        return geopandas.read_file(path, layer=layer)

    communes = read("communes").rename(columns={"insee_com": "insee", "nom": "name"})
    tables = {}
    for table, layer, identifier, name in (
        ("reservoir_s", "cer_reservoir_s", "id_resv", "nom_resv"),
        ("corridor_s", "cer_corridor_s", "id_corr", "nom_corr"),
        ("obstacle_p", "cer_obstacle_p", "id_obst", "nom_obst"),
        ("obstacle_l", "cer_obstacle_l", "id_obst", "nom_obst"),
        ("obstacle_s", "cer_obstacle_s", "id_obst", "nom_obst"),
        ("reservoir_l", "cer_reservoir_l", "id_ceau", None),
        ("cours_eau_l", "cer_cours_eau", "id_ceau", None),
    ):
        given = read(layer)
        empty = np.full(len(given), "", dtype=object)
        assigned = given.get("obj_assi", empty)
        objective = np.where(np.asarray(assigned) == "02", "restore", "preserve")
        rows = [
            {
                "id": code,
                "name": label if isinstance(label, str) else "",
                "objective": goal,
                "is_corridor": corridor == "T",
                "is_reservoir": reservoir == "T",
            }
            for code, label, goal, corridor, reservoir in zip(
                given[identifier],
                given[name] if name else empty,
                objective,
                given.get("est_corrid", empty),
                given.get("est_reserv", empty),
                strict=True,
            )
        ]
        tables[table] = make_table(table, rows, list(given.geometry))
    rivers = read("topage_cours_eau").rename(columns={"TopoOH": "name"})
    return make_network(tables), communes, {"watercourses": rivers.assign(ground="river")}
