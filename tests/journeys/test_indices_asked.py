"""What `bocage indices` does only when asked: capacities, costs across patches, search, losses, rasters."""

from __future__ import annotations

from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
import rasterio
import shapely
from click.testing import CliRunner, Result
from rasterio.transform import from_origin

from bocage.cli import main
from tests.journeys.test_indices import CRS, SOUTH, WEST, read, read_overall, square


@pytest.fixture
def row(tmp_path: Path) -> Path:
    """Write patches of 3, 4 and 5 in a row, 900 m apart, two links of cost 100, and land cover under them."""
    path = tmp_path / "bois.gpkg"
    patches = geopandas.GeoDataFrame(
        {"id": ["a", "b", "c"], "capacity": [3.0, 4.0, 5.0], "hors": [0, 1, 0]},
        geometry=[square(1000 * k, 100) for k in range(3)],
        crs=CRS,
    )
    patches.to_file(path, layer="taches")
    (tmp_path / "liens.csv").write_text("from,to,cost\na,b,100\nb,c,100\n", encoding="utf-8")
    write_raster(tmp_path / "sol.tif", np.full((35, 145), 7, np.uint8), 20)
    return path


def write_raster(path: Path, values: np.ndarray, cell: float) -> None:
    """Write a raster that begins 400 m west of the row and 400 m north of it."""
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype=values.dtype, crs=CRS, transform=from_origin(WEST - 400, SOUTH + 400, cell, cell),
    ) as file:  # fmt: skip
        file.write(values, 1)


def measure(row: Path, *more: object) -> Result:
    """Measure the row, with a chance of one half of crossing each link."""
    asked = (row, "--links", row.with_name("liens.csv"), "--dispersal", 100, "--probability", 0.5, *more)
    return CliRunner().invoke(main, ["indices", *map(str, asked)])


def measure_eca(row: Path, *more: object) -> float:
    """Measure the row, and give its ECA."""
    done = measure(row, *more)
    assert done.exit_code == 0, done.output
    return read_overall(row.with_name("indices-bois"))["ECA"]


class TestCapacity:
    """What patches hold."""

    def test_of_a_table_to_a_power(self, row: Path) -> None:
        """Squares of 3, 4 and 5 at power one half: ECA is √89.5 again, and no area."""
        table = row.with_name("cap.csv")
        table.write_text("id,capacity\nc,25\na,9\nb,16\n", encoding="utf-8")
        assert measure_eca(row, "--capacities", table, "--power", 0.5) == pytest.approx(89.5**0.5, rel=1e-8)
        overall = read(row.with_name("indices-bois") / "overall.csv")
        assert {line["unit"] for line in overall if line["index"] == "ECA"} == {""}

    def test_of_weighed_land(self, row: Path) -> None:
        """A hectare at weight 3 in each patch; around it, 20 cells of 4 a by the distance of 20 m.

        A metre costs 100 / 900, so the chance of one half is at 900 m. The corners are 28 m away.
        """
        land = ("--landcover", row.with_name("sol.tif"), "--weight", "7=3")
        measure_eca(row, *land)
        nodes = row.with_name("indices-bois") / "nodes.csv"
        assert [float(line["capacity"]) for line in read(nodes)] == pytest.approx([3, 3, 3])
        measure_eca(row, *land, "--around", 25)
        held = 3 + 20 * 0.04 * 3 * 0.5 ** (20 / 900)
        assert [float(line["capacity"]) for line in read(nodes)] == pytest.approx([held] * 3, rel=1e-7)

    @pytest.mark.parametrize(
        ("table", "words"),
        [
            ("id,capacity\na,1\nb,2\n", "(c)"),
            ("id,capacity\na,1\nb,2\nc,-3\n", "negative"),
            ("id,capacity\na,1\nb,2\nc,3\na,1\n", "more than once (a)"),
            ("id,nom\na,1\n", "needs a column of ids and one of capacities"),
        ],
    )
    def test_tables_that_do_not_do(self, row: Path, table: str, words: str) -> None:
        """A patch that lacks, is there twice or holds less than nothing is named."""
        row.with_name("cap.csv").write_text(table, encoding="utf-8")
        done = measure(row, "--capacities", row.with_name("cap.csv"))
        assert done.exit_code == 2 and words in done.stderr

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (("--power", -1), "--power"),
            (("--weight", "7=1"), "--landcover"),
            (("--weight", "sept"), "sept"),
            (("--weight", "8=1", "--landcover", "sol.tif"), "it holds 7"),
            (("--weight", "7=-1", "--landcover", "sol.tif"), "negative"),
            (("--sites-every", 0), "--sites-every"),
            (("--interpolate", "dPX"), "no index 'dPX'"),
            (("--interpolate", "dPC:max"), "dPC:sum"),
            (("--beyond", "ailleurs"), "ailleurs"),
        ],
    )
    def test_mistakes(
        self, row: Path, more: tuple[object, ...], words: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A mistake is told in one sentence that names what to give."""
        monkeypatch.chdir(row.parent)
        done = measure(row, *more)
        assert done.exit_code == 2 and words in done.stderr


class TestInnerWays:
    """Costs across patches."""

    def test_of_two_links(self, row: Path) -> None:
        """At 100 across b, a and c are at 1 / 8: ``50 + 2 (12 / 2 + 20 / 2 + 15 / 8) = 85.75``."""
        table = row.with_name("inner.csv")
        table.write_text("link1,link2,cost\na-b,b-c,100\n", encoding="utf-8")
        assert measure_eca(row, "--inner", table) == pytest.approx(85.75**0.5, rel=1e-8)

    def test_of_the_places_of_graphab(self, row: Path) -> None:
        """The same from places where lines end, whichever way these run."""
        y = SOUTH + 50
        lines = geopandas.GeoDataFrame(
            {"id": ["l1", "l2"], "from": ["a", "b"], "to": ["b", "c"], "cost": [100.0, 100.0]},
            geometry=[
                shapely.LineString([(WEST + 1005, y), (WEST + 95, y)]),
                shapely.LineString([(WEST + 1095, y), (WEST + 2005, y)]),
            ],
            crs=CRS,
        )  # fmt: skip
        lines.to_file(row.with_name("liens.gpkg"))
        table = row.with_name("inner.csv")
        table.write_text(
            f'"Coord1","Coord2","Cost","Length"\n"{WEST + 1095}-{y}","{WEST + 1005}-{y}","100","90"\n',
            encoding="utf-8",
        )
        done = measure(row, "--links", row.with_name("liens.gpkg"), "--inner", table)
        assert done.exit_code == 0, done.output
        eca = read_overall(row.with_name("indices-bois"))["ECA"]
        assert eca == pytest.approx(85.75**0.5, rel=1e-8)

    @pytest.mark.parametrize(
        ("table", "words"),
        [
            ("link1,link2,cost\na-b,c-d,100\n", "(c-d)"),
            ("link1,link2,cost\na-b,b-c,-1\n", "row 1"),
            ("link1,link2,cost\na-b,a-b,1\n", "do not meet in one patch"),
            ("un,deux\n1,2\n", "link1, link2 and cost"),
            ("Coord1,Coord2,Cost\n1-2,3-4,5\n", "No link ends at a place"),
        ],
    )
    def test_tables_that_do_not_do(self, row: Path, table: str, words: str) -> None:
        """Links that are not there or do not meet are named."""
        row.with_name("inner.csv").write_text(table, encoding="utf-8")
        done = measure(row, "--inner", row.with_name("inner.csv"))
        assert done.exit_code == 2 and words in done.stderr

    @pytest.mark.realdata
    def test_published_values_of_graphab(self, shared: Path, tmp_path: Path) -> None:
        """PC, S#F and F of patches of ``comp_cout10``, whose patches cost something, to nine digits."""
        from tests.connectivity import graphab_case

        graph = graphab_case.load_graph(shared, "comp_cout10")
        assert graph.inner is not None
        ids, links = np.array(graph.ids), np.array(graph.link_ids)
        pandas.DataFrame({"id": ids, "capacity": graph.capacity}).to_csv(tmp_path / "p.csv", index=False)
        pandas.DataFrame(
            {"id": links, "from": ids[graph.start], "to": ids[graph.end], "cost": graph.cost}
        ).to_csv(tmp_path / "l.csv", index=False)
        inner = graph.inner
        pandas.DataFrame(
            {"link1": links[inner.first], "link2": links[inner.second], "patch": ids[inner.patch],
             "cost": inner.cost}
        ).to_csv(tmp_path / "i.csv", index=False)  # fmt: skip
        asked = (
            tmp_path / "p.csv", "--links", tmp_path / "l.csv", "--inner", tmp_path / "i.csv", "--dispersal",
            1000, "--landscape", graphab_case.RECTANGLE, "--output", tmp_path / "out",
        )  # fmt: skip
        done = CliRunner().invoke(main, ["indices", *map(str, asked)])
        assert done.exit_code == 0, done.output
        overall = read_overall(tmp_path / "out")
        for key in ("PC", "S#F"):
            assert overall[key] == pytest.approx(graphab_case.EXPECTED[key]["comp_cout10"], rel=1e-8)
        found = [float(line["F"]) for line in read(tmp_path / "out" / "nodes.csv")]
        published = graphab_case.read_expected(shared)["F_d1000_p0.05_beta1_graph_comp_cout10"]
        assert found == pytest.approx(published.tolist(), rel=1e-8)


class TestSearch:
    """Patches to add, and losses one after the other."""

    def test_a_patch_to_add(self, row: Path) -> None:
        """A site of 2 half-way between a and b, 400 m from each, at a ninth of cost a metre; one too near."""
        sites = geopandas.GeoDataFrame(
            {"id": ["s", "t"], "capacity": [2.0, 9.0]},
            geometry=[square(500, 100), square(1050, 100)],
            crs=CRS,
        )
        sites.to_file(row.with_name("sites.gpkg"))
        done = measure(row, "--sites", row.with_name("sites.gpkg"), "--add", 3, "--verbose")

        assert done.exit_code == 0, done.output
        (made,) = read(row.with_name("indices-bois") / "added_patches.csv")
        near, far = 0.5 ** (400 / 900), 0.5 ** (1400 / 900)
        ab = max(0.5, near**2)
        sc = max(near / 2, far)
        ac = max(ab / 2, near * sc)
        total = 50 + 4 + 2 * (12 * ab + 20 / 2 + 15 * ac + 6 * near + 8 * near + 10 * sc)
        assert made["id"] == "s" and made["links"] == "3"
        assert float(made["eca"]) == pytest.approx(total**0.5, rel=1e-8)
        assert float(made["gain"]) == pytest.approx(100 * ((total / 89.5) ** 0.5 - 1), rel=1e-7)
        assert "1 site écarté" in done.stderr and ": t." in done.stderr
        assert "Taches à créer, dans l’ordre\xa0: s (+" in done.stdout
        drawn = geopandas.read_file(row.with_name("indices-bois") / "graph.gpkg", layer="added_patches")
        assert drawn["id"].tolist() == ["s"]
        assert not (row.with_name("indices-bois") / "added.csv").exists()

    def test_sites_on_a_grid_by_cost(self, row: Path) -> None:
        """Over ground that costs a ninth a metre, each of the sites taken raises ECA."""
        write_raster(row.with_name("cout.tif"), np.full((35, 145), 1 / 9, np.float32), 20)
        done = measure(row, "--sites-every", 200, "--resistance", row.with_name("cout.tif"), "--add", 3)
        assert done.exit_code == 0, done.output
        made = read(row.with_name("indices-bois") / "added_patches.csv")
        reached = [89.5**0.5, *(float(line["eca"]) for line in made)]
        assert len(made) == 3 and reached == sorted(reached)
        assert {line["capacity"] for line in made} == {"1"}

    def test_losses_one_after_the_other(self, row: Path) -> None:
        """Without b are left 9 + 25, then 9 without c; the link that holds most is b-c: 62 is left."""
        done = measure(row, "--remove", 2)
        assert done.exit_code == 0, done.output
        lost = read(row.with_name("indices-bois") / "removed.csv")
        most = [line for line in lost if line["kind"] == "patch" and line["lost"] == "most"]
        assert [line["id"] for line in most] == ["b", "c"]
        assert [float(line["eca"]) for line in most] == pytest.approx([34**0.5, 3], rel=1e-8)
        link = next(line for line in lost if line["kind"] == "link")
        assert link["id"] == "b-c" and float(link["eca"]) == pytest.approx(62**0.5, rel=1e-8)
        assert "Lost" not in done.stdout and "Perdues l’une après l’autre, b, c ôteraient" in done.stdout


class TestSpread:
    """Indices over the ground."""

    @pytest.mark.parametrize("by_cost", [False, True])
    def test_an_index_falls_with_the_distance(self, row: Path, by_cost: bool) -> None:
        """In b the raster has its dPC; 200 m beyond c, that of c times ``0.5 ** (200 / 900)``."""
        more: tuple[object, ...] = ("--interpolate", "dPC", "--interpolate", "IF:sum")
        if by_cost:
            write_raster(row.with_name("cout.tif"), np.full((35, 145), 1 / 9, np.float32), 20)
            more = (*more, "--resistance", row.with_name("cout.tif"))
        done = measure(row, *more)
        assert done.exit_code == 0, done.output
        folder = row.with_name("indices-bois")
        worth = {line["id"]: float(line["dPC"]) for line in read(folder / "nodes.csv")}
        with rasterio.open(folder / "spread-dPC.tif") as file:
            assert file.crs.to_epsg() == 2154 and file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            places = [(WEST + 1050, SOUTH + 50), (WEST + 2290, SOUTH + 50)]
            inside, beyond = (float(value[0]) for value in file.sample(places))
        assert inside == pytest.approx(worth["b"], rel=1e-6)
        assert beyond == pytest.approx(worth["c"] * 0.5 ** (200 / 900), rel=0.02)
        assert (folder / "spread-IF-sum.tif").exists()
        page = (folder / "indices.html").read_text(encoding="utf-8")
        assert "dPC étendu au terrain" in page
        # A later run that spreads nothing leaves no raster behind.
        assert measure(row).exit_code == 0
        assert not list(folder.glob("spread*"))

    def test_patches_that_are_nowhere(self, row: Path) -> None:
        """Without shapes or without a coordinate system there is no ground to spread over."""
        table = row.with_name("bois.csv")
        table.write_text("id,capacity\na,3\nb,4\nc,5\n", encoding="utf-8")
        assert "columns x and y" in measure(table, "--interpolate", "dPC").stderr
        table.write_text("id,capacity,x,y\na,3,0,0\nb,4,1000,0\nc,5,2000,0\n", encoding="utf-8")
        assert "--crs" in measure(table, "--interpolate", "dPC").stderr
        done = measure(table, "--interpolate", "dPC", "--crs", CRS)
        assert done.exit_code == 0, done.output

    def test_points_in_degrees(self, row: Path) -> None:
        """Points of a table that look like longitudes and latitudes are told."""
        table = row.with_name("bois.csv")
        table.write_text("id,capacity,x,y\na,3,2.1,48.1\nb,4,2.2,48.2\nc,5,2.3,48.3\n", encoding="utf-8")
        assert "ressemblent à des degrés" in measure(table).stderr


class TestProtectedAreas:
    """ProtConn and its parts."""

    def test_contiguous_areas(self, row: Path) -> None:
        """Areas that touch are one: ``Prot = √(7² + 5²)``, of which inside single ones ``√50``."""
        patches = geopandas.read_file(row)
        patches.loc[1, "geometry"] = square(100, 100)
        patches.to_file(row, layer="taches")
        assert measure(row, "--protected", "--landscape", 20).exit_code == 0
        found = read_overall(row.with_name("indices-bois"))
        assert found["ProtConn_Prot"] == pytest.approx(5 * 74**0.5, rel=1e-8)
        assert found["ProtConn_Within"] == pytest.approx(5 * 50**0.5, rel=1e-8)
        parts = ("ProtConn_Within", "ProtConn_Contig", "ProtConn_Unprot")
        assert sum(found[part] for part in parts) == pytest.approx(found["ProtConn"], rel=1e-8)
        assert "ProtConn_Trans" not in found

    def test_areas_beyond_the_border(self, row: Path) -> None:
        """Abroad lies b: a and c reach each other through it alone, ``√(34 + 30 / 4) - √34``."""
        assert measure(row, "--protected", "--landscape", 20, "--beyond", "hors").exit_code == 0
        found = read_overall(row.with_name("indices-bois"))
        assert found["Prot"] == pytest.approx(40)
        assert found["ProtConn"] == pytest.approx(5 * 41.5**0.5, rel=1e-8)
        assert found["ProtConn_Trans"] == pytest.approx(5 * (41.5**0.5 - 34**0.5), rel=1e-8)
        assert found["ProtConn_Contig"] == pytest.approx(0, abs=1e-9)


def test_the_most_dependent_territory_brings_something(row: Path) -> None:
    """A territory that brings next to nothing depends wholly on others, and is not the one that is named."""
    patches = geopandas.read_file(row)
    patches["capacity"] = [0.01, 4.0, 5.0]
    patches.to_file(row, layer="taches")
    communes = geopandas.GeoDataFrame(
        {"id": ["1", "2", "3"], "nom": ["Rien", "Milieu", "Bout"]},
        geometry=[square(1000 * k - 300, 900) for k in range(3)],
        crs=CRS,
    )
    communes.to_file(row.with_name("communes.gpkg"))
    done = measure(row, "--units", row.with_name("communes.gpkg"))
    assert done.exit_code == 0, done.output
    units = read(row.with_name("indices-bois") / "units.csv")
    assert max(units, key=lambda line: float(line["dependence"]))["name"] == "Rien"
    assert "le plus dépendant de ses voisins\xa0: Milieu" in done.stdout
