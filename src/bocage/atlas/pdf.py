"""From a page's sources to the file: typst sets the page, pikepdf writes where on earth its map lies."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bocage.atlas.layout import Box, Layout
from bocage.cartography.frame import MapFrame

_POINTS_PER_MM = 72.0 / 25.4


def render_pdf(sources: Mapping[str, bytes], date: datetime.date) -> bytes:
    """Set a page as PDF/UA-1, dated by the study and not by the clock.

    Parameters
    ----------
    sources : mapping of file name to content
        Of what the template reads: ``page.json``, ``map.svg`` ...
    date : datetime.date

    Returns
    -------
    bytes
    """
    return _compile(sources, date, format="pdf", pdf_standards="ua-1")


def render_png(sources: Mapping[str, bytes], date: datetime.date, *, dpi: float = 110.0) -> bytes:
    """Set a page as a picture."""
    return _compile(sources, date, format="png", ppi=dpi)


def find_picture_fault(name: str, data: bytes) -> str:
    """Tell why a picture cannot be set on a page; nothing when it can.

    Parameters
    ----------
    name : str
        Ends in the suffix of its format.
    data : bytes

    Returns
    -------
    str
        The setter's words; empty when the picture is sound.
    """
    import typst

    try:
        _set({"main.typ": f'#image("{name}")'.encode(), name: data}, format="svg", font_paths=_fonts())
    except typst.TypstError as error:
        return str(error).removesuffix(".")
    return ""


def stamp_geography(pdf: bytes, frame: MapFrame, box: Box, page: Layout, crs: str) -> bytes:
    """Write into a PDF where its map lies on earth, so that a GIS opens it in place.

    Adds the viewport with geographic measure of ISO 32000-2, 12.10: corners of the map in longitude
    and latitude, and the projected CRS by EPSG code and WKT. Structure and tags stay as they are.

    Parameters
    ----------
    pdf : bytes
    frame : MapFrame
    box : Box
        Where the map stands on the page.
    page : Layout
    crs : str
        Of the frame's coordinates.

    Returns
    -------
    bytes
        The same for the same input.
    """
    from pikepdf import Array, Dictionary, Name, Pdf, String
    from pyproj import CRS, Transformer

    system = CRS.from_user_input(crs)
    geographic = system.geodetic_crs
    assert geographic is not None
    west, south, east, north = frame.bounds
    eastings, northings = np.array([west, west, east, east]), np.array([south, north, north, south])
    longitude, latitude = Transformer.from_crs(system, geographic, always_xy=True).transform(
        eastings, northings
    )
    corners = [float(value) for pair in zip(latitude, longitude, strict=True) for value in pair]
    left, top = box.x * _POINTS_PER_MM, (page.height - box.y) * _POINTS_PER_MM
    right, bottom = left + box.w * _POINTS_PER_MM, top - box.h * _POINTS_PER_MM
    plane: dict[str, Any] = {"/Type": Name.PROJCS, "/WKT": String(system.to_wkt("WKT1_ESRI"))}
    code = system.to_epsg()
    if code is not None:
        plane["/EPSG"] = code
    unit_square = [0, 0, 0, 1, 1, 1, 1, 0]
    with Pdf.open(io.BytesIO(pdf)) as document:
        document.pages[0].obj.VP = Array(
            [
                Dictionary(
                    Type=Name.Viewport,
                    Name=String("map"),
                    BBox=Array([round(value, 4) for value in (left, bottom, right, top)]),
                    Measure=Dictionary(
                        Type=Name.Measure,
                        Subtype=Name.GEO,
                        Bounds=Array(unit_square),
                        GPTS=Array([Decimal(f"{value:.9f}") for value in corners]),
                        LPTS=Array(unit_square),
                        GCS=Dictionary(plane),
                    ),
                )
            ]
        )
        stamped = io.BytesIO()
        document.save(stamped, deterministic_id=True)
    return stamped.getvalue()


def _compile(sources: Mapping[str, bytes], date: datetime.date, **settings: Any) -> bytes:
    moment = datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC)
    main = files("bocage.atlas").joinpath("sheet.typ").read_bytes()
    return _set(
        {**sources, "main.typ": main},
        font_paths=_fonts(),
        ignore_system_fonts=True,
        timestamp=int(moment.timestamp()),
        **settings,
    )


def _set(sources: Mapping[str, bytes], **settings: Any) -> bytes:
    """Set ``main.typ``, from files: sources given in memory can only be text, and a logo is not."""
    import typst

    with TemporaryDirectory(prefix="bocage-") as folder:
        for name, content in sources.items():
            Path(folder, name).write_bytes(content)
        compiled = typst.compile(str(Path(folder, "main.typ")), root=folder, **settings)
    assert isinstance(compiled, bytes)
    return compiled


@cache
def _fonts() -> Any:
    import typst

    with as_file(files("bocage.atlas").joinpath("fonts")) as folder:
        # Read once and kept: the folder may be a temporary one.
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])
