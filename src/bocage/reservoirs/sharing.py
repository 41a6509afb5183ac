"""Sharing out zonings: which sub-networks each site concerns, where nobody has said it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.grid import Grid
from bocage.journal import Journal
from bocage.reservoirs.zonings import MIN_HABITAT_SHARE, Zoning, clip_sites, count_habitat, read_names

if TYPE_CHECKING:
    from bocage.landcover import LandCover
    from bocage.subnetwork import Subnetwork


def share_out_sites(
    cover: LandCover,
    subnetworks: Sequence[Subnetwork],
    zonings: Sequence[Zoning],
    *,
    min_habitat_share: float = MIN_HABITAT_SHARE,
    journal: Journal,
) -> tuple[Zoning, ...]:
    """Tell site by site which sub-networks the zonings concern that name none.

    A site concerns every sub-network whose habitat covers at least ``min_habitat_share`` of it:
    a marsh among woods may concern two. A site that no sub-network reaches is left out when it is
    judged case by case; a mandatory one is a reservoir whatever it holds, and concerns the
    sub-network with the largest share, the first one of the study on ties. What is left out or
    given so is noted in the journal.

    Parameters
    ----------
    cover : LandCover
    subnetworks : sequence of Subnetwork
        In the order of the study.
    zonings : sequence of Zoning
        Those that name sub-networks are given back untouched.
    min_habitat_share : float
        Habitat over the cells of the site that have data, in [0, 1].
    journal : Journal

    Returns
    -------
    tuple of Zoning
        Each names its sub-networks. A zoning that named none gives one for each sub-network that
        has a site of it: zonings in the order given, then sub-networks in theirs, then sites in
        theirs.

    Examples
    --------
    A site half wood, half meadow, and a mandatory one without any of the two:

    >>> import geopandas, shapely
    >>> from bocage.landcover import LandCover, Legend
    >>> from bocage.subnetwork import Subnetwork
    >>> codes = np.array([[1, 1, 2, 2], [3, 3, 3, 3]], dtype=np.uint16)
    >>> grounds = ("", "broadleaf", "grassland", "arable")
    >>> cover = LandCover(Grid(0, 20, 10, 2, 4), codes, codes, Legend(("",) * 4, grounds, grounds, grounds))
    >>> wood = Subnetwork("boise", "Bois", "boisé", ("broadleaf",), 1, 1, (1000.0,), {})
    >>> open_ground = Subnetwork("ouvert", "Prés", "ouvert", ("grassland",), 1, 1, (1000.0,), {})
    >>> sites = geopandas.GeoDataFrame(
    ...     {"name": ["A", "B"]}, geometry=[shapely.box(0, 10, 40, 20), shapely.box(0, 0, 40, 10)]
    ... )
    >>> zoning = Zoning("z", "Réserve", "mandatory", (), sites)
    >>> shared = share_out_sites(cover, [wood, open_ground], [zoning], journal=Journal())
    >>> [(each.subnetworks, each.polygons["name"].tolist()) for each in shared]
    [(('boise',), ['A', 'B']), (('ouvert',), ['A'])]
    """
    if not subnetworks or all(zoning.subnetworks for zoning in zonings):
        return tuple(zonings)
    # The same habitat and the same cells as when the reservoirs are delineated: a site shared out
    # to a sub-network reaches its share there too.
    habitats = [cover.where(subnetwork.habitat) for subnetwork in subnetworks]
    known = cover.codes != 0
    shared: list[Zoning] = []
    for zoning in zonings:
        if zoning.subnetworks:
            shared.append(zoning)
            continue
        concerned = _find_concerned(
            zoning, subnetworks, habitats, known, cover.grid, min_habitat_share, journal
        )
        shared += [
            dataclasses.replace(zoning, subnetworks=(subnetwork.key,), polygons=zoning.polygons[sites])
            for subnetwork, sites in zip(subnetworks, concerned, strict=True)
            if sites.any()
        ]
    return tuple(shared)


def _find_concerned(
    zoning: Zoning,
    subnetworks: Sequence[Subnetwork],
    habitats: Sequence[NDArray[np.bool_]],
    known: NDArray[np.bool_],
    grid: Grid,
    min_habitat_share: float,
    journal: Journal,
) -> NDArray[np.bool_]:
    """Tell which sites concern which sub-networks: (sub-networks, sites)."""
    names = read_names(zoning)
    concerned = np.zeros((len(subnetworks), len(names)), dtype=bool)
    outside, unshared = 0, 0
    given: dict[int, list[str]] = {}
    for site, pieces in enumerate(clip_sites(zoning, grid)):
        if not pieces:
            outside += 1
            continue
        cells, inside = count_habitat(pieces, habitats, known, grid)
        shares = np.array(inside) / max(cells, 1)
        reached = (shares >= min_habitat_share) & (shares > 0)
        if not reached.any() and zoning.rule == "mandatory":
            # argmax gives the first of equals, hence the first sub-network of all where the site
            # holds habitat of none. All of them would draw the same ground as many times, and look
            # for corridors of every sub-network to ground where none of them lives; none would lose
            # a site that the law makes a reservoir. The note lets the study name a better one.
            largest = int(np.argmax(shares))
            reached[largest] = True
            given.setdefault(largest, []).append(names[site] or f"#{site + 1}")
        unshared += not reached.any()
        concerned[:, site] = reached
    about: dict[str, str | int] = {"label": zoning.label, "min_share": round(100 * min_habitat_share)}
    if outside:
        journal.add("zoning_sites_outside", label=zoning.label, count=outside)
    if unshared:
        journal.add("zoning_sites_unshared", count=unshared, **about)
    for index, sites in sorted(given.items()):
        journal.add(
            "zoning_sites_given",
            subnetwork=subnetworks[index].name,
            count=len(sites),
            names=", ".join(sites),
            **about,
        )
    return concerned
