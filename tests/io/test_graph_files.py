"""Landscape graphs as files of Conefor, tables and GraphML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import networkx
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.errors import BocageError
from bocage.io.graph_files import read_conefor, read_graph_tables, write_conefor, write_graph_tables
from bocage.io.graphml import read_graphml, write_graphml
from bocage.journal import Journal
from tests.connectivity import conefor_case

COLUMNS = ("capacity", "start", "end", "cost", "ids", "link_ids", "length", "position", "habitat", "habitats")
NUMBERS = st.floats(0, 1e9, allow_subnormal=False)


@st.composite
def graphs(draw: st.DrawFn, names: st.SearchStrategy[str] | None = None) -> LandscapeGraph:
    """Draw a graph whose pairs of patches differ, with names, lengths, positions and habitats."""
    words = st.text("abcé09-_.", min_size=1, max_size=4) if names is None else names
    ids = draw(st.lists(words, min_size=1, max_size=6, unique=True))
    count = len(ids)
    pairs = [(i, j) for i in range(count) for j in range(i)]
    links = draw(st.lists(st.sampled_from(pairs), max_size=8, unique=True)) if pairs else []
    turned = [pair[::-1] if draw(st.booleans()) else pair for pair in links]
    numbers = draw(st.lists(NUMBERS, min_size=4 * 8, max_size=4 * 8))
    graph = LandscapeGraph.of(
        numbers[:count],
        [one for one, _ in turned],
        [other for _, other in turned],
        numbers[8 : 8 + len(links)],
        ids=ids,
        link_ids=[f"{ids[one]}-{ids[other]}·{place}" for place, (one, other) in enumerate(turned)],
        length=numbers[16 : 16 + len(links)],
        position=np.array(numbers[20 : 20 + 2 * count]).reshape(count, 2),
    )
    if links:
        # Costs that look like degrees beside positions in metres are refused, and tested elsewhere.
        graph = replace(graph, position=graph.position % 10.0)
        assume(bool((graph.cost > 0.01).any() or (graph.cost == 0).any()))
    kinds = draw(st.lists(st.sampled_from([0, 1]), min_size=count, max_size=count))
    if draw(st.booleans()):
        first = kinds[0]
        places = np.array([int(kind != first) for kind in kinds])
        graph = replace(graph, habitat=places, habitats=("wood", "pond")[: places.max() + 1])
    return graph


def assert_same(one: LandscapeGraph, other: LandscapeGraph, *, but: tuple[str, ...] = ()) -> None:
    """Compare graphs column by column, to the last bit."""
    for column in COLUMNS:
        if column in but:
            continue
        if column in ("start", "end", "cost", "length") and not one.link_count and not other.link_count:
            continue
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), err_msg=column)


@given(graphs())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_conefor_files_come_back(tmp_path: Path, graph: LandscapeGraph) -> None:
    """Round trip to the last bit, additions too; these files hold no names of links, lengths nor places."""
    to_add = np.arange(graph.count) % 2 == 1
    write_conefor(graph, tmp_path / "nodes.txt", tmp_path / "links.txt", to_add=to_add)
    network = read_conefor(tmp_path / "nodes.txt", tmp_path / "links.txt")
    assert_same(graph, network.graph, but=("link_ids", "length", "position", "habitat", "habitats"))
    np.testing.assert_array_equal(network.to_add, to_add)
    assert network.changed is None


def test_conefor_probabilities_come_back_as_costs(tmp_path: Path) -> None:
    """Identity: chances written at a dispersal are those of the costs read."""
    graph = LandscapeGraph.of([1, 2, 3], [0, 1], [1, 2], [500, 2000], ids="abc")
    dispersal = Dispersal(1000, 0.05)
    write_conefor(graph, tmp_path / "nodes.txt", tmp_path / "links.txt", dispersal=dispersal)
    again = read_conefor(tmp_path / "nodes.txt", tmp_path / "links.txt", probability=True).graph
    np.testing.assert_allclose(np.exp(-again.cost), dispersal.reach(graph.cost), rtol=1e-12)


def test_of_parallel_links_the_cheapest_is_written(tmp_path: Path) -> None:
    """Conefor knows one value a pair."""
    graph = LandscapeGraph.of([1, 2], [0, 1, 0], [1, 0, 1], [5, 3, 4], ids="ab")
    write_conefor(graph, tmp_path / "nodes.txt", tmp_path / "links.txt")
    assert (tmp_path / "links.txt").read_bytes() == b"b\ta\t3\n"
    assert (tmp_path / "nodes.txt").read_bytes() == b"a\t1\nb\t2\n"


def read_texts(folder: Path, nodes: str, links: str, **options: object):  # type: ignore[no-untyped-def]
    """Write two files and read them as Conefor's."""
    (folder / "nodes.txt").write_text(nodes, encoding="utf-8")
    (folder / "links.txt").write_text(links, encoding="utf-8")
    return read_conefor(folder / "nodes.txt", folder / "links.txt", **options)  # type: ignore[arg-type]


def test_columns_of_conefor_files_are_understood(tmp_path: Path) -> None:
    """Spaces or tabs, node types, pairs both ways, a changed value, no value at all, a mark of UTF-8."""
    network = read_texts(tmp_path, "\ufeff1  4.5 1\n2\t6 0\n\n3 1 1\n", "1 2 100\n2 1 100\n2\t3\t50\t20\n")
    assert network.graph.capacity.tolist() == [4.5, 6, 1]
    assert network.graph.cost.tolist() == [100, 50]
    assert network.to_add.tolist() == [False, True, False]
    np.testing.assert_array_equal(network.changed, [np.nan, 20])
    bare = read_texts(tmp_path, "1 4\n2 6\n", "1 2\n")
    assert bare.graph.cost.tolist() == [1]


@pytest.mark.parametrize(
    ("nodes", "links", "options", "words"),
    [
        ("1 4\n2\n", "", {}, r"'nodes.txt', line 2: 1 column\(s\)"),
        ("1 4\n2 5 1 9\n", "", {}, r"line 2: 4 column\(s\)"),
        ("id area\n1 4\n", "", {}, "line 1: 'area' is no number; remove the line of headings"),
        ("1 4,5\n", "", {}, "line 1: '4,5' is no number; write decimals with a point"),
        ("1 4\n2 nan\n", "", {}, "line 2: 'nan' is no finite number"),
        ("1 4\n2 5\n1 6\n", "", {}, r"a node that is there twice at line\(s\) 3 \(1\)"),
        ("1 4\n2 -5\n", "", {}, r"an attribute below 0 at line\(s\) 2 \(2\)"),
        ("1 4 2\n", "", {}, r"a node type other than 0 \(to add\) and 1 at line\(s\) 1"),
        (
            "1 4\n2 5\n",
            "1 3 10\n9 1 4\n",
            {},
            r"a node that 'nodes.txt' has not at line\(s\) 1 \(1 3\), 2 \(9 1\)",
        ),
        ("1 4\n2 5\n", "1 2 -10\n", {}, r"a value below 0 at line\(s\) 1 \(1 2\)"),
        ("1 4\n2 5\n", "1 2 1.5\n", {"probability": True}, r"a probability above 1 at line\(s\) 1"),
        (
            "1 4\n2 5\n",
            "1 2 10\n2 1 11\n",
            {},
            r"another value for a pair listed before at line\(s\) 2 \(2 1\)",
        ),
        ("1 4\n2 5\n3 1\n", "1 2 10\n2 3\n", {}, r"as no other line before at line\(s\) 2 \(2 3\)"),
    ],
)
def test_bad_conefor_files_are_refused_by_line(
    tmp_path: Path, nodes: str, links: str, options: dict[str, object], words: str
) -> None:
    """One sentence with the file, the lines and what to do."""
    with pytest.raises(BocageError, match=words) as caught:
        read_texts(tmp_path, nodes, links, **options)
    assert str(caught.value).endswith(".")


def test_links_to_unknown_nodes_may_be_dropped(tmp_path: Path) -> None:
    """They are told instead of refused."""
    journal = Journal()
    network = read_texts(tmp_path, "1 4\n2 5\n", "1 2 3\n2 9 4\n", unknown="drop", journal=journal)
    assert network.graph.link_count == 1
    assert [note.code for note in journal.notes] == ["graph_links_unknown"]


def test_ids_with_spaces_are_not_written_for_conefor(tmp_path: Path) -> None:
    """A space would part columns."""
    graph = LandscapeGraph.of([1, 1], [], [], [], ids=["a b", "c"])
    with pytest.raises(BocageError, match=r"1 id\(s\) hold a space or nothing \(a b\)"):
        write_conefor(graph, tmp_path / "nodes.txt", tmp_path / "links.txt")


@pytest.mark.realdata
def test_files_given_to_conefor_are_read(shared: Path) -> None:
    """The published network of 40 nodes and 342 distances."""
    folder = conefor_case.conefor_folder(shared)
    graph = read_conefor(folder / "nodes.txt", folder / "dist.txt").graph
    assert_same(graph, conefor_case.load_graph(shared), but=("length", "position"))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@given(graph=graphs(st.sampled_from(["1", "01", "a b", "é;,", "NA", '"q"'])))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tables_come_back(tmp_path: Path, kind: str, graph: LandscapeGraph) -> None:
    """Round trip to the last bit, whatever the names: zeros in front, separators, quotes, NA."""
    nodes, links = tmp_path / f"nodes.{kind}", tmp_path / f"links.{kind}"
    write_graph_tables(graph, nodes, links)
    before = nodes.read_bytes(), links.read_bytes()
    assert_same(graph, read_graph_tables(nodes, links))
    write_graph_tables(graph, nodes, links)
    assert before == (nodes.read_bytes(), links.read_bytes())


def test_tables_of_a_french_spreadsheet_are_read(tmp_path: Path) -> None:
    """Semicolons part columns and commas decimals."""
    (tmp_path / "n.csv").write_text("code;surface\n01;4,5\n02;6\n", encoding="utf-8-sig")
    (tmp_path / "l.csv").write_text("de;vers;coût\n01;02;10,25\n", encoding="utf-8")
    graph = read_graph_tables(
        tmp_path / "n.csv",
        tmp_path / "l.csv",
        id="code",
        capacity="surface",
        start="de",
        end="vers",
        cost="coût",
    )
    assert graph.ids == ("01", "02")
    assert graph.capacity.tolist() == [4.5, 6]
    assert graph.cost.tolist() == [10.25]


def test_bad_tables_are_refused_by_line(tmp_path: Path) -> None:
    """Words where numbers must be, columns that lack, files of another kind or of no kind."""
    (tmp_path / "n.csv").write_text("id,capacity\na,1\nb,two\n", encoding="utf-8")
    (tmp_path / "l.csv").write_text("from_id,to_id\na,b\n", encoding="utf-8")
    (tmp_path / "good.csv").write_text("id,capacity\na,1\nb,2\n", encoding="utf-8")
    (tmp_path / "n.parquet").write_text("no parquet", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    for nodes, words in (
        ("n.csv", r"'n.csv' has no number in column capacity at line\(s\) 3 \(two\)"),
        ("good.csv", "links have no column cost"),
        ("n.parquet", "is no Parquet file"),
        ("empty.csv", "cannot be read as CSV"),
        ("n.dbf", "no file"),
        ("l.csv", "patches have no column id, capacity"),
    ):
        with pytest.raises(BocageError, match=words):
            read_graph_tables(tmp_path / nodes, tmp_path / "l.csv")
    with pytest.raises(BocageError, match=r"neither \.csv nor \.parquet"):
        write_graph_tables(LandscapeGraph.of([1], [], [], []), tmp_path / "a.xlsx", tmp_path / "b.csv")


@given(graph=graphs(st.sampled_from(["FR34RS1", "é", "a b", "<&>", '"', "n1", "7"])))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_graphml_comes_back(tmp_path: Path, graph: LandscapeGraph) -> None:
    """Round trip to the last bit, whatever the names; the same graph gives the same bytes."""
    path = tmp_path / "graph.graphml"
    write_graphml(graph, path)
    before = path.read_bytes()
    assert_same(graph, read_graphml(path))
    write_graphml(graph, path)
    assert before == path.read_bytes()


def test_networkx_reads_our_graphml_and_we_its(tmp_path: Path) -> None:
    """Another implementation finds the same nodes, edges and numbers, and writes what we read."""
    graph = LandscapeGraph.of(
        [1.5, 2, 3],
        [0, 1],
        [1, 2],
        [10.25, 20],
        ids=["FR34RS1", "FR34RS2", "FR34RS3"],
        link_ids=["C1", "C2"],
        length=[1, 2],
        position=[(0, 0), (1, 0), (2, 5)],
    )
    write_graphml(graph, tmp_path / "ours.graphml")
    theirs = networkx.read_graphml(tmp_path / "ours.graphml")
    assert not theirs.is_directed()
    assert dict(theirs.nodes(data="capacity")) == dict(zip(graph.ids, graph.capacity, strict=True))
    assert theirs.edges["FR34RS2", "FR34RS3"]["cost"] == 20
    assert theirs.nodes["FR34RS3"]["y"] == 5
    networkx.write_graphml_xml(theirs, tmp_path / "theirs.graphml")
    assert_same(graph, read_graphml(tmp_path / "theirs.graphml"), but=("link_ids",))


def test_other_graphml_is_read_by_the_names_of_its_data(tmp_path: Path) -> None:
    """Defaults of keys hold where an element has no datum."""
    (tmp_path / "g.graphml").write_text(
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        '<key id="k0" for="node" attr.name="area"><default>2</default></key>'
        '<key id="k1" for="edge" attr.name="p"/>'
        '<graph edgedefault="directed"><node id="a"/><node id="b"><data key="k0">5</data></node>'
        '<edge source="b" target="a"><data key="k1">0.5</data></edge></graph></graphml>',
        encoding="utf-8",
    )
    graph = read_graphml(tmp_path / "g.graphml", capacity="area", cost="p", probability=True)
    assert graph.capacity.tolist() == [2, 5]
    assert graph.cost.tolist() == [pytest.approx(np.log(2))]


def test_bad_graphml_is_refused(tmp_path: Path) -> None:
    """XML that is not well formed by its line, other XML, data that lack, names that XML cannot hold."""
    head = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for text, words in (
        (f"{head}\n<graph>\n</graphml>", "line 3: this is no well-formed XML"),
        ("<svg/>", r"holds 0 GraphML graph\(s\)"),
        (
            f'{head}<graph><node id="a"/></graph></graphml>',
            r"1 node\(s\) .* whose capacity is lacking .* \(a\)",
        ),
    ):
        (tmp_path / "bad.graphml").write_text(text, encoding="utf-8")
        with pytest.raises(BocageError, match=words):
            read_graphml(tmp_path / "bad.graphml")
    with pytest.raises(BocageError, match=r"1 id\(s\) hold control characters"):
        write_graphml(LandscapeGraph.of([1], [], [], [], ids=["a\x01"]), tmp_path / "x.graphml")


def test_graphml_is_well_formed_and_typed(tmp_path: Path) -> None:
    """Keys are declared once, before the graph, as the specification asks."""
    write_graphml(LandscapeGraph.of([1, 2], [0], [1], [3]), tmp_path / "g.graphml")
    root = ElementTree.parse(tmp_path / "g.graphml").getroot()
    space = "{http://graphml.graphdrawing.org/xmlns}"
    assert [child.tag for child in root] == [f"{space}key"] * 4 + [f"{space}graph"]
    assert {key.get("attr.type") for key in root.findall(f"{space}key")} == {"string", "double"}
