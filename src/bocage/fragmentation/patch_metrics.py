"""Metrics of each patch: size, shape, core and nearest neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bocage.fragmentation.mosaic import Mosaic
from bocage.units import M2_PER_HA

if TYPE_CHECKING:
    import pandas as pd

_TEMPLATE = 13
"""Sum of the contiguity template: 1 + 4 × 2 + 4 × 1."""


def measure_patches(mosaic: Mosaic) -> pd.DataFrame:
    """Measure each patch.

    Parameters
    ----------
    mosaic : Mosaic
        Of ``build_mosaic``.

    Returns
    -------
    DataFrame
        A row a patch, in order of their first cells: ``patch`` (its number in ``mosaic.labels``),
        ``class``, and the metrics of level ``"patch"`` in ``METRICS``, of the units given there.
        ``enn`` is NaN for the only patch of a class.

    Notes
    -----
    With a = area [m²], p = perimeter [m], z = number of cells:
    PARA = p / a × 10 000; SHAPE = p / least perimeter of z cells; FRAC = 2 ln(p / 4) / ln(a), 1 for a square;
    CONTIG = (mean template - 1) / 12; CAI = 100 core / area.
    FRAC depends on the unit of length, and is 1 for a cell of 1 m, where the formula is 0 / 0.

    Examples
    --------
    >>> import numpy as np
    >>> from bocage.fragmentation.mosaic import build_mosaic
    >>> mosaic = build_mosaic(np.array([[1, 1, 2], [1, 2, 2], [2, 2, 2]]), 10.0)
    >>> measure_patches(mosaic)[["patch", "class", "area", "perim", "shape"]].values.tolist()
    [[1.0, 1.0, 0.03, 80.0, 1.0], [2.0, 2.0, 0.06, 120.0, 1.2]]
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "patch": np.arange(1, len(mosaic) + 1, dtype=np.int64),
            "class": mosaic.classes[mosaic.of_class],
            **measure_columns(mosaic),
        }
    )


def measure_columns(mosaic: Mosaic) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    """Measure each patch, as arrays by metric."""
    cell = mosaic.cell
    cells = mosaic.cells.astype(np.float64)
    area_m2 = cells * cell * cell
    perimeter = mosaic.sides * cell
    with np.errstate(divide="ignore", invalid="ignore"):
        frac = 2 * np.log(0.25 * perimeter) / np.log(area_m2)
    # A square has dimension 1, whatever its side: also where the logarithms vanish.
    square = mosaic.sides.astype(np.float64) ** 2 == 16 * cells
    return {
        "area": area_m2 / M2_PER_HA,
        "perim": perimeter,
        "gyrate": mosaic.gyration * cell,
        "para": perimeter / area_m2 * M2_PER_HA,
        "shape": mosaic.sides / count_least_sides(mosaic.cells),
        "frac": np.where(square, 1.0, frac),
        "circle": mosaic.circle,
        "contig": (mosaic.contiguity / cells - 1) / (_TEMPLATE - 1),
        "core": mosaic.core_cells * cell * cell / M2_PER_HA,
        "ncore": mosaic.cores,
        "cai": mosaic.core_cells / cells * 100,
        "enn": mosaic.nearest * cell,
    }


def count_least_sides(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the least number of outer sides that so many cells can have (Milne 1991; Bogaert et al. 2000).

    >>> count_least_sides(np.array([1, 2, 4, 5, 6, 7, 9])).tolist()
    [4, 6, 8, 10, 10, 12, 12]
    """
    side = np.floor(np.sqrt(cells.astype(np.float64))).astype(np.int64)
    rest = cells - side * side
    return np.asarray(4 * side + np.where(rest == 0, 0, np.where(rest <= side, 2, 4)), dtype=np.int64)
