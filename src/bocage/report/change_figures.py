"""Figures of the page of change: SVG drawn by hand, told apart in grey and by colour-blind readers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import numpy as np

from bocage.units import format_number
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# Blue and vermilion of Okabe and Ito, told apart by all.
KEPT, LOST, GAINED = "#b9c8a6", "#d55e00", "#0072b2"
_INK, _QUIET, _GRID = "#23241f", "#565950", "#d9d7cb"
_WIDTH, _HEIGHT = 760, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 28, 24, 64
_MAP_WIDTH = 900
_LABEL_WIDTH, _ROW = 262, 24


def draw_change(points: Sequence[tuple[str, float, float]], language: str) -> str:
    """Draw dECA against dA [%], a point a network, with the diagonal on which both move alike.

    Returns
    -------
    str
        SVG; empty without points.
    """
    if not points:
        return ""
    values = [value for _, area, eca in points for value in (area, eca)]
    step = _choose_step(max(1.0, *map(abs, values)) * 1.15)
    low = min(-1, math.floor(min(0.0, *values) * 1.12 / step)) * step
    high = max(1, math.ceil(max(0.0, *values) * 1.12 / step)) * step
    side = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(area: float, eca: float) -> tuple[float, float]:
        return (
            _LEFT + (area - low) / (high - low) * side[0],
            _TOP + (high - eca) / (high - low) * side[1],
        )

    (x0, y0), (x1, y1) = place(low, low), place(high, high)
    across, up = (say(f"indices_ground.change_axis_{key}", language) for key in ("area", "eca"))
    out = [_open(_WIDTH, _HEIGHT, f"{across}, {up}")]
    out.append(f'<path d="M{x0:.1f},{y0:.1f} {x1:.1f},{y1:.1f} {x1:.1f},{y0:.1f}Z" fill="#f7e6da"/>')
    out.append(f'<path d="M{x0:.1f},{y0:.1f} {x0:.1f},{y1:.1f} {x1:.1f},{y1:.1f}Z" fill="#e3eef5"/>')
    count = round((high - low) / step)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    for k in range(count + 1):
        value = low + k * step
        (x, y) = place(value, value)
        zero = abs(value) < step / 2
        colour, width = (_INK, 1.4) if zero else (_GRID, 1)
        out.append(_line(x, y0, x, y1, colour, width))
        out.append(_line(x0, y, x1, y, colour, width))
        text = format_number(0.0 if zero else value, decimals, language).replace("-", "−")
        out.append(_text(x, y0 + 22, text, anchor="middle", colour=_QUIET))
        out.append(_text(x0 - 9, y + 5, text, anchor="end", colour=_QUIET))
    out.append(_line(x0, y0, x1, y1, _QUIET, 1, dash="6 4"))
    better, worse = (say(f"indices_ground.change_{key}", language) for key in ("better", "worse"))
    out.append(_text(x0 + 12, y1 + 24, better, colour="#00517f", italic=True))
    out.append(_text(x1 - 12, y0 - 12, worse, colour="#9a4300", anchor="end", italic=True))
    out.append(_text((x0 + x1) / 2, _HEIGHT - 14, across, anchor="middle"))
    out.append(
        f'<text transform="translate(20 {(y0 + y1) / 2:.1f}) rotate(-90)" text-anchor="middle" '
        f'fill="{_INK}">{escape(up)}</text>'
    )
    taken: list[tuple[float, float]] = []
    for name, area, eca in sorted(points, key=lambda point: (-point[2], point[0])):
        x, y = place(area, eca)
        colour = GAINED if eca > area else LOST if eca < area else _QUIET
        out.append(_dot(x, y, 7, colour, "#fff", 1.5))
        right = x < _LEFT + 0.6 * side[0]
        at = y + 5
        # Labels of points close together go one below the other.
        while any(abs(at - other) < 18 and abs(x - near) < 220 for near, other in taken):
            at += 18
        taken.append((x, at))
        out.append(_text(x + (12 if right else -12), at, name, anchor="start" if right else "end", bold=True))
    out.append("</svg>")
    return "\n".join(out)


def draw_mesh(points: Sequence[tuple[str, float, float]], language: str) -> str:
    """Draw a figure of each territory before and after, a line a territory.

    Returns
    -------
    str
        SVG; empty without points.
    """
    if not points:
        return ""
    top = max(*(value for _, old, new in points for value in (old, new)), 1e-9)
    step = _choose_step(top)
    end = math.ceil(top / step + 1e-9) * step
    height = 18 + _ROW * len(points) + 34
    span = _WIDTH - _LABEL_WIDTH - 40

    def place(value: float) -> float:
        return _LABEL_WIDTH + value / end * span

    out = [_open(_WIDTH, height, say("indices_ground.change_cbc", language))]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    for k in range(round(end / step) + 1):
        x, text = place(k * step), format_number(k * step, decimals, language)
        out.append(_line(x, 8, x, height - 30, _INK if k == 0 else _GRID, 1))
        out.append(_text(x, height - 10, text, anchor="middle", colour=_QUIET))
    for row, (name, old, new) in enumerate(points):
        y = 18 + _ROW * (row + 0.5) - 6
        colour = GAINED if new > old else LOST if new < old else _QUIET
        out.append(_text(_LABEL_WIDTH - 12, y + 5, _cut_name(name), anchor="end"))
        out.append(_line(place(old), y, place(new), y, colour, 3))
        out.append(_dot(place(old), y, 5, "#fff", colour, 2))
        out.append(_dot(place(new), y, 5.5, colour, colour, 0))
    out.append("</svg>")
    return "\n".join(out)


def draw_patches(before: GeoDataFrame, after: GeoDataFrame, key: str, language: str) -> str:
    """Draw the ground that patches kept, lost (hatched) and gained between two dates.

    Parameters
    ----------
    before, after : GeoDataFrame
        Polygons in one projected CRS.
    key : str
        Makes the ids of the drawing unique in its page.

    Returns
    -------
    str
        SVG; empty where there is nothing to draw.
    """
    import shapely

    old, new = before.geometry.to_numpy(), after.geometry.to_numpy()
    bounds = shapely.total_bounds(np.concatenate([old, new]))
    if not np.isfinite(bounds).all():
        return ""
    west, south, east, north = bounds.tolist()
    scale = (_MAP_WIDTH - 20) / max(east - west, (north - south) / 1.1, 1e-9)
    height = (north - south) * scale + 20
    width = (east - west) * scale + 20
    one, other = shapely.STRtree(new).query(old, predicate="intersects")
    kept = shapely.intersection(old[one], new[other])

    def trace(shapes: Any) -> str:
        shapes = shapely.simplify(shapes, 0.4 / scale)
        parts = shapely.get_parts(shapely.get_parts(shapes))
        parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
        rings = shapely.get_rings(parts)
        xy, ring = shapely.get_coordinates(rings, return_index=True)
        xy = np.column_stack([(xy[:, 0] - west) * scale + 10, (north - xy[:, 1]) * scale + 10])
        texts = [f"{x:.1f},{y:.1f}" for x, y in xy.tolist()]
        ends = np.searchsorted(ring, np.arange(len(rings) + 1)).tolist()
        spans = [(a, b) for a, b in pairwise(ends) if b - a > 3]
        return "".join(f"M{' '.join(texts[a:b])}Z" for a, b in spans)

    title = say("indices_ground.change_map", language)
    return "\n".join(
        [
            _open(width, height, title),
            f'<defs><pattern id="{key}h" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="6" height="6" fill="#f6cdb0"/>'
            f'<rect width="2.4" height="6" fill="{LOST}"/></pattern></defs>',
            # What both dates hold is drawn over the two: what still shows was lost or gained.
            f'<path d="{trace(old)}" fill="url(#{key}h)" fill-rule="evenodd"/>',
            f'<path d="{trace(new)}" fill="{GAINED}" fill-rule="evenodd"/>',
            f'<path d="{trace(kept)}" fill="{KEPT}" stroke="{KEPT}" stroke-width=".6" fill-rule="evenodd"/>',
            "</svg>",
        ]
    )


def _choose_step(top: float, most: int = 6) -> float:
    """Choose a round step that goes no more than ``most`` times into ``top``.

    >>> _choose_step(47.0)
    10.0
    """
    step = 10.0 ** math.floor(math.log10(top / most))
    return float(next(step * factor for factor in (1, 2, 5, 10) if top / (step * factor) <= most))


def _cut_name(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def _open(width: float, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'font-family="inherit" font-size="15"><title>{escape(title)}</title>'
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>'
    )


def _line(
    x0: float, y0: float, x1: float, y1: float, colour: str, width: float, *, dash: str = ""
) -> str:  # fmt: skip
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    path = f"M{x0:.1f},{y0:.1f} {x1:.1f},{y1:.1f}"
    return f'<path d="{path}" stroke="{colour}" stroke-width="{width:g}" fill="none"{dashed}/>'


def _dot(x: float, y: float, radius: float, fill: str, stroke: str, width: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{width:g}"/>'
    )


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", colour: str = _INK, bold: bool = False,
    italic: bool = False,
) -> str:  # fmt: skip
    # A white rim keeps the words readable over lines.
    style = (' font-weight="700" stroke="#fff" stroke-width="4" paint-order="stroke"' if bold else "") + (
        ' font-style="italic"' if italic else ""
    )
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{style}>{escape(text)}</text>'
    )
