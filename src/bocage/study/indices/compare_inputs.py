"""The folders that `bocage indices` wrote, read back to be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.errors import InputError
from bocage.io.files import say_cause

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

RECORD = "indices.json"
_TEXT = ("id", "name", "subnetwork", "index", "unit", "component")


def find_folder(path: Path) -> Path:
    """Find the folder of indices that a path means: itself, the one inside, or that of a study.

    Raises
    ------
    InputError
        If there is none.
    """
    path = Path(path)
    candidates = [path, path / "indices"]
    if path.suffix == ".toml" and path.is_file():
        from bocage.study.reading import read_study

        candidates = [read_study(path).output / "indices"]
    elif path.name == RECORD:
        candidates = [path.parent]
    for folder in candidates:
        if (folder / RECORD).is_file():
            return folder.absolute()
    raise InputError(
        f"'{path.as_posix()}' holds no indices (there is no '{(candidates[-1] / RECORD).as_posix()}'); "
        "write them with bocage indices first."
    )


@dataclass(frozen=True)
class GraphTables:
    """Tables of one graph at one date.

    Attributes
    ----------
    name : str
    overall, nodes : DataFrame
        As in overall.csv and nodes.csv.
    shapes : GeoDataFrame or None
        Patches in the order of ``nodes``.
    """

    name: str
    overall: DataFrame
    nodes: DataFrame
    shapes: GeoDataFrame | None


def read_record(folder: Path) -> dict[str, Any]:
    """Read how a date was measured."""
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(
            f"'{path.as_posix()}' cannot be read ({say_cause(error)}); run bocage indices again."
        ) from error
    if not isinstance(record, dict):
        raise InputError(f"'{path.as_posix()}' is no record of bocage indices; run bocage indices again.")
    return record


def read_table(folder: Path, name: str) -> DataFrame | None:
    """Read a table that `bocage indices` wrote, names as text and all else as numbers."""
    import pandas as pd

    path = folder / name
    if not path.is_file():
        return None
    try:
        table = pd.read_csv(path, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"'{path.as_posix()}' is no table that can be read ({say_cause(error)}); "
            "run bocage indices again."
        ) from error
    for column in table.columns:
        if column not in _TEXT:
            table[column] = pd.to_numeric(table[column].replace("", "nan"), errors="coerce")
    return table


def require_columns(table: DataFrame, columns: tuple[str, ...], path: Path) -> None:
    """Refuse a table without its columns."""
    if lacking := [column for column in columns if column not in table.columns]:
        raise InputError(
            f"'{path.as_posix()}' has no column '{lacking[0]}'; it is not as bocage indices wrote it: "
            "run bocage indices again."
        )


def list_terms(record: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Give how each graph was measured, by the key of its sub-network."""
    return {str(graph.get("key", "")): graph for graph in record.get("graphs") or ()}


def read_graphs(folder: Path, record: Mapping[str, Any]) -> dict[str, GraphTables]:
    """Read the tables of each graph, by the key of its sub-network; none where no graph was measured."""
    names = list_terms(record)
    overall, nodes = read_table(folder, "overall.csv"), read_table(folder, "nodes.csv")
    if overall is None or nodes is None:
        return {}
    require_columns(overall, ("index", "value"), folder / "overall.csv")
    require_columns(nodes, ("id", "capacity"), folder / "nodes.csv")
    for table in (overall, nodes):
        if "subnetwork" not in table.columns:
            table["subnetwork"] = ""
    shapes = _read_shapes(folder / "graph.gpkg")
    found = {}
    for key in dict.fromkeys(overall["subnetwork"]):
        mine = nodes[nodes["subnetwork"] == key].reset_index(drop=True)
        name = key
        if key in names:
            name = str(names[key].get("name") or key)
        shape = None
        if shapes is not None:
            shape = shapes[shapes["subnetwork"] == key] if "subnetwork" in shapes.columns else shapes
            shape = _order_as(shape, mine["id"].to_list())
        found[key] = GraphTables(name, overall[overall["subnetwork"] == key], mine, shape)
    return found


def _read_shapes(path: Path) -> GeoDataFrame | None:
    """Read the patches of graph.gpkg; None where there are none with an outline."""
    import geopandas as gpd
    import pandas as pd
    import pyogrio

    if not path.is_file():
        return None
    try:
        layers = [name for name, kind in pyogrio.list_layers(path) if kind and "Polygon" in str(kind)]
        named = [name for name in layers if name.startswith(("patch", "node"))] or layers[:1]
        parts = []
        for name in named:
            part = pyogrio.read_dataframe(path, layer=name, use_arrow=False)
            if "subnetwork" not in part.columns and len(named) > 1:
                part["subnetwork"] = name.partition("_")[2]
            parts.append(part)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise InputError(
            f"'{path.as_posix()}' cannot be read ({say_cause(error)}); run bocage indices again."
        ) from error
    if not parts or "id" not in parts[0].columns:
        return None
    found = parts[0] if len(parts) == 1 else gpd.GeoDataFrame(
        pd.concat(parts, ignore_index=True), crs=parts[0].crs)  # fmt: skip
    return found.assign(id=found["id"].astype(str))


def _order_as(shapes: GeoDataFrame, ids: list[str]) -> GeoDataFrame | None:
    """Give the outlines in the order of the table; None where some lack."""
    place = {name: row for row, name in enumerate(shapes["id"].to_list())}
    if not all(name in place for name in ids):
        return None
    return shapes.iloc[[place[name] for name in ids]].reset_index(drop=True)


def read_codes(path: Path) -> tuple[NDArray[np.uint8], tuple[Any, ...], float]:
    """Read a pattern: its codes, its place (shape, transform, CRS) and the area of a cell [m²]."""
    import rasterio
    from rasterio.errors import RasterioError

    try:
        with rasterio.open(path) as file:
            place = (file.shape, tuple(round(each, 6) for each in file.transform[:6]), file.crs)
            return file.read(1), place, abs(file.transform.a * file.transform.e)
    except RasterioError as error:
        raise InputError(
            f"'{path.as_posix()}' cannot be read ({say_cause(error)}); run bocage indices again."
        ) from error
