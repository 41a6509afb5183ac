"""What each patch and each link is worth to the whole: dPC, dIIC and dECA with their fractions.

``dX_k = (X - X without k) / X``. For a patch k it is the sum of three (Saura and Rubio 2010,
doi:10.1111/j.1600-0587.2009.05760.x, eqs. 3-6):

- *intra*, ``a_k²``: what it holds;
- *flux*, ``2 sum_j a_k a_j p_kj``: what it exchanges with others, as an end of paths;
- *connector*: what others exchange by way of it and could not without, other paths taken into account.

A link holds and exchanges nothing: all it is worth is connector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bocage.connectivity.landscape import Dispersal, LandscapeGraph
from bocage.connectivity.path_indices import PathIndices, Ties, sum_over_paths
from bocage.connectivity.path_states import PathStates, find_limit, make_states, run_blocks
from bocage.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Index = Literal["PC", "IIC"]


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """What each patch and link is worth, as shares of the overall index (times 100: per cent).

    Attributes
    ----------
    indices : PathIndices
        The overall index and all that comes of the same paths, BC among it.
    intra, flux, connector : (n,) array of float64
        Fractions of each patch; they sum to `total`. The connector is NaN where patches were not asked for.
    link : (m,) array of float64
        Of each link, all connector; NaN where links were not asked for.
    patch_bound, link_bound : (n,) and (m,) array of float64
        No value of a patch or link is farther than this from the exact one, cut-off and all; 0 without.
    """

    indices: PathIndices
    intra: Floats
    flux: Floats
    connector: Floats
    link: Floats
    patch_bound: Floats
    link_bound: Floats

    @property
    def total(self) -> Floats:
        """Share of the index that goes with each patch: dPC or dIIC, (n,) array."""
        return self.intra + self.flux + self.connector

    @property
    def equivalent_total(self) -> Floats:
        """Share of ECA that goes with each patch: dECA, ``1 - sqrt(1 - dPC)``, (n,) array."""
        return 1 - np.sqrt(np.maximum(1 - self.total, 0))

    @property
    def equivalent_link(self) -> Floats:
        """Share of ECA that goes with each link, (m,) array."""
        return 1 - np.sqrt(np.maximum(1 - self.link, 0))

    @property
    def bound(self) -> float:
        """The largest of all bounds: how far any value may be from the exact one, as a share of the index."""
        patches = float(self.patch_bound.max(initial=0.0))
        return max(patches, float(np.nanmax(self.link_bound, initial=0.0)))


def measure_importance(
    graph: LandscapeGraph,
    dispersal: Dispersal | None = None,
    *,
    index: Index = "PC",
    patches: bool = True,
    links: bool = True,
    link_cost: ArrayLike | None = None,
    beta: float = 1.0,
    ties: Ties | None = None,
    epsilon: float = 0.0,
    threads: int | None = None,
) -> Importance:
    """Measure what each patch and each link is worth, all in one pass.

    Parameters
    ----------
    graph : LandscapeGraph
        Inner ways are honoured (by a slower way, exact too), except by IIC.
    dispersal : Dispersal
        For PC; IIC needs none.
    index : {"PC", "IIC"}
    patches, links : bool
        Which to remove one by one. Fluxes and betweenness come in any case.
    link_cost : (m,) array of float, optional
        Instead of removing each link, bring it alone to this cost, at least its own; PC only.
    beta, ties
        Of the betweenness: as `measure_paths`. By default ``first`` for PC, ``share`` for IIC.
    epsilon : float
        Pairs reached with less than this chance are left out, in [0, 1); PC only. 0, the default, is exact.
        ``patch_bound`` and ``link_bound`` say how far values may be from exact.
    threads : int, optional
        All cores by default; the result is the same for any number.

    Raises
    ------
    DataError
        PC has no dispersal; IIC has a cut-off; a link would become cheaper (that is a gain:
        `bocage.connectivity.gains.gain_of_improvements`); what `measure_paths` refuses.

    Notes
    -----
    Time grows as n B^1.5 for n patches that each reach B; memory is linear in patches and links.

    Examples
    --------
    The middle one of three patches in a row: PC is 89.5; it holds 16, exchanges ``2 * (12 + 20) * 0.5``, and
    carries ``2 * 15 * 0.25`` between its neighbours.

    >>> graph = LandscapeGraph.of([3, 4, 5], [0, 1], [1, 2], [100, 100])
    >>> worth = measure_importance(graph, Dispersal(100, 0.5))
    >>> [round(float(part[1]) * 89.5, 9) for part in (worth.intra, worth.flux, worth.connector)]
    [16.0, 32.0, 7.5]
    >>> (worth.link * 89.5).round(9).tolist()
    [19.5, 27.5]
    """
    if index == "PC" and dispersal is None:
        raise DataError("PC needs a dispersal; give the cost reached with a given probability.")
    if index == "IIC" and (epsilon > 0 or link_cost is not None):
        raise DataError(
            "IIC knows neither a cut-off of probabilities nor other costs of links; use PC for them."
        )
    decay = -1.0 if dispersal is None or index == "IIC" else dispersal.decay
    limit = find_limit(decay, epsilon)
    extra = _read_extra(graph, link_cost)
    states = make_states(graph, hops=index == "IIC")
    order: Ties = ties or ("share" if index == "IIC" else "first")
    indices = sum_over_paths(graph, states, index, decay, limit, beta, order, True, threads)
    lost_patch, gone_patch, lost_link, gone_link = _measure_losses(
        graph, states, decay, limit, extra, patches, links, threads
    )
    total = indices.numerator
    scale = 1 / total if total > 0 else 0.0
    intra = graph.capacity**2
    flux = 2 * (indices.interaction - intra)
    connector = 2 * lost_patch[states.number] if patches else np.full(graph.count, np.nan)
    link = 2 * lost_link if links else np.full(graph.link_count, np.nan)
    worth = scale * intra, scale * flux, scale * connector, scale * link
    cut = math.exp(-decay * limit) if np.isfinite(limit) else 0.0
    bounds = [
        _bound(part, cut * 2 * gone, indices.left_out, scale)
        for part, gone in (
            (worth[0] + worth[1] + np.nan_to_num(worth[2]), gone_patch[states.number]),
            (np.nan_to_num(worth[3]), gone_link),
        )
    ]
    return Importance(indices, *worth, *bounds)


def _bound(share: Floats, gone: Floats, left_out: float, scale: float) -> Floats:
    """Bound what a cut-off hides: pairs never reached, and detours longer than it, taken as none."""
    return np.maximum(left_out * scale, scale * (gone + share * left_out))


def _read_extra(graph: LandscapeGraph, link_cost: ArrayLike | None) -> Floats:
    if link_cost is None:
        return np.full(graph.link_count, np.inf)
    costs = np.broadcast_to(np.asarray(link_cost, dtype=np.float64), (graph.link_count,))
    odd = ~(costs >= graph.cost)
    if odd.any():
        shown = ", ".join(graph.link_ids[place] for place in np.flatnonzero(odd)[:5])
        raise DataError(
            f"{int(odd.sum())} link(s) would not become dearer ({shown}); give costs of at least today's; "
            "measure gains for cheaper ones."
        )
    return np.ascontiguousarray(costs - graph.cost)


def _measure_losses(
    graph: LandscapeGraph,
    states: PathStates,
    decay: float,
    limit: float,
    extra: Floats,
    patches: bool,
    links: bool,
    threads: int | None,
) -> tuple[Floats, Floats, Floats, Floats]:
    from bocage.kernels.graph_importance import measure_losses, measure_losses_by_states

    capacity = graph.capacity[states.patch]
    sums = tuple(np.zeros(size) for size in (graph.count, graph.count, graph.link_count, graph.link_count))
    if not (patches or links):
        return sums[0], sums[1], sums[2], sums[3]
    arcs = (states.ptr, states.head, states.cost, states.link)
    measure: Any = measure_losses if states.plain else measure_losses_by_states
    turned: tuple[Any, ...] = (
        () if states.plain else (*states.turn(), states.owner, *states.list_states(), states.ends)
    )

    def work(sources: Ints) -> tuple[Floats, ...]:
        parts = tuple(np.zeros(len(total)) for total in sums)
        measure(sources, *arcs, *turned, capacity, decay, limit, extra, patches, links, *parts)
        return parts

    for parts in run_blocks(work, np.arange(graph.count), threads):
        for total, part in zip(sums, parts, strict=True):
            total += part
    return sums[0], sums[1], sums[2], sums[3]
