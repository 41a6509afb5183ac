"""Lines of keys in a TOML text."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bocage.study.locating import KeyPath, locate_keys, nearest_line

TEXT = '''# comment with [brackets] and "quotes"
a.b = 1
words = """several
lines with k = 1
"""  # end
numbers = [
  1,
  { q = 1, "é.t" = [2,
3] },
]
[s . t]
k = 'a#b]'
[[l]]
p = 1
[l.r]
"roads_Liaison x" = 3
[[l]]
[l.r]
311 = 2
[[l.m]]
z = 1
[[l.m]]
z = 2
'''


def list_paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """List every path of a parsed text."""
    paths = {path} if path else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        paths |= list_paths(inner, (*path, key))
    return paths


def test_hand_counted_lines() -> None:
    """Keys, inline tables, arrays over lines and arrays of tables are where one counts them by hand."""
    lines = locate_keys(TEXT)

    assert lines["a", "b"] == 2
    assert lines["words",] == 3
    assert lines["numbers", 0] == 7
    assert lines["numbers", 1, "é.t", 1] == 9
    assert lines["s", "t", "k"] == 12
    assert lines["l", 0, "r", "roads_Liaison x"] == 16
    assert lines["l", 1] == 17
    assert lines["l", 1, "r", "311"] == 19
    assert lines["l", 1, "m", 1, "z"] == 23


def test_every_path_is_located() -> None:
    """The scanner finds the same keys as the parser, no more and no less."""
    assert set(locate_keys(TEXT)) == list_paths(tomllib.loads(TEXT))


def test_nearest_line_of_a_key_not_written() -> None:
    """A key that lacks is shown at the table where it should be."""
    lines = locate_keys("[a]\n[[b]]\nx = 1\n")

    assert nearest_line(lines, ("b", 0, "path")) == 2
    assert nearest_line(lines, ("c",)) is None


keys = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=6)
scalars = st.one_of(
    st.integers(-5, 5),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8),
    st.sampled_from(["#", "]", "'", '"', "\\", "= 1", "[x]"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


def quote(text: str) -> str:
    """Write a text as TOML does."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_value(value: Any, newline: str) -> str:
    """Write a value as TOML; arrays are broken by ``newline`` where it may be."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quote(k)} = {write_value(v, newline)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + "".join(f"{newline}{write_value(one, newline)}," for one in value) + newline + "]"
    return quote(value) if isinstance(value, str) else json.dumps(value)


@given(
    st.dictionaries(keys, st.dictionaries(keys, values, max_size=4), max_size=4),
    st.dictionaries(
        keys, st.lists(st.dictionaries(keys, values, max_size=3), min_size=1, max_size=3), max_size=2
    ),
    st.sampled_from(["", "\n  ", "  # why\n\n"]),
)
def test_lines_hold_their_keys(
    tables: dict[str, dict[str, Any]], arrays: dict[str, list[dict[str, Any]]], newline: str
) -> None:
    """Whatever the text, every path the parser gives is located, at the line that was written for it."""
    text: list[str] = []
    expected: dict[KeyPath, int] = {}
    blocks: list[tuple[str, KeyPath, dict[str, Any]]] = [
        (f"[{quote(name)}]", (name,), table) for name, table in tables.items()
    ]
    blocks += [
        (f"[[{quote(name)}]]", (name, number), table)
        for name, elements in arrays.items()
        if name not in tables
        for number, table in enumerate(elements)
    ]
    for header, path, table in blocks:
        text += ["# [not.a.table]", header]
        expected.setdefault(path[:1], len(text))
        expected[path] = len(text)
        for key, value in table.items():
            written = f"{quote(key)} = {write_value(value, newline)}".split("\n")
            expected[(*path, key)] = len(text) + 1
            text += written
    document = "\n".join(text)

    lines = locate_keys(document)

    assert set(lines) == list_paths(tomllib.loads(document))
    assert {path: lines[path] for path in expected} == expected
