"""Write the symbols of a table as an OGC style (SLD 1.1), for GeoServer, ArcGIS and other readers."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bocage.cartography.symbols import Hatch, Symbol, Symbols
from bocage.network import Table
from bocage.schema.profile import Profile
from bocage.schema.standard import express_condition

_SLD = "http://www.opengis.net/sld"
_SE = "http://www.opengis.net/se"
_OGC = "http://www.opengis.net/ogc"
_XLINK = "http://www.w3.org/1999/xlink"
# SLD counts in pixels of 0.28 mm (OGC 05-077r4, 11.4).
_MM_PER_PIXEL = 0.28
_SHAPES = {"cross": "cross", "circle": "circle", "square": "square", "triangle": "triangle"}


def write_sld(symbols: Symbols, table: Table, name: str, profile: Profile, *, language: str = "fr") -> str:
    """Write the style of a table of the network in OGC's language.

    Parameters
    ----------
    symbols : Symbols
    table : str
    name : str
        Name of the layer in the file, as ``"N_SRCE_CORRIDOR_S_R32"``.
    profile : Profile
    language : {"fr", "en"}

    Returns
    -------
    str
        SLD; empty when the palette does not draw the table.
    """
    drawn = symbols.of_table(table)
    if not drawn:
        return ""
    root = Element(
        "StyledLayerDescriptor",
        {
            "version": "1.1.0",
            "xmlns": _SLD,
            "xmlns:se": _SE,
            "xmlns:ogc": _OGC,
            "xmlns:xlink": _XLINK,
        },
    )
    layer = SubElement(root, "NamedLayer")
    SubElement(layer, "se:Name").text = name
    style = SubElement(layer, "UserStyle")
    SubElement(style, "se:Name").text = name
    # A feature type style for each symbol: they are drawn one after the other, whatever the objects' order.
    for symbol in drawn:
        rule = SubElement(SubElement(style, "se:FeatureTypeStyle"), "se:Rule")
        SubElement(rule, "se:Name").text = symbol.key
        description = SubElement(rule, "se:Description")
        SubElement(description, "se:Title").text = symbol.label(language)
        _add_filter(rule, symbol, table, profile)
        _add_symbolizers(rule, symbol)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_filter(rule: Element, symbol: Symbol, table: Table, profile: Profile) -> None:
    conditions = symbol.conditions
    if not conditions:
        return
    parent = SubElement(rule, "ogc:Filter")
    if len(conditions) > 1:
        parent = SubElement(parent, "ogc:And")
    for column, value in conditions.items():
        field, code = express_condition(profile, table, column, value)
        if code is None:
            SubElement(SubElement(parent, "ogc:PropertyIsNull"), "ogc:PropertyName").text = field
        else:
            term = SubElement(parent, "ogc:PropertyIsEqualTo")
            SubElement(term, "ogc:PropertyName").text = field
            SubElement(term, "ogc:Literal").text = code


def _add_symbolizers(rule: Element, symbol: Symbol) -> None:
    if symbol.kind == "point":
        _add_point(rule, symbol)
        return
    if symbol.kind == "polygon":
        if symbol.fill is not None:
            fill = SubElement(SubElement(rule, "se:PolygonSymbolizer"), "se:Fill")
            _set(fill, "fill", symbol.fill)
            if symbol.fill_opacity < 1:
                _set(fill, "fill-opacity", f"{symbol.fill_opacity:g}")
        if symbol.hatch is not None:
            _add_hatch(rule, symbol.hatch)
    if symbol.casing is not None:
        _add_stroke(SubElement(rule, "se:LineSymbolizer"), symbol.casing, symbol.casing_width)
    if symbol.stroke is not None:
        _add_stroke(SubElement(rule, "se:LineSymbolizer"), symbol.stroke, symbol.width, symbol.dash)


def _add_hatch(rule: Element, hatch: Hatch) -> None:
    fill = SubElement(SubElement(rule, "se:PolygonSymbolizer"), "se:Fill")
    graphic = SubElement(SubElement(fill, "se:GraphicFill"), "se:Graphic")
    mark = SubElement(graphic, "se:Mark")
    SubElement(mark, "se:WellKnownName").text = "horline"
    _add_stroke(mark, hatch.colour, hatch.width)
    SubElement(graphic, "se:Size").text = _pixels(hatch.spacing)
    rotation = SubElement(graphic, "se:Rotation")
    # SLD turns clockwise, the palette anticlockwise.
    SubElement(rotation, "ogc:Literal").text = f"{(180 - hatch.angle) % 180:g}"


def _add_point(rule: Element, symbol: Symbol) -> None:
    assert symbol.marker is not None
    graphic = SubElement(SubElement(rule, "se:PointSymbolizer"), "se:Graphic")
    mark = SubElement(graphic, "se:Mark")
    # SLD has no diamond: it is a square on its corner, whose side is smaller by √2.
    diamond = symbol.marker.shape == "diamond"
    SubElement(mark, "se:WellKnownName").text = _SHAPES.get(symbol.marker.shape, "square")
    fill = SubElement(mark, "se:Fill")
    _set(fill, "fill", symbol.fill or "#000000")
    if symbol.stroke is not None:
        _add_stroke(mark, symbol.stroke, symbol.width)
    SubElement(graphic, "se:Size").text = _pixels(symbol.marker.size / (2**0.5 if diamond else 1.0))
    if diamond:
        SubElement(SubElement(graphic, "se:Rotation"), "ogc:Literal").text = "45"


def _add_stroke(parent: Element, colour: str, width: float, dash: tuple[float, ...] = ()) -> None:
    stroke = SubElement(parent, "se:Stroke")
    _set(stroke, "stroke", colour)
    _set(stroke, "stroke-width", _pixels(width))
    _set(stroke, "stroke-linejoin", "round")
    _set(stroke, "stroke-linecap", "butt" if dash else "round")
    if dash:
        _set(stroke, "stroke-dasharray", " ".join(_pixels(length) for length in dash))


def _set(parent: Element, name: str, value: str) -> None:
    SubElement(parent, "se:SvgParameter", name=name).text = value


def _pixels(length: float) -> str:
    return f"{length / _MM_PER_PIXEL:.4g}"
