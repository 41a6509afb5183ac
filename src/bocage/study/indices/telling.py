"""What `bocage indices` says on the terminal: a few sentences a graph, the meaning before the figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bocage.report.indices_sentences import rank_dependence
from bocage.study.indices.model import GraphFigures, Indices
from bocage.study.indices.notes import write_number
from bocage.wording import Value, agree, say

if TYPE_CHECKING:
    from pandas import DataFrame

_FIRST = 3


def tell_indices(found: Indices) -> list[str]:
    """Say what was read, what the network is worth, what matters most in it and how exact that is."""
    language = found.inputs.language
    told = []
    for figures in found.graphs:
        told += _tell_graph(figures, language)
    if found.ground is not None:
        from bocage.study.indices.ground_part import tell_ground

        told += tell_ground(found.ground, language)
    return [agree(sentence, language) for sentence in told]


def _tell_graph(figures: GraphFigures, language: str) -> list[str]:
    source = figures.source
    overall = dict(zip(figures.overall["index"], figures.overall["value"], strict=True))
    unit = f" {source.area_unit}" if source.area_unit else ""

    def number(value: float) -> str:
        return write_number(value, language)

    threshold = source.threshold
    said: dict[str, Value] = {
        "graph": source.name or say("indices.said_graph", language),
        "patches": source.graph.count,
        "capacity": number(overall["capacity"]) + unit,
        "links": source.graph.link_count,
        "components": int(overall["NC"]),
    }
    network = source.corridors is not None
    key = "said_read_network" if network else "said_read_all" if threshold is None else "said_read"
    told = [say(f"indices.{key}", language, **said, threshold=number(threshold or 0))]
    told.append(
        say(
            "indices.said_eca",
            language,
            eca=number(overall["ECA"]) + unit,
            share=number(100 * overall["ECA_share"]),
            distance=number(source.dispersal.distance),
            times=number(1 / source.dispersal.probability),
            intra=number(100 * overall["PC_intra"]),
            direct=number(100 * overall["PC_direct"]),
            step=number(100 * overall["PC_step"]),
        )
    )
    told.append(_tell_nodes(figures.nodes, "reservoirs" if network else "patches", language))
    told += _tell_links(figures, "corridors" if network else "links", language)
    if source.closed is not None and source.closed.link_count:
        told.append(say("indices.said_closed", language, count=source.closed.link_count))
    if figures.added is not None and len(figures.added):
        told.append(_tell_added(figures, language, unit))
    told += _tell_more(figures, language, unit)
    if figures.units is not None:
        told += _tell_units(figures.units, language)
    if figures.left_out > 0 or "dPC_bound" in figures.nodes:
        bounds = [
            table["dPC_bound"].max() for table in (figures.nodes, figures.links) if "dPC_bound" in table
        ]
        left = 100 * figures.left_out
        bound = max((float(one) for one in bounds if not math.isnan(one)), default=0.0)
        told.append(say("indices.said_bound", language, left=number(left), bound=number(bound)))
    else:
        told.append(say("indices.said_exact", language))
    return told


def _tell_nodes(nodes: DataFrame, what: str, language: str) -> str:
    first = nodes.sort_values(["dPC", "id"], ascending=[False, True]).head(_FIRST)
    shown = []
    for row in first.to_dict("records"):
        why = max(("intra", "flux", "connector"), key=lambda part: row[f"dPC_{part}"])
        name = row.get("name") or ""
        shown.append(
            say(
                "indices.said_node",
                language,
                id=f"{row['id']} {name}".strip(),
                share=write_number(row["dPC"], language),
                why=say(f"indices.why_{why}", language),
            )
        )
    words = say(f"indices.what_{what}", language)
    return say("indices.said_nodes", language, what=words, nodes=", ".join(shown))


def _tell_links(figures: GraphFigures, what: str, language: str) -> list[str]:
    links = figures.links
    if not len(links):
        return [say("indices.said_no_links", language)]
    first = links[links["dPC"] > 0].sort_values(["dPC", "id"], ascending=[False, True]).head(_FIRST)
    if not len(first):
        return [say("indices.said_idle_links", language)]
    shown = [
        say(
            "indices.said_link",
            language,
            link=_name_link(row),
            share=write_number(row["dPC"], language),
        )
        for row in first.to_dict("records")
    ]
    words = say(f"indices.what_{what}", language)
    told = [say("indices.said_links", language, what=words, links=", ".join(shown))]
    best = links.sort_values(["gain", "id"], ascending=[False, True]).iloc[0]
    if best["gain"] > 0:
        told.append(
            say(
                "indices.said_free" if _is_free(figures) else "indices.said_improve",
                language,
                link=_name_link(best),
                cost=write_number(best["cost"], language),
                improved=write_number(best["cost_improved"], language),
                gain=write_number(best["gain"], language),
            )
        )
    return told


def _tell_added(figures: GraphFigures, language: str, unit: str) -> str:
    added = figures.added
    assert added is not None
    shown = [
        say(
            "indices.said_added_one",
            language,
            ends=_name_ends(row),
            gain=write_number(row["gain"], language),
        )
        for row in added.head(_FIRST).to_dict("records")
    ]
    more = " …" if len(added) > _FIRST else ""
    first = added.iloc[0]
    before = float(first["eca"]) / (1 + float(first["gain"]) / 100)
    return say(
        "indices.said_added",
        language,
        links=", ".join(shown) + more,
        before=write_number(before, language) + unit,
        after=write_number(float(added["eca"].iloc[-1]), language) + unit,
    )


def _tell_more(figures: GraphFigures, language: str, unit: str) -> list[str]:
    """Tell of patches to add, of what would be missed, and of indices spread."""
    told = []
    made = figures.added_patches
    if made is not None and len(made):
        more = " …" if len(made) > _FIRST else ""
        first = [
            say(
                "indices.said_added_one",
                language,
                ends=str(row["id"]),
                gain=write_number(row["gain"], language),
            )
            for row in made.head(_FIRST).to_dict("records")
        ]
        after = float(made["eca"].iloc[-1])
        before = float(made["eca"].iloc[0]) / (1 + float(made["gain"].iloc[0]) / 100)
        told.append(
            say(
                "indices.said_patches_added",
                language,
                patches=", ".join(first) + more,
                before=write_number(before, language) + unit,
                after=write_number(after, language) + unit,
            )
        )
    gone = figures.removed
    if gone is not None:
        worst = gone[(gone["kind"] == "patch") & (gone["lost"] == "most")]
        if len(worst):
            names = [str(one) for one in worst["id"].head(_FIRST)]
            more = " …" if len(worst) > _FIRST else ""
            loss = write_number(float(worst["loss"].sum()), language)
            told.append(say("indices.said_removed", language, patches=", ".join(names) + more, loss=loss))
    if figures.spread:
        told.append(say("indices.said_spread", language, names=", ".join(figures.spread)))
    return told


def _tell_units(units: DataFrame, language: str) -> list[str]:
    inside = units[units["id"] != ""]
    if not len(inside):
        return []
    most = inside.sort_values(["contribution", "id"], ascending=[False, True]).iloc[0]
    # By the rule of the page: what brings next to nothing depends wholly, and says nothing.
    ranked = rank_dependence(units)
    bound = most if not ranked else units.iloc[ranked[0]]
    return [
        say(
            "indices.said_units" if ranked else "indices.said_units_alone",
            language,
            most=str(most["name"]),
            share=write_number(100 * float(most["contribution"]), language),
            bound=str(bound["name"]),
            dependence=write_number(100 * float(bound["dependence"]), language),
        )
    ]


def _is_free(figures: GraphFigures) -> bool:
    """Tell whether what improving a link would bring its cost to is not known."""
    return figures.source.improved is None


def _name_link(row: Any) -> str:
    """Name a link by its id and its ends, where the id is not made of them."""
    ends = _name_ends(row)
    return f"{row['id']} ({ends})" if str(row["id"]) != ends.replace("–", "-") else ends


def _name_ends(row: Any) -> str:
    return f"{row['from']}–{row['to']}"
