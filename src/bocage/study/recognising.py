"""Recognise what the layers of a folder are, by their names, columns and values."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bocage.errors import BocageError
from bocage.io.crs import transform_bounds
from bocage.io.rasters import RasterInfo, describe_raster
from bocage.io.vectors import LayerInfo, list_layers, read_vector
from bocage.journal import Journal
from bocage.study.describe import list_raster_values
from bocage.study.inputs import RASTER_SUFFIXES
from bocage.study.layers import texts_of
from bocage.study.model import make_key

VECTOR_SUFFIXES = (
    ".gpkg", ".shp", ".geojson", ".json", ".fgb", ".parquet", ".geoparquet", ".gml", ".kml", ".tab",
    ".sqlite",
)  # fmt: skip

ROLES = ("communes", "roads", "railways", "watercourses", "hedges", "river_works", "crossings")

_SHORT_WORD = 4

MOST_CLASSES = 60
"""A column with more values than this is no column of classes."""


@dataclass(frozen=True)
class Found:
    """A layer of the folder, vector or raster.

    Attributes
    ----------
    path : Path
        Absolute.
    layer : LayerInfo or None
    raster : RasterInfo or None
        One of the two is given, unless ``problem`` says why the file cannot be used.
    alone : bool
        Whether it is the only layer of its file.
    """

    path: Path
    layer: LayerInfo | None = None
    raster: RasterInfo | None = None
    alone: bool = True
    problem: str = ""

    @property
    def name(self) -> str:
        """Name for people: the layer's, or the file's where it has but one."""
        if self.layer is not None and not self.alone:
            return self.layer.name
        return self.path.stem

    @property
    def key(self) -> str:
        """Name in small letters without accents."""
        return make_key(self.name)

    @property
    def crs(self) -> str | None:
        """CRS of the layer or raster."""
        kind = self.layer or self.raster
        return None if kind is None else kind.crs

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Extent in its own CRS."""
        kind = self.layer or self.raster
        return None if kind is None else kind.bounds


@dataclass(frozen=True)
class CoverGuess:
    """A land cover recognised: the layer, its nomenclature, column and the codes it holds."""

    found: Found
    nomenclature: str
    field: str | None
    codes: tuple[str, ...]


@cache
def load_guesses() -> dict[str, Any]:
    """Read the words, columns and values by which roles are recognised."""
    return tomllib.loads(files("bocage.study").joinpath("guesses.toml").read_text(encoding="utf-8"))


def explore_folder(folder: Path) -> list[Found]:
    """List the layers of a folder and of the folders in it, in the order of their names.

    Folders and files whose name begins with a point, and the outputs of earlier runs, are left out.
    """
    found: list[Found] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if any(part.startswith(".") for part in inside) or any(
            (folder.joinpath(*inside[:depth]) / "run.json").is_file() for depth in range(1, len(inside))
        ):
            continue
        suffix = path.suffix.lower()
        if not path.is_file() or suffix not in VECTOR_SUFFIXES + RASTER_SUFFIXES:
            continue
        try:
            if suffix in RASTER_SUFFIXES:
                found.append(Found(path, raster=describe_raster(path, name=path.name)))
            else:
                layers = [layer for layer in list_layers(path, name=path.name) if layer.kind != "table"]
                found += [Found(path, layer=layer, alone=len(layers) == 1) for layer in layers]
        except BocageError as error:
            # A picture or a list in JSON is no layer, and no mistake either.
            if suffix not in (".json", ".png", ".jpg"):
                found.append(Found(path, problem=str(error)))
    return found


def rank_layers(found: Iterable[Found], role: str) -> list[Found]:
    """Give the layers that may have a role, the likeliest first."""
    guess = load_guesses()[role]
    ranked: list[tuple[int, int, str, Found]] = []
    for one in found:
        if one.layer is None or one.layer.count == 0:
            continue
        # Publishers give one polygon layer a mixed or unknown type now and then.
        if one.layer.kind not in (*guess["kinds"], "mixed"):
            continue
        if any(word in one.key for word in guess["avoid"]) or not any(
            word in one.key for word in guess["words"]
        ):
            continue
        if role == "communes" and (
            find_column(one.layer.fields, guess["code"]) is None
            or find_column(one.layer.fields, guess["name"]) is None
        ):
            continue
        # The plainer the name, the likelier: « communes » rather than « communes_clermontais ».
        spare = min(len(one.key) - len(word) for word in guess["words"] if word in one.key)
        ranked.append((-_rank_kind(one, guess["kinds"]), spare, one.key, one))
    if role != "communes":
        # Among several the most complete one comes first, before the plainest name.
        ranked.sort(
            key=lambda item: (item[0], -(item[3].layer.count if item[3].layer else 0), item[1], item[2])
        )
    else:
        ranked.sort(key=lambda item: item[:3])
    return [item[3] for item in ranked]


def _rank_kind(one: Found, kinds: Sequence[str]) -> int:
    return int(one.layer is not None and one.layer.kind in kinds)


def find_column(fields: Iterable[str], names: Sequence[str]) -> str | None:
    """Give the first of these names that is a column, letter case and accents aside.

    >>> find_column(["ID", "Nom_Com"], ["nom", "nom_com"])
    'Nom_Com'
    """
    by_key = {make_key(field): field for field in reversed(list(fields))}
    return next((by_key[name] for name in names if name in by_key), None)


def read_values(found: Found, column: str, crs: str) -> dict[str, int]:
    """Count the values of a column, as a run would read them; ``""`` is no value.

    Raises
    ------
    BocageError
        If the layer cannot be read.
    """
    assert found.layer is not None
    table = read_vector(
        found.path, name=found.name, crs=crs, journal=Journal(), layer=found.layer.name, columns=[column],
        kinds=("polygon", "line", "point"),
    )  # fmt: skip
    counts = Counter(texts_of(table[column]))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def guess_classes(values: Iterable[str], known: Mapping[str, str]) -> dict[str, str | None]:
    """Guess the class of each value; None where nothing is known of it.

    >>> guess_classes(["Primary", "canoe"], {"primary": "main_road"})
    {'Primary': 'main_road', 'canoe': None}
    """
    folded = {value.casefold(): ground for value, ground in known.items()}
    return {value: folded.get(value.casefold()) for value in values}


def choose_class_column(found: Found, role: str, crs: str) -> tuple[str, dict[str, str | None]] | None:
    """Choose the column of classes of which most values are known, with the guess for each value."""
    assert found.layer is not None
    guess = load_guesses()[role]
    best: tuple[float, str, dict[str, str | None]] | None = None
    for name in guess["field"]:
        column = find_column(found.layer.fields, [name])
        if column is None:
            continue
        counts = read_values(found, column, crs)
        if not counts or len(counts) > MOST_CLASSES:
            continue
        classes = guess_classes(counts, guess["values"])
        known = sum(counts[value] for value, ground in classes.items() if ground) / sum(counts.values())
        if known >= 0.5 and (best is None or known > best[0] + 0.2):
            best = (known, column, classes)
    return None if best is None else best[1:]


def recognise_cover(found: Found, crs: str) -> CoverGuess | None:
    """Recognise a land cover by its values, and its name where values leave a doubt."""
    from bocage.landcover.nomenclature import load_nomenclature

    guesses = load_guesses()["landcover"]
    if found.raster is not None:
        values = list_raster_values(found.path)
        if not values or len(values) > MOST_CLASSES:
            return None
        codes = tuple(str(value) for value in values if value != 0)
        fitting = [
            key
            for key in ("clc", "worldcover", "oso")
            if codes and all(load_nomenclature(key).resolve(code) is not None for code in codes)
        ]
        named = [key for key in fitting if any(word in found.key for word in guesses["words"][key])]
        # A few small numbers fit several nomenclatures: without a name that says so, no guess.
        if named or (len(fitting) == 1 and len(codes) >= 3):
            return CoverGuess(found, (named or fitting)[0], None, codes)
        return None
    if found.layer is None or found.layer.kind not in ("polygon", "mixed"):
        return None
    for key in ("clc", "ocsge"):
        column = find_column(found.layer.fields, guesses[key])
        if column is None:
            continue
        counts = read_values(found, column, crs)
        nomenclature = load_nomenclature(key)
        codes = tuple(sorted(code for code in counts if code))
        if len(codes) < 2 or not all(nomenclature.resolve(code) is not None for code in codes):
            continue
        use = find_column(found.layer.fields, guesses["use"]) if key == "ocsge" else None
        return CoverGuess(found, key, column if use is None else f"{column}|{use}", codes)
    return None


def recognise_zoning(found: Found) -> tuple[str, str, tuple[str, ...]] | None:
    """Recognise a zoning: its label, rule and sub-networks."""
    guess = load_guesses()["zonings"]
    if found.layer is None or found.layer.kind not in ("polygon", "mixed") or found.layer.count == 0:
        return None
    if any(word in found.key for word in guess["avoid"]):
        return None
    for kind in guess["kinds_of_zones"]:
        if any(word in found.key for word in kind["words"]):
            concerned = [
                key
                for key, words in guess["subnetworks"].items()
                if any(word in found.key for word in words) or kind.get("subnetwork") == key
            ]
            return kind["label"], kind["rule"], tuple(dict.fromkeys(concerned))
    return None


def recognise_official(found: Found) -> str | None:
    """Recognise what an official layer shows: by the fields of the national standard, else by its name.

    Returns
    -------
    str or None
        A theme of the network or the key of another theme.
    """
    from bocage.cartography.symbols import load_symbols

    if found.layer is None or found.layer.count == 0:
        return None
    fields = [make_key(field) for field in found.layer.fields]
    for field, themes in load_guesses()["standard"].items():
        if field in fields:
            theme = themes.get(found.layer.kind)
            return None if theme is None else str(theme)
    symbols = load_symbols()
    for guess in load_guesses()["official"]:
        if found.layer.kind in (symbols[guess["theme"]].kind, "mixed") and any(
            has_word(found.key, word) for word in guess["words"]
        ):
            return str(guess["theme"])
    return None


def has_word(key: str, word: str) -> bool:
    """Tell whether a name holds a word; short words must stand alone, but for a number after them.

    >>> has_word("pnr2024_oise", "pnr"), has_word("ensembles", "ens"), has_word("sites_ramsar", "ramsar")
    (True, False, True)
    """
    if len(word) > _SHORT_WORD:
        return word in key
    return re.search(rf"(?:^|_){word}\d*(?:_|$)", key) is not None


def choose_crs(found: Sequence[Found]) -> str:
    """Choose the projected CRS most layers are in; else the national one or the UTM zone of the place."""
    from pyproj import CRS

    counts = Counter(one.crs for one in found if one.crs is not None and one.crs.startswith("EPSG:"))
    for crs, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        known = CRS.from_user_input(crs)
        # Web Mercator is projected, but its metres are not metres on the ground.
        if known.is_projected and crs != "EPSG:3857" and known.axis_info[0].unit_conversion_factor == 1.0:
            return crs
    degrees = CRS.from_epsg(4326)
    for one in found:
        if one.bounds is None or one.crs is None:
            continue
        west, south, east, north = transform_bounds(one.bounds, CRS.from_user_input(one.crs), degrees)
        easting, northing = (west + east) / 2, (south + north) / 2
        if -5.5 < easting < 9.8 and 41.2 < northing < 51.3:
            return "EPSG:2154"
        zone = int((easting + 180) // 6) + 1
        return f"EPSG:{(32600 if northing >= 0 else 32700) + zone}"
    return "EPSG:2154"


def choose_cover(covers: Sequence[CoverGuess]) -> CoverGuess | None:
    """Choose the land cover that counts: the finest nomenclature, polygons before a raster made of them."""
    order = ("ocsge", "oso", "worldcover", "clc")
    ranked = sorted(
        covers,
        key=lambda one: (order.index(one.nomenclature), one.found.raster is not None, one.found.key),
    )
    return ranked[0] if ranked else None
