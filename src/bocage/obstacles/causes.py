"""What hinders a continuity, its type in the national standard, and the lines that do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bocage.landcover.ground import GROUND
from bocage.wording import entry, say

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

INFRASTRUCTURE = ("motorway", "main_road", "regional_road", "railway_hs", "railway", "canal")
"""Lines that are obstacles by default: local roads and tracks are crossed by most animals."""

URBAN = ("urban_dense", "urban_sparse", "industrial", "transport")
"""Ground that is an urban obstacle by default; a quarry is no town, it may be named too."""

_CODED = ("motorway", "main_road", "railway_hs", "railway")


def name_type(cause: str, language: str = "fr") -> tuple[str, str]:
    """Give the type code and label of a cause in the national standard.

    A cause whose code was never seen in official data is named by its label, twice: codes
    are not invented.

    >>> name_type("motorway")
    ('01', 'Réseau de type autoroutier')
    >>> name_type("canal")
    ('Canal', 'Canal')
    """
    if cause in _CODED:
        return _read_type(cause, language)
    label = GROUND[cause].label(language) if cause in GROUND else cause
    return label, label


def name_urban_type(language: str = "fr") -> tuple[str, str]:
    """Give the type code and label of urbanised ground.

    >>> name_urban_type()
    ('07', 'urbanisation')
    """
    return _read_type("urban", language)


def name_flow_type(language: str = "fr") -> tuple[str, str]:
    """Give the type code and label of a work that hinders flow.

    >>> name_flow_type()[0]
    '12'
    """
    return _read_type("flow", language)


def _read_type(key: str, language: str) -> tuple[str, str]:
    return str(entry(f"obstacles.type_{key}")["code"]), say(f"obstacles.type_{key}", language)


@dataclass(frozen=True)
class Infrastructure:
    """Lines that hinder, columnar.

    Attributes
    ----------
    line : (n,) array of LineString or MultiLineString
    cause : (n,) array of str
        Ground class.
    name : (n,) array of str
        Empty where there is none.
    width_m : (n,) array of float
        0 where it is not known [m].
    """

    line: NDArray[np.object_]
    cause: NDArray[np.object_]
    name: NDArray[np.object_]
    width_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.line)


def gather_infrastructure(layers: Sequence[GeoDataFrame | None], classes: Sequence[str]) -> Infrastructure:
    """Gather the lines of the wanted ground classes from several layers.

    Parameters
    ----------
    layers : sequence of GeoDataFrame or None
        With ``ground``, and ``name`` and ``width_m`` where they are known.
    classes : sequence of str
        Ground classes.
    """
    import shapely

    lines: list[Any] = []
    causes: list[str] = []
    names: list[str] = []
    widths: list[float] = []
    for layer in layers:
        if layer is None or len(layer) == 0:
            continue
        wanted = layer[
            layer["ground"].isin(list(classes)) & ~(layer.geometry.is_empty | layer.geometry.isna())
        ]
        lines.extend(shapely.force_2d(wanted.geometry.to_numpy()))
        causes.extend(wanted["ground"].tolist())
        names.extend(read_texts(wanted, "name"))
        widths.extend(
            np.nan_to_num(wanted["width_m"].to_numpy(dtype=np.float64)).tolist()
            if "width_m" in wanted.columns
            else [0.0] * len(wanted)
        )
    return Infrastructure(
        line=np.array(lines, dtype=object),
        cause=np.array(causes, dtype=object),
        name=np.array(names, dtype=object),
        width_m=np.array(widths, dtype=np.float64),
    )


def read_texts(table: GeoDataFrame, column: str, default: str = "") -> list[str]:
    """Give a column as stripped text, ``default`` where it is absent or empty."""
    if column not in table.columns:
        return [default] * len(table)
    texts = [value.strip() if isinstance(value, str) else "" for value in table[column].tolist()]
    return [text or default for text in texts]


@dataclass(frozen=True)
class Elements:
    """Elements of the network that may be cut, columnar: identifiers, sub-networks, geometries."""

    id: NDArray[np.object_]
    subnetwork: NDArray[np.object_]
    geometry: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.id)


def gather_elements(*tables: GeoDataFrame | None, subnetwork: str = "") -> Elements:
    """Gather the elements of some tables of the network that have a geometry.

    ``subnetwork`` is the key given to those of tables that lack the column.
    """
    ids: list[str] = []
    subnetworks: list[str] = []
    geometries: list[Any] = []
    for table in tables:
        if table is None or len(table) == 0:
            continue
        usable = table[~(table.geometry.is_empty | table.geometry.isna())]
        ids.extend(usable["id"].astype(str).tolist())
        subnetworks.extend(read_texts(usable, "subnetwork", subnetwork))
        geometries.extend(usable.geometry.tolist())
    return Elements(
        id=np.array(ids, dtype=object),
        subnetwork=np.array(subnetworks, dtype=object),
        geometry=np.array(geometries, dtype=object),
    )
