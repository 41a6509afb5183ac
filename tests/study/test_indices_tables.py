"""Tables of `bocage indices`: every column documented, no other written, what size leaves out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.journal import Journal
from bocage.progress import SilentProgress
from bocage.study.indices import graph_part
from bocage.study.indices.model import GraphFigures, GraphInput, IndicesOptions
from bocage.study.indices.tables import OVERALL, TABLES, join_tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "indices.md"


def make_source(count: int = 30, key: str = "", threshold: float | None = None) -> GraphInput:
    """Make a ring of patches with a chord."""
    place = np.arange(count)
    start, end = np.append(place, 0), np.append((place + 1) % count, count // 2)
    cost = 50.0 + 10 * (np.arange(count + 1) % 7)
    graph = LandscapeGraph.of(1.0 + place % 5, start, end, cost, length=cost)
    return GraphInput(key, key, graph, Dispersal(100, 0.05), 1000.0, None, None, "ha", threshold=threshold)


def measure(source: GraphInput, journal: Journal | None = None, **options: object) -> GraphFigures:
    """Measure it."""
    asked = IndicesOptions(Path("x"), **options)  # type: ignore[arg-type]
    return graph_part.measure_graph(source, None, asked, SilentProgress(), journal or Journal())


@pytest.mark.parametrize("name", ["overall", *TABLES])
def test_every_column_is_documented(name: str) -> None:
    """The page gives unit and meaning of each column, in order, as the record does."""
    section = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (mine,) = (one for one in section if one.startswith(f"`{name}.csv`"))
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", mine, re.MULTILINE)
    known = OVERALL if name == "overall" else TABLES[name]
    assert rows == [(column, unit, meaning) for column, (unit, meaning) in known.items()]


def test_no_other_column_is_written() -> None:
    """Tables have columns of the dictionary alone, in its order."""
    figures = measure(make_source(), protected=True)
    for name, known in TABLES.items():
        table = getattr(figures, name)
        if table is not None:
            order = list(known)
            assert [order.index(column) for column in table.columns] == sorted(
                order.index(column) for column in table.columns
            ), name
    assert figures.overall["index"].tolist() == [
        key for key in OVERALL if key in set(figures.overall["index"])
    ]
    units = dict(zip(figures.overall["index"], figures.overall["unit"], strict=True))
    assert (units["ECA"], units["S#IF"], units["PC"], units["GD"]) == ("ha", "ha²", "", "")


def test_links_beyond_the_threshold() -> None:
    """Dear links do not count where links are counted, and have no such value; by their cost all count."""
    figures = measure(make_source(threshold=95))
    dear = (figures.links["cost"] > 95).to_numpy()
    assert dear.sum() == 8 and figures.links.loc[dear, ["dIIC", "varNC", "component"]].isna().all(axis=None)
    overall = dict(zip(figures.overall["index"], figures.overall["value"], strict=True))
    assert overall["NL"] == 31 - dear.sum() and overall["NC"] == figures.nodes["component"].max() + 1 > 1
    assert (figures.links.loc[dear, "dPC"] > 0).all()
    every = measure(make_source())
    assert overall["ECA"] == dict(zip(every.overall["index"], every.overall["value"], strict=True))["ECA"]


def test_size_leaves_out_what_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its sizes the command cuts off, with a bound that holds, says so, and gives all when asked."""
    exact = measure(make_source())
    for name in ("EXACT_PATCHES", "HOP_PATCHES", "CURRENT_PATCHES", "PATH_PATCHES", "GAIN_LINKS"):
        monkeypatch.setattr(graph_part, name, 5)
    monkeypatch.setattr(graph_part, "CUTOFF", 0.02)
    journal = Journal()
    cut = measure(make_source(), journal)
    assert {note.code for note in journal.notes} == {"note_cutoff", "note_left_out", "note_gains"}
    assert all("--complete" in note.text("fr") for note in journal.notes)
    assert not {"dIIC", "CF", "Ec", "BC_hops"} & set(cut.nodes.columns)
    assert "GD" not in set(cut.overall["index"]) and cut.left_out > 0
    for table in ("nodes", "links"):
        mine, true = getattr(cut, table), getattr(exact, table)
        assert (np.abs(mine["dPC"] - true["dPC"]) <= mine["dPC_bound"] + 1e-9).all()
    assert cut.links["gain"].notna().sum() == 5
    numerator = float(exact.overall.set_index("index").loc["S#IF", "value"])
    kept = float(cut.overall.set_index("index").loc["S#IF", "value"])
    assert 0 <= numerator - kept <= cut.left_out * kept * (1 + 1e-9)

    whole = measure(make_source(), complete=True)
    for table in ("overall", "nodes", "links", "components", "by_distance"):
        assert getattr(whole, table).equals(getattr(exact, table)), table


def test_tables_of_several_graphs() -> None:
    """Tables of sub-networks are one under the other, with their key first; one without key has none."""
    graphs = (measure(make_source(key="a")), measure(make_source(12, key="b", threshold=95)))
    joined = join_tables(graphs, "nodes")
    assert joined is not None and joined.columns[0] == "subnetwork" and len(joined) == 42
    alone = join_tables(graphs[:1], "added")
    assert alone is None
    plain = join_tables((measure(make_source()),), "links")
    assert plain is not None and plain.columns[0] == "id"
