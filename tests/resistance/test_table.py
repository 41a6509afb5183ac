"""Resistance surfaces and friction tables."""

from __future__ import annotations

import math
import tomllib
from importlib.resources import files

import numpy as np
import pandas
import pytest

from bocage.errors import DataError, InputError
from bocage.grid import Grid
from bocage.landcover import GROUND, LandCover, Legend
from bocage.resistance import build_resistance, read_friction_table
from bocage.subnetwork import Subnetwork

LEGEND = Legend(
    ("", "clc", "clc", "bocage", "clc"),
    ("", "311", "211", "motorway", "523"),
    ("", "Forêts de feuillus", "Terres arables", "Autoroute", "Mers et océans"),
    ("", "broadleaf", "arable", "motorway", "sea"),
)
COVER = LandCover(
    Grid(0, 20, 10, 2, 3),
    np.array([[1, 2, 3], [0, 2, 3]], dtype=np.uint16),
    np.array([[1, 2, 2], [0, 2, 1]], dtype=np.uint16),
    LEGEND,
)


def woods(**resistance):
    """Make a woodland sub-network of given coefficients."""
    names = {name.replace("clc_", "clc:").replace("code_", ""): value for name, value in resistance.items()}
    return Subnetwork("boise", "Boisé", "boisé", ("broadleaf",), 1, 5, (1000,), names)


class TestBuildResistance:
    """Tests for build_resistance."""

    def test_values_and_no_data(self):
        """Each cell costs what its ground does; no data is impassable."""
        surface = build_resistance(COVER, woods(broadleaf=1, arable=40, motorway=math.inf))

        assert surface.array().tolist() == [[1, 40, math.inf], [math.inf, 40, math.inf]]
        assert surface.codes is COVER.codes

    def test_without_infrastructure(self):
        """Transparent infrastructure leaves what lies under, and needs no coefficient."""
        surface = build_resistance(COVER, woods(broadleaf=1, arable=40), infrastructure=False)

        assert surface.array().tolist() == [[1, 40, 40], [math.inf, 40, 1]]

    def test_most_precise_name_wins(self):
        """Nomenclature and code, then code, then ground class."""
        named = {"broadleaf": 1, "motorway": 9}
        by_ground = build_resistance(COVER, woods(**named, arable=40))
        by_code = build_resistance(COVER, woods(**named, arable=40, code_211=50))
        by_both = build_resistance(COVER, woods(**named, arable=40, code_211=50, clc_211=60))

        assert [surface.values[2] for surface in (by_ground, by_code, by_both)] == [40, 50, 60]

    def test_lacking_ground_is_listed(self):
        """Ground that is there and has no resistance is named with its label and share; absent sea is not."""
        with pytest.raises(DataError) as caught:
            build_resistance(COVER, woods(broadleaf=1))

        message = str(caught.value)
        assert "2 kind(s) of ground" in message
        assert "clc:211 « Terres arables », ground arable (33 % of the cells)" in message
        assert "bocage:motorway" in message and "sea" not in message

    @pytest.mark.parametrize("value", [0, -3, math.nan])
    def test_resistance_is_positive(self, value):
        """A resistance of 0, below, or not a number is named, with the mend."""
        with pytest.raises(
            DataError, match=rf"must be greater than 0, found arable = {value:g}; .*zero_as = 1"
        ):
            build_resistance(COVER, woods(broadleaf=1, arable=value, motorway=9))


class TestReadFrictionTable:
    """Tests for read_friction_table."""

    rows = pandas.DataFrame(
        {
            "class": ["landuse_311", "roads_Liaison\n locale ", "w1"],
            "a": [0, "30,5", 10000],
            "b": [1, None, "x"],
        }
    )

    def test_labels_and_numbers(self):
        """Line breaks in labels are mended, prefixes taken off, decimal commas read, barriers made."""
        table = read_friction_table(
            self.rows, "class", "a", prefix="landuse_", barrier_from=10000, zero_as=1,
            aliases={"roads_Liaison locale": "local_road", "w1": "stream"},
        )  # fmt: skip

        assert table == {"311": 1.0, "local_road": 30.5, "stream": math.inf}

    def test_zero_needs_a_stand_in(self):
        """A zero is refused, with the mend."""
        with pytest.raises(DataError, match=r"0 for 'landuse_311' in column 'a'.*set zero_as = 1"):
            read_friction_table(self.rows, "class", "a")

    def test_blank_and_words(self):
        """A missing coefficient is named; so is one that is no number."""
        with pytest.raises(DataError, match="no value for 'roads_Liaison locale' in column 'b'"):
            read_friction_table(self.rows, "class", "b")
        with pytest.raises(DataError, match="'x' for 'w1' in column 'b'"):
            read_friction_table(self.rows.drop(index=1), "class", "b")

    def test_missing_column(self):
        """The error names the columns there are."""
        with pytest.raises(InputError, match="no column 'forest'; its columns are class, a, b"):
            read_friction_table(self.rows, "class", "forest")

    def test_alias_of_nothing(self):
        """An alias that names no row is a slip: say so."""
        with pytest.raises(InputError, match=r"aliases w9 name no row.*landuse_311"):
            read_friction_table(self.rows, "class", "a", zero_as=1, aliases={"w9": "stream"})

    def test_two_values_for_one_ground(self):
        """Two rows may name one ground if they agree; if not, they are named."""
        aliases = {"landuse_311": "stream", "w1": "stream"}
        with pytest.raises(DataError, match=r"'stream' two values.*'a', 1 and 10000 \(row 3, 'w1'\)"):
            read_friction_table(self.rows, "class", "a", zero_as=1, aliases=aliases)

    @pytest.mark.realdata
    def test_published_table(self, shared):
        """The table of the Grand Orb: forest 311 costs 1, main roads are barriers, labels are mended."""
        path = shared / "data" / "herault" / "friction_bousquetorb.csv"
        table = read_friction_table(
            pandas.read_csv(path, sep=";"), "class", "forest", prefix="landuse_",
            aliases={
                "w1": "stream", "w2": "river", "railroads": "railway",
                "roads_Liaison principale": "main_road", "roads_Liaison locale": "local_road",
                "roads_Liaison régionale": "regional_road",
            },
            barrier_from=10000, zero_as=1,
        )  # fmt: skip

        assert len(table) == 26
        assert table["311"] == 1 and table["main_road"] == math.inf and table["local_road"] == 100
        assert table["railway"] == math.inf and table["324"] == 5 and table["112"] == math.inf

    @pytest.mark.realdata
    def test_published_labels(self, shared):
        """Read by its descriptions, the same table has labels broken over two lines: they are joined."""
        path = shared / "data" / "herault" / "friction_bousquetorb.csv"
        table = read_friction_table(pandas.read_csv(path, sep=";"), "class_descr", "grasslands", zero_as=1)

        assert table["Sclerophyllous vegetation"] == 30 and table["Bare rocks"] == 100


class TestPresets:
    """Tests for the presets of sub-networks."""

    presets = tomllib.loads(files("bocage.study").joinpath("presets.toml").read_text(encoding="utf-8"))

    def test_the_four_sub_networks(self):
        """Wooded, open, wet and coastal, in the standard's media."""
        assert {key: entry["medium"] for key, entry in self.presets.items()} == {
            "boise": "boisé", "ouvert": "ouvert", "humide": "humide", "littoral": "littoral"
        }  # fmt: skip

    @pytest.mark.parametrize("key", sorted(presets))
    def test_complete_and_coherent(self, key):
        """Every field is given, every ground has a resistance > 0, habitat costs 1 and nothing is cheaper."""
        entry = self.presets[key]
        optional = {"key", "max_dispersal_cost"}
        assert set(entry) == set(Subnetwork.__dataclass_fields__) - optional
        assert set(entry["name"]) == {"fr", "en"}

        values = {
            ground: math.inf if value == "barrier" else value for ground, value in entry["resistance"].items()
        }
        assert set(values) == set(GROUND)
        assert min(values.values()) == 1
        assert {values[ground] for ground in entry["habitat"]} == {1}
        assert values["crossing"] == 5
        assert {value for value in values.values() if math.isfinite(value)} <= set(range(1, 301))
        roads = ["track", "local_road", "regional_road", "main_road", "motorway"]
        assert [values[road] for road in roads] == sorted(values[road] for road in roads)
        assert entry["reference_resistance"] in values.values()
