"""Written into a PDF with pikepdf: where on earth each of its maps lies, and its bookmarks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from bocage.atlas.page import Georeference, Page

_POINTS_PER_MM = 72.0 / 25.4


def stamp_pages(pdf: bytes, pages: Sequence[Page]) -> bytes:
    """Write into a PDF where its maps lie on earth, and bookmarks of its pages.

    Adds to each map's page the viewport with geographic measure of ISO 32000-2, 12.10: corners of the map
    in longitude and latitude, and the projected CRS by EPSG code and WKT, so that a GIS opens it in place.
    Structure and tags stay as they are.

    Parameters
    ----------
    pdf : bytes
    pages : sequence of Page
        What it was set from: those with a georeference fill one sheet of paper each and come first.

    Returns
    -------
    bytes
        The same for the same input.
    """
    from pikepdf import OutlineItem, Pdf

    with Pdf.open(io.BytesIO(pdf)) as document:
        for number, page in enumerate(pages):
            if page.georeference is not None:
                document.pages[number].obj.VP = _write_viewport(page.georeference)
        with document.open_outline() as outline:
            outline.root.clear()
            outline.root.extend(
                OutlineItem(page.title, number) for number, page in enumerate(pages) if page.title
            )
        stamped = io.BytesIO()
        document.save(stamped, deterministic_id=True)
    return stamped.getvalue()


def _write_viewport(place: Georeference) -> Any:
    from pikepdf import Array, Dictionary, Name, String

    box = place.box
    left, top = box.x * _POINTS_PER_MM, (place.page_height - box.y) * _POINTS_PER_MM
    right, bottom = left + box.w * _POINTS_PER_MM, top - box.h * _POINTS_PER_MM
    wkt, code = _describe_crs(place.crs)
    plane: dict[str, Any] = {"/Type": Name.PROJCS, "/WKT": String(wkt)}
    if code is not None:
        plane["/EPSG"] = code
    unit_square = [0, 0, 0, 1, 1, 1, 1, 0]
    return Array(
        [
            Dictionary(
                Type=Name.Viewport,
                Name=String("map"),
                BBox=Array([round(value, 4) for value in (left, bottom, right, top)]),
                Measure=Dictionary(
                    Type=Name.Measure,
                    Subtype=Name.GEO,
                    Bounds=Array(unit_square),
                    GPTS=Array([Decimal(f"{value:.9f}") for value in _find_corners(place)]),
                    LPTS=Array(unit_square),
                    GCS=Dictionary(plane),
                ),
            )
        ]
    )


def _find_corners(place: Georeference) -> list[float]:
    """Give latitude and longitude of the corners, counter-clockwise from the lower left one [degrees]."""
    west, south, east, north = place.frame.bounds
    eastings, northings = np.array([west, west, east, east]), np.array([south, north, north, south])
    longitude, latitude = _to_geographic(place.crs).transform(eastings, northings)
    return [float(value) for pair in zip(latitude, longitude, strict=True) for value in pair]


@lru_cache(maxsize=4)
def _describe_crs(crs: str) -> tuple[str, int | None]:
    from pyproj import CRS

    system = CRS.from_user_input(crs)
    return system.to_wkt("WKT1_ESRI"), system.to_epsg()


@lru_cache(maxsize=4)
def _to_geographic(crs: str) -> Any:
    from pyproj import CRS, Transformer

    system = CRS.from_user_input(crs)
    geographic = system.geodetic_crs
    assert geographic is not None
    return Transformer.from_crs(system, geographic, always_xy=True)
