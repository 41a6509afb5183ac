"""Coefficients of a sub-network: read from a published table, laid on the land cover as a surface."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bocage.errors import DataError, InputError
from bocage.landcover.cover import LandCover
from bocage.resistance.surface import ResistanceSurface
from bocage.subnetwork import Subnetwork

if TYPE_CHECKING:
    from pandas import DataFrame

_LISTED = 12


def build_resistance(
    cover: LandCover, subnetwork: Subnetwork, *, infrastructure: bool = True
) -> ResistanceSurface:
    """Build the resistance surface of a sub-network.

    Parameters
    ----------
    cover : LandCover
    subnetwork : Subnetwork
        Its ``resistance`` is looked up by the most precise name of each legend entry:
        ``"clc:311"``, then ``"311"``, then ``"broadleaf"``.
    infrastructure : bool
        False for the ground were transport infrastructure transparent (``cover.under``).

    Returns
    -------
    ResistanceSurface
        Shares the codes of the land cover. Entries absent from the raster and without a
        coefficient are barriers.

    Raises
    ------
    DataError
        If ground present in the land cover has no resistance, or a resistance is not > 0.

    Examples
    --------
    >>> from bocage.grid import Grid
    >>> from bocage.landcover.cover import Legend
    >>> legend = Legend(("", "clc", "clc"), ("", "311", "211"), ("", "", ""), ("", "broadleaf", "arable"))
    >>> codes = np.array([[1, 2]], dtype=np.uint16)
    >>> woods = Subnetwork("boise", "Boisé", "boisé", ("broadleaf",), 1, 5, (1000,),
    ...     {"broadleaf": 1, "arable": 40, "clc:211": 50})
    >>> build_resistance(LandCover(Grid(0, 10, 10, 1, 2), codes, codes, legend), woods).array()
    array([[ 1., 50.]])
    """
    resistance = subnetwork.resistance
    wrong = [f"{name} = {value:g}" for name, value in resistance.items() if not value > 0]
    if wrong:
        raise DataError(
            f"The resistances of sub-network '{subnetwork.key}' must be greater than 0, "
            f"found {', '.join(wrong)}; "
            "habitat costs 1 (in a resistance table, set zero_as = 1)."
        )
    legend = cover.legend
    values = np.full(len(legend), math.inf)
    lacking: list[int] = []
    counts = cover.count_cells(under=not infrastructure)
    for i in range(1, len(legend)):
        name = next((name for name in legend.names(i) if name in resistance), None)
        if name is not None:
            values[i] = resistance[name]
        elif counts[i]:
            lacking.append(i)
    if lacking:
        lacking.sort(key=lambda i: (-counts[i], i))
        listed = ", ".join(
            f"{legend.names(i)[0]} « {legend.label[i]} », ground {legend.ground[i]} "
            f"({100.0 * counts[i] / counts.sum():.2g} % of the cells)"
            for i in lacking[:_LISTED]
        )
        if len(lacking) > _LISTED:
            listed += f" and {len(lacking) - _LISTED} more"
        raise DataError(
            f"Sub-network '{subnetwork.key}' gives no resistance to {len(lacking)} kind(s) of ground "
            f"that the land cover holds: {listed}; add them to [subnetworks.resistance], by code or by "
            "ground class."
        )
    return ResistanceSurface(cover.grid, cover.codes if infrastructure else cover.under, values)


def read_friction_table(
    rows: DataFrame,
    key: str,
    value: str,
    *,
    prefix: str = "",
    aliases: Mapping[str, str] | None = None,
    barrier_from: float | None = None,
    zero_as: float | None = None,
) -> dict[str, float]:
    """Read the coefficients of one sub-network from a published friction table.

    Parameters
    ----------
    rows : DataFrame
        One class of ground a row.
    key : str
        Column that names the ground.
    value : str
        Column of the coefficients.
    prefix : str
        Taken off the front of names: ``"landuse_"`` makes ``"311"`` of ``"landuse_311"``.
    aliases : mapping of str to str, optional
        Ground class of names, with or without their prefix: ``{"w1": "stream"}``.
    barrier_from : float, optional
        Coefficients from this one are barriers.
    zero_as : float, optional
        Resistance that stands for 0, since a resistance is > 0.

    Returns
    -------
    dict of str to float
        Resistance of each ground; ``inf`` is a barrier.

    Raises
    ------
    InputError
        If a column is missing, or an alias names no row.
    DataError
        If a coefficient is missing, negative, zero without ``zero_as``, or given twice with
        different values.

    Examples
    --------
    >>> import pandas
    >>> rows = pandas.DataFrame({"class": ["landuse_311", "w1"], "forest": [0, 10000]})
    >>> read_friction_table(rows, "class", "forest", prefix="landuse_", aliases={"w1": "stream"},
    ...                     barrier_from=10000, zero_as=1)
    {'311': 1.0, 'stream': inf}
    """
    for column in (key, value):
        if column not in rows.columns:
            raise InputError(
                f"The friction table has no column '{column}'; its columns are "
                f"{', '.join(str(name) for name in rows.columns)}."
            )
    aliases = dict(aliases or {})
    unused = set(aliases)
    table: dict[str, float] = {}
    for row, (label, cell) in enumerate(zip(rows[key].tolist(), rows[value].tolist(), strict=True), start=1):
        written = _clean_label(label)
        if not written:
            if _is_blank(cell):
                continue
            raise DataError(
                f"Row {row} of the friction table has a coefficient but no name in column '{key}'."
            )
        bare = written.removeprefix(prefix).strip()
        alias = next((name for name in (written, bare) if name in aliases), None)
        unused.discard(alias or "")
        ground = aliases[alias] if alias is not None else bare
        resistance = _read_coefficient(cell, written, value, barrier_from, zero_as)
        if table.setdefault(ground, resistance) != resistance:
            raise DataError(
                f"The friction table gives '{ground}' two values in column '{value}', {table[ground]:g} and "
                f"{resistance:g} (row {row}, '{written}'); keep one."
            )
    if unused:
        raise InputError(
            f"The aliases {', '.join(sorted(unused))} name no row of the friction table; "
            f"column '{key}' holds "
            f"{', '.join(sorted({_clean_label(label) for label in rows[key].tolist()} - {''}))}."
        )
    return table


def _clean_label(label: Any) -> str:
    """Write a label on one line; published tables break theirs."""
    if _is_blank(label):
        return ""
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    return " ".join(str(label).split())


def _is_blank(cell: Any) -> bool:
    return cell is None or cell != cell or str(cell).strip() == ""


def _read_coefficient(
    cell: Any, label: str, column: str, barrier_from: float | None, zero_as: float | None
) -> float:
    if _is_blank(cell):
        raise DataError(
            f"The friction table has no value for '{label}' in column '{column}'; write a number."
        )
    try:
        number = float(str(cell).strip().replace(",", "."))
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise DataError(
            f"The friction table has {str(cell)!r} for '{label}' in column '{column}' "
            "where a number is expected."
        )
    if barrier_from is not None and number >= barrier_from:
        return math.inf
    if number == 0:
        if zero_as is None:
            raise DataError(
                f"The friction table has 0 for '{label}' in column '{column}', and a resistance must be "
                "greater than 0; set zero_as = 1."
            )
        return float(zero_as)
    if number < 0:
        raise DataError(
            f"The friction table has {number:g} for '{label}' in column '{column}', and a resistance must be "
            "greater than 0."
        )
    return number
