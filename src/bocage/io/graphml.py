"""Landscape graphs as GraphML, which Gephi, igraph, networkx and Cytoscape read.

Source: Brandes, Eiglsperger, Herman, Himsolt and Marshall (2002), doi:10.1007/3-540-45848-4_59, and
http://graphml.graphdrawing.org/specification.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from bocage.connectivity.building import Unknown, build_graph
from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import DataError, InputError
from bocage.io.files import replace_on_success, require_file
from bocage.journal import Journal

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
# What an XML name token may hold, letters of all alphabets included; and what no XML may.
_TOKEN = re.compile(r"[\w.:-]+")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write_graphml(graph: LandscapeGraph, path: str | Path) -> None:
    """Write a graph as GraphML, undirected.

    Nodes bear the names of patches where these are XML name tokens, as ``FR34RS12``, else ``n0``, ``n1`` …;
    the name is in their datum ``id`` either way. Other data are ``capacity``, ``x``, ``y`` [m] and
    ``habitat`` of nodes, ``cost`` and ``length_m`` of edges, where known. Ways across patches are not
    written.

    Parameters
    ----------
    graph : LandscapeGraph
    path : path

    Raises
    ------
    DataError
        An id holds a control character, which XML cannot.
    OutputError
        The file cannot be written.
    """
    names = (*graph.ids, *graph.link_ids, *graph.habitats)
    odd = [name for name in names if _FORBIDDEN.search(name)]
    if odd:
        shown = ", ".join(repr(name) for name in odd[:5])
        raise DataError(f"{len(odd)} id(s) hold control characters ({shown}), which XML cannot; rename them.")
    plain = all(_TOKEN.fullmatch(name) for name in graph.ids)
    nodes = graph.ids if plain else tuple(f"n{place}" for place in range(graph.count))
    node_data: dict[str, Sequence[Any]] = {"id": graph.ids, "capacity": graph.capacity.tolist()}
    if graph.position is not None:
        node_data["x"], node_data["y"] = graph.position.T.tolist()
    if graph.habitat is not None:
        node_data["habitat"] = [graph.habitats[place] for place in graph.habitat]
    edge_data: dict[str, Sequence[Any]] = {"id": graph.link_ids, "cost": graph.cost.tolist()}
    if graph.length is not None:
        edge_data["length_m"] = graph.length.tolist()
    root = Element("graphml", {"xmlns": _NAMESPACE})
    keys: dict[tuple[str, str], str] = {}
    for what, data in (("node", node_data), ("edge", edge_data)):
        for name in data:
            key = keys[what, name] = f"d{len(keys)}"
            kind = "string" if name in ("id", "habitat") else "double"
            SubElement(root, "key", {"id": key, "for": what, "attr.name": name, "attr.type": kind})
    body = SubElement(root, "graph", {"id": "G", "edgedefault": "undirected"})
    for place, node in enumerate(nodes):
        _add_data(SubElement(body, "node", {"id": node}), "node", node_data, place, keys)
    for place, (start, end) in enumerate(zip(graph.start.tolist(), graph.end.tolist(), strict=True)):
        edge = SubElement(body, "edge", {"id": f"e{place}", "source": nodes[start], "target": nodes[end]})
        _add_data(edge, "edge", edge_data, place, keys)
    ElementTree.indent(root)
    with replace_on_success(path) as part:
        ElementTree.ElementTree(root).write(part, encoding="utf-8", xml_declaration=True)


def read_graphml(
    path: str | Path,
    *,
    capacity: str = "capacity",
    cost: str = "cost",
    length: str = "length_m",
    probability: bool = False,
    unknown: Unknown = "refuse",
    journal: Journal | None = None,
) -> LandscapeGraph:
    """Read a graph from GraphML, of bocage or of others.

    Parameters
    ----------
    path : path
        Directions of edges are passed over: links go both ways.
    capacity, cost : str
        Names of the data of nodes and edges, which all must have.
    length : str
        Name of the datum of edges that is their length [m], where they have it. Nodes are placed by ``x`` and
        ``y`` where all have them, and named by ``id`` or else by their id in the file.
    probability, unknown, journal
        As in ``build_graph``.

    Returns
    -------
    LandscapeGraph

    Raises
    ------
    InputError
        The file is absent, is no GraphML, or a datum lacks or is no number: the sentence names the nodes or
        edges.
    DataError
        The values cannot be a graph.
    """
    path = require_file(path, "graph")
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise InputError(
            f"'{path.name}', line {error.position[0]}: this is no well-formed XML; export the graph again."
        ) from error
    graphs = root.findall("{*}graph") if _bare(root.tag) == "graphml" else []
    if len(graphs) != 1:
        raise InputError(f"'{path.name}' holds {len(graphs)} GraphML graph(s); give a file of one graph.")
    names, defaults = _read_keys(root)
    nodes = list(_read_elements(graphs[0], "node", names, defaults))
    edges = list(_read_elements(graphs[0], "edge", names, defaults))
    called = {element.get("id", ""): data.get("id", element.get("id", "")) for element, data in nodes}
    links = [data.get("id", element.get("id", str(place))) for place, (element, data) in enumerate(edges)]
    node_names = [called[element.get("id", "")] for element, _ in nodes]

    def number(
        rows: Sequence[tuple[Element, Mapping[str, str]]], owners: Sequence[str], name: str
    ) -> list[float]:
        return _take_numbers(path, [data for _, data in rows], owners, name)

    placed = nodes and all("x" in data and "y" in data for _, data in nodes)
    measured = edges and all(length in data for _, data in edges)
    graph = build_graph(
        node_names,
        number(nodes, node_names, capacity),
        [called.get(element.get("source", ""), element.get("source", "")) for element, _ in edges],
        [called.get(element.get("target", ""), element.get("target", "")) for element, _ in edges],
        number(edges, links, cost),
        link_ids=links,
        length=number(edges, links, length) if measured else None,
        position=np.column_stack([number(nodes, node_names, axis) for axis in "xy"]) if placed else None,
        probability=probability,
        unknown=unknown,
        journal=journal,
    )
    habitats = [data.get("habitat") for _, data in nodes]
    if not nodes or None in habitats:
        return graph
    distinct = tuple(dict.fromkeys(str(one) for one in habitats))
    return replace(
        graph, habitat=np.array([distinct.index(str(one)) for one in habitats], np.int64), habitats=distinct
    )


def _add_data(
    element: Element,
    what: str,
    data: Mapping[str, Sequence[Any]],
    place: int,
    keys: Mapping[tuple[str, str], str],
) -> None:
    for name, values in data.items():
        value = values[place]
        datum = SubElement(element, "data", {"key": keys[what, name]})
        datum.text = value if isinstance(value, str) else ("NaN" if value != value else repr(value))


def _read_keys(root: Element) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Give the name of each key, and the values that hold where an element has no datum."""
    names: dict[str, str] = {}
    defaults: dict[tuple[str, str], str] = {}
    for key in root.findall("{*}key"):
        name = key.get("attr.name", key.get("id", ""))
        names[key.get("id", "")] = name
        default = key.find("{*}default")
        if default is not None and default.text is not None:
            for what in ("node", "edge"):
                if key.get("for", "all") in (what, "all"):
                    defaults[what, name] = default.text
    return names, defaults


def _read_elements(
    body: Element, what: str, names: Mapping[str, str], defaults: Mapping[tuple[str, str], str]
) -> Iterator[tuple[Element, dict[str, str]]]:
    """Give each node or edge with its data by name."""
    common = {name: text for (kind, name), text in defaults.items() if kind == what}
    for element in body.findall(f"{{*}}{what}"):
        own = {
            names.get(datum.get("key", ""), datum.get("key", "")): datum.text or ""
            for datum in element.findall("{*}data")
        }
        yield element, common | own


def _take_numbers(
    path: Path, rows: Sequence[Mapping[str, str]], owners: Sequence[str], name: str
) -> list[float]:
    values, odd = [], []
    for row, owner in zip(rows, owners, strict=True):
        try:
            values.append(float(row[name]))
        except (KeyError, ValueError):
            odd.append(owner)
    if odd:
        shown = ", ".join(odd[:5]) + (" …" if len(odd) > 5 else "")
        raise InputError(
            f"'{path.name}' has {len(odd)} node(s) or edge(s) whose {name} is lacking or is no number "
            f"({shown}); say which datum to read, or complete them."
        )
    return values


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]
