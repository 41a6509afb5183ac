"""Friction: resistance surfaces from land cover and the coefficients of each sub-network."""

from bocage.resistance.surface import ResistanceSurface

__all__ = ["ResistanceSurface"]
