"""Communes that their layer names without an outline: they keep their place, so that they are missed."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bocage.journal import Journal
from bocage.study.model import Study

if TYPE_CHECKING:
    from bocage.atlas.content import Content

_LEFT_OUT = ("geometry_empty", "geometry_collapsed", "geometry_unplaced")


def keep_unmapped(study: Study, content: Content, journal: Journal) -> Content:
    """Put back the communes that were left out because they have no usable outline.

    Reading leaves such objects out, which is right for roads; but nobody would notice that a commune lacks
    among hundreds. Put back without outline, its sheet fails with a sentence and its figures are empty.

    Parameters
    ----------
    study : Study
    content : Content
    journal : Journal
        Of the reading: says whether something was left out.

    Returns
    -------
    Content
        The same when nothing was.
    """
    if not any(
        note.code in _LEFT_OUT and dict(note.values).get("layer") == "communes" for note in journal.notes
    ):
        return content
    import geopandas
    import pandas

    communes = content.communes
    known = set(communes["insee"].astype(str))
    lost = {code: name for code, name in _name_communes(study) if code and code not in known}
    if not lost:
        return content
    rows = geopandas.GeoDataFrame(
        {"insee": list(lost), "name": list(lost.values())}, geometry=[None] * len(lost), crs=communes.crs
    )
    for column in communes.columns.difference(rows.columns):
        rows[column] = pandas.Series([None] * len(rows), dtype=object)
    joined = pandas.concat([communes, rows[communes.columns]], ignore_index=True)
    joined = joined.sort_values("insee", kind="stable").reset_index(drop=True)
    return replace(content, communes=geopandas.GeoDataFrame(joined, geometry="geometry", crs=communes.crs))


def _name_communes(study: Study) -> list[tuple[str, str]]:
    """Read code and name of all the communes of the layer, whatever their outlines."""
    from pandas.api.types import is_numeric_dtype

    from bocage.study.layers import texts_of

    layer = study.layers.communes
    assert layer is not None
    table = _read_fields(study, layer)
    # As the layer was read: whatever the case, where that leaves no doubt.
    fields = {str(name).casefold(): name for name in table.columns}
    codes, names = (table[fields[column.casefold()]] for column in (layer.code, layer.name))
    written = texts_of(codes)
    if is_numeric_dtype(codes):
        written = written.where(written == "", written.str.zfill(5))
    return list(zip(written, texts_of(names), strict=True))


def _read_fields(study: Study, layer: Any) -> Any:
    import pandas
    import pyogrio

    from bocage.io.encoding import find_encoding
    from bocage.io.vectors import list_layers

    path = study.resolve(layer.path)
    if path.suffix.lower() in (".parquet", ".geoparquet"):
        return pandas.read_parquet(path, columns=[layer.code, layer.name])
    spatial = [one.name for one in list_layers(path) if one.kind != "table"]
    wanted = (layer.layer or spatial[0]).casefold()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return pyogrio.read_dataframe(
            path,
            layer=next(name for name in spatial if name.casefold() == wanted),
            encoding=find_encoding(path)[0] if path.suffix.lower() == ".shp" else None,
            where=layer.where,
            read_geometry=False,
            use_arrow=False,
        )
