"""What is known of a work turned into its passability, by rules that are data.

The share of those that come which get past, up and down, for a group of species: a value, an interval, or
nothing known, which is the interval from 0 to 1. The rules of bocage are in ``passability.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError, InputError
from bocage.wording import fold_name

if TYPE_CHECKING:
    from pandas import DataFrame, Series

Floats = NDArray[np.float64]
Share = tuple[float, float, float]
"""Low, best and high; best is NaN when it is not known."""

ICE_CLASSES = (0.0, 0.33, 0.66, 1.0)
"""Classes of the French protocol ICE: total barrier, and impact very high, significant and limited."""

UNKNOWN: Share = (0.0, float("nan"), 1.0)

# What is written for a class that could not be given.
_NOT_GIVEN = frozenset({"", "nc", "nan", "none", "na", "inconnu", "indetermine", "unknown"})

_BARE_NO = frozenset({"0", "0.0", "f", "n"})


@dataclass(frozen=True)
class Falls:
    """Passability by height of fall: ``share[i]`` up to ``upto_m[i]``, the last beyond."""

    upto_m: tuple[float, ...]
    share: tuple[Share, ...]


@dataclass(frozen=True)
class Rule:
    """One row of the table: conditions, and what is passable when all hold.

    Attributes
    ----------
    key : str
    up, down : Share or "height"
    up_high, down_high : float, optional
        Raise the high value to at least this.
    state, kind, fish_pass, groups : tuple of str
        Values that hold; empty holds always.
    height_known : bool, optional
    """

    key: str
    up: Share | str
    down: Share | str
    up_high: float | None = None
    down_high: float | None = None
    state: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    fish_pass: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    height_known: bool | None = None


@dataclass(frozen=True)
class PassabilityRules:
    """The rules, first match first.

    Attributes
    ----------
    groups : dict of str to dict
        Key of each group of species and its names by language.
    rules : tuple of Rule
    climb : dict of str to Falls
        By group.
    descent : Falls
    words : dict
        How values of columns are recognised.
    """

    groups: Mapping[str, Mapping[str, str]]
    rules: tuple[Rule, ...]
    climb: Mapping[str, Falls]
    descent: Falls
    words: Mapping[str, Any] = field(default_factory=dict)


@cache
def default_rules() -> PassabilityRules:
    """Give the rules that come with bocage.

    >>> sorted(default_rules().groups)
    ['cyprinid', 'eel', 'salmon', 'small', 'trout']
    """
    text = files("bocage.rivers").joinpath("passability.toml").read_text(encoding="utf-8")
    return read_rules(tomllib.loads(text))


def read_rules(tables: Mapping[str, Any]) -> PassabilityRules:
    """Read rules from the tables of a TOML file like ``passability.toml``.

    Raises
    ------
    DataError
        A table is missing, a passability is not in [0, 1], or a rule has a condition that does not exist.
    """
    for table in ("groups", "falls", "rule"):
        if table not in tables:
            raise DataError(
                f"The rules of passability have no table {table!r}; take passability.toml as a model."
            )
    words = tables.get("words") or _default_words()
    climb = {
        key: _read_falls(falls, "up", f"falls.{key}")
        for key, falls in tables["falls"].items()
        if key != "descent"
    }
    lacking = [key for key in tables["groups"] if key not in climb]
    if lacking:
        raise DataError(f"Group {lacking[0]!r} has no table falls.{lacking[0]}; give its heights.")
    if "descent" not in tables["falls"]:
        raise DataError("The rules of passability have no table falls.descent; give its heights.")
    return PassabilityRules(
        groups=tables["groups"],
        rules=tuple(_read_rule(rule) for rule in tables["rule"]),
        climb=climb,
        descent=_read_falls(tables["falls"]["descent"], "down", "falls.descent"),
        words=words,
    )


def rate_works(
    works: DataFrame,
    rules: PassabilityRules | None = None,
    *,
    group: str,
    up: str | None = None,
    down: str | None = None,
    height_class: str | None = None,
) -> DataFrame:
    """Rate the passability of works for a group of species.

    A destroyed work is passable. Else what a column says goes before the rules. A height of fall comes from
    ``height_m``, or from the two ends of its class, whose passabilities then bound the result.

    Parameters
    ----------
    works : DataFrame
        ``kind``, ``state``, ``fish_pass`` (words, recognised as the rules say; empty is unknown) and
        ``height_m`` (NaN unknown); a column left out is unknown.
    rules : PassabilityRules, optional
        Those of bocage by default.
    group : str
        Key of the group of species.
    up, down : str, optional
        Columns of passabilities in [0, 1] or classes of ICE, numbers or text (0,33); empty or NC is unknown.
    height_class : str, optional
        Column of classes such as ``De 0.5m à inférieure à 1m``.

    Returns
    -------
    DataFrame
        A row a work, with its index: ``up``, ``up_low``, ``up_high``, ``down``, ``down_low``, ``down_high``
        (best NaN, from 0 to 1, where unknown), ``known`` (both best values are), ``rule`` (key of the rule;
        *given* for what a column says).

    Raises
    ------
    DataError
        The group does not exist, or a passability is not in [0, 1].
    InputError
        A column named is missing.

    Examples
    --------
    >>> import pandas
    >>> works = pandas.DataFrame({"state": ["Détruit entièrement", ""], "fish_pass": ["", ""]})
    >>> rate_works(works, group="eel")[["up", "up_low", "up_high", "known", "rule"]].values.tolist()
    [[1.0, 1.0, 1.0, True, 'destroyed'], [nan, 0.0, 1.0, False, 'unknown']]
    """
    import pandas

    rules = rules or default_rules()
    if group not in rules.groups:
        raise DataError(f"No group of species is called {group!r}; choose among {', '.join(rules.groups)}.")
    for column in (up, down, height_class):
        if column is not None and column not in works.columns:
            raise InputError(f"The works have no column {column!r}; they have {', '.join(works.columns)}.")
    count = len(works)
    values = {key: _recognise(works, key, rules.words) for key in ("state", "kind", "fish_pass")}
    low_m, high_m = _read_heights(works, height_class)
    rated = {"up": np.tile(UNKNOWN, (count, 1)), "down": np.tile(UNKNOWN, (count, 1))}
    by_height = {
        "up": _rate_falls(rules.climb[group], low_m, high_m),
        "down": _rate_falls(rules.descent, low_m, high_m),
    }
    used = np.full(count, "", dtype=object)
    for rule in rules.rules:
        holds = (used == "") & (not rule.groups or group in rule.groups)
        for key in ("state", "kind", "fish_pass"):
            wanted = getattr(rule, key)
            if wanted:
                holds &= np.isin(values[key], wanted)
        if rule.height_known is not None:
            holds &= np.isfinite(low_m) == rule.height_known
        used[holds] = rule.key
        for side in ("up", "down"):
            share = getattr(rule, side)
            rated[side][holds] = by_height[side][holds] if isinstance(share, str) else share
            highest = getattr(rule, f"{side}_high")
            if highest is not None:
                rated[side][holds, 2] = np.maximum(rated[side][holds, 2], highest)
    standing = values["state"] != "destroyed"
    for side, column in (("up", up), ("down", down)):
        if column is not None:
            given = read_classes(works[column])
            said = np.isfinite(given) & standing
            rated[side][said] = given[said, None]
            used[said] = "given"
    table = {}
    for side in ("up", "down"):
        table[side] = rated[side][:, 1]
        table[f"{side}_low"], table[f"{side}_high"] = rated[side][:, 0], rated[side][:, 2]
    known = np.isfinite(table["up"]) & np.isfinite(table["down"])
    return pandas.DataFrame({**table, "known": known, "rule": used}, index=works.index)


def recognise_words(values: Series[Any], column: str) -> NDArray[np.object_]:
    """Recognise the ``kind``, ``state`` or ``fish_pass`` of works by the words of bocage; empty is unknown.

    Examples
    --------
    >>> import pandas
    >>> recognise_words(pandas.Series(["Détruit entièrement", "Existant", None]), "state").tolist()
    ['destroyed', 'existing', 'unknown']
    """
    return _recognise(values.to_frame(column), column, default_rules().words)


def read_classes(values: Series[Any]) -> Floats:
    """Read passabilities, or classes of ICE, from a column; NaN where none is given.

    Raises
    ------
    DataError
        A value is not a number in [0, 1].

    Examples
    --------
    >>> import pandas
    >>> read_classes(pandas.Series(["0,33", 1, "NC", None, "0.66"])).tolist()
    [0.33, 1.0, nan, nan, 0.66]
    """
    read = np.full(len(values), np.nan)
    for place, value in enumerate(values):
        if value is None or value != value:
            continue
        text = str(value).strip().replace(",", ".")
        if fold_name(text) in _NOT_GIVEN:
            continue
        try:
            share = float(text)
        except ValueError:
            share = float("nan")
        if not 0 <= share <= 1:
            raise DataError(
                f"Passability {value!r} of column {values.name!r}, row {place}, is not in [0, 1]; mend it or "
                "leave it empty for unknown."
            )
        read[place] = share
    return read


def read_height_class(text: str) -> tuple[float, float]:
    """Read a class of height of fall [m]; NaN twice where it says none.

    >>> read_height_class("De 0.5m à inférieure à 1m"), read_height_class("Inférieure à 0.5m")
    ((0.5, 1.0), (0.0, 0.5))
    >>> read_height_class("Supérieure ou égale à 10m"), read_height_class("Indéterminée")
    ((10.0, inf), (nan, nan))
    """
    numbers = [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text.replace(",", "."))]
    if not numbers:
        return float("nan"), float("nan")
    if len(numbers) > 1:
        return min(numbers), max(numbers)
    word = fold_name(text)
    if any(key in word for key in ("inf", "moins", "less", "under", "<")):
        return 0.0, numbers[0]
    if any(key in word for key in ("sup", "plus", "more", "over", ">")):
        return numbers[0], float("inf")
    return numbers[0], numbers[0]


def _default_words() -> Mapping[str, Any]:
    """Give the words of bocage, for rules that bring none."""
    text = files("bocage.rivers").joinpath("passability.toml").read_text(encoding="utf-8")
    words: Mapping[str, Any] = tomllib.loads(text)["words"]
    return words


def _read_share(value: Any, place: str) -> Share:
    """Read a number, two, three, or "unknown"."""
    if value == "unknown":
        return UNKNOWN
    numbers = [value] if isinstance(value, int | float) else list(value) if isinstance(value, list) else []
    if len(numbers) == 1:
        low = best = high = float(numbers[0])
    elif len(numbers) == 2:
        low, high = float(numbers[0]), float(numbers[1])
        best = (low + high) / 2
    elif len(numbers) == 3:
        low, best, high = (float(number) for number in numbers)
    else:
        raise DataError(f"{place} is {value!r}; give a number, [low, high], [low, best, high] or unknown.")
    if not 0 <= low <= best <= high <= 1:
        raise DataError(f"{place} is {value!r}; give passabilities in [0, 1], from low to high.")
    return low, best, high


def _read_falls(table: Mapping[str, Any], side: str, place: str) -> Falls:
    """Read a table of heights."""
    upto = tuple(float(height) for height in table["upto_m"])
    share = tuple(_read_share(value, f"{place}.{side}") for value in table[side])
    if len(share) != len(upto) + 1 or list(upto) != sorted(set(upto)):
        raise DataError(
            f"{place} has {len(upto)} heights and {len(share)} passabilities; give rising heights and one "
            "passability more."
        )
    return Falls(upto, share)


def _read_rule(table: Mapping[str, Any]) -> Rule:
    """Read a rule."""
    conditions = ("state", "kind", "fish_pass", "groups")
    known = {"key", "up", "down", "up_high", "down_high", "height_known", *conditions}
    strange = [key for key in table if key not in known]
    key = str(table.get("key", ""))
    if strange:
        raise DataError(f"Rule {key!r} has {strange[0]!r}; it may have {', '.join(sorted(known))}.")
    if "up" not in table or "down" not in table or not key:
        raise DataError(f"Rule {key!r} needs key, up and down.")
    sides: dict[str, Any] = {}
    for side in ("up", "down"):
        value = table[side]
        sides[side] = value if value == "height" else _read_share(value, f"rule.{key}.{side}")
        if f"{side}_high" in table:
            sides[f"{side}_high"] = _read_share(table[f"{side}_high"], f"rule.{key}.{side}_high")[2]
    for name in conditions:
        sides[name] = tuple(table.get(name, ()))
    return Rule(key=key, height_known=table.get("height_known"), **sides)


def _recognise(works: DataFrame, column: str, words: Mapping[str, Any]) -> NDArray[np.object_]:
    """Recognise the values of a column by their words; nothing is unknown."""
    if column not in works.columns:
        return np.full(len(works), "unknown", dtype=object)
    codes, texts = works[column].factorize(use_na_sentinel=False)
    found = np.array([_recognise_word(text, words[column]) for text in texts], dtype=object)
    return found[codes] if len(found) else np.zeros(0, dtype=object)


def _recognise_word(text: Any, table: Mapping[str, Any]) -> str:
    """Recognise one value."""
    word = "" if text is None or text != text else fold_name(str(text))
    if not word:
        return "unknown"
    # A bare no, in a column of yes and no.
    if table["otherwise"] == "yes" and word in _BARE_NO:
        return "no"
    find: Sequence[tuple[str, Sequence[str]]] = table["find"]
    for value, _ in find:
        if word == value:
            return value
    for value, stems in find:
        # A short word must stand alone: « non » is not in « nonette ».
        if any(
            re.search(rf"\b{re.escape(stem)}" + (r"\b" if len(stem) <= 3 else ""), word) for stem in stems
        ):
            return value
    return str(table["otherwise"])


def _read_heights(works: DataFrame, height_class: str | None) -> tuple[Floats, Floats]:
    """Read the lowest and highest height of fall of each work; NaN where unknown."""
    import pandas

    exact = np.full(len(works), np.nan)
    if "height_m" in works.columns:
        exact = pandas.to_numeric(works["height_m"], errors="coerce").to_numpy(np.float64, copy=True)
        wrong = np.flatnonzero(exact < 0)
        if wrong.size:
            raise DataError(
                f"Height {exact[wrong[0]]} m at row {wrong[0]} of the works is negative; mend it."
            )
    low, high = exact.copy(), exact.copy()
    if height_class is not None:
        texts = works[height_class]
        read = [
            (np.nan, np.nan) if text is None or text != text else read_height_class(str(text))
            for text in texts
        ]
        bounds = np.array(read, dtype=np.float64).reshape(-1, 2)
        blank = np.isnan(exact)
        low[blank], high[blank] = bounds[blank, 0], bounds[blank, 1]
    return low, high


def _rate_falls(falls: Falls, low_m: Floats, high_m: Floats) -> Floats:
    """Rate falls between two heights: worst of the high one, best of the low one, middle for the middle."""
    share = np.array(falls.share)
    steps = np.array(falls.upto_m)
    rated = np.tile(UNKNOWN, (len(low_m), 1))
    known = np.isfinite(low_m)
    low, high = low_m[known], high_m[known]
    # The lower end of a class is not in the step below it.
    inside = np.where(high > low, np.nextafter(low, np.inf), low)
    middle = np.where(np.isfinite(high), (low + high) / 2, inside)
    rated[known, 0] = share[np.searchsorted(steps, high), 0]
    rated[known, 1] = share[np.searchsorted(steps, middle), 1]
    rated[known, 2] = share[np.searchsorted(steps, inside), 2]
    return rated
