"""The symbols of a sheet: told apart in colour, in grey and by colour-blind readers, at arm's length."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from bocage.cartography import Symbol, load_symbols
from bocage.cartography.vision import (
    LEAST_DIFFERENCE,
    VIEWS,
    differ_in_form,
    measure_difference,
    measure_least_difference,
    show_colour,
    simulate_view,
    to_lab,
)


def list_sheets() -> dict[str, list[Symbol]]:
    """Give the symbols that may stand on each standard sheet."""
    symbols = load_symbols()
    sheets = {group: list(symbols.of_group(group)) for group in ("inventories", "protections", "water")}  # type: ignore[arg-type]
    sheets["water"] += symbols.of_table("cours_eau_l")
    sheets["continuities"] = [s for s in symbols if s.table is not None or s.group == "continuities"]
    return sheets


@pytest.mark.parametrize("sheet", ["continuities", "inventories", "protections", "water"])
def test_told_apart(sheet: str) -> None:
    """Two symbols of one kind on a sheet differ in form, or by CIEDE2000 of 9 or more in all four views."""
    alike = [
        (one.key, other.key)
        for one, other in combinations(list_sheets()[sheet], 2)
        if one.kind == other.kind
        and not differ_in_form(one, other)
        and measure_least_difference(one, other) < LEAST_DIFFERENCE
    ]

    assert alike == []


def test_read_at_arms_length() -> None:
    """What carries meaning is at least 0.25 mm wide, markers 2.4 mm high, dashes and gaps 0.4 mm long."""
    for symbol in load_symbols():
        if symbol.table is None and symbol.group is None:
            continue
        carries = [symbol.width] if symbol.kind == "line" or symbol.dash or symbol.fill is None else []
        if symbol.hatch is not None:
            carries.append(symbol.hatch.width)
        assert min(carries, default=1.0) >= 0.25, symbol.key
        assert symbol.marker is None or symbol.marker.size >= 2.4, symbol.key
        assert min(symbol.dash, default=1.0) >= 0.4, symbol.key
        # Lines of a hatch leave ground between them.
        assert symbol.hatch is None or symbol.hatch.spacing >= 3 * symbol.hatch.width, symbol.key


def test_zonings_let_through() -> None:
    """Zonings that may coincide all show: fills let through, and the wide are drawn before the narrow."""
    symbols = load_symbols()
    for group in ("inventories", "protections"):
        assert all(symbol.fill is None or symbol.fill_opacity <= 0.6 for symbol in symbols.of_group(group))  # type: ignore[arg-type]
    order = [symbol.key for symbol in symbols]
    for wide, narrow in (("znieff2", "znieff1"), ("regional_park", "natura2000_zsc"),
                         ("natura2000_zps", "national_reserve"), ("wetland_potential", "wetland"),
                         ("wetland", "water_surface"), ("spawning_ground", "watercourse_list1")):  # fmt: skip
        assert order.index(wide) < order.index(narrow)


@pytest.mark.parametrize(
    ("colour", "view", "seen"),
    [
        ("#ffffff", "protanopia", "#ffffff"),
        ("#808080", "deuteranopia", "#808080"),
        ("#000000", "grey", "#000000"),
        # sRGB green has the luminance 0.7152: 1.055 · 0.7152^(1/2.4) - 0.055 = 0.8627 = 220/255.
        ("#00ff00", "grey", "#dcdcdc"),
        # Red without long-wave cones: 0.1523, 0.1145, 0 in linear light.
        ("#ff0000", "protanopia", "#6d5f00"),
    ],
)
def test_simulation(colour: str, view: str, seen: str) -> None:
    """Neutral colours stay as they are for all readers; others move as the published matrices say."""
    assert simulate_view(colour, view) == seen  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_difference_as_published(
    one: tuple[float, float, float], other: tuple[float, float, float], expected: float
) -> None:
    """CIEDE2000 gives the test values of Sharma, Wu & Dalal (2005), both ways."""
    assert measure_difference(one, other) == pytest.approx(expected, abs=5e-5)
    assert measure_difference(other, one) == pytest.approx(expected, abs=5e-5)


def test_grey_has_no_colour() -> None:
    """In the grey view only lightness is left."""
    for colour in ("#6fb17a", "#a80d55", "#0b3d78"):
        _, a, b = to_lab(simulate_view(colour, "grey"))
        assert abs(a) < 0.02 and abs(b) < 0.02
    assert VIEWS == ("normal", "protanopia", "deuteranopia", "grey")


def test_colour_shown() -> None:
    """A half-transparent black fill shows the middle grey, darker by the share of ground its hatch covers."""
    plain = Symbol("a", "polygon", 1, "a", "a", fill="#000000", fill_opacity=0.5)

    assert show_colour(plain) == "#808080"
    assert show_colour(replace(plain, fill=None, stroke="#123456")) == "#123456"


def test_form_alone() -> None:
    """A different direction, dash, marker or width tells symbols apart; colour and a white rim do not."""
    symbols = load_symbols()

    def change(key: str, **changes: object) -> bool:
        return differ_in_form(symbols[key], replace(symbols[key], **changes))  # type: ignore[arg-type]

    hatch = symbols["corridor"].hatch
    assert hatch is not None
    assert change("corridor", hatch=replace(hatch, angle=135.0))
    assert not change("corridor", hatch=replace(hatch, angle=65.0), fill="#000000")
    # 170 and 10 degrees are 20 degrees apart.
    tilted = replace(symbols["corridor"], hatch=replace(hatch, angle=170.0))
    assert not differ_in_form(tilted, replace(tilted, hatch=replace(hatch, angle=10.0)))
    assert change("corridor", dash=(1.0, 1.0)) and change("corridor", hatch=None)
    assert change("watercourse", width=0.35 * 1.5) and not change("watercourse", width=0.45)
    assert not change("watercourse", casing="#ffffff", casing_width=2.0)
    assert change("watercourse", casing="#000000", casing_width=2.0)
