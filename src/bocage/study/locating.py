"""Find the line of a key in a TOML text, so that a mistake can be shown where it was written.

``tomllib`` gives values without their places. The scanner here only finds places: it trusts
that ``tomllib`` has read the text before, and so need not check anything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Keys from the root, array elements by number: ``("landcover", 1, "path")``."""

_BLANK = " \t"
_NEWLINE = "\r\n"
_SCALAR_END = ",]}#\r\n"


def locate_keys(text: str) -> dict[KeyPath, int]:
    r"""Give the line, counted from 1, of every table, key and array element of a valid TOML text.

    Parameters
    ----------
    text : str
        A text that ``tomllib.loads`` accepts.

    Returns
    -------
    dict
        Line of each key path; a table is at its first header, or at its first key where it has none.

    Examples
    --------
    >>> lines = locate_keys('[study]\nname = "x"\n[[landcover]]\npath = "a"\n[[landcover]]\npath = "b"')
    >>> lines["study", "name"], lines["landcover", 1, "path"]
    (2, 6)
    """
    return _Scanner(text).scan()


def nearest_line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Give the line of a key, or of the closest table above it that was written.

    >>> nearest_line({("study",): 3}, ("study", "name"))
    3
    """
    for length in range(len(path), 0, -1):
        line = lines.get(path[:length])
        if line is not None:
            return line
    return None


class _Scanner:
    """Walks the text once; ``at`` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[KeyPath, int] = {}
        self.counts: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip_to_statement():
            line = self.line
            if self.text.startswith("[[", self.at):
                self._step(2)
                table = self._new_element(self._read_key())
                self._skip(_BLANK)
                self._step(2)
                self._record(table, line)
            elif self.text[self.at] == "[":
                self._step(1)
                table = self._resolve(self._read_key())
                self._skip(_BLANK)
                self._step(1)
                self._record(table, line)
            else:
                self._read_pair(table)
        return self.lines

    def _record(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _new_element(self, keys: list[str]) -> KeyPath:
        """Give its number to a new element of an array of tables."""
        array = (*self._resolve(keys[:-1]), keys[-1])
        number = self.counts.get(array, 0)
        self.counts[array] = number + 1
        return (*array, number)

    def _resolve(self, keys: list[str]) -> KeyPath:
        """Insert the number of the element in which each array of tables on the way stands."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def _read_pair(self, table: KeyPath) -> None:
        line = self.line
        path = (*table, *self._read_key())
        self._record(path, line)
        self._skip(_BLANK)
        self._step(1)  # the equals sign
        self._skip(_BLANK)
        self._read_value(path)

    def _read_key(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_BLANK)
            if self.text[self.at] in "\"'":
                keys.append(self._read_string())
            else:
                start = self.at
                while self.text[self.at] not in " \t.=]":
                    self._step(1)
                keys.append(self.text[start : self.at])
            self._skip(_BLANK)
            if self.text[self.at] != ".":
                return keys
            self._step(1)

    def _read_value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self._read_string()
        elif first == "[":
            self._read_array(path)
        elif first == "{":
            self._read_inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in _SCALAR_END:
                self._step(1)

    def _read_array(self, path: KeyPath) -> None:
        self._step(1)
        number = 0
        while self._skip_to_statement(also=","):
            if self.text[self.at] == "]":
                self._step(1)
                return
            self._record((*path, number), self.line)
            self._read_value((*path, number))
            number += 1

    def _read_inline_table(self, path: KeyPath) -> None:
        self._step(1)
        while self._skip_to_statement(also=","):
            if self.text[self.at] == "}":
                self._step(1)
                return
            self._read_pair(path)

    def _read_string(self) -> str:
        start = self.at
        quote = self.text[start]
        mark = quote * 3 if self.text.startswith(quote * 3, start) else quote
        self._step(len(mark))
        while not self.text.startswith(mark, self.at):
            self._step(2 if quote == '"' and self.text[self.at] == "\\" else 1)
        # A closing ''' may be preceded by one or two quotes that belong to the text.
        while len(mark) == 3 and self.text.startswith(mark, self.at + 1):
            self._step(1)
        self._step(len(mark))
        return str(tomllib.loads(f"k = {self.text[start : self.at]}")["k"])

    def _skip_to_statement(self, also: str = "") -> bool:
        """Skip blanks, line ends and comments; tell whether anything is left."""
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "#":
                while self.at < len(self.text) and self.text[self.at] not in _NEWLINE:
                    self._step(1)
            elif character in _BLANK or character in _NEWLINE or (also and character in also):
                self._step(1)
            else:
                return True
        return False

    def _skip(self, characters: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in characters:
            self._step(1)

    def _step(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count
