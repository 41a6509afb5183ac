"""Coordinate reference systems of inputs: named, compared, and required to be in metres."""

from __future__ import annotations

from typing import Any

import pyproj

from bocage.errors import CRSError
from bocage.grid import Bounds


def require_projected(crs: str) -> pyproj.CRS:
    """Give the CRS of a study, which must be projected.

    Raises
    ------
    CRSError
        If ``crs`` is unknown or in degrees.
    """
    try:
        target = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        raise CRSError(
            f'crs = "{crs}" is no coordinate reference system; write a code as "EPSG:2154".'
        ) from error
    if not target.is_projected:
        raise CRSError(
            f'crs = "{crs}" ({target.name}) is in degrees, and the study needs metres; '
            'choose a projected system, as "EPSG:2154" in metropolitan France or the local UTM zone.'
        )
    return target


def name_crs(crs: Any) -> str:
    """Name a CRS as people write it.

    >>> name_crs(pyproj.CRS.from_wkt(pyproj.CRS.from_epsg(2154).to_wkt()))
    'EPSG:2154'
    """
    crs = pyproj.CRS.from_user_input(crs)
    authority = crs.to_authority(min_confidence=70)
    return ":".join(authority) if authority else str(crs.name)


def flatten_crs(crs: pyproj.CRS) -> pyproj.CRS:
    """Leave out the vertical part of a CRS.

    >>> flatten_crs(pyproj.CRS.from_user_input("EPSG:2154+5720")).to_epsg()
    2154
    """
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    return crs.to_2d()


def is_same_place(source: pyproj.CRS, target: pyproj.CRS) -> bool:
    """Tell whether coordinates of ``source`` are those of ``target``, whatever the two are called."""
    return bool(
        source.equals(target, ignore_axis_order=True)
        or (source.to_epsg() is not None and source.to_epsg() == target.to_epsg())
        # As for the .prj that ArcGIS writes for Lambert-93, which has another name and datum label.
        or "noop" in pyproj.Transformer.from_crs(source, target, always_xy=True).definition
    )


def transform_bounds(bounds: Bounds, source: pyproj.CRS, target: pyproj.CRS) -> Bounds:
    """Give bounds in ``target`` that hold all of ``bounds`` in ``source``, with a margin of 1 %."""
    transformer = pyproj.Transformer.from_crs(flatten_crs(source), flatten_crs(target), always_xy=True)
    west, south, east, north = transformer.transform_bounds(*bounds, densify_pts=51)
    # Edges bend between the points that were transformed.
    margin = 0.01 * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin
