"""Round scales, scale bars and the coordinates written along a map's frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bocage.cartography.frame import MapFrame
from bocage.errors import DataError
from bocage.grid import Bounds
from bocage.units import M_PER_KM, format_number

ROUND_SCALES = (
    5_000, 7_500, 10_000, 12_500, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 60_000, 75_000, 100_000,
    125_000, 150_000, 200_000, 250_000, 300_000, 400_000, 500_000, 750_000, 1_000_000,
)  # fmt: skip
"""Denominators a reader expects; beyond 1:100 000 for communes that no sheet holds otherwise."""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A scale bar: its divisions on the ground and on paper.

    Attributes
    ----------
    division_m : float
        Ground length of a division [m].
    division_mm : float
        Its length on paper.
    count : int
        Number of divisions.
    """

    division_m: float
    division_mm: float
    count: int

    @property
    def length_mm(self) -> float:
        """Length of the bar on paper."""
        return self.division_mm * self.count

    def labels(self, language: str = "fr") -> tuple[str, ...]:
        """Write what stands at each end of a division; the last one says the unit."""
        in_km = self.division_m * self.count >= M_PER_KM
        divisor, unit = (M_PER_KM, "km") if in_km else (1.0, "m")
        values = [self.division_m * i / divisor for i in range(self.count + 1)]
        written = [
            format_number(value, 0 if value == int(value) else _decimals(value), language) for value in values
        ]
        written[-1] += f"\u00a0{unit}"
        return tuple(written)


def fit_scale(bounds: Bounds, width_mm: float, height_mm: float, *, margin: float = 0.05) -> int:
    """Choose the largest round scale at which ``bounds`` fit a frame.

    Parameters
    ----------
    bounds : (west, south, east, north)
        Ground to show [m].
    width_mm, height_mm : float
        Size of the frame.
    margin : float
        Share of the frame left free on each side.

    Returns
    -------
    int
        Denominator.

    Raises
    ------
    DataError
        If the ground is larger than the smallest round scale can show.

    Examples
    --------
    >>> fit_scale((0, 0, 4000, 2000), 180, 180)
    25000
    """
    west, south, east, north = bounds
    usable = 1.0 - 2.0 * margin
    needed = 1000.0 * max((east - west) / (width_mm * usable), (north - south) / (height_mm * usable))
    for scale in ROUND_SCALES:
        if scale >= needed:
            return scale
    raise DataError(
        f"The ground to draw is {format_number((east - west) / M_PER_KM, language='en')} km by "
        f"{format_number((north - south) / M_PER_KM, language='en')} km, more than a sheet of "
        f"{width_mm:.0f} mm by {height_mm:.0f} mm shows at 1:1,000,000; check the outline and its CRS."
    )


def fit_frame(bounds: Bounds, width_mm: float, height_mm: float, *, margin: float = 0.05) -> MapFrame:
    """Make the frame that shows ``bounds`` in its middle at the largest round scale.

    >>> fit_frame((0, 0, 4000, 2000), 180, 100).scale
    25000
    """
    scale = fit_scale(bounds, width_mm, height_mm, margin=margin)
    west, south, east, north = bounds
    return MapFrame.centred((west + east) / 2, (south + north) / 2, scale, width_mm, height_mm)


def choose_scale_bar(scale: float, longest_mm: float) -> ScaleBar:
    r"""Choose a scale bar of four or two divisions of 1, 2, 2.5 or 5 times a power of ten.

    >>> bar = choose_scale_bar(25_000, 60)
    >>> bar.division_m, bar.count, bar.length_mm, bar.labels()[-1]
    (250.0, 4, 40.0, '1\xa0km')
    """
    longest_m = longest_mm * scale / 1000.0
    best: tuple[float, int] | None = None
    for power in range(math.floor(math.log10(longest_m)) - 1, math.floor(math.log10(longest_m)) + 1):
        for step in (1.0, 2.0, 2.5, 5.0):
            for count in (2, 4):
                division = step * 10.0**power
                # 2.5 m or 0.25 km read badly unless the whole is round.
                if division * count <= longest_m and (
                    best is None or (division * count, count) > (best[0] * best[1], best[1])
                ):
                    best = (division, count)
    assert best is not None
    division, count = best
    return ScaleBar(division, division * 1000.0 / scale, count)


def choose_tick_interval(scale: float, spacing_mm: float = 40.0) -> int:
    """Choose the round ground distance whose ticks stand at least ``spacing_mm`` apart [m].

    >>> choose_tick_interval(25_000)
    1000
    """
    needed = spacing_mm * scale / 1000.0
    for power in range(2, 7):
        for step in (1, 2, 5):
            if step * 10**power >= needed:
                return int(step * 10**power)
    return 10_000_000


def place_ticks(low: float, high: float, interval: int) -> tuple[int, ...]:
    """List the multiples of an interval between two coordinates.

    >>> place_ticks(1_999.0, 6_001.0, 2_000)
    (2000, 4000, 6000)
    """
    return tuple(
        range(math.ceil(low / interval) * interval, math.floor(high / interval) * interval + 1, interval)
    )


def _decimals(value: float) -> int:
    return 1 if math.isclose(value * 10, round(value * 10)) else 2
