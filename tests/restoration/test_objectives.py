"""Tests of the rules that give objectives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import pytest
import shapely

from bocage.errors import InputError, StudyError
from bocage.journal import Journal
from bocage.restoration import Decisions, Rules, assign_objectives
from tests.connectivity.tables import make_table, make_tables

NAN = float("nan")
THIN, HARD = "\u202f", "\u00a0"


def judge(
    rules: Rules | None = None, *, language: str = "en", obstacles: Any = None, **numbers: Any
) -> pandas.Series:
    """Give the row of one corridor, CS1, after the rules."""
    columns = {"cost": 10_000.0, "cost_free": 9_000.0, "dispersal_cost": 30_000.0, "degraded_share": 0.05}
    corridor = make_table("corridor_s", [shapely.box(0, 0, 9, 9)], id="CS1", **(columns | numbers))
    tables = make_tables(corridor_s=corridor, **(obstacles or {}))
    return assign_objectives(tables, rules, language=language)["corridor_s"].iloc[0]


def cut_by(table: str, **columns: Any) -> dict[str, Any]:
    """Make one obstacle that cuts CS1."""
    geometry = shapely.Point(1, 1) if table == "obstacle_p" else shapely.LineString([(0, 0), (1, 1)])
    given = {"id": "OB1", "type": "01", "type_label": "motorway", "cuts": "CS0; CS1", "crossings": 0}
    return {table: make_table(table, [geometry], **(given | columns))}


class TestCorridorRules:
    """Each rule of a corridor, on numbers worked by hand."""

    def test_works_today(self) -> None:
        """Within its cost, on sound ground, uncut: to preserve, with all it was judged on."""
        row = judge()

        assert (row["objective"], row["rule"], row["decided_by"]) == ("preserve", "functional", "")
        assert row["evidence"] == (
            "cost 10,000 for 30,000 allowed; artificial or hostile ground on 5.0% of the corridor, for a "
            "threshold of 30%; no obstacle of type 01, 03 without a known crossing"
        )

    def test_works_only_without_obstacles(self) -> None:
        """Where cost > dispersal_cost >= cost_free, it is to restore, with the three costs."""
        row = judge(cost=45_900.0, cost_free=18_420.0, language="fr")

        assert (row["objective"], row["rule"]) == ("restore", "obstacles")
        assert row["evidence"] == (
            f"coût 18{THIN}420 sans les infrastructures, 45{THIN}900 avec, pour 30{THIN}000 admis"
        )

    def test_impassable_today(self) -> None:
        """An empty cost is beyond any cost allowed."""
        row = judge(cost=NAN, cost_free=18_420.0)

        assert (row["objective"], row["rule"]) == ("restore", "obstacles")
        assert (
            row["evidence"] == "cost 18,420 without infrastructure, out of reach with it, for 30,000 allowed"
        )

    @pytest.mark.parametrize(
        ("cost", "free", "rule"),
        [
            (30_000.0, 30_000.0, "functional"),
            (30_000.5, 30_000.0, "obstacles"),
            (np.inf, 30_000.0, "obstacles"),
            (40_000.0, 30_000.5, "distant"),
            (NAN, 30_001.0, "distant"),
            (NAN, NAN, "unmeasured"),
            (40_000.0, NAN, "unmeasured"),
        ],
    )
    def test_limits_of_costs(self, cost: float, free: float, rule: str) -> None:
        """The cost allowed itself is allowed; what no rule concludes on is kept."""
        row = judge(cost=cost, cost_free=free)

        assert row["rule"] == rule
        assert row["objective"] == ("restore" if rule == "obstacles" else "preserve")

    def test_costs_near_the_limit_keep_a_decimal(self) -> None:
        """Rounding never writes a cost on the wrong side of the one allowed."""
        assert judge(cost=30_000.4)["evidence"] == (
            "cost 9,000.0 without infrastructure, 30,000.4 with it, for 30,000.0 allowed"
        )

    def test_degraded_ground(self) -> None:
        """From the threshold on, not above it, degraded ground is to restore."""
        assert judge(degraded_share=0.2999)["rule"] == "functional"
        row = judge(degraded_share=0.3)
        assert (row["objective"], row["rule"]) == ("restore", "degraded")
        assert row["evidence"] == "artificial or hostile ground on 30.0% of the corridor, to restore from 30%"
        assert judge(Rules(degraded_share=0.5), degraded_share=0.3)["rule"] == "functional"

    def test_unknown_ground_is_not_degraded(self) -> None:
        """Without a share of degraded ground the rule says nothing."""
        row = judge(degraded_share=NAN)

        assert row["rule"] == "functional"
        assert "ground" not in row["evidence"]

    @pytest.mark.parametrize("table", ["obstacle_p", "obstacle_l"])
    def test_crosses_a_listed_obstacle(self, table: str) -> None:
        """A point or a line of a listed type that names the corridor and has no crossing restores it."""
        row = judge(obstacles=cut_by(table))

        assert (row["objective"], row["rule"]) == ("restore", "crosses")
        assert row["evidence"] == "cut, with no known crossing, by motorway (OB1)"

    @pytest.mark.parametrize(
        "columns", [{"crossings": 1}, {"type": "04"}, {"cuts": "CS10;XCS1"}, {"cuts": ""}]
    )
    def test_other_obstacles_do_not_count(self, columns: dict[str, Any]) -> None:
        """A known crossing, a type not listed or another corridor's identifier leaves it functional."""
        assert judge(obstacles=cut_by("obstacle_l", **columns))["rule"] == "functional"

    def test_no_listed_type(self) -> None:
        """An empty list of types turns the rule off."""
        assert judge(Rules(restore_types=()), obstacles=cut_by("obstacle_l"))["rule"] == "functional"

    def test_many_pieces_of_one_obstacle(self) -> None:
        """Evidence names five pieces and counts the others."""
        lines = [shapely.LineString([(0, i), (1, i)]) for i in range(7)]
        pieces = make_table(
            "obstacle_l", lines, id=[f"OL{i}" for i in range(7)], type="01", type_label="motorway", cuts="CS1"
        )

        assert judge(obstacles={"obstacle_l": pieces})["evidence"] == (
            "cut, with no known crossing, by motorway (OL0, OL1, OL2, OL3, OL4 and 2 more)"
        )

    def test_all_rules_that_apply_are_told(self) -> None:
        """The first rule names the objective, the evidence tells them all in order."""
        row = judge(cost=45_900.0, degraded_share=0.42, obstacles=cut_by("obstacle_p"))

        assert row["rule"] == "obstacles"
        first, second, third = row["evidence"].split("; ")
        assert first.startswith("cost 9,000 without")
        assert second == "artificial or hostile ground on 42.0% of the corridor, to restore from 30%"
        assert third == "cut, with no known crossing, by motorway (OB1)"

    def test_axis_takes_what_its_surface_got(self) -> None:
        """The axis is not judged again, even where its own numbers differ."""
        given = {"id": "CS1", "dispersal_cost": 100.0, "cost_free": 50.0}
        tables = make_tables(
            corridor_s=make_table("corridor_s", [shapely.box(0, 0, 1, 1)], cost=200.0, **given),
            corridor_l=make_table("corridor_l", [shapely.LineString([(0, 0), (1, 1)])], cost=60.0, **given),
        )

        found = assign_objectives(tables, language="en")

        columns = ["objective", "rule", "evidence", "decided_by"]
        assert found["corridor_l"][columns].values.tolist() == found["corridor_s"][columns].values.tolist()
        assert found["corridor_l"]["rule"].tolist() == ["obstacles"]

    def test_corridors_kept_by_default_are_told(self) -> None:
        """A corridor that no rule judges leaves a warning in the journal, counted once for both tables."""
        journal = Journal()
        given = {"id": "CS1", "dispersal_cost": 100.0}
        tables = make_tables(
            corridor_s=make_table("corridor_s", [shapely.box(0, 0, 1, 1)], **given),
            corridor_l=make_table("corridor_l", [shapely.LineString([(0, 0), (1, 1)])], **given),
        )

        assign_objectives(tables, journal=journal)

        assert [(note.code, note.level, dict(note.values)) for note in journal.notes] == [
            ("objective_by_default", "warning", {"count": 1})
        ]


class TestOtherElements:
    """Reservoirs and watercourses."""

    def test_reservoirs_are_preserved(self) -> None:
        """Official practice: a reservoir is to preserve whatever it holds."""
        table = make_table("reservoir_s", [shapely.box(0, 0, 1, 1)], id="RS1", area_ha=10.0, habitat_ha=0.0)

        row = assign_objectives(make_tables(reservoir_s=table), language="en")["reservoir_s"].iloc[0]

        assert (row["objective"], row["rule"]) == ("preserve", "reservoir")

    def test_reservoirs_short_of_habitat(self) -> None:
        """With thresholds, a reservoir below them is to restore, at them it is not."""
        table = make_table(
            "reservoir_s", [shapely.box(0, 0, 1, 1)] * 2, id=["RS1", "RS2"], area_ha=10.0,
            habitat_ha=[4.0, 5.0], core_ha=[1.0, 2.0],
        )  # fmt: skip
        rules = Rules(reservoir_habitat_share=0.5, reservoir_core_share=0.2)

        found = assign_objectives(make_tables(reservoir_s=table), rules, language="en")["reservoir_s"]

        assert found["rule"].tolist() == ["habitat", "reservoir"]
        assert found["objective"].tolist() == ["restore", "preserve"]
        assert found["evidence"][0] == (
            "habitat on 40.0% of the reservoir, to restore below 50%; "
            "core habitat on 10.0% of the reservoir, to restore below 20%"
        )

    def test_watercourses_keep_their_objective(self) -> None:
        """Roles of rivers gave it; the rules leave it as it is."""
        line = shapely.LineString([(0, 0), (1, 1)])
        tables = make_tables(
            cours_eau_l=make_table(
                "cours_eau_l", [line], id="HL1", objective="restore", rule="L2", evidence="e"
            ),
            reservoir_l=make_table("reservoir_l", [line], id="RL1"),
        )

        found = assign_objectives(tables)

        assert found["cours_eau_l"][["objective", "rule", "evidence"]].values.tolist() == [
            ["restore", "L2", "e"]
        ]
        assert found["reservoir_l"]["objective"].tolist() == ["preserve"]

    def test_tables_given_are_not_changed(self) -> None:
        """Assigning twice gives the same, and the tables given stay as they were."""
        tables = make_tables(corridor_s=make_table("corridor_s", [shapely.box(0, 0, 1, 1)], id="CS1"))

        once = assign_objectives(tables)
        twice = assign_objectives(once)

        assert tables["corridor_s"]["objective"].tolist() == [""]
        assert list(once) == list(tables)
        pandas.testing.assert_frame_equal(
            pandas.DataFrame(once["corridor_s"].drop(columns="geometry")),
            pandas.DataFrame(twice["corridor_s"].drop(columns="geometry")),
        )

    def test_rules_outside_their_range(self) -> None:
        """A share written in percent is refused with the way to write it."""
        with pytest.raises(
            StudyError, match=r"degraded_share is 30; give a share above 0 and up to 1, as 0\.3"
        ):
            Rules(degraded_share=30)


class TestOtherNames:
    """A corridor may be called by its axis."""

    def read(self, *objects: str) -> Decisions:
        """Read one decision an object."""
        rows = [
            {"object": each, "objective": "preserve", "author": "A", "date": "2026-05-04", "reason": ""}
            for each in objects
        ]
        return Decisions.from_table(pandas.DataFrame(rows), source="décisions.csv")

    def test_an_axis_stands_for_its_surface(self) -> None:
        """CL3 becomes CS3; other objects keep their name."""
        renamed = self.read("FR00CL3", "FR00RS1").rename_objects({"FR00CL3": "FR00CS3"})

        assert [decision.object for decision in renamed.entries] == ["FR00CS3", "FR00RS1"]

    def test_one_corridor_under_two_names_has_two_decisions(self) -> None:
        """The second line is refused, the first named."""
        with pytest.raises(InputError, match=r"décisions\.csv, line 3: FR00CL3 is the object of line 2"):
            self.read("FR00CS3", "FR00CL3").rename_objects({"FR00CL3": "FR00CS3"})


class TestHumanDecisions:
    """Decisions override rules."""

    def decide(self, **columns: Any) -> Decisions:
        """Make a table of one decision."""
        given = {
            "object": "CS1",
            "objective": "preserve",
            "author": "A. Petit",
            "date": "2026-05-04",
            "reason": "Tunnel",
        }
        return Decisions.from_table(pandas.DataFrame([given | columns]), source="decisions.csv")

    def test_decision_overrides_and_is_logged(self) -> None:
        """The object carries the decision, its author and what the rule gave; the journal has one note."""
        journal = Journal()
        given = {"id": "CS1", "cost": 200.0, "cost_free": 50.0, "dispersal_cost": 100.0}
        tables = make_tables(
            corridor_s=make_table("corridor_s", [shapely.box(0, 0, 1, 1)], **given),
            corridor_l=make_table("corridor_l", [shapely.LineString([(0, 0), (1, 1)])], **given),
        )

        found = assign_objectives(tables, None, self.decide(), journal=journal, language="en")

        for table in ("corridor_s", "corridor_l"):
            row = found[table].iloc[0]
            assert (row["objective"], row["rule"], row["decided_by"]) == ("preserve", "decision", "A. Petit")
            assert row["evidence"] == (
                "decision of A. Petit on 2026-05-04: to preserve (Tunnel); the rule gave: to restore; "
                "cost 50 without infrastructure, 200 with it, for 100 allowed"
            )
        assert [note.text("en") for note in journal.notes] == [
            "CS1: objective 'to preserve' decided by A. Petit on 2026-05-04 (Tunnel); "
            "the rule gave: to restore."
        ]

    def test_watercourses_can_be_decided(self) -> None:
        """A decision reaches every table that holds the object."""
        line = shapely.LineString([(0, 0), (1, 1)])
        tables = make_tables(
            cours_eau_l=make_table("cours_eau_l", [line], id="HL1", objective="preserve"),
            reservoir_l=make_table("reservoir_l", [line], id="HL1", objective="preserve"),
        )

        found = assign_objectives(tables, None, self.decide(object="HL1", objective="02"))

        assert found["cours_eau_l"]["objective"].tolist() == ["restore"]
        assert found["reservoir_l"]["decided_by"].tolist() == ["A. Petit"]

    @pytest.mark.parametrize(
        ("written", "objective"),
        [
            ("preserve", "preserve"), ("À préserver", "preserve"), ("01", "preserve"), (1, "preserve"),
            (1.0, "preserve"), ("restore", "restore"),
            ("A REMETTRE EN BON ETAT", "restore"), ("02", "restore"),
        ],
    )  # fmt: skip
    def test_ways_to_write_an_objective(self, written: object, objective: str) -> None:
        """Words with or without accents, codes, and codes that a spreadsheet turned into numbers."""
        assert self.decide(objective=written).entries[0].objective == objective

    @pytest.mark.parametrize("written", ["2026-05-04", "04/05/2026", pandas.Timestamp("2026-05-04")])
    def test_ways_to_write_a_date(self, written: object) -> None:
        """ISO dates, French dates, and dates that a reader parsed."""
        assert self.decide(date=written).entries[0].date.isoformat() == "2026-05-04"

    def test_empty_lines_are_skipped(self) -> None:
        """Lines without values keep the numbering of the file."""
        frame = pandas.DataFrame(
            [[None] * 5, ["CS1", "01", "A", "2026-05-04", NAN]],
            columns=["object", "objective", "author", "date", "reason"],
        )

        assert [(entry.line, entry.reason) for entry in Decisions.from_table(frame).entries] == [(3, "")]

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            (
                {"objective": "keep"},
                r"decisions\.csv, line 2: objective 'keep' of CS1 is not one of preserve, restore,",
            ),
            (
                {"date": "May 4"},
                r"decisions\.csv, line 2: date 'May 4' is not written as 2026-05-04 or 04/05/2026",
            ),
            ({"author": " "}, r"decisions\.csv, line 2: 'author' is empty"),
            ({"object": None}, r"decisions\.csv, line 2: 'object' is empty"),
        ],
    )
    def test_lines_that_cannot_be_read(self, columns: dict[str, Any], message: str) -> None:
        """The message names the file, the line and what was expected."""
        with pytest.raises(InputError, match=message):
            self.decide(**columns)

    def test_missing_column(self) -> None:
        """The message names what is missing and what is there."""
        with pytest.raises(InputError, match="column author not found among object, objective, date, reason"):
            Decisions.from_table(pandas.DataFrame(columns=["object", "objective", "date", "reason"]))

    def test_two_decisions_on_one_object(self) -> None:
        """Both lines are named."""
        frame = pandas.DataFrame(
            [["CS1", "01", "A", "2026-05-04", ""], ["CS1", "02", "B", "2026-05-05", ""]],
            columns=["object", "objective", "author", "date", "reason"],
        )
        with pytest.raises(
            InputError, match="line 3: CS1 already has a decision on line 2; keep one of the two"
        ):
            Decisions.from_table(frame)

    def test_unknown_object(self) -> None:
        """The nearest identifiers are named."""
        tables = make_tables(
            corridor_s=make_table("corridor_s", [shapely.box(0, 0, 1, 1)] * 2, id=["FR00CS1", "FR00CS12"])
        )
        with pytest.raises(
            InputError, match=r"line 2: no .* is called 'FR00CS13'; the nearest are FR00CS1.*FR00CS1"
        ):
            assign_objectives(tables, None, self.decide(object="FR00CS13"))

    def test_obstacles_carry_no_objective(self) -> None:
        """A decision on an obstacle is refused with the way to mend it."""
        with pytest.raises(
            InputError, match="line 2: OB1 is an obstacle, which carries no objective; decide on the"
        ):
            assign_objectives(make_tables(**cut_by("obstacle_p")), None, self.decide(object="OB1"))
