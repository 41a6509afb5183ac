"""Small networks and layers in which every obstacle can be found by hand."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas
import pytest
import shapely

CRS = "EPSG:2154"


class Scene:
    """Builders of tables of the network and of prepared layers."""

    @staticmethod
    def corridors(*axes: Sequence, width_m: float = 100.0, subnetworks: Sequence[str] = ()):
        """Make surfaces and axes of corridors numbered from 1; axes carry identifiers of their own."""
        count = len(axes)
        columns = {
            "subnetwork": list(subnetworks) or ["boise"] * count,
            "number": list(range(1, count + 1)),
        }
        lines = [shapely.LineString(axis) for axis in axes]
        surfaces = [line.buffer(width_m, cap_style="flat") for line in lines]
        return (
            geopandas.GeoDataFrame(
                {"id": [f"FR00CS{i + 1}" for i in range(count)], **columns}, geometry=surfaces, crs=CRS
            ),
            geopandas.GeoDataFrame(
                {"id": [f"FR00CL{i + 1}" for i in range(count)], **columns}, geometry=lines, crs=CRS
            ),
        )

    @staticmethod
    def lines(*lines: tuple, width_m: float = 10.0):
        """Make a layer of (ground, name, coordinates)."""
        return geopandas.GeoDataFrame(
            {"ground": [line[0] for line in lines], "name": [line[1] for line in lines], "width_m": width_m},
            geometry=[shapely.LineString(line[2]) for line in lines],
            crs=CRS,
        )

    @staticmethod
    def table(geometries: Sequence, **columns):
        """Make any layer from geometries and columns."""
        return geopandas.GeoDataFrame(columns, geometry=list(geometries), crs=CRS)


@pytest.fixture
def scene() -> type[Scene]:
    """Builders of a scene."""
    return Scene
