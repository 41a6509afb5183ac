"""Names on the map: measured, placed in order of importance, never one over another."""

from __future__ import annotations

import math
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray

from bocage.cartography.frame import MapFrame

Weight = Literal[400, 600, 700]

LINE_HEIGHT = 1.12
_CAP_HEIGHT = 0.66
# A word of ordinary letters rises this much above and falls this much below its middle.
_HALF_HEIGHT = 0.52
# Straightness a name along a line asks for: chord over length.
_STRAIGHT = 0.94
_GRID = 9


@dataclass(frozen=True, slots=True)
class LabelStyle:
    """How a name is written.

    Attributes
    ----------
    size : float
        Type size [mm]; 2.5 mm is 7 points.
    colour : str
    weight : {400, 600, 700}
    italic : bool
    spacing : float
        Space added between letters, as a share of the size.
    halo : str, optional
        Colour of the rim that parts the name from what lies under it.
    halo_width : float
        Width of the halo's stroke, half of it outside the letters [mm].
    """

    size: float
    colour: str = "#1a1a1a"
    weight: Weight = 400
    italic: bool = False
    spacing: float = 0.0
    halo: str | None = "#ffffff"
    halo_width: float = 0.7


@dataclass(frozen=True)
class Label:
    """A name to place.

    Attributes
    ----------
    text : str
    geometry : shapely geometry
        What is named, in the CRS of the frame.
    style : LabelStyle
    priority : int
        The lowest is placed first.
    required : bool
        Place it even where it does not fit inside its polygon.
    """

    text: str
    geometry: Any
    style: LabelStyle
    priority: int = 0
    required: bool = False


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A name and its place on paper.

    Attributes
    ----------
    lines : tuple of str
    x, y : float
        Centre of the name, right of and below the corner of the frame [mm].
    angle : float
        Turn, clockwise as seen on paper [degrees].
    width, height : float
        Room it takes, unturned [mm].
    style : LabelStyle
    """

    lines: tuple[str, ...]
    x: float
    y: float
    angle: float
    width: float
    height: float
    style: LabelStyle

    @property
    def baselines(self) -> tuple[float, ...]:
        """Distance of each line's baseline below the centre [mm]."""
        size = self.style.size
        middle = (len(self.lines) - 1) / 2
        return tuple(
            (i - middle) * LINE_HEIGHT * size + _CAP_HEIGHT * size / 2 for i in range(len(self.lines))
        )

    @property
    def box(self) -> Any:
        """The room it takes on paper, as a shapely polygon [mm]."""
        return _boxes(np.array([[self.x, self.y, self.angle, self.width, self.height]]))[0]


def measure_text(text: str, style: LabelStyle) -> float:
    """Measure the length of a line of text [mm].

    >>> measure_text("ll", LabelStyle(10.0)) < measure_text("mm", LabelStyle(10.0))
    True
    """
    advances = _advances(style.weight)
    widths = sum(advances.get(_base(letter), 600) for letter in text)
    return widths / 1000.0 * style.size + style.spacing * style.size * max(len(text) - 1, 0)


def break_text(text: str, style: LabelStyle) -> tuple[str, ...]:
    """Break a name in the two lines of most equal length; one line when it cannot be broken.

    >>> break_text("Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson", LabelStyle(3.0))
    ('Saint-Remy-en-Bouzemont-', 'Saint-Genest-et-Isson')
    """
    best: tuple[float, tuple[str, ...]] | None = None
    for i, letter in enumerate(text[:-1]):
        if i == 0 or letter not in " -":
            continue
        # A hyphen stays at the end of the first line, a space goes.
        lines: tuple[str, ...] = (text[: i + (letter == "-")], text[i + 1 :])
        longest = max(measure_text(line, style) for line in lines)
        if best is None or longest < best[0]:
            best = (longest, lines)
    return (text,) if best is None else best[1]


def place_labels(
    labels: Iterable[Label],
    frame: MapFrame,
    *,
    avoid: Sequence[Any] = (),
    gap_mm: float = 0.9,
    inset_mm: float = 1.0,
) -> list[PlacedLabel]:
    """Place names one after the other where there is room; those without room are left out.

    Deterministic: by priority, then the larger object, then the text. Names of polygons lie inside
    them as far as possible, names of lines run along them, names of points stand beside them.

    Parameters
    ----------
    labels : iterable of Label
    frame : MapFrame
    avoid : sequence of shapely geometries
        Points and lines better left uncovered; a name goes there only where it has no other place.
    gap_mm : float
        Least distance between names [mm].
    inset_mm : float
        Least distance from the frame [mm].

    Returns
    -------
    list of PlacedLabel
        In the order placed. Their boxes do not overlap and lie inside the frame.
    """
    room = shapely.box(inset_mm, inset_mm, frame.width_mm - inset_mm, frame.height_mm - inset_mm)
    shapely.prepare(room)
    kept_clear = _avoid_tree(avoid, frame)
    placed: list[PlacedLabel] = []
    taken: list[Any] = []
    wanted = [(label, _cut(label.geometry, frame, inset_mm)) for label in labels if label.text.strip()]
    wanted.sort(key=lambda pair: (pair[0].priority, -_extent(pair[1]), pair[0].text))
    for label, shape in wanted:
        if shape is None:
            continue
        candidates = list(_candidates(label, shape))
        if not candidates:
            continue
        places = np.array([place for _, place, _ in candidates])
        boxes = _boxes(places)
        widened = _boxes(places + np.array([0.0, 0.0, 0.0, 2 * gap_mm, 2 * gap_mm]))
        free = shapely.contains_properly(room, boxes)
        for other in taken:
            free &= ~shapely.intersects(widened, other)
        if not free.any():
            continue
        cost = np.array([penalty for _, _, penalty in candidates])
        if kept_clear is not None:
            hits = kept_clear.query(boxes, predicate="intersects")[0]
            # Covering one thing is worse than any position; covering many is hardly worse than covering one.
            cost = cost + np.sqrt(np.bincount(hits, minlength=len(boxes)))
        cost[~free] = math.inf
        chosen = int(np.argmin(cost))
        x, y, angle, width, height = places[chosen].tolist()
        placed.append(PlacedLabel(candidates[chosen][0], x, y, angle, width, height, label.style))
        taken.append(boxes[chosen])
    return placed


_Place = tuple[float, float, float, float, float]


def _candidates(label: Label, shape: Any) -> Iterator[tuple[tuple[str, ...], _Place, float]]:
    style = label.style
    settings: list[tuple[tuple[str, ...], float]] = [((label.text,), measure_text(label.text, style))]
    kind = shapely.get_type_id(shape)
    if kind == 3:
        lines = break_text(label.text, style)
        if len(lines) > 1:
            settings.append((lines, max(measure_text(line, style) for line in lines)))
    for lines, width in settings:
        height = style.size * (2 * _HALF_HEIGHT + (len(lines) - 1) * LINE_HEIGHT)
        if kind == 0:
            yield from ((lines, place, 0.01 * i) for i, place in enumerate(_beside(shape, width, height)))
        elif kind == 3:
            # Two lines only where one does not fit.
            handicap = 0.02 * (len(lines) - 1)
            yield from (
                (lines, place, cost + handicap) for place, cost in _inside(label, shape, width, height)
            )
        else:
            yield from ((lines, place, 0.01 * i) for i, place in enumerate(_along(shape, width, height)))


def _beside(point: Any, width: float, height: float, distance: float = 1.8) -> Iterator[_Place]:
    x, y = point.x, point.y
    side, over, slant = distance + width / 2, distance + height / 2, 0.7 * distance
    yield (x + side, y, 0.0, width, height)
    yield (x - side, y, 0.0, width, height)
    yield (x, y - over, 0.0, width, height)
    yield (x, y + over, 0.0, width, height)
    for right, down in ((1, -1), (1, 1), (-1, -1), (-1, 1)):
        yield (x + right * (slant + width / 2), y + down * (slant + height / 2), 0.0, width, height)


def _inside(label: Label, polygon: Any, width: float, height: float) -> Iterator[tuple[_Place, float]]:
    left, top, right, bottom = polygon.bounds
    steps = (np.arange(_GRID) + 0.5) / _GRID
    x, y = np.meshgrid(left + steps * (right - left), top + steps * (bottom - top))
    points = np.column_stack([x.ravel(), y.ravel()])
    points = points[shapely.contains_xy(polygon, points)]
    inner = polygon.representative_point()
    points = np.vstack([points, [(inner.x, inner.y)]])
    places = np.column_stack(
        [points, np.zeros(len(points)), np.full(len(points), width), np.full(len(points), height)]
    )
    boxes = _boxes(places)
    held = shapely.area(shapely.intersection(boxes, polygon)) / (width * height)
    if not label.required:
        places, held, points = places[held > 0.8], held[held > 0.8], points[held > 0.8]
    centre = polygon.centroid
    reach = math.hypot(right - left, bottom - top) or 1.0
    away = np.hypot(points[:, 0] - centre.x, points[:, 1] - centre.y) / reach
    for place, share, distance in zip(places.tolist(), held.tolist(), away.tolist(), strict=True):
        yield (place[0], place[1], place[2], place[3], place[4]), 4.0 * (1.0 - share) + 0.5 * distance


def _along(line: Any, width: float, height: float) -> Iterator[_Place]:
    length = line.length
    if length < 1.1 * width:
        return
    half = width / 2
    for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.12, 0.88, 0.45, 0.55, 0.35, 0.65, 0.25, 0.75):
        middle = half + share * (length - width)
        start, end = line.interpolate(middle - half), line.interpolate(middle + half)
        chord = math.hypot(end.x - start.x, end.y - start.y)
        if chord < _STRAIGHT * width:
            continue
        angle = math.degrees(math.atan2(end.y - start.y, end.x - start.x))
        if angle > 90 or angle <= -90:
            angle -= math.copysign(180.0, angle)
        # The name stands off the line by the line's own bulge, on the upper side.
        turn = math.radians(angle)
        up = (math.sin(turn), -math.cos(turn))
        stretch = shapely.ops.substring(line, middle - half, middle + half)
        rise = (shapely.get_coordinates(stretch) - (start.x, start.y)) @ np.array(up)
        offset = max(float(rise.max()), 0.0) + height / 2 + 0.5
        if offset > 2.2 * height:
            continue
        x, y = (start.x + end.x) / 2 + up[0] * offset, (start.y + end.y) / 2 + up[1] * offset
        yield (x, y, angle, width, height)


def _cut(geometry: Any, frame: MapFrame, inset_mm: float) -> Any:
    """Bring a geometry to paper and keep its largest part inside the frame."""
    if geometry is None or geometry.is_empty:
        return None
    west, south, east, north = frame.grown(-inset_mm)
    if shapely.get_dimensions(geometry) == 0:
        parts = shapely.get_parts(geometry)
    else:
        cut = shapely.clip_by_rect(geometry, west, south, east, north)
        cut = shapely.simplify(cut, 0.2 * frame.metres_per_mm)
        if shapely.get_dimensions(cut) == 1:
            cut = shapely.line_merge(cut)
        parts = shapely.get_parts(cut)
    parts = parts[np.isin(shapely.get_type_id(parts), (0, 1, 3)) & ~shapely.is_empty(parts)]
    if len(parts) == 0:
        return None
    parts = shapely.transform(parts, frame.to_paper)
    parts = parts[np.argsort([-_extent(part) for part in parts], kind="stable")]
    part = parts[0]
    if shapely.get_type_id(part) == 0 and not (
        0 <= part.x <= frame.width_mm and 0 <= part.y <= frame.height_mm
    ):
        return None
    return shapely.make_valid(part) if not part.is_valid else part


def _extent(shape: Any) -> float:
    if shape is None:
        return 0.0
    return round(float(shape.area or shape.length), 3)


def _avoid_tree(avoid: Sequence[Any], frame: MapFrame) -> shapely.STRtree | None:
    if len(avoid) == 0:
        return None
    shapes = np.asarray(avoid, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    points = shapely.get_dimensions(shapes) == 0
    # Long lines are cut to the frame first: a name asks only about those near it.
    shapes[~points] = shapely.clip_by_rect(shapes[~points], *frame.bounds)
    shapes = shapely.transform(shapely.simplify(shapes, 0.2 * frame.metres_per_mm), frame.to_paper)
    # A point is drawn as a marker some millimetres wide, a line as a stroke.
    return shapely.STRtree(shapely.buffer(shapes, np.where(points, 1.6, 0.6), quad_segs=2))


def _boxes(places: NDArray[np.float64]) -> NDArray[Any]:
    """Make the (turned) rectangles of (n, 5) x, y, angle, width, height."""
    x, y, angle, width, height = places.T
    turn = np.radians(angle)
    along = np.column_stack([np.cos(turn), np.sin(turn)]) * (width / 2)[:, None]
    across = np.column_stack([-np.sin(turn), np.cos(turn)]) * (height / 2)[:, None]
    centre = np.column_stack([x, y])
    rings = np.stack(
        [centre - along - across, centre + along - across, centre + along + across, centre - along + across],
        axis=1,
    )
    return np.asarray(shapely.polygons(rings), dtype=object)


def _base(letter: str) -> str:
    if letter.isascii():
        return letter
    return unicodedata.normalize("NFD", letter)[0]


@cache
def _advances(weight: Weight) -> dict[str, int]:
    text = files("bocage.cartography").joinpath("advances.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    name = {400: "regular", 600: "semibold", 700: "bold"}[weight]
    return dict(zip(table["characters"], table[name], strict=True))
