"""Links: least-cost connections of pairs of patches, with their paths and the ground that carries them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bocage.corridors.cost_distance import CostDistance, cost_distance
from bocage.errors import DataError
from bocage.grid import Grid
from bocage.kernels import search, zones
from bocage.kernels.sweep import UNREACHED
from bocage.resistance.surface import ResistanceSurface

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of patches whose zones touch, and an upper bound of the cost between them.

    Attributes
    ----------
    first, second : (n,) array of int64
        Patch numbers, ``first < second``, sorted by both.
    zone_cost : (n,) array of float
        Cheapest crossing between the two zones [resistance x m].
    """

    first: Ints
    second: Ints
    zone_cost: NDArray[np.float64]

    def __len__(self) -> int:
        return self.first.size


@dataclass(frozen=True)
class Links:
    """Links of pairs of patches, in columns; ragged paths and ground.

    Attributes
    ----------
    grid : Grid
    first, second : (n,) array of int64
        Patch numbers.
    cost : (n,) array of float
        Least cost between the borders of the two patches [resistance x m].
    length_m : (n,) array of float
        Ground length of the path, from border cell centre to border cell centre [m].
    path, path_start : arrays of int64
        Flat cell indices of the paths, ``path[path_start[i]:path_start[i + 1]]``, from first to second.
    ground, ground_start : arrays of int64
        Flat cell indices of the corridor ground outside patches, ascending within a link; empty
        when not asked.
    """

    grid: Grid
    first: Ints
    second: Ints
    cost: NDArray[np.float64]
    length_m: NDArray[np.float64]
    path: Ints
    path_start: Ints
    ground: Ints
    ground_start: Ints

    def __len__(self) -> int:
        return self.first.size

    def path_of(self, i: int) -> Ints:
        """Give the cells of the path of link ``i``."""
        return self.path[self.path_start[i] : self.path_start[i + 1]]

    def ground_of(self, i: int) -> Ints:
        """Give the cells of the corridor ground of link ``i``."""
        return self.ground[self.ground_start[i] : self.ground_start[i + 1]]


def find_planar_pairs(distance: CostDistance) -> Pairs:
    """Find the pairs of patches whose zones, by cost, touch.

    Parameters
    ----------
    distance : CostDistance
        From all patches.

    Returns
    -------
    Pairs
        ``zone_cost`` is the cost of the *zone* link (Graphab's planar graph crosses zones so), an upper
        bound of the least cost.
    """
    metric = distance.metric
    first, second, cost = zones.find_crossings(
        distance.field, distance.codes, metric.straight, metric.diagonal, distance.shift
    )
    return Pairs(first, second, cost * metric.unit)


def largest_cost(distance: CostDistance) -> float:
    """Give the largest cost that a search for links can count [resistance x m], without tolerance."""
    return (search.MAX_COST - 2) * distance.metric.unit


def find_links(
    distance: CostDistance,
    patches: NDArray[np.int32],
    pairs: Pairs,
    *,
    max_cost: float,
    through_patches: bool = False,
    tolerance: float | None = None,
) -> Links:
    """Find the true least-cost link of each pair, and the ground within a tolerance of it.

    The least cost is over the whole ground, not only the two zones: on fragmented land about half
    of the planar pairs have a cheaper way through a third zone. Pairs dearer than ``max_cost`` are
    dropped.

    Parameters
    ----------
    distance : CostDistance
        From all patches, on the ground to cross; bounds the searches from below.
    patches : (nrows, ncols) array of int32
        Patch numbers, 0 elsewhere.
    pairs : Pairs
        Wanted pairs. ``zone_cost`` bounds each search from above; ``inf`` where unknown.
    max_cost : float
        Largest cost of a link [resistance x m].
    through_patches : bool
        Whether a link may cross a third patch.
    tolerance : float, optional
        Collect the ground where ``cost_a + cost_b <= least cost + tolerance`` [resistance x m].

    Returns
    -------
    Links

    Raises
    ------
    DataError
        If the largest cost (``inf`` too) cannot be counted in 40 bits, or there are too many patches
        for one run.

    Notes
    -----
    Memory besides the inputs and the links: 4 bytes a cell, and 8 more where a search has been, 16
    with a tolerance. Corridor of two cost distances: Adriaensen et al. (2003).
    """
    metric = distance.metric
    grid = distance.grid
    highest = metric.units(max_cost)
    slack = metric.units(tolerance) if tolerance is not None else 0
    if highest + slack >= search.MAX_COST:
        raise DataError(
            f"a dispersal cost of {max_cost:g} resistance x m is more than can be counted exactly "
            f"({search.MAX_COST * metric.unit:g}); lower the dispersal cost or divide the resistances"
        )
    patch_count = int(patches.max(initial=0)) + 1
    if patch_count + len(pairs) + 64 >= search.STAMPS:
        raise DataError(f"{patch_count - 1:,} patches are more than one run can link; raise the minimum area")
    codes = distance.codes
    padded = np.zeros(codes.shape, np.int32)
    padded[1:-1, 1:-1] = patches
    straight, diagonal = metric.for_search()
    seeds, seed_start = search.list_borders(codes, padded, straight, patch_count)
    order = np.lexsort((pairs.second, pairs.first))
    first, second = pairs.first[order], pairs.second[order]
    # The zone cost is exact in units, so it bounds the search without a margin; but out of other
    # patches a zone path never strays, hence it bounds both ways of crossing third patches.
    bound = np.minimum(np.ceil(pairs.zone_cost[order] / metric.unit - 1e-6), highest).astype(np.int64)
    pair_start = np.searchsorted(first, np.arange(patch_count + 1)).astype(np.int64)
    cheapest, dearest = _step_range(metric.straight, metric.diagonal, codes)
    bucket_shift = max(cheapest.bit_length() - 1, 0)
    buckets = 1 << ((min(dearest, highest + slack) >> bucket_shift) + 2).bit_length()
    with_ground = tolerance is not None
    first_label = np.zeros(codes.size, np.int64)
    second_label = np.zeros(codes.size if with_ground else 0, np.int64)
    cost, diagonals, path, path_start, ground, ground_start = search.search_pairs(
        distance.field, distance.shift, codes, padded, straight, diagonal, bucket_shift, buckets,
        seeds, seed_start, pair_start, second, bound, slack, through_patches, with_ground,
        first_label, second_label,
    )  # fmt: skip
    found = cost >= 0
    path_start, ground_start = _drop_empty_runs(path_start, found), _drop_empty_runs(ground_start, found)
    search.unpad_runs(path, path_start, codes.shape[1], False)
    # Sorted, so that it does not depend on the order of a search.
    search.unpad_runs(ground, ground_start, codes.shape[1], True)
    steps = np.diff(path_start) - 1
    diagonals = diagonals[found]
    return Links(
        grid=grid,
        first=first[found],
        second=second[found],
        cost=cost[found] * metric.unit,
        length_m=grid.cell * (steps - diagonals + diagonals * np.sqrt(2.0)),
        path=path,
        path_start=path_start,
        ground=ground,
        ground_start=ground_start,
    )


def link_patches(
    surface: ResistanceSurface,
    patches: NDArray[np.int32],
    *,
    max_cost: float,
    through_patches: bool = False,
    tolerance: float | None = None,
    threads: int = 1,
) -> Links:
    """Link the patches whose zones touch: cost distance, planar pairs, least-cost links.

    Parameters and errors as for ``find_links``.

    Examples
    --------
    Two patches, one cell each, 40 m apart on ground of resistance 3:

    >>> surface = ResistanceSurface(Grid(0, 10, 10, 1, 5), np.ones((1, 5), np.uint16), np.array([np.inf, 3]))
    >>> links = link_patches(surface, np.array([[1, 0, 0, 0, 2]], np.int32), max_cost=500)
    >>> float(round(links.cost[0], 6)), float(links.length_m[0]), links.path.tolist()
    (120.0, 40.0, [0, 1, 2, 3, 4])
    """
    distance = cost_distance(surface, patches, threads=threads)
    return find_links(
        distance,
        patches,
        find_planar_pairs(distance),
        max_cost=max_cost,
        through_patches=through_patches,
        tolerance=tolerance,
    )


def _step_range(straight: Ints, diagonal: Ints, codes: NDArray[np.uint16]) -> tuple[int, int]:
    """Give the units of the cheapest and the dearest passable step on the codes that are present."""
    present = np.zeros(straight.size, bool)
    for row in codes:  # row by row: numpy turns an index into 8-byte integers
        present[row] = True
    present &= straight < UNREACHED
    return int(2 * straight[present].min()), int(2 * diagonal[present].max())


def _drop_empty_runs(start: Ints, found: NDArray[np.bool_]) -> Ints:
    """Give the starts of the runs of the links found; pairs without a link have empty runs."""
    return np.append(np.int64(0), start[1:][found])
