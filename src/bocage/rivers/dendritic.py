"""The dendritic connectivity index and its kin: how much of a river can be reached from how much of it.

Cote, Kehler, Bourne & Wiersma 2009, A new measure of longitudinal connectivity for stream networks, Landscape
Ecology 24: 101-113; with the directions of passability and the fading with distance of Baldan et al. 2022,
Environmental Modelling & Software 156: 105470. Every index is computed exactly, for all reaches, in one walk
down the river and one back; with a threshold, by centroid decomposition in O(n log² n); by
a leptokurtic law, pair by pair.

Where a river has several basins, no pair of reaches of two of them is connected: the index of the whole
divides by the square of the whole weight, that of a basin by the square of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.rivers.distances import (
    Convention,
    Decay,
    Distance,
    Leptokurtic,
    Threshold,
    Ways,
    cross_barriers,
    lay_ways,
)
from bocage.rivers.tree import Floats, RiverTree


@dataclass(frozen=True)
class Potamodromous:
    """Connectivity within the river, for who lives all its life in it.

    Attributes
    ----------
    index : float
        Probability, in [0, 1], that who is at a random point of the river can go to another (DCIp / 100).
    basins : (basins,) array of float64
        The same within each basin, in the order of ``RiverTree.outlets``; NaN where it weighs nothing.
    inbound, outbound : (n,) arrays of float64
        Share of its basin's weight that can come to each reach, and that can be reached from it; NaN where
        the basin weighs nothing.
    coming, reached : (n,) arrays of float64
        The same as weights.
    """

    index: float
    basins: Floats
    inbound: Floats
    outbound: Floats
    coming: Floats
    reached: Floats


@dataclass(frozen=True)
class Diadromous:
    """Connectivity with the sea, for who lives part of its life in it.

    With ``both_ways``, climbing and descending are the same: DCId / 100 of Cote et al. 2009. With
    ``per_crossing``, ``climbing`` is that of FIPEX and of the dci package.

    Attributes
    ----------
    climbing, descending : float
        Share of the river's weight, in [0, 1], that can be reached from the sea, and that can reach it.
    climbing_basins, descending_basins : (basins,) arrays of float64
        The same of each basin; NaN where it weighs nothing.
    climb, descent : (n,) arrays of float64
        Probability of reaching each reach from the sea, and the sea from it.
    """

    climbing: float
    descending: float
    climbing_basins: Floats
    descending_basins: Floats
    climb: Floats
    descent: Floats


@dataclass(frozen=True)
class Changes:
    """What each barrier would change in the indices if it changed alone.

    Attributes
    ----------
    potamodromous : (n,) array of float64
        Change of ``Potamodromous.index``.
    climbing, descending : (n,) arrays of float64
        Change of ``Diadromous.climbing`` and ``descending``.
    """

    potamodromous: Floats
    climbing: Floats
    descending: Floats


@dataclass(frozen=True)
class Obstruction:
    """What the barriers of a river cut off, added one by one whatever lies between them.

    Attributes
    ----------
    climbing, descending : float
        Sum over barriers of the part that each stops of the share of the whole that lies above it.
    climbing_basins, descending_basins : (basins,) arrays of float64
        The same within each basin; NaN where it weighs nothing.
    share : (n,) array of float64
        Share of the basin that lies above the lower end of each reach.
    """

    climbing: float
    descending: float
    climbing_basins: Floats
    descending_basins: Floats
    share: Floats


def measure_potamodromous(
    tree: RiverTree,
    *,
    convention: Convention = "per_crossing",
    decay: Decay | None = None,
    distance: Distance = "along_river",
) -> Potamodromous:
    """Measure how well reaches are connected with one another.

    ``sum over i, j of w_i w_j c_ij / W²``, where ``c_ij`` is the product of passabilities on the way from i
    to j, times what is left over its distance where movement fades.

    Parameters
    ----------
    tree : RiverTree
    convention : Convention
        ``per_crossing`` or ``both_ways``.
    decay : Fading, Threshold, Leptokurtic or None
        How movement ends with distance; None where it does not.
    distance : Distance
        How distance is counted; not used without decay.

    Returns
    -------
    Potamodromous

    Raises
    ------
    DataError
        No reach weighs anything.

    Examples
    --------
    Two reaches of 1 km above and below a weir that one fish in two climbs and all descend:

    >>> import numpy as np
    >>> tree = RiverTree(np.array([-1, 0], np.int32), np.array([1.0, 1.0]), np.array([1e3, 1e3]),
    ...                  np.array([1.0, 0.5]), np.array([1.0, 1.0]))
    >>> found = measure_potamodromous(tree)
    >>> found.index, found.outbound.tolist()
    (0.875, [0.75, 1.0])
    >>> measure_potamodromous(tree, convention="both_ways").index
    0.75
    """
    from bocage.kernels.rivers import gather_upstream, spread_downstream, sum_pairs

    whole, weight = _weigh(tree)
    ways = lay_ways(tree, convention=convention, decay=decay, distance=distance)
    if isinstance(decay, Threshold | Leptokurtic):
        inbound, outbound = _sum_within(ways, decay)
        coming, reached = inbound[: ways.reaches], outbound[: ways.reaches]
        pairs = tree.sum_basins(tree.weight * reached)
    else:
        arrays = ways.downstream, ways.up, ways.down
        own = gather_upstream(ways.order, ways.downstream, ways.weight, ways.up, ways.down)
        inbound, outbound = spread_downstream(ways.order, *arrays, own[0], own[1])
        coming, reached = inbound[: ways.reaches], outbound[: ways.reaches]
        basin = _label_places(tree, ways)
        pairs = sum_pairs(ways.downstream, basin, ways.up, ways.down, own[0], own[1], len(weight))
    per_basin = _divide(pairs, weight**2)
    size = weight[tree.basin]
    return Potamodromous(
        float(pairs.sum() / whole**2),
        per_basin,
        _divide(coming, size),
        _divide(reached, size),
        coming,
        reached,
    )


def measure_diadromous(
    tree: RiverTree,
    *,
    convention: Convention = "per_crossing",
    decay: Decay | None = None,
    distance: Distance = "along_river",
) -> Diadromous:
    """Measure how well reaches are connected with the sea.

    ``sum over i of w_i c_i / W``, where ``c_i`` is the product of passabilities between i and the sea, that
    of the barrier below the outlet included, times what is left over the distance where movement fades.

    Parameters
    ----------
    tree : RiverTree
    convention : Convention
        ``per_crossing`` or ``both_ways``.
    decay : Fading, Threshold, Leptokurtic or None
        How movement ends with distance; None where it does not.
    distance : Distance
        How distance is counted; not used without decay. The sea is at the lower end of the outlet.

    Returns
    -------
    Diadromous

    Raises
    ------
    DataError
        No reach weighs anything.

    Examples
    --------
    >>> import numpy as np
    >>> tree = RiverTree(np.array([-1, 0], np.int32), np.array([1.0, 1.0]), np.array([1e3, 1e3]),
    ...                  np.array([1.0, 0.5]), np.array([1.0, 1.0]))
    >>> found = measure_diadromous(tree)
    >>> found.climbing, found.descending
    (0.75, 1.0)
    """
    from bocage.kernels.rivers import follow_from_sea, measure_from_sea
    from bocage.kernels.rivers_within import fade_leptokurtic

    whole, weight = _weigh(tree)
    ways = lay_ways(tree, convention=convention, decay=decay, distance=distance)
    climb = follow_from_sea(ways.order, ways.downstream, ways.up)[: ways.reaches]
    descent = follow_from_sea(ways.order, ways.downstream, ways.down)[: ways.reaches]
    if isinstance(decay, Threshold):
        near_up, near_down = _stay_within(ways, decay)
        climb, descent = climb * near_up[: ways.reaches], descent * near_down[: ways.reaches]
    elif isinstance(decay, Leptokurtic):
        away = measure_from_sea(ways.order, ways.downstream, ways.step)[: ways.reaches]
        moving = fade_leptokurtic(away, decay.stay_m, decay.go_m, decay.share)
        climb, descent = climb * moving, descent * moving
    reached, leaving = tree.sum_basins(tree.weight * climb), tree.sum_basins(tree.weight * descent)
    return Diadromous(
        float(reached.sum() / whole),
        float(leaving.sum() / whole),
        _divide(reached, weight),
        _divide(leaving, weight),
        climb,
        descent,
    )


def measure_population(
    tree: RiverTree,
    inhabited: Floats,
    *,
    convention: Convention = "per_crossing",
    decay: Decay | None = None,
    distance: Distance = "along_river",
) -> Potamodromous:
    """Measure how well the parts of a river where a population lives are connected (PCI).

    The population connectivity index (Rodeles, Galicia & Miranda 2021, Ecological Indicators 125: 107557), as
    Baldan et al. 2022 define it: the potamodromous index over the usable part of each reach in place of the
    whole, with the fading of the species.

    Parameters
    ----------
    tree : RiverTree
    inhabited : (n,) array of float64
        Share of each reach that is inhabited or habitable, in [0, 1].
    convention, decay, distance
        As in ``measure_potamodromous``.

    Returns
    -------
    Potamodromous

    Raises
    ------
    DataError
        A share is outside [0, 1], or nothing is inhabited.
    """
    if inhabited.shape != tree.weight.shape:
        raise DataError(
            f"inhabited has shape {inhabited.shape}; one share a reach was expected, {tree.weight.shape}."
        )
    wrong = np.flatnonzero(~((inhabited >= 0) & (inhabited <= 1)))
    if wrong.size:
        raise DataError(f"inhabited is {inhabited[wrong[0]]} at reach {wrong[0]}; a share is in [0, 1].")
    lived = replace(tree, weight=tree.weight * inhabited)
    return measure_potamodromous(lived, convention=convention, decay=decay, distance=distance)


def measure_changes(
    tree: RiverTree,
    new_up: Floats | None = None,
    new_down: Floats | None = None,
    *,
    convention: Convention = "per_crossing",
    decay: Decay | None = None,
    distance: Distance = "along_river",
) -> Changes:
    """Measure, exactly and all at once, what each barrier would change in the indices if it changed alone.

    Parameters
    ----------
    tree : RiverTree
    new_up, new_down : (n,) arrays of float64 or None
        Passabilities after the change; None for 1, the barrier gone.
    convention, decay, distance
        As in ``measure_potamodromous``.

    Returns
    -------
    Changes

    Raises
    ------
    DataError
        No reach weighs anything, a passability is outside [0, 1], or the decay is leptokurtic: take the
        difference of two indices then.
    """
    from bocage.kernels.rivers import change_each, follow_from_sea, gather_upstream, spread_downstream
    from bocage.kernels.rivers_crossings import sum_crossings

    if isinstance(decay, Leptokurtic):
        raise DataError("The change of each barrier is not known by a leptokurtic law; compare two indices.")
    whole, _ = _weigh(tree)
    count = len(tree.downstream)
    ways = lay_ways(tree, convention=convention, decay=decay, distance=distance)
    crossed = cross_barriers(
        _check_passability("new_up", new_up, count),
        _check_passability("new_down", new_down, count),
        convention,
    )
    after_up, after_down = ways.up.copy(), ways.down.copy()
    after_up[:count] = crossed[0] * ways.fade_up[:count]
    after_down[:count] = crossed[1] * ways.fade_down[:count]
    arrays = ways.downstream, ways.up, ways.down
    coming, reached = gather_upstream(ways.order, ways.downstream, ways.weight, ways.up, ways.down)
    if isinstance(decay, Threshold):
        up_m, down_m = (decay.up_m, decay.down_m) if decay.each_way else (decay.distance_m, np.inf)
        limits = decay.allow(up_m), decay.allow(down_m)
        climbing, descending = sum_crossings(
            ways.downstream, ways.weight, ways.step, ways.up, ways.down, decay.each_way, *limits
        )
        pairs = (after_up - ways.up) * climbing + (after_down - ways.down) * descending
        near_up, near_down = _stay_within(ways, decay)
        reached = gather_upstream(ways.order, ways.downstream, ways.weight * near_up, ways.up, ways.down)[1]
        coming = gather_upstream(ways.order, ways.downstream, ways.weight * near_down, ways.up, ways.down)[0]
    else:
        inbound, outbound = spread_downstream(ways.order, *arrays, coming, reached)
        pairs = change_each(*arrays, after_up, after_down, coming, reached, inbound, outbound)
    below = ways.downstream[:count]
    climb = follow_from_sea(ways.order, ways.downstream, ways.up)
    descent = follow_from_sea(ways.order, ways.downstream, ways.down)
    climb_below = np.where(below >= 0, climb[below], 1.0)
    descent_below = np.where(below >= 0, descent[below], 1.0)
    return Changes(
        pairs[:count] / whole**2,
        (after_up - ways.up)[:count] * climb_below * reached[:count] / whole,
        (after_down - ways.down)[:count] * descent_below * coming[:count] / whole,
    )


def measure_obstruction(
    tree: RiverTree, *, convention: Convention = "both_ways", accumulated: bool = True
) -> Obstruction:
    """Add up what each barrier stops of all that lies above it (CAFI).

    With the area of each reach's own catchment as weight, the catchment area-based fragmentation index
    (Jumani et al. 2022, Ecological Indicators 136: 108680). It grows with every barrier, above 1 where there
    are many, and does not see that a barrier stands above another.

    Parameters
    ----------
    tree : RiverTree
        Weights are the reach's own; or, unless ``accumulated``, already those of all that lies above.
    convention : Convention
    accumulated : bool
        Whether to add up weights down the river. False takes them as they are, over the largest of the
        basin, as riverconn's ``index_type = "sum"`` does.

    Returns
    -------
    Obstruction

    Raises
    ------
    DataError
        No reach weighs anything.

    Examples
    --------
    A weir that stops half of the fish, with a third of the river above it:

    >>> import numpy as np
    >>> tree = RiverTree(np.array([-1, 0], np.int32), np.array([2.0, 1.0]), np.array([2e3, 1e3]),
    ...                  np.array([1.0, 0.5]), np.array([1.0, 1.0]))
    >>> round(measure_obstruction(tree).climbing, 4)
    0.1667
    """
    from bocage.kernels.rivers import gather_upstream

    _weigh(tree)
    if accumulated:
        ones = np.ones(len(tree.downstream))
        above = gather_upstream(tree.order, tree.downstream, tree.weight, ones, ones)[0]
        size = tree.sum_basins(tree.weight)
    else:
        above = tree.weight
        size = np.zeros(len(tree.outlets))
        np.maximum.at(size, tree.basin, tree.weight)
    up, down = cross_barriers(tree.up, tree.down, convention)
    stopped = tree.sum_basins((1 - up) * above), tree.sum_basins((1 - down) * above)
    return Obstruction(
        float(stopped[0].sum() / size.sum()),
        float(stopped[1].sum() / size.sum()),
        _divide(stopped[0], size),
        _divide(stopped[1], size),
        _divide(above, size[tree.basin]),
    )


def _weigh(tree: RiverTree) -> tuple[float, Floats]:
    """Give the weight of the whole and of each basin."""
    weight = tree.sum_basins(tree.weight)
    whole = float(weight.sum())
    if not whole > 0:
        raise DataError(f"The {len(tree.weight)} reaches weigh nothing; give some a weight above 0.")
    return whole, weight


def _check_passability(name: str, values: Floats | None, count: int) -> Floats:
    """Give passabilities, checked; 1 where none are given."""
    if values is None:
        return np.ones(count)
    if values.shape != (count,):
        raise DataError(f"{name} has shape {values.shape}; one value a reach was expected, ({count},).")
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if wrong.size:
        raise DataError(f"{name} is {values[wrong[0]]} at reach {wrong[0]}; a passability is in [0, 1].")
    return values


def _sum_within(ways: Ways, decay: Threshold | Leptokurtic) -> tuple[Floats, Floats]:
    """Sum what comes to each place and is reached from it, where distance does not act step by step."""
    from bocage.kernels.rivers_within import sum_leptokurtic, sum_within, sum_within_each

    arrays = ways.downstream, ways.weight, ways.step, ways.up, ways.down
    sums: tuple[Floats, Floats]
    if isinstance(decay, Leptokurtic):
        sums = sum_leptokurtic(*arrays, decay.stay_m, decay.go_m, decay.share)
    elif decay.each_way:
        sums = sum_within_each(*arrays, decay.allow(decay.up_m), decay.allow(decay.down_m))
    else:
        sums = sum_within(*arrays, decay.allow(decay.distance_m))
    return sums


def _stay_within(ways: Ways, threshold: Threshold) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which places are within a threshold of the sea, climbing and descending."""
    from bocage.kernels.rivers import measure_from_sea

    away = measure_from_sea(ways.order, ways.downstream, ways.step)
    up_m, down_m = (min(threshold.distance_m, limit) for limit in (threshold.up_m, threshold.down_m))
    return away <= threshold.allow(up_m), away <= threshold.allow(down_m)


def _label_places(tree: RiverTree, ways: Ways) -> NDArray[np.int32]:
    """Give the basin of each place; a confluence has that of the reach below it."""
    if len(ways.downstream) == ways.reaches:
        return tree.basin
    return np.concatenate((tree.basin, tree.basin[ways.downstream[ways.reaches :]]))


def _divide(part: Floats, whole: Floats) -> Floats:
    """Divide, with NaN where the whole is nothing."""
    share: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return share
