"""Networks of open data: what they hold, and what a published tool made of one of them."""

from __future__ import annotations

import numpy as np
import pandas
import pytest

from bocage.rivers.columns import LineColumns, WorkColumns
from bocage.rivers.network import RiverNetwork, build_river_network
from bocage.rivers.passability import rate_works
from bocage.rivers.treeing import to_tree
from tests.rivers.networks import follow

pytestmark = pytest.mark.realdata
pyogrio = pytest.importorskip("pyogrio")


def check(network: RiverNetwork, lines_m: float) -> None:
    """Hold what is true of any network: all drains, no length goes untold, one tree a component."""
    reaches = network.reaches
    gone = network.repairs["code"].isin(["duplicate", "collapsed"])
    told_m = network.repairs.loc[gone, "length_m"].sum()
    moved_m = network.repairs.loc[network.repairs["code"] == "snapped_end", "length_m"].sum()
    # Lines that overlap in part are cut at the overlap and its second half removed as a duplicate.
    assert reaches["length_m"].sum() + told_m == pytest.approx(lines_m, abs=moved_m + 1)
    roots = [follow(network, reach)[-1] for reach in range(0, len(reaches), 37)]
    assert (reaches["downstream"].to_numpy()[roots] == -1).all()
    tree = to_tree(network).tree
    assert np.count_nonzero(tree.downstream < 0) == reaches["component"].nunique()
    assert np.count_nonzero(to_tree(network, outlets="separate").tree.downstream < 0) == len(network.basins)


def test_mersey_gives_the_barriers_in_the_order_that_fipex_found(shared):
    """From lines digitised anyhow and points alone: the outlet, and for all 196 barriers the next one below.

    Expected: ``ex_2_connectivity_nj2yu.csv`` written by FIPEX 10.4 (Demo/Examples_SoftwareX), compared as
    pairs of labels, as four dams have none.
    """
    case = shared / "cases" / "rivers" / "fipex_mersey"
    path, crs = case / "mersey.gpkg", "EPSG:26920"

    def read(layer):
        return pyogrio.read_dataframe(path, layer=layer).set_crs(crs, allow_override=True)

    labels = {
        "Dams_KejiPark": "Barrier_Name",
        "Culverts_KejiPark": "Culvert_name",
        "Dams_OutsidePark": "name",
        "Culverts_OutsidePark": "Barrier_Name",
    }
    works = pandas.concat(
        [
            read(layer).rename(columns={name: "label"})[["label", "geometry"]]
            for layer, name in labels.items()
        ],
        ignore_index=True,
    )
    lines = read("Linear_Waterbodies")
    network = build_river_network(lines, works, work_columns=WorkColumns(name="label"))
    check(network, lines.length.sum())
    sink = read("Outlflow_Sink").geometry.iloc[0]
    assert len(network.basins) == 1
    assert np.hypot(network.basins["x"][0] - sink.x, network.basins["y"][0] - sink.y) < 1

    name = network.works["name"].tolist()
    work_of = {above: work for work, above in enumerate(network.works["reach_above"])}
    downstream = network.reaches["downstream"].to_numpy()
    found = []
    for work, reach in enumerate(network.works["reach_below"]):
        here = reach
        while here >= 0 and here not in work_of:
            here = downstream[here]
        found.append((name[work], "Sink" if here < 0 else name[work_of[here]]))
    expected = pandas.read_csv(case / "ex_2_connectivity_nj2yu.csv")
    pairs = zip(expected["BarrierOrFlagLabel"], expected["Downstream_BarrierLabel"], strict=True)
    assert sorted(found) == sorted(pairs)


def test_oise_works_find_their_rivers(shared):
    """BD TOPAGE and ROE: 807 of 821 works are within 100 m of a river, half of them within 2 m."""
    path = shared / "data" / "oise" / "oise.gpkg"
    lines = pyogrio.read_dataframe(path, layer="topage_cours_eau")
    works = pyogrio.read_dataframe(path, layer="roe_obstacles")
    network = build_river_network(
        lines,
        works,
        snap_m=10,
        columns=LineColumns(id="CdOH", name="TopoOH"),
        work_columns=WorkColumns(
            id="CdObstEcoul", river="NomEntiteHydrographique", state="LbEtOuvrage", kind="LbTypeOuvrage",
            height_m="HautChutEtObstEcoul", fish_pass="LbTypeDispFranchPiscicole1",
            keep=["LbHautChutClObstEcoul"],
        ),
    )  # fmt: skip
    check(network, lines.length.sum())
    placed = network.works["reach_above"] >= 0
    assert int(placed.sum()) == 807
    assert network.works["distance_m"].median() < 2
    # The Oise leaves for the Seine in the south-west; that basin holds two thirds of the length.
    assert network.basins["length_m"][0] / network.basins["length_m"].sum() > 0.6
    rated = rate_works(network.works, group="trout", height_class="LbHautChutClObstEcoul")
    assert (rated["rule"] == "destroyed").sum() == (works["LbEtOuvrage"] == "Détruit entièrement").sum() == 57
    low = to_tree(network, rated.assign(up=rated["up_low"], down=rated["down_low"]))
    assert len(low.left_out) + np.count_nonzero(low.work >= 0) == 807


def test_herault_directions_of_bd_carthage_agree_with_its_nodes(shared):
    """Digitised directions and node fields of BD Carthage give the same network but for one line."""
    path = shared / "data" / "herault" / "herault.gpkg"
    lines = pyogrio.read_dataframe(path, layer="hydro_bdcarthage_ouest")
    told = LineColumns(
        id="ID_BDCARTH", start_node="ID_ND_INI", end_node="ID_ND_FIN", direction="SENS", level="POS_SOL"
    )
    by_nodes = build_river_network(lines, columns=told)
    check(by_nodes, lines.length.sum())
    digitised = build_river_network(lines, columns=LineColumns(id="ID_BDCARTH"))
    assert len(by_nodes.list_sources("reversed")) <= 1 and len(digitised.list_sources("reversed")) <= 1
    assert by_nodes.reaches["strahler"].max() == digitised.reaches["strahler"].max() == 5


def test_valdoise_digitised_anyhow_drains_by_the_seine(shared):
    """Directions contradict each other at 8 % of the meetings: one outlet each, first that of the Seine."""
    from bocage.journal import Journal

    lines = pyogrio.read_dataframe(shared / "data" / "valdoise" / "valdoise.gpkg", layer="cours_eau")
    journal = Journal()
    network = build_river_network(lines, columns=LineColumns(id="ID_TRONCON", name="NOM"), journal=journal)
    check(network, lines.length.sum())
    assert "river_untrusted" in [note.code for note in journal.notes]
    assert network.basins["is_main"].all()
    assert network.basins["x"][0] - network.reaches.total_bounds[0] < 20
