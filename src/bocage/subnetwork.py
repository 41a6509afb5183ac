"""What the engine must know of a sub-network (sous-trame), species or guild."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Method = Literal["least_cost", "dilation_erosion"]


@dataclass(frozen=True)
class Subnetwork:
    """A sub-network: its habitat, its demands on a reservoir, and how it moves.

    Ground is named by ground class (``"broadleaf"``), by native code (``"311"``) or by
    nomenclature and native code (``"clc:311"``); the most precise name wins.

    Attributes
    ----------
    key : str
        Short identifier, ``[a-z0-9_]+``.
    name : str
        Name printed for people.
    medium : str
        Main medium in the national standard: boisé, ouvert, humide, littoral, cours d'eau, multitrame.
    habitat : tuple of str
        Ground that is habitat.
    min_patch_ha : float
        Smaller habitat patches are ground to cross, not patches [ha].
    reservoir_min_ha, reservoir_min_core_ha : float
        A patch qualifies as reservoir from this area and core area [ha].
    reservoir_min_compactness : float
        And from this compactness 4πA/P², in [0, 1].
    edge_depth_m : float
        Core is what lies deeper than this inside the habitat [m].
    dispersal_m : tuple of float
        Dispersal distances [m]; the largest bounds the corridors.
    reference_resistance : float
        Resistance of the ground on which the dispersal distance was observed, so that
        the dispersal cost is ``max(dispersal_m) * reference_resistance``.
    resistance : mapping of str to float
        Cost of crossing one metre of ground, > 0; ``inf`` is a barrier.
    method : {"least_cost", "dilation_erosion"}
        How corridors are drawn.
    through_patches : bool
        Whether a link may cross a third reservoir.
    tolerance : float
        A corridor holds the ground where a detour costs at most this share of the
        dispersal cost more than the least-cost path.
    dilation_m : float
        Distance of the dilation-erosion method [m].
    max_dispersal_cost : float, optional
        Dispersal cost given outright, in place of distance times reference resistance.
    """

    key: str
    name: str
    medium: str
    habitat: tuple[str, ...]
    min_patch_ha: float
    reservoir_min_ha: float
    dispersal_m: tuple[float, ...]
    resistance: Mapping[str, float]
    reservoir_min_core_ha: float = 0.0
    reservoir_min_compactness: float = 0.0
    edge_depth_m: float = 0.0
    reference_resistance: float = 1.0
    method: Method = "least_cost"
    through_patches: bool = False
    tolerance: float = 0.05
    dilation_m: float = 500.0
    max_dispersal_cost: float | None = None

    @property
    def dispersal_cost(self) -> float:
        """Largest cost of a link that is still a corridor [resistance x m]."""
        if self.max_dispersal_cost is not None:
            return self.max_dispersal_cost
        return max(self.dispersal_m) * self.reference_resistance

    @property
    def has_barrier(self) -> bool:
        """Whether any ground is impassable."""
        return any(math.isinf(value) for value in self.resistance.values())
