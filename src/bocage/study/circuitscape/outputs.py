"""The outputs of Circuitscape, under its names and formats."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bocage.current.maps import blank_barriers, transform_current
from bocage.io.ascii_grid import GridPlace, write_ascii_grid
from bocage.io.files import output_errors, replace_on_success
from bocage.study.circuitscape.options import Options

Floats = NDArray[np.float64]
_NUMBER = "%.12g"
_NEGLIGIBLE = 1e-6
"""Share of the largest current below which a branch is not listed."""


class Outputs:
    """Writes the outputs of a job beside each other and remembers them.

    Parameters
    ----------
    options : Options
    place : GridPlace, optional
        Of the maps, for a raster job.
    conductance : (rows, cols) array of float64, optional
    """

    def __init__(
        self, options: Options, place: GridPlace | None = None, conductance: Floats | None = None
    ) -> None:
        self.options = options
        self.written: list[Path] = []
        self._place = place
        self._conductance = conductance
        base = options.output_file
        self._base = base.with_suffix("") if base.suffix == ".out" else base
        with output_errors(base):
            self._base.parent.mkdir(parents=True, exist_ok=True)

    def write_current(self, current: Floats, name: str = "", kind: str = "curmap") -> None:
        """Write a map of currents: of a pair, the sum (``cum_curmap``) or the maximum (``max_curmap``)."""
        assert self._conductance is not None
        if self.options.log_transform_maps:
            current = transform_current(current)
        if self.options.set_null_currents_to_nodata:
            current = blank_barriers(current, self._conductance)
        self._write_map(f"{kind}{name}", current)

    def write_voltage(self, voltage: Floats, name: str = "") -> None:
        """Write a map of potentials."""
        assert self._conductance is not None
        if self.options.set_null_voltages_to_nodata:
            voltage = blank_barriers(voltage, self._conductance)
        self._write_map(f"voltmap{name}", voltage)

    def write_resistances(self, ids: NDArray[np.int64], resistance: Floats) -> None:
        """Write resistances as a matrix and in three columns."""
        labels = ids.tolist()
        matrix = [[0, *labels], *([one, *row] for one, row in zip(labels, resistance.tolist(), strict=True))]
        self._write_rows("resistances.out", matrix)
        count = len(labels)
        rows = ([labels[i], labels[j], resistance[i, j]] for i in range(count) for j in range(i + 1, count))
        self._write_rows("resistances_3columns.out", rows)

    def write_focal(self, ids: NDArray[np.int64], resistance: Floats) -> None:
        """Write what one-to-all and all-to-one find for each point, in two columns."""
        self._write_rows("resistances.out", zip(ids.tolist(), resistance.tolist(), strict=True))

    def write_nodes(self, kind: str, ids: NDArray[np.int64], values: Floats, name: str = "") -> None:
        """Write ``node_currents`` or ``voltages`` of a network."""
        self._write_rows(f"{kind}{name}.txt", zip(ids.tolist(), values.tolist(), strict=True))

    def write_branches(
        self, start: NDArray[np.int64], end: NDArray[np.int64], current: Floats, name: str = ""
    ) -> None:
        """Write the branches of a network that carry current."""
        kept = current > _NEGLIGIBLE * current.max(initial=0.0)
        rows = zip(start[kept].tolist(), end[kept].tolist(), current[kept].tolist(), strict=True)
        self._write_rows(f"branch_currents{name}.txt", rows)

    def _write_map(self, name: str, values: Floats) -> None:
        assert self._place is not None
        if self.options.write_as_tif:
            self.written.append(self._write_geotiff(self._path(f"{name}.tif"), values, self._place))
        else:
            self.written.append(write_ascii_grid(self._path(f"{name}.asc"), values, self._place))

    def _write_geotiff(self, path: Path, values: Floats, place: GridPlace) -> Path:
        import rasterio
        from rasterio.transform import from_origin

        nodata = -9999.0 if place.nodata is None or np.isnan(place.nodata) else place.nodata
        transform = from_origin(place.west, place.south + place.nrows * place.cell, place.cell, place.cell)
        with (
            output_errors(path),
            replace_on_success(path) as part,
            rasterio.open(
                part, "w", driver="GTiff", height=place.nrows, width=place.ncols, count=1, dtype="float64",
                crs=place.crs, transform=transform, nodata=nodata, compress="deflate",
            ) as target,
        ):  # fmt: skip
            target.write(np.where(np.isnan(values), nodata, values), 1)
        return path

    def _write_rows(self, name: str, rows: Iterable[Iterable[float]]) -> None:
        path = self._path(name)
        with output_errors(path), replace_on_success(path) as part, part.open("w", encoding="ascii") as file:
            for row in rows:
                file.write(
                    " ".join(str(one) if isinstance(one, int) else _NUMBER % (one + 0.0) for one in row)
                )
                file.write("\n")
        self.written.append(path)

    def _path(self, name: str) -> Path:
        return self._base.with_name(f"{self._base.name}_{name}")
