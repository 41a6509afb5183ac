"""New patches on the ground: where they could be, what they would be linked to, which may not both be.

Sites are points or polygons, laid on a grid or given. Each is linked to every patch and to every other site,
by the distance between their edges or by cost over the ground, up to a maximum. The candidates that come of
it are chosen from by ``bocage.connectivity.search.choose_patches``.

The conventions are those with which Graphab's "add patch" (Foltête, Girardet and Clauzel 2014, Landscape and
Urban Planning 124) gives its published sequences: sites at the middles of a grid's cells, which is centred on
the area; a capacity of 1 where none is given; a site may not lie on a patch nor on one of the 4 cells around
its cells; distances from the site's own shape, a point having no extent; links beyond the maximum do not
exist. To add several at once, the growth by patch is compared (``pair_near`` and ``together``). Among equal
growths Graphab draws by lot, here the first is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.around import Ground
from bocage.connectivity.candidates import PatchCandidates
from bocage.connectivity.landscape import LandscapeGraph
from bocage.errors import DataError
from bocage.grid import Bounds, Grid
from bocage.resistance.surface import ResistanceSurface

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[np.object_]

_AROUND = {
    4: ((-1, 0), (0, -1), (0, 1), (1, 0)),
    8: ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Where patches could be added.

    Attributes
    ----------
    candidates : PatchCandidates
    place : (k,) array of int64
        Place of each candidate among the sites given.
    position : (k, 2) array of float64
        Easting and northing [m].
    left_out : tuple of str
        Ids of sites that touch a patch, lie outside the grid or have no capacity.
    """

    candidates: PatchCandidates
    place: Ints
    position: Floats
    left_out: tuple[str, ...]


def lay_sites(bounds: Bounds, step: float) -> Floats:
    """Lay points over an area, at the middles of the cells of a grid centred on it.

    Parameters
    ----------
    bounds : (west, south, east, north)
    step : float
        Distance between points [m], > 0.

    Returns
    -------
    (k, 2) array of float64
        Easting and northing, from south to north, west to east.

    Raises
    ------
    DataError
        The step is not above 0, or the area is smaller than a step.

    Examples
    --------
    >>> lay_sites((0, 0, 25, 10), 10).tolist()
    [[7.5, 5.0], [17.5, 5.0]]
    """
    west, south, east, north = bounds
    if not (step > 0 and math.isfinite(step)):
        raise DataError(f"The step between sites is {step:g}; give a number of metres above 0.")
    across, along = (math.floor((high - low) / step + 1e-9) for low, high in ((west, east), (south, north)))
    if across < 1 or along < 1:
        raise DataError(
            f"The area of {east - west:g} by {north - south:g} m is smaller than the step of {step:g} m "
            "between sites; give a smaller step."
        )
    x = west + (east - west - across * step) / 2 + (np.arange(across) + 0.5) * step
    y = south + (north - south - along * step) / 2 + (np.arange(along) + 0.5) * step
    northing, easting = np.meshgrid(y, x, indexing="ij")
    return np.column_stack([easting.ravel(), northing.ravel()])


def place_sites(
    graph: LandscapeGraph,
    grid: Grid,
    patches: NDArray[np.int32],
    sites: ArrayLike,
    *,
    shapes: ArrayLike | None = None,
    surface: ResistanceSurface | None = None,
    capacity: ArrayLike | None = None,
    most: float = math.inf,
    neighbours: int = 4,
    through: bool = True,
    price: ArrayLike | None = None,
    ids: Sequence[object] | None = None,
) -> Sites:
    """Make candidates of sites, with their links and the pairs that would touch.

    Parameters
    ----------
    graph : LandscapeGraph
    grid : Grid
    patches : (nrows, ncols) array of int32
        Place of each patch in the graph plus 1; 0 elsewhere.
    sites : (k, 2) array of float, or (k,) array of shapely points or polygons
    shapes : (n,) array of shapely geometries, optional
        The graph's patches: links then have the distance from edge to edge [m].
    surface : ResistanceSurface, optional
        Or the least cost over it [resistance x m]. One of the two is needed.
    capacity : (k,) array of float, optional
        1 by default.
    most : float
        Length or cost of links above which there are none.
    neighbours : {4, 8}
        Cells around that count as touching.
    through : bool
        Whether the ways of new links may cross patches, as Graphab's do.
    price, ids
        As for ``PatchCandidates.of``.

    Returns
    -------
    Sites

    Raises
    ------
    DataError
        Neither or both of ``shapes`` and ``surface`` are given, rasters or capacities do not fit, or all
        sites are left out.
    """
    import shapely

    if (shapes is None) == (surface is None):
        raise DataError("Links of new patches need the shapes of patches or a resistance; give one of them.")
    given = np.asarray(sites)
    points = given.dtype != object
    things: Shapes = np.asarray(shapely.points(given.astype(np.float64)) if points else given, dtype=object)
    names = tuple(str(one) for one in (range(len(things)) if ids is None else ids))
    own = np.ones(len(things)) if capacity is None else np.asarray(capacity, np.float64).reshape(-1)
    prices = np.ones(len(things)) if price is None else np.asarray(price, np.float64).reshape(-1)
    if not len(things) == len(names) == len(own) == len(prices):
        raise DataError(
            f"{len(things)} sites have {len(names)} ids, {len(own)} capacities and {len(prices)} prices; "
            "give as many of each."
        )
    if patches.shape != grid.shape:
        raise DataError(
            f"Patches lie on {patches.shape[0]} x {patches.shape[1]} cells of a grid of {grid.nrows} x "
            f"{grid.ncols}; give both on one grid."
        )
    feet = [_cover_cells(grid, thing) for thing in things]
    free = np.array([_is_free(patches, cells, neighbours) for cells in feet], dtype=bool)
    place = np.flatnonzero(free & (own > 0))
    if not place.size:
        raise DataError(
            f"None of the {len(things)} sites can be added: each touches a patch, lies outside "
            "the grid or has no capacity; give others."
        )
    kept = [feet[one] for one in place]
    if surface is None:
        site, other, cost = _link_by_distance(np.asarray(shapes, dtype=object), things[place], most)
    else:
        site, other, cost = _link_by_cost(surface, patches, kept, most, through)
    candidates = PatchCandidates.of(
        graph,
        own[place],
        site,
        np.where(other >= 0, other, graph.count - 1 - other),
        cost,
        price=prices[place],
        ids=[names[one] for one in place],
        clash=_list_clashes(kept, neighbours),
    )
    centre = shapely.centroid(things[place])
    return Sites(
        candidates,
        place,
        np.column_stack([shapely.get_x(centre), shapely.get_y(centre)]),
        tuple(names[one] for one in np.flatnonzero(~(free & (own > 0)))),
    )


def pair_near(sites: Sites, reach: float) -> Ints:
    """List pairs of candidates within a distance in both directions, to be tried together.

    Parameters
    ----------
    sites : Sites
    reach : float
        Greatest difference in easting and in northing [m].

    Returns
    -------
    (p, 2) array of int64
    """
    from scipy.spatial import cKDTree

    pairs = cKDTree(sites.position).query_pairs(reach * (1 + 1e-9), p=math.inf, output_type="ndarray")
    pairs = np.sort(pairs.reshape(-1, 2), axis=1).astype(np.int64)
    found: Ints = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return found


def _cover_cells(grid: Grid, thing: Any) -> Ints:
    """List the cells whose middle a site covers, or the one that holds it: (k, 2) rows and columns."""
    import shapely

    window = grid.window(tuple(shapely.bounds(thing)))
    rows, cols = np.mgrid[window.slices]
    x, y = grid.centre(rows.ravel(), cols.ravel())
    inside = shapely.contains_xy(thing, x, y)
    if inside.any():
        return np.column_stack([rows.ravel()[inside], cols.ravel()[inside]]).astype(np.int64)
    point = shapely.centroid(thing)
    row, col = grid.row_col(shapely.get_x(point), shapely.get_y(point))
    return np.array([[row, col]], dtype=np.int64)


def _is_free(patches: NDArray[np.int32], cells: Ints, neighbours: int) -> bool:
    shape = np.array(patches.shape)
    if ((cells < 0) | (cells >= shape)).any():
        return False
    for step in ((0, 0), *_AROUND[neighbours]):
        near = cells + np.array(step)
        near = near[((near >= 0) & (near < shape)).all(axis=1)]
        if patches[near[:, 0], near[:, 1]].any():
            return False
    return True


def _list_clashes(feet: Sequence[Ints], neighbours: int) -> Ints:
    """List the pairs of sites whose cells are the same or touch."""
    holders: dict[tuple[int, int], list[int]] = {}
    for one, cells in enumerate(feet):
        for row, col in cells.tolist():
            holders.setdefault((row, col), []).append(one)
    pairs = {
        (one, two)
        for (row, col), mine in holders.items()
        for down, right in ((0, 0), *_AROUND[neighbours])
        for two in holders.get((row + down, col + right), ())
        for one in mine
        if one < two
    }
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def _link_by_distance(shapes: Shapes, things: Shapes, most: float) -> tuple[Ints, Ints, Floats]:
    """Link sites to patches and, as ``-1 - site``, to sites after them."""
    import shapely

    if math.isfinite(most):
        site, patch = shapely.STRtree(shapes).query(things, predicate="dwithin", distance=most)
        one, two = shapely.STRtree(things).query(things, predicate="dwithin", distance=most)
    else:
        site, patch = (side.ravel() for side in np.indices((len(things), len(shapes))))
        one, two = (side.ravel() for side in np.indices((len(things), len(things))))
    one, two = one[one < two], two[one < two]
    cost = np.concatenate(
        [shapely.distance(things[site], shapes[patch]), shapely.distance(things[one], things[two])]
    )
    return (
        np.concatenate([site, one]).astype(np.int64),
        np.concatenate([patch, -1 - two]).astype(np.int64),
        np.asarray(cost, dtype=np.float64),
    )


def _link_by_cost(
    surface: ResistanceSurface,
    patches: NDArray[np.int32],
    feet: Sequence[Ints],
    most: float,
    through: bool,
) -> tuple[Ints, Ints, Floats]:
    """Link sites to patches and, as ``-1 - site``, to sites after them, by least cost."""
    from bocage.kernels import reaching

    ground = Ground.of(surface, patches)
    start = np.concatenate([[0], np.cumsum([len(cells) for cells in feet])]).astype(np.int64)
    every = np.concatenate(feet)
    cells = ground.flatten(every[:, 0], every[:, 1])
    if len(np.unique(cells)) < len(cells):
        raise DataError(
            f"{len(cells) - len(np.unique(cells))} cell(s) of the grid hold several sites, whose costs "
            "would mix; give sites farther apart, or a finer grid."
        )
    numbers = np.zeros(len(ground.codes), np.int32)
    numbers[cells] = np.repeat(np.arange(1, len(feet) + 1, dtype=np.int32), np.diff(start))
    site, other, cost = reaching.meet_patches(
        ground.codes, ground.width, ground.straight, ground.diagonal, ground.walls, numbers, through,
        cells, start, float(most), *ground.make_scratch(),
    )  # fmt: skip
    return site, other, cost
