"""Where each block of the sheet stands: rectangles of paper, in millimetres from the upper left corner."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from bocage.cartography.scale import fit_scale
from bocage.errors import InputError
from bocage.grid import Bounds

SheetFormat = Literal["a4", "a3"]
Orientation = Literal["portrait", "landscape"]

_PAPER = {"a4": (210.0, 297.0), "a3": (297.0, 420.0)}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the page [mm]: its upper left corner, width and height."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The page and its blocks.

    Attributes
    ----------
    width, height : float
        Size of the paper [mm].
    unit : float
        Enlargement of type, lines and symbols of the page furniture: 1 on A4.
    header, banner, map, strip, legend, text, locator, sources : Box
    """

    width: float
    height: float
    unit: float
    header: Box
    banner: Box
    map: Box
    strip: Box
    legend: Box
    text: Box
    locator: Box
    sources: Box

    def as_data(self) -> dict[str, object]:
        """Give the layout as plain values, for the page template."""
        return asdict(self)


def lay_out(sheet_format: SheetFormat, orientation: Orientation) -> Layout:
    """Lay out a page.

    >>> lay_out("a4", "landscape").width
    297.0
    """
    short, long = _PAPER[sheet_format]
    unit = 1.0 if sheet_format == "a4" else 1.3
    margin, gap = 10.0 * unit, 4.0 * unit
    # Left of the map and below it stand the coordinates.
    coordinates = 4.0 * unit
    if orientation == "portrait":
        width, height = short, long
        content = width - 2 * margin
        header = Box(margin, 9 * unit, content, 21.5 * unit)
        banner = Box(margin, header.y + header.h + 2 * unit, content, 6 * unit)
        bottom_h = 75 * unit
        bottom_y = height - 9 * unit - bottom_h
        strip = Box(margin, bottom_y - 13.5 * unit, content, 10 * unit)
        map_y = banner.y + banner.h + 2.5 * unit
        frame = Box(
            margin + coordinates, map_y, content - coordinates, strip.y - coordinates - 1.5 * unit - map_y
        )
        legend = Box(margin, bottom_y, 70 * unit, bottom_h)
        right = 43 * unit
        text_x = legend.x + legend.w + gap
        text = Box(text_x, bottom_y, margin + content - right - gap - text_x, bottom_h)
        locator = Box(margin + content - right, bottom_y, right, 36 * unit)
        sources = Box(locator.x, bottom_y + locator.h + 2 * unit, right, bottom_h - locator.h - 2 * unit)
    else:
        width, height = long, short
        content = width - 2 * margin
        header = Box(margin, 8.5 * unit, content, 17.5 * unit)
        banner = Box(margin, header.y + header.h + 2 * unit, content, 6 * unit)
        body_y = banner.y + banner.h + 2.5 * unit
        bottom = height - 8 * unit
        right = 86 * unit
        right_x = margin + content - right
        strip = Box(margin, bottom - 10 * unit, content - right - gap, 10 * unit)
        frame = Box(
            margin + coordinates,
            body_y,
            strip.w - coordinates,
            strip.y - coordinates - 1.5 * unit - body_y,
        )
        low = 33 * unit
        legend = Box(right_x, body_y, right, 69 * unit)
        text_y = legend.y + legend.h + 1.5 * unit
        text = Box(right_x, text_y, right, bottom - low - 2 * unit - text_y)
        locator = Box(right_x, bottom - low, 38 * unit, low)
        sources_x = locator.x + locator.w + gap
        sources = Box(sources_x, bottom - low, margin + content - sources_x, low)
    return Layout(width, height, unit, header, banner, frame, strip, legend, text, locator, sources)


def choose_layout(
    bounds: Bounds, sheet_format: str, orientation: str = "auto", *, margin: float = 0.06
) -> tuple[Layout, Orientation]:
    """Choose the orientation that shows a commune larger, and lay out the page.

    Parameters
    ----------
    bounds : (west, south, east, north)
        Of the commune [m].
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}

    Raises
    ------
    InputError
        If the format or the orientation is none of these.
    """
    form = sheet_format.lower()
    if form not in _PAPER:
        raise InputError(f"The sheet format is '{sheet_format}'; give 'a4' or 'a3'.")
    pages: dict[Orientation, Layout] = {
        "portrait": lay_out("a4" if form == "a4" else "a3", "portrait"),
        "landscape": lay_out("a4" if form == "a4" else "a3", "landscape"),
    }
    for name in pages:
        if orientation == name:
            return pages[name], name
    if orientation != "auto":
        raise InputError(f"The orientation is '{orientation}'; give 'auto', 'portrait' or 'landscape'.")

    west, south, east, north = bounds
    wide = east - west > north - south

    def rank(name: Orientation) -> tuple[int, bool]:
        box = pages[name].map
        return (fit_scale(bounds, box.w, box.h, margin=margin), (name == "landscape") != wide)

    chosen = min(pages, key=rank)
    return pages[chosen], chosen
