"""Which intercommunalité and département each commune belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from bocage.errors import InputError
from bocage.journal import Journal
from bocage.study.groupings import Group, group_by_departement, group_by_epci
from bocage.study.layers import prepare_communes
from tests.study.atlas_territory import HEAD, make_study, write_official
from tests.study.territory import SOUTH, WEST, square, write_layer

EPCI = '[atlas.epci]\npath = "layers.gpkg"\nlayer = "epci"\n'
DEPARTEMENT = '[atlas.departement]\npath = "layers.gpkg"\nlayer = "departements"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder of official layers."""
    write_official(tmp_path)
    return tmp_path


def group(folder: Path, kind: str, *parts: str, head: str = HEAD) -> tuple[Group | None, Journal]:
    """Group the communes of an atlas file."""
    study, journal = make_study(folder, *parts, head=head), Journal()
    assert study.layers.communes is not None
    communes = prepare_communes(study, study.layers.communes, journal=journal)
    # By code: 2A004 Zonza, 60001 Aubois, 60002 Val-d'Été, 80003 Œuilly.
    return (group_by_epci if kind == "epci" else group_by_departement)(study, communes, journal), journal


class TestEpci:
    """Tests for group_by_epci."""

    def test_members(self, folder: Path) -> None:
        """Listed codes tell, whatever separates them; those unknown and communes left alone are noted."""
        found, journal = group(folder, "epci", EPCI + 'members = "membres"')

        assert found is not None
        assert list(found.names) == [None, "CC Ouest", "CC Ouest", "CC Est"]
        assert list(found.outlines["name"]) == ["CC Est", "CC Ouest"]
        assert list(found.outlines.area) == [1e6, 2e6]
        notes = {note.code: dict(note.values) for note in journal.notes}
        assert notes["epci_members_unknown"] == {"count": 1, "codes": "60999"}
        assert notes["communes_without_epci"] == {"count": 1, "names": "Zonza"}

    def test_place(self, folder: Path) -> None:
        """Without a list, a commune belongs where it lies."""
        found, _ = group(folder, "epci", EPCI)

        assert found is not None
        assert list(found.names) == [None, "CC Ouest", "CC Ouest", "CC Est"]

    def test_column_of_communes(self, folder: Path) -> None:
        """A column of the communes tells, and their outlines are joined."""
        found, _ = group(folder, "epci", head=HEAD + 'epci = "agglo"\n')

        assert found is not None
        assert list(found.names) == [None, "CC Ouest", "CC Ouest", "CC Est"]
        west = found.outlines.geometry[1]
        assert shapely.equals(west, shapely.box(WEST, SOUTH, WEST + 2000, SOUTH + 1000))

    def test_none(self, folder: Path) -> None:
        """A study that says nothing of them has none."""
        assert group(folder, "epci")[0] is None

    def test_wrong_column(self, folder: Path) -> None:
        """A column without codes is told, with its line."""
        with pytest.raises(InputError, match=r"'nom' holds no INSEE code.*\(atlas.toml, line 13\)"):
            group(folder, "epci", EPCI + 'members = "nom"')
        with pytest.raises(InputError, match=r"no column 'nome'.*\(atlas.toml, line 13\)"):
            group(folder, "epci", EPCI + 'name = "nome"')


class TestDepartement:
    """Tests for group_by_departement."""

    def test_codes(self, folder: Path) -> None:
        """Without a layer, communes are joined by the département of their codes."""
        found, _ = group(folder, "departement")

        assert found is not None
        assert list(found.names) == ["Département 2A", "Département 60", "Département 60", "Département 80"]
        assert list(found.outlines.area) == [1e6, 2e6, 1e6]

    def test_layer(self, folder: Path) -> None:
        """A layer names those it holds, with its own outline; the others are joined and noted."""
        found, journal = group(folder, "departement", DEPARTEMENT + 'code = "code"')

        assert found is not None
        assert list(found.names) == ["Département 2A", "Oise", "Oise", "Département 80"]
        assert list(found.outlines["name"]) == ["Département 2A", "Département 80", "Oise"]
        assert found.outlines.area[2] == 2.5e6
        assert "departements_dissolved" in [note.code for note in journal.notes]

    def test_place(self, folder: Path) -> None:
        """Without codes, a commune belongs where it lies."""
        found, _ = group(folder, "departement", DEPARTEMENT)

        assert found is not None
        assert list(found.names)[1:3] == ["Oise", "Oise"]

    def test_abroad(self, folder: Path) -> None:
        """Codes that are no INSEE codes make no département."""
        write_layer(folder, "communes", insee=["7001"], nom=["Vaduz"], geometry=[square(0, 0)])

        assert group(folder, "departement")[0] is None

    def test_slivers_are_closed(self, folder: Path) -> None:
        """Two drawings of one limit leave no hole in the outline of the group."""
        left = square(0, 0)
        # The neighbour's limit leaves a gap of 2 m in the middle of the common one.
        right = shapely.Polygon(
            [
                (WEST + x, SOUTH + y)
                for x, y in ((1000, 0), (2000, 0), (2000, 1000), (1000, 1000), (1002, 500))
            ]
        )
        write_layer(folder, "communes", insee=["60001", "60002"], nom=["A", "B"], geometry=[left, right])

        found, _ = group(folder, "departement")

        assert found is not None
        assert len(shapely.get_parts(found.outlines.geometry[0])) == 1
        assert len(found.outlines.geometry[0].interiors) == 0
