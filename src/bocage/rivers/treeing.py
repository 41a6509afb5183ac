"""The tree a network reduces to for a set of passabilities, and the way back to reaches and works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError, InputError
from bocage.journal import Journal
from bocage.kernels.river_network import list_around, root_forest, span_forest
from bocage.rivers.network import RiverNetwork
from bocage.rivers.tree import RiverTree

if TYPE_CHECKING:
    from pandas import DataFrame

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class NetworkTree:
    """A tree of a network. Index ``v`` of the tree is the reach of ``id`` ``v``.

    Attributes
    ----------
    tree : RiverTree
    work : (n,) array of int64
        Row, in ``RiverNetwork.works``, of the work at the lower end of each reach in the tree; -1 for none.
    reach : (k,) array of int64
        Reach of the tree whose barrier each work is; -1 for works on no river and for those left out.
    left_out : (j,) array of int64
        Rows of works that stand on an arm of a braid past which there is a way as good: they bar nothing in
        the tree, and opening them changes nothing in it.
    upstream_in_tree : (n,) array of bool
        Reaches that hang by their upper end, on an arm of a braid or towards a second outlet: there *up* is
        the descent of their work.
    """

    tree: RiverTree
    work: Ints
    reach: Ints
    left_out: Ints
    upstream_in_tree: NDArray[np.bool_]


def to_tree(
    network: RiverNetwork,
    passability: DataFrame | None = None,
    weight: str = "length",
    *,
    outlets: str = "joined",
    journal: Journal | None = None,
) -> NetworkTree:
    """Reduce a network to a tree, keeping the best way past works wherever arms part.

    Loops without works are cut at the head of their lesser arm, which changes the connectivity of no two
    reaches: nothing bars the way round. Where works stand on a loop, it is cut at the worst of them, by the
    product of both passabilities: exact where that work lets no more through than the way round, a lower
    bound otherwise. Distances along the river follow the tree.

    Parameters
    ----------
    network : RiverNetwork
    passability : DataFrame, optional
        A row a work of ``network.works``, in that order, with ``up`` and ``down`` in [0, 1]; all passable
        when left out. Rows of works on no river are not read.
    weight : str
        ``"length"``, or a column of the reaches with what is connected, >= 0.
    outlets : {"joined", "separate"}
        A component with several outlets is one tree, rooted at that of its longest basin, the others being
        dead ends; or each basin is a tree and nothing passes from one to another.
    journal : Journal, optional

    Raises
    ------
    InputError
        No such column, or not a row a work.
    DataError
        A passability is unknown (choose its low or high value first) or not in [0, 1].
    """
    if outlets not in ("joined", "separate"):
        raise InputError(f"outlets is {outlets!r}; choose joined or separate.")
    reaches, works = network.reaches, network.works
    length = reaches["length_m"].to_numpy(np.float64)
    if weight == "length":
        weights = length
    elif weight in reaches.columns:
        weights = reaches[weight].to_numpy(np.float64)
    else:
        raise InputError(
            f"The reaches have no column {weight!r} to weigh them; use length or keep that column."
        )
    up, down = _read_passability(network, passability)

    count = len(reaches)
    start, end = reaches["start_node"].to_numpy(), reaches["end_node"].to_numpy()
    above, below = works["reach_above"].to_numpy(), works["reach_below"].to_numpy()
    on = np.flatnonzero(above >= 0)
    nodes = int(max(start.max(initial=-1), end.max(initial=-1))) + 1
    # Vertices are reaches, then nodes without a work; links are ends of reaches, and works.
    work_node = np.zeros(nodes, dtype=bool)
    work_node[end[above[on]]] = True
    lower, upper = np.flatnonzero(~work_node[end]), np.flatnonzero(~work_node[start])
    one = np.concatenate([lower, upper, above[on]])
    other = np.concatenate([end[lower] + count, start[upper] + count, below[on]])
    free = np.ones(len(lower) + len(upper))
    open_share = np.concatenate([free, up[on] * down[on]])
    # Of works that let as many through both ways, the one better one way is kept.
    one_way = np.concatenate([2 * free, up[on] + down[on]])
    # Heads of the main way out of a place are kept before those of lesser arms.
    into = np.unique(end * np.int64(count + 1) + reaches["downstream"].to_numpy())
    is_main = np.isin(start[upper] * np.int64(count + 1) + upper, into)
    inflow = np.bincount(end, minlength=nodes)
    lesser = ~is_main & (inflow[start[upper]] > 0)
    turn = np.concatenate(
        [np.zeros(len(lower), np.int64), 1 + lesser.astype(np.int64), np.full(len(on), 1, dtype=np.int64)]
    )
    usable = np.ones(len(one), dtype=bool)
    basins = network.basins
    node_basin = np.full(nodes, -1, dtype=np.int64)
    basin = reaches["basin"].to_numpy()
    if outlets == "separate":
        node_basin[end] = basin
        lone = np.setdiff1d(start, end)
        node_basin[lone] = -2
        head = np.arange(len(upper)) + len(lower)
        place = node_basin[start[upper]]
        usable[head] = (place == basin[upper]) | (place < 0)
        second = np.flatnonzero(place == -2)
        # A source that feeds two basins belongs to that of its main way.
        usable[head[second]] = ~_feeds_others(start[upper], basin[upper])[second]
        roots_at = basins["outlet_node"].to_numpy()
    else:
        roots_at = basins.loc[basins["is_main"], "outlet_node"].to_numpy()
    links = np.flatnonzero(usable)
    links = links[np.lexsort((links, turn[links], -one_way[links], -open_share[links]))]
    kept = np.sort(links[span_forest(one[links], other[links], count + nodes)])
    one_k, other_k = one[kept], other[kept]
    first, around = list_around(one_k, other_k, count + nodes)
    hangs = root_forest(one_k, other_k, first, around, roots_at.astype(np.int64) + count)
    downstream, barrier = _hang_reaches(hangs, kept, one, other, count, len(lower) + len(upper), on, roots_at)

    work = np.full(count, -1, dtype=np.int64)
    work[barrier >= 0] = barrier[barrier >= 0]
    reach = np.full(len(works), -1, dtype=np.int64)
    barred = np.flatnonzero(work >= 0)
    reach[work[barred]] = barred
    tree_up, tree_down = np.ones(count), np.ones(count)
    tree_up[barred], tree_down[barred] = up[work[barred]], down[work[barred]]
    # Who climbs the tree over a work from above descends the river.
    hung = np.zeros(count, dtype=bool)
    link = np.where(hangs[:count] >= 0, kept[hangs[:count]] if len(kept) else 0, -1)
    hung[(link >= len(lower)) & (link < len(lower) + len(upper))] = True
    hung[barred] = below[work[barred]] == barred
    turned = barred[hung[barred]]
    tree_up[turned], tree_down[turned] = tree_down[turned], tree_up[turned]
    left_out = on[reach[on] < 0]
    if journal is not None and len(left_out):
        journal.add("river_works_left_out", count=len(left_out))
    tree = RiverTree(
        downstream=downstream.astype(np.int32),
        weight=weights.copy(),
        length=length,
        up=tree_up,
        down=tree_down,
    )
    return NetworkTree(tree=tree, work=work, reach=reach, left_out=left_out, upstream_in_tree=hung)


def _read_passability(
    network: RiverNetwork, passability: DataFrame | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read the passabilities of the works that stand on a river."""
    works = network.works
    if passability is None:
        return np.ones(len(works)), np.ones(len(works))
    if len(passability) != len(works):
        raise InputError(
            f"passability has {len(passability)} rows for {len(works)} works; give a row a work, in order."
        )
    on = works["reach_above"].to_numpy() >= 0
    read = []
    for side in ("up", "down"):
        if side not in passability.columns:
            raise InputError(f"passability has no column {side!r}; give up and down.")
        values = np.where(on, passability[side].to_numpy(np.float64), 1.0)
        wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
        if wrong.size:
            row = wrong[0]
            found = "unknown" if np.isnan(values[row]) else f"{values[row]:g}"
            raise DataError(
                f"Passability {side} of work {works['id'].iloc[row]} is {found}; give numbers in [0, 1], "
                "or the low or high value where it is unknown."
            )
        read.append(values)
    return read[0], read[1]


def _feeds_others(node: Ints, basin: Ints) -> NDArray[np.bool_]:
    """Say which reaches leave their node for another basin than the first reach that leaves it."""
    order = np.lexsort((np.arange(len(node)), node))
    found, first = np.unique(node[order], return_index=True)
    lead = basin[order[first]]
    return np.asarray(basin != lead[np.searchsorted(found, node)], dtype=bool)


def _hang_reaches(
    hangs: Ints, kept: Ints, one: Ints, other: Ints, count: int, ends: int, on: Ints, roots_at: Ints
) -> tuple[Ints, Ints]:
    """Give the reach below each reach in the tree, and the work between them."""
    vertices = len(hangs)
    below = np.full(vertices, -1, dtype=np.int64)
    hung = np.flatnonzero(hangs >= 0)
    link = kept[hangs[hung]]
    below[hung] = one[link] + other[link] - hung
    barrier = np.full(count, -1, dtype=np.int64)
    works = hung[(link >= ends) & (hung < count)]
    barrier[works] = on[kept[hangs[works]] - ends]
    downstream = below[:count].copy()
    through = downstream >= count
    downstream[through] = below[downstream[through]]
    # Reaches that meet at an outlet meet each other: the first is the root of the others.
    at_root = np.flatnonzero(through & (downstream < 0))
    root = below[at_root]
    found, first = np.unique(root, return_index=True)
    lead = at_root[first][np.searchsorted(found, root)]
    downstream[at_root] = np.where(lead == at_root, -1, lead)
    return downstream, barrier
