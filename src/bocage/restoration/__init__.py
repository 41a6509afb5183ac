"""Objectives: what is to be preserved, what is to be brought back into good condition, and why."""

from bocage.restoration.decisions import Decision, Decisions
from bocage.restoration.objectives import Rules, assign_objectives

__all__ = ["Decision", "Decisions", "Rules", "assign_objectives"]
