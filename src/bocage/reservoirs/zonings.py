"""Zonings (zonages) of nature protection and inventory, and which of their sites become reservoirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bocage.grid import Grid, Window
from bocage.journal import Journal

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from bocage.subnetwork import Subnetwork

Rule = Literal["mandatory", "case_by_case"]

MIN_HABITAT_SHARE = 0.25
"""Share of a site that habitat must cover for the site to be kept in whole."""


@dataclass(frozen=True)
class Zoning:
    """A zoning that makes or may make reservoirs.

    Attributes
    ----------
    key : str
        Short identifier.
    label : str
        Words for people: « ZNIEFF de type 1 ».
    rule : {"mandatory", "case_by_case"}
        Reservoir in whole, or only where it holds habitat of the sub-network.
    subnetworks : tuple of str
        Keys of the sub-networks it concerns; empty is all of them (`share_out_sites` tells
        which ones, site by site).
    polygons : GeoDataFrame
        One site a row, with a column ``name``, in the CRS of the study.
    """

    key: str
    label: str
    rule: Rule
    subnetworks: tuple[str, ...]
    polygons: GeoDataFrame

    def __post_init__(self) -> None:
        if self.rule not in ("mandatory", "case_by_case"):
            raise ValueError(f"rule of zoning {self.key!r} is mandatory or case_by_case, got {self.rule!r}")

    def concerns(self, subnetwork: Subnetwork) -> bool:
        """Tell whether it has a say in a sub-network."""
        return not self.subnetworks or subnetwork.key in self.subnetworks


@dataclass(frozen=True)
class Sites:
    """Sites of zonings retained as reservoirs, and their parts, clipped to the grid.

    Attributes
    ----------
    zoning : (n,) array of int
        Index of the zoning of each site.
    name : (n,) array of str
        Empty where the site has no name.
    habitat_share : (n,) array of float
        Habitat of the sub-network over the cells of the site that have data, in [0, 1].
    habitat_m2 : (n,) array of float
        Habitat inside [m²].
    part_site : (m,) array of int
        Site of each part.
    parts : (m,) array of Polygon
    """

    zoning: NDArray[np.int64]
    name: NDArray[np.object_]
    habitat_share: NDArray[np.float64]
    habitat_m2: NDArray[np.float64]
    part_site: NDArray[np.int64]
    parts: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.zoning)


def select_sites(
    zonings: Sequence[Zoning],
    subnetwork: Subnetwork,
    habitat: NDArray[np.bool_],
    known: NDArray[np.bool_],
    grid: Grid,
    *,
    min_habitat_share: float,
    journal: Journal,
) -> Sites:
    """Keep the sites that are reservoirs of a sub-network.

    Those of mandatory zonings all are; the others when habitat covers at least
    ``min_habitat_share`` of the site. What is left out, and what is kept without any habitat,
    is noted in the journal.

    Parameters
    ----------
    habitat : (nrows, ncols) array of bool
        Habitat of the sub-network.
    known : (nrows, ncols) array of bool
        Cells that have data; the others are left out of the shares.
    min_habitat_share : float
        In [0, 1].
    """
    kept: list[tuple[int, str, float, float]] = []
    parts: list[Any] = []
    part_site: list[int] = []
    for index, zoning in enumerate(zonings):
        if not zoning.concerns(subnetwork):
            continue
        outside = without = below = 0
        for pieces, name in zip(clip_sites(zoning, grid), read_names(zoning), strict=True):
            if not pieces:
                outside += 1
                continue
            cells, (inside,) = count_habitat(pieces, (habitat,), known, grid)
            share = inside / max(cells, 1)
            without += inside == 0
            # Habitat of no more than a small share, however large it is, does not make the whole
            # site a reservoir: the patches inside that qualify are reservoirs by themselves.
            if zoning.rule == "case_by_case" and (inside == 0 or share < min_habitat_share):
                below += inside > 0
                continue
            part_site.extend([len(kept)] * len(pieces))
            parts.extend(pieces)
            kept.append((index, name, share, inside * grid.cell_area))
        about: dict[str, Any] = {"subnetwork": subnetwork.name, "label": zoning.label}
        if outside:
            journal.add("zoning_outside", count=outside, **about)
        if without:
            code = "mandatory_without_habitat" if zoning.rule == "mandatory" else "zoning_without_habitat"
            journal.add(code, count=without, **about)
        if below:
            min_share = round(100 * min_habitat_share)
            journal.add("zoning_below_threshold", count=below, min_share=min_share, **about)
    return Sites(
        zoning=np.array([site[0] for site in kept], dtype=np.int64),
        name=np.array([site[1] for site in kept], dtype=object),
        habitat_share=np.array([site[2] for site in kept], dtype=np.float64),
        habitat_m2=np.array([site[3] for site in kept], dtype=np.float64),
        part_site=np.array(part_site, dtype=np.int64),
        parts=np.array(parts, dtype=object),
    )


def find_cells(shape: Any, grid: Grid, *, all_touched: bool = False) -> tuple[Window, NDArray[np.bool_]]:
    """Give the cells whose centre lies in a shape, or all that it touches.

    Returns
    -------
    Window, (rows, cols) array of bool
        The cells within the window of the shape's bounds; empty where it lies off the grid.
    """
    import rasterio.features
    from rasterio.transform import Affine

    window = grid.window(shape.bounds)
    if 0 in window.shape:
        return window, np.zeros(window.shape, bool)
    cells = rasterio.features.rasterize(
        [(shape, 1)],
        out_shape=window.shape,
        transform=Affine(*grid.crop(window).affine),
        all_touched=all_touched,
        dtype=np.uint8,
    )
    return window, cells.astype(bool)


def rasterise_polygon(polygon: Any, grid: Grid) -> tuple[Window, NDArray[np.bool_]]:
    """Give the cells whose centre lies in a polygon; where there are none, those it touches.

    Returns
    -------
    Window, (rows, cols) array of bool
        The cells within a window of the grid.
    """
    for all_touched in (False, True):
        window, cells = find_cells(polygon, grid, all_touched=all_touched)
        if cells.any():
            return window, cells
    # A polygon thinner than the rasteriser's rounding: the cell of a point of it.
    row, col = grid.row_col(*polygon.representative_point().coords[0])
    window = Window(
        row0 := min(max(row, 0), grid.nrows - 1), row0 + 1, col0 := min(max(col, 0), grid.ncols - 1), col0 + 1
    )
    return window, np.ones((1, 1), dtype=bool)


def clip_sites(zoning: Zoning, grid: Grid) -> list[list[Any]]:
    """Give the polygons of each site inside the grid; none where the site lies outside."""
    import shapely

    shapes = shapely.make_valid(zoning.polygons.geometry.to_numpy())
    clipped = shapely.intersection(shapes, shapely.box(*grid.bounds))
    return [_list_polygons(shape, min_area_m2=grid.cell_area) for shape in clipped]


def count_habitat(
    pieces: Sequence[Any],
    habitats: Sequence[NDArray[np.bool_]],
    known: NDArray[np.bool_],
    grid: Grid,
) -> tuple[int, list[int]]:
    """Count the cells of a site that have data, and those that are habitat of each sub-network.

    Parameters
    ----------
    pieces : sequence of Polygon
        The polygons of the site.
    habitats : sequence of (nrows, ncols) arrays of bool
    known : (nrows, ncols) array of bool
        Cells that have data.

    Returns
    -------
    int, list of int
        One count for each of ``habitats``.
    """
    cells = 0
    inside = [0] * len(habitats)
    for piece in pieces:
        window, mask = rasterise_polygon(piece, grid)
        cells += int(np.count_nonzero(known[window.slices] & mask))
        for i, habitat in enumerate(habitats):
            inside[i] += int(np.count_nonzero(habitat[window.slices] & mask))
    return cells, inside


def read_names(zoning: Zoning) -> list[str]:
    """Give the name of each site, empty where there is none."""
    if "name" not in zoning.polygons.columns:
        return [""] * len(zoning.polygons)
    return [name.strip() if isinstance(name, str) else "" for name in zoning.polygons["name"].tolist()]


def _list_polygons(shape: Any, *, min_area_m2: float) -> list[Any]:
    """List the polygons of a site; slivers only where the site has nothing larger."""
    import shapely

    if shape is None:
        return []
    # Twice: repairing or clipping may leave MultiPolygons inside a collection.
    parts = shapely.get_parts(shapely.get_parts(shape))
    polygons = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    return [part for part in polygons if part.area >= min_area_m2] or polygons
