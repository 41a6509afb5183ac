"""Graphs made of tables, and back."""

from __future__ import annotations

from typing import Any

import geopandas
import numpy as np
import pandas
import pytest
import shapely

from bocage.connectivity.building import build_from_frames, build_from_network, build_graph, make_frames
from bocage.errors import BocageError
from bocage.journal import Journal
from tests.connectivity.tables import make_graph_tables

CRS = "EPSG:2154"


def make_patches(**columns: Any) -> geopandas.GeoDataFrame:
    """Make four patches a kilometre apart."""
    shapes = [shapely.box(1000 * i, 0, 1000 * i + 100, 100) for i in range(4)]
    given = {"id": list("abcd"), "area_ha": [1.0, 2, 3, 4]} | columns
    return geopandas.GeoDataFrame(given, geometry=shapes, crs=CRS)


def make_links(**columns: Any) -> pandas.DataFrame:
    """Make a chain of three links."""
    given = {
        "id": ["L1", "L2", "L3"],
        "from_id": list("abc"),
        "to_id": list("bcd"),
        "cost": [900.0, 950, 800],
    }
    return pandas.DataFrame(given | columns)


def test_a_graph_comes_back_from_its_tables() -> None:
    """Round trip: graph to tables and tables to graph, shapes taken where given."""
    patches, links = make_patches(), make_links(length_m=[9.0, 9.5, 8.0])
    graph = build_from_frames(patches, links)
    assert graph.position.tolist() == [[1000 * i + 50, 50] for i in range(4)]
    nodes, lines = make_frames(graph, CRS, patches=patches.iloc[:2])
    assert nodes.geometry[0].equals(patches.geometry[0])
    assert nodes.geometry[2] == shapely.Point(2050, 50)
    assert lines.geometry[1].equals(shapely.LineString([(1050, 50), (2050, 50)]))
    again = build_from_frames(nodes, lines, capacity="capacity")
    for column in ("capacity", "start", "end", "cost", "ids", "link_ids", "length", "position"):
        np.testing.assert_array_equal(getattr(graph, column), getattr(again, column))


def test_a_network_becomes_a_graph_of_its_sub_network() -> None:
    """Reservoirs and corridors of the tables; those without cost, or whose reservoir is gone, are told."""
    tables = make_graph_tables([3, 4, 0, 1], [(0, 1, 700, 600), (1, 2, np.nan, 900), (2, 9, 10, 10)])
    tables["corridor_s"].loc[2, "to_id"] = "RS9"
    journal = Journal()
    graph = build_from_network(tables, "boise", journal=journal)
    assert graph.ids == ("RS0", "RS1", "RS2", "RS3")
    assert graph.capacity.tolist() == [3, 4, 0, 1]
    assert graph.link_ids == ("CS0",)
    assert [note.code for note in journal.notes] == [
        "graph_links_unknown",
        "graph_links_impassable",
        "graph_no_capacity",
        "graph_alone",
    ]
    assert journal.notes[-1].text("fr") == "Graphe\u00a0: taches sans aucun lien\u00a0: 2 (RS2, RS3)."
    free = build_from_network(tables, cost="cost_free")
    assert free.cost.tolist() == [600, 900]
    assert free.habitats == ("boise",)
    with pytest.raises(BocageError, match='no reservoirs of sub-network "x"; the network has boise'):
        build_from_network(tables, "x")


def test_probabilities_become_costs_that_add_up() -> None:
    """Identity: the chance of a chain is the product of its links'; 0 is no link, 1 costs nothing."""
    journal = Journal()
    graph = build_from_frames(make_patches(), make_links(cost=[0.5, 1, 0]), probability=True, journal=journal)
    np.testing.assert_allclose(np.exp(-graph.cost), [0.5, 1])
    assert not np.signbit(graph.cost).any()
    assert journal.notes[0].code == "graph_links_impassable"


@pytest.mark.parametrize(
    ("patches", "links", "options", "words"),
    [
        ({"id": ["a", "a", "c", "d"]}, {}, {}, r"1 id\(s\) of patches are there twice \(a\)"),
        ({}, {"id": ["L", "L", "M"]}, {}, r"1 id\(s\) of links are there twice \(L\)"),
        ({"id": ["a", None, "c", None]}, {}, {}, r"2 row\(s\) of the patches have no id \(row 2, 4\)"),
        ({}, {"to_id": ["b", "z", "y"]}, {}, r"2 link\(s\) \(L2, L3\) lead to patches .* \(z, y\)"),
        ({"area_ha": [1, -2, 3, 4]}, {}, {}, r"negative or missing \(b: -2\)"),
        ({"area_ha": [1, None, 3, 4]}, {}, {}, r"negative or missing \(b: nan\)"),
        ({"area_ha": ["1", "two", "3", "4"]}, {}, {}, r'Column "area_ha" .* \(two\), at b'),
        ({}, {"cost": [1, -1, 1]}, {}, r"negative or missing \(L2: -1\)"),
        ({}, {"cost": [0.5, 1.5, 1]}, {"probability": True}, r"1 link\(s\) \(L2\) is 1.5; give .* 0 to 1"),
        ({}, {"cost": [0.009, 0.0095, 0.008]}, {}, "as if in degrees"),
        ({}, {}, {"cost": "price"}, "links have no column price; they have id, from_id, to_id, cost"),
        ({}, {}, {"capacity": "ha"}, "patches have no column ha"),
    ],
)
def test_bad_tables_are_refused_in_one_sentence(
    patches: dict[str, Any], links: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    """What was found, the ids, what to give."""
    with pytest.raises(BocageError, match=words) as caught:
        build_from_frames(make_patches(**patches), make_links(**links), **options)
    assert str(caught.value).count(". ") == 0


def test_coordinates_in_degrees_are_refused() -> None:
    """A geographic CRS of patches is named."""
    with pytest.raises(BocageError, match="in degrees"):
        build_from_frames(make_patches().to_crs("EPSG:4326"), make_links())


def test_small_costs_pass_when_asked() -> None:
    """Resistances may be tiny on purpose."""
    graph = build_from_frames(make_patches(), make_links(cost=[0.001, 0.001, 0.001]), check_units=False)
    assert graph.link_count == 3


def test_numbers_that_are_names_lose_no_link() -> None:
    """Whole numbers read as floats, as pandas does where one lacks, name the same patches."""
    graph = build_graph([1, 2], [1, 1], [1.0], [2.0], [5])
    assert graph.ids == ("1", "2")
    assert graph.link_ids == ("1-2",)


def test_a_link_of_a_patch_with_itself_is_told() -> None:
    """It links nothing."""
    journal = Journal()
    graph = build_graph(["a", "b"], [1, 1], ["a", "a"], ["a", "b"], [1, 2], journal=journal)
    assert graph.cost.tolist() == [2]
    assert [note.code for note in journal.notes] == ["graph_links_loose"]


def test_a_graph_without_places_needs_shapes() -> None:
    """Neither shape nor position: the sentence says which."""
    graph = build_graph(["a", "b"], [1, 1], ["a"], ["b"], [2])
    with pytest.raises(BocageError, match=r"2 patch\(es\) \(a, b\) have neither"):
        make_frames(graph, CRS)


def test_links_both_ways_are_one() -> None:
    """A table that holds each pair both ways gives the graph of one way, at the cheapest cost, and says."""
    journal = Journal()
    both = build_graph("abc", [1, 2, 3], "abcb", "babc", [5, 4, 7, 7], journal=journal)
    assert list(zip(both.start.tolist(), both.end.tolist(), both.cost.tolist(), strict=True)) == [
        (1, 0, 4.0),
        (2, 1, 7.0),
    ]
    note = next(note for note in journal.notes if note.code == "graph_links_twice")
    assert dict(note.values)["count"] == 2
    named = build_graph("ab", [1, 2], "ab", "ba", [5, 4], link_ids="xy")
    assert named.link_count == 2
    assert build_graph("ab", [1, 2], "ab", "ba", [5, 4], link_ids="xy", parallel="cheapest").link_ids == (
        "y",
    )


def test_ids_of_two_tables_meet() -> None:
    """1.0 of a table that went through floats is 1 of another, and spaces at the ends are none."""
    graph = build_graph(["1.0", " 2 ", "3.50"], [1, 1, 1], [1.0, "2"], ["2", "3.50"], [5, 5])
    assert graph.ids == ("1", "2", "3.50")
    assert graph.link_count == 2
