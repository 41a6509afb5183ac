"""The commune of a sheet is found by its INSEE code, and only by it."""

from __future__ import annotations

import geopandas
import pytest
import shapely

from bocage.atlas.commune import find_commune
from bocage.errors import InputError
from bocage.journal import Journal

COMMUNES = geopandas.GeoDataFrame(
    {
        "insee": ["59450", "59451", "60159", "2A004", "59999"],
        "name": ["Ors", "Orsinval", "Compiègne", "Ajaccio", "Sans-Contour"],
    },
    geometry=[*(shapely.box(i, 0, i + 1, 1) for i in range(4)), None],
    crs="EPSG:2154",
)


def test_finds_by_code() -> None:
    """A known code gives the commune's name and outline."""
    commune = find_commune(COMMUNES, " 59450 ")

    assert (commune.insee, commune.name) == ("59450", "Ors")
    assert commune.outline.equals(shapely.box(0, 0, 1, 1))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("59540", "the nearest are 59450 (Ors), 59451 (Orsinval)"),
        ("59540", "check that it is the INSEE code and not the postcode"),
        ("Compiegne", "a name was given where a code is expected: give 60159 (Compiègne)"),
        ("ajaccio", "give 2A004 (Ajaccio)"),
        ("Zzyzx", "a name was given where a code of five characters is expected"),
        ("2A009", "the nearest are 2A004 (Ajaccio)"),
        ("11111", "No commune of the layer has the INSEE code '11111'; check"),
        ("59999", "Commune 59999 has no outline"),
    ],
)
def test_tells_what_to_give(given: str, told: str) -> None:
    """An unknown code, a postcode or a name is answered with the nearest codes."""
    with pytest.raises(InputError) as raised:
        find_commune(COMMUNES, given)

    assert told in str(raised.value)


def test_parts_are_joined() -> None:
    """A commune given as several objects is one, and the journal says so."""
    parts = geopandas.GeoDataFrame(
        {"insee": ["59450"] * 3, "name": ["Ors"] * 3},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(5, 0, 6, 1)],
        crs="EPSG:2154",
    )
    journal = Journal()

    commune = find_commune(parts, "59450", journal=journal)

    assert commune.outline.area == 3 and len(shapely.get_parts(commune.outline)) == 2
    assert [note.code for note in journal.notes] == ["communes_joined"]
