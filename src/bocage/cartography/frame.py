"""The window of a map: which ground falls on which millimetre of paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.grid import Bounds


@dataclass(frozen=True, slots=True)
class MapFrame:
    """A rectangle of paper that shows a rectangle of ground, north up.

    Attributes
    ----------
    west, north : float
        Ground coordinates of the upper left corner [m].
    scale : float
        Denominator: 25000 for 1:25 000.
    width_mm, height_mm : float
        Size on paper.

    Examples
    --------
    >>> frame = MapFrame.centred(700_000, 6_600_000, 25_000, 100, 80)
    >>> frame.bounds
    (698750.0, 6599000.0, 701250.0, 6601000.0)
    >>> frame.to_paper(np.array([[700_000.0, 6_600_000.0]]))
    array([[50., 40.]])
    """

    west: float
    north: float
    scale: float
    width_mm: float
    height_mm: float

    @classmethod
    def centred(
        cls, easting: float, northing: float, scale: float, width_mm: float, height_mm: float
    ) -> MapFrame:
        """Make the frame whose centre is a point of the ground."""
        metres = scale / 1000.0
        return cls(
            easting - width_mm * metres / 2, northing + height_mm * metres / 2, scale, width_mm, height_mm
        )

    @classmethod
    def around(cls, bounds: Bounds, width_mm: float, height_mm: float, margin: float = 0.04) -> MapFrame:
        """Make the frame that just shows ``bounds``, at whatever scale that is, with a margin each side."""
        west, south, east, north = bounds
        usable = 1.0 - 2.0 * margin
        scale = 1000.0 * max(
            (east - west) / (width_mm * usable), (north - south) / (height_mm * usable), 1e-6
        )
        return cls.centred((west + east) / 2, (south + north) / 2, scale, width_mm, height_mm)

    @property
    def metres_per_mm(self) -> float:
        """Ground length of a millimetre of paper [m]."""
        return self.scale / 1000.0

    @property
    def bounds(self) -> Bounds:
        """West, south, east, north [m]."""
        metres = self.metres_per_mm
        return (
            self.west,
            self.north - self.height_mm * metres,
            self.west + self.width_mm * metres,
            self.north,
        )

    def grown(self, margin_mm: float) -> Bounds:
        """Give the bounds of the frame widened by a margin on paper [m]."""
        west, south, east, north = self.bounds
        margin = margin_mm * self.metres_per_mm
        return (west - margin, south - margin, east + margin, north + margin)

    def to_paper(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert (n, 2) eastings and northings to (n, 2) millimetres right of and below the corner."""
        paper = np.empty((len(coordinates), 2))
        paper[:, 0] = (coordinates[:, 0] - self.west) / self.metres_per_mm
        paper[:, 1] = (self.north - coordinates[:, 1]) / self.metres_per_mm
        return paper

    def to_ground(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert (n, 2) millimetres right of and below the corner to (n, 2) eastings and northings."""
        ground = np.empty((len(coordinates), 2))
        ground[:, 0] = self.west + coordinates[:, 0] * self.metres_per_mm
        ground[:, 1] = self.north - coordinates[:, 1] * self.metres_per_mm
        return ground
