"""Cartographie: the symbols of each theme, round scales, labels, and maps drawn as SVG."""

from bocage.cartography.symbols import Hatch, Marker, Symbol, Symbols, load_symbols, parse_symbols

__all__ = ["Hatch", "Marker", "Symbol", "Symbols", "load_symbols", "parse_symbols"]
