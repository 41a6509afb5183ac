"""What is known of a work becomes a passability, a range, or nothing."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import numpy as np
import pandas
import pytest

from bocage.errors import DataError, InputError
from bocage.rivers.passability import ICE_CLASSES, default_rules, rate_works, read_classes, read_rules

WORKS = pandas.DataFrame(
    {
        "kind": ["Seuil en rivière", "Buse", "Barrage", "Seuil", "Seuil", "Seuil"],
        "state": ["Détruit entièrement", "Existant", "Existant", "Existant", "Détruit partiellement", ""],
        "fish_pass": ["", "", "Absence de passe", "Rampe", "Absence de passe", "Absence de passe"],
        "height_m": [3.0, 0.4, 3.0, 1.0, 0.3, np.nan],
    }
)


def test_rules_in_their_order():
    """Destroyed is passable whatever its height; partly destroyed still stands; a blank pass is unknown."""
    rated = rate_works(WORKS, group="trout")
    assert rated["rule"].tolist() == [
        "destroyed", "height_pass_unknown", "height", "fish_pass", "height", "unknown",
    ]  # fmt: skip
    assert rated["up"].tolist() == pytest.approx([1, 1, 0, 0.66, 1, np.nan], nan_ok=True)
    assert rated["up_low"].tolist() == pytest.approx([1, 0.66, 0, 0.33, 0.66, 0])
    assert rated["up_high"].tolist() == pytest.approx([1, 1, 0.33, 1, 1, 1])
    # A dam of 3 m: what its way down does is not known, and that is no 0.
    assert rated["known"].tolist() == [True, True, False, True, True, False]
    assert rated.loc[2, ["down_low", "down_high"]].tolist() == [0, 1]


def test_a_blank_fish_pass_is_not_none():
    """3 m for trout: without a pass at most 0.33, with a blank field perhaps 1."""
    works = pandas.DataFrame({"fish_pass": ["Absence de passe", "", None], "height_m": [3.0, 3.0, 3.0]})
    assert rate_works(works, group="trout")["up_high"].tolist() == [0.33, 1, 1]


def test_a_diagnosis_goes_before_the_rules_but_not_before_ruin():
    """Classes of ICE, as numbers or French text; NC falls back on the rules."""
    works = WORKS.assign(ice=["0", "0,33", 0.66, "NC", "1", None])
    rated = rate_works(works, group="trout", up="ice")
    assert rated["up"].tolist() == pytest.approx([1, 0.33, 0.66, 0.66, 1, np.nan], nan_ok=True)
    assert rated["rule"].tolist() == ["destroyed", "given", "given", "fish_pass", "given", "unknown"]
    assert read_classes(pandas.Series(ICE_CLASSES)).tolist() == list(ICE_CLASSES)


def test_a_class_of_height_bounds_what_it_cannot_say():
    """From 0.5 to 1 m for trout, by hand from the falls: the worst of 1 m, the best above 0.5 m."""
    works = pandas.DataFrame(
        {
            "fish_pass": ["Absence de passe"] * 2,
            "height_m": [np.nan, 0.2],
            "h": ["De 0.5m à inférieure à 1m", "De 0.5m à inférieure à 1m"],
        }
    )
    rated = rate_works(works, group="trout", height_class="h")
    assert rated.loc[0, ["up_low", "up", "up_high"]].tolist() == [0.33, 0.66, 1.0]
    # A measured height goes before its class.
    assert rated.loc[1, ["up_low", "up", "up_high"]].tolist() == [0.66, 1.0, 1.0]


def test_low_is_never_above_best_nor_best_above_high_and_falls_only_bar_more():
    """For every group, over heights: 0 <= low <= best <= high <= 1, never rising with the height."""
    heights = np.linspace(0, 12, 121)
    works = pandas.DataFrame({"fish_pass": ["none"] * len(heights), "height_m": heights})
    for group in default_rules().groups:
        rated = rate_works(works, group=group)
        shares = rated[["up_low", "up", "up_high"]].to_numpy()
        assert (np.diff(shares, axis=1) >= 0).all() and (np.diff(shares, axis=0) <= 0).all()
        assert shares.min() >= 0 and shares.max() <= 1


def test_what_cannot_be_is_one_sentence():
    """An unknown group, a passability out of [0, 1], a missing column, a negative height."""
    with pytest.raises(DataError, match="No group of species is called 'dragon'; choose among"):
        rate_works(WORKS, group="dragon")
    with pytest.raises(DataError, match=r"Passability 1.5 of column 'ice', row 0"):
        rate_works(WORKS.assign(ice=1.5), group="eel", up="ice")
    with pytest.raises(InputError, match="no column 'ice'"):
        rate_works(WORKS, group="eel", up="ice")
    with pytest.raises(DataError, match="is negative"):
        rate_works(pandas.DataFrame({"height_m": [-1.0]}), group="eel")


def test_rules_of_ones_own():
    """A table can be changed; what it lacks or misspells is told."""
    text = files("bocage.rivers").joinpath("passability.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    tables["rule"].insert(0, {"key": "culvert", "kind": ["culvert"], "up": [0.2, 0.4], "down": 1.0})
    rated = rate_works(WORKS, read_rules(tables), group="eel")
    assert (
        rated.loc[1, ["up_low", "up", "up_high", "rule"]].tolist()
        == pytest.approx([0.2, 0.3, 0.4, "culvert"], abs=1e-12)
        or rated.loc[1, "rule"] == "culvert"
    )
    assert rated.loc[1, ["up_low", "up", "up_high"]].tolist() == pytest.approx([0.2, 0.3, 0.4])
    with pytest.raises(DataError, match="from low to high"):
        read_rules({**tables, "rule": [{"key": "x", "up": [0.9, 0.1], "down": 1.0}]})
    with pytest.raises(DataError, match="has 'heigth_known'"):
        read_rules({**tables, "rule": [{"key": "x", "up": 1.0, "down": 1.0, "heigth_known": True}]})
    with pytest.raises(DataError, match="no table 'falls'"):
        read_rules({"groups": {}, "rule": []})
