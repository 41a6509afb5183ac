"""How finely a territory is cut: effective mesh size, and the figures that go with it.

Vector and raster readers give the same :class:`Pieces`, natural ground cut by reporting units;
the formulas are here once. Areas are in m² inside and in hectares where people read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import DataError
from bocage.units import M2_PER_HA, M2_PER_KM2

if TYPE_CHECKING:
    import pandas as pd

_PER_1000_KM2 = 1000.0 * M2_PER_KM2


@dataclass(frozen=True, slots=True)
class Pieces:
    """Natural ground cut at the borders of reporting units, piece by piece.

    A piece is what is connected inside one unit; a patch is what is connected whatever the units.

    Attributes
    ----------
    unit_ids : (u,) tuple of str
    unit_area_m2 : (u,) array of float
        Whole area of each unit, natural or not [m²].
    unit : (n,) array of int32
        Index of the unit of each piece; pieces outside every unit are not here.
    patch : (n,) array of int32
        Index of the patch that each piece is a part of.
    area_m2 : (n,) array of float
        Area of each piece [m²].
    patch_area_m2 : (p,) array of float
        Complete area of each patch, inside and outside the units [m²].
    patch_at_edge : (p,) array of bool
        Patches that touch the edge of the data: they may be larger than known.
    """

    unit_ids: tuple[str, ...]
    unit_area_m2: NDArray[np.float64]
    unit: NDArray[np.int32]
    patch: NDArray[np.int32]
    area_m2: NDArray[np.float64]
    patch_area_m2: NDArray[np.float64]
    patch_at_edge: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.area_m2)

    def to_table(self) -> pd.DataFrame:
        """Write the pieces as a table: unit, number of the patch from 1, hectares in the unit and in all."""
        import pandas as pd

        return pd.DataFrame(
            {
                "unit": np.array(self.unit_ids, object)[self.unit],
                "patch": self.patch + 1,
                "area_ha": self.area_m2 / M2_PER_HA,
                "patch_area_ha": self.patch_area_m2[self.patch] / M2_PER_HA,
            }
        )

    def find_empty_units(self) -> tuple[str, ...]:
        """List the units that hold no natural ground."""
        held = np.bincount(self.unit, minlength=len(self.unit_ids))
        return tuple(name for name, count in zip(self.unit_ids, held.tolist(), strict=True) if count == 0)

    def find_outside_patches(self) -> NDArray[np.int64]:
        """List the patches of which no unit holds a piece, by index."""
        inside = np.zeros(len(self.patch_area_m2), bool)
        inside[self.patch] = True
        return np.flatnonzero(~inside)


@dataclass(frozen=True, slots=True)
class Cut:
    """Natural ground cut by the reporting units, and by their outline taken as one.

    Attributes
    ----------
    by_unit : Pieces
        Cut at the border of each unit.
    overall : Pieces
        Cut at the outline of all units together: one unit, ``"overall"``, with the same patches.
    """

    by_unit: Pieces
    overall: Pieces


@dataclass(frozen=True, slots=True)
class MeshFigures:
    """Effective mesh size of each unit, and its companions. A row is a unit.

    With ``A`` the area of the unit, ``a_i`` its pieces and ``c_i`` the complete area of the patch
    of each piece (Jaeger 2000, Landscape Ecology 15: 115-130; Moser et al. 2007, Landscape
    Ecology 22: 447-459).

    Attributes
    ----------
    unit_ids : (u,) tuple of str
    unit_area_ha, natural_area_ha : (u,) arrays of float
        ``A`` and ``sum a_i`` [ha].
    pieces : (u,) array of int
        Number of pieces; pieces of one patch that touch only outside the unit count apart.
    mean_piece_ha : (u,) array of float
        ``sum a_i / n`` [ha]; 0 without pieces.
    pieces_per_1000_km2 : (u,) array of float
        ``n / A``.
    mesh_cut_ha : (u,) array of float
        ``sum a_i² / A``, by cutting (CUT): ground beyond the unit counts for nothing [ha].
    mesh_cbc_ha : (u,) array of float
        ``sum a_i c_i / A``, by cross-boundary connections (CBC) [ha].
    meshes_per_1000_km2, meshes_per_1000_km2_cbc : (u,) arrays of float
        Mesh density: 1000 km² / mesh; infinite without natural ground.
    coherence, division : (u,) arrays of float
        ``sum (a_i / A)²``: the chance that two points drawn in the unit are connected inside it;
        and 1 less that.
    splitting : (u,) array of float
        ``A / mesh_cut``: the number of equal pieces that give the same mesh; infinite without
        natural ground (FragScape writes 0 there).
    net_product_ha2, net_product_cbc_ha2 : (u,) arrays of float
        ``mesh x A`` [ha²]: adds up over units, where mesh does not.
    edge_share : (u,) array of float
        Share of the natural area whose patch touches the edge of the data: there, CBC is too low.
    """

    unit_ids: tuple[str, ...]
    unit_area_ha: NDArray[np.float64]
    natural_area_ha: NDArray[np.float64]
    pieces: NDArray[np.int64]
    mean_piece_ha: NDArray[np.float64]
    pieces_per_1000_km2: NDArray[np.float64]
    mesh_cut_ha: NDArray[np.float64]
    mesh_cbc_ha: NDArray[np.float64]
    meshes_per_1000_km2: NDArray[np.float64]
    meshes_per_1000_km2_cbc: NDArray[np.float64]
    coherence: NDArray[np.float64]
    division: NDArray[np.float64]
    splitting: NDArray[np.float64]
    net_product_ha2: NDArray[np.float64]
    net_product_cbc_ha2: NDArray[np.float64]
    edge_share: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.unit_ids)

    def to_table(self) -> pd.DataFrame:
        """Write the figures as a table, a row for each unit, columns named as the attributes."""
        import pandas as pd

        columns: dict[str, Any] = {"unit": self.unit_ids}
        columns |= {name: getattr(self, name) for name in self.__slots__ if name != "unit_ids"}
        return pd.DataFrame(columns)


def compute_mesh(pieces: Pieces) -> MeshFigures:
    """Compute the effective mesh size of each unit, by cutting and by cross-boundary connections.

    Parameters
    ----------
    pieces : Pieces

    Returns
    -------
    MeshFigures

    Raises
    ------
    DataError
        If a unit has no area.

    Examples
    --------
    A unit of 4 ha holds a piece of 2 ha, of a patch of 3 ha:

    >>> pieces = Pieces(
    ...     ("A",), np.array([4e4]), np.array([0], np.int32), np.array([0], np.int32),
    ...     np.array([2e4]), np.array([3e4]), np.array([False]))
    >>> mesh = compute_mesh(pieces)
    >>> mesh.mesh_cut_ha.tolist(), mesh.mesh_cbc_ha.tolist(), mesh.division.tolist()
    ([1.0], [1.5], [0.75])
    """
    area = np.asarray(pieces.unit_area_m2, np.float64)
    if bad := [name for name, size in zip(pieces.unit_ids, area.tolist(), strict=True) if not size > 0.0]:
        raise DataError(
            f"{len(bad)} reporting unit(s) have no area ({', '.join(bad[:5])}); "
            "give units that cover ground, or leave these out."
        )
    count = len(area)

    def add_up(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(pieces.unit, weights=values, minlength=count).astype(np.float64)

    natural = add_up(pieces.area_m2)
    number = np.bincount(pieces.unit, minlength=count).astype(np.int64)
    complete = pieces.patch_area_m2[pieces.patch]
    # Ratios before squares: an empty corner of a large unit must not lose its digits.
    share = pieces.area_m2 / area[pieces.unit]
    coherence = add_up(share * share)
    cut = add_up(share * pieces.area_m2)
    cross = add_up(share * complete)
    at_edge = add_up(np.where(pieces.patch_at_edge[pieces.patch], pieces.area_m2, 0.0))
    with np.errstate(divide="ignore"):
        splitting = area / cut
        density, density_cross = _PER_1000_KM2 / cut, _PER_1000_KM2 / cross
    return MeshFigures(
        unit_ids=pieces.unit_ids,
        unit_area_ha=area / M2_PER_HA,
        natural_area_ha=natural / M2_PER_HA,
        pieces=number,
        mean_piece_ha=natural / np.maximum(number, 1) / M2_PER_HA,
        pieces_per_1000_km2=number / area * _PER_1000_KM2,
        mesh_cut_ha=cut / M2_PER_HA,
        mesh_cbc_ha=cross / M2_PER_HA,
        meshes_per_1000_km2=density,
        meshes_per_1000_km2_cbc=density_cross,
        coherence=coherence,
        division=1.0 - coherence,
        splitting=splitting,
        net_product_ha2=cut * area / M2_PER_HA**2,
        net_product_cbc_ha2=cross * area / M2_PER_HA**2,
        edge_share=at_edge / np.where(natural > 0.0, natural, 1.0),
    )
