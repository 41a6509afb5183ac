"""What ties the cells of a raster."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bocage.current.conductance import Conductances
from bocage.errors import DataError

ROOT = np.sqrt(2)


@pytest.mark.parametrize(
    ("average", "beside", "aside"),
    [("resistance", 2 / 4, 2 / (5 * ROOT)), ("conductance", (1 + 1 / 3) / 2, (1 + 1 / 4) / 2 / ROOT)],
)
def test_what_is_averaged(average, beside, aside):
    """Resistances 1 and 3 side by side, 1 and 4 by a corner: Circuitscape's two formulas, by hand."""
    found = Conductances.from_resistance([[1.0, 3.0], [2.0, 4.0]], average=average)
    assert found.east[0, 0] == pytest.approx(beside, rel=1e-7)
    assert found.south_east[0, 0] == pytest.approx(aside, rel=1e-7)


@pytest.mark.parametrize("average", ["resistance", "conductance"])
@pytest.mark.parametrize("neighbours", [4, 8])
def test_conductance_is_the_inverse_of_resistance(average, neighbours):
    """A raster of resistances and that of their inverses make the same circuit (identity)."""
    r = np.random.default_rng(0).uniform(1, 9, (6, 7))
    one = Conductances.from_resistance(r, neighbours=neighbours, average=average)
    two = Conductances.from_conductance(1 / r, neighbours=neighbours, average=average)
    np.testing.assert_allclose(one.links, two.links, rtol=1e-6)
    assert (one.south_west == 0).all() == (neighbours == 4)


def test_nothing_passes_through_what_is_not_known():
    """NaN, infinite, nodata cells tie nothing and are not nodes; nor is a conductance of 0 (definition)."""
    found = Conductances.from_resistance([[1, np.nan, 1], [np.inf, 1, -9999]], nodata=-9999)
    assert found.mask.tolist() == [[True, False, True], [False, True, False]]
    assert np.count_nonzero(found.links) == 2
    assert found.south_east[0, 0] == pytest.approx(1 / ROOT)
    assert found.south_west[0, 2] == pytest.approx(1 / ROOT)
    assert Conductances.from_conductance([[1, 0, 1]]).mask.tolist() == [[True, False, True]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Conductances.from_resistance([[1, 0], [-2, 1]]),
            r"zero or negative at 2 cells.*\(0, 1\), \(1, 0\)",
        ),
        (lambda: Conductances.from_resistance([[-9999.0]], nodata=-9999), "nodata everywhere"),
        (lambda: Conductances.from_conductance([[1, -1]]), r"negative or infinite at 1 cells.*\(0, 1\)"),
        (lambda: Conductances.from_conductance([[1, np.inf]]), "infinite"),
        (lambda: Conductances.from_resistance([1, 2]), "rows and columns"),
        (lambda: Conductances.from_resistance([["a"]]), "numbers"),
        (lambda: Conductances.from_resistance([[1, 2]], neighbours=6), "give 4 or 8"),
        (lambda: Conductances.of([[1, 1]], [[0, 0]]), "outside the raster"),
        (lambda: Conductances.of([[1, 0]], [[0, 0]], mask=[[True, False]]), r"outside the mask: \(0, 1\)"),
        (lambda: Conductances.of([[-1, 0]], [[0, 0]]), "negative"),
        (lambda: Conductances.of([[1, 0]], [[0]]), "shapes"),
    ],
)
def test_bad_values_are_refused(make, message):
    """What cannot be a circuit is refused in one sentence that names the first cells."""
    with pytest.raises(DataError, match=message):
        make()


@settings(max_examples=40, deadline=None)
@given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))), st.sampled_from([4, 8]))
def test_components(mask, neighbours):
    """Components are those of the graph of cells, numbered by first cell (networkx)."""
    mask[0, 0] = True
    found = Conductances.from_resistance(np.where(mask, 1.0, np.nan), neighbours=neighbours)
    label = found.label_components()
    assert ((label > 0) == mask).all()
    graph = nx.Graph()
    graph.add_nodes_from(map(tuple, np.argwhere(mask).tolist()))
    steps = [(0, 1), (1, 0), (1, 1), (1, -1)][: 4 if neighbours == 8 else 2]
    graph.add_edges_from(
        ((i, j), (i + a, j + b)) for i, j in graph for a, b in steps if (i + a, j + b) in graph.nodes
    )
    parts = sorted(nx.connected_components(graph), key=min)
    for number, part in enumerate(parts, 1):
        assert {int(label[cell]) for cell in part} == {number}
