"""How the page of indices counts: formulas, sources, and what programs count differently."""

from __future__ import annotations

from collections.abc import Sequence

from bocage.report.indices_content import GraphPage, GroundPage
from bocage.report.indices_figures import write_number, write_percent
from bocage.report.indices_sentences import write_capacity, write_distance, write_edge
from bocage.units import NBSP, format_number
from bocage.wording import say

# Titles are cited in the language they were published in.
GRAPH_REFERENCES = (
    (
        "Saura S., Pascual-Hortal L. (2007). A new habitat availability index to integrate connectivity in "
        "landscape conservation planning. Landscape and Urban Planning 83, 91–103.",
        "10.1016/j.landurbplan.2007.03.005",
    ),
    (
        "Pascual-Hortal L., Saura S. (2006). Comparison and development of new graph-based landscape "
        "connectivity indices. Landscape Ecology 21, 959–967.",
        "10.1007/s10980-006-0013-z",
    ),
    (
        "Saura S., Rubio L. (2010). A common currency for the different ways in which patches and links can "
        "contribute to habitat availability and connectivity in the landscape. Ecography 33, 523–537.",
        "10.1111/j.1600-0587.2009.05760.x",
    ),
    (
        "Saura S., Estreguil C., Mouton C., Rodríguez-Freire M. (2011). Network analysis to assess landscape "
        "connectivity trends: application to European forests (1990–2000). Ecological Indicators 11, "
        "407–416.",
        "10.1016/j.ecolind.2010.06.011",
    ),
)
GROUND_REFERENCES = (
    (
        "Jaeger J. A. G. (2000). Landscape division, splitting index, and effective mesh size: new measures "
        "of landscape fragmentation. Landscape Ecology 15, 115–130.",
        "10.1023/A:1008129329289",
    ),
    (
        "Moser B., Jaeger J. A. G., Tappeiner U., Tasser E., Eiselt B. (2007). Modification of the effective "
        "mesh size for measuring landscape fragmentation to solve the boundary problem. Landscape Ecology "
        "22, 447–459.",
        "10.1007/s10980-006-9023-0",
    ),
    (
        "Soille P., Vogt P. (2009). Morphological segmentation of binary patterns. Pattern Recognition "
        "Letters 30, 456–459.",
        "10.1016/j.patrec.2008.10.015",
    ),
)


def list_methods(graphs: Sequence[GraphPage], ground: GroundPage | None, language: str) -> list[str]:
    """Say how the figures of the page are computed."""
    told = []
    if graphs:
        told.append(say("indices_page.method_graph_text", language))
        for graph in graphs:
            sentence = say(
                "indices_page.method_p",
                language,
                probability=_write_plain(graph.probability, language),
                distance=write_distance(graph.dispersal, graph, language),
                value=write_number(graph.dispersal, language) + (f"{NBSP}m" if graph.cost_unit else ""),
            )
            sentence = _prefix(graph, graphs, sentence, language)
            if sentence not in told:
                told.append(sentence)
        told += [say(f"indices_page.method_{key}", language) for key in ("pc", "dpc")]
        if any(graph.units is not None for graph in graphs):
            told.append(say("indices_page.method_units", language))
    if ground is not None:
        told.append(say("indices_page.method_mesh", language))
        if ground.pattern_classes is not None:
            edge = write_edge(ground, language)
            told.append(say("indices_page.method_pattern", language, neighbours=ground.neighbours, edge=edge))
        told.append(say("indices_page.method_metrics", language))
    return told


def list_choices(
    graphs: Sequence[GraphPage], ground: GroundPage | None, language: str
) -> list[tuple[str, list[str]]]:
    """List what programs count differently, and what is counted here."""
    choices: list[tuple[str, list[str]]] = []

    def add(key: str, texts: Sequence[str]) -> None:
        choices.append((say(f"indices_page.choice_{key}", language), list(dict.fromkeys(texts))))

    if graphs:
        add("pairs", [say("indices_page.choice_pairs_text", language)])
        add(
            "landscape",
            _prefix_differing(graphs, [_tell_landscape(graph, language) for graph in graphs], language),
        )
        add("inner", _prefix_differing(graphs, [_tell_inner(graph, language) for graph in graphs], language))
        cutoffs = [_tell_cutoff(graph, language) for graph in graphs]
        add("cutoff", _prefix_differing(graphs, cutoffs, language))
        limits = [
            _prefix(graph, graphs, say(
                "indices_page.choice_threshold_text", language,
                threshold=write_number(graph.threshold, language)), language)
            for graph in graphs if graph.threshold is not None
        ]  # fmt: skip
        if limits:
            add("threshold", limits)
        add("parallel", [say("indices_page.choice_parallel_text", language)])
        add("losses", [say("indices_page.choice_losses_text", language)])
    if ground is not None:
        add("touch", [say("indices_page.choice_touch_text", language, neighbours=ground.neighbours)])
        add("beyond", [say("indices_page.choice_beyond_text", language)])
    return choices


def _tell_landscape(graph: GraphPage, language: str) -> str:
    if graph.landscape is None:
        return say("indices_page.choice_landscape_none", language)
    area = write_capacity(graph.landscape, graph, language)
    return say("indices_page.choice_landscape_text", language, area=area)


def _tell_inner(graph: GraphPage, language: str) -> str:
    return say(f"indices_page.choice_inner_{'costs' if graph.inner else 'free'}", language)


def _tell_cutoff(graph: GraphPage, language: str) -> str:
    if graph.left_out <= 0 and graph.cutoff <= 0:
        return say("indices_page.choice_cutoff_none", language)
    return say(
        "indices_page.choice_cutoff_some",
        language,
        cutoff=_write_plain(graph.cutoff, language),
        bound=write_percent(100 * graph.left_out, language),
    )


def _prefix(graph: GraphPage, graphs: Sequence[GraphPage], sentence: str, language: str) -> str:
    """Say of which graph a sentence is, where there are several."""
    if len(graphs) < 2 or not graph.name:
        return sentence
    return f"{graph.name}{NBSP if language == 'fr' else ''}: {sentence}"


def _prefix_differing(graphs: Sequence[GraphPage], texts: Sequence[str], language: str) -> list[str]:
    """Say of which graph each sentence is, unless it is the same for all."""
    if len(set(texts)) == 1:
        return [texts[0]]
    return [_prefix(graph, graphs, text, language) for graph, text in zip(graphs, texts, strict=True)]


def _write_plain(value: float, language: str) -> str:
    """Write a number with the decimals it was given with.

    >>> _write_plain(0.05, "fr"), _write_plain(0.0001, "en")
    ('0,05', '0.0001')
    """
    text = f"{value:.12f}".rstrip("0")
    return format_number(value, len(text.split(".")[1]), language)
