"""Cours d'eau: which watercourses are reservoirs or corridors of the network."""

from bocage.rivers.roles import SUBNETWORK_KEY, assign_watercourse_roles

__all__ = ["SUBNETWORK_KEY", "assign_watercourse_roles"]
