"""Carry the objects of one document into another: under new numbers, shared when they are the same."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bocage.atlas.objects import ObjectWriter

if TYPE_CHECKING:
    import pikepdf

_STRING = rb"\((?:[^()\\]|\\[\s\S])*\)|<[0-9a-fA-F]*>"
_TOKEN = re.compile(
    rb"(?P<identifier>/(?:ID (?:%(s)s)|Headers \[ (?:(?:%(s)s) )*\]))"
    rb"|(?P<string>%(s)s)"
    rb"|(?P<key>/StructParents? )(?P<place>\d+)(?! \d+ R\b)"
    rb"|(?P<role>/S (?P<name>/[^\s/<>\[\]()]+))"
    rb"|(?P<number>\d+) (?P<generation>\d+) R\b" % {b"s": _STRING}
)
"""What changes in an object that moves, in the one way that qpdf writes objects."""

_REFERENCE = re.compile(rb"(?P<string>%s)|(?P<number>\d+) (?P<generation>\d+) R\b" % _STRING)

Key = tuple[int, int]
"""Number and generation of an object in the document it comes from."""


class Transfer:
    """Carries the objects of a document to a writer, each once, with all that they refer to.

    Parameters
    ----------
    pdf : pikepdf.Pdf
        Open, until ``finish``.
    writer : ObjectWriter
    shared : dict
        Number of each object written so far, by its hash; one for all documents of a file.
    prefix : bytes
        Put before the identifiers of structure elements, which are unique in a file.
    first_place : int
        Added to the places of pages and annotations in the parent tree.
    roles : mapping
        New names of the roles of structure elements that mean another thing elsewhere.
    """

    def __init__(
        self,
        pdf: pikepdf.Pdf,
        writer: ObjectWriter,
        shared: dict[bytes, int],
        *,
        prefix: bytes = b"",
        first_place: int = 0,
        roles: Mapping[bytes, bytes] | None = None,
    ) -> None:
        self._pdf = pdf
        self._writer = writer
        self._shared = shared
        self._prefix = prefix
        self._first_place = first_place
        self._roles = roles or {}
        self._numbers: dict[Key, int] = {}
        self._waiting: deque[Key] = deque()
        self._sharing: set[Key] = set()

    def settle(self, thing: pikepdf.Object, number: int) -> None:
        """Say that an object stands for one already numbered, so that it is not carried."""
        self._numbers[thing.objgen] = number

    def stand_for(self, number: int) -> pikepdf.Object:
        """Make an object of this document that stands for one of the file."""
        from pikepdf import Dictionary

        proxy = self._pdf.make_indirect(Dictionary())
        self.settle(proxy, number)
        return proxy

    def share(self, thing: pikepdf.Object) -> None:
        """Carry what an object refers to, sharing what other documents have brought already.

        For resources: fonts, colour spaces, pictures. What is shared is what has the same bytes and refers
        to the same things, so that equal fonts make equal descriptors and these make equal dictionaries.
        """
        if thing.is_indirect:
            self._share(thing.objgen)
            return
        for key in _refer(thing.unparse(resolved=True)):
            self._share(key)

    def express(self, thing: pikepdf.Object | None) -> bytes:
        """Give an object as it is written in the file; a reference, when it has a number."""
        return b"null" if thing is None else self._renumber(thing.unparse())

    def write(self, number: int, thing: pikepdf.Object, extra: bytes = b"") -> None:
        """Write a dictionary under a number, with extra entries; what it refers to follows."""
        content = self._renumber(thing.unparse(resolved=True))
        assert content.startswith(b"<<"), "only dictionaries are written so"
        self._writer.write(number, b"<< " + extra + content[2:])

    def finish(self) -> None:
        """Write all that was referred to and is not written yet.

        Raises
        ------
        zlib.error
            The data of a stream are damaged.
        """
        while self._waiting:
            key = self._waiting.popleft()
            content, data = self._read(key)
            self._put(self._numbers[key], self._renumber(content), data)

    def _share(self, key: Key) -> None:
        if key in self._numbers:
            return
        if key in self._sharing:
            # It refers to itself by a detour: numbered before its content is known, so for itself alone.
            self._numbers[key] = self._writer.reserve()
            return
        self._sharing.add(key)
        content, data = self._read(key)
        for other in _refer(content):
            self._share(other)
        self._sharing.discard(key)
        content = self._renumber(content)
        if key in self._numbers:
            self._put(self._numbers[key], content, data)
            return
        digest = hashlib.sha256(content + b"\n" + (data if data is not None else b"-")).digest()
        if digest not in self._shared:
            self._shared[digest] = self._writer.reserve()
            self._put(self._shared[digest], content, data)
        self._numbers[key] = self._shared[digest]

    def _read(self, key: Key) -> tuple[bytes, bytes | None]:
        """Give an object's words, and its data as they are in the file when it is a stream."""
        from pikepdf import Name, Stream

        thing = self._pdf.get_object(key)
        if thing is None:
            return b"null", None
        if not isinstance(thing, Stream):
            return thing.unparse(resolved=True), None
        data, entries = bytes(thing.read_raw_bytes()), thing.stream_dict
        if "/Length" in entries:
            del entries["/Length"]
        if entries.get("/Filter") == Name.FlateDecode:
            # Carried as they are, but a hole in them would be a hole in the map: their checksum is read.
            zlib.decompress(data)
        return entries.unparse()[2:-2].strip(), data

    def _put(self, number: int, content: bytes, data: bytes | None) -> None:
        if data is None:
            self._writer.write(number, content)
        else:
            self._writer.write_stream(number, content, data)

    def _renumber(self, content: bytes) -> bytes:
        return _TOKEN.sub(self._replace, content)

    def _replace(self, found: re.Match[bytes]) -> bytes:
        kind = found.lastgroup
        if kind == "generation":
            return b"%d 0 R" % self._find(int(found["number"]), int(found["generation"]))
        if kind == "place":
            return found["key"] + b"%d" % (self._first_place + int(found["place"]))
        if kind == "identifier":
            return re.sub(_STRING, self._prefix_string, found[0])
        if kind == "role":
            return b"/S " + self._roles.get(found["name"], found["name"])
        return found[0]

    def _prefix_string(self, found: re.Match[bytes]) -> bytes:
        return prefix_string(found[0], self._prefix)

    def _find(self, number: int, generation: int) -> int:
        key = (number, generation)
        if key not in self._numbers:
            self._numbers[key] = self._writer.reserve()
            self._waiting.append(key)
        return self._numbers[key]


def prefix_string(written: bytes, prefix: bytes) -> bytes:
    """Put letters before a string as it is written in a file.

    Examples
    --------
    >>> prefix_string(b"(U1)", b"07 "), prefix_string(b"<ff>", b"07 ")
    (b'(07 U1)', b'<303720ff>')
    """
    start = prefix if written[:1] == b"(" else prefix.hex().encode()
    return written[:1] + start + written[1:]


def _refer(content: bytes) -> list[Key]:
    """List the objects that an object's words refer to."""
    return [
        (int(found["number"]), int(found["generation"]))
        for found in _REFERENCE.finditer(content)
        if found["number"]
    ]
