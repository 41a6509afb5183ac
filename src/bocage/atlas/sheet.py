"""The sheet of a commune: composed as a page's sources, then written as a georeferenced, tagged PDF."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from bocage.atlas.body import draw_body, draw_locator
from bocage.atlas.commune import Commune, find_commune
from bocage.atlas.layout import Layout, choose_layout
from bocage.atlas.pdf import find_picture_fault, render_pdf, render_png, stamp_geography
from bocage.atlas.themes import select_drawn
from bocage.atlas.words import (
    LegendRow,
    describe_map,
    read_date,
    write_explanation,
    write_legend,
    write_scale,
    write_sources,
    write_status,
    write_title_block,
)
from bocage.cartography.background import Background, shade_land_cover
from bocage.cartography.frame import MapFrame
from bocage.cartography.scale import choose_scale_bar, choose_tick_interval, fit_frame, place_ticks
from bocage.cartography.svg import draw_swatch
from bocage.cartography.symbols import Symbols, load_symbols
from bocage.errors import InputError
from bocage.landcover import LandCover
from bocage.units import format_number
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

    from bocage.journal import Journal
    from bocage.network import Network

_MARGIN = 0.06
_SLIVER = 0.005
_LOGO_KINDS = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg", ".svg": "svg"}


@dataclass(frozen=True)
class Sheet:
    """A composed sheet, ready to be set.

    Attributes
    ----------
    sources : mapping of file name to bytes
        What the page template reads.
    layout : Layout
    frame : MapFrame
        Ground that the map shows.
    crs : str
    date : datetime.date
    legend : tuple of LegendRow
    description : str
        What the map shows, in words.
    """

    sources: Mapping[str, bytes]
    layout: Layout
    frame: MapFrame
    crs: str
    date: datetime.date
    legend: tuple[LegendRow, ...]
    description: str

    def to_pdf(self) -> bytes:
        """Set the sheet as a PDF/UA-1 that a GIS opens in place; the same bytes each time."""
        pdf = render_pdf(self.sources, self.date)
        return stamp_geography(pdf, self.frame, self.layout.map, self.layout, self.crs)

    def to_png(self, dpi: float = 110.0) -> bytes:
        """Set the sheet as a picture."""
        return render_png(self.sources, self.date, dpi=dpi)


def write_sheet(path: str | Path, sheet: Sheet, *, png: bool = False, dpi: float = 110.0) -> Path:
    """Write a sheet as a PDF, and as a picture beside it if asked.

    Parameters
    ----------
    path : path
        The PDF; its folder is made. Nothing half-written is left when something fails.
    sheet : Sheet
        From ``compose_sheet``.
    png : bool
        Write a picture too, under the same name ending in ``.png``.
    dpi : float
        Its resolution.

    Returns
    -------
    Path
        Of the PDF.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    from bocage.io.files import replace_on_success

    target = Path(path)
    with replace_on_success(target) as part:
        part.write_bytes(sheet.to_pdf())
    if png:
        with replace_on_success(target.with_suffix(".png")) as part:
            part.write_bytes(sheet.to_png(dpi))
    return target


def compose_sheet(
    *,
    network: Network,
    communes: GeoDataFrame,
    insee: str,
    about: Mapping[str, Any],
    sheet_format: str = "a4",
    orientation: str = "auto",
    language: str = "fr",
    background: Background | LandCover | None = None,
    context: Mapping[str, GeoDataFrame] | None = None,
    symbols: Symbols | None = None,
    journal: Journal | None = None,
    area: BaseGeometry | None = None,
) -> Sheet:
    """Compose the sheet of a commune: choose page, scale and objects, draw the map, write the words.

    Parameters
    ----------
    network : Network
    communes : GeoDataFrame
        Columns ``insee`` and ``name``, in the network's CRS; all of them, for neighbours and locator.
    insee : str
        INSEE code of the commune; never a postcode.
    about : mapping
        As ``Network.about``: date, status, scale, issuer, sources. Its ``sheet`` table may replace the
        words of the sheet: ``map_kind``, ``map_title``, ``plan_title``, ``purpose``, ``commune_of``,
        ``number`` and ``total`` of the series, ``explanation`` (paragraphs), ``explanation_title``,
        ``lineage``, ``adoption``, ``nota`` (pairs of term and meaning), ``nota_title``.
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}
        ``auto``: the one that shows the commune larger.
    language : {"fr", "en"}
    background : Background or LandCover, optional
        Land cover drawn faintly under the map; a LandCover takes the colours of its ground classes.
    context : mapping, optional
        Base map in the network's CRS: ``roads``, ``railways``, ``watercourses``, each with columns
        ``ground`` and ``name``.
    symbols : Symbols, optional
        Palette; bocage's own by default.
    journal : Journal, optional
        Told when a commune was given in several objects.
    area : geometry, optional
        The study area; ground outside it is hatched, and the legend says how much of the commune it is.

    Returns
    -------
    Sheet

    Raises
    ------
    InputError
        If the code, the date, the status, the format or the logo is not usable.
    """
    if language not in ("fr", "en"):
        raise InputError(f"The sheet's language is '{language}'; give 'fr' or 'en'.")
    palette = load_symbols() if symbols is None else symbols
    commune = find_commune(communes, insee, journal=journal)
    layout, _ = choose_layout(commune.outline.bounds, sheet_format, orientation, margin=_MARGIN)
    frame = fit_frame(commune.outline.bounds, layout.map.w, layout.map.h, margin=_MARGIN)
    drawn = select_drawn(network, palette, frame, commune.outline)
    shaded = shade_land_cover(background) if isinstance(background, LandCover) else background
    coordinates = _coordinates(frame, layout.unit, language)
    outside, share = _find_outside(area, commune, frame)
    body = draw_body(
        frame,
        commune,
        communes,
        drawn,
        palette,
        background=shaded,
        context=context,
        crosses=coordinates["crosses"],
        unit=layout.unit**0.5,
        outside=outside,
    )
    legend = write_legend(
        drawn,
        network.provided,
        body.base_map,
        language,
        background=body.has_background,
        outside=None if outside is None else share,
    )
    description = describe_map(
        commune, frame, drawn, network.provided, body.neighbours, language, outside=share
    )
    locator_h = layout.locator.h - 6.5 * layout.unit
    sources = {
        "map.svg": body.svg.encode(),
        "locator.svg": draw_locator(communes, commune, frame, layout.locator.w, locator_h).encode(),
    }
    swatch = (8.0 * layout.unit, 3.2 * layout.unit)
    rows = _legend_data(legend, palette, swatch, sources)
    logo = _read_logo(about, language, sources)
    title = write_title_block(about, commune, language)
    date = read_date(about)
    page = {
        "language": language,
        "layout": layout.as_data(),
        "date": [date.year, date.month, date.day],
        "author": [line["text"] for line in title["issuer"] if line["key"] == "directorate"],
        "keywords": [commune.name, commune.insee, title["map_title"]],
        "title": title,
        "logo": logo,
        "colon": say("atlas.colon", language),
        "status": write_status(about, language),
        "map": {"alt": description, **coordinates},
        "scale": {
            **write_scale(about, frame, sheet_format, language),
            "bar": _scale_bar(frame, layout, language),
        },
        "swatch": {"w": swatch[0], "h": swatch[1]},
        "legend": {
            "title": say("atlas.legend", language),
            "measure": say("atlas.in_commune", language),
            "rows": rows,
        },
        "explanation": write_explanation(about, language),
        "locator": {
            "title": say("atlas.locator_title", language),
            "h": locator_h,
            "alt": say(
                "atlas.alt_locator", language, name=commune.name, count=int(communes["insee"].nunique())
            ),
        },
        "sources": write_sources(about, network.crs, language),
    }
    sources["page.json"] = json.dumps(page, ensure_ascii=False, sort_keys=True).encode()
    return Sheet(sources, layout, frame, network.crs, date, tuple(legend), description)


def _find_outside(
    area: BaseGeometry | None, commune: Commune, frame: MapFrame
) -> tuple[BaseGeometry | None, float]:
    """Give the ground of the map outside the study area, and the share of the commune it takes."""
    if area is None:
        return None, 0.0
    outside = shapely.difference(shapely.box(*frame.grown(5.0)), area)
    share = float(shapely.intersection(outside, commune.outline).area / commune.outline.area)
    # Two outlines of one limit never quite agree.
    share = 0.0 if share < _SLIVER else 1.0 if share > 1 - _SLIVER else share
    seen = shapely.intersection(outside, shapely.box(*frame.bounds)).area
    if share == 0 and seen < _SLIVER * frame.width_mm * frame.height_mm * frame.metres_per_mm**2:
        return None, 0.0
    return outside, share


def _legend_data(
    legend: list[LegendRow], symbols: Symbols, size: tuple[float, float], sources: dict[str, bytes]
) -> list[dict[str, Any]]:
    rows = []
    for number, row in enumerate(legend):
        name = None
        if row.symbols:
            name = f"swatch-{number}.svg"
            drawn = sorted((symbols[key] for key in row.symbols), key=lambda symbol: symbol.order)
            if row.symbols == ("watercourse_to_restore",):
                # Its dashes are drawn upon a watercourse.
                drawn.insert(0, symbols["watercourse_reservoir"])
            sources[name] = draw_swatch(drawn, *size, key=f"swatch{number}").encode()
        rows.append({**asdict(row), "swatch": name})
    return rows


def _coordinates(frame: MapFrame, unit: float, language: str) -> dict[str, Any]:
    west, south, east, north = frame.bounds
    interval = choose_tick_interval(frame.scale, 38.0 * unit)
    metres = frame.metres_per_mm
    eastings: list[dict[str, Any]] = [
        {"at": round((value - west) / metres, 3), "label": format_number(value, 0, language)}
        for value in place_ticks(west, east, interval)
    ]
    northings: list[dict[str, Any]] = [
        {"at": round((north - value) / metres, 3), "label": format_number(value, 0, language)}
        for value in place_ticks(south, north, interval)
    ]
    clear = 3.0 * unit
    crosses = [
        (x["at"], y["at"])
        for x in eastings
        for y in northings
        if clear < x["at"] < frame.width_mm - clear and clear < y["at"] < frame.height_mm - clear
    ]
    return {"eastings": eastings, "northings": northings, "crosses": crosses}


def _scale_bar(frame: MapFrame, layout: Layout, language: str) -> dict[str, Any]:
    bar = choose_scale_bar(frame.scale, 52.0 * layout.unit)
    return {"division": bar.division_mm, "count": bar.count, "labels": list(bar.labels(language))}


def _read_logo(about: Mapping[str, Any], language: str, sources: dict[str, bytes]) -> dict[str, str] | None:
    issuer = about.get("issuer") or {}
    given = issuer.get("logo")
    if not given:
        return None
    path = Path(given)
    kind = _LOGO_KINDS.get(path.suffix.lower())
    if kind is None:
        raise InputError(f"The issuer's logo '{path.name}' is not a PNG, JPEG or SVG picture; convert it.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The issuer's logo '{path}' cannot be read ({error.strerror}); check [issuer] logo."
        ) from error
    name = f"logo.{kind}"
    fault = find_picture_fault(name, data)
    if fault:
        raise InputError(
            f"The issuer's logo '{path.name}' is not a picture that can be read ({fault}); "
            "export it again as PNG, JPEG or SVG."
        )
    sources[name] = data
    whose = issuer.get("directorate") or issuer.get("region") or path.stem
    return {"file": name, "alt": say("atlas.alt_logo", language, name=str(whose))}
