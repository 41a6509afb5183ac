"""Works find their reach, cut it, and say what is doubtful."""

from __future__ import annotations

import pytest
import shapely

from bocage.rivers.works import name_words
from tests.rivers.networks import build, draw, follow, stand


def test_a_work_cuts_its_reach_and_keeps_its_distance():
    """5 m from a river that flows east: reach above and reach below, the river still whole."""
    network = build(draw([(0, 0), (100, 0)]), stand((40, 5)))
    work = network.works.iloc[0]
    assert (work["reach_above"], work["reach_below"], work["distance_m"]) == (0, 1, 5)
    assert not work["doubtful"]
    assert network.reaches["length_m"].tolist() == pytest.approx([40, 60])
    assert network.reaches["downstream"].tolist() == [1, -1]


def test_a_work_far_away_is_listed_and_cuts_nothing():
    """Beyond the tolerance: no reach, its distance still told; beyond half of it: placed, doubtful."""
    network = build(draw([(0, 0), (100, 0)]), stand((40, 101), (60, 60)), works_snap_m=100)
    assert network.works["reach_above"].tolist() == [-1, 0]
    assert network.works["distance_m"].tolist() == [101, 60]
    assert network.works["doubt"].tolist() == ["no_river", "far"]


def test_two_works_at_one_place_stand_in_series():
    """Each has its own reach above, one reach of 0.1 m between them, total length kept."""
    network = build(draw([(0, 0), (100, 0)]), stand((40, 0), (40, 0)))
    assert network.works[["reach_above", "reach_below"]].values.tolist() == [[0, 1], [1, 2]]
    assert network.reaches["length_m"].tolist() == pytest.approx([40, 0.1, 59.9])


def test_works_beyond_the_ends_stay_inside_their_reach():
    """Works snapped on the source and on the mouth leave a reach on either side."""
    network = build(draw([(0, 0), (100, 0)]), stand((-3, 0), (104, 0), (104, 0)))
    assert (network.works[["reach_above", "reach_below"]] >= 0).all(axis=None)
    assert network.reaches["length_m"].tolist() == pytest.approx([0.1, 99.7, 0.1, 0.1])
    assert follow(network, 0) == [0, 1, 2, 3]


def test_many_works_on_a_short_reach_find_room():
    """Nine works on 0.5 m of river still stand in order."""
    network = build(draw([(0, 0), (0.5, 0)]), stand(*[(0.25, 0)] * 9), snap_m=0.01)
    assert network.reaches["length_m"].sum() == pytest.approx(0.5)
    assert network.works["reach_above"].tolist() == list(range(9))


CONFLUENCE = ([(0, 0), (50, 0)], [(50, 0), (100, 0)], [(50, 80), (50, 0)])


def test_a_work_on_a_confluence_is_doubtful_without_a_name():
    """It goes to the reach that leaves the junction, and is to be checked."""
    network = build(draw(*CONFLUENCE), stand((50, 0)))
    below = network.reaches.loc[network.works["reach_below"].iloc[0]]
    assert below["source"] == 1
    assert "confluence" in network.works["doubt"].iloc[0]


def test_a_name_settles_the_arm_of_a_confluence():
    """The work says « ru de Berne », and so does one of the three reaches that meet there."""
    network = build(
        draw(*CONFLUENCE, name=["l'Oise", "l'Oise", "le Ru de Berne"]), stand((50, 0), river=["ru de berne"])
    )
    work = network.works.iloc[0]
    assert network.reaches.loc[work["reach_above"], "name"] == "le Ru de Berne"
    assert not work["doubtful"]


def test_another_name_or_another_river_near_is_doubtful():
    """10 m from the Oise and 15 m from the Aisne; then a work said to be on the Aisne, by the Oise."""
    lines = draw([(0, 0), (100, 0)], [(0, 25), (100, 25)], name=["l'Oise", "l'Aisne"])
    network = build(lines, stand((50, 10), (50, 2), river=["", "rivière l’Aisne"]))
    assert network.works["doubt"].tolist() == ["two_rivers", "two_rivers,other_name"]


def test_names_are_compared_by_what_tells_rivers_apart():
    """Articles and kinds of watercourse say nothing; « Sans nom » is no name."""
    assert name_words("rivière l'automne") == name_words("L’Automne")
    assert name_words("Bras du Thérain") == name_words("le Thérain")
    assert not name_words("Sans nom")


def test_a_work_without_a_place_is_listed():
    """No point, or an empty one: on no river, at no distance."""
    works = stand((40, 0), (0, 0), (0, 0))
    works.loc[1, "geometry"], works.loc[2, "geometry"] = None, shapely.Point()
    network = build(draw([(0, 0), (100, 0)]), works)
    assert network.works["reach_above"].tolist() == [0, -1, -1]
    assert network.works["doubt"].tolist() == ["", "no_river", "no_river"]


def test_columns_are_carried():
    """Duties of a work and lists of a line go to the result."""
    from bocage.rivers.columns import LineColumns, WorkColumns
    from bocage.rivers.network import build_river_network

    lines, works = draw([(0, 0), (100, 0)], list1=[True]), stand((40, 0), removal_forbidden=[True], h=["1,2"])
    works["h"] = [1.2]
    network = build_river_network(
        lines, works, columns=LineColumns(keep=["list1"]),
        work_columns=WorkColumns(height_m="h", keep=["removal_forbidden"]),
    )  # fmt: skip
    assert network.reaches["list1"].tolist() == [True, True]
    assert network.works[["height_m", "removal_forbidden"]].values.tolist() == [[1.2, True]]
