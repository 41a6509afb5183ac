"""Réservoirs de biodiversité: habitat patches, zonings, and what makes them reservoirs."""

from bocage.reservoirs.delineate import Reservoirs, delineate_reservoirs
from bocage.reservoirs.patches import Patches, core_area, find_core, find_habitat, label_patches
from bocage.reservoirs.polygonise import polygonise
from bocage.reservoirs.sharing import share_out_sites
from bocage.reservoirs.zonings import Zoning

__all__ = [
    "Patches",
    "Reservoirs",
    "Zoning",
    "core_area",
    "delineate_reservoirs",
    "find_core",
    "find_habitat",
    "label_patches",
    "polygonise",
    "share_out_sites",
]
