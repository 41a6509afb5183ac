"""A GIS opens the sheets in place: GDAL reads their registration back."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bocage.atlas import compose_sheet
from tests.atlas.networks import ABOUT_VALLEY, make_content, make_valley


@pytest.mark.skipif(shutil.which("gdalinfo") is None, reason="gdalinfo (gdal-bin) is not installed")
@pytest.mark.parametrize("sheet_format", ["a4", "a3"])
@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
def test_gdal_reads_the_registration(tmp_path: Path, sheet_format: str, orientation: str) -> None:
    """The ground at the corners of the map is that of its frame, to a metre, and the CRS is Lambert-93."""
    network, communes = make_valley()
    content = make_content(network, communes, ABOUT_VALLEY)
    sheet = compose_sheet(content, "99005", sheet_format=sheet_format, orientation=orientation)
    path = tmp_path / "feuille.pdf"
    path.write_bytes(sheet.to_pdf())

    said = subprocess.run(["gdalinfo", "-json", str(path)], capture_output=True, text=True, check=True)
    info = json.loads(said.stdout)

    assert "Lambert-93" in info["coordinateSystem"]["wkt"]
    west, step, _, north, _, down = info["geoTransform"]
    # GDAL gives the ground of the whole page; the map stands on it where the layout says.
    width, height = info["size"]
    layout, frame = sheet.layout, sheet.frame
    left, top = layout.map.x / layout.width * width, layout.map.y / layout.height * height
    right = (layout.map.x + layout.map.w) / layout.width * width
    bottom = (layout.map.y + layout.map.h) / layout.height * height
    found = np.array([west + left * step, north + bottom * down, west + right * step, north + top * down])
    np.testing.assert_allclose(found, frame.bounds, atol=1.0)
