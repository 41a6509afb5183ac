"""The furniture of a page around its map: legend swatches, coordinates, scale bar, logo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bocage.atlas.document import find_picture_fault
from bocage.atlas.grid_layout import GridLayout
from bocage.atlas.layout import Layout
from bocage.atlas.words import LegendRow
from bocage.cartography.frame import MapFrame
from bocage.cartography.scale import choose_scale_bar, choose_tick_interval, place_ticks
from bocage.cartography.svg import draw_swatch
from bocage.cartography.symbols import Symbols
from bocage.errors import InputError
from bocage.units import format_number
from bocage.wording import say

_LOGO_KINDS = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg", ".svg": "svg"}


def lay_legend(
    legend: Sequence[LegendRow],
    symbols: Symbols,
    layout: Layout | GridLayout,
    language: str,
    files: dict[str, bytes],
) -> dict[str, Any]:
    """Draw the swatches of a legend into ``files``, and give the legend as plain values."""
    size = (8.0 * layout.unit, 3.2 * layout.unit)
    # Lines need less height than surfaces and signs.
    low = 2.3 * layout.unit
    rows = []
    for number, row in enumerate(legend):
        name, height = None, low
        if row.symbols:
            name = f"swatch-{number}.svg"
            drawn = sorted((symbols[key] for key in row.symbols), key=lambda symbol: symbol.order)
            if row.symbols == ("watercourse_to_restore",):
                # Its dashes are drawn upon a watercourse.
                drawn.insert(0, symbols["watercourse_reservoir"])
            thickest = max(max(symbol.width, symbol.casing_width) for symbol in drawn)
            lines = all(symbol.kind == "line" for symbol in drawn)
            if not lines:
                height = size[1]
            elif thickest > 0.6 * low:
                height = max(size[1], thickest + 0.4)
            files[name] = draw_swatch(drawn, size[0], height, key=f"swatch{number}").encode()
        rows.append({**asdict(row), "swatch": name, "h": height})
    return {
        "title": say("atlas.legend", language),
        "measure": say("atlas.in_commune", language),
        "swatch": {"w": size[0]},
        "rows": rows,
    }


def place_coordinates(frame: MapFrame, unit: float, language: str) -> dict[str, Any]:
    """Place the ticks along the frame and the crosses inside it [mm of the frame]."""
    west, south, east, north = frame.bounds
    interval = choose_tick_interval(frame.scale, 38.0 * unit)
    metres = frame.metres_per_mm
    eastings: list[dict[str, Any]] = [
        {"at": round((value - west) / metres, 3), "label": format_number(value, 0, language)}
        for value in place_ticks(west, east, interval)
    ]
    northings: list[dict[str, Any]] = [
        {"at": round((north - value) / metres, 3), "label": format_number(value, 0, language)}
        for value in place_ticks(south, north, interval)
    ]
    clear = 3.0 * unit
    crosses = [
        (x["at"], y["at"])
        for x in eastings
        for y in northings
        if clear < x["at"] < frame.width_mm - clear and clear < y["at"] < frame.height_mm - clear
    ]
    return {"eastings": eastings, "northings": northings, "crosses": crosses}


def lay_scale_bar(frame: MapFrame, layout: Layout | GridLayout, language: str) -> dict[str, Any]:
    """Choose the scale bar, as plain values."""
    bar = choose_scale_bar(frame.scale, 52.0 * layout.unit)
    return {"division": bar.division_mm, "count": bar.count, "labels": list(bar.labels(language))}


def read_logo(about: Mapping[str, Any], language: str, files: dict[str, bytes]) -> dict[str, str] | None:
    """Read the issuer's logo into ``files``; None when there is none.

    Raises
    ------
    InputError
        If it cannot be read, or is no picture.
    """
    issuer = about.get("issuer") or {}
    given = issuer.get("logo")
    if not given:
        return None
    path = Path(given)
    kind = _LOGO_KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"The issuer's logo '{path.name}' is not a PNG, JPEG or SVG picture; convert it.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The issuer's logo '{path}' cannot be read ({error.strerror}); check [issuer] logo."
        ) from error
    name = f"logo.{kind}"
    fault = find_picture_fault(name, data)
    if fault:
        raise InputError(
            f"The issuer's logo '{path.name}' is not a picture that can be read ({fault}); "
            "export it again as PNG, JPEG or SVG."
        )
    files[name] = data
    whose = issuer.get("directorate") or issuer.get("region") or path.stem
    return {"file": name, "alt": say("atlas.alt_logo", language, name=str(whose))}
