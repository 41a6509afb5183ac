"""The parts of a shapefile, and how its text is written."""

from __future__ import annotations

import codecs
from pathlib import Path

_CHUNK = 1 << 20


def find_encoding(path: Path) -> tuple[str | None, str]:
    """Find how the text of a shapefile is written.

    Returns
    -------
    encoding : str or None
        What to tell GDAL; none lets it follow the ``.cpg``.
    assumed : str
        Name of the encoding when nothing in the shapefile says it and it matters; else empty.
    """
    dbf = find_part(path, ".dbf")
    if dbf is None:
        return None, ""
    ascii_only, utf8, language_driver = _look_at_text(dbf)
    if ascii_only:
        return None, ""
    cpg = find_part(path, ".cpg")
    said = cpg.read_text("ascii", "ignore").strip().lower() if cpg is not None else ""
    if said:
        if "utf" in said and "8" in said and not utf8:
            return "cp1252", "Windows-1252"
        return None, ""
    if utf8:
        return "UTF-8", ""
    # 0x03 and 0x57 both mean Windows-1252; other drivers (DOS, Cyrillic) are left to GDAL.
    if language_driver in (0x00, 0x03, 0x57):
        return "cp1252", "Windows-1252" if language_driver == 0 else ""
    return None, ""


def _look_at_text(dbf: Path) -> tuple[bool, bool, int]:
    """Tell whether a dBase table is all ASCII, whether it is UTF-8, and its language driver."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    ascii_only = utf8 = True
    with dbf.open("rb") as stream:
        header = stream.read(32)
        if len(header) < 32:
            return True, True, 0
        stream.seek(int.from_bytes(header[8:10], "little"))
        while chunk := stream.read(_CHUNK):
            ascii_only = ascii_only and chunk.isascii()
            if utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    utf8 = False
    return ascii_only, utf8, header[29]


def find_part(path: Path, suffix: str) -> Path | None:
    """Find a part of a shapefile whatever the case of its suffix."""
    for file in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if file.is_file():
            return file
    return None
