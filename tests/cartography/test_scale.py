"""Round scales, scale bars and ticks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocage.cartography.scale import (
    ROUND_SCALES,
    choose_scale_bar,
    choose_tick_interval,
    fit_frame,
    fit_scale,
    place_ticks,
)
from bocage.errors import DataError


@given(
    st.floats(100, 45_000), st.floats(100, 45_000), st.floats(80, 400), st.floats(80, 400), st.floats(0, 0.2)
)
def test_fitted_frame_holds_the_ground(
    ground_w: float, ground_h: float, width: float, height: float, margin: float
) -> None:
    """The frame holds the ground with its margin, and the next larger round scale would not."""
    bounds = (700_000.0, 6_600_000.0, 700_000.0 + ground_w, 6_600_000.0 + ground_h)

    frame = fit_frame(bounds, width, height, margin=margin)

    west, south, east, north = frame.bounds
    least = margin * min(width, height) * frame.metres_per_mm - 1e-3
    assert west <= bounds[0] - least and south <= bounds[1] - least
    assert east >= bounds[2] + least and north >= bounds[3] + least
    position = ROUND_SCALES.index(int(frame.scale))
    if position:
        larger = ROUND_SCALES[position - 1] / 1000
        usable = 1 - 2 * margin
        assert ground_w > width * usable * larger or ground_h > height * usable * larger


def test_scale_by_hand() -> None:
    """4.5 km on 180 mm with 5 % margins need 1:27 778, hence 1:30 000."""
    assert fit_scale((0, 0, 4500, 100), 180, 180, margin=0.05) == 30_000


def test_too_large_ground() -> None:
    """Ground that no round scale shows is refused, with its size."""
    with pytest.raises(DataError, match="2,000 km by 10 km"):
        fit_scale((0, 0, 2_000_000, 10_000), 190, 150)


@pytest.mark.parametrize("scale", ROUND_SCALES)
@pytest.mark.parametrize("longest", [40.0, 52.0, 68.0])
def test_scale_bars_are_round(scale: int, longest: float) -> None:
    """A bar is at most as long as asked, at least 40 % of it, and its length is 1, 2, 4, 5 or 8 of a unit."""
    bar = choose_scale_bar(scale, longest)

    assert 0.4 * longest <= bar.length_mm <= longest + 1e-9
    assert bar.length_mm * scale / 1000 == pytest.approx(bar.division_m * bar.count)
    assert f"{bar.division_m * bar.count:.0f}".rstrip("0") in {"1", "2", "4", "5", "8"}


def test_scale_bar_labels() -> None:
    """Labels stand at each division, the last with the unit, in the words of each language."""
    bar = choose_scale_bar(50_000, 52)

    assert bar.labels("fr") == ("0", "0,5", "1", "1,5", "2\u00a0km")
    assert bar.labels("en")[1] == "0.5"


@given(st.sampled_from(ROUND_SCALES), st.integers(-1_000_000, 10_000_000))
def test_ticks_are_sparse(scale: int, low: int) -> None:
    """Ticks are multiples of the interval inside the frame, at least the wanted distance apart on paper."""
    interval = choose_tick_interval(scale, 38)
    ticks = place_ticks(low, low + 0.18 * scale, interval)

    assert interval * 1000 / scale >= 38
    assert all(tick % interval == 0 and low <= tick <= low + 0.18 * scale for tick in ticks)
