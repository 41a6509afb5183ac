"""Cours d'eau: their roles in the network, their connectivity, their works and which to open first.

The network is made by ``rivers.network``, its indices by ``rivers.dendritic`` and ``rivers.fragments``, the
choice of works by ``rivers.gains`` and ``rivers.budget``; they load numba, the roles do not.
"""

from bocage.rivers.roles import SUBNETWORK_KEY, assign_watercourse_roles

__all__ = ["SUBNETWORK_KEY", "assign_watercourse_roles"]
