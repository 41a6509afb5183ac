"""The command `bocage circuitscape`: published jobs, outputs, and what is refused."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from bocage.cli import main
from bocage.errors import BocageError, DataError, InputError, StudyError
from bocage.io.ascii_grid import GridPlace, read_ascii_grid, write_ascii_grid
from bocage.journal import Journal
from bocage.study.circuitscape.options import read_options
from bocage.study.circuitscape.pair_files import read_pairs
from bocage.study.circuitscape.run import CircuitRun, run_circuitscape

CASES = [
    "network/sgNetworkVerify1", "network/sgNetworkVerify2", "network/mgNetworkVerify1",
    "network/mgNetworkVerify2", "raster/pairwise/1/sgVerify1", "raster/pairwise/2/sgVerify2",
    "raster/pairwise/3/sgVerify3", "raster/pairwise/4/sgVerify4", "raster/pairwise/5/sgVerify5",
    "raster/pairwise/7/sgVerify7", "raster/pairwise/9/sgVerify9", "raster/pairwise/11/sgVerify11",
    "raster/pairwise/13/sgVerify13", "raster/pairwise/15/sgVerify15", "raster/pairwise/17/sgVerify17",
    "raster/advanced/1/mgVerify1", "raster/advanced/3/mgVerify3", "raster/advanced/5/mgVerify5",
    "raster/advanced/7/mgVerify7", "raster/one_to_all/1/oneToAllVerify1",
    "raster/one_to_all/3/oneToAllVerify3", "raster/one_to_all/5/oneToAllVerify5",
    "raster/one_to_all/7/oneToAllVerify7", "raster/one_to_all/9/oneToAllVerify9",
    "raster/one_to_all/11/oneToAllVerify11", "raster/one_to_all/13/oneToAllVerify13",
    "raster/all_to_one/1/allToOneVerify1", "raster/all_to_one/3/allToOneVerify3",
    "raster/all_to_one/5/allToOneVerify5", "raster/all_to_one/7/allToOneVerify7",
    "raster/all_to_one/9/allToOneVerify9", "raster/all_to_one/11/allToOneVerify11",
]  # fmt: skip
"""The published jobs, under ``input/``."""

Job = Callable[..., Path]


def read_numbers(path: Path) -> NDArray[np.float64]:
    """Numbers of an output, without the header of a grid."""
    lines = path.read_text(encoding="ascii").splitlines()[6 if path.suffix == ".asc" else 0 :]
    return np.array([[float(word) for word in line.split()] for line in lines if line.strip()])


def check_same(expected: Path, found: Path) -> None:
    """Check an output against the published one: resistances to 1e-6 each, others to 1e-6 of the largest."""
    wanted, given = read_numbers(expected), read_numbers(found)
    assert given.shape == wanted.shape, found.name
    # The iterative solver behind the published maps was stopped at about 1e-6 of their largest value.
    slack = 1e-12 if found.suffix == ".out" else 1e-6 * np.abs(wanted).max()
    np.testing.assert_allclose(given, wanted, rtol=1e-6, atol=slack, err_msg=found.name)


@pytest.fixture
def cases(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the published jobs, whose paths are relative to it."""
    folder = shared / "cases" / "circuit" / "circuitscape"
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.realdata
class TestPublished:
    """The verification suite of Circuitscape (MIT)."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.rpartition("/")[2])
    def test_job(self, cases: Path, tmp_path: Path, case: str) -> None:
        """Each job runs as it is and gives every published file that its options ask for."""
        name = case.rpartition("/")[2]

        found = run_circuitscape(Path("input") / f"{case}.ini", output=tmp_path)

        assert found.residual < 1e-9
        assert found.balance < 1e-9
        wrong_pairs = {"sgVerify13": [(1, 4), (1, 9), (2, 4), (2, 8), (2, 9), (4, 8), (4, 9)]}.get(name, [])
        left_out = {f"{name}_{kind}map_{i}_{j}.asc" for kind in ("cur", "volt") for i, j in wrong_pairs}
        if wrong_pairs:
            left_out.add(f"{name}_resistances_3columns.out")
        if name == "oneToAllVerify11":
            left_out |= {file.name for file in cases.glob(f"output_verify/{name}_*.asc")}
        if name == "sgNetworkVerify2":
            left_out |= {
                file.name for end in "56" for file in cases.glob(f"output_verify/{name}_*_{end}.txt")
            }
            left_out |= {f"{name}_{kind}_currents_cum.txt" for kind in ("node", "branch")}
        compared = 0
        for expected in sorted(cases.glob(f"output_verify/{name}_*")):
            if expected.name not in left_out:
                check_same(expected, tmp_path / expected.name)
                compared += 1
        assert compared

    def test_maps_of_a_job_that_asks_for_none(self, cases: Path, tmp_path: Path) -> None:
        """The published maps of oneToAllVerify11, whose job says not to write them."""
        text = (cases / "input/raster/one_to_all/11/oneToAllVerify11.ini").read_text(encoding="utf-8")
        for option in ("write_cur_maps", "write_volt_maps"):
            text = text.replace(f"{option} = False", f"{option} = True")
        job = tmp_path / "job.ini"
        job.write_text(text, encoding="utf-8")

        run_circuitscape(job, output=tmp_path)

        for expected in sorted(cases.glob("output_verify/oneToAllVerify11_*")):
            check_same(expected, tmp_path / expected.name)

    def test_pairs_that_the_job_leaves_out(self, cases: Path, tmp_path: Path) -> None:
        """The published maps of sgVerify13 for the pairs its matrix excludes, and their resistances."""
        text = (cases / "input/raster/pairwise/13/sgVerify13.ini").read_text(encoding="utf-8")
        job = tmp_path / "job.ini"
        job.write_text(
            text.replace("use_included_pairs = True", "use_included_pairs = False"), encoding="utf-8"
        )

        run_circuitscape(job, output=tmp_path)

        for expected in sorted(cases.glob("output_verify/sgVerify13_*map_*.asc")):
            check_same(expected, tmp_path / expected.name)
        wanted = read_numbers(cases / "output_verify/sgVerify13_resistances_3columns.out")
        given = {
            tuple(row[:2]): row[2] for row in read_numbers(tmp_path / "sgVerify13_resistances_3columns.out")
        }
        for one, other, resistance in wanted[wanted[:, 2] >= 0]:
            assert given[one, other] == pytest.approx(resistance, rel=1e-6)

    def test_nodes_that_the_job_does_not_name(self, cases: Path, tmp_path: Path) -> None:
        """The published files of sgNetworkVerify2 for nodes 5 and 6, which the job does not name."""
        text = (cases / "input/network/sgNetworkVerify2.ini").read_text(encoding="utf-8")
        nodes = tmp_path / "nodes.txt"
        nodes.write_text("\n".join(map(str, range(7))), encoding="utf-8")
        job = tmp_path / "job.ini"
        job.write_text(
            text.replace(
                "point_file = input/network/sgNetworkVerify2_focal_nodes.txt", f"point_file = {nodes}"
            ),
            encoding="utf-8",
        )

        run_circuitscape(job, output=tmp_path)

        for expected in sorted(cases.glob("output_verify/sgNetworkVerify2_*_[0-9]_[0-9].txt")):
            wanted = {tuple(row[:-1]): row[-1] for row in read_numbers(expected) if abs(row[-1]) > 1e-12}
            given = {tuple(row[:-1]): row[-1] for row in read_numbers(tmp_path / expected.name)}
            for key, value in wanted.items():
                assert given[key] == pytest.approx(value, rel=1e-6)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Write a small raster job, four cells in a row, with files and options changed as asked."""

    def write(files: dict[str, str] | None = None, **options: object) -> Path:
        held = {
            "habitat.asc": grid("1 2 3 2"),
            "points.asc": grid("1 -9999 -9999 2"),
            "sources.asc": grid("1 -9999 -9999 -9999"),
            "grounds.asc": grid("-9999 -9999 -9999 0"),
            **(files or {}),
        }
        for name, text in held.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        said: dict[str, object] = {
            "scenario": "pairwise",
            "habitat_file": "habitat.asc",
            "habitat_map_is_resistances": True,
            "connect_using_avg_resistances": True,
            "point_file": "points.asc",
            "source_file": "sources.asc",
            "ground_file": "grounds.asc",
            "output_file": tmp_path / "output" / "result.out",
            **options,
        }
        path = tmp_path / "job.ini"
        path.write_text(
            "[Options]\n" + "".join(f"{key} = {value}\n" for key, value in said.items() if value is not None),
            encoding="utf-8",
        )
        return path

    return write


def grid(*rows: str, west: float = 0, cell: float = 10, nodata: bool = True) -> str:
    """Write an Arc ASCII grid."""
    head = (
        f"ncols {len(rows[0].split())}\nnrows {len(rows)}\nxllcorner {west}\nyllcorner 0\ncellsize {cell}\n"
    )
    return head + ("NODATA_value -9999\n" if nodata else "") + "\n".join(rows) + "\n"


def read_output(tmp_path: Path, name: str) -> list[list[float]]:
    """Numbers of an output of the small job."""
    return read_numbers(tmp_path / "output" / f"result_{name}").tolist()


class TestOutputs:
    """What options change in the files."""

    def test_pairwise(self, job: Job, tmp_path: Path) -> None:
        """Resistances of 1, 2, 3 and 2 in a row are 6.5 Ω from middle to middle, in both formats."""
        run_circuitscape(job())

        assert read_output(tmp_path, "resistances.out") == [[0, 1, 2], [1, 0, 6.5], [2, 6.5, 0]]
        assert read_output(tmp_path, "resistances_3columns.out") == [[1, 2, 6.5]]
        assert sorted(path.name for path in (tmp_path / "output").iterdir()) == [
            "result_resistances.out",
            "result_resistances_3columns.out",
        ]

    def test_maps(self, job: Job, tmp_path: Path) -> None:
        """Only sums when asked, their logarithm, no data on barriers, nothing on the places of the pair."""
        barrier = {
            "habitat.asc": grid("1 2 3 2", "-9999 -9999 1 1"),
            "points.asc": grid("1 0 0 2", "0 0 0 0"),
        }

        run_circuitscape(
            job(barrier, write_cum_cur_map_only="TRUE", write_max_cur_maps="true", write_volt_maps=1,
                log_transform_maps=True, set_null_voltages_to_nodata=True, connect_four_neighbors_only=True)
        )  # fmt: skip

        names = {path.name for path in (tmp_path / "output").glob("*.asc")}
        assert names == {"result_cum_curmap.asc", "result_max_curmap.asc", "result_voltmap_1_2.asc"}
        assert read_output(tmp_path, "cum_curmap.asc")[0] == pytest.approx([0, 0, 0, 0], abs=1e-9)
        assert read_output(tmp_path, "cum_curmap.asc")[1][:2] == [-9999, -9999]
        assert read_output(tmp_path, "voltmap_1_2.asc")[1][:2] == [-9999, -9999]
        run_circuitscape(job(write_cur_maps=True, set_focal_node_currents_to_zero=True))
        assert read_output(tmp_path, "curmap_1_2.asc")[0] == pytest.approx([0, 1, 1, 0])

    def test_geotiff(self, job: Job, tmp_path: Path) -> None:
        """write_as_tif gives GeoTIFF of the same cells, and a gzipped grid is read."""
        import rasterio

        path = job(write_cur_maps=True, write_as_tif=True, habitat_file="habitat.asc.gz")
        (tmp_path / "habitat.asc.gz").write_bytes(gzip.compress(grid("1 2 3 2").encode()))

        run_circuitscape(path)

        with rasterio.open(tmp_path / "output" / "result_curmap_1_2.tif") as source:
            assert source.read(1)[0] == pytest.approx([1, 1, 1, 1])
            assert tuple(source.bounds) == (0, 0, 40, 10)

    def test_lists(self, job: Job, tmp_path: Path) -> None:
        """Focal points, sources and grounds as lists of value, x and y."""
        lists = {"p.txt": "2 35 5\n1\t5\t5\n", "s.txt": "7 5 5\n", "g.txt": "0.5 35 5\n"}

        run_circuitscape(job(lists, point_file="p.txt"))
        run_circuitscape(
            job(lists, scenario="advanced", source_file="s.txt", ground_file="g.txt", use_unit_currents=True,
                write_volt_maps=True)
        )  # fmt: skip

        assert read_output(tmp_path, "resistances_3columns.out") == [[1, 2, 6.5]]
        assert read_output(tmp_path, "voltmap.asc")[0] == pytest.approx([7, 5.5, 3, 0.5])

    def test_direct_grounds_and_reclassification(self, job: Job, tmp_path: Path) -> None:
        """All grounds by a wire when asked; values replaced by a table of two columns."""
        more = {
            "table.txt": "3 5\n2 -9999\n",
            "points.asc": grid("-9999 1 2 -9999"),
            "habitat.asc": grid("2 3 3 2"),
        }
        tied = {"grounds.asc": grid("-9999 -9999 -9999 4")}

        run_circuitscape(job(more, use_reclass_table=True, reclass_file="table.txt"))
        run_circuitscape(job(tied, scenario="advanced", use_direct_grounds=True, write_volt_maps=True))

        assert read_output(tmp_path, "resistances_3columns.out") == [[1, 2, 5]]
        assert read_output(tmp_path, "voltmap.asc")[0][3] == 0

    def test_same_bytes(self, job: Job, tmp_path: Path) -> None:
        """The same job writes the same bytes."""
        path = job(write_cur_maps=True, write_volt_maps=True)
        seen = []
        for _ in range(2):
            run_circuitscape(path)
            seen.append({file.name: file.read_bytes() for file in sorted((tmp_path / "output").iterdir())})

        assert seen[0] == seen[1]


class TestPairs:
    """Files of pairs."""

    ids = np.array([1, 2, 3, 4, 5])

    def write(self, tmp_path: Path, text: str) -> Path:
        """Write a file of pairs."""
        path = tmp_path / "pairs.txt"
        path.write_text(text, encoding="utf-8")
        return path

    def test_documented(self, tmp_path: Path) -> None:
        """The three examples of Circuitscape's documentation."""
        matrix = "0 1 2 3 4 5\n1 0 100 6.67 7 1\n2 100 0 11 1 60\n3 6.67 11 0 -1 100\n"
        matrix += "4 7 1 -1 0 0\n5 1 60 100 0 0\n"
        listed = "1\t2\n1 3\n1 5\n"

        include = read_pairs(self.write(tmp_path, f"mode\tinclude\n{listed}"), self.ids, Journal())
        exclude = read_pairs(self.write(tmp_path, f"mode exclude\n{listed}"), self.ids, Journal())
        ranged = read_pairs(self.write(tmp_path, f"min 2\nmax 50\n{matrix}"), self.ids, Journal())

        assert (include.ids.tolist(), include.pairs.tolist()) == ([1, 2, 3, 5], [[1, 2], [1, 3], [1, 5]])
        assert exclude.ids.tolist() == [1, 2, 3, 4, 5]
        assert exclude.pairs.tolist() == [[1, 4], [2, 3], [2, 4], [2, 5], [3, 4], [3, 5], [4, 5]]
        assert ranged.pairs.tolist() == [[1, 3], [1, 4], [2, 3]]

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("mode include\n1 2\n8 9\n", r"names 2 points .* \(8, 9\)"),
            ("mode maybe\n1 2\n", "its mode is 'maybe'"),
            ("1 2\n", "begins neither"),
            ("mode include\n1 two\n", "line 2"),
            ("mode include\n1 2.5\n", "not whole"),
            ("min 1\nmax 2\n0 1 2\n1 0 1\n3 1 0\n", "no matrix"),
        ],
    )
    def test_refused(self, tmp_path: Path, text: str, why: str) -> None:
        """Points that are not there, modes and numbers that are none."""
        with pytest.raises(InputError, match=why):
            read_pairs(self.write(tmp_path, text), self.ids, Journal())


REFUSED: dict[str, tuple[dict[str, str], dict[str, object], type[BocageError], str]] = {
    "other extent": ({"points.asc": grid("1 2 3")}, {}, InputError, "same extent"),
    "other cells": ({"points.asc": grid("1 -9999 -9999 2", cell=20)}, {}, InputError, "same extent"),
    "elsewhere": ({"points.asc": grid("1 -9999 -9999 2", west=100)}, {}, InputError, "same extent"),
    "points outside": ({"p.txt": "1 5 5\n2 99 5\n"}, {"point_file": "p.txt"}, DataError, r"outside .*\(2\)"),
    "points on nodata": ({"habitat.asc": grid("1 2 3 -9999")}, {}, DataError, r"others \(2\)"),
    "one point": ({"points.asc": grid("1 -9999 -9999 1")}, {}, DataError, "hold 1 id"),
    "point ids": ({"points.asc": grid("1 -9999 -9999 2.5")}, {}, InputError, "whole numbers"),
    "zero resistance": ({"habitat.asc": grid("1 0 3 2")}, {}, DataError, r"zero or less.*\(0\) at row 1"),
    "negative resistance": ({"habitat.asc": grid("1 2 -3 2")}, {}, DataError, r"\(-3\) at row 1, column 3"),
    "negative conductance": (
        {"habitat.asc": grid("1 2 -3 2")}, {"habitat_map_is_resistances": False}, DataError, "infinite",
    ),
    "no habitat": ({"habitat.asc": grid("-9999 -9999 -9999 -9999")}, {}, DataError, "no data but barriers"),
    "sources that cancel": (
        {"sources.asc": grid("1 -1 -9999 -9999")}, {"scenario": "advanced"}, DataError, "sum to zero",
    ),
    "no ground": ({"grounds.asc": grid("-9999 -9999 -9999 -9999")},
        {"scenario": "advanced"}, DataError, "ground"),
    "negative ground": ({"grounds.asc": grid("0 0 0 -2")}, {"scenario": "advanced"}, DataError, "-2"),
    "absent ids": (
        {"pairs.txt": "mode include\n1 2\n1 7\n"},
        {"use_included_pairs": True, "included_pairs_file": "pairs.txt"}, InputError, r"\(7\)",
    ),
    "no file of pairs": ({}, {"use_included_pairs": True}, StudyError, "no included_pairs_file"),
    "missing file": ({}, {"habitat_file": "habitats.asc"}, InputError, "habitat.asc"),
    "mask of all": (
        {"mask.asc": grid("0 -1 -9999 0")}, {"use_mask": True, "mask_file": "mask.asc"}, DataError, "no cell",
    ),
    "negative regions": (
        {"r.asc": grid("0 -3 0 0")}, {"use_polygons": True, "polygon_file": "r.asc"}, InputError, "negative",
    ),
    "scenario": ({}, {"scenario": "not entered"}, StudyError, "scenario is 'not entered'"),
    "no scenario": ({}, {"scenario": None}, StudyError, "missing"),
    "data type": ({}, {"data_type": "vector"}, StudyError, "raster or network"),
    "network star": ({}, {"data_type": "network", "scenario": "one-to-all"}, StudyError, "rasters only"),
    "flag": ({}, {"write_cur_maps": "perhaps"}, StudyError, "True or False"),
    "conflicts": ({}, {"remove_src_or_gnd": "both"}, StudyError, "keepall"),
    "no sources": ({}, {"scenario": "advanced", "source_file": None}, StudyError, "no source_file"),
    "no output": ({}, {"output_file": "(Choose a base name for output files)"}, StudyError, "no output_file"),
    "cut grid": ({"habitat.asc": grid("1 2 3 2")[:-3]}, {}, InputError, "holds 3 numbers"),
    "words in a grid": ({"habitat.asc": grid("1 2 3,5 2")}, {}, InputError, "decimals with a point"),
    "no grid": ({"habitat.asc": "1 2 3\n"}, {}, InputError, "no Arc ASCII grid"),
    "short list": ({"p.txt": "1 5\n"}, {"point_file": "p.txt"}, InputError, "3 numbers"),
}  # fmt: skip


class TestRefused:
    """Bad input is one sentence and exit code 2."""

    @pytest.mark.parametrize("case", REFUSED)
    def test_job(self, job: Job, case: str) -> None:
        """Each fault says what was found, where and how to mend it."""
        files, options, error, why = REFUSED[case]
        path = job(files, **options)

        with pytest.raises(error, match=why) as raised:
            run_circuitscape(path)
        said = CliRunner().invoke(main, ["circuitscape", str(path)])

        assert "\n" not in str(raised.value)
        assert said.exit_code == 2
        assert said.stderr.count("error:") == 1

    def test_contradiction(self, job: Job) -> None:
        """An option said twice with two values is refused; said twice alike it is not."""
        path = job()
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}scenario = pairwise\n", encoding="utf-8")
        run_circuitscape(path)
        path.write_text(f"{text}scenario = advanced\n", encoding="utf-8")

        with pytest.raises(StudyError, match="says scenario twice: 'pairwise' and 'advanced'"):
            run_circuitscape(path)

    @pytest.mark.parametrize(("first", "nodes"), [(0, "1\n2\n3\n"), (1, "0\n1\n2\n")])
    def test_numbers_from_zero_or_one(self, job: Job, first: int, nodes: str) -> None:
        """Nodes numbered from 1 in one file and from 0 in the other are refused, saying so."""
        links = f"{first} {first + 1} 1\n{first + 1} {first + 2} 1\n"

        with pytest.raises(InputError, match=f"numbers from {first} and the other from {1 - first}"):
            run_circuitscape(
                job({"net.txt": links, "nodes.txt": nodes}, data_type="network", habitat_file="net.txt",
                    point_file="nodes.txt")
            )  # fmt: skip

    def test_network_values(self, job: Job) -> None:
        """A zero resistance in a network names its link."""
        with pytest.raises(DataError, match=r"\(0\) between nodes 1 and 2"):
            run_circuitscape(job({"net.txt": "0 1 2\n1 2 0\n"}, data_type="network", habitat_file="net.txt"))


class TestTold:
    """What is not refused is told."""

    def run(self, path: Path) -> tuple[CircuitRun, list[str]]:
        """Run a job and give the codes of its notes."""
        journal = Journal()
        found = run_circuitscape(path, journal=journal)
        assert all(note.text(language) for note in journal.notes for language in ("fr", "en"))
        return found, [note.code for note in journal.notes]

    @pytest.mark.parametrize(
        ("files", "options", "code"),
        [
            ({"habitat.asc": grid("0.1 0.5 1 0.2")}, {}, "assumed_conductance"),
            (
                {"habitat.asc": grid("1 50 900 3")},
                {"habitat_map_is_resistances": "false"},
                "assumed_resistance",
            ),
            ({"points.asc": grid("1 0 0 2", nodata=False)}, {}, "no_nodata"),
            ({"points.asc": grid("1 0 0 2", west=2)}, {}, "shifted"),
            ({"points.asc": grid("1 -9 0 2")}, {}, "negative_ids"),
            ({"habitat.asc": grid("1 1 -9999 1"), "points.asc": grid("1 2 0 3")}, {}, "disconnected"),
            (
                {"habitat.asc": grid("1 1 1 -9999"), "points.asc": grid("1 2 0 3")},
                {},
                "on_nodata disconnected",
            ),
            ({}, {"parallelize": True, "log_file": "x.log"}, "ignored"),
            ({}, {"habitat_fil": "x"}, "unknown"),
            ({}, {"compress_grids": True}, "compress"),
            ({}, {"scenario": "one-to-all"}, None),
        ],
    )
    def test_note(
        self, job: Job, files: dict[str, str], options: dict[str, object], code: str | None
    ) -> None:
        """Ranges that look like the other kind, no-data not said, points on barriers, options ignored."""
        _, codes = self.run(job(files, **options))

        assert codes == ([] if code is None else code.split())

    def test_base_of_paths(self, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Paths are relative to the current folder, else to that of the job."""
        path = job(output_file="here/result.out")

        assert read_options(path, Journal()).output_file == tmp_path / "here" / "result.out"
        monkeypatch.chdir(tmp_path)
        assert read_options("job.ini", Journal()).output_file == Path("here/result.out")

    def test_command(self, job: Job, tmp_path: Path) -> None:
        """The command says what it solved, how exactly, and where it wrote."""
        said = CliRunner().invoke(main, ["circuitscape", str(job()), "--language", "en"])

        assert said.exit_code == 0
        assert "2 focal points, 1 pair joined, 1 solve." in said.stdout
        assert "result_resistances.out" in said.stdout


def test_ascii_grid_round_trip(tmp_path: Path) -> None:
    """A grid is read as it was written, NaN included; corners given as centres are moved."""
    values = np.array([[1.5, np.nan, -0.0], [1e-7, 2, 123456.789]])
    place = GridPlace(2, 3, 616786.15983008, 45.5, 30, None)

    again = read_ascii_grid(write_ascii_grid(tmp_path / "grid.asc", values, place))

    np.testing.assert_array_equal(again.values, values)
    assert (again.place.west, again.place.south, again.place.nodata) == (616786.15983008, 45.5, -9999)
    text = (tmp_path / "grid.asc").read_text(encoding="ascii")
    (tmp_path / "centre.asc").write_text(
        text.replace("xllcorner", "XLLCENTER").replace("yllcorner", "YLLCENTER"), encoding="ascii"
    )
    assert read_ascii_grid(tmp_path / "centre.asc").place.south == 30.5
