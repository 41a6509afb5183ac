"""Obstacles: where transport lines, towns and river works cut the network."""

from bocage.obstacles.causes import INFRASTRUCTURE, URBAN
from bocage.obstacles.find import Obstacles, find_obstacles

__all__ = ["INFRASTRUCTURE", "URBAN", "Obstacles", "find_obstacles"]
