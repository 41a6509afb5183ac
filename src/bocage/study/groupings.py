"""Work out which intercommunalité and département each commune belongs to, and their outlines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.errors import InputError
from bocage.journal import Journal
from bocage.study.atlas_layers import citing, list_some
from bocage.study.atlas_tables import DepartementLayer, EpciLayer
from bocage.study.layers import read_layer, texts_of
from bocage.study.model import Study
from bocage.study.sections import VectorLayer
from bocage.wording import say

if TYPE_CHECKING:
    import pandas
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

_INSEE = re.compile(r"(?<![0-9A-Za-z])(?:\d{5}|2[AB]\d{3})(?![0-9A-Za-z])")
_GAP_M = 20.0
"""Gaps between communes thinner than this are two drawings of one limit, not enclaves [m]."""


@dataclass(frozen=True)
class Group:
    """The groups of one kind, and that of each commune.

    Attributes
    ----------
    outlines : GeoDataFrame
        Column ``name``, polygons, in the order of the names.
    names : Series
        Name of the group of each commune, None where it has none; with the communes' index.
    """

    outlines: GeoDataFrame
    names: pandas.Series


def group_by_epci(study: Study, communes: GeoDataFrame, journal: Journal) -> Group | None:
    """Give the intercommunalités of the communes, if the study says where they are.

    ``[atlas.epci]`` tells by its list of members, else by place; without it, the column ``epci`` of the
    communes, whose outlines are then joined.

    Parameters
    ----------
    study : Study
    communes : GeoDataFrame
        ``insee``, ``name``, polygons.
    journal : Journal
        Told of members that are not in the layer, and of communes without a group.

    Raises
    ------
    InputError
        A file, layer or column is missing, or the column of members holds no INSEE code.
    """
    atlas, layer = study.file.atlas, study.layers.communes
    if atlas is not None and atlas.epci is not None:
        with citing(study.cite("atlas", "epci")):
            table = _read(study, atlas.epci, "epci", (atlas.epci.name, atlas.epci.members), journal)
            labels = texts_of(table[atlas.epci.name])
            if atlas.epci.members is None:
                names = _assign_by_place(communes, table, labels)
            else:
                names = _assign_members(communes, table, labels, atlas.epci, journal)
            group = _keep_outlines(table, labels, names)
    elif layer is not None and layer.epci is not None:
        with citing(study.cite("layers", "communes", "epci")):
            given = read_layer(
                study, layer, name="communes", journal=Journal(), kinds=("polygon",),
                columns=(layer.code, layer.epci),
            )  # fmt: skip
            # Codes read as numbers have lost their leading zero, as in prepare_communes.
            codes = texts_of(given[layer.code]).str.zfill(5)
            by_code = dict(zip(codes, texts_of(given[layer.epci]), strict=True))
            group = _dissolve(communes, _name_each(communes["insee"].str.zfill(5).map(by_code)))
    else:
        return None
    alone = communes["name"][group.names.isna()]
    if len(alone):
        journal.add("communes_without_epci", count=len(alone), names=list_some(sorted(alone)))
    return group


def group_by_departement(study: Study, communes: GeoDataFrame, journal: Journal) -> Group | None:
    """Give the départements of the communes: from ``[atlas.departement]``, else from their INSEE codes.

    A département that the layer lacks has the outline of its communes, and its code for a name.
    None where no commune has the code of a département.

    Raises
    ------
    InputError
        A file, layer or column is missing.
    """
    import pandas

    atlas = study.file.atlas
    codes = communes["insee"].map(find_departement)
    labels = codes.map(
        lambda code: say("study.atlas_departement", study.language, code=code) if code else None
    )
    own = _name_each(labels)
    if atlas is None or atlas.departement is None:
        return None if codes.isna().all() else _dissolve(communes, own)
    layer = atlas.departement
    with citing(study.cite("atlas", "departement")):
        table = _read(study, layer, "departement", (layer.name, layer.code), journal)
        given = texts_of(table[layer.name])
        if layer.code is None:
            names = _assign_by_place(communes, table, given)
        else:
            # Codes read as numbers have lost their leading zero.
            by_code = dict(zip(texts_of(table[layer.code]).str.zfill(2), given, strict=True))
            names = codes.map(by_code)
    names = _name_each(names.where(names.notna() & (names != ""), own))
    group = _keep_outlines(table, given, names)
    rest = _name_each(names.where(~names.isin(set(group.outlines["name"])), None))
    if rest.notna().any():
        missing = _dissolve(communes, rest).outlines
        journal.add("departements_dissolved", count=len(missing), names=", ".join(missing["name"]))
        joined = pandas.concat([group.outlines, missing], ignore_index=True)
        return Group(joined.sort_values("name", kind="stable").reset_index(drop=True), names)
    return Group(group.outlines, names)


def find_departement(insee: str) -> str | None:
    """Give the code of the département of an INSEE code; None for what is no INSEE code.

    >>> [find_departement(code) for code in ("60057", "2A004", "97411", "7001", "00001")]
    ['60', '2A', '974', None, None]
    """
    if not re.fullmatch(r"(?:0[1-9]|[1-8]\d|9[0-5]|2[AB])\d{3}|9[78]\d{3}", insee):
        return None
    return insee[:3] if insee.startswith(("97", "98")) else insee[:2]


def _read(
    study: Study,
    layer: EpciLayer | DepartementLayer,
    name: str,
    columns: tuple[str | None, ...],
    journal: Journal,
) -> GeoDataFrame:
    plain = VectorLayer(path=layer.path, layer=layer.layer, where=layer.where)
    return read_layer(study, plain, name=name, journal=journal, kinds=("polygon",), columns=columns)


def _assign_members(
    communes: GeoDataFrame, table: GeoDataFrame, labels: pandas.Series, layer: EpciLayer, journal: Journal
) -> pandas.Series:
    """Find the group of each commune by the codes that each group lists."""
    group_of: dict[str, str] = {}
    for label, text in zip(labels, texts_of(table[str(layer.members)]), strict=True):
        for code in _INSEE.findall(text):
            group_of.setdefault(code, label)
    if len(table) and not group_of:
        raise InputError(
            f"epci: column '{layer.members}' holds no INSEE code; name the column that lists the member "
            "communes, or leave members out to go by place"
        )
    known = set(communes["insee"])
    concerned = {label for code, label in group_of.items() if code in known}
    unknown = sorted(code for code, label in group_of.items() if code not in known and label in concerned)
    if unknown:
        journal.add("epci_members_unknown", count=len(unknown), codes=list_some(unknown))
    return _name_each(communes["insee"].map(group_of))


def _assign_by_place(communes: GeoDataFrame, table: GeoDataFrame, labels: pandas.Series) -> pandas.Series:
    """Find the group in which each commune lies: that of a point well inside it."""
    import pandas

    points = shapely.point_on_surface(np.asarray(communes.geometry, dtype=object))
    rows, groups = shapely.STRtree(np.asarray(table.geometry, dtype=object)).query(
        points, predicate="intersects"
    )
    names = pandas.Series([None] * len(communes), communes.index, dtype=object)
    # The first of the layer wins where two overlap.
    for row, group in sorted(zip(rows.tolist(), groups.tolist(), strict=True), reverse=True):
        names.iloc[row] = labels.iloc[group]
    return names


def _keep_outlines(table: GeoDataFrame, labels: pandas.Series, names: pandas.Series) -> Group:
    """Keep the outlines of the layer that hold communes of the territory."""
    import geopandas

    wanted = sorted(set(names.dropna()) & set(labels))
    geometry = np.asarray(table.geometry, dtype=object)
    shapes = [_join(geometry[(labels == name).to_numpy()]) for name in wanted]
    return Group(geopandas.GeoDataFrame({"name": wanted}, geometry=shapes, crs=table.crs), names)


def _dissolve(communes: GeoDataFrame, names: pandas.Series) -> Group:
    """Join the outlines of the communes of each group."""
    import geopandas

    wanted = sorted(set(names.dropna()))
    geometry = np.asarray(communes.geometry, dtype=object)
    shapes = [close_gaps(_join(geometry[(names == name).to_numpy()])) for name in wanted]
    return Group(geopandas.GeoDataFrame({"name": wanted}, geometry=shapes, crs=communes.crs), names)


def _name_each(names: pandas.Series) -> pandas.Series:
    """Give None where a commune has no group, however that was said."""
    import pandas

    known = [name if isinstance(name, str) and name else None for name in names]
    return pandas.Series(known, names.index, dtype=object)


def _join(geometry: NDArray[Any]) -> Any:
    return geometry[0] if len(geometry) == 1 else shapely.union_all(geometry)


def close_gaps(outline: Any, width: float = _GAP_M) -> Any:
    """Fill what an outline encloses that is thinner than a width [m]; true enclaves stay.

    >>> enclave = shapely.box(400, 400, 600, 600).exterior.coords
    >>> gap = shapely.box(100, 100, 105, 900).exterior.coords
    >>> outline = shapely.Polygon(shapely.box(0, 0, 1000, 1000).exterior.coords, [enclave, gap])
    >>> len(close_gaps(outline).interiors)
    1
    """
    faces = shapely.get_parts(shapely.polygonize([shapely.node(shapely.boundary(outline))]))
    # The mean width of a long thin shape is twice its area over its perimeter.
    thin = faces[2 * shapely.area(faces) < width * shapely.length(faces)]
    gaps = thin[~shapely.intersects(outline, shapely.point_on_surface(thin))]
    return shapely.union_all([outline, *gaps]) if len(gaps) else outline
