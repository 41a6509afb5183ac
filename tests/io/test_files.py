"""Files as a whole."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bocage.errors import DataError, InputError, OutputError
from bocage.io.files import explain_failure, hash_file, replace_on_success, require_file


def test_file_appears_only_when_complete(tmp_path: Path) -> None:
    """While the new file is written, the old one is under its name, and no trace of the new one stays."""
    path = tmp_path / "été 2026" / "réseau.csv"
    path.parent.mkdir()
    path.write_text("old")
    with replace_on_success(path) as part:
        part.write_text("new")
        assert part.parent == path.parent
        assert part.suffix == ".csv"
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [file.name for file in path.parent.iterdir()] == ["réseau.csv"]


def test_failure_leaves_the_old_file(tmp_path: Path) -> None:
    """An error while writing keeps the previous file and removes the part and what drivers put beside it."""
    path = tmp_path / "a.gpkg"
    path.write_text("old")
    with pytest.raises(KeyError), replace_on_success(path) as part:
        part.write_text("half")
        part.with_name(part.name + "-journal").write_text("x")
        raise KeyError("mistake")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.gpkg"]


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    """A part file that a killed run left does not reach the next run, nor stay after it."""
    with replace_on_success(tmp_path / "a.txt") as part:
        name = part.name
        part.write_text("x")
    (tmp_path / name).write_text("left by a killed run")
    with replace_on_success(tmp_path / "a.txt") as part:
        assert not part.exists()
        part.write_text("new")
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), "read-only, or open in another program"),
        (OSError(errno.EROFS, "Read-only file system"), "the disk is read-only"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (sqlite3.OperationalError("database is locked"), "open in another program; close it"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "read-only"),
        (OSError("sqlite3_exec(CREATE TABLE a) failed: disk I/O error"), "(disk I/O error)"),
    ],
)
def test_failures_are_told_in_one_sentence(tmp_path: Path, error: Exception, words: str) -> None:
    """Whatever fails while writing is an OutputError that names the file, the cause and the mend."""
    with pytest.raises(OutputError) as caught, replace_on_success(tmp_path / "a.gpkg") as part:
        part.write_text("half")
        raise error
    message = str(caught.value)
    assert "a.gpkg' cannot be written: " in message
    assert words in message
    assert message.count("\n") == 0
    assert not list(tmp_path.iterdir())


def test_errors_that_are_not_of_the_disk_pass_through(tmp_path: Path) -> None:
    """Bocage's own errors keep their sentence."""
    with pytest.raises(DataError, match="empty"), replace_on_success(tmp_path / "a.gpkg"):
        raise DataError("empty")


def test_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    """A folder under the file's name is told."""
    (tmp_path / "a.tif").mkdir()
    with (
        pytest.raises(OutputError, match="a folder has that name"),
        replace_on_success(tmp_path / "a.tif") as part,
    ):
        part.write_text("x")


def test_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    """A file under the folder's name is told."""
    (tmp_path / "out").write_text("x")
    with (
        pytest.raises(OutputError, match="cannot be written"),
        replace_on_success(tmp_path / "out" / "a.tif") as part,
    ):
        part.write_text("x")


@pytest.mark.skipif(os.name != "posix", reason="limits a process's files")
def test_disk_that_fills_up_for_real(tmp_path: Path) -> None:
    """A process whose files may not grow fails in one sentence and leaves the previous raster whole."""
    path = tmp_path / "a.tif"
    path.write_bytes(b"old")
    program = (
        "import resource, sys, numpy as np\n"
        "from bocage.grid import Grid\n"
        "from bocage.io.rasters import write_raster\n"
        "from bocage.errors import OutputError\n"
        "values = np.random.default_rng(0).random((600, 600))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    write_raster(sys.argv[1], values, Grid(0, 0, 10, 600, 600), nodata=None,\n"
        "                 description='x', date='2026-05-04')\n"
        "except OutputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert "a.tif' cannot be written: " in done.stdout
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


def test_explain_failure_without_words() -> None:
    """An error without words is named by its class."""
    assert "(OSError)" in str(explain_failure(Path("out/a"), OSError()))


def test_missing_file_suggests_its_neighbours(tmp_path: Path) -> None:
    """A misspelt name is answered with the name that looks like it, whatever its case."""
    (tmp_path / "Communes 2024.gpkg").write_text("x")
    (tmp_path / "routes.shp").write_text("x")
    with pytest.raises(InputError, match=r"communes: there is no file .* did you mean 'Communes 2024.gpkg'"):
        require_file(tmp_path / "commune_2024.gpkg", "communes")
    with pytest.raises(InputError, match=r"the folder holds 'Communes 2024.gpkg', 'routes.shp'"):
        require_file(tmp_path / "zzz.tif", "communes")
    with pytest.raises(InputError, match="nor a folder"):
        require_file(tmp_path / "nowhere" / "a.gpkg", "communes")
    with pytest.raises(InputError, match="is a folder"):
        require_file(tmp_path, "communes")


def test_hash_is_that_of_the_content(tmp_path: Path) -> None:
    """One file's hash is the SHA-256 of its bytes, read by pieces or not."""
    path = tmp_path / "é.bin"
    content = b"bocage" * 500_000
    path.write_bytes(content)
    assert hash_file(path) == hashlib.sha256(content).hexdigest()


def test_hash_of_a_shapefile_counts_all_its_parts(tmp_path: Path) -> None:
    """A change of the attributes alone changes the hash; a copy elsewhere does not."""
    for part, content in ((".shp", "s"), (".shx", "x"), (".dbf", "d"), (".prj", "p"), (".qix", "q")):
        (tmp_path / f"routes{part}").write_text(content)
    first = hash_file(tmp_path / "routes.shp")
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tmp_path.glob("routes.*"):
        shutil.copy(file, copy)
    assert hash_file(copy / "routes.shp") == first
    (tmp_path / "routes.qix").write_text("an index is no data")
    assert hash_file(tmp_path / "routes.shp") == first
    (tmp_path / "routes.dbf").write_text("e")
    assert hash_file(tmp_path / "routes.shp") != first


def test_hash_of_a_mosaic_counts_its_rasters(tmp_path: Path) -> None:
    """A VRT's hash changes with the rasters it names, and one that names itself ends."""
    (tmp_path / "a.tif").write_text("1")
    vrt = tmp_path / "m.vrt"
    vrt.write_text(
        "<VRTDataset><VRTRasterBand>"
        '<SourceFilename relativeToVRT="1">a.tif</SourceFilename>'
        '<SourceFilename relativeToVRT="1">m.vrt</SourceFilename>'
        '<SourceFilename relativeToVRT="1">absent.tif</SourceFilename>'
        "</VRTRasterBand></VRTDataset>"
    )
    first = hash_file(vrt)
    (tmp_path / "a.tif").write_text("2")
    assert hash_file(vrt) != first
