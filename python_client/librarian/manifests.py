"""What a file's contents are: size and checksums of a flat file or of a whole directory tree.

A manifest lists a directory tree, a line an entry, sorted by the bytes of the relative path:
`<size> blake3:<hex> <path>`, or `- - <path>/` for a directory without entries. A tree's checksum
is the one of its manifest.
"""

import io
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from librarian.checksums import DEFAULT_ALGORITHM, checksum_of, hash_contents, new_hasher
from librarian.datasets import changed, open_entry, walk_dataset
from librarian.errors import InvalidRequestError
from librarian.names import check_entry_path

_LINE = re.compile(r"(?:(\d{1,19}) (blake3:[0-9a-f]{64}) (.*[^/])|- - (.*/))\n", re.DOTALL)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)


class ManifestEntry(NamedTuple):
    """One line of a manifest.

    The path of a directory without entries ends in `/` (the dataset itself is then `./`); its
    size is 0 and its checksum empty.
    """

    path: str
    size_bytes: int
    checksum: str


@dataclass(frozen=True)
class Contents:
    """Size and checksums of a file, and its manifest when it is a directory tree."""

    size_bytes: int
    checksums: dict[str, str]
    manifest: bytes | None = None


# Reads an open flat file, whose path in the dataset is empty when it is no dataset's, and returns
# its size and its checksums by algorithm.
ReadFile = Callable[[int, str, Iterable[str]], tuple[int, dict[str, str]]]


def read_flat_file(fd: int, path: str, algorithms: Iterable[str]) -> tuple[int, dict[str, str]]:
    """Read an open flat file; raise ChangedWhileReadError when it changes meanwhile."""
    before = os.fstat(fd)
    read_bytes, checksums = hash_contents(fd, algorithms, before.st_size)
    if read_bytes != before.st_size or _state(os.fstat(fd)) != _state(before):
        raise changed(path or "the file")
    return read_bytes, checksums


def describe_contents(
    fd: int,
    algorithms: Iterable[str] = (DEFAULT_ALGORITHM,),
    read_file: ReadFile = read_flat_file,
) -> Contents:
    """Read what an open file or directory holds, once, and return its size and checksums.

    Raises ChangedWhileReadError when something changes meanwhile, and InvalidRequestError for
    what a dataset must not hold, naming it. Whoever does more with the bytes than read them
    gives a `read_file` of their own.
    """
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        return _describe_tree(fd, list(algorithms), read_file)
    size_bytes, checksums = read_file(fd, "", algorithms)
    return Contents(size_bytes, checksums)


def format_entry(entry: ManifestEntry) -> bytes:
    """Return the manifest's line for an entry."""
    path = entry.path.replace("\\", "\\\\").replace("\n", "\\n")
    if path.endswith("/"):
        return f"- - {path}\n".encode()
    return f"{entry.size_bytes} {entry.checksum} {path}\n".encode()


def format_manifest(entries: Iterable[ManifestEntry]) -> bytes:
    """Return the manifest of entries in any order."""
    return b"".join(map(format_entry, sorted(entries, key=lambda entry: entry.path.encode())))


def parse_manifest(manifest: bytes) -> Iterator[ManifestEntry]:
    """Yield the entries of a manifest, or raise InvalidRequestError at the first wrong line."""
    last_path = b""
    for number, line in enumerate(io.BytesIO(manifest), start=1):
        entry = _parse_line(number, line)
        path = entry.path.encode()
        if path <= last_path:
            raise InvalidRequestError(f"Line {number} of the manifest is not in order.")
        yield entry
        last_path = path


def manifest_checksum(manifest: bytes | bytearray, algorithm: str = DEFAULT_ALGORITHM) -> str:
    """Return the checksum of the directory tree that a manifest describes."""
    return checksum_of(manifest, algorithm)


def _describe_tree(dir_fd: int, algorithms: list[str], read_file: ReadFile) -> Contents:
    """Describe a directory tree.

    An entry's checksum in the manifest is always BLAKE3; `md5:` follows the predecessors: it is
    over lines of an entry's MD5, two spaces and `./path`, in the order of the paths.
    """
    md5_of_tree = new_hasher("md5")
    of_entries = [DEFAULT_ALGORITHM, *(["md5"] if "md5" in algorithms else [])]
    manifest = bytearray()
    size_bytes = 0
    for entry, checksums in _describe_entries(dir_fd, of_entries, read_file):
        manifest += format_entry(entry)
        size_bytes += entry.size_bytes
        if "md5" in checksums:
            md5_of_tree.update(f"{checksums['md5'][4:]}  ./{entry.path}\n".encode())
    checksums = {name: manifest_checksum(manifest, name) for name in algorithms if name != "md5"}
    if "md5" in algorithms:
        checksums["md5"] = f"md5:{md5_of_tree.hexdigest()}"
    return Contents(size_bytes, checksums, bytes(manifest))


def _describe_entries(
    dir_fd: int, algorithms: list[str], read_file: ReadFile
) -> Iterator[tuple[ManifestEntry, dict[str, str]]]:
    for place in walk_dataset(dir_fd):
        if place.is_empty_directory:
            yield ManifestEntry(place.path, 0, ""), {}
            continue
        fd = open_entry(place)
        try:
            size_bytes, checksums = read_file(fd, place.path, algorithms)
        finally:
            os.close(fd)
        yield ManifestEntry(place.path, size_bytes, checksums[DEFAULT_ALGORITHM]), checksums


def _state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _parse_line(number: int, line: bytes) -> ManifestEntry:
    try:
        match = _LINE.fullmatch(line.decode())
    except UnicodeDecodeError:
        match = None
    if match is None:
        raise InvalidRequestError(f"Line {number} of the manifest is not a line of a manifest.")
    size, checksum, flat_path, directory_path = match.groups()
    path = _unescape(flat_path or directory_path)
    if path != "./":
        check_entry_path(path.removesuffix("/"))
    return ManifestEntry(path, int(size or 0), checksum or "")


def _unescape(path: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], path)
