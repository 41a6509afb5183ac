"""Lines inside elements, urbanised ground inside corridors, and absent layers."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from bocage.grid import Grid
from bocage.landcover import LandCover, Legend
from bocage.network import COLUMNS
from bocage.obstacles import find_obstacles
from bocage.obstacles.lines import clip_lines

FIELD, TOWN, VILLAGE, MOTORWAY, QUARRY = 1, 2, 3, 4, 5
LEGEND = Legend(
    ("", "clc", "clc", "clc", "bocage", "clc"),
    ("", "211", "111", "112", "motorway", "131"),
    ("", "Terres arables", "Tissu urbain continu", "Tissu urbain discontinu", "Autoroute", "Carrière"),
    ("", "arable", "urban_dense", "urban_sparse", "motorway", "quarry"),
)


def make_cover(*blocks: tuple[int, int, int, int, int]) -> LandCover:
    """Make fields of 100 by 100 cells, corner (0, 500), with blocks (code, row0, row1, col0, col1)."""
    codes = np.full((100, 100), FIELD, dtype=np.uint16)
    for code, row0, row1, col0, col1 in blocks:
        codes[row0:row1, col0:col1] = code
    return LandCover(Grid(0, 500, 10, 100, 100), codes, codes, LEGEND)


class TestLines:
    """Parts of infrastructure inside corridors and reservoirs."""

    def test_a_road_across_a_corridor_and_a_reservoir_is_one_line_each(self, scene):
        """A road of 1000 m has 200 m in the corridor, 100 m a side, and 100 m in the reservoir."""
        surfaces, _ = scene.corridors([(0, 0), (1000, 0)])
        reservoirs = scene.table([shapely.box(300, 300, 500, 400)], id=["FR00RS1"], subnetwork=["boise"])
        roads = scene.lines(("main_road", "D 999", [(400, -500), (400, 500)]))

        lines = find_obstacles(None, corridors_s=surfaces, reservoirs_s=reservoirs, roads=roads).lines

        assert list(lines.columns) == [*COLUMNS["obstacle_l"], "geometry"]
        assert lines["cuts"].tolist() == ["FR00RS1", "FR00CS1"]
        assert lines["length_m"].tolist() == [100.0, 200.0]
        assert lines["type"].tolist() == ["02", "02"]
        assert lines["evidence"][1] == (
            "200\u00a0m à l’intérieur de FR00CS1, largeur 10\u00a0m, "
            "aucun passage connu à moins de 150\u00a0m"
        )

    def test_stretches_of_one_name_are_one_line(self, scene):
        """Two stretches of the D 999 and one of the D 4: two lines, the first of 400 m in two parts."""
        surfaces, _ = scene.corridors([(0, 0), (1000, 0)])
        roads = scene.lines(
            ("main_road", "D 999", [(400, -500), (400, 500)]),
            ("main_road", "D 4", [(500, -500), (500, 500)]),
            ("main_road", "D 999", [(600, -500), (600, 500)]),
        )

        lines = find_obstacles(None, corridors_s=surfaces, roads=roads).lines.set_index("name")

        assert lines["length_m"].to_dict() == {"D 999": 400.0, "D 4": 200.0}
        assert shapely.get_num_geometries(lines.geometry["D 999"]) == 2

    def test_a_road_drawn_twice_counts_once(self, scene):
        """Two identical stretches make one length."""
        surfaces, _ = scene.corridors([(0, 0), (1000, 0)])
        road = ("railway", "", [(400, -500), (400, 500)])

        lines = find_obstacles(None, corridors_s=surfaces, railways=scene.lines(road, road)).lines

        assert lines["length_m"].tolist() == [200.0]

    def test_what_grazes_an_element_is_left_out(self, scene):
        """24 m inside are below the minimum of 25 m; along the border, nothing is inside."""
        surfaces, _ = scene.corridors([(0, 0), (1000, 0)])
        roads = scene.lines(
            ("motorway", "A", [(400, 76), (400, 500)]),
            ("motorway", "B", [(500, 75), (500, 500)]),
            ("motorway", "C", [(600, 100), (600, 500)]),
        )

        lines = find_obstacles(None, corridors_s=surfaces, roads=roads).lines

        assert lines["name"].tolist() == ["B"]

    def test_clipping_equals_the_overlay_by_brute_force(self):
        """Random lines cut by random boxes: the same lengths as one overlay at a time."""
        rng = np.random.default_rng(5)
        lines = np.array([shapely.LineString(rng.random((3, 2)) * 100) for _ in range(40)])
        boxes = np.array(
            [shapely.box(x, y, x + 30, y + 20) for x, y in rng.random((15, 2)) * 80]
            + [shapely.box(-1, -1, 200, 200)]
        )

        pieces, line, box = clip_lines(lines, boxes)

        found = {(i, j): length for i, j, length in zip(line, box, shapely.length(pieces), strict=True)}
        expected = {
            (i, j): a.intersection(b).length
            for i, a in enumerate(lines)
            for j, b in enumerate(boxes)
            if a.intersection(b).length > 0
        }
        assert found.keys() == expected.keys()
        assert all(found[key] == pytest.approx(expected[key]) for key in expected)


class TestSurfaces:
    """Urbanised ground inside corridors."""

    def test_a_town_is_clipped_to_the_corridor(self, scene):
        """A town of 200 by 400 m across a corridor 200 m wide: 4 ha of it inside."""
        surfaces, _ = scene.corridors([(0, 0), (1000, 0)])
        cover = make_cover((TOWN, 30, 70, 30, 50))

        found = find_obstacles(cover, corridors_s=surfaces).surfaces

        assert list(found.columns) == [*COLUMNS["obstacle_s"], "geometry"]
        (row,) = found.to_dict("records")
        assert (row["type"], row["type_label"], row["cause"]) == ("07", "urbanisation", "urban_dense")
        assert row["cuts"] == "FR00CS1"
        assert row["area_ha"] == pytest.approx(4.0)
        assert row["geometry"].equals(shapely.box(300, -100, 500, 100))
        assert row["evidence"] == (
            "4,0\u00a0ha de sol artificialisé dans un corridor (Bâti dense 100\u00a0%)"
        )

    def test_the_cause_is_the_ground_that_covers_most(self, scene):
        """Three quarters of village, one of town, in two overlapping corridors: one object, both cut."""
        surfaces, _ = scene.corridors(
            [(0, 0), (1000, 0)], [(0, 50), (1000, 50)], subnetworks=["boise", "ouvert"]
        )
        cover = make_cover((VILLAGE, 45, 50, 30, 45), (TOWN, 45, 50, 45, 50))

        found = find_obstacles(cover, corridors_s=surfaces, language="en").surfaces

        (row,) = found.to_dict("records")
        assert row["cause"] == "urban_sparse"
        assert row["cuts"] == "FR00CS1;FR00CS2"
        assert row["subnetworks"] == "boise;ouvert"
        assert row["evidence"].startswith("1.0 ha of urbanised ground in 2 corridors (")
        assert "75\u00a0%" in row["evidence"]

    def test_small_pieces_quarries_and_towns_outside_are_none(self, scene):
        """Below half a hectare, not urban, or beside the corridor: no obstacle, unless asked."""
        surfaces, _ = scene.corridors([(0, 0), (1000, 0)])
        cover = make_cover((TOWN, 48, 55, 10, 17), (QUARRY, 45, 55, 30, 40), (TOWN, 0, 20, 0, 50))

        assert len(find_obstacles(cover, corridors_s=surfaces).surfaces) == 0
        assert len(find_obstacles(cover, corridors_s=surfaces, min_surface_ha=0.4).surfaces) == 1
        assert len(find_obstacles(cover, corridors_s=surfaces, urban=("quarry",)).surfaces) == 1

    def test_a_road_through_a_town_does_not_cut_it_in_two(self, scene):
        """The ground under the motorway counts: the town is one object."""
        surfaces, _ = scene.corridors([(0, 0), (1000, 0)])
        whole = make_cover((TOWN, 45, 55, 30, 50))
        codes = whole.codes.copy()
        codes[:, 40] = MOTORWAY

        found = find_obstacles(
            LandCover(whole.grid, codes, whole.under, LEGEND), corridors_s=surfaces
        ).surfaces

        assert found["area_ha"].tolist() == pytest.approx([2.0])


class TestAbsentLayers:
    """A layer that is not provided gives none of its obstacles."""

    def test_nothing_at_all_gives_three_empty_tables(self):
        """Without any layer the tables have their columns and no rows."""
        found = find_obstacles(None)

        for name, table in (("p", found.points), ("l", found.lines), ("s", found.surfaces)):
            assert len(table) == 0
            assert list(table.columns) == [*COLUMNS[f"obstacle_{name}"], "geometry"]
            assert table.crs.to_epsg() == 2154

    def test_empty_layers_are_as_absent_ones(self, scene):
        """Layers without objects are no error, nor are corridors without axis."""
        surfaces, axes = scene.corridors([(0, 0), (1000, 0)])
        axes.geometry = [shapely.LineString()]
        empty = scene.lines()
        roads = scene.lines(("motorway", "A 75", [(400, -500), (400, 500)]))

        found = find_obstacles(
            make_cover(), corridors_s=surfaces, corridors_l=axes, reservoirs_s=surfaces.iloc[:0], roads=roads,
            railways=empty, watercourses=empty, river_works=empty, crossings=empty, watercourses_l=empty,
        )  # fmt: skip

        assert (len(found.points), len(found.lines), len(found.surfaces)) == (0, 1, 0)
