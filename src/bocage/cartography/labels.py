"""Names on the map: measured, placed in order of importance, never one over another."""

from __future__ import annotations

import math
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations, pairwise
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
# A line is followed in steps of this length, its turns softened over the other [mm].
_STEP_MM = 0.5
_SOFT_MM = 1.5
# Largest turn from one word to the next, and from the first word to the last [degrees].
_WORD_TURN = 28.0
_NAME_TURN = 80.0
# Stretches of one line on which its name is tried.
_MOST_PARTS = 6
_MOST_COPIES = 12


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
    repeat_mm : float
        Write the name of a line again wherever this far from its other copies; 0 for once only [mm].
    """

    text: str
    geometry: Any
    style: LabelStyle
    priority: int = 0
    required: bool = False
    repeat_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A name, or one word of a name that follows a bent line, and its place on paper.

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
    name : str
        The whole name.
    """

    lines: tuple[str, ...]
    x: float
    y: float
    angle: float
    width: float
    height: float
    style: LabelStyle
    name: str = ""

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
    them as far as possible, names of lines run along them, names of points stand beside them. Where a line
    is bent, the words of its name follow it one by one.

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
    kept_clear = _KeptClear.make(avoid, frame)
    placed: list[PlacedLabel] = []
    taken: list[Any] = []
    wanted = [(label, _cut(label.geometry, frame, inset_mm)) for label in labels if label.text.strip()]
    wanted.sort(key=lambda pair: (pair[0].priority, -_extent(pair[1]), pair[0].text))
    for label, parts in wanted:
        candidates = [candidate for part in parts for candidate in _candidates(label, part)]
        if not candidates:
            continue
        # A candidate is one box or, on a bent line, one for each word.
        owner = np.repeat(np.arange(len(candidates)), [len(pieces) for pieces, _ in candidates])
        places = np.array([place for pieces, _ in candidates for _, place in pieces])
        boxes = _boxes(places)
        widened = _boxes(places + np.array([0.0, 0.0, 0.0, 2 * gap_mm, 2 * gap_mm]))
        clear = shapely.contains_properly(room, boxes)
        for other in taken:
            clear &= ~shapely.intersects(widened, other)
        cost = np.array([penalty for _, penalty in candidates])
        hits = owner[kept_clear.find_hits(boxes)]
        # Covering one thing is worse than any position; covering many is hardly worse than covering one.
        cost = cost + np.sqrt(np.bincount(hits, minlength=len(candidates)))
        cost[owner[~clear]] = math.inf
        middle = np.array([np.mean([place[:2] for _, place in pieces], axis=0) for pieces, _ in candidates])
        for _ in range(_MOST_COPIES):
            chosen = int(np.argmin(cost))
            if math.isinf(cost[chosen]):
                break
            for lines, (x, y, angle, width, height) in candidates[chosen][0]:
                placed.append(PlacedLabel(lines, x, y, angle, width, height, label.style, label.text))
            taken += list(boxes[owner == chosen])
            if label.repeat_mm <= 0:
                break
            away = np.hypot(*(middle - middle[chosen]).T)
            cost[away < label.repeat_mm] = math.inf
    return placed


_Place = tuple[float, float, float, float, float]


_Pieces = tuple[tuple[tuple[str, ...], _Place], ...]


def _candidates(label: Label, shape: Any) -> Iterator[tuple[_Pieces, float]]:
    """Give the places where a name could stand, each as its pieces and a cost."""
    style = label.style
    width = measure_text(label.text, style)
    height = style.size * 2 * _HALF_HEIGHT
    kind = shapely.get_type_id(shape)
    if kind == 0:
        for i, place in enumerate(_beside(shape, width, height)):
            yield (((label.text,), place),), 0.01 * i
    elif kind == 3:
        settings: list[tuple[tuple[str, ...], float]] = [((label.text,), width)]
        broken = break_text(label.text, style)
        if len(broken) > 1:
            settings.append((broken, max(measure_text(line, style) for line in broken)))
        for lines, length in settings:
            # Two lines only where one does not fit.
            handicap = 0.02 * (len(lines) - 1)
            tall = height + style.size * (len(lines) - 1) * LINE_HEIGHT
            for place, cost in _inside(label, shape, length, tall):
                yield ((lines, place),), cost + handicap
    else:
        yield from _along(label, shape, width, height)


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


def _along(label: Label, line: Any, width: float, height: float) -> Iterator[tuple[_Pieces, float]]:
    """Set a name along a line: in one piece where it is straight, word by word where it bends gently."""
    course = _soften(line)
    length = course.length
    if length < 1.1 * width:
        return
    words = label.text.split()
    space = measure_text("x x", label.style) - measure_text("xx", label.style)
    widths = [measure_text(word, label.style) for word in words]
    shares: tuple[float, ...] = (
        0.5,
        0.4,
        0.6,
        0.3,
        0.7,
        0.2,
        0.8,
        0.12,
        0.88,
        0.45,
        0.55,
        0.35,
        0.65,
        0.25,
        0.75,
    )
    if label.repeat_mm > 0:
        # A long line that is named again asks for places all along it.
        count = max(int((length - width) / (0.5 * width)), 1)
        shares += tuple((i + 0.5) / count for i in range(min(count, 60)))
    for i, share in enumerate(shares):
        start = share * (length - width)
        place = _set_piece(course, line, start, width, height)
        if place is not None:
            yield (((label.text,), place),), 0.01 * min(i, 15)
        elif len(words) > 1:
            pieces = _set_words(course, line, start, words, widths, space, height)
            if pieces is not None:
                yield pieces, 0.4 + 0.01 * min(i, 15)


def _set_piece(course: Any, line: Any, start: float, width: float, height: float) -> _Place | None:
    """Set a straight piece above a stretch of a line; nothing where that is too bent."""
    first, last = course.interpolate(start), course.interpolate(start + width)
    run = (last.x - first.x, last.y - first.y)
    if math.hypot(*run) < _STRAIGHT * width:
        return None
    angle = math.degrees(math.atan2(run[1], run[0]))
    if angle > 90 or angle <= -90:
        angle -= math.copysign(180.0, angle)
    # The name stands off the line by the line's own bulge, on the upper side.
    turn = math.radians(angle)
    up = (math.sin(turn), -math.cos(turn))
    offset = _rise(course, line, start, width, (first.x, first.y), up) + height / 2 + 0.5
    if offset > 2.2 * height:
        return None
    x, y = (first.x + last.x) / 2 + up[0] * offset, (first.y + last.y) / 2 + up[1] * offset
    return (x, y, angle, width, height)


def _set_words(
    course: Any, line: Any, start: float, words: list[str], widths: list[float], space: float, height: float
) -> _Pieces | None:
    """Set each word of a name above its own stretch of a line; nothing where it bends too much."""
    whole = sum(widths) + space * (len(words) - 1)
    backwards = course.interpolate(start + whole).x < course.interpolate(start).x
    at = start
    places = []
    for width in reversed(widths) if backwards else widths:
        place = _set_piece(course, line, at, width, height)
        if place is None:
            return None
        places.append(place)
        at += width + space
    if backwards:
        places.reverse()
    angles = [place[2] for place in places]
    turns = [abs((b - a + 180) % 360 - 180) for a, b in pairwise(angles)]
    if max(turns) > _WORD_TURN or max(angles) - min(angles) > _NAME_TURN:
        return None
    # Words on the inner side of a bend come closer: they must not touch.
    boxes = _boxes(np.array(places))
    if any(one.intersects(other) for one, other in combinations(boxes, 2)):
        return None
    return tuple(((word,), place) for word, place in zip(words, places, strict=True))


def _rise(
    course: Any, line: Any, start: float, width: float, origin: tuple[float, float], up: tuple[float, float]
) -> float:
    """Measure how far a stretch of the line itself, not of its softened course, rises above a chord [mm]."""
    ratio = line.length / course.length
    stretch = shapely.ops.substring(line, start * ratio, (start + width) * ratio)
    return max(float(((shapely.get_coordinates(stretch) - origin) @ np.array(up)).max()), 0.0)


def _soften(line: Any) -> Any:
    """Follow a line in even steps and soften its turns, as the eye does."""
    from scipy.ndimage import gaussian_filter1d

    count = max(round(line.length / _STEP_MM), 1)
    points = shapely.line_interpolate_point(line, np.linspace(0.0, 1.0, count + 1), normalized=True)
    coordinates = shapely.get_coordinates(points)
    soft = gaussian_filter1d(coordinates, _SOFT_MM / _STEP_MM, axis=0, mode="nearest")
    # The ends stay where they are.
    soft[[0, -1]] = coordinates[[0, -1]]
    return shapely.LineString(soft)


def _cut(geometry: Any, frame: MapFrame, inset_mm: float) -> list[Any]:
    """Bring a geometry to paper: its largest part inside the frame, or the longest few of a line."""
    if geometry is None or geometry.is_empty:
        return []
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
        return []
    parts = shapely.transform(parts, frame.to_paper)
    parts = parts[np.argsort([-_size(part) for part in parts], kind="stable")]
    if shapely.get_type_id(parts[0]) == 1:
        return [part for part in parts[:_MOST_PARTS] if shapely.get_type_id(part) == 1]
    part = parts[0]
    if shapely.get_type_id(part) == 0 and not (
        0 <= part.x <= frame.width_mm and 0 <= part.y <= frame.height_mm
    ):
        return []
    return [part if part.is_valid else shapely.make_valid(part)]


def _extent(parts: list[Any]) -> float:
    return _size(parts[0]) if parts else 0.0


def _size(shape: Any) -> float:
    return round(float(shape.area or shape.length), 3)


@dataclass(frozen=True)
class _KeptClear:
    """What names had better not cover: points drawn as markers some millimetres wide, lines as strokes."""

    trees: tuple[tuple[shapely.STRtree, float], ...]

    @classmethod
    def make(cls, avoid: Sequence[Any], frame: MapFrame) -> _KeptClear:
        shapes = np.asarray(avoid, dtype=object)
        shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        points = shapely.get_dimensions(shapes) == 0
        # Long lines are cut to the frame first: a name asks only about those near it.
        lines = shapely.simplify(
            shapely.clip_by_rect(shapes[~points], *frame.bounds), 0.2 * frame.metres_per_mm
        )
        groups = ((shapes[points], 1.6), (lines, 0.6))
        return cls(
            tuple(
                (shapely.STRtree(shapely.transform(group, frame.to_paper)), reach)
                for group, reach in groups
                if len(group)
            )
        )

    def find_hits(self, boxes: NDArray[Any]) -> NDArray[np.intp]:
        """Give the box of each pair of a box and a thing within its reach."""
        hits = [tree.query(boxes, predicate="dwithin", distance=reach)[0] for tree, reach in self.trees]
        return np.concatenate([np.empty(0, dtype=np.intp), *hits])


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
