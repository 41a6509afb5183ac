"""Indices of patches spread over the ground: what a place would have by how it reaches the patches around."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from bocage.connectivity.interpolation import Spread as Manner
from bocage.connectivity.interpolation import interpolate_index
from bocage.errors import DataError, InputError
from bocage.journal import Journal
from bocage.study.indices.model import GraphInput, IndicesOptions, Spread
from bocage.study.indices.notes import add_note
from bocage.study.indices.placing import place_patches

if TYPE_CHECKING:
    from pandas import DataFrame


def spread_indices(
    source: GraphInput, nodes: DataFrame, options: IndicesOptions, crs: str, journal: Journal
) -> dict[str, Spread]:
    """Spread the indices asked for over the ground.

    Parameters
    ----------
    source : GraphInput
    nodes : DataFrame
        Of the graph, a column an index.
    options : IndicesOptions
        ``interpolate``: names of columns, each with ``:sum`` or ``:mean`` where several patches count.
    crs : str
    journal : Journal

    Raises
    ------
    InputError
        There is no such index.
    DataError, CRSError
        Nothing says where patches are.
    """
    asked = [_read_name(one, nodes) for one in options.interpolate]
    placed = place_patches(source, options, crs, "Indices are spread over the ground from patches", journal)
    here = np.unique(placed.patches)
    lost = [one for number, one in enumerate(source.graph.ids, start=1) if number not in set(here.tolist())]
    if lost:
        shown = ", ".join(lost[:5]) + (" …" if len(lost) > 5 else "")
        add_note(journal, "note_spread_lost", graph=source.name, count=len(lost), ids=shown)
    if placed.surface is None:
        add_note(
            journal, "note_spread_distance", graph=source.name,
            cell=placed.grid.cell, rate=placed.rate, distance=source.dispersal.distance / placed.rate,
        )  # fmt: skip
    ground = placed.grid if placed.surface is None else placed.surface
    found = {}
    for key, column, manner in asked:
        value = nodes[column].to_numpy(np.float64)
        if not np.isfinite(value).all():
            raise DataError(f"Index {column} is not known for {int((~np.isfinite(value)).sum())} patches.")
        spread = interpolate_index(
            ground, placed.patches, value, placed.scale(source.dispersal), spread=manner,
            threads=options.threads or 1,
        )  # fmt: skip
        found[key] = Spread(spread, placed.grid)
    return found


def _read_name(asked: str, nodes: DataFrame) -> tuple[str, str, Manner]:
    name, _, manner = asked.partition(":")
    known = [
        str(column)
        for column in nodes.columns
        if column not in ("id", "name", "x", "y", "component", "cluster") and nodes[column].dtype.kind in "fi"
    ]
    column = next((one for one in known if one.casefold() == name.strip().casefold()), None)
    if column is None:
        raise InputError(
            f"There is no index '{name}' of patches to spread with --interpolate; give one of "
            f"{', '.join(known)}."
        )
    for one in get_args(Manner):
        if one == (manner or "nearest"):
            return (f"{column}-{one}" if manner else column), column, one
    raise InputError(
        f"'{asked}' cannot be spread by '{manner}'; give {column}, {column}:sum or {column}:mean."
    )
