"""Roles of watercourses: reservoir, corridor, objective, and how reaches are merged."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from bocage.journal import Journal
from bocage.network import COLUMNS
from bocage.rivers import SUBNETWORK_KEY, assign_watercourse_roles
from bocage.rivers.merging import group_reaches, merge_lines
from bocage.rivers.roles import measure_share_inside

CRS = "EPSG:2154"


def make_reach(coordinates, **changes) -> dict:
    """Describe a permanent natural reach on no list; ``changes`` override."""
    return {
        "ground": "stream", "width_m": 3.0, "name": "", "list1": False, "list2": False, "is_reservoir": None,
        "intermittent": False, "geometry": shapely.LineString(coordinates), **changes,
    }  # fmt: skip


def make_layer(*reaches: dict) -> geopandas.GeoDataFrame:
    """Make the watercourse layer of a study."""
    return geopandas.GeoDataFrame(list(reaches), geometry="geometry", crs=CRS)


def make_reservoirs(*boxes, medium="humide") -> geopandas.GeoDataFrame:
    """Make reservoirs of one medium."""
    return geopandas.GeoDataFrame(
        {"medium": [medium] * len(boxes)}, geometry=[shapely.box(*box) for box in boxes], crs=CRS
    )


class TestRoles:
    """Which reach is a reservoir, a corridor, both or nothing."""

    @pytest.mark.parametrize(
        ("changes", "reservoir", "corridor", "objective", "rule"),
        [
            ({}, False, True, "preserve", "watercourse"),
            ({"is_reservoir": True}, True, True, "preserve", "reservoir"),
            ({"list1": True}, True, True, "preserve", "list1"),
            ({"list2": True}, False, True, "restore", "list2"),
            ({"list1": True, "list2": True}, True, True, "restore", "list2"),
            ({"intermittent": True, "list2": True}, False, True, "restore", "list2"),
            ({"intermittent": True, "list1": True}, True, True, "preserve", "list1"),
            ({"ground": "canal", "list2": True}, False, True, "restore", "list2"),
            ({"ground": "river", "is_reservoir": np.nan}, False, True, "preserve", "watercourse"),
        ],
    )
    def test_lists_and_data_give_roles_and_objective(self, changes, reservoir, corridor, objective, rule):
        """List 1 is preserved, list 2 restored and prevails; natural permanent reaches are corridors."""
        courses, reservoirs = assign_watercourse_roles(
            make_layer(make_reach([(0, 0), (100, 0)], **changes)), None
        )

        (row,) = courses.to_dict("records")
        assert (row["is_reservoir"], row["is_corridor"], row["objective"], row["rule"]) == (
            reservoir, corridor, objective, rule,
        )  # fmt: skip
        assert len(reservoirs) == int(reservoir)
        assert row["length_m"] == 100.0

    @pytest.mark.parametrize("changes", [{"intermittent": True}, {"ground": "canal"}])
    def test_what_holds_no_role_is_absent_and_told(self, changes):
        """An intermittent brook or a canal on no list is not in the network; the journal says how much."""
        journal = Journal()

        courses, reservoirs = assign_watercourse_roles(
            make_layer(make_reach([(0, 0), (1500, 0)], **changes)), None, journal=journal
        )

        assert len(courses) == len(reservoirs) == 0
        assert list(courses.columns) == [*COLUMNS["cours_eau_l"], "geometry"]
        assert [note.text("en") for note in journal.notes] == [
            "1 reaches (1.5 km) of intermittent watercourses or canals hold no role in the network and are "
            "absent from it."
        ]

    @pytest.mark.parametrize(("east", "reservoir"), [(49.0, False), (50.0, True)])
    def test_half_of_the_length_in_a_wet_reservoir_makes_a_reservoir(self, east, reservoir):
        """A reach of 100 m with 50 m in a wetland is a reservoir, with 49 m it is not."""
        layer = make_layer(make_reach([(0, 0), (100, 0)]))

        courses, _ = assign_watercourse_roles(layer, make_reservoirs((0, -1, east, 1)))

        assert courses["is_reservoir"].tolist() == [reservoir]

    def test_a_wood_makes_no_watercourse_reservoir_unless_asked(self):
        """By default only wet media count; with None any does, and the reason says so."""
        layer = make_layer(make_reach([(0, 0), (100, 0)]))
        woods = make_reservoirs((0, -1, 60, 1), medium="boisé")

        by_default, _ = assign_watercourse_roles(layer, woods)
        any_medium, _ = assign_watercourse_roles(layer, woods, reservoir_media=None, language="en")

        assert by_default["is_reservoir"].tolist() == [False]
        assert any_medium["is_reservoir"].tolist() == [True]
        assert any_medium["reason"][0] == (
            "60% of its length inside a reservoir (any medium) ≥ 50%; permanent natural watercourse"
        )

    def test_data_that_deny_the_reservoir_overrule_the_share(self):
        """A reach said to be no reservoir is none, though it lies in a wetland; list 1 overrules that."""
        wet = make_reservoirs((0, -1, 100, 60))
        layer = make_layer(
            make_reach([(0, 50), (100, 50)], is_reservoir=False),
            make_reach([(0, 0), (100, 0)], is_reservoir=False, list1=True),
        )

        courses, _ = assign_watercourse_roles(layer, wet)

        assert courses["is_reservoir"].tolist() == [False, True]

    def test_a_canal_is_a_corridor_where_half_of_it_crosses_reservoirs(self):
        """Of two canals of 100 m, the one with 50 m in any reservoir is a corridor, with its number."""
        woods = make_reservoirs((0, -1, 50, 1), medium="boisé")
        layer = make_layer(
            make_reach([(0, 0), (100, 0)], ground="canal", name="Canal A"),
            make_reach([(0, 500), (100, 500)], ground="canal", name="Canal B"),
        )

        courses, _ = assign_watercourse_roles(layer, woods, language="en")

        assert courses["name"].tolist() == ["Canal A"]
        assert courses["kind"].tolist() == ["canal"]
        assert courses["reason"].tolist() == ["canal, 50% of its length inside reservoirs ≥ 50%"]

    def test_the_law_is_cited(self):
        """The evidence of list 2 says what article L.214-17 demands."""
        layer = make_layer(make_reach([(0, 0), (100, 0)], list1=True, list2=True))

        courses, _ = assign_watercourse_roles(layer, None)

        assert "L.214-17" in courses["evidence"][0]
        assert "transport suffisant des sédiments et la circulation des poissons" in courses["evidence"][0]
        assert "liste 1" in courses["evidence"][0]


class TestMerging:
    """Reaches of one name and of the same roles that touch are one object."""

    def test_reaches_of_one_name_are_one_line(self):
        """Three reaches end to end, given in disorder, are one line of 300 m."""
        layer = make_layer(
            make_reach([(100, 0), (200, 0)], name="L’Arre"),
            make_reach([(0, 0), (100, 0)], name="L’Arre"),
            make_reach([(200, 0), (300, 0)], name="L’Arre"),
        )

        courses, _ = assign_watercourse_roles(layer, None)

        assert courses["length_m"].tolist() == [300.0]
        assert shapely.get_num_geometries(courses.geometry[0]) == 1

    def test_homonyms_lists_and_unnamed_reaches_stay_apart(self):
        """A homonym far away, a reach on another list, unnamed reaches that touch: each alone."""
        layer = make_layer(
            make_reach([(0, 0), (100, 0)], name="Le Rieu"),
            make_reach([(100, 0), (200, 0)], name="Le Rieu", list2=True),
            make_reach([(0, -5000), (100, -5000)], name="Le Rieu"),
            make_reach([(0, -9000), (100, -9000)], name=None),
            make_reach([(100, -9000), (200, -9000)], name=""),
        )

        courses, _ = assign_watercourse_roles(layer, None)

        assert len(courses) == 5
        assert courses["list2"].tolist() == [False, True, False, False, False]

    def test_tables_follow_their_contract_from_north_to_south(self):
        """Columns are those of the network's tables; rows run north to south; linear reservoirs are told."""
        layer = make_layer(
            make_reach([(0, 0), (100, 0)], name="Sud", list1=True),
            make_reach([(0, 900), (100, 900)], name="Nord"),
        )

        courses, reservoirs = assign_watercourse_roles(layer, None)

        assert list(courses.columns) == [*COLUMNS["cours_eau_l"], "geometry"]
        assert courses["name"].tolist() == ["Nord", "Sud"]
        assert list(reservoirs.columns) == [*COLUMNS["reservoir_l"], "geometry"]
        assert reservoirs["subnetwork"].tolist() == [SUBNETWORK_KEY]
        assert reservoirs["medium"].tolist() == ["cours d'eau"]

    def test_groups_do_not_depend_on_the_order_of_reaches(self):
        """The same reaches in another order are grouped alike."""
        import pandas

        rng = np.random.default_rng(3)
        ends = rng.integers(0, 6, size=(40, 4)).astype(float)
        lines = np.array([shapely.LineString([(a, b), (c + 0.5, d + 0.5)]) for a, b, c, d in ends * 100])
        names = pandas.DataFrame({"name": rng.choice(["A", "B", ""], 40)})
        order = rng.permutation(40)

        straight = group_reaches(lines, names, "name")
        shuffled = group_reaches(lines[order], names.iloc[order], "name")

        pairs = straight[order][:, None] == straight[order][None, :]
        np.testing.assert_array_equal(pairs, shuffled[:, None] == shuffled[None, :])

    def test_merging_keeps_the_length(self):
        """A fork of three lines keeps its length, in three parts."""
        fork = [shapely.LineString([(0, 0), end]) for end in ((10, 0), (0, 10), (-10, 0))]

        merged = merge_lines(fork)

        assert merged.geom_type == "MultiLineString"
        assert merged.length == 30.0


class TestEmpty:
    """Layers that are absent or empty give empty tables."""

    @pytest.mark.parametrize("layer", [None, geopandas.GeoDataFrame({"name": []}, geometry=[], crs=CRS)])
    def test_no_watercourse_gives_empty_tables(self, layer):
        """None and an empty layer alike: tables with their columns and no rows."""
        courses, reservoirs = assign_watercourse_roles(layer, make_reservoirs((0, 0, 1, 1)))

        assert list(courses.columns) == [*COLUMNS["cours_eau_l"], "geometry"]
        assert len(courses) == len(reservoirs) == 0

    def test_share_counts_overlapping_reservoirs_once(self):
        """Two reservoirs that overlap on 2 m of a line of 10 m: 6 m inside, not 8."""
        line = np.array([shapely.LineString([(0, 0), (10, 0)])])
        boxes = np.array([shapely.box(0, -1, 4, 1), shapely.box(2, -1, 6, 1)])

        assert measure_share_inside(line, boxes).tolist() == [0.6]


@pytest.mark.realdata
def test_official_rivers_of_oise_keep_the_roles_the_region_gave(shared):
    """Rivers of the official scheme on list 1 are reservoirs, those of list 2 are to restore."""
    official = geopandas.read_file(shared / "data/oise/oise.gpkg", layer="cer_cours_eau").to_crs(CRS)
    layer = geopandas.GeoDataFrame(
        {
            "ground": "river",
            "width_m": 5.0,
            "name": official["id_ceau"],
            "list1": official["classe1"] == "T",
            "list2": official["classe2"] == "T",
            "is_reservoir": official["est_reserv"] == "T",
            "intermittent": False,
        },
        geometry=official.geometry,
        crs=CRS,
    )

    courses, reservoirs = assign_watercourse_roles(layer, None)

    assert courses["length_m"].sum() == pytest.approx(layer.length.sum())
    by_name = courses.set_index("name")
    for _, row in layer.iterrows():
        mine = by_name.loc[[row["name"]]]
        assert (mine["is_reservoir"] == (row["list1"] or row["is_reservoir"])).all()
        assert (mine["objective"] == ("restore" if row["list2"] else "preserve")).all()
    assert reservoirs["length_m"].sum() == pytest.approx(
        courses.loc[courses["is_reservoir"], "length_m"].sum()
    )
