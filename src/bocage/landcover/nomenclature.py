"""Nomenclatures of land cover: the codes of each product, their labels, and the ground each one is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from bocage.errors import CodeError
from bocage.landcover.ground import GROUND

NOMENCLATURES = ("clc", "oso", "ocsge", "worldcover")
"""Keys of the nomenclatures that come with bocage."""

JOINT = "|"
"""Joins the codes of a cover and of a use: ``"CS2.1.1.1|US1.2"``."""

_LISTED = 12


@dataclass(frozen=True, slots=True)
class NomenclatureClass:
    """A class of a nomenclature: its labels for people and its ground class."""

    label_fr: str
    label_en: str
    ground: str

    def label(self, language: str = "fr") -> str:
        """Give the label in French or English."""
        return self.label_en if language == "en" else self.label_fr


@dataclass(frozen=True)
class Nomenclature:
    """The classes of a land cover product.

    Attributes
    ----------
    key : str
        Short name, as ``"clc"``; prefixes codes in resistance tables (``"clc:311"``).
    title : str
        Name for people, in French.
    classes : mapping of str to NomenclatureClass
        Class of each code, in the producer's order. Codes that join a cover and a use stand
        after the covers, and only where the use changes the ground.
    title_en : str
        Name for people, in English.
    """

    key: str
    title: str
    classes: Mapping[str, NomenclatureClass]
    title_en: str = ""

    def resolve(self, code: str) -> str | None:
        """Find the class that a code of the data belongs to.

        Parameters
        ----------
        code : str
            Code as the data hold it; ``"CS2.1.1.1|US5"`` joins a cover and a use.

        Returns
        -------
        str or None
            A key of ``classes``, or None where the nomenclature does not know the code.

        Examples
        --------
        >>> ocsge = load_nomenclature("ocsge")
        >>> ocsge.resolve("CS2.1.1.1|US1.1")
        'CS2.1.1.1|US1.1'

        The use changes nothing here, so the cover alone serves:

        >>> ocsge.resolve("CS2.1.1.1|US1.2")
        'CS2.1.1.1'
        """
        code = code.strip()
        if code in self.classes:
            return code
        cover = code.partition(JOINT)[0].strip()
        if cover != code and cover in self.classes:
            return cover
        return None


@cache
def load_nomenclature(key: str) -> Nomenclature:
    """Load one of the nomenclatures that come with bocage.

    Parameters
    ----------
    key : {"clc", "oso", "ocsge", "worldcover"}

    Raises
    ------
    CodeError
        If there is no such nomenclature.

    Examples
    --------
    >>> load_nomenclature("clc").classes["311"].label("fr")
    'Forêts de feuillus'
    """
    if key not in NOMENCLATURES:
        raise CodeError(
            f"There is no nomenclature '{key}'; name one of {', '.join(NOMENCLATURES)}, or describe yours in "
            f"a table [nomenclatures.{key}] that gives each code a ground class."
        )
    room = files("bocage.landcover").joinpath("nomenclatures")
    data = tomllib.loads(room.joinpath(f"{key}.toml").read_text(encoding="utf-8"))
    classes = {
        code: NomenclatureClass(entry["fr"], entry["en"], entry["ground"])
        for code, entry in data["classes"].items()
    }
    uses = data.get("uses", {})
    for rule in data.get("rules", ()):
        for cover in rule["covers"]:
            for use in rule["uses"]:
                classes[f"{cover}{JOINT}{use}"] = NomenclatureClass(
                    f"{classes[cover].label_fr}, {uses[use]['fr']}",
                    f"{classes[cover].label_en}, {uses[use]['en']}",
                    rule["ground"],
                )
    return Nomenclature(key, data["title"]["fr"], MappingProxyType(classes), data["title"]["en"])


def custom_nomenclature(
    key: str, mapping: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> Nomenclature:
    """Make a nomenclature from a table of the study: ``code = ground class``.

    Parameters
    ----------
    key : str
        Name of the table.
    mapping : mapping of str to str
        Ground class of each code.
    labels : mapping of str to str, optional
        Label of each code; without one, the label of its ground class.

    Raises
    ------
    CodeError
        If a ground class does not exist.

    Examples
    --------
    >>> local = custom_nomenclature("local", {"11": "urban_dense"})
    >>> local.classes["11"].label("en")
    'Dense urban fabric'
    """
    unknown = sorted({ground for ground in mapping.values() if ground not in GROUND})
    if unknown:
        raise CodeError(
            f"[nomenclatures.{key}] names ground classes that do not exist: {', '.join(unknown)}; "
            f"use some of {', '.join(GROUND)}."
        )
    labels = labels or {}
    classes = {
        str(code).strip(): NomenclatureClass(
            labels.get(code, GROUND[ground].fr), labels.get(code, GROUND[ground].en), ground
        )
        for code, ground in mapping.items()
    }
    return Nomenclature(key, key, MappingProxyType(classes), key)


def find_unknown_names(names: Iterable[str], nomenclatures: Iterable[Nomenclature]) -> tuple[str, ...]:
    """Find the names of ground that no class answers to: slips of the pen in a habitat or resistance table.

    Parameters
    ----------
    names : iterable of str
        Ground classes (``"broadleaf"``), codes (``"311"``) or both (``"clc:311"``).
    nomenclatures : iterable of Nomenclature
        Those the study uses; a name prefixed by another nomenclature of bocage is looked up there.

    Returns
    -------
    tuple of str
        Names that mean nothing, in the order given.

    Examples
    --------
    >>> find_unknown_names(["broadleaf", "311", "clc:311", "brodleaf"], [load_nomenclature("clc")])
    ('brodleaf',)
    """
    known = {nomenclature.key: nomenclature for nomenclature in nomenclatures}
    codes = {code for nomenclature in known.values() for code in nomenclature.classes}

    def is_known(name: str) -> bool:
        if name in GROUND or name in codes:
            return True
        key, colon, code = name.partition(":")
        if not colon:
            return False
        if key == "bocage":
            return code in GROUND
        if key not in known and key in NOMENCLATURES:
            return code in load_nomenclature(key).classes
        return key in known and code in known[key].classes

    return tuple(name for name in names if not is_known(name))


def complain_of_codes(
    layer: str, nomenclature: Nomenclature, counts: Mapping[str, int], unit: str
) -> CodeError:
    """Make the error that lists codes a nomenclature does not know, the most frequent first.

    Parameters
    ----------
    layer : str
        Name of the layer they were found in.
    nomenclature : Nomenclature
    counts : mapping of str to int
        Cells or objects of each unknown code.
    unit : {"cells", "objects"}

    Returns
    -------
    CodeError
    """
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{code!r} ({count} {unit})" for code, count in ranked[:_LISTED])
    if len(ranked) > _LISTED:
        listed += f" and {len(ranked) - _LISTED} more"
    others = [
        key
        for key in NOMENCLATURES
        if key != nomenclature.key and all(load_nomenclature(key).resolve(code) for code, _ in ranked)
    ]
    hint = f" (the codes suit '{others[0]}')" if others else ""
    return CodeError(
        f"Layer '{layer}' holds codes that the nomenclature '{nomenclature.key}' does not know: {listed}; "
        f"name the right nomenclature{hint} or give these codes a ground class in a table "
        "[nomenclatures.<name>]."
    )
