"""Run what the tutorial says, and write the true outputs into it.

Run ``python docs/refresh_tutorial.py`` after a change that shows there. In the page, a ``console`` block
holds commands after ``$``, a ``python`` block goes on from the one before, and its output follows in a
``text`` block. Comments tell what the reader does to a file: ``write FILE`` and ``append to FILE`` take
the next block, ``replace in FILE: OLD -> NEW`` does that. ``now FR00CS12 = EXPRESSION`` renames an object
from there on, since the tuning of the demo may number it anew.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent / "tutorial.md"
_STEP = re.compile(r"<!-- (?P<act>.*?) -->|^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_DURATION = re.compile(r": \d+\.\d s$")


class Reader:
    """Someone who follows the page in a folder.

    Parameters
    ----------
    folder : Path
        Holds the demo, in ``demo``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {}
        self.printed = self.waiting = ""
        self.renamed: dict[str, str] = {}

    def follow(self, text: str) -> str:
        """Give the page with the outputs its steps have."""
        done, at = [], 0
        for step in _STEP.finditer(text):
            done.append(self.rename(text[at : step.start()]))
            done.append(self.act(step["act"]) if step["act"] else self.take(step["kind"], step["body"]))
            at = step.end()
        return "".join([*done, self.rename(text[at:])])

    def rename(self, text: str) -> str:
        """Write the present numbers of objects."""
        return re.sub(r"\b(FR00C[SL]\d+)\b", lambda found: self.renamed.get(found[1], found[1]), text)

    def act(self, action: str) -> str:
        """Do what a comment says."""
        word, _, rest = action.partition(" ")
        if word == "now":
            old, _, expression = rest.partition(" = ")
            new = str(eval(expression, self.names))
            for letters in ("CS", "CL"):
                self.renamed[old.replace("CS", letters)] = new.replace("CS", letters)
            return f"<!-- now {new} = {expression} -->"
        action = self.rename(action)
        if word == "replace":
            name, _, change = rest.removeprefix("in ").partition(": ")
            old, _, new = self.rename(change).partition(" -> ")
            path = self.folder / name
            content = path.read_text(encoding="utf-8")
            if content.count(old) != 1:
                sys.exit(f"{name} holds '{old}' {content.count(old)} times; correct the tutorial")
            path.write_text(content.replace(old, new), encoding="utf-8")
        else:
            self.waiting = action
        return f"<!-- {action} -->"

    def take(self, kind: str, body: str) -> str:
        """Take a block: write it, run it, or fill it with what was printed."""
        body = body if kind == "text" else self.rename(body)
        if self.waiting:
            word, _, name = self.waiting.partition(" ")
            path = self.folder / name.removeprefix("to ")
            before = path.read_text(encoding="utf-8") + "\n" if word == "append" else ""
            path.write_text(before + body, encoding="utf-8")
            self.waiting = ""
        elif kind == "console":
            body = "".join(self.run(line[2:]) for line in body.splitlines() if line.startswith("$ "))
        elif kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.chdir(self.folder):
                exec(body, self.names)
            self.printed = "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
        elif kind == "text":
            body = self.printed
        return f"```{kind}\n{body}```"

    def run(self, command: str) -> str:
        """Run a command; give it with what it prints, errors included."""
        done = subprocess.run(
            [sys.executable, "-m", "bocage.cli", *shlex.split(command)[1:]],
            cwd=self.folder, env=os.environ | {"PYTHONUTF8": "1"}, capture_output=True, encoding="utf-8",
        )  # fmt: skip
        told = done.stdout.splitlines()
        if done.returncode:
            told += [line for line in done.stderr.splitlines() if not _DURATION.search(line)]
        shown = "\n".join([f"$ {command}", *told]).replace(str(self.folder), "~/bocage")
        return f"{shown.rstrip()}\n"


def main() -> None:
    """Refresh the tutorial."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        subprocess.run(
            [sys.executable, "-m", "bocage.cli", "--quiet", "demo", "demo"], cwd=folder, check=True
        )
        text = Reader(folder).follow(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
