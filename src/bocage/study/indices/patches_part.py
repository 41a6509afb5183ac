"""Patches worth adding, and what would be missed most or least if it went, one after the other."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage.connectivity.adding import lay_sites, place_sites
from bocage.connectivity.removal import remove_links, remove_patches
from bocage.connectivity.search import choose_patches
from bocage.errors import InputError
from bocage.journal import Journal
from bocage.study.indices.model import GraphInput, IndicesOptions
from bocage.study.indices.notes import add_note
from bocage.study.indices.placing import Shapes, place_patches
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    from pandas import DataFrame

LEAST_CHANCE = 1e-3
"""New patches are linked to those that are reached with that chance at least."""
FIRST_SITES = 5
"""Patches to add where no number is asked for."""
_WHY = "Patches to add are linked to those near them"


def table_patches(source: GraphInput, options: IndicesOptions, crs: str, journal: Journal) -> DataFrame:
    """Choose the patches to add one after the other, each the one that raises ECA most.

    New patches are linked to all others reached with a chance of 0.001 at least: by least cost over the
    resistance given, else by distance from edge to edge times the median cost of a metre of today's links.
    One may neither touch a patch nor another new one.

    Raises
    ------
    InputError, CRSError, DataError
        Sites cannot be read or none can be added, or nothing says where patches are.
    ResourceError
        There are too many patches for the search.
    """
    import pandas

    placed = place_patches(source, options, crs, _WHY, journal)
    sites, ids, capacity = _read_sites(options, crs, placed.grid.bounds, source, journal)
    found = place_sites(
        source.graph,
        placed.grid,
        placed.patches,
        sites,
        shapes=placed.shapes if placed.surface is None else None,
        surface=placed.surface,
        capacity=capacity,
        most=-math.log(LEAST_CHANCE) / source.dispersal.decay / placed.rate,
        ids=ids,
    )
    candidates = replace(found.candidates, cost=found.candidates.cost * placed.rate)
    choice = choose_patches(source.graph, source.dispersal, candidates, count=options.add or FIRST_SITES)
    if found.left_out:
        shown = ", ".join(found.left_out[:5]) + (" …" if len(found.left_out) > 5 else "")
        add_note(journal, "note_sites_left_out", graph=source.name, count=len(found.left_out), ids=shown)
    add_note(
        journal, "note_sites_cost" if placed.surface is not None else "note_sites", graph=source.name,
        count=candidates.count, rate=placed.rate,
    )  # fmt: skip
    at, value = choice.places, choice.value
    after, before = value[choice.step], value[choice.step - 1]
    table = pandas.DataFrame(
        {
            "order": np.arange(1, len(at) + 1),
            "id": list(choice.ids),
            "x": found.position[at, 0].round(2),
            "y": found.position[at, 1].round(2),
            "capacity": candidates.capacity[at],
            "links": np.diff(candidates.first)[at],
            "gain": 100 * (after - before) / value[0],
            "eca": after,
        }
    )
    if len(at):
        add_note(
            journal, "note_sites_bound", graph=source.name, count=len(at),
            value=float(value[-1]), bound=choice.bound,
        )  # fmt: skip
    return table


def table_removed(source: GraphInput, options: IndicesOptions) -> DataFrame:
    """Follow what goes with patches, then links, lost one after the other: the dearest, then the least.

    Raises
    ------
    DataError
        The graph has costs across patches.
    """
    import pandas

    graph, dispersal = source.graph, source.dispersal
    rows: list[dict[str, Any]] = []
    for kind, remove, there in (
        ("patch", remove_patches, graph.count),
        ("link", remove_links, graph.link_count),
    ):
        for first in ("most", "least"):
            count = min(options.remove, there)
            if not count:
                continue
            choice = remove(graph, dispersal, count=count, order="most" if first == "most" else "least")
            rows += [
                {
                    "kind": kind,
                    "lost": first,
                    "order": step,
                    "id": name,
                    "loss": float(100 * (choice.value[step - 1] - choice.value[step]) / choice.value[0]),
                    "eca": float(choice.value[step]),
                }
                for step, name in enumerate(choice.ids, start=1)
            ]
    return pandas.DataFrame(rows, columns=["kind", "lost", "order", "id", "loss", "eca"])


def _read_sites(
    options: IndicesOptions, crs: str, bounds: Any, source: GraphInput, journal: Journal
) -> tuple[Shapes, list[str], Any]:
    """Read the sites given, or lay them over the patches; with their ids and capacities."""
    import shapely

    from bocage.study.indices.graph_inputs import KNOWN, find_column, list_ids, read_column, read_table

    if options.sites is None:
        assert options.sites_every is not None
        laid = shapely.points(lay_sites(tuple(bounds), options.sites_every))
        points: Shapes = np.asarray(laid, dtype=object)
        add_note(journal, "note_sites_capacity", graph=source.name)
        return points, [str(number) for number in range(1, len(points) + 1)], None
    table, _ = read_table(options.sites, None, "sites", crs, journal)
    if "geometry" not in table.columns:
        raise InputError(
            f"'{options.sites.name}' holds no points nor polygons; give a layer, or columns x and y."
        )
    shapes = table.geometry.to_numpy()
    id = find_column(table, None, KNOWN["id"], "sites", "")
    ids = [str(row + 1) for row in range(len(table))] if id is None else list_ids(table, id, "sites")
    column = find_column(table, options.columns.get("capacity"), KNOWN["capacity"], "sites", "--capacity")
    if column is not None:
        return shapes, ids, read_column(table, column)
    if (shapely.area(shapes) > 0).all() and source.area_unit:
        return shapes, ids, shapely.area(shapes) / M2_PER_HA
    add_note(journal, "note_sites_capacity", graph=source.name)
    return shapes, ids, None
