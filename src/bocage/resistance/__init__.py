"""Friction: resistance surfaces from land cover and the coefficients of each sub-network."""

from bocage.resistance.surface import ResistanceSurface
from bocage.resistance.table import build_resistance, read_friction_table

__all__ = ["ResistanceSurface", "build_resistance", "read_friction_table"]
