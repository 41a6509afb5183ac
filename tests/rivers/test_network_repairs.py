"""What is wrong in lines is mended and told, one hand-drawn network for each fault."""

from __future__ import annotations

import geopandas
import numpy as np
import pytest
import shapely

from bocage.errors import CRSError, InputError
from bocage.journal import Journal
from bocage.rivers.network import build_river_network
from tests.rivers.networks import build, count, draw, follow, stand


def test_a_brook_that_ends_on_a_river_without_a_node_joins_it():
    """The river is cut where the brook arrives; drawn by hand, the river flows east."""
    network = build(draw([(0, 0), (100, 0)], [(40, 50), (40, 0.4)], id=["river", "brook"]))
    assert count(network, "end_on_line") == 1
    assert list(network.reaches["source"]) == ["river", "river", "brook"]
    assert list(network.reaches["downstream"]) == [1, -1, 1]
    assert network.reaches["length_m"].tolist() == pytest.approx([40, 60, 50])
    assert network.reaches["shreve"].tolist() == [1, 2, 1]


@pytest.mark.parametrize("again", [[(0, 0), (50, 5), (100, 0)], [(100, 0), (50, 5), (0, 0)]])
def test_a_line_twice_there_is_removed_whichever_way_it_runs(again):
    """The same or the reversed line counts once, and its identifier is told."""
    network = build(draw([(0, 0), (50, 5), (100, 0)], again, id=["one", "two"]))
    assert len(network.reaches) == 1
    assert network.list_sources("duplicate") == ["two"]


def test_a_line_redrawn_within_the_tolerance_is_removed():
    """Hausdorff distance 0.5 m between two drawings of one river, tolerance 1 m."""
    network = build(draw([(0, 0), (50, 5), (100, 0)], [(100, 0.2), (50, 5.5), (0, 0.2)]))
    assert len(network.reaches) == 1 and count(network, "duplicate") == 1


def test_two_arms_of_a_braid_are_no_duplicates():
    """Two lines between the same nodes, 40 m apart, are both kept, in one braid without works."""
    network = build(
        draw(
            [(-50, 0), (0, 0)],
            [(0, 0), (50, 20), (100, 0)],
            [(0, 0), (50, -20), (100, 0)],
            [(100, 0), (150, 0)],
        )
    )
    assert network.reaches["in_braid"].tolist() == [False, True, True, False]
    assert network.braids[["reaches", "loops", "works", "handling"]].values.tolist() == [
        [2, 1, 0, "contracted"]
    ]
    # The water that parts is not counted twice when it joins again.
    assert network.reaches["shreve"].tolist() == [1, 1, 1, 1]
    assert network.reaches["strahler"].tolist() == [1, 1, 1, 1]


def test_water_that_would_flow_in_a_circle_is_turned_to_the_outlet():
    """A ring digitised round: its two arms both flow from where water enters to where it leaves."""
    network = build(
        draw(
            [(-50, 0), (0, 0)],
            [(0, 0), (50, 20), (100, 0)],
            [(100, 0), (50, -20), (0, 0)],
            [(100, 0), (150, 0)],
        )
    )
    assert network.reaches["reversed"].tolist() == [False, False, True, False]
    assert follow(network, 2) == [2, 3] and follow(network, 1) == [1, 3]


def test_a_line_digitised_backwards_is_turned_and_told():
    """The middle of three lines runs upstream: only it is turned, and it is reported by its identifier."""
    network = build(draw([(0, 0), (50, 0)], [(90, 0), (50, 0)], [(90, 0), (400, 0)], id=["a", "b", "c"]))
    assert network.list_sources("reversed") == ["b"]
    assert network.reaches["downstream"].tolist() == [1, 2, -1]
    assert shapely.get_coordinates(network.reaches.geometry[1])[0].tolist() == [50, 0]


def test_a_source_digitised_backwards_is_no_second_mouth():
    """A dead end that leaves a junction with another way out is a source drawn upstream."""
    network = build(draw([(0, 0), (50, 0)], [(50, 0), (50, 40)], [(50, 0), (100, 0)], id=["a", "b", "c"]))
    assert network.list_sources("reversed") == ["b"]
    assert len(network.basins) == 1 and network.reaches["shreve"].tolist() == [1, 1, 2]


def test_a_source_said_to_flow_out_is_a_second_outlet():
    """The same network, its direction said: two outlets of one component, told, none turned."""
    lines = draw(
        [(0, 0), (50, 0)], [(50, 0), (50, 60)], [(50, 0), (100, 0)], id=["a", "b", "c"],
        direction=["Direct", "Direct", "Direct"],
    )  # fmt: skip
    journal = Journal()
    network = build(lines, journal=journal)
    assert count(network, "reversed") == 0
    assert network.basins["is_main"].tolist() == [True, False]
    assert network.basins["component"].tolist() == [0, 0]
    assert network.list_sources("second_outlet") == ["b"]
    assert "river_second_outlet" in [note.code for note in journal.notes]


def test_given_outlets_are_the_outlets():
    """A point at the upper end turns the whole river."""
    network = build(
        draw([(0, 0), (50, 0)], [(50, 0), (100, 0)]), outlets=np.array([shapely.Point(0, 1)], dtype=object)
    )
    assert network.reaches["downstream"].tolist() == [-1, 0]
    assert network.basins[["x", "y"]].values.tolist() == [[0, 0]]


def test_elevation_orients_before_digitising():
    """Ground that rises eastwards makes a line drawn eastwards flow west."""
    network = build(draw([(0, 0), (50, 0)], [(50, 0), (100, 0)]), dem=lambda xy: xy[:, 0])
    assert network.reaches["downstream"].tolist() == [-1, 0]
    assert set(network.reaches["evidence"]) == {"dem"}


def test_node_fields_orient_and_join():
    """Node identifiers say the direction (line 1 is digitised against them) and join ends 3 m apart."""
    lines = draw([(0, 0), (50, 0)], [(100, 0), (50, 0)], [(103, 0), (200, 0)])
    lines["ini"], lines["fin"] = [1, 2, 3], [2, 3, 4]
    from bocage.rivers.columns import LineColumns

    network = build_river_network(lines, columns=LineColumns(start_node="ini", end_node="fin"))
    assert network.reaches["downstream"].tolist() == [1, 2, -1]
    assert set(network.reaches["evidence"]) == {"nodes"}


def test_an_isolated_piece_is_kept_and_listed():
    """It is a basin of its own, said to be isolated."""
    network = build(
        draw([(0, 0), (50, 0)], [(50, 0), (100, 0)], [(0, 500), (40, 500)], id=["a", "b", "pond"])
    )
    assert network.basins["isolated"].tolist() == [False, True]
    assert network.list_sources("isolated") == ["pond"]


def test_gap_says_what_tolerance_would_join():
    """A river broken by 5 m: two basins, and the upper one's outlet is 5 m from the lower one."""
    network = build(draw([(0, 0), (500, 0)], [(505, 0), (700, 0)]))
    assert network.basins["gap_m"].tolist() == pytest.approx([5, np.nan], nan_ok=True)
    assert len(build(draw([(0, 0), (500, 0)], [(505, 0), (700, 0)]), snap_m=6).basins) == 1


def test_multi_part_3d_and_empty_lines():
    """Parts are lines, heights are dropped, what has no length or geometry is removed; all is told."""
    lines = draw(
        shapely.MultiLineString([[(0, 0, 9), (50, 0, 8)], [(50, 0, 8), (100, 0, 7)]]),
        shapely.LineString([(10, 10), (10, 10)]),
        shapely.LineString(),
        id=["river", "dot", "nothing"],
    )
    network = build(lines)
    assert not shapely.has_z(network.reaches.geometry.to_numpy()).any()
    assert network.reaches["downstream"].tolist() == [1, -1]
    for code, source in (
        ("multi_part", ["river"]), ("three_d", ["river"]), ("zero_length", ["dot"]), ("empty", ["nothing"]),
    ):  # fmt: skip
        assert network.list_sources(code) == source


@pytest.mark.parametrize(
    ("option", "level", "reaches"), [(True, [0, 0], 4), (False, [0, 0], 2), (True, [0, 1], 2)]
)
def test_crossings_are_noded_unless_one_passes_over(option, level, reaches):
    """Two lines that cross meet, unless told not to or of different levels."""
    lines = draw([(0, 0), (100, 0)], [(50, -50), (50, 50)], level=level)
    assert len(build(lines, crossings=option).reaches) == reaches


def test_lines_that_overlap_count_once():
    """80 m and 80 m that share 60 m: 100 m of river."""
    network = build(draw([(0, 0), (80, 0)], [(20, 0), (100, 0)]))
    assert network.reaches["length_m"].sum() == pytest.approx(100)


def test_a_loop_on_one_node_flows_to_it():
    """A ring that hangs on a river is a braid; the river's orders ignore it."""
    network = build(draw([(0, 0), (50, 0)], [(50, 0), (60, 30), (40, 30), (50, 0)], [(50, 0), (100, 0)]))
    assert network.reaches["downstream"].tolist() == [2, 2, -1]
    assert network.reaches["in_braid"].tolist() == [False, True, False]
    assert network.reaches["shreve"].tolist() == [1, 1, 1]


def test_a_chain_of_lines_shorter_than_the_tolerance_stays():
    """Ten lines of 0.8 m in a row, tolerance 1 m: the chain keeps its length and its order."""
    lines = draw(*[[(0.8 * k, 0), (0.8 * (k + 1), 0)] for k in range(10)])
    network = build(lines)
    assert network.reaches["length_m"].sum() == pytest.approx(8)
    assert len(follow(network, 0)) == 10


def test_a_canal_is_not_the_main_way():
    """Where water parts, the river goes on before the canal, though the canal is shorter."""
    network = build(
        draw(
            [(0, 0), (50, 0)],
            [(50, 0), (100, 0)],
            [(50, 0), (75, 60), (100, 0)],
            [(100, 0), (150, 0)],
            canal=[False, True, False, False],
        )
    )
    assert network.reaches["downstream"].tolist() == [2, 3, 3, -1]


def test_no_line_at_all_gives_an_empty_network():
    """An empty layer is no error."""
    network = build(draw(), stand((0, 0)))
    assert len(network.reaches) == len(network.basins) == len(network.braids) == 0
    assert network.works["doubt"].tolist() == ["no_river"]


def test_what_cannot_be_read_is_one_sentence():
    """Degrees, no system, a missing column, a polygon, a negative tolerance, an unknown evidence."""
    lines = draw([(0, 0), (1, 0)])
    with pytest.raises(CRSError, match="degrees"):
        build(lines.to_crs(4326))
    with pytest.raises(CRSError, match="no coordinate system"):
        build(geopandas.GeoDataFrame(geometry=lines.geometry.to_numpy()))
    with pytest.raises(CRSError, match="use one"):
        build(lines, stand((0, 0)).set_crs(2975, allow_override=True))
    with pytest.raises(InputError, match="is a Polygon"):
        build(draw(shapely.box(0, 0, 1, 1)))
    with pytest.raises(InputError, match="snap_m is -1"):
        build(lines, snap_m=-1)
    with pytest.raises(InputError, match="orientation names 'wind'"):
        build(lines, orientation=("wind",))
    from bocage.rivers.columns import LineColumns

    with pytest.raises(InputError, match="no column 'nom'"):
        build_river_network(lines, columns=LineColumns(name="nom"))


def test_all_notes_have_their_sentences():
    """The journal of a network with every fault writes in both languages."""
    journal = Journal()
    arms = [(0, 0), (50, 20), (100, 0)], [(0, 0), (50, -20), (100, 0)]
    build(
        draw(
            [(-50, 0), (0, 0)],
            *arms,
            [(100, 0), (150, 0.5)],
            [(150, 0), (150, 0)],
            arms[0],
            [(0, 900), (9, 900)],
        ),
        stand((50, 20), (0, 2000)),
        journal=journal,
    )
    codes = {note.code for note in journal.notes}
    assert {"river_zero_length", "river_duplicate", "river_isolated", "river_works_off"} <= codes
    assert "river_braids_best_arm" in codes
    assert all(note.text("fr") and note.text("en") for note in journal.notes)


def test_the_same_lines_give_the_same_network():
    """Two runs give the same tables, and the order of the lines does not change what is in them."""
    lines = draw([(0, 0), (100, 0)], [(40, 50), (40, 0.4)], [(60, -30), (60, 30)], id=["a", "b", "c"])
    one, two = build(lines), build(lines)
    assert one.reaches.equals(two.reaches) and one.repairs.equals(two.repairs)
    turned = build(lines.iloc[::-1])
    assert sorted(one.reaches["length_m"].round(6)) == sorted(turned.reaches["length_m"].round(6))
    assert sorted(one.reaches["shreve"]) == sorted(turned.reaches["shreve"])
