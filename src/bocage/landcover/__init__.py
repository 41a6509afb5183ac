"""Occupation du sol: nomenclatures, crosswalks to ground classes, fusion of layers onto one grid."""

from bocage.landcover.cover import LandCover, Legend

__all__ = ["LandCover", "Legend"]
