"""The legend of a sheet says what the figures of its commune say."""

from __future__ import annotations

import geopandas
import pytest
import shapely

from bocage.atlas import compose_sheet
from bocage.atlas.measures import read_measure
from bocage.atlas.summary import measure_all
from tests.atlas.networks import ABOUT_VALLEY, CRS, make_content, make_network, make_table, make_valley


def make_towns() -> geopandas.GeoDataFrame:
    """Make two square communes of 2 km, side by side."""
    squares = [shapely.box(0, 0, 2_000, 2_000), shapely.box(2_000, 0, 4_000, 2_000)]
    return geopandas.GeoDataFrame(
        {"insee": ["99001", "99002"], "name": ["Ouest", "Est"]}, geometry=squares, crs=CRS
    )


def states(insee: str, with_figures: bool = True, **tables: geopandas.GeoDataFrame) -> dict[str, str]:
    """Give the states of the legend of a commune by label."""
    content = make_content(make_network(tables), make_towns(), ABOUT_VALLEY)
    figures = measure_all(content)[insee] if with_figures else None
    return {row.label: row.state for row in compose_sheet(content, insee, figures=figures).legend}


@pytest.mark.parametrize("with_figures", [True, False])
def test_to_preserve_and_to_restore_on_one_ground(with_figures: bool) -> None:
    """Ground of both objectives is to restore: 100 ha and 100 ha that share 50 are 50 and 100."""
    shapes = [shapely.box(0, 0, 1_000, 1_000), shapely.box(500, 0, 1_500, 1_000)]
    table = make_table("reservoir_s", [{"objective": "preserve"}, {"objective": "restore"}], shapes)

    told = states("99001", with_figures, reservoir_s=table)

    assert (told["à préserver"], told["à remettre en bon état"]) == ("50,0\u00a0ha", "100\u00a0ha")


@pytest.mark.parametrize("insee", ["99001", "99002"])
def test_river_on_the_limit(insee: str) -> None:
    """A river that is the limit of two communes counts half in each, 1 km of 2."""
    river = shapely.LineString([(2_000, 0), (2_000, 2_000)])
    row = {"objective": "preserve", "is_corridor": True}

    told = states(insee, cours_eau_l=make_table("cours_eau_l", [row], [river]))

    assert told["corridors"] == "1,0\u00a0km"


def test_point_on_the_limit() -> None:
    """An obstacle on the limit is counted in the first commune, and said to be on the limit in the other."""
    table = make_table("obstacle_p", [{}], [shapely.Point(2_000, 1_000)])

    assert states("99001", obstacle_p=table)["ponctuels"] == "1"
    assert states("99002", obstacle_p=table)["ponctuels"] == "en limite"


def test_same_with_and_without_figures() -> None:
    """Away from limits, a sheet that measures by itself says what the figures say."""
    network, communes = make_valley()
    content = make_content(network, communes, ABOUT_VALLEY)
    for insee, figures in measure_all(content).items():
        alone = compose_sheet(content, insee)
        told = compose_sheet(content, insee, figures=figures)
        assert [row.state for row in alone.legend] == [row.state for row in told.legend]
        for key, found in alone.drawn.items():
            measure = read_measure(figures, found.symbol)
            assert measure is None or measure == pytest.approx(found.measure, rel=1e-9, abs=1e-3), key
