"""Tests of all the figures of communes: hand-worked squares, identities, and what was not given."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, ClassVar, get_args

import geopandas
import pandas
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box

from bocage.connectivity import INDICATORS
from bocage.connectivity.communes_figures import (
    LAYER_INDICATORS,
    MORE_INDICATORS,
    Figures,
    describe_figures,
    measure_figures,
)
from bocage.connectivity.communes_held import Layer
from bocage.network import Network, Theme
from tests.connectivity.tables import CRS, make_communes, make_table, make_tables
from tests.connectivity.test_communes_objects import BOW_TIE, rectangles

WEST, EAST = box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)
COMMUNES = make_communes([("00001", "Aubin", WEST), ("00002", "Bray", EAST)])


def make_network(missing: tuple[str, ...] = (), **tables: Any) -> Network:
    """Make a network of the tables given."""
    return Network(make_tables(**tables), {theme: theme not in missing for theme in get_args(Theme)}, CRS)


def make_layer(kind: Any, geometries: list[Any], names: list[Any] | None = None) -> Layer:
    """Make a theme beside the network."""
    held = {"name": names if names is not None else [None] * len(geometries)}
    return Layer(geopandas.GeoDataFrame(held, geometry=geometries, crs=CRS), kind)


def measure(communes: Any = COMMUNES, **settings: Any) -> Figures:
    """Measure with English words; tables of the network by name, other settings as they are."""
    kept = {key: settings.pop(key) for key in ("layers", "area", "missing") if key in settings}
    network = make_network(kept.pop("missing", ()), **settings)
    return measure_figures(network, communes, language="en", **kept)


class TestHandWorked:
    """Squares and lines whose measures are plain."""

    def test_objectives(self) -> None:
        """Ground of both objectives counts as to restore; preserve and restore sum to the whole."""
        found = measure(
            reservoir_s=make_table(
                "reservoir_s",
                [box(0, 0, 1000, 100), box(500, 0, 1500, 100)],
                objective=["preserve", "restore"],
            ),
            corridor_s=make_table(
                "corridor_s",
                [box(0, 0, 1200, 200), box(0, 300, 400, 400)],
                objective=["preserve", "restore"],
            ),
            cours_eau_l=make_table(
                "cours_eau_l",
                [LineString([(0, 9), (1500, 9)]), LineString([(0, 20), (100, 20)])],
                objective=["preserve", "restore"],
            ),
        ).table

        assert found["reservoir_restore_ha"].tolist() == [5, 5, 10]
        assert found["reservoir_preserve_ha"].tolist() == [5, 0, 5]
        assert found["reservoir_preserve_count"].tolist() == [1, 0, 1]
        assert found["reservoir_restore_count"].tolist() == [1, 1, 1]
        assert found["corridor_preserve_ha"].tolist() == [10, 2, 12]
        assert found["corridor_restore_ha"].tolist() == [4, 0, 4]
        assert found["corridor_preserve_count"].tolist() == [1, 1, 1]
        assert found["watercourse_preserve_km"].tolist() == pytest.approx([1, 0.5, 1.5])
        assert found["watercourse_restore_km"].tolist() == pytest.approx([0.1, 0, 0.1])

    def test_layers(self) -> None:
        """Zones: area once, share, number; lines: length; points: number, one on the limit in one commune."""
        found = measure(
            layers={
                "znieff1": make_layer(
                    "polygon", [box(500, 0, 1500, 100), box(500, 0, 700, 100)], ["Le bois"] * 2
                ),
                "spawning_ground": make_layer("line", [LineString([(900, 5), (1200, 5)])]),
                "flow_work": make_layer("point", [Point(1000, 5), Point(1500, 5)]),
                "wetland": make_layer("polygon", [box(0, 0, 100, 100), box(200, 0, 300, 300)]),
            }
        )
        table = found.table

        assert table["znieff1_ha"].tolist() == [5, 5, 10]
        assert table["znieff1_share"].tolist() == [0.05, 0.05, 0.05]
        assert table["znieff1_count"].tolist() == [2, 1, 2]
        assert table["spawning_ground_km"].tolist() == pytest.approx([0.1, 0.2, 0.3])
        assert table["spawning_ground_count"].tolist() == [1, 1, 1]
        assert table["flow_work_count"].tolist() == [1, 1, 2]
        zones = found.communes["00001"].zones
        assert [(held.name, held.measure, held.count) for held in zones["znieff1"]] == [("Le bois", 7, 2)]
        assert [(held.name, held.measure, held.count) for held in zones["wetland"]] == [("", 4, 2)]
        assert found.communes["00002"].zones["wetland"] == ()

    def test_river_given_once_for_each_role(self) -> None:
        """A river drawn as a reservoir and, half a metre aside, as a corridor is one river."""
        table = make_table(
            "cours_eau_l",
            [LineString([(0, 10), (2000, 10)]), LineString([(0, 10.5), (2000, 10.5)])],
            is_reservoir=[True, False],
            is_corridor=[False, True],
        )

        found = measure(cours_eau_l=table).table

        assert found["watercourse_km"].tolist() == pytest.approx([1, 1, 2])
        assert found["watercourse_reservoir_km"].tolist() == pytest.approx([1, 1, 2])
        assert found["watercourse_corridor_km"].tolist() == pytest.approx([1, 1, 2])

    def test_obstacles_by_type(self) -> None:
        """Number, length and area of each type, with its words: those of the data, else those of its code."""
        found = measure(
            obstacle_p=make_table(
                "obstacle_p", [Point(5, 5), Point(9, 9)], type=["12", "zz"], type_label=["", "Weir"]
            ),
            obstacle_l=make_table("obstacle_l", [LineString([(900, 5), (1200, 5)])], type="01"),
            obstacle_s=make_table("obstacle_s", [box(0, 0, 100, 100), box(50, 0, 150, 100)], type="07"),
        )

        told = {
            (one.label, one.count, round(one.km or 0, 9), one.ha) for one in found.communes["00001"].obstacles
        }
        assert told == {
            ("Réseau de type autoroutier", 0, 0.1, 0),
            ("urbanisation", 0, 0, 1.5),
            ("obstacle à l'écoulement", 1, 0, 0),
            ("Weir", 1, 0, 0),
        }
        assert found.table["obstacle_surface_07_ha"].tolist() == [1.5, 0, 1.5]
        assert [one.label for one in found.communes["00002"].obstacles] == ["Réseau de type autoroutier"]

    def test_corridor_knows_who_shares_it(self) -> None:
        """Communes beside come first, those farther away are counted."""
        row = make_communes([(str(i), f"C{9 - i}", box(1000 * i, 0, 1000 * (i + 1), 1000)) for i in range(5)])
        corridor = make_table(
            "corridor_s", [box(500, 0, 4500, 100)], id=["A"], medium="boisé", objective="restore"
        )

        found = measure(row, corridor_s=corridor).communes["3"]

        (held,) = found.corridors
        assert (held.id, held.measure, held.objective, held.medium) == ("A", 10, "restore", "boisé")
        assert held.shared_with == ("C5", "C7", "C8", "C9")
        assert (held.beside_count, held.shared_count) == (2, 4)

    def test_corridors_of_axes_alone(self) -> None:
        """Counted and measured by their axes; areas are empty, not zero."""
        axes = make_table(
            "corridor_l",
            [LineString([(500, 50), (1500, 50)]), LineString([(0, 90), (300, 90)])],
            id=["A", "B"],
            objective=["restore", "preserve"],
        )

        found = measure(corridor_l=axes)

        assert found.table["corridor_count"].tolist() == [2, 1, 2]
        assert found.table["corridor_restore_count"].tolist() == [1, 1, 1]
        assert found.table["corridor_km"].tolist() == pytest.approx([0.8, 0.5, 1.3])
        assert found.table["corridor_neighbours"].tolist() == ["Bray", "Aubin", ""]
        assert found.table[["corridor_ha", "corridor_share", "corridor_restore_ha"]].isna().all(axis=None)
        assert found.communes["00001"].corridor_unit == "km"
        assert [held.measure for held in found.communes["00001"].corridors] == pytest.approx([0.5, 0.3])


class TestLacking:
    """What was not given or cannot be measured is empty."""

    def test_nothing_given(self) -> None:
        """With no theme given, only codes, names and areas are known, and counts stay whole numbers."""
        found = measure(missing=get_args(Theme))

        left = [column for column in found.table if not found.table[column].isna().all()]
        assert left == ["insee", "name", "area_ha", "commune_ha"]
        assert str(found.table["reservoir_count"].dtype) == "Int64"
        assert found.communes["00001"].values["reservoir_ha"] is None

    def test_objectives_of_corridors_not_given(self) -> None:
        """Corridors without objectives: their area is known, what is to restore is not."""
        corridor = make_table("corridor_s", [box(0, 0, 100, 100)], objective="preserve")

        found = measure(missing=("corridors_to_restore",), corridor_s=corridor).table

        assert found["corridor_ha"].tolist() == [1, 0, 1]
        assert (
            found[["corridor_restore_ha", "corridor_preserve_ha", "corridor_restore_count"]]
            .isna()
            .all(axis=None)
        )

    @pytest.mark.parametrize("outline", [None, shapely.Polygon(), BOW_TIE])
    def test_broken_commune_costs_only_itself(self, outline: Any) -> None:
        """Its row stands in its place without figures; the others are as without it."""
        rows = [("00001", "Aubin", WEST), ("000015", "Broken", outline), ("00002", "Bray", EAST)]
        reservoir = make_table("reservoir_s", [box(500, 0, 1500, 100)])
        layers = {"znieff1": make_layer("polygon", [box(500, 0, 1500, 100)])}

        found = measure(make_communes(rows), reservoir_s=reservoir, layers=layers)

        without = measure(reservoir_s=reservoir, layers=layers).table
        broken = found.table[found.table["insee"] == "000015"].iloc[0]
        assert broken["name"] == "Broken"
        assert broken.drop(["insee", "name"]).isna().all()
        assert found.communes["000015"].state == "broken"
        rest = found.table[found.table["insee"] != "000015"].reset_index(drop=True)
        pandas.testing.assert_frame_equal(rest, without)

    def test_every_commune_broken(self) -> None:
        """Nothing can be measured, and nothing fails."""
        found = measure(make_communes([("1", "Aubin", BOW_TIE), ("2", "Bray", None)]))

        assert [figures.state for figures in found.communes.values()] == ["broken", "broken"]

    def test_study_area_holds_for_the_network_alone(self) -> None:
        """Outside the study area the network is unknown; other themes are measured over whole communes."""
        half = box(0, 0, 500, 1000)
        layers = {"znieff1": make_layer("polygon", [box(0, 0, 2000, 100)])}
        reservoir = make_table("reservoir_s", [box(0, 0, 2000, 100)])

        found = measure(reservoir_s=reservoir, layers=layers, area=half)

        assert found.communes["00001"].state == "measured"
        assert found.communes["00001"].values["reservoir_share"] == pytest.approx(0.1)
        assert found.communes["00001"].values["area_ha"] == 50
        assert found.communes["00001"].values["commune_ha"] == 100
        assert found.communes["00001"].values["znieff1_ha"] == pytest.approx(10)
        assert found.communes["00002"].state == "outside"
        assert found.communes["00002"].values["reservoir_ha"] is None
        assert found.communes["00002"].values["znieff1_share"] == pytest.approx(0.1)

    def test_broken_objects_are_left_out(self) -> None:
        """Objects without geometry or crossing themselves do not stop the measure."""
        shapes = [None, shapely.Polygon(), shapely.Polygon([(0, 0), (200, 200), (200, 0), (0, 200)])]

        found = measure(reservoir_s=make_table("reservoir_s", shapes)).table

        assert found["reservoir_count"].tolist() == [1, 0, 1]
        assert found["reservoir_ha"].tolist() == [2, 0, 2]


class TestContract:
    """Columns beside their contract, figures that travel."""

    LAYERS: ClassVar[dict[str, Any]] = {"znieff1": "polygon", "spawning_ground": "line", "flow_work": "point"}

    def test_columns_are_described_in_order(self) -> None:
        """Order, type and meaning of all columns are those of the contract."""
        found = measure(
            reservoir_s=make_table("reservoir_s", [box(0, 0, 9, 9)], medium="boisé"),
            obstacle_p=make_table("obstacle_p", [Point(1, 1)], type=""),
            obstacle_l=make_table("obstacle_l", [LineString([(0, 0), (1, 1)])], type="01"),
            obstacle_s=make_table("obstacle_s", [box(0, 0, 9, 9)], type="07"),
            layers={key: make_layer(kind, []) for key, kind in self.LAYERS.items()},
        ).table

        described = describe_figures(found.columns, self.LAYERS)

        assert list(described) == list(found.columns)
        contract = [*INDICATORS.values(), *MORE_INDICATORS.values()]
        contract += [one for kind in self.LAYERS.values() for one in LAYER_INDICATORS[kind].values()]
        places = [next(i for i, one in enumerate(contract) if one is told) for told in described.values()]
        assert places == sorted(places)
        assert set(places) == set(range(len(contract)))
        dtypes = {"str": "object", "float": "float64", "int": "Int64"}
        assert {name: str(found[name].dtype) for name in found} == {
            name: dtypes[one.dtype] for name, one in described.items()
        }

    def test_figures_of_a_commune_travel(self) -> None:
        """A slice is made of plain values: it goes through pickle unchanged, and holds its row."""
        found = measure(
            reservoir_s=make_table(
                "reservoir_s", [box(500, 0, 1500, 100)], name="Bois", id=["RS1"], medium="boisé"
            ),
            layers={"znieff1": make_layer("polygon", [box(0, 0, 9, 9)], ["Pré"])},
        )

        one = found.communes["00001"]

        assert pickle.loads(pickle.dumps(one)) == one  # made here
        assert one.values["reservoir_ha"] == 5
        assert type(one.values["reservoir_count"]) is int
        assert [(held.id, held.name, held.measure) for held in one.reservoirs] == [("RS1", "Bois", 5)]

    @settings(max_examples=25, deadline=None)
    @given(
        reservoirs=st.lists(st.tuples(rectangles(), st.sampled_from(["preserve", "restore"])), max_size=4),
        corridors=st.lists(st.tuples(rectangles(), st.sampled_from(["preserve", "restore"])), max_size=4),
        zones=st.lists(rectangles(), max_size=4),
    )
    def test_against_brute_force(self, reservoirs: Any, corridors: Any, zones: Any) -> None:
        """Areas, shares and objects of each commune as shapely gives them one by one; columns sum up."""
        squares = [box(1000 * i, 0, 1000 * (i + 1), 1500) for i in range(4)]
        communes = make_communes([(str(i), f"C{i}", square) for i, square in enumerate(squares)])

        found = measure(
            communes,
            reservoir_s=make_table(
                "reservoir_s", [shape for shape, _ in reservoirs], objective=[goal for _, goal in reservoirs]
            ),
            corridor_s=make_table(
                "corridor_s", [shape for shape, _ in corridors], objective=[goal for _, goal in corridors]
            ),
            layers={"znieff1": make_layer("polygon", zones)},
        )

        taken = shapely.union_all([shape for shape, _ in reservoirs])
        restore = shapely.union_all([shape for shape, goal in corridors if goal == "restore"])
        for i, square in enumerate(squares):
            values = found.communes[str(i)].values
            links = shapely.union_all([shape for shape, _ in corridors]).difference(taken)
            assert values["corridor_ha"] * 1e4 == pytest.approx(links.intersection(square).area, abs=1e-3)
            wanted = restore.difference(taken).intersection(square).area
            assert values["corridor_restore_ha"] * 1e4 == pytest.approx(wanted, abs=1e-3)
            wanted = shapely.union_all(zones).intersection(square).area
            assert values["znieff1_ha"] * 1e4 == pytest.approx(wanted, abs=1e-3)
            assert values["znieff1_share"] == pytest.approx(values["znieff1_ha"] / values["commune_ha"])
            assert values["reservoir_share"] == pytest.approx(values["reservoir_ha"] / values["area_ha"])
            sizes = sorted((shape.intersection(square).area / 1e4 for shape, _ in reservoirs), reverse=True)
            held = [one.measure for one in found.communes[str(i)].reservoirs for _ in range(1)]
            assert sum(held) == pytest.approx(sum(sizes))
        for name, told in describe_figures(found.table.columns, {"znieff1": "polygon"}).items():
            if told.additive and not found.table[name].isna().any():
                column = found.table[name].astype(float)
                assert column[:-1].sum() == pytest.approx(column.iloc[-1], abs=1e-6), name


@pytest.mark.realdata
def test_communes_of_oise_sum_to_the_departement(shared: Path) -> None:
    """On official layers columns sum to the territory, but for overlaps of simplified outlines."""
    path = shared / "data" / "oise" / "oise.gpkg"
    communes = geopandas.read_file(path, layer="communes").rename(
        columns={"insee_com": "insee", "nom": "name"}
    )
    reservoirs = geopandas.read_file(path, layer="cer_reservoir_s")
    wetlands = geopandas.read_file(path, layer="zones_humides")

    found = measure(
        communes,
        reservoir_s=make_table("reservoir_s", list(reservoirs.geometry), id=list(reservoirs["id_resv"])),
        layers={"wetland": make_layer("polygon", list(wetlands.geometry))},
    )

    assert len(found.table) == 680
    for name, told in describe_figures(found.table.columns, {"wetland": "polygon"}).items():
        if told.additive and not found.table[name].isna().any():
            column = found.table[name].astype(float)
            assert column[:-1].sum() == pytest.approx(column.iloc[-1], rel=1e-3, abs=1e-6), name
