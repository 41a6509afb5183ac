"""The page that sums up a study or a layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from bocage.errors import InputError
from bocage.study.describe import describe_path


def test_study(territory: Path) -> None:
    """Layers with counts, grid, sub-networks with dispersal costs, and what will be mapped."""
    told = describe_path(territory / "study.toml")

    assert told.startswith("Essai\n  datée du 2026-05-04, statut\u00a0: étude\n")
    assert "200 ha, 2 commune(s), EPSG:2154" in told
    assert "130 × 80 cellules de 20 m" in told.replace("\u202f", " ")
    assert "4 objet(s), lignes, EPSG:2154 (layers.gpkg, routes)" in told
    assert "coût de dispersion 200" in told
    assert "haies                     non fournie" in told


def test_language(territory: Path) -> None:
    """Another language than the study's may be asked for."""
    assert "2 communes, EPSG:2154" in describe_path(territory / "study.toml", language="en")


def test_mistakes_are_told_in_place(territory: Path) -> None:
    """A missing layer does not stop the page: it is told where the layer would be."""
    path = territory / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"clc.tif"', '"none.tif"'), encoding="utf-8")

    told = describe_path(path)

    assert "! there is no file" in told.replace("raster: ", "")
    assert "cours d’eau" in told


def test_what_lacks(territory: Path) -> None:
    """Without land cover, the page says that nothing is computed and what each theme needs."""
    path = territory / "study.toml"
    text = path.read_text(encoding="utf-8")
    bare = text[: text.index("[[landcover]]")] + text[text.index("[layers.communes]") :]
    # Without a nomenclature no code has a meaning.
    path.write_text(bare.replace(", 313", "").replace('"313"', "heath"), encoding="utf-8")

    told = describe_path(path, language="en")

    assert "nothing will be computed on the grid: a land cover lacks" in told
    assert "data not given (needs a land cover and sub-networks)" in told


def test_layers_and_rasters(territory: Path) -> None:
    """Any vector file or raster can be asked about."""
    layers = describe_path(territory / "layers.gpkg", language="en")
    raster = describe_path(territory / "clc.tif", language="en")

    assert "communes\n  2 object(s), polygons, EPSG:2154" in layers
    assert "columns: insee, nom" in layers
    assert "values: 211, 311, 313" in raster


def test_missing_file(tmp_path: Path) -> None:
    """A file that does not exist is told."""
    with pytest.raises(InputError, match="there is no file"):
        describe_path(tmp_path / "none.gpkg")
