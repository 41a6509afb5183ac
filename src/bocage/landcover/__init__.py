"""Occupation du sol: nomenclatures, crosswalks to ground classes, fusion of layers onto one grid."""

from bocage.landcover.cover import LandCover, Legend
from bocage.landcover.fusion import CoverPolygons, CoverRaster, fuse_land_cover
from bocage.landcover.ground import GROUND, GroundClass
from bocage.landcover.nomenclature import (
    NOMENCLATURES,
    Nomenclature,
    NomenclatureClass,
    custom_nomenclature,
    find_unknown_names,
    load_nomenclature,
)

__all__ = [
    "GROUND",
    "NOMENCLATURES",
    "CoverPolygons",
    "CoverRaster",
    "GroundClass",
    "LandCover",
    "Legend",
    "Nomenclature",
    "NomenclatureClass",
    "custom_nomenclature",
    "find_unknown_names",
    "fuse_land_cover",
    "load_nomenclature",
]
