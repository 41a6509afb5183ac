"""Gather what the sheets of a study may draw: its network, communes, themes, base map and background."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from bocage.atlas.backdrop import RasterBackdrop
from bocage.atlas.content import Content, Grouping, Note, SourceUse
from bocage.atlas.series import NETWORK_THEMES
from bocage.atlas.spelling import spell_content
from bocage.errors import InputError, StudyError
from bocage.journal import Journal
from bocage.network import COLUMNS, Network, Theme, empty_table
from bocage.study.atlas_tables import Relief
from bocage.study.model import Study, about
from bocage.study.sections import Sourced
from bocage.wording import say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.cartography.symbols import Symbols

_PASSABLE = "flow_work_passable"
# These are only printed: they may change without computing the network again.
_ONLY_WORDS = ("issuer", "sheet")
_WORDS_OF_STUDY = ("name", "date", "language", "status")
_WORDS_OF_LAYERS = ("source", "licence")

_AROUND_M = 12_000.0
"""How far around the communes the base map is read [m]: the widest A3 frame at 1:100 000 and more."""


def gather_content(study: Study, journal: Journal) -> Content:
    """Read all that the sheets of a study may draw.

    Parameters
    ----------
    study : Study
        With ``[layers.communes]``.
    journal : Journal
        Told where the network comes from, and what was repaired, assumed or left out.

    Returns
    -------
    Content
        With official layers, the network is theirs; otherwise the one that the study's run wrote.

    Raises
    ------
    StudyError
        The study has no communes, names an unknown theme, was not run, or has changed since.
    InputError
        A file, layer or column is missing, or geometries are not of the kind of their theme.
    CodeError
        A column holds values that have no meaning.
    """
    from bocage.study.atlas_layers import check_themes, load_study_symbols, read_atlas_layers
    from bocage.study.inputs import resolve_area
    from bocage.study.layers import prepare_communes

    if study.layers.communes is None:
        raise StudyError(
            f"{study.path.name}: a sheet needs the outline of its commune; add a [layers.communes] table"
        )
    symbols = load_study_symbols(study)
    check_themes(study, symbols)
    # Whether the run is there is known before anything long is read.
    network = None if study.reads_network else find_network(study)
    communes = prepare_communes(study, study.layers.communes, journal=journal)
    if communes.empty:
        raise InputError(
            "The layer of communes holds none with an outline; check its path, its layer and its condition "
            f"({study.cite('layers', 'communes')})."
        )
    west, south, east, north = communes.total_bounds
    around = (west - _AROUND_M, south - _AROUND_M, east + _AROUND_M, north + _AROUND_M)
    official = read_atlas_layers(study, symbols, around, journal)
    if network is None:
        network = Network(official.tables, official.provided, study.crs, about(study))
        journal.add("atlas_network_official")
        # Official layers do not stop at the limit of the communes: no ground is outside.
        area = None
    else:
        computed = any(network.provided.values())
        journal.add("atlas_network_computed" if computed else "atlas_network_none")
        # Where nothing was looked for, no ground is outside.
        area = resolve_area(study, journal, communes=communes).area if computed else None
    groupings, columns = _group_communes(study, communes, journal)
    backdrop = choose_backdrop(study)
    content = Content(
        network=network,
        communes=communes.assign(**columns),
        symbols=symbols,
        themes={**official.themes, **_read_own_themes(study, symbols, official.themes, around, journal)},
        context=_read_base_map(study, around, journal),
        backdrop=backdrop if backdrop.kind else None,
        backdrop_kind=backdrop.kind,
        area=area,
        groupings=groupings,
        sources=list_source_uses(study, official.uses, journal),
        notes=tuple(_write_notes(official.unsaid, study.language)),
    )
    return spell_content(content, journal)


def check_pictures(content: Content, language: str) -> None:
    """Open the logos and the background once: a fault there would cost every sheet.

    Raises
    ------
    BocageError
        One of them cannot be drawn.
    """
    from bocage.atlas.furniture import read_logo
    from bocage.cartography.frame import MapFrame

    issuer = dict(content.about.get("issuer") or {})
    for logo in (issuer.get("logo"), *(issuer.get("logos") or ())):
        read_logo({"issuer": {**issuer, "logo": logo}}, language, {})
    if content.backdrop is not None:
        west, south, east, north = content.communes.total_bounds.tolist()
        content.backdrop.draw(MapFrame.centred((west + east) / 2, (south + north) / 2, 25_000, 20, 20))


def choose_backdrop(study: Study) -> RasterBackdrop:
    """Choose what lies under the maps: of what ``[atlas] background`` asks for, what is there.

    Raises
    ------
    InputError
        The raster of relief is missing.
    """
    from bocage.io.files import require_file

    atlas = study.file.atlas
    landcover: Path | None = None
    written = study.output / "rasters" / "landcover.tif"
    if (atlas is None or "landcover" in atlas.background) and written.exists():
        landcover = written
    relief = None
    if atlas is not None and atlas.relief is not None and "relief" in atlas.background:
        relief = require_file(study.resolve(atlas.relief.path), study.cite("atlas", "relief"))
    return RasterBackdrop(study.crs, landcover=landcover, relief=relief)


def list_source_uses(
    study: Study, uses: Sequence[frozenset[str]] = (), journal: Journal | None = None
) -> tuple[SourceUse, ...]:
    """List the sources of a study, each once, with what is drawn from it.

    Parameters
    ----------
    study : Study
    uses : sequence of frozenset of str
        Themes drawn from each of its official layers, in their order.
    journal : Journal, optional
        Told of layers without a source, and of an issuer without a name: both are printed on every sheet.

    Returns
    -------
    tuple of SourceUse
        In the order of the file.
    """
    layers, atlas = study.layers, study.file.atlas
    computed = study.has_network and not study.reads_network
    # What the computation reads enters, by cost or by place, all that it draws.
    modelled = frozenset(NETWORK_THEMES) - {"watercourses"} if computed else frozenset[str]()
    rivers = frozenset({"watercourses", "obstacle_points"}) if computed else frozenset[str]()
    listed: list[tuple[Sourced | Relief | None, frozenset[str]]] = []
    listed += [(cover, modelled | {"landcover"}) for cover in study.file.landcover]
    listed.append((layers.communes, frozenset({"communes"})))
    listed.append((layers.roads, modelled | {"roads"}))
    listed.append((layers.railways, modelled | {"railways"}))
    listed.append((layers.watercourses, modelled | rivers | {"watercourses_base"}))
    listed.append((layers.hedges, modelled))
    works = layers.river_works
    listed.append(
        (works, (rivers - {"watercourses"}) | ({*_list_work_themes(works.theme)} if works else set()))
    )
    listed.append((layers.crossings, modelled))
    for zoning in study.file.zonings:
        listed.append((zoning, modelled | ({zoning.theme} if zoning.theme else set())))
    if atlas is not None:
        listed += list(zip(atlas.layer, uses, strict=False))
        listed.append((atlas.epci, frozenset({"communes"})))
        listed.append((atlas.departement, frozenset({"communes"})))
        listed.append((atlas.relief, frozenset({"relief"})))
    if journal is not None:
        unsourced = sum(layer is not None and not layer.source and bool(drawn) for layer, drawn in listed)
        if unsourced:
            journal.add("atlas_unsourced", count=unsourced)
        if not any(getattr(study.file.issuer, name) for name in ("region", "department", "directorate")):
            journal.add("atlas_no_issuer")
    found: dict[tuple[str, str], frozenset[str]] = {}
    for layer, drawn in listed:
        # A source without a use would be printed everywhere.
        if layer is not None and layer.source and drawn:
            key = (layer.source, layer.licence)
            found[key] = found.get(key, frozenset()) | drawn
    return tuple(SourceUse(label, licence, drawn) for (label, licence), drawn in found.items())


def _list_work_themes(theme: str | None) -> tuple[str, ...]:
    return () if theme is None else (theme, _PASSABLE) if theme == "flow_work" else (theme,)


def _read_base_map(
    study: Study, bounds: tuple[float, float, float, float], journal: Journal
) -> Mapping[str, GeoDataFrame]:
    """Read the base map, and note what matters to it: widths, which only a computation takes, do not."""
    own = Journal()
    context = read_context(study, bounds, own)
    journal.notes.extend(
        note for note in own.notes if note.code != "widths_assumed" and note not in journal.notes
    )
    return context


def _group_communes(
    study: Study, communes: GeoDataFrame, journal: Journal
) -> tuple[dict[Grouping, GeoDataFrame], dict[str, Any]]:
    """Give the outlines of groups, and the names that fill the columns of the communes."""
    from bocage.study.groupings import group_by_departement, group_by_epci

    outlines: dict[Grouping, GeoDataFrame] = {}
    columns: dict[str, Any] = {}
    epci = group_by_epci(study, communes, journal)
    # A study of some communes says nothing of the rest of their département: only an atlas groups them.
    departement = None if study.file.atlas is None else group_by_departement(study, communes, journal)
    for key, group in (("epci", epci), ("departement", departement)):
        if group is not None:
            outlines[cast(Grouping, key)] = group.outlines
            columns[key] = group.names
    return outlines, columns


def _read_own_themes(
    study: Study,
    symbols: Symbols,
    given: Mapping[str, GeoDataFrame],
    bounds: tuple[float, float, float, float],
    journal: Journal,
) -> dict[str, GeoDataFrame]:
    """Read the study's own zonings and works that are drawn as themes, after those of official layers."""
    import geopandas
    import pandas

    from bocage.study.layers import prepare_river_works, prepare_zoning

    parts: dict[str, list[GeoDataFrame]] = {}
    for zoning in study.file.zonings:
        if zoning.theme is not None:
            zones = prepare_zoning(study, zoning, name=zoning.label, bbox=bounds, journal=journal)
            parts.setdefault(zoning.theme, []).append(zones.assign(id=None))
    works = study.layers.river_works
    if works is not None and works.theme is not None:
        points = prepare_river_works(study, works, bbox=bounds, journal=journal)
        passable = (points["state"] == "destroyed") | (points["fish_pass"] == "yes")
        points = points.rename(columns={"code": "id"})[["id", "name", "geometry"]]
        if works.theme == "flow_work" and _PASSABLE in symbols.by_key:
            parts.setdefault(_PASSABLE, []).append(points[passable])
            points = points[~passable]
        parts.setdefault(works.theme, []).append(points)
    themes = {}
    for theme, tables in parts.items():
        rows = [*([given[theme]] if theme in given else []), *tables]
        # Empty tables have columns of no type, which would spread to those that have one.
        filled = [table for table in rows if len(table)] or rows[:1]
        joined = pandas.concat([table[["id", "name", "geometry"]] for table in filled], ignore_index=True)
        joined["name"] = joined["name"].where(joined["name"].astype(str) != "", None)
        themes[theme] = geopandas.GeoDataFrame(joined, geometry="geometry", crs=study.crs)
    return themes


def _write_notes(unsaid: Mapping[Theme, int], language: str) -> Iterator[Note]:
    """Say under the legend what the source leaves out: only of what the legend calls to preserve."""
    told: tuple[Theme, ...] = ("reservoirs", "corridors")
    for theme in told:
        count = unsaid.get(theme, 0)
        if count:
            key = f"study.atlas_unsaid_{theme}{'_one' if count == 1 else ''}"
            yield Note(say(key, language, **({} if count == 1 else {"count": count})), frozenset({theme}))


def find_network(study: Study) -> Network:
    """Give the network that the study's run wrote; an empty one for a study that has nothing to run.

    Raises
    ------
    StudyError
        The run is still to do, or to do again.
    """
    from bocage.io.geopackage import read_network

    if not study.has_network:
        tables = {table: empty_table(table, study.crs) for table in COLUMNS}
        return Network(tables, dict.fromkeys(get_args(Theme), False), study.crs, about(study))
    path = study.output / "network.gpkg"
    if not path.exists():
        raise StudyError(
            f"{study.path.name}: its network is not there yet ({path.as_posix()}); "
            f"first type: bocage run {study.path.name}"
        )
    check_unchanged(study)
    network = read_network(path)
    # Names, issuer and status may be corrected without a new run.
    return Network(network.tables, network.provided, network.crs, about(study))


def check_unchanged(study: Study) -> None:
    """Check that what the network was computed from is still what the study says.

    Raises
    ------
    StudyError
        The run did not end, or a table that enters the computation has changed since.
    """
    try:
        computed = json.loads((study.output / "run.json").read_text(encoding="utf-8"))["study"]
    except (OSError, ValueError, KeyError):
        raise StudyError(
            f"{study.path.name}: its last run did not end; type: bocage run {study.path.name}"
        ) from None
    wanted = study.parameters()
    changed = [
        name
        for name in wanted
        if name not in _ONLY_WORDS and _computing(name, wanted[name]) != _computing(name, computed.get(name))
    ]
    if changed:
        raise StudyError(
            f"{study.path.name}: {', '.join(f'[{name}]' for name in changed)} changed since the network was "
            f"computed; type: bocage run {study.path.name}"
        )


def _computing(name: str, table: Any) -> Any:
    """Leave out of a table of the study what is only printed."""
    words = _WORDS_OF_STUDY if name == "study" else _WORDS_OF_LAYERS
    if isinstance(table, Mapping):
        return {key: _computing("", value) for key, value in table.items() if key not in words}
    return [_computing("", value) for value in table] if isinstance(table, list) else table


def read_context(
    study: Study, bounds: tuple[float, float, float, float], journal: Journal
) -> Mapping[str, GeoDataFrame]:
    """Read the roads, railways and watercourses of the study for the base map."""
    from bocage.study.layers import prepare_railways, prepare_roads, prepare_watercourses

    layers, context = study.layers, {}
    if layers.roads:
        context["roads"] = prepare_roads(study, layers.roads, bbox=bounds, journal=journal)
    if layers.railways:
        context["railways"] = prepare_railways(study, layers.railways, bbox=bounds, journal=journal)
    if layers.watercourses:
        context["watercourses"] = prepare_watercourses(
            study, layers.watercourses, bbox=bounds, journal=journal
        )
    return context
