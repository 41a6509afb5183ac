"""Why an object is a reservoir, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bocage.units import format_number
from bocage.wording import say

_SITES_SHOWN = 3
_PATCHES_SHOWN = 2


@dataclass(frozen=True, slots=True)
class SiteReason:
    """A site of a zoning inside a reservoir; area is that of its parts there [m²]."""

    label: str
    rule: str
    name: str
    area_m2: float
    habitat_share: float
    habitat_ha: float


@dataclass(frozen=True, slots=True)
class PatchReason:
    """A qualified patch inside a reservoir."""

    area_ha: float
    core_ha: float
    compactness: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What patches and case-by-case sites had to reach; shares in [0, 1]."""

    min_ha: float
    min_core_ha: float
    min_compactness: float
    zoning_min_share: float


def explain_reservoir(
    sites: Sequence[SiteReason], patches: Sequence[PatchReason], thresholds: Thresholds, language: str = "fr"
) -> str:
    """Say why an object is a reservoir: its zonings, then its patches, joined by « ; ».

    Only the first sites of each zoning and the first patches are told, then how many more.

    >>> thresholds = Thresholds(20, 0, 0, 0.25)
    >>> explain_reservoir(
    ...     [SiteReason("ZNIEFF 1", "mandatory", "Bois de X", 5e5, 0.9, 45)],
    ...     [PatchReason(34.2, 12.1, 0.31)], thresholds, "en")
    'ZNIEFF 1 “Bois de X”; patch of 34.2 ha (core 12.1 ha, compactness 0.31) ≥ 20 ha'
    """
    reasons: list[str] = []
    for label, group in groupby(sites, key=lambda site: site.label):
        members = list(group)
        reasons += [_explain_site(site, thresholds, language) for site in members[:_SITES_SHOWN]]
        if len(members) > _SITES_SHOWN:
            more = len(members) - _SITES_SHOWN
            key = "reservoirs.others_zoning_one" if more == 1 else "reservoirs.others_zoning_many"
            reasons.append(say(key, language, label=label, count=more))
    reasons += [_explain_patch(patch, thresholds, language) for patch in patches[:_PATCHES_SHOWN]]
    if len(patches) > _PATCHES_SHOWN:
        more = len(patches) - _PATCHES_SHOWN
        key = "reservoirs.others_patch_one" if more == 1 else "reservoirs.others_patch_many"
        reasons.append(say(key, language, count=more))
    return say("reservoirs.separator", language).join(reasons)


def _explain_site(site: SiteReason, thresholds: Thresholds, language: str) -> str:
    key = f"reservoirs.zoning_{site.rule}" + ("" if site.name else "_unnamed")
    values = {"label": site.label, "name": site.name}
    if site.rule == "case_by_case":
        values["criterion"] = _explain_habitat(site, thresholds, language)
    return say(key, language, **values)


def _explain_habitat(site: SiteReason, thresholds: Thresholds, language: str) -> str:
    return say(
        "reservoirs.zoning_share",
        language,
        share=format_number(100 * site.habitat_share, 0, language),
        min_share=_write_threshold(100 * thresholds.zoning_min_share, language),
        habitat_ha=float(site.habitat_ha),
    )


def _explain_patch(patch: PatchReason, thresholds: Thresholds, language: str) -> str:
    text = say(
        "reservoirs.patch",
        language,
        area_ha=float(patch.area_ha),
        core_ha=float(patch.core_ha),
        compactness=format_number(patch.compactness, 2, language),
        min_ha=_write_threshold(thresholds.min_ha, language),
    )
    # Thresholds of 0 demand nothing: they are not worth a word.
    if thresholds.min_core_ha > 0:
        min_core_ha = _write_threshold(thresholds.min_core_ha, language)
        text += ", " + say("reservoirs.patch_core", language, min_core_ha=min_core_ha)
    if thresholds.min_compactness > 0:
        min_compactness = _write_threshold(thresholds.min_compactness, language)
        text += ", " + say("reservoirs.patch_compactness", language, min_compactness=min_compactness)
    return text


def _write_threshold(value: float, language: str) -> str:
    """Write a threshold with no more decimals than it was given with, two at most."""
    decimals = next(n for n in (0, 1, 2) if n == 2 or abs(value - round(value, n)) < 1e-9)
    return format_number(value, decimals, language)
