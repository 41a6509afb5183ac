"""What colour-blind readers and photocopiers see of a colour, and how far apart two symbols then are.

Colours are simulated after Machado, Oliveira & Fernandes (2009, doi:10.1109/TVCG.2009.113) for readers
without the long-wave (protanopia) or medium-wave (deuteranopia) cones, and compared by CIEDE2000
(Sharma, Wu & Dalal 2005, doi:10.1002/col.20070).
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bocage.cartography.symbols import Symbol

View = Literal["normal", "protanopia", "deuteranopia", "grey"]
VIEWS: tuple[View, ...] = get_args(View)

LEAST_ANGLE = 30.0
"""Hatches whose directions differ by less look alike [degrees]."""
LEAST_RATIO = 1.5
"""Widths, spacings and lengths of dashes whose ratio is less look alike."""
LEAST_DIFFERENCE = 9.0
"""Symbols of the same form differ by this much in colour, in every view (CIEDE2000)."""

Floats = NDArray[np.float64]

_WHITE = "#ffffff"
# Severity 1.0, on linear red, green and blue.
_MATRICES: dict[View, Floats] = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    # Luminance of the sRGB primaries (IEC 61966-2-1), the same for the three channels.
    "grey": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def simulate_view(colour: str, view: View) -> str:
    """Give the colour that a reader or a photocopier makes of one.

    Parameters
    ----------
    colour : str
        As ``"#6fb17a"``.
    view : {"normal", "protanopia", "deuteranopia", "grey"}

    Returns
    -------
    str

    Examples
    --------
    >>> simulate_view("#ff0000", "grey"), simulate_view("#ff0000", "deuteranopia")
    ('#7f7f7f', '#a39000')
    """
    seen = np.clip(_MATRICES[view] @ _linear(colour), 0.0, 1.0)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * value):02x}" for value in encoded.tolist())


def to_lab(colour: str) -> tuple[float, float, float]:
    """Convert a colour to CIE L*a*b* under the white of sRGB (D65).

    >>> [round(value, 1) for value in to_lab("#ff0000")]
    [53.2, 80.1, 67.2]
    """
    white = _TO_XYZ.sum(axis=1)
    ratio = _TO_XYZ @ _linear(colour) / white
    bent = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = bent.tolist()
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def measure_difference(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Measure the difference CIEDE2000 of two colours in CIE L*a*b*; 2 is just seen side by side.

    >>> round(measure_difference((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485)), 4)
    2.0425
    """
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    coloured = c1 * c2 != 0
    turn = (h2 - h1 + 180) % 360 - 180 if coloured else 0.0
    if turn == -180.0:
        turn = h2 - h1
    hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = h1 + h2
    if coloured:
        mean_h = (mean_h if abs(h1 - h2) <= 180 else mean_h + (360 if mean_h < 360 else -360)) / 2
    t = (
        1
        - 0.17 * math.cos(math.radians(mean_h - 30))
        + 0.24 * math.cos(math.radians(2 * mean_h))
        + 0.32 * math.cos(math.radians(3 * mean_h + 6))
        - 0.20 * math.cos(math.radians(4 * mean_h - 63))
    )
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    rotation = -math.sin(math.radians(60 * math.exp(-(((mean_h - 275) / 25) ** 2))))
    rotation *= 2 * math.sqrt(mean_c**7 / (mean_c**7 + 25.0**7))
    light, chroma, hue = (l2 - l1) / s_l, (c2 - c1) / s_c, hue / s_h
    return math.sqrt(light**2 + chroma**2 + hue**2 + rotation * chroma * hue)


def show_colour(symbol: Symbol) -> str:
    """Give the colour a symbol shows on white paper, that of its widest part.

    Of a polygon its fill, seen through, mixed with its hatch by the share of ground that the hatch
    covers; the stroke where there is neither. Of a point its fill, of a line its casing where wider by half
    than its stroke and not white, else its stroke.
    """
    if symbol.kind == "line":
        cased = symbol.casing not in (None, _WHITE) and symbol.casing_width >= 2 * symbol.width
        return (symbol.casing if cased else symbol.stroke) or _WHITE
    if symbol.fill is None and symbol.hatch is None:
        return symbol.stroke or _WHITE
    shown = _mix(_WHITE, symbol.fill or _WHITE, symbol.fill_opacity)
    if symbol.hatch is not None:
        shown = _mix(shown, symbol.hatch.colour, min(symbol.hatch.width / symbol.hatch.spacing, 1.0))
    return shown


def measure_least_difference(one: Symbol, other: Symbol) -> float:
    """Measure the least difference in colour (CIEDE2000) of two symbols over the four views."""
    colours = (show_colour(one), show_colour(other))
    return min(
        measure_difference(*(to_lab(simulate_view(colour, view)) for colour in colours)) for view in VIEWS
    )


def differ_in_form(one: Symbol, other: Symbol) -> bool:
    """Tell whether two symbols of one kind are told apart without any colour.

    They are where one has a hatch, a dash or a casing that shows and the other has none; where directions
    of their hatches differ by ``LEAST_ANGLE``; where the spacings of their hatches, the widths of their lines
    or the periods of their dashes have the ratio ``LEAST_RATIO``; or where their markers have two shapes.
    """
    if one.marker is not None and other.marker is not None and one.marker.shape != other.marker.shape:
        return True
    if (one.hatch is None) != (other.hatch is None) or bool(one.dash) != bool(other.dash):
        return True
    if one.hatch is not None and other.hatch is not None:
        turn = abs(one.hatch.angle - other.hatch.angle) % 180.0
        if min(turn, 180.0 - turn) >= LEAST_ANGLE or _differ(one.hatch.spacing, other.hatch.spacing):
            return True
    casings = [s.casing_width if s.casing not in (None, _WHITE) else 0.0 for s in (one, other)]
    if (casings[0] > 0) != (casings[1] > 0) or _differ(*casings):
        return True
    return _differ(one.width, other.width) or _differ(sum(one.dash), sum(other.dash))


def _differ(one: float, other: float) -> bool:
    low, high = sorted((one, other))
    return low > 0 and round(high / low, 6) >= LEAST_RATIO


def _mix(under: str, over: str, share: float) -> str:
    pairs = [(int(under[i : i + 2], 16), int(over[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(low + share * (high - low)):02x}" for low, high in pairs)


def _linear(colour: str) -> Floats:
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.asarray(np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4))
