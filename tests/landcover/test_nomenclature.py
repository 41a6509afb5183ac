"""Ground classes and nomenclatures."""

from __future__ import annotations

import re

import pytest

from bocage.errors import CodeError
from bocage.landcover import GROUND, custom_nomenclature, find_unknown_names, load_nomenclature
from bocage.landcover.ground import BURNT_GROUNDS, INFRASTRUCTURE_ORDER
from bocage.landcover.nomenclature import NOMENCLATURES, complain_of_codes


class TestGround:
    """Tests for the ground classes."""

    def test_every_class_is_complete(self):
        """Each class has two labels and a colour of its own."""
        assert all(entry.fr and entry.en for entry in GROUND.values())
        assert all(re.fullmatch("#[0-9a-f]{6}", entry.colour) for entry in GROUND.values())
        assert len({entry.colour for entry in GROUND.values()}) == len(GROUND) == 44

    def test_infrastructure_is_what_is_burnt_last(self):
        """Roads, railways and crossings are infrastructure; canals and hedges are not."""
        flagged = {key for key, entry in GROUND.items() if entry.infrastructure}

        assert flagged == {*INFRASTRUCTURE_ORDER, "crossing"}
        assert set(BURNT_GROUNDS) - flagged == {"hedge", "stream", "canal", "river"}

    def test_water(self):
        """Open water, running or still, is flagged; wetlands are not."""
        assert {key for key, entry in GROUND.items() if entry.water} == {
            "still_water", "lagoon", "estuary", "sea", "river", "stream", "canal"
        }  # fmt: skip


class TestNomenclatures:
    """Tests for the nomenclatures that come with bocage."""

    @pytest.mark.parametrize(("key", "count"), [("clc", 44), ("oso", 23), ("ocsge", 14), ("worldcover", 11)])
    def test_counts(self, key, count):
        """Each nomenclature has as many classes as its producer's (for OCS GE: covers)."""
        classes = load_nomenclature(key).classes

        assert len([code for code in classes if "|" not in code]) == count

    @pytest.mark.parametrize("key", NOMENCLATURES)
    def test_every_class_has_a_ground_and_labels(self, key):
        """Every code leads to a ground class that exists, with labels in both languages."""
        for entry in load_nomenclature(key).classes.values():
            assert entry.ground in GROUND
            assert entry.label_fr and entry.label_en

    def test_official_labels(self):
        """Spot checks against the producers' documents, accents and apostrophes included."""
        clc = load_nomenclature("clc").classes

        assert clc["324"].label_fr == "Forêt et végétation arbustive en mutation"
        assert clc["331"].label_en == "Beaches, dunes and sand plains"
        assert clc["211"].label_fr == "Terres arables hors périmètres d’irrigation"
        assert load_nomenclature("oso").classes["6"].label_fr == "Céréales à pailles"
        assert load_nomenclature("worldcover").classes["90"].label_en == "Herbaceous wetland"

    def test_use_changes_the_ground(self):
        """OCS GE: broad-leaved trees are wood, an orchard under agriculture, a garden in a residence."""
        ocsge = load_nomenclature("ocsge")

        def ground(code):
            return ocsge.classes[ocsge.resolve(code)].ground

        assert ground("CS2.1.1.1") == "broadleaf"
        assert ground("CS2.1.1.1|US1.2") == "broadleaf"
        assert ground("CS2.1.1.1|US1.1") == "orchard"
        assert ground("CS2.1.1.1|US5") == "urban_green"
        assert ground("CS1.1.1.2|US4.1.1") == "local_road"
        assert ground("CS1.1.2.1|US4.1.2") == "railway"
        assert ground("CS1.1.1.1|US2") == "industrial"
        assert ground("CS1.1.1.1|US9.9") == "urban_dense"
        assert ocsge.resolve("CS9|US5") is None

    def test_unknown_nomenclature(self):
        """The error names those that exist and how to describe another."""
        with pytest.raises(CodeError, match=r"no nomenclature 'clc18'.*clc, oso.*\[nomenclatures.clc18\]"):
            load_nomenclature("clc18")

    def test_custom_ground_must_exist(self):
        """A ground class that does not exist is named."""
        with pytest.raises(CodeError, match=r"\[nomenclatures.local\].*wood"):
            custom_nomenclature("local", {"1": "wood", "2": "arable"})

    def test_names_that_mean_nothing(self):
        """Only names that neither ground, code nor prefixed code answers to are found, in order."""
        names = ["hedge", "311", "999", "clc:311", "oso:16", "oso:99", "bocage:river", "x:1", "forest"]

        assert find_unknown_names(names, [load_nomenclature("clc")]) == ("999", "oso:99", "x:1", "forest")

    def test_complaint_lists_the_most_frequent_first(self):
        """Codes come with counts, most frequent first, and the nomenclature they suit is suggested."""
        error = complain_of_codes("cover.tif", load_nomenclature("clc"), {"16": 3, "17": 9}, "cells")

        assert "'17' (9 cells), '16' (3 cells)" in str(error)
        assert "(the codes suit 'oso')" in str(error)
