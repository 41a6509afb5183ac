"""The commune of a sheet: found by its INSEE code among those of the layer."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from bocage.errors import InputError
from bocage.wording import fold_name

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.journal import Journal


@dataclass(frozen=True)
class Commune:
    """A commune: its INSEE code, name and ground (one geometry, maybe of several parts)."""

    insee: str
    name: str
    outline: Any


def find_commune(communes: GeoDataFrame, insee: str, *, journal: Journal | None = None) -> Commune:
    """Find a commune by its INSEE code; parts given as several objects are joined.

    Parameters
    ----------
    communes : GeoDataFrame
        Columns ``insee`` and ``name``.
    insee : str
    journal : Journal, optional
        Told when parts were joined.

    Raises
    ------
    InputError
        If no commune has this code: names the nearest codes, or the code of a name given instead.
    """
    wanted = str(insee).strip()
    codes = communes["insee"].astype(str)
    found = communes[(codes == wanted).to_numpy()]
    if len(found) == 0:
        raise InputError(_say_unknown(wanted, codes.tolist(), communes["name"].astype(str).tolist()))
    outlines = np.asarray(found.geometry, dtype=object)
    outlines = shapely.make_valid(outlines[~(shapely.is_missing(outlines) | shapely.is_empty(outlines))])
    if len(outlines) == 0:
        raise InputError(f"Commune {wanted} has no outline in the layer of communes; mend its geometry.")
    if len(found) > 1 and journal is not None:
        journal.add("communes_joined", count=1, codes=wanted)
    outline = outlines[0] if len(outlines) == 1 else shapely.union_all(outlines)
    return Commune(wanted, str(found["name"].iloc[0]), outline)


def _say_unknown(wanted: str, codes: list[str], names: list[str]) -> str:
    by_code = dict(zip(reversed(codes), reversed(names), strict=True))
    folded: dict[str, list[str]] = {}
    for code, name in by_code.items():
        folded.setdefault(_loosen(name), []).append(code)
    start = f"No commune of the layer has the INSEE code '{wanted}'"
    if wanted[:1].isalpha():
        near = get_close_matches(_loosen(wanted), sorted(folded), n=3, cutoff=0.6)
        if near:
            listed = ", ".join(f"{code} ({by_code[code]})" for name in near for code in sorted(folded[name]))
            return f"{start}; a name was given where a code is expected: give {listed}."
        return f"{start}; a name was given where a code of five characters is expected, as 59450."
    near = get_close_matches(wanted, sorted(by_code), n=3, cutoff=0.6)
    listed = ", ".join(f"{code} ({by_code[code]})" for code in near)
    nearest = f"; the nearest are {listed}" if near else ""
    return f"{start}{nearest}; check that it is the INSEE code and not the postcode."


def _loosen(name: str) -> str:
    return fold_name(name).replace("-", " ")
