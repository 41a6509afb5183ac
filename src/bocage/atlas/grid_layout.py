"""Where each block of a sheet of the grid stands: a slim header, a large map, a panel."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bocage.atlas.layout import Box, Orientation
from bocage.errors import InputError

_PAPER = {"a4": (210.0, 297.0), "a3": (297.0, 420.0)}


@dataclass(frozen=True, slots=True)
class GridLayout:
    """The page of a sheet of the grid and its blocks.

    Attributes
    ----------
    width, height : float
        Size of the paper [mm].
    unit : float
        Enlargement of type, lines and symbols of the page furniture: 1 on A4.
    header, banner, map, strip, legend, locator, sources : Box
    legend_columns : int
    """

    width: float
    height: float
    unit: float
    header: Box
    banner: Box
    map: Box
    strip: Box
    legend: Box
    locator: Box
    sources: Box
    legend_columns: int

    def as_data(self) -> dict[str, object]:
        """Give the layout as plain values, for the page template."""
        return asdict(self)


def measure_paper(sheet_format: str) -> tuple[float, float, float]:
    """Give width and height of a portrait page [mm], and its enlargement: 1 on A4.

    Raises
    ------
    InputError
        If the format is neither A4 nor A3.

    Examples
    --------
    >>> measure_paper("a3")
    (297.0, 420.0, 1.3)
    """
    form = sheet_format.lower()
    if form not in _PAPER:
        raise InputError(f"The sheet format is '{sheet_format}'; give 'a4' or 'a3'.")
    return (*_PAPER[form], 1.0 if form == "a4" else 1.3)


def lay_out_cell(sheet_format: str, orientation: Orientation) -> GridLayout:
    """Lay out a sheet of the grid.

    Raises
    ------
    InputError
        If the format is neither A4 nor A3.

    Examples
    --------
    >>> lay_out_cell("a4", "portrait").map.w
    183.0
    """
    short, long, unit = measure_paper(sheet_format)
    width, height = (short, long) if orientation == "portrait" else (long, short)
    margin, gap = 10.0 * unit, 4.0 * unit
    # Around the map stand the coordinates and the names of the sheets beside it.
    left, right, above = 4.5 * unit, 2.5 * unit, 2.5 * unit
    content = width - 2 * margin
    header = Box(margin, 9 * unit, content, 12.5 * unit)
    banner = Box(margin, header.y + header.h + 1.5 * unit, content, 5.6 * unit)
    top = banner.y + banner.h + 1.5 * unit + above
    bottom = height - 10 * unit
    if orientation == "portrait":
        panel = 38.0 * unit
        panel_y = bottom - panel
        strip = Box(margin, panel_y - 13 * unit, content, 10 * unit)
        frame = Box(margin + left, top, content - left - right, strip.y - 6 * unit - top)
        legend = Box(margin, panel_y, 116 * unit, panel)
        locator = Box(legend.x + legend.w + gap, panel_y, 26 * unit, panel)
        sources_x = locator.x + locator.w + gap
        sources = Box(sources_x, panel_y, margin + content - sources_x, panel)
        return GridLayout(width, height, unit, header, banner, frame, strip, legend, locator, sources, 3)
    panel = 58.0 * unit
    panel_x = margin + content - panel
    strip = Box(margin, bottom - 10 * unit, content - panel - gap, 10 * unit)
    frame = Box(margin + left, top, strip.w - left - right, strip.y - 6 * unit - top)
    low = 46.0 * unit
    legend = Box(panel_x, top - above, panel, bottom - low - gap - (top - above))
    locator = Box(panel_x, bottom - low, 24 * unit, low)
    sources = Box(locator.x + locator.w + gap, bottom - low, panel - locator.w - gap, low)
    return GridLayout(width, height, unit, header, banner, frame, strip, legend, locator, sources, 1)
