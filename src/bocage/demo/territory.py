"""The whole demo territory, from relief to zonings, in the order in which a country is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bocage.demo.communes import draw_communes
from bocage.demo.cover import Ground, cover_ground
from bocage.demo.forest import Forest, draw_forest
from bocage.demo.frame import Frame
from bocage.demo.hedges import plant_hedges
from bocage.demo.parcels import divide_ground
from bocage.demo.relief import Relief, wear_relief
from bocage.demo.roads import Transport, draw_motorway, link_settlements
from bocage.demo.settlements import Settlements, settle
from bocage.demo.waters import draw_river, trace_watercourses
from bocage.demo.works import place_crossings, place_river_works
from bocage.demo.zonings import Zonings, draw_zonings

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


@dataclass(frozen=True)
class Territory:
    """A country that does not exist.

    Attributes
    ----------
    frame : Frame
    relief : Relief
    ground : Ground
        Land cover.
    watercourses, hedges, river_works, crossings, communes : GeoDataFrame
        As the functions that make them say.
    transport : Transport
        Roads and railways.
    forest : Forest
    homes : Settlements
    zonings : Zonings
    """

    frame: Frame
    relief: Relief
    ground: Ground
    watercourses: GeoDataFrame
    transport: Transport
    forest: Forest
    homes: Settlements
    hedges: GeoDataFrame
    river_works: GeoDataFrame
    crossings: GeoDataFrame
    communes: GeoDataFrame
    zonings: Zonings


def make_territory(scale: float = 1.0) -> Territory:
    """Make the territory: water wears the relief, people settle, link their villages and divide the land.

    Parameters
    ----------
    scale : float
        1 for 24 x 22 km; down to 0.4 for a smaller country with as many communes.

    Returns
    -------
    Territory
        The same each time.
    """
    frame = Frame(scale)
    river = draw_river(frame)
    relief = wear_relief(frame, river.course)
    watercourses = trace_watercourses(frame, relief, river)
    forest = draw_forest(frame)
    motorway = draw_motorway(frame)
    homes = settle(frame, relief, forest.outline, motorway)
    transport = link_settlements(frame, relief, river, forest, motorway, homes)
    lines = [*transport.roads.geometry, *transport.railways.geometry, *watercourses.geometry]
    parcels = divide_ground(frame, lines, relief, forest, homes)
    ground = cover_ground(frame, relief, parcels, homes, transport, watercourses)
    return Territory(
        frame=frame,
        relief=relief,
        ground=ground,
        watercourses=watercourses,
        transport=transport,
        forest=forest,
        homes=homes,
        hedges=plant_hedges(frame, parcels, ground, transport),
        river_works=place_river_works(watercourses, ground, transport),
        crossings=place_crossings(frame, watercourses, transport, forest),
        communes=draw_communes(frame, relief, forest.outline, parcels, ground, homes),
        zonings=draw_zonings(frame, parcels, ground, forest),
    )
