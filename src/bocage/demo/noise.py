"""Chance without randomness: numbers hashed from whole numbers, and smooth noise built on them.

The same keys give the same number on every machine, whatever was drawn before, so that the
territory never depends on the order in which it is built.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def hash_unit(seed: int, *keys: Any) -> Floats:
    """Give a number in [0, 1) for each combination of whole numbers.

    The finaliser of SplitMix64 (Steele, Lea & Flood 2014), chained over the keys.

    >>> bool(hash_unit(1, 5, -3) == hash_unit(1, 5, -3)), bool(hash_unit(1, 5, -3) == hash_unit(1, -3, 5))
    (True, False)
    """
    with np.errstate(over="ignore"):
        mixed = np.full(1, seed, dtype=np.int64).view(np.uint64) * _GOLDEN
        for key in keys:
            mixed = (mixed ^ np.atleast_1d(np.asarray(key, dtype=np.int64)).view(np.uint64)) + _GOLDEN
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
            mixed = mixed ^ (mixed >> np.uint64(31))
    unit = (mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53)
    scalar = all(np.ndim(key) == 0 for key in keys)
    return np.float64(unit[0]) if scalar else unit  # type: ignore[return-value]


def hash_places(seed: int, easting: Any, northing: Any) -> Floats:
    """Give a number in [0, 1) for each place, the same within its metre."""
    return hash_unit(seed, np.floor(easting).astype(np.int64), np.floor(northing).astype(np.int64))


def smooth_noise(easting: Any, northing: Any, wavelength: float, seed: int, octaves: int = 3) -> Floats:
    """Give smooth noise at places, in about [-1, 1] with mean 0.

    Value noise (Perlin 1985): hashed numbers at the nodes of a lattice, blended between; each
    octave has half the wavelength and half the amplitude of the one before.

    Parameters
    ----------
    easting, northing : arrays of one shape
        Places [m].
    wavelength : float
        Side of the first lattice [m].
    """
    x = np.asarray(easting, dtype=float)
    y = np.asarray(northing, dtype=float)
    total = np.zeros(np.broadcast(x, y).shape)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        total += weight * _lattice_noise(x / wavelength, y / wavelength, seed + 101 * octave)
        norm += weight
        weight /= 2.0
        wavelength /= 2.0
    return np.asarray(1.35 * total / norm)


def _lattice_noise(x: Floats, y: Floats, seed: int) -> Floats:
    """Blend the hashed numbers of the four lattice nodes around each place, in [-1, 1]."""
    column, row = np.floor(x), np.floor(y)
    u, v = x - column, y - row
    u, v = u * u * (3.0 - 2.0 * u), v * v * (3.0 - 2.0 * v)
    i, j = column.astype(np.int64), row.astype(np.int64)
    lower = (1.0 - u) * hash_unit(seed, i, j) + u * hash_unit(seed, i + 1, j)
    upper = (1.0 - u) * hash_unit(seed, i, j + 1) + u * hash_unit(seed, i + 1, j + 1)
    return np.asarray(2.0 * ((1.0 - v) * lower + v * upper) - 1.0)
