"""The palette: complete, legible without colour, replaceable, and clear about its mistakes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest

from bocage.cartography import Symbol, load_symbols, parse_symbols
from bocage.errors import InputError
from bocage.network import COLUMNS, Theme


def lightness(colour: str) -> float:
    """Give the luma of a colour, in [0, 255]: what a photocopier keeps of it."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def texture(symbol: Symbol) -> tuple[object, ...]:
    """Give what tells a symbol from others without any colour."""
    hatch = None if symbol.hatch is None else symbol.hatch.angle
    marker = None if symbol.marker is None else symbol.marker.shape
    return (symbol.kind, hatch, bool(symbol.dash), marker)


class TestPalette:
    """Tests of bocage's own palette."""

    def test_every_theme_is_drawn(self) -> None:
        """Each theme of a network has at least one symbol."""
        symbols = load_symbols()

        assert [theme for theme in get_args(Theme) if not symbols.of_theme(theme)] == []

    def test_conditions_name_columns(self) -> None:
        """The columns that choose a symbol's objects exist in its table."""
        for symbol in load_symbols():
            if symbol.table is not None:
                assert set(symbol.conditions) <= set(COLUMNS[symbol.table])

    def test_legible_in_grey(self) -> None:
        """Two symbols of one kind differ by hatch, dash, width, casing or at least 25 levels of grey."""
        drawn = [symbol for symbol in load_symbols() if symbol.theme is not None]
        for one, other in combinations(drawn, 2):
            if texture(one) != texture(other):
                continue
            tones = [(a.fill or a.stroke or "#000000", a.width, a.casing_width) for a in (one, other)]
            (first, width, casing), (second, other_width, other_casing) = tones
            apart = abs(lightness(first) - lightness(second)) >= 25
            assert apart or abs(width - other_width) >= 0.1 or abs(casing - other_casing) >= 0.1, (one, other)

    def test_unbroken_means_preserve(self) -> None:
        """What is to be restored is drawn with broken lines, what is to be preserved without."""
        for symbol in load_symbols():
            objective = symbol.conditions.get("objective")
            if objective is not None:
                assert bool(symbol.dash) == (objective == "restore")

    def test_labels_in_both_languages(self) -> None:
        """Every symbol has words in French and English."""
        assert all(symbol.label("fr") and symbol.label("en") for symbol in load_symbols())


class TestLoadSymbols:
    """Tests of replacing the palette."""

    def test_replaces_one_symbol(self, tmp_path: Path) -> None:
        """A palette file replaces the symbols it names and leaves the others."""
        path = tmp_path / "palette d’été.toml"
        path.write_text(
            '[obstacle_point]\nkind = "point"\norder = 44\nfill = "#123456"\n'
            'marker = { shape = "cross", size = 4 }\nfr = "point"\nen = "point"\n',
            encoding="utf-8",
        )

        symbols = load_symbols(path)

        assert symbols["obstacle_point"].fill == "#123456"
        assert symbols["reservoir"] == load_symbols()["reservoir"]

    def test_only_some_properties(self, tmp_path: Path) -> None:
        """An entry without ``kind`` changes what it names and nothing else."""
        path = tmp_path / "palette.toml"
        path.write_text('[corridor]\nfill = "#123456"\n', encoding="utf-8")

        changed, own = load_symbols(path)["corridor"], load_symbols()["corridor"]

        assert changed == replace(own, fill="#123456")

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('[reservoir]\nkind="polygon"\n', "'order' is missing"),
            ('[reservoir]\nkind="polygon"\norder=1\nfr="a"\nen="b"\nfill="green"', "'#rrggbb' was expected"),
            ('[reservoir]\nkind="area"\norder=1\nfr="a"\nen="b"', "one of polygon, line, point"),
            ('[reservoir]\nkind="polygon"\norder=1\nfr="a"\nen="b"\ncolour="#000000"', "'colour' is none of"),
            ('[reservoir]\nkind="polygon"\norder=1\nfr="a"\nen="b"\nwidth=-1', "millimetres was expected"),
            ('[lake]\nkind="polygon"\norder=1\nfr="a"\nen="b"', "which nothing draws"),
            ("reservoir = 3", "a table [reservoir] was expected"),
            ("[reservoir", "not a TOML file"),
        ],
    )
    def test_tells_mistakes(self, tmp_path: Path, text: str, told: str) -> None:
        """A palette that cannot be drawn is refused in a sentence that names what is wrong."""
        path = tmp_path / "palette.toml"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(InputError) as raised:
            load_symbols(path)

        assert told in str(raised.value)

    def test_changes_looks_only(self, tmp_path: Path) -> None:
        """A palette need not say what a symbol draws: that stays as it was."""
        path = tmp_path / "palette.toml"
        path.write_text(
            '[reservoir]\nkind = "polygon"\norder = 20\nfill = "#00aa00"\nfr = "r"\nen = "r"\n',
            encoding="utf-8",
        )

        own, symbols = load_symbols()["reservoir"], load_symbols(path)

        assert symbols["reservoir"].fill == "#00aa00"
        assert symbols["reservoir"].conditions == own.conditions
        assert symbols["reservoir"] in symbols.of_table("reservoir_s")
        assert symbols["reservoir"] in symbols.of_theme("reservoirs")

    def test_keeps_the_kind(self, tmp_path: Path) -> None:
        """A line cannot be drawn as a polygon: its objects would not show."""
        path = tmp_path / "palette.toml"
        path.write_text('[watercourse]\nkind="polygon"\norder=1\nfr="a"\nen="b"', encoding="utf-8")

        with pytest.raises(InputError, match="of kind 'polygon', but draws objects of kind 'line'"):
            load_symbols(path)

    def test_missing_file(self, tmp_path: Path) -> None:
        """A palette that does not exist is named."""
        with pytest.raises(InputError, match=r"absent\.toml cannot be read"):
            load_symbols(tmp_path / "absent.toml")


class TestThemes:
    """Tests of the symbols of themes beyond the network, bocage's own and the user's."""

    ORCHARD = {"kind": "polygon", "order": 25, "fill": "#d9c56b", "fr": "verger", "en": "orchard"}  # noqa: RUF012

    def test_groups(self) -> None:
        """Each sheet has its themes, which draw no table of the network."""
        symbols = load_symbols()

        assert {symbol.key for symbol in symbols.of_group("inventories")} == {
            "znieff1", "znieff2", "zico", "ens", "inventory",
        }  # fmt: skip
        assert {"natura2000_zsc", "natura2000_zps", "listed_site"} <= {
            symbol.key for symbol in symbols.of_group("protections")
        }
        assert {symbol.kind for symbol in symbols.of_group("water")} == {"polygon", "line", "point"}
        assert all(symbol.table is None and symbol.theme is None for symbol in symbols if symbol.group)

    def test_own_theme(self, tmp_path: Path) -> None:
        """A user's theme joins the palette, and the palette file may change it."""
        extra = parse_symbols({"orchard": self.ORCHARD | {"group": "inventories"}}, "atlas.toml")
        path = tmp_path / "palette.toml"
        path.write_text(
            '[orchard]\nkind = "polygon"\norder = 25\nfill = "#ff0000"\nfr = "verger"\nen = "orchard"\n',
            encoding="utf-8",
        )

        assert load_symbols(extra=extra)["orchard"].fill == "#d9c56b"
        changed = load_symbols(path, extra)
        assert changed["orchard"].fill == "#ff0000"
        assert changed["orchard"] in changed.of_group("inventories")

    def test_replaces_theme(self) -> None:
        """A user's theme with the name of one of bocage's takes its place and its sheet."""
        extra = parse_symbols({"znieff1": self.ORCHARD}, "atlas.toml")

        symbols = load_symbols(extra=extra)

        assert symbols["znieff1"].label_fr == "verger"
        assert symbols["znieff1"].group == "inventories"

    @pytest.mark.parametrize("key", ["corridor", "veil"])
    def test_network_keeps_its_names(self, key: str) -> None:
        """A user's theme cannot take the name of a symbol of the network or of the base map."""
        with pytest.raises(InputError, match=f"The theme '{key}' has the name of a symbol"):
            load_symbols(extra=parse_symbols({key: self.ORCHARD}, "atlas.toml"))

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"group": "trees"}, "one of inventories, protections, water, continuities"),
            ({"group": "water", "table": "reservoir_s"}, "both a table of the network and a group"),
        ],
    )
    def test_tells_mistakes(self, change: dict[str, str], told: str) -> None:
        """A theme that cannot be drawn is refused, naming it and its file."""
        with pytest.raises(InputError, match=r"The symbol 'orchard' of atlas\.toml") as raised:
            parse_symbols({"orchard": self.ORCHARD | change}, "atlas.toml")

        assert told in str(raised.value)
