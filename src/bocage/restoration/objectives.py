"""Rules that give every element of the network its objective, with the numbers they were applied to.

A corridor is *to restore* by the first of these rules that applies; all that apply are written as evidence:

``obstacles``
    it works only without its obstacles: ``cost > dispersal_cost >= cost_free``, an empty ``cost`` meaning
    that it is impassable today, or beyond what was searched;
``degraded``
    its ground is degraded: ``degraded_share >= rules.degraded_share``;
``crosses``
    at least one obstacle point or line of a listed type names it in ``cuts`` and has no known crossing
    (``crossings == 0``), each obstacle judged alone: a passage on one motorway does not open another.

Otherwise it is *to preserve*: ``functional`` when its cost is allowed; ``distant`` when its cost exceeds the
one allowed even without infrastructure, and ``unmeasured`` when it has no cost, are kept by default and
told in the journal. A reservoir is to preserve (``reservoir``), which is official practice, unless the rules
state a share of habitat (``habitat``) or of core habitat (``core``) below which it is to restore.
Watercourses keep the objective their role gave them. A human decision overrides any of them (``decision``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bocage.errors import InputError, StudyError
from bocage.journal import Journal
from bocage.network import Objective, Table
from bocage.restoration.decisions import Decision, Decisions
from bocage.units import format_number
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_WITH_OBJECTIVE: tuple[Table, ...] = ("reservoir_s", "reservoir_l", "corridor_s", "corridor_l", "cours_eau_l")
# A long corridor may meet dozens of pieces of one motorway: the first ones are enough to find it.
_MOST_NAMED = 5
_CUTTING: tuple[Table, ...] = ("obstacle_p", "obstacle_l")


@dataclass(frozen=True)
class Rules:
    """Thresholds of the rules that give objectives.

    Attributes
    ----------
    degraded_share : float
        A corridor is to restore from this share of artificial or hostile ground, in (0, 1].
    restore_types : tuple of str
        Types of obstacles that make a corridor one to restore when nothing is known to cross them:
        by default motorways (01) and high-speed railways (03), which are fenced.
    reservoir_habitat_share, reservoir_core_share : float, optional
        A reservoir is to restore when its habitat, or core habitat, is a smaller share of its area,
        in (0, 1].
    """

    degraded_share: float = 0.3
    restore_types: tuple[str, ...] = ("01", "03")
    reservoir_habitat_share: float | None = None
    reservoir_core_share: float | None = None

    def __post_init__(self) -> None:
        for name in ("degraded_share", "reservoir_habitat_share", "reservoir_core_share"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise StudyError(
                    f"[rules] {name} is {value!r}; give a share above 0 and up to 1, as 0.3 for 30 %"
                )


@dataclass(frozen=True, slots=True)
class _Finding:
    objective: Objective
    rule: str
    evidence: str


def assign_objectives(
    tables: Mapping[Table, GeoDataFrame],
    rules: Rules | None = None,
    decisions: Decisions | None = None,
    *,
    journal: Journal | None = None,
    language: str = "fr",
) -> dict[Table, GeoDataFrame]:
    """Give every reservoir, corridor and watercourse its objective, rule and evidence.

    Parameters
    ----------
    tables : mapping of table name to GeoDataFrame
        Tables of the network, as ``network.COLUMNS`` describes them; absent ones are left absent.
    rules : Rules, optional
        Thresholds; the defaults of ``Rules`` when not given.
    decisions : Decisions, optional
        Human decisions, which override the rules on all tables that hold the object.
    journal : Journal, optional
        Gets a note per decision, and one when corridors have no cost to judge.
    language : {"fr", "en"}
        Language of the evidence.

    Returns
    -------
    dict of table name to GeoDataFrame
        The same tables, in the same order, with ``objective``, ``rule``, ``evidence`` and ``decided_by``
        filled; a corridor's axis takes what its surface got. The tables given are not changed.

    Raises
    ------
    InputError
        A decision is about an object that no table holds.
    """
    rules = rules or Rules()
    decisions = decisions or Decisions()
    journal = journal if journal is not None else Journal()
    _check_decisions(tables, decisions)
    cuts = _list_cuts(tables, rules.restore_types)
    by_table: dict[Table, list[_Finding]] = {}
    corridors: dict[str, _Finding] = {}
    both: tuple[Table, ...] = ("corridor_s", "corridor_l")
    for table in both:
        if table not in tables:
            continue
        # The surface is judged first; the axis of the same corridor takes its finding.
        findings = [
            corridors.get(row["id"]) or _judge_corridor(row, cuts.get(row["id"], {}), rules, language)
            for row in tables[table].drop(columns="geometry").to_dict("records")
        ]
        corridors.update(zip(tables[table]["id"], findings, strict=True))
        by_table[table] = findings
    by_default = sum(finding.rule in ("distant", "unmeasured") for finding in corridors.values())
    if by_default:
        journal.add("objective_by_default", count=by_default)
    if "reservoir_s" in tables:
        by_table["reservoir_s"] = [
            _judge_reservoir(row, rules, language)
            for row in tables["reservoir_s"].drop(columns="geometry").to_dict("records")
        ]
    told: tuple[Table, ...] = ("reservoir_l", "cours_eau_l")
    for table in told:
        if table in tables:
            by_table[table] = [
                _keep_finding(row, language)
                for row in tables[table].drop(columns="geometry").to_dict("records")
            ]
    logged: set[str] = set()
    overrides = {decision.object: decision for decision in decisions.entries}
    return {
        table: _fill_table(frame, by_table[table], overrides, logged, journal, language)
        if table in by_table
        else frame
        for table, frame in tables.items()
    }


def _check_decisions(tables: Mapping[Table, GeoDataFrame], decisions: Decisions) -> None:
    if not decisions.entries:
        return
    obstacles = {
        str(identifier)
        for table in ("obstacle_p", "obstacle_l", "obstacle_s")
        if table in tables
        for identifier in tables[table]["id"]
    }
    known = {
        str(identifier) for table in _WITH_OBJECTIVE if table in tables for identifier in tables[table]["id"]
    }
    for decision in decisions.entries:
        if decision.object in obstacles and decision.object not in known:
            raise InputError(
                f"{decisions.source}, line {decision.line}: {decision.object} is an obstacle, which carries "
                "no objective; decide on the corridor, reservoir or watercourse that it cuts"
            )
    decisions.check_objects(known)


def _list_cuts(
    tables: Mapping[Table, GeoDataFrame], types: tuple[str, ...]
) -> dict[str, dict[str, list[str]]]:
    """List, for each element, the uncrossed obstacles of the types given: label -> identifiers."""
    cuts: dict[str, dict[str, list[str]]] = {}
    for table in _CUTTING:
        if table not in tables:
            continue
        frame = tables[table]
        listed = frame[frame["type"].astype(str).isin(types) & (frame["crossings"] == 0)]
        for row in listed[["id", "type_label", "cuts"]].to_dict("records"):
            for element in _split(row["cuts"]):
                labels = cuts.setdefault(element, {})
                labels.setdefault(str(row["type_label"]), []).append(str(row["id"]))
    return cuts


def _judge_corridor(
    row: Mapping[Any, Any], cuts: Mapping[str, list[str]], rules: Rules, language: str
) -> _Finding:
    cost, free, limit = (_number(row[name]) for name in ("cost", "cost_free", "dispersal_cost"))
    share = _number(row["degraded_share"])
    passes = math.isfinite(cost) and cost <= limit
    applied: list[tuple[str, str]] = []
    if not passes and math.isfinite(free) and free <= limit:
        name = "obstacles" if math.isfinite(cost) else "obstacles_out_of_reach"
        applied.append(
            ("obstacles", say(f"restoration.{name}", language, **_costs(cost, free, limit, language)))
        )
    if share >= rules.degraded_share:
        applied.append(
            (
                "degraded",
                say("restoration.degraded", language, **_shares(share, rules.degraded_share, language)),
            )
        )
    if cuts:
        what = ", ".join(
            say("restoration.crosses_item", language, label=label, ids=_list_some(cuts[label], language))
            for label in sorted(cuts)
        )
        applied.append(("crosses", say("restoration.crosses", language, what=what)))
    if applied:
        return _Finding("restore", applied[0][0], _join([sentence for _, sentence in applied], language))
    costs = _costs(cost, free, limit, language)
    if not passes:
        rule = "distant" if math.isfinite(free) else "unmeasured"
        return _Finding("preserve", rule, say(f"restoration.{rule}", language, **costs))
    sentences = [say("restoration.functional", language, **costs)]
    if math.isfinite(share):
        shares = _shares(share, rules.degraded_share, language)
        sentences.append(say("restoration.functional_ground", language, **shares))
    if rules.restore_types:
        types = ", ".join(rules.restore_types)
        sentences.append(say("restoration.functional_crossings", language, types=types))
    return _Finding("preserve", "functional", _join(sentences, language))


def _judge_reservoir(row: Mapping[Any, Any], rules: Rules, language: str) -> _Finding:
    area = _number(row["area_ha"])
    applied: list[tuple[str, str]] = []
    for rule, column, threshold in (
        ("habitat", "habitat_ha", rules.reservoir_habitat_share),
        ("core", "core_ha", rules.reservoir_core_share),
    ):
        share = _number(row[column]) / area if area > 0 else math.nan
        if threshold is not None and share < threshold:
            applied.append(
                (rule, say(f"restoration.{rule}", language, **_shares(share, threshold, language)))
            )
    if applied:
        return _Finding("restore", applied[0][0], _join([sentence for _, sentence in applied], language))
    return _Finding("preserve", "reservoir", say("restoration.reservoir", language))


def _keep_finding(row: Mapping[Any, Any], language: str) -> _Finding:
    """Keep what the role of a watercourse gave; a linear reservoir without objective is to preserve."""
    objective = row["objective"]
    if objective == "preserve" or objective == "restore":
        return _Finding(objective, _text(row["rule"]), _text(row["evidence"]))
    return _Finding("preserve", "reservoir", say("restoration.reservoir", language))


def _fill_table(
    frame: GeoDataFrame,
    findings: list[_Finding],
    overrides: Mapping[str, Decision],
    logged: set[str],
    journal: Journal,
    language: str,
) -> GeoDataFrame:
    authors = [""] * len(findings)
    filled = list(findings)
    for i, identifier in enumerate(frame["id"]):
        decision = overrides.get(str(identifier))
        if decision is None:
            continue
        words = {
            "objective": say(f"restoration.{decision.objective}", language),
            "author": decision.author,
            "date": decision.date.isoformat(),
            "reason": decision.reason or say("restoration.no_reason", language),
            "previous": say(f"restoration.{findings[i].objective}", language),
        }
        sentence = say("restoration.decided", language, **words)
        filled[i] = _Finding(
            decision.objective, "decision", _join([sentence, findings[i].evidence], language)
        )
        authors[i] = decision.author
        if decision.object not in logged:
            logged.add(decision.object)
            journal.add("objective_decided", object=decision.object, **words)
    import pandas

    columns = {
        "objective": [finding.objective for finding in filled],
        "rule": [finding.rule for finding in filled],
        "evidence": [finding.evidence for finding in filled],
        "decided_by": authors,
    }
    return frame.assign(
        **{name: pandas.Series(values, index=frame.index, dtype=object) for name, values in columns.items()}
    )


def _costs(cost: float, free: float, limit: float, language: str) -> dict[str, str]:
    """Write costs without decimals, unless rounding would hide on which side of the limit they are."""
    near = any(math.isfinite(value) and 0 < abs(value - limit) < 1 for value in (cost, free))
    decimals = 1 if near else 0
    return {
        name: format_number(value, decimals, language) if math.isfinite(value) else ""
        for name, value in (("cost", cost), ("free", free), ("limit", limit))
    }


def _shares(share: float, threshold: float, language: str) -> dict[str, str]:
    percent = round(100 * threshold, 1)
    return {
        "share": format_number(100 * share, 1, language),
        "threshold": format_number(percent, 0 if percent.is_integer() else 1, language),
    }


def _list_some(identifiers: list[str], language: str) -> str:
    shown = ", ".join(identifiers[:_MOST_NAMED])
    if len(identifiers) <= _MOST_NAMED:
        return shown
    return say("restoration.and_more", language, shown=shown, count=len(identifiers) - _MOST_NAMED)


def _join(sentences: list[str], language: str) -> str:
    mark = " ; " if language == "fr" else "; "
    return mark.join(sentence for sentence in sentences if sentence)


def _split(identifiers: object) -> list[str]:
    return [part.strip() for part in _text(identifiers).split(";") if part.strip()]


def _number(value: object) -> float:
    return math.nan if value is None else float(value)  # type: ignore[arg-type]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
