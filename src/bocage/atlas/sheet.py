"""The sheet of a commune: composed as a page's sources, then written as a georeferenced, tagged PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from bocage.atlas.body import MapBody, draw_body
from bocage.atlas.commune import Commune, find_commune
from bocage.atlas.content import Content
from bocage.atlas.document import DocumentInfo, draw_pages, set_document
from bocage.atlas.furniture import lay_legend, lay_scale_bar, place_coordinates, read_logo
from bocage.atlas.layout import Layout, choose_layout
from bocage.atlas.locator import draw_locator, name_surroundings
from bocage.atlas.page import Georeference, Page
from bocage.atlas.series import SheetSpec
from bocage.atlas.themes import Drawn, select_drawn
from bocage.atlas.words import (
    LegendRow,
    describe_locator,
    describe_map,
    read_date,
    write_explanation,
    write_legend,
    write_scale,
    write_sources,
    write_status,
    write_title_block,
)
from bocage.cartography.frame import MapFrame
from bocage.cartography.labels import PlacedLabel
from bocage.cartography.scale import fit_frame
from bocage.errors import InputError
from bocage.wording import say

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from bocage.connectivity.communes_figures import CommuneFigures
    from bocage.journal import Journal

_MARGIN = 0.06
_SLIVER = 0.005


@dataclass(frozen=True)
class Sheet:
    """A composed sheet, ready to be set.

    Attributes
    ----------
    page : Page
        What the page template reads.
    info : DocumentInfo
        What a document of this sheet alone says of itself.
    spec : SheetSpec
    commune : Commune
    layout : Layout
    frame : MapFrame
        Ground that the map shows.
    drawn : mapping of symbol key to Drawn
        What the map shows of each theme.
    labels : tuple of PlacedLabel
        The names on the map.
    legend : tuple of LegendRow
    description : str
        What the map shows, in words.
    """

    page: Page
    info: DocumentInfo
    spec: SheetSpec
    commune: Commune
    layout: Layout
    frame: MapFrame
    drawn: Mapping[str, Drawn]
    labels: tuple[PlacedLabel, ...]
    legend: tuple[LegendRow, ...]
    description: str

    def to_pdf(self) -> bytes:
        """Set the sheet alone as a PDF/UA-1 that a GIS opens in place; the same bytes each time."""
        return set_document([self.page], self.info)

    def to_png(self, dpi: float = 110.0) -> bytes:
        """Set the sheet as a picture."""
        return draw_pages([self.page], self.info, dpi=dpi)[0]


def compose_sheet(
    content: Content,
    insee: str,
    spec: SheetSpec | None = None,
    *,
    number: int = 1,
    total: int = 1,
    sheet_format: str = "a4",
    orientation: str = "auto",
    language: str = "fr",
    figures: CommuneFigures | None = None,
    journal: Journal | None = None,
) -> Sheet:
    """Compose a sheet of a commune: choose page, scale and objects, draw the map, write the words.

    Parameters
    ----------
    content : Content
        Its ``about`` holds date, status, scale, issuer, sources. The ``sheet`` table there may replace
        the words of the sheet: ``map_kind``, ``map_title``, ``plan_title``, ``purpose``, ``commune_of``,
        ``number`` and ``total`` of the series, ``explanation`` (paragraphs), ``explanation_title``,
        ``lineage``, ``adoption``, ``nota`` (pairs of term and meaning), ``nota_title``.
    insee : str
        INSEE code of the commune; never a postcode.
    spec : SheetSpec, optional
        Which sheet of the series; the continuities by default.
    number, total : int
        Its place in the series, « CARTE : 1/4 ».
    sheet_format : {"a4", "a3"}
    orientation : {"auto", "portrait", "landscape"}
        ``auto``: the one that shows the commune larger.
    language : {"fr", "en"}
    figures : CommuneFigures, optional
        Of the commune; the legend then says what they say. Without them it measures by itself.
    journal : Journal, optional
        Told when a commune was given in several objects.

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
    spec = SheetSpec() if spec is None else spec
    about = content.about
    commune = find_commune(content.communes, insee, journal=journal)
    layout, _ = choose_layout(commune.outline.bounds, sheet_format, orientation, margin=_MARGIN)
    frame = fit_frame(commune.outline.bounds, layout.map.w, layout.map.h, margin=_MARGIN)
    drawn = select_drawn(content, spec, frame, commune.outline, figures)
    coordinates = place_coordinates(frame, layout.unit, language)
    # Only the network is looked for in the study area; inventories come as they are.
    area = content.area if spec.network_themes else None
    outside, share = _find_outside(area, commune, frame)
    body = draw_body(
        frame,
        content,
        drawn,
        commune,
        crosses=coordinates["crosses"],
        unit=layout.unit**0.5,
        outside=outside,
    )
    background = content.backdrop_kind if body.has_background else ""
    legend = write_legend(
        content,
        spec,
        drawn,
        body.base_map,
        language,
        background=background,
        outside=None if outside is None else share,
    )
    description = describe_map(content, spec, commune, frame, drawn, body.neighbours, language, outside=share)
    around = name_surroundings(content, commune)
    locator_h = layout.locator.h - (9.5 if around else 6.5) * layout.unit
    locator = draw_locator(content, commune, frame, layout.locator.w, locator_h)
    files = {"map.svg": body.svg.encode(), "locator.svg": locator.encode()}
    title = write_title_block(about, spec, commune, language, number=number, total=total)
    data = {
        "layout": layout.as_data(),
        "title": title,
        "logo": read_logo(about, language, files),
        "colon": say("atlas.colon", language),
        "status": write_status(about, spec, language),
        "map": {"alt": description, **coordinates},
        "scale": {
            **write_scale(about, spec, frame, sheet_format, language),
            "bar": lay_scale_bar(frame, layout, language),
        },
        "legend": lay_legend(legend, content.symbols, layout, language, files),
        "explanation": write_explanation(about, spec, language),
        "locator": {
            "title": say("atlas.locator_title", language),
            "h": locator_h,
            "names": " · ".join(around),
            "alt": describe_locator(content, commune, around, language),
        },
        "sources": write_sources(content, list_uses(drawn, body, background), language),
    }
    page = Page(
        "sheet",
        data,
        files,
        title["bookmark"],
        Georeference(frame, layout.map, layout.height, content.crs),
    )
    info = DocumentInfo(
        title["document_title"],
        read_date(about),
        title["document_description"],
        language,
        tuple(line["text"] for line in title["issuer"] if line["key"] == "directorate"),
        (commune.name, commune.insee, title["map_title"]),
    )
    return Sheet(page, info, spec, commune, layout, frame, drawn, body.labels, tuple(legend), description)


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


def list_uses(drawn: Mapping[str, Drawn], body: MapBody, background: str) -> set[str]:
    """Say what the sheet draws, in the words of the sources' uses."""
    uses = {found.symbol.theme or key for key, found in drawn.items() if len(found.objects)}
    base = {"road_main": "roads", "road": "roads", "railway": "railways", "river": "watercourses_base"}
    uses |= {base[key] for key in body.base_map if key in base}
    uses.add("communes")
    if background:
        uses |= {"background", *background.split("_")}
    return uses


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
