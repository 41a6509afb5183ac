"""The documentation names what the code has, and says nothing that the code would refuse."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from functools import cache
from pathlib import Path
from typing import get_args

import click
import pytest

from bocage.atlas.options import AtlasOptions
from bocage.cartography.symbols import load_symbols
from bocage.cli import main
from bocage.connectivity.communes_figures import LAYER_INDICATORS, MORE_INDICATORS
from bocage.connectivity.indicators import INDICATORS
from bocage.journal import Level
from bocage.network import COLUMNS, Table
from bocage.restoration import Rules
from bocage.study.file import SubnetworkEntry
from bocage.study.reading import build_study
from bocage.study.subnetworks import load_presets

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "reference")]
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def read(page: Path) -> str:
    """Give the text of a page."""
    return page.read_text(encoding="utf-8")


def list_blocks(page: Path, *kinds: str) -> list[str]:
    """List the blocks of some kinds of a page."""
    return [body for kind, body in FENCE.findall(read(page)) if kind in kinds]


def name(page: Path) -> str:
    """Name a page from the root of the project."""
    return page.relative_to(ROOT).as_posix()


def find_section(page: Path, title: str) -> str:
    """Give the text under a title, up to the next of its level or above."""
    level = len(title) - len(title.lstrip("#"))
    after = read(page).partition(f"\n{title}\n")[2]
    return re.split(rf"^#{{1,{level}}} ", after, flags=re.MULTILINE)[0]


class TestResults:
    """docs/results.md describes the files of a run."""

    page = ROOT / "docs" / "results.md"

    @pytest.mark.parametrize("table", list(COLUMNS))
    def test_every_column_of_the_network(self, table: Table) -> None:
        """A table's section lists the columns of ``COLUMNS``, no other, with their meanings."""
        section = find_section(self.page, f"### `{table}`")
        if table == "corridor_l":
            assert "[`corridor_s`](#corridor_s)" in section
            assert list(COLUMNS["corridor_l"]) == list(COLUMNS["corridor_s"])
            return
        rows = re.findall(r"^\| `(\w+)` \| (?:`(\w+)`)? ?\| [^|]+\| (.*) \|$", section, re.MULTILINE)
        listed = {column: meaning for _, column, meaning in rows if column}

        assert set(listed) == set(COLUMNS[table])
        for field, column, meaning in rows:
            if field == column:
                assert COLUMNS[table][column].meaning in meaning

    def test_every_indicator(self) -> None:
        """The section of indicators lists the columns of ``INDICATORS``, in order."""
        section = find_section(self.page, "## Indicators")

        assert re.findall(r"^\| `([\w{}]+)`", section, re.MULTILINE) == list(INDICATORS)

    def test_every_figure_of_an_atlas(self) -> None:
        """The section of communes.csv gives unit and meaning of each of its own columns, in order."""
        section = find_section(self.page, "### `communes.csv`")
        rows = re.findall(
            r"^\| (?:(\w+) \| )?`([\w{}]+)` \| (\w*) \| (.*) \| (yes)? \|$", section, re.MULTILINE
        )
        written = [
            ("", name, figure.unit, figure.meaning, "yes" if figure.additive else "")
            for name, figure in MORE_INDICATORS.items()
        ]
        written += [
            (kind, name, figure.unit, figure.meaning, "yes" if figure.additive else "")
            for kind, columns in LAYER_INDICATORS.items()
            for name, figure in columns.items()
        ]

        assert rows == written

    def test_every_option_of_an_atlas(self) -> None:
        """The section of atlas.json names the options that it holds."""
        section = find_section(self.page, "### `atlas.json`")

        assert [name for name in AtlasOptions.__dataclass_fields__ if f"`{name}`" not in section] == []

    def test_every_field_of_the_record(self) -> None:
        """The section of atlas.json has the fields that it is written with, and those of a commune."""
        section = find_section(self.page, "### `atlas.json`")
        about, _, of_commune = section.partition("Of a commune:")
        listed = [set(re.findall(r"`(\w+)`", row)) for row in (list_fields(about), list_fields(of_commune))]
        booklet = find_keys("workshop", "_draw_booklet") | find_keys("workshop", "keep_file")

        assert listed == [find_keys("record", "write_record", "record"), booklet]

    def test_every_level_of_the_journal(self) -> None:
        """Each level of a note is explained."""
        section = find_section(self.page, "## report.html")

        assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(get_args(Level))


def list_fields(section: str) -> str:
    """Give the first cells of the tables of a section."""
    return "\n".join(re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE))


def find_keys(module: str, function: str, variable: str = "") -> set[str]:
    """Find the keys of the table of a module of the atlas that a function returns, or gives a variable."""
    tree = ast.parse((ROOT / "src" / "bocage" / "atlas" / f"{module}.py").read_text(encoding="utf-8"))
    (body,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    tables = [
        node.value
        for node in ast.walk(body)
        if (isinstance(node, ast.Return) and not variable)
        or (isinstance(node, ast.Assign) and variable in {getattr(one, "id", None) for one in node.targets})
    ]
    keys = [key for table in tables if isinstance(table, ast.Dict) for key in table.keys]
    return {str(key.value) for key in keys if isinstance(key, ast.Constant)}


def test_every_symbol_is_listed() -> None:
    """The reference lists each symbol of the palette once, with its words in both languages."""
    section = find_section(ROOT / "docs" / "reference" / "study.md", "## Themes and symbols")
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \| (.*) \|$", section, re.MULTILINE)

    assert sorted(rows) == sorted((one.key, one.kind, one.label_fr, one.label_en) for one in load_symbols())


def test_palette_of_the_page_is_one(tmp_path: Path) -> None:
    """The palette file that the page on the atlas shows changes the colour it says, and only that."""
    (palette,) = (
        body for body in list_blocks(ROOT / "docs" / "how-to" / "atlas.md", "text") if "palette" in body
    )
    path = tmp_path / "palette.toml"
    path.write_text(palette, encoding="utf-8")
    changed, usual = load_symbols(path), load_symbols()

    assert changed["znieff1"].fill != usual["znieff1"].fill
    assert [one.key for one in usual if changed[one.key] != one] == ["znieff1"]
    assert changed["znieff1"].fill_opacity == usual["znieff1"].fill_opacity
    assert changed["znieff1"].order == usual["znieff1"].order


def test_every_rule_of_objectives_is_a_method() -> None:
    """Methods name every parameter of the rules, and every rule that an object may bear."""
    text = read(ROOT / "docs" / "methods.md")
    source = (ROOT / "src" / "bocage" / "restoration" / "objectives.py").read_text(encoding="utf-8")
    rules = set(re.findall(r"^``(\w+)``$", source.partition('"""')[2].partition('"""')[0], re.MULTILINE))

    assert rules == {"obstacles", "degraded", "crosses"}
    for parameter in (*Rules.__dataclass_fields__, *rules, "functional", "distant", "unmeasured", "decision"):
        assert f"`{parameter}`" in text or f" {parameter}`" in text


def test_every_number_of_a_subnetwork_is_a_method() -> None:
    """Methods say what each parameter of a sub-network does."""
    text = read(ROOT / "docs" / "methods.md")
    apart = {"preset", "key", "name", "medium", "resistance", "resistance_table"}

    assert [field for field in SubnetworkEntry.model_fields if field not in apart and field not in text] == []


def test_presets_hold_what_the_pages_say() -> None:
    """The numbers of presets that methods and how-to pages cite."""
    presets = load_presets()

    assert {key: preset["reference_resistance"] for key, preset in presets.items()} == {
        "boise": 10,
        "ouvert": 10,
        "humide": 5,
        "littoral": 5,
    }
    assert {preset["tolerance"] for preset in presets.values()} == {0.05}


@pytest.mark.parametrize("command", list(main.commands))
def test_every_command_is_shown(command: str) -> None:
    """Each command is typed somewhere in a page."""
    typed = [line for page in PAGES for line in list_commands(page)]

    assert any(words[1] == command for words in typed)


def list_commands(page: Path) -> list[list[str]]:
    """List the bocage commands of a page, as words."""
    found = [
        line.removeprefix("$ ")
        for body in list_blocks(page, "sh", "console")
        for line in body.splitlines()
        if line.removeprefix("$ ").startswith("bocage ") and not line.startswith("bocage: ")
    ]
    inline = re.findall(r"`(bocage [a-z]+ [^`]*)`", FENCE.sub("", read(page)))
    return [shlex.split(line, comments=True) for line in [*found, *inline]]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist_with_their_options(page: Path) -> None:
    """A command that a page shows exists, and takes the options it is given."""
    for words in list_commands(page):
        command = main.commands[words[1]]
        known = {option for parameter in command.params for option in parameter.opts}
        options = [word for word in words[2:] if word.startswith("--")]

        assert set(options) <= known, words
        assert isinstance(command, click.Command)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_study_blocks_are_valid(page: Path, tmp_path: Path) -> None:
    """A TOML block is a study, or a part of one once its other tables are there."""
    (tmp_path / "friction.csv").write_text(
        next(iter(list_blocks(ROOT / "docs" / "how-to" / "friction-table.md", "text"))), encoding="utf-8"
    )
    for body in list_blocks(page, "toml"):
        written = tomllib.loads(body)
        written.setdefault("study", {"name": "x", "date": "2026-05-04"})
        written.setdefault("layers", {}).setdefault("communes", {"path": "communes.gpkg"})

        build_study(written, tmp_path / "study.toml")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link inside the project leads to a file, and to a title of it."""
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", FENCE.sub("", read(page))):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page

        assert file.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", read(file), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}
            assert anchor in slugs, target


def test_every_decision_and_page_is_in_an_index() -> None:
    """No page is left that none leads to."""
    docs = ROOT / "docs"
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in re.findall(r"\]\((?!https?://)([^)]+)\)", read(page))
    }

    assert [name(page) for page in PAGES if docs in page.parents and page not in linked] == ["docs/index.md"]
