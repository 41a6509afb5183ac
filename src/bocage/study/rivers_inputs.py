"""Lines and works of a river, read from bare files or from a study, with what their columns mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bocage.errors import CRSError, DataError, InputError, StudyError
from bocage.grid import Bounds
from bocage.journal import Journal
from bocage.rivers.columns import LineColumns, WorkColumns
from bocage.study.suggesting import recognise_names

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from bocage.rivers.distances import Fading, Threshold
    from bocage.rivers.orienting import Sampler
    from bocage.study.file import RiverWorksLayer, VectorLayer, WatercoursesLayer
    from bocage.study.model import Study

LINE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "name": ("topooh", "toponyme1", "nom_entite", "nom_c_eau", "toponyme", "nom", "name"),
    "start_node": ("id_nd_ini",),
    "end_node": ("id_nd_fin",),
    "direction": ("sens", "sens_de_ecoulement", "sens_de_l_ecoulement"),
    "level": ("pos_sol",),
}
"""Columns recognised in lines, whatever their case: BD TOPAGE, BD Carthage, BD TOPO and plain words."""

WORK_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("cdobstecoul", "cdobstecou", "code_roe", "identifiant_roe", "code", "id"),
    "name": ("nomprincipalobstecoul", "nomprincip", "nom_principal", "nom", "name"),
    "river": ("nomentitehydrographique", "nomentiteh", "cours_d_eau", "river"),
    "kind": ("lbtypeouvrage", "lbtypeouvr", "type_ouvrage", "kind", "type"),
    "state": ("lbetouvrage", "lbetouvrag", "etat", "state"),
    "height": ("hautchutetobstecoul", "hautchutet", "hauteur_chute", "hauteur", "height_m", "height"),
    "height_class": ("lbhautchutclobstecoul", "lbhautchut"),
    "fish_pass": (
        "lbtypedispfranchpiscicole1", "lbtypedisp", "passe_a_poissons", "passe", "fish_pass",
    ),
}  # fmt: skip
"""Columns recognised in works: those of the ROE and plain words."""


CANAL = "bocage canal"
DUTIES: Mapping[str, str] = {"must": "bocage priority", "never": "bocage protected"}
"""Columns made of what a study says of lines and works."""

_NAMED = ("code", "name", "kind", "state", "fish_pass", "height", "up", "down")

MOST_LINES = 300_000
"""A layer of more lines is not read whole for a run, but within ``AROUND_M`` of the study area."""
AROUND_M = 50_000.0


@dataclass(frozen=True)
class RiverOptions:
    """What `bocage rivers` was asked for.

    Attributes
    ----------
    lines : Path
        Layer of watercourses, or a study file.
    works : Path, optional
        Layer of works; the file of the lines when only ``works_layer`` is given.
    layer, works_layer : str, optional
    crs : str, optional
        Projected CRS; that of the lines when left out.
    snap_m, works_snap_m : float
        See ``bocage.rivers.network.build_river_network``.
    line_columns, work_columns : mapping
        Column by meaning: keys of ``LINE_COLUMNS`` with ``inhabited`` and ``catchment``, and of
        ``WORK_COLUMNS`` with ``up``, ``down``, ``cost``, ``pass_cost``, ``pass_up``, ``pass_down``,
        ``weight``, ``must`` and ``never``. Those left out are recognised by their names.
    group : str
        Species, as in ``bocage.rivers.passability``.
    weight : str
        ``length``, or the column of the lines that is connected, shared along each line by length.
    index : {"potamodromous", "diadromous"}
        What the budget raises.
    budget : float, optional
        To spend; the curve is drawn to the end when left out.
    budget_share : float, optional
        Without a budget, plan for this share of what opening all works costs.
    convention : {"per_crossing", "both_ways"}
        See ``bocage.rivers.distances.Convention``.
    decay : str, optional
        ``exponential:METRES`` or ``exponential:METRES@SHARE``; the share that goes so far is a half when left
        out.
    within_m : float, optional
        Farthest that movement goes along the river [m].
    dem : Path, optional
        Elevation model [m], which orients lines and gives the fall of rivers.
    rules : Path, optional
        Rules of passability in place of those of bocage.
    language : {"fr", "en"}
    output : Path, optional
    typed : frozenset of str, optional
        Names of the options that were typed, which go before the table ``[rivers]`` of a study; those that
        differ from their default when left out.
    """

    lines: Path
    works: Path | None = None
    layer: str | None = None
    works_layer: str | None = None
    crs: str | None = None
    snap_m: float = 5.0
    works_snap_m: float = 100.0
    line_columns: Mapping[str, str] = field(default_factory=dict)
    work_columns: Mapping[str, str] = field(default_factory=dict)
    group: str = "trout"
    weight: str = "length"
    index: Literal["potamodromous", "diadromous"] = "potamodromous"
    budget: float | None = None
    budget_share: float | None = None
    convention: Literal["per_crossing", "both_ways"] = "per_crossing"
    decay: str | None = None
    within_m: float | None = None
    dem: Path | None = None
    rules: Path | None = None
    language: Literal["fr", "en"] | None = None
    output: Path | None = None
    typed: frozenset[str] | None = None

    def read_decay(self) -> Fading | Threshold | None:
        """Give how movement ends with distance; None where it does not.

        Raises
        ------
        DataError
            It is said twice, or as nothing known.

        Examples
        --------
        >>> RiverOptions(Path("eau.gpkg"), decay="exponential:2000@0.05").read_decay()
        Fading(distance_m=2000.0, probability=0.05, probability_down=None)
        """
        from bocage.rivers.distances import Fading, Threshold

        if self.decay is not None and self.within_m is not None:
            raise DataError("Movement fades with --decay or ends with --within; give one of them.")
        if self.within_m is not None:
            return Threshold(self.within_m)
        if self.decay is None:
            return None
        law, _, rest = self.decay.partition(":")
        distance, _, probability = rest.partition("@")
        try:
            if law != "exponential":
                raise ValueError
            numbers = float(distance), float(probability or 0.5)
        except ValueError:
            raise DataError(
                f"The decay is '{self.decay}'; write exponential:METRES or exponential:METRES@SHARE, as "
                "exponential:5000@0.05."
            ) from None
        return Fading(*numbers)


@dataclass(frozen=True)
class RiverInputs:
    """Lines and works read, and how.

    Attributes
    ----------
    lines : GeoDataFrame
    works : GeoDataFrame or None
    columns, work_columns : dict of str to str
        Column used for each meaning.
    files : dict of str to Path
        By ``lines`` and ``works``.
    crs : str
    language : {"fr", "en"}
    output : Path
    law : mapping
        By ``list1`` and ``list2``, where the study tells: a yes or no for each line, or the lines of
        the list.
    """

    lines: GeoDataFrame
    works: GeoDataFrame | None
    columns: dict[str, str]
    work_columns: dict[str, str]
    files: dict[str, Path]
    crs: str
    language: Literal["fr", "en"]
    output: Path
    law: Mapping[str, Any] = field(default_factory=dict)

    def name_line_columns(self) -> LineColumns:
        """Give the columns of the lines as the network reads them."""
        known = {item.name for item in dataclasses.fields(LineColumns)}
        return LineColumns(**{key: column for key, column in self.columns.items() if key in known})  # type: ignore[arg-type]

    def name_work_columns(self) -> WorkColumns:
        """Give the columns of the works as the network reads them."""
        named = self.work_columns
        return WorkColumns(
            id=named.get("code"),
            name=named.get("name"),
            river=named.get("river"),
            kind=named.get("kind"),
            state=named.get("state"),
            height_m=named.get("height"),
            fish_pass=named.get("fish_pass"),
        )


def read_rivers(
    options: RiverOptions, journal: Journal, *, study: Study | None = None, area: Bounds | None = None
) -> RiverInputs:
    """Read the lines and works that are named on the command line or in a study file.

    Parameters
    ----------
    options : RiverOptions
        As ``complete_options`` gives them where there is a study.
    journal : Journal
    study : Study, optional
        The study that ``options.lines`` names, where it was read already.
    area : (west, south, east, north), optional
        Bounds of the study area: a layer of more than ``MOST_LINES`` lines is read about it alone, and that
        is noted.

    Raises
    ------
    InputError
        A file, layer or column is missing.
    CRSError
        The lines are in degrees and no CRS is given.
    StudyError
        The study names no watercourses.
    """
    if study is not None or names_study(options):
        return _read_study_rivers(options, study or _read_study(options), journal, area)
    crs = options.crs or _find_crs(options)
    lines = _read(options.lines, options.layer, "watercourses", crs, journal, "line")
    works_path = options.works or (options.lines if options.works_layer is not None else None)
    works = None
    if works_path is not None:
        works = _read(works_path, options.works_layer, "river_works", crs, journal, "point")
    output = options.output or options.lines.with_name(f"rivers-{options.lines.stem}")
    files = {"lines": options.lines} | ({} if works_path is None else {"works": works_path})
    return _gather(options, lines, works, {}, {}, files, crs, options.language or "fr", output)


def names_study(options: RiverOptions) -> bool:
    """Tell whether what the command was given is a study file."""
    return options.lines.suffix.lower() == ".toml"


def _read_study(options: RiverOptions) -> Study:
    from bocage.study.reading import read_study

    return read_study(options.lines)


def complete_options(options: RiverOptions, study: Study) -> RiverOptions:
    """Take from the table ``[rivers]`` of a study what the command line leaves at its default."""
    usual = {one.name: one.default for one in dataclasses.fields(RiverOptions)}
    said = study.file.rivers
    names = (
        "group", "index", "weight", "budget", "snap_m", "works_snap_m", "convention", "decay", "within_m",
    )  # fmt: skip
    typed = options.typed
    if typed is None:
        typed = frozenset(name for name in names if getattr(options, name) != usual[name])
    taken: dict[str, Any] = {name: getattr(said, name) for name in names if name not in typed}
    # One of the two typed goes before the other written.
    for name, other in (("decay", "within_m"), ("within_m", "decay")):
        if name in typed and other not in typed:
            taken[other] = None
    columns, line_columns = dict(options.work_columns), dict(options.line_columns)
    written = {"weight": said.works_weight} | {
        key: getattr(said, key) for key in ("cost", "pass_cost", "pass_up", "pass_down")
    }
    for key, column in written.items():
        if column is not None:
            columns.setdefault(key, column)
    for key in ("inhabited", "catchment"):
        if getattr(said, key) is not None:
            line_columns.setdefault(key, getattr(said, key))
    return dataclasses.replace(options, work_columns=columns, line_columns=line_columns, **taken)


def _read_study_rivers(
    options: RiverOptions, study: Study, journal: Journal, area: Bounds | None
) -> RiverInputs:
    """Read the watercourses and works of a study, whole, since a river does not end at its border."""
    layer, works_layer = study.layers.watercourses, study.layers.river_works
    if layer is None:
        raise StudyError(
            f"'{options.lines.name}' names no watercourses; add [layers.watercourses] with their path."
        )
    given = [
        key for key in ("works", "layer", "works_layer", "crs") if getattr(options, key) is not None
    ]  # fmt: skip
    if given:
        raise StudyError(
            f"--{given[0].replace('_', '-')} does not go with a study file, which names its layers; "
            "change it there, or give the layers in place of the study."
        )
    bbox = _choose_bounds(study, layer, area, journal)
    lines = _read_study_layer(study, layer, "watercourses", journal, "line", bbox)
    lines, named, law = _understand_lines(study, layer, lines, journal)
    files = {"study": options.lines, "lines": study.resolve(layer.path)}
    works, said = None, dict[str, str]()
    if works_layer is not None:
        works = _read_study_layer(study, works_layer, "river_works", journal, "point", bbox)
        works, said = _understand_works(study, works_layer, works)
        files["works"] = study.resolve(works_layer.path)
    output = options.output or study.output / "rivers"
    language = options.language or study.language
    found = _gather(options, lines, works, named, said, files, study.crs, language, output)
    return dataclasses.replace(found, law=law)


def _understand_lines(
    study: Study, layer: WatercoursesLayer, lines: GeoDataFrame, journal: Journal
) -> tuple[GeoDataFrame, dict[str, str], dict[str, Any]]:
    """Leave out the lines that the study ignores, tell canals, and read what the law asks."""
    from bocage.study.layers import IGNORE, read_flag, read_list, texts_of

    named = {} if layer.name is None else {"name": layer.name}
    _require(lines, named, "watercourses")
    flags = {name: getattr(layer, name) for name in ("canal", "list1", "list2")}
    _require(lines, {name: flag.field for name, flag in flags.items() if flag is not None}, "watercourses")
    canal = np.zeros(len(lines), dtype=bool)
    if layer.field is not None:
        _require(lines, {"field": layer.field}, "watercourses")
        # Beyond the study area there may be classes that it has no word for: those lines are rivers still.
        ground = (
            texts_of(lines[layer.field])
            .str.casefold()
            .map({value.strip().casefold(): found for value, found in layer.classes.items()})
        )
        kept = (ground != IGNORE).to_numpy(bool)
        lines, canal = lines[kept].reset_index(drop=True), (ground == "canal").to_numpy(bool)[kept]
    read = {
        name: np.array(
            [
                value is True
                for value in read_flag(lines, flag, place=study.cite("layers", "watercourses", name))
            ],
            dtype=bool,
        )
        for name, flag in flags.items()
        if flag is not None
    }
    canal |= read.pop("canal", np.zeros(len(lines), dtype=bool))
    if canal.any():
        lines = lines.assign(**{CANAL: canal})
        named["canal"] = CANAL
    law: dict[str, Any] = dict(read)
    for name in ("list1", "list2"):
        listed = read_list(study, name, lines, journal)
        if listed is not None:
            law[name] = listed
    return lines, named, law


def _understand_works(
    study: Study, layer: RiverWorksLayer, works: GeoDataFrame
) -> tuple[GeoDataFrame, dict[str, str]]:
    """Translate the values of works as the study says, and read which are priority and which protected."""
    from bocage.study.layers import IGNORE, read_flag, translate_known

    columns = find_study_columns(study, layer, [str(column) for column in works.columns])
    for key, words in (("kind", "kinds"), ("state", "states"), ("fish_pass", "fish_passes")):
        column, values = columns.get(key), getattr(layer, words)
        if column is not None and values:
            _require(works, {key: column}, "river_works")
            works[column] = translate_known(works[column], values)
            if IGNORE in values.values():
                works = works[works[column] != IGNORE].reset_index(drop=True)
    said = {key: column for key in _NAMED if (column := getattr(layer, key)) is not None}
    for key, name in (("must", "priority"), ("never", "protected")):
        flag = getattr(layer, name)
        if flag is not None:
            _require(works, {name: flag.field}, "river_works")
            place = study.cite("layers", "river_works", name)
            found = [value is True for value in read_flag(works, flag, place=place)]
            works = works.assign(**{DUTIES[key]: np.array(found, dtype=bool)})
            said[key] = DUTIES[key]
    return works, said


def _read_study_layer(
    study: Study,
    layer: VectorLayer,
    name: str,
    journal: Journal,
    kind: Literal["line", "point"],
    bbox: Bounds | None,
) -> GeoDataFrame:
    """Read a layer of a study with all its columns: some are recognised that a study does not name."""
    from bocage.io.vectors import read_vector

    return read_vector(
        study.resolve(layer.path), name=name, crs=study.crs, journal=journal, layer=layer.layer,
        kinds=(kind,), where=layer.where, bbox=bbox,
    )  # fmt: skip


def _choose_bounds(study: Study, layer: VectorLayer, area: Bounds | None, journal: Journal) -> Bounds | None:
    """Give the bounds to read within; None for the whole layer, unless that is too large for a run."""
    from bocage.io.vectors import list_layers

    if area is None:
        return None
    found = [
        one
        for one in list_layers(study.resolve(layer.path), name="watercourses")
        if layer.layer in (None, one.name)
    ]
    if len(found) != 1 or found[0].count <= MOST_LINES:
        return None
    journal.add("rivers_layer_cut", count=found[0].count, around=round(AROUND_M / 1000))
    west, south, east, north = area
    return west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M


def _gather(
    options: RiverOptions,
    lines: GeoDataFrame,
    works: GeoDataFrame | None,
    named: Mapping[str, str],
    works_named: Mapping[str, str],
    files: dict[str, Path],
    crs: str,
    language: Literal["fr", "en"],
    output: Path,
) -> RiverInputs:
    """Find the columns, those asked for before those of the study, before those recognised."""
    columns = recognise_columns(lines, LINE_COLUMNS) | dict(named) | dict(options.line_columns)
    if ("start_node" in columns) != ("end_node" in columns):
        columns.pop("start_node", None)
        columns.pop("end_node", None)
    _require(lines, columns, "watercourses")
    work_columns: dict[str, str] = {}
    if works is not None:
        said = dict(works_named) | dict(options.work_columns)
        work_columns = recognise_work_columns([str(column) for column in works.columns], said)
        _require(works, work_columns, "river_works")
    elif options.work_columns:
        key = next(iter(options.work_columns))
        raise InputError(f"A column of works is named for {key}, but no works are given; add --works FILE.")
    if options.weight != "length":
        _require(lines, {"weight": options.weight}, "watercourses")
    return RiverInputs(lines, works, columns, work_columns, files, crs, language, output)


def recognise_columns(table: GeoDataFrame, known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Find which columns mean what, by names known beforehand, whatever their case.

    Examples
    --------
    >>> import geopandas
    >>> table = geopandas.GeoDataFrame({"TopoOH": ["Oise"], "x": [1]}, geometry=[None])
    >>> recognise_columns(table, LINE_COLUMNS)
    {'name': 'TopoOH'}
    """
    return recognise_names([str(one) for one in table.columns if one != table.geometry.name], known)


def recognise_work_columns(columns: Sequence[str], said: Mapping[str, str]) -> dict[str, str]:
    """Find which columns of works mean what, those that are said before those known by their names.

    Examples
    --------
    >>> recognise_work_columns(["CdObstEcoul", "LbEtOuvrage", "passe"], {"cost": "passe"})
    {'code': 'CdObstEcoul', 'state': 'LbEtOuvrage', 'cost': 'passe'}
    """
    # A column that is given one meaning has no other by its name: "passe" may be a cost.
    known = recognise_names(columns, WORK_COLUMNS)
    return {key: column for key, column in known.items() if column not in said.values()} | dict(said)


def find_study_columns(study: Study, layer: RiverWorksLayer, columns: Sequence[str]) -> dict[str, str]:
    """Find which columns of the works of a study mean what, named by it or known by their names.

    The run and ``bocage rivers`` read works alike by it.
    """
    rivers = study.file.rivers
    said = {
        "weight": rivers.works_weight,
        **{key: getattr(rivers, key) for key in ("cost", "pass_cost", "pass_up", "pass_down")},
        **{key: getattr(layer, key) for key in _NAMED},
    }
    named = {key: column for key, column in said.items() if column is not None}
    return recognise_work_columns(columns, named)


def read_numbers(table: GeoDataFrame, column: str, what: str) -> NDArray[np.float64]:
    """Read a column of numbers from 0 up, decimal commas too; NaN where empty.

    Raises
    ------
    DataError
        A value is no number, or negative.
    """
    numbers = np.full(len(table), np.nan)
    for row, value in enumerate(table[column]):
        text = "" if value is None or value != value else str(value).strip().replace(",", ".")
        if not text:
            continue
        try:
            numbers[row] = float(text)
        except ValueError:
            numbers[row] = -1.0
        if not (numbers[row] >= 0 and np.isfinite(numbers[row])):
            raise DataError(
                f"The {what} in column '{column}' is {value!r} at row {row}; give numbers from 0 up, or "
                "leave it empty."
            )
    return numbers


def read_shares(table: GeoDataFrame, column: str, what: str) -> NDArray[np.float64]:
    """Read a column of shares from 0 to 1; empty is 0.

    Raises
    ------
    DataError
        A value is no number, or outside [0, 1].
    """
    shares = np.nan_to_num(read_numbers(table, column, what))
    wrong = np.flatnonzero(shares > 1)
    if wrong.size:
        raise DataError(
            f"The {what} in column '{column}' is {shares[wrong[0]]:g} at row {wrong[0]}; give shares from 0 "
            "to 1, or leave it empty."
        )
    return shares


def sample_raster(path: Path, crs: str) -> Sampler:
    """Make a sampler of an elevation raster in a CRS: the cell that holds each point, NaN where unknown.

    Raises
    ------
    InputError, CRSError
        The file is missing or no raster, or has no CRS.
    """
    import pyproj
    import rasterio

    from bocage.io.rasters import describe_raster

    info = describe_raster(path, name="dem")
    if info.crs is None:
        raise CRSError(f"dem: '{path.name}' has no CRS; give it one, or convert it to GeoTIFF.")
    to_raster = pyproj.Transformer.from_crs(crs, info.crs, always_xy=True)

    def sample(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = to_raster.transform(xy[:, 0], xy[:, 1])
        with rasterio.open(path) as source:
            # In the order of rows, blocks are read once.
            order = np.lexsort((x, -np.asarray(y)))
            points = np.column_stack([x, y])[order]
            found = np.full(len(xy), np.nan)
            values = np.ma.stack(list(source.sample(points, indexes=1, masked=True))) if len(xy) else None
            if values is not None:
                found[order] = np.ma.filled(values[:, 0].astype(np.float64), np.nan)
        return found

    return sample


def _require(table: GeoDataFrame, columns: Mapping[str, str], name: str) -> None:
    from bocage.io.files import shorten_list, suggest

    there = [str(column) for column in table.columns if column != table.geometry.name]
    for column in columns.values():
        if column not in there:
            close = suggest(column, there)
            mend = f"did you mean {close}?" if close else f"its columns are {shorten_list(there, 40)}."
            raise InputError(f"{name}: the layer has no column '{column}'; {mend}")


def _find_crs(options: RiverOptions) -> str:
    """Give the CRS of the lines, which must be in metres."""
    import pyogrio
    import pyproj

    from bocage.io.vectors import list_layers

    layers = list_layers(options.lines, name="watercourses")
    spatial = [one for one in layers if one.kind != "table"]
    chosen = [one for one in spatial if options.layer is None or one.name == options.layer]
    if len(chosen) != 1 or chosen[0].crs is None:
        # The reader tells what is wrong, whatever this says.
        return "EPSG:2154"
    if options.lines.suffix.lower() in (".parquet", ".geoparquet"):
        crs = pyproj.CRS.from_user_input(chosen[0].crs)
    else:
        crs = pyproj.CRS.from_user_input(pyogrio.read_info(options.lines, layer=chosen[0].name)["crs"])
    if not crs.is_projected:
        raise CRSError(
            f"'{options.lines.name}' is in degrees ({crs.name}), and lengths need metres; "
            "add --crs with a projected system, as EPSG:2154 in metropolitan France."
        )
    from bocage.io.crs import flatten_crs

    flat = flatten_crs(crs)
    authority = flat.to_authority(min_confidence=70)
    return ":".join(authority) if authority else flat.to_wkt()


def _read(
    path: Path, layer: str | None, name: str, crs: str, journal: Journal, kind: Literal["line", "point"]
) -> GeoDataFrame:
    from bocage.io.vectors import read_vector

    table: Any = read_vector(path, name=name, crs=crs, journal=journal, layer=layer, kinds=(kind,))
    return table
