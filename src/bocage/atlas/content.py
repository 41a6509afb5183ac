"""All that the sheets of a territory may draw, read once and shared by every sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from bocage.cartography.symbols import Symbols, load_symbols

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

    from bocage.cartography.background import Image
    from bocage.cartography.frame import MapFrame
    from bocage.network import Network

Grouping = Literal["epci", "departement"]


class Backdrop(Protocol):
    """What lies faintly under the maps, drawn where a map asks for it."""

    def draw(self, frame: MapFrame) -> Image | None:
        """Draw the background of a map; None where there is none."""


@dataclass(frozen=True)
class SourceUse:
    """A source to print, and what is drawn from it.

    Attributes
    ----------
    label, licence : str
    uses : frozenset of str
        Themes of the network, keys of other themes; ``communes`` for all outlines; ``roads``,
        ``railways`` and ``watercourses_base`` of the base map; ``landcover`` and ``relief``. Empty: printed
        on every sheet.
    """

    label: str
    licence: str = ""
    uses: frozenset[str] = frozenset()

    @property
    def line(self) -> str:
        """The source as printed.

        >>> SourceUse("IGN 2024", "Licence Ouverte 2.0").line
        'IGN 2024 (Licence Ouverte 2.0)'
        """
        return self.label + (f" ({self.licence})" if self.licence else "")


@dataclass(frozen=True)
class Note:
    """What readers must know of the data of some themes; ``uses`` as those of a source."""

    text: str
    uses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Content:
    """All that the sheets of a territory may draw, in one projected CRS.

    Attributes
    ----------
    network : Network
        The continuities, computed or read; its ``about`` says title, date, status and issuer.
    communes : GeoDataFrame
        Columns ``insee`` and ``name``, polygons; ``epci`` and ``departement`` (names) where known.
    symbols : Symbols
        The palette.
    themes : mapping of symbol key to GeoDataFrame
        Inventories, protections, wetlands ... that were given: column ``name`` (may hold None).
        A theme with data but no object is here with an empty table.
    context : mapping
        Base map: ``roads``, ``railways``, ``watercourses``, with columns ``ground`` and ``name``.
    backdrop : Backdrop, optional
        Land cover or relief under the maps.
    backdrop_kind : {"", "landcover", "relief", "landcover_relief"}
        What the legend says of it.
    area : shapely geometry, optional
        The study area; ground outside it is hatched.
    groupings : mapping of "epci" or "departement" to GeoDataFrame
        Outlines with column ``name``, for the locator and the volumes.
    sources : tuple of SourceUse
        When empty, the sources of ``network.about`` are printed on every sheet.
    notes : tuple of Note
        Printed under the legend of the sheets that draw what they are about.
    """

    network: Network
    communes: GeoDataFrame
    symbols: Symbols = field(default_factory=load_symbols)
    themes: Mapping[str, GeoDataFrame] = field(default_factory=dict)
    context: Mapping[str, GeoDataFrame] = field(default_factory=dict)
    backdrop: Backdrop | None = None
    backdrop_kind: str = ""
    area: BaseGeometry | None = None
    groupings: Mapping[Grouping, GeoDataFrame] = field(default_factory=dict)
    sources: tuple[SourceUse, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def about(self) -> Mapping[str, Any]:
        """Title, date, status, issuer and words, as ``Network.about``."""
        return self.network.about

    @property
    def crs(self) -> str:
        """CRS of everything in it."""
        return self.network.crs

    def cite(self, uses: Iterable[str]) -> list[str]:
        """List the sources of what is drawn, each once, in their own order."""
        drawn = set(uses)
        sources = self.sources or tuple(
            SourceUse(str(source["label"]), str(source.get("licence") or ""))
            for source in self.about.get("sources") or ()
        )
        return list(
            dict.fromkeys(source.line for source in sources if not source.uses or source.uses & drawn)
        )
