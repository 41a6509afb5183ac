"""Ground classes: the words in which bocage tells every land cover, with labels, colours and flags."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

HEDGE_GROUNDS = ("hedge",)
"""Grounds of the hedge layer."""
WATERCOURSE_GROUNDS = ("stream", "canal", "river")
"""Grounds of the watercourse layer, in the order they are burnt: wider ones over narrower ones."""
RAILWAY_GROUNDS = ("railway", "railway_hs")
"""Grounds of the railway layer."""
ROAD_GROUNDS = ("track", "local_road", "regional_road", "main_road", "motorway")
"""Grounds of the road layer, from the least to the most important."""
INFRASTRUCTURE_ORDER = (
    "track",
    "local_road",
    "railway",
    "regional_road",
    "main_road",
    "railway_hs",
    "motorway",
)
"""Order in which transport lines are burnt, from the least to the most hindering.

Railways stand among the roads, not before them: were all roads burnt after all railways, each earth
track would open a gap in a fenced high-speed line.
"""
BURNT_GROUNDS = (*HEDGE_GROUNDS, *WATERCOURSE_GROUNDS, *INFRASTRUCTURE_ORDER, "crossing")
"""Grounds that lines and crossings may take, in the order of burning."""


@dataclass(frozen=True, slots=True)
class GroundClass:
    """A class of ground.

    Attributes
    ----------
    key : str
        Name used in tables and code, as ``"broadleaf"``.
    fr, en : str
        Labels for people.
    colour : str
        Colour of a land cover drawing, ``"#rrggbb"``.
    artificial : bool
        Urbanised or sealed: degrades a corridor.
    infrastructure : bool
        Transport line, absent from ``LandCover.under`` where it was burnt.
    water : bool
        Open water.
    """

    key: str
    fr: str
    en: str
    colour: str
    artificial: bool = False
    infrastructure: bool = False
    water: bool = False

    def label(self, language: str = "fr") -> str:
        """Give the label in French or English.

        >>> GROUND["hedge"].label("en")
        'Hedge'
        """
        return self.en if language == "en" else self.fr


def _read_ground() -> Mapping[str, GroundClass]:
    text = files("bocage.landcover").joinpath("ground.toml").read_text(encoding="utf-8")
    return MappingProxyType({key: GroundClass(key, **entry) for key, entry in tomllib.loads(text).items()})


GROUND: Mapping[str, GroundClass] = _read_ground()
"""Every ground class by its key, in the order of ``ground.toml``."""
