"""Noise and curves: the small parts on which the territory stands."""

from __future__ import annotations

import numpy as np

from bocage.demo.curves import soften, trace_chains
from bocage.demo.noise import hash_unit, smooth_noise

PINNED = [0.9153980962857293, 0.4448797425060742, 0.6803035069738587]


def test_hash_is_pinned() -> None:
    """The hash gives these very numbers on every machine: the territory depends on them."""
    drawn = hash_unit(7, np.array([0, 1, -1]), np.array([0, 0, 5]))

    np.testing.assert_array_equal(drawn, hash_unit(7, [0, 1, -1], [0, 0, 5]))
    np.testing.assert_allclose(drawn, PINNED, rtol=0, atol=1e-12)


def test_hash_is_even() -> None:
    """Hashed numbers fill [0, 1) evenly: each tenth holds a tenth of them, within 3 %."""
    drawn = hash_unit(1, *np.indices((300, 300)).reshape(2, -1))

    share = np.histogram(drawn, bins=10, range=(0.0, 1.0))[0] / drawn.size

    assert drawn.min() >= 0.0 and drawn.max() < 1.0
    np.testing.assert_allclose(share, 0.1, atol=0.003)


def test_noise_is_smooth() -> None:
    """Over a hundredth of a wavelength the noise hardly changes."""
    place = np.linspace(-5000.0, 5000.0, 5001)

    noise = smooth_noise(place, 0.0 * place, 200.0, 3, octaves=1)

    assert np.abs(np.diff(noise)).max() < 0.05
    assert np.abs(noise).max() > 0.5


def test_chains_meet_at_junctions() -> None:
    """A fork of three arms gives three chains that share its cell."""
    steps = {(0, 1): 1, (1, 2): 1, (2, 3): 1, (2, 4): 1, (4, 5): 1}

    chains = trace_chains(steps)

    assert [cells for _, cells in chains] == [[0, 1, 2], [2, 3], [2, 4, 5]]


def test_chains_follow_rings() -> None:
    """A ring without end is one closed chain."""
    assert trace_chains({(0, 1): 1, (1, 2): 1, (0, 2): 1}) == [(1, [0, 1, 2, 0])]


def test_soften_keeps_ends() -> None:
    """Smoothing moves neither end."""
    line = np.array([[0.0, 0.0], [10.0, 5.0], [20.0, -5.0], [30.0, 0.0]])

    smooth = soften(line, rounds=3)

    np.testing.assert_array_equal(smooth[[0, -1]], line[[0, -1]])
