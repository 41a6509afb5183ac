"""Quantities: metres and square metres inside, hectares and kilometres where people read them."""

from __future__ import annotations

M2_PER_HA = 10_000.0
M2_PER_KM2 = 1_000_000.0
M_PER_KM = 1_000.0

NBSP = "\u00a0"
THIN_NBSP = "\u202f"


def hectares(area_m2: float) -> float:
    """Convert an area in m² to hectares.

    >>> hectares(25_000)
    2.5
    """
    return area_m2 / M2_PER_HA


def format_number(value: float, decimals: int = 0, language: str = "fr") -> str:
    r"""Write a number as people read it: thousands apart, decimal comma in French.

    >>> format_number(12345.678, 1)
    '12\u202f345,7'
    >>> format_number(12345.678, 1, language="en")
    '12,345.7'
    """
    text = f"{value:,.{decimals}f}"
    if language == "fr":
        text = text.replace(",", THIN_NBSP).replace(".", ",")
    return text
