"""Columns of the tables of `bocage indices`: their units and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

    from bocage.study.indices.model import GraphFigures

Meaning = tuple[str, str]

CAPACITY = "capacity"
"""Stands for the unit of capacities: ha where they are areas."""
COST = "cost"
"""Stands for the unit of the links' costs: resistance x m in a network of bocage."""

OVERALL: Mapping[str, Meaning] = {
    "patches": ("", "patches of the graph"),
    "NL": ("", "pairs of patches that a link of at most the threshold joins"),
    "NC": ("", "components: groups of patches that such links join"),
    "capacity": (CAPACITY, "what all patches hold"),
    "SLC": (CAPACITY, "size of the largest component"),
    "MSC": (CAPACITY, "mean size of components"),
    "ECS": (CAPACITY, "expected size of the component of a random point of habitat"),
    "CCP": ("", "chance that two random points of habitat are in one component, in [0, 1]"),
    "LCP": ("", "chance that two random points of the landscape are in one component, in [0, 1]"),
    "H": ("", "Harary: sum over pairs of 1 / number of links"),
    "IIC": ("", "integral index of connectivity, in [0, 1]"),
    "EC(IIC)": (CAPACITY, "the one patch that would have the same IIC"),
    "GD": (COST, "diameter: the longest of the cheapest paths"),
    "PC": ("", "probability of connectivity, in [0, 1]"),
    "ECA": (CAPACITY, "equivalent connected area: the one patch that would have the same PC"),
    "ECA_share": ("", "ECA over what all patches hold, in [0, 1]"),
    "PC_intra": ("", "share of PC that lies inside patches"),
    "PC_direct": ("", "share of PC that single links give"),
    "PC_step": ("", "share of PC that stepping stones add"),
    "S#F": (CAPACITY, "sum of F over patches (Graphab)"),
    "S#IF": (f"{CAPACITY}²", "sum of IF over patches: the numerator of PC"),
    "F": ("", "sum of the chances of links, both ways (Conefor)"),
    "AWF": (f"{CAPACITY}²", "sum of a_i a_j p_ij over links, both ways (Conefor)"),
    "E#BC": ("", "evenness of BC among patches, in [0, 1]"),
    "D#BC": ("", "division of BC among patches, in [0, 1]"),
    "ECCirc": (CAPACITY, "ECA by resistance of all ways together in place of the cheapest (Graphab)"),
    "clusters": ("", "groups of patches with strong links inside, by modularity"),
    "modularity": ("", "modularity of these groups"),
    "Prot": ("%", "share of the landscape that is protected"),
    "ProtConn": ("%", "share of the landscape that is protected and connected"),
    "ProtUnconn": ("%", "share of the landscape that is protected and not connected"),
    "RelConn": ("% of Prot", "share of the protected land that is connected"),
    "ProtConn_Prot": ("%", "part of ProtConn inside protected areas"),
    "ProtConn_Within": ("%", "of which inside single protected areas"),
    "ProtConn_Contig": ("%", "of which from one to a contiguous one"),
    "ProtConn_Trans": ("%", "part of ProtConn by protected areas beyond the border alone"),
    "ProtConn_Unprot": ("%", "part of ProtConn through unprotected land"),
}

NODES: Mapping[str, Meaning] = {
    "id": ("", "patch"),
    "name": ("", "its name, where patches bear one"),
    "x": ("m", "easting of a point inside"),
    "y": ("m", "northing"),
    "capacity": (CAPACITY, "what it holds"),
    "component": ("", "number of its component, from 0"),
    "cluster": ("", "number of its group by modularity, from 0"),
    "dPC": ("%", "share of PC lost without it"),
    "dPC_intra": ("%", "of which what it holds"),
    "dPC_flux": ("%", "of which what it exchanges"),
    "dPC_connector": ("%", "of which what others exchange by way of it, and could not otherwise"),
    "dPC_bound": ("%", "no more than this may be missing from or too much in dPC, by the cut-off"),
    "dECA": ("%", "share of ECA lost without it"),
    "dIIC": ("%", "share of IIC lost without it"),
    "dIIC_intra": ("%", "of which what it holds"),
    "dIIC_flux": ("%", "of which what it exchanges"),
    "dIIC_connector": ("%", "of which what others exchange by way of it"),
    "F": (CAPACITY, "flux: capacity of the others, weighted by the chance of reaching them"),
    "IF": (f"{CAPACITY}²", "interaction: its part of the numerator of PC"),
    "BC": (f"{CAPACITY}²", "betweenness: flux between others whose cheapest path passes through it"),
    "BC_IIC": (f"{CAPACITY}²", "the same by paths of fewest links, weighted by 1 / (1 + links)"),
    "BC_hops": ("", "share of the ways of fewest links between others that pass through it, in [0, 1]"),
    "CF": (CAPACITY, "current that flows through it when all others send theirs to each in turn"),
    "Dg": ("", "patches that a link joins to it"),
    "CC": ("", "clustering: share of its neighbours' pairs that are joined, in [0, 1]"),
    "CCor": ("", "degree over the mean degree of its neighbours"),
    "CCe": (COST, "mean cost to the patches it reaches"),
    "Ec": (COST, "cost to the farthest patch it reaches"),
    "varNC": ("", "components with it less without it: negative where it holds others together"),
    "dLCP": ("%", "share of LCP lost without it"),
}

LINKS: Mapping[str, Meaning] = {
    "id": ("", "link"),
    "from": ("", "patch at one end"),
    "to": ("", "patch at the other end"),
    "cost": (COST, "cost of crossing it"),
    "length": ("m", "length on the ground, where known"),
    "component": ("", "component it is in; empty beyond the threshold"),
    "dPC": ("%", "share of PC lost if it is cut"),
    "dPC_bound": ("%", "no more than this may be missing from or too much in dPC, by the cut-off"),
    "dECA": ("%", "share of ECA lost if it is cut"),
    "dIIC": ("%", "share of IIC lost if it is cut; empty beyond the threshold"),
    "BC": (f"{CAPACITY}²", "betweenness: flux whose cheapest path passes by it"),
    "current": (CAPACITY, "current that flows by it when all patches send theirs to each in turn"),
    "varNC": ("", "components with it less without it: -1 where nothing else joins its two sides"),
    "dLCP": ("%", "share of LCP lost if it is cut"),
    "cost_improved": (COST, "cost it would have without transport infrastructure; 0 where not known"),
    "gain": ("%", "PC gained at that cost, of today's"),
}

COMPONENTS: Mapping[str, Meaning] = {
    "component": ("", "its number, from 0 in the order of first patches"),
    "patches": ("", "its patches"),
    "links": ("", "pairs of its patches that a link joins"),
    "capacity": (CAPACITY, "what it holds"),
    "share": ("", "of what all hold, in [0, 1]"),
    "largest": ("", "its patch of greatest capacity"),
    "eca": (CAPACITY, "its ECA by its own links"),
    "diameter": (COST, "the longest of its cheapest paths"),
}

UNITS: Mapping[str, Meaning] = {
    "id": ("", "territory; empty for what is in none"),
    "name": ("", "its name"),
    "area_ha": ("ha", "its area"),
    "patches": ("", "patches it holds a part of"),
    "patches_ha": ("ha", "area of patches inside, overlaps once"),
    "share": ("", "of its area that patches cover, in [0, 1]"),
    "corridors_ha": ("ha", "area of corridors inside, overlaps once"),
    "corridors_share": ("", "of its area that corridors cover, in [0, 1]"),
    "capacity": (CAPACITY, "capacity of the parts of patches inside"),
    "contribution": ("", "share of ECA² that pairs with an end here make; they sum to 1"),
    "inside": ("", "of which between patches inside, by ways inside"),
    "by_neighbours": ("", "of which between patches inside, by ways through other territories"),
    "with_others": ("", "of which with patches of other territories"),
    "dependence": ("", "share of the contribution that needs ground of others, in [0, 1]"),
    "neighbour": ("", "territory it shares most with, by name"),
    "neighbour_id": ("", "the same, by id"),
    "with_neighbour": ("", "that part of the contribution"),
    "eca_unit": (CAPACITY, "ECA of its patches by all ways"),
    "eca_alone": (CAPACITY, "ECA of its patches if all ground outside vanished"),
    "fall_alone": ("", "share of its ECA that would go then, in [0, 1]"),
    "least_loss": ("", "share of the whole ECA lost at least if its patches vanished, in [0, 1]"),
}

ADDED: Mapping[str, Meaning] = {
    "order": ("", "order of choice, each after those before"),
    "id": ("", "corridor to open; empty for a new link"),
    "kind": ("", "closed (a corridor impassable today) or new"),
    "from": ("", "patch at one end"),
    "to": ("", "patch at the other end"),
    "cost": (COST, "cost once made; estimated for new links"),
    "distance_m": ("m", "distance from edge to edge; between points where patches have no shape"),
    "gain": ("%", "growth of ECA, of today's"),
    "eca": (CAPACITY, "ECA after it"),
}

ADDED_PATCHES: Mapping[str, Meaning] = {
    "order": ("", "order of choice, each after those before"),
    "id": ("", "site"),
    "x": ("m", "easting of its middle"),
    "y": ("m", "northing"),
    "capacity": (CAPACITY, "what it would hold"),
    "links": ("", "patches and sites that it would be linked to, were they there"),
    "gain": ("%", "growth of ECA, of today's"),
    "eca": (CAPACITY, "ECA after it"),
}

REMOVED: Mapping[str, Meaning] = {
    "kind": ("", "patch or link"),
    "lost": ("", "most (each time the one whose loss costs most) or least"),
    "order": ("", "order of loss, each after those before"),
    "id": ("", "patch or link"),
    "loss": ("%", "fall of ECA, of today's"),
    "eca": (CAPACITY, "ECA left"),
}

BY_DISTANCE: Mapping[str, Meaning] = {
    "distance": (COST, "dispersal distance, at the same chance"),
    "eca": (CAPACITY, "ECA at that distance"),
    "left_out": ("", "share of the numerator that the cut-off can have taken, in [0, 1]"),
}

TABLES: Mapping[str, Mapping[str, Meaning]] = {
    "nodes": NODES,
    "links": LINKS,
    "components": COMPONENTS,
    "units": UNITS,
    "added": ADDED,
    "added_patches": ADDED_PATCHES,
    "removed": REMOVED,
    "by_distance": BY_DISTANCE,
}


def name_unit(unit: str, figures: GraphFigures) -> str:
    """Write the unit of a column or index for this graph.

    Units of capacity that are not known are empty.
    """
    held = figures.source.area_unit
    if unit.startswith(CAPACITY):
        return held + unit.removeprefix(CAPACITY) if held else ""
    return "" if unit == COST else unit


def join_tables(figures: tuple[GraphFigures, ...], name: str) -> DataFrame | None:
    """Put the tables of all graphs one under the other, under the key of their sub-network.

    Parameters
    ----------
    figures : tuple of GraphFigures
    name : str
        ``overall``, ``nodes``, ``links``, ``components``, ``units``, ``added``, ``added_patches``,
        ``removed`` or ``by_distance``.

    Returns
    -------
    DataFrame or None
        None where no graph has that table.
    """
    import pandas

    found = []
    for one in figures:
        table = getattr(one, name)
        if table is None:
            continue
        table = pandas.DataFrame(table)
        if one.source.key:
            table = table.copy()
            table.insert(0, "subnetwork", one.source.key)
        found.append(table)
    if not found:
        return None
    joined = pandas.concat(found, ignore_index=True)
    # A column that the first graph lacks goes where the others have it.
    order = {column: place for place, column in enumerate(["subnetwork", *TABLES.get(name, {})])}
    return joined[sorted(joined.columns, key=lambda column: order.get(str(column), len(order)))]
