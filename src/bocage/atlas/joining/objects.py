"""A PDF file written object by object, so that its size is not bounded by the memory.

What the format asks (ISO 32000-1, 7.5): numbered objects, those without a stream packed together in
compressed object streams, and at the end the table of where each one is.
"""

from __future__ import annotations

import hashlib
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, TypeVar

import numpy as np

_PACKED_TOGETHER = 200
_PER_NODE = 64
_FREE, _PLAIN, _PACKED = 0, 1, 2

_T = TypeVar("_T")


class ObjectWriter:
    """Writes numbered objects to a file as they come; each is forgotten but for its place.

    Parameters
    ----------
    file : binary file
        Empty and open for writing.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = 0
        self._hash = hashlib.sha256()
        # How object n is kept, then where: offset and 0, or number of the pack and place in it.
        self._kinds = array("B", [_FREE])
        self._where = array("Q", [0])
        self._places = array("H", [65535])
        self._pack: list[tuple[int, bytes]] = []
        self._put(b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n")

    def reserve(self, count: int = 1) -> int:
        """Give the first of so many new numbers in a row, to be written later."""
        first = len(self._kinds)
        self._kinds.extend([_FREE] * count)
        self._where.extend([0] * count)
        self._places.extend([0] * count)
        return first

    def write(self, number: int, content: bytes) -> None:
        """Write an object without a stream.

        Parameters
        ----------
        number : int
            From ``reserve``.
        content : bytes
            As in the file: ``<< /Type /Page >>``.
        """
        assert self._kinds[number] == _FREE and number, f"object {number} is written twice"
        self._kinds[number] = _PACKED
        self._pack.append((number, content))
        if len(self._pack) == _PACKED_TOGETHER:
            self._flush()

    def write_stream(self, number: int, entries: bytes, data: bytes) -> None:
        """Write a stream.

        Parameters
        ----------
        number : int
            From ``reserve``.
        entries : bytes
            Of its dictionary but for the length, without its brackets: ``/Filter /FlateDecode``.
        data : bytes
            As they are in the file.
        """
        assert self._kinds[number] == _FREE and number, f"object {number} is written twice"
        self._kinds[number] = _PLAIN
        self._where[number] = self._size
        head = b"%d 0 obj\n<< %s /Length %d >>\nstream\n" % (number, entries, len(data))
        self._put(head)
        self._put(data)
        self._put(b"\nendstream\nendobj\n")

    def write_compressed(self, number: int, data: bytes, entries: bytes = b"") -> None:
        """Write a stream and compress it."""
        self.write_stream(number, b"/Filter /FlateDecode " + entries, zlib.compress(data, 9))

    def finish(self, root: int, info: int) -> int:
        """Write the table of objects; nothing can be written after it.

        Parameters
        ----------
        root : int
            Number of the catalogue.
        info : int
            Number of the information dictionary.

        Returns
        -------
        int
            Size of the file [bytes]. Its identifier is the hash of its content: no clock.
        """
        self._flush()
        missing = [number for number, kind in enumerate(self._kinds) if kind == _FREE and number]
        assert not missing, f"objects are named but not written: {missing[:9]}"
        number, start = self.reserve(), self._size
        self._kinds[number], self._where[number] = _PLAIN, start
        table = np.empty((len(self._kinds), 10), dtype=np.uint8)
        table[:, 0] = self._kinds
        where = np.frombuffer(self._where, dtype=np.uint64)
        table[:, 1:8] = where.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 1:]
        places = np.frombuffer(self._places, dtype=np.uint16)
        table[:, 8:] = places.astype(">u2").view(np.uint8).reshape(-1, 2)
        # Each row as its difference from the one above: the table then packs to a tenth.
        rows = np.full((len(table), 11), 2, dtype=np.uint8)
        rows[0, 1:] = table[0]
        rows[1:, 1:] = table[1:] - table[:-1]
        identifier = self._hash.hexdigest()[:32].encode()
        entries = (
            b"/Type /XRef /Size %d /W [ 1 7 2 ] /Root %d 0 R /Info %d 0 R /ID [ <%s> <%s> ] "
            b"/DecodeParms << /Predictor 12 /Columns 10 >> /Filter /FlateDecode"
            % (len(table), root, info, identifier, identifier)
        )
        data = zlib.compress(rows.tobytes(), 9)
        self._put(b"%d 0 obj\n<< %s /Length %d >>\nstream\n" % (number, entries, len(data)))
        self._put(data)
        self._put(b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start)
        return self._size

    def _flush(self) -> None:
        if not self._pack:
            return
        number = self.reserve()
        offsets, offset = [], 0
        for place, (packed, content) in enumerate(self._pack):
            self._where[packed], self._places[packed] = number, place
            offsets.append(b"%d %d" % (packed, offset))
            offset += len(content) + 1
        index = b" ".join(offsets) + b"\n"
        content = index + b"\n".join(content for _, content in self._pack)
        entries = b"/Type /ObjStm /N %d /First %d" % (len(self._pack), len(index))
        self._pack = []
        self.write_compressed(number, content, entries)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)


def write_tree(
    writer: ObjectWriter, root: int, key: bytes, entries: Iterable[tuple[bytes, bytes]], head: bytes = b""
) -> None:
    """Write a number tree or a name tree (ISO 32000-1, 7.9.6 and 7.9.7), balanced.

    Parameters
    ----------
    writer : ObjectWriter
    root : int
        Number of its root, reserved.
    key : {b"Nums", b"Names"}
    entries : iterable of (key, value)
        As in the file, in order of their keys.
    head : bytes
        Other entries of the root.
    """
    nodes = [
        (batch[0][0], batch[-1][0], b"/%s [ %s ]" % (key, b" ".join(b"%s %s" % pair for pair in batch)))
        for batch in _batches(list(entries))
    ]
    while len(nodes) > 1:
        written = []
        for first, last, content in nodes:
            number = writer.reserve()
            writer.write(number, b"<< /Limits [ %s %s ] %s >>" % (first, last, content))
            written.append((first, last, b"%d 0 R" % number))
        nodes = [
            (batch[0][0], batch[-1][1], b"/Kids [ %s ]" % b" ".join(kid for _, _, kid in batch))
            for batch in _batches(written)
        ]
    content = nodes[0][2] if nodes else b"/%s [ ]" % key
    writer.write(root, b"<< %s%s >>" % (head, content))


def write_number(value: float) -> bytes:
    """Write a length in points, as precise as a page needs.

    Examples
    --------
    >>> write_number(841.88980), write_number(0.0)
    (b'841.8898', b'0')
    """
    return f"{value:.4f}".rstrip("0").rstrip(".").encode()


def _batches(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), _PER_NODE):
        yield values[start : start + _PER_NODE]
