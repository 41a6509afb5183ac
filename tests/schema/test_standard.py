"""The national standard as data, and the tables turned into it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import geopandas
import pyogrio
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely import LineString, box

from bocage.errors import CodeError, InputError
from bocage.network import COLUMNS
from bocage.schema import from_standard, load_profile, to_standard, validate_table
from tests.io.networks import ABOUT, make_network, make_table


def reservoirs() -> geopandas.GeoDataFrame:
    """Two reservoirs in the standard's fields."""
    return to_standard("reservoir_s", make_network().tables["reservoir_s"], about=ABOUT)


@pytest.mark.parametrize("key", ["srce", "cer"])
@pytest.mark.parametrize("table", list(COLUMNS))
def test_round_trip(key: str, table: Any) -> None:
    """Every table comes back the same from the standard's fields and the companion columns."""
    profile = load_profile(key)
    objects = make_network().tables[table]
    there = to_standard(table, objects, about=ABOUT, profile=profile)
    assert set(there.geom_type) <= {profile.tables[table].geometry_type}
    assert_geodataframe_equal(from_standard(table, there, profile=profile), objects)


@pytest.mark.parametrize("key", ["srce", "cer"])
@pytest.mark.parametrize("table", list(COLUMNS))
def test_our_tables_obey_the_standard(key: str, table: Any) -> None:
    """What we write has no departure from the standard."""
    profile = load_profile(key)
    there = to_standard(table, make_network().tables[table], about=ABOUT, profile=profile)
    assert validate_table(table, there, profile=profile) == []


def test_every_column_is_carried() -> None:
    """Each column of the network is in exactly one field or companion of its table."""
    for table, columns in COLUMNS.items():
        one = load_profile().tables[table]
        assert sorted([*one.field_of, *one.companions]) == sorted(columns)


def test_codes_never_seen_are_labels() -> None:
    """Only the objective « to preserve », which is inferred, has a number that official data do not show."""
    numbered = {
        value.code
        for one in load_profile().tables.values()
        for field in one.fields
        if field.domain is not None
        for value in field.domain.values
        if value.code.isdigit() and not value.seen
    }
    assert numbered == {"01"}


def test_medium_and_type_without_a_code_pass_as_labels() -> None:
    """A medium or an obstacle type that the standard does not list is written as its label and read back."""
    objects = make_table("obstacle_l", [LineString([(0, 0), (1, 1)])], type=["route locale"])
    there = to_standard("obstacle_l", objects, about=ABOUT)
    assert there.TYPE_OBST.tolist() == ["route locale"]
    assert from_standard("obstacle_l", there)["type"].tolist() == ["route locale"]


def test_departures_are_sentences() -> None:
    """Each departure is one sentence that names the table, the field, the value and how many."""
    table = reservoirs()
    table["OBJ_ASSI"] = ["03", "02"]
    table["ID_RESV"] = ["FR34RS1", "FR34RS1"]
    table["NOM_RESV"] = ["x" * 300, None]
    table["ID_SRCE"] = ["FR34SRCE2026", None]
    table["DELIMIT"] = ["DG", ""]
    found = validate_table("reservoir_s", table.drop(columns="INTERREG"), language="en")
    assert found == [
        "Table reservoir_s: the standard's field INTERREG is missing.",
        "Table reservoir_s: 1 identifiers of field ID_RESV are repeated, as 'FR34RS1'.",
        "Table reservoir_s: field ID_SRCE is empty for 1 objects, and must not be.",
        "Table reservoir_s: 1 values of field NOM_RESV are longer than 254 characters, as '"
        + "x" * 60
        + "'.",
        "Table reservoir_s: 1 values of field OBJ_ASSI are not in the standard, as '03'; it allows 01, 02.",
    ]
    french = validate_table("reservoir_s", table)
    assert french[-1] == (
        "Table reservoir_s\u00a0: 1 valeur(s) du champ OBJ_ASSI ne sont pas du standard, "
        "comme «\u00a003\u00a0»\u00a0; il admet 01, 02."
    )


def test_order_and_geometry_are_checked() -> None:
    """Fields out of order and geometries of another kind are told; companions may stand anywhere."""
    table = reservoirs()
    turned = table[["number", *[name for name in reversed(table.columns) if name != "number"]]]
    assert any(
        "not in the standard's order" in one for one in validate_table("reservoir_s", turned, language="en")
    )
    lines = table.set_geometry(geopandas.GeoSeries([LineString([(0, 0), (1, 1)]), box(0, 0, 1, 1)], crs=2154))
    (found,) = validate_table("reservoir_s", lines, language="en")
    assert found == "Table reservoir_s: 1 geometries are of type LineString, not MultiPolygon."


def test_unknown_objective_is_an_error() -> None:
    """A code outside a closed list stops the reading, with the codes there are."""
    table = reservoirs()
    table["OBJ_ASSI"] = "99"
    with pytest.raises(CodeError, match=r"OBJ_ASSI of table 'reservoir_s' holds '99', .* '01', '02'"):
        from_standard("reservoir_s", table)


def test_a_regions_own_profile(tmp_path: Path) -> None:
    """A region changes names and fields in a file; one that cannot serve is told."""
    text = files("bocage.schema").joinpath("srce.toml").read_text(encoding="utf-8")
    own = tmp_path / "région.toml"
    own.write_text(text.replace("N_SRCE_{class}", "R_{class}"), encoding="utf-8")
    assert load_profile("srce", own).table_name("obstacle_p", "R32") == "R_OBSTACLE_P_R32"
    wrong = tmp_path / "b.toml"
    wrong.write_text(text.replace('from = "objective"', 'from = "aim"'), encoding="utf-8")
    with pytest.raises(
        InputError, match=r"fills reservoir_s.OBJ_ASSI from 'aim', which the network does not"
    ):
        load_profile("srce", wrong)
    wrong.write_text(text.replace('scheme_field = "ID_SRCE"', ""), encoding="utf-8")
    with pytest.raises(InputError, match="lacks 'scheme_field'"):
        load_profile("srce", wrong.rename(tmp_path / "c.toml"))
    with pytest.raises(InputError, match=r"has no variant 'x'; it has 'srce', 'cer'"):
        load_profile("x")
    with pytest.raises(InputError, match="cannot be read"):
        load_profile("srce", tmp_path / "absent.toml")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("table", "layer", "absent"),
    [
        ("reservoir_s", "cer_reservoir_s", {"INTERREG"}),
        ("corridor_s", "cer_corridor_s", {"INTERREG"}),
        ("cours_eau_l", "cer_cours_eau", set()),
        ("obstacle_p", "cer_obstacle_p", set()),
        ("obstacle_l", "cer_obstacle_l", set()),
        ("obstacle_s", "cer_obstacle_s", set()),
    ],
)
def test_official_tables_obey_our_profile(shared: Path, table: Any, layer: str, absent: set[str]) -> None:
    """The fields of the official layers are ours, in our order, with our codes and lengths.

    Hauts-de-France left out INTERREG and added lengths and areas of its own.
    """
    official = pyogrio.read_dataframe(shared / "data" / "oise" / "oise.gpkg", layer=layer)
    profile = load_profile("cer")
    ours = [field.name for field in profile.tables[table].fields]
    theirs = [name.upper() for name in official.columns if name.upper() in ours]
    assert theirs == [name for name in ours if name not in absent]
    expected = [f"Table {table}: the standard's field {name} is missing." for name in sorted(absent)]
    assert validate_table(table, official, profile=profile, language="en") == expected
    domain = next((field.domain for field in profile.tables[table].fields if field.name == "TYPE_OBST"), None)
    if domain is not None:
        labels = dict(zip(official.type_obst, official.lib_obst, strict=True))
        assert labels == {
            code: value.label_fr for code in labels for value in domain.values if value.code == code
        }
