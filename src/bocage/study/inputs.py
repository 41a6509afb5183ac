"""Read everything a study names, ready for the domain rooms: the study area, its grid, its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.errors import InputError
from bocage.grid import Bounds, Grid
from bocage.io.files import require_file, shorten_list
from bocage.io.rasters import describe_raster, read_raster
from bocage.io.vectors import read_vector
from bocage.journal import Journal
from bocage.network import Theme
from bocage.reservoirs.zonings import Zoning
from bocage.restoration.decisions import Decisions
from bocage.study.estimate import check_resources, estimate_run
from bocage.study.file import LandCoverLayer, Layers
from bocage.study.layers import (
    prepare_communes,
    prepare_crossings,
    prepare_hedges,
    prepare_railways,
    prepare_river_works,
    prepare_roads,
    prepare_watercourses,
    prepare_zoning,
)
from bocage.study.model import Study, make_key
from bocage.study.reading import load_nomenclatures
from bocage.study.suggesting import suggest
from bocage.study.tables import read_table

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from shapely.geometry.base import BaseGeometry

    from bocage.landcover.fusion import CoverPolygons, CoverRaster

RASTER_SUFFIXES = (".tif", ".tiff", ".vrt", ".asc", ".img", ".jp2", ".jpg", ".png", ".nc")

# A neighbour whose border was drawn a little differently is not a commune of the study area.
_COMMUNE_SHARE = 0.01
_UNREACHED_SHARE = 0.1
# Where a territory has but three roads, their extent does not tell how far they were surveyed.
_TELLING_COUNT = 20
_FARTHEST_M = 1e8


@dataclass(frozen=True)
class StudyArea:
    """Where a study computes.

    Attributes
    ----------
    area : Polygon or MultiPolygon
        The study area, in the CRS of the study.
    bounds : (west, south, east, north)
        Those of the area, widened by the buffer [m].
    grid : Grid
        The smallest grid over these bounds.
    communes : GeoDataFrame or None
        Communes of the study area: ``insee``, ``name``; None where no layer was given.
    neighbours : GeoDataFrame or None
        The other communes that meet the bounds, for drawing.
    """

    area: BaseGeometry
    bounds: Bounds
    grid: Grid
    communes: GeoDataFrame | None
    neighbours: GeoDataFrame | None


@dataclass(frozen=True)
class Inputs:
    """What a run starts from. A layer that the study does not name is None; one without objects is empty.

    Attributes
    ----------
    area, bounds, grid, communes, neighbours
        As in ``StudyArea``.
    landcover : tuple of CoverRaster or CoverPolygons
        For ``fuse_land_cover``, the last one on top; empty where the study has no land cover.
    roads, railways : GeoDataFrame or None
        Lines: ``ground``, ``width_m``, ``name``.
    watercourses : GeoDataFrame or None
        Lines: ``ground``, ``width_m``, ``name``, ``list1``, ``list2``, ``is_reservoir``, ``intermittent``.
    hedges : GeoDataFrame or None
        Lines or polygons: ``ground``, ``width_m``.
    river_works : GeoDataFrame or None
        Points: ``code``, ``name``, ``kind``, ``state``, ``fish_pass``.
    crossings : GeoDataFrame or None
        Points, lines or polygons: ``kind``, ``name``, ``width_m``.
    zonings : tuple of Zoning
        In the order of the study file.
    decisions : Decisions or None
        Human decisions.
    provided : mapping of theme to bool
        Whether the data that a theme of the map needs were given.
    """

    area: BaseGeometry
    bounds: Bounds
    grid: Grid
    communes: GeoDataFrame | None
    neighbours: GeoDataFrame | None
    landcover: tuple[CoverRaster | CoverPolygons, ...]
    roads: GeoDataFrame | None
    railways: GeoDataFrame | None
    watercourses: GeoDataFrame | None
    hedges: GeoDataFrame | None
    river_works: GeoDataFrame | None
    crossings: GeoDataFrame | None
    zonings: tuple[Zoning, ...]
    decisions: Decisions | None
    provided: Mapping[Theme, bool]


def read_inputs(study: Study, journal: Journal) -> Inputs:
    """Read all that a study names.

    Parameters
    ----------
    study : Study
    journal : Journal
        Told of what was repaired, assumed, left out or lacks.

    Raises
    ------
    InputError
        If a file, layer, column or commune is missing, or the land cover does not meet the study area.
    CodeError
        If a column holds classes that the study does not translate.
    ResourceError
        If memory or disk would not do; nothing large was read yet.
    """
    check_files(study)
    place = resolve_area(study, journal)
    check_resources(study, estimate_run(study, place.grid))
    check_extents(study, place)
    bbox, layers = place.bounds, study.layers
    if study.file.study.buffer is None and study.subnetworks:
        journal.add("buffer_assumed", buffer=round(study.buffer_m))
    _note_unknown_names(study, journal)
    _note_partial_layers(study, place, journal)
    return Inputs(
        area=place.area,
        bounds=place.bounds,
        grid=place.grid,
        communes=place.communes,
        neighbours=place.neighbours,
        landcover=tuple(_read_land_cover(study, place, journal)),
        roads=layers.roads and prepare_roads(study, layers.roads, bbox=bbox, journal=journal),
        railways=layers.railways and prepare_railways(study, layers.railways, bbox=bbox, journal=journal),
        watercourses=layers.watercourses
        and prepare_watercourses(study, layers.watercourses, bbox=bbox, journal=journal),
        hedges=layers.hedges and prepare_hedges(study, layers.hedges, bbox=bbox, journal=journal),
        river_works=layers.river_works
        and prepare_river_works(study, layers.river_works, bbox=bbox, journal=journal),
        crossings=layers.crossings and prepare_crossings(study, layers.crossings, bbox=bbox, journal=journal),
        zonings=tuple(_read_zonings(study, bbox, journal)),
        decisions=read_decisions(study),
        provided=list_provided(study),
    )


def list_input_files(study: Study) -> list[Path]:
    """List the files that a study reads, absolute, each once, in the order of their names.

    The study file itself is not one of them: what it says is in ``study.parameters()``.
    """
    return sorted({study.resolve(path) for _, path in _named_files(study)})


def check_files(study: Study) -> None:
    """Check that every file exists, before any is read.

    Raises
    ------
    InputError
        The first missing file in one sentence; several at once, one a line.
    """
    problems: list[str] = []
    first_named: dict[Path, tuple[str | int, ...]] = {}
    for key, path in _named_files(study):
        first_named.setdefault(study.resolve(path), key)
    for path, key in first_named.items():
        try:
            require_file(path, study.cite(*key, "path"))
        except InputError as error:
            problems.append(str(error))
    if len(problems) == 1:
        raise InputError(problems[0])
    if problems:
        raise InputError(
            "\n".join([f"{len(problems)} files are missing:", *(f"  {one}" for one in problems)])
        )


def resolve_area(study: Study, journal: Journal, *, communes: GeoDataFrame | None = None) -> StudyArea:
    """Work out the study area, its buffered bounds, its grid and its communes.

    Parameters
    ----------
    study : Study
    journal : Journal
    communes : GeoDataFrame, optional
        The whole layer, where it was prepared already; read otherwise.

    Raises
    ------
    InputError
        If an INSEE code is not in the layer (the nearest codes and names are given), or the area is empty.
    """
    layer = study.layers.communes
    if communes is None and layer is not None:
        communes = prepare_communes(study, layer, journal=journal)
    wanted = study.file.study.area
    chosen = None
    if wanted.path is not None:
        table = read_vector(
            study.resolve(wanted.path), name="area", crs=study.crs, journal=journal, layer=wanted.layer,
            columns=(), where=wanted.where,
        )  # fmt: skip
        area = shapely.union_all(table.geometry.array)
    elif wanted.bbox is not None:
        area = shapely.box(*wanted.bbox)
    elif communes is None:
        raise InputError(f"area: the study area needs the communes layer ({study.cite('study', 'area')}).")
    else:
        chosen = communes if wanted.insee is None else _choose_communes(study, communes, wanted.insee)
        area = shapely.union_all(chosen.geometry.array)
    if area.is_empty:
        raise InputError(
            f"area: the study area is empty: no polygon was found for it "
            f"({study.cite('study', 'area')}); check the layer and its condition."
        )
    _check_on_earth(study, area, chosen)
    west, south, east, north = shapely.bounds(area).tolist()
    buffer = study.buffer_m
    bounds = (west - buffer, south - buffer, east + buffer, north + buffer)
    neighbours = None
    if communes is not None:
        if chosen is None:
            inside = shapely.area(shapely.intersection(communes.geometry.array, area))
            chosen = communes[inside > _COMMUNE_SHARE * communes.geometry.area]
        near = shapely.intersects(communes.geometry.array, shapely.box(*bounds))
        neighbours = communes[near & ~communes.index.isin(chosen.index)].reset_index(drop=True)
        chosen = chosen.reset_index(drop=True)
        if wanted.bbox is not None and chosen.empty:
            journal.add("no_commune_in_area", count=len(communes))
    return StudyArea(area, bounds, Grid.covering(bounds, study.cell_size, study.crs), chosen, neighbours)


def _check_on_earth(study: Study, area: BaseGeometry, communes: GeoDataFrame | None) -> None:
    """Refuse an outline that no projected coordinate system can hold, before a grid is laid over it."""
    if np.abs(shapely.bounds(area)).max() <= _FARTHEST_M:
        return
    whose = "its outline"
    if communes is not None:
        far = np.abs(shapely.bounds(communes.geometry.array)).max(axis=1) > _FARTHEST_M
        first = communes[far].iloc[0]
        whose = f"the outline of commune {first['insee']} ({first['name']})"
    raise InputError(
        f"area: {whose} lies farther than any place on earth in {study.crs}; correct its coordinates, "
        f"or leave it out of the area ({study.cite('study', 'area')})."
    )


def check_extents(study: Study, place: StudyArea) -> None:
    """Check that each land cover layer meets the study area.

    Raises
    ------
    InputError
        If one does not: both extents are given.
    """
    from pyproj import CRS

    from bocage.io.crs import transform_bounds
    from bocage.io.vectors import list_layers

    area = shapely.box(*shapely.bounds(place.area))
    for number, layer in enumerate(study.file.landcover):
        path = study.resolve(layer.path)
        if is_raster(layer):
            info = describe_raster(path, name=layer.label)
            bounds, crs = info.bounds, info.crs
        else:
            found = [one for one in list_layers(path, name=layer.label) if layer.layer in (None, one.name)]
            # What is wrong with the layer's name is the reader's to tell.
            if len(found) != 1 or found[0].bounds is None:
                continue
            bounds, crs = found[0].bounds, found[0].crs
        if crs is None:
            continue
        there = (
            bounds
            if crs == study.crs
            else transform_bounds(bounds, CRS.from_user_input(crs), CRS.from_user_input(study.crs))
        )
        if not shapely.intersects(shapely.box(*there), area):
            raise InputError(
                f"landcover '{layer.label}' does not meet the study area: it covers {_show_bounds(there)} "
                f"and the area {_show_bounds(place.area.bounds)} in {study.crs}; give the land cover of this "
                f"territory ({study.cite('landcover', number)}), or correct the area."
            )


def list_provided(study: Study) -> dict[Theme, bool]:
    """Tell for each theme of the map whether the study names the data it needs."""
    layers = study.layers
    modelled = bool(study.file.landcover and study.subnetworks)
    transport = layers.roads is not None or layers.railways is not None
    return {
        "reservoirs": modelled,
        "corridors": modelled,
        "corridors_to_restore": modelled,
        "watercourses": layers.watercourses is not None,
        # A river work needs a watercourse to stand on, and no land cover.
        "obstacle_points": (modelled and transport)
        or (layers.river_works is not None and layers.watercourses is not None),
        "obstacle_lines": modelled and transport,
        "obstacle_surfaces": modelled,
    }


def read_decisions(study: Study) -> Decisions | None:
    """Read the table of human decisions, if the study names one.

    Raises
    ------
    InputError
        If the file is missing or one of its lines cannot be understood.
    """
    path, written = study.decisions_path, study.file.decisions
    if path is None or written is None:
        return None
    table = read_table(path, name="decisions", delimiter=written.delimiter)
    return Decisions.from_table(table, source=path.name)


def is_raster(layer: LandCoverLayer) -> bool:
    """Tell a raster from polygons: by its suffix, unless a column of classes is named."""
    return layer.field is None and layer.layer is None and layer.path.suffix.lower() in RASTER_SUFFIXES


def _named_files(study: Study) -> list[tuple[tuple[str | int, ...], Path]]:
    """List the files that the study names, with the key of the table that does."""
    file, named = study.file, list[tuple[tuple[str | int, ...], Path | None]]()
    named.append((("study", "area"), file.study.area.path))
    named.append((("issuer",), file.issuer.logo))
    named += [(("landcover", i), layer.path) for i, layer in enumerate(file.landcover)]
    for name in Layers.model_fields:
        layer = getattr(file.layers, name)
        named.append((("layers", name), None if layer is None else layer.path))
    named += [(("zonings", i), zoning.path) for i, zoning in enumerate(file.zonings)]
    for i, entry in enumerate(file.subnetworks):
        table = entry.resistance_table
        named.append((("subnetworks", i, "resistance_table"), None if table is None else table.path))
    for name in ("list1", "list2"):
        listed = getattr(file.rivers, name)
        named.append((("rivers", name), None if listed is None else listed.path))
    named.append((("decisions",), None if file.decisions is None else file.decisions.path))
    return [(key, path) for key, path in named if path is not None]


def _choose_communes(study: Study, communes: GeoDataFrame, insee: Sequence[str]) -> GeoDataFrame:
    known = dict(zip(communes["insee"], communes["name"], strict=True))
    unknown = [code for code in dict.fromkeys(insee) if code not in known]
    if unknown:
        raise InputError(
            f"area: {_join_codes(unknown)} not in the communes layer ({study.cite('study', 'area')}); "
            f"{_suggest_commune(unknown[0], known)}."
        )
    return communes[communes["insee"].isin(set(insee))]


def _join_codes(codes: Sequence[str]) -> str:
    return f"INSEE codes {shorten_list(codes)} are" if len(codes) > 1 else f"INSEE code '{codes[0]}' is"


def _suggest_commune(code: str, known: Mapping[str, str]) -> str:
    """Guess a commune from a wrong code, or from a name given in place of one."""
    by_name = {name.casefold(): other for other, name in known.items()}
    if code.casefold() in by_name:
        return f"the code of {code} is '{by_name[code.casefold()]}'"
    close_name = suggest(code, list(known.values())) if not code[:2].isdigit() else ""
    if close_name:
        return f"give codes, not names{close_name}"
    if code.isdigit():
        nearest = sorted(
            (other for other in known if other.isdigit()), key=lambda o: (abs(int(o) - int(code)), o)
        )
        if nearest:
            listed = ", ".join(f"{other} {known[other]}" for other in nearest[:3])
            return f"the nearest codes there are {listed} (a postcode is not an INSEE code)"
    return f"the layer has {len(known)} communes, from {min(known)} to {max(known)}"


def _read_land_cover(study: Study, place: StudyArea, journal: Journal) -> list[CoverRaster | CoverPolygons]:
    from bocage.landcover.fusion import CoverPolygons, CoverRaster

    nomenclatures = load_nomenclatures(study.file)
    read: list[CoverRaster | CoverPolygons] = []
    for number, layer in enumerate(study.file.landcover):
        path, nomenclature = study.resolve(layer.path), nomenclatures[layer.nomenclature]
        if is_raster(layer):
            raster = read_raster(path, place.grid, name=layer.label, journal=journal, band=layer.band)
            read.append(CoverRaster(layer.label, nomenclature, raster.values, raster.valid))
            continue
        if layer.field is None:
            raise InputError(
                f"landcover '{layer.label}': polygons need the column of their class; add field = \"...\" "
                f"({study.cite('landcover', number)})."
            )
        polygons = read_vector(
            path, name=layer.label, crs=study.crs, journal=journal, layer=layer.layer, bbox=place.bounds,
            columns=layer.field.split("|"), where=layer.where,
        )  # fmt: skip
        read.append(CoverPolygons(layer.label, nomenclature, polygons, layer.field))
    if read and not any(_holds_ground(layer) for layer in read):
        names = ", ".join(f"'{layer.name}'" for layer in read)
        raise InputError(
            f"landcover {names}: no ground in the study area and its margin; give the land cover of this "
            f"territory ({study.cite('landcover', 0)}), or correct the area."
        )
    return read


def _holds_ground(layer: CoverRaster | CoverPolygons) -> bool:
    from bocage.landcover.fusion import CoverPolygons

    if isinstance(layer, CoverPolygons):
        return len(layer.polygons) > 0
    return layer.valid is None or bool(np.any(layer.valid))


def _read_zonings(study: Study, bbox: Bounds, journal: Journal) -> list[Zoning]:
    return [
        Zoning(
            layer.key or make_key(layer.label),
            layer.label,
            layer.rule,
            layer.subnetworks,
            prepare_zoning(study, layer, name=layer.label, bbox=bbox, journal=journal),
        )
        for layer in study.file.zonings
    ]


def _note_partial_layers(study: Study, place: StudyArea, journal: Journal) -> None:
    """Note the layers whose extent leaves a part of the study area out: no object there proves nothing."""
    for name in ("roads", "watercourses", "hedges"):
        layer = getattr(study.layers, name)
        there = None if layer is None else _find_extent(study, layer.path, layer.layer, name)
        if there is None:
            continue
        reached = shapely.intersection(place.area, shapely.box(*there)).area / place.area.area
        if reached < 1 - _UNREACHED_SHARE:
            journal.add("layer_partial", layer=name, share=100.0 * (1 - reached))


def _find_extent(study: Study, path: Path, layer: str | None, name: str) -> Bounds | None:
    """Give the extent of a layer in the study's CRS; None where there are too few objects to tell."""
    from pyproj import CRS

    from bocage.io.crs import transform_bounds
    from bocage.io.vectors import list_layers

    found = [one for one in list_layers(study.resolve(path), name=name) if layer in (None, one.name)]
    # What is wrong with the layer's name is the reader's to tell.
    if len(found) != 1 or found[0].count < _TELLING_COUNT or not (found[0].bounds and found[0].crs):
        return None
    if found[0].crs == study.crs:
        return found[0].bounds
    return transform_bounds(
        found[0].bounds, CRS.from_user_input(found[0].crs), CRS.from_user_input(study.crs)
    )


def _note_unknown_names(study: Study, journal: Journal) -> None:
    """Note the names of published resistance tables that no ground of the study answers to."""
    from bocage.landcover.nomenclature import find_unknown_names

    used = load_nomenclatures(study.file).values()
    for entry, subnetwork in zip(study.file.subnetworks, study.subnetworks, strict=True):
        if entry.resistance_table is None:
            continue
        unknown = find_unknown_names(subnetwork.resistance, used)
        if unknown:
            journal.add(
                "resistance_unused",
                subnetwork=subnetwork.name,
                table=entry.resistance_table.path.name,
                names=", ".join(unknown),
            )


def _show_bounds(bounds: Any) -> str:
    west, south, east, north = (round(bound) for bound in bounds)
    return f"{west}-{east} east, {south}-{north} north"
