"""Checksums of contents: text `algorithm:hex`, made in one reading."""

import hashlib
import os
import re
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from blake3 import blake3

from librarian.errors import InvalidRequestError
from librarian.names import show_name

DEFAULT_ALGORITHM = "blake3"

_HEX_LENGTHS = {"blake3": 64, "md5": 32, "sha256": 64}
_HEX = re.compile(r"[0-9a-f]+")

# 1 GiB in the page cache, 2 cores: 0.25 s with buffers of 256 KiB to 1 MiB, more with larger
# ones that leave the processor's cache. BLAKE3's own threads won nothing (0.26 s): reading,
# which they wait for, is 0.1 s of it. Mapping is twice as fast, and kills the process when
# somebody truncates the file.
_BUFFER_BYTES = 1 << 20
_PAGE_BYTES = 4096


class Hasher(Protocol):
    """What makes a checksum, as in hashlib."""

    def update(self, data: bytes | bytearray | memoryview, /) -> object:
        """Take in more contents."""

    def hexdigest(self) -> str:
        """Return the sum of all that was taken in, in hexadecimal digits."""


class Checksum(NamedTuple):
    """A checksum taken apart; as text it is `algorithm:hex`."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


def parse_checksum(text: str) -> Checksum:
    """Return the parts of a checksum, lower-cased, or raise InvalidRequestError.

    The predecessors' forms are understood: bare hexadecimal digits are an MD5, and their `:::`
    is our `:`.
    """
    algorithm, _, digits = text.strip().lower().replace(":::", ":").rpartition(":")
    algorithm = check_algorithm(algorithm or "md5")
    if len(digits) != _HEX_LENGTHS[algorithm] or not _HEX.fullmatch(digits):
        raise InvalidRequestError(
            f"The checksum {show_name(text)} is not an {algorithm} checksum: write"
            f" '{algorithm}:' and {_HEX_LENGTHS[algorithm]} hexadecimal digits."
        )
    return Checksum(algorithm, digits)


def check_algorithm(algorithm: str) -> str:
    """Return the name of a known checksum unchanged, or raise InvalidRequestError."""
    if algorithm not in _HEX_LENGTHS:
        known = ", ".join(_HEX_LENGTHS)
        raise InvalidRequestError(
            f"The checksum algorithm {show_name(algorithm)} is not known: use one of {known}."
        )
    return algorithm


def new_hasher(algorithm: str) -> Hasher:
    """Return an empty hasher, or raise InvalidRequestError for an unknown algorithm."""
    if check_algorithm(algorithm) == DEFAULT_ALGORITHM:
        return blake3()
    return hashlib.new(algorithm, usedforsecurity=False)


def checksum_of(data: bytes | bytearray, algorithm: str = DEFAULT_ALGORITHM) -> str:
    """Return the checksum of contents that are at hand."""
    hasher = new_hasher(algorithm)
    hasher.update(data)
    return f"{algorithm}:{hasher.hexdigest()}"


def hash_file_descriptor(fd: int, algorithm: str = DEFAULT_ALGORITHM) -> str:
    """Return the checksum of an open flat file, from its start; the descriptor does not move."""
    return hash_contents(fd, [algorithm], os.fstat(fd).st_size)[1][algorithm]


def hash_contents(
    fd: int, algorithms: Iterable[str], size_bytes: int
) -> tuple[int, dict[str, str]]:
    """Read an open flat file once; return the bytes that were read and its checksums by algorithm.

    Reading ends at the size that the file was said to have, or soon after it: a file that grows
    as fast as it is read would have no end. The caller compares the sizes.
    """
    hashers = {algorithm: new_hasher(algorithm) for algorithm in algorithms}
    buffer = memoryview(bytearray(max(_PAGE_BYTES, min(size_bytes, _BUFFER_BYTES))))
    read_bytes = 0
    while read_bytes <= size_bytes and (count := os.preadv(fd, [buffer], read_bytes)):
        for hasher in hashers.values():
            hasher.update(buffer[:count])
        read_bytes += count
        if read_bytes == size_bytes:
            break  # Small files are many: the read that would only find the end is left out.
    return read_bytes, {name: f"{name}:{hasher.hexdigest()}" for name, hasher in hashers.items()}
