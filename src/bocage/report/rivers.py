"""The section of the report on rivers: what is unknown first, then basins, works to open and the budget."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from markupsafe import Markup

from bocage.report.figures import write_amount
from bocage.units import NBSP, format_number
from bocage.wording import bind_spaces, say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

MOST_BASINS, MOST_WORKS, MOST_CODES = 10, 15, 8


@dataclass(frozen=True)
class RiverSection:
    """What the section is made from.

    Attributes
    ----------
    basins : GeoDataFrame
        As in ``basins.csv``.
    works : GeoDataFrame or None
        Works of the whole layer: ``id``, ``name``, ``river``, ``reach_above``, ``rule``, ``known``,
        ``up_low``, ``up``, ``up_high``, ``doubtful``, gains, ``upstream_km``, ``rank``, and where they are
        told ``order``, ``waits_for``, ``option``, ``list1``, ``list2``, ``priority``, ``protected``; None
        where none were given.
    inside : (k,) array of bool
        Works of the study area that stand on a watercourse and are not destroyed.
    index : str
        What works are ranked by: ``potamodromous`` or ``diadromous``.
    indices : mapping of str to float
        Of the whole network [points]: both, with ``_low`` and ``_high``; empty without works.
    figure : str
        The curve of budgets as SVG; empty where nothing can be opened.
    asked : float or None
        Budget planned.
    assumed, costed : bool
        The study gave no budget; it is in the unit of costs.
    gained : tuple of float
        Gain of the plan, and of the same money down the ranking [points].
    diagnose : sequence of str
        Works whose unknown passability changes the plan.
    written : sequence of str, optional
        Codes of the works that gain, as the network beside the report holds them; empty codes have none.
    """

    basins: GeoDataFrame
    works: GeoDataFrame | None
    inside: Any = field(default_factory=lambda: np.zeros(0, dtype=bool))
    index: str = "potamodromous"
    indices: Mapping[str, float] = field(default_factory=dict)
    figure: str = ""
    asked: float | None = None
    assumed: bool = False
    costed: bool = False
    gained: tuple[float, float] = (0.0, 0.0)
    diagnose: Sequence[str] = ()
    written: Sequence[str] | None = None


def describe_rivers(
    section: RiverSection | None, communes: GeoDataFrame | None, language: str
) -> dict[str, Any] | None:
    """Give the words and rows of the section; None where there are no rivers."""
    if section is None:
        return None
    basins, more = _list_basins(section, language)
    works, others = _list_works(section, communes, language)
    return {
        "unknown": _tell_unknown(section, language),
        "measured": section.works is not None,
        "basins": basins,
        "more_basins": more,
        "works": works,
        "more_works": others,
        "planned": any(row["order"] for row in works),
        "ranked": say(f"report.rivers_ranked_{section.index}", language),
        "plan": _tell_plan(section, language),
        "figure": Markup(re.sub(r"^<\?xml[^>]*\?>\s*", "", section.figure)),
    }


def _tell_unknown(section: RiverSection, language: str) -> list[str]:
    """Say what is not known, what is made of it and where it would change the plan."""

    def tell(key: str, **values: Any) -> str:
        return say(f"report.rivers_{key}", language, **values)

    works = section.works
    if works is None:
        return [tell("no_works")]
    on = (works["reach_above"] >= 0).to_numpy()
    unknown = on & ~works["known"].to_numpy(dtype=bool)
    told = [
        tell(
            "completeness",
            total=len(works),
            off=int((~on).sum()),
            doubtful=int(works["doubtful"].to_numpy(dtype=bool)[on].sum()),
            inside=int(np.sum(section.inside)),
        )
    ]
    if on.any():
        share = format_number(100 * unknown.sum() / on.sum(), 0, language)
        told.append(tell("unknown", unknown=int(unknown.sum()), on=int(on.sum()), share=share))
    if section.indices:
        spread = {
            f"{side}_{end}": write_amount(section.indices[f"dci_{index}{key}"], language)
            for side, index in (("within", "potamodromous"), ("sea", "diadromous"))
            for end, key in (("value", ""), ("low", "_low"), ("high", "_high"))
        }
        told.append(tell("spread", **spread))
    if section.diagnose:
        told.append(
            tell("diagnose", works=_list_codes(section.diagnose, language), count=len(section.diagnose))
        )
    elif section.asked is not None and unknown.any():
        told.append(tell("diagnose_none"))
    return told


def _list_codes(codes: Sequence[str], language: str) -> str:
    shown = ", ".join(codes[:MOST_CODES])
    more = len(codes) - MOST_CODES
    return shown if more <= 0 else f"{shown} {say('report.and_more', language, count=more)}"


def _list_basins(section: RiverSection, language: str) -> tuple[list[dict[str, Any]], int]:
    """Give the rows of the longest basins that have works, and how many others there are."""
    basins = section.basins
    if section.works is not None:
        held = basins[basins["works"] > 0]
        basins = held if len(held) else basins
    rows = []
    for row in basins.head(MOST_BASINS).drop(columns="geometry").to_dict("records"):
        name = str(row["name"]) if isinstance(row["name"], str) and row["name"] else ""
        rows.append(
            {
                "number": int(row["basin"]),
                "name": _set_type(name) or say("report.rivers_unnamed", language),
                "length": write_amount(float(row["length_km"]), language),
                "works": _write(row["works"], 0, language),
                "unknown": _write(row["unknown"], 0, language),
                "stretch": _write(row["longest_stretch_km"], 1, language),
                "within": _write_between(row, "dci_potamodromous", language),
                "sea": _write_between(row, "dci_diadromous", language),
            }
        )
    return rows, len(section.basins) - len(rows)


def _set_type(name: str) -> str:
    """Write a name of the data as print does: « l’Oise »."""
    return name.replace("'", "’")


def _write(value: Any, decimals: int, language: str) -> str:
    number = float(value)
    return "–" if math.isnan(number) else format_number(number, decimals, language)


def _write_between(row: Mapping[Any, Any], key: str, language: str) -> str:
    """Write an index with what it would be were all unknown works shut, then open."""
    value, low, high = (float(row[f"{key}{end}"]) for end in ("", "_low", "_high"))
    if math.isnan(value):
        return "–"
    if high - low < 0.05:
        return write_amount(value, language)
    return say(
        "report.rivers_between",
        language,
        value=write_amount(value, language),
        low=write_amount(low, language),
        high=write_amount(high, language),
    )


def _list_works(
    section: RiverSection, communes: GeoDataFrame | None, language: str
) -> tuple[list[dict[str, Any]], int]:
    """Give the rows of the works of the study area that gain most alone, and how many others gain."""
    if section.works is None:
        return [], 0
    works = section.works[section.inside & section.works["rank"].notna().to_numpy(dtype=bool)]
    works = works.sort_values("rank", kind="stable")
    first = works.head(MOST_WORKS)
    places = _name_places(first, communes)
    rows: list[dict[str, Any]] = []
    for place, row in zip(places, first.drop(columns="geometry").to_dict("records"), strict=True):
        gain = float(row[f"gain_{section.index}"])
        order = row.get("order")
        river = str(row["river"]) if isinstance(row["river"], str) else ""
        rows.append(
            {
                "rank": len(rows) + 1,
                "code": str(row["id"]),
                "name": _set_type(
                    str(row["name"]) if isinstance(row["name"], str) and row["name"] else river
                ),
                "place": place,
                "gain": f"+{NBSP}{_write_gain(gain, language)}",
                "opens": write_amount(float(row["upstream_km"]), language),
                "order": "" if order is None or order != order else str(int(order)),
                "why": _explain(row, language),
            }
        )
    others = len(works) - len(first)
    if section.written is not None:
        # What the file holds, of which some are shown already.
        left = Counter(section.written) - Counter(row["code"] for row in rows)
        others = left.total()
    return rows, others


def _write_gain(points: float, language: str) -> str:
    return (
        format_number(points, 2, language)
        if points >= 0.005
        else f"<{NBSP}{format_number(0.01, 2, language)}"
    )


def _name_places(works: GeoDataFrame, communes: GeoDataFrame | None) -> list[str]:
    """Name the commune in which each work stands; on a limit, the first by name."""
    if communes is None or not len(communes) or not len(works):
        return [""] * len(works)
    zones = communes.geometry.to_numpy()
    work, zone = shapely.STRtree(zones).query(works.geometry.to_numpy(), predicate="intersects")
    names = communes["name"].astype(str).to_numpy()
    pairs = sorted(zip(work.tolist(), names[zone].tolist(), strict=True), reverse=True)
    found = dict(pairs)
    return [found.get(row, "") for row in range(len(works))]


def _explain(row: Mapping[Any, Any], language: str) -> str:
    """Say what is known of a work's passability, what the law asks and what it waits for."""

    def tell(key: str, **values: Any) -> str:
        return say(f"report.rivers_why_{key}", language, **values)

    low, best, high = (float(row[key]) for key in ("up_low", "up", "up_high"))
    if not math.isnan(best):
        parts = [tell("shut") if best == 0 else tell("share", share=format_number(100 * best, 0, language))]
    elif low == 0 and high == 1:
        parts = [tell("unknown")]
    else:
        parts = [
            tell(
                "between",
                low=format_number(100 * low, 0, language),
                high=format_number(100 * high, 0, language),
            )
        ]
    for key in ("list2", "list1", "priority", "protected"):
        if row.get(key) is True:
            parts.append(tell(key))
    # A work that may not be removed may have a pass.
    option = row.get("option")
    if option in ("removal", "pass"):
        parts.append(tell(f"plan_{option}"))
    if row.get("doubtful") is True:
        parts.append(tell("doubtful"))
    waits = row.get("waits_for")
    if isinstance(waits, str) and waits:
        parts.append(tell("waits", work=waits))
    stability = row.get("stability")
    if stability is not None and stability == stability and row.get("in_plan") is True:
        parts.append(tell("stability", share=format_number(100 * float(stability), 0, language)))
    text = (f"{NBSP}; " if language == "fr" else "; ").join(parts)
    return bind_spaces(text[:1].upper() + text[1:])


def _tell_plan(section: RiverSection, language: str) -> str:
    """Say what the budget gains, and what the same money would gain down the ranking."""
    if section.asked is None or not section.figure:
        return ""
    asked = section.asked
    amount = format_number(asked, 0 if asked == int(asked) else 2, language)
    return say(
        f"report.rivers_plan_{'cost' if section.costed else 'count'}",
        language,
        budget=amount,
        gain=_write_gain(section.gained[0], language),
        ranking=_write_gain(section.gained[1], language),
    )
