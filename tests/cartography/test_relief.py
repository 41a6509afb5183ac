"""Shaded relief: true to the light, nearly white on level ground, and kept within a palette."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bocage.cartography.background import Background, render_background
from bocage.cartography.frame import MapFrame
from bocage.cartography.relief import (
    FLAT_DARKNESS,
    TONES,
    choose_exaggeration,
    combine_backgrounds,
    measure_gradient,
    shade_relief,
)
from bocage.errors import CRSError
from bocage.grid import Grid

GRID = Grid(0.0, 900.0, 10.0, 90, 90)
ROWS, COLS = np.indices(GRID.shape)
EAST, NORTH = COLS * 10.0, -ROWS * 10.0


def tones(background: Background) -> np.ndarray:
    """Give the grey of each cell, 255 for white."""
    return np.asarray(background.colours[:, 0][background.codes], dtype=int)


def expected_tone(toward: float, slope: float, strength: float = 0.25) -> float:
    """Give the grey of a plane that rises ``toward`` the light, under a light 45 degrees high."""
    lit = max((1.0 - toward) / math.sqrt(1.0 + slope**2), 0.0)
    return 255.0 * (1.0 - strength * min(max(1.0 - (1.0 - FLAT_DARKNESS) * lit, 0.0), 1.0))


HALF_STEP = 255.0 * 0.25 / (TONES - 1) / 2 + 0.5


class TestGradient:
    """Tests of Horn's slope."""

    @pytest.mark.parametrize(("a", "b"), [(0.2, 0.0), (0.0, -0.3), (0.15, 0.1)])
    def test_plane(self, a: float, b: float) -> None:
        """A plane has the same slope everywhere, edges and corners too."""
        east, north = measure_gradient(a * EAST + b * NORTH, 10.0)

        assert np.allclose(east, a) and np.allclose(north, b)

    def test_weights(self) -> None:
        """In the middle of nine cells the weights are 1, 2, 1: worked by hand."""
        nine = np.array([[1.0, 2.0, 4.0], [0.0, 5.0, 7.0], [3.0, 1.0, 6.0]])

        east, north = measure_gradient(nine, 10.0)

        # ((4 + 2·7 + 6) - (1 + 2·0 + 3)) / 80 and ((1 + 2·2 + 4) - (3 + 2·1 + 6)) / 80.
        assert east[1, 1] == pytest.approx(20 / 80)
        assert north[1, 1] == pytest.approx(-2 / 80)

    def test_beside_unknown_ground(self) -> None:
        """A plane keeps its slope beside unknown cells, which stay unknown."""
        elevation = 0.2 * EAST + 0.1 * NORTH
        elevation[30:40, 50:52] = np.nan

        east, north = measure_gradient(elevation, 10.0)

        known = ~np.isnan(elevation)
        assert np.allclose(east[known], 0.2) and np.allclose(north[known], 0.1)
        assert np.isnan(east[~known]).all() and np.isnan(north[~known]).all()

    def test_lone_cell(self) -> None:
        """A cell without neighbours is level."""
        assert [float(part[0, 0]) for part in measure_gradient(np.array([[7.0]]), 10.0)] == [0.0, 0.0]


class TestShadeRelief:
    """Tests of the shade."""

    def test_level_ground(self) -> None:
        """Level ground has one shade, nearly white: strength times FLAT_DARKNESS darker."""
        seen = tones(shade_relief(np.full(GRID.shape, 60.0), GRID))

        assert len(np.unique(seen)) == 1
        assert seen[0, 0] == pytest.approx(255 * (1 - 0.25 * FLAT_DARKNESS), abs=HALF_STEP)
        assert seen[0, 0] >= 248

    @pytest.mark.parametrize(
        ("a", "b"), [(0.4, 0.0), (-0.4, 0.0), (0.0, 0.4), (0.0, -0.4), (0.3, -0.3), (-0.3, 0.3)]
    )
    def test_plane(self, a: float, b: float) -> None:
        """A plane has the shade of the cosine law: rising to the east or the south it faces the light."""
        seen = tones(shade_relief(a * EAST + b * NORTH, GRID, exaggeration=1.0))

        toward = (-a + b) / math.sqrt(2.0)
        assert len(np.unique(seen)) == 1
        assert seen[0, 0] == pytest.approx(expected_tone(toward, math.hypot(a, b)), abs=HALF_STEP)

    def test_light_from_the_side(self) -> None:
        """With the light in the east, a plane that rises westward is lit, one that rises eastward dark."""
        west, east = (
            tones(shade_relief(sign * 0.5 * EAST, GRID, azimuth=90.0, exaggeration=1.0))[5, 5]
            for sign in (-1, 1)
        )

        assert west == 255
        assert east == pytest.approx(expected_tone(0.5, 0.5), abs=HALF_STEP)

    def test_exaggeration(self) -> None:
        """Twice as high is the same as heights doubled."""
        hill = 100.0 * np.exp(-((EAST - 450) ** 2 + (NORTH + 450) ** 2) / 2e4)

        assert (
            shade_relief(hill, GRID, exaggeration=2.0).codes
            == shade_relief(2 * hill, GRID, exaggeration=1.0).codes
        ).all()

    def test_cone(self) -> None:
        """A cone is symmetric about the direction of the light, lit on its side and dark on the other."""
        cone = -0.5 * np.hypot(EAST - 445.0, NORTH + 445.0)

        seen = tones(shade_relief(cone, GRID, exaggeration=1.0))

        # The light comes along the main diagonal of the array.
        assert (seen == seen.T).all()
        assert seen[20, 20] == 255 and seen[70, 70] < 225
        assert seen[70, 70] == pytest.approx(expected_tone(0.5, 0.5), abs=HALF_STEP)

    def test_unknown_is_white(self) -> None:
        """Unknown ground is white, and changes no shade a cell further."""
        elevation = 0.3 * EAST
        elevation[10:20, 10:20] = np.nan

        seen = tones(shade_relief(elevation, GRID))

        assert (seen[10:20, 10:20] == 255).all()
        whole = tones(shade_relief(0.3 * EAST, GRID))
        assert (seen == whole)[np.isfinite(elevation)].all()
        assert (tones(shade_relief(np.full(GRID.shape, np.nan), GRID)) == 255).all()

    def test_blocks_do_not_show(self) -> None:
        """A relief of more rows than are shaded at a time has no seam."""
        grid = Grid(0.0, 6000.0, 10.0, 600, 3)
        wave = 20.0 * np.sin(np.arange(600) / 9.0)[:, None].repeat(3, axis=1)

        shaded = shade_relief(wave, grid, exaggeration=1.0)

        turned = shade_relief(wave[250:], Grid(0.0, 3500.0, 10.0, 350, 3), exaggeration=1.0)
        assert (shaded.codes[251:] == turned.codes[1:]).all()

    def test_chosen_exaggeration(self) -> None:
        """Plains are drawn higher, mountains as they are, nothing at all more than eight times."""
        assert choose_exaggeration(0.1 * EAST, 10.0) == pytest.approx(2.68, abs=0.01)
        assert choose_exaggeration(0.6 * EAST, 10.0) == 1.0
        assert choose_exaggeration(0.0 * EAST, 10.0) == 8.0
        assert choose_exaggeration(np.full(GRID.shape, np.nan), 10.0) == 1.0


class TestCombineBackgrounds:
    """Tests of relief over land cover."""

    COVER = Background(
        GRID,
        (COLS >= 45).astype(np.uint8),
        np.array([[200, 100, 50], [240, 250, 230]], dtype=np.uint8),
    )

    def test_multiplies(self) -> None:
        """The colour of a cell is the cover's times the shade; white shade changes nothing."""
        relief = shade_relief(0.4 * NORTH, GRID, exaggeration=1.0)
        shade = tones(relief)[0, 0] / 255.0

        both = combine_backgrounds(self.COVER, relief)

        seen = both.colours[both.codes].astype(int)
        assert np.abs(seen[3, 3] - np.array([200, 100, 50]) * shade).max() <= 2
        assert np.abs(seen[3, 80] - np.array([240, 250, 230]) * shade).max() <= 2
        plain = combine_backgrounds(self.COVER, shade_relief(np.full(GRID.shape, np.nan), GRID))
        assert (plain.colours[plain.codes] == self.COVER.colours[self.COVER.codes]).all()

    def test_finer_grid_wins(self) -> None:
        """A finer relief refines the grid; a coarser one is brought to the cover's, without squares."""
        fine = Grid(0.0, 900.0, 4.0, 225, 225)
        coarse = Grid(-100.0, 1000.0, 50.0, 22, 22)
        rows, cols = np.indices(coarse.shape)

        refined = combine_backgrounds(self.COVER, shade_relief(np.zeros(fine.shape), fine))
        hill = 300.0 * np.exp(-((rows - 11) ** 2 + (cols - 11) ** 2) / 30.0)
        kept = combine_backgrounds(self.COVER, shade_relief(hill, coarse, exaggeration=1.0))

        assert refined.grid == fine
        assert kept.grid == GRID
        left = kept.colours[kept.codes][:, :45, 0].astype(int)
        # A step of the coarse shade is spread over its five cells.
        assert np.abs(np.diff(left, axis=1)).max() <= 8

    def test_beyond_the_relief(self) -> None:
        """Where the relief does not reach, the land cover keeps its colour."""
        small = Grid(300.0, 600.0, 10.0, 30, 30)

        both = combine_backgrounds(self.COVER, shade_relief(np.zeros(small.shape), small))

        seen = both.colours[both.codes].astype(int)
        assert (seen[0, 0] == [200, 100, 50]).all()
        assert (seen[45, 40] < [200, 100, 50]).all()

    @pytest.mark.parametrize("count", [2, 30, 200, 300])
    def test_palette(self, count: int) -> None:
        """However many colours the land cover has, the picture has a palette or is no worse than before."""
        colours = np.stack(
            [np.arange(count) % 251, np.arange(count) // 2, np.arange(count) * 7 % 256], axis=1
        )
        codes = np.arange(GRID.size).reshape(GRID.shape) % count
        cover = Background(GRID, codes, colours.astype(np.uint8))

        both = combine_backgrounds(cover, shade_relief(40 * np.sin(EAST / 60) * np.cos(NORTH / 70), GRID))

        assert len(both.colours) <= max(256, count)

    def test_size_is_bounded(self) -> None:
        """A page of shaded land cover is a picture of at most 300 kB, the same each time."""
        chance = np.random.default_rng(3)
        grid = Grid(0.0, 10_000.0, 10.0, 1000, 1000)
        cover = Background(
            grid,
            chance.integers(0, 20, (50, 50)).repeat(20, axis=0).repeat(20, axis=1),
            chance.integers(180, 255, (20, 3)).astype(np.uint8),
        )
        rows, cols = np.indices(grid.shape)
        relief = shade_relief(40 * np.sin(rows / 17) * np.cos(cols / 23) + chance.random(grid.shape), grid)
        frame = MapFrame(0.0, 10_000.0, 50_000.0, 200.0, 200.0)

        first, second = (render_background(combine_backgrounds(cover, relief), frame) for _ in range(2))

        assert first is not None and len(first.data) <= 300_000
        assert first == second

    def test_other_crs(self) -> None:
        """A relief in another CRS is refused."""
        other = Grid(0.0, 900.0, 10.0, 90, 90, "EPSG:3035")

        with pytest.raises(CRSError, match="relief is in EPSG:3035 and the land cover in EPSG:2154"):
            combine_backgrounds(self.COVER, shade_relief(np.zeros(GRID.shape), other))
