"""What each landscape metric is: its levels, unit, meaning and source."""

from __future__ import annotations

from dataclasses import dataclass

from bocage.wording import say

LEVELS = ("patch", "class", "landscape")

STATISTICS = ("mn", "am", "md", "ra", "sd", "cv")
"""Mean, area-weighted mean, median, range, standard deviation, coefficient of variation."""

_BOTH = ("class", "landscape")
_FRAGSTATS = "McGarigal, Cushman & Ene 2012, FRAGSTATS v4"


@dataclass(frozen=True, slots=True)
class Metric:
    """A landscape metric.

    Attributes
    ----------
    name : str
        FRAGSTATS' acronym in lower case, as columns of the tables bear it.
    levels : tuple of str
        Of ``"patch"``, ``"class"``, ``"landscape"``.
    unit : str
        ``"ha"``, ``"m"``, ``"m/ha"``, ``"%"``, ``"1/100 ha"``; empty for numbers and indices.
    source : str
        Where its formula is from.
    of : str
        The metric of patches (or of disjunct cores) that it sums up, or empty.
    statistic : str
        By which of ``STATISTICS``, or empty.
    """

    name: str
    levels: tuple[str, ...]
    unit: str
    source: str
    of: str = ""
    statistic: str = ""

    def meaning(self, language: str = "fr") -> str:
        """Say in a sentence what it tells.

        >>> METRICS["enn_mn"].meaning("en")
        'Mean over patches: distance to the nearest patch of the same class, between cell centres.'
        """
        if self.statistic:
            key = f"fragmentation.statistic_{self.statistic}"
            if self.of == "dcore":
                key += "_core"
            sentence = say(f"fragmentation.metric_{self.of}", language)
            return say(key, language, what=sentence[:1].lower() + sentence[1:])
        return say(f"fragmentation.metric_{self.name}", language)


# Name: unit, and the author of the index where FRAGSTATS names one.
_PATCH = {
    "area": ("ha", ""),
    "perim": ("m", ""),
    "gyrate": ("m", "Keitt, Urban & Milne 1997"),
    "para": ("m/ha", ""),
    "shape": ("", "Patton 1975"),
    "frac": ("", "Mandelbrot 1977"),
    "circle": ("", "Baker & Cai 1992"),
    "contig": ("", "LaGro 1991"),
    "core": ("ha", ""),
    "ncore": ("", ""),
    "cai": ("%", ""),
    "enn": ("m", "McGarigal & McComb 1995"),
}
SUMMED = ("area", "gyrate", "shape", "frac", "para", "circle", "contig", "core", "dcore", "cai", "enn")
"""What classes and landscapes tell the distribution of."""

_ABOVE: dict[str, tuple[tuple[str, ...], str, str]] = {
    "ca": (("class",), "ha", ""),
    "pland": (("class",), "%", ""),
    "ta": (("landscape",), "ha", ""),
    "np": (_BOTH, "", ""),
    "pd": (_BOTH, "1/100 ha", ""),
    "lpi": (_BOTH, "%", ""),
    "te": (_BOTH, "m", ""),
    "ed": (_BOTH, "m/ha", ""),
    "lsi": (_BOTH, "", "Patton 1975; Milne 1991; Bogaert et al. 2000"),
    "pafrac": (_BOTH, "", "Mandelbrot 1977; Burrough 1986"),
    "tca": (_BOTH, "ha", ""),
    "cpland": (("class",), "%", ""),
    "ndca": (_BOTH, "", ""),
    "dcad": (_BOTH, "1/100 ha", ""),
    "clumpy": (("class",), "", "McGarigal et al. 2002"),
    "contag": (("landscape",), "%", "Li & Reynolds 1993"),
    "pladj": (_BOTH, "%", "Gardner & O’Neill 1991"),
    "iji": (_BOTH, "%", "McGarigal & Marks 1995"),
    "cohesion": (_BOTH, "", "Schumaker 1996"),
    "division": (_BOTH, "", "Jaeger 2000"),
    "mesh": (_BOTH, "ha", "Jaeger 2000"),
    "split": (_BOTH, "", "Jaeger 2000"),
    "ai": (_BOTH, "%", "He, DeZonia & Mladenoff 2000"),
    "nlsi": (("class",), "", "Milne 1991; Bogaert et al. 2000"),
    "pr": (("landscape",), "", ""),
    "prd": (("landscape",), "1/100 ha", ""),
    "rpr": (("landscape",), "%", ""),
    "shdi": (("landscape",), "", "Shannon & Weaver 1949"),
    "sidi": (("landscape",), "", "Simpson 1949"),
    "msidi": (("landscape",), "", "Pielou 1975"),
    "shei": (("landscape",), "", "Shannon & Weaver 1949; Pielou 1975"),
    "siei": (("landscape",), "", "Simpson 1949"),
    "msiei": (("landscape",), "", "Pielou 1975"),
}


def _name_source(author: str) -> str:
    return f"{author}, in {_FRAGSTATS}" if author else _FRAGSTATS


def _list_metrics() -> dict[str, Metric]:
    found = {
        name: Metric(name, ("patch",), unit, _name_source(author)) for name, (unit, author) in _PATCH.items()
    }
    for name, (levels, unit, author) in _ABOVE.items():
        found[name] = Metric(name, levels, unit, _name_source(author))
    for of in SUMMED:
        unit, author = _PATCH["core" if of == "dcore" else of]
        for statistic in STATISTICS:
            name = f"{of}_{statistic}"
            found[name] = Metric(
                name, _BOTH, "%" if statistic == "cv" else unit, _name_source(author), of, statistic
            )
    return found


METRICS: dict[str, Metric] = _list_metrics()
"""All metrics by name."""
