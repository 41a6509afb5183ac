"""Propose an atlas file for a folder of official layers, with what was guessed said in its comments."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path

from bocage.cartography.symbols import Group, load_symbols
from bocage.errors import BocageError, InputError, OutputError
from bocage.grid import Bounds
from bocage.io.files import replace_on_success
from bocage.study.atlas_layers import NETWORK_THEMES
from bocage.study.file import Language
from bocage.study.initialise import Proposal, identify_layer, write_flag, write_text
from bocage.study.reading import build_study
from bocage.study.recognising import (
    Found,
    choose_crs,
    explore_folder,
    find_column,
    load_guesses,
    read_values,
    recognise_official,
)

ATLAS_FILE = "atlas.toml"

_BASE_MAP = ("roads", "railways", "watercourses")
_GROUPS: tuple[Group, ...] = ("continuities", "inventories", "protections", "water")


def write_atlas_file(
    folder: str | Path, *, language: Language = "fr", force: bool = False, date: datetime.date | None = None
) -> Path:
    """Write the proposed atlas file of a folder.

    Parameters
    ----------
    folder : str or Path
    language : {"fr", "en"}
        Of the atlas and of the comments.
    force : bool
        Replace the atlas file that is there.
    date : datetime.date, optional
        Date of the atlas; today's when left out.

    Returns
    -------
    Path
        The file written: ``atlas.toml`` in the folder.

    Raises
    ------
    OutputError
        If there is one already and ``force`` is not set, or the folder is read-only.
    InputError
        If the folder does not exist, or holds no layer of communes.
    """
    path = Path(folder) / ATLAS_FILE
    if path.exists() and not force:
        raise OutputError(
            f"'{path.as_posix()}' exists and is left as it is; "
            "move it away, or replace it with: bocage init --atlas --force"
        )
    text = propose_atlas(folder, language=language, date=date)
    with replace_on_success(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return path


def propose_atlas(folder: str | Path, *, language: Language = "fr", date: datetime.date | None = None) -> str:
    """Write the text of an atlas file for the official layers of a folder.

    Layers of the national standard are recognised by their fields, the others by their names; what was
    not used is listed at the end. Sheets can be printed from the text as it is.

    Raises
    ------
    InputError
        If the folder does not exist, or holds no layer of communes.
    """
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise InputError(f"there is no folder '{folder.as_posix()}'; give the folder that holds your layers")
    proposal = AtlasProposal(folder, explore_folder(folder), language, date or datetime.date.today())
    text = proposal.write()
    build_study(tomllib.loads(text), folder / ATLAS_FILE)
    return text


@dataclass
class AtlasProposal(Proposal):
    """An atlas file in the making."""

    def write(self) -> str:
        """Write the text of the file."""
        self.crs = choose_crs(self.found)
        communes = self._choose("communes")
        if communes is None:
            raise InputError(
                f"the folder '{self.folder.as_posix()}' holds no layer of communes with INSEE codes and "
                "names, without which no sheet can be drawn; put one there and run the command again"
            )
        bounds = self._extent(communes)
        epci = self._choose("epci", bounds)
        departement = self._choose("departement", bounds)
        official = self._find_official(bounds)
        base = {role: self._choose(role, bounds) for role in _BASE_MAP}
        self._comment("init_atlas_head")
        self._write_heading()
        self._write_communes(communes)
        for role, one in base.items():
            if one is not None:
                self._write_layer(role, one)
        self._add("", *self._comments("init_atlas_options"), "[atlas]", 'format = "a4"')
        # A volume of a whole département is hundreds of megabytes.
        volumes = "departement" if epci is None else "epci"
        self._add(f'volumes = "{volumes}"  # {self._say("init_atlas_volumes")}')
        for role, one in (("epci", epci), ("departement", departement)):
            if one is not None:
                self._add("", f"[atlas.{role}]", *self._place(one))
                self._add(
                    *(f"{key} = {write_text(column)}" for key, column in self._columns(role, one).items())
                )
                self._add(self._source())
        for one, theme in official:
            self._write_official(one, theme)
        self._write_sheets([theme for _, theme in official])
        self._write_rest({})
        return "\n".join(self.lines) + "\n"

    def _find_official(self, bounds: Bounds | None) -> list[tuple[Found, str]]:
        """Find the official layers, those of the network first, then sheet by sheet."""
        symbols = load_symbols()
        known = [*NETWORK_THEMES, *(symbol.key for group in _GROUPS for symbol in symbols.of_group(group))]
        found: list[tuple[int, int, Found, str]] = []
        for number, one in enumerate(self.found):
            key = identify_layer(one)
            theme = None if key in self.used or one.problem else recognise_official(one)
            if theme is None:
                continue
            if bounds is not None and not self._meets(one, bounds):
                self.unused[key] = self._say("init_unused_outside")
                continue
            self.used[key] = f"theme {theme}"
            found.append((known.index(theme), number, one, theme))
        return [(one, theme) for _, _, one, theme in sorted(found, key=lambda item: item[:2])]

    def _write_heading(self) -> None:
        name = self.folder.name.replace("_", " ").strip()
        self._add(
            "",
            "[study]",
            f"name = {write_text(f'Atlas {name}'.strip())}  # {self._say('init_name')}",
            f"date = {self.date.isoformat()}",
            f'language = "{self.language}"',
            f'crs = "{self.crs}"',
            'output = "out"',
            "",
            "[study.status]",
            f'kind = "etude"  # {self._say("init_atlas_status")}',
            'reference = ""',
            "",
            *self._comments("init_issuer"),
            "[issuer]",
            *(f'{key} = ""' for key in ("region", "department", "directorate", "service", "unit", "contact")),
        )

    def _write_official(self, one: Found, theme: str) -> None:
        assert one.layer is not None
        guesses = load_guesses()
        by_standard = theme in NETWORK_THEMES
        note = self._say("init_atlas_standard" if by_standard else "init_atlas_named")
        self._add("", "[[atlas.layer]]", f'theme = "{theme}"  # {note}', *self._place(one))
        if not by_standard:
            columns = guesses["official_columns"]
            own: dict[str, list[str]] = next(
                (guess for guess in guesses["official"] if guess["theme"] == theme), {}
            )
            for key in ("id", "name"):
                column = find_column(one.layer.fields, own.get(key, columns[key]))
                if column is not None:
                    self._add(f"{key} = {write_text(column)}")
            if theme == "flow_work":
                self._write_removed(one, find_column(one.layer.fields, columns["state"]))
        self._add(self._source())

    def _write_removed(self, one: Found, column: str | None) -> None:
        """Write which values of the state of a work mean that nothing is left of it."""
        if column is None:
            return
        try:
            values = read_values(one, column, self.crs)
        except BocageError:
            return
        gone = [
            value
            for value in values
            if any(word in value.casefold() for word in ("détruit", "detruit", "effac"))
            and "partiel" not in value.casefold()
        ]
        if gone:
            self._add(f"passable = {write_flag(column, gone)}  # {self._say('init_atlas_removed')}")

    def _write_sheets(self, themes: list[str]) -> None:
        """Write the sheets that have something to show; the continuities always."""
        symbols = load_symbols()
        groups: dict[str, list[str]] = {}
        for theme in dict.fromkeys(themes):
            if theme not in NETWORK_THEMES:
                groups.setdefault(str(symbols[theme].group), []).append(theme)
        sheets = [("continuites", ["continuities", *groups.get("continuities", ())])]
        for key, group in (("inventaires", "inventories"), ("protections", "protections")):
            if group in groups:
                sheets.append((key, [group]))
        if "water" in groups or "watercourses" in themes:
            sheets.append(("eau", ["watercourses", "water"]))
        self._add("")
        self._comment("init_atlas_sheets")
        for key, shown in sheets:
            listed = ", ".join(write_text(theme) for theme in shown)
            self._add("[[atlas.sheet]]", f'key = "{key}"', f"themes = [{listed}]", "")
        self.lines.pop()
