"""Sheets of the communes that break map rooms: in parts, by the sea, at the edge, empty, oddly named."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from bocage.atlas import Sheet, SheetSpec, compose_sheet
from bocage.atlas.series import NETWORK_THEMES, plan_series
from bocage.cartography.symbols import load_symbols
from bocage.errors import InputError
from tests.atlas.networks import (
    ABOUT_OISE,
    ABOUT_VALLEY,
    CRS,
    THEMES,
    make_content,
    make_network,
    make_table,
    make_valley,
    read_oise,
)
from tests.atlas.reading import normalise, read_text

LONGEST_NAME = "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson"  # 45 letters, the longest of France


def make_towns(shapes: dict[str, Any]) -> geopandas.GeoDataFrame:
    """Make communes of these names and outlines, with codes 99001, 99002 ..."""
    codes = [f"9900{i}" for i in range(1, len(shapes) + 1)]
    return geopandas.GeoDataFrame(
        {"insee": codes, "name": list(shapes)}, geometry=list(shapes.values()), crs=CRS
    )


def compose(communes: geopandas.GeoDataFrame, insee: str = "99001", **tables: Any) -> Sheet:
    """Compose the continuities of a commune with these tables of the network."""
    return compose_sheet(make_content(make_network(tables), communes, ABOUT_VALLEY), insee)


def check_labels(sheet: Sheet) -> None:
    """Check that no name lies over another and that none leaves the map."""
    room = shapely.box(0, 0, sheet.frame.width_mm, sheet.frame.height_mm)
    for one, other in combinations(sheet.labels, 2):
        assert not one.box.intersects(other.box), (one.lines, other.lines)
    assert all(room.contains(label.box) for label in sheet.labels)


def check_legend(sheet: Sheet) -> None:
    """Check that the legend shows the symbols that the map draws, all of them and no other."""
    shown = {symbol for row in sheet.legend for symbol in row.symbols}
    drawn = {key for key, found in sheet.drawn.items() if len(found.objects)}
    assert shown - {"commune", "neighbour", "outside_area", "road", "road_main", "railway", "river"} == drawn
    assert all(row.state for row in sheet.legend if row.absent)


def test_two_parts() -> None:
    """Both parts of a commune are on the map, outlined, and measured together."""
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1_000, 1_000), shapely.box(3_000, 0, 4_000, 1_000)])
    towns = make_towns({"Deux-Parts": parts, "Entre": shapely.box(1_000, 0, 3_000, 1_000)})
    wood = make_table("reservoir_s", [{"objective": "preserve"}], [shapely.box(900, 0, 3_100, 500)])

    sheet = compose(towns, reservoir_s=wood)

    assert shapely.box(*sheet.frame.bounds).contains(parts)
    # 100 m by 500 m in each part: 5 ha each.
    assert {row.label: row.state for row in sheet.legend}["à préserver"] == "10,0\u00a0ha"
    check_labels(sheet)
    check_legend(sheet)


def test_on_the_coast() -> None:
    """A commune with sea on one side has neighbours on land only, and nothing is said of the sea."""
    land = {"Port": shapely.box(0, 0, 2_000, 1_500), "Arrière": shapely.box(0, -3_000, 2_000, 0)}

    sheet = compose(make_towns(land))

    assert "Communes voisines nommées\u00a0: Arrière." in sheet.description
    assert sheet.frame.bounds[3] > 1_500
    check_labels(sheet)


def test_at_the_edge_of_the_data() -> None:
    """Ground beyond the study area is hatched, and the legend says that nothing was looked for there."""
    towns = make_towns(
        {"Bord": shapely.box(0, 0, 2_000, 2_000), "Voisine": shapely.box(2_000, 0, 4_000, 2_000)}
    )
    content = make_content(make_network({}), towns, ABOUT_VALLEY)

    sheet = compose_sheet(replace(content, area=shapely.box(0, 0, 1_000, 2_000)), "99001")

    rows = {row.label: row for row in sheet.legend}
    assert rows["Hors de la zone d’étude"].state == "50\u00a0%"
    assert "Hors de la zone d’étude, rien n’a été cherché." in rows


def test_no_object_at_all() -> None:
    """A commune without any object has a whole sheet: each theme is « néant », no symbol is shown."""
    sheet = compose(make_towns({"Vide": shapely.box(0, 0, 2_000, 2_000)}))

    states = {row.state for row in sheet.legend if row.absent}
    assert states == {"néant"}
    check_legend(sheet)
    assert "Vide" in normalise(read_text(sheet.to_pdf())) or "VIDE" in read_text(sheet.to_pdf())


def test_alone() -> None:
    """The only commune of a layer has no neighbour, and its locator is itself."""
    sheet = compose(make_towns({"Seule": shapely.box(0, 0, 2_000, 2_000)}))

    assert "voisines" not in sheet.description
    assert not any(row.label == "Communes voisines" for row in sheet.legend)


@pytest.mark.parametrize(
    "name", ["L’Haÿ-les-Roses", "Œuilly", "Saint-Léonard-d’Œuf-sur-Ÿ", LONGEST_NAME, "Y", "Ô"]
)
@pytest.mark.parametrize("sheet_format", ["a4", "a3"])
def test_names(name: str, sheet_format: str) -> None:
    """Apostrophes, ligatures, one letter or forty-five: the name is whole in the title, as text."""
    network, communes = make_valley(name=name)
    content = make_content(network, communes, ABOUT_VALLEY)
    sheet = compose_sheet(content, "99005", sheet_format=sheet_format)

    text = read_text(sheet.to_pdf()).replace(" ", "").replace("\n", "")

    assert name.upper().replace(" ", "") in text
    assert name in sheet.description
    check_labels(sheet)


def test_apostrophes_of_print() -> None:
    """A name typed with the straight apostrophe is printed with the curved one, on the map and beside it."""
    towns = make_towns(
        {"L'Oie": shapely.box(0, 0, 2_000, 2_000), "L'Eau": shapely.box(2_000, 0, 4_000, 2_000)}
    )
    sheet = compose(towns)

    text = read_text(sheet.to_pdf())

    assert {label.name for label in sheet.labels} == {"L’OIE", "L’Eau"}
    assert "L’OIE" in text and "'" not in text


def test_base_map_is_in_the_legend() -> None:
    """Rivers of the base map have their row: « autre » beside the network's, plain on other sheets."""
    network, communes = make_valley()
    ditch = geopandas.GeoDataFrame(
        {"name": ["Fossé"], "ground": ["river"]},
        geometry=[shapely.LineString([(702_100, 6_602_100), (703_900, 6_602_200)])],
        crs=CRS,
    )
    content = make_content(network, communes, ABOUT_VALLEY, context={"watercourses": ditch})

    sheets = [compose_sheet(content, "99005"), compose_sheet(content, "99005", SheetSpec("i", ("znieff1",)))]

    assert [[row.label for row in sheet.legend if row.symbols == ("river",)] for sheet in sheets] == [
        ["Autre cours d’eau"],
        ["Cours d’eau"],
    ]


def test_tiny_and_huge() -> None:
    """Communes of 300 m and of 60 km both fit their sheet, at a round scale."""
    for side in (300.0, 60_000.0):
        sheet = compose(make_towns({"Taille": shapely.box(0, 0, side, side)}))
        assert shapely.box(*sheet.frame.bounds).contains(shapely.box(0, 0, side, side))
        assert sheet.frame.scale in (5_000, 400_000, 500_000)


def test_broken_outline() -> None:
    """An outline that crosses itself is mended; a commune without any is refused by one sentence."""
    bow = shapely.Polygon([(0, 0), (2_000, 2_000), (2_000, 0), (0, 2_000)])
    assert compose(make_towns({"Noeud": bow})).commune.outline.is_valid

    towns = make_towns({"Sans": shapely.Polygon(), "Avec": shapely.box(0, 0, 2_000, 2_000)})
    with pytest.raises(InputError, match="Commune 99001 has no outline"):
        compose(towns)
    # The other commune does not suffer from it.
    assert compose(towns, "99002").commune.name == "Avec"


def test_every_sheet_of_the_series() -> None:
    """Each sheet draws its own themes, says its place in the series, and its legend is what it draws."""
    network, communes = make_valley()
    symbols = load_symbols()
    content = make_content(network, communes, ABOUT_VALLEY, themes=make_zones())
    specs = plan_series(content)

    assert [spec.key for spec in specs] == ["continuites", "inventaires", "protections", "eau"]
    for number, spec in enumerate(specs, start=1):
        sheet = compose_sheet(content, "99005", spec, number=number, total=len(specs))
        check_legend(sheet)
        check_labels(sheet)
        text = read_text(sheet.to_pdf())
        assert f"CARTE : {number}/4" in normalise(text)
        for key in spec.other_themes:
            assert normalise(symbols[key].label("fr")) in text


def make_zones() -> dict[str, geopandas.GeoDataFrame]:
    """Make a zone of each family in the middle of the valley."""

    def zones(name: str, *shapes: Any) -> geopandas.GeoDataFrame:
        return geopandas.GeoDataFrame({"name": [name] * len(shapes)}, geometry=list(shapes), crs=CRS)

    return {
        "znieff1": zones("Coteau d’essai", shapely.box(702_200, 6_602_200, 703_000, 6_603_200)),
        "znieff2": zones("Vallée d’essai", shapely.box(701_000, 6_601_000, 704_800, 6_604_000)),
        "natura2000_zsc": zones("Marais d’essai", shapely.box(702_500, 6_602_500, 703_900, 6_603_900)),
        "wetland": zones("", shapely.Point(703_000, 6_603_000).buffer(300)),
    }


def test_declared_theme_without_layer() -> None:
    """A sheet that is asked for a theme without a layer says « donnée non fournie »."""
    network, communes = make_valley()
    content = make_content(network, communes, ABOUT_VALLEY)
    [spec] = plan_series(content, [{"key": "protections", "themes": ("ramsar",)}])

    sheet = compose_sheet(content, "99005", spec)

    [row] = [row for row in sheet.legend if row.absent]
    assert row.state == "donnée non fournie"
    assert "Donnée non fournie\u00a0: l’absence de signe" in sheet.legend[-1].label


def test_unknown_theme() -> None:
    """A theme that does not exist is answered with those that do."""
    network, communes = make_valley()
    content = make_content(network, communes, ABOUT_VALLEY)

    with pytest.raises(InputError, match="'znief1' is unknown; give one of continuities, reservoirs"):
        plan_series(content, [{"key": "a", "themes": ("znief1",)}])


def test_sources_of_what_is_drawn() -> None:
    """A sheet cites the sources of what it draws, not those of the other sheets."""
    from bocage.atlas.content import SourceUse

    network, communes = make_valley()
    sources = (
        SourceUse("Conseil du val", "", frozenset({"reservoirs"})),
        SourceUse("INPN", "Licence Ouverte", frozenset({"znieff1"})),
        SourceUse("IGN", "", frozenset({"communes"})),
    )
    content = make_content(network, communes, ABOUT_VALLEY, themes=make_zones(), sources=sources)
    continuities = read_text(compose_sheet(content, "99005").to_pdf())
    inventories = read_text(compose_sheet(content, "99005", SheetSpec("a", ("znieff1",))).to_pdf())

    assert "Conseil du val" in continuities and "INPN" not in continuities and "IGN" in continuities
    assert "INPN (Licence Ouverte)" in inventories and "Conseil du val" not in inventories


@pytest.mark.realdata
def test_labels_of_dense_communes(shared: Path) -> None:
    """On the densest sheets of Oise no name covers another, and the legend is what is drawn."""
    network, communes, context = read_oise(shared / "data")
    content = make_content(network, communes, ABOUT_OISE, context=context)
    rivers = np.asarray(context["watercourses"].geometry, dtype=object)
    lengths = [
        float(shapely.length(shapely.intersection(rivers, outline)).sum()) for outline in communes.geometry
    ]
    for place in np.argsort(lengths)[-3:]:
        sheet = compose_sheet(content, str(communes["insee"].iloc[place]))
        check_labels(sheet)
        check_legend(sheet)
        assert len(sheet.labels) > 3


def test_no_theme_is_forgotten() -> None:
    """The themes that tests name are those of the network."""
    assert tuple(THEMES) == NETWORK_THEMES
