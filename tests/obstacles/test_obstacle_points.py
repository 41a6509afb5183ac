"""Points where axes cross infrastructure, and river works on watercourses."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from bocage.network import COLUMNS
from bocage.obstacles import find_obstacles
from bocage.obstacles.points import choose_symbol_place, cluster_points, cross_lines
from bocage.obstacles.works import WORK_COLUMNS

POINTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=25)


class TestCrossings:
    """An axis that crosses a line."""

    def test_an_axis_across_a_motorway_is_a_point_with_the_standards_type(self, scene):
        """The axis y = 0 meets the A 75, x = 400, in one point of type 01 that cuts the corridor."""
        surfaces, axes = scene.corridors([(0, 0), (1000, 0)])
        roads = scene.lines(("motorway", "A 75", [(400, -500), (400, 500)]), width_m=30)

        points = find_obstacles(None, corridors_s=surfaces, corridors_l=axes, roads=roads).points

        assert list(points.columns) == [*COLUMNS["obstacle_p"], "geometry"]
        # What only river works have is empty, or no.
        blank = points[list(WORK_COLUMNS)]
        assert (blank.isna() | (blank == False)).all(axis=None)  # noqa: E712
        (row,) = points.drop(columns=["geometry", *WORK_COLUMNS]).to_dict("records")
        assert row == {
            "id": "",
            "name": "A 75",
            "type": "01",
            "type_label": "Réseau de type autoroutier",
            "cause": "motorway",
            "cuts": "FR00CS1",
            "subnetworks": "boise",
            "crossings": 0,
            "evidence": (
                "1 croisement, axe d’un corridor, largeur 30\u00a0m, "
                "aucun passage connu à moins de 150\u00a0m"
            ),
        }
        assert points.geometry[0].equals(shapely.Point(400, 0))

    @pytest.mark.parametrize(
        ("ground", "layer", "code", "label"),
        [
            ("main_road", "roads", "02", "Liaisons routières principales"),
            ("regional_road", "roads", "Regional road", "Regional road"),
            ("railway_hs", "railways", "03", "Réseau ferré LGV"),
            ("railway", "railways", "04", "Réseau ferré non LGV"),
            ("canal", "watercourses", "Canal", "Canal"),
        ],
    )
    def test_types_are_codes_of_the_standard_or_labels(self, scene, ground, layer, code, label):
        """Causes whose code is known get it; the others their label, never an invented code."""
        surfaces, axes = scene.corridors([(0, 0), (1000, 0)])
        lines = scene.lines((ground, None, [(400, -500), (400, 500)]))

        found = find_obstacles(None, corridors_s=surfaces, corridors_l=axes, language="en", **{layer: lines})

        assert found.points["type"].tolist() == [code]
        assert found.points["type_label"].tolist() == [label]
        assert found.lines["type"].tolist() == [code]

    def test_local_roads_tracks_and_rivers_are_none_unless_asked(self, scene):
        """By default animals cross local roads, tracks and natural rivers."""
        surfaces, axes = scene.corridors([(0, 0), (1000, 0)])
        roads = scene.lines(
            ("local_road", "", [(400, -500), (400, 500)]), ("track", "", [(500, -500), (500, 500)])
        )
        rivers = scene.lines(("river", "", [(600, -500), (600, 500)]))
        layers = {"corridors_s": surfaces, "corridors_l": axes, "roads": roads, "watercourses": rivers}

        assert len(find_obstacles(None, **layers).points) == 0
        assert len(find_obstacles(None, classes=("local_road",), **layers).points) == 1

    def test_crossings_close_together_are_one_point_per_class(self, scene):
        """Two carriageways 30 m apart are one motorway point; the railway beside them is another."""
        surfaces, axes = scene.corridors(
            [(0, 0), (1000, 0)], [(0, 50), (1000, 50)], subnetworks=["boise", "ouvert"]
        )
        roads = scene.lines(
            ("motorway", "A 75", [(400, -500), (400, 500)]), ("motorway", "A 75", [(430, -500), (430, 500)])
        )
        rails = scene.lines(("railway", "", [(450, -500), (450, 500)]))

        points = find_obstacles(
            None, corridors_s=surfaces, corridors_l=axes, roads=roads, railways=rails
        ).points

        assert sorted(points["cause"]) == ["motorway", "railway"]
        motorway = points[points["cause"] == "motorway"].iloc[0]
        assert motorway["cuts"] == "FR00CS1;FR00CS2"
        assert motorway["subnetworks"] == "boise;ouvert"
        # Four places, 30 by 50 m: 58 m across; all as near the centroid: the north-west one.
        assert motorway["evidence"].startswith(
            "4 croisements regroupés à 150\u00a0m de proche en proche, sur 58\u00a0m, axes de 2 corridors"
        )
        assert motorway.geometry.equals(shapely.Point(400, 50))

    def test_known_passages_nearby_are_counted(self, scene):
        """A wildlife crossing 120 m away counts, a bridge 200 m away does not."""
        surfaces, axes = scene.corridors([(0, 0), (1000, 0)])
        roads = scene.lines(("motorway", "A 75", [(400, -500), (400, 500)]))
        crossings = scene.table(
            [shapely.Point(400, 120), shapely.LineString([(390, 200), (410, 200)])],
            kind=["wildlife", "bridge"],
        )

        points = find_obstacles(
            None, corridors_s=surfaces, corridors_l=axes, roads=roads, crossings=crossings
        ).points

        assert points["crossings"].tolist() == [1]
        assert points["evidence"][0].endswith(
            "passages connus à moins de 150\u00a0m\u00a0: 1 passage à faune"
        )

    def test_an_axis_that_follows_a_road_meets_it_once(self):
        """Where both run together over several vertices the middle of the stretch is the point."""
        axis = np.array([shapely.LineString([(0, 0), (100, 0), (200, 0), (300, 100)])])
        road = np.array([shapely.LineString([(0, 50), (50, 0), (100, 0), (150, 0), (150, -50)])])

        points, axes, lines = cross_lines(axis, road)

        assert points.tolist() == [[100.0, 0.0]]
        assert axes.tolist() == lines.tolist() == [0]

    def test_rows_read_from_north_to_south_and_west_to_east(self, scene):
        """Whatever the order of the roads, points come in reading order."""
        surfaces, axes = scene.corridors([(0, 0), (3000, 0)], [(0, 2000), (3000, 2000)])
        roads = scene.lines(
            ("main_road", "B", [(2000, -500), (2000, 500)]),
            ("main_road", "A", [(500, -500), (500, 500)]),
            ("main_road", "C", [(2500, 1500), (2500, 2500)]),
        )

        points = find_obstacles(None, corridors_s=surfaces, corridors_l=axes, roads=roads).points

        assert points["name"].tolist() == ["C", "A", "B"]


class TestClusters:
    """Groups of points within a distance."""

    @settings(max_examples=80, deadline=None)
    @given(POINTS, st.integers(1, 15))
    def test_groups_are_connected_components(self, points, cluster_m):
        """Groups are the components of the graph « at most so far apart », by brute force."""
        array = np.array(points, dtype=float)
        graph = nx.Graph()
        graph.add_nodes_from(range(len(points)))
        graph.add_edges_from(
            (i, j)
            for i in range(len(points))
            for j in range(i)
            if np.hypot(*(array[i] - array[j])) <= cluster_m
        )

        groups = cluster_points(array, cluster_m)

        expected = {frozenset(component) for component in nx.connected_components(graph)}
        assert {frozenset(np.flatnonzero(groups == group).tolist()) for group in set(groups)} == expected

    @settings(max_examples=80, deadline=None)
    @given(POINTS, st.integers(1, 15), st.randoms(use_true_random=False))
    def test_groups_and_symbols_do_not_depend_on_the_order(self, points, cluster_m, random):
        """Shuffled points have the same groups, the same numbers and the same symbol places."""
        order = list(range(len(points)))
        random.shuffle(order)
        array = np.array(points, dtype=float)

        groups = cluster_points(array, cluster_m)
        shuffled = cluster_points(array[order], cluster_m)

        assert groups[order].tolist() == shuffled.tolist()
        for group in set(groups.tolist()):
            straight = choose_symbol_place(array[groups == group])
            np.testing.assert_array_equal(straight, choose_symbol_place(array[order][shuffled == group]))

    def test_the_symbol_stands_on_a_member(self):
        """The centroid of 0, 10 and 50 is 20: the nearest member is 10."""
        assert choose_symbol_place(np.array([[0.0, 0], [10, 0], [50, 0]])).tolist() == [10.0, 0.0]


class TestRiverWorks:
    """Works on the watercourses of the network."""

    def find(self, scene, works, **options):
        """Find the works on one watercourse, y = 0."""
        courses = scene.table([shapely.LineString([(0, 0), (1000, 0)])], id=["FR00HL1"])
        return find_obstacles(None, watercourses_l=courses, river_works=works, **options).points

    def test_states_and_distance_decide(self, scene):
        """Existing and unknown works within 50 m are kept, destroyed or far ones are not."""
        works = scene.table(
            [shapely.Point(100, 10), shapely.Point(200, 0), shapely.Point(300, 0), shapely.Point(400, 51)],
            code=["ROE1", "ROE2", "ROE3", "ROE4"],
            name=["Moulin", "", "Pont", ""],
            kind=["weir", "dam", "culvert", "other"],
            state=["existing", "unknown", "destroyed", "existing"],
            fish_pass=["yes", "unknown", "no", "no"],
        )

        points = self.find(scene, works, snap_m=50)

        assert points["name"].tolist() == ["Moulin", ""]
        assert points["type"].tolist() == ["12", "12"]
        assert points["type_label"].tolist() == ["obstacle à l'écoulement"] * 2
        assert points["cause"].tolist() == ["weir", "dam"]
        assert points["cuts"].tolist() == ["FR00HL1"] * 2
        assert points["subnetworks"].tolist() == ["cours_eau"] * 2
        assert points["crossings"].tolist() == [1, 0]
        assert points["evidence"].tolist() == [
            "seuil ROE1 à 10\u00a0m du cours d’eau, existant, passe à poissons",
            "barrage ROE2 à 0\u00a0m du cours d’eau, état non renseigné, passe à poissons non renseignée",
        ]

    def test_a_blank_fish_pass_is_unknown_not_absent(self, scene):
        """Missing attributes are told as not said."""
        works = scene.table([shapely.Point(100, 0)], state=[None], fish_pass=[None], kind=[None])

        points = self.find(scene, works, language="en")

        assert points["evidence"].tolist() == [
            "river work 0 m from the watercourse, state not said, fish pass not said"
        ]

    def test_the_place_on_the_network_goes_before_the_nearest(self, scene):
        """A work belongs to the course where the network placed it, however far; on none, it is left out."""
        courses = scene.table(
            [shapely.LineString([(0, 0), (1000, 0)]), shapely.LineString([(0, 80), (1000, 80)])],
            id=["FR00HL1", "FR00HL2"],
        )
        works = scene.table([shapely.Point(100, 10), shapely.Point(200, 0), shapely.Point(300, 0)])
        works["stands"] = np.array([shapely.Point(100, 80), None, shapely.Point(300, 40)], dtype=object)
        works["stands_within_m"] = 6.0

        points = find_obstacles(None, watercourses_l=courses, river_works=works).points

        # The third was placed on a reach that the network of the study does not hold.
        assert points["cuts"].tolist() == ["FR00HL2"]
        assert shapely.get_coordinates(points.geometry).tolist() == [[100, 10]]

    def test_a_work_at_a_confluence_belongs_to_the_nearest_or_the_first(self, scene):
        """At the same distance of two watercourses, the first of the table."""
        courses = scene.table(
            [shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(100, 0), (100, 100)])],
            id=["FR00HL1", "FR00HL2"],
        )
        works = scene.table(
            [shapely.Point(100, 0), shapely.Point(103, 50)], state=["existing"] * 2, kind=["weir"] * 2
        )

        points = find_obstacles(None, watercourses_l=courses, river_works=works).points

        assert points["cuts"].tolist() == ["FR00HL2", "FR00HL1"]

    @pytest.mark.realdata
    def test_works_of_oise_fall_on_their_rivers(self, scene, shared):
        """Of the 821 works of Oise, those kept lie within 50 m of a watercourse and are not destroyed."""
        import geopandas

        data = shared / "data/oise/oise.gpkg"
        roe = geopandas.read_file(data, layer="roe_obstacles")
        states = {"Existant": "existing", "Détruit entièrement": "destroyed"}
        works = scene.table(
            roe.geometry,
            code=roe["CdObstEcoul"],
            name=roe["NomPrincipalObstEcoul"],
            state=roe["LbEtOuvrage"].map(states).fillna("unknown"),
            kind="weir",
        )
        rivers = geopandas.read_file(data, layer="topage_cours_eau")
        courses = scene.table(rivers.geometry, id=[f"FR00HL{i}" for i in range(len(rivers))])

        points = find_obstacles(None, watercourses_l=courses, river_works=works, snap_m=50).points

        distance = shapely.distance(works.geometry.to_numpy(), shapely.union_all(courses.geometry.to_numpy()))
        assert len(points) == int(((distance <= 50) & (works["state"] != "destroyed")).sum())
        assert len(points) > 400
