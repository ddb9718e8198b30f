"""The stream of variables in a MIRIAD dataset's `visdata`, entry by entry.

An entry begins at a multiple of 8 with 4 bytes: the variable's number, 0, the kind, 0. The kinds
are a size (32 bits: how many bytes the variable's values take from now on), data (aligned to the
type of the variable), and the end of a record. Numbers are big-endian. `vartable` names the
variables and their types in the order of their numbers.
"""

import itertools
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

from librarian.formats.spans import damaged

_SIZE, _DATA, _END_OF_RECORD = range(3)
_HEADER_BYTES = 4
_ALIGNMENT = 8
_MAX_VARIABLES = 256
_TYPE_BYTES = {"a": 1, "b": 1, "j": 2, "i": 4, "r": 4, "l": 8, "d": 8, "c": 8}
_NUMBER_FORMATS = {"j": ">h", "i": ">i", "l": ">q", "r": ">f", "d": ">d"}
_ITEM_BYTES = 16


class Entry(NamedTuple):
    """One entry: its kind, and for data the variable's name and where its values are."""

    kind: int
    name: str
    data_at: int
    next_at: int

    @property
    def is_end_of_record(self) -> bool:
        """Tell whether a record ends here."""
        return self.kind == _END_OF_RECORD


class Stream:
    """Reads entries from an open `visdata`, and remembers the sizes that it has met."""

    def __init__(self, fd: int, end: int, vartable: bytes) -> None:
        self.end = end
        self._fd = fd
        self._variables = _parse_vartable(vartable)
        self._sizes: dict[int, int] = {}

    def read(self, at: int, size_bytes: int) -> bytes:
        """Return bytes of the stream, fewer where it ends."""
        return os.pread(self._fd, min(size_bytes, self.end - at), at)

    def entries(self, at: int) -> Iterator[Entry]:
        """Yield the entries from a place on; raises InvalidRequestError at the first wrong one."""
        while at + _HEADER_BYTES <= self.end:
            entry = self._read_entry(at)
            yield entry
            at = entry.next_at

    def leads_to_end(self, at: int, max_entries: int) -> bool:
        """Tell whether the entries from a place on lead to a record's end at the stream's end."""
        sizes, last = dict(self._sizes), None
        try:
            for last in itertools.islice(self.entries(at), max_entries):  # noqa: B007
                pass
        finally:
            self._sizes = sizes  # What was no entry set no sizes.
        # The last entry's padding is counted in its length, but often not written.
        return last is not None and last.is_end_of_record and last.next_at >= self.end

    def mark_of(self, name: str) -> bytes:
        """Return the 4 bytes with which data of a variable begin."""
        number = next(n for n, variable in enumerate(self._variables) if variable[1] == name)
        return bytes((number, 0, _DATA, 0))

    def number(self, entry: Entry) -> float:
        """Return the first number of an entry's data."""
        types = {name: type_code for type_code, name in self._variables}
        number_format = _NUMBER_FORMATS.get(types[entry.name])
        size_bytes = struct.calcsize(number_format) if number_format else 0
        data = self.read(entry.data_at, size_bytes)
        if number_format is None or len(data) < size_bytes:
            raise damaged("MIRIAD", f"its variable {entry.name} is not a number")
        return float(struct.unpack(number_format, data)[0])

    def _read_entry(self, at: int) -> Entry:
        head = self.read(at, _HEADER_BYTES + 4)
        number, kind = (head[0], head[2]) if len(head) >= _HEADER_BYTES else (_MAX_VARIABLES, _SIZE)
        if kind == _END_OF_RECORD:
            return Entry(kind, "", at, at + _ALIGNMENT)
        if number >= len(self._variables) or len(head) < _HEADER_BYTES + 4:
            raise damaged("MIRIAD", f"its visdata makes no sense at byte {at}")
        if kind == _SIZE:
            self._sizes[number] = struct.unpack_from(">i", head, _HEADER_BYTES)[0]
            return Entry(kind, "", at, at + _ALIGNMENT)
        return self._data_entry(at, number, kind)

    def _data_entry(self, at: int, number: int, kind: int) -> Entry:
        type_code, name = self._variables[number]
        size_bytes = self._sizes.get(number, 0)
        data_at = _round_up(at + _HEADER_BYTES, _TYPE_BYTES[type_code])
        if kind != _DATA or size_bytes <= 0 or data_at + size_bytes > self.end:
            raise damaged("MIRIAD", f"its visdata makes no sense at byte {at}")
        return Entry(kind, name, data_at, _round_up(data_at + size_bytes, _ALIGNMENT))


def find_vislen(header: bytes) -> int | None:
    """Return how many bytes of `visdata` the header item `vislen` tells of, or None.

    An item is 15 bytes of name, a byte of length, and its value, padded to 16 bytes: the type in
    4 bytes, then the value, aligned.
    """
    at = 0
    while at + _ITEM_BYTES <= len(header):
        name, length = header[at : at + 15].rstrip(b"\0"), header[at + 15]
        value = header[at + _ITEM_BYTES : at + _ITEM_BYTES + length]
        if name == b"vislen" and length in (8, 16) and len(value) == length:
            number = int.from_bytes(value[-8:] if length == 16 else value[-4:], "big", signed=True)
            return number if number > 0 else None
        at += _ITEM_BYTES + _round_up(length, _ITEM_BYTES)
    return None


def _parse_vartable(vartable: bytes) -> list[tuple[str, str]]:
    """Return type and name of the variables, in the order of their numbers."""
    lines = vartable.decode("ascii", errors="replace").split("\n")[:-1]
    variables = [(line[:1], line[2:]) for line in lines[: _MAX_VARIABLES + 1]]
    if len(variables) > _MAX_VARIABLES or not all(kind in _TYPE_BYTES for kind, _ in variables):
        raise damaged("MIRIAD", "its vartable is not a list of variables")
    return variables


def _round_up(position: int, multiple: int) -> int:
    return -(-position // multiple) * multiple
