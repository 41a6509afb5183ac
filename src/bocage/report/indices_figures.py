"""Charts of the page of indices, drawn by hand as SVG: told apart in grey and by colour-blind readers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike

from bocage.cartography.labels import LabelStyle, measure_text
from bocage.units import NBSP, format_number
from bocage.wording import say

PARTS = {"intra": "#0a4326", "flux": "#6fa449", "connector": "#f2cc8b"}
"""Colours of the fractions of dPC: dark, middle and light, so that they hold in grey."""

PATTERN_COLOURS = {
    "core": "#1e6128", "islet": "#680c4e", "perforation": "#2f96b9", "edge": "#061b14", "loop": "#e4ce49",
    "bridge": "#cd385e", "branch": "#e3985f",
}  # fmt: skip
"""Colours of the classes of the spatial pattern, and of what they lie on."""
PATTERN_GROUND = "#f9f7f2"

INK, QUIET, RULE, RUST = "#23241f", "#565950", "#d9d7cb", "#96480a"
FONTS = (
    "Source Sans 3, Source Sans Pro, Seravek, Segoe UI, Ubuntu, Calibri, Noto Sans, DejaVu Sans, "
    "system-ui, sans-serif"
)

_WIDTH = 860.0
_TEXT = 15.0
_LONGEST_LABEL = 300.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: what it is of, its parts from left to right with their colours, and its value in words."""

    label: str
    parts: tuple[tuple[float, str], ...]
    value: str

    @property
    def total(self) -> float:
        """Length of the bar, in the unit of its parts."""
        return sum(max(part, 0.0) for part, _ in self.parts)


def measure_width(text: str, size: float = _TEXT, *, bold: bool = False) -> float:
    """Measure a line of text, with some room to spare as fonts differ.

    >>> measure_width("mm") > measure_width("ll")
    True
    """
    return 1.25 * measure_text(text, LabelStyle(size, weight=600 if bold else 400))


def shorten_text(text: str, width: float, size: float = _TEXT) -> str:
    """Cut a text to a width, with an ellipsis.

    >>> shorten_text("Bois du Roi", 500), shorten_text("Bois du Roi", 80)
    ('Bois du Roi', 'Bois du…')
    """
    if measure_width(text, size) <= width:
        return text
    while text and measure_width(f"{text}…", size) > width:
        text = text[:-1].rstrip()
    return f"{text}…"


def choose_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Choose round numbers within a range.

    >>> choose_ticks(0.0, 47.0)
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    step = 10.0 ** math.floor(math.log10(span / most))
    step *= next((factor for factor in (1, 2, 5, 10) if span / (step * factor) <= most), 10)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def write_tick(value: float, step: float, language: str) -> str:
    """Write a number of an axis with the decimals that its step has.

    >>> write_tick(0.5, 0.25, "fr"), write_tick(20.0, 10.0, "fr")
    ('0,50', '20')
    """
    decimals = next((d for d in range(4) if math.isclose(step * 10**d, round(step * 10**d))), 4)
    return format_number(value, decimals, language)


def open_svg(width: float, height: float, title: str, description: str, key: str) -> str:
    """Open a picture with its words, for those who hear it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-labelledby="{key}-t {key}-d" font-family="{FONTS}" font-size="{_TEXT:g}">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(description)}</desc>'
        f'<path d="M0 0h{width:g}v{height:g}h-{width:g}z" fill="#ffffff"/>'
    )


def write_text(
    x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK, weight: int = 400,
    size: float = _TEXT, halo: bool = False,
) -> str:  # fmt: skip
    """Write a line of text of a chart."""
    extra = "" if weight == 400 else f' font-weight="{weight}"'
    extra += "" if size == _TEXT else f' font-size="{size:g}"'
    extra += "" if anchor == "start" else f' text-anchor="{anchor}"'
    if halo:
        extra += ' stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{extra}>{escape(words)}</text>'


def draw_bars(
    bars: Sequence[Bar], *, title: str, description: str, key: str, unit: str, language: str
) -> str:
    """Draw horizontal bars, whole or in parts, from the first at the top.

    Parameters
    ----------
    bars : sequence of Bar
        Longest first reads best.
    title, description : str
        For those who hear the picture.
    key : str
        Prefix of the identifiers inside.
    unit : str
        What the axis counts.

    Returns
    -------
    str
        SVG; the third part and beyond are hatched besides their colour.
    """
    pitch, thick, top = 30.0, 19.0, 34.0
    # Room for labels first: a bar that has no name tells nothing.
    left = min(max((measure_width(bar.label) for bar in bars), default=0.0), _LONGEST_LABEL) + 14.0
    right = max((measure_width(bar.value, bold=True) for bar in bars), default=0.0) + 18.0
    longest = max((bar.total for bar in bars), default=0.0) or 1.0
    scale = (_WIDTH - left - right) / longest
    height = top + pitch * len(bars) + 8.0
    out = [open_svg(_WIDTH, height, title, description, key)]
    out.append(
        f'<defs><pattern id="{key}-h" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0 0v6" stroke="{INK}" stroke-width="1.4" '
        'stroke-opacity=".55"/></pattern></defs>'
    )
    ticks = choose_ticks(0.0, longest)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else longest
    for tick in ticks:
        x = left + tick * scale
        out.append(f'<path d="M{x:.1f} {top - 8:g}V{height - 8:g}" stroke="{RULE}"/>')
        out.append(
            write_text(x, top - 13, write_tick(tick, step, language), anchor="middle", colour=QUIET, size=13)
        )
    last = left + ticks[-1] * scale + measure_width(write_tick(ticks[-1], step, language), 13) / 2 + 6
    if last + measure_width(unit, 13) < _WIDTH:
        out.append(write_text(last, top - 13, unit, colour=QUIET, size=13))
    for number, bar in enumerate(bars):
        y = top + number * pitch
        label = shorten_text(bar.label, left - 14.0)
        out.append(write_text(left - 10, y + thick / 2 + 5, label, anchor="end"))
        x = left
        for place, (part, colour) in enumerate(bar.parts):
            width = max(part, 0.0) * scale
            if width < 0.05:
                continue
            box = f"M{x:.1f} {y:.1f}h{width:.1f}v{thick:g}h-{width:.1f}z"
            out.append(f'<path d="{box}" fill="{colour}"/>')
            if place >= 2:
                out.append(f'<path d="{box}" fill="url(#{key}-h)"/>')
            x += width
        # One outline for the whole bar: light parts must not fade into the paper.
        if x > left:
            out.append(
                f'<path d="M{left:.1f} {y:.1f}h{x - left:.1f}v{thick:g}h-{x - left:.1f}z" fill="none" '
                f'stroke="{INK}" stroke-width=".8"/>'
            )
        out.append(write_text(x + 8, y + thick / 2 + 5, bar.value, weight=600))
    out.append(f'<path d="M{left:.1f} {top - 8:g}V{height - 8:g}" stroke="{INK}" stroke-width="1.2"/></svg>')
    return "".join(out)


def draw_swatch_part(colour: str, key: str, *, hatched: bool = False) -> str:
    """Draw the box of a legend: a colour, hatched as the third part of bars is."""
    hatch = (
        f'<defs><pattern id="{key}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0 0v6" stroke="{INK}" stroke-width="1.4" '
        'stroke-opacity=".55"/></pattern></defs>'
        if hatched
        else ""
    )
    box = "M1 1h43v22h-43z"
    over = f'<path d="{box}" fill="url(#{key})"/>' if hatched else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 45 24">{hatch}'
        f'<path d="{box}" fill="{colour}" stroke="{INK}" stroke-width=".8"/>{over}</svg>'
    )


@dataclass(frozen=True, slots=True)
class Curve:
    """ECA against the dispersal distance, and the levels between which it lies.

    Attributes
    ----------
    distance, value : sequence of float
        Increasing distances, > 0, and values at them.
    here : float
        Distance of the study.
    ceiling : float
        Value if all could be reached from everywhere.
    floor : float
        Value if nothing could.
    """

    distance: Sequence[float]
    value: Sequence[float]
    here: float
    ceiling: float
    floor: float

    def read(self, distance: ArrayLike) -> float:
        """Read the curve at a distance, along the logarithm of distances."""
        return float(np.interp(np.log(distance), np.log(self.distance), self.value))


def draw_curve(
    curve: Curve, *, title: str, description: str, key: str, x_title: str, y_title: str, here: str,
    ceiling: str, floor: str, language: str,
) -> str:  # fmt: skip
    """Draw ECA against the dispersal distance, with the study's distance, the ceiling and the floor.

    Parameters
    ----------
    curve : Curve
    title, description : str
        For those who hear the picture.
    key : str
        Prefix of the identifiers inside.
    x_title, y_title, here, ceiling, floor : str
        Words of the axes, of the marked point and of the two levels.
    """
    height, left, right, top, bottom = 430.0, 84.0, 26.0, 50.0, 62.0
    low, high = min(*curve.distance, curve.here), max(*curve.distance, curve.here)
    # Distances are steps of a factor: on a plain axis the first half of them would be one point.
    ranged = math.log(high / low) if high > low else 1.0
    y_high = 1.08 * max(curve.ceiling, *curve.value)

    def place(distance: float, value: float) -> tuple[float, float]:
        x = left + math.log(distance / low) / ranged * (_WIDTH - left - right)
        return x, height - bottom - value / y_high * (height - top - bottom)

    out = [open_svg(_WIDTH, height, title, description, key)]
    ticks = choose_ticks(0.0, y_high)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else y_high
    for tick in ticks:
        _, y = place(low, tick)
        rule = INK if tick == 0 else RULE
        out.append(f'<path d="M{left:g} {y:.1f}H{_WIDTH - right:g}" stroke="{rule}"/>')
        out.append(
            write_text(
                left - 10, y + 5, write_tick(tick, step, language), anchor="end", colour=QUIET, size=14
            )
        )
    _, base = place(low, 0.0)
    previous = -math.inf
    for distance in _list_decades(low, high):
        x, _ = place(distance, 0.0)
        text = format_number(distance, 0 if distance >= 1 else 3, language)
        if x - measure_width(text, 14) / 2 < previous + 10 or x + measure_width(text, 14) / 2 > _WIDTH:
            continue
        previous = x + measure_width(text, 14) / 2
        out.append(f'<path d="M{x:.1f} {base:.1f}v6" stroke="{INK}"/>')
        out.append(write_text(x, base + 23, text, anchor="middle", colour=QUIET, size=14))
    out.append(write_text((left + _WIDTH - right) / 2, height - 12, x_title, anchor="middle"))
    out.append(write_text(8, 20, y_title, colour=QUIET))
    _, roof = place(low, curve.ceiling)
    _, ground = place(low, curve.floor)
    for y, dash in ((roof, "9 5"), (ground, "2 5")):
        out.append(
            f'<path d="M{left:g} {y:.1f}H{_WIDTH - right:g}" stroke="{RUST}" stroke-width="1.8" '
            f'stroke-dasharray="{dash}"/>'
        )
    out.append(write_text(left + 8, roof - 8, ceiling, colour=RUST, halo=True))
    points = [place(d, v) for d, v in zip(curve.distance, curve.value, strict=True)]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    out.append(
        f'<polygon points="{drawn} {points[-1][0]:.1f},{base:.1f} {points[0][0]:.1f},{base:.1f}" '
        'fill="#4b9d52" fill-opacity=".14"/>'
    )
    out.append(
        f'<polyline points="{drawn}" fill="none" stroke="#1d5c33" stroke-width="3" stroke-linejoin="round"/>'
    )
    out.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.4" fill="#1d5c33"/>' for x, y in points)
    # The floor is named below its line, where the curve never goes.
    below = ground + 19 if ground + 24 < base else ground - 8
    out.append(write_text(_WIDTH - right - 6, below, floor, anchor="end", colour=RUST, halo=True))
    value = curve.read(curve.here)
    x, y = place(curve.here, value)
    out.append(
        f'<path d="M{x:.1f} {y:.1f}V{base:.1f}" stroke="{INK}" stroke-width="1.4" stroke-dasharray="3 3"/>'
    )
    out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="#ffffff" stroke="{INK}" stroke-width="3"/>')
    wide = measure_width(here, bold=True)
    at_left = x - left > wide + 24
    label_y = y - 12 if y - 30 > roof else y + 26
    anchor, label_x = ("end", x - 12) if at_left else ("start", x + 14)
    out.append(write_text(label_x, label_y, here, anchor=anchor, weight=600, halo=True))
    return "".join([*out, "</svg>"])


def _list_decades(low: float, high: float) -> list[float]:
    found = []
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        found += [factor * 10.0**power for factor in (1, 2, 5)]
    return [value for value in found if low * 0.999 <= value <= high * 1.001]


def write_percent(value: float, language: str) -> str:
    r"""Write a percentage with the digits that matter.

    >>> write_percent(12.345, "fr"), write_percent(0.004, "fr"), write_percent(0.0, "en")
    ('12,3\xa0%', '<\xa00,01\xa0%', '0%')
    """
    return write_number(value, language) + (f"{NBSP}%" if language == "fr" else "%")


def write_number(value: float, language: str) -> str:
    r"""Write a number with about three digits, and no more decimals than two.

    >>> [write_number(x, "en") for x in (12345.6, 99.96, 12.34, 1.234, 0.123, 0.0)]
    ['12,346', '100', '12.3', '1.23', '0.12', '0']
    >>> write_number(float("nan"), "fr"), write_number(float("inf"), "fr")
    ('–', '∞')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if 0 < size < 0.01:
        return f"{'<' if value > 0 else '>'}{NBSP}{format_number(math.copysign(0.01, value), 2, language)}"
    decimals = 0 if size == 0 or size >= 99.95 else 1 if size >= 9.995 else 2
    text = format_number(value, decimals, language)
    return text.replace("-", "−")


def write_index(value: float, language: str) -> str:
    r"""Write the value of an index with four digits, small ones as a power of ten.

    >>> [write_index(x, "en") for x in (1234567.0, 0.12346, 0.0000123, 12.0)]
    ['1,234,567', '0.1235', '1.230\xa0×\xa010⁻⁵', '12']
    """
    if not math.isfinite(value):
        return write_number(value, language)
    size = abs(value)
    if value == int(value) and size < 1e15:
        return format_number(value, 0, language).replace("-", "−")
    if size < 1e-3:
        power = math.floor(math.log10(size))
        raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{format_number(value / 10.0**power, 3, language)}{NBSP}×{NBSP}10{raised}"
    decimals = max(0, 3 - math.floor(math.log10(size)))
    return format_number(value, min(decimals, 6), language).replace("-", "−")


def describe_parts(intra: float, flux: float, connector: float, language: str) -> str:
    """Say by which of its three roles a patch counts most."""
    name = max((intra, "intra"), (flux, "flux"), (connector, "connector"), key=lambda pair: pair[0])[1]
    return say(f"indices_page.mostly_{name}", language)
