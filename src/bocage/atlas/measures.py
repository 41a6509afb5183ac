"""How much of each symbol a commune holds, as its figures say, so that legend and figures never differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bocage.cartography.symbols import Symbol
from bocage.units import M2_PER_HA, M_PER_KM

if TYPE_CHECKING:
    from bocage.connectivity.communes_figures import CommuneFigures

# Column of the figures that says what a symbol of the network draws.
_COLUMNS = {
    "reservoir": "reservoir_preserve_ha",
    "reservoir_to_restore": "reservoir_restore_ha",
    "reservoir_line": "reservoir_line_km",
    "corridor": "corridor_preserve_ha",
    "corridor_to_restore": "corridor_restore_ha",
    "watercourse_to_restore": "watercourse_restore_km",
    "obstacle_point": "obstacle_point_count",
    "obstacle_line": "obstacle_line_km",
    "obstacle_surface": "obstacle_surface_ha",
}
_ROLES = {
    "watercourse": (),
    "watercourse_corridor": ("corridor",),
    "watercourse_reservoir": ("reservoir",),
    "watercourse_both": ("corridor", "reservoir"),
}
_UNITS = {"ha": M2_PER_HA, "km": M_PER_KM, "count": 1.0}


def read_measure(figures: CommuneFigures, symbol: Symbol) -> float | None:
    """Read from the figures of a commune how much it holds of what a symbol draws.

    Parameters
    ----------
    figures : CommuneFigures
    symbol : Symbol

    Returns
    -------
    float or None
        Area [m²], length [m] or number; None where the figures do not say.
    """
    if figures.state != "measured":
        return None
    if symbol.key in _ROLES:
        wanted = _ROLES[symbol.key]
        return M_PER_KM * sum(
            held.measure for held in figures.watercourses if tuple(sorted(held.roles)) == wanted
        )
    column = _COLUMNS.get(symbol.key)
    if symbol.table is None:
        column = symbol.key + {"polygon": "_ha", "line": "_km", "point": "_count"}[symbol.kind]
    if column is None or figures.values.get(column) is None:
        return None
    return float(figures.values[column]) * _UNITS[column.rpartition("_")[2]]
