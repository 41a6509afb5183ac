"""What the sheet shows of each theme: the objects on the map, and how much of them lies in the commune."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.atlas.measures import read_measure
from bocage.atlas.series import SheetSpec
from bocage.cartography.frame import MapFrame
from bocage.cartography.svg import MapLayer, select_objects
from bocage.cartography.symbols import Kind, Symbol
from bocage.units import M2_PER_HA, M_PER_KM, NBSP, format_number

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from bocage.atlas.content import Content
    from bocage.connectivity.communes_figures import CommuneFigures


_NEGLIGIBLE = 1e-6
_SIZES: dict[Kind, Callable[[Any], Any]] = {
    "polygon": shapely.area,
    "line": shapely.length,
    "point": shapely.get_num_coordinates,
}


@dataclass(frozen=True)
class Drawn:
    """The objects that one symbol draws on a sheet.

    Attributes
    ----------
    symbol : Symbol
    objects : GeoDataFrame
        Those that meet the frame.
    inside : int
        How many of them have ground, length or a place in the commune; touching its limit is not enough.
    measure : float
        Their area [m²], length [m] or number in the commune; what overlaps counts once. Of corridors, the
        area outside reservoirs; of what is to preserve, that which is not to restore too.
    """

    symbol: Symbol
    objects: GeoDataFrame
    inside: int
    measure: float

    @property
    def layer(self) -> MapLayer:
        """What the map draws."""
        return MapLayer(self.objects, self.symbol)


def select_drawn(
    content: Content,
    spec: SheetSpec,
    frame: MapFrame,
    outline: Any | None,
    figures: CommuneFigures | None = None,
) -> dict[str, Drawn]:
    """Choose and measure what each symbol of a sheet draws.

    Parameters
    ----------
    content : Content
    spec : SheetSpec
        Which themes the sheet draws.
    frame : MapFrame
    outline : shapely geometry or None
        The commune; without one, everything is on the map and nothing is measured.
    figures : CommuneFigures, optional
        Of the commune: what they measure is taken from them, so that legend and figures agree.

    Returns
    -------
    dict of symbol key to Drawn
        In drawing order.
    """
    if outline is not None:
        shapely.prepare(outline)
    window = shapely.box(*frame.bounds)
    visible: dict[str, GeoDataFrame] = {}
    chosen = {}
    for symbol in content.symbols:
        if not spec.chooses(symbol):
            continue
        if symbol.table is None:
            table = content.themes.get(symbol.key)
            chosen[symbol.key] = _make_empty(content.crs) if table is None else _find_visible(table, window)
            continue
        if symbol.table not in visible:
            visible[symbol.table] = _find_visible(content.network.tables[symbol.table], window)
        chosen[symbol.key] = select_objects(visible[symbol.table], symbol)
    if outline is None:
        return {key: Drawn(content.symbols[key], objects, 0, 0.0) for key, objects in chosen.items()}

    inside = {}
    for key, objects in chosen.items():
        cut = _cut(np.asarray(objects.geometry, dtype=object), outline)
        inside[key] = cut[_SIZES[content.symbols[key].kind](cut) > _NEGLIGIBLE]
    told = {} if figures is None else {key: read_measure(figures, content.symbols[key]) for key in chosen}
    measured = {key: measure for key, measure in told.items() if measure is not None}
    untold = {key: cut for key, cut in inside.items() if key not in measured}
    if untold:
        measured |= _measure(content, untold, window, outline)
    return {
        key: Drawn(content.symbols[key], objects, len(inside[key]), measured[key])
        for key, objects in chosen.items()
    }


def _measure(
    content: Content, inside: Mapping[str, NDArray[Any]], window: Any, outline: Any
) -> dict[str, float]:
    """Measure what lies in the commune; what is both to preserve and to restore is to restore."""
    kinds = {key: content.symbols[key].kind for key in inside}
    wholes = {key: _unite(cut, kinds[key]) for key, cut in inside.items() if kinds[key] != "point"}
    if len(inside.get("corridor", ())) or len(inside.get("corridor_to_restore", ())):
        taken = [wholes[key] for key in ("reservoir", "reservoir_to_restore") if key in wholes]
        if not taken:
            reservoirs = _find_visible(content.network.tables["reservoir_s"], window)
            taken = [_unite(_cut(np.asarray(reservoirs.geometry, dtype=object), outline), "polygon")]
        for key in ("corridor", "corridor_to_restore"):
            for reservoir in taken if key in wholes else ():
                if not reservoir.is_empty:
                    wholes[key] = shapely.difference(wholes[key], reservoir)
    for key in ("reservoir", "corridor"):
        restored = wholes.get(f"{key}_to_restore")
        if key in wholes and restored is not None and not restored.is_empty:
            wholes[key] = shapely.difference(wholes[key], restored)
    return {
        key: float(_SIZES[kinds[key]](wholes[key])) if key in wholes else float(len(cut))
        for key, cut in inside.items()
    }


def _unite(geometries: NDArray[Any], kind: Kind) -> Any:
    # Where a surface only touches the limit, cutting it leaves lines and points beside its ground.
    parts = shapely.get_parts(shapely.get_parts(geometries))
    parts = parts[shapely.get_dimensions(parts) == (2 if kind == "polygon" else 1)]
    # Groups that do not touch are united apart: half the time where many small shapes overlap.
    return shapely.disjoint_subset_union_all(parts)


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


def _find_visible(table: GeoDataFrame, window: Any) -> GeoDataFrame:
    if len(table) == 0:
        return table
    # The index is made once a table and kept by it: sheets of one territory ask hundreds of times.
    return table.iloc[np.sort(table.sindex.query(window, predicate="intersects"))]


def _make_empty(crs: str) -> GeoDataFrame:
    import geopandas

    return geopandas.GeoDataFrame({"name": []}, geometry=[], crs=crs)


def _cut(geometries: NDArray[Any], outline: Any) -> NDArray[Any]:
    """Give the parts in the commune of the objects that meet it."""
    meets = geometries[shapely.intersects(outline, geometries)]
    if len(meets) == 0:
        return np.empty(0, dtype=object)
    # What lies wholly inside is taken as it is; regional objects reach far beyond, and are cut by the
    # bounds before the exact intersection.
    whole = shapely.contains_properly(outline, meets)
    border = meets[~whole]
    # A little wider: the fast cut drops lines that lie on the rectangle.
    west, south, east, north = outline.bounds
    near = shapely.make_valid(shapely.clip_by_rect(border, west - 1.0, south - 1.0, east + 1.0, north + 1.0))
    cut = np.array(meets, dtype=object)
    cut[~whole] = shapely.intersection(near, outline)
    return cut
