"""Effective mesh size from polygons and lines."""

from __future__ import annotations

import csv
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Point, Polygon, box

from bocage.errors import CRSError, DataError
from bocage.fragmentation.mesh import cut_patches, find_patches, widen_lines
from bocage.fragmentation.mesh_figures import MeshFigures, Pieces, compute_mesh
from bocage.fragmentation.units import read_units

CRS = "EPSG:2154"


def layer(*shapes, **columns):
    """Give polygons or lines as a layer."""
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def communes(*shapes):
    """Give polygons as units A, B, C, …."""
    return read_units(layer(*shapes, code=list("ABCDEFGHIJ"[: len(shapes)])), "code")


def check_identities(mesh: MeshFigures):
    """Hold what is true of any unit by the definitions."""
    held = mesh.natural_area_ha > 0
    assert np.allclose(mesh.coherence + mesh.division, 1.0, rtol=1e-12)
    assert np.allclose(mesh.splitting[held] * mesh.mesh_cut_ha[held], mesh.unit_area_ha[held], rtol=1e-12)
    assert np.allclose(mesh.net_product_ha2, mesh.mesh_cut_ha * mesh.unit_area_ha, rtol=1e-12)
    assert np.allclose(mesh.meshes_per_1000_km2[held] * mesh.mesh_cut_ha[held], 100_000.0, rtol=1e-12)
    assert np.all(mesh.mesh_cbc_ha >= mesh.mesh_cut_ha * (1 - 1e-12))
    assert np.all(mesh.mesh_cut_ha <= mesh.unit_area_ha * (1 + 1e-12))
    assert np.all(np.isinf(mesh.splitting[~held]))


def test_road_through_a_wood_of_two_communes_by_hand():
    """Hand-worked: 400 × 200 m, two communes of 4 ha side by side, a road 20 m wide along their length.

    Four pieces of 200 × 90 m = 1.8 ha in two patches of 3.6 ha. CUT = 2 × 1.8² / 4 = 1.62 ha,
    CBC = 2 × 1.8 × 3.6 / 4 = 3.24 ha; overall 2 × 3.6² / 8 = 3.24 ha.
    """
    wood = layer(box(0, 0, 400, 200))
    road = widen_lines(layer(LineString([(-50, 100), (450, 100)])), 10.0)
    patches = find_patches(wood, road)
    assert patches["patch"].tolist() == [1, 2]
    assert patches.geometry.iloc[0].centroid.y > patches.geometry.iloc[1].centroid.y, "from the north"
    cut = cut_patches(patches, communes(box(0, 0, 200, 200), box(200, 0, 400, 200)))
    mesh = compute_mesh(cut.by_unit)
    assert mesh.unit_ids == ("A", "B")
    assert mesh.pieces.tolist() == [2, 2]
    assert mesh.mean_piece_ha.tolist() == pytest.approx([1.8, 1.8])
    assert mesh.mesh_cut_ha.tolist() == pytest.approx([1.62, 1.62])
    assert mesh.mesh_cbc_ha.tolist() == pytest.approx([3.24, 3.24])
    assert mesh.division.tolist() == pytest.approx([1 - 0.405] * 2)
    assert mesh.splitting.tolist() == pytest.approx([1 / 0.405] * 2)
    assert mesh.net_product_ha2.tolist() == pytest.approx([6.48, 6.48])
    assert mesh.meshes_per_1000_km2.tolist() == pytest.approx([100_000 / 1.62] * 2)
    assert mesh.pieces_per_1000_km2.tolist() == pytest.approx([2 / 4 * 100_000] * 2)
    overall = compute_mesh(cut.overall)
    assert overall.mesh_cut_ha.tolist() == pytest.approx([3.24])
    assert overall.pieces.tolist() == [2]


def test_pieces_joined_only_outside_the_unit_count_apart_by_cutting():
    """Hand-worked: a horseshoe whose two legs are in the unit has two pieces there (Jaeger 2000)."""
    horseshoe = layer(Polygon([(0, 0), (0, 30), (30, 30), (30, 0), (20, 0), (20, 20), (10, 20), (10, 0)]))
    cut = cut_patches(find_patches(horseshoe), communes(box(0, 0, 30, 10)))
    assert cut.by_unit.area_m2.tolist() == [100.0, 100.0]
    mesh = compute_mesh(cut.by_unit)
    assert mesh.mesh_cut_ha.tolist() == pytest.approx([2 * 100**2 / 300 / 1e4])
    assert mesh.mesh_cbc_ha.tolist() == pytest.approx([2 * 100 * 700 / 300 / 1e4])


def test_cross_boundary_products_add_up_to_the_whole():
    """Identity of Moser et al. 2007: where units cover all patches, sum of CBC × A = sum of patch areas²."""
    rng = np.random.default_rng(7)
    woods = layer(
        *(box(x, y, x + w, y + h) for x, y, w, h in rng.integers(0, 80, (12, 4)).tolist() if w and h)
    )
    patches = find_patches(woods)
    units = communes(*(box(40 * i, 0, 40 * i + 40, 160) for i in range(4)))
    cut = cut_patches(patches, units)
    mesh, overall = compute_mesh(cut.by_unit), compute_mesh(cut.overall)
    check_identities(mesh)
    squares = float((patches["area_m2"] ** 2).sum()) / 1e8
    assert mesh.net_product_cbc_ha2.sum() == pytest.approx(squares, rel=1e-12)
    assert overall.net_product_ha2[0] == pytest.approx(squares, rel=1e-12)


def test_unit_without_natural_ground_has_an_infinite_splitting():
    """By the formula A / mesh: no mesh, infinitely many pieces, division 1."""
    cut = cut_patches(
        find_patches(layer(box(0, 0, 10, 10))), communes(box(0, 0, 10, 10), box(50, 50, 60, 60))
    )
    mesh = compute_mesh(cut.by_unit)
    assert mesh.mesh_cut_ha.tolist() == pytest.approx([0.01, 0.0])
    assert mesh.division.tolist() == [0.0, 1.0]
    assert mesh.splitting.tolist() == [1.0, math.inf]
    assert mesh.mean_piece_ha.tolist()[1] == 0.0
    assert cut.by_unit.find_empty_units() == ("B",)


def test_natural_polygons_are_repaired_and_dissolved():
    """Overlaps, shared borders, a bow tie, an empty and a missing geometry make the patches they draw."""
    bow_tie = Polygon([(100, 0), (110, 10), (110, 0), (100, 10)])
    patches = find_patches(
        layer(box(0, 0, 10, 10), box(5, 0, 20, 10), box(20, 0, 30, 10), bow_tie, Polygon(), None, Point(1, 1))
    )
    assert patches["area_m2"].tolist() == pytest.approx([300.0, 25.0, 25.0])


def test_patches_that_touch_at_a_point_are_two():
    """Two squares that share a corner alone are not connected."""
    assert len(find_patches(layer(box(0, 0, 1, 1), box(1, 1, 2, 2)))) == 2


def test_quad_segments_and_clipping_of_barriers():
    """A line of 100 m widened by 10 m is a rectangle and two halves of a polygon of 4 q corners.

    Geometry: a regular polygon of 4 q corners in a circle of radius r has area
    2 q r² sin(pi / 2 q). Clipping the line first leaves out what is beside the territory.
    """
    line = layer(LineString([(0, 0), (100, 0)]))
    for q in (1, 5, 8):
        disc = 2 * q * 100 * math.sin(math.pi / (2 * q))
        assert widen_lines(line, 10.0, quad_segments=q).area == pytest.approx(2000 + disc)
    beside = widen_lines(line, 10.0, within=box(0, 5, 100, 50))
    assert beside.is_empty
    assert widen_lines(line, 0.0).is_empty
    assert widen_lines(layer(None, LineString()), [1.0, 2.0]).is_empty


def test_patches_at_the_edge_of_the_data_are_flagged():
    """Half of the unit's natural ground goes on beyond the known extent: its share is 1/2."""
    patches = find_patches(layer(box(0, 0, 10, 10), box(20, 5, 30, 15)), extent=box(0, 0, 100, 100))
    assert sorted(patches["at_edge"].tolist()) == [False, True]
    mesh = compute_mesh(cut_patches(patches, communes(box(0, 0, 50, 50))).by_unit)
    assert mesh.edge_share.tolist() == [0.5]


def test_smallest_patches_are_left_out_when_asked():
    """Two patches of 100 and 1 m²; the smallest kept is 50 m²."""
    woods = layer(box(0, 0, 10, 10), box(20, 0, 21, 1))
    assert find_patches(woods)["area_m2"].tolist() == [100.0, 1.0]
    assert find_patches(woods, min_area_m2=50)["area_m2"].tolist() == [100.0]


def test_bad_layers_are_refused_in_one_sentence():
    """Degrees, negative or missing widths, too few widths, two coordinate systems, a unit without area."""
    line = layer(LineString([(0, 0), (1, 0)]), LineString([(0, 0), (1, 0)]))
    with pytest.raises(CRSError, match="degrees"):
        widen_lines(line.set_crs("EPSG:4326", allow_override=True), 1.0)
    with pytest.raises(CRSError, match="degrees"):
        find_patches(layer(box(0, 0, 1, 1)).set_crs("EPSG:4326", allow_override=True))
    with pytest.raises(DataError, match=r"1 barrier\(s\).*rows 1"):
        widen_lines(line, [1.0, -1.0])
    with pytest.raises(DataError, match=r"rows 0"):
        widen_lines(line, [np.nan, 1.0])
    with pytest.raises(DataError, match="3 half-widths were given for 2"):
        widen_lines(line, [1.0, 2.0, 3.0])
    with pytest.raises(CRSError, match="one metric system"):
        cut_patches(find_patches(layer(box(0, 0, 1, 1)).set_crs("EPSG:32631", allow_override=True)),
                    communes(box(0, 0, 1, 1)))  # fmt: skip
    none = np.empty(0)
    with pytest.raises(DataError, match=r"no area \(Z\)"):
        compute_mesh(
            Pieces(("Z",), np.zeros(1), none.astype(np.int32), none.astype(np.int32), none, none, none)
        )


def test_no_patch_at_all_gives_zeros():
    """A territory fully covered by its barriers has mesh 0 everywhere."""
    patches = find_patches(layer(box(0, 0, 1, 1)), box(-1, -1, 2, 2))
    assert len(patches) == 0
    cut = cut_patches(patches, communes(box(0, 0, 1, 1)))
    assert compute_mesh(cut.by_unit).mesh_cut_ha.tolist() == [0.0]
    assert compute_mesh(cut.overall).mesh_cbc_ha.tolist() == [0.0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 6)] * 2), min_size=1, max_size=8),
    st.integers(1, 17),
)
def test_cut_against_the_definition(rectangles, border):
    """Slow definition: every patch against every unit, no index, no shortcut, on random rectangles."""
    woods = layer(*(box(x, y, x + w, y + h) for x, y, w, h in rectangles))
    shapes = [box(0, 0, border, 18), MultiPolygon([box(border, 0, 18, 9), box(border, 12, 18, 18)])]
    patches = find_patches(woods)
    cut = cut_patches(patches, communes(*shapes))
    mesh = compute_mesh(cut.by_unit)
    check_identities(mesh)
    for i, unit in enumerate(shapes):
        by_cutting = crossing = number = 0.0
        for patch in patches.geometry:
            for piece in shapely.get_parts(shapely.intersection(patch, unit)):
                by_cutting += piece.area**2
                crossing += piece.area * patch.area
                number += piece.area > 0
        assert mesh.mesh_cut_ha[i] * unit.area * 1e4 == pytest.approx(by_cutting)
        assert mesh.mesh_cbc_ha[i] * unit.area * 1e4 == pytest.approx(crossing)
        assert mesh.pieces[i] == number


def read_rows(path):
    """Read a table of the case."""
    with path.open(encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


NATURAL = [
    "231", "243", "311", "312", "313", "321", "322", "323", "324",
    "331", "332", "333", "411", "421", "422", "511", "512", "521",
]  # fmt: skip
HALF_WIDTHS = {
    "Liaison locale": 7.5, "Liaison régionale": 15.0, "Liaison principale": 22.5, "Type autoroutier": 30.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def clermontais(shared):
    """Read the inputs of FragScape's sample study, and its outputs."""
    source, case = shared / "data/herault/herault.gpkg", shared / "cases/fragmentation/fragscape_clermontais"
    cover = gpd.read_file(source, layer="clc12")
    roads = gpd.read_file(source, layer="route500")
    units = gpd.read_file(source, layer="communes_clermontais_geofla")
    return cover[cover["CODE_12"].isin(NATURAL)], roads[roads["ETAT"] == "Revêtu"], units, case


@pytest.mark.realdata
@pytest.mark.parametrize("method", ["CUT", "CBC"])
def test_fragscape_clermontais(clermontais, method):
    """FragScape's published sample, run in QGIS: 20 communes of Hérault, overall and one by one, to 1e-5.

    It writes mesh sizes to 5 decimals: they are held to half of the last one where that is more than
    1e-5 of them, and to 1e-5 by the ratios that it writes in full.
    """
    natural, roads, table, case = clermontais
    territory = shapely.union_all(table.geometry.to_numpy()) if method == "CUT" else None
    barriers = widen_lines(
        roads, roads["VOCATION"].map(HALF_WIDTHS).to_numpy(), quad_segments=5, within=territory
    )
    patches = find_patches(natural, barriers, within=territory)
    expected = gpd.read_file(case / f"patches_{method}.gpkg")
    assert len(patches) == len(expected)
    assert np.sort(patches["area_m2"]) == pytest.approx(np.sort(expected.area), rel=1e-8)
    cut = cut_patches(patches, read_units(table, "INSEE_COM"))
    mesh = compute_mesh(cut.by_unit)
    check_identities(mesh)
    centres = {(round(p.x, 2), round(p.y, 2)): i for i, p in enumerate(table.centroid)}
    rows = read_rows(case / f"res_{method}_communes.csv")
    assert len(rows) == len(table) == 20
    for row in rows:
        check_fragscape(mesh, centres[row["xc"], row["yc"]], row)
    check_fragscape(compute_mesh(cut.overall), 0, read_rows(case / f"res_{method}_global.csv")[0])


def check_fragscape(mesh: MeshFigures, i: int, row: dict[str, float]):
    """Compare one unit with FragScape's columns."""
    assert mesh.pieces[i] == row["patches"]
    assert mesh.unit_area_ha[i] == pytest.approx(row["At"], rel=1e-9)
    assert mesh.natural_area_ha[i] == pytest.approx(row["sum_Ai"], rel=1e-5)
    assert mesh.mesh_cut_ha[i] == pytest.approx(row["MSIZ"], rel=1e-5, abs=5.1e-6)
    assert mesh.net_product_ha2[i] == pytest.approx(row["NPRO"], rel=1e-5, abs=5.1e-6)
    assert mesh.division[i] == pytest.approx(row["DIVI"], rel=1e-5)
    assert mesh.coherence[i] == pytest.approx(row["COH"], rel=1e-5)
    assert (0.0 if math.isinf(mesh.splitting[i]) else mesh.splitting[i]) == pytest.approx(
        row["SPLI"], rel=1e-5
    )
    # Its "splitting density" is 1 / mesh, in meshes a hectare.
    density = mesh.meshes_per_1000_km2[i] / 1e5
    assert (0.0 if math.isinf(density) else density) == pytest.approx(row["SDEN"], rel=1e-5)
    if "CBC_MSIZ" in row:
        assert mesh.mesh_cbc_ha[i] == pytest.approx(row["CBC_MSIZ"], rel=1e-5, abs=5.1e-6)
        assert mesh.net_product_cbc_ha2[i] == pytest.approx(row["CBC_NPRO"], rel=1e-5, abs=5.1e-6)
