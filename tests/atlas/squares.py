"""A small territory of square communes with odd names, its official layers, and the atlas made of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from shapely import Polygon, box

from bocage.atlas.making import AtlasResult, make_atlas
from bocage.atlas.options import choose_options
from bocage.study.reading import read_study
from tests.study.atlas_territory import HEAD, patch
from tests.study.territory import SOUTH, WEST, square, write_layer

COMMUNES = {
    "99001": "Œuvy-l’Étang",
    "99002": "Saint-Bé",
    "99003": "Saint-Bé",
    "99004": "Val / d'Été",
    "99005": "Èze",
    "99006": "EZE",
}
"""INSEE codes of no département, and names that are hard on files."""

STEMS = {
    "99001": "99001_oeuvy-l-etang",
    "99002": "99002_saint-be",
    "99003": "99003_saint-be",
    "99004": "99004_val-d-ete",
    "99005": "99005_eze",
    "99006": "99006_eze",
}

ATLAS = """
[atlas]
title = "Atlas d’essai"
volumes = "all"
[atlas.epci]
path = "layers.gpkg"
layer = "epci"
name = "nom"
[[atlas.layer]]
path = "layers.gpkg"
layer = "reservoirs"
theme = "reservoirs"
name = "nom"
source = "DREAL"
[[atlas.layer]]
path = "layers.gpkg"
layer = "znieff1"
theme = "znieff1"
name = "nom"
source = "INPN"
"""


def write_squares(
    folder: Path, communes: dict[str, str] | None = None, *, empty: tuple[str, ...] = (), atlas: str = ATLAS
) -> Path:
    """Write communes of 1 km² in rows of four, two intercommunalités, reservoirs, a zone; give the file."""
    folder.mkdir(parents=True, exist_ok=True)
    named = COMMUNES if communes is None else communes
    write_layer(
        folder,
        "communes",
        insee=list(named),
        nom=list(named.values()),
        geometry=[
            Polygon() if code in empty else square(number % 4, number // 4)
            for number, code in enumerate(named)
        ],
    )
    write_reservoirs(folder, 400)
    write_layer(folder, "znieff1", nom=["Marais de la Bée"], geometry=[patch(50, 50, 1500)])
    halves = [box(WEST + x, SOUTH, WEST + x + 2000, SOUTH + 2000) for x in (0, 2000)]
    write_layer(
        folder,
        "epci",
        nom=["CC du Pays vert", "CC du Pays-Vert"],
        geometry=halves,
    )
    path = folder / "atlas.toml"
    path.write_text(HEAD + atlas, encoding="utf-8")
    return path


def write_reservoirs(folder: Path, side: float) -> None:
    """Write two reservoirs, the first of this side [m]."""
    write_layer(
        folder,
        "reservoirs",
        nom=["Grand Bois", None],
        geometry=[patch(100, 100, side), patch(1500, 500, 700)],
    )


def make(
    folder: Path, *communes: str, workers: int | None = 1, fresh: bool = False, **options: Any
) -> AtlasResult:
    """Make the atlas of a folder; options are those of ``AtlasOptions``."""
    study = read_study(folder / "atlas.toml")
    chosen = choose_options(study, **options)
    return make_atlas(study, chosen, communes=communes, workers=workers, fresh=fresh)


def call(*words: object) -> Result:
    """Type a ``bocage`` command."""
    from bocage.cli import main

    return CliRunner().invoke(main, [str(word) for word in words])


def read_atlas(folder: Path) -> dict[str, bytes]:
    """Read all files of the atlas of a folder, those that let runs go on included."""
    root = folder / "out" / "atlas"
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def read_record(folder: Path) -> dict[str, Any]:
    """Read ``atlas.json``."""
    record: dict[str, Any] = json.loads((folder / "out" / "atlas" / "atlas.json").read_text(encoding="utf-8"))
    return record


def stamp_files(folder: Path) -> dict[str, int]:
    """Tell when each PDF and PNG of the atlas was written."""
    root = folder / "out" / "atlas"
    return {
        path.relative_to(root).as_posix(): path.stat().st_mtime_ns
        for path in sorted(root.rglob("*"))
        if re.search(r"\.(pdf|png)$", path.name)
    }


def list_changed(before: dict[str, int], after: dict[str, int]) -> list[str]:
    """List the files that were written between two looks."""
    return sorted(name for name in after if before.get(name) != after[name])
