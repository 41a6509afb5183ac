"""Maps of the report: the whole network, one map a sub-network, the watercourses, and the legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.cartography.background import Background, render_background
from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import Label, LabelStyle, PlacedLabel, place_labels
from bocage.cartography.scale import choose_scale_bar
from bocage.cartography.svg import MapLayer, draw_map, draw_swatch, select_objects
from bocage.cartography.symbols import Hatch, Marker, Symbol, Symbols, load_symbols
from bocage.grid import Bounds
from bocage.network import Network, Table, Theme
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# The page shows about four pixels a millimetre of drawing. Symbols made for a sheet at arm's length are
# drawn finer, as a whole territory stands where the sheet has one commune.
OVERVIEW_MM = 250.0
SMALL_MM = 165.0
_MOST_LABELLED = 160
_MOST_OUTLINED = 250
_LIMIT = "#bdbbb0"
_LABEL = LabelStyle(size=2.7, colour="#33322c", halo="#ffffff", halo_width=0.8)


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A line of the legend: its drawing, its words, and what to say where nothing is drawn."""

    swatch: str
    label: str
    remark: str


@dataclass(frozen=True)
class MapMaker:
    """Draws the maps of one network, all of the same ground.

    Attributes
    ----------
    network : Network
    communes : GeoDataFrame or None
        Those of the study area.
    background : Background or None
    language : {"fr", "en"}
    """

    network: Network
    communes: GeoDataFrame | None
    background: Background | None
    language: str

    @property
    def bounds(self) -> Bounds | None:
        """Ground to show: the communes, or else all objects [m]; none where there is nothing."""
        frames = [self.communes] if _has_rows(self.communes) else list(self.network.tables.values())
        boxes = [frame.total_bounds for frame in frames if frame is not None and len(frame)]
        if not boxes:
            return None
        stacked = np.array(boxes)
        west, south = np.nanmin(stacked[:, :2], axis=0)
        east, north = np.nanmax(stacked[:, 2:], axis=0)
        # A single point still needs ground around it.
        margin = max(0.0, 500.0 - max(east - west, north - south) / 2)
        return (float(west - margin), float(south - margin), float(east + margin), float(north + margin))

    def draw_overview(self) -> str:
        """Draw the whole network, with the names of communes where there is room."""
        symbols = load_symbols()
        tables: list[Table] = [
            "corridor_s", "reservoir_s", "corridor_l", "reservoir_l", "cours_eau_l",
            "obstacle_s", "obstacle_l", "obstacle_p",
        ]  # fmt: skip
        layers = [layer for table in tables for layer in self._layers(table, symbols)]
        return self._draw(layers, symbols, OVERVIEW_MM, "overview", named=True)

    def draw_subnetwork(self, key: str, name: str) -> str:
        """Draw the reservoirs and corridors of a sub-network, and the obstacles that concern it."""
        symbols = load_symbols()
        tables: list[Table] = ["corridor_s", "reservoir_s", "corridor_l", "obstacle_l", "obstacle_p"]
        layers = [layer for table in tables for layer in self._layers(table, symbols, subnetwork=key)]
        return self._draw(layers, symbols, SMALL_MM, f"map-{key}", name=name)

    def draw_watercourses(self) -> str:
        """Draw the watercourses of the network by role."""
        symbols = load_symbols()
        layers = list(self._layers("cours_eau_l", symbols))
        name = say("report.watercourses", self.language)
        return self._draw(layers, symbols, SMALL_MM, "map-watercourses", name=name)

    def draw_legend(self) -> list[LegendEntry]:
        """Draw the lines of the legend: every theme, saying which had no data and which no object."""
        symbols = load_symbols()
        entries: list[LegendEntry] = []
        for number, (keys, theme) in enumerate(_LEGEND):
            drawn = [_draw_limit(symbols) if key == "neighbour" else symbols[key] for key in keys]
            first = drawn[0]
            table = self.network.tables[first.table] if first.table else None
            found = [select_objects(table, symbol) for symbol in drawn] if table is not None else []
            empty = theme is not None and not any(len(objects) for objects in found)
            remark = ""
            if theme is not None and not self.network.provided.get(theme, True):
                remark = say("report.not_provided", self.language)
            elif empty and first.key in _ALWAYS_SHOWN:
                remark = say("report.none", self.language)
            elif empty:
                continue
            if first.key == "neighbour" and not _has_rows(self.communes):
                continue
            fine = [_refine(symbol, 0.8) for symbol in drawn]
            swatch = draw_swatch(fine, 9.0, 5.0, key=f"legend-{number}")
            entries.append(LegendEntry(swatch, say(f"report.legend_{first.key}", self.language), remark))
        return entries

    def _layers(self, table: Table, symbols: Symbols, subnetwork: str | None = None) -> Sequence[MapLayer]:
        frame = self.network.tables[table]
        if subnetwork is not None and "subnetwork" in frame.columns:
            frame = frame[frame["subnetwork"] == subnetwork]
        elif subnetwork is not None:
            concerned = frame["subnetworks"].fillna("").astype(str)
            frame = frame[[subnetwork in _split(keys) for keys in concerned]]
        return [MapLayer(select_objects(frame, symbol), symbol) for symbol in symbols.of_table(table)]

    def _draw(
        self,
        layers: list[MapLayer],
        symbols: Symbols,
        width_mm: float,
        key: str,
        *,
        name: str = "",
        named: bool = False,
    ) -> str:
        bounds = self.bounds
        if bounds is None:
            return ""
        west, south, east, north = bounds
        height_mm = width_mm * min(max((north - south) / max(east - west, 1.0), 0.45), 1.25)
        frame = MapFrame.around(bounds, width_mm, height_mm, margin=0.03)
        fineness = _choose_fineness(frame.scale)
        drawn = [MapLayer(layer.objects, _refine(layer.symbol, fineness)) for layer in layers]
        placed: list[PlacedLabel] = []
        if self.communes is not None and _has_rows(self.communes):
            # Limits lie under the network: no commune is the subject of these maps.
            if named or len(self.communes) <= _MOST_OUTLINED:
                limit = _refine(_draw_limit(symbols), fineness)
                drawn.append(MapLayer(self.communes, limit))
            outline = replace(symbols["commune"], kind="polygon", fill=None, order=89)
            whole = shapely.union_all(shapely.make_valid(np.asarray(self.communes.geometry.array)))
            drawn.append(MapLayer([whole], _refine(outline, fineness * 0.8)))
            if named and len(self.communes) <= _MOST_LABELLED:
                placed = self._place_names(frame)
        image = render_background(self.background, frame) if self.background is not None else None
        title = say("report.map_title_subnetwork" if name else "report.map_title", self.language, name=name)
        svg = draw_map(
            frame,
            drawn,
            labels=placed,
            background=image,
            title=title,
            description=self._describe(layers),
            key=key,
        )
        return _resize(svg).removesuffix("</svg>\n") + _draw_scale_bar(frame, self.language) + "</svg>"

    def _place_names(self, frame: MapFrame) -> list[PlacedLabel]:
        assert self.communes is not None
        labels = [
            Label(str(name), geometry, _LABEL)
            for name, geometry in zip(self.communes["name"], self.communes.geometry, strict=True)
        ]
        return place_labels(labels, frame, avoid=list(self.network.tables["obstacle_p"].geometry))

    def _describe(self, layers: list[MapLayer]) -> str:
        """Say what a map shows, for those who hear it."""
        counts: dict[str, int] = {}
        for layer in layers:
            if layer.symbol.theme is not None and layer.symbol.table != "corridor_l":
                counts[layer.symbol.theme] = counts.get(layer.symbol.theme, 0) + len(layer.geometries)
        shown = [
            say(f"report.shown_{theme}", self.language, count=count)
            for theme, count in counts.items()
            if count
        ]
        return ", ".join(shown) or say("report.none", self.language)


_LEGEND: tuple[tuple[tuple[str, ...], Theme | None], ...] = (
    (("reservoir",), "reservoirs"),
    (("reservoir_to_restore",), "reservoirs"),
    (("reservoir_line",), "reservoirs"),
    (("corridor",), "corridors"),
    (("corridor_to_restore",), "corridors_to_restore"),
    (("watercourse_reservoir",), "watercourses"),
    (("watercourse_corridor",), "watercourses"),
    (("watercourse_both",), "watercourses"),
    (("watercourse",), "watercourses"),
    (("obstacle_point",), "obstacle_points"),
    (("obstacle_line",), "obstacle_lines"),
    (("obstacle_surface",), "obstacle_surfaces"),
    (("neighbour",), None),
)
_ALWAYS_SHOWN = frozenset(
    {"reservoir", "corridor", "corridor_to_restore", "obstacle_point", "obstacle_line", "obstacle_surface"}
)


def _choose_fineness(scale: float) -> float:
    """Draw finer where a map shows more ground.

    >>> _choose_fineness(80_000), _choose_fineness(1_000_000)
    (0.75, 0.4)
    """
    return round(min(max(0.6 * math.pow(150_000 / scale, 0.35), 0.4), 0.8), 2)


def _draw_limit(symbols: Symbols) -> Symbol:
    return replace(
        symbols["neighbour"], kind="polygon", fill=None, order=0, stroke=_LIMIT, dash=(), width=0.4
    )


def _refine(symbol: Symbol, factor: float) -> Symbol:
    """Draw a symbol finer: widths, dashes, hatches and markers."""
    return replace(
        symbol,
        width=symbol.width * factor,
        casing_width=symbol.casing_width * factor,
        dash=tuple(length * factor for length in symbol.dash),
        hatch=None
        if symbol.hatch is None
        else Hatch(
            symbol.hatch.angle,
            symbol.hatch.spacing * factor,
            symbol.hatch.width * factor,
            symbol.hatch.colour,
        ),
        marker=None if symbol.marker is None else Marker(symbol.marker.shape, symbol.marker.size * factor),
    )


def _resize(svg: str) -> str:
    """Let the page choose the size of a map: only its proportions stay."""
    opening, rest = svg.split(">", 1)
    kept = [part for part in opening.split(" ") if not part.startswith(("width=", "height="))]
    return " ".join(kept) + ">" + rest


def _draw_scale_bar(frame: MapFrame, language: str) -> str:
    bar = choose_scale_bar(frame.scale, frame.width_mm * 0.25)
    left, top = 5.0, frame.height_mm - 6.0
    size = 3.2 if frame.width_mm > 200 else 3.6
    end = bar.labels(language)[-1]
    return (
        f'<g fill="none" stroke="#33322c" stroke-width="0.35" transform="translate({left:g} {top:.2f})">'
        f'<path d="M-1.5 -6.5h{bar.length_mm + 16:.2f}v9h-{bar.length_mm + 16:.2f}z" fill="#ffffff" '
        f'fill-opacity="0.85" stroke="none"/><path d="M0 -1.6v1.6h{bar.length_mm:.2f}v-1.6"/>'
        f'<text x="{bar.length_mm + 1.2:.2f}" y="0.3" font-size="{size:g}" fill="#33322c" stroke="none" '
        f'font-family="system-ui, sans-serif">{end}</text></g>'
    )


def _has_rows(frame: Any) -> bool:
    return frame is not None and len(frame) > 0


def _split(keys: str) -> list[str]:
    return [key.strip() for key in keys.split(";")]
