"""A validated study: what its file says, its sub-networks worked out, and where it stands."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from bocage.network import Theme
from bocage.study.file import BARRIER, Language, Layers, Rules, StudyFile
from bocage.study.locating import KeyPath, nearest_line
from bocage.study.sections import Sourced
from bocage.subnetwork import Subnetwork

SCALE = 100_000
"""Denominator of the scale at which the scheme is valid."""

BUFFER_FACTOR = 1.5
"""Default buffer around the study area, in largest dispersal distances."""


@dataclass(frozen=True)
class Study:
    """A validated study: the file as written, its sub-networks worked out, and where it stands.

    Attributes
    ----------
    path : Path
        The study file, absolute.
    file : StudyFile
        What it says, paths as written.
    subnetworks : tuple of Subnetwork
        Presets, tables and overrides merged.
    output : Path
        Folder of the outputs, absolute.
    lines : mapping
        Line of each key of the file, for messages.
    """

    path: Path
    file: StudyFile
    subnetworks: tuple[Subnetwork, ...]
    output: Path
    lines: Mapping[KeyPath, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def folder(self) -> Path:
        """Folder of the study file, from which its paths start."""
        return self.path.parent

    @property
    def name(self) -> str:
        """Title of the study."""
        return self.file.study.name

    @property
    def territory(self) -> str:
        """Suffix of the standard's table names."""
        return self.file.study.territory

    @property
    def prefix(self) -> str:
        """Beginning of the identifiers."""
        return self.file.study.prefix

    @property
    def date(self) -> datetime.date:
        """Date of every output."""
        return self.file.study.date

    @property
    def language(self) -> Language:
        """Language of the outputs."""
        return self.file.study.language

    @property
    def crs(self) -> str:
        """Projected CRS of the outputs, as ``"EPSG:2154"``."""
        return self.file.study.crs

    @property
    def cell_size(self) -> float:
        """Side of a cell [m]."""
        return self.file.study.cell_size

    @property
    def buffer_m(self) -> float:
        """Width of ground computed around the study area [m].

        As the file says, else 1.5 times the largest dispersal distance (or dilation distance,
        for a sub-network drawn by dilation and erosion); 0 without sub-networks.
        """
        if self.file.study.buffer is not None:
            return self.file.study.buffer
        reach = [max(subnetwork.dispersal_m) for subnetwork in self.subnetworks]
        reach += [s.dilation_m for s in self.subnetworks if s.method == "dilation_erosion"]
        return BUFFER_FACTOR * max(reach, default=0.0)

    @property
    def layers(self) -> Layers:
        """Layers other than land cover."""
        return self.file.layers

    @property
    def rules(self) -> Rules:
        """Numbers that decide objectives and obstacles."""
        return self.file.rules

    @property
    def has_network(self) -> bool:
        """Whether there is anything to compute a network from.

        Outlines of communes alone are not; watercourses are, unless the study reads official layers and
        has no land cover: then they are the base map.
        """
        official = self.file.atlas is not None and bool(self.file.atlas.layer)
        return bool(self.file.landcover) or (self.layers.watercourses is not None and not official)

    @property
    def reads_network(self) -> bool:
        """Whether the sheets draw a network read from official layers, in place of a computed one."""
        atlas = self.file.atlas
        return atlas is not None and any(
            theme in get_args(Theme)
            for layer in atlas.layer
            for theme in (layer.theme, *layer.themes.values())
        )

    @property
    def decisions_path(self) -> Path | None:
        """CSV of human decisions, absolute, if any."""
        return None if self.file.decisions is None else self.resolve(self.file.decisions.path)

    def resolve(self, path: Path) -> Path:
        """Make a path of the file absolute.

        >>> from pathlib import Path
        >>> study = Study(Path("/tmp/a/study.toml"), StudyFile.model_construct(), (), Path("/tmp/a/out"))
        >>> study.resolve(Path("roads.gpkg")).as_posix().endswith("/tmp/a/roads.gpkg")
        True
        """
        return self.folder / path

    def cite(self, *key: str | int) -> str:
        """Say where a key was written: ``"study.toml, line 14"``.

        >>> from pathlib import Path
        >>> study = Study(Path("s.toml"), StudyFile.model_construct(), (), Path("out"), {("layers",): 14})
        >>> study.cite("layers", "roads")
        's.toml, line 14'
        """
        line = nearest_line(self.lines, key)
        return self.path.name if line is None else f"{self.path.name}, line {line}"

    def with_output(self, folder: Path) -> Study:
        """Give the same study with another folder of outputs."""
        return dataclasses.replace(self, output=Path(folder).absolute())

    def parameters(self) -> dict[str, Any]:
        """Give everything the results depend on but the input files, ready for JSON.

        Paths stay as written, so that a study moved with its data has the same parameters. What only
        the atlas reads is left out: no result depends on it.
        """
        written = self.file.model_dump(
            mode="json",
            exclude={
                "atlas": True,
                "subnetworks": True,
                "study": {"output"},
                "layers": {"communes": {"epci"}, "river_works": {"theme"}},
                "zonings": {"__all__": {"theme"}},
            },
        )
        written["subnetworks"] = [_plain_subnetwork(subnetwork) for subnetwork in self.subnetworks]
        return written

    def sources(self) -> tuple[dict[str, str], ...]:
        """Give the sources of the network and its base map, each once, in the order of the file."""
        layers = self.file.layers
        files: list[Sourced | None] = [
            *self.file.landcover,
            *(getattr(layers, name) for name in Layers.model_fields),
            *self.file.zonings,
            self.file.rivers.list1,
            self.file.rivers.list2,
        ]
        if self.file.atlas is not None and self.reads_network:
            files += self.file.atlas.layer
        sources = [
            {"label": layer.source, "licence": layer.licence} for layer in files if layer and layer.source
        ]
        return tuple(source for i, source in enumerate(sources) if source not in sources[:i])


def about(study: Study) -> dict[str, Any]:
    """Give what the network's outputs must say of themselves.

    Returns
    -------
    dict
        ``title, territory, prefix, date, language, scale, status, issuer, sheet, sources, subnetworks``,
        of plain types; dates in ISO form; the issuer's logo an absolute path or an empty text, its
        further logos a list of absolute paths.
    """
    general, issuer = study.file.study, study.file.issuer
    return {
        "title": general.name,
        "territory": general.territory,
        "prefix": general.prefix,
        "date": general.date.isoformat(),
        "language": general.language,
        "scale": SCALE,
        "status": {
            "kind": general.status.kind,
            "date": (general.status.date or general.date).isoformat(),
            "reference": general.status.reference,
        },
        "issuer": {
            **issuer.model_dump(exclude={"logo", "logos"}),
            "logo": "" if issuer.logo is None else str(study.resolve(issuer.logo)),
            "logos": [str(study.resolve(logo)) for logo in issuer.logos],
        },
        "sheet": study.file.sheet.model_dump(mode="json", exclude_none=True),
        "sources": list(study.sources()),
        "subnetworks": [{"key": s.key, "name": s.name, "medium": s.medium} for s in study.subnetworks],
    }


def make_key(label: str) -> str:
    """Make a short key of a label.

    >>> make_key("ZNIEFF de type 1 — Forêts")
    'znieff_de_type_1_forets'
    """
    import unicodedata

    letters = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", letters.lower()).strip("_") or "zoning"


def _plain_subnetwork(subnetwork: Subnetwork) -> dict[str, Any]:
    plain = {item.name: getattr(subnetwork, item.name) for item in dataclasses.fields(subnetwork)}
    plain["habitat"] = list(subnetwork.habitat)
    plain["dispersal_m"] = list(subnetwork.dispersal_m)
    plain["resistance"] = {
        ground: BARRIER if value == float("inf") else value
        for ground, value in sorted(subnetwork.resistance.items())
    }
    return plain
