"""Hedges: along meadows and lanes, dense in the bocage, rare on the plateau."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from bocage.demo.cover import Ground
from bocage.demo.curves import round_coordinates
from bocage.demo.frame import CRS, Frame
from bocage.demo.noise import hash_places, smooth_noise
from bocage.demo.parcels import Parcels
from bocage.demo.roads import Transport
from bocage.demo.settlements import measure_bocage
from bocage.demo.uses import Oso

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]

_SEED = 83
_PIECE_M = 210.0
_ASIDE_M = 18.0
_VERGE_M = 8.0
_CLOSED = (
    Oso.DENSE_BUILT,
    Oso.SPARSE_BUILT,
    Oso.INDUSTRIAL,
    Oso.ROAD,
    Oso.BROADLEAF,
    Oso.CONIFER,
    Oso.MINERAL,
    Oso.WATER,
    Oso.HEATH,
)
_KINDS = (("Haie basse", 2.0), ("Haie arbustive", 4.0), ("Haie arborée", 8.0))


def plant_hedges(frame: Frame, parcels: Parcels, ground: Ground, transport: Transport) -> GeoDataFrame:
    """Plant hedges on parcel limits and along lanes.

    A piece of limit bears a hedge by chance, the more so the deeper in the bocage; never in woods, towns,
    water or on wide roads, and seldom between two crops.

    Returns
    -------
    GeoDataFrame
        ``nature`` and ``largeur_m``.
    """
    import geopandas

    lanes = transport.roads[transport.roads["nature"] == "Route locale"].geometry.to_numpy()
    sides = [shapely.offset_curve(lanes, side * _VERGE_M) for side in (-1.0, 1.0)]
    verges = shapely.get_parts(np.concatenate(sides))
    pieces = np.concatenate([_cut_pieces(parcels.cuts, bends=1), _cut_pieces(verges, bends=5)])
    pieces = round_coordinates(pieces)

    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    x, y = shapely.get_x(middle), shapely.get_y(middle)
    bocage = measure_bocage(frame, x, y)
    density = 0.02 + 0.80 * bocage**1.4 + 0.22 * smooth_noise(x, y, 1100.0, _SEED) * bocage
    kept = _has_room(pieces, ground) & (hash_places(_SEED + 1, x, y) < density)
    grazed = _borders_meadow(pieces, ground)
    kept &= grazed | (hash_places(_SEED + 2, x, y) < 0.25)
    kind = np.minimum((hash_places(_SEED + 3, x, y) * 3).astype(int), 2)[kept]
    return geopandas.GeoDataFrame(
        {"nature": [_KINDS[k][0] for k in kind], "largeur_m": [_KINDS[k][1] for k in kind]},
        geometry=list(pieces[kept]),
        crs=CRS,
    )


def _cut_pieces(lines: NDArray[np.object_], bends: int) -> NDArray[np.object_]:
    """Cut lines into pieces of about one length, each drawn with ``bends`` segments."""
    lines = lines[shapely.length(lines) > 40.0]
    length = shapely.length(lines)
    count = np.maximum(np.round(length / _PIECE_M), 1).astype(int)
    line = np.repeat(np.arange(len(lines)), count)
    number = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    step = (length / count)[line]
    # A gate is left between one piece and the next.
    start, run = number * step + 3.0, step - 6.0
    along = start[:, None] + run[:, None] * np.linspace(0.0, 1.0, bends + 1)[None, :]
    points = shapely.line_interpolate_point(lines[line][:, None], along)
    return np.asarray(shapely.linestrings(shapely.get_coordinates(points).reshape(len(line), bends + 1, 2)))


def _has_room(pieces: NDArray[np.object_], ground: Ground) -> NDArray[np.bool_]:
    """Tell which pieces lie on open ground at both ends and in the middle."""
    room = np.ones(len(pieces), dtype=bool)
    for share in (0.03, 0.27, 0.5, 0.73, 0.97):
        code = _sample(
            ground, shapely.get_coordinates(shapely.line_interpolate_point(pieces, share, normalized=True))
        )
        room &= ~np.isin(code, _CLOSED)
    row, col = _locate(
        ground, shapely.get_coordinates(shapely.line_interpolate_point(pieces, 0.5, normalized=True))
    )
    return room & ~ground.marsh[ground.parcel[row, col]]


def _borders_meadow(pieces: NDArray[np.object_], ground: Ground) -> NDArray[np.bool_]:
    """Tell which pieces have grass or an orchard on a side."""
    ends = [
        shapely.get_coordinates(shapely.line_interpolate_point(pieces, share, normalized=True))
        for share in (0.45, 0.55)
    ]
    middle, run = 0.5 * (ends[0] + ends[1]), ends[1] - ends[0]
    normal = np.column_stack([-run[:, 1], run[:, 0]]) / np.maximum(np.hypot(*run.T), 1e-6)[:, None]
    grazed = np.zeros(len(pieces), dtype=bool)
    for side in (-_ASIDE_M, _ASIDE_M):
        grazed |= np.isin(_sample(ground, middle + side * normal), (Oso.GRASSLAND, Oso.ORCHARD))
    return grazed


def _locate(ground: Ground, places: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    row, col = ground.grid.row_col(places[:, 0], places[:, 1])
    return np.clip(row, 0, ground.grid.nrows - 1), np.clip(col, 0, ground.grid.ncols - 1)


def _sample(ground: Ground, places: Floats) -> NDArray[np.uint8]:
    return np.asarray(ground.codes[_locate(ground, places)])
