"""Whole commands on real open data: Hérault, and the sheet of Ors from its outline alone."""

from __future__ import annotations

import csv
from pathlib import Path

import pikepdf
import pyogrio
import pytest
from click.testing import CliRunner

from bocage.cli import main

pytestmark = pytest.mark.realdata

HERAULT = """\
[study]
name = "Continuités écologiques du Clermontais"
territory = "HERAULT"
prefix = "FR76"
date = 2026-05-04
cell_size = 25.0
buffer = 0.0
area = {{ insee = [{communes}] }}

[[landcover]]
{landcover}
nomenclature = "clc"
source = "CORINE Land Cover 2012, UE-SOeS"

[layers.communes]
path = "{data}/herault.gpkg"
layer = "communes"
code = "code"
name = "nom"

[layers.roads]
path = "{data}/herault.gpkg"
layer = "route500"
field = "VOCATION"
name = "NUM_ROUTE"
[layers.roads.classes]
"Type autoroutier" = "motorway"
"Liaison principale" = "main_road"
"Liaison régionale" = "regional_road"
"Liaison locale" = "local_road"

[layers.railways]
path = "{data}/herault.gpkg"
layer = "voies_ferrees"

[layers.watercourses]
path = "{data}/herault.gpkg"
layer = "hydro_bdcarthage_ouest"
field = "LARGEUR"
name = "TOPONYME1"
canal = {{ field = "NATURE", values = ["Canal, chenal"] }}
intermittent = {{ field = "ETAT", values = ["Intermittent"] }}
[layers.watercourses.classes]
"De 0 à 15 mètres" = "stream"
"Entre 15 et 50 mètres" = "river"
"Plus de 50 mètres" = "river"
"Sans objet" = "stream"
{zonings}
"""

SUBNETWORK = """
[[subnetworks]]
preset = "{preset}"
[subnetworks.resistance_table]
path = "{data}/friction_bousquetorb.csv"
delimiter = ";"
key = "class"
value = "{column}"
prefix = "landuse_"
aliases = {{ w1 = "stream", w2 = "river", railroads = "railway", "roads_Liaison principale" = "main_road", \
"roads_Liaison régionale" = "regional_road", "roads_Liaison locale" = "local_road" }}
barrier_from = 10000
zero_as = 1
"""

ZONING = """
[[zonings]]
label = "Réservoir {label}"
path = "{data}/herault.gpkg"
layer = "{layer}"
rule = "mandatory"
subnetworks = ["{preset}"]
"""

POLYGONS = 'path = "{data}/herault.gpkg"\nlayer = "clc12"\nfield = "CODE_12"'
RASTER = 'path = "{data}/herault_clc12_25m.tif"'
THREE = (
    ("boise", "forest", "boisé", "reservoirs_boises"),
    ("ouvert", "grasslands", "ouvert", "reservoirs_prairies"),
    ("humide", "wetlands", "humide", "reservoirs_humides"),
)


def whole_communes(data: Path) -> list[str]:
    """Give the INSEE codes of the communes that lie wholly inside the land cover."""
    cover = pyogrio.read_dataframe(data / "herault.gpkg", layer="clc12", columns=[]).union_all()
    communes = pyogrio.read_dataframe(data / "herault.gpkg", layer="communes")
    return sorted(communes["code"][communes.covered_by(cover.buffer(1.0))])


def write_study(folder: Path, data: Path, *, landcover: str, zonings: bool) -> Path:
    """Write a study of the 75 whole communes with three sub-networks and the published friction."""
    codes = ", ".join(f'"{code}"' for code in whole_communes(data))
    sites = "".join(
        ZONING.format(label=label, data=data, layer=layer, preset=preset) for preset, _, label, layer in THREE
    )
    text = HERAULT.format(
        communes=codes, data=data, landcover=landcover.format(data=data), zonings=sites if zonings else ""
    )
    text += "".join(
        SUBNETWORK.format(preset=preset, data=data, column=column) for preset, column, _, _ in THREE
    )
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("landcover", "zonings"), [(POLYGONS, True), (RASTER, False)])
def test_herault(shared: Path, tmp_path: Path, landcover: str, zonings: bool) -> None:
    """Land cover as polygons with zonings, as raster without: a network, indicators, and a sheet."""
    study = write_study(tmp_path, shared / "data" / "herault", landcover=landcover, zonings=zonings)

    done = CliRunner().invoke(main, ["run", str(study), "--quiet"])

    assert done.exit_code == 0, done.output
    network = tmp_path / "out" / "network.gpkg"
    reservoirs = pyogrio.read_dataframe(network, layer="N_SRCE_RESERVOIR_S_HERAULT")
    corridors = pyogrio.read_dataframe(network, layer="N_SRCE_CORRIDOR_S_HERAULT")
    assert set(reservoirs["MILMAJ_NAT"]) == {"boisé", "ouvert", "humide"}
    assert reservoirs.geometry.is_valid.all()
    assert corridors.geometry.is_valid.all()
    assert reservoirs["reason"].str.contains("Réservoir boisé").any() == zonings
    assert len(corridors) > 50
    known = set(reservoirs["ID_RESV"])
    inside = corridors["from_id"].isin(known) & corridors["to_id"].isin(known)
    assert inside.mean() > 0.9  # the others lead to a reservoir outside the study area
    with (tmp_path / "out" / "indicators.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 75 + 1

    sheet = CliRunner().invoke(main, ["sheet", str(study), "--commune", "34079", "--quiet"])

    assert sheet.exit_code == 0, sheet.output
    with pikepdf.open(tmp_path / "out" / "sheets" / "34079.pdf") as pdf:
        # The sheet, and the commune's figures on its back.
        assert len(pdf.pages) == 2
        assert "/StructTreeRoot" in pdf.Root


def test_the_sheet_of_ors_from_its_outline_alone(shared: Path, tmp_path: Path) -> None:
    """No land cover, road or river: every theme of the legend says that the data were not given."""
    pytest.importorskip("pypdf")
    from pypdf import PdfReader

    study = tmp_path / "ors.toml"
    study.write_text(
        f"""\
[study]
name = "Carte environnementale"
territory = "NPDC"
prefix = "FR31"
date = 2019-05-01
area = {{ insee = ["59450"] }}
[study.status]
kind = "annule"
date = 2017-01-26
reference = "tribunal administratif de Lille, nos 1409305 et 1500282"
[issuer]
region = "NORD-PAS-DE-CALAIS"
department = "D.D.T.M 59"
directorate = "Direction Départementale des Territoires et de la Mer du Nord"
[sheet]
total = 4
adoption = "Arrêté par le préfet de région le 16 juillet 2014."
[layers.communes]
path = "{shared.as_posix()}/data/nord/nord_pas_de_calais.gpkg"
layer = "communes"
code = "insee"
name = "nom"
""",
        encoding="utf-8",
    )

    done = CliRunner().invoke(main, ["sheet", str(study), "--commune", "59450", "--quiet"])

    assert done.exit_code == 0, done.output
    text = " ".join(PdfReader(tmp_path / "out" / "sheets" / "59450.pdf").pages[0].extract_text().split())
    text = text.replace("\u00a0", " ")
    for words in (
        "ORS 59450",
        "Carte S.R.C.E",
        "Pour information",
        "CARTE : 1/4",
        "Mise à jour : Mai 2019",
        "1409305",
        "16 juillet 2014",
    ):
        assert words in text
    # Corridors; obstacles as points, lines, surfaces; corridors to restore; reservoirs; watercourses.
    assert text.count("donnée non fournie") >= 7
