"""The small map that shows where the ground of a sheet lies: commune, intercommunalité, département."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.atlas.commune import Commune
from bocage.atlas.content import Content, Grouping
from bocage.cartography.frame import MapFrame
from bocage.cartography.svg import MapLayer, draw_map
from bocage.cartography.symbols import Symbol

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_GROUND = Symbol("locator_ground", "polygon", 0, "", "", fill="#e4e6df", stroke="#ffffff", width=0.08)
_GROUP = Symbol("locator_epci", "polygon", 1, "", "", fill="#b9c4ae", stroke="#ffffff", width=0.12)
_LIMITS = Symbol("locator_limits", "line", 2, "", "", stroke="#8a9180", width=0.18)
_OWN = Symbol("locator_commune", "polygon", 3, "", "", fill="#a80d55", stroke="#ffffff", width=0.15)
_SHEET = Symbol("locator_sheet", "line", 4, "", "", stroke="#1a1a1a", width=0.2)


def draw_locator(
    content: Content, commune: Commune | None, frame: MapFrame, width_mm: float, height_mm: float
) -> str:
    """Draw where the ground of a sheet lies.

    The commune is solid, its intercommunalité darker than the département around, and a frame shows
    what the sheet covers. Without outlines of départements, all communes of the layer stand for it.

    Parameters
    ----------
    content : Content
    commune : Commune or None
    frame : MapFrame
        Of the sheet.
    width_mm, height_mm : float
        Of the small map.

    Returns
    -------
    str
        An SVG.
    """
    department = _find_group(content, commune, "departement")
    epci = _find_group(content, commune, "epci")
    outlines = np.asarray(content.communes.geometry, dtype=object)
    outlines = outlines[~(shapely.is_missing(outlines) | shapely.is_empty(outlines))]
    whole = outlines if department is None else np.array([department[1]], dtype=object)
    # A sheet at the edge reaches beyond: its frame is shown whole.
    everything = np.array([*whole, shapely.box(*frame.bounds)], dtype=object)
    bounds = tuple(shapely.total_bounds(everything).tolist())
    locator = MapFrame.around(bounds, width_mm, height_mm, margin=0.03)
    layers = [MapLayer(whole, _GROUND)]
    if epci is not None:
        layers.append(MapLayer([epci[1]], _GROUP))
    elif department is not None:
        groups = content.groupings.get("epci")
        if groups is not None:
            layers.append(MapLayer(shapely.boundary(np.asarray(groups.geometry, dtype=object)), _LIMITS))
    if commune is not None:
        # A commune smaller than the eye can find is drawn as a dot of its own.
        own = commune.outline
        least = 0.7 * locator.metres_per_mm
        if own.area < 4 * least * least:
            own = own.centroid.buffer(least)
        layers.append(MapLayer([own], _OWN))
    layers.append(MapLayer([shapely.box(*frame.bounds).exterior], _SHEET))
    return draw_map(locator, layers, key="locator", paper=None)


def name_surroundings(content: Content, commune: Commune) -> tuple[str, ...]:
    """Give the names of the intercommunalité and the département of a commune, where known."""
    groups = (_find_group(content, commune, grouping) for grouping in ("epci", "departement"))
    return tuple(found[0] for found in groups if found is not None)


def _find_group(content: Content, commune: Commune | None, grouping: Grouping) -> tuple[str, Any] | None:
    """Give the name and outline of the group a commune belongs to; of the only one without a commune."""
    groups: GeoDataFrame | None = content.groupings.get(grouping)
    if groups is None or len(groups) == 0:
        return None
    if commune is None:
        chosen = groups if len(groups) == 1 else groups.iloc[:0]
    elif grouping in content.communes.columns:
        rows = content.communes[content.communes["insee"].astype(str) == commune.insee]
        chosen = (
            groups[groups["name"].astype(str) == str(rows[grouping].iloc[0])] if len(rows) else groups[:0]
        )
    else:
        chosen = groups.iloc[:0]
    if len(chosen) == 0:
        return None
    return str(chosen["name"].iloc[0]), chosen.geometry.iloc[0]
