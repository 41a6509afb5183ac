"""Maps as standalone SVG: one path a class of objects, in the order of the symbols."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.cartography.frame import MapFrame
from bocage.cartography.paths import (
    UNITS_PER_MM,
    take_parts,
    write_hatch,
    write_markers,
    write_path,
)
from bocage.cartography.symbols import Symbol

if TYPE_CHECKING:
    from geopandas import GeoDataFrame, GeoSeries
    from numpy.typing import NDArray

    from bocage.cartography.background import Image
    from bocage.cartography.labels import PlacedLabel

FONT_FAMILY = "Bocage Sans"
_FONTS = f"{FONT_FAMILY}, Source Sans 3, Source Sans Pro, Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class MapLayer:
    """Objects of one class and the symbol that draws them.

    Attributes
    ----------
    objects : GeoDataFrame, GeoSeries or array of shapely geometries
        In the CRS of the frame.
    symbol : Symbol
    """

    objects: GeoDataFrame | GeoSeries | NDArray[Any] | Sequence[Any]
    symbol: Symbol

    @property
    def geometries(self) -> NDArray[Any]:
        """The geometries, as an array."""
        objects = getattr(self.objects, "geometry", self.objects)
        return np.asarray(objects, dtype=object)


def select_objects(table: GeoDataFrame, symbol: Symbol) -> GeoDataFrame:
    """Take the objects of a table that a symbol draws.

    A column the table lacks, or an empty value, does not meet a condition.
    """
    import pandas

    chosen = pandas.Series(True, index=table.index)
    for column, value in symbol.conditions.items():
        if column not in table.columns:
            return table.iloc[:0]
        chosen &= (table[column] == value).fillna(False).astype(bool)
    return table[chosen]


def draw_map(
    frame: MapFrame,
    layers: Sequence[MapLayer],
    *,
    labels: Sequence[PlacedLabel] = (),
    background: Image | None = None,
    title: str | None = None,
    description: str | None = None,
    key: str = "map",
    paper: str | None = "#ffffff",
    draw_halo: Callable[[PlacedLabel], str] | None = None,
) -> str:
    """Draw a map as a standalone SVG whose viewBox is in millimetres.

    Parameters
    ----------
    frame : MapFrame
    layers : sequence of MapLayer
        Drawn in the order of their symbols; those of the same order in the order given.
    labels : sequence of PlacedLabel
        Text drawn over everything, as real text with a halo.
    background : Image, optional
        Picture under everything.
    title, description : str, optional
        Name and content of the map, for those who hear it.
    key : str
        Prefix of the identifiers inside, to be changed when several maps stand in one page.
    paper : str, optional
        Colour of the ground; none for transparent.
    draw_halo : callable, optional
        Draws the halo of a label as SVG, for output that cannot paint it behind the whole text as
        browsers do. Halos are then drawn before all text.

    Returns
    -------
    str

    Examples
    --------
    >>> from bocage.cartography import load_symbols
    >>> frame = MapFrame(0, 1000, 10_000, 100, 100)
    >>> layer = MapLayer([shapely.box(100, 100, 300, 300)], load_symbols()["reservoir"])
    >>> drawn = draw_map(frame, [layer])
    >>> '<path d="M3000 9000l-2000 0 0-2000 2000 0z" fill="#6fb17a"' in drawn
    True
    """
    width, height = _number(frame.width_mm), _number(frame.height_mm)
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}" role="img">'
    ]
    if title:
        body.append(f"<title>{escape(title)}</title>")
    if description:
        body.append(f"<desc>{escape(description)}</desc>")
    body.append(
        f'<defs><clipPath id="{key}-frame"><path d="M0 0h{width}v{height}h-{width}z"/></clipPath></defs>'
        f'<g clip-path="url(#{key}-frame)">'
    )
    if paper is not None:
        body.append(f'<path d="M0 0h{width}v{height}h-{width}z" fill="{paper}"/>')
    if background is not None:
        body.append(_write_image(background, frame))
    body.append(f'<g transform="scale({1 / UNITS_PER_MM:g})" stroke-linejoin="round">')
    numbered = sorted(enumerate(layers), key=lambda pair: (pair[1].symbol.order, pair[0]))
    body.extend(_draw_layer(layer, frame, f"{key}-{number}") for number, layer in numbered)
    body.append("</g>")
    if draw_halo is not None:
        body.extend(draw_halo(label) for label in labels)
    body.extend(_write_label(label, stroked=draw_halo is None) for label in labels)
    body.append("</g></svg>\n")
    return "".join(body)


def draw_swatch(symbols: Sequence[Symbol], width_mm: float, height_mm: float, *, key: str = "swatch") -> str:
    """Draw the box of a legend, with one symbol or several over each other.

    Parameters
    ----------
    symbols : sequence of Symbol
        In drawing order.
    width_mm, height_mm : float
    key : str
        Prefix of the identifiers inside.

    Returns
    -------
    str
        A standalone SVG.
    """
    frame = MapFrame(0.0, height_mm, 1000.0, width_mm, height_mm)
    inset = max([0.15, *(max(s.width, s.casing_width) / 2 for s in symbols if s.kind == "polygon")])
    area = shapely.box(inset, inset, width_mm - inset, height_mm - inset)
    line = shapely.LineString([(0.3, height_mm / 2), (width_mm - 0.3, height_mm / 2)])
    drawn = {"polygon": area, "line": line, "point": shapely.Point(width_mm / 2, height_mm / 2)}
    return draw_map(frame, [MapLayer([drawn[s.kind]], s) for s in symbols], key=key, paper=None)


def _draw_layer(layer: MapLayer, frame: MapFrame, key: str) -> str:
    symbol = layer.symbol
    parts = take_parts(layer.geometries, symbol.kind, frame)
    if len(parts) == 0:
        return ""
    if symbol.kind == "point":
        if symbol.marker is None:
            return ""
        return _draw_path(write_markers(parts, symbol.marker, frame), symbol, key, "")
    path = write_path(parts, symbol.kind, frame)
    hatch = ""
    if symbol.hatch is not None and path:
        west, south, east, north = shapely.total_bounds(parts)
        (left, top), (right, bottom) = frame.to_paper(np.array([(west, north), (east, south)])).tolist()
        hatch = write_hatch(symbol.hatch, (left, top, right, bottom))
    return _draw_path(path, symbol, key, hatch)


def _draw_path(path: str, symbol: Symbol, key: str, hatch: str) -> str:
    if not path:
        return ""
    # One object is drawn up to four times: fill, hatch, casing, stroke. Its path is written once.
    passes: list[str] = []
    if symbol.fill is not None:
        opacity = "" if symbol.fill_opacity == 1 else f' fill-opacity="{symbol.fill_opacity:g}"'
        passes.append(f'fill="{symbol.fill}"{opacity}')
    if symbol.casing is not None:
        passes.append(_stroke(symbol.casing, symbol.casing_width, ()))
    if symbol.stroke is not None:
        passes.append(_stroke(symbol.stroke, symbol.width, symbol.dash))
    if not hatch and len(passes) == 1:
        return f'<path d="{path}" {passes[0]}/>'
    if not hatch and symbol.fill is not None and symbol.casing is None and len(passes) == 2:
        return f'<path d="{path}" {passes[0]} {passes[1].removeprefix(_NO_FILL)}/>'
    body = [f'<defs><path id="{key}" d="{path}"/>']
    if hatch:
        body.append(f'<clipPath id="{key}-clip"><use href="#{key}"/></clipPath>')
    body.append("</defs>")
    uses = [f'<use href="#{key}" {attributes}/>' for attributes in passes]
    if hatch and symbol.hatch is not None:
        lines = _stroke(symbol.hatch.colour, symbol.hatch.width, ())
        uses.insert(
            1 if symbol.fill is not None else 0,
            f'<path d="{hatch}" {lines} clip-path="url(#{key}-clip)"/>',
        )
    return "".join((*body, *uses))


_NO_FILL = 'fill="none" '


def _stroke(colour: str, width_mm: float, dash: tuple[float, ...]) -> str:
    written = f'{_NO_FILL}stroke="{colour}" stroke-width="{_number(width_mm * UNITS_PER_MM)}"'
    if dash:
        written += f' stroke-dasharray="{" ".join(_number(length * UNITS_PER_MM) for length in dash)}"'
    return written


def _write_image(image: Image, frame: MapFrame) -> str:
    west, south, east, north = image.bounds
    (left, top), (right, bottom) = frame.to_paper(np.array([(west, north), (east, south)])).tolist()
    data = base64.b64encode(image.data).decode("ascii")
    return (
        f'<image x="{left:.3f}" y="{top:.3f}" width="{right - left:.3f}" height="{bottom - top:.3f}" '
        'preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'href="data:{image.mime};base64,{data}"/>'
    )


def _write_label(label: PlacedLabel, *, stroked: bool) -> str:
    style = label.style
    turn = "" if label.angle == 0 else f" rotate({label.angle:.2f})"
    attributes = [
        f'transform="translate({label.x:.2f} {label.y:.2f}){turn}"',
        f'font-family="{_FONTS}"',
        f'font-size="{style.size:g}"',
        f'fill="{style.colour}"',
        'text-anchor="middle"',
    ]
    if style.weight != 400:
        attributes.append(f'font-weight="{style.weight}"')
    if style.italic:
        attributes.append('font-style="italic"')
    if style.spacing:
        attributes.append(f'letter-spacing="{style.spacing * style.size:.3f}"')
    if stroked and style.halo is not None:
        attributes.append(
            f'stroke="{style.halo}" stroke-width="{style.halo_width:g}" stroke-linejoin="round" '
            'paint-order="stroke"'
        )
    lines = "".join(
        f'<tspan x="0" y="{_number(offset)}">{escape(text)}</tspan>'
        for text, offset in zip(label.lines, label.baselines, strict=True)
    )
    return f"<text {' '.join(attributes)}>{lines}</text>"


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")
