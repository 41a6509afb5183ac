"""Outlines of the sheet's typeface, for the halo of names.

A PDF strokes and fills text letter by letter, so that the halo of each letter would eat into the one before.
The halo is therefore drawn first, from the letters' outlines, and the name as plain text over it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bocage.cartography.labels import LINE_HEIGHT, LabelStyle, PlacedLabel

_FILES = {(400, False): "Regular", (400, True): "Italic", (600, False): "Semibold", (700, False): "Bold"}

_Point = tuple[int, int, bool]


@dataclass(frozen=True)
class Typeface:
    """A TrueType font, read as far as outlines need.

    Attributes
    ----------
    units : int
        Font units in the type size.
    glyphs : mapping of code point to glyph number
    advances : tuple of int
        Advance width of each glyph [font units].
    """

    data: bytes
    tables: dict[str, int]
    units: int
    glyphs: dict[int, int]
    advances: tuple[int, ...]
    locations: tuple[int, ...]

    def advance(self, letter: str) -> int:
        """Give the advance width of a letter [font units]."""
        return self.advances[self.glyphs.get(ord(letter), 0)]

    def contours(self, glyph: int) -> list[list[_Point]]:
        """Give the contours of a glyph: points with whether each lies on the curve [font units]."""
        start = self.tables["glyf"] + self.locations[glyph]
        if self.locations[glyph] == self.locations[glyph + 1]:
            return []
        (count,) = struct.unpack_from(">h", self.data, start)
        return self._simple(start + 10, count) if count >= 0 else self._composite(start + 10)

    def _simple(self, at: int, count: int) -> list[list[_Point]]:
        data = self.data
        ends = struct.unpack_from(f">{count}H", data, at)
        at += 2 * count
        at += 2 + struct.unpack_from(">H", data, at)[0]
        total = ends[-1] + 1 if ends else 0
        flags: list[int] = []
        while len(flags) < total:
            flag = data[at]
            at += 1
            repeat = 1
            if flag & 8:
                repeat += data[at]
                at += 1
            flags += [flag] * repeat
        axes = []
        # For each axis: the bit of a one-byte step, and the bit of its sign or of no step at all.
        for short, same in ((2, 16), (4, 32)):
            value, values = 0, []
            for flag in flags:
                if flag & short:
                    value += data[at] if flag & same else -data[at]
                    at += 1
                elif not flag & same:
                    value += struct.unpack_from(">h", data, at)[0]
                    at += 2
                values.append(value)
            axes.append(values)
        points = [(x, y, bool(flag & 1)) for x, y, flag in zip(*axes, flags, strict=True)]
        starts = (0, *(end + 1 for end in ends[:-1]))
        return [points[start : end + 1] for start, end in zip(starts, ends, strict=True)]

    def _composite(self, at: int) -> list[list[_Point]]:
        contours = []
        more = True
        while more:
            flags, glyph = struct.unpack_from(">HH", self.data, at)
            at += 4
            # Bit 0: words, not bytes; bit 1: they are a shift. Letters with accents use nothing else.
            dx, dy = struct.unpack_from(">hh" if flags & 1 else ">bb", self.data, at)
            at += 4 if flags & 1 else 2
            at += 2 if flags & 8 else 4 if flags & 64 else 8 if flags & 128 else 0
            if not flags & 2:
                dx = dy = 0
            contours += [[(x + dx, y + dy, on) for x, y, on in part] for part in self.contours(glyph)]
            more = bool(flags & 32)
        return contours


def draw_halo(label: PlacedLabel) -> str:
    """Draw the halo of a name as an SVG path; empty when its style has none."""
    style = label.style
    if style.halo is None:
        return ""
    face = _face(style)
    scale = style.size / face.units
    middle = (len(label.lines) - 1) / 2
    written = []
    for number, line in enumerate(label.lines):
        spacing = style.spacing * face.units
        length = sum(face.advance(letter) for letter in line) + spacing * max(len(line) - 1, 0)
        pen = -length / 2
        # Font units have y upwards.
        down = round(-((number - middle) * LINE_HEIGHT + 0.33) * face.units)
        for letter in line:
            for x, y, outline in _outlines(style.weight, style.italic, letter):
                written.append(f"M{round(pen) + x} {down + y}{outline}")
            pen += face.advance(letter) + spacing
    turn = "" if label.angle == 0 else f" rotate({label.angle:.2f})"
    return (
        f'<path transform="translate({label.x:.2f} {label.y:.2f}){turn} scale({scale:.6f} {-scale:.6f})" '
        f'd="{"".join(written)}" fill="{style.halo}" stroke="{style.halo}" '
        f'stroke-width="{style.halo_width / scale:.0f}" stroke-linejoin="round"/>'
    )


@cache
def read_typeface(name: str) -> Typeface:
    """Read one of the sheet's fonts: ``Regular``, ``Italic``, ``Semibold`` or ``Bold``.

    >>> face = read_typeface("Regular")
    >>> face.units, face.advance("m") > face.advance("l"), len(face.contours(face.glyphs[ord("i")]))
    (1000, True, 2)
    """
    data = files("bocage.atlas").joinpath("fonts", f"BocageSans-{name}.ttf").read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {}
    for i in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * i)
        tables[tag.decode("ascii")] = offset
    (units,) = struct.unpack_from(">H", data, tables["head"] + 18)
    (long_locations,) = struct.unpack_from(">h", data, tables["head"] + 50)
    (glyph_count,) = struct.unpack_from(">H", data, tables["maxp"] + 4)
    if long_locations:
        locations = struct.unpack_from(f">{glyph_count + 1}I", data, tables["loca"])
    else:
        locations = tuple(
            2 * half for half in struct.unpack_from(f">{glyph_count + 1}H", data, tables["loca"])
        )
    (metric_count,) = struct.unpack_from(">H", data, tables["hhea"] + 34)
    metrics = struct.unpack_from(">" + "Hh" * metric_count, data, tables["hmtx"])[::2]
    advances = (*metrics, *(metrics[-1:] * (glyph_count - metric_count)))
    return Typeface(data, tables, units, _read_cmap(data, tables["cmap"]), advances, locations)


def _read_cmap(data: bytes, table: int) -> dict[int, int]:
    (count,) = struct.unpack_from(">H", data, table + 2)
    found: dict[int, int] = {}
    for i in range(count):
        start = table + struct.unpack_from(">HHI", data, table + 4 + 8 * i)[2]
        # Format 4, the one for the first 65 536 code points, is in every font.
        if struct.unpack_from(">H", data, start)[0] != 4:
            continue
        segments = struct.unpack_from(">H", data, start + 6)[0] // 2
        ends = struct.unpack_from(f">{segments}H", data, start + 14)
        starts = struct.unpack_from(f">{segments}H", data, start + 16 + 2 * segments)
        deltas = struct.unpack_from(f">{segments}h", data, start + 16 + 4 * segments)
        ranges_at = start + 16 + 6 * segments
        ranges = struct.unpack_from(f">{segments}H", data, ranges_at)
        for segment in range(segments):
            for code in range(starts[segment], min(ends[segment], 0xFFFE) + 1):
                if ranges[segment] == 0:
                    glyph = (code + deltas[segment]) & 0xFFFF
                else:
                    at = ranges_at + 2 * segment + ranges[segment] + 2 * (code - starts[segment])
                    (glyph,) = struct.unpack_from(">H", data, at)
                    glyph = (glyph + deltas[segment]) & 0xFFFF if glyph else 0
                if glyph:
                    found[code] = glyph
    return found


def _face(style: LabelStyle) -> Typeface:
    return read_typeface(_FILES.get((style.weight, style.italic), "Regular"))


@cache
def _outlines(weight: int, italic: bool, letter: str) -> tuple[tuple[int, int, str], ...]:
    """Write the contours of a letter: where each starts, and its curves from there."""
    face = read_typeface(_FILES.get((weight, italic), "Regular"))
    contours = face.contours(face.glyphs.get(ord(letter), 0))
    return tuple(_write_contour(points) for points in contours if len(points) > 2)


def _write_contour(points: list[_Point]) -> tuple[int, int, str]:
    # Two control points in a row have a point of the curve halfway between them.
    whole: list[_Point] = []
    for i, point in enumerate(points):
        before = points[i - 1]
        if not point[2] and not before[2]:
            whole.append(((point[0] + before[0]) // 2, (point[1] + before[1]) // 2, True))
        whole.append(point)
    first = next(i for i, point in enumerate(whole) if point[2])
    whole = [*whole[first:], *whole[:first]]
    whole.append(whole[0])
    x, y = whole[0][:2]
    written = []
    control: tuple[int, int] | None = None
    for px, py, on in whole[1:]:
        if not on:
            control = (px, py)
            continue
        if control is None:
            written.append(f"l{px - x} {py - y}")
        else:
            written.append(f"q{control[0] - x} {control[1] - y} {px - x} {py - y}")
        x, y, control = px, py, None
    return whole[0][0], whole[0][1], "".join(written) + "z"
