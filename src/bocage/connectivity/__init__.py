"""Figures of the network: what each commune holds, how well reservoirs are linked, what each patch is worth.

The names below are found when first asked for, so that what needs a few of them loads no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bocage.lazy import offer_names

if TYPE_CHECKING:
    from bocage.connectivity.adding import Sites, lay_sites, pair_near, place_sites
    from bocage.connectivity.building import build_from_frames, build_from_network, build_graph, make_frames
    from bocage.connectivity.candidates import LinkCandidates, PatchCandidates
    from bocage.connectivity.capacity import look_up_capacity, raise_area, sum_class_areas, weigh_classes
    from bocage.connectivity.choice import Choice
    from bocage.connectivity.clusters import find_clusters, keep_links_inside, measure_modularity, weigh_links
    from bocage.connectivity.component_indices import (
        list_components,
        measure_components,
        measure_link_removals,
        measure_patch_removals,
    )
    from bocage.connectivity.components import describe_components, label_components
    from bocage.connectivity.cover import choose_cover
    from bocage.connectivity.division import Division, check_units, intersect_units
    from bocage.connectivity.evenness import measure_division, measure_evenness
    from bocage.connectivity.following import Reach, measure_reach
    from bocage.connectivity.gains import gain_of_improvements, gain_of_links, gain_of_patches
    from bocage.connectivity.graph import (
        GraphSummary,
        equivalent_connected_area,
        rank_restorations,
        summarise_graph,
        summarise_graphs,
        value_network,
    )
    from bocage.connectivity.graph_current import (
        Currents,
        measure_circuit_betweenness,
        measure_circuit_connectivity,
        measure_current_betweenness,
        measure_current_flow,
        measure_potential_flow,
        measure_resistances,
    )
    from bocage.connectivity.importance import Importance, measure_importance
    from bocage.connectivity.indicators import INDICATORS, Indicator, describe_indicators, measure_communes
    from bocage.connectivity.inner_ways import (
        add_inner_ways,
        find_link_ends,
        measure_inner_ways,
        pair_meeting_links,
    )
    from bocage.connectivity.interpolation import interpolate_index
    from bocage.connectivity.landscape import Dispersal, InnerWays, LandscapeGraph
    from bocage.connectivity.meta_patches import find_transfers, join_graphs, merge_patches
    from bocage.connectivity.neighbourhood import weigh_neighbourhood
    from bocage.connectivity.path_indices import (
        PathIndices,
        find_costs_between,
        measure_direct_flux,
        measure_hops,
        measure_paths,
        split_overall,
    )
    from bocage.connectivity.protconn import ProtConn, measure_protconn
    from bocage.connectivity.removal import measure_losses, remove_links, remove_patches
    from bocage.connectivity.search import choose_links, choose_patches
    from bocage.connectivity.territories import UnitFigures, lost_without, measure_units
    from bocage.connectivity.thinning import (
        drop_crossing_links,
        drop_detoured_links,
        keep_nearest_links,
        keep_short_links,
        keep_spanning_forest,
    )
    from bocage.connectivity.topology import (
        Topology,
        describe_topology,
        measure_hop_betweenness,
        measure_nearness,
    )

_HOMES = {
    "adding": (
        "Sites",
        "lay_sites",
        "pair_near",
        "place_sites",
    ),
    "building": (
        "build_from_frames",
        "build_from_network",
        "build_graph",
        "make_frames",
    ),
    "candidates": (
        "LinkCandidates",
        "PatchCandidates",
    ),
    "capacity": (
        "look_up_capacity",
        "raise_area",
        "sum_class_areas",
        "weigh_classes",
    ),
    "choice": ("Choice",),
    "clusters": (
        "find_clusters",
        "keep_links_inside",
        "measure_modularity",
        "weigh_links",
    ),
    "component_indices": (
        "list_components",
        "measure_components",
        "measure_link_removals",
        "measure_patch_removals",
    ),
    "components": (
        "describe_components",
        "label_components",
    ),
    "cover": ("choose_cover",),
    "division": (
        "Division",
        "check_units",
        "intersect_units",
    ),
    "evenness": (
        "measure_division",
        "measure_evenness",
    ),
    "following": (
        "Reach",
        "measure_reach",
    ),
    "gains": (
        "gain_of_improvements",
        "gain_of_links",
        "gain_of_patches",
    ),
    "graph": (
        "GraphSummary",
        "equivalent_connected_area",
        "rank_restorations",
        "summarise_graph",
        "summarise_graphs",
        "value_network",
    ),
    "graph_current": (
        "Currents",
        "measure_circuit_betweenness",
        "measure_circuit_connectivity",
        "measure_current_betweenness",
        "measure_current_flow",
        "measure_potential_flow",
        "measure_resistances",
    ),
    "importance": (
        "Importance",
        "measure_importance",
    ),
    "indicators": (
        "INDICATORS",
        "Indicator",
        "describe_indicators",
        "measure_communes",
    ),
    "inner_ways": (
        "add_inner_ways",
        "find_link_ends",
        "measure_inner_ways",
        "pair_meeting_links",
    ),
    "interpolation": ("interpolate_index",),
    "landscape": (
        "Dispersal",
        "InnerWays",
        "LandscapeGraph",
    ),
    "meta_patches": (
        "find_transfers",
        "join_graphs",
        "merge_patches",
    ),
    "neighbourhood": ("weigh_neighbourhood",),
    "path_indices": (
        "PathIndices",
        "find_costs_between",
        "measure_direct_flux",
        "measure_hops",
        "measure_paths",
        "split_overall",
    ),
    "protconn": (
        "ProtConn",
        "measure_protconn",
    ),
    "removal": (
        "measure_losses",
        "remove_links",
        "remove_patches",
    ),
    "search": (
        "choose_links",
        "choose_patches",
    ),
    "territories": (
        "UnitFigures",
        "lost_without",
        "measure_units",
    ),
    "thinning": (
        "drop_crossing_links",
        "drop_detoured_links",
        "keep_nearest_links",
        "keep_short_links",
        "keep_spanning_forest",
    ),
    "topology": (
        "Topology",
        "describe_topology",
        "measure_hop_betweenness",
        "measure_nearness",
    ),
}
__all__ = [
    "INDICATORS",
    "Choice",
    "Currents",
    "Dispersal",
    "Division",
    "GraphSummary",
    "Importance",
    "Indicator",
    "InnerWays",
    "LandscapeGraph",
    "LinkCandidates",
    "PatchCandidates",
    "PathIndices",
    "ProtConn",
    "Reach",
    "Sites",
    "Topology",
    "UnitFigures",
    "add_inner_ways",
    "build_from_frames",
    "build_from_network",
    "build_graph",
    "check_units",
    "choose_cover",
    "choose_links",
    "choose_patches",
    "describe_components",
    "describe_indicators",
    "describe_topology",
    "drop_crossing_links",
    "drop_detoured_links",
    "equivalent_connected_area",
    "find_clusters",
    "find_costs_between",
    "find_link_ends",
    "find_transfers",
    "gain_of_improvements",
    "gain_of_links",
    "gain_of_patches",
    "interpolate_index",
    "intersect_units",
    "join_graphs",
    "keep_links_inside",
    "keep_nearest_links",
    "keep_short_links",
    "keep_spanning_forest",
    "label_components",
    "lay_sites",
    "list_components",
    "look_up_capacity",
    "lost_without",
    "make_frames",
    "measure_circuit_betweenness",
    "measure_circuit_connectivity",
    "measure_communes",
    "measure_components",
    "measure_current_betweenness",
    "measure_current_flow",
    "measure_direct_flux",
    "measure_division",
    "measure_evenness",
    "measure_hop_betweenness",
    "measure_hops",
    "measure_importance",
    "measure_inner_ways",
    "measure_link_removals",
    "measure_losses",
    "measure_modularity",
    "measure_nearness",
    "measure_patch_removals",
    "measure_paths",
    "measure_potential_flow",
    "measure_protconn",
    "measure_reach",
    "measure_resistances",
    "measure_units",
    "merge_patches",
    "pair_meeting_links",
    "pair_near",
    "place_sites",
    "raise_area",
    "rank_restorations",
    "remove_links",
    "remove_patches",
    "split_overall",
    "sum_class_areas",
    "summarise_graph",
    "summarise_graphs",
    "value_network",
    "weigh_classes",
    "weigh_links",
    "weigh_neighbourhood",
]

__getattr__, __dir__ = offer_names(__name__, _HOMES)
