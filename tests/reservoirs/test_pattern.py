"""Spatial pattern (MSPA)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bocage.errors import BocageError
from bocage.reservoirs.pattern import CLASSES, classify_pattern, summarise_pattern

LETTERS = {".": 0, "b": 1, "E": 3, "e": 35, "l": 67, "L": 65, "#": 17}
"""Codes of a picture: branch, edge, bridge and loop in an edge, loop, core."""

HARD = {
    "tail of two cells, by 4 neighbours": (
        4,
        1,
        """
        .......
        ...EEE.
        ..bE#E.
        ..bEEE.
        .......""",
    ),
    "ring beside two cores, of which the first is held": (
        8,
        1,
        """
        ........
        ...L....
        ..L.L...
        .Elll...
        .E##E...
        .EEeeEE.
        ...E##E.
        ...EEEE.
        ........""",
    ),
    "a corner is taken in the first step of widening": (
        8,
        2,
        """
        ...........
        .....lllEE.
        ....LlllEE.
        ..LL.ll#EE.
        ..L.LlllEE.
        .....lllEE.
        ...........""",
    ),
    "a corner is not taken from a cell that another reached": (
        8,
        2,
        """
        ...........
        ....LLb....
        ...L.L.....
        .bLLLL.....
        .LLLLL.....
        .LLLlllEE..
        .LLLlllEE..
        ..L.ll#EE..
        ...LlllEE..
        ....lllEE..
        ...........""",
    ),
    "no corner in the second step": (
        8,
        3,
        """
        ...........
        ..EElll.L..
        .EElllll.L.
        .EElllll.L.
        .EEE#lll.L.
        .EElllllL..
        .EElllll...
        ..EElll....
        ...........""",
    ),
}


def _noise(seed: int, share: float = 0.75) -> np.ndarray:
    image = np.zeros((40, 44), dtype=bool)
    image[3:-3, 3:-3] = np.random.default_rng(seed).random((34, 38)) < share
    image[8:16, 8:18] = True
    return image


def test_tiny_published_outputs(shared: Path) -> None:
    """Small images equal pyguidos 2.6.3, which shows transitions whatever it is asked."""
    cases = json.loads((shared / "cases/fragmentation/mspa_tiny.json").read_text())
    compared = 0
    for name, case in cases.items():
        image = np.array(case["input"]) == 2
        for key, expected in case["mspa"].items():
            connectivity, width, _, intext = map(int, key.split("_"))
            found = classify_pattern(
                image, connectivity=connectivity, edge_width=width, intext=bool(intext)
            ).codes
            assert np.array_equal(found, np.array(expected)), (name, key)
            compared += 1
    assert compared == 144


def test_published_landscape(shared: Path) -> None:
    """The example of GWB equals its published raster, and its documented figures."""
    rasterio = pytest.importorskip("rasterio")
    folder = shared / "cases/fragmentation/mspa_gwb"
    with rasterio.open(folder / "example.tif") as source:
        image = source.read(1)
    with rasterio.open(folder / "example_8_1_1_1.tif") as source:
        expected = source.read(1)
    pattern = classify_pattern(image == 2, nodata=image == 0)
    assert np.array_equal(pattern.codes, expected)
    summary = summarise_pattern(pattern)
    assert summary.cells == {
        "core": 321767, "islet": 13956, "perforation": 9280, "edge": 57996,
        "loop": 2552, "bridge": 6105, "branch": 16834,
    }  # fmt: skip
    assert summary.share["core"] == pytest.approx(75.0932, abs=5e-5)
    assert summary.porosity == pytest.approx(1.5006, abs=5e-5)
    assert summary.integral_foreground == 485606
    assert (summary.core_opening, summary.border_opening, summary.missing) == (5927, 51189, 270)
    objects = dict(summary.objects)
    del objects["edge"]  # 887 where GWB's page says 890, of the same cells
    assert objects == {
        "core": 1196, "islet": 2429, "perforation": 423, "loop": 541, "bridge": 765,
        "branch": 4685, "core-opening": 717, "border-opening": 1574,
    }  # fmt: skip


def test_published_landscape_of_wider_edge(shared: Path) -> None:
    """With an edge of two cells too the example of GWB equals the output of pyguidos 2.6.3, to the cell."""
    rasterio = pytest.importorskip("rasterio")
    folder = shared / "cases/fragmentation/mspa_gwb"
    with rasterio.open(folder / "example.tif") as source:
        image = source.read(1)
    with rasterio.open(folder / "example_8_2_1_1.tif") as source:
        expected = source.read(1)
    assert np.array_equal(classify_pattern(image == 2, edge_width=2, nodata=image == 0).codes, expected)


@pytest.mark.parametrize("name", HARD)
def test_hard_cases(name: str) -> None:
    """Outputs of pyguidos 2.6.3 for the smallest images found that tell its rules apart."""
    connectivity, width, picture = HARD[name]
    expected = np.array([[LETTERS[letter] for letter in row] for row in picture.split()])
    found = classify_pattern(expected > 0, connectivity=connectivity, edge_width=width, intext=False).codes
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(("connectivity", "alone"), [(8, 220), (4, 0)])
def test_ways_out_at_a_corner(connectivity: int, alone: int) -> None:
    """Ground in the image's corner is out by itself by 4 neighbours, with a second cell by 8 (pyguidos)."""
    image = np.ones((30, 30), dtype=bool)
    image[2:28, 2:28] = False
    image[5:20, 5:20] = True
    image[0, 0] = False
    assert classify_pattern(image, connectivity=connectivity).codes[0, 0] == alone
    image[0, 1] = False
    assert classify_pattern(image, connectivity=connectivity).codes[0, 0] == 0


def test_bridge_by_hand() -> None:
    """Two blocks of 5 x 5 joined by a line: rims of one cell, the line bridge, its ends in the rims 35."""
    image = np.zeros((7, 17), dtype=bool)
    image[1:6, 1:6] = image[1:6, 11:16] = True
    image[3, 6:11] = True
    row = [0, 3, 17, 17, 17, 35, 33, 33, 33, 33, 33, 35, 17, 17, 17, 3, 0]
    assert classify_pattern(image).codes[3].tolist() == row
    closed = classify_pattern(image, transition=False).codes[3].tolist()
    assert closed == [3 if code == 35 else code for code in row]


def test_hole_and_island_by_hand() -> None:
    """A hole is core opening with a perforation round it; a block inside it is internal core with an edge."""
    image = np.ones((21, 21), dtype=bool)
    image[5:16, 5:16] = False
    image[8:13, 8:13] = True
    codes = classify_pattern(image).codes
    assert codes[10].tolist() == [17] * 4 + [105] + [100] * 3 + [103, 117, 117, 117, 103] + [100] * 3 + [
        105, 17, 17, 17, 17
    ]  # fmt: skip
    assert classify_pattern(image, intext=False).codes[10, 4] == 5


def test_double_dead_end() -> None:
    """Output of pyguidos 2.6.3: the way over the stem is kept where the stem itself can go."""
    image = np.zeros((11, 27), dtype=bool)
    image[2:9, 2:9] = image[2:9, 18:25] = True
    image[5, 9:18] = True
    image[3:5, 12] = True
    codes = classify_pattern(image, intext=False).codes
    assert codes[3:6, 9:18].tolist() == [
        [0, 0, 0, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 33, 0, 0, 0, 0, 0],
        [33, 33, 33, 1, 33, 33, 33, 33, 33],
    ]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_turning_the_image_turns_the_pattern(turns: int, mirrored: bool) -> None:
    """By 8 neighbours and an edge of one cell no class depends on the order of the cells."""
    image = _noise(turns)
    turned = np.ascontiguousarray(np.rot90(image[:, ::-1] if mirrored else image, turns))
    codes = classify_pattern(image).codes
    assert np.array_equal(
        classify_pattern(turned).codes, np.rot90(codes[:, ::-1] if mirrored else codes, turns)
    )


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("edge_width", [1, 2, 5])
def test_classes_share_out_the_foreground(connectivity: int, edge_width: int) -> None:
    """Every cell of foreground has one class, and cores are as far from background as they must be."""
    from scipy import ndimage

    image = _noise(3, 0.93)
    pattern = classify_pattern(image, connectivity=connectivity, edge_width=edge_width)
    assert np.array_equal(sum(pattern.where(name).astype(int) for name in CLASSES), image.astype(int))
    far = ndimage.distance_transform_edt(image) >= edge_width + 1
    assert np.array_equal(pattern.where("core"), far)


def test_bad_input_is_said() -> None:
    """Wrong shapes and parameters are refused."""
    image = np.ones((3, 3), dtype=bool)
    for wrong in (
        {"connectivity": 6}, {"edge_width": 0}, {"edge_width": 255}, {"nodata": np.zeros((2, 3), dtype=bool)}
    ):  # fmt: skip
        with pytest.raises(BocageError):
            classify_pattern(image, **wrong)  # type: ignore[arg-type]
    with pytest.raises(BocageError, match="shape"):
        classify_pattern(np.ones(4, dtype=bool))
