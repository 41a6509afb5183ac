"""Sum up a study, a layer or a raster in a page of plain text, before anything is computed."""

from __future__ import annotations

from pathlib import Path

from bocage import wording
from bocage.errors import BocageError
from bocage.io.files import require_file, shorten_list
from bocage.io.rasters import RasterInfo, describe_raster
from bocage.io.vectors import LayerInfo, list_layers
from bocage.journal import Journal
from bocage.study.atlas_layers import NETWORK_THEMES, check_themes, list_themes, load_study_symbols
from bocage.study.atlas_tables import Atlas
from bocage.study.estimate import estimate_run, gigabytes, measure_memory
from bocage.study.file import Language, Layers
from bocage.study.inputs import RASTER_SUFFIXES, is_raster, list_provided, read_decisions, resolve_area
from bocage.study.model import Study
from bocage.study.reading import read_study
from bocage.study.sections import Sourced
from bocage.subnetwork import Subnetwork
from bocage.units import format_number, hectares

_SHOWN_VALUES = 40
_SHOWN_SIDE = 2048
_KEPT_FOR_PROGRAMS = ("layer_styles", "bocage_about")
"""Tables of a GeoPackage that hold styles and settings, not objects."""

Section = tuple[str, list[tuple[str, str]]]
"""Heading, then rows of a label and a text."""


def describe_path(path: str | Path, *, language: Language | None = None) -> str:
    """Sum up a study file, a vector file or a raster.

    Parameters
    ----------
    path : str or Path
    language : {"fr", "en"}, optional
        The study's when left out; French for a layer.

    Raises
    ------
    BocageError
        If the file is missing, or is none of these.
    """
    path = Path(path)
    if path.suffix.lower() == ".toml" or path.is_dir():
        return describe_study(read_study(path), language=language)
    return describe_file(path, language=language or "fr")


def describe_study(study: Study, *, language: Language | None = None) -> str:
    """Sum up a study: its layers, grid, sub-networks, and what will and will not be mapped.

    Layers that are missing or wrong are told in their place; nothing is computed.
    """
    told = language or study.language
    journal = Journal()
    sections = [_describe_heading(study, told)]
    try:
        place = resolve_area(study, journal)
    except BocageError as error:
        sections.append((_say("info_territory", told), [("!", str(error))]))
    else:
        area = hectares(float(place.area.area))
        if place.communes is None:
            text = _say("info_area_bare", told, area=format_number(area, 0, told), crs=study.crs)
        else:
            text = _say(
                "info_area",
                told,
                area=format_number(area, 0, told),
                communes=len(place.communes),
                crs=study.crs,
            )
        buffer = _say("info_buffer", told, buffer=format_number(study.buffer_m, 0, told))
        sections.append((_say("info_territory", told), [("", text), ("", buffer)]))
        estimate = estimate_run(study, place.grid)
        rows = [
            (
                "",
                _say(
                    "info_cells",
                    told,
                    cols=format_number(place.grid.ncols, 0, told),
                    rows=format_number(place.grid.nrows, 0, told),
                    cell=f"{study.cell_size:g}",
                    cells=format_number(estimate.cells, 0, told),
                ),
            )
        ]
        parts = [part for part in ("landcover", "subnetworks") if not getattr(study.file, part)]
        lacks = [_say(f"lacks_{part}", told) for part in parts]
        if lacks:
            rows.append(("", _say("info_no_model", told, lacks=", ".join(lacks))))
        else:
            memory = gigabytes(estimate.memory_bytes, told)
            free = gigabytes(measure_memory(), told)
            rows.append(("", _say("info_memory", told, memory=memory, free=free)))
        if study.file.atlas is not None and not study.has_network:
            # Where layers are only read, a grid would only puzzle.
            rows = [("", _say("info_network_official", told))] if study.reads_network else []
        if rows:
            sections.append((_say("info_grid", told), rows))
    sections.append((_say("info_layers", told), _describe_layers(study, told)))
    if study.file.atlas is not None:
        sections.append((_say("info_atlas", told), _describe_atlas(study, study.file.atlas, told)))
    subnetworks = [(s.name, _describe_subnetwork(s, told)) for s in study.subnetworks]
    if subnetworks:
        sections.append((_say("info_subnetworks", told), subnetworks))
    sections.append((_say("info_themes", told), _describe_themes(study, told)))
    notes = [("-", note.text(told)) for note in journal.notes]
    try:
        read_decisions(study)
    except BocageError as error:
        notes.append(("!", str(error)))
    if notes:
        sections.append((_say("info_notes", told), notes))
    return _lay_out(sections)


def describe_file(path: str | Path, *, language: Language = "fr") -> str:
    """Sum up a vector file layer by layer, or a raster with its values."""
    path = require_file(path, "info")
    if path.suffix.lower() in RASTER_SUFFIXES:
        raster = describe_raster(path)
        nodata = "-" if raster.nodata is None else f"{raster.nodata:g}"
        rows = [
            ("", _tell_raster(raster, language)),
            ("", _say("info_raster_type", language, dtype=raster.dtype, bands=raster.bands, nodata=nodata)),
            ("", _say("info_bounds", language, bounds=_tell_bounds(raster.bounds))),
        ]
        values = list_raster_values(path)
        if values is not None:
            shown = ", ".join(str(value) for value in values[:_SHOWN_VALUES])
            more = " ..." if len(values) > _SHOWN_VALUES else ""
            rows.append(("", _say("info_raster_values", language, values=shown + more)))
        return _lay_out([(path.name, rows)])
    sections: list[Section] = []
    for layer in list_layers(path):
        if layer.name in _KEPT_FOR_PROGRAMS:
            continue
        rows = [("", _tell_layer(layer, language))]
        if layer.bounds is not None:
            rows.append(("", _say("info_bounds", language, bounds=_tell_bounds(layer.bounds))))
        if layer.fields:
            rows.append(("", _say("info_fields", language, fields=", ".join(layer.fields))))
        sections.append((layer.name, rows))
    return _lay_out(sections)


def list_raster_values(path: Path) -> list[int] | None:
    """List the values of a raster of classes, looking at no more than some millions of its cells.

    Returns
    -------
    list of int or None
        In rising order, no-data left out; None where the raster holds measures, not classes.
    """
    import numpy as np
    import rasterio

    with rasterio.open(path) as source:
        if not np.issubdtype(source.dtypes[0], np.integer):
            return None
        rows, cols = min(source.height, _SHOWN_SIDE), min(source.width, _SHOWN_SIDE)
        cells = source.read(1, out_shape=(rows, cols), masked=True)
    return [int(value) for value in np.unique(cells.compressed())]


def _describe_heading(study: Study, language: Language) -> Section:
    status = _say(f"status_{study.file.study.status.kind}", language)
    dated = _say("info_dated", language, date=study.date.isoformat(), status=status)
    return (study.name, [("", dated), ("", str(study.path))])


def _describe_layers(study: Study, language: Language) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for layer in study.file.landcover:
        told = _say("info_nomenclature", language, nomenclature=layer.nomenclature)
        found = _describe_source(study, layer, language, raster=is_raster(layer))
        rows.append(
            (
                _say("layer_landcover", language),
                f"{found}, {told}",
            )
        )
    if not study.file.landcover:
        rows.append((_say("layer_landcover", language), _say("info_absent", language)))
    for name in Layers.model_fields:
        given = getattr(study.layers, name)
        told = _say("info_absent", language) if given is None else _describe_source(study, given, language)
        rows.append((_say(f"layer_{name}", language), told))
    rows += [(zoning.label, _describe_source(study, zoning, language)) for zoning in study.file.zonings]
    return rows


def _describe_atlas(study: Study, atlas: Atlas, language: Language) -> list[tuple[str, str]]:
    """Tell the layers of the atlas with their themes, its outlines and its sheets."""
    paper = _say("info_atlas_paper", language, format=atlas.format.upper(), volumes=atlas.volumes)
    rows = [("", paper)]
    if atlas.insee:
        rows.append(("", _say("info_atlas_communes", language, count=len(atlas.insee))))
    try:
        symbols = load_study_symbols(study)
        check_themes(study, symbols)
    except BocageError as error:
        return [*rows, ("!", str(error))]
    for layer in atlas.layer:
        names = [
            _say(f"theme_{theme}", language) if theme in NETWORK_THEMES else symbols[theme].label(language)
            for theme in list_themes(layer)
        ]
        found = _describe_source(study, layer, language)
        rows.append((layer.label, _say("info_atlas_layer", language, found=found, themes=", ".join(names))))
    for name in ("epci", "departement"):
        given = getattr(atlas, name)
        if given is not None:
            rows.append((_say(f"layer_{name}", language), _describe_source(study, given, language)))
    if atlas.relief is not None:
        relief = Sourced(path=atlas.relief.path)
        told = _describe_source(study, relief, language, raster=True)
        rows.append((_say("layer_relief", language), told))
    rows += [
        (_say("info_atlas_sheet", language, name=sheet.key), ", ".join(sheet.themes)) for sheet in atlas.sheet
    ]
    return rows


def _describe_source(study: Study, layer: Sourced, language: Language, *, raster: bool = False) -> str:
    """Tell what a file holds, or why it cannot be read."""
    path = study.resolve(layer.path)
    try:
        if raster:
            return f"{_tell_raster(describe_raster(path), language)} ({layer.path.as_posix()})"
        layers = list_layers(path)
    except BocageError as error:
        return f"! {error}"
    wanted = layer.layer
    chosen = [one for one in layers if one.kind != "table" and wanted in (None, one.name)]
    if wanted is not None and not chosen:
        chosen = [one for one in layers if one.name.casefold() == wanted.casefold()]
    if len(chosen) != 1:
        return f'! layer = "{wanted or ""}": {shorten_list([one.name for one in layers], 40)}'
    place = layer.path.as_posix() + (f", {chosen[0].name}" if len(layers) > 1 else "")
    return f"{_tell_layer(chosen[0], language)} ({place})"


def _describe_subnetwork(subnetwork: Subnetwork, language: Language) -> str:
    return _say(
        "info_subnetwork",
        language,
        habitat=_tell_grounds(subnetwork.habitat, language),
        reservoir=format_number(subnetwork.reservoir_min_ha, 1, language),
        dispersal=", ".join(format_number(one, 0, language) for one in subnetwork.dispersal_m),
        cost=format_number(subnetwork.dispersal_cost, 0, language),
    )


def _tell_grounds(names: tuple[str, ...], language: Language) -> str:
    from bocage.landcover.ground import GROUND

    return ", ".join(GROUND[name].label(language).lower() if name in GROUND else name for name in names)


def _describe_themes(study: Study, language: Language) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    atlas = study.file.atlas
    if study.reads_network or (atlas is not None and not study.has_network):
        named = {theme for layer in (atlas.layer if atlas else ()) for theme in list_themes(layer)}
        # A layer of corridors shows those to restore by their objectives.
        named |= {"corridors_to_restore"} if "corridors" in named else set()
        return [
            (
                _say(f"theme_{theme}", language),
                _say("info_official" if theme in named else "info_official_absent", language),
            )
            for theme in list_provided(study)
        ]
    for theme, given in list_provided(study).items():
        needs = str(wording.entry(f"study.theme_{theme}")[f"needs_{language}"])
        told = _say("info_yes", language) if given else _say("info_no", language, needs=needs)
        rows.append((_say(f"theme_{theme}", language), told))
    return rows


def _tell_layer(layer: LayerInfo, language: Language) -> str:
    return _say(
        "info_objects",
        language,
        count=layer.count,
        kind=_say(f"kind_{layer.kind}", language),
        crs=layer.crs or _say("info_no_crs", language),
    )


def _tell_raster(raster: RasterInfo, language: Language) -> str:
    width, height = raster.cell
    return _say(
        "info_raster",
        language,
        cols=raster.ncols,
        rows=raster.nrows,
        cell=f"{width:g}" if width == height else f"{width:g} × {height:g}",
        crs=raster.crs or _say("info_no_crs", language),
    )


def _tell_bounds(bounds: tuple[float, float, float, float]) -> str:
    return ", ".join(f"{bound:.6g}" if abs(bound) < 1000 else f"{bound:.0f}" for bound in bounds)


def _say(key: str, language: Language, **values: wording.Value) -> str:
    return wording.say(f"study.{key}", language, **values)


def _lay_out(sections: list[Section]) -> str:
    """Write headings flush left, labels in one column and texts beside them."""
    lines: list[str] = []
    for heading, rows in sections:
        if lines:
            lines.append("")
        lines.append(heading)
        width = max((len(label) for label, _ in rows), default=0)
        for label, text in rows:
            lines.append(f"  {label.ljust(width)}  {text}" if width else f"  {text}")
    return "\n".join(lines)
