"""Write the symbols of a table as a QGIS style (QML), so that the file opens looking like the sheet."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from bocage.cartography.symbols import Hatch, Symbol, Symbols
from bocage.network import Table
from bocage.schema.profile import Profile
from bocage.schema.standard import express_condition

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_GEOMETRY_CODE = {"point": "0", "line": "1", "polygon": "2"}
_SYMBOL_TYPE = {"point": "marker", "line": "line", "polygon": "fill"}
_NO_SCALE = "3x:0,0,0,0,0,0"
# Rules and symbol layers are drawn pass by pass; each rule has room for so many layers.
_PASSES_PER_RULE = 4


def write_qml(symbols: Symbols, table: Table, profile: Profile, *, language: str = "fr") -> str:
    """Write the style of a table of the network for QGIS 3.

    A rule for each symbol, in drawing order, on the standard's fields, so that corridors whose objective
    is to restore are drawn, and named in the legend, as the sheet does.

    Parameters
    ----------
    symbols : Symbols
        The palette, the single source of all drawings.
    table : str
    profile : Profile
    language : {"fr", "en"}
        Of the legend.

    Returns
    -------
    str
        QML, as QGIS 3.22 writes it for the category « symbology »; empty when the palette does not draw
        the table.
    """
    drawn = symbols.of_table(table)
    if not drawn:
        return ""
    root = Element("qgis", version="3.22.0", styleCategories="Symbology")
    renderer = SubElement(
        root,
        "renderer-v2",
        type="RuleRenderer",
        symbollevels="1",
        forceraster="0",
        enableorderby="0",
        referencescale="-1",
    )
    rules = SubElement(renderer, "rules", key=_key(profile, table, ""))
    shapes = SubElement(renderer, "symbols")
    for number, symbol in enumerate(drawn):
        rule = SubElement(rules, "rule", key=_key(profile, table, symbol.key), symbol=str(number))
        condition = _filter(profile, table, symbol)
        if condition:
            rule.set("filter", condition)
        rule.set("label", symbol.label(language))
        _add_symbol(shapes, symbol, str(number), number * _PASSES_PER_RULE)
    SubElement(root, "blendMode").text = "0"
    SubElement(root, "featureBlendMode").text = "0"
    SubElement(root, "layerOpacity").text = "1"
    SubElement(root, "layerGeometryType").text = _GEOMETRY_CODE[drawn[0].kind]
    ElementTree.indent(root, " ")
    return _DOCTYPE + ElementTree.tostring(root, encoding="unicode") + "\n"


def _key(profile: Profile, table: str, symbol: str) -> str:
    """Give the unique key QGIS wants of a rule, always the same for the same rule."""
    name = f"bocage/{profile.key}/{table}/{symbol}"
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, name)) + "}"


def _filter(profile: Profile, table: str, symbol: Symbol) -> str:
    """Say the symbol's conditions as a QGIS expression."""
    terms = []
    for column, value in symbol.conditions.items():
        field, code = express_condition(profile, table, column, value)
        if code is None:
            terms.append(f'"{field}" IS NULL')
        else:
            quoted = code.replace("'", "''")
            terms.append(f"\"{field}\" = '{quoted}'")
    return " AND ".join(terms)


def _add_symbol(parent: Element, symbol: Symbol, name: str, first_pass: int) -> None:
    element = _start_symbol(parent, _SYMBOL_TYPE[symbol.kind], name)
    layers: list[tuple[str, Mapping[str, str], Hatch | None]] = []
    if symbol.kind == "point":
        layers.append(("SimpleMarker", _marker(symbol), None))
    else:
        if symbol.kind == "polygon" and symbol.fill is not None:
            layers.append(("SimpleFill", _fill(symbol.fill, symbol.fill_opacity), None))
        if symbol.hatch is not None:
            layers.append(("LinePatternFill", _pattern(symbol.hatch), symbol.hatch))
        if symbol.casing is not None:
            layers.append(("SimpleLine", _line(symbol.casing, symbol.casing_width, ()), None))
        if symbol.stroke is not None:
            layers.append(("SimpleLine", _line(symbol.stroke, symbol.width, symbol.dash), None))
    for index, (kind, properties, hatch) in enumerate(layers):
        layer = _add_layer(element, kind, properties, first_pass + index)
        if hatch is not None:
            line = _start_symbol(layer, "line", f"@{name}@{index}")
            _add_layer(line, "SimpleLine", _line(hatch.colour, hatch.width, ()), 0)


def _start_symbol(parent: Element, kind: str, name: str) -> Element:
    element = SubElement(parent, "symbol", type=kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    _add_no_override(element)
    return element


def _add_layer(parent: Element, kind: str, properties: Mapping[str, str], drawing_pass: int) -> Element:
    layer = SubElement(
        parent, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": str(drawing_pass)}
    )
    options = SubElement(layer, "Option", type="Map")
    for name in sorted(properties):
        SubElement(options, "Option", name=name, type="QString", value=properties[name])
    # QGIS before 3.18 reads these in place of the options; 3.22 writes both.
    for name in sorted(properties):
        SubElement(layer, "prop", k=name, v=properties[name])
    _add_no_override(layer)
    return layer


def _add_no_override(parent: Element) -> None:
    """Say that no property depends on data: QGIS expects the element."""
    options = SubElement(SubElement(parent, "data_defined_properties"), "Option", type="Map")
    SubElement(options, "Option", name="name", type="QString", value="")
    SubElement(options, "Option", name="properties")
    SubElement(options, "Option", name="type", type="QString", value="collection")


def _colour(colour: str, opacity: float = 1.0) -> str:
    """Write a colour as QGIS does.

    >>> _colour("#5fa56b", 0.5)
    '95,165,107,128'
    """
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"{red},{green},{blue},{round(255 * opacity)}"


def _number(value: float) -> str:
    return f"{value:.4g}"


def _fill(colour: str, opacity: float) -> dict[str, str]:
    return {
        "border_width_map_unit_scale": _NO_SCALE,
        "color": _colour(colour, opacity),
        "joinstyle": "round",
        "offset": "0,0",
        "offset_map_unit_scale": _NO_SCALE,
        "offset_unit": "MM",
        # The outline is a line of its own: QGIS has no free dashes on a fill's.
        "outline_color": _colour(colour, 0.0),
        "outline_style": "no",
        "outline_width": "0",
        "outline_width_unit": "MM",
        "style": "solid",
    }


def _pattern(hatch: Hatch) -> dict[str, str]:
    return {
        "angle": _number(hatch.angle),
        "clip_mode": "during_render",
        "color": _colour(hatch.colour),
        # Hatches of neighbouring objects join up, as on the sheet.
        "coordinate_reference": "viewport",
        "distance": _number(hatch.spacing),
        "distance_map_unit_scale": _NO_SCALE,
        "distance_unit": "MM",
        "line_width": _number(hatch.width),
        "line_width_map_unit_scale": _NO_SCALE,
        "line_width_unit": "MM",
        "offset": "0",
        "offset_map_unit_scale": _NO_SCALE,
        "offset_unit": "MM",
        "outline_width_map_unit_scale": _NO_SCALE,
        "outline_width_unit": "MM",
    }


def _line(colour: str, width: float, dash: Sequence[float]) -> dict[str, str]:
    return {
        "align_dash_pattern": "0",
        "capstyle": "flat" if dash else "round",
        "customdash": ";".join(_number(length) for length in dash) or "5;2",
        "customdash_map_unit_scale": _NO_SCALE,
        "customdash_unit": "MM",
        "dash_pattern_offset": "0",
        "dash_pattern_offset_map_unit_scale": _NO_SCALE,
        "dash_pattern_offset_unit": "MM",
        "draw_inside_polygon": "0",
        "joinstyle": "round",
        "line_color": _colour(colour),
        "line_style": "solid",
        "line_width": _number(width),
        "line_width_unit": "MM",
        "offset": "0",
        "offset_map_unit_scale": _NO_SCALE,
        "offset_unit": "MM",
        "ring_filter": "0",
        "tweak_dash_pattern_on_corners": "0",
        "use_custom_dash": "1" if dash else "0",
        "width_map_unit_scale": _NO_SCALE,
    }


def _marker(symbol: Symbol) -> dict[str, str]:
    assert symbol.marker is not None
    return {
        "angle": "0",
        "cap_style": "square",
        "color": _colour(symbol.fill or "#000000", symbol.fill_opacity),
        "horizontal_anchor_point": "1",
        "joinstyle": "miter",
        "name": symbol.marker.shape,
        "offset": "0,0",
        "offset_map_unit_scale": _NO_SCALE,
        "offset_unit": "MM",
        "outline_color": _colour(symbol.stroke or "#000000"),
        "outline_style": "solid" if symbol.stroke else "no",
        "outline_width": _number(symbol.width),
        "outline_width_map_unit_scale": _NO_SCALE,
        "outline_width_unit": "MM",
        "scale_method": "diameter",
        "size": _number(symbol.marker.size),
        "size_map_unit_scale": _NO_SCALE,
        "size_unit": "MM",
        "vertical_anchor_point": "1",
    }
