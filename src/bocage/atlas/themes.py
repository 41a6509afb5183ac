"""What the sheet shows of each theme: the objects on the map, and how much of them lies in the commune."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.cartography.frame import MapFrame
from bocage.cartography.svg import MapLayer, select_objects
from bocage.cartography.symbols import Kind, Symbol, Symbols
from bocage.units import M2_PER_HA, M_PER_KM, NBSP, format_number

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from bocage.network import Network


@dataclass(frozen=True)
class Drawn:
    """The objects that one symbol draws on a sheet.

    Attributes
    ----------
    symbol : Symbol
    objects : GeoDataFrame
        Those that meet the frame.
    inside : int
        How many of them meet the commune.
    measure : float
        Their area [m²], length [m] or number in the commune; what overlaps counts once.
    """

    symbol: Symbol
    objects: GeoDataFrame
    inside: int
    measure: float

    @property
    def layer(self) -> MapLayer:
        """What the map draws."""
        return MapLayer(self.objects, self.symbol)


def select_drawn(network: Network, symbols: Symbols, frame: MapFrame, outline: Any) -> dict[str, Drawn]:
    """Choose and measure what each symbol of the network draws.

    Parameters
    ----------
    network : Network
    symbols : Symbols
    frame : MapFrame
    outline : shapely geometry
        The commune.

    Returns
    -------
    dict of symbol key to Drawn
        In drawing order.
    """
    shapely.prepare(outline)
    window = shapely.box(*frame.bounds)
    visible: dict[str, GeoDataFrame] = {}
    drawn = {}
    for symbol in symbols:
        if symbol.table is None:
            continue
        if symbol.table not in visible:
            visible[symbol.table] = _visible(network.tables[symbol.table], window)
        objects = select_objects(visible[symbol.table], symbol)
        geometries = np.asarray(objects.geometry, dtype=object)
        meets = shapely.intersects(outline, geometries)
        drawn[symbol.key] = Drawn(
            symbol,
            objects,
            int(meets.sum()),
            _measure(geometries[meets], symbol.kind, outline),
        )
    return drawn


def write_measure(measure: float, kind: Kind, language: str) -> str:
    r"""Write an area, a length or a number as the legend does.

    >>> write_measure(123_400.0, "polygon", "fr"), write_measure(12_340.0, "line", "en")
    ('12,3\xa0ha', '12.3\xa0km')
    """
    if kind == "point":
        return format_number(measure, 0, language)
    value, unit = (measure / M2_PER_HA, "ha") if kind == "polygon" else (measure / M_PER_KM, "km")
    decimals = 0 if value >= 100 else 1
    if 0 < value < 0.05:
        return f"<{NBSP}{format_number(0.1, 1, language)}{NBSP}{unit}"
    return f"{format_number(value, decimals, language)}{NBSP}{unit}"


def _visible(table: GeoDataFrame, window: Any) -> GeoDataFrame:
    geometries = np.asarray(table.geometry, dtype=object)
    if len(geometries) == 0:
        return table
    west, south, east, north = window.bounds
    boxes = shapely.bounds(geometries)
    near = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    near[near] = shapely.intersects(window, geometries[near])
    return table[near]


def _measure(geometries: NDArray[Any], kind: Kind, outline: Any) -> float:
    if len(geometries) == 0:
        return 0.0
    if kind == "point":
        return float(len(geometries))
    # Regional objects reach far beyond: cut them by the bounds before the exact intersection.
    cut = shapely.clip_by_rect(geometries, *outline.bounds)
    cut = shapely.intersection(shapely.make_valid(cut), outline)
    whole = shapely.union_all(cut)
    return float(shapely.area(whole) if kind == "polygon" else shapely.length(whole))
