"""QGIS and OGC styles of the tables, from the palette."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from bocage.cartography import load_symbols
from bocage.network import COLUMNS
from bocage.schema import load_profile
from bocage.schema.qml import write_qml
from bocage.schema.sld import write_sld

SE = "{http://www.opengis.net/se}"
OGC = "{http://www.opengis.net/ogc}"
TYPES = {"S": ("2", "fill"), "L": ("1", "line"), "P": ("0", "marker")}


def qml_of(table: Any, language: str = "fr") -> Element:
    """Read the QML of a table, without its document type."""
    text = write_qml(load_symbols(), table, load_profile(), language=language)
    assert text.startswith("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n")
    return ElementTree.fromstring(text.partition("\n")[2])


def options(layer: Element) -> dict[str, str]:
    """Give the properties of a symbol layer."""
    return {option.get("name", ""): option.get("value", "") for option in layer.findall("./Option/Option")}


@pytest.mark.parametrize("table", list(COLUMNS))
def test_qml_is_built_as_qgis_builds_it(table: Any) -> None:
    """One renderer, a rule and a symbol of the right type for each palette symbol, properties said twice."""
    root = qml_of(table)
    assert root.attrib == {"version": "3.22.0", "styleCategories": "Symbology"}
    geometry, kind = TYPES[load_profile().tables[table].geometry]
    assert root.findtext("layerGeometryType") == geometry
    (renderer,) = root.findall("renderer-v2")
    assert renderer.get("type") == "RuleRenderer"
    rules, symbols = renderer.findall("./rules/rule"), renderer.findall("./symbols/symbol")
    assert [rule.get("symbol") for rule in rules] == [symbol.get("name") for symbol in symbols]
    assert len({rule.get("key") for rule in rules}) == len(rules)
    drawn = load_symbols().of_table(table)
    assert [rule.get("label") for rule in rules] == [symbol.label() for symbol in drawn]
    passes = []
    for symbol in symbols:
        assert symbol.get("type") == kind
        layers = symbol.findall("layer")
        assert layers
        for layer in layers:
            passes.append(int(layer.get("pass", "")))
            properties = {one.get("k"): one.get("v") for one in layer.findall("prop")}
            assert properties == options(layer)
            assert layer.find("data_defined_properties") is not None
            if layer.get("class") == "LinePatternFill":
                assert len(layer.findall("./symbol[@type='line']/layer[@class='SimpleLine']")) == 1
    # Rules are drawn one over the other, in the order of the palette.
    assert passes == sorted(passes)
    assert len(set(passes)) == len(passes)


def test_qml_says_the_palette() -> None:
    """Colours, hatch, dashes and widths of the corridors to restore are the palette's."""
    symbol = load_symbols()["corridor_to_restore"]
    assert symbol.hatch is not None
    assert symbol.fill is not None
    element = qml_of("corridor_s").findall("./renderer-v2/symbols/symbol")[1]
    fill, hatch, outline = element.findall("layer")
    red, green, blue = (int(symbol.fill[place : place + 2], 16) for place in (1, 3, 5))
    assert options(fill)["color"] == f"{red},{green},{blue},{round(255 * symbol.fill_opacity)}"
    assert options(hatch)["angle"] == f"{symbol.hatch.angle:g}"
    assert options(hatch)["distance"] == f"{symbol.hatch.spacing:g}"
    assert options(outline)["use_custom_dash"] == "1"
    assert options(outline)["customdash"] == ";".join(f"{length:g}" for length in symbol.dash)
    assert options(outline)["line_width"] == f"{symbol.width:g}"


def test_rules_are_on_the_standards_fields() -> None:
    """Objectives and roles are asked of the standard's codes, an empty flag as null."""
    filters = [rule.get("filter") for rule in qml_of("corridor_s").findall("./renderer-v2/rules/rule")]
    assert filters == ["\"OBJ_ASSI\" = '01'", "\"OBJ_ASSI\" = '02'"]
    roles = [rule.get("filter") for rule in qml_of("cours_eau_l").findall("./renderer-v2/rules/rule")]
    assert '"EST_RESERV" IS NULL AND "EST_CORRID" = \'T\'' in roles
    assert qml_of("obstacle_p").find("./renderer-v2/rules/rule").get("filter") is None  # type: ignore[union-attr]
    labels = [rule.get("label") for rule in qml_of("corridor_s", "en").findall("./renderer-v2/rules/rule")]
    assert labels == ["Ecological corridors", "Corridors to restore"]


@pytest.mark.parametrize("table", list(COLUMNS))
def test_sld_has_a_rule_for_each_symbol(table: Any) -> None:
    """The SLD is well formed, names its layer and has the palette's rules with the same conditions."""
    text = write_sld(load_symbols(), table, "N_SRCE_X", load_profile())
    root = ElementTree.fromstring(text.encode())
    assert root.get("version") == "1.1.0"
    drawn = load_symbols().of_table(table)
    rules = list(root.iter(f"{SE}Rule"))
    assert [rule.findtext(f"{SE}Name") for rule in rules] == [symbol.key for symbol in drawn]
    for rule, symbol in zip(rules, drawn, strict=True):
        assert len(list(rule.iter(f"{OGC}PropertyName"))) == len(symbol.conditions)
        kinds = {element.tag.removeprefix(SE) for element in rule if element.tag.endswith("Symbolizer")}
        assert kinds <= {"PolygonSymbolizer", "LineSymbolizer", "PointSymbolizer"}
        assert kinds


def test_sld_counts_in_pixels() -> None:
    """A width of 0.28 mm is one pixel (OGC 05-077r4), and a hatch at 45° anticlockwise is 135° clockwise."""
    text = write_sld(load_symbols(), "corridor_s", "x", load_profile())
    rule = next(ElementTree.fromstring(text.encode()).iter(f"{SE}Rule"))
    hatch = load_symbols()["corridor"].hatch
    assert hatch is not None
    graphic = next(rule.iter(f"{SE}Graphic"))
    assert float(graphic.findtext(f"{SE}Size", "")) == pytest.approx(hatch.spacing / 0.28, rel=1e-3)
    assert float(graphic.findtext(f"{SE}Rotation/{OGC}Literal", "")) == (180 - hatch.angle) % 180


def test_table_without_symbols_has_no_style() -> None:
    """Surfaces of watercourses, which bocage does not draw, have none."""
    assert write_qml(load_symbols(), "cours_eau_s", load_profile()) == ""  # type: ignore[arg-type]
    assert write_sld(load_symbols(), "cours_eau_s", "x", load_profile()) == ""  # type: ignore[arg-type]
