"""Ways across patches: what it costs to go from the end of one link to the end of another.

Without them a patch is crossed at no cost, as Conefor and most tools do. Graphab adds to a chain of links the
cost of crossing each patch on the way, between the cells where the two links end (its *intra-patch
distances*, on by default there): Foltête, Clauzel and Vuidel (2012), doi:10.1016/j.envsoft.2012.07.002.
A graph has them only where they were put by :func:`add_inner_ways` or :func:`measure_inner_ways`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import InnerWays, LandscapeGraph
from bocage.errors import DataError

if TYPE_CHECKING:
    from bocage.corridors.links import Links
    from bocage.resistance.surface import ResistanceSurface

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Through = Literal["patch", "anywhere"]


def pair_meeting_links(graph: LandscapeGraph, ends: ArrayLike) -> tuple[Ints, Ints, Ints]:
    """List the pairs of links that meet in a patch at different places.

    Parameters
    ----------
    graph : LandscapeGraph
    ends : (m, 2) array of int
        Place where each link ends in its start and in its end patch: a cell, or any other number.
        A negative one is not known, and its link crosses at no cost.

    Returns
    -------
    first, second, patch : (k,) arrays of int64
        Links, ``first < second``, sorted by patch then by link.

    Raises
    ------
    DataError
        There are not two places for each link.
    """
    places = np.asarray(ends, dtype=np.int64)
    if places.shape != (graph.link_count, 2):
        raise DataError(
            f"The ends of links have shape {places.shape}; give {graph.link_count} rows of two places."
        )
    patch = np.concatenate([graph.start, graph.end])
    link = np.tile(np.arange(graph.link_count), 2)
    place = np.concatenate([places[:, 0], places[:, 1]])
    order = np.lexsort((link, patch))
    patch, link, place = patch[order], link[order], place[order]
    bounds = np.searchsorted(patch, np.arange(graph.count + 1))
    pairs: list[tuple[Ints, Ints, Ints]] = []
    for low, high in pairwise(bounds):
        one, other = np.triu_indices(high - low, 1)
        one, other = one + low, other + low
        apart = (place[one] != place[other]) & (place[one] >= 0) & (place[other] >= 0)
        pairs.append((link[one[apart]], link[other[apart]], patch[one[apart]]))
    first, second, where = (
        np.concatenate([pair[column] for pair in pairs] or [np.empty(0, np.int64)]) for column in range(3)
    )
    return first, second, where


def add_inner_ways(
    graph: LandscapeGraph, ends: ArrayLike, costs: Mapping[tuple[int, int], float]
) -> LandscapeGraph:
    """Add the cost of crossing patches, known between the places where links end.

    Parameters
    ----------
    graph : LandscapeGraph
    ends : (m, 2) array of int
        Place where each link ends in its start and in its end patch; negative where not known.
    costs : mapping of (place, place) to float
        Cost of the way between two places of a patch, given one way or the other, in the unit of the links'.

    Returns
    -------
    LandscapeGraph
        With ``inner``, without the ways that cost nothing.

    Raises
    ------
    DataError
        A cost is lacking between the ends of two links, or is negative.

    Examples
    --------
    Two links end 5 apart in the middle one of three patches:

    >>> graph = LandscapeGraph.of([1, 1, 1], [0, 1], [1, 2], [10, 20])
    >>> inner = add_inner_ways(graph, [(-1, 7), (8, -1)], {(8, 7): 5}).inner
    >>> inner.first, inner.second, inner.patch, inner.cost
    (array([0]), array([1]), array([1]), array([5.]))
    """
    places = np.asarray(ends, dtype=np.int64)
    first, second, patch = pair_meeting_links(graph, places)
    one, other = _place_in(graph, places, first, patch), _place_in(graph, places, second, patch)
    known = [
        costs.get((a, b), costs.get((b, a), np.nan))
        for a, b in zip(one.tolist(), other.tolist(), strict=True)
    ]
    cost = np.asarray(known, dtype=np.float64)
    for odd, what in ((np.isnan(cost), "is lacking"), (cost < 0, "is negative")):
        if odd.any():
            shown = ", ".join(
                f"{graph.link_ids[first[k]]} and {graph.link_ids[second[k]]} in {graph.ids[patch[k]]}"
                for k in np.flatnonzero(odd)[:5]
            )
            raise DataError(
                f"The cost across patches {what} between the ends of {int(odd.sum())} pair(s) of links "
                f"({shown}); give a number from 0 up."
            )
    return replace(graph, inner=_keep_costly(first, second, patch, cost))


def measure_inner_ways(
    graph: LandscapeGraph,
    ends: ArrayLike,
    patches: NDArray[np.int32],
    surface: ResistanceSurface,
    *,
    through: Through = "patch",
) -> LandscapeGraph:
    """Measure the cost of crossing patches between the cells where links end.

    Parameters
    ----------
    graph : LandscapeGraph
        Its patch ``i`` is number ``i + 1`` of ``patches``.
    ends : (m, 2) array of int
        Flat index of the cell where each link ends in its start and in its end patch; negative where not
        known. ``find_link_ends`` takes them from links traced by bocage.
    patches : (nrows, ncols) array of int32
        Patch numbers, 0 elsewhere.
    surface : ResistanceSurface
        Resistances inside patches count: those of their habitat, of the roads that cross them.
    through : {"patch", "anywhere"}
        Whether the way keeps to the patch, as an animal at home would, or may leave it where that is
        cheaper, as in Graphab.

    Returns
    -------
    LandscapeGraph
        With ``inner``; costs in resistance x m as those of links, ``inf`` where barriers part the two ends.

    Raises
    ------
    DataError
        The rasters differ in shape, or a link ends out of its patch.

    Notes
    -----
    One cost distance from each place where links end, on the window of its patch. With ``"anywhere"`` the
    window is first that of the patch, then widened by what the cost found there could reach at the least
    resistance: no cheaper way can leave it.
    """
    if patches.shape != surface.grid.shape:
        raise DataError(f"Patches have shape {patches.shape} and the resistance {surface.grid.shape}.")
    places = np.asarray(ends, dtype=np.int64)
    first, second, patch = pair_meeting_links(graph, places)
    one, other = _place_in(graph, places, first, patch), _place_in(graph, places, second, patch)
    inside = patches.reshape(-1)
    for place, link in ((one, first), (other, second)):
        beyond = place >= inside.size
        stray = beyond | (inside[np.where(beyond, 0, place)] != patch + 1)
        if stray.any():
            shown = ", ".join(graph.link_ids[k] for k in dict.fromkeys(link[stray].tolist()))
            raise DataError(f"Some links do not end in their patch ({shown}); give cells of the same grid.")
    from scipy.ndimage import find_objects

    windows = find_objects(patches, max_label=graph.count)
    cost = np.zeros(len(first))
    bounds = np.searchsorted(patch, np.arange(graph.count + 1))
    for number, (low, high) in enumerate(pairwise(bounds)):
        if low == high:
            continue
        ways = slice(low, high)
        cost[ways] = _cross(patches, surface, windows[number], number + 1, one[ways], other[ways], "patch")
        if through == "anywhere":
            window = _widen(windows[number], cost[ways].max(), surface)
            cost[ways] = _cross(patches, surface, window, number + 1, one[ways], other[ways], "anywhere")
    return replace(graph, inner=_keep_costly(first, second, patch, cost))


def find_link_ends(links: Links) -> Ints:
    """Find the cells where links traced by bocage end.

    Parameters
    ----------
    links : Links

    Returns
    -------
    (m, 2) array of int64
        Flat cells in the first and the second patch; -1 for a link without path.
    """
    traced = links.path_start[1:] > links.path_start[:-1]
    ends = np.full((len(links), 2), -1, np.int64)
    ends[traced, 0] = links.path[links.path_start[:-1][traced]]
    ends[traced, 1] = links.path[links.path_start[1:][traced] - 1]
    return ends


def _place_in(graph: LandscapeGraph, places: Ints, link: Ints, patch: Ints) -> Ints:
    """Give the place where each link ends in each patch."""
    here: Ints = np.where(graph.start[link] == patch, places[link, 0], places[link, 1])
    return here


def _keep_costly(first: Ints, second: Ints, patch: Ints, cost: Floats) -> InnerWays:
    costly = cost > 0
    return InnerWays(first[costly], second[costly], patch[costly], cost[costly])


def _cross(
    patches: NDArray[np.int32],
    surface: ResistanceSurface,
    window: tuple[slice, slice],
    number: int,
    one: Ints,
    other: Ints,
    through: Through,
) -> Floats:
    """Measure the cost from cell to cell of a patch in a window of the grid."""
    from bocage.corridors.cost_distance import cost_distance
    from bocage.grid import Grid
    from bocage.resistance.surface import ResistanceSurface

    rows, cols = window
    codes = surface.codes[rows, cols]
    if through == "patch":
        codes = np.where(patches[rows, cols] == number, codes, np.uint16(0))  # no data is impassable
    height, width = codes.shape
    grid = Grid(0, height * surface.grid.cell, surface.grid.cell, height, width)
    local = ResistanceSurface(grid, np.ascontiguousarray(codes), surface.values)
    columns = surface.grid.shape[1]
    flat = [(cell // columns - rows.start) * width + cell % columns - cols.start for cell in (one, other)]
    cost = np.empty(len(one))
    passable = np.isfinite(local.values[local.codes.reshape(-1)])
    # From whichever side starts fewer searches.
    source, target = sorted(flat, key=lambda cells: len(np.unique(cells)))
    for cell in np.unique(source):
        ways = np.flatnonzero(source == cell)
        if not passable[cell]:
            cost[ways] = np.inf
            continue
        planted = np.zeros(codes.shape, np.int32)
        planted.reshape(-1)[cell] = 1
        cost[ways] = cost_distance(local, planted).cost().reshape(-1)[target[ways]]
    return cost


def _widen(window: tuple[slice, slice], cost: float, surface: ResistanceSurface) -> tuple[slice, slice]:
    """Widen a window by half of what a cost reaches at the least resistance: there and back."""
    values = surface.values[np.isfinite(surface.values)]
    most = max(surface.grid.shape)
    cells = (
        most if not np.isfinite(cost) else min(int(cost / (2 * values.min() * surface.grid.cell)) + 1, most)
    )
    rows, cols = (
        slice(max(side.start - cells, 0), min(side.stop + cells, size))
        for side, size in zip(window, surface.grid.shape, strict=True)
    )
    return rows, cols
